#include "arguments.hpp"
#include "commands.hpp"
#include "ground.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/named_file.hpp>
#include <wangge/importers/code_list.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string{text};
    }
    std::string quoted{"\""};
    for (char const c : text) {
        quoted.append(c == '"' ? 2 : 1, c);
    }
    return quoted + '"';
}

/// To the file, replaced whole, or to standard output.
void deliver(CrosswalkOptions const& options, std::string const& csv, Json const& summary, std::string const& told) {
    if (options.out.empty()) {
        if (options.json) {
            throw Error{ErrorCode::usage, "--json tells of the table that goes to --out FILE; name one"};
        }
        write_out(csv);
        return;
    }
    write_file_atomically(options.out, csv);
    if (options.json) {
        say("{}\n", summary.dump(2));
    } else {
        say("{}\n", told);
    }
}

std::string text_of(std::optional<GridCode> const& code) { return code ? std::string{code->str()} : std::string{}; }

/// How many address points lie in each pair of grids of two snapshots; nobody's have an empty code.
std::unordered_map<std::string, std::uint64_t>
count_addresses(registry::Registry const& registry, snapshot::Snapshot const& from, snapshot::Snapshot const& to) {
    geom::Envelope const everywhere{{-1'800'000'000, -900'000'000}, {1'800'000'000, 900'000'000}};
    std::unordered_map<std::uint64_t, std::uint64_t> by_id;
    registry.addresses_in(everywhere,
                          [&](geom::Point p) { ++by_id[std::uint64_t{from.locate(p)} << 32U | to.locate(p)]; });
    auto const code = [](snapshot::Snapshot const& snapshot, std::uint64_t id) {
        return id == snapshot::kOutside ? std::string{}
                                        : std::string{snapshot.grid(static_cast<snapshot::GridId>(id)).code.str()};
    };
    std::unordered_map<std::string, std::uint64_t> counts;
    for (auto const& [pair, count] : by_id) {
        counts[code(from, pair >> 32U) + "," + code(to, pair & 0xffffffffU)] += count;
    }
    return counts;
}

int crosswalk_grids(CrosswalkOptions const& options) {
    if (options.given.size() != 2 || options.all || !options.list.empty()) {
        throw Error{ErrorCode::usage, "crosswalk grids needs two states: FROM TO, as 1 2 or 2@2026-01-01 2@2026-07-01"};
    }
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const as_of = date_argument(options.as_of, "--as-of");
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    auto const from = state_argument(registry, options.given[0], as_of);
    auto const to = state_argument(registry, options.given[1], as_of);
    for (auto const& state : {from, to}) {
        registry.require_published(state.known_at); // lookups know no draft
    }
    auto const before = snapshot_for(folder, {from.as_of, from.known_at});
    auto const after = snapshot_for(folder, {to.as_of, to.known_at});
    auto const differences = registry.grid_differences(from, to);
    auto rows = ground_of(differences, topology::ShareShapes::without);
    std::unordered_set<GridCode> differ;
    for (auto const& one : differences) {
        differ.insert(one.before ? one.before->code : one.after->code);
    }
    for (auto const id : before->by_code()) {
        auto const grid = before->grid(id);
        if (!differ.contains(grid.code)) {
            rows.push_back({grid.code, grid.code, grid.area_m2, 1, 1, {}});
        }
    }
    std::ranges::sort(rows, [](Ground const& a, Ground const& b) {
        return std::pair{text_of(a.from), text_of(a.to)} < std::pair{text_of(b.from), text_of(b.to)};
    });
    auto const addresses = count_addresses(registry, *before, *after);
    std::string csv{"from_code,to_code,area_m2,share_of_from,share_of_to,addresses\n"};
    for (auto const& row : rows) {
        auto const codes = text_of(row.from) + "," + text_of(row.to);
        auto const counted = addresses.find(codes);
        fmt::format_to(std::back_inserter(csv), "{},{:.2f},{:.9g},{:.9g},{}\n", codes, row.area_m2, row.share_of_from,
                       row.share_of_to, counted == addresses.end() ? 0 : counted->second);
    }
    auto const state = [](registry::StateName const& name) {
        return Json{{"generation", name.known_at}, {"as_of", name.as_of.str()}};
    };
    deliver(options, csv,
            {{"file", options.out.string()},
             {"from", state(from)},
             {"to", state(to)},
             {"rows", rows.size()},
             {"grids_that_differ", differences.size()}},
            fmt::format("Wrote {} rows, from generation {} as of {} to generation {} as of {}, to {}; {} grids differ.",
                        rows.size(), from.known_at, from.as_of.str(), to.known_at, to.as_of.str(), options.out.string(),
                        differences.size()));
    return 0;
}

