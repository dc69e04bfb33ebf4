#include "schema.hpp"
#include "small_province.hpp"
#include "sqlite_connection.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <span>
#include <stdexcept>

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
        SilentProgress silent;
        auto set = change_set_of(day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
        set.lineage = {{grid_of("440507001001001"), grid_of("440507001001001"), 1, 1, 1}};
        set.aliases = {{0, division_of(kVillage1), "老村", "so people say", "gis", {day("2024-01-01"), kForever}, 0}};
        set.addresses = {
            {0,
             registry::ImportedAddress{"addresses.csv", "A1"},
             {"", "老村1号", division_of(kVillage1), "", "1号", "", "", "", "", {1'160'000'000, 230'000'000}},
             "was wrong",
             "gis",
             {day("2024-01-01"), kForever},
             0}};
        set.retired_addresses = {
            {0, {"addresses.csv", "A2"}, "老村2号", "torn down", "gis", {day("2024-01-01"), kForever}, 0}};
        registry.apply(set, silent);
        registry.publish("gis", "chief", sha256("1"));
        registry.apply_concordance(
            std::vector<Concordance>{{division_of(kVillage1), division_of(kVillage2), day("2024-01-01"), "", "list"}},
            "gis", {});
        std::vector<Officer> const officer{{"G001", "陈小明", ""}};
        std::vector<Assignment> const assignment{
            {grid_of("440507001001001"), "G001", Role::dedicated, {day("2024-01-01"), kForever}}};
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
    std::span<registry::Migration const> const all{registry::migrations()};
    for (std::size_t known = 9; known < all.size(); ++known) { // from the one on that has change sets
        ScratchFolder const scratch;
        Registry::init(scratch.data());
        auto const file = scratch.data().registry_file();
        auto const content =
            "SELECT group_concat(number || kind || coalesce(lon_e7, '') || reason || coalesce(dropped_by, '')) "
            "FROM change_operation";
        {
            for (auto const* const ending : {"", "-wal", "-shm"}) {
                std::filesystem::remove(file.string() + ending);
            }
            registry::Connection connection{file, registry::Connection::Access::create};
            registry::apply_migrations(connection, all.first(known));
        }
        SqliteOracle oracle{file};
        oracle.rows("INSERT INTO change_draft (id, title, author, valid_from, valid_to, created_at, base_generation) "
                    "VALUES (1, 'old', 'ann', 20000, 2147483647, '2024', 0)");
        oracle.rows("INSERT INTO change_operation (draft_id, number, kind, editor, added_at, reason, lon_e7, lat_e7) "
                    "VALUES (1, 1, 'rename', 'ann', '2024', '', NULL, NULL), (1, 2, 'accept_gap', 'ann', '2024', "
                    "'water', 5, 6)");
        oracle.rows("INSERT INTO change_operation_grid (draft_id, number, position, grid_code, effect, name) "
                    "VALUES (1, 1, 1, '440507001001001', 'change', 'new')");
        oracle.rows("UPDATE change_operation SET dropped_by = 'ben', dropped_at = '2024' WHERE number = 2");
        auto const before = oracle.value(content);
        BOOST_TEST(before == "1rename,2accept_gap5waterben");
        BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::read), Error, [](Error const& error) {
            BOOST_TEST_MESSAGE(error.what());
            return error.code() == ErrorCode::environment;
        });
        BOOST_CHECK_NO_THROW(Registry::open(scratch.data(), Registry::Mode::write));
        BOOST_CHECK_NO_THROW(Registry::open(scratch.data(), Registry::Mode::read));
        BOOST_TEST(oracle.value(content) == before);
        BOOST_TEST(oracle.value("SELECT count(*) FROM pragma_foreign_key_check") == "0");
        oracle.rows("PRAGMA foreign_keys=ON");
        BOOST_CHECK_THROW(oracle.rows("UPDATE change_operation SET editor = 'ben'"), std::runtime_error);
        BOOST_CHECK_THROW(oracle.rows("DELETE FROM change_operation"), std::runtime_error);
        // The same objects as in one that was made new.
        ScratchFolder const fresh;
        Registry::init(fresh.data());
        auto const objects =
            "SELECT group_concat(type || name || sha256) FROM (SELECT * FROM schema_object ORDER BY type, name)";
        BOOST_TEST(oracle.value(objects) == SqliteOracle{fresh.data().registry_file()}.value(objects));
    }
}

BOOST_AUTO_TEST_CASE(the_file_itself_forbids_to_delete_or_rewrite_what_happened) {
    for (char const* const table :
         {"audit_log", "generation", "change_set", "change_set_item", "grid_code_issued", "grid_version", "division",
          "division_version", "officer", "assignment", "grid_lineage", "division_concordance", "division_alias",
          "staff_address", "retired_address"}) {
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
    BOOST_TEST(is_forbidden("UPDATE grid_lineage SET area_m2 = 2"));
    BOOST_TEST(is_forbidden("UPDATE division_concordance SET new_code = old_code"));
    BOOST_TEST(is_forbidden("UPDATE division_alias SET text = 'another'"));
    BOOST_TEST(is_forbidden("UPDATE division_alias SET recorded_to = 1, withdrawn_by = 1"));
    BOOST_TEST(is_forbidden("UPDATE staff_address SET text = 'another'"));
    BOOST_TEST(is_forbidden("UPDATE staff_address SET lon_e7 = 0"));
    BOOST_TEST(is_forbidden("UPDATE staff_address SET first_id = 1"));
    BOOST_TEST(is_forbidden("UPDATE retired_address SET point_id = 'A3'"));
    BOOST_TEST(is_forbidden("UPDATE retired_address SET valid_to = valid_to - 1"));
    BOOST_TEST(is_forbidden("UPDATE retired_address SET recorded_to = 1, withdrawn_by = 1"));
    BOOST_TEST(is_forbidden("INSERT INTO retired_address SELECT id + 1, change_set_id, source, point_id, text, reason, "
                            "author, valid_from + 1, valid_to, 2, NULL, NULL FROM retired_address")); // twice
    BOOST_TEST(is_forbidden("UPDATE staff_address SET recorded_to = 1, withdrawn_by = 1"));
    BOOST_TEST(
        is_forbidden("INSERT INTO staff_address SELECT id + 1, change_set_id, corrects_source, corrects_id, text, "
                     "village_code, road, house_number, estate, building, unit, room, lon_e7, lat_e7, reason, "
                     "author, valid_from + 1, valid_to, 2, NULL, NULL FROM staff_address")); // corrects it twice
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
