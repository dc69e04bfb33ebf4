-- What staff add by change sets so that addresses are found: names by which people call a division, and address points of their
-- own or in the place of imported ones. Times as in 003_divisions.sql.

-- Two more kinds of operations. SQLite cannot alter a CHECK, so the table is made anew under its name.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE kept_operation AS SELECT * FROM change_operation;
DROP TABLE change_operation;
CREATE TABLE change_operation (
    draft_id   INTEGER NOT NULL REFERENCES change_draft (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    kind       TEXT NOT NULL CHECK (kind IN ('create', 'reshape', 'split', 'merge', 'retire', 'reparent', 'rename', 'accept_gap',
                                             'alias', 'address')),
    editor     TEXT NOT NULL CHECK (editor <> ''),
    added_at   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    lon_e7     INTEGER,                                     -- accept_gap: a position in the gap; address: where it is
    lat_e7     INTEGER,
    dropped_by TEXT,                                        -- NULL while it counts
    dropped_at TEXT,
    CHECK (kind NOT IN ('accept_gap', 'address') OR (lon_e7 IS NOT NULL AND lat_e7 IS NOT NULL)),
    CHECK (kind NOT IN ('accept_gap', 'address', 'alias') OR reason <> ''),
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

CREATE TABLE change_operation_alias (
    draft_id      INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    division_code INTEGER NOT NULL REFERENCES division (code),
    text          TEXT NOT NULL CHECK (trim(text) <> ''),
    PRIMARY KEY (draft_id, number),
    FOREIGN KEY (draft_id, number) REFERENCES change_operation (draft_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_operation_alias_enters_an_open_draft BEFORE INSERT ON change_operation_alias
WHEN (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation_alias: its change set is not open'); END;
CREATE TRIGGER change_operation_alias_forbids_update BEFORE UPDATE ON change_operation_alias
BEGIN SELECT RAISE(ABORT, 'change_operation_alias: an operation never changes, it is dropped'); END;
CREATE TRIGGER change_operation_alias_forbids_delete BEFORE DELETE ON change_operation_alias
BEGIN SELECT RAISE(ABORT, 'change_operation_alias: an operation is dropped, never deleted'); END;

CREATE TABLE change_operation_address (
    draft_id        INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    corrects_source TEXT,                                -- the imported point in whose place it stands; NULL: a new one
    corrects_id     TEXT,
    text            TEXT NOT NULL CHECK (trim(text) <> ''),
    village_code    INTEGER REFERENCES division (code),  -- NULL: that of the grid in which it lies
    road            TEXT NOT NULL,
    house_number    TEXT NOT NULL,
    estate          TEXT NOT NULL,
    building        TEXT NOT NULL,
    unit            TEXT NOT NULL,
    room            TEXT NOT NULL,
    CHECK ((corrects_source IS NULL) = (corrects_id IS NULL)),
    PRIMARY KEY (draft_id, number),
    FOREIGN KEY (draft_id, number) REFERENCES change_operation (draft_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_operation_address_enters_an_open_draft BEFORE INSERT ON change_operation_address
WHEN (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation_address: its change set is not open'); END;
CREATE TRIGGER change_operation_address_forbids_update BEFORE UPDATE ON change_operation_address
BEGIN SELECT RAISE(ABORT, 'change_operation_address: an operation never changes, it is dropped'); END;
CREATE TRIGGER change_operation_address_forbids_delete BEFORE DELETE ON change_operation_address
BEGIN SELECT RAISE(ABORT, 'change_operation_address: an operation is dropped, never deleted'); END;

-- A name by which people call a division, beside that of the gazetteer.
CREATE TABLE division_alias (
    id             INTEGER PRIMARY KEY,
    change_set_id  INTEGER NOT NULL REFERENCES change_set (id),
    division_code  INTEGER NOT NULL REFERENCES division (code),
    text           TEXT NOT NULL CHECK (trim(text) <> ''),
    reason         TEXT NOT NULL CHECK (reason <> ''),
    author         TEXT NOT NULL,
    valid_from     INTEGER NOT NULL,
    valid_to       INTEGER NOT NULL,
    recorded_from  INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to    INTEGER CHECK (recorded_to >= recorded_from), -- equal: withdrawn before it was published
    withdrawn_by   INTEGER REFERENCES change_set (id),
    valid_from_iso TEXT GENERATED ALWAYS AS (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso   TEXT GENERATED ALWAYS AS (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK ((recorded_to IS NULL) = (withdrawn_by IS NULL))
) STRICT;
CREATE INDEX division_alias_valid_from ON division_alias (valid_from);
CREATE INDEX division_alias_valid_to ON division_alias (valid_to);
CREATE TRIGGER division_alias_opens_in_the_draft BEFORE INSERT ON division_alias
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'division_alias: a row is recorded in the open draft'); END;
CREATE TRIGGER division_alias_forbids_update
BEFORE UPDATE OF id, change_set_id, division_code, text, reason, author, valid_from, valid_to, recorded_from ON division_alias
BEGIN SELECT RAISE(ABORT, 'division_alias: facts never change, they are superseded'); END;
CREATE TRIGGER division_alias_closes_in_the_draft BEFORE UPDATE OF recorded_to ON division_alias
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'division_alias: a row is superseded once, by the open draft'); END;
CREATE TRIGGER division_alias_forbids_delete BEFORE DELETE ON division_alias
BEGIN SELECT RAISE(ABORT, 'division_alias: it is withdrawn, never deleted'); END;

-- An address point of staff. That which stands in the place of an imported one hides it, also after its file is imported again.
CREATE TABLE staff_address (
    id              INTEGER PRIMARY KEY,
    change_set_id   INTEGER NOT NULL REFERENCES change_set (id),
    corrects_source TEXT,                                -- address_source.name and address_point.id; no reference: those come and go
    corrects_id     TEXT,
    text            TEXT NOT NULL CHECK (trim(text) <> ''),
    village_code    INTEGER NOT NULL REFERENCES division (code),
    road            TEXT NOT NULL,
    house_number    TEXT NOT NULL,
    estate          TEXT NOT NULL,
    building        TEXT NOT NULL,
    unit            TEXT NOT NULL,
    room            TEXT NOT NULL,
    lon_e7          INTEGER NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7          INTEGER NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    reason          TEXT NOT NULL CHECK (reason <> ''),
    author          TEXT NOT NULL,
    valid_from      INTEGER NOT NULL,
    valid_to        INTEGER NOT NULL,
    recorded_from   INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to     INTEGER CHECK (recorded_to >= recorded_from), -- equal: withdrawn before it was published
    withdrawn_by    INTEGER REFERENCES change_set (id),
    valid_from_iso  TEXT GENERATED ALWAYS AS (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso    TEXT GENERATED ALWAYS AS (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK ((corrects_source IS NULL) = (corrects_id IS NULL)),
    CHECK ((recorded_to IS NULL) = (withdrawn_by IS NULL))
) STRICT;
CREATE INDEX staff_address_valid_from ON staff_address (valid_from);
CREATE INDEX staff_address_valid_to ON staff_address (valid_to);
CREATE TRIGGER staff_address_opens_in_the_draft BEFORE INSERT ON staff_address
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'staff_address: a row is recorded in the open draft'); END;
CREATE TRIGGER staff_address_corrects_once BEFORE INSERT ON staff_address
WHEN EXISTS (SELECT 1 FROM staff_address WHERE corrects_source = NEW.corrects_source AND corrects_id = NEW.corrects_id
             AND recorded_to IS NULL AND valid_from < NEW.valid_to AND NEW.valid_from < valid_to)
BEGIN SELECT RAISE(ABORT, 'staff_address: another correction stands in the place of the same point on some of its days'); END;
CREATE TRIGGER staff_address_forbids_update
BEFORE UPDATE OF id, change_set_id, corrects_source, corrects_id, text, village_code, road, house_number, estate, building, unit, room,
                 lon_e7, lat_e7, reason, author, valid_from, valid_to, recorded_from ON staff_address
BEGIN SELECT RAISE(ABORT, 'staff_address: facts never change, they are superseded'); END;
CREATE TRIGGER staff_address_closes_in_the_draft BEFORE UPDATE OF recorded_to ON staff_address
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'staff_address: a row is superseded once, by the open draft'); END;
CREATE TRIGGER staff_address_forbids_delete BEFORE DELETE ON staff_address
BEGIN SELECT RAISE(ABORT, 'staff_address: it is withdrawn, never deleted'); END;
