#include <wangge/lookup/finder.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace wangge::lookup {

std::string to_json(FindAnswer const& answer) {
    using Json = nlohmann::ordered_json;
    Json out{{"matched", answer.matched}};
    auto& grids = out["grids"] = Json::array();
    for (auto const& grid : answer.grids) {
        Json one{{"code", grid.code.str()},
                 {"name", grid.name},
                 {"kind", to_string(grid.kind)},
                 {"area_m2", std::round(grid.area_m2 * 1e2) / 1e2},
                 {"village", {{"code", grid.village.code.str()}, {"name", grid.village.name}}}};
        if (grid.distance_m) {
            one["distance_m"] = std::round(*grid.distance_m * 1e3) / 1e3;
        }
        grids.push_back(std::move(one));
    }
    out["next"] = answer.next ? Json(answer.next->str()) : Json(nullptr);
    out["receipt"] = {{"generation", answer.evidence.generation},
                      {"as_of", answer.evidence.as_of.str()},
                      {"crs", answer.crs},
                      {"datum_assumed", answer.datum_assumed},
                      {"snapshot", answer.evidence.snapshot_digest}};
    // Names that are not UTF-8 show as replacement characters instead of making the whole answer fail.
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(FindAnswer const& answer, Language language) {
    std::string out;
    for (auto const& grid : answer.grids) {
        out += said(language, "{}  {}  in {} {}{}\n", "{}  {}  属 {} {}{}\n", grid.code.str(), grid.name,
                    grid.village.code.str(), grid.village.name,
                    grid.distance_m ? words("  {} m", "  {} 米", fmt::format("{:.2f}", *grid.distance_m)) : Words{});
    }
    auto const& evidence = answer.evidence;
    out += said(language, "{} {}; generation {}, as of {}, snapshot {}", "共 {} {}；第 {} 版，{} 当日，快照 {}",
                answer.matched, answer.matched == 1 ? words("grid", "个网格") : words("grids", "个网格"),
                evidence.generation, evidence.as_of.str(), evidence.snapshot_digest.substr(0, 16));
    return out;
}

} // namespace wangge::lookup
