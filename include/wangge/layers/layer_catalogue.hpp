#pragma once

#include <span>
#include <string_view>

namespace wangge::layers {

/// What kind of thing the features of a layer are.
enum class LayerContent {
    grids,       ///< every grid with its own shape
    divisions,   ///< divisions of one level, dissolved from their grids, so that they fit them exactly
    grid_labels, ///< one position inside each grid, for its label
};

/// One layer that can be exported.
struct LayerInfo {
    std::string_view name;     ///< as in `wangge export NAME` and inside the file
    std::string_view title;    ///< English
    std::string_view title_zh; ///< Chinese
    LayerContent content = LayerContent::grids;
};

/**
 * Every layer there is: grids, villages, towns, counties, cities, province, grid_labels. None holds personal data.
 * Fields of grids and grid_labels: grid_code, name, kind, village_code, village, town_code, town, county_code, county,
 * city_code, city, area_m2. Fields of divisions: code, name, level, parent_code, parent, grids (how many), area_m2.
 * Areas are square metres on the CGCS2000 ellipsoid, rounded to 0.01. A level that a chain lacks
 * is an empty value.
 */
[[nodiscard]] std::span<LayerInfo const> layer_catalogue() noexcept;

/// "grids, villages, ..." for messages.
[[nodiscard]] std::string_view layer_names() noexcept;

/// One file format that can be written.
struct FormatInfo {
    std::string_view name;   ///< as in `--format NAME`; case does not matter
    std::string_view ending; ///< usual file name ending, with its dot
};

/// GPKG, GeoJSON, FlatGeobuf, ESRI Shapefile, CSV. No other driver is ever opened.
[[nodiscard]] std::span<FormatInfo const> format_catalogue() noexcept;

/// "GPKG, GeoJSON, ..." for messages.
[[nodiscard]] std::string_view format_names() noexcept;

} // namespace wangge::layers
