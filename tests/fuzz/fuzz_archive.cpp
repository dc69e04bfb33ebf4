// Any bytes as a zip or gzip: refused, or files no larger than the limit, inside the archive, each inflated to its
// size.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_archive
//   build/fuzz/tests/fuzz/fuzz_archive -max_total_time=60
#include "archive.hpp"
#include "require.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <cstdint>

namespace {

using wangge::fuzz::require;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge::importers;
    Bytes const bytes = std::as_bytes(std::span{data, size});
    ReadOptions options;
    options.limits.inflated_bytes = 1 << 20;
    try {
        if (size > 2 && data[0] == 0x1F) {
            require(gunzip(bytes, "fuzz", 1 << 16).bytes().size() <= 1 << 16, "the limit holds");
            return 0;
        }
        ZipArchive archive{bytes, "fuzz", options};
        std::uint64_t sum = 0;
        for (auto const& entry : archive.entries()) {
            require(wangge::is_utf8(entry.name) && !entry.name.starts_with('/'), "names stay inside");
            require(("/" + entry.name + "/").find("/../") == std::string::npos, "names do not climb");
            try {
                auto const inflated = archive.inflate(entry);
                require(inflated.bytes().size() == entry.size, "as large as it says");
                sum += entry.size;
            } catch (wangge::Error const&) {
            }
        }
        require(sum <= options.limits.inflated_bytes, "the limit holds for all of them");
    } catch (wangge::Error const&) {
    }
    return 0;
}
