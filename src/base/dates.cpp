#include <wangge/base/dates.hpp>

#include <fmt/format.h>

#include <chrono>

namespace wangge {

namespace {

constexpr std::chrono::hours kUtc8{8};

std::chrono::sys_seconds shifted_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + kUtc8;
}

std::optional<int> digits(std::string_view text) noexcept {
    int value = 0;
    for (char const c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

} // namespace

std::optional<Date> Date::parse(std::string_view text) noexcept {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    auto const year = digits(text.substr(0, 4));
    auto const month = digits(text.substr(5, 2));
    auto const day = digits(text.substr(8, 2));
    if (!year || !month || !day || *year < 1900) {
        return std::nullopt;
    }
    std::chrono::year_month_day const ymd{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                          std::chrono::day{static_cast<unsigned>(*day)}};
    if (!ymd.ok()) {
        return std::nullopt;
    }
    return Date{static_cast<std::int32_t>(std::chrono::sys_days{ymd}.time_since_epoch().count())};
}

Date Date::today() {
    return Date{
        static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(shifted_now()).time_since_epoch().count())};
}

std::string Date::str() const {
    if (*this == kForever) {
        return "forever";
    }
    if (*this == kAlways) {
        return "always";
    }
    std::chrono::year_month_day const ymd{std::chrono::sys_days{std::chrono::days{m_days}}};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

std::string now_utc8() {
    auto const now = shifted_now();
    auto const day = std::chrono::floor<std::chrono::days>(now);
    std::chrono::hh_mm_ss const time{now - day};
    return fmt::format("{}T{:02}:{:02}:{:02}+08:00",
                       Date{static_cast<std::int32_t>(day.time_since_epoch().count())}.str(), time.hours().count(),
                       time.minutes().count(), time.seconds().count());
}

} // namespace wangge
