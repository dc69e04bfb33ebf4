#pragma once

#include <wangge/base/words.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/registry.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace wangge::changes {

/// Why an operation cannot be carried out on the state as it is now.
struct Conflict {
    int operation = 0;                            ///< its number, 0 for the change set as a whole
    std::optional<GridCode> grid;                 ///< the grid concerned
    std::optional<registry::AppliedChange> since; ///< what changed the grid after the operation was drawn
    Words message;
};

/// A problem of the coverage and the first day on which it shows.
struct DatedProblem {
    Date day;
    Problem problem;
};

/// What an approver should know of an operation, though nothing stands against it: a warning.
struct Remark {
    int operation = 0;
    Words message;
};

/// A grid before and after the change set on one day.
struct TouchedGrid {
    GridCode code;
    std::optional<registry::Grid> before, after;
};

/// What the coverage was checked on: the state of a day as it would be, as far as the effect reaches.
struct CheckedGround {
    std::vector<registry::Grid> grids; ///< by code
    std::set<GridCode> changed;        ///< of them, by the change set; the others are their surroundings
    std::vector<registry::DivisionOutline> outlines;
    std::vector<registry::AcceptedGap> accepted_gaps;
};

/// A change set worked out on the state as it is now; nothing is written.
struct Examination {
    registry::ChangeDraft draft;
    std::vector<registry::Operation> operations; ///< dropped ones included
    registry::ChangeSet change_set;              ///< as it would be applied; complete unless there are conflicts
    Digest content; ///< of the change set and of all that lies round it on every day concerned
    std::vector<Conflict> conflicts;
    std::vector<Remark> remarks;            ///< on names and addresses
    std::vector<DatedProblem> problems;     ///< of the coverage; empty unless asked for
    std::vector<Date> days;                 ///< on which the state was looked at
    Date first_day;                         ///< on which it begins to differ
    std::vector<TouchedGrid> touched;       ///< on the first day, by code
    std::vector<registry::Grid> neighbours; ///< that border on a grid that changes there, by code
    CheckedGround ground;                   ///< of the effective day; empty unless the coverage was asked for

    [[nodiscard]] std::size_t count(Severity severity) const;
    [[nodiscard]] bool has_errors() const { return !conflicts.empty() || count(Severity::error) > 0; }
};

enum class Depth {
    content,  ///< what it would change, and the digest
    coverage, ///< and the coverage rules
};

/**
 * Works the change set out on the newest state: it is written into the registry's open transaction, looked at, and
 * taken back, so that what is examined is what applying does. The coverage is checked on its effective day and on each
 * later day on which anything near what it touches changes, as far as its effect reaches; only grids near are read, all
 * of a county when ground is gained or lost. O(grids near). The registry must be open for writing. Error{not_found}: no
 * such change set.
 */
[[nodiscard]] Examination examine(registry::Registry& registry, std::int64_t draft, Depth depth);

} // namespace wangge::changes
