#include <wangge/changes/change_set_text.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace wangge::changes {

namespace {

constexpr std::size_t kShown = 12;

std::string listed(std::vector<GridCode> const& codes) {
    std::string text;
    for (std::size_t i = 0; i < std::min(codes.size(), kShown); ++i) {
        text += fmt::format("{}{}", i == 0 ? "" : ", ", codes[i].str());
    }
    return text + (codes.size() > kShown ? fmt::format(" and {} more", codes.size() - kShown) : "");
}

std::string name_of(std::optional<GridCode> const& code) {
    return code ? std::string{code->str()} : std::string{"no grid"};
}

std::string days_text(DateInterval days) {
    return days.to == kForever ? fmt::format("from {}", days.from.str())
                               : fmt::format("from {} until {}", days.from.str(), days.to.str());
}

std::string head(registry::ChangeDraft const& draft) {
    auto text = fmt::format("Change set {} '{}', {}, {}, by {}\n", draft.id, draft.title, to_string(draft.status),
                            days_text(draft.days), fmt::join(draft.editors, ", "));
    if (!draft.approver.empty()) {
        text += fmt::format("  approved by {} at {}\n", draft.approver, draft.approved_at);
    }
    if (!draft.reopened_because.empty()) {
        text += fmt::format("  to be checked again: {}\n", draft.reopened_because);
    }
    if (draft.published) {
        text += fmt::format("  published in generation {}\n", *draft.published);
    } else if (draft.status == registry::DraftStatus::applied) {
        text += "  waits for a publish: wangge publish\n";
    }
    if (!draft.discarded_by.empty()) {
        text += fmt::format("  discarded by {}{}\n", draft.discarded_by,
                            draft.discarded_because.empty() ? "" : ": " + draft.discarded_because);
    }
    return text;
}

std::string conflicts_text(std::vector<Conflict> const& conflicts) {
    std::string text;
    for (std::size_t i = 0; i < std::min(conflicts.size(), kShown); ++i) {
        text += fmt::format("  conflict: {}\n", conflicts[i].message);
    }
    return text + (conflicts.size() > kShown
                       ? fmt::format("  and {} more conflicts; --json lists them all\n", conflicts.size() - kShown)
                       : "");
}

} // namespace

std::string operation_text(registry::Operation const& operation) {
    std::string made, others;
    for (auto const& grid : operation.grids) {
        if (grid.effect == registry::Effect::create) {
            made += fmt::format("{}{}", made.empty() ? "" : ", ", grid.code.str());
        } else {
            others += fmt::format("{}{}", others.empty() ? "" : ", ", grid.code.str());
        }
    }
    auto text = fmt::format("operation {}: {}", operation.number, to_string(operation.kind));
    if (operation.alias) {
        text += fmt::format(" '{}' of {}", operation.alias->text, operation.alias->division.str());
    }
    if (auto const& address = operation.address) {
        text += fmt::format(" '{}'", address->point.text);
        text += address->corrects
                    ? fmt::format(" in the place of '{}' of {}", address->corrects->id, address->corrects->source)
                    : "";
    }
    if (auto const& retirement = operation.retirement) {
        text += fmt::format(" '{}', the point '{}' of {}", retirement->text, retirement->which.id,
                            retirement->which.source.empty() ? "staff" : retirement->which.source);
    }
    text += others.empty() ? "" : " " + others;
    text += made.empty() ? "" : ", new " + made;
    if (operation.at) {
        text +=
            fmt::format(" at {:.7f} {:.7f}", geom::to_degrees(operation.at->lon), geom::to_degrees(operation.at->lat));
    }
    text += operation.reason.empty() ? "" : fmt::format(" ({})", operation.reason);
    text += fmt::format(", by {}", operation.editor);
    return text + (operation.dropped_by ? fmt::format(", dropped by {}", *operation.dropped_by) : "");
}

std::string meetings_text(std::span<registry::DraftMeeting const> meetings) {
    std::string text;
    for (auto const& meeting : meetings) {
        text += fmt::format("  meets change set {} '{}' ({}):", meeting.id, meeting.title, to_string(meeting.status));
        if (!meeting.same.empty()) {
            text += fmt::format(" both change {}{}", listed(meeting.same), meeting.near.empty() ? "" : ";");
        }
        if (!meeting.near.empty()) {
            text += fmt::format(" neighbours {}", listed(meeting.near));
        }
        text += "\n";
    }
    return text;
}

std::string draft_text(registry::ChangeDraft const& draft, std::span<registry::Operation const> operations,
                       std::span<registry::DraftMeeting const> meetings) {
    auto text = head(draft);
    for (std::size_t i = 0; i < std::min(operations.size(), 4 * kShown); ++i) {
        text += fmt::format("  {}\n", operation_text(operations[i]));
    }
    if (operations.size() > 4 * kShown) {
        text += fmt::format("  and {} more; --json lists them all\n", operations.size() - 4 * kShown);
    }
    if (!draft.checked_at.empty()) {
        text += fmt::format("  last checked by {} at {}\n", draft.checked_by, draft.checked_at);
    }
    return text + meetings_text(meetings);
}

std::string drafts_text(std::span<registry::ChangeDraft const> drafts) {
    if (drafts.empty()) {
        return "No change set is being made; begin one with: wangge changes new --title TITLE\n";
    }
    std::string text;
    for (auto const& draft : drafts) {
        text += fmt::format("{:>4}  {:9}  {:10}  {:>5} operations  {:12}  {}\n", draft.id, to_string(draft.status),
                            draft.days.from.str(), draft.operations, draft.author, draft.title);
    }
    return text;
}

