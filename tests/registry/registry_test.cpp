#include "small_province.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>

using namespace wangge;
using namespace wangge::test;

namespace {

auto is(ErrorCode code) {
    return [code](Error const& error) {
        BOOST_TEST_MESSAGE(error.what());
        return error.code() == code;
    };
}

std::string output_of(std::string const& command) {
    std::string text;
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer{};
    while (auto const n = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        text.append(buffer.data(), n);
    }
    ::pclose(pipe);
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_registry)

BOOST_AUTO_TEST_CASE(a_new_registry_is_empty_and_its_audit_chain_holds) {
    ScratchFolder const scratch;
    Registry::init(scratch.data());
    auto const registry = Registry::open(scratch.data(), Registry::Mode::read);
    auto const counts = registry.counts(day("2025-01-01"));
    BOOST_TEST(counts.divisions == 0U);
    BOOST_TEST(counts.grids_current == 0U);
    BOOST_TEST(counts.published == 0);
    BOOST_TEST(!counts.draft);
    BOOST_TEST(registry.next_generation() == 1);
    BOOST_TEST(!registry.newest_generation().has_value());
    BOOST_TEST(!registry.audit_break().has_value());
    BOOST_TEST(std::filesystem::is_directory(scratch.data().sources()));
    BOOST_TEST((std::filesystem::status(scratch.data().sources()).permissions() == std::filesystem::perms::owner_all));
    BOOST_TEST(std::filesystem::is_directory(scratch.data().snapshots()));
}

BOOST_AUTO_TEST_CASE(a_second_init_and_a_missing_registry_are_refused) {
    ScratchFolder const scratch;
    BOOST_CHECK_EXCEPTION(Registry::open(scratch.data(), Registry::Mode::write), Error, is(ErrorCode::not_found));
    BOOST_TEST(!std::filesystem::exists(scratch.data().root)); // asking leaves nothing behind
    Registry::init(scratch.data());
    BOOST_CHECK_EXCEPTION(Registry::init(scratch.data()), Error, is(ErrorCode::conflict));
}

BOOST_AUTO_TEST_CASE(divisions_come_back_by_code_with_their_parents) {
    ScratchFolder const scratch;
    auto const registry = small_registry(scratch);
    auto const divisions = registry.divisions(day("2025-01-01"));
    BOOST_REQUIRE(divisions.size() == 9U);
    BOOST_TEST(divisions.front().name == "广东省");
    BOOST_TEST(!divisions.front().parent.has_value());
    BOOST_TEST(divisions[4].name == "丹霞社区");
    BOOST_TEST((divisions[4].parent == division_of(kTown)));
    BOOST_TEST(divisions[4].urban_rural_class == "111");
    BOOST_TEST(registry.divisions(day("2019-12-31")).empty());
    BOOST_TEST(registry.division(division_of(kTown), day("2020-01-01"))->name == "金霞街道");
    BOOST_TEST(!registry.division(division_of("440507009000"), day("2020-01-01")).has_value());
}

BOOST_AUTO_TEST_CASE(a_renamed_division_keeps_its_old_name_before_the_effective_day) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    registry.publish("gis", "chief", sha256("1"));
    auto village = small_divisions()[4];
    village.name = "丹霞新社区";
    registry.apply_divisions(std::vector{village}, day("2024-07-01"), "gis", {});
    BOOST_TEST(registry.division(village.code, day("2024-06-30"))->name == "丹霞社区");
    BOOST_TEST(registry.division(village.code, day("2024-07-01"))->name == "丹霞新社区");
    BOOST_TEST(state_of(registry, day("2025-01-01"), 1).divisions[4].name == "丹霞社区");
    BOOST_TEST(state_of(registry, day("2025-01-01"), 2).divisions[4].name == "丹霞新社区");
}

BOOST_AUTO_TEST_CASE(the_same_divisions_again_change_nothing) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    registry.publish("gis", "chief", sha256("1"));
    registry.apply_divisions(small_divisions(), day("2023-01-01"), "gis", {});
    BOOST_TEST(!registry.counts(day("2023-01-01")).draft);
}

