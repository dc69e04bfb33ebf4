"""Runs each benchmark on a tiny coverage: it must end, be complete, and give no wrong answer. Times decide nothing."""
import csv
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WANGGE_BUILD", ROOT / "build/release"))
os.environ.setdefault("WANGGE", str(BUILD / "wangge"))
sys.path.insert(0, str(ROOT / "tests"))
from support import wangge_cli  # noqa: E402
TINY = ["--synthetic", "60", "--runs", "1", "--json"]
WAYS = {"single", "dependent", "batch", "sorted"}
KINDS = {"uniform", "clustered", "near-vertices", "box"}


def run(program, *arguments, expect=0):
    done = subprocess.run([BUILD / f"wangge-bench-{program}", *arguments], capture_output=True, text=True, timeout=250)
    if done.returncode != expect:
        raise AssertionError(f"{program} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def ask(program, *arguments):
    return json.loads(run(program, *arguments).stdout)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lookup = ask("lookup", *TINY, "--points", "3000", "--peer-points", "1000", "--peer-runs", "1", "--peers", "scan")
        cls.bulk = ask("bulk", *TINY, "--rows", "2000", "--no-peer")
        cls.build = ask("build", *TINY, "--peers", "scan")
        cls.growth = ask("growth", "--sizes", "20,60", "--points", "2000", "--runs", "1", "--json")
        cls.check = ask("check", "--synthetic", "400", "--runs", "1", "--json", "--defects", "10")
        cls.folder = tempfile.TemporaryDirectory()
        synth, data = wangge_cli.make_province(cls.folder.name, "county:440103")
        cls.texts = pathlib.Path(cls.folder.name) / "texts.csv"
        subprocess.run([sys.executable, ROOT / "tests/address_quality/error_model.py", "--synth", synth, "--cache", cls.folder.name, "--out", cls.texts,
                        "--rows", "300", "--preset", "standard"], check=True, capture_output=True)
        cls.address_data = ["--data", data, "--addresses", synth / "addresses.csv", "--texts", cls.texts]
        cls.answers = pathlib.Path(cls.folder.name) / "answers.csv"
        cls.address = ask("address", *cls.address_data, "--runs", "1", "--builds", "1", "--json", "--answers", cls.answers)
        cls.all = {"lookup": cls.lookup, "bulk": cls.bulk, "build": cls.build, "growth": cls.growth, "check": cls.check, "address": cls.address}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_each_report_names_the_machine_the_seed_and_its_memory(self):
        for name, report in self.all.items():
            with self.subTest(name):
                for field in ("cpu", "cores", "memory_bytes", "compiler", "flags", "kernel"):
                    self.assertTrue(report["machine"][field], field)
                self.assertEqual(report["seed"], 20240601)
                self.assertGreater(report["peak_rss_bytes"], 1 << 20)

    def test_no_answer_is_wrong(self):
        for name, report in self.all.items():
            with self.subTest(name):
                self.assertEqual(report["wrong"], 0)
        # Each kind of positions, in two orders, against a scan that shares no code with the index.
        self.assertEqual(self.lookup["compared"], 2 * 1000 * len(KINDS))
        self.assertEqual(self.bulk["compared"], 2000)

    def test_a_lookup_report_has_every_kind_and_way_with_its_times(self):
        ours = [row for row in self.lookup["rows"] if row["subject"] == "wangge" and row["count"] == 3000]
        self.assertEqual({(row["points"], row["how"]) for row in ours}, {(kind, way) for kind in KINDS for way in WAYS})
        for row in self.lookup["rows"]:
            for clock in ("cpu_s", "wall_s"):
                self.assertLessEqual(0, row[clock]["min"])
                self.assertLessEqual(row[clock]["min"], row[clock]["median"])
                self.assertLessEqual(row[clock]["median"], row[clock]["max"])

    def test_a_lookup_report_says_what_a_read_from_memory_takes(self):
        self.assertTrue(0 < self.lookup["facts"]["memory_wait_ns"] < 1e5)

    def test_uniform_positions_all_lie_in_a_grid_and_those_of_the_box_do_not(self):
        inside = {row["points"]: row["inside"] for row in self.lookup["rows"] if row["how"] == "batch" and row["count"] == 3000}
        self.assertEqual(inside["uniform"], 3000)
        self.assertTrue(0 < inside["box"] < 3000)

    def test_a_build_report_has_size_and_peak(self):
        rows = {row["subject"]: row for row in self.build["rows"]}
        self.assertEqual(rows["wangge"]["index_bytes"], self.build["facts"]["index_bytes_published"])
        self.assertGreater(rows["wangge"]["peak_bytes"], 0)
        self.assertIn("scan", rows)

    def test_growth_has_one_build_for_each_size(self):
        self.assertEqual(len([row for row in self.growth["rows"] if row["how"] == "build"]), 2)

    def test_a_check_report_has_a_clean_coverage_planted_defects_and_two_layers(self):
        rows = {row["how"]: row for row in self.check["rows"]}
        self.assertEqual(set(rows), {"clean", "planted defects", "two layers"})
        self.assertEqual(rows["clean"]["problems"], 0)
        self.assertEqual(rows["planted defects"]["planted"], 10)
        self.assertGreaterEqual(rows["planted defects"]["problems"], 10)
        self.assertGreater(rows["two layers"]["problems"], rows["two layers"]["count"])

    def test_an_address_report_has_building_and_answering_and_standard_addresses_are_found(self):
        rows = {(row["subject"], row["how"]): row for row in self.address["rows"]}
        self.assertEqual(rows["wangge", "batch"]["count"], 300)
        self.assertGreater(rows["wangge", "batch"]["right"], 0.99)
        self.assertEqual(rows["wangge", "build"]["count"], self.address["facts"]["addresses"])
        self.assertGreater(rows["wangge", "build"]["index_bytes"], 100_000)
        with open(self.answers, encoding="utf-8", newline="") as answers, open(self.texts, encoding="utf-8", newline="") as texts:
            pairs = list(zip(csv.DictReader(answers), csv.DictReader(texts)))
        self.assertEqual(len(pairs), 300)
        self.assertGreater(sum(answer["grid_code"] == text["true_grid"] for answer, text in pairs), 290)
        self.assertEqual({(answer["city"], answer["county"]) for answer, _ in pairs}, {("广州市", "荔湾区")})

    def test_the_same_seed_asks_the_same_positions_and_another_others(self):
        def inside(seed):
            report = ask("lookup", *TINY, "--points", "3000", "--peers", "none", "--kinds", "box", "--only", "batch", "--seed", seed)
            return report["rows"][0]["inside"]

        self.assertEqual(inside("1"), inside("1"))
        self.assertGreater(len({inside(str(seed)) for seed in range(1, 5)}), 1)

    def test_what_is_not_there_is_said(self):
        self.assertIn("there is no 'oracle'", run("lookup", *TINY, "--peers", "oracle", expect=2).stderr)
        self.assertIn("there are: uniform", run("lookup", *TINY, "--kinds", "square", "--peers", "none", expect=2).stderr)
        self.assertIn("nowhere", run("lookup", "--data", "/nowhere", expect=1).stderr)
        run("lookup", expect=2)

    def test_charts_and_tables_are_made_of_the_reports(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            for name, report in self.all.items():
                (out / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
            subprocess.run([sys.executable, ROOT / "tools/bench/chart.py", out], check=True)
            for image in ("lookup-rates.svg", "growth.svg"):
                self.assertTrue((out / image).read_text(encoding="utf-8").rstrip().endswith("</svg>"))
            page = out / "page.md"
            page.write_text("".join(f"<!-- table {name} -->\nold\n<!-- end -->\n" for name in ("machine", *self.all)), encoding="utf-8")
            subprocess.run([sys.executable, ROOT / "tools/bench/tables.py", out, "--into", page], check=True)
            text = page.read_text(encoding="utf-8")
            self.assertNotIn("old\n", text)
            self.assertIn("| wangge, batch sorted |", text)

    def test_the_page_of_benchmarks_has_a_place_for_every_table_and_its_commands_run(self):
        page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
        for name in ("machine", "lookup", "bulk", "build", "growth", "misses", "check", "address"):
            self.assertEqual(len(re.findall(rf"<!-- table {name} -->\n", page)), 1, name)
        commands = re.findall(r"^build/bench/wangge-bench-(.*)$", page, re.MULTILINE)
        self.assertEqual({shlex.split(command)[0] for command in commands}, {"lookup", "bulk", "build", "growth", "check", "address"})
        for command in commands:
            words = shlex.split(command, comments=True)
            words = [word for word in words if word != "--data" and word != "build/demo"]
            with self.subTest(command):
                if words[0] == "address" and "--help" not in words:
                    run("address", *self.address_data, "--builds", "1")
                    continue
                if words[0] == "growth":
                    words += ["--sizes", "20"]  # the last of a repeated option counts
                else:
                    words += ["--synthetic", "60"]
                run(words[0], *words[1:], *{"lookup": ["--points", "500"], "bulk": ["--rows", "500", "--no-peer"],
                                            "growth": ["--points", "500"]}.get(words[0], []))


if __name__ == "__main__":
    unittest.main()
