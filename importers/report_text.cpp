#include <wangge/importers/report_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wangge::importers {

std::string report_text(ImportReport const& report) {
    constexpr std::size_t kShown = 5; // of each problem code
    std::string text;
    auto const line = [&]<class... T>(fmt::format_string<T...> form, T&&... values) {
        fmt::format_to(std::back_inserter(text), form, std::forward<T>(values)...);
        text += '\n';
    };
    for (auto const& file : report.files) {
        line("{}: {} rows{}{}", file.name, file.rows, file.layer.empty() ? "" : ", layer " + file.layer,
             file.encoding.empty() ? "" : ", text in " + file.encoding);
        if (!file.datum_assumed.empty()) {
            line("  coordinates: {}", file.datum_assumed);
        }
        line("  columns: {}", file.mapping);
        for (auto const& remark : file.remarks) {
            line("  note: {}", remark);
        }
    }
    if (report.what == "boundaries") {
        line("Snapping to the lattice moved no vertex further than {:.4f} m (mean {:.4f} m).", report.max_snap_m,
             report.mean_snap_m);
    }
    text += "Changes:";
    for (auto const& [name, count] : report.changes) {
        fmt::format_to(std::back_inserter(text), " {} {}", name, count);
    }
    line(" (effective {})", report.effective.str());

    ProblemCode const* last = nullptr;
    std::size_t shown = 0;
    for (auto const& problem : report.problems) {
        if (last == nullptr || *last != problem.code) {
            auto const& kind = problem_kind(problem.code);
            line("{} {} {} ({}): {}", to_string(kind.severity), static_cast<int>(kind.code), kind.slug, kind.title_zh,
                 report.problem_counts.at(problem.code));
            last = &problem.code;
            shown = 0;
        }
        if (++shown <= kShown) {
            text += "  ";
            for (auto const& subject : problem.subjects) {
                text += subject + " ";
            }
            if (!problem.unit.empty()) {
                fmt::format_to(std::back_inserter(text), "[{:.2f} {}] ", problem.measure, problem.unit);
            }
            if (problem.place) {
                fmt::format_to(std::back_inserter(text), "at {:.7f} {:.7f} ", geom::to_degrees(problem.place->at.lon),
                               geom::to_degrees(problem.place->at.lat));
            }
            line("{}", problem.message);
        } else if (shown == kShown + 1) {
            line("  ... and {} more", report.problem_counts.at(problem.code) - kShown);
        }
    }
    auto const errors = report.count(Severity::error);
    auto const warnings = report.count(Severity::warning);
    if (errors > 0) {
        line("Nothing was written: {} errors, {} warnings. Correct the file and import it again; --report FILE.gpkg "
             "shows the problems on a map.",
             errors, warnings);
    } else if (report.dry_run) {
        line("Dry run, nothing was written: 0 errors, {} warnings.", warnings);
    } else if (std::ranges::all_of(report.changes, [](auto const& change) {
                   return change.first == "unchanged" || change.second == 0;
               })) {
        line("The registry already holds all of this, nothing was written: 0 errors, {} warnings, {:.1f} s.", warnings,
             report.elapsed_s);
    } else {
        line("Written to the registry: 0 errors, {} warnings, {:.1f} s.", warnings, report.elapsed_s);
    }
    return text;
}

} // namespace wangge::importers
