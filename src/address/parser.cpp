#include "character_classes.hpp"
#include "name_endings.hpp"
#include "reading_costs.hpp"

#include <wangge/address/parser.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

namespace wangge::address {

namespace {

constexpr std::size_t kReadings = ReadingColumn::kReadings;
constexpr std::size_t kLookAhead = 8;
constexpr std::size_t kLongestUnknown = 7; ///< characters of a name that nobody knows
constexpr std::size_t kLevels = 7;         ///< of divisions, by number; there is none of number 0
constexpr std::size_t kBeyond = 8;         ///< how far behind the end of the text anyone looks
/// A reading that costs so much more than the cheapest one up to there, or up to a later character, does not win in the
/// end: what is left of the text costs it hardly ever so much less.
constexpr float kHopeless = 5.0F;
constexpr float kNever = std::numeric_limits<float>::infinity();
constexpr auto kBegin = static_cast<std::uint32_t>(kComponents);

Component component_of(Level level) noexcept {
    switch (level) {
    case Level::province:
        return Component::province;
    case Level::city:
        return Component::city;
    case Level::county:
        return Component::county;
    case Level::town:
        return Component::town;
    case Level::village:
        return Component::village;
    case Level::group:
        return Component::group;
    }
    return Component::noise;
}

// What may stand behind the name of a village, as offices write it.
constexpr std::array<std::u32string_view, 9> kCommittees{
    U"社区居民委员会", U"社区居委会", U"村民委员会", U"居民委员会", U"村委会", U"居委会", U"村委", U"居委", U"社区"};

/// What it costs that a component (column) follows a state (row), see ReadingColumn::states.
struct FollowCosts {
    static constexpr std::size_t kRows = 2 * (kComponents + 1);
    std::array<std::array<float, ReadingColumn::kEntries>, kRows> of{};

    constexpr FollowCosts() {
        for (std::size_t row = 0; row < kRows; ++row) {
            for (std::size_t next = 0; next < kComponents; ++next) {
                auto const cost = kReadingCosts.next[row / 2][next];
                of[row][next] = row % 2 != 0 ? cost * (1 - kReadingCosts.gap) : cost;
            }
        }
    }
};
constexpr FollowCosts kFollowCosts;

/// What the name of a division costs by itself: short of letters or not, by level, by kind.
struct NameCosts {
    std::array<std::array<std::array<float, 5>, kLevels>, 2> of{};

    constexpr NameCosts() {
        constexpr auto kTown = static_cast<std::size_t>(Level::town);
        for (std::size_t kind = 0; kind < 5; ++kind) {
            for (std::size_t level = 1; level < kLevels; ++level) {
                auto cost = kReadingCosts.name_kind[kind];
                if (level >= kTown && kind == static_cast<std::size_t>(NameKind::short_name)) {
                    cost += level == kTown ? kReadingCosts.short_town : kReadingCosts.short_village;
                }
                of[0][level][kind] = cost;
                of[1][level][kind] = level >= kTown ? cost + kReadingCosts.two_characters : cost;
            }
        }
    }
};
constexpr NameCosts kNameCosts;

/// The least cost of a name by the level of what it names, and which division it is; kNoDivision: several.
struct BestOfLevels {
    std::array<float, kLevels> cost;
    std::array<DivisionNumber, kLevels> division;
    std::uint32_t levels; ///< bits: those that it has; the other entries are not set

    [[nodiscard]] bool has(Level level) const noexcept { return (levels >> static_cast<unsigned>(level) & 1U) != 0; }
    void add(std::size_t level, float c, DivisionNumber d, DivisionNumber several) noexcept {
        if ((levels >> level & 1U) == 0) {
            levels |= 1U << level;
            cost[level] = c;
            division[level] = d;
        } else if (c < cost[level]) {
            cost[level] = c;
            division[level] = d;
        } else if (c == cost[level] && division[level] != d) {
            division[level] = several;
        }
    }
};

/// One text being read: its lattice is walked from left to right, every reading of a prefix is one step.
class Reader {
public:
    Reader(std::u32string_view text, Gazetteer const& gazetteer, KnownNames known, ParsedAddress& out)
        : m_text(text), m_gazetteer(gazetteer), m_known(known), m_out(out), m_costs(kReadingCosts) {}

    /// All names that begin anywhere in the text: looked up together, because each look waits for memory.
    void look_up_names() {
        auto const n = m_text.size();
        classify(m_text, kBeyond, m_out.classes);
        m_classes = m_out.classes.data();
        auto& divisions = m_out.division_matches;
        auto& known = m_out.known_matches;
        divisions.all.clear();
        known.all.clear();
        divisions.first.resize(n + 1);
        known.first.resize(n + 1);
        for (std::size_t at = 0; at < n; ++at) {
            divisions.first[at] = static_cast<std::uint32_t>(divisions.all.size());
            known.first[at] = static_cast<std::uint32_t>(known.all.size());
            if (!is_stem(at)) {
                continue;
            }
            m_gazetteer.match_lists(m_text, at, [&](std::size_t length, std::uint32_t list) {
                divisions.all.push_back({static_cast<std::uint32_t>(length), list});
            });
            if (m_known.trie != nullptr) {
                m_known.trie->match(m_text, at, [&](std::size_t length, std::uint32_t value) {
                    known.all.push_back({static_cast<std::uint32_t>(length), value});
                });
            }
        }
        divisions.first[n] = static_cast<std::uint32_t>(divisions.all.size());
        known.first[n] = static_cast<std::uint32_t>(known.all.size());
        for (auto const& match : divisions.all) {
            m_gazetteer.prefetch_bearers(match.value);
        }
    }

