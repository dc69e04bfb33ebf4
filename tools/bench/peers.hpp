#pragma once

#include "timing.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::bench {

/// Answer for a position that no shape covers. Larger than every shape's number.
inline constexpr std::uint32_t kNobody = 0xffffffffU;

/// Another program or library that answers the same question: which shape covers a position, the lowest of several.
/// Made ready by its constructor, so that answer() is the lookup alone.
class Peer {
public:
    virtual ~Peer() = default;
    /// Takes the positions in the form it likes best; not measured.
    virtual void take(std::span<geom::Point const> points) = 0;
    /// Answers all of them, in their order; measured.
    virtual void answer() = 0;
    /// The answers; not measured.
    [[nodiscard]] virtual std::vector<std::uint32_t> give() = 0;
    /// Clock of the processor time of whoever answers.
    [[nodiscard]] virtual double cpu_s() const { return thread_cpu_s(); }
    /// Bytes of polygons and index together where they lie in files; 0 when they are this process's memory.
    [[nodiscard]] virtual std::uint64_t file_bytes() { return 0; }
    /// Peak memory of the process that does the work; 0 when it is this one.
    [[nodiscard]] virtual std::uint64_t other_process_peak_bytes() { return 0; }
};

/// One that is a library: answers position by position.
class LibraryPeer : public Peer {
public:
    void take(std::span<geom::Point const> points) final {
        m_points.assign(points.begin(), points.end());
        m_answers.assign(points.size(), kNobody);
    }
    void answer() final {
        for (std::size_t i = 0; i < m_points.size(); ++i) {
            m_answers[i] = locate(m_points[i]);
        }
    }
    [[nodiscard]] std::vector<std::uint32_t> give() final { return m_answers; }

protected:
    [[nodiscard]] virtual std::uint32_t locate(geom::Point p) = 0;

private:
    std::vector<geom::Point> m_points;
    std::vector<std::uint32_t> m_answers;
};

struct PeerKind {
    std::string_view key;   ///< as --peers takes it
    std::string_view title; ///< what it does
    /// Answers may differ this near to an edge: 0 where its arithmetic is exact on the lattice.
    double tolerance_m = 0;
    std::unique_ptr<Peer> (*make)(std::span<geom::MultiPolygon const> shapes) = nullptr;
    bool by_default = true;
};

/// Those that were built in: "scan" always, the others with WANGGE_BENCH_PEERS.
[[nodiscard]] std::span<PeerKind const> peer_kinds();
/// The peers of a list of keys, "all" (those by default) or "none". Throws Error{usage} for a key that is not there.
[[nodiscard]] std::vector<PeerKind> chosen_peers(std::string const& keys);

/// Envelopes one after the other, then the even-odd rule: slow, but shares no code with the index.
[[nodiscard]] std::unique_ptr<Peer> make_scan_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_geos_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_boost_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_s2_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_cgal_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_spatialite_peer(std::span<geom::MultiPolygon const> shapes);
[[nodiscard]] std::unique_ptr<Peer> make_postgis_peer(std::span<geom::MultiPolygon const> shapes);

} // namespace wangge::bench
