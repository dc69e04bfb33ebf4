#include "small_province.hpp"

#include <wangge/lookup/finder.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace wangge;
using namespace wangge::lookup;
using test::SmallProvince;
namespace tt = boost::test_tools;

namespace {

using Kind = QueryGeometry::Kind;

struct Fixture {
    SmallProvince province;
    Finder finder{*province.snapshot()};
    Date as_of = test::day("2026-03-01");
    QueryFault fault;

    std::optional<FindAnswer> find(decltype(FindQuery::what) what, std::string const& crs = "EPSG:4490",
                                   Page const& page = {}) {
        fault = {};
        return finder.find({std::move(what), crs}, crs::Transformer::make(crs), as_of, page, fault);
    }
    /// Last three digits of the codes found, or the field that is wrong.
    std::string codes(decltype(FindQuery::what) what, std::string const& crs = "EPSG:4490", Page const& page = {}) {
        auto const answer = find(std::move(what), crs, page);
        if (!answer) {
            BOOST_TEST(!fault.message.empty());
            return "fault " + fault.field;
        }
        std::string text;
        for (auto const& grid : answer->grids) {
            text += (text.empty() ? "" : " ") + std::string{grid.code.str().substr(12)};
        }
        return text;
    }
    static QueryGeometry geometry(std::string const& text) {
        std::string why;
        auto found = parse_query_geometry(text, why);
        BOOST_REQUIRE_MESSAGE(found.has_value(), text << ": " << why);
        return std::move(*found);
    }
    std::string meeting(std::string const& text) { return codes(geometry(text)); }
};

std::string refusal(std::string const& text) {
    std::string why;
    auto const found = parse_query_geometry(text, why);
    BOOST_TEST(!found.has_value(), text);
    BOOST_TEST(!why.empty(), text);
    return why;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(finder, Fixture)

BOOST_AUTO_TEST_CASE(a_box_finds_what_it_touches_in_the_order_of_codes) {
    BOOST_TEST(codes(BoxQuery{113.001, 23.001, 113.002, 23.002}) == "001");
    BOOST_TEST(codes(BoxQuery{113.005, 23.005, 113.0051, 23.0051}) == "801");    // in the hole
    BOOST_TEST(codes(BoxQuery{113.003, 23.005, 113.004, 23.0051}) == "001 801"); // up to its edge
    BOOST_TEST(codes(BoxQuery{113.01, 23.01, 113.01, 23.01}) == "001 002");      // one position, a corner of both
    BOOST_TEST(codes(BoxQuery{113.0, 23.0, 113.02, 23.01}) == "001 002 801");
    BOOST_TEST(codes(BoxQuery{-180, -90, 180, 90}) == "001 002 801 001");
    BOOST_TEST(codes(BoxQuery{113.03, 23.0, 113.04, 23.01}).empty());
    BOOST_TEST(codes(BoxQuery{113.0, 23.0, 113.02, 23.01}, "EPSG:4326") == "001 002 801");
}

BOOST_AUTO_TEST_CASE(boxes_of_other_systems_are_brought_over_with_bent_sides) {
    auto const in = [&](std::string const& crs, double west, double south, double east, double north) {
        auto const transformer = crs::Transformer::make(crs);
        auto const sw = transformer.from_registry({west, south}).value();
        auto const ne = transformer.from_registry({east, north}).value();
        return codes(BoxQuery{sw.x, sw.y, ne.x, ne.y}, crs);
    };
    for (auto const* crs : {"EPSG:4526", "EPSG:3857", "GCJ02", "BD09"}) {
        BOOST_TEST(in(crs, 113.001, 23.001, 113.002, 23.002) == "001", crs);
        BOOST_TEST(in(crs, 113.001, 23.001, 113.012, 23.002) == "001 002", crs);
        BOOST_TEST(in(crs, 113.0045, 23.0045, 113.0055, 23.0055) == "801", crs);
        BOOST_TEST(in(crs, 113.022, 23.001, 113.03, 23.002) == "", crs);
    }
    // Between 112 and 115 degrees the upper side bends by hundreds of metres: it lies 0.0005 degree below the grids at
    // 113 (as at 115), but near the meridian of 114 well above 23 degrees, where Dongguan's grid begins. A straight
    // line from corner to corner would miss that too.
    auto const wide = crs::Transformer::make("EPSG:4526");
    auto const sw = wide.from_registry({112.0, 22.9}).value();
    auto const ne = wide.from_registry({115.0, 22.9995}).value();
    BOOST_TEST(codes(BoxQuery{sw.x, sw.y, ne.x, ne.y}, "EPSG:4526") == "001");
    BOOST_TEST(find(BoxQuery{sw.x, sw.y, ne.x, ne.y}, "EPSG:4526")->grids[0].code.str() == SmallProvince::kDongguan);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_box_is_said) {
    BOOST_TEST(codes(BoxQuery{113.02, 23.0, 113.0, 23.01}) == "fault bbox");
    BOOST_TEST(fault.message.find("west exceeds east") != std::string::npos);
    BOOST_TEST(codes(BoxQuery{113.0, 23.01, 113.02, 23.0}) == "fault bbox");
    BOOST_TEST(fault.message.find("south exceeds north") != std::string::npos);
    BOOST_TEST(codes(BoxQuery{23.0, 113.0, 23.01, 113.02}) == "fault bbox");
    BOOST_TEST(fault.message.find("look swapped") != std::string::npos);
    BOOST_TEST(codes(BoxQuery{113.0, 23.0, 181.0, 23.01}) == "fault bbox");
    BOOST_TEST(codes(BoxQuery{113.0, 23.0, std::nan(""), 23.01}) == "fault bbox");
    BOOST_TEST(codes(BoxQuery{113.0, 23.0, std::numeric_limits<double>::infinity(), 23.01}) == "fault bbox");
}

BOOST_AUTO_TEST_CASE(areas_lines_and_positions_find_what_they_meet) {
    BOOST_TEST(meeting("POLYGON((113.001 23.001, 113.002 23.001, 113.001 23.002, 113.001 23.001))") == "001");
    BOOST_TEST(meeting("POLYGON((113.009 23.001, 113.011 23.001, 113.009 23.002, 113.009 23.001))") == "001 002");
    // A frame whose hole holds the mall and all of its edge.
    BOOST_TEST(meeting("POLYGON((112.9 22.9, 113.1 22.9, 113.1 23.1, 112.9 23.1, 112.9 22.9),"
                       "(113.003 23.003, 113.003 23.007, 113.007 23.007, 113.007 23.003, 113.003 23.003))") ==
               "001 002");
    BOOST_TEST(meeting("MULTIPOLYGON(((113.015 23.001, 113.016 23.001, 113.015 23.002, 113.015 23.001)),"
                       "((113.705 23.001, 113.706 23.001, 113.705 23.002, 113.705 23.001)))") == "002 001");
    BOOST_TEST(meeting("LINESTRING(113.005 23.005, 113.015 23.005)") == "001 002 801");
    BOOST_TEST(meeting("multilinestring ((113.005 23.005, 113.0051 23.005), (113.015 23.005, 113.016 23.005))") ==
               "002 801");
    BOOST_TEST(meeting("MULTILINESTRING((113.015 23.005, 113.016 23.005), (113.017 23.005, 113.018 23.005))") == "002");
    BOOST_TEST(meeting("POINT(113.005 23.005)") == "801");
    BOOST_TEST(meeting("POINT(113.01 23.005)") == "001 002");
    BOOST_TEST(meeting("POINT(113.03 23.005)").empty());
    BOOST_TEST(
        meeting(
            R"({"type":"Polygon","coordinates":[[[113.001,23.001],[113.002,23.001],[113.001,23.002],[113.001,23.001]]]})") ==
        "001");
    BOOST_TEST(
        meeting(
            R"( {"type":"Feature","properties":null,"geometry":{"type":"LineString","coordinates":[[113.005,23.005,7],[113.015,23.005,8]]}})") ==
        "001 002 801");
    BOOST_TEST(
        meeting(
            R"({"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[113.005,23.005]}}]})") ==
        "801");
}

