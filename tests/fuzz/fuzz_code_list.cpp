// libFuzzer target: a list of division codes is read or refused with Error{data_rejected}; what was read, written one a
// line, is read as the same.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_code_list
//   build/fuzz/tests/fuzz/fuzz_code_list -max_total_time=60

#include <wangge/base/error.hpp>
#include <wangge/importers/code_list.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge;
    auto const require = [](bool holds, char const* what) {
        if (!holds) {
            std::fprintf(stderr, "violated: %s\n", what);
            std::abort();
        }
    };
    try {
        auto const codes = importers::parse_code_list({reinterpret_cast<char const*>(data), size}, "list");
        std::string written;
        for (auto const code : codes) {
            require(code.valid(), "a code is one");
            written += code.str() + "\n";
        }
        require(importers::parse_code_list(written, "list") == codes, "what was read is read again");
    } catch (Error const& error) {
        require(error.code() == ErrorCode::data_rejected, "refused as data");
    }
    return 0;
}
