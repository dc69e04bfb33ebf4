#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/**
 * Names with a number each, found from a place in a text on: all names that begin there, in one walk. A trie whose
 * arcs lie in one hash table by the characters that lead to them, so that a step is one look, and where each step of a
 * walk will look is known before the first: the looks wait for memory together. A filter of the first two characters,
 * which fits the second cache, spares most places of a text the looks into the table. Mapped from bytes, nothing is
 * parsed at open. Any number of threads. Bytes are the same for the same names.
 */
class NameTrie {
public:
    struct Name {
        std::u32string_view text; ///< normalised, not empty; borrowed for the build
        std::uint32_t value = 0;
    };
    /// Names in any order; a name that stands twice keeps its lowest value. Error{data_rejected} for more than 2^31
    /// arcs.
    [[nodiscard]] static std::vector<std::byte> build(std::span<Name const> names);
    NameTrie() = default; ///< holds no name
    /// View of bytes made by build(), aligned to 8; they must outlive it. Error{corrupt} when sizes are wrong; `name`
    /// stands in the message. Damage further in gives wrong answers, never a read out of bounds or an endless walk.
    [[nodiscard]] static NameTrie over(std::span<std::byte const> bytes, std::string_view name);

    /// Calls found(length, value) for each name that is a prefix of text[begin..], shortest first. O(longest match).
    template <class Found>
    void match(std::u32string_view text, std::size_t begin, Found&& found) const {
        if (begin >= text.size()) {
            return;
        }
        auto path = path_of(kNoPath, text[begin]);
        if (m_has_single) {
            if (auto const* const arc = step(0, text[begin], path); arc != nullptr && arc->value != kNone) {
                found(1, arc->value);
            }
        }
        if (begin + 1 == text.size() || !may_begin(text[begin], text[begin + 1])) {
            return;
        }
        auto node = first_node(text[begin]);
        for (auto i = begin + 1; i < text.size(); ++i) {
            path = path_of(path, text[i]);
            auto const* const arc = step(node, text[i], path);
            if (arc == nullptr) {
                return;
            }
            if (arc->value != kNone) {
                found(i + 1 - begin, arc->value);
            }
            node = arc->child;
        }
    }
    /// Asks the memory for what match() is going to look at, and does not wait for it.
    void prefetch(std::u32string_view text, std::size_t begin) const noexcept {
        if (begin + 1 >= text.size() || !may_begin(text[begin], text[begin + 1])) {
            return;
        }
        auto path = path_of(kNoPath, text[begin]);
        auto const end = std::min(text.size(), begin + kPrefetched);
        for (auto i = begin + 1; i < end; ++i) {
            path = path_of(path, text[i]);
            __builtin_prefetch(&m_table[place(path)]);
        }
    }
    /// Value of exactly this name; kNone when there is none. O(length).
    [[nodiscard]] std::uint32_t find(std::u32string_view name) const noexcept;
    [[nodiscard]] std::size_t arc_count() const noexcept { return m_arcs; }

    static constexpr std::uint32_t kNone = 0xffffffffU;

private:
    struct Arc {
        std::uint32_t parent = kNone; ///< kNone: an empty place of the table
        char32_t character = 0;
        std::uint32_t child = 0;
        std::uint32_t value = kNone;
    };
    friend struct NameTrieBuilder;
    static constexpr std::size_t kPrefetched = 5; ///< characters; most walks end before
    static constexpr std::uint64_t kNoPath = 0;
    /// A number that stands for the characters of a walk; two walks may share it, their arcs are told apart by their
    /// parents.
    static std::uint64_t path_of(std::uint64_t before, char32_t character) noexcept {
        return (std::rotl(before, 23) ^ character) * 0x9e3779b97f4a7c15U;
    }
    static std::size_t place(std::uint64_t path, std::size_t mask) noexcept {
        return static_cast<std::size_t>(path >> 28U) & mask;
    }
    [[nodiscard]] std::size_t place(std::uint64_t path) const noexcept { return place(path, m_mask); }
    /// What the first characters lead to is numbered by them, so that the second step needs no first one.
    static std::uint32_t first_node(char32_t character) noexcept { return 0x80000000U | character; }
    static std::size_t pair_place(char32_t first, char32_t second, std::size_t mask) noexcept {
        auto const key = (std::uint64_t{first} << 21U | second) * 0x9e3779b97f4a7c15U;
        return static_cast<std::size_t>(key >> 20U) & mask;
    }
    /// False: no name of two characters or more begins so.
    [[nodiscard]] bool may_begin(char32_t first, char32_t second) const noexcept {
        if (m_pairs.empty()) {
            return false;
        }
        auto const bit = pair_place(first, second, m_pairs.size() * 64 - 1);
        return (m_pairs[bit / 64] >> bit % 64 & 1U) != 0;
    }
    [[nodiscard]] Arc const* step(std::uint32_t node, char32_t character, std::uint64_t path) const noexcept {
        for (std::size_t i = 0, at = place(path); i < m_table.size(); ++i, at = (at + 1) & m_mask) {
            auto const& arc = m_table[at];
            if (arc.parent == node && arc.character == character) {
                return &arc;
            }
            if (arc.parent == kNone) {
                return nullptr;
            }
        }
        return nullptr;
    }

    std::span<Arc const> m_table; ///< a power of two, or empty
    std::size_t m_mask = 0;
    std::size_t m_arcs = 0;
    std::span<std::uint64_t const> m_pairs; ///< a power of two of words, or empty
    bool m_has_single = false;              ///< some name has one character
};

} // namespace wangge::address
