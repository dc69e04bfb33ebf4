#pragma once

#include <wangge/geom/polygon.hpp>
#include <wangge/geom/problem.hpp>

#include <span>
#include <string>
#include <vector>

namespace wangge::topology {

/// The outline within which staff have accepted that no grid covers the ground. The shape is borrowed.
struct AcceptedOutline {
    geom::MultiPolygon const* shape = nullptr;
    std::string reason;
};

/// Does `inner` lie within `outer`, but for less than 0.01 m2? O((n + crossings) log n).
[[nodiscard]] bool lies_within(geom::MultiPolygon const& inner, geom::MultiPolygon const& outer);

/// Makes a note (309) of each gap (302) that lies within one of the outlines; a sliver (307) beside it goes.
void note_accepted_gaps(std::vector<Problem>& problems, std::span<AcceptedOutline const> outlines);

} // namespace wangge::topology
