#include "impl.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace wangge::registry {

namespace {

/// The two sides of each code that holds differently in two states; one row on either side at most.
template <class Code, class Record>
using Sides = std::map<Code, std::pair<std::optional<Record>, std::optional<Record>>>;

bool alike(Grid const& a, Grid const& b) { return differences(a, b).empty() && a.kind == b.kind; }

bool alike(Division const& a, Division const& b) {
    return a.name == b.name && a.level == b.level && a.parent == b.parent && a.urban_rural_class == b.urban_rural_class;
}

template <class Result, class Code, class Record>
std::vector<Result> unlike(Sides<Code, Record> sides) {
    std::vector<Result> result;
    for (auto& [code, side] : sides) {
        if (!side.first || !side.second || !alike(*side.first, *side.second)) {
            result.push_back({std::move(side.first), std::move(side.second)});
        }
    }
    return result;
}

} // namespace

void Registry::require_published(GenerationNumber known_at) const {
    auto const published = m_impl->newest_published();
    if (known_at < 1) {
        throw Error{ErrorCode::usage, fmt::format("there is no generation {}: the first one is 1", known_at)};
    }
    if (known_at > published) {
        throw Error{ErrorCode::not_found,
                    published == 0
                        ? fmt::format("there is no generation {}: nothing has been published yet", known_at)
                        : fmt::format("there is no generation {}: the newest one is {}", known_at, published)};
    }
}

std::int64_t first_entry_after(Connection& connection, std::optional<GenerationNumber> known_at) {
    if (known_at) {
        // Generations and their entries are both numbered in the order of their publishing.
        Statement select{connection,
                         "SELECT sequence FROM audit_log WHERE action = 'publish' ORDER BY sequence LIMIT 1 OFFSET ?"};
        select.query(*known_at);
        if (select.step()) {
            return select.integer(0);
        }
    }
    return kNoEntry;
}

std::optional<Grid> Registry::grid(GridCode const& code, Date as_of, std::optional<GenerationNumber> known_at) const {
    auto& connection = m_impl->connection;
    Statement select{connection,
                     "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape FROM grid_version v "
                     "CROSS JOIN grid_shape s ON s.id = v.shape_id "
                     "WHERE v.grid_code = ?1 AND v.valid_from <= ?2 AND ?2 < v.valid_to AND v.recorded_from <= ?3 "
                     "AND (v.recorded_to IS NULL OR v.recorded_to > ?3)"};
    select.query(code.str(), as_of.days(), known_at.value_or(std::numeric_limits<GenerationNumber>::max()));
    return select.step() ? std::optional{read_grid(connection, select)} : std::nullopt;
}

std::vector<GridVersion> Registry::history(GridCode const& code) const {
    auto& connection = m_impl->connection;
    std::vector<GridVersion> versions;
    Statement select{connection,
                     "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape, v.valid_from, v.valid_to, "
                     "v.recorded_from, v.recorded_to FROM grid_version v CROSS JOIN grid_shape s ON s.id = v.shape_id "
                     "WHERE v.grid_code = ? ORDER BY v.valid_from, v.recorded_from, v.id"};
    select.query(code.str());
    while (select.step()) {
        auto& version = versions.emplace_back();
        version.grid = read_grid(connection, select);
        version.valid = interval(select, 5);
        version.recorded_from = select.integer(7);
        if (!select.is_null(8)) {
            version.recorded_to = select.integer(8);
        }
    }
    return versions;
}

std::vector<GridChangeRecord> Registry::changes_of(GridCode const& code) const {
    std::vector<GridChangeRecord> changes;
    Statement select{
        m_impl->connection,
        "SELECT c.id, c.title, c.author, c.effective, c.applied_at, c.generation, i.kinds, d.id, d.approver "
        "FROM change_set_item i CROSS JOIN change_set c ON c.id = i.change_set_id "
        "LEFT JOIN change_draft_applied a ON a.change_set_id = c.id "
        "LEFT JOIN change_draft d ON d.id = a.draft_id WHERE i.grid_code = ? ORDER BY c.id"};
    select.query(code.str());
    while (select.step()) {
        auto& change = changes.emplace_back();
        change.change.change_set = select.integer(0);
        change.change.title = select.text(1);
        change.author = select.text(2);
        change.effective = Date{static_cast<std::int32_t>(select.integer(3))};
        change.applied_at = select.text(4);
        if (!select.is_null(5)) {
            change.generation = select.integer(5);
        }
        change.kinds = select.text(6);
        if (!select.is_null(7)) {
            change.change.draft = select.integer(7);
            change.approver = select.text(8);
        }
    }
    return changes;
}

std::vector<GridDifference> Registry::grid_differences(StateName const& before, StateName const& after) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    Statement select{connection,
                     "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape, v.valid_from, v.valid_to, "
                     "v.recorded_from, v.recorded_to FROM grid_version v "
                     "CROSS JOIN grid_shape s ON s.id = v.shape_id WHERE v.id IN " +
                         differing_rows("grid_version")};
    query_differing(select, before, after);
    Sides<GridCode, Grid> sides;
    while (select.step()) {
        bool const was = holds(select, 5, before);
        if (was != holds(select, 5, after)) {
            auto grid = read_grid(connection, select);
            geom::normalize(grid.shape);
            auto& side = sides[grid.code];
            (was ? side.first : side.second) = std::move(grid);
        }
    }
    return unlike<GridDifference>(std::move(sides));
}

std::vector<DivisionDifference> Registry::division_differences(StateName const& before, StateName const& after) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    Statement select{connection, "SELECT division_code, name, level, parent_code, urban_rural_class, valid_from, "
                                 "valid_to, recorded_from, recorded_to FROM division_version WHERE id IN " +
                                     differing_rows("division_version")};
    query_differing(select, before, after);
    Sides<DivisionCode, Division> sides;
    while (select.step()) {
        bool const was = holds(select, 5, before);
        if (was != holds(select, 5, after)) {
            auto division = read_division(connection, select, 0);
            auto& side = sides[division.code];
            (was ? side.first : side.second) = std::move(division);
        }
    }
    return unlike<DivisionDifference>(std::move(sides));
}

} // namespace wangge::registry
