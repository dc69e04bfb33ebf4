-- Change sets on their way: what is to change, who wrote, checked and approved it, the codes kept for it, what an applied one
-- changed, and gaps that staff have accepted. Times as in 003_divisions.sql.

CREATE TABLE change_draft (
    id               INTEGER PRIMARY KEY,
    title            TEXT NOT NULL CHECK (title <> ''),
    author           TEXT NOT NULL CHECK (author <> ''),
    valid_from       INTEGER NOT NULL,                      -- effective day
    valid_to         INTEGER NOT NULL,                      -- day on which what was before comes back; 2147483647 for never
    undoes           INTEGER REFERENCES change_draft (id),  -- the change set whose effect it takes back
    created_at       TEXT NOT NULL,                         -- ISO 8601, +08:00, as all here
    base_generation  INTEGER NOT NULL,                      -- newest generation when it was made or last checked
    status           TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'checked', 'approved', 'applied', 'discarded')),
    reopened_because TEXT,                                  -- why its last check or approval no longer counts
    check_digest     TEXT CHECK (length(check_digest) = 64), -- SHA-256 of what was checked: its content and what lies round it
    checked_by       TEXT,
    checked_at       TEXT,
    check_report     TEXT CHECK (check_report IS NULL OR json_valid(check_report)), -- outcome of the last check, also of one that found errors
    approver         TEXT,
    approved_at      TEXT,
    discarded_by     TEXT,
    discarded_at     TEXT,
    discarded_because TEXT,
    valid_from_iso   TEXT GENERATED ALWAYS AS (date(valid_from * 86400, 'unixepoch')) VIRTUAL,
    valid_to_iso     TEXT GENERATED ALWAYS AS
        (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK (status NOT IN ('checked', 'approved', 'applied') OR check_digest IS NOT NULL),
    CHECK ((approver IS NOT NULL) = (status IN ('approved', 'applied'))),
    CHECK ((discarded_by IS NOT NULL) = (status = 'discarded'))
) STRICT;
CREATE TRIGGER change_draft_keeps_its_head
BEFORE UPDATE OF id, title, author, valid_from, valid_to, undoes, created_at ON change_draft
BEGIN SELECT RAISE(ABORT, 'change_draft: number, title, author and days never change'); END;
CREATE TRIGGER change_draft_is_finished_once BEFORE UPDATE ON change_draft
WHEN OLD.status IN ('applied', 'discarded')
BEGIN SELECT RAISE(ABORT, 'change_draft: an applied or discarded change set never changes'); END;
CREATE TRIGGER change_draft_goes_step_by_step BEFORE UPDATE OF status ON change_draft
WHEN (NEW.status = 'approved' AND OLD.status <> 'checked') OR (NEW.status = 'applied' AND OLD.status <> 'approved')
BEGIN SELECT RAISE(ABORT, 'change_draft: checked, then approved, then applied'); END;
-- The change set that it became.
CREATE TABLE change_draft_applied (
    draft_id      INTEGER PRIMARY KEY REFERENCES change_draft (id),
    change_set_id INTEGER NOT NULL UNIQUE REFERENCES change_set (id)
) STRICT;
CREATE TRIGGER change_draft_applied_forbids_update BEFORE UPDATE ON change_draft_applied
BEGIN SELECT RAISE(ABORT, 'change_draft_applied: a change set is applied once'); END;
CREATE TRIGGER change_draft_applied_forbids_delete BEFORE DELETE ON change_draft_applied
BEGIN SELECT RAISE(ABORT, 'change_draft_applied: an applied change set stays'); END;
CREATE TRIGGER change_draft_becomes_a_change_set BEFORE UPDATE OF status ON change_draft
WHEN NEW.status = 'applied' AND NOT EXISTS (SELECT 1 FROM change_draft_applied WHERE draft_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'change_draft: it is applied as a change set'); END;
CREATE TRIGGER change_draft_forbids_delete BEFORE DELETE ON change_draft
BEGIN SELECT RAISE(ABORT, 'change_draft: a change set is discarded, never deleted'); END;

