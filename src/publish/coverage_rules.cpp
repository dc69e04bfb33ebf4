#include "coverage_rules.hpp"

#include <wangge/base/error.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace wangge::publish {

std::vector<Problem> require_coverage(registry::State const& state, std::span<registry::DivisionOutline const> outlines,
                                      Progress& progress) {
    std::vector<topology::Face> faces;
    faces.reserve(state.grids.size());
    for (auto const& grid : state.grids) {
        faces.push_back({std::string{grid.code.str()}, &grid.shape, true});
    }
    std::vector<topology::Outline> regions;
    regions.reserve(outlines.size());
    for (auto const& outline : outlines) {
        regions.push_back({outline.code.str(), &outline.shape});
    }
    auto const result = topology::CoverageChecker{}.check(faces, regions, progress);

    if (result.report.has_errors()) {
        constexpr std::size_t kShown = 5;
        std::size_t errors = 0;
        std::string shown;
        for (auto const& problem : result.report.problems) {
            if (problem.severity() != Severity::error) {
                continue;
            }
            if (errors++ < kShown) {
                shown += fmt::format("\n  {} {}", static_cast<int>(problem.code), problem.message);
            }
        }
        throw Error{
            ErrorCode::data_rejected,
            fmt::format(
                "the grids on {} break the coverage rules in {} places; nothing was published. Import corrected "
                "boundaries. The first:{}",
                state.as_of.str(), errors, shown)};
    }
    return result.report.problems;
}

std::vector<Problem> villages_without_grids(registry::State const& state) {
    std::unordered_set<DivisionCode> with_grids;
    for (auto const& grid : state.grids) {
        with_grids.insert(grid.village);
    }
    std::unordered_map<DivisionCode, registry::Division const*> by_code;
    for (auto const& division : state.divisions) {
        by_code.emplace(division.code, &division);
    }
    auto const county_of = [&](registry::Division const& village) {
        auto const* at = &village;
        while (at->parent && at->level > Level::county) {
            auto const parent = by_code.find(*at->parent);
            if (parent == by_code.end()) {
                break;
            }
            at = parent->second;
        }
        return at;
    };

    struct Tally {
        std::size_t villages = 0;
        std::vector<registry::Division const*> empty;
    };
    std::map<DivisionCode, Tally> counties;
    for (auto const& division : state.divisions) {
        if (division.level == Level::village) {
            auto& tally = counties[county_of(division)->code];
            ++tally.villages;
            if (!with_grids.contains(division.code)) {
                tally.empty.push_back(&division);
            }
        }
    }

    std::vector<Problem> problems;
    Problem untouched; // counties of which nothing has been imported: one finding, not one for each
    untouched.code = ProblemCode::village_without_grids;
    std::string untouched_names;
    for (auto const& [code, tally] : counties) {
        if (tally.empty.empty()) {
            continue;
        }
        if (tally.empty.size() == tally.villages) {
            constexpr std::size_t kNamed = 5;
            if (untouched.subjects.size() < kNamed) {
                untouched_names += (untouched_names.empty() ? "" : ", ") + by_code.at(code)->name;
            }
            untouched.subjects.push_back(code.str());
            continue;
        }
        Problem problem;
        problem.code = ProblemCode::village_without_grids;
        constexpr std::size_t kNamed = 3;
        std::string named;
        for (auto const* village : tally.empty) {
            if (problem.subjects.size() < kNamed) {
                named += fmt::format("{}{} {}", named.empty() ? "" : ", ", village->code.str(), village->name);
            }
            problem.subjects.push_back(village->code.str());
        }
        std::sort(problem.subjects.begin(), problem.subjects.end());
        problem.message = fmt::format("{} {}: {} of {} villages have no grid ({}{}); import their boundaries",
                                      code.str(), by_code.at(code)->name, tally.empty.size(), tally.villages, named,
                                      tally.empty.size() > kNamed ? ", ..." : "");
        problems.push_back(std::move(problem));
    }
    if (!untouched.subjects.empty()) {
        untouched.message = fmt::format("{} of {} counties have no grid at all ({}{}); import their boundaries",
                                        untouched.subjects.size(), counties.size(), untouched_names,
                                        untouched.subjects.size() > 5 ? ", ..." : "");
        problems.push_back(std::move(untouched));
    }
    return problems;
}

} // namespace wangge::publish
