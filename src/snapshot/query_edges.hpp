#pragma once

#include <wangge/geom/owns.hpp>
#include <wangge/geom/segments.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace wangge::snapshot {

/// Edges of an area or a line that is asked about, in their own order, under an implicit tree of envelopes: neighbours
/// in an outline are neighbours in space, so that nothing has to be sorted. O(n) to make.
class QueryEdges {
public:
    void add_ring(std::span<geom::Point const> ring) {
        for (std::size_t i = 0; i < ring.size(); ++i) {
            add(ring[i], ring[i + 1 == ring.size() ? 0 : i + 1]);
        }
    }
    /// A single position becomes an edge without length.
    void add_line(std::span<geom::Point const> line) {
        for (std::size_t i = 0; i + 1 < line.size() || i == 0; ++i) {
            if (i < line.size()) {
                add(line[i], line[std::min(i + 1, line.size() - 1)]);
            }
        }
    }
    /// To be called once, when all are added and before anything is asked.
    void finish() {
        for (std::size_t count = m_starts.size(), first = 0; count != 0;) {
            m_levels.push_back({m_boxes.size(), (count + kNode - 1) / kNode});
            for (std::size_t i = 0; i < count; i += kNode) {
                geom::Envelope box;
                for (auto child = i; child < std::min(i + kNode, count); ++child) {
                    box.extend(m_levels.size() == 1 ? geom::envelope_of(m_starts[child], m_ends[child])
                                                    : m_boxes[first + child]);
                }
                m_boxes.push_back(box);
            }
            first = m_levels.back().first;
            count = m_levels.back().count;
            if (count == 1) {
                break;
            }
        }
    }

    /// Empty when there are no edges.
    [[nodiscard]] geom::Envelope envelope() const { return m_boxes.empty() ? geom::Envelope{} : m_boxes.back(); }
    /// The first position of each edge: all vertices of rings.
    [[nodiscard]] std::span<geom::Point const> starts() const { return m_starts; }

    /// Calls f(a, b) for each edge whose envelope meets the box until it returns true; says whether it did.
    template <class F>
    bool any(geom::Envelope const& box, F&& f) const {
        return !m_levels.empty() && visit(m_levels.size() - 1, 0, box, f);
    }
    /// Do the edges enclose the position, even-odd? On the boundary by the half-open rule. Exact.
    [[nodiscard]] bool enclose(geom::Point p) const {
        bool inside = false;
        any({{p.lon, envelope().min.lat}, p}, [&](geom::Point a, geom::Point b) {
            inside ^= geom::crosses_below(a, b, p);
            return false;
        });
        return inside;
    }

private:
    static constexpr std::size_t kNode = 8;
    struct Level {
        std::size_t first = 0, count = 0; ///< in m_boxes
    };

    void add(geom::Point a, geom::Point b) {
        m_starts.push_back(a);
        m_ends.push_back(b);
    }
    template <class F>
    bool visit(std::size_t level, std::size_t index, geom::Envelope const& box, F& f) const {
        if (!m_boxes[m_levels[level].first + index].intersects(box)) {
            return false;
        }
        auto const below = level == 0 ? m_starts.size() : m_levels[level - 1].count;
        auto const last = std::min((index + 1) * kNode, below);
        for (auto child = index * kNode; child < last; ++child) {
            if (level == 0) {
                auto const a = m_starts[child];
                auto const b = m_ends[child];
                if (geom::envelope_of(a, b).intersects(box) && f(a, b)) {
                    return true;
                }
            } else if (visit(level - 1, child, box, f)) {
                return true;
            }
        }
        return false;
    }

    std::vector<geom::Point> m_starts, m_ends;
    std::vector<geom::Envelope> m_boxes; ///< of kNode edges each, then of kNode boxes each, up to one
    std::vector<Level> m_levels;
};

} // namespace wangge::snapshot
