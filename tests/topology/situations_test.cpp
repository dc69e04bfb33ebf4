// The situations that coverage validators elsewhere (JTS, GEOS, PostGIS) are tested with, on coordinates of our own.
// Each asserts everything that is found, and how large it is.

#include "scene.hpp"

#include <wangge/base/error.hpp>

#include <algorithm>
#include <limits>
#include <set>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

/// Runs the check; `expected` are the words of the report, `measures` those of its problems in order.
ProblemReport expect(Scene const& scene, std::string const& expected, std::vector<double> const& measures,
                     double tolerance_m = 0) {
    auto report = scene.check(tolerance_m);
    BOOST_TEST(words(report) == expected);
    BOOST_TEST_REQUIRE(report.problems.size() == measures.size());
    for (std::size_t i = 0; i < measures.size(); ++i) {
        BOOST_TEST_CONTEXT(report.problems[i].message) {
            BOOST_TEST(report.problems[i].measure == measures[i], boost::test_tools::tolerance(1e-5));
        }
    }
    return report;
}

Ring& outer(Scene& scene, std::size_t face) { return scene.shapes[face].parts[0].outer; }

/// A and B side by side over `units` of latitude; B's side swings `lon` lattice units to and fro at every unit.
Scene drawn_twice(int units, std::int32_t lon) {
    Scene scene;
    scene.add("A", box(0, 0, 10, units)).add("B", box(10, 0, 20, units));
    auto& b = outer(scene, 1);
    auto const start = b[0];
    for (int i = units - 1; i > 0; --i) {
        b.push_back({start.lon + (i % 2 == 0 ? lon : -lon), start.lat + i * Scene::kUnit});
    }
    return scene;
}

} // namespace

BOOST_AUTO_TEST_SUITE(situations)

BOOST_AUTO_TEST_CASE(overlap_of_two_neighbours) {
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(8, 2, 18, 8)), "overlap A B", {m2(box(8, 2, 10, 8))});
}

BOOST_AUTO_TEST_CASE(a_face_contained_in_another) {
    auto const inner = one_ring({{2, 2}, {6, 2}, {4, 5}});
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", inner), "overlap A B", {m2(inner)});
}

BOOST_AUTO_TEST_CASE(a_face_contained_in_another_that_touches_its_side_from_within) {
    auto const inner = one_ring({{10, 5}, {6, 7}, {6, 3}});
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", inner), "overlap A B", {m2(inner)});
}

BOOST_AUTO_TEST_CASE(two_faces_that_cross_like_a_plus_sign) {
    expect(Scene{}.add("A", box(0, 4, 12, 8)).add("B", box(4, 0, 8, 12)), "overlap A B", {m2(box(4, 4, 8, 8))});
}

BOOST_AUTO_TEST_CASE(a_gap_between_two_faces) {
    auto const c = one_ring({{0, 0}, {12, 0}, {12, 2}, {2, 2}, {2, 8}, {12, 8}, {12, 10}, {0, 10}});
    auto const lid = one_ring({{12, 0}, {16, 0}, {16, 10}, {12, 10}, {12, 8}, {12, 2}});
    expect(Scene{}.add("A", c).add("B", lid), "gap A B", {m2(box(2, 2, 12, 8))});
}

BOOST_AUTO_TEST_CASE(a_gap_that_touches_another_in_a_point_is_a_gap_of_its_own) {
    // Round (6, 6) the gaps lie in the north-east and south-west.
    auto const frame = with_hole(box(0, 0, 12, 12), {{3, 3}, {3, 6}, {3, 9}, {6, 9}, {9, 9}, {9, 6}, {9, 3}, {6, 3}});
    Scene scene;
    scene.add("A", frame);
    scene.add("B", one_ring({{3, 6}, {6, 6}, {6, 9}, {3, 9}})).add("C", one_ring({{6, 3}, {9, 3}, {9, 6}, {6, 6}}));
    expect(scene, "gap A B C; gap A B C", {m2(box(3, 3, 6, 6)), m2(box(6, 6, 9, 9))});
}

BOOST_AUTO_TEST_CASE(a_gore_is_a_narrow_wedge_between_two_neighbours) {
    auto const wedge = one_ring({{10, 0}, {11, 100}, {10, 100}});
    Scene scene;
    scene.add("A", box(0, 0, 10, 100)).add("B", one_ring({{10, 0}, {20, 0}, {20, 100}, {11, 100}}));
    expect(scene, "", {}); // open to the north
    scene.add("C", one_ring({{0, 100}, {10, 100}, {11, 100}, {20, 100}, {20, 110}, {0, 110}}));
    expect(scene, "gap A B C", {m2(wedge)}); // as long as a sliver, but far larger
}

