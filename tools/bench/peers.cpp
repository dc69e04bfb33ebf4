#include "peers.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace wangge::bench {

namespace {

constexpr double kDegreesInDoublesM = 1e-3; ///< far more than positions lose in degrees
constexpr double kGeodesicM = 1;            ///< edges that are great circles leave the straight ones by less

constexpr std::array kKinds{
    PeerKind{"scan", "linear scan of envelopes + even-odd rule", 0, make_scan_peer, false},
#ifdef WANGGE_BENCH_PEERS
    PeerKind{"geos", "GEOS STRtree + prepared polygons", 0, make_geos_peer},
    PeerKind{"boost", "Boost.Geometry R-tree + covered_by", 0, make_boost_peer},
    PeerKind{"s2", "S2 shape index + contains-point query", kGeodesicM, make_s2_peer},
    PeerKind{"cgal", "CGAL constrained triangulation + hierarchy", 0, make_cgal_peer},
    PeerKind{"spatialite", "SpatiaLite join, R*Tree", kDegreesInDoublesM, make_spatialite_peer},
    PeerKind{"postgis", "PostGIS join, GiST", kDegreesInDoublesM, make_postgis_peer},
#endif
};

} // namespace

std::span<PeerKind const> peer_kinds() { return kKinds; }

std::vector<PeerKind> chosen_peers(std::string const& keys) {
    std::vector<PeerKind> chosen;
    if (keys == "none") {
        return chosen;
    }
    if (keys == "all") {
        std::copy_if(kKinds.begin(), kKinds.end(), std::back_inserter(chosen),
                     [](PeerKind const& kind) { return kind.by_default; });
        return chosen;
    }
    for (std::size_t begin = 0; begin <= keys.size();) {
        auto const end = std::min(keys.find(',', begin), keys.size());
        auto const key = std::string_view{keys}.substr(begin, end - begin);
        auto const kind = std::find_if(kKinds.begin(), kKinds.end(), [&](PeerKind const& k) { return k.key == key; });
        if (kind == kKinds.end()) {
            throw Error{ErrorCode::usage,
                        fmt::format("--peers: there is no '{}' in this build; configure with -D WANGGE_BENCH_PEERS=ON "
                                    "for all (tools/setup bench installs them)",
                                    key)};
        }
        chosen.push_back(*kind);
        begin = end + 1;
    }
    return chosen;
}

} // namespace wangge::bench
