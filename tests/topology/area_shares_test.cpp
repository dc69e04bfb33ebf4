#include "geos_oracle.hpp"
#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/area_shares.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

/// Square metres of a square lattice unit at the equator, where the scenes of this file lie.
double unit_m2() {
    auto const scale = geom::metres_per_degree(0);
    return scale.lon * scale.lat / 1e14;
}

std::vector<MultiPolygon const*> pointers(std::vector<MultiPolygon> const& shapes) {
    std::vector<MultiPolygon const*> list;
    for (auto const& shape : shapes) {
        list.push_back(&shape);
    }
    return list;
}

std::vector<AreaShare> shares_of(std::vector<MultiPolygon> const& before, std::vector<MultiPolygon> const& after,
                                 ShareShapes shapes = ShareShapes::without) {
    return area_shares(pointers(before), pointers(after), shapes);
}

/// A coverage of a square by random patches of squares, its corners moved by `jitter`, the rim too.
std::vector<MultiPolygon> random_coverage(Random& random, int size, int owners, bool holes, std::int32_t scale,
                                          std::int32_t jitter) {
    auto const cells = random_cells(random, size, owners, holes);
    std::map<std::pair<int, int>, Point> corners;
    for (int y = 0; y <= size; ++y) {
        for (int x = 0; x <= size; ++x) {
            corners[{x, y}] = {x * scale + static_cast<std::int32_t>(random.between(-jitter, jitter)),
                               y * scale + static_cast<std::int32_t>(random.between(-jitter, jitter))};
        }
    }
    std::vector<MultiPolygon> squares;
    std::vector<std::uint32_t> groups;
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            if (cells.at(x, y) >= 0) {
                squares.push_back(
                    one_ring({corners[{x, y}], corners[{x + 1, y}], corners[{x + 1, y + 1}], corners[{x, y + 1}]}));
                groups.push_back(static_cast<std::uint32_t>(cells.at(x, y)));
            }
        }
    }
    std::vector<MultiPolygon> shapes;
    for (auto& shape : dissolve(pointers(squares), groups, static_cast<std::size_t>(owners))) {
        if (!shape.empty()) {
            shapes.push_back(std::move(shape));
        }
    }
    return shapes;
}

using Pair = std::pair<std::uint32_t, std::uint32_t>;

/// Against GEOS: every pair's common area, and what each side has alone. Areas in lattice units.
void compare_with_geos(std::vector<MultiPolygon> const& before, std::vector<MultiPolygon> const& after) {
    Geos const geos;
    std::map<Pair, double> got;
    std::vector<double> sum_before(before.size()), sum_after(after.size());
    for (auto const& share : shares_of(before, after)) {
        BOOST_TEST((got.emplace(Pair{share.before, share.after}, share.area_m2 / unit_m2()).second));
        if (share.before != kNobody) {
            sum_before[share.before] += share.share_of_before;
        }
        if (share.after != kNobody) {
            sum_after[share.after] += share.share_of_after;
        }
    }
    for (auto const* sums : {&sum_before, &sum_after}) {
        for (auto const sum : *sums) {
            BOOST_TEST(std::fabs(sum - 1) < 1e-9);
        }
    }
    // GEOS rounds crossings to doubles; a sliver of such a size is neither here nor there.
    auto const check = [&](Pair pair, double expected) {
        auto const found = got.find(pair);
        auto const area = found == got.end() ? 0.0 : found->second;
        BOOST_TEST(std::fabs(area - expected) <= 1e-6 + expected * 1e-6,
                   pair.first << "-" << pair.second << ": " << area << ", GEOS says " << expected);
        if (found != got.end()) {
            got.erase(found);
        }
    };
    auto const all_before = geos.unite(pointers(before));
    auto const all_after = geos.unite(pointers(after));
    for (std::uint32_t i = 0; i < before.size(); ++i) {
        auto const one = geos.from(before[i]);
        for (std::uint32_t k = 0; k < after.size(); ++k) {
            check({i, k}, geos.area(geos.intersection(one, geos.from(after[k]))));
        }
        check({i, kNobody}, geos.area(geos.difference(one, all_after)));
    }
    for (std::uint32_t k = 0; k < after.size(); ++k) {
        check({kNobody, k}, geos.area(geos.difference(geos.from(after[k]), all_before)));
    }
    BOOST_TEST(got.empty());
}

} // namespace

BOOST_AUTO_TEST_SUITE(shares_of_area)

