#include "support/random.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/geom/validity.hpp>
#include <wangge/geom/wkb.hpp>

#include <boost/test/unit_test.hpp>
#include <geodesic.h> // oracle for areas: PROJ's own geodesic code

#include <array>
#include <limits>

using namespace wangge::geom;

namespace {

MultiPolygon box(std::int32_t lon0, std::int32_t lat0, std::int32_t lon1, std::int32_t lat1) {
    return {{{{{lon0, lat0}, {lon1, lat0}, {lon1, lat1}, {lon0, lat1}}, {}}}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(geom)

BOOST_AUTO_TEST_CASE(degrees_go_to_the_same_lattice_coordinate_as_by_llround) {
    constexpr std::uint64_t kSeed = 7;
    wangge::test::Random random{kSeed};
    std::size_t wrong = 0;
    auto const compare = [&](double degrees) {
        wrong += wangge::geom::to_lattice(degrees) == std::llround(degrees * 1e7) ? 0U : 1U;
    };
    for (int i = 0; i < 1'000'000; ++i) {
        compare(random.unit() * 360 - 180);
        auto const half = (static_cast<double>(random.between(-1'799'999'999, 1'799'999'998)) + 0.5) / 1e7;
        compare(half);
        compare(std::nextafter(half, 1000));
        compare(std::nextafter(half, -1000));
    }
    for (double const d :
         {0.0, -0.0, 4.9e-324, 180.0, -180.0, 0.49999999999999994e-7, -0.49999999999999994e-7, 0.5e-7, -0.5e-7}) {
        compare(d);
    }
    BOOST_TEST(wrong == 0U, "seed " << kSeed);
}

BOOST_AUTO_TEST_CASE(every_point_of_a_coverage_has_exactly_one_owner) {
    // Four cells round a vertex of degree 4, with slanting edges, and a triangle fan of degree 8 round (0,0).
    std::vector<MultiPolygon> fan;
    Ring const rim{{10, 0}, {10, 7}, {0, 10}, {-9, 8}, {-10, 0}, {-8, -10}, {0, -10}, {10, -10}};
    for_each_edge(rim, [&](Point a, Point b) { fan.push_back({{{{{0, 0}, a, b}, {}}}}); });
    MultiPolygon const whole{{{rim, {}}}};
    for (std::int32_t lon = -12; lon <= 12; ++lon) {
        for (std::int32_t lat = -12; lat <= 12; ++lat) {
            int owners = 0;
            for (auto const& face : fan) {
                owners += owns(face, {lon, lat}) ? 1 : 0;
            }
            BOOST_TEST(owners == (owns(whole, {lon, lat}) ? 1 : 0), lon << ',' << lat);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_box_owns_its_south_and_west_sides_only) {
    auto const b = box(0, 0, 10, 10);
    BOOST_TEST(owns(b, {0, 0}));
    BOOST_TEST(owns(b, {5, 0}));
    BOOST_TEST(owns(b, {0, 5}));
    BOOST_TEST(!owns(b, {10, 5}));
    BOOST_TEST(!owns(b, {5, 10}));
    BOOST_TEST(!owns(b, {0, 10}));
    BOOST_TEST(!owns(b, {10, 0}));
}

BOOST_AUTO_TEST_CASE(orientation_is_exact_at_the_ends_of_the_globe) {
    Point const west{-1800000000, -900000000};
    Point const east{1800000000, 900000000};
    BOOST_TEST(orientation(west, east, {0, 0}) == 0);
    BOOST_TEST(orientation(west, east, {0, 1}) == 1);
    BOOST_TEST(orientation(west, east, {1, 0}) == -1);
}

BOOST_AUTO_TEST_CASE(areas_equal_the_geodesic_polygon_area_for_short_edges) {
    geod_geodesic ellipsoid;
    geod_init(&ellipsoid, kSemiMajorAxisM, kFlattening);
    wangge::test::Random random{20240607};
    for (int round = 0; round < 200; ++round) {
        Point const centre{static_cast<std::int32_t>(random.between(1097000000, 1173000000)),
                           static_cast<std::int32_t>(random.between(202000000, 255000000))};
        Ring ring;
        std::vector<double> lat, lon;
        for (int i = 0; i < 60; ++i) {
            double const angle = i * 0.10471975511965977;
            double const radius = 20000 + 10000 * random.unit();
            ring.push_back({centre.lon + static_cast<std::int32_t>(radius * std::cos(angle)),
                            centre.lat + static_cast<std::int32_t>(radius * std::sin(angle))});
            lon.push_back(to_degrees(ring.back().lon));
            lat.push_back(to_degrees(ring.back().lat));
        }
        double area = 0, perimeter = 0;
        geod_polygonarea(&ellipsoid, lat.data(), lon.data(), 60, &area, &perimeter);
        BOOST_TEST(area_m2(ring) == area, boost::test_tools::tolerance(1e-7));
        std::reverse(ring.begin(), ring.end());
        BOOST_TEST(area_m2(ring) == -area, boost::test_tools::tolerance(1e-7));
    }
}

BOOST_AUTO_TEST_CASE(distances_equal_the_geodesic_within_one_in_a_hundred_thousand) {
    geod_geodesic ellipsoid;
    geod_init(&ellipsoid, kSemiMajorAxisM, kFlattening);
    wangge::test::Random random{7};
    for (int round = 0; round < 1000; ++round) {
        Point const a{static_cast<std::int32_t>(random.between(1097000000, 1173000000)),
                      static_cast<std::int32_t>(random.between(202000000, 255000000))};
        Point const b{a.lon + static_cast<std::int32_t>(random.between(-500000, 500000)),
                      a.lat + static_cast<std::int32_t>(random.between(-500000, 500000))};
        double s = 0;
        geod_inverse(&ellipsoid, to_degrees(a.lat), to_degrees(a.lon), to_degrees(b.lat), to_degrees(b.lon), &s,
                     nullptr, nullptr);
        BOOST_TEST(distance_m(a, b) == s, boost::test_tools::tolerance(1e-5));
    }
}

BOOST_AUTO_TEST_CASE(distances_to_far_edges_equal_the_geodesic_to_their_nearest_position) {
    geod_geodesic ellipsoid;
    geod_init(&ellipsoid, kSemiMajorAxisM, kFlattening);
    constexpr std::uint64_t kSeed = 11;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    wangge::test::Random random{kSeed};
    for (int round = 0; round < 500; ++round) {
        auto const near = [&](Point p, std::int64_t most) {
            return Point{p.lon + static_cast<std::int32_t>(random.between(-most, most)),
                         p.lat + static_cast<std::int32_t>(random.between(-most, most))};
        };
        Point const p{static_cast<std::int32_t>(random.between(1097000000, 1173000000)),
                      static_cast<std::int32_t>(random.between(202000000, 255000000))};
        Point const a = near(p, round % 2 == 0 ? 300000 : 5000);
        Point const b = near(a, 5000); // up to 500 m
        double least = std::numeric_limits<double>::infinity();
        for (int i = 0; i <= 1000; ++i) {
            double s = 0;
            geod_inverse(&ellipsoid, to_degrees(p.lat), to_degrees(p.lon),
                         (a.lat + (b.lat - a.lat) * (i / 1000.0)) / kUnitsPerDegree,
                         (a.lon + (b.lon - a.lon) * (i / 1000.0)) / kUnitsPerDegree, &s, nullptr, nullptr);
            least = std::min(least, s);
        }
        double const expected = least;
        BOOST_TEST(std::abs(distance_to_segment_m(p, a, b) - expected) < 0.02 + 1e-5 * expected);
    }
}

BOOST_AUTO_TEST_CASE(distances_do_not_depend_on_directions_and_a_box_is_never_farther_than_what_it_holds) {
    wangge::test::Random random{12};
    for (int round = 0; round < 20000; ++round) {
        auto const most =
            std::array<std::int64_t, 4>{3, 1000, 1000000, 300000000}.at(static_cast<std::size_t>(round % 4));
        auto const point = [&] {
            return Point{static_cast<std::int32_t>(1130000000 + random.between(-most, most)),
                         static_cast<std::int32_t>(230000000 + random.between(-most, most))};
        };
        Point const p = point(), a = point(), b = point();
        double const d = distance_to_segment_m(p, a, b);
        BOOST_TEST(d == distance_to_segment_m(p, b, a));
        BOOST_TEST(LocalMetres{p}.lower_bound(envelope_of(a, b)) <= d);
        BOOST_TEST((d == 0) == on_segment(p, a, b));
        BOOST_TEST(LocalMetres{p}.lower_bound(envelope_of(a, a)) <= distance_to_segment_m(p, a, a));
    }
}

namespace {

__extension__ using Int128 = __int128;

/// Oracle: positions common to two closed segments, by solving for the two parameters in 128 bits.
bool share_a_position(Point a, Point b, Point c, Point d) {
    Int128 const ux = Int128{b.lon} - a.lon, uy = Int128{b.lat} - a.lat;
    Int128 const vx = Int128{d.lon} - c.lon, vy = Int128{d.lat} - c.lat;
    Int128 const wx = Int128{c.lon} - a.lon, wy = Int128{c.lat} - a.lat;
    Int128 denominator = ux * vy - uy * vx;
    if (denominator != 0) { // a + s u = c + t v
        Int128 s = wx * vy - wy * vx, t = wx * uy - wy * ux;
        if (denominator < 0) {
            denominator = -denominator;
            s = -s;
            t = -t;
        }
        return s >= 0 && s <= denominator && t >= 0 && t <= denominator;
    }
    auto const holds = [](Point p, Point q, Point r) { // r on p-q, by the dot product of r-p and r-q
        Int128 const cross =
            (Int128{q.lon} - p.lon) * (Int128{r.lat} - p.lat) - (Int128{q.lat} - p.lat) * (Int128{r.lon} - p.lon);
        Int128 const dot =
            (Int128{r.lon} - p.lon) * (Int128{r.lon} - q.lon) + (Int128{r.lat} - p.lat) * (Int128{r.lat} - q.lat);
        return cross == 0 && dot <= 0;
    };
    return holds(a, b, c) || holds(a, b, d) || holds(c, d, a) || holds(c, d, b);
}

} // namespace

BOOST_AUTO_TEST_CASE(segments_meet_each_other_and_boxes_as_solving_for_the_place_says) {
    constexpr std::uint64_t kSeed = 13;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    wangge::test::Random random{kSeed};
    std::size_t met = 0, met_box = 0;
    constexpr int kRounds = 200000;
    for (int round = 0; round < kRounds; ++round) {
        // Tiny ones touch and overlap all the time; the largest reach over the globe.
        std::int64_t const scale = std::array<std::int64_t, 3>{1, 1, 150000000}.at(static_cast<std::size_t>(round % 3));
        auto const most = scale == 1 ? 4 : 6;
        auto const point = [&] {
            auto const moved = [&] { return scale == 1 ? 0 : random.between(-1, 1); };
            auto const lon = random.between(-most, most) * 2 * scale + moved();
            return Point{static_cast<std::int32_t>(lon),
                         static_cast<std::int32_t>(random.between(-most, most) * scale + moved())};
        };
        Point const a = point(), b = point(), c = point(), d = point();
        bool const expected = share_a_position(a, b, c, d);
        BOOST_TEST(segments_meet(a, b, c, d) == expected);
        met += expected ? 1U : 0U;
        Envelope const box = envelope_of(c, d);
        Point const se{box.max.lon, box.min.lat}, nw{box.min.lon, box.max.lat};
        bool const within =
            a.lon >= box.min.lon && a.lon <= box.max.lon && a.lat >= box.min.lat && a.lat <= box.max.lat;
        bool const meets_box = within || share_a_position(a, b, box.min, se) || share_a_position(a, b, se, box.max) ||
                               share_a_position(a, b, box.max, nw) || share_a_position(a, b, nw, box.min);
        BOOST_TEST(segment_meets(a, b, box) == meets_box);
        met_box += meets_box ? 1U : 0U;
    }
    BOOST_TEST(met > kRounds / 10);
    BOOST_TEST(met < kRounds * 9 / 10);
    BOOST_TEST(met_box > kRounds / 10);
    BOOST_TEST(met_box < kRounds * 9 / 10);
}

BOOST_AUTO_TEST_CASE(distance_to_an_edge_is_zero_on_it_and_perpendicular_beside_it) {
    Point const a{1130000000, 230000000}, b{1130010000, 230000000};
    BOOST_TEST(distance_to_segment_m({1130005000, 230000000}, a, b) == 0);
    // 1000 units of latitude at 23 N: 110.7515 m (meridian radius 6,345,154 m x 1e-4 degree / 57.29578)
    BOOST_TEST(distance_to_segment_m({1130005000, 230010000}, a, b) == 110.751, boost::test_tools::tolerance(1e-4));
    BOOST_TEST(std::isinf(distance_to_boundary_m({}, a)));
}

BOOST_AUTO_TEST_CASE(wkb_brings_back_every_coordinate) {
    MultiPolygon shape = box(1130000001, 229999999, 1130010007, 230010003);
    shape.parts[0].holes.push_back({{1130002000, 230002000}, {1130002000, 230003000}, {1130003000, 230003000}});
    shape.parts.push_back(box(1131000000, 230000000, 1131000001, 230000001).parts[0]);
    std::vector<std::byte> bytes;
    append_wkb(shape, bytes);
    BOOST_TEST((parse_wkb(bytes) == shape));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        BOOST_TEST(!parse_wkb(std::span{bytes}.first(n)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(geos_names_a_self_crossing) {
    BOOST_TEST(!geos_invalid_reason(box(0, 0, 10, 10)).has_value());
    MultiPolygon const bow_tie{{{{{0, 0}, {100, 100}, {100, 0}, {0, 100}}, {}}}};
    BOOST_TEST(geos_invalid_reason(bow_tie).value_or("").find("Self-intersection") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_label_point_lies_inside_the_largest_part) {
    MultiPolygon ring_shape = box(0, 0, 10000, 10000);
    ring_shape.parts[0].holes.push_back({{1000, 1000}, {1000, 9000}, {9000, 9000}, {9000, 1000}});
    ring_shape.parts.push_back(box(20000, 0, 20010, 10).parts[0]);
    auto const p = interior_point(ring_shape);
    BOOST_TEST(owns(ring_shape, p));
    BOOST_TEST(p.lon < 20000);
}

BOOST_AUTO_TEST_CASE(the_normal_form_does_not_depend_on_start_order_or_direction) {
    MultiPolygon a = box(0, 0, 10, 10);
    a.parts.push_back(box(20, 0, 30, 10).parts[0]);
    MultiPolygon b{{a.parts[1], a.parts[0]}};
    std::reverse(b.parts[0].outer.begin(), b.parts[0].outer.end());
    std::rotate(b.parts[1].outer.begin(), b.parts[1].outer.begin() + 2, b.parts[1].outer.end());
    normalize(a);
    normalize(b);
    BOOST_TEST((a == b));
    BOOST_TEST(winding(b.parts[1].outer) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
