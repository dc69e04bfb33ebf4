"""Bad input gets an error that says what, where and what to do; nothing is half-written; the service goes on."""
import csv
import pathlib
import resource
import shutil
import sqlite3
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"


def registry_facts(data):
    with sqlite3.connect(f"file:{data}/registry.sqlite?mode=ro", uri=True) as registry:
        return [registry.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("division", "grid_version", "officer", "assignment", "address_point", "generation")]


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, SCALE)
        cls.shapefile = next((cls.synth / "shapefiles").glob("*.shp"))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def refused(self, *arguments, code, says):
        """The command fails with `code`, its message holds every word of `says`, and the registry is as before."""
        before = registry_facts(self.data)
        done = cli.run(*arguments, "--data", self.data)
        message = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, message)
        for word in says:
            self.assertIn(word, message)
        self.assertEqual(registry_facts(self.data), before)
        return message

    def broken_shapefile(self, name, **changes):
        """Copy of the city's Shapefile with files cut to a share of their length or removed (share None)."""
        folder = self.folder / name
        folder.mkdir()
        for part in self.shapefile.parent.glob(self.shapefile.stem + ".*"):
            share = changes.get(part.suffix[1:], 1)
            if share is None:
                continue
            content = part.read_bytes()
            (folder / ("city" + part.suffix)).write_bytes(content[: int(len(content) * share)])
        return folder / "city.shp"

    def test_a_truncated_shapefile_is_refused(self):
        for extension in ("shp", "shx", "dbf"):
            file = self.broken_shapefile("cut-" + extension, **{extension: 0.6})
            self.refused("import", "boundaries", file, code=1, says=["city." + extension])

    def test_a_shapefile_without_its_parts_is_refused(self):
        for extension in ("shx", "dbf"):
            file = self.broken_shapefile("no-" + extension, **{extension: None})
            self.refused("import", "boundaries", file, code=1, says=["." + extension])

    def test_a_shapefile_without_prj_asks_for_the_crs(self):
        file = self.broken_shapefile("no-prj", prj=None)
        self.refused("import", "boundaries", file, code=1, says=["--crs"])

    def test_an_officer_table_with_a_wrong_column_lists_the_columns(self):
        file = self.folder / "officers.csv"
        file.write_text("工号,姓名,手机,格子\nA1,张三,10000000000,440106001001001\n", encoding="utf-8")
        self.refused("import", "officers", file, code=1, says=["格子", "网格编码"])

    def test_an_officer_of_an_unknown_grid_is_named_by_row(self):
        source = (self.synth / "officers.csv").read_text(encoding="gb18030").splitlines()
        header = next(csv.reader([source[0]]))
        row = next(csv.reader([source[1]]))
        row[header.index("网格编码")] = "999999999999001"
        file = self.folder / "unknown-grid.csv"
        file.write_text("\n".join([source[0], ",".join(row)]) + "\n", encoding="utf-8")
        message = self.refused("import", "officers", file, code=1, says=["999999999999001", "row 2"])
        self.assertNotIn(row[header.index("手机号码")], message)

    def test_files_that_are_something_else_are_refused(self):
        empty = self.folder / "empty.gpkg"
        empty.write_bytes(b"")
        text = self.folder / "text.gpkg"
        text.write_text("this is not a database\n" * 100)
        vrt = self.folder / "vrt.geojson"
        vrt.write_text('<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>')
        for file in (empty, text, vrt):
            self.refused("import", "boundaries", file, code=1, says=[file.name])
        self.refused("import", "boundaries", self.folder / "nowhere.gpkg", code=1, says=["nowhere.gpkg"])
        there = self.synth / "boundaries.gpkg"
        for arguments in (("import", "boundaries", there, "--mapping", "nowhere.json"), ("import", "officers", "nowhere.csv"), ("locate", "--points", "nowhere.csv"),
                          ("address", "--file", "nowhere.csv"), ("find", "--polygon", self.folder / "nowhere.geojson"), ("crosswalk", "divisions", "--from-list", "nowhere.txt"),
                          ("changes", "new", "--from", "nowhere.gpkg", "--title", "x")):
            self.refused(*arguments, code=1, says=["nowhere.", "there is no such file"])

    def test_a_crs_that_is_unknown_or_a_ballpark_is_refused(self):
        file = self.synth / "boundaries.gpkg"
        self.refused("import", "boundaries", file, "--crs", "EPSG:99999", code=2, says=["EPSG:99999"])
        self.refused("import", "boundaries", file, "--crs", "Guangzhou", code=2, says=["Guangzhou"])
        self.refused("import", "boundaries", file, "--crs", "EPSG:4610", code=2, says=["EPSG:4610", "parameters"])

    def test_boundaries_read_in_the_wrong_datum_are_suspected(self):
        self.refused("import", "boundaries", self.synth / "boundaries.gpkg", "--crs", "GCJ02", code=1, says=["suspected_datum"])

    def test_planted_defects_stop_an_import_and_are_all_reported(self):
        dirty = self.folder / "dirty"
        cli.run("synth", "--out", dirty, "--scale", SCALE, "--dirty", check=0)
        report = self.folder / "report.json"
        self.refused("import", "boundaries", dirty / "boundaries.gpkg", "--report", report, code=1, says=["overlap", "gap"])
        self.assertTrue(report.exists())

    def test_wrong_usage_has_its_own_exit_code(self):
        self.refused("locate", "113.3", code=2, says=["LAT"])
        self.refused("locate", "abc", "23.1", code=2, says=["LON", "abc"])
        self.refused("locate", "nan", "23.1", code=2, says=["lon"])
        self.refused("locate", "113.3", "91", code=2, says=["lat", "91"])
        self.refused("locate", "23.13", "113.33", code=2, says=["swapped"])
        self.refused("locate", "113.3", "23.1", "--crs", "WGS72BE", code=2, says=["WGS72BE"])
        self.refused("locate", "113.3", "23.1", "--as-of", "2026-02-30", code=2, says=["--as-of", "2026-02-30"])
        self.refused("find", code=2, says=["--bbox", "--polygon", "--line", "--near"])
        self.refused("find", "--bbox", "113,23,114", code=2, says=["--bbox", "west,south,east,north"])
        self.refused("find", "--bbox", "113,23,114,x", code=2, says=["--bbox", "x"])
        self.refused("find", "--bbox", "114,23,113,24", code=2, says=["bbox", "west exceeds east"])
        self.refused("find", "--bbox", "23,113,24,114", code=2, says=["bbox", "swapped"])
        self.refused("find", "--near", "113,23", code=2, says=["--within", "--nearest"])
        self.refused("find", "--near", "113,23", "--within", "-1", code=2, says=["within", "-1"])
        self.refused("find", "--near", "113,23", "--within", "nan", code=2, says=["within", "nan"])
        self.refused("find", "--near", "113,23", "--nearest", "0", code=2, says=["--nearest"])
        self.refused("find", "--near", "113,23", "--nearest", "2", "--within", "5", code=2, says=["--nearest", "--within"])
        self.refused("find", "--polygon", "POLYGON((113 23, 113.1 23.1, 113.1 23, 113 23.1, 113 23))", code=2, says=["Self-intersection"])
        self.refused("find", "--polygon", "LINESTRING(113 23, 114 24)", code=2, says=["--polygon", "--line"])
        self.refused("find", "--line", "LINESTRING(113 23, 114)", code=2, says=["--line", "number"])
        torn = self.folder / "torn.geojson"
        torn.write_text('{"type": "Polygon", "coordinates": [[[113', encoding="utf-8")
        self.refused("find", "--polygon", torn, code=1, says=["torn.geojson", "JSON"])
        self.refused("locate", "114", "22", "--nearest", "1001", code=2, says=["--nearest"])
        self.refused("export", "rivers", "--out", self.folder / "x.gpkg", code=2, says=["rivers", "towns"])
        self.refused("export", "towns", "--format", "DOC", "--out", self.folder / "x.doc", code=2, says=["DOC", "GeoJSON"])
        self.refused("show", "grid", "440106999999001", code=1, says=["440106999999001"])
        self.assertEqual(cli.run("import", "rivers", "x", "--data", self.data).returncode, 2)
        self.assertEqual(cli.run("fly").returncode, 2)
        self.assertEqual(cli.run().returncode, 2)

    def test_a_folder_without_a_registry_says_what_to_do(self):
        for arguments in (["publish"], ["locate", "113", "23"], ["import", "officers", self.synth / "officers.csv"]):
            done = cli.run(*arguments, "--data", self.folder / "nothing")
            self.assertIn(done.returncode, (1, 3))
            self.assertRegex(done.stderr, r"wangge (publish|init)")
        self.assertEqual(cli.run("init", "--data", self.data).returncode, 3)

    def test_bulk_rows_that_cannot_be_read_are_marked_and_the_rest_answered(self):
        file = self.folder / "rows.csv"
        file.write_bytes('name,lng,lat\r\n"a,""1""",113.33,23.13\r\nb,abc,23.1\r\nc,113.3,95\r\nd\r\ne,114.5,21.5\r\n'.encode())
        done = cli.run("locate", "--points", file, "--out", "-", "--data", self.data)
        self.assertEqual(done.returncode, 1)
        rows = list(csv.reader(done.stdout.splitlines()))
        self.assertEqual(rows[0], ["name", "lng", "lat", "grid_code", "locate_status"])
        self.assertEqual([row[-1] for row in rows[1:]], ["ok", "bad_lon", "bad_position", "bad_row", "outside"])
        self.assertEqual(rows[1][0], 'a,"1"')
        self.assertTrue(rows[1][3].startswith("440106"))
        wrong = cli.run("locate", "--points", file, "--out", self.folder / "never.csv", "--lon", "easting", "--data", self.data)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("easting", wrong.stderr)
        self.assertFalse((self.folder / "never.csv").exists())

    def test_http_names_the_field_and_lives_on(self):
        cases = [("/v1/locate?lon=nan&lat=23.1", 400, "lon"), ("/v1/locate?lon=113.3&lat=91", 400, "lat"),
                 ("/v1/locate?lon=113.3", 400, "lat"), ("/v1/locate?lon=23.1&lat=113.3", 400, "lon"),
                 ("/v1/locate?lon=113.3&lat=23.1&crs=EPSG:1", 400, "crs"), ("/v1/locate?lon=text&lat=23.1", 400, "lon"),
                 ("/v1/locate?lon=113.3&lat=23.1&as_of=yesterday", 400, "as_of"), ("/v1/locate?lon=1e999&lat=23.1", 400, "lon"),
                 ("/v1/grids/abc", 400, "code"), ("/v1/grids/440106999999999", 404, None), ("/v2/locate", 404, None)]
        with cli.Server(self.data) as server:
            for path, status, field in cases:
                got, kind, body = server.get(path)
                self.assertEqual(got, status, path + " " + body)
                self.assertEqual(kind, "application/problem+json", path)
                if field:
                    self.assertIn(field, body, path)
            self.assertEqual(server.get("/v1/locate", method="DELETE")[0], 405)
            self.assertFalse(server.get_json("/v1/locate?lon=114.5&lat=21.5")["found"])
            self.assertFalse(server.get_json("/v1/locate?lon=116.4&lat=39.9")["found"])
            self.assertTrue(server.alive())

    def test_a_file_size_limit_stops_an_import_and_a_publish_whole(self):
        """Stands in for a full disk: no file may grow past the limit."""
        data = self.folder / "limited"
        cli.start_registry(data)

        def limits():
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

        before = registry_facts(data)
        done = cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", data, limits=limits)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(registry_facts(data), before)
        cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", data, check=0)

        def tiny():
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        done = cli.run("publish", "--approver", "approver", "--data", data, limits=tiny)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertFalse((data / "snapshots" / "CURRENT").exists())
        cli.run("publish", "--approver", "approver", "--data", data, check=0)

    def test_a_damaged_snapshot_is_refused_with_advice(self):
        for name in ("index.bin", "grids.bin", "shapes.bin"):
            data = self.folder / ("damaged-" + name)
            shutil.copytree(self.data, data)
            current = (data / "snapshots" / "CURRENT").read_text().strip()
            file = data / "snapshots" / pathlib.Path(current).name / name
            content = bytearray(file.read_bytes())
            file.write_bytes(content[: len(content) // 2])
            done = cli.run("locate", "113.33", "23.13", "--data", data)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(name, done.stderr)
            self.assertIn("publish", done.stderr)
            content[0:4] = struct.pack("<I", 0xDEADBEEF)
            file.write_bytes(content)
            self.assertEqual(cli.run("locate", "113.33", "23.13", "--data", data).returncode, 3)

    def test_a_second_writer_is_told_who_writes(self):
        import fcntl
        with open(self.data / "registry.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refused("import", "officers", self.synth / "officers.csv", code=3, says=["another wangge process"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
