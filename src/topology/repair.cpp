#include "areas.hpp"
#include "disjoint_sets.hpp"
#include "point_numbers.hpp"
#include "repair_cells.hpp"
#include "repair_work.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/geom/segments.hpp>
#include <wangge/geom/wkb.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace wangge::topology {

std::string_view to_string(RepairKind kind) noexcept {
    switch (kind) {
    case RepairKind::insert_vertices:
        return "insert_vertices";
    case RepairKind::assign_gap:
        return "assign_gap";
    case RepairKind::assign_overlap:
        return "assign_overlap";
    case RepairKind::match_edges:
        return "match_edges";
    case RepairKind::clean_ring:
        return "clean_ring";
    case RepairKind::none:
        break;
    }
    return "none";
}

namespace {

constexpr int kMostAttempts = 3;
/// A group of more faces than this is cut into cells.
constexpr std::size_t kLargeGroup = 4;
/// What could not be cut and has more faces than this is tried again, when it is refused, without the places that cause
/// the refusal.
constexpr std::size_t kLargeCell = 24;

struct Group {
    FaceEdits faces;
    RepairKind kind = RepairKind::insert_vertices;
    geom::Envelope box;
    Words refusal;
    [[nodiscard]] bool accepted() const noexcept { return refusal.english.empty(); }
    std::vector<Point> failing; ///< vertices of the boundary that cause a refusal
    RepairProposal proposal;
};

FaceEdit difference(geom::MultiPolygon const& from, geom::MultiPolygon const& to) {
    auto const before = edges_of(from);
    auto const after = edges_of(to);
    FaceEdit edit;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(edit.removed));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(edit.added));
    return edit;
}

void add_points(geom::MultiPolygon const& shape, std::vector<Point>& points) {
    geom::for_each_ring(shape, [&](geom::Ring const& ring) { points.insert(points.end(), ring.begin(), ring.end()); });
}

/// Problems that a repair could concern.
bool repairable(ProblemCode code) {
    switch (code) {
    case ProblemCode::collapsed_ring:
    case ProblemCode::self_crossing:
    case ProblemCode::repeated_ring_point:
    case ProblemCode::overlap:
    case ProblemCode::gap:
    case ProblemCode::edge_not_matched:
    case ProblemCode::outside_county:
        return true;
    default:
        return false;
    }
}

/// Problems that are ground without a grid, or with two.
bool is_ground(ProblemCode code) {
    return code == ProblemCode::gap || code == ProblemCode::overlap || code == ProblemCode::sliver;
}

geom::Envelope envelope_of(Problem const& problem) {
    geom::Envelope box;
    if (problem.place) {
        box.extend(problem.place->at);
        for (auto const p : problem.place->line) {
            box.extend(p);
        }
        box.extend(geom::envelope_of(problem.place->area));
    }
    return box;
}

geom::Envelope widened(geom::Envelope box, std::int32_t by) {
    return {{box.min.lon - by, box.min.lat - by}, {box.max.lon + by, box.max.lat + by}};
}

/// What makes two findings the same one, though its extent changed.
using ProblemKey = std::pair<ProblemCode, std::vector<std::string>>;
ProblemKey key_of(Problem const& problem) { return {problem.code, problem.subjects}; }

/// For each key its findings and their whole measure.
struct Tally {
    std::size_t count = 0;
    double measure = 0;
};
std::map<ProblemKey, Tally> tally(ProblemReport const& report) {
    std::map<ProblemKey, Tally> result;
    for (auto const& problem : report.problems) {
        auto& entry = result[key_of(problem)];
        ++entry.count;
        entry.measure += problem.measure;
    }
    return result;
}

/// Edges whose winding numbers are the change: where any is not 0, the ground has other owners than before.
std::vector<OwnedEdge> changes_of(FaceEdits const& faces) {
    std::vector<OwnedEdge> edges;
    for (auto const& [f, edit] : faces) {
        for (auto const& e : edit.added) {
            edges.push_back({e.from, e.to, f, false});
        }
        for (auto const& e : edit.removed) {
            edges.push_back({e.to, e.from, f, false});
        }
    }
    return edges;
}

/// The regions of each piece of ground that goes, as a whole, from the same owners to the same owners.
std::vector<std::vector<std::uint32_t>> pieces_of(Arrangement const& changes) {
    auto const cover = covers(changes, [](std::uint32_t owner) { return owner; });
    auto const moved = [&](std::uint32_t r) { return !cover[r].empty(); };
    DisjointSets sets{cover.size()};
    for (std::uint32_t h = 0; h < changes.half_edge_count(); h += 2) {
        auto const left = changes.left_region(h);
        auto const right = changes.right_region(h);
        if (moved(left) && moved(right) && std::ranges::equal(cover[left], cover[right])) {
            sets.unite(left, right);
        }
    }
    std::map<std::uint32_t, std::vector<std::uint32_t>> pieces;
    for (std::uint32_t r = 0; r < cover.size(); ++r) {
        if (moved(r)) {
            pieces[sets.find(r)].push_back(r);
        }
    }
    std::vector<std::vector<std::uint32_t>> result;
    for (auto& [root, regions] : pieces) {
        result.push_back(std::move(regions));
    }
    return result;
}

