#pragma once

#include <wangge/registry/records.hpp>
#include <wangge/topology/area_shares.hpp>

#include <span>
#include <string>
#include <vector>

namespace wangge::command {

using Ground = topology::GroundShare;

/// The ground of grids that two states do not have alike, by code, what stays with a grid too.
[[nodiscard]] std::vector<Ground> ground_of(std::span<registry::GridDifference const> differences,
                                            topology::ShareShapes shapes);

/// Square metres gained and lost from one shape to another.
struct AreaMoved {
    double gained_m2 = 0, lost_m2 = 0;
};
[[nodiscard]] AreaMoved area_moved(geom::MultiPolygon const& before, geom::MultiPolygon const& after);

/// Rounded to a hundredth: digits beyond are noise of the measure.
[[nodiscard]] double to_cm2(double area_m2);

} // namespace wangge::command
