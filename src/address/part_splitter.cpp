#include "part_splitter.hpp"

#include "name_endings.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace wangge::address {

namespace {

constexpr std::uint32_t kShortestPart = 2, kShortestRoad = 3, kShortestSplit = 4, kLongestSplit = 24;

bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
bool inside_number(std::u32string_view text, std::uint32_t at) noexcept {
    return is_digit(text[at - 1]) && is_digit(text[at]);
}

Component component_of(std::uint32_t kind) noexcept {
    constexpr std::array<Component, 4> kComponents{Component::road, Component::estate, Component::group,
                                                   Component::landmark};
    return kComponents[kind & 3U];
}

Component component_of(Level level) noexcept {
    constexpr std::array<Component, 7> kComponents{Component::noise,  Component::province, Component::city,
                                                   Component::county, Component::town,     Component::village,
                                                   Component::village};
    return kComponents[std::min<std::size_t>(static_cast<std::size_t>(level), 6)];
}

/// More than an ending with what points or counts before it: 新兴横路, but not 大道, 西路, 5路, 新村, 街5巷. Those are
/// the end of the name before them.
bool is_name(std::u32string_view text) noexcept {
    constexpr std::u32string_view kFromNameBefore = U"省市县区镇街路巷道村号";
    constexpr std::u32string_view kPointsOrCounts = U"东西南北中上下前后新老旧大小横直第";
    if (kFromNameBefore.find(text.front()) != std::u32string_view::npos) {
        return false;
    }
    for (auto const& ending : endings_in(text.back())) {
        if (text.ends_with(ending.text)) {
            auto const stem = text.substr(0, text.size() - ending.text.size());
            return std::any_of(stem.begin(), stem.end(), [&](char32_t c) {
                return c >= 0x80 && kPointsOrCounts.find(c) == std::u32string_view::npos;
            });
        }
    }
    return true;
}

/// 厚街镇, 珊美社区: the name itself says where it ends.
bool says_kind(std::u32string_view name) noexcept {
    constexpr std::array<std::u32string_view, 10> kKinds{U"省", U"市",   U"区",   U"县", U"镇",
                                                         U"乡", U"街道", U"社区", U"村", U"委会"};
    return std::any_of(kKinds.begin(), kKinds.end(), [&](auto kind) { return name.ends_with(kind); });
}

/// What an unknown rest is by its last words.
Component component_of_rest(std::u32string_view rest, Component otherwise) noexcept {
    for (auto const ending : {U"社区", U"村委会", U"居委会", U"村"}) {
        if (rest.ends_with(ending)) {
            return Component::village;
        }
    }
    for (auto const ending : {U"镇", U"街道", U"乡"}) {
        if (rest.ends_with(ending)) {
            return Component::town;
        }
    }
    return otherwise;
}

bool may_be_unknown(Part const& part) noexcept {
    auto const size = part.end - part.begin;
    bool const named = part.component <= Component::road || part.component == Component::estate ||
                       part.component == Component::landmark || part.component == Component::noise;
    return named && part.first_name == part.last_name && size >= kShortestPart && size <= kLongestSplit;
}

bool begins_with_way(std::u32string_view text) noexcept {
    constexpr std::array<std::u32string_view, 5> kWays{U"路", U"街", U"巷", U"大道", U"大街"};
    return std::any_of(kWays.begin(), kWays.end(), [&](auto way) { return text.starts_with(way); });
}

using Names = std::span<DivisionName const>;
Names names_of(ParsedAddress const& parsed, Part const& part) noexcept {
    return Names{parsed.names}.subspan(part.first_name, part.last_name - part.first_name);
}
bool is_bare(Names names) noexcept {
    return std::none_of(names.begin(), names.end(), [](DivisionName const& n) { return n.kind <= NameKind::plain; });
}
/// Does a bearer of one name lie in a bearer of the other?
bool lies_in_one(Gazetteer const& gazetteer, Names inner, Names outer) noexcept {
    return std::any_of(inner.begin(), inner.end(), [&](DivisionName const& i) {
        return std::any_of(outer.begin(), outer.end(), [&](DivisionName const& o) {
            return i.division != o.division && gazetteer.lies_in(i.division, o.division);
        });
    });
}

} // namespace

