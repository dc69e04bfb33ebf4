#include "address_town.hpp"

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>
#include <cmath>

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
    {"d1", "荔湾区沙面街道翠洲社区建设路8号碧桂园1栋1单元201房", kCui, "建设路", "8号", "碧桂园", "1栋", "1单元", "201房", kW},
    {"d2", "荔湾区沙面街道翠洲社区建设路8号碧桂园2栋1单元301房", kCui, "建设路", "8号", "碧桂园", "2栋", "1单元", "301房", kE},
    {"d3", "荔湾区沙面街道白鹅社区建设路8号丽景城1栋1单元201房", kGoose, "建设路", "8号", "丽景城", "1栋", "1单元", "201房", kG},
    {"d4", "天河区五山街道岳洲社区建设路8号", kHill, "建设路", "8号", "", "", "", "", kI},
    {"d5", "荔湾区沙面街道翠洲社区建设路18号碧桂园三期5栋1单元501房", kCui, "建设路", "18号", "碧桂园三期", "5栋", "1单元", "501房", kW},
    {"d6", "天河区五山街道岳洲社区青云里9号1栋", kHill, "", "9号", "青云里", "1栋", "", "", kI},
    {"d7", "荔湾区沙面街道白鹅社区青云里9号", kGoose, "青云里", "9号", "", "", "", "", kG},
    {"e1", "和平路7号", "", "和平路", "7号", "", "", "", "", kW},
    {"e2", "荔湾区沙面街道白鹅社区和平路7号", kGoose, "和平路", "7号", "", "", "", "", kG},
};

struct Fixture {
    test::AddressTown town{kAddresses};
    lookup::AddressAnswer answer;

