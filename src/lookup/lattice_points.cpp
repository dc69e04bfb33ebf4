#include "lattice_points.hpp"

namespace wangge::lookup {

LatticePoints::LatticePoints(std::string const& crs, crs::SiteSystems const& site) {
    if (crs == "EPSG:4490" || crs == "EPSG:4326") { // by contract of the transformer those two pass unchanged
        return;
    }
    m_transformer = crs::Transformer::make(crs, site);
    if (m_transformer->name() == "EPSG:4490" || m_transformer->name() == "EPSG:4326") {
        m_transformer.reset();
    }
}

void LatticePoints::convert(std::span<crs::Coordinate> coordinates, std::span<geom::Point> points,
                            std::span<std::uint8_t> is_fault) const {
    if (m_transformer) {
        m_transformer->to_registry(coordinates);
    }
    for (std::size_t i = 0; i < coordinates.size(); ++i) {
        auto const point = crs::to_lattice(crs::Position{coordinates[i].x, coordinates[i].y});
        points[i] = point.value_or(geom::Point{});
        is_fault[i] = static_cast<std::uint8_t>(!point);
    }
}

} // namespace wangge::lookup
