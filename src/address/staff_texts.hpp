#pragma once

#include "index_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Texts that staff bound to points. They are found by what is left when the divisions in front, which may be said or
/// not, are taken off.
namespace wangge::address {

/// Of a normalised text of a point in `village`: what follows the full names of the divisions in which it lies; the
/// last of these names where nothing follows. Short names stay: a road may begin with one.
[[nodiscard]] std::u32string bound_key(std::u32string_view text, Gazetteer const& gazetteer, DivisionNumber village);

/// Doors to which the normalised text is bound, rising: what follows the names of divisions in front of it, in any way
/// in which it begins with such, is their key, and each of these names may be of a division in which they lie.
[[nodiscard]] std::vector<std::uint32_t> find_bound(IndexView const& index, std::u32string_view text);

} // namespace wangge::address
