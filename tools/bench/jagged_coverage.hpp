#pragma once

#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <vector>

namespace wangge::bench {

/// About `count` four-sided grids of some 76 vertices with jagged shared sides, over the box of Guangdong; their areas
/// differ by a factor of about 80. The same every time.
[[nodiscard]] std::vector<geom::MultiPolygon> jagged_coverage(std::size_t count);

} // namespace wangge::bench
