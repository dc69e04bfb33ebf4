#include "ground.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace wangge::command {

std::vector<Ground> ground_of(std::span<registry::GridDifference const> differences, topology::ShareShapes shapes) {
    std::vector<geom::MultiPolygon const*> before;
    std::vector<geom::MultiPolygon const*> after;
    std::vector<GridCode> codes_before;
    std::vector<GridCode> codes_after;
    for (auto const& difference : differences) {
        if (difference.before) {
            before.push_back(&difference.before->shape);
            codes_before.push_back(difference.before->code);
        }
        if (difference.after) {
            after.push_back(&difference.after->shape);
            codes_after.push_back(difference.after->code);
        }
    }
    std::vector<Ground> ground;
    for (auto& share : topology::area_shares(before, after, shapes)) {
        ground.push_back({share.before == topology::kNobody ? std::nullopt : std::optional{codes_before[share.before]},
                          share.after == topology::kNobody ? std::nullopt : std::optional{codes_after[share.after]},
                          share.area_m2, share.share_of_before, share.share_of_after, std::move(share.shape)});
    }
    return ground;
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
