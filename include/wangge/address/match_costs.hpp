#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wangge::address {

/// How a number of MatchCosts was found.
enum class CostSource : std::uint8_t {
    fitted, ///< by wangge-bench-address_fit: the likeliest, given the true grids of addresses written with known errors
    by_hand, ///< a judgement: the rows that the others were fitted to hardly have the case
    chosen,  ///< so that a target of docs/address-quality.md is met; what it weighs stands beside it
    bound    ///< ends a search for the sake of speed: a larger one finds hardly more
};
[[nodiscard]] constexpr std::string_view to_string(CostSource source) noexcept {
    constexpr std::array<std::string_view, 4> kSources{"fitted", "by hand", "chosen", "bound"};
    return kSources[static_cast<std::size_t>(source)];
}

/**
 * Every number by which texts are matched to places, and grids to answers: name, value, source, meaning.
 *
 * A cost is minus the logarithm of how often somebody who means the place writes so, the choice among the wrong values
 * included. Sums of them, and the number of addresses of each place, give the shares of the evidence. How the parts of
 * a text are read has a table of its own (reading_costs.hpp): its costs choose one reading and are no part of the
 * shares.
 */
// clang-format off
#define WANGGE_MATCH_COSTS(X) \
    /* A division that the place does not lie in. */ \
    X(province, 9.0F, by_hand, "the text names another province than the place lies in") \
    X(city, 8.0F, by_hand, "another city") \
    X(county, 4.5F, fitted, "another county of the city") \
    X(town, 8.71F, fitted, "another town of the county") \
    X(village, 7.42F, fitted, "another village of the town") \
    X(far, 0.98F, by_hand, "more where the parent is another one, too: people take a neighbour rather than something far away") \
    X(bare_name_less, 0.42F, by_hand, "less for a name without its 镇 or 社区: it may be no division at all") \
    X(behind_number, 0.5F, by_hand, "factor for what stands behind the number, often in brackets: 附近") \
    X(other_name, 0.7F, by_hand, "a division by a former or colloquial name") \
    X(narrower_than_city, 5.0F, by_hand, "a county, town or village by a name that begins the text and is a city's, too: 梅州") \
    X(agreements_outside, 2.0F, by_hand, "things that must agree exactly before a place outside the city or county of the text counts: one is found somewhere by chance") \
    X(without_village, 1.5F, by_hand, "the point names no village: for each division in the text") \
    /* Road, estate. */ \
    X(slip, 0.02F, by_hand, "that there is a slip in a name, besides which one it is") \
    X(other_kind, 0.7F, by_hand, "a road in the text, an estate of that name in the index, or the other way round") \
    X(other_road_of_line, 1.5F, by_hand, "not the road next to the number") \
    X(road_differs, 6.0F, fitted, "a house found by its estate, and the text names another road") \
    X(road_unseen, 1.5F, by_hand, "an estate at large, and the text names a road") \
    X(estate_differs, 5.81F, fitted, "found by its road, and the text names another estate") \
    X(estate_unknown, 3.81F, fitted, "the text names an estate, the place has none") \
    X(estate_within, 0.5F, by_hand, "one name of the estate lies in the other") \
    /* Numbers. */ \
    X(suffix_missing, 1.0F, by_hand, "23号 for 23号之一, or the other way round") \
    X(suffix_differs, 2.5F, by_hand, "23号之二 for 23号之一") \
    X(in_run, 0.5F, by_hand, "24号 where the index has 22-26号") \
    X(interpolated, 3.38F, fitted, "the index lacks the number between two that it has") \
    X(number_unknown, 4.93F, fitted, "it lacks the number, and what stands around it") \
    X(number_differs, 6.51F, fitted, "another number, but the estate, building or door of the text") \
    X(number_slips, 3.7F, fitted, "the same, by one digit") \
    X(building_unknown, 3.73F, by_hand, "the text names a building, the house has none") \
    X(building_differs, 5.0F, by_hand, "the text names another building; no number of the synthetic province has two") \
    X(building_lacking, 1.0F, by_hand, "the estate is known, the building of the text is none of its") \
    X(door_unknown, 6.38F, fitted, "the house lacks the unit or room of the text") \
    X(beside, 0.72F, fitted, "share of an interpolated number that goes to the two numbers beside it") \
    X(along_road, 0.1F, fitted, "share of the whole that goes to all numbers of the road alike") \
    /* One character of a name (name_likeness.hpp). Pinyin input gives sound-alikes, haste missing or exchanged ones. */ \
    X(sounds_alike, 1.18F, fitted, "one that sounds alike") \
    X(other_character, 4.4F, fitted, "another one") \
    X(missing_character, 2.2F, fitted, "one that is missing, or too much") \
    X(exchanged, 1.6F, by_hand, "two neighbours exchanged") \
    X(telling_character, 5.5F, fitted, "another numeral or direction: it names another road more often than it is mistyped") \
    X(telling_missing, 5.4F, fitted, "one of these missing; 街 for 路") \
    X(last_word_missing, 1.76F, fitted, "振兴二 for 振兴二街") \
    X(two_slips, 7.5F, bound, "a name that is less like is another one") \
    X(short_name_slip, 5.5F, bound, "the same of a name of less than four characters: two slips leave nothing to recognise") \
    X(division_slip, 4.5F, bound, "the same of a division") \
    X(told_similar, 4.6F, by_hand, "up to here a name is told as similar, beyond as a conflict") \
    /* What is in no index. */ \
    X(unknown_road, 10.22F, fitted, "the division is right, the road or estate is new") \
    X(none_of_these, 18.72F, fitted, "nothing that was found is meant") \
    X(number_by_chance, 2.9F, fitted, "more for either where the text has a number: that of a place that was found agrees seldom by chance") \
    X(door_by_chance, 2.4F, fitted, "the same for a building, and for a unit or room") \
    X(later_line, 3.0F, fitted, "for each address that stands before this one in the text") \
    X(unknown_under, 14.4F, by_hand, "addresses that a village or town has besides those of the index, in any of its grids") \
    /* Where the search ends. */ \
    X(cutoff, 6.5F, bound, "places that pay so much more than the best do not count") \
    X(division_cutoff, 3.0F, bound, "divisions alone that pay so much more than the best of them do not count") \
    X(content, 1.2F, bound, "sound-alikes and the like are looked for when the best pays more than this") \
    X(content_cutoff, 4.0F, bound, "when everything fits, areas that pay so much more are not looked into") \
    X(satisfying, 5.0F, bound, "a slip that costs no more is enough: the names of the neighbourhood are not all compared") \
    /* From shares to an answer. */ \
    X(beside_bound, 0.01F, by_hand, "share of all else where staff bound the text to points") \
    X(determined, 0.95F, chosen, "from this share on a grid is given as the one: at most 0.3% wrong ones") \
    X(unconfirmed_determined, 0.97F, chosen, "the same where the number of the text is not that of what was found: at most 1% wrong ones of houses that are not in the data") \
    X(left_out, 0.002F, chosen, "of the evidence that grids which are not listed may have together: 98% of the true ones are listed")
// clang-format on

struct MatchCosts {
#define X(name, value, source, meaning) float name = value;
    WANGGE_MATCH_COSTS(X)
#undef X
};
inline constexpr MatchCosts kMatchCosts{};

/// A line of the table, for programs that print, fit or try it.
struct MatchCost {
    std::string_view name;
    float MatchCosts::*value = nullptr;
    CostSource source = CostSource::fitted;
    std::string_view meaning;
};
inline constexpr std::array kMatchCostTable = {
#define X(name, value, source, meaning) MatchCost{#name, &MatchCosts::name, CostSource::source, meaning},
    WANGGE_MATCH_COSTS(X)
#undef X
};

} // namespace wangge::address
