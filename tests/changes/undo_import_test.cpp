#include "board.hpp"

#include <wangge/geom/measure.hpp>

#include <boost/test/unit_test.hpp>
#include <support/refusal.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;
using registry::ChangeKind;

namespace {

Date const kDay = day("2024-06-01");

struct Imported : Board {
    Imported() {
        import_columns();
        first = publish(kStart).generation.digest;
    }
    /// As a bulk import does it: the boundary of west and middle moves to column `x`.
    std::int64_t import_boundary(int x, Date from) {
        auto registry = open();
        registry::ChangeSet set;
        set.title = "survey";
        set.author = "importer";
        set.effective = from;
        for (auto const& [grid, cells] : {std::pair{west, box(0, 0, x, 6)}, {middle, box(x, 0, 4, 6)}}) {
            auto after = registry.grid(grid, from).value();
            after.shape = area_of(cells);
            set.changes.push_back({{ChangeKind::reshaped}, after, 0, 0});
        }
        return registry.apply(set, progress);
    }
    std::int64_t undo(std::int64_t change_set, std::optional<Date> from = std::nullopt) {
        auto registry = open();
        return changes::undo_applied(registry, change_set, "ben", from);
    }
    [[nodiscard]] geom::MultiPolygon shape(GridCode const& code, Date on) const {
        auto shape = open().grid(code, on).value().shape;
        geom::normalize(shape);
        return shape;
    }
    GridCode const west = code("440103001101001"), middle = code("440103001101002"), east = code("440103001102001");
    Digest first;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(undo_of_imports, Imported)

BOOST_AUTO_TEST_CASE(an_import_is_taken_back_by_a_change_set_to_the_byte) {
    auto const before = publish(kDay).generation.digest;
    auto const change_set = import_boundary(1, kDay);
    auto const imported = publish(kDay, "chief").generation.digest;
    BOOST_TEST((imported != before));
    auto const undoing = undo(change_set);
    auto const draft = open().draft(undoing);
    BOOST_TEST(!draft.undoes);
    BOOST_TEST((draft.undoes_change_set == change_set));
    BOOST_TEST((draft.days == DateInterval{kDay, kForever}));
    BOOST_TEST(holds(draft.title, "'survey'"), draft.title);
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected,
                             [&] {
                                 auto registry = open();
                                 ChangeEditor{registry, undoing, "ben"}.rename(west, "x");
                             }),
                     "does nothing else"));
    auto const back = carry_through(undoing);
    BOOST_TEST((publish(kDay, "").generation.digest == before)); // approved as a change set
    // And the undo itself is undone, by either of its numbers.
    carry_through(undo(back));
    BOOST_TEST((publish(kDay, "").generation.digest == imported));
    BOOST_TEST(!open().audit_break());
}

BOOST_AUTO_TEST_CASE(an_import_is_taken_back_before_its_publish_and_from_a_day_on) {
    auto const change_set = import_boundary(1, kDay);
    auto const from = day("2024-07-01");
    carry_through(undo(change_set, from));
    BOOST_TEST((shape(west, kDay) == area_of(box(0, 0, 1, 6))));
    BOOST_TEST((shape(west, from) == area_of(box(0, 0, 2, 6))));
    BOOST_TEST((shape(middle, from) == area_of(box(2, 0, 4, 6))));
}

BOOST_AUTO_TEST_CASE(a_change_set_is_undone_by_its_number_in_the_registry_too) {
    auto const id = draft("boundary", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.reshape(west, area_of(box(0, 0, 1, 6)));
        editor.reshape(middle, area_of(box(1, 0, 4, 6)));
    }
    auto const change_set = carry_through(id);
    auto const undoing = undo(change_set);
    BOOST_TEST((open().draft(undoing).undoes == id));
    carry_through(undoing);
    BOOST_TEST((shape(west, kDay) == area_of(box(0, 0, 2, 6))));
}

BOOST_AUTO_TEST_CASE(an_import_that_a_later_one_built_on_is_not_undone_before_it) {
    auto const first_survey = import_boundary(1, kDay);
    auto const second_survey = import_boundary(3, day("2024-08-01"));
    auto const undoing = undo(first_survey);
    {
        auto registry = open();
        auto const found = changes::check(registry, undoing, "ben").examination;
        BOOST_REQUIRE(!found.conflicts.empty());
        BOOST_TEST(holds(found.conflicts[0].message.english, "undo the later change first"),
                   found.conflicts[0].message.english);
        BOOST_TEST(holds(found.conflicts[0].message.english, "import " + std::to_string(second_survey)));
    }
    carry_through(undo(second_survey));
    carry_through(undoing);
    BOOST_TEST((shape(middle, day("2024-09-01")) == area_of(box(2, 0, 4, 6))));
}

