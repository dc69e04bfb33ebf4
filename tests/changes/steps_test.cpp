#include "board.hpp"

#include <wangge/base/error.hpp>
#include <wangge/changes/change_set_text.hpp>
#include <wangge/changes/preview.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <support/refusal.hpp>

#include <algorithm>
#include <cmath>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;
using registry::DraftStatus;

namespace {

Date const kDay = day("2024-06-01");
Date const kLater = day("2024-09-01");

struct ThreeGrids : Board {
    ThreeGrids() {
        import_columns();
        (void)publish(kStart);
    }
    GridCode const west = code("440103001101001"), middle = code("440103001101002"), east = code("440103001102001");

    /// The boundary between west and middle moves to column `x`.
    void move_boundary(std::int64_t id, int x, std::string const& by = "ann") {
        auto registry = open();
        ChangeEditor editor{registry, id, by};
        editor.reshape(west, area_of(box(0, 0, x, 6)));
        editor.reshape(middle, area_of(box(x, 0, 4, 6)));
    }
    /// The boundary between middle and east, which west borders on neither side of.
    void move_eastern_boundary(std::int64_t id, int x, int middle_from = 2) {
        auto registry = open();
        ChangeEditor editor{registry, id, "bob"};
        editor.reshape(middle, area_of(box(middle_from, 0, x, 6)));
        editor.reshape(east, area_of(box(x, 0, 6, 6)));
    }
    changes::Examination check(std::int64_t id) {
        auto registry = open();
        return changes::check(registry, id, "ann").examination;
    }
    void approve(std::int64_t id, std::string const& by = "chief") {
        auto registry = open();
        changes::approve(registry, id, by);
    }
    changes::Applied apply(std::int64_t id) {
        auto registry = open();
        return changes::apply(registry, id, "ann", progress);
    }
    [[nodiscard]] std::string owner(Date on, Cell cell) const {
        auto const registry = open();
        for (auto const& grid : registry.state(on, std::nullopt, const_cast<SilentProgress&>(progress)).grids) {
            if (geom::owns(grid.shape, centre(cell))) {
                return std::string{grid.code.str()};
            }
        }
        return "";
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(change_set_steps, ThreeGrids)

BOOST_AUTO_TEST_CASE(a_change_set_goes_from_open_over_checked_and_approved_to_applied_and_into_a_generation) {
    auto const id = draft("boundary", kDay);
    BOOST_TEST((status(id) == DraftStatus::open));
    move_boundary(id, 1);
    auto const examined = check(id);
    BOOST_TEST(examined.problems.empty());
    BOOST_TEST((status(id) == DraftStatus::checked));
    approve(id);
    BOOST_TEST((status(id) == DraftStatus::approved));
    apply(id);
    BOOST_TEST((status(id) == DraftStatus::applied));
    auto const generation = publish(kDay, "").generation; // approved on its own: nobody else need be named
    BOOST_TEST(generation.number == 2);
    BOOST_TEST(generation.approver == "chief");
    BOOST_TEST(open().draft(id).published.value() == 2);
    BOOST_TEST(owner(kStart, {1, 3}) == west.str());
    BOOST_TEST(owner(kDay, {1, 3}) == middle.str());
}

BOOST_AUTO_TEST_CASE(every_step_out_of_its_order_is_refused) {
    auto const id = draft("boundary", kDay);
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { approve(id); }), "only a checked one"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { apply(id); }), "only an approved one"));
    BOOST_TEST(check(id).has_errors()); // it changes nothing
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { approve(id); }), "only a checked one"));
    move_boundary(id, 1);
    BOOST_TEST(!check(id).has_errors());
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { apply(id); }), "only an approved one"));
    auto registry = open();
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { changes::undo(registry, id, "ann", std::nullopt); }),
                     "nothing to undo"));
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { (void)registry.draft(99); }), "no change set 99"));
    // Past the checks of the steps: the registry itself does not apply what is not approved.
    auto set = changes::examine(registry, id, changes::Depth::content).change_set;
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { registry.apply(set, progress); }), "not approved"));
    BOOST_TEST((registry.draft(id).status == DraftStatus::checked));
}

BOOST_AUTO_TEST_CASE(an_editor_does_not_approve_however_the_name_is_written) {
    auto const id = draft("boundary", kDay); // by ann
    move_boundary(id, 1, "Bob");
    BOOST_TEST(!check(id).has_errors());
    for (auto const* const name : {"ann", " Ann ", "BOB", "Bob"}) {
        BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { approve(id, name); }), "one of its editors"), name);
    }
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { approve(id, "  "); }), "no name"));
    approve(id, "chief");
    BOOST_TEST(open().draft(id).approver == "chief");
}

BOOST_AUTO_TEST_CASE(whoever_wrote_an_operation_that_was_dropped_is_still_an_editor) {
    auto const id = draft("boundary", kDay);
    move_boundary(id, 1);
    {
        auto registry = open();
        ChangeEditor{registry, id, "cid"}.rename(east, "东");
        registry.drop_operation(id, 3, "ann");
    }
    BOOST_TEST(!check(id).has_errors());
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { approve(id, "cid"); }), "one of its editors"));
}

