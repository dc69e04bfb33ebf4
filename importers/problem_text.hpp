#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/importers/field_mapping.hpp>

#include <span>
#include <string>
#include <string_view>

namespace wangge::importers {

/// A problem of one row of a file. `where` begins its sentence: "officers.csv row 17".
[[nodiscard]] Problem row_problem(ProblemCode code, std::string subject, std::string const& where,
                                  Words const& message);

/// The name of a level, and of what a column is for: "town" and 镇街, "phone" and 手机号码.
[[nodiscard]] Words level_words(Level level);
[[nodiscard]] Words field_words(std::span<WantedField const> fields, std::string_view key);

/// `text` when it is UTF-8; else with U+FFFD for its bytes beyond ASCII: names of files on a disk may be in any
/// encoding.
[[nodiscard]] std::string utf8_or_replaced(std::string_view text);

} // namespace wangge::importers
