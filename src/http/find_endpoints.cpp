#include "request_parts.hpp"

#include <wangge/lookup/finder.hpp>

#include <fmt/format.h>

#include <array>

namespace wangge::http {

namespace {

constexpr std::size_t kDefaultLimit = 1000;
constexpr std::size_t kHighestLimit = 10'000;

/// Numbers of a list with commas, exactly as many.
template <std::size_t N>
std::optional<std::array<double, N>> numbers_of(std::string_view text) {
    std::array<double, N> numbers{};
    for (std::size_t i = 0; i < N; ++i) {
        auto const comma = text.find(',');
        auto const number = parse_number(text.substr(0, comma));
        if (!number || (comma == std::string_view::npos) != (i + 1 == N)) {
            return std::nullopt;
        }
        numbers[i] = *number;
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return numbers;
}

std::variant<lookup::Page, Reply> page_of(Parameters const& parameters) {
    auto const limit = count_of(parameters, "limit", 1, kHighestLimit, kDefaultLimit);
    if (auto const* const refused = std::get_if<Reply>(&limit)) {
        return *refused;
    }
    lookup::Page page{std::get<std::size_t>(limit), std::nullopt};
    if (auto const after = parameters.find("after")) {
        page.after = GridCode::parse(*after);
        if (!page.after) {
            return malformed("after", "after is not a grid code; pass the 'next' of the answer before");
        }
    }
    return page;
}

/// What remains once the query is read, the same for all ways to ask.
std::optional<Reply> found(States& states, Waiting waiting, Parameters const& parameters, lookup::FindQuery query,
                           lookup::Page const& page) {
    auto const transformer = transformer_of(parameters, states.site_systems());
    if (auto const* const refused = std::get_if<Reply>(&transformer)) {
        return *refused;
    }
    auto const& to_registry = *std::get<crs::Transformer const*>(transformer);
    query.crs = to_registry.name();
    return reply_on(states, parameters, waiting, [&](Served const& served, Date day) {
        lookup::QueryFault wrong;
        auto const answer = lookup::Finder{*served.snapshot}.find(query, to_registry, day, page, wrong);
        return answer ? json_reply(lookup::to_json(*answer))
                      : malformed(wrong.field, fmt::format("{}: {}", wrong.field, wrong.message));
    });
}

std::variant<lookup::NearQuery, Reply> near_of(Parameters const& parameters) {
    auto const position = numbers_of<2>(*parameters.find("near"));
    if (!position) {
        return malformed("near", "near is not 'lon,lat': two decimal numbers with a comma, as 113.2644,23.1291");
    }
    lookup::NearQuery near{position->at(0), position->at(1), std::nullopt, std::nullopt};
    if (parameters.find("k").has_value() == parameters.find("within").has_value()) {
        return reply_of({ParameterFault::missing, "k",
                         "near needs either k, how many of the nearest grids, or within, how many metres around"});
    }
    if (parameters.find("k")) {
        auto const k = count_of(parameters, "k", 1, lookup::kMostNearest, 1);
        if (auto const* const refused = std::get_if<Reply>(&k)) {
            return *refused;
        }
        near.nearest = std::get<std::size_t>(k);
        for (auto const* const name : {"limit", "after"}) {
            if (parameters.find(name)) {
                return malformed(name, fmt::format("{} does not go with k, which says how many", name));
            }
        }
    } else {
        auto const metres = number_of(parameters, "within");
        if (auto const* const refused = std::get_if<Reply>(&metres)) {
            return *refused;
        }
        near.within_m = std::get<double>(metres);
    }
    return near;
}

} // namespace

std::optional<Reply> GridsEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(
        request.query(), {"bbox", "near", "k", "within", "crs", "as_of", "known_at", "limit", "after"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    bool const by_box = parameters->find("bbox").has_value();
    bool const near = parameters->find("near").has_value();
    if (by_box == near) {
        return reply_of({ParameterFault::missing, "bbox",
                         "either bbox=west,south,east,north or near=lon,lat is needed; areas and lines go to "
                         "/v1/grids/intersecting"});
    }
    auto page = page_of(*parameters);
    if (auto const* const refused = std::get_if<Reply>(&page)) {
        return *refused;
    }
    lookup::FindQuery query;
    if (near) {
        auto const what = near_of(*parameters);
        if (auto const* const refused = std::get_if<Reply>(&what)) {
            return *refused;
        }
        query.what = std::get<lookup::NearQuery>(what);
    } else {
        for (auto const* const name : {"k", "within"}) {
            if (parameters->find(name)) {
                return malformed(name, fmt::format("{} goes with near, not with bbox", name));
            }
        }
        auto const sides = numbers_of<4>(*parameters->find("bbox"));
        if (!sides) {
            return malformed("bbox", "bbox is not 'west,south,east,north': four decimal numbers with commas");
        }
        query.what = lookup::BoxQuery{sides->at(0), sides->at(1), sides->at(2), sides->at(3)};
    }
    return found(states, waiting, *parameters, std::move(query), std::get<lookup::Page>(page));
}

std::optional<Reply> IntersectingEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"crs", "as_of", "known_at", "limit", "after"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const page = page_of(*parameters);
    if (auto const* const refused = std::get_if<Reply>(&page)) {
        return *refused;
    }
    constexpr std::size_t kLong = std::size_t{64} << 10U;
    if (request.body.size() > kLong && waiting == Waiting::no) {
        return std::nullopt; // takes its time: not where others wait for their answers
    }
    std::string why;
    auto geometry = lookup::parse_geojson(request.body, why);
    if (!geometry) {
        return malformed("geometry", fmt::format("the body is not a GeoJSON geometry: {}", why));
    }
    lookup::FindQuery query;
    query.what = std::move(*geometry);
    return found(states, waiting, *parameters, std::move(query), std::get<lookup::Page>(page));
}

} // namespace wangge::http
