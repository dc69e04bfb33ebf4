#pragma once

#include "undone_rows.hpp"

#include <wangge/changes/examination.hpp>

#include <optional>
#include <string>
#include <vector>

namespace wangge::changes {

/// The grid in force on the day that owns a position.
[[nodiscard]] std::optional<registry::Grid> grid_at(registry::Registry const& registry, geom::Point at, Date day);

/// The point that lookups find on the day by that name, as corrected where it is; retired or not. Without a source: one
/// of staff. Empty when there is none.
[[nodiscard]] std::optional<registry::AddressPoint> point_on(registry::Registry const& registry,
                                                             registry::ImportedAddress const& which, Date day);

/// Adds to the examined change set what its operations on names and addresses record, on the state as the registry has
/// it now; what stands against them to the conflicts, what is odd to the remarks. Returns what was looked at, for the
/// digest.
[[nodiscard]] std::string compose_names(registry::Registry const& registry, Examination& examined);

/// Rows of a change set beside those of its grids.
struct UndoneNames {
    UndoneRows<registry::DivisionAlias> aliases;
    UndoneRows<registry::StaffAddress> addresses;
    UndoneRows<registry::RetiredAddress> retirements;
    UndoneRows<registry::AcceptedGap> gaps;
};
[[nodiscard]] UndoneNames undone_names(registry::Registry const& registry, std::int64_t change_set);

/// Adds to `set` what puts names, points, retirements and accepted gaps back as a change set found them, from the
/// draft's first day on; a conflict for each that is no longer as it left it.
void undo_names(registry::Registry const& registry, registry::ChangeDraft const& draft, std::int64_t undone,
                registry::ChangeSet& set, std::vector<Conflict>& conflicts);

} // namespace wangge::changes
