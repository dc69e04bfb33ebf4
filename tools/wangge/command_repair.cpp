#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/importers/layer_repair.hpp>

#include <fmt/format.h>

namespace wangge::command {

int repair(RepairOptions const& options) {
    if (!options.out.empty()) {
        importers::check_repair_path(options.out, options.file, "--out", false);
    }
    if (!options.report.empty()) {
        importers::check_repair_path(options.report, options.file, "--report", true);
    }
    importers::ReadOptions read;
    read.crs = options.crs;
    read.encoding = options.encoding;
    read.layer = options.layer;
    read.site_systems = site_systems(options.data);
    auto const progress = make_terminal_progress();
    auto const plan = importers::plan_layer_repair(
        options.file, read, options.code,
        {number_argument(options.tolerance, "--tolerance"), number_argument(options.max_area, "--max-area")},
        *progress);
    auto const language = language_argument(options.lang);
    if (!options.report.empty()) {
        importers::write_layer_repair(plan, options.report, language);
    }
    std::size_t changed = 0;
    if (!options.out.empty()) {
        changed = importers::write_repaired_layer(plan, options.out);
    }
    if (options.json) {
        say("{}\n", importers::layer_repair_json(plan));
    } else {
        auto const line = [&](Words const& words) { say("{}\n", words.in(language)); };
        say("{}", importers::layer_repair_text(plan, language));
        if (!options.report.empty()) {
            line(words("Report: {}", "报告：{}", options.report.string()));
        }
        if (options.out.empty()) {
            line(words("Nothing was written; --out FIXED.gpkg writes the layer with the proposals applied.",
                       "没有写入任何内容；用 --out FIXED.gpkg 可写出应用各方案后的图层。"));
        } else {
            line(words("Wrote {}: {} rows, {} with another shape, EPSG:4490. {} is as it was.",
                       "已写出 {}：{} 行，其中 {} 行图形有变，EPSG:4490。{} 未作改动。", options.out.string(),
                       plan.names.size(), changed, options.file.string()));
        }
    }
    return plan.accepted() == plan.proposals.size() && plan.reading.empty() ? 0 : 1;
}

} // namespace wangge::command
