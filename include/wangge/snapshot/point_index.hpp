#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace wangge::snapshot {

/// Number of a grid in its snapshot: 0 .. grid_count-1. kOutside for "no grid".
using GridId = std::uint32_t;
inline constexpr GridId kOutside = 0xffffffffU;

/**
 * Exact point-in-coverage index over a file's mapped bytes: which grid owns a position, by the half-open rule of
 * geom/owns.hpp. Total: every int32 position answers with exactly one grid or kOutside.
 * Nothing is parsed or copied at open. Safe for any number of threads.
 * Source: adaptive cell trie (Kipf et al., Adaptive Main-Memory Indexing for High-Performance Point-Polygon Joins, EDBT
 * 2020); leaves by edge deltas, see docs/point-index.md.
 */
class PointIndex {
public:
    /// Serialises an index over the shapes (a valid coverage; ids are their positions). Deterministic bytes. O(n log
    /// n). Throws Error{data_rejected} when a vertex is off the globe or the index would outgrow its format (4 GB).
    [[nodiscard]] static std::vector<std::byte> build(std::span<geom::MultiPolygon const* const> shapes,
                                                      Progress& progress);
    /// View of bytes made by build(); they must outlive the object. Alignment of 64 bytes is best, of 8 required.
    /// Throws Error{corrupt} when header, sizes or offsets are wrong. Looks at the header only: damage further in is
    /// met by the queries, which then answer wrongly but never read out of bounds and never fail to end. `name` stands
    /// in the message.
    [[nodiscard]] static PointIndex over(std::span<std::byte const> bytes, std::string_view name = "point index");

    /// The owner of `p`. Expected O(1).
    [[nodiscard]] GridId locate(geom::Point p) const noexcept;
    /// Many at once, out[i] for points[i]; sizes must be equal. Same answers as the single call, faster.
    void locate(std::span<geom::Point const> points, std::span<GridId> out) const noexcept;

    /// Number of shapes it was built over.
    [[nodiscard]] std::size_t grid_count() const noexcept;
    /// Box of the shapes; empty when there are none.
    [[nodiscard]] geom::Envelope extent() const noexcept;
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return m_bytes; }

    /// What an index is made of, for benchmarks and tuning.
    struct Anatomy {
        std::uint64_t edges = 0, subgrids = 0, leaves = 0, leaf_edges = 0;
    };
    [[nodiscard]] Anatomy anatomy() const noexcept;

private:
    struct View; ///< header decoded to pointers
    std::span<std::byte const> m_bytes;
    std::shared_ptr<View const> m_view;
};

} // namespace wangge::snapshot
