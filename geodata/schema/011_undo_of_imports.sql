-- What a change set takes back: an applied change set of grids, whether it was drawn as a change set or imported directly.

CREATE TABLE change_draft_undoes (
    draft_id      INTEGER PRIMARY KEY REFERENCES change_draft (id),
    change_set_id INTEGER NOT NULL REFERENCES change_set (id)
) STRICT;
CREATE TRIGGER change_draft_undoes_forbids_update BEFORE UPDATE ON change_draft_undoes
BEGIN SELECT RAISE(ABORT, 'change_draft_undoes: what a change set takes back never changes'); END;
CREATE TRIGGER change_draft_undoes_forbids_delete BEFORE DELETE ON change_draft_undoes
BEGIN SELECT RAISE(ABORT, 'change_draft_undoes: what a change set takes back stays'); END;