class Proposer {
public:
    Proposer(std::span<Face const> faces, std::span<Outline const> outlines, RepairOptions const& options,
             Progress& progress)
        : m_faces(faces), m_outlines(outlines), m_options(options), m_progress(progress) {}

    std::vector<RepairProposal> run() {
        m_before = CoverageChecker{}.check(m_faces, m_outlines, m_progress).report;
        m_tally = tally(m_before);
        for (auto const& problem : m_before.problems) {
            for (auto const& name : problem.subjects) {
                m_problems_of[name].push_back(m_places.size());
            }
            m_places.push_back(envelope_of(problem));
        }
        for (m_attempt = 1;; ++m_attempt) {
            plan();
            if (m_attempt < kMostAttempts && leave_out_failures()) {
                continue;
            }
            if (!verify()) {
                break;
            }
        }
        return take_proposals();
    }
    [[nodiscard]] std::vector<Problem> take_problems() { return std::move(m_before.problems); }

private:
    void plan();
    void make_groups();
    void cut_large_groups();
    void refuse_large_pieces(std::span<FaceEdits const> groups, std::span<RepairCell const> cells, std::size_t first);
    void describe(Group& group) const;
    void measure(Group& group);
    void drop_mere_touches();
    [[nodiscard]] std::set<std::size_t> groups_of(Problem const& problem) const;
    [[nodiscard]] bool leave_out_failures();
    [[nodiscard]] bool verify();
    /// A problem that was not there before, and where.
    struct Fresh {
        Problem const* problem = nullptr;
        std::vector<geom::Envelope> places;
    };
    [[nodiscard]] std::optional<std::size_t> ground_before(Problem const& problem, Point p) const;
    void refuse_for(Fresh const& fresh, std::set<std::size_t>& refused) const;
    [[nodiscard]] bool leave_out(Problem const& problem);
    [[nodiscard]] ProblemReport check_accepted();
    [[nodiscard]] std::vector<Fresh> fresh(ProblemReport const& report) const;
    void credit(ProblemReport const& after);
    [[nodiscard]] std::vector<RepairProposal> take_proposals();
    [[nodiscard]] Words reason_for(Problem const& problem) const;
    [[nodiscard]] static std::string metres(double value) { return fmt::format("{:.3f}", value); }
    [[nodiscard]] std::string tolerance() const { return fmt::format("{:g}", m_options.tolerance_m); }
    [[nodiscard]] std::string largest_area() const { return fmt::format("{:g}", m_options.max_area_m2); }
    [[nodiscard]] Words too_large(double area_m2) const {
        return words("a piece of {} m2 would change hands, more than the {} m2 allowed",
                     "有一块 {} 平方米的地面将改变归属，超过允许的 {} 平方米", fmt::format("{:.2f}", area_m2),
                     largest_area());
    }
    [[nodiscard]] std::int32_t slack() const {
        return static_cast<std::int32_t>(std::min(1e6, m_options.tolerance_m / 0.011)) * 2 + 2;
    }
    /// Is the group, which changes a face that a problem names, at the place of that problem?
    [[nodiscard]] bool at(Group const& group, geom::Envelope const& place) const {
        return place.empty() ||
               (group.box.intersects(widened(place, slack())) && passes(group, widened(place, slack())));
    }
    [[nodiscard]] static bool passes(Group const& group, geom::Envelope const& box) {
        auto const meets = [&](DirectedEdge const& e) { return geom::segment_meets(e.from, e.to, box); };
        return std::ranges::any_of(group.faces, [&](auto const& entry) {
            return std::ranges::any_of(entry.second.removed, meets) || std::ranges::any_of(entry.second.added, meets);
        });
    }

    std::span<Face const> m_faces;
    std::span<Outline const> m_outlines;
    RepairOptions m_options;
    Progress& m_progress;
    ProblemReport m_before;
    std::vector<geom::Envelope> m_places;                                    ///< of its problems
    std::unordered_map<std::string, std::vector<std::size_t>> m_problems_of; ///< by subject
    std::map<ProblemKey, Tally> m_tally;
    std::unordered_set<Point> m_left_out; ///< by earlier attempts
    int m_attempt = 0;
    std::unique_ptr<RepairWork> m_work;
    std::unordered_map<std::uint32_t, Words> m_ring_reasons;
    std::vector<Group> m_groups;
    std::unordered_set<std::uint32_t> m_whole;                              ///< faces whose changes hang together
    std::unordered_map<std::string, std::vector<std::size_t>> m_groups_of;  ///< by name of a face
    std::unordered_map<std::string, std::vector<std::uint32_t>> m_faces_of; ///< numbers of the faces of a name
    std::vector<Problem> m_left;                                            ///< in the end
};

