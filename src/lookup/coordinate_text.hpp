#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wangge::lookup {

/// So many bytes before and behind a text that is given to parse_coordinate() are read, whatever they hold.
inline constexpr std::size_t kReadableAround = 64;

namespace digits {

inline constexpr std::array<std::uint64_t, 20> kPowers{1ULL,
                                                       10ULL,
                                                       100ULL,
                                                       1000ULL,
                                                       10000ULL,
                                                       100000ULL,
                                                       1000000ULL,
                                                       10000000ULL,
                                                       100000000ULL,
                                                       1000000000ULL,
                                                       10000000000ULL,
                                                       100000000000ULL,
                                                       1000000000000ULL,
                                                       10000000000000ULL,
                                                       100000000000000ULL,
                                                       1000000000000000ULL,
                                                       10000000000000000ULL,
                                                       100000000000000000ULL,
                                                       1000000000000000000ULL,
                                                       10000000000000000000ULL};
/// Powers of ten that a double holds exactly.
inline constexpr std::array<double, 23> kExactPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline constexpr std::uint64_t kZeros = 0x3030303030303030ULL; // "00000000"

/// The first character in the lowest byte.
[[nodiscard]] inline std::uint64_t load(char const* bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
    }
    return word;
}

/// The highest bit of some byte is set unless all eight are digits.
[[nodiscard]] constexpr std::uint64_t strangers(std::uint64_t word) noexcept {
    return ((word + 0x4646464646464646ULL) | (word - kZeros)) & 0x8080808080808080ULL;
}

/// Value of eight digits, by pairs, fours and eights.
[[nodiscard]] constexpr std::uint64_t value(std::uint64_t word) noexcept {
    word = ((word & 0x0f0f0f0f0f0f0f0fULL) * 2561) >> 8U;
    word = ((word & 0x00ff00ff00ff00ffULL) * 6553601) >> 16U;
    return ((word & 0x0000ffff0000ffffULL) * 42949672960001ULL) >> 32U;
}

/// The last `count` (0 to 8) characters of the word, behind zeros.
[[nodiscard]] constexpr std::uint64_t last(std::uint64_t word, std::size_t count) noexcept {
    auto const kept = count == 0 ? 0 : ~std::uint64_t{0} << (64 - 8 * count);
    return (word & kept) | (kZeros & ~kept);
}

} // namespace digits

/**
 * Reads the usual texts fast: an optional minus, 1 to 7 digits, a point and 1 to 16 decimals. False for all others,
 * numbers or not. While the digits as one integer stay at or below 2^53, dividing it by a power of ten that a double
 * holds exactly rounds once and so is right (W. D. Clinger, How to read floating point numbers accurately, PLDI 1990).
 * Bytes kReadableAround before and behind the text must be readable.
 */
[[nodiscard, gnu::always_inline]] inline bool parse_plain_decimal(std::string_view text, double& result) noexcept {
    if (text.size() < 3) {
        return false;
    }
    auto const sign = static_cast<std::size_t>(text.front() == '-');
    char const* const begin = text.data() + sign;
    std::size_t const length = text.size() - sign;
    std::uint64_t const head = digits::load(begin);
    // The lowest byte that equals '.' has its highest bit set; bits above it may be wrong.
    std::uint64_t const other = head ^ 0x2e2e2e2e2e2e2e2eULL;
    std::uint64_t const points = (other - 0x0101010101010101ULL) & ~other & 0x8080808080808080ULL;
    auto const whole = static_cast<std::size_t>(std::countr_zero(points)) / 8; // 8 when there is none
    if (whole == 0 || whole == 8 || whole + 2 > length) {
        return false;
    }
    std::size_t const decimals = length - whole - 1;
    if (decimals > 16 || whole + decimals > 19) {
        return false;
    }
    char const* const end = begin + length;
    auto const whole_digits = digits::last(head << (64 - 8 * whole), whole);
    auto const low_digits = digits::last(digits::load(end - 8), decimals < 8 ? decimals : 8);
    std::uint64_t wrong = digits::strangers(whole_digits) | digits::strangers(low_digits);
    std::uint64_t mantissa = digits::value(whole_digits) * digits::kPowers[decimals] + digits::value(low_digits);
    if (decimals > 8) {
        auto const high_digits = digits::last(digits::load(end - 16), decimals - 8);
        wrong |= digits::strangers(high_digits);
        mantissa += digits::value(high_digits) * digits::kPowers[8];
    }
    if (wrong != 0 || mantissa > (std::uint64_t{1} << 53U)) {
        return false;
    }
    double const value = static_cast<double>(static_cast<std::int64_t>(mantissa)) / digits::kExactPowers[decimals];
    result = sign != 0 ? -value : value;
    return true;
}

/// As parse_coordinate(), for what parse_plain_decimal() does not read.
[[nodiscard]] double parse_other_coordinate(std::string_view field) noexcept;

/**
 * Value of a coordinate in a field: bit for bit what std::from_chars gives for the field without the quotes and then
 * the spaces and tabs around it; NaN when that is not a number as a whole, or one that no double holds. Bytes
 * kReadableAround before and behind the field must be readable.
 */
[[nodiscard]] inline double parse_coordinate(std::string_view field) noexcept {
    double value = 0;
    bool const quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
    auto const text = quoted ? field.substr(1, field.size() - 2) : field;
    return parse_plain_decimal(text, value) ? value : parse_other_coordinate(field);
}

} // namespace wangge::lookup