CREATE TABLE change_operation (
    draft_id   INTEGER NOT NULL REFERENCES change_draft (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    kind       TEXT NOT NULL
        CHECK (kind IN ('create', 'reshape', 'split', 'merge', 'retire', 'reparent', 'rename', 'accept_gap')),
    editor     TEXT NOT NULL CHECK (editor <> ''),
    added_at   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    lon_e7     INTEGER,                                     -- accept_gap: a position in the gap
    lat_e7     INTEGER,
    dropped_by TEXT,                                        -- NULL while it counts
    dropped_at TEXT,
    CHECK (kind <> 'accept_gap' OR (lon_e7 IS NOT NULL AND lat_e7 IS NOT NULL AND reason <> '')),
    PRIMARY KEY (draft_id, number)
) STRICT, WITHOUT ROWID;
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

-- A change set is approved by somebody who neither made it nor wrote an operation that counts or counted.
CREATE TRIGGER change_draft_is_approved_by_another BEFORE UPDATE OF approver ON change_draft
WHEN lower(trim(NEW.approver)) IN (SELECT lower(trim(NEW.author)) UNION ALL
                                   SELECT lower(trim(editor)) FROM change_operation WHERE draft_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'change_draft: editor and approver are different people'); END;

CREATE TABLE change_operation_grid (
    draft_id     INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    grid_code    TEXT NOT NULL,
    effect       TEXT NOT NULL CHECK (effect IN ('create', 'change', 'end')),
    base_shape   TEXT,                                      -- SHA-256 of the shape it found; NULL: made by an operation before it
    base_name    TEXT,
    base_village INTEGER,
    name         TEXT,                                      -- NULL: as it was
    kind         TEXT CHECK (kind IN ('comprehensive', 'dedicated')),
    village_code INTEGER REFERENCES division (code),
    shape        BLOB,
    PRIMARY KEY (draft_id, number, position),
    FOREIGN KEY (draft_id, number) REFERENCES change_operation (draft_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_operation_grid_enters_an_open_draft BEFORE INSERT ON change_operation_grid
WHEN (SELECT status FROM change_draft WHERE id = NEW.draft_id) IS NOT 'open'
BEGIN SELECT RAISE(ABORT, 'change_operation_grid: its change set is not open'); END;
CREATE TRIGGER change_operation_grid_forbids_update BEFORE UPDATE ON change_operation_grid
BEGIN SELECT RAISE(ABORT, 'change_operation_grid: an operation never changes, it is dropped'); END;
CREATE TRIGGER change_operation_grid_forbids_delete BEFORE DELETE ON change_operation_grid
BEGIN SELECT RAISE(ABORT, 'change_operation_grid: an operation is dropped, never deleted'); END;

-- A code kept for a change set stays kept when that is discarded: it is never issued to another grid.
CREATE TABLE grid_code_reserved (
    code        TEXT PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 20 AND code NOT GLOB '*[^0-9]*'),
    kind        TEXT NOT NULL CHECK (kind IN ('comprehensive', 'dedicated')),
    draft_id    INTEGER NOT NULL REFERENCES change_draft (id),
    reserved_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER grid_code_reserved_is_new BEFORE INSERT ON grid_code_reserved
WHEN EXISTS (SELECT 1 FROM grid_code_issued WHERE code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'grid_code_reserved: the code was issued before'); END;
CREATE TRIGGER grid_code_reserved_forbids_update BEFORE UPDATE ON grid_code_reserved
BEGIN SELECT RAISE(ABORT, 'grid_code_reserved: a reserved code never changes'); END;
CREATE TRIGGER grid_code_reserved_forbids_delete BEFORE DELETE ON grid_code_reserved
BEGIN SELECT RAISE(ABORT, 'grid_code_reserved: a reserved code is never given back'); END;
CREATE TRIGGER grid_code_issued_respects_reserved BEFORE INSERT ON grid_code_issued
WHEN EXISTS (SELECT 1 FROM grid_code_reserved r LEFT JOIN change_draft_applied a ON a.draft_id = r.draft_id
             WHERE r.code = NEW.code AND a.change_set_id IS NOT NEW.change_set_id)
BEGIN SELECT RAISE(ABORT, 'grid_code_issued: the code is reserved for another change set'); END;

-- What a change set touches by its last evaluation, so that two that meet are seen as such.
CREATE TABLE change_draft_touch (
    draft_id  INTEGER NOT NULL REFERENCES change_draft (id),
    grid_code TEXT NOT NULL,
    changed   INTEGER NOT NULL CHECK (changed IN (0, 1)),   -- 0: a neighbour of one that changes
    PRIMARY KEY (draft_id, grid_code)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_draft_touch_grid ON change_draft_touch (grid_code, draft_id);

CREATE TABLE change_draft_source (
    draft_id       INTEGER NOT NULL REFERENCES change_draft (id),
    source_file_id INTEGER NOT NULL REFERENCES source_file (id),
    PRIMARY KEY (draft_id, source_file_id)
) STRICT, WITHOUT ROWID;

-- The days of each grid before and after an applied change set: what an undo goes by.
CREATE TABLE change_set_version (
    change_set_id INTEGER NOT NULL REFERENCES change_set (id),
    grid_code     TEXT NOT NULL REFERENCES grid_code_issued (code),
    side          TEXT NOT NULL CHECK (side IN ('before', 'after')),
    valid_from    INTEGER NOT NULL,
    valid_to      INTEGER NOT NULL,
    shape_id      INTEGER NOT NULL REFERENCES grid_shape (id),
    name          TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('comprehensive', 'dedicated')),
    village_code  INTEGER NOT NULL REFERENCES division (code),
    area_m2       REAL NOT NULL,
    vertices      INTEGER NOT NULL,
    CHECK (valid_from < valid_to),
    PRIMARY KEY (change_set_id, grid_code, side, valid_from)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_set_version_shape ON change_set_version (shape_id);
CREATE TRIGGER change_set_version_forbids_update BEFORE UPDATE ON change_set_version
BEGIN SELECT RAISE(ABORT, 'change_set_version: an applied change set never changes'); END;
CREATE TRIGGER change_set_version_forbids_delete BEFORE DELETE ON change_set_version
BEGIN SELECT RAISE(ABORT, 'change_set_version: an applied change set is never deleted'); END;
CREATE INDEX change_set_item_grid ON change_set_item (grid_code);

-- Ground that no grid covers, on purpose.
CREATE TABLE accepted_gap (
    id             INTEGER PRIMARY KEY,
    change_set_id  INTEGER NOT NULL REFERENCES change_set (id),
    reason         TEXT NOT NULL CHECK (reason <> ''),
    author         TEXT NOT NULL,
    area_m2        REAL NOT NULL,
    valid_from     INTEGER NOT NULL,
    valid_to       INTEGER NOT NULL,
    recorded_from  INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to    INTEGER CHECK (recorded_to >= recorded_from), -- equal: withdrawn before it was published
    withdrawn_by   INTEGER REFERENCES change_set (id),
    shape          BLOB NOT NULL,
    CHECK (valid_from < valid_to),
    CHECK ((recorded_to IS NULL) = (withdrawn_by IS NULL))
) STRICT;
SELECT RecoverGeometryColumn('accepted_gap', 'shape', 4490, 'MULTIPOLYGON', 'XY');
SELECT CreateSpatialIndex('accepted_gap', 'shape');
CREATE TRIGGER accepted_gap_opens_in_the_draft BEFORE INSERT ON accepted_gap
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'accepted_gap: a row is recorded in the open draft'); END;
CREATE TRIGGER accepted_gap_forbids_update
BEFORE UPDATE OF id, change_set_id, reason, author, area_m2, valid_from, valid_to, recorded_from, shape ON accepted_gap
BEGIN SELECT RAISE(ABORT, 'accepted_gap: facts never change, they are superseded'); END;
CREATE TRIGGER accepted_gap_closes_in_the_draft BEFORE UPDATE OF recorded_to ON accepted_gap
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'accepted_gap: a row is superseded once, by the open draft'); END;
CREATE TRIGGER accepted_gap_forbids_delete BEFORE DELETE ON accepted_gap
BEGIN SELECT RAISE(ABORT, 'accepted_gap: it is withdrawn, never deleted'); END;

-- Addresses by place, to count those on ground that changes hands.
CREATE INDEX address_point_place ON address_point (lon_e7, lat_e7);