void PartSplitter::split(std::u32string_view text, ParsedAddress& parsed, std::vector<WholePart>& wholes) {
    wholes.clear();
    auto const unknown = [&](Part const& part) {
        return may_be_unknown(part) && m_names.find(text.substr(part.begin, part.end - part.begin)) == NameTrie::kNone;
    };
    if (std::none_of(parsed.parts.begin(), parsed.parts.end(), unknown)) {
        return;
    }
    m_parts.clear();
    for (auto const& part : parsed.parts) {
        auto const before = m_parts.size();
        if (!unknown(part)) {
            m_parts.push_back(part);
        } else if (!join_road(text, part, parsed)) {
            split_part(text, part, parsed);
        }
        if (m_parts.size() > before + 1) {
            wholes.push_back({part.begin, part.end, static_cast<std::uint32_t>(m_parts.size() - 1)});
        }
    }
    parsed.parts.swap(m_parts);
}

void PartSplitter::split_part(std::u32string_view text, Part const& part, ParsedAddress& parsed) {
    if (part.component > Component::road && name_division(text, part, parsed)) {
        return;
    }
    if (part.end - part.begin >= kShortestSplit &&
        (split_known_end(text, part, parsed) || split_divisions(text, part, parsed) ||
         split_known_beginning(text, part, parsed))) {
        return;
    }
    m_parts.push_back(part);
}

bool PartSplitter::split_known_end(std::u32string_view text, Part const& part, ParsedAddress& parsed) {
    for (auto at = part.begin + kShortestPart; at + kShortestPart <= part.end; ++at) {
        if (inside_number(text, at)) {
            continue;
        }
        auto const value = m_names.find(text.substr(at, part.end - at));
        if (value == NameTrie::kNone || ((value & 3U) == KnownNames::kRoad && part.end - at < kShortestRoad) ||
            (!is_name(text.substr(at, part.end - at)) && !says_kind(text.substr(part.begin, at - part.begin)))) {
            continue;
        }
        auto rest = part;
        rest.end = at;
        rest.component = component_of_rest(text.substr(part.begin, at - part.begin), Component::landmark);
        if (auto const known = m_names.find(text.substr(part.begin, at - part.begin)); known != NameTrie::kNone) {
            rest.component = component_of(known);
            m_parts.push_back(rest);
        } else if (rest.end - rest.begin >= kShortestSplit || !name_division(text, rest, parsed)) {
            split_part(text, rest, parsed);
        }
        m_parts.push_back({component_of(value), at, part.end, 0, 0});
        return true;
    }
    return false;
}

/// 惠州市小金口|长湖|街五巷: a short name that lies not in what stands before it, and goes on as a road does, is the
/// beginning of the road's name.
bool PartSplitter::join_road(std::u32string_view text, Part const& part, ParsedAddress const& parsed) {
    if (m_parts.size() < 2 || m_parts.back().end != part.begin ||
        !begins_with_way(text.substr(part.begin, part.end - part.begin))) {
        return false;
    }
    auto& name = m_parts.back();
    auto const names = names_of(parsed, name), before = names_of(parsed, m_parts[m_parts.size() - 2]);
    if (names.empty() || before.empty() || name.component < Component::town || !is_bare(names) ||
        lies_in_one(m_gazetteer, names, before)) {
        return false;
    }
    name = {Component::road, name.begin, part.end, 0, 0};
    return true;
}

/// 狮山|显纲: a division and one that lies in it; 江亭镇|石龙社区: a misspelt one, and one that lies in what was named.
bool PartSplitter::split_divisions(std::u32string_view text, Part const& part, ParsedAddress& parsed) {
    auto const named =
        std::find_if(m_parts.rbegin(), m_parts.rend(), [](Part const& p) { return p.first_name != p.last_name; });
    auto const above = named == m_parts.rend() ? Part{} : *named;
    for (auto at = part.begin + kShortestPart; at + kShortestPart <= part.end; ++at) {
        auto const inner = division_names(text, at, part.end);
        if (inner.empty()) {
            continue;
        }
        auto first = part, second = part;
        first.end = second.begin = at;
        if (lies_in_one(m_gazetteer, inner, division_names(text, part.begin, at))) {
            name_division(text, first, parsed);
            name_division(text, second, parsed);
            return true;
        }
        auto const rest = component_of_rest(text.substr(part.begin, at - part.begin), Component::landmark);
        bool const said = !is_bare(inner) && part.end - at >= kShortestRoad;
        if ((said || rest == Component::town) && lies_in_one(m_gazetteer, inner, names_of(parsed, above))) {
            first.component = rest;
            split_part(text, first, parsed);
            name_division(text, second, parsed);
            return true;
        }
    }
    return false;
}

