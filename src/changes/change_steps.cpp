#include "names.hpp"
#include "touched.hpp"
#include "working_state.hpp"

#include <wangge/base/error.hpp>
#include <wangge/changes/change_set_text.hpp>
#include <wangge/changes/change_steps.hpp>
#include <wangge/topology/area_shares.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::changes {

using registry::ChangeKind;
using registry::DraftStatus;
using registry::Operation;
using registry::OperationKind;

namespace {

/// Error{data_rejected} unless what was checked is what is there; the change set is then open again.
void require_as_checked(registry::Registry& registry, Examination const& examined, Words const& step,
                        std::string const& by) {
    auto const& draft = examined.draft;
    if (examined.conflicts.empty() && examined.content.hex() == draft.check_digest) {
        return;
    }
    auto const why = examined.conflicts.empty()
                         ? words("what lies round it has changed since it was checked", "检查之后其周边已有变化")
                         : examined.conflicts.front().message;
    registry.reopen_draft(draft.id, why, by);
    throw Error{ErrorCode::data_rejected,
                words("change set {0} '{1}' cannot be {2}: {3}. Check it again: wangge changes check {0}",
                      "变更单 {0} “{1}”不能{2}：{3}。请重新检查：wangge changes check {0}", draft.id, draft.title, step,
                      why)};
}

std::int64_t make_touched(registry::Registry& registry, registry::NewDraft const& draft,
                          std::span<Operation> operations) {
    std::int64_t id = 0;
    registry.together([&] {
        id = registry.make_draft(draft, operations);
        record_touched(registry, examine(registry, id, Depth::content));
    });
    return id;
}

/// Where the ground of the grids that change shape goes on the first day.
std::vector<registry::Lineage> lineage_of(Examination const& examined) {
    std::vector<registry::Lineage> lineage;
    for (auto const& share : topology::ground_shares(shape_changes(examined))) {
        if (share.from && share.to) {
            lineage.push_back({*share.from, *share.to, share.area_m2, share.share_of_from, share.share_of_to});
        }
    }
    return lineage;
}

} // namespace

std::vector<topology::ShapeChange> shape_changes(Examination const& examined) {
    std::vector<topology::ShapeChange> changes;
    for (auto const& [code, before, after] : examined.touched) {
        if (!before || !after || before->shape != after->shape) {
            changes.push_back({code, before ? &before->shape : nullptr, after ? &after->shape : nullptr});
        }
    }
    return changes;
}

void record_touched(registry::Registry& registry, Examination const& examined) {
    std::vector<GridCode> changed, neighbours;
    for (auto const& grid : examined.touched) {
        changed.push_back(grid.code);
    }
    for (auto const& grid : examined.neighbours) {
        neighbours.push_back(grid.code);
    }
    if (changed.empty()) { // in conflict: at least what its operations name
        for (auto const& operation : examined.operations) {
            for (auto const& grid : operation.grids) {
                if (!operation.dropped_by) {
                    changed.push_back(grid.code);
                }
            }
        }
    }
    registry.record_touched(examined.draft.id, changed, neighbours);
}

StepResult check(registry::Registry& registry, std::int64_t draft, std::string const& by) {
    auto const before = registry.draft(draft);
    if (before.status == DraftStatus::applied || before.status == DraftStatus::discarded) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}' is {}; there is nothing to check", "变更单 {} “{}”{}，没有可检查的内容",
                          draft, before.title, words_of(before.status))};
    }
    StepResult result{examine(registry, draft, Depth::coverage), {}};
    registry.together([&] {
        record_touched(registry, result.examination);
        result.meetings = registry.drafts_meeting(draft);
        registry.record_check(draft, by, result.examination.content, !result.examination.has_errors(),
                              check_json(result.examination, result.meetings));
    });
    result.examination.draft = registry.draft(draft);
    return result;
}

void approve(registry::Registry& registry, std::int64_t draft, std::string const& approver) {
    if (registry.draft(draft).status == DraftStatus::checked) {
        require_as_checked(registry, examine(registry, draft, Depth::content), words("approved", "批准"), approver);
    }
    registry.approve_draft(draft, approver);
}

Applied apply(registry::Registry& registry, std::int64_t draft, std::string const& by, Progress& progress) {
    auto const before = registry.draft(draft);
    if (before.status != DraftStatus::approved) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {0} '{1}' is {2}{3}; only an approved one is applied: wangge changes approve {0} "
                          "--approver NAME",
                          "变更单 {0} “{1}”{2}{3}；只有已批准的才能应用：wangge changes approve {0} --approver 姓名",
                          draft, before.title, words_of(before.status),
                          before.reopened_because.english.empty() ? Words{}
                                                                  : words(" ({})", "（{}）", before.reopened_because))};
    }
    auto examined = examine(registry, draft, Depth::content);
    require_as_checked(registry, examined, words("applied", "应用"), by);
    examined.change_set.lineage = lineage_of(examined);
    Applied applied;
    applied.meetings = registry.drafts_meeting(draft);
    applied.change_set = registry.apply(examined.change_set, progress);
    for (auto& meeting : applied.meetings) {
        meeting.status = registry.draft(meeting.id).status;
    }
    return applied;
}

