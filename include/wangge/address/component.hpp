#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wangge::address {

/// Parts of an address from the widest to the narrowest (GB/T 23705, GB/T 39609). `noise` is text that is no part of
/// the address: a company's name, a telephone number, a remark.
enum class Component : std::uint8_t {
    province,
    city,
    county,
    town,
    village, ///< 村, 社区 and their committees
    group,   ///< 村民小组, 自然村, 围, 坊: below the village
    road,    ///< road, street, lane, with its section (一段) and direction (中)
    number,  ///< 23号, 23号之一, 8-10号
    estate,  ///< residential estate, industrial estate, market, park: a named ground with several buildings
    building,
    unit,
    floor,
    room,
    landmark, ///< a named place that is none of these, and what lies next to it (公园对面)
    noise
};
inline constexpr std::size_t kComponents = 15;

/// "province" ... "noise".
[[nodiscard]] std::string_view to_string(Component component) noexcept;
/// 省 市 县区 镇街 村居 村组 道路 门牌号 小区 楼栋 单元 楼层 房号 地标 其他
[[nodiscard]] std::string_view chinese_name(Component component) noexcept;
[[nodiscard]] std::optional<Component> parse_component(std::string_view text) noexcept; ///< the English word

} // namespace wangge::address
