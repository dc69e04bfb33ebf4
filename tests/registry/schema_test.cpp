#include "schema.hpp"
#include "small_province.hpp"
#include "sqlite_connection.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace wangge;
using namespace wangge::test;

namespace {

/// Alters the file behind the registry's back, then opens it.
void check_refused(std::string const& sql, std::string const& part_of_message) {
    ScratchFolder const scratch;
    Registry::init(scratch.data());
    SqliteOracle{scratch.data().registry_file()}.rows(sql);
    for (auto const mode : {Registry::Mode::read, Registry::Mode::write}) {
        BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), mode), Error, [&](Error const& error) {
            BOOST_TEST_MESSAGE(error.what());
            return error.code() == ErrorCode::corrupt &&
                   std::string{error.what()}.find(part_of_message) != std::string::npos;
        });
    }
}

/// Runs SQL against a registry with one published grid and an officer; true when it is refused and leaves no trace.
bool is_forbidden(std::string const& sql) {
    static ScratchFolder const scratch;
    static bool const made = [] {
        auto registry = small_registry(scratch);
        apply(registry, day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
        registry.publish("gis", "chief", sha256("1"));
        std::vector<Officer> const officer{{"G001", "陈小明", ""}};
        std::vector<Assignment> const assignment{
            {grid_of("440507001001001"), "G001", Role::dedicated, {day("2024-01-01"), kForever}}};
        SilentProgress silent;
        registry.apply_officers(officer, assignment, "gis", {}, silent);
        return true;
    }();
    BOOST_TEST(made);
    SqliteOracle oracle{scratch.data().registry_file()};
    oracle.rows("PRAGMA foreign_keys=ON");
    try {
        oracle.rows(sql);
    } catch (std::runtime_error const& error) {
        BOOST_TEST_MESSAGE(sql << " -> " << error.what());
        return true;
    }
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(schema)

BOOST_AUTO_TEST_CASE(the_library_carries_the_very_files_of_geodata_schema) {
    auto const& list = registry::migrations();
    std::size_t files = 0;
    for (auto const& entry : std::filesystem::directory_iterator{"geodata/schema"}) {
        files += entry.path().extension() == ".sql" ? 1U : 0U;
    }
    BOOST_TEST(list.size() == files);
    for (auto const& migration : list) {
        BOOST_TEST((read_file(std::filesystem::path{"geodata/schema"} / migration.name) == migration.sql));
    }
}

BOOST_AUTO_TEST_CASE(each_migration_is_recorded_with_its_digest) {
    ScratchFolder const scratch;
    Registry::init(scratch.data());
    SqliteOracle oracle{scratch.data().registry_file()};
    auto const rows = oracle.rows("SELECT number, name, sha256 FROM schema_version ORDER BY number");
    BOOST_REQUIRE(rows.size() == registry::migrations().size());
    BOOST_TEST(rows[1] == "2|002_records.sql|" + sha256_of_file("geodata/schema/002_records.sql").hex());
    BOOST_TEST(oracle.value("SELECT count(*) FROM spatial_ref_sys WHERE srid > 0") == "1");
    BOOST_TEST(oracle.value("SELECT auth_name, auth_srid, ref_sys_name FROM spatial_ref_sys WHERE srid = 4490") ==
               "epsg|4490|China Geodetic Coordinate System 2000");
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_refused) {
    check_refused("INSERT INTO schema_version VALUES (99, '099_future.sql', 'x', 'y')", "newer Wangge");
}
BOOST_AUTO_TEST_CASE(another_migration_under_a_known_number_is_refused) {
    check_refused("UPDATE schema_version SET sha256 = 'x' WHERE number = 3", "003_divisions.sql");
}
BOOST_AUTO_TEST_CASE(an_altered_table_is_refused) {
    check_refused("ALTER TABLE officer ADD COLUMN note TEXT", "officer");
}
BOOST_AUTO_TEST_CASE(a_removed_guard_is_refused) {
    check_refused("DROP TRIGGER audit_log_forbids_delete", "audit_log_forbids_delete");
}
BOOST_AUTO_TEST_CASE(a_foreign_trigger_is_refused) {
    check_refused("CREATE TRIGGER sneaky AFTER INSERT ON assignment BEGIN DELETE FROM address_point; END", "sneaky");
}

BOOST_AUTO_TEST_CASE(tables_that_a_gis_adds_for_itself_are_welcome) {
    ScratchFolder const scratch;
    Registry::init(scratch.data());
    SqliteOracle{scratch.data().registry_file()}.rows(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleqml TEXT)");
    BOOST_CHECK_NO_THROW(Registry::open(scratch.data(), Registry::Mode::write));
}

BOOST_AUTO_TEST_CASE(files_that_are_no_registry_are_refused) {
    ScratchFolder const scratch;
    std::filesystem::create_directories(scratch.data().root);
    auto const is_corrupt = [](Error const& error) {
        BOOST_TEST_MESSAGE(error.what());
        return error.code() == ErrorCode::corrupt;
    };
    std::ofstream{scratch.data().registry_file()}
        << "this is a text file, long enough to be more than a header of a database file, is it not? yes it is.";
    BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::read), Error, is_corrupt);
    std::filesystem::remove(scratch.data().registry_file());
    std::ofstream{scratch.data().registry_file()}.flush();
    SqliteOracle{scratch.data().registry_file()}.rows("CREATE TABLE t (a)");
    BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::write), Error, is_corrupt);
}