/// Of those whose name it is exactly.
std::span<DivisionName const> PartSplitter::division_names(std::u32string_view text, std::uint32_t begin,
                                                           std::uint32_t end) const {
    Names named;
    m_gazetteer.match(text.substr(0, end), begin, [&](std::size_t length, Names by) {
        if (length == end - begin) {
            named = by;
        }
    });
    return named;
}

bool PartSplitter::name_division(std::u32string_view text, Part const& part, ParsedAddress& parsed) {
    auto const named = division_names(text, part.begin, part.end);
    if (named.empty()) {
        return false;
    }
    auto division = part;
    division.first_name = static_cast<std::uint32_t>(parsed.names.size());
    parsed.names.insert(parsed.names.end(), named.begin(), named.end());
    division.last_name = static_cast<std::uint32_t>(parsed.names.size());
    division.component = component_of(m_gazetteer.level(named.front().division));
    m_parts.push_back(division);
    return true;
}

bool PartSplitter::fits(Part const& part, std::span<DivisionName const> names, ParsedAddress const& parsed) const {
    Part const* before = nullptr; // the last city or county in front of it
    for (auto const& p : parsed.parts) {
        if (p.begin < part.begin && p.component <= Component::county && p.first_name != p.last_name) {
            before = &p;
        }
    }
    return before == nullptr || std::any_of(names.begin(), names.end(), [&](DivisionName const& name) {
               return std::any_of(parsed.names.begin() + before->first_name, parsed.names.begin() + before->last_name,
                                  [&](DivisionName const& above) {
                                      return m_gazetteer.lies_in(name.division, above.division) ||
                                             m_gazetteer.lies_in(above.division, name.division);
                                  });
           });
}

bool PartSplitter::split_known_beginning(std::u32string_view text, Part const& part, ParsedAddress& parsed) {
    std::uint32_t known = 0, division = 0, kind = 0;
    auto const inside = text.substr(0, part.end);
    m_names.match(inside, part.begin, [&](std::size_t length, std::uint32_t value) {
        if (length >= kShortestPart && part.begin + length + kShortestRoad <= part.end &&
            ((value & 3U) != KnownNames::kRoad || length >= kShortestRoad) &&
            !inside_number(text, part.begin + static_cast<std::uint32_t>(length))) {
            known = static_cast<std::uint32_t>(length);
            kind = value;
        }
    });
    m_gazetteer.match(inside, part.begin, [&](std::size_t length, Names by) {
        auto const rest = inside.substr(part.begin + length);
        bool const whole = says_kind(inside.substr(part.begin, length));
        bool const full = by.front().kind <= NameKind::plain;
        if (length >= kShortestPart && rest.size() >= (full ? kShortestPart : kShortestRoad) &&
            !inside_number(text, part.begin + static_cast<std::uint32_t>(length)) &&
            (whole || (is_name(rest) && fits(part, by, parsed)))) {
            division = static_cast<std::uint32_t>(length);
        }
    });
    auto const length = std::max(known, division);
    if (length == 0) {
        return false;
    }
    auto first = part, rest = part;
    first.end = rest.begin = part.begin + length;
    if (known < division) {
        if (!name_division(text, first, parsed)) {
            return false;
        }
    } else {
        first.component = component_of(kind);
        m_parts.push_back(first);
    }
    rest.component = component_of_rest(text.substr(rest.begin, rest.end - rest.begin), part.component);
    split_part(text, rest, parsed);
    return true;
}

} // namespace wangge::address
