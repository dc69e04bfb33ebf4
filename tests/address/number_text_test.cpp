#include "number_text.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::address;

namespace {

struct NumberCase {
    std::u32string_view text;
    std::uint32_t value;
    std::u32string_view suffix;
    std::uint32_t last;
};

/// For messages: code points above ASCII in hexadecimal.
std::string shown(std::u32string_view text) {
    std::string out;
    for (auto const c : text) {
        out +=
            c < 0x7f ? std::string(1, static_cast<char>(c)) : "<" + std::to_string(static_cast<std::uint32_t>(c)) + ">";
    }
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(number_text)

BOOST_AUTO_TEST_CASE(a_house_number_has_one_form_however_it_is_written) {
    for (auto const& c : std::vector<NumberCase>{
             {U"23号", 23, U"", 23},
             {U"23", 23, U"", 23},
             {U" 第23号 ", 23, U"", 23},
             {U"NO.023", 23, U"", 23},
             {U"23#", 23, U"", 23},
             {U"门牌23号", 23, U"", 23},
             {U"23号之1", 23, U"-1", 23},
             {U"23之1号", 23, U"-1", 23},
             {U"23-1号", 23, U"-1", 23},
             {U"23号-1", 23, U"-1", 23},
             {U"23号附1", 23, U"-1", 23},
             {U"23号附1号", 23, U"-1", 23},
             {U"23号之02", 23, U"-2", 23},
             {U"23-1-2号", 23, U"-1-2", 23},
             {U"23号之1A", 23, U"-1A", 23},
             {U"23A号", 23, U"A", 23},
             {U"23号A", 23, U"A", 23},
             {U"23-A号", 23, U"A", 23},
             {U"23号甲", 23, U"甲", 23},
             {U"甲23号", 23, U"甲_", 23},
             {U"B12", 12, U"B_", 12},
             {U"B-12", 12, U"B_", 12},
             {U"8-10号", 8, U"-10", 10},
             {U"8号-10号", 8, U"-10", 10},
             {U"8号至10号", 8, U"-10", 10},
             {U"1006-1007号", 1006, U"-1007", 1007},
             {U"8-8号", 8, U"-8", 8},
             {U"2-202", 2, U"-202", 202}, // as far as a run goes: 200
             {U"2-203", 2, U"-203", 2},   // farther than kLongestRun
             {U"23号后座", 23, U"后座", 23},
             {U"后座", 0, U"后座", 0},
             {U"0号", 0, U"0", 0},
             {U"4294967294号", 4294967294U, U"", 4294967294U},
             {U"4294967295号", 0, U"4294967295", 0},
             {U"99999999999999999999号", 0, U"99999999999999999999", 0},
             {U"号", 0, U"号", 0},
             {U"", 0, U"", 0},
             {U"-", 0, U"-", 0},
             {U"(23)号", 23, U"", 23},
         }) {
        auto const number = house_number(c.text);
        BOOST_TEST(number.value == c.value, shown(c.text) << ": " << number.value);
        BOOST_TEST(bool(number.suffix == c.suffix), shown(c.text) << ": " << shown(number.suffix));
        BOOST_TEST(number.last == c.last, shown(c.text) << ": " << number.last);
        BOOST_TEST(last_of_run(number.value, number.suffix) == c.last);
    }
}

BOOST_AUTO_TEST_CASE(buildings_units_and_rooms_have_one_form) {
    std::vector<std::pair<std::u32string_view, std::u32string_view>> const buildings{
        {U"3栋", U"3"},        {U"3幢", U"3"},     {U"3座", U"3"},  {U"第3栋", U"3"},
        {U"3号楼", U"3"},      {U"3#楼", U"3"},    {U"03栋", U"3"}, {U"C2座", U"C2"},
        {U"C座", U"C"},        {U"东座", U"东"},   {U"3", U"3"},    {U"2期5栋", U"2期5"},
        {U"2期05栋", U"2期5"}, {U"栋", U"栋"},     {U"", U""},      {U"A-3栋", U"A-3"},
        {U" 3 栋 ", U"3"},     {U"100栋", U"100"}, {U"0栋", U"0"},  {U"\U00020BB7楼", U"\U00020BB7"}};
    for (auto const& [text, key] : buildings) {
        BOOST_TEST(bool(building_key(text) == key), shown(text) << ": " << shown(building_key(text)));
    }
    std::vector<std::pair<std::u32string_view, std::u32string_view>> const units{
        {U"1单元", U"1"},   {U"第1单元", U"1"}, {U"1梯", U"1"}, {U"01单元", U"1"},
        {U"甲单元", U"甲"}, {U"1", U"1"},       {U"", U""}};
    for (auto const& [text, key] : units) {
        BOOST_TEST(bool(unit_key(text) == key), shown(text) << ": " << shown(unit_key(text)));
    }
    std::vector<std::pair<std::u32string_view, std::u32string_view>> const rooms{
        {U"203房", U"203"},   {U"203室", U"203"},       {U"203号房", U"203"},   {U"203", U"203"}, {U"0203房", U"203"},
        {U"B203房", U"B203"}, {U"2楼203房", U"2楼203"}, {U"203-1房", U"203-1"}, {U"", U""},       {U"室", U"室"}};
    for (auto const& [text, key] : rooms) {
        BOOST_TEST(bool(room_key(text) == key), shown(text) << ": " << shown(room_key(text)));
    }
}

BOOST_AUTO_TEST_CASE(keys_are_ordered_by_the_numbers_in_them) {
    std::vector<std::u32string> const rising{U"",   U"-1", U"-2", U"-10", U"1",   U"2",  U"2A",
                                             U"2B", U"10", U"A1", U"A2",  U"A10", U"B1", U"99999999999999999999999A"};
    auto sorted = rising;
    // By hand: digits come before letters, so the last one belongs between 10 and A1.
    std::rotate(sorted.begin() + 9, sorted.end() - 1, sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        for (std::size_t j = 0; j < sorted.size(); ++j) {
            BOOST_TEST(key_less(sorted[i], sorted[j]) == (i < j), shown(sorted[i]) << " < " << shown(sorted[j]));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_order_of_keys_is_an_order_for_any_text) {
    auto const seed = 4411U;
    BOOST_TEST_MESSAGE("seed " << seed);
    test::Random random{seed};
    std::u32string const letters = U"0019A-甲";
    std::vector<std::u32string> texts;
    for (int i = 0; i < 120; ++i) {
        std::u32string text;
        for (auto n = random.between(0, 5); n > 0; --n) {
            text += letters[static_cast<std::size_t>(random.between(0, 7)) % letters.size()];
        }
        texts.push_back(text);
    }
    for (auto const& a : texts) {
        for (auto const& b : texts) {
            BOOST_TEST_REQUIRE(key_less(a, b) + key_less(b, a) == (a == b ? 0 : 1), shown(a) << " " << shown(b));
            for (auto const& c : texts) {
                if (key_less(a, b) && key_less(b, c)) {
                    BOOST_TEST_REQUIRE(key_less(a, c), shown(a) << " " << shown(b) << " " << shown(c));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
