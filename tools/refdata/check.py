#!/usr/bin/env python3
"""Checks geodata/guangdong: digests, counts, parents, and that the county outlines are a valid coverage.

    tools/refdata/check.py [DIR]

Shares no code with derive.py. Needs Python 3 and nothing else. Exit code 0: all checks passed, 1: some failed.
"""
import hashlib
import json
import math
import pathlib
import sys
from collections import Counter, defaultdict
from fractions import Fraction

COUNTS = {"province": 1, "city": 21, "county": 124, "town": 1757, "village": 26842}
PARENT_LEVEL = {"city": "province", "county": "city", "town": "county", "village": "town"}
OWN_DIGITS = {"province": slice(0, 2), "city": slice(2, 4), "county": slice(4, 6), "town": slice(6, 9), "village": slice(9, 12)}
SIGNIFICANT_DIGITS = {"province": 2, "city": 4, "county": 6, "town": 9, "village": 12}
MAX_BYTES = 4_000_000
E7 = 10 ** 7


def digest_problems(folder):
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    for name, entry in manifest["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != entry["sha256"]:
            yield f"{name}: SHA-256 differs from MANIFEST.json; run derive.py again"
    for name, entry in manifest["sources"].items():
        if hashlib.sha256((folder / entry["licence_file"]).read_bytes()).hexdigest() != entry["files_sha256"]["package/LICENSE"]:
            yield f"{entry['licence_file']}: differs from the licence in the source package"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size >= MAX_BYTES:
        yield f"{folder}: {size} bytes, more than {MAX_BYTES}"


def read_divisions(folder):
    header, *lines = (folder / "divisions.tsv").read_text(encoding="utf-8").splitlines()
    names = header.split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines]


def division_problems(rows):
    counts = Counter(row["level"] for row in rows)
    if counts != COUNTS:
        yield f"divisions.tsv: {dict(counts)} rows, expected {COUNTS}"
    codes = [row["code"] for row in rows]
    if codes != sorted(codes):
        yield "divisions.tsv: not sorted by code"
    by_code = {row["code"]: row for row in rows}
    if len(by_code) != len(rows):
        yield "divisions.tsv: a code stands twice"
    for row in rows:
        code, level = row["code"], row["level"]
        if len(row) != 6 or len(code) != 12 or not code.isdigit() or not row["name"].strip() or not row["kind"]:
            yield f"{code}: malformed row"
        if code[SIGNIFICANT_DIGITS[level]:].strip("0") or not code[OWN_DIGITS[level]].strip("0"):
            yield f"{code}: not shaped like the code of a {level}"
        if level == "province":
            if row["parent_code"]:
                yield f"{code}: a province has no parent here"
            continue
        parent = by_code.get(row["parent_code"])
        if parent is None or parent["level"] != PARENT_LEVEL[level]:
            yield f"{code}: parent {row['parent_code']} is not a {PARENT_LEVEL[level]}"
            continue
        # Towns of a city without counties carry the city's number where others carry the county's.
        prefix = parent["code"][:SIGNIFICANT_DIGITS[parent["level"]]]
        if parent["kind"] == "none":
            prefix = parent["parent_code"][:6]
        if not code.startswith(prefix):
            yield f"{code}: does not begin with {prefix}, as its parent says"
    parents = {row["parent_code"] for row in rows}
    for row in rows:
        if row["level"] in ("province", "city", "county", "town") and row["code"] not in parents:
            yield f"{row['code']}: {row['level']} without children"


def read_outlines(folder):
    """{code: [[ring, ...], ...]} in 1e-7 degree, rings without the closing point, and problems of form."""
    outlines, problems = {}, []

    def exact(text):
        value = Fraction(text) * E7
        if value.denominator != 1:
            problems.append(f"counties.geojson: {text} is not a multiple of 1e-7 degree")
        return int(value)

    collection = json.loads((folder / "counties.geojson").read_text(encoding="utf-8"), parse_float=exact, parse_int=exact)
    names = {}
    for feature in collection["features"]:
        code, geometry = feature["properties"]["code"], feature["geometry"]
        if code in outlines:
            problems.append(f"{code}: two outlines")
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        outlines[code] = [[[tuple(p) for p in ring] for ring in part] for part in parts]
        names[code] = feature["properties"]["name"]
        for part in outlines[code]:
            for number, ring in enumerate(part):
                if ring.pop(0) != ring[-1]:
                    problems.append(f"{code}: ring at {ring[0]} is not closed")
                doubled = sum(ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1] for i in range(len(ring)))
                if len(set(ring)) != len(ring) or len(ring) < 3:
                    problems.append(f"{code}: ring at {ring[0]} visits a point twice or has fewer than 3")
                if (doubled > 0) != (number == 0) or doubled == 0:
                    problems.append(f"{code}: ring at {ring[0]} is oriented the wrong way or has no area")
    return outlines, names, problems


