#include "board.hpp"

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

using namespace wangge;
using namespace wangge::test;

namespace {

// ---- a model that shares nothing with the registry: what each code is on each of a few days.

constexpr int kDays = 10; ///< the last one stands for every later day; before the first there is nothing

Date date_of(int d) { return Date{kStart.days() + d}; }

/// A grid on one day. Cells of one row of the registry have one stamp.
struct Held {
    int row = 0;
    int shape = 0; ///< number of its cells in Model::shapes
    std::string name;
    std::string village;
    [[nodiscard]] bool same(Held const& other) const {
        return shape == other.shape && name == other.name && village == other.village;
    }
};
using Calendar = std::array<std::optional<Held>, kDays>;

bool same(std::optional<Held> const& a, std::optional<Held> const& b) {
    return a.has_value() == b.has_value() && (!a || a->same(*b));
}

struct Wanted {
    std::optional<Cells> cells;
    std::optional<std::string> name, village;
    bool ends = false;
};

struct Model {
    std::map<GridCode, Calendar> grids;
    std::vector<Cells> shapes;
    int rows = 0;

    int shape(Cells cells) {
        shapes.push_back(std::move(cells));
        return static_cast<int>(shapes.size()) - 1;
    }
    /// On days [from, until): changes hold to the end of the row that held the first day.
    void change(GridCode const& grid, Wanted const& wanted, int from, int until) {
        auto& calendar = grids[grid];
        auto const first = calendar[static_cast<std::size_t>(from)];
        if (wanted.ends) {
            for (auto d = from; d < until; ++d) {
                calendar[static_cast<std::size_t>(d)].reset();
            }
            cut(calendar, until);
            return;
        }
        auto next = first.value_or(Held{});
        bool const new_shape =
            wanted.cells && (!first || shapes[static_cast<std::size_t>(first->shape)] != *wanted.cells);
        next.shape = new_shape ? shape(*wanted.cells) : next.shape;
        next.name = wanted.name.value_or(next.name);
        next.village = wanted.village.value_or(next.village);
        if (first && first->same(next)) {
            return;
        }
        next.row = ++rows;
        for (auto d = from; d < until; ++d) {
            auto& held = calendar[static_cast<std::size_t>(d)];
            if (first && (!held || held->row != first->row)) {
                return;
            }
            held = next;
        }
        cut(calendar, until);
    }
    /// What goes on after `until` is a row of its own.
    void cut(Calendar& calendar, int until) {
        if (until >= kDays || !calendar[static_cast<std::size_t>(until)]) {
            return;
        }
        auto const old = calendar[static_cast<std::size_t>(until)]->row;
        auto const fresh = ++rows;
        for (auto d = until;
             d < kDays && calendar[static_cast<std::size_t>(d)] && calendar[static_cast<std::size_t>(d)]->row == old;
             ++d) {
            calendar[static_cast<std::size_t>(d)]->row = fresh;
        }
    }
    /// Rows that follow one another and are alike become one, as an undo leaves them.
    void join(Calendar& calendar) {
        for (std::size_t d = 0; d < kDays; ++d) {
            if (!calendar[d]) {
                continue;
            }
            bool const goes_on = d > 0 && calendar[d - 1] && calendar[d - 1]->same(*calendar[d]);
            calendar[d]->row = goes_on ? calendar[d - 1]->row : ++rows;
        }
    }
    /// The one owner of each cell on a day; nullopt when some cell has none or two.
    [[nodiscard]] std::optional<std::map<Cell, GridCode>> owners(int d, int size) const {
        std::map<Cell, GridCode> owner;
        for (auto const& [grid, calendar] : grids) {
            if (auto const& held = calendar[static_cast<std::size_t>(d)]) {
                for (auto const& cell : shapes[static_cast<std::size_t>(held->shape)]) {
                    if (!owner.emplace(cell, grid).second) {
                        return std::nullopt;
                    }
                }
            }
        }
        // A county without any grid is one that is not drawn yet.
        return owner.empty() || owner.size() == static_cast<std::size_t>(size * size) ? std::optional{owner}
                                                                                      : std::nullopt;
    }
    [[nodiscard]] bool valid(int size) const {
        for (int d = 0; d < kDays; ++d) {
            if (!owners(d, size)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] std::vector<GridCode> in_force(int d) const {
        std::vector<GridCode> codes;
        for (auto const& [grid, calendar] : grids) {
            if (calendar[static_cast<std::size_t>(d)]) {
                codes.push_back(grid);
            }
        }
        return codes;
    }
    [[nodiscard]] Cells const& cells(GridCode const& grid, int d) const {
        return shapes[static_cast<std::size_t>(grids.at(grid)[static_cast<std::size_t>(d)]->shape)];
    }
};

/// Ray casting with long double edges: no code of the product.
bool holds(geom::MultiPolygon const& shape, geom::Point p) {
    bool inside = false;
    for (auto const& part : shape.parts) {
        auto rings = part.holes;
        rings.push_back(part.outer);
        for (auto const& ring : rings) {
            for (std::size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++) {
                auto const a = ring[i], b = ring[j];
                if ((a.lat > p.lat) != (b.lat > p.lat) &&
                    p.lon < a.lon + static_cast<long double>(b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat)) {
                    inside = !inside;
                }
            }
        }
    }
    return inside;
}

struct Done {
    std::int64_t draft = 0;
    std::map<GridCode, Calendar> before, after; ///< of the grids that it touched
    bool undone = false;
};

class Story {
public:
    explicit Story(std::uint64_t seed) : m_random(seed) {
        m_board.import_columns();
        auto const put = [&](char const* grid, char const* village, Cells cells) {
            Held const held{++m_model.rows, m_model.shape(std::move(cells)), "网格" + std::string{grid}.substr(12),
                            village};
            m_model.grids[code(grid)].fill(held);
            m_seen.insert(code(grid));
        };
        put("440103001101001", kWest, box(0, 0, 2, 6));
        put("440103001101002", kWest, box(2, 0, 4, 6));
        put("440103001102001", kEast, box(4, 0, 6, 6));
    }

    void step() {
        auto const kind = m_random.between(0, 8);
        if (kind == 8) {
            undo();
            return;
        }
        m_from = static_cast<int>(m_random.between(0, kDays - 1));
        m_until = m_random.between(0, 3) == 0 && m_from + 1 < kDays
                      ? static_cast<int>(m_random.between(m_from + 1, kDays - 1))
                      : kDays;
        m_next = m_model;
        m_touched.clear();
        m_draft = m_board.draft("step", date_of(m_from), m_until == kDays ? kForever : date_of(m_until));
        auto registry = m_board.open();
        changes::ChangeEditor editor{registry, m_draft, "ann"};
        draw(editor, kind);
        if (m_random.between(0, 2) == 0) {
            draw(editor, m_random.between(0, 7));
        }
        finish(registry);
    }

    void compare_published() {
        auto const generation = m_board.publish(date_of(0)).generation;
        auto const registry = Registry::open(m_board.folder, Registry::Mode::read);
        for (int d = 0; d < kDays; ++d) {
            auto const state = registry.state(date_of(d), generation.number, m_board.progress);
            auto const owners = m_model.owners(d, m_board.size);
            BOOST_REQUIRE(owners);
            BOOST_REQUIRE_EQUAL(state.grids.size(), m_model.in_force(d).size());
            for (auto const& grid : state.grids) {
                auto const& held = m_model.grids.at(grid.code)[static_cast<std::size_t>(d)];
                BOOST_REQUIRE(held);
                BOOST_TEST(grid.name == held->name);
                BOOST_TEST(grid.village.str() == held->village);
                for (auto const& [cell, owner] : *owners) {
                    BOOST_REQUIRE_EQUAL(holds(grid.shape, centre(cell)), owner == grid.code);
                }
            }
        }
        auto const snapshot =
            publish::snapshot_as_of(m_board.folder, date_of(kDays - 1), std::nullopt, m_board.progress);
        auto const last = m_model.owners(kDays - 1, m_board.size).value();
        for (auto const& [cell, owner] : last) {
            BOOST_TEST(snapshot->grid(snapshot->locate(centre(cell))).code.str() == owner.str());
        }
    }

    std::size_t applied = 0, refused = 0, undone = 0, undo_conflicts = 0;

private:
    void want(GridCode const& grid, Wanted const& wanted) {
        m_next.change(grid, wanted, m_from, m_until);
        m_touched.insert(grid);
    }
    GridCode any() {
        auto const codes = m_next.in_force(m_from);
        return codes[static_cast<std::size_t>(m_random.between(0, static_cast<std::int64_t>(codes.size()) - 1))];
    }
    /// An operation on a random grid, and the same in the model. Some leave gaps or overlaps on purpose.
    void draw(changes::ChangeEditor& editor, std::int64_t kind) {
        auto const grid = any();
        auto const cells = m_next.cells(grid, m_from);
        auto const& held = *m_next.grids.at(grid)[static_cast<std::size_t>(m_from)];
        if (kind <= 1) { // a cell goes to a neighbour; forgetting to take it away makes an overlap
            auto const other = any();
            if (other == grid || cells.size() < 2) {
                return;
            }
            auto const cell =
                *std::next(cells.begin(), m_random.between(0, static_cast<std::int64_t>(cells.size()) - 1));
            auto mine = cells, theirs = m_next.cells(other, m_from);
            mine.erase(cell);
            theirs.insert(cell);
            editor.reshape(other, area_of(theirs));
            want(other, {theirs, {}, {}, false});
            if (m_random.between(0, 5) != 0) {
                editor.reshape(grid, area_of(mine));
                want(grid, {mine, {}, {}, false});
            }
        } else if (kind == 2 && cells.size() >= 2) {
            Cells parts[2];
            for (auto const& cell : cells) {
                parts[m_random.between(0, 1)].insert(cell);
            }
            if (parts[0].empty() || parts[1].empty()) {
                return;
            }
            bool const keep = m_random.between(0, 1) == 0 && parts[0].size() != parts[1].size();
            auto const name = held.name, village = held.village;
            auto const added = editor.split(grid, {{area_of(parts[0]), "", {}}, {area_of(parts[1]), "", {}}}, keep);
            bool const first_is_larger = parts[0].size() > parts[1].size();
            std::vector<Cells> fresh{parts[0], parts[1]};
            if (keep) {
                want(grid, {first_is_larger ? parts[0] : parts[1], {}, {}, false});
                fresh = {first_is_larger ? parts[1] : parts[0]};
            } else {
                want(grid, {{}, {}, {}, true});
            }
            std::size_t i = 0;
            for (auto const& part : added.operation.grids) {
                if (part.effect == registry::Effect::create) {
                    BOOST_TEST(m_seen.insert(part.code).second, "issued twice: " << part.code.str());
                    want(part.code, {fresh[i], name + "-" + std::to_string(i + (keep ? 2 : 1)), village, false});
                    ++i;
                }
            }
            BOOST_TEST(i == fresh.size());
        } else if (kind == 3) {
            auto const other = any();
            auto const& partner = *m_next.grids.at(other)[static_cast<std::size_t>(m_from)];
            if (other == grid || partner.village != held.village) {
                return;
            }
            auto both = cells;
            both.merge(Cells{m_next.cells(other, m_from)});
            std::vector<GridCode> const codes{grid, other};
            auto const name = held.name, village = held.village;
            if (m_random.between(0, 1) == 0) {
                editor.merge(codes, grid, "", std::nullopt);
                want(other, {{}, {}, {}, true});
                want(grid, {both, {}, {}, false});
            } else {
                auto const added = editor.merge(codes, std::nullopt, "", std::nullopt);
                auto const fresh = added.operation.grids.back().code;
                BOOST_TEST(m_seen.insert(fresh).second, "issued twice: " << fresh.str());
                want(grid, {{}, {}, {}, true});
                want(other, {{}, {}, {}, true});
                want(fresh, {both, name, village, false});
            }
        } else if (kind == 4) {
            auto const name = "名" + std::to_string(m_random.between(0, 3));
            editor.rename(grid, name);
            want(grid, {{}, name, {}, false});
        } else if (kind == 5) {
            std::string const village = m_random.between(0, 1) == 0 ? kWest : kEast;
            editor.reparent(grid, division(village));
            want(grid, {{}, {}, village, false});
        } else if (kind == 6) { // a neighbour takes it in; forgetting that leaves a gap or an open county
            auto const other = any();
            if (other == grid) {
                return;
            }
            auto both = cells;
            both.merge(Cells{m_next.cells(other, m_from)});
            editor.retire(grid, "");
            want(grid, {{}, {}, {}, true});
            if (m_random.between(0, 3) != 0) {
                editor.reshape(other, area_of(both));
                want(other, {both, {}, {}, false});
            }
        }
    }

    void finish(Registry& registry) {
        auto const checked = changes::check(registry, m_draft, "ann").examination;
        // Several operations on one grid are one change to the registry: what counts is the first day and the last
        // state on it.
        auto const combined = combine();
        bool changes_anything = false;
        for (auto const& grid : m_touched) {
            for (std::size_t d = 0; d < kDays; ++d) {
                changes_anything = changes_anything || !same(calendar(m_model, grid)[d], calendar(combined, grid)[d]);
            }
        }
        // Ground that opens to the county's border is a warning: the model counts it as an error of its own.
        bool const opens = std::ranges::any_of(checked.problems, [](changes::DatedProblem const& dated) {
            return dated.problem.code == ProblemCode::county_not_filled;
        });
        BOOST_TEST(checked.has_errors() == (!changes_anything || (!combined.valid(m_board.size) && !opens) ||
                                            (opens && checked.count(Severity::error) > 0)),
                   "draft " << m_draft);
        BOOST_TEST((!opens || !combined.valid(m_board.size)));
        if (checked.has_errors() || opens) {
            ++refused;
            BOOST_TEST((checked.has_errors() || registry.draft(m_draft).status == registry::DraftStatus::checked));
            registry.discard_draft(m_draft, "ann", "does not fit");
            return;
        }
        changes::approve(registry, m_draft, "chief");
        changes::apply(registry, m_draft, "ann", m_board.progress);
        Done done;
        done.draft = m_draft;
        for (auto const& grid : m_touched) {
            done.before[grid] = calendar(m_model, grid);
            done.after[grid] = calendar(combined, grid);
        }
        m_done.push_back(std::move(done));
        m_model = combined;
        ++applied;
        BOOST_TEST_CONTEXT("draft " << m_draft) { compare_recorded(registry); }
    }

    static Calendar calendar(Model const& model, GridCode const& grid) {
        auto const found = model.grids.find(grid);
        return found == model.grids.end() ? Calendar{} : found->second;
    }

    /// The last state of each grid on the first day, as one change.
    Model combine() {
        auto model = m_model;
        auto const from = static_cast<std::size_t>(m_from);
        for (auto const& grid : m_touched) {
            auto const was = calendar(m_model, grid)[from];
            auto const is = calendar(m_next, grid)[from];
            if (!was && !is) {
                continue;
            }
            model.shapes = m_next.shapes;
            Wanted wanted;
            wanted.ends = !is;
            if (is) {
                wanted = {m_next.shapes[static_cast<std::size_t>(is->shape)], is->name, is->village, false};
            }
            m_next.shapes = model.shapes;
            model.change(grid, wanted, m_from, m_until);
            m_next.shapes = model.shapes;
        }
        return model;
    }

    void undo() {
        std::vector<Done*> candidates;
        for (auto& done : m_done) {
            if (!done.undone || m_random.between(0, 3) == 0) {
                candidates.push_back(&done);
            }
        }
        if (candidates.empty()) {
            return;
        }
        auto const pick =
            static_cast<std::size_t>(m_random.between(0, static_cast<std::int64_t>(candidates.size()) - 1));
        auto const before = candidates[pick]->before, after = candidates[pick]->after;
        auto const from = static_cast<std::size_t>(m_random.between(0, 2) == 0 ? m_random.between(0, kDays - 1) : 0);
        bool const has_effect = std::ranges::any_of(after, [&](auto const& of_grid) {
            auto const& [grid, then] = of_grid;
            for (auto d = from; d < kDays; ++d) {
                if (!same(before.at(grid)[d], then[d])) {
                    return true;
                }
            }
            return false;
        });
        if (!has_effect) {
            return; // refused before it is a change set
        }
        auto registry = m_board.open();
        auto next = m_model;
        bool conflict = false, changes_anything = false;
        std::map<GridCode, Calendar> was, is;
        for (auto const& [grid, then] : after) {
            auto const now = calendar(m_model, grid);
            auto restored = now;
            bool differs = false;
            for (auto d = from; d < kDays; ++d) {
                if (same(before.at(grid)[d], then[d]) || same(before.at(grid)[d], now[d])) {
                    continue; // as it was found, perhaps because it was taken back already
                }
                differs = changes_anything = true;
                conflict = conflict || !same(now[d], then[d]);
                restored[d] = before.at(grid)[d];
            }
            if (differs) {
                next.join(restored);
                next.grids[grid] = restored;
                was[grid] = now;
                is[grid] = restored;
            }
        }
        conflict = conflict || !changes_anything;
        m_draft = changes::undo(registry, candidates[pick]->draft, "ben",
                                from == 0 ? std::nullopt : std::optional{date_of(static_cast<int>(from))});
        auto const checked = changes::check(registry, m_draft, "ben").examination;
        BOOST_TEST(!checked.conflicts.empty() == conflict, "undo " << m_draft);
        BOOST_TEST(checked.has_errors() == (conflict || !next.valid(m_board.size)), "undo " << m_draft);
        if (checked.has_errors()) {
            ++undo_conflicts;
            registry.discard_draft(m_draft, "ben", "later changes stand on it");
            return;
        }
        changes::approve(registry, m_draft, "chief");
        changes::apply(registry, m_draft, "ben", m_board.progress);
        auto const of = candidates[pick]->draft;
        candidates[pick]->undone = true;
        m_done.push_back({m_draft, std::move(was), std::move(is), false});
        m_model = std::move(next);
        ++undone;
        BOOST_TEST_CONTEXT("undo " << m_draft << " of " << of << " from day " << from) { compare_recorded(registry); }
    }

    void compare_recorded(Registry const& registry) {
        for (auto const& [grid, days] : m_model.grids) {
            std::string rows, expected;
            for (auto const& version : registry.timeline(grid)) {
                rows += version.days.from.str() + " ";
            }
            for (std::size_t d = 0; d < kDays; ++d) {
                if (days[d] && (d == 0 || !days[d - 1] || days[d - 1]->row != days[d]->row)) {
                    expected += date_of(static_cast<int>(d)).str() + " ";
                }
            }
            BOOST_TEST(rows == expected, "versions of " << grid.str() << " begin on " << rows << ", not " << expected);
            for (int d = 0; d < kDays; ++d) {
                auto const& held = days[static_cast<std::size_t>(d)];
                auto const now = registry.grid(grid, date_of(d));
                BOOST_TEST_CONTEXT(grid.str() << " on day " << d) {
                    BOOST_TEST(now.has_value() == held.has_value());
                    if (now && held) {
                        auto shape = now->shape;
                        geom::normalize(shape);
                        BOOST_TEST((shape == area_of(m_model.shapes[static_cast<std::size_t>(held->shape)])));
                        BOOST_TEST(now->name == held->name);
                        BOOST_TEST(now->village.str() == held->village);
                    }
                }
            }
        }
    }

    Random m_random;
    Board m_board;
    Model m_model, m_next;
    std::set<GridCode> m_touched, m_seen;
    std::vector<Done> m_done;
    std::int64_t m_draft = 0;
    int m_from = 0, m_until = kDays;
};

} // namespace

BOOST_AUTO_TEST_SUITE(change_set_properties)

BOOST_AUTO_TEST_CASE(after_random_operations_every_day_is_what_an_independent_model_says) {
    std::size_t applied = 0, refused = 0, undone = 0, conflicts = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Story story{seed};
            story.compare_published();
            for (int step = 0; step < 25; ++step) {
                BOOST_TEST_CONTEXT("step " << step) {
                    story.step();
                    if (step % 6 == 5 && story.applied + story.undone > 0) {
                        story.compare_published();
                    }
                }
            }
            applied += story.applied;
            refused += story.refused;
            undone += story.undone;
            conflicts += story.undo_conflicts;
        }
    }
    BOOST_TEST_MESSAGE(applied << " applied, " << refused << " refused, " << undone << " undone, " << conflicts
                               << " undos in conflict");
    BOOST_TEST(applied > 50U);
    BOOST_TEST(refused > 50U);
    BOOST_TEST(undone > 10U);
    BOOST_TEST(conflicts > 2U);
}

BOOST_AUTO_TEST_SUITE_END()
