"""kill -9 during import and during publish: the registry and the last published snapshot stay whole."""
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

SCALE = "county:440106"
ROUNDS = int(os.environ.get("WANGGE_KILL_ROUNDS", "12"))


def grid_rows(data):
    with sqlite3.connect(f"file:{data}/registry.sqlite?mode=ro", uri=True) as registry:
        assert registry.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        return registry.execute("SELECT count(*) FROM grid_version").fetchone()[0]


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth = cls.folder / "synth"
        cli.run("synth", "--out", cls.synth, "--scale", SCALE, check=0)
        cls.empty = cls.folder / "empty"
        cli.start_registry(cls.empty)
        cls.seed = int(os.environ.get("WANGGE_TEST_SEED", "20261124"))
        print("seed", cls.seed)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def timed(self, data, *arguments):
        start = time.monotonic()
        cli.run(*arguments, "--data", data, check=0)
        return time.monotonic() - start

    def killed(self, data, delay, *arguments):
        process = subprocess.Popen([cli.PROGRAM, *map(str, arguments), "--data", str(data)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        return process.wait()

    def test_an_import_is_whole_or_not_at_all(self):
        data = self.folder / "whole"
        shutil.copytree(self.empty, data)
        seconds = self.timed(data, "import", "boundaries", self.synth / "boundaries.gpkg")
        everything = grid_rows(data)
        chance = random.Random(self.seed)
        for turn in range(ROUNDS):
            victim = self.folder / f"import-{turn}"
            shutil.copytree(self.empty, victim)
            self.killed(victim, chance.uniform(0, seconds * 1.1), "import", "boundaries", self.synth / "boundaries.gpkg")
            self.assertIn(grid_rows(victim), (0, everything))
            cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", victim, check=0)
            self.assertEqual(grid_rows(victim), everything)
            shutil.rmtree(victim)

    def test_a_publish_leaves_the_last_snapshot_whole(self):
        base = self.folder / "published"
        shutil.copytree(self.empty, base)
        cli.run("import", "boundaries", self.synth / "boundaries.gpkg", "--data", base, check=0)
        first = cli.run_json("publish", "--approver", "approver", "--data", base)
        # A change to publish: the names of the divisions stay, one grid gets a new name through a new file.
        renamed = self.folder / "renamed.gpkg"
        shutil.copy(self.synth / "boundaries.gpkg", renamed)
        subprocess.run(["ogrinfo", "-q", str(renamed), "-sql",
                        "UPDATE grids SET 网格名称 = '改名' WHERE fid = 1"], check=True, capture_output=True)
        cli.run("import", "boundaries", renamed, "--data", base, check=0)
        probe = self.folder / "probe"
        shutil.copytree(base, probe)
        seconds = self.timed(probe, "publish", "--approver", "approver")
        expected = cli.run_json("publish", "--approver", "approver", "--data", probe)["digest"]
        self.assertNotEqual(expected, first["digest"])
        chance = random.Random(self.seed)
        for turn in range(ROUNDS):
            victim = self.folder / f"publish-{turn}"
            shutil.copytree(base, victim)
            self.killed(victim, chance.uniform(0, seconds * 1.1), "publish", "--approver", "approver")
            answer = cli.run_json("locate", "113.33", "23.13", "--data", victim)
            self.assertIn(answer["receipt"]["generation"], (1, 2))
            self.assertEqual(cli.run_json("publish", "--approver", "approver", "--data", victim)["digest"], expected)
            self.assertEqual(cli.run_json("locate", "113.33", "23.13", "--data", victim)["receipt"]["generation"], 2)
            shutil.rmtree(victim)


if __name__ == "__main__":
    unittest.main(verbosity=2)
