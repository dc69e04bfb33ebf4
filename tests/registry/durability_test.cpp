#include "small_province.hpp"
#include "sqlite_connection.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>
#include <sched.h>
#include <support/random.hpp>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>

using namespace wangge;
using namespace wangge::test;

namespace {

auto is(ErrorCode code) {
    return [code](Error const& error) {
        BOOST_TEST_MESSAGE(error.what());
        return error.code() == code;
    };
}

/// Grids `first` to `first + count - 1`, each of `vertices` points on a circle.
std::vector<GridChange> many_grids(int first, int count, int vertices) {
    std::vector<GridChange> changes;
    for (int i = first; i < first + count; ++i) {
        auto grid = small_grid("44050700100" + std::to_string(1'000'000 + i), 0);
        auto& ring = grid.shape.parts[0].outer;
        ring.clear();
        for (int v = 0; v < vertices; ++v) {
            double const angle = 2 * 3.141592653589793 * v / vertices;
            ring.push_back({geom::to_lattice(116.7 + 0.001 * (i % 100) + 0.0004 * std::cos(angle)),
                            geom::to_lattice(23.3 + 0.001 * (i / 100) + 0.0004 * std::sin(angle))});
        }
        changes.push_back(change_of(std::move(grid), {ChangeKind::added}));
    }
    return changes;
}

/// Runs `work` in a child process and returns its exit code; 128 + signal when it was killed.
template <class Work>
int in_child(Work const& work, std::optional<std::chrono::microseconds> kill_after = std::nullopt) {
    auto const child = ::fork();
    if (child == 0) {
        int code = 0;
        try {
            code = work();
        } catch (Error const&) {
            code = 99;
        }
        ::_exit(code);
    }
    if (kill_after) {
        std::this_thread::sleep_for(*kill_after);
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void check_whole(DataFolder const& folder) {
    SqliteOracle oracle{folder.registry_file()};
    BOOST_TEST(oracle.value("PRAGMA integrity_check") == "ok");
    BOOST_TEST(oracle.rows("PRAGMA foreign_key_check").empty());
    BOOST_TEST(oracle.value("SELECT (SELECT count(*) FROM grid_shape) = (SELECT count(*) FROM idx_grid_shape_shape)") ==
               "1");
}

} // namespace

BOOST_AUTO_TEST_SUITE(durability)

BOOST_AUTO_TEST_CASE(a_writer_killed_at_any_moment_leaves_the_old_or_the_new_state_whole) {
    constexpr int kKills = 40;
    constexpr int kGrids = 1500;
    Random random{40};
    BOOST_TEST_MESSAGE("seed 40");
    ScratchFolder const scratch;
    { auto const registry = small_registry(scratch); }
    auto const apply_some = [&](int round) {
        auto registry = Registry::open(scratch.data(), Registry::Mode::write);
        apply(registry, day("2024-01-01"), many_grids(round * kGrids, kGrids, 60));
        registry.publish("gis", "chief", sha256(std::to_string(round)));
        return 0;
    };
    auto const started = std::chrono::steady_clock::now();
    BOOST_REQUIRE(in_child([&] { return apply_some(0); }) == 0);
    auto const whole_run =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started).count();

    std::uint64_t grids = kGrids;
    GenerationNumber published = 1;
    int killed = 0;
    int kept_old = 0;
    int new_draft = 0;
    for (int round = 1; round <= kKills; ++round) {
        auto const moment = std::chrono::microseconds{random.between(whole_run / 10, whole_run * 11 / 10)};
        killed += in_child([&] { return apply_some(round); }, moment) == 128 + SIGKILL ? 1 : 0;
        auto const registry = Registry::open(scratch.data(), Registry::Mode::write);
        auto const counts = registry.counts(day("2024-01-01"));
        BOOST_TEST((counts.grids_current == grids || counts.grids_current == grids + kGrids));
        BOOST_TEST((counts.published == published ||
                    (counts.published == published + 1 && counts.grids_current == grids + kGrids)));
        kept_old += counts.grids_current == grids ? 1 : 0;
        new_draft += counts.grids_current != grids && counts.published == published ? 1 : 0;
        BOOST_TEST(registry.issued_codes().size() == counts.grids_current);
        auto const broken = registry.audit_break();
        BOOST_TEST(!broken.has_value());
        if (counts.grids_current != grids) {
            grids = counts.grids_current;
        }
        published = counts.published;
        if (round % 8 == 0) {
            check_whole(scratch.data());
        }
    }
    BOOST_TEST_MESSAGE(killed << " of " << kKills << " killed in time; old state " << kept_old << ", new and published "
                              << kKills - kept_old - new_draft << ", new and still a draft " << new_draft);
    BOOST_TEST(killed > kKills / 4);
    BOOST_TEST(kept_old > 0);
    check_whole(scratch.data());
    BOOST_TEST(state_of(Registry::open(scratch.data(), Registry::Mode::read), day("2024-01-01")).grids.size() == grids);
}

BOOST_AUTO_TEST_CASE(an_init_that_was_killed_leaves_no_half_registry) {
    Random random{41};
    for (int round = 0; round < 10; ++round) {
        ScratchFolder const scratch;
        auto const init = [&] {
            Registry::init(scratch.data());
            return 0;
        };
        in_child(init, std::chrono::microseconds{random.between(100, 60'000)});
        if (!std::filesystem::exists(scratch.data().registry_file())) {
            Registry::init(scratch.data());
        }
        BOOST_TEST(!Registry::open(scratch.data(), Registry::Mode::write).audit_break().has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_told_to_wait) {
    ScratchFolder const scratch;
    auto const first = small_registry(scratch);
    BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::write), Error, is(ErrorCode::conflict));
}

BOOST_AUTO_TEST_CASE(readers_see_commits_of_the_writer_and_notice_them) {
    ScratchFolder const scratch;
    auto writer = small_registry(scratch);
    auto const reader = Registry::open(scratch.data(), Registry::Mode::read);
    BOOST_TEST(reader.counts(day("2024-01-01")).grids_current == 0U);
    auto const before = reader.data_version();
    BOOST_TEST(reader.data_version() == before);
    apply(writer, day("2024-01-01"), many_grids(0, 5, 4));
    BOOST_TEST(reader.data_version() != before);
    BOOST_TEST(reader.counts(day("2024-01-01")).grids_current == 5U);
}

BOOST_AUTO_TEST_CASE(a_reader_cannot_write) {
    ScratchFolder const scratch;
    { auto const registry = small_registry(scratch); }
    auto reader = Registry::open(scratch.data(), Registry::Mode::read);
    BOOST_CHECK_EXCEPTION(reader.publish("a", "b", sha256("x")), Error, is(ErrorCode::usage));
    BOOST_CHECK_EXCEPTION(reader.apply_divisions(small_divisions(), day("2024-01-01"), "gis", {}), Error,
                          is(ErrorCode::usage));
}

BOOST_AUTO_TEST_CASE(a_clean_close_leaves_one_file_and_a_reader_opens_it_alone) {
    ScratchFolder const scratch;
    { auto const registry = small_registry(scratch); }
    auto const wal = scratch.data().registry_file().string() + "-wal";
    BOOST_TEST(!std::filesystem::exists(wal));
    BOOST_TEST(Registry::open(scratch.data(), Registry::Mode::read).counts(day("2024-01-01")).divisions == 9U);
}

BOOST_AUTO_TEST_CASE(a_reader_never_checkpoints) {
    ScratchFolder const scratch;
    { auto const registry = small_registry(scratch); }
    // A writer that dies leaves its commit in the WAL.
    auto const killed = in_child([&] {
        auto registry = Registry::open(scratch.data(), Registry::Mode::write);
        apply(registry, day("2024-01-01"), many_grids(0, 5, 4));
        ::kill(::getpid(), SIGKILL);
        return 0;
    });
    BOOST_TEST(killed == 128 + SIGKILL);
    auto const wal = scratch.data().registry_file().string() + "-wal";
    auto const size = std::filesystem::file_size(wal);
    auto const file = sha256_of_file(scratch.data().registry_file()).hex();
    BOOST_TEST(size > 0U);
    { BOOST_TEST(Registry::open(scratch.data(), Registry::Mode::read).counts(day("2024-01-01")).grids_current == 5U); }
    BOOST_TEST(std::filesystem::file_size(wal) == size);
    BOOST_TEST(sha256_of_file(scratch.data().registry_file()).hex() == file);
}

BOOST_AUTO_TEST_CASE(a_reader_opens_a_registry_in_a_folder_it_cannot_write_to) {
    ScratchFolder const scratch;
    {
        auto registry = small_registry(scratch);
        apply(registry, day("2024-01-01"), many_grids(0, 5, 4));
    }
    constexpr uid_t kNobody = 65534;
    auto const count_as_nobody = [&] {
        // Root writes everywhere; another user does not.
        if (::getuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
            return 98;
        }
        return static_cast<int>(
            Registry::open(scratch.data(), Registry::Mode::read).counts(day("2024-01-01")).grids_current);
    };
    ::chmod(scratch.path().c_str(), 0755);
    ::chmod(scratch.data().root.c_str(), 0555);
    ::chmod(scratch.data().registry_file().c_str(), 0444);
    BOOST_TEST(in_child(count_as_nobody) == 5);
    // A copy taken in the middle of writing is refused, not read without its WAL.
    ::chmod(scratch.data().root.c_str(), 0755);
    {
        FileWriter wal{scratch.data().registry_file().string() + "-wal"};
        wal.write("frames");
        wal.close();
    }
    ::chmod(scratch.data().root.c_str(), 0555);
    BOOST_TEST(in_child(count_as_nobody) == 99);
    ::chmod(scratch.data().root.c_str(), 0755);
}

BOOST_AUTO_TEST_CASE(a_reader_follows_a_writer_from_a_folder_it_cannot_write_to) {
    if (::getuid() != 0) {
        BOOST_TEST_MESSAGE("skipped: needs root to read as another user");
        return;
    }
    ScratchFolder const scratch;
    auto writer = small_registry(scratch);
    apply(writer, day("2024-01-01"), many_grids(0, 7, 4)); // still in the WAL
    ::chmod(scratch.path().c_str(), 0755);
    ::chmod(scratch.data().root.c_str(), 0755);
    BOOST_TEST(in_child([&] {
                   if (::setgid(65534) != 0 || ::setuid(65534) != 0) {
                       return 98;
                   }
                   return static_cast<int>(
                       Registry::open(scratch.data(), Registry::Mode::read).counts(day("2024-01-01")).grids_current);
               }) == 7);
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow_says_disk_full) {
    ScratchFolder const scratch;
    Connection connection{scratch.path() / "small.sqlite", Connection::Access::create};
    connection.execute("CREATE TABLE t (a)");
    connection.execute("PRAGMA max_page_count=20");
    Statement insert{connection, "INSERT INTO t VALUES (zeroblob(100000))"};
    {
        Transaction const transaction{connection, Transaction::Kind::write};
        BOOST_CHECK_EXCEPTION(
            {
                insert.run();
                insert.run();
            },
            Error,
            [](Error const& error) {
                BOOST_TEST_MESSAGE(error.what());
                std::string const message = error.what();
                return error.code() == ErrorCode::environment && message.find("disk full") != std::string::npos &&
                       message.find("nothing was changed") != std::string::npos;
            });
    }
    BOOST_TEST(connection.integer("SELECT count(*) FROM t") == 0);
}

BOOST_AUTO_TEST_CASE(a_full_disk_changes_nothing_and_the_same_command_works_once_there_is_room) {
    ScratchFolder const scratch;
    // A small file system of its own, seen by a child only.
    auto const code = in_child([&] {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=6m") != 0) {
            return 77;
        }
        int step = 1;
        {
            auto registry = small_registry(scratch);
            try {
                apply(registry, day("2024-01-01"), many_grids(0, 6000, 100)); // some 10 MB
                return step;
            } catch (Error const& error) {
                std::fprintf(stderr, "%s\n", error.what());
                ++step;
                if (error.code() != ErrorCode::environment ||
                    std::string{error.what()}.find("disk full") == std::string::npos) {
                    return step;
                }
            }
            ++step;
            if (registry.counts(day("2024-01-01")).grids_current != 0 || !registry.issued_codes().empty() ||
                registry.audit_break()) {
                return step;
            }
        }
        ++step;
        if (::mount("tmpfs", scratch.path().c_str(), "tmpfs", MS_REMOUNT, "size=100m") != 0) {
            return step;
        }
        ++step;
        auto registry = Registry::open(scratch.data(), Registry::Mode::write);
        apply(registry, day("2024-01-01"), many_grids(0, 6000, 100));
        if (registry.counts(day("2024-01-01")).grids_current != 6000 || registry.audit_break()) {
            return step;
        }
        return 0;
    });
    if (code == 77) {
        BOOST_TEST_MESSAGE("skipped: needs root to mount a small file system");
        return;
    }
    BOOST_TEST(code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
