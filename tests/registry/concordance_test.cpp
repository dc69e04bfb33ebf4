#include "small_province.hpp"

#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <map>
#include <set>

using namespace wangge;
using namespace wangge::test;

namespace {

DivisionCode code(std::uint64_t n) { return DivisionCode::from_value(n); }

Concordance row(std::uint64_t from, std::uint64_t to, char const* date) {
    return {code(from), to == 0 ? std::nullopt : std::optional{code(to)}, day(date), "", "list"};
}

std::string told(Became const& became) {
    std::string text;
    for (auto const& step : became.steps) {
        text += step.change.effective.str().substr(0, 4) + ":" + std::to_string(step.change.old_code.value()) + ">" +
                (step.change.new_code ? std::to_string(step.change.new_code->value()) : "-") + " " +
                std::string{to_string(step.kind)} + "; ";
    }
    text += "now";
    for (auto const c : became.now) {
        text += " " + std::to_string(c.value());
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(concordance)

BOOST_AUTO_TEST_CASE(a_code_is_followed_through_recodings_splits_and_merges) {
    ConcordanceTable const table{{row(1, 2, "2010-01-01"), row(2, 3, "2012-01-01"), row(2, 4, "2012-01-01"),
                                  row(4, 9, "2015-01-01"), row(7, 9, "2015-01-01"), row(3, 0, "2016-01-01")}};
    BOOST_TEST(told(table.became(code(1), kForever)) == "2010:1>2 recoded; 2012:2>3 split; 2012:2>4 split; "
                                                        "2015:4>9 merged; 2016:3>- abolished; now 9");
    BOOST_TEST(told(table.became(code(1), day("2014-12-31"))) ==
               "2010:1>2 recoded; 2012:2>3 split; 2012:2>4 split; now 3 4");
    BOOST_TEST(told(table.became(code(1), day("2009-12-31"))) == "now 1");
    BOOST_TEST(told(table.became(code(3), kForever)) == "2016:3>- abolished; now");
    BOOST_TEST(told(table.became(code(5), kForever)) == "now 5");
    BOOST_TEST(table.formerly(code(9)).size() == 2U);
    BOOST_TEST(table.formerly(code(1)).empty());
    BOOST_TEST(table.old_codes().size() == 5U);
}

BOOST_AUTO_TEST_CASE(codes_exchanged_on_one_day_are_not_followed_back_on_it) {
    ConcordanceTable const table{{row(1, 2, "2010-01-01"), row(2, 1, "2010-01-01"), row(2, 8, "2011-01-01")}};
    BOOST_TEST(told(table.became(code(1), kForever)) == "2010:1>2 recoded; 2011:2>8 recoded; now 8");
    BOOST_TEST(told(table.became(code(2), kForever)) == "2010:2>1 recoded; now 1");
}

BOOST_AUTO_TEST_CASE(a_code_given_up_and_given_again_is_the_first_ones_until_then) {
    ConcordanceTable const table{{row(1, 2, "2010-01-01"), row(1, 5, "2020-01-01")}};
    BOOST_TEST(told(table.became(code(1), kForever)) == "2010:1>2 recoded; now 2");
}

BOOST_AUTO_TEST_CASE(several_into_several_is_a_reorganisation_and_a_part_may_keep_its_code) {
    ConcordanceTable const table{{row(1, 1, "2010-01-01"), row(1, 2, "2010-01-01"), row(3, 2, "2010-01-01")}};
    BOOST_TEST(told(table.became(code(1), kForever)) == "2010:1>1 split; 2010:1>2 reorganised; now 1 2");
    BOOST_TEST(told(table.became(code(3), kForever)) == "2010:3>2 merged; now 2");
}

/// Day by day: who carries what was code `from` on the first day of the table that knows it.
BOOST_AUTO_TEST_CASE(what_became_of_a_code_is_what_a_walk_day_by_day_finds) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        Random random{seed};
        std::vector<Concordance> rows;
        for (auto n = random.between(1, 25); n > 0; --n) {
            auto one = row(static_cast<std::uint64_t>(random.between(1, 8)),
                           static_cast<std::uint64_t>(random.between(0, 8)), "2010-01-01");
            one.effective = Date{one.effective.days() + static_cast<std::int32_t>(random.between(0, 6))};
            rows.push_back(one);
        }
        ConcordanceTable const table{rows};
        for (std::uint64_t from = 1; from <= 8; ++from) {
            for (int last = 0; last <= 7; ++last) {
                std::set<std::uint64_t> carriers{from};
                std::set<std::string> steps;
                for (int d = 0; d <= last; ++d) {
                    Date const today{day("2010-01-01").days() + d};
                    std::set<std::uint64_t> next;
                    for (auto const carrier : carriers) {
                        bool changes = false;
                        for (auto const& r : rows) {
                            if (r.old_code.value() == carrier && r.effective == today) {
                                changes = true;
                                steps.insert(today.str() + std::to_string(carrier) + ">" +
                                             (r.new_code ? r.new_code->str() : ""));
                                if (r.new_code) {
                                    next.insert(r.new_code->value());
                                }
                            }
                        }
                        if (!changes) {
                            next.insert(carrier);
                        }
                    }
                    carriers = next;
                }
                auto const became = table.became(code(from), Date{day("2010-01-01").days() + last});
                std::set<std::uint64_t> now;
                for (auto const c : became.now) {
                    now.insert(c.value());
                }
                std::set<std::string> told_steps;
                for (auto const& step : became.steps) {
                    told_steps.insert(step.change.effective.str() + std::to_string(step.change.old_code.value()) + ">" +
                                      (step.change.new_code ? step.change.new_code->str() : ""));
                }
                BOOST_TEST_CONTEXT("seed " << seed << " code " << from << " until day " << last) {
                    BOOST_REQUIRE((now == carriers));
                    BOOST_REQUIRE((told_steps == steps));
                    BOOST_REQUIRE(became.steps.size() == steps.size());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_given_again_replaces_what_it_said_and_leaves_other_lists_alone) {
    ScratchFolder const scratch;
    auto registry = small_registry(scratch);
    registry.publish("gis", "chief", sha256("1"));
    auto other = row(7, 8, "2011-01-01");
    other.source = "another list";
    auto const first = std::vector{row(1, 2, "2010-01-01"), row(3, 4, "2010-01-01"), other};
    BOOST_TEST((registry.apply_concordance(first, "gis", {}) == std::pair<std::size_t, std::size_t>{3, 0}));
    auto const second = std::vector{row(1, 2, "2010-01-01"), row(3, 5, "2010-01-01"), row(6, 0, "2012-01-01")};
    BOOST_TEST((registry.apply_concordance(second, "gis", {}) == std::pair<std::size_t, std::size_t>{2, 1}));
    auto const now = registry.concordance();
    BOOST_REQUIRE(now.size() == 4U);
    BOOST_TEST((now[0] == second[0]));
    BOOST_TEST((now[1] == second[1]));
    BOOST_TEST((now[2] == second[2]));
    BOOST_TEST((now[3] == other));
    BOOST_TEST(!registry.has_draft());
    BOOST_TEST(!registry.audit_break().has_value());
    auto bad = row(1, 2, "2010-01-01");
    bad.source.clear();
    BOOST_CHECK_EXCEPTION(registry.apply_concordance(std::vector{bad}, "gis", {}), Error,
                          [](Error const& e) { return e.code() == ErrorCode::data_rejected; });
}

BOOST_AUTO_TEST_SUITE_END()
