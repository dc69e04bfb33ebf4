#include "small_province.hpp"

#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <map>
#include <optional>

using namespace wangge;
using namespace wangge::test;

namespace {

std::string const kCode = "440507001001001";

std::string name_on(Registry const& registry, char const* date,
                    std::optional<GenerationNumber> known_at = std::nullopt) {
    auto const state = state_of(registry, day(date), known_at);
    return state.grids.empty() ? "" : state.grids.front().name;
}

Grid named(std::string const& name) {
    auto grid = small_grid(kCode, 0);
    grid.name = name;
    return grid;
}

// ---- a model that shares nothing with the registry: one cell for each grid, day and generation.

constexpr int kDays =
    24; ///< the first one stands for every earlier day, the last for every later one: no change begins there
Date const kFirstDay = day("2024-01-01");

struct Cell {
    int stamp = 0; ///< which write filled it: cells of one stamp that lie together are one row
    std::string name;
    std::string village;
    int column = 0;
    bool operator==(Cell const&) const = default;
};
using Calendar = std::map<std::string, std::array<std::optional<Cell>, kDays>>;

struct Model {
    std::map<GenerationNumber, Calendar> published{{0, {}}};
    Calendar draft;
    int stamps = 0;

    /// New content from day `from` to the end of the stamp that held it.
    void change(std::string const& code, int from, Cell cell) {
        auto& cells = draft.at(code);
        auto const held = cells[static_cast<std::size_t>(from)]->stamp;
        cell.stamp = ++stamps;
        for (auto d = static_cast<std::size_t>(from); d < kDays && cells[d] && cells[d]->stamp == held; ++d) {
            cells[d] = cell;
        }
    }
    void add(std::string const& code, int from, Cell cell) {
        cell.stamp = ++stamps;
        for (auto d = static_cast<std::size_t>(from); d < kDays; ++d) {
            draft[code][d] = cell;
        }
    }
    void retire(std::string const& code, int from) {
        for (auto d = static_cast<std::size_t>(from); d < kDays; ++d) {
            draft[code][d].reset();
        }
    }
};

/// Is there a row of the calendar that begins or ends between `d - 1` and `d`?
bool boundary_before(Calendar const& calendar, int d) {
    for (auto const& [code, cells] : calendar) {
        auto const& a = cells[static_cast<std::size_t>(d) - 1];
        auto const& b = cells[static_cast<std::size_t>(d)];
        if (a.has_value() != b.has_value() || (a && a->stamp != b->stamp)) {
            return true;
        }
    }
    return false;
}

void compare(Registry const& registry, Calendar const& calendar, GenerationNumber known_at) {
    for (int d = 0; d < kDays; ++d) {
        auto const state = state_of(registry, Date{kFirstDay.days() + d}, known_at);
        std::vector<std::string> expected;
        std::vector<std::string> got;
        for (auto const& [code, cells] : calendar) {
            if (auto const& cell = cells[static_cast<std::size_t>(d)]) {
                expected.push_back(code + " " + cell->name + " " + cell->village + " " +
                                   std::to_string(1'167'000'000 + cell->column * 100'000));
            }
        }
        for (auto const& grid : state.grids) {
            got.push_back(std::string{grid.code.str()} + " " + grid.name + " " + grid.village.str() + " " +
                          std::to_string(grid.shape.parts.at(0).outer.at(0).lon));
        }
        BOOST_TEST_CONTEXT("generation " << known_at << " day " << d) {
            BOOST_REQUIRE_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
        }
        int from = d;
        while (from > 0 && !boundary_before(calendar, from)) {
            --from;
        }
        int to = d + 1;
        while (to < kDays && !boundary_before(calendar, to)) {
            ++to;
        }
        // The divisions hold from 2020-01-01 on, the last day of the model for ever.
        auto const expected_from = from == 0 ? day("2020-01-01") : Date{kFirstDay.days() + from};
        auto const expected_to = to == kDays ? kForever : Date{kFirstDay.days() + to};
        BOOST_TEST_CONTEXT("generation " << known_at << " day " << d) {
            BOOST_REQUIRE_EQUAL(state.unchanged.from.str(), expected_from.str());
            BOOST_REQUIRE_EQUAL(state.unchanged.to.str(), expected_to.str());
        }
    }
}

std::map<std::string, std::string> facts_on(Calendar const& calendar, int d) {
    std::map<std::string, std::string> facts;
    for (auto const& [code, cells] : calendar) {
        if (auto const& cell = cells[static_cast<std::size_t>(d)]) {
            facts[code] = cell->name + " " + cell->village + " " + std::to_string(cell->column);
        }
    }
    return facts;
}

std::string facts_of(Grid const& grid) {
    return grid.name + " " + grid.village.str() + " " +
           std::to_string((grid.shape.parts.at(0).outer.at(0).lon - 1'167'000'000) / 100'000);
}

/// Any two days and generations: what the difference puts and removes makes the one from the other.
void compare_differences(Registry const& registry, Model const& model, GenerationNumber newest, Random& random) {
    auto const calendar = [&](GenerationNumber known_at) -> Calendar const& {
        return known_at > newest ? model.draft : model.published.at(known_at);
    };
    for (int i = 0; i < 20; ++i) {
        auto const known_before = static_cast<GenerationNumber>(random.between(0, newest + 1));
        auto const known_after = static_cast<GenerationNumber>(random.between(0, newest + 1));
        auto const day_before = static_cast<int>(random.between(0, kDays - 1));
        auto const day_after = random.between(0, 1) == 0 ? day_before : static_cast<int>(random.between(0, kDays - 1));
        StateName const before{Date{kFirstDay.days() + day_before}, known_before};
        StateName const after{Date{kFirstDay.days() + day_after}, known_after};
        auto const difference = registry.difference(before, after, 1000);
        BOOST_REQUIRE(difference.has_value());
        BOOST_TEST(difference->divisions_differ == ((known_before == 0) != (known_after == 0)));
        auto made = facts_on(calendar(known_before), day_before);
        for (auto const& code : difference->gone) {
            BOOST_REQUIRE(made.erase(std::string{code.str()}) == 1U);
        }
        for (auto const& grid : difference->put) {
            made[std::string{grid.code.str()}] = facts_of(grid);
        }
        BOOST_TEST((made == facts_on(calendar(known_after), day_after)));
        if (known_after > 0) {
            BOOST_TEST((difference->unchanged == state_of(registry, after.as_of, known_after).unchanged));
        }
        auto const concerned = difference->put.size() + difference->gone.size();
        BOOST_TEST((concerned == 0 || !registry.difference(before, after, concerned - 1).has_value()));
    }
}

/// On every day the published facts, less the superseded ones, plus the recorded ones are those of the draft.
void compare_draft(Registry const& registry, Calendar const& published, Calendar const& draft) {
    auto const versions = registry.draft_versions(1000);
    BOOST_REQUIRE(versions.has_value());
    auto const columns = [](Calendar const& calendar, int d) {
        std::multimap<std::string, std::int32_t> list;
        for (auto const& [code, cells] : calendar) {
            if (auto const& cell = cells[static_cast<std::size_t>(d)]) {
                list.emplace(code, cell->column);
            }
        }
        return list;
    };
    for (int d = 0; d < kDays; ++d) {
        auto made = columns(published, d);
        for (bool const opened : {false, true}) {
            for (auto const& version : *versions) {
                if (version.opened == opened && version.valid.holds(Date{kFirstDay.days() + d})) {
                    auto const code = std::string{version.code.str()};
                    if (opened) {
                        made.emplace(code, (version.shape.parts.at(0).outer.at(0).lon - 1'167'000'000) / 100'000);
                    } else {
                        BOOST_REQUIRE(made.erase(code) == 1U);
                    }
                }
            }
        }
        BOOST_TEST((made == columns(draft, d)));
    }
    BOOST_TEST((versions->empty() || !registry.draft_versions(versions->size() - 1).has_value()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(two_times)

BOOST_AUTO_TEST_CASE(a_change_ends_the_old_content_and_leaves_scheduled_content_alone) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    apply(registry, day("2024-01-01"), {change_of(named("a"), {ChangeKind::added})});
    apply(registry, day("2024-06-01"), {change_of(named("c"), {ChangeKind::renamed})}); // scheduled
    apply(registry, day("2024-03-01"), {change_of(named("b"), {ChangeKind::renamed})}); // in between
    BOOST_TEST(name_on(registry, "2023-12-31") == "");
    BOOST_TEST(name_on(registry, "2024-01-01") == "a");
    BOOST_TEST(name_on(registry, "2024-02-29") == "a");
    BOOST_TEST(name_on(registry, "2024-03-01") == "b");
    BOOST_TEST(name_on(registry, "2024-05-31") == "b");
    BOOST_TEST(name_on(registry, "2024-06-01") == "c");
    BOOST_TEST(name_on(registry, "2034-06-01") == "c");
    auto const history = registry.history(grid_of(kCode));
    BOOST_REQUIRE(history.size() == 3U); // one unpublished draft: replaced outright
    BOOST_TEST(history[1].valid.from.str() == "2024-03-01");
    BOOST_TEST(history[1].valid.to.str() == "2024-06-01");
    BOOST_TEST(!history[1].recorded_to.has_value());
}

BOOST_AUTO_TEST_CASE(what_a_generation_knew_stays_known_after_a_correction_of_the_past) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    apply(registry, day("2024-01-01"), {change_of(named("wrong"), {ChangeKind::added})});
    registry.publish("gis", "chief", sha256("1"));
    apply(registry, day("2024-01-01"), {change_of(named("right"), {ChangeKind::renamed})});
    BOOST_TEST(name_on(registry, "2024-05-01", 1) == "wrong");
    BOOST_TEST(name_on(registry, "2024-05-01", 2) == "right"); // the draft
    BOOST_TEST(name_on(registry, "2024-05-01") == "right");
    registry.publish("gis", "chief", sha256("2"));
    BOOST_TEST(name_on(registry, "2024-05-01", 1) == "wrong");
    BOOST_TEST(name_on(registry, "2024-05-01", 0) == "");
    auto const history = registry.history(grid_of(kCode));
    BOOST_REQUIRE(history.size() == 2U);
    BOOST_TEST(history[0].recorded_from == 1);
    BOOST_TEST((history[0].recorded_to == GenerationNumber{2}));
    BOOST_TEST(history[1].recorded_from == 2);
    BOOST_CHECK_EXCEPTION(state_of(registry, day("2024-05-01"), 4), Error,
                          [](Error const& e) { return e.code() == ErrorCode::not_found; });
    BOOST_CHECK_EXCEPTION(state_of(registry, day("2024-05-01"), -1), Error,
                          [](Error const& e) { return e.code() == ErrorCode::not_found; });
}

BOOST_AUTO_TEST_CASE(a_retired_grid_holds_before_its_last_day_only) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    apply(registry, day("2024-01-01"), {change_of(named("a"), {ChangeKind::added})});
    apply(registry, day("2024-06-01"), {change_of(named("b"), {ChangeKind::renamed})});
    registry.publish("gis", "chief", sha256("1"));
    apply(registry, day("2024-03-01"), {change_of(named("a"), {ChangeKind::retired})});
    BOOST_TEST(name_on(registry, "2024-02-29") == "a");
    BOOST_TEST(name_on(registry, "2024-03-01") == "");
    BOOST_TEST(name_on(registry, "2024-07-01") == ""); // the scheduled version went with it
    BOOST_TEST(name_on(registry, "2024-07-01", 1) == "b");
}

BOOST_AUTO_TEST_CASE(a_renamed_grid_keeps_the_very_shape_it_had) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    apply(registry, day("2024-01-01"), {change_of(named("a"), {ChangeKind::added})});
    auto renamed = named("b");
    renamed.shape.parts.clear(); // not looked at: the change is no reshape
    apply(registry, day("2024-02-01"), {change_of(renamed, {ChangeKind::renamed})});
    BOOST_TEST((registry.grid(grid_of(kCode), day("2024-02-01"))->shape == small_grid(kCode, 0).shape));
    auto reshaped = named("b");
    reshaped.shape = square(1'167'000'000, 233'500'000, 50'000);
    apply(registry, day("2024-03-01"), {change_of(reshaped, {ChangeKind::reshaped})});
    BOOST_TEST((registry.grid(grid_of(kCode), day("2024-03-01"))->shape == reshaped.shape));
    BOOST_TEST((registry.grid(grid_of(kCode), day("2024-02-29"))->shape == small_grid(kCode, 0).shape));
}

BOOST_AUTO_TEST_CASE(every_day_and_generation_agrees_with_a_calendar_kept_day_by_day) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        BOOST_TEST_MESSAGE("seed " << seed);
        Random random{seed};
        ScratchFolder const scratch;
        auto registry = small_registry(scratch);
        Model model;
        int issued = 0;
        GenerationNumber newest = 0;
        for (int step = 0; step < 70; ++step) {
            auto const from = static_cast<int>(random.between(1, kDays - 2));
            Date const effective{kFirstDay.days() + from};
            Cell const cell{0, "n" + std::to_string(step), random.next() % 2 == 0 ? kVillage1 : kVillage2,
                            static_cast<int>(random.between(0, 9))};
            auto const write = [&](std::string const& code, Cell const& content, std::vector<ChangeKind> kinds) {
                auto grid = small_grid(code, content.column, content.village.c_str());
                grid.name = content.name;
                apply(registry, effective, {change_of(grid, std::move(kinds))});
            };
            auto const choice = random.between(0, 9);
            if (choice <= 1 && issued < 6) {
                auto const code = "44050700100100" + std::to_string(++issued);
                write(code, cell, {ChangeKind::added});
                model.add(code, from, cell);
            } else if (choice <= 7 && issued > 0) {
                auto const code = "44050700100100" + std::to_string(random.between(1, issued));
                auto const& held = model.draft.at(code)[static_cast<std::size_t>(from)];
                bool const retire = choice == 7 && random.next() % 3 == 0;
                auto content = cell;
                bool const reshape = random.next() % 2 == 0;
                if (held && !reshape) {
                    content.column = held->column;
                }
                auto const kinds = retire ? std::vector{ChangeKind::retired}
                                          : (reshape ? std::vector{ChangeKind::reshaped, ChangeKind::renamed}
                                                     : std::vector{ChangeKind::renamed, ChangeKind::reparented});
                if (!held) {
                    BOOST_CHECK_EXCEPTION(write(code, content, kinds), Error,
                                          [](Error const& e) { return e.code() == ErrorCode::data_rejected; });
                    continue;
                }
                write(code, content, kinds);
                retire ? model.retire(code, from) : model.change(code, from, content);
            } else if (choice >= 8 && registry.counts(kFirstDay).draft) {
                newest = registry.publish("gis", "chief", sha256(std::to_string(step))).number;
                model.published[newest] = model.draft;
            }
            if (registry.counts(kFirstDay).draft) {
                compare(registry, model.draft, newest + 1);
                compare_draft(registry, model.published.at(newest), model.draft);
            }
            compare_differences(registry, model, newest, random);
        }
        for (auto const& [known_at, calendar] : model.published) {
            if (known_at > 0) {
                compare(registry, calendar, known_at);
            }
        }
        BOOST_TEST(newest > 2);
        BOOST_TEST(!registry.audit_break().has_value());
    }
}

