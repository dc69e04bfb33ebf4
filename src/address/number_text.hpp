#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// House numbers, buildings, units and rooms in the one form in which they are compared, for the index and for queries
/// alike. All take normalised text (Normalizer): numerals are digits, Latin letters capitals, dashes '-'. Any bytes do:
/// what no rule knows stays as it stands, without spaces.
namespace wangge::address {

struct HouseNumber {
    std::uint32_t value = 0; ///< 23 of 23号, 23号之1, 甲23号, 23-25号; 0: none
    /**
     * What the value does not say. Two numbers are the same when value and suffix are.
     * "-1" of 23号之1, 23之1号, 23-1号, 23号附1; "A" of 23A号, 23号A, 23-A号; "甲" of 23号甲; "甲_" of 甲23号, "B_" of
     * B23号; "-25" of 23-25号, 23号至25号; without digits the whole text, as "后座".
     */
    std::u32string suffix;
    /// 25 of 23-25号: the suffix reads as the end of a run of numbers (larger, by at most kLongestRun); else `value`.
    std::uint32_t last = 0;

    static constexpr std::uint32_t kLongestRun = 200;
};
/// Keeps the memory of `out`. O(n).
void read_house_number(std::u32string_view text, HouseNumber& out);
[[nodiscard]] HouseNumber house_number(std::u32string_view text);
/// The same `last` from what the index keeps.
[[nodiscard]] std::uint32_t last_of_run(std::uint32_t value, std::u32string_view suffix) noexcept;

/// 3栋, 3幢, 3座, 第3栋, 3号楼, 3#楼, 03栋 -> "3"; C2座 -> "C2"; 东座 -> "东"; 2期5栋 -> "2期5".
void read_building(std::u32string_view text, std::u32string& out);
[[nodiscard]] std::u32string building_key(std::u32string_view text);
/// 1单元, 1梯, 第1单元, 01单元 -> "1"; 甲单元 -> "甲".
void read_unit(std::u32string_view text, std::u32string& out);
[[nodiscard]] std::u32string unit_key(std::u32string_view text);
/// 203房, 203室, 203号房, 203, 0203房 -> "203"; B203 -> "B203"; 2楼203房 -> "2楼203"; 之1房 -> "之1".
void read_room(std::u32string_view text, std::u32string& out);
[[nodiscard]] std::u32string room_key(std::u32string_view text);

/// Order of keys: runs of digits by their value, all else by code point; the empty one first.
[[nodiscard]] bool key_less(std::u32string_view a, std::u32string_view b) noexcept;

} // namespace wangge::address
