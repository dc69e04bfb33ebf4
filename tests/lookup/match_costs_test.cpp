// Every number of the match is told by an answer; docs/address-costs.md is the table of match_costs.hpp.

#include "address_town.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace wangge;
using address::MatchCosts;

namespace {

constexpr geom::Point kW{1132020000, 231010000}, kE{1132150000, 231010000}, kG{1132310000, 231010000},
    kI{1133010000, 231010000}, kD{1137010000, 230010000};
constexpr char const *kCui = "440103001101", *kGoose = "440103001102", *kHill = "440106001001", *kBei = "441900003001";

// Alike but for what a text says of them.
constexpr test::TownAddress kAddresses[] = {
    {"a1", "荔湾区沙面街道翠洲社区振兴路3号", kCui, "振兴路", "3号", "", "", "", "", kW},
    {"a2", "荔湾区沙面街道翠洲社区振兴路11号", kCui, "振兴路", "11号", "", "", "", "", kE},
    {"a3", "荔湾区沙面街道白鹅社区振兴路41号", kGoose, "振兴路", "41号", "", "", "", "", kG},
    {"a4", "天河区五山街道岳洲社区振兴路3号", kHill, "振兴路", "3号", "", "", "", "", kI},
    {"a5", "东莞市东城街道岗贝社区振兴路3号", kBei, "振兴路", "3号", "", "", "", "", kD},
    // slips
    {"b1", "荔湾区沙面街道翠洲社区桃源路5号", kCui, "桃源路", "5号", "", "", "", "", kW},
    {"b2", "荔湾区沙面街道白鹅社区桃木路5号", kGoose, "桃木路", "5号", "", "", "", "", kG},
    {"b3", "天河区五山街道岳洲社区桃路5号", kHill, "桃路", "5号", "", "", "", "", kI},
    {"b4", "荔湾区沙面街道翠洲社区解放2街6号", kCui, "解放二街", "6号", "", "", "", "", kW},
    {"b5", "荔湾区沙面街道白鹅社区解放3街6号", kGoose, "解放三街", "6号", "", "", "", "", kG},
    {"b6", "天河区五山街道岳洲社区解放2路6号", kHill, "解放二路", "6号", "", "", "", "", kI},
    {"b7", "荔湾区沙面街道翠洲社区兴隆大路6号", kCui, "兴隆大路", "6号", "", "", "", "", kW},
    {"b8", "荔湾区沙面街道白鹅社区隆兴大路6号", kGoose, "隆兴大路", "6号", "", "", "", "", kG},
    // numbers
    {"c1", "荔湾区沙面街道翠洲社区站前路23号之一", kCui, "站前路", "23号之一", "", "", "", "", kW},
    {"c2", "荔湾区沙面街道白鹅社区站前路23号", kGoose, "站前路", "23号", "", "", "", "", kG},
    {"c3", "天河区五山街道岳洲社区站前路23号之三", kHill, "站前路", "23号之三", "", "", "", "", kI},
    {"c4", "荔湾区沙面街道翠洲社区北京路22-26号", kCui, "北京路", "22-26号", "", "", "", "", kW},
    {"c5", "荔湾区沙面街道白鹅社区北京路24号之一", kGoose, "北京路", "24号之一", "", "", "", "", kG},
    {"c6", "荔湾区沙面街道翠洲社区长堤路2号", kCui, "长堤路", "2号", "", "", "", "", kW},
    {"c7", "荔湾区沙面街道翠洲社区长堤路8号", kCui, "长堤路", "8号", "", "", "", "", kE},
    {"c8", "荔湾区沙面街道白鹅社区长提路4号", kGoose, "长提路", "4号", "", "", "", "", kG},
    // estates, buildings, doors
    {"d1", "荔湾区沙面街道翠洲社区建设路8号碧桂园1栋1单元201房", kCui, "建设路", "8号", "碧桂园", "1栋", "1单元",
     "201房", kW},
    {"d2", "荔湾区沙面街道翠洲社区建设路8号碧桂园2栋1单元301房", kCui, "建设路", "8号", "碧桂园", "2栋", "1单元",
     "301房", kE},
    {"d3", "荔湾区沙面街道白鹅社区建设路8号丽景城1栋1单元201房", kGoose, "建设路", "8号", "丽景城", "1栋", "1单元",
     "201房", kG},
    {"d4", "天河区五山街道岳洲社区建设路8号", kHill, "建设路", "8号", "", "", "", "", kI},
    {"d5", "荔湾区沙面街道翠洲社区建设路18号碧桂园三期5栋1单元501房", kCui, "建设路", "18号", "碧桂园三期", "5栋",
     "1单元", "501房", kW},
    {"d6", "天河区五山街道岳洲社区青云里9号1栋", kHill, "", "9号", "青云里", "1栋", "", "", kI},
    {"d7", "荔湾区沙面街道白鹅社区青云里9号", kGoose, "青云里", "9号", "", "", "", "", kG},
    {"f1", "天河区五山街道梅州村嘉应路2号", "440106001002", "嘉应路", "2号", "", "", "", "", kI},
    {"f2", "荔湾区沙面街道翠洲社区云山大道5号", kCui, "云山大道", "5号", "", "", "", "", kW},
    {"f3", "荔湾区沙面街道白鹅社区云江水岸大道5号", kGoose, "云江水岸大道", "5号", "", "", "", "", kG},
    {"f4", "东莞市东城街道岗贝社区云江水岸大道5号", kBei, "云江水岸大道", "5号", "", "", "", "", kD},
    {"e1", "和平路7号", "", "和平路", "7号", "", "", "", "", kW},
    {"e2", "荔湾区沙面街道白鹅社区和平路7号", kGoose, "和平路", "7号", "", "", "", "", kG},
};

constexpr test::TownDivision kMoreDivisions[] = {
    {"430000000000", "湖南省", Level::province, ""},
    {"440106001003", "翠山社区居民委员会", Level::village, "440106001000"},
    {"441400000000", "梅州市", Level::city, "440000000000"},
    {"440106001002", "梅州村民委员会", Level::village, "440106001000"},
};

/// A line of tests/lookup/match_costs.tsv: the answer to a text, which is another where the number is `factor` times
/// what it is.
struct Case {
    std::string number;
    float factor = 1;
    std::string text;
    double score = 0;
    std::string outcome;
    std::size_t grids = 0, conflicts = 0;
};

std::vector<Case> read_cases() {
    std::ifstream file{"tests/lookup/match_costs.tsv"};
    std::string line;
    std::getline(file, line);
    std::vector<Case> cases;
    while (std::getline(file, line)) {
        std::istringstream fields{line};
        Case c;
        std::getline(fields, c.number, '\t');
        fields >> c.factor >> std::ws;
        std::getline(fields, c.text, '\t');
        fields >> c.score >> c.outcome >> c.grids >> c.conflicts;
        BOOST_TEST_REQUIRE(!fields.fail(), line);
        cases.push_back(std::move(c));
    }
    return cases;
}

/// kAddresses, and houses of many doors: what stands there more often weighs more.
class Addresses {
public:
    Addresses() : m_all(std::begin(kAddresses), std::end(kAddresses)) {
        add_doors("荔湾区沙面街道白鹅社区", kGoose, kG, 600);
        add_doors("荔湾区沙面街道翠洲社区", kCui, kW, 1);
        add_doors("天河区五山街道岳洲社区", kHill, kI, 300);
        add_doors("东莞市东城街道岗贝社区", kBei, kD, 900);
    }
    [[nodiscard]] std::span<test::TownAddress const> all() const noexcept { return m_all; }

private:
    void add_doors(std::string const& before, char const* village, geom::Point at, int count) {
        for (int n = 1; n <= count; ++n) {
            auto const* const room = keep(fmt::format("{}房", 100 + n));
            m_all.push_back({keep(fmt::format("g{}", m_all.size())), keep(fmt::format("{}天府路1号{}", before, room)),
                             village, "天府路", "1号", "", "", "", room, at});
        }
    }
    char const* keep(std::string text) { return m_kept.emplace_back(std::move(text)).c_str(); }
    std::deque<std::string> m_kept;
    std::vector<test::TownAddress> m_all;
};

struct Fixture {
    Addresses addresses;
    test::AddressTown town{
        {{"staff-1", "和平路7号", kBei, "", "", "", "", "", "", kD}}, kMoreDivisions, addresses.all()};

