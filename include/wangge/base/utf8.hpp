#pragma once

#include <string>
#include <string_view>

namespace wangge {

/// True when the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates). O(n).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// True when of the lines with bytes beyond ASCII no more are not UTF-8 than are: a bad row does not make the first
/// block of a file one of another encoding. A last character that is cut says nothing. O(n).
[[nodiscard]] bool is_mostly_utf8(std::string_view block) noexcept;

/// True when no byte is beyond ASCII. O(n), eight bytes at a time.
[[nodiscard]] bool is_ascii(std::string_view bytes) noexcept;

/// Length of the UTF-8 character that `bytes`, which are not empty, begin with; 0 when they begin with none, -1 when
/// they end inside it.
[[nodiscard]] int utf8_character(std::string_view bytes) noexcept;

/// Appends a Unicode scalar value.
void append_utf8(std::string& text, char32_t character);

} // namespace wangge
