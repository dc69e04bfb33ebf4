#include "officer_vault.hpp"
#include "small_province.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <fstream>

using namespace wangge;
using namespace wangge::test;

namespace {

std::string const kGridA = "440507001001001";
std::string const kGridB = "440507001001002";

Registry registry_with_grids(ScratchFolder const& scratch) {
    auto registry = small_registry(scratch);
    apply(
        registry, day("2024-01-01"),
        {change_of(small_grid(kGridA, 0), {ChangeKind::added}), change_of(small_grid(kGridB, 1), {ChangeKind::added})});
    return registry;
}

void write(Registry& registry, std::vector<Officer> const& officers, std::vector<Assignment> const& assignments) {
    SilentProgress silent;
    registry.apply_officers(officers, assignments, "gis", {}, silent);
}

Assignment assigned(std::string const& grid, std::string const& officer, Role role, char const* from,
                    Date to = kForever) {
    return {grid_of(grid), officer, role, {day(from), to}};
}

auto is(ErrorCode code) {
    return [code](Error const& error) {
        BOOST_TEST_MESSAGE(error.what());
        return error.code() == code;
    };
}

} // namespace

BOOST_AUTO_TEST_SUITE(officers)

BOOST_AUTO_TEST_CASE(phones_are_masked_by_the_first_three_and_last_four_digits) {
    BOOST_TEST(registry::mask_phone("13800001234") == "138****1234");
    BOOST_TEST(registry::mask_phone("+8613800001234") == "+86****1234");
    BOOST_TEST(registry::mask_phone("1380001234") == "****"); // seven of ten would be too many
    BOOST_TEST(registry::mask_phone("12345") == "****");
    BOOST_TEST(registry::mask_phone("一二三四五六七八九十") == "****");
    BOOST_TEST(registry::mask_phone("") == "");
}

BOOST_AUTO_TEST_CASE(an_officer_is_seen_with_a_masked_phone_and_stored_sealed) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    write(registry, {{"G001", "陈小明", "19900001234"}}, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01")});
    auto const view = registry.officer("G001");
    BOOST_REQUIRE(view.has_value());
    BOOST_TEST(view->name == "陈小明");
    BOOST_TEST(view->phone_masked == "199****1234");
    BOOST_REQUIRE(view->assignments.size() == 1U);
    BOOST_TEST(view->assignments[0].grid.str() == kGridA);
    BOOST_TEST(!registry.officer("G999").has_value());
    auto const on_grid = registry.officers_of(grid_of(kGridA), day("2024-05-01"));
    BOOST_REQUIRE(on_grid.size() == 1U);
    BOOST_TEST(on_grid[0].phone_masked == "199****1234");
    BOOST_TEST(registry.officers_of(grid_of(kGridA), day("2023-05-01")).empty());

    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT instr(phone_sealed, '19900001234') = 0 AND instr(phone_sealed, '1234') = 0 AND "
                            "length(phone_sealed) = 24 + 16 + 11 FROM officer") == "1");
    for (auto const& details : oracle.rows("SELECT details FROM audit_log")) {
        BOOST_TEST((details.find("陈小明") == std::string::npos));
        BOOST_TEST((details.find("19900001234") == std::string::npos));
    }
}