BOOST_AUTO_TEST_CASE(an_area_that_is_not_valid_or_not_there_is_a_fault_of_the_geometry) {
    BOOST_TEST(meeting("POLYGON((113 23, 113.01 23.01, 113.01 23, 113 23.01, 113 23))") == "fault geometry");
    BOOST_TEST(fault.message.find("Self-intersection") != std::string::npos);
    BOOST_TEST(meeting("POLYGON((113 23, 113.00000001 23, 113 23.00000001, 113 23))") ==
               "fault geometry"); // nothing on the lattice
    BOOST_TEST(meeting("POLYGON((23 113, 23.01 113, 23 113.01, 23 113))") == "fault geometry");
    BOOST_TEST(fault.message.find("look swapped") != std::string::npos);
    BOOST_TEST(meeting("LINESTRING(113 23, 113 91)") == "fault geometry");
}

BOOST_AUTO_TEST_CASE(near_a_position_the_owner_comes_first_with_its_distances) {
    auto const nearest = find(NearQuery{113.005, 23.0059, std::nullopt, 3});
    BOOST_REQUIRE(nearest);
    BOOST_REQUIRE(nearest->grids.size() == 3U);
    BOOST_TEST(nearest->grids[0].code.str() == SmallProvince::kMall);
    BOOST_TEST(nearest->grids[0].distance_m.value() == 0.0);
    BOOST_TEST(nearest->grids[1].code.str() == SmallProvince::kWest);
    BOOST_TEST(nearest->grids[1].distance_m.value() == 11.0744, tt::tolerance(1e-4)); // 1e-4 degree to the north
    BOOST_TEST(nearest->grids[2].code.str() == SmallProvince::kEast);
    BOOST_TEST(nearest->grids[2].distance_m.value() == 512.594, tt::tolerance(1e-4)); // 0.005 degree to the east
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 12.0, std::nullopt}) == "801 001");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 11.0, std::nullopt}) == "801");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 0.0, std::nullopt}) == "801");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 50000.0, std::nullopt}) == "801 001 002"); // Dongguan is 70 km off
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, std::nullopt, 1000}) == "801 001 002");
    BOOST_TEST(!find(BoxQuery{113.0, 23.0, 113.02, 23.01})->grids[0].distance_m.has_value());
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, -1.0, std::nullopt}) == "fault within");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, std::nan(""), std::nullopt}) == "fault within");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 50001.0, std::nullopt}) == "fault within");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, std::nullopt, 0}) == "fault nearest");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, std::nullopt, 1001}) == "fault nearest");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, std::nullopt, std::nullopt}) == "fault near");
    BOOST_TEST(codes(NearQuery{113.005, 23.0059, 5.0, 5}) == "fault near");
    BOOST_TEST(codes(NearQuery{23.0059, 113.005, 5.0, std::nullopt}) == "fault near");
}

