#include "point_index_block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace wangge::snapshot::point_index {

namespace {

// How finely cells are cut, measured on the province of 127,533 grids (docs/point-index.md). Any values give the same
// answers.
constexpr std::size_t kLeafVertices = 15; ///< a cell whose chains have at most this many vertices becomes a leaf
constexpr std::size_t kEdgesPerRow = 8;   ///< a sub-grid has about edges / kEdgesPerRow columns and rows
constexpr unsigned kFinestSplit = 5;      ///< and at most 32 x 32
static_assert(kLeafVertices <= kMaxLeafVertices && kFinestSplit <= kMaxSplit);

/// Keeps one edge for those that coincide, their deltas XORed; drops edges that change nothing.
class EdgeMerger {
public:
    void merge(std::vector<Edge>& edges) {
        auto const slots = std::bit_ceil(std::max<std::size_t>(16, edges.size() * 2));
        m_slots.assign(slots, 0);
        std::size_t kept = 0;
        for (auto const& e : edges) {
            auto at = hash(e) & (slots - 1);
            while (m_slots[at] != 0 && !same_place(edges[m_slots[at] - 1], e)) {
                at = (at + 1) & (slots - 1);
            }
            if (m_slots[at] != 0) {
                edges[m_slots[at] - 1].delta ^= e.delta;
            } else {
                edges[kept] = e; // never beyond the one that is read
                m_slots[at] = static_cast<std::uint32_t>(++kept);
            }
        }
        edges.resize(kept);
        std::erase_if(edges, [](Edge const& e) { return e.delta == 0; });
    }

private:
    static bool same_place(Edge const& a, Edge const& b) { return a.west == b.west && a.east == b.east; }
    static std::size_t hash(Edge const& e) {
        auto const pack = [](geom::Point p) {
            return std::uint64_t{static_cast<std::uint32_t>(p.lon)} << 32U | static_cast<std::uint32_t>(p.lat);
        };
        auto key = pack(e.west) * 0x9e3779b97f4a7c15ULL ^ pack(e.east);
        key = (key ^ (key >> 32U)) * 0xbf58476d1ce4e5b9ULL;
        return key ^ (key >> 29U);
    }
    std::vector<std::uint32_t> m_slots; ///< number of an edge plus one
};

/// Where the face below a cell changes, seen from its row: at `at.lon` and east of it.
struct Change {
    geom::Point at;
    std::uint32_t delta = 0;
};

/// Edges of a leaf as chains: vertices one after another, and which of the steps between them are edges.
struct Chains {
    std::array<geom::Point, kMaxLeafVertices> vertices;
    std::array<std::uint32_t, kMaxLeafVertices> deltas{}; ///< of the steps; 0 where there is none
    std::size_t count = 0;
    std::uint32_t steps = 0;

    /**
     * Lays the edges, sorted, end to end as far as they meet. False when that takes more than `limit` vertices.
     * Chains begin where an odd number of edges meet, so that few are needed.
     */
    bool lay(std::span<Edge const> edges, std::size_t limit) {
        count = 0;
        steps = 0;
        std::uint32_t left = (1U << edges.size()) - 1;
        while (left != 0) {
            auto at = start_of_chain(edges, left);
            if (count == limit) {
                return false;
            }
            vertices[count++] = at;
            for (;;) {
                std::size_t next = 0;
                while (next < edges.size() &&
                       ((left >> next & 1U) == 0 || (edges[next].west != at && edges[next].east != at))) {
                    ++next;
                }
                if (next == edges.size()) {
                    break;
                }
                if (count == limit) {
                    return false;
                }
                left &= ~(1U << next);
                at = edges[next].west == at ? edges[next].east : edges[next].west;
                steps |= 1U << (count - 1);
                deltas[count - 1] = edges[next].delta;
                vertices[count++] = at;
            }
            deltas[count - 1] = 0;
        }
        return true;
    }

private:
    static geom::Point start_of_chain(std::span<Edge const> edges, std::uint32_t left) {
        geom::Point first;
        bool found = false;
        for (std::size_t i = 0; i < edges.size(); ++i) {
            if ((left >> i & 1U) == 0) {
                continue;
            }
            for (auto const end : {edges[i].west, edges[i].east}) {
                std::size_t degree = 0;
                for (std::size_t j = 0; j < edges.size(); ++j) {
                    degree += (left >> j & 1U) != 0 && (edges[j].west == end || edges[j].east == end) ? 1U : 0U;
                }
                if (degree % 2 == 1) {
                    return end;
                }
                if (!found) {
                    first = end;
                    found = true;
                }
            }
        }
        return first;
    }
};

bool by_place(Edge const& a, Edge const& b) { return a.west != b.west ? a.west < b.west : a.east < b.east; }

} // namespace

