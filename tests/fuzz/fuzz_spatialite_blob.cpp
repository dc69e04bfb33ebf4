// Any bytes are refused or read; what was read is written and read back as the same shape.
#include "spatialite_blob.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const shape = wangge::registry::read_spatialite_blob(std::as_bytes(std::span{data, size}));
    if (shape) {
        std::vector<std::byte> blob;
        wangge::registry::write_spatialite_blob(*shape, blob);
        if (wangge::registry::read_spatialite_blob(blob) != shape) {
            std::abort();
        }
    }
    return 0;
}
