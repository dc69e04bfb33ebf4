// A text that staff bound to a point is answered with that point first, and the answer says why.

#include <wangge/lookup/address_text.hpp>

#include <boost/test/unit_test.hpp>
#include <lookup/address_town.hpp>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace wangge;
using test::AddressTown;
using test::TownAddress;

namespace {

struct Staff {
    static TownAddress told(char const* id, char const* text, char const* village, geom::Point at) {
        return {id, text, village, "", "", "", "", "", "", at};
    }
    AddressTown town{{
        told("staff-1", "老榕树下小卖部", "440103001101", {1132010000, 231010000}),
        told("staff-2", "广东省广州市荔湾区沙面街道翠洲社区振兴路3号", "440103001101",
             {1132150000, 231010000}), // imported: west
        told("staff-3", "凉亭", "440103001101", {1132010000, 231020000}),
        told("staff-4", "凉亭", "440106001001", {1133010000, 231010000}),
    }};
    lookup::Geocoder geocoder{*town.snapshot(), *town.index()};
    lookup::AddressAnswer answer;

    std::string grid(std::string_view text) {
        geocoder.geocode(text, answer);
        double all = answer.match.unknown;
        for (auto const& p : answer.match.positions) {
            all += static_cast<double>(p.share);
        }
        for (auto const& d : answer.match.divisions) {
            all += static_cast<double>(d.share);
        }
        BOOST_TEST(std::abs(all - 1) < 1e-5, "the shares sum to " << all);
        return answer.grid ? std::string{town.snapshot()->grid(*answer.grid).code.str()} : "-";
    }
    [[nodiscard]] lookup::AddressContext context(lookup::Locator const& locator) const {
        return {*town.snapshot(), *town.index(), locator, test::day("2026-03-01")};
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(addresses_of_staff, Staff)

BOOST_AUTO_TEST_CASE(what_no_parser_reads_leads_to_the_point_that_staff_bound_it_to) {
    for (auto const* const text : {"老榕树下小卖部", "荔湾区沙面老榕樹下小賣部"}) {
        BOOST_TEST(grid(text) == AddressTown::kWest, text);
        BOOST_TEST(answer.by_staff);
        BOOST_TEST((answer.level == address::MatchLevel::exact));
        BOOST_TEST((answer.position == geom::Point{1132010000, 231010000}));
        BOOST_TEST(answer.score > 0.98);
        BOOST_TEST(answer.conflicts.empty());
        BOOST_TEST_REQUIRE(answer.standard.has_value());
        BOOST_TEST(answer.standard->id == "staff-1");
    }
    // Its divisions are another's.
    BOOST_TEST(grid("天河区老榕树下小卖部") == "-");
    BOOST_TEST(!answer.by_staff);
}

BOOST_AUTO_TEST_CASE(the_point_of_staff_comes_before_an_imported_one_of_the_same_text) {
    for (auto const* const text : {"荔湾区翠洲社区振兴路3号", "广东省广州市荔湾区沙面街道翠洲社区振兴路3号"}) {
        BOOST_TEST(grid(text) == AddressTown::kEast, text);
        BOOST_TEST(answer.by_staff);
        BOOST_TEST_REQUIRE(answer.match.places.size() >= 1U);
        auto const& first = answer.match.places.front();
        BOOST_TEST(town.index()->address(first.address.value()).id == "staff-2");
        for (auto const& item : first.evidence) {
            BOOST_TEST((item.bearing == address::Bearing::agrees));
        }
        BOOST_TEST(!first.evidence.empty());
    }
    // A door of it that staff did not write is read like any other text.
    static_cast<void>(grid("荔湾区翠洲社区振兴路7号"));
    BOOST_TEST(!answer.by_staff);
    BOOST_TEST(answer.standard.value().by_staff == false);
}

BOOST_AUTO_TEST_CASE(two_points_of_one_text_share_it_unless_the_text_says_which) {
    BOOST_TEST(grid("凉亭") == "-");
    BOOST_TEST(answer.by_staff);
    BOOST_TEST_REQUIRE(answer.grids.size() == 2U);
    BOOST_TEST(std::abs(answer.grids[0].share - 0.5) < 0.01);
    BOOST_TEST(answer.match.places.size() >= 2U);
    BOOST_TEST(grid("天河区凉亭") == AddressTown::kIsland);
    BOOST_TEST(grid("荔湾凉亭") == AddressTown::kWest);
}

BOOST_AUTO_TEST_CASE(the_answer_says_that_staff_said_so) {
    lookup::Locator const locator{*town.snapshot(), *town.roster()};
    static_cast<void>(grid("老榕树下小卖部"));
    auto const json = nlohmann::json::parse(lookup::to_json(answer, "老榕树下小卖部", context(locator)));
    BOOST_TEST(json["by_staff"] == true);
    BOOST_TEST(json["standard"]["by_staff"] == true);
    BOOST_TEST(json["standard"]["text"] == "老榕树下小卖部");
    BOOST_TEST(json["standard"]["position"] == json["position"]);
    BOOST_TEST(json["places"][0]["address"] == "老榕树下小卖部");
    BOOST_TEST(json["places"][0]["level"] == "exact");
    auto const text = lookup::to_text(answer, "老榕树下小卖部", context(locator), Language::english);
    BOOST_TEST((text.find("evidence    staff bound this text to the place") != std::string::npos), text);
    static_cast<void>(grid("荔湾区翠洲社区振兴路7号"));
    auto const other = nlohmann::json::parse(lookup::to_json(answer, "荔湾区翠洲社区振兴路7号", context(locator)));
    BOOST_TEST(other["by_staff"] == false);
    BOOST_TEST(other["standard"]["by_staff"] == false);
    BOOST_TEST(
        (lookup::to_text(answer, "x", context(locator), Language::english).find("evidence") == std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()
