#include "jagged_coverage.hpp"
#include "machine.hpp"
#include "program.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

namespace wangge::bench {

namespace {

using geom::MultiPolygon;
using geom::Point;
using geom::Ring;

struct CheckOptions : CommonOptions {
    std::size_t defects = 10'000;
    std::string python;
    std::string script = "tools/bench/peer_coverage.py";
};

struct Coverage {
    std::vector<std::string> names;
    std::vector<MultiPolygon> shapes;
};

/// What is to be found: code and names. Slivers stand beside gaps and overlaps and are left out.
using Finding = std::pair<ProblemCode, std::vector<std::string>>;

Finding finding(ProblemCode code, std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return {code, std::move(names)};
}

struct Edge {
    Point low, high;
    std::uint32_t face = 0;
    auto operator<=>(Edge const&) const = default;
};

/// For each face its neighbours across edges; empty where an edge has none on its other side. By sorting all edges,
/// which shares nothing with the checker.
std::vector<std::vector<std::uint32_t>> neighbours_of(std::vector<MultiPolygon> const& shapes) {
    std::vector<Edge> edges;
    for (std::uint32_t i = 0; i < shapes.size(); ++i) {
        geom::for_each_edge(shapes[i], [&](Point a, Point b) { edges.push_back({std::min(a, b), std::max(a, b), i}); });
    }
    std::sort(edges.begin(), edges.end());
    std::vector<std::vector<std::uint32_t>> neighbours(shapes.size());
    std::vector<char> open(shapes.size(), 0);
    for (std::size_t k = 0; k < edges.size(); ++k) {
        auto const same = [&](std::size_t other) {
            return other < edges.size() && edges[other].low == edges[k].low && edges[other].high == edges[k].high;
        };
        if (same(k + 1)) {
            neighbours[edges[k].face].push_back(edges[k + 1].face);
            neighbours[edges[k + 1].face].push_back(edges[k].face);
            ++k;
        } else {
            open[edges[k].face] = 1;
        }
    }
    for (std::uint32_t i = 0; i < shapes.size(); ++i) {
        auto& list = neighbours[i];
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
        if (open[i] != 0) {
            list.clear();
        }
    }
    return neighbours;
}

bool strictly_crosses(Point a, Point b, Point c, Point d) {
    return geom::orientation(a, b, c) * geom::orientation(a, b, d) < 0 &&
           geom::orientation(c, d, a) * geom::orientation(c, d, b) < 0;
}

bool in_triangle(Point p, Point a, Point b, Point c) {
    auto const s = geom::orientation(a, b, p);
    auto const t = geom::orientation(b, c, p);
    auto const u = geom::orientation(c, a, p);
    return (s >= 0 && t >= 0 && u >= 0) || (s <= 0 && t <= 0 && u <= 0);
}

bool has_edge(MultiPolygon const& shape, Point from, Point to) {
    bool found = false;
    geom::for_each_edge(shape, [&](Point a, Point b) { found = found || (a == from && b == to); });
    return found;
}

/// Plants defects of five kinds into faces no two of which are neighbours, so that each must be found by itself.
class Planter {
public:
    explicit Planter(Coverage coverage)
        : m_coverage(std::move(coverage))
        , m_neighbours(neighbours_of(m_coverage.shapes))
        , m_taken(m_coverage.shapes.size(), 0)
        , m_removed(m_coverage.shapes.size(), 0) {}

