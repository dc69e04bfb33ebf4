#!/usr/bin/env python3
"""Asks the product for the grid of each corrupted address and counts how often it is right, wrong, and knows that it is not sure.

usage: evaluate.py --wangge PROGRAM --data DIR --set FILE [--set FILE ...] [--docs] [--strict] [--worst FILE]

FILE is what error_model.py wrote. --docs puts tables and the chart into docs/, --strict ends with 1 where a target is
missed, --worst lists the rows that went wrong.
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/bench"))
import chart  # noqa: E402

RIGHT, WRONG, AMONG = 0.97, 0.003, 0.98  # the targets
ABSENT = 0.01  # wrong grids claimed for houses that are not in the data
CALIBRATION, CALIBRATION_OF_SEVERAL = 0.01, 0.03  # mean distance of score and share right, of answers with one grid and of those that list several
ABSENT_SHARE = 0.1  # of all houses, in the mixture that scores are calibrated to
MOST_LISTED = 200  # candidates in an answer
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)


class Answer:
    def __init__(self, fields):
        self.grid = fields["grid_code"]
        self.level = fields["level"]
        self.score = float(fields["score"] or 0)
        self.candidates = fields["candidates"].split() if not self.grid else [self.grid]
        self.city, self.county = fields.get("city", ""), fields.get("county", "")

    @property
    def first(self):
        return self.candidates[0] if self.candidates else ""


def read_answers(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [Answer(row) for row in csv.DictReader(file)]


def ask(wangge, data, texts):
    """Answers of the product to all texts, in their order, and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = pathlib.Path(folder) / "texts.csv", pathlib.Path(folder) / "answers.csv"
        with open(asked, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["id", "address"])
            table.writerows(enumerate(texts))
        start = time.monotonic()
        done = subprocess.run([str(wangge), "address", "--file", str(asked), "--out", str(answered), "--data", str(data)],
                              capture_output=True, text=True)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            raise RuntimeError(f"wangge address ended with {done.returncode}: {done.stderr[-2000:]}")
        answers = read_answers(answered)
    if len(answers) != len(texts):
        raise RuntimeError(f"{len(texts)} addresses were asked, {len(answers)} answered")
    return answers, seconds


def is_among(row, answer):
    """Where more grids are consistent than an answer lists, not claiming one is all that can be asked."""
    return row["true_grid"] in answer.candidates or (int(row["grids"]) > MOST_LISTED and not answer.grid)


class Tally:
    """Counts of one group of rows."""

    def __init__(self):
        self.rows = self.determined = self.right = self.claimed = self.wrong = self.undetermined = self.among = 0
        self.misleading = self.misleading_wrong = self.said_unsure = self.absent = self.absent_among = 0
        self.lengths = []  # candidates listed, to those that are consistent

    def add(self, row, answer):
        truth = row["true_grid"]
        self.rows += 1
        self.claimed += bool(answer.grid)
        wrong = bool(answer.grid) and answer.grid != truth
        self.wrong += wrong
        if row["determined"] == "yes":
            self.determined += 1
            self.right += answer.first == truth
            self.said_unsure += not answer.grid
        elif row["determined"] == "no":
            self.undetermined += 1
            self.among += is_among(row, answer)
            self.lengths.append(len(answer.candidates) / int(row["grids"]))
        elif row["determined"] == "misleading":
            self.misleading += 1
            self.misleading_wrong += wrong
        else:
            self.absent += 1
            self.absent_among += truth in answer.candidates

    def shares(self):
        return share(self.right, self.determined), share(self.wrong, self.rows), share(self.among, self.undetermined)


def share(part, whole):
    return part / whole if whole else None


def percent(value, digits=2):
    return "" if value is None else f"{100 * value:.{digits}f}%"


def table(head, rows):
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in (head, ["---"] * len(head), *rows))


def kinds_of(row):
    """Corruptions; typing errors by where they are, not how."""
    return [re.sub(r"^typo_(similar|sound|drop|double|exchange)_", "typo_", name) for name in row["corruptions"].split()] or ["none"]


def calibration(pairs):
    """[(low, high, count, mean score, share right)] and the expected calibration error."""
    bins = collections.defaultdict(list)
    for answer, right in pairs:
        k = max(i for i, low in enumerate(BINS[:-1]) if answer.score >= low)
        bins[k].append((answer.score, right))
    rows, error = [], 0.0
    for k in sorted(bins):
        scores = [s for s, _ in bins[k]]
        mean, right = sum(scores) / len(scores), sum(r for _, r in bins[k]) / len(scores)
        rows.append((BINS[k], BINS[k + 1], len(scores), mean, right))
        error += len(scores) / len(pairs) * abs(mean - right)
    return rows, error


