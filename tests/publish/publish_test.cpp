#include "place.hpp"
#include "publish_steps.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/publish/publisher.hpp>

#include <boost/test/unit_test.hpp>
#include <support/refusal.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <set>
#include <string>

using namespace wangge;
using namespace wangge::test;

namespace {

/// Runs a publish in a child that ends at `step` as kill -9 would end it. Returns whether it got there.
bool publish_killed_at(Place& where, publish::Step step) {
    pid_t const child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        try {
            (void)publish::publish_in_steps(where.folder, kDay, "author", "approver", where.progress,
                                            [&](publish::Step reached) {
                                                if (reached == step) {
                                                    ::_exit(42);
                                                }
                                            });
        } catch (std::exception const&) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

/// What must hold whenever a publish has ended well.
void require_whole(Place const& where, GenerationNumber number, std::string const& owner_above) {
    auto const newest = where.newest();
    BOOST_REQUIRE(newest.has_value());
    BOOST_TEST(newest->number == number);
    auto const current = where.store().open_current();
    BOOST_TEST(current->generation() == number);
    BOOST_TEST((current->digest() == newest->digest));
    BOOST_TEST(current->grid_count() == 3U);
    BOOST_TEST(where.owner(*current, 15, 5) == owner_above);
    BOOST_TEST(where.owner(*current, 20, 5) == ""); // the eastern side belongs to nobody
    BOOST_TEST(!Registry::open(where.folder, Registry::Mode::read).counts(kDay).draft);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(publish_room, Place)

BOOST_AUTO_TEST_CASE(a_publish_makes_a_generation_and_sends_readers_to_its_snapshot) {
    apply_first_grids();
    auto const result = publish();
    BOOST_TEST(!result.unchanged);
    BOOST_TEST(result.generation.number == 1);
    BOOST_TEST(result.generation.author == "author");
    BOOST_TEST(result.generation.approver == "approver");
    BOOST_TEST(result.grids == 3U);
    BOOST_TEST(result.warnings.empty());
    BOOST_TEST(result.folder.filename().string() == "g1-2024-06-01");
    require_whole(*this, 1, "440103001102002");
    auto const current = store().open_current();
    BOOST_TEST(current->as_of().str() == "2024-06-01");
    BOOST_TEST(owner(*current, 5, 5) == "440103001101001");
    BOOST_TEST(owner(*current, 15, 4) == "440103001102001");
    auto const village = current->find_division(division("440103001102"));
    BOOST_REQUIRE(village.has_value());
    BOOST_TEST(current->grids_under(*village).size() == 2U);
}

BOOST_AUTO_TEST_CASE(publishing_again_with_nothing_new_makes_no_generation) {
    apply_first_grids();
    auto const first = publish();
    auto const second = publish();
    BOOST_TEST(second.unchanged);
    BOOST_TEST(second.generation.number == 1);
    BOOST_TEST((second.generation.digest == first.generation.digest));
    BOOST_TEST((second.folder == first.folder));
    // Another day on which the same facts hold is served by the same snapshot.
    BOOST_TEST((publish(kLater).folder == first.folder));
    BOOST_TEST((published_names() == std::set<std::string>{"CURRENT", "g1-2024-06-01"}));
}

BOOST_AUTO_TEST_CASE(publishing_again_repairs_what_was_lost) {
    apply_first_grids();
    auto const first = publish();
    fs::remove(folder.snapshots() / "CURRENT");
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
    fs::resize_file(folder.snapshots() / "CURRENT", 0);
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
    fs::remove_all(first.folder);
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
    // A damaged file.
    for (auto const& entry : fs::directory_iterator{first.folder}) {
        fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
    }
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
    fs::remove_all(folder.snapshots());
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
}

BOOST_AUTO_TEST_CASE(two_published_snapshots_are_kept) {
    apply_first_grids();
    publish();
    move_boundary(kDay, 6);
    publish();
    move_boundary(kDay, 7);
    BOOST_TEST(publish().generation.number == 3);
    BOOST_TEST((published_names() == std::set<std::string>{"CURRENT", "g2-2024-06-01", "g3-2024-06-01"}));
    require_whole(*this, 3, "440103001102001"); // (15, 5) now lies below the boundary
}

BOOST_AUTO_TEST_CASE(a_publish_killed_at_any_step_is_completed_by_the_next) {
    for (auto const step : publish::kSteps) {
        BOOST_TEST_CONTEXT("first publish, step " << static_cast<int>(step)) {
            Place where;
            where.apply_first_grids();
            BOOST_TEST(publish_killed_at(where, step));
            if (where.store().current()) {
                BOOST_TEST(where.store().open_current()->generation() == 1);
            }
            (void)where.publish();
            require_whole(where, 1, "440103001102002");
            BOOST_TEST((where.published_names() == std::set<std::string>{"CURRENT", "g1-2024-06-01"}));
        }
        BOOST_TEST_CONTEXT("second publish, step " << static_cast<int>(step)) {
            Place where;
            where.apply_first_grids();
            (void)where.publish();
            where.move_boundary(kDay);
            BOOST_TEST(publish_killed_at(where, step));
            // Readers see the old or the new one, whole.
            auto const served = where.store().open_current();
            BOOST_TEST(served->generation() == (step >= publish::Step::current_set ? 2 : 1));
            BOOST_TEST(where.owner(*served, 15, 5) ==
                       (step >= publish::Step::current_set ? "440103001102001" : "440103001102002"));
            (void)where.publish();
            require_whole(where, 2, "440103001102001");
            BOOST_TEST((where.published_names() == std::set<std::string>{"CURRENT", "g1-2024-06-01", "g2-2024-06-01"}));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_folder_that_a_killed_publish_was_removing_is_not_taken_for_the_published_one) {
    apply_first_grids();
    auto const first = publish();
    auto aside = first.folder;
    aside += ".old-1"; // process 1 lives, so nobody tidies it up
    fs::rename(first.folder, aside);
    BOOST_TEST(publish().unchanged);
    require_whole(*this, 1, "440103001102002");
    BOOST_TEST((store().current() == first.folder));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_day_whose_builder_was_killed_is_put_on_the_disk_by_the_next_reader) {
    apply_first_grids();
    move_boundary(kLater);
    publish();
    auto const built = publish::snapshot_as_of(folder, kLater, std::nullopt, progress)->folder();
    // What stands there until the bytes are on the disk.
    write_file_atomically(built / "UNSYNCED", read_file("/proc/sys/kernel/random/boot_id"));
    auto left = built;
    left += ".new-" + std::to_string(::getpid());
    fs::create_directory(left);
    BOOST_TEST((publish::snapshot_as_of(folder, kLater, std::nullopt, progress)->folder() == built));
    BOOST_TEST(!fs::exists(built / "UNSYNCED"));
    fs::remove_all(built);
    BOOST_TEST((publish::snapshot_as_of(folder, kLater, std::nullopt, progress)->folder() == built));
    BOOST_TEST(!fs::exists(left));
}

BOOST_AUTO_TEST_CASE(a_repair_killed_at_any_step_is_completed_by_the_next) {
    for (auto const step : publish::kSteps) {
        BOOST_TEST_CONTEXT("step " << static_cast<int>(step)) {
            Place where;
            where.apply_first_grids();
            (void)where.publish();
            fs::remove_all(where.folder.snapshots());
            bool const reached = publish_killed_at(where, step);
            BOOST_TEST(reached == (step != publish::Step::generation_recorded)); // a repair records none
            (void)where.publish();
            require_whole(where, 1, "440103001102002");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_folder_left_by_a_publish_that_was_never_recorded_is_reused_or_replaced) {
    apply_first_grids();
    BOOST_REQUIRE(publish_killed_at(*this, publish::Step::snapshot_written));
    auto const left = folder.snapshots() / "g1-2024-06-01";
    auto const written = fs::last_write_time(left / "MANIFEST.json");
    (void)publish();
    BOOST_TEST((fs::last_write_time(left / "MANIFEST.json") == written)); // the same content: reused

    move_boundary(kDay, 6);
    BOOST_REQUIRE(publish_killed_at(*this, publish::Step::snapshot_written));
    move_boundary(kDay, 4); // the draft goes on before it is published
    (void)publish();
    require_whole(*this, 2, "440103001102002");
    // A left-over of another day does not stay beside it either.
    move_boundary(kDay, 6);
    BOOST_REQUIRE(publish_killed_at(*this, publish::Step::snapshot_written));
    BOOST_TEST(publish(kLater).folder.filename().string() == "g3-2024-09-01");
    BOOST_TEST((published_names() == std::set<std::string>{"CURRENT", "g2-2024-06-01", "g3-2024-09-01"}));
}

BOOST_AUTO_TEST_CASE(grids_that_overlap_are_refused_and_named) {
    apply_first_grids();
    (void)publish();
    apply(registry::ChangeKind::reshaped, {grid("440103001102001", "440103001102", box(9, 0, 20, 5))}, kDay);
    auto const text = refusal(ErrorCode::data_rejected, [&] { (void)publish(); });
    BOOST_TEST(holds(text, "301"), text);
    BOOST_TEST(holds(text, "440103001102001"), text);
    BOOST_TEST(newest()->number == 1);
    BOOST_TEST(store().open_current()->generation() == 1);
}

BOOST_AUTO_TEST_CASE(a_scheduled_change_that_would_break_the_rules_is_refused_today) {
    apply_first_grids();
    apply(registry::ChangeKind::reshaped, {grid("440103001102001", "440103001102", box(9, 0, 20, 5))}, kLater);
    auto const text = refusal(ErrorCode::data_rejected, [&] { (void)publish(); });
    BOOST_TEST(holds(text, "2024-09-01"), text);
}

BOOST_AUTO_TEST_CASE(a_correction_of_the_past_that_breaks_the_rules_only_then_is_refused_today) {
    apply_first_grids();
    move_boundary(*Date::parse("2024-03-01"));
    (void)publish();
    // Holds until the next known change, so that it overlaps its northern neighbour in February and never again.
    apply(registry::ChangeKind::reshaped, {grid("440103001102001", "440103001102", box(10, 0, 20, 7))},
          *Date::parse("2024-02-01"));
    auto const text = refusal(ErrorCode::data_rejected, [&] { (void)publish(); });
    BOOST_TEST(holds(text, "2024-02-01"), text);
    BOOST_TEST(newest()->number == 1);
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_a_day_to_come_does_not_hide_broken_days_before_it) {
    apply_first_grids();
    apply(registry::ChangeKind::reshaped, {grid("440103001102001", "440103001102", box(10, 0, 20, 7))}, kDay);
    move_boundary(kLater);
    auto const text = refusal(ErrorCode::data_rejected, [&] { (void)publish(kLater); });
    BOOST_TEST(holds(text, kDay.str()), text);
    BOOST_TEST(!newest().has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_registry_says_to_import_first) {
    auto const text = refusal(ErrorCode::data_rejected, [&] { (void)publish(); });
    BOOST_TEST(holds(text, "import boundaries"), text);
    BOOST_TEST(!newest().has_value());
}

BOOST_AUTO_TEST_CASE(a_county_not_filled_and_a_village_without_grids_are_warnings) {
    apply(registry::ChangeKind::added, {grid("440103001101001", "440103001101", box(0, 0, 10, 10))}, kDay);
    auto const result = publish();
    BOOST_TEST(result.generation.number == 1);
    std::set<ProblemCode> codes;
    for (auto const& warning : result.warnings) {
        codes.insert(warning.code);
        if (warning.code == ProblemCode::village_without_grids) {
            BOOST_TEST((warning.subjects == std::vector<std::string>{"440103001102"}));
            BOOST_TEST(holds(warning.message, "1 of 2 villages"), warning.message);
            BOOST_TEST(holds(warning.message, "荔湾区"), warning.message);
        }
    }
    BOOST_TEST((codes == std::set<ProblemCode>{ProblemCode::county_not_filled, ProblemCode::village_without_grids}));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_day_is_built_once_and_beside_the_published_ones) {
    apply_first_grids();
    move_boundary(kLater);
    auto const published = publish();
    // Days with the same facts as the published one need no other.
    BOOST_TEST((publish::snapshot_as_of(folder, *Date::parse("2024-08-31"), std::nullopt, progress)->folder() ==
                published.folder));

    auto const later = publish::snapshot_as_of(folder, kLater, std::nullopt, progress);
    BOOST_TEST(later->generation() == 1);
    BOOST_TEST(owner(*later, 15, 5) == "440103001102001");
    BOOST_TEST(later->folder().parent_path().filename().string() == "as-of");
    BOOST_TEST(later->folder().filename().string() == "g1-2024-09-01");
    auto const written = fs::last_write_time(later->folder() / "MANIFEST.json");
    BOOST_TEST((publish::snapshot_as_of(folder, *Date::parse("2030-01-01"), std::nullopt, progress)->folder() ==
                later->folder()));
    BOOST_TEST((fs::last_write_time(later->folder() / "MANIFEST.json") == written));

    // Before anything was drawn every position is outside; what is served now is not touched.
    BOOST_TEST(publish::snapshot_as_of(folder, *Date::parse("2023-01-01"), std::nullopt, progress)->grid_count() == 0U);
    BOOST_TEST(store().open_current()->as_of().str() == "2024-06-01");
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_day_knows_what_was_published_not_the_draft) {
    apply_first_grids();
    (void)publish();
    move_boundary(kLater);
    BOOST_TEST(owner(*publish::snapshot_as_of(folder, kLater, std::nullopt, progress), 15, 5) == "440103001102002");
    (void)publish();
    move_boundary(kLater, 7);
    auto const known = publish::snapshot_as_of(folder, kLater, std::nullopt, progress); // built now, beside that draft
    BOOST_TEST(owner(*known, 15, 5) == "440103001102001");
    BOOST_TEST(owner(*known, 15, 6) == "440103001102002");
}

BOOST_AUTO_TEST_CASE(snapshots_of_other_days_need_no_write_lock_and_stay_what_was_known_when_a_generation_follows) {
    apply_first_grids();
    move_boundary(kLater);
    (void)publish();
    {
        auto const writer = Registry::open(folder, Registry::Mode::write);
        BOOST_TEST(owner(*publish::snapshot_as_of(folder, kLater, std::nullopt, progress), 15, 5) == "440103001102001");
        refusal(ErrorCode::conflict, [&] { (void)publish(); });
    }
    BOOST_TEST(fs::exists(folder.snapshots() / "as-of" / "g1-2024-09-01"));
    move_boundary(kLater, 7);
    (void)publish();
    BOOST_TEST(owner(*publish::snapshot_as_of(folder, kLater, std::nullopt, progress), 15, 6) == "440103001102001");
    auto const before = publish::snapshot_as_of(folder, kLater, 1, progress);
    BOOST_TEST(before->folder().filename().string() == "g1-2024-09-01");
    BOOST_TEST(owner(*before, 15, 6) == "440103001102002");
}

BOOST_AUTO_TEST_CASE(every_state_of_every_generation_can_be_asked_for_and_is_what_the_registry_holds) {
    apply_first_grids();
    (void)publish();
    move_boundary(*Date::parse("2024-03-01")); // a correction of the past
    (void)publish();
    move_boundary(kLater, 7); // a change to come
    (void)publish();
    auto const registry = Registry::open(folder, Registry::Mode::read);
    for (GenerationNumber known_at = 1; known_at <= 3; ++known_at) {
        for (auto const* const text : {"2023-06-01", "2024-02-29", "2024-03-01", "2024-06-01", "2024-09-01"}) {
            auto const as_of = *Date::parse(text);
            auto const snapshot = publish::snapshot_as_of(folder, as_of, known_at, progress);
            auto const state = registry.state(as_of, known_at, progress);
            BOOST_TEST_CONTEXT("generation " << known_at << " as of " << text) {
                BOOST_TEST(snapshot->generation() == known_at);
                BOOST_TEST((snapshot->unchanged() == state.unchanged));
                BOOST_REQUIRE(snapshot->grid_count() == state.grids.size());
                for (auto const& grid : state.grids) {
                    auto const id = snapshot->find_grid(grid.code);
                    BOOST_REQUIRE(id.has_value());
                    auto expected = grid.shape;
                    auto got = snapshot->shape(*id);
                    geom::normalize(expected);
                    geom::normalize(got);
                    BOOST_TEST((got == expected));
                }
            }
        }
    }
    // The owner of a position between the old boundary and the later ones, as each generation knew it.
    auto const asked = [&](char const* as_of, GenerationNumber known_at, std::int32_t y) {
        return owner(*publish::snapshot_as_of(folder, *Date::parse(as_of), known_at, progress), 15, y);
    };
    BOOST_TEST(asked("2024-06-01", 1, 5) == "440103001102002");
    BOOST_TEST(asked("2024-06-01", 2, 5) == "440103001102001");
    BOOST_TEST(asked("2024-02-29", 2, 5) == "440103001102002");
    BOOST_TEST(asked("2024-09-01", 2, 6) == "440103001102002");
    BOOST_TEST(asked("2024-09-01", 3, 6) == "440103001102001");
    refusal(ErrorCode::usage, [&] { (void)publish::snapshot_as_of(folder, kDay, 0, progress); });
    auto const text = refusal(ErrorCode::not_found, [&] { (void)publish::snapshot_as_of(folder, kDay, 4, progress); });
    BOOST_TEST(holds(text, "the newest one is 3"), text);
}

BOOST_AUTO_TEST_CASE(of_the_snapshots_of_other_states_those_used_last_stay) {
    apply_first_grids();
    auto const effective = [](int n) { return Date{kDay.days() + 100 * n}; };
    for (int n = 1; n <= 12; ++n) {
        move_boundary(effective(n), 5 + n % 3);
    }
    (void)publish();
    auto const names = [&] {
        std::set<std::string> found;
        for (auto const& entry : fs::directory_iterator{folder.snapshots() / "as-of"}) {
            found.insert(entry.path().filename().string());
        }
        return found;
    };
    auto const name = [&](int n) { return "g1-" + effective(n).str(); };
    for (int n = 1; n <= 8; ++n) {
        (void)publish::snapshot_as_of(folder, effective(n), std::nullopt, progress);
    }
    BOOST_TEST(names().size() == publish::kKeptStates);
    auto const first = publish::snapshot_as_of(folder, effective(1), std::nullopt, progress); // used again
    auto const second = snapshot::Snapshot::open(folder.snapshots() / "as-of" / name(2));
    fs::create_directories(folder.snapshots() / "as-of" / (name(12) + ".new-999999999")); // of a killed builder
    (void)publish::snapshot_as_of(folder, effective(9), std::nullopt, progress);
    BOOST_TEST(names().size() == publish::kKeptStates);
    BOOST_TEST(names().contains(name(1)));
    BOOST_TEST(!names().contains(name(2)));
    BOOST_TEST(names().contains(name(9)));
    BOOST_TEST(second->grid_count() == 3U); // still mapped
    BOOST_TEST(owner(*second, 15, 2) == "440103001102001");
}

BOOST_AUTO_TEST_CASE(processes_that_ask_for_another_day_at_once_are_all_answered) {
    apply_first_grids();
    move_boundary(kLater);
    (void)publish();
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        pid_t const child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            try {
                ::_exit(owner(*publish::snapshot_as_of(folder, kLater, std::nullopt, progress), 15, 5) ==
                                "440103001102001"
                            ? 0
                            : 2);
            } catch (std::exception const&) {
                ::_exit(1);
            }
        }
        children.push_back(child);
    }
    for (auto const child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
}

BOOST_AUTO_TEST_CASE(a_half_built_snapshot_of_another_day_is_built_again) {
    apply_first_grids();
    move_boundary(kLater);
    (void)publish();
    auto const target = folder.snapshots() / "as-of" / "g1-2024-09-01";
    fs::create_directories(target);
    std::ofstream{target / "index.bin"} << "half";
    BOOST_TEST(owner(*publish::snapshot_as_of(folder, kLater, std::nullopt, progress), 15, 5) == "440103001102001");
}

BOOST_AUTO_TEST_CASE(nothing_published_is_said) {
    auto const text =
        refusal(ErrorCode::not_found, [&] { (void)publish::snapshot_as_of(folder, kDay, std::nullopt, progress); });
    BOOST_TEST(holds(text, "wangge publish"), text);
}

BOOST_AUTO_TEST_SUITE_END()
