#include "areas.hpp"
#include "arrangement.hpp"

#include <wangge/topology/accepted_gaps.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::topology {

bool lies_within(geom::MultiPolygon const& inner, geom::MultiPolygon const& outer) {
    if (inner == outer) {
        return true;
    }
    if (inner.empty() || !geom::envelope_of(inner).intersects(geom::envelope_of(outer))) {
        return inner.empty();
    }
    std::vector<OwnedEdge> edges;
    for (auto const& [shape, owner] : {std::pair{&inner, 0U}, {&outer, 1U}}) {
        geom::for_each_edge(*shape, [&, number = owner](geom::Point a, geom::Point b) {
            if (a != b) {
                edges.push_back({a, b, number, false});
            }
        });
    }
    Arrangement const arrangement{std::move(edges)};
    auto const cover = covers(arrangement, [](std::uint32_t owner) { return owner; });
    std::vector<std::uint32_t> outside;
    for (std::uint32_t region = 0; region < cover.size(); ++region) {
        auto const covered_by = [&](std::uint32_t owner) {
            return std::ranges::any_of(cover[region],
                                       [&](OwnerCount const& c) { return c.owner == owner && c.count > 0; });
        };
        if (covered_by(0) && !covered_by(1)) {
            outside.push_back(region);
        }
    }
    constexpr double kNothingM2 = 0.01;
    return outside.empty() || AreaTracer{arrangement}.trace(outside).area_m2 < kNothingM2;
}

void note_accepted_gaps(std::vector<Problem>& problems, std::span<AcceptedOutline const> outlines) {
    if (outlines.empty()) {
        return;
    }
    std::vector<std::pair<std::vector<std::string>, geom::Point>> noted;
    for (auto& problem : problems) {
        if (problem.code != ProblemCode::gap || !problem.place || problem.place->area.empty()) {
            continue;
        }
        auto area = problem.place->area;
        geom::normalize(area);
        auto const outline = std::ranges::find_if(
            outlines, [&](AcceptedOutline const& accepted) { return lies_within(area, *accepted.shape); });
        if (outline != outlines.end()) {
            problem.code = ProblemCode::accepted_gap;
            problem.message =
                fmt::format("{:.1f} m2 belong to no grid, which was accepted: {}", problem.measure, outline->reason);
            problem.facts.push_back({"reason", std::string{outline->reason}});
            noted.emplace_back(problem.subjects, problem.place->at);
        }
    }
    std::erase_if(problems, [&](Problem const& problem) {
        return problem.code == ProblemCode::sliver && problem.place &&
               std::ranges::find(noted, std::pair{problem.subjects, problem.place->at}) != noted.end();
    });
}

} // namespace wangge::topology
