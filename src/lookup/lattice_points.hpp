#pragma once

#include <wangge/crs/transformer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::lookup {

/// Brings coordinates of one CRS to the lattice, a batch at a time. One object serves one thread.
class LatticePoints {
public:
    /// `crs` as for crs::Transformer::make; throws as that does.
    LatticePoints(std::string const& crs, crs::SiteSystems const& site);

    /// Positions on the lattice; what is none (not finite, off the globe, PROJ cannot) is an unspecified point with
    /// is_fault not 0. The coordinates may be changed. All three have the same size.
    void convert(std::span<crs::Coordinate> coordinates, std::span<geom::Point> points,
                 std::span<std::uint8_t> is_fault) const;

    /// Do coordinates pass as they are, being those of the registry?
    [[nodiscard]] bool unchanged() const noexcept { return !m_transformer; }

private:
    std::optional<crs::Transformer> m_transformer;
};

} // namespace wangge::lookup
