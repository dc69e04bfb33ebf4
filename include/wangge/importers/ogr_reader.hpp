#pragma once

#include <wangge/base/words.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace wangge::importers {

/**
 * Reads polygon files: Shapefile, File Geodatabase, GeoPackage, GeoJSON (also newline-delimited, also .gz), FlatGeobuf,
 * KML and KMZ, DXF, SpatiaLite, a zip of one of these, and PostGIS tables ("PG:dbname=NAME TABLE"). What a file is is
 * decided by its first bytes, and only that format's driver may open it. All of that happens in a process of its own
 * (reader_program.hpp), fenced in and limited by ReadOptions::limits; a table of a database that the person named is
 * read there too, with its network left open. Constant memory here, whatever the file. One object serves one thread.
 *
 * Text is decoded strictly. A Shapefile's encoding is the one asked for, else what its .cpg or its .dbf says if all of
 * its text agrees, else found from all of its text (EncodingGuess, with ReadOptions::known_names). KML, GeoJSON and DXF
 * are UTF-8 when all of them is, else found in the same way. Others are UTF-8 by their standards.
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
    [[nodiscard]] std::vector<ValueType> const& types() const noexcept; ///< of the columns
    [[nodiscard]] std::string const& layer() const noexcept;
    [[nodiscard]] std::string const& encoding() const noexcept;
    /// Of the CRS that was asked for or else of the file.
    [[nodiscard]] crs::Transformer const& transformer() const noexcept;
    /// Moves it out, at the end of reading.
    [[nodiscard]] crs::Transformer take_transformer() noexcept;
    [[nodiscard]] std::uint64_t feature_count() const noexcept;
    /// What a person should know about how the file was read: a .cpg that was not believed.
    [[nodiscard]] std::vector<Words> const& remarks() const noexcept;

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

/// The file with, for a Shapefile, every sidecar beside it, or all files of a File Geodatabase, sorted by name; nothing
/// for a database.
[[nodiscard]] std::vector<std::filesystem::path> files_of(std::filesystem::path const& path);

/// True when the name is one of a polygon file or of a database source.
[[nodiscard]] bool is_polygon_file(std::filesystem::path const& path);

/// True for "PG:...".
[[nodiscard]] bool is_database_source(std::filesystem::path const& path);

/// The path as it may be shown: passwords of databases are blotted out.
[[nodiscard]] std::string source_name(std::filesystem::path const& path);

/// The last part of it: "grids.gdb" of "2026/grids.gdb/"; a database source as a whole.
[[nodiscard]] std::string source_title(std::filesystem::path const& path);

/// True when the name ends in .csv, .tsv, .txt or .xlsx.
[[nodiscard]] bool is_table_file(std::filesystem::path const& path);

} // namespace wangge::importers
