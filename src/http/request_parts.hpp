#pragma once

#include "endpoints.hpp"
#include "query_string.hpp"

#include <wangge/crs/transformer.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
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
[[nodiscard]] std::variant<crs::Transformer const*, Reply> transformer_of(Parameters const& parameters,
                                                                          crs::SiteSystems const& site);

/**
 * The reply of answer(served, day) for the day that `as_of` names. Else a reply that says what is wrong with it, or
 * that nothing is published; empty when the caller may not wait for the state of that day.
 */
template <class Answer>
[[nodiscard]] std::optional<Reply> reply_on(States& states, Parameters const& parameters, Waiting waiting,
                                            Answer&& answer) {
    auto const as_of = as_of_of(parameters);
    if (auto const* const refused = std::get_if<Reply>(&as_of)) {
        return *refused;
    }
    if (!states.current()) {
        return nothing_published();
    }
    auto const day = std::get<Date>(as_of);
    auto served = states.find(day);
    if (!served && waiting == Waiting::allowed) {
        served = states.obtain(day);
    }
    return served ? std::optional<Reply>{std::forward<Answer>(answer)(*served, day)} : std::nullopt;
}

} // namespace wangge::http