    Case ask(std::string const& text, MatchCosts const& costs) const {
        lookup::Geocoder geocoder{*town.snapshot(), *town.index(), costs};
        lookup::AddressAnswer answer;
        geocoder.geocode(text, answer);
        auto const* const outcome = answer.grid ? "determined" : answer.grids.empty() ? "none" : "undetermined";
        return {{}, 1, text, answer.score, outcome, answer.grids.size(), answer.conflicts.size()};
    }
};

bool differ(Case const& a, Case const& b, double score) {
    return std::abs(a.score - b.score) > score || a.outcome != b.outcome || a.grids != b.grids ||
           a.conflicts != b.conflicts;
}
std::string print(Case const& c) { return fmt::format("{:.4f} {} {} {}", c.score, c.outcome, c.grids, c.conflicts); }

} // namespace

BOOST_FIXTURE_TEST_SUITE(match_costs, Fixture)

BOOST_AUTO_TEST_CASE(every_number_of_the_table_has_an_answer_that_tells_it) {
    constexpr double kSame = 0.001, kOther = 0.01;
    auto const cases = read_cases();
    for (auto const& line : address::kMatchCostTable) {
        auto const c = std::find_if(cases.begin(), cases.end(), [&](Case const& of) { return of.number == line.name; });
        BOOST_TEST(bool{c != cases.end()}, fmt::format("match_costs.tsv has no line for {}", line.name));
    }
    for (auto const& c : cases) {
        auto const line = std::find_if(address::kMatchCostTable.begin(), address::kMatchCostTable.end(),
                                       [&](address::MatchCost const& of) { return of.name == c.number; });
        BOOST_TEST_REQUIRE(bool{line != address::kMatchCostTable.end()}, c.number);
        auto const found = ask(c.text, address::kMatchCosts);
        BOOST_TEST(!differ(found, c, kSame),
                   fmt::format("{} {}: {}, not {}", c.number, c.text, print(found), print(c)));
        auto costs = address::kMatchCosts;
        costs.*line->value *= c.factor;
        auto const wrong = ask(c.text, costs);
        BOOST_TEST(differ(wrong, c, kOther), fmt::format("{} {}: {} also where it is {} times what it is", c.number,
                                                         c.text, print(wrong), c.factor));
    }
}

BOOST_AUTO_TEST_CASE(the_page_has_the_numbers_of_the_table) {
    std::string table = "| number | value | source | meaning |\n| --- | --- | --- | --- |\n";
    for (auto const& line : address::kMatchCostTable) {
        table += fmt::format("| {} | {:g} | {} | {} |\n", line.name, address::kMatchCosts.*line.value,
                             to_string(line.source), line.meaning);
    }
    std::ostringstream page;
    page << std::ifstream{"docs/address-costs.md"}.rdbuf();
    BOOST_TEST((page.str().find("<!-- table costs -->\n" + table + "<!-- end -->") != std::string::npos),
               "docs/address-costs.md must have this table:\n"
                   << table);
}

BOOST_AUTO_TEST_SUITE_END()
