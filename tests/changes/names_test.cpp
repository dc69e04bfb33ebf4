// What staff add so that addresses are found: names of divisions and address points, by change sets.

#include "board.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/changes/change_set_text.hpp>
#include <wangge/changes/preview.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <support/refusal.hpp>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;
using registry::DraftStatus;

namespace {

Date const kDay = day("2024-06-01");
Date const kLater = day("2024-09-01");

struct Staff : Board {
    Staff() {
        import_columns();
        (void)publish(kStart);
        import_addresses("a.csv");
    }
    void import_addresses(std::string const& file, std::string const& suffix = "号") {
        auto registry = open();
        SourceFileOf const source{file};
        int next = 0;
        registry.apply_addresses(
            [&](registry::AddressPoint& point) {
                if (next == 2) {
                    return false;
                }
                ++next;
                point = {std::to_string(next),
                         "沙面路" + std::to_string(next) + suffix,
                         division(kWest),
                         "沙面路",
                         std::to_string(next) + "号",
                         "",
                         "",
                         "",
                         "",
                         centre({next, 1})};
                return true;
            },
            "importer", {&source.file, 1}, progress);
    }
    struct SourceFileOf {
        explicit SourceFileOf(std::string const& name) : file{name, sha256(name), 1, "EPSG:4490", "UTF-8"} {}
        registry::SourceFile file;
    };
    void alias(std::int64_t id, char const* code, std::string text) {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.alias(division(code), std::move(text), "热线");
    }
    void retire(std::int64_t id, std::string const& point, std::string const& source = {}) {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.retire_address(point, source, "已拆除");
    }
    void address(std::int64_t id, ChangeEditor::NewAddress address) {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.address(std::move(address), "现场");
    }
    static ChangeEditor::NewAddress new_address(std::string text, Cell cell, char const* village = nullptr) {
        ChangeEditor::NewAddress address;
        address.point.text = std::move(text);
        address.point.road = "沙面路";
        address.point.village = village == nullptr ? DivisionCode{} : division(village);
        address.at = centre(cell);
        return address;
    }
    static ChangeEditor::NewAddress correction(std::string id, std::optional<Cell> cell, std::string text = {}) {
        ChangeEditor::NewAddress address;
        address.point.text = std::move(text);
        address.corrects = std::move(id);
        address.at = cell ? std::optional{centre(*cell)} : std::nullopt;
        return address;
    }
    changes::Examination check(std::int64_t id) {
        auto registry = open();
        return changes::check(registry, id, "ann").examination;
    }
    std::int64_t undo(std::int64_t id, std::optional<Date> from = std::nullopt) {
        auto registry = open();
        return changes::undo(registry, id, "ben", from);
    }
    std::string names(Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) {
        std::string all;
        for (auto const& alias : open().aliases(as_of, known_at)) {
            all += alias.code.str() + alias.text + ";";
        }
        return all;
    }
    std::string points(Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) {
        std::string all;
        auto const registry = open();
        registry::AddressPoint point;
        for (auto const next = registry.addresses(as_of, known_at); next(point);) {
            all += point.id + ":" + point.text + ";";
        }
        return all;
    }
    static constexpr char const* kImported = "1:沙面路1号;2:沙面路2号;";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(names_and_addresses, Staff)

BOOST_AUTO_TEST_CASE(a_name_goes_through_all_steps_into_a_generation_and_an_undo_takes_it_back) {
    auto const id = draft("a name", kDay);
    alias(id, kWest, "老西村");
    auto const found = check(id);
    BOOST_TEST(!found.has_errors());
    BOOST_TEST(found.remarks.empty());
    BOOST_REQUIRE(found.days.size() == 1U);
    BOOST_TEST(found.days[0].str() == kDay.str());
    carry_through(id);
    BOOST_TEST(names(kDay) == std::string{kWest} + "老西村;");
    BOOST_TEST(names(kStart).empty());
    BOOST_TEST(names(kDay, 1).empty());
    BOOST_TEST(publish(kDay, "").generation.number == 2);
    auto const of_it = open().aliases(kDay).front();
    BOOST_TEST(of_it.author == "ann");
    BOOST_TEST(of_it.reason == "热线");
    carry_through(undo(id));
    BOOST_TEST(names(kDay).empty());
    BOOST_TEST(names(kDay, 2) == std::string{kWest} + "老西村;");
    BOOST_TEST(publish(kDay, "").generation.number == 3);
}

BOOST_AUTO_TEST_CASE(an_undo_of_an_undo_gives_the_name_again_and_one_from_a_day_on_leaves_it_until_then) {
    auto const id = draft("a name", kDay);
    alias(id, kWest, "老西村");
    carry_through(id);
    auto const undoing = undo(id);
    carry_through(undoing);
    carry_through(undo(undoing));
    BOOST_TEST(names(kDay) == std::string{kWest} + "老西村;");
    auto const other = draft("another", kDay);
    alias(other, kEast, "老东村");
    carry_through(other);
    carry_through(undo(other, kLater));
    BOOST_TEST(holds(names(kDay), "老东村"));
    BOOST_TEST(!holds(names(kLater), "老东村"));
    BOOST_TEST(holds(names(kLater), "老西村"));
}

BOOST_AUTO_TEST_CASE(a_name_holds_on_the_days_of_its_change_set) {
    auto const id = draft("for a while", kDay, kLater);
    alias(id, kWest, "临时名");
    carry_through(id);
    BOOST_TEST(names(kDay) == std::string{kWest} + "临时名;");
    BOOST_TEST(names(kLater).empty());
    auto const again = draft("again", kLater);
    alias(again, kWest, "临时名");
    BOOST_TEST(!check(again).has_errors()); // no day in common
    auto const overlapping = draft("overlapping", day("2024-08-01"));
    alias(overlapping, kWest, "臨時名");
    auto const found = check(overlapping);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'for a while'"), found.conflicts[0].message.english);
}

BOOST_AUTO_TEST_CASE(a_name_may_be_given_up_to_the_day_from_which_it_was_given_already) {
    auto const later = draft("later", kLater);
    alias(later, kWest, "新村");
    carry_through(later);
    auto const before = draft("before", kDay, kLater);
    alias(before, kWest, "新村");
    BOOST_TEST(!check(before).has_errors());
    auto const a_day_more = draft("a day more", kDay, kLater.next());
    alias(a_day_more, kWest, "新村");
    BOOST_TEST(check(a_day_more).has_errors());
}

BOOST_AUTO_TEST_CASE(a_name_that_another_division_bears_in_the_same_parent_is_a_warning_that_names_it) {
    auto const id = draft("ambiguous", kDay);
    alias(id, kWest, "東村"); // the traditional form of the other village's full name
    auto const found = check(id);
    BOOST_TEST(!found.has_errors());
    BOOST_REQUIRE(found.remarks.size() == 1U);
    BOOST_TEST(found.remarks[0].operation == 1);
    BOOST_TEST(holds(found.remarks[0].message.english, kEast), found.remarks[0].message.english);
    BOOST_TEST(holds(changes::check_text(found, {}, Language::english), "warning: operation 1 (alias)"));
    BOOST_TEST(holds(changes::check_text(found, {}, Language::english), "0 errors, 1 warnings"));
    auto const json = nlohmann::json::parse(changes::check_json(found, {}));
    BOOST_TEST(json["warnings"] == 1);
    BOOST_TEST(json["remarks"].size() == 1U);
    carry_through(id); // who approves has seen it
    auto const other = draft("the same", kDay);
    alias(other, kEast, "旧村");
    carry_through(other);
    auto const both = draft("both", kDay);
    alias(both, kWest, "旧村");
    auto const meets = check(both);
    BOOST_REQUIRE(meets.remarks.size() == 1U);
    BOOST_TEST(holds(meets.remarks[0].message.english, "东村"), meets.remarks[0].message.english);
    auto const elsewhere = draft("elsewhere", kDay);
    alias(elsewhere, "440103000000", "西村"); // a county: its parent is another
    BOOST_TEST(check(elsewhere).remarks.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_division_or_no_new_name_is_refused) {
    auto const id = draft("wrong", kDay);
    auto registry = open();
    ChangeEditor editor{registry, id, "ann"};
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { editor.alias(division("440103001999"), "名", "热线"); }),
                     "no division"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.alias(division(kWest), " ，", "热线"); }), "--name"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.alias(division(kWest), "名", ""); }), "--reason"));
}

