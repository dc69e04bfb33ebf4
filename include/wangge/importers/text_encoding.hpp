#pragma once

#include <wangge/base/words.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace wangge::importers {

/// `bytes` without a character that was cut at their end (a .dbf cuts names at 10 bytes, wherever that falls).
[[nodiscard]] std::string_view without_cut_character(std::string_view bytes, std::string_view encoding) noexcept;

/// Canonical name ("UTF-8", "GB18030", "BIG5") of what people and .cpg files write: utf8, 65001, GBK, CP936, "ANSI
/// 936". GB2312 and GBK become GB18030, which holds both; Big5 is read with the characters of Hong Kong. Empty when it
/// is none of these.
[[nodiscard]] std::optional<std::string> canonical_encoding(std::string_view name);

/// Strict decoder to UTF-8. One object serves one thread.
class TextDecoder {
public:
    /// Throws Error{usage} when the encoding is unknown.
    explicit TextDecoder(std::string_view encoding);
    ~TextDecoder();
    TextDecoder(TextDecoder&&) noexcept;
    TextDecoder& operator=(TextDecoder&&) noexcept;

    [[nodiscard]] std::string const& encoding() const noexcept { return m_encoding; }
    /// Replaces `text` by its UTF-8 form; false, and `text` untouched, when the bytes are not valid in the encoding.
    [[nodiscard]] bool decode(std::string& text);

private:
    struct Converter;
    std::string m_encoding;
    std::unique_ptr<Converter> m_converter; ///< empty for UTF-8
    std::string m_buffer;
};

/// UTF-16 (with the byte order of its mark, which must stand first) as UTF-8; empty when it has no mark or is not
/// valid.
[[nodiscard]] std::optional<std::string> utf16_to_utf8(std::string_view bytes);

/**
 * Decides between UTF-8, GB18030 and Big5 from the bytes of all texts of a file, fed one by one: by the names of known
 * places that they begin with in one encoding and not in the others; else UTF-8 when at least nine in ten are valid in
 * it (Chinese in GB18030 next to never is); else the one in which fewest are not valid. Between GB18030 and Big5 the
 * second bytes of characters decide: one in five below 0x80 is Big5. O(bytes). One object serves one
 * thread.
 */
class EncodingGuess {
public:
    /// `known_names` in UTF-8, as "石牌街道" or "冼村社区居民委员会"; may be empty.
    explicit EncodingGuess(std::vector<std::string> const& known_names = {});
    void add(std::string_view bytes);
    /// Empty when more than a tenth of the texts is valid in none. ASCII alone counts as UTF-8.
    [[nodiscard]] std::optional<std::string> encoding() const;
    [[nodiscard]] bool only_ascii() const noexcept { return m_texts == 0; }
    /// False when the texts speak against this encoding.
    [[nodiscard]] bool fits(std::string_view canonical) const;
    /// "of 40 texts beyond ASCII 40 are valid GB18030, 2 UTF-8, 11 Big5; known places: 31, 0, 0"
    [[nodiscard]] Words evidence() const;

private:
    struct Candidate {
        TextDecoder decoder;
        std::size_t invalid = 0;
        std::size_t known = 0; ///< texts that begin with the name of a known place
    };
    [[nodiscard]] bool tolerable(Candidate const& candidate) const noexcept;
    void count_pairs(std::string_view big5) noexcept;
    [[nodiscard]] bool looks_like_big5() const noexcept;
    [[nodiscard]] Candidate const* with_known_places() const;
    [[nodiscard]] bool begins_with_known_place(std::string_view utf8) const;

    std::vector<Candidate> m_candidates; ///< UTF-8, GB18030, BIG5
    std::unordered_set<std::string> m_known;
    std::size_t m_texts = 0;       ///< beyond ASCII
    std::size_t m_pairs = 0;       ///< two-byte characters in texts that are valid in Big5
    std::size_t m_early_pairs = 0; ///< whose first byte is below 0xA1
    std::size_t m_low_pairs = 0;   ///< whose second byte is below 0x80
};

} // namespace wangge::importers
