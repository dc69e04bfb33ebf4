#include "peers.hpp"

namespace wangge::bench {

namespace {

class ScanPeer final : public LibraryPeer {
public:
    explicit ScanPeer(std::span<geom::MultiPolygon const> shapes) : m_shapes(shapes.begin(), shapes.end()) {
        for (auto const& shape : m_shapes) {
            m_envelopes.push_back(geom::envelope_of(shape));
        }
    }

private:
    [[nodiscard]] std::uint32_t locate(geom::Point p) override {
        for (std::uint32_t id = 0; id < m_shapes.size(); ++id) {
            if (m_envelopes[id].contains(p) && inside(m_shapes[id], p)) {
                return id;
            }
        }
        return kNobody;
    }

    /// Edges that a ray to the east meets, one end of each left out. 128 bits hold every product.
    static bool inside(geom::MultiPolygon const& shape, geom::Point p) {
        bool odd = false;
        geom::for_each_edge(shape, [&](geom::Point a, geom::Point b) {
            if ((a.lat > p.lat) == (b.lat > p.lat)) {
                return;
            }
            auto const& low = a.lat < b.lat ? a : b;
            auto const& high = a.lat < b.lat ? b : a;
            __extension__ using Wide = __int128;
            odd ^= (Wide{p.lon} - low.lon) * (Wide{high.lat} - low.lat) <
                   (Wide{high.lon} - low.lon) * (Wide{p.lat} - low.lat);
        });
        return odd;
    }

    std::vector<geom::MultiPolygon> m_shapes;
    std::vector<geom::Envelope> m_envelopes;
};

} // namespace

std::unique_ptr<Peer> make_scan_peer(std::span<geom::MultiPolygon const> shapes) {
    return std::make_unique<ScanPeer>(shapes);
}

} // namespace wangge::bench
