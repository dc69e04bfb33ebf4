#include "bulk_blocks.hpp"
#include "small_province.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/lookup/bulk.hpp>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <limits>
#include <thread>

using namespace wangge;
using test::SmallProvince;

namespace {

struct Bulk {
    SmallProvince province;
    test::TemporaryFolder folder;

    std::string answer(std::string const& csv, std::string const& lon = {}, std::string const& lat = {}) {
        auto const in = folder.path() / "in.csv", out = folder.path() / "out.csv";
        write_file_atomically(in, csv);
        SilentProgress progress;
        result = lookup::locate_csv(*province.snapshot(), {in.string(), out.string(), lon, lat}, progress);
        return read_file(out);
    }
    /// The same with other blocks and threads.
    std::string answer_in_blocks(std::string const& csv, std::size_t block_bytes, unsigned threads) {
        auto const in = folder.path() / "in.csv", out = folder.path() / "out.csv";
        write_file_atomically(in, csv);
        SilentProgress progress;
        result = lookup::locate_csv_in_blocks(
            *province.snapshot(), {in.string(), out.string(), {}, {}, "EPSG:4490", threads}, block_bytes, progress);
        return read_file(out);
    }
    std::string answer_binary(std::string const& records, lookup::BinaryForm form, std::string const& crs = "EPSG:4490",
                              std::size_t block_bytes = lookup::kBlockBytes, unsigned threads = 1) {
        auto const in = folder.path() / "in.bin", out = folder.path() / "out.bin";
        write_file_atomically(in, records);
        SilentProgress progress;
        result = lookup::locate_binary_in_blocks(
            *province.snapshot(), {in.string(), out.string(), {}, {}, crs, threads}, form, block_bytes, progress);
        return read_file(out);
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder.path()}, {}));
    }
    lookup::BulkResult result;
};

/// Little-endian, whatever the machine.
std::string bytes_of(std::uint64_t value, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
        bytes += static_cast<char>(value >> (8 * i) & 0xffU);
    }
    return bytes;
}
std::string e7(std::int32_t lon, std::int32_t lat) {
    return bytes_of(static_cast<std::uint32_t>(lon), 4) + bytes_of(static_cast<std::uint32_t>(lat), 4);
}
std::string f64(double x, double y) {
    return bytes_of(std::bit_cast<std::uint64_t>(x), 8) + bytes_of(std::bit_cast<std::uint64_t>(y), 8);
}
std::string code(std::uint64_t value) { return bytes_of(value, 8); }

struct Nasty {
    std::string csv, expected;
};
/// Every form of record that the documents know, with its answer written by hand.
Nasty nasty_csv() {
    return {"\xef\xbb\xbf\"na\nme\";\xbe\xad\xb6\xc8;note;lon;\"lat\"\r\n"
            "a;;;113.015;23.005\r\n"                  // a carriage return before the line end goes
            "b;;\"x;\ny\";\"113.005\";\" 23.005 \"\n" // a separator and a line end inside quotes
            "\r\n\n"                                  // empty records are left out
            "c;;\"q\"\"q\r\n\";113.015;23.005\r\r\n"  // only one carriage return goes; the other is in the number
            "d;;;1.13015e2;2.3005e1\n"                // not in the usual form
            "e;;;113.0149999999999999999999;23.005000000000\n"
            "\xb4\xe5;;;113.02;23.0\n" // the east side is not owned
            "f;;;113.0199999;23.0\n"
            "g;;;113.01999999;23.0\n" // rounds to the side
            "h;;;-113.5;-23.5\n"
            "i;;;nan;23\n"
            "j;;;;23\n"
            "k;;;113.015;23.005x\n"
            "l;;;113.015\n"
            "m\n"
            "n;;;113.015;23.005;more\n"
            "o;;;113.015;90.1\n"
            "p;;" +
                std::string(300, 'w') +
                ";113.015;23.005\n"
                "q;;;113.705;23.005\r", // neither line feed
            "\xef\xbb\xbf\"na\nme\";\xbe\xad\xb6\xc8;note;lon;\"lat\";grid_code;locate_status\n"
            "a;;;113.015;23.005;440106001001002;ok\n"
            "b;;\"x;\ny\";\"113.005\";\" 23.005 \";440106001001801;ok\n"
            "c;;\"q\"\"q\r\n\";113.015;23.005\r;;bad_lat\n"
            "d;;;1.13015e2;2.3005e1;440106001001002;ok\n"
            "e;;;113.0149999999999999999999;23.005000000000;440106001001002;ok\n"
            "\xb4\xe5;;;113.02;23.0;;outside\n"
            "f;;;113.0199999;23.0;440106001001002;ok\n"
            "g;;;113.01999999;23.0;;outside\n"
            "h;;;-113.5;-23.5;;outside\n"
            "i;;;nan;23;;bad_lon\n"
            "j;;;;23;;bad_lon\n"
            "k;;;113.015;23.005x;;bad_lat\n"
            "l;;;113.015;;;bad_row\n"
            "m;;;;;;bad_row\n"
            "n;;;113.015;23.005;more;;bad_row\n"
            "o;;;113.015;90.1;;bad_position\n"
            "p;;" +
                std::string(300, 'w') +
                ";113.015;23.005;440106001001002;ok\n"
                "q;;;113.705;23.005;441900003001001;ok\n"};
}

} // namespace

