#pragma once

#include "point_index_format.hpp"

#include <wangge/snapshot/point_index.hpp>

#include <algorithm>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wangge::snapshot {

/// The header decoded to pointers, and one step of a search at a time; what all instruction sets share.
/// In damaged bytes every step stays in bounds, and a search ends, because each step down lessens the cell.
struct PointIndex::View {
    geom::Point min;
    std::uint32_t width = 0, height = 0; ///< of the extent; a position on its north or east side is outside
    std::uint32_t face_count = 0;
    unsigned top_shift = 0;
    std::uint32_t top_columns = 0;
    point_index::Cell const* top = nullptr;
    std::uint32_t const* subgrids = nullptr;
    std::uint32_t const* leaves = nullptr;
    std::uint32_t last_subgrid_word = 0;
    std::uint32_t last_leaf_word = 0; ///< whole vectors can be read from here on
    point_index::Header header{};

    /// Where a position's search stands: offset from the extent's corner, the side of the cell reached, and its block.
    struct Search {
        std::uint32_t x = 0, y = 0;
        unsigned shift = 0;
        point_index::Cell cell{};
    };

    /// Does the extent hold `p`? Unsigned differences are right for every int32.
    bool enter(geom::Point p, Search& search) const noexcept {
        search.x = static_cast<std::uint32_t>(p.lon) - static_cast<std::uint32_t>(min.lon);
        search.y = static_cast<std::uint32_t>(p.lat) - static_cast<std::uint32_t>(min.lat);
        search.shift = top_shift;
        return search.x < width && search.y < height;
    }

    /// Goes to the top cell, and through cells nested in it. False when they are damaged.
    bool find_cell(Search& search) const noexcept {
        search.cell = top[std::size_t{search.y >> top_shift} * top_columns + (search.x >> top_shift)];
        while ((search.cell.flags & point_index::kCells) != 0) {
            auto const split = point_index::split_in(search.cell.root);
            if (split > search.shift) {
                return false;
            }
            auto const outer = search.cell;
            auto const inner = std::min(outer.subgrids * 16U + step(split, search) * 4U, last_subgrid_word - 3);
            std::memcpy(&search.cell, subgrids + inner, sizeof search.cell);
            search.cell.subgrids += outer.subgrids;
            search.cell.leaves += outer.leaves;
        }
        return true;
    }

    /// Lessens the cell by `split` (at most its shift); the number of the sub-cell that the search goes to.
    static std::uint32_t step(unsigned split, Search& search) noexcept {
        search.shift -= split;
        auto const mask = (1U << split) - 1;
        return ((search.y >> search.shift) & mask) << split | ((search.x >> search.shift) & mask);
    }

    /// The entry that a sub-grid's entry leads to; 0, outside, when it is damaged.
    std::uint32_t descend(std::uint32_t entry, Search& search) const noexcept {
        auto const split = point_index::split_in(entry);
        if (split > search.shift) {
            return 0;
        }
        auto const word = search.cell.subgrids * 16U + point_index::subgrid_word(entry, scale_of(search.cell));
        auto const half = word * 2U + step(split, search);
        return subgrids[std::min(half / 2, last_subgrid_word)] >> (half % 2 * 16U) & 0xffffU;
    }

    std::uint32_t leaf_at(std::uint32_t entry, point_index::Cell const& cell) const noexcept {
        return std::min(cell.leaves * 16U + point_index::leaf_word(entry, scale_of(cell)), last_leaf_word);
    }

    /// The grid of a local face.
    GridId grid_of(std::uint32_t local, point_index::Cell const& cell) const noexcept {
        auto face = local + cell.faces;
        if ((cell.flags & point_index::kPalette) != 0) {
            face = leaves[std::min(cell.leaves * 16U + face, last_leaf_word)];
        }
        GridId const id = face - 1;
        return local != 0 && id < face_count ? id : kOutside;
    }
};