    /// After look_up_names(), of this reader or another one of the same text.
    void read() {
        m_out.parts.clear();
        m_out.names.clear();
        m_out.cost = 0;
        auto const n = m_text.size();
        if (m_out.columns.size() < n + 1) {
            m_out.columns.resize(n + 1);
        }
        m_columns = m_out.columns.data();
        for (std::size_t at = 0; at <= n; ++at) {
            m_columns[at].count = 0;
            m_columns[at].states.fill(kNoState);
            m_columns[at].bound = kNever;
        }
        m_out.leasts.assign(n + 1 + kLookAhead, kNever);
        m_leasts = m_out.leasts.data();
        m_classes = m_out.classes.data();
        add(0, 0, state(kNoDivision, kBegin) | kIsNoise, {0, 0, Component::noise, false});
        for (std::size_t at = 0; at < n; ++at) {
            names_ending(at);
            if (settle(at)) {
                from(at);
            }
        }
        names_ending(n);
        finish();
    }

private:
    static constexpr std::uint64_t kIsNoise = 1, kIsGap = 2, kNoState = ~std::uint64_t{0};
    static constexpr std::uint64_t state(DivisionNumber within, std::uint32_t after) noexcept {
        return std::uint64_t{within} << 32U | after << 2U;
    }
    static DivisionNumber within(std::uint64_t state) noexcept { return static_cast<DivisionNumber>(state >> 32U); }
    static auto const& following(std::uint64_t state) noexcept { return kFollowCosts.of[state >> 1U & 31U]; }
    static bool is_behind_division(std::uint64_t state) noexcept { // and nothing between
        return (state & 0xffffffffU) <= static_cast<std::uint64_t>(Component::village) << 2U;
    }

    [[nodiscard]] char32_t character(std::size_t at) const noexcept { return at < m_text.size() ? m_text[at] : U'\0'; }
    [[nodiscard]] std::uint64_t kind(std::size_t at) const noexcept { return m_classes[at] & kKind; }
    [[nodiscard]] bool is(std::size_t at, std::uint64_t classes) const noexcept {
        return (m_classes[at] & classes) != 0;
    }
    [[nodiscard]] bool is_stem(std::size_t at) const noexcept { return is(at, kStem); }
    [[nodiscard]] bool stands(std::size_t at, std::u32string_view word) const noexcept {
        return m_text.substr(std::min(at, m_text.size())).starts_with(word);
    }

    /// Keeps the best kReadings; of two that go on alike only the better one.
    void add(std::size_t at, float cost, std::uint64_t state, ReadingStep const& step) {
        auto& column = m_columns[at];
        if (cost >= column.bound) {
            return;
        }
        std::size_t i = column.count; // which reading it is cannot be foreseen, so there is no branch for each
        for (std::size_t k = kReadings; k-- > 0;) {
            i = column.states[k] == state ? k : i;
        }
        if (i < column.count) {
            if (cost >= column.costs[i]) {
                return;
            }
        } else if (column.count < kReadings) {
            ++column.count;
        } else {
            i = 0; // the dearest
            for (std::size_t k = kReadings; k-- > 0;) {
                i = column.costs[k] < column.bound ? i : k;
            }
        }
        column.costs[i] = cost;
        column.states[i] = state;
        column.steps[i] = step;
        auto const least = std::min(m_leasts[at], cost);
        m_leasts[at] = least;
        auto bound = least + kHopeless;
        if (column.count == kReadings) {
            auto dearest = column.costs[0];
            for (std::size_t k = 1; k < kReadings; ++k) {
                dearest = std::max(dearest, column.costs[k]);
            }
            bound = std::min(bound, dearest);
        }
        column.bound = bound;
    }

