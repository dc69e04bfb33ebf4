#pragma once

#include <wangge/registry/registry.hpp>

#include <memory>
#include <span>
#include <vector>

namespace wangge::lookup {

/// Who has which role on which grid, in memory, nothing personal. Immutable; reloaded whole when the registry changes.
class DutyRoster {
public:
    DutyRoster() = default;
    /// Entries in any order.
    explicit DutyRoster(std::vector<registry::DutyEntry> entries);
    /// Assignments of a grid, sorted by role, then officer. O(log n).
    [[nodiscard]] std::span<registry::DutyEntry const> of(GridCode const& grid) const;
    [[nodiscard]] std::size_t size() const noexcept { return m_entries.size(); }

private:
    std::vector<registry::DutyEntry> m_entries; ///< by grid, role, officer
};

} // namespace wangge::lookup
