#ifdef __x86_64__

#include "point_index_view.hpp"

// GCC 12's own intrinsics use values that are meant to be undefined, and it warns of them (its PR 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

// The functions below are compiled for instructions that the rest of the program does not use. None of them is inline
// with external linkage, so that the linker cannot give one to another caller.
#define WANGGE_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt,lzcnt")))

namespace wangge::snapshot::point_index {

namespace {

using View = PointIndex::View;

WANGGE_AVX512 inline __m512i lane_numbers() noexcept {
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// Which of the steps between vertices a[i] and b[i] = a[i + 1] does the downward ray of a position cross (as
/// crossed_narrow); `packed` is the position relative to the middle of the cell, lon in the low half.
WANGGE_AVX512 inline std::uint32_t crossed_steps(__m512i a, __m512i b, std::uint32_t packed) noexcept {
    __m512i const step = _mm512_sub_epi16(b, a);                                                   // dx, dy
    __m512i const to = _mm512_sub_epi16(_mm512_set1_epi32(static_cast<int>(packed)), a);           // lx, ly
    __m512i const turned = _mm512_mask_sub_epi16(step, 0xaaaaaaaaU, _mm512_setzero_si512(), step); // dx, -dy
    __m512i turn = _mm512_madd_epi16(turned, _mm512_rol_epi32(to, 16));                            // dx * ly - dy * lx
    __mmask16 const east = _mm512_test_epi32_mask(to, _mm512_set1_epi32(0x8000));
    turn = _mm512_mask_sub_epi32(turn, east, _mm512_setzero_si512(), turn);
    auto const above = static_cast<std::uint32_t>(_mm512_movepi32_mask(turn));
    auto const e = static_cast<std::uint32_t>(east);
    return (e ^ (e >> 1U)) & ~above;
}

/// Local face in a simple leaf at word `at`. The leaf's cache line is read once, as a whole.
WANGGE_AVX512 inline std::uint32_t face_in_simple_leaf(std::uint32_t const* leaves, std::uint32_t at,
                                                       std::uint32_t packed) noexcept {
    __m512i const line = _mm512_loadu_si512(leaves + (at & ~15U));
    __m512i const first = _mm512_add_epi32(lane_numbers(), _mm512_set1_epi32(static_cast<int>(at + 1)));
    __m512i const a = _mm512_permutexvar_epi32(first, line);
    __m512i const b = _mm512_permutexvar_epi32(_mm512_sub_epi32(first, _mm512_set1_epi32(-1)), line);
    auto const head = leaves[at];
    auto const crossed = _bzhi_u32(crossed_steps(a, b, packed), head & 15U);
    auto const odd = static_cast<std::uint32_t>(_mm_popcnt_u32(crossed)) & 1U;
    return head >> (4U + 14U * odd) & kMaxLocalFace;
}

/// Local face in an other leaf.
WANGGE_AVX512 inline std::uint32_t face_in_other_leaf(std::uint32_t const* leaves, std::uint32_t at,
                                                      std::uint32_t packed, geom::Point p) noexcept {
    auto const* const leaf = leaves + at;
    auto const meta = leaf[0];
    auto const* const vertices = leaf + other_leaf_header_words(meta);
    if ((meta & kWideLeaf) != 0) {
        return other_face_after(leaf, crossed_wide(vertices, edge_slots(meta), p) & meta);
    }
    auto const crossed =
        crossed_steps(_mm512_loadu_si512(vertices), _mm512_loadu_si512(vertices + 1), packed) & meta & kEdgeMask;
    auto const base = leaf[1] & 0xffffU;
    if ((meta & kOneDelta) != 0) {
        return base ^ (leaf[1] >> 16U & (0U - (static_cast<std::uint32_t>(_mm_popcnt_u32(crossed)) & 1U)));
    }
    __m256i const some =
        _mm256_maskz_loadu_epi16(static_cast<__mmask16>(crossed), reinterpret_cast<std::uint16_t const*>(leaf + 1) + 1);
    __m128i sum = _mm_xor_si128(_mm256_castsi256_si128(some), _mm256_extracti128_si256(some, 1));
    sum = _mm_xor_si128(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_xor_si128(sum, _mm_shuffle_epi32(sum, 0xb1));
    auto const two = static_cast<std::uint32_t>(_mm_cvtsi128_si32(sum));
    return base ^ ((two ^ two >> 16U) & 0xffffU);
}

constexpr std::size_t kGroup = 256;

/// Positions that have met a leaf, in no useful order. Room for 16 more, since whole vectors are stored.
struct LeafList {
    alignas(64) std::array<std::uint32_t, kGroup + 16> lane, word, packed;
    std::size_t count = 0;
};

/// Positions of a group, lane by lane.
struct Group {
    alignas(64) std::array<std::uint32_t, kGroup> faces, local;
    std::array<__mmask16, kGroup / 16> palette, subgrid;
    LeafList simple, other;
    std::array<std::uint32_t, kGroup> nested; ///< lanes whose top cell holds cells, one by one
    std::size_t nested_count = 0;
};

/// Positions on their way down, compacted after the first step.
struct Descent {
    alignas(64) std::array<std::uint32_t, kGroup + 16> lane, x, y, shift, subgrids, leaves, half, entry;
};

// Sub-grids or leaves of a lane's block: the first word, a multiple of 16, with the shift of leaf offsets in the low
// bits.
WANGGE_AVX512 inline __m512i start_of(__m512i block) noexcept {
    return _mm512_and_si512(block, _mm512_set1_epi32(-16));
}
WANGGE_AVX512 inline __m512i unit_of(__m512i block) noexcept { return _mm512_and_si512(block, _mm512_set1_epi32(15)); }

struct Constants {
    __m512i one, sixteen_bits, last_subgrid_word, last_leaf_word;
};

/// Appends those of 16 positions that have met a leaf to their lists.
WANGGE_AVX512 inline void note_leaves(Group& group, Constants const& c, __m512i entry, __m512i lane, __m512i x,
                                      __m512i y, __m512i shift, __m512i block) noexcept {
    __mmask16 const leaf = _mm512_test_epi32_mask(entry, c.one);
    __mmask16 const other = _mm512_mask_test_epi32_mask(leaf, entry, _mm512_set1_epi32(2));
    __m512i const offset = _mm512_sllv_epi32(_mm512_srli_epi32(entry, 2), unit_of(block));
    __m512i const word = _mm512_min_epu32(_mm512_add_epi32(start_of(block), offset), c.last_leaf_word);
    __m512i const side = _mm512_sllv_epi32(c.one, shift);
    __m512i const mask = _mm512_sub_epi32(side, c.one);
    __m512i const half = _mm512_srli_epi32(side, 1);
    __m512i const low = _mm512_sub_epi32(_mm512_and_si512(x, mask), half);
    __m512i const high = _mm512_sub_epi32(_mm512_and_si512(y, mask), half);
    __m512i const packed = _mm512_mask_blend_epi16(0xaaaaaaaaU, low, _mm512_slli_epi32(high, 16));
    auto const append = [&](LeafList& list, __mmask16 chosen) WANGGE_AVX512 {
        _mm512_storeu_si512(&list.lane[list.count], _mm512_maskz_compress_epi32(chosen, lane));
        _mm512_storeu_si512(&list.word[list.count], _mm512_maskz_compress_epi32(chosen, word));
        _mm512_storeu_si512(&list.packed[list.count], _mm512_maskz_compress_epi32(chosen, packed));
        list.count += static_cast<std::size_t>(_mm_popcnt_u32(chosen));
    };
    append(group.simple, static_cast<__mmask16>(leaf & ~other));
    append(group.other, other);
}

constexpr int kNowhere = -1;

/// Where 16 positions that stand at sub-grids read on, in 16-bit words; lessens their shift. Those whose sub-grid is
/// damaged get kNowhere, which reads as 0, outside.
WANGGE_AVX512 inline __m512i next_halves(Constants const& c, __m512i entry, __m512i x, __m512i y, __m512i block,
                                         __m512i& shift) noexcept {
    __m512i const split = _mm512_add_epi32(_mm512_and_si512(_mm512_srli_epi32(entry, 2), _mm512_set1_epi32(7)), c.one);
    __mmask16 const sound = _mm512_cmple_epu32_mask(split, shift);
    shift = _mm512_sub_epi32(shift, split);
    __m512i const mask = _mm512_sub_epi32(_mm512_sllv_epi32(c.one, split), c.one);
    __m512i const column = _mm512_and_si512(_mm512_srlv_epi32(x, shift), mask);
    __m512i const row = _mm512_and_si512(_mm512_srlv_epi32(y, shift), mask);
    __m512i const step = _mm512_or_si512(_mm512_sllv_epi32(row, split), column);
    __m512i const offset =
        _mm512_sllv_epi32(_mm512_srli_epi32(entry, 5), _mm512_add_epi32(unit_of(block), _mm512_set1_epi32(3)));
    __m512i const word = _mm512_add_epi32(start_of(block), offset);
    __m512i const half = _mm512_add_epi32(_mm512_slli_epi32(word, 1), step);
    __m512i const last = _mm512_slli_epi32(c.last_subgrid_word, 1);
    return _mm512_mask_blend_epi32(sound, _mm512_set1_epi32(kNowhere), _mm512_min_epu32(half, last));
}

WANGGE_AVX512 inline __m512i read_halves(Constants const& c, std::uint32_t const* subgrids, __m512i half) noexcept {
    __mmask16 const there = _mm512_cmpneq_epi32_mask(half, _mm512_set1_epi32(kNowhere));
    __m512i const word =
        _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there, _mm512_srli_epi32(half, 1), subgrids, 4);
    __m512i const high = _mm512_slli_epi32(_mm512_and_si512(half, c.one), 4);
    return _mm512_and_si512(_mm512_srlv_epi32(word, high), c.sixteen_bits);
}

#define WANGGE_PREFETCH(word) _mm_prefetch(reinterpret_cast<char const*>(word), _MM_HINT_T0)

} // namespace

WANGGE_AVX512 void locate_many_avx512(PointIndex::View const& view, std::span<geom::Point const> points,
                                      std::span<GridId> out) noexcept {
    // A group goes down level by level, 16 positions in a step, so that the memory accesses of a level overlap. Nothing
    // branches on where a position lies.
    auto const* const subgrid_words = view.subgrids;
    auto const* const leaf_words = view.leaves;
    Constants const c{_mm512_set1_epi32(1), _mm512_set1_epi32(0xffff),
                      _mm512_set1_epi32(static_cast<int>(view.last_subgrid_word)),
                      _mm512_set1_epi32(static_cast<int>(view.last_leaf_word))};
    __m512i const evens = _mm512_slli_epi32(lane_numbers(), 1);
    __m512i const odds = _mm512_add_epi32(evens, c.one);
    __m512i const west = _mm512_set1_epi32(view.min.lon), south = _mm512_set1_epi32(view.min.lat);
    __m512i const width = _mm512_set1_epi32(static_cast<int>(view.width));
    __m512i const height = _mm512_set1_epi32(static_cast<int>(view.height));
    __m512i const columns = _mm512_set1_epi32(static_cast<int>(view.top_columns));
    __m512i const top_shift = _mm512_set1_epi32(static_cast<int>(view.top_shift));
    __m512i const face_count = _mm512_set1_epi32(static_cast<int>(view.face_count));
    __m512i const two = _mm512_set1_epi32(2), three = _mm512_set1_epi32(3), outside = _mm512_set1_epi32(-1);
    auto const* const top = reinterpret_cast<int const*>(view.top);
    Group group;
    Descent d;
    auto const total = std::min(points.size(), out.size());
    auto const whole = total - total % 16;
    for (std::size_t first = 0; first < whole; first += kGroup) {
        auto const count = std::min(kGroup, whole - first);
        auto const* const at = points.data() + first;
        auto* const answers = out.data() + first;
        group.simple.count = group.other.count = group.nested_count = 0;
        // The top grid. It is small and stays in the cache, so it is read at once.
        for (std::size_t i = 0; i < count; i += 16) {
            __m512i const low = _mm512_loadu_si512(at + i), high = _mm512_loadu_si512(at + i + 8);
            __m512i const x = _mm512_sub_epi32(_mm512_permutex2var_epi32(low, evens, high), west);
            __m512i const y = _mm512_sub_epi32(_mm512_permutex2var_epi32(low, odds, high), south);
            auto const inside =
                static_cast<__mmask16>(_mm512_cmplt_epu32_mask(x, width) & _mm512_cmplt_epu32_mask(y, height));
            __m512i const cell =
                _mm512_slli_epi32(_mm512_add_epi32(_mm512_mullo_epi32(_mm512_srlv_epi32(y, top_shift), columns),
                                                   _mm512_srlv_epi32(x, top_shift)),
                                  2);
            __m512i const zero = _mm512_setzero_si512();
            __m512i const head = _mm512_mask_i32gather_epi32(zero, inside, cell, top, 4);
            __m512i const faces = _mm512_mask_i32gather_epi32(zero, inside, cell, top + 1, 4);
            __m512i const subgrid_line = _mm512_mask_i32gather_epi32(zero, inside, cell, top + 2, 4);
            __m512i const leaf_line = _mm512_mask_i32gather_epi32(zero, inside, cell, top + 3, 4);
            __mmask16 const nested = _mm512_test_epi32_mask(head, _mm512_set1_epi32(kCells << 16));
            __mmask16 const palette = _mm512_test_epi32_mask(head, _mm512_set1_epi32(kPalette << 16));
            __m512i const entry = _mm512_maskz_and_epi32(static_cast<__mmask16>(~nested), head, c.sixteen_bits);
            __m512i const scale = _mm512_and_si512(_mm512_srli_epi32(head, 16 + kScaleBit), three);
            __m512i const unit = _mm512_add_epi32(scale, c.one);
            __m512i const subgrids = _mm512_or_si512(_mm512_slli_epi32(subgrid_line, 4), unit);
            __m512i const leaves = _mm512_or_si512(_mm512_slli_epi32(leaf_line, 4), unit);
            __m512i const lane = _mm512_add_epi32(lane_numbers(), _mm512_set1_epi32(static_cast<int>(i)));
            for (auto left = static_cast<unsigned>(nested); left != 0; left &= left - 1) { // rare
                group.nested[group.nested_count++] = static_cast<std::uint32_t>(i) + _tzcnt_u32(left);
            }
            if (_mm512_test_epi32_mask(entry, c.one) != 0) { // rare
                note_leaves(group, c, entry, lane, x, y, top_shift, leaves);
            }
            __m512i shift = top_shift;
            __mmask16 const subgrid = _mm512_cmpeq_epi32_mask(_mm512_and_si512(entry, three), two);
            __m512i const half = next_halves(c, entry, x, y, subgrids, shift);
            group.palette[i / 16] = palette;
            group.subgrid[i / 16] = subgrid;
            _mm512_store_si512(&group.faces[i], _mm512_mask_add_epi32(faces, palette, faces, start_of(leaves)));
            _mm512_store_si512(&d.x[i], x);
            _mm512_store_si512(&d.y[i], y);
            _mm512_store_si512(&d.shift[i], shift);
            _mm512_store_si512(&d.subgrids[i], subgrids);
            _mm512_store_si512(&d.leaves[i], leaves);
            _mm512_store_si512(&d.entry[i], entry);
            _mm512_store_si512(&d.half[i], _mm512_maskz_mov_epi32(subgrid, half));
            for (std::size_t a = i; a < i + 16; ++a) {
                WANGGE_PREFETCH(subgrid_words + d.half[a] / 2);
            }
        }
        // The first sub-grid, still lane by lane; those that go on are compacted.
        std::size_t active = 0;
        auto const go_on = [&](__mmask16 chosen, __m512i entry, __m512i lane, __m512i x, __m512i y, __m512i shift,
                               __m512i subgrids, __m512i leaves) WANGGE_AVX512 {
            __m512i const half = next_halves(c, entry, x, y, subgrids, shift);
            _mm512_storeu_si512(&d.lane[active], _mm512_maskz_compress_epi32(chosen, lane));
            _mm512_storeu_si512(&d.x[active], _mm512_maskz_compress_epi32(chosen, x));
            _mm512_storeu_si512(&d.y[active], _mm512_maskz_compress_epi32(chosen, y));
            _mm512_storeu_si512(&d.shift[active], _mm512_maskz_compress_epi32(chosen, shift));
            _mm512_storeu_si512(&d.subgrids[active], _mm512_maskz_compress_epi32(chosen, subgrids));
            _mm512_storeu_si512(&d.leaves[active], _mm512_maskz_compress_epi32(chosen, leaves));
            _mm512_storeu_si512(&d.half[active], _mm512_maskz_compress_epi32(chosen, half));
            active += static_cast<std::size_t>(_mm_popcnt_u32(chosen));
        };
        std::size_t simple_before = 0, other_before = 0, active_before = 0;
        auto const prefetch_noted = [&]() WANGGE_AVX512 {
            for (; simple_before < group.simple.count; ++simple_before) {
                WANGGE_PREFETCH(leaf_words + group.simple.word[simple_before]);
            }
            for (; other_before < group.other.count; ++other_before) {
                WANGGE_PREFETCH(leaf_words + group.other.word[other_before]);
                WANGGE_PREFETCH(leaf_words + group.other.word[other_before] + 16);
            }
            for (; active_before < active; ++active_before) {
                WANGGE_PREFETCH(subgrid_words + d.half[active_before] / 2);
            }
        };
        for (std::size_t i = 0; i < count; i += 16) {
            __m512i const x = _mm512_load_si512(&d.x[i]), y = _mm512_load_si512(&d.y[i]);
            __m512i const shift = _mm512_load_si512(&d.shift[i]);
            __m512i const subgrids = _mm512_load_si512(&d.subgrids[i]), leaves = _mm512_load_si512(&d.leaves[i]);
            auto const subgrid = group.subgrid[i / 16];
            __m512i const root = _mm512_load_si512(&d.entry[i]);
            __m512i const found = read_halves(c, subgrid_words, _mm512_load_si512(&d.half[i]));
            __m512i const entry = _mm512_mask_blend_epi32(subgrid, root, found);
            __m512i const lane = _mm512_add_epi32(lane_numbers(), _mm512_set1_epi32(static_cast<int>(i)));
            _mm512_store_si512(&group.local[i], _mm512_srli_epi32(entry, 2)); // right for faces
            note_leaves(group, c, _mm512_maskz_mov_epi32(subgrid, entry), lane, x, y, shift, leaves);
            go_on(static_cast<__mmask16>(_mm512_cmpeq_epi32_mask(_mm512_and_si512(entry, three), two) & subgrid), entry,
                  lane, x, y, shift, subgrids, leaves);
            prefetch_noted();
        }
        while (active != 0) {
            auto const left = active;
            active = active_before = 0;
            for (std::size_t a = 0; a < left; a += 16) {
                auto const live = static_cast<__mmask16>(left - a >= 16 ? 0xffffU : (1U << (left - a)) - 1);
                __m512i const lane = _mm512_maskz_loadu_epi32(live, &d.lane[a]);
                __m512i const x = _mm512_loadu_si512(&d.x[a]), y = _mm512_loadu_si512(&d.y[a]);
                __m512i const shift = _mm512_loadu_si512(&d.shift[a]);
                __m512i const subgrids = _mm512_loadu_si512(&d.subgrids[a]), leaves = _mm512_loadu_si512(&d.leaves[a]);
                __m512i const half = _mm512_maskz_loadu_epi32(live, &d.half[a]);
                __m512i const entry = _mm512_maskz_mov_epi32(live, read_halves(c, subgrid_words, half));
                _mm512_mask_i32scatter_epi32(group.local.data(), live, lane, _mm512_srli_epi32(entry, 2), 4);
                note_leaves(group, c, entry, lane, x, y, shift, leaves);
                go_on(_mm512_cmpeq_epi32_mask(_mm512_and_si512(entry, three), two), entry, lane, x, y, shift, subgrids,
                      leaves);
            }
            prefetch_noted();
        }
        for (std::size_t l = 0; l < group.simple.count; ++l) {
            group.local[group.simple.lane[l]] =
                face_in_simple_leaf(leaf_words, group.simple.word[l], group.simple.packed[l]);
        }
        for (std::size_t l = 0; l < group.other.count; ++l) {
            auto const lane = group.other.lane[l];
            group.local[lane] = face_in_other_leaf(leaf_words, group.other.word[l], group.other.packed[l], at[lane]);
        }
        for (std::size_t i = 0; i < count; i += 16) {
            __m512i const local = _mm512_load_si512(&group.local[i]);
            __m512i face = _mm512_add_epi32(local, _mm512_load_si512(&group.faces[i]));
            auto const palette = group.palette[i / 16];
            if (palette != 0) {
                face =
                    _mm512_mask_i32gather_epi32(face, palette, _mm512_min_epu32(face, c.last_leaf_word), leaf_words, 4);
            }
            __m512i const id = _mm512_sub_epi32(face, c.one);
            auto const known =
                static_cast<__mmask16>(_mm512_cmplt_epu32_mask(id, face_count) & _mm512_test_epi32_mask(local, local));
            _mm512_storeu_si512(answers + i, _mm512_mask_blend_epi32(known, outside, id));
        }
        for (std::size_t n = 0; n < group.nested_count; ++n) {
            answers[group.nested[n]] = locate_one(view, at[group.nested[n]]);
        }
    }
    for (auto i = whole; i < total; ++i) {
        out[i] = locate_one(view, points[i]);
    }
}

} // namespace wangge::snapshot::point_index

#endif
