#include "arguments.hpp"
#include "commands.hpp"
#include "ground.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;
using registry::GridVersion;
using registry::LineageStep;

/// Ground of one version of the grid, as today's grids hold it.
struct GroundToday {
    GridVersion version;
    bool first = false; ///< the first version, of a grid that is in force; else the last one of a retired grid
    struct Holder {
        std::optional<GridCode> code; ///< empty: nobody
        std::string name;
        double area_m2 = 0, share = 0;
        std::uint64_t addresses = 0;
    };
    std::vector<Holder> holders;
    std::uint64_t addresses = 0;
};

GroundToday ground_today(registry::Registry const& registry, GridCode const& code,
                         std::vector<GridVersion> const& versions) {
    auto const today = Date::today();
    GroundToday ground;
    ground.first = registry.grid(code, today).has_value();
    auto const known_first = [](GridVersion const& a, GridVersion const& b) {
        return std::pair{a.recorded_from, a.valid.from} < std::pair{b.recorded_from, b.valid.from};
    };
    auto const ends_last = [](GridVersion const& a, GridVersion const& b) {
        return std::pair{!a.recorded_to, a.valid.to} < std::pair{!b.recorded_to, b.valid.to};
    };
    ground.version = ground.first ? std::ranges::min(versions, known_first) : std::ranges::max(versions, ends_last);
    auto& shape = ground.version.grid.shape;
    geom::normalize(shape);
    std::array const box{geom::envelope_of(shape)};
    auto holders = registry.grids_touching(today, box);
    std::vector<geom::MultiPolygon const*> after;
    for (auto& holder : holders) {
        geom::normalize(holder.shape);
        after.push_back(&holder.shape);
    }
    std::array const before{static_cast<geom::MultiPolygon const*>(&shape)};
    std::vector<geom::Point> addresses;
    registry.addresses_in(box[0], [&](geom::Point p) {
        if (geom::owns(shape, p)) {
            addresses.push_back(p);
        }
    });
    ground.addresses = addresses.size();
    for (auto const& share : topology::area_shares(before, after)) {
        if (share.before == topology::kNobody) {
            continue;
        }
        auto& holder = ground.holders.emplace_back();
        holder.area_m2 = share.area_m2;
        holder.share = share.share_of_before;
        if (share.after == topology::kNobody) {
            continue;
        }
        auto const& grid = holders[share.after];
        holder.code = grid.code;
        holder.name = grid.name;
        holder.addresses = static_cast<std::uint64_t>(
            std::ranges::count_if(addresses, [&](geom::Point p) { return geom::owns(grid.shape, p); }));
    }
    std::ranges::stable_sort(ground.holders, std::greater<>{}, &GroundToday::Holder::area_m2);
    return ground;
}

double part(std::uint64_t of, std::uint64_t all) {
    return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
}

Json json_of(std::vector<LineageStep> const& steps) {
    auto list = Json::array();
    for (auto const& step : steps) {
        auto const& ground = step.ground;
        list.push_back({{"change_set", step.change.draft ? Json(*step.change.draft) : Json(nullptr)},
                        {"import", step.change.draft ? Json(nullptr) : Json(step.change.change_set)},
                        {"title", step.change.title},
                        {"effective", step.effective.str()},
                        {"generation", step.generation ? Json(*step.generation) : Json(nullptr)},
                        {"predecessor", ground.predecessor.str()},
                        {"successor", ground.successor.str()},
                        {"area_m2", to_cm2(ground.area_m2)},
                        {"share_of_predecessor", ground.share_of_predecessor},
                        {"share_of_successor", ground.share_of_successor},
                        {"addresses", ground.addresses},
                        {"predecessor_addresses", ground.predecessor_addresses},
                        {"successor_addresses", ground.successor_addresses},
                        {"share_of_predecessor_addresses", part(ground.addresses, ground.predecessor_addresses)},
                        {"share_of_successor_addresses", part(ground.addresses, ground.successor_addresses)}});
    }
    return list;
}

bool none_with_others(std::vector<LineageStep> const& steps) {
    return std::ranges::all_of(
        steps, [](LineageStep const& step) { return step.ground.predecessor == step.ground.successor; });
}

void say_steps(std::vector<LineageStep> const& steps) {
    std::int64_t last = 0;
    for (auto const& step : steps) {
        if (step.change.change_set != last) {
            last = step.change.change_set;
            say("  {}  {}, {}\n", step.effective.str(), name_of(step.change).english,
                step.generation ? fmt::format("generation {}", *step.generation) : std::string{"not published yet"});
        }
        auto const& ground = step.ground;
        auto const addresses =
            ground.predecessor_addresses + ground.successor_addresses == 0
                ? std::string{}
                : fmt::format("; {} of {} addresses", ground.addresses, ground.predecessor_addresses);
        if (ground.predecessor == ground.successor) {
            say("    {} keeps {:.2f} m2, {:.2f}% of what it had, {:.2f}% of what it has{}\n", ground.predecessor.str(),
                ground.area_m2, 100 * ground.share_of_predecessor, 100 * ground.share_of_successor, addresses);
        } else {
            say("    {} -> {}  {:.2f} m2, {:.2f}% of the one, {:.2f}% of the other{}\n", ground.predecessor.str(),
                ground.successor.str(), ground.area_m2, 100 * ground.share_of_predecessor,
                100 * ground.share_of_successor, addresses);
        }
    }
}

} // namespace

int lineage(LineageOptions const& options) {
    auto const code = grid_code_argument(options.code);
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    auto const versions = registry.history(code);
    if (versions.empty()) {
        throw Error{ErrorCode::not_found, fmt::format("grid {} was never issued; check the code", options.code)};
    }
    auto const trail = registry.lineage(code);
    auto const ground = ground_today(registry, code, versions);
    if (options.json) {
        Json json{
            {"code", code.str()}, {"in_force", ground.first}, {"from", json_of(trail.from)}, {"to", json_of(trail.to)}};
        auto& today = json["ground_today"] = {{"of", ground.first ? "first version" : "last version"},
                                              {"valid_from", ground.version.valid.from.str()},
                                              {"as_of", Date::today().str()},
                                              {"addresses", ground.addresses},
                                              {"holders", Json::array()}};
        for (auto const& holder : ground.holders) {
            today["holders"].push_back({{"code", holder.code ? Json(holder.code->str()) : Json(nullptr)},
                                        {"name", holder.name},
                                        {"area_m2", to_cm2(holder.area_m2)},
                                        {"share", holder.share},
                                        {"addresses", holder.addresses},
                                        {"share_of_addresses", part(holder.addresses, ground.addresses)}});
        }
        say("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    say("grid {}, {}\n", code.str(), ground.first ? "in force today" : "not in force today");
    for (bool const forward : {false, true}) {
        auto const& steps = forward ? trail.to : trail.from;
        bool const none = none_with_others(steps);
        say("its ground {}{}\n", forward ? "went to" : "came from", none ? " no other grid" : "");
        if (!none) {
            say_steps(steps);
        }
    }
    say("the ground of its {} version (from {}) is today held by\n", ground.first ? "first" : "last",
        ground.version.valid.from.str());
    for (auto const& holder : ground.holders) {
        say("    {}  {}  {:.2f} m2, {:.2f}%{}\n", holder.code ? holder.code->str() : "nobody", holder.name,
            holder.area_m2, 100 * holder.share,
            ground.addresses == 0 ? std::string{}
                                  : fmt::format("; {} of {} addresses", holder.addresses, ground.addresses));
    }
    return 0;
}

} // namespace wangge::command
