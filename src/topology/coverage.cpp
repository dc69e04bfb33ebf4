#include "areas.hpp"
#include "boundary_match.hpp"
#include "box_pairs.hpp"
#include "edge_balance.hpp"
#include "edge_table.hpp"
#include "face_order.hpp"
#include "face_validity.hpp"
#include "findings.hpp"
#include "monotone_chains.hpp"
#include "place_marks.hpp"
#include "side_matcher.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/topology/coverage.hpp>
#include <wangge/topology/rings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace wangge::topology {

bool ProblemReport::has_errors() const {
    return std::any_of(problems.begin(), problems.end(),
                       [](Problem const& p) { return p.severity() == Severity::error; });
}

std::size_t ProblemReport::count(ProblemCode code) const {
    return static_cast<std::size_t>(
        std::count_if(problems.begin(), problems.end(), [code](Problem const& p) { return p.code == code; }));
}

namespace {

/// A face that overlaps more than this many others is one finding, not that many.
constexpr std::size_t kManyOverlaps = 50;
/// So many gaps between the same faces are one finding, however large each is.
constexpr std::size_t kManyGaps = 50;
/// In the survey of borders all faces are one owner; outlines follow.
constexpr std::uint32_t kAnyFace = 0;

geom::MultiPolygon const kNothing;

/// Calls f(Point a, Point b) for each edge, turned so that the area lies to its left.
template <class F>
void for_each_turned_edge(geom::MultiPolygon const& shape, std::vector<char> const& reversed, F&& f) {
    std::size_t ring_number = 0;
    geom::for_each_ring(shape, [&](geom::Ring const& ring) {
        bool const turn = ring_number < reversed.size() && reversed[ring_number] != 0;
        ++ring_number;
        geom::for_each_edge(ring, [&](Point a, Point b) { turn ? f(b, a) : f(a, b); });
    });
}

/// Brings the first ring, which is most often the only one, nearer.
void prefetch(geom::MultiPolygon const& shape) {
    constexpr std::size_t points_in_line = 8;
    constexpr std::size_t most = 16 * points_in_line;
    if (!shape.parts.empty()) {
        auto const& ring = shape.parts.front().outer;
        for (std::size_t i = 0; i < std::min(ring.size(), most); i += points_in_line) {
            __builtin_prefetch(ring.data() + i);
        }
    }
}

std::vector<DirectedEdge> directed(std::span<OwnedEdge const> edges) {
    std::vector<DirectedEdge> result;
    result.reserve(edges.size());
    for (auto const& e : edges) {
        result.push_back({e.from, e.to});
    }
    std::sort(result.begin(), result.end());
    return result;
}

geom::Envelope box_of(Arrangement const& arrangement, std::uint32_t half_edge) {
    geom::Envelope box;
    for (auto const n : {arrangement.tail(half_edge), arrangement.head(half_edge)}) {
        auto const p = arrangement.node(n).rounded; // a crossing may have been rounded inwards
        box.extend(Point{p.lon - 1, p.lat - 1});
        box.extend(Point{p.lon + 1, p.lat + 1});
    }
    return box;
}

/// The pieces put together to lines; each piece must lie on one straight or bent chain, which a common boundary does.
UnmatchedLine longest_line(Arrangement const& arrangement, std::span<std::uint32_t const> pieces) {
    std::multimap<std::uint32_t, std::uint32_t> at_node; // node -> pieces
    for (auto const piece : pieces) {
        at_node.emplace(arrangement.tail(2 * piece), piece);
        at_node.emplace(arrangement.head(2 * piece), piece);
    }
    UnmatchedLine result;
    double longest = -1;
    std::set<std::uint32_t> left{pieces.begin(), pieces.end()};
    auto const follow = [&](std::uint32_t node) {
        std::vector<Point> line{arrangement.node(node).rounded};
        double length = 0;
        for (bool found = true; found;) {
            found = false;
            auto const [begin, end] = at_node.equal_range(node);
            for (auto it = begin; it != end && !found; ++it) {
                if (left.erase(it->second) != 0) {
                    auto const tail = arrangement.tail(2 * it->second);
                    node = tail == node ? arrangement.head(2 * it->second) : tail;
                    length += geom::distance_m(line.back(), arrangement.node(node).rounded);
                    line.push_back(arrangement.node(node).rounded);
                    found = true;
                }
            }
        }
        if (line.back() < line.front()) {
            std::reverse(line.begin(), line.end());
        }
        result.length_m += length;
        if (length > longest) {
            longest = result.longest_m = length;
            result.line = std::move(line);
        }
    };
    for (auto it = at_node.begin(); it != at_node.end(); it = at_node.upper_bound(it->first)) {
        if (at_node.count(it->first) == 1 && left.count(it->second) != 0) { // an end
            follow(it->first);
        }
    }
    while (!left.empty()) { // rings
        follow(arrangement.tail(2 * *left.begin()));
    }
    return result;
}

/// One check. Faces are taken in an order of their own, so that the callers' order cannot show.
class Check {
public:
    Check(std::span<Face const> faces, std::span<Outline const> outlines, double tolerance_m, Progress& progress);
    void run();

