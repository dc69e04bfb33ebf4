#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace wangge::geom {

namespace {

constexpr double kE2 = kFlattening * (2 - kFlattening);
constexpr double kRadiansPerUnit = std::numbers::pi / 180 / kUnitsPerDegree;

/// Area in m2 between the equator and a latitude, for one radian of longitude (Snyder 3-12, times a^2/2).
double zone_m2(double latitude_rad) noexcept {
    static double const e = std::sqrt(kE2);
    double const s = std::sin(latitude_rad);
    double const es2 = kE2 * s * s;
    return kSemiMajorAxisM * kSemiMajorAxisM * (1 - kE2) / 2 * (s / (1 - es2) + std::atanh(e * s) / e);
}

} // namespace

double area_m2(Ring const& ring) noexcept {
    if (ring.size() < 3) {
        return 0;
    }
    // Zones are taken from the ring's first latitude on, so that small rings do not lose digits to large zones.
    double const zone0 = zone_m2(ring.front().lat * kRadiansPerUnit);
    double sum = 0;
    double lat_a = ring.front().lat * kRadiansPerUnit;
    double zone_a = 0;
    for_each_edge(ring, [&](Point a, Point b) {
        double const lat_b = b.lat * kRadiansPerUnit;
        double const zone_b = zone_m2(lat_b) - zone0;
        double const zone_mid = zone_m2((lat_a + lat_b) / 2) - zone0;
        double const width = (static_cast<double>(b.lon) - a.lon) * kRadiansPerUnit;
        sum -= width * (zone_a + 4 * zone_mid + zone_b) / 6;
        lat_a = lat_b;
        zone_a = zone_b;
    });
    return sum;
}

double area_m2(MultiPolygon const& shape) noexcept {
    double sum = 0;
    for_each_ring(shape, [&](Ring const& ring) { sum += area_m2(ring); });
    return sum;
}

MetresPerDegree metres_per_degree(double latitude_degrees) noexcept {
    double const latitude = latitude_degrees * std::numbers::pi / 180;
    double const s = std::sin(latitude);
    double const w2 = 1 - kE2 * s * s;
    double const prime_vertical = kSemiMajorAxisM / std::sqrt(w2);
    double const meridian = prime_vertical * (1 - kE2) / w2;
    return {prime_vertical * std::cos(latitude) * std::numbers::pi / 180, meridian * std::numbers::pi / 180};
}

LocalMetres::LocalMetres(Point from) noexcept : m_from(from) {
    double const latitude = std::clamp(from.lat * kRadiansPerUnit, -std::numbers::pi / 2, std::numbers::pi / 2);
    double const s = std::sin(latitude);
    double const c = std::cos(latitude);
    double const w2 = 1 - kE2 * s * s;
    double const prime_vertical = kSemiMajorAxisM / std::sqrt(w2);
    double const meridian = prime_vertical * (1 - kE2) / w2;
    double const meridian1 = 3 * kE2 * s * c * meridian / w2; // d meridian / d latitude
    constexpr double k = kRadiansPerUnit;
    // d(prime_vertical cos(latitude)) / d latitude = -meridian sin(latitude)
    m_east0 = k * prime_vertical * c;
    m_east1 = -k * k * meridian * s;
    m_east2 = -k * k * k * (meridian * c + meridian1 * s) / 2;
    m_north0 = k * meridian;
    m_north1 = k * k * meridian1;
}

double LocalMetres::lower_bound(Envelope const& box) const noexcept {
    auto const gap = [](std::int64_t at, std::int64_t low, std::int64_t high) {
        return static_cast<double>(std::max({std::int64_t{0}, low - at, at - high}));
    };
    // Both scales bend one way only over the few degrees that the series is for, so their least values are at the ends.
    auto const south = scale_at(static_cast<double>(std::int64_t{box.min.lat} - m_from.lat));
    auto const north = scale_at(static_cast<double>(std::int64_t{box.max.lat} - m_from.lat));
    constexpr double kRounding = 1 - 1e-12;
    return std::hypot(gap(m_from.lon, box.min.lon, box.max.lon) * std::min(south.east, north.east),
                      gap(m_from.lat, box.min.lat, box.max.lat) * std::min(south.north, north.north)) *
           kRounding;
}

double distance_m(Point a, Point b) noexcept {
    auto const scale = metres_per_degree((static_cast<double>(a.lat) + b.lat) / 2 / kUnitsPerDegree);
    return std::hypot((static_cast<double>(a.lon) - b.lon) * scale.lon,
                      (static_cast<double>(a.lat) - b.lat) * scale.lat) /
           kUnitsPerDegree;
}

double distance_to_segment_m(Point p, Point a, Point b) noexcept {
    LocalMetres const plane{p};
    return std::sqrt(squared_distance_to_segment(plane, a, b, plane.to(a), plane.to(b)));
}

double distance_to_boundary_m(MultiPolygon const& shape, Point p) noexcept {
    LocalMetres const plane{p};
    double best = std::numeric_limits<double>::infinity();
    for_each_edge(shape, [&](Point a, Point b) {
        best = std::min(best, squared_distance_to_segment(plane, a, b, plane.to(a), plane.to(b)));
    });
    return std::sqrt(best);
}

Point interior_point(MultiPolygon const& shape) {
    if (shape.empty()) {
        return {};
    }
    auto const* largest = &shape.parts.front();
    double largest_area = -1;
    for (auto const& part : shape.parts) {
        if (double const area = area_m2(part.outer); area > largest_area) {
            largest_area = area;
            largest = &part;
        }
    }
    auto const box = envelope_of(largest->outer);
    MultiPolygon const one{{*largest}};
    Point best = largest->outer.front();
    double best_width = -1;
    // Scan lines at odd sixteenths of the height; the widest stretch between two crossings holds the point.
    for (int line = 1; line < 16; line += 2) {
        auto const lat = static_cast<std::int32_t>(box.min.lat + (std::int64_t{box.max.lat} - box.min.lat) * line / 16);
        std::vector<double> crossings;
        for_each_edge(one, [&](Point a, Point b) {
            if ((a.lat <= lat) != (b.lat <= lat)) {
                crossings.push_back(a.lon + (static_cast<double>(b.lon) - a.lon) * (static_cast<double>(lat) - a.lat) /
                                                (static_cast<double>(b.lat) - a.lat));
            }
        });
        std::sort(crossings.begin(), crossings.end());
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            double const width = crossings[i + 1] - crossings[i];
            Point const middle{static_cast<std::int32_t>(std::llround((crossings[i] + crossings[i + 1]) / 2)), lat};
            if (width > best_width && owns(one, middle)) {
                best_width = width;
                best = middle;
            }
        }
    }
    return best;
}

} // namespace wangge::geom
