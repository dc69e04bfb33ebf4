#pragma once

#include "repair_work.hpp"

#include <map>
#include <span>
#include <unordered_set>
#include <vector>

namespace wangge::topology {

using FaceEdits = std::map<std::uint32_t, FaceEdit>;

/// A part of a group that can be carried out without the others.
struct RepairCell {
    std::size_t group = 0; ///< among those given
    FaceEdits faces;
};

/**
 * Cuts groups of changes, which have no point in common, into cells: about one for each place where three boundaries
 * meet. Between two of them the common boundary of two faces is cut at a vertex c of the boundary to be, near its
 * middle. A face that has its own vertex o there, within the tolerance, instead of c then gets the edge c-o with the
 * cell before the cut and o-c with the cell after it: both together cancel, and with one of them alone the boundary
 * goes over to where it was. No such edge meets another edge of before or after, and each face is valid with any one
 * cell alone. Faces in `whole` are not cut. Where
 * there is no such vertex, cells stay together. By group, then by first edge; independent of the order of the faces.
 * O(n log n) in the edges of faces near the groups.
 */
[[nodiscard]] std::vector<RepairCell> cut_into_cells(RepairWork const& work, std::span<FaceEdits const> groups,
                                                     std::unordered_set<std::uint32_t> const& whole);

} // namespace wangge::topology
