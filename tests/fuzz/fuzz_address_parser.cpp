// libFuzzer target: any bytes are refused or split into parts that stand in order, do not overlap and lie in the text,
// and name divisions that are there.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_address_parser
//   build/fuzz/tests/fuzz/fuzz_address_parser -max_len=1100 -timeout=1 -max_total_time=60 (from the root of the
//   sources)

#include "require.hpp"

#include <wangge/address/parser.hpp>

#include <address/reference_gazetteer.hpp>

#include <cstdint>
#include <string_view>
#include <tuple>

namespace {

using namespace wangge::address;

using wangge::fuzz::require;

/// Some names, so that this way is walked too.
NameTrie const& known_names() {
    static auto const bytes =
        NameTrie::build(std::vector<NameTrie::Name>{{Normalizer::name("深南大道"), KnownNames::kRoad},
                                                    {Normalizer::name("珠江新城"), 4U | KnownNames::kEstate},
                                                    {Normalizer::name("上围"), 8U | KnownNames::kGroup},
                                                    {Normalizer::name("车公庙"), 12U | KnownNames::kLandmark}});
    static auto const trie = NameTrie::over(bytes, "known names");
    return trie;
}

void check(Parser const& parser, NormalizedText const& normal, ParsedAddress& parsed) {
    auto const& gazetteer = reference_gazetteer();
    parser.parse(normal, parsed);
    std::uint32_t at = 0;
    for (auto const& part : parsed.parts) {
        require(part.begin >= at, "parts stand in order and do not overlap");
        require(part.begin < part.end, "no part is empty");
        require(part.end <= normal.characters.size(), "parts lie in the text");
        require(part.first_name <= part.last_name && part.last_name <= parsed.names.size(), "names are there");
        require(part.component <= Component::group || part.first_name == part.last_name, "only divisions have names");
        require(part.component >= Component::group || part.first_name < part.last_name, "each division has a name");
        at = part.end;
    }
    for (auto const& name : parsed.names) {
        require(name.division < gazetteer.size(), "a name is one of a division");
    }
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    std::ignore = reference_gazetteer(); // takes seconds with sanitizers: not in the time of the first input
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static Parser const alone{reference_gazetteer()};
    static Parser const with_names{reference_gazetteer(), {&known_names()}};
    static NormalizedText normal;
    static ParsedAddress parsed;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    if (Normalizer::normalize(text, normal) != Normalizer::Outcome::good) {
        return 0;
    }
    check(alone, normal, parsed);
    check(with_names, normal, parsed);
    return 0;
}