namespace point_index {

/// A position seen from the middle of its cell; int16 as far as the cell allows narrow leaves.
struct Relative {
    std::int16_t x = 0, y = 0;
};
inline Relative relative(PointIndex::View::Search const& search) noexcept {
    auto const half = (std::uint32_t{1} << search.shift) >> 1U;
    auto const mask = (std::uint32_t{1} << search.shift) - 1;
    return {static_cast<std::int16_t>((search.x & mask) - half), static_cast<std::int16_t>((search.y & mask) - half)};
}

inline std::uint32_t pack(Relative at) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint16_t>(at.x)) |
           static_cast<std::uint32_t>(static_cast<std::uint16_t>(at.y)) << 16U;
}

/**
 * Which edge slots of a narrow leaf does the downward ray of `at` count: one end west of or at it, the other east, and
 * the edge at or below it (geom::crosses_below). `vertices` are `slots` + 1 packed pairs; bit i of the result for slot
 * i. All arithmetic wraps as the vector instructions' does, which only damaged bytes can bring about.
 */
inline std::uint32_t crossed_narrow_one_by_one(std::uint32_t const* vertices, std::size_t slots, Relative at) noexcept {
    auto const unpack = [](std::uint32_t word) {
        return Relative{static_cast<std::int16_t>(word), static_cast<std::int16_t>(word >> 16U)};
    };
    std::uint32_t crossed = 0;
    auto a = unpack(vertices[0]);
    for (std::size_t i = 0; i < slots; ++i) {
        auto const b = unpack(vertices[i + 1]);
        auto const dx = static_cast<std::int16_t>(b.x - a.x);
        auto const dy = static_cast<std::int16_t>(b.y - a.y);
        auto const lx = static_cast<std::int16_t>(at.x - a.x);
        auto const ly = static_cast<std::int16_t>(at.y - a.y);
        auto const turn =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(dx * ly) - static_cast<std::uint32_t>(dy * lx));
        bool const a_east = lx < 0;
        bool const b_east = static_cast<std::int16_t>(at.x - b.x) < 0;
        bool const below = a_east ? turn <= 0 : turn >= 0;
        crossed |= static_cast<std::uint32_t>((a_east != b_east) & below) << i;
        a = b;
    }
    return crossed;
}

/// The same, four at a time where the processor can (every x86-64).
#ifdef __SSE2__
inline std::uint32_t crossed_narrow(std::uint32_t const* vertices, std::size_t slots, Relative at) noexcept {
    __m128i const position = _mm_set1_epi32(static_cast<int>(pack(at)));
    __m128i const high_half = _mm_set1_epi32(-65536);
    std::uint32_t crossed = 0;
    for (std::size_t i = 0; i < slots; i += 4) { // may read four words too far, which the section's tail allows
        __m128i const a = _mm_loadu_si128(reinterpret_cast<__m128i const*>(vertices + i));
        __m128i const b = _mm_loadu_si128(reinterpret_cast<__m128i const*>(vertices + i + 1));
        __m128i const step = _mm_sub_epi16(b, a);                                               // dx, dy
        __m128i const to = _mm_sub_epi16(position, a);                                          // lx, ly
        __m128i const turned = _mm_sub_epi16(_mm_xor_si128(step, high_half), high_half);        // dx, -dy
        __m128i const crosswise = _mm_or_si128(_mm_slli_epi32(to, 16), _mm_srli_epi32(to, 16)); // ly, lx
        __m128i const turn = _mm_madd_epi16(turned, crosswise);                                 // dx * ly - dy * lx
        __m128i const a_east = _mm_slli_epi32(to, 16);                                          // its sign
        __m128i const b_east = _mm_slli_epi32(_mm_sub_epi16(position, b), 16);
        __m128i const flip = _mm_srai_epi32(a_east, 31);
        __m128i const above = _mm_sub_epi32(_mm_xor_si128(turn, flip), flip);
        auto const signs = [](__m128i v) { return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(v))); };
        crossed |= ((signs(a_east) ^ signs(b_east)) & ~signs(above)) << i;
    }
    return crossed & ((1U << slots) - 1);
}
#else
inline std::uint32_t crossed_narrow(std::uint32_t const* vertices, std::size_t slots, Relative at) noexcept {
    return crossed_narrow_one_by_one(vertices, slots, at);
}
#endif

