#include "name_endings.hpp"
#include "reading_costs.hpp"

#include <wangge/address/parser.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace wangge::address {

namespace {

constexpr std::size_t kReadings = 6; ///< kept at each character
constexpr std::size_t kLookAhead = 8;
constexpr float kHopeless = 7.0F; ///< more than what any part costs less than the likeliest one
constexpr auto kBegin = static_cast<std::uint8_t>(kComponents);

enum class Kind : std::uint8_t { name, digit, letter, dash, separator };

Kind kind_of(char32_t c) noexcept {
    if (c >= U'0' && c <= U'9') {
        return Kind::digit;
    }
    if (c >= U'A' && c <= U'Z') {
        return Kind::letter;
    }
    if (c == U'-') {
        return Kind::dash;
    }
    if (c < 0x80) {
        return Kind::separator;
    }
    // Letters of any script; punctuation blocks are separators.
    auto const punctuation = (c >= 0x2000 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f && c != U'〇') ||
                             (c >= 0xff00 && c <= 0xff0f) || (c >= 0x2190 && c <= 0x2bff);
    return punctuation ? Kind::separator : Kind::name;
}
bool is_any(char32_t c, std::u32string_view of) noexcept { return of.find(c) != std::u32string_view::npos; }
bool is_stem(Kind kind) noexcept { return kind == Kind::name || kind == Kind::digit || kind == Kind::letter; }

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

/// One text being read: its lattice is walked from left to right, every reading of a prefix is one step.
class Reader {
public:
    Reader(std::u32string_view text, Gazetteer const& gazetteer, KnownNames known, ParsedAddress& out)
        : m_text(text), m_gazetteer(gazetteer), m_known(known), m_out(out), m_costs(kReadingCosts) {}

    void read() {
        m_out.parts.clear();
        m_out.names.clear();
        m_out.cost = 0;
        auto const n = m_text.size();
        m_out.steps.resize((n + 1) * kReadings);
        m_out.counts.assign(n + 1, 0);
        m_out.entries.assign((n + 1) * kComponents, {});
        add(0, {0, 0, 0, kNoDivision, Component::noise, kBegin, false, false});
        for (std::size_t at = 0; at < n; ++at) {
            names_ending(at);
            forget(at);
            from(at);
        }
        names_ending(n);
        finish();
    }

private:
    [[nodiscard]] char32_t character(std::size_t at) const noexcept { return at < m_text.size() ? m_text[at] : U'\0'; }
    [[nodiscard]] Kind kind(std::size_t at) const noexcept {
        return at < m_text.size() ? kind_of(m_text[at]) : Kind::separator;
    }
    [[nodiscard]] bool stands(std::size_t at, std::u32string_view word) const noexcept {
        return m_text.substr(std::min(at, m_text.size())).starts_with(word);
    }

    /// Keeps the best kReadings; of two that go on alike only the better one.
    void add(std::size_t at, ReadingStep const& step) {
        auto* const steps = &m_out.steps[at * kReadings];
        auto& count = m_out.counts[at];
        std::size_t worst = 0;
        for (std::size_t i = 0; i < count; ++i) {
            auto& other = steps[i];
            if (other.after == step.after && other.within == step.within && other.gap == step.gap &&
                (other.component == Component::noise) == (step.component == Component::noise)) {
                if (step.cost < other.cost) {
                    other = step;
                }
                return;
            }
            worst = steps[i].cost > steps[worst].cost ? i : worst;
        }
        if (count < kReadings) {
            steps[count++] = step;
        } else if (step.cost < steps[worst].cost) {
            steps[worst] = step;
        }
    }

    [[nodiscard]] float follow(ReadingStep const& step, Component next) const noexcept {
        auto const cost = m_costs.next[step.after][static_cast<std::size_t>(next)];
        return step.gap ? cost * (1 - m_costs.gap) : cost;
    }

    /// Drops readings that cannot become the best: a later character is reached at so much less already.
    void forget(std::size_t at) {
        if (m_out.counts[at] == 0) {
            return;
        }
        auto* const steps = &m_out.steps[at * kReadings];
        auto least = steps[0].cost;
        for (std::size_t i = 1; i < m_out.counts[at]; ++i) {
            least = std::min(least, steps[i].cost);
        }
        auto const last = std::min(m_text.size(), at + kLookAhead);
        for (auto later = at + 1; later <= last; ++later) {
            for (std::size_t i = 0; i < m_out.counts[later]; ++i) {
                if (m_out.steps[later * kReadings + i].cost + kHopeless < least) {
                    m_out.counts[at] = 0;
                    return;
                }
            }
        }
    }

