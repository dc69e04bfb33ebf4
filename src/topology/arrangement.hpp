#pragma once

#include "disjoint_sets.hpp"
#include "predicates.hpp"
#include "segment_strips.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace wangge::topology {

/// A directed edge put into an arrangement; the area of its owner lies to its left.
struct OwnedEdge {
    Point from;
    Point to;
    std::uint32_t owner = 0;
    bool marked = false; ///< free for the caller
};

/**
 * The division of the plane by edges that may cross, touch and overlap in any way: nodes, pieces of edges between them,
 * and regions. Exact: crossings stay rational, and order along an edge and round a node is decided in integers.
 * Numbering depends on the edges alone, not on their order. O((n + crossings) log n).
 *
 * Piece k has two half-edges: 2k from its lexicographically smaller node to the other, 2k+1 back. Region 0 is the
 * unbounded one.
 */
class Arrangement {
public:
    explicit Arrangement(std::vector<OwnedEdge> edges);

    /// A node's position: a lattice position, or a crossing, to the nearest long double.
    struct Node {
        long double lon = 0;
        long double lat = 0;
        Point rounded;
        bool on_lattice = true;
    };

    [[nodiscard]] std::uint32_t region_count() const noexcept { return m_region_count; }
    [[nodiscard]] std::uint32_t half_edge_count() const noexcept { return static_cast<std::uint32_t>(m_tail.size()); }
    [[nodiscard]] std::uint32_t piece_count() const noexcept { return half_edge_count() / 2; }

    [[nodiscard]] std::uint32_t tail(std::uint32_t half_edge) const noexcept { return m_tail[half_edge]; }
    [[nodiscard]] std::uint32_t head(std::uint32_t half_edge) const noexcept { return m_tail[half_edge ^ 1U]; }
    [[nodiscard]] std::uint32_t left_region(std::uint32_t half_edge) const noexcept { return m_region[half_edge]; }
    [[nodiscard]] std::uint32_t right_region(std::uint32_t half_edge) const noexcept {
        return m_region[half_edge ^ 1U];
    }
    [[nodiscard]] Node node(std::uint32_t n) const noexcept {
        if (n < m_vertices.size()) {
            auto const p = m_vertices[n];
            return {static_cast<long double>(p.lon), static_cast<long double>(p.lat), p, true};
        }
        return m_crossings[n - m_vertices.size()];
    }
    [[nodiscard]] std::size_t node_count() const noexcept { return m_vertices.size() + m_crossings.size(); }

    /// The half-edges that have `region` on their left.
    [[nodiscard]] std::span<std::uint32_t const> border_of(std::uint32_t region) const noexcept;

    /// The half-edge that leaves the same node next clockwise.
    [[nodiscard]] std::uint32_t clockwise(std::uint32_t half_edge) const noexcept;

    /// Is the piece part of more than one segment that overlap there?
    [[nodiscard]] bool overlaps(std::uint32_t piece) const noexcept {
        return m_piece_begin[piece + 1] - m_piece_begin[piece] > 1;
    }

    /// Calls f(OwnedEdge const&, bool same_way, std::uint32_t segment) for each edge that runs along the half-edge.
    /// Edges between the same two points have the same segment.
    template <class F>
    void for_each_edge_along(std::uint32_t half_edge, F&& f) const {
        auto const piece = half_edge / 2;
        bool const backward = (half_edge & 1U) != 0;
        for (auto k = m_piece_begin[piece]; k < m_piece_begin[piece + 1]; ++k) {
            auto const segment = m_piece_segments[k];
            for (auto e = m_segment_begin[segment]; e < m_segment_begin[segment + 1]; ++e) {
                f(m_edges[e], (m_edges[e].from < m_edges[e].to) != backward, segment);
            }
        }
    }

    /// The region of the position just west of `p`.
    [[nodiscard]] std::uint32_t region_west_of(Point p) const;

private:
    /// A node inside a segment, at num/den of the way from its low to its high end.
    struct Cut {
        std::uint32_t segment = 0;
        std::uint32_t node = 0;
        std::uint64_t num = 0;
        std::uint64_t den = 1;
    };
    /// A segment's stretch between neighbouring nodes.
    struct Stretch {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        std::uint32_t segment = 0;
    };

    void collect_segments();
    void number_nodes();
    void find_cuts();
    void join_equal_cuts();
    void make_pieces();
    void sort_stars();
    void trace_regions();

    void cut_at_vertex(std::uint32_t segment, Point p, std::uint32_t node);
    [[nodiscard]] Direction way(std::uint32_t half_edge) const noexcept;
    /// The eastward half-edge first met when going down from just west of `p`, or half_edge_count().
    [[nodiscard]] std::uint32_t half_edge_below_west_of(Point p) const;

    std::vector<OwnedEdge> m_edges; ///< sorted by segment
    std::vector<Segment> m_segments;
    std::vector<std::uint32_t> m_segment_begin; ///< in m_edges
    std::vector<std::uint32_t> m_low_node;      ///< of each segment
    std::vector<std::uint32_t> m_high_node;
    std::vector<Point> m_vertices; ///< nodes 0.. ; crossings follow
    std::vector<Node> m_crossings;
    std::vector<Cut> m_cuts; ///< by segment, then along it
    std::vector<std::uint32_t> m_cut_begin;
    std::vector<char> m_overlapping; ///< segments that share a stretch with another one

    std::vector<std::uint32_t> m_piece_begin; ///< in m_piece_segments
    std::vector<std::uint32_t> m_piece_segments;
    std::vector<std::uint32_t> m_piece_of_stretch; ///< stretch s of segment k is number m_cut_begin[k] + k + s
    std::vector<std::uint32_t> m_tail;             ///< of each half-edge
    std::vector<std::uint32_t> m_star_begin;       ///< of each node in m_star
    std::vector<std::uint32_t> m_star;             ///< half-edges that leave a node, in star order
    std::vector<std::uint32_t> m_star_place;       ///< of each half-edge in m_star

    std::vector<std::uint32_t> m_region; ///< left of each half-edge
    std::uint32_t m_region_count = 1;
    std::vector<std::uint32_t> m_border_begin;
    std::vector<std::uint32_t> m_border;
    std::unique_ptr<SegmentStrips> m_strips;
};

} // namespace wangge::topology
