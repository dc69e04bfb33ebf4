#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/changes/examination.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::changes {

/// A change set after a step, and the others that it meets.
struct StepResult {
    Examination examination;
    std::vector<registry::DraftMeeting> meetings;
};

/// What a step is refused for is Error{data_rejected}: not checked, not approved, approved by an editor, no longer what
/// was checked. Then the change set is open again. All need the registry open for writing.

/// Checks and keeps the outcome; without errors the change set is checked, else open.
[[nodiscard]] StepResult check(registry::Registry& registry, std::int64_t draft, std::string const& by);
void approve(registry::Registry& registry, std::int64_t draft, std::string const& approver);
/// Applies to the open draft generation, in one transaction. Returns the id of the change set in the registry. Those
/// that it meets have lost their check and approval.
struct Applied {
    std::int64_t change_set = 0;
    std::vector<registry::DraftMeeting> meetings;
};
[[nodiscard]] Applied apply(registry::Registry& registry, std::int64_t draft, std::string const& by,
                            Progress& progress);
/// Makes a change set that puts back what an applied one changed, from its first day on or from `from`. Grids that it
/// retired come back under their codes, those that it made are retired. Its title is in the language.
[[nodiscard]] std::int64_t undo(registry::Registry& registry, std::int64_t draft, std::string const& author,
                                std::optional<Date> from, Language language = Language::english);
/// The same of any applied change set of grids, by its id in the registry: of a direct import, too. Error{not_found};
/// Error{data_rejected}: it changed divisions, or is an import of a program that kept nothing to undo it by.
[[nodiscard]] std::int64_t undo_applied(registry::Registry& registry, std::int64_t change_set,
                                        std::string const& author, std::optional<Date> from,
                                        Language language = Language::english);

/// A change set of what a file would change; `bases` in the order of the changes, empty for added grids. Its number.
/// It is recorded with all of its operations or not at all.
[[nodiscard]] std::int64_t make_change_set(registry::Registry& registry, registry::NewDraft const& draft,
                                           std::span<registry::GridChange const> changes,
                                           std::span<std::optional<registry::GridBase> const> bases);

} // namespace wangge::changes
