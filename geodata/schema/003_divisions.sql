-- Divisions and their dated, recorded versions.
-- Validity: civil days in UTC+8 since 1970-01-01, half-open [valid_from, valid_to); -2147483648 is "always",
-- 2147483647 is "forever"; the *_iso columns show them as text.
-- Recorded: generation numbers, half-open [recorded_from, recorded_to); recorded_to NULL while it is what is known.

CREATE TABLE division (
    code INTEGER PRIMARY KEY CHECK (code BETWEEN 1 AND 999999999999) -- statistical code, 12 digits
) STRICT;
CREATE TRIGGER division_forbids_update BEFORE UPDATE ON division
BEGIN SELECT RAISE(ABORT, 'division: a code never changes'); END;
CREATE TRIGGER division_forbids_delete BEFORE DELETE ON division
BEGIN SELECT RAISE(ABORT, 'division: a code is never deleted'); END;

CREATE TABLE division_version (
    id                INTEGER PRIMARY KEY,
    division_code     INTEGER NOT NULL REFERENCES division (code),
    name              TEXT NOT NULL CHECK (name <> ''),
    level             TEXT NOT NULL CHECK (level IN ('province', 'city', 'county', 'town', 'village', 'group')),
    parent_code       INTEGER REFERENCES division (code),
    urban_rural_class TEXT NOT NULL,
    valid_from        INTEGER NOT NULL,
    valid_to          INTEGER NOT NULL,
    recorded_from     INTEGER NOT NULL CHECK (recorded_from >= 1),
    recorded_to       INTEGER CHECK (recorded_to > recorded_from),
    valid_from_iso    TEXT GENERATED ALWAYS AS
        (CASE valid_from WHEN -2147483648 THEN 'always' ELSE date(valid_from * 86400, 'unixepoch') END) VIRTUAL,
    valid_to_iso      TEXT GENERATED ALWAYS AS
        (CASE valid_to WHEN 2147483647 THEN 'forever' ELSE date(valid_to * 86400, 'unixepoch') END) VIRTUAL,
    CHECK (valid_from < valid_to),
    CHECK ((level = 'province') = (parent_code IS NULL))
) STRICT;
CREATE UNIQUE INDEX division_version_known ON division_version (division_code, valid_from) WHERE recorded_to IS NULL;
CREATE INDEX division_version_history ON division_version (division_code);

CREATE TRIGGER division_version_opens_in_the_draft BEFORE INSERT ON division_version
WHEN NEW.recorded_to IS NOT NULL OR NEW.recorded_from <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'division_version: a row is recorded in the open draft'); END;
CREATE TRIGGER division_version_holds_once BEFORE INSERT ON division_version
WHEN EXISTS (SELECT 1 FROM division_version v WHERE v.division_code = NEW.division_code AND v.recorded_to IS NULL
                                                AND v.valid_from < NEW.valid_to AND NEW.valid_from < v.valid_to)
BEGIN SELECT RAISE(ABORT, 'division_version: two versions would hold on one day'); END;
CREATE TRIGGER division_version_forbids_update
BEFORE UPDATE OF id, division_code, name, level, parent_code, urban_rural_class, valid_from, valid_to, recorded_from
ON division_version
BEGIN SELECT RAISE(ABORT, 'division_version: facts never change, they are superseded'); END;
CREATE TRIGGER division_version_closes_in_the_draft BEFORE UPDATE OF recorded_to ON division_version
WHEN OLD.recorded_to IS NOT NULL OR NEW.recorded_to IS NOT (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'division_version: a row is superseded once, by the open draft'); END;
CREATE TRIGGER division_version_forbids_delete BEFORE DELETE ON division_version
WHEN OLD.recorded_from <= (SELECT coalesce(max(number), 0) FROM generation)
BEGIN SELECT RAISE(ABORT, 'division_version: a published fact is never deleted'); END;

-- Known outlines, against which imports are checked. Undated; a newer one supersedes, the older is kept.
CREATE TABLE division_outline (
    id               INTEGER PRIMARY KEY,
    division_code    INTEGER NOT NULL REFERENCES division (code),
    source           TEXT NOT NULL,
    recorded_entry   INTEGER NOT NULL REFERENCES audit_log (sequence),
    superseded_entry INTEGER REFERENCES audit_log (sequence), -- NULL for the outline in use
    shape            BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX division_outline_in_use ON division_outline (division_code) WHERE superseded_entry IS NULL;
SELECT RecoverGeometryColumn('division_outline', 'shape', 4490, 'MULTIPOLYGON', 'XY');
SELECT CreateSpatialIndex('division_outline', 'shape');
CREATE TRIGGER division_outline_forbids_delete BEFORE DELETE ON division_outline
BEGIN SELECT RAISE(ABORT, 'division_outline: outlines are superseded, never deleted'); END;
