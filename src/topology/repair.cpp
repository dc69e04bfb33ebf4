#include "areas.hpp"
#include "disjoint_sets.hpp"
#include "point_numbers.hpp"
#include "repair_work.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
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

constexpr int kMostAttempts = 8;
/// A refused group of more faces than this is tried again without the places that cause the refusal.
constexpr std::size_t kLargeGroup = 4;

/// What one group does to one face.
struct FaceEdit {
    std::vector<DirectedEdge> removed; ///< sorted
    std::vector<DirectedEdge> added;
};

struct Group {
    std::map<std::uint32_t, FaceEdit> faces;
    RepairKind kind = RepairKind::insert_vertices;
    geom::Envelope box;
    std::string refusal;
    std::vector<Point> failing; ///< vertices of the boundary that cause a refusal
    RepairProposal proposal;
};

std::optional<geom::MultiPolygon> edited(geom::MultiPolygon const& shape, FaceEdit const& edit) {
    auto const before = edges_of(shape);
    std::vector<DirectedEdge> edges;
    std::set_difference(before.begin(), before.end(), edit.removed.begin(), edit.removed.end(),
                        std::back_inserter(edges));
    edges.insert(edges.end(), edit.added.begin(), edit.added.end());
    return bounded_by(std::move(edges));
}

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

class Proposer {
public:
    Proposer(std::span<Face const> faces, std::span<Outline const> outlines, RepairOptions const& options,
             Progress& progress)
        : m_faces(faces), m_outlines(outlines), m_options(options), m_progress(progress) {}

