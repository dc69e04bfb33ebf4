// The whole province at once: 127,533 grids with 9.6 million vertices, 167,533 officers, addresses. The limits are far
// above what a release build needs (docs/registry-schema.md gives the figures); they catch a lost index, not a slow
// machine.
#include "small_province.hpp"

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <numeric>

using namespace wangge;
using namespace wangge::test;

namespace {

constexpr int kGrids = 127'533;
constexpr int kOfficers = 167'533;
constexpr int kColumns = 400;
constexpr std::int32_t kCell = 20'000; // some 200 m

std::string code_of(int i) { return std::to_string(440507001000000LL + i); }

/// 75 vertices on the border of a cell, jagged along its edges.
geom::MultiPolygon jagged_cell(int i, Random& random) {
    std::int32_t const lon = 1'100'000'000 + (i % kColumns) * kCell;
    std::int32_t const lat = 220'000'000 + (i / kColumns) * kCell;
    geom::Ring ring;
    for (int v = 0; v < 75; ++v) {
        auto const along = static_cast<std::int32_t>(kCell / 19 * (v % 19));
        auto const jag = static_cast<std::int32_t>(random.between(0, 200));
        switch (v / 19) {
        case 0:
            ring.push_back({lon + along, lat + jag});
            break;
        case 1:
            ring.push_back({lon + kCell - jag, lat + along});
            break;
        case 2:
            ring.push_back({lon + kCell - along, lat + kCell - jag});
            break;
        default:
            ring.push_back({lon + jag, lat + kCell - along});
        }
    }
    return {{geom::Polygon{std::move(ring), {}}}};
}

/// Seconds of processor time that `work` takes, said aloud with the wall clock's (which counts what others do
/// meanwhile).
template <class Work>
double timed(char const* what, Work const& work) {
    auto const started = std::chrono::steady_clock::now();
    auto const cpu_started = std::clock();
    work();
    auto const cpu = static_cast<double>(std::clock() - cpu_started) / CLOCKS_PER_SEC;
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    BOOST_TEST_MESSAGE(what << ": " << cpu << " s processor, " << wall << " s wall");
    return cpu;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_whole_province_is_written_and_read_in_seconds) {
    auto const address_count =
        std::getenv("WANGGE_SCALE_ADDRESSES") != nullptr ? std::atoi(std::getenv("WANGGE_SCALE_ADDRESSES")) : 200'000;
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    SilentProgress silent;
    Random random{1};

    auto change_set = change_set_of(day("2024-01-01"), {});
    for (int i = 0; i < kGrids; ++i) {
        auto grid = small_grid(code_of(i), 0, i % 2 == 0 ? kVillage1 : kVillage2);
        grid.shape = jagged_cell(i, random);
        change_set.changes.push_back(change_of(std::move(grid), {ChangeKind::added}));
    }
    BOOST_TEST(timed("127,533 grids applied", [&] { registry.apply(change_set, silent); }) < 120);

    std::vector<Officer> officers;
    std::vector<Assignment> assignments;
    for (int i = 0; i < kOfficers; ++i) {
        auto const id = "G" + std::to_string(1'000'000 + i);
        officers.push_back({id, "陈小明", std::to_string(19'900'000'000LL + i)});
        assignments.push_back({grid_of(code_of(static_cast<int>(static_cast<std::int64_t>(i) * 7919 % kGrids))),
                               id,
                               i < kGrids ? Role::dedicated : Role::part_time,
                               {day("2024-01-01"), kForever}});
    }
    BOOST_TEST(timed("167,533 officers and assignments applied",
                     [&] { registry.apply_officers(officers, assignments, "gis", {}, silent); }) < 60);
    BOOST_TEST(timed("the same officers again",
                     [&] { registry.apply_officers(officers, assignments, "gis", {}, silent); }) < 60);

    SourceFile const source{"addresses.csv", sha256("x"), 1, "", "UTF-8"};
    int made = 0;
    auto const next = [&](Registry::AddressPoint& point) {
        auto const i = made++;
        point.id = "A" + std::to_string(static_cast<std::int64_t>(i) * 7'368'787 % 100'000'000); // no order
        point.text = "广东省汕头市龙湖区金霞街道丹霞社区丹霞路" + std::to_string(i) + "号丹霞花园3栋2单元" +
                     std::to_string(i % 3000) + "房";
        point.village = division_of(i % 2 == 0 ? kVillage1 : kVillage2);
        point.road = "丹霞路";
        point.number = std::to_string(i) + "号";
        point.estate = "丹霞花园";
        point.building = "3栋";
        point.unit = "2单元";
        point.room = std::to_string(i % 3000);
        point.at = {1'100'000'000 + i, 220'000'000 + i};
        return i < address_count;
    };
    BOOST_TEST_MESSAGE(address_count << " addresses");
    BOOST_TEST(timed("addresses applied", [&] { registry.apply_addresses(next, "gis", {&source, 1}, silent); }) < 120);

    timed("published", [&] { registry.publish("gis", "chief", sha256("1")); });
    timed("closed", [&] { registry = Registry::open(scratch.data(), Registry::Mode::read); });

    State state;
    BOOST_TEST(timed("state of the province", [&] { state = state_of(registry, day("2024-05-01")); }) < 30);
    BOOST_REQUIRE(state.grids.size() == static_cast<std::size_t>(kGrids));
    std::size_t const vertices =
        std::accumulate(state.grids.begin(), state.grids.end(), std::size_t{0},
                        [](std::size_t sum, Grid const& grid) { return sum + geom::vertex_count(grid.shape); });
    BOOST_TEST(vertices == static_cast<std::size_t>(kGrids) * 75);
    bool equal = true;
    for (std::size_t i = 0; i < state.grids.size(); ++i) {
        equal = equal && state.grids[i].shape == change_set.changes[i].after.shape;
    }
    BOOST_TEST(equal);

    std::vector<DutyEntry> entries;
    BOOST_TEST(timed("duty entries of a day", [&] { entries = registry.duty_entries(day("2024-05-01")); }) < 5);
    BOOST_TEST(entries.size() == static_cast<std::size_t>(kOfficers));
    timed("grids touching one town", [&] {
        geom::Envelope const box{{1'100'000'000, 220'000'000},
                                 {1'100'000'000 + 30 * kCell - 1, 220'000'000 + 20 * kCell - 1}};
        BOOST_TEST(registry.grids_touching(day("2024-05-01"), {&box, 1}).size() >= 600U);
    });
    timed("counts", [&] {
        BOOST_TEST(registry.counts(day("2024-05-01")).address_points == static_cast<std::uint64_t>(address_count));
    });
    timed("opened", [&] { static_cast<void>(Registry::open(scratch.data(), Registry::Mode::read)); });
    if (std::system("command -v ogrinfo >/dev/null 2>&1") == 0) {
        auto const command = "ogrinfo -ro '" + scratch.data().registry_file().string() +
                             "' current_grids -so | grep -q 'Feature Count: 127533'";
        timed("summary of the view by ogrinfo", [&] { BOOST_TEST(std::system(command.c_str()) == 0); });
    } else {
        BOOST_TEST_MESSAGE("skipped: ogrinfo (gdal-bin) is not installed");
    }
    BOOST_TEST_MESSAGE("file: " << std::filesystem::file_size(scratch.data().registry_file()) / 1'000'000 << " MB");
}
