#include "writer.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/transformer.hpp>

#include <cpl_conv.h>
#include <cpl_error.h>
#include <fmt/format.h>
#include <gdal.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace wangge::synth {

namespace {

// A fixed day in place of the clock, so that the bytes repeat.
constexpr char const* kDay = "2024-07-01";
constexpr char const* kTime = "2024-07-01T00:00:00.000Z";

struct CloseDataset {
    void operator()(GDALDataset* dataset) const { GDALClose(GDALDataset::ToHandle(dataset)); }
};
using DatasetPtr = std::unique_ptr<GDALDataset, CloseDataset>;

struct FreeFeature {
    void operator()(OGRFeature* feature) const { OGRFeature::DestroyFeature(feature); }
};
using FeaturePtr = std::unique_ptr<OGRFeature, FreeFeature>;

Error write_error(std::filesystem::path const& path) {
    return {ErrorCode::environment, fmt::format("{}: writing failed: {}; check free space and permission",
                                                path.string(), CPLGetLastErrorMsg())};
}

void prepare_gdal() {
    static std::once_flag once;
    std::call_once(once, [] { GDALAllRegister(); });
    // These hold for the thread that writes, not for the rest of the program.
    CPLSetThreadLocalConfigOption("OGR_CURRENT_DATE", kTime);
    CPLSetThreadLocalConfigOption("OGR_SQLITE_SYNCHRONOUS", "OFF");
    CPLErrorReset();
}

GDALDriver& driver(char const* name) {
    auto* const found = GetGDALDriverManager()->GetDriverByName(name);
    if (found == nullptr) {
        throw Error{ErrorCode::environment, fmt::format("this GDAL has no driver {}; install Debian's libgdal", name)};
    }
    return *found;
}

OGRSpatialReference reference_system(int epsg) {
    OGRSpatialReference system;
    if (system.importFromEPSG(epsg) != OGRERR_NONE) {
        throw Error{ErrorCode::environment, fmt::format("PROJ does not know EPSG:{}; install proj-data", epsg)};
    }
    system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    return system;
}

struct Column {
    char const* name;
    int width;
};

void add_columns(OGRLayer& layer, std::span<Column const> columns, std::filesystem::path const& path) {
    for (auto const& column : columns) {
        OGRFieldDefn definition{column.name, OFTString};
        definition.SetWidth(column.width);
        if (layer.CreateField(&definition) != OGRERR_NONE) {
            throw write_error(path);
        }
    }
}

/// Sets the nine attributes in the order of the columns; an empty one stays null.
void set_attributes(OGRFeature& row, Feature const& feature, Reference const& reference, County const& county) {
    auto const& town = county.towns[feature.town];
    std::array<char const*, 9> const values{feature.code.c_str(),
                                            feature.name.c_str(),
                                            feature.kind.c_str(),
                                            feature.village_code.c_str(),
                                            town.villages[feature.village].name.c_str(),
                                            town.name.c_str(),
                                            county.name.c_str(),
                                            reference.cities[county.city].name.c_str(),
                                            kSyntheticNote};
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (*values[i] != '\0') {
            row.SetField(static_cast<int>(i), values[i]);
        }
    }
}

/// `to_xy` turns a vector of lattice points, the first repeated at the end, into as many coordinates.
template <class F>
std::unique_ptr<OGRMultiPolygon> to_ogr(geom::MultiPolygon const& shape, F const& to_xy) {
    auto result = std::make_unique<OGRMultiPolygon>();
    geom::Ring closed;
    std::vector<OGRRawPoint> coordinates;
    auto const make_ring = [&](geom::Ring const& ring) {
        closed = ring;
        closed.push_back(ring.front());
        coordinates.resize(closed.size());
        to_xy(closed, coordinates);
        auto line = std::make_unique<OGRLinearRing>();
        line->setPoints(static_cast<int>(coordinates.size()), coordinates.data());
        return line;
    };
    for (auto const& part : shape.parts) {
        auto polygon = std::make_unique<OGRPolygon>();
        polygon->addRingDirectly(make_ring(part.outer).release());
        for (auto const& hole : part.holes) {
            polygon->addRingDirectly(make_ring(hole).release());
        }
        result->addGeometryDirectly(polygon.release());
    }
    return result;
}

