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
    if (!options.report.empty()) {
        importers::write_layer_repair(plan, options.report);
    }
    std::size_t changed = 0;
    if (!options.out.empty()) {
        changed = importers::write_repaired_layer(plan, options.out);
    }
    if (options.json) {
        say("{}\n", importers::layer_repair_json(plan));
    } else {
        say("{}", importers::layer_repair_text(plan));
        if (!options.report.empty()) {
            say("Report: {}\n", options.report.string());
        }
        if (options.out.empty()) {
            say("Nothing was written; --out FIXED.gpkg writes the layer with the proposals applied.\n");
        } else {
            say("Wrote {}: {} rows, {} with another shape, EPSG:4490. {} is as it was.\n", options.out.string(),
                plan.names.size(), changed, options.file.string());
        }
    }
    return plan.accepted() == plan.proposals.size() && plan.reading.empty() ? 0 : 1;
}

} // namespace wangge::command
