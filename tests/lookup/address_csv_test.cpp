// Files of addresses as people have them: columns of divisions, quotes, encodings, what is no row, what is too long.

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/lookup/address_csv.hpp>

#include <boost/test/unit_test.hpp>
#include <lookup/address_town.hpp>
#include <support/refusal.hpp>

#include <fstream>
#include <sstream>

using namespace wangge;
using test::AddressTown;
using test::holds;

namespace {

/// What it was told.
struct ToldProgress final : Progress {
    void begin(std::string_view what, std::uint64_t, std::string_view unit) override {
        said = std::string{what} + "/" + std::string{unit};
    }
    void advance(std::uint64_t count) override { done += count; }
    void end() override {}
    std::string said;
    std::uint64_t done = 0;
};

struct Files {
    AddressTown town;
    test::TemporaryFolder folder;
    ToldProgress progress;
    lookup::BulkResult result;

    [[nodiscard]] std::filesystem::path out() const { return folder.path() / "out.csv"; }
    std::string answered(std::string const& in, std::vector<std::string> columns = {}, unsigned threads = 1) {
        auto const from = folder.path() / "in.csv";
        std::filesystem::remove(out());
        std::ofstream{from, std::ios::binary} << in;
        lookup::AddressCsvRequest const request{from.string(), out().string(), std::move(columns), threads};
        result = lookup::geocode_csv({*town.snapshot(), *town.index()}, *town.snapshot(), request, progress);
        return read_file(out());
    }
    /// The lines of the answer behind the heading.
    std::vector<std::string> lines(std::string const& in, std::vector<std::string> columns = {}) {
        std::vector<std::string> all;
        std::istringstream text{answered(in, std::move(columns))};
        for (std::string line; std::getline(text, line);) {
            all.push_back(line);
        }
        all.erase(all.begin());
        return all;
    }
    /// Why it was refused; nothing is left then.
    std::string refused(std::string const& in, std::vector<std::string> columns = {}) {
        try {
            static_cast<void>(answered(in, std::move(columns)));
        } catch (Error const& error) {
            BOOST_TEST((error.code() == ErrorCode::data_rejected));
            auto const left = std::distance(std::filesystem::directory_iterator{folder.path()}, {});
            BOOST_TEST(left == 1, "more than the input is left");
            return error.what();
        }
        return "nothing was refused";
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(files_of_addresses, Files)

BOOST_AUTO_TEST_CASE(columns_that_say_the_address_together_are_read_one_after_the_other) {
    // 翠洲's 振兴路3号 and 岳洲's are told apart by the columns of the divisions alone.
    std::string const in = "地点,镇街,编号,区县,市\n"
                           "振兴路3号,沙面街道,1,荔湾区,广州市\n"
                           "振兴路3号,五山街道,2,天河区,广州市\n"
                           "振兴路3号,,3,,广州市\n"
                           ",,4,荔湾区,\n";
    auto const rows = lines(in, {"市", "区县", "镇街", "地点"});
    BOOST_TEST_REQUIRE(rows.size() == 4U);
    BOOST_TEST(rows[0].starts_with("振兴路3号,沙面街道,1,荔湾区,广州市,440103001101001,exact,"), rows[0]);
    BOOST_TEST(rows[1].starts_with("振兴路3号,五山街道,2,天河区,广州市,440106001001001,exact,"), rows[1]);
    BOOST_TEST(holds(rows[2], ",440103001101001 440106001001001 "), rows[2]);
    BOOST_TEST(holds(rows[2], ",undetermined,"), rows[2]);
    BOOST_TEST(holds(rows[3], ",undetermined,") != holds(rows[3], ",ok,"), rows[3]);
    // The order is that of the options, not of the file.
    BOOST_TEST(lines(in, {"区县", "地点"})[1].starts_with("振兴路3号,五山街道,2,天河区,广州市,440106001001001"));
    BOOST_TEST(
        holds(refused(in, {"区县", "村"}), "there is no column '村'; the columns are: 地点, 镇街, 编号, 区县, 市"));
    BOOST_TEST(holds(refused(in), "column that looks like an address"));
    // A row that ends before one of them cannot be read.
    BOOST_TEST(holds(lines("地点,区县\n振兴路3号\n", {"区县", "地点"}).at(0), ",bad_row,"));
}

BOOST_AUTO_TEST_CASE(the_divisions_may_stand_again_in_the_address) {
    auto const rows =
        lines("区县,镇街,地址\n荔湾区,沙面街道,荔湾区沙面街道翠洲社区振兴路3号\n", {"区县", "镇街", "地址"});
    BOOST_TEST(holds(rows.at(0), ",440103001101001,exact,"), rows.at(0));
}

BOOST_AUTO_TEST_CASE(line_ends_and_separators_inside_quotes_belong_to_the_field) {
    auto const out = answered("id,\"备\n注\",地址\r\n"
                              "1,\"一\n二,\"\"三\"\"\",荔湾区翠洲社区振兴路3号\r\n"
                              "2,,\"荔湾区翠洲社区\r\n振兴路11号\"\r\n");
    BOOST_TEST(result.rows == 2U);
    BOOST_TEST(result.inside == 2U);
    BOOST_TEST(out.starts_with("id,\"备\n注\",地址,grid_code,"), out);
    BOOST_TEST(holds(out, "\n1,\"一\n二,\"\"三\"\"\",荔湾区翠洲社区振兴路3号,440103001101001,exact,"), out);
    BOOST_TEST(holds(out, "\n2,,\"荔湾区翠洲社区\r\n振兴路11号\",440103001101002,exact,"), out);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_the_first_column) {
    auto const out = answered("\xef\xbb\xbf地址,id\n荔湾区翠洲社区振兴路3号,1\n");
    BOOST_TEST(result.inside == 1U);
    BOOST_TEST(out.starts_with("\xef\xbb\xbf地址,id,grid_code,"));
    BOOST_TEST(out.find("\xef\xbb\xbf", 3) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(gb18030_is_told_by_the_rows_where_the_header_is_ascii_and_columns_are_named_in_utf_8) {
    // 荔湾区, 振兴路3号; 区, 址.
    std::string const county = "\xc0\xf3\xcd\xe5\xc7\xf8", road = "\xd5\xf1\xd0\xcb\xc2\xb7"
                                                                  "3\xba\xc5";
    auto const out = answered("id,address\n1," + county + road + "\n");
    BOOST_TEST(result.inside == 1U);
    BOOST_TEST(holds(out, "\xc9\xb3\xc3\xe6\xbd\xd6\xb5\xc0")); // 沙面街道
    static_cast<void>(answered("\xc7\xf8,\xd6\xb7\n" + county + "," + road + "\n", {"区", "址"}));
    BOOST_TEST(result.inside == 1U);
    // A byte that is neither is a fault of its row, not of the file.
    auto const rows = lines("id,address\n1," + county + road + "\n2,\xff\xff\n3," + county + road + "\n");
    BOOST_TEST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(holds(rows[1], ",bad_text,"));
    BOOST_TEST(result.inside == 2U);
    BOOST_TEST(result.faults == 1U);
    // Nor does it make a UTF-8 file one in GB18030.
    auto const others =
        lines("id,address\n1,\xff\xff\n2,荔湾区振兴路3号\n3," + county + road + "\n4,荔湾区振兴路3号\n");
    BOOST_TEST_REQUIRE(others.size() == 4U);
    BOOST_TEST(holds(others[0], ",bad_text,"));
    BOOST_TEST(holds(others[1], "沙面街道"));
    BOOST_TEST(holds(others[2], ",bad_text,"));
    BOOST_TEST(result.inside == 2U);
    BOOST_TEST(result.faults == 2U);
}

BOOST_AUTO_TEST_CASE(a_file_without_a_header_is_refused_with_what_stands_there) {
    BOOST_TEST(holds(refused("1,荔湾区翠洲社区振兴路3号\n2,荔湾区翠洲社区振兴路7号\n"),
                     "the columns are: 1, 荔湾区翠洲社区振兴路3号. Name it with --column"));
    BOOST_TEST(holds(refused(""), "is empty; a header line"));
    BOOST_TEST(holds(refused("\n地址\n荔湾区\n"), "--column"));
    BOOST_TEST(holds(refused("地址,备注,地址\nx,y,z\n"), "two columns are called '地址'"));
    std::string many = "c0";
    for (int i = 1; i < 500; ++i) {
        many += ",c" + std::to_string(i);
    }
    auto const why = refused(many + "\n");
    BOOST_TEST(holds(why, ", c39 and 460 more."), why);
}

BOOST_AUTO_TEST_CASE(a_quotation_mark_that_nothing_closes_is_told_without_the_whole_file) {
    std::string rows;
    for (int i = 0; i < 1000; ++i) {
        rows += "1,荔湾区翠洲社区振兴路3号\n";
    }
    auto const why = refused("id,\"地址\n" + rows);
    BOOST_TEST(holds(why, "the header has a quotation mark that nothing closes"), why);
    BOOST_TEST(why.size() < 300U);
    // In a row it takes what follows along; the rest is one bad row.
    auto const out = answered("id,地址\n1,荔湾区翠洲社区振兴路3号\n2,\"荔湾区\n" + rows);
    BOOST_TEST(result.rows == 2U);
    BOOST_TEST(result.inside == 1U);
    BOOST_TEST(result.faults == 1U);
}

BOOST_AUTO_TEST_CASE(empty_lines_are_left_out_and_rows_of_nothing_are_answered) {
    auto const rows = lines("id,地址\n\n1,荔湾区翠洲社区振兴路3号\r\n\r\n,\n3,  \n\n4,荔湾区翠洲社区振兴路11号");
    BOOST_TEST_REQUIRE(rows.size() == 4U);
    BOOST_TEST(rows[0].starts_with("1,"));
    BOOST_TEST(rows[1].starts_with(",,"));
    BOOST_TEST(holds(rows[1], ",not_found,"));
    BOOST_TEST(holds(rows[2], ",not_found,"));
    BOOST_TEST(rows[3].starts_with("4,荔湾区翠洲社区振兴路11号,440103001101002,"));
    BOOST_TEST(result.rows == 4U);
    BOOST_TEST(progress.done == 4U);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_too_long_is_a_fault_and_a_row_that_is_too_long_ends_it) {
    std::string const fits(address::kMaxAddressBytes, 'a');
    auto rows = lines("id,地址\n1," + fits + "\n2," + fits + "a\n3,荔湾区翠洲社区振兴路3号\n");
    BOOST_TEST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(holds(rows[0], ",not_found,"));
    BOOST_TEST(holds(rows[1], ",bad_text,"));
    BOOST_TEST(rows[2].starts_with("3,荔湾区翠洲社区振兴路3号,440103001101001,"));
    constexpr std::size_t kLongest = std::size_t{1} << 20U;
    auto const row = [](std::size_t bytes) { return "1," + std::string(bytes - 2, 'x') + "\n"; };
    rows = lines("id,地址\n" + row(kLongest) + "2,荔湾区翠洲社区振兴路3号\n");
    BOOST_TEST_REQUIRE(rows.size() == 2U);
    BOOST_TEST(holds(rows[1], ",440103001101001,"));
    auto const why = refused("id,地址\n2,荔湾区翠洲社区振兴路3号\n" + row(kLongest + 1) + "3,荔湾区\n");
    BOOST_TEST(holds(why, "in.csv: "), why);
    BOOST_TEST(holds(why, "row 3"), why);
}

BOOST_AUTO_TEST_CASE(rows_come_out_in_their_order_and_none_is_lost_whatever_the_threads) {
    std::string in = "id,地址,x\n";
    constexpr int kRows = 30'000;
    for (int i = 0; i < kRows; ++i) {
        // Some take long and some no time, so that threads overtake one another.
        in += std::to_string(i) + (i % 7 == 0 ? ",荔湾区翠洲社区振兴路3号,\n" : ",天,\"\n\"\n");
    }
    auto const one = answered(in);
    for (unsigned const threads : {2U, 5U}) {
        BOOST_TEST((answered(in, {}, threads) == one));
    }
    BOOST_TEST(result.rows == std::uint64_t{kRows});
    BOOST_TEST(progress.done == 3 * std::uint64_t{kRows});
    int next = 0;
    for (auto at = one.find('\n') + 1; at < one.size(); ++next) {
        auto const number = std::to_string(next) + ",";
        if (one.compare(at, number.size(), number) != 0) {
            BOOST_ERROR("row " << next << " is not in its place");
            break;
        }
        at = one.find('\n', next % 7 == 0 ? at : one.find("\"\n\"", at) + 2) + 1;
    }
    BOOST_TEST(next == kRows);
}

BOOST_AUTO_TEST_CASE(progress_says_that_addresses_are_found) {
    static_cast<void>(answered("地址\n荔湾区\n"));
    BOOST_TEST(progress.said == "Finding addresses/addresses");
}

BOOST_AUTO_TEST_SUITE_END()
