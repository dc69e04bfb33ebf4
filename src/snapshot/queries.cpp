#include "query_edges.hpp"
#include "stored.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/segments.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace wangge::snapshot {

namespace {

using geom::Envelope;
using geom::Point;
using Relation = EnvelopeTree::Relation;

constexpr Envelope kGlobe{{-1'800'000'000, -900'000'000}, {1'800'000'000, 900'000'000}};

/// Grids that meet a region: relate(box) says how a box lies to it, meets(id) decides where that is unsure.
template <class Region>
std::vector<GridId> grids_meeting(StoredGrids const& stored, Region&& region) {
    std::vector<GridId> ids;
    stored.tree.collect([&](Envelope const& box) { return region.relate(box); },
                        [&](GridId id, Relation relation) {
                            if (relation == Relation::within || region.meets(id)) {
                                ids.push_back(id);
                            }
                        });
    std::sort(ids.begin(), ids.end());
    return ids;
}

class BoxRegion {
public:
    /// The box must lie on the globe and not be empty.
    BoxRegion(StoredGrids const& stored, Envelope const& box)
        : m_stored(stored), m_box(box), m_owner(stored.index.locate(box.min)) {}

    [[nodiscard]] Relation relate(Envelope const& e) const noexcept {
        return !e.intersects(m_box) ? Relation::apart : e.within(m_box) ? Relation::within : Relation::unsure;
    }
    [[nodiscard]] bool meets(GridId id) const {
        // Where no edge meets the box, the box lies in the grid or off it as a whole.
        if (id == m_owner) {
            return true;
        }
        // A connected area that spans a strip of the box's width, or height, and reaches its rows or columns is in it.
        auto const& e = m_stored.grids[id].envelope;
        bool const in_columns = e.min.lon >= m_box.min.lon && e.max.lon <= m_box.max.lon;
        bool const in_rows = e.min.lat >= m_box.min.lat && e.max.lat <= m_box.max.lat;
        if ((in_columns || in_rows) && m_stored.one_part(id)) {
            return true;
        }
        return m_stored.any_edge(id, [&](Point a, Point b) { return geom::segment_meets(a, b, m_box); });
    }

private:
    StoredGrids const& m_stored;
    Envelope m_box;
    GridId m_owner; ///< of one corner
};

/// Area or line, by its edges.
class OutlineRegion {
public:
    OutlineRegion(StoredGrids const& stored, QueryEdges const& edges, bool is_area)
        : m_stored(stored), m_edges(edges), m_is_area(is_area) {
        // Whoever owns a vertex meets the region. With this, where no edge meets one of the region's, each chain of its
        // edges lies in the grid or off it as a whole.
        auto const vertices = edges.starts();
        m_owners.resize(vertices.size());
        stored.index.locate(vertices, m_owners);
        std::sort(m_owners.begin(), m_owners.end());
        m_owners.erase(std::unique(m_owners.begin(), m_owners.end()), m_owners.end());
    }

    [[nodiscard]] Relation relate(Envelope const& e) const {
        auto const box = e.clipped_to(kGlobe); // damage may have put it off
        if (box.empty() || !box.intersects(m_edges.envelope())) {
            return Relation::apart;
        }
        if (m_edges.any(box, [&](Point a, Point b) { return geom::segment_meets(a, b, box); })) {
            return Relation::unsure;
        }
        return m_is_area && m_edges.enclose(box.min) ? Relation::within : Relation::apart;
    }
    [[nodiscard]] bool meets(GridId id) {
        if (std::binary_search(m_owners.begin(), m_owners.end(), id)) {
            return true;
        }
        // A part that no edge of the region meets lies in it or off it as a whole.
        if (m_is_area && m_stored.any_part(id, [&](Point p) { return geom::on_globe(p) && m_edges.enclose(p); })) {
            return true;
        }
        auto const box = m_stored.grids[id].envelope.clipped_to(kGlobe);
        m_near.clear();
        // In growing portions: where many edges come near, one of the first few mostly decides.
        std::size_t portion = kFirstPortion;
        return m_edges.any(box, [&](Point a, Point b) {
            if (geom::segment_meets(a, b, box)) {
                m_near.push_back({a, b});
            }
            if (m_near.size() < portion) {
                return false;
            }
            portion *= 2;
            return near_ones_meet(id);
        }) || near_ones_meet(id);
    }

private:
    static constexpr std::size_t kFirstPortion = 2;
    struct Edge {
        Point a, b;
    };

    /// Do the edges gathered meet one of the grid's? Forgets them.
    [[nodiscard]] bool near_ones_meet(GridId id) {
        Envelope near_box;
        for (auto const& edge : m_near) {
            near_box.extend(geom::envelope_of(edge.a, edge.b));
        }
        bool const met = m_stored.any_edge(id, [&](Point a, Point b) {
            return geom::envelope_of(a, b).intersects(near_box) &&
                   std::any_of(m_near.begin(), m_near.end(),
                               [&](Edge const& edge) { return geom::segments_meet(a, b, edge.a, edge.b); });
        });
        m_near.clear();
        return met;
    }

