#pragma once

#include <wangge/importers/import_job.hpp>

#include <filesystem>

namespace wangge::importers {

/// Layers problem_points, problem_lines, problem_areas (EPSG:4490) and the table problems with those that have no
/// place. Written aside and renamed. Throws Error{environment}.
void write_report_geopackage(ImportReport const& report, std::filesystem::path const& path);

} // namespace wangge::importers
