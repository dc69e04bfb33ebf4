#include "endpoints.hpp"

#include "request_parts.hpp"

#include <wangge/lookup/answer_text.hpp>

#include <fmt/format.h>

namespace wangge::http {

std::optional<Reply> LocateEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters =
        Parameters::parse(request.query(), {"lon", "lat", "crs", "as_of", "known_at", "nearest"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const asked = position_of(*parameters, states.site_systems());
    auto const nearest = count_of(*parameters, "nearest", 0, lookup::kMostNearest, 0);
    for (auto const* const refused : {std::get_if<Reply>(&asked), std::get_if<Reply>(&nearest)}) {
        if (refused != nullptr) {
            return *refused;
        }
    }
    auto [query, transformer] = std::get<PositionAsked>(asked);
    query.nearest = std::get<std::size_t>(nearest);

    return reply_on(states, *parameters, waiting, [&](Served const& served, Date day) {
        lookup::QueryFault wrong;
        auto const answer = lookup::Locator{*served.snapshot, *served.roster}.locate(query, *transformer, day, wrong);
        return answer ? json_reply(lookup::to_json(*answer))
                      : malformed(wrong.field, fmt::format("{} {}", wrong.field, wrong.message));
    });
}

std::optional<Reply> GridEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"as_of", "known_at"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const text = percent_decode(request.path().substr(kPrefix.size()), false);
    auto const code = text ? GridCode::parse(*text) : std::nullopt;
    if (!code) {
        return malformed("code", "the grid code in the path must be 1 to 20 digits");
    }
    return reply_on(states, *parameters, waiting, [&](Served const& served, Date day) {
        lookup::Locator const locator{*served.snapshot, *served.roster};
        auto const grid = locator.grid(*code, day);
        return grid ? json_reply(lookup::to_json(*grid, locator.evidence(day)))
                    : problem(404, "unknown-grid", "There is no such grid",
                              fmt::format("no grid {} is in force on {} (generation {})", code->str(), day.str(),
                                          served.snapshot->generation()),
                              "code");
    });
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
    auto const served = states.find({today, {}});
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