    [[nodiscard]] ProblemReport take_report();
    [[nodiscard]] std::size_t edge_count() const noexcept { return m_edge_count; }

private:
    using Pair = std::pair<std::uint32_t, std::uint32_t>;
    /// What the winding numbers of the borders alone say about a region.
    struct Depth {
        int faces = 0;
        bool in_outline = false;
    };

    [[nodiscard]] Face const& face(std::uint32_t i) const { return m_faces[m_order[i]]; }
    [[nodiscard]] geom::MultiPolygon const& shape(std::uint32_t i) const {
        return face(i).shape ? *face(i).shape : kNothing;
    }
    [[nodiscard]] std::uint32_t face_count() const noexcept { return static_cast<std::uint32_t>(m_faces.size()); }
    [[nodiscard]] bool concerns(Pair pair) const { return face(pair.first).incoming || face(pair.second).incoming; }
    [[nodiscard]] std::vector<std::string> names_of(std::set<std::uint32_t> const& faces) const;

    void check_faces();
    void judge_face(std::uint32_t i, FaceValidator& validator, MonotoneChains& chains);
    void take_edges(std::uint32_t i, SideMatcher& matcher);
    void count_edges(std::uint32_t i, std::int32_t times);
    void find_duplicates();
    void collect_border();
    void match_outlines();
    void survey_borders();
    void find_gaps(Arrangement const& survey, AreaTracer& tracer);
    void find_unfilled(Arrangement const& survey, AreaTracer& tracer);
    void find_suspects(Arrangement const& survey);
    void overlay_suspects();
    void find_overlaps(Arrangement const& overlay, AreaTracer& tracer,
                       std::map<Pair, std::vector<std::uint32_t>> regions);
    void collect_unmatched(Arrangement const& arrangement, bool is_overlay);
    [[nodiscard]] bool is_boundary_drawn_twice(Arrangement const& arrangement, std::span<BorderEdge const> border);
    [[nodiscard]] bool gap_is_boundary(Arrangement const& survey, std::span<std::uint32_t const> regions);
    void take_boundaries(Arrangement const& overlay, AreaTracer& tracer, Pair pair,
                         std::vector<std::uint32_t>& regions);
    void add_unmatched(Pair pair, UnmatchedLine line);
    void report_narrow(Problem problem, bool narrow);

    std::span<Face const> m_faces;
    std::span<Outline const> m_outlines;
    double m_tolerance_m;
    Progress& m_progress;
    ProblemReport m_report;
    std::size_t m_edge_count = 0;

    std::vector<std::uint32_t> m_order;
    std::vector<char> m_broken;   ///< takes no part in checks between faces
    std::vector<char> m_left_out; ///< the same, and leaves no trace: empty, or a copy of another face
    std::vector<std::vector<char>> m_reversed;
    std::vector<geom::Envelope> m_box;
    std::vector<std::uint64_t> m_shape_sum; ///< same for faces with the same edges
    EdgeBalance m_balance;                  ///< of the faces that are neither broken nor left out
    std::vector<OwnedEdge> m_border;        ///< edges of faces that no neighbour cancels
    std::vector<OwnedEdge> m_outline_edges; ///< all of them, owner face_count() + number of the outline
    bool m_outlines_filled = false;         ///< the border of all faces is that of all outlines, edge by edge

