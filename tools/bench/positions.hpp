#pragma once

#include <wangge/snapshot/snapshot.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wangge::bench {

/// Sets of positions: `uniform` over the area of the coverage (each lies in some grid); `clustered` like people (every
/// grid as likely as any other, so that towns get many; uniform in the grid's envelope); `near-vertices`, within five
/// metres of a vertex, the worst case; `box`, uniform over the box of the coverage, much of which may be outside.
inline constexpr std::array<std::string_view, 4> kPositionKinds{"uniform", "clustered", "near-vertices", "box"};

/// The same on every machine for a kind and a seed. Throws Error{usage} for another kind.
[[nodiscard]] std::vector<geom::Point> positions(snapshot::Snapshot const& snapshot, std::string_view kind,
                                                 std::size_t count, std::uint64_t seed);

/// Along the Z-order curve (interleaved bits): neighbours in the list are neighbours on the ground.
[[nodiscard]] std::vector<geom::Point> z_sorted(std::vector<geom::Point> points);

} // namespace wangge::bench
