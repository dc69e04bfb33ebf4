#pragma once

#include <wangge/geom/polygon.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace wangge::bench {

/// Another library that answers the same question. Coordinates are lattice units as doubles, which hold them exactly.
class Peer {
public:
    virtual ~Peer() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    /// A shape that covers the position, the lowest of several; 0xffffffff for none.
    [[nodiscard]] virtual std::uint32_t locate(geom::Point p) = 0;
};

[[nodiscard]] std::unique_ptr<Peer> make_geos_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_boost_peer(std::span<geom::MultiPolygon const> shapes);
/// Those that were built in (WANGGE_BENCH_PEERS), each made when its turn comes.
using PeerMaker = std::unique_ptr<Peer> (*)(std::span<geom::MultiPolygon const>);
[[nodiscard]] std::vector<PeerMaker> peers();

} // namespace wangge::bench
