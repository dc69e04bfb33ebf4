"""A province with planted defects: every one is found, and no error is reported that none of them explains.

usage: dirty_province.py --wangge PROGRAM [--folder DIR] [--scale SCALE] [--defects N]
The list of wangge synth --dirty is compared with the report of an import. Figures are printed, facts decide.
"""
import argparse
import collections
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "geodata/guangdong"

# What a defect brings with it besides the finding of its own kind, on the same grids or at the same place.
LAND_WITHOUT_GRID = {"gap", "county_not_filled"}
CONSEQUENCES = {
    "sliver": {"overlap", "gap"},                     # the error beside the warning
    "gap": {"sliver"}, "overlap": {"sliver"},         # narrow ones
    "empty_geometry": LAND_WITHOUT_GRID, "unsupported_geometry": LAND_WITHOUT_GRID, "outside_lattice": LAND_WITHOUT_GRID,
    "collapsed_ring": {"repeated_ring_point"},        # a spike comes back to the vertex it left
    "repeated_ring_point": {"gap"},                   # what the bite leaves open
    "outside_county": {"overlap", "outside_county"},  # over each grid of the county beyond
    "county_not_filled": {"gap"},
    "unknown_village": {"village_without_grids"}, "missing_attribute": {"village_without_grids"},
}
# How far from the place in the list (degrees) a finding may lie: as far as places are rounded, here and there, unless it cannot be
# told from the list. Rows with the same code are shown at a vertex of one of both, while the list has a position inside the other
# (grids of the province are up to some 10 km wide); what is nested wrongly lies within 2,400 units of the middle of the grid; of a
# border that was drawn again the longest stretch is shown and the list has some vertex. Grids without a shape are shown nowhere.
ROUNDING = 2e-7
FAR = {"duplicate_code": 0.1, "wrong_nesting": 2.5e-4}
ALONG_A_BORDER, BORDER = {"the whole border has vertices of the first grid alone", "the whole border is drawn again some millimetres off"}, 0.02
IN_ANOTHER = "of its county in another"
REACHING = {}  # of each grid that reaches into another county how far (m2)
NOWHERE = {"empty_geometry", "unsupported_geometry", "outside_lattice", "village_without_grids"}
MEASURED = {"overlap", "gap", "sliver", "edge_not_matched", "duplicate_geometry", "outside_county"}

passed, failed = 0, 0


def check(fact, sentence):
    global passed, failed
    passed, failed = (passed + 1, failed) if fact else (passed, failed + 1)
    print(f"{'ok  ' if fact else 'FAIL'} {sentence}", flush=True)


def positions(geometry):
    stack = [geometry["coordinates"]]
    while stack:
        value = stack.pop()
        if isinstance(value[0], (int, float)):
            yield value
        else:
            stack.extend(value)


class Finding:
    def __init__(self, problem):
        self.kind, self.severity, self.subjects = problem["problem"], problem["severity"], set(problem["subjects"])
        self.measure, self.message = problem.get("measure", 0), problem["message"]
        self.geometry, self.at = problem.get("geometry"), problem.get("at")
        self.box = None
        if self.at:
            places = [self.at, *(positions(self.geometry) if self.geometry else [])]
            lons, lats = [p[0] for p in places], [p[1] for p in places]
            self.box = (min(lons), min(lats), max(lons), max(lats))

    def distance(self, lon, lat):
        """From the box of what is drawn, in degrees; None when nothing is."""
        if not self.box:
            return None
        west, south, east, north = self.box
        return max(west - lon, lon - east, south - lat, lat - north, 0)

    def holds(self, lon, lat):
        """Does the area drawn hold the position? Even-odd rule over all rings."""
        if not self.geometry or "Polygon" not in self.geometry["type"] or self.distance(lon, lat) > 0:
            return False
        parts = self.geometry["coordinates"] if self.geometry["type"] == "MultiPolygon" else [self.geometry["coordinates"]]
        inside = False
        for ring in (ring for part in parts for ring in part):
            for (x0, y0), (x1, y1) in zip(ring, ring[1:]):
                if (y0 > lat) != (y1 > lat) and lon < x0 + (lat - y0) / (y1 - y0) * (x1 - x0):
                    inside = not inside
        return inside


