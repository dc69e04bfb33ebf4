#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Distinct texts, numbered as they come; text 0 is empty. The views stay good for as long as the pool.
class TextPool {
public:
    TextPool();
    /// Number of the text; expected O(length).
    std::uint32_t number_of(std::string_view text);
    [[nodiscard]] std::string_view operator[](std::uint32_t number) const noexcept { return m_texts[number]; }
    [[nodiscard]] std::size_t size() const noexcept { return m_texts.size(); }

private:
    struct Entry {
        std::uint32_t hash = 0, number = 0; ///< number 0: the place is free
    };
    void grow();
    [[nodiscard]] std::string_view keep(std::string_view text);
    std::vector<Entry> m_table;
    std::vector<std::string_view> m_texts;
    std::vector<std::unique_ptr<char[]>> m_chunks;
    std::size_t m_left = 0; ///< bytes free in the last chunk
    char* m_next = nullptr;
};

} // namespace wangge::address
