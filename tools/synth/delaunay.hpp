#pragma once

#include <wangge/geom/point.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace wangge::synth {

/**
 * Constrained Delaunay triangulation of lattice positions, built point by point (Lawson 1977; constraints by flipping,
 * Sloan 1993). Every decision is an exact integer predicate, so no input makes it loop or go wrong by rounding.
 * Use: insert the outline's positions, constrain() its edges, mark_inside(), then insert interior positions.
 */
class Triangulation {
public:
    struct Triangle {
        std::array<std::int32_t, 3> vertices{};   ///< counter-clockwise
        std::array<std::int32_t, 3> neighbours{}; ///< across the edge opposite each vertex; -1 none
        std::array<bool, 3> fixed{};              ///< is that edge a constraint
        bool inside = false;                      ///< see mark_inside()
    };

    /// Positions to come must lie in `box`, which may span at most 3 degrees.
    explicit Triangulation(geom::Envelope const& box);

    /// Index of the vertex at `p`, new or old. Empty when `p` lies on a constrained edge (nothing is changed then).
    std::optional<std::int32_t> insert(geom::Point p);
    /// Makes the edge a-b part of the triangulation for good. False when it passes through another vertex or crosses a
    /// constraint.
    [[nodiscard]] bool constrain(std::int32_t a, std::int32_t b);
    /// A triangle is inside when a path to it from far away crosses an odd number of constraints.
    void mark_inside();
    /// A triangle that holds `p` (closed). Walks from the last place, so ask in spatial order.
    [[nodiscard]] std::int32_t locate(geom::Point p);

    [[nodiscard]] std::vector<Triangle> const& triangles() const noexcept { return m_triangles; }
    /// The first four vertices are corners far outside.
    [[nodiscard]] std::vector<geom::Point> const& points() const noexcept { return m_points; }
    static constexpr std::int32_t kCorners = 4;

private:
    void set(std::int32_t t, std::array<std::int32_t, 3> vertices, std::array<std::int32_t, 3> neighbours,
             std::array<bool, 3> fixed, bool inside);
    void relink(std::int32_t t, std::int32_t from, std::int32_t to);
    void split_triangle(std::int32_t t, std::int32_t p);
    void split_edge(std::int32_t t, int edge, std::int32_t p);
    void flip(std::int32_t t, int edge);
    void legalise();
    [[nodiscard]] bool in_circle(Triangle const& t, geom::Point p) const;
    struct Edge {
        std::int32_t triangle;
        int index;
    };
    [[nodiscard]] std::optional<Edge> find_edge(std::int32_t a, std::int32_t b) const;

    std::vector<geom::Point> m_points;
    std::vector<Triangle> m_triangles;
    std::vector<std::int32_t> m_triangle_of; ///< some triangle at each vertex
    std::vector<std::int32_t> m_suspects;    ///< triangles whose edge opposite vertex 0 may have to be flipped
    std::int32_t m_last = 0;
    std::uint64_t m_walk = 1;
};

/// Sign of the in-circle determinant: +1 when `d` lies inside the circle through a, b, c (counter-clockwise), 0 on it.
/// Exact for positions that differ by less than 2^28.
[[nodiscard]] int in_circle(geom::Point a, geom::Point b, geom::Point c, geom::Point d) noexcept;

} // namespace wangge::synth
