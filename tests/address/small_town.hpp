#pragma once

#include <wangge/address/address_index.hpp>
#include <wangge/base/progress.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::test {

/**
 * Two districts of Guangzhou and a town of Dongguan with a few addresses. Positions of 翠洲's 振兴路: number n lies at
 * longitude 113.200 + n * 0.001, the odd ones at latitude 23.101, the even ones at 23.103.
 *   荔湾区 沙面街道  翠洲社区  沿江北路 1号 天誉雅苑 1栋 and 2栋; 振兴路 1 3 7 11, 2 4 10
 *                    白鹅社区  振兴路 41 43
 *          石围塘街道 胜利村    中岭 (hamlet) 广场路 12
 *   天河区 五山街道  岳洲社区  振兴路 3; 岳洲路 8
 *   东莞市 东城街道  岗贝社区  东城路 5
 */
struct TownDivision {
    char const* code;
    char const* name;
    Level level;
    char const* parent;
};
inline constexpr TownDivision kTownDivisions[] = {
    {"440000000000", "广东省", Level::province, ""},
    {"440100000000", "广州市", Level::city, "440000000000"},
    {"440103000000", "荔湾区", Level::county, "440100000000"},
    {"440103001000", "沙面街道", Level::town, "440103000000"},
    {"440103001101", "翠洲社区居民委员会", Level::village, "440103001000"},
    {"440103001102", "白鹅社区居民委员会", Level::village, "440103001000"},
    {"440103002000", "石围塘街道", Level::town, "440103000000"},
    {"440103002201", "胜利村民委员会", Level::village, "440103002000"},
    {"440106000000", "天河区", Level::county, "440100000000"},
    {"440106001000", "五山街道", Level::town, "440106000000"},
    {"440106001001", "岳洲社区居委会", Level::village, "440106001000"},
    {"441900000000", "东莞市", Level::city, "440000000000"},
    {"441900003000", "东城街道", Level::town, "441900000000"},
    {"441900003001", "岗贝社区居民委员会", Level::village, "441900003000"},
};

struct TownAddress {
    char const* id;
    char const* text;
    char const* village;
    char const *road, *number, *estate, *building, *unit, *room;
    geom::Point at;
};
inline constexpr TownAddress kTownAddresses[] = {
    {"A1",
     "广东省广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元201房",
     "440103001101",
     "沿江北路",
     "1号",
     "天誉雅苑",
     "1栋",
     "1单元",
     "201房",
     {1132020000, 231050000}},
    {"A2",
     "广东省广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑1栋1单元202房",
     "440103001101",
     "沿江北路",
     "1号",
     "天誉雅苑",
     "1栋",
     "1单元",
     "202房",
     {1132020000, 231050000}},
    {"A3",
     "广东省广州市荔湾区沙面街道翠洲社区沿江北路1号天誉雅苑2栋1单元301房",
     "440103001101",
     "沿江北路",
     "1号",
     "天誉雅苑",
     "2栋",
     "1单元",
     "301房",
     {1132030000, 231050000}},
    {"A4",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路1号",
     "440103001101",
     "振兴路",
     "1号",
     "",
     "",
     "",
     "",
     {1132010000, 231010000}},
    {"A5",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路3号",
     "440103001101",
     "振兴路",
     "3号",
     "",
     "",
     "",
     "",
     {1132030000, 231010000}},
    {"A6",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路7号",
     "440103001101",
     "振兴路",
     "7号",
     "",
     "",
     "",
     "",
     {1132070000, 231010000}},
    {"A7",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路11号",
     "440103001101",
     "振兴路",
     "11号",
     "",
     "",
     "",
     "",
     {1132110000, 231010000}},
    {"A8",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路2号",
     "440103001101",
     "振兴路",
     "2号",
     "",
     "",
     "",
     "",
     {1132020000, 231030000}},
    {"A9",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路4号",
     "440103001101",
     "振兴路",
     "4号",
     "",
     "",
     "",
     "",
     {1132040000, 231030000}},
    {"A10",
     "广东省广州市荔湾区沙面街道翠洲社区振兴路10号",
     "440103001101",
     "振兴路",
     "10号",
     "",
     "",
     "",
     "",
     {1132100000, 231030000}},
    {"B1",
     "广东省广州市荔湾区沙面街道白鹅社区振兴路41号",
     "440103001102",
     "振兴路",
     "41号",
     "",
     "",
     "",
     "",
     {1132310000, 231010000}},
    {"B2",
     "广东省广州市荔湾区沙面街道白鹅社区振兴路43号",
     "440103001102",
     "振兴路",
     "43号",
     "",
     "",
     "",
     "",
     {1132330000, 231010000}},
    {"C1",
     "广东省广州市荔湾区石围塘街道胜利村中岭广场路12号",
     "440103002201",
     "广场路",
     "12号",
     "中岭",
     "",
     "",
     "",
     {1132510000, 231010000}},
    {"D1",
     "广东省广州市天河区五山街道岳洲社区振兴路3号",
     "440106001001",
     "振兴路",
     "3号",
     "",
     "",
     "",
     "",
     {1133010000, 231010000}},
    {"D2",
     "广东省广州市天河区五山街道岳洲社区岳洲路8号",
     "440106001001",
     "岳洲路",
     "8号",
     "",
     "",
     "",
     "",
     {1133020000, 231010000}},
    {"E1",
     "广东省东莞市东城街道岗贝社区东城路5号",
     "441900003001",
     "东城路",
     "5号",
     "",
     "",
     "",
     "",
     {1137010000, 230010000}},
};

