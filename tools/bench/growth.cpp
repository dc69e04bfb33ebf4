#include "compare.hpp"
#include "jagged_coverage.hpp"
#include "machine.hpp"
#include "positions.hpp"
#include "program.hpp"

#include <fmt/format.h>

namespace wangge::bench {

namespace {

struct GrowthOptions : CommonOptions {
    std::vector<std::size_t> sizes{10'000, 40'000, 127'533, 400'000, 1'300'000};
    std::size_t points = 5'000'000;
};

/// One size after the other, each gone before the next begins.
void ask_size(GrowthOptions const& options, std::size_t size, Report& report) {
    TemporaryFolder const temporary{fmt::format("growth-{}", size)};
    auto const folder = temporary.path() / "snapshot";
    forget_peak();
    auto const resident = resident_bytes();
    Row build{"wangge", "build", "", 0, {}, {}};
    {
        auto const shapes = jagged_coverage(size);
        std::vector<geom::MultiPolygon const*> pointers;
        for (auto const& shape : shapes) {
            pointers.push_back(&shape);
        }
        SilentProgress silent;
        std::size_t bytes = 0;
        forget_peak();
        auto const with_shapes = resident_bytes();
        build.measured = measure(1, [&] { bytes = snapshot::PointIndex::build(pointers, silent).size(); });
        build.count = shapes.size();
        build.more = {{"index_bytes", static_cast<double>(bytes)},
                      {"peak_bytes", static_cast<double>(peak_resident_bytes() - with_shapes)},
                      {"shapes_bytes", static_cast<double>(with_shapes - std::min(with_shapes, resident))}};
        write_as_snapshot(shapes, folder);
    }
    auto const snapshot = snapshot::Snapshot::open(folder);
    build.more.emplace_back("edges", static_cast<double>(snapshot->point_index().anatomy().edges));
    build.more.emplace_back("grids", static_cast<double>(snapshot->grid_count()));
    report.rows.push_back(std::move(build));
    for (auto const kind : {"uniform", "near-vertices"}) {
        auto const random = positions(*snapshot, kind, options.points, options.seed);
        auto const sorted = z_sorted(random);
        for (auto const* way : kWays) {
            auto row = ask_index(*snapshot, way, kind, random, sorted, options.runs, report);
            row.more.emplace_back("grids", static_cast<double>(snapshot->grid_count()));
            report.rows.push_back(std::move(row));
        }
    }
}

Report ask(GrowthOptions const& options) {
    Report report;
    report.question = "growth: the same question of more and more grids";
    report.seed = options.seed;
    for (auto const size : options.sizes) {
        ask_size(options, size, report);
    }
    return report;
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    CLI::App app{
        "How lookup, building and bytes grow with the number of grids (jagged coverages, same vertices a grid)"};
    GrowthOptions options;
    options.runs = 3;
    add_common(app, options);
    app.add_option("--sizes", options.sizes, "Numbers of grids")->delimiter(',')->capture_default_str();
    app.add_option("--points", options.points, "Positions of each kind")->capture_default_str();
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
