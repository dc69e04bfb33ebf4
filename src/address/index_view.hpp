#pragma once

#include "front_coded.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/address/gazetteer.hpp>
#include <wangge/address/name_trie.hpp>
#include <wangge/geom/point.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Layout of addresses.bin, and how it is read; docs/addresses.md says the same in words.
///
/// Numbers are places in arrays, kNone is no number. What open() checks holds for every accessor here: no number of a
/// record leads out of its array.
namespace wangge::address {

static_assert(std::endian::native == std::endian::little, "the file is mapped as it is; the format is little-endian");

inline constexpr std::uint32_t kNone = 0xffffffffU;

using NameId = std::uint32_t;     ///< by normalised text, then kind: names that begin alike are neighbours
using PlaceId = std::uint32_t;    ///< by name, then village; those without a name last
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

/// An entry of a table by hash.
struct HashedName {
    std::uint32_t hash;
    NameId name;
};

/// A name within an area: a county, or what stands for one where there is none.
struct SuggestedName {
    DivisionNumber area; ///< kNoDivision: of points that have no village
    NameId name;
    std::uint32_t addresses;
};

static_assert(sizeof(NameRecord) == 32 && sizeof(PlaceRecord) == 44 && sizeof(HouseRecord) == 48 &&
              sizeof(DoorRecord) == 8 && sizeof(SpellingRecord) == 8 && sizeof(HouseLeaf) == 12 &&
              sizeof(HashedName) == 8 && sizeof(SuggestedName) == 12);

/**
 * The arrays of an index in the order of the file: spans of the mapping, or vectors while it is built. Arrays called
 * _begin say where in another one the things with a number begin; they have one entry more than there are things.
 */
template <template <class> class Array>
struct IndexArrays {
    Array<std::byte> gazetteer_bytes;
    Array<std::byte> trie_bytes;
    Array<NameRecord> names;
    Array<char32_t> name_characters;
    Array<TextId> forms;
    Array<std::uint32_t> text_begin; ///< of texts in text_bytes; text 0 is empty
    Array<char> text_bytes;
    Array<std::uint32_t> key_begin; ///< of keys in key_characters; key 0 is empty
    Array<char32_t> key_characters;
    Array<SpellingRecord> spellings; ///< spelling 0 is empty
    Array<PlaceRecord> places;
    Array<std::uint32_t> village_begin; ///< of divisions, and one for none, in village_places
    Array<PlaceId> village_places;      ///< by village, then place
    Array<HouseRecord> houses;
    Array<HouseId> estate_houses;
    Array<DoorRecord> doors;
    Array<std::uint64_t> id_blocks; ///< FrontCodedTexts: the ids of the doors
    Array<char> id_bytes;
    Array<std::uint32_t> odd_doors;       ///< whose text is not put together from its parts; rising
    Array<std::uint64_t> odd_text_blocks; ///< FrontCodedTexts: the texts of these
    Array<char> odd_text_bytes;
    Array<std::uint32_t> similar_begin; ///< by the highest bits of the hash; the number of places is a power of two
    Array<HashedName> similar;          ///< similar_key() of each name, and of it without one of its characters
    Array<std::uint32_t> sounding_begin;
    Array<HashedName> sounding;                          ///< sounding_key() of each name
    Array<HouseLeaf> leaves;                             ///< in Hilbert order
    Array<geom::Envelope> boxes;                         ///< of 16 leaves each, then of 16 boxes each, up to one
    Array<SuggestedName> by_name;                        ///< by area, name
    Array<std::uint32_t> by_initials;                    ///< places in by_name, by area, initials of the name, name
    Array<std::uint32_t> most_by_name, most_by_initials; ///< MostOfRange over the addresses of the two
    Array<std::uint32_t> initials_begin;                 ///< of names, then of divisions, in initials
    Array<char> initials;                ///< pinyin initials; characters without one as they are, or '?'
    Array<std::uint32_t> division_begin; ///< of divisions in division_characters
    Array<char32_t> division_characters; ///< normalised names
    Array<std::uint32_t> division_addresses;
    Array<DivisionNumber> divisions_by_name, divisions_by_initials;
    Array<std::uint32_t> staff_doors; ///< points of staff; rising
    Array<std::uint32_t> bound_begin; ///< of what is bound to them in bound_characters; empty where there are none
    Array<char32_t> bound_characters; ///< StaffTexts::key(), by text, then door
    Array<std::uint32_t> bound_doors;
};

/// Calls each(array) for every array, in the order of the file.
template <class Arrays, class Each>
void for_each_array(Arrays& a, Each&& each) {
    [&](auto&... array) {
        (each(array), ...);
    }(a.gazetteer_bytes, a.trie_bytes, a.names, a.name_characters, a.forms, a.text_begin, a.text_bytes, a.key_begin,
      a.key_characters, a.spellings, a.places, a.village_begin, a.village_places, a.houses, a.estate_houses, a.doors,
      a.id_blocks, a.id_bytes, a.odd_doors, a.odd_text_blocks, a.odd_text_bytes, a.similar_begin, a.similar,
      a.sounding_begin, a.sounding, a.leaves, a.boxes, a.by_name, a.by_initials, a.most_by_name, a.most_by_initials,
      a.initials_begin, a.initials, a.division_begin, a.division_characters, a.division_addresses, a.divisions_by_name,
      a.divisions_by_initials, a.staff_doors, a.bound_begin, a.bound_characters, a.bound_doors);
}
inline constexpr std::size_t kArrays = 42;

template <class T>
using MappedArray = std::span<T const>;
template <class T>
using BuiltArray = std::vector<T>;
using BuiltIndex = IndexArrays<BuiltArray>;

/// The arrays of an open index, and what they say of each other.
struct IndexView : IndexArrays<MappedArray> {
    Gazetteer gazetteer;
    NameTrie trie; ///< normalised names; value: NameId << 2 | kind; of a text that several kinds bear the lowest

