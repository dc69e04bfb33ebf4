#include "positions.hpp"

#include "random.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::bench {

namespace {

using snapshot::GridId;
using snapshot::kOutside;
using snapshot::Snapshot;

constexpr std::int32_t kNearUnits = 500; ///< 5.5 m northward, 5 m eastward

std::int32_t between(Random& random, std::int32_t low, std::int32_t high) {
    return static_cast<std::int32_t>(
        low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(std::int64_t{high} - low + 1))));
}

geom::Point in_box(Random& random, geom::Envelope const& box) {
    auto const lon = between(random, box.min.lon, box.max.lon);
    return {lon, between(random, box.min.lat, box.max.lat)};
}

GridId any_grid(Random& random, Snapshot const& snapshot) {
    for (;;) {
        auto const id = static_cast<GridId>(random.below(snapshot.grid_count()));
        if (!snapshot.grid(id).envelope.empty()) {
            return id;
        }
    }
}

geom::Point near_a_vertex(Random& random, Snapshot const& snapshot) {
    auto const shape = snapshot.shape(any_grid(random, snapshot));
    auto const& ring = shape.parts.front().outer;
    auto p = ring[random.below(ring.size())];
    p.lon += between(random, -kNearUnits, kNearUnits);
    p.lat += between(random, -kNearUnits, kNearUnits);
    return p;
}

} // namespace

std::vector<geom::Point> positions(Snapshot const& snapshot, std::string_view kind, std::size_t count,
                                   std::uint64_t seed) {
    Random random{seed};
    auto const box = snapshot.point_index().extent();
    std::vector<geom::Point> points(count);
    for (auto& p : points) {
        if (kind == "uniform") {
            do {
                p = in_box(random, box);
            } while (snapshot.locate(p) == kOutside);
        } else if (kind == "clustered") {
            p = in_box(random, snapshot.grid(any_grid(random, snapshot)).envelope);
        } else if (kind == "near-vertices") {
            p = near_a_vertex(random, snapshot);
        } else if (kind == "box") {
            p = in_box(random, box);
        } else {
            throw Error{ErrorCode::usage, fmt::format("there are no '{}' positions; there are: {}", kind,
                                                      fmt::join(kPositionKinds, ", "))};
        }
    }
    return points;
}

std::vector<geom::Point> z_sorted(std::vector<geom::Point> points) {
    auto const spread = [](std::uint64_t v) {
        v = (v | v << 16U) & 0x0000ffff0000ffffULL;
        v = (v | v << 8U) & 0x00ff00ff00ff00ffULL;
        v = (v | v << 4U) & 0x0f0f0f0f0f0f0f0fULL;
        v = (v | v << 2U) & 0x3333333333333333ULL;
        return (v | v << 1U) & 0x5555555555555555ULL;
    };
    auto const key = [&](geom::Point p) {
        return spread(static_cast<std::uint32_t>(p.lon) ^ 0x80000000U) |
               spread(static_cast<std::uint32_t>(p.lat) ^ 0x80000000U) << 1U;
    };
    std::vector<std::pair<std::uint64_t, geom::Point>> keyed;
    keyed.reserve(points.size());
    for (auto const p : points) {
        keyed.emplace_back(key(p), p);
    }
    std::sort(keyed.begin(), keyed.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
    std::transform(keyed.begin(), keyed.end(), points.begin(), [](auto const& one) { return one.second; });
    return points;
}

} // namespace wangge::bench
