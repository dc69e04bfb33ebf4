-- Officers (personal data) and their dated assignments. Assignments take effect without a publish, so their recorded
-- time is the audit entry that wrote or superseded them; recorded_from is the generation that was open then.

CREATE TABLE officer (
    officer_id    TEXT PRIMARY KEY CHECK (officer_id <> ''),
    name          TEXT NOT NULL,
    phone_sealed  BLOB NOT NULL,                         -- libsodium secretbox: 24 bytes nonce, then the box; empty for none
    updated_entry INTEGER NOT NULL REFERENCES audit_log (sequence)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER officer_forbids_delete BEFORE DELETE ON officer
BEGIN SELECT RAISE(ABORT, 'officer: officers are never deleted, their assignments end'); END;

CREATE TABLE assignment (
    id               INTEGER PRIMARY KEY,
    grid_code        TEXT NOT NULL REFERENCES grid_code_issued (code),
    officer_id       TEXT NOT NULL REFERENCES officer (officer_id),
    role             INTEGER NOT NULL CHECK (role IN (1, 2, 3)), -- in the order in which they are turned to
    valid_from       INTEGER NOT NULL,
    valid_to         INTEGER NOT NULL,
    recorded_from    INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_entry   INTEGER NOT NULL REFERENCES audit_log (sequence),
    superseded_entry INTEGER REFERENCES audit_log (sequence), -- NULL while it is what is known
    role_word        TEXT GENERATED ALWAYS AS
        (CASE role WHEN 1 THEN 'dedicated' WHEN 2 THEN 'professional' ELSE 'part_time' END) VIRTUAL,
    valid_from_iso   TEXT GENERATED ALWAYS AS
        (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso     TEXT GENERATED ALWAYS AS
        (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK (superseded_entry > recorded_entry)
) STRICT;
CREATE INDEX assignment_duty ON assignment (grid_code, role, officer_id, valid_from, valid_to) WHERE superseded_entry IS NULL;
CREATE INDEX assignment_officer ON assignment (officer_id) WHERE superseded_entry IS NULL;
CREATE TRIGGER assignment_forbids_update
BEFORE UPDATE OF id, grid_code, officer_id, role, valid_from, valid_to, recorded_from, recorded_entry ON assignment
BEGIN SELECT RAISE(ABORT, 'assignment: facts never change, they are superseded'); END;
CREATE TRIGGER assignment_is_superseded_once BEFORE UPDATE OF superseded_entry ON assignment
WHEN OLD.superseded_entry IS NOT NULL OR NEW.superseded_entry IS NULL
BEGIN SELECT RAISE(ABORT, 'assignment: a row is superseded once'); END;
CREATE TRIGGER assignment_forbids_delete BEFORE DELETE ON assignment
BEGIN SELECT RAISE(ABORT, 'assignment: assignments are superseded, never deleted'); END;
