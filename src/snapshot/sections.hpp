#pragma once

#include <wangge/base/sectioned_file.hpp>
#include <wangge/geom/point.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

/// Sections of grids.bin and shapes.bin; docs/snapshot-format.md lists them.
namespace wangge::snapshot::sections {

inline constexpr SectionedFormat kGrids{{'W', 'G', 'G', 'R', 'I', 'D', 'S', '\n'}, 2, 8, "publish again"};
inline constexpr SectionedFormat kShapes{{'W', 'G', 'S', 'H', 'A', 'P', 'E', '\n'}, 2, 8, "publish again"};

// grids.bin
enum class GridsSection : std::size_t { divisions, grids, names, tree_boxes, tree_ids, by_code, digests };

struct DivisionRecord {
    std::uint64_t code;
    std::uint32_t name_offset, name_size; ///< in `names`
    std::uint32_t parent;                 ///< record number; 0xffffffff for none
    std::uint32_t level;
};
static_assert(sizeof(DivisionRecord) == 24);

struct GridRecord {
    std::array<char, 20> code; ///< digits, then zeros
    std::uint8_t kind;
    std::array<std::uint8_t, 3> zero;
    std::uint32_t name_offset, name_size;
    std::uint32_t village; ///< number of a division record
    std::uint32_t zero2;
    double area_m2;
    geom::Envelope envelope;
};
static_assert(sizeof(GridRecord) == 64);

// shapes.bin: grid g has parts first_part[g] .. first_part[g + 1]; part q has rings first_ring[q] .. first_ring[q + 1],
// the first of them the outer one; ring r has points first_point[r] .. first_point[r + 1].
enum class ShapesSection : std::size_t { first_part, first_ring, first_point, points };

} // namespace wangge::snapshot::sections
