#include "peers.hpp"

#include <boost/geometry.hpp>
#include <boost/geometry/geometries/multi_polygon.hpp>
#include <boost/geometry/geometries/point_xy.hpp>
#include <boost/geometry/geometries/polygon.hpp>
#include <boost/geometry/index/rtree.hpp>

#include <algorithm>

namespace wangge::bench {

namespace {

namespace bg = boost::geometry;
using XY = bg::model::d2::point_xy<double>;
using Box = bg::model::box<XY>;
using Area = bg::model::multi_polygon<bg::model::polygon<XY, false>>; // counter-clockwise, closed
using Item = std::pair<Box, std::uint32_t>;

/// rtree of envelopes (packed at once), then covered_by.
class BoostPeer final : public LibraryPeer {
public:
    explicit BoostPeer(std::span<geom::MultiPolygon const> shapes) {
        std::vector<Item> items;
        for (auto const& shape : shapes) {
            auto& area = m_areas.emplace_back();
            for (auto const& part : shape.parts) {
                auto& polygon = area.emplace_back();
                auto const fill = [](auto& ring, geom::Ring const& points) {
                    for (std::size_t i = 0; i <= points.size(); ++i) {
                        auto const p = points[i % points.size()];
                        ring.emplace_back(p.lon, p.lat);
                    }
                };
                fill(polygon.outer(), part.outer);
                for (auto const& hole : part.holes) {
                    fill(polygon.inners().emplace_back(), hole);
                }
            }
            if (!area.empty()) {
                items.emplace_back(bg::return_envelope<Box>(area), static_cast<std::uint32_t>(m_areas.size() - 1));
            }
        }
        m_tree = Tree{items};
    }

private:
    std::uint32_t locate(geom::Point p) override {
        XY const point(p.lon, p.lat);
        m_candidates.clear();
        m_tree.query(bg::index::intersects(point), std::back_inserter(m_candidates));
        std::uint32_t owner = kNobody;
        for (auto const& [box, id] : m_candidates) {
            if (id < owner && bg::covered_by(point, m_areas[id])) {
                owner = id;
            }
        }
        return owner;
    }

    using Tree = bg::index::rtree<Item, bg::index::quadratic<16>>;
    std::vector<Area> m_areas;
    Tree m_tree;
    std::vector<Item> m_candidates;
};

} // namespace

std::unique_ptr<Peer> make_boost_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<BoostPeer>(shapes);
}

} // namespace wangge::bench
