#pragma once

#include <wangge/geom/point.hpp>

#include <cstdint>
#include <vector>

namespace wangge::synth {

/// A mesh edge a-b and the far corners of its two triangles: `left` lies left of a -> b, `right` right of it.
struct Quad {
    geom::Point a, b, left, right;
};

/**
 * Appends the vertices strictly between the ends of a winding line from a to b. The line stays strictly inside the
 * edge's own diamond (its ends and the incentres of its two triangles), and runs forward along the edge; diamonds of
 * different edges do not overlap, so no two such lines cross or touch but at shared ends. The same from both sides:
 * from b to a it is reversed. Edges too short for that stay straight.
 */
void append_jagged(Quad const& quad, std::uint64_t seed, std::vector<geom::Point>& out);

} // namespace wangge::synth