    std::vector<Depth> m_survey; ///< by region of the survey
    std::vector<char> m_in_gap;
    Covers m_survey_covers;
    std::vector<char> m_suspect; ///< faces whose shapes must be laid over each other
    bool m_outside_found = false;
    std::map<Pair, UnmatchedLine> m_unmatched;
};

Check::Check(std::span<Face const> faces, std::span<Outline const> outlines, double tolerance_m, Progress& progress)
    : m_faces(faces)
    , m_outlines(outlines)
    , m_tolerance_m(tolerance_m)
    , m_progress(progress)
    , m_order(order_by_name(faces))
    , m_broken(faces.size(), 0)
    , m_left_out(faces.size(), 0)
    , m_reversed(faces.size())
    , m_box(faces.size())
    , m_shape_sum(faces.size(), 0)
    , m_suspect(faces.size(), 0) {}

void Check::run() {
    check_faces();
    m_progress.begin("matching edges", 0, "");
    find_duplicates();
    collect_border();
    match_outlines();
    m_progress.end();
    m_progress.begin("looking for gaps and overlaps", 0, "");
    survey_borders();
    overlay_suspects();
    for (auto& [pair, line] : m_unmatched) {
        m_report.problems.push_back(unmatched_boundary(face(pair.first).name, face(pair.second).name, std::move(line)));
    }
    m_progress.end();
}

ProblemReport Check::take_report() {
    auto const at = [](Problem const& p) { return p.place ? p.place->at : Point{}; };
    std::sort(m_report.problems.begin(), m_report.problems.end(), [&](Problem const& a, Problem const& b) {
        auto const place_a = at(a);
        auto const place_b = at(b);
        return std::tie(a.code, place_a, a.subjects, a.measure, a.message) <
               std::tie(b.code, place_b, b.subjects, b.measure, b.message);
    });
    return std::move(m_report);
}

std::vector<std::string> Check::names_of(std::set<std::uint32_t> const& faces) const {
    std::vector<std::string> names;
    for (auto const f : faces) {
        names.push_back(face(f).name);
    }
    return names;
}

void Check::report_narrow(Problem problem, bool narrow) {
    if (narrow) {
        m_report.problems.push_back(sliver_of(problem));
    }
    m_report.problems.push_back(std::move(problem));
}

void Check::check_faces() {
    m_progress.begin("checking faces", face_count(), "faces");
    FaceValidator validator;
    MonotoneChains chains;
    SideMatcher matcher;
    auto const walk = order_by_place(face_count(), [this](std::uint32_t i) { return face(i).shape; });
    constexpr std::uint32_t step = 1024;
    constexpr std::uint32_t ahead = 3;
    for (std::uint32_t k = 0; k < face_count(); ++k) {
        if (k + ahead < face_count()) {
            prefetch(shape(walk[k + ahead]));
        }
        auto const i = walk[k];
        judge_face(i, validator, chains);
        take_edges(i, matcher);
        if ((k + 1) % step == 0 || k + 1 == face_count()) {
            m_progress.advance((k % step) + 1);
        }
    }
    matcher.for_each_unpaired([this](Point a, Point b) { m_balance.count(a, b, 1); });
    m_progress.end();
}

void Check::judge_face(std::uint32_t i, FaceValidator& validator, MonotoneChains& chains) {
    auto const& s = shape(i);
    chains.clear();
    bool apart = !s.empty();
    geom::for_each_ring(s, [&](geom::Ring const& ring) {
        apart = apart && chains.add(ring);
        m_box[i].extend(apart ? chains.ring_box() : geom::envelope_of(ring));
    });
    apart = apart && chains.proves_apart();
    if (apart && s.parts.size() == 1 && s.parts[0].holes.empty() && chains.counter_clockwise()) {
        return;
    }
    auto verdict = validator.check(s, apart);
    m_broken[i] = verdict.broken ? 1 : 0;
    m_left_out[i] = s.empty() ? 1 : 0;
    if (std::find(verdict.reversed.begin(), verdict.reversed.end(), 1) != verdict.reversed.end()) {
        m_reversed[i] = std::move(verdict.reversed);
    }
    if (face(i).incoming) {
        for (auto const& fault : verdict.faults) {
            m_report.problems.push_back(fault_in_face(face(i).name, fault));
        }
    }
}

/// Pairs the face's edges with those of faces seen before, or counts them at once.
void Check::take_edges(std::uint32_t i, SideMatcher& matcher) {
    auto const& s = shape(i);
    m_edge_count += geom::vertex_count(s);
    if (m_broken[i] == 0 && m_reversed[i].empty()) {
        geom::for_each_ring(s, [&](geom::Ring const& ring) { m_shape_sum[i] += matcher.add(ring); });
        return;
    }
    geom::for_each_ring(s, [&](geom::Ring const& ring) { m_shape_sum[i] += SideMatcher::sum_of(ring); });
    if (m_broken[i] == 0) {
        count_edges(i, 1);
    }
}

/// Adds the face's edges to the balance so many times.
void Check::count_edges(std::uint32_t i, std::int32_t times) {
    for_each_turned_edge(shape(i), m_reversed[i], [&](Point a, Point b) { m_balance.count(a, b, times); });
}

void Check::find_duplicates() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_sum;
    by_sum.reserve(face_count());
    for (std::uint32_t i = 0; i < face_count(); ++i) {
        if (m_left_out[i] == 0) {
            by_sum.emplace_back(m_shape_sum[i], i);
        }
    }
    std::sort(by_sum.begin(), by_sum.end());
    auto const edges_of = [&](std::uint32_t i) {
        std::vector<Segment> edges;
        geom::for_each_edge(shape(i), [&](Point a, Point b) {
            if (a != b) {
                edges.push_back({std::min(a, b), std::max(a, b)});
            }
        });
        std::sort(edges.begin(), edges.end());
        return edges;
    };
    for (std::size_t begin = 0, end = 0; begin < by_sum.size(); begin = end) {
        for (end = begin + 1; end < by_sum.size() && by_sum[end].first == by_sum[begin].first;) {
            ++end;
        }
        if (end - begin == 1) {
            continue;
        }
        std::map<std::vector<Segment>, std::vector<std::uint32_t>> copies;
        for (auto k = begin; k < end; ++k) {
            copies[edges_of(by_sum[k].second)].push_back(by_sum[k].second);
        }
        for (auto const& [edges, faces] : copies) {
            if (faces.size() == 1 || edges.empty()) {
                continue;
            }
            auto const incoming =
                std::find_if(faces.begin(), faces.end(), [&](std::uint32_t f) { return face(f).incoming; });
            auto const kept = incoming == faces.end() ? faces.front() : *incoming;
            std::vector<std::string> names;
            for (auto const f : faces) {
                names.push_back(face(f).name);
                if (f != kept) {
                    m_left_out[f] = 1;
                    count_edges(f, m_broken[f] != 0 ? 0 : -1);
                }
            }
            if (incoming != faces.end()) {
                m_report.problems.push_back(duplicate_faces(std::move(names), shape(kept)));
            }
        }
    }
}

