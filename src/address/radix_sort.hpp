#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wangge::address {

/// Sorts by key(item), a std::uint64_t; items with equal keys keep their order. O(n) for each 11 bits in which keys
/// differ, and as much memory again as the items.
template <class Vector, class Key>
void radix_sort(Vector& items, Key&& key) {
    constexpr unsigned kBits = 11;
    constexpr std::uint64_t kMask = (1U << kBits) - 1;
    if (items.empty()) {
        return;
    }
    std::uint64_t differ = 0;
    for (auto const& item : items) {
        differ |= key(item) ^ key(items.front());
    }
    Vector sorted(items.size());
    for (unsigned shift = 0; shift < 64 && differ >> shift != 0; shift += kBits) {
        shift += static_cast<unsigned>(std::countr_zero(differ >> shift));
        std::array<std::size_t, kMask + 1> next{};
        for (auto const& item : items) {
            ++next[key(item) >> shift & kMask];
        }
        std::size_t begin = 0;
        for (auto& n : next) {
            auto const count = n;
            n = begin;
            begin += count;
        }
        for (auto const& item : items) {
            sorted[next[key(item) >> shift & kMask]++] = item;
        }
        items.swap(sorted);
    }
}

} // namespace wangge::address
