#include "source_file.hpp"

#include "shapefile_parts.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <cpl_vsi.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <optional>
#include <utility>

namespace wangge::importers {

namespace {

constexpr std::string_view kMemory = "/vsimem/wangge/";

[[nodiscard]] std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// After the last '.' of the last part, with it; of a name in UTF-8 as of any.
[[nodiscard]] std::string ending_of(std::string_view name) {
    auto const part = name.substr(name.rfind('/') + 1);
    auto const dot = part.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? std::string{} : lower(part.substr(dot));
}

[[nodiscard]] std::string_view without_ending(std::string_view name) {
    return name.substr(0, name.size() - ending_of(name).size());
}

[[nodiscard]] std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

[[nodiscard]] std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

[[nodiscard]] Bytes as_bytes(std::string const& text) { return std::as_bytes(std::span{text}); }

[[noreturn]] void unreadable(std::string const& file, Words const& what) {
    throw Error{ErrorCode::data_unreadable, words("{}: {}", "{}：{}", file, what)};
}
[[noreturn]] void rejected(std::string const& file, Words const& what) {
    throw Error{ErrorCode::data_rejected, words("{}: {}", "{}：{}", file, what)};
}

[[nodiscard]] Words accepted() {
    return words(
        "accepted are Shapefile (.shp), File Geodatabase (.gdb), GeoPackage (.gpkg), GeoJSON (.geojson, .json, "
        ".geojsonl; also .gz), FlatGeobuf (.fgb), KML (.kml, .kmz), DXF (.dxf), SpatiaLite (.sqlite, .db), a PostGIS "
        "table (PG:dbname=NAME TABLE) and a zip of one of these",
        "可用 Shapefile（.shp）、File "
        "Geodatabase（.gdb）、GeoPackage（.gpkg）、GeoJSON（.geojson、.json、.geojsonl，也可 "
        ".gz）、FlatGeobuf（.fgb）、KML（.kml、.kmz）、DXF（.dxf）、SpatiaLite（.sqlite、.db）、PostGIS "
        "表（PG:dbname=库名 "
        "表名），以及其中之一的 zip");
}

enum class Content { sqlite, shapefile, flatgeobuf, zip, gzip, text, dxf_binary, empty, unknown };

[[nodiscard]] Content content_of(std::string_view head) {
    if (head.empty()) {
        return Content::empty;
    }
    if (head.starts_with(std::string_view{"SQLite format 3\0", 16})) {
        return Content::sqlite;
    }
    if (head.starts_with(std::string_view{"\x00\x00\x27\x0A", 4})) {
        return Content::shapefile;
    }
    if (head.starts_with(std::string_view{"fgb\x03", 4})) {
        return Content::flatgeobuf;
    }
    if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) {
        return Content::zip;
    }
    if (head.starts_with("\x1F\x8B")) {
        return Content::gzip;
    }
    if (head.starts_with("AutoCAD Binary DXF")) {
        return Content::dxf_binary;
    }
    bool const utf16 = head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF");
    return utf16 || head.find('\0') == std::string_view::npos ? Content::text : Content::unknown;
}

/// Of a file that is text in UTF-8. Empty: none that is read.
[[nodiscard]] std::optional<Format> text_format(std::string_view text) {
    auto const start = text.find_first_not_of(" \t\r\n\x1E");
    if (start == std::string_view::npos) {
        return std::nullopt;
    }
    auto const head = text.substr(start, 4096);
    if (head.front() == '{') {
        auto const line = text.substr(start, text.find('\n', start) - start);
        auto const whole_line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
        auto const rest = text.substr(start + line.size());
        bool const goes_on = rest.find_first_not_of(" \t\r\n\x1E") != std::string_view::npos;
        bool const feature = whole_line.find("\"Feature\"") != std::string_view::npos && whole_line.ends_with('}');
        return text.front() == '\x1E' || (goes_on && feature) ? Format::geojson_lines : Format::geojson;
    }
    if (head.front() == '<') {
        return head.find("<kml") != std::string_view::npos || head.find(":kml") != std::string_view::npos
                   ? std::optional{Format::kml}
                   : std::nullopt;
    }
    // A DXF is pairs of lines: a group code, a value; it begins with a section or with comments (999).
    if (head.starts_with("999") ||
        (head.starts_with("0") && head.find("SECTION") != std::string_view::npos && head.find("SECTION") < 32)) {
        return text.find("SECTION") != std::string_view::npos ? std::optional{Format::dxf} : std::nullopt;
    }
    return std::nullopt;
}

/// Whether the first section of a DXF is its header, which old and simple writers leave out.
[[nodiscard]] bool begins_with_header(std::string_view dxf) {
    dxf.remove_prefix(std::min(dxf.size(), dxf.find("SECTION")));
    std::string_view word;
    for (int line = 0; line < 3; ++line) { // SECTION, 2, its name
        auto const end = std::min(dxf.size(), dxf.find('\n'));
        word = dxf.substr(0, end);
        dxf.remove_prefix(std::min(dxf.size(), end + 1));
    }
    auto const first = std::min(word.size(), word.find_first_not_of(" \t"));
    return word.substr(first, word.find_last_not_of(" \t\r") + 1 - first) == "HEADER";
}

[[nodiscard]] std::uint32_t big_u32(Bytes bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[at + i]);
    }
    return value;
}

