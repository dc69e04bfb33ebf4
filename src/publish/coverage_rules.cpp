#include "coverage_rules.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/topology/accepted_gaps.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace wangge::publish {

std::vector<Problem> require_coverage(registry::State const& state, std::span<registry::DivisionOutline const> outlines,
                                      std::span<registry::AcceptedGap const> accepted_gaps, Progress& progress) {
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
    auto result = topology::CoverageChecker{}.check(faces, regions, progress);
    std::vector<topology::AcceptedOutline> accepted;
    for (auto const& gap : accepted_gaps) {
        if (gap.valid.holds(state.as_of)) {
            accepted.push_back({&gap.shape, gap.reason});
        }
    }
    topology::note_accepted_gaps(result.report.problems, accepted);

    if (result.report.has_errors()) {
        constexpr std::size_t kShown = 5;
        std::size_t errors = 0;
        Words shown;
        for (auto const& problem : result.report.problems) {
            if (problem.severity() != Severity::error) {
                continue;
            }
            if (errors++ < kShown) {
                shown = words("{}\n  {} {}", "{}\n  {} {}", shown, static_cast<int>(problem.code),
                              Words{problem.message, sentence(problem, Language::chinese)});
            }
        }
        throw Error{
            ErrorCode::data_rejected,
            words("the grids on {} break the coverage rules in {} places; nothing was published. Import corrected "
                  "boundaries. The first:{}",
                  "{} 的网格有 {} 处不符合全覆盖规则；没有发布。请导入更正后的边界。前几处：{}", state.as_of.str(),
                  errors, shown)};
    }
    return result.report.problems;
}

bool same_edges(std::span<geom::MultiPolygon const* const> before, std::span<geom::MultiPolygon const* const> after) {
    using Edge = std::pair<geom::Point, geom::Point>;
    std::vector<std::pair<Edge, int>> edges; // from the lesser end; +1 the way it runs after, -1 before
    auto const add = [&](std::span<geom::MultiPolygon const* const> shapes, int sign) {
        for (auto const* const shape : shapes) {
            geom::for_each_edge(*shape, [&](geom::Point a, geom::Point b) {
                if (a != b) {
                    edges.emplace_back(a < b ? Edge{a, b} : Edge{b, a}, a < b ? sign : -sign);
                }
            });
        }
    };
    add(before, -1);
    add(after, 1);
    std::sort(edges.begin(), edges.end());
    for (std::size_t i = 0; i < edges.size();) {
        auto const& edge = edges[i].first;
        int sum = 0;
        for (; i < edges.size() && edges[i].first == edge; ++i) {
            sum += edges[i].second;
        }
        if (sum != 0) {
            return false;
        }
    }
    return true;
}

bool keeps_coverage(std::span<registry::DraftVersion const> versions) {
    std::set<Date> days; // on which the draft's own difference changes
    for (auto const& version : versions) {
        days.insert(version.valid.from);
        days.insert(version.valid.to);
    }
    constexpr std::size_t kManyDays = 64; // each is counted anew
    if (days.size() > kManyDays) {
        return false;
    }
    for (auto const day : days) {
        std::vector<geom::MultiPolygon const*> superseded, recorded;
        for (auto const& version : versions) {
            if (version.valid.holds(day)) {
                (version.opened ? recorded : superseded).push_back(&version.shape);
            }
        }
        if (!same_edges(superseded, recorded)) {
            return false;
        }
    }
    SilentProgress silent; // each takes no time
    std::set<std::int64_t> checked;
    for (auto const& version : versions) {
        if (!version.opened || !checked.insert(version.shape_id).second) {
            continue;
        }
        topology::Face const face{std::string{version.code.str()}, &version.shape, true};
        auto const result = topology::CoverageChecker{}.check({&face, 1}, {}, silent);
        auto const in_itself = [](Problem const& problem) { // alone, a hole would be a gap
            return problem.code != ProblemCode::gap && problem.code != ProblemCode::sliver;
        };
        if (std::any_of(result.report.problems.begin(), result.report.problems.end(), in_itself)) {
            return false;
        }
    }
    return true;
}

std::vector<Problem> joined(std::vector<Problem> of_coverage, std::vector<Problem> without_grids) {
    std::erase_if(of_coverage, [&](Problem const& warning) {
        return warning.code == ProblemCode::county_not_filled &&
               std::any_of(without_grids.begin(), without_grids.end(), [&](Problem const& other) {
                   return std::includes(other.subjects.begin(), other.subjects.end(), warning.subjects.begin(),
                                        warning.subjects.end());
               });
    });
    std::move(without_grids.begin(), without_grids.end(), std::back_inserter(of_coverage));
    return of_coverage;
}

