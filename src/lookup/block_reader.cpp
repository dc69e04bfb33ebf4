#include "bulk_stream.hpp"
#include "coordinate_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/named_file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wangge::lookup {

char const* Block::data() const noexcept { return m_storage.data() + kReadableAround; }
char* Block::data() noexcept { return m_storage.data() + kReadableAround; }

void Block::reserve(std::size_t size) {
    if (m_storage.size() < size + 2 * kReadableAround) {
        m_storage.resize(size + 2 * kReadableAround);
    }
}

BlockReader::BlockReader(std::string name, std::size_t block_bytes, std::size_t longest_record, Cut cut)
    : m_name(std::move(name)), m_block_bytes(block_bytes), m_longest_record(longest_record), m_cut(std::move(cut)) {
    if (m_name == "-") {
        m_fd = STDIN_FILENO;
        m_name = "standard input";
        return;
    }
    m_fd = ::open(m_name.c_str(), O_RDONLY | O_CLOEXEC);
    m_owned = true;
    if (m_fd < 0) {
        if (errno == ENOENT) {
            throw no_such_file(m_name);
        }
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be opened: {}", m_name, std::strerror(errno))};
    }
}

BlockReader::~BlockReader() {
    if (m_owned) {
        ::close(m_fd);
    }
}

void BlockReader::fill(Block& block, std::size_t size) {
    block.reserve(size);
    while (block.m_size < size && !m_ended) {
        auto const n = ::read(m_fd, block.data() + block.m_size, size - block.m_size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            throw Error{ErrorCode::environment, fmt::format("{}: reading failed: {}", m_name, std::strerror(errno))};
        }
        block.m_size += static_cast<std::size_t>(n);
        m_ended = n == 0;
    }
}

std::string BlockReader::take_first(std::size_t (*length)(std::string_view)) {
    Block block;
    std::size_t first = 0;
    while (first == 0 && !m_ended && block.m_size <= m_longest_record) {
        fill(block, std::max(m_block_bytes, 2 * block.m_size)); // doubling, as each time all is searched again
        first = length(block.bytes());
    }
    first = first == 0 ? block.m_size : first;
    m_rest = block.bytes().substr(first);
    return std::string{block.bytes().substr(0, first)};
}

bool BlockReader::next(Block& block) {
    block.m_size = 0;
    block.reserve(m_rest.size());
    std::copy(m_rest.begin(), m_rest.end(), block.data());
    block.m_size = m_rest.size();
    m_rest.clear();
    for (auto size = block.m_size + m_block_bytes;; size = 2 * block.m_size) {
        fill(block, size);
        if (m_ended) {
            return block.m_size != 0;
        }
        auto const whole = m_cut(block.bytes());
        if (whole != 0) {
            m_rest = block.bytes().substr(whole);
            block.m_size = whole;
            return true;
        }
        if (block.m_size > m_longest_record) {
            return true;
        }
    }
}

} // namespace wangge::lookup
