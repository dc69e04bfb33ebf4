#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/lookup/duty_roster.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <optional>
#include <string>
#include <vector>

namespace wangge::lookup {

struct DivisionRef {
    DivisionCode code;
    std::string name;
    Level level = Level::village;
};

struct OfficerRef {
    std::string officer_id;
    registry::Role role = registry::Role::dedicated;
};

/// One step of the escalation chain: the body to turn to when the officer cannot settle a matter.
struct EscalationStep {
    Level level = Level::village;
    std::string body; ///< governance centre (综治中心) of the division from the town up, the village itself below
};

/// Which state an answer was read from.
struct Evidence {
    GenerationNumber generation = 0;
    Date as_of;
    std::string snapshot_digest; ///< hex
};

/// Evidence of an answer to a position, enough to repeat it later.
struct Receipt : Evidence {
    std::string crs;                       ///< as asked, canonical
    std::string datum_assumed;             ///< one sentence
    geom::Point position;                  ///< on the lattice, CGCS2000
    std::string rule;                      ///< the ownership rule
    std::optional<double> edge_distance_m; ///< to the nearest grid edge; empty when outside
};

struct GridAnswer {
    GridCode code;
    std::string name;
    GridKind kind = GridKind::comprehensive;
    double area_m2 = 0;
    std::vector<DivisionRef> chain; ///< village, town, county, city, province
    std::vector<OfficerRef> officers;
    std::vector<EscalationStep> escalation;
};

/// Answer to "which grid is this position in": exactly one grid, or outside. Never a guess.
struct Answer {
    std::optional<GridAnswer> grid; ///< empty: outside
    Receipt receipt;
    struct Nearest {
        GridCode code;
        std::string name;
        double distance_m = 0;
    };
    /// Only when asked for and outside; by distance, then code. Empty list: none within kNearestLimitM.
    std::optional<std::vector<Nearest>> nearest;
};

/// A request whose fields have been checked; one for the command line, HTTP and the library.
struct PositionQuery {
    double lon = 0; ///< or easting
    double lat = 0; ///< or northing
    std::string crs = "EPSG:4490";
    std::size_t nearest = 0; ///< how many of the nearest grids to name when outside
};

/// How far from an outside position the nearest grid is looked for.
inline constexpr double kNearestLimitM = 50'000;
/// Most grids that can be asked for as the nearest ones.
inline constexpr std::size_t kMostNearest = 1000;

/// Which field of a query is wrong and why; what HTTP puts in its problem document.
struct QueryFault {
    std::string field; ///< "lon", "lat", or "lon,lat" when it is the pair that is wrong
    std::string message;
};

/// The lattice position that a query means. Empty, with a fault, when the coordinate is not finite, not on the globe,
/// or clearly exchanged: read the other way round it would lie in the window of the province (longitude 105 to 120,
/// latitude 18 to 30).
[[nodiscard]] std::optional<geom::Point> lattice_position(PositionQuery const& query,
                                                          crs::Transformer const& transformer, QueryFault& fault);

/**
 * Position or code -> Answer, over one snapshot and one duty roster. Cheap to make: one for each request.
 * `transformer` must be for query.crs and belong to the calling thread.
 */
class Locator {
public:
    Locator(snapshot::Snapshot const& snapshot, DutyRoster const& roster) : m_snapshot(snapshot), m_roster(roster) {}

    /// Empty answer and a fault as of lattice_position().
    [[nodiscard]] std::optional<Answer> locate(PositionQuery const& query, crs::Transformer const& transformer,
                                               Date as_of, QueryFault& fault) const;
    /// Empty when there is no such grid in the snapshot.
    [[nodiscard]] std::optional<GridAnswer> grid(GridCode const& code, Date as_of) const;
    [[nodiscard]] GridAnswer describe(snapshot::GridId id, Date as_of) const;
    [[nodiscard]] Evidence evidence(Date as_of) const;

private:
    snapshot::Snapshot const& m_snapshot;
    DutyRoster const& m_roster;
};

} // namespace wangge::lookup
