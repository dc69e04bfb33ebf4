#include "exported_layers.hpp"

#include <fmt/format.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <cmath>

namespace verify {

namespace {

std::int64_t to_unit(double degrees, std::string const& where) {
    double const units = degrees * 1e7;
    double const whole = std::round(units);
    if (!(std::abs(units - whole) < 1e-4)) {
        throw std::runtime_error(
            fmt::format("{}: coordinate {:.12f} is not a multiple of 1e-7 degree", where, degrees));
    }
    return static_cast<std::int64_t>(whole);
}

std::vector<ClosedRing> read_polygon(OGRPolygon const& polygon, std::string const& where) {
    std::vector<ClosedRing> rings;
    for (auto const* ring : polygon) {
        ClosedRing closed;
        for (int i = 0; i < ring->getNumPoints(); ++i) {
            closed.push_back({to_unit(ring->getX(i), where), to_unit(ring->getY(i), where)});
        }
        if (closed.size() < 4 || closed.front() != closed.back()) {
            throw std::runtime_error(where + ": a ring is not closed or has fewer than three corners");
        }
        rings.push_back(std::move(closed));
    }
    return rings;
}

std::string text_of(OGRFeature const& feature, char const* field) {
    int const index = feature.GetFieldIndex(field);
    return index < 0 ? std::string{} : std::string{feature.GetFieldAsString(index)};
}

} // namespace

std::vector<Area> read_areas(std::string const& file, std::string const& layer_name, std::string const& code_field) {
    GDALAllRegister();
    std::unique_ptr<GDALDataset> const dataset{
        GDALDataset::Open(file.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR)};
    if (!dataset) {
        throw std::runtime_error(file + ": cannot be opened");
    }
    auto* layer = layer_name.empty() ? dataset->GetLayer(0) : dataset->GetLayerByName(layer_name.c_str());
    if (layer == nullptr) {
        throw std::runtime_error(fmt::format("{}: has no layer '{}'", file, layer_name));
    }
    if (layer->GetLayerDefn()->GetFieldIndex(code_field.c_str()) < 0) {
        throw std::runtime_error(fmt::format("{}: layer {} has no field {}", file, layer->GetName(), code_field));
    }
    std::vector<Area> areas;
    for (auto const& feature : *layer) {
        Area area;
        area.code = text_of(*feature, code_field.c_str());
        area.village = text_of(*feature, "village_code");
        area.town = text_of(*feature, "town_code");
        area.county = text_of(*feature, "county_code");
        area.city = text_of(*feature, "city_code");
        auto const* geometry = feature->GetGeometryRef();
        auto const type = geometry == nullptr ? wkbNone : wkbFlatten(geometry->getGeometryType());
        if (type == wkbPolygon) {
            area.polygons.push_back(read_polygon(*geometry->toPolygon(), area.code));
        } else if (type == wkbMultiPolygon) {
            for (auto const* polygon : *geometry->toMultiPolygon()) {
                area.polygons.push_back(read_polygon(*polygon, area.code));
            }
        }
        if (area.polygons.empty()) {
            throw std::runtime_error(fmt::format("{}: feature {} is not an area", file, area.code));
        }
        area.min = area.max = area.polygons.front().front().front();
        for (auto const& polygon : area.polygons) {
            for (auto const p : polygon.front()) {
                area.min = {std::min(area.min.x, p.x), std::min(area.min.y, p.y)};
                area.max = {std::max(area.max.x, p.x), std::max(area.max.y, p.y)};
            }
        }
        areas.push_back(std::move(area));
    }
    return areas;
}

Geos::Geos() : m_handle(GEOS_init_r()) {
    GEOSContext_setErrorMessageHandler_r(m_handle, &Geos::note, this);
    GEOSContext_setNoticeMessageHandler_r(m_handle, &Geos::note, this);
}

Geos::~Geos() { GEOS_finish_r(m_handle); }

void Geos::note(char const* message, void* self) { static_cast<Geos*>(self)->m_message = message; }

void Geos::fail(std::string const& doing) const { throw std::runtime_error("GEOS, " + doing + ": " + m_message); }

Geometry to_geos(Geos const& geos, Area const& area, double scale) {
    auto* const context = geos.handle();
    std::vector<GEOSGeometry*> polygons;
    std::vector<double> buffer;
    for (auto const& polygon : area.polygons) {
        std::vector<GEOSGeometry*> rings;
        for (auto const& ring : polygon) {
            buffer.clear();
            for (auto const p : ring) {
                buffer.push_back(static_cast<double>(p.x) / scale);
                buffer.push_back(static_cast<double>(p.y) / scale);
            }
            auto* sequence =
                GEOSCoordSeq_copyFromBuffer_r(context, buffer.data(), static_cast<unsigned>(ring.size()), 0, 0);
            auto* linear_ring = sequence == nullptr ? nullptr : GEOSGeom_createLinearRing_r(context, sequence);
            if (linear_ring == nullptr) {
                geos.fail("making a ring of " + area.code);
            }
            rings.push_back(linear_ring);
        }
        polygons.push_back(GEOSGeom_createPolygon_r(context, rings.front(), rings.data() + 1,
                                                    static_cast<unsigned>(rings.size() - 1)));
    }
    return own(geos,
               GEOSGeom_createCollection_r(context, GEOS_MULTIPOLYGON, polygons.data(),
                                           static_cast<unsigned>(polygons.size())),
               "making a multipolygon");
}

} // namespace verify
