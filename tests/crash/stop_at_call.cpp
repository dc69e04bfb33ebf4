// Preloaded into wangge: counts the calls that change files below one folder and ends the process at one of them, as
// kill -9 or a power cut would. Set by the environment:
//   WANGGE_STOP_ROOT  folder whose changes count; nothing happens without it
//   WANGGE_STOP_AT    number of the call, from 1 on; 0: never; -1: when the process ends by itself (power cuts only)
//   WANGGE_STOP_HOW   before | after   SIGKILL before or after the call
//                     torn             half of the bytes are written, then SIGKILL
//                     lost | mixed     the power goes before the call: every change that was not synced is taken back,
//                                      or about every other one (WANGGE_STOP_SEED)
//   WANGGE_STOP_KEEP  folder on the same file system, for names that may have to come back (lost and mixed)
//   WANGGE_STOP_LOG   file that gets a line for each call: number, name, path, bytes
//   WANGGE_STOP_BOOT  file to read in place of the machine's boot id
// What a power cut takes back is the strictest reading of POSIX: bytes last until fsync of the file, names until fsync
// of the folder. Writes through mmap are not seen: SQLite's -shm alone is written so, and it need not last.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

enum class How { before, after, torn, lost, mixed };

std::string environment(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? std::string{} : value;
}

/// The kernel's own calls, past every function that stands in for them below.
int raw_open(char const* path, int flags, mode_t mode = 0) {
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode));
}
int raw_rename(std::string const& from, std::string const& to) {
    return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0));
}
int raw_unlink(std::string const& path, int flags) {
    return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path.c_str(), flags));
}
void raw_close(int fd) { ::syscall(SYS_close, fd); }

struct Inode {
    dev_t device = 0;
    ino_t number = 0;
    bool operator==(Inode const&) const = default;
};

Inode inode_of(struct stat const& info) { return {info.st_dev, info.st_ino}; }

/// How one change that is not on the disk yet is taken back.
struct Undo {
    enum class Kind { bytes, created, renamed, removed } kind = Kind::bytes;
    Inode lasts_with; ///< fsync of this file or folder makes the change last
    int fd = -1;      ///< bytes: the file, open for reading and writing
    off_t offset = 0;
    std::string before; ///< bytes: what stood at `offset`
    off_t size = 0;     ///< bytes: length of the file
    std::string path;   ///< names: created, removed, or the new name
    std::string old_path, kept;
    bool folder = false;
};

class Stop {
public:
    Stop()
        : m_root(environment("WANGGE_STOP_ROOT"))
        , m_keep(environment("WANGGE_STOP_KEEP"))
        , m_at(std::atol(environment("WANGGE_STOP_AT").c_str()))
        , m_seed(std::strtoull(environment("WANGGE_STOP_SEED").c_str(), nullptr, 10)) {
        auto const how = environment("WANGGE_STOP_HOW");
        m_how = how == "after"   ? How::after
                : how == "torn"  ? How::torn
                : how == "lost"  ? How::lost
                : how == "mixed" ? How::mixed
                                 : How::before;
        if (auto const log = environment("WANGGE_STOP_LOG"); !log.empty()) {
            m_log = raw_open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        }
    }

    [[nodiscard]] bool counts(std::string_view path) const {
        return !m_root.empty() && path.starts_with(m_root) &&
               (path.size() == m_root.size() || path[m_root.size()] == '/');
    }
    [[nodiscard]] bool loses() const { return m_at != 0 && (m_how == How::lost || m_how == How::mixed); }

    /// One call: `note` remembers how to take it back, `call` does it.
    template <class Note, class Call>
    auto change(char const* name, std::string const& path, std::size_t bytes, Note const& note, Call const& call) {
        std::lock_guard const turn{m_mutex};
        ++m_calls;
        if (m_log >= 0) {
            auto const relative = path.size() > m_root.size() ? path.substr(m_root.size() + 1) : std::string{};
            auto const line =
                std::to_string(m_calls) + " " + name + " " + relative + " " + std::to_string(bytes) + "\n";
            static_cast<void>(::syscall(SYS_write, m_log, line.data(), line.size()));
        }
        bool const here = m_calls == m_at;
        if (here && m_how != How::after && m_how != How::torn) {
            end();
        }
        if (loses()) {
            note();
        }
        auto const result = call(here && m_how == How::torn);
        int const saved = errno;
        if (here) {
            end();
        }
        errno = saved;
        return result;
    }

    void remember(Undo undo) { m_undo.push_back(std::move(undo)); }

    void synced(int fd) {
        struct stat info {};
        if (::fstat(fd, &info) == 0) {
            auto const inode = inode_of(info);
            std::erase_if(m_undo, [&](Undo const& undo) { return undo.lasts_with == inode; });
        }
    }

