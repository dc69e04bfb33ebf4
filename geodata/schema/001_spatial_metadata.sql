-- SpatiaLite's own metadata, with one reference system: EPSG:4490 (CGCS2000 geographic).
-- Stored longitude first (x = longitude), which is what SpatiaLite, GDAL and QGIS expect of a geographic system.
-- In these files a SELECT stands alone only to call a SpatiaLite function, and must answer 1.

SELECT InitSpatialMetaDataFull(0, 'NONE');
SELECT InsertEpsgSrid(4490);
