#include "reference_gazetteer.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

using namespace wangge;
using namespace wangge::address;

namespace {

DivisionCode code(std::uint64_t value) { return DivisionCode::from_value(value); }

/// The divisions that exactly this text names.
std::vector<DivisionName> named(Gazetteer const& gazetteer, std::string_view text) {
    auto const normal = Normalizer::name(text);
    std::vector<DivisionName> names;
    gazetteer.match(normal, 0, [&](std::size_t length, std::span<DivisionName const> bearers) {
        if (length == normal.size()) {
            names.assign(bearers.begin(), bearers.end());
        }
    });
    return names;
}
std::optional<NameKind> kind(Gazetteer const& gazetteer, std::string_view text, DivisionCode of) {
    auto const number = gazetteer.find(of);
    BOOST_REQUIRE(number.has_value());
    for (auto const& name : named(gazetteer, text)) {
        if (name.division == *number) {
            return name.kind;
        }
    }
    return std::nullopt;
}
bool is_named(std::string_view text, std::uint64_t of, NameKind expected) {
    return kind(reference_gazetteer(), text, code(of)) == expected;
}

/// Characters of UTF-8 in Chinese text, three bytes each.
std::size_t characters(std::string const& text) { return text.size() / 3; }
bool ends(std::string const& text, std::string const& ending) {
    return text.size() > ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}
std::string cut(std::string const& text, std::string const& ending) {
    return text.substr(0, text.size() - ending.size());
}

bool stands_for_city(ReferenceDivision const& d) {
    return d.level == Level::county && by_code().at(d.parent)->name == d.name;
}

struct Small {
    std::vector<GazetteerEntry> entries{{code(440000000000), "广东省", Level::province, {}},
                                        {code(440100000000), "广州市", Level::city, code(440000000000)},
                                        {code(440106000000), "天河区", Level::county, code(440100000000)},
                                        {code(440106001000), "石牌街道", Level::town, code(440106000000)},
                                        {code(440106001001), "天河村民委员会", Level::village, code(440106001000)}};
    std::vector<GazetteerAlias> aliases{{code(440106001000), "石牌东", NameKind::other},
                                        {code(999999999999), "无处", NameKind::other},
                                        {code(440106000000), "440107000000", NameKind::code}};
};

} // namespace

BOOST_AUTO_TEST_SUITE(gazetteer)

BOOST_AUTO_TEST_CASE(every_division_is_found_by_its_full_name_and_by_its_code) {
    auto const& gazetteer = reference_gazetteer();
    BOOST_TEST(gazetteer.size() == reference_divisions().size());
    for (auto const& d : reference_divisions()) {
        if (stands_for_city(d)) {
            BOOST_TEST(!kind(gazetteer, d.name, d.code).has_value(), d.name << " names the city, not its county row");
        } else {
            BOOST_TEST(bool(kind(gazetteer, d.name, d.code) == NameKind::full), d.name << " " << d.code.str());
        }
        BOOST_TEST(bool(kind(gazetteer, d.code.str(), d.code) == NameKind::code), d.code.str());
        auto const division = gazetteer.division(gazetteer.find(d.code).value());
        BOOST_TEST(division.name == d.name);
        BOOST_TEST(bool(division.level == d.level));
        BOOST_TEST(bool(division.code == d.code));
    }
}