    /// A second name for what is about to lose its own.
    std::string keep(std::string const& path) {
        auto const kept = m_keep + "/" + std::to_string(m_kept++);
        return ::syscall(SYS_linkat, AT_FDCWD, path.c_str(), AT_FDCWD, kept.c_str(), 0) == 0 ? kept : std::string{};
    }

    void process_ends() {
        if (m_at == -1 && loses()) {
            take_back();
        }
    }

private:
    [[noreturn]] void end() {
        if (loses()) {
            take_back();
        }
        ::syscall(SYS_kill, ::getpid(), SIGKILL);
        for (;;) {
            ::pause();
        }
    }

    void take_back() {
        for (; !m_undo.empty(); m_undo.pop_back()) {
            auto const& undo = m_undo.back();
            m_seed = m_seed * 6364136223846793005U + 1442695040888963407U;
            // Names come back in their order, as a journal brings them; bytes of a file in any.
            if (undo.kind == Undo::Kind::bytes && m_how == How::mixed && (m_seed >> 63U) != 0) {
                continue;
            }
            switch (undo.kind) {
            case Undo::Kind::bytes:
                static_cast<void>(
                    ::syscall(SYS_pwrite64, undo.fd, undo.before.data(), undo.before.size(), undo.offset));
                static_cast<void>(::syscall(SYS_ftruncate, undo.fd, undo.size));
                break;
            case Undo::Kind::created:
                raw_unlink(undo.path, undo.folder ? AT_REMOVEDIR : 0);
                break;
            case Undo::Kind::renamed:
                raw_rename(undo.path, undo.old_path);
                if (!undo.kept.empty()) {
                    raw_rename(undo.kept, undo.path);
                }
                break;
            case Undo::Kind::removed:
                if (undo.folder) {
                    static_cast<void>(::syscall(SYS_mkdirat, AT_FDCWD, undo.path.c_str(), 0755));
                } else {
                    raw_rename(undo.kept, undo.path);
                }
                break;
            }
        }
    }

    std::string m_root, m_keep;
    long m_at = 0;
    How m_how = How::before;
    std::uint64_t m_seed = 0;
    int m_log = -1;
    long m_calls = 0, m_kept = 0;
    std::vector<Undo> m_undo;
    std::recursive_mutex m_mutex;
};

Stop& stop() {
    static auto* const instance = new Stop; // outlives every destructor that still writes
    return *instance;
}

[[gnu::destructor]] void process_ends() { stop().process_ends(); }

std::string path_of(int fd) {
    char name[64];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    char target[PATH_MAX];
    auto const length = ::readlink(name, target, sizeof target);
    return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string{};
}

/// Absolute; relative names are taken from `folder`.
std::string path_of(int folder, char const* path) {
    if (path[0] == '/') {
        return path;
    }
    auto const base = folder == AT_FDCWD ? std::string{"."} : path_of(folder);
    char absolute[PATH_MAX];
    if (base != ".") {
        return base + "/" + path;
    }
    return ::getcwd(absolute, sizeof absolute) != nullptr ? std::string{absolute} + "/" + path : std::string{path};
}

std::string folder_of(std::string const& path) { return path.substr(0, path.rfind('/')); }

Inode inode_at(std::string const& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? inode_of(info) : Inode{};
}

