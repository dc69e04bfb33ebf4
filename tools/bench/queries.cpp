// wangge-bench-queries: how long a query by box, area, line or distance takes on a published snapshot, beside GEOS in
// the same run.
#include "geos_geometry.hpp"
#include "random.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/snapshot/snapshot.hpp>
#include <wangge/topology/coverage.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <numbers>

namespace {

using namespace wangge;
using bench::Random;
using geom::MultiPolygon;
using geom::Point;
using snapshot::GridId;

using Ids = std::vector<GridId>;

double cpu_s() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// STRtree over the grids' envelopes, then the query, prepared, against each candidate; on lattice units as doubles.
class Geos {
public:
    explicit Geos(std::vector<MultiPolygon> const& shapes) : m_context(GEOS_init_r()) {
        m_tree = GEOSSTRtree_create_r(m_context, 10);
        m_ids.resize(shapes.size());
        for (GridId id = 0; id < shapes.size(); ++id) {
            m_ids[id] = id;
            m_geometries.push_back(from(shapes[id]));
            GEOSSTRtree_insert_r(m_context, m_tree, m_geometries.back(), &m_ids[id]);
        }
    }
    ~Geos() {
        GEOSSTRtree_destroy_r(m_context, m_tree);
        for (auto* geometry : m_geometries) {
            GEOSGeom_destroy_r(m_context, geometry);
        }
        GEOS_finish_r(m_context);
    }
    Geos(Geos const&) = delete;
    Geos& operator=(Geos const&) = delete;

