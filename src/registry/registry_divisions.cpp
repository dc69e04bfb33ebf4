#include "bitemporal.hpp"
#include "impl.hpp"
#include "spatialite_blob.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace wangge::registry {

namespace {

Level level_of(Connection const& connection, std::string_view word) {
    auto const level = parse_level(word);
    if (!level) {
        unknown_word(connection, "division_version.level", word);
    }
    return *level;
}

bool same_content(Division const& a, Division const& b) {
    return a.name == b.name && a.level == b.level && a.parent == b.parent && a.urban_rural_class == b.urban_rural_class;
}

struct KnownDivision {
    std::vector<KnownRow> rows;
    std::vector<Division> contents; ///< of rows, in the same order
};

std::map<DivisionCode, KnownDivision> known_divisions(Connection& connection) {
    std::map<DivisionCode, KnownDivision> known;
    Statement select{connection,
                     "SELECT id, valid_from, valid_to, recorded_from, division_code, name, level, parent_code, "
                     "urban_rural_class FROM division_version WHERE recorded_to IS NULL"};
    while (select.step()) {
        auto division = read_division(connection, select, 4);
        auto& entry = known[division.code];
        entry.rows.push_back({select.integer(0), interval(select, 1), select.integer(3)});
        entry.contents.push_back(std::move(division));
    }
    return known;
}

/// Level of each division on the day, the incoming ones on top of the known ones. Rejects duplicates and bad parents.
void check_parents(std::span<Division const> divisions, std::map<DivisionCode, KnownDivision> const& known,
                   Date effective) {
    std::map<DivisionCode, Level> levels;
    for (auto const& [code, entry] : known) {
        if (auto const* const row = row_holding(entry.rows, effective)) {
            levels[code] = entry.contents[static_cast<std::size_t>(row - entry.rows.data())].level;
        }
    }
    std::set<DivisionCode> seen;
    for (auto const& division : divisions) {
        if (!division.code.valid() || division.name.empty()) {
            throw Error{ErrorCode::data_rejected, fmt::format("division '{}' ({}): it needs a code and a name",
                                                              division.name, division.code.str())};
        }
        if (!seen.insert(division.code).second) {
            throw Error{ErrorCode::data_rejected, fmt::format("division {} ({}) stands twice in the list; keep one",
                                                              division.code.str(), division.name)};
        }
        levels[division.code] = division.level;
    }
    for (auto const& division : divisions) {
        if (division.parent.has_value() == (division.level == Level::province)) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("division {} ({}): a province has no parent and everything below has one",
                                    division.code.str(), division.name)};
        }
        if (!division.parent) {
            continue;
        }
        auto const parent = levels.find(*division.parent);
        if (parent == levels.end()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("division {} ({}): its parent {} is neither in the list nor in the registry on {}; "
                                    "add the parent to the list",
                                    division.code.str(), division.name, division.parent->str(), effective.str())};
        }
        if (parent->second >= division.level) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("division {} ({}): its parent {} is a {}, which is not above a {}",
                                    division.code.str(), division.name, division.parent->str(),
                                    to_string(parent->second), to_string(division.level))};
        }
    }
}

} // namespace

Division read_division(Connection const& connection, Statement const& row, int column) {
    Division division;
    division.code = division_code(row.integer(column));
    division.name = row.text(column + 1);
    division.level = level_of(connection, row.text(column + 2));
    if (!row.is_null(column + 3)) {
        division.parent = division_code(row.integer(column + 3));
    }
    division.urban_rural_class = row.text(column + 4);
    return division;
}

std::vector<Division> select_divisions(Connection& connection, Date as_of, GenerationNumber known_at) {
    std::vector<Division> divisions;
    Statement select{connection,
                     "SELECT division_code, name, level, parent_code, urban_rural_class FROM division_version "
                     "WHERE recorded_from <= ?1 AND (recorded_to IS NULL OR recorded_to > ?1) "
                     "AND valid_from <= ?2 AND ?2 < valid_to ORDER BY division_code"};
    select.query(known_at, as_of.days());
    while (select.step()) {
        divisions.push_back(read_division(connection, select, 0));
    }
    return divisions;
}

