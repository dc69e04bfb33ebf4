#include "fixed_states.hpp"
#include "router.hpp"
#include "transformer_cache.hpp"

#include <boost/test/unit_test.hpp>
#include <lookup/address_town.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace wangge;
using namespace wangge::http;
using test::SmallProvince;

namespace {

struct Fixture {
    SmallProvince province;
    test::FixedStates states{province};
    Router router{states};

    Reply ask(std::string const& target, std::string const& method = "GET", std::string const& sent = {}) {
        return router(Request{method, target, sent}, Waiting::allowed).value();
    }
    static nlohmann::json body(Reply const& reply) { return nlohmann::json::parse(reply.body); }
    /// "status field" of a problem document.
    std::string refusal(std::string const& target, std::string const& method = "GET", std::string const& sent = {}) {
        auto const reply = ask(target, method, sent);
        BOOST_TEST(reply.content_type == "application/problem+json");
        auto const document = body(reply);
        BOOST_TEST(document["status"] == reply.status);
        BOOST_TEST(document["type"].get<std::string>().starts_with("urn:wangge:problem:"));
        BOOST_TEST(!document["title"].get<std::string>().empty());
        BOOST_TEST(!document["detail"].get<std::string>().empty());
        return std::to_string(reply.status) + " " + document.value("field", "-");
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(endpoints, Fixture)

BOOST_AUTO_TEST_CASE(locate_answers_with_grid_officer_and_receipt) {
    auto const reply = ask("/v1/locate?lon=113.002&lat=23.002&as_of=2026-03-01");
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(reply.content_type == "application/json");
    auto const json = body(reply);
    BOOST_TEST(json["grid"]["code"] == SmallProvince::kWest);
    BOOST_TEST(json["officers"][0]["officer_id"] == "Z101");
    BOOST_TEST(json["receipt"]["as_of"] == "2026-03-01");
    BOOST_TEST(json["receipt"]["crs"] == "EPSG:4490");
}

BOOST_AUTO_TEST_CASE(without_as_of_it_is_today) {
    auto const before = Date::today().str();
    auto const as_of = body(ask("/v1/locate?lon=0&lat=0"))["receipt"]["as_of"].get<std::string>();
    BOOST_TEST((as_of == before || as_of == Date::today().str()));
}

BOOST_AUTO_TEST_CASE(known_at_names_a_published_generation_and_is_handed_on) {
    for (std::string const target : {"/v1/locate?lon=113.002&lat=23.002", "/v1/grids/440106001001001?as_of=2026-03-01",
                                     "/v1/grids?bbox=113,23,114,24", "/v1/grids?near=113.002,23.002&k=1"}) {
        BOOST_TEST_CONTEXT(target) {
            auto const joined = target + (target.find('?') == std::string::npos ? "?" : "&");
            BOOST_TEST(ask(joined + "known_at=3").status == 200U);
            BOOST_TEST((states.last_asked.known_at == GenerationNumber{3}));
            BOOST_TEST(ask(target).status == 200U);
            BOOST_TEST(!states.last_asked.known_at.has_value());
            BOOST_TEST(ask(joined + "known_at=7").status == 200U); // the newest one
            BOOST_TEST(refusal(joined + "known_at=8") == "404 known_at");
            BOOST_TEST(refusal(joined + "known_at=0") == "400 known_at");
            BOOST_TEST(refusal(joined + "known_at=-1") == "400 known_at");
            BOOST_TEST(refusal(joined + "known_at=x") == "400 known_at");
            BOOST_TEST(refusal(joined + "known_at=") == "400 known_at");
            BOOST_TEST(refusal(joined + "known_at=99999999999999999999") == "400 known_at");
        }
    }
    auto const area = R"({"type": "Point", "coordinates": [113.002, 23.002]})";
    BOOST_TEST(ask("/v1/grids/intersecting?known_at=2", "POST", area).status == 200U);
    BOOST_TEST((states.last_asked.known_at == GenerationNumber{2}));
}

BOOST_AUTO_TEST_CASE(outside_is_an_answer_with_the_nearest_on_request) {
    auto const plain = body(ask("/v1/locate?lon=113.0301&lat=23.005"));
    BOOST_TEST(plain["found"] == false);
    BOOST_TEST(plain["nearest"].is_null());
    BOOST_TEST(body(ask("/v1/locate?lon=113.0301&lat=23.005&nearest=1"))["nearest"][0]["code"] == SmallProvince::kEast);
    BOOST_TEST(body(ask("/v1/locate?lon=113.0301&lat=23.005&nearest=9"))["nearest"].size() == 3U);
    BOOST_TEST(body(ask("/v1/locate?lon=113.0301&lat=23.005&nearest=0"))["nearest"].is_null());
}

BOOST_AUTO_TEST_CASE(a_wrong_parameter_is_named) {
    BOOST_TEST(refusal("/v1/locate?lat=23") == "400 lon");
    BOOST_TEST(refusal("/v1/locate?lon=113") == "400 lat");
    BOOST_TEST(refusal("/v1/locate") == "400 lon");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&lon=113") == "400 lon");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&latitude=23") == "400 latitude");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&nearest=yes") == "400 nearest");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&as_of=2026-02-30") == "400 as_of");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&as_of=") == "400 as_of");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&crs=") == "400 crs");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&crs=EPSG%3A999999") == "400 crs");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&crs=EPSG:4214") == "400 crs"); // Beijing54: no known transformation
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&crs=" + std::string(500, 'A')) == "400 crs");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&crs=%ff") == "400 crs");
    BOOST_TEST(refusal("/v1/grids/440106001001001?lon=1") == "400 lon");
    BOOST_TEST(refusal("/healthz?x=1") == "400 x");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_is_a_fault_of_its_field) {
    for (auto const* bad :
         {"nan", "inf", "0x10", "1e400", "113.3abc", "+113", "%2B113", "", "%E4%B8%AD", "113,3", "%00"}) {
        BOOST_TEST(refusal(std::string{"/v1/locate?lat=23&lon="} + bad) == "400 lon", bad);
        BOOST_TEST(refusal(std::string{"/v1/locate?lon=113&lat="} + bad) == "400 lat", bad);
    }
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=91") == "400 lat");
    BOOST_TEST(refusal("/v1/locate?lon=181&lat=23") == "400 lon");
    BOOST_TEST(refusal("/v1/locate?lon=23.1&lat=113.2") == "400 lon,lat");
}

