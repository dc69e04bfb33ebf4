#include "query_string.hpp"

#include <wangge/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace wangge::http {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool clean_text(std::string_view text) {
    auto const is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

/// For messages: what came in may be long.
std::string_view shortened(std::string_view text) { return text.substr(0, 40); }

} // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            int const high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return clean_text(out) ? std::optional{std::move(out)} : std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), last, value);
    if (text.empty() || error != std::errc{} || end != last || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<Parameters> Parameters::parse(std::string_view query, std::vector<std::string_view> const& known,
                                            ParameterProblem& problem) {
    Parameters parameters;
    while (!query.empty()) {
        auto const piece = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), piece.size() + 1));
        if (piece.empty()) {
            continue;
        }
        auto const equals = piece.find('=');
        auto const raw_name = piece.substr(0, equals);
        auto name = percent_decode(raw_name, true);
        if (!name) {
            problem = {ParameterFault::malformed, "query",
                       "the query string holds a name that is not percent-encoded UTF-8 text"};
            return std::nullopt;
        }
        if (std::find(known.begin(), known.end(), *name) == known.end()) {
            problem = {ParameterFault::unknown, std::string{shortened(raw_name)},
                       fmt::format("'{}' is not a parameter here; known are: {}", shortened(raw_name),
                                   fmt::join(known, ", "))};
            return std::nullopt;
        }
        if (equals == std::string_view::npos) {
            problem = {ParameterFault::malformed, *name, fmt::format("'{}' has no value; write {}=...", *name, *name)};
            return std::nullopt;
        }
        if (parameters.find(*name)) {
            problem = {ParameterFault::repeated, *name, fmt::format("'{}' is given more than once", *name)};
            return std::nullopt;
        }
        auto value = percent_decode(piece.substr(equals + 1), true);
        if (!value) {
            problem = {ParameterFault::malformed, *name,
                       fmt::format("the value of '{}' is not percent-encoded UTF-8 text", *name)};
            return std::nullopt;
        }
        parameters.m_pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    for (auto const& [key, value] : m_pairs) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

} // namespace wangge::http