BOOST_AUTO_TEST_CASE(its_own_name_is_no_new_name) {
    auto const id = draft("its own", kDay);
    alias(id, kWest, "西村");
    auto const found = check(id);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "called '西村' already"), found.conflicts[0].message.english);
    auto const twice = draft("twice", kDay);
    alias(twice, kWest, "老村");
    alias(twice, kWest, "老村");
    BOOST_REQUIRE(check(twice).conflicts.size() == 1U);
    {
        auto registry = open();
        registry.drop_operation(twice, 2, "ann");
    }
    BOOST_TEST(!check(twice).has_errors());
}

BOOST_AUTO_TEST_CASE(a_new_address_lies_beside_the_imported_ones_in_the_village_of_its_grid) {
    auto const id = draft("a door", kDay);
    address(id, new_address("沙面路9号", {5, 5}));
    carry_through(id);
    auto const stored = open().staff_addresses(kDay);
    BOOST_REQUIRE(stored.size() == 1U);
    BOOST_TEST(stored[0].point.village.str() == kEast);
    BOOST_TEST(stored[0].point.road == "沙面路");
    BOOST_TEST((stored[0].point.at == centre({5, 5})));
    BOOST_TEST(points(kDay) == std::string{kImported} + "staff-1:沙面路9号;");
    import_addresses("a.csv");
    BOOST_TEST(points(kDay) == std::string{kImported} + "staff-1:沙面路9号;");
    (void)publish(kDay, "");
    carry_through(undo(id));
    BOOST_TEST(points(kDay) == kImported);
    BOOST_TEST(points(kDay, 2) == std::string{kImported} + "staff-1:沙面路9号;");
    (void)publish(kDay, "");
}

