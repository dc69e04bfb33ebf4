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

/// The days of both from `from` on; each list by day, disjoint.
std::vector<DateInterval> common(std::vector<DateInterval> const& some, std::vector<DateInterval> const& others,
                                 Date from) {
    std::vector<DateInterval> days;
    for (auto const& one : some) {
        for (auto const& other : others) {
            DateInterval const both{std::max({one.from, other.from, from}), std::min(one.to, other.to)};
            if (!both.empty()) {
                days.push_back(both);
            }
        }
    }
    return days;
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

} // namespace

registry::ChangeSet undoing(registry::Registry const& registry, registry::ChangeDraft const& draft,
                            std::vector<Conflict>& conflicts) {
    registry::ChangeSet set;
    auto const undone = registry.applied_change(*draft.undoes_change_set);
    for (auto const& grid : registry.timelines(undone.change_set)) {
        registry::GridTimelines const since_then{grid.code, grid.before, registry.timeline(grid.code)};
        // Where all is as that one found it, it was taken back already.
        auto const days = common(grid.days_that_differ(), since_then.days_that_differ(), draft.days.from);
        if (days.empty()) {
            continue;
        }
        if (clipped(since_then.after, days) != clipped(grid.after, days)) {
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
        auto const* const is = on(grid.after, first);
        auto const* const will_be = on(restoration.content, first);
        restoration.kinds = kinds_of(is, will_be);
        restoration.area_before_m2 = is == nullptr ? 0 : is->content.area_m2;
        restoration.area_after_m2 = will_be == nullptr ? 0 : will_be->content.area_m2;
        restoration.days = days;
        set.restorations.push_back(std::move(restoration));
    }
    undo_names(registry, draft, undone.change_set, set, conflicts);
    return set;
}

} // namespace wangge::changes