    // Made at open from records that were checked: what is searched lies close together, in few lines of memory.
    std::vector<DivisionNumber> place_villages; ///< PlaceRecord::village
    std::vector<std::uint32_t> house_numbers;   ///< HouseRecord::number
    std::vector<HouseId> block_houses;          ///< of every address whose number is a multiple of kAddressBlock
    static constexpr std::uint32_t kAddressBlock = 16;
    void make_search_arrays();

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
        auto const first = first_place_from(name, division);
        auto const end = gazetteer.end(division);
        auto const last_of_name = names[name].last_place;
        std::uint32_t step = 1; // most divisions have few of them
        while (step < last_of_name - first && place_villages[first + step - 1] < end) {
            step *= 2;
        }
        auto const begin = place_villages.begin() + first;
        auto const last = std::lower_bound(begin, begin + std::min(step, last_of_name - first), end);
        return places.subspan(first, static_cast<std::size_t>(last - begin));
    }
    /// The first place of the name in the division or a later one; where there is none, the end of the name's places.
    /// O(log n).
    [[nodiscard]] PlaceId first_place_from(NameId name, DivisionNumber division) const noexcept {
        auto const begin = place_villages.begin();
        auto const& record = names[name];
        return static_cast<PlaceId>(std::lower_bound(begin + record.first_place, begin + record.last_place, division) -
                                    begin);
    }
    /// Places in `division` and what lies under it, by village, then name.
    [[nodiscard]] std::span<PlaceId const> places_under(DivisionNumber division) const {
        return places_between(division, gazetteer.end(division));
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
    /// Of a road: those with the number, whatever else they have. O(log n + found).
    [[nodiscard]] std::span<HouseRecord const> houses_of_road(PlaceRecord const& road,
                                                              std::uint32_t number) const noexcept {
        auto const first = first_house_from(road, number);
        auto last = first;
        while (last != road.last_house && house_numbers[last] == number) {
            ++last;
        }
        return houses.subspan(first, last - first);
    }
    /// Of a road: the first house with this number or a greater one; where there is none, the end of its houses.
    /// O(log n).
    [[nodiscard]] HouseId first_house_from(PlaceRecord const& road, std::uint32_t number) const noexcept {
        auto const begin = house_numbers.begin();
        return static_cast<HouseId>(std::lower_bound(begin + road.first_house, begin + road.last_house, number) -
                                    begin);
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
        auto const block = address / kAddressBlock;
        auto const first = houses.begin() + block_houses[block];
        auto const last = block + 1 < block_houses.size() ? houses.begin() + block_houses[block + 1] + 1 : houses.end();
        auto const it = std::upper_bound(first, last, address,
                                         [](std::uint32_t a, HouseRecord const& h) { return a < h.first_address; });
        return static_cast<HouseId>(it - houses.begin()) - 1;
    }
    /// Are they the same building, though with different positions or spellings? Those of one building are neighbours.
    /// Without number and building nothing says so.
    [[nodiscard]] static bool one_building(HouseRecord const& a, HouseRecord const& b) noexcept {
        return a.road == b.road && a.number == b.number && a.suffix == b.suffix && a.estate == b.estate &&
               a.building == b.building && (a.number != 0 || a.suffix != 0 || a.building != 0);
    }

    // ---- suggestions

    [[nodiscard]] std::u32string_view division_text(DivisionNumber division) const noexcept {
        return {division_characters.data() + division_begin[division],
                division_begin[division + 1] - division_begin[division]};
    }
    [[nodiscard]] std::string_view name_initials(NameId name) const noexcept {
        return {initials.data() + initials_begin[name], initials_begin[name + 1] - initials_begin[name]};
    }
    [[nodiscard]] std::string_view division_initials(DivisionNumber division) const noexcept {
        return name_initials(static_cast<NameId>(names.size()) + division);
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

    // `out` keeps its memory.
    /// Id as imported. O(16 + length).
    void id(std::uint32_t address, std::string& out) const { FrontCodedTexts{id_blocks, id_bytes}.read(address, out); }
    /// Standard text as imported, of an address of the house. O(log n).
    void address_text(std::uint32_t address, HouseRecord const& house, std::string& out) const;

    // ---- names that are nearly the same

    /// Calls found(NameId) for each name that may differ from `text` by one character more, less, other, or by two
    /// neighbours in the wrong order; some that differ more, and one name several times. Names of one or two characters
    /// are found only when they are the same. O(length + found).
    template <class Found>
    void similar_to(std::u32string_view text, Found&& found) const {
        look_up(similar_begin, similar, similar_key(text, text.size()), found);
        if (text.size() >= kShortestSimilar) {
            for (std::size_t i = 0; i < text.size(); ++i) {
                look_up(similar_begin, similar, similar_key(text, i), found);
            }
        }
    }
    /// Calls found(NameId) for each name whose characters sound like those of `text`, and a few others.
    template <class Found>
    void sounding_like(std::u32string_view text, Found&& found) const {
        look_up(sounding_begin, sounding, sounding_key(text), found);
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
    static void look_up(std::span<std::uint32_t const> begin, std::span<HashedName const> table, std::uint32_t hash,
                        Found& found) {
        auto const place = std::uint64_t{hash} * (begin.size() - 1) >> 32U;
        for (auto i = begin[place]; i < begin[place + 1] && table[i].hash <= hash; ++i) {
            if (table[i].hash == hash) {
                found(table[i].name);
            }
        }
    }
};

} // namespace wangge::address
