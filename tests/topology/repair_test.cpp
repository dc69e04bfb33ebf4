#include "geos_oracle.hpp"
#include "lattice.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/topology/coverage.hpp>
#include <wangge/topology/repair.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <set>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

/// Near the equator, where a unit is 1.113 cm eastward and 1.106 cm northward: 40 units are some 0.44 m.
struct Map {
    Map& add(std::string name, MultiPolygon shape, bool incoming = true) {
        geom::normalize(shape);
        return add_raw(std::move(name), std::move(shape), incoming);
    }
    Map& add_raw(std::string name, MultiPolygon shape, bool incoming = true) {
        names.push_back(std::move(name));
        shapes.push_back(std::move(shape));
        is_incoming.push_back(incoming ? 1 : 0);
        return *this;
    }
    Map& outline(std::string name, MultiPolygon const& shape) {
        outline_names.push_back(std::move(name));
        outline_shapes.push_back(shape);
        return *this;
    }
    [[nodiscard]] std::vector<Face> faces() const {
        std::vector<Face> result;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            result.push_back({names[i], &shapes[i], is_incoming[i] != 0});
        }
        return result;
    }
    [[nodiscard]] std::vector<Outline> outlines() const {
        std::vector<Outline> result;
        for (std::size_t i = 0; i < outline_shapes.size(); ++i) {
            result.push_back({outline_names[i], &outline_shapes[i]});
        }
        return result;
    }
    [[nodiscard]] ProblemReport check() const {
        SilentProgress progress;
        return std::move(CoverageChecker{}.check(faces(), outlines(), progress).report);
    }
    [[nodiscard]] std::vector<RepairProposal> propose(double tolerance_m, double max_area_m2 = 100) const {
        SilentProgress progress;
        return propose_repairs(faces(), outlines(), {tolerance_m, max_area_m2}, progress);
    }
    [[nodiscard]] Map repaired(std::vector<RepairProposal> const& proposals) const {
        auto result = *this;
        result.shapes = apply_repairs(faces(), proposals);
        return result;
    }
    [[nodiscard]] MultiPolygon const& shape(std::string const& name) const {
        return shapes[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())];
    }

    std::vector<std::string> names;
    std::vector<MultiPolygon> shapes;
    std::vector<char> is_incoming;
    std::vector<std::string> outline_names;
    std::vector<MultiPolygon> outline_shapes;
};

MultiPolygon normal(Ring ring) {
    auto shape = one_ring(std::move(ring));
    geom::normalize(shape);
    return shape;
}

/// "match_edges B; none"
std::string words(std::vector<RepairProposal> const& proposals) {
    std::string text;
    for (auto const& p : proposals) {
        text += text.empty() ? "" : "; ";
        text += p.accepted() ? "" : "refused ";
        text += to_string(p.kind);
        for (auto const& change : p.changes) {
            text += ' ' + change.name;
        }
    }
    return text;
}

std::string words(ProblemReport const& report) {
    std::string text;
    for (auto const& problem : report.problems) {
        text += text.empty() ? "" : "; ";
        text += problem_kind(problem.code).slug;
        for (auto const& subject : problem.subjects) {
            text += ' ' + subject;
        }
    }
    return text;
}

std::string digest(std::vector<RepairProposal> const& proposals) {
    std::string text;
    for (auto const& p : proposals) {
        text += p.id() + ' ' + p.refusal.english + ' ' + std::to_string(p.area_moved_m2) + '\n';
    }
    return text;
}

double unit_m2() {
    auto const scale = geom::metres_per_degree(0);
    return scale.lon * scale.lat / 1e14;
}

/// By GEOS: the ground whose owners differ, each piece once, in m2.
double area_moved_m2(Geos const& geos, std::vector<GridChange> const& changes) {
    std::vector<MultiPolygon const*> all;
    std::vector<Geos::Geometry> differences;
    std::vector<GEOSGeometry*> raw;
    auto const context = GEOS_init_r();
    for (auto const& change : changes) {
        auto const before = geos.from(change.before);
        auto const after = geos.from(change.after);
        raw.push_back(geos.difference(before, after).release());
        raw.push_back(geos.difference(after, before).release());
    }
    auto* const together =
        GEOSGeom_createCollection_r(context, GEOS_GEOMETRYCOLLECTION, raw.data(), static_cast<unsigned>(raw.size()));
    auto* const united = GEOSUnaryUnion_r(context, together);
    double area = 0;
    GEOSArea_r(context, united, &area);
    GEOSGeom_destroy_r(context, united);
    GEOSGeom_destroy_r(context, together);
    GEOS_finish_r(context);
    return area * unit_m2();
}

/// Greatest distance in metres from a vertex of one boundary to the other boundary, both ways. Own arithmetic.
double distance_m(MultiPolygon const& a, MultiPolygon const& b) {
    auto const scale = geom::metres_per_degree(0);
    double worst = 0;
    auto const one_way = [&](MultiPolygon const& from, MultiPolygon const& to) {
        geom::for_each_ring(from, [&](Ring const& ring) {
            for (auto const p : ring) {
                double best = 1e300;
                geom::for_each_edge(to, [&](Point u, Point v) {
                    double const x = (v.lon - u.lon) * scale.lon;
                    double const y = (v.lat - u.lat) * scale.lat;
                    double const px = (p.lon - u.lon) * scale.lon;
                    double const py = (p.lat - u.lat) * scale.lat;
                    double const t = std::clamp((px * x + py * y) / (x * x + y * y), 0.0, 1.0);
                    best = std::min(best, std::hypot(px - t * x, py - t * y) / 1e7);
                });
                worst = std::max(worst, best);
            }
        });
    };
    one_way(a, b);
    one_way(b, a);
    return worst;
}