BOOST_AUTO_TEST_CASE(what_is_added_after_the_check_or_the_approval_must_be_checked_again) {
    auto const id = draft("boundary", kDay);
    move_boundary(id, 1);
    BOOST_TEST(!check(id).has_errors());
    approve(id);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.rename(east, "东");
    }
    BOOST_TEST((status(id) == DraftStatus::open));
    BOOST_TEST(holds(open().draft(id).reopened_because.english, "added by ann"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { apply(id); }), "only an approved one"));
}

BOOST_AUTO_TEST_CASE(a_check_finds_overlaps_gaps_and_open_vertices_with_neighbours_that_do_not_change) {
    auto const overlapping = draft("overlap", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, overlapping, "ann"}.reshape(west, area_of(box(0, 0, 3, 6)));
    }
    auto found = check(overlapping);
    BOOST_TEST((found.problems.front().problem.code == ProblemCode::overlap));
    BOOST_TEST((status(overlapping) == DraftStatus::open));

    // The cell in the middle of the eastern village is given up: a gap that only the grid round it encloses.
    auto const gap = draft("gap", kDay);
    {
        auto cells = box(4, 0, 6, 6);
        cells.erase({4, 3});
        auto registry = open();
        ChangeEditor{registry, gap, "ann"}.reshape(east, area_of(cells));
    }
    found = check(gap);
    BOOST_REQUIRE(found.has_errors());
    BOOST_TEST((found.problems.front().problem.code == ProblemCode::gap));
}

BOOST_AUTO_TEST_CASE(a_grid_that_ends_among_neighbours_that_do_not_change_leaves_a_gap) {
    Board board;
    auto ring = box(0, 0, 6, 6);
    ring.erase({2, 2});
    board.import({{"440103001101001", kWest, ring}, {"440103001102001", kEast, {{2, 2}}}});
    auto registry = board.open();
    auto const id = registry.make_draft({"away", "ann", {kDay, kForever}, std::nullopt, {}});
    ChangeEditor editor{registry, id, "ann"};
    editor.retire(code("440103001102001"), "");
    auto const found = changes::check(registry, id, "ann").examination;
    BOOST_REQUIRE(found.has_errors());
    BOOST_TEST((found.problems.front().problem.code == ProblemCode::gap));
    editor.accept_gap(centre({2, 2}), "井");
    BOOST_TEST(!changes::check(registry, id, "ann").examination.has_errors());
}

BOOST_AUTO_TEST_CASE(a_day_on_which_a_neighbour_is_scheduled_to_change_is_checked_too) {
    auto const later = draft("scheduled", kLater);
    move_eastern_boundary(later, 5);
    carry_through(later);
    // From June to the end of the version that holds then: in September, the scheduled shape of the middle goes on.
    auto const id = draft("boundary", kDay);
    {
        auto left = box(0, 0, 2, 6), right = box(2, 0, 4, 6);
        left.erase({1, 3});
        right.insert({1, 3});
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(west, area_of(left));
        editor.reshape(middle, area_of(right));
    }
    auto const found = check(id);
    BOOST_TEST((found.days == std::vector<Date>{kDay, kLater}));
    BOOST_REQUIRE(found.has_errors()); // the cell is nobody's from September on
    BOOST_TEST((found.problems.front().day == kLater));
    BOOST_TEST((found.problems.front().problem.code == ProblemCode::gap));
}

BOOST_AUTO_TEST_CASE(a_change_with_an_end_holds_until_that_day_and_then_what_was_before) {
    auto const id = draft("for a fair", kDay, kLater);
    move_boundary(id, 3);
    carry_through(id);
    BOOST_TEST(owner(day("2024-05-31"), {2, 0}) == middle.str());
    BOOST_TEST(owner(kDay, {2, 0}) == west.str());
    BOOST_TEST(owner(day("2024-08-31"), {2, 0}) == west.str());
    BOOST_TEST(owner(kLater, {2, 0}) == middle.str());
    (void)publish(kDay, "");
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { (void)draft("backwards", kLater, kDay); }), "ends after"));
}

BOOST_AUTO_TEST_CASE(a_grid_may_exist_or_be_away_for_some_days_only) {
    auto const id = draft("one network for the summer", kDay, kLater);
    {
        auto registry = open();
        std::vector<GridCode> const both{west, middle};
        ChangeEditor{registry, id, "ann"}.merge(both, std::nullopt, "夏", std::nullopt);
    }
    carry_through(id);
    BOOST_TEST(owner(kDay, {0, 0}) == "440103001101003");
    BOOST_TEST(owner(kDay, {3, 0}) == "440103001101003");
    BOOST_TEST(owner(kLater, {0, 0}) == west.str());
    BOOST_TEST(owner(kLater, {3, 0}) == middle.str());
    (void)publish(kLater, "");
}

BOOST_AUTO_TEST_CASE(a_correction_of_the_past_is_published_like_any_other) {
    (void)publish(kLater);
    auto const id = draft("was drawn wrongly", day("2024-02-01"));
    move_boundary(id, 1);
    carry_through(id);
    BOOST_TEST(publish(kLater, "").generation.number == 2);
    BOOST_TEST(owner(day("2024-01-31"), {1, 0}) == west.str());
    BOOST_TEST(owner(day("2024-02-01"), {1, 0}) == middle.str());
}

// ---- two change sets that meet

