// libFuzzer target: any bytes as a CSV of positions and as binary positions give the same output, or the same error,
// whatever the size of the blocks and the number of threads; the number parser agrees with std::from_chars on them.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_bulk && build/fuzz/tests/fuzz/fuzz_bulk
//   -max_total_time=60
#include "bulk_blocks.hpp"
#include "coordinate_text.hpp"
#include "lookup/small_province.hpp"
#include "memory_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace {

using namespace wangge;
using fuzz::MemoryFile;
using fuzz::require;

constexpr std::size_t kSmallBlock = 64;
constexpr std::size_t kLargeBlock = 8192; // more than an input; a megabyte would only take time

struct Outcome {
    std::string output; ///< or the error's message
    lookup::BulkResult result;
};

Outcome run(test::TemporaryFolder const& folder, std::function<lookup::BulkResult(std::string const&)> const& locate) {
    auto const out = (folder.path() / "out").string();
    Outcome outcome;
    try {
        outcome.result = locate(out);
        outcome.output = read_file(out);
    } catch (Error const& error) {
        outcome.output = error.what();
    }
    return outcome;
}

void require_same(Outcome const& one, Outcome const& other) {
    require(one.output == other.output, "blocks and threads do not matter");
    auto const& a = one.result;
    auto const& b = other.result;
    require(a.rows == b.rows && a.inside == b.inside && a.outside == b.outside && a.faults == b.faults,
            "blocks and threads do not matter for the counts");
    require(a.rows == a.inside + a.outside + a.faults, "every row is counted once");
}

void check_number(std::string_view text) {
    std::string const margin(lookup::kReadableAround, '5');
    std::string const padded = margin + std::string{text} + margin;
    double got = 0;
    if (!lookup::parse_plain_decimal(std::string_view{padded}.substr(margin.size(), text.size()), got)) {
        return;
    }
    double expected = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
    require(error == std::errc{} && end == text.data() + text.size(), "what is read fast is a number");
    require(std::bit_cast<std::uint64_t>(got) == std::bit_cast<std::uint64_t>(expected), "a number has one value");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static test::SmallProvince const province;
    static test::TemporaryFolder const folder;
    if (size == 0) {
        return 0;
    }
    unsigned const choice = data[0];
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    unsigned const threads = choice % 16 == 0 ? 3 : 1;
    SilentProgress silent;
    // Most bytes are no header with coordinates: they are given one, so that the rows are reached.
    std::string const header = choice % 2 == 0 ? "" : "lon,lat,\"n,\n\"\n";
    MemoryFile const csv{header + std::string{bytes}};
    auto const as_csv = [&](std::size_t block_bytes, unsigned by) {
        return run(folder, [&](std::string const& out) {
            return lookup::locate_csv_in_blocks(*province.snapshot(), {csv.path(), out, {}, {}, "EPSG:4490", by},
                                                block_bytes, silent);
        });
    };
    require_same(as_csv(kSmallBlock, threads), as_csv(kLargeBlock, 1));

    MemoryFile const binary{bytes};
    for (auto const form : {lookup::BinaryForm::e7, lookup::BinaryForm::f64}) {
        auto const as_binary = [&](std::size_t block_bytes, unsigned by) {
            return run(folder, [&](std::string const& out) {
                return lookup::locate_binary_in_blocks(
                    *province.snapshot(), {binary.path(), out, {}, {}, "EPSG:4490", by}, form, block_bytes, silent);
            });
        };
        require_same(as_binary(kSmallBlock, threads), as_binary(kLargeBlock, 1));
    }
    check_number(bytes.substr(0, 40));
    return 0;
}