/// Few edges are out of balance, and few faces come near them; only those are gone through again.
void Check::collect_border() {
    geom::Envelope extent;
    m_balance.for_each([&](Point low, Point high) {
        extent.extend(low);
        extent.extend(high);
    });
    if (extent.empty()) {
        return;
    }
    PlaceMarks marks{extent};
    m_balance.for_each([&](Point low, Point) { marks.mark(low); });
    std::vector<OwnedEdge> passed;
    for (std::uint32_t i = 0; i < face_count(); ++i) {
        if (m_left_out[i] == 0 && marks.may_meet(m_box[i])) {
            for_each_turned_edge(shape(i), m_reversed[i], [&](Point a, Point b) {
                auto const low = std::min(a, b);
                auto const high = std::max(a, b);
                if (a != b && m_balance.contains(low, high)) {
                    passed.push_back({a, b, i, false});
                }
            });
        }
    }
    m_balance = EdgeBalance{};
    EdgeTable table{passed.size()};
    for (auto const& e : passed) {
        table.count(e.from, e.to);
    }
    table.allocate();
    for (auto const& e : passed) {
        table.add(e.from, e.to, e.owner);
    }
    table.for_each_edge([&](std::span<EdgeTable::Use const> uses) {
        std::size_t count[2] = {0, 0};
        bool broken[2] = {false, false};
        for (auto const& use : uses) {
            auto const way = use.forward() ? 0 : 1;
            if (m_broken[use.owner()] != 0) {
                broken[way] = true;
            } else {
                ++count[way];
            }
        }
        if (count[0] == count[1]) {
            return;
        }
        auto const way = count[0] > count[1] ? 0 : 1;
        auto left = count[way] - count[1 - way];
        for (auto const& use : uses) {
            if (left > 0 && m_broken[use.owner()] == 0 && use.forward() == (way == 0)) {
                --left;
                m_border.push_back({use.forward() ? use.low : use.high, use.forward() ? use.high : use.low, use.owner(),
                                    broken[1 - way]});
            }
        }
    });
}

