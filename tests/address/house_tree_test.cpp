#include "house_tree.hpp"

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <set>

using namespace wangge;
using namespace wangge::address;

BOOST_AUTO_TEST_SUITE(house_tree)

BOOST_AUTO_TEST_CASE(each_box_is_that_of_its_sixteen_children_and_no_larger) {
    test::Random random{20261126};
    for (std::size_t const count : {1U, 15U, 16U, 17U, 255U, 256U, 257U, 4096U, 4097U}) {
        std::vector<HouseRecord> houses(count);
        for (auto& house : houses) {
            house.at = {static_cast<std::int32_t>(random.between(1'090'000'000, 1'170'000'000)),
                        static_cast<std::int32_t>(random.between(200'000'000, 250'000'000))};
        }
        std::vector<HouseLeaf> leaves;
        std::vector<geom::Envelope> boxes;
        build_house_tree(houses, leaves, boxes);
        BOOST_TEST_CONTEXT(count << " houses") {
            std::set<HouseId> seen;
            std::vector<geom::Envelope> level;
            for (auto const& leaf : leaves) {
                seen.insert(leaf.house);
                BOOST_TEST((leaf.at == houses.at(leaf.house).at));
                level.push_back({leaf.at, leaf.at});
            }
            BOOST_TEST(seen.size() == count);
            std::vector<geom::Envelope> expected;
            do { // level by level, each box by hand
                std::vector<geom::Envelope> above;
                for (std::size_t first = 0; first < level.size(); first += 16) {
                    auto box = level[first];
                    for (auto i = first; i < std::min(first + 16, level.size()); ++i) {
                        box.min = {std::min(box.min.lon, level[i].min.lon), std::min(box.min.lat, level[i].min.lat)};
                        box.max = {std::max(box.max.lon, level[i].max.lon), std::max(box.max.lat, level[i].max.lat)};
                    }
                    above.push_back(box);
                }
                expected.insert(expected.end(), above.begin(), above.end());
                level = std::move(above);
            } while (level.size() > 1);
            BOOST_TEST((boxes == expected));
            BOOST_TEST(tree_boxes(count) == expected.size());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
