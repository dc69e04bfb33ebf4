#include <wangge/lookup/finder.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <iterator>

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

std::string to_text(FindAnswer const& answer) {
    std::string out;
    for (auto const& grid : answer.grids) {
        fmt::format_to(std::back_inserter(out), "{}  {}  in {} {}", grid.code.str(), grid.name, grid.village.code.str(),
                       grid.village.name);
        if (grid.distance_m) {
            fmt::format_to(std::back_inserter(out), "  {:.2f} m", *grid.distance_m);
        }
        out += '\n';
    }
    fmt::format_to(std::back_inserter(out), "{} {}; generation {}, as of {}, snapshot {}", answer.matched,
                   answer.matched == 1 ? "grid" : "grids", answer.evidence.generation, answer.evidence.as_of.str(),
                   answer.evidence.snapshot_digest.substr(0, 16));
    return out;
}

} // namespace wangge::lookup
