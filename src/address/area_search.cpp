#include "area_search.hpp"

#include "name_likeness.hpp"

#include <algorithm>
#include <bit>

namespace wangge::address {

namespace {

/// Divisions whose names are compared with a misspelt one, at most.
constexpr std::size_t kMostCompared = 1500;
/// Areas that are of use at all.
constexpr std::size_t kMostAreas = 1024;

} // namespace

AreaSearch::AreaSearch(Gazetteer const& gazetteer, MatchCosts const& costs)
    : m_gazetteer(gazetteer), m_costs(costs), m_marks(gazetteer.size()) {}

AreaSearch::Mark& AreaSearch::touch(DivisionNumber division) {
    auto& mark = m_marks[division];
    if (!mark.touched) {
        mark = {0, 0, 0, true};
        m_touched.push_back(division);
    }
    return mark;
}

void AreaSearch::add(DivisionNumber division, std::uint32_t mention, float cost) {
    if (division >= m_marks.size()) {
        return; // a damaged gazetteer
    }
    auto& mark = touch(division);
    mark.cost = mark.agrees == 0 ? cost : std::max(mark.cost, cost);
    mark.agrees |= 1U << mention;
    auto const parent = m_gazetteer.parent(division);
    if (parent < m_marks.size()) {
        touch(parent).near |= 1U << mention;
    }
}

float AreaSearch::conflict_cost(Mention const& mention, bool near) const noexcept {
    auto cost = m_costs.village;
    switch (mention.component) {
    case Component::province:
        cost = m_costs.province;
        break;
    case Component::city:
        cost = m_costs.city;
        break;
    case Component::county:
        cost = m_costs.county;
        break;
    case Component::town:
        cost = m_costs.town;
        break;
    default:
        break;
    }
    cost += near ? 0 : m_costs.far;
    cost -= mention.bare ? m_costs.bare_name_less : 0;
    return mention.behind_number ? cost * m_costs.behind_number : cost;
}

bool AreaSearch::is_first(AddressQuery const& query, std::uint32_t mention) noexcept {
    return std::none_of(query.mentions.begin(), query.mentions.begin() + mention,
                        [](Mention const& m) { return m.component != Component::province; });
}

void AreaSearch::find(AddressQuery const& query, AddressLine const& line) {
    for (auto const division : m_touched) {
        m_marks[division].touched = false;
    }
    m_touched.clear();
    for (DivisionNumber root = 0; root < m_marks.size();) {
        touch(root);
        root = std::max(root + 1, m_gazetteer.end(root));
    }
    m_mentions = query.mentions;
    m_asked = line.mentions;
    for (std::uint32_t m = 0; m < query.mentions.size(); ++m) {
        if ((line.mentions >> m & 1U) == 0) {
            continue;
        }
        auto const& part = query.parsed->parts[query.mentions[m].part];
        // 梅州 before all else is the city, hardly a village of that name.
        bool const is_city = part.component == Component::city && is_first(query, m);
        for (auto i = part.first_name; i < part.last_name; ++i) {
            auto const& name = query.parsed->names[i];
            auto const cost = name.kind >= NameKind::other ? m_costs.other_name : 0;
            add(name.division, m, cost + (is_city && name.level > Level::city ? m_costs.narrower_than_city : 0));
        }
    }
    weigh();
}

void AreaSearch::weigh() {
    m_areas.clear();
    for (auto const division : m_touched) {
        std::uint32_t agrees = 0, near = 0;
        float cost = 0;
        for (auto at = division; at < m_marks.size(); at = m_gazetteer.parent(at)) {
            auto const& mark = m_marks[at];
            if (mark.touched) {
                cost += (mark.agrees & ~agrees) != 0 ? mark.cost : 0;
                agrees |= mark.agrees;
                near |= mark.near;
            }
        }
        for (auto rest = m_asked & ~agrees; rest != 0; rest &= rest - 1) {
            auto const m = static_cast<std::uint32_t>(std::countr_zero(rest));
            cost += conflict_cost(m_mentions[m], (near >> m & 1U) != 0);
        }
        auto const& own = m_marks[division];
        auto const conflicts = m_asked & ~agrees;
        m_areas.push_back({division, cost, agrees, conflicts, own.agrees != 0 || (own.near & conflicts) != 0});
    }
    auto const mentions = static_cast<float>(std::popcount(m_asked));
    m_areas.push_back({kNoDivision, mentions * m_costs.without_village, 0, 0, false});
    auto const before = [](Area const& a, Area const& b) {
        return a.cost != b.cost ? a.cost < b.cost : a.division > b.division;
    };
    if (m_areas.size() > kMostAreas) {
        std::nth_element(m_areas.begin(), m_areas.begin() + kMostAreas, m_areas.end(), before);
        m_areas.resize(kMostAreas);
    }
    std::sort(m_areas.begin(), m_areas.end(), before);
}

bool AreaSearch::is_outside(Area const& area) const noexcept {
    for (auto rest = area.conflicts; rest != 0; rest &= rest - 1) {
        auto const& mention = m_mentions[static_cast<std::size_t>(std::countr_zero(rest))];
        if (!mention.behind_number && mention.component >= Component::city && mention.component <= Component::county) {
            return true;
        }
    }
    return false;
}

unsigned AreaSearch::full_agreements(Area const& area) const noexcept {
    unsigned count = 0, bare = 0;
    for (auto rest = area.agrees; rest != 0; rest &= rest - 1) {
        auto const& mention = m_mentions[static_cast<std::size_t>(std::countr_zero(rest))];
        count += mention.kind_said ? 1U : 0U;
        bare += !mention.kind_said && (mention.component == Component::town || mention.component == Component::village)
                    ? 1U
                    : 0U;
    }
    return count + (bare >= 2 ? 1U : 0U);
}

DivisionNumber AreaSearch::area_of(DivisionNumber division) const {
    for (auto at = division; at < m_marks.size(); at = m_gazetteer.parent(at)) {
        if (m_marks[at].touched) {
            return at;
        }
    }
    return kNoDivision;
}

std::u32string_view AreaSearch::stem_of(DivisionNumber division) {
    if (m_stems.empty()) {
        m_stems.resize(m_gazetteer.size());
    }
    auto& stem = m_stems[division];
    if (stem.empty()) {
        NormalizedText text;
        if (Normalizer::normalize(m_gazetteer.division(division).name, text) == Normalizer::Outcome::good) {
            stem = division_stem(text.characters);
        }
        if (stem.empty()) {
            stem = U"?"; // nothing is like it
        }
    }
    return stem;
}

bool AreaSearch::find_similar(AddressQuery const& query, AddressLine const& line) {
    // Only what narrows the best area: a village that is known already says all that its misspelt town could.
    auto const best = m_areas.front();
    if (line.nameless.size == 0 || best.division == kNoDivision || m_gazetteer.level(best.division) >= Level::village) {
        return false;
    }
    auto const first = best.division + 1;
    auto const end = m_gazetteer.end(best.division);
    bool const all_villages = end - first < kMostCompared;
    auto const asked_before = m_asked;
    for (auto const part : line.nameless) {
        auto const stem = division_stem(query.characters(part));
        if (stem.size() < 2 || stem.size() > 12 || m_mentions.size() == AddressQuery::kMostMentions) {
            continue;
        }
        auto const mention = static_cast<std::uint32_t>(m_mentions.size());
        bool found = false;
        std::size_t compared = 0;
        for (auto at = first; at < end && compared < kMostCompared; ++compared) {
            auto const cost = unlikeness(stem, stem_of(at), m_costs);
            if (cost < m_costs.division_slip) {
                add(at, mention, cost + m_costs.slip);
                found = true;
            }
            at = all_villages || m_gazetteer.level(at) < Level::town ? at + 1 : std::max(at + 1, m_gazetteer.end(at));
        }
        if (found) {
            m_mentions.push_back({part, query.parsed->parts[part].component, false, true, false});
            m_asked |= 1U << mention;
        }
    }
    if (m_asked == asked_before) {
        return false;
    }
    weigh();
    return true;
}

} // namespace wangge::address