    /// The cheapest way to begin `component` at `begin`, of all readings up to there. Worked out once.
    ReadingEntry const& entry(std::size_t begin, Component component) {
        auto& known = m_out.entries[begin * kComponents + static_cast<std::size_t>(component)];
        if (known.step == ReadingEntry::kUnknown) {
            known.cost = std::numeric_limits<float>::infinity();
            for (std::size_t i = 0; i < m_out.counts[begin]; ++i) {
                auto const index = begin * kReadings + i;
                auto const& step = m_out.steps[index];
                if (auto const cost = step.cost + follow(step, component); cost < known.cost) {
                    known = {cost, static_cast<std::uint32_t>(index)};
                }
            }
        }
        return known;
    }

    /// A part [begin, end) of no division.
    void part(std::size_t begin, std::size_t end, Component component, float cost) {
        if (m_out.counts[begin] == 0) {
            return;
        }
        auto const& from = entry(begin, component);
        auto const& step = m_out.steps[from.step];
        // After noise the part before it still says what follows.
        auto const after = component == Component::noise ? step.after : static_cast<std::uint8_t>(component);
        add(end, {from.cost + cost, from.step, static_cast<std::uint32_t>(begin), step.within, component, after, false,
                  true});
    }
    /// Characters [begin, end) that stand between parts.
    void separate(std::size_t begin, std::size_t end, float cost) {
        for (std::size_t i = 0; i < m_out.counts[begin]; ++i) {
            auto const index = begin * kReadings + i;
            auto const& step = m_out.steps[index];
            add(end, {step.cost + cost, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(begin),
                      step.within, Component::road, step.after, true, false});
        }
    }

    void from(std::size_t at) {
        if (m_out.counts[at] == 0) {
            return;
        }
        auto const c = m_text[at];
        auto const k = kind_of(c);
        if (k == Kind::separator || k == Kind::dash) {
            separate(at, at + 1, 0);
            if (c == U'#') {
                noise(at);
            }
            return;
        }
        divisions(at);
        known_names(at);
        auto const before = at == 0 ? Kind::separator : kind(at - 1);
        if ((k == Kind::digit && before != Kind::digit) || (k == Kind::letter && before != Kind::letter) ||
            is_any(c, U"负第自甲乙丙丁东南西北中首底顶地夹整全之前后")) {
            marked(at);
        }
        if (is_any(c, U"与和及近即原在")) {
            separate(at, at + 1, m_costs.connective);
        }
        unknown(at);
        noise(at);
    }

    void noise(std::size_t at) {
        auto const each = kind(at) == Kind::name ? m_costs.noise_character : m_costs.noise_digit;
        for (std::size_t i = 0; i < m_out.counts[at]; ++i) {
            auto const index = at * kReadings + i;
            auto const step = m_out.steps[index];
            if (step.part && step.component == Component::noise) { // goes on
                add(at + 1, {step.cost + each, step.before, step.begin, step.within, Component::noise, step.after,
                             false, true});
            } else {
                add(at + 1, {step.cost + m_costs.noise + each, static_cast<std::uint32_t>(index),
                             static_cast<std::uint32_t>(at), step.within, Component::noise, step.after, false, true});
            }
        }
    }

    void unknown(std::size_t at) {
        for (std::size_t end = at; end < at + 7 && is_stem(kind(end));) {
            ++end;
            if (end - at >= 2 && !(kind(end - 1) != Kind::name && kind(end - 1) == kind(end))) {
                part(at, end, Component::landmark,
                     m_costs.unknown + m_costs.unknown_character * static_cast<float>(end - at));
            }
        }
    }

    // Divisions

    void divisions(std::size_t at) {
        m_gazetteer.match(m_text, at, [&](std::size_t length, std::span<DivisionName const> bearers) {
            division(at, at + length, bearers);
            // A committee that the name was found without.
            auto const named = std::find_if(bearers.begin(), bearers.end(), [&](DivisionName const& b) {
                return m_gazetteer.level(b.division) == Level::village;
            });
            if (named != bearers.end()) {
                for (auto const committee : kCommittees) {
                    if (stands(at + length, committee)) {
                        division(at, at + length + committee.size(), bearers, true);
                        return;
                    }
                }
            }
        });
    }

