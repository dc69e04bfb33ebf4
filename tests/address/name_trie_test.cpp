#include <wangge/address/name_trie.hpp>
#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <random>

using namespace wangge;
using address::NameTrie;

namespace {

std::vector<NameTrie::Name> names_of(std::map<std::u32string, std::uint32_t> const& all) {
    std::vector<NameTrie::Name> names;
    for (auto const& [text, value] : all) {
        names.push_back({text, value});
    }
    return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(name_trie)

BOOST_AUTO_TEST_CASE(a_walk_finds_exactly_the_names_that_a_scan_finds) {
    auto const seed = 20261126U;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    std::u32string const letters = U"东西南北\U00020BB7";
    auto const word = [&](std::size_t longest) {
        std::u32string text;
        for (auto n = 1 + random() % longest; n > 0; --n) {
            text += letters[random() % letters.size()];
        }
        return text;
    };
    std::map<std::u32string, std::uint32_t> all;
    for (std::uint32_t i = 0; i < 300; ++i) {
        all.emplace(word(6), i);
    }
    auto names = names_of(all);
    auto const bytes = NameTrie::build(names);
    std::shuffle(names.begin(), names.end(), random);
    BOOST_TEST(bool(NameTrie::build(names) == bytes), "the order of the names leaves a trace");
    auto const trie = NameTrie::over(bytes, "test");
    std::size_t found_in_all = 0;
    for (int i = 0; i < 2000; ++i) {
        auto const text = word(12);
        auto const begin = random() % text.size();
        std::map<std::size_t, std::uint32_t> found, expected;
        trie.match(text, begin, [&](std::size_t length, std::uint32_t value) { found[length] = value; });
        for (auto const& [name, value] : all) {
            if (text.compare(begin, name.size(), name) == 0) {
                expected[name.size()] = value;
            }
        }
        BOOST_TEST(bool(found == expected));
        found_in_all += found.size();
        auto const exact = all.find(text);
        BOOST_TEST(trie.find(text) == (exact == all.end() ? NameTrie::kNone : exact->second));
    }
    BOOST_TEST(found_in_all > 1000U);
}

BOOST_AUTO_TEST_CASE(a_name_that_stands_twice_keeps_its_lowest_value) {
    auto const bytes = NameTrie::build(std::vector<NameTrie::Name>{{U"天河", 7}, {U"天河", 3}, {U"天", 9}});
    auto const trie = NameTrie::over(bytes, "test");
    BOOST_TEST(trie.find(U"天河") == 3U);
    BOOST_TEST(trie.find(U"天") == 9U);
    BOOST_TEST(trie.find(U"河") == NameTrie::kNone);
    BOOST_TEST(NameTrie{}.find(U"天") == NameTrie::kNone);
}

// Of many thousand characters, so that most places of a text are told apart by their first two characters alone.
struct ManyNames {
    std::mt19937 random{20261130U};
    std::map<std::u32string, std::uint32_t> all;
    std::vector<std::byte> bytes;

    ManyNames() {
        for (std::uint32_t i = 0; i < 4000; ++i) {
            all.emplace(word(i % 50 == 0 ? 1 : 2 + random() % 4), i);
        }
        bytes = NameTrie::build(names_of(all));
    }
    std::u32string word(std::size_t length) {
        std::u32string text;
        while (text.size() < length) {
            text += static_cast<char32_t>(0x4e00 + random() % 3000);
        }
        return text;
    }
    /// Half of it names, half of it anything.
    std::u32string text() {
        std::u32string out;
        while (out.size() < 30) {
            auto at = all.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random() % all.size()));
            out += random() % 2 == 0 ? at->first : word(1 + random() % 3);
        }
        return out;
    }
    using Found = std::map<std::size_t, std::uint32_t>;
    static Found walk(NameTrie const& trie, std::u32string const& text, std::size_t begin) {
        Found found;
        trie.match(text, begin, [&](std::size_t length, std::uint32_t value) { found[length] = value; });
        return found;
    }
    Found scan(std::u32string const& text, std::size_t begin) const {
        Found found;
        for (std::size_t length = 1; length <= 6 && begin + length <= text.size(); ++length) {
            if (auto const at = all.find(text.substr(begin, length)); at != all.end()) {
                found[length] = at->second;
            }
        }
        return found;
    }
    /// The words of the filter end the bytes; how many there are stands in the header.
    std::span<std::byte> filter(std::vector<std::byte>& of) const {
        std::uint64_t words = 0;
        std::memcpy(&words, of.data() + 3 * sizeof words, sizeof words);
        return std::span{of}.last(words * sizeof words);
    }
};