    std::vector<RepairProposal> run() {
        m_before = CoverageChecker{}.check(m_faces, m_outlines, m_progress).report;
        m_tally = tally(m_before);
        for (auto const& problem : m_before.problems) {
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
    void measure(Group& group);
    void drop_mere_touches();
    [[nodiscard]] std::set<std::size_t> groups_of(Problem const& problem) const;
    [[nodiscard]] bool leave_out_failures();
    [[nodiscard]] bool verify();
    void refuse_for(Problem const& problem, std::set<std::size_t>& refused) const;
    [[nodiscard]] bool leave_out(Problem const& problem);
    [[nodiscard]] ProblemReport check_accepted();
    [[nodiscard]] std::vector<Problem> fresh(ProblemReport const& report) const;
    void credit(ProblemReport const& after);
    [[nodiscard]] std::vector<RepairProposal> take_proposals();
    [[nodiscard]] std::string reason_for(Problem const& problem) const;
    [[nodiscard]] std::int32_t slack() const {
        return static_cast<std::int32_t>(std::min(1e6, m_options.tolerance_m / 0.011)) * 2 + 2;
    }
    /// Is the group, which changes a face that a problem names, at the place of that problem?
    [[nodiscard]] bool at(Group const& group, geom::Envelope const& place) const {
        return place.empty() || widened(group.box, slack()).intersects(place);
    }

    std::span<Face const> m_faces;
    std::span<Outline const> m_outlines;
    RepairOptions m_options;
    Progress& m_progress;
    ProblemReport m_before;
    std::vector<geom::Envelope> m_places; ///< of its problems
    std::map<ProblemKey, Tally> m_tally;
    std::unordered_set<Point> m_left_out; ///< by earlier attempts
    int m_attempt = 0;
    std::unique_ptr<RepairWork> m_work;
    std::unordered_map<std::uint32_t, std::string> m_ring_reasons;
    std::vector<Group> m_groups;
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
    for (auto const& [f, edit] : edits) {
        bool const whole = std::any_of(edit.removed.begin(), edit.removed.end(), [&](DirectedEdge const& e) {
            auto const found = m_work->done.find(e.from);
            return found != m_work->done.end() && found->second == RepairKind::clean_ring;
        });
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
                auto& group = by_root[sets.find(numbers.number(e.from))];
                auto& own = group.faces[f];
                (added ? own.added : own.removed).push_back(e);
                for (auto const p : {e.from, e.to}) {
                    group.box.extend(p);
                    if (auto const found = m_work->done.find(p); found != m_work->done.end()) {
                        group.kind = std::max(group.kind, found->second);
                    }
                }
            }
        }
    }
    for (auto& [root, group] : by_root) {
        m_groups.push_back(std::move(group));
    }
    drop_mere_touches();
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

/// A group at no problem must leave less boundary unmatched: else two corners were only made to touch.
void Proposer::drop_mere_touches() {
    std::unordered_map<std::string, std::vector<std::size_t>> problems_of;
    for (std::size_t k = 0; k < m_before.problems.size(); ++k) {
        if (repairable(m_before.problems[k].code)) {
            for (auto const& name : m_before.problems[k].subjects) {
                problems_of[name].push_back(k);
            }
        }
    }
    std::vector<char> doubtful(m_groups.size(), 0);
    std::map<DirectedEdge, std::pair<bool, bool>> partners; // whether there is one before and after
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        auto const& group = m_groups[g];
        bool at_problem = group.kind != RepairKind::match_edges;
        for (auto const& [f, edit] : group.faces) {
            auto const found = problems_of.find(m_work->face(f).name);
            at_problem = at_problem || (found != problems_of.end() &&
                                        std::any_of(found->second.begin(), found->second.end(),
                                                    [&](std::size_t k) { return at(group, m_places[k]); }));
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
    std::vector<OwnedEdge> edges;
    for (auto const& [f, edit] : group.faces) {
        auto const& before = m_work->original(f);
        auto after = edited(before, edit);
        if (!after || after->empty()) {
            group.refusal = fmt::format("{} would {}", m_work->face(f).name,
                                        after ? "vanish" : "have a boundary that crosses itself");
            after = before;
            add_points(before, group.failing);
        }
        double move_m = 0;
        for (auto const& e : edit.added) {
            edges.push_back({e.from, e.to, f, false});
            for (auto const p : {e.from, e.to}) {
                move_m = std::max(move_m, geom::distance_to_boundary_m(before, p));
            }
        }
        for (auto const& e : edit.removed) {
            edges.push_back({e.to, e.from, f, false});
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
    // Winding numbers of the change: where any is not 0, the ground has other owners than before.
    Arrangement const arrangement{std::move(edges)};
    auto const cover = covers(arrangement, [](std::uint32_t owner) { return owner; });
    std::vector<char> moved(cover.size());
    std::vector<std::uint32_t> all;
    for (std::uint32_t r = 0; r < cover.size(); ++r) {
        moved[r] = cover[r].empty() ? 0 : 1;
        if (moved[r] != 0) {
            all.push_back(r);
        }
    }
    AreaTracer tracer{arrangement};
    double largest_m2 = 0;
    for (auto const& regions : tracer.connected(moved)) {
        auto const piece = tracer.trace(regions);
        largest_m2 = std::max(largest_m2, piece.area_m2);
        proposal.area_moved_m2 += piece.area_m2;
        if (piece.area_m2 > m_options.max_area_m2) {
            add_points(piece.shape, group.failing);
        }
    }
    if (!all.empty()) {
        auto traced = tracer.trace(all);
        proposal.moved = std::move(traced.shape);
        proposal.at = traced.at;
    } else {
        proposal.at =
            group.faces.begin()->second.added.empty() ? group.box.min : group.faces.begin()->second.added.front().from;
    }
    if (group.refusal.empty() && proposal.greatest_move_m > m_options.tolerance_m) {
        group.refusal = fmt::format("a boundary would move by {:.3f} m, more than the tolerance of {:g} m",
                                    proposal.greatest_move_m, m_options.tolerance_m);
    }
    if (group.refusal.empty() && largest_m2 > m_options.max_area_m2) {
        group.refusal = fmt::format("a piece of {:.2f} m2 would change hands, more than the {:g} m2 allowed",
                                    largest_m2, m_options.max_area_m2);
    }
}

ProblemReport Proposer::check_accepted() {
    std::map<std::uint32_t, FaceEdit> edits;
    for (auto const& group : m_groups) {
        if (group.refusal.empty()) {
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

std::vector<Problem> Proposer::fresh(ProblemReport const& report) const {
    std::vector<Problem> result;
    auto const now = tally(report);
    for (auto const& problem : report.problems) {
        auto const was = m_tally.find(key_of(problem));
        auto const is = now.at(key_of(problem));
        if (was == m_tally.end() || is.count > was->second.count ||
            is.measure > was->second.measure + 1e-9 + was->second.measure * 1e-6) {
            result.push_back(problem);
        }
    }
    return result;
}

void Proposer::refuse_for(Problem const& problem, std::set<std::size_t>& refused) const {
    auto const named = groups_of(problem);
    auto const place = envelope_of(problem);
    for (bool const anywhere : {false, true}) {
        for (auto const g : named) {
            if (m_groups[g].refusal.empty() && (anywhere || at(m_groups[g], place))) {
                refused.insert(g);
            }
        }
        if (!refused.empty()) {
            return;
        }
    }
    for (auto const& group : m_groups) { // not to be placed: nothing is safe
        if (group.refusal.empty()) {
            refused.insert(static_cast<std::size_t>(&group - m_groups.data()));
        }
    }
}

/// Leaves out of the next plan what makes a large group fail by itself. False when nothing new does.
bool Proposer::leave_out_failures() {
    bool any = false;
    for (auto const& group : m_groups) {
        if (!group.refusal.empty() && group.faces.size() > kLargeGroup) {
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
        auto const problems = fresh(report);
        if (problems.empty()) {
            credit(report);
            return false;
        }
        bool again = false;
        std::map<std::size_t, Problem const*> refused;
        for (auto const& problem : problems) {
            std::set<std::size_t> concerned;
            refuse_for(problem, concerned);
            bool large = false;
            for (auto const g : concerned) {
                refused.try_emplace(g, &problem);
                large = large || m_groups[g].faces.size() > kLargeGroup;
            }
            if (large && m_attempt < kMostAttempts) {
                again = leave_out(problem) || again;
            }
        }
        if (again) {
            return true;
        }
        for (auto const& [g, problem] : refused) {
            m_groups[g].refusal = fmt::format("it would make a new problem: {}", problem->message);
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
            if (at(group, m_places[k]) && (gone || !group.refusal.empty()) && repairable(problem.code)) {
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

std::string Proposer::reason_for(Problem const& problem) const {
    for (auto const& name : problem.subjects) {
        auto const faces = m_faces_of.find(name);
        for (auto const f : faces == m_faces_of.end() ? std::span<std::uint32_t const>{} : std::span{faces->second}) {
            if (auto const found = m_ring_reasons.find(f); found != m_ring_reasons.end()) {
                return problem.subjects.size() == 1 ? found->second
                                                    : fmt::format("{} must be mended first: {}", name, found->second);
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
        return fmt::format(
            "a piece of {:.2f} m2 is more than the {:g} m2 that may change hands; draw the boundary anew, or "
            "raise the largest area",
            worst->area_m2, m_options.max_area_m2);
    }
    if (worst != nullptr && worst->move_m > 0) {
        return fmt::format(
            "the boundaries are {:.3f} m or more apart, more than the tolerance of {:g} m; draw one of them "
            "anew, or raise the tolerance",
            worst->move_m, m_options.tolerance_m);
    }
    return fmt::format("no boundary can be moved by at most {:g} m to resolve it; draw it anew there",
                       m_options.tolerance_m);
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
        throw Error{ErrorCode::usage,
                    fmt::format("the repairs of {} do not fit together; propose repairs anew", change.name)};
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
                    fmt::format("the tolerance of a repair is {} m; give a length above 0 m", options.tolerance_m)};
    }
    if (!(options.max_area_m2 >= 0)) {
        throw Error{ErrorCode::usage, fmt::format("the largest area that a repair may move is {} m2; give 0 m2 or more",
                                                  options.max_area_m2)};
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
                            fmt::format("repair {} was made for another shape of {}; propose repairs anew",
                                        proposal.id(), change.name)};
            }
            if (proposal.accepted()) {
                shapes[change.face] = carried_out(change, shapes[change.face]);
            }
        }
    }
    return shapes;
}

} // namespace wangge::topology
