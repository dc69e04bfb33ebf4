#include "ogr_environment.hpp"
#include "shapefile_parts.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>
#include <utility>

namespace wangge::importers {

namespace {

enum class Format { geopackage, shapefile, geojson };

[[nodiscard]] std::string lower_extension(std::filesystem::path const& path) {
    auto extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

[[nodiscard]] std::string first_bytes(std::filesystem::path const& path, std::size_t count) {
    std::ifstream stream{path, std::ios::binary};
    std::string bytes(count, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(count));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

[[noreturn]] void unreadable(std::filesystem::path const& path, std::string const& what) {
    throw Error{ErrorCode::data_unreadable, fmt::format("{}: {}", path.string(), what)};
}

[[nodiscard]] std::uint32_t big_u32(std::string const& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

/// The SQLite header says how many pages there are; GDAL notices a cut file only when it reaches the missing page.
void check_geopackage(std::filesystem::path const& path, std::string const& head) {
    if (!head.starts_with(std::string_view{"SQLite format 3\0", 16}) || head.size() < 100) {
        unreadable(
            path,
            "is not a GeoPackage, whatever its name says; export it again as GeoPackage, or rename it to what it is");
    }
    auto const page = big_u32(head, 14) & 0xFFFFU; // two bytes from 16 on
    std::uint64_t const page_bytes = page == 1 ? 65536U : page;
    bool const count_valid = big_u32(head, 24) == big_u32(head, 92);
    auto const declared = big_u32(head, 28) * page_bytes;
    auto const size = std::filesystem::file_size(path);
    if (count_valid && declared > size) {
        unreadable(path,
                   fmt::format("is cut short: its header says {} bytes, it has {}; copy it again from where it came",
                               declared, size));
    }
}

void check_geojson(std::filesystem::path const& path, std::string const& head) {
    std::string_view text{head};
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    auto const start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || text[start] != '{') {
        unreadable(path, "is not GeoJSON, whatever its name says: GeoJSON begins with '{'; export it again as GeoJSON, "
                         "or rename it to what it is");
    }
}

[[nodiscard]] Format check_file(std::filesystem::path const& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        unreadable(path, "is a folder; name the .gpkg, .shp or .geojson file in it");
    }
    if (!std::filesystem::is_regular_file(path, ignored)) {
        unreadable(path, "there is no such file");
    }
    auto const extension = lower_extension(path);
    if (!is_polygon_file(path)) {
        unreadable(path, extension == ".dbf" || extension == ".shx" || extension == ".prj"
                             ? "is one part of a Shapefile; name its .shp"
                             : "is no boundary file by its name; accepted are .gpkg, .shp, .geojson and .json");
    }
    if (std::filesystem::file_size(path) == 0) {
        unreadable(path, "is empty (0 bytes); copy it again from where it came");
    }
    auto const head = first_bytes(path, 1024);
    if (head.empty()) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be read; check its permissions", path.string())};
    }
    if (extension == ".gpkg") {
        check_geopackage(path, head);
        return Format::geopackage;
    }
    if (extension == ".shp") {
        check_shapefile(path);
        return Format::shapefile;
    }
    check_geojson(path, head);
    return Format::geojson;
}

[[nodiscard]] Dataset open_dataset(std::filesystem::path const& path, Format format, GdalMessages& messages) {
    register_drivers();
    // Only the driver that the first bytes call for: a .geojson that is something else must not reach another driver.
    constexpr std::array kDrivers{"GPKG", "ESRI Shapefile", "GeoJSON"};
    char const* const allowed[] = {kDrivers.at(static_cast<std::size_t>(format)), nullptr};
    char const* const raw_text[] = {"ENCODING=", nullptr}; // text is decoded here, strictly
    GdalMessages::Listening const listening{messages};
    return Dataset{GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, allowed,
                                     format == Format::shapefile ? raw_text : nullptr, nullptr)};
}

[[nodiscard]] OGRLayer& choose_layer(GDALDataset& dataset, std::filesystem::path const& path,
                                     std::string const& wanted) {
    std::vector<std::string> names;
    for (auto* const layer : dataset.GetLayers()) {
        if (!wanted.empty() ? layer->GetName() == wanted : layer->GetGeomType() != wkbNone) {
            names.emplace_back(layer->GetName());
        }
    }
    if (names.size() == 1) {
        return *dataset.GetLayerByName(names.front().c_str());
    }
    std::vector<std::string> all;
    for (auto* const layer : dataset.GetLayers()) {
        all.emplace_back(layer->GetName());
    }
    if (!wanted.empty()) {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: there is no layer '{}'; it has: {}", path.string(), wanted, fmt::join(all, ", "))};
    }
    if (names.empty()) {
        unreadable(path, fmt::format("holds no layer with geometry (layers: {})", fmt::join(all, ", ")));
    }
    throw Error{ErrorCode::usage, fmt::format("{}: has {} layers, name one with --layer: {}", path.string(),
                                              names.size(), fmt::join(names, ", "))};
}

[[nodiscard]] crs::Transformer transformer_of(OGRLayer& layer, std::filesystem::path const& path,
                                              ReadOptions const& options) {
    if (!options.crs.empty()) {
        return crs::Transformer::make(options.crs, options.site_systems);
    }
    auto const* const reference = layer.GetSpatialRef();
    char const* const name = reference == nullptr ? nullptr : reference->GetName();
    if (reference == nullptr || name == nullptr || std::string_view{name}.starts_with("Undefined")) {
        throw Error{
            ErrorCode::data_rejected,
            fmt::format(
                "{}: does not say its coordinate system; pass --crs (for example EPSG:4490, EPSG:4547 or GCJ02)",
                path.string())};
    }
    char* exported = nullptr;
    char const* const as_wkt2[] = {"FORMAT=WKT2_2019", nullptr};
    if (reference->exportToWkt(&exported, as_wkt2) != OGRERR_NONE || exported == nullptr) {
        CPLFree(exported);
        throw Error{
            ErrorCode::data_rejected,
            fmt::format("{}: its coordinate system '{}' cannot be understood; pass --crs", path.string(), name)};
    }
    std::string const definition{exported};
    CPLFree(exported);
    try {
        return crs::Transformer::from_definition(definition, options.site_systems);
    } catch (Error const& error) { // the same refusal, with the file it concerns
        throw Error{ErrorCode::data_rejected, fmt::format("{}: {}", path.string(), error.what())};
    }
}

} // namespace