    StoredGrids const& m_stored;
    QueryEdges const& m_edges;
    bool m_is_area;
    std::vector<GridId> m_owners; ///< sorted
    std::vector<Edge> m_near;
};

std::vector<GridId> grids_meeting_outline(StoredGrids const& stored, QueryEdges const& edges, bool is_area) {
    if (!edges.envelope().empty() && !edges.envelope().within(kGlobe)) {
        throw Error{ErrorCode::usage,
                    "query: a vertex is off the globe; longitudes lie within +-180 degrees and latitudes within +-90"};
    }
    return edges.envelope().empty() ? std::vector<GridId>{}
                                    : grids_meeting(stored, OutlineRegion{stored, edges, is_area});
}

/// Squared metres to the nearest edge of the grid.
double squared_distance(StoredGrids const& stored, GridId id, geom::LocalMetres const& plane) {
    double best = std::numeric_limits<double>::infinity();
    stored.any_ring(id, [&](std::span<Point const> vertices) {
        if (vertices.empty()) {
            return false;
        }
        auto a = vertices.back();
        auto a_at = plane.to(a);
        for (auto const b : vertices) {
            auto const b_at = plane.to(b);
            if (geom::on_globe(a) && geom::on_globe(b)) {
                best = std::min(best, geom::squared_distance_to_segment(plane, a, b, a_at, b_at));
            }
            a = b;
            a_at = b_at;
        }
        return best == 0;
    });
    return best;
}

double distance_of(StoredGrids const& stored, GridId id, GridId owner, geom::LocalMetres const& plane) {
    return id == owner ? 0 : std::sqrt(squared_distance(stored, id, plane));
}

/// The order of answers by distance.
class ByDistance {
public:
    ByDistance(StoredGrids const& stored, GridId owner) : m_stored(stored), m_owner(owner) {}
    bool operator()(NearestGrid const& a, NearestGrid const& b) const {
        if (a.distance_m != b.distance_m) {
            return a.distance_m < b.distance_m;
        }
        if ((a.grid == m_owner) != (b.grid == m_owner)) { // on a boundary both have distance 0
            return a.grid == m_owner;
        }
        return code_of(m_stored.grids[a.grid]) < code_of(m_stored.grids[b.grid]);
    }

private:
    StoredGrids const& m_stored;
    GridId m_owner;
};

void check_distance(double metres) {
    if (!(metres >= 0)) {
        throw Error{ErrorCode::usage, fmt::format("query: {} is not a distance in metres", metres)};
    }
}

} // namespace

std::vector<GridId> Snapshot::intersecting(geom::Envelope const& box) const {
    auto const s = stored();
    auto const clipped = box.clipped_to(kGlobe);
    return clipped.empty() ? std::vector<GridId>{} : grids_meeting(s, BoxRegion{s, clipped});
}

std::vector<GridId> Snapshot::intersecting(geom::MultiPolygon const& area) const {
    QueryEdges edges;
    geom::for_each_ring(area, [&](geom::Ring const& ring) { edges.add_ring(ring); });
    edges.finish();
    return grids_meeting_outline(stored(), edges, true);
}

std::vector<GridId> Snapshot::intersecting(geom::Polygon const& area) const {
    QueryEdges edges;
    edges.add_ring(area.outer);
    for (auto const& hole : area.holes) {
        edges.add_ring(hole);
    }
    edges.finish();
    return grids_meeting_outline(stored(), edges, true);
}

std::vector<GridId> Snapshot::intersecting(std::span<geom::Point const> line) const {
    QueryEdges edges;
    edges.add_line(line);
    edges.finish();
    return grids_meeting_outline(stored(), edges, false);
}

std::vector<NearestGrid> Snapshot::within(geom::Point p, double radius_m) const {
    check_distance(radius_m);
    auto const s = stored();
    geom::LocalMetres const plane{p};
    auto const owner = locate(p);
    std::vector<NearestGrid> found;
    s.tree.collect(
        [&](Envelope const& box) { return plane.lower_bound(box) > radius_m ? Relation::apart : Relation::unsure; },
        [&](GridId id, Relation) {
            if (double const d = distance_of(s, id, owner, plane); d <= radius_m) {
                found.push_back({id, d});
            }
        });
    std::sort(found.begin(), found.end(), ByDistance{s, owner});
    return found;
}

std::vector<NearestGrid> Snapshot::nearest(geom::Point p, std::size_t k, double limit_m) const {
    check_distance(limit_m);
    std::vector<NearestGrid> best; // a heap, the farthest at its front
    if (k == 0) {
        return best;
    }
    auto const s = stored();
    geom::LocalMetres const plane{p};
    auto const owner = locate(p);
    ByDistance const nearer{s, owner};
    if (owner != kOutside && k == 1) {
        return {{owner, 0}};
    }
    s.tree.best_first(
        limit_m, [&](Envelope const& box) { return plane.lower_bound(box); },
        [&](GridId id) {
            NearestGrid const candidate{id, distance_of(s, id, owner, plane)};
            if (candidate.distance_m <= limit_m && (best.size() < k || nearer(candidate, best.front()))) {
                if (best.size() == k) {
                    std::pop_heap(best.begin(), best.end(), nearer);
                    best.pop_back();
                }
                best.push_back(candidate);
                std::push_heap(best.begin(), best.end(), nearer);
            }
            return best.size() < k ? limit_m : best.front().distance_m;
        });
    std::sort_heap(best.begin(), best.end(), nearer);
    return best;
}

std::optional<double> Snapshot::edge_distance_m(geom::Point p, double limit_m) const {
    check_distance(limit_m);
    auto const s = stored();
    geom::LocalMetres const plane{p};
    double best = std::numeric_limits<double>::infinity();
    s.tree.best_first(
        limit_m, [&](Envelope const& box) { return plane.lower_bound(box); },
        [&](GridId id) {
            best = std::min(best, std::sqrt(squared_distance(s, id, plane)));
            return std::min(best, limit_m);
        });
    return best <= limit_m ? std::optional{best} : std::nullopt;
}

double Snapshot::distance_to_boundary_m(GridId id, geom::Point p) const {
    return std::sqrt(squared_distance(stored(), id, geom::LocalMetres{p}));
}

} // namespace wangge::snapshot
