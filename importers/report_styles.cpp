#include "report_styles.hpp"

#include "problem_text.hpp"
#include "report_drawing.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::importers {

namespace {

/// "r,g,b,alpha" as QML writes colours, from "#rrggbb".
[[nodiscard]] std::string qml_colour(std::string_view colour, int alpha) {
    int part[3] = {0, 0, 0};
    for (std::size_t i = 0; i < 3; ++i) {
        std::from_chars(colour.data() + 1 + 2 * i, colour.data() + 3 + 2 * i, part[i], 16);
    }
    return fmt::format("{},{},{},{}", part[0], part[1], part[2], alpha);
}

[[nodiscard]] std::string option(std::string_view name, std::string_view value) {
    return fmt::format("<Option name=\"{}\" value=\"{}\" type=\"QString\"/>", name, value);
}

using Properties = std::vector<std::pair<std::string_view, std::string>>;

/// Older versions of QGIS read <prop>, newer ones <Option>.
[[nodiscard]] std::string qml_layer(std::string_view type, Properties const& properties, std::string_view inside) {
    std::string options;
    std::string props;
    for (auto const& [name, value] : properties) {
        options += option(name, value);
        fmt::format_to(std::back_inserter(props), "<prop k=\"{}\" v=\"{}\"/>", name, value);
    }
    return fmt::format("<layer class=\"{}\" enabled=\"1\" locked=\"0\" pass=\"0\"><Option type=\"Map\">{}</Option>{}{}"
                       "</layer>",
                       type, options, props, inside);
}

[[nodiscard]] Properties point_properties(std::string_view colour, std::string size) {
    return {{"name", "circle"},
            {"color", qml_colour(colour, 255)},
            {"outline_color", "255,255,255,255"},
            {"outline_style", "solid"},
            {"outline_width", "0.3"},
            {"outline_width_unit", "MM"},
            {"size", std::move(size)},
            {"size_unit", "MM"}};
}

[[nodiscard]] std::string qml_mark(StyledGeometry geometry, std::size_t number, std::string_view colour) {
    auto const symbol = fmt::format("<symbol name=\"@{}@1\" type=\"marker\" alpha=\"1\" clip_to_extent=\"1\" "
                                    "force_rhr=\"0\">{}</symbol>",
                                    number, qml_layer("SimpleMarker", point_properties(colour, "2"), {}));
    return geometry == StyledGeometry::area
               ? qml_layer("CentroidFill", {{"point_on_surface", "1"}, {"point_on_all_parts", "0"}}, symbol)
               : qml_layer("MarkerLine", {{"placement", "centralpoint"}, {"rotate", "0"}}, symbol);
}

/// The symbol of one category.
[[nodiscard]] std::string qml_symbol(StyledGeometry geometry, std::size_t number, std::string_view colour) {
    std::string_view type = "marker";
    std::string_view layer = "SimpleMarker";
    Properties properties;
    switch (geometry) {
    case StyledGeometry::point:
        properties = point_properties(colour, "3.2");
        break;
    case StyledGeometry::line:
        type = "line";
        layer = "SimpleLine";
        properties = {{"line_color", qml_colour(colour, 255)},
                      {"line_style", "solid"},
                      {"line_width", "0.9"},
                      {"line_width_unit", "MM"},
                      {"capstyle", "round"},
                      {"joinstyle", "round"}};
        break;
    case StyledGeometry::area:
        type = "fill";
        layer = "SimpleFill";
        properties = {{"color", qml_colour(colour, 140)},
                      {"style", "solid"},
                      {"outline_color", qml_colour(colour, 255)},
                      {"outline_style", "solid"},
                      {"outline_width", "0.6"},
                      {"outline_width_unit", "MM"},
                      {"joinstyle", "round"}};
        break;
    }
    auto const first = qml_layer(layer, properties, {});
    // What is too small to be seen from afar has a mark all the same.
    auto const mark = geometry == StyledGeometry::point ? std::string{} : qml_mark(geometry, number, colour);
    return fmt::format(
        "<symbol name=\"{}\" type=\"{}\" alpha=\"1\" clip_to_extent=\"1\" force_rhr=\"0\">{}{}</symbol>\n", number,
        type, first, mark);
}

[[nodiscard]] std::string label_of(ProblemKind const& kind, Language language) {
    return xml_escaped(fmt::format("{} {} ({})", static_cast<int>(kind.code), title_of(kind, language),
                                   word_of(kind.severity, language)));
}

[[nodiscard]] std::string sld_symbol(StyledGeometry geometry, std::string_view colour) {
    switch (geometry) {
    case StyledGeometry::point:
        return fmt::format(
            "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName><se:Fill>"
            "<se:SvgParameter name=\"fill\">{}</se:SvgParameter></se:Fill><se:Stroke><se:SvgParameter "
            "name=\"stroke\">#ffffff</se:SvgParameter></se:Stroke></se:Mark><se:Size>10</se:Size></se:Graphic>"
            "</se:PointSymbolizer>",
            colour);
    case StyledGeometry::line:
        return fmt::format("<se:LineSymbolizer><se:Stroke><se:SvgParameter name=\"stroke\">{}</se:SvgParameter>"
                           "<se:SvgParameter name=\"stroke-width\">3</se:SvgParameter></se:Stroke></se:LineSymbolizer>",
                           colour);
    case StyledGeometry::area:
        break;
    }
    return fmt::format("<se:PolygonSymbolizer><se:Fill><se:SvgParameter name=\"fill\">{0}</se:SvgParameter>"
                       "<se:SvgParameter name=\"fill-opacity\">0.55</se:SvgParameter></se:Fill><se:Stroke>"
                       "<se:SvgParameter name=\"stroke\">{0}</se:SvgParameter><se:SvgParameter "
                       "name=\"stroke-width\">2</se:SvgParameter></se:Stroke></se:PolygonSymbolizer>",
                       colour);
}

} // namespace