struct OgrReader::Impl {
    std::filesystem::path path;
    Format format = Format::geopackage;
    GdalMessages messages;
    Dataset dataset;
    OGRLayer* layer = nullptr;
    std::optional<crs::Transformer> transformer;
    std::optional<TextDecoder> decoder;
    std::string layer_name;
    std::vector<std::string> columns;
    std::vector<std::string> remarks;
    std::uint64_t feature_count = 0;
    std::size_t row = 0;

    void append_ring(OGRLinearRing const& ring, std::uint32_t part, bool hole, RawFeature& feature) const;
    void append_polygon(OGRPolygon const& polygon, std::uint32_t part, RawFeature& feature) const;
    [[nodiscard]] std::optional<Problem> read_geometry(OGRFeature& from, RawFeature& feature) const;
    [[nodiscard]] bool read_fields(OGRFeature& from, RawFeature& feature, std::vector<Problem>& problems);
    [[nodiscard]] Problem problem(ProblemCode code, std::string const& message) const {
        return {code,
                {fmt::format("row {}", row)},
                fmt::format("{} row {}: {}", path.filename().string(), row, message),
                {},
                0,
                {}};
    }
};

void OgrReader::Impl::append_ring(OGRLinearRing const& ring, std::uint32_t part, bool hole, RawFeature& feature) const {
    auto const first = feature.coordinates.size();
    auto const count = static_cast<std::size_t>(ring.getNumPoints());
    if (count > 0) {
        feature.coordinates.resize(first + count);
        constexpr int kStride = sizeof(crs::Coordinate);
        ring.getPoints(&feature.coordinates[first].x, kStride, &feature.coordinates[first].y, kStride);
    }
    feature.rings.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first + count), part, hole});
}

void OgrReader::Impl::append_polygon(OGRPolygon const& polygon, std::uint32_t part, RawFeature& feature) const {
    if (auto const* const outer = polygon.getExteriorRing()) {
        append_ring(*outer, part, false, feature);
        for (int i = 0; i < polygon.getNumInteriorRings(); ++i) {
            append_ring(*polygon.getInteriorRing(i), part, true, feature);
        }
    }
}

std::optional<Problem> OgrReader::Impl::read_geometry(OGRFeature& from, RawFeature& feature) const {
    auto const* const geometry = from.GetGeometryRef();
    if (geometry == nullptr || geometry->IsEmpty()) {
        return problem(ProblemCode::empty_geometry, "has no geometry");
    }
    switch (wkbFlatten(geometry->getGeometryType())) { // Z and M are dropped
    case wkbPolygon:
        append_polygon(*geometry->toPolygon(), 0, feature);
        return std::nullopt;
    case wkbMultiPolygon: {
        std::uint32_t part = 0;
        for (auto const* const polygon : *geometry->toMultiPolygon()) {
            append_polygon(*polygon, part++, feature);
        }
        return std::nullopt;
    }
    default:
        return problem(
            ProblemCode::unsupported_geometry,
            fmt::format("its geometry is a {}; grids are polygons with straight edges: convert it (curves with "
                        "'segmentize') and export again",
                        geometry->getGeometryName()));
    }
}

bool OgrReader::Impl::read_fields(OGRFeature& from, RawFeature& feature, std::vector<Problem>& problems) {
    bool good = true;
    feature.fields.resize(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto& text = feature.fields[i];
        int const index = static_cast<int>(i);
        text = from.IsFieldSetAndNotNull(index) ? from.GetFieldAsString(index) : "";
        if (!decoder->decode(text)) {
            problems.push_back(
                problem(ProblemCode::unreadable_text,
                        fmt::format("field '{}' is not valid {}; pass the right --encoding (GB18030, UTF-8), "
                                    "or correct the value",
                                    columns[i], decoder->encoding())));
            text.clear();
            good = false;
        }
    }
    return good;
}

