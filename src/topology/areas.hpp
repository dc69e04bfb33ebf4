#pragma once

#include "arrangement.hpp"

#include <wangge/geom/polygon.hpp>

#include <functional>
#include <span>
#include <vector>

namespace wangge::topology {

/// How often an owner's winding number goes round a region; never 0.
struct OwnerCount {
    std::uint32_t owner = 0;
    std::int32_t count = 0;
    bool operator==(OwnerCount const&) const = default;
};

/// For each region of an arrangement, the owners that cover it, by owner. One array for all of them.
class Covers {
public:
    explicit Covers(std::size_t region_count = 0) : m_regions(region_count) {}
    [[nodiscard]] std::span<OwnerCount const> operator[](std::uint32_t region) const noexcept {
        return {m_counts.data() + m_regions[region].begin, m_regions[region].size};
    }
    /// Number of regions.
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(m_regions.size()); }
    /// Once for each region.
    void set(std::uint32_t region, std::span<OwnerCount const> cover) {
        m_regions[region] = {m_counts.size(), static_cast<std::uint32_t>(cover.size())};
        m_counts.insert(m_counts.end(), cover.begin(), cover.end());
    }

private:
    struct Stretch {
        std::size_t begin = 0;
        std::uint32_t size = 0;
    };
    std::vector<Stretch> m_regions;
    std::vector<OwnerCount> m_counts;
};

/// `owner_of` may make several edge owners one.
[[nodiscard]] Covers covers(Arrangement const& arrangement,
                            std::function<std::uint32_t(std::uint32_t)> const& owner_of);

/// Regions put together, as people are to see them.
struct TracedArea {
    geom::MultiPolygon shape; ///< rounded to the lattice; pieces too small for it are left out
    Point at;                 ///< inside, or next to it where it is too small
    double area_m2 = 0;       ///< of the unrounded area
    std::size_t pieces = 0;
    bool narrow =
        false; ///< every piece is a sliver: below kSliverAreaM2, and 4 pi area / perimeter^2 below kSliverRoundness
};

inline constexpr double kSliverAreaM2 = 100;
inline constexpr double kSliverRoundness = 0.1;

/// Turns sets of regions into areas. Not thread-safe; one for each arrangement.
class AreaTracer {
public:
    explicit AreaTracer(Arrangement const& arrangement);

    /// The union of the regions (none twice).
    [[nodiscard]] TracedArea trace(std::span<std::uint32_t const> regions);
    /// The same area alone, which costs a fraction.
    [[nodiscard]] double area_m2(std::span<std::uint32_t const> regions);

    /// Regions of a set that hang together across edges, and the half-edges round them (area on their left).
    struct ConnectedRegions {
        std::vector<std::uint32_t> regions;
        std::vector<std::uint32_t> border;
    };
    [[nodiscard]] std::vector<ConnectedRegions> pieces_of(std::span<std::uint32_t const> regions);

    /// The sets of regions with `member` that hang together across edges, each in ascending order, by first region.
    [[nodiscard]] std::vector<std::vector<std::uint32_t>> connected(std::vector<char> const& member);

private:
    struct Loop {
        std::vector<std::uint32_t> nodes;
        long double lattice_area = 0;
    };
    struct Piece {
        std::vector<Loop> loops;
        double area_m2 = 0;
        double perimeter_m = 0;
    };

    [[nodiscard]] Piece trace_piece(std::span<std::uint32_t const> border);
    [[nodiscard]] long double lattice_area(std::span<std::uint32_t const> nodes) const;
    [[nodiscard]] geom::Ring rounded(std::span<std::uint32_t const> nodes) const;
    [[nodiscard]] double loop_m2(Loop const& loop) const;
    [[nodiscard]] double loop_m(Loop const& loop) const;
    void add_to_shape(Piece const& piece, geom::MultiPolygon& shape) const;

    Arrangement const& m_arrangement;
    std::uint32_t m_turn = 0;                   ///< stamps of this call are above those of earlier ones
    std::vector<std::uint32_t> m_region_stamp;  ///< in the set
    std::vector<std::uint32_t> m_reached_stamp; ///< region visited
    std::vector<std::uint32_t> m_border_stamp;  ///< half-edge on the border, not yet followed
    std::vector<std::uint32_t> m_place;         ///< of a node on the path being traced
};

} // namespace wangge::topology
