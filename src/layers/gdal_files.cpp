#include "feature_file.hpp"
#include "gdal_session.hpp"

#include <wangge/base/error.hpp>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <utility>

namespace wangge::layers {

namespace {

/// Sets a GDAL configuration option for this thread while it lives.
class ThreadOption {
public:
    ThreadOption(char const* key, char const* value) : m_key(key) { CPLSetThreadLocalConfigOption(key, value); }
    ~ThreadOption() { CPLSetThreadLocalConfigOption(m_key, nullptr); }
    ThreadOption(ThreadOption const&) = delete;
    ThreadOption& operator=(ThreadOption const&) = delete;

private:
    char const* m_key;
};

void add_ring(OGRPolygon& polygon, TargetGeometry const& geometry, std::size_t first, std::size_t end) {
    auto ring = std::make_unique<OGRLinearRing>();
    auto const count = static_cast<int>(end - first);
    ring->setNumPoints(count + 1, FALSE);
    for (int i = 0; i <= count; ++i) {
        auto const& c = geometry.coordinates[first + static_cast<std::size_t>(i == count ? 0 : i)];
        ring->setPoint(i, c.x, c.y);
    }
    polygon.addRingDirectly(ring.release());
}

std::unique_ptr<OGRGeometry> to_ogr(TargetGeometry const& geometry, bool point) {
    if (point) {
        return std::make_unique<OGRPoint>(geometry.coordinates.front().x, geometry.coordinates.front().y);
    }
    auto shape = std::make_unique<OGRMultiPolygon>();
    std::size_t ring = 0;
    std::size_t at = 0;
    for (auto const part_end : geometry.part_ends) {
        auto polygon = std::make_unique<OGRPolygon>();
        for (; ring < part_end; ++ring) {
            add_ring(*polygon, geometry, at, geometry.ring_ends[ring]);
            at = geometry.ring_ends[ring];
        }
        shape->addGeometryDirectly(polygon.release());
    }
    return shape;
}

CPLStringList layer_options(std::string const& driver, FileLayout const& layout) {
    CPLStringList options;
    if (driver == "GPKG") {
        options.SetNameValue("DESCRIPTION", layout.description.c_str());
        options.SetNameValue("GEOMETRY_NAME", "geom");
    } else if (driver == "FlatGeobuf") {
        options.SetNameValue("TEMPORARY_DIR", layout.path.parent_path().c_str());
    } else {
        options.SetNameValue("ENCODING", "GB18030");
        options.SetNameValue("2GB_LIMIT", "YES");
    }
    return options;
}

class GdalFile final : public FeatureFile {
public:
    GdalFile(std::string const& driver_name, FileLayout const& layout)
        : m_layout(layout), m_shapefile(driver_name == "ESRI Shapefile") {
        auto* driver = GetGDALDriverManager()->GetDriverByName(driver_name.c_str());
        if (driver == nullptr) {
            m_trap.fail(layout.path, "finding GDAL's driver " + driver_name);
        }
        char const* const allowed[] = {driver_name.c_str(), nullptr};
        m_dataset.reset(layout.append ? GDALDataset::Open(layout.path.c_str(), GDAL_OF_VECTOR | GDAL_OF_UPDATE, allowed,
                                                          nullptr, nullptr)
                                      : driver->Create(layout.path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            m_trap.fail(layout.path, layout.append ? "opening it again" : "creating it");
        }
        OGRSpatialReference reference;
        if (layout.epsg) {
            if (reference.importFromEPSG(*layout.epsg) != OGRERR_NONE) {
                m_trap.fail(layout.path, "looking up " + layout.crs);
            }
            reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        }
        auto const area_type = m_shapefile ? wkbPolygon : wkbMultiPolygon;
        auto options = layer_options(driver_name, layout);
        m_layer = m_dataset->CreateLayer(layout.layer.c_str(), layout.epsg ? &reference : nullptr,
                                         layout.points ? wkbPoint : area_type, options.List());
        if (m_layer == nullptr) {
            m_trap.fail(layout.path, "creating its layer");
        }
        for (std::size_t i = 0; i < layout.fields.size(); ++i) {
            add_field(layout.fields[i], layout.text_widths[i]);
        }
        if (driver_name == "GPKG" && m_dataset->StartTransaction() != OGRERR_NONE) {
            m_trap.fail(layout.path, "starting the transaction");
        }
        m_in_transaction = driver_name == "GPKG";
        m_trap.check(layout.path, "creating it");
    }

    void write(std::vector<Value> const& values, TargetGeometry const& geometry) override {
        OGRFeature feature{m_layer->GetLayerDefn()};
        for (std::size_t i = 0; i < values.size(); ++i) {
            auto const column = static_cast<int>(i);
            if (auto const* text = std::get_if<std::string>(&values[i])) {
                feature.SetField(column, text->c_str());
            } else if (auto const* integer = std::get_if<std::int64_t>(&values[i])) {
                feature.SetField(column, static_cast<GIntBig>(*integer));
            } else if (auto const* real = std::get_if<double>(&values[i])) {
                feature.SetField(column, *real);
            } else {
                feature.SetFieldNull(column);
            }
        }
        feature.SetGeometryDirectly(to_ogr(geometry, m_layout.points).release());
        if (m_layer->CreateFeature(&feature) != OGRERR_NONE) {
            m_trap.fail(m_layout.path, "writing a feature");
        }
    }

    void close() override {
        if (m_in_transaction && m_dataset->CommitTransaction() != OGRERR_NONE) {
            m_trap.fail(m_layout.path, "committing");
        }
        m_in_transaction = false;
        m_dataset.reset();
        m_trap.check(m_layout.path, "writing and closing it");
    }

private:
    void add_field(Field const& field, std::size_t text_width) {
        std::string const name{m_shapefile ? field.short_name : field.name};
        auto const type = field.type == FieldType::text      ? OFTString
                          : field.type == FieldType::integer ? OFTInteger64
                                                             : OFTReal;
        OGRFieldDefn definition{name.c_str(), type};
        if (m_shapefile) {
            constexpr std::size_t kDbfTextLimit = 254;
            if (text_width > kDbfTextLimit) {
                throw Error{
                    ErrorCode::usage,
                    fmt::format(
                        "field {}: a text of up to {} bytes does not fit into a Shapefile, which holds {}; use GPKG",
                        field.name, text_width, kDbfTextLimit)};
            }
            definition.SetWidth(type == OFTString ? static_cast<int>(std::max<std::size_t>(text_width, 1)) : 18);
            definition.SetPrecision(type == OFTReal ? 2 : 0);
        }
        if (m_layer->CreateField(&definition) != OGRERR_NONE) {
            m_trap.fail(m_layout.path, fmt::format("creating field {}", name));
        }
    }

    // The file is synced as a whole before it is renamed, so SQLite need not do it at each step.
    ThreadOption m_no_sync{"OGR_SQLITE_SYNCHRONOUS", "OFF"};
    ReportTrap m_trap;
    FileLayout m_layout;
    bool m_shapefile;
    bool m_in_transaction = false;
    DatasetPtr m_dataset;
    OGRLayer* m_layer = nullptr; ///< belongs to the dataset
};

std::uint64_t vertices_of(OGRPolygon const& polygon) {
    std::uint64_t count = 0;
    for (auto const* ring : polygon) {
        count += static_cast<std::uint64_t>(std::max(ring->getNumPoints() - 1, 0));
    }
    return count;
}

std::uint64_t vertices_of(OGRGeometry const* geometry) {
    if (geometry == nullptr) {
        return 0;
    }
    switch (wkbFlatten(geometry->getGeometryType())) {
    case wkbPoint:
        return 1;
    case wkbPolygon:
        return vertices_of(*geometry->toPolygon());
    case wkbMultiPolygon: {
        std::uint64_t count = 0;
        for (auto const* polygon : *geometry->toMultiPolygon()) {
            count += vertices_of(*polygon);
        }
        return count;
    }
    default:
        return 0;
    }
}

} // namespace

std::unique_ptr<FeatureFile> create_gdal_file(std::string const& driver, FileLayout const& layout) {
    register_drivers();
    return std::make_unique<GdalFile>(driver, layout);
}

FileCounts count_gdal(std::string const& driver, std::filesystem::path const& path, std::string const& layer) {
    register_drivers();
    // Sorting the rings of a Shapefile into parts and holes again is not needed to count them; GDAL warns that it did
    // not.
    ThreadOption const no_nesting{"OGR_ORGANIZE_POLYGONS", "SKIP"};
    ReportTrap trap;
    char const* const allowed[] = {driver.c_str(), nullptr};
    DatasetPtr const dataset{
        GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, allowed, nullptr, nullptr)};
    if (!dataset || (layer.empty() && dataset->GetLayerCount() != 1)) {
        trap.fail(path, "reading it back");
    }
    auto* const found = layer.empty() ? dataset->GetLayer(0) : dataset->GetLayerByName(layer.c_str());
    if (found == nullptr) {
        trap.fail(path, "reading it back");
    }
    FileCounts counts;
    for (auto const& feature : *found) {
        ++counts.features;
        counts.vertices += vertices_of(feature->GetGeometryRef());
    }
    trap.check_failure(path, "reading it back");
    return counts;
}

} // namespace wangge::layers
