#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wangge::importers {

/// True when the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates). O(n).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// `bytes` without a character that was cut at their end (a .dbf cuts names at 10 bytes, wherever that falls).
[[nodiscard]] std::string_view without_cut_character(std::string_view bytes, std::string_view encoding) noexcept;

/// Canonical name ("UTF-8", "GB18030", "BIG5") of what people and .cpg files write: utf8, 65001, GBK, CP936, "ANSI
/// 936". GB2312 and GBK become GB18030, which holds both. Empty when it is none of these.
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

/// Decides between UTF-8 and GB18030 from the bytes of text fields, fed one by one.
class EncodingGuess {
public:
    EncodingGuess();
    void add(std::string_view bytes);
    /// "UTF-8", "GB18030", or empty when the bytes are neither. ASCII alone counts as UTF-8.
    [[nodiscard]] std::optional<std::string> encoding() const;
    [[nodiscard]] bool only_ascii() const noexcept { return m_beyond_ascii == 0; }
    [[nodiscard]] bool fits(std::string_view canonical) const;

private:
    TextDecoder m_gb18030;
    bool m_utf8 = true;
    bool m_gb = true;
    std::size_t m_beyond_ascii = 0;
};

} // namespace wangge::importers
