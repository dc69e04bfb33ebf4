#include "house_tree.hpp"

#include "radix_sort.hpp"

#include <array>
#include <cstdint>

namespace wangge::address {

namespace {

/// Four levels of the curve at once: for each state and four bits of both coordinates the four digits of the distance,
/// and the state after them.
struct HilbertSteps {
    static constexpr unsigned kSwapped = 1, kTurned = 2; ///< bits of a state
    struct Step {
        std::uint8_t digits = 0, state = 0;
    };
    std::array<std::array<Step, 256>, 4> of{};

    constexpr HilbertSteps() {
        for (unsigned state = 0; state < 4; ++state) {
            for (unsigned bits = 0; bits < 256; ++bits) {
                auto now = state;
                unsigned digits = 0;
                for (unsigned level = 4; level-- > 0;) {
                    bool const x = (bits >> (4 + level) & 1U) != 0, y = (bits >> level & 1U) != 0;
                    bool const swapped = (now & kSwapped) != 0, turned = (now & kTurned) != 0;
                    bool const east = (swapped ? y : x) != turned, north = (swapped ? x : y) != turned;
                    digits = digits << 2U | ((east ? 3U : 0U) ^ (north ? 1U : 0U));
                    if (!north) { // the lower quadrants hold the curve turned
                        now ^= kSwapped | (east ? kTurned : 0U);
                    }
                }
                of[state][bits] = {static_cast<std::uint8_t>(digits), static_cast<std::uint8_t>(now)};
            }
        }
    }
};
constexpr HilbertSteps kHilbertSteps;

/// Distance along the Hilbert curve of 2^32 by 2^32 cells.
std::uint64_t hilbert(std::uint32_t x, std::uint32_t y) noexcept {
    std::uint64_t distance = 0;
    std::size_t state = 0;
    for (unsigned shift = 32; shift != 0;) {
        shift -= 4;
        auto const& step = kHilbertSteps.of[state][(x >> shift & 15U) << 4U | (y >> shift & 15U)];
        distance = distance << 8U | step.digits;
        state = step.state;
    }
    return distance;
}

} // namespace

void build_house_tree(std::span<HouseRecord const> houses, std::vector<HouseLeaf>& leaves,
                      std::vector<geom::Envelope>& boxes) {
    struct Item {
        std::uint64_t distance;
        HouseLeaf leaf;
    };
    std::vector<Item> order;
    order.reserve(houses.size());
    for (HouseId house = 0; house < houses.size(); ++house) {
        auto const at = houses[house].at;
        order.push_back({hilbert(static_cast<std::uint32_t>(at.lon) ^ 0x80000000U,
                                 static_cast<std::uint32_t>(at.lat) ^ 0x80000000U),
                         {at, house}});
    }
    radix_sort(order, [](Item const& item) { return item.distance; });
    leaves.reserve(order.size());
    for (auto const& item : order) {
        leaves.push_back(item.leaf);
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
