#pragma once

#include <wangge/geom/point.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace wangge::topology {

/// A box and the number of what it bounds.
struct Boxed {
    geom::Envelope box;
    std::uint32_t item = 0;
};

namespace box_pairs {

constexpr std::size_t kSweepBelow = 192;
constexpr int kMaxDepth = 48;

/// Reports each pair that meets and whose meeting's south-west corner lies in `cell`: of the cells that hold a pair,
/// one.
template <class Report>
void sweep(std::vector<Boxed>& items, geom::Envelope const& cell, Report& report) {
    std::sort(items.begin(), items.end(), [](Boxed const& a, Boxed const& b) {
        return a.box.min.lon != b.box.min.lon ? a.box.min.lon < b.box.min.lon : a.item < b.item;
    });
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto const& a = items[i];
        for (std::size_t k = i + 1; k < items.size() && items[k].box.min.lon <= a.box.max.lon; ++k) {
            auto const& b = items[k];
            if (a.box.min.lat <= b.box.max.lat && b.box.min.lat <= a.box.max.lat &&
                cell.contains({b.box.min.lon, std::max(a.box.min.lat, b.box.min.lat)})) {
                report(a.item, b.item);
            }
        }
    }
}

/// Moves the items of one half out; false when the cut does not thin the pairs out enough to pay.
inline bool split(std::vector<Boxed> const& items, std::int32_t geom::Point::*axis, std::int32_t& at,
                  std::vector<Boxed>& low, std::vector<Boxed>& high) {
    std::vector<std::int32_t> mins;
    mins.reserve(items.size());
    for (auto const& item : items) {
        mins.push_back(item.box.min.*axis);
    }
    auto const middle = mins.begin() + static_cast<std::ptrdiff_t>(mins.size() / 2);
    std::nth_element(mins.begin(), middle, mins.end());
    at = *middle;
    low.clear();
    high.clear();
    for (auto const& item : items) {
        if (item.box.min.*axis <= at) {
            low.push_back(item);
        }
        if (item.box.max.*axis > at) {
            high.push_back(item);
        }
    }
    auto const n = items.size();
    return low.size() < n - n / 8 && high.size() < n - n / 8 && low.size() + high.size() < n + n / 2;
}

template <class Report>
void divide(std::vector<Boxed> items, geom::Envelope cell, int depth, Report& report) {
    if (items.size() < kSweepBelow || depth == kMaxDepth) {
        sweep(items, cell, report);
        return;
    }
    geom::Envelope extent;
    for (auto const& item : items) {
        extent.extend(item.box.min);
    }
    auto const width = std::int64_t{extent.max.lon} - extent.min.lon;
    auto const height = std::int64_t{extent.max.lat} - extent.min.lat;
    auto axis = width >= height ? &geom::Point::lon : &geom::Point::lat;
    std::vector<Boxed> low;
    std::vector<Boxed> high;
    std::int32_t at = 0;
    if (!split(items, axis, at, low, high)) {
        axis = axis == &geom::Point::lon ? &geom::Point::lat : &geom::Point::lon;
        if (!split(items, axis, at, low, high)) {
            sweep(items, cell, report);
            return;
        }
    }
    std::vector<Boxed>{}.swap(items);
    auto low_cell = cell;
    auto high_cell = cell;
    low_cell.max.*axis = at;
    high_cell.min.*axis = at + 1; // `at` is below some box's maximum
    divide(std::move(low), low_cell, depth + 1, report);
    divide(std::move(high), high_cell, depth + 1, report);
}

} // namespace box_pairs

/// Calls report(i, k) once for each pair of items whose closed boxes meet. O(n log n + pairs) unless most boxes are
/// long. The calls come in an order that depends on the boxes and items alone.
template <class Report>
void for_each_box_pair(std::vector<Boxed> items, Report&& report) {
    constexpr auto lowest = std::numeric_limits<std::int32_t>::min();
    constexpr auto highest = std::numeric_limits<std::int32_t>::max();
    box_pairs::divide(std::move(items), {{lowest, lowest}, {highest, highest}}, 0, report);
}

} // namespace wangge::topology