    [[nodiscard]] GEOSGeometry* from(MultiPolygon const& shape) const { return bench::geos_geometry(m_context, shape); }
    [[nodiscard]] GEOSGeometry* from(std::vector<Point> const& line) const {
        return GEOSGeom_createLineString_r(m_context, bench::geos_sequence(m_context, line, line.size()));
    }
    /// Takes the geometry.
    [[nodiscard]] Ids intersecting(GEOSGeometry* asked) {
        auto const candidates = candidates_of(asked);
        auto const* const prepared = GEOSPrepare_r(m_context, asked);
        Ids found;
        for (auto const id : candidates) {
            if (GEOSPreparedIntersects_r(m_context, prepared, m_geometries[id]) == 1) {
                found.push_back(id);
            }
        }
        GEOSPreparedGeom_destroy_r(m_context, prepared);
        GEOSGeom_destroy_r(m_context, asked);
        std::sort(found.begin(), found.end());
        return found;
    }
    /// Those nearest by lattice units, which are not metres: the work is the same, the answer need not be. GEOS has no
    /// search for k; it is told how far to look.
    [[nodiscard]] Ids nearest(Point p, std::size_t k, std::int32_t reach) {
        auto* const box = from(MultiPolygon{{{{{p.lon - reach, p.lat - reach},
                                               {p.lon + reach, p.lat - reach},
                                               {p.lon + reach, p.lat + reach},
                                               {p.lon - reach, p.lat + reach}},
                                              {}}}});
        auto const candidates = candidates_of(box);
        auto* const point = GEOSGeom_createPointFromXY_r(m_context, p.lon, p.lat);
        std::vector<std::pair<double, GridId>> order;
        for (auto const id : candidates) {
            double d = 0;
            GEOSDistance_r(m_context, point, m_geometries[id], &d);
            order.emplace_back(d, id);
        }
        std::sort(order.begin(), order.end());
        Ids found;
        for (std::size_t i = 0; i < std::min(k, order.size()); ++i) {
            found.push_back(order[i].second);
        }
        GEOSGeom_destroy_r(m_context, point);
        GEOSGeom_destroy_r(m_context, box);
        return found;
    }

private:
    [[nodiscard]] Ids candidates_of(GEOSGeometry const* asked) {
        Ids found;
        GEOSSTRtree_query_r(
            m_context, m_tree, asked,
            [](void* item, void* ids) { static_cast<Ids*>(ids)->push_back(*static_cast<GridId*>(item)); }, &found);
        return found;
    }
    GEOSContextHandle_t m_context;
    GEOSSTRtree* m_tree = nullptr;
    std::vector<GEOSGeometry*> m_geometries;
    Ids m_ids;
};

struct Row {
    std::string kind;
    double found = 0, ours_us = 0, peer_us = 0;
    std::size_t compared = 0, differ = 0;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

/// Median of the queries' CPU times, each the least of three.
Row measure(std::string kind, std::size_t count, bool same_question, std::function<Ids(std::size_t)> const& ours,
            std::function<Ids(std::size_t)> const& peer) {
    Row row;
    row.kind = std::move(kind);
    auto const times = [&](std::function<Ids(std::size_t)> const& ask, std::vector<Ids>& answers) {
        std::vector<double> us;
        for (std::size_t i = 0; i < count; ++i) {
            double least = 1e9;
            for (int repeat = 0; repeat < 3; ++repeat) {
                double const start = cpu_s();
                auto answer = ask(i);
                least = std::min(least, (cpu_s() - start) * 1e6);
                if (repeat == 0) {
                    answers.push_back(std::move(answer));
                }
            }
            us.push_back(least);
        }
        return median(us);
    };
    std::vector<Ids> ours_found, peer_found;
    row.ours_us = times(ours, ours_found);
    row.peer_us = times(peer, peer_found);
    for (std::size_t i = 0; i < count; ++i) {
        row.found += static_cast<double>(ours_found[i].size()) / static_cast<double>(count);
        if (same_question) {
            ++row.compared;
            row.differ += ours_found[i] != peer_found[i] ? 1U : 0U;
        }
    }
    return row;
}

std::int32_t units(double metres) { return static_cast<std::int32_t>(metres / 110'900 * geom::kUnitsPerDegree); }

std::vector<MultiPolygon> towns_of(snapshot::Snapshot const& snapshot, std::vector<MultiPolygon> const& shapes) {
    std::map<snapshot::DivisionId, std::uint32_t> numbers;
    std::vector<std::uint32_t> groups;
    std::vector<MultiPolygon const*> pointers;
    for (GridId id = 0; id < shapes.size(); ++id) {
        auto const town = snapshot.division(snapshot.grid(id).village).parent;
        groups.push_back(numbers.try_emplace(town, static_cast<std::uint32_t>(numbers.size())).first->second);
        pointers.push_back(&shapes[id]);
    }
    return topology::dissolve(pointers, groups, numbers.size());
}

int run(std::filesystem::path const& data, std::uint64_t seed, std::size_t count) {
    auto const opened = snapshot::SnapshotStore{data / "snapshots"}.open_current();
    auto const& snapshot = *opened;
    std::vector<MultiPolygon> shapes;
    for (GridId id = 0; id < snapshot.grid_count(); ++id) {
        shapes.push_back(snapshot.shape(id));
    }
    if (shapes.empty()) {
        throw Error{ErrorCode::not_found, "the published snapshot has no grids"};
    }
    Geos geos{shapes};
    auto const towns = towns_of(snapshot, shapes);
    std::size_t town_vertices = 0;
    for (auto const& town : towns) {
        town_vertices += geom::vertex_count(town);
    }

    Random random{seed};
    auto const somewhere = [&] { // where grids are, small ones as often as large ones
        auto const& box = snapshot.grid(static_cast<GridId>(random.below(shapes.size()))).envelope;
        return Point{box.min.lon + static_cast<std::int32_t>(
                                       random.below(static_cast<std::uint64_t>(box.max.lon - box.min.lon + 1))),
                     box.min.lat + static_cast<std::int32_t>(
                                       random.below(static_cast<std::uint64_t>(box.max.lat - box.min.lat + 1)))};
    };
    std::vector<Point> points;
    for (std::size_t i = 0; i < count; ++i) {
        points.push_back(somewhere());
    }
    std::vector<Row> rows;
    for (double const side_m : {1'000.0, 10'000.0}) {
        std::vector<geom::Envelope> boxes;
        auto const half = units(side_m / 2);
        for (auto const p : points) {
            boxes.push_back({{p.lon - half, p.lat - half}, {p.lon + half, p.lat + half}});
        }
        rows.push_back(measure(
            fmt::format("box of {:.0f} km", side_m / 1000), count, true,
            [&](std::size_t i) { return snapshot.intersecting(boxes[i]); },
            [&](std::size_t i) {
                auto const& b = boxes[i];
                return geos.intersecting(
                    geos.from(MultiPolygon{{{{b.min, {b.max.lon, b.min.lat}, b.max, {b.min.lon, b.max.lat}}, {}}}}));
            }));
    }
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < std::min(count, towns.size()); ++i) {
        chosen.push_back(random.below(towns.size()));
    }
    rows.push_back(measure(
        fmt::format("a town ({} vertices on average)", town_vertices / towns.size()), chosen.size(), true,
        [&](std::size_t i) { return snapshot.intersecting(towns[chosen[i]]); },
        [&](std::size_t i) { return geos.intersecting(geos.from(towns[chosen[i]])); }));
    std::vector<std::vector<Point>> lines;
    for (auto const p : points) { // 50 km in steps of 500 m that turn a little
        std::vector<Point> line{p};
        double heading = std::numbers::pi * random.signed_unit();
        for (int step = 0; step < 100; ++step) {
            heading += 0.3 * random.signed_unit();
            line.push_back({line.back().lon + static_cast<std::int32_t>(units(500) * std::cos(heading)),
                            line.back().lat + static_cast<std::int32_t>(units(500) * std::sin(heading))});
        }
        lines.push_back(std::move(line));
    }
    rows.push_back(measure(
        "a line of 50 km (101 vertices)", count, true, [&](std::size_t i) { return snapshot.intersecting(lines[i]); },
        [&](std::size_t i) { return geos.intersecting(geos.from(lines[i])); }));
    std::vector<std::vector<Point>> straight;
    for (auto const& line : lines) {
        straight.push_back({line.front(), line.back()});
    }
    rows.push_back(measure(
        "its ends, joined straight", count, true, [&](std::size_t i) { return snapshot.intersecting(straight[i]); },
        [&](std::size_t i) { return geos.intersecting(geos.from(straight[i])); }));

    auto const ids_of = [](std::vector<snapshot::NearestGrid> const& found) {
        Ids ids;
        for (auto const& one : found) {
            ids.push_back(one.grid);
        }
        return ids;
    };
    for (std::size_t const k : {std::size_t{1}, std::size_t{10}}) {
        std::vector<Point> asked = points;
        if (k == 1) { // owners are found at once; outside it is a search
            for (auto& p : asked) {
                for (int i = 0; i < 1000 && snapshot.locate(p) != snapshot::kOutside; ++i) {
                    p = somewhere();
                    p.lon += units(3000 * random.signed_unit());
                    p.lat += units(3000 * random.signed_unit());
                }
            }
        }
        std::vector<std::int32_t> reach;
        for (auto const p : asked) {
            auto const found = snapshot.nearest(p, k, 100'000);
            reach.push_back(units(found.empty() ? 1 : found.back().distance_m * 1.1) + 1);
        }
        rows.push_back(measure(
            k == 1 ? "the nearest, from outside" : "the 10 nearest", count, false,
            [&](std::size_t i) { return ids_of(snapshot.nearest(asked[i], k, 100'000)); },
            [&](std::size_t i) { return geos.nearest(asked[i], k, reach[i]); }));
    }

    fmt::print("{} grids, {} queries of each kind; median microseconds of CPU time\n", shapes.size(), count);
    fmt::print("{:<36} {:>8} {:>10} {:>10} {:>7}  {}\n", "query", "grids", "wangge", "GEOS", "ratio", "answers");
    std::size_t differ = 0;
    for (auto const& row : rows) {
        differ += row.differ;
        fmt::print("{:<36} {:>8.1f} {:>10.1f} {:>10.1f} {:>7.1f}  {}\n", row.kind, row.found, row.ours_us, row.peer_us,
                   row.peer_us / row.ours_us,
                   row.compared == 0 ? "not compared: GEOS measures in degrees"
                                     : fmt::format("{} compared, {} differ", row.compared, row.differ));
    }
    return differ == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"How long a query by box, area, line or distance takes, beside GEOS in the same run"};
    std::filesystem::path data;
    std::uint64_t seed = 1;
    std::size_t count = 500;
    app.add_option("--data", data, "Data folder with a published snapshot")->required();
    app.add_option("--queries", count, "Queries of each kind")->capture_default_str()->check(CLI::Range(1, 1000000));
    app.add_option("--seed", seed, "Seed of the places")->capture_default_str();
    try {
        app.parse(argc, argv);
        return run(data, seed, count);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (Error const& e) {
        std::cerr << e.what() << '\n';
        return exit_code(e.code());
    }
}
