#pragma once

#include <cstdio>
#include <cstdlib>

namespace wangge::fuzz {

/// Ends the program, which libFuzzer takes for a finding.
inline void require(bool holds, char const* what) {
    if (!holds) {
        std::fprintf(stderr, "violated: %s\n", what);
        std::abort();
    }
}

} // namespace wangge::fuzz
