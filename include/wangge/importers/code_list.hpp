#pragma once

#include <wangge/base/codes.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/// Division codes of a text that has one on each line, at its beginning; what follows a blank, tab, comma or semicolon
/// is left alone, and so are empty lines, a byte order mark and a first line that is a heading. Throws
/// Error{data_rejected} that names `file` and the line when another line begins with something else. O(bytes).
[[nodiscard]] std::vector<DivisionCode> parse_code_list(std::string_view text, std::string const& file);

} // namespace wangge::importers
