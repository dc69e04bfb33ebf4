#pragma once

#include <wangge/geom/point.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// Layout of a point index, shared by its builder and its reader; docs/point-index.md explains it.
namespace wangge::snapshot::point_index {

static_assert(std::endian::native == std::endian::little,
              "snapshots are mapped as they are; the format is little-endian");

inline constexpr std::array<char, 8> kMagic{'W', 'G', 'P', 'I', 'N', 'D', 'E', 'X'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kEndianMark = 0x01020304;
inline constexpr std::size_t kAlignment = 64;

struct Header {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t endian_mark;
    std::uint64_t byte_size;
    std::uint32_t face_count;
    std::uint32_t top_shift; ///< top cells have sides of 2^top_shift lattice units
    geom::Point min, max;    ///< box of all vertices; min > max when there are none
    std::uint32_t top_columns, top_rows;
    std::uint64_t top_offset;                          ///< entries of the top grid, row by row from the south-west
    std::uint64_t pool_offset, pool_bytes;             ///< sub-grids and leaves
    std::uint64_t edges, subgrids, leaves, leaf_edges; ///< for people
    std::array<std::uint64_t, 1> reserved;
    std::uint64_t checksum; ///< checksum64 of the bytes before it
};
static_assert(sizeof(Header) == 128 && std::is_trivially_copyable_v<Header>);

// An entry is one 32-bit word, its kind in the two low bits. A face is a grid id plus one, 0 for outside.
//   face:     face << 2
//   leaf:     offset / 8 << 3 | (goes beyond its first cache line) << 2 | 1       offset into the pool, in bytes
//   sub-grid: offset / 64 << 5 | (split - 1) << 2 | 2                             of 2^split by 2^split entries
enum class Kind : std::uint32_t { face = 0, leaf = 1, subgrid = 2 };
inline constexpr std::uint32_t kMaxFaces = (1U << 30U) - 1;
inline constexpr std::uint64_t kMaxPoolBytes = std::uint64_t{8} << 29U;

constexpr Kind kind_of(std::uint32_t entry) noexcept { return static_cast<Kind>(entry & 3U); }
constexpr std::uint32_t face_entry(std::uint32_t face) noexcept { return face << 2U; }
constexpr std::uint32_t leaf_entry(std::uint64_t offset, bool long_leaf) noexcept {
    return static_cast<std::uint32_t>(offset / 8) << 3U | (long_leaf ? 4U : 0U) | 1U;
}
constexpr std::uint32_t subgrid_entry(std::uint64_t offset, unsigned split) noexcept {
    return static_cast<std::uint32_t>(offset / 64) << 5U | (split - 1) << 2U | 2U;
}
constexpr std::uint32_t face_in(std::uint32_t entry) noexcept { return entry >> 2U; }
constexpr bool is_long_leaf(std::uint32_t entry) noexcept { return (entry & 4U) != 0; }
constexpr unsigned split_in(std::uint32_t entry) noexcept { return ((entry >> 2U) & 7U) + 1; }
/// Offsets in 4-byte words of the pool.
constexpr std::size_t leaf_word(std::uint32_t entry) noexcept { return std::size_t{entry >> 3U} * 2; }
constexpr std::size_t subgrid_word(std::uint32_t entry) noexcept { return std::size_t{entry >> 5U} * 16; }

// A leaf: word 0 the base face, word 1 the edge count and two flags, then the edges (west lon, west lat, east lon, east
// lat), then their deltas. Narrow edges are int16, relative to the middle of the cell; wide ones are int32 positions.
// A leaf whose edges all have one delta holds it once.
inline constexpr std::uint32_t kEdgeCountMask = 0xff;
inline constexpr std::uint32_t kWideLeaf = 0x100;
inline constexpr std::uint32_t kOneDelta = 0x200;
inline constexpr std::size_t kLeafHeaderWords = 2;
/// Bound of narrow coordinates, and the largest cell whose positions keep it too.
inline constexpr std::int32_t kNarrowLimit = 32767;
inline constexpr unsigned kMaxNarrowShift = 15;

constexpr std::size_t leaf_words(std::uint32_t meta) noexcept {
    std::size_t const n = meta & kEdgeCountMask;
    return kLeafHeaderWords + n * ((meta & kWideLeaf) != 0 ? 4 : 2) + ((meta & kOneDelta) != 0 ? 1 : n);
}

} // namespace wangge::snapshot::point_index
