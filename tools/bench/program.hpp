#pragma once

#include "coverage.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>

namespace wangge::bench {

/// Options that all programs have.
struct CommonOptions {
    CoverageChoice coverage;
    std::uint64_t seed = 20240601;
    bool json = false;
    int runs = 5;
};
void add_common(CLI::App& app, CommonOptions& options);
/// --data and --synthetic.
void add_coverage(CLI::App& app, CoverageChoice& choice);

/// Parses, asks, prints, and gives the exit code: 0, 1 when an answer was wrong, otherwise as the error says.
int run_program(CLI::App& app, int argc, char** argv, CommonOptions const& options,
                std::function<Report()> const& question);

} // namespace wangge::bench
