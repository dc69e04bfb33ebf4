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
    auto const code = GridCode::parse(options.code);
    if (!code) {
        throw Error{ErrorCode::usage,
                    fmt::format("CODE: '{}' is not a grid code; it is digits only, 15 by default", options.code)};
    }
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const today = Date::today();
    auto const snapshot = snapshot::SnapshotStore{folder.snapshots()}.open_current();
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    lookup::DutyRoster const roster{registry.duty_entries(today)};
    lookup::Locator const locator{*snapshot, roster};
    auto const answer = locator.grid(*code, today);
    if (!answer) {
        throw Error{ErrorCode::not_found,
                    fmt::format("grid {} is not in generation {}; check the code, or import and publish it",
                                options.code, snapshot->generation())};
    }
    if (options.json) {
        say("{}\n", lookup::to_json(*answer, locator.evidence(today)));
        return 0;
    }
    say("{}\n", lookup::to_text(*answer, locator.evidence(today)));
    for (auto const& officer : registry.officers_of(*code, today)) {
        say("  officer {}  {}  {}\n", officer.officer_id, officer.name, officer.phone_masked);
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
    auto const today = Date::today();
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    auto const division = registry.division(*code, today);
    if (!division) {
        throw Error{ErrorCode::not_found,
                    fmt::format("division {} is not in the registry; import the list of divisions", options.code)};
    }
    std::vector<registry::Division> chain;
    for (auto parent = division->parent; parent;) {
        auto const above = registry.division(*parent, today);
        if (!above) {
            break;
        }
        chain.push_back(*above);
        parent = above->parent;
    }
    std::size_t children = 0;
    for (auto const& other : registry.divisions(today)) {
        children += other.parent == division->code ? 1U : 0U;
    }
    // Grids are counted in the published state: what lookups see.
    std::optional<std::size_t> grids;
    snapshot::SnapshotStore const store{folder.snapshots()};
    if (store.current()) {
        auto const snapshot = store.open_current();
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
        say("{}\n", json.dump(2));
        return 0;
    }
    say("{}  {} ({})\n", division->code.str(), division->name, to_string(division->level));
    for (auto const& above : chain) {
        say("  in {:9} {}  {}\n", to_string(above.level), above.code.str(), above.name);
    }
    say("  {} divisions directly below, {}\n", children,
        grids ? fmt::format("{} grids in the published state", *grids) : std::string{"nothing published yet"});
    return 0;
}

int show_officer(ShowOptions const& options) {
    auto const registry = registry::Registry::open(data_folder(options.data), registry::Registry::Mode::read);
    auto const officer = registry.officer(options.code);
    if (!officer) {
        throw Error{ErrorCode::not_found, fmt::format("there is no officer with number '{}'", options.code)};
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
