#include "house_tree.hpp"

#include <algorithm>

namespace wangge::address {

namespace {

/// Distance along the Hilbert curve of 2^32 by 2^32 cells.
std::uint64_t hilbert(std::uint32_t x, std::uint32_t y) noexcept {
    std::uint64_t distance = 0;
    for (std::uint32_t side = 1U << 31U; side != 0; side >>= 1U) {
        bool const east = (x & side) != 0, north = (y & side) != 0;
        distance = distance << 2U | ((east ? 3U : 0U) ^ (north ? 1U : 0U));
        if (!north) { // the lower quadrants hold the curve turned
            if (east) {
                x = ~x;
                y = ~y;
            }
            std::swap(x, y);
        }
    }
    return distance;
}

} // namespace

void build_house_tree(std::vector<HouseLeaf> houses, std::vector<HouseLeaf>& leaves,
                      std::vector<geom::Envelope>& boxes) {
    struct Item {
        std::uint64_t distance;
        std::uint32_t number;
    };
    std::vector<Item> order;
    for (std::uint32_t i = 0; i < houses.size(); ++i) {
        auto const at = houses[i].at;
        order.push_back({hilbert(static_cast<std::uint32_t>(at.lon) ^ 0x80000000U,
                                 static_cast<std::uint32_t>(at.lat) ^ 0x80000000U),
                         i});
    }
    std::sort(order.begin(), order.end(), [](Item const& a, Item const& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.number < b.number;
    });
    for (auto const& item : order) {
        leaves.push_back(houses[item.number]);
    }
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (i % kTreeFan == 0) {
            boxes.emplace_back();
        }
        boxes.back().extend(leaves[i].at);
    }
    for (std::size_t begin = 0; boxes.size() - begin > 1;) {
        auto const end = boxes.size();
        for (auto i = begin; i < end; ++i) {
            if ((i - begin) % kTreeFan == 0) {
                boxes.emplace_back();
            }
            boxes.back().extend(geom::Envelope{boxes[i]});
        }
        begin = end;
    }
}

std::size_t tree_boxes(std::size_t leaves) noexcept {
    std::size_t boxes = 0;
    do {
        leaves = (leaves + kTreeFan - 1) / kTreeFan;
        boxes += leaves;
    } while (leaves > 1);
    return boxes;
}

} // namespace wangge::address