BOOST_AUTO_TEST_CASE(a_vertex_that_a_neighbour_lacks) {
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", one_ring({{10, 0}, {20, 0}, {20, 10}, {10, 10}, {10, 4}})),
           "edge_not_matched A B", {meridian_m(10)});
}

BOOST_AUTO_TEST_CASE(a_chain_of_vertices_that_a_neighbour_lacks_is_one_finding) {
    Ring ring{{10, 0}, {20, 0}, {20, 10}, {10, 10}};
    for (std::int32_t y = 9; y > 0; --y) {
        ring.push_back({10, y});
    }
    auto const report =
        expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", one_ring(ring)), "edge_not_matched A B", {meridian_m(10)});
    BOOST_TEST(report.problems[0].place->line.size() == 11U);
}

BOOST_AUTO_TEST_CASE(stretches_that_both_neighbours_share_do_not_count_as_unmatched) {
    auto const a = one_ring({{0, 0}, {10, 0}, {10, 2}, {10, 8}, {10, 10}, {0, 10}});
    auto const b = one_ring({{10, 0}, {20, 0}, {20, 10}, {10, 10}, {10, 8}, {10, 5}, {10, 2}});
    expect(Scene{}.add("A", a).add("B", b), "edge_not_matched A B", {meridian_m(6)});
}

BOOST_AUTO_TEST_CASE(three_faces_that_meet_in_a_t_on_a_side_without_a_vertex) {
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 4)).add("C", box(10, 4, 20, 10)),
           "edge_not_matched A B; edge_not_matched A C", {meridian_m(4), meridian_m(6)});
    expect(Scene{}
               .add("A", one_ring({{0, 0}, {10, 0}, {10, 4}, {10, 10}, {0, 10}}))
               .add("B", box(10, 0, 20, 4))
               .add("C", box(10, 4, 20, 10)),
           "", {});
}

BOOST_AUTO_TEST_CASE(a_multi_part_face_with_another_between_its_parts) {
    auto parts = box(0, 0, 5, 10);
    parts.parts.push_back(box(10, 0, 15, 10).parts[0]);
    expect(Scene{}.add("A", parts).add("B", box(5, 0, 10, 10)), "", {});
    expect(Scene{}.add("A", parts).add("B", box(4, 0, 11, 10)), "overlap A B",
           {m2(box(4, 0, 5, 10)) + m2(box(10, 0, 11, 10))});
}

BOOST_AUTO_TEST_CASE(parts_of_one_face_that_overlap_make_it_invalid) {
    auto parts = box(0, 0, 6, 10);
    parts.parts.push_back(box(5, 2, 12, 8).parts[0]);
    expect(Scene{}.add("A", parts), "self_crossing A", {0});
}

BOOST_AUTO_TEST_CASE(parts_of_one_face_that_share_a_side_make_it_invalid) {
    auto parts = box(0, 0, 5, 10);
    parts.parts.push_back(box(5, 0, 12, 10).parts[0]);
    expect(Scene{}.add("A", parts), "self_crossing A", {0});
}

BOOST_AUTO_TEST_CASE(points_written_twice_are_nothing) {
    expect(Scene{}
               .add("A", one_ring({{0, 0}, {10, 0}, {10, 0}, {10, 10}, {10, 10}, {10, 10}, {0, 10}, {0, 0}}))
               .add("B", box(10, 0, 20, 10)),
           "", {});
}

BOOST_AUTO_TEST_CASE(rings_that_collapse) {
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}, {5, 0}})), "collapsed_ring A", {0});
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}})), "collapsed_ring A", {0});
    expect(Scene{}.add("A", one_ring({{3, 3}, {3, 3}, {3, 3}, {3, 3}})), "collapsed_ring A", {0});
    expect(Scene{}.add("A", one_ring({})), "collapsed_ring A", {0});
}

BOOST_AUTO_TEST_CASE(empty_and_missing_geometries) {
    expect(Scene{}.add("A", {}).add("B", box(0, 0, 10, 10)), "empty_geometry A", {0});
    SilentProgress progress;
    std::vector<Face> const faces{{"A", nullptr, true}, {"B", nullptr, false}};
    BOOST_TEST(words(CoverageChecker{}.check(faces, {}, progress).report) == "empty_geometry A");
}

