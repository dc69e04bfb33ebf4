#!/usr/bin/env python3
"""Prints the tables of docs/benchmarks.md from the JSON files of tools/bench/run-all, or puts them in their places there.

usage: tools/bench/tables.py OUT_DIR [--into docs/benchmarks.md]
A table's place is between the lines `<!-- table NAME -->` and `<!-- end -->`.
"""
import argparse
import json
import os
import pathlib
import re
import sys

KINDS = ("uniform", "clustered", "near-vertices", "box")
WAYS = (("single", "wangge, one call at a time"), ("dependent", "wangge, each after the answer before"),
        ("batch", "wangge, batch in random order"), ("sorted", "wangge, batch sorted"))


def table(head, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))


def megabytes(value):
    return f"{value / 1e6:,.0f} MB" if value >= 1e8 else f"{value / 1e6:.1f} MB"


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def times(ratio):
    return f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}"


def spread(row, clock="cpu_s"):
    """Half of the way from the fastest to the slowest run, in percent of the median."""
    times = row[clock]
    return 50 * (times["max"] - times["min"]) / times["median"] if times["median"] else 0


def pick(document, subject, how, points, count=None):
    for row in document["rows"]:
        if (row["subject"], row["how"], row["points"]) == (subject, how, points) and count in (None, row["count"]):
            return row
    return None


def opened(facts):
    if "open_s" not in facts:
        return ""
    return f", opened in {facts['open_s'] * 1e3:.1f} ms (the first time in {facts['open_first_s'] * 1e3:.0f} ms)"


def machine(documents):
    first = documents["lookup"]
    m, facts = first["machine"], first["facts"]
    beside = f"Load while measuring {m['load']:.1f}, of which the benchmark itself is 1.\n" if "load" in m else ""
    return (f"{m['cpu']}, {m['cores']} cores, {m['memory_bytes'] / 2**30:.0f} GiB, {m['kernel']}; {m['compiler']} `{m['flags']}`; seed {first['seed']}.\n{beside}"
            f"{facts['grids']:,.0f} grids, {facts['edges']:,.0f} distinct edges; index {megabytes(facts['index_bytes'])}, whole snapshot "
            f"{megabytes(facts['snapshot_bytes'])}{opened(facts)}.\n"
            f"A read from memory that waits for the read before, among as many bytes as the index has: {facts['memory_wait_ns']:.0f} ns.")


def peers_of(document):
    return list(dict.fromkeys(row["subject"] for row in document["rows"] if row["subject"] != "wangge"))


def lookup(documents):
    document = documents["lookup"]
    kinds = [kind for kind in KINDS if any(row["points"] == kind for row in document["rows"])]
    ours = [row for row in document["rows"] if row["subject"] == "wangge"]
    most, least = max(row["count"] for row in ours), min(row["count"] for row in ours)
    rows = []

    def line(words, found):
        rows.append([words, *(figure(row["million_per_s"]) if row else "" for row in found)])

    for how, words in WAYS:
        line(words, [pick(document, "wangge", how, kind, most) for kind in kinds])
    line("nanoseconds of a dependent call", [])
    rows[-1][1:] = [f"{row['ns_each']:.0f}" if row else "" for row in (pick(document, "wangge", "dependent", kind, most) for kind in kinds)]
    best = {}
    for order in ("random", "sorted"):
        for subject in peers_of(document):
            line(f"{document['titles'][subject]}, {order}", [pick(document, subject, order, kind) for kind in kinds])
        for kind in kinds:
            rates = [row["million_per_s"] for subject in peers_of(document) if (row := pick(document, subject, order, kind))]
            best[order, kind] = max(rates, default=0)

    def ratio(words, how, order, count):
        cells = []
        for kind in kinds:
            row = pick(document, "wangge", how, kind, count)
            cells.append(f"**{times(row['million_per_s'] / best[order, kind])}**" if row and best[order, kind] else "")
        rows.append([words, *cells])

    ratio("batch, random: times the best peer", "batch", "random", most)
    ratio("one call at a time, random: times the best peer", "single", "random", most)
    ratio("batch, sorted: times the best peer", "sorted", "sorted", most)
    if least != most:
        ratio(f"batch, random, on the peers' {least:,} positions only", "batch", "random", least)
        ratio(f"batch, sorted, on the peers' {least:,} positions only", "sorted", "sorted", least)
    widest = max(spread(row) for row in document["rows"])
    note = (f"{document['compared']:,} answers compared: {document['boundary']} differ on an edge, {document['wrong']} wrong. "
            f"{most:,} positions of each kind, {least:,} of them for the peers. Runs differ from their median by {widest:.0f}% at most.")
    return table(["M positions/s", *kinds], rows) + "\n\n" + note


