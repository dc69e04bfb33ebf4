#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/lookup/answer_text.hpp>
#include <wangge/lookup/bulk.hpp>
#include <wangge/lookup/locator.hpp>

#include <fmt/format.h>

namespace wangge::command {

namespace {

int locate_many(LocateOptions const& options, snapshot::Snapshot const& snapshot) {
    lookup::BulkRequest request;
    request.in = options.points;
    request.out = options.out.empty() ? "-" : options.out;
    request.lon_column = options.lon_column;
    request.lat_column = options.lat_column;
    auto const progress = make_terminal_progress();
    auto const result = lookup::locate_csv(snapshot, crs::Transformer::make(options.crs), request, *progress);
    warn("{} positions: {} in a grid, {} outside, {} not readable.\n", result.rows, result.inside, result.outside,
         result.faults);
    return result.faults == 0 ? 0 : 1;
}

} // namespace

int locate(LocateOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const as_of = date_argument(options.as_of, "--as-of");
    auto const transformer = crs::Transformer::make(options.crs);
    if (!options.points.empty()) {
        return locate_many(options, *snapshot_for(folder, as_of));
    }
    if (options.lon.empty() || options.lat.empty()) {
        throw Error{ErrorCode::usage, "locate needs LON and LAT, or --points FILE; see wangge locate --help"};
    }
    lookup::PositionQuery query;
    query.lon = number_argument(options.lon, "LON");
    query.lat = number_argument(options.lat, "LAT");
    query.crs = options.crs;
    query.nearest = options.nearest;

    auto const snapshot = snapshot_for(folder, as_of);
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    lookup::DutyRoster const roster{registry.duty_entries(as_of)};
    lookup::QueryFault fault;
    auto const answer = lookup::Locator{*snapshot, roster}.locate(query, transformer, as_of, fault);
    if (!answer) {
        throw Error{ErrorCode::usage, fmt::format("{}: {}", fault.field, fault.message)};
    }
    say("{}\n", options.json ? lookup::to_json(*answer) : lookup::to_text(*answer));
    return 0;
}

} // namespace wangge::command