namespace {

void tell(Problem& problem, Words words) {
    problem.message = std::move(words.english);
    problem.chinese = std::move(words.chinese);
}

nlohmann::json to_json(geom::Ring const& points) {
    auto list = nlohmann::json::array();
    for (auto const p : points) {
        list.push_back({p.lon, p.lat});
    }
    return list;
}

geom::Point point_from(nlohmann::json const& json) {
    return {json.at(0).get<std::int32_t>(), json.at(1).get<std::int32_t>()};
}

geom::Ring ring_from(nlohmann::json const& json) {
    geom::Ring ring;
    for (auto const& point : json) {
        ring.push_back(point_from(point));
    }
    return ring;
}

} // namespace

std::string to_notes(std::span<Problem const> of_coverage) {
    auto list = nlohmann::json::array();
    for (auto const& problem : of_coverage) {
        nlohmann::json json{{"problem", static_cast<int>(problem.code)},
                            {"subjects", problem.subjects},
                            {"message", problem.message},
                            {"chinese", sentence(problem, Language::chinese)},
                            {"measure", problem.measure},
                            {"unit", problem.unit}};
        if (problem.place) {
            json["at"] = {problem.place->at.lon, problem.place->at.lat};
            json["line"] = to_json(problem.place->line);
            auto& area = json["area"] = nlohmann::json::array();
            for (auto const& part : problem.place->area.parts) {
                auto rings = nlohmann::json::array({to_json(part.outer)});
                for (auto const& hole : part.holes) {
                    rings.push_back(to_json(hole));
                }
                area.push_back(std::move(rings));
            }
        }
        list.push_back(std::move(json));
    }
    return nlohmann::json{{"coverage_warnings", std::move(list)}}.dump() + "\n";
}

std::vector<Problem> from_notes(std::string const& notes) {
    std::vector<Problem> problems;
    try {
        auto const document = nlohmann::json::parse(notes);
        for (auto const& json : document.at("coverage_warnings")) {
            auto& problem = problems.emplace_back();
            problem.code = static_cast<ProblemCode>(json.at("problem").get<int>());
            static_cast<void>(problem_kind(problem.code));
            problem.subjects = json.at("subjects").get<std::vector<std::string>>();
            problem.message = json.at("message").get<std::string>();
            problem.chinese = json.value("chinese", ""); // lacking in notes of an earlier program
            problem.measure = json.at("measure").get<double>();
            problem.unit = json.at("unit").get<std::string>();
            if (json.contains("at")) {
                auto& place = problem.place.emplace();
                place.at = point_from(json.at("at"));
                place.line = ring_from(json.at("line"));
                for (auto const& rings : json.at("area")) {
                    auto& part = place.area.parts.emplace_back();
                    part.outer = ring_from(rings.at(0));
                    for (std::size_t i = 1; i < rings.size(); ++i) {
                        part.holes.push_back(ring_from(rings[i]));
                    }
                }
            }
        }
    } catch (std::exception const& error) { // no JSON, or a code that no problem has
        throw Error{ErrorCode::corrupt, fmt::format("the notes of a snapshot cannot be read: {}", error.what())};
    }
    return problems;
}

std::vector<Problem> villages_without_grids(std::span<registry::Division const> divisions,
                                            std::unordered_set<DivisionCode> const& with_grids) {
    std::unordered_map<DivisionCode, registry::Division const*> by_code;
    for (auto const& division : divisions) {
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
    for (auto const& division : divisions) {
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
        tell(problem, words("{} {}: {} of {} villages have no grid ({}{}); import their boundaries",
                            "{} {}：{3} 个村居中有 {2} 个没有网格（{4}{5}）；请导入其边界", code.str(),
                            by_code.at(code)->name, tally.empty.size(), tally.villages, named,
                            tally.empty.size() > kNamed ? words(", ...", " 等") : Words{}));
        problems.push_back(std::move(problem));
    }
    if (!untouched.subjects.empty()) {
        tell(untouched,
             words("{} of {} counties have no grid at all ({}{}); import their boundaries",
                   "{1} 个县区中有 {0} 个完全没有网格（{2}{3}）；请导入其边界", untouched.subjects.size(),
                   counties.size(), untouched_names, untouched.subjects.size() > 5 ? words(", ...", " 等") : Words{}));
        problems.push_back(std::move(untouched));
    }
    return problems;
}

} // namespace wangge::publish
