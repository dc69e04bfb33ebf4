#include "predicates.hpp"

#include <algorithm>
#include <cmath>

namespace wangge::topology {

bool in_sector(Direction from, Direction d, Direction to) noexcept {
    auto const span = turn(from, to);
    if (span > 0) {
        return turn(from, d) > 0 && turn(d, to) > 0;
    }
    auto const same_way = [](Direction a, Direction b) {
        return turn(a, b) == 0 && (a.lon > 0) == (b.lon > 0) && (a.lat > 0) == (b.lat > 0);
    };
    if (same_way(from, d) || same_way(d, to)) {
        return false;
    }
    if (span < 0) {
        return !(turn(to, d) > 0 && turn(d, from) > 0);
    }
    return same_way(from, to) || turn(from, d) > 0;
}

Meeting meet(Point a, Point b, Point c, Point d) noexcept {
    using enum Meeting::Kind;
    auto const c_side = orientation(a, b, c);
    auto const d_side = orientation(a, b, d);
    if (c_side == 0 && d_side == 0) { // on one line: lexicographic order is order along it
        auto const first = std::max(std::min(a, b), std::min(c, d));
        auto const second = std::min(std::max(a, b), std::max(c, d));
        if (first == second) {
            return {touch, first, first};
        }
        return first < second ? Meeting{overlap, first, second} : Meeting{};
    }
    if (c_side * d_side > 0) {
        return {};
    }
    auto const a_side = orientation(c, d, a);
    auto const b_side = orientation(c, d, b);
    if (a_side * b_side > 0) {
        return {};
    }
    if (c_side != 0 && d_side != 0 && a_side != 0 && b_side != 0) {
        return {crossing, {}, {}};
    }
    // Not on one line, and neither lies to one side of the other: the end point that lies on the other's line is the
    // touch.
    auto const at = c_side == 0 ? c : (d_side == 0 ? d : (a_side == 0 ? a : b));
    return {touch, at, at};
}

Point crossing_point(Point a, Point b, Point c, Point d) noexcept {
    auto const from = static_cast<long double>(cross(c, d, a));
    auto const to = static_cast<long double>(cross(c, d, b));
    auto const t = from / (from - to);
    auto const way = direction(a, b);
    return {static_cast<std::int32_t>(std::llround(a.lon + t * static_cast<long double>(way.lon))),
            static_cast<std::int32_t>(std::llround(a.lat + t * static_cast<long double>(way.lat)))};
}

} // namespace wangge::topology
