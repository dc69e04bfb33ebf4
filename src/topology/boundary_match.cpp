#include "boundary_match.hpp"

#include "box_pairs.hpp"

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace wangge::topology {

namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

/// Metres east and north of the border's first node, by the scales there: such pieces are small.
struct Place {
    double east = 0;
    double north = 0;
};

struct Side {
    std::array<Place, 3> places; ///< both ends and the middle
    std::array<double, 3> nearest{kFar, kFar, kFar};
    std::uint32_t beside = 0; ///< owner of what is nearest to the middle
};

double distance(Place p, Place a, Place b) noexcept {
    auto const east = b.east - a.east;
    auto const north = b.north - a.north;
    auto const length2 = east * east + north * north;
    auto const along = (p.east - a.east) * east + (p.north - a.north) * north;
    auto const t = length2 > 0 ? std::clamp(along / length2, 0.0, 1.0) : 0.0;
    return std::hypot(p.east - a.east - t * east, p.north - a.north - t * north);
}

void come_near(Side& side, Side const& other, std::uint32_t other_owner) {
    for (std::size_t k = 0; k < side.places.size(); ++k) {
        auto const d = distance(side.places[k], other.places[0], other.places[1]);
        bool const is_middle = k + 1 == side.places.size();
        if (is_middle && (d < side.nearest[k] || (d == side.nearest[k] && other_owner < side.beside))) {
            side.beside = other_owner;
        }
        side.nearest[k] = std::min(side.nearest[k], d);
    }
}

} // namespace

std::vector<MeantStretch> match_sides(Arrangement const& arrangement, std::span<BorderEdge const> border,
                                      double tolerance_m) {
    auto const one_owner = [&](BorderEdge const& e) { return e.owner == border.front().owner; };
    if (border.empty() || std::all_of(border.begin(), border.end(), one_owner)) {
        return {};
    }
    auto const origin = arrangement.node(arrangement.tail(border.front().half_edge));
    auto const degree = geom::metres_per_degree(static_cast<double>(origin.lat) / geom::kUnitsPerDegree);
    Place const unit{degree.lon / geom::kUnitsPerDegree, degree.lat / geom::kUnitsPerDegree};
    auto const reach = [&](double metres) {
        return static_cast<std::int32_t>(std::min(3e8, tolerance_m / metres + 2));
    };
    auto const east_reach = reach(unit.east);
    auto const north_reach = reach(unit.north);
    std::vector<Side> sides;
    std::vector<Boxed> boxes;
    for (std::uint32_t i = 0; i < border.size(); ++i) {
        Side side;
        geom::Envelope box;
        for (std::size_t k = 0; k < 2; ++k) {
            auto const h = border[i].half_edge;
            auto const node = arrangement.node(k == 0 ? arrangement.tail(h) : arrangement.head(h));
            side.places[k] = {static_cast<double>(node.lon - origin.lon) * unit.east,
                              static_cast<double>(node.lat - origin.lat) * unit.north};
            box.extend(node.rounded);
        }
        side.places[2] = {(side.places[0].east + side.places[1].east) / 2,
                          (side.places[0].north + side.places[1].north) / 2};
        sides.push_back(side);
        box.min = {box.min.lon - east_reach, box.min.lat - north_reach};
        boxes.push_back({box, i});
    }
    for_each_box_pair(std::move(boxes), [&](std::uint32_t i, std::uint32_t k) {
        if (border[i].owner != border[k].owner) {
            come_near(sides[i], sides[k], border[k].owner);
            come_near(sides[k], sides[i], border[i].owner);
        }
    });
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::array<std::vector<std::uint32_t>, 2>> pieces;
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> apart;
    for (std::size_t i = 0; i < sides.size(); ++i) {
        auto const farthest = *std::max_element(sides[i].nearest.begin(), sides[i].nearest.end());
        if (farthest > tolerance_m) {
            return {};
        }
        auto const pair = std::minmax(border[i].owner, sides[i].beside);
        pieces[pair][border[i].owner == pair.first ? 0 : 1].push_back(border[i].half_edge / 2);
        apart[pair] = std::max(apart[pair], farthest);
    }
    std::vector<MeantStretch> result;
    for (auto& [pair, sides_of_pair] : pieces) {
        auto& side = sides_of_pair[sides_of_pair[0].empty() ? 1 : 0];
        std::sort(side.begin(), side.end());
        side.erase(std::unique(side.begin(), side.end()), side.end());
        result.push_back({pair.first, pair.second, std::move(side), apart[pair]});
    }
    return result;
}

} // namespace wangge::topology