std::string check_text(Examination const& examined, std::span<registry::DraftMeeting const> meetings) {
    auto text = head(examined.draft) + conflicts_text(examined.conflicts);
    std::size_t shown = 0;
    for (auto const severity : {Severity::error, Severity::warning, Severity::note}) {
        for (auto const& [day, problem] : examined.problems) {
            if (problem.severity() == severity && shown++ < kShown) {
                text += fmt::format("  {} {} on {}: {}\n", to_string(severity), static_cast<int>(problem.code),
                                    day.str(), problem.message);
            }
        }
    }
    if (shown > kShown) {
        text += fmt::format("  and {} more; --json lists them all\n", shown - kShown);
    }
    for (auto const& remark : examined.remarks) {
        text += fmt::format("  warning: {}\n", remark.message);
    }
    text += meetings_text(meetings);
    std::string days;
    for (std::size_t i = 0; i < std::min(examined.days.size(), kShown); ++i) {
        days += (days.empty() ? "" : ", ") + examined.days[i].str();
    }
    auto const errors = examined.count(Severity::error) + examined.conflicts.size();
    return text + fmt::format("{} errors, {} warnings, {} notes; looked at {}{}\n", errors,
                              examined.count(Severity::warning) + examined.remarks.size(),
                              examined.count(Severity::note), days.empty() ? "no day" : days,
                              examined.days.size() > kShown ? ", ..." : "");
}

std::string preview_text(Preview const& preview) {
    auto const& examined = preview.examination;
    auto text = head(examined.draft) + conflicts_text(examined.conflicts);
    auto const line = [&](std::string_view what, std::vector<GridCode> const& codes) {
        if (!codes.empty()) {
            text += fmt::format("  {:10} {:>5}  {}\n", what, codes.size(), listed(codes));
        }
    };
    line("added", preview.added);
    line("reshaped", preview.reshaped);
    line("renamed", preview.renamed);
    line("reparented", preview.reparented);
    line("retired", preview.retired);
    line("restored", preview.restored);
    for (auto const& [what, list] : {std::pair{"split", &preview.splits}, {"merged", &preview.merges}}) {
        for (auto const& succession : *list) {
            text += fmt::format("  {}: {} -> {}\n", what, listed(succession.from), listed(succession.to));
        }
    }
    text += fmt::format("On {}: {:.1f} m2 and {} addresses change hands\n", examined.first_day.str(), preview.moved_m2,
                        preview.addresses);
    std::vector<Move const*> largest;
    for (auto const& move : preview.moves) {
        largest.push_back(&move);
    }
    std::ranges::stable_sort(largest, std::ranges::greater{}, &Move::area_m2);
    for (std::size_t i = 0; i < std::min(largest.size(), kShown); ++i) {
        auto const& move = *largest[i];
        text += fmt::format("  {} -> {}: {:.1f} m2, {} addresses\n", name_of(move.from), name_of(move.to), move.area_m2,
                            move.addresses);
    }
    if (largest.size() > kShown) {
        text += fmt::format("  and {} more; --json lists them all\n", largest.size() - kShown);
    }
    for (std::size_t i = 0; i < std::min(preview.assignments.size(), kShown); ++i) {
        auto const& open = preview.assignments[i];
        text += fmt::format("  officer {} ({}) of {}: most of its ground goes to {}\n", open.entry.officer_id,
                            to_string(open.entry.role), open.entry.grid.str(), name_of(open.successor));
    }
    if (preview.assignments.size() > kShown) {
        text += fmt::format("  and {} more officers\n", preview.assignments.size() - kShown);
    }
    for (auto const& gap : examined.change_set.accepted_gaps) {
        text += fmt::format("  accepted gap of {:.1f} m2: {}\n", geom::area_m2(gap.shape), gap.reason);
    }
    for (auto const& effect : preview.aliases) {
        text += fmt::format("  {} '{}' is {} found as '{}'\n", effect.alias.code.str(), effect.division,
                            effect.withdrawn ? "no longer" : "also", effect.alias.text);
    }
    auto const where = [](registry::AddressPoint const& point, std::optional<GridCode> const& grid) {
        return fmt::format("'{}' at {:.7f} {:.7f} in {}", point.text, geom::to_degrees(point.at.lon),
                           geom::to_degrees(point.at.lat), name_of(grid));
    };
    for (auto const& effect : preview.address_points) {
        auto const& point = effect.address.point;
        text += fmt::format("  address {}: {}{}\n", effect.withdrawn ? "withdrawn" : "found", where(point, effect.grid),
                            effect.imported ? (effect.withdrawn ? "; again " : ", no longer ") +
                                                  where(*effect.imported, effect.imported_grid)
                                            : "");
    }
    for (auto const& effect : preview.retired_addresses) {
        text += fmt::format("  address {}: {}\n", effect.withdrawn ? "found again" : "no longer found",
                            effect.point ? where(*effect.point, effect.grid)
                                         : fmt::format("'{}', which its file has no more", effect.retired.text));
    }
    std::vector<GridCode> neighbours;
    for (auto const& grid : examined.neighbours) {
        neighbours.push_back(grid.code);
    }
    line("neighbours", neighbours);
    return text + meetings_text(preview.meetings);
}

} // namespace wangge::changes