/// The SQLite header says how many pages there are; GDAL notices a cut file only when it reaches the missing page.
[[nodiscard]] Format check_sqlite(std::string const& shown, std::string const& name, Bytes bytes) {
    constexpr std::size_t kHeader = 100;
    if (bytes.size() < kHeader) {
        unreadable(shown, words("is cut short within its first bytes; copy it again from where it came",
                                "开头部分就不完整；请从来源处重新复制"));
    }
    auto const page = big_u32(bytes, 14) & 0xFFFFU; // two bytes from 16 on
    std::uint64_t const page_bytes = page == 1 ? 65536U : page;
    bool const count_valid = big_u32(bytes, 24) == big_u32(bytes, 92);
    auto const declared = big_u32(bytes, 28) * page_bytes;
    if (count_valid && declared > bytes.size()) {
        unreadable(shown, words("is cut short: its header says {} bytes, it has {}; copy it again from where it came",
                                "不完整：文件头写 {} 字节，实有 {} 字节；请从来源处重新复制", declared, bytes.size()));
    }
    auto const application = as_text(bytes).substr(68, 4);
    bool const geopackage =
        application == "GPKG" || application == "GP10" || application == "GP11" || ending_of(name) == ".gpkg";
    return geopackage ? Format::geopackage : Format::spatialite;
}

/// What another program has not yet brought into the file would be missed without a word.
void check_unfinished_changes(std::string const& shown, std::filesystem::path const& path) {
    for (auto const* const suffix : {"-wal", "-journal"}) {
        std::error_code error;
        auto const size = std::filesystem::file_size(path.string() + suffix, error);
        if (!error && size > 0) {
            unreadable(shown, words("another program has it open or broke off while writing ('{}{}' lies beside it): "
                                    "save and close it there (in QGIS: remove the layer, quit), then import it",
                                    "另有程序正打开它，或写入时中断（旁边有“{}{}"
                                    "”）：请在该程序中保存并关闭（QGIS：移除图层并退出），再导入",
                                    path.filename().string(), suffix));
        }
    }
}

/// Lines, attributes and elements one by one: none of these bytes can be part of a GB18030 or Big5 character.
[[nodiscard]] EncodingGuess guess_of_text(std::string_view text, ReadOptions const& options) {
    EncodingGuess guess{options.known_names};
    constexpr std::string_view kSeparators = "\"'<>\r\n";
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find_first_of(kSeparators, at), text.size());
        guess.add(text.substr(at, end - at));
        at = end + 1;
    }
    return guess;
}

/// "Placemark", "kml:Placemark id='7'".
[[nodiscard]] bool is_placemark(std::string_view tag) {
    tag = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    return tag.substr(tag.rfind(':') + 1) == "Placemark"; // npos + 1 is 0
}

