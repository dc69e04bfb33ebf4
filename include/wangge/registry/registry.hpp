#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/geom/point.hpp>
#include <wangge/registry/change_drafts.hpp>
#include <wangge/registry/concordance.hpp>
#include <wangge/registry/records.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::registry {

/// Where the parts of a data folder are. DIR/registry.sqlite, DIR/registry.lock, DIR/snapshots/, DIR/sources/,
/// DIR/keys/, and DIR/coordinate-systems.toml, which the site may write.
struct DataFolder {
    std::filesystem::path root;
    [[nodiscard]] std::filesystem::path registry_file() const { return root / "registry.sqlite"; }
    [[nodiscard]] std::filesystem::path lock_file() const { return root / "registry.lock"; }
    [[nodiscard]] std::filesystem::path snapshots() const { return root / "snapshots"; }
    [[nodiscard]] std::filesystem::path sources() const { return root / "sources"; }
    [[nodiscard]] std::filesystem::path coordinate_systems() const { return root / "coordinate-systems.toml"; }
    [[nodiscard]] std::filesystem::path officer_key() const { return root / "keys" / "officer.key"; }
};

/// What an assignment lookup needs to know of an officer; nothing personal.
struct DutyEntry {
    GridCode grid;
    std::string officer_id;
    Role role = Role::dedicated;
    DateInterval valid;
};

/// An officer as staff see one: the phone masked (138****1234).
struct OfficerView {
    std::string officer_id;
    std::string name;
    std::string phone_masked;
    std::vector<Assignment> assignments;
};

/// One dated, recorded row of a grid's history.
struct GridVersion {
    Grid grid;
    DateInterval valid;
    GenerationNumber recorded_from = 0;
    std::optional<GenerationNumber> recorded_to; ///< empty while it is what is known now
    [[nodiscard]] bool known_at(GenerationNumber generation) const noexcept {
        return recorded_from <= generation && (!recorded_to || generation < *recorded_to);
    }
};

/// A change set that concerned a grid.
struct GridChangeRecord {
    AppliedChange change;
    std::string approver; ///< of its draft; empty for an import, which is approved when it is published
    std::string author;
    Date effective;
    std::string applied_at;                     ///< ISO 8601 with +08:00
    std::optional<GenerationNumber> generation; ///< empty while it waits in the draft
    std::string kinds;                          ///< words of ChangeKind, joined by '+'
};

struct Counts {
    std::uint64_t divisions = 0, outlines = 0, grids_current = 0, officers = 0, assignments = 0, address_points = 0;
    GenerationNumber published = 0; ///< newest published generation, 0 when none
    bool draft = false;             ///< applied change sets wait for a publish
};

/**
 * The registry file (SQLite with SpatiaLite metadata; QGIS opens it). Facts carry valid days and recorded generations.
 * One process at a time opens it for writing (lock file); it does every checkpoint. Any number open it for reading.
 * Every write is one transaction: whole or not at all, also under kill -9. One object serves one thread.
 * All functions throw Error{environment} on disk errors and Error{corrupt} when the file is not a registry of this
 * version.
 */
class Registry {
public:
    enum class Mode { read, write };

    /// Makes the data folder, the registry with its schema, and the officer key. Throws Error{conflict} when one
    /// exists.
    static void init(DataFolder const& folder);
    /// Checks the schema version and applies migrations (write mode). Error{not_found} when there is no registry.
    [[nodiscard]] static Registry open(DataFolder const& folder, Mode mode);
    ~Registry();
    Registry(Registry&&) noexcept;
    Registry& operator=(Registry&&) noexcept;

    // ---- divisions
    /// Inserts or updates by code, effective on `effective`. Parents must be in the list or the registry:
    /// Error{data_rejected}.
    void apply_divisions(std::span<Division const> divisions, Date effective, std::string const& author,
                         std::span<SourceFile const> sources);
    void apply_outlines(std::span<DivisionOutline const> outlines, std::string const& author,
                        std::span<SourceFile const> sources);
    /// Here and below `known_at` is what state() has: empty means newest, the draft included.
    [[nodiscard]] std::vector<Division> divisions(Date as_of,
                                                  std::optional<GenerationNumber> known_at = std::nullopt) const;
    [[nodiscard]] std::optional<Division> division(DivisionCode code, Date as_of,
                                                   std::optional<GenerationNumber> known_at = std::nullopt) const;
    [[nodiscard]] std::vector<DivisionOutline> outlines() const;
    /// Each source's rows replace what that source said before; rows that stay are left alone. Needs no publish.
    /// Returns how many rows are new and how many are gone. Error{data_rejected}: a code that is none, no source.
    std::pair<std::size_t, std::size_t> apply_concordance(std::span<Concordance const> rows, std::string const& author,
                                                          std::span<SourceFile const> sources);
    [[nodiscard]] std::vector<Concordance> concordance() const;

