#include "name_likeness.hpp"

#include <wangge/address/normalizer.hpp>

#include <algorithm>
#include <array>

namespace wangge::address {

namespace {

// Odds that one character is written so, from what people mistype: a sound-alike comes of pinyin input, a missing
// or exchanged one of haste. Numerals, directions and the words for road and street name another road more often than
// they are mistyped.
constexpr float kSoundsAlike = 2.3F;
constexpr float kOtherCharacter = 3.5F;
constexpr float kMissing = 3.2F;
constexpr float kExchanged = 2.5F;
constexpr float kTellingCharacter = 5.5F;
constexpr float kTellingMissing = 4.5F;
constexpr float kLastWordMissing = 2.0F; ///< 振兴二 for 振兴二街
constexpr float kMostCost = 7.5F;        ///< two slips
constexpr std::size_t kLongest = 24;

bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
bool is_direction(char32_t c) noexcept {
    return std::u32string_view{U"东南西北中上下前后"}.find(c) != std::u32string_view::npos;
}
bool is_way(char32_t c) noexcept {
    return std::u32string_view{U"路街巷道里弄坊径"}.find(c) != std::u32string_view::npos;
}
bool is_telling(char32_t c) noexcept { return is_digit(c) || is_direction(c); }

float substitution(char32_t a, char32_t b) noexcept {
    if (a == b) {
        return 0;
    }
    if (is_telling(a) && is_telling(b)) {
        return kTellingCharacter;
    }
    if (is_way(a) && is_way(b)) {
        return kTellingMissing;
    }
    auto const syllable = Normalizer::syllable(a);
    return syllable != 0 && syllable == Normalizer::syllable(b) ? kSoundsAlike : kOtherCharacter;
}

float missing(char32_t c, bool last) noexcept {
    if (is_telling(c)) {
        return kTellingMissing;
    }
    return last && is_way(c) ? kLastWordMissing : kMissing;
}

} // namespace

float unlikeness(std::u32string_view text, std::u32string_view name) noexcept {
    if (text == name) {
        return 0;
    }
    auto const difference = text.size() > name.size() ? text.size() - name.size() : name.size() - text.size();
    if (difference > 2 || text.size() > kLongest || name.size() > kLongest || text.empty() || name.empty()) {
        return kUnlike;
    }
    // Slips of a name of one or two characters make another name.
    if (std::min(text.size(), name.size()) < 2) {
        return kUnlike;
    }
    std::array<std::array<float, kLongest + 1>, 3> rows; // of the text so far: before the last, last, this
    auto* before = &rows[0];
    auto* last = &rows[1];
    auto* now = &rows[2];
    (*last)[0] = 0;
    for (std::size_t j = 1; j <= name.size(); ++j) {
        (*last)[j] = (*last)[j - 1] + missing(name[j - 1], j == name.size());
    }
    for (std::size_t i = 1; i <= text.size(); ++i) {
        (*now)[0] = (*last)[0] + missing(text[i - 1], false);
        auto least = (*now)[0];
        for (std::size_t j = 1; j <= name.size(); ++j) {
            auto cost = (*last)[j - 1] + substitution(text[i - 1], name[j - 1]);
            cost = std::min(cost, (*last)[j] + missing(text[i - 1], i == text.size()));
            cost = std::min(cost, (*now)[j - 1] + missing(name[j - 1], j == name.size()));
            if (i > 1 && j > 1 && text[i - 1] == name[j - 2] && text[i - 2] == name[j - 1]) {
                cost = std::min(cost, (*before)[j - 2] + kExchanged);
            }
            (*now)[j] = cost;
            least = std::min(least, cost);
        }
        if (least > kMostCost) {
            return kUnlike;
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    auto const cost = (*last)[name.size()];
    // Two slips leave nothing to recognise of less than four characters.
    auto const most = std::min(text.size(), name.size()) < 4 ? kTellingCharacter : kMostCost;
    return cost > most ? kUnlike : cost;
}

std::u32string_view division_stem(std::u32string_view name) noexcept {
    static constexpr std::array<std::u32string_view, 19> kWords{U"社区居民委员会",
                                                                U"社区居委会",
                                                                U"居民委员会",
                                                                U"村民委员会",
                                                                U"街道办事处",
                                                                U"居委会",
                                                                U"村委会",
                                                                U"办事处",
                                                                U"街道办",
                                                                U"街道",
                                                                U"社区",
                                                                U"地区",
                                                                U"村",
                                                                U"镇",
                                                                U"乡",
                                                                U"区",
                                                                U"县",
                                                                U"市",
                                                                U"省"};
    for (auto const word : kWords) {
        if (name.size() >= word.size() + 2 && name.ends_with(word)) {
            return name.substr(0, name.size() - word.size());
        }
    }
    return name;
}

} // namespace wangge::address