BOOST_AUTO_TEST_CASE(a_grid_is_found_by_its_code) {
    auto const json = body(ask("/v1/grids/440106001001801"));
    BOOST_TEST(json["found"] == true);
    BOOST_TEST(json["grid"]["kind"] == "dedicated");
    BOOST_TEST(json["town"]["name"] == "五山街道");
    BOOST_TEST(json["receipt"]["generation"] == 7);
    BOOST_TEST(refusal("/v1/grids/440106001001999") == "404 code");
    BOOST_TEST(refusal("/v1/grids/44010600100199x") == "400 code");
    BOOST_TEST(refusal("/v1/grids/%zz") == "400 code");
    BOOST_TEST(refusal("/v1/grids/123456789012345678901") == "400 code");
}

BOOST_AUTO_TEST_CASE(paths_and_methods_that_are_not_there_say_so) {
    for (auto const* path : {"/", "/v1", "/v1/locate/", "/v1/grids/", "/v1/grids/1/2", "/v1/grids/intersecting/",
                             "/V1/locate", "", "*", "//healthz"}) {
        BOOST_TEST(refusal(path) == "404 -", path);
    }
    auto const reply = ask("/v1/locate?lon=113&lat=23", "POST");
    BOOST_TEST(reply.status == 405U);
    BOOST_TEST(reply.allow == "GET, HEAD");
    BOOST_TEST(ask("/healthz", "get").status == 405U);
    BOOST_TEST(ask("/healthz", "HEAD").status == 200U);
}

