#include <wangge/address/name_trie.hpp>
#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
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
