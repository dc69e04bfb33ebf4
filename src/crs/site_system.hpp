#pragma once

#include <wangge/crs/transformer.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace wangge::crs {

struct Ellipsoid {
    double semi_major_m = 0;
    double inverse_flattening = 0;
};

/// Transverse Mercator (Gauss-Kruger) on the ellipsoid of the system.
struct GaussKruger {
    double central_meridian_deg = 0;
    double latitude_of_origin_deg = 0;
    double scale = 1;
    double false_easting_m = 0;
    double false_northing_m = 0;
};

/// Seven parameters between geocentric coordinates, from the source to CGCS2000; small-angle form (EPSG 9606, 9607).
struct SevenParameters {
    double dx_m = 0, dy_m = 0, dz_m = 0;
    double rx_arcsec = 0, ry_arcsec = 0, rz_arcsec = 0;
    double scale_ppm = 0;
    bool position_vector = true; ///< else coordinate frame: the rotations have the other sign
    std::string source_crs;      ///< "EPSG:n"; empty: `ellipsoid` and `projection` say it
    std::optional<Ellipsoid> ellipsoid;
    std::optional<GaussKruger> projection; ///< empty: degrees
};

/// A similarity from the source's plane to `target`: turn, scale, then shift.
struct FourParameters {
    double shift_east_m = 0, shift_north_m = 0;
    double rotation_arcsec = 0; ///< of points, counterclockwise
    double scale = 1;
    std::string target; ///< "EPSG:n", projected, on CGCS2000
};

/// As `cct` runs it: longitude and latitude in degrees where the pipeline has angles.
struct Pipeline {
    std::string text;
    std::string output; ///< "EPSG:n", projected, on CGCS2000; empty: CGCS2000 longitude and latitude
};

/// Degrees in CGCS2000, closed.
struct ValidArea {
    double west = 0, south = 0, east = 0, north = 0;
    [[nodiscard]] bool holds(double lon, double lat) const noexcept {
        return lon >= west && lon <= east && lat >= south && lat <= north;
    }
};

struct ControlPoint {
    Coordinate from, to;
    std::string to_crs;
    double within_m = 0;
    unsigned line = 0;
};

/// One [[system]] of the file.
struct SiteSystem {
    std::string name; ///< "local:guangzhou", or the code that it replaces
    bool replaces = false;
    std::variant<SevenParameters, FourParameters, Pipeline> method;
    std::string source; ///< where the parameters come from
    std::string remark;
    std::optional<ValidArea> area;
    std::optional<double> accuracy_m;
    std::vector<ControlPoint> control_points;
    std::string file;
    unsigned line = 0;
    unsigned method_line = 0; ///< of the value that PROJ has to understand
};

} // namespace wangge::crs
