-- What changed, without reading what did not: rows by the generation that recorded or superseded them, and by the days on
-- which they begin and end.

CREATE INDEX grid_version_recorded ON grid_version (recorded_from);
CREATE INDEX grid_version_superseded ON grid_version (recorded_to) WHERE recorded_to IS NOT NULL;
CREATE INDEX grid_version_begins ON grid_version (valid_from);
CREATE INDEX grid_version_ends ON grid_version (valid_to);

CREATE INDEX division_version_recorded ON division_version (recorded_from);
CREATE INDEX division_version_superseded ON division_version (recorded_to) WHERE recorded_to IS NOT NULL;
CREATE INDEX division_version_begins ON division_version (valid_from);
CREATE INDEX division_version_ends ON division_version (valid_to);
