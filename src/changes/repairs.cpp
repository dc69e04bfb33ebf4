#include "touched.hpp"
#include "working_state.hpp"

#include <wangge/base/error.hpp>
#include <wangge/changes/repairs.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/topology/accepted_gaps.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace wangge::changes {

using registry::Operation;
using topology::RepairProposal;

namespace {

/// Ids of the gaps among `problems` that staff have accepted, with the reason.
std::map<std::string, std::string> accepted_among(std::vector<Problem> problems,
                                                  std::span<registry::AcceptedGap const> accepted) {
    std::vector<topology::AcceptedOutline> outlines;
    for (auto const& gap : accepted) {
        outlines.push_back({&gap.shape, gap.reason});
    }
    topology::note_accepted_gaps(problems, outlines);
    std::map<std::string, std::string> ids;
    for (auto& problem : problems) {
        if (problem.code == ProblemCode::accepted_gap) {
            problem.code = ProblemCode::gap; // by which the proposals name it
            ids.emplace(problem.id(), problem.fact("reason"));
        }
    }
    return ids;
}

/// What is a gap on purpose is nobody's to fill.
void leave_accepted_gaps(std::vector<RepairProposal>& proposals, std::map<std::string, std::string> const& accepted) {
    std::erase_if(proposals, [&](RepairProposal const& proposal) {
        return proposal.changes.empty() &&
               std::ranges::all_of(proposal.problems, [&](std::string const& id) { return accepted.contains(id); });
    });
    for (auto& proposal : proposals) {
        for (auto const& id : proposal.problems) {
            if (auto const found = accepted.find(id); found != accepted.end() && proposal.accepted()) {
                proposal.refusal =
                    words("it would fill a gap that was accepted: {}", "会填掉已确认保留的缝隙：{}", found->second);
            }
        }
    }
}

/// What lies round the grids that were added, beyond what the check looked at.
void read_round(registry::Registry const& registry, std::span<GridCode const> with, Examination const& examined,
                std::vector<registry::Grid>& grids) {
    std::set<GridCode> known(with.begin(), with.end());
    std::vector<geom::Envelope> boxes;
    for (auto const& grid : grids) {
        if (known.contains(grid.code)) {
            boxes.push_back(geom::envelope_of(grid.shape));
        }
    }
    for (auto const& grid : grids) {
        known.insert(grid.code);
    }
    for (auto const& grid : examined.touched) { // some of them are gone by then
        known.insert(grid.code);
    }
    for (auto& grid : registry.grids_touching(examined.draft.days.from, boxes)) {
        if (!known.contains(grid.code)) {
            grids.push_back(std::move(grid));
        }
    }
    std::ranges::sort(grids, {}, &registry::Grid::code);
}

constexpr std::string_view kRepair = "repair "; ///< begins the reason of a reshape that is one; no other has a reason

/// The shapes that grids had before repairs of this change set first moved them, or as a person drew them since. Only
/// of grids that repairs have moved.
std::map<GridCode, geom::MultiPolygon> shapes_before_repairs(registry::Registry const& registry,
                                                             Examination const& examined) {
    std::map<GridCode, geom::MultiPolygon> shapes;
    WorkingState state{registry, examined.draft.days.from};
    std::vector<Conflict> none; // a change set in conflict is not repaired
    for (auto const& operation : examined.operations) {
        if (operation.dropped_by) {
            continue;
        }
        bool const repair = operation.kind == registry::OperationKind::reshape && operation.reason.starts_with(kRepair);
        for (auto const& part : operation.grids) {
            if (!repair && part.shape) {
                shapes.erase(part.code);
            } else if (auto const* const grid = repair ? state.find(part.code) : nullptr) {
                shapes.try_emplace(part.code, grid->shape);
            }
        }
        state.apply(operation, examined.draft, none);
    }
    return shapes;
}

/// How far `change` takes the grid from `drawn` where it takes it further than it was; 0 where nothing moves away.
double moved_away_m(geom::MultiPolygon const& drawn, topology::GridChange const& change) {
    auto const points = [](geom::MultiPolygon const& shape) {
        std::unordered_set<geom::Point> set;
        geom::for_each_ring(shape, [&](geom::Ring const& ring) { set.insert(ring.begin(), ring.end()); });
        return set;
    };
    double furthest = 0;
    auto const before = points(change.before);
    for (auto const p : points(change.after)) {
        if (!before.contains(p)) {
            furthest = std::max(furthest, geom::distance_to_boundary_m(drawn, p));
        }
    }
    for (auto const p : points(drawn)) {
        if (auto const now = geom::distance_to_boundary_m(change.after, p);
            now > geom::distance_to_boundary_m(change.before, p)) {
            furthest = std::max(furthest, now);
        }
    }
    return furthest;
}

/// One repair after another must not take a boundary further than one may.
void refuse_what_adds_up(std::vector<RepairProposal>& proposals, topology::RepairOptions const& options,
                         std::map<GridCode, geom::MultiPolygon> const& shapes,
                         std::vector<registry::Grid> const& grids) {
    for (auto& proposal : proposals) {
        for (auto const& change : proposal.changes) {
            auto const drawn = shapes.find(grids.at(change.face).code);
            if (drawn == shapes.end() || !proposal.accepted()) {
                continue;
            }
            if (auto const moved_m = moved_away_m(drawn->second, change); moved_m > options.tolerance_m) {
                proposal.refusal = words(
                    "with the repairs before it the boundary of {} would be {} m from where it was before any "
                    "repair of this change set, more than the tolerance of {} m; draw it anew there, or raise the "
                    "tolerance",
                    "连同之前的修补，{} 的边界将偏离本变更单修补前的位置 {} 米，超过容差 {} "
                    "米；请在该处重新绘制，或加大容差",
                    change.name, fmt::format("{:.3f}", moved_m), fmt::format("{:g}", options.tolerance_m));
            }
        }
    }
}

std::string reason_of(RepairProposal const& proposal, topology::RepairOptions const& options) {
    return fmt::format("{}{}: {} within {:g} m, {:.4f} m2 change hands, nothing moves further than {:.3f} m", kRepair,
                       proposal.id(), topology::to_string(proposal.kind), options.tolerance_m, proposal.area_moved_m2,
                       proposal.greatest_move_m);
}

} // namespace

