#include "small_province.hpp"

#include <wangge/lookup/answer_text.hpp>
#include <wangge/lookup/locator.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace wangge;
using namespace wangge::lookup;
using test::SmallProvince;
namespace tt = boost::test_tools;

namespace {

// Radii of curvature on the CGCS2000 ellipsoid, worked out apart (Python, from GB 22021's two constants).
constexpr double kLatDegreeAt23 = 110744.01; ///< m, at 23 N
constexpr double kLonDegreeAt23 = 102518.76; ///< m, at 23.005 N

struct Fixture {
    SmallProvince province;
    Locator locator{*province.snapshot(), *province.roster()};
    crs::Transformer cgcs2000 = crs::Transformer::make("EPSG:4490");
    Date as_of = test::day("2026-03-01");
    QueryFault fault;

    std::optional<Answer> ask(double lon, double lat, std::size_t nearest = 0) {
        fault = {};
        PositionQuery query;
        query.lon = lon;
        query.lat = lat;
        query.nearest = nearest;
        return locator.locate(query, cgcs2000, as_of, fault);
    }
    std::string grid_at(double lon, double lat) {
        auto const answer = ask(lon, lat);
        BOOST_REQUIRE(answer);
        return answer->grid ? std::string{answer->grid->code.str()} : "outside";
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(locator, Fixture)

BOOST_AUTO_TEST_CASE(a_position_gets_its_grid_with_everything_above_it) {
    auto const answer = ask(113.002, 23.002);
    BOOST_REQUIRE((answer && answer->grid));
    auto const& found = *answer->grid;
    BOOST_TEST(found.code.str() == SmallProvince::kWest);
    BOOST_TEST(found.name == "岳洲第一网格");
    std::vector<std::string> names;
    for (auto const& division : found.chain) {
        names.push_back(division.name);
    }
    BOOST_TEST(names == (std::vector<std::string>{"岳洲社区居委会", "五山街道", "天河区", "广州市", "广东省"}),
               tt::per_element());
    // 0.01 x 0.01 degree less the hole of 0.002 x 0.002.
    BOOST_TEST(found.area_m2 == (1e-4 - 4e-6) * kLatDegreeAt23 * kLonDegreeAt23, tt::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(the_escalation_goes_from_the_village_to_the_governance_centres) {
    auto const found = locator.grid(test::grid(SmallProvince::kWest), as_of);
    BOOST_REQUIRE(found);
    std::vector<std::string> bodies;
    for (auto const& step : found->escalation) {
        bodies.push_back(step.body);
    }
    BOOST_TEST(bodies ==
                   (std::vector<std::string>{"岳洲社区居委会", "五山街道综治中心", "天河区综治中心", "广州市综治中心"}),
               tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_city_without_counties_is_not_named_twice) {
    auto const found = locator.grid(test::grid(SmallProvince::kDongguan), as_of);
    BOOST_REQUIRE(found);
    BOOST_REQUIRE(found->escalation.size() == 3U);
    BOOST_TEST(found->escalation[1].body == "东城街道综治中心");
    BOOST_TEST(found->escalation[2].body == "东莞市综治中心");
    BOOST_TEST((found->escalation[2].level == Level::city));
}

BOOST_AUTO_TEST_CASE(the_officers_are_those_of_the_date) {
    auto const officers_on = [&](char const* date) {
        std::vector<std::string> ids;
        auto const found = locator.grid(test::grid(SmallProvince::kWest), test::day(date));
        for (auto const& officer : found.value().officers) {
            ids.push_back(officer.officer_id);
        }
        return ids;
    };
    BOOST_TEST(officers_on("2026-05-31") == (std::vector<std::string>{"Z101", "Z300"}), tt::per_element());
    BOOST_TEST(officers_on("2026-06-01") == (std::vector<std::string>{"Z102", "Z300"}), tt::per_element());
    BOOST_TEST(locator.grid(test::grid(SmallProvince::kMall), as_of)->officers.empty());
    BOOST_TEST(!locator.grid(test::grid("440106001001999"), as_of).has_value());
}

BOOST_AUTO_TEST_CASE(a_boundary_belongs_to_the_grid_north_and_east_of_it) {
    BOOST_TEST(grid_at(113.01, 23.005) == SmallProvince::kEast); // the shared edge
    BOOST_TEST(grid_at(113.01, 23.0) == SmallProvince::kEast);   // its south end
    BOOST_TEST(grid_at(113.01, 23.01) == "outside");             // its north end
    BOOST_TEST(grid_at(113.0, 23.0) == SmallProvince::kWest);
    BOOST_TEST(grid_at(113.02, 23.005) == "outside");
    BOOST_TEST(grid_at(113.005, 23.004) == SmallProvince::kMall); // south edge of the hole
    BOOST_TEST(grid_at(113.005, 23.006) == SmallProvince::kWest); // its north edge
    BOOST_TEST(grid_at(113.004, 23.005) == SmallProvince::kMall);
    BOOST_TEST(grid_at(113.006, 23.005) == SmallProvince::kWest);
    BOOST_TEST(grid_at(113.0039999, 23.005) == SmallProvince::kWest);
}

BOOST_AUTO_TEST_CASE(the_receipt_says_from_what_and_how_near_to_an_edge) {
    auto const answer = ask(113.005, 23.0001);
    BOOST_REQUIRE(answer);
    auto const& receipt = answer->receipt;
    BOOST_TEST(receipt.generation == 7);
    BOOST_TEST(receipt.as_of.str() == "2026-03-01");
    BOOST_TEST(receipt.snapshot_digest == province.snapshot()->digest().hex());
    BOOST_TEST(receipt.crs == "EPSG:4490");
    BOOST_TEST(!receipt.datum_assumed.empty());
    BOOST_TEST(receipt.position.lon == 1130050000);
    BOOST_TEST(receipt.position.lat == 230001000);
    BOOST_TEST(receipt.rule.find("half-open") == 0U);
    // 0.0001 degree north of the south edge.
    BOOST_TEST(receipt.edge_distance_m.value() == 1e-4 * kLatDegreeAt23, tt::tolerance(1e-5));
    // 0.0002 degree west of the shared edge.
    BOOST_TEST(ask(113.0098, 23.005)->receipt.edge_distance_m.value() == 2e-4 * kLonDegreeAt23, tt::tolerance(1e-5));
    // The hole's edge is an edge too.
    BOOST_TEST(ask(113.0039, 23.005)->receipt.edge_distance_m.value() == 1e-4 * kLonDegreeAt23, tt::tolerance(1e-5));
    BOOST_TEST(ask(113.01, 23.005)->receipt.edge_distance_m.value() == 0.0);
}

BOOST_AUTO_TEST_CASE(outside_is_an_answer_and_names_the_nearest_grid_only_when_asked) {
    auto const plain = ask(113.0301, 23.005);
    BOOST_REQUIRE(plain);
    BOOST_TEST(!plain->grid.has_value());
    BOOST_TEST(!plain->nearest.has_value());
    BOOST_TEST(!plain->receipt.edge_distance_m.has_value());
    auto const asked = ask(113.0301, 23.005, 1);
    BOOST_REQUIRE(asked->nearest.has_value());
    BOOST_REQUIRE(asked->nearest->size() == 1U);
    BOOST_TEST(asked->nearest->front().code.str() == SmallProvince::kEast);
    BOOST_TEST(asked->nearest->front().distance_m == 0.0101 * kLonDegreeAt23, tt::tolerance(1e-5));
    BOOST_TEST(ask(116.4, 39.9, 1)->nearest->empty()); // Beijing: too far to be called near
    for (auto const& [lon, lat] :
         {std::pair{0.0, 0.0}, {-180.0, -90.0}, {180.0, 90.0}, {-73.98, 40.75}, {114.5, 21.5}}) {
        BOOST_TEST(grid_at(lon, lat) == "outside");
    }
}

BOOST_AUTO_TEST_CASE(a_coordinate_that_cannot_be_is_a_fault_that_names_its_field) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    auto const field_of = [&](double lon, double lat) {
        BOOST_TEST(!ask(lon, lat).has_value());
        return fault.field;
    };
    BOOST_TEST(field_of(kNan, 23) == "lon");
    BOOST_TEST(field_of(113, kNan) == "lat");
    BOOST_TEST(field_of(kInfinity, 23) == "lon");
    BOOST_TEST(field_of(113, -kInfinity) == "lat");
    BOOST_TEST(field_of(113, 91) == "lat");
    BOOST_TEST(field_of(113, -90.0000001) == "lat");
    BOOST_TEST(field_of(180.0000001, 23) == "lon");
    BOOST_TEST(field_of(1e300, 1e300) == "lon");
}

BOOST_AUTO_TEST_CASE(an_exchanged_pair_is_recognised_and_said) {
    BOOST_TEST(!ask(23.005, 113.005).has_value());
    BOOST_TEST(fault.field == "lon,lat");
    BOOST_TEST(fault.message.find("swapped") != std::string::npos);
    // Only a pair that would lie in this province is called so.
    BOOST_TEST(!ask(40.0, 116.0).has_value());
    BOOST_TEST(fault.field == "lat");
}

BOOST_AUTO_TEST_CASE(an_exchanged_pair_of_metres_is_recognised_in_a_gauss_kruger_zone) {
    // 113.002 E, 23.002 N by the cs2cs program.
    auto const zone = crs::Transformer::make("EPSG:4547");
    PositionQuery query;
    query.crs = "EPSG:4547";
    query.lon = 397680.3978;
    query.lat = 2545107.3080;
    auto const answer = locator.locate(query, zone, as_of, fault);
    BOOST_REQUIRE((answer && answer->grid));
    BOOST_TEST(answer->grid->code.str() == SmallProvince::kWest);
    BOOST_TEST(answer->receipt.crs == "EPSG:4547");
    BOOST_TEST(std::abs(answer->receipt.position.lon - 1130020000) <= 1);
    BOOST_TEST(std::abs(answer->receipt.position.lat - 230020000) <= 1);
    std::swap(query.lon, query.lat);
    BOOST_TEST(!locator.locate(query, zone, as_of, fault).has_value());
    BOOST_TEST(fault.field == "lon,lat");
}

BOOST_AUTO_TEST_CASE(gcj02_is_not_taken_for_cgcs2000) {
    auto const gcj02 = crs::Transformer::make("GCJ02");
    PositionQuery query;
    query.crs = "GCJ02";
    query.lon = 113.012; // GCJ-02 lies some 500 m east of CGCS2000 here, and the edge is 200 m west
    query.lat = 23.005;
    auto const answer = locator.locate(query, gcj02, as_of, fault);
    BOOST_REQUIRE((answer && answer->grid));
    BOOST_TEST(answer->grid->code.str() == SmallProvince::kWest);
    BOOST_TEST(grid_at(113.012, 23.005) == SmallProvince::kEast);
}

BOOST_AUTO_TEST_CASE(the_json_of_an_answer_has_the_documented_shape) {
    auto const json = nlohmann::ordered_json::parse(to_json(*ask(113.005, 23.0001)));
    std::vector<std::string> keys;
    for (auto const& [key, value] : json.items()) {
        keys.push_back(key);
    }
    BOOST_TEST(keys == (std::vector<std::string>{"found", "grid", "village", "town", "county", "city", "province",
                                                 "officers", "escalation", "receipt"}),
               tt::per_element());
    BOOST_TEST(json["found"] == true);
    BOOST_TEST(json["grid"]["code"] == "440106001001001");
    BOOST_TEST(json["grid"]["kind"] == "comprehensive");
    BOOST_TEST(json["county"].dump() == R"({"code":"440106000000","name":"天河区"})");
    BOOST_TEST(json["officers"].dump() ==
               R"([{"officer_id":"Z101","role":"dedicated"},{"officer_id":"Z300","role":"part_time"}])");
    BOOST_TEST(json["escalation"][0].dump() == R"({"level":"village","body":"岳洲社区居委会"})");
    BOOST_TEST(json["receipt"]["position"].dump() == R"({"lon":113.005,"lat":23.0001})");
    BOOST_TEST(json["receipt"]["edge_distance_m"] == 11.074);
    BOOST_TEST(json["receipt"]["generation"] == 7);
    BOOST_TEST(json["receipt"]["as_of"] == "2026-03-01");
}

BOOST_AUTO_TEST_CASE(the_json_of_outside_has_the_same_keys_and_the_nearest) {
    auto const json = nlohmann::ordered_json::parse(to_json(*ask(113.0301, 23.005)));
    BOOST_TEST(json["found"] == false);
    BOOST_TEST(json["grid"].is_null());
    BOOST_TEST(json["village"].is_null());
    BOOST_TEST(json["officers"].empty());
    BOOST_TEST(json["nearest"].is_null());
    BOOST_TEST(json["receipt"]["edge_distance_m"].is_null());
    auto const near = nlohmann::ordered_json::parse(to_json(*ask(113.0301, 23.005, 1)));
    BOOST_TEST(near["nearest"][0]["code"] == "440106001001002");
}

BOOST_AUTO_TEST_CASE(the_text_of_an_answer_is_one_labelled_line_for_each_fact) {
    auto const text = to_text(*ask(113.005, 23.0001), Language::english);
    BOOST_TEST(text.find("grid        440106001001001  岳洲第一网格  (comprehensive, 1089") == 0U);
    BOOST_TEST(text.find("\ntown        440106001000  五山街道\n") != std::string::npos);
    BOOST_TEST(text.find("\nofficer     Z101  (dedicated)\n") != std::string::npos);
    BOOST_TEST(text.find("\nedge        11.07 m to the nearest grid edge\n") != std::string::npos);
    BOOST_TEST(to_text(*ask(0, 0), Language::english).find("grid        outside") == 0U);
    BOOST_TEST(to_text(*ask(0, 0), Language::chinese).starts_with("网格：不在任何网格内\n"));
    auto const chinese = to_text(*ask(113.005, 23.0001), Language::chinese);
    for (std::string const part :
         {"网格：", "（综合网格，", " 平方米）\n村居：", "\n县区：", "逐级上报：", "距最近的网格边界 "}) {
        BOOST_TEST(chinese.find(part) != std::string::npos, part << " in " << chinese);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_roster_finds_the_entries_of_a_grid_whatever_order_they_came_in) {
    SmallProvince const province;
    auto const& roster = *province.roster();
    BOOST_TEST(roster.size() == 4U);
    auto const west = roster.of(test::grid(SmallProvince::kWest));
    BOOST_REQUIRE(west.size() == 3U);
    BOOST_TEST(west[0].officer_id == "Z101");
    BOOST_TEST(west[1].officer_id == "Z102");
    BOOST_TEST(west[2].officer_id == "Z300");
    BOOST_TEST(roster.of(test::grid("1")).empty());
    BOOST_TEST(roster.of(test::grid("99999")).empty());
    BOOST_TEST(DutyRoster{}.of(test::grid("1")).empty());
}
