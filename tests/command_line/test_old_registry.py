"""A registry of an earlier Wangge with an import that waits in the draft, and another import into that draft by this one."""
import contextlib
import hashlib
import json
import pathlib
import re
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
import registry_oracle
import small_town
from support import wangge_cli as cli

SCHEMA = cli.ROOT / "geodata/schema"
LAST = 10  # the last migration of the earlier program


def statements(text):
    """Of an SQL file, one by one."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def made_by(number):
    """Tables that the migration makes."""
    file, = SCHEMA.glob(f"{number:03}_*.sql")
    return [line.split()[2] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("CREATE TABLE ")]


def make_old(file):
    """Takes back what later migrations did to the file, and what only later programs keep of an import."""
    newest = max(int(file.name[:3]) for file in SCHEMA.glob("*.sql"))
    later = list(dict.fromkeys(table for number in range(LAST + 1, newest + 1) for table in made_by(number)))
    before = {table for number in range(2, LAST + 1) for table in made_by(number)}
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN")
        for table in later:
            assert table not in before or db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
            db.execute(f"DROP TABLE {table}")
        for remade in set(later) & before:
            for path in sorted(SCHEMA.glob("*.sql"))[:LAST]:
                for statement in statements(path.read_text(encoding="utf-8")):
                    lines = [line for line in statement.splitlines() if not line.startswith("--")]
                    if any(f"TABLE {remade} " in line or f" ON {remade} " in line or line.endswith(f" ON {remade}") for line in lines[:3]):
                        db.execute("\n".join(lines))
        guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'change_set_version'").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM change_set_version")
        for _, sql in guards:
            db.execute(sql)
        present = {(kind, name): hashlib.sha256((sql or "").encode()).hexdigest()
                   for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema")}
        db.execute("DELETE FROM schema_object WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema s WHERE s.type = schema_object.type "
                   "AND s.name = schema_object.name)")
        for (kind, name), digest in present.items():
            db.execute("UPDATE schema_object SET sha256 = ? WHERE type = ? AND name = ?", (digest, kind, name))
        db.execute("DELETE FROM schema_version WHERE number > ?", (LAST,))
        db.execute("COMMIT")


class OldRegistry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.inputs = cls.folder / "in"
        cls.inputs.mkdir()
        cls.codes, _, _ = small_town.make(cls.inputs)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def run_on(self, data, *words, code=0):
        return cli.run(*words, "--data", data, check=code)

    def imported(self, data, name, what="boundaries"):
        self.run_on(data, "import", what, self.inputs / name, "--effective", "2026-03-01", "--author", "gis")
        with contextlib.closing(sqlite3.connect(f"file:{data / 'registry.sqlite'}?mode=ro", uri=True)) as db:
            return db.execute("SELECT max(id) FROM change_set").fetchone()[0]

    def published(self, data):
        self.run_on(data, "publish", "--effective", "2026-04-01", "--author", "gis", "--approver", "chief")
        registry = registry_oracle.Registry(data / "registry.sqlite")
        self.assertEqual([], registry.faults)
        return registry.facts["generations"][-1][3]

    def undone(self, data, number):
        words = ["--author", "ann", "--json"]
        draft = str(json.loads(self.run_on(data, "changes", "undo", "--import", number, *words).stdout)["change_set"])
        self.run_on(data, "changes", "check", draft, "--author", "ann")
        self.run_on(data, "changes", "approve", draft, "--approver", "ben")
        self.run_on(data, "changes", "apply", draft, "--author", "ann")
        return self.published(data)

    def with_a_draft(self, name, old):
        """Published grids and an import that waits; then, as this program, another import into the draft."""
        data = self.folder / name
        self.run_on(data, "init")
        for file in ("divisions.tsv", "outlines.geojson"):
            self.run_on(data, "import", "divisions", self.inputs / file, "--effective", "2025-01-01", "--author", "gis")
        self.imported(data, "grids.gpkg")
        first = self.published(data)
        waiting = self.imported(data, "changed.geojson")
        if old:
            make_old(data / "registry.sqlite")
        second = self.imported(data, "later.geojson")
        self.assertEqual(waiting + 1, second)
        return data, first, waiting, second

    def test_two_imports_of_two_programs_are_published_and_undone_like_those_of_one(self):
        new, first, waiting, second = self.with_a_draft("new", False)
        old, *same = self.with_a_draft("old", True)
        self.assertEqual([first, waiting, second], same)
        both = self.published(new)
        self.assertNotEqual(first, both)
        self.assertEqual(both, self.published(old))
        for code in (self.codes[3], self.codes[7]):
            said = [self.run_on(data, "history", code, "--json").stdout for data in (new, old)]
            self.assertEqual(*(re.sub(r"T?\d\d:\d\d:\d\d\S*", "", text) for text in said))  # but for the hour
        # The import of this program is taken back, whoever wrote what it built on.
        without_second = self.undone(new, second)
        self.assertNotIn(without_second, (first, both))
        self.assertEqual(without_second, self.undone(old, second))
        # That of the earlier one kept nothing to go by, and says so.
        self.assertEqual(first, self.undone(new, waiting))
        refused = self.run_on(old, "changes", "undo", "--import", waiting, "--author", "ann", code=1)
        self.assertIn("did not keep", refused.stderr)
        self.assertEqual(without_second, registry_oracle.Registry(old / "registry.sqlite").facts["generations"][-1][3])

    def test_the_second_import_is_undone_before_anything_is_published(self):
        for name, old in (("new-2", False), ("old-2", True)):
            data, first, waiting, second = self.with_a_draft(name, old)
            draft = str(json.loads(self.run_on(data, "changes", "undo", "--import", second, "--author", "ann", "--json").stdout)["change_set"])
            for words in (("check", draft, "--author", "ann"), ("approve", draft, "--approver", "ben"), ("apply", draft, "--author", "ann")):
                self.run_on(data, "changes", *words)
            digest = self.published(data)
            self.assertNotEqual(first, digest)
            if old:
                self.assertEqual(self.digest_of_new, digest)
            self.digest_of_new = digest

    def test_the_file_was_old(self):
        data, *_ = self.with_a_draft("look", False)
        make_old(data / "registry.sqlite")
        with contextlib.closing(sqlite3.connect(data / "registry.sqlite")) as db:
            tables = {name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            self.assertEqual(LAST, db.execute("SELECT max(number) FROM schema_version").fetchone()[0])
            self.assertNotIn("'alias'", db.execute("SELECT sql FROM sqlite_schema WHERE name = 'change_operation'").fetchone()[0])
            self.assertEqual(0, db.execute("SELECT count(*) FROM change_set_version").fetchone()[0])
        self.assertFalse({"change_draft_undoes", "division_alias", "staff_address"} & tables)
        self.run_on(data, "publish", "--effective", "2026-04-01", "--author", "gis", "--approver", "chief")


if __name__ == "__main__":
    unittest.main(verbosity=2)
