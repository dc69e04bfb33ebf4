#include "endpoints.hpp"

#include "query_string.hpp"
#include "transformer_cache.hpp"

#include <wangge/base/error.hpp>
#include <wangge/lookup/answer_text.hpp>

#include <fmt/format.h>

#include <array>
#include <variant>

namespace wangge::http {

namespace {

constexpr std::size_t kLongestCrsName = 64;

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

std::variant<Date, Reply> as_of_of(Parameters const& parameters) {
    auto const text = parameters.find("as_of");
    if (!text) {
        return Date::today();
    }
    if (auto const day = Date::parse(*text)) {
        return *day;
    }
    return malformed("as_of", fmt::format("as_of '{}' is not a date; write YYYY-MM-DD", text->substr(0, 40)));
}

/// The state of a day; empty when the caller may not wait for it.
std::optional<Served> served_on(States& states, Date day, Waiting waiting) {
    auto served = states.find(day);
    if (!served && waiting == Waiting::allowed) {
        served = states.obtain(day);
    }
    return served;
}

} // namespace

std::optional<Reply> LocateEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"lon", "lat", "crs", "as_of", "nearest"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const lon = number_of(*parameters, "lon");
    auto const lat = number_of(*parameters, "lat");
    auto const as_of = as_of_of(*parameters);
    for (auto const* const refused : {std::get_if<Reply>(&lon), std::get_if<Reply>(&lat), std::get_if<Reply>(&as_of)}) {
        if (refused != nullptr) {
            return *refused;
        }
    }
    lookup::PositionQuery query;
    query.lon = std::get<double>(lon);
    query.lat = std::get<double>(lat);
    query.crs = parameters->find("crs").value_or(query.crs);
    auto const nearest = parameters->find("nearest").value_or("0");
    query.want_nearest = nearest == "1" || nearest == "true";
    if (!query.want_nearest && nearest != "0" && nearest != "false") {
        return malformed("nearest", fmt::format("nearest '{}' is neither 1 nor 0", nearest.substr(0, 40)));
    }
    if (query.crs.empty() || query.crs.size() > kLongestCrsName) {
        return malformed("crs", "write an EPSG code as EPSG:4547, or GCJ02 or BD09");
    }
    crs::Transformer const* transformer = nullptr;
    try {
        transformer = &TransformerCache::of_this_thread().get(query.crs);
    } catch (Error const& error) {
        if (error.code() != ErrorCode::usage) {
            throw;
        }
        return problem(400, "unknown-crs", "The coordinate reference system is not accepted", error.what(), "crs");
    }

    if (!states.current()) {
        return nothing_published();
    }
    auto const day = std::get<Date>(as_of);
    auto const served = served_on(states, day, waiting);
    if (!served) {
        return std::nullopt;
    }
    lookup::QueryFault wrong;
    auto const answer = lookup::Locator{*served->snapshot, *served->roster}.locate(query, *transformer, day, wrong);
    if (!answer) {
        return malformed(wrong.field, fmt::format("{} {}", wrong.field, wrong.message));
    }
    return json_reply(lookup::to_json(*answer));
}

std::optional<Reply> GridEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"as_of"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const as_of = as_of_of(*parameters);
    if (auto const* const refused = std::get_if<Reply>(&as_of)) {
        return *refused;
    }
    auto const text = percent_decode(request.path().substr(kPrefix.size()), false);
    auto const code = text ? GridCode::parse(*text) : std::nullopt;
    if (!code) {
        return malformed("code", "the grid code in the path must be 1 to 20 digits");
    }
    if (!states.current()) {
        return nothing_published();
    }
    auto const day = std::get<Date>(as_of);
    auto const served = served_on(states, day, waiting);
    if (!served) {
        return std::nullopt;
    }
    lookup::Locator const locator{*served->snapshot, *served->roster};
    auto const grid = locator.grid(*code, day);
    if (!grid) {
        return problem(404, "unknown-grid", "There is no such grid",
                       fmt::format("no grid {} is in force on {} (generation {})", code->str(), day.str(),
                                   served->snapshot->generation()),
                       "code");
    }
    return json_reply(lookup::to_json(*grid, locator.evidence(day)));
}

Reply HealthEndpoint::operator()(Request const& request) const {
    ParameterProblem fault;
    return Parameters::parse(request.query(), {}, fault) ? json_reply(R"({"status":"alive"})") : reply_of(fault);
}

Reply ReadyEndpoint::operator()(Request const& request) const {
    ParameterProblem fault;
    if (!Parameters::parse(request.query(), {}, fault)) {
        return reply_of(fault);
    }
    if (!states.current()) {
        return nothing_published();
    }
    auto const today = Date::today();
    auto const served = states.find(today);
    if (!served) {
        auto reply = problem(503, "not-ready", "Today's state is not at hand yet",
                             fmt::format("the state of {} is being made ready; ask again", today.str()));
        reply.retry_after_s = 1;
        return reply;
    }
    return json_reply(fmt::format(R"({{"status":"ready","generation":{},"as_of":"{}","grids":{},"snapshot":"{}"}})",
                                  served->snapshot->generation(), today.str(), served->snapshot->grid_count(),
                                  served->snapshot->digest().hex()));
}

} // namespace wangge::http
