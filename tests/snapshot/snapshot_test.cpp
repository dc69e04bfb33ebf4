#include "coverages.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::snapshot;

namespace {

/// A folder of its own for each test, removed at its end.
class Folder {
public:
    Folder() {
        auto text = (std::filesystem::temp_directory_path() / "wangge-snapshot-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(text.data()) != nullptr);
        path = text;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;
    std::filesystem::path path;
};

/// A province of one city, county, town and two villages, with the grids of a random jagged coverage.
struct Province {
    std::vector<MultiPolygon> shapes;
    std::vector<std::string> names;
    Content content;

    explicit Province(std::uint64_t seed = 4, std::int64_t scale = 2000) {
        Random random{seed};
        do {
            shapes = merged_cells(random, {scale, {1132000000, 231000000}}, true);
        } while (shapes.size() < 4);
        content.generation = 7;
        content.as_of = Date::parse("2024-06-01").value();
        content.unchanged = {Date::parse("2024-05-01").value(), kForever};
        auto const division = [&](std::uint64_t code, std::string_view name, Level level, std::uint64_t parent) {
            content.divisions.push_back(
                {DivisionCode::from_value(code), name, level, DivisionCode::from_value(parent)});
        };
        division(440000000000, "广东省", Level::province, 0);
        division(440100000000, "广州市", Level::city, 440000000000);
        division(440106000000, "天河区", Level::county, 440100000000);
        division(440106001000, "五山街道", Level::town, 440106000000);
        division(440106001001, "东村", Level::village, 440106001000);
        division(440106001002, "西村", Level::village, 440106001000);
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            names.push_back(fmt::format("第{}网格", i + 1));
        }
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            bool const east = i < shapes.size() / 2;
            auto const code = fmt::format("{}{:03}", east ? "440106001001" : "440106001002", i == 0 ? 1 : i + 799);
            content.grids.push_back({GridCode::parse(code).value(), names[i],
                                     i == 0 ? GridKind::comprehensive : GridKind::dedicated,
                                     DivisionCode::from_value(east ? 440106001001 : 440106001002), &shapes[i]});
        }
    }
    Province(Province const&) = delete;
    Province& operator=(Province const&) = delete;
};

std::filesystem::path write(Province const& province, std::filesystem::path const& folder) {
    SilentProgress silent;
    write_snapshot(province.content, folder, silent);
    return folder;
}

bool is_corrupt_naming(Error const& e, std::string const& name) {
    return e.code() == ErrorCode::corrupt && std::string_view{e.what()}.find(name) != std::string_view::npos &&
           std::string_view{e.what()}.find("publish again") != std::string_view::npos;
}

std::string slurp(std::filesystem::path const& path) { return read_file(path); }

void spill(std::filesystem::path const& path, std::string const& text) {
    std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
}

/// Kills its own process when the named step ends.
class KillAt final : public Progress {
public:
    explicit KillAt(std::string step) : m_step(std::move(step)) {}
    void begin(std::string_view what, std::uint64_t, std::string_view) override { m_now = what; }
    void advance(std::uint64_t) override {}
    void end() override {
        if (m_now == m_step) {
            ::kill(::getpid(), SIGKILL);
        }
    }

private:
    std::string m_step, m_now;
};

double brute_distance(MultiPolygon const& shape, Point p) { return geom::distance_to_boundary_m(shape, p); }

} // namespace

