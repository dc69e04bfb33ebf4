#pragma once

#include "index_view.hpp"

#include <span>
#include <vector>

namespace wangge::address {

/// Boxes of a packed R-tree over leaves in Hilbert order: each of 16 leaves, then each of 16 boxes, up to one.
inline constexpr std::size_t kTreeFan = 16;

void build_house_tree(std::span<HouseRecord const> houses, std::vector<HouseLeaf>& leaves,
                      std::vector<geom::Envelope>& boxes);
/// Number of boxes over so many leaves.
[[nodiscard]] std::size_t tree_boxes(std::size_t leaves) noexcept;

} // namespace wangge::address
