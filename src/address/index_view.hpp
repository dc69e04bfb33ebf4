#pragma once

#include <wangge/address/gazetteer.hpp>
#include <wangge/address/name_trie.hpp>
#include <wangge/geom/point.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

/// Layout of addresses.bin, and how it is read; docs/addresses.md says the same in words.
///
/// Numbers are places in arrays, kNone is no number. What open() checks holds for every accessor here: no number of a
/// record leads out of its array.
namespace wangge::address {

static_assert(std::endian::native == std::endian::little, "the file is mapped as it is; the format is little-endian");

inline constexpr std::uint32_t kNone = 0xffffffffU;

using NameId = std::uint32_t;     ///< by normalised text, then kind: names that begin alike are neighbours
using PlaceId = std::uint32_t;    ///< by name, then village; those without a name last
using HouseId = std::uint32_t;    ///< by village, road, number, suffix, estate, building, position
using TextId = std::uint32_t;     ///< text as written, UTF-8, by bytes
using KeyId = std::uint32_t;      ///< normalised suffix, building, unit or room (number_text.hpp), by key_less()
using SpellingId = std::uint32_t; ///< by key, then text

/// A road, estate, group or landmark by its name, wherever it stands.
struct NameRecord {
    std::uint32_t text_begin, text_size; ///< normalised, in `name_characters`
    std::uint32_t kind;                  ///< KnownNames::kRoad ...
    PlaceId first_place, last_place;     ///< last is one beyond
    std::uint32_t first_form, last_form; ///< in `forms`: how it is written, the commonest first
    std::uint32_t addresses;             ///< points that bear it
};

/// A name within one village. Of roads (and of no road) the houses follow each other in `houses`; of estates, groups
/// and landmarks their numbers do in `estate_houses`, by building, then number of the house.
struct PlaceRecord {
    NameId name;            ///< kNone: what in the village stands at no road
    DivisionNumber village; ///< kNoDivision where the point names none, or one that the gazetteer does not have
    geom::Point middle;     ///< the house nearest to the mean of all
    geom::Envelope envelope;
    std::uint32_t addresses;
    std::uint32_t first_house, last_house; ///< last is one beyond
};

/// A number at a road, or a building of an estate: points that differ at most in unit and room.
struct HouseRecord {
    PlaceId road;         ///< never kNone: its village is the house's; a place without a name where there is no road
    PlaceId estate;       ///< estate, group or landmark; kNone where none
    std::uint32_t number; ///< value of the house number; 0 none
    KeyId suffix;         ///< of the house number: "-1" of 23号之一; key 0 (the empty one) where none
    KeyId building;       ///< key 0 where none
    geom::Point at;
    std::uint32_t first_address;
    std::uint32_t head; ///< what the standard texts begin with, before road and estate: TextId, and kEstateFirst
    TextId number_text, building_text;
    std::uint32_t forms; ///< how road (low 16 bits) and estate are written: places among the forms of their names
};
/// In HouseRecord::head: the estate stands before the road in the text.
inline constexpr std::uint32_t kEstateFirst = 0x80000000U;

/// A door: an address point.
struct DoorRecord {
    SpellingId unit, room; ///< 0, the empty one, where none
};

/// A unit or room as written, and its key.
struct SpellingRecord {
    TextId text;
    KeyId key;
};

/// A house by its place, in the leaves of the tree.
struct HouseLeaf {
    geom::Point at;
    HouseId house;
};

/// An entry of an open-addressing table; its place is hash & (size - 1) or the next free ones after that.
struct HashedName {
    std::uint32_t hash;
    NameId name; ///< kNone: the place is free
};

/// A name within a county (or what stands for one), or a division.
struct SuggestionRecord {
    std::uint32_t text_begin, text_size; ///< in `suggestion_characters`: the name, or its pinyin initials
    std::uint32_t what;                  ///< NameId, or DivisionNumber of a division
    DivisionNumber area;                 ///< the county; of a division its parent
    std::uint32_t addresses;
};

static_assert(sizeof(NameRecord) == 32 && sizeof(PlaceRecord) == 44 && sizeof(HouseRecord) == 48 &&
              sizeof(DoorRecord) == 8 && sizeof(SpellingRecord) == 8 && sizeof(HouseLeaf) == 12 &&
              sizeof(HashedName) == 8 && sizeof(SuggestionRecord) == 20);

/// Texts that share beginnings with the one before, in blocks of 16 that begin anew.
class FrontCodedTexts {
public:
    static constexpr std::size_t kBlock = 16;
    FrontCodedTexts() = default;
    FrontCodedTexts(std::span<std::uint64_t const> blocks, std::span<char const> bytes, std::size_t size)
        : m_blocks(blocks), m_bytes(bytes), m_size(size) {}
    [[nodiscard]] std::size_t size() const noexcept { return m_size; }
    /// number < size(). Damaged bytes give a shorter or another text, never more than the bytes hold.
    [[nodiscard]] std::string operator[](std::size_t number) const;

private:
    std::span<std::uint64_t const> m_blocks; ///< where each begins in the bytes
    std::span<char const> m_bytes;
    std::size_t m_size = 0;
};

/// The arrays of an index, mapped or just built.
struct IndexView {
    Gazetteer gazetteer;
    NameTrie trie; ///< normalised names; value: NameId << 2 | kind; of a text that several kinds bear the lowest
    std::span<NameRecord const> names;
    std::span<char32_t const> name_characters;
    std::span<TextId const> forms;
    std::span<std::uint32_t const> text_begin; ///< for each text and one more
    std::span<char const> text_bytes;
    std::span<std::uint32_t const> key_begin; ///< for each key and one more
    std::span<char32_t const> key_characters;
    std::span<SpellingRecord const> spellings;
    std::span<PlaceRecord const> places;
    std::span<std::uint32_t const> village_begin; ///< in village_places: for each division, for none, and one more
    std::span<PlaceId const> village_places;      ///< by village, then place
    std::span<HouseRecord const> houses;
    std::span<HouseId const> estate_houses;
    std::span<DoorRecord const> doors;
    FrontCodedTexts ids;
    std::span<std::uint32_t const> odd_doors; ///< whose text is not put together from its parts; rising
    FrontCodedTexts odd_texts;
    std::span<HashedName const> similar;  ///< by similar_key() of the name and of it without one of its characters
    std::span<HashedName const> sounding; ///< by sounding_key() of the name
    std::span<HouseLeaf const> leaves;
    std::span<geom::Envelope const> boxes;
    std::span<SuggestionRecord const> by_name, by_initials; ///< by area, text, what
    std::span<std::uint32_t const> most_by_name, most_by_initials;
    std::span<SuggestionRecord const> divisions_by_name, divisions_by_initials; ///< by text, what
    std::span<char32_t const> suggestion_characters;

