"""The whole province through the whole path, checked by oracles that share no code with the product.

Makes 127,533 grids, imports, publishes, exports, looks up; then compares with GEOS and with a second import in another
order. Figures are printed, never judged: only facts decide.
usage: whole_province.py --wangge PROGRAM --verify-coverage PROGRAM --verify-lookup PROGRAM
                          --compare-instructions PROGRAM [--folder DIR] [--scale SCALE]
"""
import argparse
import contextlib
import csv
import json
import os
import pathlib
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "geodata/guangdong"
sys.path.insert(0, str(ROOT / "tests"))

passed, failed = 0, 0


def check(fact, sentence):
    global passed, failed
    if fact:
        passed += 1
    else:
        failed += 1
    print(f"{'ok  ' if fact else 'FAIL'} {sentence}", flush=True)


def timed(title, arguments, **options):
    """Runs a program; its exit code is a fact, its time and memory are figures."""
    start = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **options)
    seconds = time.monotonic() - start
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"     {title}: {seconds:.1f} s, {cpu.ru_utime - before.ru_utime + cpu.ru_stime - before.ru_stime:.1f} s CPU; "
          f"largest process so far {cpu.ru_maxrss / 1024:.0f} MiB", flush=True)
    check(done.returncode == 0, f"{title} ends well")
    if done.returncode != 0:
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", flush=True)
    return done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wangge", required=True)
    parser.add_argument("--verify-coverage", required=True)
    parser.add_argument("--verify-lookup", required=True)
    parser.add_argument("--compare-instructions", required=True)
    parser.add_argument("--folder", default=str(ROOT / "build/province-test"))
    parser.add_argument("--scale", default="province")
    parser.add_argument("--random", type=int, default=8_000_000, help="random positions")
    parser.add_argument("--boundary", type=int, default=2_000_000, help="positions on edges and vertices")
    parser.add_argument("--csv", type=int, default=1_000_000, help="of these, asked as CSV too")
    options = parser.parse_args()
    os.environ["WANGGE"] = options.wangge
    from support import wangge_cli as cli

    folder = pathlib.Path(options.folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    synth, data, wangge = folder / "synth", folder / "data", options.wangge

    timed("synth", [wangge, "synth", "--out", synth, "--scale", options.scale])
    with open(synth / "manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    timed("synth again", [wangge, "synth", "--out", folder / "synth-again", "--scale", options.scale])
    with open(folder / "synth-again" / "manifest.json", encoding="utf-8") as file:
        check(json.load(file) == manifest, "the same seed gives the same digest of every file")
    shutil.rmtree(folder / "synth-again")

    timed("init", [wangge, "init", "--data", data])
    timed("import divisions", [wangge, "import", "divisions", REFERENCE / "divisions.tsv", "--data", data])
    timed("import outlines", [wangge, "import", "divisions", REFERENCE / "counties.geojson", "--data", data])
    done = timed("import boundaries", [wangge, "import", "boundaries", synth / "boundaries.gpkg", "--data", data, "--json"])
    report = json.loads(done.stdout)
    grids = report["changes"]["added"]
    check(report["problems"] == {} or report["problems"] == [], "the clean province has no problem")
    if options.scale == "province":
        check(grids == 127_533, f"{grids} grids are exactly 127,533")
    timed("import officers", [wangge, "import", "officers", synth / "officers.csv", "--data", data])
    timed("import addresses", [wangge, "import", "addresses", synth / "addresses.csv", "--data", data])
    first = json.loads(timed("publish", [wangge, "publish", "--approver", "approver", "--data", data, "--json"]).stdout)
    check(first["grids"] == grids, "every grid is published")

    gpkg = folder / "grids.gpkg"
    timed("export grids to GeoPackage", [wangge, "export", "grids", "--format", "GPKG", "--out", gpkg, "--data", data])
    timed("export grids to GeoJSON", [wangge, "export", "grids", "--format", "GeoJSON", "--out", folder / "grids.geojson", "--data", data])
    (folder / "grids.geojson").unlink(missing_ok=True)
    expected = {"villages": 26_842, "towns": 1_757, "counties": 124, "cities": 21, "province": 1}
    for layer, count in expected.items():
        out = folder / f"{layer}.gpkg"
        done = timed(f"export {layer}", [wangge, "export", layer, "--format", "GPKG", "--out", out, "--data", data, "--json"])
        features = json.loads(done.stdout)["features"]
        if options.scale == "province":
            check(features == count, f"{features} {layer} as in the reference data")
        info = subprocess.run(["ogrinfo", "-ro", "-so", "-al", str(out)], capture_output=True, text=True)
        check(f"Feature Count: {features}" in info.stdout, f"ogrinfo counts the {layer} alike")
    info = subprocess.run(["ogrinfo", "-ro", "-so", str(data / "registry.sqlite"), "current_grids"], capture_output=True, text=True)
    check(f"Feature Count: {grids}" in info.stdout and "Polygon" in info.stdout, "the registry file opens as a map layer")

    done = timed("GEOS checks the coverage",
                 [options.verify_coverage, gpkg, "--expect", grids, "--outlines", REFERENCE / "counties.geojson", "--jobs", 2]
                 + (["--divisions", REFERENCE / "divisions.tsv"] if options.scale == "province" else []))
    print(done.stdout, flush=True)
    done = timed("an independent oracle checks the lookups",
                 [options.verify_lookup, gpkg, "--locator", wangge, "--data", data, "--work", folder, "--random", options.random,
                  "--boundary", options.boundary, "--csv", options.csv])
    print(done.stdout, flush=True)
    for form, count in ("binary", options.random + options.boundary), ("csv", options.csv):
        check(f"\n{form}: {count} positions" in done.stdout, f"{count:,} answers as {form} were compared")
    current = data / "snapshots" / (data / "snapshots/CURRENT").read_text().strip()
    print(timed("every set of instructions answers the same", [options.compare_instructions, current]).stdout, flush=True)

    # Another order: city by city from Shapefiles in their own zones, shuffled. The same state must come out.
    other = folder / "other-order"
    cli.start_registry(other)
    cities = sorted((synth / "shapefiles").glob("*.shp"))
    random.Random(20261124).shuffle(cities)
    for city in cities:
        timed(f"import {city.name}", [wangge, "import", "boundaries", city, "--data", other])
    second = json.loads(timed("publish the other order", [wangge, "publish", "--approver", "approver", "--data", other, "--json"]).stdout)
    check(second["digest"] == first["digest"], "GeoPackage at once and Shapefiles in another order give the same digest")
    shutil.rmtree(other)

    # All grids in one change set: each gets another name, and its old one back.
    renamed = folder / "renamed.gpkg"
    shutil.copy(synth / "boundaries.gpkg", renamed)
    with contextlib.closing(sqlite3.connect(renamed)) as file, file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'grids'").fetchall():
            file.execute(f'DROP TRIGGER "{trigger}"')  # they call functions that GIS programs bring along
        file.execute("UPDATE grids SET 网格名称 = 网格名称 || '甲'")

    def carry_out(title, *make):
        draft = json.loads(timed(title, [wangge, "changes", *make, "--author", "editor", "--data", data, "--json"]).stdout)["change_set"]
        timed("  its check", [wangge, "changes", "check", draft, "--author", "editor", "--data", data])
        preview = timed("  its preview", [wangge, "changes", "preview", draft, "--data", data, "--json"])
        timed("  approve", [wangge, "changes", "approve", draft, "--approver", "approver", "--data", data])
        timed("  apply", [wangge, "changes", "apply", draft, "--author", "editor", "--data", data])
        timed("  publish", [wangge, "publish", "--approver", "approver", "--data", data])
        with contextlib.closing(sqlite3.connect(data / "registry.sqlite")) as file:
            (new,) = file.execute("SELECT count(*) FROM current_grids WHERE name LIKE '%甲'").fetchone()
        return json.loads(preview.stdout), new

    preview, new = carry_out("a change set of the whole province", "new", "--from", renamed, "--title", "all renamed")
    check(len(preview["renamed"]) == grids and new == grids, f"{new:,} grids have another name")
    _, new = carry_out("undo it", "undo", "1")
    check(new == 0, "every grid has its old name back")

    with cli.Server(data) as server:
        print(f"     serve: ready in {server.ready_seconds:.2f} s", flush=True)
        ready = server.get_json("/readyz")
        check(ready["generation"] == first["generation"] + 2, "the server serves what was published")
        with open(synth / "officers.csv", encoding="gb18030", newline="") as file:
            codes = [row["网格编码"] for _, row in zip(range(2000), csv.DictReader(file))]
        answers = [server.get_json(f"/v1/grids/{code}") for code in codes[::20]]
        check(all("dedicated" in [o["role"] for o in a["officers"]] for a in answers), "grids have their dedicated officer")

    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