BOOST_AUTO_TEST_CASE(a_position_outside_every_grid_or_in_another_village_than_said_is_a_conflict) {
    auto const outside = draft("outside", kDay);
    address(outside, new_address("沙面路9号", {50, 5}));
    auto found = check(outside);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "lies in no grid"), found.conflicts[0].message.english);
    BOOST_TEST((status(outside) == DraftStatus::open));
    auto const wrong = draft("wrong village", kDay);
    address(wrong, new_address("沙面路9号", {5, 5}, kWest));
    found = check(wrong);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, std::string{"of village "} + kEast),
               found.conflicts[0].message.english);
    auto const right = draft("right village", kDay);
    address(right, new_address("沙面路9号", {5, 5}, kEast));
    BOOST_TEST(!check(right).has_errors());
}

BOOST_AUTO_TEST_CASE(a_correction_takes_from_the_imported_point_what_it_leaves_out) {
    auto const id = draft("moved", kDay);
    address(id, correction("1", Cell{5, 1}));
    {
        auto registry = open();
        auto const preview = changes::preview(registry, id);
        BOOST_REQUIRE(preview.address_points.size() == 1U);
        auto const& effect = preview.address_points[0];
        BOOST_TEST(effect.grid->str() == "440103001102001");
        BOOST_TEST(effect.imported->text == "沙面路1号");
        BOOST_TEST(effect.imported_grid->str() == "440103001101001");
        auto const text = changes::preview_text(preview, Language::english);
        BOOST_TEST(holds(text, "in 440103001102001, no longer '沙面路1号'"), text);
        auto const json = nlohmann::json::parse(changes::preview_json(preview));
        BOOST_TEST(json["address_points"][0]["imported"]["grid"] == "440103001101001");
        BOOST_TEST(json["address_points"][0]["corrects"]["source"] == "a.csv");
    }
    carry_through(id);
    auto const point = open().staff_addresses(kDay).front().point;
    BOOST_TEST(point.id == "1");
    BOOST_TEST(point.text == "沙面路1号");
    BOOST_TEST(point.number == "1号");
    BOOST_TEST(point.village.str() == kEast);
    BOOST_TEST((point.at == centre({5, 1})));
    auto const renamed = draft("renamed", kDay);
    address(renamed, correction("2", std::nullopt, "沙面路2号之一"));
    carry_through(renamed);
    BOOST_TEST(points(kDay) == "1:沙面路1号;2:沙面路2号之一;");
    auto const after = open().staff_addresses(kDay);
    BOOST_REQUIRE(after.size() == 2U);
    BOOST_TEST(after[1].point.number == "", "a new text brings its own parts");
    BOOST_TEST(after[1].point.road == "");
    import_addresses("a.csv"); // survives
    BOOST_TEST(points(kDay) == "1:沙面路1号;2:沙面路2号之一;");
    BOOST_TEST(points(kStart) == kImported);
    carry_through(undo(renamed));
    BOOST_TEST(points(kDay) == "2:沙面路2号;1:沙面路1号;");
}

