#include "aside_folder.hpp"

#include <wangge/base/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

namespace wangge::layers {

namespace fs = std::filesystem;

namespace {

/// Folders of writers that were killed.
void remove_leftovers(fs::path const& parent, std::string const& prefix) {
    std::error_code error;
    std::vector<fs::path> dead;
    for (fs::directory_iterator it{parent, error}, end; !error && it != end; it.increment(error)) {
        auto const name = it->path().filename().string();
        int pid = 0;
        if (name.starts_with(prefix) &&
            std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid).ec == std::errc{} &&
            ::kill(pid, 0) != 0 && errno == ESRCH) {
            dead.push_back(it->path());
        }
    }
    for (auto const& path : dead) {
        fs::remove_all(path, error);
    }
}

} // namespace

AsideFolder::AsideFolder(fs::path const& out) {
    auto const parent = out.has_parent_path() ? out.parent_path() : fs::path{"."};
    auto const prefix = fmt::format(".{}.new-", out.filename().string());
    remove_leftovers(parent, prefix);
    m_path = parent / fmt::format("{}{}", prefix, ::getpid());
    std::error_code error;
    fs::remove_all(m_path, error);
    if (!fs::create_directory(m_path, error)) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: folder {} cannot be written ({}); make it or choose another", out.string(),
                                parent.string(), error ? error.message() : "already there")};
    }
}

AsideFolder::~AsideFolder() {
    std::error_code ignored; // a left-over is removed by the next export of the same file
    fs::remove_all(m_path, ignored);
}

void sync_file(fs::path const& path) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    bool const synced = fd >= 0 && ::fsync(fd) == 0;
    int const saved = errno;
    if (fd >= 0) {
        ::close(fd);
    }
    if (!synced) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: syncing to disk failed: {}", path.string(), std::strerror(saved))};
    }
}

} // namespace wangge::layers
