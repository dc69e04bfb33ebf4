#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wangge {

/**
 * Tells a person how far long work has got. Work calls begin, advance any number of times, end; steps may follow one
 * another. Not thread-safe: one thread reports.
 */
class Progress {
public:
    virtual ~Progress() = default;
    /// `total` 0 means that it is not known.
    virtual void begin(std::string_view what, std::uint64_t total, std::string_view unit) = 0;
    virtual void advance(std::uint64_t count) = 0;
    virtual void end() = 0;
};

/// Says nothing.
class SilentProgress final : public Progress {
public:
    void begin(std::string_view, std::uint64_t, std::string_view) override {}
    void advance(std::uint64_t) override {}
    void end() override {}
};

/// On standard error: a bar redrawn in place on a terminal; otherwise one line at the start of each step, every five
/// seconds, and at its end. Work that is over within its first second leaves no line.
[[nodiscard]] std::unique_ptr<Progress> make_terminal_progress();

} // namespace wangge
