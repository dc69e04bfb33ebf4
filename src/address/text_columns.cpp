#include "text_columns.hpp"

#include <wangge/base/utf8.hpp>

namespace wangge::address {

namespace {

void encode(std::u32string_view text, std::string& out) {
    out.clear();
    for (auto const c : text) {
        append_utf8(out, c);
    }
}

EstateKind kind_of(Component component) noexcept {
    return component == Component::group      ? EstateKind::group
           : component == Component::landmark ? EstateKind::landmark
                                              : EstateKind::estate;
}

} // namespace

std::string_view TextColumns::source(std::string_view text, std::uint32_t part) const {
    if (part == kNoPart) {
        return {};
    }
    auto const& p = m_parsed.parts[part];
    auto const found = m_normalized.source(text, p.begin, p.end);
    return found.substr(0, found.find_last_not_of(' ') + 1);
}

/// A lane stands with the road that it leaves.
std::string_view TextColumns::road(std::string_view text, AddressLine const& line) const {
    auto const last = source(text, line.main_road);
    auto first = line.main_road;
    while (first != kNoPart && first > 0 && m_parsed.parts[first - 1].component == Component::road &&
           m_parsed.parts[first - 1].end == m_parsed.parts[first].begin) {
        --first;
    }
    auto const begin = source(text, first);
    return {begin.data(), static_cast<std::size_t>(last.data() + last.size() - begin.data())};
}

void TextColumns::fill(AddressRecord& r) {
    for (auto const column : {r.road, r.number, r.estate, r.building, r.unit, r.room}) {
        if (!column.empty()) {
            return;
        }
    }
    if (Normalizer::normalize(r.text, m_normalized) != Normalizer::Outcome::good) {
        return;
    }
    m_parser.parse(m_normalized, m_parsed);
    m_query.read(m_normalized, m_parsed, {});
    auto const& line = m_query.lines.front();
    r.road = road(r.text, line);
    r.number = source(r.text, line.number_part);
    auto estate = kNoPart; // the narrowest kind: a group may stand before the road, and an estate behind
    for (auto const part : line.estates) {
        if (estate == kNoPart || m_parsed.parts[estate].component == Component::group) {
            estate = part;
        }
    }
    if (estate != kNoPart) {
        r.estate = source(r.text, estate);
        r.estate_kind = kind_of(m_parsed.parts[estate].component);
    }
    r.building = source(r.text, line.building_part);
    r.unit = source(r.text, line.unit_part);
    r.room = source(r.text, line.room_part);
    if (line.room_part != kNoPart && (line.room_part == line.building_part || line.room_part == line.unit_part)) {
        encode(line.building, m_compact[0]);
        encode(line.unit, m_compact[1]);
        encode(line.room, m_compact[2]);
        if (line.room_part == line.building_part) {
            r.building = m_compact[0];
        }
        r.unit = m_compact[1];
        r.room = m_compact[2];
    }
}

} // namespace wangge::address
