"""A province with planted defects: every one is found, and no error is reported that none of them explains.

usage: dirty_province.py --wangge PROGRAM [--folder DIR] [--scale SCALE] [--defects N]
The list of wangge synth --dirty is compared with the report of an import. Figures are printed, facts decide.
"""
import argparse
import collections
import csv
import json
import pathlib
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
# How far from the place in the list (degrees) a finding may lie. A self-crossing is shown at its westernmost place, rows with the
# same code at their first vertex, and grids without a shape nowhere.
FAR = {"self_crossing": 0.01, "duplicate_code": 0.2, "wrong_nesting": 0.2, "repeated_ring_point": 2e-6, "edge_not_matched": 0.05,
       "sliver": 0.05}
NOWHERE = {"empty_geometry", "unsupported_geometry", "outside_lattice", "village_without_grids"}
MEASURED = {"overlap", "gap", "edge_not_matched", "duplicate_geometry"}

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
            if distance is None or distance > 2e-7:
                return False
        else:
            named = set(self.codes) <= {subject.split(" (")[0] for subject in finding.subjects}
        if not named:
            return False
        if distance is None:
            return self.kind in NOWHERE
        return distance <= FAR.get(self.kind, 2e-7)

    def measure_fits(self, finding):
        return not self.unit or self.kind not in MEASURED or abs(finding.measure - self.measure) <= max(0.02 * self.measure, 0.05)

    def explains(self, finding):
        if finding.kind not in CONSEQUENCES.get(self.kind, ()):
            return False
        if set(self.codes) & finding.subjects:
            return True
        return finding.holds(self.lon, self.lat)


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
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
