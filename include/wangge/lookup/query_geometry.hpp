#pragma once

#include <wangge/crs/transformer.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// A geometry as somebody asks with it: coordinates of a CRS that is named apart, easting or longitude first.
struct QueryGeometry {
    enum class Kind { point, line, area };
    using Chain = std::vector<crs::Coordinate>;
    struct Part {
        std::vector<Chain> chains; ///< of an area: outer ring, then holes, closed or open; otherwise one chain
    };
    Kind kind = Kind::point;
    std::vector<Part> parts; ///< of a line or area: one or more
};

/**
 * Reads GeoJSON (RFC 7946): Point, LineString, MultiLineString, Polygon or MultiPolygon, alone or as the one feature of
 * a Feature or FeatureCollection. Heights are passed over. Empty when it is not such, and `why` says what is wrong and
 * what would be right. A `crs` member (GeoJSON of 2008) is refused: the CRS is a parameter. Any bytes are safe. O(n).
 */
[[nodiscard]] std::optional<QueryGeometry> parse_geojson(std::string_view text, std::string& why);

/// The same for WKT (OGC 06-103r4): POINT, LINESTRING, MULTILINESTRING, POLYGON, MULTIPOLYGON, in any case; Z and M are
/// passed over.
[[nodiscard]] std::optional<QueryGeometry> parse_wkt(std::string_view text, std::string& why);

/// GeoJSON when it begins with a brace, WKT otherwise.
[[nodiscard]] std::optional<QueryGeometry> parse_query_geometry(std::string_view text, std::string& why);

} // namespace wangge::lookup
