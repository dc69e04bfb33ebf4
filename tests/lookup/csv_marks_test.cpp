#include "csv_marks.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace wangge;

/// Records and their fields with the line ends, one character after another.
struct Plain {
    std::vector<std::vector<std::string>> records;
    std::size_t whole = 0, first = 0;
};

Plain read_plainly(std::string const& text) {
    Plain plain;
    bool quoted = false, open = false;
    std::vector<std::string> fields{""};
    for (std::size_t i = 0; i < text.size(); ++i) {
        open = true;
        quoted = quoted != (text[i] == '"');
        if (!quoted && text[i] == '\n') {
            plain.records.push_back(fields);
            fields = {""};
            open = false;
            plain.whole = i + 1;
            plain.first = plain.first == 0 ? i + 1 : plain.first;
        } else if (!quoted && text[i] == ',') {
            fields.emplace_back();
        } else {
            fields.back() += text[i];
        }
    }
    if (open) {
        plain.records.push_back(fields);
    }
    return plain;
}

} // namespace

BOOST_AUTO_TEST_SUITE(csv_marks)

BOOST_AUTO_TEST_CASE(records_and_fields_are_those_that_a_plain_reader_finds) {
    constexpr std::uint64_t kSeed = 64;
    test::Random random{kSeed};
    lookup::CsvMarks marks{','};
    for (int round = 0; round < 20000; ++round) {
        // Few quotes make long quoted stretches, many make short ones.
        std::string const letters = round % 2 == 0 ? "\",\nwwwwwwwwwwwwwwwwwww,\n" : "\"\",\nw";
        std::string text;
        for (auto size = random.between(0, 400); size > 0; --size) {
            text += letters[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(letters.size()) - 1))];
        }
        auto const expected = read_plainly(text);
        auto const padded = text + std::string(64, "\",\nw"[round % 4]); // what lies behind is not looked at
        auto const view = std::string_view{padded}.substr(0, text.size());
        std::vector<std::vector<std::string>> got;
        marks.begin(view);
        auto const batch = static_cast<std::size_t>(random.between(1, 5));
        while (marks.next(batch)) {
            for (std::size_t record = 0; record < marks.records(); ++record) {
                auto& fields = got.emplace_back();
                for (std::size_t column = 0; column < marks.columns(record); ++column) {
                    fields.push_back(text.substr(marks.begin_of(record, column),
                                                 marks.end_of(record, column) - marks.begin_of(record, column)));
                }
            }
        }
        BOOST_TEST_REQUIRE((got == expected.records), "seed " << kSeed << " round " << round << ": " << text);
        BOOST_TEST_REQUIRE(lookup::whole_records(view) == expected.whole, "round " << round << ": " << text);
        BOOST_TEST_REQUIRE(lookup::first_record(view) == expected.first, "round " << round << ": " << text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