/// Writes the index of the town; returns what a snapshot needs to hold it.
/// `of_staff` beside the imported `addresses`, `more` divisions beside the town's.
inline WrittenFile write_town_index(std::filesystem::path const& file, std::vector<TownAddress> const& of_staff = {},
                                    std::span<TownDivision const> more = {},
                                    std::span<TownAddress const> addresses = kTownAddresses) {
    std::vector<address::GazetteerEntry> divisions;
    auto const add = [&](TownDivision const& d) {
        divisions.push_back({DivisionCode::parse(d.code).value(), d.name, d.level,
                             DivisionCode::parse(d.parent).value_or(DivisionCode{})});
    };
    std::for_each(std::begin(kTownDivisions), std::end(kTownDivisions), add);
    std::for_each(more.begin(), more.end(), add);
    std::size_t next = 0;
    address::AddressContent content;
    content.divisions = divisions;
    content.next = [&](address::AddressRecord& record) {
        if (next == addresses.size() + of_staff.size()) {
            return false;
        }
        bool const by_staff = next >= addresses.size();
        auto const& a = by_staff ? of_staff[next - addresses.size()] : addresses[next];
        ++next;
        record = {a.id,
                  a.text,
                  DivisionCode::parse(a.village).value_or(DivisionCode{}),
                  a.road,
                  a.number,
                  a.estate,
                  a.building,
                  a.unit,
                  a.room,
                  a.at,
                  address::EstateKind::from_text,
                  by_staff};
        return true;
    };
    SilentProgress progress;
    return address::AddressIndex::write(content, file, progress);
}

/// The index in a folder of its own that goes with the object.
class SmallTown {
public:
    explicit SmallTown(std::vector<TownAddress> const& of_staff = {}, std::span<TownDivision const> more = {}) {
        auto pattern = (std::filesystem::temp_directory_path() / "wangge-town-XXXXXX").string();
        m_folder = ::mkdtemp(pattern.data());
        write_town_index(file(), of_staff, more);
        m_index = address::AddressIndex::open(file());
    }
    ~SmallTown() { std::filesystem::remove_all(m_folder); }
    SmallTown(SmallTown const&) = delete;
    SmallTown& operator=(SmallTown const&) = delete;
    [[nodiscard]] address::AddressIndex const& index() const noexcept { return *m_index; }
    [[nodiscard]] std::filesystem::path file() const { return m_folder / "addresses.bin"; }

private:
    std::filesystem::path m_folder;
    std::shared_ptr<address::AddressIndex const> m_index;
};

} // namespace wangge::test
