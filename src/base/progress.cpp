#include <wangge/base/progress.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace wangge {

namespace {

using Clock = std::chrono::steady_clock;

/// A closed standard error must not end the work that is reported on it.
void put(std::string const& text) noexcept { std::fwrite(text.data(), 1, text.size(), stderr); }

class TerminalProgress final : public Progress {
public:
    TerminalProgress() : m_terminal(isatty(STDERR_FILENO) == 1) {}

    void begin(std::string_view what, std::uint64_t total, std::string_view unit) override {
        m_what = what;
        m_unit = unit;
        m_total = total;
        m_done = 0;
        m_start = m_last = Clock::now();
        if (m_terminal) {
            draw();
        } else if (is_long()) {
            put(fmt::format("{} ...\n", m_what));
        }
    }

    void advance(std::uint64_t count) override {
        m_done += count;
        auto const now = Clock::now();
        if (now - m_last < (m_terminal ? std::chrono::milliseconds{100} : std::chrono::milliseconds{5000})) {
            return;
        }
        m_last = now;
        if (m_terminal) {
            draw();
        } else {
            put(fmt::format("{}: {}\n", m_what, figures()));
        }
    }

    void end() override {
        std::chrono::duration<double> const spent = Clock::now() - m_start;
        auto const line =
            fmt::format("{}: {}done in {:.1f} s\n", m_what,
                        m_done > 0 ? fmt::format("{} {}, ", m_done, m_unit) : std::string{}, spent.count());
        put((m_terminal ? "\r\033[K" : "") + (is_long() ? line : std::string{}));
        std::fflush(stderr);
    }

private:
    [[nodiscard]] bool is_long() const { return Clock::now() - m_first >= std::chrono::seconds{1}; }
    [[nodiscard]] std::string figures() const {
        return m_total > 0 ? fmt::format("{} of {} {}", m_done, m_total, m_unit) : fmt::format("{} {}", m_done, m_unit);
    }

    void draw() const {
        constexpr std::uint64_t kWidth = 30;
        std::string bar;
        if (m_total > 0) {
            auto const full = std::min(kWidth, m_done * kWidth / m_total);
            bar = fmt::format("[{}{}] {:3}% ", std::string(full, '#'), std::string(kWidth - full, '.'),
                              std::min<std::uint64_t>(100, m_done * 100 / m_total));
        }
        auto const done = m_total == 0 && m_done == 0 ? std::string{" ..."} : ": " + bar + figures();
        put("\r\033[K" + m_what + done);
        std::fflush(stderr);
    }

    bool m_terminal;
    std::string m_what, m_unit;
    std::uint64_t m_total = 0, m_done = 0;
    Clock::time_point m_first = Clock::now(); ///< of all steps
    Clock::time_point m_start, m_last;        ///< of this one
};

} // namespace

std::unique_ptr<Progress> make_terminal_progress() { return std::make_unique<TerminalProgress>(); }

} // namespace wangge
