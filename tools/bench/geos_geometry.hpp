#pragma once

#include <wangge/geom/polygon.hpp>

#include <geos_c.h>

#include <vector>

/// Our shapes as geometries of GEOS, on lattice units as doubles.
namespace wangge::bench {

/// Vertices, `count` of them: beyond the last the first follows again.
[[nodiscard]] inline GEOSCoordSequence* geos_sequence(GEOSContextHandle_t context,
                                                      std::vector<geom::Point> const& points, std::size_t count) {
    auto* const sequence = GEOSCoordSeq_create_r(context, static_cast<unsigned>(count), 2);
    for (std::size_t i = 0; i < count; ++i) {
        auto const p = points[i % points.size()];
        GEOSCoordSeq_setXY_r(context, sequence, static_cast<unsigned>(i), p.lon, p.lat);
    }
    return sequence;
}

[[nodiscard]] inline GEOSGeometry* geos_ring(GEOSContextHandle_t context, geom::Ring const& points) {
    return GEOSGeom_createLinearRing_r(context, geos_sequence(context, points, points.size() + 1));
}

/// A Polygon, or a MultiPolygon when there are several parts. The caller's to destroy.
[[nodiscard]] inline GEOSGeometry* geos_geometry(GEOSContextHandle_t context, geom::MultiPolygon const& shape) {
    std::vector<GEOSGeometry*> parts;
    for (auto const& part : shape.parts) {
        std::vector<GEOSGeometry*> holes;
        for (auto const& hole : part.holes) {
            holes.push_back(geos_ring(context, hole));
        }
        parts.push_back(GEOSGeom_createPolygon_r(context, geos_ring(context, part.outer), holes.data(),
                                                 static_cast<unsigned>(holes.size())));
    }
    return parts.size() == 1 ? parts[0]
                             : GEOSGeom_createCollection_r(context, GEOS_MULTIPOLYGON, parts.data(),
                                                           static_cast<unsigned>(parts.size()));
}

} // namespace wangge::bench
