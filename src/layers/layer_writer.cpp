#include "aside_folder.hpp"
#include "feature_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/layers/layer_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace wangge::layers {

namespace {

namespace fs = std::filesystem;

/// The catalogue's format for a name in any case; "Shapefile" alone is understood too.
FormatInfo const& find_format(std::string_view name) {
    auto const lower = [](std::string_view text) {
        std::string result{text};
        std::transform(result.begin(), result.end(), result.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return result;
    };
    auto const wanted = lower(name) == "shapefile" ? "esri shapefile" : lower(name);
    for (auto const& format : format_catalogue()) {
        if (lower(format.name) == wanted) {
            return format;
        }
    }
    throw Error{ErrorCode::usage, fmt::format("format '{}' cannot be written; there are {}", name, format_names())};
}

std::optional<int> epsg_of(std::string const& crs) {
    constexpr std::string_view kPrefix = "EPSG:";
    int code = 0;
    if (crs.starts_with(kPrefix) &&
        std::from_chars(crs.data() + kPrefix.size(), crs.data() + crs.size(), code).ec == std::errc{}) {
        return code;
    }
    return std::nullopt;
}

/// Most bytes that a UTF-8 text takes in GB18030: 1 for ASCII, 2 for the ideographs of GB 2312 and GBK, else 4.
std::size_t gb18030_bytes_at_most(std::string_view text) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            bytes += 1;
        } else if (lead >= 0xE4 && lead <= 0xE9 && i + 2 < text.size()) {
            auto const c = ((lead & 0x0FU) << 12U) | ((static_cast<unsigned char>(text[i + 1]) & 0x3FU) << 6U) |
                           (static_cast<unsigned char>(text[i + 2]) & 0x3FU);
            bytes += c >= 0x4E00 && c <= 0x9FA5 ? 2 : 4;
        } else if (lead >= 0xC0) {
            bytes += 4;
        }
    }
    return bytes;
}

/// Files in `folder`, the one that makes the others readable (.shp) last.
std::vector<fs::path> files_in(fs::path const& folder) {
    std::vector<fs::path> files;
    for (auto const& entry : fs::directory_iterator{folder}) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end(), [](fs::path const& a, fs::path const& b) {
        return std::pair{a.extension() == ".shp", a} < std::pair{b.extension() == ".shp", b};
    });
    return files;
}

/// Takes a Shapefile's old parts and indices away, .shp first, so that new and old parts are never read together.
void set_old_parts_aside(fs::path const& out, fs::path const& aside) {
    std::error_code error;
    fs::create_directory(aside, error);
    for (char const* ending :
         {".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".idm", ".ind", ".cst", ".shp.xml"}) {
        auto part = out;
        part.replace_extension(ending);
        if (fs::exists(part, error)) {
            rename_durably(part, aside / part.filename());
        }
    }
}

std::unique_ptr<FeatureFile> create_file(std::string const& format, FileLayout const& layout) {
    if (format == "GeoJSON") {
        return create_geojson_file(layout);
    }
    if (format == "CSV") {
        return create_csv_file(layout);
    }
    return create_gdal_file(format, layout);
}

FileCounts count_file(std::string const& format, fs::path const& path) {
    if (format == "GeoJSON") {
        return count_geojson(path);
    }
    return format == "CSV" ? count_csv(path) : count_gdal(format, path);
}

std::vector<std::size_t> measure_texts(LayerSource const& source) {
    std::vector<std::size_t> widths(source.fields.size(), 0);
    for (std::size_t i = 0; i < source.count; ++i) {
        auto const values = source.values(i);
        for (std::size_t column = 0; column < values.size(); ++column) {
            if (auto const* text = std::get_if<std::string>(&values[column])) {
                widths[column] = std::max(widths[column], gb18030_bytes_at_most(*text));
            }
        }
    }
    return widths;
}

FileCounts write_features(LayerSource const& source, crs::Transformer const& transformer, FeatureFile& file,
                          Progress& progress) {
    FileCounts written;
    TargetGeometry geometry;
    progress.begin(fmt::format("write {}", source.info.name), source.count, "features");
    for (std::size_t i = 0; i < source.count; ++i) {
        geometry.clear();
        if (source.points()) {
            auto const p = source.position(i);
            geometry.coordinates.push_back({geom::to_degrees(p.lon), geom::to_degrees(p.lat)});
        } else {
            to_target(source.shape(i), geometry);
        }
        if (auto const failed = transformer.from_registry(geometry.coordinates); failed != 0) {
            throw Error{
                ErrorCode::usage,
                fmt::format("layer {}: {} positions of feature {} have no coordinates in {}; choose another --crs",
                            source.info.name, failed, i + 1, transformer.name())};
        }
        file.write(source.values(i), geometry);
        ++written.features;
        written.vertices += geometry.coordinates.size();
        progress.advance(1);
    }
    file.close();
    progress.end();
    return written;
}

} // namespace

