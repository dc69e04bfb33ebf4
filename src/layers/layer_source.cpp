#include "layer_source.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace wangge::layers {

namespace {

using snapshot::DivisionId;
using snapshot::GridId;
using snapshot::kNoDivision;
using snapshot::Snapshot;

std::vector<Field> const& grid_fields() {
    static std::vector<Field> const fields{
        {"grid_code", "grid_code"}, {"name", "name"},
        {"kind", "kind"},           {"village_code", "vill_code"},
        {"village", "village"},     {"town_code", "town_code"},
        {"town", "town"},           {"county_code", "cnty_code"},
        {"county", "county"},       {"city_code", "city_code"},
        {"city", "city"},           {"area_m2", "area_m2", FieldType::real},
    };
    return fields;
}

std::vector<Field> const& division_fields() {
    static std::vector<Field> const fields{
        {"code", "code"},
        {"name", "name"},
        {"level", "level"},
        {"parent_code", "par_code"},
        {"parent", "parent"},
        {"grids", "grids", FieldType::integer},
        {"area_m2", "area_m2", FieldType::real},
    };
    return fields;
}

/// Square metres to 0.01, so that every format shows the same figure.
double rounded_area(double area_m2) { return std::round(area_m2 * 100) / 100; }

std::vector<Value> grid_values(Snapshot const& snapshot, GridId id) {
    auto const grid = snapshot.grid(id);
    std::vector<Value> values(12);
    values[0] = std::string{grid.code.str()};
    values[1] = std::string{grid.name};
    values[2] = std::string{to_string(grid.kind)};
    for (auto division = grid.village; division != kNoDivision;) {
        auto const info = snapshot.division(division);
        constexpr auto kVillage = static_cast<std::size_t>(Level::village);
        auto const level = static_cast<std::size_t>(info.level);
        if (level >= static_cast<std::size_t>(Level::city) && level <= kVillage) {
            auto const column = 3 + 2 * (kVillage - level);
            values[column] = info.code.str();
            values[column + 1] = std::string{info.name};
        }
        division = info.parent;
    }
    values[11] = rounded_area(grid.area_m2);
    return values;
}

std::vector<GridId> chosen_grids(Snapshot const& snapshot, std::optional<DivisionId> division) {
    if (division) {
        return snapshot.grids_under(*division);
    }
    auto const all = snapshot.by_code();
    return {all.begin(), all.end()};
}

LayerSource grid_source(Snapshot const& snapshot, LayerInfo const& info, std::optional<DivisionId> division) {
    auto const grids = std::make_shared<std::vector<GridId> const>(chosen_grids(snapshot, division));
    LayerSource source;
    source.info = info;
    source.fields = grid_fields();
    source.count = grids->size();
    source.values = [&snapshot, grids](std::size_t i) { return grid_values(snapshot, (*grids)[i]); };
    source.shape = [&snapshot, grids](std::size_t i) { return snapshot.shape((*grids)[i]); };
    source.position = [&snapshot, grids](std::size_t i) { return geom::interior_point(snapshot.shape((*grids)[i])); };
    return source;
}

Level level_of_layer(std::string_view layer) {
    if (layer == "villages") {
        return Level::village;
    }
    if (layer == "towns") {
        return Level::town;
    }
    if (layer == "counties") {
        return Level::county;
    }
    return layer == "cities" ? Level::city : Level::province;
}

/// For each division the one of `level` that it is or lies in; kNoDivision when its chain has none.
std::vector<DivisionId> ancestors_at(Snapshot const& snapshot, Level level) {
    std::vector<DivisionId> result(snapshot.division_count(), kNoDivision);
    for (DivisionId id = 0; id < result.size(); ++id) {
        for (auto at = id; at != kNoDivision;) {
            auto const info = snapshot.division(at);
            if (info.level == level) {
                result[id] = at;
                break;
            }
            at = info.parent;
        }
    }
    return result;
}

bool lies_in(Snapshot const& snapshot, DivisionId inner, DivisionId outer) {
    for (auto at = inner; at != kNoDivision; at = snapshot.division(at).parent) {
        if (at == outer) {
            return true;
        }
    }
    return false;
}

struct Dissolved {
    std::vector<DivisionId> divisions;
    std::vector<geom::MultiPolygon> shapes;
    std::vector<std::int64_t> grids;
};

LayerSource division_source(Snapshot const& snapshot, LayerInfo const& info, std::optional<DivisionId> division,
                            Progress& progress) {
    auto const level = level_of_layer(info.name);
    if (division && snapshot.division(*division).level > level) {
        auto const chosen = snapshot.division(*division);
        throw Error{
            ErrorCode::usage,
            fmt::format(
                "layer {}: division {} {} is a {}, which lies below that level; name a {} or a division above it",
                info.name, chosen.code.str(), chosen.name, to_string(chosen.level), to_string(level))};
    }
    auto const ancestor = ancestors_at(snapshot, level);

    // Groups in code order: division ids are in code order.
    std::vector<std::uint32_t> group_of(snapshot.division_count(), kNoDivision);
    auto dissolved = std::make_shared<Dissolved>();
    for (DivisionId id = 0; id < group_of.size(); ++id) {
        if (ancestor[id] == id && (!division || lies_in(snapshot, id, *division))) {
            group_of[id] = static_cast<std::uint32_t>(dissolved->divisions.size());
            dissolved->divisions.push_back(id);
        }
    }

    std::vector<geom::MultiPolygon> shapes;
    std::vector<std::uint32_t> groups;
    auto const grids = chosen_grids(snapshot, division);
    progress.begin("read grids", grids.size(), "grids");
    dissolved->grids.assign(dissolved->divisions.size(), 0);
    for (auto const grid : grids) {
        auto const village = snapshot.grid(grid).village;
        auto const owner = village == kNoDivision ? kNoDivision : ancestor[village];
        if (owner != kNoDivision && group_of[owner] != kNoDivision) {
            shapes.push_back(snapshot.shape(grid));
            groups.push_back(group_of[owner]);
            ++dissolved->grids[group_of[owner]];
        }
        progress.advance(1);
    }
    progress.end();

    std::vector<geom::MultiPolygon const*> borrowed;
    borrowed.reserve(shapes.size());
    std::transform(shapes.begin(), shapes.end(), std::back_inserter(borrowed),
                   [](auto const& shape) { return &shape; });
    dissolved->shapes = topology::dissolve(borrowed, groups, dissolved->divisions.size());

    auto const filled = std::make_shared<std::vector<std::size_t>>();
    for (std::size_t group = 0; group < dissolved->divisions.size(); ++group) {
        if (dissolved->grids[group] != 0) {
            filled->push_back(group);
        }
    }

    LayerSource source;
    source.info = info;
    source.fields = division_fields();
    source.count = filled->size();
    source.without_grids = dissolved->divisions.size() - filled->size();
    source.values = [&snapshot, dissolved, filled](std::size_t i) {
        auto const group = (*filled)[i];
        auto const self = snapshot.division(dissolved->divisions[group]);
        std::vector<Value> values(7);
        values[0] = self.code.str();
        values[1] = std::string{self.name};
        values[2] = std::string{to_string(self.level)};
        if (self.parent != kNoDivision) {
            auto const parent = snapshot.division(self.parent);
            values[3] = parent.code.str();
            values[4] = std::string{parent.name};
        }
        values[5] = dissolved->grids[group];
        values[6] = rounded_area(geom::area_m2(dissolved->shapes[group]));
        return values;
    };
    source.shape = [dissolved, filled](std::size_t i) { return dissolved->shapes[(*filled)[i]]; };
    return source;
}

} // namespace

LayerSource make_layer_source(Snapshot const& snapshot, std::string_view layer, std::optional<DivisionCode> division,
                              Progress& progress) {
    auto const catalogue = layer_catalogue();
    auto const info = std::find_if(catalogue.begin(), catalogue.end(), [&](auto const& l) { return l.name == layer; });
    if (info == catalogue.end()) {
        throw Error{ErrorCode::usage, fmt::format("there is no layer '{}'; there are {}", layer, layer_names())};
    }
    std::optional<DivisionId> id;
    if (division) {
        id = snapshot.find_division(*division);
        if (!id) {
            throw Error{ErrorCode::not_found,
                        fmt::format("there is no division {} in generation {} on {}; codes have 12 digits",
                                    division->str(), snapshot.generation(), snapshot.as_of().str())};
        }
    }
    if (info->content == LayerContent::divisions) {
        return division_source(snapshot, *info, id, progress);
    }
    return grid_source(snapshot, *info, id);
}

} // namespace wangge::layers
