#pragma once

#include <wangge/lookup/geocoder.hpp>

#include <address/small_town.hpp>
#include <lookup/small_province.hpp>

namespace wangge::test {

/**
 * The small town with its grids and its index, as published. 翠洲 has two grids, west and east of longitude 113.2095;
 * the other villages have one each, 胜利村 none.
 */
class AddressTown {
public:
    static constexpr std::string_view kWest = "440103001101001", kEast = "440103001101002", kGoose = "440103001102001",
                                      kIsland = "440106001001001", kDongguan = "441900003001001";

    /// As write_town_index(); `more` divisions are known to the index alone.
    explicit AddressTown(std::vector<TownAddress> const& of_staff = {}, std::span<TownDivision const> more = {},
                         std::span<TownAddress const> addresses = kTownAddresses) {
        snapshot::Content content;
        content.as_of = day("2026-01-01");
        content.generation = 7;
        for (auto const& d : kTownDivisions) {
            content.divisions.push_back(
                {division(d.code), d.name, d.level, DivisionCode::parse(d.parent).value_or(DivisionCode{})});
        }
        geom::MultiPolygon const west{{{box(1132000000, 231000000, 1132095000, 231100000), {}}}};
        geom::MultiPolygon const east{{{box(1132095000, 231000000, 1132200000, 231100000), {}}}};
        geom::MultiPolygon const goose{{{box(1132300000, 231000000, 1132400000, 231100000), {}}}};
        geom::MultiPolygon const island{{{box(1133000000, 231000000, 1133100000, 231100000), {}}}};
        geom::MultiPolygon const dongguan{{{box(1137000000, 230000000, 1137100000, 230100000), {}}}};
        content.grids = {
            {grid(kWest), "翠洲第一网格", GridKind::comprehensive, division("440103001101"), &west},
            {grid(kEast), "翠洲第二网格", GridKind::comprehensive, division("440103001101"), &east},
            {grid(kGoose), "白鹅第一网格", GridKind::comprehensive, division("440103001102"), &goose},
            {grid(kIsland), "岳洲第一网格", GridKind::comprehensive, division("440106001001"), &island},
            {grid(kDongguan), "岗贝第一网格", GridKind::comprehensive, division("441900003001"), &dongguan},
        };
        auto const file = m_folder.path() / "addresses.bin";
        auto const written = write_town_index(file, of_staff, more, addresses);
        content.addresses = snapshot::FileToLink{file, written.bytes, written.checksum};
        SilentProgress progress;
        snapshot::write_snapshot(content, m_folder.path() / "g7", progress);
        m_snapshot = snapshot::Snapshot::open(m_folder.path() / "g7");
        m_index = lookup::address_index_of(*m_snapshot);
        m_roster = std::make_shared<lookup::DutyRoster const>(
            std::vector<registry::DutyEntry>{{grid(kWest), "Z300", registry::Role::dedicated, {}}});
    }
    [[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot() const { return m_snapshot; }
    [[nodiscard]] std::shared_ptr<address::AddressIndex const> index() const { return m_index; }
    [[nodiscard]] std::shared_ptr<lookup::DutyRoster const> roster() const { return m_roster; }

private:
    TemporaryFolder m_folder;
    std::shared_ptr<snapshot::Snapshot const> m_snapshot;
    std::shared_ptr<address::AddressIndex const> m_index;
    std::shared_ptr<lookup::DutyRoster const> m_roster;
};

} // namespace wangge::test
