#include "small_province.hpp"

#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <tuple>

using namespace wangge;
using namespace wangge::test;

namespace {

// ---- a model that keeps, for every generation, what each grid is on each day, and shares nothing with the registry

constexpr int kDays = 10; ///< the first one stands for every earlier day, the last for every later one
Date const kFirst = day("2024-01-01");
Date day_at(int d) { return Date{kFirst.days() + d}; }

struct Facts {
    std::string name, village;
    int column = 0; ///< where its square lies
    int row = 0;    ///< which write the cell comes from: neighbours of one write are one row of the registry
    [[nodiscard]] bool same_facts(Facts const& other) const {
        return name == other.name && village == other.village && column == other.column;
    }
};
using Days = std::array<std::optional<Facts>, kDays>;
using Calendar = std::map<std::string, Days>;                     ///< code -> day -> facts
using Duty = std::set<std::tuple<std::string, std::string, int>>; ///< grid, officer, role
using DutyCalendar = std::array<Duty, kDays>;

struct Step {
    std::int64_t change_set;
    std::string from, to;
    auto operator<=>(Step const&) const = default;
};

struct Model {
    std::vector<Calendar> generations{Calendar{},
                                      Calendar{}}; ///< [0] is before the first publish; the last one is the open draft
    std::vector<DutyCalendar> duties{DutyCalendar{}}; ///< the last one is what is known now
    std::map<std::string, std::vector<std::int64_t>> touched;
    std::vector<Step> lineage;
    int rows = 0;
    std::vector<Days> villages{Days{}, Days{}}; ///< of one division, as the generations of grids

