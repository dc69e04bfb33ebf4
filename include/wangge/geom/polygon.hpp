#pragma once

#include <wangge/geom/point.hpp>

#include <cstddef>
#include <vector>

namespace wangge::geom {

/// Closed chain of positions, held open: the first point is not repeated. At least 3 points when valid.
using Ring = std::vector<Point>;

/// Outer ring counter-clockwise, holes clockwise, so that the interior lies left of every directed edge.
struct Polygon {
    Ring outer;
    std::vector<Ring> holes;
    bool operator==(Polygon const&) const = default;
};

/// Area of a grid or division; parts touch at single points at most.
struct MultiPolygon {
    std::vector<Polygon> parts;
    [[nodiscard]] bool empty() const noexcept { return parts.empty(); }
    bool operator==(MultiPolygon const&) const = default;
};

/// Calls f(Ring const&) for each outer ring and hole, in order.
template <class F>
void for_each_ring(MultiPolygon const& shape, F&& f) {
    for (auto const& part : shape.parts) {
        f(part.outer);
        for (auto const& hole : part.holes) {
            f(hole);
        }
    }
}

/// Calls f(Point a, Point b) for each directed edge of a ring, the closing one included.
template <class F>
void for_each_edge(Ring const& ring, F&& f) {
    for (std::size_t i = 0, n = ring.size(); i < n; ++i) {
        f(ring[i], ring[i + 1 == n ? 0 : i + 1]);
    }
}
template <class F>
void for_each_edge(MultiPolygon const& shape, F&& f) {
    for_each_ring(shape, [&](Ring const& ring) { for_each_edge(ring, f); });
}

[[nodiscard]] Envelope envelope_of(Ring const& ring) noexcept;
[[nodiscard]] Envelope envelope_of(MultiPolygon const& shape) noexcept;
[[nodiscard]] std::size_t vertex_count(MultiPolygon const& shape) noexcept;

/// Sign of the signed area: +1 counter-clockwise, -1 clockwise, 0 no area. Exact (128-bit sum). O(n).
[[nodiscard]] int winding(Ring const& ring) noexcept;

/// Canonical form: each ring starts at its smallest point and has the orientation of its role, holes and parts are
/// sorted by first point. Two shapes that cover the same area with the same vertices become equal.
void normalize(MultiPolygon& shape);

} // namespace wangge::geom
