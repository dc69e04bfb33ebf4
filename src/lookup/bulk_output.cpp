#include "bulk_stream.hpp"

#include <wangge/base/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace wangge::lookup {

BulkOutput::BulkOutput(std::string const& name) : m_name(name), m_path(name) {
    if (name == "-") {
        m_name = "standard output";
        m_fd = STDOUT_FILENO;
        return;
    }
    std::error_code ignored;
    auto const status = std::filesystem::status(m_path, ignored);
    if (std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status)) {
        m_fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
        m_owned = true;
        if (m_fd < 0) {
            throw Error{ErrorCode::environment, fmt::format("{}: cannot be opened: {}", name, std::strerror(errno))};
        }
        return;
    }
    remove_left_over(m_path);
    m_aside = m_path;
    m_aside += fmt::format(".new-{}", ::getpid());
    m_file = std::make_unique<FileWriter>(m_aside);
}

BulkOutput::~BulkOutput() {
    if (m_file) {
        m_file.reset();
        ::unlink(m_aside.c_str());
    }
    if (m_owned) {
        ::close(m_fd);
    }
}

void BulkOutput::write(std::string_view bytes) {
    if (m_file) {
        m_file->write(bytes);
        return;
    }
    while (!bytes.empty()) {
        auto const n = ::write(m_fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            throw Error{ErrorCode::environment, fmt::format("{}: writing failed: {}", m_name, std::strerror(errno))};
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

void BulkOutput::finish() {
    if (m_file) {
        m_file->close();
        m_file.reset();
        rename_durably(m_aside, m_path);
    }
}

} // namespace wangge::lookup
