#pragma once

#include <wangge/lookup/duty_roster.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::test {

/// Folder of its own that goes with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "wangge-test-XXXXXX").string();
        m_path = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(m_path); }
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    [[nodiscard]] std::filesystem::path const& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

inline Date day(std::string_view text) { return Date::parse(text).value(); }
inline DivisionCode division(std::string_view text) { return DivisionCode::parse(text).value(); }
inline GridCode grid(std::string_view text) { return GridCode::parse(text).value(); }

inline geom::Ring box(std::int32_t west, std::int32_t south, std::int32_t east, std::int32_t north) {
    return {{west, south}, {east, south}, {east, north}, {west, north}};
}

/**
 * Three grids of a village in Guangzhou and one in Dongguan (which has no county level):
 *   ...001  113.00-113.01 x 23.00-23.01 around the hole 113.004-113.006 x 23.004-23.006
 *   ...801  fills that hole (dedicated)
 *   ...002  113.01-113.02 x 23.00-23.01
 *   441900003001001  113.70-113.71 x 23.00-23.01
 */
class SmallProvince {
public:
    static constexpr std::string_view kWest = "440106001001001", kEast = "440106001001002", kMall = "440106001001801",
                                      kDongguan = "441900003001001";

    explicit SmallProvince(DateInterval unchanged = {}) {
        snapshot::Content content;
        content.as_of = day("2026-01-01");
        content.unchanged = unchanged;
        content.generation = 7;
        content.divisions = {
            {division("440000000000"), "广东省", Level::province, {}},
            {division("440100000000"), "广州市", Level::city, division("440000000000")},
            {division("440106000000"), "天河区", Level::county, division("440100000000")},
            {division("440106001000"), "五山街道", Level::town, division("440106000000")},
            {division("440106001001"), "岳洲社区居委会", Level::village, division("440106001000")},
            {division("441900000000"), "东莞市", Level::city, division("440000000000")},
            {division("441900003000"), "东城街道", Level::town, division("441901000000")},
            {division("441900003001"), "岗贝社区居民委员会", Level::village, division("441900003000")},
            {division("441901000000"), "东莞市", Level::county, division("441900000000")},
        };
        auto hole = box(1130040000, 230040000, 1130060000, 230060000);
        std::swap(hole[1], hole[3]); // clockwise
        geom::MultiPolygon const west{{{box(1130000000, 230000000, 1130100000, 230100000), {hole}}}};
        geom::MultiPolygon const east{{{box(1130100000, 230000000, 1130200000, 230100000), {}}}};
        geom::MultiPolygon const mall{{{box(1130040000, 230040000, 1130060000, 230060000), {}}}};
        geom::MultiPolygon const dongguan{{{box(1137000000, 230000000, 1137100000, 230100000), {}}}};
        auto const village = division("440106001001");
        content.grids = {
            {grid(kWest), "岳洲第一网格", GridKind::comprehensive, village, &west},
            {grid(kEast), "岳洲第二网格", GridKind::comprehensive, village, &east},
            {grid(kMall), "岳洲商场", GridKind::dedicated, village, &mall},
            {grid(kDongguan), "岗贝第一网格", GridKind::comprehensive, division("441900003001"), &dongguan},
        };
        SilentProgress progress;
        snapshot::write_snapshot(content, m_folder.path() / "g7", progress);
        m_snapshot = snapshot::Snapshot::open(m_folder.path() / "g7");

        using registry::Role;
        m_roster = std::make_shared<lookup::DutyRoster const>(std::vector<registry::DutyEntry>{
            {grid(kWest), "Z300", Role::part_time, {}},
            {grid(kEast), "Z200", Role::dedicated, {}},
            {grid(kWest), "Z102", Role::dedicated, {day("2026-06-01"), kForever}},
            {grid(kWest), "Z101", Role::dedicated, {kAlways, day("2026-06-01")}},
        });
    }

    [[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot() const { return m_snapshot; }
    [[nodiscard]] std::shared_ptr<lookup::DutyRoster const> roster() const { return m_roster; }

private:
    TemporaryFolder m_folder;
    std::shared_ptr<snapshot::Snapshot const> m_snapshot;
    std::shared_ptr<lookup::DutyRoster const> m_roster;
};

} // namespace wangge::test
