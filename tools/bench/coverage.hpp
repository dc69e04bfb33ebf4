#pragma once

#include <wangge/snapshot/snapshot.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace wangge::bench {

/// A folder under the system's temporary one, removed at the end.
class TemporaryFolder {
public:
    explicit TemporaryFolder(std::string const& purpose);
    ~TemporaryFolder();
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return m_path; }

private:
    std::filesystem::path m_path;
};

/// The coverage that is asked: a data folder's current snapshot, or a jagged one written as a snapshot for the run.
/// Both are mapped as the server maps them.
struct CoverageChoice {
    std::filesystem::path data; ///< data folder
    std::size_t synthetic = 0;  ///< or: about this many grids
};

/// Shapes as a snapshot in `folder`, which must not exist.
void write_as_snapshot(std::vector<geom::MultiPolygon> const& shapes, std::filesystem::path const& folder);

/// `temporary` keeps a synthetic snapshot and must outlive it. Throws Error when there is no snapshot or it is empty.
[[nodiscard]] std::shared_ptr<snapshot::Snapshot const> open_coverage(CoverageChoice const& choice,
                                                                      TemporaryFolder const& temporary);

[[nodiscard]] std::vector<geom::MultiPolygon> all_shapes(snapshot::Snapshot const& snapshot);

/// Size of the index and of all files of the snapshot.
[[nodiscard]] std::uint64_t snapshot_bytes(snapshot::Snapshot const& snapshot);

} // namespace wangge::bench
