// libFuzzer target: bytes that claim to be an address index are refused at open or answered in bounds.
#include "damaged_file.hpp"
#include "index_view.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace wangge;
using namespace wangge::address;

constexpr std::size_t kChecksumAt = 64 + 16 * kArrays - 8;

/// In memory where the system has such a folder.
std::filesystem::path file() {
    static auto const path = (std::filesystem::is_directory("/dev/shm") ? std::filesystem::path{"/dev/shm"}
                                                                        : std::filesystem::temp_directory_path()) /
                             ("fuzz-address-index-" + std::to_string(::getpid()));
    return path;
}

std::vector<std::byte> small_index() {
    auto const code = [](std::uint64_t value) { return DivisionCode::from_value(value); };
    std::vector<GazetteerEntry> const divisions{
        {code(440000000000), "广东省", Level::province, {}},
        {code(440100000000), "广州市", Level::city, code(440000000000)},
        {code(440103000000), "荔湾区", Level::county, code(440100000000)},
        {code(440103001000), "沙面街道", Level::town, code(440103000000)},
        {code(440103001001), "翠洲社区居民委员会", Level::village, code(440103001000)}};
    std::array<std::string_view, 3> const roads{"", "文化路", "文化一路"}, numbers{"1号", "2号之一", ""},
        estates{"", "丽景城", "陈围"}, buildings{"", "1栋", "A座"}, rooms{"", "101房", "首层"};
    AddressContent content;
    content.divisions = divisions;
    std::uint32_t n = 0;
    std::string id, text;
    content.next = [&](AddressRecord& r) {
        if (n == 81) {
            return false;
        }
        id = "A" + std::to_string(n);
        r.id = id;
        r.village = n % 5 == 0 ? DivisionCode{} : code(440103001001);
        r.road = roads[n % 3];
        r.number = numbers[n / 3 % 3];
        r.estate = estates[n / 9 % 3];
        r.building = buildings[n / 27 % 3];
        r.room = rooms[n % 2];
        text = std::string{r.estate} + std::string{r.road} + std::string{r.number} + std::string{r.building} +
               std::string{r.room} + (n % 7 == 0 ? "旁" : "");
        r.text = text;
        r.by_staff = n % 9 == 0;
        r.at = {1'132'000'000 + static_cast<std::int32_t>(n * 37 % 50) * 100,
                230'000'000 + static_cast<std::int32_t>(n)};
        ++n;
        return true;
    };
    SilentProgress silent;
    static_cast<void>(AddressIndex::write(content, file(), silent));
    auto const bytes = read_file(file());
    auto const view = std::as_bytes(std::span{bytes.data(), bytes.size()});
    return {view.begin(), view.end()};
}

void ask(AddressIndex const& index) {
    for (std::string_view const text : {"文化路1号", "广东省荔湾区文化路", "沙面街道翠洲社区陈围旁", "荔湾"}) {
        for (auto const number : index.bound_to(text)) {
            static_cast<void>(index.address(number));
        }
    }
    auto const& v = index.view();
    auto const sure = [](bool sound) {
        if (!sound) {
            __builtin_trap();
        }
    };
    for (AddressNumber a = 0; a < index.size(); ++a) {
        static_cast<void>(index.address(a));
    }
    for (NameId n = 0; n < v.names.size(); ++n) {
        auto const text = v.name_text(n);
        static_cast<void>(v.name_display(n).size() + v.names_of(text).size() + v.name_initials(n).size());
        auto const known = [&](NameId other) { sure(other < v.names.size()); };
        v.similar_to(text, known);
        v.sounding_like(text, known);
        for (DivisionNumber d = 0; d < index.gazetteer().size(); ++d) {
            static_cast<void>(v.places_in(n, d));
        }
        index.known_names().trie->match(text, 0, [&](std::size_t, std::uint32_t value) {
            auto const name = v.name_of_trie(value);
            sure(name == kNone || name < v.names.size());
        });
    }
    for (auto const& place : v.places) {
        if (v.kind(place) == KnownNames::kRoad) {
            for (auto const& house : v.houses_of_road(place)) {
                for (auto const& door : v.doors_of(v.id_of(house))) {
                    static_cast<void>(v.key(v.unit_key(door)).size() + v.key(v.room_key(door)).size());
                }
                static_cast<void>(v.houses_of_road(place, house.number).size() + v.key(house.suffix).size());
            }
        } else {
            for (auto const house : v.houses_of_estate(place)) {
                static_cast<void>(v.village(v.houses[house]));
                static_cast<void>(v.houses_of_estate(place, v.houses[house].building));
            }
        }
    }
    for (DivisionNumber d = 0; d < index.gazetteer().size(); ++d) {
        static_cast<void>(v.places_under(d).size() + v.division_text(d).size());
    }
    static_cast<void>(v.find_key(U"2A"));
    for (auto const* const text : {"文", "广州市", "荔湾区文", "w", "沙面", "翠洲丽"}) {
        sure(index.suggest(text, 4).size() <= 4);
    }
    for (auto const& near : index.nearest({1'132'000'000, 230'000'000}, 5, 1e7)) {
        sure(near.address < index.size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static std::vector<std::byte> const valid = small_index();
    auto const bytes = fuzz::damaged({data, size}, valid, kChecksumAt);
    {
        FileWriter writer{file()};
        writer.write(bytes);
        writer.close_unsynced();
    }
    try {
        ask(*AddressIndex::open(file()));
    } catch (Error const&) {
        return 0; // refused
    }
    return 0;
}
