#include "geos_oracle.hpp"
#include "lattice.hpp"

#include <wangge/geom/wkb.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace wangge;
using namespace wangge::test;
using topology::CoverageChecker;
using topology::Face;

namespace {

std::vector<Problem> problems_of(MultiPolygon const& shape) {
    std::vector<Face> const faces{{"A", &shape, true}};
    SilentProgress progress;
    auto result = CoverageChecker{}.check(faces, {}, progress);
    BOOST_TEST(result.report.has_errors() == (result.checked == nullptr));
    return std::move(result.report.problems);
}

std::set<ProblemCode> codes_of(MultiPolygon const& shape) {
    std::set<ProblemCode> codes;
    for (auto const& problem : problems_of(shape)) {
        codes.insert(problem.code);
    }
    return codes;
}

using Codes = std::set<ProblemCode>;

/// Only what a face can have wrong by itself.
bool face_is_valid(MultiPolygon const& shape) {
    auto const problems = problems_of(shape);
    return std::none_of(problems.begin(), problems.end(),
                        [](Problem const& p) { return p.code < ProblemCode::overlap; });
}

void orient(MultiPolygon& shape) {
    for (auto& part : shape.parts) {
        if (geom::winding(part.outer) < 0) {
            std::reverse(part.outer.begin(), part.outer.end());
        }
        for (auto& hole : part.holes) {
            if (geom::winding(hole) > 0) {
                std::reverse(hole.begin(), hole.end());
            }
        }
    }
}

Ring random_ring(Random& random, int points, int size) {
    Ring ring;
    for (int i = 0; i < points; ++i) {
        ring.push_back(
            {static_cast<std::int32_t>(random.between(0, size)), static_cast<std::int32_t>(random.between(0, size))});
    }
    return ring;
}

} // namespace

BOOST_AUTO_TEST_SUITE(face_validity)

BOOST_AUTO_TEST_CASE(a_square_with_a_hole_that_touches_in_one_point_is_valid) {
    MultiPolygon shape = box(0, 0, 10, 10);
    shape.parts[0].holes.push_back({{0, 5}, {4, 7}, {4, 3}}); // vertex inside the western edge
    BOOST_TEST(codes_of(shape).count(ProblemCode::self_crossing) == 0);
    BOOST_TEST(face_is_valid(shape));
}

BOOST_AUTO_TEST_CASE(each_fault_of_a_face_has_its_code) {
    BOOST_TEST((codes_of({}) == Codes{ProblemCode::empty_geometry}));
    BOOST_TEST((codes_of(one_ring({{0, 0}, {5, 5}, {0, 0}})) == Codes{ProblemCode::collapsed_ring}));
    BOOST_TEST((codes_of(one_ring({{0, 0}, {5, 5}, {9, 9}})) == Codes{ProblemCode::collapsed_ring}));
    // a spike of no width to (20, 5)
    BOOST_TEST((codes_of(one_ring({{0, 0}, {10, 0}, {10, 5}, {20, 5}, {10, 5}, {10, 10}, {0, 10}}))
                    .count(ProblemCode::collapsed_ring) == 1));
    // a bow-tie that crosses between vertices, and one that crosses in a vertex
    BOOST_TEST((codes_of(one_ring({{0, 8}, {10, 0}, {10, 10}, {0, 0}})) == Codes{ProblemCode::self_crossing}));
    BOOST_TEST(
        (codes_of(one_ring({{0, 0}, {5, 5}, {10, 9}, {10, 0}, {5, 5}, {0, 11}})) == Codes{ProblemCode::self_crossing}));
    // two triangles that touch in (5,5), drawn as one ring without crossing
    BOOST_TEST((codes_of(one_ring({{0, 0}, {5, 5}, {0, 10}, {10, 10}, {5, 5}, {10, 0}}))
                    .count(ProblemCode::repeated_ring_point) == 1));
    // a vertex in the middle of another edge of the ring
    BOOST_TEST((codes_of(one_ring({{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}})) == Codes{ProblemCode::self_crossing}));
    // edges that run over each other
    BOOST_TEST((codes_of(one_ring({{0, 0}, {10, 0}, {10, 5}, {6, 5}, {6, 0}, {3, 0}, {3, 6}, {0, 6}}))
                    .count(ProblemCode::self_crossing) == 1));
}

