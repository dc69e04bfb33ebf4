#include "text_pool.hpp"

#include <algorithm>
#include <bit>

namespace wangge::address {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18U;

std::uint32_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = text.size();
    for (std::size_t at = 0; at < text.size(); at += sizeof hash) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
        hash = (std::rotl(hash, 29) ^ word) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 32U;
    }
    return static_cast<std::uint32_t>(hash);
}

} // namespace

TextPool::TextPool() : m_table(1024), m_texts{{}} {}

std::uint32_t TextPool::number_of(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    auto const hash = hash_of(text);
    auto const mask = m_table.size() - 1;
    auto at = hash & mask;
    for (; m_table[at].number != 0; at = (at + 1) & mask) {
        if (m_table[at].hash == hash && same_text(m_texts[m_table[at].number], text)) {
            return m_table[at].number;
        }
    }
    auto const number = static_cast<std::uint32_t>(m_texts.size());
    m_texts.push_back(keep(text));
    m_table[at] = {hash, number};
    if (m_texts.size() * 2 > m_table.size()) {
        grow();
    }
    return number;
}

void TextPool::grow() {
    std::vector<Entry> table(m_table.size() * 2);
    for (auto const& entry : m_table) {
        if (entry.number == 0) {
            continue;
        }
        auto at = entry.hash & (table.size() - 1);
        while (table[at].number != 0) {
            at = (at + 1) & (table.size() - 1);
        }
        table[at] = entry;
    }
    m_table.swap(table);
}

std::string_view TextPool::keep(std::string_view text) {
    if (text.size() > m_left) {
        m_left = std::max(kChunk, text.size());
        m_next = m_chunks.emplace_back(std::make_unique_for_overwrite<char[]>(m_left)).get();
    }
    std::copy(text.begin(), text.end(), m_next);
    std::string_view const kept{m_next, text.size()};
    m_next += text.size();
    m_left -= text.size();
    return kept;
}

} // namespace wangge::address
