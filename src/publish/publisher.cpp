#include "coverage_rules.hpp"
#include "publish_steps.hpp"
#include "snapshot_content.hpp"

#include <wangge/base/error.hpp>
#include <wangge/publish/publisher.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace wangge::publish {

namespace {

namespace fs = std::filesystem;
using registry::Registry;
using snapshot::Snapshot;
using snapshot::SnapshotStore;

constexpr std::size_t kKeptSnapshots = 2;

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
        if (name.starts_with(prefix) && name.find(".new-") == std::string::npos) {
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

/// Snapshots of other dates were built from the generation that was newest then; newer ones take their place.
void prune_as_of(registry::DataFolder const& folder, GenerationNumber newest) {
    std::error_code error;
    std::vector<fs::path> old;
    auto const kept = fmt::format("g{}-", newest);
    for (fs::directory_iterator it{as_of_root(folder), error}, end; !error && it != end; it.increment(error)) {
        if (!it->path().filename().string().starts_with(kept)) {
            old.push_back(it->path());
        }
    }
    std::for_each(old.begin(), old.end(), remove_folder);
}

/// A whole snapshot of `generation` that holds the facts of `day`, among the published ones and those built for other
/// dates.
std::shared_ptr<Snapshot const> find_snapshot(registry::DataFolder const& folder, GenerationNumber generation,
                                              Date day) {
    for (auto const& root : {folder.snapshots(), as_of_root(folder)}) {
        for (auto const& candidate : folders_of(root, generation)) {
            auto snapshot = open_if_whole(candidate);
            if (snapshot && snapshot->generation() == generation && snapshot->unchanged().holds(day)) {
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
    auto earlier_day = registry.draft_begins().value_or(state.as_of);
    while (earlier_day < state.unchanged.from) {
        auto const earlier = registry.state(earlier_day, std::nullopt, progress);
        if (!earlier.grids.empty()) {
            static_cast<void>(require_coverage(earlier, outlines, progress));
        }
        if (earlier.unchanged.to <= earlier_day) {
            break;
        }
        earlier_day = earlier.unchanged.to;
    }
    auto warnings = require_coverage(state, outlines, progress);
    auto day = state.unchanged.to;
    while (day < kForever) {
        auto const later = registry.state(day, std::nullopt, progress);
        static_cast<void>(require_coverage(later, outlines, progress));
        if (later.unchanged.to <= day) {
            break;
        }
        day = later.unchanged.to;
    }
    auto empty = villages_without_grids(state);
    // A county without any grid is said once, as such; that its outline is not filled goes without saying.
    std::erase_if(warnings, [&](Problem const& warning) {
        return warning.code == ProblemCode::county_not_filled &&
               std::any_of(empty.begin(), empty.end(), [&](Problem const& other) {
                   return std::includes(other.subjects.begin(), other.subjects.end(), warning.subjects.begin(),
                                        warning.subjects.end());
               });
    });
    std::move(empty.begin(), empty.end(), std::back_inserter(warnings));
    return warnings;
}

void require_grids(registry::State const& state) {
    if (state.grids.empty()) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("there are no grids on {}; import boundaries (wangge import boundaries), then publish",
                                state.as_of.str())};
    }
}

/// Nothing waits in the draft: makes sure that readers find a snapshot of the newest generation that holds on `as_of`.
PublishResult repair_published(registry::DataFolder const& folder, Registry const& registry,
                               registry::Generation const& newest, Date as_of, Progress& progress,
                               StepObserver const& observer) {
    SnapshotStore const store{folder.snapshots()};
    PublishResult result;
    result.generation = newest;
    result.unchanged = true;

    std::shared_ptr<Snapshot const> whole;
    for (auto const& candidate : folders_of(folder.snapshots(), newest.number)) {
        auto snapshot = open_if_whole(candidate);
        if (snapshot && snapshot->generation() == newest.number && snapshot->unchanged().holds(as_of)) {
            whole = std::move(snapshot);
            break;
        }
    }
    auto const state = registry.state(as_of, std::nullopt, progress);
    require_grids(state);
    result.warnings = check_from_then_on(registry, state, progress);
    observer(Step::checked);
    result.grids = state.grids.size();
    result.folder = whole ? whole->folder() : store.folder_of(newest.number, as_of);
    if (!whole) {
        remove_folder(result.folder);
        observer(Step::leftovers_removed);
        static_cast<void>(snapshot::write_snapshot(content_of(state, newest.number), result.folder, progress));
    }
    observer(Step::snapshot_written);
    auto const current = store.current();
    if (!current || current->filename() != result.folder.filename()) {
        store.set_current(result.folder);
    }
    observer(Step::current_set);
    store.prune(kKeptSnapshots);
    prune_as_of(folder, newest.number);
    observer(Step::pruned);
    return result;
}

} // namespace

PublishResult publish_in_steps(registry::DataFolder const& folder, Date as_of, std::string const& author,
                               std::string const& approver, Progress& progress, StepObserver const& observer) {
    auto registry = Registry::open(folder, Registry::Mode::write);
    make_folders(folder.snapshots());
    observer(Step::opened);
    if (auto const newest = registry.newest_generation(); newest && !registry.counts(as_of).draft) {
        return repair_published(folder, registry, *newest, as_of, progress, observer);
    }

    auto const state = registry.state(as_of, std::nullopt, progress);
    require_grids(state);
    PublishResult result;
    result.warnings = check_from_then_on(registry, state, progress);
    result.grids = state.grids.size();
    observer(Step::checked);

    SnapshotStore const store{folder.snapshots()};
    auto const number = registry.next_generation();
    auto const content = content_of(state, number);
    auto const digest = snapshot::content_digest(content);
    result.folder = store.folder_of(number, as_of);
    // This generation was never recorded, so nobody reads what a publish that was cut off left under its number.
    bool reusable = false;
    for (auto const& leftover : folders_of(folder.snapshots(), number)) {
        auto const snapshot = leftover.filename() == result.folder.filename() ? open_if_whole(leftover) : nullptr;
        if (snapshot && snapshot->digest() == digest && snapshot->generation() == number &&
            snapshot->as_of() == as_of && snapshot->unchanged() == state.unchanged) {
            reusable = true;
        } else {
            remove_folder(leftover);
        }
    }
    observer(Step::leftovers_removed);
    if (!reusable) {
        static_cast<void>(snapshot::write_snapshot(content, result.folder, progress));
    }
    observer(Step::snapshot_written);
    result.generation = registry.publish(author, approver, digest);
    observer(Step::generation_recorded);
    store.set_current(result.folder);
    observer(Step::current_set);
    store.prune(kKeptSnapshots);
    prune_as_of(folder, result.generation.number);
    observer(Step::pruned);
    return result;
}

PublishResult publish(registry::DataFolder const& folder, Date as_of, std::string const& author,
                      std::string const& approver, Progress& progress) {
    return publish_in_steps(folder, as_of, author, approver, progress, [](Step) {});
}

std::shared_ptr<Snapshot const> snapshot_as_of(registry::DataFolder const& folder, Date as_of, Progress& progress) {
    auto const registry = Registry::open(folder, Registry::Mode::read);
    auto const newest = registry.newest_generation();
    if (!newest) {
        throw Error{ErrorCode::not_found,
                    fmt::format("{}: nothing has been published yet; run wangge publish", folder.root.string())};
    }
    if (auto found = find_snapshot(folder, newest->number, as_of)) {
        return found;
    }
    BuildTurn const turn{folder.root / "as-of.lock"};
    if (auto found = find_snapshot(folder, newest->number, as_of)) { // another process has built it meanwhile
        return found;
    }
    auto const state = registry.state(as_of, newest->number, progress);
    auto const target = as_of_root(folder) / fmt::format("g{}-{}", newest->number, as_of.str());
    make_folders(target.parent_path());
    remove_folder(target); // not whole, else it would have been found
    static_cast<void>(snapshot::write_snapshot(content_of(state, newest->number), target, progress));
    return Snapshot::open(target);
}

} // namespace wangge::publish
