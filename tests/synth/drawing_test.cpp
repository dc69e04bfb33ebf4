#include "../../tools/synth/allocation.hpp"
#include "../../tools/synth/jagged_edges.hpp"
#include "../../tools/synth/rings.hpp"
#include "support/random.hpp"

#include <wangge/geom/validity.hpp>
#include <wangge/geom/wkb.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>

namespace {

using namespace wangge;
using geom::Point;

/// Eight triangles around (0,0), inside an octagon, counter-clockwise from the east.
synth::Mesh octagon() {
    synth::Mesh mesh;
    mesh.points = {{0, 0},     {2000, 0},      {1500, 1500}, {0, 2000},    {-1500, 1500},
                   {-2000, 0}, {-1500, -1500}, {0, -2000},   {1500, -1500}};
    for (std::int32_t k = 0; k < 8; ++k) {
        mesh.triangles.push_back({0, k + 1, (k + 1) % 8 + 1});
        mesh.neighbours.push_back({-1, (k + 1) % 8, (k + 7) % 8});
    }
    return mesh;
}

std::vector<geom::MultiPolygon> draw(std::vector<std::int32_t> const& labels, std::size_t grids) {
    synth::Partition partition;
    partition.grids.resize(grids);
    partition.grid_of = labels;
    return synth::draw_grids(octagon(), partition, 1);
}

} // namespace

BOOST_AUTO_TEST_SUITE(drawing)

BOOST_AUTO_TEST_CASE(a_grid_that_meets_itself_in_a_point_becomes_parts_that_touch_there) {
    auto const shapes = draw({0, 0, 1, 1, 0, 0, 1, 1}, 2);
    for (auto const& shape : shapes) {
        BOOST_TEST(shape.parts.size() == 2U);
        BOOST_TEST(!geom::geos_invalid_reason(shape).has_value());
        for (auto const& part : shape.parts) {
            BOOST_TEST(std::count(part.outer.begin(), part.outer.end(), Point{0, 0}) == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_ring_around_the_middle_that_comes_back_to_it_stays_one_part) {
    // Grid 0 has seven of the eight triangles, so its border passes through the middle once.
    auto const shapes = draw({0, 0, 0, 0, 0, 0, 0, 1}, 2);
    BOOST_TEST(shapes[0].parts.size() == 1U);
    BOOST_TEST(shapes[0].parts[0].holes.empty());
    for (auto const& shape : shapes) {
        BOOST_TEST(!geom::geos_invalid_reason(shape).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_hole_that_touches_the_border_in_a_point_is_a_hole) {
    // A triangle inside a triangle, corner on corner at (0,0): the outer grid is a ring that pinches there.
    synth::Mesh mesh;
    mesh.points = {{0, 0}, {9000, 0}, {9000, 9000}, {6000, 2000}, {7000, 5000}};
    mesh.triangles = {{0, 1, 3}, {1, 2, 3}, {2, 4, 3}, {2, 0, 4}, {0, 3, 4}};
    mesh.neighbours = {{1, 4, -1}, {2, 0, -1}, {4, 1, 3}, {4, 2, -1}, {2, 3, 0}};
    synth::Partition partition;
    partition.grids.resize(2);
    partition.grid_of = {0, 0, 0, 0, 1};
    auto const shapes = synth::draw_grids(mesh, partition, 3);
    BOOST_REQUIRE(shapes[0].parts.size() == 1U);
    BOOST_TEST(shapes[0].parts[0].holes.size() == 1U);
    BOOST_TEST(shapes[1].parts.size() == 1U);
    for (auto const& shape : shapes) {
        BOOST_TEST(!geom::geos_invalid_reason(shape).has_value(), geom::to_wkt(shape));
    }
}

BOOST_AUTO_TEST_CASE(a_winding_line_stays_strictly_inside_its_two_triangles_and_is_the_same_from_both_sides) {
    test::Random random{17};
    std::size_t drawn = 0;
    for (int i = 0; i < 20000; ++i) {
        auto const side = i % 3 == 0 ? 300 : (i % 3 == 1 ? 20000 : 5000000);
        auto const draw_point = [&] {
            return Point{static_cast<std::int32_t>(random.between(0, side)),
                         static_cast<std::int32_t>(random.between(0, side))};
        };
        synth::Quad const q{draw_point(), draw_point(), draw_point(), draw_point()};
        if (geom::orientation(q.a, q.b, q.left) <= 0 || geom::orientation(q.a, q.b, q.right) >= 0) {
            continue;
        }
        std::vector<Point> line;
        synth::append_jagged(q, 5, line);
        drawn += line.size();
        auto previous = q.a;
        for (auto const p : line) {
            bool const in_left = geom::orientation(q.a, q.b, p) >= 0 && geom::orientation(q.b, q.left, p) > 0 &&
                                 geom::orientation(q.left, q.a, p) > 0;
            bool const in_right = geom::orientation(q.a, q.b, p) <= 0 && geom::orientation(q.b, q.right, p) < 0 &&
                                  geom::orientation(q.right, q.a, p) < 0;
            BOOST_TEST((in_left || in_right));
            auto const forward = (std::int64_t{p.lon} - previous.lon) * (std::int64_t{q.b.lon} - q.a.lon) +
                                 (std::int64_t{p.lat} - previous.lat) * (std::int64_t{q.b.lat} - q.a.lat);
            BOOST_TEST(forward > 0);
            previous = p;
        }
        std::vector<Point> back;
        synth::append_jagged({q.b, q.a, q.right, q.left}, 5, back);
        std::reverse(back.begin(), back.end());
        BOOST_TEST((line == back));
    }
    BOOST_TEST(drawn > 10000U);
}

BOOST_AUTO_TEST_CASE(shares_add_up_and_leave_nobody_below_the_least) {
    test::Random random{19};
    for (int i = 0; i < 200; ++i) {
        std::vector<double> weights(static_cast<std::size_t>(random.between(1, 40)));
        for (auto& w : weights) {
            w = random.unit() * (random.between(0, 3) == 0 ? 0.0 : 1.0);
        }
        auto const total = static_cast<std::uint64_t>(random.between(80, 5000));
        auto const counts = synth::apportion(total, weights, 2);
        BOOST_TEST(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == total);
        BOOST_TEST(*std::min_element(counts.begin(), counts.end()) >= 2U);
    }
    // By hand: 10 among 1:2:4 is 1.43, 2.86, 5.71; the two largest remainders get the two that are left.
    BOOST_TEST((synth::apportion(10, {1, 2, 4}, 0) == std::vector<std::uint64_t>{1, 3, 6}));
}

BOOST_AUTO_TEST_SUITE_END()
