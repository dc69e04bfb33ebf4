#include "repair_work.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace wangge::topology {

namespace {

geom::MultiPolygon const kNothing;

bool shape_less(geom::MultiPolygon const& a, geom::MultiPolygon const& b) {
    return std::lexicographical_compare(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                                        [](geom::Polygon const& p, geom::Polygon const& q) {
                                            return std::tie(p.outer, p.holes) < std::tie(q.outer, q.holes);
                                        });
}

DirectedEdge undirected(DirectedEdge const& e) { return {std::min(e.from, e.to), std::max(e.from, e.to)}; }

} // namespace

Point lattice_reach(double tolerance_m, std::int32_t furthest_lat) {
    auto const scale = geom::metres_per_degree(geom::to_degrees(furthest_lat));
    auto const units = [&](double metres_per_degree) {
        constexpr double kMost = 1e8;
        return static_cast<std::int32_t>(
                   std::min(kMost, tolerance_m / std::max(metres_per_degree, 1.0) * geom::kUnitsPerDegree)) +
               2;
    };
    return {units(scale.lon), units(scale.lat)};
}

std::vector<DirectedEdge> edges_of(geom::MultiPolygon const& shape) {
    std::vector<DirectedEdge> edges;
    geom::for_each_edge(shape, [&](Point a, Point b) {
        if (a != b) {
            edges.push_back({a, b});
        }
    });
    std::sort(edges.begin(), edges.end());
    return edges;
}

std::optional<geom::MultiPolygon> bounded_by(std::vector<DirectedEdge> edges) {
    std::sort(edges.begin(), edges.end(), [](DirectedEdge const& a, DirectedEdge const& b) {
        auto const order = undirected(a) <=> undirected(b);
        return order != 0 ? order < 0 : a < b;
    });
    std::vector<DirectedEdge> left;
    for (std::size_t i = 0; i < edges.size();) {
        auto const key = undirected(edges[i]);
        int net = 0;
        for (; i < edges.size() && undirected(edges[i]) == key; ++i) {
            net += edges[i] == key ? 1 : -1;
        }
        if (net > 1 || net < -1) {
            return std::nullopt;
        }
        if (net != 0) {
            left.push_back(net > 0 ? key : DirectedEdge{key.to, key.from});
        }
    }
    try {
        return assemble_rings(std::move(left));
    } catch (Error const& error) { // edges that cross bound nothing
        if (error.code() != ErrorCode::usage) {
            throw;
        }
        return std::nullopt;
    }
}

std::optional<geom::MultiPolygon> edited(geom::MultiPolygon const& shape, FaceEdit const& edit) {
    auto const before = edges_of(shape);
    std::vector<DirectedEdge> edges;
    std::set_difference(before.begin(), before.end(), edit.removed.begin(), edit.removed.end(),
                        std::back_inserter(edges));
    edges.insert(edges.end(), edit.added.begin(), edit.added.end());
    return bounded_by(std::move(edges));
}

RepairWork::RepairWork(std::span<Face const> faces, std::span<Outline const> outlines, RepairOptions const& options)
    : m_faces(faces)
    , m_outlines(outlines)
    , m_options(options)
    , m_order(faces.size())
    , m_changed(faces.size() + 1)
    , m_changeable(faces.size() + 1, 0)
    , m_broken(faces.size() + 1, 0) {
    std::iota(m_order.begin(), m_order.end(), std::size_t{0});
    std::sort(m_order.begin(), m_order.end(), [&](std::size_t a, std::size_t b) {
        if (faces[a].incoming != faces[b].incoming) {
            return faces[b].incoming;
        }
        if (auto const order = faces[a].name.compare(faces[b].name); order != 0) {
            return order < 0;
        }
        return faces[a].shape && faces[b].shape ? shape_less(*faces[a].shape, *faces[b].shape)
                                                : !faces[a].shape && faces[b].shape;
    });
    for (std::uint32_t f = 1; f < face_count(); ++f) {
        m_changeable[f] = face(f).incoming ? 1 : 0;
    }
}

