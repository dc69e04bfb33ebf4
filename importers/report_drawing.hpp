#pragma once

#include <wangge/base/words.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/report_map.hpp>

#include <span>
#include <string>
#include <string_view>

namespace wangge::importers {

/// `text` for XML content and attributes; control characters and what is not UTF-8, which XML forbids, become U+FFFD.
[[nodiscard]] std::string xml_escaped(std::string_view text);

/// SVG of the layer with every problem that has a place; those with a close look carry its number, 1 for the first.
[[nodiscard]] std::string overview_svg(ReportMap const& map, std::span<Problem const> problems, Language language);

/// SVG of one problem with the features round it, and, where they are much larger, a small picture of them whole.
[[nodiscard]] std::string detail_svg(ReportMap::Detail const& detail, Problem const& problem, Language language);

/// Fill of the i-th subject in a detail, for its legend.
[[nodiscard]] std::string_view subject_colour(std::size_t i) noexcept;

} // namespace wangge::importers