std::int64_t undo(registry::Registry& registry, std::int64_t draft, std::string const& author, std::optional<Date> from,
                  Language language) {
    auto const undone = registry.draft(draft);
    if (!undone.change_set) {
        throw Error{ErrorCode::data_rejected, words("change set {} '{}' is {}, not applied; there is nothing to undo",
                                                    "变更单 {} “{}”{}，尚未应用，没有可撤销的内容", draft, undone.title,
                                                    words_of(undone.status))};
    }
    return undo_applied(registry, *undone.change_set, author, from, language);
}

std::int64_t undo_applied(registry::Registry& registry, std::int64_t change_set, std::string const& author,
                          std::optional<Date> from, Language language) {
    auto const undone = registry.applied_change(change_set);
    auto const timelines = registry.timelines(change_set);
    DateInterval days{kForever, kAlways};
    for (auto const& grid : timelines) {
        for (auto const& run : grid.days_that_differ()) {
            days = {std::min(days.from, run.from), std::max(days.to, run.to)};
        }
    }
    auto const reach = [&](auto const& rows) {
        for_each_changed(rows, kAlways, [&](DateInterval stretch, auto const&...) {
            days = {std::min(days.from, stretch.from), std::max(days.to, stretch.to)};
        });
    };
    auto const names = undone_names(registry, change_set);
    reach(names.aliases);
    reach(names.addresses);
    reach(names.retirements);
    reach(names.gaps);
    if (days.empty()) {
        if (!undone.draft) {
            throw Error{
                ErrorCode::data_rejected,
                words("{} was applied by a program that did not keep what imports had found; import the "
                      "boundaries as they were before as a change set (wangge changes new --from)",
                      "{}是由旧版程序应用的，没有保留导入前的情况；请以变更单重新导入原来的边界（wangge changes "
                      "new --from）",
                      name_of(undone))};
        }
        days = registry.draft(*undone.draft).days;
    }
    days.from = std::max(days.from, from.value_or(days.from));
    if (days.empty()) {
        throw Error{ErrorCode::usage,
                    words("{} has no effect from {} on; it ended on {}", "{}自 {} 起没有效力；它已于 {} 终止",
                          name_of(undone), days.from.str(), days.to.str())};
    }
    return make_touched(registry,
                        {undone.draft
                             ? said(language, "undo of {} '{}'", "撤销变更单 {} “{}”", *undone.draft, undone.title)
                             : said(language, "undo of {}", "撤销{}", name_of(undone)),
                         author,
                         days,
                         change_set,
                         {}},
                        {});
}

std::int64_t make_change_set(registry::Registry& registry, registry::NewDraft const& draft,
                             std::span<registry::GridChange const> changes,
                             std::span<std::optional<registry::GridBase> const> bases) {
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        auto const& change = changes[i];
        auto const& after = change.after;
        auto base = bases[i];
        auto const add = [&](OperationKind kind) -> registry::OperationGrid& {
            auto& operation = operations.emplace_back();
            operation.kind = kind;
            auto& grid = operation.grids.emplace_back();
            grid.code = after.code;
            grid.base = std::exchange(base, std::nullopt);
            return grid;
        };
        for (auto const kind : change.kinds) {
            switch (kind) {
            case ChangeKind::added: {
                auto& grid = add(OperationKind::create);
                grid.effect = registry::Effect::create;
                grid.name = after.name;
                grid.kind = after.kind;
                grid.village = after.village;
                grid.shape = after.shape;
                break;
            }
            case ChangeKind::reshaped:
                add(OperationKind::reshape).shape = after.shape;
                break;
            case ChangeKind::renamed:
                add(OperationKind::rename).name = after.name;
                break;
            case ChangeKind::reparented:
                add(OperationKind::reparent).village = after.village;
                break;
            case ChangeKind::retired:
                add(OperationKind::retire).effect = registry::Effect::end;
                break;
            case ChangeKind::restored:
                throw Error{ErrorCode::usage, words("grid {}: only an undo restores a grid",
                                                    "网格 {}：只有撤销才能恢复网格", after.code.str())};
            }
        }
    }
    return make_touched(registry, draft, operations);
}

} // namespace wangge::changes
