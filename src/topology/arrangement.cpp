#include "arrangement.hpp"

#include "box_pairs.hpp"
#include "point_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace wangge::topology {

namespace {

constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

/// num/den of `a` against that of `b`; both below 2^64, so the products fit 128 bits.
template <class Cut>
int compare_along(Cut const& a, Cut const& b) noexcept {
    auto const left = static_cast<UInt128>(a.num) * b.den;
    auto const right = static_cast<UInt128>(b.num) * a.den;
    return left < right ? -1 : (left > right ? 1 : 0);
}

/// Running totals of counts that stand one place late.
void accumulate(std::vector<std::uint32_t>& begin) {
    for (std::size_t k = 1; k < begin.size(); ++k) {
        begin[k] += begin[k - 1];
    }
}

std::uint64_t magnitude(Int128 value) noexcept { return static_cast<std::uint64_t>(value < 0 ? -value : value); }

} // namespace

Arrangement::Arrangement(std::vector<OwnedEdge> edges) : m_edges(std::move(edges)) {
    collect_segments();
    number_nodes();
    find_cuts();
    join_equal_cuts();
    make_pieces();
    sort_stars();
    trace_regions();
}

void Arrangement::collect_segments() {
    std::erase_if(m_edges, [](OwnedEdge const& e) { return e.from == e.to; });
    auto const segment_of = [](OwnedEdge const& e) { return Segment{std::min(e.from, e.to), std::max(e.from, e.to)}; };
    // Positions as numbers in the same order: sorting takes much of the time where little is matched.
    auto const key = [](Point p) {
        auto const biased = [](std::int32_t value) {
            return std::uint64_t{static_cast<std::uint32_t>(value) ^ 0x80000000U};
        };
        return biased(p.lon) << 32U | biased(p.lat);
    };
    std::sort(m_edges.begin(), m_edges.end(), [&](OwnedEdge const& a, OwnedEdge const& b) {
        auto const [a_from, a_to, b_from, b_to] = std::tuple{key(a.from), key(a.to), key(b.from), key(b.to)};
        if (auto const [a_low, b_low] = std::pair{std::min(a_from, a_to), std::min(b_from, b_to)}; a_low != b_low) {
            return a_low < b_low;
        }
        if (auto const [a_high, b_high] = std::pair{std::max(a_from, a_to), std::max(b_from, b_to)}; a_high != b_high) {
            return a_high < b_high;
        }
        return a.owner != b.owner ? a.owner < b.owner : a_from < b_from;
    });
    for (std::uint32_t e = 0; e < m_edges.size(); ++e) {
        auto const segment = segment_of(m_edges[e]);
        if (m_segments.empty() || m_segments.back() != segment) {
            m_segments.push_back(segment);
            m_segment_begin.push_back(e);
        }
    }
    m_segment_begin.push_back(static_cast<std::uint32_t>(m_edges.size()));
}

void Arrangement::number_nodes() {
    PointNumbers numbers{m_segments.size() * 2};
    auto const number = [&](Point p) {
        auto const n = numbers.number(p);
        if (n == m_vertices.size()) {
            m_vertices.push_back(p);
        }
        return n;
    };
    m_low_node.reserve(m_segments.size());
    m_high_node.reserve(m_segments.size());
    for (auto const& s : m_segments) {
        m_low_node.push_back(number(s.low));
        m_high_node.push_back(number(s.high));
    }
}

void Arrangement::cut_at_vertex(std::uint32_t segment, Point p, std::uint32_t node) {
    auto const& s = m_segments[segment];
    if (p == s.low || p == s.high) {
        return;
    }
    auto const whole = direction(s.low, s.high);
    auto const done = direction(s.low, p);
    bool const by_lon = whole.lon != 0;
    m_cuts.push_back({segment, node, static_cast<std::uint64_t>(std::abs(by_lon ? done.lon : done.lat)),
                      static_cast<std::uint64_t>(std::abs(by_lon ? whole.lon : whole.lat))});
}

