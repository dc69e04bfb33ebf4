#pragma once

#include "predicates.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wangge::topology {

/**
 * A quick proof that rings meet neither themselves nor each other. Rings are cut into chains whose edges all point into
 * one half-plane: such a chain cannot meet itself nor run back, so only edges of different chains are compared, and of
 * those only edges that reach into the boxes of both. What it proves is exact; what it cannot prove may still be true.
 * Some 20 ns an edge for boundaries as they are digitised; O(n log n) but for rings wound up in themselves. Reuses its
 * memory; one for each thread.
 */
class MonotoneChains {
public:
    void clear();
    /// False when the ring is not worth a look: fewer than three points, a point twice in a row, a spike, or wider than
    /// what 32-bit differences hold.
    [[nodiscard]] bool add(geom::Ring const& ring);

    /// Do no two edges of the rings meet, but neighbours in their common point? False: unknown.
    [[nodiscard]] bool proves_apart();

    [[nodiscard]] std::size_t chain_count() const noexcept { return m_chains.size(); }
    /// Of the last ring added.
    [[nodiscard]] geom::Envelope const& ring_box() const noexcept { return m_ring_box; }
    /// Does the last ring run counter-clockwise? It must have been proved simple.
    [[nodiscard]] bool counter_clockwise() const;

private:
    struct Chain {
        geom::Envelope box;
        std::uint32_t begin = 0; ///< first edge
        std::uint32_t end = 0;
        std::uint32_t ring = 0;
        std::uint32_t ways = 0; ///< half-planes that hold all its edges
    };
    struct RingSpan {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };

    [[nodiscard]] bool pair_is_apart(std::uint32_t a, std::uint32_t b);
    void collect(Chain const& chain, geom::Envelope const& within, std::vector<std::uint32_t>& edges) const;

    // Edge i runs from point i to point i + 1; behind each ring stands its first point once more.
    std::vector<Point> m_points;
    std::vector<RingSpan> m_rings;
    std::vector<Chain> m_chains;
    geom::Envelope m_ring_box;
    std::size_t m_last_chains = 0; ///< first chain of the last ring
    std::vector<std::uint32_t> m_first, m_second;
};

} // namespace wangge::topology
