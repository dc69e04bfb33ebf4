#include "address_file.hpp"
#include "coverage_rules.hpp"
#include "publish_steps.hpp"
#include "snapshot_content.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>
#include <wangge/publish/publisher.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <span>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace wangge::publish {

namespace {

namespace fs = std::filesystem;
using registry::Registry;
using snapshot::Snapshot;
using snapshot::SnapshotStore;

constexpr std::size_t kKeptSnapshots = 2;
/// Beyond so many changed versions everything is read, checked and built at once: that costs no more then.
constexpr std::size_t kFewVersions = 5000;

/// The snapshot in `folder`; null when there is none or it is not whole.
std::shared_ptr<Snapshot const> open_if_whole(fs::path const& folder) {
    try {
        return Snapshot::open(folder);
    } catch (Error const& error) {
        if (error.code() == ErrorCode::not_found || error.code() == ErrorCode::corrupt) {
            return nullptr;
        }
        throw;
    }
}

void remove_folder(fs::path const& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be removed: {}", folder.string(), error.message())};
    }
}

/// Folders of `root` whose name says that they hold `generation`, sorted.
std::vector<fs::path> folders_of(fs::path const& root, GenerationNumber generation) {
    auto const prefix = fmt::format("g{}-", generation);
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it{root, error}, end; !error && it != end; it.increment(error)) {
        auto const name = it->path().filename().string();
        // No ".new-PID" nor ".old-PID": a published name has no dot.
        if (name.starts_with(prefix) && name.find('.') == std::string::npos) {
            found.push_back(it->path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

fs::path as_of_root(registry::DataFolder const& folder) { return folder.snapshots() / "as-of"; }

void make_folders(fs::path const& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be made: {}", folder.string(), error.message())};
    }
}

/// Readers that need the snapshot of another day at the same time build it one after the other: the second finds it
/// there.
class BuildTurn {
public:
    explicit BuildTurn(fs::path const& file) : m_fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
        int locked = m_fd < 0 ? -1 : ::flock(m_fd, LOCK_EX);
        while (m_fd >= 0 && locked != 0 && errno == EINTR) {
            locked = ::flock(m_fd, LOCK_EX);
        }
        if (locked != 0) {
            auto const reason = std::generic_category().message(errno);
            if (m_fd >= 0) {
                ::close(m_fd);
            }
            throw Error{ErrorCode::environment, fmt::format("{}: cannot be locked: {}", file.string(), reason)};
        }
    }
    ~BuildTurn() { ::close(m_fd); }
    BuildTurn(BuildTurn const&) = delete;
    BuildTurn& operator=(BuildTurn const&) = delete;

private:
    int m_fd;
};

/// Takes away all but the snapshots of other states that were used last, and what killed builders left.
void prune_as_of(registry::DataFolder const& folder) {
    SnapshotStore{as_of_root(folder)}.prune(std::numeric_limits<std::size_t>::max());
    std::error_code error;
    std::vector<std::pair<fs::file_time_type, fs::path>> by_use;
    for (fs::directory_iterator it{as_of_root(folder), error}, end; !error && it != end; it.increment(error)) {
        std::error_code gone; // another process prunes too
        auto const used = fs::last_write_time(it->path(), gone);
        if (!gone && it->path().filename().string().find(".new-") == std::string::npos) {
            by_use.emplace_back(used, it->path());
        }
    }
    std::sort(by_use.begin(), by_use.end(), std::greater<>{});
    for (auto i = kKeptStates; i < by_use.size(); ++i) {
        remove_folder(by_use[i].second);
    }
}

/// A folder that cannot be written to is not marked; then others go before it is used again, no more.
void mark_used(fs::path const& folder) {
    std::error_code ignored;
    fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored);
}

