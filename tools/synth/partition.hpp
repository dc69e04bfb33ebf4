#pragma once

#include "allocation.hpp"
#include "mesh.hpp"

#include <wangge/base/codes.hpp>

#include <cstdint>
#include <vector>

namespace wangge::synth {

/// One grid of a county before it has a shape.
struct GridPlan {
    std::uint32_t town = 0, village = 0; ///< indices in the county and in the town
    GridKind kind = GridKind::comprehensive;
    std::uint32_t sequence = 0; ///< last three digits of the code
};

/// Which triangle belongs to which grid.
struct Partition {
    std::vector<GridPlan> grids;       ///< in the order of their codes
    std::vector<std::int32_t> grid_of; ///< for each triangle
};

/**
 * Divides the mesh among the towns, villages and grids of a county, with exactly the counts of `share`; every grid has
 * at least one triangle. Grids are connected, but for islands and a few enclaves; dedicated ones are cut out of
 * comprehensive ones, where there is room as an island inside one. Throws Error{data_rejected} when the mesh has fewer
 * triangles than grids.
 */
[[nodiscard]] Partition partition(Mesh const& mesh, County const& county, CountyShare const& share, std::uint64_t seed);

} // namespace wangge::synth
