// Any bytes as the three files of a Shapefile: refused, or read within their bounds for the encoding.
// The first four bytes say how long .shp and .shx are (16-bit, little-endian); the rest is the .dbf.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_shapefile_parts
//   build/fuzz/tests/fuzz/fuzz_shapefile_parts -max_total_time=60
#include "shapefile_parts.hpp"

#include <wangge/base/error.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace {

/// A copy of exactly this size, so that the sanitizer sees one byte too far.
struct Exact {
    std::unique_ptr<std::byte[]> data;
    std::size_t size;
    explicit Exact(wangge::importers::Bytes from) : data(new std::byte[from.size()]), size(from.size()) {
        std::ranges::copy(from, data.get());
    }
    [[nodiscard]] wangge::importers::Bytes bytes() const { return {data.get(), size}; }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge::importers;
    if (size < 4) {
        return 0;
    }
    auto const number = [&](std::size_t at) {
        return static_cast<std::size_t>(data[at]) | std::size_t{data[at + 1]} << 8U;
    };
    auto rest = std::as_bytes(std::span{data + 4, size - 4});
    std::size_t const shp_size = std::min(number(0), rest.size());
    Exact const shp{rest.first(shp_size)};
    rest = rest.subspan(shp_size);
    std::size_t const shx_size = std::min(number(2), rest.size());
    Exact const shx{rest.first(shx_size)};
    Exact const dbf{rest.subspan(shx_size)};
    ShapefileParts const parts{{"a.shp", shp.bytes()}, {"a.shx", shx.bytes()}, {"a.dbf", dbf.bytes()}, {"a.cpg", {}}};
    try {
        (void)check_shapefile(parts);
        (void)text_of_shapefile(parts, {});
    } catch (wangge::Error const&) {
    }
    return 0;
}
