#include "arguments.hpp"
#include "commands.hpp"
#include "ground.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/layers/difference_layers.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;
using registry::DivisionDifference;
using registry::GridDifference;
using registry::StateName;

constexpr std::array kWords{"added", "reshaped", "retired", "renamed", "reparented", "reclassified"};

/// In what a grid of two states differs, in words of kWords.
std::vector<std::string> words_of(GridDifference const& one) {
    if (!one.before) {
        return {"added"};
    }
    if (!one.after) {
        return {"retired"};
    }
    std::vector<std::string> words;
    for (auto const kind : registry::differences(*one.before, *one.after)) {
        words.emplace_back(registry::to_string(kind));
    }
    if (one.before->kind != one.after->kind) {
        words.emplace_back("reclassified");
    }
    return words;
}

std::vector<std::string> words_of(DivisionDifference const& one) {
    if (!one.before) {
        return {"added"};
    }
    if (!one.after) {
        return {"retired"};
    }
    std::vector<std::string> words;
    if (one.before->name != one.after->name) {
        words.emplace_back("renamed");
    }
    if (one.before->parent != one.after->parent) {
        words.emplace_back("reparented");
    }
    if (one.before->level != one.after->level || one.before->urban_rural_class != one.after->urban_rural_class) {
        words.emplace_back("reclassified");
    }
    return words;
}

struct Comparison {
    StateName from, to;
    GenerationNumber draft = 0;
    std::vector<GridDifference> grids;
    std::vector<DivisionDifference> divisions;
    std::vector<Ground> moved; ///< ground that changed hands
};

registry::Grid const& either(GridDifference const& one) { return one.after ? *one.after : *one.before; }

std::string code_of(std::optional<GridCode> const& code) { return code ? std::string{code->str()} : std::string{}; }

Json json_of(Comparison const& found) {
    auto const state = [&](StateName const& name) {
        return Json{
            {"generation", name.known_at}, {"as_of", name.as_of.str()}, {"draft", name.known_at == found.draft}};
    };
    Json json{{"from", state(found.from)}, {"to", state(found.to)}};
    std::map<std::string, std::size_t> counts;
    auto grids = Json::array();
    for (auto const& one : found.grids) {
        auto const words = words_of(one);
        for (auto const& word : words) {
            ++counts[word];
        }
        auto const side = [](std::optional<registry::Grid> const& grid) {
            return grid ? Json{{"name", grid->name},
                               {"kind", to_string(grid->kind)},
                               {"village", grid->village.str()},
                               {"area_m2", to_cm2(geom::area_m2(grid->shape))}}
                        : Json(nullptr);
        };
        grids.push_back({{"code", either(one).code.str()},
                         {"changed", words},
                         {"before", side(one.before)},
                         {"after", side(one.after)}});
    }
    for (auto const* const word : kWords) {
        json["counts"][word] = counts[word];
    }
    json["grids"] = std::move(grids);
    auto& moved = json["moved"] = Json::array();
    for (auto const& ground : found.moved) {
        moved.push_back({{"from", ground.from ? Json(ground.from->str()) : Json(nullptr)},
                         {"to", ground.to ? Json(ground.to->str()) : Json(nullptr)},
                         {"area_m2", to_cm2(ground.area_m2)},
                         {"share_of_from", ground.share_of_from},
                         {"share_of_to", ground.share_of_to}});
    }
    auto& divisions = json["divisions"] = Json::array();
    for (auto const& one : found.divisions) {
        auto const side = [](std::optional<registry::Division> const& division) {
            return division ? Json{{"name", division->name},
                                   {"level", to_string(division->level)},
                                   {"parent", division->parent ? Json(division->parent->str()) : Json(nullptr)}}
                            : Json(nullptr);
        };
        divisions.push_back({{"code", (one.after ? one.after : one.before)->code.str()},
                             {"changed", words_of(one)},
                             {"before", side(one.before)},
                             {"after", side(one.after)}});
    }
    return json;
}

std::string state_text(Comparison const& found, StateName const& name) {
    return fmt::format("{} as of {}",
                       name.known_at == found.draft ? "the draft" : fmt::format("generation {}", name.known_at),
                       name.as_of.str());
}