BOOST_AUTO_TEST_SUITE(bulk)

BOOST_AUTO_TEST_CASE(columns_bytes_and_order_are_kept_and_the_code_comes_first_among_the_new_ones) {
    Bulk bulk;
    BOOST_TEST(bulk.answer("\xef\xbb\xbfname,经度,纬度,\"a \"\"b\"\"\"\r\n\"x,\ny\",113.015,23.005,1\r\nz, 113.005 "
                           ",\"23.005\",\"\"\r\n") ==
               "\xef\xbb\xbfname,经度,纬度,\"a \"\"b\"\"\",grid_code,locate_status\n"
               "\"x,\ny\",113.015,23.005,1,440106001001002,ok\n"
               "z, 113.005 ,\"23.005\",\"\",440106001001801,ok\n");
    BOOST_TEST(bulk.result.rows == 2U);
    BOOST_TEST(bulk.result.inside == 2U);
}

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_read_is_marked_and_the_others_are_answered) {
    Bulk bulk;
    BOOST_TEST(bulk.answer(
                   "lon\tlat\nnan\t23\n113.0x\t23\n113.001\t\n113.001\n113.001\t91\n113.02\t23.0\n113.0199999\t23.0") ==
               "lon\tlat\tgrid_code\tlocate_status\n"
               "nan\t23\t\tbad_lon\n113.0x\t23\t\tbad_lon\n113.001\t\t\tbad_lat\n113.001\t\t\tbad_row\n113."
               "001\t91\t\tbad_position\n"
               "113.02\t23.0\t\toutside\n113.0199999\t23.0\t440106001001002\tok\n");
    BOOST_TEST(bulk.result.faults == 5U);
    BOOST_TEST(bulk.result.outside == 1U);
}

BOOST_AUTO_TEST_CASE(answers_stand_under_their_heading_in_rows_that_are_too_short_or_too_long) {
    Bulk bulk;
    BOOST_TEST(bulk.answer("lon,lat,note,more\n113.015,23.005\n113.015,23.005,a,b,c\n113.015\n") ==
               "lon,lat,note,more,grid_code,locate_status\n113.015,23.005,,,440106001001002,ok\n"
               "113.015,23.005,a,b,c,,bad_row\n113.015,,,,,bad_row\n");
}

BOOST_AUTO_TEST_CASE(a_gb18030_header_is_understood_and_its_bytes_are_kept) {
    Bulk bulk;
    // 经度,纬度,备注 in GB18030
    std::string const header = "\xbe\xad\xb6\xc8,\xce\xb3\xb6\xc8,\xb1\xb8\xd7\xa2";
    BOOST_TEST(bulk.answer(header + "\n113.015,23.005,\xb4\xe5\n") ==
               header + ",grid_code,locate_status\n113.015,23.005,\xb4\xe5,440106001001002,ok\n");
}

BOOST_AUTO_TEST_CASE(more_rows_than_a_batch_and_a_buffer_keep_their_order) {
    Bulk bulk;
    std::string csv = "id,x,y,note\n", expected = "id,x,y,note,grid_code,locate_status\n";
    std::string const note(200, 'n');
    for (int i = 0; i < 20000; ++i) {
        bool const east = i % 3 == 0;
        auto const row = std::to_string(i) + (east ? ",113.015,23.001," : ",113.001,23.001,") + note;
        csv += row + "\n";
        expected += row + (east ? ",440106001001002,ok\n" : ",440106001001001,ok\n");
    }
    BOOST_TEST((bulk.answer(csv) == expected));
}

