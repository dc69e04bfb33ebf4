// Names and address points that staff add: dated, recorded, withdrawn; beside the imported points.

#include "small_province.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

using namespace wangge;
using namespace wangge::test;

namespace {

Date const kDay = day("2024-03-01");
Date const kLater = day("2024-09-01");

struct Names {
    ScratchFolder scratch;
    Registry registry = small_registry(scratch);
    SilentProgress silent;

    ChangeSet titled() { return change_set_of(kDay, {}); }
    std::int64_t add_alias(char const* village, char const* text, DateInterval valid = {kDay, kForever}) {
        auto set = titled();
        set.aliases.push_back({0, division_of(village), text, "so people say", "gis", valid, 0});
        return registry.apply(set, silent);
    }
    std::int64_t add_address(char const* text, std::optional<ImportedAddress> corrects,
                             DateInterval valid = {kDay, kForever}) {
        auto set = titled();
        set.addresses.push_back(
            {0,
             std::move(corrects),
             {"", text, division_of(kVillage1), "金霞路", "5号", "", "", "", "", {1'167'050'000, 233'550'000}},
             "seen there",
             "gis",
             valid,
             0});
        return registry.apply(set, silent);
    }
    void import_addresses(std::string const& file, std::vector<std::string> const& ids) {
        std::size_t next = 0;
        SourceFile const source{file, sha256(file), 1, "EPSG:4490", "UTF-8"};
        registry.apply_addresses(
            [&](AddressPoint& point) {
                if (next == ids.size()) {
                    return false;
                }
                point = {ids[next], file + " " + ids[next], division_of(kVillage1), "路", "1号", "", "", "", "",
                         {1, 2}};
                ++next;
                return true;
            },
            "gis", {&source, 1}, silent);
    }
    /// "id:text id:text", in the order of the stream.
    std::string stream(Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) {
        std::string all;
        AddressPoint point;
        for (auto const next = registry.addresses(as_of, known_at); next(point);) {
            all += (all.empty() ? "" : "|") + point.id + ":" + point.text;
        }
        return all;
    }
    std::string aliases(Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) {
        std::string all;
        for (auto const& alias : registry.aliases(as_of, known_at)) {
            all += (all.empty() ? "" : "|") + alias.code.str() + alias.text;
        }
        return all;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(names_and_addresses, Names)

BOOST_AUTO_TEST_CASE(an_alias_holds_on_its_days_and_for_the_generations_that_know_it) {
    add_alias(kVillage2, "老珠", {kDay, kLater});
    auto const id = add_alias(kVillage1, "旧丹霞");
    BOOST_TEST(aliases(kDay) == "440507001001旧丹霞|440507001002老珠"); // the draft included
    BOOST_TEST(aliases(kLater) == "440507001001旧丹霞");
    BOOST_TEST(aliases(day("2024-02-29")) == "");
    BOOST_TEST(aliases(kDay, 0) == "");
    registry.publish("gis", "chief", sha256("1"));
    auto const alias = registry.aliases(kDay).front();
    BOOST_TEST(alias.reason == "so people say");
    BOOST_TEST(alias.author == "gis");
    BOOST_TEST(alias.change_set == id);
    auto set = titled();
    set.withdrawn_aliases.push_back(alias.id);
    auto const withdrawing = registry.apply(set, silent);
    BOOST_TEST(aliases(kLater) == "");
    BOOST_TEST(aliases(kLater, 1) == "440507001001旧丹霞");                     // what was known is known
    BOOST_TEST(registry.aliases_of(id, Registry::Side::recorded).size() == 1U); // as it did, and withdrawn since
    BOOST_TEST(registry.aliases_of(withdrawing, Registry::Side::recorded).empty());
    BOOST_REQUIRE(registry.aliases_of(withdrawing, Registry::Side::withdrawn).size() == 1U);
    BOOST_TEST(registry.aliases_of(withdrawing, Registry::Side::withdrawn)[0].text == "旧丹霞");
}

BOOST_AUTO_TEST_CASE(a_day_on_which_a_name_or_a_point_begins_or_ends_begins_another_state) {
    auto const unchanged = [&](char const* date) { return registry.state(day(date), std::nullopt, silent).unchanged; };
    add_alias(kVillage1, "旧丹霞", {day("2024-03-01"), day("2024-05-01")});
    add_address("临时1号", std::nullopt, {day("2024-04-01"), day("2024-09-01")});
    BOOST_TEST(unchanged("2024-03-15").from.str() == "2024-03-01");
    BOOST_TEST(unchanged("2024-03-15").to.str() == "2024-04-01");
    BOOST_TEST(unchanged("2024-04-15").to.str() == "2024-05-01");
    BOOST_TEST(unchanged("2024-06-15").to.str() == "2024-09-01");
}

BOOST_AUTO_TEST_CASE(a_correction_hides_the_imported_point_and_outlives_its_reimport) {
    import_addresses("a.csv", {"1", "2"});
    import_addresses("b.csv", {"1"});
    add_address("金霞路5号", ImportedAddress{"a.csv", "1"});
    add_address("金霞路6号", std::nullopt, {kDay, kLater});
    auto const expected = std::string{"2:a.csv 2|1:b.csv 1|1:金霞路5号|staff-2:金霞路6号"};
    BOOST_TEST(stream(kDay) == expected);
    BOOST_TEST(stream(kDay, 0) == "1:a.csv 1|2:a.csv 2|1:b.csv 1"); // before it was published
    BOOST_TEST(stream(kLater) == "2:a.csv 2|1:b.csv 1|1:金霞路5号");
    BOOST_TEST(stream(day("2024-02-29")) == "1:a.csv 1|2:a.csv 2|1:b.csv 1");
    import_addresses("a.csv", {"1", "2"});
    BOOST_TEST(stream(kDay) == expected);
    import_addresses("a.csv", {"2"}); // the point it corrects is gone, the correction stays
    BOOST_TEST(stream(kDay) == expected);
    auto const point = registry.staff_addresses(kDay).front().point;
    BOOST_TEST(point.village.str() == kVillage1);
    BOOST_TEST(point.road == "金霞路");
    BOOST_TEST(point.number == "5号");
    BOOST_TEST(point.at.lon == 1'167'050'000);
    BOOST_TEST(point.at.lat == 233'550'000);
}

BOOST_AUTO_TEST_CASE(an_imported_point_is_found_by_its_id_in_every_file) {
    import_addresses("b.csv", {"1"});
    import_addresses("a.csv", {"1", "2"});
    auto const found = registry.imported_addresses("1");
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].first.source == "a.csv");
    BOOST_TEST(found[1].first.source == "b.csv");
    BOOST_TEST(found[1].second.text == "b.csv 1");
    BOOST_TEST(registry.imported_addresses("3").empty());
}

BOOST_AUTO_TEST_CASE(a_retired_point_is_hidden_on_its_days_and_begins_another_state) {
    import_addresses("a.csv", {"1", "2"});
    import_addresses("b.csv", {"1"});
    auto set = titled();
    set.retired_addresses.push_back({0, {"b.csv", "1"}, "b.csv 1", "torn down", "gis", {kDay, kLater}, 0});
    auto const id = registry.apply(set, silent);
    BOOST_TEST(stream(kDay) == "1:a.csv 1|2:a.csv 2");
    BOOST_TEST(stream(kLater) == "1:a.csv 1|2:a.csv 2|1:b.csv 1");
    BOOST_TEST(stream(kDay, 0) == "1:a.csv 1|2:a.csv 2|1:b.csv 1");
    auto const unchanged = registry.state(day("2024-06-15"), std::nullopt, silent).unchanged;
    BOOST_TEST(unchanged.from.str() == kDay.str());
    BOOST_TEST(unchanged.to.str() == kLater.str());
    BOOST_REQUIRE(registry.retired_addresses_of(id, Registry::Side::recorded).size() == 1U);
    auto const retired = registry.retired_addresses(kDay).at(0);
    BOOST_TEST((retired.which == ImportedAddress{"b.csv", "1"}));
    BOOST_TEST(retired.text == "b.csv 1");
    BOOST_TEST(retired.reason == "torn down");
    BOOST_TEST(retired.author == "gis");
    BOOST_TEST(retired.change_set == id);
    auto const facts = registry.address_history("1");
    BOOST_REQUIRE(facts.size() == 3U);
    BOOST_TEST((facts[0].kind == AddressFact::Kind::imported));
    BOOST_TEST(facts[0].source == "a.csv");
    BOOST_TEST(facts[1].source == "b.csv");
    BOOST_TEST((facts[2].kind == AddressFact::Kind::retired));
    BOOST_TEST(facts[2].source == "b.csv");
    BOOST_TEST(facts[2].recorded_from == 1);
    BOOST_TEST(!facts[2].recorded_to.has_value());
    BOOST_TEST(registry.address_history("3").empty());
    set.retired_addresses[0].valid = {day("2024-08-01"), kForever};
    BOOST_CHECK_THROW(registry.apply(set, silent), Error);
}

BOOST_AUTO_TEST_CASE(one_point_is_not_corrected_twice_on_one_day) {
    add_address("金霞路5号", ImportedAddress{"a.csv", "1"}, {kDay, kLater});
    BOOST_CHECK_THROW(add_address("金霞路7号", ImportedAddress{"a.csv", "1"}), Error);
    add_address("金霞路7号", ImportedAddress{"a.csv", "1"}, {kLater, kForever});
    BOOST_TEST(stream(kDay) == "1:金霞路5号");
    BOOST_TEST(stream(kLater) == "1:金霞路7号");
}

BOOST_AUTO_TEST_SUITE_END()
