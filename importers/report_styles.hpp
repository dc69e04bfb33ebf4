#pragma once

#include <wangge/base/words.hpp>

#include <string>

namespace wangge::importers {

enum class StyledGeometry { point, line, area };

/// One category for each code of the catalogue that such a layer may hold, on the field `code`, each in its colour.
/// As QGIS keeps it in the column styleQML of the table layer_styles (QGIS 3.22).
[[nodiscard]] std::string qml_style(StyledGeometry geometry, Language language);
/// The same as SLD 1.1.0 (OGC 05-078r4), for other programs.
[[nodiscard]] std::string sld_style(StyledGeometry geometry, std::string const& layer, Language language);

} // namespace wangge::importers
