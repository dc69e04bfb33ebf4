#pragma once

#include "edge_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wangge::topology {

/// For each undirected edge, how often it was passed one way more than the other. An edge in balance is forgotten, so
/// that only the front between what was counted and what is to come takes memory. Open addressing; no order of calls
/// changes the outcome.
class EdgeBalance {
public:
    EdgeBalance();

    /// Counts the edge so many times in the direction from `a` to `b`. Edges without length count for nothing.
    void count(Point a, Point b, std::int32_t times) {
        if (a == b || times == 0) {
            return;
        }
        auto const low = std::min(a, b);
        auto const high = std::max(a, b);
        auto slot = edge_hash(low, high) & m_mask;
        for (; m_slots[slot].net != 0; slot = (slot + 1) & m_mask) {
            auto& s = m_slots[slot];
            if (s.low == low && s.high == high) {
                if ((s.net += a < b ? times : -times) == 0) {
                    erase(slot);
                }
                return;
            }
        }
        m_slots[slot] = {low, high, a < b ? times : -times};
        if (++m_size > m_most) {
            grow();
        }
    }
    [[nodiscard]] bool contains(Point low, Point high) const noexcept {
        for (auto slot = edge_hash(low, high) & m_mask; m_slots[slot].net != 0; slot = (slot + 1) & m_mask) {
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
