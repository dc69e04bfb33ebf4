#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/**
 * Texts that share their beginnings with the one before, in blocks of 16 of which the first stands whole: length and
 * bytes; the others: length shared, length of the rest, the rest. Lengths are LEB128.
 */
class FrontCodedTexts {
public:
    static constexpr std::size_t kBlock = 16;
    FrontCodedTexts() = default;
    FrontCodedTexts(std::span<std::uint64_t const> blocks, std::span<char const> bytes) noexcept
        : m_blocks(blocks), m_bytes(bytes) {}
    /// `number` below the count of texts; `out` keeps its memory. O(block). Damaged bytes give a shorter or another
    /// text, no longer than all bytes.
    void read(std::size_t number, std::string& out) const;

private:
    std::span<std::uint64_t const> m_blocks; ///< where each begins in the bytes
    std::span<char const> m_bytes;
};

class FrontCodedWriter {
public:
    FrontCodedWriter(std::vector<std::uint64_t>& blocks, std::vector<char>& bytes) : m_blocks(blocks), m_bytes(bytes) {}
    void add(std::string_view text);

private:
    void put_length(std::size_t length);
    std::vector<std::uint64_t>& m_blocks;
    std::vector<char>& m_bytes;
    std::string m_last;
    std::size_t m_count = 0;
};

} // namespace wangge::address