class Defect:
    def __init__(self, row):
        self.kind, self.codes = row["kind"], row["grid_codes"].split(";")
        self.lon, self.lat = float(row["lon"]), float(row["lat"])
        self.measure, self.unit, self.detail = float(row["measure"]), row["unit"], row["detail"]
        self.line = ", ".join(row.values())
        if self.detail.endswith(IN_ANOTHER):
            REACHING[self.codes[0]] = self.measure

    def is_found_as(self, finding):
        # Where villages have no grids yet, and the list has such, a gap as large as a village may be one of them: 306 instead of 302.
        large = self.kind == "gap" and self.measure >= 10_000 and "not imported yet" in finding.message
        if finding.kind != ("county_not_filled" if large else self.kind):
            return False
        distance = finding.distance(self.lon, self.lat)
        if self.kind == "county_not_filled":  # one finding for each county, of all such ground
            return finding.holds(self.lon, self.lat)
        if self.kind == "village_without_grids":
            return self.detail in finding.subjects
        if any(subject.startswith("row ") or " row " in subject for subject in finding.subjects):
            named = True  # a row whose code cannot be read is named by its number: its place tells
            if distance is None or distance > ROUNDING:
                return False
        else:
            named = set(self.codes) <= {subject.split(" (")[0] for subject in finding.subjects}
        if not named:
            return False
        if distance is None:
            return self.kind in NOWHERE
        return distance <= (BORDER if self.detail in ALONG_A_BORDER else FAR.get(self.kind, ROUNDING))

    def measure_fits(self, finding):
        """To the digits of the list. Both are sums of the same triangles on the ellipsoid, but in another order."""
        off = 0.0006 + 1e-6 * self.measure
        if self.detail.endswith(IN_ANOTHER):  # told with the overlap over each grid there, whose own reach over the border counts in
            over = re.search(r"over (\d+)", finding.message)
            return finding.measure <= self.measure + (REACHING.get(over.group(1), 0) if over else 0) + off
        return not self.unit or self.kind not in MEASURED or abs(finding.measure - self.measure) <= off

    def reach(self):
        """How far its consequences lie from its place (degrees)."""
        if self.detail in ALONG_A_BORDER:
            return BORDER
        metre = 1e-5  # and a bit
        if self.detail == "spike":  # as long as this, and the list has the tip
            return self.measure * metre
        if self.kind == "outside_county":  # a triangle a fifth as high as wide, at most 60 m high
            return max((10 * self.measure) ** 0.5, self.measure / 30) * metre
        return ROUNDING

    def explains(self, finding):
        if finding.kind not in CONSEQUENCES.get(self.kind, ()):
            return False
        if finding.holds(self.lon, self.lat):
            return True
        distance = finding.distance(self.lon, self.lat)
        return bool(set(self.codes) & finding.subjects) and (distance is None or distance <= self.reach())


def cells(box):
    """The squares of a hundredth of a degree that a box meets."""
    west, south, east, north = box
    for x in range(int(west * 100), int(east * 100) + 1):
        for y in range(int(south * 100), int(north * 100) + 1):
            yield x, y


