#pragma once

#include <wangge/base/digest.hpp>
#include <wangge/geom/point.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// Layout of grids.bin and shapes.bin: a header, a table of sections, then the sections; docs/snapshot-format.md lists
/// them.
namespace wangge::snapshot::sections {

static_assert(std::endian::native == std::endian::little,
              "snapshots are mapped as they are; the format is little-endian");

inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kEndianMark = 0x01020304;
inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kMaxSections = 8;
inline constexpr std::array<char, 8> kGridsMagic{'W', 'G', 'G', 'R', 'I', 'D', 'S', '\n'};
inline constexpr std::array<char, 8> kShapesMagic{'W', 'G', 'S', 'H', 'A', 'P', 'E', '\n'};

struct Section {
    std::uint64_t offset = 0; ///< in bytes from the start of the file
    std::uint64_t size = 0;   ///< in bytes
};

struct Header {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t endian_mark;
    std::uint64_t byte_size;
    std::array<std::uint8_t, 32> content; ///< content digest: files of one snapshot belong together
    std::array<Section, kMaxSections> sections;
    std::uint64_t checksum; ///< checksum64 of the bytes before it
};
static_assert(sizeof(Header) == 192 && std::is_trivially_copyable_v<Header>);

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

/// A section as an array of T; empty when its size is not a multiple of T's.
template <class T, class Name>
std::span<T const> view(std::span<std::byte const> file, Header const& header, Name name) {
    static_assert(std::is_trivially_copyable_v<T>);
    auto const& s = header.sections[static_cast<std::size_t>(name)];
    return {reinterpret_cast<T const*>(file.data() + s.offset), s.size % sizeof(T) == 0 ? s.size / sizeof(T) : 0};
}

/// Checks magic, version, checksum, size and that sections lie in the file. Throws Error{corrupt} naming `path`.
[[nodiscard]] Header read_header(std::filesystem::path const& path, std::span<std::byte const> file,
                                 std::array<char, 8> const& magic);

struct Written {
    std::uint64_t bytes = 0;
    std::uint64_t checksum = 0; ///< checksum64 of the whole file
};
/// Writes a file; does not sync it.
Written write_bytes(std::filesystem::path const& path, std::span<std::byte const> bytes);
/// A section put together from pieces that lie anywhere, other mapped files among them.
using Pieces = std::vector<std::span<std::byte const>>;
/// Writes a file of header and sections; does not sync it.
Written write_file(std::filesystem::path const& path, std::array<char, 8> const& magic, Digest const& content,
                   std::span<Pieces const> parts);

} // namespace wangge::snapshot::sections
