#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace wangge::snapshot {

/// Number of a grid in its snapshot: 0 .. grid_count-1. kOutside for "no grid".
using GridId = std::uint32_t;
inline constexpr GridId kOutside = 0xffffffffU;

/// Which instructions answer batches. The answers are the same. (Single calls wait for memory, not for arithmetic.)
enum class Instructions {
    best,     ///< the fastest that this machine has
    portable, ///< plain C++
    avx512,   ///< AVX-512 F, BW, DQ, VL (x86-64)
};
/// Those that this machine can run, `portable` first; never `best`.
[[nodiscard]] std::span<Instructions const> instructions_here() noexcept;
[[nodiscard]] std::string_view to_string(Instructions instructions) noexcept;

/**
 * Exact point-in-coverage index over a file's mapped bytes: which grid owns a position, by the half-open rule of
 * geom/owns.hpp. Total: every int32 position answers with exactly one grid or kOutside.
 * Nothing is parsed or copied at open. Safe for any number of threads.
 * Source: adaptive cell trie (Kipf et al., Adaptive Main-Memory Indexing for High-Performance Point-Polygon Joins, EDBT
 * 2020); leaves by edge deltas, see docs/point-index.md.
 */
class PointIndex {
public:
    /// Serialises an index over the shapes (a valid coverage; ids are their positions) on `threads` threads, 0 for one
    /// a core. Deterministic bytes, whatever the threads. O(n log n). Throws Error{data_rejected} when a vertex is off
    /// the globe or the index would outgrow its format (4 GB).
    [[nodiscard]] static std::vector<std::byte> build(std::span<geom::MultiPolygon const* const> shapes,
                                                      Progress& progress, unsigned threads = 0);

    /// A grid whose shape is not what it was in a former index; null for one that was, or is, not there.
    struct Change {
        GridId id = kOutside;
        geom::MultiPolygon const* before = nullptr;
        geom::MultiPolygon const* after = nullptr;
    };
    using ShapeVisitor = std::function<void(GridId, geom::MultiPolygon const&)>;
    /// Calls the visitor for every unchanged grid whose envelope meets the box; for others too, if it likes.
    using UnchangedMeeting = std::function<void(geom::Envelope const&, ShapeVisitor const&)>;
    /**
     * The bytes that build() gives for `grid_count` shapes of which all but the changed ones are as in `previous`;
     * only the top cells that changed grids meet are built anew, the others are moved. O(bytes of the index) with the
     * constant of a copy. Where the box of the coverage or the number of its edges asks for another top grid, all is
     * built anew. Throws as build() does.
     */
    [[nodiscard]] static std::vector<std::byte> update(PointIndex const& previous, std::size_t grid_count,
                                                       std::span<Change const> changes,
                                                       UnchangedMeeting const& unchanged_meeting, Progress& progress);

    /// View of bytes made by build(); they must outlive the object. Must be aligned to 64 bytes, as pages are.
    /// Throws Error{corrupt} when header, sizes or offsets are wrong. Looks at the header only: damage further in is
    /// met by the queries, which then answer wrongly but never read out of bounds and never fail to end. `name` stands
    /// in the message. Throws Error{usage} when this machine lacks the instructions.
    [[nodiscard]] static PointIndex over(std::span<std::byte const> bytes, std::string_view name = "point index",
                                         Instructions instructions = Instructions::best);
    /// Reads all bytes: do they have the checksum that the header gives? O(bytes), some 10 GB/s.
    [[nodiscard]] bool content_is_whole() const noexcept;

    /// The owner of `p`. Expected O(1).
    [[nodiscard]] GridId locate(geom::Point p) const noexcept;
    /// Many at once, out[i] for points[i], as many as both have. Same answers as the single call, faster.
    void locate(std::span<geom::Point const> points, std::span<GridId> out) const noexcept;

    /// Number of shapes it was built over.
    [[nodiscard]] std::size_t grid_count() const noexcept;
    /// Box of the shapes; empty when there are none.
    [[nodiscard]] geom::Envelope extent() const noexcept;
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return m_bytes; }
    [[nodiscard]] Instructions instructions() const noexcept;

    /// What an index is made of, for benchmarks and tuning.
    struct Anatomy {
        std::uint64_t edges = 0, subgrids = 0, leaves = 0, leaf_vertices = 0;
    };
    [[nodiscard]] Anatomy anatomy() const noexcept;

    struct View;   ///< header decoded to pointers
    struct Kernel; ///< the batch search of a set of instructions

private:
    std::span<std::byte const> m_bytes;
    std::shared_ptr<View const> m_view;
    Kernel const* m_kernel = nullptr;
};

} // namespace wangge::snapshot