    /// No step will be added to this column: works out the cheapest way to begin each component there. False when no
    /// reading gets there, or none that can become the best: a later character is reached at so much less already.
    bool settle(std::size_t at) {
        auto& column = m_columns[at];
        if (column.count == 0) {
            return false;
        }
        auto least = m_leasts[at];
        for (std::size_t later = 1; later <= kLookAhead; ++later) {
            least = std::min(least, m_leasts[at + later]);
        }
        std::size_t kept = 0; // which are kept cannot be foreseen, so there is no branch
        for (std::size_t i = 0; i < column.count; ++i) {
            auto const cost = column.costs[i];
            column.costs[kept] = cost;
            column.states[kept] = column.states[i];
            column.steps[kept] = column.steps[i];
            kept += cost <= least + kHopeless ? 1U : 0U;
        }
        column.count = static_cast<std::uint32_t>(kept);
        if (kept == 0) {
            return false;
        }
        using Costs = float __attribute__((vector_size(16)));
        using Numbers = std::int32_t __attribute__((vector_size(16)));
        constexpr std::size_t kWide = 4;
        std::array<float const*, kReadings> rows;
        for (std::size_t i = 0; i < column.count; ++i) {
            rows[i] = following(column.states[i]).data();
        }
        for (std::size_t next = 0; next < ReadingColumn::kEntries; next += kWide) {
            Costs entries;
            std::memcpy(&entries, rows[0] + next, sizeof entries);
            entries += column.costs[0];
            Numbers cheapest{};
            for (std::size_t i = 1; i < column.count; ++i) {
                Costs other;
                std::memcpy(&other, rows[i] + next, sizeof other);
                other += column.costs[i];
                auto const less = other < entries;
                entries = less ? other : entries;
                cheapest = less ? Numbers{} + static_cast<std::int32_t>(i) : cheapest;
            }
            std::memcpy(column.entries.data() + next, &entries, sizeof entries);
            std::memcpy(column.cheapest.data() + next, &cheapest, sizeof cheapest);
        }
        return true;
    }

    /// A part [begin, end) of no division; `behind_bare`: more right behind a division that does not say its kind.
    void part(std::size_t begin, std::size_t end, Component component, float cost, float behind_bare = 0) {
        auto const& column = m_columns[begin];
        if (column.count != 0 && column.entries[static_cast<std::size_t>(component)] + cost < m_columns[end].bound) {
            add_part(begin, end, component, cost, behind_bare);
        }
    }
    void add_part(std::size_t begin, std::size_t end, Component component, float cost, float behind_bare) {
        auto const& column = m_columns[begin];
        auto const next = static_cast<std::size_t>(component);
        std::size_t best = column.cheapest[next];
        auto least = column.entries[next];
        if (behind_bare != 0 && begin != 0 && !is(begin - 1, kSaysKind)) {
            least = kNever;
            for (std::size_t i = 0; i < column.count; ++i) {
                auto const entry = column.costs[i] + following(column.states[i])[next] +
                                   (is_behind_division(column.states[i]) ? behind_bare : 0);
                best = entry < least ? i : best;
                least = std::min(least, entry);
            }
        }
        // After noise the part before it still says what follows.
        auto const before = column.states[best];
        add(end, least + cost,
            component == Component::noise ? (before & ~kIsGap) | kIsNoise
                                          : state(within(before), static_cast<std::uint32_t>(component)),
            {number(begin, best), static_cast<std::uint32_t>(begin), component, true});
    }
    static std::uint32_t number(std::size_t at, std::size_t step) noexcept {
        return static_cast<std::uint32_t>(at * kReadings + step);
    }
    /// Character `at` stands between parts.
    void separate(std::size_t at, float cost, float behind_division = 0) {
        auto const& column = m_columns[at];
        for (std::size_t i = 0; i < column.count; ++i) {
            auto const more = is_behind_division(column.states[i]) ? behind_division : 0;
            add(at + 1, column.costs[i] + cost + more, (column.states[i] & ~kIsNoise) | kIsGap,
                {number(at, i), static_cast<std::uint32_t>(at), Component::road, false});
        }
    }

    void from(std::size_t at) {
        auto const k = kind(at);
        if (k == kSeparator || k == kDash) {
            separate(at, 0);
            if (m_text[at] == U'#') {
                noise(at);
            }
            return;
        }
        divisions(at);
        known_names(at);
        auto const before = at == 0 ? kSeparator : kind(at - 1);
        if (k == kName ? is(at, kMarkFirst) : k != before) {
            marked(at);
        }
        if (at != 0 && is(at, kBetween)) {
            separate(at, m_costs.connective, is(at, kAnd) ? m_costs.connective_behind_division : 0);
        }
        unknown(at);
        noise(at);
    }

    void noise(std::size_t at) {
        auto const each = kind(at) == kName ? m_costs.noise_character : m_costs.noise_digit;
        auto const cut = m_text[at] == U'村' && at != 0 && kind(at - 1) == kName ? m_costs.noise_cut : 0.0F;
        auto const& column = m_columns[at];
        for (std::size_t i = 0; i < column.count; ++i) {
            auto const& step = column.steps[i];
            auto const state = (column.states[i] & ~kIsGap) | kIsNoise;
            if (step.part && step.component == Component::noise) { // goes on
                add(at + 1, column.costs[i] + each, state, step);
            } else {
                add(at + 1, column.costs[i] + m_costs.noise + each + cut, state,
                    {number(at, i), static_cast<std::uint32_t>(at), Component::noise, true});
            }
        }
    }

    void unknown(std::size_t at) {
        auto cost = m_costs.unknown;
        for (std::size_t end = at; end < at + kLongestUnknown && is_stem(end);) {
            if (end > at && kind(end - 1) == kDigit && is(end, kMark)) { // 1号 of 1号海逸
                cost = m_costs.unknown + m_costs.stem_mark;
            }
            ++end;
            if (end - at >= 2 && (kind(end - 1) == kName || kind(end - 1) != kind(end))) {
                part(at, end, Component::landmark, cost + m_costs.unknown_character * static_cast<float>(end - at));
            }
        }
    }

