#pragma once

#include "random.hpp"

#include <string>
#include <string_view>

namespace wangge::synth {

/// Surname and one or two given characters; now and then one that only GB18030 holds (㙟, 𠮷, 輋).
[[nodiscard]] std::string person_name(Random& random);
/// "建设东路", "榕树巷"; the same names come again in other towns, as they do.
[[nodiscard]] std::string road_name(Random& random, bool urban);
/// "翠湖花园".
[[nodiscard]] std::string estate_name(Random& random);
/// A hamlet of a village: "上围".
[[nodiscard]] std::string hamlet_name(Random& random);
/// A place with a grid of its own: "实验小学", "人民公园".
[[nodiscard]] std::string dedicated_place(Random& random);

struct UnitType {
    std::string_view type, place;
};
/// Kind of an emergency unit and the place it stands at.
[[nodiscard]] UnitType unit_type(Random& random, bool urban);

/// A village's name without the words for its committee and for its town: "南镇社区居委会" -> "南镇社区".
[[nodiscard]] std::string short_village_name(std::string_view name, std::string_view town);

} // namespace wangge::synth
