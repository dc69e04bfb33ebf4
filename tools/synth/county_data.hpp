#pragma once

#include "allocation.hpp"
#include "reference.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace wangge::synth {

/// What a row's geometry is written as. A Shapefile of polygons leaves a line out.
enum class Drawing : std::uint8_t { polygons, line, off_the_globe };

/// One row of the boundary files, as staff would have it. A dirty one may hold anything.
struct Feature {
    std::string code, name, kind, village_code;
    std::uint32_t town = 0, village = 0; ///< where the other names come from
    geom::MultiPolygon shape;
    Drawing drawing = Drawing::polygons;
};

struct OfficerRow {
    std::string number, name, phone, grid_code;
    char const* role = "";
    std::string effective;
};

/// Everything made for one county; rows are CSV lines in UTF-8 that end in CR LF.
struct CountyData {
    std::size_t county = 0; ///< index into Reference::counties
    std::vector<Feature> features;
    std::vector<OfficerRow> officers;
    std::string addresses, emergency_units, defects;
    std::uint64_t grids = 0, dedicated = 0, multi_part = 0, with_holes = 0, vertices = 0, triangles = 0;
    std::uint64_t address_count = 0, unit_count = 0, defect_count = 0;
};

/// Depends on the county, its share and the seed alone.
[[nodiscard]] CountyData make_county(Reference const& reference, CountyShare const& share, std::uint64_t seed,
                                     bool dirty);

} // namespace wangge::synth
