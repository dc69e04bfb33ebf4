#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/lookup/answer_text.hpp>
#include <wangge/lookup/locator.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;

int show_grid(ShowOptions const& options) {
    auto const code = grid_code_argument(options.code);
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const snapshot = snapshot_for(folder, asked);
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    lookup::DutyRoster const roster{registry.duty_entries(asked.as_of, asked.known_at)};
    lookup::Locator const locator{*snapshot, roster};
    auto const answer = locator.grid(code, asked.as_of);
    if (!answer) {
        throw Error{
            ErrorCode::not_found,
            fmt::format("grid {} is not in force on {} in generation {}; check the code, see wangge history, or "
                        "import and publish it",
                        options.code, asked.as_of.str(), snapshot->generation())};
    }
    if (options.json) {
        say("{}\n", lookup::to_json(*answer, locator.evidence(asked.as_of)));
        return 0;
    }
    auto const language = language_argument(options.lang);
    say("{}\n", lookup::to_text(*answer, locator.evidence(asked.as_of), language));
    for (auto const& officer : registry.officers_of(code, asked.as_of, asked.known_at)) {
        say("{}\n", said(language, "  officer {}  {}  {}", "  网格员 {}  {}  {}", officer.officer_id, officer.name,
                         officer.phone_masked));
    }
    return 0;
}

Json json_of(std::vector<registry::ConcordanceStep> const& steps) {
    auto list = Json::array();
    for (auto const& step : steps) {
        auto const& change = step.change;
        list.push_back({{"effective", change.effective.str()},
                        {"kind", to_string(step.kind)},
                        {"old_code", change.old_code.str()},
                        {"new_code", change.new_code ? Json(change.new_code->str()) : Json(nullptr)},
                        {"note", change.note},
                        {"source", change.source}});
    }
    return list;
}

std::string text_of(registry::ConcordanceStep const& step) {
    auto const& change = step.change;
    return fmt::format("{}  {:11} {} -> {}{}{}  ({})", change.effective.str(), to_string(step.kind),
                       change.old_code.str(), change.new_code ? change.new_code->str() : "nothing",
                       change.note.empty() ? "" : "  ", change.note, change.source);
}

/// A code that no division of the registry has on the day, but of which a concordance knows.
int show_old_division(ShowOptions const& options, registry::Registry const& registry, DivisionCode code,
                      StateArguments const& asked, registry::ConcordanceTable const& table) {
    auto const became = table.became(code, asked.as_of);
    if (became.steps.empty()) {
        throw Error{
            ErrorCode::not_found,
            fmt::format("division {} is not in the registry on {}, and no concordance knows the code; import the "
                        "list of divisions, or a concordance",
                        options.code, asked.as_of.str())};
    }
    auto const now = [&](DivisionCode one) { return registry.division(one, asked.as_of, asked.known_at); };
    if (options.json) {
        Json json{{"code", code.str()}, {"in_force", false}, {"became", json_of(became.steps)}};
        json["now"] = Json::array();
        for (auto const one : became.now) {
            auto const division = now(one);
            json["now"].push_back({{"code", one.str()},
                                   {"name", division ? Json(division->name) : Json(nullptr)},
                                   {"level", division ? Json(to_string(division->level)) : Json(nullptr)}});
        }
        say("{}\n", json.dump(2));
        return 0;
    }
    say("{}  an old code, not in force on {}\n", code.str(), asked.as_of.str());
    for (auto const& step : became.steps) {
        say("  {}\n", text_of(step));
    }
    for (auto const one : became.now) {
        auto const division = now(one);
        say("  now {}  {}\n", one.str(),
            division ? fmt::format("{} ({})", division->name, to_string(division->level)) : "not in the registry");
    }
    if (became.now.empty()) {
        say("  nothing stands in its place\n");
    }
    return 0;
}

