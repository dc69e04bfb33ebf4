#include "board.hpp"

#include <wangge/changes/repairs.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <boost/test/unit_test.hpp>
#include <support/refusal.hpp>

#include <algorithm>
#include <cmath>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;
using topology::RepairKind;

namespace {

Date const kDay = day("2024-06-01");
Date const kLater = day("2024-09-01");

/// A unit of the lattice here, on the ellipsoid of CGCS2000 at 23.0003 N: u N cos(phi) = 0.0102522 m eastward,
/// u M = 0.0110744 m northward. A square of it, by hand:
constexpr double kSquareUnitM2 = 1.135373e-4;
constexpr double kUnitEastM = 0.01025223;

/// West, middle and east stand in two columns each. What is drawn moves the boundary of middle and east by a column,
/// and is careless at that of west and middle, which nobody wanted to move.
struct CarelessDrawing : Board {
    CarelessDrawing() {
        import_columns();
        (void)publish(kStart);
        id = draft("east by a column", kDay);
    }

    /// Middle up to column 5, with the corners on its western boundary at these rows `units` further east.
    [[nodiscard]] static geom::MultiPolygon middle_with(std::set<int> const& rows, int units) {
        auto area = area_of(box(2, 0, 5, 6));
        for (auto& p : area.parts[0].outer) {
            for (auto const row : rows) {
                p = p == corner(2, row) ? geom::Point{p.lon + units, p.lat} : p;
            }
        }
        return area;
    }
    void draw(geom::MultiPolygon middle_shape) {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(middle, std::move(middle_shape));
        editor.reshape(east, area_of(box(5, 0, 6, 6)));
    }
    /// Outside the change set: west has its corner with middle in that row so many units further east.
    void import_west_with(int row, int units) {
        auto registry = open();
        auto after = registry.grid(west, kDay).value();
        after.shape = area_of(box(0, 0, 2, 6));
        for (auto& p : after.shape.parts[0].outer) {
            p.lon += p == corner(2, row) ? units : 0;
        }
        registry::ChangeSet set;
        set.title = "survey";
        set.author = "importer";
        set.effective = kDay;
        set.changes.push_back({{registry::ChangeKind::reshaped}, after, 0, 0});
        registry.apply(set, progress);
    }
    changes::RepairPlan plan(double tolerance_m = 0.1, std::vector<GridCode> const& with = {}) {
        auto registry = open();
        return changes::plan_repairs(registry, id, {tolerance_m, 100}, with, progress);
    }
    std::vector<registry::Operation> carry_out(changes::RepairPlan const& plan,
                                               std::vector<std::string> const& ids = {}) {
        auto registry = open();
        return changes::carry_out(registry, plan, ids, "ben");
    }
    changes::Examination check() {
        auto registry = open();
        return changes::check(registry, id, "ann").examination;
    }
    [[nodiscard]] geom::MultiPolygon shape(GridCode const& code, Date on) const {
        auto shape = open().grid(code, on).value().shape;
        geom::normalize(shape);
        return shape;
    }

