#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/records.hpp>

#include <span>
#include <vector>

namespace wangge::publish {

/// Checks that the grids of `state` form a coverage inside the outlines. Throws Error{data_rejected} that names the
/// first errors; returns the warnings (counties that their grids do not fill, among them).
[[nodiscard]] std::vector<Problem>
require_coverage(registry::State const& state, std::span<registry::DivisionOutline const> outlines, Progress& progress);

/// One warning for each county (city where it has no counties) in which some villages have no grid; those are its
/// subjects. Counties without any grid are one warning together, last, with their codes as subjects.
[[nodiscard]] std::vector<Problem> villages_without_grids(registry::State const& state);

} // namespace wangge::publish
