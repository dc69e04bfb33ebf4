#pragma once

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <cmath>

namespace wangge::snapshot {

/// Distances in metres from one position, in the local plane at its latitude (as geom::distance_to_segment_m, whose
/// scale is taken anew at each call).
class EdgeDistance {
public:
    explicit EdgeDistance(geom::Point from)
        : m_from(from), m_scale(geom::metres_per_degree(geom::to_degrees(from.lat))) {
        m_scale.lon = std::abs(m_scale.lon) / geom::kUnitsPerDegree;
        m_scale.lat /= geom::kUnitsPerDegree;
    }

    /// Squared metres to the segment a-b; exactly 0 on it.
    [[nodiscard]] double squared(geom::Point a, geom::Point b) const noexcept {
        double const px = (static_cast<double>(m_from.lon) - a.lon) * m_scale.lon;
        double const py = (static_cast<double>(m_from.lat) - a.lat) * m_scale.lat;
        double const bx = (static_cast<double>(b.lon) - a.lon) * m_scale.lon;
        double const by = (static_cast<double>(b.lat) - a.lat) * m_scale.lat;
        double const length2 = bx * bx + by * by;
        double const t = length2 > 0 ? std::clamp((px * bx + py * by) / length2, 0.0, 1.0) : 0.0;
        double const dx = px - t * bx;
        double const dy = py - t * by;
        double const d2 = dx * dx + dy * dy;
        return d2 < 1e-6 && on_segment(a, b) ? 0 : d2;
    }

    /// Metres to the box, never more than to anything in it.
    [[nodiscard]] double bound(geom::Envelope const& box) const noexcept {
        auto const gap = [](std::int64_t at, std::int64_t low, std::int64_t high) {
            return static_cast<double>(std::max({std::int64_t{0}, low - at, at - high}));
        };
        constexpr double kRounding = 1 - 1e-12;
        return std::hypot(gap(m_from.lon, box.min.lon, box.max.lon) * m_scale.lon,
                          gap(m_from.lat, box.min.lat, box.max.lat) * m_scale.lat) *
               kRounding;
    }

private:
    [[nodiscard]] bool on_segment(geom::Point a, geom::Point b) const noexcept {
        geom::Envelope box;
        box.extend(a);
        box.extend(b);
        return box.contains(m_from) && geom::orientation(a, b, m_from) == 0;
    }

    geom::Point m_from;
    geom::MetresPerDegree m_scale; ///< for one lattice unit
};

} // namespace wangge::snapshot