void Arrangement::find_cuts() {
    m_overlapping.assign(m_segments.size(), 0);
    std::vector<Boxed> boxes;
    boxes.reserve(m_segments.size());
    for (std::uint32_t i = 0; i < m_segments.size(); ++i) {
        geom::Envelope box;
        box.extend(m_segments[i].low);
        box.extend(m_segments[i].high);
        boxes.push_back({box, i});
    }
    auto const node_at = [&](std::uint32_t segment, Point p) {
        return m_segments[segment].low == p ? m_low_node[segment] : m_high_node[segment];
    };
    auto const is_end = [&](std::uint32_t segment, Point p) {
        return m_segments[segment].low == p || m_segments[segment].high == p;
    };
    for_each_box_pair(std::move(boxes), [&](std::uint32_t i, std::uint32_t k) {
        auto const& s = m_segments[i];
        auto const& t = m_segments[k];
        auto const meeting = meet(s.low, s.high, t.low, t.high);
        switch (meeting.kind) {
        case Meeting::Kind::apart:
            break;
        case Meeting::Kind::overlap:
            m_overlapping[i] = m_overlapping[k] = 1;
            [[fallthrough]];
        case Meeting::Kind::touch:
            for (auto const p : {meeting.first, meeting.second}) {
                auto const node = is_end(i, p) ? node_at(i, p) : node_at(k, p);
                cut_at_vertex(i, p, node);
                cut_at_vertex(k, p, node);
            }
            break;
        case Meeting::Kind::crossing: {
            auto const node = static_cast<std::uint32_t>(node_count());
            auto const add = [&](std::uint32_t segment, Segment const& own, Segment const& other) {
                auto const from = cross(other.low, other.high, own.low);
                auto const to = cross(other.low, other.high, own.high);
                m_cuts.push_back({segment, node, magnitude(from), magnitude(from - to)});
                return static_cast<long double>(magnitude(from)) / static_cast<long double>(magnitude(from - to));
            };
            auto const t_own = add(i, s, t);
            add(k, t, s);
            auto const along = direction(s.low, s.high);
            Node crossing;
            crossing.lon = s.low.lon + t_own * static_cast<long double>(along.lon);
            crossing.lat = s.low.lat + t_own * static_cast<long double>(along.lat);
            crossing.rounded = {static_cast<std::int32_t>(std::llround(crossing.lon)),
                                static_cast<std::int32_t>(std::llround(crossing.lat))};
            crossing.on_lattice = false;
            m_crossings.push_back(crossing);
            break;
        }
        }
    });
}

void Arrangement::join_equal_cuts() {
    std::sort(m_cuts.begin(), m_cuts.end(), [](Cut const& a, Cut const& b) {
        if (a.segment != b.segment) {
            return a.segment < b.segment;
        }
        auto const along = compare_along(a, b);
        return along != 0 ? along < 0 : a.node < b.node;
    });
    // Cuts at one place are one node. Lattice nodes were numbered first, so they stand for the crossings that hit them.
    DisjointSets same{node_count()};
    for (std::size_t i = 1; i < m_cuts.size(); ++i) {
        if (m_cuts[i - 1].segment == m_cuts[i].segment && compare_along(m_cuts[i - 1], m_cuts[i]) == 0) {
            same.unite(m_cuts[i - 1].node, m_cuts[i].node);
        }
    }
    std::size_t kept = 0;
    for (auto cut : m_cuts) {
        cut.node = same.find(cut.node);
        if (kept == 0 || m_cuts[kept - 1].segment != cut.segment || m_cuts[kept - 1].node != cut.node) {
            m_cuts[kept++] = cut;
        }
    }
    m_cuts.resize(kept);
    m_cut_begin.assign(m_segments.size() + 1, 0);
    for (auto const& cut : m_cuts) {
        ++m_cut_begin[cut.segment + 1];
    }
    accumulate(m_cut_begin);
}

void Arrangement::make_pieces() {
    std::vector<Stretch> stretches;
    stretches.reserve(m_segments.size() + m_cuts.size());
    for (std::uint32_t s = 0; s < m_segments.size(); ++s) {
        auto low = m_low_node[s];
        for (auto c = m_cut_begin[s]; c < m_cut_begin[s + 1]; ++c) {
            stretches.push_back({low, m_cuts[c].node, s});
            low = m_cuts[c].node;
        }
        stretches.push_back({low, m_high_node[s], s});
    }
    // Only stretches of overlapping segments can be one piece; between the same two nodes they are.
    std::vector<std::uint32_t> shared;
    m_piece_of_stretch.assign(stretches.size(), kNone);
    auto const add_piece = [&](Stretch const& stretch) {
        m_tail.push_back(stretch.low);
        m_tail.push_back(stretch.high);
        m_piece_begin.push_back(static_cast<std::uint32_t>(m_piece_segments.size()));
    };
    for (std::uint32_t i = 0; i < stretches.size(); ++i) {
        if (m_overlapping[stretches[i].segment] != 0) {
            shared.push_back(i);
            continue;
        }
        m_piece_of_stretch[i] = static_cast<std::uint32_t>(m_piece_begin.size());
        add_piece(stretches[i]);
        m_piece_segments.push_back(stretches[i].segment);
    }
    std::sort(shared.begin(), shared.end(), [&](std::uint32_t a, std::uint32_t b) {
        auto const& s = stretches[a];
        auto const& t = stretches[b];
        return s.low != t.low ? s.low < t.low : (s.high != t.high ? s.high < t.high : s.segment < t.segment);
    });
    for (std::size_t i = 0; i < shared.size(); ++i) {
        auto const& stretch = stretches[shared[i]];
        if (i == 0 || stretches[shared[i - 1]].low != stretch.low || stretches[shared[i - 1]].high != stretch.high) {
            add_piece(stretch);
        }
        m_piece_of_stretch[shared[i]] = static_cast<std::uint32_t>(m_piece_begin.size() - 1);
        m_piece_segments.push_back(stretch.segment);
    }
    m_piece_begin.push_back(static_cast<std::uint32_t>(m_piece_segments.size()));
}

Direction Arrangement::way(std::uint32_t half_edge) const noexcept {
    auto const& s = m_segments[m_piece_segments[m_piece_begin[half_edge / 2]]];
    return (half_edge & 1U) == 0 ? direction(s.low, s.high) : direction(s.high, s.low);
}

