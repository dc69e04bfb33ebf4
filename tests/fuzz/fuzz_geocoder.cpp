// libFuzzer target: whatever the bytes, a text is answered, its evidence points into it, and its shares are shares.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_geocoder && build/fuzz/tests/fuzz/fuzz_geocoder
//   -max_total_time=60

#include <lookup/address_town.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds, char const* what) {
    if (!holds) {
        std::fprintf(stderr, "violated: %s\n", what);
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge;
    static test::AddressTown const town;
    static lookup::Geocoder geocoder{*town.snapshot(), *town.index()};
    static lookup::AddressAnswer answer;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    geocoder.geocode(text, answer);
    auto const& match = answer.match;
    for (auto const& c : match.components) {
        require(c.begin <= c.end && c.end <= size && text.substr(c.begin, c.end - c.begin) == c.text,
                "a component is where it says");
    }
    for (auto const& place : match.places) {
        for (auto const& item : place.evidence) {
            require(item.begin <= item.end && item.end <= size, "evidence lies in the text");
        }
        require(!place.address || *place.address < town.index()->size(), "an address is there");
    }
    double sum = match.unknown;
    for (auto const& p : match.positions) {
        require(p.share >= 0 && p.share <= 1.0001F, "a share is a share");
        sum += p.share;
    }
    for (auto const& d : match.divisions) {
        sum += d.share;
    }
    require(std::abs(sum - 1) < 1e-3, "all shares sum to one");
    require(answer.score >= 0 && answer.score <= 1, "a score is a share");
    require(answer.grids.size() <= lookup::kMostGrids && answer.grids.size() <= answer.grids_in_all,
            "no more grids are listed than there are");
    require(!answer.grid || (!answer.grids.empty() && answer.grids.front().grid == *answer.grid),
            "the determined grid is the first");
    return 0;
}
