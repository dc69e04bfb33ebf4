#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace wangge::layers {

/// A FlatGeobuf file of points whose grids are asked for.
struct PointFileRequest {
    std::filesystem::path in;           ///< .fgb
    std::filesystem::path out;          ///< .fgb or .csv; replaced when it exists
    std::string crs;                    ///< as for crs::Transformer::make; empty: as the file says
    crs::SiteSystems site_systems = {}; ///< what `crs` and the file may name besides
};

struct PointFileResult {
    std::uint64_t features = 0, inside = 0, outside = 0, faults = 0;
};

/// True when the name ends in .fgb, in any case.
[[nodiscard]] bool is_point_file(std::filesystem::path const& path);

/**
 * Streams the features of a point layer through the snapshot, in their order and in constant memory. Each keeps its
 * attributes with their types and its geometry (Z and M too), and gets `grid_code` (null when outside) and
 * `locate_status`: ok, outside, or bad_position when it has no single point, none on the globe or none that PROJ can
 * transform. A .fgb is written in the CRS of the input, without a spatial index, which would change the order and has
 * to be held in memory. A .csv has the attributes as text, then the two, then lon, lat (7 decimals) or x, y (4
 * decimals) in the CRS of the input, empty for a bad_position. The file is written aside, read back, counted, synced
 * and renamed.
 *
 * Throws Error: usage for another ending of `out` or a CRS that cannot be, data_unreadable for what is no FlatGeobuf or
 * is cut short, data_rejected when its layer is not one of points, does not say its CRS while none is given, or has a
 * field of one of the two names already; environment when the folder cannot be written or the disk is full.
 */
[[nodiscard]] PointFileResult locate_point_file(snapshot::Snapshot const& snapshot, PointFileRequest const& request,
                                                Progress& progress);

} // namespace wangge::layers