/// No overlap and no enclosed gap by GEOS, in lattice units squared.
double fault_area(Geos const& geos, std::vector<MultiPolygon> const& shapes, std::int32_t extent) {
    std::vector<MultiPolygon const*> all;
    double sum = 0;
    for (auto const& shape : shapes) {
        all.push_back(&shape);
        sum += geos.area(geos.from(shape));
        BOOST_TEST(geos.valid(shape), geos.reason(shape));
    }
    auto const together = geos.unite(all);
    return sum - geos.area(together) + geos.enclosed_area(together, box(-extent, -extent, 2 * extent, 2 * extent));
}

/// By GEOS, in lattice units squared: ground that the shapes enclose without covering, and the sum of what each two
/// have in common.
std::pair<double, double> faulty_ground(Geos const& geos, std::vector<MultiPolygon> const& shapes,
                                        std::int32_t extent) {
    std::vector<MultiPolygon const*> all;
    double overlaps = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        all.push_back(&shapes[i]);
        for (std::size_t k = 0; k < i; ++k) {
            if (geom::envelope_of(shapes[i]).intersects(geom::envelope_of(shapes[k]))) {
                overlaps += geos.area(geos.intersection(geos.from(shapes[i]), geos.from(shapes[k])));
            }
        }
    }
    return {geos.enclosed_area(geos.unite(all), box(-extent, -extent, 2 * extent, 2 * extent)), overlaps};
}

} // namespace

BOOST_AUTO_TEST_SUITE(repair)

BOOST_AUTO_TEST_CASE(a_clean_coverage_gets_no_proposal) {
    auto const map = Map{}.add("A", box(0, 0, 10000, 10000)).add("B", box(10000, 0, 20000, 10000));
    BOOST_TEST(words(map.propose(0.5)) == "");
    BOOST_TEST(words(Map{}.propose(0.5)) == "");
}

BOOST_AUTO_TEST_CASE(a_missing_vertex_is_inserted_and_nothing_moves) {
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", box(10000, 0, 20000, 4000))
                         .add("C", box(10000, 4000, 20000, 10000));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "insert_vertices A");
    BOOST_TEST(proposals[0].area_moved_m2 == 0);
    BOOST_TEST(proposals[0].greatest_move_m == 0);
    BOOST_TEST(proposals[0].problems.size() == 2U);
    auto const after = map.repaired(proposals);
    BOOST_TEST((after.shape("A") == normal({{0, 0}, {10000, 0}, {10000, 4000}, {10000, 10000}, {0, 10000}})));
    BOOST_TEST(words(after.check()) == "");
}

BOOST_AUTO_TEST_CASE(of_two_boundaries_beside_each_other_that_of_the_first_code_stays) {
    auto const map = Map{}.add("B", box(10020, 3, 20000, 10000)).add("A", box(0, 0, 10000, 10000)); // open at both ends
    BOOST_TEST(words(map.check()) == "");
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "match_edges B");
    auto const after = map.repaired(proposals);
    BOOST_TEST((after.shape("A") == map.shape("A")));
    BOOST_TEST((after.shape("B") == normal({{10000, 0}, {20000, 3}, {20000, 10000}, {10000, 10000}})));
    BOOST_TEST(words(after.propose(0.5)) == "");
}

BOOST_AUTO_TEST_CASE(boundaries_further_apart_than_the_tolerance_are_left_alone) {
    auto const map = Map{}.add("B", box(10050, 0, 20000, 10000)).add("A", box(0, 0, 10000, 10000));
    BOOST_TEST(words(map.propose(0.5)) == "");
    BOOST_TEST(words(map.propose(0.6)) == "match_edges B");
}

BOOST_AUTO_TEST_CASE(a_fixed_neighbour_wins_over_an_earlier_code) {
    auto const map = Map{}.add("A", box(0, 0, 10000, 10000)).add("B", box(10020, 0, 20000, 10000), false);
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "match_edges A");
    BOOST_TEST((map.repaired(proposals).shape("A") == box(0, 0, 10020, 10000)));
}

