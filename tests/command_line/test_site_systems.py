"""The site's own coordinate systems wherever a command or an endpoint takes a CRS. What a file of such a system holds is worked out
by PROJ's own command line (`cct`) and, for four parameters, by hand; the program under test takes no part in that."""
import csv
import io
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

PLANE_4547 = "+proj=tmerc +lat_0=0 +lon_0=114 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80"  # CGCS2000 has this ellipsoid
SEVEN = {"dx_m": -311.2, "dy_m": 523.4, "dz_m": 231.5, "rx_arcsec": 0.12, "ry_arcsec": -0.35, "rz_arcsec": 0.81, "scale_ppm": 1.9}
FOUR = {"shift_east_m": 389000.25, "shift_north_m": 2527000.5, "rotation_arcsec": 612.5, "scale": 0.9999875}
PIPELINE = "+proj=pipeline +step +inv +proj=tmerc +lon_0=113.5 +x_0=50000 +y_0=-2400000 +ellps=GRS80"

TOML = """
[[system]]
replaces = "EPSG:4610"
method = "seven"
{seven}
convention = "coordinate_frame"
source = "made up"

[[system]]
name = "local:four"
method = "four"
target = "EPSG:4547"
{four}
rotation_sense = "counterclockwise"
source = "made up"

[[system]]
name = "local:port"
method = "pipeline"
pipeline = "{pipeline}"
source = "made up"
""".format(seven="\n".join(f"{k} = {v}" for k, v in SEVEN.items()), four="\n".join(f"{k} = {v}" for k, v in FOUR.items()),
           pipeline=PIPELINE)


def cct(definition, positions):
    """Pairs through PROJ's own command, degrees in and out where the ends are angles."""
    lines = "".join(f"{x:.12f} {y:.12f} 0 0\n" for x, y in positions)
    done = subprocess.run(["cct", "-d", "12", *definition.split()], input=lines, capture_output=True, text=True, check=True)
    return [tuple(map(float, line.split()[:2])) for line in done.stdout.splitlines()]


def seven(positions):
    """CGCS2000 to the plane EPSG:2383 over Xian80, whose parameters SEVEN lead the other way. A file has no heights: what is sought is the
    plane position that they bring, at height 0, to the given one; the way back alone loses the height in between, some centimetres."""
    p = SEVEN
    helmert = (f"+proj=helmert +x={p['dx_m']} +y={p['dy_m']} +z={p['dz_m']} +rx={p['rx_arcsec']} +ry={p['ry_arcsec']} "
               f"+rz={p['rz_arcsec']} +s={p['scale_ppm']} +convention=coordinate_frame")
    plane = "+proj=tmerc +lat_0=0 +lon_0=114 +k=1 +x_0=500000 +y_0=0 +a=6378140 +rf=298.257"
    there = (f"+proj=pipeline +step +inv {plane} +step +proj=cart +a=6378140 +rf=298.257 +step {helmert} +step +inv +proj=cart +ellps=GRS80 "
             "+step +proj=unitconvert +xy_in=rad +xy_out=deg")
    back = ("+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=GRS80 "
            f"+step +inv {helmert} +step +inv +proj=cart +a=6378140 +rf=298.257 +step {plane}")
    aims = list(positions)
    for _ in range(3):
        found = cct(back, aims)
        aims = [(a + x - u, b + y - v) for (a, b), (x, y), (u, v) in zip(aims, positions, cct(there, found))]
    return cct(back, aims)


def four(positions):
    """CGCS2000 to the local plane, which a turn, a scale and a shift bring to EPSG:4547: by hand, backwards."""
    turn = math.radians(FOUR["rotation_arcsec"] / 3600)
    local = []
    for east, north in cct(PLANE_4547, positions):
        x, y = (east - FOUR["shift_east_m"]) / FOUR["scale"], (north - FOUR["shift_north_m"]) / FOUR["scale"]
        local.append((x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)))
    return local


def port(positions):
    return cct("+proj=tmerc +lon_0=113.5 +x_0=50000 +y_0=-2400000 +ellps=GRS80", positions)


SYSTEMS = {"EPSG:2383": seven, "local:four": four, "local:port": port}


