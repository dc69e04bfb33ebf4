#pragma once

#include "support/random.hpp"

#include <wangge/geom/polygon.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

/// Random small coverages, and an oracle for ownership that shares no code with geom or snapshot.
namespace wangge::test {

using geom::MultiPolygon;
using geom::Point;
using geom::Polygon;
using geom::Ring;
__extension__ using Int128 = __int128;

/**
 * Winding number of the shape's directed edges round (lon + d, lat + e), 0 < d << e infinitely small: an eastward ray,
 * edges half-open in latitude, ties broken by the symbolic offset. The rule of ownership as it is worded, not as it is
 * computed.
 */
inline int winding_round(MultiPolygon const& shape, Point p) {
    int winding = 0;
    auto const count = [&](Point a, Point b) {
        bool const a_below = a.lat <= p.lat; // below lat + e
        bool const b_below = b.lat <= p.lat;
        if (a_below == b_below) {
            return;
        }
        Int128 const dx = Int128{b.lon} - a.lon;
        Int128 const dy = Int128{b.lat} - a.lat;
        Int128 turn = dx * (Int128{p.lat} - a.lat) - dy * (Int128{p.lon} - a.lon);
        if (turn == 0) {
            turn = dx != 0 ? dx : -dy; // dx * e - dy * d
        }
        if (a_below && turn > 0) {
            ++winding;
        } else if (b_below && turn < 0) {
            --winding;
        }
    };
    for (auto const& part : shape.parts) {
        auto const ring = [&](Ring const& r) {
            for (std::size_t i = 0; i < r.size(); ++i) {
                count(r[i], r[(i + 1) % r.size()]);
            }
        };
        ring(part.outer);
        for (auto const& hole : part.holes) {
            ring(hole);
        }
    }
    return winding;
}

/// Index of the one shape that owns `p`, -1 for none, -2 when several do (the coverage is wrong).
inline int owner_by_winding(std::vector<MultiPolygon> const& shapes, Point p) {
    int owner = -1;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        auto const winding = winding_round(shapes[i], p);
        if (winding != 0) {
            if (owner != -1 || winding != 1) {
                return -2;
            }
            owner = static_cast<int>(i);
        }
    }
    return owner;
}

/// Chains directed edges to closed rings; counter-clockwise ones become outer rings, each clockwise one a hole of the
/// part that holds it.
inline MultiPolygon chain(std::multimap<Point, Point> edges) {
    std::vector<Ring> outers, holes;
    while (!edges.empty()) {
        Ring ring;
        auto it = edges.begin();
        Point const start = it->first;
        Point at = start;
        Point before = start;
        do {
            auto [first, last] = edges.equal_range(at);
            it = first;
            // Where the area touches itself turn left as far as possible, so that rings never cross.
            for (auto next = first; next != last; ++next) {
                auto const side = [&](Point q) {
                    return Int128{at.lon - before.lon} * (q.lat - at.lat) -
                           Int128{at.lat - before.lat} * (q.lon - at.lon);
                };
                if (side(next->second) > side(it->second)) {
                    it = next;
                }
            }
            ring.push_back(at);
            before = at;
            at = it->second;
            edges.erase(it);
        } while (at != start);
        (geom::winding(ring) > 0 ? outers : holes).push_back(std::move(ring));
    }
    MultiPolygon shape;
    for (auto& outer : outers) {
        shape.parts.push_back({std::move(outer), {}});
    }
    for (auto& hole : holes) {
        auto const holds = [&](Polygon const& part) {
            // A hole's point moved into the hole's part: its own vertices may touch the outer ring, so all must be
            // inside or on it.
            return std::any_of(hole.begin(), hole.end(), [&](Point p) {
                return winding_round({{{part.outer, {}}}}, p) == 1 &&
                       std::find(part.outer.begin(), part.outer.end(), p) == part.outer.end();
            });
        };
        auto const part = std::find_if(shape.parts.begin(), shape.parts.end(), holds);
        (part == shape.parts.end() ? shape.parts.front() : *part).holes.push_back(std::move(hole));
    }
    return shape;
}

/// Maps tiny coordinates to the place of the test: times `scale`, plus `origin`.
struct Placement {
    std::int64_t scale = 1;
    Point origin;
    [[nodiscard]] Point operator()(std::int64_t lon, std::int64_t lat) const {
        return {static_cast<std::int32_t>(origin.lon + lon * scale),
                static_cast<std::int32_t>(origin.lat + lat * scale)};
    }
};

inline constexpr int kCell = 8; ///< tiny units between lattice nodes before they are moved

/**
 * Cells of a small lattice, each given at random to one of a few grids or to nobody: islands, holes, enclaves, gaps and
 * grids that touch at corners. Jagged ones have their nodes moved and their sides bent; others keep level and upright
 * edges.
 */
