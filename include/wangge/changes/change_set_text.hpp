#pragma once

#include <wangge/changes/examination.hpp>
#include <wangge/changes/preview.hpp>

#include <span>
#include <string>

namespace wangge::changes {

/// UTF-8 JSON for programs: positions in degrees, longitude first; areas in m2. Sentences in the language.
[[nodiscard]] std::string draft_json(registry::ChangeDraft const& draft,
                                     std::span<registry::Operation const> operations,
                                     std::span<registry::DraftMeeting const> meetings,
                                     Language language = Language::english);
[[nodiscard]] std::string drafts_json(std::span<registry::ChangeDraft const> drafts,
                                      Language language = Language::english);
/// Kept with the change set as the outcome of its check.
[[nodiscard]] std::string check_json(Examination const& examined, std::span<registry::DraftMeeting const> meetings,
                                     Language language = Language::english);
[[nodiscard]] std::string preview_json(Preview const& preview, Language language = Language::english);
[[nodiscard]] std::string added_json(registry::ChangeDraft const& draft, registry::Operation const& operation,
                                     std::span<registry::DraftMeeting const> meetings,
                                     Language language = Language::english);

/// The same for people; lines end with a newline.
[[nodiscard]] std::string draft_text(registry::ChangeDraft const& draft,
                                     std::span<registry::Operation const> operations,
                                     std::span<registry::DraftMeeting const> meetings, Language language);
[[nodiscard]] std::string drafts_text(std::span<registry::ChangeDraft const> drafts, Language language);
[[nodiscard]] std::string check_text(Examination const& examined, std::span<registry::DraftMeeting const> meetings,
                                     Language language);
[[nodiscard]] std::string preview_text(Preview const& preview, Language language);
/// "operation 3: split of 440..., new 440..., 440..."
[[nodiscard]] std::string operation_text(registry::Operation const& operation, Language language);
/// One line for each other change set; empty when there is none.
[[nodiscard]] std::string meetings_text(std::span<registry::DraftMeeting const> meetings, Language language);

} // namespace wangge::changes
