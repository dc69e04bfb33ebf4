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
#include <map>
#include <optional>
#include <set>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::snapshot;
namespace fs = std::filesystem;

namespace {

class Folder {
public:
    Folder() {
        auto text = (fs::temp_directory_path() / "wangge-update-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(text.data()) != nullptr);
        path = text;
    }
    ~Folder() { fs::remove_all(path); }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;
    fs::path path;
};

DivisionCode village(int number) { return DivisionCode::from_value(440106001001U + static_cast<unsigned>(number)); }

/// A grid as the test knows it: cells of a lattice whose corners may move.
struct Facts {
    std::string name;
    int village = 0;
    GridKind kind = GridKind::comprehensive;
    MultiPolygon shape;
    bool operator==(Facts const&) const = default;
};
using State = std::map<std::string, Facts>; ///< by code

/// Cells of a small lattice, each of one owner or nobody's; changes at random.
class Cells {
public:
    explicit Cells(Random& random) : m_random(random) {
        for (int y = 0; y <= kSide; ++y) {
            for (int x = 0; x <= kSide; ++x) {
                move_node(x, y);
            }
        }
        auto const owners = random.between(1, 8);
        for (auto& owner : m_owner) {
            owner = static_cast<int>(random.between(-1, owners - 1));
        }
        m_issued = static_cast<int>(owners);
    }

    void change() {
        auto const steps = m_random.between(1, 4);
        for (std::int64_t i = 0; i < steps; ++i) {
            auto& cell = m_owner[static_cast<std::size_t>(m_random.between(0, kSide * kSide - 1))];
            switch (m_random.between(0, 6)) {
            case 0: // a new grid
                cell = m_issued++;
                break;
            case 1: // to another grid, or to nobody: may retire it
                cell = static_cast<int>(m_random.between(-1, m_issued - 1));
                break;
            case 2: // a merge
                std::replace(m_owner.begin(), m_owner.end(), int{cell}, m_owner[0]);
                break;
            case 3: // some go at once
                for (auto& other : m_owner) {
                    other = m_random.between(0, 3) == 0 ? -1 : other;
                }
                break;
            case 4:
                move_node(static_cast<int>(m_random.between(0, kSide)), static_cast<int>(m_random.between(0, kSide)));
                break;
            case 5:
                m_names[cell] = fmt::format("改{}", m_random.between(0, 99));
                break;
            default:
                m_villages[cell] = static_cast<int>(m_random.between(0, 1));
            }
        }
    }

    [[nodiscard]] State state() const {
        std::map<int, std::multimap<Point, Point>> edges;
        auto const owner_of = [&](int x, int y) {
            return x < 0 || y < 0 || x >= kSide || y >= kSide ? -1 : m_owner[static_cast<std::size_t>(y * kSide + x)];
        };
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                auto const owner = owner_of(x, y);
                if (owner < 0) {
                    continue;
                }
                Point const sw = m_node.at({x, y}), se = m_node.at({x + 1, y}), ne = m_node.at({x + 1, y + 1}),
                            nw = m_node.at({x, y + 1});
                auto& own = edges[owner];
                if (owner_of(x, y - 1) != owner) {
                    own.emplace(sw, se);
                }
                if (owner_of(x + 1, y) != owner) {
                    own.emplace(se, ne);
                }
                if (owner_of(x, y + 1) != owner) {
                    own.emplace(ne, nw);
                }
                if (owner_of(x - 1, y) != owner) {
                    own.emplace(nw, sw);
                }
            }
        }
        State state;
        for (auto& [owner, list] : edges) {
            Facts facts;
            // New codes come to lie between old ones.
            auto const code = fmt::format("440106001001{:03}", (owner * 37) % 799 + 1);
            facts.name = m_names.contains(owner) ? m_names.at(owner) : fmt::format("第{}网格", owner);
            facts.village = m_villages.contains(owner) ? m_villages.at(owner) : owner % 2;
            facts.shape = chain(std::move(list));
            state.emplace(code, std::move(facts));
        }
        return state;
    }

private:
    static constexpr int kSide = 6;
    void move_node(int x, int y) {
        Placement const place{1500, {1132000000, 231000000}};
        m_node[{x, y}] = place(x * kCell + m_random.between(-2, 2), y * kCell + m_random.between(-2, 2));
    }
    Random& m_random;
    std::map<std::pair<int, int>, Point> m_node;
    std::vector<int> m_owner = std::vector<int>(kSide * kSide);
    std::map<int, std::string> m_names;
    std::map<int, int> m_villages;
    int m_issued = 0;
};