BOOST_AUTO_TEST_CASE(grids_are_found_by_box_and_near_a_position) {
    auto const codes = [&](std::string const& target) {
        std::string found;
        auto const json = body(ask(target));
        for (auto const& grid : json["grids"]) {
            found += grid["code"].get<std::string>().substr(12) + " ";
        }
        return found;
    };
    BOOST_TEST(codes("/v1/grids?bbox=113,23,113.02,23.01") == "001 002 801 ");
    BOOST_TEST(codes("/v1/grids?bbox=113.005%2C23.005%2C113.0051%2C23.0051") == "801 ");
    BOOST_TEST(codes("/v1/grids?bbox=113,23,113.02,23.01&limit=2") == "001 002 ");
    BOOST_TEST(body(ask("/v1/grids?bbox=113,23,113.02,23.01&limit=2"))["next"] == SmallProvince::kEast);
    BOOST_TEST(codes("/v1/grids?bbox=113,23,113.02,23.01&limit=2&after=440106001001002") == "801 ");
    BOOST_TEST(codes("/v1/grids?near=113.005,23.0059&k=2") == "801 001 ");
    BOOST_TEST(codes("/v1/grids?near=113.005,23.0059&within=600") == "801 001 002 ");
    BOOST_TEST(codes("/v1/grids?near=113.005,23.0059&within=600&limit=1&after=440106001001801") == "001 ");
    BOOST_TEST(codes("/v1/grids?bbox=113,23,114,24&as_of=1999-12-31").empty());
    BOOST_TEST(body(ask("/v1/grids?near=113.005,23.0059&k=1"))["grids"][0]["distance_m"] == 0.0);
    BOOST_TEST(body(ask("/v1/grids?bbox=113,23,114,24"))["receipt"]["generation"] == 7);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_search_is_named) {
    BOOST_TEST(refusal("/v1/grids") == "400 bbox");
    BOOST_TEST(refusal("/v1/grids?bbox=1,2,3,4&near=1,2&k=1") == "400 bbox");
    for (auto const* bad : {"", "1", "113,23,114", "113,23,114,24,25", "113,23,114,", "113,,114,24", "113,23,114,x",
                            "113 23 114 24", "nan,23,114,24", "114,23,113,24", "23,113,24,114", "113,23,114,95"}) {
        BOOST_TEST(refusal(std::string{"/v1/grids?bbox="} + bad) == "400 bbox", bad);
    }
    for (auto const* bad : {"", "113", "113,23,1", "x,23", "23.1,113.2"}) {
        BOOST_TEST(refusal(std::string{"/v1/grids?k=1&near="} + bad) == "400 near", bad);
    }
    BOOST_TEST(refusal("/v1/grids?near=113,23") == "400 k");
    BOOST_TEST(refusal("/v1/grids?near=113,23&k=1&within=5") == "400 k");
    for (auto const* bad : {"0", "1001", "-1", "x", "", "1.5", "99999999999999999999"}) {
        BOOST_TEST(refusal(std::string{"/v1/grids?near=113,23&k="} + bad) == "400 k", bad);
    }
    for (auto const* bad : {"-1", "50001", "x", "", "inf"}) {
        BOOST_TEST(refusal(std::string{"/v1/grids?near=113,23&within="} + bad) == "400 within", bad);
    }
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&k=1") == "400 k");
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&within=1") == "400 within");
    BOOST_TEST(refusal("/v1/grids?near=113,23&k=1&limit=5") == "400 limit");
    BOOST_TEST(refusal("/v1/grids?near=113,23&k=1&after=440106001001001") == "400 after");
    for (auto const* bad : {"0", "10001", "x", ""}) {
        BOOST_TEST(refusal(std::string{"/v1/grids?bbox=113,23,114,24&limit="} + bad) == "400 limit", bad);
    }
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&after=x") == "400 after");
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&after=440106001001999") == "400 after");
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&crs=EPSG:4214") == "400 crs");
    BOOST_TEST(refusal("/v1/grids?bbox=113,23,114,24&as_of=x") == "400 as_of");
    BOOST_TEST(refusal("/v1/grids?box=113,23,114,24") == "400 box");
    BOOST_TEST(refusal("/v1/locate?lon=113&lat=23&nearest=1001") == "400 nearest");
}

