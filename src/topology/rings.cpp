#include "disjoint_sets.hpp"
#include "predicates.hpp"
#include "segment_strips.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/topology/rings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <span>

namespace wangge::topology {

namespace {

using geom::MultiPolygon;
using geom::Polygon;
using geom::Ring;

constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void fail(Point at) {
    throw Error{ErrorCode::usage,
                fmt::format("the edges at {} do not bound an area; pass the edges of a checked coverage only",
                            geom::to_wkt(at))};
}

/// A ring of edges in which no point repeats, and the cycle it was cut from.
struct Loop {
    Ring ring;
    std::uint32_t cycle = 0;
};

/// Follows sorted edges along the area on their left.
class Tracer {
public:
    explicit Tracer(std::span<DirectedEdge const> edges)
        : m_edges(edges), m_cycle_of(edges.size(), kNone), m_stack_place(edges.size(), kNone) {}

    std::vector<Loop> trace() {
        for (std::uint32_t e = 0; e < m_edges.size(); ++e) {
            if (m_cycle_of[e] == kNone) {
                trace_cycle(e);
            }
        }
        return std::move(m_loops);
    }
    [[nodiscard]] std::uint32_t cycle_count() const noexcept { return m_cycles; }
    [[nodiscard]] std::uint32_t cycle_of(std::size_t edge) const noexcept { return m_cycle_of[edge]; }

private:
    [[nodiscard]] std::uint32_t first_leaving(Point p) const {
        auto const it = std::lower_bound(m_edges.begin(), m_edges.end(), p,
                                         [](DirectedEdge const& e, Point q) { return e.from < q; });
        if (it == m_edges.end() || it->from != p) {
            fail(p);
        }
        return static_cast<std::uint32_t>(it - m_edges.begin());
    }

    /// The edge that bounds the same stretch of area round the point where `edge` arrives: the first one clockwise from
    /// where it came.
    [[nodiscard]] std::uint32_t next(std::uint32_t edge) const {
        auto const at = m_edges[edge].to;
        auto const first = first_leaving(at);
        auto best = first;
        auto const back = direction(at, m_edges[edge].from);
        for (auto k = first + 1; k < m_edges.size() && m_edges[k].from == at; ++k) {
            if (in_sector(direction(at, m_edges[best].to), direction(at, m_edges[k].to), back)) {
                best = k;
            }
        }
        return best;
    }

    /// Traces one cycle and cuts it into loops wherever it comes back to a point.
    void trace_cycle(std::uint32_t start) {
        std::vector<std::uint32_t> points; // as the first edge that leaves each
        auto const cut_back_to = [&](std::uint32_t point) {
            auto const place = m_stack_place[point];
            if (place == kNone) {
                return;
            }
            Loop loop{{}, m_cycles};
            for (auto k = place; k < points.size(); ++k) {
                loop.ring.push_back(m_edges[points[k]].from);
                m_stack_place[points[k]] = kNone;
            }
            points.resize(place);
            m_loops.push_back(std::move(loop));
        };
        auto edge = start;
        do {
            if (m_cycle_of[edge] != kNone) {
                fail(m_edges[edge].from);
            }
            m_cycle_of[edge] = m_cycles;
            auto const point = first_leaving(m_edges[edge].from);
            cut_back_to(point);
            m_stack_place[point] = static_cast<std::uint32_t>(points.size());
            points.push_back(point);
            edge = next(edge);
        } while (edge != start);
        cut_back_to(first_leaving(m_edges[start].from));
        if (!points.empty()) {
            fail(m_edges[points.front()].from);
        }
        ++m_cycles;
    }

    std::span<DirectedEdge const> m_edges;
    std::vector<std::uint32_t> m_cycle_of;
    std::vector<std::uint32_t> m_stack_place;
    std::vector<Loop> m_loops;
    std::uint32_t m_cycles = 0;
};

/// Joins each cycle that has no outer ring to the cycle just below its westernmost point: both bound one part.
void join_holes(std::span<DirectedEdge const> edges, std::span<Loop const> loops, Tracer const& tracer,
                std::vector<char> const& has_outer, DisjointSets& parts) {
    std::map<std::uint32_t, Point> westernmost;
    for (auto const& loop : loops) {
        if (!has_outer[loop.cycle]) {
            auto const p = *std::min_element(loop.ring.begin(), loop.ring.end());
            auto const [it, fresh] = westernmost.try_emplace(loop.cycle, p);
            it->second = std::min(it->second, p);
        }
    }
    if (westernmost.empty()) {
        return;
    }
    std::vector<Segment> segments;
    segments.reserve(edges.size());
    for (auto const& e : edges) {
        segments.push_back({std::min(e.from, e.to), std::max(e.from, e.to)});
    }
    SegmentStrips const strips{std::move(segments)};
    for (auto const& [cycle, p] : westernmost) {
        auto const below = strips.below_west_of(p);
        if (!below) {
            fail(p);
        }
        parts.unite(cycle, tracer.cycle_of(*below));
    }
}

} // namespace

MultiPolygon assemble_rings(std::vector<DirectedEdge> edges) {
    std::sort(edges.begin(), edges.end());
    Tracer tracer{edges};
    auto loops = tracer.trace();
    std::vector<char> has_outer(tracer.cycle_count(), 0);
    std::vector<int> windings;
    windings.reserve(loops.size());
    for (auto const& loop : loops) {
        windings.push_back(geom::winding(loop.ring));
        if (windings.back() > 0) {
            has_outer[loop.cycle] = 1;
        }
    }
    DisjointSets parts{tracer.cycle_count()};
    join_holes(edges, loops, tracer, has_outer, parts);

    MultiPolygon shape;
    std::vector<std::uint32_t> part_of(tracer.cycle_count(), kNone);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        if (windings[i] > 0) {
            auto& part = part_of[parts.find(loops[i].cycle)];
            if (part != kNone) {
                fail(loops[i].ring.front());
            }
            part = static_cast<std::uint32_t>(shape.parts.size());
            shape.parts.push_back({std::move(loops[i].ring), {}});
        }
    }
    for (std::size_t i = 0; i < loops.size(); ++i) {
        if (windings[i] <= 0) {
            auto const part = part_of[parts.find(loops[i].cycle)];
            if (part == kNone || windings[i] == 0) {
                fail(loops[i].ring.front());
            }
            shape.parts[part].holes.push_back(std::move(loops[i].ring));
        }
    }
    geom::normalize(shape);
    return shape;
}

} // namespace wangge::topology
