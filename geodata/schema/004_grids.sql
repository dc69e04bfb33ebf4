-- Grids: codes issued once, shapes, and dated, recorded versions that tie them together. Times as in 003_divisions.sql.

CREATE TABLE grid_code_issued (
    code             TEXT PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 20 AND code NOT GLOB '*[^0-9]*'),
    kind             TEXT NOT NULL CHECK (kind IN ('comprehensive', 'dedicated')), -- kind it was issued for
    change_set_id    INTEGER NOT NULL REFERENCES change_set (id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER grid_code_issued_forbids_update BEFORE UPDATE ON grid_code_issued
BEGIN SELECT RAISE(ABORT, 'grid_code_issued: an issued code never changes'); END;
CREATE TRIGGER grid_code_issued_forbids_delete BEFORE DELETE ON grid_code_issued
BEGIN SELECT RAISE(ABORT, 'grid_code_issued: an issued code is never deleted'); END;

CREATE TABLE grid_shape (
    id    INTEGER PRIMARY KEY,
    shape BLOB NOT NULL
) STRICT;
SELECT RecoverGeometryColumn('grid_shape', 'shape', 4490, 'MULTIPOLYGON', 'XY');
SELECT CreateSpatialIndex('grid_shape', 'shape');
CREATE TRIGGER grid_shape_forbids_update BEFORE UPDATE ON grid_shape
BEGIN SELECT RAISE(ABORT, 'grid_shape: a shape never changes, a new version gets a new one'); END;

CREATE TABLE grid_version (
    id             INTEGER PRIMARY KEY,
    grid_code      TEXT NOT NULL REFERENCES grid_code_issued (code),
    shape_id       INTEGER NOT NULL REFERENCES grid_shape (id),
    name           TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('comprehensive', 'dedicated')),
    village_code   INTEGER NOT NULL REFERENCES division (code),
    area_m2        REAL NOT NULL,
    vertices       INTEGER NOT NULL CHECK (vertices >= 3),
    valid_from     INTEGER NOT NULL,
    valid_to       INTEGER NOT NULL,
    recorded_from  INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to    INTEGER CHECK (recorded_to > recorded_from),
    valid_from_iso TEXT GENERATED ALWAYS AS
        (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso   TEXT GENERATED ALWAYS AS
        (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to)
) STRICT;
CREATE UNIQUE INDEX grid_version_known ON grid_version (grid_code, valid_from) WHERE recorded_to IS NULL;
CREATE INDEX grid_version_history ON grid_version (grid_code);
CREATE INDEX grid_version_shape ON grid_version (shape_id);

CREATE TRIGGER grid_version_opens_in_the_draft BEFORE INSERT ON grid_version
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'grid_version: a row is recorded in the open draft'); END;
CREATE TRIGGER grid_version_holds_once BEFORE INSERT ON grid_version
WHEN EXISTS (SELECT 1 FROM grid_version v WHERE v.grid_code = NEW.grid_code AND v.recorded_to IS NULL
                                            AND v.valid_from < NEW.valid_to AND NEW.valid_from < v.valid_to)
BEGIN SELECT RAISE(ABORT, 'grid_version: two versions would hold on one day'); END;
CREATE TRIGGER grid_version_forbids_update
BEFORE UPDATE OF id, grid_code, shape_id, name, kind, village_code, area_m2, vertices, valid_from, valid_to, recorded_from
ON grid_version
BEGIN SELECT RAISE(ABORT, 'grid_version: facts never change, they are superseded'); END;
CREATE TRIGGER grid_version_closes_in_the_draft BEFORE UPDATE OF recorded_to ON grid_version
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'grid_version: a row is superseded once, by the open draft'); END;
CREATE TRIGGER grid_version_forbids_delete BEFORE DELETE ON grid_version
WHEN OLD.recorded_from <= (SELECT coalesce(max(number), 0) FROM generation)
BEGIN SELECT RAISE(ABORT, 'grid_version: a published fact is never deleted'); END;

CREATE TABLE change_set_item (
    change_set_id  INTEGER NOT NULL REFERENCES change_set (id),
    grid_code      TEXT NOT NULL REFERENCES grid_code_issued (code),
    kinds          TEXT NOT NULL CHECK (kinds <> ''),   -- words joined by '+': added, reshaped, renamed, reparented, retired
    area_before_m2 REAL NOT NULL,
    area_after_m2  REAL NOT NULL,
    PRIMARY KEY (change_set_id, grid_code)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_set_item_forbids_update BEFORE UPDATE ON change_set_item
BEGIN SELECT RAISE(ABORT, 'change_set_item: an applied change set never changes'); END;
CREATE TRIGGER change_set_item_forbids_delete BEFORE DELETE ON change_set_item
BEGIN SELECT RAISE(ABORT, 'change_set_item: an applied change set is never deleted'); END;