BOOST_AUTO_TEST_CASE(a_writer_brings_an_older_schema_up_to_date_and_a_reader_says_so) {
    ScratchFolder const scratch;
    Registry::init(scratch.data());
    {
        // As it was before the last migrations.
        SqliteOracle oracle{scratch.data().registry_file()};
        oracle.rows("SELECT DisableSpatialIndex('accepted_gap', 'shape')");
        oracle.rows("DROP TABLE idx_accepted_gap_shape");
        oracle.rows("SELECT DiscardGeometryColumn('accepted_gap', 'shape')");
        for (std::string const table :
             {"accepted_gap", "change_set_version", "change_draft_source", "change_draft_touch", "grid_code_reserved",
              "change_operation_grid", "change_operation", "change_draft_applied", "change_draft"}) {
            oracle.rows("DROP TABLE " + table);
        }
        oracle.rows("DROP TRIGGER grid_code_issued_respects_reserved");
        oracle.rows("DROP INDEX change_set_item_grid");
        oracle.rows("DROP INDEX address_point_place");
        for (std::string const table : {"grid_version", "division_version"}) {
            for (char const* const what : {"_recorded", "_superseded", "_begins", "_ends"}) {
                oracle.rows("DROP INDEX " + table + what);
            }
        }
        oracle.rows("DELETE FROM schema_object WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema s "
                    "WHERE s.type = schema_object.type AND s.name = schema_object.name)");
        oracle.rows("DELETE FROM schema_version WHERE number >= 8");
    }
    BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::read), Error, [](Error const& error) {
        BOOST_TEST_MESSAGE(error.what());
        return error.code() == ErrorCode::environment;
    });
    BOOST_CHECK_NO_THROW(Registry::open(scratch.data(), Registry::Mode::write));
    BOOST_CHECK_NO_THROW(Registry::open(scratch.data(), Registry::Mode::read));
    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT count(*) FROM sqlite_schema WHERE name IN ('grid_version_begins', "
                            "'division_version_superseded', 'change_draft', 'idx_accepted_gap_shape')") == "4");
}

BOOST_AUTO_TEST_CASE(the_file_itself_forbids_to_delete_or_rewrite_what_happened) {
    for (char const* const table : {"audit_log", "generation", "change_set", "change_set_item", "grid_code_issued",
                                    "grid_version", "division", "division_version", "officer", "assignment"}) {
        BOOST_TEST_CONTEXT(table) { BOOST_TEST(is_forbidden(std::string{"DELETE FROM "} + table)); }
    }
    BOOST_TEST(is_forbidden("UPDATE audit_log SET actor = 'somebody else'"));
    BOOST_TEST(is_forbidden("UPDATE generation SET approver = 'somebody else'"));
    BOOST_TEST(is_forbidden("UPDATE change_set SET generation = NULL"));
    BOOST_TEST(is_forbidden("UPDATE grid_code_issued SET kind = 'dedicated'"));
    BOOST_TEST(is_forbidden("UPDATE grid_version SET name = 'another'"));
    BOOST_TEST(is_forbidden("UPDATE grid_version SET valid_to = 20000"));
    BOOST_TEST(is_forbidden("UPDATE grid_version SET recorded_to = 1"));
    BOOST_TEST(is_forbidden("UPDATE division_version SET name = 'another'"));
    BOOST_TEST(is_forbidden("UPDATE assignment SET valid_to = 20000"));
    BOOST_TEST(is_forbidden("UPDATE grid_shape SET shape = shape"));
    BOOST_TEST(is_forbidden("DELETE FROM grid_shape"));
    BOOST_TEST(is_forbidden("INSERT INTO grid_version (grid_code, shape_id, name, kind, village_code, area_m2, "
                            "vertices, valid_from, valid_to, recorded_from) "
                            "SELECT grid_code, shape_id, name, kind, village_code, area_m2, vertices, valid_from + 1, "
                            "valid_to, 2 FROM grid_version")); // two on one day
    BOOST_TEST(is_forbidden(
        "INSERT INTO generation SELECT 7, recorded_at, recorded_at_utc, author, approver, digest FROM generation"));
    BOOST_TEST(is_forbidden("INSERT INTO grid_shape (shape) VALUES (GeomFromText('POINT(113 23)', 4490))"));
}

