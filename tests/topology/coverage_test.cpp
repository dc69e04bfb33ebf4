#include "scene.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

auto const kTolerance = boost::test_tools::tolerance(1e-6);

} // namespace

BOOST_AUTO_TEST_SUITE(coverage)

BOOST_AUTO_TEST_CASE(neighbours_that_share_their_vertices_are_clean) {
    Scene scene;
    scene.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10));
    BOOST_TEST(words(scene.check()) == "");
    SilentProgress progress;
    std::vector<Face> const faces{{"A", &scene.shapes[0], true}, {"B", &scene.shapes[1], true}};
    auto const result = CoverageChecker{}.check(faces, {}, progress);
    BOOST_REQUIRE(result.checked);
    BOOST_TEST(result.checked->face_count() == 2U);
    BOOST_TEST(result.checked->edge_count() == 8U);
    BOOST_TEST(words(Scene{}.check()) == "");
}

BOOST_AUTO_TEST_CASE(two_faces_that_cross_overlap_once_with_their_common_area) {
    auto const report = Scene{}.add("B", box(5, 5, 15, 15)).add("A", box(0, 0, 10, 10)).check();
    BOOST_TEST(words(report) == "overlap A B");
    BOOST_TEST(report.problems[0].measure == m2(box(5, 5, 10, 10)), kTolerance);
    BOOST_TEST(report.problems[0].unit == "m2");
    BOOST_TEST((report.problems[0].place->area == Scene::placed(box(5, 5, 10, 10))));
}

BOOST_AUTO_TEST_CASE(crossings_off_the_lattice_are_measured_exactly) {
    // Two triangles on the raw lattice whose sides cross between lattice positions; the common quadrilateral has
    // corners (0,0), (3,0), (9/4,3/4)... : with the lines x + y = 3 and y = x / 3 it is the triangle (0,0) (3,0) (9/4,
    // 3/4).
    MultiPolygon const a = one_ring({{0, 0}, {3, 0}, {0, 3}});
    MultiPolygon const b = one_ring({{0, 0}, {9, -9}, {9, 3}});
    std::vector<Face> const faces{{"A", &a, true}, {"B", &b, true}};
    SilentProgress progress;
    auto const report = CoverageChecker{}.check(faces, {}, progress).report;
    BOOST_REQUIRE_EQUAL(report.count(ProblemCode::overlap), 1U);
    auto const scale = geom::metres_per_degree(0);
    BOOST_TEST(report.problems[0].measure == 3 * 0.75 / 2 * scale.lon * scale.lat / 1e14, kTolerance);
    BOOST_TEST(report.count(ProblemCode::sliver) == 0U);
}