/// A whole snapshot of `generation` that holds the facts of `day`, among the published ones and those built for other
/// dates.
std::shared_ptr<Snapshot const> find_snapshot(registry::DataFolder const& folder, GenerationNumber generation,
                                              Date day) {
    for (auto const& root : {folder.snapshots(), as_of_root(folder)}) {
        for (auto const& candidate : folders_of(root, generation)) {
            auto snapshot = open_if_whole(candidate);
            if (snapshot && snapshot->generation() == generation && snapshot->unchanged().holds(day)) {
                if (root != folder.snapshots()) {
                    mark_used(candidate);
                }
                return snapshot;
            }
        }
    }
    return nullptr;
}

/// The coverage rules hold on every day on which anything known now changes, from the first day that the draft touches
/// on. That day may lie before the day of `state` (a correction of the past, a snapshot of a day to come).
std::vector<Problem> check_from_then_on(Registry const& registry, registry::State const& state, Progress& progress) {
    auto const outlines = registry.outlines();
    auto const accepted = registry.accepted_gaps(std::nullopt);
    /// The first day after `day` on which something known, or what is accepted, changes.
    auto const next_day = [&](Date day, DateInterval unchanged) {
        auto next = unchanged.to;
        for (auto const& gap : accepted) {
            for (auto const bound : {gap.valid.from, gap.valid.to}) {
                next = bound > day ? std::min(next, bound) : next;
            }
        }
        return next;
    };
    auto settled = state.unchanged.from; // from then on it is as on the day of `state`
    for (auto const& gap : accepted) {
        for (auto const bound : {gap.valid.from, gap.valid.to}) {
            settled = bound <= state.as_of ? std::max(settled, bound) : settled;
        }
    }
    auto earlier_day = registry.draft_begins().value_or(state.as_of);
    while (earlier_day < settled) {
        auto const earlier = registry.state(earlier_day, std::nullopt, progress);
        if (!earlier.grids.empty()) {
            static_cast<void>(require_coverage(earlier, outlines, accepted, progress));
        }
        auto const next = next_day(earlier_day, earlier.unchanged);
        if (next <= earlier_day) {
            break;
        }
        earlier_day = next;
    }
    auto warnings = require_coverage(state, outlines, accepted, progress);
    auto day = next_day(state.as_of, state.unchanged);
    while (day < kForever) {
        auto const later = registry.state(day, std::nullopt, progress);
        static_cast<void>(require_coverage(later, outlines, accepted, progress));
        auto const next = next_day(day, later.unchanged);
        if (next <= day) {
            break;
        }
        day = next;
    }
    return warnings;
}

std::vector<Problem> without_grids(registry::State const& state) {
    std::unordered_set<DivisionCode> with_grids;
    for (auto const& grid : state.grids) {
        with_grids.insert(grid.village);
    }
    return villages_without_grids(state.divisions, with_grids);
}

void require_grids(registry::State const& state) {
    if (state.grids.empty()) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("there are no grids on {}; import boundaries (wangge import boundaries), then publish",
                                state.as_of.str())};
    }
}

/// A whole snapshot from which that of another state is made, and how that state differs from its own.
struct Predecessor {
    std::shared_ptr<Snapshot const> snapshot;
    registry::Difference difference;
};

/// What CURRENT names; empty when it is missing or damaged, which a publish mends.
std::optional<fs::path> named_by_current(SnapshotStore const& store) {
    try {
        return store.current();
    } catch (Error const& error) {
        if (error.code() != ErrorCode::corrupt) {
            throw;
        }
        return std::nullopt;
    }
}

/// What CURRENT names; null when there is none or it is not whole.
std::shared_ptr<Snapshot const> current_if_whole(registry::DataFolder const& folder) {
    auto const current = named_by_current(SnapshotStore{folder.snapshots()});
    return current ? open_if_whole(*current) : nullptr;
}