BOOST_AUTO_TEST_CASE(the_audit_chain_is_what_its_documentation_says) {
    ScratchFolder const scratch;
    auto const registry = small_registry(scratch);
    SqliteOracle oracle{scratch.data().registry_file()};
    // Rebuilt by SQLite's own JSON functions.
    auto const lines = oracle.rows("SELECT json_array(sequence, time, actor, action, details, previous), previous, "
                                   "hash FROM audit_log ORDER BY sequence");
    BOOST_REQUIRE(lines.size() == 2U);
    std::string previous(64, '0');
    for (auto const& line : lines) {
        auto const hash = line.substr(line.size() - 64);
        BOOST_TEST(line.substr(line.size() - 129, 64) == previous);
        BOOST_TEST(sha256(line.substr(0, line.size() - 130)).hex() == hash);
        previous = hash;
    }
}

BOOST_AUTO_TEST_CASE(an_audit_log_that_was_tampered_with_is_noticed) {
    for (char const* const sql :
         {"UPDATE audit_log SET actor = 'nobody' WHERE sequence = 2", "DELETE FROM audit_log WHERE sequence = 2",
          "DELETE FROM audit_log WHERE action = 'publish'",
          "UPDATE generation SET digest = replace(hex(zeroblob(32)), '0', 'a')"}) {
        ScratchFolder const scratch;
        {
            auto registry = small_registry(scratch);
            registry.publish("gis", "chief", sha256("1"));
            BOOST_TEST(!registry.audit_break().has_value());
        }
        {
            // Somebody who takes the guards off and puts them back.
            SqliteOracle oracle{scratch.data().registry_file()};
            std::vector<std::string> guards;
            for (char const* const table : {"audit_log", "generation"}) {
                for (char const* const what : {"update", "delete"}) {
                    auto const trigger = std::string{table} + "_forbids_" + what;
                    guards.push_back(oracle.value("SELECT sql FROM sqlite_schema WHERE name = '" + trigger + "'"));
                    oracle.rows("DROP TRIGGER " + trigger);
                }
            }
            oracle.rows(sql);
            for (auto const& guard : guards) {
                oracle.rows(guard);
            }
        }
        auto const broken = Registry::open(scratch.data(), Registry::Mode::read).audit_break();
        BOOST_TEST_CONTEXT(sql) { BOOST_TEST(broken.has_value()); }
        BOOST_TEST_MESSAGE(broken.value_or("not noticed"));
    }
}

BOOST_AUTO_TEST_CASE(an_entry_rewritten_together_with_its_hash_no_longer_fits_the_next_one) {
    ScratchFolder const scratch;
    {
        auto registry = small_registry(scratch);
        registry.publish("gis", "chief", sha256("1"));
    }
    {
        SqliteOracle oracle{scratch.data().registry_file()};
        auto const guard = oracle.value("SELECT sql FROM sqlite_schema WHERE name = 'audit_log_forbids_update'");
        oracle.rows("DROP TRIGGER audit_log_forbids_update");
        oracle.rows("UPDATE audit_log SET actor = 'nobody' WHERE sequence = 2");
        auto const line = oracle.value(
            "SELECT json_array(sequence, time, actor, action, details, previous) FROM audit_log WHERE sequence = 2");
        oracle.rows("UPDATE audit_log SET hash = '" + sha256(line).hex() + "' WHERE sequence = 2");
        oracle.rows(guard);
    }
    auto const broken = Registry::open(scratch.data(), Registry::Mode::read).audit_break();
    BOOST_TEST(broken.value_or("not noticed") == "audit_log: entry 3 does not follow entry 2");
}

BOOST_AUTO_TEST_SUITE_END()
