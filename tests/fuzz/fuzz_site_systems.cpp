// libFuzzer target: coordinate-systems.toml never breaks the reader; what it rejects it rejects with file and line;
// what it takes gives transformers that bring positions there and back.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_site_systems
//   build/fuzz/tests/fuzz/fuzz_site_systems -max_total_time=60 -dict=tests/fuzz/site_systems.dict

#include "require.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/crs/transformer.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace wangge;

using wangge::fuzz::require;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    // A pipeline may name files and takes PROJ's own parser, which is not what is tried here.
    if (size > 4096 || text.find("pipeline") != std::string_view::npos) {
        return 0;
    }
    crs::SiteSystems site;
    try {
        site = crs::SiteSystems::parse(text, "f.toml");
    } catch (Error const& error) {
        require(error.code() == ErrorCode::data_rejected, "a mistake of the file is data_rejected");
        require(std::string_view{error.what()}.starts_with("f.toml:"), "a mistake names file and line");
        return 0;
    }
    for (auto const& name : site.names()) {
        require(site.find(name) != nullptr, "a name that is listed is found");
        auto const transformer = crs::Transformer::make(name, site);
        if (auto const there = transformer.from_registry(crs::Position{113.3, 23.1})) {
            auto const back = transformer.to_registry(*there);
            require(!back || (std::fabs(back->lon - 113.3) < 1e-6 && std::fabs(back->lat - 23.1) < 1e-6),
                    "there and back is where it began");
        }
    }
    return 0;
}
