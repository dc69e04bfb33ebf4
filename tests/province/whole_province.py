#!/usr/bin/env python3
"""The main job on the whole province, from an empty folder: synth, import, publish, export; then the exported grids and
1,100,000 lookups are judged by programs that share no code with the product, and the same boundaries imported from the
Shapefiles of the cities, last city first, must give the same content.

whole_province.py --wangge PROGRAM --verify-coverage PROGRAM --verify-lookup PROGRAM --work FOLDER
                  [--scale SCALE --expect COUNT] [--no-limits] [--keep]

Prints the time and the peak memory of each step. Exit code 0 when everything holds and each step keeps to its limit.
"""

import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import time

REFERENCE = pathlib.Path("geodata/guangdong")
MEMORY_LIMIT_GIB = 6


class Run:
    def __init__(self, keep_limits):
        self.keep_limits = keep_limits
        self.faults = []

    def step(self, title, command, limit_s=None):
        print(f"== {title}: {' '.join(str(word) for word in command)}", flush=True)
        start = time.monotonic()
        code = subprocess.run([str(word) for word in command]).returncode
        seconds = time.monotonic() - start
        peak_gib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        limit = f" (limit {limit_s} s)" if limit_s else ""
        print(f"   {title}: {seconds:.1f} s{limit}, peak so far {peak_gib:.2f} GiB, exit code {code}", flush=True)
        if code != 0:
            self.faults.append(f"{title}: exit code {code}")
            return False
        if self.keep_limits and limit_s and seconds > limit_s:
            self.faults.append(f"{title}: {seconds:.1f} s, the limit is {limit_s} s")
        if self.keep_limits and peak_gib > MEMORY_LIMIT_GIB:
            self.faults.append(f"{title}: {peak_gib:.2f} GiB, the limit is {MEMORY_LIMIT_GIB} GiB")
        return True


def content_digest(data):
    """Of the snapshot that CURRENT names; it depends on the facts alone."""
    folder = data / "snapshots" / (data / "snapshots" / "CURRENT").read_text().strip()
    return json.loads((folder / "MANIFEST.json").read_text())["content_sha256"]


def import_all(run, wangge, data, title, boundaries):
    return (run.step(f"{title}: init", [wangge, "init", "--data", data])
            and run.step(f"{title}: divisions", [wangge, "import", "divisions", REFERENCE / "divisions.tsv", "--data", data])
            and run.step(f"{title}: outlines", [wangge, "import", "divisions", REFERENCE / "counties.geojson", "--data", data])
            and run.step(f"{title}: boundaries", [wangge, "import", "boundaries", *boundaries, "--data", data], 120)
            and run.step(f"{title}: publish", [wangge, "publish", "--data", data], 30))


def verify(run, arguments, work):
    synth, data = work / "synth", work / "data"
    scale = ["--scale", arguments.scale] if arguments.scale else []
    if not run.step("synth", [arguments.wangge, "synth", "--out", synth, *scale], 180):
        return
    if not import_all(run, arguments.wangge, data, "GeoPackage", [synth / "boundaries.gpkg"]):
        return
    run.step("officers", [arguments.wangge, "import", "officers", synth / "officers.csv", "--data", data])
    if not run.step("export", [arguments.wangge, "export", "grids", "--format", "GPKG", "--out", work / "grids.gpkg", "--data", data]):
        return
    reference = [] if arguments.scale else ["--outlines", REFERENCE / "counties.geojson", "--divisions", REFERENCE / "divisions.tsv"]
    run.step("coverage by GEOS", [arguments.verify_coverage, work / "grids.gpkg", "--expect", arguments.expect, *reference])
    run.step("lookups by GEOS and by the rule", [arguments.verify_lookup, work / "grids.gpkg", "--locator", arguments.wangge,
                                                 "--data", data, "--work", work / "lookups"])

    shapefiles = sorted((synth / "shapefiles").rglob("*.shp"), reverse=True)
    other = work / "other-order"
    if not shapefiles:
        run.faults.append("synth wrote no Shapefiles")
    elif import_all(run, arguments.wangge, other, "Shapefiles, last city first", shapefiles):
        same = content_digest(data) == content_digest(other)
        print(f"== the content is {'the same' if same else 'ANOTHER'} whatever the format and the order of import")
        if not same:
            run.faults.append("the content depends on the format or the order of import")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for program in ("wangge", "verify-coverage", "verify-lookup", "work"):
        parser.add_argument(f"--{program}", type=pathlib.Path, required=True)
    parser.add_argument("--scale", help="less than the province, as `wangge synth --scale` takes it; counties are not compared then")
    parser.add_argument("--expect", type=int, default=127533, help="number of grids")
    parser.add_argument("--no-limits", action="store_true", help="time and memory do not fail the run")
    parser.add_argument("--keep", action="store_true", help="leave the work folder")
    arguments = parser.parse_args()
    mark = arguments.work / ".whole-province"
    if arguments.work.exists():
        if not mark.exists() and any(arguments.work.iterdir()):
            parser.error(f"{arguments.work} holds something else; name an empty folder")
        shutil.rmtree(arguments.work)
    arguments.work.mkdir(parents=True)
    mark.touch()
    run = Run(not arguments.no_limits)
    verify(run, arguments, arguments.work)
    if not arguments.keep:
        shutil.rmtree(arguments.work)
    for fault in run.faults:
        print("FAIL", fault)
    print("the province is NOT what it should be" if run.faults else "the province holds")
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
