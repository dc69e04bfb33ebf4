#pragma once

#include <wangge/lookup/locator.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace wangge::lookup {

/// `grid`, its divisions by level, officers and escalation, as every answer has them.
void put_grid(nlohmann::ordered_json& out, GridAnswer const& grid);
/// The same keys where there is none.
void put_no_grid(nlohmann::ordered_json& out);
/// Names that are not UTF-8 show as replacement characters instead of making the whole answer fail.
[[nodiscard]] std::string written(nlohmann::ordered_json const& json);

} // namespace wangge::lookup
