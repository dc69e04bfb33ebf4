#pragma once

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::geom {

/// OGC WKB, little-endian MultiPolygon in degrees, longitude first, rings closed. Appends to `out`.
void append_wkb(MultiPolygon const& shape, std::vector<std::byte>& out);

/// Reads what append_wkb wrote (or any 2D WKB Polygon or MultiPolygon in degrees), rounding to the lattice. Empty when
/// the bytes are not such. Never reads out of bounds.
[[nodiscard]] std::optional<MultiPolygon> parse_wkb(std::span<std::byte const> bytes);

/// "MULTIPOLYGON(((...)))" in degrees with 7 decimals, for messages and tests.
[[nodiscard]] std::string to_wkt(MultiPolygon const& shape);
[[nodiscard]] std::string to_wkt(Point p);

} // namespace wangge::geom
