#pragma once

#include "endpoints.hpp"
#include "query_string.hpp"

#include <wangge/crs/transformer.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

/// What endpoints have in common: reading a parameter or saying what is wrong with it.
namespace wangge::http {

[[nodiscard]] Reply json_reply(std::string body);
[[nodiscard]] Reply reply_of(ParameterProblem const& found);
[[nodiscard]] Reply malformed(std::string_view field, std::string_view message);
[[nodiscard]] Reply nothing_published();

[[nodiscard]] std::variant<double, Reply> number_of(Parameters const& parameters, std::string_view name);
/// A whole number from `low` to `high`; `otherwise` when it is not given.
[[nodiscard]] std::variant<std::size_t, Reply> count_of(Parameters const& parameters, std::string_view name,
                                                        std::size_t low, std::size_t high, std::size_t otherwise);
[[nodiscard]] std::variant<Date, Reply> as_of_of(Parameters const& parameters);
/// The transformer of the calling thread for `crs`, EPSG:4490 when it is not given; holds until the next call.
[[nodiscard]] std::variant<crs::Transformer const*, Reply> transformer_of(Parameters const& parameters);

/// The state of a day; empty when the caller may not wait for it.
[[nodiscard]] std::optional<Served> served_on(States& states, Date day, Waiting waiting);

} // namespace wangge::http
