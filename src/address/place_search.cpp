#include "place_search.hpp"

#include "name_likeness.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace wangge::address {

namespace {

/// Names that are looked at because they may be like one of the text.
constexpr std::size_t kMostSimilar = 512;
/// Places of an area whose names are all compared.
constexpr std::size_t kMostCompared = 800;
/// Neighbours of a missing number that are looked at, on each side.
constexpr std::size_t kMostNeighbours = 64;
/// Candidates among which a house is looked for that has been found otherwise.
constexpr std::size_t kMostFoundBefore = 64;
/// Areas in which all names are compared.
constexpr std::size_t kMostNeighbourhoods = 3;

bool holds(std::u32string_view a, std::u32string_view b) noexcept {
    return b.size() >= 2 && a.find(b) != std::u32string_view::npos;
}

/// One digit wrong, too much or missing, or two exchanged.
bool is_slip(std::uint32_t said, std::uint32_t meant) noexcept {
    std::array<char, 10> a{}, b{};
    auto const size_a = static_cast<std::size_t>(std::to_chars(a.begin(), a.end(), said).ptr - a.begin());
    auto const size_b = static_cast<std::size_t>(std::to_chars(b.begin(), b.end(), meant).ptr - b.begin());
    std::string_view x{a.data(), size_a}, y{b.data(), size_b};
    while (!x.empty() && !y.empty() && x.front() == y.front()) {
        x.remove_prefix(1);
        y.remove_prefix(1);
    }
    while (!x.empty() && !y.empty() && x.back() == y.back()) {
        x.remove_suffix(1);
        y.remove_suffix(1);
    }
    return x.size() + y.size() <= 2 || (x.size() == 2 && y.size() == 2 && x[0] == y[1] && x[1] == y[0]);
}

MatchLevel level_of(Level level) noexcept {
    switch (level) {
    case Level::group:
    case Level::village:
        return MatchLevel::village;
    case Level::town:
        return MatchLevel::town;
    default:
        return MatchLevel::none;
    }
}

} // namespace

PlaceSearch::PlaceSearch(IndexView const& view, MatchCosts const& costs)
    : m_view(view), m_costs(costs), m_areas(view.gazetteer, costs) {}

void PlaceSearch::find(AddressQuery const& query) {
    m_candidates.clear();
    m_cut = false;
    m_looked = m_looked_before = 0;
    for (std::uint8_t line = 0; line < query.line_count; ++line) {
        auto const& l = query.lines[line];
        m_line_keys[line] = {m_view.find_key(l.number.suffix), m_view.find_key(l.building), m_view.find_key(l.unit),
                             m_view.find_key(l.room)};
        find_line(query, line);
    }
}

float PlaceSearch::by_chance(AddressLine const& line) const noexcept {
    bool const door = line.unit_part != kNoPart || line.room_part != kNoPart;
    return (line.number_part != kNoPart ? m_costs.number_by_chance : 0) +
           m_costs.door_by_chance * static_cast<float>((line.building_part != kNoPart ? 1 : 0) + (door ? 1 : 0));
}

void PlaceSearch::choose(AddressQuery const& query, std::uint8_t line, std::uint32_t conflicts) {
    m_conflicts = conflicts;
    ++m_round;
    m_line = &query.lines[line];
    m_line_number = line;
    m_keys = m_line_keys[line];
}

void PlaceSearch::find_line(AddressQuery const& query, std::uint8_t line) {
    choose(query, line);
    m_areas.find(query, *m_line);
    m_line_cost = m_costs.later_line * static_cast<float>(line);
    m_looked_before += m_looked;
    m_looked = m_houses = 0;
    auto const before = m_candidates.size();
    find_exact(query);
    if (m_best > m_line_cost + m_costs.content && m_areas.find_similar(query, *m_line)) {
        m_candidates.resize(before);
        find_exact(query);
    }
    if (m_best > m_line_cost + m_costs.content) {
        find_similar(query, false);
        if (m_best > m_line_cost + m_costs.slip + m_costs.satisfying) {
            find_similar(query, true);
        }
        find_nameless(query);
        find_divisions();
    }
}

void PlaceSearch::find_exact(AddressQuery const& query) {
    m_best = kUnlike;
    m_targets.clear();
    for (auto const part : m_line->roads) {
        add_targets(query, part, part == m_line->main_road ? 0 : m_costs.other_road_of_line);
    }
    look_in_areas(query);
    if (m_best > m_line_cost + m_costs.content) {
        m_targets.clear();
        for (auto const part : m_line->estates) {
            add_targets(query, part, 0);
        }
        look_in_areas(query);
    }
}