    /// About `count` of them, evenly over the faces.
    void plant(std::size_t count) {
        auto const faces = static_cast<std::uint32_t>(m_neighbours.size());
        // A prime step, so that the faces tried first lie everywhere.
        constexpr std::uint64_t step = 7'368'787;
        std::uint64_t at = 0;
        for (std::uint32_t tries = 0; tries < faces && m_expected.size() < count; ++tries) {
            at = (at + step) % faces;
            auto const f = static_cast<std::uint32_t>(at);
            auto const& shape = m_coverage.shapes[f];
            if (m_taken[f] != 0 || m_neighbours[f].empty() || shape.parts.size() != 1 ||
                !shape.parts[0].holes.empty()) {
                continue;
            }
            if (plant_in(f, m_expected.size() % 5)) {
                m_taken[f] = 1;
                for (auto const n : m_neighbours[f]) {
                    m_taken[n] = 1;
                }
            }
        }
    }
    [[nodiscard]] std::vector<Finding> const& expected() const noexcept { return m_expected; }
    [[nodiscard]] Coverage take() {
        Coverage left;
        for (std::size_t i = 0; i < m_coverage.shapes.size(); ++i) {
            if (i >= m_removed.size() || m_removed[i] == 0) {
                left.names.push_back(std::move(m_coverage.names[i]));
                left.shapes.push_back(std::move(m_coverage.shapes[i]));
            }
        }
        return left;
    }

private:
    bool plant_in(std::uint32_t f, std::size_t kind) {
        switch (kind) {
        case 0:
            return copy(f);
        case 1:
            return remove(f);
        case 2:
            return drop_vertex(f);
        case 3:
            return cross(f);
        default:
            return lay_into(f);
        }
    }
    bool add(std::string name, MultiPolygon shape, Finding expected) {
        m_coverage.names.push_back(std::move(name));
        m_coverage.shapes.push_back(std::move(shape));
        m_expected.push_back(std::move(expected));
        return true;
    }
    bool copy(std::uint32_t f) {
        auto const name = m_coverage.names[f];
        return add(name + "c", MultiPolygon{m_coverage.shapes[f]},
                   finding(ProblemCode::duplicate_geometry, {name, name + "c"}));
    }
    bool remove(std::uint32_t f) {
        std::vector<std::string> round;
        for (auto const n : m_neighbours[f]) {
            round.push_back(m_coverage.names[n]);
        }
        m_removed[f] = 1;
        m_expected.push_back(finding(ProblemCode::gap, std::move(round)));
        return true;
    }
    /// Takes a vertex away that two faces share and whose triangle holds nothing else.
    bool drop_vertex(std::uint32_t f) {
        auto& ring = m_coverage.shapes[f].parts[0].outer;
        for (std::size_t k = 1; k + 1 < ring.size() && ring.size() > 3; ++k) {
            auto const [a, v, b] = std::tuple{ring[k - 1], ring[k], ring[k + 1]};
            for (auto const n : m_neighbours[f]) {
                auto const& other = m_coverage.shapes[n];
                if (!has_edge(other, b, v) || !has_edge(other, v, a) || geom::orientation(a, v, b) == 0) {
                    continue;
                }
                bool free = true;
                for (auto const* shape : std::array<MultiPolygon const*, 2>{&m_coverage.shapes[f], &other}) {
                    geom::for_each_edge(*shape, [&](Point p, Point) {
                        free = free && (p == a || p == v || p == b || !in_triangle(p, a, v, b));
                    });
                }
                if (free) {
                    auto const code = geom::orientation(a, v, b) > 0 ? ProblemCode::gap : ProblemCode::overlap;
                    m_expected.push_back(finding(code, {m_coverage.names[f], m_coverage.names[n]}));
                    ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(k));
                    return true;
                }
            }
        }
        return false;
    }
    bool cross(std::uint32_t f) {
        auto& ring = m_coverage.shapes[f].parts[0].outer;
        for (std::size_t k = 0; k + 3 < ring.size(); ++k) {
            if (strictly_crosses(ring[k], ring[k + 2], ring[k + 1], ring[k + 3])) {
                std::swap(ring[k + 1], ring[k + 2]);
                m_expected.push_back(finding(ProblemCode::self_crossing, {m_coverage.names[f]}));
                return true;
            }
        }
        return false;
    }
    bool lay_into(std::uint32_t f) {
        auto const& shape = m_coverage.shapes[f];
        auto const p = geom::interior_point(shape);
        constexpr std::int32_t size = 20;
        if (geom::distance_to_boundary_m(shape, p) < 2) {
            return false;
        }
        Ring ring{{p.lon, p.lat}, {p.lon + size, p.lat}, {p.lon, p.lat + size}};
        auto const name = m_coverage.names[f];
        return add(name + "i", MultiPolygon{{{std::move(ring), {}}}},
                   finding(ProblemCode::overlap, {name, name + "i"}));
    }

    Coverage m_coverage;
    std::vector<std::vector<std::uint32_t>> m_neighbours;
    std::vector<char> m_taken;
    std::vector<char> m_removed;
    std::vector<Finding> m_expected;
};

/// The first eighth of the faces, and the same moved aside by some 160 m.
Coverage two_layers(Coverage const& coverage) {
    Coverage layers;
    auto const count = coverage.shapes.size() / 8;
    for (auto const moved : {false, true}) {
        for (std::size_t i = 0; i < count; ++i) {
            auto shape = coverage.shapes[i];
            for (auto& part : shape.parts) {
                auto const move = [&](Ring& ring) {
                    for (auto& p : ring) {
                        p = moved ? Point{p.lon + 11'113, p.lat + 9'973} : p;
                    }
                };
                move(part.outer);
                std::for_each(part.holes.begin(), part.holes.end(), move);
            }
            layers.names.push_back(coverage.names[i] + (moved ? "m" : ""));
            layers.shapes.push_back(std::move(shape));
        }
    }
    return layers;
}

/// Times the check and leaves what the last run found.
Row check(std::string how, Coverage const& coverage, int runs, topology::ProblemReport& found) {
    std::vector<topology::Face> faces;
    std::size_t edges = 0;
    for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
        faces.push_back({coverage.names[i], &coverage.shapes[i], true});
        edges += geom::vertex_count(coverage.shapes[i]);
    }
    SilentProgress silent;
    forget_peak();
    auto const before = resident_bytes();
    Row row{"wangge", std::move(how), "", coverage.shapes.size(), {}, {}};
    row.measured = measure(runs, [&] { found = topology::CoverageChecker{}.check(faces, {}, silent).report; });
    row.more = {{"edges", static_cast<double>(edges)},
                {"problems", static_cast<double>(found.problems.size())},
                {"peak_bytes", static_cast<double>(peak_resident_bytes() - before)}};
    return row;
}

