#include "evidence.hpp"

#include "name_likeness.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace wangge::address {

namespace {

/// Houses of a division that are listed one by one.
constexpr std::size_t kMostUnder = 4096;

Level level_of(Component component) noexcept {
    switch (component) {
    case Component::province:
        return Level::province;
    case Component::city:
        return Level::city;
    case Component::county:
        return Level::county;
    case Component::town:
        return Level::town;
    default:
        return Level::village;
    }
}

HouseId house_at(IndexView const& view, Candidate const& c, std::uint32_t at) noexcept {
    return c.of_estate ? view.estate_houses[at] : at;
}

bool is_house(Candidate const& c) noexcept { return c.level == MatchLevel::exact || c.level == MatchLevel::building; }

class Description {
public:
    Description(IndexView const& view, AddressQuery const& query, Candidate const& candidate, PlaceSearch& search,
                PlaceMatch& out)
        : m_view(view)
        , m_query(query)
        , m_line(query.lines[candidate.line])
        , m_c(candidate)
        , m_search(search)
        , m_costs(search.costs())
        , m_out(out) {
        m_search.choose(query, candidate.line, conflicts());
        if (m_c.place != kNone && m_c.first < m_c.last) {
            m_house = house_at(view, m_c, m_c.first);
            m_fit = m_search.fit(query, m_house, false);
        }
    }

    void write() {
        m_items = 0;
        auto const& parts = m_query.parsed->parts;
        for (std::uint32_t part = 0; part < parts.size(); ++part) {
            if (m_query.line_of_part[part] != m_c.line) {
                add(part, Bearing::unused, {});
                continue;
            }
            write_part(part);
        }
        write_missing();
        m_out.evidence.resize(m_items);
        m_out.slips = count(Bearing::similar);
        m_out.in_doubt = is_name_in_doubt() || is_county_in_doubt();
        m_out.conflicts = count(Bearing::conflicts);
    }

private:
    /// Bits: the mentions of the line that name nothing in which the place lies.
    [[nodiscard]] std::uint32_t conflicts() const {
        auto bits = m_line.mentions;
        for (std::size_t m = 0; m < m_query.mentions.size(); ++m) {
            if (names_it(m_query.parsed->parts[m_query.mentions[m].part])) {
                bits &= ~(1U << m);
            }
        }
        return bits;
    }
    [[nodiscard]] bool names_it(Part const& part) const {
        auto const& names = m_query.parsed->names;
        return m_c.division != kNoDivision &&
               std::any_of(names.begin() + part.first_name, names.begin() + part.last_name,
                           [&](DivisionName const& n) { return m_view.gazetteer.lies_in(m_c.division, n.division); });
    }
    template <class Is>
    [[nodiscard]] bool has_item(Is&& is) const {
        return std::any_of(m_out.evidence.begin(), m_out.evidence.end(), is);
    }
    [[nodiscard]] std::uint32_t count(Bearing bearing) const {
        return static_cast<std::uint32_t>(std::count_if(m_out.evidence.begin(), m_out.evidence.end(),
                                                        [&](EvidenceItem const& e) { return e.bearing == bearing; }));
    }
    EvidenceItem& next() {
        if (m_items == m_out.evidence.size()) {
            m_out.evidence.emplace_back();
        }
        return m_out.evidence[m_items++];
    }
    void add(std::uint32_t part, Bearing bearing, std::string_view found) {
        auto const& p = m_query.parsed->parts[part];
        auto& item = next();
        item.component = p.component;
        item.bearing = bearing;
        item.begin = m_query.text->offsets[p.begin];
        item.end = m_query.text->offsets[p.end];
        item.found.assign(found);
        m_said |= 1U << static_cast<unsigned>(p.component);
    }
    void add_missing(Component component, std::string_view found) {
        if (found.empty() || (m_said >> static_cast<unsigned>(component) & 1U) != 0) {
            return;
        }
        auto& item = next();
        item.component = component;
        item.bearing = Bearing::missing;
        item.begin = item.end = m_query.text->offsets.empty() ? 0 : m_query.text->offsets.back();
        item.found.assign(found);
    }

    [[nodiscard]] DivisionNumber above(Component component) const {
        return m_c.division == kNoDivision ? kNoDivision : m_view.gazetteer.ancestor(m_c.division, level_of(component));
    }
    [[nodiscard]] std::string_view name_of(DivisionNumber division) const {
        return division == kNoDivision ? std::string_view{} : m_view.gazetteer.division(division).name;
    }
    [[nodiscard]] bool is_like(std::uint32_t part, DivisionNumber division) {
        return division != kNoDivision &&
               unlikeness(division_stem(m_query.characters(part)), m_search.areas().stem_of(division), m_costs) <
                   m_costs.told_similar;
    }