void Proposer::plan() {
    m_work = std::make_unique<RepairWork>(m_faces, m_outlines, m_options);
    m_work->left_out = m_left_out;
    if (m_faces_of.empty()) { // the order of faces is the same in every plan
        for (std::uint32_t f = 1; f < m_work->face_count(); ++f) {
            m_faces_of[m_work->face(f).name].push_back(f);
        }
    }
    m_ring_reasons = clean_rings(*m_work, m_before.problems);
    m_progress.begin("planning repairs", 0, "");
    assign_regions(*m_work);
    m_progress.end();
    match_boundaries(*m_work, m_progress);
    make_groups();
}

/// Changes with a point in common hang together; so do all changes of a face whose own rings are mended.
void Proposer::make_groups() {
    m_groups.clear();
    std::vector<std::pair<std::uint32_t, FaceEdit>> edits;
    std::size_t edges = 0;
    for (std::uint32_t f = 1; f < m_work->face_count(); ++f) {
        if (m_work->changed(f)) {
            edits.emplace_back(f, difference(m_work->original(f), m_work->shape(f)));
            if (auto& edit = edits.back().second; edit.removed.empty() && edit.added.empty()) {
                edit.removed = edit.added = edges_of(m_work->original(f)); // the same edges in other rings
            }
            edges += edits.back().second.removed.size() + edits.back().second.added.size();
        }
    }
    auto const most = edges * 2 + m_work->moves.size() * 2;
    PointNumbers numbers{most};
    DisjointSets sets{most};
    for (auto const& [from, to] : m_work->moves) { // a ring of which every vertex moved has none in common with itself
        sets.unite(numbers.number(from), numbers.number(to));
    }
    m_whole.clear();
    for (auto const& [f, edit] : edits) {
        bool const whole = std::any_of(edit.removed.begin(), edit.removed.end(), [&](DirectedEdge const& e) {
            auto const found = m_work->done.find(e.from);
            return found != m_work->done.end() && found->second == RepairKind::clean_ring;
        });
        if (whole) {
            m_whole.insert(f);
        }
        std::optional<std::uint32_t> first;
        for (auto const* const list : {&edit.removed, &edit.added}) {
            for (auto const& e : *list) {
                auto const from = numbers.number(e.from);
                sets.unite(from, numbers.number(e.to));
                if (whole) {
                    sets.unite(first.value_or(from), from);
                    first = first.value_or(from);
                }
            }
        }
    }
    std::map<std::uint32_t, Group> by_root;
    for (auto const& [f, edit] : edits) {
        for (bool const added : {false, true}) {
            for (auto const& e : added ? edit.added : edit.removed) {
                auto& own = by_root[sets.find(numbers.number(e.from))].faces[f];
                (added ? own.added : own.removed).push_back(e);
            }
        }
    }
    for (auto& [root, group] : by_root) {
        describe(group);
        m_groups.push_back(std::move(group));
    }
    drop_mere_touches();
    cut_large_groups();
    m_groups_of.clear();
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        for (auto const& [f, edit] : m_groups[g].faces) {
            m_groups_of[m_work->face(f).name].push_back(g);
        }
    }
    for (auto& group : m_groups) {
        measure(group);
    }
}

void Proposer::describe(Group& group) const {
    for (auto const& [f, edit] : group.faces) {
        for (auto const* const list : {&edit.removed, &edit.added}) {
            for (auto const& e : *list) {
                for (auto const p : {e.from, e.to}) {
                    group.box.extend(p);
                    if (auto const found = m_work->done.find(p); found != m_work->done.end()) {
                        group.kind = std::max(group.kind, found->second);
                    }
                }
            }
        }
    }
}

/// One bad place must not refuse the boundaries of a whole city.
void Proposer::cut_large_groups() {
    std::vector<FaceEdits> large;
    for (auto& group : m_groups) {
        if (group.faces.size() > kLargeGroup) {
            large.push_back(std::move(group.faces));
            group.faces.clear();
        }
    }
    if (large.empty()) {
        return;
    }
    std::erase_if(m_groups, [](Group const& group) { return group.faces.empty(); });
    auto const first = m_groups.size();
    auto const cells = cut_into_cells(*m_work, large, m_whole);
    for (auto const& cell : cells) {
        auto& group = m_groups.emplace_back();
        group.faces = cell.faces;
        describe(group);
    }
    refuse_large_pieces(large, cells, first);
}

