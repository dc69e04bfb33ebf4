"""The address points of a synthetic province and the grid of each, found without any code of the product.

SpatiaLite (its command `spatialite`) says which grids touch a position. Where several do, because the position lies on
an edge, the one that holds (lon + d, lat + e) for 0 < d << e is taken: the ownership rule, written here anew in whole
numbers. Kept in a folder beside, under the digest of the province.
"""
import array
import csv
import hashlib
import os
import pathlib
import pickle
import sqlite3
import struct
import subprocess

COLUMNS = {"city": "市", "county": "县区", "town": "镇街", "village": "村居", "village_code": "村居编码", "road": "道路",
           "number": "门牌号", "estate": "小区", "building": "楼栋", "unit": "单元", "room": "房号"}
VERSION = 2  # of what is kept


def e7(text):
    """A decimal number of degrees in units of 1e-7, exactly."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    return sign * (int(whole) * 10_000_000 + int((fraction + "0000000")[:7]))


def rings_of(blob):
    """Rings of a GeoPackage polygon or multipolygon as lists of (lon, lat) in units of 1e-7 degree."""
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[blob[3] >> 1 & 7]
    rings, at = [], 8 + envelope

    def geometry(at):
        order = "<" if blob[at] else ">"
        (kind, count), at = struct.unpack_from(order + "II", blob, at + 1), at + 9
        if kind % 1000 == 6:
            for _ in range(count):
                at = geometry(at)
        elif kind % 1000 == 3:
            for _ in range(count):
                (points,), at = struct.unpack_from(order + "I", blob, at), at + 4
                values = struct.unpack_from(f"{order}{2 * points}d", blob, at)
                at += 16 * points
                lattice = [round(v * 1e7) for v in values]
                rings.append(list(zip(lattice[::2], lattice[1::2])))
        else:
            raise ValueError(f"a grid has the geometry type {kind}; polygons are needed")
        return at

    geometry(at)
    return rings


def owns(rings, x, y):
    """Is (x + d, y + e), 0 < d << e, inside? With y + e no corner lies on the ray eastward."""
    inside = False
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:]):
            if (ay > y) == (by > y):
                continue
            rise, run = by - ay, bx - ax
            east = ((ax - x) * rise + (y - ay) * run) * (1 if rise > 0 else -1)
            if east > 0 or (east == 0 and run * rise > 0):
                inside = not inside
    return inside


def grids_at(positions, boundaries, work):
    """Grid code of each (lon, lat) in units of 1e-7 degree; how many of them lay on an edge."""
    file = pathlib.Path(work) / f"positions-{os.getpid()}.sqlite"
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE position(id INTEGER PRIMARY KEY, x INTEGER, y INTEGER)")
        db.executemany("INSERT INTO position VALUES(?, ?, ?)", ((i, x, y) for i, (x, y) in enumerate(positions)))
        db.execute("CREATE VIRTUAL TABLE near USING rtree(id, x0, x1, y0, y1)")
        db.execute("INSERT INTO near SELECT id, x / 1e7, x / 1e7, y / 1e7, y / 1e7 FROM position")
    sql = f"""
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        ATTACH '{boundaries}' AS source;
        CREATE TABLE grid AS SELECT fid, 网格编码 AS code, GeomFromGPB(geom) AS g FROM source.grids;
        CREATE TABLE touch AS SELECT near.id AS id, grid.fid AS fid FROM grid CROSS JOIN near CROSS JOIN position ON position.id = near.id
          WHERE near.x0 >= MbrMinX(g) - 1e-4 AND near.x1 <= MbrMaxX(g) + 1e-4 AND near.y0 >= MbrMinY(g) - 1e-4 AND near.y1 <= MbrMaxY(g) + 1e-4
            AND x >= MbrMinX(g) * 1e7 - 1 AND x <= MbrMaxX(g) * 1e7 + 1 AND y >= MbrMinY(g) * 1e7 - 1 AND y <= MbrMaxY(g) * 1e7 + 1
            AND ST_Distance(g, MakePoint(x / 1e7, y / 1e7)) < 2e-8;
    """
    done = subprocess.run(["spatialite", "-silent", str(file)], input=sql, text=True, capture_output=True)
    if done.returncode != 0 or "Error" in done.stderr:
        raise RuntimeError(f"spatialite cannot join positions with {boundaries}: {done.stderr[-500:]}")
    touching = [[] for _ in positions]
    with sqlite3.connect(file) as db:
        code_of = dict(db.execute("SELECT fid, code FROM grid"))
        for i, fid in db.execute("SELECT id, fid FROM touch"):
            touching[i].append(fid)
    result, on_edges = [None] * len(positions), 0
    with sqlite3.connect(boundaries) as db:
        for i, fids in enumerate(touching):
            if len(fids) > 1:
                on_edges += 1
                x, y = positions[i]
                blobs = db.execute(f"SELECT fid, geom FROM grids WHERE fid IN ({','.join(map(str, fids))})")
                fids = [fid for fid, blob in blobs if owns(rings_of(blob), x, y)]
            if len(fids) != 1:
                raise RuntimeError(f"position {positions[i]} lies in {len(fids)} grids of {boundaries}; exactly one is needed")
            result[i] = code_of[fids[0]]
    file.unlink()
    return result, on_edges


class Points:
    """Column by column: `value[name][i]` is a number into `names[name]`; "" where a point has none."""

    def __init__(self):
        self.names, self.value, self.grids, self.grid, self.text = {}, {}, [], array.array("i"), []
        self.on_edges = 0

    def __len__(self):
        return len(self.grid)

    def is_absent(self, i):
        """Is the point's house of the tenth that is kept back, to ask for houses that are not in the data?"""
        house = "/".join(self.get(name, i) for name in ("village_code", "road", "number"))
        return hashlib.sha256(house.encode()).digest()[0] % 10 == 0

    def only(self, numbers):
        """These points alone, in the same order."""
        part = Points()
        part.names, part.grids = self.names, self.grids
        part.value = {name: array.array("i", (column[i] for i in numbers)) for name, column in self.value.items()}
        part.grid, part.text = array.array("i", (self.grid[i] for i in numbers)), [self.text[i] for i in numbers]
        return part

    def get(self, name, i):
        return self.names[name][self.value[name][i]]


