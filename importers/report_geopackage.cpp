#include "report_geopackage.hpp"

#include "new_geopackage.hpp"
#include "problem_text.hpp"
#include "report_styles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ogrsf_frmts.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wangge::importers {

namespace {

class ProblemLayers {
public:
    ProblemLayers(std::filesystem::path const& path, Language language) : m_language(language), m_file(path) {
        std::vector<GeoPackageField> const fields{{"problem_id"}, {"code", OFTInteger}, {"problem"},
                                                  {"title_zh"},   {"severity"},         {"subjects"},
                                                  {"message"},    {"measure", OFTReal}, {"unit"}};
        m_points = &m_file.layer("problem_points", wkbPoint, fields);
        m_lines = &m_file.layer("problem_lines", wkbLineString, fields);
        m_areas = &m_file.layer("problem_areas", wkbMultiPolygon, fields);
        m_table = &m_file.layer("problems", wkbNone, fields);
        add_styles();
    }

    void add(Problem const& problem) {
        auto const& kind = problem_kind(problem.code);
        OGRLayer* layer = m_table;
        std::unique_ptr<OGRGeometry> geometry;
        if (problem.place && !problem.place->area.empty()) {
            layer = m_areas;
            geometry = to_ogr(problem.place->area);
        } else if (problem.place && problem.place->line.size() >= 2) {
            layer = m_lines;
            auto line = std::make_unique<OGRLineString>();
            for (auto const p : problem.place->line) {
                line->addPoint(geom::to_degrees(p.lon), geom::to_degrees(p.lat));
            }
            geometry = std::move(line);
        } else if (problem.place) {
            layer = m_points;
            auto const at = problem.place->at;
            geometry = std::make_unique<OGRPoint>(geom::to_degrees(at.lon), geom::to_degrees(at.lat));
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
        m_file.add(*layer, feature, std::move(geometry));
    }
    void close() { m_file.close(); }

private:
    /// The table that QGIS keeps styles in, with the columns it makes itself; useAsDefault makes it apply them.
    void add_styles() {
        auto& layer = m_file.layer("layer_styles", wkbNone,
                                   {{"f_table_catalog"},
                                    {"f_table_schema"},
                                    {"f_table_name"},
                                    {"f_geometry_column"},
                                    {"styleName"},
                                    {"styleQML"},
                                    {"styleSLD"},
                                    {"useAsDefault", OFTInteger, OFSTBoolean},
                                    {"description"},
                                    {"owner"},
                                    {"ui"},
                                    {"update_time", OFTDateTime}});
        for (auto const& [name, geometry] : {std::pair{"problem_points", StyledGeometry::point},
                                             {"problem_lines", StyledGeometry::line},
                                             {"problem_areas", StyledGeometry::area}}) {
            OGRFeature style{layer.GetLayerDefn()};
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
            m_file.add(layer, style, nullptr);
        }
    }

    Language m_language;
    NewGeoPackage m_file;
    OGRLayer* m_points = nullptr;
    OGRLayer* m_lines = nullptr;
    OGRLayer* m_areas = nullptr;
    OGRLayer* m_table = nullptr;
};

} // namespace

void write_report_geopackage(ReportContents const& contents, std::filesystem::path const& path) {
    ProblemLayers layers{path, contents.language};
    for (auto const& problem : contents.tally->problems) {
        layers.add(problem);
    }
    layers.close();
}

} // namespace wangge::importers
