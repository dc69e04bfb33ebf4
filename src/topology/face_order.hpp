#pragma once

#include <wangge/topology/coverage.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace wangge::topology {

/// Numbers of the faces by name, then incoming ones first, then by shape: the same for any order they come in.
[[nodiscard]] std::vector<std::uint32_t> order_by_name(std::span<Face const> faces);

/// Bits of the two coordinates in turn: the order of a Z-curve.
[[nodiscard]] inline std::uint64_t z_key(geom::Point p) noexcept {
    auto const spread = [](std::int32_t value) {
        auto bits = std::uint64_t{static_cast<std::uint32_t>(value) ^ 0x80000000U};
        bits = (bits | bits << 16U) & 0x0000ffff0000ffffULL;
        bits = (bits | bits << 8U) & 0x00ff00ff00ff00ffULL;
        bits = (bits | bits << 4U) & 0x0f0f0f0f0f0f0f0fULL;
        bits = (bits | bits << 2U) & 0x3333333333333333ULL;
        return (bits | bits << 1U) & 0x5555555555555555ULL;
    };
    return spread(p.lon) << 1U | spread(p.lat);
}

/// 0 .. count-1 so that neighbours come near each other; `shape_of(i)` may be null.
template <class ShapeOf>
[[nodiscard]] std::vector<std::uint32_t> order_by_place(std::uint32_t count, ShapeOf&& shape_of) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> keys(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        geom::MultiPolygon const* const shape = shape_of(i);
        bool const somewhere = shape && !shape->parts.empty() && !shape->parts.front().outer.empty();
        keys[i] = {somewhere ? z_key(shape->parts.front().outer.front()) : 0, i};
    }
    std::sort(keys.begin(), keys.end());
    std::vector<std::uint32_t> order(count);
    std::transform(keys.begin(), keys.end(), order.begin(), [](auto const& key) { return key.second; });
    return order;
}

} // namespace wangge::topology