BOOST_AUTO_TEST_CASE(copies_of_one_geometry) {
    auto const square = box(0, 0, 10, 10);
    expect(Scene{}.add("A", square).add("B", square).add("C", square).add("D", box(10, 0, 20, 10)),
           "duplicate_geometry A B C", {m2(square)});
    // Drawn with one vertex more it covers the same ground but is no copy.
    expect(Scene{}.add("A", square).add("B", one_ring({{0, 0}, {5, 0}, {10, 0}, {10, 10}, {0, 10}})), "overlap A B",
           {m2(square)});
}

BOOST_AUTO_TEST_CASE(rings_that_touch_themselves) {
    // two triangles with a common tip, in one ring that does not cross itself
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}, {5, 5}, {10, 10}, {0, 10}, {5, 5}})), "repeated_ring_point A",
           {0});
    // an outer ring that runs round its hole through (5, 0): "inverted" in other words
    expect(Scene{}.add("A", one_ring({{5, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {5, 0}, {3, 4}, {7, 4}})),
           "repeated_ring_point A; gap A", {0, m2(one_ring({{5, 0}, {7, 4}, {3, 4}}))});
    // a tip that touches another side of its ring
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}})), "self_crossing A", {0});
}

BOOST_AUTO_TEST_CASE(a_hole_that_touches_the_outer_ring_in_a_point_is_valid) {
    Ring const hole{{0, 5}, {4, 7}, {4, 3}};
    expect(Scene{}.add("A", with_hole(box(0, 0, 10, 10), hole)), "gap A", {m2(one_ring({{0, 5}, {4, 3}, {4, 7}}))});
    expect(Scene{}.add("A", with_hole(box(0, 0, 10, 10), hole)).add("B", one_ring({{0, 5}, {4, 3}, {4, 7}})), "", {});
}

BOOST_AUTO_TEST_CASE(a_hole_that_is_an_enclave_of_another_face) {
    auto const ring = with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 6}, {6, 6}, {6, 3}});
    expect(Scene{}.add("A", ring).add("B", box(3, 3, 6, 6)), "", {});
    expect(Scene{}.add("A", ring).add("B", box(3, 3, 6, 5)), "gap A B; edge_not_matched A B",
           {m2(box(3, 5, 6, 6)), 2 * meridian_m(2)});
    expect(Scene{}.add("A", ring).add("B", box(2, 3, 6, 6)), "overlap A B; edge_not_matched A B",
           {m2(box(2, 3, 3, 6)), 2 * parallel_m(3)});
}

BOOST_AUTO_TEST_CASE(a_hole_that_two_faces_fill) {
    Ring const plain{{2, 2}, {2, 8}, {8, 8}, {8, 2}};
    Ring const with_vertices{{2, 2}, {2, 8}, {5, 8}, {8, 8}, {8, 2}, {5, 2}};
    auto const filled = [](Ring const& hole) {
        return Scene{}.add("A", with_hole(box(0, 0, 10, 10), hole)).add("B", box(2, 2, 5, 8)).add("C", box(5, 2, 8, 8));
    };
    expect(filled(with_vertices), "", {});
    auto const words_of_plain = words(filled(plain).check());
    BOOST_TEST(words_of_plain == "edge_not_matched A B; edge_not_matched A C");
}

BOOST_AUTO_TEST_CASE(a_face_that_is_the_union_of_two_others) {
    auto const west = box(0, 0, 5, 10);
    auto const east = box(5, 0, 10, 10);
    for (auto const& both : {one_ring({{0, 0}, {5, 0}, {10, 0}, {10, 10}, {5, 10}, {0, 10}}), box(0, 0, 10, 10)}) {
        expect(Scene{}.add("A", both).add("B", west).add("C", east), "overlap A B; overlap A C", {m2(west), m2(east)});
    }
}

BOOST_AUTO_TEST_CASE(a_polygon_with_a_spike) {
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}, {10, 5}, {20, 5}, {10, 5}, {10, 10}, {0, 10}})),
           "collapsed_ring A; self_crossing A", {0, 0});
    // from a corner, along the line of a side
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 0}, {10, 14}, {10, 10}, {0, 10}})),
           "collapsed_ring A; self_crossing A", {0, 0});
}

