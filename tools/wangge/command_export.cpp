#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/layers/layer_writer.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace wangge::command {

namespace {

std::string format_by_name(std::filesystem::path const& file) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEndings{{{".gpkg", "GPKG"},
                                                                                     {".geojson", "GeoJSON"},
                                                                                     {".json", "GeoJSON"},
                                                                                     {".fgb", "FlatGeobuf"},
                                                                                     {".shp", "Shapefile"},
                                                                                     {".csv", "CSV"}}};
    for (auto const& [ending, format] : kEndings) {
        if (file.extension() == ending) {
            return std::string{format};
        }
    }
    throw Error{ErrorCode::usage,
                fmt::format("--out: the name '{}' does not tell the format; pass --format (GPKG, GeoJSON, "
                            "FlatGeobuf, Shapefile, CSV)",
                            file.string())};
}

} // namespace

int export_layer(ExportOptions const& options) {
    layers::ExportRequest request;
    request.layer = options.layer;
    request.format = options.format.empty() ? format_by_name(options.out) : options.format;
    request.out = options.out;
    request.crs = options.crs;
    request.site_systems = site_systems(options.data);
    if (!options.division.empty()) {
        request.division = DivisionCode::parse(options.division);
        if (!request.division) {
            throw Error{ErrorCode::usage,
                        fmt::format("--division: '{}' is not a 12-digit division code", options.division)};
        }
    }
    auto const progress = make_terminal_progress();
    require_registry(data_folder(options.data));
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const snapshot = snapshot_for(data_folder(options.data), asked);
    auto const result = layers::export_layer(*snapshot, request, *progress);
    if (options.json) {
        nlohmann::ordered_json const json{{"layer", options.layer},
                                          {"file", options.out.string()},
                                          {"features", result.features},
                                          {"bytes", result.bytes},
                                          {"divisions_without_grids", result.without_grids},
                                          {"generation", snapshot->generation()},
                                          {"as_of", asked.as_of.str()}};
        say("{}\n", json.dump(2));
    } else {
        say("Wrote {} features of layer {} (generation {}, as of {}) to {}, {} bytes; read back and compared.\n",
            result.features, options.layer, snapshot->generation(), asked.as_of.str(), options.out.string(),
            result.bytes);
        if (result.without_grids > 0) {
            say("{} divisions have no grid, so no shape, and are left out.\n", result.without_grids);
        }
    }
    return 0;
}

} // namespace wangge::command
