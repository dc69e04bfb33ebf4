#include "board.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace wangge;
using namespace wangge::test;
using changes::ChangeEditor;

namespace {

Date const kDay = day("2024-06-01");
Date const kLater = day("2024-09-01");

/// West, middle and east of twelve cells each, and addresses in the middle of cells.
struct Addressed : Board {
    Addressed() {
        import_columns();
        (void)publish(kStart);
        std::vector<Registry::AddressPoint> points;
        for (auto const& [cell, count] : std::map<Cell, int>{
                 {{0, 0}, 1}, {{1, 5}, 2}, {{2, 3}, 4}, {{3, 3}, 1}, {{4, 0}, 3}, {{5, 1}, 2}, {{5, 4}, 6}}) {
            for (int i = 0; i < count; ++i) {
                auto at = centre(cell);
                at.lon += i;
                auto const id = std::to_string(points.size());
                points.push_back({id, "某路" + id, division(kWest), "", "", "", "", "", "", at});
            }
        }
        std::vector<registry::SourceFile> const source{{"addresses.csv", sha256("x"), 1, "", ""}};
        std::size_t next = 0;
        open().apply_addresses(
            [&](Registry::AddressPoint& point) {
                if (next == points.size()) {
                    return false;
                }
                point = points[next++];
                return true;
            },
            "gis", source, progress);
    }
    /// The steps that the change set has recorded of the grid's ground, in both directions, each once.
    [[nodiscard]] std::vector<registry::LineageStep> steps(std::string const& grid, std::int64_t change_set) const {
        auto const trail = open().lineage(code(grid));
        std::vector<registry::LineageStep> list;
        for (auto const* const side : {&trail.from, &trail.to}) {
            for (auto const& step : *side) {
                bool const known = std::ranges::any_of(list, [&](auto const& other) {
                    return other.ground.predecessor == step.ground.predecessor &&
                           other.ground.successor == step.ground.successor;
                });
                if (step.change.change_set == change_set && !known) {
                    list.push_back(step);
                }
            }
        }
        return list;
    }
    struct Expected {
        std::string from, to;
        int cells, of_from, of_to; ///< a cell is 1000 x 1000 units: 113.537 m2
        std::uint64_t addresses, before, after;
    };
    void expect(std::string const& grid, std::int64_t change_set, std::vector<Expected> const& expected,
                Date effective) {
        auto const found = steps(grid, change_set);
        BOOST_REQUIRE_EQUAL(found.size(), expected.size());
        auto const exactly = boost::test_tools::tolerance(1e-5); // a row is some 4e-6 wider than that north of it
        for (auto const& one : expected) {
            BOOST_TEST_CONTEXT(one.from << " -> " << one.to) {
                auto const step = std::ranges::find_if(found, [&](auto const& s) {
                    return s.ground.predecessor.str() == one.from && s.ground.successor.str() == one.to;
                });
                BOOST_REQUIRE((step != found.end()));
                BOOST_TEST(step->ground.area_m2 == one.cells * 113.5373, exactly);
                BOOST_TEST(step->ground.share_of_predecessor == static_cast<double>(one.cells) / one.of_from, exactly);
                BOOST_TEST(step->ground.share_of_successor == static_cast<double>(one.cells) / one.of_to, exactly);
                BOOST_TEST(step->ground.addresses == one.addresses);
                BOOST_TEST(step->ground.predecessor_addresses == one.before);
                BOOST_TEST(step->ground.successor_addresses == one.after);
                BOOST_TEST((step->effective == effective));
            }
        }
    }
    std::string const west = "440103001101001", middle = "440103001101002", east = "440103001102001";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(change_set_lineage, Addressed)

BOOST_AUTO_TEST_CASE(a_split_hands_each_part_its_share_of_area_and_of_addresses) {
    auto const id = draft("split", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.split(
            code(east), {{area_of(box(4, 0, 6, 2)), "南", {}}, {area_of(box(4, 2, 6, 6)), "北", {}}}, false);
    }
    auto const change_set = carry_through(id);
    std::string const south = "440103001102002", north = "440103001102003";
    expect(east, change_set, {{east, south, 4, 12, 4, 5, 11, 5}, {east, north, 8, 12, 8, 6, 11, 6}}, kDay);
    BOOST_TEST(!steps(south, change_set).front().generation);
    (void)publish(kDay, "");
    BOOST_TEST((steps(south, change_set).front().generation == GenerationNumber{2}));
    BOOST_TEST(steps(west, change_set).empty());
}

BOOST_AUTO_TEST_CASE(a_split_that_keeps_the_code_says_what_stays) {
    auto const id = draft("split", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.split(
            code(east), {{area_of(box(4, 0, 6, 2)), "南", {}}, {area_of(box(4, 2, 6, 6)), "北", {}}}, true);
    }
    auto const change_set = carry_through(id);
    expect(east, change_set, {{east, east, 8, 12, 8, 6, 11, 6}, {east, "440103001102002", 4, 12, 4, 5, 11, 5}}, kDay);
}

BOOST_AUTO_TEST_CASE(a_merge_takes_all_of_both) {
    auto const id = draft("merge", kDay);
    {
        auto registry = open();
        std::vector<GridCode> const both{code(west), code(middle)};
        ChangeEditor{registry, id, "ann"}.merge(both, std::nullopt, "合", std::nullopt);
    }
    auto const change_set = carry_through(id);
    std::string const merged = "440103001101003";
    expect(merged, change_set, {{west, merged, 12, 12, 24, 3, 3, 8}, {middle, merged, 12, 12, 24, 5, 5, 8}}, kDay);
}

struct MovingColumn : Addressed {
    /// The western column of middle goes to west.
    std::int64_t move(Date from, Date until = kForever) {
        auto const id = draft("column", from, until);
        {
            auto registry = open();
            ChangeEditor editor{registry, id, "ann"};
            editor.reshape(code(west), area_of(box(0, 0, 3, 6)));
            editor.reshape(code(middle), area_of(box(3, 0, 4, 6)));
        }
        return carry_through(id);
    }
    void expect_the_column(std::int64_t change_set, Date effective) {
        expect(middle, change_set, {{middle, west, 6, 12, 18, 4, 5, 7}, {middle, middle, 6, 12, 6, 1, 5, 1}},
               effective);
        BOOST_TEST(steps(west, change_set).size() == 2U);
    }
};

BOOST_FIXTURE_TEST_CASE(ground_that_moves_from_one_grid_to_another_is_told_of_both, MovingColumn) {
    auto const change_set = move(kDay);
    expect_the_column(change_set, kDay);
    expect(west, change_set, {{west, west, 12, 12, 18, 3, 3, 7}, {middle, west, 6, 12, 18, 4, 5, 7}}, kDay);
    (void)publish(kDay, "");
    expect_the_column(change_set, kDay);
}

BOOST_FIXTURE_TEST_CASE(a_change_of_a_day_to_come_has_its_lineage_on_that_day, MovingColumn) {
    auto const change_set = move(day("2099-01-01"));
    expect_the_column(change_set, day("2099-01-01"));
    (void)publish(kDay, "");
    expect_the_column(change_set, day("2099-01-01"));
}

BOOST_FIXTURE_TEST_CASE(a_change_that_ends_has_the_lineage_of_its_first_day_alone, MovingColumn) {
    auto const change_set = move(kDay, kLater);
    expect_the_column(change_set, kDay);
    // Undone from some day on it is put back from that day to its end.
    std::int64_t undoing = 0;
    {
        auto registry = open();
        undoing = changes::undo_applied(registry, change_set, "ben", day("2024-07-01"));
    }
    auto const back = carry_through(undoing);
    expect(middle, back,
           {{west, middle, 6, 18, 12, 4, 7, 5}, {middle, middle, 6, 6, 12, 1, 1, 5}, {west, west, 12, 18, 12, 3, 7, 3}},
           day("2024-07-01"));
}

BOOST_AUTO_TEST_CASE(names_and_villages_move_no_ground) {
    auto const id = draft("name", kDay);
    {
        auto registry = open();
        ChangeEditor{registry, id, "ann"}.rename(code(west), "西");
    }
    auto const change_set = carry_through(id);
    BOOST_TEST(steps(west, change_set).empty());
}

BOOST_AUTO_TEST_SUITE_END()