BOOST_AUTO_TEST_CASE(the_second_of_two_change_sets_is_told_of_the_first_by_number_and_title) {
    auto const first = draft("first", kDay), second = draft("second", kDay);
    move_boundary(first, 1);
    auto registry = open();
    ChangeEditor editor{registry, second, "bob"};
    auto const near = editor.rename(east, "东"); // middle, which the first changes, is its neighbour
    BOOST_REQUIRE(near.meetings.size() == 1);
    BOOST_TEST(near.meetings[0].id == first);
    BOOST_TEST(near.meetings[0].title == "first");
    BOOST_TEST(near.meetings[0].same.empty());
    BOOST_TEST((near.meetings[0].near == std::vector<GridCode>{middle, east}));
    auto const same = editor.rename(middle, "中");
    BOOST_REQUIRE(same.meetings.size() == 1);
    BOOST_TEST((same.meetings[0].same == std::vector<GridCode>{middle}));
    BOOST_REQUIRE(changes::check(registry, second, "bob").meetings.size() == 1);
    auto const far = registry.make_draft({"far", "ann", {kDay, kForever}, std::nullopt, {}});
    BOOST_TEST(ChangeEditor(registry, far, "ann").rename(west, "西").meetings.size() == 2U); // west borders on middle
}

BOOST_AUTO_TEST_CASE(
    of_two_change_sets_of_the_same_grid_one_is_applied_and_the_other_waits_whatever_the_order_of_steps) {
    // Steps of each: check, approve, apply. All 20 ways to mix them.
    for (unsigned order = 0; order < 64; ++order) {
        if (__builtin_popcount(order) != 3) {
            continue;
        }
        ThreeGrids where;
        std::int64_t const ids[] = {where.draft("one", kDay), where.draft("two", kDay)};
        where.move_boundary(ids[0], 1);
        where.move_eastern_boundary(ids[1], 3);
        int done[] = {0, 0};
        std::optional<int> winner;
        for (int step = 0; step < 6; ++step) {
            int const who = (order >> static_cast<unsigned>(step)) & 1U ? 1 : 0;
            auto const id = ids[who];
            bool const lost = winner && *winner != who;
            switch (done[who]++) {
            case 0:
                BOOST_TEST(where.check(id).has_errors() == lost);
                break;
            case 1:
                if (lost) {
                    refusal(ErrorCode::data_rejected, [&] { where.approve(id); });
                } else {
                    where.approve(id);
                }
                break;
            default:
                if (lost) {
                    refusal(ErrorCode::data_rejected, [&] { where.apply(id); });
                } else {
                    auto const applied = where.apply(id);
                    BOOST_TEST(applied.meetings.size() == 1U);
                    winner = who;
                }
            }
        }
        BOOST_REQUIRE(winner);
        auto const loser = ids[1 - *winner];
        BOOST_TEST((where.status(ids[*winner]) == DraftStatus::applied));
        BOOST_TEST((where.status(loser) == DraftStatus::open), "order " << order);
        auto const found = where.check(loser);
        BOOST_REQUIRE(!found.conflicts.empty());
        auto const& conflict = found.conflicts.front();
        BOOST_TEST(conflict.grid.value().str() == where.middle.str());
        BOOST_TEST(
            holds(conflict.message.english, fmt::format("change set {} '{}'", loser, *winner == 0 ? "two" : "one")),
            conflict.message.english);
        BOOST_TEST(holds(conflict.message.english,
                         fmt::format("change set {} '{}'", ids[*winner], *winner == 0 ? "one" : "two")),
                   conflict.message.english);
        (void)where.publish(kDay, "");
        BOOST_TEST(where.owner(kDay, {1, 0}) == (*winner == 0 ? where.middle : where.west).str());
        BOOST_TEST(where.owner(kDay, {3, 0}) == (*winner == 1 ? where.east : where.middle).str());
        BOOST_TEST(!where.open().audit_break());
    }
}

BOOST_AUTO_TEST_CASE(a_conflict_is_solved_by_dropping_the_operation_and_drawing_it_anew) {
    auto const first = draft("first", kDay), second = draft("second", kDay);
    move_boundary(first, 1);
    move_eastern_boundary(second, 3);
    carry_through(first);
    BOOST_TEST(!check(second).conflicts.empty());
    {
        auto registry = open();
        registry.drop_operation(second, 1, "bob");
        registry.drop_operation(second, 2, "bob");
        refusal(ErrorCode::not_found, [&] { registry.drop_operation(second, 2, "bob"); });
    }
    move_eastern_boundary(second, 3, 1);
    carry_through(second);
    (void)publish(kDay, "");
    BOOST_TEST(owner(kDay, {1, 0}) == middle.str());
    BOOST_TEST(owner(kDay, {3, 0}) == east.str());
}

BOOST_AUTO_TEST_CASE(a_change_beside_it_takes_check_and_approval_but_leaves_the_work) {
    auto const first = draft("first", kDay), second = draft("second", kDay);
    move_boundary(first, 1);
    {
        auto registry = open();
        ChangeEditor{registry, second, "bob"}.rename(east, "东");
    }
    BOOST_TEST(!check(second).has_errors());
    approve(second);
    carry_through(first);
    BOOST_TEST((status(second) == DraftStatus::open));
    BOOST_TEST(
        holds(open().draft(second).reopened_because.english, fmt::format("change set {} 'first' was applied", first)));
    refusal(ErrorCode::data_rejected, [&] { apply(second); });
    carry_through(second);
    BOOST_TEST(open().grid(east, kDay)->name == "东");
    BOOST_TEST(owner(kDay, {1, 0}) == middle.str());
}

