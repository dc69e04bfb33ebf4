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

    /// How a box lies to what is looked for.
    enum class Relation {
        apart,  ///< nothing in it is wanted
        within, ///< everything in it is
        unsure, ///< look closer
    };

    /// Calls take(id, relation) for each envelope that is not apart, in no useful order. relate(box) is asked about
    /// nodes and envelopes from the root down, and no more about what lies under a node that is within.
    template <class Relate, class Take>
    void collect(Relate&& relate, Take&& take) const {
        if (!m_ids.empty()) {
            visit(m_levels.size() - 1, 0, relate, take);
        }
    }

    /**
     * Visits envelopes by rising lower bound while it does not exceed the limit, which visit(id) returns anew each
     * time. bound(box) must not exceed the bound of any envelope in the box.
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
                limit = visit(m_ids[top.index]);
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
    template <class Relate, class Take>
    void visit(std::size_t level, std::size_t index, Relate& relate, Take& take) const {
        auto const& box = m_boxes[m_levels[level].first + index];
        auto const relation = box.empty() ? Relation::apart : relate(box);
        if (relation == Relation::apart) {
            return;
        }
        if (level == 0) {
            take(m_ids[index], relation);
            return;
        }
        if (relation == Relation::within) {
            std::size_t leaves = 1; // under one entry of this level
            for (std::size_t l = 0; l < level; ++l) {
                leaves *= kTreeNodeSize;
            }
            for (auto i = index * leaves; i < std::min((index + 1) * leaves, m_ids.size()); ++i) {
                if (!m_boxes[i].empty()) {
                    take(m_ids[i], relation);
                }
            }
            return;
        }
        auto const [first, last] = children(level, index);
        for (auto child = first; child < last; ++child) {
            visit(level - 1, child, relate, take);
        }
    }

    std::span<geom::Envelope const> m_boxes;
    std::span<std::uint32_t const> m_ids;
    std::vector<Level> m_levels; ///< leaves first
};

} // namespace wangge::snapshot
