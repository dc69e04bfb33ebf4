#include "impl.hpp"
#include "spatialite_blob.hpp"

#include <algorithm>
#include <map>

namespace wangge::registry {

GridKind kind_of(Connection const& connection, std::string_view word) {
    auto const kind = parse_grid_kind(word);
    if (!kind) {
        unknown_word(connection, "grid_version.kind", word);
    }
    return *kind;
}

geom::MultiPolygon read_shape(Connection const& connection, GridCode const& code, std::span<std::byte const> blob) {
    auto shape = read_spatialite_blob(blob);
    if (!shape) {
        throw Error{ErrorCode::corrupt,
                    fmt::format("{}: the shape of grid {} cannot be read; restore the file from a backup",
                                connection.path().string(), code.str())};
    }
    return std::move(*shape);
}

Grid read_grid(Connection const& connection, Statement const& row) {
    Grid grid;
    grid.code = grid_code(connection, row.text(0));
    grid.name = row.text(1);
    grid.kind = kind_of(connection, row.text(2));
    grid.village = division_code(row.integer(3));
    grid.shape = read_shape(connection, grid.code, row.blob(4));
    return grid;
}

DateInterval unchanged_around(Connection& connection, Date as_of, GenerationNumber known_at) {
    DateInterval unchanged;
    // Each is one step in an index; the plus keeps SQLite from walking that of recorded_from instead.
    auto const nearest = [&](std::string_view table, std::string_view column, std::string_view where,
                             std::string_view order) -> std::optional<Date> {
        Statement select{connection,
                         fmt::format("SELECT {1} FROM {0} WHERE {1} {2} ?2 AND +recorded_from <= ?1 "
                                     "AND (+recorded_to IS NULL OR +recorded_to > ?1) ORDER BY {1} {3} LIMIT 1",
                                     table, column, where, order)};
        select.query(known_at, as_of.days());
        return select.step() ? std::optional{Date{static_cast<std::int32_t>(select.integer(0))}} : std::nullopt;
    };
    for (auto const* const table :
         {"grid_version", "division_version", "division_alias", "staff_address", "retired_address"}) {
        for (auto const* const column : {"valid_from", "valid_to"}) {
            unchanged.from = std::max(unchanged.from, nearest(table, column, "<=", "DESC").value_or(kAlways));
            unchanged.to = std::min(unchanged.to, nearest(table, column, ">", "ASC").value_or(kForever));
        }
    }
    return unchanged;
}

std::string differing_rows(std::string_view table) {
    return fmt::format("(SELECT id FROM {0} WHERE recorded_from > ?1 AND recorded_from <= ?2 "
                       "UNION SELECT id FROM {0} WHERE recorded_to > ?1 AND recorded_to <= ?2 "
                       "UNION SELECT id FROM {0} WHERE valid_from > ?3 AND valid_from <= ?4 "
                       "UNION SELECT id FROM {0} WHERE valid_to > ?3 AND valid_to <= ?4)",
                       table);
}

void query_differing(Statement& statement, StateName const& before, StateName const& after) {
    auto const [first, last] = std::minmax(before.known_at, after.known_at);
    auto const [from, to] = std::minmax(before.as_of, after.as_of);
    statement.query(first, last, from.days(), to.days());
}

bool holds(Statement const& row, int first, StateName const& state) {
    return interval(row, first).holds(state.as_of) && row.integer(first + 2) <= state.known_at &&
           (row.is_null(first + 3) || row.integer(first + 3) > state.known_at);
}

std::optional<Difference> Registry::difference(StateName const& before, StateName const& after,
                                               std::size_t limit) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    Difference difference;
    difference.unchanged = unchanged_around(connection, after.as_of, after.known_at);

    Statement divisions{connection, "SELECT valid_from, valid_to, recorded_from, recorded_to FROM division_version "
                                    "WHERE id IN " +
                                        differing_rows("division_version")};
    query_differing(divisions, before, after);
    while (divisions.step()) {
        difference.divisions_differ =
            difference.divisions_differ || holds(divisions, 0, before) != holds(divisions, 0, after);
    }

    Statement count{connection, "SELECT count(*) FROM " + differing_rows("grid_version")};
    query_differing(count, before, after);
    if (count.step() && count.integer(0) > static_cast<std::int64_t>(limit)) {
        return std::nullopt;
    }
    count.reset();
    Statement grids{connection,
                    "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape, v.valid_from, v.valid_to, "
                    "v.recorded_from, v.recorded_to FROM grid_version v "
                    "CROSS JOIN grid_shape s ON s.id = v.shape_id WHERE v.id IN " +
                        differing_rows("grid_version")};
    query_differing(grids, before, after);
    std::vector<GridCode> held;
    while (grids.step()) {
        bool const was = holds(grids, 5, before);
        bool const is = holds(grids, 5, after);
        if (is && !was) {
            difference.put.push_back(read_grid(connection, grids));
        } else if (was && !is) {
            held.push_back(grid_code(connection, grids.text(0)));
        }
    }
    std::ranges::sort(difference.put, {}, &Grid::code);
    std::ranges::sort(held);
    std::ranges::copy_if(held, std::back_inserter(difference.gone), [&](GridCode const& code) {
        return !std::ranges::binary_search(difference.put, code, {}, &Grid::code);
    });
    return difference;
}

std::optional<std::vector<DraftVersion>> Registry::draft_versions(std::size_t limit) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    auto const draft = m_impl->newest_published() + 1;
    std::string const rows = "(SELECT id FROM grid_version WHERE recorded_from = ?1 "
                             "UNION SELECT id FROM grid_version WHERE recorded_to = ?1)";
    Statement count{connection, "SELECT count(*) FROM " + rows};
    count.query(draft);
    if (count.step() && count.integer(0) > static_cast<std::int64_t>(limit)) {
        return std::nullopt;
    }
    count.reset();
    Statement select{connection, "SELECT v.grid_code, v.valid_from, v.valid_to, v.recorded_from = ?1, v.shape_id, "
                                 "s.shape FROM grid_version v CROSS JOIN grid_shape s ON s.id = v.shape_id "
                                 "WHERE v.id IN " +
                                     rows + " ORDER BY v.grid_code, v.valid_from, v.id"};
    select.query(draft);
    std::vector<DraftVersion> versions;
    while (select.step()) {
        auto& version = versions.emplace_back();
        version.code = grid_code(connection, select.text(0));
        version.valid = interval(select, 1);
        version.opened = select.integer(3) != 0;
        version.shape_id = select.integer(4);
        version.shape = read_shape(connection, version.code, select.blob(5));
    }
    return versions;
}

bool Registry::outlines_changed_since_publish() const {
    return m_impl->connection.integer("SELECT EXISTS (SELECT 1 FROM division_outline "
                                      "WHERE max(recorded_entry, coalesce(superseded_entry, 0)) > "
                                      "(SELECT coalesce(max(sequence), 0) FROM audit_log WHERE action = 'publish'))") !=
           0;
}

} // namespace wangge::registry
