#pragma once

#include "predicates.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wangge::topology {

/// 64 well-mixed bits of an undirected edge.
[[nodiscard]] inline std::uint64_t edge_hash(Point low, Point high) noexcept {
    auto const pack = [](Point p) {
        return (std::uint64_t{static_cast<std::uint32_t>(p.lon)} << 32U) | static_cast<std::uint32_t>(p.lat);
    };
    auto key = pack(low) * 0x9e3779b97f4a7c15ULL ^ std::rotl(pack(high) * 0xc2b2ae3d27d4eb4fULL, 31);
    key = (key ^ (key >> 29U)) * 0xbf58476d1ce4e5b9ULL;
    return key ^ (key >> 32U);
}

/**
 * Directed edges with an owner each, grouped by the undirected edge they run along. Filled in two passes over the same
 * edges (count, then add), so that 10 million of them need one array and no sorting: they are partitioned by hash into
 * buckets that fit a cache, and grouped there.
 */
class EdgeTable {
public:
    struct Use {
        Point low;
        Point high;
        std::uint32_t owner_and_way = 0;
        [[nodiscard]] std::uint32_t owner() const noexcept { return owner_and_way >> 1U; }
        [[nodiscard]] bool forward() const noexcept { return (owner_and_way & 1U) == 0; } ///< from low to high
    };

    explicit EdgeTable(std::size_t edge_count);

    void count(Point a, Point b) noexcept {
        if (a != b) {
            ++m_begin[bucket_of(a < b ? edge_hash(a, b) : edge_hash(b, a)) + 1];
        }
    }
    /// Ends the first pass.
    void allocate();
    /// `owner` below 2^31. Edges without length are left out.
    void add(Point a, Point b, std::uint32_t owner) noexcept {
        if (a == b) {
            return;
        }
        bool const backward = b < a;
        auto const low = backward ? b : a;
        auto const high = backward ? a : b;
        m_uses[m_next[bucket_of(edge_hash(low, high))]++] = {low, high, owner << 1U | (backward ? 1U : 0U)};
    }

    /// Calls f(std::span<Use const>) for each undirected edge with all its uses, in the order they were added.
    template <class F>
    void for_each_edge(F&& f) const {
        constexpr std::uint32_t none = 0xffffffff;
        std::vector<std::uint32_t> slots; // first use of the edge that took the slot
        std::vector<std::uint32_t> next;  // next use of the same edge
        std::vector<std::uint32_t> last;  // last use so far, kept at the first one
        std::vector<char> is_first;
        std::vector<Use> group;
        for (std::size_t bucket = 0; bucket + 1 < m_begin.size(); ++bucket) {
            std::span<Use const> const uses{m_uses.data() + m_begin[bucket], m_begin[bucket + 1] - m_begin[bucket]};
            auto const slot_count = std::bit_ceil(uses.size() * 2 + 1);
            slots.assign(slot_count, none);
            next.assign(uses.size(), none);
            last.resize(uses.size());
            is_first.assign(uses.size(), 0);
            for (std::uint32_t i = 0; i < uses.size(); ++i) {
                auto slot = edge_hash(uses[i].low, uses[i].high) & (slot_count - 1);
                while (slots[slot] != none && !same_edge(uses[slots[slot]], uses[i])) {
                    slot = (slot + 1) & (slot_count - 1);
                }
                if (slots[slot] == none) {
                    slots[slot] = i;
                    is_first[i] = 1;
                } else {
                    next[last[slots[slot]]] = i;
                }
                last[slots[slot]] = i;
            }
            for (std::uint32_t i = 0; i < uses.size(); ++i) {
                if (is_first[i] != 0) {
                    group.clear();
                    for (auto k = i; k != none; k = next[k]) {
                        group.push_back(uses[k]);
                    }
                    f(std::span<Use const>{group});
                }
            }
        }
    }

private:
    [[nodiscard]] static bool same_edge(Use const& a, Use const& b) noexcept {
        return a.low == b.low && a.high == b.high;
    }
    [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept { return hash >> m_shift; }

    unsigned m_shift = 63;
    std::vector<std::size_t> m_begin; ///< of each bucket in m_uses, and the end
    std::vector<std::size_t> m_next;
    std::vector<Use> m_uses;
};

} // namespace wangge::topology
