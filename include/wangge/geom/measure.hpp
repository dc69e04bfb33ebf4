#pragma once

#include <wangge/geom/polygon.hpp>
#include <wangge/geom/segments.hpp>

namespace wangge::geom {

/// Semi-major axis (m) and flattening of the CGCS2000 ellipsoid (GB 22021).
inline constexpr double kSemiMajorAxisM = 6378137.0;
inline constexpr double kFlattening = 1.0 / 298.257222101;

/**
 * Area in square metres on the CGCS2000 ellipsoid of the region bounded by edges that are straight in longitude and
 * latitude, which is what a lattice edge is; so areas of a coverage add up exactly. Outer rings count positive, holes
 * negative. For edges below 1 km it equals the geodesic polygon's area to 1e-8 of it. O(n).
 * Source: authalic latitude, Snyder, Map Projections (1987), eq. 3-12; edges by Simpson's rule.
 */
[[nodiscard]] double area_m2(Ring const& ring) noexcept;
[[nodiscard]] double area_m2(MultiPolygon const& shape) noexcept;

/// Metres along a meridian and along a parallel for one degree at a latitude, from the radii of curvature.
struct MetresPerDegree {
    double lon = 0;
    double lat = 0;
};
[[nodiscard]] MetresPerDegree metres_per_degree(double latitude_degrees) noexcept;

/**
 * Metres east and north of one position, by the scales at the latitude midway: distances from it are those of the
 * geodesic to 1e-5 up to some 50 km (to an edge plus about 1 cm when it is 1 km long, since it is straight in longitude
 * and latitude and so not quite straight here). Beyond 2 degrees of latitude the scales stay as they are there, so that
 * far positions are far but no more. Cheap to make and to copy.
 */
class LocalMetres {
public:
    struct Offset {
        double east = 0;
        double north = 0;
    };
    explicit LocalMetres(Point from) noexcept;
    [[nodiscard]] Point from() const noexcept { return m_from; }
    [[nodiscard]] Offset to(Point p) const noexcept {
        auto const east = static_cast<double>(std::int64_t{p.lon} - m_from.lon);
        auto const north = static_cast<double>(std::int64_t{p.lat} - m_from.lat);
        auto const scale = scale_at(north);
        return {east * scale.east, north * scale.north};
    }
    /// Never more than the distance to anything in the box, nor than to a segment between two positions of it.
    [[nodiscard]] double lower_bound(Envelope const& box) const noexcept;

private:
    /// Metres for one lattice unit, for a position so many units to the north.
    [[nodiscard]] Offset scale_at(double north) const noexcept {
        double const middle = std::clamp(north, -kFarthest, kFarthest) / 2;
        return {std::max(0.0, m_east0 + middle * (m_east1 + middle * m_east2)), m_north0 + middle * m_north1};
    }
    static constexpr double kFarthest = 2 * kUnitsPerDegree;

    Point m_from;
    double m_east0, m_east1, m_east2, m_north0, m_north1; ///< series in the latitude midway
};

/// Distance in metres between positions less than some 50 km apart, to 1e-5 of it (scales at mid latitude).
[[nodiscard]] double distance_m(Point a, Point b) noexcept;
/// Distance in metres from `p` to the segment a-b, as LocalMetres has it. 0 on the segment. The order of a and b makes
/// no difference, nor does the other end of an edge whose end is nearest, so that ties between grids are ties.
[[nodiscard]] double distance_to_segment_m(Point p, Point a, Point b) noexcept;
/// Squared metres from `plane.from()` to the segment a-b; `a_at`, `b_at` are plane.to(a), plane.to(b).
[[nodiscard]] inline double squared_distance_to_segment(LocalMetres const& plane, Point a, Point b,
                                                        LocalMetres::Offset a_at, LocalMetres::Offset b_at) noexcept {
    if (on_segment(plane.from(), a, b)) {
        return 0;
    }
    if (b < a) {
        std::swap(a, b);
        std::swap(a_at, b_at);
    }
    double const east = b_at.east - a_at.east;
    double const north = b_at.north - a_at.north;
    double const along = -(a_at.east * east + a_at.north * north);
    double const length2 = east * east + north * north;
    auto nearest = a_at;
    if (along >= length2) {
        nearest = b_at;
    } else if (along > 0) {
        double const t = along / length2;
        nearest = {a_at.east + t * east, a_at.north + t * north};
    }
    return nearest.east * nearest.east + nearest.north * nearest.north;
}
/// Distance in metres from `p` to the nearest edge of the shape; infinity for an empty shape. O(n).
[[nodiscard]] double distance_to_boundary_m(MultiPolygon const& shape, Point p) noexcept;

/// A position inside the shape, good for a label: inside the largest part, on its widest scan line of a few. Empty
/// shape: {0,0}.
[[nodiscard]] Point interior_point(MultiPolygon const& shape);

} // namespace wangge::geom
