// Is the exported layer of grids a coverage of the counties? Decided by GEOS alone.
//
//   verify_coverage GRIDS [--layer NAME] --expect COUNT [--outlines FILE [--outline-layer NAME]] [--divisions FILE]
//   [--jobs N]
//
// GRIDS is an exported file of layer `grids`. Checks, each with its result on one line:
//   count      as many features as expected, each code once
//   valid      GEOSisValid in degrees and in lattice units
//   disjoint   no two interiors meet: GEOSRelatePattern T******** for each pair whose envelopes meet
//   areas      the areas of a county's grids add up to its outline's
//   union      the union of a county's grids is its outline: the symmetric difference has no area
//   parents    each village lies in one town, county and city; with --divisions (code, level, parent_code; tab
//   separated) these
//              are the ones named there and each village named there has a grid
// Areas and unions are computed in whole lattice units; the tolerance is 1e-12 of the county's area.
// Exit code 0 when all hold, 1 when one does not, 3 when a file cannot be read.
#include "exported_layers.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string_view>

using namespace verify;

namespace {

constexpr double kTolerance = 1e-12;
constexpr std::size_t kShown = 10;

/// Result of one check: what it looked at and what is wrong.
struct Finding {
    std::uint64_t looked_at = 0;
    std::uint64_t wrong = 0;
    std::vector<std::string> examples;
    void add(std::string text) {
        ++wrong;
        if (examples.size() < kShown) {
            examples.push_back(std::move(text));
        }
    }
};

class Report {
public:
    void tell(std::string_view check, std::string_view of_what, Finding const& finding) {
        auto const now = std::chrono::steady_clock::now();
        fmt::print("{:4} {:9} {} {}, {} wrong, {:.1f} s\n", finding.wrong == 0 ? "ok" : "FAIL", check,
                   finding.looked_at, of_what, finding.wrong, std::chrono::duration<double>(now - m_last).count());
        for (auto const& example : finding.examples) {
            fmt::print("       {}\n", example);
        }
        std::fflush(stdout);
        m_last = now;
        m_good = m_good && finding.wrong == 0;
    }
    [[nodiscard]] bool good() const { return m_good; }

private:
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
    bool m_good = true;
};

Finding check_count(std::vector<Area> const& grids, std::size_t expected) {
    Finding finding{grids.size(), 0, {}};
    if (grids.size() != expected) {
        finding.add(fmt::format("{} features, {} expected", grids.size(), expected));
    }
    std::set<std::string_view> codes;
    for (auto const& grid : grids) {
        if (!codes.insert(grid.code).second) {
            finding.add(fmt::format("code {} stands more than once", grid.code));
        }
    }
    return finding;
}

Finding check_valid(Geos const& geos, std::vector<Area> const& areas) {
    Finding finding{areas.size(), 0, {}};
    for (auto const& area : areas) {
        for (double const scale : {1.0, 1e7}) {
            auto const shape = to_geos(geos, area, scale);
            if (GEOSisValid_r(geos.handle(), shape.get()) != 1) {
                char* reason = GEOSisValidReason_r(geos.handle(), shape.get());
                finding.add(fmt::format("{}: {}", area.code, reason == nullptr ? "GEOS failed" : reason));
                GEOSFree_r(geos.handle(), reason);
                break;
            }
        }
    }
    return finding;
}

void note_candidate(void* item, void* list) {
    static_cast<std::vector<std::size_t>*>(list)->push_back(*static_cast<std::size_t*>(item));
}

/// The pairs (i, j), i < j, i = part, part + parts, ...
Finding check_disjoint_part(Geos const& geos, std::vector<Area> const& grids, std::vector<Geometry> const& shapes,
                            GEOSSTRtree* tree, std::size_t part, std::size_t parts) {
    Finding finding;
    std::vector<std::size_t> candidates;
    for (std::size_t i = part; i < shapes.size(); i += parts) {
        candidates.clear();
        GEOSSTRtree_query_r(geos.handle(), tree, shapes[i].get(), note_candidate, &candidates);
        std::sort(candidates.begin(), candidates.end());
        for (auto const j : candidates) {
            if (j <= i) {
                continue;
            }
            ++finding.looked_at;
            if (GEOSRelatePattern_r(geos.handle(), shapes[i].get(), shapes[j].get(), "T********") !=
                0) { // 2: GEOS failed
                finding.add(fmt::format("{} and {} overlap", grids[i].code, grids[j].code));
            }
        }
    }
    return finding;
}

/// Split over processes, not threads: GEOS geometries fill in caches when they are read.
Finding check_disjoint(Geos const& geos, std::vector<Area> const& grids, std::vector<Geometry> const& shapes,
                       std::size_t jobs) {
    auto* tree = GEOSSTRtree_create_r(geos.handle(), 10);
    std::vector<std::size_t> numbers(shapes.size());
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    for (auto& number : numbers) {
        GEOSSTRtree_insert_r(geos.handle(), tree, shapes[number].get(), &number);
    }
    std::vector<std::pair<pid_t, int>> children;
    for (std::size_t part = 0; part < jobs; ++part) {
        int ends[2];
        if (::pipe(ends) != 0) {
            throw std::runtime_error("pipe failed");
        }
        std::cout.flush();
        pid_t const child = ::fork();
        if (child < 0) {
            throw std::runtime_error("fork failed");
        }
        if (child == 0) {
            auto const finding = check_disjoint_part(geos, grids, shapes, tree, part, jobs);
            std::string text = fmt::format("{} {}\n", finding.looked_at, finding.wrong);
            for (auto const& example : finding.examples) {
                text += example + "\n";
            }
            bool const sent = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
            ::_exit(sent ? 0 : 1);
        }
        ::close(ends[1]);
        children.emplace_back(child, ends[0]);
    }
    Finding total;
    for (auto const& [child, end] : children) {
        std::string text;
        char buffer[4096];
        for (ssize_t n = 0; (n = ::read(end, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(n));
        }
        ::close(end);
        int status = 0;
        ::waitpid(child, &status, 0);
        std::istringstream lines{text};
        std::uint64_t looked_at = 0;
        std::uint64_t wrong = 0;
        if (status != 0 || !(lines >> looked_at >> wrong)) {
            throw std::runtime_error("a part of the check for overlaps was killed");
        }
        total.looked_at += looked_at;
        total.wrong += wrong;
        std::string line;
        std::getline(lines, line);
        while (std::getline(lines, line) && total.examples.size() < kShown) {
            total.examples.push_back(line);
        }
    }
    GEOSSTRtree_destroy_r(geos.handle(), tree);
    return total;
}

double area_of(Geos const& geos, GEOSGeometry const* shape) {
    double area = 0;
    if (GEOSArea_r(geos.handle(), shape, &area) != 1) {
        geos.fail("measuring an area");
    }
    return area;
}

using GridsOfCounty = std::map<std::string, std::vector<std::size_t>>;

Finding check_areas(Geos const& geos, std::vector<Geometry> const& shapes, std::vector<Area> const& outlines,
                    GridsOfCounty const& of_county, std::vector<Area> const& grids) {
    Finding finding{outlines.size(), 0, {}};
    std::set<std::string_view> known;
    for (auto const& outline : outlines) {
        known.insert(outline.code);
        double const expected = area_of(geos, to_geos(geos, outline, 1).get());
        double sum = 0;
        if (auto const own_grids = of_county.find(outline.code); own_grids != of_county.end()) {
            for (auto const i : own_grids->second) {
                sum += area_of(geos, shapes[i].get());
            }
        }
        if (!(std::abs(sum - expected) <= kTolerance * expected)) {
            finding.add(fmt::format("county {}: grids cover {:.1f} square units of {:.1f} ({:+.3e} of it)",
                                    outline.code, sum, expected, (sum - expected) / expected));
        }
    }
    for (auto const& [county, members] : of_county) {
        if (!known.contains(county)) {
            finding.add(fmt::format("county '{}' of grid {} and {} more has no outline", county,
                                    grids[members.front()].code, members.size() - 1));
        }
    }
    return finding;
}

Finding check_unions(Geos const& geos, std::vector<Geometry> const& shapes, std::vector<Area> const& outlines,
                     GridsOfCounty const& of_county) {
    Finding finding{outlines.size(), 0, {}};
    for (auto const& outline : outlines) {
        auto const own_grids = of_county.find(outline.code);
        if (own_grids == of_county.end()) {
            finding.add(fmt::format("county {} has no grid", outline.code));
            continue;
        }
        std::vector<GEOSGeometry*> members;
        for (auto const i : own_grids->second) {
            members.push_back(GEOSGeom_clone_r(geos.handle(), shapes[i].get()));
        }
        auto const collection = own(geos,
                                    GEOSGeom_createCollection_r(geos.handle(), GEOS_GEOMETRYCOLLECTION, members.data(),
                                                                static_cast<unsigned>(members.size())),
                                    "collecting grids");
        // That no grids overlap is known by now; what a coverage union makes of edges that do not match differs from
        // the outline or is refused by it, and then the slower union, which nodes them, has the word.
        Geometry united{GEOSCoverageUnion_r(geos.handle(), collection.get()), GeometryDeleter{geos.handle()}};
        if (!united || GEOSisValid_r(geos.handle(), united.get()) != 1) {
            united = own(geos, GEOSUnaryUnion_r(geos.handle(), collection.get()), "uniting grids");
        }
        auto const expected = to_geos(geos, outline, 1);
        auto const difference =
            own(geos, GEOSSymDifference_r(geos.handle(), united.get(), expected.get()), "comparing outlines");
        double const wrong = area_of(geos, difference.get());
        double const whole = area_of(geos, expected.get());
        if (!(wrong <= kTolerance * whole)) {
            finding.add(
                fmt::format("county {}: its grids differ from its outline by {:.1f} square units ({:.3e} of it)",
                            outline.code, wrong, wrong / whole));
        }
    }
    return finding;
}

std::vector<std::string> split_tabs(std::string const& line) {
    std::vector<std::string> cells;
    std::istringstream stream{line};
    for (std::string cell; std::getline(stream, cell, '\t');) {
        cells.push_back(cell);
    }
    return cells;
}

struct ReferenceDivision {
    std::string level, parent;
};

std::map<std::string, ReferenceDivision> read_divisions(std::string const& file) {
    std::ifstream stream{file};
    std::string line;
    if (!std::getline(stream, line)) {
        throw std::runtime_error(file + ": cannot be read");
    }
    auto const header = split_tabs(line);
    auto const column = [&](std::string_view name) {
        auto const at = std::find(header.begin(), header.end(), name);
        if (at == header.end()) {
            throw std::runtime_error(fmt::format("{}: has no column {}", file, name));
        }
        return static_cast<std::size_t>(at - header.begin());
    };
    auto const code = column("code");
    auto const level = column("level");
    auto const parent = column("parent_code");
    std::map<std::string, ReferenceDivision> divisions;
    while (std::getline(stream, line)) {
        auto cells = split_tabs(line);
        cells.resize(std::max(cells.size(), header.size()));
        divisions[cells[code]] = {cells[level], cells[parent]};
    }
    return divisions;
}

Finding check_parents(std::vector<Area> const& grids, std::string const& divisions_file) {
    struct Parents {
        std::string town, county, city;
        auto operator<=>(Parents const&) const = default;
    };
    std::map<std::string, Parents> villages;
    std::set<std::string> towns;
    std::set<std::string> counties;
    std::set<std::string> cities;
    Finding finding;
    for (auto const& grid : grids) {
        Parents const parents{grid.town, grid.county, grid.city};
        auto const [at, added] = villages.emplace(grid.village, parents);
        if (grid.village.empty()) {
            finding.add(fmt::format("grid {} has no village", grid.code));
        } else if (!added && at->second != parents) {
            finding.add(fmt::format("village {} has other parents in grid {}", grid.village, grid.code));
        }
        towns.insert(grid.town);
        counties.insert(grid.county);
        cities.insert(grid.city);
    }
    finding.looked_at = villages.size();
    fmt::print("     {} villages, {} towns, {} counties, {} cities have grids\n", villages.size(), towns.size(),
               counties.size(), cities.size());
    if (divisions_file.empty()) {
        return finding;
    }
    auto const reference = read_divisions(divisions_file);
    auto const parent_at = [&](std::string code, std::string_view level) -> std::string {
        for (auto at = reference.find(code); at != reference.end(); at = reference.find(code)) {
            if (at->second.level == level) {
                return code;
            }
            code = at->second.parent;
        }
        return {};
    };
    for (auto const& [village, parents] : villages) {
        auto const known = reference.find(village);
        if (known == reference.end() || known->second.level != "village") {
            finding.add(fmt::format("village {} is not in {}", village, divisions_file));
        } else if (parents !=
                   Parents{parent_at(village, "town"), parent_at(village, "county"), parent_at(village, "city")}) {
            finding.add(fmt::format("village {} has other parents in {}", village, divisions_file));
        }
    }
    for (auto const& [code, division] : reference) {
        if (division.level == "village" && !villages.contains(code)) {
            finding.add(fmt::format("village {} has no grid", code));
        } else if (division.level == "town" && !towns.contains(code)) {
            finding.add(fmt::format("town {} has no grid", code));
        }
    }
    return finding;
}

struct Arguments {
    std::string grids, layer, outlines, outline_layer, divisions;
    std::size_t expect = 0;
    std::size_t jobs = 2;
};

std::string const kUsage = "usage: verify_coverage GRIDS --expect COUNT [--layer NAME] [--outlines FILE "
                           "[--outline-layer NAME]] [--divisions FILE] [--jobs N]\n";

bool parse(int argc, char** argv, Arguments& arguments) {
    bool expects = false;
    for (int i = 1; i < argc; ++i) {
        std::string const word = argv[i];
        if (!word.starts_with("--")) {
            arguments.grids = word;
            continue;
        }
        if (++i == argc) {
            return false;
        }
        std::string const value = argv[i];
        if (word == "--layer") {
            arguments.layer = value;
        } else if (word == "--outlines") {
            arguments.outlines = value;
        } else if (word == "--outline-layer") {
            arguments.outline_layer = value;
        } else if (word == "--divisions") {
            arguments.divisions = value;
        } else if (word == "--expect") {
            arguments.expect = std::strtoull(value.c_str(), nullptr, 10);
            expects = true;
        } else if (word == "--jobs") {
            arguments.jobs = std::max<std::size_t>(1, std::strtoull(value.c_str(), nullptr, 10));
        } else {
            return false;
        }
    }
    return expects && !arguments.grids.empty();
}

bool verify_all(Arguments const& arguments) {
    Geos const geos;
    Report report;
    auto const grids = read_areas(arguments.grids, arguments.layer, "grid_code");
    report.tell("count", "grids", check_count(grids, arguments.expect));

    auto const validity = check_valid(geos, grids);
    report.tell("valid", "grids", validity);
    if (validity.wrong != 0) {
        fmt::print("FAIL the other checks need valid areas\n");
        return false;
    }

    std::vector<Geometry> shapes;
    shapes.reserve(grids.size());
    GridsOfCounty of_county;
    for (std::size_t i = 0; i < grids.size(); ++i) {
        shapes.push_back(to_geos(geos, grids[i], 1));
        of_county[grids[i].county].push_back(i);
    }
    report.tell("disjoint", "pairs whose envelopes meet", check_disjoint(geos, grids, shapes, arguments.jobs));
    if (!arguments.outlines.empty()) {
        auto const outlines = read_areas(arguments.outlines, arguments.outline_layer, "code");
        report.tell("areas", "counties", check_areas(geos, shapes, outlines, of_county, grids));
        report.tell("union", "counties", check_unions(geos, shapes, outlines, of_county));
    }
    report.tell("parents", "villages", check_parents(grids, arguments.divisions));
    return report.good();
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::cerr << kUsage;
        return 2;
    }
    try {
        bool const good = verify_all(arguments);
        fmt::print("{}\n", good ? "the grids are a coverage of the counties" : "the grids are NOT what they should be");
        return good ? 0 : 1;
    } catch (std::exception const& error) {
        std::cerr << "verify_coverage: " << error.what() << '\n';
        return 3;
    }
}
