#pragma once

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace wangge::topology {

/// Ground that one shape covered before and another one, or none, covers after.
struct MovedArea {
    std::optional<std::size_t> from; ///< index among the shapes before; empty: nobody's
    std::optional<std::size_t> to;   ///< among the shapes after
    geom::MultiPolygon shape;        ///< rounded to the lattice; pieces too small for it are left out
    geom::Point at;                  ///< inside
    double area_m2 = 0;              ///< of the unrounded area
};

/**
 * Ground whose owner differs. before[i] and after[i] are the same owner's, null where it has none; a shape that stays
 * as it was may be left out of both when nothing crosses it. Each pair of owners is one area, ordered by (from, to)
 * with nobody first. Exact, also where shapes of one side overlap: ground of several owners then goes from each to each
 * that did not have it. O((n + crossings) log n) in edges.
 */
[[nodiscard]] std::vector<MovedArea> moved_areas(std::span<geom::MultiPolygon const* const> before,
                                                 std::span<geom::MultiPolygon const* const> after);

} // namespace wangge::topology
