#include "files.hpp"

#include <gdal_priv.h>
#include <iconv.h>
#include <ogrsf_frmts.h>

#include <map>

namespace wangge::test {

namespace {

void require(bool holds, char const* what) {
    if (!holds) {
        throw std::runtime_error{std::string{"test file: "} + what + ": " + CPLGetLastErrorMsg()};
    }
}

} // namespace

void write_sample(std::filesystem::path const& path, SampleFile const& sample, std::string const& cpg) {
    GDALAllRegister();
    bool const shapefile = path.extension() == ".shp";
    std::map<std::string, char const*> const drivers{
        {".shp", "ESRI Shapefile"}, {".gpkg", "GPKG"},  {".geojson", "GeoJSON"}, {".geojsonl", "GeoJSONSeq"},
        {".fgb", "FlatGeobuf"},     {".kml", "LIBKML"}, {".sqlite", "SQLite"},   {".gdb", "OpenFileGDB"}};
    char const* const name = drivers.at(path.extension().string());
    std::filesystem::remove_all(path); // some drivers add to what is there
    auto* const driver = GetGDALDriverManager()->GetDriverByName(name);
    require(driver != nullptr, name);
    char const* const spatialite[] = {"SPATIALITE=YES", nullptr};
    auto* const dataset = driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown,
                                         path.extension() == ".sqlite" ? const_cast<char**>(spatialite) : nullptr);
    require(dataset != nullptr, path.c_str());
    OGRSpatialReference reference;
    if (sample.epsg) {
        reference.importFromEPSG(*sample.epsg);
        reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    }
    char const* const raw[] = {"ENCODING=", nullptr};
    auto* const layer = dataset->CreateLayer(sample.layer.c_str(), sample.epsg ? &reference : nullptr,
                                             shapefile                    ? wkbPolygon
                                             : path.extension() == ".gdb" ? wkbMultiPolygon
                                                                          : wkbUnknown,
                                             shapefile ? const_cast<char**>(raw) : nullptr);
    require(layer != nullptr, "layer");
    for (auto const& column : sample.columns) {
        OGRFieldDefn definition{column.c_str(), OFTString};
        definition.SetWidth(shapefile ? 40 : 0);
        require(layer->CreateField(&definition) == OGRERR_NONE, column.c_str());
    }
    for (auto const& sample_feature : sample.features) {
        OGRFeature feature{layer->GetLayerDefn()};
        for (std::size_t i = 0; i < sample_feature.fields.size(); ++i) {
            feature.SetField(static_cast<int>(i), sample_feature.fields[i].c_str());
        }
        if (!sample_feature.wkt.empty()) {
            OGRGeometry* geometry = nullptr;
            require(OGRGeometryFactory::createFromWkt(sample_feature.wkt.c_str(), nullptr, &geometry) == OGRERR_NONE,
                    "wkt");
            feature.SetGeometryDirectly(geometry);
        }
        require(layer->CreateFeature(&feature) == OGRERR_NONE, "feature");
    }
    GDALClose(GDALDataset::ToHandle(dataset));
    if (shapefile) {
        auto sidecar = path;
        sidecar.replace_extension(".cpg");
        std::filesystem::remove(sidecar);
        if (!cpg.empty()) {
            write_file_atomically(sidecar, cpg);
        }
    }
}

void cut_file(std::filesystem::path const& path, std::uintmax_t bytes) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - bytes);
}

std::string to_gb18030(std::string const& text) { return in_encoding(text, "GB18030"); }

std::string in_encoding(std::string const& text, std::string_view encoding) {
    iconv_t const handle = iconv_open(std::string{encoding}.c_str(), "UTF-8");
    std::string in = text;
    std::string out(text.size() * 2 + 4, '\0');
    char* from = in.data();
    char* to = out.data();
    std::size_t from_left = in.size();
    std::size_t to_left = out.size();
    if (iconv(handle, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1)) {
        throw std::runtime_error{"test text is not UTF-8"};
    }
    iconv_close(handle);
    out.resize(out.size() - to_left);
    return out;
}

} // namespace wangge::test
