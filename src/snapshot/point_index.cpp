#include "point_index_view.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

namespace wangge::snapshot {

using namespace point_index;

std::span<Instructions const> instructions_here() noexcept {
    static constexpr std::array kAll{Instructions::portable, Instructions::avx512};
#ifdef __x86_64__
    static bool const has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                                   __builtin_cpu_supports("popcnt");
#else
    constexpr bool has_avx512 = false;
#endif
    return std::span{kAll}.first(has_avx512 ? 2 : 1);
}

std::string_view to_string(Instructions instructions) noexcept {
    switch (instructions) {
    case Instructions::portable:
        return "portable";
    case Instructions::avx512:
        return "avx512";
    default:
        return "best";
    }
}

PointIndex PointIndex::over(std::span<std::byte const> bytes, std::string_view name, Instructions instructions) {
    auto const refuse = [&](std::string_view why) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: {}; publish again", name, why)};
    };
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: its bytes must be aligned to {}; copy them to such a place", name, kAlignment)};
    }
    auto const here = instructions_here();
    if (instructions == Instructions::best) {
        instructions = here.back();
    }
    static constexpr std::array kKernels{
        Kernel{Instructions::portable, locate_many_portable},
#ifdef __x86_64__
        Kernel{Instructions::avx512, locate_many_avx512},
#endif
    };
    auto const* const kernel =
        std::find_if(kKernels.begin(), kKernels.end(), [&](Kernel const& k) { return k.instructions == instructions; });
    if (std::find(here.begin(), here.end(), instructions) == here.end()) {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: this machine has no {} instructions", name, to_string(instructions))};
    }
    auto view = std::make_shared<View>();
    auto& h = view->header;
    if (bytes.size() < sizeof h) {
        refuse(fmt::format("{} bytes are too few for a header", bytes.size()));
    }
    std::memcpy(&h, bytes.data(), sizeof h);
    if (h.magic != kMagic) {
        refuse("these bytes are something else (wrong magic)");
    }
    if (h.endian_mark != kEndianMark || h.version != kVersion) {
        refuse(fmt::format("format version {} cannot be read, this program reads version {}", h.version, kVersion));
    }
    if (h.checksum != checksum64(bytes.first(offsetof(Header, checksum)))) {
        refuse("the header is damaged (checksum)");
    }
    if (h.byte_size != bytes.size()) {
        refuse(fmt::format("{} bytes where the header says {}", bytes.size(), h.byte_size));
    }
    bool const empty = h.min.lon >= h.max.lon || h.min.lat >= h.max.lat;
    if (!empty) {
        view->width = static_cast<std::uint32_t>(h.max.lon) - static_cast<std::uint32_t>(h.min.lon);
        view->height = static_cast<std::uint32_t>(h.max.lat) - static_cast<std::uint32_t>(h.min.lat);
        if (h.top_shift > 31 || h.top_columns != ((view->width - 1) >> h.top_shift) + 1 ||
            h.top_rows != ((view->height - 1) >> h.top_shift) + 1) {
            refuse("the top grid does not fit the extent");
        }
    }
    auto const top_cells = std::uint64_t{h.top_columns} * h.top_rows;
    auto const holds = [&](std::uint64_t offset, std::uint64_t records, std::uint64_t record_size = 1) {
        return offset % kAlignment == 0 && offset <= bytes.size() && records <= (bytes.size() - offset) / record_size;
    };
    auto const subgrid_bytes = h.leaves_offset - h.entries_offset;
    auto const leaf_bytes = h.byte_size - h.leaves_offset;
    auto const is_section = [](std::uint64_t size) {
        return size % kAlignment == 0 && size >= kSectionTail && size <= kMaxSectionBytes;
    };
    if (!holds(h.top_offset, top_cells, sizeof(Cell)) || !holds(h.tallies_offset, top_cells, sizeof(Tally)) ||
        !holds(h.entries_offset, subgrid_bytes) || !holds(h.leaves_offset, leaf_bytes) || !is_section(subgrid_bytes) ||
        !is_section(leaf_bytes) || h.face_count > kMaxFaces) {
        refuse("a section lies outside the file");
    }
    view->min = h.min;
    view->face_count = h.face_count;
    view->top_shift = h.top_shift;
    view->top_columns = h.top_columns;
    view->top = reinterpret_cast<Cell const*>(bytes.data() + h.top_offset);
    view->subgrids = reinterpret_cast<std::uint32_t const*>(bytes.data() + h.entries_offset);
    view->leaves = reinterpret_cast<std::uint32_t const*>(bytes.data() + h.leaves_offset);
    view->last_subgrid_word = static_cast<std::uint32_t>(subgrid_bytes / 4 - 1);
    view->last_leaf_word = static_cast<std::uint32_t>((leaf_bytes - kSectionTail) / 4);
    PointIndex index;
    index.m_bytes = bytes;
    index.m_view = std::move(view);
    index.m_kernel = kernel;
    return index;
}

GridId PointIndex::locate(geom::Point p) const noexcept { return locate_one(*m_view, p); }

void PointIndex::locate(std::span<geom::Point const> points, std::span<GridId> out) const noexcept {
    m_kernel->locate_many(*m_view, points, out);
}

Instructions PointIndex::instructions() const noexcept { return m_kernel->instructions; }

bool PointIndex::content_is_whole() const noexcept {
    return checksum64(m_bytes.subspan(sizeof(Header))) == m_view->header.content_checksum;
}

std::size_t PointIndex::grid_count() const noexcept { return m_view->face_count; }

geom::Envelope PointIndex::extent() const noexcept { return {m_view->header.min, m_view->header.max}; }

PointIndex::Anatomy PointIndex::anatomy() const noexcept {
    Anatomy sum;
    auto const* const tallies = reinterpret_cast<Tally const*>(m_bytes.data() + m_view->header.tallies_offset);
    auto const count = std::size_t{m_view->header.top_columns} * m_view->header.top_rows;
    for (auto const& tally : std::span{tallies, count}) {
        sum.edges += tally.edges;
        sum.subgrids += tally.subgrids;
        sum.leaves += tally.leaves;
        sum.leaf_vertices += tally.leaf_vertices;
    }
    return sum;
}

} // namespace wangge::snapshot