geom::MultiPolygon const& RepairWork::original(std::uint32_t f) const {
    return face(f).shape ? *face(f).shape : kNothing;
}

void RepairWork::change(std::uint32_t f, geom::MultiPolygon shape) {
    m_changed[f] = shape == original(f) ? nullptr : std::make_unique<geom::MultiPolygon>(std::move(shape));
}

bool RepairWork::frozen(RepairEdge const& edge) const {
    return std::binary_search(frozen_edges.begin(), frozen_edges.end(), edge);
}

std::vector<std::uint32_t> RepairWork::all_faces() const {
    std::vector<std::uint32_t> faces(face_count() - 1);
    std::iota(faces.begin(), faces.end(), 1U);
    return faces;
}

/// Calls f(span of RepairEdge) for all uses of each undirected edge. Parts of the edges are taken in turn, so that no
/// list of all of them stands in memory.
template <class F>
void RepairWork::for_each_use_group(std::span<std::uint32_t const> subset, F&& f) const {
    std::size_t count = 0;
    for (auto const face : subset) {
        count += geom::vertex_count(shape(face));
    }
    auto const rounds = std::max<std::size_t>(1, count / 1'000'000);
    std::vector<RepairEdge> uses;
    auto const key = [](RepairEdge const& e) { return DirectedEdge{std::min(e.from, e.to), std::max(e.from, e.to)}; };
    for (std::size_t round = 0; round < rounds; ++round) {
        uses.clear();
        auto const add = [&](Point a, Point b, std::uint32_t face) {
            auto const sum = std::hash<Point>{}(a) + std::hash<Point>{}(b); // the same both ways
            if (a != b && (sum >> 20U) % rounds == round) {
                uses.push_back({a, b, face});
            }
        };
        for (auto const face : subset) {
            geom::for_each_edge(shape(face), [&](Point a, Point b) { add(a, b, face); });
        }
        for (auto const& outline : m_outlines) {
            if (outline.shape) {
                geom::for_each_edge(*outline.shape, [&](Point a, Point b) { add(b, a, kOutside); });
            }
        }
        std::sort(uses.begin(), uses.end(), [&](RepairEdge const& a, RepairEdge const& b) {
            auto const order = key(a) <=> key(b);
            return order != 0 ? order < 0 : a < b;
        });
        for (std::size_t i = 0; i < uses.size();) {
            auto end = i + 1;
            while (end < uses.size() && key(uses[end]) == key(uses[i])) {
                ++end;
            }
            f(std::span<RepairEdge const>{uses.data() + i, end - i});
            i = end;
        }
    }
}

