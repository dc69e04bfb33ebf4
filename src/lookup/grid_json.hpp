#pragma once

#include <wangge/lookup/locator.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace wangge::lookup {

/// A written JSON object: the grid, its divisions by level, officers and escalation, as every answer has them.
[[nodiscard]] std::string grid_members(GridAnswer const& grid);
/// The same keys where there is none.
[[nodiscard]] std::string no_grid_members();
/// One object with the members of several that are written and not empty: {"a":1} and {"b":2} give {"a":1,"b":2}.
[[nodiscard]] std::string joined(std::initializer_list<std::string_view> objects);

} // namespace wangge::lookup