def compare(defects, findings):
    by_subject, by_cell = collections.defaultdict(list), collections.defaultdict(list)
    for finding in findings:
        for subject in finding.subjects:
            by_subject[subject.split(" (")[0]].append(finding)
        if finding.box:
            for cell in cells(finding.box):
                by_cell[cell].append(finding)

    explained = set()
    missing, measured_otherwise = [], []
    for defect in defects:
        near = [finding for code in [*defect.codes, defect.detail] for finding in by_subject[code]]
        near += by_cell[int(defect.lon * 100), int(defect.lat * 100)]
        own = [finding for finding in near if defect.is_found_as(finding)]
        if not own:
            missing.append(defect)
        elif not any(defect.measure_fits(finding) for finding in own):
            measured_otherwise.append((defect, own[0].measure))
        explained.update(id(finding) for finding in own)
        explained.update(id(finding) for finding in near if defect.explains(finding))
    invented = [finding for finding in findings if finding.severity == "error" and id(finding) not in explained]
    return missing, measured_otherwise, invented


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wangge", required=True)
    parser.add_argument("--folder", default=str(ROOT / "build/dirty-province-test"))
    parser.add_argument("--scale", default="province")
    parser.add_argument("--defects", type=int, default=1000)
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data, synth, report = folder / "data", folder / "synth", folder / "report.json"

    def run(*arguments, code=0):
        start = time.monotonic()
        done = subprocess.run([options.wangge, *map(str, arguments)], capture_output=True, text=True)
        print(f"     {' '.join(map(str, arguments[:2]))}: {time.monotonic() - start:.1f} s", flush=True)
        check(done.returncode == code, f"{' '.join(map(str, arguments[:2]))} ends with exit code {code}")
        if done.returncode != code:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", flush=True)

    run("synth", "--out", synth, "--scale", options.scale, "--dirty", "--defects", options.defects)
    run("init", "--data", data)
    run("import", "divisions", REFERENCE / "divisions.tsv", "--data", data)
    run("import", "divisions", REFERENCE / "counties.geojson", "--data", data)
    run("import", "boundaries", synth / "boundaries.gpkg", "--data", data, "--report", report, code=1)
    with open(synth / "defects.csv", encoding="utf-8", newline="") as file:
        defects = [Defect(row) for row in csv.DictReader(file)]
    with open(report, encoding="utf-8") as file:
        result = json.load(file)
    findings = [Finding(problem) for problem in result["problems"]]
    print(f"     the import took {result['elapsed_s']:.1f} s for {result['rows_read']} rows")
    check(len(findings) == sum(result["problem_counts"].values()), "the report lists every finding")
    check(not result["applied"], "nothing of the dirty file was applied")

    missing, measured_otherwise, invented = compare(defects, findings)
    planted, found = collections.Counter(d.kind for d in defects), collections.Counter(f.kind for f in findings)
    absent = collections.Counter(d.kind for d in missing)
    for kind in sorted(planted.keys() | found.keys()):
        print(f"     {kind:22} planted {planted[kind]:5}, not found {absent[kind]:3}; findings {found[kind]:5}")
    for defect in missing[:20]:
        print(f"     not found: {defect.line}")
    for defect, measure in measured_otherwise[:20]:
        print(f"     measured as {measure}: {defect.line}")
    for finding in invented[:20]:
        print(f"     not planted: {finding.kind} {sorted(finding.subjects)} at {finding.at}: {finding.message}")
    check(len(planted) == 21 and (options.scale != "province" or len(defects) >= 18 * options.defects), f"{len(defects)} defects of "
          f"{len(planted)} kinds were planted")
    check(not missing, f"every planted defect is found; {len(missing)} are not")
    check(not measured_otherwise, f"as large as it was planted; {len(measured_otherwise)} are not")
    check(not invented, f"every error is explained by a planted defect; {len(invented)} are not")

    # The comparison itself must be able to fail: without one kind in the list its findings are unexplained, and the other way round.
    some = next(d for d in defects if d.kind == "self_crossing")
    check(compare([d for d in defects if d is not some], findings)[2], "a finding without its defect would be noticed")
    check(compare(defects, [f for f in findings if not some.is_found_as(f)])[0] == [some], "a defect without its finding would be noticed")
    for kind in sorted(MEASURED):
        some = next((d for d in defects if d.kind == kind and d.unit and d.measure > 1 and not d.detail.endswith("in another")), None)
        if some is None and options.scale != "province":  # an inland city has no ground beyond every county
            continue
        some.measure *= 1.002
        check(compare(defects, findings)[1], f"a measure of {kind} that is off by two thousandths would be noticed")
        some.measure /= 1.002
    some = next(d for d in defects if d.kind == "gap")
    some.lon += 0.0005
    check(some in compare(defects, findings)[0], "a gap shown 50 m from where it is would be noticed")
    some.lon -= 0.0005
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