int show_division(ShowOptions const& options) {
    auto const code = DivisionCode::parse(options.code);
    if (!code) {
        throw Error{ErrorCode::usage, fmt::format("CODE: '{}' is not a 12-digit division code", options.code)};
    }
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    if (asked.known_at) {
        registry.require_published(*asked.known_at);
    }
    registry::ConcordanceTable const table{registry.concordance()};
    auto const division = registry.division(*code, asked.as_of, asked.known_at);
    if (!division) {
        return show_old_division(options, registry, *code, asked, table);
    }
    std::vector<registry::Division> chain;
    for (auto parent = division->parent; parent;) {
        auto const above = registry.division(*parent, asked.as_of, asked.known_at);
        if (!above) {
            break;
        }
        chain.push_back(*above);
        parent = above->parent;
    }
    auto const formerly = table.formerly(*code);
    std::size_t children = 0;
    for (auto const& other : registry.divisions(asked.as_of, asked.known_at)) {
        children += other.parent == division->code ? 1U : 0U;
    }
    // Grids are counted in the published state: what lookups see.
    std::optional<std::size_t> grids;
    snapshot::SnapshotStore const store{folder.snapshots()};
    if (store.current()) {
        auto const snapshot = snapshot_for(folder, asked);
        auto const id = snapshot->find_division(*code);
        grids = id ? snapshot->grids_under(*id).size() : 0;
    }
    if (options.json) {
        Json json{{"code", division->code.str()}, {"name", division->name}, {"level", to_string(division->level)}};
        json["urban_rural_class"] =
            division->urban_rural_class.empty() ? Json(nullptr) : Json(division->urban_rural_class);
        json["chain"] = Json::array();
        for (auto const& above : chain) {
            json["chain"].push_back(
                {{"level", to_string(above.level)}, {"code", above.code.str()}, {"name", above.name}});
        }
        json["children"] = children;
        json["grids"] = grids ? Json(*grids) : Json(nullptr);
        json["formerly"] = json_of(formerly);
        say("{}\n", json.dump(2));
        return 0;
    }
    say("{}  {} ({})\n", division->code.str(), division->name, to_string(division->level));
    for (auto const& above : chain) {
        say("  in {:9} {}  {}\n", to_string(above.level), above.code.str(), above.name);
    }
    say("  {} divisions directly below, {}\n", children,
        grids ? fmt::format("{} grids in the published state", *grids) : std::string{"nothing published yet"});
    for (auto const& step : formerly) {
        say("  {}\n", text_of(step));
    }
    return 0;
}

int show_officer(ShowOptions const& options) {
    auto const registry = registry::Registry::open(data_folder(options.data), registry::Registry::Mode::read);
    auto const known_at = generation_argument(options.known_at, "--known-at");
    if (known_at) {
        registry.require_published(*known_at);
    }
    auto officer = registry.officer(options.code, known_at);
    if (!officer) {
        throw Error{ErrorCode::not_found, fmt::format("there is no officer with number '{}'", options.code)};
    }
    if (!options.as_of.empty()) {
        auto const day = date_argument(options.as_of, "--as-of");
        std::erase_if(officer->assignments, [&](auto const& assignment) { return !assignment.valid.holds(day); });
    }
    if (options.json) {
        Json json{{"officer_id", officer->officer_id}, {"name", officer->name}, {"phone", officer->phone_masked}};
        json["assignments"] = Json::array();
        for (auto const& assignment : officer->assignments) {
            json["assignments"].push_back({{"grid", assignment.grid.str()},
                                           {"role", to_string(assignment.role)},
                                           {"from", assignment.valid.from.str()},
                                           {"to", assignment.valid.to.str()}});
        }
        say("{}\n", json.dump(2));
        return 0;
    }
    say("{}  {}  {}\n", officer->officer_id, officer->name, officer->phone_masked);
    for (auto const& assignment : officer->assignments) {
        say("  {:13} of grid {} from {} to {}\n", to_string(assignment.role), assignment.grid.str(),
            assignment.valid.from.str(), assignment.valid.to.str());
    }
    return 0;
}

} // namespace

int show(ShowOptions const& options) {
    if (options.what == "grid") {
        return show_grid(options);
    }
    return options.what == "division" ? show_division(options) : show_officer(options);
}

} // namespace wangge::command
