#include "areas.hpp"
#include "box_pairs.hpp"
#include "repair_work.hpp"

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <limits>
#include <map>

namespace wangge::topology {

namespace {

/// A stretch of a region's border, drawn by one face.
struct Stretch {
    Point tail; ///< the region lies left of tail-head
    Point head;
    OwnedEdge edge; ///< of which it is a part
};

struct Region {
    bool overlap = false;
    std::vector<Stretch> border;
    std::vector<std::uint32_t> faces; ///< that draw it, by rank
    bool simple = true;               ///< one face draws each stretch, and every corner is on the lattice
    double area_m2 = 0;
    Point at;
};

double nearest_m(Point p, Region const& region, std::uint32_t face, bool of_face, double enough_m) {
    double nearest = std::numeric_limits<double>::infinity();
    for (auto const& s : region.border) {
        if ((s.edge.owner == face) == of_face) {
            nearest = std::min(nearest, geom::distance_to_segment_m(p, s.tail, s.head));
            if (nearest <= enough_m) {
                break;
            }
        }
    }
    return nearest;
}

/// How far the boundary of `face` moves when its stretches of the border give way to those of the others.
double move_m(Region const& region, std::uint32_t face) {
    double furthest = 0;
    for (auto const& s : region.border) {
        bool const own = s.edge.owner == face;
        for (auto const p : {s.tail, s.head}) {
            furthest = std::max(furthest, nearest_m(p, region, face, !own, furthest));
        }
    }
    return furthest;
}

/// How much of the border each face draws.
std::map<std::uint32_t, double> lengths_m(Region const& region) {
    std::map<std::uint32_t, double> lengths;
    for (auto const& s : region.border) {
        lengths[s.edge.owner] += geom::distance_m(s.tail, s.head);
    }
    return lengths;
}

/// How far apart the boundaries that enclose it are: no more than that is moved when they are made one.
double width_m(Region const& region, double enough_m) {
    double width = 0;
    for (auto const& s : region.border) {
        for (auto const p : {s.tail, s.head}) {
            width = std::max(width, nearest_m(p, region, s.edge.owner, false, width));
            if (width > enough_m) {
                return width;
            }
        }
    }
    return width;
}

/// A region along so many faces is no piece of ground but a boundary drawn twice: it is taken stretch by stretch.
constexpr std::size_t kManyFaces = 4;

/// For each stretch of the border, is an end of it farther than the tolerance from what the other faces draw?
std::vector<char> apart(Region const& region, double tolerance_m) {
    auto const count = static_cast<std::uint32_t>(region.border.size());
    std::int32_t furthest_lat = 0;
    for (auto const& s : region.border) {
        furthest_lat = std::max(furthest_lat, std::abs(s.tail.lat));
    }
    auto const reach = lattice_reach(tolerance_m, furthest_lat);
    std::vector<Boxed> boxes;
    for (std::uint32_t k = 0; k < count; ++k) {
        auto const& s = region.border[k];
        boxes.push_back({geom::envelope_of(s.tail, s.head), k});
        for (std::uint32_t end = 0; end < 2; ++end) {
            auto const p = end == 0 ? s.tail : s.head;
            boxes.push_back({{{p.lon - reach.lon, p.lat - reach.lat}, {p.lon + reach.lon, p.lat + reach.lat}},
                             count + 2 * k + end});
        }
    }
    std::vector<char> near(2 * std::size_t{count}, 0);
    for_each_box_pair(std::move(boxes), [&](std::uint32_t i, std::uint32_t j) {
        auto const stretch = std::min(i, j);
        auto const end = std::max(i, j);
        if (stretch >= count || end < count || near[end - count] != 0) {
            return;
        }
        auto const& s = region.border[stretch];
        auto const& own = region.border[(end - count) / 2];
        auto const p = (end - count) % 2 == 0 ? own.tail : own.head;
        if (s.edge.owner != own.edge.owner && geom::distance_to_segment_m(p, s.tail, s.head) <= tolerance_m) {
            near[end - count] = 1;
        }
    });
    std::vector<char> result(count, 0);
    for (std::size_t k = 0; k < count; ++k) {
        result[k] = near[2 * k] == 0 || near[2 * k + 1] == 0 ? 1 : 0;
    }
    return result;
}

class RegionSurvey {
public:
    RegionSurvey(RepairWork& work, std::vector<OwnedEdge> edges)
        : m_work(work), m_arrangement(std::move(edges)), m_tracer(m_arrangement) {}

