"""What a registry file holds, read with Python's own SQLite: its facts in one canonical form, its audit chain, its rules."""
import contextlib
import hashlib
import json
import sqlite3

# Each fact as people mean it: no row numbers, no clock times, no nonces. Rows that a second run of the same command may
# record again (who imported which file when) are told apart from facts.
FACTS = {
    "generations": "SELECT number, author, approver, digest FROM generation",
    "change sets": "SELECT subject, title, author, effective, generation FROM change_set",
    "divisions": "SELECT division_code, name, level, parent_code, urban_rural_class, valid_from, valid_to, recorded_from, recorded_to "
                 "FROM division_version",
    "outlines": "SELECT division_code, source, hex(shape), superseded_entry IS NULL FROM division_outline",
    "issued codes": "SELECT i.code, i.kind, c.title, c.effective FROM grid_code_issued i JOIN change_set c ON c.id = i.change_set_id",
    "grids": "SELECT v.grid_code, v.name, v.kind, v.village_code, v.area_m2, v.vertices, v.valid_from, v.valid_to, v.recorded_from, "
             "v.recorded_to, hex(s.shape) FROM grid_version v JOIN grid_shape s ON s.id = v.shape_id",
    "shapes": "SELECT hex(shape) FROM grid_shape",
    "changes": "SELECT c.title, i.grid_code, i.kinds, i.area_before_m2, i.area_after_m2 FROM change_set_item i "
               "JOIN change_set c ON c.id = i.change_set_id",
    "drafts": "SELECT d.id, d.title, d.author, d.valid_from, d.valid_to, d.undoes, d.base_generation, d.status, d.check_digest, "
              "d.checked_by, d.approver, a.change_set_id IS NOT NULL FROM change_draft d LEFT JOIN change_draft_applied a ON a.draft_id = d.id",
    "operations": "SELECT o.draft_id, o.number, o.kind, o.editor, g.grid_code, g.effect, g.name, g.village_code, hex(g.shape) "
                  "FROM change_operation o JOIN change_operation_grid g ON g.draft_id = o.draft_id AND g.number = o.number",
    "operations on names": "SELECT o.draft_id, o.number, o.kind, o.editor, o.reason, a.division_code, a.text "
                           "FROM change_operation o JOIN change_operation_alias a ON a.draft_id = o.draft_id AND a.number = o.number",
    "operations on points": "SELECT o.draft_id, o.number, o.kind, o.editor, o.reason, o.lon_e7, o.lat_e7, a.corrects_id, a.text, r.source, "
                            "r.point_id, r.text FROM change_operation o LEFT JOIN change_operation_address a ON a.draft_id = o.draft_id "
                            "AND a.number = o.number LEFT JOIN change_operation_retired_address r ON r.draft_id = o.draft_id "
                            "AND r.number = o.number WHERE o.kind IN ('address', 'retire_address')",
    "points of staff": "SELECT corrects_source, corrects_id, text, village_code, lon_e7, lat_e7, reason, author, valid_from, valid_to, "
                       "recorded_from, recorded_to, first_id FROM staff_address",
    "retired points": "SELECT source, point_id, text, reason, author, valid_from, valid_to, recorded_from, recorded_to FROM retired_address",
    "aliases": "SELECT division_code, text, reason, author, valid_from, valid_to, recorded_from, recorded_to FROM division_alias",
    "operations on addresses": "SELECT o.draft_id, o.number, o.kind, o.editor, o.reason, a.corrects_id, a.text, a.village_code "
                               "FROM change_operation o JOIN change_operation_address a ON a.draft_id = o.draft_id AND a.number = o.number",
    "dropped operations": "SELECT draft_id, number, dropped_by FROM change_operation",
    "files of drafts": "SELECT d.draft_id, f.name, f.sha256 FROM change_draft_source d JOIN source_file f ON f.id = d.source_file_id",
    "what drafts take back": "SELECT draft_id, change_set_id FROM change_draft_undoes",
    "what undo goes by": "SELECT v.change_set_id, v.grid_code, v.side, v.valid_from, v.valid_to, v.name, v.village_code, hex(s.shape) "
                         "FROM change_set_version v JOIN grid_shape s ON s.id = v.shape_id",
    "accepted gaps": "SELECT reason, author, valid_from, valid_to, recorded_from, recorded_to, hex(shape) FROM accepted_gap",
    "addresses of staff": "SELECT corrects_id, text, village_code, lon_e7, lat_e7, reason, author, valid_from, valid_to, recorded_from, "
                          "recorded_to FROM staff_address",
    "concordance": "SELECT old_code, new_code, effective, note, source, superseded_entry IS NULL FROM division_concordance",
    "reserved codes": "SELECT code, kind, draft_id FROM grid_code_reserved",
    "lineage": "SELECT predecessor, successor, area_m2, addresses FROM grid_lineage",
    "officers": "SELECT officer_id, name, length(phone_sealed) FROM officer",
    "assignments": "SELECT grid_code, officer_id, role, valid_from, valid_to, recorded_from, superseded_entry IS NULL FROM assignment",
    "addresses": "SELECT s.name, p.id, p.text, p.village_code, p.road, p.number, p.estate, p.building, p.unit, p.room, p.lon_e7, "
                 "p.lat_e7 FROM address_point p JOIN address_source s ON s.id = p.source_id",
    "source files": "SELECT DISTINCT name, sha256, bytes, crs, encoding FROM source_file",
}
# What triggers must refuse, whatever happened before.
FORBIDDEN = [
    "DELETE FROM grid_code_issued", "UPDATE grid_code_issued SET kind = 'dedicated'",
    "DELETE FROM audit_log", "UPDATE audit_log SET actor = 'nobody'",
    "DELETE FROM generation", "UPDATE generation SET digest = digest",
    "UPDATE grid_version SET name = 'x'", "UPDATE grid_shape SET id = id", "DELETE FROM change_set", "DELETE FROM division",
    "DELETE FROM division_alias", "UPDATE division_alias SET text = 'x'",
    "DELETE FROM retired_address", "UPDATE retired_address SET point_id = 'x'", "DELETE FROM staff_address",
]


