#!/usr/bin/env python3
"""Draws lookup-rates.svg and growth.svg from the JSON files of tools/bench/run-all.

usage: tools/bench/chart.py OUT_DIR [--images FOLDER]      (default: OUT_DIR itself)
"""
import argparse
import json
import math
import os
import pathlib
from xml.sax.saxutils import escape

INK, FAINT, LINE, PAPER = "#1f2933", "#6b7785", "#dfe4ea", "#ffffff"
OURS, OURS_LIGHT = "#0b6e6e", "#58b5ac"
PEER, PEER_LIGHT = "#7b8794", "#b8c1cb"
FONT = "'DejaVu Sans', Verdana, 'Segoe UI', sans-serif"
KIND_TITLES = {"uniform": "Anywhere in the province", "clustered": "Like people: most in towns",
               "near-vertices": "Within 5 m of a vertex: the worst case", "box": "Anywhere in the bounding box"}


class Drawing:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []

    def text(self, x, y, words, size=13, colour=INK, anchor="start", bold=False):
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
                          f"{escape(words)}</text>")

    def rect(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" rx="1.5" fill="{colour}"/>')

    def line(self, x1, y1, x2, y2, colour=LINE, width=1.0):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>')

    def path(self, points, colour, dashed=False):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.4"{dash}/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}"/>')

    def write(self, path):
        text = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" font-family="{FONT}" role="img"><title>{escape(self.title)}</title>\n'
                f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n' + "\n".join(self.parts) + "\n</svg>\n")
        aside = path.with_name(f"{path.name}.new-{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)


def short(value):
    """1234567 as "1.2 M"."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= 0.995 * size:
            amount = value / size
            return f"{amount:.0f}{unit}" if amount >= 9.95 else f"{amount:.2g}{unit}"
    return f"{value:.0f}"


def decades(low, high):
    return [10.0**e for e in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


def lookup_rates(lookup, path):
    rows = lookup["rows"]
    kinds = [kind for kind in KIND_TITLES if any(row["points"] == kind for row in rows)]
    most = max((row["count"] for row in rows), default=0)

    def rate(subject, how, kind):
        found = [row for row in rows if (row["subject"], row["how"], row["points"]) == (subject, how, kind)
                 and (subject != "wangge" or row["count"] == most)]
        return found[0]["million_per_s"] * 1e6 if found else None

    subjects = list(dict.fromkeys(row["subject"] for row in rows if row["subject"] != "wangge"))
    titles = lookup.get("titles", {})
    # In one order everywhere, as the panels share their labels.
    subjects.sort(key=lambda s: -(rate(s, "random", kinds[0]) or 0))

    def lines(kind):
        """(label, rate in random order, rate in sorted order, ours)"""
        ours = [("Wangge, batch", rate("wangge", "batch", kind), rate("wangge", "sorted", kind), True),
                ("Wangge, one call at a time", rate("wangge", "single", kind), None, True),
                ("Wangge, each after the answer before", rate("wangge", "dependent", kind), None, True)]
        peers = [(titles.get(s, s), rate(s, "random", kind), rate(s, "sorted", kind), False) for s in subjects]
        return [line for line in ours + peers if line[1] or line[2]]

    values = [value for kind in kinds for line in lines(kind) for value in line[1:3] if value]
    low, high = 10.0 ** math.floor(math.log10(min(values))), max(values) * 2.2
    columns = 2 if len(kinds) > 1 else 1
    label, plot, bar, gap = 312, 330, 10, 9
    panel_width = plot + 40
    panel_height = len(lines(kinds[0])) * (2 * bar + gap) + 62
    panels = math.ceil(len(kinds) / columns)
    drawing = Drawing(label + columns * panel_width + 8, 86 + panels * panel_height + 24, "Positions a second, Wangge and peers")
    drawing.text(20, 32, "Positions answered a second on one core", 19, bold=True)
    drawing.text(20, 54, f"{int(lookup['facts']['grids']):,} grids, {int(lookup['facts']['edges']):,} edges; {lookup['machine']['cpu']}; "
                 "logarithmic scale, longer is faster", 12.5, FAINT)
    x_key = label
    for dark, light, words in ((OURS, PEER, "random order"), (OURS_LIGHT, PEER_LIGHT, "sorted by place")):
        drawing.rect(x_key, 66, 12, 11, dark)
        drawing.rect(x_key + 14, 66, 12, 11, light)
        drawing.text(x_key + 32, 76, words, 12)
        x_key += 160

    for i, kind in enumerate(kinds):
        left = label + i % columns * panel_width
        top = 96 + i // columns * panel_height
        shown = lines(kind)
        bottom = top + 30 + len(shown) * (2 * bar + gap)

        def x_of(value):
            return left + plot * math.log(value / low) / math.log(high / low)

        drawing.text(left, top + 14, KIND_TITLES[kind], 13.5, bold=True)
        for tick in decades(low, high):
            drawing.line(x_of(tick), top + 24, x_of(tick), bottom)
            drawing.text(x_of(tick), bottom + 15, short(tick), 11, FAINT, "middle")
        for j, (words, random, in_order, ours) in enumerate(shown):
            y = top + 30 + j * (2 * bar + gap)
            if i % columns == 0:
                drawing.text(label - 12, y + bar + 4.5, words, 12.5, INK if ours else FAINT, "end", bold=ours)
            for k, (value, colour) in enumerate(((random, OURS if ours else PEER), (in_order, OURS_LIGHT if ours else PEER_LIGHT))):
                if value:
                    thick = bar if in_order else 1.4 * bar
                    at = y + k * bar if in_order else y + 0.3 * bar
                    drawing.rect(left, at, x_of(value) - left, thick - 1, colour)
                    drawing.text(x_of(value) + 4, at + thick - 2.2, short(value), 10.5, INK if ours else FAINT)
    drawing.write(path)


def growth(document, path):
    rows = document["rows"]
    builds = [row for row in rows if row["how"] == "build"]
    sizes = sorted({row["grids"] for row in builds})
    drawing = Drawing(1000, 470, "Growth of lookup time, size and building time with the number of grids")
    drawing.text(20, 32, "Ten times the grids: how much slower, how much larger?", 19, bold=True)
    drawing.text(20, 54, f"Jagged coverages of 76 vertices a grid, one core; {document['machine']['cpu']}; both axes logarithmic", 12.5, FAINT)
    top, bottom = 104, 420

    def panel(left, width, title, unit, low, high, ticks, curves):
        def x_of(size):
            if len(sizes) == 1:
                return left + width / 2
            return left + width * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

        def y_of(value):
            return bottom - (bottom - top) * math.log(value / low) / math.log(high / low)

        drawing.text(left, top - 22, title, 13.5, bold=True)
        for tick in ticks:
            drawing.line(left, y_of(tick), left + width, y_of(tick))
            drawing.text(left - 8, y_of(tick) + 4, f"{tick:g}{unit}", 11, FAINT, "end")
        for size in sizes:
            drawing.line(x_of(size), bottom, x_of(size), bottom + 4, FAINT)
            drawing.text(x_of(size), bottom + 18, short(size), 11, FAINT, "middle")
        drawing.text(left + width / 2, bottom + 36, "grids", 11.5, FAINT, "middle")
        labels = []
        for words, points, colour, dashed in curves:
            points = sorted(points)
            if points:
                drawing.path([(x_of(size), y_of(value)) for size, value in points], colour, dashed)
                labels.append([y_of(points[-1][1]) + 4, words, colour])
        labels.sort()
        for above, below in zip(labels, labels[1:]):  # labels do not lie on one another
            below[0] = max(below[0], above[0] + 15)
        for y, words, colour in labels:
            drawing.text(left + width + 10, y, words, 11.5, colour)

    def curve(how, kind):
        return [(row["grids"], row["ns_each"]) for row in rows if row["how"] == how and row["points"] == kind]

    curves = []
    for how, words, colour in (("dependent", "dependent", "#9a3b3b"), ("single", "one at a time", "#b7791f"),
                               ("batch", "batch", OURS), ("sorted", "batch, sorted", "#2b6cb0")):
        curves.append((words, curve(how, "uniform"), colour, False))
        curves.append((f"{words}, near vertices", curve(how, "near-vertices"), colour, True))
    values = [value for _, points, _, _ in curves for _, value in points]
    low, high = min(values) / 1.2, max(values) * 1.2
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if low <= t <= high]
    panel(76, 330, "Nanoseconds a position (dashed: near vertices)", " ns", low, high, ticks, curves)

    curves = [("index, MB", [(row["grids"], row["index_bytes"] / 1e6) for row in builds], OURS, False),
              ("memory to build, MB", [(row["grids"], row["peak_bytes"] / 1e6) for row in builds], "#2b6cb0", False),
              ("build, seconds", [(row["grids"], row["cpu_s"]["median"]) for row in builds], "#b7791f", False)]
    values = [value for _, points, _, _ in curves for _, value in points]
    low, high = min(values) / 1.5, max(values) * 1.5
    panel(660, 200, "Size and building", "", low, high, decades(low, high), curves)
    drawing.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder with lookup.json and growth.json")
    parser.add_argument("--images", type=pathlib.Path, help="folder for the SVG files")
    arguments = parser.parse_args()
    images = arguments.images or arguments.out
    for name, draw, image in (("lookup", lookup_rates, "lookup-rates.svg"), ("growth", growth, "growth.svg")):
        draw(json.loads((arguments.out / f"{name}.json").read_text(encoding="utf-8")), images / image)


if __name__ == "__main__":
    main()
