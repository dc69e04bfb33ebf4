#pragma once

#include "report_contents.hpp"

#include <string>

namespace wangge::importers {

/// One page, well-formed as XML too: facts, problems by code, a map of the layer with the problems, close looks at the
/// worst, lists with ids, what each code means. No script, nothing from elsewhere.
[[nodiscard]] std::string report_html(ReportContents const& contents);

} // namespace wangge::importers
