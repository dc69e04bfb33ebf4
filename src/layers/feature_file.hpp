#pragma once

#include "layer_source.hpp"

#include <wangge/crs/transformer.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wangge::layers {

/// A geometry in the target CRS. Rings are open; ring r is coordinates [ring_ends[r-1], ring_ends[r]), part p is rings
/// [part_ends[p-1], part_ends[p]), the outer ring first. A point has one coordinate and no ring; in a
/// CSV it may have none.
struct TargetGeometry {
    std::vector<crs::Coordinate> coordinates;
    std::vector<std::size_t> ring_ends;
    std::vector<std::size_t> part_ends;
    void clear() {
        coordinates.clear();
        ring_ends.clear();
        part_ends.clear();
    }
};

/// Appends the shape in degrees, longitude first.
void to_target(geom::MultiPolygon const& shape, TargetGeometry& target);

/// How many features a file holds and how many vertices they have, closing points not counted.
struct FileCounts {
    std::uint64_t features = 0;
    std::uint64_t vertices = 0;
    auto operator<=>(FileCounts const&) const = default;
};

/// What a writer has to know of the file to be made.
struct FileLayout {
    std::filesystem::path path;
    std::string layer;
    std::string description; ///< for formats that hold one
    std::vector<Field> fields;
    std::vector<std::size_t> text_widths; ///< of each field: most bytes its texts take in GB18030
    bool points = false;
    std::string crs;         ///< canonical name
    std::optional<int> epsg; ///< empty for GCJ02, BD09 and the site's own systems
    int decimals = 7;        ///< of coordinates in text formats
    bool append = false;     ///< as one more layer of a GeoPackage that is there
};

/// A file being written, one feature after another. Throws Error{environment} when the disk is full.
class FeatureFile {
public:
    virtual ~FeatureFile() = default;
    virtual void write(std::vector<Value> const& values, TargetGeometry const& geometry) = 0;
    /// Nothing has to be on disk before; a file that is not closed is not whole.
    virtual void close() = 0;
};

[[nodiscard]] std::unique_ptr<FeatureFile> create_geojson_file(FileLayout const& layout);
[[nodiscard]] std::unique_ptr<FeatureFile> create_csv_file(FileLayout const& layout);
/// `driver` is GPKG, FlatGeobuf or ESRI Shapefile.
[[nodiscard]] std::unique_ptr<FeatureFile> create_gdal_file(std::string const& driver, FileLayout const& layout);

// Reading back: code of its own, nothing shared with the writers. Throw Error{environment} when the file is not whole.
[[nodiscard]] FileCounts count_geojson(std::filesystem::path const& path);
[[nodiscard]] FileCounts count_csv(std::filesystem::path const& path);
/// Of a file with several layers the one of that name; without a name it must be the only one.
[[nodiscard]] FileCounts count_gdal(std::string const& driver, std::filesystem::path const& path,
                                    std::string const& layer = {});

} // namespace wangge::layers