    // ---- grids
    /// state(D, K); K empty means newest, the draft included. O(grids).
    [[nodiscard]] State state(Date as_of, std::optional<GenerationNumber> known_at, Progress& progress) const;
    /// What `after` holds that `before` does not, and the other way round; null when that concerns more than `limit`
    /// versions of grids. O(versions that differ), whatever the size of the registry.
    [[nodiscard]] std::optional<Difference> difference(StateName const& before, StateName const& after,
                                                       std::size_t limit) const;
    /// Grids in force on `as_of` (newest knowledge, draft included) whose envelope meets one of the boxes.
    [[nodiscard]] std::vector<Grid> grids_touching(Date as_of, std::span<geom::Envelope const> boxes) const;
    [[nodiscard]] std::optional<Grid> grid(GridCode const& code, Date as_of,
                                           std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// Grids in force on the day whose village is one of these, by code. One pass over all versions, shapes apart.
    [[nodiscard]] std::vector<Grid> grids_in(std::span<DivisionCode const> villages, Date as_of) const;
    /// Every version ever known, by first day, then first generation. Empty for a code that was never issued.
    [[nodiscard]] std::vector<GridVersion> history(GridCode const& code) const;
    /// The change sets that concerned the grid, in the order in which they were applied.
    [[nodiscard]] std::vector<GridChangeRecord> changes_of(GridCode const& code) const;
    /// What two states do not have alike, by code. O(versions that differ).
    [[nodiscard]] std::vector<GridDifference> grid_differences(StateName const& before, StateName const& after) const;
    [[nodiscard]] std::vector<DivisionDifference> division_differences(StateName const& before,
                                                                       StateName const& after) const;
    [[nodiscard]] LineageTrail lineage(GridCode const& code) const;
    /// Every code ever issued, in force or retired, sorted.
    [[nodiscard]] std::vector<GridCode> issued_codes() const;
    /// Applies the change set to the draft generation in one transaction. Returns the change set's id; 0 when it has no
    /// changes (then its sources are recorded and no draft begins). A grid added: in force from the effective day on.
    /// Changed: from that day to the end of the version that held it. Retired: no version from that day on. All of it
    /// only before `until`. Change sets being made that touch the same grids or neighbours lose their check and
    /// approval. Error{data_rejected}: a code issued before or reserved for another, a grid not in force on the day, a
    /// village unknown on the day, a `draft` that is not approved.
    /// Error{usage}: a lineage of a grid that is not among the changes, or given twice.
    std::int64_t apply(ChangeSet const& change_set, Progress& progress);

    /// Runs `steps`, functions of this object, as one transaction: all that they record is kept, or, when one throws,
    /// nothing.
    void together(std::function<void()> const& steps);

    // ---- change sets being made. Every function that writes is one transaction with its audit entry.
    /// Its number. With its first operations, by its author, as add_operations() takes them: all or nothing.
    /// Error{not_found}, Error{data_rejected}: `undoes` is no applied change set of grids.
    std::int64_t make_draft(NewDraft const& draft, std::span<Operation> operations = {});
    /// Error{not_found}.
    [[nodiscard]] ChangeDraft draft(std::int64_t id) const;
    /// By number; those that are applied or discarded only when asked for.
    [[nodiscard]] std::vector<ChangeDraft> drafts(bool finished_too) const;
    /// By number, dropped ones included. O(vertices).
    [[nodiscard]] std::vector<Operation> operations(std::int64_t draft) const;
    /// Error{data_rejected} when it takes no operations: applied, discarded, or one that undoes.
    void require_editable(std::int64_t draft) const;
    /// Appends; fills in numbers, and codes where none is given, which are reserved for ever. A check or approval no
    /// longer counts. Error{data_rejected}: a finished draft, one that undoes, a code issued or reserved before or that
    /// does not fit its kind, no code left in a village.
    void add_operations(std::int64_t draft, std::string const& editor, std::span<Operation> operations);
    /// Error{not_found}: no such operation that counts.
    void drop_operation(std::int64_t draft, int number, std::string const& editor);
    /// What the draft touches by its last evaluation; together() with what changed it.
    void record_touched(std::int64_t draft, std::span<GridCode const> changed, std::span<GridCode const> neighbours);
    /// Other unfinished change sets that touch the same grids or neighbours, by number.
    [[nodiscard]] std::vector<DraftMeeting> drafts_meeting(std::int64_t draft) const;
    /// Outcome of a check; with `passed` the draft is checked, else open.
    void record_check(std::int64_t draft, std::string const& by, Digest const& content, bool passed,
                      std::string const& report_json);
    /// Error{data_rejected}: not checked, or the approver is one of its editors.
    void approve_draft(std::int64_t draft, std::string const& approver);
    void reopen_draft(std::int64_t draft, Words const& because, std::string const& actor);
    void discard_draft(std::int64_t draft, std::string const& by, std::string const& reason);
    /// Applies the change set, lets `look` read this object as it is then, and takes everything back. `look` is given
    /// the grids whose days differ, by code.
    void rehearse(ChangeSet const& change_set, std::function<void(std::span<GridTimelines const>)> const& look);
    /// Of an applied change set, by code. Empty for imports of a program before version 11 of the schema.
    [[nodiscard]] std::vector<GridTimelines> timelines(std::int64_t change_set) const;
    /// What is known now of one grid, by day.
    [[nodiscard]] std::vector<GridOnDays> timeline(GridCode const& code) const;
    /// The shape of GridOnDays::shape_id. Error{corrupt} when it is not there.
    [[nodiscard]] geom::MultiPolygon shape(std::int64_t shape_id) const;
    [[nodiscard]] std::optional<AppliedChange> last_change(GridCode const& code) const;
    /// By its id. Error{not_found}; Error{data_rejected}: it changed no grids but divisions.
    [[nodiscard]] AppliedChange applied_change(std::int64_t change_set) const;
    /// Days after `after` on which a version of a grid with a shape that meets one of the boxes, or an accepted gap
    /// there, begins or ends; the first of them, kForever for none.
    [[nodiscard]] Date next_change_near(Date after, std::span<geom::Envelope const> boxes) const;
    /// Known now and in force on the day (all days when empty), by id.
    [[nodiscard]] std::vector<AcceptedGap> accepted_gaps(std::optional<Date> as_of) const;
    /// Does the draft generation record or withdraw an accepted gap?
    [[nodiscard]] bool accepted_gaps_in_draft() const;
    /// Positions of address points in the closed box, in no order, one for each point. O(log n + points in the strip of
    /// longitudes).
    void addresses_in(geom::Envelope const& box, std::function<void(geom::Point)> const& each) const;
    /// As duty_entries, of these grids alone.
    [[nodiscard]] std::vector<DutyEntry> duty_entries_of(std::span<GridCode const> grids, Date as_of) const;
    /// Authors of what waits for a publish and was not approved as a change set, sorted.
    [[nodiscard]] std::vector<std::string> unapproved_authors() const;

    // ---- officers
    /// Inserts or updates officers and replaces their assignments; one transaction. Seen by lookups at once, no publish
    /// needed. From the first day of an officer's given assignments on (from today on when none is given) these hold
    /// and no others; what held before that day stays. Officers not named are left alone. Error{data_rejected}: unknown
    /// grid or officer.
    void apply_officers(std::span<Officer const> officers, std::span<Assignment const> assignments,
                        std::string const& author, std::span<SourceFile const> sources, Progress& progress);
    /// Every assignment in force on `as_of`, sorted by grid, then role. Nothing personal. Assignments are recorded
    /// without a publish, so what a generation knew of them is what was known last while it was the newest: up to the
    /// audit entry of the next publish. Names and phones have no history.
    [[nodiscard]] std::vector<DutyEntry> duty_entries(Date as_of,
                                                      std::optional<GenerationNumber> known_at = std::nullopt) const;
    [[nodiscard]] std::optional<OfficerView> officer(std::string const& officer_id,
                                                     std::optional<GenerationNumber> known_at = std::nullopt) const;
    [[nodiscard]] std::vector<OfficerView> officers_of(GridCode const& grid, Date as_of,
                                                       std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// Changes whenever another connection has committed; cheap (PRAGMA data_version).
    [[nodiscard]] std::int64_t data_version() const;

    // ---- provenance
    /// Records a file that an importer has kept in DIR/sources without applying anything of it. The apply functions
    /// record the files they are given themselves.
    void record_source(SourceFile const& source, std::string const& author);

    // ---- sealing
    /// `plain` in a libsodium secretbox under the officer key, its nonce of 24 bytes first; two seals of the same bytes
    /// differ. Nothing stays nothing. Error{environment}: the key is missing, malformed or readable by others.
    [[nodiscard]] std::vector<std::byte> seal(std::string_view plain) const;
    /// What seal() was given. Error{corrupt}: sealed with another key, or damaged since.
    [[nodiscard]] std::string unseal(std::span<std::byte const> sealed) const;

    // ---- addresses
    using AddressPoint = registry::AddressPoint;
    /// Streams rows from `next` (false at the end) into the registry in one transaction, replacing what files of the
    /// same names brought before. `id` must be unique in the import; `village` may be invalid when it is not known.
    std::uint64_t apply_addresses(std::function<bool(AddressPoint&)> const& next, std::string const& author,
                                  std::span<SourceFile const> sources, Progress& progress);
    /// Names that divisions had before `as_of`, as is known now, and do not have on that day: by code, then name.
    struct FormerName {
        DivisionCode code;
        std::string name;
    };
    [[nodiscard]] std::vector<FormerName> former_names(Date as_of) const;
    /// Stands for the imported address points: another one after each import of them, the same until then.
    [[nodiscard]] Digest address_revision() const;

    /// Imported points with this id, and the files they came in.
    [[nodiscard]] std::vector<std::pair<ImportedAddress, AddressPoint>> imported_addresses(std::string const& id) const;

    // ---- what staff add by change sets so that addresses are found
    /// Known at a generation and in force on the day (all days when empty), by division, then id.
    [[nodiscard]] std::vector<DivisionAlias> aliases(std::optional<Date> as_of,
                                                     std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// Likewise, by id. Those that correct an imported point stand in its place.
    [[nodiscard]] std::vector<StaffAddress>
    staff_addresses(std::optional<Date> as_of, std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// Likewise, by id: the points that are not found.
    [[nodiscard]] std::vector<RetiredAddress>
    retired_addresses(std::optional<Date> as_of, std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// All points that hold: the imported ones (undated) that no staff point corrects, in an order of their own, then
    /// those of staff; without the retired ones. Fills the next and returns true, false at the end. Reads while it is
    /// asked: the registry must outlive it; ask in one go.
    [[nodiscard]] std::function<bool(AddressPoint&)>
    addresses(Date as_of, std::optional<GenerationNumber> known_at = std::nullopt) const;
    /// All that was ever recorded of points with this id: the imported ones, then in the order of recording.
    [[nodiscard]] std::vector<AddressFact> address_history(std::string const& id) const;
    /// What a change set recorded, known still or withdrawn since, or what it withdrew; by id.
    enum class Side : std::uint8_t { recorded, withdrawn };
    [[nodiscard]] std::vector<DivisionAlias> aliases_of(std::int64_t change_set, Side side) const;
    [[nodiscard]] std::vector<StaffAddress> staff_addresses_of(std::int64_t change_set, Side side) const;
    [[nodiscard]] std::vector<RetiredAddress> retired_addresses_of(std::int64_t change_set, Side side) const;
    [[nodiscard]] std::vector<AcceptedGap> gaps_of(std::int64_t change_set, Side side) const;

    // ---- generations
    /// Number that the next publish gets.
    [[nodiscard]] GenerationNumber next_generation() const;
    [[nodiscard]] std::optional<Generation> newest_generation() const;
    /// Do applied change sets wait for a publish?
    [[nodiscard]] bool has_draft() const;
    /// The first day on which anything in the open draft begins to hold. Null when there is no draft.
    [[nodiscard]] std::optional<Date> draft_begins() const;
    /// The versions of grids that the open draft records or supersedes, by code; null when they are more than `limit`.
    [[nodiscard]] std::optional<std::vector<DraftVersion>> draft_versions(std::size_t limit) const;
    /// Has an outline come in or been superseded since the newest publish?
    [[nodiscard]] bool outlines_changed_since_publish() const;
    [[nodiscard]] std::vector<Generation> generations() const;
    /// Error{usage} when it is below 1, Error{not_found} when it has not been published.
    void require_published(GenerationNumber known_at) const;
    /// Throws Error{usage} unless `approver` may approve what waits: somebody other than every author of what was not
    /// approved as a change set. May be empty when all of it was.
    void require_approver(std::string const& approver) const;
    /// Closes the draft: records generation next_generation() with this digest. One transaction, audit entry included.
    /// Without an approver those of its change sets stand for it. Error{conflict} when there is no draft, unless what
    /// is published needs no change set; errors of require_approver().
    enum class Publishes { change_sets, addresses };
    Generation publish(std::string const& author, std::string const& approver, Digest const& digest,
                       Publishes what = Publishes::change_sets);

    [[nodiscard]] Counts counts(Date as_of) const;
    /// Recomputes the hash chain of the audit log; empty when it holds, else what broke and where.
    [[nodiscard]] std::optional<std::string> audit_break() const;

private:
    struct Impl;
    explicit Registry(std::unique_ptr<Impl> impl);
    // Within an open transaction.
    std::int64_t write_draft(NewDraft const& draft);
    void write_operations(std::int64_t draft, std::string const& editor, std::span<Operation> operations);
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::registry