class Registry:
    """The facts of one registry file, and what is wrong with it. Opening recovers the file as any SQLite program would."""

    def __init__(self, file):
        self.faults = []
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True, isolation_level=None)) as db:
            self.facts = {name: self._sorted(db, sql) for name, sql in FACTS.items()}
            self.codes = {row[0]: row for row in self.facts["issued codes"]}
            self.audit = db.execute("SELECT sequence, time, actor, action, details, previous, hash FROM audit_log ORDER BY sequence").fetchall()
            self.last_import = db.execute("SELECT max(id) FROM change_set WHERE id NOT IN (SELECT change_set_id FROM change_draft_applied) "
                                          "AND subject = 'grids'").fetchone()[0]
            self.schema = self._sorted(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema")
            self._check_pages(db)
            self._check_audit()
            self._check_codes(db)
            self._check_rules(db)

    def digest(self):
        return hashlib.sha256(json.dumps(self.facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @staticmethod
    def _sorted(db, sql):
        return sorted(map(list, db.execute(sql).fetchall()), key=lambda row: [(value is not None, str(value)) for value in row])

    def _check_pages(self, db):
        self.faults += [f"integrity_check: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        self.faults += [f"foreign_key_check: {row}" for row in db.execute("PRAGMA foreign_key_check")]
        for table in ("grid_shape", "division_outline"):
            rows, boxes = (db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in (table, f"idx_{table}_shape"))
            if rows != boxes:
                self.faults.append(f"{table}: {rows} shapes but {boxes} in the spatial index")

    def _check_audit(self):
        previous = "0" * 64
        published = []
        for number, (sequence, time, actor, action, details, before, digest) in enumerate(self.audit, 1):
            line = json.dumps([sequence, time, actor, action, details, before], ensure_ascii=False, separators=(",", ":"))
            if sequence != number or before != previous or hashlib.sha256(line.encode()).hexdigest() != digest:
                self.faults.append(f"audit_log: the chain breaks at entry {number}")
            previous = digest
            if action == "publish":
                published.append([json.loads(details)["generation"], json.loads(details)["digest"]])
        if published != [[row[0], row[3]] for row in self.facts["generations"]]:
            self.faults.append("audit_log: its publish entries are not the generations")

    def _check_codes(self, db):
        drawn = {row[0] for row in db.execute("SELECT grid_code FROM grid_version")}
        added = [row[1] for row in self.facts["changes"] if "added" in row[2].split("+")]
        if not drawn <= set(self.codes):
            self.faults.append("grids have codes that were never issued")
        if len(added) != len(set(added)) or set(added) != set(self.codes):
            self.faults.append("a code was issued twice, or without a change that adds its grid")

    def _check_rules(self, db):
        for statement in FORBIDDEN:
            table = statement.split()[2] if statement.startswith("DELETE") else statement.split()[1]
            if db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0:
                continue
            try:
                db.execute("BEGIN")
                db.execute(statement)
                self.faults.append(f"the schema lets through: {statement}")
            except sqlite3.IntegrityError:
                pass
            finally:
                db.execute("ROLLBACK")