    void write_part(std::uint32_t part) {
        auto const component = m_query.parsed->parts[part].component;
        switch (component) {
        case Component::province:
        case Component::city:
        case Component::county:
        case Component::town:
        case Component::village:
            write_division(part, component);
            break;
        case Component::road:
            write_road(part);
            break;
        case Component::group:
        case Component::estate:
        case Component::landmark:
            write_estate(part);
            break;
        case Component::number:
            write_number(part);
            break;
        case Component::building:
            write_building(part);
            break;
        case Component::unit:
        case Component::room:
            write_door(part, component);
            break;
        case Component::floor:
            add(part, Bearing::unused, {});
            break;
        case Component::noise:
            write_noise(part);
            break;
        }
    }

    void write_division(std::uint32_t part, Component component) {
        auto const& p = m_query.parsed->parts[part];
        for (auto i = p.first_name; i < p.last_name; ++i) {
            auto const division = m_query.parsed->names[i].division;
            if (m_c.division != kNoDivision && m_view.gazetteer.lies_in(m_c.division, division)) {
                add(part, Bearing::agrees, name_of(division));
                return;
            }
        }
        if (part == m_fit.mention_is_estate) {
            add(part, Bearing::agrees, m_view.estate_text(m_view.houses[m_house]));
            return;
        }
        auto const level =
            m_c.division == kNoDivision ? Level::province : m_view.gazetteer.division(m_c.division).level;
        auto const division = above(component);
        if (division == kNoDivision && level_of(component) > level) {
            add(part, Bearing::unused, {}); // narrower than what was found
            return;
        }
        add(part, is_like(part, division) ? Bearing::similar : Bearing::conflicts, name_of(division));
    }

    void write_noise(std::uint32_t part) {
        if (part == m_c.name_part && m_house != kNone) {
            auto const& place = m_view.places[m_c.place];
            add(part, Bearing::similar, place.name == kNone ? std::string_view{} : m_view.name_display(place.name));
            return;
        }
        for (auto const component : {Component::village, Component::town, Component::county, Component::city}) {
            if (auto const division = above(component); is_like(part, division)) {
                add(part, Bearing::similar, name_of(division));
                m_said |= 1U << static_cast<unsigned>(component);
                return;
            }
        }
        add(part, Bearing::unused, {});
    }

    [[nodiscard]] bool whole_estate() const noexcept { return m_c.of_estate && !is_house(m_c); }

    [[nodiscard]] bool is_name_in_doubt() const {
        constexpr std::size_t kShort = 3;
        if (m_c.place == kNone || m_c.name_part == kNoPart || m_view.places[m_c.place].name == kNone) {
            return false;
        }
        auto const text = m_query.characters(m_c.name_part);
        auto const known = m_view.name_text(m_view.places[m_c.place].name);
        if (text == known || std::max(text.size(), known.size()) > kShort ||
            unlikeness(text, known, m_costs) < m_costs.other_character) {
            return false;
        }
        return !has_item([](EvidenceItem const& item) {
            return item.bearing == Bearing::agrees && item.component > Component::county &&
                   item.component != Component::number;
        });
    }

    [[nodiscard]] bool is_county_in_doubt() const {
        auto const says_other = [](EvidenceItem const& item) {
            return item.bearing == Bearing::conflicts &&
                   (item.component == Component::city || item.component == Component::county);
        };
        auto const is_narrower = [](EvidenceItem const& item) {
            switch (item.component) {
            case Component::town:
            case Component::village:
            case Component::group:
            case Component::estate:
            case Component::landmark:
                return item.bearing == Bearing::agrees;
            default:
                return false;
            }
        };
        return has_item(says_other) && !has_item(is_narrower);
    }

    void write_name(std::uint32_t part, NameId name, std::string_view written) {
        auto const text = m_query.characters(part);
        auto const known = m_view.name_text(name);
        if (text == known) {
            add(part, Bearing::agrees, written);
        } else if (part == m_c.name_part || unlikeness(text, known, m_costs) < m_costs.told_similar ||
                   (known.size() >= 2 && text.find(known) != std::u32string_view::npos) ||
                   (text.size() >= 2 && known.find(text) != std::u32string_view::npos)) {
            add(part, Bearing::similar, written);
        } else {
            add(part, Bearing::conflicts, written);
        }
    }