BOOST_AUTO_TEST_CASE(an_import_beside_it_takes_check_and_approval_as_well) {
    auto const id = draft("boundary", kDay);
    move_boundary(id, 1);
    BOOST_TEST(!check(id).has_errors());
    approve(id);
    {
        auto registry = open();
        registry::ChangeSet set;
        set.title = "file.gpkg";
        set.author = "importer";
        set.effective = kDay;
        auto renamed = *registry.grid(east, kDay);
        renamed.name = "由导入改名";
        set.changes.push_back({{registry::ChangeKind::renamed}, renamed, 0, 0});
        registry.apply(set, progress);
    }
    BOOST_TEST((status(id) == DraftStatus::open));
    BOOST_TEST(holds(open().draft(id).reopened_because.english, "'file.gpkg' was imported"));
    carry_through(id);
}

BOOST_AUTO_TEST_CASE(what_changed_unseen_by_the_touched_grids_is_seen_by_the_digest) {
    // Two change sets draw a grid into the same accepted gap: neither names a grid of the other.
    auto const hole = draft("hole", kStart);
    {
        auto cells = box(4, 0, 6, 6);
        cells.erase({4, 3});
        auto registry = open();
        ChangeEditor editor{registry, hole, "ann"};
        editor.reshape(east, area_of(cells));
        editor.accept_gap(centre({4, 3}), "水域");
    }
    carry_through(hole);
    auto const first = draft("first", kDay), second = draft("second", kDay);
    for (auto const id : {first, second}) {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.create({area_of({{4, 3}}), "岛", {}}, division(kEast),
                                                 GridKind::comprehensive);
    }
    BOOST_TEST(!check(second).has_errors());
    approve(second);
    carry_through(first);
    refusal(ErrorCode::data_rejected, [&] { apply(second); });
    BOOST_TEST((status(second) == DraftStatus::open));
    BOOST_TEST(check(second).has_errors());
}

// ---- codes

BOOST_AUTO_TEST_CASE(a_code_once_reserved_is_never_given_to_another_grid) {
    auto const id = draft("new grids", kDay);
    auto const create = [&](std::int64_t into, std::optional<GridCode> const& given,
                            GridKind kind = GridKind::comprehensive) {
        auto registry = open(); // every time from the file
        auto const added =
            ChangeEditor{registry, into, "ann"}.create({area_of(box(0, 0, 1, 1)), "新", given}, division(kWest), kind);
        return std::string{added.operation.grids[0].code.str()};
    };
    BOOST_TEST(create(id, {}) == "440103001101003");
    BOOST_TEST(create(id, {}) == "440103001101004");
    BOOST_TEST(create(id, {}, GridKind::dedicated) == "440103001101800");
    BOOST_TEST(create(id, code("440103001101010")) == "440103001101010");
    BOOST_TEST(create(id, {}) == "440103001101011"); // after the greatest
    open().discard_draft(id, "ann", "not needed");
    auto const other = draft("others", kDay);
    BOOST_TEST(create(other, {}) == "440103001101012");
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { create(other, code("440103001101003")); }),
                     fmt::format("reserved for change set {} 'new grids'", id)));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { create(other, west); }), "issued before"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { create(other, code("440103001101801")); }),
                     "no code for a comprehensive grid"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { create(other, code("12")); }), "no code"));
    // An import that brings one of them is refused as well.
    auto const text = refusal(ErrorCode::data_rejected, [&] {
        import({{ "440103001101004", kWest, box(0, 0, 1, 1) }}, kDay);
    });
    BOOST_TEST(holds(text, "reserved for change set"));
    // A refused operation reserves nothing.
    BOOST_TEST(create(other, {}) == "440103001101013");
}

BOOST_AUTO_TEST_CASE(when_the_last_number_was_used_those_that_were_passed_over_follow_and_then_none) {
    auto const id = draft("new grids", kDay);
    auto registry = open();
    ChangeEditor editor{registry, id, "ann"};
    auto const create = [&](std::optional<GridCode> given) {
        auto const added = editor.create({area_of(box(0, 0, 1, 1)), "新", given}, division(kEast), GridKind::dedicated);
        return std::string{added.operation.grids[0].code.str()};
    };
    BOOST_TEST(create(code("440103001102999")) == "440103001102999");
    for (int sequence = 800; sequence < 999; ++sequence) {
        BOOST_REQUIRE_EQUAL(create({}), fmt::format("440103001102{}", sequence));
    }
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { create({}); }), "every code"));
}

// ---- undo

BOOST_AUTO_TEST_CASE(an_undo_brings_back_the_content_to_the_byte_under_the_old_codes) {
    auto const before = publish(kDay).generation.digest;
    auto const id = draft("great reform", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        std::vector<GridCode> const both{west, middle};
        editor.merge(both, std::nullopt, "合", std::nullopt);
        editor.split(east, {{area_of(box(4, 0, 6, 2)), "南", {}}, {area_of(box(4, 2, 6, 6)), "北", {}}}, false);
    }
    carry_through(id);
    auto const changed = publish(kDay, "").generation.digest;
    BOOST_TEST((changed != before));
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", std::nullopt);
        BOOST_TEST(registry.draft(undoing).undoes.value() == id);
        BOOST_TEST(holds(refusal(ErrorCode::data_rejected,
                                 [&] {
                                     ChangeEditor{registry, undoing, "ann"}.accept_gap(centre({0, 0}), "x");
                                 }),
                         "does nothing else"));
    }
    carry_through(undoing);
    auto const undone = publish(kDay, "").generation;
    BOOST_TEST((undone.digest == before));
    BOOST_TEST(open().history(west).size() >= 1U);
    // And back again: an undo is a change set as any other.
    std::int64_t redoing = 0;
    {
        auto registry = open();
        redoing = changes::undo(registry, undoing, "ben", std::nullopt);
    }
    carry_through(redoing);
    BOOST_TEST((publish(kDay, "").generation.digest == changed));
    BOOST_TEST(!open().audit_break());
    // No code was issued again on the way.
    BOOST_TEST(open().issued_codes().size() == 6U);
}

