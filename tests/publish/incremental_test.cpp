#include "coverage_rules.hpp"
#include "place.hpp"
#include "publish_steps.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <fstream>
#include <map>

using namespace wangge;
using namespace wangge::test;

namespace {

using geom::Point;
using registry::ChangeKind;
using registry::Grid;

std::vector<Date> const kDays{*Date::parse("2024-01-01"), *Date::parse("2024-03-01"), kDay, kLater};
constexpr int kSide = 4; ///< cells a side of the county, each of 5 x 5 units of place()

/// Kinds of damage and of proper work; each makes a change set from the state on one day.
class Editor {
public:
    Editor(Random& random, std::vector<Grid> grids, int& issued)
        : m_random(random), m_before(std::move(grids)), m_after(m_before), m_issued(issued) {}

    registry::ChangeSet edit(Date effective) {
        auto const steps = m_random.between(1, 3);
        for (std::int64_t i = 0; i < steps && !m_after.empty(); ++i) {
            switch (m_random.between(0, 10)) {
            case 0:
            case 1:
            case 2:
                move_vertex(false);
                break;
            case 3:
                move_vertex(true);
                break;
            case 4:
            case 5:
                merge();
                break;
            case 6:
            case 7:
                split();
                break;
            case 8:
                add_vertex();
                break;
            case 9:
                any().name += "改";
                any().village = division(m_random.between(0, 1) == 0 ? "440103001101" : "440103001102");
                break;
            default:
                if (m_random.between(0, 1) == 0) {
                    m_after.erase(m_after.begin() + m_random.between(0, static_cast<std::int64_t>(m_after.size()) - 1));
                } else {
                    std::swap(any().shape, any().shape);
                }
            }
        }
        return changes(effective);
    }

private:
    Grid& any() {
        return m_after[static_cast<std::size_t>(m_random.between(0, static_cast<std::int64_t>(m_after.size()) - 1))];
    }
    geom::Ring& outer(Grid& grid) { return grid.shape.parts.front().outer; }
    std::size_t any_of(geom::Ring const& ring) {
        return static_cast<std::size_t>(m_random.between(0, static_cast<std::int64_t>(ring.size()) - 1));
    }

    /// In every grid that has it, or in one alone; those on the county's border too.
    void move_vertex(bool in_one_alone) {
        auto& chosen = any();
        auto const from = outer(chosen)[any_of(outer(chosen))];
        Point const to{from.lon + static_cast<std::int32_t>(m_random.between(-900, 900)),
                       from.lat + static_cast<std::int32_t>(m_random.between(-900, 900))};
        for (auto& grid : m_after) {
            if (!in_one_alone || &grid == &chosen) {
                for (auto& part : grid.shape.parts) {
                    std::replace(part.outer.begin(), part.outer.end(), from, to);
                    for (auto& hole : part.holes) {
                        std::replace(hole.begin(), hole.end(), from, to);
                    }
                }
            }
        }
    }

    void merge() {
        auto const a = static_cast<std::size_t>(&any() - m_after.data());
        auto const b = static_cast<std::size_t>(&any() - m_after.data());
        if (a == b) {
            return;
        }
        std::vector<geom::MultiPolygon const*> const shapes{&m_after[a].shape, &m_after[b].shape};
        std::vector<std::uint32_t> const groups{0, 0};
        auto merged = topology::dissolve(shapes, groups, 1);
        if (merged.front().empty()) {
            return;
        }
        m_after[a].shape = std::move(merged.front());
        m_after.erase(m_after.begin() + static_cast<std::ptrdiff_t>(b));
    }

    /// Along a chord between two vertices; it may run outside, which must be refused.
    void split() {
        auto& chosen = any();
        auto& ring = outer(chosen);
        auto i = any_of(ring);
        auto k = any_of(ring);
        if (i > k) {
            std::swap(i, k);
        }
        if (k - i < 2 || ring.size() - (k - i) < 2) {
            return;
        }
        geom::Ring const part(ring.begin() + static_cast<std::ptrdiff_t>(i),
                              ring.begin() + static_cast<std::ptrdiff_t>(k) + 1);
        ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(i) + 1, ring.begin() + static_cast<std::ptrdiff_t>(k));
        auto const village = chosen.village;
        m_after.push_back(
            grid("44010300110" + std::to_string(m_random.between(1, 2)) + std::to_string(100 + m_issued++),
                 village.str(), {{{part, {}}}}));
    }

