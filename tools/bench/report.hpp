#pragma once

#include "timing.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace wangge::bench {

/// One line of a report.
struct Row {
    std::string subject;     ///< "wangge", "geos", ...
    std::string how;         ///< "single", "batch", "build", ...
    std::string points;      ///< the set of positions; empty where there is none
    std::uint64_t count = 0; ///< positions, rows or grids
    Measured measured;
    std::vector<std::pair<std::string, double>> more; ///< bytes, edges, ... by name
};

/// What a program found, as text for people or JSON for tools/bench/chart.py.
struct Report {
    std::string question;
    std::uint64_t seed = 0;
    std::vector<std::pair<std::string, double>> facts;       ///< sizes and counts of what was asked
    std::vector<std::pair<std::string, std::string>> titles; ///< what stands behind a subject
    std::vector<Row> rows;
    std::uint64_t compared = 0; ///< answers compared with another's
    std::uint64_t boundary = 0; ///< of them, different, but on an edge (as near as the peer's arithmetic goes)
    std::uint64_t wrong = 0;    ///< different elsewhere

    [[nodiscard]] std::string to_text() const;
    /// With the machine and this process's peak memory.
    [[nodiscard]] std::string to_json() const;
};

} // namespace wangge::bench
