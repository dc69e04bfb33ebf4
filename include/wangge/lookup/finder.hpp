#pragma once

#include <wangge/base/words.hpp>
#include <wangge/lookup/locator.hpp>
#include <wangge/lookup/query_geometry.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace wangge::lookup {

/// Box in the query's CRS, easting or longitude first whatever EPSG says: west, south, east, north.
struct BoxQuery {
    double west = 0, south = 0, east = 0, north = 0;
};

/// Round a position: the `nearest` ones, or all that come within so many metres; one of the two.
struct NearQuery {
    double lon = 0; ///< or easting
    double lat = 0; ///< or northing
    std::optional<double> within_m;
    std::optional<std::size_t> nearest;
};

struct FindQuery {
    std::variant<BoxQuery, QueryGeometry, NearQuery> what;
    std::string crs = "EPSG:4490";
};

/// Which piece of a long answer: at most `limit` grids, from behind the grid `after` on.
struct Page {
    std::size_t limit = 1000;
    std::optional<GridCode> after;
};

struct FindAnswer {
    struct Grid {
        GridCode code;
        std::string name;
        GridKind kind = GridKind::comprehensive;
        DivisionRef village;
        double area_m2 = 0;
        std::optional<double>
            distance_m; ///< of a NearQuery; 0 when the grid owns the position or it is on its boundary
    };
    std::size_t matched = 0;      ///< grids on all pages
    std::vector<Grid> grids;      ///< by code; of a NearQuery the nearest first, the owner before all
    std::optional<GridCode> next; ///< to ask for the next page with; empty on the last one
    Evidence evidence;
    std::string crs;           ///< canonical
    std::string datum_assumed; ///< one sentence
};

/**
 * Which grids meet a box, area, line or position, or lie near one: exact and closed on the lattice, as
 * snapshot::Snapshot has it. Cheap to make. `transformer` must be for query.crs and belong to the calling thread.
 * Vertices are brought to CGCS2000 one by one; the sides of a box of a CRS that is not degrees of CGCS2000 or WGS 84 by
 * 16 positions each, so that they bend as they do.
 */
class Finder {
public:
    explicit Finder(snapshot::Snapshot const& snapshot) : m_snapshot(snapshot) {}
    /// Empty answer and a fault whose field is "bbox", "geometry", "near", "within", "nearest" or "after".
    [[nodiscard]] std::optional<FindAnswer> find(FindQuery const& query, crs::Transformer const& transformer,
                                                 Date as_of, Page const& page, QueryFault& fault) const;

private:
    snapshot::Snapshot const& m_snapshot;
};

/// One JSON object without line ends, keys in a fixed order (docs/http-api.md).
[[nodiscard]] std::string to_json(FindAnswer const& answer);
/// One line for each grid, then the evidence; no line end at the end.
[[nodiscard]] std::string to_text(FindAnswer const& answer, Language language);

} // namespace wangge::lookup
