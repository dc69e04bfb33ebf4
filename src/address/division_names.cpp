#include "division_names.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace wangge::address {

extern char const* const kReviewedAliases; // generated from geodata/guangdong/aliases.tsv

namespace {

// Endings by which offices mark the committee of a village or community, with the misspellings that the statistical
// register carries; the longest first.
constexpr std::array<std::string_view, 16> kCommittees{
    "居委委员会", "村民委员会", "居民委员会", "渔民委员会", "社区委员会", "居委会会", "居委员会", "村委会",
    "居委会",     "渔委会",     "民委会",     "虚拟生活区", "生活区",     "居委",     "虚拟",     "委员会"};
// Marks of a community that may be left out once the committee is.
constexpr std::array<std::string_view, 5> kCommunities{"居民区", "社区", "居民", "办事处", "管委会"};
constexpr std::array<std::string_view, 10> kPeoples{"壮族", "瑶族", "畲族", "回族",   "满族",
                                                    "苗族", "黎族", "侗族", "土家族", "彝族"};
// Words of a kind of place: nothing that is left of a name may be one of them alone.
constexpr std::array<std::string_view, 32> kKinds{
    "广场", "公园", "花园", "市场", "开发区", "工业区", "工业园", "工业园区", "园区",   "科技园", "保税区",
    "车站", "机场", "码头", "机关", "中心",   "学校",   "医院",   "新城",     "小区",   "社区",   "街道",
    "圩镇", "墟镇", "镇街", "农场", "林场",   "华侨",   "居民",   "办事处",   "果林场", "村委会"};

std::size_t character_count(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}
/// Enough to be said alone: two characters that are more than a kind of place.
bool stands_alone(std::string_view text) {
    return character_count(text) >= 2 && std::find(kKinds.begin(), kKinds.end(), text) == kKinds.end();
}
std::optional<std::string_view> without_ending(std::string_view text, std::string_view ending) {
    if (text.size() > ending.size() && text.ends_with(ending)) {
        return text.substr(0, text.size() - ending.size());
    }
    return std::nullopt;
}
template <class Endings>
std::string_view without_any(std::string_view text, Endings const& endings) {
    for (auto shorter = true; shorter;) {
        shorter = false;
        for (auto const ending : endings) {
            if (auto const rest = without_ending(text, ending); rest && character_count(*rest) >= 2) {
                text = *rest;
                shorter = true;
            }
        }
    }
    return text;
}
/// Without the names of the divisions above that stand before it, "广东省河源市和平县青州镇" of a village.
std::string_view without_places_above(NamedPlace const& place) {
    auto name = place.name;
    for (auto i = place.above.size(); i-- > 0;) {
        if (name.size() > place.above[i].size() && name.starts_with(place.above[i])) {
            auto const rest = name.substr(place.above[i].size());
            auto const bare = without_any(rest, kCommittees);
            if (stands_alone(rest) && stands_alone(bare) && !bare.starts_with("社区") && !bare.starts_with("居")) {
                name = rest;
            }
        }
    }
    return name;
}

struct NameList {
    std::vector<MadeName> names;