inline std::vector<MultiPolygon> merged_cells(Random& random, Placement const& place, bool jagged) {
    int const columns = static_cast<int>(random.between(1, 5));
    int const rows = static_cast<int>(random.between(1, 5));
    int const faces = static_cast<int>(random.between(1, 6));
    bool const gaps = random.between(0, 2) == 0;
    std::map<std::pair<int, int>, Point> node;
    for (int y = 0; y <= rows; ++y) {
        for (int x = 0; x <= columns; ++x) {
            auto const moved = [&] { return jagged ? random.between(-2, 2) : 0; };
            auto const lon = x * kCell + moved();
            node[{x, y}] = place(lon, y * kCell + moved());
        }
    }
    std::vector<int> owner(static_cast<std::size_t>(columns * rows));
    for (auto& o : owner) {
        o = static_cast<int>(random.between(gaps ? -1 : 0, faces - 1));
    }
    // Bent sides: one more vertex near the middle, the same seen from both cells.
    std::map<std::pair<Point, Point>, Point> bend;
    auto const add_side = [&](std::multimap<Point, Point>& edges, Point a, Point b) {
        auto const key = std::minmax(a, b);
        if (jagged && !bend.contains(key)) {
            Point const middle{static_cast<std::int32_t>((std::int64_t{a.lon} + b.lon) / 2),
                               static_cast<std::int32_t>((std::int64_t{a.lat} + b.lat) / 2)};
            auto const step = static_cast<std::int32_t>(place.scale);
            Point bent{static_cast<std::int32_t>(middle.lon + step * random.between(-1, 1)),
                       static_cast<std::int32_t>(middle.lat + step * random.between(-1, 1))};
            bend[key] = random.between(0, 1) == 0 ? key.first : bent;
        }
        if (!jagged || bend[key] == key.first) {
            edges.emplace(a, b);
        } else {
            edges.emplace(a, bend[key]);
            edges.emplace(bend[key], b);
        }
    };
    auto const owner_of = [&](int x, int y) {
        return x < 0 || y < 0 || x >= columns || y >= rows ? -1 : owner[static_cast<std::size_t>(y * columns + x)];
    };
    std::vector<MultiPolygon> shapes;
    for (int face = 0; face < faces; ++face) {
        std::multimap<Point, Point> edges;
        for (int y = 0; y < rows; ++y) {
            for (int x = 0; x < columns; ++x) {
                if (owner_of(x, y) != face) {
                    continue;
                }
                Point const sw = node[{x, y}], se = node[{x + 1, y}], ne = node[{x + 1, y + 1}], nw = node[{x, y + 1}];
                if (owner_of(x, y - 1) != face) {
                    add_side(edges, sw, se);
                }
                if (owner_of(x + 1, y) != face) {
                    add_side(edges, se, ne);
                }
                if (owner_of(x, y + 1) != face) {
                    add_side(edges, ne, nw);
                }
                if (owner_of(x - 1, y) != face) {
                    add_side(edges, nw, sw);
                }
            }
        }
        if (!edges.empty()) {
            shapes.push_back(chain(std::move(edges)));
        }
    }
    return shapes;
}

/// Triangles round one vertex of the given degree: the rim's directions sorted by angle, at most a half turn apart.
inline std::vector<MultiPolygon> fan(Random& random, Placement const& place, int degree) {
    std::vector<std::array<std::int64_t, 2>> rim;
    auto const radius = 4 * degree;
    auto const half = [](auto const& v) { return v[1] > 0 || (v[1] == 0 && v[0] > 0) ? 0 : 1; };
    while (std::cmp_less(rim.size(), degree)) {
        std::array<std::int64_t, 2> const v{random.between(-radius, radius), random.between(-radius, radius)};
        bool const repeats = std::any_of(
            rim.begin(), rim.end(), [&](auto const& w) { return half(v) == half(w) && v[0] * w[1] == v[1] * w[0]; });
        if ((v[0] != 0 || v[1] != 0) && !repeats) {
            rim.push_back(v);
        }
    }
    std::sort(rim.begin(), rim.end(), [&](auto const& v, auto const& w) {
        return half(v) != half(w) ? half(v) < half(w) : v[0] * w[1] - v[1] * w[0] > 0;
    });
    std::vector<MultiPolygon> shapes;
    for (std::size_t i = 0; i < rim.size(); ++i) {
        auto const& v = rim[i];
        auto const& w = rim[(i + 1) % rim.size()];
        if (v[0] * w[1] - v[1] * w[0] > 0) { // a wider step than a half turn stays a gap
            shapes.push_back({{{{place(0, 0), place(v[0], v[1]), place(w[0], w[1])}, {}}}});
        }
    }
    return shapes;
}

} // namespace wangge::test
