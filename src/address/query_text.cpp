#include "query_text.hpp"

#include <algorithm>

namespace wangge::address {

namespace {

bool is_division(Component c) noexcept { return c <= Component::village; }

/// Nothing wider follows it in one address.
bool is_closed(AddressLine const& line) noexcept {
    return line.number_part != kNoPart || line.building_part != kNoPart || line.unit_part != kNoPart ||
           line.room_part != kNoPart;
}

/// 人民医院旁, 车站斜对面.
bool lies_beside(std::u32string_view name) noexcept {
    constexpr std::array<std::u32string_view, 9> kBeside{U"旁",   U"旁边", U"侧",   U"侧边", U"对面",
                                                         U"附近", U"隔壁", U"后面", U"门口"};
    return std::any_of(kBeside.begin(), kBeside.end(), [&](auto word) { return name.ends_with(word); });
}

bool says_kind(std::u32string_view name) noexcept {
    constexpr std::array<std::u32string_view, 8> kKinds{U"镇",   U"街道", U"乡",     U"办事处",
                                                        U"社区", U"村",   U"村委会", U"委员会"};
    return std::any_of(kKinds.begin(), kKinds.end(), [&](auto kind) { return name.ends_with(kind); });
}

} // namespace

void AddressLine::clear() noexcept {
    mentions = 0;
    roads.size = estates.size = nameless.size = 0;
    main_road = number_part = building_part = unit_part = room_part = kNoPart;
    number.value = number.last = 0;
    number.suffix.clear();
    building.clear();
    unit.clear();
    room.clear();
}

AddressLine& AddressQuery::open_line() noexcept {
    auto& line = lines[line_count++];
    line.clear();
    return line;
}

/// 2-1-1002: building, unit, room; 1-203 of an estate: building, room, or unit, room behind a building.
bool AddressQuery::read_compact(AddressLine& line, std::uint32_t part) {
    auto const room = characters(part);
    auto const first = room.find(U'-');
    if (first == std::u32string_view::npos || first == 0 || first + 1 == room.size() || line.room_part != kNoPart ||
        line.unit_part != kNoPart) {
        return false;
    }
    auto const second = room.find(U'-', first + 1);
    bool const three = second != std::u32string_view::npos;
    if (three ? line.building_part != kNoPart : line.building_part == kNoPart && line.estates.size == 0) {
        return false;
    }
    auto const last = three ? second + 1 : first + 1;
    if (line.building_part == kNoPart) {
        line.building_part = part;
        read_building(room.substr(0, first), line.building);
    } else {
        line.unit_part = part;
        read_unit(room.substr(0, first), line.unit);
    }
    if (three) {
        line.unit_part = part;
        read_unit(room.substr(first + 1, second - first - 1), line.unit);
    }
    line.room_part = part;
    read_room(room.substr(last), line.room);
    return true;
}

void AddressQuery::read_part(std::uint32_t part, NameTrie const& names) {
    auto const& p = parsed->parts[part];
    auto* line = &lines[line_count - 1];
    bool const wide = is_division(p.component) || p.component == Component::road;
    if (wide && is_closed(*line) && line_count < kMostLines) {
        line = &open_line();
    }
    line_of_part[part] = static_cast<std::uint8_t>(line_count - 1);
    switch (p.component) {
    case Component::province:
    case Component::city:
    case Component::county:
    case Component::town:
    case Component::village:
        if (p.first_name == p.last_name) {
            line->nameless.add(part);
        } else if (mentions.size() < kMostMentions) {
            line->mentions |= 1U << mentions.size();
            auto const first = parsed->names.begin() + p.first_name;
            auto const last = parsed->names.begin() + p.last_name;
            bool const bare =
                std::none_of(first, last, [](DivisionName const& n) { return n.kind <= NameKind::plain; });
            bool const narrow = p.component == Component::town || p.component == Component::village;
            mentions.push_back({part, p.component, false, bare, narrow && says_kind(characters(part))});
        }
        break;
    case Component::road:
        line->roads.add(part);
        line->main_road = part;
        break;
    case Component::group:
    case Component::estate:
    case Component::landmark:
        if (is_closed(*line) && lies_beside(characters(part))) {
            break; // tells the way to the house, not what it is
        }
        line->estates.add(part);
        if (names.find(characters(part)) == NameTrie::kNone) {
            line->nameless.add(part);
        }
        break;
    case Component::number:
        if (line->estates.size != 0 && std::ranges::count(characters(part), U'-') == 2 && read_compact(*line, part)) {
            break;
        }
        if (line->number_part == kNoPart) {
            line->number_part = part;
            read_house_number(characters(part), line->number);
        }
        break;
    case Component::building:
        if (line->building_part == kNoPart) {
            line->building_part = part;
            read_building(characters(part), line->building);
        }
        break;
    case Component::unit:
        if (line->unit_part == kNoPart) {
            line->unit_part = part;
            read_unit(characters(part), line->unit);
        }
        break;
    case Component::room:
        if (!read_compact(*line, part) && line->room_part == kNoPart) {
            line->room_part = part;
            read_room(characters(part), line->room);
        }
        break;
    case Component::floor:
        break;
    case Component::noise:
        line->nameless.add(part);
        break;
    }
}

/// What names divisions only, behind an address, is about that address; an address behind another one lies in the same
/// wider divisions unless it names its own.
void AddressQuery::inherit() noexcept {
    std::size_t kept = 1;
    for (std::size_t i = 1; i < line_count; ++i) {
        if (!lines[i].has_target()) {
            auto& before = lines[kept - 1];
            before.mentions |= lines[i].mentions;
            for (std::size_t m = 0; m < mentions.size(); ++m) {
                mentions[m].behind_number |= (lines[i].mentions >> m & 1U) != 0;
            }
            for (auto const part : lines[i].nameless) {
                before.nameless.add(part);
            }
        } else {
            if (kept != i) {
                std::swap(lines[kept], lines[i]);
            }
            ++kept;
        }
        for (auto& line : line_of_part) {
            line = line == i ? static_cast<std::uint8_t>(kept - 1) : line;
        }
    }
    line_count = kept;
    for (std::size_t i = 1; i < line_count; ++i) {
        auto widest = Component::noise;
        for (std::size_t m = 0; m < mentions.size(); ++m) {
            if ((lines[i].mentions >> m & 1U) != 0) {
                widest = std::min(widest, mentions[m].component);
            }
        }
        for (std::size_t m = 0; m < mentions.size(); ++m) {
            if ((lines[i - 1].mentions >> m & 1U) != 0 && mentions[m].component < widest) {
                lines[i].mentions |= 1U << m;
            }
        }
    }
}

void AddressQuery::read(NormalizedText const& t, ParsedAddress const& p, NameTrie const& names) {
    text = &t;
    parsed = &p;
    mentions.clear();
    line_count = 0;
    line_of_part.assign(p.parts.size(), 0);
    open_line();
    for (std::uint32_t part = 0; part < p.parts.size(); ++part) {
        read_part(part, names);
    }
    inherit();
}

} // namespace wangge::address
