#pragma once

#include "area_search.hpp"
#include "index_view.hpp"
#include "query_text.hpp"

#include <wangge/address/matcher.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace wangge::address {

/// A place that a line of the text may mean, and what it pays for the differences.
struct Candidate {
    float cost = 0;
    float weight = 1; ///< addresses that stand for the text there
    MatchLevel level = MatchLevel::none;
    bool of_estate = false; ///< first, last are places in estate_houses, not houses
    std::uint8_t line = 0;
    std::uint32_t name_part = kNoPart; ///< the part of the text by which it was found
    PlaceId place = kNone;             ///< kNone: a division
    DivisionNumber division = kNoDivision;
    std::uint32_t first = 0, last = 0; ///< its houses; where interpolated the two beside it, `last` included
    float fraction = 0;                ///< where interpolated: of the way from first to last
    AddressNumber address = kNone;     ///< the door, where the text names one that is there
};

/**
 * Lines of a text -> places of an index. Exact names are found by binary search within each area, cheapest first;
 * sound-alikes and slips only when nothing fits well. Keeps its memory. Looks at no more than kMostLooked places
 * and kMostHouses houses of one line.
 */
class PlaceSearch {
public:
    static constexpr std::size_t kMostLooked = 4096, kMostHouses = 20000;
    PlaceSearch(IndexView const& view, MatchCosts const& costs);
    void find(AddressQuery const& query);
    /// In no order.
    [[nodiscard]] std::span<Candidate const> candidates() const noexcept { return m_candidates; }
    [[nodiscard]] AreaSearch& areas() noexcept { return m_areas; }
    [[nodiscard]] MatchCosts const& costs() const noexcept { return m_costs; }
    /// What a place pays of which the text's number, building and door are not known.
    [[nodiscard]] float by_chance(AddressLine const& line) const noexcept;
    /// Were there more places than were looked at?
    [[nodiscard]] bool cut() const noexcept { return m_cut; }
    /// Places that were looked at, in all lines.
    [[nodiscard]] std::size_t looked() const noexcept { return m_looked_before + m_looked; }

    /// How a house differs from the line, apart from its road and number.
    struct Fit {
        float cost = 0;
        bool estate_agrees = false, estate_similar = false, estate_conflicts = false, building_conflicts = false,
             suffix_differs = false;
        bool door_found = false;                   ///< the very door, or the house has but one without a name
        std::uint32_t mention_is_estate = kNoPart; ///< read as a division, but it names the estate
        bool says_more = false;                    ///< estate, building or door are those of the text
        AddressNumber address = kNone;
        float doors = 1; ///< that the text may mean
    };
    /// The line that fit() is about, and the mentions (bits) which the houses do not lie in.
    void choose(AddressQuery const& query, std::uint8_t line, std::uint32_t conflicts = 0);
    [[nodiscard]] Fit fit(AddressQuery const& query, HouseId house, bool estate_known);

private:
    /// What the estate of a house has to do with the line. Few estates have many houses, so answers are kept.
    struct EstateFit {
        float cost = 0, mention_less = 0;
        bool agrees = false, similar = false, conflicts = false;
        bool named = false; ///< it is one of the line's
        std::uint32_t mention = kNoPart;
        std::uint32_t round = 0; ///< of m_round, in which it was found
        PlaceId estate = kNone;
    };
    static constexpr std::size_t kEstatesKept = 16;
    [[nodiscard]] EstateFit const& estate_fit(AddressQuery const& query, PlaceId estate);
    struct Target {
        std::uint32_t part = kNoPart;
        NameId name = kNone;
        float cost = 0;
        bool exact = false; ///< the very name, of the road next to the number or of an estate
    };
    struct Keys {
        KeyId suffix = 0, building = 0, unit = 0, room = 0; ///< kNone: in no house
    };
    void find_line(AddressQuery const& query, std::uint8_t line);
    void add_targets(AddressQuery const& query, std::uint32_t part, float cost);
    void look_in_areas(AddressQuery const& query);
    void find_exact(AddressQuery const& query);
    /// `compare_all`: all names in a small area, otherwise those with a key in common.
    void find_similar(AddressQuery const& query, bool compare_all);
    void find_nameless(AddressQuery const& query);
    void find_divisions();
    void look_in(AddressQuery const& query, Area const& area, Target const& target);
    void look_at(AddressQuery const& query, Area const& area, Target const& target, PlaceRecord const& place);
    void look_at_road(AddressQuery const& query, float cost, Target const& target, PlaceRecord const& road);
    void look_at_estate(AddressQuery const& query, float cost, Target const& target, PlaceRecord const& estate);
    /// What a house of this estate, or of none, pays where the line names an estate.
    [[nodiscard]] float estate_cost(AddressQuery const& query, std::u32string_view estate) const;
    void interpolate(AddressQuery const& query, float cost, Target const& target, PlaceRecord const& road);
    /// `agreements`: besides m_agreements.
    void put(Candidate candidate, unsigned agreements = 0);
    void look_from(Area const& area, Target const& target);
    void put_house(Candidate candidate, Fit const& fit, std::uint32_t at);
    [[nodiscard]] Candidate candidate_of(float cost, std::uint32_t part, PlaceRecord const& place,
                                         MatchLevel level) const;
    [[nodiscard]] bool is_found(HouseId house) const noexcept;
    [[nodiscard]] float road_cost(AddressQuery const& query, HouseRecord const& house) const;

    IndexView const& m_view;
    MatchCosts const& m_costs;
    AreaSearch m_areas;
    std::vector<Candidate> m_candidates;
    std::vector<Target> m_targets;
    std::vector<Target> m_tried; ///< similar names of one part
    AddressLine const* m_line = nullptr;
    std::uint8_t m_line_number = 0;
    Keys m_keys; ///< of the line
    std::array<Keys, AddressQuery::kMostLines> m_line_keys;
    float m_best = 0; ///< cost of the best so far in the line
    float m_line_cost = 0;
    std::uint32_t m_conflicts = 0;                 ///< Area::conflicts of what is looked at
    std::array<EstateFit, kEstatesKept> m_estates; ///< by estate, of this round
    std::uint32_t m_round = 0;                     ///< a new one for each m_line and m_conflicts
    bool m_outside = false;                 ///< what is looked at lies outside the city or county that the text names
    unsigned m_agreements = 0;              ///< of it and the text: town, village, name; numbers not counted yet
    std::size_t m_looked = 0, m_houses = 0; ///< in the line
    std::size_t m_looked_before = 0;        ///< in the lines before it
    bool m_cut = false;
};

} // namespace wangge::address