Content::Grid grid_of(std::string const& code, Facts const& facts) {
    return {GridCode::parse(code).value(), facts.name, facts.kind, village(facts.village), &facts.shape};
}

Content content_of(State const& state, GenerationNumber generation) {
    Content content;
    content.generation = generation;
    content.as_of = Date::parse("2024-06-01").value();
    auto const division = [&](std::uint64_t code, std::string_view name, Level level, std::uint64_t parent) {
        content.divisions.push_back({DivisionCode::from_value(code), name, level, DivisionCode::from_value(parent)});
    };
    division(440000000000, "广东省", Level::province, 0);
    division(440106001000, "五山街道", Level::town, 440000000000);
    division(440106001001, "东村", Level::village, 440106001000);
    division(440106001002, "西村", Level::village, 440106001000);
    for (auto const& [code, facts] : state) {
        content.grids.push_back(grid_of(code, facts));
    }
    return content;
}

/// Compared anew, so that a wrong difference would show; some grids are put though they are as they were.
Update update_of(State const& before, State const& after, GenerationNumber generation) {
    Update update;
    update.generation = generation;
    update.as_of = Date::parse("2024-07-01").value();
    std::size_t count = 0;
    for (auto const& [code, facts] : after) {
        auto const was = before.find(code);
        if (was == before.end() || !(was->second == facts) || ++count % 7 == 0) {
            update.put.push_back(grid_of(code, facts));
        }
    }
    for (auto const& [code, facts] : before) {
        if (!after.contains(code)) {
            update.gone.push_back(GridCode::parse(code).value());
        }
    }
    return update;
}

std::string code_of(Snapshot const& snapshot, GridId id) {
    return id == kOutside ? std::string{} : std::string{snapshot.grid(id).code.str()};
}

std::vector<std::string> codes_of(Snapshot const& snapshot, std::span<GridId const> ids) {
    std::vector<std::string> codes;
    for (auto const id : ids) {
        codes.push_back(code_of(snapshot, id));
    }
    return codes;
}

std::set<std::string> set_of(std::vector<std::string> const& list) { return {list.begin(), list.end()}; }

