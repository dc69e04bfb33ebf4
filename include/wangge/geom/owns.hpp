#pragma once

#include <wangge/geom/polygon.hpp>

namespace wangge::geom {

/**
 * The half-open rule. A position on a boundary belongs to the area that holds (lon + d, lat + e) for every small enough
 * 0 < d << e: the area directly north of it, and directly east where the boundary runs north. Of all areas of a
 * coverage exactly one holds that, in whatever order they are looked at.
 * Source: semi-open vertex model, as in S2ContainsPointQuery; here by counting the edges at or below the position whose
 * half-open longitude range [west end, east end) holds it.
 */
inline constexpr char const* kOwnershipRule =
    "half-open: boundary positions belong to the area directly north, then east";

/// Is the edge counted by a position's downward ray: spans its longitude half-open and passes at or below it. Exact.
[[nodiscard]] inline bool crosses_below(Point a, Point b, Point p) noexcept {
    if (a.lon > b.lon) {
        std::swap(a, b);
    }
    return a.lon <= p.lon && p.lon < b.lon && orientation(a, b, p) >= 0;
}

/// Does `ring` own `p`? Of two rings that share an edge exactly one owns each of its points. Exact. O(n).
[[nodiscard]] bool owns(Ring const& ring, Point p) noexcept;

/// Does the area own `p`, holes and parts considered? Exact. O(n).
[[nodiscard]] bool owns(MultiPolygon const& shape, Point p) noexcept;

} // namespace wangge::geom
