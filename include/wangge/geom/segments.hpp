#pragma once

#include <wangge/geom/point.hpp>

namespace wangge::geom {

/// Envelope of a segment.
[[nodiscard]] inline Envelope envelope_of(Point a, Point b) noexcept {
    return {{std::min(a.lon, b.lon), std::min(a.lat, b.lat)}, {std::max(a.lon, b.lon), std::max(a.lat, b.lat)}};
}

/// Does `p` lie on the closed segment a-b? Exact for positions on the globe, as everything here: segments are real
/// lines in longitude and latitude, not chains of lattice positions. O(1).
[[nodiscard]] inline bool on_segment(Point p, Point a, Point b) noexcept {
    return envelope_of(a, b).contains(p) && orientation(a, b, p) == 0;
}

/// Do the closed segments a-b and c-d share a position? Either may be a single position.
[[nodiscard]] inline bool segments_meet(Point a, Point b, Point c, Point d) noexcept {
    // Where both straddle the other's line they meet; on one line, or as single positions, their envelopes decide.
    return envelope_of(a, b).intersects(envelope_of(c, d)) && orientation(a, b, c) * orientation(a, b, d) <= 0 &&
           orientation(c, d, a) * orientation(c, d, b) <= 0;
}

/// Does the closed segment a-b share a position with the closed box? The box must not be empty.
[[nodiscard]] inline bool segment_meets(Point a, Point b, Envelope const& box) noexcept {
    if (!envelope_of(a, b).intersects(box)) {
        return false;
    }
    if (box.contains(a) || box.contains(b)) {
        return true;
    }
    // Separating axes: those of the envelopes do not part them, so only the segment's own line can. The corners that
    // lie farthest to its two sides are the north-west and south-east ones when it rises eastward.
    bool const rises = (a.lon < b.lon) == (a.lat < b.lat);
    Point const one = rises ? Point{box.min.lon, box.max.lat} : box.min;
    Point const other = rises ? Point{box.max.lon, box.min.lat} : box.max;
    return orientation(a, b, one) * orientation(a, b, other) <= 0;
}

} // namespace wangge::geom
