#include "delaunay.hpp"

#include "random.hpp"

#include <wangge/base/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <utility>

namespace wangge::synth {

namespace {

constexpr int next(int i) noexcept { return i == 2 ? 0 : i + 1; }
constexpr int previous(int i) noexcept { return i == 0 ? 2 : i - 1; }

template <class A, class T>
int index_of(A const& list, T value) noexcept {
    return list[0] == value ? 0 : (list[1] == value ? 1 : 2);
}

} // namespace

int in_circle(geom::Point a, geom::Point b, geom::Point c, geom::Point d) noexcept {
    std::int64_t const ax = std::int64_t{a.lon} - d.lon;
    std::int64_t const ay = std::int64_t{a.lat} - d.lat;
    std::int64_t const bx = std::int64_t{b.lon} - d.lon;
    std::int64_t const by = std::int64_t{b.lat} - d.lat;
    std::int64_t const cx = std::int64_t{c.lon} - d.lon;
    std::int64_t const cy = std::int64_t{c.lat} - d.lat;
    std::int64_t const al = ax * ax + ay * ay;
    std::int64_t const bl = bx * bx + by * by;
    std::int64_t const cl = cx * cx + cy * cy;
    // The 2x2 minors are exact in int64; in double each of the three products and two sums errs by at most 2^-52 of its
    // size.
    std::int64_t const bc = bx * cy - by * cx;
    std::int64_t const ca = cx * ay - cy * ax;
    std::int64_t const ab = ax * by - ay * bx;
    double const x = static_cast<double>(al) * static_cast<double>(bc);
    double const y = static_cast<double>(bl) * static_cast<double>(ca);
    double const z = static_cast<double>(cl) * static_cast<double>(ab);
    double const sum = x + y + z;
    double const error = (std::abs(x) + std::abs(y) + std::abs(z)) * 0x1.0p-49;
    if (sum > error) {
        return 1;
    }
    if (sum < -error) {
        return -1;
    }
    __extension__ using Wide = __int128;
    Wide const exact = Wide{al} * bc + Wide{bl} * ca + Wide{cl} * ab;
    return exact > 0 ? 1 : (exact < 0 ? -1 : 0);
}

Triangulation::Triangulation(geom::Envelope const& box) {
    constexpr std::int64_t kWidest = 30000000;
    std::int64_t const width = std::int64_t{box.max.lon} - box.min.lon;
    std::int64_t const height = std::int64_t{box.max.lat} - box.min.lat;
    if (box.empty() || width > kWidest || height > kWidest) {
        throw Error{ErrorCode::data_rejected,
                    "an outline spans more than 3 degrees; no county does: check its coordinates and CRS"};
    }
    auto const margin = static_cast<std::int32_t>(std::max(width, height) / 2 + 1000);
    m_points = {{box.min.lon - margin, box.min.lat - margin},
                {box.max.lon + margin, box.min.lat - margin},
                {box.max.lon + margin, box.max.lat + margin},
                {box.min.lon - margin, box.max.lat + margin}};
    m_triangle_of.assign(kCorners, 0);
    m_triangles.resize(2);
    set(0, {0, 1, 2}, {-1, 1, -1}, {}, false);
    set(1, {0, 2, 3}, {-1, -1, 0}, {}, false);
}

void Triangulation::set(std::int32_t t, std::array<std::int32_t, 3> vertices, std::array<std::int32_t, 3> neighbours,
                        std::array<bool, 3> fixed, bool inside) {
    m_triangles[static_cast<std::size_t>(t)] = {vertices, neighbours, fixed, inside};
    for (auto const v : vertices) {
        m_triangle_of[static_cast<std::size_t>(v)] = t;
    }
}

void Triangulation::relink(std::int32_t t, std::int32_t from, std::int32_t to) {
    if (t >= 0) {
        auto& neighbours = m_triangles[static_cast<std::size_t>(t)].neighbours;
        neighbours[static_cast<std::size_t>(index_of(neighbours, from))] = to;
    }
}

std::int32_t Triangulation::locate(geom::Point p) {
    auto t = m_last;
    for (;;) {
        auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
        // A visibility walk can circle in a constrained triangulation; the varying first edge gets it out.
        m_walk = m_walk * 6364136223846793005ULL + 1442695040888963407ULL;
        int i = static_cast<int>((m_walk >> 33U) % 3U);
        std::int32_t onward = -2;
        for (int k = 0; k < 3; ++k, i = next(i)) {
            auto const a = m_points[static_cast<std::size_t>(triangle.vertices[static_cast<std::size_t>(next(i))])];
            auto const b = m_points[static_cast<std::size_t>(triangle.vertices[static_cast<std::size_t>(previous(i))])];
            if (geom::orientation(a, b, p) < 0) {
                onward = triangle.neighbours[static_cast<std::size_t>(i)];
                break;
            }
        }
        if (onward == -2) {
            m_last = t;
            return t;
        }
        if (onward < 0) {
            throw Error{ErrorCode::corrupt, "a position outside the triangulated box was asked for"};
        }
        t = onward;
    }
}

std::optional<std::int32_t> Triangulation::insert(geom::Point p) {
    auto const t = locate(p);
    auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
    int on_edge = -1;
    for (int i = 0; i < 3; ++i) {
        auto const v = triangle.vertices[static_cast<std::size_t>(i)];
        if (m_points[static_cast<std::size_t>(v)] == p) {
            return v;
        }
        auto const a = m_points[static_cast<std::size_t>(triangle.vertices[static_cast<std::size_t>(next(i))])];
        auto const b = m_points[static_cast<std::size_t>(triangle.vertices[static_cast<std::size_t>(previous(i))])];
        if (geom::orientation(a, b, p) == 0) {
            on_edge = i;
        }
    }
    if (on_edge >= 0 && triangle.fixed[static_cast<std::size_t>(on_edge)]) {
        return std::nullopt;
    }
    auto const vertex = static_cast<std::int32_t>(m_points.size());
    m_points.push_back(p);
    m_triangle_of.push_back(t);
    if (on_edge >= 0) {
        split_edge(t, on_edge, vertex);
    } else {
        split_triangle(t, vertex);
    }
    legalise();
    return vertex;
}

void Triangulation::split_triangle(std::int32_t t, std::int32_t p) {
    auto const old = m_triangles[static_cast<std::size_t>(t)];
    auto const [a, b, c] = old.vertices;
    auto const u = static_cast<std::int32_t>(m_triangles.size());
    auto const w = u + 1;
    m_triangles.resize(m_triangles.size() + 2);
    set(t, {p, b, c}, {old.neighbours[0], u, w}, {old.fixed[0], false, false}, old.inside);
    set(u, {p, c, a}, {old.neighbours[1], w, t}, {old.fixed[1], false, false}, old.inside);
    set(w, {p, a, b}, {old.neighbours[2], t, u}, {old.fixed[2], false, false}, old.inside);
    relink(old.neighbours[1], t, u);
    relink(old.neighbours[2], t, w);
    m_suspects.insert(m_suspects.end(), {t, u, w});
}

void Triangulation::split_edge(std::int32_t t, int edge, std::int32_t p) {
    auto const one = m_triangles[static_cast<std::size_t>(t)];
    auto const u = one.neighbours[static_cast<std::size_t>(edge)];
    auto const two = m_triangles[static_cast<std::size_t>(u)]; // corners are far away, so no position lies on the hull
    auto const ia = static_cast<std::size_t>(edge);
    auto const ib = static_cast<std::size_t>(next(edge));
    auto const ic = static_cast<std::size_t>(previous(edge));
    auto const jd = static_cast<std::size_t>(index_of(two.neighbours, t));
    auto const a = one.vertices[ia];
    auto const b = one.vertices[ib];
    auto const c = one.vertices[ic];
    auto const d = two.vertices[jd];
    auto const jb = static_cast<std::size_t>(index_of(two.vertices, b));
    auto const jc = static_cast<std::size_t>(index_of(two.vertices, c));
    auto const t2 = static_cast<std::int32_t>(m_triangles.size());
    auto const u2 = t2 + 1;
    m_triangles.resize(m_triangles.size() + 2);
    set(t, {p, c, a}, {one.neighbours[ib], t2, u2}, {one.fixed[ib], false, false}, one.inside);
    set(t2, {p, a, b}, {one.neighbours[ic], u, t}, {one.fixed[ic], false, false}, one.inside);
    set(u, {p, b, d}, {two.neighbours[jc], u2, t2}, {two.fixed[jc], false, false}, two.inside);
    set(u2, {p, d, c}, {two.neighbours[jb], t, u}, {two.fixed[jb], false, false}, two.inside);
    relink(one.neighbours[ic], t, t2);
    relink(two.neighbours[jb], u, u2);
    m_suspects.insert(m_suspects.end(), {t, t2, u, u2});
}

void Triangulation::flip(std::int32_t t, int edge) {
    auto const one = m_triangles[static_cast<std::size_t>(t)];
    auto const ip = static_cast<std::size_t>(edge);
    auto const ib = static_cast<std::size_t>(next(edge));
    auto const ic = static_cast<std::size_t>(previous(edge));
    auto const u = one.neighbours[ip];
    auto const two = m_triangles[static_cast<std::size_t>(u)];
    auto const p = one.vertices[ip];
    auto const b = one.vertices[ib];
    auto const c = one.vertices[ic];
    auto const jd = static_cast<std::size_t>(index_of(two.neighbours, t));
    auto const jb = static_cast<std::size_t>(index_of(two.vertices, b));
    auto const jc = static_cast<std::size_t>(index_of(two.vertices, c));
    auto const d = two.vertices[jd];
    set(t, {p, b, d}, {two.neighbours[jc], u, one.neighbours[ic]}, {two.fixed[jc], false, one.fixed[ic]}, one.inside);
    set(u, {p, d, c}, {two.neighbours[jb], one.neighbours[ib], t}, {two.fixed[jb], one.fixed[ib], false}, one.inside);
    relink(two.neighbours[jc], u, t);
    relink(one.neighbours[ib], t, u);
}

bool Triangulation::in_circle(Triangle const& t, geom::Point p) const {
    return synth::in_circle(m_points[static_cast<std::size_t>(t.vertices[0])],
                            m_points[static_cast<std::size_t>(t.vertices[1])],
                            m_points[static_cast<std::size_t>(t.vertices[2])], p) > 0;
}

void Triangulation::legalise() {
    while (!m_suspects.empty()) {
        auto const t = m_suspects.back();
        m_suspects.pop_back();
        auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
        auto const u = triangle.neighbours[0];
        if (u < 0 || triangle.fixed[0]) {
            continue;
        }
        auto const& across = m_triangles[static_cast<std::size_t>(u)];
        auto const d = across.vertices[static_cast<std::size_t>(index_of(across.neighbours, t))];
        if (in_circle(triangle, m_points[static_cast<std::size_t>(d)])) {
            flip(t, 0);
            m_suspects.push_back(t);
            m_suspects.push_back(u);
        }
    }
}

std::optional<Triangulation::Edge> Triangulation::find_edge(std::int32_t a, std::int32_t b) const {
    // Turns around `a` one way and, where the fan is open (at a corner), from the start the other way.
    auto const start = m_triangle_of[static_cast<std::size_t>(a)];
    for (bool const forward : {true, false}) {
        for (auto t = start; t >= 0;) {
            auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
            int const i = index_of(triangle.vertices, a);
            if (triangle.vertices[static_cast<std::size_t>(next(i))] == b) {
                return Edge{t, previous(i)};
            }
            if (triangle.vertices[static_cast<std::size_t>(previous(i))] == b) {
                return Edge{t, next(i)};
            }
            t = triangle.neighbours[static_cast<std::size_t>(forward ? next(i) : previous(i))];
            if (t == start) {
                return std::nullopt;
            }
        }
    }
    return std::nullopt;
}

bool Triangulation::constrain(std::int32_t a, std::int32_t b) {
    auto const pa = m_points[static_cast<std::size_t>(a)];
    auto const pb = m_points[static_cast<std::size_t>(b)];
    auto const fix = [&](Edge edge) {
        auto& triangle = m_triangles[static_cast<std::size_t>(edge.triangle)];
        triangle.fixed[static_cast<std::size_t>(edge.index)] = true;
        auto const u = triangle.neighbours[static_cast<std::size_t>(edge.index)];
        auto& across = m_triangles[static_cast<std::size_t>(u)];
        across.fixed[static_cast<std::size_t>(index_of(across.neighbours, edge.triangle))] = true;
    };
    if (auto const edge = find_edge(a, b)) {
        fix(*edge);
        return true;
    }
    // Collect the edges that a-b crosses: find the triangle at `a` that it leaves through, then walk.
    struct Crossing {
        std::int32_t left, right;
    };
    std::deque<Crossing> crossings;
    auto const start = m_triangle_of[static_cast<std::size_t>(a)];
    auto t = start;
    for (;;) {
        auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
        int const i = index_of(triangle.vertices, a);
        auto const right = triangle.vertices[static_cast<std::size_t>(next(i))];
        auto const left = triangle.vertices[static_cast<std::size_t>(previous(i))];
        int const side_right = geom::orientation(pa, pb, m_points[static_cast<std::size_t>(right)]);
        int const side_left = geom::orientation(pa, pb, m_points[static_cast<std::size_t>(left)]);
        if (side_right < 0 && side_left > 0) {
            // Behind `a` the sides are swapped, so this is the way forward.
            crossings.push_back({left, right});
            break;
        }
        t = triangle.neighbours[static_cast<std::size_t>(next(i))];
        if (t < 0 || t == start) {
            return false; // a vertex lies exactly on a-b
        }
    }
    for (;;) {
        auto const& triangle = m_triangles[static_cast<std::size_t>(t)];
        int const i = index_of(triangle.vertices, crossings.back().left);
        int const j = index_of(triangle.vertices, crossings.back().right);
        auto const side = static_cast<std::size_t>(3 - i - j);
        if (triangle.fixed[side]) {
            return false;
        }
        auto const u = triangle.neighbours[side];
        auto const& across = m_triangles[static_cast<std::size_t>(u)];
        auto const apex = across.vertices[static_cast<std::size_t>(index_of(across.neighbours, t))];
        if (apex == b) {
            break;
        }
        int const turn = geom::orientation(pa, pb, m_points[static_cast<std::size_t>(apex)]);
        if (turn == 0) {
            return false;
        }
        crossings.push_back(turn > 0 ? Crossing{apex, crossings.back().right} : Crossing{crossings.back().left, apex});
        t = u;
    }
    std::vector<Crossing> made;
    while (!crossings.empty()) {
        auto const crossing = crossings.front();
        crossings.pop_front();
        auto const edge = find_edge(crossing.left, crossing.right);
        auto const& one = m_triangles[static_cast<std::size_t>(edge->triangle)];
        auto const u = one.neighbours[static_cast<std::size_t>(edge->index)];
        auto const& two = m_triangles[static_cast<std::size_t>(u)];
        auto const p = one.vertices[static_cast<std::size_t>(edge->index)];
        auto const d = two.vertices[static_cast<std::size_t>(index_of(two.neighbours, edge->triangle))];
        auto const x = m_points[static_cast<std::size_t>(p)];
        auto const y = m_points[static_cast<std::size_t>(d)];
        int const side_one = geom::orientation(x, y, m_points[static_cast<std::size_t>(crossing.left)]);
        int const side_two = geom::orientation(x, y, m_points[static_cast<std::size_t>(crossing.right)]);
        if (side_one * side_two >= 0) {
            crossings.push_back(crossing); // not convex yet; other flips will make it so
            continue;
        }
        flip(edge->triangle, edge->index);
        int const side_p = geom::orientation(pa, pb, x);
        int const side_d = geom::orientation(pa, pb, y);
        bool const touches_end = p == a || p == b || d == a || d == b;
        if (!touches_end && side_p * side_d < 0) {
            crossings.push_back(side_p > 0 ? Crossing{p, d} : Crossing{d, p});
        } else if (!((p == a && d == b) || (p == b && d == a))) {
            made.push_back({p, d});
        }
    }
    fix(*find_edge(a, b));
    // The new edges may violate the circle rule; flip until none does.
    for (bool changed = true; changed;) {
        changed = false;
        for (auto& edge : made) {
            auto const found = find_edge(edge.left, edge.right);
            if (!found) {
                continue;
            }
            auto const& one = m_triangles[static_cast<std::size_t>(found->triangle)];
            auto const u = one.neighbours[static_cast<std::size_t>(found->index)];
            if (u < 0 || one.fixed[static_cast<std::size_t>(found->index)]) {
                continue;
            }
            auto const& two = m_triangles[static_cast<std::size_t>(u)];
            auto const p = one.vertices[static_cast<std::size_t>(found->index)];
            auto const d = two.vertices[static_cast<std::size_t>(index_of(two.neighbours, found->triangle))];
            if (in_circle(one, m_points[static_cast<std::size_t>(d)])) {
                flip(found->triangle, found->index);
                edge = {p, d};
                changed = true;
            }
        }
    }
    return true;
}

void Triangulation::mark_inside() {
    std::vector<std::int8_t> state(m_triangles.size(), -1);
    std::vector<std::int32_t> queue{m_triangle_of[0]};
    state[static_cast<std::size_t>(queue[0])] = 0; // a corner's triangle is far outside
    for (std::size_t k = 0; k < queue.size(); ++k) {
        auto& triangle = m_triangles[static_cast<std::size_t>(queue[k])];
        auto const here = state[static_cast<std::size_t>(queue[k])];
        triangle.inside = here == 1;
        for (std::size_t i = 0; i < 3; ++i) {
            auto const u = triangle.neighbours[i];
            if (u >= 0 && state[static_cast<std::size_t>(u)] < 0) {
                state[static_cast<std::size_t>(u)] = static_cast<std::int8_t>(triangle.fixed[i] ? 1 - here : here);
                queue.push_back(u);
            }
        }
    }
}

} // namespace wangge::synth
