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
/// `as_of`, today when it is not given, and `known_at`; whether there is such a generation is not looked at.
[[nodiscard]] std::variant<Asked, Reply> asked_of(Parameters const& parameters);
[[nodiscard]] Reply unknown_generation(GenerationNumber asked, GenerationNumber newest);
/// The transformer of the calling thread for `crs`, EPSG:4490 when it is not given; holds until the next call.
[[nodiscard]] std::variant<crs::Transformer const*, Reply> transformer_of(Parameters const& parameters,
                                                                          crs::SiteSystems const& site);
/// `lon`, `lat` and `crs`, and the transformer that reads them, as of transformer_of().
struct PositionAsked {
    lookup::PositionQuery query;
    crs::Transformer const* transformer = nullptr;
};
[[nodiscard]] std::variant<PositionAsked, Reply> position_of(Parameters const& parameters,
                                                             crs::SiteSystems const& site);

/**
 * The reply of answer(served, day) for the state that `as_of` and `known_at` name. Else a reply that says what is wrong
 * with them, or that nothing is published; empty when the caller may not wait for that state.
 */
template <class Answer>
[[nodiscard]] std::optional<Reply> reply_on(States& states, Parameters const& parameters, Waiting waiting,
                                            Answer&& answer) {
    auto const found = asked_of(parameters);
    if (auto const* const refused = std::get_if<Reply>(&found)) {
        return *refused;
    }
    auto const current = states.current();
    if (!current) {
        return nothing_published();
    }
    auto const& asked = std::get<Asked>(found);
    if (asked.known_at.value_or(0) > current->generation()) {
        return unknown_generation(*asked.known_at, current->generation());
    }
    auto served = states.find(asked);
    if (!served && waiting == Waiting::allowed) {
        served = states.obtain(asked);
    }
    return served ? std::optional<Reply>{std::forward<Answer>(answer)(*served, asked.day)} : std::nullopt;
}

} // namespace wangge::http