/// Findings that are missing and those that are too many.
std::uint64_t differences(std::vector<Finding> expected, topology::ProblemReport const& report) {
    std::vector<Finding> found;
    for (auto const& problem : report.problems) {
        if (problem.code != ProblemCode::sliver) {
            found.push_back(finding(problem.code, problem.subjects));
        }
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    std::vector<Finding> different;
    std::set_symmetric_difference(expected.begin(), expected.end(), found.begin(), found.end(),
                                  std::back_inserter(different));
    for (std::size_t i = 0; i < std::min<std::size_t>(different.size(), 5); ++i) {
        std::cerr << "missed or invented: " << problem_kind(different[i].first).slug;
        for (auto const& name : different[i].second) {
            std::cerr << ' ' << name;
        }
        std::cerr << '\n';
    }
    return different.size();
}

void write_wkb(std::vector<MultiPolygon> const& shapes, std::filesystem::path const& path) {
    std::ofstream file{path, std::ios::binary};
    std::vector<std::byte> bytes;
    for (auto const& shape : shapes) {
        bytes.clear();
        geom::append_wkb(shape, bytes);
        auto const size = static_cast<std::uint32_t>(bytes.size());
        file.write(reinterpret_cast<char const*>(&size), sizeof size);
        file.write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    if (!file.flush()) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be written", path.string())};
    }
}

/// Runs the peer's script and adds its rows.
void ask_peer(CheckOptions const& options, Coverage const& coverage, std::filesystem::path const& folder,
              Report& report) {
    auto const file = folder / "faces.wkb";
    auto const answer = folder / "answer.json";
    write_wkb(coverage.shapes, file);
    auto const command = fmt::format("'{}' '{}' '{}' {} >'{}'", options.python, options.script, file.string(),
                                     options.runs, answer.string());
    if (std::system(command.c_str()) != 0) {
        throw Error{ErrorCode::environment, fmt::format("the peer failed: {}; see above, and --help", command)};
    }
    std::ifstream in{answer};
    auto const said = nlohmann::json::parse(in);
    std::vector<double> cpu, wall;
    for (std::size_t i = 0; i < said["valid"].size(); ++i) {
        cpu.push_back(said["valid"][i][1].get<double>() + said["coverage"][i][1].get<double>());
        wall.push_back(said["valid"][i][2].get<double>() + said["coverage"][i][2].get<double>());
    }
    report.titles.emplace_back("geos",
                               fmt::format("GEOS {} isValid + CoverageIsValid", said["geos"].get<std::string>()));
    report.rows.push_back(
        {"geos",
         "clean",
         "",
         coverage.shapes.size(),
         {options.runs, times_of(cpu), times_of(wall)},
         {{"peak_bytes", said["peak_bytes"].get<double>()}, {"marked_faces", said.value("marked_faces", 0.0)}}});
    report.compared += 2;
    report.wrong += said["valid"].back()[0].get<bool>() ? 0U : 1U;
    report.boundary += said["coverage"].back()[0].get<bool>() ? 0U : 1U;
}

Report ask(CheckOptions const& options) {
    Report report;
    report.question = "check: is this a coverage, and where not?";
    report.seed = options.seed;
    TemporaryFolder const temporary{"check"};
    Coverage coverage;
    coverage.shapes = options.coverage.synthetic != 0 ? jagged_coverage(options.coverage.synthetic)
                                                      : all_shapes(*open_coverage(options.coverage, temporary));
    for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
        coverage.names.push_back(fmt::format("{:015}", i));
    }
    topology::ProblemReport found;
    report.rows.push_back(check("clean", coverage, options.runs, found));
    report.compared = 1;
    report.wrong = found.problems.size();
    if (!options.python.empty()) {
        ask_peer(options, coverage, temporary.path(), report);
    }
    {
        Planter planter{coverage};
        planter.plant(options.defects);
        auto const expected = planter.expected();
        report.rows.push_back(check("planted defects", planter.take(), options.runs, found));
        report.rows.back().more.emplace_back("planted", static_cast<double>(expected.size()));
        report.compared += expected.size();
        report.wrong += differences(expected, found);
    }
    report.rows.push_back(check("two layers", two_layers(coverage), 1, found));
    return report;
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    CLI::App app{"How long the coverage check takes: a clean province, one with planted defects, two layers over one "
                 "another; against GEOS where a Python with shapely is named"};
    CheckOptions options;
    add_coverage(app, options.coverage);
    add_common(app, options);
    app.add_option("--defects", options.defects, "Defects to plant")->capture_default_str();
    app.add_option("--python", options.python, "Python interpreter with shapely 2.1 or later, for the peer");
    app.add_option("--peer-script", options.script, "The peer's script")->capture_default_str();
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