    std::string print(std::string_view text, MatchCosts const& costs, std::vector<double>& shares) {
        lookup::Geocoder geocoder{*town.snapshot(), *town.index(), costs};
        geocoder.geocode(text, answer);
        shares.clear();
        std::string s = fmt::format("{:.3f} {} {}", answer.score, answer.grid ? "one" : "several", to_string(answer.level));
        for (auto const& g : answer.grids) {
            s += fmt::format(" {}:{:.3f}", std::string{town.snapshot()->grid(g.grid).code.str()}.substr(4), g.share);
        }
        return s;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(match_costs, Fixture)

BOOST_AUTO_TEST_CASE(explore) {
    std::vector<std::string> const pool = {
        "荔湾区振兴路3号", "天河区沙面街道翠洲社区振兴路3号", "广州市振兴路3号", "振兴路3号", "广东省振兴路3号", "湖南省广州市荔湾区翠洲社区振兴路3号",
        "东莞市荔湾区翠洲社区振兴路3号","荔湾区五山街道振兴路3号","荔湾区五山振兴路3号","荔湾区沙面街道白鹅社区振兴路3号","荔湾区白鹅振兴路3号","荔湾区五山街道沙面街道振兴路3号",
        "荔湾区翠洲社区振兴路5号","荔湾区翠洲社区振兴路99号","荔湾区翠洲社区桃园路5号","广州市桃园路5号","荔湾区桃园路5号","荔湾区桃大路5号","荔湾区桃路5号","广州市桃路5号",
        "广州市解放二5号","广州市解放二6号","广州市解放三路6号","广州市解放四街6号","荔湾区解放四街6号","荔湾区解放街6号","广州市兴大路6号","广州市兴隆大路6号","广州市隆大兴路6号","广州市大隆路6号",
        "荔湾区隆兴大路6号","荔湾区兴大路6号",
        "广州市站前路23号","广州市站前路23号之一","广州市站前路23号之二","荔湾区站前路23号","荔湾区站前路23号之二","荔湾区站前路23号之一",
        "荔湾区北京路24号","广州市北京路24号","荔湾区长堤路4号","荔湾区长提路4号","荔湾区长提路6号","荔湾区翠洲社区长堤路6号",
        "荔湾区建设路8号","广州市建设路8号","广州市建设路8号碧桂园","广州市建设路8号丽景城1栋","广州市建设路8号碧桂园1栋","广州市建设路8号1栋","广州市建设路8号碧桂园3栋","广州市建设路8号201房","广州市建设路8号碧桂园201房",
        "广州市碧桂园","广州市碧桂园1栋","广州市碧桂园三期","广州市碧桂园3栋","广州市碧桂园三期1栋","广州市建设路9号碧桂园1栋","广州市建设路18号碧桂园","广州市建设路18号丽景城","广州市建设路78号丽景城1栋201房","广州市建设路48号碧桂园1栋201房",
        "广州市振兴路8号碧桂园1栋201房","广州市建设路8号901房","荔湾区建设路8号901房","广州市建设路8号碧桂园1栋901房",
        "广州市青云里9号","广州市青云里1栋","广州市青云里9号1栋","广州市青云里","荔湾区和平路7号","和平路7号","广州市和平路7号","沙面街道和平路7号",
        "荔湾区沙面街道翠洲社区没人路7号","荔湾区沙面街道翠洲社区","荔湾区沙面街道","荔湾区翠州社区","荔湾区沙面街道翠州社区","沙面街道翠州社区振兴路3号","广州市沙棉街道振兴路3号","广州市五三街道振兴路3号","广州市振兴路3号（五山街道旁）","广州市振兴路3号（岳洲社区旁）","广州市振兴路3号，建设路8号","荔湾区振兴路3号，天河区建设路8号",
        "广州市建设路振兴路3号","荔湾区桃源路振兴路3号","荔湾区建设路8号振兴路","440103001101振兴路3号","广州市岳洲振兴路3号","广州市五山振兴路3号","天河区没人路3号", "广州市桃源五山建设路8号","荔湾区振兴巷3号","广州市青云巷9号","广州市青云里路9号","荔湾区振兴路","广州市振兴路","广州市翠洲","翠洲","荔湾区五山","荔湾区岳洲","东莞市翠洲社区","东莞市沙面街道翠洲社区",
        "广州市建设路3号碧桂园1栋1单元201房","荔湾区桃木原路5号","荔湾区沙面街道白鹅社区桃源路5号","沙面街道白鹅社区解放2街6号", "荔湾区沙面街道白鹅社区和平路17号","荔湾区振兴路3号碧桂园","荔湾区振兴路13号之二","荔湾区振兴路3号5栋","广州市振兴路3号5栋","广州市振兴路3号丽景城","荔湾区翠洲社区建设路7号","广东省东城振兴路3号","荔湾区石围塘街道振兴路3号","天河区石围塘街道","天河区翠洲社区"};
    auto from = address::kMatchCosts;
    std::ifstream in{"/tmp/a-answers/costs.txt"};
    std::string name;
    float value = 0;
    while (in >> name >> value) {
        for (auto const& line : address::kMatchCostTable) {
            if (line.name == name) {
                from.*line.value = value;
            }
        }
        in.ignore(1000, '\n');
    }
    std::map<std::string, std::vector<std::tuple<double, std::string>>> best;
    for (auto const& text : pool) {
        std::vector<double> v;
        auto const base = print(text, from, v);
        auto const base_score = answer.score;
        std::cout << "POOL " << text << " -> " << base << "\n";
        for (auto const& line : address::kMatchCostTable) {
            double least = 1e9;
            std::string how;
            for (float f : {1.0F / 3, 3.0F}) {
                auto costs = from;
                costs.*line.value *= f;
                auto const p = print(text, costs, v);
                auto const d = std::abs(answer.score - base_score) + (p.substr(6, 3) != base.substr(6, 3) ? 1 : 0);
                how += " | " + p;
                least = std::min(least, d);
                if (f == 3.0F) {
                    best[std::string{line.name}].push_back({std::max(least, d) * 0.1 + least, text + " " + base + how});
                } else {
                    least = d;
                }
            }
        }
    }
    for (auto const& line : address::kMatchCostTable) {
        auto& l = best[std::string{line.name}];
        std::sort(l.rbegin(), l.rend());
        for (std::size_t i = 0; i < 4; ++i) {
            std::cout << "BEST " << line.name << " " << std::get<0>(l[i]) << " " << std::get<1>(l[i]) << "\n";
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
