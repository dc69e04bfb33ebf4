#include "point_index_block.hpp"
#include "point_index_view.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

namespace wangge::snapshot {

using namespace point_index;

namespace {

constexpr std::size_t kMinTopCells = 64;
constexpr std::size_t kEdgesPerTopCell = 512; ///< directed; measured as the tuning in point_index_block.cpp

/// What fixes the top grid. Two coverages with the same measure have the same top cells.
struct Measure {
    geom::Envelope extent;
    std::uint64_t directed_edges = 0;

    void add(geom::MultiPolygon const& shape) {
        geom::for_each_ring(shape, [&](geom::Ring const& ring) {
            directed_edges += ring.size();
            for (auto const p : ring) {
                extent.extend(p);
            }
        });
    }
};

void require_on_globe(geom::Envelope const& extent) {
    geom::Envelope const globe{{-1800000000, -900000000}, {1800000000, 900000000}};
    if (!extent.empty() && !(globe.contains(extent.min) && globe.contains(extent.max))) {
        throw Error{
            ErrorCode::data_rejected,
            fmt::format("point index: vertices reach from {},{} to {},{} (1e-7 degree), off the globe; check the "
                        "coordinate system of the import",
                        extent.min.lon, extent.min.lat, extent.max.lon, extent.max.lat)};
    }
}

void require_face_numbers(std::size_t grids) {
    if (grids > kMaxFaces) {
        throw Error{ErrorCode::data_rejected, "point index: more grids than its format can number"};
    }
}

/// The finest top grid that has few enough cells.
CellGrid top_grid(Measure const& measure) {
    auto const& extent = measure.extent;
    if (extent.empty() || extent.min.lon == extent.max.lon || extent.min.lat == extent.max.lat) {
        return {};
    }
    auto const width = std::int64_t{extent.max.lon} - extent.min.lon;
    auto const height = std::int64_t{extent.max.lat} - extent.min.lat;
    CellGrid top{extent.min.lon, extent.min.lat, 0, width, height};
    auto const wanted =
        static_cast<std::int64_t>(std::max<std::uint64_t>(kMinTopCells, measure.directed_edges / kEdgesPerTopCell));
    while (top.columns * top.rows > wanted) { // ends: at 2^31 units the globe has four
        ++top.shift;
        top.columns = ((width - 1) >> top.shift) + 1;
        top.rows = ((height - 1) >> top.shift) + 1;
    }
    return top;
}

template <class F>
void for_each_edge_of_face(geom::MultiPolygon const& shape, std::uint32_t face, F&& f) {
    geom::for_each_edge(shape, [&](geom::Point a, geom::Point b) { f(Edge{std::min(a, b), std::max(a, b), face}); });
}

/**
 * Runs work(worker, item) for each item on several threads, items given out in order; the calling thread is worker 0
 * and reports progress. The first exception ends all and is thrown again.
 */
template <class Work>
void in_parallel(std::size_t items, unsigned threads, Progress* progress, Work&& work) {
    std::atomic<std::size_t> next{0}, done{0};
    std::atomic<bool> failed{false};
    std::mutex mutex;
    std::exception_ptr failure;
    auto const run = [&](unsigned worker) {
        try {
            std::size_t reported = 0;
            for (auto item = next++; item < items && !failed; item = next++) {
                work(worker, item);
                ++done;
                if (worker == 0 && progress != nullptr) {
                    auto const now = done.load();
                    progress->advance(now - reported);
                    reported = now;
                }
            }
        } catch (...) { // carried to the calling thread
            std::scoped_lock const lock{mutex};
            failure = failure ? failure : std::current_exception();
            failed = true;
        }
    };
    {
        std::vector<std::jthread> others;
        for (unsigned worker = 1; worker < threads; ++worker) {
            others.emplace_back(run, worker);
        }
        run(0);
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

/// Every top cell's edges, one cell after another.
class TopCells {
public:
    TopCells(std::span<geom::MultiPolygon const* const> shapes, CellGrid const& top, unsigned threads)
        : m_shapes(shapes), m_top(top), m_start(top.count() + 1, 0), m_corners(top.count(), 0) {
        auto const parts = std::size_t{threads};
        std::vector<std::vector<std::size_t>> fill(parts);
        std::vector<std::vector<Edge>> spanning(parts);
        in_parallel(parts, threads, nullptr, [&](unsigned, std::size_t part) {
            auto& counts = fill[part];
            counts.assign(m_top.count(), 0);
            for_each_edge_of_part(part, parts, [&](Edge const& e) {
                m_top.for_each_touched(e, [&](std::size_t cell) { ++counts[cell]; });
                // Few: only edges across a side of a top column decide whose a cell's corner is.
                if (((e.west.lon - m_top.lon - 1) >> m_top.shift) != ((e.east.lon - m_top.lon - 1) >> m_top.shift)) {
                    spanning[part].push_back(e);
                }
            });
        });
        for (std::size_t cell = 0; cell < m_top.count(); ++cell) {
            auto at = m_start[cell];
            for (auto& counts : fill) {
                at += std::exchange(counts[cell], at);
            }
            m_start[cell + 1] = at;
        }
        m_edges.resize(m_start.back());
        in_parallel(parts, threads, nullptr, [&](unsigned, std::size_t part) {
            auto& at = fill[part];
            for_each_edge_of_part(part, parts, [&](Edge const& e) {
                m_top.for_each_touched(e, [&](std::size_t cell) { m_edges[at[cell]++] = e; });
            });
        });
        std::vector<Edge> all;
        for (auto const& some : spanning) {
            all.insert(all.end(), some.begin(), some.end());
        }
        m_top.add_corner_faces(all, m_corners);
    }

    [[nodiscard]] std::span<Edge const> edges(std::size_t cell) const {
        return std::span{m_edges}.subspan(m_start[cell], m_start[cell + 1] - m_start[cell]);
    }
    [[nodiscard]] std::uint32_t corner(std::size_t cell) const { return m_corners[cell]; }

private:
    template <class F>
    void for_each_edge_of_part(std::size_t part, std::size_t parts, F&& f) const {
        for (auto i = m_shapes.size() * part / parts; i < m_shapes.size() * (part + 1) / parts; ++i) {
            for_each_edge_of_face(*m_shapes[i], static_cast<std::uint32_t>(i + 1), f);
        }
    }

    std::span<geom::MultiPolygon const* const> m_shapes;
    CellGrid const& m_top;
    std::vector<std::size_t> m_start;
    std::vector<std::uint32_t> m_corners; ///< face of each cell's south-west position
    std::vector<Edge> m_edges;
};

/// A block to be written: built anew, or taken from a former index.
struct Placed {
    BlockBuilder::Result built;
    std::uint32_t const* taken_subgrids = nullptr;
    std::uint32_t const* taken_leaves = nullptr;
};

std::uint64_t aligned(std::uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Header, top grid, tallies, and the blocks' sub-grids and leaves one after another.
std::vector<std::byte> assemble(Measure const& measure, CellGrid const& top, std::size_t grids,
                                std::vector<Placed>& cells, unsigned threads) {
    Header h{};
    h.magic = kMagic;
    h.version = kVersion;
    h.endian_mark = kEndianMark;
    h.face_count = static_cast<std::uint32_t>(grids);
    h.top_shift = top.shift;
    h.min = measure.extent.min;
    h.max = measure.extent.max;
    h.top_columns = static_cast<std::uint32_t>(top.columns);
    h.top_rows = static_cast<std::uint32_t>(top.rows);
    h.directed_edges = measure.directed_edges;
    h.top_offset = sizeof(Header);
    h.tallies_offset = aligned(h.top_offset + cells.size() * sizeof(Cell));
    h.entries_offset = aligned(h.tallies_offset + cells.size() * sizeof(Tally));
    std::vector<std::uint64_t> subgrid_line(cells.size() + 1, 0), leaf_line(cells.size() + 1, 0);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        subgrid_line[i + 1] = subgrid_line[i] + cells[i].built.tally.subgrid_lines;
        leaf_line[i + 1] = leaf_line[i] + cells[i].built.tally.leaf_lines;
    }
    h.leaves_offset = h.entries_offset + subgrid_line.back() * kAlignment + kSectionTail;
    h.byte_size = h.leaves_offset + leaf_line.back() * kAlignment + kSectionTail;
    if (h.leaves_offset - h.entries_offset > kMaxSectionBytes || h.byte_size - h.leaves_offset > kMaxSectionBytes) {
        throw Error{
            ErrorCode::data_rejected,
            "point index: the boundaries need more than the 4 GB that its format holds; build snapshots by city"};
    }
    std::vector<std::byte> bytes(h.byte_size);
    constexpr std::size_t kChunk = 64;
    in_parallel((cells.size() + kChunk - 1) / kChunk, threads, nullptr, [&](unsigned, std::size_t chunk) {
        for (auto i = chunk * kChunk; i < std::min(cells.size(), (chunk + 1) * kChunk); ++i) {
            auto& cell = cells[i];
            cell.built.cell.subgrids = static_cast<std::uint32_t>(subgrid_line[i]);
            cell.built.cell.leaves = static_cast<std::uint32_t>(leaf_line[i]);
            auto const& tally = cell.built.tally;
            auto const put = [&](std::uint64_t offset, std::uint32_t lines, std::uint32_t const* words) {
                if (lines != 0) {
                    std::memcpy(bytes.data() + offset, words, std::size_t{lines} * kAlignment);
                }
            };
            put(h.entries_offset + subgrid_line[i] * kAlignment, tally.subgrid_lines,
                cell.taken_subgrids != nullptr ? cell.taken_subgrids : cell.built.subgrids.data());
            put(h.leaves_offset + leaf_line[i] * kAlignment, tally.leaf_lines,
                cell.taken_leaves != nullptr ? cell.taken_leaves : cell.built.leaves.data());
            std::memcpy(bytes.data() + h.top_offset + i * sizeof(Cell), &cell.built.cell, sizeof(Cell));
            std::memcpy(bytes.data() + h.tallies_offset + i * sizeof tally, &tally, sizeof tally);
            cell.built.subgrids = {};
            cell.built.leaves = {};
        }
    });
    h.content_checksum = checksum64(std::span{bytes}.subspan(sizeof h));
    std::memcpy(bytes.data(), &h, sizeof h);
    h.checksum = checksum64(std::span{bytes}.first(offsetof(Header, checksum)));
    std::memcpy(bytes.data(), &h, sizeof h);
    return bytes;
}

unsigned threads_for(unsigned wanted) {
    return wanted != 0 ? wanted : std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

} // namespace

std::vector<std::byte> PointIndex::build(std::span<geom::MultiPolygon const* const> shapes, Progress& progress,
                                         unsigned threads) {
    Measure measure;
    for (auto const* shape : shapes) {
        measure.add(*shape);
    }
    require_on_globe(measure.extent);
    require_face_numbers(shapes.size());
    threads = threads_for(threads);
    auto const top = top_grid(measure);
    std::vector<Placed> cells(top.count());
    progress.begin("point index", top.count(), "cells");
    if (!cells.empty()) {
        TopCells const top_cells{shapes, top, threads};
        struct Worker {
            std::unique_ptr<BlockBuilder> builder;
            std::vector<Edge> edges;
        };
        std::vector<Worker> workers(threads);
        in_parallel(cells.size(), threads, &progress, [&](unsigned number, std::size_t cell) {
            auto& worker = workers[number];
            if (!worker.builder) {
                worker.builder = std::make_unique<BlockBuilder>(measure.extent.max.lon);
            }
            auto const edges = top_cells.edges(cell);
            worker.edges.assign(edges.begin(), edges.end());
            auto const column = static_cast<std::int64_t>(cell) % top.columns;
            auto const row = static_cast<std::int64_t>(cell) / top.columns;
            cells[cell].built = worker.builder->build(worker.edges, top.west_of(column), top.south_of(row), top.shift,
                                                      top_cells.corner(cell));
        });
    }
    progress.end();
    return assemble(measure, top, shapes.size(), cells, threads);
}

std::vector<std::byte> PointIndex::update(PointIndex const& previous, std::size_t grid_count,
                                          std::span<Change const> changes, UnchangedMeeting const& unchanged_meeting,
                                          Progress& progress) {
    auto const& view = *previous.m_view;
    auto const& h = view.header;
    require_face_numbers(grid_count);

    Measure measure{previous.extent(), h.directed_edges};
    bool may_shrink = false; // a changed grid reached to the side of the extent
    Measure before, after;
    for (auto const& change : changes) {
        if (change.before != nullptr) {
            before.add(*change.before);
        }
        if (change.after != nullptr) {
            after.add(*change.after);
        }
    }
    if (!before.extent.empty()) {
        auto const& e = measure.extent;
        may_shrink = before.extent.min.lon == e.min.lon || before.extent.min.lat == e.min.lat ||
                     before.extent.max.lon == e.max.lon || before.extent.max.lat == e.max.lat;
    }
    measure.directed_edges += after.directed_edges - before.directed_edges;
    auto const rebuild = [&] {
        std::vector<geom::MultiPolygon> shapes(grid_count);
        unchanged_meeting(
            geom::Envelope{{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::min()},
                           {std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::max()}},
            [&](GridId id, geom::MultiPolygon const& shape) { shapes.at(id) = shape; });
        for (auto const& change : changes) {
            if (change.id < grid_count) {
                shapes[change.id] = change.after != nullptr ? *change.after : geom::MultiPolygon{};
            }
        }
        std::vector<geom::MultiPolygon const*> pointers;
        for (auto const& shape : shapes) {
            pointers.push_back(&shape);
        }
        return build(pointers, progress);
    };
    auto widened = measure.extent;
    widened.extend(after.extent);
    if (widened != measure.extent || may_shrink || !previous.content_is_whole()) {
        return rebuild();
    }
    auto const top = top_grid(measure);
    if (top.shift != h.top_shift || top.columns != h.top_columns || top.rows != h.top_rows) {
        return rebuild();
    }

    // Taken over as they are: all cells; then those near a changed grid are built again.
    std::vector<Placed> cells(top.count());
    auto const* const tallies = reinterpret_cast<Tally const*>(previous.bytes().data() + h.tallies_offset);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i].built.cell = view.top[i];
        cells[i].built.tally = tallies[i];
        cells[i].taken_subgrids = view.subgrids + std::size_t{view.top[i].subgrids} * (kAlignment / 4);
        cells[i].taken_leaves = view.leaves + std::size_t{view.top[i].leaves} * (kAlignment / 4);
    }
    std::vector<bool> wanted(cells.size());
    for (auto const& change : changes) {
        for (auto const* shape : {change.before, change.after}) {
            auto const box = shape != nullptr ? geom::envelope_of(*shape) : geom::Envelope{};
            if (box.empty()) {
                continue;
            }
            auto const last_column = std::min((box.max.lon - top.lon) >> top.shift, top.columns - 1);
            auto const last_row = std::min((box.max.lat - top.lat) >> top.shift, top.rows - 1);
            for (auto row = (box.min.lat - top.lat) >> top.shift; row <= last_row; ++row) {
                for (auto column = (box.min.lon - top.lon) >> top.shift; column <= last_column; ++column) {
                    wanted[static_cast<std::size_t>(row * top.columns + column)] = true;
                }
            }
        }
    }
    progress.begin("point index", static_cast<std::uint64_t>(std::count(wanted.begin(), wanted.end(), true)), "cells");
    std::vector<geom::Envelope> boxes_after; // once, not for every cell
    for (auto const& change : changes) {
        boxes_after.push_back(change.after != nullptr ? geom::envelope_of(*change.after) : geom::Envelope{});
    }
    BlockBuilder builder{measure.extent.max.lon};
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!wanted[i]) {
            continue;
        }
        auto const west = top.west_of(static_cast<std::int64_t>(i) % top.columns);
        auto const south = top.south_of(static_cast<std::int64_t>(i) / top.columns);
        geom::Point const corner{static_cast<std::int32_t>(west), static_cast<std::int32_t>(south)};
        auto const side = std::int64_t{1} << top.shift;
        geom::Envelope const box{
            corner,
            {static_cast<std::int32_t>(std::min<std::int64_t>(west + side - 1, measure.extent.max.lon)),
             static_cast<std::int32_t>(std::min<std::int64_t>(south + side - 1, measure.extent.max.lat))}};
        edges.clear();
        std::uint32_t corner_face = 0;
        auto const add = [&](GridId id, geom::MultiPolygon const& shape) {
            for_each_edge_of_face(shape, id + 1, [&](Edge const& e) {
                bool touches = false;
                top.for_each_touched(e, [&](std::size_t cell) { touches = touches || cell == i; });
                if (touches) {
                    edges.push_back(e);
                }
            });
            if (geom::owns(shape, corner)) {
                corner_face = id + 1;
            }
        };
        unchanged_meeting(box, [&](GridId id, geom::MultiPolygon const& shape) {
            if (geom::envelope_of(shape).intersects(box)) {
                add(id, shape);
            }
        });
        for (std::size_t c = 0; c < changes.size(); ++c) {
            if (boxes_after[c].intersects(box)) {
                add(changes[c].id, *changes[c].after);
            }
        }
        cells[i].built = builder.build(edges, west, south, top.shift, corner_face);
        cells[i].taken_subgrids = cells[i].taken_leaves = nullptr;
        progress.advance(1);
    }
    progress.end();
    return assemble(measure, top, grid_count, cells, threads_for(0));
}

} // namespace wangge::snapshot
