#pragma once

#include <algorithm>
#include <functional>
#include <vector>

namespace wangge::bench {

/// Seconds of a clock that only rises.
[[nodiscard]] double wall_s();
/// CPU time of this thread: what the work costs on a machine that others use too.
[[nodiscard]] double thread_cpu_s();

/// What one piece of work took, over its runs.
struct Times {
    double median = 0, min = 0, max = 0;
};
struct Measured {
    int runs = 0;
    Times cpu_s, wall_s;
};

[[nodiscard]] Times times_of(std::vector<double> seconds);

/// Does the work `runs` times. `cpu` reads the clock of whoever does it: another process's for a database server.
template <class Work>
Measured measure(int runs, Work&& work, std::function<double()> const& cpu = thread_cpu_s) {
    std::vector<double> cpu_s, wall;
    for (int i = 0; i < runs; ++i) {
        double const cpu_start = cpu();
        double const wall_start = wall_s();
        work();
        wall.push_back(wall_s() - wall_start);
        cpu_s.push_back(cpu() - cpu_start);
    }
    return {runs, times_of(std::move(cpu_s)), times_of(std::move(wall))};
}

} // namespace wangge::bench