BOOST_AUTO_TEST_CASE(wrongly_nested_rings_are_found) {
    auto const with_hole = [](Ring hole) {
        auto shape = box(0, 0, 10, 10);
        shape.parts[0].holes.push_back(std::move(hole));
        return shape;
    };
    BOOST_TEST((codes_of(with_hole({{20, 20}, {20, 25}, {25, 25}})) == Codes{ProblemCode::wrong_nesting}));
    BOOST_TEST(
        (codes_of(with_hole({{2, 2}, {4, 2}, {4, 4}})).count(ProblemCode::wrong_nesting) == 1)); // counter-clockwise
    auto shape = with_hole({{1, 1}, {1, 9}, {9, 9}, {9, 1}});
    shape.parts[0].holes.push_back({{3, 3}, {3, 5}, {5, 5}});
    BOOST_TEST((codes_of(shape) == Codes{ProblemCode::wrong_nesting}));
    shape = box(0, 0, 10, 10);
    shape.parts.push_back(box(2, 2, 4, 4).parts[0]);
    BOOST_TEST((codes_of(shape) == Codes{ProblemCode::wrong_nesting}));
    shape = with_hole({{1, 1}, {1, 9}, {9, 9}, {9, 1}}); // an island in a hole is right
    shape.parts.push_back(box(2, 2, 4, 4).parts[0]);
    BOOST_TEST(face_is_valid(shape));
    std::reverse(shape.parts[0].outer.begin(), shape.parts[0].outer.end());
    BOOST_TEST(codes_of(shape).count(ProblemCode::wrong_nesting) == 1); // outer ring clockwise
}

BOOST_AUTO_TEST_CASE(holes_that_cut_the_interior_in_two_are_refused) {
    auto shape = box(0, 0, 10, 10);
    shape.parts[0].holes.push_back({{0, 5}, {5, 6}, {10, 5}, {5, 4}});
    BOOST_TEST(codes_of(shape).count(ProblemCode::wrong_nesting) == 1);
}

BOOST_AUTO_TEST_CASE(a_point_written_twice_in_a_row_is_one_point) {
    BOOST_TEST(problems_of(one_ring({{0, 0}, {0, 0}, {9, 0}, {9, 9}, {9, 9}, {0, 0}})).empty());
}

BOOST_AUTO_TEST_CASE(crossings_are_exact_at_the_ends_of_the_globe) {
    // The apex of the second ring lies one unit above, on, and below an edge 3.6e9 units long.
    auto const with_apex = [](std::int32_t lat) {
        return one_ring({{-1800000000, -900000000}, {1800000000, 900000000}, {0, lat}, {-1799999999, 900000000}});
    };
    BOOST_TEST(codes_of(with_apex(1)).empty());
    BOOST_TEST((codes_of(with_apex(0)).count(ProblemCode::collapsed_ring) == 1)); // back over the same line: a spike
    BOOST_TEST((codes_of(with_apex(-1)) == Codes{ProblemCode::self_crossing}));
}

BOOST_AUTO_TEST_CASE(random_rings_are_valid_exactly_when_geos_says_so) {
    Geos const geos;
    Random random{20240611};
    int valid = 0;
    for (int round = 0; round < 60000; ++round) {
        auto shape = one_ring(
            random_ring(random, static_cast<int>(random.between(3, 9)), static_cast<int>(random.between(3, 12))));
        orient(shape);
        bool const expected = geos.valid(shape);
        valid += expected ? 1 : 0;
        BOOST_TEST_INFO("round " << round << ' ' << geom::to_wkt(shape) << ' ' << geos.reason(shape));
        BOOST_REQUIRE_EQUAL(face_is_valid(shape), expected);
    }
    BOOST_TEST(valid > 3000);
}

BOOST_AUTO_TEST_CASE(random_polygons_with_holes_and_parts_are_valid_exactly_when_geos_says_so) {
    Geos const geos;
    Random random{20240612};
    int valid = 0;
    int several = 0;
    for (int round = 0; round < 150000; ++round) {
        MultiPolygon shape;
        auto const small_ring = [&](int x, int y, int size) {
            Ring ring;
            for (int i = static_cast<int>(random.between(3, 4)); i > 0; --i) {
                ring.push_back({static_cast<std::int32_t>(random.between(x, x + size)),
                                static_cast<std::int32_t>(random.between(y, y + size))});
            }
            return ring;
        };
        if (random.between(0, 3) != 0) {
            shape = box(0, 0, 8, 8);
            for (auto n = random.between(1, 3); n > 0; --n) {
                shape.parts[0].holes.push_back(
                    small_ring(static_cast<int>(random.between(0, 6)), static_cast<int>(random.between(0, 6)), 3));
            }
        } else {
            shape.parts.push_back({small_ring(0, 0, 8), {}});
        }
        for (auto n = random.between(0, 2); n > 0; --n) {
            shape.parts.push_back(
                {small_ring(static_cast<int>(random.between(0, 9)), static_cast<int>(random.between(0, 9)), 4), {}});
        }
        orient(shape);
        bool const expected = geos.valid(shape);
        valid += expected ? 1 : 0;
        std::size_t rings = 0;
        geom::for_each_ring(shape, [&](Ring const&) { ++rings; });
        several += expected && rings > 2 ? 1 : 0;
        BOOST_TEST_INFO("round " << round << ' ' << geom::to_wkt(shape) << ' ' << geos.reason(shape));
        BOOST_REQUIRE_EQUAL(face_is_valid(shape), expected);
    }
    BOOST_TEST(valid > 5000);
    BOOST_TEST(several > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
