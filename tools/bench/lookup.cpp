#include "compare.hpp"
#include "machine.hpp"
#include "peers.hpp"
#include "positions.hpp"
#include "program.hpp"

#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

namespace wangge::bench {

namespace {

struct LookupOptions : CommonOptions {
    std::size_t points = 5'000'000;
    std::size_t peer_points = 200'000;
    int peer_runs = 3;
    std::string peers = "all";
    std::vector<std::string> only{kWays.begin(), kWays.end()};
    std::vector<std::string> kinds{kPositionKinds.begin(), kPositionKinds.end()};
};

struct Positions {
    std::string kind;
    std::vector<geom::Point> random, sorted;
};

Report ask(LookupOptions const& options) {
    Report report;
    report.question = "lookup: positions a second on one core";
    report.seed = options.seed;
    TemporaryFolder const temporary{"lookup"};
    double const start = wall_s();
    auto const snapshot = open_coverage(options.coverage, temporary);
    if (options.coverage.synthetic == 0) {
        report.facts.emplace_back("open_first_s", wall_s() - start); // its pages may come from the disk
        auto const again =
            measure(options.runs, [&] { static_cast<void>(snapshot::Snapshot::open(snapshot->folder())); });
        report.facts.emplace_back("open_s", again.wall_s.median);
    }
    auto const anatomy = snapshot->point_index().anatomy();
    report.facts.insert(report.facts.end(),
                        {{"grids", static_cast<double>(snapshot->grid_count())},
                         {"edges", static_cast<double>(anatomy.edges)},
                         {"index_bytes", static_cast<double>(snapshot->point_index().bytes().size())},
                         {"memory_wait_ns", memory_wait_ns(snapshot->point_index().bytes().size())},
                         {"snapshot_bytes", static_cast<double>(snapshot_bytes(*snapshot))},
                         {"subgrids", static_cast<double>(anatomy.subgrids)},
                         {"leaves", static_cast<double>(anatomy.leaves)},
                         {"leaf_vertices", static_cast<double>(anatomy.leaf_vertices)}});
    auto const peers = chosen_peers(options.peers);
    std::vector<Positions> prefixes; // of the same positions, for the peers
    for (auto const& kind : options.kinds) {
        Positions all{kind, positions(*snapshot, kind, options.points, options.seed), {}};
        all.sorted = z_sorted(all.random);
        for (auto const& way : options.only) {
            report.rows.push_back(ask_index(*snapshot, way, kind, all.random, all.sorted, options.runs, report));
        }
        if (peers.empty()) {
            continue;
        }
        all.random.resize(std::min(options.peer_points, all.random.size()));
        all.sorted = z_sorted(all.random);
        if (options.peer_points < options.points) {
            for (auto const& way : options.only) {
                report.rows.push_back(ask_index(*snapshot, way, kind, all.random, all.sorted, options.runs, report));
            }
        }
        prefixes.push_back(std::move(all));
    }
    if (peers.empty()) {
        return report;
    }
    auto const shapes = all_shapes(*snapshot);
    for (auto const& kind : peers) {
        report.titles.emplace_back(kind.key, kind.title);
        auto const peer = kind.make(shapes);
        for (auto const& prefix : prefixes) {
            for (auto const* order : {"random", "sorted"}) {
                auto const& points = order == std::string_view{"random"} ? prefix.random : prefix.sorted;
                peer->take(points);
                auto const measured = measure(
                    options.peer_runs, [&] { peer->answer(); }, [&] { return peer->cpu_s(); });
                auto const before = report;
                compare(*snapshot, points, peer->give(), kind.tolerance_m, report);
                report.rows.push_back({std::string{kind.key},
                                       order,
                                       prefix.kind,
                                       points.size(),
                                       measured,
                                       {{"boundary", static_cast<double>(report.boundary - before.boundary)},
                                        {"wrong", static_cast<double>(report.wrong - before.wrong)}}});
            }
        }
    }
    return report;
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    CLI::App app{"How many positions a second get their grid, on one core, against peers on the same positions"};
    LookupOptions options;
    add_coverage(app, options.coverage);
    add_common(app, options);
    app.add_option("--points", options.points, "Positions of each kind")->capture_default_str();
    app.add_option("--peer-points", options.peer_points, "How many of them the slower peers get")
        ->capture_default_str();
    app.add_option("--peer-runs", options.peer_runs, "Runs of each peer")->capture_default_str();
    app.add_option("--peers", options.peers, "Keys separated by commas, 'all' or 'none'")->capture_default_str();
    app.add_option("--only", options.only, "Ways of asking: single, dependent, batch, sorted")->delimiter(',');
    app.add_option("--kinds", options.kinds, "Positions: uniform, clustered, near-vertices, box")->delimiter(',');
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
