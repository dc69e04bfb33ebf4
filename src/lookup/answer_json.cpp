#include <wangge/lookup/address_text.hpp>
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

} // namespace

static void put_grid(Json& out, GridAnswer const& grid) {
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

static void put_no_grid(Json& out) {
    out["grid"] = nullptr;
    for (auto const level : {Level::village, Level::town, Level::county, Level::city, Level::province}) {
        out[std::string{to_string(level)}] = nullptr;
    }
    out["officers"] = Json::array();
    out["escalation"] = Json::array();
}

static std::string written(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

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

namespace {

double share_digits(double share) { return std::round(share * 1e6) / 1e6; }

Json json_of(geom::Point p) { return {{"lon", geom::to_degrees(p.lon)}, {"lat", geom::to_degrees(p.lat)}}; }

Json json_of(std::optional<geom::Point> const& p) { return p ? json_of(*p) : Json(nullptr); }

Json chain_of(address::DivisionNumber division, AddressContext const& context) {
    Json chain = Json::array();
    auto const& gazetteer = context.index.gazetteer();
    for (auto at = division; at != address::kNoDivision;) {
        auto const info = gazetteer.division(at);
        chain.push_back({{"level", to_string(info.level)}, {"code", info.code.str()}, {"name", info.name}});
        at = info.parent;
    }
    return chain;
}

Json json_of(address::StoredAddress const& a, AddressContext const& context) {
    return {{"id", a.id},
            {"text", a.text},
            {"divisions", chain_of(a.village, context)},
            {"road", a.road},
            {"number", a.number},
            {"estate", a.estate},
            {"building", a.building},
            {"unit", a.unit},
            {"room", a.room},
            {"position", json_of(a.at)},
            {"by_staff", a.by_staff}};
}

Json json_of(std::vector<address::EvidenceItem> const& evidence, std::string_view text) {
    Json out = Json::array();
    for (auto const& item : evidence) {
        out.push_back({{"component", to_string(item.component)},
                       {"bearing", to_string(item.bearing)},
                       {"text", text.substr(item.begin, item.end - item.begin)},
                       {"found", item.found},
                       {"begin", item.begin},
                       {"end", item.end}});
    }
    return out;
}

Json receipt_of(AddressContext const& context) {
    auto const evidence = context.locator.evidence(context.as_of);
    return {{"generation", evidence.generation},
            {"as_of", evidence.as_of.str()},
            {"snapshot", evidence.snapshot_digest},
            {"addresses", context.index.source().hex()}};
}

void put_places(Json& out, AddressAnswer const& answer, std::string_view text, AddressContext const& context) {
    auto& places = out["places"] = Json::array();
    for (auto const& place : answer.match.places) {
        auto& p = places.emplace_back();
        p["level"] = to_string(place.level);
        p["share"] = share_digits(place.likelihood);
        p["divisions"] = chain_of(place.division, context);
        p["address"] = place.address ? Json(context.index.address(*place.address).text) : Json(nullptr);
        p["position"] = json_of(place.position);
        p["evidence"] = json_of(place.evidence, text);
    }
    out["places_in_all"] = answer.match.places_in_all;
}

std::string_view outcome_of(AddressAnswer const& answer) {
    switch (answer.match.outcome) {
    case address::Normalizer::Outcome::not_utf8:
        return "not_utf8";
    case address::Normalizer::Outcome::too_long:
        return "too_long";
    case address::Normalizer::Outcome::good:
        break;
    }
    return answer.grid ? "determined" : answer.grids_in_all != 0 ? "undetermined" : "not_found";
}

} // namespace

std::string to_json(AddressAnswer const& answer, std::string_view text, AddressContext const& context) {
    Json out;
    out["outcome"] = outcome_of(answer);
    if (answer.match.outcome == address::Normalizer::Outcome::not_utf8) {
        out["bad_byte"] = answer.match.bad_byte;
    }
    out["level"] = to_string(answer.level);
    out["score"] = share_digits(answer.score);
    if (answer.grid) {
        put_grid(out, context.locator.describe(*answer.grid, context.as_of));
    } else {
        put_no_grid(out);
    }
    auto& grids = out["grids"] = Json::array();
    for (auto const& g : answer.grids) {
        auto const grid = context.snapshot.grid(g.grid);
        grids.push_back({{"code", grid.code.str()}, {"name", grid.name}, {"share", share_digits(g.share)}});
    }
    out["grids_in_all"] = answer.grids_in_all;
    out["position"] = json_of(answer.position);
    out["by_staff"] = answer.by_staff;
    out["standard"] = answer.standard ? json_of(*answer.standard, context) : Json(nullptr);
    auto& components = out["components"] = Json::array();
    for (auto const& c : answer.match.components) {
        components.push_back(
            {{"component", to_string(c.component)}, {"text", c.text}, {"begin", c.begin}, {"end", c.end}});
    }
    auto& conflicts = out["conflicts"] = Json::array();
    for (auto const& c : answer.conflicts) {
        conflicts.push_back({{"component", to_string(c.component)},
                             {"said", c.said},
                             {"found", c.found},
                             {"zh", chinese_sentence(c)},
                             {"en", english_sentence(c)}});
    }
    put_places(out, answer, text, context);
    out["receipt"] = receipt_of(context);
    return written(out);
}

std::string near_to_json(std::vector<address::AddressIndex::Near> const& near, geom::Point position,
                         AddressContext const& context) {
    Json out;
    out["position"] = json_of(position);
    auto& addresses = out["addresses"] = Json::array();
    for (auto const& n : near) {
        auto json = json_of(context.index.address(n.address), context);
        json["distance_m"] = std::round(n.distance_m * 1e3) / 1e3;
        auto const at = context.index.address(n.address).at;
        auto const grid = context.snapshot.locate(at);
        json["grid"] = grid == snapshot::kOutside ? Json(nullptr) : Json(context.snapshot.grid(grid).code.str());
        addresses.push_back(std::move(json));
    }
    out["receipt"] = receipt_of(context);
    return written(out);
}

std::string suggestions_to_json(std::vector<address::AddressIndex::Suggestion> const& suggestions,
                                AddressContext const& context) {
    Json out;
    auto& list = out["suggestions"] = Json::array();
    for (auto const& s : suggestions) {
        list.push_back({{"text", s.text},
                        {"component", to_string(s.component)},
                        {"divisions", chain_of(s.division, context)},
                        {"addresses", s.addresses}});
    }
    return written(out);
}

} // namespace wangge::lookup