BOOST_AUTO_TEST_CASE(divisions_without_a_fitting_parent_are_rejected_whole) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    Division const good{division_of("440507002000"), "珠池街道", Level::town, division_of(kCounty), ""};
    Division const orphan{division_of("440508001000"), "无主街道", Level::town, division_of("440508000000"), ""};
    Division const upside_down{division_of("440507003000"), "倒置", Level::town, division_of(kVillage1), ""};
    Division const no_parent{division_of("440507004000"), "无父", Level::town, std::nullopt, ""};
    for (auto const& bad : {orphan, upside_down, no_parent, good}) { // `good` twice is bad too
        BOOST_CHECK_EXCEPTION(registry.apply_divisions(std::vector{good, bad}, day("2024-01-01"), "gis", {}), Error,
                              is(ErrorCode::data_rejected));
    }
    BOOST_TEST(registry.counts(day("2024-01-01")).divisions == 9U);
    registry.apply_divisions(std::vector{good}, day("2024-01-01"), "gis", {});
    BOOST_TEST(registry.counts(day("2024-01-01")).divisions == 10U);
}

BOOST_AUTO_TEST_CASE(outlines_supersede_one_another) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    DivisionOutline const first{division_of(kCounty), square(1'167'000'000, 233'500'000, 1'000'000), "survey 2020"};
    DivisionOutline const second{division_of(kCounty), square(1'167'000'000, 233'500'000, 2'000'000), "survey 2024"};
    registry.apply_outlines({&first, 1}, "gis", {});
    registry.apply_outlines({&second, 1}, "gis", {});
    registry.apply_outlines({&second, 1}, "gis", {});
    auto const outlines = registry.outlines();
    BOOST_REQUIRE(outlines.size() == 1U);
    BOOST_TEST(outlines[0].source == "survey 2024");
    BOOST_TEST((outlines[0].shape == second.shape));
    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT count(*) FROM division_outline") ==
               "2"); // the older is kept, the repeated adds nothing
    DivisionOutline const stranger{division_of("999999999999"), first.shape, ""};
    BOOST_CHECK_EXCEPTION(registry.apply_outlines({&stranger, 1}, "gis", {}), Error, is(ErrorCode::data_rejected));
}

BOOST_AUTO_TEST_CASE(added_grids_come_back_whole_in_code_order) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto second = small_grid("440507001001002", 1);
    second.kind = GridKind::dedicated;
    auto const first = small_grid("440507001001001", 0);
    auto const id = apply(registry, day("2024-01-01"),
                          {change_of(second, {ChangeKind::added}), change_of(first, {ChangeKind::added})});
    BOOST_TEST(id > 0);
    auto const state = state_of(registry, day("2024-01-01"));
    BOOST_REQUIRE(state.grids.size() == 2U);
    BOOST_TEST(state.grids[0].code.str() == "440507001001001");
    BOOST_TEST(state.grids[0].name == "第0网格");
    BOOST_TEST((state.grids[0].shape == first.shape));
    BOOST_TEST((state.grids[1].kind == GridKind::dedicated));
    BOOST_TEST((state.grids[1].village == division_of(kVillage1)));
    BOOST_TEST(state.known_at == 1);
    BOOST_TEST(state.divisions.size() == 9U);
    BOOST_TEST(state_of(registry, day("2023-12-31")).grids.empty());
    BOOST_TEST(registry.grid(first.code, day("2024-01-01"))->name == first.name);
    BOOST_TEST(!registry.grid(first.code, day("2023-12-31")).has_value());
    BOOST_TEST(registry.counts(day("2024-01-01")).draft);
}

BOOST_AUTO_TEST_CASE(a_code_is_never_issued_twice_not_even_after_its_grid_is_retired) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto const grid = small_grid("440507001001001", 0);
    apply(registry, day("2024-01-01"), {change_of(grid, {ChangeKind::added})});
    BOOST_CHECK_EXCEPTION(apply(registry, day("2024-02-01"), {change_of(grid, {ChangeKind::added})}), Error,
                          is(ErrorCode::data_rejected));
    apply(registry, day("2024-03-01"), {change_of(grid, {ChangeKind::retired})});
    BOOST_TEST(state_of(registry, day("2024-03-01")).grids.empty());
    BOOST_CHECK_EXCEPTION(apply(registry, day("2024-04-01"), {change_of(grid, {ChangeKind::added})}), Error,
                          is(ErrorCode::data_rejected));
    BOOST_TEST(registry.issued_codes().size() == 1U);
}