def turn(a, b, c):
    value = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (value > 0) - (value < 0)


def meet_wrongly(s, t):
    """Do two different segments have a point in common that is not an end of both?"""
    (a, b), (c, d) = s, t
    sides = turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    for side, p, (e, f) in zip(sides, (c, d, a, b), (s, s, t, t)):
        if side == 0 and p not in (e, f) and min(e, f) < p < max(e, f):
            return True
    return False


def crossing_problems(segments):
    cell = 20000
    buckets = defaultdict(list)
    for s in segments:
        (x0, y0), (x1, y1) = s
        for column in range(min(x0, x1) // cell, max(x0, x1) // cell + 1):
            for row in range(min(y0, y1) // cell, max(y0, y1) // cell + 1):
                buckets[column, row].append(s)
    for bucket in buckets.values():
        for i, s in enumerate(bucket):
            for t in bucket[:i]:
                if meet_wrongly(s, t):
                    yield f"edges {s} and {t} cross or touch between their ends"


def multiplicity_problems(border):
    """Sweeps the border edges (interior on the left) from west to east: along each meridian the cover must go 0, 1, 0, 1, ... 0."""
    events = defaultdict(list)
    for a, b in border:
        if a[0] != b[0]:
            events[min(a[0], b[0])].append((a, b))
    active, xs = [], sorted({p[0] for edge in border for p in edge})
    for x, following in zip(xs, xs[1:]):
        active = [e for e in active if max(e[0][0], e[1][0]) > x] + events[x]
        twice_x = x + following

        def height(e):
            (x0, y0), (x1, y1) = e
            return Fraction((twice_x - 2 * x0) * (y1 - y0), x1 - x0) + 2 * y0
        eastward = [a[0] < b[0] for a, b in sorted(active, key=height)]
        if eastward != [i % 2 == 0 for i in range(len(active))] or len(active) % 2:
            yield f"counties overlap, or a ring is inside out, near longitude {x / E7}"


def enclosed_gaps(border):
    """Rings of uncovered places inside the province: the outside is followed on the left; such rings run counter-clockwise."""
    outgoing = defaultdict(list)
    for a, b in border:
        outgoing[b].append(a)

    def direction(a, b):
        return math.atan2(b[1] - a[1], b[0] - a[0])

    following = {}
    for back, here in ((b, a) for a, b in border):
        clockwise = {(direction(here, back) - direction(here, p)) % math.tau: p for p in outgoing[here]}
        following[back, here] = (here, clockwise[min(clockwise)])
    count, seen = 0, set()
    for start in following:
        doubled, half = 0, start
        while half not in seen:
            seen.add(half)
            doubled += half[0][0] * half[1][1] - half[1][0] * half[0][1]
            half = following[half]
        count += doubled > 0
    return count


def coverage_problems(outlines):
    users = defaultdict(list)
    for code, parts in outlines.items():
        for part in parts:
            for ring in part:
                for i in range(len(ring)):
                    users[ring[i - 1], ring[i]].append(code)
    for edge, codes in users.items():
        if len(codes) > 1:
            yield f"edge {edge} is used twice in the same direction, by {codes}"
        if edge[::-1] in users and users[edge[::-1]] == codes:
            yield f"edge {edge} of {codes[0]} runs there and back"
    border = [edge for edge in users if edge[::-1] not in users]
    yield from crossing_problems({(min(edge), max(edge)) for edge in users})
    yield from multiplicity_problems(border)
    if count := enclosed_gaps(border):
        yield f"{count} gaps are enclosed by counties"


def main():
    default = pathlib.Path(__file__).resolve().parents[2] / "geodata" / "guangdong"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    rows = read_divisions(folder)
    outlines, names, form = read_outlines(folder)
    counties = {row["code"]: row["name"] for row in rows if row["level"] == "county"}
    checks = {
        "digests, licences and size agree with the manifest": list(digest_problems(folder)),
        "divisions are complete and their parents consistent": list(division_problems(rows)),
        "rings are closed, simple in their vertices, oriented and on the lattice": form,
        "every county has one outline of the same name": [] if names == counties else
            [f"differ: {sorted(set(names.items()) ^ set(counties.items()))}"],
        "outlines share every edge and vertex, without overlap, crossing or enclosed gap": list(coverage_problems(outlines)),
    }
    for title, problems in checks.items():
        print(f"{'failed' if problems else 'passed'}: {title}")
        for problem in problems[:20]:
            print(f"    {problem}")
        if len(problems) > 20:
            print(f"    and {len(problems) - 20} more")
    failed = sum(map(bool, checks.values()))
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
