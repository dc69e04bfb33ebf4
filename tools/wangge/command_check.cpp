#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/importers/check_layer.hpp>
#include <wangge/importers/report_writer.hpp>

#include <array>

namespace wangge::command {

int check(CheckOptions const& options) {
    if (!options.report.empty()) {
        importers::check_report_path(options.report, std::array{options.file, options.parent});
    }
    auto const language = language_argument(options.lang);
    importers::CheckOptions check;
    check.read.crs = options.crs;
    check.read.encoding = options.encoding;
    check.read.layer = options.layer;
    check.read.site_systems = site_systems(options.data);
    check.code_field = options.code;
    check.parent = options.parent;
    check.parent_layer = options.parent_layer;
    if (!options.tolerance.empty()) {
        check.tolerance_m = number_argument(options.tolerance, "--tolerance");
    }
    check.draw = importers::report_draws(options.report);
    auto const progress = make_terminal_progress();
    auto const report = importers::check_layer(options.file, check, *progress);
    if (!options.report.empty()) {
        importers::write_report(report, options.report, language);
    }
    if (options.json) {
        say("{}", importers::report_json(report, language, importers::kListedOnOutput, false));
    } else {
        say("{}", importers::report_text(report, language));
        if (!options.report.empty()) {
            say("{}: {}\n", language == Language::chinese ? "报告" : "Report", options.report.string());
        } else if (!report.problem_counts.empty()) {
            say("{}\n", language == Language::chinese
                            ? "--report FILE.html 可在地图上查看，FILE.gpkg 可在 QGIS 中打开。"
                            : "--report FILE.html shows them on a map, FILE.gpkg as layers for QGIS.");
        }
    }
    return report.has_errors() ? 1 : 0;
}

} // namespace wangge::command
