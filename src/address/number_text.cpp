#include "number_text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace wangge::address {

namespace {

constexpr bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
/// Characters that stand between or around numbers and say nothing.
constexpr bool is_filler(char32_t c) noexcept {
    constexpr std::u32string_view kFillers = U" .,:;/\"'`·、。_()[]";
    return kFillers.find(c) != std::u32string_view::npos;
}

/// Value of a run of digits; 0 where it is too large for a number of a house.
std::uint32_t value_of(std::u32string_view digits) noexcept {
    std::uint64_t value = 0;
    for (auto const c : digits) {
        value = value * 10 + (c - U'0');
        if (value >= std::numeric_limits<std::uint32_t>::max()) {
            return 0;
        }
    }
    return static_cast<std::uint32_t>(value);
}

std::size_t digits_end(std::u32string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    return at;
}

/// Copies without fillers and without zeros before digits.
void append_clean(std::u32string_view text, std::u32string& out) {
    for (std::size_t i = 0; i < text.size();) {
        if (!is_digit(text[i])) {
            if (!is_filler(text[i])) {
                out += text[i];
            }
            ++i;
            continue;
        }
        auto const end = digits_end(text, i);
        while (i + 1 < end && text[i] == U'0') {
            ++i;
        }
        out.append(text.substr(i, end - i));
        i = end;
    }
}

/// Takes the longest of the marks off the end, if something is left.
template <std::size_t n>
void drop_mark(std::u32string& text, std::array<std::u32string_view, n> const& marks) {
    for (auto const mark : marks) { // longest first
        if (text.size() > mark.size() && text.ends_with(mark)) {
            text.resize(text.size() - mark.size());
            return;
        }
    }
}

/// What stands before a number and says no more than that one follows.
std::u32string_view without_ordinal(std::u32string_view text) noexcept {
    for (std::u32string_view const mark : {U"门牌", U"第", U"NO", U"#"}) {
        if (text.starts_with(mark)) {
            return text.substr(mark.size());
        }
    }
    return text;
}

std::u32string_view trimmed(std::u32string_view text) noexcept {
    while (!text.empty() && is_filler(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_filler(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

template <std::size_t n>
void read_key(std::u32string_view text, std::u32string& out, std::array<std::u32string_view, n> const& marks) {
    out.clear();
    append_clean(trimmed(without_ordinal(trimmed(text))), out);
    drop_mark(out, marks);
}

/// The suffix from what stands behind the digits: 号之1, 之1号, 号A, -A号, 至25号.
void append_suffix(std::u32string_view rest, std::u32string& out) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
        auto const c = rest[i];
        if (c == U'号' || c == U'號' || c == U'#' || is_filler(c)) {
            continue;
        }
        // 门牌号 writes the same minor number in many ways; before a letter or character the dash says nothing.
        bool const joins = c == U'-' || c == U'之' || c == U'附' || c == U'至' || c == U'~';
        if (joins) {
            auto next = i + 1;
            while (next < rest.size() && (is_filler(rest[next]) || rest[next] == U'-' || rest[next] == U'号')) {
                ++next;
            }
            if (next < rest.size() && is_digit(rest[next])) {
                out += U'-';
            } else if (c != U'-' && c != U'~') {
                out += c;
            }
            continue;
        }
        if (is_digit(c)) {
            auto const end = digits_end(rest, i);
            append_clean(rest.substr(i, end - i), out);
            i = end - 1;
            continue;
        }
        out += c;
    }
}

} // namespace

void read_house_number(std::u32string_view text, HouseNumber& out) {
    out.suffix.clear();
    text = trimmed(without_ordinal(trimmed(text)));
    auto const first = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_digit) - text.begin());
    auto const end = digits_end(text, first);
    out.value = value_of(text.substr(first, end - first));
    if (out.value == 0) { // none, or no number of a house: then the text has to do
        append_clean(text, out.suffix);
        while (out.suffix.size() > 1 && out.suffix.back() == U'号') {
            out.suffix.pop_back();
        }
    } else {
        for (auto const c : text.substr(0, first)) {
            if (!is_filler(c) && c != U'-') {
                out.suffix += c;
            }
        }
        if (!out.suffix.empty()) {
            out.suffix += U'_';
        }
        append_suffix(text.substr(end), out.suffix);
    }
    out.last = last_of_run(out.value, out.suffix);
}

HouseNumber house_number(std::u32string_view text) {
    HouseNumber number;
    read_house_number(text, number);
    return number;
}

std::uint32_t last_of_run(std::uint32_t value, std::u32string_view suffix) noexcept {
    if (suffix.size() < 2 || suffix.front() != U'-' || digits_end(suffix, 1) != suffix.size()) {
        return value;
    }
    auto const last = value_of(suffix.substr(1));
    return last > value && last - value <= HouseNumber::kLongestRun ? last : value;
}

void read_building(std::u32string_view text, std::u32string& out) {
    static constexpr std::array<std::u32string_view, 10> kMarks{U"号楼", U"#楼", U"栋楼", U"号栋", U"栋",
                                                                U"幢",   U"座",  U"楼",   U"号",   U"#"};
    read_key(text, out, kMarks);
}
void read_unit(std::u32string_view text, std::u32string& out) {
    static constexpr std::array<std::u32string_view, 4> kMarks{U"号单元", U"单元", U"号梯", U"梯"};
    read_key(text, out, kMarks);
}
void read_room(std::u32string_view text, std::u32string& out) {
    static constexpr std::array<std::u32string_view, 7> kMarks{U"号房", U"号室", U"号铺", U"房", U"室", U"号", U"#"};
    read_key(text, out, kMarks);
}

namespace {

template <class Read>
std::u32string key_by(Read read, std::u32string_view text) {
    std::u32string key;
    read(text, key);
    return key;
}

} // namespace

std::u32string building_key(std::u32string_view text) { return key_by(read_building, text); }
std::u32string unit_key(std::u32string_view text) { return key_by(read_unit, text); }
std::u32string room_key(std::u32string_view text) { return key_by(read_room, text); }

bool key_less(std::u32string_view a, std::u32string_view b) noexcept {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            auto const run = [](std::u32string_view text, std::size_t& at) {
                auto const end = digits_end(text, at);
                auto digits = text.substr(at, end - at);
                at = end;
                while (digits.size() > 1 && digits.front() == U'0') {
                    digits.remove_prefix(1);
                }
                return digits;
            };
            auto const x = run(a, i), y = run(b, j);
            if (x != y) {
                return x.size() != y.size() ? x.size() < y.size() : x < y;
            }
            continue;
        }
        if (a[i] != b[j]) {
            return a[i] < b[j];
        }
        ++i, ++j;
    }
    if (i < a.size() || j < b.size()) {
        return i == a.size();
    }
    return a < b; // they differ in zeros alone
}

} // namespace wangge::address