void PlaceSearch::add_targets(AddressQuery const& query, std::uint32_t part, float cost) {
    auto const text = query.characters(part);
    auto const value = m_view.trie.find(text);
    if (value == NameTrie::kNone) {
        return;
    }
    bool const road = query.parsed->parts[part].component == Component::road;
    for (auto name = m_view.name_of_trie(value); name < m_view.names.size() && m_view.name_text(name) == text; ++name) {
        bool const is_road = m_view.names[name].kind == KnownNames::kRoad;
        m_targets.push_back({part, name, cost + (road == is_road ? 0 : m_costs.other_kind), cost == 0});
    }
}

void PlaceSearch::look_in_areas(AddressQuery const& query) {
    if (m_targets.empty()) {
        return;
    }
    for (auto const& area : m_areas.areas()) {
        auto const cost = m_line_cost + area.cost;
        if (cost > m_best + m_costs.cutoff ||
            (m_best <= m_line_cost + m_costs.content && cost > m_best + m_costs.content_cutoff)) {
            return;
        }
        for (auto const& target : m_targets) {
            if (cost + target.cost <= m_best + m_costs.cutoff) {
                look_in(query, area, target);
            }
        }
    }
}

void PlaceSearch::look_in(AddressQuery const& query, Area const& area, Target const& target) {
    auto const& record = m_view.names[target.name];
    if (area.division == kNoDivision) {
        auto const all = m_view.places.subspan(record.first_place, record.last_place - record.first_place);
        for (auto i = all.size(); i != 0 && all[i - 1].village == kNoDivision; --i) {
            look_at(query, area, target, all[i - 1]);
        }
        return;
    }
    for (auto const& place : m_view.places_in(target.name, area.division)) {
        if (m_looked >= kMostLooked || m_houses >= kMostHouses) {
            m_cut = true;
            return;
        }
        if (m_areas.area_of(place.village) == area.division) {
            look_at(query, area, target, place);
        }
    }
}

/// What the text says of the area, and of the name in it.
void PlaceSearch::look_from(Area const& area, Target const& target) {
    m_conflicts = area.conflicts;
    ++m_round;
    m_outside = m_areas.is_outside(area);
    m_agreements = m_areas.full_agreements(area) + (target.exact ? 1U : 0U);
}

void PlaceSearch::look_at(AddressQuery const& query, Area const& area, Target const& target, PlaceRecord const& place) {
    ++m_looked;
    look_from(area, target);
    auto const cost = m_line_cost + area.cost + target.cost;
    if (m_view.kind(place) == KnownNames::kRoad) {
        look_at_road(query, cost, target, place);
    } else {
        look_at_estate(query, cost, target, place);
    }
}

void PlaceSearch::put(Candidate candidate, unsigned agreements) {
    if (m_outside && static_cast<float>(m_agreements + agreements) < m_costs.agreements_outside) {
        return;
    }
    if (candidate.cost > m_best + m_costs.cutoff) {
        return;
    }
    m_best = std::min(m_best, candidate.cost);
    if (!m_candidates.empty()) {
        // Houses side by side that fit alike are one place.
        auto& last = m_candidates.back();
        if (candidate.place == last.place && candidate.place != kNone && candidate.line == last.line &&
            candidate.of_estate == last.of_estate && candidate.cost == last.cost && candidate.level == last.level &&
            candidate.first == last.last && candidate.address == kNone && last.address == kNone) {
            last.last = candidate.last;
            last.weight += candidate.weight;
            return;
        }
    }
    m_candidates.push_back(candidate);
}

float PlaceSearch::estate_cost(AddressQuery const& query, std::u32string_view estate) const {
    if (estate.empty()) {
        return m_costs.estate_unknown;
    }
    auto least = m_costs.estate_differs;
    for (auto const part : m_line->estates) {
        auto const text = query.characters(part);
        if (text == estate) {
            return 0;
        }
        auto const slip = holds(text, estate) || holds(estate, text) ? m_costs.estate_within
                                                                     : m_costs.slip + unlikeness(text, estate, m_costs);
        least = std::min(least, slip);
    }
    return least;
}

