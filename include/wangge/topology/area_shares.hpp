#pragma once

#include <wangge/geom/polygon.hpp>

#include <cstdint>
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

} // namespace wangge::topology