BOOST_AUTO_TEST_CASE(the_slave_takes_the_vertices_of_the_master_and_loses_its_own) {
    auto const map =
        Map{}
            .add("A", one_ring({{0, 0}, {10000, 0}, {10010, 5000}, {10000, 10000}, {0, 10000}}))
            .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {9990, 7000}, {10020, 2500}}));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "match_edges B");
    auto const after = map.repaired(proposals);
    BOOST_TEST((after.shape("B") == normal({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {10010, 5000}})));
    BOOST_TEST(words(after.check()) == "");
    BOOST_TEST(proposals[0].area_moved_m2 == area_moved_m2(Geos{}, proposals[0].changes),
               boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(a_near_t_junction_is_put_on_the_line_it_stops_at) {
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 4000}, {10010, 4000}}))
                         .add("C", one_ring({{10010, 4000}, {20000, 4000}, {20000, 10000}, {10000, 10000}}));
    auto const proposals = map.propose(0.5);
    auto const after = map.repaired(proposals);
    BOOST_TEST(words(after.check()) == "");
    // A gap whose corners are all vertices is given to the grid with the longest boundary with it: A.
    BOOST_TEST(words(proposals) == "assign_gap A");
    BOOST_TEST((after.shape("A") == normal({{0, 0}, {10000, 0}, {10010, 4000}, {10000, 10000}, {0, 10000}})));
    // Open at the ends it is no gap, and the junction moves.
    auto const open = Map{}
                          .add("A", box(0, 0, 10000, 10000))
                          .add("B", box(10010, 0, 20000, 4000))
                          .add("C", box(10010, 4000, 20000, 10000));
    auto const moved = open.repaired(open.propose(0.5));
    BOOST_TEST((moved.shape("A") == normal({{0, 0}, {10000, 0}, {10000, 4000}, {10000, 10000}, {0, 10000}})));
    BOOST_TEST((moved.shape("B") == box(10000, 0, 20000, 4000)));
    BOOST_TEST((moved.shape("C") == box(10000, 4000, 20000, 10000)));
}

BOOST_AUTO_TEST_CASE(an_overlap_stays_with_the_grid_whose_rest_has_the_longest_boundary_with_it) {
    // B reaches over A's straight side with a vertex.
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {9970, 5000}}));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "assign_overlap B");
    BOOST_TEST(proposals[0].problems.size() == 2U); // the overlap and its sliver
    BOOST_TEST(proposals[0].area_moved_m2 == 30 * 10000 / 2 * unit_m2(), boost::test_tools::tolerance(1e-4));
    BOOST_TEST(proposals[0].greatest_move_m == 30 * geom::metres_per_degree(0).lon / 1e7,
               boost::test_tools::tolerance(1e-3));
    auto const after = map.repaired(proposals);
    BOOST_TEST((after.shape("B") == box(10000, 0, 20000, 10000)));
    BOOST_TEST(words(after.check()) == "");
}

BOOST_AUTO_TEST_CASE(a_gap_wider_than_the_tolerance_is_refused_with_its_width_and_nothing_changes) {
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {10100, 5000}}));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "refused none");
    BOOST_TEST(proposals[0].problems == std::vector<std::string>{map.check().problems[0].id()},
               boost::test_tools::per_element());
    BOOST_TEST(proposals[0].refusal.english.find("1.113 m") != std::string::npos, proposals[0].refusal.english);
    BOOST_TEST((map.repaired(proposals).shapes == map.shapes));
}

BOOST_AUTO_TEST_CASE(a_gap_larger_than_the_largest_area_is_refused) {
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {10030, 5000}}));
    BOOST_TEST(words(map.propose(0.5, 30 * 10000 / 2 * unit_m2() * 1.001)) == "assign_gap B");
    auto const refused = map.propose(0.5, 30 * 10000 / 2 * unit_m2() * 0.999);
    BOOST_REQUIRE_EQUAL(words(refused), "refused none");
    BOOST_TEST(refused[0].refusal.english.find("may change hands") != std::string::npos, refused[0].refusal.english);
}

BOOST_AUTO_TEST_CASE(a_short_spike_and_a_ring_without_area_are_taken_out_and_a_long_spike_is_not) {
    auto const with_tip = [](std::int32_t length) {
        return Map{}
            .add("A", box(0, 0, 10000, 10000))
            .add_raw("B", one_ring({{10000, 0},
                                    {20000, 0},
                                    {20000, 10000},
                                    {20000 - length, 10000 - length},
                                    {20000, 10000},
                                    {10000, 10000}}));
    };
    auto const map = with_tip(30);
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "clean_ring B");
    BOOST_TEST(proposals[0].area_moved_m2 == 0);
    BOOST_TEST((map.repaired(proposals).shape("B") == box(10000, 0, 20000, 10000)));
    auto const refused = with_tip(60).propose(0.5);
    BOOST_TEST(words(refused).starts_with("refused none"), words(refused));
    BOOST_TEST(refused[0].refusal.english.find("tolerance") != std::string::npos, refused[0].refusal.english);

    auto flat = box(0, 0, 10000, 10000);
    flat.parts.push_back({{{10000, 2000}, {10000, 3000}, {10000, 4000}}, {}});
    auto const collapsed = Map{}.add_raw("A", flat).add("B", box(10000, 0, 20000, 10000));
    auto const cleaned = collapsed.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(cleaned), "clean_ring A");
    BOOST_TEST((collapsed.repaired(cleaned).shape("A") == box(0, 0, 10000, 10000)));
}

BOOST_AUTO_TEST_CASE(a_ring_that_passes_a_point_twice_is_cut_there) {
    auto const map = Map{}.add_raw(
        "A",
        one_ring({{0, 0}, {1000, 0}, {1000, 1000}, {2000, 1000}, {2000, 2000}, {1000, 2000}, {1000, 1000}, {0, 1000}}));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "clean_ring A");
    BOOST_TEST((map.repaired(proposals).shape("A") ==
                MultiPolygon{{{{{0, 0}, {1000, 0}, {1000, 1000}, {0, 1000}}, {}},
                              {{{1000, 1000}, {2000, 1000}, {2000, 2000}, {1000, 2000}}, {}}}}));
}

