#pragma once

#include "folder_watch.hpp"
#include "states.hpp"

#include <wangge/http/server.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace wangge::http {

/**
 * The states a data folder holds, kept fresh: what CURRENT names and today's roster are always at hand; those of other
 * dates and generations are opened or built when asked for and kept while used. Other threads: one takes a new CURRENT
 * over as soon as it is there, one reloads the roster, one gets tomorrow ready.
 */
class StateKeeper final : public States {
public:
    static constexpr std::size_t kDatedSnapshots = 4;
    static constexpr std::size_t kDatedRosters = 8;

    /// Loads what there is. Throws Error{not_found} without a registry, and as crs::SiteSystems does.
    explicit StateKeeper(ServerOptions const& options);
    ~StateKeeper() override;
    StateKeeper(StateKeeper const&) = delete;
    StateKeeper& operator=(StateKeeper const&) = delete;

    [[nodiscard]] std::optional<Served> find(Asked const& asked) override;
    [[nodiscard]] Served obtain(Asked const& asked) override;
    [[nodiscard]] std::shared_ptr<snapshot::Snapshot const> current() override { return m_current.get(); }
    [[nodiscard]] crs::SiteSystems site_systems() const override { return m_site_systems; }

    /// Ends reloading and what is being built: obtain() throws from then on.
    void stop();

private:
    using SnapshotPtr = std::shared_ptr<snapshot::Snapshot const>;
    using RosterPtr = std::shared_ptr<lookup::DutyRoster const>;
    using PoolPtr = std::shared_ptr<lookup::GeocoderPool>;
    /// Geocoders while their snapshot is served; they hold it, so they are given up with it.
    struct Addresses {
        snapshot::Snapshot const* of = nullptr;
        PoolPtr pool; ///< null: it has none
    };
    struct DatedRoster {
        Asked asked;
        RosterPtr roster;
    };

    void reload_until_stopped(std::promise<void> first);
    void watch_until_stopped();
    void prepare_until_stopped();
    /// False when stopped.
    [[nodiscard]] bool sleep();
    void reload_snapshot();
    /// Of the newest generation everything is known by now: it is asked for as if no generation were named.
    [[nodiscard]] Asked resolved(Asked const& asked) const;
    [[nodiscard]] SnapshotPtr find_snapshot(Asked const& asked);
    [[nodiscard]] RosterPtr find_roster(Asked const& asked);
    [[nodiscard]] RosterPtr load_roster(Asked const& asked);
    /// Opens the index at the first call for a snapshot, some microseconds.
    [[nodiscard]] PoolPtr addresses_of(SnapshotPtr const& snapshot);

    registry::DataFolder m_folder;
    crs::SiteSystems m_site_systems;
    std::chrono::milliseconds m_reload_every;
    snapshot::SnapshotStore m_store;
    snapshot::SnapshotHolder m_current{nullptr};
    FolderWatch m_watch;
    // The watching thread's own, after construction:
    std::optional<std::filesystem::path> m_current_path; ///< what CURRENT named at the last look
    bool m_looked = false;
    std::vector<SnapshotPtr> m_retired; ///< no longer served, perhaps still read

    std::mutex m_mutex;                         ///< of the next five
    std::vector<SnapshotPtr> m_dated_snapshots; ///< last used first
    std::vector<DatedRoster> m_dated_rosters;   ///< last used first
    DatedRoster m_today;                        ///< stays until the next one is loaded
    std::vector<Addresses> m_addresses;         ///< last used first
    std::uint64_t m_roster_epoch = 0;           ///< grows when the registry changes

    std::mutex m_build; ///< held while building: one at a time
    std::mutex m_sleep;
    std::condition_variable m_wake;
    std::atomic<bool> m_stopped{false};
    std::jthread m_reloader, m_preparer, m_watcher;
};

} // namespace wangge::http
