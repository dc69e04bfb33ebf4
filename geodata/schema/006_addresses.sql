-- Address points, lean rows: undated, replaced whole by the next import of the same source. Position on the lattice
-- (1e-7 degree, EPSG:4490); no spatial index yet, lookups by position use the grids.

CREATE TABLE address_source (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE                            -- file name; importing it again replaces its rows
) STRICT;

CREATE TABLE address_point (
    source_id    INTEGER NOT NULL REFERENCES address_source (id),
    id           TEXT NOT NULL CHECK (id <> ''),         -- unique within its source
    text         TEXT NOT NULL,                          -- full standard address
    village_code INTEGER NOT NULL,
    road         TEXT NOT NULL,
    number       TEXT NOT NULL,
    estate       TEXT NOT NULL,
    building     TEXT NOT NULL,
    unit         TEXT NOT NULL,
    room         TEXT NOT NULL,
    lon_e7       INTEGER NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7       INTEGER NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    PRIMARY KEY (source_id, id)
) STRICT, WITHOUT ROWID;