/// A piece of ground that changes hands is as large as before it was cut.
void Proposer::refuse_large_pieces(std::span<FaceEdits const> groups, std::span<RepairCell const> cells,
                                   std::size_t first) {
    using Key = std::tuple<std::uint32_t, Point, Point>;
    auto const key = [](std::uint32_t f, Point a, Point b) { return Key{f, std::min(a, b), std::max(a, b)}; };
    std::vector<std::pair<Key, std::size_t>> cell_of;
    for (std::size_t k = 0; k < cells.size(); ++k) {
        for (auto const& [f, edit] : cells[k].faces) {
            for (auto const* const list : {&edit.removed, &edit.added}) {
                for (auto const& e : *list) {
                    cell_of.emplace_back(key(f, e.from, e.to), first + k);
                }
            }
        }
    }
    std::sort(cell_of.begin(), cell_of.end());
    for (auto const& group : groups) {
        Arrangement const arrangement{changes_of(group)};
        AreaTracer tracer{arrangement};
        for (auto const& regions : pieces_of(arrangement)) {
            auto const area_m2 = tracer.area_m2(regions);
            if (area_m2 <= m_options.max_area_m2) {
                continue;
            }
            for (auto const r : regions) {
                for (auto const h : arrangement.border_of(r)) {
                    arrangement.for_each_edge_along(h, [&](OwnedEdge const& e, bool, std::uint32_t) {
                        auto const edge = key(e.owner, e.from, e.to);
                        auto const found = std::lower_bound(cell_of.begin(), cell_of.end(), std::pair{edge, first});
                        if (found != cell_of.end() && found->first == edge && m_groups[found->second].accepted()) {
                            m_groups[found->second].refusal = too_large(area_m2);
                        }
                    });
                }
            }
        }
    }
}

/// A group at no problem must leave less boundary unmatched: else two corners were only made to touch.
void Proposer::drop_mere_touches() {
    std::vector<char> doubtful(m_groups.size(), 0);
    std::map<DirectedEdge, std::pair<bool, bool>> partners; // whether there is one before and after
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        auto const& group = m_groups[g];
        bool at_problem = group.kind != RepairKind::match_edges;
        for (auto const& [f, edit] : group.faces) {
            auto const found = m_problems_of.find(m_work->face(f).name);
            at_problem =
                at_problem || (found != m_problems_of.end() && std::ranges::any_of(found->second, [&](std::size_t k) {
                                   return repairable(m_before.problems[k].code) && at(group, m_places[k]);
                               }));
        }
        if (!at_problem) {
            doubtful[g] = 1;
            for (auto const& [f, edit] : group.faces) {
                for (auto const* const list : {&edit.removed, &edit.added}) {
                    for (auto const& e : *list) {
                        partners.try_emplace({e.to, e.from});
                    }
                }
            }
        }
    }
    if (partners.empty()) {
        return;
    }
    auto const look = [&](geom::MultiPolygon const& shape, bool std::pair<bool, bool>::*when) {
        geom::for_each_edge(shape, [&](Point a, Point b) {
            if (auto const found = partners.find({a, b}); found != partners.end()) {
                found->second.*when = true;
            }
        });
    };
    for (std::uint32_t f = 1; f < m_work->face_count(); ++f) {
        look(m_work->original(f), &std::pair<bool, bool>::first);
        look(m_work->shape(f), &std::pair<bool, bool>::second);
    }
    for (auto const& outline : m_outlines) {
        if (outline.shape) {
            geom::for_each_edge(*outline.shape, [&](Point a, Point b) {
                if (auto const found = partners.find({b, a}); found != partners.end()) {
                    found->second = {true, true};
                }
            });
        }
    }
    std::vector<Group> kept;
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        double open_before_m = 0;
        double open_after_m = 0;
        for (auto const& [f, edit] : m_groups[g].faces) {
            for (auto const& e : edit.removed) {
                open_before_m +=
                    doubtful[g] == 0 || partners.at({e.to, e.from}).first ? 0 : geom::distance_m(e.from, e.to);
            }
            for (auto const& e : edit.added) {
                open_after_m +=
                    doubtful[g] == 0 || partners.at({e.to, e.from}).second ? 0 : geom::distance_m(e.from, e.to);
            }
        }
        if (doubtful[g] == 0 || open_after_m < open_before_m) {
            kept.push_back(std::move(m_groups[g]));
        }
    }
    m_groups = std::move(kept);
}