std::string qml_style(StyledGeometry geometry, Language language) {
    std::string categories;
    std::string symbols;
    std::size_t number = 0;
    for (auto const& kind : problem_kinds()) {
        fmt::format_to(std::back_inserter(categories),
                       "<category value=\"{}\" symbol=\"{}\" label=\"{}\" render=\"true\" type=\"long\"/>\n",
                       static_cast<int>(kind.code), number, label_of(kind, language));
        symbols += qml_symbol(geometry, number++, colour_of(kind.code));
    }
    return fmt::format("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
                       "<qgis version=\"3.22.16\" styleCategories=\"Symbology\">\n"
                       "<renderer-v2 type=\"categorizedSymbol\" attr=\"code\" enableorderby=\"0\" forceraster=\"0\" "
                       "symbollevels=\"0\">\n<categories>\n{}</categories>\n<symbols>\n{}</symbols>\n</renderer-v2>\n"
                       "<layerGeometryType>{}</layerGeometryType>\n</qgis>\n",
                       categories, symbols, static_cast<int>(geometry));
}

std::string sld_style(StyledGeometry geometry, std::string const& layer, Language language) {
    std::string rules;
    for (auto const& kind : problem_kinds()) {
        fmt::format_to(std::back_inserter(rules),
                       "<se:Rule><se:Name>{0}</se:Name><se:Description><se:Title>{0}</se:Title></se:Description>"
                       "<ogc:Filter><ogc:PropertyIsEqualTo><ogc:PropertyName>code</ogc:PropertyName><ogc:Literal>{1}"
                       "</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter>{2}</se:Rule>\n",
                       label_of(kind, language), static_cast<int>(kind.code),
                       sld_symbol(geometry, colour_of(kind.code)));
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<StyledLayerDescriptor "
                       "xmlns=\"http://www.opengis.net/sld\" xmlns:se=\"http://www.opengis.net/se\" "
                       "xmlns:ogc=\"http://www.opengis.net/ogc\" version=\"1.1.0\"><NamedLayer><se:Name>{0}</se:Name>"
                       "<UserStyle><se:Name>{0}</se:Name><se:FeatureTypeStyle>\n{1}</se:FeatureTypeStyle></UserStyle>"
                       "</NamedLayer></StyledLayerDescriptor>\n",
                       layer, rules);
}

} // namespace wangge::importers
