#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace wangge {

namespace {

[[noreturn]] void fail(std::filesystem::path const& path, std::string_view doing) {
    int const error = errno;
    std::string_view advice;
    if (error == ENOSPC || error == EDQUOT) {
        advice = "; free disk space and run the same command again, nothing was changed";
    } else if (error == EACCES || error == EPERM || error == EROFS) {
        advice = "; check the permissions of the folder";
    }
    throw Error{ErrorCode::environment,
                fmt::format("{}: {}: {}{}", path.string(), doing, std::strerror(error), advice)};
}

} // namespace

MappedFile MappedFile::open(std::filesystem::path const& path) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path, "cannot be opened");
    }
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        ::close(fd);
        fail(path, "cannot be examined");
    }
    auto const size = static_cast<std::size_t>(info.st_size);
    if (size == 0) {
        ::close(fd);
        return MappedFile{nullptr, 0};
    }
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    int const saved = errno;
    ::close(fd);
    if (data == MAP_FAILED) {
        errno = saved;
        fail(path, "cannot be mapped");
    }
    return MappedFile{static_cast<std::byte const*>(data), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

MappedFile::~MappedFile() {
    if (m_data != nullptr) {
        ::munmap(const_cast<std::byte*>(m_data), m_size);
    }
}

void MappedFile::advise_random_hot() const noexcept {
    if (m_data != nullptr) {
        void* const data = const_cast<std::byte*>(m_data);
        ::madvise(data, m_size, MADV_HUGEPAGE);
        ::madvise(data, m_size, MADV_WILLNEED);
    }
}

FileWriter::FileWriter(std::filesystem::path path) : m_path(std::move(path)) {
    m_fd = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (m_fd < 0) {
        fail(m_path, "cannot be created");
    }
}

FileWriter::~FileWriter() {
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

void FileWriter::write(std::span<std::byte const> bytes) {
    write(std::string_view{reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

void FileWriter::write(std::string_view text) {
    constexpr std::size_t kBuffer = std::size_t{1} << 20U;
    if (m_buffer.size() + text.size() < kBuffer) {
        m_buffer.append(text);
        return;
    }
    flush();
    write_through(text); // large pieces are not copied first
}

void FileWriter::write_through(std::string_view text) {
    while (!text.empty()) {
        auto const n = ::write(m_fd, text.data(), text.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail(m_path, "writing failed");
        }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void FileWriter::flush() {
    write_through(m_buffer);
    m_buffer.clear();
}

void FileWriter::close() {
    flush();
    if (::fsync(m_fd) != 0) {
        fail(m_path, "syncing to disk failed");
    }
    finish();
}

void FileWriter::close_unsynced() {
    flush();
    finish();
}

void FileWriter::finish() {
    int const result = ::close(std::exchange(m_fd, -1));
    if (result != 0) {
        fail(m_path, "closing failed");
    }
}

bool is_left_over(std::string_view name) noexcept {
    for (std::string_view const mark : {".new-", ".old-"}) {
        auto const at = name.rfind(mark);
        if (at == std::string_view::npos) {
            continue;
        }
        auto const digits = name.substr(at + mark.size());
        pid_t pid = 0;
        auto const parsed = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
        return parsed.ec == std::errc{} && pid > 0 && (pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH));
    }
    return false;
}

void remove_left_over(std::filesystem::path const& path) {
    auto const prefix = path.filename().string() + ".";
    std::vector<std::filesystem::path> left;
    std::error_code ignored;
    for (std::filesystem::directory_iterator it{path.has_parent_path() ? path.parent_path() : ".", ignored}, end;
         !ignored && it != end; it.increment(ignored)) {
        auto const name = it->path().filename().string();
        if (name.starts_with(prefix) && is_left_over(name)) {
            left.push_back(it->path());
        }
    }
    for (auto const& each : left) {
        std::filesystem::remove_all(each, ignored);
    }
}

void make_private_folder(std::filesystem::path const& folder) {
    std::error_code error;
    if (folder.has_parent_path()) {
        std::filesystem::create_directories(folder.parent_path(), error);
    }
    if (error) {
        errno = error.value();
        fail(folder.parent_path(), "the folder cannot be made");
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(folder, "the folder cannot be made");
    }
}

void write_file_atomically(std::filesystem::path const& path, std::string_view text) {
    remove_left_over(path);
    auto aside = path;
    aside += fmt::format(".new-{}", ::getpid());
    try {
        FileWriter writer{aside};
        writer.write(text);
        writer.close();
    } catch (...) {
        ::unlink(aside.c_str());
        throw;
    }
    rename_durably(aside, path);
}

std::string read_file(std::filesystem::path const& path) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path, "cannot be opened");
    }
    std::string text;
    std::string buffer(std::size_t{1} << 16U, '\0');
    for (;;) {
        auto const n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            int const saved = errno;
            ::close(fd);
            errno = saved;
            fail(path, "reading failed");
        }
        if (n == 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::close(fd);
    return text;
}

namespace {

void sync_path(std::filesystem::path const& path, int flags) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) {
        fail(path, "cannot be opened");
    }
    int const result = ::fsync(fd);
    int const saved = errno;
    ::close(fd);
    if (result != 0) {
        errno = saved;
        fail(path, "syncing to disk failed");
    }
}

} // namespace

void sync_file(std::filesystem::path const& path) { sync_path(path, 0); }

void sync_folder(std::filesystem::path const& folder) { sync_path(folder.empty() ? "." : folder, O_DIRECTORY); }

void rename_durably(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        fail(to, fmt::format("renaming {} to it failed", from.string()));
    }
    sync_folder(to.parent_path());
}

FileLock::FileLock(std::filesystem::path const& path, std::string const& held_message) {
    m_fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (m_fd < 0) {
        fail(path, "lock file cannot be opened");
    }
    if (::flock(m_fd, LOCK_EX | LOCK_NB) != 0) {
        int const saved = errno;
        ::close(m_fd);
        if (saved == EWOULDBLOCK) {
            throw Error{ErrorCode::conflict, held_message};
        }
        errno = saved;
        fail(path, "cannot be locked");
    }
}

FileLock::~FileLock() {
    if (m_fd >= 0) {
        ::close(m_fd);
    }
}

} // namespace wangge