/// The groups that change a face which the problem names, ascending.
std::set<std::size_t> Proposer::groups_of(Problem const& problem) const {
    std::set<std::size_t> result;
    for (auto const& name : problem.subjects) {
        if (auto const found = m_groups_of.find(name); found != m_groups_of.end()) {
            result.insert(found->second.begin(), found->second.end());
        }
    }
    return result;
}

void Proposer::measure(Group& group) {
    auto& proposal = group.proposal;
    proposal.kind = group.kind;
    for (auto const& [f, edit] : group.faces) {
        auto const& before = m_work->original(f);
        auto after = edited(before, edit);
        if (!after || after->empty()) {
            group.refusal = after ? words("{} would vanish", "{} 将会消失", m_work->face(f).name)
                                  : words("{} would have a boundary that crosses itself", "{} 的边界将会自相交",
                                          m_work->face(f).name);
            after = before;
            add_points(before, group.failing);
        }
        double move_m = 0;
        for (auto const& e : edit.added) {
            for (auto const p : {e.from, e.to}) {
                move_m = std::max(move_m, geom::distance_to_boundary_m(before, p));
            }
        }
        for (auto const& e : edit.removed) {
            for (auto const p : {e.from, e.to}) {
                move_m = std::max(move_m, geom::distance_to_boundary_m(*after, p));
            }
        }
        proposal.greatest_move_m = std::max(proposal.greatest_move_m, move_m);
        if (move_m > m_options.tolerance_m) {
            add_points(before, group.failing);
        }
        proposal.changes.push_back({m_work->place_of(f), m_work->face(f).name, before, std::move(*after)});
    }
    Arrangement const arrangement{changes_of(group.faces)};
    AreaTracer tracer{arrangement};
    std::vector<std::uint32_t> all;
    double largest_m2 = 0;
    for (auto const& regions : pieces_of(arrangement)) {
        auto const piece = tracer.trace(regions);
        largest_m2 = std::max(largest_m2, piece.area_m2);
        proposal.area_moved_m2 += piece.area_m2;
        all.insert(all.end(), regions.begin(), regions.end());
        if (piece.area_m2 > m_options.max_area_m2) {
            add_points(piece.shape, group.failing);
        }
    }
    std::sort(all.begin(), all.end());
    if (!all.empty()) {
        auto traced = tracer.trace(all);
        proposal.moved = std::move(traced.shape);
        proposal.at = traced.at;
    } else {
        proposal.at =
            group.faces.begin()->second.added.empty() ? group.box.min : group.faces.begin()->second.added.front().from;
    }
    if (group.accepted() && proposal.greatest_move_m > m_options.tolerance_m) {
        group.refusal = words("a boundary would move by {} m, more than the tolerance of {} m",
                              "有边界将移动 {} 米，超过容差 {} 米", metres(proposal.greatest_move_m), tolerance());
    }
    if (group.accepted() && largest_m2 > m_options.max_area_m2) {
        group.refusal = too_large(largest_m2);
    }
}

ProblemReport Proposer::check_accepted() {
    std::map<std::uint32_t, FaceEdit> edits;
    for (auto const& group : m_groups) {
        if (group.accepted()) {
            for (auto const& [f, edit] : group.faces) {
                auto& all = edits[f];
                all.removed.insert(all.removed.end(), edit.removed.begin(), edit.removed.end());
                all.added.insert(all.added.end(), edit.added.begin(), edit.added.end());
            }
        }
    }
    std::vector<Face> faces{m_faces.begin(), m_faces.end()};
    std::map<std::uint32_t, geom::MultiPolygon> shapes;
    for (auto& [f, edit] : edits) {
        std::sort(edit.removed.begin(), edit.removed.end());
        auto after = edited(m_work->original(f), edit);
        shapes[f] = after ? std::move(*after) : geom::MultiPolygon{}; // reported as empty, and so refused
        faces[m_work->place_of(f)].shape = &shapes[f];
    }
    return CoverageChecker{}.check(faces, m_outlines, m_progress).report;
}

