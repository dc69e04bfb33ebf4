#pragma once

#include <wangge/base/dates.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace wangge::importers {

/// A day as people and spreadsheets write it: 2024-05-01, 2024/5/1, 2024.5.1, 20240501, 2024年5月1日, a time of day
/// after it, or the five digits of a spreadsheet's day count. Empty for anything else.
[[nodiscard]] std::optional<Date> parse_day(std::string_view text);

/// A phone as digits: 11 from 1 on (with or without +86, blanks, hyphens), or a landline of 10 to 12 from 0 on. Empty
/// for anything else.
[[nodiscard]] std::optional<std::string> parse_phone(std::string_view text);

/// A finite decimal number, whole text. Empty for anything else.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

} // namespace wangge::importers
