#pragma once

#include <wangge/geom/polygon.hpp>

#include <optional>
#include <string>

namespace wangge::geom {

/// Why GEOS calls the shape invalid (OGC rules), with the place; empty when it is valid. For messages and cross-checks;
/// the coverage checker decides validity with its own exact rules. Thread-safe: one GEOS context for each thread.
/// Throws Error{environment} when GEOS itself fails.
[[nodiscard]] std::optional<std::string> geos_invalid_reason(MultiPolygon const& shape);

} // namespace wangge::geom