/// Entities can grow a small file to terabytes or name other files; no KML needs them. Returns the number of places.
[[nodiscard]] std::uint64_t check_kml(std::string const& shown, std::string_view text) {
    auto const declares = text.find("<!DOCTYPE");
    if (declares != std::string_view::npos || text.find("<!ENTITY") != std::string_view::npos) {
        rejected(
            shown,
            words("declares XML entities (<!DOCTYPE or <!ENTITY), which no KML needs and which can do harm; have it "
                  "exported again, or remove the declaration",
                  "声明了 XML 实体（<!DOCTYPE 或 <!ENTITY），KML 不需要且可能有害；请重新导出，或去掉该声明"));
    }
    constexpr std::size_t kDeepest = 200;
    std::size_t depth = 0;
    std::uint64_t places = 0;
    for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
        auto const end = text.find('>', at);
        auto const next = at + 1 < text.size() ? text[at + 1] : ' ';
        if (text.substr(at).starts_with("<![CDATA[")) {
            at = std::min(text.find("]]>", at), text.size() - 1);
        } else if (text.substr(at).starts_with("<!--")) {
            at = std::min(text.find("-->", at), text.size() - 1);
        } else if (next == '/') {
            depth -= depth > 0 ? 1U : 0U;
        } else if (next != '?' && next != '!' && end != std::string_view::npos) {
            places += is_placemark(text.substr(at + 1, end - at - 1)) ? 1U : 0U;
            if (text[end - 1] != '/' && ++depth > kDeepest) {
                rejected(shown, words("nests elements more than {} deep, which no KML needs; have it exported again",
                                      "元素嵌套超过 {} 层，KML 不需要；请重新导出", kDeepest));
            }
        }
    }
    return places;
}

/// Brackets outside of strings; parsers go as deep as a file does.
void check_json_depth(std::string const& shown, std::string_view text) {
    constexpr std::size_t kDeepest = 100;
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (quoted) {
            i += c == '\\' ? 1U : 0U;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepest) {
                rejected(shown, words("nests brackets more than {} deep, which no GeoJSON needs; have it exported "
                                      "again",
                                      "括号嵌套超过 {} 层，GeoJSON 不需要；请重新导出", kDeepest));
            }
        } else if (c == '}' || c == ']') {
            depth -= depth > 0 ? 1U : 0U;
        }
    }
}

/// Makes the XML declaration say what the text is by now.
void declare_utf8(std::string& xml) {
    auto const end = xml.find("?>");
    if (!xml.starts_with("<?xml") || end == std::string::npos) {
        return;
    }
    auto const at = xml.find("encoding", 0);
    if (at == std::string::npos || at > end) {
        return;
    }
    auto const open = xml.find_first_of("\"'", at);
    auto const close = open == std::string::npos ? open : xml.find(xml[open], open + 1);
    if (close != std::string::npos && close < end) {
        xml.replace(open + 1, close - open - 1, "UTF-8");
    }
}

[[nodiscard]] bool declares_other_encoding(std::string_view xml) {
    auto const head = lower(xml.substr(0, std::min<std::size_t>(xml.find("?>"), 200)));
    return head.starts_with("<?xml") && head.find("encoding") != std::string::npos &&
           head.find("utf-8") == std::string::npos;
}

/// Sidecar with this ending in lower or upper case; empty when there is none.
[[nodiscard]] std::filesystem::path sidecar(std::filesystem::path const& shp, std::string const& ending) {
    auto upper = ending;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (auto const& candidate : {ending, upper}) {
        auto path = shp;
        path.replace_extension(candidate);
        std::error_code error;
        if (std::filesystem::is_regular_file(path, error)) {
            return path;
        }
    }
    return {};
}

constexpr std::array kSidecars{".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml"};

[[nodiscard]] bool is_geodatabase(std::filesystem::path const& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path / "a00000001.gdbtable", error);
}

/// Endings by which a file in a zip is taken for one that holds features.
[[nodiscard]] bool may_hold_features(std::string_view name) {
    constexpr std::array kEndings{".shp",    ".gpkg", ".geojson", ".json", ".geojsonl", ".geojsons",
                                  ".ndjson", ".fgb",  ".kml",     ".dxf",  ".sqlite",   ".db"};
    return std::ranges::find(kEndings, ending_of(name)) != kEndings.end();
}

} // namespace