BOOST_AUTO_TEST_CASE(a_face_inside_another_overlaps_it) {
    auto const report = Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(3, 3, 5, 5)).check();
    BOOST_TEST(words(report) == "overlap A B");
    BOOST_TEST(report.problems[0].measure == m2(box(3, 3, 5, 5)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_face_inside_another_that_shares_a_side_overlaps_it) {
    auto const report = Scene{}
                            .add("A", one_ring({{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 6}, {0, 3}}))
                            .add("B", box(0, 3, 5, 6))
                            .check();
    BOOST_TEST(words(report) == "overlap A B");
    BOOST_TEST(report.problems[0].measure == m2(box(0, 3, 5, 6)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_face_across_the_shared_boundary_of_two_others_overlaps_both) {
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10)).add("C", box(8, 4, 13, 6)).check();
    BOOST_TEST(words(report) == "overlap A C; overlap B C");
    BOOST_TEST(report.problems[0].measure == m2(box(8, 4, 10, 6)), kTolerance);
    BOOST_TEST(report.problems[1].measure == m2(box(10, 4, 13, 6)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_cell_deep_below_a_large_face_is_found_though_all_its_edges_are_matched) {
    Scene scene;
    for (int x = 0; x < 3; ++x) {
        for (int y = 0; y < 3; ++y) {
            scene.add(std::string{"cell"} + static_cast<char>('0' + x) + static_cast<char>('0' + y),
                      box(x * 10, y * 10, x * 10 + 10, y * 10 + 10));
        }
    }
    scene.add("over", box(-1, -1, 31, 31));
    auto const report = scene.check();
    BOOST_TEST(report.count(ProblemCode::overlap) == 9U);
    BOOST_TEST(report.problems.size() == 9U);
}

BOOST_AUTO_TEST_CASE(two_layers_of_cells_overlap_pair_by_pair) {
    Scene scene;
    scene.add("W", box(0, 0, 15, 20))
        .add("E", box(15, 0, 20, 20))
        .add("S", box(0, 0, 20, 10))
        .add("N", box(0, 10, 20, 20));
    auto const report = scene.check();
    BOOST_TEST(words(report) == "overlap S W; overlap N W; overlap E S; overlap E N");
    BOOST_TEST(report.problems[0].measure == m2(box(0, 0, 15, 10)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_face_over_many_others_is_one_finding) {
    Scene scene;
    for (int i = 0; i < 60; ++i) {
        scene.add("cell" + std::to_string(100 + i), box(i * 10, 0, i * 10 + 10, 10));
    }
    scene.add("over", box(-5, 2, 605, 8));
    auto const report = scene.check();
    BOOST_TEST(words(report) == "overlap over");
    BOOST_TEST(report.problems[0].measure == m2(box(0, 2, 600, 8)), kTolerance);
}

BOOST_AUTO_TEST_CASE(the_same_geometry_twice_is_a_duplicate_and_nothing_else) {
    auto const report = Scene{}
                            .add("B", box(0, 0, 10, 10))
                            .add("A", one_ring({{10, 10}, {0, 10}, {0, 0}, {10, 0}}))
                            .add("C", box(10, 0, 20, 10))
                            .check();
    BOOST_TEST(words(report) == "duplicate_geometry A B");
    BOOST_TEST(report.problems[0].measure == m2(box(0, 0, 10, 10)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_hole_that_no_face_fills_is_a_gap_and_one_that_an_enclave_fills_is_not) {
    Ring const hole{{3, 3}, {3, 6}, {6, 6}, {6, 3}};
    auto const open = Scene{}.add("A", with_hole(box(0, 0, 10, 10), hole)).check();
    BOOST_TEST(words(open) == "gap A");
    BOOST_TEST(open.problems[0].measure == m2(box(3, 3, 6, 6)), kTolerance);
    BOOST_TEST((open.problems[0].place->area == Scene::placed(box(3, 3, 6, 6))));
    BOOST_TEST(words(Scene{}.add("A", with_hole(box(0, 0, 10, 10), hole)).add("B", box(3, 3, 6, 6)).check()) == "");
}

BOOST_AUTO_TEST_CASE(a_gap_with_an_island_has_a_hole) {
    auto const ring_of_faces = with_hole(box(0, 0, 10, 10), {{2, 2}, {2, 8}, {8, 8}, {8, 2}});
    auto const report = Scene{}.add("A", ring_of_faces).add("B", box(4, 4, 6, 6)).check();
    BOOST_TEST(words(report) == "gap A B");
    BOOST_TEST(report.problems[0].measure == m2(box(2, 2, 8, 8)) - m2(box(4, 4, 6, 6)), kTolerance);
    BOOST_REQUIRE_EQUAL(report.problems[0].place->area.parts.size(), 1U);
    BOOST_TEST(report.problems[0].place->area.parts[0].holes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_gap_between_four_faces_names_them_and_one_that_opens_outward_is_none) {
    Scene pinwheel; // four boxes round an open middle
    pinwheel.add("A", one_ring({{0, 0}, {6, 0}, {6, 4}, {4, 4}, {0, 4}}))
        .add("B", one_ring({{6, 0}, {10, 0}, {10, 6}, {6, 6}, {6, 4}}));
    pinwheel.add("C", one_ring({{10, 6}, {10, 10}, {4, 10}, {4, 6}, {6, 6}}));
    auto const open = pinwheel.check();
    BOOST_TEST(words(open) == "");
    pinwheel.add("D", one_ring({{0, 4}, {4, 4}, {4, 6}, {4, 10}, {0, 10}}));
    auto const closed = pinwheel.check();
    BOOST_TEST(words(closed) == "gap A B C D");
    BOOST_TEST(closed.problems[0].measure == m2(box(4, 4, 6, 6)), kTolerance);
}

BOOST_AUTO_TEST_CASE(a_gore_between_neighbours_is_a_gap_and_a_sliver) {
    // The boundary of A runs straight, that of B bends away by a hundredth of a unit (11 cm) over 22 m.
    Scene scene;
    scene.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10));
    auto& b = scene.shapes[1].parts[0].outer;
    b.push_back({b[0].lon + 10, b[0].lat + 5 * Scene::kUnit}); // between the last and the first vertex
    auto const report = scene.check();
    BOOST_TEST(words(report) == "gap A B; sliver A B");
    auto const scale = geom::metres_per_degree(23.0005);
    BOOST_TEST(report.problems[0].measure == 0.5 * 10 * 10 * Scene::kUnit * scale.lon * scale.lat / 1e14,
               boost::test_tools::tolerance(1e-5));
    BOOST_TEST((problem_kind(ProblemCode::sliver).severity == Severity::warning));
}

BOOST_AUTO_TEST_CASE(slivers_along_one_boundary_are_one_gap_and_one_overlap) {
    Scene scene;
    scene.add("A", box(0, 0, 10, 100)).add("B", box(10, 0, 20, 100));
    auto& b = scene.shapes[1].parts[0].outer; // (10,0) (20,0) (20,100) (10,100), then down along A in zigzag
    auto const west = b[0];
    for (int i = 99; i > 0; --i) {
        b.push_back({west.lon + (i % 2 == 0 ? 7 : -7), west.lat + i * Scene::kUnit});
    }
    BOOST_TEST(words(scene.check()) == "overlap A B; gap A B; sliver A B; sliver A B");
}

BOOST_AUTO_TEST_CASE(a_vertex_that_one_neighbour_lacks_on_a_straight_boundary_is_an_unmatched_edge) {
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("B", one_ring({{10, 0}, {20, 0}, {20, 10}, {10, 10}, {10, 4}})).check();
    BOOST_TEST(words(report) == "edge_not_matched A B");
    auto const scale = geom::metres_per_degree(23.0005);
    BOOST_TEST(report.problems[0].measure == 10 * Scene::kUnit * scale.lat / 1e7, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(report.problems[0].unit == "m");
    BOOST_TEST((report.problems[0].place->line == Scene::placed(Ring{{10, 0}, {10, 4}, {10, 10}})));
    BOOST_TEST(report.has_errors());
}

BOOST_AUTO_TEST_CASE(a_long_edge_along_two_neighbours_is_unmatched_with_each) {
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 4)).add("C", box(10, 4, 20, 10)).check();
    BOOST_TEST(words(report) == "edge_not_matched A B; edge_not_matched A C");
}

BOOST_AUTO_TEST_CASE(neighbours_that_slide_along_a_line_are_unmatched_where_they_meet) {
    auto const report = Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 5, 20, 15)).check();
    BOOST_TEST(words(report) == "edge_not_matched A B");
    BOOST_TEST((report.problems[0].place->line == Scene::placed(Ring{{10, 5}, {10, 10}})));
}

BOOST_AUTO_TEST_CASE(an_unmatched_edge_is_found_beside_an_overlap) {
    // D lies over B and shares A's whole eastern edge, so that edge is cancelled; B still lacks nothing, A lacks
    // (10,4).
    auto const report = Scene{}
                            .add("A", box(0, 0, 10, 10))
                            .add("B", one_ring({{10, 0}, {20, 0}, {20, 10}, {10, 10}, {10, 4}}))
                            .add("D", box(10, 0, 12, 10))
                            .check();
    BOOST_TEST(words(report) == "overlap B D; edge_not_matched A B");
}

BOOST_AUTO_TEST_CASE(faces_that_touch_in_one_point_are_clean_for_every_degree_from_three_to_twelve) {
    for (int degree = 3; degree <= 12; ++degree) {
        Ring rim;
        for (int i = 0; i < degree; ++i) {
            double const angle = 2 * std::numbers::pi * i / degree;
            rim.push_back({static_cast<std::int32_t>(std::lround(100 * std::cos(angle))),
                           static_cast<std::int32_t>(std::lround(100 * std::sin(angle)))});
        }
        Scene fan;
        Scene every_second;
        for (int i = 0; i < degree; ++i) {
            auto const a = rim[static_cast<std::size_t>(i)];
            auto const b = rim[static_cast<std::size_t>((i + 1) % degree)];
            fan.add("F" + std::to_string(100 + i), one_ring({{0, 0}, a, b}));
            if (i % 2 == 0 && i + 1 < degree) {
                every_second.add("F" + std::to_string(100 + i), one_ring({{0, 0}, a, b}));
            }
        }
        BOOST_TEST(words(fan.check()) == "", "degree " << degree);
        BOOST_TEST(words(every_second.check()) == "", "degree " << degree);
    }
}

BOOST_AUTO_TEST_CASE(a_vertex_that_only_touches_the_middle_of_an_edge_is_no_problem) {
    BOOST_TEST(words(Scene{}.add("A", box(0, 0, 10, 10)).add("B", one_ring({{10, 5}, {20, 0}, {20, 10}})).check()) ==
               "");
}

BOOST_AUTO_TEST_CASE(islands_and_parts_are_clean) {
    auto parts = box(0, 0, 10, 10);
    parts.parts.push_back(box(30, 30, 40, 40).parts[0]);
    BOOST_TEST(words(Scene{}.add("A", parts).add("B", box(10, 0, 20, 10)).add("C", box(100, 100, 110, 110)).check()) ==
               "");
}

BOOST_AUTO_TEST_CASE(the_outer_border_of_the_context_and_problems_among_context_faces_are_not_reported) {
    Scene scene;
    scene.add("ctx1", with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 6}, {6, 6}, {6, 3}}), false);
    scene.add("ctx2", box(8, 0, 20, 10), false);
    scene.add("ctx3", one_ring({{50, 50}, {60, 60}, {60, 50}, {50, 60}}), false);
    scene.add("new", box(20, 0, 30, 10));
    BOOST_TEST(words(scene.check()) == "");
    scene.add("in", box(1, 1, 2, 2)); // over ctx1
    BOOST_TEST(words(scene.check()) == "overlap ctx1 in");
}

