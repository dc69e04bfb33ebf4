"""`wangge check` on layers as people have them: exit codes, JSON, pages, map layers, both languages; and the pages of docs on problems."""
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"
PICTURES = cli.ROOT / "tools/docs/problem-pictures"
# Debian's QGIS belongs to Debian's Python, whichever python3 runs this.
QGIS_PYTHON = "/usr/bin/python3"
HAS_QGIS = subprocess.run([QGIS_PYTHON, "-c", "import qgis.core"], capture_output=True).returncode == 0


def square(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def layer(path, features, crs="urn:ogc:def:crs:EPSG::4490"):
    path.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": crs}},
        "features": [{"type": "Feature", "properties": properties,
                      "geometry": None if rings is None else {"type": "Polygon", "coordinates": rings}}
                     for properties, rings in features]}, ensure_ascii=False), encoding="utf-8")
    return path


def catalogue():
    text = (cli.ROOT / "include/wangge/geom/problem.hpp").read_text(encoding="utf-8")
    return {int(number): slug for slug, number in re.findall(r"^    (\w+) = (\d{3}),", text, re.MULTILINE)}


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.dirty = cls.folder / "dirty"
        cli.run("synth", "--out", cls.dirty, "--scale", SCALE, "--dirty", check=0)
        cls.shapefile = next((cls.dirty / "shapefiles").glob("*.shp"))
        cls.planted = {}
        for line in (cls.dirty / "defects.csv").read_text(encoding="utf-8-sig").splitlines()[1:]:
            kind = line.split(",")[0]
            cls.planted[kind] = cls.planted.get(kind, 0) + 1
        # Three parcels of another town, with names for codes: two overlap, one has none.
        cls.three = layer(cls.folder / "three.geojson", [({"地块编码": "甲-01"}, square(113.30, 23.10, 113.31, 23.11)),
                                                         ({"地块编码": "甲-02"}, square(113.309, 23.10, 113.32, 23.11)),
                                                         ({"地块编码": "乙<&>\"3"}, None)])

    def test_planted_defects_are_counted_in_a_shapefile_that_no_registry_knows(self):
        report = cli.run_json("check", self.shapefile, check=1)
        self.assertEqual(report["crs"], "EPSG:4547")
        self.assertEqual(report["encoding"], "GB18030")
        self.assertEqual(report["code_field"], "WGBM")
        found = report["problems"]
        for slug in ("overlap", "edge_not_matched", "empty_geometry", "duplicate_geometry", "duplicate_code", "self_crossing"):
            self.assertGreaterEqual(found[slug], self.planted[slug], slug)
        # What is no polygon cannot be stored in a Shapefile of polygons: it comes without a geometry.
        self.assertEqual(found["empty_geometry"], self.planted["empty_geometry"] + self.planted["unsupported_geometry"])
        self.assertGreaterEqual(found["sliver"], self.planted["sliver"])  # boundaries drawn twice have slivers beside them
        clean = self.folder / "clean"
        cli.run("synth", "--out", clean, "--scale", SCALE, check=0)
        for file in ("boundaries.gpkg", *(p.relative_to(clean) for p in (clean / "shapefiles").glob("*.shp"))):
            report = cli.run_json("check", clean / file, check=0)
            self.assertEqual(report["problems"], {}, file)
            self.assertGreater(report["features"], 1000)

    def test_the_json_has_the_members_that_the_page_names(self):
        report = cli.run_json("check", self.three, check=1)
        self.assertEqual(list(report), ["file", "layer", "crs", "datum_assumed", "encoding", "code_field", "remarks", "features", "vertices",
                                        "max_snap_m", "mean_snap_m", "tolerance_m", "problems", "errors", "warnings",
                                        "findings_left_out", "findings", "elapsed_s"])
        page = (cli.ROOT / "docs/problems.md").read_text(encoding="utf-8")
        for member in [*report, "parent"]:
            self.assertIn(f"`{member}`", page)
        self.assertEqual(report["features"], 3)
        self.assertEqual(report["vertices"], 10)
        self.assertEqual(report["problems"], {"empty_geometry": 1, "overlap": 1})
        self.assertEqual((report["errors"], report["warnings"], report["findings_left_out"]), (2, 0, 0))
        empty, overlap = report["findings"]
        self.assertEqual(list(empty), ["code", "slug", "id", "severity", "subjects", "message"])
        self.assertEqual(list(overlap), ["code", "slug", "id", "severity", "subjects", "message", "lon", "lat", "measure", "unit"])
        self.assertEqual((overlap["code"], overlap["slug"], overlap["severity"], overlap["unit"]), (301, "overlap", "error", "m2"))
        self.assertEqual(overlap["subjects"], ["甲-01", "甲-02"])
        self.assertRegex(overlap["id"], "^[0-9a-f]{16}$")
        self.assertTrue(113.309 < overlap["lon"] < 113.31 and 23.10 < overlap["lat"] < 23.11)
        # 0.001 by 0.01 degree: 102.443 m (N cos B, by hand) by 1107.45 m
        self.assertAlmostEqual(overlap["measure"], 102.443 * 1107.45, delta=20)

    def test_exit_codes_tell_data_from_usage_from_environment(self):
        sound = layer(self.folder / "sound.geojson", [({"id": 7}, square(113.30, 23.10, 113.31, 23.11))])
        self.assertEqual(cli.run("check", sound).returncode, 0)
        self.assertEqual(cli.run("check", self.three).returncode, 1)
        self.assertEqual(cli.run("check", layer(self.folder / "none.geojson", [])).returncode, 0)
        for arguments, code, word in ((["check"], 2, "file"), (["check", sound, "--tolerance", "-1"], 2, "--tolerance"),
                                      (["check", sound, "--tolerance", "x"], 2, "--tolerance"),
                                      (["check", sound, "--tolerance", "101"], 2, "--tolerance"),
                                      (["check", sound, "--code", "编码"], 2, "id"), (["check", sound, "--lang", "fr"], 2, "--lang"),
                                      (["check", sound, "--crs", "EPSG:99999"], 2, "EPSG:99999"),
                                      (["check", sound, "--layer", "x"], 2, "layer"),
                                      (["check", sound, "--report", "r.pdf"], 2, ".html"),
                                      (["check", sound, "--parent-layer", "x"], 2, "--parent"),
                                      (["check", sound, "--report", self.folder / "no/where.html"], 3, "where.html"),
                                      (["check", self.folder / "nowhere.gpkg"], 1, "nowhere.gpkg")):
            done = cli.run(*arguments)
            self.assertEqual(done.returncode, code, f"{arguments} {done.stdout}{done.stderr}")
            self.assertIn(word, done.stdout + done.stderr)

    def test_a_report_never_replaces_what_it_is_about(self):
        own = self.folder / "own.gpkg"
        own.write_bytes((self.dirty / "boundaries.gpkg").read_bytes())
        (self.folder / "link.gpkg").symlink_to(own)
        before = own.read_bytes()
        for report in (own, self.folder / "link.gpkg", self.folder / "dirty/../own.gpkg"):
            for arguments in (["check", own], ["check", self.three, "--parent", own],
                              ["import", "boundaries", self.three, own, "--data", self.folder / "nowhere"]):
                done = cli.run(*arguments, "--report", report)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn("another name", done.stderr)
        self.assertEqual(own.read_bytes(), before)

    def test_a_file_that_says_no_crs_asks_for_it_and_takes_it(self):
        copy = self.folder / "bare"
        copy.mkdir()
        for part in self.shapefile.parent.glob("*"):
            if part.suffix != ".prj":
                (copy / ("bare" + part.suffix)).write_bytes(part.read_bytes())
        done = cli.run("check", copy / "bare.shp")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--crs", done.stderr)
        with_crs = cli.run_json("check", copy / "bare.shp", "--crs", "EPSG:4547", check=1)
        self.assertEqual(with_crs["problems"], cli.run_json("check", self.shapefile, check=1)["problems"])

    def test_a_parent_must_be_filled_exactly(self):
        parent = layer(self.folder / "parent.geojson", [({"name": "外框"}, square(113.30, 23.10, 113.32, 23.11))])
        filled = layer(self.folder / "filled.geojson", [({"code": "1"}, square(113.30, 23.10, 113.31, 23.11)),
                                                        ({"code": "2"}, square(113.31, 23.10, 113.32, 23.11))])
        whole = cli.run_json("check", filled, "--parent", parent, check=0)
        self.assertEqual((whole["problems"], whole["parent"]), ({}, {"file": "parent.geojson", "features": 1}))
        half = layer(self.folder / "half.geojson", [({"code": "1"}, square(113.29, 23.10, 113.31, 23.11))])
        report = cli.run_json("check", half, "--parent", parent, check=1)
        self.assertEqual(report["problems"], {"outside_county": 1, "county_not_filled": 1})
        for finding in report["findings"]:
            self.assertIn("parent.geojson", finding["message"])
            self.assertNotIn("county", finding["message"])
        for finding in cli.run_json("check", half, "--parent", parent, "--lang", "zh", check=1)["findings"]:
            self.assertIn("parent.geojson", finding["message"])
            self.assertNotIn("县区", finding["message"])

    def test_the_page_is_whole_and_holds_every_id_in_both_languages(self):
        for source, lang in ((self.shapefile, "en"), (self.shapefile, "zh"), (self.three, "zh")):
            page = self.folder / "page.html"
            cli.run("check", source, "--report", page, "--lang", lang, check=1)
            text = page.read_text(encoding="utf-8")
            root = xml.etree.ElementTree.fromstring(text)  # well-formed
            self.assertEqual(root.get("lang"), {"en": "en", "zh": "zh-CN"}[lang])
            for finding in cli.run_json("check", source, check=1)["findings"]:
                self.assertIn(finding["id"], text)
                self.assertIn(f'id="code-{finding["code"]}"', text)
            self.assertIsNone(re.search(r"<script|src=|href=\"http|@import|url\(", text))  # nothing from elsewhere
            names = {e.tag.split("}")[1] for e in root.iter()}
            self.assertIn("svg", names)
            targets = {e.get("id") for e in root.iter()}
            for element in root.iter():
                if (element.get("href") or "").startswith("#"):
                    self.assertIn(element.get("href")[1:], targets)
            self.assertEqual("要素重叠" in text, lang == "zh")

    def test_xmllint_accepts_the_page(self):
        page = self.folder / "lint.html"
        cli.run("check", self.three, "--report", page, check=1)
        done = subprocess.run(["xmllint", "--noout", page], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_file_name_in_another_encoding_leaves_every_report_readable(self):
        name = os.fsencode(self.folder) + b"/" + "天河".encode("gb18030") + b".geojson"
        with open(name, "wb") as copy:
            copy.write(self.three.read_bytes())
        for report in ("name.html", "name.gpkg", "name.json", "name.txt"):
            done = subprocess.run([cli.PROGRAM, "check", name, "--lang", "en", "--report", str(self.folder / report)], capture_output=True)
            self.assertEqual(done.returncode, 1, done.stderr)
        root = xml.etree.ElementTree.fromstring((self.folder / "name.html").read_text(encoding="utf-8"))
        self.assertIn("\ufffd", "".join(root.itertext()))
        json.loads((self.folder / "name.json").read_text(encoding="utf-8"))
        with sqlite3.connect(self.folder / "name.gpkg") as layers:
            messages = [row[0] for table in ("problem_areas", "problems") for row in layers.execute(f"SELECT message FROM {table}")]
        self.assertTrue(any("\ufffd" in message for message in messages), messages)

    def test_messages_are_chinese_where_they_are_asked_for(self):
        chinese = cli.run("check", self.three, "--lang", "zh", check=1).stdout
        self.assertIn("甲-01、甲-02 重叠", chinese)
        self.assertNotIn("overlap by", chinese)
        by_locale = subprocess.run([cli.PROGRAM, "check", str(self.three)], capture_output=True, text=True,
                                   env={**os.environ, "LC_ALL": "zh_CN.UTF-8"}).stdout
        strip = lambda text: re.sub(r"[0-9.]+ 秒", "", text)
        self.assertEqual(strip(by_locale), strip(chinese))
        english = subprocess.run([cli.PROGRAM, "check", str(self.three), "--lang", "en"], capture_output=True, text=True,
                                 env={**os.environ, "LC_ALL": "zh_CN.UTF-8"}).stdout
        self.assertIn("overlap by", english)

    def test_an_import_writes_the_same_forms(self):
        data = self.folder / "data"
        cli.start_registry(data)
        for name in ("r.html", "r.gpkg", "r.json", "r.txt"):
            cli.run("import", "boundaries", self.dirty / "boundaries.gpkg", "--data", data, "--dry-run", "--lang", "zh",
                    "--report", self.folder / name, check=1)
        problems = json.loads((self.folder / "r.json").read_text(encoding="utf-8"))["problems"]
        page = (self.folder / "r.html").read_text(encoding="utf-8")
        xml.etree.ElementTree.fromstring(page)
        text = (self.folder / "r.txt").read_text(encoding="utf-8")
        self.assertIn('class="overview"', page)
        self.assertIn('class="detail"', page)
        self.assertTrue(any("所属村居 " in p["message"] for p in problems))
        with sqlite3.connect(self.folder / "r.gpkg") as layers:
            ids = {row[0] for table in ("problem_points", "problem_lines", "problem_areas", "problems")
                   for row in layers.execute(f"SELECT problem_id FROM {table}")}
        for problem in problems:
            self.assertIn(problem["id"], page)
            self.assertIn(problem["id"], ids)
            self.assertIn(problem["message"], text)
            self.assertRegex(problem["message"], "[\u4e00-\u9fff]")

    def test_the_geopackage_is_read_by_gdal_with_every_finding(self):
        file = self.folder / "layers.gpkg"
        cli.run("check", self.shapefile, "--report", file, check=1)
        seen = subprocess.run(["ogrinfo", "-ro", "-al", "-so", file], capture_output=True, text=True)
        self.assertEqual((seen.returncode, seen.stderr), (0, ""))
        counts = dict(zip(re.findall(r"Layer name: (\w+)", seen.stdout), map(int, re.findall(r"Feature Count: (\d+)", seen.stdout))))
        findings = cli.run_json("check", self.shapefile, check=1)["findings"]
        self.assertEqual(counts.pop("layer_styles"), 3)
        self.assertEqual(sum(counts.values()), len(findings))
        self.assertEqual(counts["problems"], sum("lon" not in f for f in findings))
        self.assertEqual(counts["problem_lines"], sum(f["slug"] == "edge_not_matched" for f in findings))
        again = self.folder / "again.gpkg"
        cli.run("check", self.shapefile, "--report", again, check=1)
        with sqlite3.connect(again) as one, sqlite3.connect(file) as two:
            for table in (*counts, "layer_styles"):
                read = f"SELECT * FROM {table} ORDER BY 1"
                self.assertEqual(one.execute(read).fetchall(), two.execute(read).fetchall(), table)

    def test_the_styles_are_xml_with_a_category_for_each_code(self):
        file = self.folder / "styles.gpkg"
        cli.run("check", self.three, "--report", file, check=1)
        with sqlite3.connect(file) as layers:
            rows = layers.execute("SELECT f_table_name, f_geometry_column, styleQML, styleSLD, useAsDefault FROM layer_styles").fetchall()
            self.assertEqual(sorted(r[0] for r in rows), ["problem_areas", "problem_lines", "problem_points"])
            for table, column, qml, sld, default in rows:
                self.assertEqual(default, 1)
                known = layers.execute("SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (table,)).fetchone()
                self.assertEqual(known, (column,))
                categories = xml.etree.ElementTree.fromstring(qml).findall(".//category")
                self.assertEqual({int(c.get("value")) for c in categories}, set(catalogue()))
                rules = xml.etree.ElementTree.fromstring(sld).findall(".//{http://www.opengis.net/ogc}Literal")
                self.assertEqual({int(r.text) for r in rules}, set(catalogue()))

    @unittest.skipUnless(HAS_QGIS, "python3-qgis is not installed (tools/setup develop)")
    def test_qgis_applies_the_styles_by_itself(self):
        file = self.folder / "qgis.gpkg"
        cli.run("check", self.shapefile, "--report", file, check=1)
        program = f"""
import json, os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication, QgsMapRendererSequentialJob, QgsMapSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
application = QgsApplication([], False)
application.initQgis()
answer, layers = {{}}, []
for name in ("problem_points", "problem_lines", "problem_areas"):
    layer = QgsVectorLayer("{file}|layername=" + name, name, "ogr")
    layers.append(layer)
    renderer = layer.renderer()
    answer[name] = [layer.isValid(), renderer.type(), {{c.value(): c.symbol().color().name() for c in renderer.categories()}},
                    min(c.symbol().symbolLayerCount() for c in renderer.categories())]
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setOutputSize(QSize(500, 500))
settings.setBackgroundColor(QColor("white"))
settings.setDestinationCrs(layers[2].crs())
settings.setExtent(layers[2].extent())
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
answer["colours"] = sorted({{image.pixelColor(x, y).name() for x in range(500) for y in range(500)}})
print(json.dumps(answer))
"""
        done = subprocess.run([QGIS_PYTHON, "-c", program], capture_output=True, text=True,
                              env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")})
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout.splitlines()[-1])
        colours = answer.pop("colours")
        for name, (valid, kind, categories, symbol_layers) in answer.items():
            self.assertTrue(valid)
            self.assertEqual(kind, "categorizedSymbol", name)
            self.assertEqual({int(code) for code in categories}, set(catalogue()))
            self.assertEqual((categories["301"], categories["302"]), ("#d7191c", "#7b2fd0"))
            self.assertEqual(symbol_layers, 1 if name == "problem_points" else 2, name)  # areas and lines have a mark
        for drawn in ("#d7191c", "#7b2fd0", "#0067b1"):  # overlaps, gaps, unmatched edges
            self.assertIn(drawn, colours)


class ProblemPages(unittest.TestCase):
    def test_every_code_has_a_section_with_its_severity_a_picture_and_nothing_else_has(self):
        text = (cli.ROOT / "docs/problems.md").read_text(encoding="utf-8")
        kinds = (cli.ROOT / "src/geom/problem.cpp").read_text(encoding="utf-8")
        form = (r"(\d{3}) (\w+) \((\w+)\)\n!\[(\w+)\]\(images/problems/(\d{3})-(\w+)\.svg\)\n\n\S.*?^Why: \S.*?^Do: \S")
        sections = []
        for section in re.split(r"^### (?=\d)", text, flags=re.MULTILINE)[1:]:
            found = re.match(form, section, re.MULTILINE | re.DOTALL)
            self.assertIsNotNone(found, section[:60])
            sections.append(found.groups())
        self.assertEqual({int(s[0]): s[1] for s in sections}, catalogue())
        for number, slug, severity, label, picture_number, picture_slug in sections:
            self.assertEqual((label, picture_number, picture_slug), (slug, number, slug))
            self.assertRegex(kinds, rf"ProblemCode::{slug}, {severity},")
            xml.etree.ElementTree.parse(cli.ROOT / f"docs/images/problems/{number}-{slug}.svg")
        drawn = {p.name for p in (cli.ROOT / "docs/images/problems").iterdir()}
        self.assertEqual(drawn, {f"{number}-{slug}.svg" for number, slug in catalogue().items()})

    def test_the_pictures_show_what_the_program_finds_today(self):
        done = subprocess.run([sys.executable, PICTURES, "--check", "--program", cli.PROGRAM], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
