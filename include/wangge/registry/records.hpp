#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/base/words.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/registry/lineage.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wangge::registry {

struct Division {
    DivisionCode code;
    std::string name;
    Level level = Level::village;
    std::optional<DivisionCode> parent; ///< empty for the province only
    std::string urban_rural_class;      ///< three digits of the statistics bureau, or empty
};

/// A known outline of a division (county), against which imports are checked.
struct DivisionOutline {
    DivisionCode code;
    geom::MultiPolygon shape;
    std::string source;
};

struct Grid {
    GridCode code;
    std::string name;
    GridKind kind = GridKind::comprehensive;
    DivisionCode village; ///< parent today; a dated relation, not parsed from the code
    geom::MultiPolygon shape;
};

enum class Role : std::uint8_t { dedicated = 1, professional = 2, part_time = 3 };
[[nodiscard]] std::string_view to_string(Role role) noexcept;        ///< "dedicated", "professional", "part_time"
[[nodiscard]] Words words_of(Role role);                             ///< and 专职, 专业, 兼职
[[nodiscard]] std::optional<Role> parse_role(std::string_view text); ///< English words or 专职, 专业, 兼职 (网格员)

/// Personal data: name, phone and identity number never leave the registry unmasked without a stated reason.
struct Officer {
    std::string officer_id; ///< staff number, unique
    std::string name;
    std::string phone;
};

/// Officer `officer_id` has `role` on the grid during the days of `valid`.
struct Assignment {
    GridCode grid;
    std::string officer_id;
    Role role = Role::dedicated;
    DateInterval valid;
};

/// What one import changes; printable. Made by comparing checked drafts with the state on the effective date.
enum class ChangeKind : std::uint8_t {
    added,
    reshaped,
    renamed,
    reparented,
    retired,
    restored, ///< comes back under its own code, by an undo
};
[[nodiscard]] std::string_view to_string(ChangeKind kind) noexcept;
/// How `after` differs from the same grid before; empty when it does not.
[[nodiscard]] std::vector<ChangeKind> differences(Grid const& before, Grid const& after);

struct GridChange {
    std::vector<ChangeKind> kinds; ///< one grid may be reshaped and renamed at once
    Grid after;                    ///< for a retired grid its last state
    double area_before_m2 = 0;
    double area_after_m2 = 0;
};

/// The file an import came from, kept as received for provenance.
struct SourceFile {
    std::string name;
    Digest sha256;
    std::uint64_t bytes = 0;
    std::string crs;      ///< CRS it was read in
    std::string encoding; ///< encoding of its text
};

/// Everything of a version of a grid but its times; the shape by the number of its row.
struct VersionContent {
    std::int64_t shape_id = 0;
    std::string name;
    GridKind kind = GridKind::comprehensive;
    DivisionCode village;
    double area_m2 = 0;
    std::int64_t vertices = 0;
    bool operator==(VersionContent const&) const = default;
};

/// What a grid is on some days.
struct GridOnDays {
    DateInterval days;
    VersionContent content;
    bool operator==(GridOnDays const&) const = default;
};
/// What holds on a day, of disjoint ones; null for nothing.
[[nodiscard]] GridOnDays const* on(std::vector<GridOnDays> const& side, Date day) noexcept;
[[nodiscard]] bool same_content(GridOnDays const* a, GridOnDays const* b) noexcept;

/// The days of one grid before and after a change set; each list by day, disjoint.
struct GridTimelines {
    GridCode code;
    std::vector<GridOnDays> before, after;
    /// Runs of days on which they differ, by day.
    [[nodiscard]] std::vector<DateInterval> days_that_differ() const;
};

/// On the given days the grid is again what `content` says, and nothing on those that it leaves out.
struct GridRestoration {
    GridCode code;
    std::vector<DateInterval> days;
    std::vector<GridOnDays> content;
    std::vector<ChangeKind> kinds; ///< on its first day
    double area_before_m2 = 0;
    double area_after_m2 = 0;
};

/// Ground that no grid covers, on purpose.
struct AcceptedGap {
    std::int64_t id = 0; ///< 0 before it is recorded
    geom::MultiPolygon shape;
    std::string reason;
    std::string author;
    DateInterval valid;
    std::int64_t change_set = 0;
};

/// A name by which people call a division, beside that of the gazetteer; from staff, by a change set.
struct DivisionAlias {
    std::int64_t id = 0; ///< 0 before it is recorded
    DivisionCode code;
    std::string text;
    std::string reason;
    std::string author;
    DateInterval valid;
    std::int64_t change_set = 0;
};

struct AddressPoint {
    std::string id;
    std::string text;     ///< full standard address
    DivisionCode village; ///< may be invalid
    std::string road, number, estate, building, unit, room;
    geom::Point at;        ///< CGCS2000, longitude first, units of 1e-7 degree
    bool by_staff = false; ///< staff added or corrected it
};

