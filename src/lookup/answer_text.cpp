#include <wangge/lookup/answer_text.hpp>

#include <fmt/format.h>

#include <iterator>

namespace wangge::lookup {

namespace {

void line(std::string& out, std::string_view label, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "{}{:<12}{}", out.empty() ? "" : "\n", label, value);
}

void put_grid(std::string& out, GridAnswer const& grid) {
    line(out, "grid",
         fmt::format("{}  {}  ({}, {:.0f} m2)", grid.code.str(), grid.name, to_string(grid.kind), grid.area_m2));
    for (auto const& division : grid.chain) {
        line(out, to_string(division.level), fmt::format("{}  {}", division.code.str(), division.name));
    }
    if (grid.officers.empty()) {
        line(out, "officers", "none on duty: vacant");
    }
    for (auto const& officer : grid.officers) {
        line(out, "officer", fmt::format("{}  ({})", officer.officer_id, registry::to_string(officer.role)));
    }
    std::string chain;
    for (auto const& step : grid.escalation) {
        chain += chain.empty() ? step.body : " -> " + step.body;
    }
    line(out, "escalation", chain);
}

void put_evidence(std::string& out, Evidence const& evidence) {
    line(out, "state",
         fmt::format("generation {}, as of {}, snapshot {}", evidence.generation, evidence.as_of.str(),
                     evidence.snapshot_digest.substr(0, 16)));
}

} // namespace

std::string to_text(Answer const& answer) {
    std::string out;
    if (answer.grid) {
        put_grid(out, *answer.grid);
    } else {
        line(out, "grid", "outside: no grid holds this position");
    }
    if (answer.nearest) {
        if (answer.nearest->empty()) {
            line(out, "nearest", fmt::format("none within {:.0f} km", kNearestLimitM / 1000));
        }
        for (auto const& near : *answer.nearest) {
            line(out, "nearest", fmt::format("{}  {}, {:.1f} m away", near.code.str(), near.name, near.distance_m));
        }
    }
    auto const& receipt = answer.receipt;
    if (receipt.edge_distance_m) {
        line(out, "edge", fmt::format("{:.2f} m to the nearest grid edge", *receipt.edge_distance_m));
    }
    line(out, "position",
         fmt::format("{:.7f}, {:.7f} (CGCS2000, longitude first)", geom::to_degrees(receipt.position.lon),
                     geom::to_degrees(receipt.position.lat)));
    line(out, "datum", receipt.datum_assumed);
    line(out, "rule", receipt.rule);
    put_evidence(out, receipt);
    return out;
}

std::string to_text(GridAnswer const& grid, Evidence const& evidence) {
    std::string out;
    put_grid(out, grid);
    put_evidence(out, evidence);
    return out;
}

} // namespace wangge::lookup