    void division(std::size_t begin, std::size_t end, std::span<DivisionName const> bearers, bool committee = false) {
        for (std::size_t i = 0; i < m_out.counts[begin]; ++i) {
            auto const index = begin * kReadings + i;
            auto const step = m_out.steps[index];
            // The best bearer of each level.
            std::array<float, 7> best;
            std::array<DivisionNumber, 7> within{};
            best.fill(std::numeric_limits<float>::infinity());
            for (auto const& bearer : bearers) {
                auto const level = static_cast<std::size_t>(m_gazetteer.level(bearer.division));
                if (committee && level != static_cast<std::size_t>(Level::village)) {
                    continue;
                }
                auto stays = bearer.division;
                auto const cost = division_cost(step, bearer, end - begin, committee, stays);
                if (cost < best[level]) {
                    best[level] = cost;
                    within[level] = stays;
                } else if (cost == best[level] && within[level] != stays) {
                    within[level] = step.within; // which one is open
                }
            }
            for (std::size_t level = 1; level < best.size(); ++level) {
                if (best[level] < std::numeric_limits<float>::infinity()) {
                    auto const component = component_of(static_cast<Level>(level));
                    add(end, {step.cost + best[level] + follow(step, component), static_cast<std::uint32_t>(index),
                              static_cast<std::uint32_t>(begin), within[level], component,
                              static_cast<std::uint8_t>(component), false, true});
                }
            }
        }
    }

    float division_cost(ReadingStep const& step, DivisionName const& bearer, std::size_t length, bool committee,
                        DivisionNumber& stays) const {
        auto const level = m_gazetteer.level(bearer.division);
        auto const kind = committee ? NameKind::plain : bearer.kind;
        auto cost = m_costs.name_kind[static_cast<std::size_t>(kind)];
        if (level >= Level::town && !committee) {
            if (kind == NameKind::short_name) {
                cost += level == Level::town ? m_costs.short_town : m_costs.short_village;
            }
            if (length <= 2) {
                cost += m_costs.two_characters;
            }
        }
        auto const depth = static_cast<std::size_t>(level);
        if (step.within == kNoDivision) {
            return cost + m_costs.first_division[std::min<std::size_t>(depth, 5) - 1];
        }
        if (m_gazetteer.lies_in(bearer.division, step.within)) {
            auto const above = static_cast<std::size_t>(m_gazetteer.level(step.within));
            if (bearer.division == step.within) {
                return cost + m_costs.said_again;
            }
            return cost + m_costs.left_out[std::min<std::size_t>(depth > above ? depth - above - 1 : 0, 4)];
        }
        if (m_gazetteer.lies_in(step.within, bearer.division)) { // said again, or the wrong way round
            stays = step.within;
            return cost + m_costs.said_again;
        }
        return cost + (step.gap ? m_costs.new_address : m_costs.misfit);
    }

    void known_names(std::size_t at) {
        if (m_known.trie == nullptr) {
            return;
        }
        m_known.trie->match(m_text, at, [&](std::size_t length, std::uint32_t value) {
            constexpr std::array<Component, 4> kComponent{Component::road, Component::estate, Component::group,
                                                          Component::landmark};
            auto const cost = m_costs.known_name + (length <= 2 ? m_costs.known_two_characters : 0);
            auto const component = kComponent[value & 3U];
            part(at, at + length, component, cost);
            extend(at, at + length, component, cost);
        });
    }

    // Names by what they end in

    void names_ending(std::size_t end) {
        if (end == 0) {
            return;
        }
        for (auto const& ending : endings_in(m_text[end - 1])) {
            if (end >= ending.text.size() &&
                m_text.substr(end - ending.text.size(), ending.text.size()) == ending.text) {
                names_ending(end, ending);
            }
        }
    }