    void run() {
        auto const cover = covers(m_arrangement, [](std::uint32_t owner) {
            return owner == RepairWork::kOutside ? RepairWork::kOutside : RepairWork::kOutside + 1;
        });
        std::vector<int> depth(m_arrangement.region_count(), m_work.has_outlines() ? 1 : 0);
        for (std::uint32_t r = 0; r < depth.size(); ++r) {
            for (auto const& c : cover[r]) {
                depth[r] += c.count;
            }
        }
        for (bool const overlap : {false, true}) {
            std::vector<char> member(depth.size());
            for (std::uint32_t r = 0; r < depth.size(); ++r) {
                member[r] = overlap ? depth[r] > 1 : depth[r] <= 0;
            }
            for (auto const& regions : m_tracer.connected(member)) {
                if (overlap || regions.front() != 0) { // region 0 is the open outside
                    judge(region_of(regions, overlap, member));
                }
            }
        }
        for (auto& [face, edits] : m_edits) {
            apply(face, edits);
        }
        std::sort(m_work.frozen_edges.begin(), m_work.frozen_edges.end());
        std::stable_sort(m_work.obstacles.begin(), m_work.obstacles.end(),
                         [](Obstacle const& a, Obstacle const& b) { return a.at.lon < b.at.lon; });
    }

private:
    struct Edits {
        std::vector<Point> cuts;
        std::vector<DirectedEdge> added;
    };

    [[nodiscard]] Region region_of(std::vector<std::uint32_t> const& regions, bool overlap,
                                   std::vector<char> const& member) {
        Region region;
        region.overlap = overlap;
        for (auto const r : regions) {
            for (auto const h : m_arrangement.border_of(r)) {
                if (member[m_arrangement.right_region(h)] != 0) {
                    continue;
                }
                auto const tail = m_arrangement.node(m_arrangement.tail(h));
                auto const head = m_arrangement.node(m_arrangement.head(h));
                region.simple = region.simple && tail.on_lattice && head.on_lattice;
                std::size_t drawn = 0;
                m_arrangement.for_each_edge_along(h, [&](OwnedEdge const& e, bool same_way, std::uint32_t) {
                    if (same_way == overlap) { // its face lies on the region's side just when that overlaps
                        region.border.push_back({tail.rounded, head.rounded, e});
                        ++drawn;
                    } else {
                        region.simple = false;
                    }
                });
                region.simple = region.simple && drawn == 1;
            }
        }
        for (auto const& s : region.border) {
            region.faces.push_back(s.edge.owner);
        }
        std::sort(region.faces.begin(), region.faces.end());
        region.faces.erase(std::unique(region.faces.begin(), region.faces.end()), region.faces.end());
        auto const traced = m_tracer.trace(regions);
        region.area_m2 = traced.area_m2;
        region.at = traced.at;
        return region;
    }

    void judge(Region const& region) {
        auto const tolerance_m = m_work.options().tolerance_m;
        bool const intact =
            std::none_of(region.faces.begin(), region.faces.end(), [&](std::uint32_t f) { return m_work.broken(f); });
        bool const left_out = std::any_of(region.border.begin(), region.border.end(), [&](Stretch const& s) {
            return m_work.left_out.contains(s.edge.from) || m_work.left_out.contains(s.edge.to);
        });
        bool const large = region.area_m2 > m_work.options().max_area_m2;
        if (!intact || left_out || region.faces.size() < 2 || (large && region.faces.size() <= kManyFaces)) {
            freeze(region, 0);
            return;
        }
        if (large) {
            freeze_apart(region);
            return;
        }
        if (region.simple && (!region.overlap || region.faces.size() == 2)) {
            std::uint32_t best = 0;
            double longest = 0;
            auto const lengths = lengths_m(region);
            for (auto const& [f, length] : lengths) {
                if (m_work.changeable(f) && length > longest && move_m(region, f) <= tolerance_m) {
                    best = f;
                    longest = length;
                }
            }
            // Of an overlap of two that draw as much of it, the first keeps it.
            if (region.overlap && best != 0 && best == region.faces.front() && m_work.changeable(region.faces.back()) &&
                lengths.at(region.faces.back()) == longest) {
                best = region.faces.back();
            }
            if (best != 0) {
                assign(region, best);
                return;
            }
        }
        if (auto const width = width_m(region, tolerance_m); width > tolerance_m) {
            freeze(region, width);
        }
    }

