// Any bytes: parse_wkb refuses them or gives a shape that comes back the same.
#include <wangge/geom/wkb.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    using namespace wangge::geom;
    auto const shape = parse_wkb(std::as_bytes(std::span{data, size}));
    if (shape) {
        std::vector<std::byte> bytes;
        append_wkb(*shape, bytes);
        auto const again = parse_wkb(bytes);
        if (!again || *again != *shape) {
            std::abort();
        }
    }
    return 0;
}
