#include <wangge/geom/owns.hpp>

namespace wangge::geom {

bool owns(Ring const& ring, Point p) noexcept {
    bool inside = false;
    for_each_edge(ring, [&](Point a, Point b) { inside ^= crosses_below(a, b, p); });
    return inside;
}

bool owns(MultiPolygon const& shape, Point p) noexcept {
    bool inside = false;
    for_each_edge(shape, [&](Point a, Point b) { inside ^= crosses_below(a, b, p); });
    return inside;
}

} // namespace wangge::geom