    void add(std::string text, NameKind kind) {
        auto const same = std::find_if(names.begin(), names.end(), [&](MadeName const& n) { return n.text == text; });
        if (same == names.end()) {
            names.push_back({std::move(text), kind});
        } else {
            same->kind = std::min(same->kind, kind);
        }
    }
    void add_short(std::string_view text) {
        if (stands_alone(text)) {
            add(std::string{text}, NameKind::short_name);
        }
    }
};

void name_county(NameList& list, std::string_view name) {
    if (auto const autonomous = without_ending(name, "自治县")) {
        auto const base = without_any(*autonomous, kPeoples);
        list.add(std::string{base} + "县", NameKind::plain);
        list.add_short(base);
        return;
    }
    for (std::string_view const ending : {"区", "县", "市"}) {
        if (auto const base = without_ending(name, ending)) {
            list.add_short(*base);
            if (ending == "市") {
                list.add(std::string{*base} + "市区", NameKind::other);
            }
        }
    }
}

void name_town(NameList& list, NamedPlace const& place, std::string_view name) {
    list.add(std::string{name}, NameKind::plain);
    for (std::string_view const ending : {"街道办事处", "街道办", "街道"}) {
        if (auto const base = without_ending(name, ending)) {
            for (std::string_view const said : {"街道", "街道办事处", "街道办", "街"}) {
                list.add(std::string{*base} + std::string{said}, NameKind::plain);
            }
            list.add_short(*base);
            list.add(std::string{*base} + "镇", NameKind::other); // most streets were towns not long ago
            if (place.city_without_counties) {
                list.add(std::string{*base} + "区", NameKind::other);
            }
            return;
        }
    }
    for (std::string_view const ending : {"镇", "乡"}) {
        if (auto const base = without_ending(name, ending)) {
            list.add_short(*base);
            list.add_short(without_any(*base, kPeoples));
            list.add(std::string{*base} + (ending == "镇" ? "街道" : "镇"), NameKind::other);
            return;
        }
    }
}

void name_village(NameList& list, std::string_view name) {
    list.add(std::string{name}, NameKind::plain);
    auto const committee = without_any(name, kCommittees);
    auto const base = without_any(committee, kCommunities);
    auto const of_residents = committee.ends_with("社区") || name.find("居") != std::string_view::npos;
    if (stands_alone(committee)) {
        list.add(std::string{committee}, NameKind::plain);
    }
    auto const village_ending = base.ends_with("村");
    if (village_ending && character_count(base) >= 2) {
        list.add(std::string{base}, NameKind::plain); // 新村 too
    }
    if (character_count(base) >= 2) {
        list.add(std::string{base} + "社区", of_residents ? NameKind::plain : NameKind::other);
        if (!village_ending) {
            list.add(std::string{base} + "村", of_residents ? NameKind::other : NameKind::plain);
        }
    }
    list.add_short(base);
    if (village_ending) {
        auto const shorter = *without_ending(base, "村");
        list.add_short(shorter);
        if (!shorter.ends_with("新") && character_count(shorter) >= 2) {
            list.add(std::string{shorter} + "社区", NameKind::other);
        }
    }
}

} // namespace

std::vector<MadeName> names_of(NamedPlace const& place) {
    NameList list;
    list.add(std::string{place.name}, NameKind::full);
    switch (place.level) {
    case Level::province:
        if (auto const base = without_ending(place.name, "省")) {
            list.add_short(*base);
        }
        break;
    case Level::city:
        if (auto const base = without_ending(place.name, "市")) {
            list.add_short(*base);
            list.add(std::string{*base} + "市区", NameKind::other);
        }
        break;
    case Level::county:
        name_county(list, place.name);
        break;
    case Level::town:
        name_town(list, place, without_places_above(place));
        break;
    case Level::village:
        name_village(list, without_places_above(place));
        break;
    case Level::group:
        for (std::string_view const ending : {"村民小组", "小组"}) {
            if (auto const base = without_ending(place.name, ending)) {
                list.add_short(*base);
            }
        }
        break;
    }
    return std::move(list.names);
}

std::vector<GazetteerAlias> reviewed_aliases() {
    std::vector<GazetteerAlias> aliases;
    std::string_view rest = kReviewedAliases;
    std::size_t number = 0;
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (++number == 1 || line.empty()) { // the header
            continue;
        }
        auto const first = line.find('\t');
        auto const second = line.find('\t', std::min(line.size(), first + 1));
        auto const code = DivisionCode::parse(line.substr(0, first));
        if (!code || second == std::string_view::npos || second <= first + 1) {
            throw Error{ErrorCode::corrupt,
                        fmt::format("geodata/guangdong/aliases.tsv line {}: not code, name, reason, "
                                    "separated by tabs; mend the file and build again",
                                    number)};
        }
        aliases.push_back({*code, line.substr(first + 1, second - first - 1), NameKind::other});
    }
    return aliases;
}

} // namespace wangge::address
