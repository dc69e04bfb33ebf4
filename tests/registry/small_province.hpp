#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/registry/registry.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace wangge::test {

using namespace wangge::registry;

/// A folder of its own under /tmp, removed at the end.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "wangge-registry-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error{"no scratch folder"};
        }
        m_path = name;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    ScratchFolder(ScratchFolder const&) = delete;
    ScratchFolder& operator=(ScratchFolder const&) = delete;
    [[nodiscard]] DataFolder data() const { return {m_path / "data"}; }
    [[nodiscard]] std::filesystem::path const& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

inline Date day(char const* text) { return Date::parse(text).value(); }
inline DivisionCode division_of(char const* text) { return DivisionCode::parse(text).value(); }
inline GridCode grid_of(std::string const& text) { return GridCode::parse(text).value(); }

inline constexpr char const* kProvince = "440000000000";
inline constexpr char const* kCity = "440500000000";
inline constexpr char const* kCounty = "440507000000";
inline constexpr char const* kTown = "440507001000";
inline constexpr char const* kVillage1 = "440507001001";
inline constexpr char const* kVillage2 = "440507001002";
/// A town that stands directly under its city, as in Dongguan.
inline constexpr char const* kCityWithoutCounties = "441900000000";
inline constexpr char const* kTownUnderCity = "441900003000";
inline constexpr char const* kVillageUnderCity = "441900003001";

inline std::vector<Division> small_divisions() {
    return {
        {division_of(kProvince), "广东省", Level::province, std::nullopt, ""},
        {division_of(kCity), "汕头市", Level::city, division_of(kProvince), ""},
        {division_of(kCounty), "龙湖区", Level::county, division_of(kCity), ""},
        {division_of(kTown), "金霞街道", Level::town, division_of(kCounty), ""},
        {division_of(kVillage1), "丹霞社区", Level::village, division_of(kTown), "111"},
        {division_of(kVillage2), "金珠社区", Level::village, division_of(kTown), "111"},
        {division_of(kCityWithoutCounties), "东莞市", Level::city, division_of(kProvince), ""},
        {division_of(kTownUnderCity), "东城街道", Level::town, division_of(kCityWithoutCounties), ""},
        {division_of(kVillageUnderCity), "岗贝社区", Level::village, division_of(kTownUnderCity), "112"},
    };
}

/// Axis-parallel square, counter-clockwise.
inline geom::MultiPolygon square(std::int32_t lon, std::int32_t lat, std::int32_t side) {
    return {{geom::Polygon{{{lon, lat}, {lon + side, lat}, {lon + side, lat + side}, {lon, lat + side}}, {}}}};
}

inline Grid small_grid(std::string const& code, std::int32_t column, char const* village = kVillage1) {
    return {grid_of(code), "第" + std::to_string(column) + "网格", GridKind::comprehensive, division_of(village),
            square(1'167'000'000 + column * 100'000, 233'500'000, 100'000)};
}

inline GridChange change_of(Grid grid, std::vector<ChangeKind> kinds) {
    return {std::move(kinds), std::move(grid), 0, 0};
}

inline ChangeSet change_set_of(Date effective, std::vector<GridChange> changes) {
    return {"a change", "gis", effective, {}, std::move(changes)};
}

inline std::int64_t apply(Registry& registry, Date effective, std::vector<GridChange> changes) {
    SilentProgress silent;
    return registry.apply(change_set_of(effective, std::move(changes)), silent);
}

inline State state_of(Registry const& registry, Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) {
    SilentProgress silent;
    return registry.state(as_of, known_at, silent);
}

/// An initialised registry with the small divisions from 2020-01-01 on, open for writing.
inline Registry small_registry(ScratchFolder const& scratch) {
    Registry::init(scratch.data());
    auto registry = Registry::open(scratch.data(), Registry::Mode::write);
    registry.apply_divisions(small_divisions(), day("2020-01-01"), "gis", {});
    return registry;
}

} // namespace wangge::test