    /// A gap is added to the face, an overlap taken from it: the same edges, either way round.
    void assign(Region const& region, std::uint32_t face) {
        auto& edits = m_edits[face];
        for (auto const& s : region.border) {
            edits.cuts.push_back(s.tail);
            edits.added.push_back(region.overlap ? DirectedEdge{s.head, s.tail} : DirectedEdge{s.tail, s.head});
            m_work.note(s.tail, region.overlap ? RepairKind::assign_overlap : RepairKind::assign_gap);
        }
    }

    void freeze(Stretch const& s) {
        m_work.frozen_points.insert(s.edge.from);
        m_work.frozen_points.insert(s.edge.to);
        if (m_work.changeable(s.edge.owner)) { // others stay anyway, and may be long
            m_work.frozen_edges.push_back({s.edge.from, s.edge.to, s.edge.owner});
        }
    }

    /// Of a long region only what is wide stays as it is.
    void freeze_apart(Region const& region) {
        auto const tolerance_m = m_work.options().tolerance_m;
        auto const wide = apart(region, tolerance_m);
        constexpr std::size_t kTold = 64; // each takes a look at all of the border
        for (std::size_t k = 0, told = 0; k < wide.size(); ++k) {
            auto const& s = region.border[k];
            if (wide[k] == 0) {
                continue;
            }
            freeze(s);
            if (++told <= kTold) {
                auto const width = std::max(nearest_m(s.tail, region, s.edge.owner, false, tolerance_m),
                                            nearest_m(s.head, region, s.edge.owner, false, tolerance_m));
                m_work.obstacles.push_back({s.tail, region.overlap, region.faces, width, 0});
            }
        }
    }

    void freeze(Region const& region, double width) {
        for (auto const& s : region.border) {
            freeze(s);
        }
        m_work.obstacles.push_back({region.at, region.overlap, region.faces, width, region.area_m2});
    }

    void apply(std::uint32_t face, Edits& edits) {
        std::sort(edits.cuts.begin(), edits.cuts.end());
        auto edges = std::move(edits.added);
        for (auto const& e : edges_of(m_work.shape(face))) {
            std::vector<Point> on{e.from, e.to};
            for (auto it = std::upper_bound(edits.cuts.begin(), edits.cuts.end(), std::min(e.from, e.to));
                 it != edits.cuts.end() && *it < std::max(e.from, e.to); ++it) {
                if (on.back() != *it && geom::on_segment(*it, e.from, e.to)) {
                    on.push_back(*it);
                }
            }
            std::sort(on.begin(), on.end());
            if (e.to < e.from) {
                std::reverse(on.begin(), on.end());
            }
            for (std::size_t i = 1; i < on.size(); ++i) {
                edges.push_back({on[i - 1], on[i]});
            }
        }
        if (auto shape = bounded_by(std::move(edges))) {
            m_work.change(face, std::move(*shape));
        }
    }

    RepairWork& m_work;
    Arrangement m_arrangement;
    AreaTracer m_tracer;
    std::map<std::uint32_t, Edits> m_edits;
};

} // namespace

void assign_regions(RepairWork& work) {
    std::vector<OwnedEdge> edges;
    for (auto const& e : work.borders(work.all_faces(), {})) {
        edges.push_back({e.from, e.to, e.face, false});
    }
    RegionSurvey{work, std::move(edges)}.run();
}

} // namespace wangge::topology