/// An imported address point: by the name of its file and its id there.
struct ImportedAddress {
    std::string source, id;
    auto operator<=>(ImportedAddress const&) const = default;
};

/// An address point of staff, by a change set; beside the imported ones, or in the place of one of them.
struct StaffAddress {
    std::int64_t id = 0;                     ///< 0 before it is recorded
    std::optional<ImportedAddress> corrects; ///< hidden while this one holds, also after its file is imported again
    AddressPoint point;                      ///< with the id of the one that it corrects, else "staff-" and its own
    std::string reason;
    std::string author;
    DateInterval valid;
    std::int64_t change_set = 0;
    std::int64_t first = 0; ///< the row that this one goes on with, which its id names; 0: it is the first itself
};

/// What a retirement calls the point: the imported one that it corrects, else itself by its id.
[[nodiscard]] ImportedAddress which_point(StaffAddress const& address);

/// An address point that is found no more, by a change set: an imported one with what corrects it, or one of staff.
struct RetiredAddress {
    std::int64_t id = 0;   ///< 0 before it is recorded
    ImportedAddress which; ///< without a source: one of staff
    std::string text;      ///< of the point when it was retired
    std::string reason;
    std::string author;
    DateInterval valid; ///< days on which it is not found, also after its file is imported again
    std::int64_t change_set = 0;
};

/// One row of the history of an address point.
struct AddressFact {
    enum class Kind : std::uint8_t { imported, of_staff, retired };
    Kind kind = Kind::imported;
    std::string source; ///< the file that brought the point; empty: staff added it
    AddressPoint point; ///< as it was imported, added or corrected; of a retirement its id and text alone
    // Not of imported points, which are undated and known as they came in last:
    DateInterval valid{};
    GenerationNumber recorded_from = 0;            ///< the next one where it waits for a publish
    std::optional<GenerationNumber> recorded_to{}; ///< equal: withdrawn before it was published
    std::int64_t change_set = 0;
    std::string author, reason;
};

struct ChangeSet {
    std::string title;
    std::string author;
    Date effective;
    std::vector<SourceFile> sources;
    std::vector<GridChange> changes;
    /// Where ground went (topology::area_shares of the shapes before and after); both grids are among the changes.
    /// Recorded as given; Registry::apply adds the address points.
    std::vector<Lineage> lineage = {};
    Date until = kForever;  ///< what was before comes back on this day
    std::int64_t draft = 0; ///< the change draft it comes from, 0 for none
    std::vector<GridRestoration> restorations{};
    std::vector<AcceptedGap> accepted_gaps{};
    std::vector<std::int64_t> withdrawn_gaps{}; ///< ids of accepted gaps
    std::vector<DivisionAlias> aliases{};
    std::vector<std::int64_t> withdrawn_aliases{}; ///< ids
    std::vector<StaffAddress> addresses{};
    std::vector<std::int64_t> withdrawn_addresses{}; ///< ids
    std::vector<RetiredAddress> retired_addresses{};
    std::vector<std::int64_t> withdrawn_retirements{}; ///< ids
    [[nodiscard]] std::size_t count(ChangeKind kind) const;
    [[nodiscard]] bool empty() const {
        return changes.empty() && restorations.empty() && accepted_gaps.empty() && withdrawn_gaps.empty() &&
               aliases.empty() && withdrawn_aliases.empty() && addresses.empty() && withdrawn_addresses.empty() &&
               retired_addresses.empty() && withdrawn_retirements.empty();
    }
};

struct Generation {
    GenerationNumber number = 0;
    std::string recorded_at; ///< ISO 8601 with +08:00
    std::string author;
    std::string approver;
    Digest digest; ///< of its content; the same inputs give the same digest
};

/// state(D, K): every fact that holds on day D as known at generation K.
struct State {
    Date as_of;
    GenerationNumber known_at = 0;
    DateInterval unchanged;          ///< the longest run of days around as_of on which the same facts hold
    std::vector<Division> divisions; ///< by code
    std::vector<Grid> grids;         ///< by code
};

/// Which state: D and K of state(D, K).
struct StateName {
    Date as_of;
    GenerationNumber known_at = 0;
};

/// How one state differs from another.
struct Difference {
    DateInterval unchanged; ///< of the later state
    bool divisions_differ = false;
    std::vector<Grid> put;      ///< grids that hold in the later state by another version than in the former, by code
    std::vector<GridCode> gone; ///< that hold in the former state alone, by code
};

/// A grid that two states do not have alike; in one of them it may not be at all.
struct GridDifference {
    std::optional<Grid> before, after;
};
struct DivisionDifference {
    std::optional<Division> before, after;
};

/// A version that the open draft records, or supersedes.
struct DraftVersion {
    GridCode code;
    DateInterval valid;
    bool opened = false; ///< recorded; else superseded
    std::int64_t shape_id = 0;
    geom::MultiPolygon shape;
};

} // namespace wangge::registry
