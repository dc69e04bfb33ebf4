// libFuzzer target: query strings never break the decoder, and what it accepts is clean text that decodes the same when
// escaped.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_query && build/fuzz/tests/fuzz/fuzz_query
//   -max_total_time=60

#include "query_string.hpp"
#include "require.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

using wangge::fuzz::require;

std::string escaped(std::string_view text) {
    std::string out;
    for (auto const c : text) {
        char byte[4];
        std::snprintf(byte, sizeof byte, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += byte;
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge::http;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    if (auto const decoded = percent_decode(text, true)) {
        require(percent_decode(escaped(*decoded), false) == decoded, "escaping what was decoded decodes to the same");
    }
    if (auto const number = parse_number(text)) {
        require(std::isfinite(*number), "a number is finite");
        require(text.find_first_not_of("0123456789+-.eE") == std::string_view::npos, "a number is decimal");
    }
    ParameterProblem problem;
    auto const parameters = Parameters::parse(text, {"lon", "lat", "crs", "as_of", "nearest"}, problem);
    require(parameters.has_value() || (!problem.field.empty() || problem.fault == ParameterFault::unknown),
            "a fault names its field");
    require(parameters.has_value() || !problem.message.empty(), "a fault has a message");
    return 0;
}
