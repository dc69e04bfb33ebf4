#include "machine.hpp"
#include "peers.hpp"
#include "program.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wangge::bench {

namespace {

struct BuildOptions : CommonOptions {
    std::string peers = "all";
};

/// What a build cost, passed from the process that did it.
struct Cost {
    double cpu_s = 0, wall_s = 0;
    std::uint64_t index_bytes = 0, peak_bytes = 0;
};

/// Runs `work` in a copy of this process, so that each build begins with the same memory and leaves nothing behind.
template <class Work>
Cost in_a_copy(Work&& work) {
    int channel[2];
    if (::pipe(channel) != 0) {
        throw Error{ErrorCode::environment, "no pipe can be made"};
    }
    auto const child = ::fork();
    if (child < 0) {
        throw Error{ErrorCode::environment, "no new process can be started"};
    }
    if (child == 0) {
        ::close(channel[0]);
        int status = 3;
        try {
            Cost const cost = work();
            status = ::write(channel[1], &cost, sizeof cost) == sizeof cost ? 0 : 3;
        } catch (std::exception const& e) {
            std::cerr << e.what() << '\n';
        }
        ::_exit(status);
    }
    ::close(channel[1]);
    Cost cost;
    auto const got = ::read(channel[0], &cost, sizeof cost);
    ::close(channel[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0 || got != sizeof cost) {
        throw Error{ErrorCode::environment, "a build failed, see above"};
    }
    return cost;
}

Cost build_ours(std::span<geom::MultiPolygon const> shapes) {
    std::vector<geom::MultiPolygon const*> pointers;
    for (auto const& shape : shapes) {
        pointers.push_back(&shape);
    }
    SilentProgress silent;
    forget_peak();
    auto const before = resident_bytes();
    Cost cost;
    auto const measured = measure(1, [&] { cost.index_bytes = snapshot::PointIndex::build(pointers, silent).size(); });
    cost.cpu_s = measured.cpu_s.median;
    cost.wall_s = measured.wall_s.median;
    cost.peak_bytes = peak_resident_bytes() - before;
    return cost;
}

Cost build_peer(PeerKind const& kind, std::span<geom::MultiPolygon const> shapes) {
    forget_peak();
    auto const before = resident_bytes();
    Cost cost;
    std::unique_ptr<Peer> peer;
    double const cpu_start = thread_cpu_s();
    double const wall_start = wall_s();
    peer = kind.make(shapes);
    cost.wall_s = wall_s() - wall_start;
    cost.cpu_s = thread_cpu_s() - cpu_start;
    cost.peak_bytes = peak_resident_bytes() - before;
    cost.index_bytes = peer->file_bytes();
    if (cost.index_bytes == 0) {
        forget_peak(); // what was only needed for building
        cost.index_bytes = resident_bytes() - before;
    }
    if (auto const other = peer->other_process_peak_bytes(); other != 0) {
        cost.peak_bytes = other;
        cost.cpu_s += peer->cpu_s(); // the server's part, from its start
    }
    return cost;
}

Row row_of(std::string subject, std::size_t grids, std::vector<Cost> const& costs) {
    std::vector<double> cpu, wall;
    for (auto const& cost : costs) {
        cpu.push_back(cost.cpu_s);
        wall.push_back(cost.wall_s);
    }
    return {std::move(subject),
            "build",
            "",
            grids,
            {static_cast<int>(costs.size()), times_of(cpu), times_of(wall)},
            {{"index_bytes", static_cast<double>(costs.back().index_bytes)},
             {"peak_bytes", static_cast<double>(costs.back().peak_bytes)}}};
}

Report ask(BuildOptions const& options) {
    Report report;
    report.question = "build: seconds and memory to make an index of the polygons";
    report.seed = options.seed;
    TemporaryFolder const temporary{"build"};
    std::vector<geom::MultiPolygon> shapes;
    {
        auto const snapshot = open_coverage(options.coverage, temporary);
        shapes = all_shapes(*snapshot);
        report.facts.emplace_back("edges", static_cast<double>(snapshot->point_index().anatomy().edges));
        report.facts.emplace_back("index_bytes_published", static_cast<double>(snapshot->point_index().bytes().size()));
    }
    std::size_t vertices = 0;
    for (auto const& shape : shapes) {
        vertices += geom::vertex_count(shape);
    }
    report.facts.emplace_back("grids", static_cast<double>(shapes.size()));
    report.facts.emplace_back("vertices", static_cast<double>(vertices));
    std::vector<Cost> costs;
    for (int i = 0; i < options.runs; ++i) {
        costs.push_back(in_a_copy([&] { return build_ours(shapes); }));
    }
    report.rows.push_back(row_of("wangge", shapes.size(), costs));
    for (auto const& kind : chosen_peers(options.peers)) {
        report.titles.emplace_back(kind.key, kind.title);
        report.rows.push_back(
            row_of(std::string{kind.key}, shapes.size(), {in_a_copy([&] { return build_peer(kind, shapes); })}));
    }
    return report;
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    CLI::App app{"What it costs to build the index, against building each peer's on the same polygons"};
    BuildOptions options;
    options.runs = 3;
    add_coverage(app, options.coverage);
    add_common(app, options);
    app.add_option("--peers", options.peers, "Keys separated by commas, 'all' or 'none'")->capture_default_str();
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
