#pragma once

#include <string>
#include <string_view>

namespace wangge {

/// True when the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates). O(n).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// True when the bytes are UTF-8 but for a last character that is cut: what a file's first block is. O(n).
[[nodiscard]] bool is_utf8_but_for_end(std::string_view bytes) noexcept;

/// True when no byte is beyond ASCII. O(n), eight bytes at a time.
[[nodiscard]] bool is_ascii(std::string_view bytes) noexcept;

/// Length of the UTF-8 character that `bytes`, which are not empty, begin with; 0 when they begin with none, -1 when
/// they end inside it.
[[nodiscard]] int utf8_character(std::string_view bytes) noexcept;

/// Appends a Unicode scalar value.
void append_utf8(std::string& text, char32_t character);

} // namespace wangge
