#pragma once

#include <wangge/geom/polygon.hpp>

#include <geos_c.h>

#include <memory>
#include <string>
#include <vector>

namespace wangge::test {

/// Oracle: GEOS on the lattice coordinates as they are, so that small ones are exact in double.
class Geos {
public:
    Geos() : m_context(GEOS_init_r()) {}
    ~Geos() { GEOS_finish_r(m_context); }
    Geos(Geos const&) = delete;
    Geos& operator=(Geos const&) = delete;

    struct Destroy {
        GEOSContextHandle_t context;
        void operator()(GEOSGeometry* g) const { GEOSGeom_destroy_r(context, g); }
    };
    using Geometry = std::unique_ptr<GEOSGeometry, Destroy>;

    [[nodiscard]] Geometry own(GEOSGeometry* g) const { return Geometry{g, Destroy{m_context}}; }

    [[nodiscard]] Geometry from(geom::MultiPolygon const& shape) const {
        std::vector<GEOSGeometry*> parts;
        for (auto const& part : shape.parts) {
            std::vector<GEOSGeometry*> holes;
            for (auto const& hole : part.holes) {
                holes.push_back(ring(hole));
            }
            parts.push_back(GEOSGeom_createPolygon_r(m_context, ring(part.outer), holes.data(),
                                                     static_cast<unsigned>(holes.size())));
        }
        return own(GEOSGeom_createCollection_r(m_context, GEOS_MULTIPOLYGON, parts.data(),
                                               static_cast<unsigned>(parts.size())));
    }
    [[nodiscard]] bool valid(geom::MultiPolygon const& shape) const {
        return GEOSisValid_r(m_context, from(shape).get()) == 1;
    }
    [[nodiscard]] std::string reason(geom::MultiPolygon const& shape) const {
        char* text = GEOSisValidReason_r(m_context, from(shape).get());
        std::string const result = text;
        GEOSFree_r(m_context, text);
        return result;
    }
    [[nodiscard]] double area(Geometry const& g) const {
        double result = 0;
        GEOSArea_r(m_context, g.get(), &result);
        return result;
    }
    [[nodiscard]] Geometry intersection(Geometry const& a, Geometry const& b) const {
        return own(GEOSIntersection_r(m_context, a.get(), b.get()));
    }
    [[nodiscard]] Geometry difference(Geometry const& a, Geometry const& b) const {
        return own(GEOSDifference_r(m_context, a.get(), b.get()));
    }
    [[nodiscard]] Geometry unite(std::vector<geom::MultiPolygon const*> const& shapes) const {
        std::vector<GEOSGeometry*> parts;
        for (auto const* shape : shapes) {
            parts.push_back(from(*shape).release());
        }
        auto const all = own(GEOSGeom_createCollection_r(m_context, GEOS_GEOMETRYCOLLECTION, parts.data(),
                                                         static_cast<unsigned>(parts.size())));
        return own(GEOSUnaryUnion_r(m_context, all.get()));
    }
    /// A line, or a point when it has one position.
    [[nodiscard]] Geometry line(std::vector<geom::Point> const& points) const {
        auto* sequence = coordinates(points, points.size());
        return own(points.size() == 1 ? GEOSGeom_createPoint_r(m_context, sequence)
                                      : GEOSGeom_createLineString_r(m_context, sequence));
    }
    /// Exact for coordinates of the lattice: GEOS takes orientations in double-double.
    [[nodiscard]] bool intersects(Geometry const& a, Geometry const& b) const {
        return GEOSIntersects_r(m_context, a.get(), b.get()) == 1;
    }
    [[nodiscard]] bool equal(Geometry const& a, Geometry const& b) const {
        return GEOSEquals_r(m_context, a.get(), b.get()) == 1;
    }
    /// Area of the places that `g` encloses without covering them: the pieces of a large box less `g` that do not reach
    /// its side.
    [[nodiscard]] double enclosed_area(Geometry const& g, geom::MultiPolygon const& large_box) const {
        auto const rest = difference(from(large_box), g);
        double result = 0;
        for (int i = 0; i < GEOSGetNumGeometries_r(m_context, rest.get()); ++i) {
            auto const piece = own(GEOSGeom_clone_r(m_context, GEOSGetGeometryN_r(m_context, rest.get(), i)));
            double west = 0;
            GEOSGeom_getXMin_r(m_context, piece.get(), &west);
            result += west == geom::envelope_of(large_box).min.lon ? 0 : area(piece);
        }
        return result;
    }

private:
    /// The first `count` positions, going round.
    [[nodiscard]] GEOSCoordSequence* coordinates(std::vector<geom::Point> const& points, std::size_t count) const {
        auto* sequence = GEOSCoordSeq_create_r(m_context, static_cast<unsigned>(count), 2);
        for (std::size_t i = 0; i < count; ++i) {
            auto const p = points[i % points.size()];
            GEOSCoordSeq_setXY_r(m_context, sequence, static_cast<unsigned>(i), p.lon, p.lat);
        }
        return sequence;
    }
    [[nodiscard]] GEOSGeometry* ring(geom::Ring const& points) const {
        return GEOSGeom_createLinearRing_r(m_context, coordinates(points, points.size() + 1));
    }

    GEOSContextHandle_t m_context;
};

} // namespace wangge::test