/// Asks both snapshots everything that can be asked, and the facts where a plain answer is there.
void require_equal(Snapshot const& made, Snapshot const& full, State const& state, Random& random) {
    BOOST_TEST((made.digest() == full.digest()));
    BOOST_REQUIRE(made.grid_count() == state.size());
    BOOST_REQUIRE(made.point_index().grid_count() == state.size());
    auto const codes = codes_of(made, made.by_code());
    BOOST_TEST(codes == codes_of(full, full.by_code()), boost::test_tools::per_element());
    std::vector<MultiPolygon> shapes;
    std::vector<std::string> shape_codes;
    std::vector<Point> positions;
    for (auto const& [code, facts] : state) {
        auto const id = made.find_grid(GridCode::parse(code).value());
        BOOST_REQUIRE(id.has_value());
        auto const info = made.grid(*id);
        auto shape = facts.shape;
        shapes.push_back(shape);
        shape_codes.push_back(code);
        geom::for_each_ring(shape,
                            [&](Ring const& ring) { positions.insert(positions.end(), ring.begin(), ring.end()); });
        geom::normalize(shape);
        BOOST_TEST(info.name == facts.name);
        BOOST_TEST((made.division(info.village).code == village(facts.village)));
        BOOST_TEST((info.envelope == geom::envelope_of(shape)));
        BOOST_TEST(info.area_m2 == geom::area_m2(shape));
        BOOST_TEST((made.shape(*id) == shape));
    }
    BOOST_TEST(!made.find_grid(GridCode::parse("440106001001999").value()));
    for (std::uint64_t const division : {440000000000U, 440106001001U, 440106001002U}) {
        auto const under = [&](Snapshot const& s) {
            return codes_of(s, s.grids_under(s.find_division(DivisionCode::from_value(division)).value()));
        };
        BOOST_TEST(under(made) == under(full), boost::test_tools::per_element());
    }
    auto const vertices = positions.size();
    for (std::size_t i = 0; i < vertices; ++i) {
        auto const p = positions[i];
        for (int dx = -1; dx <= 1; ++dx) {
            for (int dy = -1; dy <= 1; ++dy) {
                positions.push_back({p.lon + dx, p.lat + dy});
            }
        }
    }
    for (int i = 0; i < 300; ++i) {
        positions.push_back({static_cast<std::int32_t>(1132000000 + random.between(-20000, 100000)),
                             static_cast<std::int32_t>(231000000 + random.between(-20000, 100000))});
    }
    for (std::size_t i = 0; i < positions.size(); ++i) {
        auto const p = positions[i];
        auto const owner = code_of(made, made.locate(p));
        auto const expected = owner_by_winding(shapes, p);
        BOOST_REQUIRE(expected != -2);
        BOOST_TEST(owner == (expected < 0 ? std::string{} : shape_codes[static_cast<std::size_t>(expected)]));
        BOOST_TEST(owner == code_of(full, full.locate(p)));
        if (i % 50 == 0) {
            auto const a = made.nearest(p, 4, 3000); // equal distances go by code, whatever the numbers
            auto const b = full.nearest(p, 4, 3000);
            BOOST_REQUIRE(a.size() == b.size());
            for (std::size_t k = 0; k < a.size(); ++k) {
                BOOST_TEST(a[k].distance_m == b[k].distance_m);
                BOOST_TEST(code_of(made, a[k].grid) == code_of(full, b[k].grid));
            }
            geom::Envelope const box{p, {p.lon + 9000, p.lat + 7000}};
            BOOST_TEST(
                (set_of(codes_of(made, made.intersecting(box))) == set_of(codes_of(full, full.intersecting(box)))));
        }
    }
}

/// Kills its own process when the named step ends.
class KillAt final : public Progress {
public:
    KillAt(std::string step, bool at_end) : m_step(std::move(step)), m_at_end(at_end) {}
    void begin(std::string_view what, std::uint64_t, std::string_view) override {
        m_now = what;
        kill_if(!m_at_end);
    }
    void advance(std::uint64_t) override {}
    void end() override { kill_if(m_at_end); }

private:
    void kill_if(bool here) const {
        if (here && m_now == m_step) {
            ::kill(::getpid(), SIGKILL);
        }
    }
    std::string m_step, m_now;
    bool m_at_end;
};

bool killed(std::function<void()> const& work) {
    auto const child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        work();
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status);
}

/// As if the machine had gone down since: the mark is of another boot.
void go_down(fs::path const& folder) { std::ofstream{folder / "UNSYNCED", std::ios::trunc} << "another boot\n"; }

