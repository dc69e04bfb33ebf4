#include <wangge/geom/owns.hpp>
#include <wangge/lookup/locator.hpp>

#include <fmt/format.h>

#include <cmath>

namespace wangge::lookup {

namespace {

/// Window around the province; a position read the other way round is called exchanged only when it falls in here.
bool in_province_window(double lon, double lat) { return lon >= 105 && lon <= 120 && lat >= 18 && lat <= 30; }

/// Does the pair make sense only the other way round? On EPSG:3857 both readings are on the globe, so it never is clear
/// there.
bool exchanged(PositionQuery const& query, crs::Transformer const& transformer) {
    if (transformer.geographic()) {
        return in_province_window(query.lat, query.lon);
    }
    if (transformer.name() == "EPSG:3857") {
        return false;
    }
    auto const as_given = transformer.to_registry(crs::Coordinate{query.lon, query.lat});
    if (as_given && in_province_window(as_given->lon, as_given->lat)) {
        return false;
    }
    auto const turned = transformer.to_registry(crs::Coordinate{query.lat, query.lon});
    return turned && in_province_window(turned->lon, turned->lat);
}

std::optional<QueryFault> fault_of(PositionQuery const& query, crs::Transformer const& transformer) {
    bool const degrees = transformer.geographic();
    if (!std::isfinite(query.lon)) {
        return QueryFault{"lon", "is not a finite number"};
    }
    if (!std::isfinite(query.lat)) {
        return QueryFault{"lat", "is not a finite number"};
    }
    if (exchanged(query, transformer)) {
        return QueryFault{"lon,lat",
                          degrees ? fmt::format("look swapped: latitude {} cannot be, but longitude {} and latitude "
                                                "{} lie in the province; pass the longitude as lon",
                                                query.lat, query.lat, query.lon)
                                  : fmt::format("look swapped: in {} the easting goes into lon and the northing "
                                                "into lat; as given they lie far outside its zone",
                                                transformer.name())};
    }
    if (degrees && std::abs(query.lon) > 180) {
        return QueryFault{"lon",
                          fmt::format("{} is not a longitude: it must lie between -180 and 180 degrees", query.lon)};
    }
    if (degrees && std::abs(query.lat) > 90) {
        return QueryFault{"lat",
                          fmt::format("{} is not a latitude: it must lie between -90 and 90 degrees", query.lat)};
    }
    return std::nullopt;
}

} // namespace

std::optional<geom::Point> lattice_position(PositionQuery const& query, crs::Transformer const& transformer,
                                            QueryFault& fault) {
    if (auto found = fault_of(query, transformer)) {
        fault = std::move(*found);
        return std::nullopt;
    }
    auto const position = transformer.to_registry(crs::Coordinate{query.lon, query.lat});
    auto const point = position ? crs::to_lattice(*position) : std::nullopt;
    if (!point) {
        fault = {"lon,lat", fmt::format("{}, {} cannot be brought from {} to CGCS2000; check the numbers and crs",
                                        query.lon, query.lat, transformer.name())};
    }
    return point;
}

Evidence Locator::evidence(Date as_of) const { return {m_snapshot.generation(), as_of, m_snapshot.digest().hex()}; }

std::optional<Answer> Locator::locate(PositionQuery const& query, crs::Transformer const& transformer, Date as_of,
                                      QueryFault& fault) const {
    auto const point = lattice_position(query, transformer, fault);
    if (!point) {
        return std::nullopt;
    }
    Answer answer;
    static_cast<Evidence&>(answer.receipt) = evidence(as_of);
    answer.receipt.crs = transformer.name();
    answer.receipt.datum_assumed = transformer.datum_assumed();
    answer.receipt.position = *point;
    answer.receipt.rule = geom::kOwnershipRule;
    auto const id = m_snapshot.locate(*point);
    if (id != snapshot::kOutside) {
        answer.grid = describe(id, as_of);
        answer.receipt.edge_distance_m = m_snapshot.distance_to_boundary_m(id, *point);
    } else if (query.nearest != 0) {
        auto& named = answer.nearest.emplace();
        for (auto const& near : m_snapshot.nearest(*point, query.nearest, kNearestLimitM)) {
            auto const grid = m_snapshot.grid(near.grid);
            named.push_back({grid.code, std::string{grid.name}, near.distance_m});
        }
    }
    return answer;
}

std::optional<GridAnswer> Locator::grid(GridCode const& code, Date as_of) const {
    auto const id = m_snapshot.find_grid(code);
    return id ? std::optional{describe(*id, as_of)} : std::nullopt;
}

GridAnswer Locator::describe(snapshot::GridId id, Date as_of) const {
    auto const info = m_snapshot.grid(id);
    GridAnswer answer;
    answer.code = info.code;
    answer.name = info.name;
    answer.kind = info.kind;
    answer.area_m2 = info.area_m2;
    for (auto at = info.village; at != snapshot::kNoDivision;) {
        auto const division = m_snapshot.division(at);
        answer.chain.push_back({division.code, std::string{division.name}, division.level});
        at = division.parent;
    }
    for (auto const& entry : m_roster.of(info.code)) {
        if (entry.valid.holds(as_of)) {
            answer.officers.push_back({entry.officer_id, entry.role});
        }
    }
    for (std::size_t i = 0; i < answer.chain.size(); ++i) {
        auto const& division = answer.chain[i];
        if (division.level == Level::province) {
            break;
        }
        // Dongguan and Zhongshan have no county level: the record that stands for it carries the city's name.
        bool const stands_in =
            division.level == Level::county && i + 1 < answer.chain.size() && answer.chain[i + 1].name == division.name;
        if (!stands_in) {
            answer.escalation.push_back(
                {division.level, division.level >= Level::village ? division.name : division.name + "综治中心"});
        }
    }
    return answer;
}

} // namespace wangge::lookup
