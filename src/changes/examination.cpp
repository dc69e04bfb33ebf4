#include "names.hpp"
#include "undoing.hpp"
#include "working_state.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/topology/accepted_gaps.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace wangge::changes {

using registry::Grid;
using registry::GridOnDays;
using registry::GridTimelines;

namespace {

/// Do two lists of shapes have together the same directed edges, so that they cover the same ground?
bool same_ground(std::span<geom::MultiPolygon const* const> before, std::span<geom::MultiPolygon const* const> after) {
    using Edge = std::pair<geom::Point, geom::Point>;
    std::vector<std::pair<Edge, int>> edges; // from the lesser end; +1 the way it runs after, -1 before
    for (auto const& [shapes, sign] : {std::pair{before, -1}, {after, 1}}) {
        for (auto const* const shape : shapes) {
            geom::for_each_edge(*shape, [&, step = sign](geom::Point a, geom::Point b) {
                edges.emplace_back(a < b ? Edge{a, b} : Edge{b, a}, a < b ? step : -step);
            });
        }
    }
    std::ranges::sort(edges);
    for (std::size_t i = 0; i < edges.size();) {
        auto const edge = edges[i].first;
        int sum = 0;
        for (; i < edges.size() && edges[i].first == edge; ++i) {
            sum += edges[i].second;
        }
        if (sum != 0) {
            return false;
        }
    }
    return true;
}

/// The divisions of a day, upward.
class Chains {
public:
    explicit Chains(std::vector<registry::Division> divisions) {
        for (auto& division : divisions) {
            m_by_code.emplace(division.code, std::pair{division.level, division.parent});
        }
    }
    [[nodiscard]] std::optional<DivisionCode> county(DivisionCode code) const {
        for (auto found = m_by_code.find(code); found != m_by_code.end();) {
            if (found->second.first == Level::county) {
                return found->first;
            }
            if (!found->second.second) {
                break;
            }
            found = m_by_code.find(*found->second.second);
        }
        return std::nullopt;
    }

private:
    std::unordered_map<DivisionCode, std::pair<Level, std::optional<DivisionCode>>> m_by_code;
};

class ContentHash {
public:
    void text(std::string_view words) {
        m_hash.update(fmt::format("{}:", words.size()));
        m_hash.update(words);
    }
    void number(std::int64_t value) { m_hash.update(fmt::format("{};", value)); }
    void shape(geom::MultiPolygon const& area) {
        for (auto const& part : area.parts) {
            m_hash.update(std::string_view{"p"});
            ring(part.outer);
            std::ranges::for_each(part.holes, [&](geom::Ring const& hole) { ring(hole); });
        }
        m_hash.update(std::string_view{"."});
    }
    void days(DateInterval days) {
        number(days.from.days());
        number(days.to.days());
    }
    [[nodiscard]] Digest finish() { return m_hash.finish(); }

private:
    void ring(geom::Ring const& points) {
        number(static_cast<std::int64_t>(points.size()));
        m_hash.update(std::as_bytes(std::span{points}));
    }
    Sha256 m_hash;
};

class Examiner {
public:
    Examiner(registry::Registry& registry, std::int64_t draft, Depth depth) : m_registry(registry), m_depth(depth) {
        m_result.draft = registry.draft(draft);
        m_result.operations = registry.operations(draft);
    }

    Examination run() {
        compose();
        m_result.first_day = m_result.draft.days.from;
        if (m_result.conflicts.empty()) {
            try {
                m_registry.rehearse(m_result.change_set,
                                    [&](std::span<GridTimelines const> timelines) { look(timelines); });
            } catch (Error const& error) {
                if (error.code() != ErrorCode::data_rejected) {
                    throw;
                }
                m_result.conflicts.push_back({0, std::nullopt, std::nullopt, error.words()});
            }
        }
        hash_change_set();
        m_result.content = m_hash.finish();
        return std::move(m_result);
    }

private:
    void compose() {
        auto const& draft = m_result.draft;
        auto& set = m_result.change_set;
        if (draft.undoes_change_set) {
            set = undoing(m_registry, draft, m_result.conflicts);
        } else {
            WorkingState state{m_registry, draft.days.from};
            for (auto const& operation : m_result.operations) {
                if (!operation.dropped_by) {
                    state.apply(operation, draft, m_result.conflicts);
                }
            }
            set.changes = state.changes();
        }
        for (auto const& gap : m_registry.accepted_gaps(std::nullopt)) {
            if (std::ranges::find(set.withdrawn_gaps, gap.id) != set.withdrawn_gaps.end()) {
                m_ground.push_back({gap.shape, gap.valid});
            }
        }
        set.title = draft.title;
        set.author = draft.author;
        set.effective = draft.days.from;
        set.until = draft.days.to;
        set.draft = draft.id;
        bool const accepts = std::ranges::any_of(m_result.operations, [](registry::Operation const& operation) {
            return (operation.kind == registry::OperationKind::accept_gap || operation.alias || operation.address ||
                    operation.retirement) &&
                   !operation.dropped_by;
        });
        if (m_result.conflicts.empty() && set.empty() && !accepts) {
            m_result.conflicts.push_back(
                {0, std::nullopt, std::nullopt,
                 words("change set {} '{}' changes nothing on {}: it has no operation, or all is as it says already",
                       "变更单 {} “{}”在 {} 没有改变任何内容：没有操作，或现状已如其所述", draft.id, draft.title,
                       draft.days.from.str())});
        }
    }

