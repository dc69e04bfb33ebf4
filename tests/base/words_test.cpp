#include <wangge/base/error.hpp>
#include <wangge/base/words.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace wangge;

BOOST_AUTO_TEST_SUITE(base_words)

BOOST_AUTO_TEST_CASE(holes_are_filled_in_each_language_in_its_own_order) {
    std::string const code = "440106001001001";
    auto const said_both = words("grid {} lies in {} villages", "{1} 个村居含网格 {0}", code, 2);
    BOOST_TEST(said_both.english == "grid 440106001001001 lies in 2 villages");
    BOOST_TEST(said_both.chinese == "2 个村居含网格 440106001001001");
    BOOST_TEST(said(Language::chinese, "{0}, {0}", "{0}、{0}", "a") == "a、a");
    BOOST_TEST(said(Language::english, "", "") == "");
}

BOOST_AUTO_TEST_CASE(words_in_a_hole_are_each_in_the_language_of_the_sentence) {
    auto const status = words("open", "编辑中");
    auto const sentence = words("change set {} is {}", "变更单 {} {}", 7, status);
    BOOST_TEST(sentence.in(Language::english) == "change set 7 is open");
    BOOST_TEST(sentence.in(Language::chinese) == "变更单 7 编辑中");
}

BOOST_AUTO_TEST_CASE(what_fills_a_hole_is_not_searched_for_holes) {
    auto const sentence = words("'{}' and '{}'", "“{}”和“{}”", "{1}", "{}{");
    BOOST_TEST(sentence.english == "'{1}' and '{}{'");
    BOOST_TEST(sentence.chinese == "“{1}”和“{}{”");
}

BOOST_AUTO_TEST_CASE(an_error_is_told_in_the_language_asked_for_and_in_english_where_there_is_no_other) {
    Error const both{ErrorCode::not_found, words("there is no grid {}", "没有网格 {}", 7)};
    BOOST_TEST(std::string{both.what()} == "there is no grid 7");
    BOOST_TEST(std::string{both.in(Language::english)} == "there is no grid 7");
    BOOST_TEST(std::string{both.in(Language::chinese)} == "没有网格 7");
    BOOST_TEST((both.words() == Words{"there is no grid 7", "没有网格 7"}));
    Error const copy = both;
    BOOST_TEST(std::string{copy.in(Language::chinese)} == "没有网格 7");
    Error const one{ErrorCode::corrupt, "sections.bin: bad checksum"};
    BOOST_TEST(std::string{one.in(Language::chinese)} == "sections.bin: bad checksum");
}

BOOST_AUTO_TEST_SUITE_END()
