#include "aside_folder.hpp"
#include "feature_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/layers/difference_layers.hpp>

#include <fmt/format.h>

namespace wangge::layers {

namespace {

std::vector<Field> grid_fields() {
    return {{"grid_code", "WGBM", FieldType::text},       {"kinds", "BGLX", FieldType::text},
            {"name_before", "YMC", FieldType::text},      {"name_after", "XMC", FieldType::text},
            {"village_before", "YCJBM", FieldType::text}, {"village_after", "XCJBM", FieldType::text},
            {"area_before_m2", "YMJ", FieldType::real},   {"area_after_m2", "XMJ", FieldType::real}};
}

std::vector<Field> moved_fields() {
    return {{"from_code", "YWGBM", FieldType::text},
            {"to_code", "XWGBM", FieldType::text},
            {"area_m2", "MJ", FieldType::real},
            {"share_of_from", "YBL", FieldType::real},
            {"share_of_to", "XBL", FieldType::real}};
}

std::vector<Value> values_of(DifferenceLayers::ChangedGrid const& grid) {
    return {grid.code,           grid.kinds,         grid.name_before,    grid.name_after,
            grid.village_before, grid.village_after, grid.area_before_m2, grid.area_after_m2};
}

std::vector<Value> values_of(DifferenceLayers::MovedArea const& moved) {
    return {moved.from_code, moved.to_code, moved.area_m2, moved.share_of_from, moved.share_of_to};
}

class DifferenceFile {
public:
    DifferenceFile(std::filesystem::path path, std::string const& description, Progress& progress)
        : m_progress(progress) {
        m_layout.path = std::move(path);
        m_layout.description = description;
        m_layout.crs = "EPSG:4490";
        m_layout.epsg = 4490;
    }

    template <class Feature>
    std::uint64_t add(std::string const& layer, std::vector<Field> fields, std::vector<Feature> const& features) {
        m_layout.layer = layer;
        m_layout.text_widths.assign(fields.size(), 0);
        m_layout.fields = std::move(fields);
        FileCounts written;
        TargetGeometry geometry;
        m_progress.begin(fmt::format("write {}", layer), features.size(), "features");
        auto const file = create_gdal_file("GPKG", m_layout);
        for (auto const& feature : features) {
            if (!feature.shape.empty()) {
                geometry.clear();
                to_target(feature.shape, geometry);
                file->write(values_of(feature), geometry);
                ++written.features;
                written.vertices += geometry.coordinates.size();
            }
            m_progress.advance(1);
        }
        file->close();
        m_progress.end();
        m_layout.append = true;
        if (auto const read = count_gdal("GPKG", m_layout.path, layer); read != written) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: layer {}: read back {} features where {} were written; nothing was replaced, "
                                    "check the disk and run the same command again",
                                    m_layout.path.string(), layer, read.features, written.features)};
        }
        return written.features;
    }

private:
    Progress& m_progress;
    FileLayout m_layout;
};

} // namespace

std::vector<std::pair<std::string, std::uint64_t>>
write_difference(DifferenceLayers const& difference, std::filesystem::path const& out, Progress& progress) {
    if (out.extension() != ".gpkg" || std::filesystem::is_directory(out)) {
        throw Error{
            ErrorCode::usage,
            fmt::format("'{}': changes are written as a GeoPackage; name a file that ends in .gpkg", out.string())};
    }
    AsideFolder const aside{out};
    auto const made = aside.path() / out.filename();
    DifferenceFile file{made, difference.description, progress};
    std::vector<std::pair<std::string, std::uint64_t>> counts;
    for (auto const& [layer, grids] : difference.grids) {
        counts.emplace_back(layer, file.add(layer, grid_fields(), grids));
    }
    counts.emplace_back("moved", file.add("moved", moved_fields(), difference.moved));
    sync_file(made);
    rename_durably(made, out);
    return counts;
}

} // namespace wangge::layers
