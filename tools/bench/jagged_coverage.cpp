#include "jagged_coverage.hpp"

#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wangge::bench {

namespace {

constexpr int kBends = 18; ///< vertices along a side between its corners

struct Place {
    double x = 0, y = 0; ///< in columns and rows of the regular net
};

/// Vertices from `a` to `b`, without `b`. They go forward along the chord and stay in a slim rhombus round it, so that
/// sides never cross.
std::vector<Place> side(Place a, Place b, Random& random) {
    std::vector<Place> places{a};
    double const dx = b.x - a.x;
    double const dy = b.y - a.y;
    for (int i = 1; i <= kBends; ++i) {
        double const t = i / (kBends + 1.0);
        double const off = random.signed_unit() * std::min({0.2 * t, 0.2 * (1 - t), 0.08});
        places.push_back({a.x + t * dx - off * dy, a.y + t * dy + off * dx});
    }
    return places;
}

/// Monotone, with slopes from 0.2 to 1.8, so that some columns and rows are narrow like towns and some wide like hills.
double warp(double u) {
    constexpr double kWaves = 3 * 2 * std::numbers::pi;
    return u + 0.8 * std::sin(kWaves * u) / kWaves;
}

} // namespace

std::vector<geom::MultiPolygon> jagged_coverage(std::size_t count) {
    auto const columns =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(std::sqrt(1.4 * static_cast<double>(count)))));
    auto const rows = std::max<std::size_t>(1, (count + columns / 2) / columns);
    Random random{1};
    std::vector<Place> corners((columns + 1) * (rows + 1));
    for (std::size_t i = 0; i < corners.size(); ++i) {
        corners[i] = {static_cast<double>(i % (columns + 1)) + 0.15 * random.signed_unit(),
                      static_cast<double>(i / (columns + 1)) + 0.15 * random.signed_unit()};
    }
    auto const corner = [&](std::size_t x, std::size_t y) { return corners[y * (columns + 1) + x]; };
    std::vector<std::vector<Place>> eastward, northward;
    for (std::size_t y = 0; y <= rows; ++y) {
        for (std::size_t x = 0; x <= columns; ++x) {
            eastward.push_back(x < columns ? side(corner(x, y), corner(x + 1, y), random) : std::vector<Place>{});
            northward.push_back(y < rows ? side(corner(x, y), corner(x, y + 1), random) : std::vector<Place>{});
        }
    }
    auto const to_point = [&](Place p) {
        auto const u = warp(p.x / static_cast<double>(columns));
        auto const v = warp(p.y / static_cast<double>(rows));
        return geom::Point{geom::to_lattice(109.7 + 7.5 * u), geom::to_lattice(20.3 + 5.2 * v)};
    };
    std::vector<geom::MultiPolygon> shapes;
    shapes.reserve(columns * rows);
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < columns; ++x) {
            geom::Ring ring;
            auto const forward = [&](std::vector<Place> const& s) {
                for (auto const p : s) {
                    ring.push_back(to_point(p));
                }
            };
            auto const backward = [&](Place from, std::vector<Place> const& s) {
                ring.push_back(to_point(from));
                for (auto i = s.size() - 1; i > 0; --i) {
                    ring.push_back(to_point(s[i]));
                }
            };
            forward(eastward[y * (columns + 1) + x]);
            forward(northward[y * (columns + 1) + x + 1]);
            backward(corner(x + 1, y + 1), eastward[(y + 1) * (columns + 1) + x]);
            backward(corner(x, y + 1), northward[y * (columns + 1) + x]);
            shapes.push_back({{{std::move(ring), {}}}});
        }
    }
    return shapes;
}

} // namespace wangge::bench