/// What CURRENT names, when it is the newest generation, whole, and not far from `after`.
std::optional<Predecessor> find_predecessor(registry::DataFolder const& folder, Registry const& registry,
                                            registry::StateName const& after) {
    auto const newest = registry.newest_generation();
    auto snapshot = newest ? current_if_whole(folder) : nullptr;
    if (!snapshot || snapshot->generation() != newest->number || snapshot->digest() != newest->digest) {
        return std::nullopt;
    }
    auto difference = registry.difference({snapshot->as_of(), newest->number}, after, kFewVersions);
    if (!difference || difference->divisions_differ) {
        return std::nullopt;
    }
    return Predecessor{std::move(snapshot), std::move(*difference)};
}

/// The draft on its way to a snapshot: from the one before and what changed where that can be, else from everything.
class Publication {
public:
    Publication(registry::DataFolder const& folder, Registry const& registry, Date as_of, AddressFile& addresses,
                Progress& progress)
        : m_folder(folder)
        , m_registry(registry)
        , m_addresses(addresses)
        , m_progress(progress)
        , m_state_name{as_of, registry.next_generation()}
        , m_predecessor(find_predecessor(folder, registry, m_state_name)) {}

    /// Throws Error{data_rejected} when the coverage rules do not hold.
    void check() {
        if (check_changes()) {
            return;
        }
        m_checked_whole = true;
        load_state();
        require_grids(*m_state);
        m_coverage_warnings = check_from_then_on(m_registry, *m_state, m_progress);
        m_notes = to_notes(m_coverage_warnings);
        m_without_grids = without_grids(*m_state);
        m_grids = m_state->grids.size();
    }

    [[nodiscard]] std::vector<Problem> take_warnings() {
        return joined(std::move(m_coverage_warnings), std::move(m_without_grids));
    }
    [[nodiscard]] std::size_t grids() const noexcept { return m_grids; }
    [[nodiscard]] bool checked_whole() const noexcept { return m_checked_whole; }
    [[nodiscard]] bool built_whole() const noexcept { return !m_predecessor; }
    [[nodiscard]] DateInterval unchanged() const {
        return m_predecessor ? m_predecessor->difference.unchanged : m_state->unchanged;
    }

    [[nodiscard]] Digest digest() {
        return from_predecessor(
            [&](Snapshot const& before, snapshot::Update&& update) { return content_digest(before, update); },
            [&](snapshot::Content&& content) { return content_digest(content); });
    }
    /// Writes the folder and returns the content digest.
    Digest write(fs::path const& target) {
        return from_predecessor(
            [&](Snapshot const& before, snapshot::Update&& update) {
                update.addresses = m_addresses.file(divisions_of(before), update.as_of, std::nullopt, &before);
                return update_snapshot(before, update, target, m_progress);
            },
            [&](snapshot::Content&& content) {
                auto const current = current_if_whole(m_folder);
                content.addresses = m_addresses.file(content.divisions, content.as_of, std::nullopt, current.get());
                return write_snapshot(content, target, m_progress);
            });
    }

private:
    /// Does what changed leave everything else as a published state had it? Then nothing else need be looked at.
    [[nodiscard]] bool check_changes() {
        if (!m_predecessor || m_registry.outlines_changed_since_publish() || m_registry.accepted_gaps_in_draft()) {
            return false;
        }
        auto const versions = m_registry.draft_versions(kFewVersions);
        if (!versions || !keeps_coverage(*versions)) {
            return false;
        }
        // The warnings are those of the day of the snapshot before, if the two days have the same ground covered.
        auto const& before = *m_predecessor->snapshot;
        auto const& difference = m_predecessor->difference;
        std::vector<geom::MultiPolygon> old_shapes;
        std::vector<std::uint32_t> grids_of_village(before.division_count());
        for (snapshot::GridId id = 0; id < before.grid_count(); ++id) {
            ++grids_of_village[before.grid(id).village];
        }
        m_grids = before.grid_count();
        auto const take_out = [&](GridCode const& code) {
            if (auto const id = before.find_grid(code)) {
                old_shapes.push_back(before.shape(*id));
                --grids_of_village[before.grid(*id).village];
                --m_grids;
            }
        };
        std::vector<geom::MultiPolygon const*> new_shapes;
        for (auto const& grid : difference.put) {
            take_out(grid.code);
            new_shapes.push_back(&grid.shape);
            if (auto const village = before.find_division(grid.village)) {
                ++grids_of_village[*village];
            }
            ++m_grids;
        }
        std::for_each(difference.gone.begin(), difference.gone.end(), take_out);
        std::vector<geom::MultiPolygon const*> old_pointers;
        for (auto const& shape : old_shapes) {
            old_pointers.push_back(&shape);
        }
        if (m_grids == 0 || !same_edges(old_pointers, new_shapes)) {
            return false;
        }
        m_notes = before.notes();
        try {
            m_coverage_warnings = from_notes(m_notes);
        } catch (Error const&) {
            return false; // it was built without a check
        }
        m_without_grids = villages_without(before, grids_of_village);
        return true;
    }

