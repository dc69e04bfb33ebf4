#include "name_likeness.hpp"

#include <wangge/address/normalizer.hpp>

#include <algorithm>
#include <array>

namespace wangge::address {

namespace {

constexpr std::size_t kLongest = 24;

bool is_telling(char32_t c) noexcept {
    switch (c) {
    case U'东':
    case U'南':
    case U'西':
    case U'北':
    case U'中':
    case U'上':
    case U'下':
    case U'前':
    case U'后':
        return true;
    default:
        return c >= U'0' && c <= U'9';
    }
}
bool is_way(char32_t c) noexcept {
    switch (c) {
    case U'路':
    case U'街':
    case U'巷':
    case U'道':
    case U'里':
    case U'弄':
    case U'坊':
    case U'径':
        return true;
    default:
        return false;
    }
}

float substitution(char32_t a, char32_t b, MatchCosts const& costs) noexcept {
    if (a == b) {
        return 0;
    }
    if (is_telling(a) && is_telling(b)) {
        return costs.telling_character;
    }
    if (is_way(a) && is_way(b)) {
        return costs.telling_missing;
    }
    auto const syllable = Normalizer::syllable(a);
    return syllable != 0 && syllable == Normalizer::syllable(b) ? costs.sounds_alike : costs.other_character;
}

float missing(char32_t c, bool last, MatchCosts const& costs) noexcept {
    if (is_telling(c) || (is_way(c) && !last)) {
        return costs.telling_missing;
    }
    return is_way(c) ? costs.last_word_missing : costs.missing_character;
}

/// Characters of `a` that `b` does not have, up to 3.
std::size_t not_in(std::u32string_view a, std::u32string_view b) noexcept {
    std::size_t count = 0;
    for (auto const c : a) {
        if (count > 2) {
            break;
        }
        bool found = false;
        for (auto const d : b) {
            found |= c == d;
        }
        count += found ? 0 : 1;
    }
    return count;
}

/// Optimal alignment of what is left between a common beginning and a common end; `ends`: one ends without the last
/// word of the other.
float alignment(std::u32string_view text, std::u32string_view name, bool ends, MatchCosts const& costs) noexcept {
    std::array<std::array<float, kLongest + 1>, 3> rows; // of the text so far: before the last, last, this
    auto* before = &rows[0];
    auto* last = &rows[1];
    auto* now = &rows[2];
    auto const is_last = [&](std::size_t i, std::u32string_view of) { return ends && i == of.size(); };
    (*last)[0] = 0;
    for (std::size_t j = 1; j <= name.size(); ++j) {
        (*last)[j] = (*last)[j - 1] + missing(name[j - 1], is_last(j, name), costs);
    }
    for (std::size_t i = 1; i <= text.size(); ++i) {
        (*now)[0] = (*last)[0] + missing(text[i - 1], false, costs);
        auto least = (*now)[0];
        for (std::size_t j = 1; j <= name.size(); ++j) {
            auto cost = (*last)[j - 1] + substitution(text[i - 1], name[j - 1], costs);
            cost = std::min(cost, (*last)[j] + missing(text[i - 1], is_last(i, text), costs));
            cost = std::min(cost, (*now)[j - 1] + missing(name[j - 1], is_last(j, name), costs));
            if (i > 1 && j > 1 && text[i - 1] == name[j - 2] && text[i - 2] == name[j - 1]) {
                cost = std::min(cost, (*before)[j - 2] + costs.exchanged);
            }
            (*now)[j] = cost;
            least = std::min(least, cost);
        }
        if (least > costs.two_slips) {
            return kUnlike;
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return (*last)[name.size()];
}

} // namespace

float unlikeness(std::u32string_view text, std::u32string_view name, MatchCosts const& costs) noexcept {
    auto const shortest = std::min(text.size(), name.size());
    auto const longest = std::max(text.size(), name.size());
    // Slips of a name of one character make another name, and so do two more characters of one of three.
    if (longest - shortest > (shortest < 4 ? 1U : 2U) || longest > kLongest || shortest < 2) {
        return text == name ? 0 : kUnlike;
    }
    std::size_t same = 0;
    while (same < shortest && text[same] == name[same]) {
        ++same;
    }
    if (same == longest) {
        return 0;
    }
    // Most names that are compared have nothing to do with each other.
    if (not_in(text.substr(same), name) > 2 || not_in(name.substr(same), text) > 2) {
        return kUnlike;
    }
    std::size_t end = 0;
    while (end < shortest - same && text[text.size() - 1 - end] == name[name.size() - 1 - end]) {
        ++end;
    }
    auto const cost =
        alignment(text.substr(same, text.size() - same - end), name.substr(same, name.size() - same - end),
                  end == 0 && text.size() != name.size(), costs);
    return cost > (shortest < 4 ? costs.short_name_slip : costs.two_slips) ? kUnlike : cost;
}

namespace {

/// Is it the last character of one of the words below?
bool ends_division(char32_t c) noexcept {
    switch (c) {
    case U'会':
    case U'处':
    case U'办':
    case U'道':
    case U'区':
    case U'村':
    case U'镇':
    case U'乡':
    case U'县':
    case U'市':
    case U'省':
        return true;
    default:
        return false;
    }
}

} // namespace

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
    if (name.empty() || !ends_division(name.back())) {
        return name;
    }
    for (auto const word : kWords) {
        if (name.size() >= word.size() + 2 && name.ends_with(word)) {
            return name.substr(0, name.size() - word.size());
        }
    }
    return name;
}

} // namespace wangge::address
