#include "character_table.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace wangge::address {

namespace {

using characters::Kind;

bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
bool is_letter_or_digit(char32_t c) noexcept { return is_digit(c) || (c >= U'A' && c <= U'Z'); }
bool is_gap(char32_t c) noexcept { return c == U' ' || c == U','; }

/// Length of the UTF-8 sequence at `at`, 0 where there is none (Unicode 15, table 3-7). Sets `character`.
std::size_t decode(std::string_view text, std::size_t at, char32_t& character) noexcept {
    auto const byte = [&](std::size_t i) -> std::uint32_t {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    auto const first = byte(0);
    if (first < 0x80) {
        character = first;
        return 1;
    }
    if (first > 0xe0 && first < 0xed && text.size() - at > 2) { // Chinese: nearly all
        auto const second = byte(1), third = byte(2);
        character = (first & 0x0fU) << 12U | (second & 0x3fU) << 6U | (third & 0x3fU);
        return ((second ^ 0x80U) | (third ^ 0x80U)) < 0x40 ? 3 : 0;
    }
    auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
    if (first < 0xc2 || !follows(1)) {
        return 0;
    }
    if (first < 0xe0) {
        character = (first & 0x1fU) << 6U | (byte(1) & 0x3fU);
        return 2;
    }
    if (!follows(2)) {
        return 0;
    }
    if (first < 0xf0) {
        character = (first & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
        return character >= 0x800 && (character < 0xd800 || character > 0xdfff) ? 3 : 0;
    }
    if (first > 0xf4 || !follows(3)) {
        return 0;
    }
    character = (first & 0x07U) << 18U | (byte(1) & 0x3fU) << 12U | (byte(2) & 0x3fU) << 6U | (byte(3) & 0x3fU);
    return character >= 0x10000 && character <= characters::kLast ? 4 : 0;
}

/// Appends characters that are folded already; runs of white space and separators, and of dashes, become one.
class FoldedText {
public:
    /// `most`: characters, as a rule; finish() takes off what is too much.
    FoldedText(NormalizedText& out, std::size_t most) : m_out{out} {
        out.characters.resize(most);
        out.offsets.resize(most);
    }
    void finish() {
        m_out.characters.resize(m_size);
        m_out.offsets.resize(m_size);
    }
    [[nodiscard]] bool has_numerals() const noexcept { return m_has_numerals; }

    void add(char32_t character, Kind kind, std::size_t offset) {
        if (kind == Kind::letter) {
            m_last_is_numeral = false;
            put(character, offset);
            return;
        }
        auto const last = m_size == 0 ? U'\0' : m_out.characters[m_size - 1];
        if (kind == Kind::dot) {
            // Of a name (碧桂园·凤凰城) it says nothing; after a number it keeps that apart from the next one.
            if (!is_letter_or_digit(last) && !m_last_is_numeral) {
                return;
            }
            character = U',';
            kind = Kind::separator;
        }
        m_last_is_numeral = kind == Kind::numeral;
        m_has_numerals = m_has_numerals || m_last_is_numeral;
        if ((kind == Kind::space || kind == Kind::separator) && is_gap(last)) {
            m_out.characters[m_size - 1] = kind == Kind::separator ? U',' : last;
        } else if (kind != Kind::dash || last != U'-') {
            put(character, offset);
        }
    }

    /// What stands in [begin, end) is dropped: it goes with the character whose bytes end there, not with those that
    /// come from the same one and stand for none (the 2 of ㎡).
    void drop(std::size_t begin, std::size_t end) {
        for (auto i = m_size; i-- > 0 && m_out.offsets[i] == begin;) {
            m_out.offsets[i] = static_cast<std::uint32_t>(end);
        }
    }

private:
    void put(char32_t character, std::size_t offset) {
        if (m_size == m_out.characters.size()) { // one may fold to more characters than it has bytes
            m_out.characters.resize(m_size * 2);
            m_out.offsets.resize(m_size * 2);
        }
        m_out.characters[m_size] = character;
        m_out.offsets[m_size++] = static_cast<std::uint32_t>(offset);
    }

    NormalizedText& m_out;
    std::size_t m_size = 0;
    bool m_last_is_numeral = false;
    bool m_has_numerals = false;
};

/// What a Chinese numeral is worth; `unit` for those that multiply the one before.
struct NumeralCharacter {
    enum class Kind : std::uint8_t { none, digit, perhaps_digit, ten, tens, unit } kind = Kind::none;
    std::uint32_t value = 0;
    [[nodiscard]] bool is_digit() const noexcept { return kind == Kind::digit || kind == Kind::perhaps_digit; }
    [[nodiscard]] bool multiplies() const noexcept { return kind == Kind::ten || kind == Kind::unit; }
};

NumeralCharacter numeral(char32_t c) noexcept {
    using enum NumeralCharacter::Kind;
    switch (c) {
    case U'零':
        return {digit, 0};
    case U'一':
        return {digit, 1};
    case U'二':
        return {digit, 2};
    case U'三':
        return {digit, 3};
    case U'四':
        return {digit, 4};
    case U'五':
        return {digit, 5};
    case U'六':
        return {digit, 6};
    case U'七':
        return {digit, 7};
    case U'八':
        return {digit, 8};
    case U'九':
        return {digit, 9};
    case U'伍': // also names of people: 伍屋, 陆丰
        return {perhaps_digit, 5};
    case U'陆':
        return {perhaps_digit, 6};
    case U'十':
        return {ten, 10};
    case U'廿':
        return {tens, 20};
    case U'卅':
        return {tens, 30};
    case U'卌':
        return {tens, 40};
    case U'百':
        return {unit, 100};
    case U'千':
        return {unit, 1000};
    case U'万':
        return {unit, 10000};
    default:
        return {};
    }
}

/// Rewrites the Chinese numerals of a folded text in Arabic digits.
class NumeralRewriter {
public:
    explicit NumeralRewriter(NormalizedText& text) : m_text{text} {}

    void rewrite() {
        for (m_at = 0; m_at < m_text.characters.size();) {
            if (!read()) {
                ++m_at;
                continue;
            }
            if (is_mistaken_dash()) {
                m_text.characters[m_at++] = U'-';
                continue;
            }
            replace();
        }
    }

private:
    static constexpr std::uint32_t kTenThousand = 10000;

    [[nodiscard]] char32_t character(std::size_t at) const noexcept {
        return at < m_text.characters.size() ? m_text.characters[at] : U'\0';
    }
    [[nodiscard]] NumeralCharacter at(std::size_t i) const noexcept { return numeral(character(i)); }
    [[nodiscard]] static bool is_zero(char32_t c) noexcept { return c == U'零' || c == U'○' || c == U'0' || c == U'O'; }
    [[nodiscard]] bool is_multiplied(std::size_t i) const noexcept { // a digit before 十 百 千 万
        return at(i).is_digit() && at(i).value > 0 && at(i + 1).multiplies();
    }

    /// Reads the numeral that begins at m_at into m_digits and m_length; false when there is none.
    bool read() {
        auto const first = at(m_at);
        switch (first.kind) {
        case NumeralCharacter::Kind::none:
        case NumeralCharacter::Kind::unit: // 百花洞, 千灯, 万江
            return false;
        case NumeralCharacter::Kind::perhaps_digit:
            if (m_at != m_end_of_last && at(m_at + 1).kind == NumeralCharacter::Kind::none &&
                (m_at == 0 || character(m_at - 1) != U'第')) {
                return false;
            }
            [[fallthrough]];
        case NumeralCharacter::Kind::digit:
            if (!is_multiplied(m_at)) {
                read_digits();
                return true;
            }
            [[fallthrough]];
        default:
            read_number();
            return true;
        }
    }

    /// 二〇一: digit by digit.
    void read_digits() {
        m_digits.clear();
        auto i = m_at;
        for (;;) {
            if (at(i).is_digit() && !is_multiplied(i)) {
                m_digits += static_cast<char32_t>(U'0' + at(i).value);
                ++i;
                continue;
            }
            auto const zeros = i == m_at ? 0 : zeros_between(i);
            if (zeros == 0) {
                break;
            }
            m_digits.append(zeros, U'0');
            i += zeros;
        }
        m_length = i - m_at;
        m_digit_by_digit = true;
    }
    /// Circles, Arabic and Latin letters that stand for 〇 from i on, after a Chinese digit: 二0一, 二O一, 三○.
    [[nodiscard]] std::size_t zeros_between(std::size_t i) const noexcept {
        auto end = i;
        auto has_letter = false;
        for (; is_zero(character(end)); ++end) {
            has_letter = has_letter || character(end) == U'O';
        }
        auto const before_chinese = at(end).is_digit() && !is_multiplied(end);
        return before_chinese || (!has_letter && !is_digit(character(end))) ? end - i : 0;
    }

    /// 一百零二: digits and what multiplies them, in falling order.
    void read_number() {
        std::uint32_t total = 0;
        std::uint32_t last = 10 * kTenThousand; // what multiplied the digit before
        auto counted_wan = false;
        auto zero = false;
        auto i = m_at;
        for (auto more = true; more;) {
            auto const here = at(i);
            auto const next = at(i + 1);
            more = false;
            if (here.kind == NumeralCharacter::Kind::unit && here.value == kTenThousand && !counted_wan) {
                total *= kTenThousand; // 十万
                last = kTenThousand;
                counted_wan = more = true;
                ++i;
            } else if ((here.kind == NumeralCharacter::Kind::ten || here.kind == NumeralCharacter::Kind::tens) &&
                       last > 10) {
                total += here.value;
                last = 10;
                more = true;
                ++i;
            } else if (here.is_digit() && here.value > 0 && next.multiplies()) {
                if (next.value == kTenThousand ? !counted_wan : next.value < last) {
                    total += here.value * (next.value == kTenThousand ? 1 : next.value);
                    last = next.value == kTenThousand ? last : next.value;
                    more = true;
                    i += next.value == kTenThousand ? 1 : 2;
                }
            } else if (here.is_digit() && here.value > 0) {
                total += zero || last == 10 ? here.value : here.value * (last / 10); // 一百二 is 120
                ++i;
            } else if (is_zero(character(i)) && last > 10 && !zero && goes_on_after_zero(i + 1, last)) {
                zero = more = true;
                ++i;
                continue;
            }
            zero = false;
        }
        fmt::format_int const digits{total};
        m_digits.assign(digits.data(), digits.data() + digits.size());
        m_length = i - m_at;
        m_digit_by_digit = false;
    }
    [[nodiscard]] bool goes_on_after_zero(std::size_t i, std::uint32_t last) const noexcept {
        auto const here = at(i);
        if (here.kind == NumeralCharacter::Kind::ten || here.kind == NumeralCharacter::Kind::tens) {
            return true;
        }
        return here.is_digit() && here.value > 0 && (!at(i + 1).multiplies() || at(i + 1).value < last);
    }

    /// 8一10: a dash that a hand wrote, or an eye read, as 一.
    [[nodiscard]] bool is_mistaken_dash() const noexcept {
        return m_length == 1 && character(m_at) == U'一' && m_at > 0 && m_at != m_end_of_last &&
               is_digit(character(m_at - 1)) && is_digit(character(m_at + 1));
    }

    /// Two numbers that follow each other are kept apart by a space: 12三元里 is 12 3元里.
    void replace() {
        auto const begin = m_text.offsets[m_at];
        auto const after = m_at + m_length;
        auto const end = m_text.offsets[after];
        m_new_offsets.clear();
        if (m_at > 0 && is_digit(character(m_at - 1))) {
            m_digits.insert(m_digits.begin(), U' ');
            m_new_offsets.push_back(begin);
        }
        if (m_digit_by_digit) {
            m_new_offsets.insert(m_new_offsets.end(), m_text.offsets.begin() + static_cast<std::ptrdiff_t>(m_at),
                                 m_text.offsets.begin() + static_cast<std::ptrdiff_t>(after));
        } else {
            m_new_offsets.push_back(begin);
        }
        m_new_offsets.resize(m_digits.size(), end);
        m_end_of_last = m_at + m_digits.size();
        if (is_digit(character(after))) {
            m_digits += U' ';
            m_new_offsets.push_back(end);
        }
        m_text.characters.replace(m_at, m_length, m_digits);
        auto const place = m_text.offsets.erase(m_text.offsets.begin() + static_cast<std::ptrdiff_t>(m_at),
                                                m_text.offsets.begin() + static_cast<std::ptrdiff_t>(after));
        m_text.offsets.insert(place, m_new_offsets.begin(), m_new_offsets.end());
        m_at += m_digits.size();
    }

    NormalizedText& m_text;
    std::size_t m_at = 0;
    std::size_t m_length = 0;
    std::size_t m_end_of_last = std::u32string::npos;
    std::u32string m_digits;
    std::vector<std::uint32_t> m_new_offsets;
    bool m_digit_by_digit = false;
};

} // namespace

Normalizer::Outcome Normalizer::normalize(std::string_view input, NormalizedText& out) {
    if (input.size() > kMaxAddressBytes) {
        out.characters.clear();
        out.offsets.clear();
        return Outcome::too_long;
    }
    FoldedText folded{out, input.size()};
    for (std::size_t at = 0; at < input.size();) {
        char32_t character = 0;
        auto const length = decode(input, at, character);
        if (length == 0) {
            out.characters.clear();
            out.offsets.assign(1, static_cast<std::uint32_t>(at));
            return Outcome::not_utf8;
        }
        auto const entry = characters::entry(character);
        auto const bits = entry & characters::kFoldMask;
        auto const kind = characters::kind(entry);
        if (kind == Kind::several) {
            for (char32_t i = 1; i <= characters::kExpansions[bits]; ++i) {
                auto const part = characters::kExpansions[bits + i];
                auto const of_part = characters::entry(part);
                folded.add(part ^ (of_part & characters::kFoldMask), characters::kind(of_part),
                           i == 1 ? at : at + length);
            }
        } else if (kind == Kind::dropped) {
            folded.drop(at, at + length);
        } else {
            folded.add(character ^ bits, kind, at);
        }
        at += length;
    }
    folded.finish();
    out.offsets.push_back(static_cast<std::uint32_t>(input.size()));
    if (folded.has_numerals()) {
        NumeralRewriter{out}.rewrite();
    }
    out.offsets.front() = 0; // what was dropped at the beginning belongs to the first character
    return Outcome::good;
}

std::u32string Normalizer::name(std::string_view input) {
    NormalizedText text;
    name(input, text);
    return std::move(text.characters);
}

void Normalizer::name(std::string_view input, NormalizedText& text) {
    switch (normalize(input, text)) {
    case Outcome::not_utf8:
        throw Error{ErrorCode::data_rejected,
                    fmt::format("a name is not UTF-8 from its byte {} on; convert it first", text.offsets.front())};
    case Outcome::too_long:
        throw Error{ErrorCode::data_rejected,
                    fmt::format("a name of {} bytes is longer than {}; shorten it", input.size(), kMaxAddressBytes)};
    case Outcome::good:
        break;
    }
    auto& name = text.characters;
    name.erase(std::find_if_not(name.rbegin(), name.rend(), is_gap).base(), name.end());
    name.erase(name.begin(), std::find_if_not(name.begin(), name.end(), is_gap));
}

char32_t Normalizer::fold(char32_t character) noexcept {
    if (character > characters::kLast) {
        return character;
    }
    auto const entry = characters::entry(character);
    switch (characters::kind(entry)) {
    case Kind::dropped:
        return 0;
    case Kind::several:
        return character;
    default:
        return character ^ (entry & characters::kFoldMask);
    }
}

std::uint16_t Normalizer::syllable(char32_t character) noexcept {
    using namespace characters;
    return character > kLast ? std::uint16_t{0}
                             : kSyllables[(std::size_t{kSyllableBlocks[character >> kBlockBits]} << kBlockBits) |
                                          (character & (kBlockSize - 1))];
}

std::string_view Normalizer::syllable_text(std::uint16_t syllable) noexcept {
    return syllable < characters::kSyllableCount ? characters::kSyllableTexts[syllable] : std::string_view{};
}

} // namespace wangge::address