    static std::vector<Problem> villages_without(Snapshot const& snapshot,
                                                 std::span<std::uint32_t const> grids_of_village) {
        std::vector<registry::Division> divisions;
        std::unordered_set<DivisionCode> with_grids;
        for (snapshot::DivisionId id = 0; id < snapshot.division_count(); ++id) {
            auto const d = snapshot.division(id);
            divisions.push_back(
                {d.code,
                 std::string{d.name},
                 d.level,
                 d.parent == snapshot::kNoDivision ? std::nullopt : std::optional{snapshot.division(d.parent).code},
                 {}});
            if (grids_of_village[id] != 0) {
                with_grids.insert(d.code);
            }
        }
        return villages_without_grids(divisions, with_grids);
    }

    void load_state() {
        if (!m_state) {
            m_state = m_registry.state(m_state_name.as_of, std::nullopt, m_progress);
        }
    }

    template <class FromUpdate, class FromContent>
    Digest from_predecessor(FromUpdate&& from_update, FromContent&& from_content) {
        if (m_predecessor) {
            try {
                return from_update(*m_predecessor->snapshot,
                                   update_of(m_predecessor->difference, m_state_name, m_notes));
            } catch (Error const& error) {
                if (error.code() != ErrorCode::corrupt) {
                    throw;
                }
                log_error(fmt::format("{}; the next one is built from the registry alone", error.what()));
            }
            m_predecessor.reset();
            check();
        }
        load_state();
        return from_content(content_of(*m_state, m_state_name.known_at, m_notes));
    }

    registry::DataFolder const& m_folder;
    Registry const& m_registry;
    AddressFile& m_addresses;
    Progress& m_progress;
    registry::StateName m_state_name;
    std::optional<Predecessor> m_predecessor;
    std::optional<registry::State> m_state; ///< when everything had to be read
    std::string m_notes;
    std::vector<Problem> m_coverage_warnings, m_without_grids;
    std::size_t m_grids = 0;
    bool m_checked_whole = false;
};

/// Tells the observer of steps, and the result how long each took.
class StepClock {
public:
    StepClock(PublishResult& result, StepObserver const& observer) : m_result(result), m_observer(observer) {}
    void operator()(Step step) {
        static constexpr std::array<char const*, std::size(kSteps)> kNames{"open",   "check", "clean", "snapshot",
                                                                           "record", "serve", "sync",  "prune"};
        auto const now = std::chrono::steady_clock::now();
        m_result.seconds.emplace_back(kNames.at(static_cast<std::size_t>(step)),
                                      std::chrono::duration<double>(now - m_last).count());
        m_last = now;
        m_observer(step);
    }

private:
    PublishResult& m_result;
    StepObserver const& m_observer;
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
};

/// Whole snapshots of a published generation, among those to be served.
std::vector<std::shared_ptr<Snapshot const>> whole_ones(registry::DataFolder const& folder,
                                                        GenerationNumber generation) {
    std::vector<std::shared_ptr<Snapshot const>> whole;
    for (auto const& candidate : folders_of(folder.snapshots(), generation)) {
        auto snapshot = open_if_whole(candidate);
        if (snapshot && snapshot->generation() == generation) {
            whole.push_back(std::move(snapshot));
        }
    }
    return whole;
}

