#include "evidence.hpp"
#include "place_search.hpp"
#include "search_ahead.hpp"

#include <wangge/address/matcher.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace wangge::address {

namespace {

constexpr std::array<std::string_view, 8> kLevels{
    "exact", "building", "number_interpolated", "road", "estate", "village", "town", "none"};
constexpr std::array<std::string_view, 8> kChineseLevels{"门牌",     "楼栋", "门牌内插", "道路",
                                                         "小区村组", "村居", "镇街",     "未定位"};
constexpr std::array<std::string_view, 5> kBearings{"agrees", "similar", "missing", "conflicts", "unused"};

/// Beyond these many candidates a road or an estate stands at one position each.
constexpr std::size_t kMostSpread = 64;

} // namespace

std::string_view to_string(MatchLevel level) noexcept { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view chinese_name(MatchLevel level) noexcept { return kChineseLevels[static_cast<std::size_t>(level)]; }
std::string_view to_string(Bearing bearing) noexcept { return kBearings[static_cast<std::size_t>(bearing)]; }

struct Matcher::Impl {
    Impl(AddressIndex const& address_index, MatchCosts const& match_costs)
        : index(address_index)
        , costs(match_costs)
        , parser(address_index.gazetteer(), address_index.known_names())
        , splitter(address_index.gazetteer(), address_index.view().trie)
        , search(address_index.view(), match_costs) {}

    struct Ranked {
        float mass = 0;
        std::uint32_t candidate = 0;
    };

    /// A text as it was read.
    struct Slot {
        std::string_view text;
        Normalizer::Outcome outcome = Normalizer::Outcome::good;
        NormalizedText normalized;
        ParsedAddress parsed;
        AddressQuery query;

        void write_components(MatchResult& out) const {
            out.components.resize(parsed.parts.size());
            for (std::size_t i = 0; i < parsed.parts.size(); ++i) {
                auto const& part = parsed.parts[i];
                auto& to = out.components[i];
                to.component = part.component;
                to.begin = normalized.offsets[part.begin];
                to.end = normalized.offsets[part.end];
                to.text.assign(text.substr(to.begin, to.end - to.begin));
            }
        }
    };

    /// Share of each candidate, the largest first; returns that of none of them.
    double rank(AddressQuery const& query) {
        auto const found = search.candidates();
        ranked.clear();
        if (found.empty()) {
            return 1;
        }
        auto const cheapest = std::min_element(found.begin(), found.end(),
                                               [](Candidate const& a, Candidate const& b) { return a.cost < b.cost; });
        auto const best = cheapest->cost;
        // One place may have been found by two names of the text: the better one counts.
        same.clear();
        for (std::uint32_t i = 0; i < found.size(); ++i) {
            if (found[i].cost <= best + costs.cutoff) {
                same.push_back(i);
            }
        }
        auto const key = [&](std::uint32_t i) {
            auto const& c = found[i];
            return std::tuple{c.place, c.place == kNone ? c.division : c.first, c.last, c.of_estate};
        };
        std::sort(same.begin(), same.end(), [&](std::uint32_t a, std::uint32_t b) {
            auto const x = key(a), y = key(b);
            return x != y ? x < y : found[a].cost != found[b].cost ? found[a].cost < found[b].cost : a < b;
        });
        same.erase(
            std::unique(same.begin(), same.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) == key(b); }),
            same.end());
        double none = std::exp(best - costs.none_of_these - search.by_chance(query.lines[cheapest->line])), all = none;
        for (auto const i : same) {
            auto const mass = found[i].weight * std::exp(best - found[i].cost);
            ranked.push_back({mass, i});
            all += mass;
        }
        std::sort(ranked.begin(), ranked.end(), [](Ranked const& a, Ranked const& b) {
            return a.mass != b.mass ? a.mass > b.mass : a.candidate < b.candidate;
        });
        for (auto& r : ranked) {
            r.mass = static_cast<float>(r.mass / all);
        }
        return none / all;
    }

    void write(AddressQuery const& query, MatchResult& out) {
        auto const found = search.candidates();
        out.unknown = rank(query);
        out.places_in_all = ranked.size();
        bool const coarse = ranked.size() > kMostSpread;
        for (auto const& r : ranked) {
            auto const& c = found[r.candidate];
            if (c.place == kNone) {
                bool const narrow = c.level == MatchLevel::village || c.level == MatchLevel::town;
                auto const rest = narrow && !coarse ? add_addresses_under(index.view(), c.division, r.mass,
                                                                          costs.unknown_under, out.positions)
                                                    : r.mass;
                out.divisions.push_back({c.division, rest});
            } else {
                add_positions(index.view(), c, r.mass, coarse, costs, out.positions);
            }
        }
        out.places.resize(std::min(ranked.size(), kMostPlaces));
        for (std::size_t i = 0; i < out.places.size(); ++i) {
            out.places[i].likelihood = ranked[i].mass;
            describe(index.view(), query, found[ranked[i].candidate], search, out.places[i]);
        }
        out.score = out.places.empty() ? 0 : out.places.front().likelihood;
    }

    AddressIndex const& index;
    MatchCosts const& costs;
    Parser parser;
    PartSplitter splitter;
    std::array<Slot, kMostTogether> slots;
    std::array<SearchAhead, kMostTogether> ahead;
    PlaceSearch search;
    std::vector<std::uint32_t> same;
    std::vector<Ranked> ranked;
};

