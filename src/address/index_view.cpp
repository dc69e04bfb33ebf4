#include "index_view.hpp"

#include "number_text.hpp"

#include <wangge/address/normalizer.hpp>

namespace wangge::address {

namespace {

/// FNV-1a over code points, with a finish so that all bits depend on all characters.
class CharacterHash {
public:
    void add(std::uint32_t value) noexcept { m_state = (m_state ^ value) * 0x100000001b3ULL; }
    [[nodiscard]] std::uint32_t finish() const noexcept {
        return static_cast<std::uint32_t>((m_state ^ (m_state >> 29U)) * 0xbf58476d1ce4e5b9ULL >> 32U);
    }

private:
    std::uint64_t m_state = 0xcbf29ce484222325ULL;
};

} // namespace

void IndexView::make_search_arrays() {
    place_villages.reserve(places.size());
    for (auto const& place : places) {
        place_villages.push_back(place.village);
    }
    house_numbers.reserve(houses.size());
    block_houses.reserve(doors.size() / kAddressBlock + 1);
    for (HouseId id = 0; id < houses.size(); ++id) {
        house_numbers.push_back(houses[id].number);
        for (auto const end = end_address(id); block_houses.size() * kAddressBlock < end;) {
            block_houses.push_back(id);
        }
    }
}

std::uint32_t IndexView::similar_key(std::u32string_view text, std::size_t left_out) noexcept {
    CharacterHash hash;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i != left_out) {
            hash.add(text[i]);
        }
    }
    return hash.finish();
}

std::uint32_t IndexView::sounding_key(std::u32string_view text) noexcept {
    CharacterHash hash;
    for (auto const c : text) {
        auto const syllable = Normalizer::syllable(c);
        hash.add(syllable == 0 ? static_cast<std::uint32_t>(c) : 0x80000000U | syllable);
    }
    return hash.finish();
}

KeyId IndexView::find_key(std::u32string_view wanted) const noexcept {
    if (wanted.empty()) {
        return 0;
    }
    std::size_t low = 0, high = key_begin.size() - 1;
    while (low < high) {
        auto const middle = low + (high - low) / 2;
        if (key_less(key(static_cast<KeyId>(middle)), wanted)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    auto const id = static_cast<KeyId>(low);
    return low + 1 < key_begin.size() && key(id) == wanted ? id : kNone;
}

void IndexView::address_text(std::uint32_t address, HouseRecord const& house, std::string& out) const {
    auto const odd = std::lower_bound(odd_doors.begin(), odd_doors.end(), address);
    if (odd != odd_doors.end() && *odd == address) {
        FrontCodedTexts{odd_text_blocks, odd_text_bytes}.read(static_cast<std::size_t>(odd - odd_doors.begin()), out);
        return;
    }
    auto const& door = doors[address];
    bool const estate_first = (house.head & kEstateFirst) != 0;
    out = text(house.head & ~kEstateFirst);
    out += estate_first ? estate_text(house) : std::string_view{};
    out += road_text(house);
    out += text(house.number_text);
    out += estate_first ? std::string_view{} : estate_text(house);
    out += text(house.building_text);
    out += text(spellings[door.unit].text);
    out += text(spellings[door.room].text);
}

} // namespace wangge::address