/// The problems that were not there before. Ground that had no grid, or two, is the same ground when it lies where such
/// a problem between some of the same faces lay, and no more of it than that: where a boundary is repaired in part,
/// what is left of a gap may have fewer grids round it.
std::vector<Proposer::Fresh> Proposer::fresh(ProblemReport const& report) const {
    struct Piece {
        geom::Envelope box;
        std::optional<std::size_t> of; ///< the problem before
        double area_m2 = 0;
    };
    std::vector<std::vector<Piece>> pieces(report.problems.size());
    std::map<std::pair<ProblemCode, std::size_t>, double> left_m2; ///< of each problem before
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        auto const& problem = report.problems[i];
        if (!is_ground(problem.code) || !problem.place) {
            continue;
        }
        double sum_m2 = 0;
        for (auto const& part : problem.place->area.parts) {
            geom::MultiPolygon const piece{{part}};
            pieces[i].push_back(
                {geom::envelope_of(piece), ground_before(problem, geom::interior_point(piece)), geom::area_m2(piece)});
            sum_m2 += pieces[i].back().area_m2;
        }
        if (pieces[i].empty()) {
            pieces[i].push_back({envelope_of(problem), ground_before(problem, problem.place->at), problem.measure});
            sum_m2 = problem.measure;
        }
        for (auto& piece : pieces[i]) { // the measure is that of the unrounded area
            piece.area_m2 *= sum_m2 > 0 ? problem.measure / sum_m2 : 0;
            if (piece.of) {
                left_m2[{problem.code, *piece.of}] += piece.area_m2;
            }
        }
    }
    auto const more = [](double is, double was) { return is > was + 1e-9 + was * 1e-6; };
    std::vector<Fresh> result;
    auto const now = tally(report);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        auto const& problem = report.problems[i];
        auto const was = m_tally.find(key_of(problem));
        auto const is = now.at(key_of(problem));
        if (was != m_tally.end() && !more(is.measure, was->second.measure) &&
            (is.count <= was->second.count || is_ground(problem.code))) {
            continue;
        }
        Fresh one{&problem, {}};
        for (auto const& piece : pieces[i]) {
            if (!piece.of || more(left_m2[{problem.code, *piece.of}], m_before.problems[*piece.of].measure)) {
                one.places.push_back(piece.box);
            }
        }
        if (pieces[i].empty()) {
            one.places.push_back(envelope_of(problem));
        }
        if (!one.places.empty()) {
            result.push_back(std::move(one));
        }
    }
    return result;
}

/// The problem before in whose ground `p`, of the ground of `problem`, lay.
std::optional<std::size_t> Proposer::ground_before(Problem const& problem, Point p) const {
    constexpr double kRoundedM = 0.03; // two vertices to the lattice
    for (auto const& name : problem.subjects) {
        auto const list = m_problems_of.find(name);
        for (auto const k : list == m_problems_of.end() ? std::span<std::size_t const>{} : std::span{list->second}) {
            auto const& before = m_before.problems[k];
            bool const same_kind =
                before.code == problem.code || (problem.code == ProblemCode::sliver && is_ground(before.code));
            if (!same_kind || !before.place || !widened(m_places[k], 3).contains(p) ||
                !(std::ranges::includes(before.subjects, problem.subjects) ||
                  std::ranges::includes(problem.subjects, before.subjects))) {
                continue;
            }
            if (before.place->area.empty() ? geom::distance_m(before.place->at, p) <= kRoundedM
                                           : geom::owns(before.place->area, p) ||
                                                 geom::distance_to_boundary_m(before.place->area, p) <= kRoundedM) {
                return k;
            }
        }
    }
    return std::nullopt;
}

void Proposer::refuse_for(Fresh const& fresh, std::set<std::size_t>& refused) const {
    auto const named = groups_of(*fresh.problem);
    auto const here = [&](Group const& group) {
        return std::ranges::any_of(fresh.places, [&](geom::Envelope const& place) { return at(group, place); });
    };
    for (bool const anywhere : {false, true}) {
        for (auto const g : named) {
            if (m_groups[g].accepted() && (anywhere || here(m_groups[g]))) {
                refused.insert(g);
            }
        }
        if (!refused.empty()) {
            return;
        }
    }
    for (bool const anywhere : {false, true}) { // not by name: by place, or nothing is safe
        for (std::size_t g = 0; g < m_groups.size(); ++g) {
            if (m_groups[g].accepted() && (anywhere || here(m_groups[g]))) {
                refused.insert(g);
            }
        }
        if (!refused.empty()) {
            return;
        }
    }
}

/// Leaves out of the next plan what makes a large group fail by itself. False when nothing new does.
bool Proposer::leave_out_failures() {
    bool any = false;
    for (auto const& group : m_groups) {
        if (!group.accepted() && group.faces.size() > kLargeCell) {
            for (auto const p : group.failing) {
                any = m_left_out.insert(p).second || any;
            }
        }
    }
    return any;
}

/// Leaves the boundary of the faces named out of the next plan, near the place of `problem` first, wider each time.
/// False when all of it is left out already.
bool Proposer::leave_out(Problem const& problem) {
    constexpr int kWholeFrom = 4;
    auto reach = slack();
    for (int k = 1; k < m_attempt; ++k) {
        reach = std::min(reach, 2'500'000) * 4;
    }
    auto const box = widened(envelope_of(problem), reach);
    bool any = false;
    for (auto const& name : problem.subjects) {
        if (!m_groups_of.contains(name)) {
            continue;
        }
        for (auto const f : m_faces_of.at(name)) {
            geom::for_each_edge(m_work->original(f), [&](Point a, Point b) {
                if (m_attempt >= kWholeFrom || geom::segment_meets(a, b, box)) {
                    any = m_left_out.insert(a).second || any;
                    any = m_left_out.insert(b).second || any;
                }
            });
        }
    }
    return any;
}