PlaceSearch::EstateFit const& PlaceSearch::estate_fit(AddressQuery const& query, PlaceId estate) {
    auto& kept = m_estates[estate % kEstatesKept];
    if (kept.round == m_round && kept.estate == estate) {
        return kept;
    }
    kept = {};
    kept.round = m_round;
    kept.estate = estate;
    auto const name = estate == kNone ? std::u32string_view{} : m_view.name_text(m_view.places[estate].name);
    if (m_line->estates.size != 0) {
        kept.cost = estate_cost(query, name);
        if (!name.empty()) {
            kept.agrees = kept.cost == 0;
            kept.conflicts = kept.cost == m_costs.estate_differs;
            kept.similar = !kept.agrees && !kept.conflicts;
        }
        for (auto const part : m_line->estates) {
            kept.named |= query.characters(part) == name;
        }
    }
    // A hamlet or estate whose name a division somewhere bears, too, was read as that division.
    auto const stem = division_stem(name);
    for (auto rest = name.empty() ? 0U : m_conflicts; rest != 0; rest &= rest - 1) {
        auto const& mention = m_areas.mentions()[static_cast<std::size_t>(std::countr_zero(rest))];
        auto const text = query.characters(mention.part);
        if (text == name || division_stem(text) == stem) {
            kept.mention_less = m_areas.conflict_cost(mention, true);
            kept.mention = mention.part;
            break;
        }
    }
    return kept;
}

PlaceSearch::Fit PlaceSearch::fit(AddressQuery const& query, HouseId id, bool estate_known) {
    auto const& line = *m_line;
    auto const& house = m_view.houses[id];
    Fit fit;
    if (line.number_part != kNoPart && house.suffix != m_keys.suffix) {
        fit.suffix_differs = true;
        fit.cost += house.suffix == 0 || m_keys.suffix == 0 ? m_costs.suffix_missing : m_costs.suffix_differs;
    }
    bool named = false;
    if (line.estates.size != 0 || m_conflicts != 0) { // else its name need not be fetched
        auto const& estate = estate_fit(query, house.estate);
        if (!estate_known && line.estates.size != 0) {
            fit.estate_agrees = estate.agrees;
            fit.estate_conflicts = estate.conflicts;
            fit.estate_similar = estate.similar;
            fit.cost += estate.cost;
        }
        fit.cost -= estate.mention_less;
        fit.mention_is_estate = estate.mention;
        named = estate.named;
    }
    if (line.building_part != kNoPart && house.building != m_keys.building) {
        fit.building_conflicts = house.building != 0;
        fit.cost += house.building == 0 ? m_costs.building_unknown : m_costs.building_differs;
    }
    fit.says_more = line.building_part != kNoPart && !fit.building_conflicts && house.building != 0;
    fit.says_more |= named;
    fit.doors = static_cast<float>(m_view.address_count(id));
    if (line.room_part == kNoPart && line.unit_part == kNoPart) {
        auto const& door = m_view.doors[house.first_address];
        fit.address = house.first_address;
        fit.door_found = fit.doors == 1 && door.room == 0 && door.unit == 0;
        return fit;
    }
    fit.door_found = false;
    auto const doors = m_view.doors_of(id);
    for (std::size_t i = 0; i < doors.size() && m_keys.room != kNone && m_keys.unit != kNone; ++i) {
        if ((line.room_part == kNoPart || m_view.room_key(doors[i]) == m_keys.room) &&
            (line.unit_part == kNoPart || m_view.unit_key(doors[i]) == m_keys.unit)) {
            fit.door_found = line.room_part != kNoPart;
            fit.says_more |= fit.door_found;
            fit.address = house.first_address + static_cast<AddressNumber>(i);
            fit.doors = 1;
            return fit;
        }
    }
    fit.address = house.first_address;
    fit.doors = 1;
    fit.cost += m_costs.door_unknown;
    return fit;
}

void PlaceSearch::put_house(Candidate candidate, Fit const& fit, std::uint32_t at) {
    candidate.cost += fit.cost;
    candidate.weight = fit.doors;
    candidate.first = at;
    candidate.last = at + 1;
    candidate.address = kNone;
    if (candidate.level == MatchLevel::road && m_line->estates.size != 0 && !fit.estate_conflicts) {
        candidate.level = m_view.houses[candidate.of_estate ? m_view.estate_houses[at] : at].estate == kNone
                              ? MatchLevel::road
                              : MatchLevel::estate;
    } else if (candidate.level != MatchLevel::estate && candidate.level != MatchLevel::road) {
        candidate.level =
            fit.door_found && !fit.suffix_differs && !fit.building_conflicts ? MatchLevel::exact : MatchLevel::building;
        if (fit.door_found) {
            candidate.address = fit.address;
        }
    }
    ++m_houses;
    auto const& house = m_view.houses[candidate.of_estate ? m_view.estate_houses[at] : at];
    bool const number = m_line->number_part != kNoPart && house.number == m_line->number.value && !fit.suffix_differs;
    bool const building = m_line->building_part != kNoPart && house.building == m_keys.building;
    put(candidate, (number ? 1U : 0U) + (building ? 1U : 0U) + (fit.estate_agrees ? 1U : 0U));
}

