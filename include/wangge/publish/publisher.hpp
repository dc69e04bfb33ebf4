#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/registry/registry.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <memory>
#include <optional>
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
    bool addresses_built = false;  ///< addresses, divisions or their other names changed: addresses.bin was built anew
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
 * the answers are the same. Without a draft, addresses that changed since the newest generation make a new one with the
 * same digest. Throws Error{data_rejected} when the coverage rules do not hold.
 */
[[nodiscard]] PublishResult publish(registry::DataFolder const& folder, Date as_of, std::string const& author,
                                    std::string const& approver, Progress& progress);

/// Snapshots of other states than the published ones that stay on the disk: those used last.
inline constexpr std::size_t kKeptStates = 8;

/**
 * The snapshot of state(as_of, known_at), the newest generation when none is given: a published one that holds it, else
 * one beside them, built when it is not there yet. At most kKeptStates of those stay, the ones used last (a folder's
 * time of change says when); what goes while somebody reads it stays readable for them. Needs no write lock on the
 * registry. Throws Error{not_found} when nothing is published or `known_at` is beyond the newest generation,
 * Error{usage} when it is below 1.
 */
[[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot_as_of(registry::DataFolder const& folder, Date as_of,
                                                                       std::optional<GenerationNumber> known_at,
                                                                       Progress& progress);

} // namespace wangge::publish