struct BlockBuilder::Impl {
    explicit Impl(std::int64_t e) : east(e) {}

    struct Scratch {
        Distribution distribution;
        std::vector<std::uint32_t> corners;
        std::vector<Edge> child;
    };

    std::int64_t east;
    EdgeMerger merger;
    std::vector<std::uint32_t> subgrids, leaves;
    unsigned scale = 0; ///< of the block
    Tally tally;
    std::vector<Change> changes; ///< of the cell being added
    std::vector<Edge> leaf_edges;
    Chains chains;
    std::vector<std::unique_ptr<Scratch>> scratch; ///< by depth
    /// Words of lines that were begun and have room: where the next free word is.
    std::array<std::size_t, 16> open_lines{};
    std::size_t open_count = 0;

    /// The block has outgrown what its entries can reach; what is in it is of no use.
    struct Overflow {};

    Entry add_cell(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                   std::uint32_t corner, std::size_t depth) {
        if (edges.empty() || shift == 0) { // a cell of one position is its corner
            return face_entry(corner);
        }
        auto const base = face_below(edges, lon, lat, corner);
        find_changes(edges, lon, lat, shift);
        if (auto const entry = add_leaf(edges, lon, lat, shift, base)) {
            return *entry;
        }
        return add_subgrid(edges, lon, lat, shift, base, depth);
    }

    /// The face that the edges do not explain at the cell's west side: what lies below the cell. find_changes() says
    /// how it changes eastwards.
    static std::uint32_t face_below(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat,
                                    std::uint32_t corner) {
        for (auto const& e : edges) {
            if (e.west.lon <= lon && lon < e.east.lon && ceil_lat(e, lon) <= lat) {
                corner ^= e.delta;
            }
        }
        return corner;
    }

    /// The faces of the sub-cells' south-west positions. Along the bottom row the face is `base` with the changes west
    /// of each column; further up the edges tell.
    void find_corners(CellGrid const& cells, std::span<Edge const> edges, std::uint32_t base,
                      std::vector<std::uint32_t>& corners) const {
        corners.assign(cells.count(), 0);
        auto change = changes.begin();
        for (std::int64_t column = 0; column < cells.columns; ++column) {
            for (; change != changes.end() && change->at.lon <= cells.west_of(column); ++change) {
                base ^= change->delta;
            }
            corners[static_cast<std::size_t>(column)] = base;
        }
        cells.add_corner_faces(edges, corners);
    }

    /// The cell's first longitude that is not its own, or that no position within the extent has.
    [[nodiscard]] std::int64_t end_of(std::int64_t lon, unsigned shift) const {
        return std::min(lon + (std::int64_t{1} << shift), east);
    }

    /// The face below changes at vertices below the cell that have edges both in it and outside.
    void find_changes(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift) {
        auto const end = end_of(lon, shift);
        changes.clear();
        for (auto const& e : edges) {
            for (auto const v : {e.west, e.east}) {
                if (v.lat < lat && v.lon > lon && v.lon < end) {
                    changes.push_back({v, e.delta});
                }
            }
        }
        std::sort(changes.begin(), changes.end(), [](Change const& a, Change const& b) { return a.at < b.at; });
        std::size_t kept = 0;
        for (std::size_t i = 0; i < changes.size();) {
            auto merged = changes[i++];
            while (i < changes.size() && changes[i].at.lon == merged.at.lon) {
                merged.delta ^= changes[i++].delta;
            }
            if (merged.delta != 0) {
                changes[kept++] = merged;
            }
        }
        changes.resize(kept);
    }

    static bool narrow_from(geom::Point p, std::int64_t lon, std::int64_t lat) {
        return std::abs(p.lon - lon) <= kNarrowLimit && std::abs(p.lat - lat) <= kNarrowLimit;
    }