void say_comparison(Comparison const& found) {
    say("from {} to {}\n", state_text(found, found.from), state_text(found, found.to));
    for (auto const& one : found.grids) {
        auto const words = words_of(one);
        std::string text = fmt::format("  {}  {}", either(one).code.str(), fmt::join(words, ", "));
        if (one.before && one.after) {
            if (one.before->name != one.after->name) {
                text += fmt::format(": {} -> {}", one.before->name, one.after->name);
            }
            if (one.before->village != one.after->village) {
                text += fmt::format("; village {} -> {}", one.before->village.str(), one.after->village.str());
            }
            if (one.before->shape != one.after->shape) {
                text += fmt::format("; {:.0f} -> {:.0f} m2", geom::area_m2(one.before->shape),
                                    geom::area_m2(one.after->shape));
            }
        } else {
            text += fmt::format(": {}, {:.0f} m2", either(one).name, geom::area_m2(either(one).shape));
        }
        say("{}\n", text);
    }
    for (auto const& ground : found.moved) {
        say("  {:.2f} m2 from {} to {} ({:.2f}% of it)\n", ground.area_m2, ground.from ? ground.from->str() : "nobody",
            ground.to ? ground.to->str() : "nobody", 100 * (ground.from ? ground.share_of_from : ground.share_of_to));
    }
    for (auto const& one : found.divisions) {
        auto const& division = one.after ? *one.after : *one.before;
        say("  division {}  {}: {}{}\n", division.code.str(), fmt::join(words_of(one), ", "),
            one.before && one.after && one.before->name != one.after->name ? one.before->name + " -> " : std::string{},
            division.name);
    }
    double area = 0;
    for (auto const& ground : found.moved) {
        area += ground.area_m2;
    }
    say("{} grids and {} divisions differ; {:.2f} m2 changed hands.\n", found.grids.size(), found.divisions.size(),
        area);
}

layers::DifferenceLayers layers_of(Comparison& found) {
    layers::DifferenceLayers layers;
    layers.description =
        fmt::format("Wangge changes from {} to {}", state_text(found, found.from), state_text(found, found.to));
    for (auto const* const word : kWords) {
        auto& layer = layers.grids.emplace_back(word, std::vector<layers::DifferenceLayers::ChangedGrid>{}).second;
        for (auto const& one : found.grids) {
            auto const words = words_of(one);
            if (std::ranges::find(words, word) == words.end()) {
                continue;
            }
            auto& grid = layer.emplace_back();
            grid.code = either(one).code.str();
            grid.kinds = fmt::format("{}", fmt::join(words, "+"));
            if (one.before) {
                grid.name_before = one.before->name;
                grid.village_before = one.before->village.str();
                grid.area_before_m2 = to_cm2(geom::area_m2(one.before->shape));
            }
            if (one.after) {
                grid.name_after = one.after->name;
                grid.village_after = one.after->village.str();
                grid.area_after_m2 = to_cm2(geom::area_m2(one.after->shape));
            }
            grid.shape = either(one).shape;
        }
    }
    for (auto& ground : found.moved) {
        layers.moved.push_back({code_of(ground.from), code_of(ground.to), to_cm2(ground.area_m2), ground.share_of_from,
                                ground.share_of_to, std::move(ground.shape)});
    }
    return layers;
}

} // namespace

int diff(DiffOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const as_of = date_argument(options.as_of, "--as-of");
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    Comparison found;
    found.from = state_argument(registry, options.from, as_of);
    found.to = state_argument(registry, options.to, as_of);
    found.draft = registry.next_generation();
    found.grids = registry.grid_differences(found.from, found.to);
    found.divisions = registry.division_differences(found.from, found.to);
    found.moved =
        ground_of(found.grids, options.layer.empty() ? topology::ShareShapes::without : topology::ShareShapes::with);
    std::erase_if(found.moved, [](Ground const& ground) { return ground.from == ground.to; });
    std::vector<std::pair<std::string, std::uint64_t>> written;
    auto json = options.json ? json_of(found) : Json{};
    if (!options.json) {
        say_comparison(found);
    }
    if (!options.layer.empty()) {
        auto const progress = make_terminal_progress();
        written = layers::write_difference(layers_of(found), options.layer, *progress);
    }
    if (options.json) {
        json["layer"] = nullptr;
        if (!options.layer.empty()) {
            json["layer"] = {{"file", options.layer.string()}};
            for (auto const& [layer, features] : written) {
                json["layer"][layer] = features;
            }
        }
        say("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
    } else if (!options.layer.empty()) {
        say("Layers: {}\n", options.layer.string());
    }
    return 0;
}

} // namespace wangge::command
