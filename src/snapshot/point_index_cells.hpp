#pragma once

#include <wangge/geom/point.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

/// Edges of a coverage and the square cells that they touch; what the builder of a point index works on.
namespace wangge::snapshot::point_index {

/// Edge of the coverage, not clipped. Crossing it changes the face by `delta`, the faces of its two sides XORed.
struct Edge {
    geom::Point west, east; ///< west < east
    std::uint32_t delta = 0;
};

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept { // b > 0
    return a / b - (a % b < 0 ? 1 : 0);
}

/// Lattice latitude at or directly below (above) the edge at a longitude that it spans. The edge must not be vertical.
[[nodiscard]] inline std::int64_t floor_lat(Edge const& e, std::int64_t lon) noexcept {
    return e.west.lat + floor_div((std::int64_t{e.east.lat} - e.west.lat) * (lon - e.west.lon),
                                  std::int64_t{e.east.lon} - e.west.lon);
}
[[nodiscard]] inline std::int64_t ceil_lat(Edge const& e, std::int64_t lon) noexcept {
    return e.west.lat - floor_div((std::int64_t{e.west.lat} - e.east.lat) * (lon - e.west.lon),
                                  std::int64_t{e.east.lon} - e.west.lon);
}

/// Square cells, columns x rows of them, with sides of 2^shift lattice positions from (lon, lat) on.
struct CellGrid {
    std::int64_t lon = 0, lat = 0;
    unsigned shift = 0;
    std::int64_t columns = 0, rows = 0;

    [[nodiscard]] std::size_t count() const noexcept { return static_cast<std::size_t>(columns * rows); }
    [[nodiscard]] std::int64_t west_of(std::int64_t column) const noexcept { return lon + (column << shift); }
    [[nodiscard]] std::int64_t south_of(std::int64_t row) const noexcept { return lat + (row << shift); }

    /// Calls f(cell) for every cell that the edge touches, and perhaps for others that lie beside one. A cell is the
    /// closed box of its lattice positions, so that nothing between two rows or columns belongs to any.
    template <class F>
    void for_each_touched(Edge const& e, F&& f) const {
        auto const [south, north] = std::minmax(e.west.lat, e.east.lat);
        auto const first_column = std::max<std::int64_t>(0, (e.west.lon - lon) >> shift);
        auto const last_column = std::min<std::int64_t>(columns - 1, (e.east.lon - lon) >> shift);
        auto const first_row = std::max<std::int64_t>(0, (south - lat) >> shift);
        auto const last_row = std::min<std::int64_t>(rows - 1, (north - lat) >> shift);
        for (auto column = first_column; column <= last_column; ++column) {
            auto from = first_row;
            auto to = last_row;
            if (first_row < last_row && first_column < last_column) {
                // The rows of the first and the last lattice latitude that the edge reaches within the column.
                auto const enters = std::max<std::int64_t>(e.west.lon, west_of(column));
                auto const leaves = std::min<std::int64_t>(e.east.lon, west_of(column + 1) - 1);
                bool const rises = e.west.lat <= e.east.lat;
                auto const low = ceil_lat(e, rises ? enters : leaves);
                auto const high = floor_lat(e, rises ? leaves : enters);
                from = std::max(from, (low - lat) >> shift);
                to = std::min(to, (high - lat) >> shift);
            }
            for (auto row = from; row <= to; ++row) {
                f(static_cast<std::size_t>(row * columns + column));
            }
        }
    }

    /// faces[cell] ^= deltas of the edges counted by the downward ray of the cell's south-west position.
    void add_corner_faces(std::span<Edge const> edges, std::vector<std::uint32_t>& faces) const {
        for (auto const& e : edges) {
            // Columns whose west side is spanned by [west, east): the first at or after west, the last before east.
            auto const first = std::max<std::int64_t>(0, -floor_div(lon - e.west.lon, std::int64_t{1} << shift));
            auto const last = std::min<std::int64_t>(columns - 1, (std::int64_t{e.east.lon} - 1 - lon) >> shift);
            for (auto column = first; column <= last; ++column) {
                auto const row = (ceil_lat(e, west_of(column)) - lat + (std::int64_t{1} << shift) - 1) >> shift;
                if (row < rows) {
                    faces[static_cast<std::size_t>(std::max<std::int64_t>(0, row) * columns + column)] ^= e.delta;
                }
            }
        }
        for (auto cell = static_cast<std::size_t>(columns); cell < count(); ++cell) {
            faces[cell] ^= faces[cell - static_cast<std::size_t>(columns)];
        }
    }
};

/// Which of a cell's edges go to which of its sub-cells: order[start[c]] .. order[start[c + 1]] are those of sub-cell
/// c.
struct Distribution {
    std::vector<std::uint32_t> start, order, fill;

    void distribute(CellGrid const& cells, std::span<Edge const> edges) {
        start.assign(cells.count() + 1, 0);
        for (auto const& e : edges) {
            cells.for_each_touched(e, [&](std::size_t cell) { ++start[cell + 1]; });
        }
        std::partial_sum(start.begin(), start.end(), start.begin());
        fill.assign(start.begin(), start.end() - 1);
        order.resize(start.back());
        for (std::uint32_t i = 0; i < edges.size(); ++i) {
            cells.for_each_touched(edges[i], [&](std::size_t cell) { order[fill[cell]++] = i; });
        }
    }
};

} // namespace wangge::snapshot::point_index
