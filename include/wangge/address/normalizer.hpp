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
    std::u32string characters;          ///< Unicode code points
    std::vector<std::uint32_t> offsets; ///< byte of the input at which each character began; one more for the end

    /// Bytes of the input that characters [begin, end) stand for.
    [[nodiscard]] std::string_view source(std::string_view input, std::size_t begin, std::size_t end) const {
        return input.substr(offsets[begin], offsets[end] - offsets[begin]);
    }
};

/**
 * Brings text to the form in which it is compared: full-width to half-width, traditional to simplified characters one
 * by one (so that both forms of a name meet, whichever the registry has), Latin letters to capitals, Chinese numerals
 * to digits, dashes, brackets and separators to one of each, white space to one space, control characters and emoji
 * away. Characters outside these rules stay, rare ones included. The same text gives the same form wherever it stands:
 * names in the dictionaries go through the same function. Immutable, any number of threads. O(n), no allocation once
 * `out` has grown.
 */
class Normalizer {
public:
    enum class Outcome : std::uint8_t { good, not_utf8, too_long };
    /// On `not_utf8` out.offsets holds one number: the first byte that is not UTF-8.
    [[nodiscard]] static Outcome normalize(std::string_view input, NormalizedText& out);
    /// A name of a dictionary. Error{data_rejected} where normalize() has no good outcome.
    [[nodiscard]] static std::u32string name(std::string_view input);
    /// The simplified, lower layer of the above for one character: full-width, traditional, capital.
    [[nodiscard]] static char32_t fold(char32_t character) noexcept;
    /// Number of the syllable (without tone) by which the character is read most, 0 for none. Equal numbers sound
    /// alike.
    [[nodiscard]] static std::uint16_t syllable(char32_t character) noexcept;
    /// "guang"; empty for 0.
    [[nodiscard]] static std::string_view syllable_text(std::uint16_t syllable) noexcept;
};

} // namespace wangge::address