    // Divisions

    void divisions(std::size_t at) {
        for (auto const& match : m_out.division_matches.at(at)) {
            auto const end = at + match.length;
            if (is_cut_from_word(end)) {
                continue;
            }
            auto const bearers = m_gazetteer.bearers(match.value);
            if (is_other_city(end) && std::all_of(bearers.begin(), bearers.end(), [](DivisionName const& bearer) {
                    return bearer.level >= Level::town && bearer.kind >= NameKind::short_name;
                })) {
                continue;
            }
            m_classes[at] |= kNameFirst;
            if (match.length > 2 && is_district(end)) {
                m_classes[at] |= kDivisionFirst;
                m_classes[end - 1] |= kDivisionLast;
            }
            BestOfLevels names;
            names.levels = 0;
            auto const& costs = kNameCosts.of[match.length <= 2 ? 1 : 0];
            for (auto const& bearer : bearers) {
                auto const level = static_cast<std::size_t>(bearer.level);
                names.add(level, costs[level][static_cast<std::size_t>(bearer.kind)], bearer.division, kNoDivision);
            }
            division(at, end, bearers, names, costs);
            // A committee that the name was found without.
            if (!names.has(Level::village) || !is(end, kCommittee)) {
                continue;
            }
            for (auto const committee : kCommittees) {
                if (stands(end, committee)) {
                    committee_of(at, end + committee.size(), bearers);
                    break;
                }
            }
        }
    }
    /// 东莞市 of 东莞市民广场, 厚街镇 of 厚街镇府路: the last character begins a word.
    [[nodiscard]] bool is_cut_from_word(std::size_t end) const noexcept {
        static constexpr std::array<std::u32string_view, 12> kAfterCity{U"场",     U"民广场", U"民中心", U"民公园",
                                                                        U"民服务", U"民文化", U"民之家", U"政路",
                                                                        U"政大",   U"政广场", U"政工程", U"政中心"};
        auto const last = m_text[end - 1];
        if (last == U'市' && is(end, kCityWord)) {
            return std::any_of(kAfterCity.begin(), kAfterCity.end(), [&](auto word) { return stands(end, word); });
        }
        return character(end) == U'府' && is(end - 1, kDistrict) && is(end + 1, kRoad);
    }
    /// 北京|市, 吉林|省: no 北京街道 of Guangdong. But 石牌|市场, 石牌|省道.
    [[nodiscard]] bool is_other_city(std::size_t end) const noexcept {
        return (character(end) == U'市' && !is(end + 1, kOtherCityWord)) ||
               (character(end) == U'省' && !is(end + 1, kOtherProvinceWord));
    }
    /// Does a name that ends there say that it is a city, county, town or street?
    [[nodiscard]] bool is_district(std::size_t end) const noexcept {
        return is(end - 1, kDistrict) || (m_text[end - 1] == U'道' && m_text[end - 2] == U'街');
    }
    /// Whatever names a village, with the committee it is a plain name.
    void committee_of(std::size_t begin, std::size_t end, std::span<DivisionName const> bearers) {
        m_out.villages.clear();
        BestOfLevels names;
        names.levels = 0;
        auto const& costs = kNameCosts.of[0];
        for (auto bearer : bearers) {
            if (bearer.level == Level::village) {
                bearer.kind = NameKind::plain;
                m_out.villages.push_back(bearer);
                names.add(static_cast<std::size_t>(Level::village),
                          costs[static_cast<std::size_t>(Level::village)][static_cast<std::size_t>(NameKind::plain)],
                          bearer.division, kNoDivision);
            }
        }
        division(begin, end, m_out.villages, names, costs);
    }

    using CostsOfNames = std::array<std::array<float, 5>, kLevels>;
    void division(std::size_t begin, std::size_t end, std::span<DivisionName const> bearers, BestOfLevels const& names,
                  CostsOfNames const& costs) {
        auto const& column = m_columns[begin];
        std::array<BestOfLevels, kReadings> best; // of the first step of those that lie in the same division
        for (std::size_t i = 0; i < column.count; ++i) {
            auto const state_before = column.states[i];
            std::size_t like = 0;
            while (within(column.states[like]) != within(state_before) ||
                   ((column.states[like] ^ state_before) & kIsGap) != 0) {
                ++like;
            }
            if (like == i) {
                best[i] = best_in(within(state_before), (state_before & kIsGap) != 0, is(end - 1, kSaysKind), bearers,
                                  names, costs);
            }
            auto const& follow = following(state_before);
            for (auto rest = best[like].levels; rest != 0; rest &= rest - 1) {
                auto const level = static_cast<std::size_t>(std::countr_zero(rest));
                auto const component = component_of(static_cast<Level>(level));
                add(end, column.costs[i] + best[like].cost[level] + follow[static_cast<std::size_t>(component)],
                    state(best[like].division[level], static_cast<std::uint32_t>(component)),
                    {number(begin, i), static_cast<std::uint32_t>(begin), component, true});
            }
        }
    }

