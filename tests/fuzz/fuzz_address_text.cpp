// libFuzzer target: any bytes are brought to the form in which addresses are compared, or refused where they are not
// UTF-8; every byte belongs to a character, and the form is its own form.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_address_text
//   build/fuzz/tests/fuzz/fuzz_address_text -max_len=1100 -max_total_time=60

#include "require.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace {

using wangge::address::NormalizedText;
using wangge::address::Normalizer;

using wangge::fuzz::require;

std::string utf8(std::u32string const& text) {
    std::string out;
    for (auto const c : text) {
        wangge::append_utf8(out, c);
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
    std::string_view const input{reinterpret_cast<char const*>(bytes), size};
    NormalizedText text, again;
    switch (Normalizer::normalize(input, text)) {
    case Normalizer::Outcome::too_long:
        require(size > wangge::address::kMaxAddressBytes, "only long texts are too long");
        return 0;
    case Normalizer::Outcome::not_utf8: {
        require(text.characters.empty() && text.offsets.size() == 1 && text.offsets[0] < size, "a byte is named");
        auto const before = input.substr(0, text.offsets[0]);
        require(Normalizer::normalize(before, again) == Normalizer::Outcome::good, "what stands before it is UTF-8");
        return 0;
    }
    case Normalizer::Outcome::good:
        break;
    }
    auto const& [characters, offsets] = text;
    require(offsets.size() == characters.size() + 1 && offsets.front() == 0, "each character has an offset");
    require(characters.empty() || offsets.back() == size, "the last byte belongs to a character");
    require(std::is_sorted(offsets.begin(), offsets.end()), "offsets never fall");
    auto const written = utf8(characters);
    auto const outcome = Normalizer::normalize(written, again);
    require(outcome == Normalizer::Outcome::good || (outcome == Normalizer::Outcome::too_long && written.size() > 1024),
            "the form is a text");
    require(outcome != Normalizer::Outcome::good || again.characters == characters, "the form is its own form");
    return 0;
}
