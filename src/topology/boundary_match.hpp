#pragma once

#include "arrangement.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace wangge::topology {

/// A half-edge on the border of a piece of ground, and the face whose boundary runs there.
struct BorderEdge {
    std::uint32_t half_edge = 0;
    std::uint32_t owner = 0;
};

/// A stretch of boundary that two faces mean to share.
struct MeantStretch {
    std::uint32_t first = 0; ///< the smaller owner
    std::uint32_t second = 0;
    std::vector<std::uint32_t> pieces; ///< of the arrangement, along the side of `first`
    double apart_m = 0;                ///< the largest distance between the two sides
};

/**
 * Takes a gap or an overlap for one boundary drawn twice: when no end and no middle of its border edges is farther than
 * the tolerance from the side of another face, gives the stretches that it stands for, by pair of faces. Otherwise, and
 * when all its border is one face's, nothing. Distances by local scales. O(n log n).
 */
[[nodiscard]] std::vector<MeantStretch> match_sides(Arrangement const& arrangement, std::span<BorderEdge const> border,
                                                    double tolerance_m);

} // namespace wangge::topology