BOOST_AUTO_TEST_CASE(divisions_also_end_the_run_of_unchanged_days) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto town = small_divisions()[3];
    town.name = "金霞";
    registry.apply_divisions(std::vector{town}, day("2024-05-01"), "gis", {});
    apply(registry, day("2024-02-01"), {change_of(named("a"), {ChangeKind::added})});
    auto const state = state_of(registry, day("2024-03-01"));
    BOOST_TEST(state.unchanged.from.str() == "2024-02-01");
    BOOST_TEST(state.unchanged.to.str() == "2024-05-01");
    BOOST_TEST(state_of(registry, day("2019-01-01")).unchanged.from.str() == "always");
}

BOOST_AUTO_TEST_CASE(a_division_given_for_an_earlier_day_holds_from_then_to_its_first_version) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch); // from 2020-01-01 on
    auto divisions = small_divisions();
    divisions[0].name = "旧广东";
    registry.apply_divisions(std::span{divisions}.first(1), day("2010-01-01"), "gis", {});
    BOOST_TEST(registry.division(division_of(kProvince), day("2019-12-31"))->name == "旧广东");
    BOOST_TEST(registry.division(division_of(kProvince), day("2020-01-01"))->name == "广东省");
}

BOOST_AUTO_TEST_SUITE_END()
