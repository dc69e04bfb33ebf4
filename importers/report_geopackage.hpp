#pragma once

#include "report_contents.hpp"

#include <filesystem>

namespace wangge::importers {

/// Layers problem_points, problem_lines, problem_areas (EPSG:4490) and the table problems with those that have no
/// place; layer_styles with the styles that QGIS applies when it opens them. Written aside and renamed. Throws
/// Error{environment}.
void write_report_geopackage(ReportContents const& contents, std::filesystem::path const& path);

} // namespace wangge::importers
