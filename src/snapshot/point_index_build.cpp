#include "point_index_format.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace wangge::snapshot {

using namespace point_index;

namespace {

// Tuning, measured on a jagged province of 127,533 grids (docs/point-index.md); any values give the same answers.
constexpr std::size_t kLeafEdges = 8;   ///< a cell with at most this many edges becomes a leaf
constexpr std::size_t kEdgesPerRow = 6; ///< a sub-grid has about edges / kEdgesPerRow columns and rows
constexpr unsigned kMaxSplit = 6;       ///< at most 64 x 64 entries
constexpr std::size_t kEdgesPerTopCell = 2048;
constexpr std::size_t kMinTopCells = 64;

/// Edge of the coverage, not clipped. Crossing it changes the face by `delta`, the faces of its two sides XORed.
struct Edge {
    geom::Point west, east; ///< west < east
    std::uint32_t delta = 0;
};

std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept { // b > 0
    return a / b - (a % b < 0 ? 1 : 0);
}

/// Lattice latitude at or directly below (above) the edge at a longitude that it spans. The edge must not be vertical.
std::int64_t floor_lat(Edge const& e, std::int64_t lon) noexcept {
    return e.west.lat + floor_div((std::int64_t{e.east.lat} - e.west.lat) * (lon - e.west.lon),
                                  std::int64_t{e.east.lon} - e.west.lon);
}
std::int64_t ceil_lat(Edge const& e, std::int64_t lon) noexcept {
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
        for (std::size_t cell = 0; cell < cells.count(); ++cell) {
            start[cell + 1] += start[cell];
        }
        fill.assign(start.begin(), start.end() - 1);
        order.resize(start.back());
        for (std::uint32_t i = 0; i < edges.size(); ++i) {
            cells.for_each_touched(edges[i], [&](std::size_t cell) { order[fill[cell]++] = i; });
        }
    }
};