// The rules read once more, for names of the plain shapes only: what stands before the type is the short name when it
// has two characters or more and is no word for a kind of place.
BOOST_AUTO_TEST_CASE(short_names_follow_the_rules_on_the_whole_reference_data) {
    std::set<std::string> const words{"开发区", "公园", "广场", "工业区", "保税区", "新城",   "车站",
                                      "圩镇",   "墟镇", "机场", "中心",   "镇街",   "园区",   "码头",
                                      "机关",   "市场", "学校", "医院",   "农场",   "林场",   "花园",
                                      "小区",   "街道", "居民", "华侨",   "社区",   "科技园", "工业园"};
    std::map<Level, std::vector<std::string>> const types{
        {Level::province, {"省"}},
        {Level::city, {"市"}},
        {Level::county, {"区", "县", "市"}},
        {Level::town, {"街道", "镇"}},
        {Level::village, {"村民委员会", "村委会", "社区居民委员会", "社区居委会"}}};
    auto const& gazetteer = reference_gazetteer();
    std::size_t checked = 0, too_short = 0;
    for (auto const& d : reference_divisions()) {
        if (stands_for_city(d) || ends(d.name, "自治县")) {
            continue;
        }
        auto above = d.parent;
        auto carries_place = false; // 广东省河源市和平县青州镇 in a village's name: the next test
        while (above.valid()) {
            carries_place = carries_place || d.name.starts_with(by_code().at(above)->name);
            above = by_code().at(above)->parent;
        }
        for (auto const& type : types.at(d.level)) {
            if (!ends(d.name, type) || carries_place) {
                continue;
            }
            auto base = cut(d.name, type);
            if (d.level == Level::village) {
                if (base.find("社区") != std::string::npos || base.find("居") != std::string::npos ||
                    base.find("办事处") != std::string::npos || base.find("管委会") != std::string::npos) {
                    break;
                }
                auto const village = type.starts_with("村");
                if (characters(base) >= 2) {
                    auto const said = village ? (ends(base, "村") ? base : base + "村") : base + "社区";
                    auto const found = kind(gazetteer, said, d.code);
                    BOOST_TEST(bool(found <= NameKind::plain && found.has_value()), said << " of " << d.name);
                }
                if (ends(base, "村") && characters(base) >= 3) {
                    base = cut(base, "村");
                }
            }
            ++checked;
            auto const found = kind(gazetteer, base, d.code);
            if (characters(base) < 2 || words.contains(base)) {
                ++too_short;
                BOOST_TEST(!found.has_value(), base << " of " << d.name);
            } else {
                BOOST_TEST(bool(found.has_value() && *found <= NameKind::short_name), base << " of " << d.name);
            }
            break;
        }
    }
    BOOST_TEST(checked > 24000U);
    BOOST_TEST(too_short > 40U);
}

BOOST_AUTO_TEST_CASE(places_above_are_left_out_of_a_village_name) {
    auto const& gazetteer = reference_gazetteer();
    std::size_t count = 0;
    for (auto const& d : reference_divisions()) {
        std::string const prefix = "广东省河源市和平县";
        if (d.level == Level::village && d.name.starts_with(prefix)) {
            auto const town = by_code().at(d.parent)->name;
            BOOST_REQUIRE(d.name.starts_with(prefix + town));
            auto const rest = d.name.substr(prefix.size() + town.size());
            BOOST_TEST(kind(gazetteer, rest, d.code).has_value(), rest << " of " << d.name);
            ++count;
        }
    }
    BOOST_TEST(count > 100U);
}

BOOST_AUTO_TEST_CASE(names_that_people_use_are_known) {
    BOOST_TEST(is_named("天河", 440106000000, NameKind::short_name));
    BOOST_TEST(is_named("石牌", 440106006000, NameKind::short_name));
    BOOST_TEST(is_named("石牌街", 440106006000, NameKind::plain));
    BOOST_TEST(is_named("石牌街道办事处", 440106006000, NameKind::plain));
    BOOST_TEST(is_named("西丽镇", 440305009000, NameKind::other));
    BOOST_TEST(is_named("乳源县", 440232000000, NameKind::plain));
    BOOST_TEST(is_named("乳源", 440232000000, NameKind::short_name));
    BOOST_TEST(is_named("珊美社区", 441900122004, NameKind::plain));
    BOOST_TEST(is_named("珊美村", 441900122004, NameKind::other));
    BOOST_TEST(is_named("珊美", 441900122004, NameKind::short_name));
    BOOST_TEST(is_named("東莞市", 441900000000, NameKind::full)); // traditional
    BOOST_TEST(is_named("萝岗区", 440112000000, NameKind::other));
    BOOST_TEST(is_named("梅县", 441403000000, NameKind::short_name));
    BOOST_TEST(is_named("莞城", 441900006000, NameKind::short_name));
    BOOST_TEST(is_named("佛山市区", 440600000000, NameKind::other));
    BOOST_TEST(is_named("四会市区", 441284000000, NameKind::other));
    BOOST_TEST(is_named("广州开发区", 440112000000, NameKind::other));
    // Two characters are said whole, one never.
    BOOST_TEST(is_named("城区", 441502000000, NameKind::full));
    BOOST_TEST(named(reference_gazetteer(), "城").empty());
    BOOST_TEST(named(reference_gazetteer(), "开发区").size() == 1U); // the one whose full name it is
}

