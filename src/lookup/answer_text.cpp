#include "labelled_lines.hpp"

#include <wangge/lookup/answer_text.hpp>

#include <fmt/format.h>

namespace wangge::lookup {

namespace {

void put_grid(LabelledLines& lines, GridAnswer const& grid) {
    lines.add(words("grid", "网格"), words("{}  {}  ({}, {} m2)", "{}  {}（{}，{} 平方米）", grid.code.str(), grid.name,
                                           words_of(grid.kind), fmt::format("{:.0f}", grid.area_m2)));
    for (auto const& division : grid.chain) {
        lines.add(words_of(division.level), fmt::format("{}  {}", division.code.str(), division.name));
    }
    if (grid.officers.empty()) {
        lines.add(words("officers", "网格员"), words("none on duty: vacant", "无在岗人员：空缺"));
    }
    for (auto const& officer : grid.officers) {
        lines.add(words("officer", "网格员"), words("{}  ({})", "{}（{}）", officer.officer_id,
                                                    Words{std::string{registry::to_string(officer.role)},
                                                          registry::words_of(officer.role).chinese}));
    }
    std::string chain;
    for (auto const& step : grid.escalation) {
        chain += chain.empty() ? step.body : " -> " + step.body;
    }
    lines.add(words("escalation", "逐级上报"), chain);
}

void put_evidence(LabelledLines& lines, Evidence const& evidence) {
    lines.add(words("state", "依据"),
              words("generation {}, as of {}, snapshot {}", "第 {} 版，{} 当日，快照 {}", evidence.generation,
                    evidence.as_of.str(), evidence.snapshot_digest.substr(0, 16)));
}

} // namespace

std::string to_text(Answer const& answer, Language language) {
    LabelledLines lines{language};
    if (answer.grid) {
        put_grid(lines, *answer.grid);
    } else {
        lines.add(words("grid", "网格"), words("outside: no grid holds this position", "不在任何网格内"));
    }
    if (answer.nearest) {
        auto const label = words("nearest", "最近网格");
        if (answer.nearest->empty()) {
            lines.add(label, words("none within {} km", "{} 公里内没有", fmt::format("{:.0f}", kNearestLimitM / 1000)));
        }
        for (auto const& near : *answer.nearest) {
            lines.add(label, words("{}  {}, {} m away", "{}  {}，相距 {} 米", near.code.str(), near.name,
                                   fmt::format("{:.1f}", near.distance_m)));
        }
    }
    auto const& receipt = answer.receipt;
    if (receipt.edge_distance_m) {
        lines.add(words("edge", "边界"), words("{} m to the nearest grid edge", "距最近的网格边界 {} 米",
                                               fmt::format("{:.2f}", *receipt.edge_distance_m)));
    }
    lines.add(words("position", "位置"), words("{} (CGCS2000, longitude first)", "{}（CGCS2000，经度在前）",
                                               fmt::format("{:.7f}, {:.7f}", geom::to_degrees(receipt.position.lon),
                                                           geom::to_degrees(receipt.position.lat))));
    lines.add(words("datum", "坐标系"),
              Words{receipt.datum_assumed, fmt::format("{}，换算为 CGCS2000 经纬度（EPSG:4490）", receipt.crs)});
    lines.add(words("rule", "规则"),
              Words{receipt.rule, "半开：边界上的位置归正北一侧的网格，南北走向的边界归正东一侧"});
    put_evidence(lines, receipt);
    return lines.take();
}

std::string to_text(GridAnswer const& grid, Evidence const& evidence, Language language) {
    LabelledLines lines{language};
    put_grid(lines, grid);
    put_evidence(lines, evidence);
    return lines.take();
}

} // namespace wangge::lookup
