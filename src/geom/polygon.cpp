#include <wangge/geom/polygon.hpp>

namespace wangge::geom {

Envelope envelope_of(Ring const& ring) noexcept {
    Envelope box;
    for (auto const p : ring) {
        box.extend(p);
    }
    return box;
}

Envelope envelope_of(MultiPolygon const& shape) noexcept {
    Envelope box;
    for (auto const& part : shape.parts) {
        box.extend(envelope_of(part.outer));
    }
    return box;
}

std::size_t vertex_count(MultiPolygon const& shape) noexcept {
    std::size_t n = 0;
    for_each_ring(shape, [&](Ring const& ring) { n += ring.size(); });
    return n;
}

int winding(Ring const& ring) noexcept {
    __extension__ using Wide = __int128;
    Wide twice_area = 0;
    for_each_edge(ring, [&](Point a, Point b) {
        twice_area += static_cast<Wide>(a.lon) * b.lat - static_cast<Wide>(b.lon) * a.lat;
    });
    return twice_area > 0 ? 1 : (twice_area < 0 ? -1 : 0);
}

namespace {

void normalize_ring(Ring& ring, int wanted) {
    if (winding(ring) == -wanted) {
        std::reverse(ring.begin(), ring.end());
    }
    std::rotate(ring.begin(), std::min_element(ring.begin(), ring.end()), ring.end());
}

} // namespace

void normalize(MultiPolygon& shape) {
    for (auto& part : shape.parts) {
        normalize_ring(part.outer, 1);
        for (auto& hole : part.holes) {
            normalize_ring(hole, -1);
        }
        std::sort(part.holes.begin(), part.holes.end());
    }
    std::sort(shape.parts.begin(), shape.parts.end(),
              [](Polygon const& a, Polygon const& b) { return a.outer < b.outer; });
}

} // namespace wangge::geom
