#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/accepted_gaps.hpp>
#include <wangge/topology/moved_areas.hpp>
#include <wangge/topology/rings.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <set>

using namespace wangge;
using namespace wangge::test;
using topology::moved_areas;

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

} // namespace

BOOST_AUTO_TEST_SUITE(ground_that_moves)

BOOST_AUTO_TEST_CASE(a_boundary_that_moves_moves_the_strip_between) {
    auto const west = cell_box(0, 0, 4, 4), east = cell_box(4, 0, 8, 4);
    auto const west_after = cell_box(0, 0, 3, 4), east_after = cell_box(3, 0, 8, 4);
    std::vector<MultiPolygon const*> const before{&west, &east}, after{&west_after, &east_after};
    auto const moved = moved_areas(before, after);
    BOOST_REQUIRE_EQUAL(moved.size(), 1U);
    BOOST_TEST(moved[0].from.value() == 0U);
    BOOST_TEST(moved[0].to.value() == 1U);
    auto strip = cell_box(3, 0, 4, 4);
    geom::normalize(strip);
    auto shape = moved[0].shape;
    geom::normalize(shape);
    BOOST_TEST((shape == strip));
    BOOST_TEST(moved_areas(before, before).empty());
    BOOST_TEST(moved_areas({}, {}).empty());
}

BOOST_AUTO_TEST_CASE(of_random_coverages_every_cell_moves_from_its_old_owner_to_its_new_one) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random{seed};
        constexpr int kSize = 6, kOwners = 5;
        auto const was = random_cells(random, kSize, kOwners, seed % 2 == 0);
        auto const is = random_cells(random, kSize, kOwners, seed % 3 == 0);
        std::vector<MultiPolygon> before_shapes, after_shapes;
        for (int owner = 0; owner < kOwners; ++owner) {
            before_shapes.push_back(area_of(was, owner));
            after_shapes.push_back(area_of(is, owner));
        }
        std::vector<MultiPolygon const*> before, after;
        for (int i = 0; i < kOwners; ++i) {
            auto const k = static_cast<std::size_t>(i);
            before.push_back(before_shapes[k].empty() ? nullptr : &before_shapes[k]);
            after.push_back(after_shapes[k].empty() ? nullptr : &after_shapes[k]);
        }
        std::map<std::pair<int, int>, double> expected, found;
        for (int x = 0; x < kSize; ++x) {
            for (int y = 0; y < kSize; ++y) {
                if (was.at(x, y) != is.at(x, y)) {
                    expected[{was.at(x, y), is.at(x, y)}] += geom::area_m2(cell_box(x, y, x + 1, y + 1));
                }
            }
        }
        for (auto const& moved : moved_areas(before, after)) {
            found[{moved.from ? static_cast<int>(*moved.from) : -1, moved.to ? static_cast<int>(*moved.to) : -1}] =
                moved.area_m2;
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