BOOST_AUTO_TEST_CASE(a_missing_column_is_refused_with_the_list_of_columns_and_no_file_is_left) {
    Bulk bulk;
    BOOST_CHECK_EXCEPTION(bulk.answer("a,b\n1,2\n"), Error, [](Error const& error) {
        return error.code() == ErrorCode::data_rejected && std::string{error.what()}.find("a, b") != std::string::npos;
    });
    BOOST_CHECK_THROW(bulk.answer("lon,lat\n1,2\n", "easting"), Error);
    BOOST_CHECK_THROW(bulk.answer(""), Error);
    BOOST_TEST(!std::filesystem::exists(bulk.folder.path() / "out.csv"));
    BOOST_TEST(bulk.files() == 1U); // in.csv
}

BOOST_AUTO_TEST_CASE(a_header_that_cannot_be_answered_under_is_refused_with_what_to_do) {
    auto const refusal = [](std::string const& csv) {
        Bulk bulk;
        try {
            bulk.answer(csv);
            return std::string{"none"};
        } catch (Error const& error) {
            BOOST_TEST((error.code() == ErrorCode::data_rejected));
            BOOST_TEST(bulk.files() == 1U); // in.csv
            std::string const what = error.what();
            return what.substr(what.find(": ") + 2);
        }
    };
    BOOST_TEST(refusal("id,lon,lat\r1,113.015,23.005\r2,113.015,23.005\r") ==
               "its lines end with CR alone; save it with LF or CR LF at their ends");
    BOOST_TEST(refusal("\"a\rb\",lon,lat\r\n1,113.015,23.005\r\n") == "none"); // in quotes it is text
    BOOST_TEST(refusal("lon,lat,\"n\n") ==
               "the header has a quotation mark that nothing closes; remove it or close it");
}

BOOST_AUTO_TEST_CASE(every_kind_of_record_has_its_answer_wherever_the_blocks_are_cut_and_by_any_number_of_threads) {
    Bulk bulk;
    auto const nasty = nasty_csv();
    BOOST_TEST((bulk.answer(nasty.csv) == nasty.expected), bulk.answer(nasty.csv));
    BOOST_TEST(bulk.result.rows == 18U);
    BOOST_TEST(bulk.result.inside == 7U);
    BOOST_TEST(bulk.result.outside == 3U);
    BOOST_TEST(bulk.result.faults == 8U);
    for (std::size_t block = 1; block <= nasty.csv.size() + 1; ++block) {
        for (unsigned threads = 1; threads <= (block % 16 == 0 ? 4U : 1U); ++threads) {
            BOOST_TEST((bulk.answer_in_blocks(nasty.csv, block, threads) == nasty.expected),
                       "blocks of " << block << " bytes, " << threads << " threads");
            BOOST_TEST(bulk.result.rows == 18U);
        }
    }
}

BOOST_AUTO_TEST_CASE(marks_at_every_place_of_the_sixty_four_bytes_are_found) {
    Bulk bulk;
    for (std::size_t length = 0; length <= 200; ++length) {
        std::string const text(length, 'w');
        for (auto const& note : {text, "\"" + text + ",\n\"", "\"" + text + "\"\"\"", text + "\"\n,\""}) {
            auto const rows = note + ",113.015,23.001\n" + note + ",113.001,23.001";
            BOOST_TEST((bulk.answer("note,lon,lat\n" + rows) == "note,lon,lat,grid_code,locate_status\n" + note +
                                                                    ",113.015,23.001,440106001001002,ok\n" + note +
                                                                    ",113.001,23.001,440106001001001,ok\n"),
                       note);
        }
    }
}

BOOST_AUTO_TEST_CASE(many_rows_have_the_same_bytes_by_any_number_of_threads) {
    Bulk bulk;
    std::string csv = "id,lon,lat\n", expected = "id,lon,lat,grid_code,locate_status\n";
    for (int i = 0; i < 30000; ++i) {
        auto const row = std::to_string(i) + (i % 3 == 0 ? ",113.015,23.001" : i % 3 == 1 ? ",113.001,23.001" : ",1,2");
        csv += row + "\n";
        expected += row + (i % 3 == 0 ? ",440106001001002,ok\n" : i % 3 == 1 ? ",440106001001001,ok\n" : ",,outside\n");
    }
    for (unsigned const threads : {1U, 2U, 3U, 8U}) {
        BOOST_TEST((bulk.answer_in_blocks(csv, 5000, threads) == expected), threads << " threads");
        BOOST_TEST(bulk.result.inside == 20000U);
    }
}