char const* driver_of(Format format) noexcept {
    switch (format) {
    case Format::geopackage:
        return "GPKG";
    case Format::shapefile:
        return "ESRI Shapefile";
    case Format::geojson:
        return "GeoJSON";
    case Format::geojson_lines:
        return "GeoJSONSeq";
    case Format::flatgeobuf:
        return "FlatGeobuf";
    case Format::file_geodatabase:
        return "OpenFileGDB";
    case Format::kml:
        return "LIBKML";
    case Format::dxf:
        return "DXF";
    case Format::spatialite:
        return "SQLite";
    case Format::postgis:
        return "PostgreSQL";
    }
    return "";
}

char const* name_of(Format format) noexcept {
    switch (format) {
    case Format::geopackage:
        return "GeoPackage";
    case Format::shapefile:
        return "Shapefile";
    case Format::geojson:
        return "GeoJSON";
    case Format::geojson_lines:
        return "newline-delimited GeoJSON";
    case Format::flatgeobuf:
        return "FlatGeobuf";
    case Format::file_geodatabase:
        return "File Geodatabase";
    case Format::kml:
        return "KML";
    case Format::dxf:
        return "DXF";
    case Format::spatialite:
        return "SpatiaLite";
    case Format::postgis:
        return "PostGIS";
    }
    return "";
}

std::vector<std::filesystem::path> files_of(std::filesystem::path const& path) {
    std::vector<std::filesystem::path> files;
    if (is_database_source(path)) {
        return files;
    }
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) { // a File Geodatabase
        for (std::filesystem::directory_iterator it{path, error}, end; !error && it != end; it.increment(error)) {
            if (it->is_regular_file(error) && !it->is_symlink(error)) {
                files.push_back(it->path());
            }
        }
    } else {
        files.push_back(path);
        for (auto const* const ending : kSidecars) {
            if (auto found = sidecar(path, ending); !found.empty() && ending_of(path.string()) == ".shp") {
                files.push_back(std::move(found));
            }
        }
    }
    std::ranges::sort(files);
    return files;
}

SourceFile::SourceFile(std::filesystem::path const& path, std::string shown, ReadOptions const& options)
    : m_shown(std::move(shown)), m_layer(options.layer) {
    std::error_code error;
    if (is_database_source(path)) {
        open_database(path.string());
    } else if (std::filesystem::is_directory(path, error)) {
        open_folder(path);
    } else if (std::filesystem::is_regular_file(path, error)) {
        open_disk_file(path, options);
    } else if (std::filesystem::exists(path, error)) {
        unreadable(m_shown, words("is no regular file (a device or pipe); save it as a file first",
                                  "不是普通文件（而是设备或管道）；请先存为文件"));
    } else {
        unreadable(m_shown, words("there is no such file", "没有这个文件"));
    }
    if (m_encoding.empty()) { // UTF-8 by the format's standard; some writers do not care, and the person knows
        bool const text = m_format == Format::geojson || m_format == Format::geojson_lines || m_format == Format::kml ||
                          m_format == Format::dxf;
        m_encoding = text || options.encoding.empty() ? "UTF-8" : TextDecoder{options.encoding}.encoding();
    }
    if (m_file_encoding.empty()) {
        m_file_encoding = m_encoding;
    }
}

SourceFile::~SourceFile() {
    for (auto const& name : m_memory_names) {
        VSIUnlink(name.c_str());
    }
}

std::string SourceFile::in_memory(std::string const& name, Bytes bytes) {
    auto path = fmt::format("{}{}", kMemory, name);
    auto* const data = const_cast<GByte*>(reinterpret_cast<GByte const*>(bytes.data())); // GDAL only reads it
    VSIFCloseL(VSIFileFromMemBuffer(path.c_str(), data, bytes.size(), FALSE));
    m_memory_names.push_back(path);
    return path;
}

void SourceFile::open_database(std::string const& connection) {
    // "PG:dbname=x host=y schema.table": the words with '=' are libpq's, a last one without names the table.
    m_format = Format::postgis;
    m_gdal_name = connection;
    auto const end = connection.find_last_not_of(' ') + 1;
    auto const word = connection.rfind(' ', end - 1);
    if (word != std::string::npos) {
        auto const last = connection.substr(word + 1, end - word - 1);
        if (last.find('=') == std::string::npos && last.find('\'') == std::string::npos) {
            m_gdal_name = fmt::format("{} tables={}", connection.substr(0, word), last);
        }
    }
    if (connection.find("connect_timeout") == std::string::npos) {
        m_gdal_name += " connect_timeout=10";
    }
}

