#pragma once

#include "edge_table.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wangge::topology {

/**
 * For each undirected edge, how often it was passed one way more than the other. An edge in balance is forgotten, so
 * that faces taken in spatial order need no more memory than the front between those seen and those to come: for a
 * province it stays in a core's cache. Open addressing; no order of calls changes the outcome.
 */
class EdgeBalance {
public:
    EdgeBalance();

    /// `hash` is edge_hash(low, high); low < high. `way` is +1 from low to high, -1 back.
    void add(Point low, Point high, std::uint64_t hash, std::int32_t way) {
        auto slot = hash & m_mask;
        while (m_slots[slot].net != 0) {
            auto& s = m_slots[slot];
            if (s.low == low && s.high == high) {
                if ((s.net += way) == 0) {
                    erase(slot);
                }
                return;
            }
            slot = (slot + 1) & m_mask;
        }
        m_slots[slot] = {low, high, way};
        if (++m_size > m_most) {
            grow();
        }
    }
    [[nodiscard]] bool contains(Point low, Point high, std::uint64_t hash) const noexcept {
        for (auto slot = hash & m_mask; m_slots[slot].net != 0; slot = (slot + 1) & m_mask) {
            if (m_slots[slot].low == low && m_slots[slot].high == high) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] std::size_t size() const noexcept { return m_size; }

    /// Calls f(Point low, Point high) for each edge out of balance.
    template <class F>
    void for_each(F&& f) const {
        for (auto const& s : m_slots) {
            if (s.net != 0) {
                f(s.low, s.high);
            }
        }
    }

private:
    struct Slot {
        Point low;
        Point high;
        std::int32_t net = 0; ///< 0: free
    };
    void erase(std::size_t slot) noexcept;
    void grow();

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
    std::size_t m_size = 0;
    std::size_t m_most = 0;
};

} // namespace wangge::topology
