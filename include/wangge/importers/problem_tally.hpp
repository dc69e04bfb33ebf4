#pragma once

#include <wangge/geom/problem.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace wangge::importers {

/// The problems of one run.
struct ProblemTally {
    std::vector<Problem> problems;                       ///< at most kMaxListed of each code, by code
    std::map<ProblemCode, std::uint64_t> problem_counts; ///< of all

    static constexpr std::size_t kMaxListed = 10'000;
    [[nodiscard]] std::uint64_t count(Severity severity) const;
    [[nodiscard]] bool has_errors() const { return count(Severity::error) > 0; }
};

} // namespace wangge::importers
