#pragma once

#include <string_view>

namespace wangge {

/// True when the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates). O(n).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// True when no byte is beyond ASCII. O(n), eight bytes at a time.
[[nodiscard]] bool is_ascii(std::string_view bytes) noexcept;

/// Length of the UTF-8 character that `bytes`, which are not empty, begin with; 0 when they begin with none, -1 when
/// they end inside it.
[[nodiscard]] int utf8_character(std::string_view bytes) noexcept;

} // namespace wangge