    GridCode const west = code("440103001101001"), middle = code("440103001101002"), east = code("440103001102001");
    std::int64_t id = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(change_set_repairs, CarelessDrawing)

BOOST_AUTO_TEST_CASE(a_sliver_beside_a_neighbour_that_does_not_change_is_filled_by_the_grid_that_does) {
    draw(middle_with({1, 2, 3, 4, 5}, 4));
    auto const found = check();
    BOOST_TEST(found.has_errors());
    auto const proposed = plan();
    BOOST_REQUIRE(proposed.proposals.size() == 1);
    BOOST_TEST((proposed.movable == std::vector<GridCode>{middle, east}));
    BOOST_TEST((proposed.fixed == std::vector<GridCode>{west}));
    BOOST_TEST(proposed.left.empty());
    auto const& p = proposed.proposals.front();
    BOOST_TEST(p.accepted());
    BOOST_TEST((p.grids == std::vector<std::string>{std::string{middle.str()}}));
    // Four rows of 1000 units by 4, and a triangle of half that at either end.
    BOOST_TEST(p.area_moved_m2 == (4 * 4000 + 2 * 2000) * kSquareUnitM2, boost::test_tools::tolerance(1e-4));
    BOOST_TEST(p.greatest_move_m == 4 * kUnitEastM, boost::test_tools::tolerance(1e-3));
    for (auto const& dated : found.problems) {
        BOOST_TEST((dated.problem.severity() != Severity::error ||
                    std::ranges::binary_search(p.problems, dated.problem.id())));
    }

    BOOST_TEST((check().has_errors() && open().operations(id).size() == 2)); // proposing changes nothing
    auto const added = carry_out(proposed);
    BOOST_REQUIRE(added.size() == 1);
    BOOST_TEST((added[0].kind == registry::OperationKind::reshape));
    BOOST_TEST(added[0].number == 3);
    BOOST_TEST(holds(added[0].reason, p.id()), added[0].reason);
    BOOST_TEST(open().operations(id).at(2).editor == "ben");
    BOOST_TEST((status(id) == registry::DraftStatus::open)); // what was repaired is checked like all else
    carry_through(id);
    (void)publish(kDay, "");
    BOOST_TEST((shape(west, kDay) == area_of(box(0, 0, 2, 6))));
    BOOST_TEST((shape(middle, kDay) == area_of(box(2, 0, 5, 6))));
    BOOST_TEST((shape(east, kDay) == area_of(box(5, 0, 6, 6))));
    BOOST_TEST((shape(middle, kStart) == area_of(box(2, 0, 4, 6))));
}

BOOST_AUTO_TEST_CASE(an_overlap_is_taken_from_the_grid_that_changes) {
    draw(middle_with({3}, -6));
    BOOST_TEST(check().has_errors());
    auto const proposed = plan();
    BOOST_REQUIRE(proposed.proposals.size() == 1);
    auto const& p = proposed.proposals.front();
    BOOST_TEST((p.kind == RepairKind::assign_overlap));
    BOOST_TEST(p.area_moved_m2 == 2 * 3000 * kSquareUnitM2, boost::test_tools::tolerance(1e-4)); // two triangles
    (void)carry_out(proposed);
    carry_through(id);
    BOOST_TEST((shape(west, kDay) == area_of(box(0, 0, 2, 6))));
    BOOST_TEST((shape(middle, kDay) == area_of(box(2, 0, 5, 6))));
}

BOOST_AUTO_TEST_CASE(what_would_move_further_than_the_tolerance_is_refused_with_the_reason) {
    draw(middle_with({3}, 40)); // 0.41 m
    for (double const tolerance_m : {0.1, 0.4}) {
        auto const proposed = plan(tolerance_m);
        BOOST_REQUIRE(proposed.proposals.size() == 1);
        BOOST_TEST(proposed.accepted() == 0U);
        BOOST_TEST(holds(proposed.proposals[0].refusal.english, "more than the tolerance"),
                   proposed.proposals[0].refusal.english);
        BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { carry_out(proposed, {proposed.proposals[0].id()}); }),
                         "more than the tolerance"));
        BOOST_TEST(carry_out(proposed).empty()); // all that can be: none
    }
    BOOST_TEST(open().operations(id).size() == 2U);
    BOOST_TEST(plan(0.42).accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(proposals_of_one_grid_are_taken_one_by_one_under_ids_that_stay) {
    draw(middle_with({1, 4}, 4));
    auto const proposed = plan();
    BOOST_REQUIRE(proposed.proposals.size() == 2);
    auto const first = proposed.proposals[0].id(), second = proposed.proposals[1].id();
    BOOST_TEST(first != second);
    BOOST_TEST(holds(refusal(ErrorCode::not_found,
                             [&] {
                                 carry_out(proposed, {first, "0000000000000000"});
                             }),
                     "no repair 0000000000000000"));
    BOOST_TEST(open().operations(id).size() == 2U);
    (void)carry_out(proposed, {first});
    BOOST_TEST(check().has_errors());
    auto const rest = plan();
    BOOST_REQUIRE(rest.proposals.size() == 1);
    BOOST_TEST(rest.proposals[0].id() == second);
    (void)carry_out(rest, {second});
    BOOST_TEST(!check().has_errors());
    BOOST_TEST(plan().proposals.empty());

    // The second was drawn on what the first had left: without the first it is told, not carried out half.
    open().drop_operation(id, 3, "ann");
    auto const found = check();
    BOOST_REQUIRE(found.conflicts.size() == 1);
    BOOST_TEST(found.conflicts[0].operation == 4);
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { plan(); }), "has conflicts"));
    open().drop_operation(id, 4, "ann");
    (void)carry_out(plan());
    BOOST_TEST(!check().has_errors());
    carry_through(id);
    BOOST_TEST((shape(middle, kDay) == area_of(box(2, 0, 5, 6))));
}