    /// In the middle of an edge, in all grids that have it or in one alone.
    void add_vertex() {
        auto& chosen = any();
        auto const at = any_of(outer(chosen));
        auto const a = outer(chosen)[at];
        auto const b = outer(chosen)[(at + 1) % outer(chosen).size()];
        Point const middle{a.lon + (b.lon - a.lon) / 2, a.lat + (b.lat - a.lat) / 2};
        bool const in_one_alone = m_random.between(0, 2) == 0;
        for (auto& grid : m_after) {
            if (in_one_alone && &grid != &chosen) {
                continue;
            }
            for (auto& part : grid.shape.parts) {
                for (std::size_t i = 0; i < part.outer.size(); ++i) {
                    auto const p = part.outer[i];
                    auto const q = part.outer[(i + 1) % part.outer.size()];
                    if ((p == a && q == b) || (p == b && q == a)) {
                        part.outer.insert(part.outer.begin() + static_cast<std::ptrdiff_t>(i) + 1, middle);
                        break;
                    }
                }
            }
        }
    }

    registry::ChangeSet changes(Date effective) const {
        registry::ChangeSet set;
        set.title = "by chance";
        set.author = "tester";
        set.effective = effective;
        auto const find = [](std::vector<Grid> const& list, GridCode const& code) {
            return std::find_if(list.begin(), list.end(), [&](Grid const& g) { return g.code == code; });
        };
        for (auto const& after : m_after) {
            registry::GridChange change;
            change.after = after;
            if (auto const before = find(m_before, after.code); before == m_before.end()) {
                change.kinds = {ChangeKind::added};
            } else {
                change.kinds = registry::differences(*before, after);
            }
            if (!change.kinds.empty()) {
                set.changes.push_back(std::move(change));
            }
        }
        for (auto const& before : m_before) {
            if (find(m_after, before.code) == m_after.end()) {
                set.changes.push_back({{ChangeKind::retired}, before, 0, 0});
            }
        }
        return set;
    }

    Random& m_random;
    std::vector<Grid> m_before, m_after;
    int& m_issued;
};

struct Verdict {
    std::string rejected; ///< the message; empty when it was published
    publish::PublishResult result;
};

Verdict verdict_of(registry::DataFolder const& folder, Date as_of) {
    SilentProgress silent;
    Verdict verdict;
    try {
        verdict.result = publish::publish(folder, as_of, "author", "approver", silent);
    } catch (Error const& error) {
        BOOST_REQUIRE((error.code() == ErrorCode::data_rejected));
        verdict.rejected = error.what();
    }
    return verdict;
}

std::multimap<std::string, std::string> said(std::vector<Problem> const& warnings) {
    std::multimap<std::string, std::string> list;
    for (auto const& warning : warnings) {
        list.emplace(warning.id(), warning.message + std::to_string(warning.measure) + warning.unit);
    }
    return list;
}