bool exists(std::string const& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

bool is_folder(std::string const& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Bytes [offset, offset + length) of the file behind `path_or_fd` are about to change.
void note_bytes(char const* file, off_t offset, off_t length) {
    int const fd = raw_open(file, O_RDWR);
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        raw_close(fd);
        return;
    }
    Undo undo;
    undo.lasts_with = inode_of(info);
    undo.fd = fd;
    undo.offset = offset;
    undo.size = info.st_size;
    auto const end = std::min(info.st_size, offset + length);
    if (end > offset) {
        undo.before.resize(static_cast<std::size_t>(end - offset));
        static_cast<void>(::syscall(SYS_pread64, fd, undo.before.data(), undo.before.size(), offset));
    }
    stop().remember(std::move(undo));
}

void note_bytes(int fd, off_t offset, off_t length) {
    char name[64];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    note_bytes(name, offset, length);
}

void note_created(std::string const& path, bool folder) {
    Undo undo;
    undo.kind = Undo::Kind::created;
    undo.lasts_with = inode_at(folder_of(path));
    undo.path = path;
    undo.folder = folder;
    stop().remember(std::move(undo));
}

void note_removed(std::string const& path) {
    if (!exists(path)) {
        return;
    }
    Undo undo;
    undo.kind = Undo::Kind::removed;
    undo.lasts_with = inode_at(folder_of(path));
    undo.path = path;
    undo.folder = is_folder(path);
    undo.kept = undo.folder ? std::string{} : stop().keep(path);
    stop().remember(std::move(undo));
}

void note_renamed(std::string const& from, std::string const& to) {
    Undo undo;
    undo.kind = Undo::Kind::renamed;
    undo.lasts_with = inode_at(folder_of(to));
    undo.path = to;
    undo.old_path = from;
    undo.kept = exists(to) && !is_folder(to) ? stop().keep(to) : std::string{};
    stop().remember(std::move(undo));
}

constexpr off_t kToTheEnd = off_t{1} << 40U;

template <class Real>
int opened(Real const& real, char const* name, int folder, char const* file, int flags, mode_t mode) {
    if (auto const boot = environment("WANGGE_STOP_BOOT");
        !boot.empty() && std::strcmp(file, "/proc/sys/kernel/random/boot_id") == 0) {
        return raw_open(boot.c_str(), O_RDONLY);
    }
    auto const path = path_of(folder, file);
    bool const fresh = (flags & O_CREAT) != 0 && stop().counts(path) && !exists(path);
    bool const empties = (flags & O_TRUNC) != 0 && stop().counts(path) && !fresh && exists(path);
    if (!fresh && !empties) {
        return real(folder, file, flags, mode);
    }
    return stop().change(
        name, path, 0,
        [&] {
            if (fresh) {
                note_created(path, false);
            } else {
                note_bytes(path.c_str(), 0, kToTheEnd);
            }
        },
        [&](bool) { return real(folder, file, flags, mode); });
}

mode_t mode_argument(int flags, va_list& rest) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
}

/// A write of `size` bytes; `real` does as many of them as it is told.
template <class Real>
ssize_t written(char const* name, int fd, std::size_t size, off_t offset, Real const& real) {
    auto const path = path_of(fd);
    if (!stop().counts(path)) {
        return real(size);
    }
    return stop().change(
        name, path, size,
        [&] {
            auto at = offset;
            if (at < 0) {
                at = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 ? kToTheEnd : ::lseek(fd, 0, SEEK_CUR);
            }
            note_bytes(fd, at, static_cast<off_t>(size));
        },
        [&](bool torn) { return real(torn ? size / 2 : size); });
}

template <class Note, class Call>
int changed(char const* name, std::string const& path, Note const& note, Call const& call) {
    return stop().counts(path) ? stop().change(name, path, 0, note, [&](bool) { return call(); }) : call();
}

int synced(char const* name, int fd, int (*real)(int)) {
    return changed(
        name, path_of(fd), [] {},
        [&] {
            int const result = real(fd);
            if (result == 0) {
                stop().synced(fd);
            }
            return result;
        });
}

} // namespace

extern "C" {

int open(char const* file, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    auto const given = mode_argument(flags, rest);
    va_end(rest);
    return opened(
        [](int, char const* f, int o, mode_t m) { return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, f, o, m)); },
        "open", AT_FDCWD, file, flags, given);
}

int openat(int folder, char const* file, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    auto const given = mode_argument(flags, rest);
    va_end(rest);
    return opened(
        [](int d, char const* f, int o, mode_t m) { return static_cast<int>(::syscall(SYS_openat, d, f, o, m)); },
        "openat", folder, file, flags, given);
}

int open64(char const* file, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, char const* file, int flags, ...) __attribute__((alias("openat")));

int creat(char const* file, mode_t given) { return open(file, O_CREAT | O_WRONLY | O_TRUNC, given); }
int creat64(char const* file, mode_t given) __attribute__((alias("creat")));

ssize_t write(int fd, void const* bytes, size_t size) {
    return written("write", fd, size, -1, [&](std::size_t n) { return ::syscall(SYS_write, fd, bytes, n); });
}

ssize_t pwrite(int fd, void const* bytes, size_t size, off_t offset) {
    return written("pwrite", fd, size, offset,
                   [&](std::size_t n) { return ::syscall(SYS_pwrite64, fd, bytes, n, offset); });
}
ssize_t pwrite64(int fd, void const* bytes, size_t size, off_t offset) __attribute__((alias("pwrite")));

ssize_t writev(int fd, iovec const* pieces, int count) {
    std::size_t size = 0;
    for (int i = 0; i < count; ++i) {
        size += pieces[i].iov_len;
    }
    return written("writev", fd, size, -1, [&](std::size_t n) -> ssize_t {
        if (n == size) {
            return ::syscall(SYS_writev, fd, pieces, count);
        }
        ssize_t done = 0;
        for (int i = 0; i < count && n > 0; ++i) { // torn
            auto const part = std::min(n, pieces[i].iov_len);
            done += ::syscall(SYS_write, fd, pieces[i].iov_base, part);
            n -= part;
        }
        return done;
    });
}

