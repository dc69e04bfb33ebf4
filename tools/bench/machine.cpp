#include "machine.hpp"

#include "timing.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace wangge::bench {

namespace {

/// The value of "name : value" in a file of /proc; empty when it is not there.
std::string value_in(std::string const& file, std::string_view name) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) {
        auto const colon = line.find(':');
        if (line.starts_with(name) && colon != std::string::npos) {
            auto const begin = line.find_first_not_of(" \t", colon + 1);
            return begin == std::string::npos ? "" : line.substr(begin);
        }
    }
    return {};
}

std::string proc(pid_t process, char const* file) {
    return process == 0 ? fmt::format("/proc/self/{}", file) : fmt::format("/proc/{}/{}", process, file);
}

/// "1234 kB" in bytes.
std::uint64_t kilobytes(std::string const& text) { return text.empty() ? 0 : std::uint64_t{1024} * std::stoull(text); }

} // namespace

Machine this_machine() {
    utsname name{};
    ::uname(&name);
    double load[2]{}; // of one minute, of five
    ::getloadavg(load, 2);
    return {value_in("/proc/cpuinfo", "model name"),
            WANGGE_BENCH_COMPILER,
            WANGGE_BENCH_FLAGS,
            fmt::format("{} {}", name.sysname, name.release),
            std::thread::hardware_concurrency(),
            kilobytes(value_in("/proc/meminfo", "MemTotal")),
            load[1]};
}

std::uint64_t resident_bytes(pid_t process) { return kilobytes(value_in(proc(process, "status"), "VmRSS")); }
std::uint64_t peak_resident_bytes(pid_t process) { return kilobytes(value_in(proc(process, "status"), "VmHWM")); }

void forget_peak() {
    ::malloc_trim(0);
    std::ofstream{"/proc/self/clear_refs"} << "5";
}

double memory_wait_ns(std::size_t bytes) {
    struct alignas(64) Line {
        std::size_t next;
    };
    constexpr std::size_t kReads = 2'000'000;
    std::vector<Line> lines(std::max<std::size_t>(bytes / sizeof(Line), 2));
    std::vector<std::size_t> order(lines.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937_64{1});
    for (std::size_t i = 0; i < order.size(); ++i) { // one circle through all of them
        lines[order[i]].next = order[(i + 1) % order.size()];
    }
    std::size_t at = order.front();
    auto const passes = measure(5, [&] {
        for (std::size_t i = 0; i < kReads; ++i) {
            at = lines[at].next;
        }
    });
    auto const steps = static_cast<std::size_t>(passes.runs) * kReads;
    if (at != order[steps % order.size()]) { // also keeps the reads from being optimised away
        throw std::logic_error{"the circle through the lines is broken"};
    }
    return passes.cpu_s.median / static_cast<double>(kReads) * 1e9;
}

double main_thread_cpu_s(pid_t process) {
    std::ifstream in{proc(process, "schedstat")};
    double nanoseconds = 0;
    in >> nanoseconds;
    return nanoseconds * 1e-9;
}

double reaped_children_cpu_s(pid_t process) {
    std::ifstream in{proc(process, "stat")};
    std::stringstream all;
    all << in.rdbuf();
    auto const text = all.str();
    auto const name_end = text.rfind(')'); // the name may hold blanks
    if (name_end == std::string::npos) {
        return 0;
    }
    std::istringstream fields{text.substr(name_end + 1)};
    std::string skipped;
    for (int i = 3; i < 16; ++i) { // fields are numbered from 1 in proc(5); the name is the second
        fields >> skipped;
    }
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

} // namespace wangge::bench