void Check::match_outlines() {
    FaceValidator validator;
    for (std::uint32_t k = 0; k < m_outlines.size(); ++k) {
        auto const& outline = m_outlines[k].shape ? *m_outlines[k].shape : kNothing;
        auto const verdict = validator.check(outline);
        for_each_turned_edge(outline, verdict.reversed, [&](Point a, Point b) {
            m_outline_edges.push_back({a, b, face_count() + k, false});
        });
    }
    if (m_outlines.empty()) {
        return;
    }
    EdgeTable table{m_outline_edges.size()};
    for (auto const& e : m_outline_edges) {
        table.count(e.from, e.to);
    }
    table.allocate();
    for (auto const& e : m_outline_edges) {
        table.add(e.from, e.to, e.owner);
    }
    std::vector<OwnedEdge> border;
    table.for_each_edge([&](std::span<EdgeTable::Use const> uses) {
        int net = 0;
        for (auto const& use : uses) {
            net += use.forward() ? 1 : -1;
        }
        auto const& edge = uses.front();
        for (; net > 0; --net) {
            border.push_back({edge.low, edge.high, 0, false});
        }
        for (; net < 0; ++net) {
            border.push_back({edge.high, edge.low, 0, false});
        }
    });
    m_outlines_filled = border.size() == m_border.size() && directed(border) == directed(m_border);
}

void Check::survey_borders() {
    auto edges = std::move(m_border);
    if (!m_outlines_filled) {
        edges.insert(edges.end(), m_outline_edges.begin(), m_outline_edges.end());
    }
    Arrangement const survey{std::move(edges)};
    m_survey_covers = covers(
        survey, [this](std::uint32_t owner) { return owner < face_count() ? kAnyFace : owner - face_count() + 1; });
    m_survey.resize(survey.region_count());
    for (std::uint32_t r = 0; r < survey.region_count(); ++r) {
        for (auto const& cover : m_survey_covers[r]) {
            if (cover.owner == kAnyFace) {
                m_survey[r].faces = cover.count;
            } else {
                m_survey[r].in_outline = true;
            }
        }
    }
    AreaTracer tracer{survey};
    m_in_gap.assign(survey.region_count(), 0);
    if (!m_outlines_filled) { // where every outline is filled, what faces enclose without covering is in no outline
        find_gaps(survey, tracer);
        find_unfilled(survey, tracer);
    }
    find_suspects(survey);
    collect_unmatched(survey, false);
}

void Check::find_gaps(Arrangement const& survey, AreaTracer& tracer) {
    std::vector<char> uncovered(survey.region_count(), 0);
    for (std::uint32_t r = 0; r < survey.region_count(); ++r) {
        uncovered[r] = m_survey[r].faces <= 0 ? 1 : 0;
    }
    struct OfRound {
        std::vector<std::uint32_t> small; ///< regions of the gaps below kSliverAreaM2
        std::vector<TracedArea> large;
        std::vector<std::uint32_t> all;
    };
    std::map<std::set<std::uint32_t>, OfRound> gaps; // by the faces round them
    for (auto const& regions : tracer.connected(uncovered)) {
        if (regions.front() == 0) {
            continue; // the outside
        }
        std::set<std::uint32_t> round;
        bool beside_broken = false;
        bool in_outline = m_outlines.empty();
        bool out_of_outline = false;
        for (auto const r : regions) {
            (m_survey[r].in_outline ? in_outline : out_of_outline) = true;
            for (auto const h : survey.border_of(r)) {
                if (m_survey[survey.right_region(h)].faces > 0) {
                    survey.for_each_edge_along(h, [&](OwnedEdge const& e, bool same_way, std::uint32_t) {
                        if (!same_way && e.owner < face_count()) {
                            round.insert(e.owner);
                            beside_broken = beside_broken || e.marked;
                        }
                    });
                }
            }
        }
        bool const concerned =
            std::any_of(round.begin(), round.end(), [&](std::uint32_t f) { return face(f).incoming; });
        if (!concerned || beside_broken || !in_outline) {
            continue;
        }
        auto const area_m2 = tracer.area_m2(regions);
        if (!m_outlines.empty() && out_of_outline) {
            std::vector<std::uint32_t> inside;
            std::copy_if(regions.begin(), regions.end(), std::back_inserter(inside),
                         [&](std::uint32_t r) { return m_survey[r].in_outline; });
            if (tracer.area_m2(inside) * 2 < area_m2) {
                continue;
            }
        }
        for (auto const r : regions) {
            m_in_gap[r] = 1;
        }
        if (gap_is_boundary(survey, regions)) {
            continue;
        }
        auto& same_round = gaps[round];
        same_round.all.insert(same_round.all.end(), regions.begin(), regions.end());
        if (area_m2 < kSliverAreaM2) {
            same_round.small.insert(same_round.small.end(), regions.begin(), regions.end());
        } else {
            same_round.large.push_back(tracer.trace(regions));
        }
    }
    auto const report = [&](std::set<std::uint32_t> const& round, TracedArea area) {
        bool const narrow = area.narrow;
        report_narrow(gap_between(names_of(round), std::move(area)), narrow);
    };
    for (auto& [round, same_round] : gaps) {
        if (same_round.large.size() > kManyGaps) {
            report(round, tracer.trace(same_round.all));
            continue;
        }
        for (auto& area : same_round.large) {
            report(round, std::move(area));
        }
        if (!same_round.small.empty()) {
            report(round, tracer.trace(same_round.small));
        }
    }
}