BOOST_AUTO_TEST_CASE(an_undo_before_the_publish_leaves_nothing_but_the_codes) {
    auto const id = draft("split", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.split(
            east, {{area_of(box(4, 0, 6, 2)), "", {}}, {area_of(box(4, 2, 6, 6)), "", {}}}, true);
    }
    carry_through(id);
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", std::nullopt);
    }
    carry_through(undoing);
    auto const registry = open();
    auto const timeline = registry.timeline(east);
    BOOST_REQUIRE_EQUAL(timeline.size(), 1U); // joined again, not cut at the day
    BOOST_TEST((timeline[0].days == DateInterval{kStart, kForever}));
    BOOST_TEST(registry.timeline(code("440103001102002")).empty());
    BOOST_TEST(registry.issued_codes().size() == 4U);
}

BOOST_AUTO_TEST_CASE(an_undo_from_a_day_on_leaves_what_was_before_that_day) {
    auto const id = draft("boundary", kDay);
    move_boundary(id, 1);
    carry_through(id);
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", kLater);
    }
    carry_through(undoing);
    BOOST_TEST(owner(kStart, {1, 0}) == west.str());
    BOOST_TEST(owner(kDay, {1, 0}) == middle.str());
    BOOST_TEST(owner(kLater, {1, 0}) == west.str());
    (void)publish(kLater, "");
}

BOOST_AUTO_TEST_CASE(a_change_that_others_stand_on_is_not_undone_under_them) {
    auto const first = draft("first", kDay), second = draft("second", kDay);
    move_boundary(first, 1);
    carry_through(first);
    move_eastern_boundary(second, 3, 1);
    carry_through(second);
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, first, "ben", std::nullopt);
    }
    auto const found = check(undoing);
    BOOST_REQUIRE(!found.conflicts.empty());
    BOOST_TEST(holds(found.conflicts[0].message.english, fmt::format("change set {} 'second'", second)),
               found.conflicts[0].message.english);
    BOOST_TEST(holds(found.conflicts[0].message.english, fmt::format("change set {} 'first'", first)));
    // In the reverse order both can go.
    {
        auto registry = open();
        registry.discard_draft(undoing, "ben", "second first");
    }
    for (auto const id : {second, first}) {
        std::int64_t one = 0;
        {
            auto registry = open();
            one = changes::undo(registry, id, "ben", std::nullopt);
        }
        carry_through(one);
    }
    BOOST_TEST(owner(kDay, {1, 0}) == west.str());
    BOOST_TEST(owner(kDay, {3, 0}) == middle.str());
}

BOOST_AUTO_TEST_CASE(an_undo_does_not_put_a_grid_back_into_a_village_that_is_none_then) {
    // The village is a village from 2020 on; the change that is undone took its grid out of another.
    auto const id = draft("to the east", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.reparent(west, division(kEast));
    }
    carry_through(id);
    {
        // The western village becomes a town by a later correction, so nothing may lie in it any more.
        auto registry = open();
        std::vector<registry::Division> const divisions{
            {division(kWest), "西镇", Level::town, division("440103000000"), ""}};
        registry.apply_divisions(divisions, kDay, "importer", {});
    }
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", std::nullopt);
    }
    auto const found = check(undoing);
    BOOST_REQUIRE(!found.conflicts.empty());
    BOOST_TEST(holds(found.conflicts[0].message.english, "is not a village"), found.conflicts[0].message.english);
}

// ---- accepted gaps

struct Lake : ThreeGrids {
    /// The cell in the west of the eastern grid is given up for water.
    std::int64_t open_lake(bool accepted, Cells const& water, Date from = kDay, Date until = kForever) {
        auto const id = draft("lake", from, until);
        auto cells = box(4, 0, 6, 6);
        for (auto const& cell : water) {
            cells.erase(cell);
        }
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(east, area_of(cells));
        if (accepted) {
            editor.accept_gap(centre(*water.begin()), "水域");
        }
        return id;
    }
};

BOOST_FIXTURE_TEST_CASE(a_gap_is_an_error_until_it_is_accepted_and_a_note_from_then_on, Lake) {
    BOOST_TEST(check(open_lake(false, {{4, 3}})).count(Severity::error) > 0U);
    auto const id = open_lake(true, {{4, 3}});
    auto const found = check(id);
    BOOST_TEST(!found.has_errors());
    BOOST_REQUIRE_EQUAL(found.count(Severity::note), 1U);
    BOOST_TEST((found.problems.front().problem.code == ProblemCode::accepted_gap));
    BOOST_TEST(holds(found.problems.front().problem.message, "水域"));
    carry_through(id);
    BOOST_TEST(open().accepted_gaps(kDay).size() == 1U);
    BOOST_TEST(open().accepted_gaps(kStart).empty());
    auto const result = publish(kDay, "");
    BOOST_TEST(std::ranges::count(result.warnings, ProblemCode::accepted_gap, &Problem::code) == 1);
    // A later publish of something else holds it still.
    auto const other = draft("rename", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, other, "ann"}.rename(west, "西");
    }
    carry_through(other);
    (void)publish(kDay, "");
}

