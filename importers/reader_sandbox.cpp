#include "reader_sandbox.hpp"

#include <wangge/base/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WANGGE_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WANGGE_SHADOW_MEMORY 1
#endif
#endif

namespace wangge::importers {

namespace {

[[noreturn]] void refused(char const* what, int error) {
    throw Error{ErrorCode::environment,
                fmt::format("the process that reads files cannot be fenced in: {}: {}", what, std::strerror(error))};
}

void limit(int resource, std::uint64_t value, char const* what) {
    rlimit current{};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &current);
    auto const most = current.rlim_max == RLIM_INFINITY ? value : std::min<std::uint64_t>(value, current.rlim_max);
    rlimit const wanted{most, most};
    if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) != 0) {
        refused(what, errno);
    }
}

void limit_resources(ReadLimits const& limits) {
    limit(RLIMIT_CPU, limits.cpu_seconds, "its processor time");
    limit(RLIMIT_CORE, 0, "its core file");
    limit(RLIMIT_FSIZE, 0, "the files it may write");
#ifndef WANGGE_SHADOW_MEMORY // a sanitizer reserves terabytes of addresses
    limit(RLIMIT_AS, limits.memory_bytes, "its memory");
#endif
}

// Landlock (Linux 5.13 and later; its system calls have no wrappers in glibc 2.36). Only rights of its first version.
constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadFolder = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kEveryRight = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1U) - 1;

void allow_reading(int ruleset, std::filesystem::path const& path, bool below) {
    int const at = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) {
        return; // what is not there needs no right
    }
    struct stat info {};
    bool const folder = ::fstat(at, &info) == 0 && S_ISDIR(info.st_mode);
    landlock_path_beneath_attr rule{};
    rule.parent_fd = at;
    rule.allowed_access = !folder ? kReadFile : below ? kReadFile | kReadFolder : kReadFolder;
    (void)::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(at);
}

void fence_files(std::span<std::filesystem::path const> readable) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = kEveryRight;
    auto const made = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (made < 0) {
        return; // an older kernel, or Landlock is switched off: the filter of system calls has to do
    }
    int const ruleset = static_cast<int>(made);
    for (auto const* const system : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc/cpuinfo",
                                     "/proc/meminfo", "/sys/devices/system/cpu", "/dev/urandom"}) {
        allow_reading(ruleset, system, true);
    }
    for (auto const* const name : {"PROJ_DATA", "PROJ_LIB", "GDAL_DATA"}) {
        if (auto const* const folder = std::getenv(name)) {
            allow_reading(ruleset, folder, true);
        }
    }
    for (auto const& path : readable) {
        allow_reading(ruleset, path, true);
    }
    bool const fenced = ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    int const error = errno;
    ::close(ruleset);
    if (!fenced) {
        refused("the files it may read", error);
    }
}

struct FilterRelease {
    void operator()(void* filter) const noexcept { seccomp_release(filter); }
};

/// What GDAL, SQLite, PROJ and the C library call to read files; all else fails with "operation not permitted".
constexpr int kAllowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(stat),
    SCMP_SYS(stat64),
    SCMP_SYS(lstat),
    SCMP_SYS(lstat64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatat64),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(statfs64),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fstatfs64),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(flock),
    SCMP_SYS(fadvise64),
    SCMP_SYS(readahead),
    SCMP_SYS(dup),
    SCMP_SYS(mmap),
    SCMP_SYS(mmap2),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(membarrier),
    SCMP_SYS(mincore),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
};
/// Besides, to ask a PostgreSQL server.
constexpr int kNetwork[] = {
    SCMP_SYS(socket),      SCMP_SYS(connect),  SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(sendto),   SCMP_SYS(recvfrom),   SCMP_SYS(sendmsg),    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),    SCMP_SYS(recvmmsg), SCMP_SYS(bind),       SCMP_SYS(shutdown),   SCMP_SYS(select),
    SCMP_SYS(pselect6),    SCMP_SYS(ioctl),    SCMP_SYS(eventfd2),   SCMP_SYS(pipe2),
};

void fence_calls(bool network) {
    std::unique_ptr<void, FilterRelease> const filter{seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (!filter) {
        refused("the filter of its system calls", ENOMEM);
    }
    int error = 0;
    auto const allow = [&](int call, auto... conditions) {
        int const result = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, sizeof...(conditions), conditions...);
        error = result == 0 || result == -EDOM ? error : result; // EDOM: this machine has no such call
    };
    for (int const call : kAllowed) {
        allow(call);
    }
    for (int const call : kNetwork) {
        if (network) {
            allow(call);
        }
    }
#ifdef WANGGE_SHADOW_MEMORY // sanitizers ask with a pipe whether an address can be read
    allow(SCMP_SYS(pipe));
    allow(SCMP_SYS(pipe2));
#endif
    constexpr scmp_datum_t kChanges = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
    auto const pid = static_cast<scmp_datum_t>(::getpid());
    allow(SCMP_SYS(open), scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, kChanges, 0});
    allow(SCMP_SYS(openat), scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, kChanges, 0});
    allow(SCMP_SYS(prlimit64), scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});                          // to ask, not to set
    allow(SCMP_SYS(clone), scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}); // a thread, not a process
    allow(SCMP_SYS(tgkill), scmp_arg_cmp{0, SCMP_CMP_EQ, pid, 0});                           // abort()
    int const old_clone = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); // its flags hide
    error = old_clone == 0 || old_clone == -EDOM ? error : old_clone;
    error = error == 0 ? seccomp_load(filter.get()) : error;
    if (error != 0) {
        refused("the filter of its system calls", -error);
    }
}

} // namespace

void enter_sandbox(std::span<std::filesystem::path const> readable, ReadLimits const& limits, bool network) {
    limit_resources(limits);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        refused("its privileges", errno);
    }
    if (!network) { // libpq reads certificates and passwords where they lie
        fence_files(readable);
    }
    fence_calls(network);
}

} // namespace wangge::importers
