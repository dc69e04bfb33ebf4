#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/point.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;
using registry::AddressFact;

std::string_view word_of(AddressFact const& fact) {
    switch (fact.kind) {
    case AddressFact::Kind::imported:
        return "imported";
    case AddressFact::Kind::of_staff:
        return fact.source.empty() ? "added" : "corrected";
    case AddressFact::Kind::retired:
        return "retired";
    }
    return "";
}

Json json_of(AddressFact const& fact, registry::Registry const& registry) {
    auto const day = [](Date d) { return d == kForever || d == kAlways ? Json(nullptr) : Json(d.str()); };
    Json json{{"what", word_of(fact)},
              {"source", fact.source.empty() ? Json(nullptr) : Json(fact.source)},
              {"text", fact.point.text}};
    json["at"] = fact.kind == AddressFact::Kind::retired
                     ? Json(nullptr)
                     : Json{geom::to_degrees(fact.point.at.lon), geom::to_degrees(fact.point.at.lat)};
    if (fact.kind == AddressFact::Kind::imported) {
        return json;
    }
    auto const change = registry.applied_change(fact.change_set);
    json["valid_from"] = day(fact.valid.from);
    json["valid_to"] = day(fact.valid.to);
    json["recorded_from"] = fact.recorded_from;
    json["recorded_to"] = fact.recorded_to ? Json(*fact.recorded_to) : Json(nullptr);
    json["change_set"] = change.draft ? Json(*change.draft) : Json(nullptr);
    json["title"] = change.title;
    json["author"] = fact.author;
    json["approver"] = change.draft ? Json(registry.draft(*change.draft).approver) : Json(nullptr);
    json["reason"] = fact.reason;
    return json;
}

std::string text_of(AddressFact const& fact, registry::Registry const& registry) {
    auto const where = fact.kind == AddressFact::Kind::retired
                           ? std::string{}
                           : fmt::format(" at {:.7f} {:.7f}", geom::to_degrees(fact.point.at.lon),
                                         geom::to_degrees(fact.point.at.lat));
    auto const what = fmt::format("{}: '{}'{}{}", word_of(fact), fact.point.text, where,
                                  fact.source.empty() ? "" : fmt::format(", {}", fact.source));
    if (fact.kind == AddressFact::Kind::imported) {
        return what + "\n";
    }
    auto const draft = registry.next_generation();
    auto const generation = [&](GenerationNumber number) {
        return number == draft ? std::string{"the draft"} : fmt::format("generation {}", number);
    };
    auto const change = registry.applied_change(fact.change_set);
    return fmt::format("{}\n    holds from {} to {}, known from {}{}\n    change set {} \"{}\" by {}{}: {}\n", what,
                       fact.valid.from.str(), fact.valid.to.str(), generation(fact.recorded_from),
                       fact.recorded_to ? fmt::format(" until {}", generation(*fact.recorded_to)) : "",
                       change.draft.value_or(fact.change_set), change.title, fact.author,
                       change.draft ? fmt::format(", approved by {}", registry.draft(*change.draft).approver) : "",
                       fact.reason);
}

} // namespace

int address_history(HistoryOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const known_at = generation_argument(options.known_at, "--known-at");
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    if (known_at) {
        registry.require_published(*known_at);
    }
    auto facts = registry.address_history(options.address);
    if (known_at) { // what came later was not known
        std::erase_if(facts, [&](AddressFact const& fact) { return fact.recorded_from > *known_at; });
        for (auto& fact : facts) {
            fact.recorded_to = fact.recorded_to && *fact.recorded_to <= *known_at ? fact.recorded_to : std::nullopt;
        }
    }
    if (!options.as_of.empty()) {
        auto const day = date_argument(options.as_of, "--as-of");
        std::erase_if(facts, [&](AddressFact const& fact) {
            return fact.kind != AddressFact::Kind::imported && !fact.valid.holds(day);
        });
    }
    if (facts.empty()) {
        throw Error{ErrorCode::not_found,
                    fmt::format("no address point has or had the id '{}'{}; check the id", options.address,
                                options.as_of.empty() && !known_at ? "" : " then")};
    }
    if (options.json) {
        Json json{{"id", options.address}, {"facts", Json::array()}};
        for (auto const& fact : facts) {
            json["facts"].push_back(json_of(fact, registry));
        }
        say("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    say("address {}\n", options.address);
    for (std::size_t i = 0; i < facts.size(); ++i) {
        say("[{}] {}", i + 1, text_of(facts[i], registry));
    }
    return 0;
}

} // namespace wangge::command
