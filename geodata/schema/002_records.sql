-- Who did what and when: the audit log, generations (one publish each), change sets and the files they came from.

CREATE TABLE audit_log (
    sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
    time     TEXT NOT NULL,                              -- ISO 8601, +08:00
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL CHECK (action <> ''),
    details  TEXT NOT NULL CHECK (json_valid(details)),  -- JSON, nothing personal
    previous TEXT NOT NULL CHECK (length(previous) = 64),
    hash     TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
CREATE TRIGGER audit_log_keeps_order BEFORE INSERT ON audit_log
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit_log)
BEGIN SELECT RAISE(ABORT, 'audit_log: entries are numbered without a gap'); END;
CREATE TRIGGER audit_log_forbids_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log: entries never change'); END;
CREATE TRIGGER audit_log_forbids_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log: entries are never deleted'); END;

CREATE TABLE generation (
    number          INTEGER PRIMARY KEY CHECK (number >= 1),
    recorded_at     TEXT NOT NULL,                       -- ISO 8601, +08:00
    recorded_at_utc TEXT NOT NULL,                       -- the same instant, Z
    author          TEXT NOT NULL,
    approver        TEXT NOT NULL,
    digest          TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT;
CREATE TRIGGER generation_keeps_order BEFORE INSERT ON generation
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM generation)
BEGIN SELECT RAISE(ABORT, 'generation: numbers follow one another without a gap'); END;
CREATE TRIGGER generation_forbids_update BEFORE UPDATE ON generation
BEGIN SELECT RAISE(ABORT, 'generation: a published generation never changes'); END;
CREATE TRIGGER generation_forbids_delete BEFORE DELETE ON generation
BEGIN SELECT RAISE(ABORT, 'generation: a published generation is never deleted'); END;

CREATE TABLE change_set (
    id             INTEGER PRIMARY KEY,
    subject        TEXT NOT NULL CHECK (subject IN ('grids', 'divisions')),
    title          TEXT NOT NULL,
    author         TEXT NOT NULL,
    effective      INTEGER NOT NULL,                     -- days since 1970-01-01
    applied_at     TEXT NOT NULL,                        -- ISO 8601, +08:00
    generation     INTEGER REFERENCES generation (number), -- NULL while it waits in the draft
    effective_iso  TEXT GENERATED ALWAYS AS (date(effective * 86400, 'unixepoch')) VIRTUAL
) STRICT;
CREATE INDEX change_set_draft ON change_set (id) WHERE generation IS NULL;
CREATE TRIGGER change_set_forbids_update
BEFORE UPDATE OF id, subject, title, author, effective, applied_at ON change_set
BEGIN SELECT RAISE(ABORT, 'change_set: an applied change set never changes'); END;
CREATE TRIGGER change_set_is_published_once BEFORE UPDATE OF generation ON change_set
WHEN OLD.generation IS NOT NULL OR NEW.generation IS NULL
BEGIN SELECT RAISE(ABORT, 'change_set: it is published once'); END;
CREATE TRIGGER change_set_forbids_delete BEFORE DELETE ON change_set
BEGIN SELECT RAISE(ABORT, 'change_set: an applied change set is never deleted'); END;

CREATE TABLE source_file (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    sha256        TEXT NOT NULL CHECK (length(sha256) = 64),
    bytes         INTEGER NOT NULL CHECK (bytes >= 0),
    crs           TEXT NOT NULL,                         -- reference system it was read in
    encoding      TEXT NOT NULL,                         -- encoding of its text
    received_at   TEXT NOT NULL,                         -- ISO 8601, +08:00
    received_from TEXT NOT NULL,                         -- author of the import
    change_set_id INTEGER REFERENCES change_set (id)     -- NULL for what needs no publish (officers, addresses, outlines)
) STRICT;
CREATE INDEX source_file_sha256 ON source_file (sha256);
CREATE TRIGGER source_file_forbids_update BEFORE UPDATE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file: provenance never changes'); END;
CREATE TRIGGER source_file_forbids_delete BEFORE DELETE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file: provenance is never deleted'); END;
