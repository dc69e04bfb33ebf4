#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/registry.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <memory>
#include <string>
#include <vector>

namespace wangge::publish {

struct PublishResult {
    registry::Generation generation;
    std::filesystem::path folder;
    std::size_t grids = 0;
    std::vector<Problem> warnings; ///< e.g. villages without grids
    bool unchanged = false;        ///< nothing new since the newest generation: no new one was made
};

/**
 * The one place where the write side meets the read side: turns the draft into a Generation and writes its Snapshot for
 * `as_of`. Order: snapshot written and synced, generation recorded in the registry, CURRENT replaced; killed anywhere,
 * the registry and the last published snapshot are whole and publishing again completes the work. Throws
 * Error{data_rejected} when the coverage rules do not hold.
 */
[[nodiscard]] PublishResult publish(registry::DataFolder const& folder, Date as_of, std::string const& author,
                                    std::string const& approver, Progress& progress);

/// The snapshot of state(as_of, newest published), built when it is not there yet and kept beside the published ones.
[[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot_as_of(registry::DataFolder const& folder, Date as_of,
                                                                       Progress& progress);

} // namespace wangge::publish
