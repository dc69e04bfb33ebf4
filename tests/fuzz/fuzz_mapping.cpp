// Any text as a field mapping: refused, or a mapping of columns that are there, which is written and read again the
// same.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_mapping
//   build/fuzz/tests/fuzz/fuzz_mapping -max_total_time=60
#include <wangge/base/error.hpp>
#include <wangge/importers/field_mapping.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge::importers;
    static std::vector<std::string> const columns{"WGBM", "网格名称", "c"};
    auto const read = [](std::string_view text) {
        return FieldMapping::from_json(text, "m.json", boundary_fields(), columns, "a.shp");
    };
    try {
        auto const mapping = read({reinterpret_cast<char const*>(data), size});
        if (read(mapping.to_json()).describe() != mapping.describe()) {
            std::abort();
        }
        if (auto const column = mapping.column("grid_code"); !column || *column >= columns.size()) {
            std::abort();
        }
    } catch (wangge::Error const&) {
    }
    return 0;
}
