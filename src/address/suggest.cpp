#include "index_view.hpp"
#include "most_of_range.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/address/normalizer.hpp>

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_set>

namespace wangge::address {

namespace {

using Suggestion = AddressIndex::Suggestion;

/// How far the text has been read as divisions.
struct Reading {
    std::size_t position = 0; ///< characters
    DivisionNumber division = kNoDivision;
    auto operator<=>(Reading const&) const = default;
};
/// More readings of one text are not followed.
constexpr std::size_t kMostReadings = 64;

/// What is told first. A reading is short where another one takes more of the text for the same division: 广州 in
/// 广州市, which only then makes sense when it goes on with 市场路.
enum class Rank : std::uint8_t { completes, goes_on, completes_short };

struct Candidate {
    Rank rank = Rank::completes;
    std::uint32_t addresses = 0;
    Component component = Component::road;
    DivisionNumber division = kNoDivision;
    std::string text;

    bool operator<(Candidate const& other) const { // the one to be shown first
        if (rank != other.rank) {
            return rank < other.rank;
        }
        if (addresses != other.addresses) {
            return addresses > other.addresses;
        }
        if (text != other.text) {
            return text < other.text;
        }
        return std::pair{component, division} < std::pair{other.component, other.division};
    }
};

bool is_gap(char32_t c) noexcept { return c == U' ' || c == U','; }

Component component_of_kind(std::uint32_t kind) noexcept {
    switch (kind) {
    case KnownNames::kEstate:
        return Component::estate;
    case KnownNames::kGroup:
        return Component::group;
    case KnownNames::kLandmark:
        return Component::landmark;
    default:
        return Component::road;
    }
}
Component component_of_level(Level level) noexcept {
    return static_cast<Component>(static_cast<int>(level) - static_cast<int>(Level::province));
}
static_assert(static_cast<int>(Component::group) == static_cast<int>(Level::group) - static_cast<int>(Level::province));

/// Texts of an order that begin with `prefix`: [first, last).
template <class Text, class At>
std::pair<std::size_t, std::size_t> beginning_with(std::size_t first, std::size_t last, Text prefix, At&& at) {
    auto const bound = [&](auto&& before) {
        auto low = first, high = last;
        while (low < high) {
            auto const middle = low + (high - low) / 2;
            if (before(at(middle).substr(0, prefix.size()))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    };
    return {bound([&](Text text) { return text < prefix; }), bound([&](Text text) { return text <= prefix; })};
}

class Suggester {
public:
    Suggester(IndexView const& view, std::string_view input, NormalizedText const& text, std::size_t most)
        : m(view), m_input(input), m_text(text), m_most(most) {}

    std::vector<Suggestion> suggest() {
        auto const all = readings();
        std::vector<Suggestion> out;
        std::unordered_set<std::string> told;
        for (auto const rank : {Rank::completes, Rank::goes_on, Rank::completes_short}) {
            m_found.clear();
            for (auto const& reading : all) {
                auto const prefix = rest(reading);
                bool const is_short = std::any_of(all.begin(), all.end(), [&](Reading const& other) {
                    return other.division == reading.division && other.position > reading.position;
                });
                bool const now = prefix.empty() ? rank == Rank::goes_on && !is_short && reading.division != kNoDivision
                                                : rank == (is_short ? Rank::completes_short : Rank::completes);
                if (now) {
                    complete(reading, prefix, rank);
                }
            }
            std::sort(m_found.begin(), m_found.end());
            for (auto const& c : m_found) {
                if (out.size() == m_most) {
                    return out;
                }
                if (c.text != m_input && told.insert(c.text).second) {
                    out.push_back({c.text, c.component, c.division, c.addresses});
                }
            }
        }
        return out;
    }

private:
    /// All that the beginning of the text may name, longer names first; each division lies in the one before.
    [[nodiscard]] std::vector<Reading> readings() const {
        std::u32string_view const text = m_text.characters;
        std::vector<Reading> all{{0, kNoDivision}};
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const from = all[i];
            auto begin = from.position;
            while (begin < text.size() && is_gap(text[begin])) {
                ++begin;
            }
            std::vector<Reading> next;
            m.gazetteer.match(text, begin, [&](std::size_t length, std::span<DivisionName const> bearers) {
                for (auto const& bearer : bearers) {
                    bool const inside =
                        from.division == kNoDivision ||
                        (bearer.division != from.division && m.gazetteer.lies_in(bearer.division, from.division));
                    if (inside) {
                        next.push_back({begin + length, bearer.division});
                    }
                }
            });
            std::stable_sort(next.begin(), next.end(),
                             [](Reading const& a, Reading const& b) { return a.position > b.position; });
            for (auto const& reading : next) {
                if (all.size() < kMostReadings && std::find(all.begin(), all.end(), reading) == all.end()) {
                    all.push_back(reading);
                }
            }
        }
        return all;
    }

    [[nodiscard]] std::u32string_view rest(Reading const& reading) const {
        std::u32string_view const text = m_text.characters;
        auto begin = reading.position, end = text.size();
        while (begin < end && is_gap(text[begin])) {
            ++begin;
        }
        while (end > begin && is_gap(text[end - 1])) {
            --end;
        }
        return text.substr(begin, end - begin);
    }

    void complete(Reading const& reading, std::u32string_view prefix, Rank rank) {
        m_prefix = prefix;
        m_rank = rank;
        m_reading = reading;
        m_kept = reading.position == 0 ? std::string_view{} : m_text.source(m_input, 0, reading.position);
        m_letters.clear();
        bool const letters = std::all_of(m_prefix.begin(), m_prefix.end(), [&](char32_t c) {
            m_letters += c < 0x80 ? static_cast<char>(c) : '?';
            return (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9');
        });
        auto const d = reading.division;
        auto const area = d == kNoDivision ? kNoDivision : area_of(d);
        bool const within_area = area != kNoDivision && area != d;
        complete_divisions(false);
        within_area ? complete_names_within(false) : complete_names(false);
        if (letters && !m_prefix.empty()) {
            complete_divisions(true);
            within_area ? complete_names_within(true) : complete_names(true);
        }
    }

    /// As the index has it: a county, or the city where there is none.
    [[nodiscard]] DivisionNumber area_of(DivisionNumber d) const {
        auto const county = m.gazetteer.ancestor(d, Level::county);
        return county == kNoDivision ? m.gazetteer.ancestor(d, Level::city) : county;
    }

    /// What is kept of the input, the divisions between what it names and `division`, and the name.
    [[nodiscard]] std::string with_divisions(DivisionNumber division, std::string_view name) const {
        std::vector<std::string_view> between;
        for (auto d = division; d < m.gazetteer.size() && d != m_reading.division;) {
            auto const record = m.gazetteer.division(d);
            if (record.level == Level::province || (record.parent < m.gazetteer.size() && record.parent >= d)) {
                break; // nobody writes it; or the gazetteer is damaged
            }
            if (!stands_for_parent(d)) {
                between.push_back(record.name);
            }
            d = record.parent;
        }
        std::string text{m_kept};
        for (auto it = between.rbegin(); it != between.rend(); ++it) {
            text += *it;
        }
        text += name;
        return text;
    }

    /// Keeps the best of those that are offered, by addresses, then number.
    template <class Add>
    class Best {
    public:
        Best(std::size_t most, Add add) : m_most(most), m_add(std::move(add)) {}
        void offer(std::uint32_t addresses, std::uint32_t number) {
            Item const item{addresses, number};
            if (m_best.size() < m_most) {
                m_best.push(item);
            } else if (m_most != 0 && item < m_best.top()) {
                m_best.pop();
                m_best.push(item);
            }
        }
        ~Best() {
            for (; !m_best.empty(); m_best.pop()) {
                m_add(m_best.top().number, m_best.top().addresses);
            }
        }
        Best(Best const&) = delete;
        Best& operator=(Best const&) = delete;

    private:
        struct Item {
            std::uint32_t addresses, number;
            bool operator<(Item const& other) const { // the better one first: the queue gives the worst
                return addresses != other.addresses ? addresses > other.addresses : number < other.number;
            }
        };
        std::size_t m_most;
        Add m_add;
        std::priority_queue<Item> m_best;
    };

    /// As the county row of Dongguan, which bears the city's name: nobody writes it.
    [[nodiscard]] bool stands_for_parent(DivisionNumber d) const {
        auto const record = m.gazetteer.division(d);
        return record.parent < m.gazetteer.size() && m.gazetteer.division(record.parent).name == record.name;
    }

    void complete_divisions(bool by_initials) {
        auto const above = m_reading.division;
        Best best{m_most, [&](DivisionNumber d, std::uint32_t addresses) {
                      auto const record = m.gazetteer.division(d);
                      m_found.push_back({m_rank, addresses, component_of_level(record.level), d,
                                         with_divisions(record.parent, record.name)});
                  }};
        auto const take = [&](DivisionNumber d) {
            if (!stands_for_parent(d) && (above == kNoDivision || (d != above && m.gazetteer.lies_in(d, above)))) {
                best.offer(m.division_addresses[d], d);
            }
        };
        if (m_prefix.empty()) { // those right below follow; each ends where the next begins
            auto const end = std::min<std::size_t>(m.gazetteer.division(above).end, m.gazetteer.size());
            for (auto d = above + 1; d < end;) {
                take(d);
                d = stands_for_parent(d) ? d + 1 : std::max(d + 1, m.gazetteer.division(d).end);
            }
            return;
        }
        auto const all = by_initials ? m.divisions_by_initials : m.divisions_by_name;
        auto const [first, last] =
            by_initials
                ? beginning_with(0, all.size(), std::string_view{m_letters},
                                 [&](std::size_t i) { return m.division_initials(all[i]); })
                : beginning_with(0, all.size(), m_prefix, [&](std::size_t i) { return m.division_text(all[i]); });
        std::for_each(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last),
                      take);
    }

    void add_name(DivisionNumber division, NameId name, std::uint32_t addresses) {
        m_found.push_back({m_rank, addresses, component_of_kind(m.names[name].kind), division,
                           with_divisions(division, m.name_display(name))});
    }

    /// Names in the areas of the division, or in all: of each area the stretch that begins so, and of all stretches
    /// the greatest one by one.
    void complete_names(bool by_initials) {
        auto const place = [&](std::size_t i) { return by_initials ? m.by_initials[i] : i; };
        auto const item = [&](std::size_t i) -> SuggestedName const& { return m.by_name[place(i)]; };
        auto const addresses = [&](std::size_t i) { return item(i).addresses; };
        auto const above = m_reading.division;
        auto const first_area = above == kNoDivision ? 0 : above;
        auto const areas_end = above == kNoDivision ? kNoDivision : m.gazetteer.division(above).end;
        // Beyond the last area: kNoDivision, of points without a village, belongs to the whole only.
        auto const area_begin = [&](std::size_t from, DivisionNumber area) {
            auto low = from, high = m.by_name.size();
            while (low < high) {
                auto const middle = low + (high - low) / 2;
                if (item(middle).area < area) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        };
        MostOfRange const most{by_initials ? m.most_by_initials : m.most_by_name, m.by_name.size()};
        struct Stretch {
            std::uint32_t addresses, best;
            std::size_t first, last;
            bool operator<(Stretch const& other) const { // the queue gives the greatest
                return addresses != other.addresses ? addresses < other.addresses : best > other.best;
            }
        };
        std::priority_queue<Stretch> stretches;
        auto const put = [&](std::size_t first, std::size_t last) {
            if (first < last) {
                auto const best = most.best(first, last, addresses);
                stretches.push({addresses(best), best, first, last});
            }
        };
        for (auto begin = area_begin(0, first_area); begin < m.by_name.size();) {
            auto const area = item(begin).area;
            if (above != kNoDivision && area >= areas_end) {
                break;
            }
            auto const end = area == kNoDivision ? m.by_name.size() : area_begin(begin, area + 1);
            auto const range =
                by_initials
                    ? beginning_with(begin, end, std::string_view{m_letters},
                                     [&](std::size_t i) { return m.name_initials(item(i).name); })
                    : beginning_with(begin, end, m_prefix, [&](std::size_t i) { return m.name_text(item(i).name); });
            put(range.first, range.second);
            if (end <= begin) {
                break; // damaged order
            }
            begin = end;
        }
        for (std::size_t i = 0; i < m_most && !stretches.empty(); ++i) {
            auto const s = stretches.top();
            stretches.pop();
            if (s.best < s.first || s.best >= s.last) {
                break; // damaged
            }
            add_name(item(s.best).area, item(s.best).name, s.addresses);
            put(s.first, s.best);
            put(std::size_t{s.best} + 1, s.last);
        }
    }

    /// Names in a division within an area: its places are few.
    void complete_names_within(bool by_initials) {
        std::vector<std::pair<NameId, std::uint32_t>> names;
        for (auto const id : m.places_under(m_reading.division)) {
            auto const& place = m.places[id];
            if (place.name == kNone) {
                continue;
            }
            bool const begins = by_initials ? m.name_initials(place.name).starts_with(m_letters)
                                            : m.name_text(place.name).starts_with(m_prefix);
            if (begins) {
                names.emplace_back(place.name, place.addresses);
            }
        }
        std::sort(names.begin(), names.end());
        Best best{m_most, [&](NameId name, std::uint32_t addresses) { add_name(m_reading.division, name, addresses); }};
        for (std::size_t i = 0; i < names.size();) {
            std::uint32_t addresses = 0;
            auto const name = names[i].first;
            for (; i < names.size() && names[i].first == name; ++i) {
                addresses += names[i].second;
            }
            best.offer(addresses, name);
        }
    }

    IndexView const& m;
    std::string_view m_input;
    NormalizedText const& m_text;
    std::size_t m_most;
    std::vector<Candidate> m_found;
    // Of the reading that is being completed:
    Reading m_reading;
    std::u32string_view m_prefix;
    std::string m_letters; ///< the prefix when it is of Latin letters and digits
    std::string_view m_kept;
    Rank m_rank = Rank::completes;
};

} // namespace

std::vector<Suggestion> AddressIndex::suggest(std::string_view text, std::size_t most) const {
    NormalizedText normalized;
    if (Normalizer::normalize(text, normalized) != Normalizer::Outcome::good) {
        return {};
    }
    return Suggester{view(), text, normalized, most}.suggest();
}

} // namespace wangge::address
