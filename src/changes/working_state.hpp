#pragma once

#include <wangge/changes/examination.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::changes {

/// Grids of the effective day, read when asked for, as operations leave them one after the other.
class WorkingState {
public:
    WorkingState(registry::Registry const& registry, Date day) : m_registry(registry), m_day(day) {}

    /// Null when no such grid is in force then.
    [[nodiscard]] registry::Grid const* find(GridCode const& code);
    /// What an operation on the grid supposes: empty when an operation before has touched it.
    [[nodiscard]] std::optional<registry::GridBase> base(GridCode const& code);
    /// Carries an operation out as far as it can be; appends what stands against it.
    void apply(registry::Operation const& operation, registry::ChangeDraft const& draft,
               std::vector<Conflict>& conflicts);
    /// Grids that differ from what they were, as changes, by code.
    [[nodiscard]] std::vector<registry::GridChange> changes() const;

private:
    struct Entry {
        std::optional<registry::Grid> before, now;
        bool touched = false;
    };
    Entry& entry(GridCode const& code);
    registry::Registry const& m_registry;
    Date m_day;
    std::map<GridCode, Entry> m_entries;
};

} // namespace wangge::changes
