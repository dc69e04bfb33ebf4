"""`wangge repair` on a layer with planted defects: what it says, what it writes, and that the input stays."""
import csv
import hashlib
import json
import os
import pathlib
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def attributes(path, layer):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.text_factory = lambda text: text.decode(errors="replace")  # some is planted that is not UTF-8
        columns = [r[1] for r in db.execute(f'PRAGMA table_info("{layer}")') if r[1] not in ("fid", "geom")]
        names = ", ".join(f'"{c}"' for c in columns)
        return columns, db.execute(f'SELECT {names} FROM "{layer}" ORDER BY fid').fetchall()


class Repair(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cli.run("synth", "--out", cls.folder / "synth", "--scale", "county:440106", "--dirty", check=0)
        cls.file = cls.folder / "synth/boundaries.gpkg"
        with open(cls.folder / "synth/defects.csv", encoding="utf-8", newline="") as defects:
            cls.defects = list(csv.DictReader(defects))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_planted_slivers_and_missing_vertices_are_repaired_and_nothing_else_is_lost(self):
        before = digest(self.file)
        fixed, report = self.folder / "fixed.gpkg", self.folder / "report.gpkg"
        done = cli.run_json("repair", self.file, "--tolerance", "0.3", "--out", fixed, "--report", report, check=1)
        self.assertEqual(before, digest(self.file))
        self.assertEqual(attributes(self.file, "grids"), attributes(fixed, "grids"))
        accepted = [p for p in done["proposals"] if p["accepted"]]
        for kind in ("sliver", "edge_not_matched"):
            planted = [frozenset(d["grid_codes"].split(";")) for d in self.defects if d["kind"] == kind]
            self.assertGreater(len(planted), 3)
            changed = {g for p in accepted for g in p["grids"]}
            for pair in planted:
                self.assertTrue(pair & changed, (kind, pair))
        self.assertTrue(all(p["greatest_move_m"] <= 0.3 for p in accepted))
        again = cli.run_json("repair", fixed, "--tolerance", "0.3", check=1)
        self.assertEqual(0, again["accepted"])
        with sqlite3.connect(f"file:{report}?mode=ro", uri=True) as db:
            for layer in ("repair_before", "repair_after"):
                self.assertEqual(sum(len(p["grids"]) for p in done["proposals"] if p["kind"] != "none"),
                                 db.execute(f"SELECT count(*) FROM {layer}").fetchone()[0])
            self.assertEqual(len(done["proposals"]),
                             db.execute("SELECT count(*) FROM repair_places").fetchone()[0])
            self.assertGreater(db.execute("SELECT count(*) FROM repair_moved").fetchone()[0], 0)

    def test_the_commands_of_the_page_work_as_they_are_written(self):
        page = (cli.ROOT / "docs/repair.md").read_text(encoding="utf-8")
        lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
                 for line in block.splitlines()]
        self.assertEqual(3, len(lines))
        with tempfile.TemporaryDirectory() as folder:
            for line in lines:
                words = shlex.split(line)
                self.assertEqual("wangge", words[0])
                words = words[1:] + (["--reference", str(cli.REFERENCE)] if words[1] == "synth" else [])
                done = subprocess.run([str(pathlib.Path(cli.PROGRAM).resolve()), *words], cwd=folder, capture_output=True,
                                      text=True)
                self.assertEqual(0 if words[0] == "synth" else 1, done.returncode, line + done.stderr)
            self.assertTrue((pathlib.Path(folder) / "proposals.gpkg").exists())
            self.assertTrue((pathlib.Path(folder) / "fixed.gpkg").exists())

    def test_wrong_use_is_refused_and_writes_nothing(self):
        for arguments, says in ((("--tolerance", "0"), "tolerance"),
                                (("--tolerance", "0.3", "--out", self.file), "never changed"),
                                (("--tolerance", "0.3", "--out", self.folder / "x.shp"), ".gpkg"),
                                (("--tolerance", "0.3", "--code", "nothing"), "no column")):
            before = digest(self.file)
            done = cli.run("repair", self.file, *arguments, check=2)
            self.assertIn(says, done.stderr)
            self.assertEqual(before, digest(self.file))
        self.assertFalse((self.folder / "x.shp").exists())


