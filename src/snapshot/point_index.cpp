#include "point_index_format.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wangge::snapshot {

using namespace point_index;

namespace {

/// XOR of the deltas of the edges that a position's downward ray counts (geom::crosses_below), without branches.
/// Products wrap instead of overflowing, which only damaged bytes can bring about.
template <class Coordinate>
std::uint32_t crossed_deltas(std::uint32_t const* leaf, std::uint32_t count, bool one_delta, std::int32_t lon,
                             std::int32_t lat) noexcept {
    using Wide = std::int64_t;
    constexpr std::size_t kEdgeWords = sizeof(Coordinate);
    auto const* const edges = leaf + kLeafHeaderWords;
    auto const* const deltas = edges + count * kEdgeWords;
    std::size_t const delta_mask = one_delta ? 0 : ~std::size_t{0};
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::array<Coordinate, 4> edge; // west lon, west lat, east lon, east lat
        std::memcpy(&edge, edges + i * kEdgeWords, sizeof edge);
        auto const [west_lon, west_lat, east_lon, east_lat] = edge;
        bool const spans = (west_lon <= lon) & (lon < east_lon);
        auto const left =
            static_cast<std::uint64_t>(Wide{east_lon} - west_lon) * static_cast<std::uint64_t>(Wide{lat} - west_lat);
        auto const right =
            static_cast<std::uint64_t>(Wide{east_lat} - west_lat) * static_cast<std::uint64_t>(Wide{lon} - west_lon);
        bool const below = static_cast<Wide>(left) >= static_cast<Wide>(right);
        sum ^= deltas[i & delta_mask] & (0U - static_cast<std::uint32_t>(spans & below));
    }
    return sum;
}

} // namespace

struct PointIndex::View {
    geom::Point min;
    std::uint32_t width = 0, height = 0; ///< of the extent; a position on its north or east side is outside
    std::uint32_t face_count = 0;
    unsigned top_shift = 0;
    std::size_t top_columns = 0;
    std::uint32_t const* top = nullptr;
    std::uint32_t const* pool = nullptr;
    std::size_t pool_words = 0;
    Header header{};

    /// Where a position's search stands: offset from the extent's corner, and the side of the cell reached.
    struct Search {
        std::uint32_t x = 0, y = 0;
        unsigned shift = 0;
    };

    static constexpr std::uint32_t kOutsideEntry = 0;

    /// The top cell's entry of `p`; `kOutsideEntry` off the extent. Unsigned differences are right for every int32.
    std::uint32_t const* enter(geom::Point p, Search& search) const noexcept {
        search.x = static_cast<std::uint32_t>(p.lon) - static_cast<std::uint32_t>(min.lon);
        search.y = static_cast<std::uint32_t>(p.lat) - static_cast<std::uint32_t>(min.lat);
        search.shift = top_shift;
        if (search.x >= width || search.y >= height) {
            return &kOutsideEntry;
        }
        return top + (search.y >> top_shift) * top_columns + (search.x >> top_shift);
    }

    /// The entry one level down. Every step lessens the shift, so damaged bytes cannot make a search endless.
    std::uint32_t const* descend(std::uint32_t entry, Search& search) const noexcept {
        auto const split = split_in(entry);
        auto const word = subgrid_word(entry);
        if (split > search.shift || word + (std::size_t{1} << (2 * split)) > pool_words) {
            return &kOutsideEntry;
        }
        search.shift -= split;
        auto const mask = (1U << split) - 1;
        auto const column = (search.x >> search.shift) & mask;
        auto const row = (search.y >> search.shift) & mask;
        return pool + word + ((row << split) | column);
    }

    std::uint32_t face_in_leaf(std::uint32_t entry, Search const& search, geom::Point p) const noexcept {
        auto const word = leaf_word(entry);
        if (word + kLeafHeaderWords > pool_words) {
            return 0;
        }
        auto const* const leaf = pool + word;
        auto const meta = leaf[1];
        if (word + leaf_words(meta) > pool_words) {
            return 0;
        }
        auto const count = meta & kEdgeCountMask;
        bool const one_delta = (meta & kOneDelta) != 0;
        if ((meta & kWideLeaf) != 0) {
            return leaf[0] ^ crossed_deltas<std::int32_t>(leaf, count, one_delta, p.lon, p.lat);
        }
        auto const mask = (1U << search.shift) - 1;
        auto const half = static_cast<std::int32_t>((mask >> 1U) + 1);
        return leaf[0] ^ crossed_deltas<std::int16_t>(leaf, count, one_delta,
                                                      static_cast<std::int32_t>(search.x & mask) - half,
                                                      static_cast<std::int32_t>(search.y & mask) - half);
    }

    GridId finish(std::uint32_t entry, Search const& search, geom::Point p) const noexcept {
        return id_of(kind_of(entry) == Kind::leaf ? face_in_leaf(entry, search, p) : face_in(entry));
    }

