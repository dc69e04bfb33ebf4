#pragma once

#include <wangge/changes/examination.hpp>
#include <wangge/topology/area_shares.hpp>

#include <vector>

namespace wangge::changes {

/// Keeps what the change set touches, so that others that touch the same are told.
void record_touched(registry::Registry& registry, Examination const& examined);

/// Grids whose shape differs on the first day; borrows their shapes.
[[nodiscard]] std::vector<topology::ShapeChange> shape_changes(Examination const& examined);

} // namespace wangge::changes
