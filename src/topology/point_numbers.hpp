#pragma once

#include <wangge/geom/point.hpp>

#include <bit>
#include <cstdint>
#include <vector>

namespace wangge::topology {

/// Numbers positions 0, 1, 2 ... in the order they are first seen. Open addressing; room for `most` positions.
class PointNumbers {
public:
    explicit PointNumbers(std::size_t most) : m_slots(std::bit_ceil(most * 2 + 2)) {}

    [[nodiscard]] std::uint32_t number(geom::Point p) {
        auto const mask = m_slots.size() - 1;
        auto slot = std::hash<geom::Point>{}(p)&mask;
        while (m_slots[slot].number_plus_one != 0 && m_slots[slot].point != p) {
            slot = (slot + 1) & mask;
        }
        if (m_slots[slot].number_plus_one == 0) {
            m_slots[slot] = {p, ++m_count};
        }
        return m_slots[slot].number_plus_one - 1;
    }

private:
    struct Slot {
        geom::Point point;
        std::uint32_t number_plus_one = 0;
    };
    std::vector<Slot> m_slots;
    std::uint32_t m_count = 0;
};

} // namespace wangge::topology
