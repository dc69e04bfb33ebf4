#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/changes/examination.hpp>
#include <wangge/topology/repair.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wangge::changes {

/// Repairs of what the check of a change set finds on its effective day.
struct RepairPlan {
    registry::ChangeDraft draft;
    topology::RepairOptions options;
    std::vector<GridCode> movable; ///< grids whose boundaries may move: the change set's, and those that were added
    std::vector<GridCode> fixed;   ///< neighbours that stay as they are and always win, by code
    std::vector<topology::RepairProposal> proposals; ///< by place; those refused say why
    std::vector<registry::Grid> grids;               ///< the proposals' faces are numbers of these
    /// Errors of the check that no proposal names: of later days, or among grids that do not change.
    std::vector<DatedProblem> left;

    [[nodiscard]] std::size_t accepted() const; ///< proposals that can be carried out
};

/**
 * Proposals for a change set as its operations leave it; nothing is written. Grids outside it stay as they are, except
 * those of `with`, which lie beside it. Nothing moves further than the tolerance, and together with repairs that the
 * change set has already, nothing further than that from where people drew it; an accepted gap is never filled.
 * Independent of whether the change set was checked. The registry must be open for writing. Error{data_rejected}: the
 * change set takes no operations, or has conflicts; Error{not_found}: a grid of `with` is not near it; Error{usage}:
 * an option out of range.
 */
[[nodiscard]] RepairPlan plan_repairs(registry::Registry& registry, std::int64_t draft,
                                      topology::RepairOptions const& options, std::span<GridCode const> with,
                                      Progress& progress);

/// Carries proposals of the plan out: each becomes a reshape of all its grids, drawn by `editor` on what the operations
/// before it left, with a reason that names the proposal. All are recorded or none; the change set must be checked
/// then. `ids` empty: all that are not refused. Returns them as recorded. Error{not_found}: no such proposal;
/// Error{data_rejected}: one that is refused.
std::vector<registry::Operation> carry_out(registry::Registry& registry, RepairPlan const& plan,
                                           std::span<std::string const> ids, std::string const& editor);

} // namespace wangge::changes
