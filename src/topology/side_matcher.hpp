#pragma once

#include "predicates.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wangge::topology {

/**
 * Pairs edges that rings pass in opposite directions, each edge at most once. Only about every fourth edge, chosen by
 * its two points alone and so alike from both sides, is looked up in a table; from there the pairing goes along both
 * rings as far as they agree, which is most often the whole side of two neighbours. Which edges are paired does not
 * matter to a balance of both directions; what is left unpaired must be counted by other means. Rings in spatial order
 * keep the table small. The rings must stay in their place.
 */
class SideMatcher {
public:
    SideMatcher();

    /// Gives a sum over the ring's points that does not depend on where it starts or which way it runs, points written
    /// twice counted once.
    std::uint64_t add(geom::Ring const& ring);
    /// The same sum alone.
    [[nodiscard]] static std::uint64_t sum_of(geom::Ring const& ring) noexcept;

    /// Calls f(Point from, Point to) for each edge of some length that has found no other.
    template <class F>
    void for_each_unpaired(F&& f) const {
        for (auto const& ring : m_rings) {
            for (std::uint32_t k = 0; k < ring.size; ++k) {
                auto const left = ~m_paired[ring.first_word + k / kWordBits] >> (k % kWordBits);
                if (left == 0) {
                    k |= kWordBits - 1; // nothing more in this word
                } else if ((left & 1U) != 0) {
                    f(ring.points[k], ring.points[k + 1 == ring.size ? 0 : k + 1]);
                }
            }
        }
    }

private:
    static constexpr std::uint32_t kWordBits = 64;
    static constexpr std::uint32_t kNoRing = 0xffffffff;

    struct RingRef {
        Point const* points = nullptr;
        std::uint32_t size = 0;
        std::size_t first_word = 0; ///< in m_paired
    };
    struct Slot {
        Point from;
        Point to;
        std::uint32_t ring = kNoRing;
        std::uint32_t edge = 0;
    };

    void look_up(std::uint32_t ring, std::uint32_t edge);
    void pair_along(std::uint32_t ring, std::uint32_t edge, std::uint32_t other_ring, std::uint32_t other_edge);
    [[nodiscard]] bool is_paired(RingRef const& ring, std::uint32_t edge) const noexcept {
        return (m_paired[ring.first_word + edge / kWordBits] >> (edge % kWordBits) & 1U) != 0;
    }
    void set_paired(RingRef const& ring, std::uint32_t edge) noexcept {
        m_paired[ring.first_word + edge / kWordBits] |= std::uint64_t{1} << (edge % kWordBits);
    }
    void erase(std::size_t slot) noexcept;
    void grow();

    std::vector<RingRef> m_rings;
    std::vector<std::uint64_t> m_paired; ///< a bit for each edge
    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
    std::size_t m_used = 0;
};

} // namespace wangge::topology