BOOST_AUTO_TEST_CASE(duty_entries_are_sorted_by_grid_then_role_and_hold_nothing_personal) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    write(registry, {{"P1", "王", ""}, {"D1", "李", ""}, {"T1", "张", ""}, {"D2", "黄", ""}},
          {assigned(kGridB, "D2", Role::dedicated, "2024-01-01"), assigned(kGridA, "T1", Role::part_time, "2024-01-01"),
           assigned(kGridA, "P1", Role::professional, "2024-01-01"),
           assigned(kGridA, "D1", Role::dedicated, "2024-01-01", day("2024-06-01"))});
    auto const entries = registry.duty_entries(day("2024-05-31"));
    BOOST_REQUIRE(entries.size() == 4U);
    BOOST_TEST(entries[0].officer_id == "D1");
    BOOST_TEST(entries[1].officer_id == "P1");
    BOOST_TEST(entries[2].officer_id == "T1");
    BOOST_TEST(entries[3].officer_id == "D2");
    BOOST_TEST(entries[3].grid.str() == kGridB);
    BOOST_TEST(entries[0].valid.to.str() == "2024-06-01");
    BOOST_TEST(registry.duty_entries(day("2024-06-01")).size() == 3U); // half-open
    BOOST_TEST(registry.counts(day("2024-06-01")).assignments == 3U);
}

BOOST_AUTO_TEST_CASE(a_handover_replaces_assignments_from_its_first_day_and_keeps_what_was) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    std::vector<Officer> const officer{{"G001", "陈小明", "19900001234"}};
    write(registry, officer, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01")});
    write(registry, officer, {assigned(kGridB, "G001", Role::dedicated, "2024-07-01")});
    BOOST_TEST(registry.duty_entries(day("2024-06-30"))[0].grid.str() == kGridA);
    BOOST_TEST(registry.duty_entries(day("2024-07-01"))[0].grid.str() == kGridB);
    BOOST_TEST(registry.duty_entries(day("2024-07-01")).size() == 1U);
    write(registry, officer, {assigned(kGridB, "G001", Role::dedicated, "2024-01-01")}); // a correction of the past
    BOOST_TEST(registry.duty_entries(day("2024-06-30"))[0].grid.str() == kGridB);
    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT count(*), count(superseded_entry) FROM assignment") ==
               "4|3"); // nothing was deleted
}

BOOST_AUTO_TEST_CASE(the_same_list_again_writes_no_row) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    std::vector<Officer> const officer{{"G001", "陈小明", "19900001234"}};
    std::vector<Assignment> const assignments{assigned(kGridA, "G001", Role::dedicated, "2024-01-01"),
                                              assigned(kGridB, "G001", Role::part_time, "2024-02-01")};
    write(registry, officer, assignments);
    SqliteOracle oracle{scratch.data().registry_file()};
    auto const before = oracle.value("SELECT group_concat(id || superseded_entry), (SELECT hex(phone_sealed) || "
                                     "updated_entry FROM officer) FROM assignment");
    write(registry, officer, assignments);
    BOOST_TEST(oracle.value("SELECT group_concat(id || superseded_entry), (SELECT hex(phone_sealed) || updated_entry "
                            "FROM officer) FROM assignment") == before);
    BOOST_TEST(oracle.value("SELECT count(*) FROM assignment") == "2");
}

BOOST_AUTO_TEST_CASE(an_officer_without_assignments_ends_today) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    write(registry, {{"G001", "陈小明", "19900001234"}}, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01")});
    write(registry, {{"G001", "陈小明", "19900005678"}}, {});
    BOOST_TEST(registry.duty_entries(Date{Date::today().days() - 1}).size() == 1U);
    BOOST_TEST(registry.duty_entries(Date{Date::today().days() + 1}).empty());
    BOOST_TEST(registry.officer("G001")->phone_masked == "199****5678");
}

BOOST_AUTO_TEST_CASE(bad_lists_are_rejected_whole) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    std::vector<Officer> const one{{"G001", "陈小明", ""}};
    auto const refuse = [&](std::vector<Officer> const& officers, std::vector<Assignment> const& assignments) {
        BOOST_CHECK_EXCEPTION(write(registry, officers, assignments), Error, is(ErrorCode::data_rejected));
    };
    refuse(one, {assigned("440507001001777", "G001", Role::dedicated, "2024-01-01")});
    refuse(one, {assigned(kGridA, "G002", Role::dedicated, "2024-01-01")});
    refuse(one, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01", day("2024-01-01"))});
    refuse(one, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01"),
                 assigned(kGridA, "G001", Role::dedicated, "2024-05-01")});
    refuse({one[0], one[0]}, {});
    refuse({{"", "无号", ""}}, {});
    BOOST_TEST(registry.counts(day("2024-01-01")).officers == 0U);
}

