"""One county from files to answers, as a person would do it on the command line and over HTTP."""
import csv
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, SCALE)
        cls.labels = cls.folder / "labels.csv"
        cli.run("export", "grid_labels", "--format", "CSV", "--out", cls.labels, "--data", cls.data, check=0)
        with open(cls.labels, encoding="utf-8-sig", newline="") as file:
            cls.rows = list(csv.DictReader(file))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def position(self, row):
        return row["lon"], row["lat"]

    def test_every_label_point_is_located_in_its_own_grid(self):
        out = self.folder / "located.csv"
        cli.run("locate", "--points", self.labels, "--out", out, "--lon", "lon", "--lat", "lat", "--data", self.data, check=0)
        with open(out, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader)
            answers = list(reader)
        width = len(self.rows[0])
        self.assertEqual(header[width], "grid_code")
        self.assertEqual(len(answers), len(self.rows))
        code_column = header.index("grid_code")  # the input has a column of that name too: it stays first
        for row, answer in zip(self.rows, answers):
            self.assertEqual(answer[width], row["grid_code"])
            self.assertEqual(answer[code_column], row["grid_code"])

    def test_a_single_position_gives_the_chain_the_officer_and_the_receipt(self):
        row = self.rows[0]
        answer = cli.run_json("locate", *self.position(row), "--data", self.data)
        self.assertTrue(answer["found"])
        self.assertEqual(answer["grid"]["code"], row["grid_code"])
        self.assertEqual(answer["county"]["code"], "440106000000")
        self.assertEqual(answer["city"]["code"], "440100000000")
        self.assertIn("dedicated", [officer["role"] for officer in answer["officers"]])
        receipt = answer["receipt"]
        self.assertEqual(receipt["generation"], 1)
        self.assertGreater(receipt["edge_distance_m"], 0)
        self.assertIn("half-open", receipt["rule"])
        self.assertTrue(receipt["datum_assumed"])

    def test_http_and_the_command_give_the_same_answer(self):
        row = self.rows[len(self.rows) // 2]
        lon, lat = self.position(row)
        command = cli.run_json("locate", lon, lat, "--data", self.data)
        with cli.Server(self.data) as server:
            self.assertEqual(server.get_json(f"/v1/locate?lon={lon}&lat={lat}"), command)
            by_code = server.get_json(f"/v1/grids/{row['grid_code']}")
            self.assertEqual(by_code["grid"]["code"], row["grid_code"])
            self.assertEqual(by_code["officers"], command["officers"])

    def test_searches_over_http_and_on_the_command_line_give_the_same_and_find_what_holds_the_position(self):
        row = self.rows[len(self.rows) // 3]
        lon, lat = (float(x) for x in self.position(row))
        box = f"{lon - 0.005},{lat - 0.005},{lon + 0.005},{lat + 0.005}"
        area = {"type": "Polygon", "coordinates": [[[lon - 0.004, lat], [lon, lat - 0.004], [lon + 0.004, lat], [lon, lat + 0.004],
                                                    [lon - 0.004, lat]]]}
        area_file = self.folder / "area.geojson"
        area_file.write_text(json.dumps(area), encoding="utf-8")
        with cli.Server(self.data) as server:
            for path, options in ((f"/v1/grids?bbox={box}", ["--bbox", box]),
                                  (f"/v1/grids?near={lon},{lat}&k=7", ["--near", f"{lon},{lat}", "--nearest", "7"]),
                                  (f"/v1/grids?near={lon},{lat}&within=800", ["--near", f"{lon},{lat}", "--within", "800"])):
                with self.subTest(path=path):
                    answer = server.get_json(path)
                    self.assertEqual(answer, cli.run_json("find", *options, "--data", self.data))
                    self.assertIn(row["grid_code"], [grid["code"] for grid in answer["grids"]])
            status, _, body = server.get("/v1/grids/intersecting", method="POST", body=json.dumps(area))
            self.assertEqual(status, 200)
            for given in (area_file, json.dumps(area)):
                self.assertEqual(json.loads(body), cli.run_json("find", "--polygon", given, "--data", self.data))
        within_box = {grid["code"] for grid in cli.run_json("find", "--bbox", box, "--data", self.data)["grids"]}
        self.assertLess({grid["code"] for grid in json.loads(body)["grids"]}, within_box)
        # Every label in the box is that of a grid found.
        labels = {r["grid_code"] for r in self.rows if abs(float(r["lon"]) - lon) < 0.005 and abs(float(r["lat"]) - lat) < 0.005}
        self.assertLessEqual(labels, within_box)
        self.assertGreater(len(labels), 3)

    def test_no_answer_holds_a_name_or_a_phone(self):
        with open(self.synth / "officers.csv", encoding="gb18030", newline="") as file:
            officers = list(csv.DictReader(file))
        with cli.Server(self.data) as server:
            for row in self.rows[:50]:
                lon, lat = self.position(row)
                for path in (f"/v1/locate?lon={lon}&lat={lat}", f"/v1/grids/{row['grid_code']}"):
                    text = server.get(path)[2]
                    numbers = {officer["officer_id"] for officer in json.loads(text)["officers"]}
                    self.assertTrue(numbers)
                    mine = [o for o in officers if o["工号"] in numbers]
                    self.assertTrue(mine)
                    for officer in mine:
                        self.assertNotIn(officer["手机号码"], text)
                        self.assertNotIn(officer["姓名"], text)
        self.no_file_holds([officer["手机号码"] for officer in officers[:200]],
                           [officer["姓名"] for officer in officers[:200] if len(officer["姓名"]) == 3])

    def no_file_holds(self, phones, names):
        """No file of the data folder, but that names stand in the registry."""
        self.assertTrue(phones)
        self.assertTrue(names)
        phones = {phone.encode() for phone in phones}
        names = {name.encode(encoding) for name in names for encoding in ("gb18030", "utf-8")}
        files = [path for path in self.data.rglob("*") if path.is_file()]
        self.assertIn(".sealed", [path.suffix for path in files])
        for path in files:
            content = path.read_bytes()
            secrets = phones if path.name.startswith("registry.sqlite") else phones | names
            found = sum(secret in content for secret in secrets)
            self.assertEqual(found, 0, f"{path} holds {found} phones or names")
            if path.suffix == ".sealed":
                self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_a_position_in_metres_of_a_zone_leads_to_the_same_grid(self):
        row = self.rows[3]
        lon, lat = self.position(row)
        transformed = subprocess.run(["cs2cs", "-f", "%.5f", "+proj=longlat +ellps=GRS80", "+to", "+proj=tmerc", "+lat_0=0",
                                      "+lon_0=114", "+k=1", "+x_0=500000", "+y_0=0", "+ellps=GRS80"],
                                     input=f"{lon} {lat}\n", capture_output=True, text=True)
        self.assertEqual(transformed.returncode, 0, transformed.stderr)
        east, north, _ = transformed.stdout.split()
        answer = cli.run_json("locate", east, north, "--crs", "EPSG:4547", "--data", self.data)
        self.assertEqual(answer["grid"]["code"], row["grid_code"])
        self.assertEqual(answer["receipt"]["crs"], "EPSG:4547")

    def test_shapefiles_and_geopackage_import_to_the_same_state(self):
        other = self.folder / "from-shapefile"
        cli.start_registry(other)
        shapefiles = sorted((self.synth / "shapefiles").glob("*.shp"))
        self.assertTrue(shapefiles)
        cli.run("import", "boundaries", *shapefiles, "--data", other, check=0)
        second = cli.run_json("publish", "--approver", "approver", "--data", other)
        first = cli.run_json("publish", "--approver", "approver", "--data", self.data)
        self.assertTrue(first["unchanged"])
        self.assertEqual(second["digest"], first["digest"])

    def test_xlsx_and_csv_officers_are_the_same(self):
        other = self.folder / "from-xlsx"
        cli.start_registry(other)
        cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", other, check=0)
        cli.run("import", "officers", self.synth / "officers.xlsx", "--data", other, check=0)
        with open(self.synth / "officers.csv", encoding="gb18030", newline="") as file:
            number = next(csv.DictReader(file))["工号"]
        self.assertEqual(cli.run_json("show", "officer", number, "--data", other),
                         cli.run_json("show", "officer", number, "--data", self.data))

    def test_phones_are_shown_masked(self):
        with open(self.synth / "officers.csv", encoding="gb18030", newline="") as file:
            officer = next(csv.DictReader(file))
        shown = cli.run_json("show", "officer", officer["工号"], "--data", self.data)
        phone = officer["手机号码"]
        self.assertEqual(shown["phone"], phone[:3] + "****" + phone[-4:])
        self.assertEqual(shown["name"], officer["姓名"])

    def test_an_import_of_the_same_file_changes_nothing(self):
        again = cli.run_json("import", "boundaries", self.synth / "boundaries.gpkg", "--data", self.data)
        changes = again["changes"]
        self.assertEqual(changes.pop("unchanged"), len(self.rows))
        self.assertEqual(sum(changes.values()), 0)

    def test_a_dry_run_writes_nothing(self):
        other = self.folder / "dry"
        cli.start_registry(other)
        done = cli.run_json("import", "boundaries", self.synth / "boundaries.gpkg", "--dry-run", "--data", other)
        self.assertEqual(done["changes"]["added"], len(self.rows))
        self.assertFalse(done["applied"])
        with sqlite3.connect(f"file:{other}/registry.sqlite?mode=ro", uri=True) as registry:
            self.assertEqual(registry.execute("SELECT count(*) FROM grid_version").fetchone()[0], 0)

    def test_dissolved_divisions_fill_the_county(self):
        for layer, least in (("villages", 100), ("towns", 10), ("counties", 1), ("cities", 1)):
            out = self.folder / f"{layer}.gpkg"
            done = cli.run_json("export", layer, "--format", "GPKG", "--out", out, "--data", self.data)
            self.assertGreaterEqual(done["features"], least)
            info = subprocess.run(["ogrinfo", "-so", "-al", str(out)], capture_output=True, text=True)
            self.assertEqual(info.returncode, 0, info.stderr)
            self.assertIn(f"Feature Count: {done['features']}", info.stdout)

    def test_a_published_change_reaches_a_running_server(self):
        data = self.folder / "live"
        cli.start_registry(data)
        cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", data, check=0)
        with cli.Server(data) as server:
            self.assertEqual(server.get("/readyz")[0], 503)
            self.assertEqual(server.get("/healthz")[0], 200)
            cli.run("publish", "--approver", "approver", "--data", data, check=0)
            lon, lat = self.position(self.rows[0])
            path = f"/v1/locate?lon={lon}&lat={lat}"
            self.eventually(lambda: server.get("/readyz")[0] == 200)
            self.assertEqual(server.get_json(path)["officers"], [])
            cli.run("import", "officers", self.synth / "officers.csv", "--data", data, check=0)
            self.eventually(lambda: server.get_json(path)["officers"] != [])

    def test_a_day_before_anything_held_is_outside(self):
        lon, lat = self.position(self.rows[0])
        with cli.Server(self.data) as server:
            answer = server.get_json(f"/v1/locate?lon={lon}&lat={lat}&as_of=1999-12-31")
            self.assertFalse(answer["found"])
            self.assertEqual(answer["receipt"]["as_of"], "1999-12-31")
        answer = cli.run_json("locate", lon, lat, "--as-of", "1999-12-31", "--data", self.data)
        self.assertFalse(answer["found"])

    def eventually(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "did not become true")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=2)