void require_equal(snapshot::Snapshot const& made, snapshot::Snapshot const& full, Random& random) {
    BOOST_TEST((made.digest() == full.digest()));
    BOOST_TEST((made.unchanged() == full.unchanged()));
    BOOST_REQUIRE(made.grid_count() == full.grid_count());
    std::vector<Point> positions;
    for (std::size_t i = 0; i < made.grid_count(); ++i) {
        auto const a = made.grid(made.by_code()[i]);
        auto const b = full.grid(full.by_code()[i]);
        BOOST_TEST((a.code == b.code && a.name == b.name && a.kind == b.kind && a.village == b.village &&
                    a.area_m2 == b.area_m2 && a.envelope == b.envelope));
        auto const shape = made.shape(made.by_code()[i]);
        BOOST_TEST((shape == full.shape(full.by_code()[i])));
        geom::for_each_ring(
            shape, [&](geom::Ring const& ring) { positions.insert(positions.end(), ring.begin(), ring.end()); });
    }
    for (int i = 0; i < 200; ++i) {
        positions.push_back({static_cast<std::int32_t>(1'130'000'000 + random.between(-2000, 22000)),
                             static_cast<std::int32_t>(230'000'000 + random.between(-2000, 22000))});
    }
    auto const owner = [](snapshot::Snapshot const& snapshot, Point p) {
        auto const id = snapshot.locate(p);
        return id == snapshot::kOutside ? std::string{} : std::string{snapshot.grid(id).code.str()};
    };
    for (auto const p : positions) {
        for (Point const q : {p, Point{p.lon + 1, p.lat}, Point{p.lon, p.lat - 1}}) {
            BOOST_TEST(owner(made, q) == owner(full, q));
        }
    }
}

/// A county of kSide x kSide square grids in two villages.
struct Squares : Place {
    Squares() {
        auto registry = Registry::open(folder, Registry::Mode::write);
        std::vector<registry::DivisionOutline> const outlines{
            {division("440103000000"), box(0, 0, 5 * kSide, 5 * kSide), "by hand"}};
        registry.apply_outlines(outlines, "tester", {});
        registry::ChangeSet set;
        set.title = "squares";
        set.author = "tester";
        set.effective = kDays.front();
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                auto const number = std::to_string(1 + y * kSide + x);
                bool const west = x < kSide / 2;
                std::string const village = west ? "440103001101" : "440103001102";
                set.changes.push_back({{ChangeKind::added},
                                       test::grid(village + std::string(3 - number.size(), '0') + number, village,
                                                  box(5 * x, 5 * y, 5 * x + 5, 5 * y + 5)),
                                       0,
                                       0});
            }
        }
        registry.apply(set, progress);
    }
    /// The same registry, without a snapshot to begin from.
    [[nodiscard]] registry::DataFolder copy_without_snapshots() const {
        registry::DataFolder copy{root / "copy"};
        fs::remove_all(copy.root);
        fs::create_directories(copy.root);
        for (auto const* name : {"registry.sqlite", "keys"}) {
            fs::copy(root / name, copy.root / name, fs::copy_options::recursive);
        }
        return copy;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(publish_of_changes)

BOOST_AUTO_TEST_CASE(the_verdict_and_the_snapshot_are_those_of_a_publish_that_looks_at_everything) {
    constexpr std::uint64_t kSeed = 77;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::size_t by_changes = 0, made_from_before = 0, rejected = 0, with_warnings = 0;
    for (std::uint64_t round = 0; round < 6; ++round) {
        Random random{kSeed + round};
        Squares where;
        int issued = 0;
        (void)where.publish();
        for (int step = 0; step < 25; ++step) {
            fs::copy(where.folder.registry_file(), where.root / "before.sqlite", fs::copy_options::overwrite_existing);
            auto const edits = random.between(1, 2);
            bool changed = false;
            for (std::int64_t i = 0; i < edits; ++i) {
                auto registry = Registry::open(where.folder, Registry::Mode::write);
                auto const day = kDays[static_cast<std::size_t>(random.between(0, 3))];
                auto state = registry.state(day, std::nullopt, where.progress);
                for (auto& grid : state.grids) {
                    geom::normalize(grid.shape);
                }
                auto const set = Editor{random, std::move(state.grids), issued}.edit(day);
                try {
                    changed = registry.apply(set, where.progress) != 0 || changed;
                } catch (Error const& error) {
                    BOOST_REQUIRE((error.code() == ErrorCode::data_rejected)); // a ring lost its third point
                }
            }
            if (!changed) {
                continue;
            }
            auto const as_of = kDays[static_cast<std::size_t>(random.between(1, 3))];
            auto const copy = where.copy_without_snapshots();
            auto const full = verdict_of(copy, as_of);
            auto const made = verdict_of(where.folder, as_of);
            BOOST_TEST(made.rejected == full.rejected);
            if (!full.rejected.empty()) {
                ++rejected;
                fs::copy(where.root / "before.sqlite", where.folder.registry_file(),
                         fs::copy_options::overwrite_existing);
                continue;
            }
            BOOST_TEST(full.result.checked_whole);
            BOOST_TEST(full.result.built_whole);
            BOOST_TEST(!made.result.built_whole);
            BOOST_TEST((made.result.generation.digest == full.result.generation.digest));
            BOOST_TEST(made.result.grids == full.result.grids);
            BOOST_TEST((said(made.result.warnings) == said(full.result.warnings)));
            require_equal(*where.store().open_current(), *snapshot::SnapshotStore{copy.snapshots()}.open_current(),
                          random);
            snapshot::verify(made.result.folder, where.progress);
            by_changes += made.result.checked_whole ? 0U : 1U;
            made_from_before += made.result.built_whole ? 0U : 1U;
            with_warnings += made.result.warnings.empty() ? 0U : 1U;
        }
    }
    BOOST_TEST_MESSAGE(by_changes << " of " << made_from_before << " checked by changes, " << rejected << " rejected, "
                                  << with_warnings << " with warnings");
    BOOST_TEST(by_changes > 20U);
    BOOST_TEST(made_from_before > by_changes);
    BOOST_TEST(rejected > 20U);
    BOOST_TEST(with_warnings > 5U);
}

BOOST_AUTO_TEST_CASE(a_new_outline_makes_everything_be_checked) {
    Squares where;
    (void)where.publish();
    auto const move = [&](std::int32_t by) {
        auto registry = Registry::open(where.folder, Registry::Mode::write);
        auto state = registry.state(kDay, std::nullopt, where.progress);
        registry::ChangeSet set;
        set.effective = kDay;
        set.author = "tester";
        for (auto& grid : state.grids) {
            auto const shape = grid.shape;
            for (auto& p : grid.shape.parts.front().outer) {
                if (p == place(5, 5) || p == Point{place(5, 5).lon + by / 2, place(5, 5).lat}) {
                    p = {place(5, 5).lon + by, place(5, 5).lat};
                }
            }
            if (grid.shape != shape) {
                set.changes.push_back({{ChangeKind::reshaped}, grid, 0, 0});
            }
        }
        BOOST_REQUIRE(set.changes.size() == 4U);
        registry.apply(set, where.progress);
    };
    move(2);
    BOOST_TEST(!where.publish().checked_whole);
    move(4);
    {
        auto registry = Registry::open(where.folder, Registry::Mode::write);
        std::vector<registry::DivisionOutline> const smaller{{division("440103000000"), box(0, 0, 19, 20), "by hand"}};
        registry.apply_outlines(smaller, "tester", {});
    }
    auto const verdict = verdict_of(where.folder, kDay);
    BOOST_TEST(verdict.rejected.find("305") != std::string::npos, verdict.rejected);
}

BOOST_AUTO_TEST_CASE(a_damaged_snapshot_before_is_not_built_upon) {
    for (std::string const name : {"index.bin", "grids.bin", "shapes.bin", "notes.json"}) {
        Place where;
        where.apply_first_grids();
        auto const first = where.publish();
        auto text = read_file(first.folder / name);
        text.back() = static_cast<char>(text.back() ^ 1);
        std::ofstream{first.folder / name, std::ios::binary | std::ios::trunc} << text;
        where.move_boundary(kDay);
        auto const second = where.publish();
        BOOST_TEST(second.built_whole);
        BOOST_TEST(second.checked_whole);
        snapshot::verify(second.folder, where.progress);
        BOOST_TEST(where.owner(*where.store().open_current(), 15, 5) == "440103001102001");
    }
}

BOOST_AUTO_TEST_CASE(stages_are_told_in_their_order_and_the_sync_comes_after_readers_are_sent) {
    Place where;
    where.apply_first_grids();
    auto const result = where.publish();
    std::vector<std::string> stages;
    for (auto const& [stage, seconds] : result.seconds) {
        stages.push_back(stage);
        BOOST_TEST(seconds >= 0);
    }
    std::vector<std::string> const expected{"open", "check", "clean", "snapshot", "record", "serve", "sync", "prune"};
    BOOST_TEST(stages == expected, boost::test_tools::per_element());
    BOOST_TEST(!fs::exists(result.folder / "UNSYNCED"));
}

BOOST_AUTO_TEST_CASE(what_the_machine_lost_when_it_went_down_is_built_again_from_the_registry) {
    for (bool const first : {true, false}) {
        Place where;
        where.apply_first_grids();
        auto folder = where.publish().folder;
        if (!first) {
            where.move_boundary(kDay);
            folder = where.publish().folder;
        }
        auto torn = read_file(folder / "index.bin");
        std::fill(torn.begin() + 128, torn.end(), '\0');
        std::ofstream{folder / "index.bin", std::ios::binary | std::ios::trunc} << torn;
        std::ofstream{folder / "UNSYNCED"} << "another boot\n";
        BOOST_CHECK_EXCEPTION(where.store().open_current(), Error,
                              [](Error const& e) { return e.code() == ErrorCode::corrupt; });
        BOOST_TEST(where.publish().unchanged);
        auto const current = where.store().open_current();
        BOOST_TEST((current->digest() == where.newest()->digest));
        BOOST_TEST(where.owner(*current, 15, 5) == (first ? "440103001102002" : "440103001102001"));
        BOOST_TEST(!fs::exists(folder / "UNSYNCED"));
    }
}

BOOST_AUTO_TEST_CASE(warnings_survive_the_notes_of_a_snapshot) {
    Problem problem;
    problem.code = ProblemCode::county_not_filled;
    problem.subjects = {"440103000000"};
    problem.message = "荔湾区 \"is not filled\"";
    problem.measure = 12.75;
    problem.unit = "m2";
    problem.place = ProblemPlace{place(1, 2), {}, box(0, 0, 9, 9)};
    problem.place->area.parts[0].holes.push_back(box(2, 2, 3, 3).parts[0].outer);
    Problem bare;
    bare.code = ProblemCode::county_not_filled;
    auto const back = publish::from_notes(publish::to_notes(std::vector{problem, bare}));
    BOOST_REQUIRE(back.size() == 2U);
    BOOST_TEST(back[0].id() == problem.id());
    BOOST_TEST(back[0].message == problem.message);
    BOOST_TEST(sentence(back[0], Language::chinese) == sentence(problem, Language::chinese));
    BOOST_TEST(back[0].measure == problem.measure);
    BOOST_TEST((back[0].place->area == problem.place->area));
    BOOST_TEST(!back[1].place.has_value());
    for (std::string const notes : {"", "{}", "[", "{\"coverage_warnings\":[{\"problem\":999}]}"}) {
        BOOST_CHECK_EXCEPTION((void)publish::from_notes(notes), Error,
                              [](Error const& e) { return e.code() == ErrorCode::corrupt; });
    }
}

BOOST_AUTO_TEST_SUITE_END()
