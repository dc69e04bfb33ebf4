#include "new_geopackage.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>
#include <unistd.h>

#include <utility>

namespace wangge::importers {

NewGeoPackage::NewGeoPackage(std::filesystem::path path)
    : m_path(std::move(path))
    , m_aside(fmt::format("{}.new-{}.gpkg", m_path.string(), ::getpid()))
    , m_reference(std::make_unique<OGRSpatialReference>()) {
    remove_left_over(m_path);
    register_drivers();
    auto* const driver = GetGDALDriverManager()->GetDriverByName("GPKG");
    m_dataset.reset(driver == nullptr ? nullptr : driver->Create(m_aside.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
    if (!m_dataset) {
        remove_left_over(m_path);
        fail();
    }
    m_reference->importFromEPSG(4490);
    m_reference->SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    m_dataset->StartTransaction();
}

NewGeoPackage::~NewGeoPackage() {
    if (m_dataset) { // given up
        m_dataset.reset();
        remove_left_over(m_path); // the journal too
    }
}

OGRLayer& NewGeoPackage::layer(char const* name, int geometry, std::vector<GeoPackageField> const& fields) {
    auto const type = static_cast<OGRwkbGeometryType>(geometry);
    auto* const layer = m_dataset->CreateLayer(name, type == wkbNone ? nullptr : m_reference.get(), type, nullptr);
    if (layer == nullptr) {
        fail();
    }
    for (auto const& field : fields) {
        OGRFieldDefn definition{field.name.c_str(), static_cast<OGRFieldType>(field.type)};
        definition.SetSubType(static_cast<OGRFieldSubType>(field.subtype));
        if (layer->CreateField(&definition) != OGRERR_NONE) {
            fail();
        }
    }
    return *layer;
}

void NewGeoPackage::add(OGRLayer& layer, OGRFeature& feature, std::unique_ptr<OGRGeometry> geometry) {
    feature.SetGeometryDirectly(geometry.release());
    if (layer.CreateFeature(&feature) != OGRERR_NONE) {
        fail();
    }
}

void NewGeoPackage::close() {
    if (m_dataset->CommitTransaction() != OGRERR_NONE) {
        fail();
    }
    m_dataset.reset();
    if (m_messages.failed()) {
        remove_left_over(m_path);
        fail();
    }
    rename_durably(m_aside, m_path);
}

void NewGeoPackage::fail() const {
    throw Error{ErrorCode::environment,
                fmt::format("{}: cannot be written: {}; check the folder, its permissions and the disk space",
                            m_path.string(), m_messages.first_failure())};
}

namespace {

void add_ring(OGRPolygon& polygon, geom::Ring const& points) {
    auto ring = std::make_unique<OGRLinearRing>();
    for (auto const p : points) {
        ring->addPoint(geom::to_degrees(p.lon), geom::to_degrees(p.lat));
    }
    ring->closeRings();
    polygon.addRingDirectly(ring.release());
}

} // namespace

std::unique_ptr<OGRGeometry> to_ogr(geom::MultiPolygon const& shape) {
    if (shape.empty()) {
        return nullptr;
    }
    auto multi = std::make_unique<OGRMultiPolygon>();
    for (auto const& part : shape.parts) {
        auto polygon = std::make_unique<OGRPolygon>();
        add_ring(*polygon, part.outer);
        for (auto const& hole : part.holes) {
            add_ring(*polygon, hole);
        }
        multi->addGeometryDirectly(polygon.release());
    }
    return multi;
}

} // namespace wangge::importers