def draw(scores, path):
    """Score against share right: on the diagonal a score means what it says."""
    drawing = chart.Drawing(600, 500, "Score and share right")
    left, right, top, bottom = 64, 564, 110, 430
    drawing.text(20, 32, "What a score means", 19, bold=True)
    for k, (title, colour) in enumerate((("one grid given", chart.OURS), ("several listed: is the first the true one?", chart.PEER))):
        rows, error, count = scores[k]
        drawing.parts.append(f'<circle cx="27" cy="{50 + 18 * k}" r="5" fill="{colour}" fill-opacity="0.75"/>')
        drawing.text(40, 54 + 18 * k, f"{title}: {count:,} answers, expected calibration error {100 * error:.2f}%", 12, chart.FAINT)

    def at(score, value):
        return left + (right - left) * score, bottom - (bottom - top) * value

    for k in range(0, 11, 2):
        x, y = at(k / 10, k / 10)
        drawing.line(left, y, right, y)
        drawing.text(left - 8, y + 4, f"{k * 10}%", 11, chart.FAINT, "end")
        drawing.text(x, bottom + 18, f"{k / 10:.1f}", 11, chart.FAINT, "middle")
    drawing.line(*at(0, 0), *at(1, 1), chart.PEER_LIGHT, 1.5)
    drawing.text((left + right) / 2, bottom + 40, "score; a dot is a bin of scores, its size the share of answers", 12, chart.FAINT, "middle")
    drawing.text(left, top - 16, "share of answers whose first grid is right", 12, chart.FAINT)
    for (rows, _, count), colour in zip(scores, (chart.OURS, chart.PEER)):
        for _, _, number, score, share_right in rows:
            x, y = at(score, share_right)
            radius = 2.5 + 14 * (number / count) ** 0.5
            drawing.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.75"/>')
    drawing.write(path)