BOOST_FIXTURE_TEST_CASE(an_accepted_gap_may_shrink_but_what_grows_over_its_outline_is_an_error_again, Lake) {
    carry_through(open_lake(true, {{4, 2}, {4, 3}}));
    BOOST_TEST(check(open_lake(false, {{4, 2}, {4, 3}, {4, 4}}, kLater)).count(Severity::error) == 1U);
    auto const shrunk = open_lake(false, {{4, 3}}, kLater);
    auto const found = check(shrunk);
    BOOST_TEST(!found.has_errors());
    carry_through(shrunk);
    (void)publish(kLater, "");
}

BOOST_FIXTURE_TEST_CASE(an_acceptance_ends_with_its_change_set_and_the_same_gap_is_an_error_after_it, Lake) {
    auto const id = open_lake(true, {{4, 3}}, kDay, kLater);
    carry_through(id);
    BOOST_TEST(owner(kLater, {4, 3}) == east.str());
    BOOST_TEST(open().accepted_gaps(kLater).empty());
    (void)publish(kDay, "");
    BOOST_TEST(check(open_lake(false, {{4, 3}}, kLater)).count(Severity::error) == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_undo_takes_the_acceptance_back_and_the_undo_of_that_gives_it_again, Lake) {
    auto const id = open_lake(true, {{4, 3}});
    carry_through(id);
    (void)publish(kDay, "");
    std::int64_t undoing = 0, redoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", std::nullopt);
    }
    carry_through(undoing);
    BOOST_TEST(open().accepted_gaps(std::nullopt).empty());
    (void)publish(kDay, "");
    BOOST_TEST(check(open_lake(false, {{4, 3}})).count(Severity::error) == 1U);
    {
        auto registry = open();
        redoing = changes::undo(registry, undoing, "ben", std::nullopt);
    }
    carry_through(redoing);
    BOOST_TEST(open().accepted_gaps(kDay).size() == 1U);
    (void)publish(kDay, "");
}

BOOST_FIXTURE_TEST_CASE(an_undo_from_a_day_on_leaves_the_gap_accepted_until_then, Lake) {
    auto const id = open_lake(true, {{4, 3}});
    carry_through(id);
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo(registry, id, "ben", kLater);
    }
    carry_through(undoing);
    BOOST_TEST(open().accepted_gaps(kDay).size() == 1U);
    BOOST_TEST(open().accepted_gaps(kLater).empty());
    BOOST_TEST(owner(kDay, {4, 3}) == "");
    BOOST_TEST(owner(kLater, {4, 3}) == east.str());
    (void)publish(kDay, "");
}

BOOST_FIXTURE_TEST_CASE(what_was_undone_from_a_later_day_on_is_undone_as_a_whole_with_its_gap, Lake) {
    auto const id = open_lake(true, {{4, 3}});
    carry_through(id);
    auto const undo = [&](std::optional<Date> from) {
        auto registry = open();
        return changes::undo(registry, id, "ben", from);
    };
    carry_through(undo(kLater));
    BOOST_TEST(owner(kDay, {4, 3}) == "");
    carry_through(undo(std::nullopt));
    BOOST_TEST(open().accepted_gaps(std::nullopt).empty());
    BOOST_TEST(owner(kDay, {4, 3}) == east.str());
    BOOST_TEST(owner(kLater, {4, 3}) == east.str());
    BOOST_TEST(holds(check(undo(std::nullopt)).conflicts.at(0).message.english, "changes nothing"));
    (void)publish(kDay, "");
}

BOOST_FIXTURE_TEST_CASE(a_gap_is_accepted_only_where_there_is_one, Lake) {
    auto const id = draft("no gap", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.accept_gap(centre({4, 3}), "水域");
        BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.accept_gap(centre({4, 3}), ""); }), "--reason"));
    }
    auto const found = check(id);
    BOOST_REQUIRE_EQUAL(found.conflicts.size(), 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "lies in grid " + std::string{east.str()}),
               found.conflicts[0].message.english);
    auto const outside = draft("outside", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, outside, "ann"}.accept_gap(corner(-5, -5), "海");
    }
    BOOST_TEST(holds(check(outside).conflicts.at(0).message.english, "no grids enclose"));
}

// ---- what cannot be drawn

