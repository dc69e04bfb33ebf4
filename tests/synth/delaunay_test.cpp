#include "../../tools/synth/delaunay.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

namespace {

using wangge::geom::Point;
using wangge::synth::Triangulation;
__extension__ using Wide = __int128;

/// In-circle determinant by cofactors of the 4x4 matrix, all in 128 bits: another formula than the one that is tested.
int slow_in_circle(Point a, Point b, Point c, Point d) {
    Point const p[4] = {a, b, c, d};
    Wide det = 0;
    for (int i = 0; i < 4; ++i) {
        Point q[3];
        for (int k = 0, j = 0; k < 4; ++k) {
            if (k != i) {
                q[j++] = p[k];
            }
        }
        Wide const area =
            Wide{q[1].lon - q[0].lon} * (q[2].lat - q[0].lat) - Wide{q[1].lat - q[0].lat} * (q[2].lon - q[0].lon);
        Wide const lift = Wide{p[i].lon} * p[i].lon + Wide{p[i].lat} * p[i].lat;
        det += (i % 2 == 0 ? 1 : -1) * lift * area;
    }
    return det > 0 ? 1 : (det < 0 ? -1 : 0);
}

Wide twice_area(Point a, Point b, Point c) {
    return Wide{b.lon - a.lon} * (c.lat - a.lat) - Wide{b.lat - a.lat} * (c.lon - a.lon);
}

void check_structure(Triangulation const& t) {
    Wide sum = 0;
    auto const& points = t.points();
    auto const& triangles = t.triangles();
    for (std::size_t i = 0; i < triangles.size(); ++i) {
        auto const& v = triangles[i].vertices;
        auto const area = twice_area(points[static_cast<std::size_t>(v[0])], points[static_cast<std::size_t>(v[1])],
                                     points[static_cast<std::size_t>(v[2])]);
        BOOST_TEST((area > 0));
        sum += area;
        for (std::size_t k = 0; k < 3; ++k) {
            if (auto const u = triangles[i].neighbours[k]; u >= 0) {
                auto const& back = triangles[static_cast<std::size_t>(u)].neighbours;
                BOOST_TEST((std::find(back.begin(), back.end(), static_cast<std::int32_t>(i)) != back.end()));
            }
        }
    }
    BOOST_TEST((sum == 2 * Wide{points[1].lon - points[0].lon} * (points[2].lat - points[1].lat)));
}

/// Locally Delaunay at every edge that is no constraint, which makes the whole a constrained Delaunay triangulation
/// (Lee, Lin 1986).
void check_delaunay(Triangulation const& t) {
    auto const& points = t.points();
    for (auto const& triangle : t.triangles()) {
        for (std::size_t k = 0; k < 3; ++k) {
            auto const u = triangle.neighbours[k];
            if (u < 0 || triangle.fixed[k]) {
                continue;
            }
            for (auto const d : t.triangles()[static_cast<std::size_t>(u)].vertices) {
                auto const& v = triangle.vertices;
                BOOST_TEST(
                    slow_in_circle(points[static_cast<std::size_t>(v[0])], points[static_cast<std::size_t>(v[1])],
                                   points[static_cast<std::size_t>(v[2])], points[static_cast<std::size_t>(d)]) <= 0);
            }
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(delaunay)

BOOST_AUTO_TEST_CASE(in_circle_agrees_with_the_cofactor_formula_also_on_the_circle) {
    wangge::test::Random random{7};
    int zeros = 0;
    for (int i = 0; i < 20000; ++i) {
        auto const side = i % 2 == 0 ? 6 : 20000000; // tiny boxes give many points on a common circle
        auto const draw = [&] {
            return Point{static_cast<std::int32_t>(random.between(0, side)),
                         static_cast<std::int32_t>(random.between(0, side))};
        };
        auto const a = draw();
        auto b = draw();
        auto c = draw();
        auto const d = draw();
        if (twice_area(a, b, c) < 0) {
            std::swap(b, c);
        }
        auto const expected = slow_in_circle(a, b, c, d);
        zeros += expected == 0 ? 1 : 0;
        BOOST_TEST(wangge::synth::in_circle(a, b, c, d) == expected);
    }
    BOOST_TEST(zeros > 1000);
}

BOOST_AUTO_TEST_CASE(no_point_lies_inside_the_circle_of_any_triangle) {
    wangge::test::Random random{11};
    for (int round = 0; round < 20; ++round) {
        auto const side =
            round % 2 == 0 ? 12 : 5000; // on a small raster many points are collinear, cocircular or the same
        Triangulation t{{{0, 0}, {5000, 5000}}};
        std::set<Point> given;
        for (int i = 0; i < 60; ++i) {
            Point const p{static_cast<std::int32_t>(random.between(0, side)),
                          static_cast<std::int32_t>(random.between(0, side))};
            given.insert(p);
            BOOST_TEST((t.points()[static_cast<std::size_t>(*t.insert(p))] == p));
        }
        BOOST_TEST(t.points().size() == given.size() + Triangulation::kCorners);
        check_structure(t);
        for (auto const& triangle : t.triangles()) {
            auto const& v = triangle.vertices;
            for (auto const d : t.points()) {
                BOOST_TEST(slow_in_circle(t.points()[static_cast<std::size_t>(v[0])],
                                          t.points()[static_cast<std::size_t>(v[1])],
                                          t.points()[static_cast<std::size_t>(v[2])], d) <= 0);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(constraints_become_edges_and_stay_while_points_are_added) {
    wangge::test::Random random{13};
    for (int round = 0; round < 20; ++round) {
        // A comb: its long teeth force many flips.
        std::vector<Point> outline;
        auto const teeth = static_cast<int>(random.between(2, 9));
        for (int k = 0; k < teeth; ++k) {
            outline.push_back({1000 * k, static_cast<std::int32_t>(random.between(-50, 50))});
            outline.push_back({1000 * k + static_cast<std::int32_t>(random.between(300, 700)),
                               static_cast<std::int32_t>(random.between(2000, 9000))});
        }
        outline.push_back({1000 * teeth, -3000});
        outline.push_back({-10, -3000});
        Triangulation t{{{-10, -3000}, {10000, 9000}}};
        std::vector<std::int32_t> vertices;
        for (auto const p : outline) {
            vertices.push_back(*t.insert(p));
        }
        for (std::size_t i = 0; i < vertices.size(); ++i) {
            BOOST_TEST(t.constrain(vertices[i], vertices[(i + 1) % vertices.size()]));
        }
        check_structure(t);
        check_delaunay(t);
        t.mark_inside();
        for (int i = 0; i < 300; ++i) {
            t.insert({static_cast<std::int32_t>(random.between(0, 9900)),
                      static_cast<std::int32_t>(random.between(-2900, 8900))});
        }
        check_structure(t);
        check_delaunay(t);
        std::set<std::pair<std::int32_t, std::int32_t>> fixed;
        Wide inside = 0;
        for (auto const& triangle : t.triangles()) {
            auto const& v = triangle.vertices;
            if (triangle.inside) {
                inside +=
                    twice_area(t.points()[static_cast<std::size_t>(v[0])], t.points()[static_cast<std::size_t>(v[1])],
                               t.points()[static_cast<std::size_t>(v[2])]);
            }
            for (std::size_t k = 0; k < 3; ++k) {
                if (triangle.fixed[k]) {
                    fixed.insert(std::minmax(v[(k + 1) % 3], v[(k + 2) % 3]));
                }
            }
        }
        BOOST_TEST(fixed.size() == outline.size());
        Wide area = 0;
        for (std::size_t i = 0; i < outline.size(); ++i) {
            auto const b = outline[(i + 1) % outline.size()];
            BOOST_TEST(fixed.count(std::minmax(vertices[i], vertices[(i + 1) % vertices.size()])) == 1U);
            area += Wide{outline[i].lon} * b.lat - Wide{outline[i].lat} * b.lon;
        }
        BOOST_TEST((inside == (area < 0 ? -area : area)));
    }
}

BOOST_AUTO_TEST_CASE(a_constraint_through_a_vertex_or_across_another_one_is_refused) {
    Triangulation t{{{0, 0}, {100, 100}}};
    auto const a = *t.insert({0, 0});
    auto const b = *t.insert({100, 100});
    auto const c = *t.insert({0, 100});
    auto const d = *t.insert({100, 0});
    BOOST_TEST(t.constrain(a, b));
    BOOST_TEST(!t.constrain(c, d));
    auto const e = *t.insert({100, 50});
    static_cast<void>(e);
    BOOST_TEST(!t.constrain(d, b));
}

BOOST_AUTO_TEST_SUITE_END()