BOOST_AUTO_TEST_CASE(a_ring_that_crosses_itself_is_refused) {
    auto const map = Map{}.add_raw("A", one_ring({{0, 0}, {1000, 1000}, {1000, 0}, {0, 1000}}));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "refused none");
    BOOST_TEST(proposals[0].refusal.english.find("crosses itself") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(grids_follow_an_outline_within_the_tolerance) {
    auto const map = Map{}
                         .outline("county", box(0, 0, 20000, 10000))
                         .add("A", one_ring({{10, -5}, {10000, 0}, {10000, 10000}, {0, 10000}}))
                         .add("B", one_ring({{10000, 0}, {19990, 10}, {20012, 9990}, {10000, 10000}}));
    auto const proposals = map.propose(0.5);
    auto const after = map.repaired(proposals);
    BOOST_TEST((after.shape("A") == box(0, 0, 10000, 10000)));
    BOOST_TEST((after.shape("B") == box(10000, 0, 20000, 10000)));
    BOOST_TEST(words(after.check()) == "");
}

BOOST_AUTO_TEST_CASE(a_grid_that_stops_short_of_an_outline_follows_it) {
    auto const map = Map{}
                         .outline("county", box(0, 0, 20000, 10000))
                         .add("A", one_ring({{10, 0}, {10000, 0}, {10000, 10000}, {10, 10000}}))
                         .add("B", box(10000, 0, 20000, 10000));
    BOOST_TEST(!map.check().has_errors()); // a county that is not filled is a warning
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "assign_gap A");
    // It keeps the vertices of its old west side on the county's south and north.
    BOOST_TEST((map.repaired(proposals).shape("A") ==
                one_ring({{0, 0}, {10, 0}, {10000, 0}, {10000, 10000}, {10, 10000}, {0, 10000}})));
    BOOST_TEST(words(map.repaired(proposals).check()) == "");
}