BOOST_AUTO_TEST_CASE(a_gap_between_an_incoming_face_and_the_context_is_reported) {
    auto const context = with_hole(box(0, 0, 10, 10), {{2, 2}, {2, 8}, {8, 8}, {8, 2}});
    auto const report = Scene{}.add("ctx", context, false).add("new", one_ring({{2, 2}, {8, 2}, {8, 8}})).check();
    BOOST_TEST(words(report) == "gap ctx new");
}

BOOST_AUTO_TEST_CASE(a_face_that_crosses_itself_is_reported_and_does_not_make_gaps_of_its_neighbours) {
    Scene scene;
    scene.add("hull", with_hole(box(0, 0, 10, 10), {{2, 2}, {2, 8}, {8, 8}, {8, 2}}));
    scene.add("bad", one_ring({{2, 8}, {8, 2}, {8, 8}, {2, 2}}));
    BOOST_TEST(words(scene.check()) == "self_crossing bad");
}

BOOST_AUTO_TEST_CASE(a_ring_that_runs_the_wrong_way_is_reported_once_and_still_fits_its_neighbours) {
    Scene scene;
    scene.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10));
    std::reverse(scene.shapes[0].parts[0].outer.begin(), scene.shapes[0].parts[0].outer.end());
    BOOST_TEST(words(scene.check()) == "wrong_nesting A");
}

