// Texts that staff bound to points: found as they wrote them, with or without the divisions in front.

#include "index_file.hpp"
#include "small_town.hpp"

#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace wangge;
using namespace wangge::address;
using test::SmallTown;
using test::TownAddress;

namespace {

TownAddress told(char const* id, char const* text, char const* village, geom::Point at) {
    return {id, text, village, "", "", "", "", "", "", at};
}

struct Told {
    SmallTown town{{
        told("staff-1", "荔湾区沙面街道老榕树下小卖部", "440103001101", {1132010000, 231010000}),
        told("staff-2", "老榕树下小卖部", "440106001001", {1133010000, 231010000}),
        told("A5", "广东省广州市荔湾区沙面街道翠洲社区振兴路3号", "440103001101", {1132100000, 231010000}),
        told("staff-4", "翠洲社区", "440103001101", {1132100000, 231020000}),
        told("staff-5", "无村居的摊位", "", {1132100000, 231030000}),
    }};
    /// Ids of what the text is bound to, in the order of their numbers.
    std::multiset<std::string> ids(std::string_view text) {
        std::multiset<std::string> all;
        for (auto const number : town.index().bound_to(text)) {
            auto const point = town.index().address(number);
            BOOST_TEST(point.by_staff);
            all.insert(point.id);
        }
        return all;
    }
    using Ids = std::multiset<std::string>;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(staff_texts, Told)

BOOST_AUTO_TEST_CASE(a_text_is_found_whatever_is_said_of_the_divisions_in_which_the_point_lies) {
    BOOST_TEST((ids("老榕树下小卖部") == Ids{"staff-1", "staff-2"}));
    for (auto const* const text :
         {"荔湾区沙面街道老榕树下小卖部", "荔湾老榕树下小卖部", "广州市荔湾区老榕树下小卖部",
          "广东省，广州市 荔湾区沙面翠洲社区、老榕树下小卖部", "翠洲老榕樹下小賣部", " 沙面街道，老榕树下小卖部，"}) {
        BOOST_TEST((ids(text) == Ids{"staff-1"}), text);
    }
    BOOST_TEST((ids("天河区老榕树下小卖部") == Ids{"staff-2"}));
    BOOST_TEST((ids("广州市老榕树下小卖部") == Ids{"staff-1", "staff-2"}));
}

BOOST_AUTO_TEST_CASE(a_division_in_which_it_does_not_lie_and_any_other_text_finds_nothing) {
    for (auto const* const text : {"", " ", "东莞市老榕树下小卖部", "沙面街道天河区老榕树下小卖部", "老榕树下小卖部旁",
                                   "老榕树下", "荔湾区", "小卖部"}) {
        BOOST_TEST(ids(text).empty(), text);
    }
    BOOST_TEST(town.index().bound_to("老榕树下小卖部\xff").empty());
    BOOST_TEST(town.index().bound_to(std::string(kMaxAddressBytes + 1, 'a')).empty());
}

BOOST_AUTO_TEST_CASE(a_correction_is_told_from_the_imported_point_of_its_text) {
    auto const bound = town.index().bound_to("荔湾区翠洲社区振兴路3号");
    BOOST_TEST_REQUIRE(bound.size() == 1U);
    BOOST_TEST((town.index().address(bound[0]).at == geom::Point{1132100000, 231010000}));
    std::size_t by_staff = 0;
    for (AddressNumber i = 0; i < town.index().size(); ++i) {
        by_staff += town.index().address(i).by_staff ? 1U : 0U;
    }
    BOOST_TEST(by_staff == 5U);
}

BOOST_AUTO_TEST_CASE(a_text_of_divisions_alone_and_a_point_without_a_village_are_found) {
    BOOST_TEST((ids("翠洲社区") == Ids{"staff-4"}));
    BOOST_TEST((ids("荔湾区翠洲社区") == Ids{"staff-4"}));
    BOOST_TEST((ids("无村居的摊位") == Ids{"staff-5"}));
    BOOST_TEST(ids("荔湾区无村居的摊位").empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_bound_where_staff_wrote_nothing) {
    SmallTown const without;
    BOOST_TEST(without.index().bound_to("荔湾区翠洲社区振兴路3号").empty());
    BOOST_TEST(without.index().view().bound_begin.empty());
}

BOOST_AUTO_TEST_SUITE_END()