    void write_road(std::uint32_t part) {
        if (m_house == kNone || (whole_estate() && m_line.number_part == kNoPart)) {
            add(part, Bearing::unused, {});
            return;
        }
        auto const& house = m_view.houses[m_house];
        if (!m_view.has_road(house)) {
            add(part, Bearing::unused, {});
        } else if (part != m_line.main_road && part != m_c.name_part) {
            if (m_query.characters(part) == m_view.name_text(m_view.places[house.road].name)) {
                add(part, Bearing::agrees, m_view.road_text(house));
            } else {
                write_noise(part); // 石围糖街道 looks like a road
            }
        } else {
            write_name(part, m_view.places[house.road].name, m_view.road_text(house));
        }
    }

    void write_estate(std::uint32_t part) {
        if (m_house == kNone || m_view.houses[m_house].estate == kNone) {
            add(part, Bearing::unused, {});
            return;
        }
        auto const& house = m_view.houses[m_house];
        bool const one_of_road = m_c.level == MatchLevel::road || m_c.level == MatchLevel::number_interpolated;
        auto const name = m_view.places[house.estate].name;
        if (one_of_road && m_query.characters(part) != m_view.name_text(name)) {
            add(part, Bearing::unused, {});
        } else {
            write_name(part, name, m_view.estate_text(house));
        }
    }

    void write_number(std::uint32_t part) {
        if (part != m_line.number_part || m_house == kNone) {
            add(part, Bearing::unused, {});
        } else if (m_c.level == MatchLevel::number_interpolated) {
            auto& found = m_number;
            found.assign(m_view.text(m_view.houses[m_c.first].number_text));
            found += " - ";
            found += m_view.text(m_view.houses[m_c.last].number_text);
            add(part, Bearing::similar, found);
        } else if (is_house(m_c)) {
            auto const& house = m_view.houses[m_house];
            auto const same = house.number == m_line.number.value;
            add(part,
                same && !m_fit.suffix_differs ? Bearing::agrees
                : same                        ? Bearing::similar
                                              : Bearing::conflicts,
                m_view.text(house.number_text));
        } else {
            add(part, Bearing::unused, {});
        }
    }

    void write_building(std::uint32_t part) {
        if (part != m_line.building_part || m_house == kNone || !is_house(m_c) ||
            m_view.houses[m_house].building == 0) {
            add(part, Bearing::unused, {});
        } else {
            add(part, m_fit.building_conflicts ? Bearing::conflicts : Bearing::agrees,
                m_view.text(m_view.houses[m_house].building_text));
        }
    }

    void write_door(std::uint32_t part, Component component) {
        if (m_c.address == kNone || (part != m_line.unit_part && part != m_line.room_part)) {
            add(part, Bearing::unused, {});
            return;
        }
        auto const& door = m_view.doors[m_c.address];
        auto const spelling = component == Component::unit ? door.unit : door.room;
        add(part, Bearing::agrees, m_view.text(m_view.spellings[spelling].text));
    }

    void write_missing() {
        for (auto const component :
             {Component::province, Component::city, Component::county, Component::town, Component::village}) {
            add_missing(component, name_of(above(component)));
        }
        if (m_house == kNone) {
            return;
        }
        auto const& house = m_view.houses[m_house];
        if (!whole_estate()) {
            add_missing(Component::road, m_view.road_text(house));
        }
        if (!is_house(m_c)) {
            return;
        }
        add_missing(Component::number, m_view.text(house.number_text));
        bool const group = house.estate != kNone && m_view.kind(m_view.places[house.estate]) == KnownNames::kGroup;
        if ((m_said & (1U << static_cast<unsigned>(Component::estate) | 1U << static_cast<unsigned>(Component::group) |
                       1U << static_cast<unsigned>(Component::landmark))) == 0 &&
            m_fit.mention_is_estate == kNoPart) {
            add_missing(group ? Component::group : Component::estate, m_view.estate_text(house));
        }
        add_missing(Component::building, m_view.text(house.building_text));
        if (m_c.address != kNone) {
            auto const& door = m_view.doors[m_c.address];
            add_missing(Component::unit, m_view.text(m_view.spellings[door.unit].text));
        }
    }