OgrReader::OgrReader(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
OgrReader::~OgrReader() = default;
OgrReader::OgrReader(OgrReader&&) noexcept = default;
OgrReader& OgrReader::operator=(OgrReader&&) noexcept = default;

OgrReader OgrReader::open(std::filesystem::path const& path, ReadOptions const& options) {
    auto impl = std::make_unique<Impl>();
    impl->path = path;
    impl->format = check_file(path);
    impl->dataset = open_dataset(path, impl->format, impl->messages);
    if (!impl->dataset) {
        unreadable(path, fmt::format("cannot be opened: {}; copy it again from where it came",
                                     impl->messages.failed() ? impl->messages.first_failure()
                                                             : "its contents are not what its name says"));
    }
    GdalMessages::Listening const listening{impl->messages};
    impl->layer = &choose_layer(*impl->dataset, path, options.layer);
    impl->layer_name = impl->layer->GetName();
    impl->transformer = transformer_of(*impl->layer, path, options);

    if (impl->format == Format::shapefile) {
        auto text = text_of_shapefile(path, options.encoding);
        impl->decoder.emplace(text.encoding);
        impl->remarks = std::move(text.remarks);
    } else { // both formats are UTF-8 by their standard; some writers do not care
        impl->decoder.emplace(options.encoding.empty() ? "UTF-8" : options.encoding);
    }
    auto const* const definition = impl->layer->GetLayerDefn();
    for (int i = 0; i < definition->GetFieldCount(); ++i) {
        std::string name = definition->GetFieldDefn(i)->GetNameRef();
        if (impl->format == Format::shapefile) {
            name = without_cut_character(name, impl->decoder->encoding());
        }
        if (!impl->decoder->decode(name)) {
            throw Error{
                ErrorCode::usage,
                fmt::format("{}: the name of column {} is not valid {}; pass the right --encoding (GB18030, UTF-8)",
                            path.string(), i + 1, impl->decoder->encoding())};
        }
        impl->columns.push_back(std::move(name));
    }
    auto const count = impl->layer->GetFeatureCount(TRUE);
    impl->feature_count = count < 0 ? 0 : static_cast<std::uint64_t>(count);
    impl->layer->ResetReading();
    return OgrReader{std::move(impl)};
}

std::vector<std::string> const& OgrReader::columns() const noexcept { return m_impl->columns; }
std::string const& OgrReader::layer() const noexcept { return m_impl->layer_name; }
std::string const& OgrReader::encoding() const noexcept { return m_impl->decoder->encoding(); }
crs::Transformer const& OgrReader::transformer() const noexcept { return *m_impl->transformer; }
crs::Transformer OgrReader::take_transformer() noexcept { return std::move(*m_impl->transformer); }
std::uint64_t OgrReader::feature_count() const noexcept { return m_impl->feature_count; }
std::vector<std::string> const& OgrReader::remarks() const noexcept { return m_impl->remarks; }

OgrReader::Outcome OgrReader::next(RawFeature& feature, std::vector<Problem>& problems) {
    auto& impl = *m_impl;
    GdalMessages::Listening const listening{impl.messages};
    OGRFeatureUniquePtr const from{impl.layer->GetNextFeature()};
    if (impl.messages.failed()) {
        unreadable(impl.path, fmt::format("is damaged after feature {}: {}; copy it again from where it came", impl.row,
                                          impl.messages.first_failure()));
    }
    if (!from) {
        return Outcome::end;
    }
    impl.row = impl.format == Format::shapefile ? static_cast<std::size_t>(from->GetFID()) + 1 : impl.row + 1;
    feature.row = impl.row;
    feature.coordinates.clear();
    feature.rings.clear();
    bool good = impl.read_fields(*from, feature, problems);
    if (auto problem = impl.read_geometry(*from, feature)) {
        problems.push_back(std::move(*problem));
        good = false;
    }
    return good ? Outcome::feature : Outcome::unreadable;
}

bool is_polygon_file(std::filesystem::path const& path) {
    auto const extension = lower_extension(path);
    return extension == ".gpkg" || extension == ".shp" || extension == ".geojson" || extension == ".json";
}

bool is_table_file(std::filesystem::path const& path) {
    auto const extension = lower_extension(path);
    return extension == ".csv" || extension == ".tsv" || extension == ".txt" || extension == ".xlsx";
}

std::vector<std::filesystem::path> files_of(std::filesystem::path const& path) {
    std::vector<std::filesystem::path> files{path};
    if (lower_extension(path) != ".shp") {
        return files;
    }
    constexpr std::array kSidecars{".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml"};
    for (auto const* const extension : kSidecars) {
        if (auto found = sidecar(path, extension); !found.empty()) {
            files.push_back(std::move(found));
        }
    }
    std::ranges::sort(files);
    return files;
}

} // namespace wangge::importers