    Model() { villages.back().fill(Facts{"金珠社区", "", 0, 0}); }
    Calendar& draft() { return generations.back(); }
    [[nodiscard]] Facts const* at(GenerationNumber known_at, std::string const& code, int d) const {
        auto const& calendar = generations.at(static_cast<std::size_t>(known_at));
        auto const found = calendar.find(code);
        return found == calendar.end() || !found->second.at(static_cast<std::size_t>(d))
                   ? nullptr
                   : &*found->second.at(static_cast<std::size_t>(d));
    }
    void publish() {
        generations.push_back(generations.back());
        villages.push_back(villages.back());
        duties.push_back(duties.back());
    }
};

std::string text_of(std::string const& code, Facts const& f) {
    return code + " " + f.name + " " + f.village + " " + std::to_string(f.column);
}
std::string text_of(Grid const& grid) {
    return std::string{grid.code.str()} + " " + grid.name + " " + grid.village.str() + " " +
           std::to_string((grid.shape.parts.at(0).outer.at(0).lon - 1'167'000'000) / 100'000);
}

/// Does a row begin or end between the day before `d` and `d`?
bool boundary_before(Days const& days, int d) {
    auto const& a = days.at(static_cast<std::size_t>(d) - 1);
    auto const& b = days.at(static_cast<std::size_t>(d));
    return a.has_value() != b.has_value() || (a && a->row != b->row);
}
bool boundary_before(Calendar const& calendar, Days const& village, int d) {
    return boundary_before(village, d) ||
           std::ranges::any_of(calendar, [&](auto const& entry) { return boundary_before(entry.second, d); });
}

class Round {
public:
    Round(std::uint64_t seed, Registry& registry) : m_random(seed), m_registry(registry) {}

    Model model;

    void act() {
        auto const choice = m_random.between(0, 9);
        if (choice == 0 && m_registry.has_draft()) {
            m_registry.publish("gis", "chief", sha256(std::to_string(m_number)));
            model.publish();
        } else if (choice == 1 && m_issued > 0) {
            assign_officer();
        } else if (choice == 2) {
            rename_village();
        } else {
            apply_change_set();
        }
        ++m_number;
    }

    /// Every day of every generation, the draft included.
    void compare_states() const {
        for (std::size_t g = 0; g < model.generations.size(); ++g) {
            auto const known_at = static_cast<GenerationNumber>(g);
            auto const& calendar = model.generations[g];
            if (g + 1 == model.generations.size() && !m_registry.has_draft()) {
                continue; // no such generation yet
            }
            for (int d = 0; d < kDays; ++d) {
                BOOST_TEST_CONTEXT("generation " << known_at << " day " << d) {
                    auto const state = state_of(m_registry, day_at(d), known_at);
                    std::vector<std::string> expected, got;
                    for (auto const& [code, days] : calendar) {
                        if (auto const& facts = days.at(static_cast<std::size_t>(d))) {
                            expected.push_back(text_of(code, *facts));
                        }
                    }
                    for (auto const& grid : state.grids) {
                        got.push_back(text_of(grid));
                    }
                    BOOST_REQUIRE_EQUAL_COLLECTIONS(got.begin(), got.end(), expected.begin(), expected.end());
                    compare_unchanged(state, calendar, model.villages[g], d);
                    auto const& village = model.villages[g].at(static_cast<std::size_t>(d));
                    auto const told = std::ranges::find(state.divisions, division_of(kVillage2), &Division::code);
                    BOOST_REQUIRE((told == state.divisions.end() ? "" : told->name) == (village ? village->name : ""));
                    compare_duty(known_at, d);
                }
            }
        }
    }

    void compare_samples() {
        for (int i = 0; i < 4; ++i) {
            compare_differences();
        }
        if (m_issued > 0) {
            compare_history(code_of(static_cast<int>(m_random.between(1, m_issued))));
        }
    }

private:
    static std::string code_of(int n) { return "4405070010010" + std::string(n < 10 ? "0" : "") + std::to_string(n); }

    void apply_change_set() {
        auto const from = static_cast<int>(m_random.between(1, kDays - 1));
        ChangeSet set;
        set.title = "set " + std::to_string(m_number);
        set.author = "gis";
        set.effective = day_at(from);
        auto after = model.draft();
        std::set<std::string> codes;
        bool rejected = false;
        for (auto n = m_random.between(1, 3); n > 0; --n) {
            Facts facts{"n" + std::to_string(m_number) + std::to_string(n),
                        m_random.next() % 2 == 0 ? kVillage1 : kVillage2, static_cast<int>(m_random.between(0, 9)),
                        ++model.rows};
            bool const add = m_issued + static_cast<int>(set.changes.size()) < 12 && m_random.next() % 4 == 0;
            auto const code =
                add ? code_of(m_issued + 1) : code_of(static_cast<int>(m_random.between(1, std::max(m_issued, 1))));
            if ((!add && m_issued == 0) || !codes.insert(code).second) {
                continue;
            }
            auto& days = after[code];
            auto const held = days.at(static_cast<std::size_t>(from));
            std::vector<ChangeKind> kinds;
            if (add) {
                ++m_issued;
                kinds = {ChangeKind::added};
                for (int d = from; d < kDays; ++d) {
                    days.at(static_cast<std::size_t>(d)) = facts;
                }
            } else if (m_random.next() % 6 == 0) {
                kinds = {ChangeKind::retired};
                for (int d = from; d < kDays; ++d) {
                    days.at(static_cast<std::size_t>(d)).reset();
                }
            } else {
                bool const reshape = m_random.next() % 2 == 0;
                kinds = {reshape ? ChangeKind::reshaped : ChangeKind::renamed};
                if (m_random.next() % 2 == 0) {
                    kinds.push_back(ChangeKind::reparented);
                }
                if (held && !reshape) {
                    facts.column = held->column;
                }
                for (int d = from; held && d < kDays; ++d) {
                    auto& cell = days.at(static_cast<std::size_t>(d));
                    if (!cell || cell->row != held->row) {
                        break;
                    }
                    cell = facts;
                }
            }
            rejected = rejected || (!add && !held);
            auto grid = small_grid(code, facts.column, facts.village.c_str());
            grid.name = facts.name;
            set.changes.push_back(change_of(std::move(grid), std::move(kinds)));
        }
        if (set.changes.empty()) {
            return;
        }
        // Ground from some of the changed grids to others, or the same.
        std::set<std::pair<GridCode, GridCode>> pairs;
        for (auto n = m_random.between(0, 3); n > 0; --n) {
            auto const pick = [&] {
                auto const last = static_cast<std::int64_t>(set.changes.size()) - 1;
                return set.changes[static_cast<std::size_t>(m_random.between(0, last))].after.code;
            };
            auto const predecessor = pick();
            auto const successor = pick();
            if (pairs.emplace(predecessor, successor).second) {
                set.lineage.push_back({predecessor, successor, 5, 0.5, 0.25});
            }
        }
        SilentProgress silent;
        if (rejected) { // nothing of it is kept, the good changes neither
            BOOST_CHECK_EXCEPTION(m_registry.apply(set, silent), Error,
                                  [](Error const& e) { return e.code() == ErrorCode::data_rejected; });
            m_issued = static_cast<int>(m_registry.issued_codes().size());
            return;
        }
        auto const id = m_registry.apply(set, silent);
        model.draft() = std::move(after);
        for (auto const& code : codes) {
            model.touched[code].push_back(id);
        }
        for (auto const& lineage : set.lineage) {
            model.lineage.push_back({id, std::string{lineage.predecessor.str()}, std::string{lineage.successor.str()}});
        }
    }

    void rename_village() {
        auto const from = static_cast<std::size_t>(m_random.between(1, kDays - 1));
        auto division = small_divisions()[5];
        division.name = "村" + std::to_string(m_random.between(0, 2)); // mostly another one
        m_registry.apply_divisions(std::vector{division}, day_at(static_cast<int>(from)), "gis", {});
        auto& days = model.villages.back();
        auto const held = *days.at(from);
        if (held.name != division.name) { // else nothing is recorded
            ++model.rows;
            for (auto d = from; d < kDays && days.at(d)->row == held.row; ++d) {
                days.at(d) = Facts{division.name, "", 0, model.rows};
            }
        }
    }

    /// One officer's assignments from a day on.
    void assign_officer() {
        std::string const id = "G00" + std::to_string(m_random.between(1, 3));
        auto const from = static_cast<int>(m_random.between(0, kDays - 1));
        std::vector<Assignment> given;
        auto& now = model.duties.back();
        std::set<std::pair<std::string, int>> mine;
        for (auto n = m_random.between(1, 2); n > 0; --n) {
            mine.emplace(code_of(static_cast<int>(m_random.between(1, m_issued))),
                         static_cast<int>(m_random.between(1, 3)));
        }
        for (auto const& [code, role] : mine) {
            given.push_back({grid_of(code), id, static_cast<Role>(role), {day_at(from), kForever}});
        }
        for (int d = from; d < kDays; ++d) {
            auto& duty = now.at(static_cast<std::size_t>(d));
            std::erase_if(duty, [&](auto const& one) { return std::get<1>(one) == id; });
            for (auto const& [code, role] : mine) {
                duty.emplace(code, id, role);
            }
        }
        SilentProgress silent;
        m_registry.apply_officers(std::vector<Officer>{{id, "某", ""}}, given, "gis", {}, silent);
    }

    static void compare_unchanged(State const& state, Calendar const& calendar, Days const& village, int d) {
        int from = d;
        while (from > 0 && !boundary_before(calendar, village, from)) {
            --from;
        }
        int to = d + 1;
        while (to < kDays && !boundary_before(calendar, village, to)) {
            ++to;
        }
        // The divisions hold from 2020-01-01 on as of generation 1.
        auto const earliest = state.divisions.empty() ? kAlways : day("2020-01-01");
        BOOST_REQUIRE_EQUAL(state.unchanged.from.str(), (from == 0 ? earliest : day_at(from)).str());
        BOOST_REQUIRE_EQUAL(state.unchanged.to.str(), (to == kDays ? kForever : day_at(to)).str());
    }

    /// A generation knew the assignments that were known last before the next publish.
    void compare_duty(GenerationNumber known_at, int d) const {
        Duty got;
        for (auto const& entry : m_registry.duty_entries(day_at(d), known_at)) {
            got.emplace(entry.grid.str(), entry.officer_id, static_cast<int>(entry.role));
        }
        auto const newest = model.duties.size() - 1;
        auto const last_known = std::min(static_cast<std::size_t>(known_at), newest);
        BOOST_REQUIRE((got == model.duties[last_known].at(static_cast<std::size_t>(d))));
    }

    /// Two states at random: what is told to differ is what differs, and nothing else.
    void compare_differences() {
        auto const newest = static_cast<std::int64_t>(model.generations.size()) - 1; // the draft
        auto const pick_state = [&] {
            return std::pair{m_random.between(0, newest), static_cast<int>(m_random.between(0, kDays - 1))};
        };
        auto const [g1, d1] = pick_state();
        auto [g2, d2] = pick_state();
        d2 = m_random.next() % 2 == 0 ? d1 : d2;
        std::map<std::string, std::pair<std::string, std::string>> expected;
        for (auto const& [code, days] : model.generations.back()) {
            auto const* const before = model.at(g1, code, d1);
            auto const* const after = model.at(g2, code, d2);
            if ((before == nullptr) != (after == nullptr) || (before != nullptr && !before->same_facts(*after))) {
                expected[code] = {before == nullptr ? "" : text_of(code, *before),
                                  after == nullptr ? "" : text_of(code, *after)};
            }
        }
        StateName const before{day_at(d1), g1};
        StateName const after{day_at(d2), g2};
        std::map<std::string, std::pair<std::string, std::string>> got;
        for (auto const& one : m_registry.grid_differences(before, after)) {
            auto const& code = one.before ? one.before->code : one.after->code;
            got[std::string{code.str()}] = {one.before ? text_of(*one.before) : "",
                                            one.after ? text_of(*one.after) : ""};
        }
        BOOST_TEST_CONTEXT("from " << g1 << "@" << d1 << " to " << g2 << "@" << d2) {
            BOOST_REQUIRE((got == expected));
        }
        auto const divisions = m_registry.division_differences(before, after);
        if (g1 == 0 || g2 == 0) {
            BOOST_REQUIRE(divisions.size() == (g1 == g2 ? 0U : small_divisions().size()));
        } else {
            auto const name = [&](std::int64_t g, int d) {
                return model.villages.at(static_cast<std::size_t>(g)).at(static_cast<std::size_t>(d))->name;
            };
            BOOST_REQUIRE(divisions.size() == (name(g1, d1) == name(g2, d2) ? 0U : 1U));
            BOOST_REQUIRE((divisions.empty() ||
                           (divisions[0].before->name == name(g1, d1) && divisions[0].after->name == name(g2, d2))));
        }
        auto const put_and_gone = m_registry.difference(before, after, 1000);
        BOOST_REQUIRE(put_and_gone.has_value());
        std::set<std::string> touched;
        for (auto const& grid : put_and_gone->put) {
            touched.emplace(grid.code.str());
            auto const* const facts = model.at(g2, std::string{grid.code.str()}, d2);
            BOOST_REQUIRE(facts != nullptr);
            BOOST_REQUIRE_EQUAL(text_of(grid), text_of(std::string{grid.code.str()}, *facts));
        }
        for (auto const& code : put_and_gone->gone) {
            touched.emplace(code.str());
            BOOST_REQUIRE(model.at(g2, std::string{code.str()}, d2) == nullptr);
        }
        for (auto const& [code, sides] : expected) {
            BOOST_REQUIRE(touched.contains(code));
        }
    }

    void compare_history(std::string const& code) {
        auto const versions = m_registry.history(grid_of(code));
        for (std::size_t g = 0; g < model.generations.size(); ++g) {
            for (int d = 0; d < kDays; ++d) {
                std::vector<std::string> holding;
                for (auto const& version : versions) {
                    if (version.valid.holds(day_at(d)) && version.known_at(static_cast<GenerationNumber>(g))) {
                        holding.push_back(text_of(version.grid));
                    }
                }
                auto const* const facts = model.at(static_cast<GenerationNumber>(g), code, d);
                BOOST_REQUIRE(holding.size() == (facts == nullptr ? 0U : 1U));
                if (facts != nullptr) {
                    BOOST_REQUIRE_EQUAL(holding[0], text_of(code, *facts));
                }
                auto const one = m_registry.grid(grid_of(code), day_at(d), static_cast<GenerationNumber>(g));
                BOOST_REQUIRE(one.has_value() == (facts != nullptr));
                BOOST_REQUIRE(!one || text_of(*one) == holding[0]);
            }
        }
        std::vector<std::int64_t> ids;
        for (auto const& change : m_registry.changes_of(grid_of(code))) {
            ids.push_back(change.change.change_set);
        }
        BOOST_REQUIRE(ids == model.touched[code]);
        compare_lineage(code);
    }

    /// Ground goes on with every later step; carried out step by step in the order of the change sets, and back.
    void compare_lineage(std::string const& code) const {
        auto const reached = [&](bool forward) {
            std::map<std::string, std::int64_t> carriers{{code, forward ? 0 : 1'000'000}};
            std::set<Step> steps;
            for (bool more = true; more;) {
                more = false;
                for (auto const& step : model.lineage) {
                    auto const& giver = forward ? step.from : step.to;
                    auto const& taker = forward ? step.to : step.from;
                    auto const carrier = carriers.find(giver);
                    if (carrier == carriers.end() ||
                        (forward ? step.change_set <= carrier->second : step.change_set >= carrier->second)) {
                        continue;
                    }
                    more = steps.insert(step).second || more;
                    auto const [known, fresh] = carriers.emplace(taker, step.change_set);
                    if (!fresh && (forward ? step.change_set < known->second : step.change_set > known->second)) {
                        known->second = step.change_set;
                        more = true;
                    }
                }
            }
            return steps;
        };
        auto const trail = m_registry.lineage(grid_of(code));
        auto const told = [](std::vector<LineageStep> const& list) {
            std::set<Step> steps;
            for (auto const& step : list) {
                steps.insert({step.change.change_set, std::string{step.ground.predecessor.str()},
                              std::string{step.ground.successor.str()}});
            }
            return steps;
        };
        BOOST_REQUIRE((told(trail.to) == reached(true)));
        BOOST_REQUIRE((told(trail.from) == reached(false)));
    }

    Random m_random;
    Registry& m_registry;
    int m_issued = 0;
    int m_number = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(every_day_of_every_generation_agrees_with_a_model_kept_day_by_day) {
    // More of it: WANGGE_HISTORY_SEEDS=200 test_registry --run_test=history
    auto const* const asked = std::getenv("WANGGE_HISTORY_SEEDS");
    auto const seeds = asked == nullptr ? 20U : static_cast<unsigned>(std::strtoul(asked, nullptr, 10));
    std::size_t generations = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            ScratchFolder const scratch;
            auto registry = small_registry(scratch);
            Round round{seed, registry};
            for (int n = 0; n < 150; ++n) {
                BOOST_TEST_CONTEXT("round " << n) {
                    round.act();
                    round.compare_samples();
                    if (n % 30 == 29) {
                        round.compare_states();
                    }
                }
            }
            generations += round.model.generations.size();
            BOOST_TEST(!registry.audit_break().has_value());
        }
    }
    BOOST_TEST(generations > 8 * seeds);
}

BOOST_AUTO_TEST_CASE(a_generation_that_is_none_is_told_with_the_newest_one) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto const refused = [&](GenerationNumber number, ErrorCode code, std::string const& part) {
        BOOST_CHECK_EXCEPTION(registry.require_published(number), Error, [&](Error const& e) {
            return e.code() == code && std::string{e.what()}.find(part) != std::string::npos;
        });
    };
    refused(1, ErrorCode::not_found, "nothing has been published");
    registry.publish("gis", "chief", sha256("1"));
    BOOST_CHECK_NO_THROW(registry.require_published(1));
    refused(2, ErrorCode::not_found, "the newest one is 1");
    refused(0, ErrorCode::usage, "the first one is 1");
    refused(-3, ErrorCode::usage, "the first one is 1");
}

