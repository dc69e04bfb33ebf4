#pragma once

#include <chrono>
#include <filesystem>

namespace wangge::http {

/// Wakes one waiting thread when something is renamed into a folder or written in it (inotify). Where the system has
/// no watches left or the folder is not there, only the time-out wakes, and each wait tries again.
class FolderWatch {
public:
    explicit FolderWatch(std::filesystem::path folder);
    ~FolderWatch();
    FolderWatch(FolderWatch const&) = delete;
    FolderWatch& operator=(FolderWatch const&) = delete;

    /// Until something happens in the folder, interrupt() was called, or the time is over. One thread.
    void wait(std::chrono::milliseconds at_most);
    /// Ends this wait and every later one at once. Any thread.
    void interrupt() noexcept;
    /// Does the folder itself wake? Otherwise only the time does.
    [[nodiscard]] bool watching() const noexcept { return m_watch >= 0; }

private:
    void begin_watching() noexcept;
    /// Reads what has happened; forgets the watch when the folder itself has gone.
    void drain() noexcept;

    std::filesystem::path m_folder;
    int m_inotify = -1;
    int m_watch = -1;
    int m_interrupt = -1; ///< an eventfd, readable once interrupted
};

} // namespace wangge::http