BOOST_AUTO_TEST_CASE(the_first_import_of_all_can_be_taken_back_and_its_codes_stay_issued) {
    auto const change_set = open().last_change(west).value().change_set;
    carry_through(undo(change_set));
    BOOST_TEST(!open().grid(west, kDay));
    BOOST_TEST(open().issued_codes().size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_a_later_change_cut_and_left_as_it_was_is_still_as_the_undone_one_left_it) {
    auto const change_set = import_boundary(1, kDay);
    auto const renaming = draft("for the summer", day("2024-07-01"), day("2024-09-01"));
    {
        auto registry = open();
        ChangeEditor{registry, renaming, "ann"}.rename(west, "暑期");
    }
    auto const renamed = carry_through(renaming);
    auto const undoing = undo(change_set);
    {
        auto registry = open();
        BOOST_TEST(!changes::check(registry, undoing, "ben").examination.conflicts.empty());
    }
    carry_through(undo(renamed)); // west is one shape under one name again, in three versions
    carry_through(undoing);
    for (auto const* const on : {"2024-06-15", "2024-08-01", "2025-01-01"}) {
        BOOST_TEST((shape(west, day(on)) == area_of(box(0, 0, 2, 6))));
    }
}

BOOST_AUTO_TEST_CASE(an_undo_says_what_it_does_to_each_grid_and_to_how_much_ground) {
    auto const id = draft("split", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, id, "ann"};
        editor.split(east, {{area_of(box(4, 0, 6, 2)), "南", {}}, {area_of(box(4, 2, 6, 6)), "北", {}}}, false);
        editor.reshape(west, area_of(box(0, 0, 1, 6)));
        editor.reshape(middle, area_of(box(1, 0, 4, 6)));
    }
    auto const undoing = undo(carry_through(id));
    auto registry = open();
    auto const set = changes::examine(registry, undoing, changes::Depth::content).change_set;
    auto const cell_m2 = geom::area_m2(area_of(box(0, 0, 1, 1)));
    auto const exactly = boost::test_tools::tolerance(1e-4);
    std::map<std::string, std::tuple<ChangeKind, int, int>> const expected{
        {"440103001101001", {ChangeKind::reshaped, 6, 12}},
        {"440103001101002", {ChangeKind::reshaped, 18, 12}},
        {"440103001102001", {ChangeKind::restored, 0, 12}},
        {"440103001102002", {ChangeKind::retired, 4, 0}},
        {"440103001102003", {ChangeKind::retired, 8, 0}}};
    BOOST_REQUIRE(set.restorations.size() == expected.size());
    for (auto const& restoration : set.restorations) {
        BOOST_TEST_CONTEXT(restoration.code.str()) {
            auto const& [kind, before, after] = expected.at(std::string{restoration.code.str()});
            BOOST_TEST((restoration.kinds == std::vector<ChangeKind>{kind}));
            BOOST_TEST(restoration.area_before_m2 == before * cell_m2, exactly);
            BOOST_TEST(restoration.area_after_m2 == after * cell_m2, exactly);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_conflict_says_in_what_a_grid_is_no_longer_what_was_drawn_on) {
    struct Case {
        std::function<void(ChangeEditor&, GridCode const&)> change;
        std::string said;
    };
    auto const village = division(kEast);
    std::vector<Case> const cases{{[](ChangeEditor& editor, GridCode const& grid) { editor.rename(grid, "新名"); },
                                   "it was named '网格002' then and is named '新名' now"},
                                  {[&](ChangeEditor& editor, GridCode const& grid) { editor.reparent(grid, village); },
                                   std::string{"it lay in village "} + kWest + " then and lies in " + kEast + " now"},
                                  {[&](ChangeEditor& editor, GridCode const& grid) {
                                       editor.reshape(west, area_of(box(0, 0, 3, 6)));
                                       editor.reshape(grid, area_of(box(3, 0, 4, 6)));
                                   },
                                   "its shape is not the one it was drawn on"}};
    for (auto const& one : cases) {
        auto const waiting = draft("waiting", kDay), other = draft("other", kDay);
        {
            auto registry = open();
            ChangeEditor{registry, waiting, "ann"}.rename(middle, "等");
            ChangeEditor editor{registry, other, "bob"};
            one.change(editor, middle);
        }
        carry_through(other);
        auto registry = open();
        auto const found = changes::examine(registry, waiting, changes::Depth::content);
        BOOST_REQUIRE(found.conflicts.size() == 1);
        BOOST_TEST(holds(found.conflicts[0].message.english, one.said), found.conflicts[0].message.english);
    }
}

BOOST_AUTO_TEST_CASE(to_take_an_acceptance_back_is_checked_where_the_ground_is_open_again) {
    {
        auto registry = open(); // as it came before anybody checked it
        auto after = registry.grid(middle, kDay).value();
        auto cells = box(2, 0, 4, 6);
        cells.erase({2, 3});
        after.shape = area_of(cells);
        registry::ChangeSet set;
        set.title = "with a hole";
        set.author = "importer";
        set.effective = kDay;
        set.changes.push_back({{ChangeKind::reshaped}, after, 0, 0});
        registry.apply(set, progress);
    }
    auto const accepting = draft("water", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, accepting, "ann"}.accept_gap(centre({2, 3}), "水域");
    }
    auto const undoing = undo(carry_through(accepting));
    auto registry = open();
    auto const found = changes::check(registry, undoing, "ben").examination;
    BOOST_REQUIRE(found.conflicts.empty());
    BOOST_TEST(std::ranges::any_of(
        found.problems, [](auto const& dated) { return dated.day == kDay && dated.problem.code == ProblemCode::gap; }));
}

BOOST_AUTO_TEST_CASE(what_is_no_import_of_grids_is_refused) {
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { undo(99); }), "no import or change set 99"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { undo(1); }), "divisions")); // the board's own
}

BOOST_AUTO_TEST_SUITE_END()