    /// What the bearers of a name cost, by level, where the text so far leads to a division; and where it leads then.
    BestOfLevels best_in(DivisionNumber in, bool gap, bool says_kind, std::span<DivisionName const> bearers,
                         BestOfLevels const& names, CostsOfNames const& costs) const {
        BestOfLevels best;
        best.levels = names.levels;
        auto const each_level = [&](auto&& each) {
            for (auto rest = names.levels; rest != 0; rest &= rest - 1) {
                each(static_cast<std::size_t>(std::countr_zero(rest)));
            }
        };
        if (in == kNoDivision) {
            each_level([&](std::size_t level) {
                best.cost[level] = names.cost[level] + m_costs.first_division[std::min<std::size_t>(level, 5) - 1];
                best.division[level] = names.division[level];
            });
            if (best.has(Level::village) && says_kind) {
                best.cost[static_cast<std::size_t>(Level::village)] -= m_costs.first_village_says_kind;
            }
            return best;
        }
        each_level([&](std::size_t level) {
            best.cost[level] = names.cost[level] + (gap ? m_costs.new_address : m_costs.misfit);
            best.division[level] = names.division[level] == kNoDivision ? in : names.division[level];
        });
        // Those that lie in it or above it cost less than by their misfit.
        auto const above = static_cast<std::size_t>(m_gazetteer.level(in));
        auto const size = m_gazetteer.end(in) - in;
        for (auto const& bearer : bearers) {
            auto const level = static_cast<std::size_t>(bearer.level);
            if (bearer.division - in < size) {
                auto const cost = costs[level][static_cast<std::size_t>(bearer.kind)];
                best.add(level,
                         cost +
                             (bearer.division == in
                                  ? m_costs.said_again
                                  : m_costs.left_out[std::min<std::size_t>(level > above ? level - above - 1 : 0, 4)]),
                         bearer.division, in);
            } else if (level < above && bearer.division < in && m_gazetteer.lies_in(in, bearer.division)) {
                // said again, or the wrong way round; behind a separator another address begins
                best.add(level, costs[level][static_cast<std::size_t>(bearer.kind)] + m_costs.said_again,
                         gap ? bearer.division : in, in);
            }
        }
        return best;
    }

    void known_names(std::size_t at) {
        for (auto const& match : m_out.known_matches.at(at)) {
            constexpr std::array<Component, 4> kComponent{Component::road, Component::estate, Component::group,
                                                          Component::landmark};
            auto const cost = m_costs.known_name + (match.length <= 2 ? m_costs.known_two_characters : 0);
            auto const component = kComponent[match.value & 3U];
            auto const end = at + match.length;
            extended(at, end, component, cost, extension(end, component));
        }
    }

    // Names by what they end in

    void names_ending(std::size_t end) {
        if (end == 0) {
            return;
        }
        auto longer = std::uint32_t{0}; // components of which a longer ending has been found: 大酒店 hides 酒店
        for (auto const& ending : endings_in(m_text[end - 1])) {
            auto const size = ending.text.size();
            auto const component = 1U << static_cast<unsigned>(ending.component);
            if ((longer & component) == 0 && end >= size && m_text.substr(end - size, size) == ending.text) {
                names_ending(end, ending);
                longer |= component;
            }
        }
    }
    [[nodiscard]] static bool is_ending(std::u32string_view word) noexcept {
        auto const endings = endings_in(word.back());
        return std::any_of(endings.begin(), endings.end(), [&](NameEnding const& e) { return e.text == word; });
    }

