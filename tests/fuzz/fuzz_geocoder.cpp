// libFuzzer target: whatever the bytes, each line of them is answered, its evidence points into it, and its shares are
// shares; and its answer does not depend on the lines that were asked before.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_geocoder && build/fuzz/tests/fuzz/fuzz_geocoder
//   -max_total_time=60

#include "require.hpp"

#include <lookup/address_town.hpp>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace {

using wangge::fuzz::require;

void check(std::string_view text, wangge::lookup::AddressAnswer const& answer, wangge::test::AddressTown const& town) {
    auto const size = text.size();
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
    require(answer.grids.size() <= wangge::lookup::kMostGrids && answer.grids.size() <= answer.grids_in_all,
            "no more grids are listed than there are");
    require(!answer.grid || (!answer.grids.empty() && answer.grids.front().grid == *answer.grid),
            "the determined grid is the first");
}

bool same(wangge::lookup::AddressAnswer const& a, wangge::lookup::AddressAnswer const& b) {
    auto const first = [](wangge::lookup::AddressAnswer const& answer) {
        return answer.match.places.empty() ? wangge::address::PlaceMatch{} : answer.match.places.front();
    };
    return a.grid == b.grid && a.score == b.score && a.grids.size() == b.grids.size() &&
           a.match.places.size() == b.match.places.size() && a.match.positions.size() == b.match.positions.size() &&
           a.match.unknown == b.match.unknown && first(a).level == first(b).level &&
           first(a).division == first(b).division && first(a).address == first(b).address;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace wangge;
    static test::AddressTown const town;
    static lookup::Geocoder kept{*town.snapshot(), *town.index()};
    static lookup::AddressAnswer answer, fresh_answer;
    std::string_view rest{reinterpret_cast<char const*>(data), size};
    for (bool more = true; more;) {
        auto const end = rest.find('\n');
        more = end != std::string_view::npos;
        // A copy, so that what reads beyond the line is seen.
        std::string const text{rest.substr(0, end)};
        rest.remove_prefix(more ? end + 1 : rest.size());
        kept.geocode(text, answer);
        check(text, answer, town);
        lookup::Geocoder fresh{*town.snapshot(), *town.index()};
        fresh.geocode(text, fresh_answer);
        require(same(answer, fresh_answer), "an answer does not depend on what was asked before");
    }
    return 0;
}
