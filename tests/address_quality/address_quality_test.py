"""Is the geocoder as good as it has to be? Whole province, seeds that nobody fitted it to; then real addresses where they are.

usage: address_quality_test.py --wangge PROGRAM --folder DIR
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "geodata/guangdong"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import evaluate  # noqa: E402
import real_addresses  # noqa: E402

# name, preset, seed, rows, houses
SETS = (("citizen", "citizen", 20261126, 20_000, "present"), ("light", "light", 20261127, 5_000, "present"),
        ("hard", "hard", 20261128, 5_000, "present"), ("absent", "standard", 20261129, 5_000, "absent"),
        ("absent-citizen", "citizen", 20261130, 5_000, "absent"))
FAILED = []


def check(fact, sentence):
    print(f"{'ok  ' if fact else 'FAIL'} {sentence}", flush=True)
    if not fact:
        FAILED.append(sentence)


def run(*arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr[-2000:]}")


def error_model(synth, folder, *arguments):
    run(sys.executable, pathlib.Path(__file__).with_name("error_model.py"), "--synth", synth, "--cache", folder / "cache", *arguments)


def make_province(wangge, folder):
    """All grids, and nine of ten houses: the others are asked for as those that nobody has imported."""
    synth, data = folder / "synth", folder / "data"
    run(wangge, "synth", "--out", synth)
    error_model(synth, folder, "--present-addresses", folder / "addresses.csv")
    run(wangge, "init", "--data", data)
    for what, file in (("divisions", REFERENCE / "divisions.tsv"), ("divisions", REFERENCE / "counties.geojson"),
                       ("boundaries", synth / "boundaries.gpkg"), ("addresses", folder / "addresses.csv")):
        run(wangge, "import", what, file, "--data", data)
    run(wangge, "publish", "--approver", "approver", "--data", data)
    return synth, data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wangge", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    synth, data = make_province(options.wangge, options.folder)
    done = {}
    for name, preset, seed, rows, houses in SETS:
        file = options.folder / f"{name}.csv"
        error_model(synth, options.folder, "--out", file, "--seed", seed, "--preset", preset, "--rows", rows, "--houses", houses)
        found, = evaluate.evaluate(options.wangge, data, [file])
        if houses == "absent":
            print(evaluate.table(evaluate.ABSENT_HEAD, [found.absent_summary()]), flush=True)
        else:
            print(evaluate.table(evaluate.HEAD, [found.summary()]), flush=True)
        if preset == "hard":
            check(found.all.wrong <= 3 * evaluate.WRONG * found.all.rows, "even of hard texts few get a wrong grid as a certain one")
        else:
            check(not found.misses(), "; ".join(found.misses()) or f"{name}: every target is met")
        done[name] = found
    scored = evaluate.as_they_come(done["citizen"], done["absent-citizen"])
    for kind, error, most in (("of one grid", scored.error, evaluate.CALIBRATION),
                              ("where several are listed", scored.error_of_several, evaluate.CALIBRATION_OF_SEVERAL)):
        check(error <= most, f"scores {kind} are calibrated to {evaluate.percent(error)}")

    texts = [row["text"] for row in found.rows]  # of the last set
    forward, _ = evaluate.ask(options.wangge, data, texts)
    backward, _ = evaluate.ask(options.wangge, data, texts[::-1])
    differ = sum(vars(a) != vars(b) for a, b in zip(forward, reversed(backward)))
    check(differ == 0, f"{differ} of {len(texts)} answers depend on what was asked before")

    real = os.environ.get("WANGGE_REAL_ADDRESSES")
    if not real:
        print("skip real addresses: WANGGE_REAL_ADDRESSES names no file")
    else:
        labelled = real_addresses.load(real)
        answers, _ = evaluate.ask(options.wangge, data, [text for text, _ in labelled])
        shares, asked, failures = real_addresses.judge(labelled, answers)
        for failure in failures:
            print("     line {}: {} is {}, answered {}".format(*failure))
        check(shares["city"] >= real_addresses.CITY, f"city right in {evaluate.percent(shares['city'])} of {asked['city']} real addresses")
        check(shares["county"] >= real_addresses.COUNTY, f"county right in {evaluate.percent(shares['county'])} of {asked['county']} that imply one")
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
