"""Change sets as a person makes them on the command line: from a drawing or a file to the published state, and back."""
import csv
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

DAY = "2030-01-01"


def wkt(rings):
    return "POLYGON(" + ", ".join("(" + ", ".join(f"{x:.7f} {y:.7f}" for x, y in ring) + ")" for ring in rings) + ")"


class Changes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, "county:440104")
        cli.run("import", "addresses", cls.synth / "addresses.csv", "--data", cls.data, check=0)
        cls.grids = cls.exported()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def exported(cls):
        out = cls.folder / "grids.geojson"
        cli.run("export", "grids", "--format", "GeoJSON", "--out", out, "--data", cls.data, check=0)
        features = json.loads(out.read_text(encoding="utf-8"))["features"]
        return {f["properties"]["grid_code"]: f for f in features}

    def changes(self, *arguments, code=0):
        done = cli.run("changes", *arguments, "--data", self.data, check=code)
        return done.stdout + done.stderr

    def changes_json(self, *arguments, code=0):
        return json.loads(cli.run("changes", *arguments, "--data", self.data, "--json", check=code).stdout)

    def new(self, title="by hand", *more):
        return self.changes_json("new", "--title", title, "--author", "ann", *more)["change_set"]

    def rings(self, code):
        geometry = self.grids[code]["geometry"]
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        return parts[0] if len(parts) == 1 and len(parts[0]) == 1 else None

    def carry_through(self, number):
        self.changes("check", str(number))
        self.changes("approve", str(number), "--approver", "chief")
        self.changes("apply", str(number))
        return cli.run_json("publish", "--data", self.data)

    def split_somewhere(self, number):
        """Adds a split that passes the check; lines that leave their grid are tried and dropped."""
        for code in sorted(self.grids):
            rings = self.rings(code)
            if rings is None or len(rings[0]) < 12:
                continue
            ring = rings[0][:-1]
            line = f"LINESTRING({ring[0][0]:.7f} {ring[0][1]:.7f}, {ring[len(ring) // 2][0]:.7f} {ring[len(ring) // 2][1]:.7f})"
            done = cli.run("changes", "add", str(number), "split", code, "--line", line, "--author", "ann", "--data", self.data,
                           "--json")
            if done.returncode != 0:
                continue
            added = json.loads(done.stdout)["added"]
            if cli.run("changes", "check", str(number), "--data", self.data).returncode == 0:
                return code, added
            self.changes("drop", str(number), str(added["operation"]))
        self.fail("no grid could be split")

    def test_a_split_goes_from_a_drawing_to_the_answer_and_back(self):
        first = cli.run_json("publish", "--data", self.data)
        number = self.new("split")
        code, added = self.split_somewhere(number)
        fresh = [g["code"] for g in added["grids"] if g["effect"] == "create"]
        self.assertEqual(len(fresh), 2)
        self.assertTrue(all(c[:12] == code[:12] and c not in self.grids for c in fresh))
        layers = self.folder / "preview.gpkg"
        preview = self.changes_json("preview", str(number), "--layer", layers)
        self.assertEqual(preview["retired"], [code])
        self.assertEqual(sorted(preview["added"]), sorted(fresh))
        self.assertEqual(preview["splits"], [{"from": [code], "to": fresh}])
        self.assertAlmostEqual(preview["moved_m2"], self.grids[code]["properties"]["area_m2"], delta=0.1)
        self.assertTrue(preview["neighbours"])
        self.assertEqual({a["grid"] for a in preview["assignments_that_move"]}, {code})
        self.assertTrue({a["successor"] for a in preview["assignments_that_move"]} < set(fresh))
        with sqlite3.connect(f"file:{layers}?mode=ro", uri=True) as package:
            self.assertEqual([package.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("before", "after", "moved")], [1, 2, 2])

        self.assertIn("one of its editors", self.changes("approve", str(number), "--approver", "Ann", code=1))
        self.assertIn("only an approved one", self.changes("apply", str(number), code=1))
        published = self.carry_through(number)
        self.assertEqual(published["generation"], first["generation"] + 1)
        self.assertNotEqual(published["digest"], first["digest"])
        self.assertEqual(cli.run_json("show", "grid", fresh[0], "--data", self.data)["grid"]["code"], fresh[0])
        cli.run("show", "grid", code, "--data", self.data, check=1)

        # History and lineage call it by the same number and say who approved it; what was imported by that of the import.
        told = [v["change_set"] for v in cli.run_json("history", code, "--data", self.data)["versions"]]
        self.assertEqual([(t["id"], t["import"] is None, t["approver"]) for t in told if t], [(None, False, "approver")])
        told = [v["change_set"] for v in cli.run_json("history", fresh[0], "--data", self.data)["versions"]]
        self.assertEqual([(t["id"], t["import"], t["approver"]) for t in told], [(number, None, "chief")])
        self.assertIn(f"change set {number} '", cli.run("history", fresh[0], "--data", self.data, check=0).stdout)
        self.assertIn(f"change set {number} '", cli.run("lineage", code, "--data", self.data, check=0).stdout)
        self.assertEqual({s["change_set"] for s in cli.run_json("lineage", code, "--data", self.data)["to"]}, {number})

        undo = self.changes_json("undo", str(number), "--author", "ben")
        self.assertEqual(undo["undoes"], number)
        back = self.carry_through(undo["change_set"])
        self.assertEqual(back["digest"], first["digest"])
        # The codes of the split are not given again.
        again = self.new("again")
        _, second = self.split_somewhere(again)
        self.assertFalse({g["code"] for g in second["grids"] if g["effect"] == "create"} & set(fresh))
        self.assertIn("discarded", self.changes("discard", str(again), "--reason", "test"))

    def test_names_and_addresses_of_staff_are_added_previewed_and_taken_back(self):
        with (self.synth / "addresses.csv").open(encoding="utf-8-sig", newline="") as file:
            point = next(csv.reader(file.readlines()[1:2]))
        village = sorted(self.grids)[0][:12]
        registry = sqlite3.connect(f"file:{self.data}/registry.sqlite?mode=ro", uri=True)
        name, lon, lat = registry.execute("SELECT v.name, p.lon_e7, p.lat_e7 FROM division_version v, address_point p "
                                          "WHERE v.division_code = ? AND p.id = ?", (int(village), point[0])).fetchone()
        number = self.new("what the hotline heard")
        added = self.changes_json("add", str(number), "alias", "--division", village, "--name", "老地方", "--reason", "热线",
                                  "--author", "ann")["added"]
        self.assertEqual((added["kind"], added["division"], added["name"]), ("alias", village, "老地方"))
        self.changes("add", str(number), "address", "--corrects", point[0], "--text", "更正后的地址", "--reason", "现场", "--author", "ann")
        self.changes("add", str(number), "address", "--text", "新地址9号", "--number", "9号", "--at", f"{lon / 1e7},{lat / 1e7}",
                     "--reason", "现场", "--author", "ann")
        shown = self.changes("show", str(number))
        self.assertIn(f"alias '老地方' of {village}", shown)
        self.assertIn(f"in the place of '{point[0]}' of addresses.csv", shown)
        preview = self.changes("preview", str(number))
        self.assertIn(f"{village} '{name}' is also found as '老地方'", preview)
        told = self.changes_json("preview", str(number))
        self.assertEqual([(p["text"], p["corrects"] and p["corrects"]["id"]) for p in told["address_points"]],
                         [("更正后的地址", point[0]), ("新地址9号", None)])
        before = cli.run_json("publish", "--data", self.data)["generation"]
        generation = self.carry_through(number)["generation"]
        self.assertEqual(generation, before + 1)
        self.assertEqual(registry.execute("SELECT text, recorded_from, recorded_to FROM division_alias").fetchall(),
                         [("老地方", generation, None)])
        self.assertEqual(registry.execute("SELECT text, house_number, corrects_id FROM staff_address ORDER BY id").fetchall()[1],
                         ("新地址9号", "9号", None))
        cli.run("import", "addresses", self.synth / "addresses.csv", "--data", self.data, check=0)
        self.assertEqual(registry.execute("SELECT count(*) FROM staff_address WHERE recorded_to IS NULL").fetchone()[0], 2)
        undo = self.changes_json("undo", str(number), "--author", "ben")["change_set"]
        self.assertIn("is no longer found as '老地方'", self.changes("preview", str(undo)))
        self.assertEqual(self.carry_through(undo)["generation"], generation + 1)
        for table in ("division_alias", "staff_address"):
            self.assertEqual(registry.execute(f"SELECT count(*) FROM {table} WHERE recorded_to IS NULL").fetchone()[0], 0)
        registry.close()
        for arguments, code, says in ((["alias", "--division", "1", "--name", "x", "--reason", "r"], 2, "--division"),
                                      (["alias", "--division", "440104999999", "--name", "x", "--reason", "r"], 1, "no division"),
                                      (["address", "--text", "x", "--reason", "r"], 2, "--at"),
                                      (["address", "--corrects", "nobody", "--text", "x", "--reason", "r"], 1, "nobody")):
            other = self.new("wrong")
            self.assertIn(says, self.changes("add", str(other), *arguments, "--author", "ann", code=code))
            self.changes("discard", str(other), "--reason", "test")

    def test_a_file_becomes_a_change_set_of_what_it_changes(self):
        features = [json.loads(json.dumps(f)) for f in self.grids.values()]
        town = sorted({f["properties"]["town_code"] for f in features})[0]
        of_town = [f for f in features if f["properties"]["town_code"] == town]
        of_town[0]["properties"]["name"] = "改了名"
        file = self.folder / "town.geojson"

        def write(list_of_features):
            file.write_text(json.dumps({"type": "FeatureCollection", "features": list_of_features}), encoding="utf-8")

        write(features)
        self.assertEqual(cli.run_json("changes", "new", "--from", file, "--data", self.data)["operations"], 1)
        write(of_town[1:])  # nothing but the missing one, and it only when the file is complete
        self.assertIsNone(cli.run_json("changes", "new", "--from", file, "--data", self.data))
        made = self.changes_json("new", "--from", file, "--complete", town, "--author", "ann")
        self.assertEqual([(o["kind"], o["grids"][0]["code"]) for o in made["list"]],
                         [("retire", of_town[0]["properties"]["grid_code"])])
        number = str(made["change_set"])
        checked = self.changes_json("check", number, code=1)  # a gap, or an open county
        self.assertGreater(checked["errors"] + checked["warnings"], 0)
        self.assertIn("only a checked one", self.changes("approve", number, "--approver", "chief", code=1)
                      if checked["errors"] else "only a checked one")
        of_town[1]["properties"]["grid_code"] = "12"
        write(of_town)
        self.assertIn("malformed", self.changes("new", "--from", file, code=1))
        self.assertIn("no division", self.changes("new", "--from", file, "--complete", "999999999999", code=1))
        self.assertIn("12-digit", self.changes("new", "--from", file, "--complete", "44", code=2))

    def test_a_process_killed_while_it_adds_leaves_each_operation_with_its_code_or_neither(self):
        number = self.new("killed", "--effective", DAY)
        village = sorted(self.grids)[0][:12]
        chance = random.Random(7)
        command = [cli.PROGRAM, "changes", "add", str(number), "create", "--village", village, "--name", "新", "--shape",
                   "POLYGON((113.3 23.1, 113.301 23.1, 113.301 23.101, 113.3 23.1))", "--data", str(self.data)]
        begun = time.monotonic()
        subprocess.run(command, capture_output=True, check=True)
        seconds = time.monotonic() - begun
        for _ in range(20):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, seconds * 1.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
        subprocess.run(command, capture_output=True, check=True)
        made = [g["code"] for o in self.changes_json("show", str(number))["list"] for g in o["grids"]]
        self.assertEqual(len(made), len(set(made)))
        with sqlite3.connect(f"file:{self.data}/registry.sqlite?mode=ro", uri=True) as registry:
            kept = [r[0] for r in registry.execute("SELECT code FROM grid_code_reserved WHERE draft_id = ?", (number,))]
        self.assertEqual(sorted(made), sorted(kept))
        self.assertGreaterEqual(len(made), 2)
        self.changes("discard", str(number))

    def test_an_import_is_undone_by_the_number_that_history_gives_it(self):
        code = sorted(self.grids)[-1]
        feature = json.loads(json.dumps(self.grids[code]))
        name = feature["properties"]["name"]
        feature["properties"]["name"] = "改名"
        file = self.folder / "renamed.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
        before = cli.run_json("publish", "--data", self.data)
        cli.run("import", "boundaries", file, "--author", "gis", "--data", self.data, check=0)
        cli.run("publish", "--author", "gis", "--approver", "chief", "--data", self.data, check=0)
        self.assertEqual("改名", cli.run_json("show", "grid", code, "--data", self.data)["grid"]["name"])
        number = max(v["change_set"]["import"] for v in cli.run_json("history", code, "--data", self.data)["versions"] if v["change_set"] and v["change_set"]["import"])
        undo = self.changes_json("undo", "--import", str(number), "--author", "ben")
        self.assertEqual((None, number), (undo["undoes"], undo["undoes_import"]))
        self.assertIn("one of its editors", self.changes("check", str(undo["change_set"])) + self.changes(
            "approve", str(undo["change_set"]), "--approver", "ben", code=1))
        self.assertEqual(before["digest"], self.carry_through(undo["change_set"])["digest"])
        self.assertEqual(name, cli.run_json("show", "grid", code, "--data", self.data)["grid"]["name"])
        for arguments, exit_code, says in (((), 2, "either"), ((str(undo["change_set"]), "--import", str(number)), 2, "either"),
                                           (("--import", "1"), 1, "divisions"), (("--import", "9999"), 1, "no import")):
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.changes("undo", *arguments, code=exit_code))

    def test_lists_and_refusals_speak_clearly(self):
        number = self.new("list me")
        self.assertIn("list me", self.changes("list"))
        self.assertIn(number, [d["change_set"] for d in self.changes_json("list")])
        self.changes("add", str(number), "rename", sorted(self.grids)[0], "--name", "x")
        self.changes("discard", str(number))
        self.assertNotIn(number, [d["change_set"] for d in self.changes_json("list")])
        self.assertIn(number, [d["change_set"] for d in self.changes_json("list", "--all")])
        for arguments, code, says in ((["show", "9999"], 1, "no change set 9999"),
                                      (["new"], 2, "--title"),
                                      (["new", "--title", "x", "--until", "2020-01-01"], 2, "ends after"),
                                      (["new", "--title", "x", "--effective", "soon"], 2, "YYYY-MM-DD"),
                                      (["add", str(number), "fly", "1"], 2, "fly"),
                                      (["add", str(number), "rename"], 2, "one grid CODE"),
                                      (["add", str(number), "rename", "12", "--name", "x"], 1, "discarded"),
                                      (["add", str(number), "reshape", "x", "--shape", "POINT(1 1)"], 2, "not a grid code"),
                                      (["add", str(number), "accept-gap", "--reason", "x"], 2, "--at"),
                                      (["add", str(number), "create", "--name", "x", "--village", "440104001001"], 2, "--shape"),
                                      (["add", str(number), "reparent", "12", "--village", "44"], 2, "12-digit"),
                                      (["approve", str(number)], 2, "--approver"),
                                      (["preview", str(number), "--layer", self.folder / "x.shp"], 2, ".gpkg")):
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.changes(*arguments, code=code))
        for command in ("new", "add", "list", "show", "check", "repair", "preview", "approve", "apply", "discard", "undo", "drop"):
            self.assertIn("wangge changes " + command, cli.run("changes", command, "--help", check=0).stdout)

    def test_a_scheduled_change_and_its_end_are_seen_on_their_days(self):
        number = self.new("summer name", "--effective", "2031-06-01", "--until", "2031-09-01")
        code = sorted(self.grids)[3]
        self.changes("add", str(number), "rename", code, "--name", "夏季网格")
        self.carry_through(number)
        name = {}
        for day in ("2031-05-31", "2031-06-01", "2031-08-31", "2031-09-01"):
            x, y = self.rings(code)[0][0] if self.rings(code) else (0, 0)
            answers = cli.run_json("find", "--polygon", wkt(self.rings(code)), "--as-of", day, "--data", self.data)
            name[day] = next(g["name"] for g in answers["grids"] if g["code"] == code)
        self.assertEqual([n == "夏季网格" for n in name.values()], [False, True, True, False])


if __name__ == "__main__":
    unittest.main(verbosity=2)
