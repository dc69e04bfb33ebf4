#include "reader_process.hpp"

#include <wangge/importers/reader_program.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::importers {

namespace {

constexpr char const* kName = "wangge-reader";

std::filesystem::path& chosen_program() {
    static std::filesystem::path program;
    return program;
}

/// Beside the running program, as in a build folder, or where an installation puts what only programs start.
[[nodiscard]] std::filesystem::path find_program() {
    if (!chosen_program().empty()) {
        return chosen_program();
    }
    std::error_code error;
    auto const folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    for (auto const& candidate : {folder / kName, folder.parent_path() / "libexec" / "wangge" / kName}) {
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    throw Error{ErrorCode::environment,
                fmt::format("{}: the program that reads files is neither beside wangge nor in ../libexec/wangge; "
                            "install wangge again",
                            (folder / kName).string())};
}

[[noreturn]] void not_started(std::filesystem::path const& program, int error) {
    throw Error{ErrorCode::environment,
                fmt::format("{}: cannot be started: {}", program.string(), std::strerror(error))};
}

class Pipe {
public:
    Pipe() {
        if (::pipe2(m_ends.data(), O_CLOEXEC) != 0) {
            throw Error{ErrorCode::environment, fmt::format("no pipe can be opened: {}", std::strerror(errno))};
        }
    }
    ~Pipe() {
        close(0);
        close(1);
    }
    Pipe(Pipe const&) = delete;
    Pipe& operator=(Pipe const&) = delete;
    [[nodiscard]] int end(std::size_t which) const { return m_ends.at(which); }
    [[nodiscard]] int take(std::size_t which) { return std::exchange(m_ends.at(which), -1); }
    void close(std::size_t which) {
        if (int const fd = take(which); fd >= 0) {
            ::close(fd);
        }
    }

private:
    std::array<int, 2> m_ends{-1, -1};
};

/// Keys and passwords of the program's environment are no business of one that reads a stranger's file; a database
/// that the person named is asked with the person's own settings.
[[nodiscard]] std::vector<char*> environment_for(ReadRequest const& request) {
    bool const whole = request.path.starts_with("PG:");
    constexpr std::array<std::string_view, 9> kPassed{
        "PROJ_DATA=", "PROJ_LIB=",     "GDAL_DATA=",     "LANG=",        "LC_ALL=",
        "TZ=",        "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS="};
    std::vector<char*> passed;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        bool keep = whole;
        for (auto const name : kPassed) {
            keep = keep || text.starts_with(name);
        }
        if (keep) {
            passed.push_back(*entry);
        }
    }
    passed.push_back(nullptr);
    return passed;
}

class SpawnSettings {
public:
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&m_actions);
        ::posix_spawnattr_init(&m_attributes);
        sigset_t none;
        ::sigemptyset(&none);
        sigset_t usual; // the program may ignore SIGPIPE and others; the reader must end by them
        ::sigemptyset(&usual);
        for (int const signal : {SIGPIPE, SIGXCPU, SIGXFSZ, SIGTERM, SIGINT, SIGHUP}) {
            ::sigaddset(&usual, signal);
        }
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &usual);
        ::posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&m_actions);
        ::posix_spawnattr_destroy(&m_attributes);
    }
    SpawnSettings(SpawnSettings const&) = delete;
    SpawnSettings& operator=(SpawnSettings const&) = delete;
    void use(int fd, int as) { ::posix_spawn_file_actions_adddup2(&m_actions, fd, as); }
    void close_others() { ::posix_spawn_file_actions_addclosefrom_np(&m_actions, 3); }
    [[nodiscard]] posix_spawn_file_actions_t const* actions() const { return &m_actions; }
    [[nodiscard]] posix_spawnattr_t const* attributes() const { return &m_attributes; }

private:
    posix_spawn_file_actions_t m_actions{};
    posix_spawnattr_t m_attributes{};
};

