#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wangge::address {

/// What a character is, and below the sets of characters that it is in.
enum Class : std::uint64_t {
    kSeparator = 0,
    kName = 1,
    kDigit = 2,
    kLetter = 3,
    kDash = 4,
    kKind = 7,
    kMarkFirst = 1ULL << 3U,
    kBetween = 1ULL << 4U,
    kDirection = 1ULL << 5U,
    kMark = 1ULL << 6U,
    kRoad = 1ULL << 7U,
    kEnding = 1ULL << 8U,
    kAnd = 1ULL << 9U,
    kPointing = 1ULL << 10U,
    kCut = 1ULL << 11U,
    kOrdinal = 1ULL << 12U,
    kZoneFirst = 1ULL << 13U,
    kZoneLast = 1ULL << 14U,
    kSide = 1ULL << 15U,
    kFloorWord = 1ULL << 16U,
    kCommittee = 1ULL << 17U,
    kBuildingMark = 1ULL << 18U,
    kRoomMark = 1ULL << 19U,
    kNextTo = 1ULL << 20U,
    kSaysKind = 1ULL << 21U,
    kDivisionFirst = 1ULL << 22U, ///< of a division's name that tells its kind, where the text may be read as one
    kDivisionLast = 1ULL << 23U,
    kNameFirst = 1ULL << 24U, ///< of any division's name
    kStem = 1ULL << 27U,      ///< a name, a digit or a letter
    kCityWord = 1ULL << 28U,
    kOtherCityWord = 1ULL << 29U,
    kOtherProvinceWord = 1ULL << 30U,
    kDistrict = 1ULL << 31U,
    kBelowOrOrder = 1ULL << 32U,
    kHeavenly = 1ULL << 33U,
    kAfterNumberSign = 1ULL << 34U,
    kNoBareNumber = 1ULL << 35U,
    kFloor = 1ULL << 36U,
    kAfterRoomSign = 1ULL << 37U,
    kBuildingWord = 1ULL << 38U,
};
struct ClassSet {
    Class bit;
    std::u32string_view characters;
};
inline constexpr ClassSet kClassSets[] = {
    {kMarkFirst, U"负第自甲乙丙丁东南西北中首底顶地夹整全之前后"}, // of what marked() reads, besides digits and letters
    {kBetween, U"与和及近即原在"},
    {kDirection, U"东西南北中"},
    {kMark, U"号栋幢室层"},
    {kRoad, U"路街巷"},
    {kEnding, U"区园镇厦村"},
    {kAnd, U"与和及"},
    {kPointing, U"东西南北中上下前后新老旧大小横直"},
    {kCut, U"省市县区镇街路号"},
    {kOrdinal, U"东西南北中上下第横甲乙丙丁"},
    {kZoneFirst, U"东西南北中新老旧第"},
    {kZoneLast, U"区期"},
    {kSide, U"东南西北中前后"},
    {kFloorWord, U"首底顶地夹整全"},
    {kCommittee, U"社村居"},               // the first ones of kCommittees,
    {kBuildingMark, U"号栋幢座塔馆仓#厂"}, // of the marks of buildings(),
    {kRoomMark, U"号商铺档室房卡"},        // of rooms()
    {kNextTo, U"旁边面近壁下上侧东西南北口"},
    {kSaysKind, U"省市区县镇乡道街村场办处会居委社组队"}, // the last of a division's name that tells what it is
    {kCityWord, U"场民政"},                               // of words that begin with 市
    {kOtherCityWord, U"场民政区内"},                      // the same, besides 市区 and 市内
    {kOtherProvinceWord, U"道级"},                        // of words that begin with 省
    {kDistrict, U"市区县镇"},
    {kBelowOrOrder, U"负第"},
    {kHeavenly, U"甲乙丙丁"},
    {kAfterNumberSign, U"楼铺房室档仓馆线"},
    {kNoBareNumber, U"号栋幢座楼层室房铺单米路街"}, // what stands behind a number that is none of a house
    {kFloor, U"楼层"},
    {kAfterRoomSign, U"楼院线"},
    {kBuildingWord, U"座塔栋翼幢楼"},
};

/// The sets of each character that is in one: a table that fits the first cache.
struct ClassTable {
    struct Place {
        char32_t character = 0;
        std::uint64_t classes = 0;
    };
    static constexpr std::size_t kPlaces = 512;
    std::array<Place, kPlaces> places{};

    static constexpr std::size_t place(char32_t c) noexcept { return (c * 0x9e3779b1U >> 16U) & (kPlaces - 1); }
    constexpr ClassTable() {
        for (auto const& set : kClassSets) {
            for (auto const c : set.characters) {
                auto at = place(c);
                while (places[at].character != 0 && places[at].character != c) {
                    at = (at + 1) & (kPlaces - 1);
                }
                places[at].character = c;
                places[at].classes |= set.bit;
            }
        }
    }
    [[nodiscard]] std::uint64_t sets_of(char32_t c) const noexcept {
        for (auto at = place(c); places[at].character != 0; at = (at + 1) & (kPlaces - 1)) {
            if (places[at].character == c) {
                return places[at].classes;
            }
        }
        return 0;
    }
};
inline constexpr ClassTable kClassTable;

inline std::uint64_t kind_of(char32_t c) noexcept {
    if (c >= U'0' && c <= U'9') {
        return kDigit;
    }
    if (c >= U'A' && c <= U'Z') {
        return kLetter;
    }
    if (c == U'-') {
        return kDash;
    }
    if (c < 0x80) {
        return kSeparator;
    }
    // Letters of any script; punctuation blocks are separators.
    auto const punctuation = (c >= 0x2000 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f && c != U'〇') ||
                             (c >= 0xff00 && c <= 0xff0f) || (c >= 0x2190 && c <= 0x2bff);
    return punctuation ? kSeparator : kName;
}

/// The classes of all characters of a text, and of `beyond` separators behind it.
template <class Classes>
void classify(std::u32string_view text, std::size_t beyond, Classes& out) {
    out.resize(text.size() + beyond);
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const kind = kind_of(text[at]);
        auto const stem = kind - kName <= kLetter - kName ? std::uint64_t{kStem} : 0;
        out[at] = kind | stem | kClassTable.sets_of(text[at]);
    }
    std::fill_n(out.data() + text.size(), beyond, std::uint64_t{kSeparator});
}

} // namespace wangge::address
