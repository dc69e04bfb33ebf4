#pragma once

#include <wangge/geom/point.hpp>

#include <cstdint>

namespace wangge::topology {

using geom::Point;

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// Difference of two positions; products of two stay below 6.5e18 < 2^63 on the globe.
struct Direction {
    std::int64_t lon = 0;
    std::int64_t lat = 0;
    [[nodiscard]] Direction reversed() const noexcept { return {-lon, -lat}; }
};

[[nodiscard]] inline Direction direction(Point from, Point to) noexcept {
    return {std::int64_t{to.lon} - from.lon, std::int64_t{to.lat} - from.lat};
}

/// Sign of the turn from `a` to `b`: positive counter-clockwise. Exact: the products are compared, not subtracted.
[[nodiscard]] inline int turn(Direction a, Direction b) noexcept {
    auto const left = a.lon * b.lat;
    auto const right = a.lat * b.lon;
    return left > right ? 1 : (left < right ? -1 : 0);
}

/// Twice the signed area of the triangle a, b, c. Below 2^63.5 on the globe, hence 128 bits; two of them multiply below
/// 2^127.
[[nodiscard]] inline Int128 cross(Point a, Point b, Point c) noexcept {
    auto const u = direction(a, b);
    auto const v = direction(a, c);
    return static_cast<Int128>(u.lon) * v.lat - static_cast<Int128>(u.lat) * v.lon;
}

/// Order of directions counter-clockwise from just after south: (south, north] lies east and comes first.
[[nodiscard]] inline bool before_in_star(Direction a, Direction b) noexcept {
    auto const east = [](Direction d) { return d.lon > 0 || (d.lon == 0 && d.lat > 0); };
    if (east(a) != east(b)) {
        return east(a);
    }
    return turn(a, b) > 0;
}

/// Does `d` lie strictly inside the sector swept counter-clockwise from `from` to `to`? Where both are equal, the
/// sector is the full turn.
[[nodiscard]] bool in_sector(Direction from, Direction d, Direction to) noexcept;

/// How two segments meet.
struct Meeting {
    enum class Kind {
        apart,
        touch,    ///< in the one lattice point `first`, an end point of at least one of them
        crossing, ///< in one point inside both
        overlap,  ///< along the stretch `first`-`second`, first < second
    };
    Kind kind = Kind::apart;
    Point first;
    Point second;
};

/// Meeting of a-b with c-d, both of some length. Exact.
[[nodiscard]] Meeting meet(Point a, Point b, Point c, Point d) noexcept;

/// Where a-b and c-d cross, to the nearest lattice position. They must cross in one point inside both.
[[nodiscard]] Point crossing_point(Point a, Point b, Point c, Point d) noexcept;

} // namespace wangge::topology