void SourceFile::open_folder(std::filesystem::path const& path) {
    if (!is_geodatabase(path)) {
        unreadable(
            m_shown,
            words("is a folder and no File Geodatabase (it has no a00000001.gdbtable); name the .shp, .gpkg or "
                  "other file in it",
                  "是文件夹，但不是 File Geodatabase（没有 a00000001.gdbtable）；请写明其中的 .shp、.gpkg 等文件"));
    }
    m_format = Format::file_geodatabase;
    m_gdal_name = path.string();
}

void SourceFile::open_disk_file(std::filesystem::path const& path, ReadOptions const& options) {
    if (::access(path.c_str(), R_OK) != 0) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be read; check its permissions", m_shown)};
    }
    auto const ending = ending_of(path.string());
    if (ending == ".dbf" || ending == ".shx" || ending == ".prj") {
        unreadable(m_shown, words("is one part of a Shapefile; name its .shp", "是 Shapefile 的一部分；请写其 .shp"));
    }
    if (ending == ".gdbtable" || ending == ".gdbtablx") {
        unreadable(m_shown, words("is one part of a File Geodatabase; name the folder it lies in (….gdb)",
                                  "是 File Geodatabase 的一部分；请写其所在的文件夹（….gdb）"));
    }
    if (!is_polygon_file(path)) {
        unreadable(m_shown, words("is no boundary file by its name; {}", "从文件名看不是边界文件；{}", accepted()));
    }
    if (std::filesystem::file_size(path) > options.limits.memory_bytes / 2) {
        rejected(m_shown, words("is larger than {} GiB, too large for one import; cut it into parts",
                                "超过 {} GiB，一次导入不了；请分成几部分", options.limits.memory_bytes >> 31U));
    }
    if (ending == ".shp") {
        open_disk_shapefile(path, options);
        return;
    }
    m_mapped.push_back(MappedFile::open(path));
    // A name that begins like one of GDAL's virtual folders must not lead there.
    auto const disk_name = path.string().starts_with("/vsi") ? "/." + path.string() : path.string();
    open_bytes(m_mapped.back().bytes(), path.filename().string(), disk_name, options);
    if (m_format == Format::geopackage || m_format == Format::spatialite) {
        check_unfinished_changes(m_shown, path);
    }
}

void SourceFile::open_disk_shapefile(std::filesystem::path const& path, ReadOptions const& options) {
    m_format = Format::shapefile;
    m_gdal_name = path.string().starts_with("/vsi") ? "/." + path.string() : path.string();
    ShapefileParts parts;
    m_mapped.reserve(4);
    auto const map = [&](std::filesystem::path const& file, ShapefileParts::Part& part) {
        part.shown = file.empty() ? m_shown : (std::filesystem::path{m_shown}.parent_path() / file.filename()).string();
        if (!file.empty()) {
            m_mapped.push_back(MappedFile::open(file));
            part.bytes = m_mapped.back().bytes();
        }
    };
    map(path, parts.shp);
    map(sidecar(path, ".shx"), parts.shx);
    map(sidecar(path, ".dbf"), parts.dbf);
    map(sidecar(path, ".cpg"), parts.cpg);
    m_remarks = check_shapefile(parts);
    auto text = text_of_shapefile(parts, options);
    m_encoding = std::move(text.encoding);
    std::ranges::move(text.remarks, std::back_inserter(m_remarks));
}