/// The same for a wide leaf, whose vertices are positions.
inline std::uint32_t crossed_wide(std::uint32_t const* vertices, std::size_t slots, geom::Point at) noexcept {
    auto const vertex = [&](std::size_t i) {
        return geom::Point{static_cast<std::int32_t>(vertices[2 * i]), static_cast<std::int32_t>(vertices[2 * i + 1])};
    };
    std::uint32_t crossed = 0;
    auto a = vertex(0);
    for (std::size_t i = 0; i < slots; ++i) {
        auto const b = vertex(i + 1);
        auto const difference = [](std::int32_t to, std::int32_t from) {
            return static_cast<std::uint64_t>(std::int64_t{to} - from);
        };
        auto const left = static_cast<std::int64_t>(difference(b.lon, a.lon) * difference(at.lat, a.lat));
        auto const right = static_cast<std::int64_t>(difference(b.lat, a.lat) * difference(at.lon, a.lon));
        bool const a_east = a.lon > at.lon;
        bool const b_east = b.lon > at.lon;
        bool const below = a_east ? left <= right : left >= right;
        crossed |= static_cast<std::uint32_t>((a_east != b_east) & below) << i;
        a = b;
    }
    return crossed;
}

/// Local face in a simple leaf, when `crossed` are the crossed edges.
inline std::uint32_t face_after(std::uint32_t header, std::uint32_t crossed) noexcept {
    return (std::popcount(crossed) & 1) != 0 ? header >> 18U : header >> 4U & kMaxLocalFace;
}

/// Base of an other leaf XOR the deltas of the crossed slots.
inline std::uint32_t other_face_after(std::uint32_t const* leaf, std::uint32_t crossed) noexcept {
    auto const half = [&](std::size_t i) { return leaf[1 + i / 2] >> (i % 2 * 16U) & 0xffffU; };
    auto face = half(0);
    if ((leaf[0] & kOneDelta) != 0) {
        return face ^ ((std::popcount(crossed) & 1) != 0 ? half(1) : 0U);
    }
    for (; crossed != 0; crossed &= crossed - 1) {
        face ^= half(1 + static_cast<std::size_t>(std::countr_zero(crossed)));
    }
    return face;
}

inline std::uint32_t face_in_leaf(PointIndex::View const& view, std::uint32_t entry,
                                  PointIndex::View::Search const& search, geom::Point p) noexcept {
    auto const* const leaf = view.leaves + view.leaf_at(entry, search.cell);
    auto const head = leaf[0];
    if (kind_of(entry) == Kind::simple_leaf) {
        return face_after(head, crossed_narrow(leaf + 1, head & 15U, relative(search)));
    }
    auto const* const vertices = leaf + other_leaf_header_words(head);
    auto const slots = edge_slots(head);
    auto const crossed =
        (head & kWideLeaf) != 0 ? crossed_wide(vertices, slots, p) : crossed_narrow(vertices, slots, relative(search));
    return other_face_after(leaf, crossed & head); // none beyond the slots
}

} // namespace point_index

struct PointIndex::Kernel {
    Instructions instructions;
    void (*locate_many)(View const&, std::span<geom::Point const>, std::span<GridId>) noexcept;
};

namespace point_index {
GridId locate_one(PointIndex::View const& view, geom::Point p) noexcept;
/// The batch searches, for PointIndex::over to choose from.
void locate_many_portable(PointIndex::View const& view, std::span<geom::Point const> points,
                          std::span<GridId> out) noexcept;
#ifdef __x86_64__
void locate_many_avx512(PointIndex::View const& view, std::span<geom::Point const> points,
                        std::span<GridId> out) noexcept;
#endif
} // namespace point_index

} // namespace wangge::snapshot
