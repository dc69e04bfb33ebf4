#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/named_file.hpp>
#include <wangge/lookup/finder.hpp>

#include <fmt/format.h>

#include <limits>

namespace wangge::command {

namespace {

std::vector<double> numbers_argument(std::string_view text, std::size_t count, char const* option, Words const& form) {
    std::vector<double> numbers;
    auto rest = text;
    for (bool more = true; more;) {
        auto const comma = rest.find(',');
        numbers.push_back(number_argument(rest.substr(0, comma), option));
        more = comma != std::string_view::npos;
        rest.remove_prefix(more ? comma + 1 : rest.size());
    }
    if (numbers.size() != count) {
        throw Error{ErrorCode::usage, words("{}: '{}' has {} numbers; write {}", "{}：“{}”有 {} 个数字；请写成 {}",
                                            option, text, numbers.size(), form)};
    }
    return numbers;
}

/// GeoJSON or WKT, given as it is or as a file that holds it.
lookup::QueryGeometry geometry_argument(std::string const& given, char const* option, bool line) {
    std::error_code ignored; // a text may be too long for a name
    bool const is_text = given.find_first_of("{(") != std::string::npos && !std::filesystem::exists(given, ignored);
    auto const text = is_text ? given : read_named_file(given);
    std::string why;
    auto geometry = lookup::parse_query_geometry(text, why);
    if (!geometry) {
        throw Error{is_text ? ErrorCode::usage : ErrorCode::data_unreadable,
                    words("{}: {}: {}", "{}：{}：{}", option,
                          is_text ? words("the text", "所给文字") : Words{given, given}, why)};
    }
    if ((geometry->kind == lookup::QueryGeometry::Kind::line) != line) {
        throw Error{ErrorCode::usage,
                    words("{}: it holds no {}; {}", "{}：其中没有{}；{}", option,
                          line ? words("line", "线") : words("area", "面"),
                          line ? words("areas go to --polygon", "面请用 --polygon")
                               : words("lines go to --line, positions to --near", "线请用 --line，位置请用 --near"))};
    }
    return std::move(*geometry);
}

lookup::FindQuery query_of(FindOptions const& options) {
    lookup::FindQuery query;
    query.crs = options.crs;
    if (!options.bbox.empty()) {
        auto const sides = numbers_argument(options.bbox, 4, "--bbox", words("west,south,east,north", "西,南,东,北"));
        query.what = lookup::BoxQuery{sides[0], sides[1], sides[2], sides[3]};
    } else if (!options.near.empty()) {
        auto const position = numbers_argument(options.near, 2, "--near", words("lon,lat", "经度,纬度"));
        lookup::NearQuery near{position[0], position[1], std::nullopt, std::nullopt};
        if (options.within.empty() && options.nearest == 0) {
            throw Error{ErrorCode::usage, words("--near needs --within METRES or --nearest K",
                                                "--near 需要同时给出 --within 米数 或 --nearest 个数")};
        }
        if (options.within.empty()) {
            near.nearest = options.nearest;
        } else {
            near.within_m = number_argument(options.within, "--within");
        }
        query.what = near;
    } else if (!options.line.empty()) {
        query.what = geometry_argument(options.line, "--line", true);
    } else {
        query.what = geometry_argument(options.area, "--polygon", false);
    }
    return query;
}

} // namespace

int find(FindOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const transformer = crs::Transformer::make(options.crs, site_systems(folder.root));
    auto const query = query_of(options);
    auto const snapshot = snapshot_for(folder, asked);
    lookup::QueryFault fault;
    lookup::Page const all{std::numeric_limits<std::size_t>::max(), std::nullopt};
    auto const answer = lookup::Finder{*snapshot}.find(query, transformer, asked.as_of, all, fault);
    if (!answer) {
        throw Error{ErrorCode::usage, words("{}: {}", "{}：{}", fault.field, fault.message)};
    }
    say("{}\n", options.json ? lookup::to_json(*answer) : lookup::to_text(*answer, language_argument(options.lang)));
    return 0;
}

} // namespace wangge::command