void SourceFile::open_bytes(Bytes bytes, std::string const& name, std::string const& disk_name,
                            ReadOptions const& options) {
    auto const ending = ending_of(name);
    m_gdal_name = disk_name;
    switch (content_of(as_text(bytes.first(std::min<std::size_t>(bytes.size(), 4096))))) {
    case Content::empty:
        unreadable(m_shown, words("is empty (0 bytes); copy it again from where it came",
                                  "是空文件（0 字节）；请从来源处重新复制"));
    case Content::sqlite:
        m_format = check_sqlite(m_shown, name, bytes);
        break;
    case Content::flatgeobuf:
        m_format = Format::flatgeobuf;
        break;
    case Content::zip:
        if (!disk_name.empty()) {
            open_archive(bytes, options);
            return;
        }
        rejected(m_shown,
                 words("holds an archive inside an archive; unpack the outer one", "压缩包里还有压缩包；请解压外层"));
    case Content::gzip: {
        if (disk_name.empty() || ending != ".gz") {
            rejected(m_shown,
                     words("is gzip inside, whatever its name says; unpack it first, or give it its ending .gz",
                           "内容是 gzip，与文件名不符；请先解压，或改用 .gz 后缀"));
        }
        m_members.push_back({name.substr(0, name.size() - 3), gunzip(bytes, m_shown, options.limits.inflated_bytes)});
        auto const& inner = m_members.back();
        open_bytes(inner.bytes.bytes(), inner.name, {}, options);
        return;
    }
    case Content::text:
        open_text(bytes, name, disk_name, options);
        return;
    case Content::shapefile:
        unreadable(m_shown,
                   words("is the main file of a Shapefile; give it its name back (.shp), with .shx and .dbf beside it",
                         "是 Shapefile 的主文件；请恢复其文件名（.shp），并把 .shx、.dbf 放在旁边"));
    case Content::dxf_binary:
        unreadable(m_shown, words("is a binary DXF; save it as a text DXF (AutoCAD: SAVEAS, DXF, not binary)",
                                  "是二进制 DXF；请另存为文本 DXF（AutoCAD：SAVEAS，DXF，非二进制）"));
    case Content::unknown:
        if (ending == ".gpkg") {
            unreadable(m_shown,
                       words("is not a GeoPackage, whatever its name says; export it again as GeoPackage, or rename it "
                             "to what it is",
                             "内容不是 GeoPackage，与文件名不符；请重新导出为 GeoPackage，或改为正确的文件名"));
        }
        unreadable(m_shown, words("is none of the formats that are read, whatever its name says; {}",
                                  "内容不是可读取的格式，与文件名不符；{}", accepted()));
    }
    if (m_gdal_name.empty()) {
        m_gdal_name = in_memory(std::string{last_part(name)}, bytes);
    }
}

