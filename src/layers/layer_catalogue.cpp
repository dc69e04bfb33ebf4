#include <wangge/layers/layer_catalogue.hpp>

#include <array>

namespace wangge::layers {

namespace {

constexpr std::array kLayers{
    LayerInfo{"grids", "Grids", "网格", LayerContent::grids},
    LayerInfo{"villages", "Villages and communities", "村居", LayerContent::divisions},
    LayerInfo{"towns", "Towns and streets", "镇街", LayerContent::divisions},
    LayerInfo{"counties", "Counties and districts", "县区", LayerContent::divisions},
    LayerInfo{"cities", "Cities", "地市", LayerContent::divisions},
    LayerInfo{"province", "Province", "省", LayerContent::divisions},
    LayerInfo{"grid_labels", "Label positions of grids", "网格标注点", LayerContent::grid_labels},
};

constexpr std::array kFormats{
    FormatInfo{"GPKG", ".gpkg"},          FormatInfo{"GeoJSON", ".geojson"}, FormatInfo{"FlatGeobuf", ".fgb"},
    FormatInfo{"ESRI Shapefile", ".shp"}, FormatInfo{"CSV", ".csv"},
};

} // namespace

std::span<LayerInfo const> layer_catalogue() noexcept { return kLayers; }
std::string_view layer_names() noexcept { return "grids, villages, towns, counties, cities, province, grid_labels"; }

std::span<FormatInfo const> format_catalogue() noexcept { return kFormats; }
std::string_view format_names() noexcept { return "GPKG, GeoJSON, FlatGeobuf, ESRI Shapefile, CSV"; }

} // namespace wangge::layers