void Check::find_unfilled(Arrangement const& survey, AreaTracer& tracer) {
    std::vector<std::vector<std::uint32_t>> unfilled(m_outlines.size());
    for (std::uint32_t r = 0; r < survey.region_count(); ++r) {
        if (m_survey[r].faces > 0 || !m_survey[r].in_outline || m_in_gap[r] != 0) {
            continue;
        }
        bool beside_broken = false;
        for (auto const h : survey.border_of(r)) {
            survey.for_each_edge_along(
                h, [&](OwnedEdge const& e, bool, std::uint32_t) { beside_broken = beside_broken || e.marked; });
        }
        for (auto const& cover : m_survey_covers[r]) {
            if (cover.owner != kAnyFace && !beside_broken) {
                unfilled[cover.owner - 1].push_back(r);
            }
        }
    }
    for (std::size_t k = 0; k < m_outlines.size(); ++k) {
        if (!unfilled[k].empty()) {
            m_report.problems.push_back(outline_not_filled(m_outlines[k].name, tracer.trace(unfilled[k])));
        }
    }
}

/// A face with a share in a zone (covered more than once, or outside all outlines) either comes near the zone's border
/// or lies deep inside it; the part of the zone inside a face is bounded by the zone's border too.
void Check::find_suspects(Arrangement const& survey) {
    auto const overlapped = [&](std::uint32_t r) { return m_survey[r].faces > 1; };
    auto const outside = [&](std::uint32_t r) {
        return !m_outlines.empty() && !m_outlines_filled && m_survey[r].faces > 0 && !m_survey[r].in_outline;
    };
    std::vector<Boxed> boxes;
    bool overlap_found = false;
    for (std::uint32_t h = 0; h < survey.half_edge_count(); ++h) {
        auto const left = survey.left_region(h);
        auto const right = survey.right_region(h);
        overlap_found = overlap_found || overlapped(left);
        m_outside_found = m_outside_found || outside(left);
        if ((overlapped(left) && !overlapped(right)) || (outside(left) && !outside(right))) {
            boxes.push_back({box_of(survey, h), face_count()});
        }
    }
    if (!overlap_found && !m_outside_found) {
        return;
    }
    for (std::uint32_t i = 0; i < face_count(); ++i) {
        if (m_left_out[i] == 0 && m_broken[i] == 0) {
            boxes.push_back({geom::envelope_of(shape(i)), i});
        }
    }
    for_each_box_pair(std::move(boxes), [&](std::uint32_t a, std::uint32_t b) {
        if ((a == face_count()) != (b == face_count())) {
            m_suspect[std::min(a, b)] = 1;
        }
    });
    for (std::uint32_t i = 0; i < face_count(); ++i) {
        if (m_left_out[i] != 0 || m_broken[i] != 0 || m_suspect[i] != 0) {
            continue;
        }
        TracedArea wholly;
        for (auto const& part : shape(i).parts) {
            auto const region = part.outer.empty() ? 0 : survey.region_west_of(part.outer.front());
            if (overlapped(region)) {
                m_suspect[i] = 1;
            }
            if (outside(region)) {
                wholly.shape.parts.push_back(part);
            }
        }
        if (m_suspect[i] == 0 && face(i).incoming && !wholly.shape.empty()) { // no need to lay anything over it
            geom::normalize(wholly.shape);
            wholly.at = geom::interior_point(wholly.shape);
            wholly.area_m2 = geom::area_m2(wholly.shape);
            wholly.pieces = wholly.shape.parts.size();
            m_report.problems.push_back(face_outside(face(i).name, std::move(wholly)));
        }
    }
}