void SourceFile::open_text(Bytes bytes, std::string const& name, std::string const& disk_name,
                           ReadOptions const& options) {
    auto text = as_text(bytes);
    std::string converted;
    if (auto from_utf16 = utf16_to_utf8(text)) {
        m_remarks.push_back(words("its text is UTF-16", "文字编码为 UTF-16"));
        converted = std::move(*from_utf16);
    } else if (bool const utf8 = is_utf8(text);
               !options.encoding.empty() ? TextDecoder{options.encoding}.encoding() != "UTF-8" : !utf8) {
        std::string encoding = options.encoding;
        if (encoding.empty()) {
            auto const guess = guess_of_text(text, options);
            auto const found = guess.encoding();
            if (!found) {
                unreadable(m_shown,
                           words("its text is neither UTF-8 nor GB18030 nor Big5; pass --encoding, or save it as UTF-8",
                                 "文字不是 UTF-8、GB18030 或 Big5；请用 --encoding 指明，或另存为 UTF-8"));
            }
            encoding = *found;
            m_remarks.push_back(
                words("not UTF-8: read as {}: {}", "不是 UTF-8，按 {} 读取：{}", encoding, guess.evidence()));
        }
        if (text.size() > options.limits.inflated_bytes / 3) {
            rejected(m_shown, words("is too large for text that is not UTF-8; save it as UTF-8",
                                    "文字不是 UTF-8，文件又过大；请另存为 UTF-8"));
        }
        converted = text;
        TextDecoder decoder{encoding};
        if (encoding != "UTF-8" && !decoder.decode(converted)) {
            unreadable(m_shown,
                       words("its text is not valid {}; pass the right --encoding, or save it as UTF-8",
                             "文字不是有效的 {}；请用 --encoding 指定正确的编码，或另存为 UTF-8", decoder.encoding()));
        }
        m_file_encoding = decoder.encoding();
    }
    bool changed = !converted.empty();
    if (changed) {
        text = converted;
    }
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) {
        text.remove_prefix(kMark.size());
    }
    auto const format = text_format(text);
    if (!format) {
        auto const ending = ending_of(name);
        bool const json = ending == ".geojson" || ending == ".json" || ending == ".geojsonl";
        unreadable(m_shown,
                   json ? words("is not GeoJSON, whatever its name says: GeoJSON begins with '{}'; export it "
                                "again as GeoJSON, or rename it to what it is",
                                "内容不是 GeoJSON，与文件名不符（GeoJSON 以“{}”开头）；请重新导出为 GeoJSON，"
                                "或改为正确的文件名",
                                "{")
                   : ending == ".gpkg"
                       ? words("is not a GeoPackage, whatever its name says; export it again as "
                               "GeoPackage, or rename it to what it is",
                               "内容不是 GeoPackage，与文件名不符；请重新导出为 GeoPackage，或改为正确的文件名")
                       : words("is none of the formats that are read, whatever its name "
                               "says; {}",
                               "内容不是可读取的格式，与文件名不符；{}", accepted()));
    }
    m_format = *format;
    if (m_format == Format::kml) {
        m_places = check_kml(m_shown, text);
        if (changed || declares_other_encoding(text)) {
            converted = text;
            declare_utf8(converted);
            text = converted;
            changed = true;
        }
    } else if (m_format == Format::geojson || m_format == Format::geojson_lines) {
        check_json_depth(m_shown, text);
    } else if (m_format == Format::dxf && !begins_with_header(text)) {
        // Only with a header GDAL minds which encoding it is told, and takes the text for Latin-1 without.
        converted = fmt::format("0\nSECTION\n2\nHEADER\n0\nENDSEC\n{}", text);
        text = converted;
        changed = true;
    }
    if (changed) {
        m_texts.push_back(std::make_unique<std::string>(text));
        m_gdal_name = in_memory(std::string{last_part(name)}, as_bytes(*m_texts.back()));
    } else if (disk_name.empty()) {
        m_gdal_name = in_memory(std::string{last_part(name)}, bytes);
    }
}

void SourceFile::open_archive(Bytes bytes, ReadOptions const& options) {
    ZipArchive archive{bytes, m_shown, options};
    std::vector<std::string> candidates; // paths in the archive, without repetition
    for (auto const& entry : archive.entries()) {
        if (entry.name.starts_with("__MACOSX/") || last_part(entry.name).starts_with('.')) {
            continue;
        }
        auto const folder =
            entry.name.substr(0, entry.name.rfind('/') == std::string::npos ? 0 : entry.name.rfind('/'));
        if (lower(last_part(entry.name)) == "a00000001.gdbtable") {
            candidates.push_back(folder);
        } else if (may_hold_features(entry.name)) {
            candidates.push_back(entry.name);
        }
    }
    std::ranges::sort(candidates);
    // A KMZ often begins with a doc.kml that only points to the others.
    if (candidates.size() > 1 &&
        std::ranges::all_of(candidates, [](auto const& name) { return ending_of(name) == ".kml"; })) {
        std::erase_if(candidates, [&](std::string const& name) {
            auto const entry = std::ranges::find(archive.entries(), name, &ZipArchive::Entry::name);
            auto const inner = archive.inflate(*entry);
            return as_text(inner.bytes()).find("Placemark") == std::string_view::npos;
        });
    }
    if (candidates.empty()) {
        if (archive.entries().empty()) {
            unreadable(m_shown,
                       words("is an empty zip; copy it again from where it came", "是空的 zip；请从来源处重新复制"));
        }
        std::vector<std::string> some;
        for (auto const& entry : archive.entries()) {
            if (some.size() < 10) {
                some.push_back(entry.name);
            }
        }
        unreadable(m_shown, words("holds no file with boundaries (it has {} files: {}); {}",
                                  "里面没有边界文件（共 {} 个文件：{}）；{}", archive.entries().size(),
                                  fmt::format("{}", fmt::join(some, ", ")), accepted()));
    }
    // --layer names one of them: by its name, with or without ending and folders, with a layer after it or not.
    auto const names_it = [&](std::string const& candidate) -> std::optional<std::string> {
        for (auto const name : {std::string_view{candidate}, last_part(candidate), without_ending(candidate),
                                without_ending(last_part(candidate))}) {
            if (options.layer == name) {
                return std::string{};
            }
            if (options.layer.starts_with(name) && options.layer.size() > name.size() &&
                options.layer[name.size()] == '/') {
                return options.layer.substr(name.size() + 1);
            }
        }
        return std::nullopt;
    };
    std::vector<std::string> chosen;
    for (auto const& candidate : candidates) {
        if (auto const inner = names_it(candidate)) {
            chosen.push_back(candidate);
            m_layer = *inner;
        }
    }
    if (chosen.empty() && candidates.size() == 1) {
        chosen = candidates;
    }
    if (chosen.size() != 1) {
        auto const what = options.layer.empty() ? words("name one with --layer", "请用 --layer 指明一个")
                          : chosen.empty() ? words("there is no '{}' among them", "其中没有“{}”", options.layer)
                                           : words("'{}' names several; give the whole path",
                                                   "有几个叫“{}”，请写完整路径", options.layer);
        throw Error{ErrorCode::usage,
                    words("{}: holds {} files with boundaries, {}: {}", "{}：里面有 {} 个边界文件，{}：{}", m_shown,
                          candidates.size(), what, fmt::format("{}", fmt::join(candidates, ", ")))};
    }
    open_archived(archive, chosen.front(), options);
}

