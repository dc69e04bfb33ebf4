#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Longest address that is looked at, in bytes; longer ones are refused, not cut.
inline constexpr std::size_t kMaxAddressBytes = 1024;

/**
 * An address in the one form in which addresses are compared. Not for people: names come back from the gazetteer and
 * the address index. Keep one and use it again: it keeps its memory.
 */
struct NormalizedText {
    std::u32string characters; ///< Unicode code points
    /// Byte of the input at which each character began, never falling; one more for the end. Of several characters that
    /// come from one (㎡) or from one numeral (二十三) the first stands for all its bytes, and those after it for none.
    std::vector<std::uint32_t> offsets;

    /// Bytes of the input that characters [begin, end) stand for; with what was dropped behind them.
    [[nodiscard]] std::string_view source(std::string_view input, std::size_t begin, std::size_t end) const {
        return input.substr(offsets[begin], offsets[end] - offsets[begin]);
    }
};

/**
 * Brings text to the form in which it is compared: full-width to half-width, traditional to simplified characters one
 * by one (so that both forms of a name meet, whichever the registry has), Latin letters to capitals without accents,
 * Chinese numerals to digits, dashes to '-', brackets to '(' and ')', commas and the like to ',', white space to ' ';
 * of white space and commas together, and of dashes, one is left. Control characters, quotation marks, symbols, emoji
 * and private characters go. Characters outside these rules stay, rare ones included.
 *
 * Numerals: 二十三 廿三 贰拾叁 are 23, 二〇一 二O一 201, 一百零二 102, 一百二 120, 两 2, 十 alone 10; 百 千 万 after no
 * numeral are letters (百花洞), and so are 伍 陆 beside no numeral and not behind 第 (陆丰). Two numbers that meet get
 * a space between them (12三元里: 12 3元里); 一 between Arabic digits is a dash (8一10). 第 stays, and so does 之
 * (23号之一: 23号之1).
 *
 * What it gives is its own normal form. A name has the same form wherever it stands, unless a numeral at its end runs
 * on into what follows (南三十三号): names in the dictionaries go through the same function. docs/addresses.md has the
 * whole. Immutable, any number of threads. O(n), no allocation once `out` has grown; about 0.3 us for an address.
 */
class Normalizer {
public:
    enum class Outcome : std::uint8_t { good, not_utf8, too_long };
    /// On `not_utf8` (strict: nothing overlong, no surrogates) out.offsets holds one number: where the first sequence
    /// that is not UTF-8 begins. Without a good outcome there are no characters.
    [[nodiscard]] static Outcome normalize(std::string_view input, NormalizedText& out);
    /// A name of a dictionary: without white space and commas at its ends; may come out empty. Error{data_rejected}
    /// where normalize() has no good outcome.
    [[nodiscard]] static std::u32string name(std::string_view input);
    /// The same into out.characters; `out` keeps its memory.
    static void name(std::string_view input, NormalizedText& out);
    /// The simplified, lower layer of the above for one character: full-width, traditional, capital. The character
    /// itself where it stands for several (㎡), 0 where it is dropped. Numerals stay Chinese (贰: 二).
    [[nodiscard]] static char32_t fold(char32_t character) noexcept;
    /// Number of the syllable (without tone) by which the character is read most in names of places, 0 for none. Equal
    /// numbers sound alike. Digits are read too (3: san); Latin letters are not.
    [[nodiscard]] static std::uint16_t syllable(char32_t character) noexcept;
    /// "guang", "lv"; empty for 0.
    [[nodiscard]] static std::string_view syllable_text(std::uint16_t syllable) noexcept;
};

} // namespace wangge::address
