#pragma once

#include <wangge/base/words.hpp>
#include <wangge/importers/check_layer.hpp>
#include <wangge/importers/import_job.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::importers {

/// What every form of a report says, whatever was done; borrows from the report.
struct ReportContents {
    Language language = Language::english;
    std::string title;
    std::vector<std::pair<std::string, std::string>> facts; ///< label, words
    std::string outcome;                                    ///< one sentence
    std::string hint;                                       ///< what to do next, for a terminal; may be empty
    ProblemTally const* tally = nullptr;
    ReportMap const* map = nullptr;

    /// The words of the report's language.
    [[nodiscard]] std::string_view say(std::string_view english, std::string_view chinese) const noexcept {
        return language == Language::chinese ? chinese : english;
    }
};

[[nodiscard]] ReportContents contents_of(ImportReport const& report, Language language);
[[nodiscard]] ReportContents contents_of(CheckReport const& report, Language language);

} // namespace wangge::importers
