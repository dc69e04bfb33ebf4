#pragma once

#include <wangge/address/match_costs.hpp>

#include <string_view>

namespace wangge::address {

/// What no slip of the pen explains.
inline constexpr float kUnlike = 1e3F;

/**
 * How unlikely it is that somebody who means `name` writes `text`, both normalised: minus the logarithm of the odds, 0
 * for the same text, kUnlike where more than two slips would be needed. A slip is a character that is wrong, missing,
 * too much or exchanged with its neighbour; one that sounds alike is the likeliest. What tells one road from the next
 * (a numeral, a direction, 路 or 街) is seldom a slip, so it costs more. O(length^2) for at most 24 characters.
 */
[[nodiscard]] float unlikeness(std::u32string_view text, std::u32string_view name,
                               MatchCosts const& costs = kMatchCosts) noexcept;

/// A division's name without the words for what it is (社区居民委员会, 街道, 镇), at least two characters of it.
[[nodiscard]] std::u32string_view division_stem(std::u32string_view name) noexcept;

} // namespace wangge::address