    GridId id_of(std::uint32_t face) const noexcept {
        GridId const id = face - 1; // face 0 becomes kOutside
        return id < face_count ? id : kOutside;
    }
};

PointIndex PointIndex::over(std::span<std::byte const> bytes, std::string_view name) {
    auto const refuse = [&](std::string_view why) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: {}; publish again", name, why)};
    };
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: its bytes must be aligned to 8; copy them to such a place", name)};
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
    auto const top_bytes = std::uint64_t{h.top_columns} * h.top_rows * 4;
    auto const holds = [&](std::uint64_t offset, std::uint64_t size) {
        return offset % kAlignment == 0 && offset <= bytes.size() && size <= bytes.size() - offset;
    };
    if (top_bytes / 4 > bytes.size() || !holds(h.top_offset, top_bytes) || !holds(h.pool_offset, h.pool_bytes) ||
        h.pool_bytes > kMaxPoolBytes || h.face_count > kMaxFaces) {
        refuse("a section lies outside the file");
    }
    view->min = h.min;
    view->face_count = h.face_count;
    view->top_shift = h.top_shift;
    view->top_columns = h.top_columns;
    view->top = reinterpret_cast<std::uint32_t const*>(bytes.data() + h.top_offset);
    view->pool = reinterpret_cast<std::uint32_t const*>(bytes.data() + h.pool_offset);
    view->pool_words = h.pool_bytes / 4;
    PointIndex index;
    index.m_bytes = bytes;
    index.m_view = std::move(view);
    return index;
}

GridId PointIndex::locate(geom::Point p) const noexcept {
    auto const& view = *m_view;
    View::Search search;
    auto entry = *view.enter(p, search);
    while (kind_of(entry) == Kind::subgrid) {
        entry = *view.descend(entry, search);
    }
    return view.finish(entry, search, p);
}

void PointIndex::locate(std::span<geom::Point const> points, std::span<GridId> out) const noexcept {
    // A group goes down level by level, so that the memory accesses of a level overlap. Which positions go on is noted
    // without branches, for it is unpredictable.
    constexpr std::size_t kGroup = 64;
    auto const& view = *m_view;
    std::array<View::Search, kGroup> searches;
    std::array<std::uint32_t const*, kGroup> next;
    std::array<std::uint32_t, kGroup> entries;
    std::array<std::uint8_t, kGroup> active, leaves;
    auto const total = std::min(points.size(), out.size());
    for (std::size_t first = 0; first < total; first += kGroup) {
        auto const count = std::min(kGroup, total - first);
        auto const group = points.subspan(first, count);
        auto const answers = out.subspan(first, count);
        for (std::size_t i = 0; i < count; ++i) {
            next[i] = view.enter(group[i], searches[i]);
            __builtin_prefetch(next[i]);
            active[i] = static_cast<std::uint8_t>(i);
        }
        std::size_t leaf_count = 0;
        for (std::size_t left = count; left != 0;) {
            std::size_t still = 0;
            auto const leaves_before = leaf_count;
            for (std::size_t a = 0; a < left; ++a) {
                auto const i = active[a];
                auto const entry = entries[i] = *next[i];
                answers[i] = view.id_of(face_in(entry)); // right for faces; the others are answered later
                active[still] = i;
                still += kind_of(entry) == Kind::subgrid ? 1U : 0U;
                leaves[leaf_count] = i;
                leaf_count += kind_of(entry) == Kind::leaf ? 1U : 0U;
            }
            for (auto l = leaves_before; l < leaf_count; ++l) {
                // Not in a function of its own: GCC 12 finds one that only prefetches to be without effect and drops
                // the calls.
                auto const entry = entries[leaves[l]];
                auto const* const leaf = view.pool + std::min(leaf_word(entry), view.pool_words);
                __builtin_prefetch(leaf);
                if (is_long_leaf(entry)) {
                    __builtin_prefetch(leaf + kAlignment / sizeof *leaf);
                }
            }
            for (std::size_t a = 0; a < still; ++a) {
                auto const i = active[a];
                next[i] = view.descend(entries[i], searches[i]);
                __builtin_prefetch(next[i]);
            }
            left = still;
        }
        for (std::size_t l = 0; l < leaf_count; ++l) {
            auto const i = leaves[l];
            answers[i] = view.id_of(view.face_in_leaf(entries[i], searches[i], group[i]));
        }
    }
}

std::size_t PointIndex::grid_count() const noexcept { return m_view->face_count; }

geom::Envelope PointIndex::extent() const noexcept { return {m_view->header.min, m_view->header.max}; }

PointIndex::Anatomy PointIndex::anatomy() const noexcept {
    auto const& h = m_view->header;
    return {h.edges, h.subgrids, h.leaves, h.leaf_edges};
}

} // namespace wangge::snapshot