namespace {

/// One accepted proposal each, of which one number says how far it moves a boundary.
struct Slip {
    char const* what;
    Map map;
    bool one_piece; ///< all that changes hands lies together and goes between the same two
};
std::vector<Slip> slips() {
    Map const west = Map{}.add("A", box(0, 0, 10000, 10000));
    auto const beside = [&](Ring ring) { return Map{west}.add("B", one_ring(std::move(ring))); };
    return {
        {"a boundary drawn twice, open at its ends", Map{west}.add("B", box(10020, 0, 20000, 10000)), true},
        {"a gap", beside({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {10030, 5000}}), true},
        {"an overlap", beside({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {9970, 5000}}), true},
        {"a spike",
         Map{west}.add_raw(
             "B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {19970, 9970}, {20000, 10000}, {10000, 10000}})),
         false},
        {"a junction beside a line",
         Map{west}.add("B", box(10010, 0, 20000, 4000)).add("C", box(10010, 4000, 20000, 10000)), false},
        {"vertices of both",
         Map{}
             .add("A", one_ring({{0, 0}, {10000, 0}, {10010, 5000}, {10000, 10000}, {0, 10000}}))
             .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {9990, 7000}, {10020, 2500}})),
         false},
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(what_moves_by_just_the_tolerance_is_proposed_and_by_the_least_bit_more_is_not) {
    for (auto const& [what, map, one_piece] : slips()) {
        BOOST_TEST_CONTEXT(what) {
            auto const proposals = map.propose(1);
            BOOST_REQUIRE(proposals.size() == 1 && proposals[0].accepted());
            auto const move_m = proposals[0].greatest_move_m;
            BOOST_TEST(move_m > 0.1);
            BOOST_TEST(digest(map.propose(move_m)) == digest(proposals));
            auto const less = map.propose(std::nextafter(move_m, 0.0));
            BOOST_TEST(!less.empty());
            BOOST_TEST(std::ranges::none_of(less, &RepairProposal::accepted), words(less));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_piece_just_as_large_as_may_change_hands_does_and_one_the_least_bit_larger_does_not) {
    for (auto const& [what, map, one_piece] : slips()) {
        if (!one_piece) {
            continue;
        }
        BOOST_TEST_CONTEXT(what) {
            auto const proposals = map.propose(1);
            BOOST_REQUIRE(proposals.size() == 1);
            auto const area_m2 = proposals[0].area_moved_m2;
            BOOST_TEST(area_m2 > 1);
            BOOST_TEST(digest(map.propose(1, area_m2)) == digest(proposals));
            auto const less = map.propose(1, std::nextafter(area_m2, 0.0));
            BOOST_REQUIRE(!less.empty());
            BOOST_TEST(std::ranges::none_of(less, &RepairProposal::accepted), words(less));
            BOOST_TEST(less[0].refusal.english.find("change hands") != std::string::npos, less[0].refusal.english);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_two_grids_with_as_much_boundary_the_first_gets_a_gap_and_keeps_an_overlap) {
    auto const between = [](std::int32_t half) { // the same to both sides of 10000
        return Map{}
            .add("A", one_ring({{0, 0}, {10000, 0}, {10000 - half, 5000}, {10000, 10000}, {0, 10000}}))
            .add("B", one_ring({{10000, 0}, {20000, 0}, {20000, 10000}, {10000, 10000}, {10000 + half, 5000}}));
    };
    auto const gap = between(15), overlap = between(-15);
    BOOST_REQUIRE_EQUAL(words(gap.propose(0.5)), "assign_gap A");
    BOOST_REQUIRE_EQUAL(words(overlap.propose(0.5)), "assign_overlap B");
    BOOST_TEST((overlap.repaired(overlap.propose(0.5)).shape("A") == overlap.shape("A")));
}

BOOST_AUTO_TEST_CASE(changes_far_apart_on_one_grid_are_proposals_of_their_own_unless_its_rings_are_mended) {
    auto const beside = [](Map map) { // D and E meet on the western side of A, which has no vertex there
        return map.add("D", box(-10000, 0, 0, 4000)).add("E", box(-10000, 4000, 0, 10000));
    };
    auto const two = beside(Map{}
                                .add("A", box(0, 0, 10000, 10000))
                                .add("B", box(10000, 0, 20000, 4000))
                                .add("C", box(10000, 4000, 20000, 10000)));
    BOOST_REQUIRE_EQUAL(words(two.propose(0.5)), "insert_vertices A; insert_vertices A");
    auto const spike = one_ring({{0, 0}, {10000, 0}, {10000, 10000}, {10030, 10030}, {10000, 10000}, {0, 10000}});
    auto const one = beside(Map{}.add_raw("A", spike));
    auto const proposals = one.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "clean_ring A");
    BOOST_TEST(
        (one.repaired(proposals).shape("A") == normal({{0, 0}, {10000, 0}, {10000, 10000}, {0, 10000}, {0, 4000}})));
}

BOOST_AUTO_TEST_CASE(a_missing_vertex_of_a_boundary_along_a_parallel_is_told_with_its_problems) {
    auto const map = Map{}
                         .add("A", box(0, 0, 10000, 10000))
                         .add("B", box(0, 10000, 4000, 20000))
                         .add("C", box(4000, 10000, 10000, 20000));
    auto const proposals = map.propose(0.5);
    BOOST_REQUIRE_EQUAL(words(proposals), "insert_vertices A");
    BOOST_TEST(proposals[0].problems.size() == 2U);
}

BOOST_AUTO_TEST_CASE(two_corners_that_come_near_each_other_are_not_made_to_touch) {
    auto const map = Map{}.add("A", box(0, 0, 10000, 10000)).add("B", box(10020, 10020, 20000, 20000));
    BOOST_TEST(words(map.propose(0.5)) == "");
}

BOOST_AUTO_TEST_CASE(the_reason_names_the_grid_that_is_to_be_mended_first) {
    auto const bow = one_ring({{10000, 0}, {20000, 10000}, {20000, 0}, {10000, 10000}});
    auto const proposals = Map{}.add("A", box(0, 0, 10000, 10000)).add_raw("B", bow).propose(0.5);
    BOOST_REQUIRE(!proposals.empty());
    BOOST_TEST(proposals[0].refusal.english.find("crosses itself") != std::string::npos, proposals[0].refusal.english);
    BOOST_TEST(proposals[0].grids == std::vector<std::string>{"B"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(options_out_of_range_and_other_faces_are_refused) {
    auto const map = Map{}.add("A", box(0, 0, 10000, 10000)).add("B", box(10020, 0, 20000, 10000));
    BOOST_CHECK_THROW(map.propose(0), Error);
    BOOST_CHECK_THROW(map.propose(std::nan("")), Error);
    BOOST_CHECK_THROW(map.propose(1, -1), Error);
    BOOST_TEST(words(map.propose(0.5, 0)) == "refused match_edges B"); // no ground at all may change hands
    auto const proposals = map.propose(0.5);
    auto other = map;
    other.shapes[1] = box(10021, 0, 20000, 10000);
    BOOST_CHECK_THROW(other.repaired(proposals), Error);
    std::swap(other.names[0], other.names[1]);
    BOOST_CHECK_THROW(other.repaired(proposals), Error);
}

namespace {

/// Cells merged into faces at random; each face then redrawn on its own by no more than `wobble` units.
Map perturbed_coverage(Random& random, int size, int owners, std::int32_t scale, std::int32_t wobble, Map& clean) {
    auto const cells = random_cells(random, size, owners, false);
    std::vector<MultiPolygon> squares;
    std::vector<std::uint32_t> groups;
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            squares.push_back(box(x * scale, y * scale, (x + 1) * scale, (y + 1) * scale));
            groups.push_back(static_cast<std::uint32_t>(std::max(cells.at(x, y), 0)));
        }
    }
    std::vector<MultiPolygon const*> pointers;
    for (auto const& square : squares) {
        pointers.push_back(&square);
    }
    for (auto& shape : dissolve(pointers, groups, static_cast<std::size_t>(owners))) {
        if (!shape.empty()) {
            clean.add("F" + std::to_string(100 + clean.names.size()), std::move(shape));
        }
    }
    auto map = clean;
    auto const off = [&] { return static_cast<std::int32_t>(random.between(-wobble, wobble)); };
    for (std::size_t i = 0; i < map.shapes.size(); ++i) {
        std::map<Point, Point> moved; // a face's own rings stay together where they touch
        std::map<Point, int> uses;
        geom::for_each_ring(map.shapes[i], [&](Ring const& ring) {
            for (auto const p : ring) {
                ++uses[p];
            }
        });
        auto const redrawn = [&](Ring const& ring) {
            Ring result;
            for (std::size_t k = 0; k < ring.size(); ++k) {
                auto const before = ring[(k + ring.size() - 1) % ring.size()];
                auto const p = ring[k];
                auto const next = ring[(k + 1) % ring.size()];
                bool const straight = geom::orientation(before, p, next) == 0;
                if (straight && uses[p] == 1 && random.between(0, 2) == 0) {
                    continue; // left out
                }
                result.push_back(moved.try_emplace(p, Point{p.lon + off(), p.lat + off()}).first->second);
                for (int extra = static_cast<int>(random.between(0, 2)); extra > 0; --extra) { // densified
                    auto const way_lon = next.lon - p.lon;
                    auto const way_lat = next.lat - p.lat;
                    auto const share = extra == 2 ? random.between(20, 45) : random.between(55, 80); // in %
                    result.push_back({p.lon + static_cast<std::int32_t>(way_lon * share / 100) + off(),
                                      p.lat + static_cast<std::int32_t>(way_lat * share / 100) + off()});
                }
            }
            return result;
        };
        for (auto& part : map.shapes[i].parts) {
            part.outer = redrawn(part.outer);
            for (auto& hole : part.holes) {
                hole = redrawn(hole);
            }
        }
        geom::normalize(map.shapes[i]);
    }
    return map;
}

} // namespace

BOOST_AUTO_TEST_CASE(random_coverages_redrawn_within_the_tolerance_become_coverages_again) {
    constexpr std::uint64_t kSeed = 20261126;
    Geos const geos;
    std::size_t whole = 0;
    std::size_t refused = 0;
    constexpr int kRuns = 150;
    for (int run = 0; run < kRuns; ++run) {
        Random random{kSeed + static_cast<std::uint64_t>(run)};
        auto const size = static_cast<int>(random.between(2, 7));
        Map clean;
        auto const map = perturbed_coverage(random, size, size * 2, 3000, 14, clean);
        constexpr double tolerance_m = 0.45; // 14 units each way, twice: at most 39.6 units, 0.441 m
        auto const proposals = map.propose(tolerance_m);
        auto const after = map.repaired(proposals);
        BOOST_TEST_CONTEXT("seed " << kSeed + static_cast<std::uint64_t>(run)) {
            auto const was = map.check();
            auto const is = after.check();
            refused += static_cast<std::size_t>(
                std::count_if(proposals.begin(), proposals.end(), [](auto const& p) { return !p.accepted(); }));
            if (is.problems.empty()) {
                ++whole;
                BOOST_TEST(std::abs(fault_area(geos, after.shapes, size * 3000)) < 0.5);
            }
            for (auto const& problem : is.problems) { // nothing new
                BOOST_TEST(std::any_of(was.problems.begin(), was.problems.end(), [&](Problem const& p) {
                    return p.code == problem.code && p.subjects == problem.subjects &&
                           p.measure >= problem.measure - 1e-9;
                }));
            }
            for (auto const& p : proposals) {
                if (!p.accepted()) {
                    std::cout << "seed " << kSeed + static_cast<std::uint64_t>(run) << " refused " << to_string(p.kind)
                              << ": " << p.refusal.english << '\n';
                    continue;
                }
                double move = 0;
                for (auto const& change : p.changes) {
                    BOOST_TEST(geos.valid(change.after));
                    move = std::max(move, distance_m(change.before, change.after));
                }
                BOOST_TEST(move <= tolerance_m + 1e-6);
                BOOST_TEST(p.greatest_move_m == move, boost::test_tools::tolerance(1e-3));
                BOOST_TEST(p.area_moved_m2 == area_moved_m2(geos, p.changes), boost::test_tools::tolerance(1e-3));
            }
            for (std::size_t i = 0; i < map.shapes.size(); ++i) {
                BOOST_TEST(distance_m(map.shapes[i], after.shapes[i]) <= tolerance_m + 1e-6);
            }
            auto const again = after.propose(tolerance_m);
            BOOST_TEST(std::none_of(again.begin(), again.end(), [](auto const& p) { return p.accepted(); }),
                       words(again));
        }
    }
    std::cout << whole << " of " << kRuns << " whole, " << refused << " refused\n";
    BOOST_TEST(whole >= kRuns * 98 / 100);
}

BOOST_AUTO_TEST_CASE(fixed_neighbours_and_outlines_stay_and_the_incoming_grids_follow_them) {
    std::size_t whole = 0;
    constexpr std::uint64_t kRuns = 60;
    for (std::uint64_t seed = 1000; seed < 1000 + kRuns; ++seed) {
        Random random{seed};
        auto const size = static_cast<int>(random.between(2, 6));
        Map clean;
        auto map = perturbed_coverage(random, size, size * 2, 3000, 14, clean);
        for (std::size_t i = 0; i < map.shapes.size(); ++i) {
            if (random.between(0, 2) == 0) {
                map.shapes[i] = clean.shapes[i];
                map.is_incoming[i] = 0;
            }
        }
        if (seed % 2 == 0) {
            map.outline("county", box(0, 0, size * 3000, size * 3000));
        }
        auto const was = map.check();
        auto const after = map.repaired(map.propose(0.45));
        auto const is = after.check();
        BOOST_TEST_CONTEXT("seed " << seed) {
            for (std::size_t i = 0; i < map.shapes.size(); ++i) {
                BOOST_TEST((map.is_incoming[i] != 0 || after.shapes[i] == clean.shapes[i]));
                BOOST_TEST(distance_m(map.shapes[i], after.shapes[i]) <= 0.45 + 1e-6);
            }
            for (auto const& problem : is.problems) { // nothing new
                BOOST_TEST(std::any_of(was.problems.begin(), was.problems.end(), [&](Problem const& p) {
                    return p.code == problem.code && p.subjects == problem.subjects;
                }));
            }
            whole += is.problems.empty() ? 1U : 0U;
        }
    }
    std::cout << whole << " of " << kRuns << " whole beside fixed neighbours\n";
    BOOST_TEST(whole >= kRuns * 95 / 100);
}

BOOST_AUTO_TEST_CASE(what_is_further_off_than_the_tolerance_is_refused_and_nothing_changes) {
    std::size_t tried = 0;
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        Random random{seed};
        Map map;
        static_cast<void>(perturbed_coverage(random, 4, 6, 3000, 0, map));
        auto& ring =
            map.shapes[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(map.shapes.size()) - 1))]
                .parts[0]
                .outer;
        auto& p = ring[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(ring.size()) - 1))];
        p.lon += random.between(0, 1) == 0 ? 260 : -260; // 2.9 m
        p.lat += random.between(0, 1) == 0 ? 260 : -260;
        if (map.check().problems.empty()) {
            continue; // a corner of the rim
        }
        ++tried;
        auto const proposals = map.propose(0.45, 1e9);
        BOOST_TEST_CONTEXT("seed " << seed) {
            BOOST_TEST(!proposals.empty());
            BOOST_TEST(std::none_of(proposals.begin(), proposals.end(), [](auto const& q) { return q.accepted(); }),
                       words(proposals));
            BOOST_TEST((map.repaired(proposals).shapes == map.shapes));
        }
    }
    BOOST_TEST(tried > 40U);
}

