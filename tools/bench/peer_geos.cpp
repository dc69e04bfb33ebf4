#include "geos_geometry.hpp"
#include "peers.hpp"

#include <algorithm>

namespace wangge::bench {

namespace {

/// STRtree of envelopes, then a prepared polygon for each candidate.
class GeosPeer final : public LibraryPeer {
public:
    explicit GeosPeer(std::span<geom::MultiPolygon const> shapes) : m_context(GEOS_init_r()) {
        m_tree = GEOSSTRtree_create_r(m_context, 10);
        for (auto const& shape : shapes) {
            auto* const geometry = geos_geometry(m_context, shape);
            m_geometries.push_back(geometry);
            m_prepared.push_back(GEOSPrepare_r(m_context, geometry));
        }
        m_ids.resize(m_geometries.size());
        for (std::uint32_t i = 0; i < m_ids.size(); ++i) {
            m_ids[i] = i;
            GEOSSTRtree_insert_r(m_context, m_tree, m_geometries[i], &m_ids[i]);
        }
        // The tree and each polygon's own index are made at the first question.
        for (auto const& shape : shapes) {
            if (!shape.empty()) {
                (void)locate(shape.parts.front().outer.front());
            }
        }
    }
    ~GeosPeer() override {
        GEOSSTRtree_destroy_r(m_context, m_tree);
        for (auto const* prepared : m_prepared) {
            GEOSPreparedGeom_destroy_r(m_context, prepared);
        }
        for (auto* geometry : m_geometries) {
            GEOSGeom_destroy_r(m_context, geometry);
        }
        GEOS_finish_r(m_context);
    }
    GeosPeer(GeosPeer const&) = delete;
    GeosPeer& operator=(GeosPeer const&) = delete;

private:
    std::uint32_t locate(geom::Point p) override {
        auto* const point = GEOSGeom_createPointFromXY_r(m_context, p.lon, p.lat);
        m_candidates.clear();
        GEOSSTRtree_query_r(
            m_context, m_tree, point,
            [](void* item, void* peer) {
                static_cast<GeosPeer*>(peer)->m_candidates.push_back(*static_cast<std::uint32_t*>(item));
            },
            this);
        std::sort(m_candidates.begin(), m_candidates.end());
        std::uint32_t owner = kNobody;
        for (auto const id : m_candidates) {
            if (GEOSPreparedIntersects_r(m_context, m_prepared[id], point) == 1) {
                owner = id;
                break;
            }
        }
        GEOSGeom_destroy_r(m_context, point);
        return owner;
    }

    GEOSContextHandle_t m_context;
    GEOSSTRtree* m_tree = nullptr;
    std::vector<GEOSGeometry*> m_geometries;
    std::vector<GEOSPreparedGeometry const*> m_prepared;
    std::vector<std::uint32_t> m_ids;
    std::vector<std::uint32_t> m_candidates;
};

} // namespace

std::unique_ptr<Peer> make_geos_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<GeosPeer>(shapes);
}

} // namespace wangge::bench
