#include "name_likeness.hpp"
#include "small_town.hpp"

#include <wangge/address/matcher.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace wangge;
using namespace wangge::address;

namespace {

struct Fixture {
    test::SmallTown town;
    Matcher matcher{town.index()};
    MatchResult result;

    PlaceMatch const& first(std::string_view text) {
        matcher.match(text, result);
        BOOST_TEST_REQUIRE(!result.places.empty());
        return result.places.front();
    }
    std::string id(PlaceMatch const& place) {
        return place.address ? town.index().address(*place.address).id : std::string{"-"};
    }
    static EvidenceItem const* item(PlaceMatch const& place, Component component) {
        auto const found = std::find_if(place.evidence.begin(), place.evidence.end(),
                                        [&](EvidenceItem const& e) { return e.component == component; });
        return found == place.evidence.end() ? nullptr : &*found;
    }
    static std::string bearing(PlaceMatch const& place, Component component) {
        auto const* const found = item(place, component);
        return found == nullptr ? "-" : std::string{to_string(found->bearing)} + " " + found->found;
    }
    double sum() const {
        auto all = result.unknown;
        for (auto const& p : result.positions) {
            all += p.share;
        }
        for (auto const& d : result.divisions) {
            all += d.share;
        }
        return all;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(matcher, Fixture)

BOOST_AUTO_TEST_CASE(a_whole_address_is_its_door) {
    auto const& place = first("广东省广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元202房");
    BOOST_TEST((place.level == MatchLevel::exact));
    BOOST_TEST(id(place) == "A2");
    BOOST_TEST(place.conflicts == 0U);
    BOOST_TEST(place.slips == 0U);
    BOOST_TEST(place.likelihood > 0.99);
    BOOST_TEST(result.places_in_all == 1U);
    for (auto const component :
         {Component::province, Component::city, Component::county, Component::town, Component::village, Component::road,
          Component::number, Component::estate, Component::building, Component::unit, Component::room}) {
        BOOST_TEST_CONTEXT(to_string(component)) {
            BOOST_TEST_REQUIRE(item(place, component) != nullptr);
            BOOST_TEST((item(place, component)->bearing == Bearing::agrees));
        }
    }
    BOOST_TEST(bearing(place, Component::village) == "agrees 翠洲社区居民委员会");
}

BOOST_AUTO_TEST_CASE(evidence_names_bytes_of_the_input_and_what_is_missing) {
    std::string const text = "荔湾区振兴路 ３号";
    auto const& place = first(text);
    BOOST_TEST(id(place) == "A5");
    auto const* const number = item(place, Component::number);
    BOOST_TEST_REQUIRE(number != nullptr);
    BOOST_TEST(text.substr(number->begin, number->end - number->begin) == "３号");
    BOOST_TEST(bearing(place, Component::county) == "agrees 荔湾区");
    BOOST_TEST(bearing(place, Component::town) == "missing 沙面街道");
    BOOST_TEST(item(place, Component::town)->begin == item(place, Component::town)->end);
}

BOOST_AUTO_TEST_CASE(another_room_gives_the_building) {
    auto const& place = first("荔湾区沿江北路1号天誉雅苑1栋1单元909房");
    BOOST_TEST((place.level == MatchLevel::building));
    BOOST_TEST((place.position == geom::Point{1132020000, 231050000}));
}

BOOST_AUTO_TEST_CASE(a_room_tells_the_house_when_the_number_is_not_said) {
    auto const& place = first("荔湾区翠洲社区沿江北路301房");
    BOOST_TEST(id(place) == "A3");
    BOOST_TEST(place.likelihood > 0.9);
}

BOOST_AUTO_TEST_CASE(behind_a_wrong_number_building_estate_or_room_still_tell_the_house) {
    BOOST_TEST(id(first("荔湾区沿江北路7号2栋")) == "A3");
    BOOST_TEST(id(first("荔湾区沿江北路7号301房")) == "A3");
    // The estate has two buildings, which are as likely; without it nothing of 7 is at hand but what lies along the
    // road.
    auto const& estate = first("荔湾区沿江北路7号天誉雅苑");
    BOOST_TEST((estate.level == MatchLevel::building));
    BOOST_TEST(bearing(estate, Component::estate) == "agrees 天誉雅苑");
    BOOST_TEST((first("荔湾区沿江北路7号").level == MatchLevel::road));
}

BOOST_AUTO_TEST_CASE(a_missing_number_is_interpolated_on_its_own_side_of_the_road) {
    // Odd: 5 lies half way from 3 (113.203) to 7 (113.207), at the odd side's latitude.
    auto const& odd = first("荔湾区翠洲社区振兴路5号");
    BOOST_TEST((odd.level == MatchLevel::number_interpolated));
    BOOST_TEST((odd.position == geom::Point{1132050000, 231010000}));
    BOOST_TEST(bearing(odd, Component::number) == "similar 3号 - 7号");
    // Even: 6 lies a third of the way from 4 (113.204) to 10 (113.210), at the even side's.
    auto const& even = first("荔湾区翠洲社区振兴路6号");
    BOOST_TEST((even.level == MatchLevel::number_interpolated));
    BOOST_TEST((even.position == geom::Point{1132060000, 231030000}));
    BOOST_TEST(!even.address.has_value());
}

BOOST_AUTO_TEST_CASE(a_number_beyond_all_others_is_not_interpolated) {
    auto const& place = first("荔湾区沙面街道翠洲社区振兴路19号");
    BOOST_TEST((place.level == MatchLevel::road));
    BOOST_TEST(result.positions.size() >= 7U);
}

BOOST_AUTO_TEST_CASE(a_road_without_a_number_is_at_all_its_houses) {
    auto const& place = first("荔湾区沙面街道白鹅社区振兴路");
    BOOST_TEST((place.level == MatchLevel::road));
    BOOST_TEST_REQUIRE(result.positions.size() == 2U);
    BOOST_TEST(result.positions[0].share == result.positions[1].share);
}

BOOST_AUTO_TEST_CASE(what_several_places_fit_alike_stays_open) {
    matcher.match("广州市振兴路3号", result);
    BOOST_TEST_REQUIRE(result.places.size() >= 2U);
    std::vector<std::string> ids{id(result.places[0]), id(result.places[1])};
    std::sort(ids.begin(), ids.end());
    BOOST_TEST(ids == (std::vector<std::string>{"A5", "D1"}), boost::test_tools::per_element());
    BOOST_TEST(result.places[0].likelihood == result.places[1].likelihood);
    BOOST_TEST(std::abs(result.places[0].likelihood - 0.5) < 0.01);
    BOOST_TEST(id(first("天河区振兴路3号")) == "D1");
    BOOST_TEST(result.places.front().likelihood > 0.95);
}

BOOST_AUTO_TEST_CASE(a_wrong_county_is_a_conflict_that_is_told) {
    auto const& place = first("广州市天河区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元201房");
    BOOST_TEST(id(place) == "A1");
    BOOST_TEST(bearing(place, Component::county) == "conflicts 荔湾区");
    BOOST_TEST(place.conflicts == 1U);
    BOOST_TEST(place.likelihood > 0.5);
}

BOOST_AUTO_TEST_CASE(a_road_outside_the_named_county_is_found_with_less_certainty) {
    auto const& place = first("荔湾区岳洲路8号");
    BOOST_TEST(id(place) == "D2");
    BOOST_TEST(bearing(place, Component::county) == "conflicts 天河区");
    auto const unsure = place.likelihood;
    BOOST_TEST(unsure < first("天河区岳洲路8号").likelihood);
}

BOOST_AUTO_TEST_CASE(a_named_county_or_city_gives_way_to_two_exact_agreements_only) {
    auto const in = [&](std::string_view text) {
        auto const& place = first(text);
        return std::string{town.index().gazetteer().division(place.division).name};
    };
    for (auto const* const text : {"天河区沿江北路", "天河区沿江北路2号", "天河区天誉雅苑", "天河区天誉雅苑9栋",
                                   "天河区沿河北路1号", "天河区广场路8号", "天河区胜利广场", "天河区胜利广场12号"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(in(text) == "天河区");
            BOOST_TEST((result.places.front().level == MatchLevel::none));
        }
    }
    BOOST_TEST(in("东莞市振兴路9号") == "东莞市"); // not between 7 and 11 in another city
    BOOST_TEST(id(first("天河区沿江北路1号")) != "-");
    BOOST_TEST(in("天河区天誉雅苑2栋") == "翠洲社区居民委员会");
    BOOST_TEST(in("天河区沙面街道翠洲社区") == "翠洲社区居民委员会"); // a county by mistake
    BOOST_TEST(in("天河区石围塘街道") == "石围塘街道");
}

BOOST_AUTO_TEST_CASE(what_lies_inside_the_named_area_goes_before_what_lies_outside) {
    BOOST_TEST(id(first("广州市荔湾区振兴路3号")) == "A5");
    BOOST_TEST(result.places.front().likelihood > 0.98);
}

BOOST_AUTO_TEST_CASE(slips_of_the_pen_are_bridged_and_told) {
    struct {
        char const* text;
        char const* id;
        Component slipped;
    } const cases[] = {
        {"荔湾区沙面街道翠洲社区沿姜北路1号天誉雅苑1栋1单元201房", "A1", Component::road},
        {"荔湾区沙面街道翠洲社区沿江北路1号天誉雅园1栋1单元201房", "A1", Component::estate},
        {"荔湾区沙面街道翠洲社区江沿北路1号天誉雅苑2栋1单元301房", "A3", Component::road},
        {"东莞市东城街道岗贝社区东成路5号", "E1", Component::road},
    };
    for (auto const& c : cases) {
        BOOST_TEST_CONTEXT(c.text) {
            auto const& place = first(c.text);
            BOOST_TEST(id(place) == c.id);
            BOOST_TEST(place.slips == 1U);
            BOOST_TEST(place.conflicts == 0U);
            BOOST_TEST_REQUIRE(item(place, c.slipped) != nullptr);
            BOOST_TEST((item(place, c.slipped)->bearing == Bearing::similar));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_with_a_slip_is_taken_apart_from_the_name_before_it) {
    BOOST_TEST(id(first("荔湾区石围塘街道中岭广场路12号")) == "C1");
    BOOST_TEST(id(first("荔湾区石围塘街道中岭广长路12号")) == "C1");
    BOOST_TEST(id(first("荔湾区石围塘街道中林广场路12号")) == "C1");
}

// 岳洲 and 天河 are divisions here, 翠洲 lies in another county: a road or estate that nobody knows is not taken apart
// where what would be left is no name.
BOOST_AUTO_TEST_CASE(an_unknown_name_that_begins_with_a_division_stays_whole) {
    auto const parts = [&](std::string_view text) {
        matcher.match(text, result);
        std::string out;
        for (auto const& c : result.components) {
            out += std::string{to_string(c.component)} + " " + c.text + ";";
        }
        return out;
    };
    BOOST_TEST(parts("广州市天河区岳洲西路5号") == "city 广州市;county 天河区;road 岳洲西路;number 5号;");
    BOOST_TEST(parts("广州市天河区岳洲大道5号") == "city 广州市;county 天河区;road 岳洲大道;number 5号;");
    BOOST_TEST(parts("广州市天河区翠洲新村路口") == "city 广州市;county 天河区;landmark 翠洲新村路口;");
    BOOST_TEST(parts("广州市天河区岳洲街五巷35号") == "city 广州市;county 天河区;landmark 岳洲街五巷;number 35号;");
    BOOST_TEST(parts("广州市天河区翠洲建业路5号") == "city 广州市;county 天河区;road 翠洲建业路;number 5号;");
    BOOST_TEST(parts("广州市荔湾区翠洲建业路5号") == "city 广州市;county 荔湾区;village 翠洲;road 建业路;number 5号;");
}

BOOST_AUTO_TEST_CASE(a_city_that_begins_the_text_is_meant_rather_than_villages_of_its_name) {
    constexpr test::TownDivision kMore[] = {
        {"441400000000", "梅州市", Level::city, "440000000000"},
        {"441402000000", "梅江区", Level::county, "441400000000"},
        {"440106001002", "梅州村民委员会", Level::village, "440106001000"},
        {"441403000000", "梅县区", Level::county, "441400000000"},
        {"441403101000", "隆文镇", Level::town, "441403000000"},
        {"441403101201", "梅州村民委员会", Level::village, "441403101000"}, // nor is the city 隆文镇, in which it lies
    };
    test::SmallTown const larger{{}, kMore};
    Matcher of_larger{larger.index()};
    auto const place = [&](std::string_view text) {
        of_larger.match(text, result);
        BOOST_TEST_REQUIRE(!result.places.empty());
        return larger.index().gazetteer().division(result.places.front().division).code.str();
    };
    for (std::string_view const text : {"梅州", "梅州嘉应西路2号", "广东梅州嘉应西路国商中心2栋5楼"}) {
        BOOST_TEST(place(text) == "441400000000", text);
    }
    BOOST_TEST(place("广州市天河区梅州嘉应西路2号") == "440106001002");
    BOOST_TEST(place("梅州梅县区梅州村") == "441403101201");
}

BOOST_AUTO_TEST_CASE(of_divisions_of_one_name_the_larger_is_meant_more_often) {
    constexpr test::TownDivision kMore[] = {{"441900003002", "翠洲村民委员会", Level::village, "441900003000"}};
    test::SmallTown const larger{{}, kMore};
    Matcher of_larger{larger.index()};
    for (std::string_view const text : {"翠洲", "广东翠洲没人路7号"}) {
        of_larger.match(text, result);
        BOOST_TEST_REQUIRE(result.places.size() >= 2U);
        auto const code = [&](std::size_t i) {
            return larger.index().gazetteer().division(result.places[i].division).code.str();
        };
        BOOST_TEST(code(0) == "440103001101", text); // two roads and an estate stand there, in the village nothing
        BOOST_TEST(code(1) == "441900003002", text);
        BOOST_TEST(std::abs(result.places[0].likelihood / result.places[1].likelihood - 3) < 0.01, text);
    }
}

BOOST_AUTO_TEST_CASE(the_county_and_the_town_may_be_skipped) {
    BOOST_TEST(id(first("东莞市岗贝社区东城路5号")) == "E1");
    BOOST_TEST(id(first("东莞东城路5号")) == "E1");
    BOOST_TEST(id(first("广州市荔湾区翠洲社区振兴路3号")) == "A5");
    BOOST_TEST(id(first("广州市翠洲社区振兴路3号")) == "A5");
}

BOOST_AUTO_TEST_CASE(a_town_and_a_village_in_it_are_told_apart_without_their_kinds) {
    // 石围塘胜利 would else be a landmark that nobody knows; together they outweigh a wrong county.
    for (auto const* const text : {"荔湾区石围塘胜利广场路12号", "天河区石围塘胜利广场路12号"}) {
        BOOST_TEST_CONTEXT(text) {
            auto const& place = first(text);
            BOOST_TEST(id(place) == "C1");
            BOOST_TEST(bearing(place, Component::town) == "agrees 石围塘街道");
            BOOST_TEST(bearing(place, Component::village) == "agrees 胜利村民委员会");
        }
    }
    BOOST_TEST(bearing(result.places.front(), Component::county) == "conflicts 荔湾区");
}

BOOST_AUTO_TEST_CASE(a_misspelt_town_is_split_from_the_village_behind_it) {
    auto const& place = first("广州市荔湾区石围糖镇胜利村");
    BOOST_TEST((place.level == MatchLevel::village));
    BOOST_TEST(bearing(place, Component::village) == "agrees 胜利村民委员会");
}

BOOST_AUTO_TEST_CASE(a_short_name_that_lies_elsewhere_and_goes_on_as_a_road_is_the_roads) {
    auto const& place = first("荔湾区沙面岳洲路五巷8号");
    BOOST_TEST(town.index().gazetteer().division(place.division).name == "沙面街道");
}

BOOST_AUTO_TEST_CASE(a_misspelt_division_is_recognised_where_it_narrows_the_search) {
    auto const& place = first("荔湾区石围糖街道广场路12号");
    BOOST_TEST(id(place) == "C1");
    BOOST_TEST(bearing(first("荔湾区石围塘街道胜力村中岭广场路12号"), Component::village) == "similar 胜利村民委员会");
}

BOOST_AUTO_TEST_CASE(divisions_alone_give_village_town_or_nothing) {
    auto const level = [&](std::string_view text) {
        auto const& place = first(text);
        BOOST_TEST(place.division != kNoDivision);
        return std::string{to_string(place.level)};
    };
    BOOST_TEST(level("广州市荔湾区沙面街道翠洲社区") == "village");
    BOOST_TEST(level("广州市荔湾区沙面街道") == "town");
    BOOST_TEST(level("广州市荔湾区") == "none");
    BOOST_TEST(level("东莞市东城街道") == "town");
}

BOOST_AUTO_TEST_CASE(an_unknown_road_leaves_the_village) {
    auto const& place = first("荔湾区沙面街道白鹅社区黄花岗大马路77号");
    BOOST_TEST((place.level == MatchLevel::village));
    BOOST_TEST(town.index().gazetteer().division(place.division).name == "白鹅社区居民委员会");
}

BOOST_AUTO_TEST_CASE(of_two_addresses_the_first_counts_and_the_other_is_an_alternative) {
    auto const& place = first("荔湾区振兴路3号，天河区岳洲路8号");
    BOOST_TEST(id(place) == "A5");
    BOOST_TEST(std::any_of(result.places.begin() + 1, result.places.end(),
                           [&](PlaceMatch const& p) { return id(p) == "D2"; }));
    BOOST_TEST(place.conflicts == 0U); // 天河区 is about the other one
    BOOST_TEST(id(first("荔湾区没人听过路3号，天河区岳洲路8号")) == "D2");
}

BOOST_AUTO_TEST_CASE(what_names_nothing_has_no_place) {
    for (auto const* const text : {"", " ", "???", "天气很好", "12345678901"}) {
        BOOST_TEST_CONTEXT(text) {
            matcher.match(text, result);
            BOOST_TEST(result.places.empty());
            BOOST_TEST(result.unknown == 1);
            BOOST_TEST(result.score == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_are_named) {
    matcher.match("荔湾区\xff振兴路", result);
    BOOST_TEST((result.outcome == Normalizer::Outcome::not_utf8));
    BOOST_TEST(result.bad_byte == 9U);
    BOOST_TEST(result.places.empty());
    matcher.match(std::string(kMaxAddressBytes + 1, 'a'), result);
    BOOST_TEST((result.outcome == Normalizer::Outcome::too_long));
    BOOST_TEST(id(first("荔湾区振兴路3号")) == "A5"); // and the next one is answered
}

BOOST_AUTO_TEST_CASE(all_shares_sum_to_one) {
    for (auto const* const text :
         {"荔湾区振兴路", "广州市振兴路3号", "振兴路", "荔湾区沙面街道", "广东省", "翠洲", "沿江路1号",
          "荔湾区振兴路9号", "天誉雅苑", "中岭12号", "广州市荔湾区振兴路3号，岳洲路8号"}) {
        BOOST_TEST_CONTEXT(text) {
            matcher.match(text, result);
            BOOST_TEST(!result.places.empty());
            BOOST_TEST(std::abs(sum() - 1) < 1e-4);
            double last = 1;
            for (auto const& place : result.places) {
                BOOST_TEST(place.likelihood <= last);
                last = place.likelihood;
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_result_used_before_gives_the_same_answer) {
    MatchResult fresh;
    first("广东省广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元202房");
    matcher.match("广州市振兴路3号", result);
    Matcher{town.index()}.match("广州市振兴路3号", fresh);
    BOOST_TEST(result.places.size() == fresh.places.size());
    BOOST_TEST(result.positions.size() == fresh.positions.size());
    BOOST_TEST(result.components.size() == fresh.components.size());
    for (std::size_t i = 0; i < fresh.places.size(); ++i) {
        BOOST_TEST(result.places[i].evidence.size() == fresh.places[i].evidence.size());
        BOOST_TEST(id(result.places[i]) == id(fresh.places[i]));
    }
}

BOOST_AUTO_TEST_CASE(a_misspelt_division_that_a_house_does_not_lie_in_is_not_looked_up_in_an_earlier_text) {
    MatchResult fresh;
    for (auto const* const text :
         {"荔湾区振兴路3号天誉雅苑1栋1单元202房，天河区五山街道岳洲社区岳洲路8号", "荔湾区石围糖街道沿江北路1号",
          "石围糖街道沿江北路1号", "荔湾区石围糖街道沿江路1号"}) {
        BOOST_TEST_CONTEXT(text) {
            auto const place = first(text);
            Matcher{town.index()}.match(text, fresh);
            BOOST_TEST(id(place) == id(fresh.places.front()));
            BOOST_TEST(place.likelihood == fresh.places.front().likelihood);
            BOOST_TEST(result.places_in_all == fresh.places_in_all);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(name_likeness)

BOOST_AUTO_TEST_CASE(slips_are_ordered_by_how_often_they_happen) {
    BOOST_TEST(unlikeness(U"振兴路", U"振兴路") == 0);
    auto const sound = unlikeness(U"桃园路", U"桃源路");
    auto const exchanged = unlikeness(U"兴振路", U"振兴路");
    auto const other = unlikeness(U"振兵路", U"振兴路");
    auto const numeral = unlikeness(U"振兴3路", U"振兴2路");
    auto const direction = unlikeness(U"解放东路", U"解放西路");
    BOOST_TEST(sound > 0);
    BOOST_TEST(sound < exchanged);
    BOOST_TEST(exchanged < other);
    BOOST_TEST(other < numeral);
    BOOST_TEST(other < direction);
    BOOST_TEST(other < unlikeness(U"振兴街", U"振兴路"));
    BOOST_TEST(unlikeness(U"振兴2", U"振兴2街") < unlikeness(U"振2街", U"振兴2街")); // the last word is left out easily
}

BOOST_AUTO_TEST_CASE(names_of_nothing_in_common_are_unlike) {
    BOOST_TEST(unlikeness(U"人民路", U"振兴街") == kUnlike);
    BOOST_TEST(unlikeness(U"", U"") == 0);
    BOOST_TEST(unlikeness(U"路", U"街") == kUnlike);
    BOOST_TEST(unlikeness(U"振兴路", U"") == kUnlike);
    BOOST_TEST(unlikeness(std::u32string(30, U'路'), std::u32string(31, U'路')) == kUnlike);
    BOOST_TEST(unlikeness(U"解放大马北路", U"解放北路") < kUnlike); // two characters more
    BOOST_TEST(unlikeness(U"振兴大马路", U"振兴路") == kUnlike);    // of a name too short for that
    BOOST_TEST(unlikeness(U"振兴大大马路", U"振兴路") == kUnlike);
}

BOOST_AUTO_TEST_CASE(a_stem_keeps_two_characters) {
    BOOST_TEST((division_stem(U"翠洲社区居民委员会") == U"翠洲"));
    BOOST_TEST((division_stem(U"东城街道") == U"东城"));
    BOOST_TEST((division_stem(U"颜村") == U"颜村"));
    BOOST_TEST((division_stem(U"新村村委会") == U"新村"));
    for (std::u32string const kind :
         {U"社区居民委员会", U"社区居委会", U"居民委员会", U"村民委员会", U"街道办事处", U"居委会", U"村委会",
          U"办事处", U"街道办", U"街道", U"社区", U"地区", U"村", U"镇", U"乡", U"区", U"县", U"市", U"省"}) {
        BOOST_TEST((division_stem(U"东城" + kind) == U"东城"), kind.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()