BOOST_AUTO_TEST_CASE(the_key_is_private_and_without_it_phones_stay_sealed) {
    ScratchFolder const scratch;
    auto registry = registry_with_grids(scratch);
    auto const key = scratch.data().officer_key();
    struct stat info {};
    BOOST_REQUIRE(::stat(key.c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777U) == 0600U);
    write(registry, {{"G001", "陈小明", "19900001234"}}, {assigned(kGridA, "G001", Role::dedicated, "2024-01-01")});
    registry = Registry::open({scratch.path() / "data"}, Registry::Mode::read);

    ::chmod(key.c_str(), 0644);
    BOOST_CHECK_EXCEPTION(registry.officer("G001"), Error, is(ErrorCode::environment));
    std::filesystem::rename(key, key.string() + ".away");
    BOOST_CHECK_EXCEPTION(registry.officer("G001"), Error, is(ErrorCode::environment));
    BOOST_TEST(registry.duty_entries(day("2024-05-01")).size() == 1U); // needs no key
    registry::make_officer_key(key);                                   // another key
    BOOST_CHECK_EXCEPTION(registry.officer("G001"), Error, is(ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(a_malformed_key_is_a_clear_error) {
    ScratchFolder const scratch;
    auto const file = scratch.path() / "officer.key";
    for (char const* const text :
         {"", "abc", "zz", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef00"}) {
        std::ofstream{file} << text;
        ::chmod(file.c_str(), 0600);
        BOOST_CHECK_EXCEPTION(registry::OfficerVault{file}, Error, is(ErrorCode::environment));
    }
}

BOOST_AUTO_TEST_CASE(two_seals_of_one_phone_differ_and_both_open) {
    ScratchFolder const scratch;
    auto const file = scratch.path() / "keys" / "officer.key";
    registry::make_officer_key(file);
    registry::OfficerVault const vault{file};
    auto const a = vault.seal("19900001234");
    auto const b = vault.seal("19900001234");
    BOOST_TEST((a != b));
    BOOST_TEST(vault.open(a) == "19900001234");
    BOOST_TEST(vault.open(b) == "19900001234");
    BOOST_TEST(vault.open(vault.seal("")) == "");
    auto damaged = a;
    damaged.back() ^= std::byte{1};
    BOOST_CHECK_EXCEPTION(vault.open(damaged), Error, is(ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(a_registry_unseals_what_it_sealed_and_another_one_does_not) {
    ScratchFolder const scratch;
    ScratchFolder const other;
    Registry::init(scratch.data());
    Registry::init(other.data());
    auto const registry = Registry::open(scratch.data(), Registry::Mode::read);
    std::string const plain{"a\0b\xff\n", 5};
    auto const sealed = registry.seal(plain);
    BOOST_TEST(sealed.size() == 24U + 16U + plain.size()); // nonce, authenticator, bytes
    BOOST_TEST(registry.unseal(sealed) == plain);
    BOOST_CHECK_EXCEPTION((void)Registry::open(other.data(), Registry::Mode::read).unseal(sealed), Error,
                          is(ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(roles_are_read_in_english_and_chinese) {
    BOOST_TEST((parse_role("专职网格员") == Role::dedicated));
    BOOST_TEST((parse_role("专业") == Role::professional));
    BOOST_TEST((parse_role("兼职网格员") == Role::part_time));
    BOOST_TEST((parse_role("part_time") == Role::part_time));
    BOOST_TEST(!parse_role("网格员").has_value());
    BOOST_TEST(registry::to_string(Role::professional) == "professional");
}

BOOST_AUTO_TEST_SUITE_END()
