#include "small_province.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/lookup/bulk.hpp>

#include <boost/test/unit_test.hpp>

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
    lookup::BulkResult result;
};

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
    std::size_t files = 0;
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator{bulk.folder.path()}) {
        ++files;
    }
    BOOST_TEST(files == 1U); // in.csv
}

BOOST_AUTO_TEST_CASE(a_quote_that_never_closes_does_not_eat_the_memory) {
    Bulk bulk;
    BOOST_CHECK_THROW(bulk.answer("lon,lat\n\"113,23\n" + std::string(std::size_t{3} << 20U, 'x')), Error);
}

BOOST_AUTO_TEST_SUITE_END()