BOOST_AUTO_TEST_CASE(pages_follow_one_another_and_leave_nothing_out) {
    for (std::size_t limit = 1; limit <= 5; ++limit) {
        for (bool const near : {false, true}) {
            std::vector<std::string> codes;
            Page page{limit, std::nullopt};
            for (std::size_t pages = 1;; ++pages) {
                auto const answer = near ? find(NearQuery{113.005, 23.005, 50000.0, std::nullopt}, "EPSG:4490", page)
                                         : find(BoxQuery{113, 23, 114, 24}, "EPSG:4490", page);
                BOOST_REQUIRE(answer);
                BOOST_TEST(answer->matched == (near ? 3U : 4U));
                BOOST_TEST(answer->grids.size() <= limit);
                for (auto const& grid : answer->grids) {
                    codes.emplace_back(grid.code.str());
                }
                if (!answer->next) {
                    BOOST_TEST(pages == (answer->matched + limit - 1) / limit); // none after the last grid
                    break;
                }
                page.after = answer->next;
            }
            std::vector<std::string> const by_code{"440106001001001", "440106001001002", "440106001001801",
                                                   "441900003001001"};
            std::vector<std::string> const by_distance{"440106001001801", "440106001001001", "440106001001002"};
            BOOST_TEST(codes == (near ? by_distance : by_code), tt::per_element());
        }
    }
    BOOST_TEST(codes(BoxQuery{113, 23, 113.02, 23.01}, "EPSG:4490", {9, test::grid(SmallProvince::kDongguan)}) ==
               "fault after");
}