def bulk(documents):
    document = documents["bulk"]
    whole = [row for row in document["rows"] if row["how"] == "csv to csv"]
    peers = [row for row in whole if row["subject"] != "wangge"]
    rows = []
    for row in document["rows"]:
        cells = [row["subject"], row["how"], f"{row['count']:,}", f"{row['rows_per_s']:,.0f}", f"{row['wall_s']['median']:.2f} s",
                 f"{row['cpu_s']['median']:.2f} s", megabytes(row["peak_bytes"])]
        rows.append(cells)
    text = table(["", "step", "rows", "rows/s", "wall", "processor", "peak memory"], rows)
    if peers:
        best = max(peers, key=lambda row: row["rows_per_s"])
        ours = [row for row in whole if row["subject"] == "wangge"]
        ratios = ", ".join(f"{row['rows_per_s'] / best['rows_per_s']:.0f} times with {row['count']:,} rows" for row in ours)
        cpu = ours[-1]["cpu_s"]["median"]
        text += (f"\n\nAgainst the faster of PostGIS's two ways ({best['subject']}): {ratios} in wall time; "
                 f"{best['cpu_s']['median'] / cpu:.0f} times in processor time. {document['compared']:,} answers compared, {document['wrong']} wrong.")
    return text


def build(documents):
    document = documents["build"]
    rows = []
    for row in document["rows"]:
        title = document.get("titles", {}).get(row["subject"], row["subject"])
        rows.append([title, f"{row['cpu_s']['median']:.2f} s", f"{row['wall_s']['median']:.2f} s", megabytes(row["index_bytes"]),
                     megabytes(row["peak_bytes"])])
    return table(["", "processor", "wall", "size", "peak memory"], rows)


def growth(documents):
    document = documents["growth"]
    sizes = sorted({row["grids"] for row in document["rows"]})

    def of(size, how, points):
        return next(row for row in document["rows"] if (row["grids"], row["how"], row["points"]) == (size, how, points))

    rows = []
    for size in sizes:
        made = of(size, "build", "")
        cells = [f"{size:,.0f}", figure(made["edges"] / 1e6)]
        for points in ("uniform", "near-vertices"):
            cells += [f"{of(size, how, points)['ns_each']:.0f}" for how, _ in WAYS]
        rows.append([*cells, f"{made['cpu_s']['median']:.2f} s", megabytes(made["index_bytes"]), f"{made['index_bytes'] / made['edges']:.0f}",
                     megabytes(made["peak_bytes"])])
    head = ["grids", "M edges", "single", "dependent", "batch", "sorted", "single*", "dependent*", "batch*", "sorted*", "build", "size", "bytes/edge",
            "build memory"]
    return table(head, rows) + "\n\nNanoseconds a position; columns with a star are near vertices, the others uniform."


def misses(documents):
    document = documents["misses"]
    rows = [[row["points"], row["how"], f"{row['instructions']:.0f}", f"{row['reads']:.1f}", f"{row['d1_misses']:.2f}", f"{row['l2_misses']:.2f}",
             f"{row['mispredicts']:.2f}"] for row in document["rows"]]
    return table(["positions", "way", "instructions", "data reads", "first-level misses", "second-level misses", "mispredicted branches"], rows)


