#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/registry.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wangge::publish {

struct PublishResult {
    registry::Generation generation;
    std::filesystem::path folder;
    std::size_t grids = 0;
    std::vector<Problem> warnings; ///< e.g. villages without grids
    bool unchanged = false;        ///< nothing new since the newest generation: no new one was made
    bool checked_whole = false;    ///< the rules were checked on everything, not on what changed alone
    bool built_whole = false;      ///< the snapshot was built from everything, not from the one before
    /// What each stage took: open, check, clean, snapshot, record, serve, sync, prune. Readers are sent to the new
    /// snapshot at the end of "serve"; what follows nobody waits for.
    std::vector<std::pair<std::string, double>> seconds;
};

/**
 * The one place where the write side meets the read side: turns the draft into a Generation and writes its Snapshot for
 * `as_of`. Order: snapshot written, generation recorded in the registry, CURRENT replaced, snapshot synced; killed
 * anywhere, the registry and the last published snapshot are whole and publishing again completes the work. When the
 * machine goes down before the sync, a torn snapshot is refused by its checksums and publishing again rebuilds it from
 * the registry. A small draft is checked by what it changes and its snapshot made from the one before; the verdict and
 * the answers are the same. Throws Error{data_rejected} when the coverage rules do not hold.
 */
[[nodiscard]] PublishResult publish(registry::DataFolder const& folder, Date as_of, std::string const& author,
                                    std::string const& approver, Progress& progress);

/// The snapshot of state(as_of, newest published), built when it is not there yet and kept beside the published ones.
[[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot_as_of(registry::DataFolder const& folder, Date as_of,
                                                                       Progress& progress);

} // namespace wangge::publish
