"""Many positions at once: CSV and binary, files and streams, any number of threads, the summary and the exit codes."""
import array
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"
NO_POSITION = 2**64 - 1


def little_endian(kind, values):
    numbers = array.array(kind, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


class Bulk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        _, cls.data = cli.make_province(cls.folder, SCALE)
        # A lattice of positions over the district and beyond, in whole units of 1e-7 degree.
        cls.units = [(lon, lat) for lat in range(230700000, 232500000, 30011) for lon in range(1132000000, 1134500000, 50021)]
        cls.csv = cls.folder / "positions.csv"
        with open(cls.csv, "w", encoding="utf-8") as file:
            file.write("no,lon,lat\n")
            for i, (lon, lat) in enumerate(cls.units):
                file.write(f"{i},{lon // 10**7}.{lon % 10**7:07},{lat // 10**7}.{lat % 10**7:07}\n")
        cls.located = cls.folder / "located.csv"
        cls.first = cls.locate(cls, "--points", cls.csv, "--out", cls.located, "--threads", "1")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def locate(self, *arguments, stdin=None, code=0):
        done = subprocess.run([cli.PROGRAM, "locate", *map(str, arguments), "--data", str(self.data)], input=stdin,
                              capture_output=True, timeout=300)
        if done.returncode != code:
            raise AssertionError(f"exit code {done.returncode}, expected {code}: {done.stderr.decode()}")
        return done

    def rows(self):
        return [line.split(",") for line in self.located.read_text().splitlines()[1:]]

    def test_answers_are_those_of_single_questions(self):
        rows = self.rows()
        self.assertEqual(len(rows), len(self.units))
        inside = [row for row in rows if row[4] == "ok"]
        self.assertGreater(len(inside), 200)
        self.assertGreater(len(rows) - len(inside), 200)
        for row in rows[:: len(rows) // 40]:
            answer = cli.run_json("locate", row[1], row[2], "--data", self.data)
            self.assertEqual(answer["grid"]["code"] if answer["found"] else "", row[3])

    def test_the_bytes_do_not_depend_on_threads_nor_on_files_or_streams(self):
        expected = self.located.read_bytes()
        for threads in ("2", "5"):
            out = self.folder / f"threads-{threads}.csv"
            self.locate("--points", self.csv, "--out", out, "--threads", threads)
            self.assertEqual(out.read_bytes(), expected)
        self.assertEqual(self.locate("--points", self.csv).stdout, expected)
        self.assertEqual(self.locate("--points", "-", "--out", "-", stdin=self.csv.read_bytes()).stdout, expected)

    def test_binary_answers_are_those_of_the_csv(self):
        expected = little_endian("Q", [int(row[3] or 0) for row in self.rows()])
        e7 = little_endian("i", [unit for position in self.units for unit in position])
        f64 = little_endian("d", [unit / 1e7 for position in self.units for unit in position])
        for form, records in (("e7", e7), ("f64", f64)):
            file, out = self.folder / f"positions.{form}", self.folder / f"codes.{form}"
            file.write_bytes(records)
            for threads in ("1", "3"):
                self.locate("--points", file, "--binary", form, "--out", out, "--threads", threads)
                self.assertEqual(out.read_bytes(), expected)
            self.assertEqual(self.locate("--points", "-", "--binary", form, stdin=records).stdout, expected)

    def test_a_binary_record_without_a_position_is_told_and_one_that_is_cut_short_is_refused(self):
        nan = float("nan")
        done = self.locate("--points", "-", "--binary", "f64", stdin=little_endian("d", [nan, 23, 113, 91, 113, 20]), code=1)
        self.assertEqual(done.stdout, little_endian("Q", [NO_POSITION, NO_POSITION, 0]))
        self.assertIn(b"3 positions: 0 in a grid, 1 outside, 2 not readable.", done.stderr)
        short, out = self.folder / "short.bin", self.folder / "short.out"
        short.write_bytes(bytes(21))
        done = self.locate("--points", short, "--binary", "e7", "--out", out, code=1)
        self.assertRegex(done.stderr.decode(), r"short\.bin: ends inside record 3, where each has 8 bytes")
        self.assertFalse(out.exists())
        self.assertEqual([name for name in os.listdir(self.folder) if ".new-" in name], [])

    def test_the_summary_is_json_on_request_and_never_among_the_answers(self):
        out = self.folder / "summary.csv"
        summary = json.loads(self.locate("--points", self.csv, "--out", out, "--json").stdout)
        self.assertEqual(list(summary), ["rows", "inside", "outside", "faults", "seconds"])
        inside = sum(row[4] == "ok" for row in self.rows())
        self.assertEqual([summary[name] for name in ("rows", "inside", "outside", "faults")],
                         [len(self.units), inside, len(self.units) - inside, 0])
        self.assertGreater(summary["seconds"], 0)
        done = self.locate("--points", self.csv, "--json")
        self.assertEqual(done.stdout, self.located.read_bytes())
        self.assertEqual(json.loads(re.search(r"\{.*\}", done.stderr.decode(), re.DOTALL)[0])["rows"], len(self.units))

    def test_progress_is_told_on_standard_error(self):
        self.assertIn(f"{len(self.units)} rows", self.first.stderr.decode())
        self.assertEqual(self.first.stdout, b"")

    def test_a_device_is_written_and_stays_a_device(self):
        self.locate("--points", self.csv, "--out", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_wrong_usage_is_refused(self):
        for arguments, word in ((["--binary", "e8"], "e8"), (["--binary", "e7", "--lon", "x"], "--lon"),
                                (["--binary", "e7", "--crs", "EPSG:4547"], "EPSG:4547"), (["--threads", "0"], "--threads"),
                                (["--crs", "EPSG:99999"], "EPSG:99999")):
            done = self.locate("--points", self.csv, *arguments, code=2)
            self.assertIn(word, (done.stdout + done.stderr).decode())
        self.assertEqual(cli.run("locate", "113.3", "23.1", "--binary", "e7", "--data", self.data).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
