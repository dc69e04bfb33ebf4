#pragma once

#include <wangge/geom/point.hpp>

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wangge::topology {

/// Marks positions in the cells of a net over a box, to tell which boxes can hold none of them.
class PlaceMarks {
public:
    /// All positions marked or asked for in vain must lie in `extent`, which is not empty.
    explicit PlaceMarks(geom::Envelope const& extent)
        : m_min(extent.min)
        , m_width((std::int64_t{extent.max.lon} - extent.min.lon) / std::int64_t{kSide} + 1)
        , m_height((std::int64_t{extent.max.lat} - extent.min.lat) / std::int64_t{kSide} + 1)
        , m_extent(extent)
        , m_cells(std::make_unique<std::bitset<std::size_t{kSide} * kSide>>()) {}

    void mark(geom::Point p) noexcept { m_cells->set(row(p.lat) * kSide + column(p.lon)); }

    /// False when nothing marked lies in the box.
    [[nodiscard]] bool may_meet(geom::Envelope box) const noexcept {
        box = box.clipped_to(m_extent);
        if (box.empty()) {
            return false;
        }
        auto const [west, east] = std::pair{column(box.min.lon), column(box.max.lon)};
        auto const [south, north] = std::pair{row(box.min.lat), row(box.max.lat)};
        if ((east - west + 1) * (north - south + 1) > kMostCells) {
            return true;
        }
        for (auto y = south; y <= north; ++y) {
            for (auto x = west; x <= east; ++x) {
                if (m_cells->test(y * kSide + x)) {
                    return true;
                }
            }
        }
        return false;
    }

private:
    static constexpr std::uint32_t kSide = 1024;
    static constexpr std::size_t kMostCells = 256; ///< looked at for one box

    [[nodiscard]] std::size_t column(std::int32_t lon) const noexcept {
        return static_cast<std::size_t>((std::int64_t{lon} - m_min.lon) / m_width);
    }
    [[nodiscard]] std::size_t row(std::int32_t lat) const noexcept {
        return static_cast<std::size_t>((std::int64_t{lat} - m_min.lat) / m_height);
    }

    geom::Point m_min;
    std::int64_t m_width, m_height; ///< of a cell
    geom::Envelope m_extent;
    std::unique_ptr<std::bitset<std::size_t{kSide} * kSide>> m_cells;
};

} // namespace wangge::topology