    // ---- names and places

    [[nodiscard]] std::u32string_view name_text(NameId name) const noexcept {
        auto const& record = names[name];
        return {name_characters.data() + record.text_begin, record.text_size};
    }
    /// As it is written most.
    [[nodiscard]] std::string_view name_display(NameId name) const noexcept {
        return text(forms[names[name].first_form]);
    }
    /// All kinds that bear exactly this normalised text. O(log n).
    [[nodiscard]] std::span<NameRecord const> names_of(std::u32string_view text) const noexcept {
        auto const less = [&](NameRecord const& record, std::u32string_view wanted) {
            return text_of(record) < wanted;
        };
        auto const more = [&](std::u32string_view wanted, NameRecord const& record) {
            return wanted < text_of(record);
        };
        return {std::lower_bound(names.begin(), names.end(), text, less),
                std::upper_bound(names.begin(), names.end(), text, more)};
    }
    [[nodiscard]] NameId id_of(NameRecord const& record) const noexcept {
        return static_cast<NameId>(&record - names.data());
    }
    /// kNone where the trie is damaged.
    [[nodiscard]] NameId name_of_trie(std::uint32_t value) const noexcept {
        return (value >> 2U) < names.size() ? value >> 2U : kNone;
    }
    /// Places of the name in `division` and what lies under it, by village. O(log n).
    [[nodiscard]] std::span<PlaceRecord const> places_in(NameId name, DivisionNumber division) const {
        auto const& record = names[name];
        auto const all = places.subspan(record.first_place, record.last_place - record.first_place);
        auto const end = gazetteer.division(division).end;
        auto const before = [](PlaceRecord const& place, DivisionNumber village) { return place.village < village; };
        auto const first = std::lower_bound(all.begin(), all.end(), division, before);
        return {first, std::lower_bound(first, all.end(), end, before)};
    }
    /// Places in `division` and what lies under it, by village, then name.
    [[nodiscard]] std::span<PlaceId const> places_under(DivisionNumber division) const {
        return places_between(division, gazetteer.division(division).end);
    }
    /// Places of the points that have no village.
    [[nodiscard]] std::span<PlaceId const> places_without_village() const {
        auto const none = static_cast<DivisionNumber>(village_begin.size() - 2);
        return places_between(none, none + 1);
    }
    [[nodiscard]] PlaceId id_of(PlaceRecord const& record) const noexcept {
        return static_cast<PlaceId>(&record - places.data());
    }
    [[nodiscard]] std::uint32_t kind(PlaceRecord const& place) const noexcept {
        return place.name == kNone ? 0 /* a road, though without a name */ : names[place.name].kind;
    }

