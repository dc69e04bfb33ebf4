#include "program.hpp"

#include <wangge/base/error.hpp>

#include <iostream>

namespace wangge::bench {

void add_common(CLI::App& app, CommonOptions& options) {
    app.add_option("--seed", options.seed, "Seed of the positions")->capture_default_str();
    app.add_option("--runs", options.runs, "Runs that the median is taken of")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_flag("--json", options.json, "Print JSON");
}

void add_coverage(CLI::App& app, CoverageChoice& choice) {
    auto* const group = app.add_option_group("coverage");
    group->add_option("--data", choice.data, "Data folder with a published snapshot");
    group->add_option("--synthetic", choice.synthetic, "Instead: a jagged coverage of about this many grids");
    group->require_option(1);
}

int run_program(CLI::App& app, int argc, char** argv, CommonOptions const& options,
                std::function<Report()> const& question) {
    try {
        app.parse(argc, argv);
        auto const report = question();
        std::cout << (options.json ? report.to_json() : report.to_text()) << std::flush;
        return report.wrong == 0 ? 0 : 1;
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (wangge::Error const& e) {
        std::cerr << e.what() << '\n';
        return wangge::exit_code(e.code());
    }
}

} // namespace wangge::bench
