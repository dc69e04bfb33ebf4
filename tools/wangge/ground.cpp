#include "ground.hpp"

#include <array>
#include <cmath>

namespace wangge::command {

std::vector<Ground> ground_of(std::span<registry::GridDifference const> differences, topology::ShareShapes shapes) {
    std::vector<topology::ShapeChange> changes;
    for (auto const& [before, after] : differences) {
        changes.push_back(
            {(before ? before : after)->code, before ? &before->shape : nullptr, after ? &after->shape : nullptr});
    }
    return topology::ground_shares(changes, shapes);
}

AreaMoved area_moved(geom::MultiPolygon const& before, geom::MultiPolygon const& after) {
    std::array const from{&before};
    std::array const to{&after};
    AreaMoved moved;
    for (auto const& share : topology::area_shares(from, to)) {
        if (share.before == topology::kNobody) {
            moved.gained_m2 += share.area_m2;
        } else if (share.after == topology::kNobody) {
            moved.lost_m2 += share.area_m2;
        }
    }
    return moved;
}

double to_cm2(double area_m2) { return std::round(area_m2 * 1e2) / 1e2; }

} // namespace wangge::command
