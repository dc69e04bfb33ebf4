#include "predicates.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace wangge;
using namespace wangge::topology;

namespace {

constexpr double kTurn = 2 * M_PI;
constexpr double kNone = 1e-9; ///< far below the least angle between the directions here, some 0.05

/// All directions of up to three units each way.
std::vector<Direction> directions() {
    std::vector<Direction> result;
    for (int lon = -3; lon <= 3; ++lon) {
        for (int lat = -3; lat <= 3; ++lat) {
            if (lon != 0 || lat != 0) {
                result.push_back({lon, lat});
            }
        }
    }
    return result;
}

/// Counter-clockwise from `from` to `d`, in [0, a turn).
double angle(Direction from, Direction d) {
    auto const a = std::atan2(d.lat, d.lon) - std::atan2(from.lat, from.lon);
    auto const positive = a < -kNone ? a + kTurn : a;
    return positive < kNone ? 0 : positive;
}

std::string words(Direction d) { return std::to_string(d.lon) + ' ' + std::to_string(d.lat); }

/// By Cramer's rule in fractions, and along the line where both lie on one.
Meeting by_fractions(Point a, Point b, Point c, Point d) {
    using enum Meeting::Kind;
    auto const cross = [](Direction u, Direction v) { return u.lon * v.lat - u.lat * v.lon; };
    auto const dot = [](Direction u, Direction v) { return u.lon * v.lon + u.lat * v.lat; };
    auto const ab = direction(a, b), cd = direction(c, d), ac = direction(a, c), ad = direction(a, d);
    auto const below = cross(ab, cd);
    if (below == 0) {
        if (cross(ab, ac) != 0) {
            return {};
        }
        std::vector<std::pair<std::int64_t, Point>> on{{0, a}, {dot(ab, ab), b}, {dot(ab, ac), c}, {dot(ab, ad), d}};
        auto const from = std::max(on[0], std::min(on[2], on[3]));
        auto const to = std::min(on[1], std::max(on[2], on[3]));
        if (from.first > to.first) {
            return {};
        }
        return from.first == to.first
                   ? Meeting{touch, from.second, from.second}
                   : Meeting{overlap, std::min(from.second, to.second), std::max(from.second, to.second)};
    }
    auto t = cross(ac, cd), u = cross(ac, ab), whole = below;
    if (whole < 0) {
        t = -t, u = -u, whole = -whole;
    }
    if (t < 0 || t > whole || u < 0 || u > whole) {
        return {};
    }
    for (auto const& [end, at] : {std::pair{t == 0, a}, {t == whole, b}, {u == 0, c}, {u == whole, d}}) {
        if (end) {
            return {touch, at, at};
        }
    }
    return {crossing, {}, {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(predicates)

BOOST_AUTO_TEST_CASE(a_sector_holds_what_lies_strictly_between_its_sides_counter_clockwise) {
    std::size_t inside = 0;
    for (auto const from : directions()) {
        for (auto const to : directions()) {
            auto const span = angle(from, to) == 0 ? kTurn : angle(from, to);
            for (auto const d : directions()) {
                bool const expected = angle(from, d) > 0 && angle(from, d) < span - kNone;
                inside += expected ? 1U : 0U;
                if (in_sector(from, d, to) != expected) {
                    BOOST_ERROR(words(d) << " in the sector from " << words(from) << " to " << words(to));
                }
            }
        }
    }
    BOOST_TEST(inside > 40'000U);
}

BOOST_AUTO_TEST_CASE(directions_stand_in_a_star_from_just_after_south_round_to_south) {
    Direction const south{0, -1};
    for (auto const a : directions()) {
        for (auto const b : directions()) {
            auto const round = [&](Direction d) { return angle(south, d) == 0 ? kTurn : angle(south, d); };
            if (before_in_star(a, b) != (round(a) < round(b) - kNone)) {
                BOOST_ERROR(words(a) << " before " << words(b));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_direction_turned_back_is_half_a_turn_on) {
    for (auto const d : directions()) {
        BOOST_TEST(angle(d, d.reversed()) == M_PI, boost::test_tools::tolerance(1e-12));
    }
}

BOOST_AUTO_TEST_CASE(any_two_segments_meet_as_fractions_say) {
    std::vector<Point> points;
    for (std::int32_t lon = 0; lon < 4; ++lon) {
        for (std::int32_t lat = 0; lat < 4; ++lat) {
            points.push_back({lon - 1, 2 - lat});
        }
    }
    std::array<std::size_t, 4> kinds{};
    for (auto const a : points) {
        for (auto const b : points) {
            for (auto const c : points) {
                for (auto const d : points) {
                    if (a == b || c == d) {
                        continue;
                    }
                    auto const expected = by_fractions(a, b, c, d);
                    auto const got = meet(a, b, c, d);
                    ++kinds.at(static_cast<std::size_t>(expected.kind));
                    if (got.kind != expected.kind || got.first != expected.first || got.second != expected.second) {
                        BOOST_ERROR(a.lon << ' ' << a.lat << " - " << b.lon << ' ' << b.lat << " with " << c.lon << ' '
                                          << c.lat << " - " << d.lon << ' ' << d.lat);
                    }
                    if (got.kind == Meeting::Kind::crossing) { // enlarged, so that it lies between lattice positions
                        auto const far = [](Point p) { return Point{p.lon * 1001 + 7, p.lat * 1003 - 5}; };
                        auto const at = crossing_point(far(a), far(b), far(c), far(d));
                        auto const ab = direction(a, b), cd = direction(c, d), ac = direction(a, c);
                        auto const t = static_cast<long double>(ac.lon * cd.lat - ac.lat * cd.lon) /
                                       static_cast<long double>(ab.lon * cd.lat - ab.lat * cd.lon);
                        auto const lon = (a.lon + t * static_cast<long double>(ab.lon)) * 1001 + 7;
                        auto const lat = (a.lat + t * static_cast<long double>(ab.lat)) * 1003 - 5;
                        if (std::fabs(at.lon - lon) > 0.500001L || std::fabs(at.lat - lat) > 0.500001L) {
                            BOOST_ERROR("the crossing is at " << lon << ' ' << lat << ", not " << at.lon << ' '
                                                              << at.lat);
                        }
                    }
                }
            }
        }
    }
    for (auto const count : kinds) {
        BOOST_TEST(count > 1000U);
    }
}

BOOST_AUTO_TEST_CASE(predicates_are_exact_over_the_whole_globe) {
    Point const west{-1'800'000'000, -900'000'000}, east{1'800'000'000, 900'000'000};
    Point const middle{0, 0}, beside{1, 0};
    BOOST_TEST((meet(west, east, middle, {0, 5}).kind == Meeting::Kind::touch));
    BOOST_TEST((meet(west, east, beside, {1, -5}).kind == Meeting::Kind::apart));
    BOOST_TEST((meet(west, east, beside, {1, 5}).kind == Meeting::Kind::crossing)); // half a unit above it
    BOOST_TEST(turn({3'600'000'000, 1'800'000'000}, {1'800'000'000, 900'000'000}) == 0);
    BOOST_TEST(turn({3'600'000'000, 1'800'000'000}, {1'799'999'999, 900'000'000}) == 1);
    BOOST_TEST(turn({3'600'000'000, 1'800'000'000}, {1'800'000'000, 899'999'999}) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
