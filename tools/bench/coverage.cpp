#include "coverage.hpp"

#include "jagged_coverage.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <unistd.h>

namespace wangge::bench {

TemporaryFolder::TemporaryFolder(std::string const& purpose)
    : m_path(std::filesystem::temp_directory_path() / fmt::format("wangge-bench-{}-{}", purpose, ::getpid())) {
    std::filesystem::remove_all(m_path);
    std::filesystem::create_directories(m_path);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored; // nothing to be done about it at the end
    std::filesystem::remove_all(m_path, ignored);
}

void write_as_snapshot(std::vector<geom::MultiPolygon> const& shapes, std::filesystem::path const& folder) {
    snapshot::Content content;
    content.as_of = Date{0};
    auto const province = DivisionCode::from_value(440000000000);
    content.divisions.push_back({province, "province", Level::province, {}});
    content.grids.reserve(shapes.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        content.grids.push_back(
            {GridCode::parse(fmt::format("{:015}", i)).value(), "grid", GridKind::comprehensive, province, &shapes[i]});
    }
    SilentProgress silent;
    (void)snapshot::write_snapshot(content, folder, silent);
}

std::shared_ptr<snapshot::Snapshot const> open_coverage(CoverageChoice const& choice,
                                                        TemporaryFolder const& temporary) {
    std::shared_ptr<snapshot::Snapshot const> snapshot;
    if (choice.synthetic != 0) {
        auto const folder = temporary.path() / "snapshot";
        write_as_snapshot(jagged_coverage(choice.synthetic), folder);
        snapshot = snapshot::Snapshot::open(folder);
    } else {
        snapshot = snapshot::SnapshotStore{choice.data / "snapshots"}.open_current();
    }
    if (snapshot->point_index().extent().empty()) {
        throw Error{ErrorCode::not_found, fmt::format("{}: the snapshot has no grids with a shape; import boundaries "
                                                      "and publish first",
                                                      snapshot->folder().string())};
    }
    return snapshot;
}

std::vector<geom::MultiPolygon> all_shapes(snapshot::Snapshot const& snapshot) {
    std::vector<geom::MultiPolygon> shapes;
    shapes.reserve(snapshot.grid_count());
    for (snapshot::GridId id = 0; id < snapshot.grid_count(); ++id) {
        shapes.push_back(snapshot.shape(id));
    }
    return shapes;
}

std::uint64_t snapshot_bytes(snapshot::Snapshot const& snapshot) {
    std::uint64_t bytes = 0;
    for (auto const& entry : std::filesystem::directory_iterator{snapshot.folder()}) {
        bytes += entry.file_size();
    }
    return bytes;
}

} // namespace wangge::bench
