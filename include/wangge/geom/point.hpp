#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

namespace wangge::geom {

/// Lattice units in one degree: a coordinate of 1 is 1e-7 degree, about 1.1 cm.
inline constexpr double kUnitsPerDegree = 1e7;

/**
 * Position in CGCS2000 geographic (EPSG:4490), longitude first, in units of 1e-7 degree.
 * EPSG orders 4490 latitude first; only crs::Transformer knows that.
 */
struct Point {
    std::int32_t lon = 0;
    std::int32_t lat = 0;
    auto operator<=>(Point const&) const = default;
};

/// Degrees to the nearest lattice coordinate, halves away from zero. `degrees` must be finite and within +-180.
[[nodiscard]] inline std::int32_t to_lattice(double degrees) noexcept {
    // As std::llround, but without a call: the fraction that truncation leaves is exact.
    double const units = degrees * kUnitsPerDegree;
    auto const whole = static_cast<std::int32_t>(units);
    double const fraction = units - whole;
    return whole + static_cast<std::int32_t>(fraction >= 0.5) - static_cast<std::int32_t>(fraction <= -0.5);
}
/// Lattice coordinate to degrees; to_lattice brings it back exactly.
[[nodiscard]] inline double to_degrees(std::int32_t units) noexcept { return units / kUnitsPerDegree; }

/// Is it within +-180 and +-90 degrees?
[[nodiscard]] inline bool on_globe(Point p) noexcept {
    return static_cast<std::uint32_t>(p.lon) + 1'800'000'000U <= 3'600'000'000U &&
           static_cast<std::uint32_t>(p.lat) + 900'000'000U <= 1'800'000'000U;
}

/// Sign of the turn a -> b -> c: positive left, negative right, zero straight. Exact for positions on the globe (each
/// product stays below 6.5e18 < 2^63; the products are compared, not subtracted). Not for int32 values off the globe.
[[nodiscard]] inline int orientation(Point a, Point b, Point c) noexcept {
    auto const left = (std::int64_t{b.lon} - a.lon) * (std::int64_t{c.lat} - a.lat);
    auto const right = (std::int64_t{b.lat} - a.lat) * (std::int64_t{c.lon} - a.lon);
    return left > right ? 1 : (left < right ? -1 : 0);
}

/// Closed box. The default one is empty and grows by extend().
struct Envelope {
    Point min{std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::max()};
    Point max{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::min()};

    [[nodiscard]] bool empty() const noexcept { return min.lon > max.lon || min.lat > max.lat; }
    void extend(Point p) noexcept {
        min = {std::min(min.lon, p.lon), std::min(min.lat, p.lat)};
        max = {std::max(max.lon, p.lon), std::max(max.lat, p.lat)};
    }
    void extend(Envelope const& e) noexcept {
        if (!e.empty()) {
            extend(e.min);
            extend(e.max);
        }
    }
    [[nodiscard]] bool contains(Point p) const noexcept {
        return p.lon >= min.lon && p.lon <= max.lon && p.lat >= min.lat && p.lat <= max.lat;
    }
    [[nodiscard]] bool intersects(Envelope const& e) const noexcept {
        return min.lon <= e.max.lon && e.min.lon <= max.lon && min.lat <= e.max.lat && e.min.lat <= max.lat;
    }
    /// What both have in common; empty when they do not meet.
    [[nodiscard]] Envelope clipped_to(Envelope const& e) const noexcept {
        return {{std::max(min.lon, e.min.lon), std::max(min.lat, e.min.lat)},
                {std::min(max.lon, e.max.lon), std::min(max.lat, e.max.lat)}};
    }
    [[nodiscard]] bool within(Envelope const& e) const noexcept {
        return min.lon >= e.min.lon && max.lon <= e.max.lon && min.lat >= e.min.lat && max.lat <= e.max.lat;
    }
    auto operator<=>(Envelope const&) const = default;
};

} // namespace wangge::geom

template <>
struct std::hash<wangge::geom::Point> {
    std::size_t operator()(wangge::geom::Point const& p) const noexcept {
        auto key = (std::uint64_t{static_cast<std::uint32_t>(p.lon)} << 32U) | static_cast<std::uint32_t>(p.lat);
        key = (key ^ (key >> 30U)) * 0xbf58476d1ce4e5b9ULL; // splitmix64 finaliser
        return (key ^ (key >> 27U)) * 0x94d049bb133111ebULL;
    }
};