BOOST_AUTO_TEST_CASE(operations_that_cannot_be_are_refused_at_once) {
    auto const id = draft("wrong", kDay);
    auto registry = open();
    ChangeEditor editor{registry, id, "ann"};
    auto const south = area_of(box(4, 0, 6, 2));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected,
                             [&] {
                                 editor.split(east, {{south, "", {}}, {area_of(box(4, 3, 6, 6)), "", {}}}, false);
                             }),
                     "in no part"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected,
                             [&] {
                                 editor.split(east, {{south, "", {}}, {area_of(box(3, 2, 6, 6)), "", {}}}, false);
                             }),
                     "outside it"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected,
                             [&] {
                                 editor.split(east, {{south, "", {}}, {area_of(box(4, 1, 6, 6)), "", {}}}, false);
                             }),
                     "more than one part"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.split(east, {{south, "", {}}}, false); }), "two parts"));
    std::vector<GridCode> const across{middle, east}, one{west}, both{west, middle};
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { editor.merge(across, std::nullopt, "", std::nullopt); }),
                     "reparent"));
    BOOST_TEST(
        holds(refusal(ErrorCode::usage, [&] { editor.merge(one, std::nullopt, "", std::nullopt); }), "two grids"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.merge(both, east, "", std::nullopt); }), "not one of"));
    BOOST_TEST(
        holds(refusal(ErrorCode::usage, [&] { editor.merge(both, west, "", code("440103001101050")); }), "not both"));
    BOOST_TEST(
        holds(refusal(ErrorCode::not_found, [&] { editor.retire(code("440103001101077"), ""); }), "not in force"));
    BOOST_TEST(
        holds(refusal(ErrorCode::not_found, [&] { editor.reparent(west, division("440103001000")); }), "no village"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.rename(west, ""); }), "--name"));
    BOOST_TEST(holds(refusal(ErrorCode::usage,
                             [&] {
                                 editor.create({south, "", {}}, division(kWest), GridKind::comprehensive);
                             }),
                     "--name"));
    BOOST_TEST(registry.operations(id).empty());
    registry.discard_draft(id, "ann", "");
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { editor.rename(west, "西"); }), "discarded"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { changes::check(registry, id, "ann"); }), "discarded"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { registry.discard_draft(id, "ann", ""); }), "already"));
    refusal(ErrorCode::usage, [&] { registry.make_draft({"", "ann", {kDay, kForever}, std::nullopt, {}}); });
    refusal(ErrorCode::usage, [&] { registry.make_draft({"t", " ", {kDay, kForever}, std::nullopt, {}}); });
}

// ---- publish and approval

BOOST_AUTO_TEST_CASE(what_was_imported_directly_is_published_only_with_an_approver_who_did_not_import_it) {
    auto const renamed = [&](std::string const& author) {
        auto registry = open();
        registry::ChangeSet set;
        set.title = "file";
        set.author = author;
        set.effective = kDay;
        auto grid = *registry.grid(west, kDay);
        grid.name += "甲";
        set.changes.push_back({{registry::ChangeKind::renamed}, grid, 0, 0});
        registry.apply(set, progress);
    };
    renamed("imp");
    renamed("Other");
    auto const id = draft("boundary", kDay, kForever, "chief"); // an approved change set beside it
    move_boundary(id, 1);
    BOOST_TEST(!check(id).has_errors());
    approve(id, "zed");
    apply(id);
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { (void)publish(kDay, ""); }), "approved by nobody"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { (void)publish(kDay, "imp"); }), "cannot approve"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { (void)publish(kDay, " other"); }), "cannot approve"));
    BOOST_TEST(open().newest_generation()->number == 1);
    // The registry itself holds to it, whoever calls.
    auto registry = open();
    refusal(ErrorCode::usage, [&] { registry.publish("publisher", "", Digest{}); });
    refusal(ErrorCode::usage, [&] { registry.publish("publisher", "imp", Digest{}); });
}

BOOST_AUTO_TEST_CASE(an_author_of_an_approved_change_set_may_approve_what_another_imported) {
    auto const id = draft("boundary", kDay, kForever, "ann");
    move_boundary(id, 1);
    carry_through(id);
    BOOST_TEST(publish(kDay, "ann").generation.number == 2);
}

// ---- preview

