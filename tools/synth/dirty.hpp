#pragma once

#include "county_data.hpp"

#include <cstdint>

namespace wangge::synth {

inline constexpr char const* kDefectHeader = "kind,grid_codes,lon,lat,measure,unit,detail\r\n";

/// Kinds that plant_defects() plants, named as the problems that a check should report.
inline constexpr char const* kDefectKinds[] = {"outside_county",
                                               "county_not_filled",
                                               "village_without_grids",
                                               "overlap",
                                               "gap",
                                               "sliver",
                                               "edge_not_matched",
                                               "self_crossing",
                                               "repeated_ring_point",
                                               "collapsed_ring",
                                               "wrong_nesting",
                                               "empty_geometry",
                                               "unsupported_geometry",
                                               "outside_lattice",
                                               "duplicate_geometry",
                                               "duplicate_code",
                                               "unknown_village",
                                               "missing_attribute",
                                               "malformed_code",
                                               "malformed_value",
                                               "unreadable_text"};

/**
 * Spoils `data.features` with up to `of_each_kind` defects of every kind and lists them in `data.defects`. No grid
 * takes part in two. A kind for which the county has no more fitting places stays below the number. Some defects bring
 * others with them, which docs/data.md lists: an empty geometry leaves a gap, for example.
 */
void plant_defects(CountyData& data, Reference const& reference, std::uint64_t of_each_kind, std::uint64_t seed);

} // namespace wangge::synth