BOOST_AUTO_TEST_CASE(outlines_filled_vertex_by_vertex_are_clean) {
    Scene scene;
    scene.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10));
    scene.outline("west", box(0, 0, 10, 10)).outline("east", box(10, 0, 20, 10));
    BOOST_TEST(words(scene.check()) == "");
}

BOOST_AUTO_TEST_CASE(outlines_with_other_vertices_on_the_same_lines_are_filled_too) {
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(10, 0, 20, 10)).outline("county", box(0, 0, 20, 10)).check();
    BOOST_TEST(words(report) == "");
}

BOOST_AUTO_TEST_CASE(a_hole_that_lies_in_no_outline_is_no_gap) {
    auto const ring = with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 6}, {6, 6}, {6, 3}});
    BOOST_TEST(words(Scene{}.add("A", ring).outline("county", ring).check()) == "");
    // an outline drawn by someone else, a bit off
    auto const other = with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 6}, {7, 6}, {7, 3}});
    auto const report = Scene{}.add("A", ring).outline("county", other).check();
    BOOST_TEST(words(report) == "outside_county A");
    BOOST_TEST(words(Scene{}.add("A", ring).outline("county", box(0, 0, 10, 10)).check()) == "gap A");
}

BOOST_AUTO_TEST_CASE(a_hole_that_lies_partly_in_an_outline_is_a_gap_when_at_least_half_of_it_does) {
    auto const ring = with_hole(box(0, 0, 10, 10), {{3, 3}, {3, 6}, {6, 6}, {6, 3}});
    auto const with_outline = [&](Ring hole) {
        return words(Scene{}.add("A", ring).outline("county", with_hole(box(0, 0, 10, 10), std::move(hole))).check());
    };
    BOOST_TEST(with_outline({{3, 3}, {3, 6}, {5, 6}, {5, 3}}) ==
               "county_not_filled county");                                // a third of the hole is county
    BOOST_TEST(with_outline({{3, 3}, {3, 6}, {4, 6}, {4, 3}}) == "gap A"); // two thirds
}

