#include "query_string.hpp"

#include <boost/test/unit_test.hpp>

using namespace wangge::http;

BOOST_AUTO_TEST_SUITE(query_string)

BOOST_AUTO_TEST_CASE(an_escape_is_two_hexadecimal_digits) {
    BOOST_TEST(percent_decode("EPSG%3A4547", true).value() == "EPSG:4547");
    BOOST_TEST(percent_decode("%e5%B9%bf", true).value() == "广");
    BOOST_TEST(percent_decode("a+b", true).value() == "a b");
    BOOST_TEST(percent_decode("a+b", false).value() == "a+b");
    BOOST_TEST(percent_decode("", true).value().empty());
    for (auto const* bad : {"%", "%4", "%g0", "%0g", "a%", "%%41", "%-1", "% 1"}) {
        BOOST_TEST(!percent_decode(bad, true).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(what_decodes_to_controls_or_broken_utf8_is_refused) {
    // The ill-formed examples of the Unicode standard, table 3-8 and its neighbours.
    for (auto const* bad :
         {"%00", "%0a", "%7F", "%80", "%C0%AF", "%E0%80%AF", "%ED%A0%80", "%F4%90%80%80", "%E5%B9", "%F0%80%80%80"}) {
        BOOST_TEST(!percent_decode(bad, true).has_value(), bad);
    }
    for (auto const* good : {"%C2%80", "%ED%9F%BF", "%EE%80%80", "%F0%90%80%80", "%F4%8F%BF%BF"}) {
        BOOST_TEST(percent_decode(good, true).has_value(), good);
    }
}

BOOST_AUTO_TEST_CASE(a_number_is_the_whole_text_and_finite) {
    BOOST_TEST(parse_number("113.2644").value() == 113.2644);
    BOOST_TEST(parse_number("-0.5").value() == -0.5);
    BOOST_TEST(parse_number("1e2").value() == 100.0);
    for (auto const* bad :
         {"",         "nan",  "NAN",  "-nan", "nan(1)", "inf", "-inf", "infinity", "0x10", "1e400", "-1e400",
          "113.3abc", "+113", " 113", "113 ", "1,5",    "--1", ".",    "e5",       "1e",   "１１３"}) {
        BOOST_TEST(!parse_number(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(every_name_is_known_appears_once_and_has_a_value) {
    ParameterProblem problem;
    auto const good = Parameters::parse("lon=1&&lat=2&", {"lon", "lat"}, problem);
    BOOST_REQUIRE(good);
    BOOST_TEST(good->find("lat").value() == "2");
    BOOST_TEST(!good->find("crs").has_value());

    auto const fault_of = [&](std::string_view query) {
        BOOST_TEST(!Parameters::parse(query, {"lon", "lat"}, problem).has_value());
        return problem.fault;
    };
    BOOST_TEST((fault_of("lon=1&lon=1") == ParameterFault::repeated));
    BOOST_TEST(problem.field == "lon");
    BOOST_TEST((fault_of("lon=1&l%6Fn=2") == ParameterFault::repeated));
    BOOST_TEST((fault_of("lan=1") == ParameterFault::unknown));
    BOOST_TEST(problem.field == "lan");
    BOOST_TEST((fault_of("=1") == ParameterFault::unknown));
    BOOST_TEST((fault_of("lon") == ParameterFault::malformed));
    BOOST_TEST((fault_of("lon=%zz") == ParameterFault::malformed));
    BOOST_TEST(problem.field == "lon");
    BOOST_TEST((fault_of("%zz=1") == ParameterFault::malformed));
}

BOOST_AUTO_TEST_SUITE_END()
