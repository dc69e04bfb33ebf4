#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/records.hpp>

#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace wangge::publish {

/// Checks that the grids of `state` form a coverage inside the outlines; gaps that are accepted are notes. Throws
/// Error{data_rejected} that names the first errors; returns the warnings (counties that their grids do not fill, among
/// them).
[[nodiscard]] std::vector<Problem> require_coverage(registry::State const& state,
                                                    std::span<registry::DivisionOutline const> outlines,
                                                    std::span<registry::AcceptedGap const> accepted_gaps,
                                                    Progress& progress);

/**
 * Does a published coverage stay one, for sure? True when on every day the shapes that the draft records have together
 * the very directed edges of those that it supersedes, and each is valid in itself. Then every position is covered as
 * often as before, every edge between the changed grids and all others is as it was, and so are gaps and outlines:
 * a full check would find no error, and the same warnings. False says nothing. O(n log n) in the draft's edges.
 */
[[nodiscard]] bool keeps_coverage(std::span<registry::DraftVersion const> versions);

/// Have the two lists of shapes together the same directed edges, so that they cover the same ground?
[[nodiscard]] bool same_edges(std::span<geom::MultiPolygon const* const> before,
                              std::span<geom::MultiPolygon const* const> after);

/// One warning for each county (city where it has no counties) in which some villages have no grid; those are its
/// subjects. Counties without any grid are one warning together, last, with their codes as subjects.
[[nodiscard]] std::vector<Problem> villages_without_grids(std::span<registry::Division const> divisions,
                                                          std::unordered_set<DivisionCode> const& with_grids);

/// Both kinds in one list: a county without any grid is said once, as such; that its outline is not filled goes
/// without saying.
[[nodiscard]] std::vector<Problem> joined(std::vector<Problem> of_coverage, std::vector<Problem> without_grids);

/// Warnings of a coverage check as text that a snapshot keeps, and back. Throws Error{corrupt} when it is something
/// else.
[[nodiscard]] std::string to_notes(std::span<Problem const> of_coverage);
[[nodiscard]] std::vector<Problem> from_notes(std::string const& notes);

} // namespace wangge::publish