    geom::MultiPolygon const& shape(std::int64_t id) {
        auto const [found, is_new] = m_shapes.try_emplace(id);
        if (is_new) {
            found->second = m_registry.shape(id);
            geom::normalize(found->second);
        }
        return found->second;
    }

    /// The registry is now as it would be.
    void look(std::span<GridTimelines const> timelines) {
        m_timelines = timelines;
        DateInterval span{kForever, kAlways};
        auto const reach = [&](DateInterval days) {
            span.from = std::min(span.from, days.from);
            span.to = std::max(span.to, days.to);
        };
        std::vector<geom::Envelope> boxes;
        for (auto const& grid : timelines) {
            auto const runs = grid.days_that_differ();
            std::ranges::for_each(runs, reach);
            for (auto const* const side : {&grid.before, &grid.after}) {
                for (auto const& version : *side) {
                    if (std::ranges::any_of(runs, [&](DateInterval run) {
                            return run.from < version.days.to && version.days.from < run.to;
                        })) {
                        boxes.push_back(geom::envelope_of(shape(version.content.shape_id)));
                    }
                }
            }
        }
        m_result.first_day = span.from == kForever ? m_result.draft.days.from : span.from;
        find_accepted_gaps();
        m_hash.text(compose_names(m_registry, m_result));
        for (auto const& gap : m_result.change_set.accepted_gaps) {
            // On its last day, too: the ground is open again then.
            m_ground.push_back(
                {gap.shape, {gap.valid.from, gap.valid.to == kForever ? kForever : gap.valid.to.next()}});
        }
        for (auto const& ground : m_ground) {
            boxes.push_back(geom::envelope_of(ground.shape));
            reach(ground.days);
        }
        for (auto day = span.from; day < span.to;) {
            examine_day(day);
            auto const next = m_registry.next_change_near(day, boxes);
            day = day < m_result.first_day ? std::min(next, m_result.first_day) : next;
        }
        auto const& set = m_result.change_set;
        if (m_result.days.empty() && !(set.aliases.empty() && set.addresses.empty() && set.retired_addresses.empty())) {
            m_result.days.push_back(set.effective);
        }
    }

    /// The outlines of what accept_gap operations mean, on the effective day.
    void find_accepted_gaps() {
        auto const& draft = m_result.draft;
        for (auto const& operation : m_result.operations) {
            if (operation.kind != registry::OperationKind::accept_gap || operation.dropped_by || !operation.at) {
                continue;
            }
            Words why;
            if (auto area = gap_round(*operation.at, draft.days.from, why)) {
                m_result.change_set.accepted_gaps.push_back(
                    {0, std::move(*area), operation.reason, operation.editor, draft.days, 0});
            } else {
                m_result.conflicts.push_back(
                    {operation.number, std::nullopt, std::nullopt,
                     words("operation {0} (accept_gap) of change set {1} '{2}': on {3} {4}; drop it (wangge changes "
                           "drop {1} {0})",
                           "变更单 {1} “{2}”的操作 {0}（认可空地）：{3} {4}；请去掉它（wangge changes drop {1} {0}）",
                           operation.number, draft.id, draft.title, draft.days.from.str(), why)});
            }
        }
    }

