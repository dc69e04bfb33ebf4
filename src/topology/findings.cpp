#include "findings.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/geom/wkb.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace wangge::topology {

namespace {

std::string square_metres(double value) {
    return value < 10 ? fmt::format("{:.4f} m2", value) : fmt::format("{:.1f} m2", value);
}

std::string in_pieces(TracedArea const& area) {
    return area.pieces == 1 ? std::string{} : fmt::format(" in {} pieces", area.pieces);
}

std::string listed(std::vector<std::string> const& names) {
    constexpr std::size_t most = 8;
    if (names.size() <= most) {
        return fmt::format("{}", fmt::join(names, ", "));
    }
    return fmt::format("{} and {} more", fmt::join(std::span{names}.first(most), ", "), names.size() - most);
}

Problem with_area(ProblemCode code, std::vector<std::string> subjects, std::string message, TracedArea&& area) {
    Problem problem;
    problem.code = code;
    problem.subjects = std::move(subjects);
    problem.message = std::move(message);
    problem.measure = area.area_m2;
    problem.unit = "m2";
    problem.place = ProblemPlace{area.at, {}, std::move(area.shape)};
    return problem;
}

} // namespace

Problem fault_in_face(std::string const& name, FaceFault const& fault) {
    Problem problem;
    problem.code = fault.code;
    problem.subjects = {name};
    if (fault.code == ProblemCode::empty_geometry) {
        problem.message = fmt::format("{} {}; {}", name, fault.detail, fault.remedy);
        return problem;
    }
    problem.place = ProblemPlace{fault.at, {}, {}};
    problem.message = fmt::format(
        "{}: {} at {}{}; {}", name, fault.detail, geom::to_wkt(fault.at),
        fault.places > 1 ? fmt::format(", and in {} more places", fault.places - 1) : std::string{}, fault.remedy);
    if (fault.places > 1) {
        problem.facts.push_back({"places", std::to_string(fault.places - 1)});
    }
    return problem;
}

Problem duplicate_faces(std::vector<std::string> names, geom::MultiPolygon const& shape) {
    std::sort(names.begin(), names.end());
    TracedArea area;
    area.shape = shape;
    geom::normalize(area.shape);
    area.at = geom::interior_point(area.shape);
    area.area_m2 = geom::area_m2(area.shape);
    auto message =
        fmt::format("{} have the same geometry ({}); keep one of them", listed(names), square_metres(area.area_m2));
    return with_area(ProblemCode::duplicate_geometry, std::move(names), std::move(message), std::move(area));
}

Problem overlap_of_two(std::string const& a, std::string const& b, TracedArea area) {
    std::vector<std::string> names{std::min(a, b), std::max(a, b)};
    auto message = fmt::format("{} and {} overlap by {}{} at {}; give the area to one of them", names[0], names[1],
                               square_metres(area.area_m2), in_pieces(area), geom::to_wkt(area.at));
    return with_area(ProblemCode::overlap, std::move(names), std::move(message), std::move(area));
}

Problem overlap_with_many(std::string const& name, std::size_t others, TracedArea area) {
    auto message = fmt::format("{} overlaps {} others by {}{} at {}; check its geometry first", name, others,
                               square_metres(area.area_m2), in_pieces(area), geom::to_wkt(area.at));
    auto problem = with_area(ProblemCode::overlap, {name}, std::move(message), std::move(area));
    problem.facts.push_back({"others", std::to_string(others)});
    return problem;
}

Problem gap_between(std::vector<std::string> names, TracedArea area) {
    std::sort(names.begin(), names.end());
    auto message =
        fmt::format("a gap of {}{} is enclosed by {} at {}; extend a neighbour over it or draw what is missing",
                    square_metres(area.area_m2), in_pieces(area), listed(names), geom::to_wkt(area.at));
    return with_area(ProblemCode::gap, std::move(names), std::move(message), std::move(area));
}

Problem unmatched_boundary(std::string const& a, std::string const& b, UnmatchedLine line) {
    Problem problem;
    problem.code = ProblemCode::edge_not_matched;
    problem.subjects = {std::min(a, b), std::max(a, b)};
    auto const at = line.line[line.line.size() / 2];
    problem.message =
        line.apart_m == 0
            ? fmt::format("{} and {} share {:.3f} m of boundary near {} but not its vertices; insert the missing "
                          "vertices",
                          problem.subjects[0], problem.subjects[1], line.length_m, geom::to_wkt(at))
            : fmt::format("{} and {} share {:.3f} m of boundary near {} but not its vertices, and draw it up to {:.3f} "
                          "m apart; snap one to the other",
                          problem.subjects[0], problem.subjects[1], line.length_m, geom::to_wkt(at), line.apart_m);
    if (line.apart_m > 0) {
        problem.facts.push_back({"apart", fmt::format("{:.3f}", line.apart_m)});
    }
    problem.measure = line.length_m;
    problem.unit = "m";
    problem.place = ProblemPlace{at, std::move(line.line), {}};
    return problem;
}

Problem face_outside(std::string const& name, TracedArea area) {
    auto message = fmt::format("{} lies outside every county outline by {}{} at {}; cut it back to the county boundary",
                               name, square_metres(area.area_m2), in_pieces(area), geom::to_wkt(area.at));
    return with_area(ProblemCode::outside_county, {name}, std::move(message), std::move(area));
}

Problem outline_not_filled(std::string const& name, TracedArea area) {
    auto message =
        fmt::format("{} of {} belong to no grid{}, as at {}; draw the missing grids or record why there are none",
                    square_metres(area.area_m2), name, in_pieces(area), geom::to_wkt(area.at));
    return with_area(ProblemCode::county_not_filled, {name}, std::move(message), std::move(area));
}

Problem sliver_of(Problem const& problem) {
    auto sliver = problem;
    sliver.code = ProblemCode::sliver;
    sliver.facts.push_back({"of", std::string{problem_kind(problem.code).slug}});
    sliver.message =
        fmt::format("the {} of {} is a sliver ({}); snap the boundaries together", problem_kind(problem.code).slug,
                    listed(problem.subjects), square_metres(problem.measure));
    return sliver;
}

} // namespace wangge::topology