class SiteSystems(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, "county:440104", publish=False)
        cli.run("import", "addresses", cls.synth / "addresses.csv", "--data", cls.data, check=0)
        cli.run("publish", "--approver", "approver", "--data", cls.data, check=0)
        (cls.data / "coordinate-systems.toml").write_text(TOML, encoding="utf-8")
        cls.grids = cls.export("grids")
        labels = cls.export("grid_labels")
        positions = [tuple(f["geometry"]["coordinates"][:2]) for f in labels]
        cls.codes = [f["properties"]["grid_code"] for f in labels]
        cls.local = {name: system(positions) for name, system in SYSTEMS.items()}
        cls.positions = positions

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def export(cls, layer):
        out = cls.folder / f"{layer}.geojson"
        cli.run("export", layer, "--out", out, "--data", cls.data, check=0)
        return json.loads(out.read_text(encoding="utf-8"))["features"]

    def shapefile(self, name, system, features):
        """The features in the local system, as a Shapefile that says no system."""
        flat = [p for f in features for part in self.parts(f) for ring in part for p in ring]
        local = iter(SYSTEMS[system](flat))
        moved = []
        for f in features:
            parts = [[[next(local) for _ in ring] for ring in part] for part in self.parts(f)]
            moved.append({**f, "geometry": {"type": "MultiPolygon", "coordinates": parts}})
        source = self.folder / f"{name}.geojson"
        source.write_text(json.dumps({"type": "FeatureCollection", "features": moved}), encoding="utf-8")
        target = self.folder / f"{name}.shp"
        subprocess.run(["ogr2ogr", "-overwrite", "-lco", "ENCODING=UTF-8", target, source], check=True, capture_output=True)
        target.with_suffix(".prj").unlink(missing_ok=True)
        return target

    @staticmethod
    def parts(feature):
        geometry = feature["geometry"]
        return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]

    def test_bulk_lookups_find_the_grids_of_positions_that_cct_worked_out(self):
        for system, local in self.local.items():
            with self.subTest(system=system):
                points = self.folder / "points.csv"
                with points.open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.writer(stream)
                    writer.writerow(["expected", "x", "y"])
                    writer.writerows([code, f"{x:.6f}", f"{y:.6f}"] for code, (x, y) in zip(self.codes, local))
                out = self.folder / "located.csv"
                cli.run("locate", "--points", points, "--out", out, "--crs", system, "--data", self.data, check=0)
                rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
                self.assertEqual([r["grid_code"] for r in rows], self.codes)
                binary, answers = self.folder / "points.bin", self.folder / "answers.bin"
                binary.write_bytes(b"".join(struct.pack("<dd", x, y) for x, y in local))
                cli.run("locate", "--points", binary, "--out", answers, "--binary", "f64", "--crs", system, "--data", self.data, check=0)
                self.assertEqual([f"{c:015d}" for c, in struct.iter_unpack("<Q", answers.read_bytes())], self.codes)

    def test_http_answers_positions_and_boxes_of_the_site(self):
        server = cli.Server(self.data)
        try:
            for system, local in self.local.items():
                with self.subTest(system=system):
                    for code, (x, y) in random.Random(7).sample(list(zip(self.codes, local)), 12):
                        answer = server.get_json(f"/v1/locate?lon={x:.6f}&lat={y:.6f}&crs={system}")
                        self.assertEqual(answer["grid"]["code"], code)
                        near = server.get_json(f"/v1/grids?near={x:.6f},{y:.6f}&k=1&crs={system}")
                        self.assertEqual([g["code"] for g in near["grids"]], [code])
                        box = f"{x - 0.5:.6f},{y - 0.5:.6f},{x + 0.5:.6f},{y + 0.5:.6f}"
                        self.assertIn(code, [g["code"] for g in server.get_json(f"/v1/grids?bbox={box}&crs={system}")["grids"]])
                    x, y = local[0]
                    found = server.get_json(f"/v1/address/near?lon={x:.6f}&lat={y:.6f}&crs={system}&k=1")
                    lon, lat = self.positions[0]
                    same = server.get_json(f"/v1/address/near?lon={lon:.9f}&lat={lat:.9f}&k=1")
                    self.assertEqual(found["addresses"][0]["text"], same["addresses"][0]["text"])
            status, _, body = server.get("/v1/locate?lon=1&lat=2&crs=local:nowhere")
            self.assertEqual(status, 400, body)
        finally:
            server.stop()

    def test_check_reads_a_layer_of_the_site_and_finds_it_to_fill_its_outline(self):
        outline = self.folder / "counties.geojson"
        cli.run("export", "counties", "--out", outline, "--data", self.data, check=0)
        for number, system in enumerate(SYSTEMS):
            with self.subTest(system=system):
                layer = self.shapefile(f"check{number}", system, self.grids)
                report = cli.run_json("check", layer, "--crs", system, "--data", self.data, "--parent", outline)
                self.assertEqual(report["problems"], {})
                self.assertEqual(report["features"], len(self.grids))
                self.assertLess(report["max_snap_m"], 0.001)  # the lattice positions that cct began with
        told = cli.run("check", layer, "--crs", "local:port", check=2)
        self.assertIn("local:port", told.stderr)

    def test_a_change_set_from_a_file_of_the_site_holds_what_was_edited_and_nothing_else(self):
        for number, system in enumerate(SYSTEMS):
            with self.subTest(system=system):
                edited = json.loads(json.dumps(self.grids))
                edited[number]["properties"]["name"] = f"改名{number}"
                layer = self.shapefile(f"edited{number}", system, edited)
                made = cli.run_json("changes", "new", "--from", layer, "--crs", system, "--author", "ann", "--data", self.data)
                self.assertEqual([(o["kind"], [g["code"] for g in o["grids"]]) for o in made["list"]],
                                 [("rename", [edited[number]["properties"]["grid_code"]])])
        # And shapes on the command line: the grid as it is, in local coordinates, changes nothing.
        number = cli.run_json("changes", "new", "--title", "t", "--author", "ann", "--data", self.data)["change_set"]
        grid = next(g for g in self.grids if len(self.parts(g)) == 1 and len(self.parts(g)[0]) == 1)
        ring = ", ".join(f"{x:.6f} {y:.6f}" for x, y in port(self.parts(grid)[0][0]))
        cli.run("changes", "add", str(number), "reshape", grid["properties"]["grid_code"], "--shape", f"POLYGON(({ring}))", "--crs",
                "local:port", "--author", "ann", "--data", self.data, check=0)
        told = cli.run("changes", "check", str(number), "--author", "ann", "--data", self.data, check=1)
        self.assertIn("changes nothing", told.stdout)


if __name__ == "__main__":
    unittest.main()
