#pragma once

#include <wangge/geom/point.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// Layout of a point index, shared by its builder and its readers; docs/point-index.md explains it.
namespace wangge::snapshot::point_index {

static_assert(std::endian::native == std::endian::little,
              "snapshots are mapped as they are; the format is little-endian");

inline constexpr std::array<char, 8> kMagic{'W', 'G', 'P', 'I', 'N', 'D', 'E', 'X'};
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kEndianMark = 0x01020304;
inline constexpr std::size_t kAlignment = 64; ///< of sections, sub-grids and blocks: a cache line

struct Header {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t endian_mark;
    std::uint64_t byte_size;
    std::uint32_t face_count;
    std::uint32_t zero;
    geom::Point min, max;    ///< box of all vertices; min > max when there are none
    std::uint32_t top_shift; ///< top cells have sides of 2^top_shift lattice units
    std::uint32_t top_columns, top_rows;
    std::uint32_t zero2;
    std::uint64_t directed_edges; ///< of all rings
    std::uint64_t top_offset;     ///< a Cell for each top cell, row by row from the south-west
    std::uint64_t tallies_offset; ///< a Tally for each top cell, in the same order
    std::uint64_t entries_offset; ///< the sub-grids of the top cells' blocks, one block after another
    std::uint64_t leaves_offset;  ///< their leaves, one block after another, to the end of the file; each section ends
                                  ///< with kSectionTail zero bytes
    std::uint64_t zero3;
    std::uint64_t content_checksum; ///< checksum64 of all bytes behind the header
    std::uint64_t checksum;         ///< checksum64 of the bytes before it
};
static_assert(sizeof(Header) == 128 && std::is_trivially_copyable_v<Header>);

// A block is what hangs below one top cell: sub-grids in one section, leaves in the other, since the few sub-grids
// should share pages and caches with one another only. An entry is a 16-bit word, its kind in the two low bits; offsets
// are bytes from the start of the block's sub-grids or leaves, in units that double with each step of the block's
// scale.
//   face:         local face << 2                                   0 for outside
//   simple leaf:  offset / (8 << scale) << 2 | 1
//   sub-grid:     (offset / (64 << scale) << 3 | split - 1) << 2 | 2  of 2^split by 2^split entries, row by row
//   other leaf:   offset / (8 << scale) << 2 | 3
using Entry = std::uint16_t;
enum class Kind : std::uint32_t { face = 0, simple_leaf = 1, subgrid = 2, other_leaf = 3 };
inline constexpr std::uint32_t kMaxLocalFace = (1U << 14U) - 1;
inline constexpr std::size_t kMaxBlockWords = std::size_t{1} << 15U; ///< that entries reach at scale 0: 128 KiB
inline constexpr unsigned kMaxScale = 2;
inline constexpr unsigned kMaxSplit = 8;

constexpr Kind kind_of(std::uint32_t entry) noexcept { return static_cast<Kind>(entry & 3U); }
constexpr bool is_leaf(std::uint32_t entry) noexcept { return (entry & 1U) != 0; }
constexpr Entry face_entry(std::uint32_t local) noexcept { return static_cast<Entry>(local << 2U); }
/// `word` is the offset in 4-byte words, as everywhere below.
constexpr Entry leaf_entry(std::size_t word, unsigned scale, bool simple) noexcept {
    return static_cast<Entry>(word >> (1 + scale) << 2U | (simple ? 1U : 3U));
}
constexpr Entry subgrid_entry(std::size_t word, unsigned scale, unsigned split) noexcept {
    return static_cast<Entry>((word >> (4 + scale) << 3U | (split - 1)) << 2U | 2U);
}
constexpr std::uint32_t face_in(std::uint32_t entry) noexcept { return entry >> 2U; }
constexpr unsigned split_in(std::uint32_t entry) noexcept { return ((entry >> 2U) & 7U) + 1; }
constexpr std::uint32_t leaf_word(std::uint32_t entry, unsigned scale) noexcept { return entry >> 2U << (1 + scale); }
constexpr std::uint32_t subgrid_word(std::uint32_t entry, unsigned scale) noexcept {
    return entry >> 5U << (4 + scale);
}

/**
 * A cell of the top grid, or of a block of cells: where its block is, and how the block numbers faces. A face is a grid
 * id plus one, 0 for outside; a block knows the faces in it by local numbers below 2^14, so that entries are short.
 */
struct Cell {
    std::uint16_t root;  ///< entry of the whole cell
    std::uint16_t flags; ///< kPalette, kCells, scale << kScaleBit
    std::uint32_t faces; ///< the face of a local face f > 0 is faces + f; kPalette: it is word faces + f of the leaves
    /// Start of the block's sub-grids and leaves, in cache lines from the start of the section or of the block that
    /// this cell is nested in.
    std::uint32_t subgrids, leaves;
};
static_assert(sizeof(Cell) == 16 && std::is_trivially_copyable_v<Cell>);
inline constexpr std::uint16_t kPalette = 1; ///< faces are listed, since their numbers lie too far apart
/// The block is too large for its entries: its sub-grids start with a grid of cells (the root says how many).
inline constexpr std::uint16_t kCells = 2;

inline constexpr unsigned kScaleBit = 2;
constexpr unsigned scale_of(Cell const& cell) noexcept { return unsigned{cell.flags} >> kScaleBit & 3U; }

/// What one top cell put into the sections.
struct Tally {
    std::uint32_t subgrid_lines = 0, leaf_lines = 0; ///< size of its block, in cache lines
    std::uint32_t edges = 0;                         ///< distinct edges that touch it
    std::uint32_t subgrids = 0, leaves = 0, leaf_vertices = 0;
};
static_assert(sizeof(Tally) == 24 && std::is_trivially_copyable_v<Tally>);
inline constexpr std::uint32_t kMaxFaces = (1U << 31U) - 1;
inline constexpr std::uint64_t kMaxSectionBytes = std::uint64_t{4} << 30U;

// A leaf holds the chains of edges that touch its cell. The local face is found by counting the edges that the downward
// ray of the position crosses (geom::crosses_below).
//
// Simple leaf, one cache line at most: one chain along which the two faces change places.
//   word 0: number of edges | face when an even number is crossed << 4 | face when an odd number is << 18
//   then edges + 1 vertices
// Other leaf:
//   word 0: bit i of the low 15 is set when vertices i and i + 1 are the ends of an edge (and not the end of one chain
//           and the start of the next); then flags
//   16-bit words: the base face; deltas, one for each edge slot, or one for all with kOneDelta; padded to whole words.
//           The face is the base XOR the deltas of the crossed edges.
//   then edge_slots + 1 vertices
// Vertices are int16 pairs (lon, lat) relative to the middle of the cell; with kWideLeaf int32 positions.
inline constexpr std::uint32_t kEdgeMask = 0x7fff;
inline constexpr std::uint32_t kWideLeaf = 0x10000;
inline constexpr std::uint32_t kOneDelta = 0x20000;
inline constexpr std::size_t kMaxLeafVertices = 16;
inline constexpr std::size_t kMaxSimpleVertices = 15;

constexpr std::size_t edge_slots(std::uint32_t meta) noexcept {
    return static_cast<std::size_t>(std::bit_width(meta & kEdgeMask));
}
/// Words before the vertices of an other leaf.
constexpr std::size_t other_leaf_header_words(std::uint32_t meta) noexcept {
    auto const deltas = (meta & kOneDelta) != 0 ? 1 : edge_slots(meta);
    return 1 + (1 + deltas + 1) / 2;
}
inline constexpr std::size_t kMaxLeafWords = 1 + 8 + 2 * kMaxLeafVertices;
/// Zero bytes at the end of sub-grids and of leaves: a leaf is read as whole vectors.
inline constexpr std::size_t kSectionTail = 256;
static_assert(kSectionTail % kAlignment == 0 && kSectionTail >= kMaxLeafWords * 4 + kAlignment);

/// Bound of narrow vertices. Differences of two of them, and of a position of the cell and one of them, fit int16, and
/// the two products of an orientation fit int32 together.
inline constexpr std::int32_t kNarrowLimit = 16383;
/// Largest cell with narrow leaves; the middle is 2^14 from its sides.
inline constexpr unsigned kMaxNarrowShift = 15;

} // namespace wangge::snapshot::point_index