BOOST_AUTO_TEST_CASE(star_and_figure_eight_cross_themselves) {
    expect(Scene{}.add("A", one_ring({{0, 7}, {20, 7}, {4, 18}, {10, 0}, {16, 18}})), "self_crossing A", {0});
    expect(Scene{}.add("A", one_ring({{0, 0}, {10, 10}, {10, 0}, {0, 10}})), "self_crossing A", {0});
    // through a vertex
    expect(Scene{}.add("A", one_ring({{0, 0}, {5, 5}, {10, 10}, {10, 0}, {5, 5}, {0, 10}})), "self_crossing A", {0});
}

BOOST_AUTO_TEST_CASE(faces_that_meet_in_a_vertex_only) {
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 10, 20, 20)), "", {});
    // a vertex of one on a side of the other
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", one_ring({{10, 5}, {20, 0}, {20, 10}})), "", {});
}

BOOST_AUTO_TEST_CASE(rings_that_run_the_wrong_way_are_said_and_checked_all_the_same) {
    auto shape = box(0, 0, 10, 10);
    std::reverse(shape.parts[0].outer.begin(), shape.parts[0].outer.end());
    expect(Scene{}.add("A", shape).add("B", box(10, 0, 20, 10)), "wrong_nesting A", {0});
    expect(Scene{}.add("A", shape).add("B", box(9, 0, 20, 10)), "wrong_nesting A; overlap A B",
           {0, m2(box(9, 0, 10, 10))});
}

BOOST_AUTO_TEST_CASE(an_invalid_face_leaves_no_gap_behind) {
    Scene scene;
    scene.add("A", with_hole(box(0, 0, 30, 30), {{10, 10}, {10, 20}, {20, 20}, {20, 10}}));
    scene.add("B", one_ring({{10, 10}, {20, 20}, {20, 10}, {10, 20}}));
    expect(scene, "self_crossing B", {0});
}

// One boundary drawn twice

BOOST_AUTO_TEST_CASE(a_boundary_drawn_twice_is_one_finding_of_each_code_and_within_the_tolerance_one_in_all) {
    constexpr int units = 2000; // 22 km, with 1,000 gaps and as many overlaps
    auto const scene = drawn_twice(units, 7);
    auto const lattice_m = geom::metres_per_degree(23.1).lon / geom::kUnitsPerDegree;
    // Two triangles a unit high for each swing, half of them to each side.
    auto const exact = scene.check();
    BOOST_TEST(words(exact) == "overlap A B; gap A B; sliver A B; sliver A B");
    BOOST_TEST(exact.problems[0].measure == 0.5 * 7 * lattice_m * meridian_m(units) / 2,
               boost::test_tools::tolerance(1e-2));
    auto const merged = scene.check(0.08);
    BOOST_TEST(words(merged) == "edge_not_matched A B");
    BOOST_TEST(merged.problems[0].measure == meridian_m(units), boost::test_tools::tolerance(1e-3));
    BOOST_TEST(merged.problems[0].message.find("0.072 m apart") != std::string::npos, merged.problems[0].message);
    BOOST_TEST(words(scene.check(0.07)) == words(exact)); // 7 units are 7.16 cm here
}

BOOST_AUTO_TEST_CASE(compact_little_gaps_of_one_boundary_are_one_gap) {
    // Teeth of 11 m by 4 m: too broad for slivers, too small to count each.
    auto const scene = drawn_twice(400, 400);
    BOOST_TEST(words(scene.check()) == "overlap A B; gap A B");
    auto const gap = scene.check().problems[1];
    BOOST_TEST(gap.place->area.parts.size() == 199U);
}

