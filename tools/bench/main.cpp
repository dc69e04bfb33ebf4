#include "lookup.hpp"

#include <wangge/base/error.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

/// wangge-bench QUESTION: each question measures one thing, against its peers in the same run.
int main(int argc, char** argv) {
    CLI::App app{"Benchmarks of Wangge: one question each, time and bytes, peers in the same run"};
    app.require_subcommand(1);
    wangge::bench::LookupQuestion lookup;
    bool json = false;
    auto* const command = app.add_subcommand("lookup", "How many positions a second get their grid, on one core");
    auto* const data = command->add_option("--data", lookup.data, "Data folder with a published snapshot");
    command->add_option("--synthetic", lookup.synthetic, "Instead: a jagged coverage of about this many grids")
        ->excludes(data);
    command->add_option("--points", lookup.points, "Positions of each kind")->capture_default_str();
    command->add_option("--peer-points", lookup.peer_points, "Positions given to the slower peers, 0 for none")
        ->capture_default_str();
    command->add_option("--seed", lookup.seed, "Seed of the positions")->capture_default_str();
    command->add_flag("--json", json, "Print JSON");
    try {
        app.parse(argc, argv);
        if (lookup.data.empty() && lookup.synthetic == 0) {
            throw CLI::RequiredError{"--data or --synthetic"};
        }
        auto const result = wangge::bench::run(lookup);
        std::cout << (json ? wangge::bench::to_json(result) : wangge::bench::to_text(result)) << std::flush;
        return result.wrong == 0 ? 0 : 1;
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (wangge::Error const& e) {
        std::cerr << e.what() << '\n';
        return wangge::exit_code(e.code());
    }
}
