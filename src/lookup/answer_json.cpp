#include "grid_json.hpp"

#include <wangge/lookup/answer_text.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

namespace wangge::lookup {

namespace {

using Json = nlohmann::ordered_json;

/// Digits beyond these are noise of the measure, not knowledge.
double to_mm(double metres) { return std::round(metres * 1e3) / 1e3; }
double to_cm2(double area_m2) { return std::round(area_m2 * 1e2) / 1e2; }

Json json_of(std::vector<DivisionRef> const& chain, Level level) {
    for (auto const& division : chain) {
        if (division.level == level) {
            return {{"code", division.code.str()}, {"name", division.name}};
        }
    }
    return nullptr;
}

void put_nearest(Json& out, Answer const& answer) {
    auto& nearest = out["nearest"] = nullptr;
    if (answer.nearest) {
        nearest = Json::array();
        for (auto const& near : *answer.nearest) {
            nearest.push_back({{"code", near.code.str()}, {"name", near.name}, {"distance_m", to_mm(near.distance_m)}});
        }
    }
}

void put_grid(Json& out, GridAnswer const& grid) {
    out["grid"] = {{"code", grid.code.str()},
                   {"name", grid.name},
                   {"kind", to_string(grid.kind)},
                   {"area_m2", to_cm2(grid.area_m2)}};
    for (auto const level : {Level::village, Level::town, Level::county, Level::city, Level::province}) {
        out[std::string{to_string(level)}] = json_of(grid.chain, level);
    }
    auto& officers = out["officers"] = Json::array();
    for (auto const& officer : grid.officers) {
        officers.push_back({{"officer_id", officer.officer_id}, {"role", registry::to_string(officer.role)}});
    }
    auto& escalation = out["escalation"] = Json::array();
    for (auto const& step : grid.escalation) {
        escalation.push_back({{"level", to_string(step.level)}, {"body", step.body}});
    }
}

void put_no_grid(Json& out) {
    out["grid"] = nullptr;
    for (auto const level : {Level::village, Level::town, Level::county, Level::city, Level::province}) {
        out[std::string{to_string(level)}] = nullptr;
    }
    out["officers"] = Json::array();
    out["escalation"] = Json::array();
}

/// Names that are not UTF-8 show as replacement characters instead of making the whole answer fail.
std::string written(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

} // namespace

std::string grid_members(GridAnswer const& grid) {
    Json out;
    put_grid(out, grid);
    return written(out);
}

std::string no_grid_members() {
    Json out;
    put_no_grid(out);
    return written(out);
}

std::string joined(std::initializer_list<std::string_view> objects) {
    std::string out;
    for (auto const object : objects) {
        out += out.empty() ? '{' : ',';
        out += object.substr(1, object.size() - 2);
    }
    return out + '}';
}

std::string to_json(Answer const& answer) {
    Json out;
    out["found"] = answer.grid.has_value();
    if (answer.grid) {
        put_grid(out, *answer.grid);
    } else {
        put_no_grid(out);
        put_nearest(out, answer);
    }
    auto const& receipt = answer.receipt;
    auto const& distance = receipt.edge_distance_m;
    out["receipt"] = {
        {"generation", receipt.generation},
        {"as_of", receipt.as_of.str()},
        {"crs", receipt.crs},
        {"datum_assumed", receipt.datum_assumed},
        {"position",
         {{"lon", geom::to_degrees(receipt.position.lon)}, {"lat", geom::to_degrees(receipt.position.lat)}}},
        {"rule", receipt.rule},
        {"edge_distance_m", distance ? Json(to_mm(*distance)) : Json(nullptr)},
        {"snapshot", receipt.snapshot_digest}};
    return written(out);
}

std::string to_json(GridAnswer const& grid, Evidence const& evidence) {
    Json out;
    out["found"] = true;
    put_grid(out, grid);
    out["receipt"] = {
        {"generation", evidence.generation}, {"as_of", evidence.as_of.str()}, {"snapshot", evidence.snapshot_digest}};
    return written(out);
}

} // namespace wangge::lookup