BOOST_AUTO_TEST_CASE(where_grids_are_hardly_wider_than_the_tolerance_nothing_new_is_made) {
    Geos const geos;
    std::size_t judged = 0;
    std::size_t accepted = 0;
    std::size_t refused = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        Random random{seed};
        Map clean;
        auto const map =
            perturbed_coverage(random, 5, 9, static_cast<std::int32_t>(random.between(60, 260)), 14, clean);
        auto const was = map.check();
        auto const proposals = map.propose(0.45);
        auto const after = map.repaired(proposals);
        auto const is = after.check();
        std::map<std::pair<ProblemCode, std::vector<std::string>>, double> measure;
        for (auto const& problem : was.problems) {
            measure[{problem.code, problem.subjects}] += problem.measure;
        }
        BOOST_TEST_CONTEXT("seed " << seed) {
            for (auto const& problem : is.problems) {
                auto const before = measure.find({problem.code, problem.subjects});
                // What is left of a gap may have fewer grids round it, or be narrow now.
                bool const known = before != measure.end() && problem.measure <= before->second * (1 + 1e-6) + 1e-9;
                BOOST_TEST((known || std::ranges::any_of(
                                         was.problems,
                                         [&](Problem const& p) {
                                             bool const ground =
                                                 p.code == ProblemCode::gap || p.code == ProblemCode::overlap;
                                             return ground &&
                                                    (p.code == problem.code || problem.code == ProblemCode::sliver) &&
                                                    std::ranges::includes(p.subjects, problem.subjects) &&
                                                    problem.measure <= p.measure * (1 + 1e-6) + 1e-9;
                                         })),
                           problem.message);
            }
            // By GEOS: no more ground without a grid or with two than before, in lattice units squared.
            if (std::ranges::all_of(map.shapes, [&](auto const& shape) { return geos.valid(shape); })) {
                auto const [gaps, overlaps] = faulty_ground(geos, map.shapes, 5 * 260);
                auto const [gaps_now, overlaps_now] = faulty_ground(geos, after.shapes, 5 * 260);
                BOOST_TEST(gaps_now <= gaps + 0.5);
                BOOST_TEST(overlaps_now <= overlaps + 0.5);
                ++judged;
            }
            for (std::size_t i = 0; i < map.shapes.size(); ++i) {
                BOOST_TEST(distance_m(map.shapes[i], after.shapes[i]) <= 0.45 + 1e-6);
            }
            for (auto const& p : proposals) {
                (p.accepted() ? accepted : refused) += p.kind == RepairKind::none ? 0U : 1U;
            }
        }
    }
    BOOST_TEST(judged > 40U);
    BOOST_TEST(accepted > 20U);
    BOOST_TEST(refused > 20U);
}

