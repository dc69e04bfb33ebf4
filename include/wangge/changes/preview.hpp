#pragma once

#include <wangge/changes/examination.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wangge::changes {

/// Ground that goes from one grid to another, on the first day of the change set.
struct Move {
    std::optional<GridCode> from, to; ///< empty: nobody's
    geom::MultiPolygon shape;
    double area_m2 = 0;
    std::uint64_t addresses = 0; ///< address points on it
};

/// A grid that is split or merged, as an operation says.
struct Succession {
    std::vector<GridCode> from, to;
};

/// An officer's assignment on a grid that ends: it needs another grid.
struct OpenAssignment {
    registry::DutyEntry entry;
    std::optional<GridCode> successor; ///< the grid that gets most of the ground
};

/// A name that lookups begin, or cease, to understand.
struct AliasEffect {
    registry::DivisionAlias alias;
    std::string division; ///< its name on the first day
    bool withdrawn = false;
};

/// An address point that lookups begin, or cease, to find.
struct AddressEffect {
    registry::StaffAddress address;
    std::optional<GridCode> grid; ///< in which it lies
    bool withdrawn = false;
    std::optional<registry::AddressPoint> imported; ///< in whose place it stands, or which comes back
    std::optional<GridCode> imported_grid;
};

/// An address point that lookups cease to find, or find again.
struct RetirementEffect {
    registry::RetiredAddress retired;
    std::optional<registry::AddressPoint> point; ///< as it is on the first day; empty: its file has it no more
    std::optional<GridCode> grid;
    bool withdrawn = false;
};

/// What a change set does, in the words of those who approve it.
struct Preview {
    Examination examination;
    std::vector<GridCode> added, reshaped, renamed, reparented, retired, restored; ///< on the first day; by code
    std::vector<Succession> splits, merges;
    std::vector<Move> moves;     ///< by from, then to; nobody first
    double moved_m2 = 0;         ///< all of it
    std::uint64_t addresses = 0; ///< on ground that moves
    std::vector<OpenAssignment> assignments;
    std::vector<AliasEffect> aliases;
    std::vector<AddressEffect> address_points;
    std::vector<RetirementEffect> retired_addresses;
    std::vector<registry::DraftMeeting> meetings;
};

/// Works it out on the newest state; writes nothing that stays. The registry must be open for writing.
[[nodiscard]] Preview preview(registry::Registry& registry, std::int64_t draft);

/// A GeoPackage with the layers `before`, `after` (the grids that change, on the first day) and `moved`, EPSG:4490.
/// Written aside and renamed. Throws Error{usage} unless the name ends in .gpkg, Error{environment}.
void write_preview_layers(Preview const& preview, std::filesystem::path const& path);

} // namespace wangge::changes