/// Readers find what is current now; makes it last, and takes away what nobody needs any more.
void settle(registry::DataFolder const& folder, SnapshotStore const& store, Progress& progress, StepClock& observer) {
    observer(Step::current_set);
    store.sync(progress);
    observer(Step::synced);
    store.prune(kKeptSnapshots);
    prune_as_of(folder);
    observer(Step::pruned);
}

/// Nothing waits in the draft: makes sure that readers find a snapshot of the newest generation that holds on `as_of`.
void repair_published(registry::DataFolder const& folder, Registry const& registry, registry::Generation const& newest,
                      Date as_of, AddressFile& addresses, Progress& progress, StepClock& observer,
                      PublishResult& result) {
    SnapshotStore const store{folder.snapshots()};
    result.generation = newest;
    result.unchanged = true;

    std::shared_ptr<Snapshot const> whole;
    for (auto const& snapshot : whole_ones(folder, newest.number)) {
        if (snapshot->unchanged().holds(as_of)) {
            whole = snapshot;
            break;
        }
    }
    auto const state = registry.state(as_of, std::nullopt, progress);
    require_grids(state);
    auto coverage_warnings = check_from_then_on(registry, state, progress);
    result.checked_whole = true;
    observer(Step::checked);
    result.grids = state.grids.size();
    result.folder = whole ? whole->folder() : store.folder_of(newest.number, as_of);
    if (!whole) {
        remove_folder(result.folder);
        observer(Step::leftovers_removed);
        result.built_whole = true;
        auto content = content_of(state, newest.number, to_notes(coverage_warnings));
        auto const current = current_if_whole(folder);
        content.addresses = addresses.file(content.divisions, as_of, std::nullopt, current.get());
        static_cast<void>(snapshot::write_snapshot(content, result.folder, progress));
        result.addresses_built = addresses.built();
    }
    result.warnings = joined(std::move(coverage_warnings), without_grids(state));
    observer(Step::snapshot_written);
    auto const current = named_by_current(store);
    if (!current || current->filename() != result.folder.filename()) {
        store.set_current(result.folder);
    }
    settle(folder, store, progress, observer);
}

} // namespace

PublishResult publish_in_steps(registry::DataFolder const& folder, Date as_of, std::string const& author,
                               std::string const& approver, Progress& progress, StepObserver const& step_observer) {
    PublishResult result;
    StepClock observer{result, step_observer};
    auto registry = Registry::open(folder, Registry::Mode::write);
    make_folders(folder.snapshots());
    observer(Step::opened);
    AddressFile addresses{folder, registry, progress};
    bool const draft = registry.has_draft();
    if (auto const newest = registry.newest_generation(); newest && !draft) {
        // Where no snapshot of it is whole, one is built of what is known now, addresses included.
        auto const whole = whole_ones(folder, newest->number);
        if (whole.empty() || std::any_of(whole.begin(), whole.end(),
                                         [&](auto const& snapshot) { return addresses.is_current(*snapshot); })) {
            repair_published(folder, registry, *newest, as_of, addresses, progress, observer, result);
            return result;
        }
    }

    registry.require_approver(approver);
    Publication publication{folder, registry, as_of, addresses, progress};
    publication.check();
    observer(Step::checked);

    SnapshotStore const store{folder.snapshots()};
    auto const number = registry.next_generation();
    result.folder = store.folder_of(number, as_of);
    // This generation was never recorded, so nobody reads what a publish that was cut off left under its number.
    std::optional<Digest> digest;
    for (auto const& leftover : folders_of(folder.snapshots(), number)) {
        auto const snapshot = leftover.filename() == result.folder.filename() ? open_if_whole(leftover) : nullptr;
        if (snapshot && snapshot->digest() == publication.digest() && snapshot->generation() == number &&
            snapshot->as_of() == as_of && snapshot->unchanged() == publication.unchanged() &&
            addresses.is_current(*snapshot)) {
            digest = snapshot->digest();
        } else {
            remove_folder(leftover);
        }
    }
    observer(Step::leftovers_removed);
    if (!digest) {
        digest = publication.write(result.folder);
    }
    result.checked_whole = publication.checked_whole();
    result.built_whole = publication.built_whole();
    result.addresses_built = addresses.built();
    result.grids = publication.grids();
    result.warnings = publication.take_warnings();
    observer(Step::snapshot_written);
    result.generation = registry.publish(author, approver, *digest,
                                         draft ? Registry::Publishes::change_sets : Registry::Publishes::addresses);
    observer(Step::generation_recorded);
    store.set_current(result.folder);
    settle(folder, store, progress, observer);
    return result;
}

