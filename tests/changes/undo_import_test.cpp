#include "board.hpp"

#include <boost/test/unit_test.hpp>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;
using registry::ChangeKind;

namespace {

Date const kDay = day("2024-06-01");

template <class F>
std::string refusal(ErrorCode expected, F&& f) {
    try {
        f();
    } catch (Error const& error) {
        BOOST_TEST((error.code() == expected), error.what());
        return error.what();
    }
    BOOST_ERROR("nothing was refused");
    return {};
}

bool holds(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

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

BOOST_AUTO_TEST_CASE(what_is_no_import_of_grids_is_refused) {
    BOOST_TEST(holds(refusal(ErrorCode::not_found, [&] { undo(99); }), "no import or change set 99"));
    BOOST_TEST(holds(refusal(ErrorCode::data_rejected, [&] { undo(1); }), "divisions")); // the board's own
}

BOOST_AUTO_TEST_SUITE_END()
