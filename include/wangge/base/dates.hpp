#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace wangge {

/// Civil date in UTC+8, counted in days since 1970-01-01.
class Date {
public:
    constexpr Date() = default;
    constexpr explicit Date(std::int32_t days) : m_days(days) {}
    /// "YYYY-MM-DD" of a real calendar day between 1900 and 9999; anything else is empty.
    [[nodiscard]] static std::optional<Date> parse(std::string_view text) noexcept;
    /// The day it is now in UTC+8, whatever the machine's time zone.
    [[nodiscard]] static Date today();
    [[nodiscard]] constexpr std::int32_t days() const noexcept { return m_days; }
    [[nodiscard]] constexpr Date next() const noexcept { return Date{m_days + 1}; }
    /// "YYYY-MM-DD"; "forever" and "always" for the two ends of time.
    [[nodiscard]] std::string str() const;
    auto operator<=>(Date const&) const = default;

private:
    std::int32_t m_days = 0;
};

/// End of a validity that has no end; start of one that has no start.
inline constexpr Date kForever{std::numeric_limits<std::int32_t>::max()};
inline constexpr Date kAlways{std::numeric_limits<std::int32_t>::min()};

/// Half-open interval of days [from, to).
struct DateInterval {
    Date from = kAlways;
    Date to = kForever;
    [[nodiscard]] constexpr bool holds(Date day) const noexcept { return from <= day && day < to; }
    [[nodiscard]] constexpr bool empty() const noexcept { return !(from < to); }
    auto operator<=>(DateInterval const&) const = default;
};

/// Now as "YYYY-MM-DDTHH:MM:SS+08:00", for recorded times.
[[nodiscard]] std::string now_utc8();

/// Number of one publish on the recorded-time axis; 0 is before the first.
using GenerationNumber = std::int64_t;

} // namespace wangge