    void names_ending(std::size_t end, NameEnding const& ending) {
        auto const stem_end = end - ending.text.size();
        if (ending.component == Component::road && ending.text == U"道" && stem_end > 0 &&
            m_text[stem_end - 1] == U'街') {
            return; // 梅沙街道 is a town
        }
        if (stem_end > 0 && ending.text == U"楼" && kind(stem_end - 1) == Kind::digit) {
            return; // a floor
        }
        auto const section = ending.text.back() == U'段';
        auto const beside = ending.component == Component::landmark && ending.cost <= 1.5F && ending.alone &&
                            is_any(ending.text.back(), U"旁边面近壁下上侧东西南北口");
        if (ending.alone) {
            named(stem_end, end, ending, m_costs.bare_ending);
        }
        auto cost = 0.0F;    // of what lies in the stem
        auto ordinal = true; // only digits, letters and what counts or points
        auto directions = true;
        std::size_t digits = 0;
        for (std::size_t length = 1; length <= ending.longest && length <= stem_end; ++length) {
            auto const at = stem_end - length;
            auto const c = m_text[at];
            auto const k = kind_of(c);
            if (!is_stem(k)) {
                break;
            }
            if (k == Kind::digit) {
                ++digits;
                cost += digits == 1 ? m_costs.stem_digits : digits == 3 ? m_costs.stem_many_digits : 0;
            } else {
                digits = 0;
                if (is_any(c, U"号栋幢室层")) {
                    cost += m_costs.stem_mark;
                } else if (is_any(c, U"路街巷") || (c == U'道' && length > 1)) {
                    cost += beside                                ? 3 * m_costs.stem_road
                            : ending.component != Component::road ? m_costs.stem_road
                            : section                             ? 0
                                                                  : m_costs.stem_other_road;
                } else if (is_any(c, U"区园镇厦村") && length > 1) {
                    cost += m_costs.stem_ending;
                } else if (length > 1 && is_any(c, U"与和及")) {
                    cost += m_costs.stem_connective;
                }
            }
            directions = directions && is_any(c, U"东西南北中上下前后新老旧大小横直");
            auto const cut =
                is_any(c, U"省市县区镇街路号") && at > 0 && kind(at - 1) == Kind::name ? m_costs.stem_cut : 0.0F;
            ordinal = ordinal && (k != Kind::name || is_any(c, U"东西南北中上下第横甲乙丙丁"));
            if (at > 0 && k != Kind::name && kind(at - 1) == k) {
                continue; // not in the middle of a number or word
            }
            if (ending.takes_ordinal && ordinal && !directions) {
                named(at, end, ending, m_costs.stem_ordinal);
            } else if (directions && length <= 2) {
                named(at, end, ending, ending.takes_ordinal ? m_costs.stem_ordinal * 2 : m_costs.stem_of_directions);
            } else {
                auto const by_length =
                    length < m_costs.stem_length.size()
                        ? m_costs.stem_length[length]
                        : m_costs.stem_length.back() +
                              m_costs.stem_more * static_cast<float>(length + 1 - m_costs.stem_length.size());
                named(at, end, ending, by_length + cost + cut);
            }
        }
    }

    void named(std::size_t begin, std::size_t end, NameEnding const& ending, float cost) {
        if (m_out.counts[begin] == 0) {
            return;
        }
        auto const all = ending.cost + cost + (m_known.trie != nullptr ? m_costs.not_known : 0);
        part(begin, end, ending.component, all);
        extend(begin, end, ending.component, all);
    }

    /// Roads by their direction (大道西), estates by their zones and phases (C区, 2期).
    void extend(std::size_t begin, std::size_t end, Component component, float cost) {
        if (component == Component::road) {
            if (is_any(character(end), U"东西南北中")) {
                auto const next = kind(end + 1);
                auto const clear = next == Kind::digit || next == Kind::separator || next == Kind::letter;
                part(begin, end + 1, component,
                     cost + (clear ? m_costs.road_direction : m_costs.road_direction_inside));
            }
        } else if (component == Component::estate) {
            if (auto const length = zone(end); length != 0) {
                part(begin, end + length, component, cost + m_costs.zone);
                if (auto const more = zone(end + length); more != 0) {
                    part(begin, end + length + more, component, cost + 2 * m_costs.zone);
                }
            }
        }
    }
    /// C区, 北区, 2期: its length, or 0.
    [[nodiscard]] std::size_t zone(std::size_t at) const {
        auto i = at;
        if (kind(i) == Kind::digit || kind(i) == Kind::letter) {
            auto const k = kind(i);
            while (kind(i) == k && i < at + 3) {
                ++i;
            }
        } else if (is_any(character(i), U"东西南北中新老旧第")) {
            ++i;
            while (kind(i) == Kind::digit) {
                ++i;
            }
        } else {
            return 0;
        }
        return is_any(character(i), U"区期") ? i + 1 - at : 0;
    }

    // Parts by their marks

