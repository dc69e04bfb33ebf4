#include "working_state.hpp"

#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

#include <utility>

namespace wangge::changes {

using registry::ChangeKind;
using registry::Effect;
using registry::Grid;
using registry::GridBase;

namespace {

Words difference(GridBase const& then, GridBase const& now) {
    if (then.shape != now.shape) {
        return words("its shape is not the one it was drawn on", "其范围已不是绘制时的范围");
    }
    return then.name != now.name
               ? words("it was named '{}' then and is named '{}' now", "当时名称为“{}”，现为“{}”", then.name, now.name)
               : words("it lay in village {} then and lies in {} now", "当时属村居 {}，现属 {}", then.village.str(),
                       now.village.str());
}

} // namespace

WorkingState::Entry& WorkingState::entry(GridCode const& code) {
    auto const [found, is_new] = m_entries.try_emplace(code);
    auto& entry = found->second;
    if (is_new) {
        entry.before = m_registry.grid(code, m_day);
        if (entry.before) {
            geom::normalize(entry.before->shape);
        }
        entry.now = entry.before;
    }
    return entry;
}

Grid const* WorkingState::find(GridCode const& code) {
    auto const& found = entry(code);
    return found.now ? &*found.now : nullptr;
}

std::optional<GridBase> WorkingState::base(GridCode const& code) {
    auto const& found = entry(code);
    return found.touched || !found.now ? std::nullopt : std::optional{registry::base_of(*found.now)};
}

void WorkingState::apply(registry::Operation const& operation, registry::ChangeDraft const& draft,
                         std::vector<Conflict>& conflicts) {
    auto const against = [&](GridCode const& code, Words const& what) {
        Conflict conflict{operation.number, code, m_registry.last_change(code), {}};
        conflict.message = words(
            "operation {0} ({1}) of change set {2} '{3}', grid {4}: {5}{6}; drop it (wangge changes drop {2} {0}) and "
            "draw it anew on what is there now",
            "变更单 {2} “{3}”的操作 {0}（{1}），网格 {4}：{5}{6}；请去掉它（wangge changes drop {2} {0}），"
            "再按现状重新绘制",
            operation.number, words_of(operation.kind), draft.id, draft.title, code.str(), what,
            conflict.since ? words("; the last to change it was {}", "；最近一次改动它的是{}", name_of(*conflict.since))
                           : Words{});
        conflicts.push_back(std::move(conflict));
    };
    for (auto const& part : operation.grids) {
        auto& at = entry(part.code);
        bool const was_touched = std::exchange(at.touched, true);
        if (part.village) {
            auto const village = m_registry.division(*part.village, m_day);
            if (!village || village->level < Level::village) {
                against(part.code,
                        words("{} is no village on {}", "{} 在 {} 不是村居", part.village->str(), m_day.str()));
            }
        }
        if (part.effect == Effect::create) {
            if (at.now) {
                against(part.code, words("a grid of this code is there already", "该编码的网格已存在"));
            }
            at.now = Grid{part.code, part.name.value_or(""), part.kind.value_or(GridKind::comprehensive),
                          part.village.value_or(DivisionCode{}), part.shape.value_or(geom::MultiPolygon{})};
            geom::normalize(at.now->shape);
            continue;
        }
        if (!at.now) {
            against(part.code, was_touched ? words("an operation before it ends the grid, or made it and was dropped",
                                                   "前面的操作已注销该网格，或新建它的操作已被去掉")
                                           : words("it is not in force on {}", "它在 {} 不生效", m_day.str()));
            continue;
        }
        if (!part.base && !was_touched) {
            against(part.code, words("it builds on an operation that was dropped", "它所依据的操作已被去掉"));
            continue;
        }
        if (part.base) {
            if (auto const now = registry::base_of(*at.now); now != *part.base) {
                against(part.code, difference(*part.base, now));
                continue;
            }
        }
        if (part.effect == Effect::end) {
            at.now.reset();
            continue;
        }
        at.now->name = part.name.value_or(at.now->name);
        at.now->village = part.village.value_or(at.now->village);
        if (part.shape) {
            at.now->shape = *part.shape;
            geom::normalize(at.now->shape);
        }
    }
}

std::vector<registry::GridChange> WorkingState::changes() const {
    std::vector<registry::GridChange> list;
    for (auto const& [code, entry] : m_entries) {
        registry::GridChange change;
        if (entry.before && entry.now) {
            change.kinds = registry::differences(*entry.before, *entry.now);
        } else if (entry.before || entry.now) {
            change.kinds.push_back(entry.before ? ChangeKind::retired : ChangeKind::added);
        }
        if (change.kinds.empty()) {
            continue;
        }
        change.area_before_m2 = entry.before ? geom::area_m2(entry.before->shape) : 0;
        change.area_after_m2 = entry.now ? geom::area_m2(entry.now->shape) : 0;
        change.after = entry.now ? *entry.now : *entry.before;
        list.push_back(std::move(change));
    }
    return list;
}

} // namespace wangge::changes
