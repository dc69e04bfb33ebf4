#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/layers/located_points.hpp>
#include <wangge/lookup/answer_text.hpp>
#include <wangge/lookup/bulk.hpp>
#include <wangge/lookup/locator.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace wangge::command {

namespace {

std::string crs_of(LocateOptions const& options) { return options.crs.empty() ? "EPSG:4490" : options.crs; }

unsigned usual_threads() {
    constexpr unsigned kEnough = 4; // reading and writing are done by one at a time
    return std::clamp(std::thread::hardware_concurrency(), 1U, kEnough);
}

lookup::BulkResult answer_many(LocateOptions const& options, snapshot::Snapshot const& snapshot,
                               crs::SiteSystems const& site, Progress& progress) {
    if (layers::is_point_file(options.points)) {
        if (!options.binary.empty() || !options.lon_column.empty() || !options.lat_column.empty()) {
            throw Error{ErrorCode::usage, words("{}: --binary, --lon and --lat are not for FlatGeobuf",
                                                "{}：--binary、--lon、--lat 不用于 FlatGeobuf", options.points)};
        }
        auto const done =
            layers::locate_point_file(snapshot, {options.points, options.out, options.crs, site}, progress);
        return {done.features, done.inside, done.outside, done.faults};
    }
    if (layers::is_point_file(options.out)) {
        throw Error{ErrorCode::usage,
                    words("--out '{}': the answers for a CSV or for --binary have the form of the "
                          "input; only those for a .fgb go to a .fgb",
                          "--out “{}”：CSV 或 --binary 的结果与输入同格式；只有 .fgb 的结果写成 .fgb", options.out)};
    }
    lookup::BulkRequest request;
    request.in = options.points;
    request.out = options.out.empty() ? "-" : options.out;
    request.lon_column = options.lon_column;
    request.lat_column = options.lat_column;
    request.crs = crs_of(options);
    request.site_systems = site;
    request.threads = options.threads == 0 ? usual_threads() : options.threads;
    if (options.binary.empty()) {
        return lookup::locate_csv(snapshot, request, progress);
    }
    auto const form = options.binary == "e7" ? lookup::BinaryForm::e7 : lookup::BinaryForm::f64;
    return lookup::locate_binary(snapshot, request, form, progress);
}

int locate_many(LocateOptions const& options, snapshot::Snapshot const& snapshot, crs::SiteSystems const& site) {
    auto const progress = make_terminal_progress();
    auto const start = std::chrono::steady_clock::now();
    auto const result = answer_many(options, snapshot, site, *progress);
    std::chrono::duration<double> const spent = std::chrono::steady_clock::now() - start;
    bool const answers_on_stdout = options.out.empty() || options.out == "-";
    if (options.json) {
        nlohmann::ordered_json json;
        json["rows"] = result.rows;
        json["inside"] = result.inside;
        json["outside"] = result.outside;
        json["faults"] = result.faults;
        json["seconds"] = spent.count();
        auto const text = json.dump(2) + "\n";
        if (answers_on_stdout) {
            write_err(text);
        } else {
            write_out(text);
        }
    } else {
        warn("{}\n", said(language_argument(options.lang), "{} positions: {} in a grid, {} outside, {} not readable.",
                          "{} 个位置：{} 个在网格内，{} 个在网格外，{} 个无法读取。", result.rows, result.inside,
                          result.outside, result.faults));
    }
    return result.faults == 0 ? 0 : 1;
}

} // namespace

int locate(LocateOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const site = site_systems(folder.root);
    auto const transformer =
        crs::Transformer::make(crs_of(options), site); // a wrong one is told before anything is opened
    if (!options.points.empty()) {
        return locate_many(options, *snapshot_for(folder, asked), site);
    }
    if (options.lon.empty() || options.lat.empty()) {
        throw Error{ErrorCode::usage, words("locate needs LON and LAT, or --points FILE; see wangge locate --help",
                                            "locate 需要经度和纬度，或 --points 文件；见 wangge locate --help")};
    }
    lookup::PositionQuery query;
    query.lon = number_argument(options.lon, "LON");
    query.lat = number_argument(options.lat, "LAT");
    query.crs = crs_of(options);
    query.nearest = options.nearest;

    auto const snapshot = snapshot_for(folder, asked);
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    lookup::DutyRoster const roster{registry.duty_entries(asked.as_of, asked.known_at)};
    lookup::QueryFault fault;
    auto const answer = lookup::Locator{*snapshot, roster}.locate(query, transformer, asked.as_of, fault);
    if (!answer) {
        throw Error{ErrorCode::usage, words("{}: {}", "{}：{}", fault.field, fault.message)};
    }
    say("{}\n", options.json ? lookup::to_json(*answer) : lookup::to_text(*answer, language_argument(options.lang)));
    return 0;
}

} // namespace wangge::command