    void names_ending(std::size_t end, NameEnding const& ending) {
        auto const stem_end = end - ending.text.size();
        auto const is_road = ending.component == Component::road;
        if (is_road && ending.text == U"道" && stem_end > 0 && m_text[stem_end - 1] == U'街') {
            return; // 梅沙街道 is a town
        }
        if (stem_end > 0 && ending.text == U"楼" && kind(stem_end - 1) == kDigit) {
            return; // a floor
        }
        auto const beside =
            ending.component == Component::landmark && ending.cost <= 1.5F && ending.alone && is(end - 1, kNextTo);
        auto const road_inside = beside                        ? 3 * m_costs.stem_road
                                 : !is_road                    ? m_costs.stem_road
                                 : ending.text.back() == U'段' ? 0
                                                               : m_costs.stem_other_road;
        auto const more = extension(end, ending.component);
        // 中国, 电话: words that are no names
        bool const word = ending.component == Component::noise && ending.alone;
        auto const not_known = m_known.trie == nullptr || word ? 0.0F : m_costs.not_known;
        auto const named = [&](std::size_t at, float cost, float behind_bare = 0) {
            extended(at, end, ending.component, ending.cost + cost + not_known, more, behind_bare);
        };
        // No name by itself: right behind 天河 it is the end of 天河公园, 天河东路. But a zone is one of 天河.
        auto const behind_bare = ending.of_division ? 0 : m_costs.ending_behind_bare;
        if (ending.alone) {
            named(stem_end, m_costs.bare_ending, beside ? 0 : behind_bare);
        }
        auto cost = 0.0F; // of what lies in the stem
        auto division = false;
        auto ordinal = true; // only digits, letters and what counts or points
        auto directions = true;
        std::size_t digits = 0;
        for (std::size_t length = 1; length <= ending.longest && length <= stem_end; ++length) {
            auto const at = stem_end - length;
            if (!is_stem(at)) {
                break;
            }
            auto const k = kind(at);
            if (k == kDigit) {
                ++digits;
                cost += digits == 1 ? m_costs.stem_digits : digits == 3 ? m_costs.stem_many_digits : 0;
            } else {
                digits = 0;
                if (is(at, kMark)) {
                    cost += m_costs.stem_mark;
                } else if (is(at, kRoad) || (length > 1 && m_text[at] == U'道')) {
                    cost += road_inside;
                } else if (is(at, kEnding) && length > 1) {
                    cost += m_costs.stem_ending;
                } else if (length > 1 && is(at, kAnd)) {
                    cost += m_costs.stem_connective;
                }
            }
            division = division || is(at, kDivisionLast);
            if (division && is(at, kDivisionFirst)) {
                cost += ending.component == Component::noise ? 0 : m_costs.stem_division; // companies bear their city
                division = false;
            }
            directions = directions && is(at, kPointing);
            bool const is_cut = is(at, kCut) && at > 0 && kind(at - 1) == kName &&
                                !(m_text[at] == U'区' && is(at, kNameFirst)) &&
                                (!is_cut_from_word(at + 1) || character(at + 1) == U'场');
            auto const cut = is_cut ? m_costs.stem_cut : 0.0F;
            ordinal = ordinal && (k != kName || is(at, kOrdinal));
            if (m_columns[at].count == 0 || (at > 0 && k != kName && kind(at - 1) == k)) {
                continue; // not in the middle of a number or word
            }
            if (ending.takes_ordinal && ordinal && !directions) {
                named(at, m_costs.stem_ordinal, behind_bare);
            } else if (directions && length <= 2) {
                named(at, ending.takes_ordinal ? m_costs.stem_ordinal * 2 : m_costs.stem_of_directions, behind_bare);
            } else {
                auto const by_length =
                    length < m_costs.stem_length.size()
                        ? m_costs.stem_length[length]
                        : m_costs.stem_length.back() +
                              m_costs.stem_more * static_cast<float>(length + 1 - m_costs.stem_length.size());
                auto const bare = ordinal || (beside && length >= 2 && is_ending(m_text.substr(at, length)));
                named(at, by_length + cost + cut, bare ? behind_bare : 0);
            }
        }
    }

    /// By what a name that ends here may go on: roads by their direction (大道西), estates by their zones and phases
    /// (C区, 2期). Lengths, 0 for none.
    struct Extension {
        std::size_t once = 0, twice = 0;
        float cost = 0;
    };
    [[nodiscard]] Extension extension(std::size_t end, Component component) const {
        if (component == Component::road && is(end, kDirection)) {
            auto const next = kind(end + 1);
            auto const clear = next == kDigit || next == kSeparator || next == kLetter;
            return {1, 0, clear ? m_costs.road_direction : m_costs.road_direction_inside};
        }
        if (component == Component::estate) {
            if (auto const length = zone(end); length != 0) {
                auto const more = zone(end + length);
                return {length, more == 0 ? 0 : length + more, m_costs.zone};
            }
        }
        return {};
    }
    void extended(std::size_t begin, std::size_t end, Component component, float cost, Extension const& more,
                  float behind_bare = 0) {
        part(begin, end, component, cost, behind_bare);
        if (more.once != 0) {
            part(begin, end + more.once, component, cost + more.cost, behind_bare);
        }
        if (more.twice != 0) {
            part(begin, end + more.twice, component, cost + 2 * more.cost, behind_bare);
        }
    }
    /// C区, 北区, 2期: its length, or 0.
    [[nodiscard]] std::size_t zone(std::size_t at) const {
        auto i = at;
        if (kind(i) == kDigit || kind(i) == kLetter) {
            auto const k = kind(i);
            while (kind(i) == k && i < at + 3) {
                ++i;
            }
        } else if (is(i, kZoneFirst)) {
            ++i;
            while (kind(i) == kDigit) {
                ++i;
            }
        } else {
            return 0;
        }
        return is(i, kZoneLast) ? i + 1 - at : 0;
    }

    // Parts by their marks

    /// Digits, letters between, and what else counts: 3, C2, 12-3, 2307-2310, A. 0 when there is none.
    [[nodiscard]] std::size_t counted(std::size_t at) const {
        auto i = at;
        for (;; ++i) {
            auto const k = kind(i);
            if (k == kDigit || k == kLetter ||
                (k == kDash && i > at && (kind(i + 1) == kDigit || kind(i + 1) == kLetter))) {
                continue;
            }
            break;
        }
        return i - at;
    }
    [[nodiscard]] std::size_t digits_in(std::size_t begin, std::size_t end) const {
        std::size_t count = 0;
        for (auto i = begin; i < end; ++i) {
            count += kind(i) == kDigit;
        }
        return count;
    }

