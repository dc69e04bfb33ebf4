// libFuzzer target: any bytes as a CSV of addresses are answered or refused with an error, every row is counted once,
// and what is added to a row does not depend on the rows beside it.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_address_csv &&
//   build/fuzz/tests/fuzz/fuzz_address_csv -max_total_time=60
#include "memory_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/lookup/address_csv.hpp>

#include <lookup/address_town.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace wangge;
using fuzz::require;

constexpr std::string_view kHeader = "id,\"\xe5\x9c\xb0\xe5\x9d\x80\"\n"; // 地址

/// The output; nothing where the file was refused.
std::optional<std::string> answer(std::string_view bytes) {
    static test::AddressTown const town;
    static lookup::Geocoder const geocoder{*town.snapshot(), *town.index()};
    static test::TemporaryFolder const folder;
    fuzz::MemoryFile const in{bytes};
    auto const out = (folder.path() / "out").string();
    SilentProgress silent;
    try {
        auto const result = lookup::geocode_csv(geocoder, *town.snapshot(), {in.path(), out, {}, 1}, silent);
        require(result.rows == result.inside + result.outside + result.faults, "every row is counted once");
        return read_file(out);
    } catch (Error const& error) {
        require(*error.what() != 0, "a refusal says why");
        return std::nullopt;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view rows{reinterpret_cast<char const*>(data), size};
    (void)answer(rows);
    auto const head = answer(kHeader);
    require(head.has_value(), "a header alone is a file");
    auto const all = answer(std::string{kHeader} + std::string{rows});
    // A quoted field may go over lines, and the encoding is that of the whole file.
    if (!all || rows.find('"') != std::string_view::npos || !is_utf8(rows)) {
        return 0;
    }
    auto expected = *head;
    while (!rows.empty()) {
        auto const end = std::min(rows.find('\n'), rows.size() - 1) + 1;
        auto const one = answer(std::string{kHeader} + std::string{rows.substr(0, end)});
        require(one && one->starts_with(*head), "a row of a file that is answered is answered");
        expected += one->substr(head->size());
        rows.remove_prefix(end);
    }
    require(*all == expected, "a row's answer does not depend on the rows beside it");
    return 0;
}