    // ---- houses and doors

    /// Of a road, or of no road: all of them, by number.
    [[nodiscard]] std::span<HouseRecord const> houses_of_road(PlaceRecord const& road) const noexcept {
        return houses.subspan(road.first_house, road.last_house - road.first_house);
    }
    /// Of a road: those with the number, whatever else they have. O(log n).
    [[nodiscard]] std::span<HouseRecord const> houses_of_road(PlaceRecord const& road,
                                                              std::uint32_t number) const noexcept {
        auto const all = houses_of_road(road);
        auto const first = std::lower_bound(all.begin(), all.end(), number,
                                            [](HouseRecord const& h, std::uint32_t n) { return h.number < n; });
        return {first, std::upper_bound(first, all.end(), number,
                                        [](std::uint32_t n, HouseRecord const& h) { return n < h.number; })};
    }
    /// Of an estate, group or landmark: all of them, by building.
    [[nodiscard]] std::span<HouseId const> houses_of_estate(PlaceRecord const& estate) const noexcept {
        return estate_houses.subspan(estate.first_house, estate.last_house - estate.first_house);
    }
    /// Of an estate, group or landmark: those with the building. O(log n).
    [[nodiscard]] std::span<HouseId const> houses_of_estate(PlaceRecord const& estate, KeyId building) const noexcept {
        auto const all = houses_of_estate(estate);
        auto const first = std::lower_bound(all.begin(), all.end(), building,
                                            [&](HouseId h, KeyId b) { return houses[h].building < b; });
        return {first, std::upper_bound(first, all.end(), building,
                                        [&](KeyId b, HouseId h) { return b < houses[h].building; })};
    }
    [[nodiscard]] HouseId id_of(HouseRecord const& record) const noexcept {
        return static_cast<HouseId>(&record - houses.data());
    }
    [[nodiscard]] DivisionNumber village(HouseRecord const& house) const noexcept { return places[house.road].village; }
    [[nodiscard]] bool has_road(HouseRecord const& house) const noexcept { return places[house.road].name != kNone; }
    [[nodiscard]] std::uint32_t end_address(HouseId house) const noexcept {
        return house + 1 < houses.size() ? houses[house + 1].first_address : static_cast<std::uint32_t>(doors.size());
    }
    [[nodiscard]] std::uint32_t address_count(HouseId house) const noexcept {
        return end_address(house) - houses[house].first_address;
    }
    /// Its doors, by unit, room, id; the first is number houses[house].first_address.
    [[nodiscard]] std::span<DoorRecord const> doors_of(HouseId house) const noexcept {
        return doors.subspan(houses[house].first_address, address_count(house));
    }
    /// Of an address. O(log n).
    [[nodiscard]] HouseId house_of(std::uint32_t address) const noexcept {
        auto const it = std::upper_bound(houses.begin(), houses.end(), address,
                                         [](std::uint32_t a, HouseRecord const& h) { return a < h.first_address; });
        return static_cast<HouseId>(it - houses.begin()) - 1;
    }
    /// Are they the same building, though with different positions or spellings? Those of one building are neighbours.
    [[nodiscard]] static bool one_building(HouseRecord const& a, HouseRecord const& b) noexcept {
        return a.road == b.road && a.number == b.number && a.suffix == b.suffix && a.estate == b.estate &&
               a.building == b.building;
    }

