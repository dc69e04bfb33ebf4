#include <wangge/lookup/duty_roster.hpp>

#include <algorithm>
#include <tuple>

namespace wangge::lookup {

DutyRoster::DutyRoster(std::vector<registry::DutyEntry> entries) : m_entries(std::move(entries)) {
    std::sort(m_entries.begin(), m_entries.end(), [](registry::DutyEntry const& a, registry::DutyEntry const& b) {
        return std::tie(a.grid, a.role, a.officer_id, a.valid) < std::tie(b.grid, b.role, b.officer_id, b.valid);
    });
}

std::span<registry::DutyEntry const> DutyRoster::of(GridCode const& grid) const {
    auto const first = std::partition_point(m_entries.begin(), m_entries.end(),
                                            [&](registry::DutyEntry const& entry) { return entry.grid < grid; });
    auto const last = std::partition_point(first, m_entries.end(),
                                           [&](registry::DutyEntry const& entry) { return entry.grid == grid; });
    return {first, last};
}

} // namespace wangge::lookup
