#pragma once

#include "require.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace wangge::fuzz {

/// A file in memory, named by its descriptor.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content) : m_fd(::memfd_create("input", 0)) {
        require(m_fd >= 0 && ::write(m_fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
                "the input can be put into memory");
    }
    ~MemoryFile() { ::close(m_fd); }
    MemoryFile(MemoryFile const&) = delete;
    MemoryFile& operator=(MemoryFile const&) = delete;
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(m_fd); }

private:
    int m_fd;
};

} // namespace wangge::fuzz
