// Any text: the readers of query geometries refuse it with a reason or give what an index can be asked with.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_geometry
//   build/fuzz/tests/fuzz/fuzz_geometry -max_total_time=60
#include <wangge/lookup/query_geometry.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    using namespace wangge::lookup;
    std::string why;
    auto const geometry = parse_query_geometry({reinterpret_cast<char const*>(data), size}, why);
    if (!geometry) {
        return why.empty() ? (std::abort(), 0) : 0;
    }
    bool whole = !geometry->parts.empty();
    for (auto const& part : geometry->parts) {
        whole = whole && !part.chains.empty();
        for (auto const& chain : part.chains) {
            whole = whole && !chain.empty() && (geometry->kind != QueryGeometry::Kind::area || chain.size() > 3);
        }
    }
    if (!whole) {
        std::abort();
    }
    return 0;
}
