#pragma once

#include <wangge/base/error.hpp>
#include <wangge/changes/change_editor.hpp>
#include <wangge/changes/change_steps.hpp>
#include <wangge/publish/publisher.hpp>
#include <wangge/topology/rings.hpp>

#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wangge::test {

namespace fs = std::filesystem;
using registry::Registry;

inline Date day(std::string const& text) { return *Date::parse(text); }
inline DivisionCode division(std::string const& text) { return *DivisionCode::parse(text); }
inline GridCode code(std::string const& text) { return *GridCode::parse(text); }

/// Column and row of a cell of the board.
using Cell = std::pair<int, int>;
using Cells = std::set<Cell>;

inline geom::Point corner(int x, int y) { return {1'130'000'000 + x * 1000, 230'000'000 + y * 1000}; }
inline geom::Point centre(Cell cell) { return {corner(cell.first, 0).lon + 500, corner(0, cell.second).lat + 500}; }

/// The area of the cells, with a vertex at every corner of a cell along its boundary, so that neighbours always share
/// theirs.
inline geom::MultiPolygon area_of(Cells const& cells) {
    std::set<std::pair<geom::Point, geom::Point>> edges;
    for (auto const& [x, y] : cells) {
        geom::Point const ring[] = {corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1)};
        for (int i = 0; i < 4; ++i) {
            if (edges.erase({ring[(i + 1) % 4], ring[i]}) == 0) {
                edges.insert({ring[i], ring[(i + 1) % 4]});
            }
        }
    }
    std::vector<topology::DirectedEdge> directed;
    for (auto const& [from, to] : edges) {
        directed.push_back({from, to});
    }
    auto area = topology::assemble_rings(std::move(directed));
    geom::normalize(area);
    return area;
}

inline Cells box(int x0, int y0, int x1, int y1) {
    Cells cells;
    for (int x = x0; x < x1; ++x) {
        for (int y = y0; y < y1; ++y) {
            cells.insert({x, y});
        }
    }
    return cells;
}

inline char const* const kWest = "440103001101";
inline char const* const kEast = "440103001102";
inline Date const kStart = day("2024-01-01");

/// A county of two villages whose outline is the board of `size` x `size` cells; no grid yet.
struct Board {
    explicit Board(int cells = 6) : size(cells) {
        static int number = 0;
        root = fs::temp_directory_path() /
               ("wangge-changes-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        fs::remove_all(root);
        folder.root = root;
        Registry::init(folder);
        auto registry = open();
        std::vector<registry::Division> const divisions{
            {division("440000000000"), "广东省", Level::province, std::nullopt, ""},
            {division("440100000000"), "广州市", Level::city, division("440000000000"), ""},
            {division("440103000000"), "荔湾区", Level::county, division("440100000000"), ""},
            {division("440103001000"), "沙面街道", Level::town, division("440103000000"), ""},
            {division(kWest), "西村", Level::village, division("440103001000"), ""},
            {division(kEast), "东村", Level::village, division("440103001000"), ""},
        };
        registry.apply_divisions(divisions, day("2020-01-01"), "importer", {});
        geom::MultiPolygon const outline{{{{corner(0, 0), corner(size, 0), corner(size, size), corner(0, size)}, {}}}};
        std::vector<registry::DivisionOutline> const outlines{{division("440103000000"), outline, "by hand"}};
        registry.apply_outlines(outlines, "importer", {});
    }
    ~Board() { fs::remove_all(root); }
    Board(Board const&) = delete;
    Board& operator=(Board const&) = delete;

    [[nodiscard]] Registry open() const { return Registry::open(folder, Registry::Mode::write); }

    /// As a bulk import does it.
    void import(std::vector<std::tuple<std::string, std::string, Cells>> const& grids, Date from = kStart) {
        auto registry = open();
        registry::ChangeSet set;
        set.title = "first grids";
        set.author = "importer";
        set.effective = from;
        for (auto const& [grid, village, cells] : grids) {
            auto const area = area_of(cells);
            set.changes.push_back(
                {{registry::ChangeKind::added},
                 {code(grid), "网格" + grid.substr(12), GridKind::comprehensive, division(village), area},
                 0,
                 0});
        }
        registry.apply(set, progress);
    }
    /// Two grids of two columns each in the west, one of the rest in the east.
    void import_columns() {
        import({{"440103001101001", kWest, box(0, 0, 2, size)},
                {"440103001101002", kWest, box(2, 0, 4, size)},
                { "440103001102001",
                  kEast,
                  box(4, 0, size, size) }});
    }
    publish::PublishResult publish(Date on, std::string const& approver = "chief") {
        return publish::publish(folder, on, "publisher", approver, progress);
    }
    std::int64_t draft(std::string const& title, Date from, Date until = kForever, std::string const& author = "ann") {
        return open().make_draft({title, author, {from, until}, std::nullopt, {}});
    }
    /// Checked, approved and applied; whatever refuses throws.
    std::int64_t carry_through(std::int64_t id) {
        auto registry = open();
        auto const checked = changes::check(registry, id, "ann");
        if (checked.examination.has_errors()) {
            throw Error{ErrorCode::data_rejected, checked.examination.conflicts.empty()
                                                      ? checked.examination.problems.front().problem.message
                                                      : checked.examination.conflicts.front().message.english};
        }
        changes::approve(registry, id, "chief");
        return changes::apply(registry, id, "ann", progress).change_set;
    }
    [[nodiscard]] registry::DraftStatus status(std::int64_t id) const { return open().draft(id).status; }

    int size;
    fs::path root;
    registry::DataFolder folder;
    SilentProgress progress;
};

} // namespace wangge::test