BOOST_AUTO_TEST_CASE(large_gaps_between_the_same_faces_are_told_apart_until_they_are_many) {
    auto const holed = [](int holes) {
        auto shape = box(0, 0, 10 * holes, 10);
        for (int i = 0; i < holes; ++i) {
            shape.parts[0].holes.push_back({{10 * i + 2, 2}, {10 * i + 2, 8}, {10 * i + 8, 8}, {10 * i + 8, 2}});
        }
        return Scene{}.add("A", shape).check();
    };
    BOOST_TEST(holed(50).count(ProblemCode::gap) == 50U);
    auto const many = holed(51);
    BOOST_TEST(words(many) == "gap A");
    BOOST_TEST(many.problems[0].measure == 51 * m2(box(2, 2, 8, 8)), boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(what_is_wider_than_the_tolerance_stays_a_finding_beside_the_boundary) {
    auto scene = drawn_twice(100, 7);
    auto& b = outer(scene, 1);
    b[4 + 49].lon += 2 * Scene::kUnit; // the 50th vertex from the top, two units into B: a gap
    auto const report = scene.check(0.2);
    BOOST_TEST(words(report) == "gap A B; edge_not_matched A B");
    BOOST_TEST(report.problems[0].measure == m2(one_ring({{10, 49}, {12, 50}, {10, 51}})),
               boost::test_tools::tolerance(1e-2));
    BOOST_TEST(report.problems[1].measure == meridian_m(98), boost::test_tools::tolerance(1e-2));
}

BOOST_AUTO_TEST_CASE(a_little_face_or_hole_is_no_boundary_drawn_twice_however_large_the_tolerance) {
    auto const ring = with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 4}, {4, 4}, {4, 3}});
    expect(Scene{}.add("A", ring), "gap A", {m2(box(3, 3, 4, 4))}, 1000);
    expect(Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(3, 3, 4, 4)), "overlap A B", {m2(box(3, 3, 4, 4))}, 1000);
}

BOOST_AUTO_TEST_CASE(a_little_gap_where_three_faces_meet_belongs_to_their_boundaries) {
    Scene scene;
    scene.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10));
    scene.add("C", one_ring({{0, 10}, {10, 10}, {20, 10}, {20, 20}, {0, 20}}));
    outer(scene, 2)[1].lat += 5; // 5 cm to the north, of C alone
    BOOST_TEST(words(scene.check()) == "gap A B C; sliver A B C");
    BOOST_TEST(words(scene.check(0.1)) == "edge_not_matched A C; edge_not_matched B C");
    BOOST_TEST(words(scene.check(0.05)) == "gap A B C; sliver A B C"); // 5 units are 5.5 cm
}

BOOST_AUTO_TEST_CASE(a_tolerance_that_is_no_length_is_refused) {
    BOOST_CHECK_THROW((CoverageChecker{{-0.1}}), Error);
    BOOST_CHECK_THROW((CoverageChecker{{std::numeric_limits<double>::quiet_NaN()}}), Error);
    BOOST_CHECK_THROW((CoverageChecker{{std::numeric_limits<double>::infinity()}}), Error);
}

// Ids

BOOST_AUTO_TEST_CASE(a_problem_keeps_its_id_when_faces_rings_and_other_problems_come_in_another_way) {
    auto const scene = [](bool other_way) {
        std::vector<std::pair<std::string, MultiPolygon>> faces{
            {"A", box(0, 0, 10, 10)},
            {"B", box(8, 2, 18, 8)},
            {"C", one_ring({{50, 0}, {60, 10}, {60, 0}, {50, 10}})},
            {"D", with_hole(box(100, 0, 110, 10), {{103, 3}, {103, 6}, {106, 6}, {106, 3}})},
            {"E", one_ring({{110, 0}, {120, 0}, {120, 10}, {110, 10}, {110, 4}})},
            {"F", box(200, 0, 210, 10)},
            {"G", box(200, 0, 210, 10)},
        };
        if (other_way) {
            std::reverse(faces.begin(), faces.end());
            for (auto& [name, shape] : faces) {
                auto& ring = shape.parts[0].outer;
                std::rotate(ring.begin(), ring.begin() + 2, ring.end());
            }
            faces.insert(faces.begin(), {"0", box(300, 0, 310, 10)});
            faces.push_back({"Z", box(305, 0, 315, 10)}); // one overlap more
        }
        Scene result;
        for (auto const& [name, shape] : faces) {
            result.add(name, shape);
        }
        return result;
    };
    auto const first = scene(false).check();
    auto const second = scene(true).check();
    BOOST_TEST(words(first) == "self_crossing C; overlap A B; gap D; edge_not_matched D E; duplicate_geometry F G");
    BOOST_TEST(second.problems.size() == first.problems.size() + 1);
    std::set<std::string> ids;
    for (auto const& problem : first.problems) {
        BOOST_TEST(ids.insert(problem.id()).second);
        BOOST_TEST(std::count_if(second.problems.begin(), second.problems.end(),
                                 [&](Problem const& p) { return p.id() == problem.id(); }) == 1,
                   problem.message);
    }
}

BOOST_AUTO_TEST_CASE(ids_are_the_ones_of_earlier_versions) {
    auto const report = Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(8, 2, 18, 8)).check();
    BOOST_TEST(report.problems[0].id() == "57034e2fbf9e3666");
}

BOOST_AUTO_TEST_SUITE_END()
