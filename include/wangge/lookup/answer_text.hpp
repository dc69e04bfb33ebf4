#pragma once

#include <wangge/base/words.hpp>
#include <wangge/lookup/locator.hpp>

#include <string>

namespace wangge::lookup {

/// One JSON object without line ends, keys in a fixed order (docs/http-api.md). Metres are rounded to 1 mm, areas to
/// 0.01 m2. Officers appear by staff number and role only.
[[nodiscard]] std::string to_json(Answer const& answer);
[[nodiscard]] std::string to_json(GridAnswer const& grid, Evidence const& evidence);

/// The same for people: one labelled line for each fact, no line end at the end.
[[nodiscard]] std::string to_text(Answer const& answer, Language language);
[[nodiscard]] std::string to_text(GridAnswer const& grid, Evidence const& evidence, Language language);

} // namespace wangge::lookup