    [[nodiscard]] std::optional<geom::MultiPolygon> gap_round(geom::Point at, Date day, Words& why) {
        constexpr std::array kReaches{50'000, 200'000, 800'000, 3'200'000}; // 500 m to 35 km
        for (auto const reach : kReaches) {
            geom::Envelope box{{at.lon - reach, at.lat - reach}, {at.lon + reach, at.lat + reach}};
            // Once more with all that reaches into what was found, so that nothing unread lies in it.
            for (int round = 0; round < 2; ++round) {
                auto const grids = m_registry.grids_touching(day, {&box, 1});
                for (auto const& grid : grids) {
                    if (geom::owns(grid.shape, at)) {
                        why = words("{} lies in grid {}", "{} 位于网格 {} 内", degrees(at), grid.code.str());
                        return std::nullopt;
                    }
                }
                auto area = gap_among(grids, at);
                if (!area) {
                    break;
                }
                if (geom::envelope_of(*area).within(box)) {
                    return area;
                }
                box.extend(geom::envelope_of(*area));
            }
        }
        why = words("no grids enclose {} within some 35 km", "{} 周围约 35 公里内没有围住它的网格", degrees(at));
        return std::nullopt;
    }

    static std::string degrees(geom::Point at) {
        return fmt::format("{:.7f} {:.7f}", geom::to_degrees(at.lon), geom::to_degrees(at.lat));
    }

    static std::optional<geom::MultiPolygon> gap_among(std::vector<Grid> const& grids, geom::Point at) {
        std::vector<topology::Face> faces;
        for (auto const& grid : grids) {
            faces.push_back({std::string{grid.code.str()}, &grid.shape, true});
        }
        SilentProgress silent;
        auto const found = topology::CoverageChecker{}.check(faces, {}, silent);
        for (auto const& problem : found.report.problems) {
            if (problem.code == ProblemCode::gap && problem.place && geom::owns(problem.place->area, at)) {
                auto area = problem.place->area;
                geom::normalize(area);
                return area;
            }
        }
        return std::nullopt;
    }

    /// What changes on one day, and what lies round it.
    struct DayChange {
        std::vector<geom::MultiPolygon const*> before, after; ///< of grids whose shape differs
        std::set<GridCode> codes;                             ///< that differ in anything
        std::set<DivisionCode> villages;                      ///< of grids whose shape differs
        [[nodiscard]] bool moves_ground() const { return !before.empty() || !after.empty(); }
    };

    [[nodiscard]] DayChange change_on(Date day) {
        DayChange change;
        for (auto const& grid : m_timelines) {
            auto const* const was = on(grid.before, day);
            auto const* const is = on(grid.after, day);
            if (same_content(was, is)) {
                continue;
            }
            change.codes.insert(grid.code);
            if (day == m_result.first_day) {
                m_result.touched.push_back({grid.code, content(grid.code, was), content(grid.code, is)});
            }
            if (was != nullptr && is != nullptr && was->content.shape_id == is->content.shape_id) {
                continue;
            }
            for (auto const& [version, shapes] : {std::pair{was, &change.before}, {is, &change.after}}) {
                if (version != nullptr) {
                    shapes->push_back(&shape(version->content.shape_id));
                    change.villages.insert(version->content.village);
                }
            }
        }
        return change;
    }

    [[nodiscard]] std::optional<Grid> content(GridCode const& code, GridOnDays const* version) {
        return version == nullptr ? std::nullopt
                                  : std::optional{Grid{code, version->content.name, version->content.kind,
                                                       version->content.village, shape(version->content.shape_id)}};
    }

    void examine_day(Date day) {
        auto const change = change_on(day);
        std::vector<geom::MultiPolygon const*> ground = change.before;
        ground.insert(ground.end(), change.after.begin(), change.after.end());
        for (auto const& open : m_ground) {
            if (open.days.holds(day)) {
                ground.push_back(&open.shape);
            }
        }
        if (change.codes.empty() && ground.empty()) {
            return;
        }
        m_result.days.push_back(day);
        m_hash.number(day.days());
        if (ground.empty()) { // names and villages alone
            if (day == m_result.first_day) {
                keep_neighbours_of_renamed(day, change);
            }
            return;
        }
        // Whoever borders on ground that changes is looked at as if it had come in: a grid that ends leaves its gap
        // among neighbours that did not change.
        std::vector<geom::Envelope> boxes;
        std::unordered_set<geom::Point> corners;
        for (auto const* const area : ground) {
            boxes.push_back(geom::envelope_of(*area));
            geom::for_each_ring(*area, [&](geom::Ring const& ring) { corners.insert(ring.begin(), ring.end()); });
        }
        auto const borders = [&](Grid const& grid) {
            bool found = false;
            geom::for_each_ring(grid.shape, [&](geom::Ring const& ring) {
                found = found || std::ranges::any_of(ring, [&](geom::Point p) { return corners.contains(p); });
            });
            return found;
        };
        std::set<GridCode> incoming = change.codes;
        for (auto const& grid : m_registry.grids_touching(day, boxes)) {
            if (borders(grid)) {
                incoming.insert(grid.code);
                boxes.push_back(geom::envelope_of(grid.shape));
            }
        }
        bool const gains_or_loses = !same_ground(change.before, change.after);
        auto const whole = gains_or_loses ? outlines_of_counties(day, change.villages) : std::set<DivisionCode>{};
        for (auto const& outline : m_outlines) {
            if (whole.contains(outline.code)) {
                boxes.push_back(geom::envelope_of(outline.shape));
            }
        }
        auto grids = m_registry.grids_touching(day, boxes);
        if (day == m_result.first_day) {
            for (auto const& grid : grids) {
                if (incoming.contains(grid.code) && !change.codes.contains(grid.code)) {
                    m_result.neighbours.push_back(grid);
                }
            }
        }
        check_day(day, std::move(grids), incoming, change.codes, whole);
    }

    void keep_neighbours_of_renamed(Date day, DayChange const& change) {
        std::vector<geom::Envelope> boxes;
        for (auto const& grid : m_result.touched) {
            boxes.push_back(geom::envelope_of((grid.after ? grid.after : grid.before)->shape));
        }
        for (auto& grid : m_registry.grids_touching(day, boxes)) {
            if (!change.codes.contains(grid.code)) {
                m_result.neighbours.push_back(std::move(grid));
            }
        }
    }

    /// Counties, with a known outline, of these villages.
    [[nodiscard]] std::set<DivisionCode> outlines_of_counties(Date day, std::set<DivisionCode> const& villages) {
        std::set<DivisionCode> counties;
        for (auto const& village : villages) {
            auto const county = chains(day).county(village);
            if (county && outline(*county) != nullptr) {
                counties.insert(*county);
            }
        }
        return counties;
    }

    void check_day(Date day, std::vector<Grid> grids, std::set<GridCode> const& incoming,
                   std::set<GridCode> const& changed, std::set<DivisionCode> const& whole) {
        std::vector<topology::Face> faces;
        std::set<DivisionCode> villages;
        for (auto const& grid : grids) {
            faces.push_back({std::string{grid.code.str()}, &grid.shape, incoming.contains(grid.code)});
            villages.insert(grid.village);
            m_hash.text(grid.code.str());
            m_hash.number(incoming.contains(grid.code) ? 1 : 0);
            m_hash.shape(grid.shape);
        }
        // Where one county has no outline its grids would lie outside every outline, so then none is used.
        std::set<DivisionCode> counties;
        bool all_known = true;
        for (auto const& village : villages) {
            auto const county = chains(day).county(village);
            all_known = all_known && county && outline(*county) != nullptr;
            if (all_known) {
                counties.insert(*county);
            }
        }
        std::vector<topology::Outline> outlines;
        for (auto const& county : counties) {
            if (all_known) {
                outlines.push_back({county.str(), &outline(county)->shape});
                m_hash.text(county.str());
                m_hash.shape(outline(county)->shape);
            }
        }
        auto accepted = m_registry.accepted_gaps(day);
        for (auto const& gap : accepted) {
            m_hash.shape(gap.shape);
        }
        for (auto const& gap : m_result.change_set.accepted_gaps) {
            if (gap.valid.holds(day)) {
                accepted.push_back(gap);
            }
        }
        if (m_depth == Depth::content) {
            return;
        }
        SilentProgress silent;
        auto found = topology::CoverageChecker{}.check(faces, outlines, silent);
        std::vector<topology::AcceptedOutline> accepted_outlines;
        for (auto const& gap : accepted) {
            accepted_outlines.push_back({&gap.shape, gap.reason});
        }
        topology::note_accepted_gaps(found.report.problems, accepted_outlines);
        for (auto& problem : found.report.problems) {
            // Only of a county all of whose grids were read can be said what it lacks.
            if (problem.code == ProblemCode::county_not_filled &&
                !std::ranges::all_of(problem.subjects, [&](std::string const& subject) {
                    auto const code = DivisionCode::parse(subject);
                    return code && whole.contains(*code);
                })) {
                continue;
            }
            if (m_seen.insert(problem.id()).second) {
                m_result.problems.push_back({day, std::move(problem)});
            }
        }
        if (day == m_result.draft.days.from) {
            auto& ground = m_result.ground;
            for (auto const& known : outlines) {
                ground.outlines.push_back(*outline(*DivisionCode::parse(known.name)));
            }
            ground.grids = std::move(grids);
            ground.changed = changed;
            ground.accepted_gaps = std::move(accepted);
        }
    }

    [[nodiscard]] Chains const& chains(Date day) {
        auto const found = m_chains.find(day);
        return found != m_chains.end() ? found->second
                                       : m_chains.emplace(day, Chains{m_registry.divisions(day)}).first->second;
    }

    [[nodiscard]] registry::DivisionOutline const* outline(DivisionCode code) {
        if (!m_outlines_read) {
            m_outlines = m_registry.outlines();
            m_outlines_read = true;
        }
        auto const found = std::ranges::find(m_outlines, code, &registry::DivisionOutline::code);
        return found == m_outlines.end() ? nullptr : &*found;
    }

    void hash_change_set() {
        auto const& set = m_result.change_set;
        m_hash.days({set.effective, set.until});
        for (auto const& change : set.changes) {
            auto const& grid = change.after;
            for (auto const kind : change.kinds) {
                m_hash.text(to_string(kind));
            }
            m_hash.text(grid.code.str());
            m_hash.text(grid.name);
            m_hash.text(to_string(grid.kind));
            m_hash.text(grid.village.str());
            m_hash.shape(grid.shape);
        }
        for (auto const& restoration : set.restorations) {
            m_hash.text(restoration.code.str());
            std::ranges::for_each(restoration.days, [&](DateInterval days) { m_hash.days(days); });
            for (auto const& version : restoration.content) {
                m_hash.days(version.days);
                m_hash.number(version.content.shape_id);
                m_hash.text(version.content.name);
                m_hash.text(version.content.village.str());
            }
        }
        for (auto const& gap : set.accepted_gaps) {
            m_hash.text(gap.reason);
            m_hash.days(gap.valid);
            m_hash.shape(gap.shape);
        }
        std::ranges::for_each(set.withdrawn_gaps, [&](std::int64_t gap) { m_hash.number(gap); });
        for (auto const& alias : set.aliases) {
            m_hash.text(alias.code.str());
            m_hash.text(alias.text);
            m_hash.text(alias.reason);
            m_hash.days(alias.valid);
        }
        for (auto const& address : set.addresses) {
            auto const& point = address.point;
            for (auto const& text :
                 {address.corrects ? address.corrects->source : "", point.id, point.text, point.village.str(),
                  point.road, point.number, point.estate, point.building, point.unit, point.room, address.reason}) {
                m_hash.text(text);
            }
            m_hash.number(point.at.lon);
            m_hash.number(point.at.lat);
            m_hash.days(address.valid);
        }
        for (auto const& retired : set.retired_addresses) {
            for (auto const& text : {retired.which.source, retired.which.id, retired.text, retired.reason}) {
                m_hash.text(text);
            }
            m_hash.days(retired.valid);
        }
        for (auto const* const rows : {&set.withdrawn_aliases, &set.withdrawn_addresses, &set.withdrawn_retirements}) {
            m_hash.number(static_cast<std::int64_t>(rows->size()));
            std::ranges::for_each(*rows, [&](std::int64_t row) { m_hash.number(row); });
        }
        m_hash.number(static_cast<std::int64_t>(m_result.conflicts.size()));
    }

    struct Ground {
        geom::MultiPolygon shape;
        DateInterval days;
    };

    registry::Registry& m_registry;
    Depth m_depth;
    Examination m_result;
    ContentHash m_hash;
    std::span<GridTimelines const> m_timelines;
    std::vector<Ground> m_ground;                                  ///< that begins or ceases to be accepted as open
    std::unordered_map<std::int64_t, geom::MultiPolygon> m_shapes; ///< normalised, by their rows
    std::map<Date, Chains> m_chains;
    std::vector<registry::DivisionOutline> m_outlines;
    bool m_outlines_read = false;
    std::set<std::string> m_seen; ///< ids of problems
};

} // namespace

std::size_t Examination::count(Severity severity) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        problems, [&](DatedProblem const& dated) { return dated.problem.severity() == severity; }));
}

Examination examine(registry::Registry& registry, std::int64_t draft, Depth depth) {
    return Examiner{registry, draft, depth}.run();
}

} // namespace wangge::changes