BOOST_AUTO_TEST_CASE(dongguan_and_zhongshan_have_no_county) {
    auto const& gazetteer = reference_gazetteer();
    auto const dongcheng = gazetteer.find(code(441900003000)).value();
    BOOST_TEST(gazetteer.ancestor(dongcheng, Level::county) == kNoDivision);
    BOOST_TEST(gazetteer.ancestor(dongcheng, Level::city) == gazetteer.find(code(441900000000)).value());
    BOOST_TEST(is_named("东城区", 441900003000, NameKind::other));
    BOOST_TEST(is_named("石岐区", 442000001000, NameKind::other));
    BOOST_TEST(!kind(gazetteer, "石牌区", code(440106006000)).has_value());
    BOOST_TEST(named(gazetteer, "东莞市").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_name_gives_all_that_bear_it) {
    for (std::string const name : {"太平镇", "新圩镇", "龙岗村委会", "莲塘村委会"}) {
        std::set<DivisionCode> expected, found;
        for (auto const& d : reference_divisions()) {
            if (d.name == name) {
                expected.insert(d.code);
            }
        }
        auto const names = named(reference_gazetteer(), name);
        for (auto const& bearer : names) {
            if (bearer.kind == NameKind::full) {
                found.insert(reference_gazetteer().division(bearer.division).code);
            }
        }
        BOOST_TEST(bool(found == expected), name);
        BOOST_TEST(expected.size() >= 2U, name);
        BOOST_TEST(std::is_sorted(names.begin(), names.end(),
                                  [](auto const& a, auto const& b) { return a.division < b.division; }));
    }
}

BOOST_AUTO_TEST_CASE(the_chain_of_a_division_is_that_of_its_parents) {
    auto const& gazetteer = reference_gazetteer();
    auto const seed = 20261126U;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    auto const& all = reference_divisions();
    auto const walk = [&](DivisionCode from, DivisionCode to) {
        for (auto at = from; at.valid(); at = by_code().at(at)->parent) {
            if (at == to) {
                return true;
            }
        }
        return false;
    };
    std::size_t inside = 0;
    for (int i = 0; i < 200000; ++i) {
        auto const& a = all[random() % all.size()];
        auto const* b = &all[random() % all.size()];
        if (i % 2 == 0) { // one that may be above
            b = &a;
            for (auto up = random() % 4; up > 0 && b->parent.valid(); --up) {
                b = by_code().at(b->parent);
            }
        }
        auto const expected = walk(a.code, b->code);
        inside += expected;
        BOOST_REQUIRE(gazetteer.lies_in(*gazetteer.find(a.code), *gazetteer.find(b->code)) == expected);
        auto const level = static_cast<Level>(1 + random() % 6);
        auto found = kNoDivision;
        for (auto at = a.code; at.valid(); at = by_code().at(at)->parent) {
            if (by_code().at(at)->level == level && !stands_for_city(*by_code().at(at))) {
                found = *gazetteer.find(at);
            }
        }
        BOOST_REQUIRE(gazetteer.ancestor(*gazetteer.find(a.code), level) == found);
    }
    BOOST_TEST(inside > 50000U);
    BOOST_TEST(!gazetteer.lies_in(0, kNoDivision));
    BOOST_TEST(!gazetteer.lies_in(kNoDivision, 0));
    BOOST_TEST(gazetteer.ancestor(kNoDivision, Level::city) == kNoDivision);
}

BOOST_AUTO_TEST_CASE(every_reviewed_name_names_its_division) {
    std::ifstream file{"geodata/guangdong/aliases.tsv"};
    std::string line;
    std::getline(file, line);
    BOOST_TEST(line == "code\tname\treason");
    std::size_t count = 0;
    while (std::getline(file, line)) {
        auto const first = line.find('\t'), second = line.find('\t', first + 1);
        BOOST_REQUIRE(second != std::string::npos);
        auto const name = line.substr(first + 1, second - first - 1);
        BOOST_TEST(line.size() > second + 5, "no reason: " << line);
        BOOST_TEST(kind(reference_gazetteer(), name, DivisionCode::parse(line.substr(0, first)).value()).has_value(),
                   line);
        ++count;
    }
    BOOST_TEST(count > 100U);
}

BOOST_AUTO_TEST_CASE(aliases_given_are_names_and_those_of_unknown_codes_are_left_out) {
    Small const small;
    auto const bytes = Gazetteer::build(small.entries, small.aliases);
    auto const gazetteer = Gazetteer::over(bytes);
    BOOST_TEST(bool(kind(gazetteer, "石牌东", code(440106001000)) == NameKind::other));
    BOOST_TEST(bool(kind(gazetteer, "440107000000", code(440106000000)) == NameKind::code));
    BOOST_TEST(named(gazetteer, "无处").empty());
    BOOST_TEST(named(gazetteer, "天河").size() == 2U); // the county and the village
    BOOST_TEST(!gazetteer.find(code(440106001002)).has_value());
    BOOST_TEST(Gazetteer{}.size() == 0U);
    BOOST_TEST(named(Gazetteer{}, "天河").empty());
}

BOOST_AUTO_TEST_CASE(the_order_of_what_is_given_leaves_no_trace) {
    Small small;
    auto const bytes = Gazetteer::build(small.entries, small.aliases);
    std::reverse(small.entries.begin(), small.entries.end());
    std::reverse(small.aliases.begin(), small.aliases.end());
    BOOST_TEST(bool(Gazetteer::build(small.entries, small.aliases) == bytes));
}

BOOST_AUTO_TEST_CASE(a_lost_parent_and_a_code_that_stands_twice_are_refused) {
    auto const refused = [](std::vector<GazetteerEntry> const& entries, std::string_view words) {
        try {
            Gazetteer::build(entries, {});
            BOOST_TEST(false, "was built");
        } catch (Error const& error) {
            BOOST_TEST(bool(error.code() == ErrorCode::data_rejected));
            BOOST_TEST(std::string_view{error.what()}.find(words) != std::string_view::npos, error.what());
        }
    };
    Small small;
    auto twice = small.entries;
    twice.push_back(twice.back());
    refused(twice, "440106001001 stands twice");
    auto lost = small.entries;
    lost.erase(lost.begin() + 2);
    refused(lost, "440106000000, which is not there");
    auto ring = small.entries;
    ring[2].parent = ring[4].code; // the county under its own village
    refused(ring, "lies under 440106001001, and that under it again");
    auto own = small.entries;
    own[1].parent = own[1].code;
    refused(own, "440100000000 广州市 lies under 440100000000");
    auto not_utf8 = small.entries;
    not_utf8[3].name = "石\xE7街道";
    refused(not_utf8, "division 440106001000: a name is not UTF-8 from its byte 3 on");
    std::string const long_name(1200, 'a');
    auto too_long = small.entries;
    too_long[3].name = long_name;
    refused(too_long, "division 440106001000: a name of 1200 bytes");
}

BOOST_AUTO_TEST_CASE(names_that_nobody_can_say_lead_nowhere) {
    Small small;
    small.entries[4].name = "\xF0\x9F\x98\x80"; // an emoji
    small.aliases = {{code(440106001000), "", NameKind::other},
                     {code(440106001000), "，、 ", NameKind::other},
                     {code(440106001000), "\u200b", NameKind::other},
                     {code(440106001000), "Ａ", NameKind::other}};
    auto const bytes = Gazetteer::build(small.entries, small.aliases);
    auto const gazetteer = Gazetteer::over(bytes);
    BOOST_TEST(gazetteer.division(gazetteer.find(code(440106001001)).value()).name == small.entries[4].name);
    BOOST_TEST(bool(kind(gazetteer, "440106001001", code(440106001001)) == NameKind::code));
    BOOST_TEST(bool(kind(gazetteer, "a", code(440106001000)) == NameKind::other));
    std::size_t found = 0;
    gazetteer.match(U"，，", 0, [&](std::size_t, std::span<DivisionName const>) { ++found; });
    gazetteer.match(U"", 0, [&](std::size_t, std::span<DivisionName const>) { ++found; });
    BOOST_TEST(found == 0U);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_answer_without_harm) {
    Small const small;
    auto const whole = Gazetteer::build(small.entries, small.aliases);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        BOOST_CHECK_THROW(Gazetteer::over(std::span{whole}.first(length)), Error);
    }
    std::size_t refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto bytes = whole;
        bytes[at] ^= std::byte{0xff};
        try {
            auto const gazetteer = Gazetteer::over(bytes);
            for (DivisionNumber i = 0; i < gazetteer.size(); ++i) {
                std::ignore = gazetteer.division(i);
                std::ignore = gazetteer.ancestor(i, Level::city);
                std::ignore = gazetteer.find(code(440106001000));
            }
            for (auto const& name : named(gazetteer, "天河")) {
                BOOST_TEST(name.division < gazetteer.size());
            }
        } catch (Error const& error) {
            ++refused;
            BOOST_TEST(bool(error.code() == ErrorCode::corrupt));
        }
    }
    BOOST_TEST(refused > 100U);
}

BOOST_AUTO_TEST_SUITE_END()
