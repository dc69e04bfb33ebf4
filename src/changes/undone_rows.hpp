#pragma once

#include <wangge/address/normalizer.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/registry/records.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace wangge::changes {

/// Dated rows beside the grids: of one thing (the same key) one at most is in force on a day.
[[nodiscard]] inline auto key_of(registry::DivisionAlias const& row) {
    return std::pair{row.code, address::Normalizer::name(row.text)};
}
[[nodiscard]] inline auto key_of(registry::StaffAddress const& row) { return which_point(row); }
[[nodiscard]] inline auto key_of(registry::RetiredAddress const& row) { return row.which; }
[[nodiscard]] inline auto key_of(registry::AcceptedGap const& row) { return geom::to_wkt(row.shape); }

/// What a row says of its thing, whoever recorded it.
[[nodiscard]] inline auto content_of(registry::DivisionAlias const& row) {
    return std::tie(row.text, row.reason, row.author);
}
[[nodiscard]] inline auto content_of(registry::StaffAddress const& row) {
    auto const& p = row.point;
    return std::tie(p.text, p.village, p.road, p.number, p.estate, p.building, p.unit, p.room, p.at, row.reason,
                    row.author);
}
[[nodiscard]] inline auto content_of(registry::RetiredAddress const& row) {
    return std::tie(row.text, row.reason, row.author);
}
[[nodiscard]] inline auto content_of(registry::AcceptedGap const& row) { return std::tie(row.reason, row.author); }

/// What a change set withdrew and recorded, known still or not, and all that is known now.
template <class Row>
struct UndoneRows {
    std::vector<Row> before, after, now;
};

template <class Row>
[[nodiscard]] bool alike(Row const* a, Row const* b) {
    return a == nullptr || b == nullptr ? a == b : content_of(*a) == content_of(*b);
}

/// Calls f(days, was, left, is) for each thing and each stretch of days from `from` on of which the change set changed
/// what it says: the rows that hold then, null for none.
template <class Row, class F>
void for_each_changed(UndoneRows<Row> const& rows, Date from, F&& f) {
    std::map<decltype(key_of(std::declval<Row const&>())), std::array<std::vector<Row const*>, 3>> things;
    for (auto const& row : rows.before) {
        things[key_of(row)][0].push_back(&row);
    }
    for (auto const& row : rows.after) {
        things[key_of(row)][1].push_back(&row);
    }
    for (auto const& row : rows.now) {
        if (auto const thing = things.find(key_of(row)); thing != things.end()) {
            thing->second[2].push_back(&row);
        }
    }
    for (auto const& [key, sides] : things) {
        std::set<Date> bounds{from};
        for (auto const& side : sides) {
            for (auto const* const row : side) {
                bounds.insert({row->valid.from, row->valid.to});
            }
        }
        for (auto day = bounds.find(from); std::next(day) != bounds.end(); ++day) {
            auto const on = [&](std::vector<Row const*> const& side) -> Row const* {
                auto const found = std::ranges::find_if(side, [&](Row const* row) { return row->valid.holds(*day); });
                return found == side.end() ? nullptr : *found;
            };
            auto const *was = on(sides[0]), *left = on(sides[1]);
            if (!alike(was, left)) {
                f(DateInterval{*day, *std::next(day)}, was, left, on(sides[2]));
            }
        }
    }
}

/// To be recorded as a row of its own.
template <class Row>
[[nodiscard]] Row detached(Row row, DateInterval valid) {
    if constexpr (std::is_same_v<Row, registry::StaffAddress>) {
        row.first = row.first == 0 ? row.id : row.first; // it keeps its id
    }
    row.id = row.change_set = 0;
    row.valid = valid;
    return row;
}

/**
 * Puts back what the change set found, from the first day on: the rows that hold there are withdrawn, what they say of
 * other days is recorded again, and so is what held before. Days on which all is as it found it, because it was taken
 * back already, stay as they are. Calls conflict(row, since) for each thing of which something else holds than what it
 * left: `since`, null for nothing. Rows of change sets that are not `own`, neither it nor undos, are something else
 * whatever they say.
 */
template <class Row, class F>
void put_back(UndoneRows<Row> const& rows, Date from, std::set<std::int64_t> const& own,
              std::vector<std::int64_t>& withdrawn, std::vector<Row>& recorded, F&& conflict) {
    std::map<std::int64_t, std::pair<Row const*, std::vector<DateInterval>>> taken;
    std::set<decltype(key_of(std::declval<Row const&>()))> in_conflict;
    Row const* given = nullptr;
    for_each_changed(rows, from, [&](DateInterval days, Row const* was, Row const* left, Row const* is) {
        bool const of_another = is != nullptr && !own.contains(is->change_set);
        if (alike(is, was) && !of_another) {
            return;
        }
        if (!alike(is, left) || of_another) {
            auto const& thing = was != nullptr ? *was : *left;
            if (in_conflict.insert(key_of(thing)).second) {
                conflict(thing, is);
            }
            return;
        }
        if (is != nullptr) {
            auto& [row, parts] = taken[is->id];
            row = is;
            parts.push_back(days);
        }
        if (was != nullptr && given == was && recorded.back().valid.to == days.from) {
            recorded.back().valid.to = days.to;
        } else if (was != nullptr) {
            recorded.push_back(detached(*was, days));
        }
        given = was;
    });
    for (auto const& [id, part] : taken) {
        auto const& [row, days] = part;
        withdrawn.push_back(id);
        auto stays = row->valid;
        for (auto const& gone : days) {
            stays.to = gone.from;
            if (!stays.empty()) {
                recorded.push_back(detached(*row, stays));
            }
            stays = {gone.to, row->valid.to};
        }
        if (!stays.empty()) {
            recorded.push_back(detached(*row, stays));
        }
    }
}

} // namespace wangge::changes