void Arrangement::sort_stars() {
    m_star_begin.assign(node_count() + 1, 0);
    for (auto const n : m_tail) {
        ++m_star_begin[n + 1];
    }
    accumulate(m_star_begin);
    m_star.resize(m_tail.size());
    auto next = m_star_begin;
    for (std::uint32_t h = 0; h < m_tail.size(); ++h) {
        m_star[next[m_tail[h]]++] = h;
    }
    m_star_place.resize(m_tail.size());
    for (std::size_t n = 0; n < node_count(); ++n) {
        auto const begin = m_star.begin() + m_star_begin[n];
        auto const end = m_star.begin() + m_star_begin[n + 1];
        std::sort(begin, end, [this](std::uint32_t a, std::uint32_t b) { return before_in_star(way(a), way(b)); });
        for (auto it = begin; it != end; ++it) {
            m_star_place[*it] = static_cast<std::uint32_t>(it - m_star.begin());
        }
    }
}

std::uint32_t Arrangement::clockwise(std::uint32_t half_edge) const noexcept {
    auto const n = m_tail[half_edge];
    auto const place = m_star_place[half_edge];
    return m_star[place == m_star_begin[n] ? m_star_begin[n + 1] - 1 : place - 1];
}

std::uint32_t Arrangement::half_edge_below_west_of(Point p) const {
    auto const segment = m_strips->below_west_of(p);
    if (!segment) {
        return half_edge_count();
    }
    // The stretch that holds longitudes just west of p ends in the first node at or east of p.
    auto const& s = m_segments[*segment];
    auto const width = static_cast<UInt128>(std::int64_t{s.high.lon} - s.low.lon);
    auto const distance = static_cast<UInt128>(std::int64_t{p.lon} - s.low.lon);
    auto const begin = m_cut_begin[*segment];
    auto const end = m_cut_begin[*segment + 1];
    auto const* const cut = std::partition_point(m_cuts.data() + begin, m_cuts.data() + end,
                                                 [&](Cut const& c) { return c.num * width < distance * c.den; });
    return 2 * m_piece_of_stretch[*segment + static_cast<std::size_t>(cut - m_cuts.data())]; // low to high is eastward
}

std::uint32_t Arrangement::region_west_of(Point p) const {
    auto const below = half_edge_below_west_of(p);
    return below == half_edge_count() ? 0 : m_region[below];
}

void Arrangement::trace_regions() {
    // Cycles: from the half-edge on to the next one clockwise from its twin keeps the same region on the left.
    std::vector<std::uint32_t> cycle(m_tail.size(), kNone);
    std::uint32_t cycles = 1; // 0 stands for the unbounded region
    for (std::uint32_t h = 0; h < m_tail.size(); ++h) {
        if (cycle[h] == kNone) {
            for (auto k = h; cycle[k] == kNone; k = clockwise(k ^ 1U)) {
                cycle[k] = cycles;
            }
            ++cycles;
        }
    }
    // The outer side of each connected set of pieces is seen from its westernmost node, which is a vertex: it lies left
    // of the last half-edge of that node's star. It belongs to the region just west of there.
    DisjointSets connected{node_count()};
    for (std::uint32_t h = 0; h < m_tail.size(); h += 2) {
        connected.unite(m_tail[h], m_tail[h + 1]);
    }
    std::vector<std::uint32_t> westernmost(node_count(), kNone);
    for (std::uint32_t n = 0; n < m_vertices.size(); ++n) {
        if (m_star_begin[n] != m_star_begin[n + 1]) {
            auto& best = westernmost[connected.find(n)];
            if (best == kNone || m_vertices[n] < m_vertices[best]) {
                best = n;
            }
        }
    }
    m_strips = std::make_unique<SegmentStrips>(m_segments);
    DisjointSets regions{cycles};
    for (auto const n : westernmost) {
        if (n != kNone) {
            auto const below = half_edge_below_west_of(m_vertices[n]);
            regions.unite(cycle[m_star[m_star_begin[n + 1] - 1]], below == half_edge_count() ? 0 : cycle[below]);
        }
    }
    std::vector<std::uint32_t> number(cycles, kNone);
    number[0] = 0;
    m_region.resize(m_tail.size());
    for (std::uint32_t h = 0; h < m_tail.size(); ++h) {
        auto& region = number[regions.find(cycle[h])];
        if (region == kNone) {
            region = m_region_count++;
        }
        m_region[h] = region;
    }
    m_border_begin.assign(m_region_count + 1, 0);
    for (auto const r : m_region) {
        ++m_border_begin[r + 1];
    }
    accumulate(m_border_begin);
    m_border.resize(m_tail.size());
    auto next = m_border_begin;
    for (std::uint32_t h = 0; h < m_tail.size(); ++h) {
        m_border[next[m_region[h]]++] = h;
    }
}

std::span<std::uint32_t const> Arrangement::border_of(std::uint32_t region) const noexcept {
    return {m_border.data() + m_border_begin[region], m_border_begin[region + 1] - m_border_begin[region]};
}

} // namespace wangge::topology
