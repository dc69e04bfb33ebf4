#include "cell_values.hpp"
#include "files.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/code_list.hpp>
#include <wangge/importers/csv_reader.hpp>
#include <wangge/importers/field_mapping.hpp>
#include <wangge/importers/table_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::importers;
using wangge::test::in_encoding;
using wangge::test::to_gb18030;

namespace {

using Rows = std::vector<std::vector<std::string>>;

struct Csv {
    Rows rows;
    std::vector<std::uint64_t> lines;
    CsvReader::Outcome last = CsvReader::Outcome::end;
};

/// Fed in pieces of `piece` bytes, so that every boundary is met.
Csv read_csv(std::string_view text, std::size_t piece = 1 << 16, char separator = ',') {
    std::size_t at = 0;
    CsvReader reader{[&](std::span<char> buffer) {
                         auto const size = std::min({buffer.size(), piece, text.size() - at});
                         std::copy_n(text.data() + at, size, buffer.data());
                         at += size;
                         return size;
                     },
                     separator};
    Csv csv;
    std::vector<std::string> fields;
    for (;;) {
        csv.last = reader.next(fields);
        if (csv.last != CsvReader::Outcome::record) {
            return csv;
        }
        csv.rows.push_back(fields);
        csv.lines.push_back(reader.line());
    }
}

std::string error_of(auto&& work) {
    try {
        work();
    } catch (Error const& error) {
        return error.what();
    }
    return {};
}

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(importers_text)

BOOST_AUTO_TEST_CASE(csv_is_read_as_rfc_4180_says_whatever_the_buffer_boundaries) {
    std::string_view const text = "a,b,c\r\n1,\"two, \"\"2\"\"\",3\n\n\"line\r\nbreak\",,\r\nlast,\"\",x";
    Rows const expected{{"a", "b", "c"}, {"1", "two, \"2\"", "3"}, {"line\r\nbreak", "", ""}, {"last", "", "x"}};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        auto const csv = read_csv(text, piece);
        BOOST_TEST((csv.rows == expected), "pieces of " << piece);
        BOOST_TEST((csv.last == CsvReader::Outcome::end));
        BOOST_TEST((csv.lines == std::vector<std::uint64_t>{1, 2, 4, 6}));
    }
}

BOOST_AUTO_TEST_CASE(csv_ends_with_or_without_a_line_break) {
    for (auto const* const text : {"a,b", "a,b\n", "a,b\r\n", "a,b\r", "\n\na,b\n\n", "\r\na,b\r\n\r\n"}) {
        auto const csv = read_csv(text);
        BOOST_TEST((csv.rows == Rows{{"a", "b"}}), text);
        BOOST_TEST((csv.last == CsvReader::Outcome::end));
    }
    BOOST_TEST(read_csv("").rows.empty());
    BOOST_TEST((read_csv("a,\n").rows == Rows{{"a", ""}}));
    BOOST_TEST((read_csv("\"\"\n").rows == Rows{{""}}));
    BOOST_TEST((read_csv("a\tb\n", 100, '\t').rows == Rows{{"a", "b"}}));
}

BOOST_AUTO_TEST_CASE(csv_with_broken_quotes_says_so) {
    BOOST_TEST((read_csv("a,\"b\nc").last == CsvReader::Outcome::open_quote));
    BOOST_TEST((read_csv("a,\"b\"c\n").last == CsvReader::Outcome::bad_quote));
    BOOST_TEST((read_csv("\"" + std::string(2 * CsvReader::kMaxRecord, 'x')).last == CsvReader::Outcome::record_long));
    BOOST_TEST((read_csv("5\" pipe,b\n").rows == Rows{{"5\" pipe", "b"}}));
}