BOOST_AUTO_TEST_CASE(grids_are_found_by_the_geometry_of_a_body) {
    std::string const path = "/v1/grids/intersecting";
    auto const area =
        R"({"type":"Polygon","coordinates":[[[113.009,23.001],[113.011,23.001],[113.009,23.002],[113.009,23.001]]]})";
    auto const json = body(ask(path + "?limit=1", "POST", area));
    BOOST_TEST(json["matched"] == 2);
    BOOST_TEST(json["grids"][0]["code"] == SmallProvince::kWest);
    BOOST_TEST(json["next"] == SmallProvince::kWest);
    BOOST_TEST(body(ask(path, "POST", R"({"type":"Point","coordinates":[113.005,23.005]})"))["grids"][0]["code"] ==
               SmallProvince::kMall);
    BOOST_TEST(refusal(path, "POST") == "400 geometry");
    BOOST_TEST(refusal(path, "POST", "POINT(113 23)") == "400 geometry");
    BOOST_TEST(refusal(path, "POST", "{}") == "400 geometry");
    BOOST_TEST(refusal(path, "POST", R"({"type":"Point","coordinates":[23.1,113.2]})") == "400 geometry");
    BOOST_TEST(refusal(path + "?bbox=1,2,3,4", "POST", area) == "400 bbox");
    BOOST_TEST(refusal(path + "?crs=x", "POST", area) == "400 crs");
    BOOST_TEST(refusal(path + "?limit=0", "POST", area) == "400 limit");
    BOOST_TEST(refusal(path) == "405 -");
    BOOST_TEST(ask(path).allow == "POST");
    // A long one is not read where others wait for their answers.
    std::string const padded = area + std::string(70'000, ' ');
    BOOST_TEST(!router(Request{"POST", path, padded}, Waiting::no).has_value());
    BOOST_TEST(router(Request{"POST", path, area}, Waiting::no).has_value());
    BOOST_TEST(body(ask(path, "POST", padded))["matched"] == 2);
}

BOOST_AUTO_TEST_CASE(ready_says_which_state_and_before_a_publish_what_to_do) {
    auto const json = body(ask("/readyz"));
    BOOST_TEST(json["generation"] == 7);
    BOOST_TEST(json["grids"] == 4);
    BOOST_TEST(json["as_of"] == Date::today().str());
    states.published = false;
    for (auto const* target :
         {"/readyz", "/v1/locate?lon=113&lat=23", "/v1/grids/440106001001001", "/v1/grids?bbox=113,23,114,24"}) {
        auto const reply = ask(target);
        BOOST_TEST(reply.status == 503U, target);
        BOOST_TEST(reply.retry_after_s > 0U);
        BOOST_TEST(reply.body.find("publish") != std::string::npos);
    }
    BOOST_TEST(ask("/healthz").status == 200U);
    BOOST_TEST(refusal("/v1/locate?lon=nan&lat=23") == "400 lon");
}

BOOST_AUTO_TEST_CASE(a_date_before_anything_was_in_force_is_outside_and_is_waited_for_elsewhere) {
    Request const request{"GET", "/v1/locate?lon=113.002&lat=23.002&as_of=1999-12-31", {}};
    BOOST_TEST(!router(request, Waiting::no).has_value());
    BOOST_TEST(states.obtained == 0);
    auto const reply = router(request, Waiting::allowed);
    BOOST_REQUIRE(reply);
    BOOST_TEST(reply->status == 200U);
    BOOST_TEST(body(*reply)["found"] == false);
    BOOST_TEST(body(*reply)["receipt"]["as_of"] == "1999-12-31");
    BOOST_TEST(refusal("/v1/grids/440106001001001?as_of=1999-12-31") == "404 code");
}

BOOST_AUTO_TEST_CASE(what_fails_inside_is_a_problem_without_internals) {
    auto const* const target = "/v1/locate?lon=113&lat=23&as_of=1999-12-31";
    states.on_obtain = [] { throw Error{ErrorCode::corrupt, "/secret/place: bad checksum"}; };
    auto const failed = ask(target);
    BOOST_TEST(failed.status == 500U);
    BOOST_TEST(failed.body.find("secret") == std::string::npos);
    states.on_obtain = [] { throw std::runtime_error{"secret"}; };
    BOOST_TEST(ask(target).status == 500U);
    states.on_obtain = [] { throw Error{ErrorCode::conflict, "/secret is locked"}; };
    auto const busy = ask(target);
    BOOST_TEST(busy.status == 503U);
    BOOST_TEST(busy.retry_after_s > 0U);
    BOOST_TEST(busy.body.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(transformer_cache)

BOOST_AUTO_TEST_CASE(names_written_differently_share_a_transformer_and_unknown_ones_leave_nothing) {
    TransformerCache cache;
    BOOST_TEST(cache.get("EPSG:4547").name() == "EPSG:4547");
    BOOST_TEST(cache.get("epsg:4547").name() == "EPSG:4547");
    BOOST_TEST(cache.size() == 1U);
    BOOST_CHECK_THROW(cache.get("EPSG:999999"), Error);
    BOOST_TEST(cache.size() == 1U);
    for (int code = 4534; code <= 4554; ++code) { // CGCS2000 3-degree zones: more than it keeps
        BOOST_TEST(cache.get("EPSG:" + std::to_string(code)).name() == "EPSG:" + std::to_string(code));
    }
    BOOST_TEST(cache.size() == TransformerCache::kCapacity);
    BOOST_TEST(cache.get("EPSG:4534").name() == "EPSG:4534");
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A state of the small town with its addresses.
class TownStates final : public States {
public:
    std::optional<Served> find(Asked const&) override {
        return Served{town.snapshot(), town.roster(), with_addresses ? pool : nullptr};
    }
    Served obtain(Asked const& asked) override { return *find(asked); }
    std::shared_ptr<snapshot::Snapshot const> current() override { return town.snapshot(); }

    test::AddressTown town;
    std::shared_ptr<lookup::GeocoderPool> pool = std::make_shared<lookup::GeocoderPool>(town.snapshot(), town.index());
    bool with_addresses = true;
};

struct AddressFixture {
    TownStates states;
    Router router{states};
    Reply ask(std::string const& target, std::string const& method = "GET", std::string const& sent = {}) {
        return router(Request{method, target, sent}, Waiting::allowed).value();
    }
    static nlohmann::json body(Reply const& reply) { return nlohmann::json::parse(reply.body); }
    std::string refusal(std::string const& target, std::string const& method = "GET", std::string const& sent = {}) {
        auto const reply = ask(target, method, sent);
        BOOST_TEST(reply.content_type == "application/problem+json");
        return std::to_string(reply.status) + " " + body(reply).value("field", "-");
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(address_endpoints, AddressFixture)

BOOST_AUTO_TEST_CASE(an_address_is_answered_with_its_grid) {
    auto const reply =
        ask("/v1/address?q=%E8%8D%94%E6%B9%BE%E5%8C%BA%E6%8C%AF%E5%85%B4%E8%B7%AF3%E5%8F%B7"); // 荔湾区振兴路3号
    BOOST_TEST(reply.status == 200U);
    auto const json = body(reply);
    BOOST_TEST(json["outcome"] == "determined");
    BOOST_TEST(json["grid"]["code"] == test::AddressTown::kWest);
}

BOOST_AUTO_TEST_CASE(many_addresses_come_as_an_array_or_as_lines) {
    auto const array = ask("/v1/address", "POST", R"(["荔湾区振兴路3号", "广州市振兴路3号"])");
    BOOST_TEST(array.status == 200U);
    auto const json = body(array);
    BOOST_TEST_REQUIRE(json.size() == 2U);
    BOOST_TEST(json[0]["outcome"] == "determined");
    BOOST_TEST(json[1]["outcome"] == "undetermined");
    auto const lines = ask("/v1/address", "POST", "荔湾区振兴路3号\r\n\n广州市振兴路3号\n");
    BOOST_TEST(lines.content_type == "application/x-ndjson");
    BOOST_TEST(std::count(lines.body.begin(), lines.body.end(), '\n') == 3);
    BOOST_TEST(nlohmann::json::parse(lines.body.substr(0, lines.body.find('\n'))) == json[0]);
    BOOST_TEST(body(ask("/v1/address", "POST", "[]")).empty());
}

BOOST_AUTO_TEST_CASE(many_addresses_wait_their_turn) {
    std::string many;
    for (int i = 0; i < 17; ++i) {
        many += "荔湾区振兴路3号\n";
    }
    BOOST_TEST(!router(Request{"POST", "/v1/address", many}, Waiting::no).has_value());
    BOOST_TEST(router(Request{"POST", "/v1/address", many.substr(0, many.size() / 17)}, Waiting::no).has_value());
    BOOST_TEST(Router::body_limit(Request{"POST", "/v1/address", ""}) == AddressEndpoint::kBodyLimit);
    BOOST_TEST(Router::body_limit(Request{"GET", "/v1/address", ""}) == 0U);
}

BOOST_AUTO_TEST_CASE(malformed_requests_for_addresses_are_refused) {
    BOOST_TEST(refusal("/v1/address") == "400 q");
    BOOST_TEST(refusal("/v1/address?q=") == "400 q");
    BOOST_TEST(refusal("/v1/address?q=" + std::string(1025, 'a')) == "400 q");
    BOOST_TEST(refusal("/v1/address?q=a&x=1") == "400 x");
    BOOST_TEST(refusal("/v1/address", "POST") == "400 body");
    BOOST_TEST(refusal("/v1/address", "POST", "[1]") == "400 body");
    BOOST_TEST(refusal("/v1/address", "POST", "[\"a\"") == "400 body");
    BOOST_TEST(refusal("/v1/address", "POST", std::string(2001, '\n')) == "400 body");
    BOOST_TEST(refusal("/v1/address/suggest?q=a&limit=0") == "400 limit");
    BOOST_TEST(refusal("/v1/address/near?lon=113.2") == "400 lat");
    BOOST_TEST(refusal("/v1/address/near?lon=23.1&lat=113.2") == "400 lon,lat");
    BOOST_TEST(refusal("/v1/address/suggest?q=a", "POST") == "405 -");
    BOOST_TEST(ask("/v1/address", "PUT").allow == "GET, HEAD, POST");
    states.with_addresses = false;
    BOOST_TEST(refusal("/v1/address?q=a") == "404 -");
    BOOST_TEST(refusal("/v1/address/near?lon=113.2&lat=23.1") == "404 -");
}

BOOST_AUTO_TEST_CASE(each_bad_parameter_of_the_address_endpoints_is_named) {
    for (std::string const path : {"/v1/address?", "/v1/address/suggest?", "/v1/address/near?lon=113.2&lat=23.1&"}) {
        std::string const rest = path.find("near") == std::string::npos ? "&q=a" : "";
        BOOST_TEST(refusal(path + "as_of=2026-02-30" + rest) == "400 as_of");
        BOOST_TEST(refusal(path + "as_of=" + rest) == "400 as_of");
        BOOST_TEST(refusal(path + "known_at=0" + rest) == "400 known_at");
        BOOST_TEST(refusal(path + "known_at=-1" + rest) == "400 known_at");
        BOOST_TEST(refusal(path + "known_at=1.5" + rest) == "400 known_at");
        BOOST_TEST(refusal(path + "known_at=99999999999999999999" + rest) == "400 known_at");
        BOOST_TEST(refusal(path + "known_at=1&known_at=1" + rest) == "400 known_at");
        BOOST_TEST(refusal(path + "nearest=1" + rest) == "400 nearest");
        BOOST_TEST(refusal(path + "as_of" + rest) == "400 as_of");
    }
    for (std::string const path : {"/v1/address?", "/v1/address/suggest?"}) {
        BOOST_TEST(refusal(path) == "400 q");
        BOOST_TEST(refusal(path + "q=a&q=b") == "400 q");
        BOOST_TEST(refusal(path + "q=%E8%8D") == "400 q");
        BOOST_TEST(refusal(path + "q=%zz") == "400 q");
        BOOST_TEST(refusal(path + "q=a%00b") == "400 q");
        BOOST_TEST(refusal(path + "q=" + std::string(1025, 'a')) == "400 q");
        BOOST_TEST(ask(path + "q=" + std::string(1024, 'a')).status == 200U);
    }
    for (std::string const limit : {"0", "51", "-1", "", "ten", "1e1", "%2B5"}) {
        BOOST_TEST(refusal("/v1/address/suggest?q=a&limit=" + limit) == "400 limit");
    }
    BOOST_TEST(ask("/v1/address/suggest?q=a&limit=50").status == 200U);
    BOOST_TEST(refusal("/v1/address?q=a&limit=5") == "400 limit");
    BOOST_TEST(refusal("/v1/address/suggest?q=a&k=5") == "400 k");
    std::string const near = "/v1/address/near?";
    for (std::string const k : {"0", "101", "1.0", "nan"}) {
        BOOST_TEST(refusal(near + "lon=113.2&lat=23.1&k=" + k) == "400 k");
    }
    BOOST_TEST(ask(near + "lon=113.2&lat=23.1&k=100").status == 200U);
    BOOST_TEST(refusal(near) == "400 lon");
    BOOST_TEST(refusal(near + "lat=23.1") == "400 lon");
    BOOST_TEST(refusal(near + "lon=x&lat=23.1") == "400 lon");
    BOOST_TEST(refusal(near + "lon=113.2&lat=inf") == "400 lat");
    BOOST_TEST(refusal(near + "lon=113.2&lat=91") == "400 lat");
    BOOST_TEST(refusal(near + "lon=113.2&lat=23.1&crs=EPSG:99999") == "400 crs");
    BOOST_TEST(refusal(near + "lon=113.2&lat=23.1&crs=") == "400 crs");
    BOOST_TEST(refusal(near + "lon=113.2&lat=23.1&crs=EPSG:4610") == "400 crs"); // Xian80 without parameters
    BOOST_TEST(refusal(near + "lon=113.2&lat=23.1&q=a") == "400 q");
    BOOST_TEST(refusal("/v1/address?q=a", "POST", "荔湾区") == "400 q");
    BOOST_TEST(refusal("/v1/address/near?lon=113.2&lat=23.1", "POST") == "405 -");
    states.with_addresses = false;
    for (std::string const path :
         {"/v1/address?q=a", "/v1/address/suggest?q=a", "/v1/address/near?lon=113.2&lat=23.1"}) {
        BOOST_TEST(body(ask(path))["type"] == "urn:wangge:problem:no-addresses");
    }
    BOOST_TEST(refusal("/v1/address", "POST", "荔湾区") == "404 -");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_list_of_texts_says_where_it_breaks) {
    auto const why = [&](std::string const& sent) {
        BOOST_TEST(refusal("/v1/address", "POST", sent) == "400 body");
        return body(ask("/v1/address", "POST", sent))["detail"].get<std::string>();
    };
    auto const says = [&](std::string const& sent, std::string_view part) {
        auto const detail = why(sent);
        BOOST_TEST((detail.find(part) != std::string::npos), detail);
    };
    says("", "empty");
    says(" \r\n\t", "empty");
    says("\xef\xbb\xbf", "empty");
    says(R"({"addresses": ["荔湾区"]})", "no JSON array");
    says(R"("荔湾区")", "no JSON array");
    says(R"(["荔湾区", null])", "element 1 of the array is no text");
    says(R"(["荔湾区", ["天河区"]])", "element 1 of the array is no text");
    says(R"(["荔湾区", {"q": "天河区"}])", "element 1 of the array is no text");
    says(R"(["荔湾区", "天河区")", "breaks at byte");
    says(R"(["荔湾区"] x)", "breaks at byte");
    says("[\"\xff\"]", "breaks at byte 3");
    says(R"(["\ud800"])", "breaks at byte");
    says(std::string(1'000'000, '['), "element 0 of the array is no text"); // no depth that could break it
    std::string many = "[\"\"";
    for (std::size_t i = 1; i < AddressEndpoint::kMostTexts; ++i) {
        many += ",\"\"";
    }
    BOOST_TEST(body(ask("/v1/address", "POST", many + "]")).size() == AddressEndpoint::kMostTexts);
    says(many + ",\"\"]", "more than 2000");
    BOOST_TEST(ask("/v1/address", "POST", std::string(AddressEndpoint::kMostTexts, '\n') + "荔").status == 400U);
    BOOST_TEST(ask("/v1/address", "POST", std::string(AddressEndpoint::kMostTexts - 1, '\n') + "荔").status == 200U);
}

BOOST_AUTO_TEST_CASE(a_bad_text_of_a_batch_spoils_no_other) {
    auto const lines = ask("/v1/address", "POST",
                           "\xef\xbb\xbf荔湾区振兴路3号\n\xff\n" + std::string(1025, 'a') + "\n荔湾区振兴路3号");
    BOOST_TEST(lines.status == 200U);
    std::istringstream stream{lines.body};
    std::vector<std::string> outcomes;
    for (std::string line; std::getline(stream, line);) {
        outcomes.push_back(nlohmann::json::parse(line)["outcome"]);
    }
    BOOST_TEST((outcomes == std::vector<std::string>{"determined", "not_utf8", "too_long", "determined"}));
    auto const array =
        body(ask("/v1/address", "POST",
                 "\xef\xbb\xbf [\"荔湾区振兴路3号\", \"" + std::string(1025, 'a') + "\", \"\\u0000荔湾区振兴路3号\"]"));
    BOOST_TEST_REQUIRE(array.size() == 3U);
    BOOST_TEST(array[0]["outcome"] == "determined");
    BOOST_TEST(array[1]["outcome"] == "too_long");
    BOOST_TEST(array[2]["outcome"] == "determined"); // a control character is nothing
}

BOOST_AUTO_TEST_CASE(addresses_near_a_position_come_nearest_first_with_their_grids) {
    // 振兴路3号 stands at 113.203, 23.101; the next one south of nothing else is 1号, 0.002 degrees west.
    auto const json = body(ask("/v1/address/near?lon=113.203&lat=23.101&k=2"));
    BOOST_TEST_REQUIRE(json["addresses"].size() == 2U);
    BOOST_TEST(json["addresses"][0]["id"] == "A5");
    BOOST_TEST(json["addresses"][0]["distance_m"] == 0.0);
    BOOST_TEST(json["addresses"][0]["grid"] == test::AddressTown::kWest);
    BOOST_TEST(json["addresses"][1]["id"] == "A4");
}

BOOST_AUTO_TEST_CASE(suggestions_go_on_from_what_is_typed) {
    auto const json = body(ask("/v1/address/suggest?q=%E6%8C%AF&limit=3")); // 振
    BOOST_TEST_REQUIRE(!json["suggestions"].empty());
    BOOST_TEST(json["suggestions"].size() <= 3U);
    BOOST_TEST(json["suggestions"][0]["text"].get<std::string>().find("振兴路") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