    void marked(std::size_t at) {
        auto begin = at;
        auto const c = m_text[at];
        if (c == U'自') { // 自编8号
            if (!stands(at, U"自编")) {
                return;
            }
            begin = at + 2;
            if (counted(begin) == 0) {
                return;
            }
        } else if (c == U'之') { // 之1, after a number
            if (auto const length = counted(at + 1); length != 0) {
                part(at, at + 1 + length, Component::number, m_costs.number + 1);
            }
            return;
        } else if (is(at, kSide | kFloorWord)) {
            worded(at);
            return;
        } else if (is(at, kBelowOrOrder)) {
            begin = at + 1;
        } else if (is(at, kHeavenly)) {
            begin = at + 1;
        }
        auto const length = counted(begin);
        if (length == 0 && begin == at) {
            return;
        }
        auto const end = begin + length;
        auto const digits = digits_in(begin, end);
        if (c == U'负') {
            floors(at, end);
            return;
        }
        auto const prefix = begin == at ? 0.0F : m_costs.number_prefix;
        numbers(at, end, digits, prefix);
        buildings(at, end, digits, prefix);
        if (c == U'自') {
            return;
        }
        if (length != 0) {
            floors(at, end);
            rooms(at, end, digits);
        }
        units(at, end, digits);
        if (digits == 0 && length == 1 && character(end) == U'区') { // A区
            part(at, end + 1, Component::estate, m_costs.zone_alone);
        } else if (digits == length && length <= 2 && is(end, kZoneLast)) { // 33区
            part(at, end + 1, Component::estate, m_costs.zone_alone);
        }
    }

    void numbers(std::size_t at, std::size_t end, std::size_t digits, float cost) {
        if (digits == 0 && end - at > 2) {
            return;
        }
        // 40之1号
        auto after = end;
        if (character(after) == U'之' && counted(after + 1) != 0) {
            after += 1 + counted(after + 1);
        }
        if (character(after) == U'号' && !is(after + 1, kAfterNumberSign)) {
            ++after;
            part(at, after, Component::number, m_costs.number + cost);
            if (character(after) == U'之' && counted(after + 1) != 0) {
                part(at, after + 1 + counted(after + 1), Component::number, m_costs.number + cost - 1);
            } else if (kind(after) == kDash && kind(after + 1) == kDigit) { // 143号-1
                part(at, after + 1 + counted(after + 1), Component::number, m_costs.number + cost);
            } else if (stands(after, U"大院")) {
                part(at, after + 2, Component::number, m_costs.number + cost - 1);
            } else if (character(after) == U'院') {
                part(at, after + 1, Component::number, m_costs.number + cost - 0.5F);
            } else if (is(after, kHeavenly)) {
                part(at, after + 1, Component::number, m_costs.number + cost);
            }
        } else if (digits != 0 && digits <= 5 && end - at <= 9 && !is(end, kNoBareNumber)) { // no mark
            part(at, end, Component::number, m_costs.number_bare + cost);
        }
    }

    void buildings(std::size_t at, std::size_t end, std::size_t digits, float cost) {
        static constexpr std::array<std::u32string_view, 23> kMarks{
            U"号厂房", U"栋厂房", U"幢厂房",   U"号楼",     U"栋楼", U"幢楼",  U"座楼", U"号仓库",
            U"号仓",   U"号馆",   U"号研发楼", U"号办公楼", U"#楼",  U"#厂房", U"栋",   U"幢",
            U"座",     U"塔",     U"馆",       U"仓",       U"#",    U"厂房",  U"号栋"};
        if (end - at > 8 || digits > 5) {
            return;
        }
        for (auto const mark : is(end, kBuildingMark) ? std::span{kMarks} : std::span<std::u32string_view const>{}) {
            if (stands(end, mark)) {
                auto const bare = mark == U"#" || mark == U"厂房" || mark == U"馆" || mark == U"仓";
                part(at, end + mark.size(), Component::building, m_costs.building + cost + (bare ? 0.5F : 0));
                return;
            }
        }
        if (digits == 0 && character(end) == U'楼' && end > at) { // A楼
            part(at, end + 1, Component::building, m_costs.building + cost + 0.8F);
        }
    }

    void floors(std::size_t at, std::size_t end) {
        auto after = end;
        if (character(end) == U',' && digits_in(at, end) == end - at && end - at <= 2) { // 22,26楼
            auto const next = end + 1 + counted(end + 1);
            if (next > end + 1 && is(next, kFloor)) {
                part(at, end, Component::floor, m_costs.floor);
            }
            return;
        }
        if (is(end, kFloor)) {
            after = end + 1;
            if (stands(end, U"楼层")) {
                after = end + 2;
            }
        } else if (end > at + 1 && character(end - 1) == U'F') { // 12F
            if (digits_in(at, end) + 1 != end - at) {
                return;
            }
        } else {
            return;
        }
        if (digits_in(at, end) > 6 || end - at > 7) {
            return;
        }
        auto const cost = m_costs.floor + (digits_in(at, end) == 0 ? 1.5F : 0);
        part(at, after, Component::floor, cost);
        for (std::u32string_view const whole : {U"整层", U"全层", U"半层", U"全部"}) {
            if (stands(after, whole)) {
                part(at, after + 2, Component::floor, cost);
            }
        }
    }