BOOST_AUTO_TEST_CASE(gb18030_keeps_rare_characters_and_is_strict) {
    TextDecoder decoder{"GBK"};
    BOOST_TEST(decoder.encoding() == "GB18030");
    for (std::string const text : {"礐石街道", "大輋村", "㙟仔", "𠮷田", "ASCII", ""}) {
        auto bytes = to_gb18030(text);
        BOOST_TEST(decoder.decode(bytes));
        BOOST_TEST(bytes == text);
    }
    for (std::string bad : {"\xD6", "\xFF\xFF", "\x81\x30\x81", "ok\x80\x20"}) {
        auto const before = bad;
        BOOST_TEST(!decoder.decode(bad));
        BOOST_TEST(bad == before);
    }
    std::string again = to_gb18030("街"); // a failure leaves no state behind
    BOOST_TEST(decoder.decode(again));
    BOOST_TEST(again == "街");
}

BOOST_AUTO_TEST_CASE(utf8_is_checked_by_the_letter) {
    for (std::string const good : {"网格", "𠮷", "\xC2\x80", "\xF4\x8F\xBF\xBF"}) {
        BOOST_TEST(is_utf8(good));
    }
    for (std::string const bad :
         {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE7\xBD", "\x80", "网\xFF"}) {
        BOOST_TEST(!is_utf8(bad));
    }
    BOOST_TEST(without_cut_character("网格\xE7\xBC", "UTF-8") == "网格");
    BOOST_TEST(without_cut_character("网格", "UTF-8") == "网格");
    BOOST_TEST(without_cut_character(to_gb18030("网格") + "\xB1", "GB18030") == to_gb18030("网格"));
}

BOOST_AUTO_TEST_CASE(encodings_have_many_names) {
    for (auto const* const name : {"utf8", "UTF-8", "65001", "utf_8"}) {
        BOOST_TEST(canonical_encoding(name).value() == "UTF-8");
    }
    for (auto const* const name : {"GBK", "gb2312", "CP936", "ANSI 936", "936", "GB18030", "windows-936", "54936"}) {
        BOOST_TEST(canonical_encoding(name).value() == "GB18030");
    }
    BOOST_TEST(!canonical_encoding("latin1").has_value());
    BOOST_CHECK_THROW(TextDecoder{"klingon"}, Error);
}

BOOST_AUTO_TEST_CASE(the_encoding_is_told_from_the_text) {
    EncodingGuess utf8;
    utf8.add("广州市");
    utf8.add("越秀区");
    BOOST_TEST(utf8.encoding().value() == "UTF-8");
    EncodingGuess gb;
    gb.add(to_gb18030("广州市"));
    BOOST_TEST(gb.encoding().value() == "GB18030");
    EncodingGuess neither;
    neither.add("\xFF\xFE\xFF");
    BOOST_TEST(!neither.encoding().has_value());
}

BOOST_AUTO_TEST_CASE(days_are_read_as_people_and_spreadsheets_write_them) {
    for (auto const* const text :
         {"2024-05-01", "2024/5/1", "2024.5.1", "20240501", "2024年5月1日", "2024-05-01 00:00:00",
          "2024-05-01T08:00:00", "45413"}) { // 45413: LibreOffice, =DATE(2024;5;1) as a number
        auto const day = parse_day(text);
        BOOST_REQUIRE_MESSAGE(day.has_value(), text);
        BOOST_TEST(day->str() == "2024-05-01", text);
    }
    for (auto const* const text : {"", "2024", "2024-13-01", "2024-05-32", "05/01/2024", "yesterday", "2024-05",
                                   "2024-05-01x", "240501", "-5"}) {
        BOOST_TEST(!parse_day(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(phones_are_digits) {
    BOOST_TEST(parse_phone("13800001234").value() == "13800001234");
    BOOST_TEST(parse_phone("+86 138-0000-1234").value() == "13800001234");
    BOOST_TEST(parse_phone("020-12345678").value() == "02012345678");
    for (auto const* const text : {"", "1380000123", "138000012345", "1.38E+10", "tel", "23800001234"}) {
        BOOST_TEST(!parse_phone(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(columns_are_found_by_chinese_pinyin_and_english_names) {
    for (auto const& columns :
         std::vector<std::vector<std::string>>{{"网格编码", "网格名称", "网格类型", "所属村居编码"},
                                               {"WGBM", "WGMC", "WGLX", "CJBM"},
                                               {"grid_code", "name", "kind", "vill_code"}, // our own Shapefiles
                                               {"GRID_CODE", "grid name", "Grid-Type", "VILLAGE_CO"},
                                               {"*网格编码（15位）", "网格名称 ", "类型", "村居编码"}}) {
        auto const mapping = FieldMapping::guess(boundary_fields(), columns, "a.shp");
        BOOST_TEST(mapping.column("grid_code").value() == 0U);
        BOOST_TEST(mapping.column("grid_name").value() == 1U);
        BOOST_TEST(mapping.column("grid_kind").value() == 2U);
        BOOST_TEST(mapping.column("village_code").value() == 3U);
    }
    auto const cut = FieldMapping::guess(boundary_fields(), {"网格编", "网格名"}, "utf8.shp"); // ten bytes of a .dbf
    BOOST_TEST(cut.column("grid_code").value() == 0U);
    BOOST_TEST(cut.describe().english ==
               "grid_code <- 网格编, grid_name <- 网格名, grid_kind <- (none), village_code <- (none)");
    BOOST_TEST(cut.describe().chinese ==
               "网格编码 ← 网格编，网格名称 ← 网格名，网格类型 ← （无），所属村居编码 ← （无）");
    auto const name_and_code =
        FieldMapping::guess(boundary_fields(), {"所属村居", "所属村居编码", "name", "code"}, "b.gpkg");
    BOOST_TEST(name_and_code.column("village_code").value() == 1U);
}

BOOST_AUTO_TEST_CASE(a_missing_column_is_named_with_what_was_found_and_what_is_accepted) {
    auto const message = error_of([] {
        (void)FieldMapping::guess(officer_fields(), {"姓名", "电话", "网格"}, "officers.csv");
    });
    for (auto const* const part : {"officers.csv", "officer_id", "姓名, 电话, 网格", "工号"}) {
        BOOST_TEST(contains(message, part), message);
    }
}

BOOST_AUTO_TEST_CASE(a_mapping_is_written_and_read_again) {
    std::vector<std::string> const columns{"a", "网格编码", "b"};
    auto const read = [&](std::string const& json) {
        return FieldMapping::from_json(json, "m.json", boundary_fields(), columns, "f.shp");
    };
    auto const document = [](std::string const& fields) {
        return R"({"format": "wangge-field-mapping", "version": 1, "fields": {)" + fields + "}}";
    };
    auto const mapping = read(document(R"("grid_code": "b", "grid_name": "a", "grid_kind": null)"));
    BOOST_TEST(mapping.column("grid_code").value() == 2U); // as it says, whatever a guess would say
    BOOST_TEST(mapping.column("grid_name").value() == 0U);
    BOOST_TEST(!mapping.column("village_code").has_value());
    BOOST_TEST((read(mapping.to_json()).describe() == mapping.describe()));
    BOOST_TEST(mapping.to_json() == R"({
  "format": "wangge-field-mapping",
  "version": 1,
  "fields": {
    "grid_code": "b",
    "grid_name": "a",
    "grid_kind": null,
    "village_code": null
  }
}
)");
    auto const message = [&](std::string const& json) { return error_of([&] { (void)read(json); }); };
    auto const lacking = message(document(R"("grid_code": "WGBM", "grid_name": "a")"));
    for (auto const* const part : {"m.json", "'WGBM'", "f.shp", "a, 网格编码, b"}) {
        BOOST_TEST(contains(lacking, part), lacking);
    }
    BOOST_TEST(contains(message(document(R"("grid_code": "b")")), "does not say which column holds grid_name"));
    BOOST_TEST(contains(message(document(R"("grid_cod": "b", "grid_name": "a")")), "it wants: grid_code"));
    BOOST_TEST(contains(message(document(R"("grid_code": 3, "grid_name": "a")")), "no \"fields\""));
    BOOST_TEST(contains(message(R"({"format": "wangge-field-mapping", "version": 2, "fields": {}})"), "version 2"));
    for (auto const* const text : {"", "[]", "{}", "nonsense", R"({"fields": {"grid_code": "b", "grid_name": "a"}})"}) {
        BOOST_TEST(contains(message(text), "is no field mapping"), text);
    }
}

BOOST_AUTO_TEST_CASE(tables_are_read_in_utf8_and_gb18030_with_the_row_numbers_of_an_editor) {
    test::ScratchFolder const folder;
    std::string const text = "工号,姓名\r\nA1, 张三 \r\n\r\nA2,李四\r\n";
    for (auto const& bytes : {text, "\xEF\xBB\xBF" + text, to_gb18030(text)}) {
        auto reader = TableReader::open(folder.file("t.csv", bytes), {});
        BOOST_TEST((reader.columns() == std::vector<std::string>{"工号", "姓名"}));
        std::vector<Problem> problems;
        TableRow row;
        BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::row));
        BOOST_TEST((row.fields == std::vector<std::string>{"A1", "张三"}));
        BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::row));
        BOOST_TEST(row.row == 4U);
        BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::end));
        BOOST_TEST(problems.empty());
        BOOST_TEST(reader.bytes_read() == bytes.size());
    }
    BOOST_TEST(TableReader::open(folder.file("g.csv", to_gb18030(text)), {}).encoding() == "GB18030");
}

BOOST_AUTO_TEST_CASE(a_bad_row_among_good_ones_is_named_and_does_not_refuse_the_table) {
    test::ScratchFolder const folder;
    auto reader = TableReader::open(folder.file("t.csv", "工号,姓名\nA1,张三\nA2,\xFF\xFE\nA3,李四\n"), {});
    std::vector<Problem> problems;
    TableRow row;
    std::vector<std::string> read;
    for (auto outcome = reader.next(row, problems); outcome != TableReader::Outcome::end;
         outcome = reader.next(row, problems)) {
        read.push_back(outcome == TableReader::Outcome::row ? row.fields.at(0) : "-");
    }
    BOOST_TEST((read == std::vector<std::string>{"A1", "-", "A3"}));
    BOOST_TEST_REQUIRE(problems.size() == 1U);
    BOOST_TEST((problems[0].code == ProblemCode::unreadable_text));
    BOOST_TEST(contains(problems[0].message, "row 3"), problems[0].message);
    BOOST_TEST(contains(error_of([&] { (void)TableReader::open(folder.file("b.csv", "a,b\n1,\xFF\xFE\n"), {}); }),
                        "pass --encoding"));
}

BOOST_AUTO_TEST_CASE(a_table_in_utf16_reads_as_the_same_in_utf8_wherever_a_piece_of_it_ends) {
    test::ScratchFolder const folder;
    for (std::string_view const encoding : {"UTF-16LE", "UTF-16BE"}) {
        for (std::string const pad : {"", "x"}) { // 64 KiB end in the middle of a pair in one of the two
            std::string text = "编码\t名称\n" + pad;
            std::string name;
            for (int i = 0; i < 60'000; ++i) {
                name += "𠮷";
            }
            text += "A1\t" + name + "\nA2\t网格\n";
            auto const bytes = (encoding == "UTF-16LE" ? "\xFF\xFE" : "\xFE\xFF") + in_encoding(text, encoding);
            auto reader = TableReader::open(folder.file("t.txt", bytes), {});
            BOOST_TEST(reader.encoding() == "UTF-16");
            BOOST_TEST((reader.columns() == std::vector<std::string>{"编码", "名称"}));
            std::vector<Problem> problems;
            TableRow row;
            BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::row));
            BOOST_TEST(row.fields.at(0) == pad + "A1");
            BOOST_TEST((row.fields.at(1) == name));
            BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::row));
            BOOST_TEST(row.fields.at(1) == "网格");
            BOOST_TEST((reader.next(row, problems) == TableReader::Outcome::end));
            BOOST_TEST(problems.empty());
        }
    }
    for (auto const& cut : {"\xFF\xFE" + in_encoding("a\nb\n", "UTF-16LE") + "c",
                            "\xFF\xFE" + in_encoding("a\nb\n", "UTF-16LE") + "\x42\xD8"}) {
        auto const message = error_of([&] {
            auto reader = TableReader::open(folder.file("cut.csv", cut), {});
            std::vector<Problem> problems;
            TableRow row;
            while (reader.next(row, problems) != TableReader::Outcome::end) {
            }
        });
        BOOST_TEST(contains(message, "UTF-16"), message);
    }
}