    /// Empty when the cell should be cut further.
    std::optional<Entry> add_leaf(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                                  std::uint32_t base) {
        auto const end = end_of(lon, shift);
        auto& kept = leaf_edges;
        kept.clear();
        bool long_edge = false;
        for (auto const& e : edges) {
            if (e.west.lon < end && e.east.lon > lon && e.west.lon != e.east.lon) { // others are never counted
                if (kept.size() == kLeafVertices) {
                    return std::nullopt;
                }
                kept.push_back(e);
                long_edge = long_edge || std::int64_t{e.east.lon} - e.west.lon > kNarrowLimit ||
                            std::abs(std::int64_t{e.east.lat} - e.west.lat) > kNarrowLimit;
            }
        }
        if (shift > kMaxNarrowShift && !long_edge && !(kept.empty() && changes.empty())) {
            return std::nullopt; // in smaller cells the leaves are narrow
        }
        // A change of the face below becomes a level edge from its vertex to the cell's east side: below the cell, all
        // latitudes are one.
        if (kept.size() + changes.size() >= kLeafVertices) {
            return std::nullopt;
        }
        for (auto const& change : changes) {
            kept.push_back({change.at, {static_cast<std::int32_t>(end), change.at.lat}, change.delta});
        }
        if (kept.empty()) {
            return face_entry(base);
        }
        std::sort(kept.begin(), kept.end(), by_place);
        if (!chains.lay(kept, kLeafVertices)) {
            return std::nullopt;
        }
        bool const one_delta =
            std::all_of(kept.begin(), kept.end(), [&](Edge const& e) { return e.delta == kept[0].delta; });
        auto const half = std::int64_t{1} << (shift - 1);
        bool const narrow =
            shift <= kMaxNarrowShift && std::all_of(kept.begin(), kept.end(), [&](Edge const& e) {
                // The made-up end of a change may lie at 2^14, one further: its differences still fit.
                return narrow_from(e.west, lon + half, lat + half) &&
                       (e.east.lon == end ? narrow_from({e.west.lon, e.east.lat}, lon + half, lat + half)
                                          : narrow_from(e.east, lon + half, lat + half));
            });
        return write_leaf(base, one_delta, narrow,
                          {static_cast<std::int32_t>(lon + half), static_cast<std::int32_t>(lat + half)});
    }

    Entry write_leaf(std::uint32_t base, bool one_delta, bool narrow, geom::Point middle) {
        auto const steps = chains.steps;
        auto const slots = edge_slots(steps);
        auto const vertices = slots + 1;
        bool const one_chain = steps == (1U << slots) - 1;
        bool const simple = narrow && one_delta && one_chain && vertices <= kMaxSimpleVertices;
        auto const meta = steps | (narrow ? 0 : kWideLeaf) | (one_delta ? kOneDelta : 0);
        auto const head = simple ? 1 : other_leaf_header_words(meta);
        auto const at = reserve_leaf(head + vertices * (narrow ? 1 : 2));
        if (simple) {
            leaves[at] = static_cast<std::uint32_t>(slots) | base << 4U | (base ^ chains.deltas[0]) << 18U;
        } else {
            leaves[at] = meta;
            leaves[at + 1] = base;
            for (std::size_t i = 0; i < (one_delta ? 1 : slots); ++i) {
                leaves[at + 1 + (i + 1) / 2] |= chains.deltas[i] << ((i + 1) % 2 * 16U);
            }
        }
        auto word = at + head;
        for (std::size_t i = 0; i < vertices; ++i) {
            auto const v = chains.vertices[i];
            if (narrow) {
                auto const close = [](std::int32_t a, std::int32_t origin) {
                    return static_cast<std::uint32_t>(static_cast<std::uint16_t>(a - origin));
                };
                leaves[word++] = close(v.lon, middle.lon) | close(v.lat, middle.lat) << 16U;
            } else {
                leaves[word++] = static_cast<std::uint32_t>(v.lon);
                leaves[word++] = static_cast<std::uint32_t>(v.lat);
            }
        }
        ++tally.leaves;
        tally.leaf_vertices += static_cast<std::uint32_t>(vertices);
        return leaf_entry(at, scale, simple);
    }

