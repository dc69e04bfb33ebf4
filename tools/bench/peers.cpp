#include "peers.hpp"

namespace wangge::bench {

std::vector<PeerMaker> peers() {
#ifdef WANGGE_BENCH_PEERS
    return {make_geos_peer, make_boost_peer};
#else
    return {};
#endif
}

} // namespace wangge::bench
