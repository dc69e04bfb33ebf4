#include "problem_text.hpp"
#include "reader_process.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

namespace wangge::importers {

namespace {

[[nodiscard]] std::string lower_name(std::filesystem::path const& path) {
    auto name = path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

template <std::size_t N>
[[nodiscard]] bool ends_in_one_of(std::string_view name, std::array<std::string_view, N> const& endings) {
    return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

[[nodiscard]] crs::Transformer transformer_for(std::string const& definition, ReadOptions const& options,
                                               std::string const& file) {
    if (!options.crs.empty()) {
        return crs::Transformer::make(options.crs, options.site_systems);
    }
    if (definition.empty()) {
        throw Error{
            ErrorCode::data_rejected,
            words("{}: does not say its coordinate system; pass --crs (for example EPSG:4490, EPSG:4547 or GCJ02)",
                  "{}：没有说明坐标系；请用 --crs 指明，例如 EPSG:4490、EPSG:4547、GCJ02", file)};
    }
    try {
        return crs::Transformer::from_definition(definition, options.site_systems);
    } catch (Error const& error) { // the same refusal, with the file it concerns
        throw Error{ErrorCode::data_rejected, words("{}: {}", "{}：{}", file, error.words())};
    }
}

} // namespace

struct OgrReader::Impl {
    Impl(std::string const& path, ReadOptions const& options)
        : name(source_name(path))
        , process({path, options})
        , frames([this](std::span<char> buffer) { return process.read(buffer); }, options.limits, name) {}

    std::string name;
    ReaderProcess process;
    FrameReader frames;
    SourceHeader header;
    std::optional<crs::Transformer> transformer;
    std::vector<RowProblem> row_problems;
};

OgrReader::OgrReader(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
OgrReader::~OgrReader() = default;
OgrReader::OgrReader(OgrReader&&) noexcept = default;
OgrReader& OgrReader::operator=(OgrReader&&) noexcept = default;

OgrReader OgrReader::open(std::filesystem::path const& path, ReadOptions const& options) {
    if (!options.crs.empty()) {
        (void)crs::Transformer::make(
            options.crs, options.site_systems); // a wrong word of the command is told before the file is touched
    }
    auto impl = std::make_unique<Impl>(path.string(), options);
    impl->header = impl->frames.header();
    impl->transformer = transformer_for(impl->header.crs_definition, options, impl->name);
    return OgrReader{std::move(impl)};
}

std::vector<std::string> const& OgrReader::columns() const noexcept { return m_impl->header.columns; }
std::vector<ValueType> const& OgrReader::types() const noexcept { return m_impl->header.types; }
std::string const& OgrReader::layer() const noexcept { return m_impl->header.layer; }
std::string const& OgrReader::encoding() const noexcept { return m_impl->header.encoding; }
crs::Transformer const& OgrReader::transformer() const noexcept { return *m_impl->transformer; }
crs::Transformer OgrReader::take_transformer() noexcept { return std::move(*m_impl->transformer); }
std::uint64_t OgrReader::feature_count() const noexcept { return m_impl->header.feature_count; }
std::vector<Words> const& OgrReader::remarks() const noexcept { return m_impl->header.remarks; }

OgrReader::Outcome OgrReader::next(RawFeature& feature, std::vector<Problem>& problems) {
    auto& impl = *m_impl;
    if (!impl.frames.next(feature, impl.row_problems)) {
        return Outcome::end;
    }
    auto const file = source_title(impl.name);
    for (auto& found : impl.row_problems) {
        auto const row = fmt::format("row {}", feature.row);
        problems.push_back(row_problem(found.code, row, fmt::format("{} {}", file, row), found.message));
    }
    return impl.row_problems.empty() ? Outcome::feature : Outcome::unreadable;
}

bool is_database_source(std::filesystem::path const& path) { return path.native().starts_with("PG:"); }

std::string source_name(std::filesystem::path const& path) {
    auto name = path.string();
    if (!is_database_source(path)) {
        return name;
    }
    for (std::size_t at = name.find("password="); at != std::string::npos; at = name.find("password=", at + 1)) {
        auto const from = at + 9;
        bool const quoted = from < name.size() && name[from] == '\'';
        auto const end = std::min(name.find(quoted ? '\'' : ' ', from + (quoted ? 1U : 0U)), name.size());
        name.replace(from, end - from + (quoted && end < name.size() ? 1U : 0U), "***");
    }
    return name;
}

std::string source_title(std::filesystem::path const& path) {
    if (is_database_source(path)) {
        return source_name(path);
    }
    return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

bool is_polygon_file(std::filesystem::path const& path) {
    constexpr std::array<std::string_view, 19> kEndings{
        ".gpkg", ".shp", ".geojson", ".json",       ".geojsonl", ".geojsons", ".ndjson",      ".fgb", ".kml", ".kmz",
        ".dxf",  ".zip", ".sqlite",  ".geojson.gz", ".json.gz",  ".kml.gz",   ".geojsonl.gz", ".db",  ".gdb"};
    return is_database_source(path) || ends_in_one_of(lower_name(path), kEndings);
}

bool is_table_file(std::filesystem::path const& path) {
    constexpr std::array<std::string_view, 4> kEndings{".csv", ".tsv", ".txt", ".xlsx"};
    return !is_database_source(path) && ends_in_one_of(lower_name(path), kEndings);
}

} // namespace wangge::importers
