#include "request_parts.hpp"

#include "transformer_cache.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace wangge::http {

Reply json_reply(std::string body) {
    Reply reply;
    reply.body = std::move(body);
    return reply;
}

Reply reply_of(ParameterProblem const& found) {
    constexpr std::array<std::string_view, 4> kKinds{"missing-parameter", "repeated-parameter", "unknown-parameter",
                                                     "malformed-parameter"};
    constexpr std::array<std::string_view, 4> kTitles{"A parameter is missing", "A parameter is given more than once",
                                                      "There is no such parameter", "A parameter is malformed"};
    auto const index = static_cast<std::size_t>(found.fault);
    return problem(400, kKinds.at(index), kTitles.at(index), found.message, found.field);
}

Reply malformed(std::string_view field, std::string_view message) {
    return reply_of({ParameterFault::malformed, std::string{field}, std::string{message}});
}

Reply nothing_published() {
    auto reply = problem(503, "not-published", "Nothing is published yet",
                         "this data folder holds no published snapshot; run `wangge publish --data DIR` first");
    reply.retry_after_s = 5;
    return reply;
}

std::variant<double, Reply> number_of(Parameters const& parameters, std::string_view name) {
    auto const text = parameters.find(name);
    if (!text) {
        return reply_of({ParameterFault::missing, std::string{name},
                         fmt::format("'{}' is needed: decimal degrees, or metres for a projected crs", name)});
    }
    if (auto const number = parse_number(*text)) {
        return *number;
    }
    return malformed(name,
                     fmt::format("{} '{}' is not a finite decimal number, as 113.2644", name, text->substr(0, 40)));
}

std::variant<Asked, Reply> asked_of(Parameters const& parameters) {
    Asked asked{Date::today(), std::nullopt};
    if (auto const text = parameters.find("as_of")) {
        auto const day = Date::parse(*text);
        if (!day) {
            return malformed("as_of", fmt::format("as_of '{}' is not a date; write YYYY-MM-DD", text->substr(0, 40)));
        }
        asked.day = *day;
    }
    if (parameters.find("known_at")) {
        constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
        auto const number = count_of(parameters, "known_at", 1, kMost, 1);
        if (auto const* const refused = std::get_if<Reply>(&number)) {
            return *refused;
        }
        asked.known_at = static_cast<GenerationNumber>(std::get<std::size_t>(number));
    }
    return asked;
}

Reply unknown_generation(GenerationNumber asked, GenerationNumber newest) {
    return problem(404, "unknown-generation", "There is no such generation",
                   fmt::format("there is no generation {}: the newest one is {}", asked, newest), "known_at");
}

std::variant<std::size_t, Reply> count_of(Parameters const& parameters, std::string_view name, std::size_t low,
                                          std::size_t high, std::size_t otherwise) {
    auto const text = parameters.find(name);
    if (!text) {
        return otherwise;
    }
    std::size_t value = 0;
    auto const* const last = text->data() + text->size();
    auto const [end, error] = std::from_chars(text->data(), last, value);
    if (error == std::errc{} && end == last && value >= low && value <= high) {
        return value;
    }
    return malformed(name,
                     fmt::format("{} '{}' is not a whole number from {} to {}", name, text->substr(0, 40), low, high));
}

std::variant<crs::Transformer const*, Reply> transformer_of(Parameters const& parameters,
                                                            crs::SiteSystems const& site) {
    constexpr std::size_t kLongestName = 64;
    auto const name = parameters.find("crs").value_or("EPSG:4490");
    if (name.empty() || name.size() > kLongestName) {
        return malformed("crs", "write an EPSG code as EPSG:4547, or GCJ02 or BD09, or a name of this site");
    }
    try {
        return &TransformerCache::of_this_thread().get(name, site);
    } catch (Error const& error) {
        if (error.code() != ErrorCode::usage) {
            throw;
        }
        return problem(400, "unknown-crs", "The coordinate reference system is not accepted", error.what(), "crs");
    }
}

std::variant<PositionAsked, Reply> position_of(Parameters const& parameters, crs::SiteSystems const& site) {
    auto const lon = number_of(parameters, "lon");
    auto const lat = number_of(parameters, "lat");
    auto const found = transformer_of(parameters, site);
    for (auto const* const refused : {std::get_if<Reply>(&lon), std::get_if<Reply>(&lat), std::get_if<Reply>(&found)}) {
        if (refused != nullptr) {
            return *refused;
        }
    }
    PositionAsked asked;
    asked.transformer = std::get<crs::Transformer const*>(found);
    asked.query.lon = std::get<double>(lon);
    asked.query.lat = std::get<double>(lat);
    asked.query.crs = asked.transformer->name();
    return asked;
}

} // namespace wangge::http