class EveryKindOfFile(unittest.TestCase):
    """Two squares, 6 cm apart, with a column of every type."""
    ROWS = [{"dkbm": "A1", "count": 7, "far": 2 ** 53 + 1, "ratio": 0.1 + 0.2, "open": True, "on": "2024/02/29",
             "at": "2024/02/29 08:30:15.250+08", "list": ["甲", "乙"], "note": "", "only": None},
            {"dkbm": "A2", "count": -1, "far": -(2 ** 63), "ratio": 1e300, "open": False, "on": None, "at": "2024/02/29 08:30:15",
             "list": [], "note": None, "only": "here"}]

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        squares = [[[113, 23], [113.001, 23], [113.001, 23.001], [113, 23.001], [113, 23]],
                   [[113.0010006, 23], [113.002, 23], [113.002, 23.001], [113.0010006, 23.001], [113.0010006, 23]]]
        features = [{"type": "Feature", "properties": row, "geometry": {"type": "Polygon", "coordinates": [ring]}}
                    for row, ring in zip(cls.ROWS, squares)]
        (cls.folder / "two.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def convert(self, name, *arguments):
        subprocess.run(["ogr2ogr", *arguments, str(self.folder / name), str(self.folder / "two.geojson")], check=True, capture_output=True)
        return self.folder / name

    def repaired(self, file):
        fixed = self.folder / f"fixed-{file.name}.gpkg"
        done = cli.run_json("repair", file, "--tolerance", "0.1", "--out", fixed)
        self.assertEqual([("match_edges", True)], [(p["kind"], p["accepted"]) for p in done["proposals"]])
        return fixed

    def columns(self, file):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
            layer, = db.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchone()
            types = [tuple(row[1:3]) for row in db.execute(f'PRAGMA table_info("{layer}")') if row[1] not in ("fid", "geom")]
            names = ", ".join(f'"{name}"' for name, _ in types)
            forms = db.execute("SELECT column_name, mime_type FROM gpkg_data_columns").fetchall() if db.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'gpkg_data_columns'").fetchone() else []
            return types, sorted(forms), db.execute(f'SELECT {names} FROM "{layer}" ORDER BY "dkbm"').fetchall()

    def test_a_geopackage_keeps_every_type_and_value_and_tells_empty_from_absent(self):
        file = self.convert("two.gpkg", "-f", "GPKG")
        with sqlite3.connect(file) as db:
            for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):  # its triggers ask the first and mean none of these rows
                db.create_function(name, 1, lambda shape: 0)
            for name, kind in (("photo", "BLOB"), ("small", "SMALLINT"), ("single", "FLOAT")):
                db.execute(f'ALTER TABLE two ADD COLUMN "{name}" {kind}')
            db.execute("UPDATE two SET photo = x'00ff0041', small = -32768, single = 0.1 WHERE fid = 1")
            db.execute("UPDATE two SET photo = x'', small = NULL, single = -1.5e-7 WHERE fid = 2")
        before, after = self.columns(file), self.columns(self.repaired(file))
        self.assertEqual(before[0], after[0])
        self.assertEqual({"BOOLEAN", "DATE", "DATETIME", "REAL", "BLOB", "SMALLINT", "FLOAT"}, {t for _, t in before[0]} &
                         {"BOOLEAN", "DATE", "DATETIME", "REAL", "BLOB", "SMALLINT", "FLOAT"})
        self.assertEqual(before[1], after[1])
        for old, new in zip(before[2], after[2]):
            for (name, kind), a, b in zip(before[0], old, new):
                self.assertEqual(a, b, (name, kind))

    def test_other_formats_are_repaired_and_keep_their_types(self):
        for name, arguments in (("two.fgb", ("-f", "FlatGeobuf", "-mapFieldType", "StringList=String")), ("two.kml", ("-f", "LIBKML")), ("two.shp", ("-lco", "ENCODING=GB18030"))):
            with self.subTest(name):
                types, _, rows = self.columns(self.repaired(self.convert(name, *arguments)))
                where = {name: i for i, (name, _) in enumerate(types)}
                self.assertEqual(["A1", "A2"], [row[where["dkbm"]] for row in rows])
                self.assertEqual([7, -1], [row[where["count"]] for row in rows])
                self.assertEqual("甲" in str(rows[0]), "list" in where)
        self.assertEqual([0.1 + 0.2, 1e300], [r[3] for r in self.columns(self.repaired(self.folder / "two.fgb"))[2]])
        types, _, rows = self.columns(self.repaired(self.folder / "two.geojson"))
        self.assertEqual(json.loads(dict(zip([n for n, _ in types], rows[0]))["list"]), ["甲", "乙"])

    @unittest.skipUnless(os.environ.get("WANGGE_FORBID_OPEN", str(cli.ROOT / "build/release/tests/command_line/libwangge_forbid_open.so")),
                         "nothing is preloaded beside a sanitizer")
    def test_the_program_itself_never_opens_the_file(self):
        library = os.environ.get("WANGGE_FORBID_OPEN", str(cli.ROOT / "build/release/tests/command_line/libwangge_forbid_open.so"))
        for name, arguments in (("mine.gpkg", ("-f", "GPKG")), ("mine.shp", ()), ("mine.geojson", ("-f", "GeoJSON"))):
            file = self.convert(name, *arguments)
            variables = dict(os.environ) | {"LD_PRELOAD": library, "WANGGE_FORBIDDEN": str(file.resolve().with_suffix("")) + "."}
            done = subprocess.run([cli.PROGRAM, "repair", file, "--tolerance", "0.1", "--out", self.folder / f"out-{name}.gpkg", "--report",
                                   self.folder / f"report-{name}.gpkg"], env=variables, capture_output=True, text=True)
            self.assertEqual(0, done.returncode, done.stderr)
        # What opens a file as GDAL does is ended.
        for file in (self.folder / "mine.gpkg", self.folder / "mine.shp"):
            variables["WANGGE_FORBIDDEN"] = str(file.resolve())
            self.assertEqual(99, subprocess.run(["ogrinfo", file], env=variables, capture_output=True).returncode)