void SourceFile::open_archived(ZipArchive& archive, std::string const& chosen, ReadOptions const& options) {
    m_shown = fmt::format("{} ({})", m_shown, chosen);
    bool const folder =
        std::ranges::none_of(archive.entries(), [&](auto const& entry) { return entry.name == chosen; });
    bool const shapefile = !folder && ending_of(chosen) == ".shp";
    for (auto const& entry : archive.entries()) {
        bool const below = folder && (chosen.empty() || entry.name.starts_with(chosen + "/"));
        bool const beside = shapefile && without_ending(entry.name) == without_ending(chosen);
        if (below || beside || entry.name == chosen) {
            m_members.push_back({entry.name, archive.inflate(entry)});
        }
    }
    if (shapefile) {
        open_archived_shapefile(chosen, options);
    } else if (folder) {
        m_format = Format::file_geodatabase;
        VSIMkdirRecursive(fmt::format("{}data.gdb", kMemory).c_str(), 0700);
        for (auto const& member : m_members) {
            (void)in_memory("data.gdb/" + std::string{last_part(member.name)}, member.bytes.bytes());
        }
        m_gdal_name = fmt::format("{}data.gdb", kMemory);
    } else {
        m_gdal_name.clear();
        open_bytes(m_members.front().bytes.bytes(), chosen, {}, options);
    }
}

void SourceFile::open_archived_shapefile(std::string const& chosen, ReadOptions const& options) {
    m_format = Format::shapefile;
    ShapefileParts parts;
    for (auto* const part : {&parts.shp, &parts.shx, &parts.dbf, &parts.cpg}) {
        part->shown = m_shown;
    }
    auto const stem = std::string{without_ending(last_part(chosen))};
    for (auto const& member : m_members) {
        auto const ending = ending_of(member.name);
        auto const path = in_memory(stem + ending, member.bytes.bytes());
        auto* const part = ending == ".shp"   ? &parts.shp
                           : ending == ".shx" ? &parts.shx
                           : ending == ".dbf" ? &parts.dbf
                           : ending == ".cpg" ? &parts.cpg
                                              : nullptr;
        if (part != nullptr) {
            part->bytes = member.bytes.bytes();
            part->shown = fmt::format("{} ({})", m_shown.substr(0, m_shown.size() - chosen.size() - 3), member.name);
        }
        if (ending == ".shp") {
            m_gdal_name = path;
        }
    }
    m_remarks = check_shapefile(parts);
    auto text = text_of_shapefile(parts, options);
    m_encoding = std::move(text.encoding);
    std::ranges::move(text.remarks, std::back_inserter(m_remarks));
}

} // namespace wangge::importers
