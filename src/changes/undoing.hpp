#pragma once

#include <wangge/changes/examination.hpp>

#include <vector>

namespace wangge::changes {

/// What puts back what the change set that `draft` undoes has changed, on the days from the draft's first day on
/// and but for those on which it was put back already. Appends a conflict for each grid, name, point or accepted gap
/// that is no longer as that one left it.
[[nodiscard]] registry::ChangeSet undoing(registry::Registry const& registry, registry::ChangeDraft const& draft,
                                          std::vector<Conflict>& conflicts);

} // namespace wangge::changes