/// The outer ring of the first part as an open line.
std::unique_ptr<OGRLineString> to_line(OGRMultiPolygon const& polygons) {
    auto line = std::make_unique<OGRLineString>();
    line->addSubLineString(polygons.getGeometryRef(0)->getExteriorRing());
    return line;
}

/// A number that is no position in degrees nor in metres.
void throw_off_the_globe(OGRMultiPolygon& polygons) {
    polygons.getGeometryRef(0)->getExteriorRing()->setPoint(1, 1e10, 1e10);
}

class GeoPackageWriter final : public Writer {
public:
    GeoPackageWriter(std::filesystem::path out, Reference const& reference)
        : m_out(std::move(out)), m_reference(reference) {
        prepare_gdal();
        auto const path = m_out / kName;
        m_dataset.reset(driver("GPKG").Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            throw write_error(path);
        }
        auto system = reference_system(4490);
        CPLStringList options;
        options.SetNameValue("GEOMETRY_NAME", "geom");
        options.SetNameValue("IDENTIFIER", "grids");
        options.SetNameValue("DESCRIPTION", "网格边界，合成数据 (synthetic grids, not official boundaries)");
        m_layer = m_dataset->CreateLayer("grids", &system, wkbMultiPolygon, options.List());
        if (m_layer == nullptr || m_dataset->StartTransaction() != OGRERR_NONE) {
            throw write_error(path);
        }
        static constexpr std::array<Column, 9> kColumns{{{"网格编码", 20},
                                                         {"网格名称", 80},
                                                         {"网格类型", 20},
                                                         {"所属村居编码", 12},
                                                         {"所属村居", 60},
                                                         {"所属镇街", 60},
                                                         {"所属县区", 40},
                                                         {"所属地市", 40},
                                                         {"数据说明", 40}}};
        add_columns(*m_layer, kColumns, path);
    }

    void add(CountyData const& data) override {
        auto const& county = m_reference.counties[data.county];
        for (auto const& feature : data.features) {
            FeaturePtr const row{OGRFeature::CreateFeature(m_layer->GetLayerDefn())};
            set_attributes(*row, feature, m_reference, county);
            if (!feature.shape.empty()) {
                auto shape = to_ogr(feature.shape, [](geom::Ring const& ring, std::vector<OGRRawPoint>& xy) {
                    std::transform(ring.begin(), ring.end(), xy.begin(), [](geom::Point p) {
                        return OGRRawPoint{geom::to_degrees(p.lon), geom::to_degrees(p.lat)};
                    });
                });
                if (feature.drawing == Drawing::off_the_globe) {
                    throw_off_the_globe(*shape);
                }
                row->SetGeometryDirectly(feature.drawing == Drawing::line
                                             ? static_cast<OGRGeometry*>(to_line(*shape).release())
                                             : shape.release());
            }
            // GDAL warns of a line in a layer of polygons; it is meant.
            CPLPushErrorHandler(feature.drawing == Drawing::polygons ? CPLDefaultErrorHandler : CPLQuietErrorHandler);
            auto const written = m_layer->CreateFeature(row.get());
            CPLPopErrorHandler();
            if (written != OGRERR_NONE) {
                throw write_error(m_out / kName);
            }
        }
    }

    std::vector<SynthFile> finish() override {
        CPLErrorReset();
        if (m_dataset->CommitTransaction() != OGRERR_NONE) {
            throw write_error(m_out / kName); // before closing, which would bury the first error under others
        }
        m_dataset.reset();
        if (CPLGetLastErrorType() == CE_Failure) {
            throw write_error(m_out / kName);
        }
        return {describe_file(m_out, kName)};
    }

private:
    static constexpr char const* kName = "boundaries.gpkg";
    std::filesystem::path m_out;
    Reference const& m_reference;
    DatasetPtr m_dataset;
    OGRLayer* m_layer = nullptr;
};

class ShapefileWriter final : public Writer {
public:
    ShapefileWriter(std::filesystem::path out, Reference const& reference)
        : m_out(std::move(out)), m_reference(reference) {
        prepare_gdal();
        std::filesystem::create_directories(m_out / "shapefiles");
    }

