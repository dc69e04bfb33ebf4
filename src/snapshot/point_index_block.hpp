#pragma once

#include "point_index_cells.hpp"
#include "point_index_format.hpp"

#include <wangge/snapshot/point_index.hpp>

#include <memory>
#include <vector>

namespace wangge::snapshot::point_index {

/**
 * Builds what hangs below one top cell: the cell, and its block. One object serves one thread and any
 * number of cells, one after the other. The bytes depend on the set of edges, not on their order.
 */
class BlockBuilder {
public:
    /// `east` is the extent's east side, which bounds the made-up ends of edges.
    explicit BlockBuilder(std::int64_t east);
    ~BlockBuilder();
    BlockBuilder(BlockBuilder const&) = delete;
    BlockBuilder& operator=(BlockBuilder const&) = delete;

    struct Result {
        Cell cell{}; ///< counted from the start of its block
        Tally tally;
        std::vector<std::uint32_t> subgrids, leaves; ///< whole cache lines
    };
    /**
     * The cell of 2^shift positions a side at (lon, lat), whose south-west position belongs to face `corner`. `edges`
     * are all directed edges of shapes that touch it, each with its own face as delta. They are used up.
     */
    [[nodiscard]] Result build(std::vector<Edge>& edges, std::int64_t lon, std::int64_t lat, unsigned shift,
                               std::uint32_t corner);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::snapshot::point_index
