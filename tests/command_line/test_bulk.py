"""Many positions at once: CSV and binary, files and streams, any number of threads, the summary and the exit codes."""
import array
import fcntl
import gzip
import io
import json
import os
import pathlib
import re
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import zipfile

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

    def test_a_csv_in_utf_16_is_refused_by_name(self):
        for encoding in ("utf-16-le", "utf-16-be"):
            out = self.folder / "utf16.out"
            done = self.locate("--points", "-", "--out", out, code=1, stdin="\ufefflon,lat\n113.3,23.1\n".encode(encoding))
            self.assertIn("is in UTF-16, which is not read; save it as CSV in UTF-8", done.stderr.decode())
            self.assertFalse(out.exists())

    def test_what_is_no_text_is_refused_by_name(self):
        rows = b"lon,lat\n113.3,23.1\n"
        workbook = io.BytesIO()
        with zipfile.ZipFile(workbook, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", rows)
        for content, says in ((gzip.compress(rows), "is compressed with gzip; unpack it first"),
                              (workbook.getvalue(), "is a zip archive or a workbook"),
                              (b"\x28\xb5\x2f\xfd" + rows, "is compressed with zstd"),
                              (b"lon,la\0t\n113.3,23.1\n", "its byte 6 is a control character")):
            done = self.locate("--points", "-", "--out", self.folder / "no-text.out", code=1, stdin=content)
            self.assertIn(says, done.stderr.decode())
            self.assertFalse((self.folder / "no-text.out").exists())

    def test_a_coordinate_that_two_columns_may_hold_is_refused(self):
        rows = b"id,lon,lat,LON\n1,113.3,23.1,99\n"
        done = self.locate("--points", "-", "--out", "-", code=1, stdin=rows)
        self.assertIn("two columns are called 'lon'", done.stderr.decode())
        done = self.locate("--points", "-", "--out", "-", "--lon", "LON", code=0, stdin=rows)
        self.assertEqual(done.stdout.splitlines()[1].split(b",")[3:5], [b"99", b""])
        self.locate("--points", "-", "--out", "-", "--lon", "lon", code=0, stdin=rows)

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
        self.assertIn(f"{len(self.units)} positions", self.first.stderr.decode())
        self.assertEqual(self.first.stdout, b"")
        # Work that is over at once leaves no line (what is quick depends on the machine); longer work says how long it was.
        with subprocess.Popen([cli.PROGRAM, "locate", "--points", "-", "--data", str(self.data)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as slow:
            os.write(slow.stdin.fileno(), b"lon,lat\n")
            while struct.unpack("i", fcntl.ioctl(slow.stdin, termios.FIONREAD, bytes(4)))[0]:  # until it is read, and the work has begun
                self.assertIsNone(slow.poll())
                time.sleep(0.01)
            time.sleep(1.1)
            out, said = slow.communicate(b"113.33,23.13\n", timeout=60)
        self.assertEqual(len(out.splitlines()), 2)
        self.assertRegex(said.decode(), r"(?m)^Locating positions: 1 rows, done in \d+\.\d s$")

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

    def flatgeobuf(self, name, rows, *options):
        """A FlatGeobuf made by ogr2ogr from CSV rows with lon and lat; its features keep their order."""
        table, file = self.folder / f"{name}-source.csv", self.folder / f"{name}.fgb"
        table.write_text(rows, encoding="utf-8")
        subprocess.run(["ogr2ogr", "-f", "FlatGeobuf", file, table, "-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat",
                        "-oo", "AUTODETECT_TYPE=YES", "-oo", "KEEP_GEOM_COLUMNS=NO", "-lco", "SPATIAL_INDEX=NO", *options],
                       check=True)
        return file

    def features(self, file):
        made = self.folder / (file.name + ".geojson")
        made.unlink(missing_ok=True)
        subprocess.run(["ogr2ogr", "-f", "GeoJSON", made, file, "-lco", "COORDINATE_PRECISION=15"], check=True)
        return json.loads(made.read_text(encoding="utf-8"))["features"]

    def test_flatgeobuf_features_keep_their_attributes_and_get_their_grid(self):
        rows = self.rows()[:3000]
        text = "no,名称,share,seen,lon,lat\n" + "".join(
            f"{row[0]},点{row[0]},{int(row[0]) / 3!r},2026-01-{int(row[0]) % 28 + 1:02}T10:00:00,{row[1]},{row[2]}\n" for row in rows)
        file, out = self.flatgeobuf("events", text, "-a_srs", "EPSG:4490"), self.folder / "events-with-grid.fgb"
        done = self.locate("--points", file, "--out", out, "--json")
        summary = json.loads(done.stdout)
        self.assertEqual([summary["rows"], summary["inside"]], [3000, sum(row[4] == "ok" for row in rows)])
        before, after = self.features(file), self.features(out)
        self.assertEqual(len(after), 3000)
        for row, old, new in zip(rows, before, after):
            self.assertEqual(new["geometry"], old["geometry"])
            self.assertEqual(new["properties"], {**old["properties"], **({"grid_code": row[3]} if row[3] else {}), "locate_status": row[4]})
        table = self.folder / "events-with-grid.csv"
        self.locate("--points", file, "--out", table)
        lines = table.read_text(encoding="utf-8").splitlines()
        self.assertEqual(lines[0], "no,名称,share,seen,grid_code,locate_status,lon,lat")
        self.assertEqual([line.split(",")[4:6] for line in lines[1:]], [row[3:5] for row in rows])
        self.assertEqual([[float(x) for x in line.split(",")[6:]] for line in lines[1:]],
                         [[float(row[1]), float(row[2])] for row in rows])

    def test_flatgeobuf_in_another_system_is_read_by_what_it_says(self):
        rows = [row for row in self.rows() if row[4] == "ok"][:200]
        text = "no,lon,lat\n" + "".join(f"{row[0]},{row[1]},{row[2]}\n" for row in rows)
        file = self.flatgeobuf("zone", text, "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4547")
        out = self.folder / "zone-with-grid.csv"
        self.locate("--points", file, "--out", out)
        # Metres are rounded on the way; a position on a border may fall to the other side.
        codes = [line.split(",")[1] for line in out.read_text().splitlines()[1:]]
        self.assertGreater(sum(code == row[3] for code, row in zip(codes, rows)), 195)

    def test_flatgeobuf_that_cannot_be_answered_is_refused_and_nothing_is_left(self):
        good = self.flatgeobuf("good", "no,lon,lat\n" + "".join(f"{i},113.3,23.1\n" for i in range(500)), "-a_srs", "EPSG:4490")
        out = self.folder / "never.fgb"

        def refused(file, *options, code, word, to=out):
            done = self.locate("--points", file, "--out", to, *options, code=code)
            self.assertIn(word, done.stderr.decode())
            self.assertFalse(pathlib.Path(to).exists())

        cut = self.folder / "cut.fgb"
        for share in (0.01, 0.3, 0.9):
            cut.write_bytes(good.read_bytes()[: int(good.stat().st_size * share)])
            refused(cut, code=1, word="cut short")
        other = self.folder / "other.fgb"
        other.write_text("this is no FlatGeobuf")
        refused(other, code=1, word="is not a FlatGeobuf")
        refused(self.folder / "nowhere.fgb", code=1, word="nowhere.fgb")
        refused(self.flatgeobuf("no-crs", "no,lon,lat\n1,113.3,23.1\n"), code=1, word="--crs")
        refused(self.flatgeobuf("again", "grid_code,lon,lat\n1,113.3,23.1\n", "-a_srs", "EPSG:4490"), code=1, word="grid_code")
        refused(good, "--binary", "e7", code=2, word="--binary")
        refused(good, code=2, word=".fgb", to=self.folder / "never.gpkg")
        table = self.folder / "table.csv"
        table.write_text("lon,lat\n113.3,23.1\n")
        refused(table, code=2, word="only those for a .fgb")
        areas = self.folder / "areas.fgb"
        cli.run("export", "towns", "--format", "FlatGeobuf", "--out", areas, "--data", self.data, check=0)
        refused(areas, code=1, word="positions are points")
        self.assertEqual([name for name in os.listdir(self.folder) if ".new-" in name], [])
        self.locate("--points", self.flatgeobuf("told", "no,lon,lat\n1,113.3,23.1\n"), "--crs", "EPSG:4490", "--out", out)
        self.assertEqual(len(self.features(out)), 1)
        out.unlink()

    def test_flatgeobuf_features_without_a_position_are_told(self):
        file, out = self.flatgeobuf("faults", "no,lon,lat\n1,113.3,95\n2,113.3,20\n", "-a_srs", "EPSG:4490"), self.folder / "told.csv"
        self.locate("--points", file, "--out", out, code=1)
        self.assertEqual(out.read_text().splitlines(), ["no,grid_code,locate_status,lon,lat", "1,,bad_position,,", "2,,outside,113.3,20"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
