"""Cities and counties of real addresses against labels made by hand.

The addresses are no part of the project: the environment variable WANGGE_REAL_ADDRESSES names the file (one a line). The labels,
real_addresses_truth.tsv, know each line by its number and the beginning of its SHA-256:
  city     code; - where the text does not say it
  county   code; several with / where an old name stands for more than one of today; ! before a code that a road's name
           seems to say and that is wrong; - where neither a county, a town nor a village, nor a former name of one, is named
"""
import csv
import hashlib
import pathlib

DIVISIONS = pathlib.Path(__file__).resolve().parents[2] / "geodata/guangdong/divisions.tsv"
TRUTH = pathlib.Path(__file__).resolve().parent / "real_addresses_truth.tsv"
CITY, COUNTY = 0.99, 0.97  # the targets


def load(path):
    """[(text, label)]; raises where the file is not the one that was labelled."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    with open(TRUTH, encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file, delimiter="\t"))
    if len(labels) != len(lines):
        raise RuntimeError(f"{path}: {len(lines)} lines, {len(labels)} are labelled")
    for text, label in zip(lines, labels):
        if hashlib.sha256(text.encode()).hexdigest()[:12] != label["sha256"]:
            raise RuntimeError(f"{path}: line {label['line']} is not the one that was labelled")
    return list(zip(lines, labels))


def names():
    with open(DIVISIONS, encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file, delimiter="\t")}


def is_right(label, name, name_of):
    """Is `name`, as the product gives it, what the label wants? None where nothing is asked."""
    if label == "-":
        return None
    if label.startswith("!"):
        return name != name_of[label[1:]]
    return name in [name_of[code] for code in label.split("/")]


def judge(labelled, answers):
    """(shares right of cities and counties, how many of each were asked, [(line, what, label, answer)] of the wrong ones)"""
    name_of = names()
    failures, asked, right = [], {"city": 0, "county": 0}, {"city": 0, "county": 0}
    for (_, label), answer in zip(labelled, answers):
        for what in ("city", "county"):
            verdict = is_right(label[what], getattr(answer, what), name_of)
            if verdict is not None:
                asked[what] += 1
                right[what] += verdict
                if not verdict:
                    failures.append((label["line"], what, label[what], getattr(answer, what)))
    return {what: right[what] / asked[what] for what in asked}, asked, failures
