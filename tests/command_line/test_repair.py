"""`wangge repair` on a layer with planted defects: what it says, what it writes, and that the input stays."""
import csv
import hashlib
import pathlib
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def attributes(path, layer):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.text_factory = lambda text: text.decode(errors="replace")  # some is planted that is not UTF-8
        columns = [r[1] for r in db.execute(f'PRAGMA table_info("{layer}")') if r[1] not in ("fid", "geom")]
        names = ", ".join(f'"{c}"' for c in columns)
        return columns, db.execute(f'SELECT {names} FROM "{layer}" ORDER BY fid').fetchall()


class Repair(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cli.run("synth", "--out", cls.folder / "synth", "--scale", "county:440106", "--dirty", check=0)
        cls.file = cls.folder / "synth/boundaries.gpkg"
        with open(cls.folder / "synth/defects.csv", encoding="utf-8", newline="") as defects:
            cls.defects = list(csv.DictReader(defects))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_planted_slivers_and_missing_vertices_are_repaired_and_nothing_else_is_lost(self):
        before = digest(self.file)
        fixed, report = self.folder / "fixed.gpkg", self.folder / "report.gpkg"
        done = cli.run_json("repair", self.file, "--tolerance", "0.3", "--out", fixed, "--report", report, check=1)
        self.assertEqual(before, digest(self.file))
        self.assertEqual(attributes(self.file, "grids"), attributes(fixed, "grids"))
        accepted = [p for p in done["proposals"] if p["accepted"]]
        for kind in ("sliver", "edge_not_matched"):
            planted = [frozenset(d["grid_codes"].split(";")) for d in self.defects if d["kind"] == kind]
            self.assertGreater(len(planted), 3)
            changed = {g for p in accepted for g in p["grids"]}
            for pair in planted:
                self.assertTrue(pair & changed, (kind, pair))
        self.assertTrue(all(p["greatest_move_m"] <= 0.3 for p in accepted))
        again = cli.run_json("repair", fixed, "--tolerance", "0.3", check=1)
        self.assertEqual(0, again["accepted"])
        with sqlite3.connect(f"file:{report}?mode=ro", uri=True) as db:
            for layer in ("repair_before", "repair_after"):
                self.assertEqual(sum(len(p["grids"]) for p in done["proposals"] if p["kind"] != "none"),
                                 db.execute(f"SELECT count(*) FROM {layer}").fetchone()[0])
            self.assertEqual(len(done["proposals"]),
                             db.execute("SELECT count(*) FROM repair_places").fetchone()[0])
            self.assertGreater(db.execute("SELECT count(*) FROM repair_moved").fetchone()[0], 0)

    def test_the_commands_of_the_page_work_as_they_are_written(self):
        page = (cli.ROOT / "docs/repair.md").read_text(encoding="utf-8")
        lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
                 for line in block.splitlines()]
        self.assertEqual(3, len(lines))
        with tempfile.TemporaryDirectory() as folder:
            for line in lines:
                words = shlex.split(line)
                self.assertEqual("wangge", words[0])
                words = words[1:] + (["--reference", str(cli.REFERENCE)] if words[1] == "synth" else [])
                done = subprocess.run([str(pathlib.Path(cli.PROGRAM).resolve()), *words], cwd=folder, capture_output=True,
                                      text=True)
                self.assertEqual(0 if words[0] == "synth" else 1, done.returncode, line + done.stderr)
            self.assertTrue((pathlib.Path(folder) / "proposals.gpkg").exists())
            self.assertTrue((pathlib.Path(folder) / "fixed.gpkg").exists())

    def test_wrong_use_is_refused_and_writes_nothing(self):
        for arguments, says in ((("--tolerance", "0"), "tolerance"),
                                (("--tolerance", "0.3", "--out", self.file), "never changed"),
                                (("--tolerance", "0.3", "--out", self.folder / "x.shp"), ".gpkg"),
                                (("--tolerance", "0.3", "--code", "nothing"), "no column")):
            before = digest(self.file)
            done = cli.run("repair", self.file, *arguments, check=2)
            self.assertIn(says, done.stderr)
            self.assertEqual(before, digest(self.file))
        self.assertFalse((self.folder / "x.shp").exists())


if __name__ == "__main__":
    unittest.main()
