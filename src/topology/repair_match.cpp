#include "box_pairs.hpp"
#include "repair_work.hpp"

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace wangge::topology {

namespace {

constexpr int kMostRounds = 24;
constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

/// Lists by a number, in one array.
class Lists {
public:
    /// `pairs` are (number, item), sorted.
    Lists(std::size_t numbers, std::vector<std::pair<std::uint32_t, std::uint32_t>> const& pairs)
        : m_begin(numbers + 1, 0) {
        m_items.reserve(pairs.size());
        for (auto const& [number, item] : pairs) {
            ++m_begin[number + 1];
            m_items.push_back(item);
        }
        for (std::size_t k = 1; k < m_begin.size(); ++k) {
            m_begin[k] += m_begin[k - 1];
        }
    }
    [[nodiscard]] std::span<std::uint32_t const> of(std::uint32_t number) const {
        return {m_items.data() + m_begin[number], m_begin[number + 1] - m_begin[number]};
    }

private:
    std::vector<std::size_t> m_begin;
    std::vector<std::uint32_t> m_items;
};

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Lists lists(std::size_t numbers, Pairs pairs) {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    return {numbers, pairs};
}

/// What one step does to the faces.
struct Edits {
    std::map<Point, Point> moves; ///< in every face that has the point
    std::set<std::pair<std::uint32_t, Point>> dropped;
    std::map<RepairEdge, std::vector<Point>> inserted;
    [[nodiscard]] bool empty() const { return moves.empty() && dropped.empty() && inserted.empty(); }
};

/// Where border points and edges of several faces lie, and which are near each other.
class Scene {
public:
    Scene(RepairWork const& faces, std::vector<std::uint32_t> const& subset, std::vector<DirectedEdge> const& shielded)
        : work(faces), edges(faces.borders(subset, shielded)) {
        for (auto const& e : edges) {
            points.push_back(e.from);
            points.push_back(e.to);
        }
        std::sort(points.begin(), points.end());
        points.erase(std::unique(points.begin(), points.end()), points.end());
        Pairs users;
        for (auto const f : subset) {
            geom::for_each_ring(work.shape(f), [&](geom::Ring const& ring) {
                for (auto const p : ring) {
                    if (auto const k = find(p); k != kNone) {
                        users.emplace_back(k, f);
                    }
                }
            });
        }
        Pairs leaving;
        Pairs arriving;
        for (std::uint32_t e = 0; e < edges.size(); ++e) {
            leaving.emplace_back(number(edges[e].from), e);
            arriving.emplace_back(number(edges[e].to), e);
            if (edges[e].face == RepairWork::kOutside) {
                users.emplace_back(number(edges[e].from), edges[e].face);
                users.emplace_back(number(edges[e].to), edges[e].face);
            }
        }
        m_users = std::make_unique<Lists>(lists(points.size(), std::move(users)));
        m_leaving = std::make_unique<Lists>(lists(points.size(), std::move(leaving)));
        m_arriving = std::make_unique<Lists>(lists(points.size(), std::move(arriving)));
        find_near();
    }

    [[nodiscard]] std::uint32_t find(Point p) const {
        auto const it = std::lower_bound(points.begin(), points.end(), p);
        return it == points.end() || *it != p ? kNone : static_cast<std::uint32_t>(it - points.begin());
    }
    [[nodiscard]] std::uint32_t number(Point p) const {
        return static_cast<std::uint32_t>(std::lower_bound(points.begin(), points.end(), p) - points.begin());
    }
    [[nodiscard]] std::span<std::uint32_t const> users(std::uint32_t p) const { return m_users->of(p); }
    [[nodiscard]] std::span<std::uint32_t const> leaving(std::uint32_t p) const { return m_leaving->of(p); }
    [[nodiscard]] std::span<std::uint32_t const> arriving(std::uint32_t p) const { return m_arriving->of(p); }
    [[nodiscard]] std::span<std::uint32_t const> near_points(std::uint32_t p) const { return m_near_points->of(p); }
    [[nodiscard]] std::span<std::uint32_t const> near_edges(std::uint32_t p) const { return m_near_edges->of(p); }

    [[nodiscard]] bool uses(std::uint32_t p, std::uint32_t face) const {
        return std::binary_search(users(p).begin(), users(p).end(), face);
    }
    [[nodiscard]] bool immovable(std::uint32_t p) const {
        return work.frozen_points.contains(points[p]) || inert(p) ||
               std::any_of(users(p).begin(), users(p).end(), [&](std::uint32_t f) { return !work.changeable(f); });
    }
    [[nodiscard]] bool near(Point p, RepairEdge const& e) const {
        return geom::distance_to_segment_m(p, e.from, e.to) <= work.options().tolerance_m;
    }
    [[nodiscard]] bool inert(std::uint32_t p) const { return work.left_out.contains(points[p]); }
    [[nodiscard]] bool takes_part(RepairEdge const& e) const {
        return !work.broken(e.face) && !work.frozen(e) &&
               !(work.left_out.contains(e.from) && work.left_out.contains(e.to));
    }

    /// Does a border of another face come along `e` from or to its point `p`, the other way round?
    [[nodiscard]] bool runs_along(std::uint32_t p, RepairEdge const& e) const {
        auto const along = [&](std::uint32_t k) {
            auto const& f = edges[k];
            auto const d = direction(e.from, e.to);
            auto const g = direction(f.from, f.to);
            if (f.face == e.face || !takes_part(f) ||
                static_cast<Int128>(d.lon) * g.lon + static_cast<Int128>(d.lat) * g.lat >= 0) {
                return false;
            }
            auto const other = f.from == points[p] ? f.to : f.from;
            if (other == e.from || other == e.to || near(other, e)) {
                return true;
            }
            auto const end_near = [&](Point q) {
                return q != points[p] && near(q, f) &&
                       (geom::on_segment(q, f.from, f.to) ||
                        geom::distance_m(q, points[p]) > work.options().tolerance_m);
            };
            return end_near(e.from) || end_near(e.to);
        };
        return std::any_of(leaving(p).begin(), leaving(p).end(), along) ||
               std::any_of(arriving(p).begin(), arriving(p).end(), along);
    }
    /// Does `p` belong on `e`: because a boundary comes along it, or because it lies within the face of `e`?
    [[nodiscard]] bool belongs(std::uint32_t p, RepairEdge const& e) const {
        return geom::orientation(e.from, e.to, points[p]) > 0 || runs_along(p, e);
    }

    RepairWork const& work;
    std::vector<RepairEdge> edges;
    std::vector<Point> points; ///< sorted

private:
    void find_near() {
        auto const tolerance_m = work.options().tolerance_m;
        std::int32_t furthest_lat = 0;
        for (auto const p : points) {
            furthest_lat = std::max(furthest_lat, std::abs(p.lat));
        }
        auto const reach = lattice_reach(tolerance_m, furthest_lat);
        std::vector<Boxed> boxes;
        boxes.reserve(points.size() + edges.size());
        auto const count = static_cast<std::uint32_t>(points.size());
        for (std::uint32_t p = 0; p < count; ++p) {
            if (inert(p)) {
                continue;
            }
            boxes.push_back({{{points[p].lon - reach.lon, points[p].lat - reach.lat},
                              {points[p].lon + reach.lon, points[p].lat + reach.lat}},
                             p});
        }
        for (std::uint32_t e = 0; e < edges.size(); ++e) {
            if (takes_part(edges[e])) {
                boxes.push_back({geom::envelope_of(edges[e].from, edges[e].to), count + e});
            }
        }
        Pairs near_points;
        Pairs near_edges;
        for_each_box_pair(std::move(boxes), [&](std::uint32_t i, std::uint32_t k) {
            auto const a = std::min(i, k);
            auto const b = std::max(i, k);
            if (b < count) {
                if (geom::distance_m(points[a], points[b]) <= tolerance_m) {
                    near_points.emplace_back(a, b);
                    near_points.emplace_back(b, a);
                }
            } else if (a < count) {
                auto const& e = edges[b - count];
                if (e.from != points[a] && e.to != points[a] && near(points[a], e)) {
                    near_edges.emplace_back(a, b - count);
                }
            }
        });
        m_near_points = std::make_unique<Lists>(lists(points.size(), std::move(near_points)));
        m_near_edges = std::make_unique<Lists>(lists(points.size(), std::move(near_edges)));
    }

    std::unique_ptr<Lists> m_users, m_leaving, m_arriving, m_near_points, m_near_edges;
};

/// How far along e, in [0, 1] when p projects onto it.
double share_along(Point p, RepairEdge const& e) {
    auto const scale = geom::metres_per_degree(geom::to_degrees(e.from.lat));
    auto const way = direction(e.from, e.to);
    auto const to = direction(e.from, p);
    double const x = static_cast<double>(way.lon) * scale.lon;
    double const y = static_cast<double>(way.lat) * scale.lat;
    return (static_cast<double>(to.lon) * scale.lon * x + static_cast<double>(to.lat) * scale.lat * y) /
           (x * x + y * y);
}

bool strictly_along(Point p, RepairEdge const& e) {
    auto const share = share_along(p, e);
    return share > 0 && share < 1;
}

Point projected(Point p, RepairEdge const& e) {
    if (geom::on_segment(p, e.from, e.to)) {
        return p;
    }
    auto const share = share_along(p, e);
    auto const way = direction(e.from, e.to);
    return {static_cast<std::int32_t>(std::llround(e.from.lon + share * static_cast<double>(way.lon))),
            static_cast<std::int32_t>(std::llround(e.from.lat + share * static_cast<double>(way.lat)))};
}

class Matcher {
public:
    explicit Matcher(RepairWork& work) : m_work(work) {}

    void run(Progress& progress) {
        focus();
        progress.begin("matching boundaries", kMostRounds, "rounds");
        using Step = Edits (Matcher::*)(Scene const&);
        constexpr Step kSteps[] = {&Matcher::join_points, &Matcher::insert_masters, &Matcher::settle_slaves};
        int idle = 0;
        for (int round = 0; round < kMostRounds && idle < 3; ++round) {
            auto const edits = (this->*kSteps[round % 3])(Scene{m_work, m_subset, m_shielded});
            idle = edits.empty() ? idle + 1 : 0;
            apply(edits);
            progress.advance(1);
        }
        progress.end();
    }

private:
    /// Only faces that use a point of a border edge can change.
    void focus() {
        auto const all = m_work.all_faces();
        std::vector<Point> points;
        for (auto const& e : m_work.borders(all, {})) {
            points.push_back(e.from);
            points.push_back(e.to);
        }
        std::unordered_set<Point> const border{points.begin(), points.end()};
        std::vector<char> member(m_work.face_count(), 0);
        member[RepairWork::kOutside] = 1;
        for (auto const f : all) {
            geom::for_each_ring(m_work.shape(f), [&](geom::Ring const& ring) {
                member[f] = member[f] != 0 ||
                            std::any_of(ring.begin(), ring.end(), [&](Point p) { return border.contains(p); });
            });
            if (member[f] != 0) {
                m_subset.push_back(f);
            }
        }
        m_shielded = m_work.shielded(member);
    }

    /// May a vertex that stands at `p` now be put to `to`, seen from where it came from?
    [[nodiscard]] bool within_reach(Point p, Point to) const {
        auto const tolerance_m = m_work.options().tolerance_m;
        auto const found = m_origins.find(p);
        return found == m_origins.end() ? geom::distance_m(p, to) <= tolerance_m
                                        : std::all_of(found->second.begin(), found->second.end(),
                                                      [&](Point o) { return geom::distance_m(o, to) <= tolerance_m; });
    }

    /// Vertices within the tolerance of one of a face of lower number, without a face in common, are put there.
    Edits join_points(Scene const& scene) {
        Edits edits;
        std::vector<std::uint32_t> order(scene.points.size());
        std::vector<char> stays(scene.points.size(), 0);
        for (std::uint32_t p = 0; p < order.size(); ++p) {
            order[p] = p;
            stays[p] = scene.immovable(p) ? 1 : 0;
        }
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            auto const rank = [&](std::uint32_t p) {
                return std::tuple{stays[p] == 0, scene.users(p).empty() ? kNone : scene.users(p).front(),
                                  scene.points[p]};
            };
            return rank(a) < rank(b);
        });
        for (auto const p : order) {
            if (stays[p] != 0) {
                continue;
            }
            auto best = kNone;
            double nearest = std::numeric_limits<double>::infinity();
            for (auto const q : scene.near_points(p)) {
                auto const distance = geom::distance_m(scene.points[p], scene.points[q]);
                if (stays[q] != 0 && distance < nearest && within_reach(scene.points[p], scene.points[q]) &&
                    std::none_of(scene.users(q).begin(), scene.users(q).end(),
                                 [&](std::uint32_t f) { return scene.uses(p, f); })) {
                    best = q;
                    nearest = distance;
                }
            }
            if (best == kNone) {
                stays[p] = 1;
            } else {
                edits.moves.emplace(scene.points[p], scene.points[best]);
            }
        }
        return edits;
    }

    /// Vertices of faces of lower number are put into the edges that run along theirs.
    Edits insert_masters(Scene const& scene) {
        Edits edits;
        for (std::uint32_t p = 0; p < scene.points.size(); ++p) {
            for (auto const k : scene.near_edges(p)) {
                auto const& e = scene.edges[k];
                if (m_work.changeable(e.face) && !scene.uses(p, e.face) && !scene.users(p).empty() &&
                    (scene.users(p).front() < e.face || scene.immovable(p)) && strictly_along(scene.points[p], e) &&
                    scene.belongs(p, e)) {
                    edits.inserted[e].push_back(scene.points[p]);
                }
            }
        }
        return edits;
    }

    /// Vertices near an edge of a face of lower number: where the boundary runs along all of that edge it takes its
    /// place, so the vertex goes; where the boundary leaves it, the vertex is put on the edge and into it.
    Edits settle_slaves(Scene const& scene) {
        Edits edits;
        for (std::uint32_t p = 0; p < scene.points.size(); ++p) {
            auto const at = scene.points[p];
            auto master = kNone;
            double nearest = std::numeric_limits<double>::infinity();
            for (auto const k : scene.near_edges(p)) {
                auto const& e = scene.edges[k];
                auto const distance = geom::distance_to_segment_m(at, e.from, e.to);
                if (!scene.users(p).empty() && e.face < scene.users(p).front() && strictly_along(at, e) &&
                    distance < nearest && scene.belongs(p, e)) {
                    master = k;
                    nearest = distance;
                }
            }
            if (master == kNone) {
                continue;
            }
            auto const& e = scene.edges[master];
            bool const takes_vertex = m_work.changeable(e.face);
            bool const exactly = geom::on_segment(at, e.from, e.to);
            if (exactly && e.face == RepairWork::kOutside) {
                continue; // an outline needs no vertex
            }
            if (exactly && takes_vertex) {
                edits.inserted[e].push_back(at);
            } else if (can_go(scene, p, e)) {
                edits.dropped.emplace(scene.users(p).front(), at);
            } else if (!is_inside_run(scene, p, e)) {
                place(scene, p, e, takes_vertex, edits);
            }
        }
        return edits;
    }

    [[nodiscard]] std::uint32_t only_neighbour(Scene const& scene, std::uint32_t p, bool forward) const {
        auto const list = forward ? scene.leaving(p) : scene.arriving(p);
        if (list.size() != 1) {
            return kNone;
        }
        auto const& e = scene.edges[list.front()];
        return scene.number(forward ? e.to : e.from);
    }
    /// A vertex of one face only, between two border edges, that may go.
    [[nodiscard]] bool loose(Scene const& scene, std::uint32_t p) const {
        return scene.users(p).size() == 1 && !scene.immovable(p) && only_neighbour(scene, p, true) != kNone &&
               only_neighbour(scene, p, false) != kNone;
    }
    /// From `p` on, does the boundary stay near `e` until it comes to an end of it?
    [[nodiscard]] bool reaches(Scene const& scene, std::uint32_t p, RepairEdge const& e, bool forward) const {
        auto const end = forward ? e.from : e.to; // it runs the other way
        for (std::size_t steps = 0; steps < scene.points.size(); ++steps) {
            p = only_neighbour(scene, p, forward);
            if (p == kNone || scene.points[p] == end) {
                return p != kNone;
            }
            if (e.face == RepairWork::kOutside && geom::on_segment(scene.points[p], e.from, e.to)) {
                return true; // an outline is met between its vertices too
            }
            if (!loose(scene, p) || !scene.near(scene.points[p], e)) {
                return false;
            }
        }
        return false;
    }
    [[nodiscard]] bool can_go(Scene const& scene, std::uint32_t p, RepairEdge const& e) const {
        return loose(scene, p) && reaches(scene, p, e, true) && reaches(scene, p, e, false);
    }
    [[nodiscard]] bool is_inside_run(Scene const& scene, std::uint32_t p, RepairEdge const& e) const {
        auto const on = [&](bool forward) {
            auto const n = only_neighbour(scene, p, forward);
            return n != kNone && (scene.points[n] == (forward ? e.from : e.to) || scene.near(scene.points[n], e));
        };
        return loose(scene, p) && on(true) && on(false);
    }

    void place(Scene const& scene, std::uint32_t p, RepairEdge const& e, bool takes_vertex, Edits& edits) const {
        auto const at = scene.points[p];
        auto const target = projected(at, e);
        bool const movable = !scene.immovable(p);
        if (!takes_vertex) { // a fixed boundary is met in one of its own vertices, or exactly on it when an outline
            auto const nearer = geom::distance_m(at, e.from) <= geom::distance_m(at, e.to) ? e.from : e.to;
            if (movable && within_reach(at, nearer)) {
                edits.moves.emplace(at, nearer);
            } else if (movable && e.face == RepairWork::kOutside && target != at && within_reach(at, target) &&
                       geom::on_segment(target, e.from, e.to)) {
                edits.moves.emplace(at, target);
            }
            return;
        }
        if (target == e.from || target == e.to) {
            if (movable && within_reach(at, target)) {
                edits.moves.emplace(at, target);
            }
        } else if (movable && within_reach(at, target)) {
            if (target != at) {
                edits.moves.emplace(at, target);
            }
            edits.inserted[e].push_back(target);
        } else {
            edits.inserted[e].push_back(at);
        }
    }

    void apply(Edits const& edits) {
        if (edits.empty()) {
            return;
        }
        for (auto const& [from, to] : edits.moves) {
            auto const found = m_origins.find(from);
            auto const origins = found == m_origins.end() ? std::vector<Point>{from} : found->second;
            auto& there = m_origins[to];
            there.insert(there.end(), origins.begin(), origins.end());
            m_work.moves.emplace_back(from, to);
            m_work.note(from, RepairKind::match_edges);
            m_work.note(to, RepairKind::match_edges);
        }
        for (auto const& [face, p] : edits.dropped) {
            m_work.note(p, RepairKind::match_edges);
        }
        for (auto const& [e, list] : edits.inserted) {
            for (auto const p : list) {
                m_work.note(p,
                            geom::on_segment(p, e.from, e.to) ? RepairKind::insert_vertices : RepairKind::match_edges);
            }
        }
        for (auto const f : m_subset) {
            if (m_work.changeable(f) && concerned(f, edits)) {
                rebuild(f, edits);
            }
        }
    }

    [[nodiscard]] bool concerned(std::uint32_t f, Edits const& edits) const {
        bool found = false;
        geom::for_each_edge(m_work.shape(f), [&](Point a, Point b) {
            found = found || edits.moves.contains(a) || edits.dropped.contains({f, a}) ||
                    edits.inserted.contains({a, b, f});
        });
        return found;
    }

    void rebuild(std::uint32_t f, Edits const& edits) {
        auto const moved = [&](Point p) {
            auto const found = edits.moves.find(p);
            return found == edits.moves.end() ? p : found->second;
        };
        auto const rebuilt = [&](geom::Ring const& ring) {
            geom::Ring result;
            auto const add = [&](Point p) {
                if (result.empty() || result.back() != p) {
                    result.push_back(p);
                }
            };
            geom::for_each_edge(ring, [&](Point a, Point b) {
                if (!edits.dropped.contains({f, a})) {
                    add(moved(a));
                }
                if (auto const found = edits.inserted.find({a, b, f}); found != edits.inserted.end()) {
                    auto list = found->second;
                    std::sort(list.begin(), list.end(), [&](Point p, Point q) {
                        auto const s = share_along(p, found->first);
                        auto const t = share_along(q, found->first);
                        return s != t ? s < t : p < q;
                    });
                    for (auto const p : list) {
                        add(p);
                    }
                }
            });
            while (result.size() > 1 && result.front() == result.back()) {
                result.pop_back();
            }
            return result;
        };
        geom::MultiPolygon shape;
        for (auto const& part : m_work.shape(f).parts) {
            geom::Polygon polygon{rebuilt(part.outer), {}};
            for (auto const& hole : part.holes) {
                polygon.holes.push_back(rebuilt(hole));
            }
            shape.parts.push_back(std::move(polygon));
        }
        auto clean = bounded_by(edges_of(shape));
        m_work.change(f, clean ? std::move(*clean) : std::move(shape)); // the check will say what is wrong with it
    }

    RepairWork& m_work;
    std::vector<std::uint32_t> m_subset;
    std::vector<DirectedEdge> m_shielded;
    std::map<Point, std::vector<Point>> m_origins;
};

} // namespace

void match_boundaries(RepairWork& work, Progress& progress) { Matcher{work}.run(progress); }

} // namespace wangge::topology