/// A file in memory: the reader may take as long as it likes to read it, or not read it at all.
[[nodiscard]] int file_of(std::string_view bytes) {
    int const fd = ::memfd_create("wangge-read-request", MFD_CLOEXEC);
    while (fd >= 0 && !bytes.empty()) {
        auto const written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            break;
        }
        bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    if (fd < 0 || !bytes.empty() || ::lseek(fd, 0, SEEK_SET) != 0) {
        int const error = errno;
        ::close(fd);
        throw Error{ErrorCode::environment, fmt::format("no file in memory can be made: {}", std::strerror(error))};
    }
    return fd;
}

} // namespace

void use_reader_program(std::filesystem::path const& program) { chosen_program() = program; }

ReaderProcess::ReaderProcess(ReadRequest const& request) : m_subject(request.path), m_limits(request.options.limits) {
    auto const program = find_program();
    Pipe output;
    constexpr int kPipeBytes = 1 << 20;
    (void)::fcntl(output.end(1), F_SETPIPE_SZ, kPipeBytes); // fewer changes between the two; smaller ones work as well
    SpawnSettings settings;
    int const input = file_of(encode(request));
    settings.use(input, STDIN_FILENO);
    settings.use(output.end(1), STDOUT_FILENO);
    settings.close_others();
    std::string name{kName};
    std::array<char*, 2> arguments{name.data(), nullptr};
    auto environment = environment_for(request);
    int const error = ::posix_spawn(&m_pid, program.c_str(), settings.actions(), settings.attributes(),
                                    arguments.data(), environment.data());
    ::close(input);
    if (error != 0) {
        m_pid = -1;
        not_started(program, error);
    }
    m_output = output.take(0);
    output.close(1);
}

ReaderProcess::~ReaderProcess() { stop(); }

void ReaderProcess::stop() noexcept {
    if (m_output >= 0) {
        ::close(std::exchange(m_output, -1));
    }
    if (m_pid > 0) {
        ::kill(m_pid, SIGKILL);
        while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
        }
        m_pid = -1;
    }
}

std::size_t ReaderProcess::read(std::span<char> buffer) {
    for (;;) {
        pollfd waited{m_output, POLLIN, 0};
        int const ready = ::poll(&waited, 1, static_cast<int>(m_limits.idle_seconds) * 1000);
        if (ready == 0) {
            stop();
            throw Error{ErrorCode::data_unreadable,
                        words("{}: nothing came from it for {} s; reading was stopped. The file is damaged, or the "
                              "disk or database it lies on does not answer",
                              "{}：{} 秒没有读到内容，已停止读取。文件已损坏，或其所在的磁盘、数据库没有响应",
                              m_subject, m_limits.idle_seconds)};
        }
        auto const got = ready < 0 ? -1 : ::read(m_output, buffer.data(), buffer.size());
        if (got > 0) {
            return static_cast<std::size_t>(got);
        }
        if (got == 0) {
            ended();
        }
        if (errno != EINTR) {
            throw Error{ErrorCode::environment, fmt::format("{}: the process that reads it cannot be heard: {}",
                                                            m_subject, std::strerror(errno))};
        }
    }
}

void ReaderProcess::ended() {
    int status = 0;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
    m_pid = -1;
    int const signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGXCPU || signal == SIGKILL) {
        throw Error{ErrorCode::data_unreadable,
                    words("{}: reading it took more than {} s of processor time, or was ended from outside; the file "
                          "is damaged or far too large: have it exported again, or cut it into parts",
                          "{}：读取超过 {} 秒处理器时间，或被外部终止；文件已损坏或过大：请重新导出，或分成几部分",
                          m_subject, m_limits.cpu_seconds)};
    }
    throw Error{ErrorCode::data_unreadable,
                words("{}: the process that reads it broke down ({}); the file is damaged, or made to do harm: have "
                      "it exported again, best as GeoPackage",
                      "{}：读取进程崩溃（{}）；文件已损坏或是恶意文件：请重新导出，最好用 GeoPackage", m_subject,
                      signal != 0 ? fmt::format("signal {}, {}", signal, ::strsignal(signal))
                                  : fmt::format("status {}", WEXITSTATUS(status)))};
}

} // namespace wangge::importers
