#include "segment_strips.hpp"

#include <algorithm>

namespace wangge::topology {

namespace {

/// Is `s` above `t` just west of `lon`, where both pass?
bool above_west_of(Segment const& s, Segment const& t, std::int32_t lon) noexcept {
    auto const ds = direction(s.low, s.high);
    auto const dt = direction(t.low, t.high);
    auto const lat_s =
        static_cast<Int128>(s.low.lat) * ds.lon + static_cast<Int128>(lon - std::int64_t{s.low.lon}) * ds.lat;
    auto const lat_t =
        static_cast<Int128>(t.low.lat) * dt.lon + static_cast<Int128>(lon - std::int64_t{t.low.lon}) * dt.lat;
    auto const left = lat_s * dt.lon;
    auto const right = lat_t * ds.lon;
    return left != right ? left > right : turn(ds, dt) > 0;
}

} // namespace

SegmentStrips::SegmentStrips(std::vector<Segment> segments) : m_segments(std::move(segments)) {
    std::int64_t east = 0;
    std::int64_t total_width = 0;
    bool first = true;
    for (auto const& s : m_segments) {
        m_west = first ? s.low.lon : std::min<std::int64_t>(m_west, s.low.lon);
        east = first ? s.high.lon : std::max<std::int64_t>(east, s.high.lon);
        total_width += std::int64_t{s.high.lon} - s.low.lon;
        first = false;
    }
    // About as many strips as segments, none narrower than the mean segment: at most some three entries a segment.
    auto const n = static_cast<std::int64_t>(m_segments.size());
    m_width = n == 0 ? 1 : std::max<std::int64_t>({1, total_width / n, (east - m_west) / n + 1});
    m_begin.assign(static_cast<std::size_t>((east - m_west) / m_width + 2), 0);
    auto const for_each_strip = [&](Segment const& s, auto&& f) {
        if (s.low.lon < s.high.lon) { // a meridian is never below anything
            for (auto k = strip_of(s.low.lon); k <= strip_of(s.high.lon); ++k) {
                f(k);
            }
        }
    };
    for (auto const& s : m_segments) {
        for_each_strip(s, [&](std::size_t k) { ++m_begin[k + 1]; });
    }
    for (std::size_t k = 1; k < m_begin.size(); ++k) {
        m_begin[k] += m_begin[k - 1];
    }
    m_entries.resize(m_begin.back());
    auto next = m_begin;
    for (std::uint32_t i = 0; i < m_segments.size(); ++i) {
        for_each_strip(m_segments[i], [&](std::size_t k) { m_entries[next[k]++] = i; });
    }
}

std::size_t SegmentStrips::strip_of(std::int32_t lon) const noexcept {
    return static_cast<std::size_t>((lon - m_west) / m_width);
}

std::optional<std::uint32_t> SegmentStrips::below_west_of(Point p) const noexcept {
    std::optional<std::uint32_t> best;
    if (p.lon < m_west || strip_of(p.lon) + 1 >= m_begin.size()) {
        return best;
    }
    auto const strip = strip_of(p.lon);
    for (auto k = m_begin[strip]; k < m_begin[strip + 1]; ++k) {
        auto const& s = m_segments[m_entries[k]];
        if (s.low.lon < p.lon && p.lon <= s.high.lon && orientation(s.low, s.high, p) > 0 &&
            (!best || above_west_of(s, m_segments[*best], p.lon))) {
            best = m_entries[k];
        }
    }
    return best;
}

} // namespace wangge::topology
