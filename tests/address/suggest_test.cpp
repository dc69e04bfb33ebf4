#include "support/random.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/progress.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using namespace wangge;
using namespace wangge::address;

namespace {

struct Division {
    char const* code;
    char const* name;
    char const* initials;
    Level level;
    int parent; ///< place in the list, -1 for none
};
/// No name of a road or an estate below begins with a character of these. Dongguan has no counties.
constexpr Division kDivisions[] = {
    {"440000000000", "广东省", "GDS", Level::province, -1},   {"440100000000", "广州市", "GZS", Level::city, 0},
    {"440103000000", "荔湾区", "LWQ", Level::county, 1},      {"440103001000", "沙面街道", "SMJD", Level::town, 2},
    {"440103001101", "翠洲社区", "CZSQ", Level::village, 3},  {"440103001102", "白鹅社区", "BESQ", Level::village, 3},
    {"440103002000", "石围街道", "SWJD", Level::town, 2},     {"440103002201", "胜利村", "SLC", Level::village, 6},
    {"440106000000", "天河区", "THQ", Level::county, 1},      {"440106001000", "五山街道", "WSJD", Level::town, 8},
    {"440106001001", "岳洲社区", "YZSQ", Level::village, 9},  {"440300000000", "深圳市", "SZS", Level::city, 0},
    {"440305000000", "南山区", "NSQ", Level::county, 11},     {"440305001000", "粤海街道", "YHJD", Level::town, 12},
    {"440305001001", "海珠社区", "HZSQ", Level::village, 13}, {"441900000000", "东莞市", "DGS", Level::city, 0},
    {"441900003000", "东城街道", "DCJD", Level::town, 15},    {"441900003001", "岗贝社区", "GBSQ", Level::village, 16},
};
constexpr int kCount = static_cast<int>(std::size(kDivisions));
constexpr std::pair<char const*, char> kCharacters[] = {{"文", 'W'}, {"兴", 'X'}, {"华", 'H'},
                                                        {"和", 'H'}, {"平", 'P'}, {"民", 'M'}};

struct Named {
    std::string text, initials;
};
struct Point {
    int village = -1;
    std::optional<Named> road, estate;
};

bool lies_in(int division, int above) {
    while (division != above && division >= 0) {
        division = kDivisions[division].parent;
    }
    return division == above;
}

/// The county above or at a division, the city where there is none.
int area_of(int division) {
    for (auto const level : {Level::county, Level::city}) {
        for (auto d = division; d >= 0; d = kDivisions[d].parent) {
            if (kDivisions[d].level == level) {
                return d;
            }
        }
    }
    return -1;
}

/// text, component, code of the division or "", points
using Line = std::tuple<std::string, Component, std::string, std::uint32_t>;

Component component_of(Level level) {
    switch (level) {
    case Level::city:
        return Component::city;
    case Level::county:
        return Component::county;
    case Level::town:
        return Component::town;
    case Level::village:
        return Component::village;
    default:
        return Component::province;
    }
}

/// What a scan of everything says may follow `kept`, which names the division `scope` (-1: nothing), when what comes
/// begins with `begins`, in characters or in initials.
std::vector<Line> scan(std::vector<Point> const& points, std::string const& kept, int scope,
                       std::string const& begins) {
    // The divisions from below the scope down to `division`, itself included; nobody writes the province.
    auto const chain = [&](int division) {
        std::string text;
        for (auto d = division; d >= 0 && d != scope && kDivisions[d].level != Level::province;
             d = kDivisions[d].parent) {
            text = kDivisions[d].name + text;
        }
        return kept + text;
    };
    auto const fits = [&](std::string const& name, std::string const& initials) {
        return name.starts_with(begins) || initials.starts_with(begins);
    };
    std::vector<Line> lines;
    for (int d = 0; d < kCount; ++d) {
        auto const& division = kDivisions[d];
        bool const below =
            begins.empty() ? scope >= 0 && division.parent == scope : scope < 0 || (d != scope && lies_in(d, scope));
        if (below && fits(division.name, division.initials)) {
            auto const count = std::count_if(points.begin(), points.end(),
                                             [&](Point const& p) { return p.village >= 0 && lies_in(p.village, d); });
            lines.emplace_back(chain(division.parent) + division.name, component_of(division.level), division.code,
                               static_cast<std::uint32_t>(count));
        }
    }
    bool const narrow = scope >= 0 && area_of(scope) >= 0 && area_of(scope) != scope;
    std::map<std::tuple<int, std::string, Component>, std::uint32_t> names;
    for (auto const& p : points) {
        if (scope >= 0 && (p.village < 0 || !lies_in(p.village, scope))) {
            continue;
        }
        auto const where = narrow ? scope : area_of(p.village);
        for (auto const& [name, component] : {std::pair{&p.road, Component::road}, {&p.estate, Component::estate}}) {
            if (*name && fits((*name)->text, (*name)->initials)) {
                ++names[{where, (*name)->text, component}];
            }
        }
    }
    for (auto const& [name, count] : names) {
        auto const& [where, text, component] = name;
        lines.emplace_back(chain(where) + text, component, where < 0 ? "" : kDivisions[where].code, count);
    }
    std::sort(lines.begin(), lines.end(), [](Line const& a, Line const& b) {
        return std::get<3>(a) != std::get<3>(b) ? std::get<3>(a) > std::get<3>(b) : a < b;
    });
    return lines;
}

class Town {
public:
    explicit Town(test::Random& random)
        : m_file(std::filesystem::temp_directory_path() / fmt::format("wangge-suggest-{}.bin", ::getpid())) {
        auto const name = [&](char const* ending, char initial) {
            Named out;
            for (auto n = random.between(1, 3); n > 0; --n) {
                auto const& [text, letter] = kCharacters[random.between(0, std::ssize(kCharacters) - 1)];
                out.text += text;
                out.initials += letter;
            }
            return Named{out.text + ending, out.initials + initial};
        };
        auto const count = random.between(1, 400);
        for (int i = 0; i < count; ++i) {
            auto& p = points.emplace_back();
            do {
                p.village = static_cast<int>(random.between(-1, kCount - 1));
            } while (p.village >= 0 && kDivisions[p.village].level != Level::village);
            if (random.between(0, 9) != 0) {
                p.road = name("路", 'L');
            }
            if (random.between(0, 2) == 0) {
                p.estate = name("苑", 'Y');
            }
        }
        std::vector<GazetteerEntry> divisions;
        for (auto const& d : kDivisions) {
            divisions.push_back({*DivisionCode::parse(d.code), d.name, d.level,
                                 d.parent < 0 ? DivisionCode{} : *DivisionCode::parse(kDivisions[d.parent].code)});
        }
        AddressContent content;
        content.divisions = divisions;
        std::string id;
        content.next = [&, next = std::size_t{0}](AddressRecord& record) mutable {
            if (next == points.size()) {
                return false;
            }
            auto const& p = points[next];
            id = std::to_string(next++);
            record.id = id;
            record.village = p.village < 0 ? DivisionCode{} : *DivisionCode::parse(kDivisions[p.village].code);
            record.road = p.road ? std::string_view{p.road->text} : std::string_view{};
            record.estate = p.estate ? std::string_view{p.estate->text} : std::string_view{};
            record.number = "1号";
            record.estate_kind = EstateKind::estate;
            record.at = {1'132'000'000, 231'000'000};
            return true;
        };
        SilentProgress progress;
        AddressIndex::write(content, m_file, progress);
        index = AddressIndex::open(m_file);
    }
    ~Town() { std::filesystem::remove(m_file); }
    Town(Town const&) = delete;
    Town& operator=(Town const&) = delete;

    [[nodiscard]] std::vector<Line> suggest(std::string const& text, std::size_t most) const {
        std::vector<Line> lines;
        for (auto const& s : index->suggest(text, most)) {
            lines.emplace_back(
                s.text, s.component,
                s.division == kNoDivision ? "" : std::string{index->gazetteer().division(s.division).code.str()},
                s.addresses);
        }
        return lines;
    }

    std::vector<Point> points;
    std::shared_ptr<AddressIndex const> index;

private:
    std::filesystem::path m_file;
};

std::string shown(std::vector<Line> const& lines) {
    std::string out;
    for (auto const& [text, component, code, count] : lines) {
        out += fmt::format("\n  {} {} {} {}", text, to_string(component), code, count);
    }
    return out;
}

/// What is typed behind the divisions: characters or letters, some of which begin nothing.
std::string beginning(test::Random& random) {
    std::string text;
    auto const kind = random.between(0, 3);
    for (auto n = kind == 0 ? 0 : random.between(1, 3); n > 0; --n) {
        auto const& [character, letter] = kCharacters[random.between(0, std::ssize(kCharacters) - 1)];
        text += kind == 1 ? std::string{character} : std::string{kind == 2 ? letter : "SZWJDQLY"[random.between(0, 7)]};
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(suggest)

BOOST_AUTO_TEST_CASE(what_may_follow_is_what_a_scan_of_all_names_finds) {
    test::Random random{37};
    std::size_t lines = 0, cut = 0;
    for (int round = 0; round < 12; ++round) {
        Town const town{random};
        for (int i = 0; i < 250; ++i) {
            // The divisions that the text names: all from a city down, or the last alone.
            auto const scope = static_cast<int>(random.between(-1, kCount - 1));
            std::string kept;
            bool const alone = random.between(0, 2) == 0;
            for (auto d = scope; d >= 0; d = alone ? -1 : kDivisions[d].parent) {
                kept = kDivisions[d].name + kept;
            }
            auto const begins = beginning(random);
            if (kept.empty() && begins.empty()) {
                BOOST_TEST(town.suggest("", 10).empty());
                continue;
            }
            auto expected = scan(town.points, kept, scope, begins);
            if (alone && begins.empty()) { // before all that goes on, what begins so: the same with what it lies in
                auto whole = scan(town.points, "", -1, kept);
                std::erase_if(whole, [&](Line const& line) { return std::get<0>(line) == kept; });
                expected.insert(expected.begin(), whole.begin(), whole.end());
            }
            auto const found = town.suggest(kept + begins, 100'000);
            BOOST_TEST((found == expected),
                       kept << '|' << begins << " found:" << shown(found) << "\nexpected:" << shown(expected));
            lines += expected.size();
            // Of fewer: as many points, and of those with as many points as the last any.
            auto const most = static_cast<std::size_t>(random.between(0, 7));
            auto const few = town.suggest(kept + begins, most);
            BOOST_TEST_REQUIRE(few.size() == std::min(most, expected.size()));
            for (std::size_t n = 0; n < few.size(); ++n) {
                BOOST_TEST(std::get<3>(few[n]) == std::get<3>(expected[n]));
                BOOST_TEST((std::find(expected.begin(), expected.end(), few[n]) != expected.end()));
            }
            cut += few.size() < expected.size() ? 1U : 0U;
        }
    }
    BOOST_TEST(lines > 10'000U);
    BOOST_TEST(cut > 500U);
}

BOOST_AUTO_TEST_SUITE_END()
