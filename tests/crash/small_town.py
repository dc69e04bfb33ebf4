"""Input files of a town of some dozens of grids, and of what changes in it; made with wangge synth and ogr2ogr."""
import csv
import json
import math
import subprocess

from support import wangge_cli as cli

COUNTY, TOWN, TOWN_NAME = "440104000000", "440104005", "流花街道"


def ogr2ogr(*arguments):
    subprocess.run(["ogr2ogr", *map(str, arguments)], check=True, capture_output=True)


def write(file, collection):
    file.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")


def rings(feature):
    return [ring for part in feature["geometry"]["coordinates"] for ring in part]


def metres(a, b):
    return math.hypot((a[0] - b[0]) * 102_000, (a[1] - b[1]) * 111_000)


def shared_vertices(grids):
    """Vertices of exactly two grids with long edges on both sides, so that a small step crosses nothing."""
    users = {}
    for number, feature in enumerate(grids["features"]):
        for ring in rings(feature):
            for i, at in enumerate(ring[:-1]):
                users.setdefault(tuple(at), []).append((number, ring, i))
    for at, uses in sorted(users.items()):
        if len(uses) == 2 and uses[0][0] != uses[1][0]:
            neighbours = [use[1][(use[2] + step) % (len(use[1]) - 1)] for use in uses for step in (-1, 1)]
            if len({tuple(n) for n in neighbours}) == 2 and min(metres(at, n) for n in neighbours) > 5:
                yield uses


def move(uses):
    for _, ring, i in uses:
        x, y = ring[i][0] + 20e-7, ring[i][1] + 10e-7
        if i == 0:
            ring[-1] = [x, y]
        ring[i] = [x, y]


def write_rows(file, header, rows):
    with open(file, "w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(header)
        table.writerows(rows)


def make(folder):
    """Writes every file the steps name into `folder`; codes of all grids, of two beside each other, and an address: its id, text and
    position."""
    synth = folder / "synth"
    cli.run("synth", "--out", synth, "--scale", f"county:{COUNTY[:6]}", check=0)
    with open(cli.REFERENCE / "divisions.tsv", encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    ours = ("440000000000", "440100000000", COUNTY)
    (folder / "divisions.tsv").write_text(
        "\n".join([header, *(row for row in rows if row.split("\t")[0] in ours or row.startswith(TOWN))]) + "\n", encoding="utf-8")
    ogr2ogr("-where", f"code='{COUNTY}'", folder / "outlines.geojson", cli.REFERENCE / "counties.geojson")
    ogr2ogr("-where", f"所属镇街='{TOWN_NAME}'", folder / "grids.gpkg", synth / "boundaries.gpkg")
    ogr2ogr(folder / "grids.geojson", folder / "grids.gpkg")
    grids = json.loads((folder / "grids.geojson").read_text(encoding="utf-8"))
    codes = sorted(feature["properties"]["网格编码"] for feature in grids["features"])

    spots = list(shared_vertices(grids))
    pairs = ([grids["features"][use[0]]["properties"]["网格编码"] for use in uses] for uses in spots)
    neighbours = next(pair for pair in pairs if pair[0][:12] == pair[1][:12])
    move(spots[0][:1])
    write(folder / "overlapping.geojson", grids)
    move(spots[0][1:])
    grids["features"][3]["properties"]["网格名称"] = "改名"
    write(folder / "changed.geojson", grids)
    for number, name in ((len(spots) // 3, "later"), (len(spots) // 2, "latest")):
        move(spots[number])
        grids["features"][7]["properties"]["网格名称"] = name
        write(folder / f"{name}.geojson", grids)
    # One grid of which a vertex slipped and the name changes, otherwise as the last of these has it.
    uses = next(uses for uses in spots[len(spots) * 3 // 4:]
                if not {grids["features"][use[0]]["properties"]["网格编码"] for use in uses} & set(neighbours))
    move(uses[:1])
    grids["features"][uses[0][0]]["properties"]["网格名称"] = "slipped"
    write(folder / "slipped.geojson", {**grids, "features": [grids["features"][uses[0][0]]]})

    write_rows(folder / "concordance.csv", ["old_code", "new_code"], [[f"{TOWN}{n}", codes[0][:12]] for n in (998, 999)])

    with open(synth / "officers.csv", encoding="gb18030", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [row for row in rows if row[3] in codes]
    write_rows(folder / "officers.csv", header, rows)
    rows[0][2] = "10400000000"
    rows[1][3] = rows[2][3]
    write_rows(folder / "officers-2.csv", header, rows)

    with open(synth / "addresses.csv", encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [row for row in rows if row[7].startswith(TOWN)][:80]
    (folder / "second").mkdir()
    write_rows(folder / "addresses.csv", header, rows)
    rows[3][1] += "（改）"
    write_rows(folder / "second" / "addresses.csv", header, rows[:60])
    write_rows(folder / "points.csv", ["lon", "lat"], [[row[14], row[15]] for row in rows])
    return codes, neighbours, (rows[0][0], rows[0][1].split()[0], rows[0][14], rows[0][15])