BOOST_AUTO_TEST_CASE(a_point_is_corrected_by_one_change_set_at_a_time) {
    auto const first = draft("first", kDay);
    address(first, correction("1", Cell{1, 2}));
    auto const second = draft("second", kDay);
    address(second, correction("1", Cell{1, 3}));
    BOOST_TEST(!check(second).has_errors());
    {
        auto registry = open();
        changes::approve(registry, second, "chief");
    }
    carry_through(first);
    {
        auto registry = open(); // approved, but what lies round it is another now
        auto const why = refusal(ErrorCode::data_rejected, [&] { changes::apply(registry, second, "ann", progress); });
        BOOST_TEST(holds(why, "change set 1 'first'"), why);
    }
    BOOST_TEST((status(second) == DraftStatus::open));
    carry_through(undo(first));
    carry_through(second);
    // The undo of an undo would put a second correction in the same place.
    auto const redoing = undo(3);
    auto const found = check(redoing);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'second'"), found.conflicts[0].message.english);
}

BOOST_AUTO_TEST_CASE(which_point_is_meant_must_be_clear) {
    auto const id = draft("which", kDay);
    import_addresses("b.csv");
    auto registry = open();
    ChangeEditor editor{registry, id, "ann"};
    BOOST_TEST(holds(refusal(ErrorCode::not_found,
                             [&] {
                                 editor.address(correction("7", Cell{1, 1}), "现场");
                             }),
                     "'7'"));
    auto const why = refusal(ErrorCode::data_rejected, [&] { editor.address(correction("1", Cell{1, 2}), "现场"); });
    BOOST_TEST(holds(why, "a.csv and b.csv"), why);
    auto one = correction("1", Cell{1, 2});
    one.source = "b.csv";
    BOOST_TEST(editor.address(one, "现场").operation.address->corrects->source == "b.csv");
    one.at = centre({1, 1});
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { editor.address(one, "现场"); }), "says that already"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.address(new_address("", {1, 1}), "现场"); }), "--text"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.address(new_address("路1号", {1, 1}), ""); }), "--reason"));
    auto nowhere = new_address("路1号", {1, 1});
    nowhere.at.reset();
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.address(nowhere, "现场"); }), "--at"));
}

BOOST_AUTO_TEST_CASE(a_point_that_its_file_no_longer_has_is_a_warning) {
    auto const id = draft("gone", kDay);
    address(id, correction("1", Cell{1, 2}));
    {
        auto registry = open();
        SourceFileOf const source{"a.csv"};
        registry.apply_addresses([](registry::AddressPoint&) { return false; }, "importer", {&source.file, 1},
                                 progress);
    }
    auto const found = check(id);
    BOOST_TEST(!found.has_errors());
    BOOST_REQUIRE(found.remarks.size() == 1U);
    BOOST_TEST(holds(found.remarks[0].message.english, "no more"), found.remarks[0].message.english);
}