def read(synth):
    points, positions = Points(), []
    number = {name: {} for name in COLUMNS}
    for name in COLUMNS:
        points.value[name] = array.array("i")
    with open(synth / "addresses.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            for name, title in COLUMNS.items():
                points.value[name].append(number[name].setdefault(row[title], len(number[name])))
            points.text.append(row["标准地址"])
            positions.append((e7(row["经度"]), e7(row["纬度"])))
    points.names = {name: list(values) for name, values in number.items()}
    return points, positions


def load(synth, cache):
    """Points of the province in the folder `synth`; what was found out about them is kept in the folder `cache`."""
    synth, cache = pathlib.Path(synth), pathlib.Path(cache)
    digest = hashlib.sha256((synth / "manifest.json").read_bytes()).hexdigest()[:16]
    kept = cache / f"points-{VERSION}-{digest}.pickle"
    if kept.exists():
        with open(kept, "rb") as file:
            return pickle.load(file)
    cache.mkdir(parents=True, exist_ok=True)
    points, positions = read(synth)
    distinct = {}
    which = array.array("i", (distinct.setdefault(p, len(distinct)) for p in positions))
    codes, points.on_edges = grids_at(list(distinct), synth / "boundaries.gpkg", cache)
    number = {}
    for i in which:
        points.grid.append(number.setdefault(codes[i], len(number)))
    points.grids = list(number)
    aside = kept.with_suffix(f".new-{os.getpid()}")
    with open(aside, "wb") as file:
        pickle.dump(points, file, protocol=pickle.HIGHEST_PROTOCOL)
    aside.replace(kept)
    return points