BOOST_AUTO_TEST_CASE(the_filter_of_first_characters_hides_no_name) {
    ManyNames names;
    auto const trie = NameTrie::over(names.bytes, "test");
    auto const bits = names.filter(names.bytes);
    std::size_t set = 0, found = 0;
    for (auto const byte : bits) {
        set += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(byte)));
    }
    BOOST_TEST(set > 2000U); // it is a filter: most places of it are empty
    BOOST_TEST(set * 4 < bits.size() * 8);
    for (int i = 0; i < 2000; ++i) {
        auto const text = names.text();
        for (std::size_t begin = 0; begin < text.size(); ++begin) {
            auto const expected = names.scan(text, begin);
            BOOST_REQUIRE(bool(names.walk(trie, text, begin) == expected));
            found += expected.size();
        }
    }
    BOOST_TEST(found > 10'000U);
    for (auto const& [name, value] : names.all) {
        BOOST_REQUIRE(trie.find(name) == value);
    }
}

BOOST_AUTO_TEST_CASE(a_damaged_filter_hides_names_and_invents_none) {
    ManyNames names;
    auto full = names.bytes, none = names.bytes, some = names.bytes;
    std::ranges::fill(names.filter(full), std::byte{0xff});
    std::ranges::fill(names.filter(none), std::byte{0});
    for (auto& byte : names.filter(some)) {
        byte ^= std::byte{static_cast<unsigned char>(names.random())};
    }
    auto const with_full = NameTrie::over(full, "full"), with_none = NameTrie::over(none, "none"),
               with_some = NameTrie::over(some, "some");
    std::size_t hidden = 0;
    for (int i = 0; i < 500; ++i) {
        auto const text = names.text();
        for (std::size_t begin = 0; begin < text.size(); ++begin) {
            auto const expected = names.scan(text, begin);
            BOOST_REQUIRE(bool(names.walk(with_full, text, begin) == expected)); // every bit set: slower, the same
            auto alone = expected;
            std::erase_if(alone, [](auto const& name) { return name.first > 1; });
            BOOST_REQUIRE(bool(names.walk(with_none, text, begin) == alone));
            auto const left = names.walk(with_some, text, begin);
            BOOST_REQUIRE(std::includes(expected.begin(), expected.end(), left.begin(), left.end()));
            hidden += expected.size() - left.size();
        }
    }
    BOOST_TEST(hidden > 1000U);
    for (auto const& [name, value] : names.all) {
        BOOST_REQUIRE(with_full.find(name) == value);
        BOOST_REQUIRE(with_none.find(name) == (name.size() == 1 ? value : NameTrie::kNone));
    }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_answer_without_harm) {
    auto const whole = NameTrie::build(std::vector<NameTrie::Name>{{U"天河区", 1}, {U"天河", 2}, {U"越秀", 3}});
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        BOOST_CHECK_THROW(NameTrie::over(std::span{whole}.first(cut), "cut"), Error);
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto bytes = whole;
        bytes[at] ^= std::byte{0xff};
        try {
            auto const trie = NameTrie::over(bytes, "damaged");
            trie.match(U"天河区越秀", 0, [](std::size_t, std::uint32_t) {});
        } catch (Error const& error) {
            BOOST_TEST(bool(error.code() == ErrorCode::corrupt));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
