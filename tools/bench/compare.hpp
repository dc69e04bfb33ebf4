#pragma once

#include "report.hpp"

#include <wangge/snapshot/snapshot.hpp>

#include <span>

namespace wangge::bench {

/// Counts answers of a peer that are not ours: those that lie within `tolerance_m` of an edge of a grid that either
/// names as `boundary`, for there a peer has no single owner; all others as `wrong`.
void compare(snapshot::Snapshot const& snapshot, std::span<geom::Point const> points,
             std::span<std::uint32_t const> theirs, double tolerance_m, Report& report);

/// How positions are asked of our index.
inline constexpr auto kWays = {"single", "dependent", "batch", "sorted"};

/// One row for a way of kWays; `random` and `sorted` are the same positions. Answers that differ between the ways are
/// counted as wrong.
[[nodiscard]] Row ask_index(snapshot::Snapshot const& snapshot, std::string_view way, std::string_view kind,
                            std::span<geom::Point const> random, std::span<geom::Point const> sorted, int runs,
                            Report& report);

} // namespace wangge::bench
