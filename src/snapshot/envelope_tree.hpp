#pragma once

#include <wangge/geom/point.hpp>

#include <cstdint>
#include <limits>
#include <queue>
#include <span>
#include <vector>

/**
 * Packed R-tree over envelopes: leaves in Hilbert order, 16 to a node, levels one after another, so that it holds no
 * offsets at all: node i of a level has the entries 16 i .. 16 i + 15 of the level below.
 * Source: Kamel & Faloutsos, On packing R-trees, CIKM 1993.
 */
namespace wangge::snapshot {

inline constexpr std::size_t kTreeNodeSize = 16;

struct EnvelopeTreeData {
    std::vector<geom::Envelope> boxes; ///< the leaves' own, then each level's up to one root
    std::vector<std::uint32_t> ids;    ///< envelope number of each leaf
};
[[nodiscard]] EnvelopeTreeData build_envelope_tree(std::span<geom::Envelope const> envelopes);

/// View of a built tree. `boxes` must hold tree_size(ids.size()) of them, and the ids be below the number of envelopes.
class EnvelopeTree {
public:
    EnvelopeTree() = default;
    EnvelopeTree(std::span<geom::Envelope const> boxes, std::span<std::uint32_t const> ids);

    /// Number of boxes of a tree over `leaves` envelopes.
    [[nodiscard]] static std::size_t tree_size(std::size_t leaves);

    /// Calls f(id) for each envelope that meets the box, in no useful order.
    template <class F>
    void for_each_meeting(geom::Envelope const& box, F&& f) const {
        if (!m_ids.empty()) {
            visit(m_levels.size() - 1, 0, box, f);
        }
    }

    /**
     * Visits envelopes by rising lower bound: bound(box) must not exceed visit(id) of any envelope in the box. visit
     * returns the envelope's true distance; the walk ends when no bound left is below the least distance seen or
     * `limit`.
     */
    template <class Bound, class Visit>
    void best_first(double limit, Bound&& bound, Visit&& visit) const {
        if (m_ids.empty()) {
            return;
        }
        struct Candidate {
            double bound;
            std::size_t level, index;
            bool operator>(Candidate const& other) const { return bound > other.bound; }
        };
        std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
        auto const push = [&](std::size_t level, std::size_t index) {
            auto const& box = m_boxes[m_levels[level].first + index];
            if (!box.empty()) {
                if (double const d = bound(box); d <= limit) {
                    queue.push({d, level, index});
                }
            }
        };
        push(m_levels.size() - 1, 0);
        while (!queue.empty() && queue.top().bound <= limit) {
            auto const top = queue.top();
            queue.pop();
            if (top.level == 0) {
                limit = std::min(limit, visit(m_ids[top.index]));
                continue;
            }
            auto const [first, last] = children(top.level, top.index);
            for (auto child = first; child < last; ++child) {
                push(top.level - 1, child);
            }
        }
    }

private:
    struct Level {
        std::size_t first = 0, count = 0; ///< in m_boxes
    };
    [[nodiscard]] std::pair<std::size_t, std::size_t> children(std::size_t level, std::size_t index) const {
        return {index * kTreeNodeSize, std::min((index + 1) * kTreeNodeSize, m_levels[level - 1].count)};
    }
    template <class F>
    void visit(std::size_t level, std::size_t index, geom::Envelope const& box, F& f) const {
        if (!m_boxes[m_levels[level].first + index].intersects(box)) {
            return;
        }
        if (level == 0) {
            f(m_ids[index]);
            return;
        }
        auto const [first, last] = children(level, index);
        for (auto child = first; child < last; ++child) {
            visit(level - 1, child, box, f);
        }
    }

    std::span<geom::Envelope const> m_boxes;
    std::span<std::uint32_t const> m_ids;
    std::vector<Level> m_levels; ///< leaves first
};

} // namespace wangge::snapshot
