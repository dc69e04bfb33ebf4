#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/layers/layer_catalogue.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wangge::layers {

/// What to write and where.
struct ExportRequest {
    std::string layer;         ///< a name of layer_catalogue()
    std::string format;        ///< a name of format_catalogue(), in any case
    std::filesystem::path out; ///< replaced when it exists; for a Shapefile the .shp, its other parts beside it
    std::optional<DivisionCode> division; ///< only what lies in this division
    std::string crs = "EPSG:4490";        ///< target CRS as for crs::Transformer
    crs::SiteSystems site_systems = {};   ///< what `crs` may name besides
};

struct ExportResult {
    std::uint64_t features = 0;
    std::uint64_t vertices = 0;      ///< closing points of rings not counted
    std::uint64_t without_grids = 0; ///< divisions left out because they have no grid and so no shape
    std::uint64_t bytes = 0;
    std::vector<std::filesystem::path> files;
    std::string crs; ///< canonical name
};

/**
 * Writes one layer of the snapshot as a file. The file is written aside in the same folder, read back and compared
 * (number of features, number of vertices), synced and only then renamed; an existing one is replaced only on success.
 *
 * Coordinates: easting or longitude first in every format. GPKG, FlatGeobuf and Shapefile hold the doubles lattice/1e7;
 * GeoJSON and CSV (column `wkt`; `lon`, `lat` or `x`, `y` for points) hold 7 decimals of a degree or 4 of a metre, so
 * that EPSG:4490 loses nothing. GeoJSON in EPSG:4490 or 4326 has no `crs` member (RFC 7946; the difference between the
 * realisations of CGCS2000 and WGS 84 is below a metre); in another CRS it has the one of the 2008 format. GCJ02 and
 * BD09 have no EPSG code: the file then names no CRS. Shapefile text is GB18030 with a .cpg; its field names are
 * shortened to at most 10 bytes (docs/data.md).
 *
 * Throws Error: not_found for an unknown division, usage for an unknown layer (the message lists them), format or
 * CRS, a level above the division, or text too long for a Shapefile, environment when the folder cannot be written or
 * the disk is full.
 */
ExportResult export_layer(snapshot::Snapshot const& snapshot, ExportRequest const& request, Progress& progress);

} // namespace wangge::layers