BOOST_AUTO_TEST_CASE(a_retired_point_is_found_before_its_day_and_by_older_generations_and_an_undo_brings_it_back) {
    auto const id = draft("torn down", kDay);
    retire(id, "1");
    {
        auto registry = open();
        auto const preview = changes::preview(registry, id);
        BOOST_REQUIRE(preview.retired_addresses.size() == 1U);
        BOOST_TEST(preview.retired_addresses[0].grid->str() == "440103001101001");
        auto const text = changes::preview_text(preview, Language::english);
        BOOST_TEST(holds(text, "no longer found: '沙面路1号' at "), text);
        BOOST_TEST(holds(text, "in 440103001101001"), text);
        auto const json = nlohmann::json::parse(changes::preview_json(preview));
        BOOST_TEST(json["retired_addresses"][0]["id"] == "1");
        BOOST_TEST(json["retired_addresses"][0]["source"] == "a.csv");
        BOOST_TEST(json["retired_addresses"][0]["point"]["grid"] == "440103001101001");
        BOOST_TEST(json["retired_addresses"][0]["withdrawn"] == false);
        BOOST_TEST(holds(changes::operation_text(registry.operations(id).front(), Language::english),
                         "retire_address '沙面路1号'"));
    }
    BOOST_TEST(points(kDay) == kImported, "a change set being made changes nothing");
    auto const found = check(id);
    BOOST_TEST(!found.has_errors());
    BOOST_REQUIRE(found.days.size() == 1U);
    {
        auto registry = open(); // by somebody else than the editor
        BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { changes::approve(registry, id, "ann"); }),
                         "somebody else must approve it"));
    }
    carry_through(id);
    BOOST_TEST(points(kDay) == "2:沙面路2号;");
    BOOST_TEST(points(kDay.next()) == "2:沙面路2号;");
    BOOST_TEST(points(Date{kDay.days() - 1}) == kImported);
    BOOST_TEST(points(kDay, 1) == kImported);
    import_addresses("a.csv");
    BOOST_TEST(points(kDay) == "2:沙面路2号;", "imported again it comes back");
    BOOST_TEST(publish(kDay, "").generation.number == 2);
    auto const undoing = undo(id);
    {
        auto registry = open();
        auto const text = changes::preview_text(changes::preview(registry, undoing), Language::english);
        BOOST_TEST(holds(text, "address found again: '沙面路1号' at "), text);
    }
    carry_through(undoing);
    BOOST_TEST(points(kDay) == kImported);
    BOOST_TEST(points(kDay, 2) == "2:沙面路2号;");
    carry_through(undo(undoing));
    BOOST_TEST(points(kDay) == "2:沙面路2号;");
    BOOST_TEST(points(Date{kDay.days() - 1}) == kImported);
}

BOOST_AUTO_TEST_CASE(a_point_is_retired_until_a_day_or_found_again_from_a_day_on) {
    auto const id = draft("closed for a while", kDay, kLater);
    retire(id, "2");
    carry_through(id);
    BOOST_TEST(points(kDay) == "1:沙面路1号;");
    BOOST_TEST(points(kLater) == kImported);
    auto const again = draft("closed again", kLater);
    retire(again, "2");
    BOOST_TEST(!check(again).has_errors()); // no day in common
    carry_through(again);
    auto const overlapping = draft("overlapping", day("2024-08-01"));
    retire(overlapping, "2");
    auto const found = check(overlapping);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'closed for a while'"), found.conflicts[0].message.english);
    // From a day on alone.
    auto const reopened = undo(again, day("2025-01-01"));
    carry_through(reopened);
    BOOST_TEST(points(kLater) == "1:沙面路1号;");
    BOOST_TEST(points(day("2025-01-01")) == kImported);
    // The undo of that, from a still later day on.
    carry_through(undo(reopened, day("2026-01-01")));
    BOOST_TEST(points(day("2025-06-01")) == kImported);
    BOOST_TEST(points(day("2026-01-01")) == "1:沙面路1号;");
}

