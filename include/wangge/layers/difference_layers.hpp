#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace wangge::layers {

/// What two states do not have alike, as it goes on a map.
struct DifferenceLayers {
    struct ChangedGrid {
        std::string code;
        std::string kinds; ///< all of them, joined by '+'
        std::string name_before, name_after, village_before, village_after;
        double area_before_m2 = 0, area_after_m2 = 0;
        geom::MultiPolygon shape; ///< the later one; of a retired grid the last one
    };
    /// Ground that changed hands. An empty code: nobody's.
    struct MovedArea {
        std::string from_code, to_code;
        double area_m2 = 0, share_of_from = 0, share_of_to = 0;
        geom::MultiPolygon shape; ///< empty when it is too small for the lattice: then it is in no layer
    };
    std::string description;
    std::vector<std::pair<std::string, std::vector<ChangedGrid>>> grids; ///< layer name and its features
    std::vector<MovedArea> moved;                                        ///< layer "moved"
};

/**
 * Writes a GeoPackage in EPSG:4490 with a layer for each entry of `grids`, empty ones too, and the layer `moved`.
 * Written aside, read back and counted, synced and renamed: an older file is replaced only on success. Returns the
 * number of features of each layer. Throws Error{usage} when the name does not end in .gpkg, Error{environment} when it
 * cannot be written.
 */
std::vector<std::pair<std::string, std::uint64_t>>
write_difference(DifferenceLayers const& difference, std::filesystem::path const& out, Progress& progress);

} // namespace wangge::layers