int fsync(int fd) {
    return synced("fsync", fd, [](int f) { return static_cast<int>(::syscall(SYS_fsync, f)); });
}
int fdatasync(int fd) {
    return synced("fdatasync", fd, [](int f) { return static_cast<int>(::syscall(SYS_fdatasync, f)); });
}

int ftruncate(int fd, off_t size) noexcept {
    return changed(
        "ftruncate", path_of(fd), [&] { note_bytes(fd, size, kToTheEnd); },
        [&] { return static_cast<int>(::syscall(SYS_ftruncate, fd, size)); });
}
int ftruncate64(int fd, off_t size) noexcept __attribute__((alias("ftruncate")));

int truncate(char const* file, off_t size) noexcept {
    auto const path = path_of(AT_FDCWD, file);
    return changed(
        "truncate", path, [&] { note_bytes(path.c_str(), size, kToTheEnd); },
        [&] { return static_cast<int>(::syscall(SYS_truncate, file, size)); });
}
int truncate64(char const* file, off_t size) noexcept __attribute__((alias("truncate")));

int fallocate(int fd, int mode, off_t offset, off_t size) {
    return changed(
        "fallocate", path_of(fd), [&] { note_bytes(fd, offset, size); },
        [&] { return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, size)); });
}
int fallocate64(int fd, int mode, off_t offset, off_t size) __attribute__((alias("fallocate")));

int posix_fallocate(int fd, off_t offset, off_t size) {
    return changed(
        "posix_fallocate", path_of(fd), [&] { note_bytes(fd, offset, size); },
        [&] { return ::syscall(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno; });
}
int posix_fallocate64(int fd, off_t offset, off_t size) __attribute__((alias("posix_fallocate")));

int renameat2(int from_folder, char const* from, int to_folder, char const* to, unsigned flags) noexcept {
    auto const source = path_of(from_folder, from);
    auto const target = path_of(to_folder, to);
    return changed(
        "rename", target, [&] { note_renamed(source, target); },
        [&] { return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags)); });
}
int renameat(int from_folder, char const* from, int to_folder, char const* to) noexcept {
    return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(char const* from, char const* to) noexcept { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, char const* file, int flags) noexcept {
    auto const path = path_of(folder, file);
    auto const call = [&] { return static_cast<int>(::syscall(SYS_unlinkat, folder, file, flags)); };
    return exists(path) ? changed(
                              "unlink", path, [&] { note_removed(path); }, call)
                        : call();
}
int unlink(char const* file) noexcept { return unlinkat(AT_FDCWD, file, 0); }
int rmdir(char const* file) noexcept { return unlinkat(AT_FDCWD, file, AT_REMOVEDIR); }
int remove(char const* file) noexcept {
    return unlinkat(AT_FDCWD, file, is_folder(path_of(AT_FDCWD, file)) ? AT_REMOVEDIR : 0);
}

int mkdirat(int folder, char const* file, mode_t mode) noexcept {
    auto const path = path_of(folder, file);
    auto const call = [&] { return static_cast<int>(::syscall(SYS_mkdirat, folder, file, mode)); };
    return exists(path) ? call()
                        : changed(
                              "mkdir", path, [&] { note_created(path, true); }, call);
}
int mkdir(char const* file, mode_t mode) noexcept { return mkdirat(AT_FDCWD, file, mode); }

int linkat(int from_folder, char const* from, int to_folder, char const* to, int flags) noexcept {
    auto const target = path_of(to_folder, to);
    return changed(
        "link", target, [&] { note_created(target, false); },
        [&] { return static_cast<int>(::syscall(SYS_linkat, from_folder, from, to_folder, to, flags)); });
}
int link(char const* from, char const* to) noexcept { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(char const* target, int folder, char const* file) noexcept {
    auto const path = path_of(folder, file);
    return changed(
        "symlink", path, [&] { note_created(path, false); },
        [&] { return static_cast<int>(::syscall(SYS_symlinkat, target, folder, file)); });
}
int symlink(char const* target, char const* file) noexcept { return symlinkat(target, AT_FDCWD, file); }

// A mode that a power cut takes back would only be the one before; it is counted and left.
int fchmodat(int folder, char const* file, mode_t mode, int) noexcept {
    return changed(
        "chmod", path_of(folder, file), [] {},
        [&] { return static_cast<int>(::syscall(SYS_fchmodat, folder, file, mode)); });
}
int chmod(char const* file, mode_t mode) noexcept { return fchmodat(AT_FDCWD, file, mode, 0); }
int fchmod(int fd, mode_t mode) noexcept {
    return changed(
        "chmod", path_of(fd), [] {}, [&] { return static_cast<int>(::syscall(SYS_fchmod, fd, mode)); });
}

} // extern "C"
