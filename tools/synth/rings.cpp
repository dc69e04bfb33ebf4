#include "rings.hpp"

#include "jagged_edges.hpp"
#include "random.hpp"

#include <algorithm>
#include <utility>

namespace wangge::synth {

namespace {

using geom::Point;

class Drawer {
public:
    Drawer(Mesh const& mesh, Partition const& partition, std::uint64_t seed)
        : m_mesh(mesh), m_grid_of(partition.grid_of), m_shapes(partition.grids.size()), m_seed(mix(seed, 0x6c696e65)) {}

    std::vector<geom::MultiPolygon> run() {
        draw_lines();
        number_pieces();
        m_drawn.assign(3 * m_mesh.size(), false);
        m_on_walk.assign(m_mesh.points.size(), -1);
        for (std::size_t t = 0; t < m_mesh.size(); ++t) {
            for (int i = 0; i < 3; ++i) {
                if (is_border(static_cast<std::int32_t>(t), i) && !m_drawn[3 * t + static_cast<std::size_t>(i)]) {
                    walk(static_cast<std::int32_t>(t), i);
                }
            }
        }
        for (auto& piece : m_pieces) {
            m_shapes[static_cast<std::size_t>(piece.grid)].parts.push_back(std::move(piece.polygon));
        }
        for (auto& shape : m_shapes) {
            geom::normalize(shape);
        }
        return std::move(m_shapes);
    }

private:
    struct Line {
        std::uint32_t first = 0, count = 0;
        bool reversed = false;
    };
    /// Triangles of one grid that hang together by edges: one polygon.
    struct Piece {
        std::int32_t grid = 0;
        geom::Polygon polygon;
    };
    struct Side {
        std::int32_t triangle = 0;
        int index = 0;
    };

    [[nodiscard]] std::int32_t neighbour(std::int32_t t, int i) const {
        return m_mesh.neighbours[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)];
    }
    [[nodiscard]] std::int32_t grid(std::int32_t t) const { return m_grid_of[static_cast<std::size_t>(t)]; }
    [[nodiscard]] bool is_border(std::int32_t t, int i) const {
        auto const u = neighbour(t, i);
        return u < 0 || grid(u) != grid(t);
    }
    [[nodiscard]] int index_of(std::int32_t t, std::int32_t vertex) const {
        auto const& v = m_mesh.triangles[static_cast<std::size_t>(t)];
        return v[0] == vertex ? 0 : (v[1] == vertex ? 1 : 2);
    }
    [[nodiscard]] Point point(std::int32_t vertex) const { return m_mesh.points[static_cast<std::size_t>(vertex)]; }

    void draw_lines() {
        m_lines.resize(3 * m_mesh.size());
        for (std::size_t s = 0; s < m_mesh.size(); ++s) {
            auto const t = static_cast<std::int32_t>(s);
            for (int i = 0; i < 3; ++i) {
                auto const u = neighbour(t, i);
                if (u < t || grid(u) == grid(t)) { // outline edges stay straight; the other side draws the rest
                    continue;
                }
                auto const& mine = m_mesh.triangles[s];
                auto const [a, b] = edge_of(mine, i);
                auto const& theirs = m_mesh.neighbours[static_cast<std::size_t>(u)];
                auto const j = theirs[0] == t ? 0 : (theirs[1] == t ? 1 : 2);
                auto const far = m_mesh.triangles[static_cast<std::size_t>(u)][static_cast<std::size_t>(j)];
                auto const first = static_cast<std::uint32_t>(m_line_points.size());
                append_jagged({point(a), point(b), point(mine[static_cast<std::size_t>(i)]), point(far)}, m_seed,
                              m_line_points);
                auto const count = static_cast<std::uint32_t>(m_line_points.size()) - first;
                m_lines[3 * s + static_cast<std::size_t>(i)] = {first, count, false};
                m_lines[3 * static_cast<std::size_t>(u) + static_cast<std::size_t>(j)] = {first, count, true};
            }
        }
    }

