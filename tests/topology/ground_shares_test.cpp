#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/accepted_gaps.hpp>
#include <wangge/topology/area_shares.hpp>
#include <wangge/topology/rings.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <set>

using namespace wangge;
using namespace wangge::test;

namespace {

constexpr std::int32_t kEast = 1'130'000'000, kNorth = 230'000'000, kCell = 1000;

MultiPolygon cell_box(int x0, int y0, int x1, int y1) {
    return box(kEast + x0 * kCell, kNorth + y0 * kCell, kEast + x1 * kCell, kNorth + y1 * kCell);
}

MultiPolygon area_of(CellMap const& cells, int owner) {
    std::set<std::pair<Point, Point>> edges;
    for (int x = 0; x < cells.size; ++x) {
        for (int y = 0; y < cells.size; ++y) {
            if (cells.at(x, y) != owner) {
                continue;
            }
            Point const a{kEast + x * kCell, kNorth + y * kCell};
            Point const ring[] = {a, {a.lon + kCell, a.lat}, {a.lon + kCell, a.lat + kCell}, {a.lon, a.lat + kCell}};
            for (int i = 0; i < 4; ++i) {
                if (edges.erase({ring[(i + 1) % 4], ring[i]}) == 0) {
                    edges.insert({ring[i], ring[(i + 1) % 4]});
                }
            }
        }
    }
    std::vector<topology::DirectedEdge> directed;
    for (auto const& [from, to] : edges) {
        directed.push_back({from, to});
    }
    return topology::assemble_rings(std::move(directed));
}

GridCode grid(std::size_t number) { return *GridCode::parse(std::to_string(440103001101000 + number)); }

/// Ground whose grid differs; grid i has before[i] and after[i].
std::vector<topology::GroundShare> moved_ground(std::vector<MultiPolygon> const& before,
                                                std::vector<MultiPolygon> const& after) {
    std::vector<topology::ShapeChange> changes;
    for (std::size_t i = 0; i < before.size(); ++i) {
        changes.push_back({grid(i), before[i].empty() ? nullptr : &before[i], after[i].empty() ? nullptr : &after[i]});
    }
    auto shares = topology::ground_shares(changes, topology::ShareShapes::with);
    std::erase_if(shares, [](topology::GroundShare const& share) { return share.from == share.to; });
    return shares;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ground_that_moves)

BOOST_AUTO_TEST_CASE(a_boundary_that_moves_moves_the_strip_between) {
    std::vector<MultiPolygon> const before{cell_box(0, 0, 4, 4), cell_box(4, 0, 8, 4)};
    std::vector<MultiPolygon> const after{cell_box(0, 0, 3, 4), cell_box(3, 0, 8, 4)};
    auto const moved = moved_ground(before, after);
    BOOST_REQUIRE_EQUAL(moved.size(), 1U);
    BOOST_TEST((moved[0].from == grid(0)));
    BOOST_TEST((moved[0].to == grid(1)));
    BOOST_TEST(moved[0].share_of_from == 0.25, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(moved[0].share_of_to == 0.2, boost::test_tools::tolerance(1e-6));
    auto strip = cell_box(3, 0, 4, 4);
    geom::normalize(strip);
    auto shape = moved[0].shape;
    geom::normalize(shape);
    BOOST_TEST((shape == strip));
    BOOST_TEST(moved_ground(before, before).empty());
    BOOST_TEST(moved_ground({}, {}).empty());
}

BOOST_AUTO_TEST_CASE(where_grids_overlap_afterwards_what_one_keeps_goes_to_no_other) {
    // The second reaches a column into the first, which keeps it, and a column into nobody's ground.
    std::vector<MultiPolygon> const before{cell_box(0, 0, 4, 4), cell_box(4, 0, 8, 4)};
    std::vector<MultiPolygon> const after{cell_box(0, 0, 4, 4), cell_box(3, 0, 9, 4)};
    auto moved = moved_ground(before, after);
    BOOST_REQUIRE_EQUAL(moved.size(), 1U);
    BOOST_TEST(!moved[0].from);
    BOOST_TEST((moved[0].to == grid(1)));
    BOOST_TEST(std::abs(moved[0].area_m2 - geom::area_m2(cell_box(8, 0, 9, 4))) < 0.01);
    // One that only keeps and takes what stays another's moves nothing; of one that is split it gets its part alone.
    BOOST_TEST(moved_ground(before, {before[0], cell_box(3, 0, 8, 4)}).empty());
    moved = moved_ground({before[0], before[1], {}, {}}, {before[0], {}, cell_box(3, 0, 6, 4), cell_box(6, 0, 8, 4)});
    BOOST_REQUIRE_EQUAL(moved.size(), 2U);
    BOOST_TEST((moved[0].to == grid(2)));
    BOOST_TEST(std::abs(moved[0].area_m2 - geom::area_m2(cell_box(4, 0, 6, 4))) < 0.01);
    BOOST_TEST(moved[0].share_of_from == 0.5, boost::test_tools::tolerance(1e-6));
    // A third takes the very shape of the first, which only grows: it keeps all of it.
    moved = moved_ground({before[0], {}}, {cell_box(0, 0, 5, 4), before[0]});
    BOOST_REQUIRE_EQUAL(moved.size(), 1U);
    BOOST_TEST(!moved[0].from);
    BOOST_TEST((moved[0].to == grid(0)));
    // Ground that two hold, and neither held before, goes to both.
    moved = moved_ground({before[0], {}, {}}, {{}, cell_box(0, 0, 3, 4), cell_box(2, 0, 4, 4)});
    BOOST_REQUIRE_EQUAL(moved.size(), 2U);
    BOOST_TEST(std::abs(moved[0].area_m2 - geom::area_m2(cell_box(0, 0, 3, 4))) < 0.01);
    BOOST_TEST(std::abs(moved[1].area_m2 - geom::area_m2(cell_box(2, 0, 4, 4))) < 0.01);
}

BOOST_AUTO_TEST_CASE(of_random_coverages_every_cell_moves_from_its_old_owner_to_its_new_one) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random{seed};
        constexpr int kSize = 6, kOwners = 5;
        auto const was = random_cells(random, kSize, kOwners, seed % 2 == 0);
        auto const is = random_cells(random, kSize, kOwners, seed % 3 == 0);
        std::vector<MultiPolygon> before, after;
        for (int owner = 0; owner < kOwners; ++owner) {
            before.push_back(area_of(was, owner));
            after.push_back(area_of(is, owner));
        }
        std::map<std::pair<int, int>, double> expected, found;
        for (int x = 0; x < kSize; ++x) {
            for (int y = 0; y < kSize; ++y) {
                if (was.at(x, y) != is.at(x, y)) {
                    expected[{was.at(x, y), is.at(x, y)}] += geom::area_m2(cell_box(x, y, x + 1, y + 1));
                }
            }
        }
        auto const number = [](std::optional<GridCode> const& code) {
            return code ? std::stoi(std::string{code->str()}.substr(12)) : -1;
        };
        for (auto const& moved : moved_ground(before, after)) {
            found[{number(moved.from), number(moved.to)}] = moved.area_m2;
            BOOST_TEST(std::abs(geom::area_m2(moved.shape) - moved.area_m2) < 0.01);
        }
        BOOST_REQUIRE_EQUAL(found.size(), expected.size());
        for (auto const& [owners, area] : expected) {
            BOOST_TEST(std::abs(found[owners] - area) < 0.01, "seed " << seed);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(accepted_gaps)

BOOST_AUTO_TEST_CASE(an_area_lies_within_an_outline_or_reaches_out_of_it) {
    auto const outline = cell_box(0, 0, 4, 4);
    BOOST_TEST(topology::lies_within(outline, outline));
    BOOST_TEST(topology::lies_within(cell_box(1, 1, 2, 2), outline));
    BOOST_TEST(topology::lies_within(cell_box(0, 0, 4, 2), outline)); // along its edges
    BOOST_TEST(!topology::lies_within(cell_box(3, 3, 5, 4), outline));
    BOOST_TEST(!topology::lies_within(cell_box(4, 0, 5, 4), outline)); // touches it
    BOOST_TEST(!topology::lies_within(cell_box(8, 8, 9, 9), outline));
    BOOST_TEST(!topology::lies_within(outline, cell_box(1, 1, 2, 2)));
}

BOOST_AUTO_TEST_CASE(only_the_gap_within_an_outline_becomes_a_note) {
    auto const lake = cell_box(0, 0, 2, 2), pond = cell_box(4, 4, 5, 5);
    std::vector<Problem> problems{
        {ProblemCode::gap, {"1"}, "a", ProblemPlace{{kEast, kNorth}, {}, lake}, 10, "m2"},
        {ProblemCode::gap, {"2"}, "b", ProblemPlace{{kEast + 1, kNorth}, {}, pond}, 5, "m2"},
        {ProblemCode::sliver, {"1"}, "c", ProblemPlace{{kEast, kNorth}, {}, lake}, 10, "m2"},
        {ProblemCode::overlap, {"1", "2"}, "d", ProblemPlace{{kEast, kNorth}, {}, lake}, 10, "m2"},
    };
    std::vector<topology::AcceptedOutline> const outlines{{&lake, "water"}};
    topology::note_accepted_gaps(problems, outlines);
    BOOST_REQUIRE_EQUAL(problems.size(), 3U);
    BOOST_TEST((problems[0].code == ProblemCode::accepted_gap));
    BOOST_TEST((problems[0].severity() == Severity::note));
    BOOST_TEST(problems[0].message.find("water") != std::string::npos);
    BOOST_TEST((problems[1].code == ProblemCode::gap));
    BOOST_TEST((problems[2].code == ProblemCode::overlap));
}

BOOST_AUTO_TEST_SUITE_END()