def put_tables(page, tables):
    text = page.read_text(encoding="utf-8")
    for name, made in tables.items():
        text, count = re.subn(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{made}\n{m[2]}", text, flags=re.DOTALL)
        if count != 1:
            raise RuntimeError(f"{page}: has {count} places for the table '{name}'; there must be one")
    aside = page.with_name(f"{page.name}.new-{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(page)


class Evaluation:
    """One set of rows with the answers to them."""

    def __init__(self, title, rows, answers):
        self.title, self.rows, self.answers = title, rows, answers
        self.all, self.by_kind, self.by_level = Tally(), collections.defaultdict(Tally), collections.defaultdict(Tally)
        for row, answer in zip(rows, answers):
            self.all.add(row, answer)
            self.by_level[answer.level].add(row, answer)
            for kind in kinds_of(row):
                self.by_kind[kind].add(row, answer)
        self.scores = []  # (bins, calibration error, answers): of those with a grid, of those that list several
        for with_grid in (True, False):
            pairs = [(a, a.first == r["true_grid"]) for r, a in zip(rows, answers) if bool(a.grid) == with_grid and a.candidates]
            self.scores.append((*(calibration(pairs) if pairs else ([], 0.0)), len(pairs)))
        self.error, self.error_of_several = self.scores[0][1], self.scores[1][1]

    def summary(self):
        t = self.all
        right, wrong, among = t.shares()
        return [self.title, f"{t.rows:,}", f"{t.determined:,}", percent(right), percent(share(t.said_unsure, t.determined)), percent(wrong),
                f"{t.undetermined:,}", percent(among), f"{sorted(t.lengths)[9 * len(t.lengths) // 10]:.1f}" if t.lengths else "", f"{t.misleading_wrong} of {t.misleading}", percent(self.error), percent(self.error_of_several)]

    def absent_summary(self):
        t = self.all
        return [self.title, f"{t.absent:,}", percent(share(t.claimed, t.rows)), percent(share(t.wrong, t.claimed)), percent(share(t.wrong, t.rows)),
                percent(share(t.absent_among, t.absent))]

    def kinds(self):
        rows = []
        for kind, t in sorted(self.by_kind.items(), key=lambda item: -item[1].rows):
            right, wrong, among = t.shares()
            rows.append([kind, f"{t.rows:,}", percent(right), percent(wrong), f"{t.undetermined:,}", percent(among)])
        return table(["corruption", "rows", "right first", "wrong claimed", "undetermined", "true among candidates"], rows)

    def levels(self):
        rows = []
        for level, t in sorted(self.by_level.items(), key=lambda item: -item[1].rows):
            right, wrong, among = t.shares()
            rows.append([level or "(none)", f"{t.rows:,}", percent(share(t.claimed, t.rows)), percent(right), percent(wrong), percent(among)])
        return table(["level", "rows", "with a grid", "right first", "wrong claimed", "true among candidates"], rows)

    def score_table(self):
        rows = []
        for words, (bins, error, count) in zip(("one grid", "several"), self.scores):
            rows += [[words, f"{low:g} to {high:g}", f"{number:,}", f"{mean:.4f}", percent(right)] for low, high, number, mean, right in bins]
            rows.append([words, "all: mean distance", f"{count:,}", "", percent(error)])
        return table(["answer", "score", "answers", "mean score", "first grid right"], rows)

    def failed(self):
        """(what, row, answer) of every row that counts against a target."""
        for row, answer in zip(self.rows, self.answers):
            truth = row["true_grid"]
            if answer.grid and answer.grid != truth:
                yield "wrong claimed", row, answer
            elif row["determined"] == "yes" and answer.first != truth:
                yield "not first", row, answer
            elif row["determined"] == "no" and not is_among(row, answer):
                yield "not among", row, answer

    def misses(self):
        right, wrong, among = self.all.shares()
        found = []
        if right is not None and right < RIGHT:
            found.append(f"{self.title}: right first {percent(right)} of the determined, at least {percent(RIGHT, 0)} wanted")
        limit = ABSENT if self.all.absent else WRONG
        if wrong > limit:
            found.append(f"{self.title}: a wrong grid claimed in {percent(wrong)}, at most {percent(limit, 1)} wanted")
        if among is not None and among < AMONG:
            found.append(f"{self.title}: the true grid among the candidates in {percent(among)} of the undetermined, {percent(AMONG, 0)} wanted")
        return found


ABSENT_HEAD = ["set", "rows", "answered with one grid", "of these wrong", "wrong claimed", "true grid given or listed"]
HEAD = ["set", "rows", "determined", "right first", "of these said to be unsure", "wrong claimed", "undetermined", "true among candidates",
        "nine of ten list at most times the consistent", "wrong of the misleading", "calibration error", "of several"]


def as_they_come(present, absent):
    """The rows of a set and so many of houses that are not in the data that they are one in ten: what scores are fitted to."""
    count = round(len(present.rows) * ABSENT_SHARE / (1 - ABSENT_SHARE))
    if count > len(absent.rows):
        raise RuntimeError(f"{absent.title}: {len(absent.rows)} rows, {count} are needed beside {present.title}")
    return Evaluation("as they come", present.rows + absent.rows[:count], present.answers + absent.answers[:count])


def evaluate(wangge, data, files, answer_files=()):
    done = []
    for k, file in enumerate(files):
        with open(file, encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        if answer_files:
            answers = read_answers(answer_files[k])
        else:
            answers, seconds = ask(wangge, data, [row["text"] for row in rows])
            print(f"{file}: {len(rows)} addresses in {seconds:.2f} s with opening and files", flush=True)
        done.append(Evaluation(pathlib.Path(file).stem, rows, answers))
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wangge", help="the program")
    parser.add_argument("--data", help="data folder with a published province")
    parser.add_argument("--answers", action="append", default=[], help="instead of asking: what wangge-bench-address --answers wrote, one for each set")
    parser.add_argument("--set", required=True, action="append", dest="sets", help="rows of error_model.py; may stand several times")
    parser.add_argument("--docs", action="store_true", help="put the tables and the chart into docs/; details are of the first set, scores of it and, where there is one, of absent-<its name>")
    parser.add_argument("--strict", action="store_true", help="end with 1 where a target is missed")
    parser.add_argument("--worst", type=pathlib.Path, help="write the rows that went wrong here, as JSON lines")
    options = parser.parse_args()
    if len(options.answers) != len(options.sets) and (options.answers or not options.wangge or not options.data):
        parser.error("give --wangge and --data, or --answers for each --set")
    done = evaluate(options.wangge, options.data, options.sets, options.answers)
    first = scored = done[0]
    for e in done:
        if e.title == f"absent-{first.title}":
            scored = as_they_come(first, e)
    tables = {"summary": table(HEAD, [e.summary() for e in done if not e.all.absent]),
              "absent": table(ABSENT_HEAD, [e.absent_summary() for e in done if e.all.absent]), "corruptions": first.kinds(), "levels": first.levels(), "scores": scored.score_table()}
    for name, text in tables.items():
        print(f"\n## {name}\n\n{text}")
    if options.worst:
        with open(options.worst, "w", encoding="utf-8") as file:
            for e in done:
                for what, row, answer in e.failed():
                    print(json.dumps({"set": e.title, "what": what, "text": row["text"], "standard": row["standard"], "truth": row["true_grid"],
                                      "determined": row["determined"], "consistent": row["grids"], "answer": answer.grid, "level": answer.level,
                                      "score": answer.score, "candidates": answer.candidates[:10], "in_all": len(answer.candidates),
                                      "corruptions": row["corruptions"]}, ensure_ascii=False), file=file)
    if options.docs:
        draw(scored.scores, ROOT / "docs/images/address-calibration.svg")
        put_tables(ROOT / "docs/address-quality.md", tables)
    misses = [text for e in done for text in e.misses()]
    print("\n" + ("\n".join(misses) if misses else "every target is met"))
    return 1 if options.strict and misses else 0


if __name__ == "__main__":
    sys.exit(main())
