#pragma once

#include <wangge/importers/import_job.hpp>

#include <filesystem>
#include <string>

namespace wangge::importers {

/// What a person at a terminal needs: what was read and how, what changes, the problems by code with their first few
/// cases.
[[nodiscard]] std::string report_text(ImportReport const& report);

/// Everything in the report, UTF-8 JSON; positions in degrees, longitude first.
[[nodiscard]] std::string report_json(ImportReport const& report);

/// To be asked before an import, so that one whose report cannot be written changes nothing. Throws Error{usage} when
/// the name ends neither in .json nor in .gpkg, Error{environment} when the folder is not there or not writable.
void check_report_path(std::filesystem::path const& path);

/// JSON, or a GeoPackage with layers problem_points, problem_lines, problem_areas and the table problems when the name
/// ends in .gpkg. Replaces the file, whole or not at all. Throws Error{environment}.
void write_report(ImportReport const& report, std::filesystem::path const& path);

} // namespace wangge::importers