std::size_t RepairPlan::accepted() const {
    return static_cast<std::size_t>(std::ranges::count_if(proposals, &RepairProposal::accepted));
}

RepairPlan plan_repairs(registry::Registry& registry, std::int64_t draft, topology::RepairOptions const& options,
                        std::span<GridCode const> with, Progress& progress) {
    registry.require_editable(draft);
    auto examined = examine(registry, draft, Depth::coverage);
    if (!examined.conflicts.empty()) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}' has conflicts, and is to be drawn anew there before it is repaired: {}",
                          "变更单 {} “{}”有冲突，修补之前要先在该处重新绘制：{}", draft, examined.draft.title,
                          examined.conflicts.front().message)};
    }
    RepairPlan plan;
    plan.options = options;
    plan.grids = std::move(examined.ground.grids);
    std::set<GridCode> movable = examined.ground.changed;
    for (auto const& code : with) {
        if (!std::ranges::binary_search(plan.grids, code, {}, &registry::Grid::code)) {
            throw Error{
                ErrorCode::not_found,
                words("grid {0} does not lie beside what change set {1} '{2}' changes on {3}; 'wangge changes "
                      "preview {1}' lists its neighbours",
                      "网格 {0} 不与变更单 {1} “{2}”在 {3} 的改动相邻；“wangge changes preview {1}”可列出相邻网格",
                      code.str(), draft, examined.draft.title, examined.draft.days.from.str())};
        }
        movable.insert(code);
    }
    read_round(registry, with, examined, plan.grids);
    std::vector<topology::Face> faces;
    for (auto const& grid : plan.grids) {
        bool const moves = movable.contains(grid.code);
        faces.push_back({std::string{grid.code.str()}, &grid.shape, moves});
        if (moves) {
            plan.movable.push_back(grid.code);
        }
    }
    for (auto const& grid : examined.neighbours) {
        if (!movable.contains(grid.code)) {
            plan.fixed.push_back(grid.code);
        }
    }
    std::vector<topology::Outline> outlines;
    for (auto const& outline : examined.ground.outlines) {
        outlines.push_back({outline.code.str(), &outline.shape});
    }
    std::vector<Problem> found;
    plan.proposals = topology::propose_repairs(faces, outlines, options, progress, found);
    leave_accepted_gaps(plan.proposals, accepted_among(std::move(found), examined.ground.accepted_gaps));
    refuse_what_adds_up(plan.proposals, options, shapes_before_repairs(registry, examined), plan.grids);
    std::set<std::string> named;
    for (auto const& proposal : plan.proposals) {
        named.insert(proposal.problems.begin(), proposal.problems.end());
    }
    for (auto& dated : examined.problems) {
        bool const today = dated.day == examined.draft.days.from;
        if (dated.problem.severity() == Severity::error && !(today && named.contains(dated.problem.id()))) {
            plan.left.push_back(std::move(dated));
        }
    }
    plan.draft = std::move(examined.draft);
    return plan;
}

std::vector<Operation> carry_out(registry::Registry& registry, RepairPlan const& plan, std::span<std::string const> ids,
                                 std::string const& editor) {
    std::set<std::string> wanted(ids.begin(), ids.end());
    std::map<std::size_t, registry::Grid> grids; // as the operations so far leave them
    std::vector<Operation> operations;
    for (auto const& proposal : plan.proposals) {
        auto const id = proposal.id();
        bool const named = wanted.erase(id) > 0;
        if (named && !proposal.accepted()) {
            throw Error{ErrorCode::data_rejected,
                        words("repair {} is refused: {}", "修补 {} 不可行：{}", id, proposal.refusal)};
        }
        if (!proposal.accepted() || (!named && !ids.empty())) {
            continue;
        }
        auto& operation = operations.emplace_back();
        operation.kind = registry::OperationKind::reshape;
        operation.reason = reason_of(proposal, plan.options);
        for (auto const& change : proposal.changes) {
            auto& grid = grids.try_emplace(change.face, plan.grids.at(change.face)).first->second;
            auto& part = operation.grids.emplace_back();
            part.code = grid.code;
            part.base = registry::base_of(grid); // also when one before has touched it: to drop that one must be seen
            grid.shape = topology::carried_out(change, grid.shape);
            geom::normalize(grid.shape);
            part.shape = grid.shape;
        }
    }
    if (!wanted.empty()) {
        throw Error{
            ErrorCode::not_found,
            words("there is no repair {0} of change set {1} '{2}' at this tolerance; list them again: wangge changes "
                  "repair {1} --tolerance {3}",
                  "按此容差，变更单 {1} “{2}”没有修补 {0}；请重新列出：wangge changes repair {1} --tolerance {3}",
                  *wanted.begin(), plan.draft.id, plan.draft.title, fmt::format("{:g}", plan.options.tolerance_m))};
    }
    if (!operations.empty()) {
        registry.together([&] {
            registry.add_operations(plan.draft.id, editor, operations);
            record_touched(registry, examine(registry, plan.draft.id, Depth::content));
        });
    }
    return operations;
}

} // namespace wangge::changes
