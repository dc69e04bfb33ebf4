#include "state_keeper.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/publish/publisher.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::http {

namespace {

/// A failed build cost much and will mostly fail again.
constexpr std::chrono::seconds kPauseAfterFailedBuild{60};
/// A snapshot that cannot be opened may cost reading it whole; a new one wakes the watch anyway.
constexpr std::chrono::milliseconds kPauseAfterFailedOpen{2000};

/// Ends a build from within when the server stops; what was written aside is cleaned up by the destructors it passes.
class StoppableProgress final : public Progress {
public:
    explicit StoppableProgress(std::atomic<bool> const& stopped) : m_stopped(stopped) {}
    void begin(std::string_view, std::uint64_t, std::string_view) override { check(); }
    void advance(std::uint64_t) override { check(); }
    void end() override { check(); }

private:
    void check() const {
        if (m_stopped) {
            throw Error{ErrorCode::conflict, "the server is stopping; ask again when it is back"};
        }
    }
    std::atomic<bool> const& m_stopped;
};

/// Logs a failure that repeats once, and its end.
class FailureLog {
public:
    explicit FailureLog(std::string_view what) : m_what(what) {}
    void failed(std::string const& message) {
        if (message != m_last) {
            log_error(fmt::format("{}: {}; what was loaded before stays served", m_what, message));
            m_last = message;
        }
    }
    void worked() {
        if (!m_last.empty()) {
            log_info(fmt::format("{}: works again", m_what));
            m_last.clear();
        }
    }

private:
    std::string m_what, m_last;
};

/// Brings the element to the front and returns it; nullptr when there is none.
template <class T, class Predicate>
T* use(std::vector<T>& cache, Predicate&& wanted) {
    auto const found = std::find_if(cache.begin(), cache.end(), wanted);
    if (found == cache.end()) {
        return nullptr;
    }
    std::rotate(cache.begin(), found, std::next(found));
    return &cache.front();
}

template <class T>
void keep(std::vector<T>& cache, T element, std::size_t capacity) {
    cache.insert(cache.begin(), std::move(element));
    if (cache.size() > capacity) {
        cache.pop_back();
    }
}

} // namespace

StateKeeper::StateKeeper(ServerOptions const& options)
    : m_folder(options.folder)
    , m_site_systems(crs::SiteSystems::read_if_there(options.folder.coordinate_systems()))
    , m_reload_every(options.reload_every)
    , m_store(options.folder.snapshots())
    , m_watch(options.folder.snapshots()) {
    reload_snapshot();
    std::promise<void> first;
    auto loaded = first.get_future();
    m_reloader =
        std::jthread{[this, promise = std::move(first)]() mutable { reload_until_stopped(std::move(promise)); }};
    loaded.get();
    m_preparer = std::jthread{[this] { prepare_until_stopped(); }};
    m_watcher = std::jthread{[this] { watch_until_stopped(); }};
}

StateKeeper::~StateKeeper() { stop(); }

void StateKeeper::stop() {
    std::scoped_lock const lock{m_sleep};
    m_stopped = true;
    m_wake.notify_all();
    m_watch.interrupt();
}

bool StateKeeper::sleep() {
    std::unique_lock lock{m_sleep};
    m_wake.wait_for(lock, m_reload_every, [this] { return m_stopped.load(); });
    return !m_stopped;
}

void StateKeeper::reload_snapshot() {
    auto path = m_store.current();
    if (path == m_current_path) {
        return;
    }
    auto const before = m_current.get();
    auto const next = path ? m_store.open_current() : nullptr;
    bool const first_look = !m_looked;
    m_looked = true;
    m_current_path = std::move(path);
    m_current.set(next);
    {
        std::scoped_lock const lock{m_mutex};
        m_retired.insert(m_retired.end(), m_dated_snapshots.begin(), m_dated_snapshots.end());
        m_dated_snapshots.clear(); // of the generation before
        m_addresses.clear();
    }
    m_retired.push_back(before);
    if (next && before) {
        log_info(fmt::format("serving generation {}, {} grids", next->generation(), next->grid_count()));
    } else if (next && !first_look) {
        log_info(fmt::format("ready: generation {}, {} grids", next->generation(), next->grid_count()));
    }
}

void StateKeeper::watch_until_stopped() {
    FailureLog failures{"the published snapshot cannot be taken over"};
    auto pause = m_reload_every;
    while (!m_stopped) {
        m_watch.wait(pause);
        if (m_stopped) {
            return;
        }
        try {
            reload_snapshot();
            failures.worked();
            pause = m_reload_every;
        } catch (std::exception const& error) {
            failures.failed(error.what());
            pause = std::max(m_reload_every, kPauseAfterFailedOpen);
        }
        // Unmapping takes milliseconds, which no request shall wait for: the last reference is dropped here.
        std::erase_if(m_retired, [](SnapshotPtr const& old) { return !old || old.use_count() == 1; });
    }
}