BOOST_AUTO_TEST_CASE(changes_that_cannot_be_are_rejected_and_leave_nothing) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto const good = small_grid("440507001001001", 0);
    auto const refuse = [&](ErrorCode code, GridChange const& bad) {
        BOOST_CHECK_EXCEPTION(apply(registry, day("2024-01-01"), {change_of(good, {ChangeKind::added}), bad}), Error,
                              is(code));
    };
    refuse(ErrorCode::data_rejected, change_of(small_grid("440507001001009", 1), {ChangeKind::renamed}));
    refuse(ErrorCode::data_rejected, change_of(small_grid("440507001001009", 1), {ChangeKind::retired}));
    refuse(ErrorCode::data_rejected, change_of(small_grid("440507001001009", 1, "440507001009"), {ChangeKind::added}));
    refuse(ErrorCode::data_rejected, change_of(small_grid("440507001001009", 1, kTown), {ChangeKind::added}));
    refuse(ErrorCode::data_rejected, change_of(good, {ChangeKind::added}));
    refuse(ErrorCode::usage, change_of(small_grid("440507001001009", 1), {}));
    refuse(ErrorCode::usage, change_of(small_grid("440507001001009", 1), {ChangeKind::added, ChangeKind::renamed}));
    auto empty = small_grid("440507001001009", 1);
    empty.shape.parts.clear();
    refuse(ErrorCode::data_rejected, change_of(empty, {ChangeKind::added}));
    BOOST_TEST(state_of(registry, day("2024-01-01")).grids.empty());
    BOOST_TEST(registry.issued_codes().empty());
    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT (SELECT count(*) FROM grid_shape), (SELECT count(*) FROM idx_grid_shape_shape)") ==
               "0|0");
}

BOOST_AUTO_TEST_CASE(an_empty_change_set_leaves_no_draft) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    registry.publish("gis", "chief", sha256("1"));
    BOOST_TEST(apply(registry, day("2024-01-01"), {}) == 0);
    BOOST_TEST(!registry.counts(day("2024-01-01")).draft);
}

