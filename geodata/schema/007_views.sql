-- What people open in QGIS or query by hand. "Current" is today in UTC+8 by the newest knowledge, the draft included.

CREATE VIEW current_divisions AS
SELECT v.division_code AS code, printf('%012d', v.division_code) AS code_text, v.name, v.level,
       v.parent_code, v.urban_rural_class, v.valid_from_iso AS valid_from, v.valid_to_iso AS valid_to
FROM division_version v
WHERE v.recorded_to IS NULL
  AND v.valid_from <= unixepoch('now', '+8 hours') / 86400 AND unixepoch('now', '+8 hours') / 86400 < v.valid_to;

-- A village's chain upward; a town may stand directly under a city (Dongguan, Zhongshan), then county_name is empty.
CREATE VIEW current_grids AS
SELECT s.id AS shape_id, g.grid_code, g.name, g.kind,
       printf('%012d', g.village_code) AS village_code, village.name AS village_name, town.name AS town_name,
       CASE above.level WHEN 'county' THEN above.name END AS county_name,
       CASE above.level WHEN 'city' THEN above.name ELSE top.name END AS city_name,
       g.area_m2, g.vertices, g.valid_from_iso AS valid_from, g.valid_to_iso AS valid_to,
       g.recorded_from <= (SELECT coalesce(max(number), 0) FROM generation) AS published,
       s.shape AS shape
FROM grid_version g
JOIN grid_shape s ON s.id = g.shape_id
LEFT JOIN current_divisions village ON village.code = g.village_code
LEFT JOIN current_divisions town ON town.code = village.parent_code
LEFT JOIN current_divisions above ON above.code = town.parent_code
LEFT JOIN current_divisions top ON top.code = above.parent_code AND top.level = 'city'
WHERE g.recorded_to IS NULL
  AND g.valid_from <= unixepoch('now', '+8 hours') / 86400 AND unixepoch('now', '+8 hours') / 86400 < g.valid_to;

INSERT INTO views_geometry_columns (view_name, view_geometry, view_rowid, f_table_name, f_geometry_column, read_only)
VALUES ('current_grids', 'shape', 'shape_id', 'grid_shape', 'shape', 1);

-- Every version of every grid ever known, with the generations between which it was known. No shape: join grid_shape.
CREATE VIEW grid_history AS
SELECT grid_code, name, kind, printf('%012d', village_code) AS village_code, area_m2, vertices,
       valid_from_iso AS valid_from, valid_to_iso AS valid_to, recorded_from, recorded_to, shape_id
FROM grid_version;

-- Who is on duty today; staff numbers only.
CREATE VIEW current_assignments AS
SELECT grid_code, officer_id, role_word AS role, valid_from_iso AS valid_from, valid_to_iso AS valid_to
FROM assignment
WHERE superseded_entry IS NULL
  AND valid_from <= unixepoch('now', '+8 hours') / 86400 AND unixepoch('now', '+8 hours') / 86400 < valid_to;