namespace {

/// Each edge divided into four, by the lattice; the same from both sides.
void densify(Map& map) {
    for (auto& shape : map.shapes) {
        for (auto& part : shape.parts) {
            auto const dense = [](Ring const& ring) {
                Ring result;
                geom::for_each_edge(ring, [&](Point a, Point b) {
                    for (int k = 0; k < 4; ++k) {
                        result.push_back({a.lon + (b.lon - a.lon) / 4 * k, a.lat + (b.lat - a.lat) / 4 * k});
                    }
                });
                return result;
            };
            part.outer = dense(part.outer);
            std::ranges::transform(part.holes, part.holes.begin(), dense);
        }
        geom::normalize(shape);
    }
}

/// Every vertex of every grid moved by itself, as when a contractor digitises each of them anew.
void redraw(Map& map, Random& random, std::int32_t wobble) {
    for (auto& shape : map.shapes) {
        std::map<Point, Point> moved;
        auto const drawn = [&](Ring& ring) {
            for (auto& p : ring) {
                auto const off = [&] { return static_cast<std::int32_t>(random.between(-wobble, wobble)); };
                p = moved.try_emplace(p, Point{p.lon + off(), p.lat + off()}).first->second;
            }
        };
        for (auto& part : shape.parts) {
            drawn(part.outer);
            std::ranges::for_each(part.holes, drawn);
        }
        geom::normalize(shape);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(where_a_whole_city_is_redrawn_one_bad_spot_refuses_itself_only) {
    Geos const geos;
    constexpr int kSize = 12;
    constexpr std::int32_t kScale = 3000;
    constexpr double kTolerance_m = 0.45;
    std::size_t spots = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        Random random{seed};
        Map map;
        static_cast<void>(perturbed_coverage(random, kSize, 60, kScale, 0, map));
        densify(map);
        redraw(map, random, 14);
        auto const moved =
            static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(map.shapes.size()) - 1));
        auto& ring = map.shapes[moved].parts[0].outer;
        auto& corner = ring[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(ring.size()) - 1))];
        corner = {corner.lon + 260, corner.lat + 230}; // 2.9 m
        if (!geos.valid(map.shapes[moved])) {
            continue; // the corner of another ring of the grid, too
        }
        auto const proposals = map.propose(kTolerance_m);
        auto const after = map.repaired(proposals);
        auto const is = after.check();
        auto const accepted = static_cast<std::size_t>(std::ranges::count_if(proposals, &RepairProposal::accepted));
        BOOST_TEST_CONTEXT("seed " << seed) {
            BOOST_TEST(accepted > 40U); // about one for each corner of three grids
            BOOST_TEST(accepted + 12 > proposals.size(), words(proposals));
            for (auto const& p : proposals) {
                BOOST_TEST((!p.accepted() || p.grids.size() <= 12U), words(proposals));
            }
            spots += is.problems.empty() ? 0U : 1U; // outward from the rim is no problem
            std::set<std::string> concerned;        // round the spot, and where a grid touches itself in a corner
            for (auto const& problem : is.problems) {
                concerned.insert(problem.subjects.begin(), problem.subjects.end());
            }
            BOOST_TEST(concerned.size() * 3 < map.names.size());
            for (std::size_t i = 0; i < map.shapes.size(); ++i) {
                BOOST_TEST(distance_m(map.shapes[i], after.shapes[i]) <= kTolerance_m + 1e-6);
                BOOST_TEST(geos.valid(after.shapes[i]));
            }
            // Any of them without the others: every second one, and each alone is valid and makes nothing worse.
            auto some = proposals;
            std::erase_if(some, [&](RepairProposal const& p) {
                return !p.accepted() || (&p - some.data()) % 2 == static_cast<std::ptrdiff_t>(seed % 2);
            });
            auto const half = map.repaired(some);
            auto const [gaps, overlaps] = faulty_ground(geos, map.shapes, kSize * kScale);
            auto const [gaps_now, overlaps_now] = faulty_ground(geos, half.shapes, kSize * kScale);
            BOOST_TEST(gaps_now < gaps);
            BOOST_TEST(overlaps_now < overlaps);
            for (auto const& shape : half.shapes) {
                BOOST_TEST(geos.valid(shape), geos.reason(shape));
            }
            for (auto const& p : proposals) {
                for (auto const& change : p.changes) {
                    BOOST_TEST((!p.accepted() || geos.valid(change.after)));
                }
            }
        }
    }
    BOOST_TEST(spots > 6U);
}

BOOST_AUTO_TEST_CASE(proposals_do_not_depend_on_the_order_of_the_grids) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random{seed};
        Map clean;
        auto const size = seed % 4 == 0 ? 10 : 5;
        auto const map = perturbed_coverage(random, size, size * size / 3, 3000, 14, clean);
        auto turned = map;
        std::reverse(turned.names.begin(), turned.names.end());
        std::reverse(turned.shapes.begin(), turned.shapes.end());
        auto const proposals = map.propose(0.45);
        BOOST_TEST(digest(proposals) == digest(turned.propose(0.45)));
        auto result = turned.repaired(turned.propose(0.45)).shapes;
        std::reverse(result.begin(), result.end());
        BOOST_TEST((result == map.repaired(proposals).shapes));
    }
}

BOOST_AUTO_TEST_SUITE_END()