PublishResult publish(registry::DataFolder const& folder, Date as_of, std::string const& author,
                      std::string const& approver, Progress& progress) {
    return publish_in_steps(folder, as_of, author, approver, progress, [](Step) {});
}

namespace {

/// Whoever built a snapshot of another day may have been killed before it was on the disk, and beside its addresses.
void finish_if_left(registry::DataFolder const& folder, Snapshot const& snapshot, Progress& progress) {
    if (snapshot.folder().parent_path() == as_of_root(folder) && ::access(snapshot.folder().c_str(), W_OK) == 0) {
        snapshot::sync_snapshot(snapshot.folder(), progress);
        AddressFile::remove_left_over(folder);
    }
}

} // namespace

std::shared_ptr<Snapshot const> snapshot_as_of(registry::DataFolder const& folder, Date as_of,
                                               std::optional<GenerationNumber> known_at, Progress& progress) {
    auto const registry = Registry::open(folder, Registry::Mode::read);
    auto const newest = registry.newest_generation();
    if (!newest) {
        throw Error{ErrorCode::not_found,
                    fmt::format("{}: nothing has been published yet; run wangge publish", folder.root.string())};
    }
    registry::StateName const wanted{as_of, known_at.value_or(newest->number)};
    registry.require_published(wanted.known_at);
    if (auto found = find_snapshot(folder, wanted.known_at, as_of)) {
        finish_if_left(folder, *found, progress);
        return found;
    }
    BuildTurn const turn{folder.root / "as-of.lock"};
    if (auto found = find_snapshot(folder, wanted.known_at, as_of)) { // another process has built it meanwhile
        return found;
    }
    auto const target = as_of_root(folder) / fmt::format("g{}-{}", wanted.known_at, as_of.str());
    make_folders(target.parent_path());
    remove_folder(target); // not whole, else it would have been found
    AddressFile addresses{folder, registry, progress};
    auto const current = current_if_whole(folder);
    // Imported points that wait for a publish are nobody's yet: then it is the file that was published last, as it is.
    bool const published = current && addresses.is_current(*current, newest->number);
    auto const addresses_for = [&](std::vector<AddressDivision> const& divisions) {
        return published ? std::optional{addresses.file(divisions, as_of, wanted.known_at, current.get())}
               : current ? current->addresses()
                         : std::nullopt;
    };
    bool written = false;
    if (auto const before = find_predecessor(folder, registry, wanted)) {
        try {
            auto update = update_of(before->difference, wanted, {});
            update.addresses = addresses_for(divisions_of(*before->snapshot));
            static_cast<void>(snapshot::update_snapshot(*before->snapshot, update, target, progress));
            written = true;
        } catch (Error const& error) {
            if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found) { // pruned meanwhile
                throw;
            }
        }
    }
    if (!written) {
        auto const state = registry.state(as_of, wanted.known_at, progress);
        auto content = content_of(state, wanted.known_at, {});
        content.addresses = addresses_for(content.divisions);
        static_cast<void>(snapshot::write_snapshot(content, target, progress));
    }
    snapshot::sync_snapshot(target, progress);
    auto built = Snapshot::open(target);
    mark_used(target);
    prune_as_of(folder);
    return built;
}

} // namespace wangge::publish
