#include "peers.hpp"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2contains_point_query.h>
#include <s2/s2latlng.h>
#include <s2/s2lax_polygon_shape.h>

#include <algorithm>

namespace wangge::bench {

namespace {

/// A shape for each grid in one index, asked by the semi-open vertex model. Edges are great circles, so that positions
/// very near to a long edge may be given to the neighbour. Each question turns degrees into a vector, as S2 needs it.
class S2Peer final : public LibraryPeer {
public:
    explicit S2Peer(std::span<geom::MultiPolygon const> shapes) {
        for (auto const& shape : shapes) {
            std::vector<std::vector<S2Point>> loops;
            geom::for_each_ring(shape, [&](geom::Ring const& ring) {
                auto& loop = loops.emplace_back();
                std::transform(ring.begin(), ring.end(), std::back_inserter(loop), to_s2);
            });
            m_index.Add(std::make_unique<S2LaxPolygonShape>(loops));
        }
        m_index.ForceBuild();
        S2ContainsPointQueryOptions options;
        options.set_vertex_model(S2VertexModel::SEMI_OPEN);
        m_query.Init(&m_index, options);
    }

private:
    static S2Point to_s2(geom::Point p) { return S2LatLng::FromE7(p.lat, p.lon).ToPoint(); }

    [[nodiscard]] std::uint32_t locate(geom::Point p) override {
        std::uint32_t owner = kNobody;
        m_query.VisitContainingShapes(to_s2(p), [&](S2Shape* shape) {
            owner = static_cast<std::uint32_t>(shape->id());
            return false; // by this model there is one
        });
        return owner;
    }

    MutableS2ShapeIndex m_index;
    S2ContainsPointQuery<MutableS2ShapeIndex> m_query;
};

} // namespace

std::unique_ptr<Peer> make_s2_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<S2Peer>(shapes);
}

} // namespace wangge::bench
