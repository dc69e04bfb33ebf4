#pragma once

#include <wangge/base/words.hpp>
#include <wangge/importers/check_layer.hpp>
#include <wangge/importers/import_job.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace wangge::importers {

/// Cases of each code that a person at a terminal is shown.
inline constexpr std::size_t kShownOnTerminal = 5;
/// Findings of each code in the JSON that a command prints.
inline constexpr std::size_t kListedOnOutput = 1'000;

/// For a terminal: what was read and how, what changes, the problems by code with their first few cases.
[[nodiscard]] std::string report_text(ImportReport const& report, Language language = Language::english,
                                      std::size_t shown_of_each = kShownOnTerminal);
[[nodiscard]] std::string report_text(CheckReport const& report, Language language = Language::english,
                                      std::size_t shown_of_each = kShownOnTerminal);

/// How the files were read (coordinates, columns, encodings) and what they would change: the head of report_text.
[[nodiscard]] std::string reading_text(ImportReport const& report, Language language);

/// Everything in the report, UTF-8 JSON; positions in degrees, longitude first. docs/problems.md has the members.
[[nodiscard]] std::string report_json(ImportReport const& report, Language language = Language::english);
/// At most `listed_of_each` findings of each code; the geometry of each (GeoJSON form, EPSG:4490) with `geometry`.
[[nodiscard]] std::string report_json(CheckReport const& report, Language language = Language::english,
                                      std::size_t listed_of_each = ProblemTally::kMaxListed, bool geometry = true);

/// True for a report that shows a map: ask for CheckOptions::draw or ImportOptions::draw.
[[nodiscard]] bool report_draws(std::filesystem::path const& path);

/// To be asked before the work, so that one whose report cannot be written changes nothing. Throws Error{usage} when
/// the name ends in none of .json, .html, .gpkg, .txt or it is one of `sources`, which it would replace;
/// Error{environment} when the folder is not there or not writable.
void check_report_path(std::filesystem::path const& path, std::span<std::filesystem::path const> sources = {});

/// By the ending of the name: .json; .html, one page without scripts or anything from elsewhere; .gpkg with layers
/// problem_points, problem_lines, problem_areas, the table problems and styles that QGIS applies by itself; .txt.
/// Replaces the file, whole or not at all. Throws Error{environment}.
void write_report(ImportReport const& report, std::filesystem::path const& path, Language language = Language::english);
void write_report(CheckReport const& report, std::filesystem::path const& path, Language language = Language::english);

} // namespace wangge::importers
