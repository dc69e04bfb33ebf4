#include "geos_oracle.hpp"
#include "lattice.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/topology/coverage.hpp>
#include <wangge/topology/rings.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

std::vector<DirectedEdge> edges_of(std::vector<Ring> const& rings) {
    std::vector<DirectedEdge> edges;
    for (auto const& ring : rings) {
        geom::for_each_edge(ring, [&](Point a, Point b) { edges.push_back({a, b}); });
    }
    return edges;
}

std::vector<DirectedEdge> edges_of(MultiPolygon const& shape) {
    std::vector<DirectedEdge> edges;
    geom::for_each_edge(shape, [&](Point a, Point b) { edges.push_back({a, b}); });
    std::sort(edges.begin(), edges.end());
    return edges;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rings)

BOOST_AUTO_TEST_CASE(squares_that_touch_in_a_point_become_two_parts) {
    auto const shape = assemble_rings(edges_of({{{0, 0}, {5, 0}, {5, 5}, {0, 5}}, {{5, 5}, {9, 5}, {9, 9}, {5, 9}}}));
    BOOST_TEST(shape.parts.size() == 2U);
    BOOST_TEST(Geos{}.valid(shape));
}

BOOST_AUTO_TEST_CASE(a_hole_that_touches_the_outer_ring_stays_a_hole) {
    Ring const outer{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 5}};
    auto const shape = assemble_rings(edges_of({outer, {{0, 5}, {4, 7}, {4, 3}}}));
    BOOST_REQUIRE_EQUAL(shape.parts.size(), 1U);
    BOOST_TEST(shape.parts[0].holes.size() == 1U);
    BOOST_TEST(Geos{}.valid(shape));
}

BOOST_AUTO_TEST_CASE(holes_that_cut_the_area_in_two_make_two_parts) {
    Ring const outer{{0, 0}, {10, 0}, {10, 5}, {10, 10}, {0, 10}, {0, 5}};
    auto const shape = assemble_rings(edges_of({outer, {{0, 5}, {5, 6}, {10, 5}, {5, 4}}}));
    BOOST_TEST(shape.parts.size() == 2U);
    BOOST_TEST(shape.parts[0].holes.empty());
    BOOST_TEST(Geos{}.valid(shape));
}

BOOST_AUTO_TEST_CASE(islands_in_holes_in_islands_nest) {
    std::vector<Ring> rings;
    for (int i = 0; i < 6; ++i) {
        auto ring = box(i, i, 20 - i, 20 - i).parts[0].outer;
        if (i % 2 == 1) {
            std::reverse(ring.begin(), ring.end());
        }
        rings.push_back(ring);
    }
    auto const shape = assemble_rings(edges_of(rings));
    BOOST_REQUIRE_EQUAL(shape.parts.size(), 3U);
    for (auto const& part : shape.parts) {
        BOOST_REQUIRE_EQUAL(part.holes.size(), 1U);
        BOOST_TEST(part.holes[0].front().lon == part.outer.front().lon + 1);
    }
}

BOOST_AUTO_TEST_CASE(no_edges_bound_nothing_and_a_broken_chain_is_refused) {
    BOOST_TEST(assemble_rings({}).empty());
    BOOST_CHECK_THROW(assemble_rings({{{0, 0}, {1, 0}}, {{1, 0}, {1, 1}}}), Error);
    BOOST_CHECK_THROW(assemble_rings(edges_of({{{0, 0}, {0, 1}, {1, 0}}})), Error); // clockwise: a hole in nothing
}

BOOST_AUTO_TEST_CASE(random_unions_of_cells_are_valid_and_equal_the_union_that_geos_makes) {
    Geos const geos;
    Random random{20240613};
    for (int round = 0; round < 3000; ++round) {
        auto const size = static_cast<int>(random.between(2, 9));
        auto const cells = random_cells(random, size, static_cast<int>(random.between(1, 4)), true);
        std::vector<MultiPolygon> squares;
        std::vector<std::uint32_t> groups;
        for (int y = 0; y < size; ++y) {
            for (int x = 0; x < size; ++x) {
                if (cells.at(x, y) >= 0) {
                    squares.push_back(box(x, y, x + 1, y + 1));
                    groups.push_back(static_cast<std::uint32_t>(cells.at(x, y)));
                }
            }
        }
        std::vector<MultiPolygon const*> shapes;
        for (auto const& square : squares) {
            shapes.push_back(&square);
        }
        auto const unions = dissolve(shapes, groups, 5);
        BOOST_REQUIRE_EQUAL(unions.size(), 5U);
        BOOST_TEST(unions[4].empty());
        for (std::uint32_t g = 0; g < 4; ++g) {
            std::vector<MultiPolygon const*> members;
            for (std::size_t i = 0; i < shapes.size(); ++i) {
                if (groups[i] == g) {
                    members.push_back(shapes[i]);
                }
            }
            if (members.empty()) {
                BOOST_TEST(unions[g].empty());
                continue;
            }
            BOOST_TEST_INFO("round " << round << ' ' << geom::to_wkt(unions[g]));
            BOOST_REQUIRE(geos.valid(unions[g]));
            BOOST_REQUIRE(geos.equal(geos.from(unions[g]), geos.unite(members)));
            // Assembling the result again gives it again, whatever the order of the edges.
            auto edges = edges_of(unions[g]);
            std::reverse(edges.begin(), edges.end());
            BOOST_REQUIRE(assemble_rings(edges) == unions[g]);
        }
    }
}

BOOST_AUTO_TEST_CASE(dissolved_neighbours_share_every_edge) {
    // Whole grid in two levels: cells to blocks, blocks to all.
    std::vector<MultiPolygon> squares;
    std::vector<std::uint32_t> groups;
    for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) {
            squares.push_back(box(x, y, x + 1, y + 1));
            groups.push_back(static_cast<std::uint32_t>((y / 3) * 3 + x / 3));
        }
    }
    std::vector<MultiPolygon const*> shapes;
    for (auto const& square : squares) {
        shapes.push_back(&square);
    }
    auto const blocks = dissolve(shapes, groups, 9);
    std::vector<MultiPolygon const*> block_shapes;
    for (auto const& block : blocks) {
        block_shapes.push_back(&block);
    }
    std::vector<std::uint32_t> const one(9, 0);
    std::vector<std::uint32_t> const all(64, 0);
    BOOST_TEST((dissolve(block_shapes, one, 1) == dissolve(shapes, all, 1)));
    BOOST_TEST(geom::vertex_count(dissolve(shapes, all, 1)[0]) == 32U);
}

BOOST_AUTO_TEST_CASE(dissolve_refuses_lists_that_do_not_fit) {
    auto const square = box(0, 0, 1, 1);
    std::vector<MultiPolygon const*> const shapes{&square};
    BOOST_CHECK_THROW(dissolve(shapes, {}, 1), Error);
    std::vector<std::uint32_t> const beyond{1};
    BOOST_CHECK_THROW(dissolve(shapes, beyond, 1), Error);
}

BOOST_AUTO_TEST_SUITE_END()
