#include "areas.hpp"

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace wangge::topology {

namespace {

constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();
/// Below this (some 100 m2) an area is taken as flat, so that rounding of its crossings does not enter.
constexpr long double kFlatLatticeArea = 1e6L;

void add_count(std::vector<OwnerCount>& cover, std::uint32_t owner, std::int32_t count) {
    auto const it = std::lower_bound(cover.begin(), cover.end(), owner,
                                     [](OwnerCount const& c, std::uint32_t o) { return c.owner < o; });
    if (it == cover.end() || it->owner != owner) {
        cover.insert(it, {owner, count});
    } else if ((it->count += count) == 0) {
        cover.erase(it);
    }
}

/// Square metres of one square lattice unit.
double unit_m2(long double lat_units) {
    auto const scale = geom::metres_per_degree(static_cast<double>(lat_units) / geom::kUnitsPerDegree);
    return scale.lon * scale.lat / (geom::kUnitsPerDegree * geom::kUnitsPerDegree);
}

long double ring_lattice_area(geom::Ring const& ring) {
    long double twice = 0;
    for (std::size_t i = 2; i < ring.size(); ++i) {
        twice += static_cast<long double>(cross(ring[0], ring[i - 1], ring[i]));
    }
    return twice / 2;
}

} // namespace

Covers covers(Arrangement const& arrangement, std::function<std::uint32_t(std::uint32_t)> const& owner_of) {
    Covers result{arrangement.region_count()};
    std::vector<char> known(arrangement.region_count(), 0);
    std::vector<std::uint32_t> todo{0};
    std::vector<OwnerCount> cover;
    known[0] = 1;
    while (!todo.empty()) {
        auto const region = todo.back();
        todo.pop_back();
        for (auto const h : arrangement.border_of(region)) {
            auto const beyond = arrangement.right_region(h);
            if (known[beyond] != 0) {
                continue;
            }
            known[beyond] = 1;
            auto const here = result[region];
            cover.assign(here.begin(), here.end());
            arrangement.for_each_edge_along(h, [&](OwnedEdge const& e, bool same_way, std::uint32_t) {
                add_count(cover, owner_of(e.owner), same_way ? -1 : 1);
            });
            result.set(beyond, cover);
            todo.push_back(beyond);
        }
    }
    return result;
}

AreaTracer::AreaTracer(Arrangement const& arrangement)
    : m_arrangement(arrangement)
    , m_region_stamp(arrangement.region_count(), 0)
    , m_reached_stamp(arrangement.region_count(), 0)
    , m_border_stamp(arrangement.half_edge_count(), 0)
    , m_place(arrangement.node_count(), kNone) {}

std::vector<std::vector<std::uint32_t>> AreaTracer::connected(std::vector<char> const& member) {
    DisjointSets sets{m_arrangement.region_count()};
    for (std::uint32_t h = 0; h < m_arrangement.half_edge_count(); h += 2) {
        auto const left = m_arrangement.left_region(h);
        auto const right = m_arrangement.right_region(h);
        if (member[left] != 0 && member[right] != 0) {
            sets.unite(left, right);
        }
    }
    std::vector<std::vector<std::uint32_t>> result;
    std::vector<std::uint32_t> number(m_arrangement.region_count(), kNone);
    for (std::uint32_t r = 0; r < m_arrangement.region_count(); ++r) {
        if (member[r] == 0) {
            continue;
        }
        auto& n = number[sets.find(r)];
        if (n == kNone) {
            n = static_cast<std::uint32_t>(result.size());
            result.emplace_back();
        }
        result[n].push_back(r);
    }
    return result;
}

std::vector<AreaTracer::ConnectedRegions> AreaTracer::pieces_of(std::span<std::uint32_t const> regions) {
    auto const turn = ++m_turn;
    for (auto const r : regions) {
        m_region_stamp[r] = turn;
    }
    std::vector<ConnectedRegions> result;
    for (auto const start : regions) {
        if (m_reached_stamp[start] == turn) {
            continue;
        }
        auto& piece = result.emplace_back();
        m_reached_stamp[start] = turn;
        piece.regions.push_back(start);
        for (std::size_t k = 0; k < piece.regions.size(); ++k) {
            for (auto const h : m_arrangement.border_of(piece.regions[k])) {
                auto const beyond = m_arrangement.right_region(h);
                if (m_region_stamp[beyond] != turn) {
                    piece.border.push_back(h);
                } else if (m_reached_stamp[beyond] != turn) {
                    m_reached_stamp[beyond] = turn;
                    piece.regions.push_back(beyond);
                }
            }
        }
    }
    return result;
}

TracedArea AreaTracer::trace(std::span<std::uint32_t const> regions) {
    TracedArea area;
    area.narrow = true;
    std::optional<Point> somewhere;
    for (auto const& connected : pieces_of(regions)) {
        auto const piece = trace_piece(connected.border);
        area.area_m2 += piece.area_m2;
        ++area.pieces;
        area.narrow = area.narrow && piece.area_m2 < kSliverAreaM2 &&
                      4 * std::numbers::pi * piece.area_m2 < kSliverRoundness * piece.perimeter_m * piece.perimeter_m;
        add_to_shape(piece, area.shape);
        for (auto const& loop : piece.loops) {
            for (auto const n : loop.nodes) {
                auto const p = m_arrangement.node(n).rounded;
                somewhere = somewhere ? std::min(*somewhere, p) : p;
            }
        }
    }
    geom::normalize(area.shape);
    area.at = area.shape.empty() ? somewhere.value_or(Point{}) : geom::interior_point(area.shape);
    return area;
}

double AreaTracer::area_m2(std::span<std::uint32_t const> regions) {
    double sum = 0;
    for (auto const& connected : pieces_of(regions)) {
        sum += trace_piece(connected.border).area_m2;
    }
    return sum;
}

AreaTracer::Piece AreaTracer::trace_piece(std::span<std::uint32_t const> border) {
    auto const turn = m_turn;
    for (auto const h : border) {
        m_border_stamp[h] = turn;
    }
    Piece piece;
    std::vector<std::uint32_t> path; // nodes
    auto const cut_back_to = [&](std::uint32_t node) {
        auto const place = m_place[node];
        if (place == kNone) {
            return;
        }
        Loop loop;
        loop.nodes.assign(path.begin() + place, path.end());
        for (auto const n : loop.nodes) {
            m_place[n] = kNone;
        }
        path.resize(place);
        loop.lattice_area = lattice_area(loop.nodes);
        piece.loops.push_back(std::move(loop));
    };
    for (auto const start : border) {
        auto h = start;
        while (m_border_stamp[h] == turn) {
            m_border_stamp[h] = 0;
            auto const node = m_arrangement.tail(h);
            cut_back_to(node);
            m_place[node] = static_cast<std::uint32_t>(path.size());
            path.push_back(node);
            // On along the border of the same piece: the first border half-edge clockwise from where this one came.
            auto k = m_arrangement.clockwise(h ^ 1U);
            while (m_border_stamp[k] != turn && k != start && k != (h ^ 1U)) {
                k = m_arrangement.clockwise(k);
            }
            h = k;
        }
        if (!path.empty()) {
            cut_back_to(path.front());
        }
    }
    for (auto const& loop : piece.loops) {
        piece.area_m2 += loop_m2(loop);
        piece.perimeter_m += loop_m(loop);
    }
    return piece;
}

long double AreaTracer::lattice_area(std::span<std::uint32_t const> nodes) const {
    auto const origin = m_arrangement.node(nodes.front());
    long double twice = 0;
    for (std::size_t i = 2; i < nodes.size(); ++i) {
        auto const a = m_arrangement.node(nodes[i - 1]);
        auto const b = m_arrangement.node(nodes[i]);
        twice += (a.lon - origin.lon) * (b.lat - origin.lat) - (a.lat - origin.lat) * (b.lon - origin.lon);
    }
    return twice / 2;
}

geom::Ring AreaTracer::rounded(std::span<std::uint32_t const> nodes) const {
    geom::Ring ring;
    for (auto const n : nodes) {
        auto const p = m_arrangement.node(n).rounded;
        if (ring.empty() || ring.back() != p) {
            ring.push_back(p);
        }
    }
    while (ring.size() > 1 && ring.front() == ring.back()) {
        ring.pop_back();
    }
    return ring;
}

double AreaTracer::loop_m2(Loop const& loop) const {
    if (std::fabs(loop.lattice_area) >= kFlatLatticeArea) {
        auto const ring = rounded(loop.nodes);
        auto const rounded_area = ring_lattice_area(ring);
        if (rounded_area != 0) { // square metres of the ring at hand, corrected for its rounding
            return geom::area_m2(ring) * static_cast<double>(loop.lattice_area / rounded_area);
        }
    }
    long double lat = 0;
    for (auto const n : loop.nodes) {
        lat += m_arrangement.node(n).lat / static_cast<long double>(loop.nodes.size());
    }
    return static_cast<double>(loop.lattice_area) * unit_m2(lat);
}

double AreaTracer::loop_m(Loop const& loop) const {
    double length = 0;
    for (std::size_t i = 0; i < loop.nodes.size(); ++i) {
        auto const a = m_arrangement.node(loop.nodes[i]);
        auto const b = m_arrangement.node(loop.nodes[i + 1 == loop.nodes.size() ? 0 : i + 1]);
        auto const scale = geom::metres_per_degree(static_cast<double>(a.lat + b.lat) / 2 / geom::kUnitsPerDegree);
        length +=
            std::hypot(static_cast<double>(b.lon - a.lon) * scale.lon, static_cast<double>(b.lat - a.lat) * scale.lat) /
            geom::kUnitsPerDegree;
    }
    return length;
}

void AreaTracer::add_to_shape(Piece const& piece, geom::MultiPolygon& shape) const {
    // A connected piece has one outer loop, which is the largest; the others are holes.
    auto const outer = std::max_element(piece.loops.begin(), piece.loops.end(),
                                        [](Loop const& a, Loop const& b) { return a.lattice_area < b.lattice_area; });
    geom::Polygon polygon{rounded(outer->nodes), {}};
    if (geom::winding(polygon.outer) <= 0) {
        return;
    }
    for (auto const& loop : piece.loops) {
        if (&loop != &*outer) {
            auto hole = rounded(loop.nodes);
            if (geom::winding(hole) < 0) {
                polygon.holes.push_back(std::move(hole));
            }
        }
    }
    shape.parts.push_back(std::move(polygon));
}

} // namespace wangge::topology