void StateKeeper::reload_until_stopped(std::promise<void> first) {
    FailureLog roster_log{"the duty roster cannot be reloaded"};
    std::optional<registry::Registry> watched; // SQLite's data_version means something on one connection only
    std::optional<std::int64_t> version;
    bool loaded = false;
    do {
        try {
            if (!watched) {
                watched.emplace(registry::Registry::open(m_folder, registry::Registry::Mode::read));
                version.reset();
            }
            auto const now = watched->data_version();
            auto const today = Date::today();
            if (version != now) {
                std::scoped_lock const lock{m_mutex};
                ++m_roster_epoch;
                m_dated_rosters.clear();
            }
            if (version != now || m_today.asked.day != today) {
                auto roster = std::make_shared<lookup::DutyRoster const>(watched->duty_entries(today));
                std::scoped_lock const lock{m_mutex};
                m_today = {{today, std::nullopt}, std::move(roster)};
            }
            version = now; // read before the entries: a commit in between is seen at the next look
            roster_log.worked();
        } catch (std::exception const& error) {
            if (!loaded) {
                first.set_exception(std::current_exception());
                return;
            }
            watched.reset();
            roster_log.failed(error.what());
        }
        if (!loaded) {
            loaded = true;
            first.set_value();
        }
    } while (sleep());
}

/// A change scheduled for tomorrow is ready before its midnight, and today's when CURRENT was made for another day.
void StateKeeper::prepare_until_stopped() {
    FailureLog failures{"the state of the next day cannot be made ready"};
    auto not_before = std::chrono::steady_clock::time_point::min();
    while (sleep()) {
        if (!m_current.get() || std::chrono::steady_clock::now() < not_before) {
            continue;
        }
        try {
            auto const today = Date::today();
            if (!find({today, {}})) {
                static_cast<void>(obtain({today, {}}));
            }
            if (!find_snapshot({today.next(), {}})) {
                static_cast<void>(obtain({today.next(), {}}));
            }
            failures.worked();
        } catch (std::exception const& error) {
            if (!m_stopped) {
                failures.failed(error.what());
            }
            not_before = std::chrono::steady_clock::now() + kPauseAfterFailedBuild;
        }
    }
}

Asked StateKeeper::resolved(Asked const& asked) const {
    auto const current = m_current.get();
    return asked.known_at && current && *asked.known_at == current->generation() ? Asked{asked.day, std::nullopt}
                                                                                 : asked;
}

StateKeeper::SnapshotPtr StateKeeper::find_snapshot(Asked const& asked) {
    auto const current = m_current.get();
    if (!current) {
        return nullptr;
    }
    auto const fits = [&](SnapshotPtr const& s) {
        return s->generation() == asked.known_at.value_or(current->generation()) && s->unchanged().holds(asked.day);
    };
    if (fits(current)) {
        return current;
    }
    std::scoped_lock const lock{m_mutex};
    auto* const found = use(m_dated_snapshots, fits);
    return found != nullptr ? *found : nullptr;
}

StateKeeper::RosterPtr StateKeeper::find_roster(Asked const& asked) {
    std::scoped_lock const lock{m_mutex};
    if (m_today.roster && m_today.asked == asked) {
        return m_today.roster;
    }
    auto* const found = use(m_dated_rosters, [&](DatedRoster const& r) { return r.asked == asked; });
    return found != nullptr ? found->roster : nullptr;
}

std::optional<Served> StateKeeper::find(Asked const& asked) {
    auto const wanted = resolved(asked);
    Served served{find_snapshot(wanted), nullptr, nullptr};
    if (served.snapshot) {
        served.roster = find_roster(wanted);
        served.addresses = addresses_of(served.snapshot);
    }
    return served.roster ? std::optional{std::move(served)} : std::nullopt;
}

Served StateKeeper::obtain(Asked const& asked) {
    std::scoped_lock const build{m_build};
    StoppableProgress progress{m_stopped};
    progress.begin("", 0, "");
    auto const wanted = resolved(asked);
    Served served{find_snapshot(wanted), find_roster(wanted), nullptr};
    if (!served.snapshot) {
        served.snapshot = publish::snapshot_as_of(m_folder, wanted.day, wanted.known_at, progress);
        std::scoped_lock const lock{m_mutex};
        keep(m_dated_snapshots, served.snapshot, kDatedSnapshots);
    }
    if (!served.roster) {
        served.roster = load_roster(wanted);
    }
    served.addresses = addresses_of(served.snapshot);
    return served;
}

StateKeeper::PoolPtr StateKeeper::addresses_of(SnapshotPtr const& snapshot) {
    std::scoped_lock const lock{m_mutex};
    auto* const found = use(m_addresses, [&](Addresses const& a) { return a.of == snapshot.get(); });
    if (found != nullptr) {
        return found->pool;
    }
    PoolPtr pool;
    try {
        if (lookup::has_addresses(*snapshot)) {
            pool = std::make_shared<lookup::GeocoderPool>(snapshot, lookup::address_index_of(*snapshot));
        }
    } catch (Error const& error) { // positions are answered all the same
        log_error(fmt::format("no addresses are served: {}", error.what()));
    }
    keep(m_addresses, Addresses{snapshot.get(), pool}, kDatedSnapshots + 1);
    return pool;
}

StateKeeper::RosterPtr StateKeeper::load_roster(Asked const& asked) {
    auto const epoch = [this] {
        std::scoped_lock const lock{m_mutex};
        return m_roster_epoch;
    };
    auto const before = epoch();
    auto const registry = registry::Registry::open(m_folder, registry::Registry::Mode::read);
    auto roster = std::make_shared<lookup::DutyRoster const>(registry.duty_entries(asked.day, asked.known_at));
    std::scoped_lock const lock{m_mutex};
    if (m_roster_epoch == before) { // otherwise it may already be old: good for this answer, not for later ones
        keep(m_dated_rosters, DatedRoster{asked, roster}, kDatedRosters);
    }
    return roster;
}

} // namespace wangge::http