BOOST_AUTO_TEST_CASE(a_preview_tells_areas_addresses_and_officers_that_move) {
    auto const cell_m2 = [](Cells const& cells) { return geom::area_m2(area_of(cells)); };
    {
        auto registry = open();
        std::vector<Registry::AddressPoint> points;
        for (int y = 0; y < 6; ++y) { // one address in each cell of column 1 and 2
            points.push_back({"a" + std::to_string(y), "x", division(kWest), "", "", "", "", "", "", centre({1, y})});
            points.push_back({"b" + std::to_string(y), "x", division(kWest), "", "", "", "", "", "", centre({2, y})});
        }
        points.push_back({"c", "x", division(kWest), "", "", "", "", "", "", centre({0, 3})});
        std::size_t i = 0;
        std::vector<registry::SourceFile> const source{{"a.csv", Digest{}, 1, "", ""}};
        registry.apply_addresses(
            [&](Registry::AddressPoint& out) {
                if (i == points.size()) {
                    return false;
                }
                out = points[i++];
                return true;
            },
            "importer", source, progress);
        std::vector<registry::Officer> const officers{{"O1", "甲", ""}, {"O2", "乙", ""}};
        std::vector<registry::Assignment> const duties{{west, "O1", registry::Role::dedicated, {kStart, kForever}},
                                                       {east, "O2", registry::Role::dedicated, {kStart, kForever}}};
        registry.apply_officers(officers, duties, "importer", {}, progress);
    }
    auto const id = draft("preview", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.retire(west, "dissolved");
        editor.reshape(middle, area_of(box(0, 0, 4, 6)));
        editor.rename(east, "东");
    }
    auto registry = open();
    auto const preview = changes::preview(registry, id);
    BOOST_TEST((preview.retired == std::vector<GridCode>{west}));
    BOOST_TEST((preview.reshaped == std::vector<GridCode>{middle}));
    BOOST_TEST((preview.renamed == std::vector<GridCode>{east}));
    BOOST_REQUIRE_EQUAL(preview.moves.size(), 1U);
    BOOST_TEST(preview.moves[0].from->str() == west.str());
    BOOST_TEST(preview.moves[0].to->str() == middle.str());
    BOOST_TEST(std::abs(preview.moved_m2 - cell_m2(box(0, 0, 2, 6))) < 0.01);
    BOOST_TEST(preview.addresses == 7U); // those of columns 0 and 1, not of column 2
    BOOST_REQUIRE_EQUAL(preview.assignments.size(), 1U);
    BOOST_TEST(preview.assignments[0].entry.officer_id == "O1");
    BOOST_TEST(preview.assignments[0].successor->str() == middle.str());
    auto const json = nlohmann::json::parse(changes::preview_json(preview));
    BOOST_TEST(json.at("addresses_that_move") == 7);
    BOOST_TEST(json.at("assignments_that_move").at(0).at("officer") == "O1");
    BOOST_TEST(holds(changes::preview_text(preview, Language::english), "officer O1"));
    BOOST_TEST((registry.draft(id).status == DraftStatus::open)); // nothing was written

    // An area round a corner: the address in its box but not on it stays.
    auto const other = registry.make_draft({"corner", "ann", {kDay, kForever}, std::nullopt, {}});
    ChangeEditor editor{registry, other, "ann"};
    auto left = box(0, 0, 2, 6), right = box(2, 0, 4, 6);
    for (Cell const& cell : {Cell{1, 3}, Cell{1, 4}, Cell{0, 4}}) {
        left.erase(cell);
        right.insert(cell);
    }
    editor.reshape(west, area_of(left));
    editor.reshape(middle, area_of(right));
    BOOST_TEST(changes::preview(registry, other).addresses == 2U);
}

BOOST_AUTO_TEST_CASE(addresses_of_many_areas_are_counted_as_those_of_few) {
    // A chequered change of 9 x 9 cells: 81 grids whose every cell goes to a neighbour or stays.
    Board board{18};
    std::vector<std::tuple<std::string, std::string, Cells>> grids;
    auto const name = [](int i) { return fmt::format("440103001101{:03}", i + 1); };
    for (int i = 0; i < 81; ++i) {
        grids.emplace_back(name(i), kWest, box(2 * (i % 9), 2 * (i / 9), 2 * (i % 9) + 2, 2 * (i / 9) + 2));
    }
    board.import(grids);
    auto registry = board.open();
    std::vector<Cell> cells;
    for (auto const& cell : box(0, 0, 18, 18)) {
        cells.push_back(cell);
    }
    std::size_t i = 0;
    std::vector<registry::SourceFile> const source{{"a.csv", Digest{}, 1, "", ""}};
    registry.apply_addresses(
        [&](Registry::AddressPoint& out) {
            if (i == cells.size()) {
                return false;
            }
            out = {std::to_string(i), "x", division(kWest), "", "", "", "", "", "", centre(cells[i])};
            ++i;
            return true;
        },
        "importer", source, board.progress);
    // Each grid gives its south-western cell to the one west of it (the first of a row to the last).
    std::vector<registry::GridChange> changes;
    std::vector<std::optional<registry::GridBase>> bases;
    for (int k = 0; k < 81; ++k) {
        int const x = k % 9, y = k / 9, beside = (x + 1) % 9;
        auto mine = box(2 * x, 2 * y, 2 * x + 2, 2 * y + 2);
        mine.erase({2 * x, 2 * y});
        mine.insert({2 * beside, 2 * y});
        auto grid = *registry.grid(code(name(k)), kDay);
        bases.emplace_back(registry::base_of(grid));
        grid.shape = area_of(mine);
        changes.push_back({{registry::ChangeKind::reshaped}, grid, 0, 0});
    }
    auto const id =
        changes::make_change_set(registry, {"round", "ann", {kDay, kForever}, std::nullopt, {}}, changes, bases);
    auto const preview = changes::preview(registry, id);
    BOOST_TEST(preview.moves.size() == 81U);
    BOOST_TEST(preview.addresses == 81U);
    BOOST_TEST(std::ranges::all_of(preview.moves, [](changes::Move const& move) { return move.addresses == 1; }));
    BOOST_TEST(!changes::check(registry, id, "ann").examination.has_errors());
}

BOOST_AUTO_TEST_CASE(a_change_set_of_a_file_is_recorded_with_all_of_it_or_not_at_all) {
    auto registry = open();
    auto grid = *registry.grid(west, kDay);
    std::vector<registry::GridChange> const changes{{{registry::ChangeKind::renamed}, grid, 0, 0},
                                                    {{registry::ChangeKind::added}, grid, 0, 0}}; // its code is issued
    std::vector<std::optional<registry::GridBase>> const bases{registry::base_of(grid), std::nullopt};
    registry::NewDraft const draft{
        "of a file", "ann", {kDay, kForever}, std::nullopt, {{"a.gpkg", sha256("x"), 1, "", ""}}};
    BOOST_TEST(holds(
        refusal(ErrorCode::data_rejected, [&] { (void)changes::make_change_set(registry, draft, changes, bases); }),
        std::string{west.str()}));
    BOOST_TEST(registry.drafts(true).empty());
}

BOOST_AUTO_TEST_SUITE_END()
