#include "undoing.hpp"

#include "names.hpp"
#include "working_state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wangge::changes {

using registry::ChangeKind;
using registry::GridOnDays;

namespace {

/// The parts of `side` on `days`; versions with the same content that follow one another are one.
std::vector<GridOnDays> clipped(std::vector<GridOnDays> const& side, std::vector<DateInterval> const& days) {
    std::vector<GridOnDays> parts;
    for (auto const& run : days) {
        for (auto const& version : side) {
            auto part = version;
            part.days = {std::max(run.from, version.days.from), std::min(run.to, version.days.to)};
            if (part.days.empty()) {
                continue;
            }
            auto joined = part;
            if (!parts.empty() && parts.back().days.to == part.days.from) {
                joined.days = parts.back().days;
                if (joined == parts.back()) {
                    parts.back().days.to = part.days.to;
                    continue;
                }
            }
            parts.push_back(std::move(part));
        }
    }
    return parts;
}

/// From what it is to what it will be again.
std::vector<ChangeKind> kinds_of(GridOnDays const* is, GridOnDays const* will_be) {
    if (is == nullptr || will_be == nullptr) {
        return {is == nullptr ? ChangeKind::restored : ChangeKind::retired};
    }
    std::vector<ChangeKind> kinds;
    if (is->content.shape_id != will_be->content.shape_id) {
        kinds.push_back(ChangeKind::reshaped);
    }
    if (is->content.name != will_be->content.name) {
        kinds.push_back(ChangeKind::renamed);
    }
    if (is->content.village != will_be->content.village) {
        kinds.push_back(ChangeKind::reparented);
    }
    return kinds;
}

GridOnDays const* first_on(std::vector<GridOnDays> const& side, Date day) {
    auto const found = std::ranges::find_if(side, [&](GridOnDays const& v) { return v.days.holds(day); });
    return found == side.end() ? nullptr : &*found;
}

} // namespace

registry::ChangeSet undoing(registry::Registry const& registry, registry::ChangeDraft const& draft,
                            std::vector<Conflict>& conflicts) {
    registry::ChangeSet set;
    auto const undone = registry.applied_change(*draft.undoes_change_set);
    for (auto const& grid : registry.timelines(undone.change_set)) {
        std::vector<DateInterval> days;
        for (auto const& run : grid.days_that_differ()) {
            DateInterval const from_then_on{std::max(run.from, draft.days.from), run.to};
            if (!from_then_on.empty()) {
                days.push_back(from_then_on);
            }
        }
        if (days.empty()) {
            continue;
        }
        if (clipped(registry.timeline(grid.code), days) != clipped(grid.after, days)) {
            Conflict conflict{0, grid.code, registry.last_change(grid.code), {}};
            auto const& since = conflict.since;
            conflict.message = words(
                "change set {} '{}' cannot undo {}: grid {} is no longer as that left it{}; undo the later change "
                "first",
                "变更单 {} “{}”不能撤销{}：网格 {} 已不是当时的样子{}；请先撤销后来的变更", draft.id, draft.title,
                name_of(undone), grid.code.str(),
                since ? words(", the last to change it was {}", "，最近一次改动它的是{}", name_of(*since)) : Words{});
            conflicts.push_back(std::move(conflict));
            continue;
        }
        registry::GridRestoration restoration;
        restoration.code = grid.code;
        restoration.content = clipped(grid.before, days);
        auto const first = days.front().from;
        auto const* const is = first_on(grid.after, first);
        auto const* const will_be = first_on(restoration.content, first);
        restoration.kinds = kinds_of(is, will_be);
        restoration.area_before_m2 = is == nullptr ? 0 : is->content.area_m2;
        restoration.area_after_m2 = will_be == nullptr ? 0 : will_be->content.area_m2;
        restoration.days = std::move(days);
        set.restorations.push_back(std::move(restoration));
    }
    for (auto const& gap : registry.accepted_gaps(std::nullopt)) {
        if (gap.change_set != undone.change_set || gap.valid.to <= draft.days.from) {
            continue;
        }
        set.withdrawn_gaps.push_back(gap.id);
        if (gap.valid.from < draft.days.from) { // until then it stays accepted
            auto until_then = gap;
            until_then.id = 0;
            until_then.change_set = 0;
            until_then.valid.to = draft.days.from;
            set.accepted_gaps.push_back(std::move(until_then));
        }
    }
    undo_names(registry, draft, undone.change_set, set, conflicts);
    for (auto& gap : registry.gaps_withdrawn_by(undone.change_set)) {
        gap.id = 0;
        gap.change_set = 0;
        set.accepted_gaps.push_back(std::move(gap));
    }
    return set;
}

} // namespace wangge::changes