Matcher::Matcher(AddressIndex const& index, MatchCosts const& costs) : m_impl(std::make_unique<Impl>(index, costs)) {}
Matcher::~Matcher() = default;

void Matcher::read(std::span<std::string_view const> texts) {
    auto& m = *m_impl;
    constexpr std::size_t kAskedAhead = 2; // the names of more texts would not stay in the first cache
    auto const is_good = [&](std::size_t i) {
        return i < texts.size() && m.slots[i].outcome == Normalizer::Outcome::good;
    };
    auto const ask_for_names = [&](std::size_t i) {
        if (is_good(i)) {
            m.parser.prefetch(m.slots[i].normalized);
        }
    };
    auto const look_up = [&](std::size_t i) {
        if (is_good(i)) {
            m.parser.look_up(m.slots[i].normalized, m.slots[i].parsed);
        }
    };
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto& read = m.slots[i];
        read.text = texts[i];
        read.outcome = Normalizer::normalize(texts[i], read.normalized);
        if (i < kAskedAhead) {
            ask_for_names(i);
        }
    }
    look_up(0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        ask_for_names(i + kAskedAhead);
        look_up(i + 1);
        auto& read = m.slots[i];
        if (is_good(i)) {
            m.parser.read(read.normalized, read.parsed);
            m.splitter.split(read.normalized.characters, read.parsed, read.query.wholes);
            read.query.read(read.normalized, read.parsed, m.index.view().trie);
            m.ahead[i].begin(m.index.view(), read.query);
        } else {
            m.ahead[i].clear();
        }
    }
    auto const ahead = std::span{m.ahead}.first(texts.size());
    for (bool more = texts.size() > 1; more;) {
        more = false;
        for (auto& one : ahead) {
            more |= one.step(m.index.view());
        }
    }
}

void Matcher::match(std::size_t number, MatchResult& out) {
    auto& read = m_impl->slots[number];
    out.bad_byte = 0;
    out.positions.clear();
    out.divisions.clear();
    out.places_in_all = 0;
    out.unknown = 1;
    out.score = 0;
    out.outcome = read.outcome;
    if (out.outcome != Normalizer::Outcome::good) {
        out.components.clear();
        out.places.clear();
        out.bad_byte = out.outcome == Normalizer::Outcome::not_utf8 ? read.normalized.offsets.front() : 0;
        return;
    }
    read.write_components(out);
    m_impl->search.find(read.query);
    m_impl->write(read.query, out);
}

void Matcher::match(std::string_view text, MatchResult& out) {
    read({&text, 1});
    match(std::size_t{0}, out);
}

} // namespace wangge::address