    Entry add_subgrid(std::span<Edge const> edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                      std::uint32_t base, std::size_t depth) {
        // 2^split is edges / edges_per_row to the nearest power of two (7/5 for the root of two).
        auto const rows = std::max<std::size_t>(4, edges.size() * 7 / (5 * kEdgesPerRow));
        auto wanted = static_cast<unsigned>(std::bit_width(rows)) - 1;
        wanted = std::max(wanted, std::min(shift - std::min(shift, kMaxNarrowShift), kFinestSplit)); // to narrow leaves
        auto const split = std::min({wanted, kFinestSplit, shift});
        auto const side = std::int64_t{1} << split;
        CellGrid const cells{lon, lat, shift - split, side, side};
        if (depth >= scratch.size()) {
            scratch.push_back(std::make_unique<Scratch>());
        }
        auto& s = *scratch[depth];
        find_corners(cells, edges, base, s.corners);
        s.distribution.distribute(cells, edges);

        auto const at = reserve_lines(subgrids, (cells.count() + 1) / 2, std::size_t{16} << scale);
        ++tally.subgrids;
        auto const& d = s.distribution;
        for (std::size_t cell = 0; cell < cells.count(); ++cell) {
            s.child.clear();
            for (auto i = d.start[cell]; i < d.start[cell + 1]; ++i) {
                s.child.push_back(edges[d.order[i]]);
            }
            std::uint32_t const entry = add_cell(s.child, cells.west_of(static_cast<std::int64_t>(cell) % side),
                                                 cells.south_of(static_cast<std::int64_t>(cell) / side), cells.shift,
                                                 s.corners[cell], depth + 1);
            subgrids[at + cell / 2] |= entry << (cell % 2 * 16U);
        }
        return subgrid_entry(at, scale, split);
    }

    /// Room of whole cache lines at the end; the first word, which entries can name.
    std::size_t reserve_lines(std::vector<std::uint32_t>& words, std::size_t count, std::size_t alignment) const {
        constexpr std::size_t kLine = kAlignment / 4;
        auto const at = (words.size() + alignment - 1) / alignment * alignment;
        words.resize(at + (count + kLine - 1) / kLine * kLine);
        if (words.size() > kMaxBlockWords << scale) {
            throw Overflow{};
        }
        return at;
    }

    /// Room for a leaf: one that fits a cache line does not straddle two, and goes where a line has room for it.
    std::size_t reserve_leaf(std::size_t size) {
        constexpr std::size_t kLine = kAlignment / 4;
        auto const unit = std::size_t{2} << scale; // that entries count in
        size = (size + unit - 1) / unit * unit;
        for (std::size_t i = 0; size <= kLine && i < open_count; ++i) {
            auto const at = open_lines[i];
            auto const room = kLine - at % kLine;
            if (size <= room) {
                open_lines[i] = at + size;
                if (size == room) {
                    std::copy(open_lines.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                              open_lines.begin() + static_cast<std::ptrdiff_t>(open_count),
                              open_lines.begin() + static_cast<std::ptrdiff_t>(i));
                    --open_count;
                }
                return at;
            }
        }
        auto const at = reserve_lines(leaves, size, kLine);
        if (size % kLine != 0) {
            if (open_count == open_lines.size()) { // the oldest is given up
                std::copy(open_lines.begin() + 1, open_lines.end(), open_lines.begin());
                --open_count;
            }
            open_lines[open_count++] = at + size;
        }
        return at;
    }
};

BlockBuilder::BlockBuilder(std::int64_t east) : m_impl(std::make_unique<Impl>(east)) {}
BlockBuilder::~BlockBuilder() = default;

namespace {

/// Local numbers of the faces of a block.
class LocalFaces {
public:
    LocalFaces(std::span<Edge const> edges, std::uint32_t corner) {
        m_faces.push_back(corner);
        for (auto const& e : edges) {
            if (e.delta != m_faces.back()) {
                m_faces.push_back(e.delta);
            }
        }
        std::sort(m_faces.begin(), m_faces.end());
        m_faces.erase(std::unique(m_faces.begin(), m_faces.end()), m_faces.end());
        if (m_faces.front() == 0) {
            m_faces.erase(m_faces.begin());
        }
        m_close = m_faces.empty() || m_faces.back() - m_faces.front() < kMaxLocalFace;
    }
    [[nodiscard]] bool fit() const { return m_close || m_faces.size() <= kMaxLocalFace; }
    /// Are the numbers so close together that a difference does?
    [[nodiscard]] bool close() const { return m_close; }
    [[nodiscard]] std::uint32_t base() const { return m_faces.empty() ? 0 : m_faces.front() - 1; }
    [[nodiscard]] std::span<std::uint32_t const> list() const { return m_faces; }
    [[nodiscard]] std::uint32_t operator()(std::uint32_t face) const {
        if (face == 0 || m_close) {
            return face == 0 ? 0 : face - base();
        }
        return static_cast<std::uint32_t>(std::lower_bound(m_faces.begin(), m_faces.end(), face) - m_faces.begin()) + 1;
    }

private:
    std::vector<std::uint32_t> m_faces; ///< sorted, without 0
    bool m_close = true;
};

constexpr unsigned kCellsSplit = 2; ///< a block that is too large becomes 4 x 4 cells

} // namespace

