#pragma once

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace wangge::registry {

inline constexpr int kSrid = 4490;

/**
 * SpatiaLite's own geometry blob for a MULTIPOLYGON XY in EPSG:4490, longitude as x, replacing what `out` held.
 * Written from the lattice directly: no library call and no text between. All numbers little-endian.
 *   0x00  0x01  int32 srid  4 doubles min x, min y, max x, max y  0x7C  int32 6
 *   int32 parts, each: 0x69  int32 3  int32 rings, each: int32 points  (double x, double y)...   first point repeated
 * last 0xFE The shape must have a part and each ring three points. Source: SpatiaLite, "BLOB-Geometry format".
 */
void write_spatialite_blob(geom::MultiPolygon const& shape, std::vector<std::byte>& out);

/// Reads what write_spatialite_blob wrote, or what SpatiaLite writes for a POLYGON or MULTIPOLYGON XY in EPSG:4490, in
/// either byte order, rounding to the lattice. Empty when the bytes are not such. Never reads out of bounds; memory
/// stays proportional to the bytes.
[[nodiscard]] std::optional<geom::MultiPolygon> read_spatialite_blob(std::span<std::byte const> bytes);

} // namespace wangge::registry
