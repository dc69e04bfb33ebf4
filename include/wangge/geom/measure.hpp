#pragma once

#include <wangge/geom/polygon.hpp>

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

/// Distance in metres between positions less than some 50 km apart, to 1e-5 of it (local plane at mid latitude).
[[nodiscard]] double distance_m(Point a, Point b) noexcept;
/// Distance in metres from `p` to the segment a-b; same validity. 0 on the segment.
[[nodiscard]] double distance_to_segment_m(Point p, Point a, Point b) noexcept;
/// Distance in metres from `p` to the nearest edge of the shape; infinity for an empty shape. O(n).
[[nodiscard]] double distance_to_boundary_m(MultiPolygon const& shape, Point p) noexcept;

/// A position inside the shape, good for a label: inside the largest part, on its widest scan line of a few. Empty
/// shape: {0,0}.
[[nodiscard]] Point interior_point(MultiPolygon const& shape);

} // namespace wangge::geom
