#include "lookup.hpp"

#include "jagged_coverage.hpp"
#include "peers.hpp"
#include "random.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace wangge::bench {

namespace {

using snapshot::GridId;
using snapshot::kOutside;
using snapshot::Snapshot;

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// CPU time of this thread: what the work costs on a machine that others use too.
double cpu_s() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template <class F>
double median_of_three_s(F&& work) {
    std::array<double, 3> seconds{};
    for (auto& s : seconds) {
        double const start = cpu_s();
        work();
        s = cpu_s() - start;
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[1];
}

/// Removes the folder of a synthetic run at its end.
struct TemporaryFolder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("wangge-bench-{}", ::getpid());
    TemporaryFolder() { std::filesystem::remove_all(path); }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
};

void write_synthetic(std::size_t count, std::filesystem::path const& folder, LookupResult& result) {
    auto const shapes = jagged_coverage(count);
    snapshot::Content content;
    content.as_of = Date{0};
    auto const province = DivisionCode::from_value(440000000000);
    content.divisions.push_back({province, "province", Level::province, {}});
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        content.grids.push_back(
            {GridCode::parse(fmt::format("{:015}", i)).value(), "grid", GridKind::comprehensive, province, &shapes[i]});
    }
    SilentProgress silent;
    std::vector<geom::MultiPolygon const*> pointers;
    for (auto const& shape : shapes) {
        pointers.push_back(&shape);
    }
    double start = wall_s();
    auto const index = snapshot::PointIndex::build(pointers, silent);
    result.steps.push_back({"build the point index", wall_s() - start});
    start = wall_s();
    (void)snapshot::write_snapshot(content, folder, silent);
    result.steps.push_back({"write the snapshot (index, shapes, sync)", wall_s() - start});
    start = wall_s();
    snapshot::verify(folder, silent);
    result.steps.push_back({"verify it", wall_s() - start});
}

std::vector<geom::Point> uniform_points(Snapshot const& snapshot, std::size_t count, Random& random) {
    auto const box = snapshot.point_index().extent();
    std::vector<geom::Point> points(count);
    auto const between = [&](std::int32_t low, std::int32_t high) {
        return static_cast<std::int32_t>(
            low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(std::int64_t{high} - low + 1))));
    };
    for (auto& p : points) {
        p = {between(box.min.lon, box.max.lon), between(box.min.lat, box.max.lat)};
    }
    return points;
}

/// Within about five metres of a vertex; every grid is as likely as any other, so towns get more of them.
std::vector<geom::Point> points_near_vertices(std::vector<geom::MultiPolygon> const& shapes, std::size_t count,
                                              Random& random) {
    constexpr std::uint64_t kReach = 500;
    std::vector<geom::Point> points(count);
    for (auto& p : points) {
        auto const& part = shapes[random.below(shapes.size())].parts.front();
        p = part.outer[random.below(part.outer.size())];
        p.lon += static_cast<std::int32_t>(random.below(2 * kReach + 1)) - static_cast<std::int32_t>(kReach);
        p.lat += static_cast<std::int32_t>(random.below(2 * kReach + 1)) - static_cast<std::int32_t>(kReach);
    }
    return points;
}

/// Interleaved bits: neighbours in the list are neighbours on the ground.
std::vector<geom::Point> z_sorted(std::vector<geom::Point> points) {
    auto const spread = [](std::uint64_t v) {
        v = (v | v << 16U) & 0x0000ffff0000ffffULL;
        v = (v | v << 8U) & 0x00ff00ff00ff00ffULL;
        v = (v | v << 4U) & 0x0f0f0f0f0f0f0f0fULL;
        v = (v | v << 2U) & 0x3333333333333333ULL;
        return (v | v << 1U) & 0x5555555555555555ULL;
    };
    auto const key = [&](geom::Point p) {
        return spread(static_cast<std::uint32_t>(p.lon) ^ 0x80000000U) |
               spread(static_cast<std::uint32_t>(p.lat) ^ 0x80000000U) << 1U;
    };
    std::sort(points.begin(), points.end(), [&](geom::Point a, geom::Point b) { return key(a) < key(b); });
    return points;
}

void measure(Snapshot const& snapshot, std::string const& kind, std::vector<geom::Point> const& points,
             LookupResult& result) {
    auto const& index = snapshot.point_index();
    std::vector<GridId> batch(points.size()), single(points.size());
    auto const note = [&](std::string subject, double seconds) {
        result.rates.push_back(
            {std::move(subject), kind, points.size(), static_cast<double>(points.size()) / seconds / 1e6});
    };
    index.locate(points, batch); // brings the pages in
    note("wangge single", median_of_three_s([&] {
             for (std::size_t i = 0; i < points.size(); ++i) {
                 single[i] = index.locate(points[i]);
             }
         }));
    note("wangge batch", median_of_three_s([&] { index.locate(points, batch); }));
    for (std::size_t i = 0; i < points.size(); ++i) {
        result.inside += single[i] != kOutside ? 1U : 0U;
        result.wrong += single[i] != batch[i] ? 1U : 0U;
    }
    auto const sorted = z_sorted(points);
    note("wangge batch, sorted", median_of_three_s([&] { index.locate(sorted, batch); }));
}

bool on_boundary(Snapshot const& snapshot, geom::Point p, GridId a, GridId b) {
    return std::any_of(&a, &a + 1,
                       [&](GridId id) { return id != kOutside && snapshot.distance_to_boundary_m(id, p) == 0; }) ||
           (b != kOutside && snapshot.distance_to_boundary_m(b, p) == 0);
}

