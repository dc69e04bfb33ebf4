#include "monotone_chains.hpp"

#include "box_pairs.hpp"

#include <algorithm>

namespace wangge::topology {

namespace {

/// Chains above this number are paired by for_each_box_pair, fewer by trying all.
constexpr std::size_t kFewChains = 48;
/// A longer chain would be compared edge by edge with too much.
constexpr std::uint32_t kMostEdges = 32;
/// Rings wider than this are left to others, so that sums of two differences fit 32 bits.
constexpr std::int64_t kWidest = std::int64_t{1} << 29;

/// The half-planes, of eight, into which an edge points. None for an edge without length.
inline std::uint32_t ways_of(Point a, Point b) noexcept {
    auto const x = b.lon - a.lon;
    auto const y = b.lat - a.lat;
    auto const bit = [](bool is, unsigned k) { return static_cast<std::uint32_t>(is) << k; };
    return bit(x > 0, 0) | bit(x < 0, 1) | bit(y > 0, 2) | bit(y < 0, 3) | bit(x + y > 0, 4) | bit(x + y < 0, 5) |
           bit(x > y, 6) | bit(x < y, 7);
}

inline geom::Envelope box_of(Point a, Point b) noexcept {
    return {{std::min(a.lon, b.lon), std::min(a.lat, b.lat)}, {std::max(a.lon, b.lon), std::max(a.lat, b.lat)}};
}

/// Does the boundary run back over itself in `p`?
inline bool is_spike(Point before, Point p, Point after) noexcept {
    auto const back = direction(p, before);
    auto const on = direction(p, after);
    return turn(back, on) == 0 && (back.lon * on.lon > 0 || back.lat * on.lat > 0);
}

/// Each of two segments lies strictly to one side of the other, or of one of them does so.
inline bool surely_apart(Point a, Point b, Point c, Point d) noexcept {
    return orientation(a, b, c) * orientation(a, b, d) > 0 || orientation(c, d, a) * orientation(c, d, b) > 0;
}

} // namespace

void MonotoneChains::clear() {
    m_points.clear();
    m_rings.clear();
    m_chains.clear();
}

bool MonotoneChains::add(geom::Ring const& ring) {
    auto const n = ring.size();
    if (n < 3) {
        return false;
    }
    auto const first = static_cast<std::uint32_t>(m_points.size());
    m_points.insert(m_points.end(), ring.begin(), ring.end());
    m_points.push_back(ring.front());
    auto const end = first + static_cast<std::uint32_t>(n);
    auto const* const p = m_points.data();
    {
        geom::Envelope box;
        for (auto i = first; i < end; ++i) {
            box.extend(p[i]);
        }
        m_ring_box = box;
    }
    if (std::int64_t{m_ring_box.max.lon} - m_ring_box.min.lon >= kWidest ||
        std::int64_t{m_ring_box.max.lat} - m_ring_box.min.lat >= kWidest) {
        return false;
    }
    auto const number = static_cast<std::uint32_t>(m_rings.size());
    m_rings.push_back({first, end});
    m_last_chains = m_chains.size();
    for (auto begin = first; begin < end;) {
        auto ways = ways_of(p[begin], p[begin + 1]);
        if (ways == 0) {
            return false;
        }
        auto box = box_of(p[begin], p[begin + 1]);
        auto const most = std::min(end, begin + kMostEdges);
        auto i = begin + 1;
        for (; i < most; ++i) {
            auto const both = ways & ways_of(p[i], p[i + 1]);
            if (both == 0) {
                break;
            }
            ways = both;
            box.extend(p[i + 1]);
        }
        if (is_spike(p[begin == first ? end - 1 : begin - 1], p[begin], p[begin + 1])) {
            return false;
        }
        m_chains.push_back({box, begin, i, number, ways});
        begin = i;
    }
    return true;
}

void MonotoneChains::collect(Chain const& chain, geom::Envelope const& within,
                             std::vector<std::uint32_t>& edges) const {
    edges.clear();
    auto const* const p = m_points.data();
    for (auto i = chain.begin; i < chain.end; ++i) {
        if (box_of(p[i], p[i + 1]).intersects(within)) {
            edges.push_back(i);
        }
    }
}

bool MonotoneChains::pair_is_apart(std::uint32_t a, std::uint32_t b) {
    auto const& s = m_chains[a];
    auto const& t = m_chains[b];
    bool const same_ring = s.ring == t.ring;
    if (same_ring && (s.end == t.begin || t.end == s.begin) && (s.ways & t.ways) != 0) {
        return true; // one chain, cut for its length
    }
    auto const common = s.box.clipped_to(t.box);
    collect(s, common, m_first);
    collect(t, common, m_second);
    auto const* const p = m_points.data();
    auto const ring = m_rings[s.ring];
    auto const follows = [&](std::uint32_t e, std::uint32_t f) {
        return e + 1 == f || (e + 1 == ring.end && f == ring.begin);
    };
    for (auto const e : m_first) {
        auto const box = box_of(p[e], p[e + 1]);
        for (auto const f : m_second) {
            if (!box.intersects(box_of(p[f], p[f + 1])) || (same_ring && (follows(e, f) || follows(f, e)))) {
                continue;
            }
            if (!surely_apart(p[e], p[e + 1], p[f], p[f + 1])) {
                return false;
            }
        }
    }
    return true;
}

bool MonotoneChains::proves_apart() {
    auto const count = static_cast<std::uint32_t>(m_chains.size());
    if (count <= kFewChains) {
        for (std::uint32_t a = 0; a < count; ++a) {
            auto const box = m_chains[a].box;
            for (auto b = a + 1; b < count; ++b) {
                if (box.intersects(m_chains[b].box) && !pair_is_apart(a, b)) {
                    return false;
                }
            }
        }
        return true;
    }
    std::vector<Boxed> boxes;
    boxes.reserve(count);
    for (std::uint32_t a = 0; a < count; ++a) {
        boxes.push_back({m_chains[a].box, a});
    }
    bool apart = true;
    for_each_box_pair(std::move(boxes),
                      [&](std::uint32_t a, std::uint32_t b) { apart = apart && pair_is_apart(a, b); });
    return apart;
}

bool MonotoneChains::counter_clockwise() const {
    auto const ring = m_rings.back();
    auto lowest = ring.begin;
    for (auto c = m_last_chains; c < m_chains.size(); ++c) {
        if (m_chains[c].box.min.lon > m_ring_box.min.lon) {
            continue;
        }
        for (auto i = m_chains[c].begin; i < m_chains[c].end; ++i) {
            lowest = m_points[i] < m_points[lowest] ? i : lowest;
        }
    }
    // The smallest point is a corner of the convex hull, where the boundary turns the way it goes round.
    auto const before = m_points[lowest == ring.begin ? ring.end - 1 : lowest - 1];
    return orientation(before, m_points[lowest], m_points[lowest + 1]) > 0;
}

} // namespace wangge::topology
