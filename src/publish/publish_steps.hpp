#pragma once

#include <wangge/publish/publisher.hpp>

#include <functional>

namespace wangge::publish {

/// The points between which a publish can be cut off; each is reported when it has been reached.
enum class Step {
    opened,              ///< the registry is open and locked
    checked,             ///< the coverage rules hold
    leftovers_removed,   ///< folders of cut-off publishes that were never recorded are gone
    snapshot_written,    ///< the folder is whole, for as long as the machine runs
    generation_recorded, ///< the registry holds the generation
    current_set,         ///< readers are sent to it
    synced,              ///< the folder outlives the machine's going down
    pruned,              ///< old folders are gone
};
inline constexpr Step kSteps[] = {Step::opened,
                                  Step::checked,
                                  Step::leftovers_removed,
                                  Step::snapshot_written,
                                  Step::generation_recorded,
                                  Step::current_set,
                                  Step::synced,
                                  Step::pruned};

using StepObserver = std::function<void(Step)>;

/// publish() that tells `observer` of each step, so that a test can cut it off there.
[[nodiscard]] PublishResult publish_in_steps(registry::DataFolder const& folder, Date as_of, std::string const& author,
                                             std::string const& approver, Progress& progress,
                                             StepObserver const& observer);

} // namespace wangge::publish
