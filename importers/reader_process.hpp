#pragma once

#include "reader_frames.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace wangge::importers {

/**
 * A running wangge-reader. It has the request on its standard input and answers on its standard output; it inherits
 * no other descriptor, and of the environment only what it needs. Ended with the object. One object serves one thread.
 */
class ReaderProcess {
public:
    /// Throws Error{environment} when it cannot be started.
    explicit ReaderProcess(ReadRequest const& request);
    ~ReaderProcess();
    ReaderProcess(ReaderProcess const&) = delete;
    ReaderProcess& operator=(ReaderProcess const&) = delete;

    /// At least one byte. Throws Error{data_unreadable} that says how the process ended, or that it was ended because
    /// nothing came for limits.idle_seconds.
    [[nodiscard]] std::size_t read(std::span<char> buffer);

private:
    [[noreturn]] void ended();
    void stop() noexcept;

    std::string m_subject; ///< the file
    ReadLimits m_limits;
    ::pid_t m_pid = -1;
    int m_output = -1;
};

} // namespace wangge::importers