BOOST_AUTO_TEST_CASE(short_rows_under_a_wide_header_are_filled_up_in_constant_memory) {
    Bulk bulk;
    std::string const wide(100'000, ',');
    std::string csv = "lon,lat" + wide + "\n";
    auto expected = "lon,lat" + wide + ",grid_code,locate_status\n";
    for (int i = 0; i < 200; ++i) { // 20 MB from 3 kB, by far more than is kept
        csv += "113.015,23.005\n";
        expected += "113.015,23.005" + wide + ",440106001001002,ok\n";
    }
    BOOST_TEST((bulk.answer(csv) == expected));
}

BOOST_AUTO_TEST_CASE(one_column_for_both_coordinates_leaves_the_latitude_without_a_value) {
    Bulk bulk;
    BOOST_TEST(bulk.answer("a,b\n23,1\nx,1\n", "a", "a") ==
               "a,b,grid_code,locate_status\n23,1,,bad_lat\nx,1,,bad_lon\n");
}

BOOST_AUTO_TEST_CASE(a_header_alone_gives_a_header_and_a_quote_left_open_takes_the_rest_of_the_file) {
    Bulk bulk;
    BOOST_TEST(bulk.answer("lon,lat") == "lon,lat,grid_code,locate_status\n");
    BOOST_TEST(bulk.answer("lon,lat\r\n") == "lon,lat,grid_code,locate_status\n");
    BOOST_TEST(bulk.answer("lon,lat,n\n113.015,23.005,\"a\n113.015,23.005,b\n") ==
               "lon,lat,n,grid_code,locate_status\n113.015,23.005,\"a\n113.015,23.005,b\n,440106001001002,ok\n");
}

BOOST_AUTO_TEST_CASE(a_pipe_is_written_straight_away_and_stays_a_pipe) {
    Bulk bulk;
    auto const in = bulk.folder.path() / "in.csv", out = bulk.folder.path() / "pipe";
    write_file_atomically(in, "lon,lat\n113.015,23.005\n");
    BOOST_TEST_REQUIRE(::mkfifo(out.c_str(), 0600) == 0);
    std::string got;
    {
        std::jthread const reader{[&] { got = read_file(out); }};
        SilentProgress progress;
        (void)lookup::locate_csv(*bulk.province.snapshot(), {in.string(), out.string()}, progress);
    }
    BOOST_TEST(got == "lon,lat,grid_code,locate_status\n113.015,23.005,440106001001002,ok\n");
    BOOST_TEST(std::filesystem::is_fifo(out));
}

BOOST_AUTO_TEST_CASE(a_record_longer_than_a_megabyte_is_named_by_its_row_and_nothing_is_left) {
    Bulk bulk;
    constexpr std::size_t kMega = std::size_t{1} << 20U;
    std::string const before = "lon,lat\n113.015,23.005\n\n113.015,23.005\n";
    auto const record = [](std::size_t size) { return "113.015,23.005" + std::string(size - 14, '0'); };
    for (unsigned const threads : {1U, 3U}) {
        for (std::size_t const block : {std::size_t{16}, std::size_t{4096}, 2 * kMega, 8 * kMega}) {
            BOOST_CHECK_EXCEPTION(
                bulk.answer_in_blocks(before + record(kMega + 1) + "\n113.015,23.005\n", block, threads), Error,
                [](Error const& error) {
                    return error.code() == ErrorCode::data_rejected &&
                           std::string{error.what()}.find("the record at row 5 is longer than 1048576 bytes") !=
                               std::string::npos;
                });
            BOOST_TEST(bulk.files() == 1U);
        }
        BOOST_TEST(bulk.answer_in_blocks(before + record(kMega) + "\n", 4096, threads).size() > kMega);
        BOOST_TEST(bulk.result.inside == 3U);
        std::filesystem::remove(bulk.folder.path() / "out.csv");
    }
    BOOST_CHECK_THROW(bulk.answer(std::string(kMega + 1, 'x')), Error);
}

BOOST_AUTO_TEST_CASE(a_quote_that_never_closes_does_not_eat_the_memory) {
    Bulk bulk;
    BOOST_CHECK_THROW(bulk.answer("lon,lat\n\"113,23\n" + std::string(std::size_t{3} << 20U, 'x')), Error);
}

BOOST_AUTO_TEST_CASE(positions_in_another_system_are_brought_to_the_registry_s) {
    Bulk bulk;
    auto const in = bulk.folder.path() / "in.csv", out = bulk.folder.path() / "out.csv";
    auto const there = crs::Transformer::make("EPSG:4547").from_registry(crs::Position{113.015, 23.005}).value();
    auto const row = std::to_string(there.x) + "," + std::to_string(there.y);
    write_file_atomically(in, "x,y\n" + row + "\n1e9,1\n");
    SilentProgress progress;
    (void)lookup::locate_csv(*bulk.province.snapshot(), {in.string(), out.string(), {}, {}, "EPSG:4547", 2}, progress);
    BOOST_TEST(read_file(out) == "x,y,grid_code,locate_status\n" + row + ",440106001001002,ok\n1e9,1,,bad_position\n");
}

BOOST_AUTO_TEST_CASE(lattice_records_get_the_number_of_their_grid) {
    Bulk bulk;
    auto const records = e7(1130150000, 230050000) + e7(1130200000, 230000000) + e7(1130050000, 230050000) +
                         e7(1800000001, 0) + e7(std::numeric_limits<std::int32_t>::min(), 0) + e7(0, -900000001) +
                         e7(-1800000000, 900000000);
    auto const expected = code(440106001001002) + code(0) + code(440106001001801) + code(~std::uint64_t{0}) +
                          code(~std::uint64_t{0}) + code(~std::uint64_t{0}) + code(0);
    BOOST_TEST((bulk.answer_binary(records, lookup::BinaryForm::e7) == expected));
    BOOST_TEST(bulk.result.rows == 7U);
    BOOST_TEST(bulk.result.inside == 2U);
    BOOST_TEST(bulk.result.outside == 2U);
    BOOST_TEST(bulk.result.faults == 3U);
    for (std::size_t block = 1; block < 70; ++block) {
        BOOST_TEST((bulk.answer_binary(records, lookup::BinaryForm::e7, "EPSG:4326", block,
                                       static_cast<unsigned>(block % 3 + 1)) == expected));
    }
    BOOST_TEST(bulk.answer_binary("", lookup::BinaryForm::e7) == "");
}

BOOST_AUTO_TEST_CASE(doubles_get_the_number_of_their_grid_in_any_system) {
    Bulk bulk;
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                     kInfinity = std::numeric_limits<double>::infinity();
    BOOST_TEST((bulk.answer_binary(
                    f64(113.015, 23.005) + f64(113.02, 23.0) + f64(kNan, 23) + f64(113, kInfinity) + f64(113, 90.5),
                    lookup::BinaryForm::f64) == code(440106001001002) + code(0) + code(~std::uint64_t{0}) +
                                                    code(~std::uint64_t{0}) + code(~std::uint64_t{0})));
    BOOST_TEST(bulk.result.faults == 3U);
    auto const there = crs::Transformer::make("EPSG:4547").from_registry(crs::Position{113.015, 23.005}).value();
    BOOST_TEST(
        (bulk.answer_binary(f64(there.x, there.y), lookup::BinaryForm::f64, "EPSG:4547") == code(440106001001002)));
    BOOST_CHECK_EXCEPTION(bulk.answer_binary("", lookup::BinaryForm::e7, "EPSG:4547"), Error, [](Error const& error) {
        return error.code() == ErrorCode::usage && std::string{error.what()}.find("EPSG:4547") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(more_records_than_a_batch_and_a_block_keep_their_order) {
    Bulk bulk;
    std::string records, expected;
    for (std::int32_t i = 0; i < 50000; ++i) {
        records += e7(i % 3 == 0 ? 1130150000 : i % 3 == 1 ? 1130010000 : 0, 230010000);
        expected += code(i % 3 == 0 ? 440106001001002 : i % 3 == 1 ? 440106001001001 : 0);
    }
    BOOST_TEST((bulk.answer_binary(records, lookup::BinaryForm::e7) == expected));
    BOOST_TEST((bulk.answer_binary(records, lookup::BinaryForm::e7, "EPSG:4490", 4096, 4) == expected));
}

BOOST_AUTO_TEST_CASE(a_record_that_is_cut_short_is_named_and_nothing_is_left) {
    Bulk bulk;
    for (unsigned const threads : {1U, 3U}) {
        for (std::size_t const block : {std::size_t{8}, std::size_t{100}, lookup::kBlockBytes}) {
            auto const records = f64(113.015, 23.005) + f64(113.015, 23.005) + std::string(15, '\0');
            BOOST_CHECK_EXCEPTION(bulk.answer_binary(records, lookup::BinaryForm::f64, "EPSG:4490", block, threads),
                                  Error, [](Error const& error) {
                                      return error.code() == ErrorCode::data_unreadable &&
                                             std::string{error.what()}.find(
                                                 "in.bin: ends inside record 3, where each has 16 bytes") !=
                                                 std::string::npos;
                                  });
        }
    }
    BOOST_TEST(bulk.files() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
