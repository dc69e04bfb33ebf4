-- Address points that are retired by change sets: from a day on they are found no more, whoever brought them. Nothing is deleted:
-- before that day, and as older generations knew it, they are found as they were. Times as in 003_divisions.sql.

-- The first row of a point of staff, when a later one goes on with it: 'staff-' and that number is its id, for ever.
ALTER TABLE staff_address ADD COLUMN first_id INTEGER REFERENCES staff_address (id);
CREATE TRIGGER staff_address_keeps_its_first BEFORE UPDATE OF first_id ON staff_address
BEGIN SELECT RAISE(ABORT, 'staff_address: facts never change, they are superseded'); END;

-- One more kind of operation. SQLite cannot alter a CHECK, so the table is made anew under its name.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE kept_operation AS SELECT * FROM change_operation;
DROP TABLE change_operation;
CREATE TABLE change_operation (
    draft_id   INTEGER NOT NULL REFERENCES change_draft (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    kind       TEXT NOT NULL CHECK (kind IN ('create', 'reshape', 'split', 'merge', 'retire', 'reparent', 'rename', 'accept_gap',
                                             'alias', 'address', 'retire_address')),
    editor     TEXT NOT NULL CHECK (editor <> ''),
    added_at   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    lon_e7     INTEGER,                                     -- accept_gap: a position in the gap; address: where it is
    lat_e7     INTEGER,
    dropped_by TEXT,                                        -- NULL while it counts
    dropped_at TEXT,
    CHECK (kind NOT IN ('accept_gap', 'address') OR (lon_e7 IS NOT NULL AND lat_e7 IS NOT NULL)),
    CHECK (kind NOT IN ('accept_gap', 'address', 'alias', 'retire_address') OR reason <> ''),
    PRIMARY KEY (draft_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO change_operation SELECT draft_id, number, kind, editor, added_at, reason, lon_e7, lat_e7, dropped_by, dropped_at
FROM kept_operation;
DROP TABLE kept_operation;
CREATE TRIGGER change_operation_enters_an_open_draft BEFORE INSERT ON change_operation
WHEN (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation: its change set is not open'); END;
CREATE TRIGGER change_operation_forbids_update
BEFORE UPDATE OF draft_id, number, kind, editor, added_at, reason, lon_e7, lat_e7 ON change_operation
BEGIN SELECT RAISE(ABORT, 'change_operation: an operation never changes, it is dropped'); END;
CREATE TRIGGER change_operation_is_dropped_once BEFORE UPDATE OF dropped_by, dropped_at ON change_operation
WHEN OLD.dropped_by IS NOT NULL OR NEW.dropped_by IS NULL
     OR (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation: it is dropped once, while its change set is open'); END;
CREATE TRIGGER change_operation_forbids_delete BEFORE DELETE ON change_operation
BEGIN SELECT RAISE(ABORT, 'change_operation: an operation is dropped, never deleted'); END;

CREATE TABLE change_operation_retired_address (
    draft_id INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    source   TEXT NOT NULL,                              -- the file that brought the point; '': it is one of staff
    point_id TEXT NOT NULL CHECK (point_id <> ''),
    text     TEXT NOT NULL CHECK (trim(text) <> ''),     -- of the point when the operation was added
    PRIMARY KEY (draft_id, number),
    FOREIGN KEY (draft_id, number) REFERENCES change_operation (draft_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_operation_retired_address_enters_an_open_draft BEFORE INSERT ON change_operation_retired_address
WHEN (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation_retired_address: its change set is not open'); END;
CREATE TRIGGER change_operation_retired_address_forbids_update BEFORE UPDATE ON change_operation_retired_address
BEGIN SELECT RAISE(ABORT, 'change_operation_retired_address: an operation never changes, it is dropped'); END;
CREATE TRIGGER change_operation_retired_address_forbids_delete BEFORE DELETE ON change_operation_retired_address
BEGIN SELECT RAISE(ABORT, 'change_operation_retired_address: an operation is dropped, never deleted'); END;

-- It hides the point of that id and what corrects it, also after its file is imported again.
CREATE TABLE retired_address (
    id             INTEGER PRIMARY KEY,
    change_set_id  INTEGER NOT NULL REFERENCES change_set (id),
    source         TEXT NOT NULL,                        -- address_source.name; '': a point of staff. No reference: points come and go
    point_id       TEXT NOT NULL CHECK (point_id <> ''),
    text           TEXT NOT NULL CHECK (trim(text) <> ''),
    reason         TEXT NOT NULL CHECK (reason <> ''),
    author         TEXT NOT NULL,
    valid_from     INTEGER NOT NULL,                     -- from here on it is not found
    valid_to       INTEGER NOT NULL,
    recorded_from  INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to    INTEGER CHECK (recorded_to >= recorded_from), -- equal: withdrawn before it was published
    withdrawn_by   INTEGER REFERENCES change_set (id),
    valid_from_iso TEXT GENERATED ALWAYS AS (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso   TEXT GENERATED ALWAYS AS (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK ((recorded_to IS NULL) = (withdrawn_by IS NULL))
) STRICT;
CREATE INDEX retired_address_valid_from ON retired_address (valid_from);
CREATE INDEX retired_address_valid_to ON retired_address (valid_to);
CREATE TRIGGER retired_address_opens_in_the_draft BEFORE INSERT ON retired_address
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'retired_address: a row is recorded in the open draft'); END;
CREATE TRIGGER retired_address_retires_once BEFORE INSERT ON retired_address
WHEN EXISTS (SELECT 1 FROM retired_address WHERE source = NEW.source AND point_id = NEW.point_id
             AND recorded_to IS NULL AND valid_from < NEW.valid_to AND NEW.valid_from < valid_to)
BEGIN SELECT RAISE(ABORT, 'retired_address: the point is retired on some of these days already'); END;
CREATE TRIGGER retired_address_forbids_update
BEFORE UPDATE OF id, change_set_id, source, point_id, text, reason, author, valid_from, valid_to, recorded_from ON retired_address
BEGIN SELECT RAISE(ABORT, 'retired_address: facts never change, they are superseded'); END;
CREATE TRIGGER retired_address_closes_in_the_draft BEFORE UPDATE OF recorded_to ON retired_address
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'retired_address: a row is superseded once, by the open draft'); END;
CREATE TRIGGER retired_address_forbids_delete BEFORE DELETE ON retired_address
BEGIN SELECT RAISE(ABORT, 'retired_address: it is withdrawn, never deleted'); END;
