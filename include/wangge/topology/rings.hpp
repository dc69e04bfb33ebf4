#pragma once

#include <wangge/geom/polygon.hpp>

#include <vector>

namespace wangge::topology {

/// One edge of an area's boundary; the area lies to its left.
struct DirectedEdge {
    geom::Point from;
    geom::Point to;
    auto operator<=>(DirectedEdge const&) const = default;
};

/**
 * The area whose boundary is `edges`, valid by OGC rules and normalised: where the boundary touches itself in a point,
 * rings are cut there, so that no ring passes a point twice and each part has a connected interior. The edges must meet
 * at end points only, and each position must see as many edges arrive as leave; order does not matter. Throws
 * Error{usage} when they do not bound an area. O(n log n).
 */
[[nodiscard]] geom::MultiPolygon assemble_rings(std::vector<DirectedEdge> edges);

} // namespace wangge::topology