bool is_corrupt_naming(Error const& e, std::string const& name) {
    return e.code() == ErrorCode::corrupt && std::string_view{e.what()}.find(name) != std::string_view::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(snapshot_update)

BOOST_AUTO_TEST_CASE(updates_on_updates_answer_and_list_as_whole_builds_do) {
    constexpr std::uint64_t kSeed = 2026;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    SilentProgress silent;
    std::size_t holes = 0, moved = 0, emptied = 0;
    for (std::uint64_t round = 0; round < 25; ++round) {
        Folder const dir;
        Random random{kSeed + round};
        Cells cells{random};
        auto state = cells.state();
        write_snapshot(content_of(state, 1), dir.path / "1", silent);
        auto previous = Snapshot::open(dir.path / "1");
        for (int step = 2; step < 9; ++step) {
            cells.change();
            auto const next = cells.state();
            auto const update = update_of(state, next, step);
            auto const folder = dir.path / std::to_string(step);
            auto const digest = update_snapshot(*previous, update, folder, silent);
            auto const full_folder = dir.path / (std::to_string(step) + "full");
            auto const expected = write_snapshot(content_of(next, step), full_folder, silent);
            BOOST_TEST((digest == expected));
            BOOST_TEST((content_digest(*previous, update) == expected));
            auto const made = Snapshot::open(folder);
            BOOST_TEST(made->generation() == step);
            BOOST_TEST(made->as_of().str() == "2024-07-01");
            require_equal(*made, *Snapshot::open(full_folder), next, random);
            verify(folder, silent);
            holes += update.gone.empty() ? 0U : 1U;
            emptied += next.empty() ? 1U : 0U;
            for (auto const& [code, facts] : next) { // a grid that stays keeps its number unless it fills a hole
                auto const at = previous->find_grid(GridCode::parse(code).value());
                auto const now = made->find_grid(GridCode::parse(code).value());
                moved += at && at != now ? 1U : 0U;
                BOOST_TEST((!at || at == now || *at >= next.size()));
            }
            previous = made;
            state = next;
        }
    }
    BOOST_TEST(holes > 10U);
    BOOST_TEST(moved > 10U);
    BOOST_TEST_MESSAGE(holes << " with holes, " << moved << " moved, " << emptied << " emptied");
}

BOOST_AUTO_TEST_CASE(an_update_that_contradicts_itself_or_the_snapshot_is_refused_and_leaves_nothing) {
    Folder const dir;
    SilentProgress silent;
    Random random{5};
    auto const state = Cells{random}.state();
    BOOST_REQUIRE(state.size() > 2U);
    write_snapshot(content_of(state, 1), dir.path / "1", silent);
    auto const previous = Snapshot::open(dir.path / "1");
    auto const& [code, facts] = *state.begin();
    auto const refused = [&](ErrorCode expected, Update const& update) {
        BOOST_CHECK_EXCEPTION(update_snapshot(*previous, update, dir.path / "2", silent), Error,
                              [&](Error const& e) { return e.code() == expected; });
    };
    Update update;
    update.gone = {GridCode::parse("440106001001999").value()};
    refused(ErrorCode::usage, update);
    update.gone = {GridCode::parse(code).value()};
    update.put = {grid_of(code, facts)};
    refused(ErrorCode::usage, update);
    update.gone = {GridCode::parse(code).value(), GridCode::parse(code).value()};
    update.put = {};
    refused(ErrorCode::usage, update);
    update.gone = {};
    update.put = {grid_of(std::next(state.begin())->first, facts), grid_of(code, facts)};
    refused(ErrorCode::usage, update);
    update.put = {grid_of(code, facts)};
    update.put[0].village = DivisionCode::from_value(440106001009);
    refused(ErrorCode::data_rejected, update);
    BOOST_TEST(std::distance(fs::directory_iterator{dir.path}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(damage_of_the_snapshot_before_is_not_handed_on) {
    SilentProgress silent;
    for (std::string const name : {"index.bin", "grids.bin", "shapes.bin"}) {
        Folder const dir;
        Random random{6};
        Cells cells{random};
        auto const state = cells.state();
        write_snapshot(content_of(state, 1), dir.path / "1", silent);
        auto const previous = Snapshot::open(dir.path / "1"); // the file goes bad afterwards
        auto const last = static_cast<std::streamoff>(fs::file_size(dir.path / "1" / name)) - 1;
        auto const byte = static_cast<char>(read_file(dir.path / "1" / name).back() ^ 1);
        std::fstream file{dir.path / "1" / name, std::ios::binary | std::ios::in | std::ios::out};
        file.seekp(last);
        file.put(byte);
        file.close();
        cells.change();
        auto const next = cells.state();
        BOOST_CHECK_EXCEPTION(update_snapshot(*previous, update_of(state, next, 2), dir.path / "2", silent), Error,
                              [&](Error const& e) { return is_corrupt_naming(e, name); });
        BOOST_TEST(std::distance(fs::directory_iterator{dir.path}, {}) == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_killed_update_leaves_nothing_that_could_be_taken_for_a_snapshot) {
    Folder const dir;
    SnapshotStore const store{dir.path};
    SilentProgress silent;
    Random random{7};
    Cells cells{random};
    auto const state = cells.state();
    auto const day = Date::parse("2024-06-01").value();
    write_snapshot(content_of(state, 1), store.folder_of(1, day), silent);
    store.set_current(store.folder_of(1, day));
    cells.change();
    auto const next = cells.state();
    auto const update = update_of(state, next, 2);
    for (auto const* step : {"snapshot: shapes", "point index"}) {
        BOOST_TEST(killed([&] {
            KillAt progress{step, true};
            update_snapshot(*store.open_current(), update, store.folder_of(2, day), progress);
        }));
        BOOST_TEST(!fs::exists(store.folder_of(2, day)));
        BOOST_TEST(store.open_current()->generation() == 1);
        store.prune(2);
        BOOST_TEST(std::distance(fs::directory_iterator{dir.path}, {}) == 2, step);
    }
}

BOOST_AUTO_TEST_CASE(a_snapshot_whose_writer_was_killed_before_it_was_synced_is_whole_while_the_machine_runs) {
    Folder const dir;
    SilentProgress silent;
    Random random{8};
    auto const state = Cells{random}.state();
    BOOST_TEST(killed([&] {
        SilentProgress quiet;
        write_snapshot(content_of(state, 1), dir.path / "s", quiet);
        KillAt progress{"snapshot: sync", false};
        sync_snapshot(dir.path / "s", progress);
    }));
    BOOST_TEST(fs::exists(dir.path / "s" / "UNSYNCED"));
    verify(dir.path / "s", silent);
    BOOST_TEST(Snapshot::open(dir.path / "s")->grid_count() == state.size());
    sync_snapshot(dir.path / "s", silent);
    BOOST_TEST(!fs::exists(dir.path / "s" / "UNSYNCED"));
    sync_snapshot(dir.path / "s", silent); // nothing to do
    verify(dir.path / "s", silent);
}

BOOST_AUTO_TEST_CASE(after_the_machine_went_down_torn_files_are_refused_and_whole_ones_are_served) {
    SilentProgress silent;
    for (std::string const name : {"index.bin", "grids.bin", "shapes.bin", "notes.json"}) {
        Folder const dir;
        Random random{9};
        auto content_state = Cells{random}.state();
        auto content = content_of(content_state, 1);
        content.notes = "[\"as it was checked\"]";
        auto const folder = dir.path / "g1-2024-06-01";
        write_snapshot(content, folder, silent);
        auto const whole = read_file(folder / name);
        // Blocks that never reached the disk read as zeros; sizes and headers may be right.
        auto torn = whole;
        std::fill(torn.begin() + static_cast<std::ptrdiff_t>(torn.size() / 2), torn.end(), '\0');
        std::ofstream{folder / name, std::ios::binary | std::ios::trunc} << torn;
        if (name == "shapes.bin") { // what the mark is for: without it, opening looks at its structure only
            fs::rename(folder / "UNSYNCED", dir.path / "kept");
            BOOST_CHECK_NO_THROW((void)Snapshot::open(folder));
            fs::rename(dir.path / "kept", folder / "UNSYNCED");
        }
        go_down(folder);
        auto const names_it = [&](Error const& e) { return is_corrupt_naming(e, name); };
        BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
        BOOST_CHECK_EXCEPTION(sync_snapshot(folder, silent), Error, names_it);
        SnapshotStore const store{dir.path};
        store.sync(silent); // of others; the torn one stays marked
        BOOST_CHECK_EXCEPTION(Snapshot::open(folder), Error, names_it);
        std::ofstream{folder / name, std::ios::binary | std::ios::trunc} << whole;
        BOOST_TEST(Snapshot::open(folder)->notes() == content.notes);
        store.sync(silent);
        BOOST_TEST(!fs::exists(folder / "UNSYNCED"));
    }
}

BOOST_AUTO_TEST_CASE(a_mark_that_was_itself_lost_half_way_makes_checksums_decide) {
    Folder const dir;
    SilentProgress silent;
    Random random{10};
    auto const state = Cells{random}.state();
    write_snapshot(content_of(state, 1), dir.path / "s", silent);
    std::ofstream{dir.path / "s" / "UNSYNCED", std::ios::trunc};
    BOOST_CHECK_NO_THROW((void)Snapshot::open(dir.path / "s"));
    auto text = read_file(dir.path / "s" / "index.bin");
    text.back() = static_cast<char>(text.back() ^ 1);
    std::ofstream{dir.path / "s" / "index.bin", std::ios::binary | std::ios::trunc} << text;
    BOOST_CHECK_EXCEPTION(Snapshot::open(dir.path / "s"), Error,
                          [](Error const& e) { return is_corrupt_naming(e, "index.bin"); });
}

BOOST_AUTO_TEST_SUITE_END()