    void rooms(std::size_t at, std::size_t end, std::size_t digits) {
        static constexpr std::array<std::u32string_view, 16> kMarks{
            U"号商铺", U"号铺位", U"号房", U"号室", U"号铺", U"号档", U"号卡", U"商铺",
            U"铺位",   U"档口",   U"室",   U"房",   U"铺",   U"档",   U"卡",   U"号单位"};
        auto const length = end - at;
        if (length > 12) {
            return;
        }
        for (auto const mark : is(end, kRoomMark) ? std::span{kMarks} : std::span<std::u32string_view const>{}) {
            if (stands(end, mark)) {
                part(at, end + mark.size(), Component::room, m_costs.room);
                return;
            }
        }
        if (character(end) == U'号' && digits != 0 && !is(end + 1, kAfterRoomSign)) { // 1006-1007号 of a building
            part(at, end + 1, Component::room, m_costs.room_by_number);
        }
        if (digits >= 3 && length <= 9) {
            part(at, end, Component::room, m_costs.room_bare);
        } else if (length <= 3) {
            part(at, end, Component::room, m_costs.room_bare_short);
        }
    }

    void units(std::size_t at, std::size_t end, std::size_t digits) {
        if (stands(end, U"单元")) {
            part(at, end + 2, Component::unit, m_costs.unit);
        } else if (digits != 0 && character(end) == U'梯') {
            part(at, end + 1, Component::unit, m_costs.unit + 0.3F);
        }
    }

    /// Buildings and floors that words count: 东座, 首层.
    void worded(std::size_t at) {
        auto const c = m_text[at];
        auto const next = character(at + 1);
        if (is(at, kSide)) {
            if (is(at + 1, kBuildingWord)) {
                part(at, at + 2, Component::building, m_costs.building + (next == U'楼' ? 1.0F : 0.2F));
            } else if (next == U'区') {
                part(at, at + 2, Component::estate, m_costs.zone_alone);
            }
        } else if (is(at + 1, kFloor)) {
            part(at, at + 2, Component::floor, m_costs.floor + (c == U'地' ? 1.0F : 0));
        } else if (stands(at, U"地下") || stands(at, U"地铺")) {
            part(at, at + 2, Component::floor, m_costs.floor + 1.2F);
        }
    }

    void finish() {
        auto const n = m_text.size();
        auto const& last = m_columns[n];
        if (n == 0 || last.count == 0) {
            return;
        }
        std::size_t best = 0;
        for (std::size_t i = 1; i < last.count; ++i) {
            best = last.costs[i] < last.costs[best] ? i : best;
        }
        m_out.cost = static_cast<double>(last.costs[best]);
        for (std::size_t at = number(n, best); at >= kReadings;) {
            auto const& step = m_columns[at / kReadings].steps[at % kReadings];
            if (step.part) {
                m_out.parts.push_back({step.component, step.begin, static_cast<std::uint32_t>(at / kReadings), 0, 0});
            }
            at = step.before;
        }
        std::reverse(m_out.parts.begin(), m_out.parts.end());
        for (auto& found : m_out.parts) {
            if (found.component <= Component::group) {
                name(found);
            }
        }
    }
    void name(Part& found) {
        found.first_name = static_cast<std::uint32_t>(m_out.names.size());
        std::span<DivisionName const> longest;
        for (auto const& match : m_out.division_matches.at(found.begin)) {
            auto const end = found.begin + match.length;
            if (end == found.end || (end < found.end && is_committee(end, found.end))) {
                longest = m_gazetteer.bearers(match.value);
            }
        }
        m_out.names.insert(m_out.names.end(), longest.begin(), longest.end());
        found.last_name = static_cast<std::uint32_t>(m_out.names.size());
    }
    [[nodiscard]] bool is_committee(std::size_t begin, std::size_t end) const {
        auto const rest = m_text.substr(begin, end - begin);
        return std::find(kCommittees.begin(), kCommittees.end(), rest) != kCommittees.end();
    }

    std::u32string_view m_text;
    Gazetteer const& m_gazetteer;
    KnownNames m_known;
    ParsedAddress& m_out;
    ReadingCosts const& m_costs;
    ReadingColumn* m_columns = nullptr; ///< one for each boundary of characters
    float* m_leasts = nullptr;          ///< the least cost in each column, and kLookAhead more
    std::uint64_t* m_classes = nullptr; ///< of each character, and kBeyond separators
};

} // namespace

Parser::Parser(Gazetteer const& gazetteer, KnownNames known) : m_gazetteer(gazetteer), m_known(known) {}

void Parser::prefetch(NormalizedText const& text) const noexcept {
    for (std::size_t at = 0; at < text.characters.size(); ++at) {
        m_gazetteer.prefetch(text.characters, at);
        if (m_known.trie != nullptr) {
            m_known.trie->prefetch(text.characters, at);
        }
    }
}

void Parser::look_up(NormalizedText const& text, ParsedAddress& out) const {
    Reader{text.characters, m_gazetteer, m_known, out}.look_up_names();
}

void Parser::read(NormalizedText const& text, ParsedAddress& out) const {
    Reader{text.characters, m_gazetteer, m_known, out}.read();
}

void Parser::parse(NormalizedText const& text, ParsedAddress& out) const {
    look_up(text, out);
    read(text, out);
}

} // namespace wangge::address
