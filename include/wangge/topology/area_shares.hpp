#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wangge::topology {

/// Stands for a shape where ground belongs to none.
inline constexpr std::uint32_t kNobody = 0xffffffffU;

/// Ground that one shape held before and one holds after.
struct AreaShare {
    std::uint32_t before = kNobody; ///< index into the shapes before; kNobody for ground that none of them held
    std::uint32_t after = kNobody;  ///< index into the shapes after; kNobody for ground that none of them holds
    double area_m2 = 0;
    double share_of_before = 0; ///< of the area of the shape before, 0 to 1; 1 exactly when it is the whole of it
    double share_of_after = 0;
    geom::MultiPolygon shape; ///< rounded to the lattice; empty unless asked for, or too small for the lattice
    geom::Point at;           ///< inside, or next to it where it is too small; a vertex of a shape that stays the same
};

enum class ShareShapes : bool { without, with };

/**
 * Where the ground of the shapes before went: one entry for each pair that has an area in common, and for what either
 * side has alone; by before, then after, kNobody last. Each side must be a valid coverage by itself (shapes valid, none
 * overlapping another): then the shares of a shape add up to 1. Which parts are common is decided exactly (crossings
 * are rational); areas are square metres on the ellipsoid as geom::area_m2() has them, to 1e-9 of the shapes' own.
 * Shapes that only touch share nothing. O(n log n) in the edges of shapes whose envelopes meet; a shape that stays the
 * same costs nothing. Safe for any number of threads.
 */
[[nodiscard]] std::vector<AreaShare> area_shares(std::span<geom::MultiPolygon const* const> before,
                                                 std::span<geom::MultiPolygon const* const> after,
                                                 ShareShapes shapes = ShareShapes::without);

/// A grid's shape on either side; null where it is not there.
struct ShapeChange {
    GridCode code;
    geom::MultiPolygon const* before = nullptr;
    geom::MultiPolygon const* after = nullptr;
};

/// Ground that one grid held before and one holds after, the same one for what it keeps; an empty code is nobody.
struct GroundShare {
    std::optional<GridCode> from, to;
    double area_m2 = 0, share_of_from = 0, share_of_to = 0;
    geom::MultiPolygon shape; ///< when asked for
};

/// area_shares() of grids, each of which has its place among `changes` once. The shapes before must be a valid
/// coverage; those after may overlap: what a grid keeps then goes to no other, and what it does not goes to each that
/// holds it.
[[nodiscard]] std::vector<GroundShare> ground_shares(std::span<ShapeChange const> changes,
                                                     ShareShapes shapes = ShareShapes::without);

} // namespace wangge::topology