Candidate PlaceSearch::candidate_of(float cost, std::uint32_t part, PlaceRecord const& place, MatchLevel level) const {
    Candidate c;
    c.cost = cost;
    c.level = level;
    c.line = m_line_number;
    c.name_part = part;
    c.place = m_view.id_of(place);
    c.division = place.village;
    c.weight = static_cast<float>(place.addresses);
    c.first = place.first_house;
    c.last = place.last_house;
    return c;
}

void PlaceSearch::look_at_road(AddressQuery const& query, float cost, Target const& target, PlaceRecord const& road) {
    auto const& line = *m_line;
    auto candidate = candidate_of(cost, target.part, road, MatchLevel::road);
    auto const put_all = [&](std::span<HouseRecord const> houses, MatchLevel level, float more) {
        candidate.level = level;
        candidate.cost = cost + more;
        for (auto const& house : houses) {
            put_house(candidate, fit(query, m_view.id_of(house), false), m_view.id_of(house));
        }
    };
    if (line.number_part == kNoPart) {
        if (line.building_part != kNoPart || line.room_part != kNoPart || line.unit_part != kNoPart) {
            put_all(m_view.houses_of_road(road), MatchLevel::building, 0);
        } else if (line.estates.size != 0) {
            put_all(m_view.houses_of_road(road), MatchLevel::road, 0);
        } else {
            put(candidate);
        }
        return;
    }
    auto const number = line.number.value;
    if (auto const houses = m_view.houses_of_road(road, number); !houses.empty()) {
        put_all(houses, MatchLevel::exact, 0);
        return;
    }
    for (auto n = number + 1; n <= line.number.last; ++n) {
        if (auto const houses = m_view.houses_of_road(road, n); !houses.empty()) {
            put_all(houses, MatchLevel::exact, m_costs.in_run);
            return;
        }
    }
    auto const all = m_view.houses_of_road(road);
    auto at = all.begin() + (m_view.first_house_from(road, number) - road.first_house);
    for (std::size_t i = 0; i < kMostNeighbours && at != all.begin(); ++i) {
        --at;
        if (at->suffix != 0 && last_of_run(at->number, m_view.key(at->suffix)) >= number) {
            put_all({&*at, 1}, MatchLevel::exact, m_costs.in_run);
            return;
        }
    }
    if (line.estates.size != 0 || line.building_part != kNoPart || line.room_part != kNoPart) {
        // A wrong number: what stands behind it may still tell the house.
        bool const door =
            (line.room_part != kNoPart || line.unit_part != kNoPart) && m_keys.room != kNone && m_keys.unit != kNone;
        for (auto const& house : m_view.houses_of_road(road)) {
            if (!door && (line.building_part == kNoPart || house.building != m_keys.building) &&
                (line.estates.size == 0 || !estate_fit(query, house.estate).named)) {
                continue; // says no more
            }
            auto const id = m_view.id_of(house);
            auto found = fit(query, id, false);
            if (found.says_more) {
                found.cost += is_slip(number, house.number) ? m_costs.number_slips : m_costs.number_differs;
                candidate.level = MatchLevel::building;
                candidate.cost = cost;
                found.suffix_differs = true;
                put_house(candidate, found, id);
            }
        }
    }
    interpolate(query, cost, target, road);
}