/// Refuses groups until what is left makes no problem. True when it pays to plan again, with some places left out.
bool Proposer::verify() {
    for (;;) {
        auto const report = check_accepted();
        auto const found = fresh(report);
        if (found.empty()) {
            credit(report);
            return false;
        }
        bool again = false;
        std::map<std::size_t, Problem const*> refused;
        for (auto const& one : found) {
            std::set<std::size_t> concerned;
            refuse_for(one, concerned);
            bool large = false;
            for (auto const g : concerned) {
                refused.try_emplace(g, one.problem);
                large = large || m_groups[g].faces.size() > kLargeCell;
            }
            if (large && m_attempt < kMostAttempts) {
                again = leave_out(*one.problem) || again;
            }
        }
        if (again) {
            return true;
        }
        for (auto const& [g, problem] : refused) {
            m_groups[g].refusal = words("it would make a new problem: {}", "会产生新的问题：{}",
                                        Words{problem->message, sentence(*problem, Language::chinese)});
        }
    }
}

/// Tells the groups which problems they resolve, and keeps the others.
void Proposer::credit(ProblemReport const& after) {
    auto const now = tally(after);
    for (std::size_t k = 0; k < m_before.problems.size(); ++k) {
        auto const& problem = m_before.problems[k];
        auto const left = now.find(key_of(problem));
        bool const gone = left == now.end();
        bool claimed = false;
        for (auto const g : groups_of(problem)) {
            auto& group = m_groups[g];
            if (at(group, m_places[k]) && (gone || !group.accepted()) && repairable(problem.code)) {
                group.proposal.problems.push_back(problem.id());
                claimed = true;
            } else if (gone && problem.code == ProblemCode::sliver && at(group, m_places[k])) {
                group.proposal.problems.push_back(problem.id());
            }
        }
        if (!gone && !claimed && repairable(problem.code)) {
            m_left.push_back(problem);
        }
    }
}

Words Proposer::reason_for(Problem const& problem) const {
    for (auto const& name : problem.subjects) {
        auto const faces = m_faces_of.find(name);
        for (auto const f : faces == m_faces_of.end() ? std::span<std::uint32_t const>{} : std::span{faces->second}) {
            if (auto const found = m_ring_reasons.find(f); found != m_ring_reasons.end()) {
                return problem.subjects.size() == 1
                           ? found->second
                           : words("{} must be mended first: {}", "须先修正 {}：{}", name, found->second);
            }
        }
    }
    auto const box = widened(envelope_of(problem), 2);
    Obstacle const* worst = nullptr;
    auto const first = std::lower_bound(m_work->obstacles.begin(), m_work->obstacles.end(), box.min.lon,
                                        [](Obstacle const& o, std::int32_t lon) { return o.at.lon < lon; });
    for (auto it = first; it != m_work->obstacles.end() && it->at.lon <= box.max.lon; ++it) {
        auto const& obstacle = *it;
        bool const same =
            box.contains(obstacle.at) &&
            std::all_of(obstacle.faces.begin(), obstacle.faces.end(), [&](std::uint32_t f) {
                return f == RepairWork::kOutside ||
                       std::binary_search(problem.subjects.begin(), problem.subjects.end(), m_work->face(f).name);
            });
        if (same && (worst == nullptr || obstacle.area_m2 > worst->area_m2)) {
            worst = &obstacle;
        }
    }
    if (worst != nullptr && worst->area_m2 > m_options.max_area_m2) {
        return words("a piece of {} m2 is more than the {} m2 that may change hands; draw the boundary anew, or raise "
                     "the largest area",
                     "有一块 {} 平方米，超过允许改变归属的 {} 平方米；请重新绘制边界，或加大面积上限",
                     fmt::format("{:.2f}", worst->area_m2), largest_area());
    }
    if (worst != nullptr && worst->move_m > 0) {
        return words("the boundaries are {} m or more apart, more than the tolerance of {} m; draw one of them anew, "
                     "or raise the tolerance",
                     "两边界相距 {} 米或更远，超过容差 {} 米；请重新绘制其中一条，或加大容差", metres(worst->move_m),
                     tolerance());
    }
    return words("no boundary can be moved by at most {} m to resolve it; draw it anew there",
                 "边界移动不超过 {} 米无法解决；请在该处重新绘制", tolerance());
}

