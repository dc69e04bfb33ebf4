#include "compare.hpp"
#include "jagged_coverage.hpp"
#include "peers.hpp"
#include "positions.hpp"
#include "program.hpp"
#ifdef WANGGE_BENCH_PEERS
#include "postgres.hpp"
#endif

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <thread>

namespace wangge::bench {

namespace {

using snapshot::Snapshot;

struct BulkOptions : CommonOptions {
    std::filesystem::path wangge;
    std::size_t rows = 5'000'000;
    std::size_t peer_rows = 1'000'000;
    std::string kind = "clustered";
    bool no_peer = false;
};

struct Usage {
    double cpu_s = 0, wall_s = 0;
    std::uint64_t peak_bytes = 0;
};

/// Runs a program to its end; its messages go to a file that is shown when it fails.
Usage run_process(std::vector<std::string> words, std::filesystem::path const& messages) {
    std::vector<char*> arguments;
    for (auto& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    double const start = wall_s();
    pid_t child = 0;
    int const fault = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (fault != 0) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be run; give the program with --wangge", words[0])};
    }
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    if (status != 0) {
        throw Error{ErrorCode::environment, fmt::format("{} failed: {}", words[0], read_file(messages))};
    }
    auto const seconds = [](timeval t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return {seconds(usage.ru_utime) + seconds(usage.ru_stime), wall_s() - start,
            static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

/// A data folder around a jagged coverage.
void make_data(BulkOptions const& options, std::filesystem::path const& data, std::filesystem::path const& messages) {
    run_process({options.wangge.string(), "init", "--data", data.string()}, messages);
    snapshot::SnapshotStore const store{data / "snapshots"};
    std::filesystem::create_directories(data / "snapshots");
    auto const folder = store.folder_of(1, Date{0});
    write_as_snapshot(jagged_coverage(options.coverage.synthetic), folder);
    store.set_current(folder);
}

void write_csv(std::span<geom::Point const> points, std::filesystem::path const& path) {
    FileWriter out{path};
    out.write("id,lon,lat\n");
    for (std::size_t i = 0; i < points.size(); ++i) {
        out.write(
            fmt::format("{},{:.7f},{:.7f}\n", i, geom::to_degrees(points[i].lon), geom::to_degrees(points[i].lat)));
    }
    out.close();
}

/// The grid of each row of a CSV `id,lon,lat,grid_code,...`, by its id.
std::vector<std::uint32_t> answers_in(std::filesystem::path const& csv, Snapshot const& snapshot, std::size_t rows,
                                      bool header) {
    std::vector<std::uint32_t> answers(rows, kNobody);
    std::ifstream in{csv};
    std::string line;
    if (header) {
        std::getline(in, line);
    }
    while (std::getline(in, line)) {
        std::size_t id = 0;
        std::from_chars(line.data(), line.data() + line.size(), id);
        std::size_t begin = 0;
        for (int comma = 0; comma < 3; ++comma) {
            begin = line.find(',', begin) + 1;
        }
        auto const text = std::string_view{line}.substr(begin, line.find_first_of(",\r", begin) - begin);
        if (auto const code = GridCode::parse(text)) {
            answers.at(id) = std::min(answers[id], snapshot.find_grid(*code).value_or(kNobody));
        }
    }
    return answers;
}

Row row_of(std::string subject, std::string how, std::string kind, std::size_t rows, std::vector<Usage> const& usages) {
    std::vector<double> cpu, wall;
    std::uint64_t peak = 0;
    for (auto const& usage : usages) {
        cpu.push_back(usage.cpu_s);
        wall.push_back(usage.wall_s);
        peak = std::max(peak, usage.peak_bytes);
    }
    Row row{std::move(subject),
            std::move(how),
            std::move(kind),
            rows,
            {static_cast<int>(usages.size()), times_of(cpu), times_of(wall)},
            {}};
    row.more.emplace_back("rows_per_s", static_cast<double>(rows) / row.measured.wall_s.median);
    row.more.emplace_back("peak_bytes", static_cast<double>(peak));
    return row;
}

#ifdef WANGGE_BENCH_PEERS

/// The same rows through PostGIS: COPY in, then a join into COPY out; and the join alone. Once by position, with the
/// polygons' index, and once with an index over the positions too, whose making counts. All cores.
void ask_postgis(BulkOptions const& options, Snapshot const& snapshot, std::span<geom::Point const> points,
                 Report& report) {
    auto const workers = std::thread::hardware_concurrency() - 1;
    PostgresCluster cluster{workers};
    cluster.load_grids(all_shapes(snapshot));
    cluster.run("CREATE UNLOGGED TABLE codes (id int, code text)");
    snapshot::GridId next = 0;
    cluster.copy_in("COPY codes FROM STDIN", [&](std::string& out) {
        if (next == snapshot.grid_count()) {
            return false;
        }
        out += fmt::format("{}\t{}\n", next, snapshot.grid(next).code.str());
        ++next;
        return true;
    });
    // The code beside the polygon, so that the join needs no third table.
    cluster.run("CREATE UNLOGGED TABLE coded AS SELECT c.code, g.geom FROM grids g JOIN codes c USING (id);"
                "CREATE INDEX ON coded USING gist (geom); ANALYZE coded");
    auto const in = cluster.exchange() / "in.csv";
    auto const out = cluster.exchange() / "out.csv";
    write_csv(points, in);
    std::filesystem::permissions(in, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    auto const timed = [&](std::string const& sql) {
        double const cpu = cluster.cpu_s();
        double const wall = wall_s();
        cluster.run(sql);
        return Usage{cluster.cpu_s() - cpu, wall_s() - wall, cluster.peak_bytes()};
    };
    struct Way {
        std::string name, make, from;
    };
    for (Way const& way :
         {Way{"postgis", "", "FROM points p LEFT JOIN coded g ON ST_Covers(g.geom, ST_Point(p.lon, p.lat))"},
          Way{"postgis indexed",
              "CREATE UNLOGGED TABLE located AS SELECT id, ST_Point(lon, lat) AS geom FROM points;"
              "CREATE INDEX ON located USING gist (geom); ANALYZE located",
              "FROM points p LEFT JOIN (SELECT l.id, c.code FROM coded c JOIN located l ON ST_Covers(c.geom, l.geom)) "
              "AS g USING (id)"}}) {
        cluster.run("DROP TABLE IF EXISTS points; DROP TABLE IF EXISTS located;"
                    "CREATE UNLOGGED TABLE points (id int, lon float8, lat float8)");
        auto const copy_in = timed(fmt::format("COPY points FROM '{}' CSV HEADER", in.string()));
        auto const indexed = timed(way.make.empty() ? "ANALYZE points" : way.make);
        auto const join_out =
            timed(fmt::format("COPY (SELECT p.id, p.lon, p.lat, g.code {}) TO '{}' CSV", way.from, out.string()));
        auto const join = timed("SELECT count(g.code) " + way.from);
        auto const note = [&](char const* how, Usage const& usage) {
            report.rows.push_back(row_of(way.name, how, options.kind, points.size(), {usage}));
        };
        note("csv to csv", {copy_in.cpu_s + indexed.cpu_s + join_out.cpu_s,
                            copy_in.wall_s + indexed.wall_s + join_out.wall_s, join_out.peak_bytes});
        note("copy in", copy_in);
        note("prepare", indexed);
        note("join, copy out", join_out);
        note("join alone", join);
        compare(snapshot, points, answers_in(out, snapshot, points.size(), false), 1e-3, report);
    }
    report.facts.emplace_back("postgis_processes", workers + 1.0);
}

#endif

Report ask(BulkOptions const& options) {
    Report report;
    report.question = "bulk: a CSV of positions in, a CSV with their grids out";
    report.seed = options.seed;
    TemporaryFolder const temporary{"bulk"};
    auto const messages = temporary.path() / "messages";
    auto data = options.coverage.data;
    if (options.coverage.synthetic != 0) {
        data = temporary.path() / "data";
        make_data(options, data, messages);
    }
    auto const snapshot = open_coverage({data, 0}, temporary);
    auto points = positions(*snapshot, options.kind, options.rows, options.seed);
    auto const in = temporary.path() / "in.csv";
    auto const out = temporary.path() / "out.csv";
    auto const ask_ours = [&] {
        write_csv(points, in);
        std::vector<Usage> usages;
        for (int i = 0; i < options.runs; ++i) {
            usages.push_back(run_process({options.wangge.string(), "locate", "--points", in.string(), "--out",
                                          out.string(), "--data", data.string()},
                                         messages));
        }
        report.rows.push_back(row_of("wangge", "csv to csv", options.kind, points.size(), usages));
        auto answers = answers_in(out, *snapshot, points.size(), true);
        for (std::size_t i = 0; i < points.size(); ++i) { // the file says what the index says
            ++report.compared;
            report.wrong += answers[i] != snapshot->locate(points[i]) ? 1U : 0U;
        }
    };
    ask_ours();
    report.facts.emplace_back("in_bytes", static_cast<double>(std::filesystem::file_size(in)));
    report.facts.emplace_back("out_bytes", static_cast<double>(std::filesystem::file_size(out)));
#ifdef WANGGE_BENCH_PEERS
    if (!options.no_peer) {
        if (options.peer_rows < points.size()) {
            points.resize(options.peer_rows);
            ask_ours();
        }
        ask_postgis(options, *snapshot, points, report);
    }
#endif
    return report;
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    CLI::App app{"How many rows a second `wangge locate --points` answers, against PostGIS on the same rows"};
    BulkOptions options;
    options.runs = 3;
    options.wangge = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "wangge";
    add_coverage(app, options.coverage);
    add_common(app, options);
    app.add_option("--wangge", options.wangge, "The program")->capture_default_str();
    app.add_option("--rows", options.rows, "Rows of the file")->capture_default_str();
    app.add_option("--peer-rows", options.peer_rows, "How many of them PostGIS gets")->capture_default_str();
    app.add_option("--kind", options.kind, "Positions: uniform, clustered, near-vertices, box")->capture_default_str();
    app.add_flag("--no-peer", options.no_peer, "Without PostGIS");
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
