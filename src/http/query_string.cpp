#include "query_string.hpp"

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

/// Length of the well-formed UTF-8 sequence at the front, 0 when there is none (Unicode, table 3-7).
std::size_t utf8_sequence(std::string_view text) {
    auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto const within = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
    auto const lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return within(1, 0x80, 0xbf) ? 2 : 0;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        bool const second = within(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
        return second && within(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        bool const second = within(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
        return second && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

bool clean_text(std::string_view text) {
    while (!text.empty()) {
        auto const c = static_cast<unsigned char>(text.front());
        auto const length = utf8_sequence(text);
        if (c < 0x20 || c == 0x7f || length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
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
