#pragma once

#include "support/random.hpp"

#include <wangge/geom/polygon.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace wangge::test {

using geom::MultiPolygon;
using geom::Point;
using geom::Ring;

inline MultiPolygon one_ring(Ring ring) { return {{{std::move(ring), {}}}}; }

inline MultiPolygon box(std::int32_t lon0, std::int32_t lat0, std::int32_t lon1, std::int32_t lat1) {
    return one_ring({{lon0, lat0}, {lon1, lat0}, {lon1, lat1}, {lon0, lat1}});
}

/// Owner of each cell of a square of cells; kFree belongs to nobody.
struct CellMap {
    static constexpr int kFree = -1;
    int size = 0;
    std::vector<int> owner;
    [[nodiscard]] int at(int x, int y) const {
        return x < 0 || y < 0 || x >= size || y >= size ? kFree : owner[static_cast<std::size_t>(y * size + x)];
    }
    int& at(int x, int y) { return owner[static_cast<std::size_t>(y * size + x)]; }
};

/// Cells given to `owners` owners at random by growing from seeds; some stay free when `holes`.
inline CellMap random_cells(Random& random, int size, int owners, bool holes) {
    CellMap cells{size, std::vector<int>(static_cast<std::size_t>(size * size), CellMap::kFree - 1)};
    for (int i = 0; i < owners; ++i) {
        cells.at(static_cast<int>(random.between(0, size - 1)), static_cast<int>(random.between(0, size - 1))) = i;
    }
    if (holes) {
        for (int i = 0; i < size; ++i) {
            cells.at(static_cast<int>(random.between(0, size - 1)), static_cast<int>(random.between(0, size - 1))) =
                CellMap::kFree;
        }
    }
    for (int sweep = 0; sweep < 8 * size; ++sweep) {
        for (auto& cell : cells.owner) {
            if (cell == CellMap::kFree - 1) {
                auto const place = static_cast<int>(&cell - cells.owner.data());
                auto const x = place % size + static_cast<int>(random.between(-1, 1));
                auto const y = place / size + static_cast<int>(random.between(-1, 1));
                if (x >= 0 && y >= 0 && x < size && y < size && cells.at(x, y) >= 0) {
                    cell = cells.at(x, y);
                }
            }
        }
    }
    for (auto& cell : cells.owner) { // shut in by free cells
        cell = std::max(cell, CellMap::kFree);
    }
    return cells;
}

} // namespace wangge::test
