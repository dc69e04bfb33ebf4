"""A district over several generations: a correction of the past, a split to come, an undo; asked in every way there is."""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"
DRAWN = "2024-01-01"  # when the first boundaries hold from
MOVED = "2025-03-01"  # a boundary moves: long past when it is recorded
SPLIT = "2090-01-01"  # a grid is split: still to come


def vertices(feature):
    for polygon in feature["geometry"]["coordinates"]:
        for ring in polygon:
            yield from ring


def move_a_boundary(document):
    """Moves one vertex that exactly two grids share, and no third one near it; returns a position that changes hands."""
    owners = {}
    for feature in document["features"]:
        for point in vertices(feature):
            owners.setdefault(tuple(point), set()).add(feature["properties"]["grid_code"])
    for feature in document["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            ring = polygon[0]
            for i in range(2, len(ring) - 3):
                near = [tuple(ring[i + k]) for k in (-2, -1, 0, 1, 2)]
                if all(len(owners[p]) == 2 for p in near) and len(set.union(*(owners[p] for p in near))) == 2:
                    old, a, b = near[2], near[1], near[3]
                    new = [round(old[0] + (b[1] - a[1]) * 0.2, 7), round(old[1] - (b[0] - a[0]) * 0.2, 7)]
                    for other in document["features"]:
                        for point in vertices(other):
                            if tuple(point) == old:
                                point[:] = new
                    middle = [(old[0] + new[0]) / 2, (old[1] + new[1]) / 2]
                    return sorted(owners[old]), middle
    raise AssertionError("no vertex that two grids share alone")


def cut_an_ear(document, code):
    """Splits a corner off the first grid: three vertices in a row, with no other vertex in their triangle."""
    def turn(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    feature = document["features"][0]
    ring = feature["geometry"]["coordinates"][0][0]
    points = ring[:-1]
    for i in range(len(points) - 2):
        a, b, c = points[i:i + 3]
        inside = [p for p in points if p not in (a, b, c) and turn(a, b, p) >= 0 and turn(b, c, p) >= 0 and turn(c, a, p) >= 0]
        if turn(a, b, c) > 1e-9 and not inside:
            feature["geometry"]["coordinates"][0][0] = points[:i + 1] + points[i + 2:] + [points[0]]
            feature["geometry"]["coordinates"][0][0][-1] = feature["geometry"]["coordinates"][0][0][0]
            document["features"].append({"type": "Feature",
                                         "properties": {**feature["properties"], "grid_code": code, "name": "新网格"},
                                         "geometry": {"type": "MultiPolygon", "coordinates": [[[a, b, c, a]]]}})
            return [(a[k] + b[k] + c[k]) / 3 for k in (0, 1)]
    raise AssertionError("no ear to cut")


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        synth, cls.data = cls.folder / "synth", cls.folder / "data"
        cli.run("synth", "--out", synth, "--scale", SCALE, check=0)
        cli.run("init", "--data", cls.data, check=0)
        for what, file in (("divisions", cli.REFERENCE / "divisions.tsv"), ("divisions", cli.REFERENCE / "counties.geojson"),
                           ("boundaries", synth / "boundaries.gpkg"), ("officers", synth / "officers.csv"),
                           ("addresses", synth / "addresses.csv")):
            cli.run("import", what, file, "--effective", DRAWN, "--data", cls.data, check=0)
        cls.publish()  # generation 1
        villages = {}
        labels = cls.folder / "labels.csv"
        cli.run("export", "grid_labels", "--out", labels, "--data", cls.data, check=0)
        with open(labels, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                villages.setdefault(row["village_code"], []).append(row["grid_code"])
        cls.village = next(code for code, grids in sorted(villages.items()) if len(grids) == 5)
        cls.first = cls.village_file("first.geojson")
        document = json.loads(cls.first.read_text(encoding="utf-8"))
        cls.pair, cls.moved_at = move_a_boundary(document)
        cls.second = cls.write("second.geojson", document)
        cls.reshape(cls.second, MOVED)
        cls.publish()  # generation 2: a correction of the past
        cls.new_code = cls.village + "790"
        cls.split_at = cut_an_ear(document, cls.new_code)
        document["features"][0]["properties"]["name"] = "改名网格"
        cls.parent_code = document["features"][0]["properties"]["grid_code"]
        cls.third = cls.write("third.geojson", document)
        cls.reshape(cls.third, SPLIT)
        cls.publish()  # generation 3: a change to come

    @classmethod
    def publish(cls):
        cli.run("publish", "--data", cls.data, "--author", "gis", "--approver", "chief", check=0)

    @classmethod
    def reshape(cls, file, effective):
        cli.run("import", "boundaries", file, "--crs", "EPSG:4490", "--effective", effective, "--author", "gis", "--data", cls.data,
                check=0)

    @classmethod
    def village_file(cls, name, *state):
        file = cls.folder / name
        cli.run("export", "grids", "--division", cls.village, "--out", file, *state, "--data", cls.data, check=0)
        return file

    @classmethod
    def write(cls, name, document):
        file = cls.folder / name
        file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return file

    def owner(self, position, *state):
        answer = cli.run_json("locate", *(f"{x:.7f}" for x in position), *state, "--data", self.data)
        return answer["grid"]["code"], answer["receipt"]

    def common_areas(self, before, after):
        """(from, to) -> m2 by GEOS, in an equal-area projection; nothing of ours in it."""
        both = self.folder / "both.gpkg"
        both.unlink(missing_ok=True)
        for layer, file in (("a", before), ("b", after)):
            subprocess.run(["ogr2ogr", "-f", "GPKG", *(["-update"] if both.exists() else []), "-nln", layer, "-t_srs", "EPSG:6933",
                            both, file], check=True, capture_output=True)
        done = subprocess.run(["ogr2ogr", "-f", "CSV", "/vsistdout/", both, "-dialect", "SQLite", "-sql",
                               "SELECT a.grid_code AS f, b.grid_code AS t, ST_Area(CollectionExtract(ST_Intersection(a.geom, b.geom), 3)) AS m2, "
                               "ST_Area(a.geom) AS am2, ST_Area(b.geom) AS bm2 FROM a JOIN b ON ST_Intersects(a.geom, b.geom)"],
                              check=True, capture_output=True, text=True)
        return {(row["f"], row["t"]): tuple(float(row[k]) for k in ("m2", "am2", "bm2"))
                for row in csv.DictReader(done.stdout.splitlines()) if float(row["m2"] or 0) > 0.001}

    def check_areas(self, told, before, after):
        """`told` is (from, to) -> (m2, share of from, share of to)."""
        expected = self.common_areas(before, after)
        self.assertEqual(set(told), set(expected))
        for pair, (area, of_from, of_to) in told.items():
            m2, from_m2, to_m2 = expected[pair]
            self.assertAlmostEqual(area, m2, delta=0.02 + m2 * 1e-5)
            self.assertAlmostEqual(of_from, m2 / from_m2, delta=1e-6)
            self.assertAlmostEqual(of_to, m2 / to_m2, delta=1e-6)

    def test_each_generation_and_day_has_its_own_owner_of_the_ground_that_moved(self):
        before, _ = self.owner(self.moved_at, "--known-at", "1")
        after, receipt = self.owner(self.moved_at, "--known-at", "2")
        self.assertEqual({before, after}, set(self.pair))
        self.assertEqual((receipt["generation"], receipt["as_of"] > MOVED), (2, True))
        for state, owner in ((("--as-of", "2025-02-28"), before), (("--as-of", MOVED), after), ((), after),
                             (("--as-of", "2024-06-01", "--known-at", "2"), before), (("--as-of", MOVED, "--known-at", "1"), before)):
            with self.subTest(state=state):
                self.assertEqual(self.owner(self.moved_at, *state)[0], owner)
        for state, owner in (((), self.parent_code), (("--as-of", SPLIT), self.new_code),
                             (("--as-of", SPLIT, "--known-at", "2"), self.parent_code)):
            with self.subTest(state=state):
                self.assertEqual(self.owner(self.split_at, *state)[0], owner)

    def test_show_find_and_export_take_both_times_and_http_says_the_same(self):
        with cli.Server(self.data) as server:
            lon, lat = (f"{x:.7f}" for x in self.moved_at)
            for known_at in (1, 2, 3):
                for as_of in ("2024-06-01", MOVED, SPLIT):
                    state = ("--as-of", as_of, "--known-at", known_at)
                    query = f"as_of={as_of}&known_at={known_at}"
                    with self.subTest(state=state):
                        self.assertEqual(server.get_json(f"/v1/locate?lon={lon}&lat={lat}&{query}"),
                                         cli.run_json("locate", lon, lat, *state, "--data", self.data))
                        self.assertEqual(server.get_json(f"/v1/grids/{self.pair[0]}?{query}"),
                                         cli.run_json("show", "grid", self.pair[0], *state, "--data", self.data))
                        self.assertEqual(server.get_json(f"/v1/grids?near={lon},{lat}&k=5&{query}"),
                                         cli.run_json("find", "--near", f"{lon},{lat}", "--nearest", 5, *state, "--data", self.data))
            self.assertEqual(server.get(f"/v1/locate?lon={lon}&lat={lat}&known_at=4")[0], 404)
        shapes = [json.loads(self.village_file(f"state{i}.geojson", *state).read_text(encoding="utf-8"))
                  for i, state in enumerate([("--known-at", 1), ("--known-at", 2, "--as-of", "2024-06-01"), ("--known-at", 2),
                                             ("--known-at", 3, "--as-of", SPLIT)])]
        first = json.loads(self.first.read_text(encoding="utf-8"))
        self.assertEqual(shapes[0]["features"], first["features"])
        self.assertEqual(shapes[1]["features"], first["features"])
        self.assertNotEqual(shapes[2]["features"], first["features"])
        self.assertEqual(len(shapes[3]["features"]), 6)

    def test_a_generation_that_is_none_is_refused_with_the_reason(self):
        for command in (("locate", "113.33", "23.13"), ("find", "--bbox", "113.3,23.1,113.4,23.2"), ("show", "grid", self.pair[0]),
                        ("show", "division", self.village), ("history", self.pair[0]),
                        ("export", "grids", "--out", self.folder / "x.csv")):
            for known_at, code, part in (("4", 1, "the newest one is 3"), ("0", 2, "count from 1"), ("x", 2, "count from 1")):
                with self.subTest(command=command[0], known_at=known_at):
                    done = cli.run(*command, "--known-at", known_at, "--data", self.data, check=code)
                    self.assertIn(part, done.stderr)

    def test_history_tells_every_version_with_its_change_set_and_approver(self):
        told = cli.run_json("history", self.pair[0], "--data", self.data)["versions"]
        corrected = [v for v in told if v["recorded_from"] == 2]
        self.assertEqual(told[0]["changed"], ["added"])
        self.assertEqual((told[0]["recorded_to"], told[0]["valid_from"], told[0]["valid_to"]), (2, DRAWN, None))
        self.assertEqual(sorted((v["valid_from"], v["valid_to"]) for v in corrected if v["recorded_to"] in (None, 3)),
                         [(DRAWN, MOVED), (MOVED, None)] if self.pair[0] != self.parent_code else [(DRAWN, MOVED), (MOVED, None)])
        now = next(v for v in corrected if v["valid_from"] == MOVED)
        self.assertEqual(now["changed"], ["reshaped"])
        self.assertEqual((now["change_set"]["author"], now["change_set"]["approver"], now["change_set"]["effective"]),
                         ("gis", "chief", MOVED))
        self.assertAlmostEqual(now["area_m2"], told[0]["area_m2"] + now["before"]["area_gained_m2"] - now["before"]["area_lost_m2"],
                               delta=0.05)
        head = next(v for v in corrected if v["valid_from"] == DRAWN)
        self.assertEqual((head["changed"], head["before"]["valid_to"]), ([], None))
        as_known = cli.run_json("history", self.pair[0], "--known-at", 1, "--data", self.data)["versions"]
        self.assertEqual([(v["valid_from"], v["recorded_to"]) for v in as_known], [(DRAWN, None)])
        renamed = cli.run_json("history", self.parent_code, "--data", self.data)["versions"][-1]
        self.assertEqual((renamed["valid_from"], renamed["name"], renamed["changed"]), (SPLIT, "改名网格", ["reshaped", "renamed"]))
        text = cli.run("history", self.parent_code, "--data", self.data, check=0).stdout
        for part in ("generation 1", "generation 3", SPLIT, "renamed", "approved by chief"):
            self.assertIn(part, text)

    def test_diff_finds_what_changed_between_generations_and_between_days(self):
        layer = self.folder / "diff.gpkg"
        told = cli.run_json("diff", "1", "2", "--layer", layer, "--data", self.data)
        self.assertEqual(sorted(g["code"] for g in told["grids"]), self.pair)
        self.assertEqual(told["counts"], {"added": 0, "reshaped": 2, "retired": 0, "renamed": 0, "reparented": 0, "reclassified": 0})
        areas = self.common_areas(self.first, self.second)
        self.assertEqual({(m["from"], m["to"]) for m in told["moved"]}, {pair for pair in areas if pair[0] != pair[1]})
        for moved in told["moved"]:
            self.assertAlmostEqual(moved["area_m2"], areas[moved["from"], moved["to"]][0], delta=0.02)
        self.assertEqual(told["layer"]["reshaped"], 2)
        done = subprocess.run(["ogrinfo", "-ro", "-al", layer, "moved"], capture_output=True, text=True, check=True)
        self.assertIn(f"from_code (String) = {told['moved'][0]['from']}", done.stdout)
        # Between days of one generation, and what is in both generations alike.
        split = cli.run_json("diff", f"3@{MOVED}", f"3@{SPLIT}", "--data", self.data)
        self.assertEqual({(g["code"], *g["changed"]) for g in split["grids"]},
                         {(self.new_code, "added"), (self.parent_code, "reshaped", "renamed")})
        self.assertEqual([(m["from"], m["to"]) for m in split["moved"]], [(self.parent_code, self.new_code)])
        self.assertEqual(split["moved"][0]["share_of_to"], 1)
        self.assertEqual(cli.run_json("diff", "2", "3", "--data", self.data)["grids"], [])
        self.assertEqual(cli.run_json("diff", "1", "2", "--as-of", "2024-06-01", "--data", self.data)["grids"], [])
        self.assertEqual(cli.run_json("diff", "@2024-06-01", f"@{SPLIT}", "--data", self.data)["counts"]["added"], 1)
        for wrong, code in (("4", 1), ("0", 2), ("2@x", 2), ("", 2), ("draft", 1), ("@", 2), ("2@2026-02-30", 2)):
            with self.subTest(wrong=wrong):
                cli.run("diff", wrong, "1", "--data", self.data, check=code)

    def test_lineage_and_crosswalk_are_the_common_areas_that_geos_finds(self):
        trails = [cli.run_json("lineage", code, "--data", self.data) for code in (*self.pair, self.new_code, self.parent_code)]
        steps = {(s["generation"], s["predecessor"], s["successor"]): s for trail in trails for s in trail["from"] + trail["to"]}
        for generation, before, after in ((2, self.first, self.second), (3, self.second, self.third)):
            told = {key[1:]: (s["area_m2"], s["share_of_predecessor"], s["share_of_successor"])
                    for key, s in steps.items() if key[0] == generation}
            concerned = {code for pair in told for code in pair}
            expected = {pair: value for pair, value in self.common_areas(before, after).items() if set(pair) <= concerned}
            self.assertEqual(set(told), set(expected))
            self.check_areas({**{pair: (v[0], v[0] / v[1], v[0] / v[2])
                                 for pair, v in self.common_areas(before, after).items() if pair not in told}, **told}, before, after)
        table = self.folder / "crosswalk.csv"
        cli.run("crosswalk", "grids", "1", f"3@{SPLIT}", "--out", table, "--data", self.data, check=0)
        with open(table, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        mine = {(r["from_code"], r["to_code"]): (float(r["area_m2"]), float(r["share_of_from"]), float(r["share_of_to"]))
                for r in rows if r["from_code"].startswith(self.village) or r["to_code"].startswith(self.village)}
        self.check_areas(mine, self.first, self.third)
        for side, share in (("from_code", "share_of_from"), ("to_code", "share_of_to")):
            sums = {}
            for row in rows:
                sums[row[side]] = sums.get(row[side], 0) + float(row[share])
            self.assertTrue(all(abs(total - 1) < 1e-6 for total in sums.values()))
        # Each address stands in one row: that of the two grids that hold it.
        out = self.folder / "located.csv"
        with open(self.folder / "synth/addresses.csv", encoding="utf-8-sig", newline="") as file:
            addresses = list(csv.DictReader(file))
        self.assertEqual(sum(int(r["addresses"]) for r in rows), len(addresses))
        counted = {}
        owners = []
        for state in (("--known-at", 1), ("--known-at", 3, "--as-of", SPLIT)):
            cli.run("locate", "--points", self.folder / "synth/addresses.csv", "--out", out, *state, "--data", self.data, check=0)
            with open(out, encoding="utf-8-sig", newline="") as file:
                owners.append([row["grid_code"] for row in csv.DictReader(file)])
        for pair in zip(*owners):
            counted[pair] = counted.get(pair, 0) + 1
        self.assertEqual({(r["from_code"], r["to_code"]): int(r["addresses"]) for r in rows if int(r["addresses"])}, counted)

    def test_what_waits_in_the_draft_can_be_compared_and_an_undo_is_a_change_like_any_other(self):
        data = self.folder / "undone"
        shutil.copytree(self.data, data)
        cli.run("import", "boundaries", self.first, "--crs", "EPSG:4490", "--effective", MOVED, "--data", data, check=0)
        told = cli.run_json("diff", "1", "draft", "--as-of", MOVED, "--data", data)
        self.assertEqual((told["grids"], told["to"]["draft"]), ([], True))
        self.assertEqual(len(cli.run_json("diff", "3", "draft", "--as-of", MOVED, "--data", data)["grids"]), 2)
        cli.run("crosswalk", "grids", "3", "draft", "--out", self.folder / "no.csv", "--data", data, check=1)
        text = cli.run("history", self.pair[0], "--data", data, check=0).stdout
        self.assertIn("not published yet", text)
        steps = cli.run_json("lineage", self.pair[0], "--data", data)["from"]
        self.assertIn(None, {s["generation"] for s in steps})

    def test_old_codes_of_divisions_resolve_through_a_concordance(self):
        table = self.folder / "old-and-new.csv"
        table.write_text("旧编码,新编码,变更日期,备注\n440106997001,440106998001,2010-01-01,\n"
                         f"440106998001,{self.village},2015/7/1,一分为二\n440106998001,440106001001,2015/7/1,一分为二\n"
                         "440106996001,,2012-01-01,撤销\n", encoding="utf-8")
        data = self.folder / "concordance"
        shutil.copytree(self.data, data)
        report = cli.run_json("import", "concordance", table, "--data", data)
        self.assertEqual(report["changes"]["rows"], 4)
        told = cli.run_json("show", "division", "440106997001", "--data", data)
        self.assertFalse(told["in_force"])
        self.assertEqual([(s["effective"], s["kind"], s["new_code"]) for s in told["became"]],
                         [("2010-01-01", "recoded", "440106998001"), ("2015-07-01", "split", min(self.village, "440106001001")),
                          ("2015-07-01", "split", max(self.village, "440106001001"))])
        self.assertEqual({d["code"] for d in told["now"]}, {self.village, "440106001001"})
        self.assertTrue(all(d["name"] for d in told["now"]))
        formerly = cli.run_json("show", "division", self.village, "--data", data)["formerly"]
        self.assertEqual([s["old_code"] for s in formerly], ["440106998001"])
        self.assertIn("nothing stands in its place", cli.run("show", "division", "440106996001", "--data", data, check=0).stdout)
        self.assertIn("no concordance knows", cli.run("show", "division", "440106995001", "--data", data, check=1).stderr)
        out = cli.run("crosswalk", "divisions", "--all", "--data", data, check=0).stdout
        rows = list(csv.DictReader(out.splitlines()))
        self.assertEqual({(r["old_code"], r["new_code"], r["kinds"]) for r in rows},
                         {("440106997001", self.village, "recoded+split"), ("440106997001", "440106001001", "recoded+split"),
                          ("440106998001", self.village, "split"), ("440106998001", "440106001001", "split"),
                          ("440106996001", "", "abolished")})
        listed = self.folder / "codes.txt"
        listed.write_text("code\n440106996001\n\n440106001001,again\n", encoding="utf-8")
        rows = list(csv.DictReader(cli.run("crosswalk", "divisions", "--from-list", listed, "--data", data, check=0)
                                   .stdout.splitlines()))
        self.assertEqual([(r["old_code"], r["kinds"]) for r in rows], [("440106996001", "abolished"), ("440106001001", "unchanged")])
        odd = self.folder / "odd-names.csv"
        odd.write_text("was,is\n440106994001,440106001001\n", encoding="utf-8")
        mapping = self.folder / "concordance-mapping.json"
        cli.run("import", "concordance", table, "--dry-run", "--save-mapping", mapping, "--data", data, check=0)
        saved = json.loads(mapping.read_text(encoding="utf-8"))
        self.assertEqual(saved["fields"]["old_code"], "旧编码")
        self.assertIn("no column for old_code", cli.run("import", "concordance", odd, "--data", data, check=1).stderr)
        saved["fields"] = {"old_code": "was", "new_code": "is"}
        mapping.write_text(json.dumps(saved), encoding="utf-8")
        cli.run("import", "concordance", odd, "--mapping", mapping, "--data", data, check=0)
        self.assertEqual(cli.run_json("show", "division", "440106994001", "--data", data)["now"][0]["code"], "440106001001")
        bad = self.folder / "bad.csv"
        bad.write_text("old_code,new_code,effective\n44010699,440106998001,2010-01-01\n440106997001,4401,2010-01-01\n"
                       "440106997001,440106998001,yesterday\n,440106998001,2010-01-01\n", encoding="utf-8")
        report = cli.run_json("import", "concordance", bad, "--data", data, check=1)
        self.assertEqual(sorted(p["problem"] for p in report["problems"]),
                         ["malformed_code", "malformed_code", "malformed_value", "missing_attribute"])
        self.assertEqual(len(cli.run_json("show", "division", "440106997001", "--data", data)["became"]), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