void Check::overlay_suspects() {
    std::vector<OwnedEdge> edges;
    for (std::uint32_t i = 0; i < face_count(); ++i) {
        if (m_suspect[i] != 0) {
            for_each_turned_edge(shape(i), m_reversed[i], [&](Point a, Point b) { edges.push_back({a, b, i, false}); });
        }
    }
    if (edges.empty()) {
        return;
    }
    auto const any_outline = face_count();
    if (m_outside_found) {
        for (auto const& e : m_outline_edges) {
            edges.push_back({e.from, e.to, any_outline, false});
        }
    }
    Arrangement const overlay{std::move(edges)};
    auto const cover = covers(overlay, [](std::uint32_t owner) { return owner; });
    std::map<Pair, std::vector<std::uint32_t>> overlaps;
    std::map<std::uint32_t, std::vector<std::uint32_t>> outside;
    for (std::uint32_t r = 0; r < overlay.region_count(); ++r) {
        bool const in_outline = !cover[r].empty() && cover[r].back().owner == any_outline;
        auto const faces = cover[r].size() - (in_outline ? 1 : 0);
        for (std::size_t i = 0; i < faces; ++i) {
            auto const a = cover[r][i].owner;
            for (auto k = i + 1; k < faces; ++k) {
                if (auto const pair = Pair{a, cover[r][k].owner}; concerns(pair)) {
                    overlaps[pair].push_back(r);
                }
            }
            if (m_outside_found && !in_outline && face(a).incoming) {
                outside[a].push_back(r);
            }
        }
    }
    AreaTracer tracer{overlay};
    for (auto const& [i, regions] : outside) {
        m_report.problems.push_back(face_outside(face(i).name, tracer.trace(regions)));
    }
    find_overlaps(overlay, tracer, std::move(overlaps));
    collect_unmatched(overlay, true);
}

void Check::find_overlaps(Arrangement const& overlay, AreaTracer& tracer,
                          std::map<Pair, std::vector<std::uint32_t>> regions) {
    if (m_tolerance_m > 0) {
        for (auto& [pair, list] : regions) {
            take_boundaries(overlay, tracer, pair, list);
        }
        std::erase_if(regions, [](auto const& of_pair) { return of_pair.second.empty(); });
    }
    std::map<std::uint32_t, std::size_t> partners;
    for (auto const& [pair, list] : regions) {
        ++partners[pair.first];
        ++partners[pair.second];
    }
    std::map<std::uint32_t, std::set<std::uint32_t>> of_many;
    for (auto const& [pair, list] : regions) {
        auto const busiest = partners[pair.second] > partners[pair.first] ? pair.second : pair.first;
        if (partners[busiest] > kManyOverlaps) {
            of_many[busiest].insert(list.begin(), list.end());
            continue;
        }
        auto area = tracer.trace(list);
        auto const narrow = area.narrow;
        report_narrow(overlap_of_two(face(pair.first).name, face(pair.second).name, std::move(area)), narrow);
    }
    for (auto const& [i, all] : of_many) {
        std::vector<std::uint32_t> const list{all.begin(), all.end()};
        m_report.problems.push_back(overlap_with_many(face(i).name, partners[i], tracer.trace(list)));
    }
}