BOOST_AUTO_TEST_CASE(the_json_has_the_keys_of_the_documentation_and_the_text_a_line_for_each_grid) {
    auto const answer = find(NearQuery{113.005, 23.0059, 12.0, std::nullopt}, "EPSG:4490", {1, std::nullopt});
    auto const json = nlohmann::ordered_json::parse(to_json(*answer));
    BOOST_TEST(json["matched"] == 2);
    BOOST_TEST(json["grids"].size() == 1U);
    BOOST_TEST(json["grids"][0].dump() ==
               R"({"code":"440106001001801","name":"岳洲商场","kind":"dedicated","area_m2":)" +
                   json["grids"][0]["area_m2"].dump() +
                   R"(,"village":{"code":"440106001001","name":"岳洲社区居委会"},"distance_m":0.0})");
    BOOST_TEST(json["next"] == "440106001001801");
    BOOST_TEST(json["receipt"]["generation"] == 7);
    BOOST_TEST(json["receipt"]["as_of"] == "2026-03-01");
    BOOST_TEST(json["receipt"]["crs"] == "EPSG:4490");
    BOOST_TEST(
        !nlohmann::json::parse(to_json(*find(BoxQuery{113, 23, 113.02, 23.01})))["grids"][0].contains("distance_m"));
    BOOST_TEST(to_text(*find(NearQuery{113.005, 23.0059, 12.0, std::nullopt}), Language::chinese)
                   .starts_with("440106001001801  岳洲商场  属 440106001001 岳洲社区居委会  0.00 米\n"
                                "440106001001001  岳洲第一网格  属 440106001001 岳洲社区居委会  11.07 米\n"
                                "共 2 个网格；第 7 版，2026-03-01 当日，快照 "));
    BOOST_TEST(to_text(*find(NearQuery{113.005, 23.0059, 12.0, std::nullopt}), Language::english)
                   .starts_with(
                       "440106001001801  岳洲商场  in 440106001001 岳洲社区居委会  0.00 m\n"
                       "440106001001001  岳洲第一网格  in 440106001001 岳洲社区居委会  11.07 m\n2 grids; generation 7, "
                       "as of 2026-03-01, snapshot "));
}

BOOST_AUTO_TEST_CASE(texts_that_are_no_geometry_are_refused_with_the_reason) {
    BOOST_TEST(refusal("").find("neither GeoJSON nor WKT") != std::string::npos);
    BOOST_TEST(refusal("hello").find("neither") != std::string::npos);
    BOOST_TEST(refusal("{").find("not JSON") != std::string::npos);
    BOOST_TEST(refusal("{}").find("'type'") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Polygon"})").find("'coordinates'") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Polygon","coordinates":7})").find("not a list") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Polygon","coordinates":[]})").find("no ring") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"MultiPolygon","coordinates":[]})").find("empty") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Polygon","coordinates":[[[1,2],[3,4],[5,7],[1,2.5]]]})").find("not closed") !=
               std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]})").find("fewer than four") !=
               std::string::npos);
    BOOST_TEST(refusal(R"({"type":"LineString","coordinates":[[1,2]]})").find("fewer than two") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Point","coordinates":["1",2]})").find("[longitude, latitude]") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Point","coordinates":[1]})").find("[longitude, latitude]") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"GeometryCollection","geometries":[]})").find("is not accepted") !=
               std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Point","coordinates":[1,2],"crs":{}})").find("'crs'") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"FeatureCollection","features":[]})").find("0 features") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Feature","geometry":null})").find("no geometry") != std::string::npos);
    BOOST_TEST(refusal(R"({"type":"Feature","geometry":{"type":"Feature"}})").find("no geometry") != std::string::npos);
    BOOST_TEST(refusal("POINT EMPTY").find("empty") != std::string::npos);
    BOOST_TEST(refusal("POINT(1)").find("lacks a number") != std::string::npos);
    BOOST_TEST(refusal("POINT(1 2, 3 4)").find("one position") != std::string::npos);
    BOOST_TEST(refusal("POINT(1 2").find("lacks a ')'") != std::string::npos);
    BOOST_TEST(refusal("POINT(1 2) x").find("behind") != std::string::npos);
    BOOST_TEST(refusal("SRID=4490;POINT(1 2)").find("neither") != std::string::npos);
    BOOST_TEST(refusal("POINT Q (1 2)").find("'Q'") != std::string::npos);
    BOOST_TEST(refusal("POLYGON((1 2, 3 4, 5 6, 1 3))").find("not closed") != std::string::npos);
    BOOST_TEST(refusal(std::string(100000, '[')).find("neither") != std::string::npos);
    BOOST_TEST(!refusal("{\"a\":" + std::string(100000, '[')).empty());
    auto const with_heights = geometry("POLYGON ZM ((1 2 3 4, 3 4 5 6, 5 7 8 9, 1 2 3 4))");
    BOOST_TEST(with_heights.parts[0].chains[0].size() == 4U);
    BOOST_TEST(with_heights.parts[0].chains[0][1].y == 4.0);
    BOOST_TEST((with_heights.kind == Kind::area));
}

BOOST_AUTO_TEST_SUITE_END()
