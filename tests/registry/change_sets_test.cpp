#include "small_province.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace wangge;
using namespace wangge::test;

namespace {

std::string const kCode = "440507001001001";

/// A registry with one grid, one change set of two operations, and one more that is discarded.
struct Drafts {
    Drafts() {
        Registry::init(scratch.data());
        auto registry = open();
        registry.apply_divisions(small_divisions(), day("2024-01-01"), "importer", {});
        ChangeSet first;
        first.title = "first";
        first.author = "importer";
        first.effective = day("2024-01-01");
        first.changes.push_back(change_of(small_grid(kCode, 0), {ChangeKind::added}));
        registry.apply(first, progress);
        registry.publish("importer", "chief", sha256("1"));
        id = registry.make_draft({"renaming", "ann", {day("2024-06-01"), kForever}, std::nullopt, {}});
        std::vector<Operation> operations{renaming("甲"), creating(small_grid("440507001001005", 1))};
        operations[1].grids[0].code = GridCode{};
        registry.add_operations(id, "bob", operations);
        reserved = std::string{operations[1].grids[0].code.str()};
        discarded = registry.make_draft({"other", "ann", {day("2024-06-01"), kForever}, std::nullopt, {}});
        registry.discard_draft(discarded, "ann", "");
    }
    [[nodiscard]] Registry open() const { return Registry::open(scratch.data(), Registry::Mode::write); }
    [[nodiscard]] Operation renaming(std::string const& name) const {
        Operation operation;
        operation.kind = OperationKind::rename;
        auto& grid = operation.grids.emplace_back();
        grid.code = grid_of(kCode);
        grid.base = base_of(small_grid(kCode, 0));
        grid.name = name;
        return operation;
    }
    static Operation creating(Grid const& made) {
        Operation operation;
        operation.kind = OperationKind::create;
        auto& grid = operation.grids.emplace_back();
        grid.code = made.code;
        grid.effect = Effect::create;
        grid.name = made.name;
        grid.kind = made.kind;
        grid.village = made.village;
        grid.shape = made.shape;
        return operation;
    }
    void refused(std::string const& sql, std::string const& says) const {
        SqliteOracle oracle{scratch.data().registry_file()};
        try {
            oracle.rows(sql);
            BOOST_ERROR("not refused: " << sql);
        } catch (std::runtime_error const& error) {
            BOOST_TEST(std::string{error.what()}.find(says) != std::string::npos, sql << ": " << error.what());
        }
    }

