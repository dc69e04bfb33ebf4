#pragma once

#include <wangge/base/words.hpp>
#include <wangge/registry/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::registry {

enum class DraftStatus : std::uint8_t { open, checked, approved, applied, discarded };
[[nodiscard]] std::string_view to_string(DraftStatus status) noexcept;
[[nodiscard]] Words words_of(DraftStatus status);

enum class OperationKind : std::uint8_t {
    create,
    reshape,
    split,
    merge,
    retire,
    reparent,
    rename,
    accept_gap,
    alias,
    address,
    retire_address
};
[[nodiscard]] std::string_view to_string(OperationKind kind) noexcept; ///< "create", ..., "retire_address"
[[nodiscard]] Words words_of(OperationKind kind);

/// What an operation does to one grid.
enum class Effect : std::uint8_t { create, change, end };
[[nodiscard]] std::string_view to_string(Effect effect) noexcept;

/// What an operation found of a grid on the effective day: what it was drawn on.
struct GridBase {
    Digest shape;
    std::string name;
    DivisionCode village;
    bool operator==(GridBase const&) const = default;
};
[[nodiscard]] GridBase base_of(Grid const& grid);
/// SHA-256 of the normalised rings.
[[nodiscard]] Digest shape_digest(geom::MultiPolygon const& shape);

/// One grid of an operation. What is not set stays as it was; a grid that is created has all four set.
struct OperationGrid {
    GridCode code; ///< not valid: the registry issues the next free one of the village and kind
    Effect effect = Effect::change;
    std::optional<GridBase> base; ///< empty when the grid is created here or was touched by an operation before
    std::optional<std::string> name;
    std::optional<GridKind> kind;
    std::optional<DivisionCode> village;
    std::optional<geom::MultiPolygon> shape;
};

/// The name that an `alias` operation gives.
struct OperationAlias {
    DivisionCode division;
    std::string text;
};

/// The point that an `address` operation adds; its position is that of the operation.
struct OperationAddress {
    std::optional<ImportedAddress> corrects;
    AddressPoint point; ///< without an id; the village invalid: that of the grid in which it lies
};

/// The point that a `retire_address` operation ends.
struct OperationRetirement {
    ImportedAddress which; ///< without a source: a point of staff
    std::string text;      ///< as it was when the operation was added
};

struct Operation {
    int number = 0; ///< from 1 on within its draft; 0 before it is recorded
    OperationKind kind = OperationKind::reshape;
    std::string editor;
    std::string added_at;
    std::string reason;
    std::optional<geom::Point> at; ///< accept_gap: a position in the gap; address: where it is
    std::vector<OperationGrid> grids;
    std::optional<OperationAlias> alias;
    std::optional<OperationAddress> address;
    std::optional<OperationRetirement> retirement;
    std::optional<std::string> dropped_by; ///< it counts no longer
};

struct NewDraft {
    std::string title;
    std::string author;
    DateInterval days;                  ///< effective day, and the day on which what was before comes back
    std::optional<std::int64_t> undoes; ///< an applied change set of grids, by its id in the registry
    std::vector<SourceFile> sources;
};

/// A change set on its way, or at its end. Its operations are read apart.
struct ChangeDraft {
    std::int64_t id = 0;
    std::string title;
    std::string author;
    DateInterval days;
    std::optional<std::int64_t> undoes; ///< number of the change set whose effect it takes back, if it has one
    std::optional<std::int64_t> undoes_change_set; ///< its id in the registry; set for imports too
    std::string created_at;
    GenerationNumber base_generation = 0; ///< newest when it was made or last checked
    DraftStatus status = DraftStatus::open;
    Words reopened_because;   ///< why its check or approval no longer counts, or empty
    std::string check_digest; ///< hexadecimal, empty before a check
    std::string checked_by, checked_at;
    std::string check_report; ///< JSON, empty before a check
    std::string approver, approved_at;
    std::optional<std::int64_t> change_set;
    std::optional<GenerationNumber> published; ///< generation that holds it
    std::string discarded_by, discarded_at, discarded_because;
    std::vector<std::string> editors; ///< author and writers of operations, sorted
    std::size_t operations = 0;       ///< that count
    std::size_t grids_changed = 0;    ///< by the last evaluation
};

/// Another change set that touches the same grids, or neighbours of them.
struct DraftMeeting {
    std::int64_t id = 0;
    std::string title;
    DraftStatus status = DraftStatus::open;
    std::vector<GridCode> same; ///< grids that both change
    std::vector<GridCode> near; ///< grids that one changes and the other borders on
};

} // namespace wangge::registry