    /// Digits, letters between, and what else counts: 3, C2, 12-3, 2307-2310, A. 0 when there is none.
    [[nodiscard]] std::size_t counted(std::size_t at) const {
        auto i = at;
        for (;; ++i) {
            auto const k = kind(i);
            if (k == Kind::digit || k == Kind::letter ||
                (k == Kind::dash && i > at && (kind(i + 1) == Kind::digit || kind(i + 1) == Kind::letter))) {
                continue;
            }
            break;
        }
        return i - at;
    }
    [[nodiscard]] std::size_t digits_in(std::size_t begin, std::size_t end) const {
        std::size_t count = 0;
        for (auto i = begin; i < end; ++i) {
            count += kind(i) == Kind::digit;
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
        } else if (is_any(c, U"东南西北中前后") || is_any(c, U"首底顶地夹整全")) {
            worded(at);
            return;
        } else if (is_any(c, U"负第")) {
            begin = at + 1;
        } else if (is_any(c, U"甲乙丙丁")) {
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
        } else if (digits == length && length <= 2 && is_any(character(end), U"区期")) { // 33区
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
        if (character(after) == U'号' && !is_any(character(after + 1), U"楼铺房室档仓馆线")) {
            ++after;
            part(at, after, Component::number, m_costs.number + cost);
            if (character(after) == U'之' && counted(after + 1) != 0) {
                part(at, after + 1 + counted(after + 1), Component::number, m_costs.number + cost - 1);
            } else if (kind(after) == Kind::dash && kind(after + 1) == Kind::digit) { // 143号-1
                part(at, after + 1 + counted(after + 1), Component::number, m_costs.number + cost);
            } else if (stands(after, U"大院")) {
                part(at, after + 2, Component::number, m_costs.number + cost - 1);
            } else if (character(after) == U'院') {
                part(at, after + 1, Component::number, m_costs.number + cost - 0.5F);
            } else if (is_any(character(after), U"甲乙丙丁")) {
                part(at, after + 1, Component::number, m_costs.number + cost);
            }
        } else if (digits != 0 && digits <= 5 && end - at <= 9 &&
                   !is_any(character(end), U"号栋幢座楼层室房铺单米路街")) { // no mark
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
        for (auto const mark : kMarks) {
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
            if (next > end + 1 && is_any(character(next), U"楼层")) {
                part(at, end, Component::floor, m_costs.floor);
            }
            return;
        }
        if (is_any(character(end), U"楼层")) {
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
        for (auto const mark : kMarks) {
            if (stands(end, mark)) {
                part(at, end + mark.size(), Component::room, m_costs.room);
                return;
            }
        }
        if (character(end) == U'号' && digits != 0 &&
            !is_any(character(end + 1), U"楼院线")) { // 1006-1007号 of a building
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
        if (is_any(c, U"东南西北中前后")) {
            if (is_any(next, U"座塔栋翼幢楼")) {
                part(at, at + 2, Component::building, m_costs.building + (next == U'楼' ? 1.0F : 0.2F));
            } else if (next == U'区') {
                part(at, at + 2, Component::estate, m_costs.zone_alone);
            }
        } else if (is_any(next, U"层楼")) {
            part(at, at + 2, Component::floor, m_costs.floor + (c == U'地' ? 1.0F : 0));
        } else if (stands(at, U"地下") || stands(at, U"地铺")) {
            part(at, at + 2, Component::floor, m_costs.floor + 1.2F);
        }
    }

    void finish() {
        auto const n = m_text.size();
        if (n == 0 || m_out.counts[n] == 0) {
            return;
        }
        auto const first = n * kReadings;
        auto at = first;
        for (auto i = first + 1; i < first + m_out.counts[n]; ++i) {
            at = m_out.steps[i].cost < m_out.steps[at].cost ? i : at;
        }
        m_out.cost = static_cast<double>(m_out.steps[at].cost);
        while (at >= kReadings) {
            auto const& step = m_out.steps[at];
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
        auto const length = found.end - found.begin;
        m_gazetteer.match(m_text.substr(0, found.end), found.begin,
                          [&](std::size_t matched, std::span<DivisionName const> bearers) {
                              if (matched == length || is_committee(found.begin + matched, found.end)) {
                                  longest = bearers;
                              }
                          });
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
};

} // namespace

Parser::Parser(Gazetteer const& gazetteer, KnownNames known) : m_gazetteer(gazetteer), m_known(known) {}

void Parser::parse(NormalizedText const& text, ParsedAddress& out) const {
    Reader{text.characters, m_gazetteer, m_known, out}.read();
}

} // namespace wangge::address