BOOST_AUTO_TEST_CASE(retiring_a_corrected_point_hides_it_and_its_correction) {
    auto const correcting = draft("moved", kDay);
    address(correcting, correction("1", Cell{5, 1}, "沙面路1号之一"));
    carry_through(correcting);
    auto const retiring = draft("torn down", kLater);
    retire(retiring, "1");
    {
        auto registry = open();
        auto const preview = changes::preview(registry, retiring);
        BOOST_TEST(preview.retired_addresses.at(0).point->text == "沙面路1号之一");
        BOOST_TEST(preview.retired_addresses.at(0).grid->str() == "440103001102001");
    }
    carry_through(retiring);
    BOOST_TEST(points(kDay) == "2:沙面路2号;1:沙面路1号之一;");
    BOOST_TEST(points(kLater) == "2:沙面路2号;");
    // What is retired is not corrected on those days.
    auto const late = draft("late", day("2025-01-01"));
    address(late, correction("1", Cell{1, 2}));
    auto const found = check(late);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'torn down'"), found.conflicts[0].message.english);
    // Without the correction the imported point stays hidden.
    carry_through(undo(correcting));
    BOOST_TEST(points(kDay) == kImported);
    BOOST_TEST(points(kLater) == "2:沙面路2号;");
    carry_through(undo(retiring));
    BOOST_TEST(points(kLater) == kImported);
}

BOOST_AUTO_TEST_CASE(a_point_of_staff_keeps_its_id_and_is_retired_by_it) {
    auto const id = draft("a door", kDay);
    address(id, new_address("沙面路9号", {5, 5}));
    carry_through(id);
    auto const retiring = draft("torn down", kLater);
    retire(retiring, "staff-1");
    carry_through(retiring);
    BOOST_TEST(points(kDay) == std::string{kImported} + "staff-1:沙面路9号;");
    BOOST_TEST(points(kLater) == kImported);
    // Taken back from a day on it is another row, but the same point.
    auto const undoing = undo(id, day("2025-01-01"));
    carry_through(undoing);
    BOOST_TEST(points(kDay) == std::string{kImported} + "staff-1:沙面路9号;");
    BOOST_TEST(points(kLater) == kImported);
    carry_through(undo(undoing));
    BOOST_TEST(points(day("2025-06-01")) == kImported);
    carry_through(undo(retiring));
    BOOST_TEST(points(day("2025-06-01")) == std::string{kImported} + "staff-1:沙面路9号;");
    auto const other = draft("before it was there", kStart);
    auto registry = open();
    BOOST_TEST(holds(refusal(ErrorCode::not_found,
                             [&] { ChangeEditor(registry, other, "ann").retire_address("staff-1", "", "拆"); }),
                     "'staff-1'"));
}

BOOST_AUTO_TEST_CASE(a_point_that_says_something_else_than_when_it_was_retired_is_a_conflict) {
    auto const id = draft("torn down", kDay);
    retire(id, "1");
    import_addresses("a.csv", "号院"); // the id names another door now
    auto const found = check(id);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'沙面路1号院' now, not '沙面路1号'"),
               found.conflicts[0].message.english);
    import_addresses("a.csv");
    BOOST_TEST(!check(id).has_errors());
    {
        auto registry = open();
        SourceFileOf const source{"a.csv"};
        registry.apply_addresses([](registry::AddressPoint&) { return false; }, "importer", {&source.file, 1},
                                 progress);
    }
    auto const gone = check(id);
    BOOST_TEST(!gone.has_errors());
    BOOST_REQUIRE(gone.remarks.size() == 1U);
    BOOST_TEST(holds(gone.remarks[0].message.english, "no more"), gone.remarks[0].message.english);
    carry_through(id);
    import_addresses("a.csv");
    BOOST_TEST(points(kDay) == "2:沙面路2号;");
}

