#include "house_tree.hpp"
#include "index_build.hpp"
#include "most_of_range.hpp"
#include "radix_sort.hpp"

#include <wangge/address/normalizer.hpp>

#include <algorithm>
#include <bit>
#include <numeric>

namespace wangge::address {

namespace {

std::u32string_view text_of(BuiltIndex const& index, NameRecord const& name) {
    return {index.name_characters.data() + name.text_begin, name.text_size};
}

/// Sorts the entries and makes the directory by their highest bits, about four entries a place.
void index_by_hash(std::vector<HashedName>& entries, std::vector<std::uint32_t>& begin) {
    auto const less = [](HashedName const& a, HashedName const& b) {
        return std::pair{a.hash, a.name} < std::pair{b.hash, b.name};
    };
    std::sort(entries.begin(), entries.end(), less);
    auto const same = [](HashedName const& a, HashedName const& b) { return a.hash == b.hash && a.name == b.name; };
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
    static_cast<void>(fit32(entries.size()));
    auto const places = std::bit_ceil(std::max<std::size_t>(entries.size() / 4, 1));
    begin.assign(places + 1, 0);
    for (auto const& e : entries) {
        ++begin[(std::uint64_t{e.hash} * places >> 32U) + 1];
    }
    for (std::size_t i = 1; i < begin.size(); ++i) {
        begin[i] += begin[i - 1];
    }
}

std::string initials_of(std::u32string_view text) {
    std::string initials;
    for (auto const c : text) {
        auto const syllable = Normalizer::syllable(c);
        auto const letters = syllable == 0 ? std::string_view{} : Normalizer::syllable_text(syllable);
        if (!letters.empty()) {
            initials += static_cast<char>(letters.front() >= 'a' && letters.front() <= 'z' ? letters.front() - 'a' + 'A'
                                                                                           : letters.front());
        } else {
            initials += c > ' ' && c < 0x7f ? static_cast<char>(c) : '?';
        }
    }
    return initials;
}

} // namespace

void add_name_lookups(BuiltIndex& index) {
    std::vector<NameTrie::Name> names;
    std::u32string shorter;
    for (NameId id = 0; id < index.names.size(); ++id) {
        auto const& record = index.names[id];
        auto const text = text_of(index, record);
        names.push_back({text, id << 2U | record.kind});
        index.similar.push_back({IndexView::similar_key(text, text.size()), id});
        for (std::size_t i = 0; text.size() >= IndexView::kShortestSimilar && i < text.size(); ++i) {
            index.similar.push_back({IndexView::similar_key(text, i), id});
        }
        index.sounding.push_back({IndexView::sounding_key(text), id});
    }
    index.trie_bytes = NameTrie::build(names);
    index_by_hash(index.similar, index.similar_begin);
    index_by_hash(index.sounding, index.sounding_begin);
}

void add_house_tree(BuiltIndex& index) { build_house_tree(index.houses, index.leaves, index.boxes); }

void add_suggestions(BuiltIndex& index, Gazetteer const& gazetteer) {
    auto const divisions = static_cast<DivisionNumber>(gazetteer.size());
    // What stands for a county where there is none: the city.
    std::vector<DivisionNumber> area(divisions + std::size_t{1}, kNoDivision);
    for (DivisionNumber d = 0; d < divisions; ++d) {
        area[d] = gazetteer.ancestor(d, Level::county);
        area[d] = area[d] == kNoDivision ? gazetteer.ancestor(d, Level::city) : area[d];
        area[d] = area[d] == kNoDivision ? 0 : area[d];
    }
    auto& by_name = index.by_name;
    index.division_addresses.assign(divisions, 0);
    for (auto const& place : index.places) {
        if (place.name != kNone) {
            by_name.push_back({area[std::min(place.village, divisions)], place.name, place.addresses});
        }
        if (place.village < divisions && (place.name == kNone || index.names[place.name].kind == KnownNames::kRoad)) {
            index.division_addresses[place.village] += place.addresses; // at one road, or at none: it counts once
        }
    }
    for (auto d = divisions; d-- > 0;) { // what lies under a division has higher numbers
        if (auto const parent = gazetteer.parent(d); parent != kNoDivision) {
            index.division_addresses[parent] += index.division_addresses[d];
        }
    }
    radix_sort(by_name, [](SuggestedName const& s) { return std::uint64_t{s.area} << 32U | s.name; });
    std::size_t kept = 0;
    for (auto const& s : by_name) {
        if (kept != 0 && by_name[kept - 1].area == s.area && by_name[kept - 1].name == s.name) {
            by_name[kept - 1].addresses += s.addresses;
        } else {
            by_name[kept++] = s;
        }
    }
    by_name.resize(kept);

    index.initials_begin.push_back(0);
    auto const add_initials = [&](std::u32string_view text) {
        auto const initials = initials_of(text);
        index.initials.insert(index.initials.end(), initials.begin(), initials.end());
        index.initials_begin.push_back(fit32(index.initials.size()));
    };
    for (auto const& name : index.names) {
        add_initials(text_of(index, name));
    }
    index.division_begin.push_back(0);
    for (DivisionNumber d = 0; d < divisions; ++d) {
        auto const text = comparable(gazetteer.division(d).name);
        add_initials(text);
        index.division_characters.insert(index.division_characters.end(), text.begin(), text.end());
        index.division_begin.push_back(fit32(index.division_characters.size()));
        index.divisions_by_name.push_back(d);
    }
    auto const initials = [&](std::uint32_t name) {
        auto const* const begin = index.initials.data();
        return std::string_view{begin + index.initials_begin[name],
                                index.initials_begin[name + 1] - index.initials_begin[name]};
    };
    for (std::uint32_t i = 0; i < by_name.size(); ++i) {
        index.by_initials.push_back(i);
    }
    std::vector<NameId> names_by_initials(index.names.size());
    std::iota(names_by_initials.begin(), names_by_initials.end(), 0U);
    std::stable_sort(names_by_initials.begin(), names_by_initials.end(),
                     [&](NameId a, NameId b) { return initials(a) < initials(b); });
    std::vector<std::uint32_t> rank(names_by_initials.size());
    for (std::uint32_t i = 0; i < rank.size(); ++i) {
        rank[names_by_initials[i]] = i;
    }
    radix_sort(index.by_initials,
               [&](std::uint32_t i) { return std::uint64_t{by_name[i].area} << 32U | rank[by_name[i].name]; });
    index.most_by_name = MostOfRange::build(by_name.size(), [&](auto i) { return by_name[i].addresses; });
    index.most_by_initials =
        MostOfRange::build(by_name.size(), [&](auto i) { return by_name[index.by_initials[i]].addresses; });

    auto const text = [&](DivisionNumber d) {
        return std::u32string_view{index.division_characters.data() + index.division_begin[d],
                                   index.division_begin[d + 1] - index.division_begin[d]};
    };
    auto const names = static_cast<std::uint32_t>(index.names.size());
    index.divisions_by_initials = index.divisions_by_name;
    std::sort(index.divisions_by_name.begin(), index.divisions_by_name.end(), [&](auto a, auto b) {
        return std::pair{text(a), a} < std::pair{text(b), b};
    });
    std::sort(index.divisions_by_initials.begin(), index.divisions_by_initials.end(), [&](auto a, auto b) {
        return std::pair{initials(names + a), a} < std::pair{initials(names + b), b};
    });
}

} // namespace wangge::address
