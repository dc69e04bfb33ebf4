#include "problem_text.hpp"

#include <wangge/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace wangge::importers {

Problem row_problem(ProblemCode code, std::string subject, std::string const& where, Words const& message) {
    Problem problem{code, {std::move(subject)}, fmt::format("{}: {}", where, message.english), {}, 0, {}};
    problem.chinese = fmt::format("{}：{}", subject_text(where, Language::chinese), message.chinese);
    return problem;
}

Words level_words(Level level) {
    constexpr std::array kLevels{std::pair{Level::province, "省"},  std::pair{Level::city, "市"},
                                 std::pair{Level::county, "县区"},  std::pair{Level::town, "镇街"},
                                 std::pair{Level::village, "村居"}, std::pair{Level::group, "村民小组"}};
    auto const* const found = std::ranges::find(kLevels, level, &std::pair<Level, char const*>::first);
    return {std::string{to_string(level)}, found == kLevels.end() ? "?" : found->second};
}

Words field_words(std::span<WantedField const> fields, std::string_view key) {
    auto const found = std::ranges::find(fields, key, &WantedField::key);
    if (found == fields.end()) {
        throw std::logic_error{"a field that is not wanted"};
    }
    return {std::string{key}, std::string{found->names.front()}};
}

std::string utf8_or_replaced(std::string_view text) {
    if (is_utf8(text)) {
        return std::string{text};
    }
    std::string result;
    for (char const c : text) {
        if (static_cast<unsigned char>(c) < 0x80) {
            result += c;
        } else {
            result += "\xEF\xBF\xBD";
        }
    }
    return result;
}

} // namespace wangge::importers
