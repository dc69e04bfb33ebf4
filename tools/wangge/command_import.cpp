#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/importers/import_job.hpp>
#include <wangge/importers/report_writer.hpp>

#include <fmt/format.h>

namespace wangge::command {

namespace {

importers::ImportReport run(ImportOptions const& options, importers::ImportOptions const& import, Progress& progress) {
    auto const folder = data_folder(options.data);
    if (options.what == "divisions") {
        return importers::import_divisions(folder, options.files, import, progress);
    }
    if (options.what == "boundaries") {
        return importers::import_boundaries(folder, options.files, import, progress);
    }
    if (options.what == "officers") {
        return importers::import_officers(folder, options.files, import, progress);
    }
    if (options.what == "concordance") {
        return importers::import_concordance(folder, options.files, import, progress);
    }
    return importers::import_addresses(folder, options.files, import, progress);
}

} // namespace

int import(ImportOptions const& options) {
    if (!options.report.empty()) {
        importers::check_report_path(options.report, options.files);
    }
    auto const language = language_argument(options.lang);
    importers::ImportOptions import;
    import.read.crs = options.crs;
    import.read.encoding = options.encoding;
    import.read.layer = options.layer;
    import.effective = date_argument(options.effective, "--effective");
    import.dry_run = options.dry_run;
    import.mapping = options.mapping;
    import.save_mapping = options.save_mapping;
    import.accept_datum = options.accept_datum;
    import.author = author_argument(options.author);
    import.draw = importers::report_draws(options.report);
    auto const progress = make_terminal_progress();
    auto const report = run(options, import, *progress);
    if (!options.report.empty()) {
        importers::write_report(report, options.report, language);
    }
    say("{}\n", options.json ? importers::report_json(report, language) : importers::report_text(report, language));
    if (!options.report.empty() && !options.json) {
        say("{}\n", said(language, "Report: {}", "报告：{}", options.report.string()));
    }
    return report.has_errors() ? 1 : 0;
}

} // namespace wangge::command
