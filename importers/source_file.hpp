#pragma once

#include "archive.hpp"

#include <wangge/base/files.hpp>
#include <wangge/base/words.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/// Formats whose drivers may open something; which one is decided by the first bytes, never by the name alone.
enum class Format {
    geopackage,
    shapefile,
    geojson,
    geojson_lines,
    flatgeobuf,
    file_geodatabase,
    kml,
    dxf,
    spatialite,
    postgis,
};

[[nodiscard]] char const* driver_of(Format format) noexcept; ///< as GDAL calls it
[[nodiscard]] char const* name_of(Format format) noexcept;   ///< as people call it

/**
 * What a person named, ready to be opened with GDAL: recognised, whole as far as its own headers tell, taken out of its
 * zip or gzip, its text brought to UTF-8 where the format is text. Works on the file as it is; runs inside
 * wangge-reader.
 */
class SourceFile {
public:
    /// `shown` is the path as the person wrote it. Throws as OgrReader::open does.
    SourceFile(std::filesystem::path const& path, std::string shown, ReadOptions const& options);
    ~SourceFile();
    SourceFile(SourceFile const&) = delete;
    SourceFile& operator=(SourceFile const&) = delete;

    [[nodiscard]] Format format() const noexcept { return m_format; }
    [[nodiscard]] std::string const& gdal_name() const noexcept { return m_gdal_name; }
    [[nodiscard]] std::string const& shown() const noexcept { return m_shown; } ///< with its place in a zip
    [[nodiscard]] std::string const& layer() const noexcept {
        return m_layer;
    } ///< still to be found in it; may be empty
    /// Of the text as it comes from GDAL.
    [[nodiscard]] std::string const& encoding() const noexcept { return m_encoding; }
    /// Of the text in the file; differs where it was brought to UTF-8 before GDAL.
    [[nodiscard]] std::string const& file_encoding() const noexcept { return m_file_encoding; }
    /// Features that must come out, counted before GDAL; 0 where that is not known.
    [[nodiscard]] std::uint64_t places() const noexcept { return m_places; }
    [[nodiscard]] std::vector<Words> const& remarks() const noexcept { return m_remarks; }

private:
    struct Member {
        std::string name; ///< its path in the archive
        InflatedBytes bytes;
    };
    void open_disk_file(std::filesystem::path const& path, ReadOptions const& options);
    void open_folder(std::filesystem::path const& path);
    void open_disk_shapefile(std::filesystem::path const& path, ReadOptions const& options);
    void open_bytes(Bytes bytes, std::string const& name, std::string const& disk_name, ReadOptions const& options);
    void open_archive(Bytes bytes, ReadOptions const& options);
    void open_archived(ZipArchive& archive, std::string const& chosen, ReadOptions const& options);
    void open_archived_shapefile(std::string const& chosen, ReadOptions const& options);
    void open_text(Bytes bytes, std::string const& name, std::string const& disk_name, ReadOptions const& options);
    void open_database(std::string const& connection);
    std::string in_memory(std::string const& name, Bytes bytes);

    std::string m_shown;
    std::string m_layer;
    std::string m_gdal_name;
    std::string m_encoding;
    std::string m_file_encoding;
    Format m_format = Format::geopackage;
    std::uint64_t m_places = 0;
    std::vector<Words> m_remarks;
    std::vector<MappedFile> m_mapped;
    std::vector<Member> m_members;
    std::vector<std::unique_ptr<std::string>> m_texts;
    std::vector<std::string> m_memory_names;
};

} // namespace wangge::importers
