#include "aside_folder.hpp"
#include "feature_file.hpp"
#include "gdal_session.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/layers/located_points.hpp>

#include <cpl_conv.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <utility>

namespace wangge::layers {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchFeatures = 1024;
constexpr char const* kDriver = "FlatGeobuf";
constexpr char const* kCodeField = "grid_code";
constexpr char const* kStatusField = "locate_status";

std::string lower_ending(fs::path const& path) {
    auto ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return ending;
}

[[noreturn]] void unreadable(fs::path const& path, std::string_view what) {
    throw Error{ErrorCode::data_unreadable, fmt::format("{}: {}", path.string(), what)};
}

[[noreturn]] void reject(fs::path const& path, std::string_view what) {
    throw Error{ErrorCode::data_rejected, fmt::format("{}: {}", path.string(), what)};
}

/// What the file says of its CRS, with the refusals of crs::Transformer.
crs::Transformer transformer_of(OGRLayer& layer, fs::path const& path, PointFileRequest const& request) {
    if (!request.crs.empty()) {
        return crs::Transformer::make(request.crs, request.site_systems);
    }
    auto const* const reference = layer.GetSpatialRef();
    char* exported = nullptr;
    char const* const options[] = {"FORMAT=WKT2_2019", nullptr};
    bool const known = reference != nullptr && reference->exportToWkt(&exported, options) == OGRERR_NONE;
    std::string const definition = known ? exported : "";
    CPLFree(exported);
    if (definition.empty()) {
        reject(path, "does not say its coordinate system; pass --crs (for example EPSG:4490, EPSG:4547 or GCJ02)");
    }
    try {
        return crs::Transformer::from_definition(definition, request.site_systems);
    } catch (Error const& error) { // the same refusal, with the file it concerns
        reject(path, error.what());
    }
}

/// The point layer of a FlatGeobuf file, read from the beginning to the end.
class PointReader {
public:
    explicit PointReader(fs::path path) : m_path(std::move(path)) {
        std::ifstream stream{m_path, std::ios::binary};
        if (!stream) {
            unreadable(m_path, "there is no such file, or it cannot be read; check its permissions");
        }
        std::string magic(3, '\0');
        stream.read(magic.data(), 3);
        if (magic != "fgb") {
            unreadable(m_path,
                       "is not a FlatGeobuf file, whatever its name says; export it again, or rename it to what it is");
        }
        char const* const allowed[] = {kDriver, nullptr};
        m_dataset.reset(
            GDALDataset::Open(m_path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, allowed, nullptr, nullptr));
        if (!m_dataset || m_dataset->GetLayerCount() != 1) {
            unreadable(m_path, fmt::format("is damaged or cut short{}; copy it again from where it came", reason()));
        }
        m_layer = m_dataset->GetLayer(0);
        auto const type = wkbFlatten(m_layer->GetGeomType());
        if (type != wkbPoint && type != wkbUnknown) {
            reject(m_path, fmt::format("its layer holds geometries of type {}; positions are points",
                                       OGRGeometryTypeToName(m_layer->GetGeomType())));
        }
        for (auto const* const name : {kCodeField, kStatusField}) {
            if (m_layer->GetLayerDefn()->GetFieldIndex(name) >= 0) {
                reject(m_path, fmt::format("has a field {} already; remove or rename it", name));
            }
        }
    }

    [[nodiscard]] OGRLayer& layer() const noexcept { return *m_layer; }
    /// 0 when the file does not say.
    [[nodiscard]] std::uint64_t count() const {
        return static_cast<std::uint64_t>(std::max<GIntBig>(m_layer->GetFeatureCount(0), 0));
    }

    [[nodiscard]] OGRFeatureUniquePtr next() {
        OGRFeatureUniquePtr feature{m_layer->GetNextFeature()};
        if (!m_trap.failure().empty() || (!feature && count() != 0 && m_read < count())) {
            unreadable(m_path,
                       fmt::format("is damaged or cut short after feature {}{}; copy it again from where it came",
                                   m_read, reason()));
        }
        m_read += feature ? 1U : 0U;
        return feature;
    }

private:
    /// What GDAL says of the failure, in brackets; it does not always say something.
    [[nodiscard]] std::string reason() const {
        return m_trap.failure().empty() ? std::string{} : fmt::format(" ({})", m_trap.failure());
    }

