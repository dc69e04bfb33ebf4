#pragma once

#include <wangge/geom/problem.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace wangge::importers {

/**
 * Reads polygon files: GeoPackage (.gpkg), Shapefile (.shp with .shx and .dbf), GeoJSON (.geojson, .json). Only those
 * drivers are ever opened, and only when the first bytes of the file are what its name says. Constant memory. One
 * object serves one thread. Text of a Shapefile is decoded here and strictly: by the encoding asked for, else by its
 * .cpg when the text agrees with it, else as UTF-8 when all of it is valid UTF-8, else as GB18030.
 */
class OgrReader {
public:
    /// Throws Error{data_unreadable} for what is damaged, truncated or not such a file, Error{data_rejected} for one
    /// without a CRS when none is given, Error{usage} for a CRS, encoding or layer that cannot be; all name the file.
    [[nodiscard]] static OgrReader open(std::filesystem::path const& path, ReadOptions const& options);
    ~OgrReader();
    OgrReader(OgrReader&&) noexcept;
    OgrReader& operator=(OgrReader&&) noexcept;

    [[nodiscard]] std::vector<std::string> const& columns() const noexcept;
    [[nodiscard]] std::string const& layer() const noexcept;
    [[nodiscard]] std::string const& encoding() const noexcept;
    /// Of the CRS that was asked for or else of the file.
    [[nodiscard]] crs::Transformer const& transformer() const noexcept;
    /// Moves it out, at the end of reading.
    [[nodiscard]] crs::Transformer take_transformer() noexcept;
    [[nodiscard]] std::uint64_t feature_count() const noexcept;
    /// What a person should know about how the file was read: a .cpg that was not believed.
    [[nodiscard]] std::vector<std::string> const& remarks() const noexcept;

    enum class Outcome {
        feature,
        unreadable, ///< problems were appended and the feature cannot go on; its row and readable fields are set
        end,
    };
    /// Throws Error{data_unreadable} when the file ends early or is damaged here.
    [[nodiscard]] Outcome next(RawFeature& feature, std::vector<Problem>& problems);

private:
    struct Impl;
    explicit OgrReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// The file and, for a Shapefile, every sidecar that lies beside it, sorted by name.
[[nodiscard]] std::vector<std::filesystem::path> files_of(std::filesystem::path const& path);

/// True when the name ends in .gpkg, .shp, .geojson or .json.
[[nodiscard]] bool is_polygon_file(std::filesystem::path const& path);

/// True when the name ends in .csv, .tsv, .txt or .xlsx.
[[nodiscard]] bool is_table_file(std::filesystem::path const& path);

} // namespace wangge::importers