def outer_rings(feature):
    geometry = feature["geometry"]
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[tuple(p) for p in part[0]] for part in parts]


class RepairInsideAChangeSet(unittest.TestCase):
    """A contractor redraws the boundary of two grids, and has the rest of it some centimetres off the registry's."""
    SLIP = 4e-7  # degrees: some 4 cm

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, "county:440104")
        cls.before = cls.exported("before")
        users = {}
        for code, feature in cls.before.items():
            for ring in outer_rings(feature):
                for p in ring[:-1]:
                    users.setdefault(p, set()).add(code)
        cls.users = users

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def exported(cls, name):
        out = cls.folder / f"{name}.geojson"
        cli.run("export", "grids", "--format", "GeoJSON", "--out", out, "--data", cls.data, check=0)
        return {f["properties"]["grid_code"]: f for f in json.loads(out.read_text(encoding="utf-8"))["features"]}

    def changes(self, *arguments, code=0):
        return cli.run("changes", *arguments, "--data", self.data, check=code)

    def owners(self, positions):
        text = "lon,lat\n" + "".join(f"{p[0]:.8f},{p[1]:.8f}\n" for p in positions)
        done = cli.run("locate", "--points", "-", "--out", "-", "--data", self.data, check=0, stdin=text)
        return [row["grid_code"] for row in csv.DictReader(done.stdout.splitlines())]

    def choose(self):
        """Two neighbours, a vertex of theirs alone, and vertices that the first shares with one other grid each."""
        for code, feature in sorted(self.before.items()):
            rings = outer_rings(feature)
            if len(rings) != 1 or len(feature["geometry"]["coordinates"][0]) != 1:
                continue
            ring = rings[0][:-1]
            with_one = [(i, next(iter(self.users[p] - {code}))) for i, p in enumerate(ring) if len(self.users[p]) == 2]
            for i, other in with_one:
                slipped = [k for k, beside in with_one if beside != other and 3 < abs(k - i) < len(ring) - 3]
                if len(slipped) >= 4 and len(outer_rings(self.before[other])) == 1:
                    return code, other, ring[i], [ring[k] for k in slipped]
        self.fail("no such pair of grids")

    def moved(self, code, moves):
        feature = json.loads(json.dumps(self.before[code]))
        def each(item):
            if isinstance(item[0], (int, float)):
                return list(moves.get(tuple(item), item))
            return [each(one) for one in item]
        feature["geometry"]["coordinates"] = each(feature["geometry"]["coordinates"])
        feature["properties"] = {"WGBM": code, "WGMC": feature["properties"]["name"]}
        return feature

    def test_a_contractors_shapefile_with_slivers_goes_all_the_way_to_exact_answers(self):
        first, second, corner, slipped = self.choose()
        ring = outer_rings(self.before[first])[0][:-1]
        at = ring.index(corner)
        a, b = ring[at - 1], ring[(at + 1) % len(ring)]
        # Onto the chord of its neighbours and as far beyond: some ground changes hands between the two.
        aim = tuple(round((a[k] + b[k]) / 2 + (a[k] + b[k] - 2 * corner[k]) / 20 + (2e-5 if k else 0), 7) for k in (0, 1))
        redrawn = {corner: aim}
        careless = dict(redrawn) | {p: (round(p[0] + self.SLIP, 7), p[1]) for p in slipped}
        drawing = {"type": "FeatureCollection", "features": [self.moved(first, careless), self.moved(second, redrawn)]}
        drawn = self.folder / "contractor.geojson"
        drawn.write_text(json.dumps(drawing), encoding="utf-8")
        subprocess.run(["ogr2ogr", "-f", "ESRI Shapefile", "-lco", "ENCODING=UTF-8", self.folder / "contractor.shp", drawn], check=True)
        beside = [(p[0] + dx, p[1] + dy) for p in slipped for dx in (-3e-7, 2e-7, 5e-7) for dy in (-2e-7, 2e-7)]
        middle = tuple((corner[k] + aim[k]) / 2 for k in (0, 1))
        owners, (owner,) = self.owners(beside), self.owners([middle])
        self.assertIn(owner, (first, second))
        self.assertGreater(len(set(owners)), 2)

        number = str(json.loads(self.changes("new", "--from", self.folder / "contractor.shp", "--author", "ann", "--json").stdout)["change_set"])
        found = json.loads(self.changes("check", number, "--author", "ann", "--json", code=1).stdout)
        errors = {p["id"] for p in found["problems"] if p["severity"] == "error"}
        self.assertTrue(errors)
        self.assertEqual([], found["conflicts"])
        self.assertIn("Nothing was added", self.changes("repair", number, "--list").stdout)
        layers = self.folder / "repairs.gpkg"
        plan = json.loads(self.changes("repair", number, "--layer", layers, "--json").stdout)
        self.assertEqual(sorted((first, second)), plan["movable"])
        self.assertTrue(plan["fixed"] and not set(plan["fixed"]) & {first, second})
        self.assertLessEqual(errors, {i for p in plan["proposals"] for i in p["problems"]})
        self.assertTrue(all(p["accepted"] and p["greatest_move_m"] <= 0.1 and p["grids"] == [first] for p in plan["proposals"]))
        with sqlite3.connect(f"file:{layers}?mode=ro", uri=True) as package:
            self.assertEqual([len(plan["proposals"])] * 3, [package.execute(f"SELECT count(*) FROM repair_{t}").fetchone()[0]
                                                             for t in ("before", "after", "places")])
        refused = json.loads(self.changes("repair", number, "--tolerance", "0.02", "--json", code=1).stdout)
        self.assertGreater(refused["refused"], 0)
        for p in refused["proposals"]:
            self.assertTrue(p["greatest_move_m"] <= 0.02 if p["accepted"] else "0.02 m" in p["refusal"], p)
        self.assertTrue(any("more than the tolerance" in p.get("refusal", "") for p in refused["proposals"]))

        one, *others = [p["id"] for p in plan["proposals"]]
        done = json.loads(self.changes("repair", number, "--accept", one, "--author", "ann", "--json").stdout)
        self.assertEqual(1, len(done["added"]))
        self.assertIn(one, done["added"][0]["reason"])
        left = json.loads(self.changes("repair", number, "--json").stdout)
        self.assertEqual(others, [p["id"] for p in left["proposals"]])
        self.changes("repair", number, "--all", "--author", "ann")
        self.assertIn(one, self.changes("show", number).stdout)
        self.assertEqual([], json.loads(self.changes("check", number, "--author", "ann", "--json").stdout)["problems"])
        preview = json.loads(self.changes("preview", number, "--json").stdout)
        self.assertEqual([{first, second}], [set((m["from"], m["to"])) for m in preview["moves"]])
        self.changes("approve", number, "--approver", "chief")
        self.changes("apply", number, "--author", "ann")
        cli.run("publish", "--data", self.data, check=0)

        after = self.exported("after")
        self.assertEqual(set(self.before), set(after))
        for code in self.before:
            expected = [tuple(aim if p == corner and code in (first, second) else p for p in ring[:-1])
                        for ring in outer_rings(self.before[code])]
            self.assertEqual([set(r) for r in expected], [set(r[:-1]) for r in outer_rings(after[code])], code)
        self.assertEqual(owners, self.owners(beside))
        (now,) = self.owners([middle])
        self.assertEqual([(owner, now)], [(m["from"], m["to"]) for m in preview["moves"]])

        undo = str(json.loads(self.changes("undo", number, "--author", "ben", "--json").stdout)["change_set"])
        self.assertIn("undoes", self.changes("repair", undo, code=1).stderr)
        for step in (("check", "--author", "ben"), ("approve", "--approver", "chief"), ("apply", "--author", "ben")):
            self.changes(step[0], undo, *step[1:])
        cli.run("publish", "--data", self.data, check=0)
        self.assertEqual([owner], self.owners([middle]))

    def test_wrong_use_is_refused_and_adds_nothing(self):
        number = str(json.loads(self.changes("new", "--title", "rename", "--author", "ann", "--json").stdout)["change_set"])
        code = sorted(self.before)[0]
        self.changes("add", number, "rename", code, "--name", "新名", "--author", "ann")
        for arguments, exit_code, says in ((("--tolerance", "0"), 2, "tolerance"),
                                           (("--tolerance", "wide"), 2, "--tolerance"),
                                           (("--layer", self.folder / "x.shp"), 2, ".gpkg"),
                                           (("--with", "12"), 1, "does not lie beside"),
                                           (("--all", "--accept", "1"), 2, "--accept"),
                                           (("--list", "--all"), 2, "--list"),
                                           (("--accept", "0123456789abcdef"), 1, "no repair 0123456789abcdef")):
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.changes("repair", number, *arguments, code=exit_code).stderr)
        self.assertEqual(1, json.loads(self.changes("show", number, "--json").stdout)["operations"])
        self.assertFalse((self.folder / "x.shp").exists())
        self.assertIn("wangge changes repair", self.changes("repair", "--help").stdout)
        self.changes("discard", number, "--author", "ann")


if __name__ == "__main__":
    unittest.main()
