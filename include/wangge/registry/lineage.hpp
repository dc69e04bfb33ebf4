#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>
#include <wangge/base/words.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wangge::registry {

/// What was applied as one.
struct AppliedChange {
    std::int64_t change_set = 0;       ///< in the order of applying; of an import its number
    std::optional<std::int64_t> draft; ///< the number that `wangge changes` gave it; empty for a direct import
    std::string title;
};
/// Under the number that people know it by: change set 3 'new boundary', or import 2 'boundaries from a.gpkg'.
[[nodiscard]] Words name_of(AppliedChange const& change);

/// Ground that was a grid's before a change set and is another's after it, or the same grid's for what it keeps.
struct Lineage {
    GridCode predecessor;
    GridCode successor;
    double area_m2 = 0;
    double share_of_predecessor = 0; ///< of its area before, 0 to 1
    double share_of_successor = 0;   ///< of its area after
    /// Address points of the registry as it was when the change set was applied: on that ground, on all ground of the
    /// predecessor before and of the successor after. Registry::apply counts them; what a caller gives is not looked
    /// at.
    std::uint64_t addresses = 0, predecessor_addresses = 0, successor_addresses = 0;
};

/// A lineage with the change set that brought it about.
struct LineageStep {
    Lineage ground;
    AppliedChange change;
    Date effective;
    std::optional<GenerationNumber> generation; ///< empty while the change set waits in the draft
};

/// Everything that ground of a grid came from and went to, through any number of change sets, oldest first.
struct LineageTrail {
    std::vector<LineageStep> from; ///< the grid's own ground and that of its predecessors, theirs included
    std::vector<LineageStep> to;
};

} // namespace wangge::registry
