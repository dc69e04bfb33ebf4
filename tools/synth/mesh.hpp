#pragma once

#include <wangge/geom/polygon.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wangge::synth {

/// How densely an area is settled: a background and a few centres. Places are lattice positions.
struct Settlement {
    struct Centre {
        double lon = 0, lat = 0;
        double weight = 0;         ///< density at the centre over the background
        double inverse_square = 0; ///< 1 / radius^2
    };
    std::vector<Centre> centres; ///< the first is the county's seat
    double background = 1;

    /// The fall-off is a rational bell: no function of libm, so the same value on every machine.
    [[nodiscard]] double at(double lon, double lat) const noexcept {
        double density = background;
        for (auto const& c : centres) {
            double const x = lon - c.lon;
            double const y = lat - c.lat;
            double const fall = 1.0 / (1.0 + (x * x + y * y) * c.inverse_square);
            density += background * c.weight * fall * fall;
        }
        return density;
    }
};

/// Triangles that fill a county outline exactly; outline edges are triangle edges, unchanged.
struct Mesh {
    std::vector<geom::Point> points;
    std::vector<std::array<std::int32_t, 3>> triangles; ///< vertices, counter-clockwise
    std::vector<std::array<std::int32_t, 3>>
        neighbours; ///< across the edge opposite each vertex; -1 outside the county
    Settlement settlement;

    [[nodiscard]] std::size_t size() const noexcept { return triangles.size(); }
};

/// Vertices of edge `i` of a triangle (the one opposite vertex i), interior to its left.
[[nodiscard]] inline std::array<std::int32_t, 2> edge_of(std::array<std::int32_t, 3> const& t, int i) noexcept {
    return {t[static_cast<std::size_t>((i + 1) % 3)], t[static_cast<std::size_t>((i + 2) % 3)]};
}

/**
 * Meshes the inside of `outline` with about `triangles` triangles (at least 2/3 of them), dense where people live: one
 * centre for each town, the urban ones near the seat. Throws Error{data_rejected} when the outline touches itself along
 * an edge.
 */
[[nodiscard]] Mesh build_mesh(geom::MultiPolygon const& outline, std::size_t urban_towns, std::size_t rural_towns,
                              std::size_t triangles, std::uint64_t seed);

} // namespace wangge::synth