    // ---- texts and keys

    [[nodiscard]] std::string_view text(TextId id) const noexcept {
        return {text_bytes.data() + text_begin[id], text_begin[id + 1] - text_begin[id]};
    }
    [[nodiscard]] std::u32string_view key(KeyId id) const noexcept {
        return {key_characters.data() + key_begin[id], key_begin[id + 1] - key_begin[id]};
    }
    /// kNone when no house or door has it. O(log n).
    [[nodiscard]] KeyId find_key(std::u32string_view key) const noexcept;
    [[nodiscard]] KeyId unit_key(DoorRecord const& door) const noexcept { return spellings[door.unit].key; }
    [[nodiscard]] KeyId room_key(DoorRecord const& door) const noexcept { return spellings[door.room].key; }
    /// As written.
    [[nodiscard]] std::string_view road_text(HouseRecord const& house) const noexcept {
        return form(places[house.road].name, house.forms & 0xffffU);
    }
    [[nodiscard]] std::string_view estate_text(HouseRecord const& house) const noexcept {
        return house.estate == kNone ? std::string_view{} : form(places[house.estate].name, house.forms >> 16U);
    }

    // ---- names that are nearly the same

    /// Calls found(NameId) for each name that may differ from `text` by one character more, less, other, or by two
    /// neighbours in the wrong order; some that differ more, and one name several times. Names of one or two characters
    /// are found only when they are the same. O(length + found).
    template <class Found>
    void similar_to(std::u32string_view text, Found&& found) const {
        look_up(similar, similar_key(text, text.size()), found);
        if (text.size() >= kShortestSimilar) {
            for (std::size_t i = 0; i < text.size(); ++i) {
                look_up(similar, similar_key(text, i), found);
            }
        }
    }
    /// Calls found(NameId) for each name whose characters sound like those of `text`, and a few others.
    template <class Found>
    void sounding_like(std::u32string_view text, Found&& found) const {
        look_up(sounding, sounding_key(text), found);
    }
    static constexpr std::size_t kShortestSimilar = 3; ///< characters of a name, or a text, that may lose one
    /// Hash of the text without the character at `left_out`; of the whole text when that is its size.
    [[nodiscard]] static std::uint32_t similar_key(std::u32string_view text, std::size_t left_out) noexcept;
    /// Hash of the syllables; characters without one stand for themselves.
    [[nodiscard]] static std::uint32_t sounding_key(std::u32string_view text) noexcept;

private:
    [[nodiscard]] std::u32string_view text_of(NameRecord const& record) const noexcept {
        return {name_characters.data() + record.text_begin, record.text_size};
    }
    [[nodiscard]] std::string_view form(NameId name, std::uint32_t number) const noexcept {
        return name == kNone ? std::string_view{} : text(forms[names[name].first_form + number]);
    }
    [[nodiscard]] std::span<PlaceId const> places_between(DivisionNumber first, DivisionNumber end) const {
        auto const last = std::min<std::size_t>(end, village_begin.size() - 1); // the gazetteer may be damaged
        auto const begin = village_begin[std::min<std::size_t>(first, last)];
        return village_places.subspan(begin, village_begin[last] - begin);
    }
    template <class Found>
    static void look_up(std::span<HashedName const> table, std::uint32_t hash, Found& found) {
        for (std::size_t i = 0, at = hash & (table.size() - 1); i < table.size();
             ++i, at = (at + 1) & (table.size() - 1)) {
            if (table[at].name == kNone) {
                return;
            }
            if (table[at].hash == hash) {
                found(table[at].name);
            }
        }
    }
};

} // namespace wangge::address
