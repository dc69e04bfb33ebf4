#include <wangge/address/component.hpp>

#include <array>

namespace wangge::address {

namespace {

struct Names {
    std::string_view english, chinese;
};
constexpr std::array<Names, kComponents> kNames{{{"province", "省"},
                                                 {"city", "市"},
                                                 {"county", "县区"},
                                                 {"town", "镇街"},
                                                 {"village", "村居"},
                                                 {"group", "村组"},
                                                 {"road", "道路"},
                                                 {"number", "门牌号"},
                                                 {"estate", "小区"},
                                                 {"building", "楼栋"},
                                                 {"unit", "单元"},
                                                 {"floor", "楼层"},
                                                 {"room", "房号"},
                                                 {"landmark", "地标"},
                                                 {"noise", "其他"}}};

} // namespace

std::string_view to_string(Component component) noexcept { return kNames[static_cast<std::size_t>(component)].english; }
std::string_view chinese_name(Component component) noexcept {
    return kNames[static_cast<std::size_t>(component)].chinese;
}
std::optional<Component> parse_component(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i].english == text) {
            return static_cast<Component>(i);
        }
    }
    return std::nullopt;
}

} // namespace wangge::address
