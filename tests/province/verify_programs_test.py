#!/usr/bin/env python3
"""The programs that verify a province pass a small one without fault and refuse each planted fault.

verify_programs_test.py VERIFY_COVERAGE VERIFY_LOOKUP
"""

import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

COLUMNS, ROWS, CELL = 8, 6, 10_000  # cells of 1e-3 degree, in lattice units
WEST, SOUTH = 1_130_000_000, 230_000_000


def node(column, row):
    """Corners are jittered and lattice-like; the same for all four cells round them."""
    shake = lambda n: (column * 7919 + row * 104729 + n * 31) % 2001 - 1000
    return (WEST + column * CELL + shake(1), SOUTH + row * CELL + shake(2))


def jagged(a, b):
    """Vertices between two corners, the same in both directions."""
    if b < a:
        return list(reversed(jagged(b, a)))
    (ax, ay), (bx, by) = a, b
    bend = (ax + ay) % 5 * 200 - 400
    return [(ax + (bx - ax) * k // 4 + (bend if k == 2 else 0), ay + (by - ay) * k // 4 + (bend if k == 1 else 0)) for k in (1, 2, 3)]


def cell_ring(column, row):
    corners = [node(column, row), node(column + 1, row), node(column + 1, row + 1), node(column, row + 1)]
    ring = []
    for a, b in zip(corners, corners[1:] + corners[:1]):
        ring += [a] + jagged(a, b)
    return ring


def small_province():
    """code -> (parents, polygons); rings open. One grid has two parts, one lies in a hole of another."""
    grids, divisions = {}, {"440000000000": ("province", ""), "440100000000": ("city", "440000000000")}
    for column in range(COLUMNS):
        for row in range(ROWS):
            county = f"44010{3 if column < COLUMNS // 2 else 4}000000"
            town = county[:6] + f"{row // 3 + 1:03}000"
            village = town[:9] + f"{column // 2 + 1:03}"
            divisions[county] = ("county", "440100000000")
            divisions[town] = ("town", county)
            divisions[village] = ("village", town)
            code = village + f"{row % 3 * 2 + column % 2 + 1:03}"
            grids[code] = ((village, town, county, "440100000000"), [[cell_ring(column, row)]])
    codes = list(grids)
    x, y = WEST + CELL // 2, SOUTH + CELL // 2
    island = [(x - 700, y - 700), (x + 700, y - 700), (x + 700, y + 700), (x - 700, y + 700)]
    grids[codes[0]][1][0].append(island[::-1])
    grids[codes[0][:12] + "801"] = (grids[codes[0]][0], [[island]])
    # Two cells of one village become one grid of two parts that do not touch.
    first, second = [c for c in codes if c.startswith(codes[-1][:12])][0], codes[-1]
    grids[first][1].extend(grids.pop(second)[1])
    return grids, divisions


def outlines(grids):
    """Per county the rings left when shared edges cancel; only outer rings here, for the island fills its hole."""
    result = {}
    for county in sorted({parents[2] for parents, _ in grids.values()}):
        edges = {}
        for parents, polygons in grids.values():
            if parents[2] == county:
                for ring in (ring for polygon in polygons for ring in polygon):
                    for a, b in zip(ring, ring[1:] + ring[:1]):
                        edges[a, b] = True
        onward = {a: b for a, b in edges if (b, a) not in edges}
        start = min(onward)
        ring, at = [start], onward[start]
        while at != start:
            ring.append(at)
            at = onward[at]
        assert len(ring) == len(onward)
        result[county] = ring
    return result


def closed_degrees(ring):
    return [[x / 1e7, y / 1e7] for x, y in ring + ring[:1]]


def write_outlines(path, rings):
    features = [{"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [closed_degrees(ring)]}}
                for code, ring in rings.items()]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def write_divisions(path, divisions):
    lines = ["code\tname\tlevel\tparent_code"] + [f"{c}\tx\t{level}\t{parent}" for c, (level, parent) in sorted(divisions.items())]
    path.write_text("\n".join(lines) + "\n")


def write_gpkg(path, grids):
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript("""
        PRAGMA application_id = 1196444487; PRAGMA user_version = 10300;
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
            organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
        CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT,
            last_change DATETIME, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z TINYINT, m TINYINT);
        INSERT INTO gpkg_spatial_ref_sys VALUES ('undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
        INSERT INTO gpkg_contents VALUES ('grids', 'features', 'grids', '', '2024-01-01T00:00:00.000Z', NULL, NULL, NULL, NULL, 0);
        INSERT INTO gpkg_geometry_columns VALUES ('grids', 'geom', 'MULTIPOLYGON', 0, 0, 0);
        CREATE TABLE grids (fid INTEGER PRIMARY KEY, geom BLOB, grid_code TEXT, village_code TEXT, town_code TEXT, county_code TEXT, city_code TEXT);
    """)
    for code, (parents, polygons) in grids.items():
        wkb = struct.pack("<BII", 1, 6, len(polygons))
        for polygon in polygons:
            wkb += struct.pack("<BII", 1, 3, len(polygon))
            for ring in polygon:
                points = closed_degrees(ring)
                wkb += struct.pack("<I", len(points)) + b"".join(struct.pack("<dd", *p) for p in points)
        blob = b"GP" + struct.pack("<BBi", 0, 1, 0) + wkb
        db.execute("INSERT INTO grids (geom, grid_code, village_code, town_code, county_code, city_code) VALUES (?,?,?,?,?,?)", (blob, code, *parents))
    db.commit()
    db.close()


# A third statement of the rule: the position is moved for real, on a lattice fine enough, and tested with a ray to the north.
LOCATOR = '''#!/usr/bin/env python3
import csv, json, os, struct, sys
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert sys.argv[1] == "locate"
grids = json.load(open(arguments["--data"]))
K = 10**6
F = K * K
def units(text):
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(7, "0"))
def owns(polygons, x, y):
    inside = False
    for ring in (ring for polygon in polygons for ring in polygon):
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
            if (ax * F > x) != (bx * F > x):
                if ax > bx:
                    ax, ay, bx, by = bx, by, ax, ay
                inside ^= (ay * F - y) * (bx - ax) + (x - ax * F) * (by - ay) > 0
    return inside
form = "binary" if "--binary" in arguments else "csv"
rule = os.environ["RULE"] if os.environ["FORM"] in (form, "both") else "rule"
east, north = {"rule": (1, K), "south": (1, -K), "east_first": (K, 1), "west": (-1, K)}.get(rule, (1, K))
def answer(i, x, y):
    found = [code for code, polygons in grids.items() if owns(polygons, x * F + east, y * F + north)]
    if rule == "guess" and not found:
        found = [next(iter(grids))]
    if rule == "hole" and i % 50 == 0 or rule == "last" and "slice-4-" in arguments["--points"] and i == 199:
        found = [] if found else [next(iter(grids))]
    return found[0] if found else ""
if form == "binary":
    assert arguments["--binary"] == "e7"
    with open(arguments["--points"], "rb") as source, open(arguments["--out"], "wb") as target:
        codes = [int(answer(i, x, y) or 0) for i, (x, y) in enumerate(struct.iter_unpack("<ii", source.read()))]
        if rule == "short":
            codes.pop()
        target.write(struct.pack(f"<{len(codes)}Q", *codes))
else:
    with open(arguments["--points"]) as source, open(arguments["--out"], "w") as target:
        writer = csv.writer(target, lineterminator="\\n")
        for i, row in enumerate(csv.reader(source)):
            if i == 0:
                writer.writerow(row + ["grid_code", "grid_name"])
            elif rule != "short" or i > 1:
                writer.writerow(row + [answer(i - 1, units(row[1]), units(row[2])), 'a, "name"'])
'''


def main():
    verify_coverage, verify_lookup = sys.argv[1:]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        grids, divisions = small_province()
        write_divisions(folder / "divisions.tsv", divisions)
        write_outlines(folder / "counties.geojson", outlines(grids))

        def expect(title, code, words, run):
            good = run.returncode == code and all(word in run.stdout + run.stderr for word in words)
            print("ok  " if good else "FAIL", title)
            if not good:
                wrong.append(title)
                print(f"     exit code {run.returncode}, {code} expected with {words}\n{run.stdout}{run.stderr}")

        def coverage(title, changed, code, *words, count=len(grids)):
            write_gpkg(folder / "grids.gpkg", changed)
            expect(title, code, words, subprocess.run(
                [verify_coverage, folder / "grids.gpkg", "--expect", str(count), "--outlines", folder / "counties.geojson",
                 "--divisions", folder / "divisions.tsv"], capture_output=True, text=True))

        def changed_by(change):
            copy = {code: (list(parents), [[list(ring) for ring in polygon] for polygon in polygons])
                    for code, (parents, polygons) in grids.items()}
            change(copy)
            return copy

        inner = [code for code in grids if code.startswith("440103001002")][0]
        def move(by):
            def change(copy):
                ring = copy[inner][1][0][0]
                ring[6] = (ring[6][0] + by, ring[6][1])
            return change
        def bow_tie(copy):
            ring = copy[inner][1][0][0]
            ring[0], ring[8] = ring[8], ring[0]
        def other_town(copy):
            copy[inner][0][1] = "440103002000"
        def merge_everything(copy):  # the village of the last county is emptied into another one
            for code, (parents, _) in copy.items():
                if parents[0] == "440104002004":
                    parents[0] = "440104002003"

        coverage("a good province passes", grids, 0, "the grids are a coverage of the counties")
        coverage("a missing feature is counted", grids, 1, "FAIL count", count=len(grids) + 1)
        coverage("a vertex moved by one unit outwards is an overlap", changed_by(move(1)), 1, "FAIL disjoint", inner)
        coverage("a vertex moved by one unit inwards is a gap", changed_by(move(-1)), 1, "FAIL areas", "FAIL union", "440103000000")
        coverage("a bow tie is not valid", changed_by(bow_tie), 1, "FAIL valid", inner)
        coverage("a hole of the island left open is a gap", changed_by(lambda copy: copy.pop("440103001001801")), 1, "FAIL areas", "FAIL union",
                 count=len(grids) - 1)
        coverage("an island over no hole is an overlap", changed_by(lambda copy: copy["440103001001001"][1][0].pop()), 1, "FAIL disjoint")
        coverage("a grid in another town than its village is found", changed_by(other_town), 1, "FAIL parents")
        coverage("a village without a grid is found", changed_by(merge_everything), 1, "FAIL parents", "440104002004 has no grid")
        expect("a file that is not there is said", 3, ["cannot be opened"], subprocess.run(
            [verify_coverage, folder / "none.gpkg", "--expect", "1"], capture_output=True, text=True))

        write_gpkg(folder / "grids.gpkg", grids)
        locator = folder / "locator"
        locator.write_text(LOCATOR)
        locator.chmod(0o755)
        (folder / "data.json").write_text(json.dumps({code: polygons for code, (_, polygons) in grids.items()}))

        def lookup(title, rule, code, *words, form="both"):
            # Five slices, the last one of 200 positions; the files of an earlier run do not answer for this one.
            expect(title, code, words, subprocess.run(
                [verify_lookup, folder / "grids.gpkg", "--locator", locator, "--data", folder / "data.json", "--random", "1500",
                 "--boundary", "1500", "--csv", "1000", "--slice", "700", "--jobs", "2", "--work", folder / "work"],
                capture_output=True, text=True, env={**os.environ, "RULE": rule, "FORM": form}))

        lookup("a locator that keeps the rule passes", "rule", 0, "binary: 3000 positions", "csv: 1000 positions", " 0 wrong")
        if list((folder / "work").iterdir()):
            wrong.append("files of right answers are left")
        for form in "binary", "csv":
            def planted(title, rule, *words):
                lookup(f"{form}: {title}", rule, 1, f"WRONG {form} position", *words, form=form)
            planted("one that gives boundaries to the south is wrong", "south", "by the rule")
            planted("one that looks east before north is wrong", "east_first", "by the rule")
            planted("one that gives meridians to the west is wrong", "west", "by the rule")
            planted("one that guesses outside is wrong", "guess", "by the rule it is ''")
            planted("one that misses some is wrong", "hole", "answered ''")
            lookup(f"{form}: one that leaves out a position is refused", "short", 3, "answer", "position", form=form)
        lookup("one wrong answer at the very last position is found", "last", 1, "WRONG binary position 2999", ": 1 wrong", form="binary")
    print(f"{len(wrong)} of the expectations failed" if wrong else "all expectations hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
