"""A district's boundaries as other programs write them, format by format: the registry finds them unchanged. And what
must be refused: archives made to do harm, mappings that do not fit, files that change while a program has them open."""
import contextlib
import gzip
import json
import os
import pathlib
import pwd
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

GRIDS = 1418  # of the district
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")


def ogr2ogr(*arguments):
    subprocess.run(["ogr2ogr", *map(str, arguments)], check=True, capture_output=True)


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth = cls.folder / "synth"
        cls.data = cls.folder / "data"
        cli.run("synth", "--out", cls.synth, "--scale", "county:440106", check=0)
        cli.start_registry(cls.data)
        cls.gpkg = cls.synth / "boundaries.gpkg"
        cls.shapefile = next((cls.synth / "shapefiles").glob("*.shp"))
        cli.run("import", "boundaries", cls.gpkg, "--data", cls.data, check=0)
        cls.geojson = cls.folder / "plain.geojson"
        ogr2ogr("-lco", "COORDINATE_PRECISION=9", cls.geojson, cls.gpkg)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def report(self, file, *arguments, check=0):
        done = cli.run("import", "boundaries", file, *arguments, "--data", self.data, "--dry-run", "--json", check=check)
        return json.loads(done.stdout)

    def unchanged(self, file, *arguments, grids=GRIDS):
        """Every grid comes in, in the shape and under the name that the registry has."""
        report = self.report(file, *arguments)
        self.assertEqual(report["rows_read"], grids, report["files"])
        self.assertEqual(report["changes"]["unchanged"], grids, report["changes"])
        return report["files"][0]

    def refused(self, file, *arguments, code=1, says=()):
        done = cli.run("import", "boundaries", file, *arguments, "--data", self.data, "--dry-run")
        message = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, message)
        for word in [pathlib.Path(str(file)).name, *says]:
            self.assertIn(word, message)
        return message

    def made(self, name, *arguments, source=None):
        path = self.folder / name
        ogr2ogr(*arguments, path, source or self.gpkg)
        return path

    def zipped(self, name, files):
        """`files`: (name in the zip, bytes or path)."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, content in files:
                archive.writestr(inner, content.read_bytes() if isinstance(content, pathlib.Path) else content)
        return path

    def parts_of(self, shapefile):
        return sorted(shapefile.parent.glob(shapefile.stem + ".*"))

    # Formats

    def test_geopackage_and_shapefile(self):
        self.unchanged(self.gpkg)
        file = self.unchanged(self.shapefile)
        self.assertEqual((file["crs"], file["encoding"]), ("EPSG:4547", "GB18030"))

    def test_file_geodatabase(self):
        self.assertEqual(self.unchanged(self.made("grids.gdb", "-f", "OpenFileGDB"))["crs"], "EPSG:4490")
        self.unchanged(f"{self.folder / 'grids.gdb'}/")

    def test_flatgeobuf(self):
        self.unchanged(self.made("grids.fgb"))

    def test_geojson_whole_by_lines_and_compressed(self):
        self.unchanged(self.geojson)
        lines = self.made("grids.geojsonl", "-f", "GeoJSONSeq", "-lco", "COORDINATE_PRECISION=9")
        self.unchanged(lines)
        marked = self.made("marked.geojsonl", "-f", "GeoJSONSeq", "-lco", "RS=YES", "-lco", "COORDINATE_PRECISION=9")
        self.assertEqual(marked.read_bytes()[0], 0x1E)
        self.unchanged(marked)
        for source in (self.geojson, lines):
            packed = self.folder / (source.name + ".gz")
            packed.write_bytes(gzip.compress(source.read_bytes()))
            self.unchanged(packed)

    def test_geojson_that_is_not_utf8(self):
        text = self.geojson.read_text(encoding="utf-8")
        for encoding, said in (("gb18030", "GB18030"), ("utf-16", "UTF-8"), ("utf-8-sig", "UTF-8")):
            path = self.folder / f"{encoding}.geojson"
            path.write_bytes(text.encode(encoding))
            self.assertEqual(self.unchanged(path)["encoding"], said)

    def test_kml_and_kmz(self):
        kml = self.made("grids.kml", "-f", "LIBKML")
        self.unchanged(kml)
        kmz = self.made("grids.kmz", "-f", "LIBKML")  # doc.kml points to layers/grids.kml
        self.assertEqual(len(zipfile.ZipFile(kmz).namelist()), 3)
        self.unchanged(kmz)
        self.unchanged(self.zipped("one.kmz", [("doc.kml", kml)]))
        declared = self.folder / "gbk.kml"
        text = kml.read_text(encoding="utf-8").replace('encoding="UTF-8"', 'encoding="GBK"')
        declared.write_bytes(text.encode("gb18030"))
        self.assertEqual(self.unchanged(declared)["encoding"], "GB18030")

    def test_every_folder_of_a_kml_is_read(self):
        def place(code):
            return (f"<Placemark><name>x</name><ExtendedData><Data name='WGBM'><value>{code}</value></Data>"
                    f"<Data name='WGMC'><value>网格</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing>"
                    f"<coordinates>113.3,23.1 113.31,23.1 113.31,23.11 113.3,23.1</coordinates></LinearRing>"
                    f"</outerBoundaryIs></Polygon></Placemark>")
        kml = self.folder / "folders.kml"
        kml.write_text("<kml xmlns='http://www.opengis.net/kml/2.2'><Document>" + place("a") + "<Folder><name>村一</name>"
                       + place("b") + "<Folder><name>组</name>" + place("c") + "</Folder></Folder><Folder/></Document></kml>",
                       encoding="utf-8")
        report = self.report(kml, check=1)
        self.assertEqual(report["rows_read"], 3)
        for code in "abc":
            self.assertIn(f"'{code}'", str(report["problems"]))

    def test_spatialite(self):
        self.unchanged(self.made("grids.sqlite", "-f", "SQLite", "-dsco", "SPATIALITE=YES"))

    def test_utf8_and_gb18030_shapefiles_with_cut_names(self):
        utf8 = self.made("utf8.shp", "-lco", "ENCODING=UTF-8", "-select", "网格编码,网格名称,网格类型")
        self.assertEqual(self.unchanged(utf8)["encoding"], "UTF-8")
        self.assertIn("网格编", self.unchanged(utf8)["mapping"])  # ten bytes: three characters and a piece
        numbered = self.made("numbered.shp", "-lco", "ENCODING=UTF-8")  # two names that are the same when cut
        self.unchanged(numbered)
        utf8.with_suffix(".cpg").write_text("GBK")
        file = self.unchanged(utf8)
        self.assertEqual(file["encoding"], "UTF-8")
        self.assertIn("the .cpg says 'GBK'", str(file["remarks"]))
        self.assertIn("known places", str(file["remarks"]))

    def test_dxf_closed_polylines_with_texts_and_block_attributes(self):
        simple = [f for f in json.loads(self.geojson.read_text(encoding="utf-8"))["features"]
                  if f["geometry"]["type"] == "Polygon" and len(f["geometry"]["coordinates"]) == 1
                  or f["geometry"]["type"] == "MultiPolygon" and len(f["geometry"]["coordinates"]) == 1
                  and len(f["geometry"]["coordinates"][0]) == 1]
        self.assertGreater(len(simple), 1000)
        for encoding, by_block, header in (("utf-8", False, True), ("gb18030", True, True), ("utf-8", False, False), ("gb18030", False, False)):
            dxf = self.folder / f"{encoding}.dxf"
            text = drawing(simple, by_block)
            dxf.write_bytes((text if header else text.partition(pair(0, "ENDSEC"))[2]).encode(encoding))
            file = self.unchanged(dxf, "--crs", "EPSG:4490", grids=len(simple))
            self.assertEqual(file["encoding"], {"utf-8": "UTF-8", "gb18030": "GB18030"}[encoding])
            self.assertIn("grid_code <- 网格编码", file["mapping"])
            self.refused(dxf, says=["--crs"])

    def test_an_open_polyline_of_a_dxf_is_a_problem_that_names_it(self):
        dxf = self.folder / "open.dxf"
        dxf.write_text(dxf_file(lwpolyline("7F", "网格", [(113, 23), (113.1, 23), (113.1, 23.1)], closed=False)
                                + lwpolyline("80", "网格", [(113, 23), (113.1, 23), (113.1, 23.1), (113, 23)], closed=False)
                                + text("81", "WGBM", 113.09, 23.01, "440106001001001")
                                + text("82", "WGMC", 113.09, 23.01, "一"), "AC1021"), encoding="utf-8")
        report = self.report(dxf, "--crs", "EPSG:4490", check=1)
        self.assertEqual(report["rows_read"], 2)
        self.assertIn("handle 7F on layer '网格'", str(report["problems"]))
        self.assertIn("is not closed", str(report["problems"]))
        self.assertNotIn("handle 80", str(report["problems"]))

    def test_postgis_table(self):
        with postgres(self.folder / "pg") as host:
            connection = f"PG:host={host} dbname=postgres user=survey"
            ogr2ogr("-f", "PostgreSQL", connection, self.gpkg)
            ogr2ogr("-f", "PostgreSQL", connection, self.gpkg, "-nln", "other")
            file = self.unchanged(f"{connection} password='very secret' public.grids")
            self.assertNotIn("secret", str(file))
            self.unchanged(connection, "--layer", "grids")
            for arguments, code in (([connection], 2), ([f"{connection} public.nowhere"], 1),
                                    ([f"PG:host={host} dbname=nowhere user=survey password=hush grids"], 1)):
                done = cli.run("import", "boundaries", *arguments, "--data", self.data, "--dry-run")
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertNotIn("hush", done.stderr)
            applied = self.folder / "from-database"
            cli.start_registry(applied)
            cli.run("import", "boundaries", f"{connection} grids", "--data", applied, check=0)

    # Zips

    def test_a_zip_of_each_format(self):
        gdb = self.made("zipped.gdb", "-f", "OpenFileGDB")
        for name, files in (("shp", [("目录/" + p.name, p) for p in self.parts_of(self.shapefile)]),
                            ("gpkg", [("a.gpkg", self.gpkg), ("读我.txt", b"x"), ("__MACOSX/a.gpkg", b"x")]),
                            ("gdb", [("数据/网格.gdb/" + p.name, p) for p in gdb.iterdir()]),
                            ("fgb", [("a.fgb", self.made("z.fgb"))]),
                            ("geojson", [("a.geojson", self.geojson)])):
            self.unchanged(self.zipped(f"{name}.zip", files))

    def test_names_in_a_zip_in_gb18030_and_utf8(self):
        for encoding in ("gb18030", "utf-8"):
            path = self.folder / f"names-{encoding}.zip"
            raw_zip(path, [(("天河区㙟\\网格" + p.suffix).replace("\\", "/").encode(encoding), p.read_bytes())
                           for p in self.parts_of(self.shapefile)])
            self.assertEqual(self.unchanged(path)["layer"], "网格")
        backslashes = self.folder / "windows.zip"
        raw_zip(backslashes, [(("天河\\网格" + p.suffix).encode("gb18030"), p.read_bytes())
                              for p in self.parts_of(self.shapefile)])
        self.unchanged(backslashes)

    def test_a_zip_with_several_files_asks_for_one(self):
        path = self.zipped("two.zip", [("a/grids.gpkg", self.gpkg), ("b/old.geojson", self.geojson)])
        self.refused(path, code=2, says=["--layer", "a/grids.gpkg", "b/old.geojson"])
        for layer in ("old", "b/old.geojson", "a/grids.gpkg/grids", "grids"):
            self.unchanged(path, "--layer", layer)
        self.refused(path, "--layer", "new", code=2, says=["'new'", "a/grids.gpkg"])

    def test_a_zip_that_could_do_harm_is_refused(self):
        shp = [(p.name, p.read_bytes()) for p in self.parts_of(self.shapefile)]
        for name in ("../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "C:/evil.shp"):
            self.refused(self.zipped("escape.zip", shp + [(name, b"x")]), says=["outside of the folder"])
        self.refused(self.zipped("nested.zip", shp + [("more.zip", self.zipped("inner.zip", shp))]),
                     says=["another archive", "more.zip"])
        link = zipfile.ZipInfo("link.shp")
        link.external_attr = 0o120777 << 16
        self.refused(self.zipped("link.zip", [(link, "/etc/passwd")]), says=["link to another file"])
        encrypted = bytearray(self.zipped("encrypted.zip", shp).read_bytes())
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = -1
            while (place := encrypted.find(mark, place + 1)) >= 0:
                encrypted[place + at] |= 1
        (self.folder / "encrypted.zip").write_bytes(encrypted)
        self.refused(self.folder / "encrypted.zip", says=["encrypted", "password"])
        self.refused(self.zipped("bomb.zip", [("a.geojson", b"{" + b" " * (2300 << 20))]), says=["would grow to more than"])
        twice = self.folder / "twice.zip"
        raw_zip(twice, [(b"A.shp", b"x"), (b"a.shp", b"y")])
        self.refused(twice, says=["two files named"])
        self.refused(self.zipped("papers.zip", [("a.pdf", b"x")]), says=["no file with boundaries", "a.pdf"])
        whole = self.zipped("whole.zip", shp).read_bytes()
        for cut in (10, 1000, len(whole) // 2, len(whole) - 1):
            (self.folder / "cut.zip").write_bytes(whole[:cut])
            self.refused(self.folder / "cut.zip", says=["damaged"])
        overlapping = self.folder / "overlapping.zip"
        raw_zip(overlapping, [(b"a.shp", b"x" * 100), (b"b.shp", b"x" * 100)], same_place=True)
        self.refused(overlapping, says=["overlaps"])

    def test_a_gzip_that_grows_without_end_is_refused(self):
        bomb = self.folder / "bomb.geojson.gz"
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        with bomb.open("wb") as out:
            out.write(packer.compress(b"{"))
            for _ in range(2300):
                out.write(packer.compress(b" " * (1 << 20)))
            out.write(packer.flush())
        self.refused(bomb, says=["grows to more than"])

    # What is not what it seems

    def test_a_driver_is_chosen_by_content(self):
        renamed = self.folder / "is-gpkg.json"
        shutil.copy(self.gpkg, renamed)
        self.unchanged(renamed)
        for name, content, says in (
                ("vrt.kml", b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource>"
                            b"</OGRVRTLayer></OGRVRTDataSource>", "none of the formats"),
                ("text.gpkg", b"hello", "not a GeoPackage"),
                ("png.fgb", b"\x89PNG\r\n\x1a\n\0\0", "none of the formats"),
                ("pipe.geojson", b"{\"type\": \"Topology\"}", "cannot be opened")):
            (self.folder / name).write_bytes(content)
            self.refused(self.folder / name, says=[says])

    def test_entities_in_kml_are_refused(self):
        for name, head in (("bomb.kml", "<!DOCTYPE kml [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"),
                           ("file.kml", "<!DOCTYPE kml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>")):
            (self.folder / name).write_text(f"<?xml version='1.0'?>{head}<kml><Document>&x;</Document></kml>")
            self.refused(self.folder / name, says=["entities"])
        (self.folder / "deep.kml").write_text("<kml>" + "<Folder>" * 100_000)
        self.refused(self.folder / "deep.kml", says=["deep"])

    def test_a_file_that_another_program_has_open_is_refused(self):
        copy = self.folder / "open.gpkg"
        shutil.copy(self.gpkg, copy)
        (self.folder / "open.gpkg-wal").write_bytes(b"x" * 100)
        self.refused(copy, says=["another program", "open.gpkg-wal"])

    def test_a_table_that_shows_another_file_is_refused(self):
        copy = self.made("virtual.sqlite", "-f", "SQLite", "-dsco", "SPATIALITE=YES")
        subprocess.run(["spatialite", "-silent", str(copy),
                        "CREATE VIRTUAL TABLE passwords USING VirtualText('/etc/passwd', 'UTF-8', 0, NONE, DOUBLEQUOTE, ':')"],
                       check=True, capture_output=True)
        self.refused(copy, says=["'passwords' shows another file"])

    def test_links_folders_and_pipes(self):
        link = self.folder / "link.gpkg"
        link.symlink_to(self.gpkg)
        self.unchanged(link)
        (self.folder / "dangling.gpkg").symlink_to("nowhere")
        self.refused(self.folder / "dangling.gpkg", says=["no such file"])
        (self.folder / "round.gpkg").symlink_to("round.gpkg")
        self.refused(self.folder / "round.gpkg", says=["no such file"])
        os.mkfifo(self.folder / "pipe.gpkg")
        self.refused(self.folder / "pipe.gpkg", says=["no regular file"])
        (self.folder / "empty.gdb").mkdir()
        self.refused(self.folder / "empty.gdb", says=["a folder"])

    # Mappings

    def test_a_mapping_is_saved_and_used(self):
        mapping = self.folder / "mapping.json"
        self.unchanged(self.gpkg, "--save-mapping", mapping)
        saved = json.loads(mapping.read_text(encoding="utf-8"))
        self.assertEqual(saved, {"format": "wangge-field-mapping", "version": 1,
                                 "fields": {"grid_code": "网格编码", "grid_name": "网格名称", "grid_kind": "网格类型",
                                            "village_code": "所属村居编码"}})
        odd = self.made("odd.gpkg", "-sql", "SELECT 网格编码 AS f1, 网格名称 AS f2, geom FROM grids")
        self.refused(odd, says=["no column for grid_code", "f1, f2"])
        self.refused(odd, "--mapping", mapping, says=["'网格编码'", "f1, f2"])
        saved["fields"] = {"grid_code": "f1", "grid_name": "f2"}
        mapping.write_text(json.dumps(saved), encoding="utf-8")
        self.assertIn("grid_code <- f1", self.unchanged(odd, "--mapping", mapping)["mapping"])

    def test_the_reader_is_missing_or_fails(self):
        program = self.folder / "bin" / "wangge"
        program.parent.mkdir()
        shutil.copy(cli.PROGRAM, program)

        def run():
            return subprocess.run([program, "import", "boundaries", self.gpkg, "--data", self.data, "--dry-run"],
                                  capture_output=True, text=True)
        done = run()
        self.assertEqual(done.returncode, 3)
        self.assertIn("install wangge again", done.stderr)
        installed = self.folder / "libexec" / "wangge" / "wangge-reader"
        installed.parent.mkdir(parents=True)
        shutil.copy(pathlib.Path(cli.PROGRAM).parent / "wangge-reader", installed)
        self.assertEqual(run().returncode, 0)
        for script, says in (("kill -SEGV $$", "signal 11"), ("exit 3", "status 3"), ("echo nonsense", "gave back"),
                             ("cat /dev/zero", "gave back"), ("printf '\\001\\377\\377\\377\\377'", "gave back")):
            installed.write_text(f"#!/bin/sh\n{script}\n")
            done = run()
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(says, done.stderr)
            self.assertIn("boundaries.gpkg", done.stderr)


def pair(code, value):
    return f"{code:>3}\n{value}\n"


def lwpolyline(handle, layer, points, closed):
    return (pair(0, "LWPOLYLINE") + pair(5, handle) + pair(100, "AcDbEntity") + pair(8, layer) + pair(100, "AcDbPolyline")
            + pair(90, len(points)) + pair(70, int(closed)) + "".join(pair(10, x) + pair(20, y) for x, y in points))


def polyline(handle, layer, points):
    """The older entity, as release 12 and many surveying programs write it; closed by its flag."""
    return (pair(0, "POLYLINE") + pair(5, handle) + pair(8, layer) + pair(66, 1) + pair(70, 1)
            + "".join(pair(0, "VERTEX") + pair(8, layer) + pair(10, x) + pair(20, y) for x, y in points) + pair(0, "SEQEND"))


def text(handle, layer, x, y, value):
    return (pair(0, "TEXT") + pair(5, handle) + pair(100, "AcDbEntity") + pair(8, layer) + pair(100, "AcDbText")
            + pair(10, x) + pair(20, y) + pair(40, 1) + pair(1, value) + pair(100, "AcDbText"))


def block(handle, layer, x, y, attributes):
    return (pair(0, "INSERT") + pair(5, handle) + pair(100, "AcDbEntity") + pair(8, layer) + pair(100, "AcDbBlockReference")
            + pair(66, 1) + pair(2, "LABEL") + pair(10, x) + pair(20, y)
            + "".join(pair(0, "ATTRIB") + pair(5, f"{handle}{i}") + pair(100, "AcDbEntity") + pair(8, layer)
                      + pair(100, "AcDbText") + pair(10, x) + pair(20, y) + pair(40, 1) + pair(1, value)
                      + pair(100, "AcDbAttribute") + pair(2, tag) + pair(70, 0)
                      for i, (tag, value) in enumerate(attributes))
            + pair(0, "SEQEND") + pair(5, f"{handle}F") + pair(100, "AcDbEntity") + pair(8, layer))


def dxf_file(entities, release):
    return (pair(0, "SECTION") + pair(2, "HEADER") + pair(9, "$ACADVER") + pair(1, release) + pair(9, "$DWGCODEPAGE")
            + pair(3, "ANSI_936") + pair(0, "ENDSEC") + pair(0, "SECTION") + pair(2, "ENTITIES") + entities
            + pair(0, "ENDSEC") + pair(0, "EOF"))


def inside(ring):
    """A position inside: the middle of the widest stretch of a horizontal line through the ring, half way up."""
    lats = sorted({y for _, y in ring})
    best = (0, None)
    for low, high in zip(lats, lats[1:]):
        y = (low + high) / 2
        xs = sorted(x0 + (y - y0) * (x1 - x0) / (y1 - y0) for (x0, y0), (x1, y1) in zip(ring, ring[1:])
                    if (y0 > y) != (y1 > y))
        for west, east in zip(xs[::2], xs[1::2]):
            best = max(best, ((east - west) * (high - low), ((west + east) / 2, y)))
    return best[1]


def drawing(features, by_block):
    entities = []
    for i, feature in enumerate(features):
        rings = feature["geometry"]["coordinates"]
        ring = rings[0] if feature["geometry"]["type"] == "Polygon" else rings[0][0]
        x, y = inside(ring)
        code, name = (feature["properties"][key] for key in ("网格编码", "网格名称"))
        if by_block:
            entities.append(polyline(f"{i:X}A", "网格线", ring[:-1]))
            entities.append(block(f"{i:X}B", "注记", x, y, [("网格编码", code), ("网格名称", name)]))
        else:
            entities.append(lwpolyline(f"{i:X}A", "网格线", ring[:-1], closed=True))
            entities += [text(f"{i:X}C", "网格编码", x, y, code), text(f"{i:X}D", "网格名称", x, y, name)]
    return dxf_file("".join(entities), "AC1015" if by_block else "AC1021")


def raw_zip(path, files, same_place=False):
    """Stored files under names of any bytes, as packers on Windows write them."""
    body, directory = b"", b""
    for name, content in files:
        fields = struct.pack("<HHHHHIII", 20, 0, 0, 0, 0, zlib.crc32(content), len(content), len(content))
        at = 0 if same_place else len(body)
        body += b"PK\x03\x04" + fields + struct.pack("<HH", len(name), 0) + name + content
        directory += (b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, at)
                      + name)
    path.write_bytes(body + directory + b"PK\x05\x06"
                     + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0))


@contextlib.contextmanager
def postgres(folder):
    """A server of its own on a Unix socket in `folder`; ended by its process id. Gives the folder."""
    folder.mkdir(mode=0o755)
    user = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.parent.chmod(0o755)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    subprocess.run([POSTGRES / "initdb", "-D", folder / "data", "-U", "survey", "-A", "trust", "-E", "UTF8", "--no-locale",
                    "--no-sync"], check=True, capture_output=True, **user)
    server = subprocess.Popen([POSTGRES / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
                               "-c", "fsync=off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    try:
        for _ in range(200):
            done = subprocess.run([POSTGRES / "psql", "-h", folder, "-U", "survey", "-c", "CREATE EXTENSION postgis",
                                   "postgres"], capture_output=True, text=True)
            if done.returncode == 0 or "already exists" in done.stderr:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(done.stderr)
        yield folder
    finally:
        server.terminate()
        server.wait(timeout=30)


if __name__ == "__main__":
    unittest.main()