BOOST_AUTO_TEST_CASE(grids_touching_a_box_are_those_whose_envelope_meets_it_exactly) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    std::vector<GridChange> changes;
    for (int column = 0; column < 20; ++column) {
        changes.push_back(
            change_of(small_grid("4405070010010" + std::to_string(10 + column), column), {ChangeKind::added}));
    }
    apply(registry, day("2024-01-01"), changes);
    auto const touching = [&](std::vector<geom::Envelope> const& boxes) {
        return registry.grids_touching(day("2024-01-01"), boxes);
    };
    // Grid 3 spans [1167300000, 1167400000]; a box that ends one lattice unit before it meets grid 2 only.
    std::int32_t const left = 1'167'300'000;
    BOOST_TEST(touching({{{left - 50'000, 233'550'000}, {left - 1, 233'560'000}}}).size() == 1U);
    auto const two = touching({{{left - 50'000, 233'550'000}, {left, 233'560'000}}});
    BOOST_REQUIRE(two.size() == 2U);
    BOOST_TEST(two[0].code.str() == "440507001001012");
    BOOST_TEST(two[1].code.str() == "440507001001013");
    BOOST_TEST(touching({}).empty());
    BOOST_TEST(touching({geom::Envelope{}}).empty());
    geom::Envelope const everything{{-1'800'000'000, -900'000'000}, {1'800'000'000, 900'000'000}};
    BOOST_TEST(touching({everything, everything}).size() == 20U);
    BOOST_TEST(registry.grids_touching(day("2023-01-01"), std::array{everything}).empty());
}

BOOST_AUTO_TEST_CASE(publishing_numbers_generations_and_ties_the_change_sets_to_them) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    apply(registry, day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
    auto const generation = registry.publish("gis", "chief", sha256("content"));
    BOOST_TEST(generation.number == 1);
    BOOST_TEST(registry.next_generation() == 2);
    BOOST_TEST(registry.newest_generation()->digest.hex() == sha256("content").hex());
    BOOST_TEST(registry.newest_generation()->approver == "chief");
    BOOST_TEST(registry.generations().size() == 1U);
    BOOST_TEST(!registry.counts(day("2024-01-01")).draft);
    BOOST_CHECK_EXCEPTION(registry.publish("gis", "chief", sha256("content")), Error, is(ErrorCode::conflict));
    SqliteOracle oracle{scratch.data().registry_file()};
    BOOST_TEST(oracle.value("SELECT group_concat(generation) FROM change_set") == "1,1");
    BOOST_TEST(oracle.value("SELECT recorded_at LIKE '%+08:00' AND strftime('%s', recorded_at) = strftime('%s', "
                            "recorded_at_utc) FROM generation") == "1");
    BOOST_TEST(!registry.audit_break().has_value());
}

BOOST_AUTO_TEST_CASE(outlines_that_come_in_after_a_publish_are_told) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    DivisionOutline outline{division_of(kCounty), square(0, 0, 100), "by hand"};
    registry.apply_outlines({&outline, 1}, "gis", {});
    BOOST_TEST(registry.outlines_changed_since_publish());
    registry.publish("gis", "chief", sha256("1"));
    BOOST_TEST(!registry.outlines_changed_since_publish());
    registry.apply_outlines({&outline, 1}, "gis", {}); // the same
    BOOST_TEST(!registry.outlines_changed_since_publish());
    outline.shape = square(0, 0, 101);
    registry.apply_outlines({&outline, 1}, "gis", {});
    BOOST_TEST(registry.outlines_changed_since_publish());
}

BOOST_AUTO_TEST_CASE(sources_are_recorded_with_their_change_set) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto change_set =
        change_set_of(day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
    change_set.sources.push_back({"汕头市.shp", sha256("x"), 1234, "EPSG:4547", "GB18030"});
    SilentProgress silent;
    auto const id = registry.apply(change_set, silent);
    registry.record_source({"officers.csv", sha256("y"), 5, "", "UTF-8"}, "gis");
    SqliteOracle oracle{scratch.data().registry_file()};
    auto const rows = oracle.rows(
        "SELECT name, sha256, bytes, crs, encoding, received_from, change_set_id FROM source_file ORDER BY id");
    BOOST_REQUIRE(rows.size() == 2U);
    BOOST_TEST(rows[0] == "汕头市.shp|" + sha256("x").hex() + "|1234|EPSG:4547|GB18030|gis|" + std::to_string(id));
    BOOST_TEST(rows[1] == "officers.csv|" + sha256("y").hex() + "|5||UTF-8|gis|");
}

BOOST_AUTO_TEST_CASE(addresses_of_the_same_file_replace_one_another) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    SilentProgress silent;
    auto const import = [&](std::string const& file, std::size_t count, char const* village = kVillage1,
                            bool repeat_id = false) {
        std::size_t made = 0;
        SourceFile const source{file, sha256(file), 1, "EPSG:4490", "UTF-8"};
        return registry.apply_addresses(
            [&](Registry::AddressPoint& point) {
                point = {repeat_id ? "same" : "a" + std::to_string(made),
                         "广东省汕头市龙湖区金霞街道",
                         division_of(village),
                         "丹霞路",
                         "1号",
                         "",
                         "",
                         "",
                         "",
                         {1'167'000'000, 233'500'000}};
                return made++ < count;
            },
            "gis", {&source, 1}, silent);
    };
    BOOST_TEST(import("one.csv", 10) == 10U);
    BOOST_TEST(import("two.csv", 5) == 5U);
    BOOST_TEST(registry.counts(day("2024-01-01")).address_points == 15U);
    BOOST_TEST(import("one.csv", 3) == 3U);
    BOOST_TEST(registry.counts(day("2024-01-01")).address_points == 8U);
    BOOST_CHECK_EXCEPTION(import("one.csv", 3, "440507001777"), Error, is(ErrorCode::data_rejected));
    BOOST_CHECK_EXCEPTION(import("one.csv", 3, kVillage1, true), Error, is(ErrorCode::data_rejected));
    BOOST_TEST(registry.counts(day("2024-01-01")).address_points == 8U);
}

BOOST_AUTO_TEST_CASE(gdal_opens_the_registry_and_lists_the_current_grids) {
    if (std::system("command -v ogrinfo >/dev/null 2>&1") != 0) {
        BOOST_TEST_MESSAGE("skipped: ogrinfo (gdal-bin) is not installed");
        return;
    }
    ScratchFolder const scratch;
    {
        auto registry = small_registry(scratch);
        apply(registry, day("2024-01-01"),
              {change_of(small_grid("440507001001001", 0), {ChangeKind::added}),
               change_of(small_grid("441900003001001", 1, kVillageUnderCity), {ChangeKind::added})});
        apply(registry, day("2024-02-01"), {change_of(small_grid("440507001001002", 2), {ChangeKind::added})});
        apply(registry, day("2024-03-01"), {change_of(small_grid("440507001001002", 2), {ChangeKind::retired})});
    }
    auto const file = scratch.data().registry_file().string();
    auto const summary = output_of("ogrinfo -ro " + file + " current_grids -so");
    for (char const* const expected :
         {"using driver `SQLite' successful", "Geometry: Multi Polygon", "Feature Count: 2",
          "Extent: (116.700000, 23.350000) - (116.720000, 23.360000)", "ID[\"EPSG\",4490]", "grid_code: String",
          "county_name: String", "area_m2: Real", "Geometry Column = shape", "FID Column = shape_id"}) {
        BOOST_TEST_CONTEXT(expected) { BOOST_TEST((summary.find(expected) != std::string::npos)); }
    }
    BOOST_TEST_MESSAGE(summary);
    // Longitude is x: a filter in lon/lat finds exactly the second grid.
    auto const second = output_of("ogrinfo -ro " + file + " current_grids -spat 116.715 23.352 116.716 23.353");
    for (char const* const expected :
         {"grid_code (String) = 441900003001001", "village_name (String) = 岗贝社区", "town_name (String) = 东城街道",
          "county_name (String) = (null)", "city_name (String) = 东莞市", "valid_from (String) = 2024-01-01",
          "valid_to (String) = forever", "published (Integer) = 0",
          "MULTIPOLYGON (((116.71 23.35,116.72 23.35,116.72 23.36,116.71 23.36,116.71 23.35)))"}) {
        BOOST_TEST_CONTEXT(expected) { BOOST_TEST((second.find(expected) != std::string::npos)); }
    }
    BOOST_TEST((second.find("440507001001001") == std::string::npos));
    BOOST_TEST_MESSAGE(second);
}

BOOST_AUTO_TEST_CASE(the_queries_of_the_documentation_run_and_find_the_grid) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto set = change_set_of(day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
    set.lineage = {{grid_of("440507001001001"), grid_of("440507001001001"), 1, 1, 1}};
    SilentProgress silent;
    registry.apply(set, silent);
    registry.publish("gis", "chief", sha256("1"));
    SqliteOracle oracle{scratch.data().registry_file()};
    auto const page = read_file("docs/registry-schema.md");
    std::string const open = "```sql\n";
    std::size_t queries = 0;
    for (auto at = page.find(open); at != std::string::npos; at = page.find(open, at + 1)) {
        auto const begin = at + open.size();
        auto const sql = page.substr(begin, page.find("```", begin) - begin);
        BOOST_TEST_CONTEXT(sql) { BOOST_TEST(oracle.rows(sql).size() == 1U); }
        ++queries;
    }
    BOOST_TEST(queries == 7U);
}

BOOST_AUTO_TEST_CASE(the_area_of_a_version_is_the_geodesic_area_of_its_shape) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto const grid = small_grid("440507001001001", 0);
    apply(registry, day("2024-01-01"), {change_of(grid, {ChangeKind::added})});
    SqliteOracle oracle{scratch.data().registry_file()};
    // 0.01 x 0.01 degree at 23.355 N: 1022.2 m x 1107.5 m by the radii of curvature of the ellipsoid.
    BOOST_TEST(std::stod(oracle.value("SELECT area_m2 FROM grid_version")) == 1022.2 * 1107.5,
               boost::test_tools::tolerance(1e-3));
    BOOST_TEST(oracle.value("SELECT vertices, valid_from_iso, valid_to_iso FROM grid_version") ==
               "4|2024-01-01|forever");
}

BOOST_AUTO_TEST_SUITE_END()
