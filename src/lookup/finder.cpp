#include <wangge/geom/validity.hpp>
#include <wangge/lookup/finder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace wangge::lookup {

namespace {

using snapshot::GridId;
using snapshot::NearestGrid;

std::optional<geom::Point> position_of(crs::Coordinate c, crs::Transformer const& transformer, char const* field,
                                       QueryFault& fault) {
    PositionQuery query;
    query.lon = c.x;
    query.lat = c.y;
    QueryFault wrong;
    auto const point = lattice_position(query, transformer, wrong);
    if (!point) {
        fault = {field, fmt::format("{} {}", wrong.field, wrong.message)};
    }
    return point;
}

std::optional<geom::Ring> positions_of(QueryGeometry::Chain const& chain, crs::Transformer const& transformer,
                                       char const* field, QueryFault& fault) {
    geom::Ring points;
    for (auto const& c : chain) {
        auto const point = position_of(c, transformer, field, fault);
        if (!point) {
            return std::nullopt;
        }
        points.push_back(*point);
    }
    return points;
}

class Search {
public:
    Search(snapshot::Snapshot const& snapshot, crs::Transformer const& transformer, QueryFault& fault)
        : m_snapshot(snapshot), m_transformer(transformer), m_fault(fault) {}

    std::optional<std::vector<NearestGrid>> operator()(BoxQuery const& box) {
        for (double const side : {box.west, box.south, box.east, box.north}) {
            if (!std::isfinite(side)) {
                return refuse("bbox", "holds what is not a finite number");
            }
        }
        if (box.west > box.east || box.south > box.north) {
            return refuse("bbox",
                          fmt::format("{} exceeds {}; write west,south,east,north (longitude or easting first)",
                                      box.west > box.east ? "west" : "south", box.west > box.east ? "east" : "north"));
        }
        constexpr int kSteps = 16;
        std::array<crs::Coordinate, 5> const corners{{{box.west, box.south},
                                                      {box.east, box.south},
                                                      {box.east, box.north},
                                                      {box.west, box.north},
                                                      {box.west, box.south}}};
        bool const straight = m_transformer.name() == "EPSG:4490" || m_transformer.name() == "EPSG:4326";
        QueryGeometry::Chain outline;
        for (std::size_t side = 0; side < 4; ++side) {
            for (int step = 0; step < (straight ? 1 : kSteps); ++step) {
                double const t = static_cast<double>(step) / kSteps;
                outline.push_back({corners[side].x + t * (corners[side + 1].x - corners[side].x),
                                   corners[side].y + t * (corners[side + 1].y - corners[side].y)});
            }
        }
        auto ring = positions_of(outline, m_transformer, "bbox", m_fault);
        if (!ring) {
            return std::nullopt;
        }
        if (straight) {
            return by_code(m_snapshot.intersecting(geom::envelope_of(*ring)));
        }
        return by_code(m_snapshot.intersecting(geom::Polygon{std::move(*ring), {}}));
    }

    std::optional<std::vector<NearestGrid>> operator()(QueryGeometry const& geometry) {
        geom::MultiPolygon area;
        std::vector<GridId> found;
        for (auto const& part : geometry.parts) {
            geom::Polygon polygon;
            for (auto const& chain : part.chains) {
                auto points = positions_of(chain, m_transformer, "geometry", m_fault);
                if (!points) {
                    return std::nullopt;
                }
                if (geometry.kind != QueryGeometry::Kind::area) {
                    auto const met = m_snapshot.intersecting(std::span<geom::Point const>{*points});
                    found.insert(found.end(), met.begin(), met.end());
                    continue;
                }
                points->pop_back(); // repeats the first
                (&chain == &part.chains.front() ? polygon.outer : polygon.holes.emplace_back()) = std::move(*points);
            }
            area.parts.push_back(std::move(polygon));
        }
        if (geometry.kind == QueryGeometry::Kind::area) {
            if (auto const reason = geom::geos_invalid_reason(area)) {
                return refuse("geometry", fmt::format("is not a valid area: {}; repair it", *reason));
            }
            return by_code(m_snapshot.intersecting(area));
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return by_code(std::move(found));
    }

    std::optional<std::vector<NearestGrid>> operator()(NearQuery const& near) {
        if (near.within_m.has_value() == near.nearest.has_value()) {
            return refuse("near", "needs either how many of the nearest grids, or how many metres around");
        }
        if (near.within_m && !(*near.within_m >= 0 && *near.within_m <= kNearestLimitM)) {
            return refuse("within", fmt::format("{} is not between 0 and {} metres", *near.within_m, kNearestLimitM));
        }
        if (near.nearest && (*near.nearest == 0 || *near.nearest > kMostNearest)) {
            return refuse("nearest", fmt::format("{} is not between 1 and {}", *near.nearest, kMostNearest));
        }
        auto const p = position_of({near.lon, near.lat}, m_transformer, "near", m_fault);
        if (!p) {
            return std::nullopt;
        }
        return near.nearest ? m_snapshot.nearest(*p, *near.nearest, kNearestLimitM)
                            : m_snapshot.within(*p, *near.within_m);
    }

private:
    std::nullopt_t refuse(char const* field, std::string message) {
        m_fault = {field, std::move(message)};
        return std::nullopt;
    }
    [[nodiscard]] std::vector<NearestGrid> by_code(std::vector<GridId> ids) const {
        std::vector<std::pair<GridCode, GridId>> coded;
        coded.reserve(ids.size());
        for (auto const id : ids) {
            coded.emplace_back(m_snapshot.grid(id).code, id);
        }
        std::sort(coded.begin(), coded.end());
        std::vector<NearestGrid> found;
        found.reserve(ids.size());
        for (auto const& [code, id] : coded) {
            found.push_back({id, 0});
        }
        return found;
    }

    snapshot::Snapshot const& m_snapshot;
    crs::Transformer const& m_transformer;
    QueryFault& m_fault;
};

} // namespace

std::optional<FindAnswer> Finder::find(FindQuery const& query, crs::Transformer const& transformer, Date as_of,
                                       Page const& page, QueryFault& fault) const {
    auto const found = std::visit(Search{m_snapshot, transformer, fault}, query.what);
    if (!found) {
        return std::nullopt;
    }
    FindAnswer answer;
    answer.matched = found->size();
    answer.evidence = {m_snapshot.generation(), as_of, m_snapshot.digest().hex()};
    answer.crs = transformer.name();
    answer.datum_assumed = transformer.datum_assumed();
    auto at = found->begin();
    if (page.after) {
        at = std::find_if(found->begin(), found->end(),
                          [&](NearestGrid const& one) { return m_snapshot.grid(one.grid).code == *page.after; });
        if (at == found->end()) {
            fault = {"after", fmt::format("{} is not among the {} grids of this answer; the published state may have "
                                          "changed: begin again without it",
                                          page.after->str(), found->size())};
            return std::nullopt;
        }
        ++at;
    }
    bool const near = std::holds_alternative<NearQuery>(query.what);
    for (; at != found->end() && answer.grids.size() < page.limit; ++at) {
        auto const info = m_snapshot.grid(at->grid);
        auto const village = m_snapshot.division(info.village);
        answer.grids.push_back({info.code,
                                std::string{info.name},
                                info.kind,
                                {village.code, std::string{village.name}, village.level},
                                info.area_m2,
                                near ? std::optional{at->distance_m} : std::nullopt});
    }
    if (at != found->end() && !answer.grids.empty()) {
        answer.next = answer.grids.back().code;
    }
    return answer;
}

} // namespace wangge::lookup
