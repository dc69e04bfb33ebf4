#pragma once

#include "query_text.hpp"

#include <wangge/address/gazetteer.hpp>
#include <wangge/address/match_costs.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wangge::address {

/// A division in which the place may lie.
struct Area {
    DivisionNumber division = kNoDivision; ///< kNoDivision: the places of which no village is known
    float cost = 0;                        ///< of what the text says against it
    std::uint32_t agrees = 0;              ///< bits: the mentions that name it or what it lies in
    std::uint32_t conflicts = 0;           ///< bits of AreaSearch::mentions(): those that do not
    bool told = false; ///< a mention names it, or another one of its parent: else it says no more than what is above it
};

/**
 * The divisions in which an address may lie, by what the text names. Each mention may name many divisions, levels may
 * be left out, and one that does not fit the others costs instead of ruling out. Every division that a mention names,
 * its parent, and the roots become areas; the area of a village is the deepest one above it, so they share out the
 * villages. Keeps its memory; O(bearers of the names).
 */
class AreaSearch {
public:
    AreaSearch(Gazetteer const& gazetteer, MatchCosts const& costs);
    /// For one line of the query, by exact names.
    void find(AddressQuery const& query, AddressLine const& line);
    /// Besides, by names with a slip under the best area. True when that changed anything. O(divisions compared).
    bool find_similar(AddressQuery const& query, AddressLine const& line);
    /// Cheapest first, of equal ones the deeper first.
    [[nodiscard]] std::span<Area const> areas() const noexcept { return m_areas; }
    /// Does it lie outside a city or county that the text names in front of the number?
    [[nodiscard]] bool is_outside(Area const& area) const noexcept;
    /// Towns and villages that the text names with their 镇 or 社区 and in which it lies; a town and a village in it
    /// without these count as one.
    [[nodiscard]] unsigned full_agreements(Area const& area) const noexcept;
    /// Those of the query, then the misspelt ones. What Area::agrees and Area::conflicts count.
    [[nodiscard]] std::span<Mention const> mentions() const noexcept { return m_mentions; }
    /// Of a village or another division. O(depth).
    [[nodiscard]] DivisionNumber area_of(DivisionNumber division) const;
    /// Normalised, without what only offices write. Kept once made.
    [[nodiscard]] std::u32string_view stem_of(DivisionNumber division);
    /// What a place pays that does not lie in a division which the text names; `near`: but in its parent.
    [[nodiscard]] float conflict_cost(Mention const& mention, bool near) const noexcept;

private:
    struct Mark {
        std::uint32_t agrees = 0, near = 0;
        float cost = 0;
        bool touched = false;
    };
    static bool is_first(AddressQuery const& query, std::uint32_t mention) noexcept; ///< but for the province
    Mark& touch(DivisionNumber division);
    void add(DivisionNumber division, std::uint32_t mention, float cost);
    void weigh();
    Gazetteer const& m_gazetteer;
    MatchCosts const& m_costs;
    std::vector<Mention> m_mentions;
    std::uint32_t m_asked = 0; ///< bits: those that are about the line
    std::vector<Mark> m_marks;
    std::vector<DivisionNumber> m_touched;
    std::vector<Area> m_areas;
    std::vector<std::u32string> m_stems;
};

} // namespace wangge::address
