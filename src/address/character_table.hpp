#pragma once

#include <cstddef>
#include <cstdint>

/// What the normaliser knows of each character; written while building by characters/make_characters.cpp, which alone
/// needs ICU and OpenCC.
namespace wangge::address::characters {

/// What a character does in an address. Stored with it, so the numbers are the table's format.
enum class Kind : std::uint32_t {
    letter = 0,    ///< stands for itself, or for the one it folds to
    dropped = 1,   ///< not seen: control characters, emoji, quotation marks
    several = 2,   ///< folds to several characters: ㎡ to M2
    space = 3,     ///< white space
    separator = 4, ///< comma and what is used like one
    dash = 5,
    dot = 6, ///< the middle dot: of a name, or a separator
    numeral = 7
};

/// Numerals fold to these characters; the values that the normaliser works with follow from them.
inline constexpr char32_t kChineseDigits[] = U"零一二三四五六七八九";

/// An entry is the kind, shifted by kKindShift, and (folded XOR character): 0 for a character that is nothing special,
/// so that blocks of those are one. Of `several` the low bits are the number of the first character in kExpansions,
/// which begins with the length.
inline constexpr unsigned kKindShift = 24;
inline constexpr std::uint32_t kFoldMask = (1U << kKindShift) - 1;
inline constexpr unsigned kBlockBits = 7;
inline constexpr std::size_t kBlockSize = std::size_t{1} << kBlockBits;
inline constexpr char32_t kLast = 0x10ffff;

extern std::uint16_t const kFoldBlocks[(kLast >> kBlockBits) + 1];
extern std::uint32_t const kFolds[];
extern char32_t const kExpansions[];

extern std::uint16_t const kSyllableBlocks[(kLast >> kBlockBits) + 1];
extern std::uint16_t const kSyllables[];
extern std::uint16_t const kSyllableCount; ///< the empty one at 0 included
extern char const* const kSyllableTexts[];

inline std::uint32_t entry(char32_t character) noexcept {
    return kFolds[(std::size_t{kFoldBlocks[character >> kBlockBits]} << kBlockBits) | (character & (kBlockSize - 1))];
}
inline Kind kind(std::uint32_t entry) noexcept { return static_cast<Kind>(entry >> kKindShift); }

} // namespace wangge::address::characters