void to_target(geom::MultiPolygon const& shape, TargetGeometry& target) {
    for (auto const& part : shape.parts) {
        auto const append = [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                target.coordinates.push_back({geom::to_degrees(p.lon), geom::to_degrees(p.lat)});
            }
            target.ring_ends.push_back(target.coordinates.size());
        };
        append(part.outer);
        for (auto const& hole : part.holes) {
            append(hole);
        }
        target.part_ends.push_back(target.ring_ends.size());
    }
}

ExportResult export_layer(snapshot::Snapshot const& snapshot, ExportRequest const& request, Progress& progress) {
    auto const format = find_format(request.format);
    std::string const format_name{format.name};
    bool const shapefile = format.ending == ".shp";
    if (request.out.filename().empty() || fs::is_directory(request.out)) {
        throw Error{ErrorCode::usage, fmt::format("'{}' is a folder; name the file to write", request.out.string())};
    }
    if (shapefile && request.out.extension() != ".shp") {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: the name of a Shapefile must end in .shp", request.out.string())};
    }
    auto const transformer = crs::Transformer::make(request.crs, request.site_systems);
    auto const source = make_layer_source(snapshot, request.layer, request.division, progress);

    AsideFolder const aside{request.out};
    FileLayout layout;
    layout.path = aside.path() / (request.out.stem().string() + std::string{format.ending});
    layout.layer = request.layer;
    layout.description =
        fmt::format("Wangge {} ({}), generation {}, as of {}, {}", source.info.title, source.info.title_zh,
                    snapshot.generation(), snapshot.as_of().str(), transformer.name());
    layout.fields = source.fields;
    layout.text_widths = shapefile ? measure_texts(source) : std::vector<std::size_t>(source.fields.size(), 0);
    layout.points = source.points();
    layout.crs = transformer.name();
    layout.epsg = epsg_of(layout.crs);
    layout.decimals = transformer.geographic() ? 7 : 4;

    auto const written = write_features(source, transformer, *create_file(format_name, layout), progress);
    progress.begin("read back", 0, "features");
    auto const read = count_file(format_name, layout.path);
    progress.end();
    if (read != written) {
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: read back {} features and {} vertices where {} and {} were written; nothing was replaced, "
                        "check the disk and export again",
                        request.out.string(), read.features, read.vertices, written.features, written.vertices)};
    }

    ExportResult result;
    result.features = written.features;
    result.vertices = written.vertices;
    result.without_grids = source.without_grids;
    result.crs = layout.crs;
    auto const made = files_in(aside.path());
    for (auto const& file : made) {
        sync_file(file);
        result.bytes += fs::file_size(file);
    }
    if (shapefile) {
        set_old_parts_aside(request.out, aside.path() / "replaced");
    }
    for (auto const& file : made) {
        auto target = request.out;
        if (shapefile) {
            target.replace_extension(file.extension());
        }
        rename_durably(file, target);
        result.files.push_back(target);
    }
    return result;
}

} // namespace wangge::layers