    fs::path m_path;
    ReportTrap m_trap;
    DatasetPtr m_dataset;
    OGRLayer* m_layer = nullptr; ///< belongs to the dataset
    std::uint64_t m_read = 0;
};

struct Answer {
    std::string_view code; ///< empty when outside
    char const* status = "";
    std::optional<crs::Coordinate> coordinate; ///< in the CRS of the file; empty for a bad_position
};

/// Takes features with their answers.
class PointWriter {
public:
    virtual ~PointWriter() = default;
    virtual void write(OGRFeature& feature, Answer const& answer) = 0;
    virtual void close() = 0;
};

class FlatGeobufWriter final : public PointWriter {
public:
    FlatGeobufWriter(fs::path path, OGRLayer& like)
        : m_path(std::move(path)), m_fields(like.GetLayerDefn()->GetFieldCount()) {
        auto* const driver = GetGDALDriverManager()->GetDriverByName(kDriver);
        m_dataset.reset(driver == nullptr ? nullptr : driver->Create(m_path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            m_trap.fail(m_path, "creating it");
        }
        char const* const options[] = {"SPATIAL_INDEX=NO", nullptr};
        m_layer = m_dataset->CreateLayer(like.GetName(), like.GetSpatialRef(), like.GetGeomType(),
                                         const_cast<char**>(options));
        if (m_layer == nullptr) {
            m_trap.fail(m_path, "creating its layer");
        }
        bool created = true;
        for (int i = 0; i < m_fields; ++i) {
            created = created && m_layer->CreateField(like.GetLayerDefn()->GetFieldDefn(i)) == OGRERR_NONE;
        }
        for (auto const* const name : {kCodeField, kStatusField}) {
            OGRFieldDefn definition{name, OFTString};
            created = created && m_layer->CreateField(&definition) == OGRERR_NONE;
        }
        if (!created) {
            m_trap.fail(m_path, "creating its fields");
        }
        m_trap.check(m_path, "creating it");
    }

    void write(OGRFeature& feature, Answer const& answer) override {
        if (feature.GetGeometryRef() == nullptr || feature.GetGeometryRef()->IsEmpty()) { // GDAL would drop it silently
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("feature {} has no geometry, and GDAL writes no such feature to a FlatGeobuf; write a "
                            ".csv instead",
                            feature.GetFID() + 1)};
        }
        OGRFeature written{m_layer->GetLayerDefn()};
        for (int i = 0; i < m_fields; ++i) {
            written.SetField(i, feature.GetRawFieldRef(i));
        }
        if (!answer.code.empty()) {
            written.SetField(m_fields, std::string{answer.code}.c_str());
        }
        written.SetField(m_fields + 1, answer.status);
        written.SetGeometryDirectly(feature.StealGeometry());
        if (m_layer->CreateFeature(&written) != OGRERR_NONE) {
            m_trap.fail(m_path, "writing a feature");
        }
    }

    void close() override {
        m_dataset.reset();
        m_trap.check(m_path, "writing and closing it");
    }

private:
    fs::path m_path;
    int m_fields;
    ReportTrap m_trap;
    DatasetPtr m_dataset;
    OGRLayer* m_layer = nullptr; ///< belongs to the dataset
};

class CsvWriter final : public PointWriter {
public:
    CsvWriter(fs::path path, OGRLayer& like, bool geographic) {
        auto const* const definition = like.GetLayerDefn();
        for (int i = 0; i < definition->GetFieldCount(); ++i) {
            m_names.emplace_back(definition->GetFieldDefn(i)->GetNameRef());
        }
        m_names.emplace_back(kCodeField);
        m_names.emplace_back(kStatusField);
        FileLayout layout;
        layout.path = std::move(path);
        for (auto const& name : m_names) {
            layout.fields.push_back({name, name, FieldType::text});
        }
        layout.points = true;
        layout.decimals = geographic ? 7 : 4;
        m_file = create_csv_file(layout);
    }

    void write(OGRFeature& feature, Answer const& answer) override {
        m_values.clear();
        for (int i = 0; i < feature.GetFieldCount(); ++i) {
            m_values.emplace_back(feature.IsFieldSetAndNotNull(i) ? Value{std::string{feature.GetFieldAsString(i)}}
                                                                  : Value{});
        }
        m_values.emplace_back(std::string{answer.code});
        m_values.emplace_back(std::string{answer.status});
        m_geometry.clear();
        if (answer.coordinate) {
            m_geometry.coordinates.push_back(*answer.coordinate);
        }
        m_file->write(m_values, m_geometry);
    }