BlockBuilder::Result BlockBuilder::build(std::vector<Edge>& edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                                         std::uint32_t corner) {
    auto& m = *m_impl;
    if (shift == 0) { // a cell of one position is its corner, however many faces meet there
        edges.clear();
    }
    LocalFaces const faces{edges, corner};
    Result result;
    if (faces.fit()) {
        auto local = edges;
        for (auto& e : local) {
            e.delta = faces(e.delta);
        }
        m.merger.merge(local);
        for (m.scale = 0; m.scale <= kMaxScale; ++m.scale) {
            m.subgrids.clear();
            m.leaves.clear();
            m.tally = {};
            m.open_count = 0;
            try {
                result.cell.root = m.add_cell(local, lon, lat, shift, faces(corner), 0);
            } catch (Impl::Overflow const&) { // the next scale reaches further
                continue;
            }
            m.tally.edges = static_cast<std::uint32_t>(local.size());
            result.cell.flags = static_cast<std::uint16_t>(m.scale << kScaleBit);
            result.cell.faces = faces.base();
            if (!faces.close()) {
                // Behind what entries reach, so that it may be long.
                result.cell.flags |= kPalette;
                result.cell.faces = static_cast<std::uint32_t>(m.leaves.size()) - 1;
                m.leaves.insert(m.leaves.end(), faces.list().begin(), faces.list().end());
                m.leaves.resize((m.leaves.size() + 15) / 16 * 16);
            }
            result.tally = m.tally;
            result.subgrids = m.subgrids;
            result.leaves = m.leaves;
            result.tally.subgrid_lines = static_cast<std::uint32_t>(m.subgrids.size() / 16);
            result.tally.leaf_lines = static_cast<std::uint32_t>(m.leaves.size() / 16);
            return result;
        }
    }
    // As cells, each with a block of its own.
    auto const split = std::min(kCellsSplit, shift);
    auto const side = std::int64_t{1} << split;
    CellGrid const cells{lon, lat, shift - split, side, side};
    auto const base = Impl::face_below(edges, lon, lat, corner);
    m.find_changes(edges, lon, lat, shift);
    std::vector<std::uint32_t> corners;
    m.find_corners(cells, edges, base, corners);
    Distribution distribution;
    distribution.distribute(cells, edges);
    result.cell.root = subgrid_entry(0, 0, split);
    result.cell.flags = kCells;
    result.subgrids.resize(cells.count() * sizeof(Cell) / 4);
    std::vector<Edge> some;
    for (std::size_t i = 0; i < cells.count(); ++i) {
        some.clear();
        for (auto j = distribution.start[i]; j < distribution.start[i + 1]; ++j) {
            some.push_back(edges[distribution.order[j]]);
        }
        auto inner = build(some, cells.west_of(static_cast<std::int64_t>(i) % side),
                           cells.south_of(static_cast<std::int64_t>(i) / side), cells.shift, corners[i]);
        inner.cell.subgrids = static_cast<std::uint32_t>(result.subgrids.size() / 16);
        inner.cell.leaves = static_cast<std::uint32_t>(result.leaves.size() / 16);
        std::memcpy(result.subgrids.data() + i * sizeof(Cell) / 4, &inner.cell, sizeof inner.cell);
        result.subgrids.insert(result.subgrids.end(), inner.subgrids.begin(), inner.subgrids.end());
        result.leaves.insert(result.leaves.end(), inner.leaves.begin(), inner.leaves.end());
        result.tally.subgrids += inner.tally.subgrids;
        result.tally.leaves += inner.tally.leaves;
        result.tally.leaf_vertices += inner.tally.leaf_vertices;
    }
    m.merger.merge(edges);
    result.tally.edges = static_cast<std::uint32_t>(edges.size());
    result.tally.subgrid_lines = static_cast<std::uint32_t>(result.subgrids.size() / 16);
    result.tally.leaf_lines = static_cast<std::uint32_t>(result.leaves.size() / 16);
    return result;
}

} // namespace wangge::snapshot::point_index
