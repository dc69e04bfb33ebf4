#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wangge::synth {

/// splitmix64 finaliser: neighbouring inputs give unrelated outputs.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    return mix(mix(a + 0x9e3779b97f4a7c15ULL) ^ b);
}
/// Uniform in [0, 1).
[[nodiscard]] constexpr double unit_of(std::uint64_t hash) noexcept {
    return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

/// splitmix64: the same numbers on every machine, unlike the std:: distributions.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : m_state(seed) {}
    constexpr std::uint64_t next() noexcept { return mix(m_state += 0x9e3779b97f4a7c15ULL); }
    /// Uniform in [0, n); n > 0. The bias of 2^-64 n does not matter here.
    constexpr std::uint64_t below(std::uint64_t n) noexcept {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64U);
    }
    constexpr double unit() noexcept { return unit_of(next()); }
    constexpr double between(double low, double high) noexcept { return low + (high - low) * unit(); }
    constexpr bool chance(double probability) noexcept { return unit() < probability; }
    template <class T, std::size_t N>
    constexpr T const& pick(T const (&list)[N]) noexcept {
        return list[below(N)];
    }

private:
    std::uint64_t m_state;
};

} // namespace wangge::synth