BOOST_AUTO_TEST_CASE(two_change_sets_that_retire_a_point_meet) {
    auto const first = draft("first", kDay);
    retire(first, "1");
    auto const second = draft("second", kDay);
    retire(second, "1");
    retire(second, "2");
    BOOST_TEST(!check(second).has_errors());
    {
        auto registry = open();
        changes::approve(registry, second, "chief");
    }
    carry_through(first);
    {
        auto registry = open(); // approved, but what lies round it is another now
        auto const why = refusal(ErrorCode::data_rejected, [&] { changes::apply(registry, second, "ann", progress); });
        BOOST_TEST(holds(why, "change set 1 'first'"), why);
    }
    carry_through(undo(first));
    carry_through(second);
    BOOST_TEST(points(kDay).empty());
    auto const found = check(undo(3)); // would retire the point a second time
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'second'"), found.conflicts[0].message.english);
    auto const twice = draft("twice", day("2020-01-01"), day("2020-02-01"));
    retire(twice, "1");
    retire(twice, "1");
    BOOST_REQUIRE(check(twice).conflicts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_undone_from_a_later_day_on_is_undone_as_a_whole_afterwards) {
    auto const id = draft("seen", kDay);
    alias(id, kWest, "老西村");
    address(id, new_address("沙面路9号", {5, 5}));
    address(id, correction("2", Cell{5, 1}, "沙面路2号之一"));
    retire(id, "1");
    carry_through(id);
    auto const as_found = std::string{kImported};
    auto const as_left = std::string{"staff-1:沙面路9号;2:沙面路2号之一;"};
    BOOST_TEST(points(kLater) == as_left);
    auto const partly = undo(id, kLater);
    carry_through(partly);
    BOOST_TEST(names(kLater.next()).empty());
    BOOST_TEST(points(kLater) == as_found);
    BOOST_TEST(points(Date{kLater.days() - 1}) == as_left);
    BOOST_TEST(names(Date{kLater.days() - 1}) == std::string{kWest} + "老西村;");
    // From a day between on, then as a whole: each takes back what is left.
    auto const between = day("2024-07-01");
    carry_through(undo(id, between));
    BOOST_TEST(points(between) == as_found);
    BOOST_TEST(points(kDay) == as_left);
    auto const whole = undo(id);
    BOOST_TEST((open().draft(whole).days == DateInterval{kDay, kForever}));
    carry_through(whole);
    for (auto const on : {kDay, between, kLater, day("2025-01-01")}) {
        BOOST_TEST(points(on) == as_found, on.str());
        BOOST_TEST(names(on).empty(), on.str());
    }
    // There is nothing left of it then, and that is said.
    auto const again = undo(id);
    auto const found = check(again);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(holds(found.conflicts[0].message.english, "changes nothing"), found.conflicts[0].message.english);
    // Each undo is undone on the days that it changed, and on no others.
    carry_through(undo(partly));
    BOOST_TEST(points(kDay) == as_found);
    BOOST_TEST(points(Date{kLater.days() - 1}) == as_found);
    BOOST_TEST(points(kLater) == as_left);
    BOOST_TEST(names(kLater) == std::string{kWest} + "老西村;");
    carry_through(undo(id)); // given again by the undo of an undo, it is still what that change set left
    BOOST_TEST(points(kLater) == as_found);
    BOOST_TEST(names(kLater).empty());
}

BOOST_AUTO_TEST_CASE(an_undo_from_a_later_day_on_is_undone_from_that_day_on) {
    auto const id = draft("for a while", kDay, day("2024-12-01"));
    retire(id, "1");
    carry_through(id);
    auto const partly = undo(id, kLater);
    carry_through(partly);
    auto const redoing = undo(partly);
    BOOST_TEST((open().draft(redoing).days == DateInterval{kLater, day("2024-12-01")}));
    {
        auto registry = open();
        auto const preview = changes::preview(registry, redoing);
        BOOST_REQUIRE(preview.retired_addresses.size() == 1U); // until then nothing changes
        BOOST_TEST(!preview.retired_addresses[0].withdrawn);
    }
    carry_through(redoing);
    for (auto const* const on : {"2024-06-01", "2024-08-31", "2024-09-01", "2024-11-30"}) {
        BOOST_TEST(points(day(on)) == "2:沙面路2号;", on);
    }
    BOOST_TEST(points(day("2024-12-01")) == kImported);
    auto registry = open();
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { changes::undo(registry, id, "ben", day("2024-12-01")); }),
                     "it ended on 2024-12-01"));
}

