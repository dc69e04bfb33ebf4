// libFuzzer target: any body of a batch of addresses is refused with a reason, or read as what it says: a JSON array as
// another reader of JSON has it, lines as they stand.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_address_batch &&
//   build/fuzz/tests/fuzz/fuzz_address_batch

#include "address_batch.hpp"
#include "require.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>

namespace {

using wangge::fuzz::require;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    constexpr std::size_t kMost = 20;
    std::string_view const body{reinterpret_cast<char const*>(data), size};
    std::string fault;
    auto const batch = wangge::http::parse_address_batch(body, kMost, fault);
    require(batch.has_value() == fault.empty(), "a reason for what is refused alone");
    auto const json = nlohmann::json::parse(body, nullptr, false);
    bool texts = json.is_array() && json.size() <= kMost;
    for (std::size_t i = 0; texts && i < json.size(); ++i) {
        texts = json[i].is_string();
    }
    if (!batch) {
        require(!texts, "an array of texts is read");
        return 0;
    }
    require(batch->texts.size() <= kMost, "no more than there may be");
    require(batch->lines != texts, "arrays are arrays");
    if (texts) {
        require(json.get<std::vector<std::string>>() == batch->texts, "the texts of the array");
        return 0;
    }
    std::size_t bytes = 0;
    for (auto const& line : batch->texts) {
        require(line.find('\n') == std::string::npos, "lines are one line");
        bytes += line.size();
    }
    require(bytes <= size, "nothing is added");
    return 0;
}
