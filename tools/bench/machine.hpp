#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace wangge::bench {

/// What figures depend on besides the program.
struct Machine {
    std::string cpu, compiler, flags, kernel;
    unsigned cores = 0;
    std::uint64_t memory_bytes = 0;
    double load = 0; ///< average of the last five minutes: what ran beside
};

[[nodiscard]] Machine this_machine();

/// Resident memory of a process (this one when 0) now, and at most since the start or since forget_peak().
[[nodiscard]] std::uint64_t resident_bytes(pid_t process = 0);
[[nodiscard]] std::uint64_t peak_resident_bytes(pid_t process = 0);
/// Gives free memory back to the system and lets this process's peak begin anew.
void forget_peak();

/// Nanoseconds of one read from memory whose address the read before gave, of cache lines in random order among as many
/// bytes: what no index of that size can be quicker than once it looks anywhere. Median of five passes; takes about 2
/// s.
[[nodiscard]] double memory_wait_ns(std::size_t bytes);

/// User and system time that a process has used: its main thread to the nanosecond, and what it has waited for (its
/// children) in ticks of 10 ms.
[[nodiscard]] double main_thread_cpu_s(pid_t process);
[[nodiscard]] double reaped_children_cpu_s(pid_t process);

} // namespace wangge::bench
