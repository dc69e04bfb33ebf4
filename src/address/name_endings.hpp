#pragma once

#include <wangge/address/component.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace wangge::address {

/// A word in which names of one component end, normalised: 大道, 花园, 3工业区 without its 3.
struct NameEnding {
    std::u32string_view text;
    Component component = Component::noise;
    float cost = 0;             ///< of a name that ends so, before its length
    std::uint8_t longest = 8;   ///< characters before the ending
    bool alone = false;         ///< may be the whole name: 科技园, 公园
    bool takes_ordinal = false; ///< 3巷, 第3工业区, 2队 are whole names
    bool of_division = false; ///< without a stem, right behind a division, it is one of that: 工业区, 325国道, 2队
};

/// The endings whose last character is `last`, the longest first. O(1).
[[nodiscard]] std::span<NameEnding const> endings_in(char32_t last) noexcept;

} // namespace wangge::address