void measure_peer(Snapshot const& snapshot, Peer& peer, std::string const& kind, std::vector<geom::Point> const& all,
                  std::size_t count, LookupResult& result) {
    std::span const points{all.data(), std::min(count, all.size())};
    std::vector<GridId> answers(points.size());
    double const seconds = median_of_three_s([&] {
        for (std::size_t i = 0; i < points.size(); ++i) {
            answers[i] = peer.locate(points[i]);
        }
    });
    result.rates.push_back({peer.name(), kind, points.size(), static_cast<double>(points.size()) / seconds / 1e6});
    for (std::size_t i = 0; i < points.size(); ++i) {
        auto const ours = snapshot.locate(points[i]);
        ++result.compared;
        if (ours != answers[i]) {
            ++(on_boundary(snapshot, points[i], ours, answers[i]) ? result.boundary : result.wrong);
        }
    }
}

} // namespace

LookupResult run(LookupQuestion const& question) {
    LookupResult result;
    TemporaryFolder const temporary;
    std::shared_ptr<Snapshot const> snapshot;
    if (question.synthetic != 0) {
        write_synthetic(question.synthetic, temporary.path, result);
        double const start = wall_s();
        snapshot = Snapshot::open(temporary.path);
        result.steps.push_back({"open it", wall_s() - start});
    } else {
        double const start = wall_s();
        snapshot = snapshot::SnapshotStore{question.data / "snapshots"}.open_current();
        result.steps.push_back({"open the snapshot", wall_s() - start});
    }
    auto const& index = snapshot->point_index();
    result.grids = snapshot->grid_count();
    result.index_bytes = index.bytes().size();
    for (auto const& entry : std::filesystem::directory_iterator{snapshot->folder()}) {
        result.snapshot_bytes += entry.file_size();
    }
    auto const anatomy = index.anatomy();
    result.edges = anatomy.edges;
    result.subgrids = anatomy.subgrids;
    result.leaves = anatomy.leaves;
    result.leaf_edges = anatomy.leaf_vertices;
    std::vector<geom::MultiPolygon> shapes;
    for (GridId id = 0; id < snapshot->grid_count(); ++id) {
        auto shape = snapshot->shape(id);
        result.vertices += geom::vertex_count(shape);
        shapes.push_back(std::move(shape));
    }
    if (index.extent().empty()) {
        throw Error{ErrorCode::not_found,
                    "the snapshot has no grids with a shape; import boundaries and publish first"};
    }
    Random random{question.seed};
    auto const uniform = uniform_points(*snapshot, question.points, random);
    auto const clustered = points_near_vertices(shapes, question.points, random);
    measure(*snapshot, "uniform", uniform, result);
    measure(*snapshot, "near vertices", clustered, result);
    if (question.peer_points != 0) {
        for (auto const make : peers()) {
            auto const peer = make(shapes);
            measure_peer(*snapshot, *peer, "uniform", uniform, question.peer_points, result);
            measure_peer(*snapshot, *peer, "near vertices", clustered, question.peer_points, result);
        }
    }
    return result;
}

std::string to_text(LookupResult const& r) {
    auto text =
        fmt::format("{} grids, {} vertices; index {:.1f} MB, snapshot {:.1f} MB\n"
                    "{} edges, {} sub-grids, {} leaves with {:.2f} edges on average\n",
                    r.grids, r.vertices, static_cast<double>(r.index_bytes) / 1e6,
                    static_cast<double>(r.snapshot_bytes) / 1e6, r.edges, r.subgrids, r.leaves,
                    static_cast<double>(r.leaf_edges) / static_cast<double>(std::max<std::uint64_t>(1, r.leaves)));
    for (auto const& step : r.steps) {
        text += fmt::format("{:<44} {:8.3f} s\n", step.name, step.seconds);
    }
    for (auto const& rate : r.rates) {
        text += fmt::format("{:<36} {:<14} {:>9} points  {:9.3f} M points/s\n", rate.subject, rate.points, rate.count,
                            rate.million_per_s);
    }
    text += fmt::format("{} inside; {} answers compared with peers: {} on a boundary, {} wrong\n", r.inside, r.compared,
                        r.boundary, r.wrong);
    return text;
}

std::string to_json(LookupResult const& r) {
    nlohmann::ordered_json json;
    json["question"] = "lookup";
    json["grids"] = r.grids;
    json["vertices"] = r.vertices;
    json["index_bytes"] = r.index_bytes;
    json["snapshot_bytes"] = r.snapshot_bytes;
    json["edges"] = r.edges;
    json["subgrids"] = r.subgrids;
    json["leaves"] = r.leaves;
    json["leaf_edges"] = r.leaf_edges;
    json["steps"] = nlohmann::ordered_json::array();
    for (auto const& step : r.steps) {
        json["steps"].push_back({{"name", step.name}, {"seconds", step.seconds}});
    }
    json["rates"] = nlohmann::ordered_json::array();
    for (auto const& rate : r.rates) {
        json["rates"].push_back({{"subject", rate.subject},
                                 {"points", rate.points},
                                 {"count", rate.count},
                                 {"million_per_s", rate.million_per_s}});
    }
    json["inside"] = r.inside;
    json["compared"] = r.compared;
    json["boundary"] = r.boundary;
    json["wrong"] = r.wrong;
    return json.dump(2) + "\n";
}

} // namespace wangge::bench
