#include "problem_text.hpp"
#include "report_contents.hpp"

#include <wangge/importers/report_writer.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace wangge::importers {

namespace {

/// A sentence of its own; most already name the features and the place.
void append_case(std::string& text, Problem const& problem, Language language) {
    auto const words = sentence(problem, language);
    auto const names = [&](std::string const& part) { return words.find(part) != std::string::npos; };
    text += "  ";
    bool const named =
        !problem.subjects.empty() && (names(subject_text(problem.subjects.front(), language)) ||
                                      (problem.code == ProblemCode::duplicate_code && !problem.fact("value").empty()));
    if (!problem.subjects.empty() && !named) {
        fmt::format_to(std::back_inserter(text), "{}: ", fmt::join(problem.subjects, ", "));
    }
    text += words;
    if (problem.place && !names(fmt::format("{:.7f}", geom::to_degrees(problem.place->at.lon)))) {
        fmt::format_to(std::back_inserter(text), " ({})", place_text(problem));
    }
    text += '\n';
}

[[nodiscard]] std::string text_of(ReportContents const& contents, std::size_t shown_of_each) {
    std::string text;
    auto const line = [&]<class... T>(fmt::format_string<T...> form, T&&... values) {
        fmt::format_to(std::back_inserter(text), form, std::forward<T>(values)...);
        text += '\n';
    };
    line("{}", contents.title);
    for (auto const& [label, words] : contents.facts) {
        line("  {}: {}", label, words);
    }
    ProblemCode const* last = nullptr;
    std::size_t shown = 0;
    for (auto const& problem : contents.tally->problems) {
        auto const count = contents.tally->problem_counts.at(problem.code);
        if (last == nullptr || *last != problem.code) {
            auto const& kind = problem_kind(problem.code);
            line("{} {} {} ({}): {}", word_of(kind.severity, contents.language), static_cast<int>(kind.code), kind.slug,
                 title_of(kind, contents.language), count);
            last = &problem.code;
            shown = 0;
        }
        if (++shown <= shown_of_each) {
            append_case(text, problem, contents.language);
        } else if (shown == shown_of_each + 1) {
            contents.language == Language::chinese ? line("  …… 另有 {} 个", count - shown_of_each)
                                                   : line("  ... and {} more", count - shown_of_each);
        }
    }
    line("{}", contents.outcome);
    if (!contents.hint.empty() && shown_of_each == kShownOnTerminal) {
        line("{}", contents.hint);
    }
    return text;
}

} // namespace

std::string reading_text(ImportReport const& report, Language language) {
    std::string text;
    for (auto const& [label, words] : contents_of(report, language).facts) {
        fmt::format_to(std::back_inserter(text), "{}: {}\n", label, words);
    }
    return text;
}

std::string report_text(ImportReport const& report, Language language, std::size_t shown_of_each) {
    return text_of(contents_of(report, language), shown_of_each);
}

std::string report_text(CheckReport const& report, Language language, std::size_t shown_of_each) {
    return text_of(contents_of(report, language), shown_of_each);
}

} // namespace wangge::importers