/// Sorts by place and keeps one edge for those that coincide, their deltas XORed; drops edges that change nothing.
void merge_coinciding(std::vector<Edge>& edges) {
    std::sort(edges.begin(), edges.end(), [](Edge const& a, Edge const& b) {
        return a.west != b.west ? a.west < b.west : (a.east != b.east ? a.east < b.east : a.delta < b.delta);
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < edges.size();) {
        auto merged = edges[i++];
        while (i < edges.size() && edges[i].west == merged.west && edges[i].east == merged.east) {
            merged.delta ^= edges[i++].delta;
        }
        if (merged.delta != 0) {
            edges[kept++] = merged;
        }
    }
    edges.resize(kept);
}

class Builder {
public:
    explicit Builder(std::span<geom::MultiPolygon const* const> shapes) : m_shapes(shapes) {}

    std::vector<std::byte> build(Progress& progress) {
        auto const directed = measure();
        lay_out_top(directed);
        m_bytes.resize(sizeof(Header) + (m_top.count() * 4 + kAlignment - 1) / kAlignment * kAlignment);
        m_pool_offset = m_bytes.size();
        if (m_top.count() != 0) {
            fill_top(progress);
        }
        m_bytes.resize((m_bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
        write_header();
        return std::move(m_bytes);
    }

private:
    /// Finds the extent and the number of directed edges.
    std::size_t measure() {
        std::size_t directed = 0;
        for (std::size_t i = 0; i < m_shapes.size(); ++i) {
            geom::for_each_ring(*m_shapes[i], [&](geom::Ring const& ring) {
                directed += ring.size();
                for (auto const p : ring) {
                    m_extent.extend(p);
                }
            });
        }
        geom::Envelope const globe{{-1800000000, -900000000}, {1800000000, 900000000}};
        if (!m_extent.empty() && !(globe.contains(m_extent.min) && globe.contains(m_extent.max))) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("point index: vertices reach from {},{} to {},{} (1e-7 degree), off the globe; check the "
                            "coordinate system of the import",
                            m_extent.min.lon, m_extent.min.lat, m_extent.max.lon, m_extent.max.lat)};
        }
        if (m_shapes.size() > kMaxFaces) {
            throw Error{ErrorCode::data_rejected, "point index: more grids than its format can number"};
        }
        return directed;
    }

    /// The finest top grid that has few enough cells.
    void lay_out_top(std::size_t directed) {
        if (m_extent.empty() || m_extent.min.lon == m_extent.max.lon || m_extent.min.lat == m_extent.max.lat) {
            return;
        }
        auto const width = std::int64_t{m_extent.max.lon} - m_extent.min.lon;
        auto const height = std::int64_t{m_extent.max.lat} - m_extent.min.lat;
        m_top = {m_extent.min.lon, m_extent.min.lat, 0, width, height};
        auto const wanted = static_cast<std::int64_t>(std::max(kMinTopCells, directed / kEdgesPerTopCell));
        while (m_top.columns * m_top.rows > wanted && m_top.shift < 31) {
            ++m_top.shift;
            m_top.columns = ((width - 1) >> m_top.shift) + 1;
            m_top.rows = ((height - 1) >> m_top.shift) + 1;
        }
    }

    void fill_top(Progress& progress) {
        std::vector<std::size_t> start(m_top.count() + 1, 0);
        for_each_shape_edge(
            [&](Edge const& e) { m_top.for_each_touched(e, [&](std::size_t cell) { ++start[cell + 1]; }); });
        for (std::size_t cell = 0; cell < m_top.count(); ++cell) {
            start[cell + 1] += start[cell];
        }
        std::vector<Edge> edges(start.back());
        std::vector<std::uint32_t> corners(m_top.count(), 0);
        auto fill = start;
        for_each_shape_edge(
            [&](Edge const& e) { m_top.for_each_touched(e, [&](std::size_t cell) { edges[fill[cell]++] = e; }); });
        add_top_corner_faces(corners);

        progress.begin("point index", m_top.count(), "cells");
        std::vector<Edge> cell_edges;
        for (std::size_t cell = 0; cell < m_top.count(); ++cell) {
            cell_edges.assign(edges.begin() + static_cast<std::ptrdiff_t>(start[cell]),
                              edges.begin() + static_cast<std::ptrdiff_t>(start[cell + 1]));
            merge_coinciding(cell_edges);
            m_edges += cell_edges.size();
            auto const column = static_cast<std::int64_t>(cell) % m_top.columns;
            auto const row = static_cast<std::int64_t>(cell) / m_top.columns;
            auto const entry =
                add_cell(cell_edges, m_top.west_of(column), m_top.south_of(row), m_top.shift, corners[cell], 0);
            put_word(sizeof(Header) + cell * 4, entry);
            progress.advance(1);
        }
        progress.end();
    }

    void add_top_corner_faces(std::vector<std::uint32_t>& corners) {
        std::vector<Edge> spanning; // few: only edges across a side of a top column
        for_each_shape_edge([&](Edge const& e) {
            if (((e.west.lon - m_top.lon - 1) >> m_top.shift) != ((e.east.lon - m_top.lon - 1) >> m_top.shift)) {
                spanning.push_back(e);
            }
        });
        m_top.add_corner_faces(spanning, corners);
    }

    template <class F>
    void for_each_shape_edge(F&& f) const {
        for (std::size_t i = 0; i < m_shapes.size(); ++i) {
            geom::for_each_edge(*m_shapes[i], [&](geom::Point a, geom::Point b) {
                f(Edge{std::min(a, b), std::max(a, b), static_cast<std::uint32_t>(i + 1)});
            });
        }
    }

    /// Where the face below the cell changes, seen from its row: at `lon` and east of it.
    struct Change {
        std::int32_t lon = 0;
        std::uint32_t delta = 0;
    };

    struct Scratch {
        Distribution distribution;
        std::vector<std::uint32_t> corners;
        std::vector<Edge> child;
    };

    /**
     * Entry for the cell of 2^shift positions a side at (lon, lat), whose south-west position belongs to `corner`.
     * `edges` are all that touch it. Appends what it needs to the pool.
     */
    std::uint32_t add_cell(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                           std::uint32_t corner, std::size_t depth) {
        if (edges.empty() || shift == 0) { // a cell of one position is its corner
            return face_entry(corner);
        }
        auto const end = lon + (std::int64_t{1} << shift);
        // The face that the edges do not explain: what lies below the cell at its west side ...
        auto base = corner;
        for (auto const& e : edges) {
            if (e.west.lon <= lon && lon < e.east.lon && ceil_lat(e, lon) <= lat) {
                base ^= e.delta;
            }
        }
        // ... and how it changes eastwards, at vertices below the cell that have edges both in it and outside.
        auto& changes = m_changes;
        changes.clear();
        for (auto const& e : edges) {
            for (auto const v : {e.west, e.east}) {
                if (v.lat < lat && v.lon > lon && v.lon < end) {
                    changes.push_back({v.lon, e.delta});
                }
            }
        }
        std::sort(changes.begin(), changes.end(), [](Change const& a, Change const& b) { return a.lon < b.lon; });
        std::size_t kept = 0;
        for (std::size_t i = 0; i < changes.size();) {
            auto merged = changes[i++];
            while (i < changes.size() && changes[i].lon == merged.lon) {
                merged.delta ^= changes[i++].delta;
            }
            if (merged.delta != 0) {
                changes[kept++] = merged;
            }
        }
        changes.resize(kept);

        if (edges.size() + changes.size() <= kLeafEdges) {
            return add_leaf(edges, lon, lat, shift, base);
        }
        return add_subgrid(edges, lon, lat, shift, base, depth);
    }

    /// A change of the face below becomes a level edge just south of the cell, so that a leaf has edges only.
    std::uint32_t add_leaf(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                           std::uint32_t base) {
        auto const end = std::min(lon + (std::int64_t{1} << shift), std::int64_t{m_extent.max.lon});
        auto& kept = m_leaf;
        kept.clear();
        for (auto const& e : edges) {
            if (e.west.lon < end && e.east.lon > lon && e.west.lon != e.east.lon) { // others are never counted
                kept.push_back(e);
            }
        }
        auto const south = static_cast<std::int32_t>(lat - 1);
        for (auto const& change : m_changes) {
            kept.push_back({{change.lon, south}, {static_cast<std::int32_t>(end), south}, change.delta});
        }
        if (kept.empty()) {
            return face_entry(base);
        }
        bool const one_delta =
            std::all_of(kept.begin(), kept.end(), [&](Edge const& e) { return e.delta == kept[0].delta; });
        auto const half = std::int64_t{1} << (shift - 1);
        geom::Point const middle{static_cast<std::int32_t>(lon + half), static_cast<std::int32_t>(lat + half)};
        auto const is_narrow = [](std::int64_t a, std::int64_t origin) { return std::abs(a - origin) <= kNarrowLimit; };
        bool const narrow = shift <= kMaxNarrowShift && std::all_of(kept.begin(), kept.end(), [&](Edge const& e) {
                                return is_narrow(e.west.lon, middle.lon) && is_narrow(e.east.lon, middle.lon) &&
                                       is_narrow(e.west.lat, middle.lat) && is_narrow(e.east.lat, middle.lat);
                            });
        auto const meta =
            static_cast<std::uint32_t>(kept.size()) | (narrow ? 0 : kWideLeaf) | (one_delta ? kOneDelta : 0);
        auto const size = leaf_words(meta) * 4;
        auto const offset = reserve_leaf(size);
        auto at = m_pool_offset + offset;
        auto const put = [&](std::uint32_t word) {
            put_word(at, word);
            at += 4;
        };
        put(base);
        put(meta);
        for (auto const& e : kept) {
            std::array<std::int32_t, 4> const wide{e.west.lon, e.west.lat, e.east.lon, e.east.lat};
            if (narrow) {
                std::array<std::int16_t, 4> const close{static_cast<std::int16_t>(e.west.lon - middle.lon),
                                                        static_cast<std::int16_t>(e.west.lat - middle.lat),
                                                        static_cast<std::int16_t>(e.east.lon - middle.lon),
                                                        static_cast<std::int16_t>(e.east.lat - middle.lat)};
                std::memcpy(m_bytes.data() + at, &close, sizeof close);
                at += sizeof close;
            } else {
                std::memcpy(m_bytes.data() + at, &wide, sizeof wide);
                at += sizeof wide;
            }
        }
        for (std::size_t i = 0; i < (one_delta ? 1 : kept.size()); ++i) {
            put(kept[i].delta);
        }
        ++m_leaves;
        m_leaf_edges += kept.size();
        return leaf_entry(offset, offset / kAlignment != (offset + size - 1) / kAlignment);
    }

    std::uint32_t add_subgrid(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                              std::uint32_t base, std::size_t depth) {
        // 2^split is edges / kEdgesPerRow to the nearest power of two (7/5 for the root of two).
        auto const rows = std::max<std::size_t>(2, edges.size() * 7 / (5 * kEdgesPerRow));
        auto const split = std::min({static_cast<unsigned>(std::bit_width(rows)) - 1, kMaxSplit, shift});
        auto const side = std::int64_t{1} << split;
        CellGrid const cells{lon, lat, shift - split, side, side};
        if (depth >= m_scratch.size()) {
            m_scratch.push_back(std::make_unique<Scratch>());
        }
        auto& scratch = *m_scratch[depth];
        scratch.corners.assign(cells.count(), 0);
        // Along the bottom row the face is `base` with the changes west of each column; further up the edges tell.
        auto change = m_changes.begin();
        auto below = base;
        for (std::int64_t column = 0; column < side; ++column) {
            for (; change != m_changes.end() && change->lon <= cells.west_of(column); ++change) {
                below ^= change->delta;
            }
            scratch.corners[static_cast<std::size_t>(column)] = below;
        }
        cells.add_corner_faces(edges, scratch.corners);
        scratch.distribution.distribute(cells, edges);

        auto const offset = reserve(cells.count() * 4, kAlignment);
        auto const entry = subgrid_entry(offset, split);
        ++m_subgrids;
        for (std::size_t cell = 0; cell < cells.count(); ++cell) {
            auto const& d = scratch.distribution;
            scratch.child.clear();
            for (auto i = d.start[cell]; i < d.start[cell + 1]; ++i) {
                scratch.child.push_back(edges[d.order[i]]);
            }
            auto const child = add_cell(scratch.child, cells.west_of(static_cast<std::int64_t>(cell) % side),
                                        cells.south_of(static_cast<std::int64_t>(cell) / side), cells.shift,
                                        scratch.corners[cell], depth + 1);
            put_word(m_pool_offset + offset + cell * 4, child);
        }
        return entry;
    }

    /// Room for a leaf; one that fits a cache line does not straddle two.
    std::uint64_t reserve_leaf(std::size_t size) {
        auto const at = m_bytes.size() - m_pool_offset;
        bool const would_straddle = at % kAlignment + size > kAlignment;
        return reserve(size, size <= kAlignment && would_straddle ? kAlignment : 8);
    }

    /// Appends zeroed bytes at the next multiple of `alignment`; their offset in the pool.
    std::uint64_t reserve(std::size_t size, std::size_t alignment) {
        auto const offset = (m_bytes.size() - m_pool_offset + alignment - 1) / alignment * alignment;
        if (offset + size > kMaxPoolBytes) {
            throw Error{
                ErrorCode::data_rejected,
                "point index: the boundaries need more than the 4 GB that its format holds; build snapshots by city"};
        }
        m_bytes.resize(m_pool_offset + offset + size);
        return offset;
    }

    void put_word(std::size_t at, std::uint32_t word) { std::memcpy(m_bytes.data() + at, &word, sizeof word); }

    void write_header() {
        Header h{};
        h.magic = kMagic;
        h.version = kVersion;
        h.endian_mark = kEndianMark;
        h.byte_size = m_bytes.size();
        h.face_count = static_cast<std::uint32_t>(m_shapes.size());
        h.top_shift = m_top.shift;
        h.min = m_extent.min;
        h.max = m_extent.max;
        h.top_columns = static_cast<std::uint32_t>(m_top.columns);
        h.top_rows = static_cast<std::uint32_t>(m_top.rows);
        h.top_offset = sizeof(Header);
        h.pool_offset = m_pool_offset;
        h.pool_bytes = m_bytes.size() - m_pool_offset;
        h.edges = m_edges;
        h.subgrids = m_subgrids;
        h.leaves = m_leaves;
        h.leaf_edges = m_leaf_edges;
        std::memcpy(m_bytes.data(), &h, sizeof h);
        h.checksum = checksum64(std::span{m_bytes}.first(offsetof(Header, checksum)));
        std::memcpy(m_bytes.data(), &h, sizeof h);
    }

    std::span<geom::MultiPolygon const* const> m_shapes;
    geom::Envelope m_extent;
    CellGrid m_top;
    std::vector<std::byte> m_bytes;
    std::size_t m_pool_offset = 0;
    std::uint64_t m_edges = 0, m_subgrids = 0, m_leaves = 0, m_leaf_edges = 0;
    std::vector<Change> m_changes; ///< of the cell being added
    std::vector<Edge> m_leaf;
    std::vector<std::unique_ptr<Scratch>> m_scratch; ///< by depth
};

} // namespace

std::vector<std::byte> PointIndex::build(std::span<geom::MultiPolygon const* const> shapes, Progress& progress) {
    return Builder{shapes}.build(progress);
}

} // namespace wangge::snapshot