BOOST_AUTO_TEST_CASE(a_face_that_sticks_out_and_a_county_that_is_not_filled_are_measured) {
    Scene scene;
    scene.add("A", box(0, 0, 12, 10)).add("B", box(12, 0, 22, 10));
    scene.outline("county", box(0, -1, 20, 10));
    auto const report = scene.check();
    BOOST_TEST(words(report) == "outside_county B; county_not_filled county");
    BOOST_TEST(report.problems[0].measure == m2(box(20, 0, 22, 10)), kTolerance);
    BOOST_TEST(report.problems[1].measure == m2(box(0, -1, 20, 0)), kTolerance);
    BOOST_TEST(
        (report.problems[1].place->area == Scene::placed(one_ring({{0, -1}, {20, -1}, {20, 0}, {12, 0}, {0, 0}}))));
}

BOOST_AUTO_TEST_CASE(a_face_wholly_outside_all_outlines_is_reported_with_all_its_area) {
    auto const far = box(1000, 1000, 1010, 1010);
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("far", far).outline("county", box(0, 0, 10, 10)).check();
    BOOST_TEST(words(report) == "outside_county far");
    BOOST_TEST(report.problems[0].measure == m2(far), kTolerance);
}

BOOST_AUTO_TEST_CASE(an_approximate_outline_gives_one_finding_for_each_face_and_county) {
    // The faces' border is a zigzag about the outline's straight line.
    Scene scene;
    for (int i = 0; i < 5; ++i) {
        Ring ring{{i * 20, 0}, {i * 20 + 20, 0}};
        for (int x = 20; x >= 0; --x) {
            ring.push_back({i * 20 + x, x % 2 == 0 ? 9 : 11});
        }
        scene.add("F" + std::to_string(i), one_ring(ring));
    }
    auto const report = scene.outline("county", box(0, 0, 100, 10)).check();
    BOOST_TEST(words(report) ==
               "outside_county F0; outside_county F1; outside_county F2; outside_county F3; outside_county F4; "
               "county_not_filled county");
    // Each tooth is a triangle of width 1 and height 1.
    BOOST_TEST(report.problems[0].measure == 10 * m2(one_ring({{0, 10}, {2, 10}, {1, 11}})) / 2,
               boost::test_tools::tolerance(1e-4));
    BOOST_TEST(report.problems[5].measure == 50 * m2(one_ring({{0, 9}, {2, 9}, {1, 10}})) / 2,
               boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(overlapping_faces_fill_an_outline_and_are_told_apart_from_what_lies_outside) {
    auto const report =
        Scene{}.add("A", box(0, 0, 10, 10)).add("B", box(8, 0, 21, 10)).outline("county", box(0, 0, 20, 10)).check();
    BOOST_TEST(words(report) == "overlap A B; outside_county B");
    BOOST_TEST(report.problems[0].measure == m2(box(8, 0, 10, 10)), kTolerance);
    BOOST_TEST(report.problems[1].measure == m2(box(20, 0, 21, 10)), kTolerance);
}

BOOST_AUTO_TEST_SUITE_END()