void PlaceSearch::interpolate(AddressQuery const& query, float cost, Target const& target, PlaceRecord const& road) {
    auto const all = m_view.houses_of_road(road);
    auto const number = m_line->number.value;
    auto candidate = candidate_of(cost + m_costs.number_unknown, target.part, road, MatchLevel::road);
    candidate.weight = 1;
    if (number != 0) {
        std::size_t const above = m_view.first_house_from(road, number) - road.first_house;
        HouseId lower = kNone, upper = kNone;
        for (auto i = above; i != 0 && above - i < kMostNeighbours && all[i - 1].number != 0; --i) {
            if (all[i - 1].number % 2 == number % 2) {
                lower = m_view.id_of(all[i - 1]);
                break;
            }
        }
        for (auto i = above; i < all.size() && i - above < kMostNeighbours; ++i) {
            if (all[i].number % 2 == number % 2) {
                upper = m_view.id_of(all[i]);
                break;
            }
        }
        if (lower != kNone && upper != kNone) {
            candidate.cost = cost + m_costs.interpolated;
            if (m_line->estates.size != 0) { // it would stand in that of one of the two
                auto const below = estate_fit(query, m_view.houses[lower].estate).cost;
                candidate.cost += std::min(below, estate_fit(query, m_view.houses[upper].estate).cost);
            }
            candidate.level = MatchLevel::number_interpolated;
            candidate.first = lower;
            candidate.last = upper;
            auto const from = m_view.houses[lower].number;
            candidate.fraction =
                static_cast<float>(number - from) / static_cast<float>(m_view.houses[upper].number - from);
        }
    }
    put(candidate);
}

float PlaceSearch::road_cost(AddressQuery const& query, HouseRecord const& house) const {
    if (m_line->roads.size == 0) {
        return 0;
    }
    auto const name = m_view.places[house.road].name;
    auto least = m_costs.road_differs;
    for (auto const part : m_line->roads) {
        if (name != kNone) {
            auto const text = query.characters(part);
            auto const road = m_view.name_text(name);
            least = std::min(least, text == road ? 0 : m_costs.slip + unlikeness(text, road, m_costs));
        }
    }
    return least;
}

/// By its road already, so well that the estate would not better it.
bool PlaceSearch::is_found(HouseId house) const noexcept {
    auto const road = m_view.houses[house].road;
    auto const last = std::min(m_candidates.size(), kMostFoundBefore);
    return std::any_of(m_candidates.begin(), m_candidates.begin() + static_cast<std::ptrdiff_t>(last),
                       [&](Candidate const& c) {
                           return c.place == road && !c.of_estate && c.line == m_line_number &&
                                  (c.level == MatchLevel::exact || c.level == MatchLevel::building) &&
                                  c.first <= house && house < c.last;
                       });
}

void PlaceSearch::look_at_estate(AddressQuery const& query, float cost, Target const& target,
                                 PlaceRecord const& estate) {
    auto const& line = *m_line;
    auto whole = candidate_of(cost, target.part, estate, MatchLevel::estate);
    whole.of_estate = true;
    if (line.number_part == kNoPart && line.building_part == kNoPart && line.roads.size == 0) {
        put(whole);
        return;
    }
    auto const all = m_view.houses_of_estate(estate);
    bool number_found = false, building_found = false, has_buildings = false;
    for (std::size_t i = 0; i < all.size() && m_houses < kMostHouses; ++i, ++m_houses) {
        auto const& house = m_view.houses[all[i]];
        has_buildings |= house.building != 0;
        bool const number_fits = line.number_part == kNoPart || house.number == line.number.value;
        bool const building_fits = line.building_part == kNoPart || house.building == m_keys.building;
        if (!number_fits && !(house.number == 0 && building_fits && line.building_part != kNoPart)) {
            continue;
        }
        if (!building_fits || is_found(all[i])) {
            continue;
        }
        auto found = fit(query, all[i], true);
        found.cost += road_cost(query, house) + (number_fits ? 0 : m_costs.suffix_missing);
        number_found |= number_fits && line.number_part != kNoPart;
        building_found |= line.building_part != kNoPart;
        auto candidate = whole;
        candidate.level =
            line.number_part != kNoPart || line.building_part != kNoPart ? MatchLevel::building : MatchLevel::estate;
        put_house(candidate, found, estate.first_house + static_cast<std::uint32_t>(i));
    }
    // The estate at large, when the number or building is not there.
    if (line.number_part != kNoPart && !number_found) {
        whole.cost += m_costs.number_unknown;
    }
    if (line.building_part != kNoPart && !building_found) {
        whole.cost += has_buildings ? m_costs.building_lacking : m_costs.building_unknown;
    }
    if (line.roads.size != 0) {
        whole.cost += m_costs.road_unseen;
    }
    if ((line.number_part != kNoPart && !number_found) || (line.building_part != kNoPart && !building_found)) {
        whole.weight = 1;
        put(whole);
    }
}