    void number_pieces() {
        m_piece_of.assign(m_mesh.size(), -1);
        std::vector<std::int32_t> queue;
        for (std::size_t s = 0; s < m_mesh.size(); ++s) {
            if (m_piece_of[s] >= 0) {
                continue;
            }
            auto const piece = static_cast<std::int32_t>(m_pieces.size());
            m_pieces.push_back({m_grid_of[s], {}});
            m_piece_of[s] = piece;
            queue.assign(1, static_cast<std::int32_t>(s));
            for (std::size_t k = 0; k < queue.size(); ++k) {
                for (int i = 0; i < 3; ++i) {
                    auto const u = neighbour(queue[k], i);
                    if (!is_border(queue[k], i) && m_piece_of[static_cast<std::size_t>(u)] < 0) {
                        m_piece_of[static_cast<std::size_t>(u)] = piece;
                        queue.push_back(u);
                    }
                }
            }
        }
    }

    /// The border side that follows: turns around the end point through the grid's own triangles.
    [[nodiscard]] Side next(Side side) const {
        auto t = side.triangle;
        auto const end = edge_of(m_mesh.triangles[static_cast<std::size_t>(t)], side.index)[1];
        int i = (side.index + 1) % 3; // the edge of t that starts at `end`
        while (!is_border(t, i)) {
            t = neighbour(t, i);
            i = (index_of(t, end) + 2) % 3;
        }
        return {t, i};
    }

    /**
     * Follows one border of a piece. A piece may touch itself in a point; turning through its own triangles keeps to
     * one piece, and cutting the walk wherever it comes back to a vertex leaves rings that visit none twice: the outer
     * one and holes.
     */
    void walk(std::int32_t t, int i) {
        std::vector<Side> open;
        Side side{t, i};
        auto const start_of = [&](Side s) {
            return edge_of(m_mesh.triangles[static_cast<std::size_t>(s.triangle)], s.index)[0];
        };
        for (;;) {
            auto const at = 3 * static_cast<std::size_t>(side.triangle) + static_cast<std::size_t>(side.index);
            bool const done = m_drawn[at];
            auto const vertex = start_of(side);
            if (auto const seen = m_on_walk[static_cast<std::size_t>(vertex)]; seen >= 0) {
                close_ring({open.begin() + seen, open.end()});
                for (auto k = static_cast<std::size_t>(seen); k < open.size(); ++k) {
                    m_on_walk[static_cast<std::size_t>(start_of(open[k]))] = -1;
                }
                open.resize(static_cast<std::size_t>(seen));
            }
            if (done) {
                break;
            }
            m_drawn[at] = true;
            m_on_walk[static_cast<std::size_t>(vertex)] = static_cast<std::int32_t>(open.size());
            open.push_back(side);
            side = next(side);
        }
    }

    void close_ring(std::vector<Side> const& sides) {
        geom::Ring ring;
        for (auto const side : sides) {
            auto const [a, b] = edge_of(m_mesh.triangles[static_cast<std::size_t>(side.triangle)], side.index);
            ring.push_back(point(a));
            auto const& line =
                m_lines[3 * static_cast<std::size_t>(side.triangle) + static_cast<std::size_t>(side.index)];
            for (std::uint32_t k = 0; k < line.count; ++k) {
                ring.push_back(m_line_points[line.first + (line.reversed ? line.count - 1 - k : k)]);
            }
        }
        auto& polygon =
            m_pieces[static_cast<std::size_t>(m_piece_of[static_cast<std::size_t>(sides.front().triangle)])].polygon;
        if (geom::winding(ring) > 0) {
            polygon.outer = std::move(ring);
        } else {
            polygon.holes.push_back(std::move(ring));
        }
    }

    Mesh const& m_mesh;
    std::vector<std::int32_t> const& m_grid_of;
    std::vector<geom::MultiPolygon> m_shapes;
    std::uint64_t m_seed;
    std::vector<Line> m_lines; // of each triangle side
    std::vector<Point> m_line_points;
    std::vector<Piece> m_pieces;
    std::vector<std::int32_t> m_piece_of; // of each triangle
    std::vector<bool> m_drawn;
    std::vector<std::int32_t> m_on_walk; // position of a vertex on the open walk, or -1
};

} // namespace

std::vector<geom::MultiPolygon> draw_grids(Mesh const& mesh, Partition const& partition, std::uint64_t seed) {
    return Drawer{mesh, partition, seed}.run();
}

} // namespace wangge::synth
