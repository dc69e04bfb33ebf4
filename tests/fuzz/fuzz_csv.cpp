// libFuzzer target: the CSV reader never breaks, gives the same records whatever the pieces its source hands out, and
// reads back what it read when that is written with every field quoted.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_csv && build/fuzz/tests/fuzz/fuzz_csv
//   -max_total_time=60

#include "require.hpp"

#include <wangge/importers/csv_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using wangge::importers::CsvReader;

using wangge::fuzz::require;

struct Result {
    std::vector<std::vector<std::string>> records;
    bool sound = true; ///< no broken quote
};

Result read(std::string_view text, std::size_t piece) {
    std::size_t at = 0;
    CsvReader reader{[&](std::span<char> buffer) {
                         auto const size = std::min({buffer.size(), piece, text.size() - at});
                         std::copy_n(text.data() + at, size, buffer.data());
                         at += size;
                         return size;
                     },
                     ','};
    Result result;
    std::vector<std::string> fields;
    for (;;) {
        auto const outcome = reader.next(fields);
        if (outcome == CsvReader::Outcome::end) {
            return result;
        }
        require(!fields.empty(), "a record has a field");
        require(reader.line() >= 1, "lines count from 1");
        result.sound = result.sound && outcome == CsvReader::Outcome::record;
        result.records.push_back(fields);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    auto const whole = read(text, 1U << 20U);
    auto const pieces = read(text, 1 + size % 7);
    require(whole.records == pieces.records && whole.sound == pieces.sound, "pieces do not matter");
    if (whole.sound) {
        std::string quoted;
        for (auto const& record : whole.records) {
            for (std::size_t i = 0; i < record.size(); ++i) {
                quoted += i == 0 ? "\"" : ",\"";
                for (char const c : record[i]) {
                    quoted.append(c == '"' ? 2 : 1, c);
                }
                quoted += '"';
            }
            quoted += "\r\n";
        }
        require(read(quoted, 1U << 20U).records == whole.records, "what was read can be written and read again");
    }
    return 0;
}
