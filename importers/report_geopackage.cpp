#include "report_geopackage.hpp"

#include "ogr_environment.hpp"
#include "problem_text.hpp"
#include "report_styles.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wangge::importers {

namespace {

[[nodiscard]] OGRPoint to_ogr(geom::Point p) { return {geom::to_degrees(p.lon), geom::to_degrees(p.lat)}; }

void add_ring(OGRPolygon& polygon, geom::Ring const& points) {
    auto ring = std::make_unique<OGRLinearRing>();
    for (auto const p : points) {
        auto const point = to_ogr(p);
        ring->addPoint(&point);
    }
    ring->closeRings();
    polygon.addRingDirectly(ring.release());
}

class ProblemLayers {
public:
    ProblemLayers(std::filesystem::path const& path, Language language) : m_path(path), m_language(language) {
        register_drivers();
        auto* const driver = GetGDALDriverManager()->GetDriverByName("GPKG");
        m_dataset.reset(driver == nullptr ? nullptr : driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
        if (!m_dataset) {
            fail();
        }
        m_reference.importFromEPSG(4490);
        m_reference.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        m_dataset->StartTransaction();
        m_points = make_layer("problem_points", wkbPoint);
        m_lines = make_layer("problem_lines", wkbLineString);
        m_areas = make_layer("problem_areas", wkbMultiPolygon);
        m_table = make_layer("problems", wkbNone);
        add_styles();
    }

    void add(Problem const& problem) {
        auto const& kind = problem_kind(problem.code);
        OGRLayer* layer = m_table;
        std::unique_ptr<OGRGeometry> geometry;
        if (problem.place && !problem.place->area.empty()) {
            layer = m_areas;
            auto multi = std::make_unique<OGRMultiPolygon>();
            for (auto const& part : problem.place->area.parts) {
                auto polygon = std::make_unique<OGRPolygon>();
                add_ring(*polygon, part.outer);
                for (auto const& hole : part.holes) {
                    add_ring(*polygon, hole);
                }
                multi->addGeometryDirectly(polygon.release());
            }
            geometry = std::move(multi);
        } else if (problem.place && problem.place->line.size() >= 2) {
            layer = m_lines;
            auto line = std::make_unique<OGRLineString>();
            for (auto const p : problem.place->line) {
                auto const point = to_ogr(p);
                line->addPoint(&point);
            }
            geometry = std::move(line);
        } else if (problem.place) {
            layer = m_points;
            geometry = std::make_unique<OGRPoint>(to_ogr(problem.place->at));
        }
        OGRFeature feature{layer->GetLayerDefn()};
        feature.SetField("problem_id", problem.id().c_str());
        feature.SetField("code", static_cast<int>(problem.code));
        feature.SetField("problem", std::string{kind.slug}.c_str());
        feature.SetField("title_zh", std::string{kind.title_zh}.c_str());
        feature.SetField("severity", std::string{to_string(kind.severity)}.c_str());
        feature.SetField("subjects", utf8_or_replaced(fmt::format("{}", fmt::join(problem.subjects, ", "))).c_str());
        feature.SetField("message", utf8_or_replaced(sentence(problem, m_language)).c_str());
        if (!problem.unit.empty()) {
            feature.SetField("measure", problem.measure);
            feature.SetField("unit", problem.unit.c_str());
        }
        feature.SetGeometryDirectly(geometry.release());
        if (layer->CreateFeature(&feature) != OGRERR_NONE) {
            fail();
        }
    }

    void close() {
        if (m_dataset->CommitTransaction() != OGRERR_NONE) {
            fail();
        }
        m_dataset.reset();
        if (m_messages.failed()) {
            fail();
        }
    }

private:
    [[nodiscard]] OGRLayer* make_layer(char const* name, OGRwkbGeometryType type) {
        auto* const layer = m_dataset->CreateLayer(name, type == wkbNone ? nullptr : &m_reference, type, nullptr);
        if (layer == nullptr) {
            fail();
        }
        for (auto const& [field, field_type] : {std::pair{"problem_id", OFTString},
                                                {"code", OFTInteger},
                                                {"problem", OFTString},
                                                {"title_zh", OFTString},
                                                {"severity", OFTString},
                                                {"subjects", OFTString},
                                                {"message", OFTString},
                                                {"measure", OFTReal},
                                                {"unit", OFTString}}) {
            OGRFieldDefn definition{field, field_type};
            if (layer->CreateField(&definition) != OGRERR_NONE) {
                fail();
            }
        }
        return layer;
    }
    /// The table that QGIS keeps styles in, with the columns it makes itself; useAsDefault makes it apply them.
    void add_styles() {
        auto* const layer = m_dataset->CreateLayer("layer_styles", nullptr, wkbNone, nullptr);
        if (layer == nullptr) {
            fail();
        }
        for (auto const& [field, field_type] : {std::pair{"f_table_catalog", OFTString},
                                                {"f_table_schema", OFTString},
                                                {"f_table_name", OFTString},
                                                {"f_geometry_column", OFTString},
                                                {"styleName", OFTString},
                                                {"styleQML", OFTString},
                                                {"styleSLD", OFTString},
                                                {"useAsDefault", OFTInteger},
                                                {"description", OFTString},
                                                {"owner", OFTString},
                                                {"ui", OFTString},
                                                {"update_time", OFTDateTime}}) {
            OGRFieldDefn definition{field, field_type};
            definition.SetSubType(std::string_view{field} == "useAsDefault" ? OFSTBoolean : OFSTNone);
            if (layer->CreateField(&definition) != OGRERR_NONE) {
                fail();
            }
        }
        for (auto const& [name, geometry] : {std::pair{"problem_points", StyledGeometry::point},
                                             {"problem_lines", StyledGeometry::line},
                                             {"problem_areas", StyledGeometry::area}}) {
            OGRFeature style{layer->GetLayerDefn()};
            style.SetField("f_table_catalog", "");
            style.SetField("f_table_schema", "");
            style.SetField("f_table_name", name);
            style.SetField("f_geometry_column", "geom");
            style.SetField("styleName", "problems by code");
            style.SetField("styleQML", qml_style(geometry, m_language).c_str());
            style.SetField("styleSLD", sld_style(geometry, name, m_language).c_str());
            style.SetField("useAsDefault", 1);
            style.SetField("description", "one colour for each problem code");
            style.SetField("owner", "");
            style.SetField("update_time", 2000, 1, 1, 0, 0, 0.0F, 100); // the same in every run
            if (layer->CreateFeature(&style) != OGRERR_NONE) {
                fail();
            }
        }
    }
    [[noreturn]] void fail() const {
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: the report cannot be written: {}; check the folder, its permissions and the disk space",
                        m_path.string(), m_messages.first_failure())};
    }

    std::filesystem::path m_path;
    Language m_language;
    GdalMessages m_messages;
    GdalMessages::Listening m_listening{m_messages};
    OGRSpatialReference m_reference;
    Dataset m_dataset;
    OGRLayer* m_points = nullptr;
    OGRLayer* m_lines = nullptr;
    OGRLayer* m_areas = nullptr;
    OGRLayer* m_table = nullptr;
};

} // namespace

void write_report_geopackage(ReportContents const& contents, std::filesystem::path const& path) {
    remove_left_over(path);
    std::filesystem::path const aside = fmt::format("{}.new-{}.gpkg", path.string(), ::getpid());
    try {
        ProblemLayers layers{aside, contents.language};
        for (auto const& problem : contents.tally->problems) {
            layers.add(problem);
        }
        layers.close();
    } catch (...) {
        remove_left_over(path); // the journal too
        throw;
    }
    rename_durably(aside, path);
}

} // namespace wangge::importers
