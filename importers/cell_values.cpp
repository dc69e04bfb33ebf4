#include "cell_values.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace wangge::importers {

std::optional<Date> parse_day(std::string_view text) {
    constexpr std::int32_t kSpreadsheetEpoch = 25569; // day count of 1970-01-01 where 1900-01-01 is 1
    std::array<int, 3> parts{};
    std::array<std::size_t, 3> widths{};
    std::size_t part = 0;
    std::size_t i = 0;
    for (; i < text.size() && part < parts.size(); ++part) {
        std::size_t const first = i;
        while (i < text.size() && text[i] >= '0' && text[i] <= '9' && i - first < 8) {
            parts[part] = parts[part] * 10 + (text[i] - '0');
            ++i;
        }
        widths[part] = i - first;
        if (widths[part] == 0) {
            return std::nullopt;
        }
        constexpr std::array<std::string_view, 3> kChinese{"年", "月", "日"};
        if (text.substr(i).starts_with(kChinese[part])) {
            i += kChinese[part].size();
        } else if (part < 2 && i < text.size() && (text[i] == '-' || text[i] == '/' || text[i] == '.')) {
            ++i;
        } else {
            ++part;
            break;
        }
    }
    auto const rest = text.substr(i);
    if (part == 1 && rest.empty() && widths[0] == 8) {
        return Date::parse(fmt::format("{:04}-{:02}-{:02}", parts[0] / 10000, parts[0] / 100 % 100, parts[0] % 100));
    }
    if (part == 1 && widths[0] == 5 && (rest.empty() || rest == ".0")) {
        return Date{parts[0] - kSpreadsheetEpoch};
    }
    bool const time_follows =
        !rest.empty() && (rest.front() == ' ' || rest.front() == 'T') && rest.size() >= 5 && rest.size() <= 20;
    if (part != 3 || widths[0] != 4 || widths[1] > 2 || widths[2] > 2 || !(rest.empty() || time_follows)) {
        return std::nullopt;
    }
    return Date::parse(fmt::format("{:04}-{:02}-{:02}", parts[0], parts[1], parts[2]));
}

std::optional<std::string> parse_phone(std::string_view text) {
    if (text.starts_with("+86")) {
        text.remove_prefix(3);
    } else if (text.starts_with("86") && text.size() >= 13) {
        text.remove_prefix(2);
    }
    std::string digits;
    for (char const c : text) {
        if (c >= '0' && c <= '9') {
            digits += c;
        } else if (c != ' ' && c != '-') {
            return std::nullopt;
        }
    }
    bool const mobile = digits.size() == 11 && digits.front() == '1';
    bool const landline = digits.size() >= 10 && digits.size() <= 12 && digits.front() == '0';
    return mobile || landline ? std::optional{digits} : std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

} // namespace wangge::importers
