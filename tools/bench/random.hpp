#pragma once

#include <cstdint>

namespace wangge::bench {

/// splitmix64: the same positions on every machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : m_state(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (m_state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    /// Uniform in [-1, 1).
    double signed_unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-52 - 1; }

private:
    std::uint64_t m_state;
};

} // namespace wangge::bench