    void add(CountyData const& data) override {
        auto const& county = m_reference.counties[data.county];
        if (!m_dataset || m_city != county.city) {
            close();
            open(county.city);
        }
        for (auto const& feature : data.features) {
            FeaturePtr const row{OGRFeature::CreateFeature(m_layer->GetLayerDefn())};
            set_attributes(*row, feature, m_reference, county);
            if (!feature.shape.empty() && feature.drawing != Drawing::line) {
                auto shape = to_ogr(feature.shape,
                                    [&](geom::Ring const& ring, std::vector<OGRRawPoint>& xy) { project(ring, xy); });
                if (feature.drawing == Drawing::off_the_globe) {
                    throw_off_the_globe(*shape);
                }
                row->SetGeometryDirectly(shape.release());
            }
            if (m_layer->CreateFeature(row.get()) != OGRERR_NONE) {
                throw write_error(m_path);
            }
        }
    }

    std::vector<SynthFile> finish() override {
        close();
        return std::move(m_files);
    }

private:
    void open(std::size_t city) {
        static constexpr std::array<Column, 9> kColumns{{{"WGBM", 20},
                                                         {"WGMC", 80},
                                                         {"WGLX", 12},
                                                         {"CJBM", 12},
                                                         {"CJMC", 60},
                                                         {"ZJMC", 60},
                                                         {"XQMC", 40},
                                                         {"DSMC", 20},
                                                         {"SJSM", 24}}};
        m_city = city;
        auto const& place = m_reference.cities[city];
        m_stem = fmt::format("shapefiles/{:06}_{}", place.code / 1000000, place.name);
        m_path = m_out / (m_stem + ".shp");
        auto const zone = zone_of(place);
        m_transformer.emplace(crs::Transformer::make(fmt::format("EPSG:{}", zone.epsg)));
        m_dataset.reset(driver("ESRI Shapefile").Create(m_path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            throw write_error(m_path);
        }
        auto system = reference_system(zone.epsg);
        CPLStringList options;
        options.SetNameValue("ENCODING", "GB18030");
        options.SetNameValue("DBF_DATE_LAST_UPDATE", kDay);
        m_layer = m_dataset->CreateLayer(m_stem.c_str(), &system, wkbPolygon, options.List());
        if (m_layer == nullptr) {
            throw write_error(m_path);
        }
        add_columns(*m_layer, kColumns, m_path);
    }

    void close() {
        if (!m_dataset) {
            return;
        }
        CPLErrorReset();
        m_dataset.reset();
        if (CPLGetLastErrorType() == CE_Failure) {
            throw write_error(m_path);
        }
        for (auto const* const ending : {".shp", ".shx", ".dbf", ".prj", ".cpg"}) {
            m_files.push_back(describe_file(m_out, m_stem + ending));
        }
    }

    void project(geom::Ring const& ring, std::vector<OGRRawPoint>& xy) {
        m_buffer.clear();
        for (auto const p : ring) {
            m_buffer.push_back({geom::to_degrees(p.lon), geom::to_degrees(p.lat)});
        }
        if (m_transformer->from_registry(m_buffer) != 0) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: PROJ could not project a position of the county outlines", m_path.string())};
        }
        std::transform(m_buffer.begin(), m_buffer.end(), xy.begin(), [](crs::Coordinate c) {
            return OGRRawPoint{c.x, c.y};
        });
    }

    std::filesystem::path m_out, m_path;
    Reference const& m_reference;
    std::string m_stem;
    std::size_t m_city = 0;
    std::optional<crs::Transformer> m_transformer;
    DatasetPtr m_dataset;
    OGRLayer* m_layer = nullptr;
    std::vector<crs::Coordinate> m_buffer;
    std::vector<SynthFile> m_files;
};

} // namespace

Zone zone_of(City const& city) {
    double const middle = (geom::to_degrees(city.envelope.min.lon) + geom::to_degrees(city.envelope.max.lon)) / 2;
    int const meridian = 3 * static_cast<int>(std::lround(middle / 3));
    // EPSG 4534 is CGCS2000 / 3-degree Gauss-Kruger CM 75E, and each 3 degrees on add one.
    return {meridian, 4534 + (meridian - 75) / 3};
}

std::unique_ptr<Writer> make_geopackage_writer(std::filesystem::path const& out, Reference const& reference) {
    return std::make_unique<GeoPackageWriter>(out, reference);
}

std::unique_ptr<Writer> make_shapefile_writer(std::filesystem::path const& out, Reference const& reference) {
    return std::make_unique<ShapefileWriter>(out, reference);
}

} // namespace wangge::synth