BOOST_AUTO_TEST_CASE(several_proposals_of_one_grid_taken_at_once_are_all_carried_out) {
    draw(middle_with({1, 4}, 4));
    BOOST_TEST(carry_out(plan()).size() == 2U);
    carry_through(id);
    BOOST_TEST((shape(middle, kDay) == area_of(box(2, 0, 5, 6))));
}

BOOST_AUTO_TEST_CASE(a_neighbour_outside_the_change_set_changes_only_when_it_is_named) {
    // East takes the upper half of middle; the new boundary ends on that of west, between two of its vertices.
    auto const cut = [](int x) { return geom::Point{corner(x, 0).lon, corner(0, 2).lat + 500}; };
    auto lower = area_of(box(2, 0, 4, 2)), upper = area_of(box(4, 0, 6, 6));
    lower.parts[0].outer = {corner(2, 0), corner(3, 0), corner(4, 0), corner(4, 1), corner(4, 2),
                            cut(4),       cut(3),       cut(2),       corner(2, 2), corner(2, 1)};
    upper.parts[0].outer = {corner(4, 0), corner(5, 0), corner(6, 0), corner(6, 1), corner(6, 2), corner(6, 3),
                            corner(6, 4), corner(6, 5), corner(6, 6), corner(5, 6), corner(4, 6), corner(3, 6),
                            corner(2, 6), corner(2, 5), corner(2, 4), corner(2, 3), cut(2),       cut(3),
                            cut(4),       corner(4, 2), corner(4, 1)};
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(middle, lower);
        editor.reshape(east, upper);
    }
    BOOST_TEST(check().has_errors());
    auto const alone = plan();
    BOOST_TEST(alone.accepted() == 0U);
    BOOST_TEST(!alone.proposals.empty());
    auto const together = plan(0.1, {west});
    BOOST_TEST((together.movable == std::vector<GridCode>{west, middle, east}));
    BOOST_TEST(together.fixed.empty());
    BOOST_REQUIRE(together.proposals.size() == 1);
    BOOST_TEST((together.proposals[0].kind == RepairKind::insert_vertices));
    BOOST_TEST(together.proposals[0].area_moved_m2 == 0);
    (void)carry_out(together);
    carry_through(id);
    auto const after = shape(west, kDay);
    auto const& ring = after.parts[0].outer;
    BOOST_TEST((std::ranges::find(ring, cut(2)) != ring.end()));
    BOOST_TEST(geom::area_m2(after) == geom::area_m2(area_of(box(0, 0, 2, 6))), boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_grid_that_is_not_near_cannot_be_named) {
    draw(middle_with({3}, 4));
    BOOST_TEST(
        holds(refusal(ErrorCode::not_found, [&] { plan(0.1, {code("440103001101009")}); }), "does not lie beside"));
}

BOOST_AUTO_TEST_CASE(a_gap_that_was_accepted_is_not_filled) {
    draw(middle_with({2, 3}, 4));
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.accept_gap({corner(2, 0).lon + 2, corner(0, 2).lat + 500}, "水沟");
    }
    BOOST_TEST(!check().has_errors());
    auto const proposed = plan();
    BOOST_TEST(proposed.accepted() == 0U);
    BOOST_REQUIRE(proposed.proposals.size() == 1);
    BOOST_TEST(holds(proposed.proposals[0].refusal.english, "水沟"), proposed.proposals[0].refusal.english);
    // One that is wider than the tolerance has no proposal, and nothing to be refused.
    BOOST_TEST(plan(0.03).proposals.empty());
}