std::vector<RepairProposal> Proposer::take_proposals() {
    std::vector<RepairProposal> result;
    for (auto& group : m_groups) {
        auto& proposal = group.proposal;
        proposal.refusal = group.refusal;
        std::sort(proposal.problems.begin(), proposal.problems.end());
        std::ranges::sort(proposal.changes, {}, &GridChange::name);
        for (auto const& change : proposal.changes) {
            proposal.grids.push_back(change.name);
        }
        result.push_back(std::move(proposal));
    }
    for (auto const& problem : m_left) {
        RepairProposal proposal;
        proposal.problems = {problem.id()};
        proposal.grids = problem.subjects;
        proposal.refusal = reason_for(problem);
        proposal.at = problem.place ? problem.place->at : Point{};
        if (problem.place) {
            proposal.moved = problem.place->area;
        }
        result.push_back(std::move(proposal));
    }
    std::sort(result.begin(), result.end(), [](RepairProposal const& a, RepairProposal const& b) {
        return a.at != b.at ? a.at < b.at : a.id() < b.id();
    });
    return result;
}

} // namespace

std::string RepairProposal::id() const {
    auto text = std::string{to_string(kind)};
    for (auto const& change : changes) {
        text += '|' + change.name;
        auto const edit = difference(change.before, change.after);
        for (auto const* const list : {&edit.removed, &edit.added}) {
            text += '|';
            for (auto const& [from, to] : *list) {
                text += fmt::format("{} {} {} {};", from.lon, from.lat, to.lon, to.lat);
            }
        }
        if (edit.removed.empty() && edit.added.empty()) { // the same edges in other rings
            text += geom::to_wkt(change.after);
        }
    }
    if (changes.empty()) {
        text += fmt::format("|{}", fmt::join(problems, "|"));
    }
    return sha256(text).hex().substr(0, 16);
}

geom::MultiPolygon carried_out(GridChange const& change, geom::MultiPolygon const& shape) {
    if (shape == change.before) {
        return change.after;
    }
    auto const edit = difference(change.before, change.after);
    auto const edges = edges_of(shape);
    auto after = std::includes(edges.begin(), edges.end(), edit.removed.begin(), edit.removed.end())
                     ? edited(shape, edit)
                     : std::nullopt;
    if (!after) {
        throw Error{ErrorCode::usage, words("the repairs of {} do not fit together; propose repairs anew",
                                            "{} 的各项修补不能合在一起；请重新生成修补方案", change.name)};
    }
    return std::move(*after);
}

std::vector<RepairProposal> propose_repairs(std::span<Face const> faces, std::span<Outline const> outlines,
                                            RepairOptions const& options, Progress& progress) {
    std::vector<Problem> ignored;
    return propose_repairs(faces, outlines, options, progress, ignored);
}

std::vector<RepairProposal> propose_repairs(std::span<Face const> faces, std::span<Outline const> outlines,
                                            RepairOptions const& options, Progress& progress,
                                            std::vector<Problem>& problems) {
    if (!(options.tolerance_m > 0) || !std::isfinite(options.tolerance_m)) {
        throw Error{ErrorCode::usage,
                    words("the tolerance of a repair is {} m; give a length above 0 m",
                          "修补的容差是 {} 米；请给出大于 0 米的长度", fmt::format("{}", options.tolerance_m))};
    }
    if (!(options.max_area_m2 >= 0)) {
        throw Error{ErrorCode::usage, words("the largest area that a repair may move is {} m2; give 0 m2 or more",
                                            "修补可移动的面积上限是 {} 平方米；请给出 0 或更大的值",
                                            fmt::format("{}", options.max_area_m2))};
    }
    Proposer proposer{faces, outlines, options, progress};
    auto proposals = proposer.run();
    problems = proposer.take_problems();
    return proposals;
}

std::vector<geom::MultiPolygon> apply_repairs(std::span<Face const> faces, std::span<RepairProposal const> proposals) {
    std::vector<geom::MultiPolygon> shapes;
    shapes.reserve(faces.size());
    for (auto const& face : faces) {
        shapes.push_back(face.shape ? *face.shape : geom::MultiPolygon{});
    }
    for (auto const& proposal : proposals) {
        for (auto const& change : proposal.changes) {
            if (change.face >= faces.size() || faces[change.face].name != change.name ||
                faces[change.face].shape == nullptr || *faces[change.face].shape != change.before) {
                throw Error{ErrorCode::usage,
                            words("repair {} was made for another shape of {}; propose repairs anew",
                                  "修补 {} 针对的是 {} 的另一个图形；请重新生成修补方案", proposal.id(), change.name)};
            }
            if (proposal.accepted()) {
                shapes[change.face] = carried_out(change, shapes[change.face]);
            }
        }
    }
    return shapes;
}

} // namespace wangge::topology
