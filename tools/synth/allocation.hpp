#pragma once

#include "reference.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace wangge::synth {

struct VillageShare {
    std::uint32_t comprehensive = 0, dedicated = 0;
};

/// How much of everything one county gets.
struct CountyShare {
    std::size_t county = 0;                          ///< index into Reference::counties
    std::vector<std::vector<VillageShare>> villages; ///< [town][village]
    std::uint64_t comprehensive = 0, dedicated = 0;
    std::uint64_t addresses = 0, extra_officers = 0, emergency_units = 0;
    std::uint64_t defects_of_a_kind = 0;
    [[nodiscard]] std::uint64_t grids() const { return comprehensive + dedicated; }
};

/**
 * Shares `total` among `weights` in proportion, each at least `least`, by largest remainders; ties go to the earlier
 * one. `total` must be at least least * weights.size(). The sum is exactly `total`.
 */
[[nodiscard]] std::vector<std::uint64_t> apportion(std::uint64_t total, std::vector<double> const& weights,
                                                   std::uint64_t least);

/**
 * Counties of the scale, in the order of their codes, with exact counts. A county of the province, of a city or alone
 * gets the same. Throws Error{usage} for a scale that is unknown or cannot be met.
 */
[[nodiscard]] std::vector<CountyShare> allocate(Reference const& reference, std::string const& scale,
                                                std::uint64_t seed, std::uint64_t defects_of_a_kind);

} // namespace wangge::synth
