#pragma once

#include <wangge/base/dates.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace wangge::registry {

/// A row of a dated, recorded table that is known now.
struct KnownRow {
    std::int64_t id = 0;
    DateInterval valid;
    GenerationNumber recorded_from = 0;
};

/// The row that holds `day`, among the known rows of one subject (disjoint). Null when none does.
[[nodiscard]] inline KnownRow const* row_holding(std::span<KnownRow const> rows, Date day) {
    for (auto const& row : rows) {
        if (row.valid.holds(day)) {
            return &row;
        }
    }
    return nullptr;
}

/// How long content that begins on `day` holds: to the end of the row that held the day, else to the next scheduled
/// row, else forever. Later scheduled rows stay.
[[nodiscard]] inline DateInterval validity_from(std::span<KnownRow const> rows, Date day) {
    if (auto const* const row = row_holding(rows, day)) {
        return {day, row->valid.to};
    }
    DateInterval valid{day, kForever};
    for (auto const& row : rows) {
        if (row.valid.from > day && row.valid.from < valid.to) {
            valid.to = row.valid.from;
        }
    }
    return valid;
}

/// What stays of a row when its content ends on `day`: [from, day). Empty when the row began on the day.
[[nodiscard]] inline std::optional<DateInterval> head_before(KnownRow const& row, Date day) {
    DateInterval const head{row.valid.from, day};
    return head.empty() ? std::nullopt : std::optional{head};
}

} // namespace wangge::registry