BOOST_AUTO_TEST_CASE(a_name_that_somebody_gave_again_since_is_not_given_twice_by_the_undo_of_an_undo) {
    auto const id = draft("first", kDay);
    alias(id, kWest, "老西村");
    carry_through(id);
    auto const undoing = undo(id);
    carry_through(undoing);
    auto const second = draft("second", kLater);
    {
        auto registry = open();
        ChangeEditor{registry, second, "ann"}.alias(division(kWest), "老西村", "另有人说");
    }
    carry_through(second);
    auto const redoing = undo(undoing);
    auto found = check(redoing);
    BOOST_REQUIRE(found.conflicts.size() == 1U);
    BOOST_TEST(
        holds(found.conflicts[0].message.english, "the name '老西村' of 440103001101 is no longer as that left it"),
        found.conflicts[0].message.english);
    BOOST_TEST(holds(found.conflicts[0].message.english, "'second' changed it; undo the later change first"),
               found.conflicts[0].message.english);
    BOOST_TEST(holds(found.conflicts[0].message.chinese, "请先撤销后来的变更"), found.conflicts[0].message.chinese);
    carry_through(undo(second));
    carry_through(redoing);
    BOOST_TEST(names(kLater) == std::string{kWest} + "老西村;");
}

BOOST_AUTO_TEST_CASE(which_point_is_retired_must_be_clear) {
    auto const id = draft("which", kDay);
    import_addresses("b.csv");
    auto registry = open();
    ChangeEditor editor{registry, id, "ann"};
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { editor.retire_address("7", "", "拆"); }), "'7'"));
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { editor.retire_address("1", "c.csv", "拆"); }), "in c.csv"));
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { editor.retire_address("1", "staff", "拆"); }), "in staff"));
    auto const why = refusal(ErrorCode::data_rejected, [&] { editor.retire_address("1", "", "拆"); });
    BOOST_TEST(holds(why, "a.csv and b.csv"), why);
    BOOST_TEST(editor.retire_address("1", "b.csv", "拆").operation.retirement->which.source == "b.csv");
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.retire_address("1", "a.csv", ""); }), "--reason"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { editor.retire_address("", "", "拆"); }), "--id"));
}

BOOST_AUTO_TEST_CASE(a_grid_that_moves_under_an_address_asks_for_another_check) {
    auto const id = draft("a door", kDay);
    address(id, new_address("沙面路9号", {3, 3}));
    BOOST_TEST(!check(id).has_errors());
    auto const boundary = draft("boundary", kDay);
    {
        auto registry = open();
        ChangeEditor editor{registry, boundary, "ann"};
        editor.reshape(code("440103001101002"), area_of(box(2, 0, 3, 6)));
        editor.reshape(code("440103001102001"), area_of(box(3, 0, 6, 6)));
    }
    carry_through(boundary);
    {
        auto registry = open();
        BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { changes::approve(registry, id, "chief"); }),
                         "has changed since it was checked"));
    }
    carry_through(id);
    BOOST_TEST(open().staff_addresses(kDay).front().point.village.str() == kEast);
}

BOOST_AUTO_TEST_SUITE_END()