    IndexView const& m_view;
    AddressQuery const& m_query;
    AddressLine const& m_line;
    Candidate const& m_c;
    PlaceSearch& m_search;
    MatchCosts const& m_costs;
    PlaceMatch& m_out;
    std::size_t m_items = 0;
    std::uint32_t m_said = 0; ///< bits by component
    HouseId m_house = kNone;  ///< one that stands for the place
    PlaceSearch::Fit m_fit;
    std::string m_number;
};

geom::Point between(geom::Point a, geom::Point b, double fraction) noexcept {
    auto const mix = [&](std::int32_t from, std::int32_t to) {
        return static_cast<std::int32_t>(std::llround(from + (static_cast<double>(to) - from) * fraction));
    };
    return {mix(a.lon, b.lon), mix(a.lat, b.lat)};
}

std::optional<geom::Point> position_of(IndexView const& view, Candidate const& c) {
    if (c.place == kNone) {
        return std::nullopt;
    }
    if (c.level == MatchLevel::number_interpolated) {
        return between(view.houses[c.first].at, view.houses[c.last].at, c.fraction);
    }
    auto const& place = view.places[c.place];
    if (c.first == place.first_house && c.last == place.last_house) {
        return c.last - c.first == 1 ? view.houses[house_at(view, c, c.first)].at : place.middle;
    }
    return view.houses[house_at(view, c, c.first + (c.last - c.first) / 2)].at;
}

} // namespace

void describe(IndexView const& view, AddressQuery const& query, Candidate const& candidate, PlaceSearch& search,
              PlaceMatch& out) {
    out.level = candidate.level;
    out.division = candidate.division;
    out.position = position_of(view, candidate);
    out.address.reset();
    if (candidate.address != kNone || is_house(candidate)) {
        out.house = house_at(view, candidate, candidate.first);
        out.address = candidate.address != kNone ? candidate.address : view.houses[out.house].first_address;
    }
    Description{view, query, candidate, search, out}.write();
}

float add_addresses_under(IndexView const& view, DivisionNumber division, float share, float unknown,
                          std::vector<PositionShare>& out) {
    auto const places = view.places_under(division);
    std::size_t houses = 0, addresses = 0;
    for (auto const place : places) {
        if (view.kind(view.places[place]) == KnownNames::kRoad) {
            houses += view.places[place].last_house - view.places[place].first_house;
            addresses += view.places[place].addresses;
        }
        if (houses > kMostUnder) {
            return share;
        }
    }
    // As if there were a few more addresses, spread evenly: the index does not have all.
    auto const known = static_cast<float>(addresses) / (static_cast<float>(addresses) + unknown);
    for (auto const place : places) {
        auto const& road = view.places[place];
        if (view.kind(road) != KnownNames::kRoad) {
            continue;
        }
        for (auto const& house : view.houses_of_road(road)) {
            auto const count = static_cast<float>(view.address_count(view.id_of(house)));
            out.push_back({house.at, share * known * count / static_cast<float>(addresses)});
        }
    }
    return share * (1 - known);
}

void add_positions(IndexView const& view, Candidate const& c, float share, bool coarse, MatchCosts const& costs,
                   std::vector<PositionShare>& out) {
    if (c.level == MatchLevel::number_interpolated) {
        auto const lower = view.houses[c.first].at, upper = view.houses[c.last].at;
        auto const here = share * (1 - costs.along_road);
        out.push_back({between(lower, upper, c.fraction), here * (1 - costs.beside)});
        out.push_back({lower, here * costs.beside * (1 - c.fraction)});
        out.push_back({upper, here * costs.beside * c.fraction});
        auto const& houses = view.houses_of_road(view.places[c.place]);
        auto const along = share * costs.along_road / static_cast<float>(houses.size());
        for (auto const& house : houses) {
            out.push_back({house.at, along});
        }
        return;
    }
    if (c.last - c.first == 1 || (coarse && !is_house(c))) {
        out.push_back({*position_of(view, c), share});
        return;
    }
    float all = 0;
    for (auto at = c.first; at < c.last; ++at) {
        all += static_cast<float>(view.address_count(house_at(view, c, at)));
    }
    for (auto at = c.first; at < c.last; ++at) {
        auto const house = house_at(view, c, at);
        auto const part = share * static_cast<float>(view.address_count(house)) / all;
        if (!out.empty() && at != c.first && out.back().at == view.houses[house].at) {
            out.back().share += part;
        } else {
            out.push_back({view.houses[house].at, part});
        }
    }
}

} // namespace wangge::address
