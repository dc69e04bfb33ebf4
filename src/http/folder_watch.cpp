#include "folder_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace wangge::http {

FolderWatch::FolderWatch(std::filesystem::path folder)
    : m_folder(std::move(folder))
    , m_inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
    , m_interrupt(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    begin_watching();
}

FolderWatch::~FolderWatch() {
    for (int const fd : {m_inotify, m_interrupt}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
}

void FolderWatch::begin_watching() noexcept {
    if (m_inotify >= 0 && m_watch < 0) {
        m_watch = ::inotify_add_watch(m_inotify, m_folder.c_str(),
                                      IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    }
}

void FolderWatch::wait(std::chrono::milliseconds at_most) {
    begin_watching();
    std::array<pollfd, 2> wanted{pollfd{m_interrupt, POLLIN, 0}, pollfd{m_inotify, POLLIN, 0}};
    static_cast<void>(::poll(wanted.data(), wanted.size(), static_cast<int>(at_most.count()))); // -1: no descriptor
    drain();
}

void FolderWatch::drain() noexcept {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    for (;;) {
        auto const size = m_inotify >= 0 ? ::read(m_inotify, buffer.data(), buffer.size()) : 0;
        if (size <= 0) {
            return;
        }
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            at += sizeof event + event.len;
            if ((event.mask & IN_MOVE_SELF) != 0 && m_watch >= 0) {
                ::inotify_rm_watch(m_inotify, m_watch); // it watches what bears another name now
            }
            if ((event.mask & (IN_MOVE_SELF | IN_IGNORED)) != 0 && event.wd == m_watch) {
                m_watch = -1;
            }
        }
    }
}

void FolderWatch::interrupt() noexcept {
    std::uint64_t const one = 1;
    static_cast<void>(!::write(m_interrupt, &one, sizeof one));
}

} // namespace wangge::http