std::vector<RepairEdge> RepairWork::borders(std::span<std::uint32_t const> subset,
                                            std::span<DirectedEdge const> shielded) const {
    std::vector<RepairEdge> result;
    for_each_use_group(subset, [&](std::span<RepairEdge const> uses) {
        bool const pair = uses.size() == 2 && uses[0].from != uses[1].from;
        if (pair || (uses.size() == 1 &&
                     std::binary_search(shielded.begin(), shielded.end(), undirected({uses[0].from, uses[0].to})))) {
            return;
        }
        result.insert(result.end(), uses.begin(), uses.end());
    });
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<DirectedEdge> RepairWork::shielded(std::vector<char> const& member) const {
    std::vector<DirectedEdge> result;
    auto const all = all_faces();
    for_each_use_group(all, [&](std::span<RepairEdge const> uses) {
        if (uses.size() == 2 && uses[0].from != uses[1].from &&
            (member[uses[0].face] != 0) != (member[uses[1].face] != 0)) {
            result.push_back(undirected({uses[0].from, uses[0].to}));
        }
    });
    std::sort(result.begin(), result.end());
    return result;
}

namespace {

/// Edges of the rings that have an area, cut where a vertex of the face lies on them.
std::vector<DirectedEdge> edges_cut_at_own_vertices(geom::MultiPolygon const& shape) {
    std::vector<DirectedEdge> edges;
    std::vector<Point> vertices;
    geom::for_each_ring(shape, [&](geom::Ring const& ring) {
        bool const flat = geom::winding(ring) == 0 && [&] {
            auto const other = std::find_if(ring.begin(), ring.end(), [&](Point p) { return p != ring.front(); });
            return std::all_of(ring.begin(), ring.end(), [&](Point p) {
                return other == ring.end() || geom::orientation(ring.front(), *other, p) == 0;
            });
        }();
        if (flat) {
            return;
        }
        vertices.insert(vertices.end(), ring.begin(), ring.end());
        geom::for_each_edge(ring, [&](Point a, Point b) {
            if (a != b) {
                edges.push_back({a, b});
            }
        });
    });
    std::sort(vertices.begin(), vertices.end());
    vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
    std::vector<DirectedEdge> cut;
    for (auto const& e : edges) {
        std::vector<Point> on{e.from, e.to};
        for (auto it = std::upper_bound(vertices.begin(), vertices.end(), std::min(e.from, e.to));
             it != vertices.end() && *it < std::max(e.from, e.to); ++it) {
            if (geom::on_segment(*it, e.from, e.to)) {
                on.push_back(*it);
            }
        }
        std::sort(on.begin(), on.end()); // order along the edge, or against it
        if (e.to < e.from) {
            std::reverse(on.begin(), on.end());
        }
        for (std::size_t i = 1; i < on.size(); ++i) {
            cut.push_back({on[i - 1], on[i]});
        }
    }
    return cut;
}

} // namespace

std::unordered_map<std::uint32_t, Words> clean_rings(RepairWork& work, std::span<Problem const> problems) {
    std::unordered_map<std::string, std::uint32_t> ill; // the first by rank; a name given twice is no identity
    std::unordered_map<std::uint32_t, Words> reasons;
    std::map<std::string, bool> named; // and whether it can be mended here
    for (auto const& problem : problems) {
        auto const mendable = problem.code == ProblemCode::collapsed_ring ||
                              problem.code == ProblemCode::self_crossing ||
                              problem.code == ProblemCode::repeated_ring_point;
        if (mendable || problem.code == ProblemCode::wrong_nesting) {
            auto& known = named.try_emplace(problem.subjects.front(), true).first->second;
            known = known && mendable;
        }
    }
    for (std::uint32_t f = 1; f < work.face_count() && !named.empty(); ++f) {
        auto const found = named.find(work.face(f).name);
        if (found == named.end() || !work.changeable(f)) {
            continue;
        }
        SilentProgress silent;
        auto const sound = [&](geom::MultiPolygon const& shape) {
            Face const alone{work.face(f).name, &shape, true};
            return CoverageChecker{}.check({&alone, 1}, {}, silent).checked != nullptr;
        };
        if (sound(work.original(f))) {
            continue; // the problem is another face's of this name
        }
        auto mended = found->second ? bounded_by(edges_cut_at_own_vertices(work.original(f)))
                                    : std::optional<geom::MultiPolygon>{};
        if (!mended || !sound(*mended)) {
            reasons[f] =
                words("its boundary crosses itself or its rings are nested wrongly, so that there is no telling "
                      "what is inside; draw it anew there",
                      "边界自相交或环的嵌套有误，无法判断哪里是内部；请在该处重新绘制");
            work.set_broken(f);
            continue;
        }
        double furthest_m = 0;
        geom::for_each_ring(work.original(f), [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                furthest_m = std::max(furthest_m, geom::distance_to_boundary_m(*mended, p));
            }
        });
        if (furthest_m > work.options().tolerance_m) {
            reasons[f] = words("the spike or ring to be taken out is {} m long, more than the tolerance of {} m; raise "
                               "the tolerance or draw it anew",
                               "要清除的尖刺或环长 {} 米，超过容差 {} 米；请加大容差或重新绘制",
                               fmt::format("{:.3f}", furthest_m), fmt::format("{:g}", work.options().tolerance_m));
            work.set_broken(f);
            continue;
        }
        work.change(f, std::move(*mended));
        geom::for_each_ring(work.original(f), [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                work.note(p, RepairKind::clean_ring);
            }
        });
    }
    return reasons;
}

} // namespace wangge::topology
