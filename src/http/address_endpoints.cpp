#include "address_batch.hpp"
#include "endpoints.hpp"
#include "request_parts.hpp"

#include <wangge/lookup/address_text.hpp>

#include <fmt/format.h>

#include <variant>
#include <vector>

namespace wangge::http {

namespace {

/// More texts than this take their time: not where others wait for their answers.
constexpr std::size_t kFewTexts = 16;

Reply no_addresses(Served const& served) {
    return problem(
        404, "no-addresses", "This state was published without addresses",
        fmt::format("generation {} has no address index; import addresses and publish", served.snapshot->generation()));
}

/// The reply of answer(context, pool) for the state that is asked for.
template <class Answer>
std::optional<Reply> reply_on_addresses(States& states, Parameters const& parameters, Waiting waiting,
                                        Answer&& answer) {
    return reply_on(states, parameters, waiting, [&](Served const& served, Date day) {
        if (!served.addresses) {
            return no_addresses(served);
        }
        lookup::Locator const locator{*served.snapshot, *served.roster};
        lookup::AddressContext const context{*served.snapshot, served.addresses->index(), locator, day};
        return answer(context, *served.addresses);
    });
}

std::variant<std::string, Reply> text_of(Parameters const& parameters) {
    auto const text = parameters.find("q");
    if (!text || text->empty()) {
        return reply_of({ParameterFault::missing, "q", "'q' is needed: the address, percent-encoded"});
    }
    if (text->size() > address::kMaxAddressBytes) {
        return malformed("q", fmt::format("q is longer than {} bytes", address::kMaxAddressBytes));
    }
    return std::string{*text};
}

} // namespace

std::optional<Reply> AddressEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    bool const one = request.method != "POST";
    auto const parameters = one ? Parameters::parse(request.query(), {"q", "as_of", "known_at"}, fault)
                                : Parameters::parse(request.query(), {"as_of", "known_at"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    AddressBatch batch;
    if (one) {
        auto text = text_of(*parameters);
        if (auto const* const refused = std::get_if<Reply>(&text)) {
            return *refused;
        }
        batch.texts.push_back(std::move(std::get<std::string>(text)));
    } else {
        std::string why;
        auto read = parse_address_batch(request.body, kMostTexts, why);
        if (!read) {
            return malformed("body", why);
        }
        batch = std::move(*read);
        if (batch.texts.size() > kFewTexts && waiting == Waiting::no) {
            return std::nullopt;
        }
    }
    return reply_on_addresses(
        states, *parameters, waiting, [&](lookup::AddressContext const& context, lookup::GeocoderPool& pool) {
            return pool.with([&](lookup::Geocoder& geocoder) {
                std::vector<std::string_view> const texts{batch.texts.begin(), batch.texts.end()};
                std::vector<std::string> answers(texts.size()); // come in any order
                geocoder.geocode(texts, [&](std::size_t i, lookup::AddressAnswer const& answer) {
                    answers[i] = lookup::to_json(answer, texts[i], context);
                });
                bool const array = !one && !batch.lines;
                auto reply = json_reply(fmt::format("{}{}{}", array ? "[" : "", fmt::join(answers, array ? "," : "\n"),
                                                    array         ? "]"
                                                    : batch.lines ? "\n"
                                                                  : ""));
                if (batch.lines) {
                    reply.content_type = "application/x-ndjson";
                }
                return reply;
            });
        });
}

std::optional<Reply> SuggestEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"q", "limit", "as_of", "known_at"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const text = text_of(*parameters);
    auto const limit = count_of(*parameters, "limit", 1, kMost, 10);
    if (auto const* const refused = std::get_if<Reply>(&text)) {
        return *refused;
    }
    if (auto const* const refused = std::get_if<Reply>(&limit)) {
        return *refused;
    }
    return reply_on_addresses(
        states, *parameters, waiting, [&](lookup::AddressContext const& context, lookup::GeocoderPool& pool) {
            return json_reply(lookup::suggestions_to_json(
                pool.index().suggest(std::get<std::string>(text), std::get<std::size_t>(limit)), context));
        });
}

std::optional<Reply> NearAddressEndpoint::operator()(Request const& request, Waiting waiting) const {
    ParameterProblem fault;
    auto const parameters = Parameters::parse(request.query(), {"lon", "lat", "crs", "k", "as_of", "known_at"}, fault);
    if (!parameters) {
        return reply_of(fault);
    }
    auto const asked = position_of(*parameters, states.site_systems());
    auto const k = count_of(*parameters, "k", 1, kMost, 5);
    for (auto const* const refused : {std::get_if<Reply>(&asked), std::get_if<Reply>(&k)}) {
        if (refused != nullptr) {
            return *refused;
        }
    }
    auto const& [query, transformer] = std::get<PositionAsked>(asked);
    lookup::QueryFault wrong;
    auto const position = lookup::lattice_position(query, *transformer, wrong);
    if (!position) {
        return malformed(wrong.field, fmt::format("{} {}", wrong.field, wrong.message));
    }
    return reply_on_addresses(
        states, *parameters, waiting, [&](lookup::AddressContext const& context, lookup::GeocoderPool& pool) {
            return json_reply(lookup::near_to_json(
                pool.index().nearest(*position, std::get<std::size_t>(k), lookup::kNearestLimitM), *position, context));
        });
}

} // namespace wangge::http