    void close() override { m_file->close(); }

private:
    std::vector<std::string> m_names;
    std::unique_ptr<FeatureFile> m_file;
    std::vector<Value> m_values;
    TargetGeometry m_geometry;
};

std::optional<crs::Coordinate> coordinate_of(OGRFeature const& feature) {
    auto const* const geometry = feature.GetGeometryRef();
    if (geometry == nullptr || geometry->IsEmpty() || wkbFlatten(geometry->getGeometryType()) != wkbPoint) {
        return std::nullopt;
    }
    auto const* const point = geometry->toPoint();
    return crs::Coordinate{point->getX(), point->getY()};
}

/// Answers features in batches and hands them to the writer.
class PointLocator {
public:
    PointLocator(snapshot::Snapshot const& snapshot, crs::Transformer const& transformer, PointWriter& writer)
        : m_snapshot(snapshot), m_transformer(transformer), m_writer(writer) {}

    void add(OGRFeatureUniquePtr feature) {
        constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
        m_coordinates.push_back(coordinate_of(*feature).value_or(crs::Coordinate{kNan, kNan}));
        m_features.push_back(std::move(feature));
        if (m_features.size() == kBatchFeatures) {
            flush();
        }
    }

    void flush() {
        auto const given = m_coordinates;
        m_transformer.to_registry(std::span{m_coordinates});
        std::vector<std::optional<geom::Point>> found;
        std::vector<geom::Point> points;
        for (auto const& c : m_coordinates) {
            found.push_back(crs::to_lattice(crs::Position{c.x, c.y}));
            points.push_back(found.back().value_or(geom::Point{}));
        }
        std::vector<snapshot::GridId> grids(points.size());
        m_snapshot.point_index().locate(points, grids);
        for (std::size_t i = 0; i < grids.size(); ++i) {
            ++result.features;
            Answer answer;
            GridCode code;
            if (!found[i]) {
                answer.status = "bad_position";
                ++result.faults;
            } else if (grids[i] == snapshot::kOutside) {
                answer = {{}, "outside", given[i]};
                ++result.outside;
            } else {
                code = m_snapshot.grid(grids[i]).code;
                answer = {code.str(), "ok", given[i]};
                ++result.inside;
            }
            m_writer.write(*m_features[i], answer);
        }
        m_features.clear();
        m_coordinates.clear();
    }

    PointFileResult result;

private:
    snapshot::Snapshot const& m_snapshot;
    crs::Transformer const& m_transformer;
    PointWriter& m_writer;
    std::vector<OGRFeatureUniquePtr> m_features;
    std::vector<crs::Coordinate> m_coordinates;
};

} // namespace

bool is_point_file(fs::path const& path) { return lower_ending(path) == ".fgb"; }

PointFileResult locate_point_file(snapshot::Snapshot const& snapshot, PointFileRequest const& request,
                                  Progress& progress) {
    auto const ending = lower_ending(request.out);
    if (ending != ".fgb" && ending != ".csv") {
        throw Error{
            ErrorCode::usage,
            fmt::format("--out '{}': the answers for a FlatGeobuf file go to a .fgb or a .csv", request.out.string())};
    }
    register_drivers();
    PointReader reader{request.in};
    auto const transformer = transformer_of(reader.layer(), request.in, request);
    AsideFolder const aside{request.out};
    auto const path = aside.path() / request.out.filename();
    std::unique_ptr<PointWriter> writer;
    if (ending == ".fgb") {
        writer = std::make_unique<FlatGeobufWriter>(path, reader.layer());
    } else {
        writer = std::make_unique<CsvWriter>(path, reader.layer(), transformer.geographic());
    }
    PointLocator locator{snapshot, transformer, *writer};
    progress.begin("Locating positions", reader.count(), "features");
    while (auto feature = reader.next()) {
        locator.add(std::move(feature));
        progress.advance(1);
    }
    locator.flush();
    writer->close();
    progress.end();
    auto const counted = ending == ".fgb" ? count_gdal(kDriver, path).features : count_csv(path).features;
    if (counted != locator.result.features) {
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: read back {} features where {} were written; nothing was replaced, check the disk and run "
                        "the command again",
                        request.out.string(), counted, locator.result.features)};
    }
    sync_file(path);
    rename_durably(path, request.out);
    return locator.result;
}

} // namespace wangge::layers