BOOST_AUTO_TEST_CASE(an_older_generation_keeps_the_officers_that_were_known_last_before_the_next) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    auto const code = grid_of("440507001001001");
    apply(registry, day("2024-01-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::added})});
    auto const assign = [&](std::string const& id) {
        SilentProgress silent;
        registry.apply_officers(std::vector<Officer>{{id, "某" + id, "13800000000"}},
                                std::vector<Assignment>{{code, id, Role::dedicated, {day("2024-01-01"), kForever}}},
                                "gis", {}, silent);
    };
    auto const release = [&](std::string const& id) { // to another grid
        SilentProgress silent;
        registry.apply_officers(
            {},
            std::vector<Assignment>{{grid_of("440507001001002"), id, Role::dedicated, {day("2024-01-01"), kForever}}},
            "gis", {}, silent);
    };
    auto const on_duty = [&](std::optional<GenerationNumber> known_at) {
        std::string ids;
        for (auto const& entry : registry.duty_entries(day("2024-06-01"), known_at)) {
            ids += entry.grid == code ? entry.officer_id : "";
        }
        std::string seen;
        for (auto const& view : registry.officers_of(code, day("2024-06-01"), known_at)) {
            seen += view.officer_id;
        }
        BOOST_TEST(ids == seen);
        return ids;
    };
    apply(registry, day("2024-01-01"), {change_of(small_grid("440507001001002", 1), {ChangeKind::added})});
    assign("A");
    registry.publish("gis", "chief", sha256("1"));
    BOOST_TEST(on_duty(1) == "A");
    assign("B"); // while generation 1 is the newest: known to it
    BOOST_TEST(on_duty(1) == "AB");
    apply(registry, day("2024-02-01"), {change_of(small_grid("440507001001001", 0), {ChangeKind::renamed})});
    registry.publish("gis", "chief", sha256("2"));
    release("A");
    BOOST_TEST(on_duty(std::nullopt) == "B");
    BOOST_TEST(on_duty(2) == "B");
    BOOST_TEST(on_duty(1) == "AB");
    BOOST_TEST(on_duty(0) == "A"); // before the first publish
    BOOST_TEST(registry.officer("A", 1)->assignments.at(0).grid.str() == code.str());
    BOOST_TEST(registry.officer("A")->assignments.at(0).grid.str() == "440507001001002");
}

BOOST_AUTO_TEST_CASE(lineage_is_recorded_with_the_addresses_that_lie_on_the_ground) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    std::string const a = "440507001001001", b = "440507001001002";
    apply(registry, day("2024-01-01"),
          {change_of(small_grid(a, 0), {ChangeKind::added}), change_of(small_grid(b, 1), {ChangeKind::added})});
    // Ten addresses on a line through both; the boundary, on which one lies, moves west by half a square.
    std::vector<Registry::AddressPoint> points;
    for (int i = 0; i < 10; ++i) {
        points.push_back({std::to_string(i),
                          "某路" + std::to_string(i),
                          division_of(kVillage1),
                          "",
                          "",
                          "",
                          "",
                          "",
                          "",
                          {1'167'000'000 + i * 20'000, 233'550'000}});
    }
    std::vector<SourceFile> const source{{"addresses.csv", sha256("x"), 1, "", ""}};
    SilentProgress silent;
    std::size_t next = 0;
    registry.apply_addresses(
        [&](Registry::AddressPoint& point) {
            if (next == points.size()) {
                return false;
            }
            point = points[next++];
            return true;
        },
        "gis", source, silent);
    auto west = small_grid(a, 0);
    west.shape = square(1'167'000'000, 233'500'000, 100'000);
    west.shape.parts[0].outer = {{1'167'000'000, 233'500'000},
                                 {1'167'050'000, 233'500'000},
                                 {1'167'050'000, 233'600'000},
                                 {1'167'000'000, 233'600'000}};
    auto east = small_grid(b, 1);
    east.shape.parts[0].outer = {{1'167'050'000, 233'500'000},
                                 {1'167'200'000, 233'500'000},
                                 {1'167'200'000, 233'600'000},
                                 {1'167'050'000, 233'600'000}};
    auto set = change_set_of(day("2024-05-01"),
                             {change_of(west, {ChangeKind::reshaped}), change_of(east, {ChangeKind::reshaped})});
    set.lineage = {{grid_of(a), grid_of(a), 50, 0.5, 1.0},
                   {grid_of(a), grid_of(b), 50, 0.5, 1.0 / 3},
                   {grid_of(b), grid_of(b), 100, 1.0, 2.0 / 3}};
    registry.apply(set, silent);
    auto const trail = registry.lineage(grid_of(a));
    BOOST_REQUIRE(trail.to.size() == 2U);
    BOOST_REQUIRE(trail.from.size() == 1U);
    auto const& kept = trail.to[0];
    auto const& given = trail.to[1];
    // 0 2 4 | 6 8 in tens of thousands were a's five; 10 lies on the boundary and is the eastern grid's.
    BOOST_TEST(kept.ground.predecessor_addresses == 5U);
    BOOST_TEST(kept.ground.addresses == 3U);
    BOOST_TEST(kept.ground.successor_addresses == 3U);
    BOOST_TEST(given.ground.addresses == 2U);
    BOOST_TEST(given.ground.successor_addresses == 7U);
    BOOST_TEST(given.ground.share_of_predecessor == 0.5);
    BOOST_TEST(given.effective.str() == "2024-05-01");
    BOOST_TEST(given.change.title == "a change");
    BOOST_TEST(!given.generation.has_value());
    registry.publish("gis", "chief", sha256("1"));
    BOOST_TEST((registry.lineage(grid_of(b)).from.back().generation == GenerationNumber{1}));
    std::size_t in_box = 0;
    registry.addresses_in(geom::envelope_of(west.shape), [&](geom::Point) { ++in_box; });
    BOOST_TEST(in_box == 3U);

    auto stranger = change_set_of(day("2024-06-01"), {change_of(west, {ChangeKind::reshaped})});
    stranger.lineage = {{grid_of(a), grid_of(b), 1, 1, 1}};
    BOOST_CHECK_EXCEPTION(registry.apply(stranger, silent), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    stranger.lineage = {{grid_of(a), grid_of(a), 1, 1, 1}, {grid_of(a), grid_of(a), 1, 1, 1}};
    BOOST_CHECK_EXCEPTION(registry.apply(stranger, silent), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    BOOST_TEST(!registry.has_draft());
}

BOOST_AUTO_TEST_SUITE_END()
