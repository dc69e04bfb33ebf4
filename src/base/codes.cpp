#include <wangge/base/codes.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge {

namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"province", "city", "county", "town", "village", "group"};

bool all_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t to_number(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    for (char const c : digits) {
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

} // namespace

std::string_view to_string(Level level) noexcept { return kLevelNames.at(static_cast<std::size_t>(level) - 1); }

Words words_of(Level level) {
    constexpr std::array kChinese{"省", "市", "县区", "镇街", "村居", "村民小组"};
    return {std::string{to_string(level)}, kChinese.at(static_cast<std::size_t>(level) - 1)};
}

std::optional<Level> parse_level(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (kLevelNames[i] == text) {
            return static_cast<Level>(i + 1);
        }
    }
    return std::nullopt;
}

std::optional<DivisionCode> DivisionCode::parse(std::string_view text) noexcept {
    if (text.size() != 12 || !all_digits(text)) {
        return std::nullopt;
    }
    auto const value = to_number(text);
    if (value == 0) {
        return std::nullopt;
    }
    return from_value(value);
}

std::string DivisionCode::str() const { return fmt::format("{:012}", m_value); }

std::string_view to_string(GridKind kind) noexcept {
    return kind == GridKind::dedicated ? "dedicated" : "comprehensive";
}

Words words_of(GridKind kind) {
    return kind == GridKind::dedicated ? words("dedicated", "专属网格") : words("comprehensive", "综合网格");
}

std::optional<GridKind> parse_grid_kind(std::string_view text) noexcept {
    if (text == "comprehensive") {
        return GridKind::comprehensive;
    }
    if (text == "dedicated") {
        return GridKind::dedicated;
    }
    return std::nullopt;
}

std::optional<GridCode> GridCode::parse(std::string_view text) noexcept {
    if (text.empty() || text.size() > kMaxLength || !all_digits(text)) {
        return std::nullopt;
    }
    GridCode code;
    std::copy(text.begin(), text.end(), code.m_digits.begin());
    code.m_length = static_cast<std::uint8_t>(text.size());
    return code;
}

bool CodeProfile::fits(GridCode const& code) const noexcept { return kind_of(code).has_value(); }

std::optional<GridKind> CodeProfile::kind_of(GridCode const& code) const noexcept {
    auto const digits = code.str();
    if (digits.size() != length || length <= division_digits) {
        return std::nullopt;
    }
    auto const sequence = to_number(digits.substr(division_digits));
    if (sequence >= comprehensive_first && sequence <= comprehensive_last) {
        return GridKind::comprehensive;
    }
    if (sequence >= dedicated_first && sequence <= dedicated_last) {
        return GridKind::dedicated;
    }
    return std::nullopt;
}

std::optional<DivisionCode> CodeProfile::birth_village(GridCode const& code) const noexcept {
    if (code.str().size() != length || division_digits != 12) {
        return std::nullopt;
    }
    return DivisionCode::parse(code.str().substr(0, division_digits));
}

GridCode CodeProfile::make(DivisionCode village, std::uint32_t sequence) const {
    auto const code = GridCode::parse(fmt::format("{}{:0{}}", village.str(), sequence, length - division_digits));
    if (!code || !fits(*code)) {
        throw Error{ErrorCode::usage, fmt::format("village {}: grid sequence {} lies in no range of the code profile",
                                                  village.str(), sequence)};
    }
    return *code;
}

} // namespace wangge