void PlaceSearch::find_similar(AddressQuery const& query, bool compare_all) {
    auto const try_text = [&](std::uint32_t part, std::u32string_view text) {
        if (text.size() < 2) {
            return;
        }
        m_tried.clear();
        auto const add = [&](NameId name) {
            if (name < m_view.names.size() && m_tried.size() < kMostSimilar) {
                m_tried.push_back({part, name, 0, false});
            }
        };
        if (!compare_all) {
            m_view.similar_to(text, add);
            m_view.sounding_like(text, add);
        }
        // In a small area all names are compared: that finds two slips, and slips of the shortest names.
        auto const& areas = m_areas.areas();
        for (std::size_t i = 0; compare_all && i < std::min(areas.size(), kMostNeighbourhoods) &&
                                areas[i].cost <= areas.front().cost + m_costs.other_name;
             ++i) {
            if (areas[i].division == kNoDivision || m_view.gazetteer.division(areas[i].division).level < Level::town) {
                continue;
            }
            auto const places = m_view.places_under(areas[i].division);
            for (std::size_t p = 0; p < std::min(places.size(), kMostCompared); ++p) {
                add(m_view.places[places[p]].name);
            }
        }
        std::sort(m_tried.begin(), m_tried.end(), [](Target const& a, Target const& b) { return a.name < b.name; });
        m_tried.erase(std::unique(m_tried.begin(), m_tried.end(),
                                  [](Target const& a, Target const& b) { return a.name == b.name; }),
                      m_tried.end());
        bool const road = query.parsed->parts[part].component == Component::road;
        for (auto target : m_tried) {
            auto const unlike = unlikeness(text, m_view.name_text(target.name), m_costs);
            if (unlike == 0 || unlike >= kUnlike) {
                continue; // the same name has been looked at
            }
            bool const is_road = m_view.names[target.name].kind == KnownNames::kRoad;
            target.cost = m_costs.slip + unlike + (road == is_road ? 0 : m_costs.other_kind);
            m_targets.push_back(target);
        }
    };
    auto const try_part = [&](std::uint32_t part) { try_text(part, query.characters(part)); };
    m_targets.clear();
    for (auto const part : m_line->roads) {
        try_part(part);
    }
    for (auto const part : m_line->estates) {
        try_part(part);
    }
    for (auto const& whole : query.wholes) {
        if (query.line_of_part[whole.last_part] == m_line_number) {
            try_text(whole.last_part,
                     std::u32string_view{query.text->characters}.substr(whole.begin, whole.end - whole.begin));
        }
    }
    if (m_line->roads.size == 0) {
        for (auto const part : m_line->nameless) {
            try_part(part);
        }
    }
    std::sort(m_targets.begin(), m_targets.end(),
              [](Target const& a, Target const& b) { return a.cost != b.cost ? a.cost < b.cost : a.name < b.name; });
    look_in_areas(query);
}

/// Numbers of a village that belong to no road.
void PlaceSearch::find_nameless(AddressQuery const& query) {
    if (m_line->number_part == kNoPart || m_line->roads.size != 0 || m_line->estates.size != 0) {
        return;
    }
    for (auto const& area : m_areas.areas()) {
        if (m_line_cost + area.cost > m_best + m_costs.cutoff) {
            return;
        }
        if (area.division == kNoDivision || m_view.gazetteer.division(area.division).level < Level::village) {
            continue;
        }
        auto const places = m_view.places_under(area.division);
        if (!places.empty() && m_view.places[places.back()].name == kNone) {
            look_at(query, area, {m_line->number_part, kNone, 0, false}, m_view.places[places.back()]);
        }
    }
}

void PlaceSearch::find_divisions() {
    auto const more = m_line_cost + (m_line->has_target() ? m_costs.unknown_road + by_chance(*m_line) : 0);
    m_outside = false;
    auto least = kUnlike; // of those that count
    for (auto const& area : m_areas.areas()) {
        if (area.cost + more > m_best + m_costs.cutoff || area.cost > least + m_costs.division_cutoff) {
            break;
        }
        if (area.agrees == 0 || !area.told || area.division == kNoDivision ||
            (m_areas.is_outside(area) && m_line->has_target() && m_areas.full_agreements(area) == 0)) {
            continue;
        }
        least = std::min(least, area.cost);
        Candidate c;
        c.cost = area.cost + more;
        c.level = level_of(m_view.gazetteer.division(area.division).level);
        c.line = m_line_number;
        c.division = area.division;
        // Who writes no more than 太平 means the larger one more often.
        c.weight = std::max(1.0F, static_cast<float>(m_view.places_under(area.division).size()));
        put(c);
    }
}

} // namespace wangge::address