DivisionCode division_code_argument(std::string const& text) {
    auto const code = DivisionCode::parse(text);
    if (!code) {
        throw Error{ErrorCode::usage, fmt::format("CODE: '{}' is not a 12-digit division code", text)};
    }
    return *code;
}

int crosswalk_divisions(CrosswalkOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const as_of = date_argument(options.as_of, "--as-of");
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    registry::ConcordanceTable const table{registry.concordance()};
    std::vector<DivisionCode> codes;
    for (auto const& text : options.given) {
        codes.push_back(division_code_argument(text));
    }
    if (!options.list.empty()) {
        std::ranges::copy(importers::parse_code_list(read_named_file(options.list), options.list.string()),
                          std::back_inserter(codes));
    }
    if (options.all) {
        codes = table.old_codes();
    }
    if (codes.empty()) {
        throw Error{ErrorCode::usage, options.all
                                          ? "no concordance is in the registry; import one (wangge import concordance)"
                                          : "crosswalk divisions needs old codes, --from-list FILE or --all"};
    }
    std::unordered_map<DivisionCode, registry::Division> divisions;
    for (auto& division : registry.divisions(as_of)) {
        auto const code = division.code;
        divisions.emplace(code, std::move(division));
    }
    std::string csv{"old_code,new_code,new_name,new_level,first_change,last_change,kinds\n"};
    std::size_t rows = 0;
    std::size_t unknown = 0;
    for (auto const code : codes) {
        auto const became = table.became(code, as_of);
        std::string kinds;
        for (auto const& step : became.steps) {
            std::string const word{to_string(step.kind)};
            if (kinds.find(word) == std::string::npos) {
                kinds += (kinds.empty() ? "" : "+") + word;
            }
        }
        auto const row = [&](std::optional<DivisionCode> now) {
            auto const division = now ? divisions.find(*now) : divisions.end();
            bool const found = division != divisions.end();
            fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{}\n", code.str(), now ? now->str() : "",
                           found ? csv_field(division->second.name) : "",
                           found ? to_string(division->second.level) : "",
                           became.steps.empty() ? "" : became.steps.front().change.effective.str(),
                           became.steps.empty() ? "" : became.steps.back().change.effective.str(),
                           became.steps.empty() ? (found ? "unchanged" : "unknown") : kinds);
            ++rows;
            unknown += now && !found ? 1U : 0U;
        };
        for (auto const now : became.now) {
            row(now);
        }
        if (became.now.empty()) {
            row(std::nullopt);
        }
    }
    deliver(options, csv,
            {{"file", options.out.string()},
             {"as_of", as_of.str()},
             {"codes", codes.size()},
             {"rows", rows},
             {"not_in_the_registry", unknown}},
            fmt::format("Wrote {} rows for {} codes, as of {}, to {}; {} lead to a code that is not in the registry.",
                        rows, codes.size(), as_of.str(), options.out.string(), unknown));
    return 0;
}

} // namespace

int crosswalk(CrosswalkOptions const& options) {
    return options.what == "grids" ? crosswalk_grids(options) : crosswalk_divisions(options);
}

} // namespace wangge::command
