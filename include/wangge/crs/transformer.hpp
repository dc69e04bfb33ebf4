#pragma once

#include <wangge/crs/site_systems.hpp>
#include <wangge/geom/point.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wangge::crs {

/// CGCS2000 geographic position in degrees, longitude first, not yet on the lattice.
struct Position {
    double lon = 0;
    double lat = 0;
};

/// A coordinate pair in some CRS in traditional GIS order: easting or longitude first, whatever EPSG says.
struct Coordinate {
    double x = 0;
    double y = 0;
};

/**
 * Brings coordinates of one CRS to CGCS2000 geographic (EPSG:4490) and back.
 * CRS names: "EPSG:n", "GCJ02", "BD09", and those of the site's own systems (case-insensitive). EPSG:4490 and 4326 pass
 * unchanged (metre-level identity of the realisations is accepted by decision, recorded in datum_assumed()). A ballpark
 * or identity "transformation" between different datums is refused (Beijing54, Xian80: PROJ 9.1 returns them unchanged
 * without a warning) unless the site has parameters for it. One object serves one thread at a time; make one for each
 * thread.
 */
class Transformer {
public:
    /// Throws Error{usage} that names the CRS and what would be accepted: unknown, not 2D, refused, switched off.
    [[nodiscard]] static Transformer make(std::string_view crs_name, SiteSystems const& site = {});
    /// From a WKT or PROJ definition, as a .prj file holds it; same refusals. The site's parameters for an EPSG code
    /// hold for what PROJ recognises as that code.
    [[nodiscard]] static Transformer from_definition(std::string const& wkt, SiteSystems const& site = {});
    ~Transformer();
    Transformer(Transformer&&) noexcept;
    Transformer& operator=(Transformer&&) noexcept;

    /// Canonical name: "EPSG:4547", "GCJ02", "local:guangzhou"; for definitions without a code their name.
    [[nodiscard]] std::string const& name() const noexcept;
    /// One sentence for receipts: which datum the input was taken for and how it was brought to CGCS2000.
    [[nodiscard]] std::string datum_assumed() const;
    /// True for geographic systems (degrees), false for projected ones (metres).
    [[nodiscard]] bool geographic() const noexcept;

    /// Empty when the coordinate is not finite, off the globe, outside the area that the site states for its own
    /// system, or PROJ cannot transform it.
    [[nodiscard]] std::optional<Position> to_registry(Coordinate c) const;
    /// Empty when PROJ cannot transform it or it lies outside that area.
    [[nodiscard]] std::optional<Coordinate> from_registry(Position p) const;
    /// In place, many at once; failed ones become NaN. Returns how many failed.
    std::size_t to_registry(std::span<Coordinate> coordinates) const;
    std::size_t from_registry(std::span<Coordinate> coordinates) const;

private:
    struct Impl;
    explicit Transformer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// Degrees within +-180 and +-90; false for NaN.
[[nodiscard]] inline bool on_globe(double lon, double lat) noexcept {
    return lon >= -180.0 && lon <= 180.0 && lat >= -90.0 && lat <= 90.0;
}

/// Nearest lattice point; empty when not finite or outside +-180, +-90.
[[nodiscard]] inline std::optional<geom::Point> to_lattice(Position p) noexcept {
    if (!on_globe(p.lon, p.lat)) {
        return std::nullopt;
    }
    return geom::Point{geom::to_lattice(p.lon), geom::to_lattice(p.lat)};
}

} // namespace wangge::crs
