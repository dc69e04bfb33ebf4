#include "envelope_tree.hpp"

#include <algorithm>
#include <utility>

namespace wangge::snapshot {

namespace {

/// Distance of (x, y) along the Hilbert curve of 2^16 by 2^16 cells.
std::uint32_t hilbert(std::uint32_t x, std::uint32_t y) {
    std::uint32_t d = 0;
    for (std::uint32_t side = 1U << 15U; side != 0; side >>= 1U) {
        bool const east = (x & side) != 0;
        bool const north = (y & side) != 0;
        d = d << 2U | ((east ? 3U : 0U) ^ (north ? 1U : 0U));
        if (!north) { // turn the quadrant into the curve's base position
            if (east) {
                x = ~x;
                y = ~y;
            }
            std::swap(x, y);
        }
    }
    return d;
}

std::vector<std::size_t> level_counts(std::size_t leaves) {
    std::vector<std::size_t> counts{leaves};
    while (counts.back() > 1) {
        counts.push_back((counts.back() + kTreeNodeSize - 1) / kTreeNodeSize);
    }
    return counts;
}

} // namespace

EnvelopeTreeData build_envelope_tree(std::span<geom::Envelope const> envelopes) {
    geom::Envelope whole;
    for (auto const& e : envelopes) {
        whole.extend(e);
    }
    auto const cell = [](std::int64_t low, std::int64_t high, std::int64_t min, std::int64_t max) {
        auto const middle = (low + high) / 2;
        return max > min ? static_cast<std::uint32_t>((middle - min) * 0xffff / (max - min)) : 0U;
    };
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
    order.reserve(envelopes.size());
    for (std::uint32_t id = 0; id < envelopes.size(); ++id) {
        auto const& e = envelopes[id];
        auto const place = e.empty() ? 0
                                     : hilbert(cell(e.min.lon, e.max.lon, whole.min.lon, whole.max.lon),
                                               cell(e.min.lat, e.max.lat, whole.min.lat, whole.max.lat));
        order.emplace_back(place, id);
    }
    std::sort(order.begin(), order.end());

    EnvelopeTreeData tree;
    for (auto const& [place, id] : order) {
        tree.ids.push_back(id);
        tree.boxes.push_back(envelopes[id]);
    }
    std::size_t first = 0;
    for (std::size_t count = envelopes.size(); count > 1;) {
        for (std::size_t i = 0; i < count; i += kTreeNodeSize) {
            geom::Envelope box;
            for (auto child = i; child < std::min(i + kTreeNodeSize, count); ++child) {
                box.extend(tree.boxes[first + child]);
            }
            tree.boxes.push_back(box);
        }
        first += count;
        count = (count + kTreeNodeSize - 1) / kTreeNodeSize;
    }
    return tree;
}

EnvelopeTree::EnvelopeTree(std::span<geom::Envelope const> boxes, std::span<std::uint32_t const> ids)
    : m_boxes(boxes), m_ids(ids) {
    std::size_t first = 0;
    for (auto const count : level_counts(ids.size())) {
        m_levels.push_back({first, count});
        first += count;
    }
}

std::size_t EnvelopeTree::tree_size(std::size_t leaves) {
    std::size_t size = 0;
    for (auto const count : level_counts(leaves)) {
        size += count;
    }
    return size;
}

} // namespace wangge::snapshot
