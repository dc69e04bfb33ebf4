#pragma once

#include "county_data.hpp"

#include <cstdint>

namespace wangge::synth {

inline constexpr char const* kDefectHeader = "kind,grid_codes,lon,lat,measure,unit,detail\r\n";

/// Kinds that plant_defects() plants, named as the problems that a check should report.
inline constexpr char const* kDefectKinds[] = {"overlap",
                                               "gap",
                                               "sliver",
                                               "edge_not_matched",
                                               "self_crossing",
                                               "repeated_ring_point",
                                               "collapsed_ring",
                                               "outside_county",
                                               "empty_geometry",
                                               "duplicate_geometry",
                                               "duplicate_code",
                                               "unknown_village",
                                               "missing_attribute",
                                               "malformed_code",
                                               "malformed_value"};

/**
 * Spoils `data.features` with up to `of_each_kind` defects of every kind and lists them in `data.defects`. No grid
 * takes part in two. A kind for which the county has no more fitting places stays below the number. Some defects bring
 * others with them: an empty geometry leaves a gap, a moved vertex does not match its neighbour's.
 */
void plant_defects(CountyData& data, County const& county, std::uint64_t of_each_kind, std::uint64_t seed);

} // namespace wangge::synth