BOOST_AUTO_TEST_SUITE(snapshot_folder)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back) {
    Folder const dir;
    Province const province;
    SilentProgress silent;
    auto const digest = write_snapshot(province.content, dir.path / "s", silent);
    auto const snapshot = Snapshot::open(dir.path / "s");
    BOOST_TEST((digest == snapshot->digest()));
    BOOST_TEST((digest == content_digest(province.content)));
    BOOST_TEST(snapshot->generation() == 7);
    BOOST_TEST(snapshot->as_of().str() == "2024-06-01");
    BOOST_TEST(snapshot->unchanged().from.str() == "2024-05-01");
    BOOST_TEST((snapshot->unchanged().to == kForever));
    BOOST_TEST(snapshot->folder() == dir.path / "s");
    BOOST_REQUIRE(snapshot->grid_count() == province.shapes.size());
    BOOST_REQUIRE(snapshot->division_count() == 6U);
    for (GridId id = 0; id < snapshot->grid_count(); ++id) {
        auto const& given = province.content.grids[id];
        auto const info = snapshot->grid(id);
        BOOST_TEST((info.code == given.code));
        BOOST_TEST(info.name == given.name);
        BOOST_TEST((info.kind == given.kind));
        BOOST_TEST((snapshot->division(info.village).code == given.village));
        auto shape = province.shapes[id];
        BOOST_TEST((info.envelope == geom::envelope_of(shape)));
        BOOST_TEST(info.area_m2 == geom::area_m2(shape), boost::test_tools::tolerance(1e-9));
        geom::normalize(shape);
        BOOST_TEST((snapshot->shape(id) == shape));
        BOOST_TEST((snapshot->find_grid(given.code) == std::optional{id}));
    }
    BOOST_TEST(!snapshot->find_grid(GridCode::parse("440106001001999").value()));
    BOOST_TEST(!snapshot->find_grid(GridCode::parse("4").value()));
    auto const town = snapshot->find_division(DivisionCode::from_value(440106001000));
    BOOST_REQUIRE(town.has_value());
    BOOST_TEST(snapshot->division(*town).name == "五山街道");
    BOOST_TEST((snapshot->division(*town).level == Level::town));
    BOOST_TEST(snapshot->division(snapshot->division(*town).parent).name == "天河区");
    BOOST_TEST(snapshot->division(0).parent == kNoDivision);
    BOOST_TEST(!snapshot->find_division(DivisionCode::from_value(440106001003)));
    verify(dir.path / "s", silent);
}

BOOST_AUTO_TEST_CASE(grids_under_a_division_are_those_of_its_villages) {
    Folder const dir;
    Province const province;
    auto const snapshot = Snapshot::open(write(province, dir.path / "s"));
    auto const half = province.shapes.size() / 2;
    auto const under = [&](std::uint64_t code) {
        return snapshot->grids_under(snapshot->find_division(DivisionCode::from_value(code)).value());
    };
    BOOST_TEST(under(440000000000).size() == province.shapes.size());
    BOOST_TEST(under(440106001000).size() == province.shapes.size());
    auto const east = under(440106001001);
    BOOST_REQUIRE(east.size() == half);
    for (GridId id = 0; id < half; ++id) {
        BOOST_TEST(east[id] == id);
    }
    BOOST_TEST(under(440106001002).size() == province.shapes.size() - half);
}

BOOST_AUTO_TEST_CASE(distances_and_nearest_grids_equal_a_linear_scan) {
    constexpr std::uint64_t kSeed = 31;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::size_t beyond = 0, found = 0;
    for (std::uint64_t round = 0; round < 10; ++round) {
        Folder const dir;
        Province const province{kSeed + round};
        auto const& shapes = province.shapes;
        auto const snapshot = Snapshot::open(write(province, dir.path / "s"));
        Random random{kSeed + round};
        for (int i = 0; i < 200; ++i) {
            Point const p{static_cast<std::int32_t>(1132000000 + random.between(-100000, 200000)),
                          static_cast<std::int32_t>(231000000 + random.between(-100000, 200000))};
            double const limit = 50 + 1000 * random.unit();
            auto const owner = owner_by_winding(shapes, p);
            double best = std::numeric_limits<double>::infinity();
            std::set<GridId> bests;
            for (GridId id = 0; id < shapes.size(); ++id) {
                double const expected = brute_distance(shapes[id], p);
                BOOST_TEST(snapshot->distance_to_boundary_m(id, p) == expected, boost::test_tools::tolerance(1e-9));
                if (expected < best * (1 - 1e-9)) {
                    bests.clear();
                }
                if (expected <= best * (1 + 1e-9)) {
                    bests.insert(id);
                    best = std::min(best, expected);
                }
            }
            auto const nearest = snapshot->nearest(p, 1, limit);
            if (owner < 0 && best > limit) {
                BOOST_TEST(nearest.empty());
                ++beyond;
                continue;
            }
            BOOST_REQUIRE(nearest.size() == 1U);
            if (owner >= 0) {
                BOOST_TEST(nearest[0].grid == static_cast<GridId>(owner));
                BOOST_TEST(nearest[0].distance_m == 0.0);
            } else {
                BOOST_TEST(bests.contains(nearest[0].grid));
                BOOST_TEST(nearest[0].distance_m == best, boost::test_tools::tolerance(1e-9));
                ++found;
            }
        }
        // On a vertex or on an edge the distance is exactly nought.
        auto const on = shapes[0].parts[0].outer[0];
        BOOST_TEST(snapshot->distance_to_boundary_m(0, on) == 0.0);
    }
    BOOST_TEST(beyond > 0U);
    BOOST_TEST(found > 0U);
}

