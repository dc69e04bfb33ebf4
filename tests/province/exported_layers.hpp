// Exported layers as an outsider reads them: GDAL for the files, GEOS for the geometry. No code of the product.
#pragma once

#include <geos_c.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace verify {

/// A position in whole units of 1e-7 degree.
struct Position {
    std::int64_t x = 0;
    std::int64_t y = 0;
    auto operator<=>(Position const&) const = default;
};

/// Closed ring as the file holds it: the last position repeats the first.
using ClosedRing = std::vector<Position>;

struct Area {
    std::string code;
    std::string village, town, county, city;       ///< codes of its parents; grids only
    std::vector<std::vector<ClosedRing>> polygons; ///< outer ring first
    Position min, max;
};

/// Reads every feature of a layer of polygons (the only layer when `layer` is empty). `code_field` must exist. Throws
/// std::runtime_error when the file cannot be read or a coordinate is not a multiple of 1e-7 degree.
std::vector<Area> read_areas(std::string const& file, std::string const& layer, std::string const& code_field);

/// One GEOS context with its messages.
class Geos {
public:
    Geos();
    ~Geos();
    Geos(Geos const&) = delete;
    Geos& operator=(Geos const&) = delete;
    [[nodiscard]] GEOSContextHandle_t handle() const { return m_handle; }
    /// Throws with GEOS's last message.
    [[noreturn]] void fail(std::string const& doing) const;

private:
    static void note(char const* message, void* self);
    GEOSContextHandle_t m_handle;
    std::string m_message;
};

struct GeometryDeleter {
    GEOSContextHandle_t context = nullptr;
    void operator()(GEOSGeometry* geometry) const { GEOSGeom_destroy_r(context, geometry); }
};
using Geometry = std::unique_ptr<GEOSGeometry, GeometryDeleter>;

[[nodiscard]] inline Geometry own(Geos const& geos, GEOSGeometry* geometry, char const* doing) {
    if (geometry == nullptr) {
        geos.fail(doing);
    }
    return Geometry{geometry, GeometryDeleter{geos.handle()}};
}

/// MultiPolygon; a unit is 1/`scale` of a lattice unit: 1 keeps whole numbers, on which GEOS's predicates and sums are
/// exact; 1e7 gives degrees.
[[nodiscard]] Geometry to_geos(Geos const& geos, Area const& area, double scale);

} // namespace verify