    ScratchFolder scratch;
    SilentProgress progress;
    std::int64_t id = 0, discarded = 0;
    std::string reserved;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(change_drafts, Drafts)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back) {
    auto const registry = Registry::open(scratch.data(), Registry::Mode::read);
    auto const draft = registry.draft(id);
    BOOST_TEST(draft.title == "renaming");
    BOOST_TEST((draft.editors == std::vector<std::string>{"ann", "bob"}));
    BOOST_TEST(draft.operations == 2U);
    auto const operations = registry.operations(id);
    BOOST_REQUIRE_EQUAL(operations.size(), 2U);
    BOOST_TEST((operations[0].grids[0].base == base_of(small_grid(kCode, 0))));
    BOOST_TEST(operations[0].grids[0].name.value() == "甲");
    BOOST_TEST(!operations[0].grids[0].shape.has_value());
    BOOST_TEST((operations[1].grids[0].shape == small_grid(kCode, 1).shape));
    BOOST_TEST(reserved == "440507001001002");
    BOOST_TEST(registry.drafts(false).size() == 1U);
    BOOST_TEST(registry.drafts(true).size() == 2U);
    BOOST_TEST(!registry.audit_break());
}

BOOST_AUTO_TEST_CASE(nobody_rewrites_a_change_set_behind_the_program) {
    auto const n = std::to_string(id), gone = std::to_string(discarded);
    refused("UPDATE change_draft SET title = 'x' WHERE id = " + n, "never change");
    refused(
        "UPDATE change_draft SET status = 'approved', approver = 'z', check_digest = hex(zeroblob(32)) WHERE id = " + n,
        "checked, then approved");
    refused("UPDATE change_draft SET status = 'open', discarded_by = NULL WHERE id = " + gone, "never changes");
    refused("DELETE FROM change_draft WHERE id = " + n, "never deleted");
    refused("UPDATE change_operation SET editor = 'x' WHERE draft_id = " + n, "never changes");
    refused("UPDATE change_operation SET dropped_by = NULL WHERE draft_id = " + n, "dropped once");
    refused("DELETE FROM change_operation WHERE draft_id = " + n, "never deleted");
    refused("INSERT INTO change_operation VALUES (" + gone + ", 1, 'rename', 'x', 'now', '', NULL, NULL, NULL, NULL)",
            "not open");
    refused("UPDATE change_operation_grid SET name = 'x' WHERE draft_id = " + n, "never changes");
    refused("DELETE FROM change_operation_grid WHERE draft_id = " + n, "never deleted");
    refused("UPDATE grid_code_reserved SET draft_id = " + gone, "never changes");
    refused("DELETE FROM grid_code_reserved", "never given back");
    refused("INSERT INTO grid_code_reserved VALUES ('" + kCode + "', 'comprehensive', " + n + ", 'now')",
            "issued before");
    refused("INSERT INTO grid_code_issued VALUES ('" + reserved + "', 'comprehensive', 1)", "reserved for another");
}

BOOST_AUTO_TEST_CASE(an_editor_in_the_approvers_column_is_refused_by_the_table) {
    auto registry = open();
    registry.record_check(id, "ann", sha256("content"), true, "{}");
    auto const n = std::to_string(id);
    for (auto const* const name : {"ann", " ANN", "bob", "Bob "}) {
        refused("UPDATE change_draft SET status = 'approved', approver = '" + std::string{name} + "' WHERE id = " + n,
                "different people");
    }
    registry.approve_draft(id, "chief");
    BOOST_TEST((registry.draft(id).status == DraftStatus::approved));
    refused("UPDATE change_draft SET status = 'applied' WHERE id = " + n, "applied as a change set");
}

BOOST_AUTO_TEST_CASE(a_refused_operation_leaves_neither_operations_nor_codes) {
    auto registry = open();
    std::vector<Operation> operations{creating(small_grid("440507001001700", 2)), creating(small_grid(kCode, 3))};
    BOOST_CHECK_THROW(registry.add_operations(id, "bob", operations), Error); // the second was issued
    BOOST_TEST(registry.operations(id).size() == 2U);
    std::vector<Operation> again{creating(small_grid("440507001001700", 2))};
    registry.add_operations(id, "bob", again); // so the first is still free
    BOOST_TEST(registry.operations(id).size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_rehearsal_shows_the_registry_as_it_would_be_and_leaves_nothing) {
    auto registry = open();
    ChangeSet set;
    set.title = "rehearsed";
    set.author = "ann";
    set.effective = day("2024-06-01");
    set.until = day("2024-07-01");
    auto moved = small_grid(kCode, 4);
    set.changes.push_back({{ChangeKind::reshaped}, moved, 0, 0});
    bool seen = false;
    registry.rehearse(set, [&](std::span<GridTimelines const> timelines) {
        seen = true;
        BOOST_REQUIRE_EQUAL(timelines.size(), 1U);
        BOOST_TEST(
            (timelines[0].days_that_differ() == std::vector<DateInterval>{{day("2024-06-01"), day("2024-07-01")}}));
        BOOST_TEST(timelines[0].before.size() == 1U);
        BOOST_TEST(timelines[0].after.size() == 3U);
        BOOST_TEST((registry.grid(grid_of(kCode), day("2024-06-15"))->shape == moved.shape));
        BOOST_TEST((registry.grid(grid_of(kCode), day("2024-07-01"))->shape == small_grid(kCode, 0).shape));
        auto const box = geom::envelope_of(moved.shape);
        BOOST_TEST((registry.next_change_near(day("2024-06-01"), {&box, 1}) == day("2024-07-01")));
    });
    BOOST_TEST(seen);
    BOOST_TEST(registry.history(grid_of(kCode)).size() == 1U);
    BOOST_TEST(!registry.has_draft());
    BOOST_CHECK_THROW(registry.rehearse(set, [](auto) { throw Error{ErrorCode::usage, "look"}; }), Error);
    BOOST_TEST(!registry.has_draft());
    registry.apply(set, progress); // and the real thing still goes
    BOOST_TEST(registry.has_draft());
}

BOOST_AUTO_TEST_CASE(days_that_differ_are_those_on_which_content_differs_whatever_the_rows) {
    auto const on = [](char const* from, char const* to, std::int64_t shape) {
        return GridOnDays{{day(from), day(to)}, shape, "n", GridKind::comprehensive, division_of(kVillage1), 1, 4};
    };
    GridTimelines t;
    t.before = {on("2024-01-01", "2024-12-01", 1)};
    t.after = {on("2024-01-01", "2024-03-01", 1), on("2024-03-01", "2024-05-01", 2), on("2024-05-01", "2024-09-01", 1)};
    BOOST_TEST((t.days_that_differ() == std::vector<DateInterval>{{day("2024-03-01"), day("2024-05-01")},
                                                                  {day("2024-09-01"), day("2024-12-01")}}));
    t.after = {on("2024-01-01", "2024-03-01", 1), on("2024-03-01", "2024-12-01", 1)};
    BOOST_TEST(t.days_that_differ().empty());
}

BOOST_AUTO_TEST_CASE(addresses_and_duties_are_found_by_place_and_grid) {
    auto registry = open();
    std::vector<geom::Point> const places{{10, 10}, {20, 10}, {10, 20}, {30, 30}};
    std::size_t i = 0;
    std::vector<SourceFile> const source{{"a.csv", Digest{}, 1, "", ""}};
    registry.apply_addresses(
        [&](Registry::AddressPoint& out) {
            if (i == places.size()) {
                return false;
            }
            out = {std::to_string(i), "x", DivisionCode{}, "", "", "", "", "", "", places[i]};
            ++i;
            return true;
        },
        "importer", source, progress);
    std::vector<geom::Point> found;
    registry.addresses_in({{10, 10}, {20, 20}}, [&](geom::Point p) { found.push_back(p); });
    std::ranges::sort(found);
    BOOST_TEST((found == std::vector<geom::Point>{{10, 10}, {10, 20}, {20, 10}}));
}

BOOST_AUTO_TEST_SUITE_END()
