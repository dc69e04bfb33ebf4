#pragma once

#include <wangge/crs/transformer.hpp>

namespace wangge::crs {

/// GCJ-02 position in degrees, longitude first. A type of its own so that it is never taken for CGCS2000.
struct Gcj02Position {
    double lon = 0;
    double lat = 0;
};

/// BD-09 position in degrees, longitude first.
struct Bd09Position {
    double lon = 0;
    double lat = 0;
};

/// Published GCJ-02 formulas; positions outside mainland China are offset as well (callers decide where it applies).
[[nodiscard]] Gcj02Position to_gcj02(Position p) noexcept;
/// Inverse by iteration to below 1 mm.
[[nodiscard]] Position from_gcj02(Gcj02Position p) noexcept;

[[nodiscard]] Bd09Position to_bd09(Gcj02Position p) noexcept;
/// Inverse by iteration to below 1 mm (the published inverse formula alone is metres off).
[[nodiscard]] Gcj02Position from_bd09(Bd09Position p) noexcept;

} // namespace wangge::crs