void Registry::apply_divisions(std::span<Division const> divisions, Date effective, std::string const& author,
                               std::span<SourceFile const> sources) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const known = known_divisions(connection);
    check_parents(divisions, known, effective);

    static KnownDivision const kUnknown;
    auto const entry_of = [&](DivisionCode code) -> KnownDivision const& {
        auto const found = known.find(code);
        return found == known.end() ? kUnknown : found->second;
    };
    std::vector<Division const*> changed;
    for (auto const& division : divisions) {
        auto const& entry = entry_of(division.code);
        auto const* const row = row_holding(entry.rows, effective);
        if (row == nullptr ||
            !same_content(entry.contents[static_cast<std::size_t>(row - entry.rows.data())], division)) {
            changed.push_back(&division);
        }
    }
    std::optional<std::int64_t> change_set;
    if (!changed.empty()) {
        change_set = m_impl->open_change_set("divisions", "divisions", author, effective);
    }
    auto const draft = next_generation();
    Statement issue{connection, "INSERT OR IGNORE INTO division (code) VALUES (?)"};
    for (auto const* const division : changed) {
        issue.run(division->code.value());
    }
    Statement replace{connection, "DELETE FROM division_version WHERE id = ?"};
    Statement supersede{connection, "UPDATE division_version SET recorded_to = ? WHERE id = ?"};
    Statement insert{connection,
                     "INSERT INTO division_version (division_code, name, level, parent_code, urban_rural_class, "
                     "valid_from, valid_to, recorded_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    auto const record = [&](Division const& division, DateInterval valid) {
        insert.run(division.code.value(), division.name, to_string(division.level),
                   division.parent ? std::optional{division.parent->value()} : std::nullopt, division.urban_rural_class,
                   valid.from.days(), valid.to.days(), draft);
    };
    for (auto const* const division : changed) {
        auto const& entry = entry_of(division->code);
        auto const valid = validity_from(entry.rows, effective);
        if (auto const* const row = row_holding(entry.rows, effective)) {
            if (row->recorded_from == draft) {
                replace.run(row->id);
            } else {
                supersede.run(draft, row->id);
            }
            if (auto const head = head_before(*row, effective)) {
                record(entry.contents[static_cast<std::size_t>(row - entry.rows.data())], *head);
            }
        }
        record(*division, valid);
    }
    m_impl->record_sources(sources, author, change_set);
    append_audit(
        connection, author, "apply_divisions",
        nlohmann::json{{"effective", effective.str()}, {"given", divisions.size()}, {"changed", changed.size()}}
            .dump());
    transaction.commit();
}

void Registry::apply_outlines(std::span<DivisionOutline const> outlines, std::string const& author,
                              std::span<SourceFile const> sources) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const entry =
        append_audit(connection, author, "apply_outlines", nlohmann::json{{"given", outlines.size()}}.dump());
    Statement known{connection, "SELECT 1 FROM division WHERE code = ?"};
    Statement current{connection, "SELECT id, source, shape, recorded_entry FROM division_outline "
                                  "WHERE division_code = ? AND superseded_entry IS NULL"};
    Statement supersede{connection, "UPDATE division_outline SET superseded_entry = ? WHERE id = ?"};
    Statement insert{connection,
                     "INSERT INTO division_outline (division_code, source, recorded_entry, shape) VALUES (?, ?, ?, ?)"};
    std::vector<std::byte> blob;
    for (auto const& outline : outlines) {
        known.query(outline.code.value());
        bool const is_known = known.step();
        known.reset();
        if (!is_known) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("outline of {}: this division is not in the registry; import the divisions first",
                                    outline.code.str())};
        }
        if (outline.shape.empty()) {
            throw Error{ErrorCode::data_rejected, fmt::format("outline of {}: it has no area", outline.code.str())};
        }
        write_spatialite_blob(outline.shape, blob);
        current.query(outline.code.value());
        if (current.step()) {
            auto const id = current.integer(0);
            auto const shape = current.blob(2);
            bool const unchanged = current.text(1) == outline.source && std::ranges::equal(shape, blob);
            bool const repeated = current.integer(3) == entry;
            current.reset();
            if (repeated) {
                throw Error{ErrorCode::data_rejected,
                            fmt::format("outline of {} stands twice in the list; keep one", outline.code.str())};
            }
            if (unchanged) {
                continue;
            }
            supersede.run(entry, id);
        }
        insert.run(outline.code.value(), outline.source, entry, std::span<std::byte const>{blob});
    }
    m_impl->record_sources(sources, author, std::nullopt);
    transaction.commit();
}

std::vector<Division> Registry::divisions(Date as_of, std::optional<GenerationNumber> known_at) const {
    Transaction const reading{m_impl->connection, Transaction::Kind::read};
    return select_divisions(m_impl->connection, as_of, known_at.value_or(m_impl->newest_published() + 1));
}

std::optional<Division> Registry::division(DivisionCode code, Date as_of,
                                           std::optional<GenerationNumber> known_at) const {
    Statement select{m_impl->connection,
                     "SELECT division_code, name, level, parent_code, urban_rural_class FROM division_version "
                     "WHERE division_code = ?1 AND valid_from <= ?2 AND ?2 < valid_to AND recorded_from <= ?3 "
                     "AND (recorded_to IS NULL OR recorded_to > ?3)"};
    select.query(code.value(), as_of.days(), known_at.value_or(std::numeric_limits<GenerationNumber>::max()));
    return select.step() ? std::optional{read_division(m_impl->connection, select, 0)} : std::nullopt;
}

std::vector<DivisionOutline> Registry::outlines() const {
    std::vector<DivisionOutline> all;
    Statement select{m_impl->connection, "SELECT division_code, source, shape FROM division_outline "
                                         "WHERE superseded_entry IS NULL ORDER BY division_code"};
    while (select.step()) {
        auto const code = division_code(select.integer(0));
        auto shape = read_spatialite_blob(select.blob(2));
        if (!shape) {
            throw Error{ErrorCode::corrupt,
                        fmt::format("{}: the outline of {} cannot be read; restore the file from a backup",
                                    m_impl->folder.registry_file().string(), code.str())};
        }
        all.push_back({code, std::move(*shape), std::string{select.text(1)}});
    }
    return all;
}

} // namespace wangge::registry
