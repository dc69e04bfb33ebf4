#include "search_ahead.hpp"

#include <algorithm>

namespace wangge::address {

namespace {

/// The narrowest division that the mentions of the line lead to, each in the one before; kNoDivision for none.
DivisionNumber narrowest(Gazetteer const& gazetteer, AddressQuery const& query, AddressLine const& line) {
    auto found = kNoDivision;
    for (std::size_t m = 0; m < query.mentions.size(); ++m) {
        if ((line.mentions >> m & 1U) == 0) {
            continue;
        }
        auto const& part = query.parsed->parts[query.mentions[m].part];
        for (auto i = part.first_name; i < part.last_name; ++i) {
            auto const division = query.parsed->names[i].division;
            if (division < gazetteer.size() && (found == kNoDivision || gazetteer.lies_in(division, found))) {
                found = division;
                break;
            }
        }
    }
    return found;
}

template <class T>
void ask_for(std::span<T const> array, std::size_t number) noexcept {
    if (number < array.size()) {
        auto const* const at = reinterpret_cast<char const*>(array.data() + number);
        __builtin_prefetch(at);
        __builtin_prefetch(at + sizeof(T) - 1);
    }
}

} // namespace

void SearchAhead::begin(IndexView const& view, AddressQuery const& query) {
    m_next = Next::nothing;
    auto const& line = query.lines.front();
    auto const part = line.main_road != kNoPart ? line.main_road
                      : line.estates.size != 0  ? line.estates.parts.front()
                                                : kNoPart;
    auto const division = narrowest(view.gazetteer, query, line);
    if (part == kNoPart || division == kNoDivision) {
        return;
    }
    auto const value = view.trie.find(query.characters(part));
    auto const name = value == NameTrie::kNone ? kNone : view.name_of_trie(value);
    if (name == kNone) {
        return;
    }
    m_place = view.first_place_from(name, division);
    m_end = view.gazetteer.end(division);
    if (m_place == view.names[name].last_place || view.place_villages[m_place] >= m_end) {
        return;
    }
    m_has_number = line.number_part != kNoPart;
    m_number = line.number.value;
    ask_for(view.places, m_place);
    m_next = Next::place;
}

bool SearchAhead::step(IndexView const& view) {
    switch (m_next) {
    case Next::nothing:
        return false;
    case Next::place: {
        auto const& place = view.places[m_place];
        m_first = place.first_house;
        m_last = place.last_house;
        if (m_first == m_last) {
            m_next = Next::nothing;
        } else if (view.kind(place) != KnownNames::kRoad) {
            ask_for(view.estate_houses, m_first);
            m_next = Next::nothing;
        } else if (m_has_number) {
            auto const* const numbers = view.house_numbers.data();
            __builtin_prefetch(numbers + m_first);
            __builtin_prefetch(numbers + m_first + (m_last - m_first) / 2);
            __builtin_prefetch(numbers + m_last - 1);
            m_next = Next::number;
        } else {
            ask_for(view.houses, m_first);
            m_next = Next::door;
        }
        return m_next != Next::nothing;
    }
    case Next::number:
        m_first = std::min(view.first_house_from(view.places[m_place], m_number), m_last - 1);
        ask_for(view.houses, m_first);
        ask_for(view.houses, m_first + std::size_t{1});
        m_next = Next::door;
        return true;
    case Next::door: {
        auto const& house = view.houses[m_first];
        ask_for(view.doors, house.first_address);
        ask_for(view.id_blocks, house.first_address / FrontCodedTexts::kBlock);
        ask_for(view.text_begin, house.head & ~kEstateFirst);
        ask_for(view.text_begin, house.number_text);
        if (house.estate != kNone) {
            ask_for(view.places, house.estate);
        }
        m_next = Next::texts;
        return true;
    }
    case Next::texts: {
        auto const& house = view.houses[m_first];
        ask_for(view.id_bytes, view.id_blocks[house.first_address / FrontCodedTexts::kBlock]);
        ask_for(view.text_bytes, view.text_begin[house.head & ~kEstateFirst]);
        ask_for(view.text_bytes, view.text_begin[house.number_text]);
        m_name = house.estate == kNone ? kNone : view.places[house.estate].name;
        ask_for(view.names, m_name);
        m_next = m_name == kNone ? Next::nothing : Next::estate;
        return m_next != Next::nothing;
    }
    case Next::estate:
        ask_for(view.name_characters, view.names[m_name].text_begin);
        ask_for(view.forms, view.names[m_name].first_form);
        m_next = Next::nothing;
        return false;
    }
    return false;
}

} // namespace wangge::address
