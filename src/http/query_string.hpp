#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::http {

/// Decodes %XX, and '+' as a space when `plus_is_space`. Empty when an escape is malformed or the result is not clean
/// text: UTF-8 without control characters. Source: RFC 3986 section 2.1, WHATWG URL for the plus.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// The whole of `text` as a finite decimal number, in the grammar of std::from_chars without "inf" and "nan"; a plus
/// sign, spaces, hexadecimal and values out of range are refused.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

enum class ParameterFault { missing, repeated, unknown, malformed };

/// Which parameter is wrong and how.
struct ParameterProblem {
    ParameterFault fault = ParameterFault::malformed;
    std::string field;
    std::string message;
};

/// Name-value pairs of a query string, each name once.
class Parameters {
public:
    /// `known` are the names that may appear. Stops at the first fault.
    [[nodiscard]] static std::optional<Parameters>
    parse(std::string_view query, std::vector<std::string_view> const& known, ParameterProblem& problem);
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> m_pairs;
};

} // namespace wangge::http