BOOST_AUTO_TEST_CASE(a_split_gives_each_part_its_share_and_a_merge_takes_all) {
    std::vector<MultiPolygon> const whole{box(0, 0, 40, 10)};
    std::vector<MultiPolygon> const parts{box(0, 0, 10, 10), box(10, 0, 40, 10)};
    auto const split = shares_of(whole, parts);
    BOOST_REQUIRE(split.size() == 2U);
    BOOST_TEST(split[0].share_of_before == 0.25, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(split[1].share_of_before == 0.75, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(split[0].share_of_after == 1.0);
    BOOST_TEST(split[1].area_m2 == geom::area_m2(parts[1]));
    auto const merge = shares_of(parts, whole);
    BOOST_REQUIRE(merge.size() == 2U);
    BOOST_TEST(merge[0].share_of_before == 1.0);
    BOOST_TEST(merge[0].share_of_after == 0.25, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(what_stays_the_same_is_whole_and_neighbours_that_touch_share_nothing) {
    std::vector<MultiPolygon> const shapes{box(0, 0, 10, 10), box(10, 0, 20, 10), box(20, 10, 30, 20)};
    auto const shares = shares_of(shapes, shapes, ShareShapes::with);
    BOOST_REQUIRE(shares.size() == 3U);
    for (std::uint32_t i = 0; i < 3; ++i) {
        BOOST_TEST(shares[i].before == i);
        BOOST_TEST(shares[i].after == i);
        BOOST_TEST(shares[i].share_of_before == 1.0);
        BOOST_TEST(shares[i].share_of_after == 1.0);
        BOOST_TEST((shares[i].shape == shapes[i]));
    }
    // The same with another start of the ring, which is not found out by comparing.
    auto turned = shapes;
    std::rotate(turned[0].parts[0].outer.begin(), turned[0].parts[0].outer.begin() + 1, turned[0].parts[0].outer.end());
    auto const again = shares_of(shapes, turned);
    BOOST_REQUIRE(again.size() == 3U);
    BOOST_TEST(again[0].share_of_before == 1.0);
    BOOST_TEST(again[0].share_of_after == 1.0);
}

BOOST_AUTO_TEST_CASE(ground_gained_from_nobody_and_lost_to_nobody_is_told_with_its_shape) {
    std::vector<MultiPolygon> const before{box(0, 0, 10, 10)};
    std::vector<MultiPolygon> const after{box(5, 0, 15, 10)};
    auto const shares = shares_of(before, after, ShareShapes::with);
    BOOST_REQUIRE(shares.size() == 3U);
    BOOST_TEST((shares[0].before == 0U && shares[0].after == 0U));
    BOOST_TEST((shares[0].shape == box(5, 0, 10, 10)));
    BOOST_TEST((shares[1].before == 0U && shares[1].after == kNobody));
    BOOST_TEST((shares[1].shape == box(0, 0, 5, 10)));
    BOOST_TEST(shares[1].share_of_before == 0.5, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(shares[1].share_of_after == 0.0);
    BOOST_TEST((shares[2].before == kNobody && shares[2].after == 0U));
    BOOST_TEST((shares[2].shape == box(10, 0, 15, 10)));
    BOOST_TEST(shares_of({}, {}).empty());
    BOOST_TEST(shares_of(before, {})[0].share_of_before == 1.0);
    BOOST_TEST(shares_of({}, after)[0].share_of_after == 1.0);
}

BOOST_AUTO_TEST_CASE(a_hole_that_is_filled_is_no_part_of_what_was_round_it) {
    auto ring = box(0, 0, 30, 30);
    ring.parts[0].holes.push_back({{10, 10}, {10, 20}, {20, 20}, {20, 10}});
    std::vector<MultiPolygon> const before{ring};
    std::vector<MultiPolygon> const after{box(0, 0, 30, 30)};
    auto const shares = shares_of(before, after, ShareShapes::with);
    BOOST_REQUIRE(shares.size() == 2U);
    BOOST_TEST(shares[0].share_of_before == 1.0);
    BOOST_TEST(shares[0].share_of_after == 8.0 / 9, boost::test_tools::tolerance(1e-12));
    BOOST_TEST((shares[0].shape == ring));
    BOOST_TEST((shares[1].shape == box(10, 10, 20, 20)));
}

BOOST_AUTO_TEST_CASE(common_areas_of_random_coverages_are_those_that_geos_finds) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        Random random{seed};
        bool const holes = random.next() % 2 == 0;
        bool const jittered = random.next() % 3 != 0;
        auto const size = static_cast<int>(random.between(2, 6));
        auto const coverage = [&] {
            return random_coverage(random, size, static_cast<int>(random.between(1, 6)), holes, 1000,
                                   jittered ? 300 : 0);
        };
        auto const before = coverage();
        auto after = coverage();
        if (random.next() % 4 == 0 && !before.empty()) { // some stay as they are
            after = before;
            after.pop_back();
        }
        BOOST_TEST_CONTEXT("seed " << seed) { compare_with_geos(before, after); }
    }
}

BOOST_AUTO_TEST_CASE(areas_are_those_of_the_ellipsoid_far_from_the_equator) {
    auto const at = [](std::int32_t west, std::int32_t east) {
        return box(1'130'000'000 + west * 1000, 230'000'000, 1'130'000'000 + east * 1000, 230'100'000);
    };
    std::vector<MultiPolygon> const before{at(0, 60), at(60, 100)};
    std::vector<MultiPolygon> const after{at(0, 70), at(70, 100)};
    auto const shares = shares_of(before, after);
    BOOST_REQUIRE(shares.size() == 3U);
    BOOST_TEST((shares[1].before == 1U && shares[1].after == 0U));
    BOOST_TEST(shares[1].area_m2 == geom::area_m2(at(60, 70)), boost::test_tools::tolerance(1e-9));
    BOOST_TEST(shares[1].share_of_before == 0.25, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_SUITE_END()