/// Stretches where edges of two faces run over each other in opposite directions without being the same edge.
void Check::collect_unmatched(Arrangement const& arrangement, bool is_overlay) {
    std::map<Pair, std::vector<std::uint32_t>> pieces;
    struct Along {
        std::uint32_t face;
        std::uint32_t segment;
        bool same_way;
    };
    std::vector<Along> along;
    for (std::uint32_t piece = 0; piece < arrangement.piece_count(); ++piece) {
        if (!arrangement.overlaps(piece)) {
            continue;
        }
        along.clear();
        arrangement.for_each_edge_along(2 * piece, [&](OwnedEdge const& e, bool same_way, std::uint32_t segment) {
            if (e.owner < face_count()) {
                along.push_back({e.owner, segment, same_way});
            }
        });
        for (auto const& a : along) {
            for (auto const& b : along) {
                if (a.same_way && !b.same_way && a.segment != b.segment && a.face != b.face) {
                    auto const pair = Pair{std::min(a.face, b.face), std::max(a.face, b.face)};
                    // The overlay holds all edges of its faces, so it has the last word on them.
                    bool const in_overlay = m_suspect[pair.first] != 0 && m_suspect[pair.second] != 0;
                    auto& list = pieces[pair];
                    if (concerns(pair) && in_overlay == is_overlay && (list.empty() || list.back() != piece)) {
                        list.push_back(piece);
                    }
                }
            }
        }
    }
    for (auto const& [pair, list] : pieces) {
        if (!list.empty()) {
            add_unmatched(pair, longest_line(arrangement, list));
        }
    }
}

void Check::add_unmatched(Pair pair, UnmatchedLine line) {
    auto& all = m_unmatched[pair];
    all.length_m += line.length_m;
    all.apart_m = std::max(all.apart_m, line.apart_m);
    if (all.line.empty() || line.longest_m > all.longest_m ||
        (line.longest_m == all.longest_m && line.line < all.line)) {
        all.line = std::move(line.line);
        all.longest_m = line.longest_m;
    }
}

/// When the sides are near enough, notes the stretches for their pairs.
bool Check::is_boundary_drawn_twice(Arrangement const& arrangement, std::span<BorderEdge const> border) {
    auto const stretches = match_sides(arrangement, border, m_tolerance_m);
    for (auto const& stretch : stretches) {
        if (Pair const pair{stretch.first, stretch.second}; concerns(pair)) {
            auto line = longest_line(arrangement, stretch.pieces);
            line.apart_m = stretch.apart_m;
            add_unmatched(pair, std::move(line));
        }
    }
    return !stretches.empty();
}

bool Check::gap_is_boundary(Arrangement const& survey, std::span<std::uint32_t const> regions) {
    std::vector<BorderEdge> border;
    for (auto const r : regions) {
        for (auto const h : survey.border_of(r)) {
            if (m_tolerance_m > 0 && m_survey[survey.right_region(h)].faces > 0) {
                survey.for_each_edge_along(h, [&](OwnedEdge const& e, bool same_way, std::uint32_t) {
                    if (!same_way && e.owner < face_count()) {
                        border.push_back({h, e.owner});
                    }
                });
            }
        }
    }
    return is_boundary_drawn_twice(survey, border);
}

/// Leaves the regions of a pair's overlap that are more than a boundary drawn twice.
void Check::take_boundaries(Arrangement const& overlay, AreaTracer& tracer, Pair pair,
                            std::vector<std::uint32_t>& regions) {
    std::vector<std::uint32_t> left;
    for (auto const& piece : tracer.pieces_of(regions)) {
        std::vector<BorderEdge> border;
        for (auto const h : piece.border) {
            overlay.for_each_edge_along(h, [&](OwnedEdge const& e, bool same_way, std::uint32_t) {
                if (same_way && (e.owner == pair.first || e.owner == pair.second)) {
                    border.push_back({h, e.owner});
                }
            });
        }
        if (!is_boundary_drawn_twice(overlay, border)) {
            left.insert(left.end(), piece.regions.begin(), piece.regions.end());
        }
    }
    std::sort(left.begin(), left.end());
    regions = std::move(left);
}

} // namespace

CoverageChecker::CoverageChecker(Options const& options) : m_options(options) {
    if (!std::isfinite(options.tolerance_m) || options.tolerance_m < 0) {
        throw Error{ErrorCode::usage,
                    fmt::format("tolerance of {} m: give a length of 0 m or more", options.tolerance_m)};
    }
}

CoverageChecker::Result CoverageChecker::check(std::span<Face const> faces, std::span<Outline const> outlines,
                                               Progress& progress) const {
    Check check{faces, outlines, m_options.tolerance_m, progress};
    check.run();
    Result result{check.take_report(), nullptr};
    if (!result.report.has_errors()) {
        result.checked.reset(new CheckedCoverage{faces.size(), check.edge_count()}); // private constructor
    }
    return result;
}

} // namespace wangge::topology
