#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wangge::bench {

struct LookupQuestion {
    std::filesystem::path data; ///< data folder; its current snapshot is asked
    std::size_t synthetic = 0;  ///< or: number of grids of a jagged coverage written and opened for the run
    std::size_t points = 5'000'000;
    std::size_t peer_points = 200'000;
    std::uint64_t seed = 20240601;
};

struct LookupResult {
    struct Step {
        std::string name;
        double seconds = 0;
    };
    struct Rate {
        std::string subject; ///< "wangge single", "GEOS ..."
        std::string points;  ///< "uniform", "near vertices"
        std::size_t count = 0;
        double million_per_s = 0; ///< median of three, by the thread's CPU time
    };
    std::size_t grids = 0, vertices = 0;
    std::uint64_t index_bytes = 0, snapshot_bytes = 0;
    std::uint64_t edges = 0, subgrids = 0, leaves = 0, leaf_edges = 0;
    std::vector<Step> steps;
    std::vector<Rate> rates;
    std::size_t inside = 0;   ///< of all positions asked
    std::size_t compared = 0; ///< answers compared with a peer's
    std::size_t boundary = 0; ///< of them, on an edge, where peers have no single owner
    std::size_t wrong = 0;    ///< differing elsewhere, or batch unlike single
};

/// Throws Error when there is no snapshot.
[[nodiscard]] LookupResult run(LookupQuestion const& question);
[[nodiscard]] std::string to_text(LookupResult const& result);
[[nodiscard]] std::string to_json(LookupResult const& result);

} // namespace wangge::bench
