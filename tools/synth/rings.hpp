#pragma once

#include "mesh.hpp"
#include "partition.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <vector>

namespace wangge::synth {

/// Shapes of the grids of a county: `shapes[g]` is the union of the triangles of grid g, with winding lines between
/// grids. Every shape is valid by the OGC rules and normalized; neighbours share every vertex; the outline of the
/// county is kept as it is.
[[nodiscard]] std::vector<geom::MultiPolygon> draw_grids(Mesh const& mesh, Partition const& partition,
                                                         std::uint64_t seed);

} // namespace wangge::synth