BOOST_AUTO_TEST_CASE(positions_off_the_globe_are_outside_and_near_nothing) {
    Folder const dir;
    Province const province;
    auto const snapshot = Snapshot::open(write(province, dir.path / "s"));
    constexpr auto kLow = std::numeric_limits<std::int32_t>::min();
    constexpr auto kHigh = std::numeric_limits<std::int32_t>::max();
    for (auto const p : {Point{kLow, kLow}, Point{kLow, kHigh}, Point{kHigh, kLow}, Point{kHigh, kHigh}, Point{0, 0}}) {
        BOOST_TEST(snapshot->locate(p) == kOutside);
        BOOST_TEST(snapshot->nearest(p, 1, 5000).empty());
        BOOST_TEST(snapshot->distance_to_boundary_m(0, p) > 100000.0);
    }
}

BOOST_AUTO_TEST_CASE(rectangular_grids_that_meet_a_box_equal_a_linear_scan_at_every_count_round_the_node_size) {
    Random random{8};
    for (std::size_t const count : {0U, 1U, 2U, 15U, 16U, 17U, 255U, 256U, 257U, 400U}) {
        Province province;
        std::vector<MultiPolygon> boxes;
        for (std::size_t i = 0; i < count; ++i) {
            auto const lon = static_cast<std::int32_t>(1130000000 + 100 * static_cast<std::int32_t>(i % 20));
            auto const lat = static_cast<std::int32_t>(230000000 + 100 * static_cast<std::int32_t>(i / 20));
            boxes.push_back({{{{{lon, lat}, {lon + 100, lat}, {lon + 100, lat + 100}, {lon, lat + 100}}, {}}}});
        }
        province.content.grids.clear();
        for (std::size_t i = 0; i < count; ++i) {
            province.content.grids.push_back({GridCode::parse(fmt::format("440106001001{:03}", i)).value(), "",
                                              GridKind::comprehensive, DivisionCode::from_value(440106001001),
                                              &boxes[i]});
        }
        Folder const dir;
        auto const snapshot = Snapshot::open(write(province, dir.path / "s"));
        for (int i = 0; i < 50; ++i) {
            auto const lon = static_cast<std::int32_t>(1130000000 + random.between(-50, 2100));
            auto const lat = static_cast<std::int32_t>(230000000 + random.between(-50, 2100));
            geom::Envelope const box{{lon, lat},
                                     {lon + static_cast<std::int32_t>(random.between(0, 400)),
                                      lat + static_cast<std::int32_t>(random.between(0, 400))}};
            std::vector<GridId> expected;
            for (GridId id = 0; id < count; ++id) {
                if (geom::envelope_of(boxes[id]).intersects(box)) {
                    expected.push_back(id);
                }
            }
            auto const got = snapshot->intersecting(box);
            BOOST_TEST(got == expected, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_same_content_gives_the_same_bytes_and_digest_however_its_rings_begin) {
    Folder const dir;
    Province const first;
    Province second;
    for (auto& shape : second.shapes) {
        std::reverse(shape.parts.begin(), shape.parts.end());
        for (auto& part : shape.parts) {
            std::rotate(part.outer.begin(), part.outer.begin() + 1, part.outer.end());
        }
    }
    write(first, dir.path / "a");
    write(second, dir.path / "b");
    for (auto const* name : {"MANIFEST.json", "index.bin", "grids.bin", "shapes.bin"}) {
        BOOST_TEST((slurp(dir.path / "a" / name) == slurp(dir.path / "b" / name)), name);
    }
}

BOOST_AUTO_TEST_CASE(the_digest_is_over_facts_only) {
    Province a, b;
    b.content.generation = 9;
    b.content.as_of = Date::parse("2025-01-01").value();
    b.content.unchanged = {};
    BOOST_TEST((content_digest(a.content) == content_digest(b.content)));
    b.content.grids[1].name = "改名";
    auto const renamed = content_digest(b.content);
    BOOST_TEST((content_digest(a.content) != renamed));
    b.content.grids[1].name = a.content.grids[1].name;
    b.shapes[0].parts[0].outer[0].lat += 1;
    BOOST_TEST((content_digest(a.content) != content_digest(b.content)));
}

BOOST_AUTO_TEST_CASE(an_existing_folder_is_left_alone) {
    Folder const dir;
    Province const province;
    write(province, dir.path / "s");
    auto const before = slurp(dir.path / "s" / "MANIFEST.json");
    BOOST_CHECK_EXCEPTION(write(province, dir.path / "s"), Error,
                          [](Error const& e) { return e.code() == ErrorCode::conflict; });
    BOOST_TEST(slurp(dir.path / "s" / "MANIFEST.json") == before);
    BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(content_out_of_order_or_without_parents_is_refused_and_leaves_nothing) {
    Folder const dir;
    Province province;
    std::swap(province.content.grids[0], province.content.grids[1]);
    BOOST_CHECK_EXCEPTION(write(province, dir.path / "s"), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    std::swap(province.content.grids[0], province.content.grids[1]);
    province.content.grids[0].village = DivisionCode::from_value(440106001009);
    BOOST_CHECK_EXCEPTION(write(province, dir.path / "s"), Error, [](Error const& e) {
        return e.code() == ErrorCode::data_rejected &&
               std::string_view{e.what()}.find("440106001009") != std::string_view::npos;
    });
    BOOST_TEST(std::filesystem::is_empty(dir.path));
}

BOOST_AUTO_TEST_CASE(missing_truncated_and_altered_files_are_named) {
    Folder const dir;
    Province const province;
    write(province, dir.path / "good");
    for (std::string const name : {"MANIFEST.json", "index.bin", "grids.bin", "shapes.bin"}) {
        auto const names_it = [&](Error const& e) { return is_corrupt_naming(e, name); };
        auto const folder = dir.path / "bad";
        std::filesystem::copy(dir.path / "good", folder);
        auto const whole = slurp(folder / name);
        std::filesystem::remove(folder / name);
        BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
        for (std::size_t const size :
             {std::size_t{0}, std::size_t{1}, std::size_t{100}, whole.size() / 2, whole.size() - 3}) {
            if (size < whole.size() - 1) {
                spill(folder / name, whole.substr(0, size));
                BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
            }
        }
        if (name != "MANIFEST.json") {
            // Cut at the start of every section, and each header bit flipped.
            for (std::size_t size = 0; size < whole.size(); size += 64) {
                spill(folder / name, whole.substr(0, size));
                BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
            }
            auto const header = name == "index.bin" ? 128U : 192U;
            for (std::size_t bit = 0; bit < header * 8; ++bit) {
                auto altered = whole;
                altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
                spill(folder / name, altered);
                BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
            }
        }
        std::filesystem::remove_all(folder);
    }
    BOOST_CHECK_EXCEPTION(Snapshot::open(dir.path / "none"), Error,
                          [](Error const& e) { return e.code() == ErrorCode::not_found; });
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_is_refused_at_open_or_by_verify_and_never_read_out_of_bounds) {
    Folder const dir;
    Province const province;
    write(province, dir.path / "s");
    SilentProgress silent;
    std::size_t refused_at_open = 0, refused_by_verify = 0;
    for (std::string const name : {"index.bin", "grids.bin", "shapes.bin"}) {
        auto const path = dir.path / "s" / name;
        auto const whole = slurp(path);
        for (std::size_t at = 0; at < whole.size(); at += whole.size() / 400 + 1) {
            auto altered = whole;
            altered[at] = static_cast<char>(altered[at] ^ 0x55);
            spill(path, altered);
            BOOST_CHECK_EXCEPTION(verify(dir.path / "s", silent), Error,
                                  [&](Error const& e) { return is_corrupt_naming(e, name); });
            ++refused_by_verify;
            try {
                auto const snapshot = Snapshot::open(dir.path / "s");
                for (GridId id = 0; id < snapshot->grid_count(); ++id) {
                    (void)snapshot->grid(id);
                    (void)snapshot->shape(id);
                    (void)snapshot->distance_to_boundary_m(id, {1132000000, 231000000});
                }
                (void)snapshot->nearest({1131999999, 230999999}, 3, 1000);
                (void)snapshot->edge_distance_m({1131999999, 230999999}, 1000);
                geom::Envelope const some{{1132010000, 231010000}, {1132030000, 231050000}};
                (void)snapshot->intersecting(some);
                (void)snapshot->intersecting(geom::Polygon{{some.min, {1132060000, 231000000}, some.max}, {}});
                (void)snapshot->grids_under(0);
                (void)snapshot->locate({1132010000, 231010000});
            } catch (Error const& e) {
                BOOST_TEST(is_corrupt_naming(e, name), e.what());
                ++refused_at_open;
            }
        }
        spill(path, whole);
    }
    verify(dir.path / "s", silent);
    BOOST_TEST(refused_at_open > 0U);
    BOOST_TEST(refused_by_verify > refused_at_open);
}

BOOST_AUTO_TEST_CASE(a_manifest_whose_digest_was_altered_fails_verification) {
    Folder const dir;
    Province const province;
    write(province, dir.path / "s");
    auto text = slurp(dir.path / "s" / "MANIFEST.json");
    auto const at = text.find("content_sha256") + 18;
    text.at(at) = text.at(at) == '0' ? '1' : '0';
    spill(dir.path / "s" / "MANIFEST.json", text);
    BOOST_CHECK_THROW(Snapshot::open(dir.path / "s"), Error);
}

BOOST_AUTO_TEST_CASE(a_writer_killed_at_any_step_leaves_the_served_snapshot_whole) {
    Folder const dir;
    SnapshotStore const store{dir.path};
    Province const old;
    write(old, store.folder_of(1, old.content.as_of));
    store.set_current(store.folder_of(1, old.content.as_of));
    Province const next{5};
    for (auto const* step : {"snapshot: shapes", "point index"}) {
        auto const folder = store.folder_of(2, next.content.as_of);
        auto const child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            KillAt progress{step};
            write_snapshot(next.content, folder, progress);
            ::_exit(0);
        }
        int status = 0;
        BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_REQUIRE(WIFSIGNALED(status));
        BOOST_TEST(!std::filesystem::exists(folder), step);
        BOOST_TEST(store.open_current()->grid_count() == old.shapes.size());
        BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 3,
                   step); // the left-over is there
        store.prune(2);
        BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 2, step);
    }
    auto const folder = store.folder_of(2, next.content.as_of);
    write(next, folder);
    store.set_current(folder);
    BOOST_TEST((store.open_current()->digest() == content_digest(next.content)));
}

BOOST_AUTO_TEST_CASE(prune_keeps_the_newest_and_the_served_one) {
    Folder const dir;
    SnapshotStore const store{dir.path};
    BOOST_TEST(!store.current().has_value());
    BOOST_CHECK_EXCEPTION(store.open_current(), Error, [](Error const& e) { return e.code() == ErrorCode::not_found; });
    Province const province;
    auto const day = province.content.as_of;
    for (GenerationNumber g : {2, 9, 10, 11}) {
        write(province, store.folder_of(g, day));
    }
    BOOST_TEST(store.folder_of(9, day).filename() == "g9-2024-06-01");
    store.set_current(store.folder_of(2, day));
    auto const served = store.open_current();
    store.prune(2);
    BOOST_TEST(std::filesystem::exists(store.folder_of(2, day)));
    BOOST_TEST(!std::filesystem::exists(store.folder_of(9, day)));
    BOOST_TEST(std::filesystem::exists(store.folder_of(10, day)));
    BOOST_TEST(std::filesystem::exists(store.folder_of(11, day)));
    store.set_current(store.folder_of(11, day));
    store.prune(1);
    BOOST_TEST(!std::filesystem::exists(store.folder_of(2, day)));
    BOOST_TEST(!std::filesystem::exists(store.folder_of(10, day)));
    // A snapshot that is still mapped goes on answering after its folder is gone.
    auto const vertex = province.shapes[0].parts[0].outer[0];
    BOOST_TEST(served->nearest(vertex, 1, 10).size() == 1U);
    BOOST_CHECK_EXCEPTION(store.set_current(dir.path / "g5-2024-01-01"), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    spill(dir.path / "CURRENT", "../elsewhere\n");
    BOOST_CHECK_EXCEPTION(store.open_current(), Error, [](Error const& e) { return is_corrupt_naming(e, "CURRENT"); });
}

BOOST_AUTO_TEST_SUITE_END()
