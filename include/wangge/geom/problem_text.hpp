#pragma once

#include <wangge/base/words.hpp>
#include <wangge/geom/problem.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace wangge {

/// What, where and what to do, in the language: English as its finder said it, Chinese as well where the finder did;
/// otherwise from the code, the subjects, the place, the measure and the facts.
[[nodiscard]] std::string sentence(Problem const& problem, Language language);

/// The name of a feature as a person reads it: "row 17" and "CODE (row 17)" are words, other names are not.
[[nodiscard]] std::string subject_text(std::string const& subject, Language language);
[[nodiscard]] Words subject_words(std::string const& subject);
[[nodiscard]] std::string_view title_of(ProblemKind const& kind, Language language) noexcept;
[[nodiscard]] std::string_view word_of(Severity severity, Language language) noexcept;

/// What a code means and what to do about it, for people who have only the report.
struct ProblemGuide {
    std::string_view meaning;
    std::string_view remedy;
};
[[nodiscard]] ProblemGuide guide_of(ProblemCode code, Language language);

/// Colour of a code on maps and pages, "#rrggbb".
[[nodiscard]] std::string_view colour_of(ProblemCode code) noexcept;

/// "1,234 m²", "0.0031 m²", "12.5 平方米"; empty for a problem without a measure.
[[nodiscard]] std::string measure_text(Problem const& problem, Language language);
/// "113.3300000, 23.1300000", longitude first; empty for a problem without a place.
[[nodiscard]] std::string place_text(Problem const& problem);
/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

} // namespace wangge
