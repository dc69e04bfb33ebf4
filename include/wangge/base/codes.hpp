#pragma once

#include <wangge/base/words.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wangge {

/// Level of a division in the chain of government, from the top.
enum class Level : std::uint8_t { province = 1, city = 2, county = 3, town = 4, village = 5, group = 6 };

[[nodiscard]] std::string_view to_string(Level level) noexcept;
[[nodiscard]] Words words_of(Level level); ///< and 省, 市, 县区, 镇街, 村居, 村民小组
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

/// Statistical code of a division: 12 digits, zero padded on the right (GB/T 10114). Ordered as a number.
class DivisionCode {
public:
    constexpr DivisionCode() = default;
    /// Empty unless `text` is exactly 12 ASCII digits and not all zero.
    [[nodiscard]] static std::optional<DivisionCode> parse(std::string_view text) noexcept;
    /// `value` must be below 10^12.
    [[nodiscard]] static constexpr DivisionCode from_value(std::uint64_t value) noexcept {
        DivisionCode code;
        code.m_value = value;
        return code;
    }
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return m_value; }
    [[nodiscard]] constexpr bool valid() const noexcept { return m_value != 0; }
    [[nodiscard]] std::string str() const;
    auto operator<=>(DivisionCode const&) const = default;

private:
    std::uint64_t m_value = 0;
};

enum class GridKind : std::uint8_t { comprehensive = 1, dedicated = 2 };

[[nodiscard]] std::string_view to_string(GridKind kind) noexcept;
[[nodiscard]] Words words_of(GridKind kind); ///< and 综合网格, 专属网格
[[nodiscard]] std::optional<GridKind> parse_grid_kind(std::string_view text) noexcept;

/// Grid code: identity of a grid, digits only, at most 20 of them; ordered as text. The layout is CodeProfile's
/// business.
class GridCode {
public:
    static constexpr std::size_t kMaxLength = 20;
    constexpr GridCode() = default;
    /// Empty unless `text` is 1 to 20 ASCII digits.
    [[nodiscard]] static std::optional<GridCode> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string_view str() const noexcept { return {m_digits.data(), m_length}; }
    [[nodiscard]] bool valid() const noexcept { return m_length != 0; }
    friend std::strong_ordering operator<=>(GridCode const& a, GridCode const& b) noexcept {
        return a.str().compare(b.str()) <=> 0;
    }
    friend bool operator==(GridCode const& a, GridCode const& b) noexcept { return a.str() == b.str(); }

private:
    std::array<char, kMaxLength + 1> m_digits{};
    std::uint8_t m_length = 0;
};

/// Layout of grid codes in one place: total length, the division prefix, and the sequence ranges of each kind.
struct CodeProfile {
    std::size_t length = 15;
    std::size_t division_digits = 12;
    std::uint32_t comprehensive_first = 1, comprehensive_last = 799;
    std::uint32_t dedicated_first = 800, dedicated_last = 999;

    [[nodiscard]] bool fits(GridCode const& code) const noexcept;
    /// Kind by the sequence range; empty when the code does not fit or its sequence lies in no range.
    [[nodiscard]] std::optional<GridKind> kind_of(GridCode const& code) const noexcept;
    /// Village in which the grid was first drawn (its birth village, not its parent today).
    [[nodiscard]] std::optional<DivisionCode> birth_village(GridCode const& code) const noexcept;
    /// `sequence` must lie in one of the ranges.
    [[nodiscard]] GridCode make(DivisionCode village, std::uint32_t sequence) const;
};

} // namespace wangge

template <>
struct std::hash<wangge::GridCode> {
    std::size_t operator()(wangge::GridCode const& code) const noexcept {
        return std::hash<std::string_view>{}(code.str());
    }
};
template <>
struct std::hash<wangge::DivisionCode> {
    std::size_t operator()(wangge::DivisionCode const& code) const noexcept {
        return std::hash<std::uint64_t>{}(code.value());
    }
};
