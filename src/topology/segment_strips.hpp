#pragma once

#include "predicates.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wangge::topology {

/// A segment with its lexicographically smaller end first.
struct Segment {
    Point low;
    Point high;
    auto operator<=>(Segment const&) const = default;
};

/// Finds the segment next below a position, in strips of longitude. Exact. Immutable after construction.
class SegmentStrips {
public:
    explicit SegmentStrips(std::vector<Segment> segments);

    /// Number of the first segment met when going straight down from just west of `p`, starting below `p` itself.
    /// Segments through `p` do not count. O(segments in the strip).
    [[nodiscard]] std::optional<std::uint32_t> below_west_of(Point p) const noexcept;

private:
    [[nodiscard]] std::size_t strip_of(std::int32_t lon) const noexcept;

    std::vector<Segment> m_segments;
    std::int64_t m_west = 0;
    std::int64_t m_width = 1;
    std::vector<std::uint32_t> m_begin; ///< of each strip in m_entries, and the end
    std::vector<std::uint32_t> m_entries;
};

} // namespace wangge::topology
