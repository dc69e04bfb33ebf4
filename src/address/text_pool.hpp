#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace wangge::address {

/// a == b, without a call for texts as short as those of a table mostly are.
[[nodiscard]] inline bool same_text(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    auto const words_differ = [&]<class Word>(std::size_t at, Word) {
        Word x, y;
        std::memcpy(&x, a.data() + at, sizeof x);
        std::memcpy(&y, b.data() + at, sizeof y);
        return x != y;
    };
    auto const size = a.size();
    if (size >= sizeof(std::uint64_t)) {
        for (std::size_t at = 0; at + sizeof(std::uint64_t) < size; at += sizeof(std::uint64_t)) {
            if (words_differ(at, std::uint64_t{})) {
                return false;
            }
        }
        return !words_differ(size - sizeof(std::uint64_t), std::uint64_t{});
    }
    if (size >= sizeof(std::uint32_t)) {
        return !words_differ(0, std::uint32_t{}) && !words_differ(size - sizeof(std::uint32_t), std::uint32_t{});
    }
    for (std::size_t at = 0; at < size; ++at) {
        if (a[at] != b[at]) {
            return false;
        }
    }
    return true;
}

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
