#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/publish/publisher.hpp>

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace wangge::test {

namespace fs = std::filesystem;
using registry::Registry;

inline Date const kDay = *Date::parse("2024-06-01");
inline Date const kLater = *Date::parse("2024-09-01");

inline DivisionCode division(std::string const& text) { return *DivisionCode::parse(text); }

/// Box in units of 1e-4 degree from 113 east, 23 north.
inline geom::MultiPolygon box(std::int32_t x0, std::int32_t y0, std::int32_t x1, std::int32_t y1) {
    auto const at = [](std::int32_t x, std::int32_t y) {
        return geom::Point{1'130'000'000 + x * 1000, 230'000'000 + y * 1000};
    };
    return {{{{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)}, {}}}};
}

inline geom::Point place(std::int32_t x, std::int32_t y) { return {1'130'000'000 + x * 1000, 230'000'000 + y * 1000}; }

/// A box of 10 x 10 with a vertex in the middle of its east side, where its eastern neighbours meet.
inline geom::MultiPolygon west_box() {
    auto shape = box(0, 0, 10, 10);
    auto& ring = shape.parts[0].outer;
    ring.insert(ring.begin() + 2, place(10, 5));
    return shape;
}

inline registry::Grid grid(std::string const& code, std::string const& village, geom::MultiPolygon shape) {
    return {*GridCode::parse(code), "网格" + code.substr(12), GridKind::comprehensive, division(village),
            std::move(shape)};
}

/**
 * One county of two villages, its outline the box 0..20 x 0..10. West is one grid; east is two, one above the other.
 */
struct Place {
    Place() {
        static int number = 0;
        root = fs::temp_directory_path() /
               ("wangge-publish-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        fs::remove_all(root);
        folder.root = root;
        Registry::init(folder);
        auto registry = Registry::open(folder, Registry::Mode::write);
        std::vector<registry::Division> const divisions{
            {division("440000000000"), "广东省", Level::province, std::nullopt, ""},
            {division("440100000000"), "广州市", Level::city, division("440000000000"), ""},
            {division("440103000000"), "荔湾区", Level::county, division("440100000000"), ""},
            {division("440103001000"), "沙面街道", Level::town, division("440103000000"), ""},
            {division("440103001101"), "西村", Level::village, division("440103001000"), ""},
            {division("440103001102"), "东村", Level::village, division("440103001000"), ""},
        };
        registry.apply_divisions(divisions, *Date::parse("2024-01-01"), "tester", {});
        std::vector<registry::DivisionOutline> const outlines{{division("440103000000"), box(0, 0, 20, 10), "by hand"}};
        registry.apply_outlines(outlines, "tester", {});
    }
    ~Place() { fs::remove_all(root); }

    void apply(registry::ChangeKind kind, std::vector<registry::Grid> grids, Date effective) {
        auto registry = Registry::open(folder, Registry::Mode::write);
        registry::ChangeSet set;
        set.title = "by hand";
        set.author = "tester";
        set.effective = effective;
        for (auto& changed : grids) {
            set.changes.push_back({{kind}, std::move(changed), 0, 0});
        }
        registry.apply(set, progress);
    }
    void apply_first_grids() {
        apply(registry::ChangeKind::added,
              {grid("440103001101001", "440103001101", west_box()),
               grid("440103001102001", "440103001102", box(10, 0, 20, 5)),
               grid("440103001102002", "440103001102", box(10, 5, 20, 10))},
              *Date::parse("2024-01-01"));
    }
    /// The boundary between the two eastern grids moves north by one; both meet the western one there.
    void move_boundary(Date effective, std::int32_t to = 6) {
        auto west = box(0, 0, 10, 10);
        west.parts[0].outer.insert(west.parts[0].outer.begin() + 2, place(10, to));
        apply(registry::ChangeKind::reshaped,
              {grid("440103001101001", "440103001101", west),
               grid("440103001102001", "440103001102", box(10, 0, 20, to)),
               grid("440103001102002", "440103001102", box(10, to, 20, 10))},
              effective);
    }
    publish::PublishResult publish(Date day = kDay) {
        return publish::publish(folder, day, "author", "approver", progress);
    }
    [[nodiscard]] std::optional<registry::Generation> newest() const {
        return Registry::open(folder, Registry::Mode::read).newest_generation();
    }
    [[nodiscard]] std::string owner(snapshot::Snapshot const& snapshot, std::int32_t x, std::int32_t y) const {
        auto const id = snapshot.locate(place(x, y));
        return id == snapshot::kOutside ? "" : std::string{snapshot.grid(id).code.str()};
    }
    [[nodiscard]] snapshot::SnapshotStore store() const { return snapshot::SnapshotStore{folder.snapshots()}; }
    [[nodiscard]] std::set<std::string> published_names() const {
        std::set<std::string> names;
        for (auto const& entry : fs::directory_iterator{folder.snapshots()}) {
            names.insert(entry.path().filename().string());
        }
        return names;
    }

    fs::path root;
    registry::DataFolder folder;
    SilentProgress progress;
};

} // namespace wangge::test