def check(documents):
    document = documents["check"]
    rows = []
    for row in document["rows"]:
        title = document.get("titles", {}).get(row["subject"], row["subject"])
        found = f"{row['problems']:,.0f}" if "problems" in row else f"{row['marked_faces']:,.0f} grids marked"
        rows.append([f"{title}, {row['how']}", f"{row['count']:,}", found, f"{row['cpu_s']['median']:.3g} s", f"{row['wall_s']['median']:.3g} s",
                     megabytes(row["peak_bytes"])])
    text = table(["", "grids", "found", "processor", "wall", "peak memory"], rows)
    ours, peer = pick(document, "wangge", "clean", ""), pick(document, "geos", "clean", "")
    times_text = f"{times(peer['cpu_s']['median'] / ours['cpu_s']['median'])} times the peer. " if peer else ""
    planted = pick(document, "wangge", "planted defects", "")
    load = document["machine"].get("load", 0)
    return (f"{text}\n\n{times_text}{planted['planted']:,.0f} defects planted, {document['wrong']} missed or invented. "
            f"Load while measuring {load:.1f}{', a busy machine: processor time counts' if load > 1.5 else ''}.")


def address(documents):
    document = documents["address"]
    rows, ours = [], {}
    for row in (r for r in document["rows"] if r["how"] == "batch"):
        built = pick(document, row["subject"], "build", "")
        if row["subject"] == "wangge":
            ours = {"batch": row, "build": built}
        rows.append([document["titles"][row["subject"]], f"{built['cpu_s']['median']:.2f} s", megabytes(built["index_bytes"]), megabytes(built["peak_bytes"]),
                     f"{row['count']:,}", figure(row["count"] / row["cpu_s"]["median"]), figure(row["median_us"]), megabytes(row["rss_bytes"]),
                     f"{100 * row['right']:.2f}%"])
    text = table(["", "build", "index", "memory to build", "texts", "texts/s", "median call, us", "memory to answer", "first answer right"], rows)
    ratios = []
    for row in (r for r in document["rows"] if r["how"] == "batch" and r["subject"] != "wangge"):
        built = pick(document, row["subject"], "build", "")
        ratios.append(f"{document['titles'][row['subject']]}: {times(row['cpu_s']['median'] / row['count'] / ours['batch']['cpu_s']['median'] * ours['batch']['count'])}"
                      f" times in answering, {times(built['cpu_s']['median'] / ours['build']['cpu_s']['median'])} in building")
    facts, load = document["facts"], document["machine"].get("load", 0)
    return (f"{text}\n\n{facts['addresses']:,.0f} addresses, one thread, processor time. Ours against {'; '.join(ratios)}. "
            f"Load while measuring {load:.1f}{', a busy machine' if load > 1.5 else ''}.")


TABLES = {"machine": machine, "lookup": lookup, "bulk": bulk, "build": build, "growth": growth, "misses": misses, "check": check, "address": address}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder with the JSON files")
    parser.add_argument("--into", type=pathlib.Path, help="page to put the tables into")
    arguments = parser.parse_args()
    names = {"machine": "lookup"}
    documents = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in arguments.out.glob("*.json")}
    made = {name: make(documents) for name, make in TABLES.items() if names.get(name, name) in documents}
    if not arguments.into:
        print("\n\n".join(f"## {name}\n\n{text}" for name, text in made.items()))
        return 0
    page = arguments.into.read_text(encoding="utf-8")
    for name, text in made.items():
        page, count = re.subn(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{text}\n{m[2]}", page, flags=re.DOTALL)
        if count != 1:
            print(f"{arguments.into}: has {count} places for the table '{name}'; there must be one", file=sys.stderr)
            return 1
    aside = arguments.into.with_name(f"{arguments.into.name}.new-{os.getpid()}")
    aside.write_text(page, encoding="utf-8")
    aside.replace(arguments.into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
