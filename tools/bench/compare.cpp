#include "compare.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

namespace wangge::bench {

using snapshot::GridId;
using snapshot::kOutside;

void compare(snapshot::Snapshot const& snapshot, std::span<geom::Point const> points,
             std::span<std::uint32_t const> theirs, double tolerance_m, Report& report) {
    auto const near = [&](GridId id, geom::Point p) {
        return id < snapshot.grid_count() && snapshot.distance_to_boundary_m(id, p) <= tolerance_m;
    };
    for (std::size_t i = 0; i < points.size(); ++i) {
        auto const ours = snapshot.locate(points[i]);
        ++report.compared;
        if (ours != theirs[i]) {
            ++(near(ours, points[i]) || near(theirs[i], points[i]) ? report.boundary : report.wrong);
        }
    }
}

Row ask_index(snapshot::Snapshot const& snapshot, std::string_view way, std::string_view kind,
              std::span<geom::Point const> random, std::span<geom::Point const> sorted, int runs, Report& report) {
    auto const& index = snapshot.point_index();
    auto const& points = way == "sorted" ? sorted : random;
    std::vector<GridId> answers(points.size());
    index.locate(points, answers); // brings the pages in
    std::vector<GridId> const expected = answers;
    Measured measured;
    if (way == "single") {
        measured = measure(runs, [&] {
            for (std::size_t i = 0; i < points.size(); ++i) {
                answers[i] = index.locate(points[i]);
            }
        });
    } else if (way == "dependent") {
        measured = measure(runs, [&] {
            GridId last = 0;
            for (std::size_t i = 0; i < points.size(); ++i) {
                // Always zero, for a grid's number and for kOutside, but known only when the last answer is.
                auto const zero = static_cast<std::int32_t>((last + 1) >> 31U);
                last = index.locate(geom::Point{points[i].lon + zero, points[i].lat});
                answers[i] = last;
            }
        });
    } else if (way == "batch" || way == "sorted") {
        measured = measure(runs, [&] { index.locate(points, answers); });
    } else {
        throw Error{ErrorCode::usage, fmt::format("--only: '{}' is none of {}", way, fmt::join(kWays, ", "))};
    }
    double inside = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        inside += answers[i] != kOutside ? 1 : 0;
        report.wrong += answers[i] != expected[i] ? 1U : 0U;
    }
    return {"wangge", std::string{way}, std::string{kind}, points.size(), measured, {{"inside", inside}}};
}

} // namespace wangge::bench
