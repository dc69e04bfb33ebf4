#include "jagged_edges.hpp"

#include "random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace wangge::synth {

namespace {

using geom::Point;

/// Half of a diamond: the incentre of the triangle on one side, as its foot along the edge (0 to length) and its
/// height.
struct Half {
    double foot = 0, height = 0;
};

double distance(Point a, Point b) noexcept {
    double const x = double{1} * b.lon - a.lon;
    double const y = double{1} * b.lat - a.lat;
    return std::sqrt(x * x + y * y);
}

Half half_of(Point a, Point b, Point c) noexcept {
    double const ab = distance(a, b);
    double const bc = distance(b, c);
    double const ca = distance(c, a);
    double const twice_area = std::abs((double{1} * b.lon - a.lon) * (double{1} * c.lat - a.lat) -
                                       (double{1} * b.lat - a.lat) * (double{1} * c.lon - a.lon));
    return {(ab + ca - bc) / 2, twice_area / (ab + bc + ca)};
}

/// How far the line may leave the edge at `x`, so that it stays `kMargin` inside the diamond and uses four fifths of
/// it.
double room_at(Half const& half, double length, double x) noexcept {
    constexpr double kMargin = 3; // lattice units; rounding to the lattice moves a vertex by 0.71 at most
    bool const before = x < half.foot;
    double const run = before ? half.foot : length - half.foot;
    double const along = before ? x : length - x;
    if (run <= 0) {
        return 0;
    }
    double const width = half.height * along / run;
    // A margin measured square to the diamond's side, here along the perpendicular of the edge.
    double const slant = std::sqrt(run * run + half.height * half.height) / run;
    return std::min(0.8 * width, width - kMargin * slant);
}

std::uint64_t key_of(Point p) noexcept {
    return (std::uint64_t{static_cast<std::uint32_t>(p.lon)} << 32U) | static_cast<std::uint32_t>(p.lat);
}

} // namespace

void append_jagged(Quad const& quad, std::uint64_t seed, std::vector<Point>& out) {
    bool const reversed = quad.b < quad.a;
    auto const a = reversed ? quad.b : quad.a;
    auto const b = reversed ? quad.a : quad.b;
    auto const left = half_of(a, b, reversed ? quad.right : quad.left);
    auto const right = half_of(a, b, reversed ? quad.left : quad.right);
    double const length = distance(a, b);
    Random random{mix(mix(seed, key_of(a)), key_of(b))};

    // Five to nine pieces, fewer on short edges: a lane has no bends every metre.
    constexpr double kShortestPiece = 250; // lattice units, 2.7 m
    auto pieces = 5 + static_cast<int>(random.below(5));
    pieces = std::min(pieces, static_cast<int>(length / kShortestPiece));
    if (pieces < 2) {
        return;
    }
    // A fractal offset: slow sways and small bends, both fixed at the ends.
    double const sway = random.between(-0.9, 0.9);
    double const second = random.between(-0.6, 0.6);
    double const roughness = random.between(0.15, 0.55);
    auto const first = out.size();
    Point before = a;
    for (int k = 1; k < pieces; ++k) {
        double const t = (k + random.between(-0.3, 0.3)) / pieces;
        double const x = t * length;
        double const room_left = room_at(left, length, x);
        double const room_right = room_at(right, length, x);
        if (room_left <= 0 || room_right <= 0) {
            continue; // too near an end for any lattice position but those of the edge itself
        }
        double const shape = sway + second * (1 - 2 * t) * 2 + roughness * random.between(-1, 1);
        double const offset = std::clamp(shape, -1.0, 1.0) * (shape > 0 ? room_left : room_right);
        double const ux = (double{1} * b.lon - a.lon) / length;
        double const uy = (double{1} * b.lat - a.lat) / length;
        Point const p{a.lon + static_cast<std::int32_t>(std::llround(ux * x - uy * offset)),
                      a.lat + static_cast<std::int32_t>(std::llround(uy * x + ux * offset))};
        // Forward by far more than rounding can take back, so that the line cannot meet itself.
        double const step = ux * (double{1} * p.lon - before.lon) + uy * (double{1} * p.lat - before.lat);
        if (step < 4) {
            continue;
        }
        out.push_back(p);
        before = p;
    }
    if (reversed) {
        std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
    }
}

} // namespace wangge::synth
