#include "address_town.hpp"

#include <wangge/base/error.hpp>
#include <wangge/lookup/address_csv.hpp>
#include <wangge/lookup/address_text.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <sstream>
#include <thread>

using namespace wangge;
using test::AddressTown;

namespace {

struct Fixture {
    AddressTown town;
    lookup::Geocoder geocoder{*town.snapshot(), *town.index()};
    lookup::AddressAnswer answer;
    test::TemporaryFolder folder;

    std::string code(snapshot::GridId id) const { return std::string{town.snapshot()->grid(id).code.str()}; }
    /// The grid that is determined, "-" when none is.
    std::string grid(std::string_view text) {
        geocoder.geocode(text, answer);
        return answer.grid ? code(*answer.grid) : "-";
    }
    std::map<std::string, double> shares(std::string_view text) {
        geocoder.geocode(text, answer);
        std::map<std::string, double> all;
        for (auto const& g : answer.grids) {
            all[code(g.grid)] = g.share;
        }
        return all;
    }
    nlohmann::json json(std::string_view text) {
        geocoder.geocode(text, answer);
        lookup::Locator const locator{*town.snapshot(), *town.roster()};
        return nlohmann::json::parse(
            lookup::to_json(answer, text, {*town.snapshot(), *town.index(), locator, test::day("2026-03-01")}));
    }
    std::string bulk(std::string const& in, unsigned threads = 1, std::string const& column = {}) {
        auto const from = folder.path() / "in.csv", to = folder.path() / "out.csv";
        std::ofstream{from, std::ios::binary} << in;
        lookup::AddressCsvRequest request{from.string(), to.string(), {}, threads};
        if (!column.empty()) {
            request.columns.push_back(column);
        }
        SilentProgress progress;
        result = lookup::geocode_csv(geocoder, *town.snapshot(), request, progress);
        std::ostringstream text;
        text << std::ifstream{to, std::ios::binary}.rdbuf();
        return text.str();
    }
    lookup::BulkResult result;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(geocoder, Fixture)

BOOST_AUTO_TEST_CASE(an_address_gives_its_grid_position_and_standard_form) {
    BOOST_TEST(grid("荔湾区翠洲社区振兴路3号") == AddressTown::kWest);
    BOOST_TEST((answer.level == address::MatchLevel::exact));
    BOOST_TEST((answer.position == geom::Point{1132030000, 231010000}));
    BOOST_TEST_REQUIRE(answer.standard.has_value());
    BOOST_TEST(answer.standard->id == "A5");
    BOOST_TEST(answer.score > 0.95);
    BOOST_TEST(grid("荔湾区翠洲社区振兴路11号") == AddressTown::kEast);
    BOOST_TEST(grid("东莞市东城街道东城路5号") == AddressTown::kDongguan);
}

BOOST_AUTO_TEST_CASE(a_number_that_is_not_there_is_shared_out_between_its_neighbours_and_its_road) {
    // 3 and 7 lie in the west, but 10 and 11 of the road do not, and the village has other houses that nobody has told.
    BOOST_TEST(shares("荔湾区翠洲社区振兴路5号").at(std::string{AddressTown::kWest}) > 0.9);
    BOOST_TEST(grid("荔湾区沙面街道白鹅社区振兴路45号") == AddressTown::kGoose); // all of it lies in one grid
    // 9 would stand at 113.209, in the west, half way from 7 (west) to 11 (east), which have `beside`; of the road's
    // seven houses, which have `along_road`, two stand in the east.
    double const beside = address::kMatchCosts.beside, along = address::kMatchCosts.along_road;
    auto const east = (1 - along) * beside / 2 + along * 2 / 7;
    auto const nine = shares("荔湾区翠洲社区振兴路9号");
    BOOST_TEST(!answer.grid.has_value());
    BOOST_TEST_REQUIRE(nine.size() >= 2U);
    BOOST_TEST(std::abs(nine.at(std::string{AddressTown::kWest}) - (1 - east)) < 0.02);
    BOOST_TEST(std::abs(nine.at(std::string{AddressTown::kEast}) - east) < 0.02);
}

BOOST_AUTO_TEST_CASE(a_road_gives_the_grids_of_its_houses_by_their_number) {
    // 1 3 7 2 4 stand in the west, 11 and 10 in the east.
    auto const road = shares("荔湾区翠洲社区振兴路");
    BOOST_TEST(!answer.grid.has_value());
    BOOST_TEST((answer.level == address::MatchLevel::road));
    BOOST_TEST(std::abs(road.at(std::string{AddressTown::kWest}) - 5.0 / 7) < 0.01);
    BOOST_TEST(std::abs(road.at(std::string{AddressTown::kEast}) - 2.0 / 7) < 0.01);
}

BOOST_AUTO_TEST_CASE(a_village_of_one_grid_determines_it_and_one_of_two_lists_them) {
    BOOST_TEST(grid("荔湾区沙面街道白鹅社区") == AddressTown::kGoose);
    BOOST_TEST((answer.level == address::MatchLevel::village));
    auto const two = shares("荔湾区沙面街道翠洲社区");
    BOOST_TEST(!answer.grid.has_value());
    BOOST_TEST(two.size() == 2U);
    BOOST_TEST(answer.grids_in_all == 2U);
    BOOST_TEST(shares("荔湾区沙面街道").size() == 3U);
    BOOST_TEST(!answer.grid.has_value());
}

BOOST_AUTO_TEST_CASE(a_county_says_how_many_grids_it_has_and_lists_none) {
    BOOST_TEST(shares("广州市荔湾区").empty());
    BOOST_TEST(answer.grids_in_all == 3U);
    BOOST_TEST((answer.level == address::MatchLevel::none));
    BOOST_TEST(!answer.grid.has_value());
}

BOOST_AUTO_TEST_CASE(what_fits_several_grids_is_not_guessed) {
    auto const both = shares("广州市振兴路3号");
    BOOST_TEST(!answer.grid.has_value());
    BOOST_TEST(both.at(std::string{AddressTown::kWest}) == both.at(std::string{AddressTown::kIsland}));
    // Of equal shares the lower code comes first.
    BOOST_TEST(code(answer.grids.front().grid) == AddressTown::kWest);
}

BOOST_AUTO_TEST_CASE(a_list_that_is_cut_keeps_its_shares) {
    auto costs = address::kMatchCosts;
    lookup::Geocoder whole{*town.snapshot(), *town.index(), costs};
    whole.geocode("振兴路", answer);
    auto const all = answer.grids;
    BOOST_TEST_REQUIRE(all.size() == 4U); // west, east, goose and the island
    costs.left_out = 0.3F;
    lookup::Geocoder cut{*town.snapshot(), *town.index(), costs};
    cut.geocode("振兴路", answer);
    BOOST_TEST_REQUIRE(answer.grids.size() < all.size());
    for (std::size_t i = 0; i < answer.grids.size(); ++i) {
        BOOST_TEST(answer.grids[i].share == all[i].share);
    }
    BOOST_TEST(answer.grids_in_all >= all.size());
}

BOOST_AUTO_TEST_CASE(a_number_is_confirmed_by_a_house_of_that_number_alone) {
    auto const confirmed = [&](std::string_view text) {
        geocoder.geocode(text, answer);
        BOOST_TEST_REQUIRE(!answer.match.places.empty());
        return lookup::is_number_confirmed(answer.match.places.front());
    };
    BOOST_TEST(confirmed("荔湾区翠洲社区振兴路3号"));
    BOOST_TEST(confirmed("荔湾区翠洲社区振兴路"));     // says none
    BOOST_TEST(!confirmed("荔湾区翠洲社区振兴路5号")); // between 3 and 7
    BOOST_TEST(!confirmed("荔湾区沙面街道没人路5号"));
}

BOOST_AUTO_TEST_CASE(another_character_of_a_short_name_does_not_determine_a_grid_by_the_number_alone) {
    auto const asked = [&](std::string_view text) {
        geocoder.geocode(text, answer);
        BOOST_TEST_REQUIRE(!answer.grids.empty());
        return answer.grid.has_value();
    };
    BOOST_TEST(asked("荔湾区振兴路3号"));
    BOOST_TEST(!asked("荔湾区振文路3号"));
    BOOST_TEST(answer.score > 0.95);              // still the likeliest by far
    BOOST_TEST(asked("荔湾区翠洲社区振文路3号")); // the village agrees
    BOOST_TEST(asked("荔湾区振星路3号"));         // sounds alike
}

BOOST_AUTO_TEST_CASE(a_place_outside_the_county_of_the_text_needs_more_than_road_and_number) {
    auto const asked = [&](std::string_view text) {
        geocoder.geocode(text, answer);
        BOOST_TEST_REQUIRE(!answer.grids.empty());
        BOOST_TEST(code(answer.grids[0].grid) == AddressTown::kWest, text);
        return answer.grid.has_value();
    };
    BOOST_TEST(asked("广州市荔湾区沿江北路1号1栋1单元201房"));
    BOOST_TEST(!asked("广州市天河区沿江北路1号1栋1单元201房"));
    BOOST_TEST(!asked("东莞市沿江北路1号1栋1单元201房"));
    BOOST_TEST(asked("广州市天河区沙面街道沿江北路1号1栋1单元201房"));
    BOOST_TEST(asked("广州市天河区翠洲社区沿江北路1号1栋1单元201房"));
    BOOST_TEST(asked("广州市天河区沿江北路1号天誉雅苑1栋1单元201房"));
}

BOOST_AUTO_TEST_CASE(conflicts_become_sentences_in_both_languages) {
    geocoder.geocode("广州市天河区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元201房", answer);
    BOOST_TEST_REQUIRE(answer.conflicts.size() == 1U);
    BOOST_TEST(chinese_sentence(answer.conflicts[0]) == "文中写的县区是“天河区”，找到的地址是“荔湾区”");
    BOOST_TEST(english_sentence(answer.conflicts[0]) ==
               "the text says county \"天河区\", what was found has \"荔湾区\"");
    geocoder.geocode("荔湾区翠洲社区振兴路3号", answer);
    BOOST_TEST(answer.conflicts.empty());
}

BOOST_AUTO_TEST_CASE(shares_are_of_all_evidence_and_the_first_of_them_is_the_score) {
    for (auto const* const text :
         {"荔湾区翠洲社区振兴路9号", "荔湾区翠洲社区振兴路", "荔湾区沙面街道", "广州市振兴路3号", "振兴路"}) {
        double sum = 0;
        for (auto const& [grid, share] : shares(text)) {
            sum += share;
        }
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(sum <= 1 - answer.match.unknown + 1e-6);
            BOOST_TEST(sum >= (1 - answer.match.unknown) * (1 - address::kMatchCosts.left_out) - 1e-6);
            BOOST_TEST(answer.score == answer.grids.front().share);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_address_outside_all_grids_has_none) {
    BOOST_TEST(grid("荔湾区石围塘街道胜利村中岭广场路12号") == "-");
    BOOST_TEST((answer.level == address::MatchLevel::exact));
    BOOST_TEST(answer.grids.empty());
    BOOST_TEST(answer.score == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_text_or_names_nothing_has_no_grid) {
    for (auto const* const text : {"", "天气很好", "\xff\xfe"}) {
        BOOST_TEST(grid(text) == "-");
        BOOST_TEST(answer.grids.empty());
        BOOST_TEST(answer.grids_in_all == 0U);
        BOOST_TEST(!answer.position.has_value());
        BOOST_TEST(!answer.standard.has_value());
    }
}

BOOST_AUTO_TEST_CASE(copies_answer_on_other_threads) {
    lookup::GeocoderPool pool{town.snapshot(), town.index()};
    std::vector<std::string> found(8);
    {
        std::vector<std::jthread> threads;
        for (auto& one : found) {
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i) {
                    pool.with([&](lookup::Geocoder& mine) {
                        lookup::AddressAnswer a;
                        mine.geocode(i % 2 == 0 ? "荔湾区沙面街道翠洲社区" : "荔湾区翠洲社区振兴路3号", a);
                        one = std::to_string(a.grids.size()) + (a.grid ? code(*a.grid) : "");
                    });
                }
            });
        }
    }
    for (auto const& one : found) {
        BOOST_TEST(one == "1" + std::string{AddressTown::kWest});
    }
}

BOOST_AUTO_TEST_CASE(a_batch_has_the_answers_that_its_texts_have_alone) {
    std::vector<std::string> const kinds{"荔湾区翠洲社区振兴路3号",
                                         "天河区振兴路3号",
                                         "广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元201房",
                                         "荔湾区翠洲社区振兴路5号",
                                         "荔湾区",
                                         "沙面街道翠洲社区",
                                         "\xff\xfe",
                                         std::string(2000, 'x'),
                                         "",
                                         "翠州社区振兴路3号",
                                         "天誉雅苑2栋",
                                         "东莞市东城街道岗贝社区东城路5号，荔湾区翠洲社区振兴路1号"};
    lookup::Locator const locator{*town.snapshot(), *town.roster()};
    auto const written = [&](lookup::AddressAnswer const& a, std::string_view text) {
        return lookup::to_json(a, text, {*town.snapshot(), *town.index(), locator, test::day("2026-03-01")});
    };
    // All lengths around those that are read together, and all neighbours.
    for (std::size_t count = 0; count <= 3 * address::Matcher::kMostTogether; ++count) {
        std::vector<std::string_view> texts;
        for (std::size_t i = 0; i < count; ++i) {
            texts.push_back(kinds[(i * (1 + count % 5) + count) % kinds.size()]);
        }
        std::vector<unsigned> taken(count);
        geocoder.geocode(texts, [&](std::size_t number, lookup::AddressAnswer const& a) {
            ++taken.at(number);
            lookup::Geocoder alone{*town.snapshot(), *town.index()};
            lookup::AddressAnswer expected;
            alone.geocode(texts[number], expected);
            BOOST_TEST(written(a, texts[number]) == written(expected, texts[number]));
        });
        BOOST_TEST(taken == std::vector<unsigned>(count, 1), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(json_has_grid_evidence_and_receipt) {
    auto const found = json("荔湾区翠洲社区振兴路3号");
    BOOST_TEST(found["outcome"] == "determined");
    BOOST_TEST(found["grid"]["code"] == AddressTown::kWest);
    BOOST_TEST(found["county"]["name"] == "荔湾区");
    BOOST_TEST(found["officers"][0]["officer_id"] == "Z300");
    BOOST_TEST(found["standard"]["id"] == "A5");
    BOOST_TEST(found["position"]["lon"] == 113.203);
    BOOST_TEST(found["components"][0]["text"] == "荔湾区");
    BOOST_TEST(found["places"][0]["evidence"][0]["bearing"] == "agrees");
    BOOST_TEST(found["receipt"]["generation"] == 7);
    auto const open = json("广州市振兴路3号");
    BOOST_TEST(open["outcome"] == "undetermined");
    BOOST_TEST(open["grid"].is_null());
    BOOST_TEST_REQUIRE(open["grids"].size() >= 2U);
    BOOST_TEST(open["grids"][0]["share"] == open["grids"][1]["share"]);
    auto const broken = json("荔湾区\xff");
    BOOST_TEST(broken["outcome"] == "not_utf8");
    BOOST_TEST(broken["bad_byte"] == 9);
    BOOST_TEST(json("天气很好")["outcome"] == "not_found");
}

BOOST_AUTO_TEST_CASE(a_csv_keeps_its_columns_and_gets_the_answers) {
    auto const out = bulk("id,地址\n1,荔湾区翠洲社区振兴路3号\n2,\"广州市,振兴路3号\"\n3,天气很好\n4\n");
    std::istringstream lines{out};
    std::string header, one, two, three, four;
    for (auto* const line : {&header, &one, &two, &three, &four}) {
        std::getline(lines, *line);
    }
    BOOST_TEST(header ==
               "id,地址,grid_code,level,score,longitude,latitude,candidates,address_status,standard_address,"
               "province,city,county,town,village,group,road,number,estate,building,unit,floor,room,landmark");
    BOOST_TEST(one.starts_with("1,荔湾区翠洲社区振兴路3号,440103001101001,exact,"));
    BOOST_TEST(
        one.find(
            ",113.2030000,23.1010000,,ok,广东省广州市荔湾区沙面街道翠洲社区振兴路3号,广东省,广州市,荔湾区,沙面街道,"
            "翠洲社区居民委员会,,振兴路,3号,") != std::string::npos);
    BOOST_TEST(two.starts_with("2,\"广州市,振兴路3号\",,exact,"));
    BOOST_TEST(two.find(",440103001101001 440106001001001") != std::string::npos);
    BOOST_TEST(two.find(",undetermined,") != std::string::npos);
    BOOST_TEST(three.find(",,,,not_found,") != std::string::npos);
    BOOST_TEST(four.starts_with("4,,,,,,,,bad_row,"));
    for (auto const& line : {one, three, four}) {
        BOOST_TEST(std::count(line.begin(), line.end(), ',') == std::count(header.begin(), header.end(), ','));
    }
    BOOST_TEST(result.rows == 4U);
    BOOST_TEST(result.inside == 1U);
    BOOST_TEST(result.outside == 2U);
    BOOST_TEST(result.faults == 1U);
}

BOOST_AUTO_TEST_CASE(a_csv_in_gb18030_stays_in_gb18030) {
    // 地址 and 荔湾区振兴路3号, written by iconv.
    auto const out = bulk("\xb5\xd8\xd6\xb7\n\xc0\xf3\xcd\xe5\xc7\xf8\xd5\xf1\xd0\xcb\xc2\xb7"
                          "3\xba\xc5\n");
    BOOST_TEST(result.inside == 1U);
    BOOST_TEST(out.find("\xc9\xb3\xc3\xe6\xbd\xd6\xb5\xc0") != std::string::npos); // 沙面街道
    BOOST_TEST(out.find("沙面街道") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_a_csv_do_not_depend_on_the_threads) {
    std::string in = "level;text\n";
    for (int i = 0; i < 20000; ++i) {
        in += std::to_string(i) + ";荔湾区翠洲社区振兴路" + std::to_string(i % 13) + "号\n";
    }
    auto const one = bulk(in, 1, "text");
    BOOST_TEST(result.rows == 20000U);
    BOOST_TEST((one == bulk(in, 3, "text")));
    BOOST_TEST(one.starts_with("level;text;grid_code;address_level;score;")); // the input has a `level` of its own
}

BOOST_AUTO_TEST_CASE(a_csv_without_a_column_of_addresses_is_refused_with_those_that_there_are) {
    BOOST_CHECK_EXCEPTION(bulk("id,name\n1,x\n"), Error, [](Error const& e) {
        return std::string_view{e.what()}.find("id, name") != std::string_view::npos &&
               std::string_view{e.what()}.find("--column") != std::string_view::npos;
    });
}

BOOST_AUTO_TEST_CASE(a_snapshot_without_addresses_says_what_to_do) {
    test::SmallProvince const without;
    BOOST_CHECK_EXCEPTION(lookup::address_index_of(*without.snapshot()), Error, [](Error const& e) {
        return e.code() == ErrorCode::not_found &&
               std::string_view{e.what()}.find("wangge publish") != std::string_view::npos;
    });
}

BOOST_AUTO_TEST_SUITE_END()
