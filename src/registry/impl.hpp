#pragma once

#include "audit.hpp"
#include "officer_vault.hpp"
#include "sqlite_connection.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/registry/registry.hpp>

#include <fmt/format.h>

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace wangge::registry {

struct Registry::Impl {
    Impl(DataFolder data_folder, Mode mode, std::unique_ptr<FileLock> file_lock)
        : folder(std::move(data_folder))
        , lock(std::move(file_lock))
        , connection(folder.registry_file(),
                     mode == Mode::write ? Connection::Access::write : Connection::Access::read) {}

    DataFolder folder;
    std::unique_ptr<FileLock> lock; ///< outlives the connection, so that its last checkpoint is still ours alone
    mutable Connection connection;
    mutable std::unique_ptr<OfficerVault> officer_vault;

    /// Throws Error{usage} in read mode.
    void require_writer() const {
        if (!connection.writable()) {
            throw Error{ErrorCode::usage,
                        fmt::format("{}: the registry was opened for reading only", folder.registry_file().string())};
        }
    }
    [[nodiscard]] OfficerVault const& vault() const {
        if (!officer_vault) {
            officer_vault = std::make_unique<OfficerVault>(folder.officer_key());
        }
        return *officer_vault;
    }
    [[nodiscard]] GenerationNumber newest_published() const {
        return connection.integer("SELECT max(number) FROM generation");
    }
    [[nodiscard]] bool has_draft() const {
        return connection.integer("SELECT EXISTS (SELECT 1 FROM change_set WHERE generation IS NULL)") != 0;
    }
    /// A change set of the open draft, its id.
    std::int64_t open_change_set(std::string_view subject, std::string_view title, std::string_view author,
                                 Date effective);
    void record_sources(std::span<SourceFile const> sources, std::string_view author,
                        std::optional<std::int64_t> change_set);

    // Inside the caller's write transaction:
    /// Writes the versions and items; the timelines by code, when they are to be kept.
    std::vector<GridTimelines> write_change_set(ChangeSet const& change_set, std::int64_t id, Progress& progress);
    void write_accepted_gaps(ChangeSet const& change_set, std::int64_t id, GenerationNumber draft);
    void write_names_and_addresses(ChangeSet const& change_set, std::int64_t id, GenerationNumber draft);
    void keep_timelines(std::int64_t change_set, std::span<GridTimelines const> timelines);
    /// The draft becomes applied; Error{data_rejected} unless it is approved.
    void finish_draft(std::int64_t draft, std::int64_t change_set);
    /// The draft is that change set, whatever its status: its reserved codes are its own.
    void tie_draft(std::int64_t draft, std::int64_t change_set);
    /// Takes check and approval from the change sets being made that touch what this one changed.
    void reopen_drafts_beside(std::int64_t change_set);

    /// Who approved the change sets that wait for a publish: "Li, Wang".
    [[nodiscard]] std::string approvers_of_draft();
};

/// Division codes come from our own columns, whose CHECK keeps them in range.
[[nodiscard]] inline DivisionCode division_code(std::int64_t value) {
    return DivisionCode::from_value(static_cast<std::uint64_t>(value));
}
[[nodiscard]] inline std::int64_t column_value(DivisionCode code) { return static_cast<std::int64_t>(code.value()); }

[[nodiscard]] inline DateInterval interval(Statement const& row, int from_column) {
    return {Date{static_cast<std::int32_t>(row.integer(from_column))},
            Date{static_cast<std::int32_t>(row.integer(from_column + 1))}};
}

/// A word in a column that its CHECK should have kept out.
[[noreturn]] inline void unknown_word(Connection const& connection, std::string_view column, std::string_view word) {
    throw Error{ErrorCode::corrupt,
                fmt::format("{}: {} holds '{}', which this program does not know; restore the file from a backup",
                            connection.path().string(), column, word)};
}

[[nodiscard]] inline GridCode grid_code(Connection const& connection, std::string_view text) {
    auto const code = GridCode::parse(text);
    if (!code) {
        unknown_word(connection, "grid_code", text);
    }
    return *code;
}

[[nodiscard]] GridKind kind_of(Connection const& connection, std::string_view word);
/// Error{corrupt} when the blob is no shape.
[[nodiscard]] geom::MultiPolygon read_shape(Connection const& connection, GridCode const& code,
                                            std::span<std::byte const> blob);
/// Columns grid_code, name, kind, village_code, shape, from 0 on.
[[nodiscard]] Grid read_grid(Connection const& connection, Statement const& row);
/// The longest run of days around `as_of` without a boundary of validity among the rows known at a generation.
[[nodiscard]] DateInterval unchanged_around(Connection& connection, Date as_of, GenerationNumber known_at);

/// Records the lineage of a change set with the address points on the ground: what is there before is looked at when it
/// is made, what is there after when it is written. The change set must outlive it.
class LineageRecord {
public:
    /// Throws Error{usage}, as Registry::apply.
    LineageRecord(Connection& connection, ChangeSet const& change_set);
    void write(std::int64_t change_set);

private:
    Connection& m_connection;
    ChangeSet const& m_change_set;
    std::map<GridCode, std::vector<geom::Point>> m_addresses_before;
};

/// Beyond all audit entries.
inline constexpr std::int64_t kNoEntry = std::numeric_limits<std::int64_t>::max();
/// The audit entry from which on what is recorded was not yet known at a generation: that of the next publish; kNoEntry
/// for the newest generation, the draft and no generation given.
[[nodiscard]] std::int64_t first_entry_after(Connection& connection, std::optional<GenerationNumber> known_at);

/// SQL for the ids of rows that can hold in one of two states and not in the other: ?1 and ?2 are the earlier and the
/// later generation, ?3 and ?4 the earlier and the later day.
[[nodiscard]] std::string differing_rows(std::string_view table);
/// Binds those four.
void query_differing(Statement& statement, StateName const& before, StateName const& after);
/// Does a row with these columns (valid_from, valid_to, recorded_from, recorded_to) hold in the state?
[[nodiscard]] bool holds(Statement const& row, int first, StateName const& state);

/// Columns code, name, level, parent_code, urban_rural_class from `column` on.
[[nodiscard]] Division read_division(Connection const& connection, Statement const& row, int column);

/// state(D, K) of the divisions, by code; inside the caller's transaction.
[[nodiscard]] std::vector<Division> select_divisions(Connection& connection, Date as_of, GenerationNumber known_at);

} // namespace wangge::registry
