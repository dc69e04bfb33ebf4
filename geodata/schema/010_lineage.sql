-- Where the ground of grids went, change set by change set, and what became of the codes of divisions.

CREATE TABLE grid_lineage (
    change_set_id         INTEGER NOT NULL REFERENCES change_set (id),
    predecessor           TEXT NOT NULL REFERENCES grid_code_issued (code), -- held the ground before
    successor             TEXT NOT NULL REFERENCES grid_code_issued (code), -- holds it after; the same grid for what it keeps
    area_m2               REAL NOT NULL CHECK (area_m2 >= 0),
    share_of_predecessor  REAL NOT NULL CHECK (share_of_predecessor BETWEEN 0 AND 1), -- of its area before
    share_of_successor    REAL NOT NULL CHECK (share_of_successor BETWEEN 0 AND 1),   -- of its area after
    addresses             INTEGER NOT NULL CHECK (addresses >= 0),                    -- address points on that ground
    predecessor_addresses INTEGER NOT NULL CHECK (predecessor_addresses >= addresses), -- on all its ground before
    successor_addresses   INTEGER NOT NULL CHECK (successor_addresses >= addresses),   -- on all its ground after
    PRIMARY KEY (change_set_id, predecessor, successor)
) STRICT, WITHOUT ROWID;
CREATE INDEX grid_lineage_predecessor ON grid_lineage (predecessor, change_set_id);
CREATE INDEX grid_lineage_successor ON grid_lineage (successor, change_set_id);
CREATE TRIGGER grid_lineage_forbids_update BEFORE UPDATE ON grid_lineage
BEGIN SELECT RAISE(ABORT, 'grid_lineage: what happened never changes'); END;
CREATE TRIGGER grid_lineage_forbids_delete BEFORE DELETE ON grid_lineage
BEGIN SELECT RAISE(ABORT, 'grid_lineage: what happened is never deleted'); END;

-- Old codes of divisions and the codes that took their place on a day. Neither need be a division of the registry. A list
-- of the same name replaces what it brought before; superseded rows are kept.
CREATE TABLE division_concordance (
    id               INTEGER PRIMARY KEY,
    old_code         INTEGER NOT NULL CHECK (old_code BETWEEN 1 AND 999999999999),
    new_code         INTEGER CHECK (new_code BETWEEN 1 AND 999999999999),     -- NULL: abolished without a successor
    effective        INTEGER NOT NULL,                                        -- days since 1970-01-01
    note             TEXT NOT NULL,
    source           TEXT NOT NULL CHECK (source <> ''),                      -- name of the list
    recorded_entry   INTEGER NOT NULL REFERENCES audit_log (sequence),
    superseded_entry INTEGER REFERENCES audit_log (sequence) CHECK (superseded_entry > recorded_entry), -- NULL while in use
    effective_iso    TEXT GENERATED ALWAYS AS (date(effective * 86400, 'unixepoch')) VIRTUAL
) STRICT;
CREATE INDEX division_concordance_in_use ON division_concordance (old_code, effective) WHERE superseded_entry IS NULL;
CREATE TRIGGER division_concordance_forbids_update
BEFORE UPDATE OF id, old_code, new_code, effective, note, source, recorded_entry ON division_concordance
BEGIN SELECT RAISE(ABORT, 'division_concordance: rows never change, they are superseded'); END;
CREATE TRIGGER division_concordance_is_superseded_once BEFORE UPDATE OF superseded_entry ON division_concordance
WHEN OLD.superseded_entry IS NOT NULL OR NEW.superseded_entry IS NULL
BEGIN SELECT RAISE(ABORT, 'division_concordance: a row is superseded once'); END;
CREATE TRIGGER division_concordance_forbids_delete BEFORE DELETE ON division_concordance
BEGIN SELECT RAISE(ABORT, 'division_concordance: rows are superseded, never deleted'); END;

-- The entry that ended the reign of a generation is that of the next publish.
CREATE INDEX audit_log_publish ON audit_log (sequence) WHERE action = 'publish';