BOOST_AUTO_TEST_CASE(ragged_rows_and_foreign_text_are_problems_with_their_row) {
    test::ScratchFolder const folder;
    auto reader = TableReader::open(folder.file("t.csv", "a,b\n1,2\n3\n4,5,6\n7,\xFF\xFF\n8,9\n"), {{}, "UTF-8", {}});
    std::vector<Problem> problems;
    TableRow row;
    std::size_t good = 0;
    for (auto outcome = reader.next(row, problems); outcome != TableReader::Outcome::end;
         outcome = reader.next(row, problems)) {
        good += outcome == TableReader::Outcome::row ? 1U : 0U;
    }
    BOOST_TEST(good == 2U);
    BOOST_REQUIRE(problems.size() == 3U);
    BOOST_TEST(problems[0].subjects.front() == "row 3");
    BOOST_TEST(contains(problems[0].message, "has 1 columns, the header has 2"));
    BOOST_TEST(problems[1].subjects.front() == "row 4");
    BOOST_TEST((problems[2].code == ProblemCode::unreadable_text));
    BOOST_TEST(contains(problems[2].message, "--encoding"));
}

BOOST_AUTO_TEST_CASE(what_is_no_table_is_refused_and_the_message_names_the_file) {
    test::ScratchFolder const folder;
    auto const refused = [&](std::filesystem::path const& path, std::string_view what) {
        auto const message = error_of([&] { (void)TableReader::open(path, {}); });
        BOOST_TEST(contains(message, path.string()), message);
        BOOST_TEST(contains(message, what), message);
    };
    refused(folder.file("empty.csv", ""), "0 bytes");
    refused(folder.file("blank.csv", "\n\n"), "no header");
    refused(folder.file("latin.csv", "a,b\n\xFF\xFF\xFF,2\n"), "neither UTF-8 nor GB18030");
    refused(folder.file("not.xlsx", "a,b\n1,2\n"), ".xlsx");
    refused(folder.file("table.doc", "a"), "accepted are");
    refused(folder.path("nowhere.csv"), "no such file");
    refused(folder.path(""), "folder");
}

BOOST_AUTO_TEST_CASE(a_list_of_codes_is_read_line_by_line_and_a_bad_line_is_named) {
    auto const codes = [](std::string_view text) {
        std::string joined;
        for (auto const code : parse_code_list(text, "codes.txt")) {
            joined += code.str() + " ";
        }
        return joined;
    };
    std::string const both{"440106001001 440106001002 "};
    BOOST_TEST(codes("440106001001\n440106001002") == both);
    BOOST_TEST(codes("\xEF\xBB\xBF"
                     "440106001001\r\n\r\n440106001002\r\n") == both);
    BOOST_TEST(codes("旧编码,名称\n440106001001,石牌社区\n440106001002;x\n") == both);
    BOOST_TEST(codes("").empty());
    auto const message = error_of([&] { (void)codes("440106001001\n\n44010600100\n"); });
    BOOST_TEST(contains(message, "codes.txt: line 3: '44010600100'"), message);
    BOOST_TEST(contains(error_of([&] { (void)codes("code\nname\n"); }), "line 2"));
}

BOOST_AUTO_TEST_SUITE_END()
