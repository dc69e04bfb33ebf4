"""Files that contractors send and no standard foresees, three and more for each reader: each is read rightly, or refused in words that say
what to do. Nothing crashes, nothing is half read."""
import json
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli


def square(x, y, side=0.01):
    return {"type": "Polygon", "coordinates": [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]}


def feature(code, geometry, **properties):
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": geometry}


TWO = [feature("A1", square(113.3, 23.1)), feature("A2", square(113.31, 23.1))]
KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>x</name>{}</Folder></Document></kml>'
PLACE = ("<Placemark><name>A1</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
         "</Placemark>")


def drawing(entities):
    return f"0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"


def polyline(points, flags=1):
    """Points are x, y and, for an arc to the next one, its bulge."""
    lines = "".join(f"10\n{p[0]}\n20\n{p[1]}\n" + (f"42\n{p[2]}\n" if len(p) > 2 else "") for p in points)
    return f"0\nLWPOLYLINE\n8\nG\n90\n{len(points)}\n70\n{flags}\n{lines}"


class BadFiles(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)
        self.base = self.geojson("base.geojson", TWO)

    def tearDown(self):
        self.scratch.cleanup()

    def geojson(self, name, features, **top):
        path = self.folder / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **top}, ensure_ascii=False), encoding="utf-8")
        return path

    def text(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def converted(self, name, *options):
        path = self.folder / name
        subprocess.run(["ogr2ogr", *options, path, self.base], check=True, capture_output=True)
        return path

    def refused(self, path, *needs, options=(), code=1):
        done = cli.run("check", path, *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for part in needs:
            self.assertIn(part, done.stdout + done.stderr)

    def read(self, path, features, *options, code=0):
        report = cli.run_json("check", path, *options, check=code)
        self.assertEqual(report["features"], features)
        return report

    def test_geojson(self):
        self.refused(self.geojson("lat-lon.geojson", [feature("A1", {"type": "Polygon", "coordinates": [[[23.1, 113.3], [23.1, 113.31],
                     [23.11, 113.31], [23.1, 113.3]]]})]), "order of the coordinates")
        unknown = self.geojson("unknown-crs.geojson", TWO, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::999999"}})
        self.refused(unknown, "--crs")
        self.read(unknown, 2, "--crs", "EPSG:4490")  # the person knows it
        self.refused(self.geojson("texts.geojson", [feature("A1", {"type": "Polygon", "coordinates": [[["113.3", "23.1"], ["113.31", "23.1"],
                     ["113.31", "23.11"], ["113.3", "23.1"]]]})]), "is damaged")
        self.refused(self.text("cut.geojsonl", json.dumps(TWO[0]) + "\n" + json.dumps(TWO[1])[:-20] + "\n"), "is damaged")
        odd = self.geojson("odd.geojson", [{"type": "Feature", "properties": None, "geometry": square(113.3, 23.1)},
                                           feature(["x", {"y": 1}], square(113.4, 23.1))])
        self.read(odd, 2)
        marked = self.folder / "marked.geojson"
        marked.write_bytes(b"\xef\xbb\xbf" + self.base.read_bytes())
        self.read(marked, 2)

    def test_shapefile(self):
        whole = self.converted("s.shp", "-lco", "ENCODING=UTF-8")
        def copy(name):
            for part in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                shutil.copy(whole.with_suffix(part), self.folder / (name + part))
            return self.folder / (name + ".shp")
        deleted = copy("deleted")
        table = bytearray(deleted.with_suffix(".dbf").read_bytes())
        header, width = struct.unpack_from("<HH", table, 8)
        table[header] = ord("*")  # the first record is marked as deleted
        deleted.with_suffix(".dbf").write_bytes(table)
        self.assertEqual([len(f["subjects"]) for f in self.read(deleted, 1)["findings"]], [])
        parts = copy("parts")
        shapes = bytearray(parts.read_bytes())
        struct.pack_into("<i", shapes, 100 + 8 + 36, 1_000_000)
        parts.write_bytes(shapes)
        self.refused(parts, "is damaged")
        beijing = copy("beijing")
        beijing.with_suffix(".prj").write_text('GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]],'
                                               'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]')
        self.refused(beijing, "coordinate-systems.toml")
        nonsense = copy("nonsense")
        nonsense.with_suffix(".prj").write_text("本地坐标系")
        self.refused(nonsense, "--crs")
        self.read(nonsense, 2, "--crs", "EPSG:4490")
        for part in (".shp", ".shx", ".dbf", ".prj"):
            shutil.copy(whole.with_suffix(part), self.folder / f"大写{part.upper()}")
        self.read(self.folder / "大写.SHP", 2)

    def test_geopackage_and_spatialite(self):
        whole = self.converted("g.gpkg")
        def changed(source, name, *statements):
            path = self.folder / name
            shutil.copy(source, path)
            with sqlite3.connect(path) as package:
                for trigger, in package.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    package.execute(f'DROP TRIGGER "{trigger}"')
                for statement in statements:
                    package.execute(statement)
            package.close()
            return path
        self.refused(changed(whole, "no-geometry.gpkg", "DELETE FROM gpkg_geometry_columns"), "no-geometry.gpkg")
        self.refused(changed(whole, "cut-blob.gpkg", "UPDATE base SET geom = x'4750000100000000' WHERE fid = 1"), "is damaged")
        strange = changed(whole, "strange-crs.gpkg", "UPDATE gpkg_contents SET srs_id = 77777", "UPDATE gpkg_geometry_columns SET srs_id = 77777")
        self.refused(strange, "pass --crs")
        self.read(strange, 2, "--crs", "EPSG:4490")
        lite = self.converted("l.sqlite", "-f", "SQLite", "-dsco", "SPATIALITE=YES")
        self.read(lite, 2)
        self.refused(changed(lite, "no-crs.sqlite", "UPDATE geometry_columns SET srid = -1"), "pass --crs")
        plain = self.folder / "plain.sqlite"
        with sqlite3.connect(plain) as package:
            package.execute("CREATE TABLE t(a, b)")
        package.close()
        self.refused(plain, "no layer with geometry (layers: t)")

    def test_flatgeobuf(self):
        bytes_ = self.converted("f.fgb", "-f", "FlatGeobuf").read_bytes()
        for name, content, part in (("header.fgb", bytes_[:8] + struct.pack("<I", 0xfffffff0) + bytes_[12:], "no layer at all"),
                                    ("version.fgb", bytes_[:3] + b"\x09" + bytes_[4:], "whatever its name says"),
                                    ("short.fgb", bytes_[:-7], "damaged")):
            (self.folder / name).write_bytes(content)
            self.refused(self.folder / name, part)

    def test_file_geodatabase(self):
        whole = self.converted("e.gdb", "-f", "OpenFileGDB")
        self.read(whole, 2)
        last = sorted(p.name for p in whole.glob("*.gdbtable"))[-1]
        for name in ("missing.gdb", "half.gdb", "empty.gdb"):
            shutil.copytree(whole, self.folder / name)
        (self.folder / "missing.gdb" / last).unlink()
        self.refused(self.folder / "missing.gdb", "no layer at all")
        half = self.folder / "half.gdb" / last
        half.write_bytes(half.read_bytes()[:half.stat().st_size // 2])
        self.refused(self.folder / "half.gdb", "damaged")
        for path in (self.folder / "empty.gdb").iterdir():
            path.unlink()
        self.refused(self.folder / "empty.gdb", "is a folder and no File Geodatabase")

    def test_kml(self):
        ring = "113.3,23.1 113.31,23.1 113.31,23.11 113.3,23.1"
        self.read(self.text("blanks.kml", KML.format(PLACE.format("113.3, 23.1, 0 113.31, 23.1, 0 113.31, 23.11, 0 113.3, 23.1, 0"))), 1)
        self.read(self.text("open.kml", KML.format(PLACE.format(ring.rsplit(" ", 1)[0]))), 1)
        self.refused(self.text("point.kml", KML.format("<Placemark><name>p</name><Point><coordinates>113,23</coordinates></Point></Placemark>")),
                     "POINT")
        self.refused(self.text("cut.kml", KML.format(PLACE.format(ring))[:-30]), "cannot be opened as KML")

    def test_dxf(self):
        plane = ("--crs", "EPSG:4547")
        self.refused(self.text("line.dxf", drawing(polyline([(0, 0), (100, 0)]))), "no area", options=plane)
        self.refused(self.text("open.dxf", drawing(polyline([(0, 0), (100, 0), (100, 100)], flags=0))), "is not closed", options=plane)
        self.refused(self.text("header.dxf", "0\nSECTION\n2\nHEADER\n0\nENDSEC\n0\nEOF\n"), "cannot be opened as DXF", options=plane)
        # An outline that an arc closes ends where it began, whatever rounding says.
        for east, north in ((0, 0), (500_000.123, 2_550_000.457), (39_512_345.678, 2_560_000.001)):
            arc = [(east, north), (east + 100, north), (east + 100, north + 100, 0.4142)]
            report = self.read(self.text("arc.dxf", drawing(polyline(arc))), 1, "--crs", "EPSG:4547" if east < 1e6 else "EPSG:4527", code=0)
            self.assertEqual(report["problems"], {})

    def test_zip(self):
        whole = self.converted("s.shp", "-lco", "ENCODING=UTF-8")
        def packed(name, files):
            with zipfile.ZipFile(self.folder / name, "w") as archive:
                for inside, source in files:
                    archive.writestr(inside, source if isinstance(source, (bytes, str)) else source.read_bytes())
            return self.folder / name
        parts = [".shp", ".shx", ".dbf", ".prj"]
        self.refused(packed("two.zip", [(f"{d}/grids{p}", whole.with_suffix(p)) for d in "ab" for p in parts]), "a/grids.shp, b/grids.shp", code=2)
        self.refused(packed("part.zip", [(f"grids{p}", whole.with_suffix(p)) for p in (".shp", ".dbf")]), ".shx file is missing")
        self.refused(packed("none.zip", [("说明.txt", "x")]), "holds no file with boundaries")
        self.refused(packed("empty.zip", []), "is an empty zip")
        self.read(packed("upper.zip", [(f"网格/GRIDS{p.upper()}", whole.with_suffix(p)) for p in parts]), 2)

    def test_tables(self):
        data = self.folder / "data"
        cli.run("init", "--data", data, check=0)
        cli.run("import", "divisions", cli.REFERENCE / "divisions.tsv", "--data", data, check=0)
        header = "地址编码,标准地址,经度,纬度\n"
        def told(name, content, *needs, code=1):
            path = self.folder / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            done = cli.run("import", "addresses", path, "--data", data, "--dry-run", check=code)
            for part in needs:
                self.assertIn(part, done.stdout + done.stderr)
        told("utf16.txt", b"\xff\xfe" + (header + "A1,大路1号,113.3,23.1\n").replace(",", "\t").encode("utf-16-le"), "text in UTF-16", code=0)
        told("no-mark.csv", (header + "A1,大路1号,113.3,23.1\n").encode("utf-16-le"), "no text table")
        told("quote.csv", header + 'A1,"大路1号,113.3,23.1\n' + "A2,x,113.3,23.1\n" * 3, "not closed")
        told("semicolons.csv", header.replace(",", ";"), "its columns are: 地址编码;标准地址;经度;纬度", "--mapping")
        told("repeated.csv", "地址编码,标准地址,经度,纬度,经度\nA1,x,113.3,23.1,999\n", "Dry run", code=0)
        told("inf.csv", header + "A1,x,inf,23.1\nA2,x,1e999,23.1\nA3,x,nan,23.1\n", "malformed_value", "3 errors")
        told("not.xlsx", b"PK\x03\x04" + b"\0" * 60, ".xlsx")


if __name__ == "__main__":
    unittest.main()
