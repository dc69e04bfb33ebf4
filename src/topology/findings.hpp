#pragma once

#include "areas.hpp"
#include "face_validity.hpp"

#include <wangge/geom/problem.hpp>

#include <string>
#include <vector>

namespace wangge::topology {

/// A boundary stretch that two faces draw with different vertices.
struct UnmatchedLine {
    std::vector<Point> line; ///< the longest connected stretch
    double length_m = 0;     ///< of all stretches
    double longest_m = 0;    ///< of `line`
    double apart_m = 0;      ///< the largest distance between what the two draw
};

/// The words of each problem: what, where, what to do.
[[nodiscard]] Problem fault_in_face(std::string const& name, FaceFault const& fault);
[[nodiscard]] Problem duplicate_faces(std::vector<std::string> names, geom::MultiPolygon const& shape);
[[nodiscard]] Problem overlap_of_two(std::string const& a, std::string const& b, TracedArea area);
[[nodiscard]] Problem overlap_with_many(std::string const& name, std::size_t others, TracedArea area);
[[nodiscard]] Problem gap_between(std::vector<std::string> names, TracedArea area);
[[nodiscard]] Problem unmatched_boundary(std::string const& a, std::string const& b, UnmatchedLine line);
[[nodiscard]] Problem face_outside(std::string const& name, TracedArea area);
[[nodiscard]] Problem outline_not_filled(std::string const& name, TracedArea area);
/// The warning that goes with a narrow gap or overlap.
[[nodiscard]] Problem sliver_of(Problem const& problem);

} // namespace wangge::topology