BOOST_AUTO_TEST_CASE(repairs_one_after_another_do_not_add_up_beyond_the_tolerance) {
    draw(middle_with({3}, 4)); // 0.0410 m east of the boundary of west
    (void)carry_out(plan(0.08));
    import_west_with(3, -6); // and the neighbour goes 0.0615 m to the west
    auto const second = plan(0.08);
    BOOST_REQUIRE(second.proposals.size() == 1);
    auto const& p = second.proposals[0];
    BOOST_TEST(p.greatest_move_m == 6 * kUnitEastM, boost::test_tools::tolerance(1e-3));
    BOOST_TEST(holds(p.refusal.english, "440103001101002 would be 0.103 m from where it was"),
               p.refusal.english); // 10 units
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { carry_out(second, {p.id()}); }), "repairs before it"));
    BOOST_TEST(plan(0.102).accepted() == 0U);
    BOOST_TEST(plan(0.103).accepted() == 1U);

    // Drawn anew there, a grid may be moved by the whole tolerance again: what people draw is no repair.
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.reshape(middle, middle_with({3}, 0));
    }
    BOOST_TEST(plan(0.08).accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(a_repair_back_towards_where_a_grid_was_drawn_is_no_further_move) {
    draw(middle_with({3}, 7)); // 0.0718 m
    (void)carry_out(plan(0.08));
    import_west_with(3, 5);
    auto const back = plan(0.06); // 0.0513 m in itself, to 0.0205 m from where it was drawn
    BOOST_TEST(back.proposals.size() == 1U);
    BOOST_TEST(back.accepted() == 1U);
    // Elsewhere on the same grid, where no repair was, nothing adds up.
    import_west_with(1, 5);
    BOOST_TEST(plan(0.052).accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(a_repair_that_was_dropped_does_not_count) {
    draw(middle_with({3}, 4));
    (void)carry_out(plan(0.08));
    open().drop_operation(id, 3, "ann");
    import_west_with(3, -3); // 7 units from where middle was drawn: 0.0718 m
    BOOST_TEST(plan(0.072).accepted() == 1U);
}

BOOST_AUTO_TEST_CASE(errors_of_later_days_are_left_and_said_to_be) {
    auto const scheduled = draft("scheduled", kLater);
    {
        auto registry = open();
        ChangeEditor editor{registry, scheduled, "ann"};
        editor.reshape(west, area_of(box(0, 0, 1, 6)));
        editor.reshape(middle, area_of(box(1, 0, 4, 6)));
    }
    carry_through(scheduled);
    auto with_cell = box(2, 0, 4, 6), without_cell = box(4, 0, 6, 6);
    with_cell.insert({4, 3});
    without_cell.erase({4, 3});
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(middle, area_of(with_cell));
        editor.reshape(east, area_of(without_cell));
    } // in September middle is as scheduled, and the cell that east gave up is nobody's
    auto const proposed = plan();
    BOOST_TEST(proposed.proposals.empty());
    BOOST_REQUIRE(!proposed.left.empty());
    BOOST_TEST((proposed.left[0].day == kLater));
}

BOOST_AUTO_TEST_CASE(what_takes_no_operations_is_not_repaired) {
    draw(area_of(box(2, 0, 5, 6)));
    BOOST_TEST(plan().proposals.empty());
    carry_through(id);
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { plan(); }), "never changes"));
    {
        auto registry = open();
        auto const undone = changes::undo(registry, id, "ann", std::nullopt);
        id = undone;
    }
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { plan(); }), "undoes"));
    id = draft("tolerance", kLater);
    draw(middle_with({3}, 4));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { plan(0); }), "tolerance"));
}

BOOST_AUTO_TEST_SUITE_END()
