#include "impl.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <tuple>

namespace wangge::registry {

namespace {

/// Columns old_code, new_code, effective, note, source from `column` on.
Concordance read_concordance(Statement const& row, int column) {
    Concordance one;
    one.old_code = division_code(row.integer(column));
    if (!row.is_null(column + 1)) {
        one.new_code = division_code(row.integer(column + 1));
    }
    one.effective = Date{static_cast<std::int32_t>(row.integer(column + 2))};
    one.note = row.text(column + 3);
    one.source = row.text(column + 4);
    return one;
}

} // namespace

std::pair<std::size_t, std::size_t> Registry::apply_concordance(std::span<Concordance const> rows,
                                                                std::string const& author,
                                                                std::span<SourceFile const> sources) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    std::set<std::string> lists;
    for (auto const& row : rows) {
        if (!row.old_code.valid() || (row.new_code && !row.new_code->valid()) || row.source.empty()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("concordance of {}: it needs an old code, a source, and a new code that is one",
                                    row.old_code.str())};
        }
        lists.insert(row.source);
    }
    auto const in_order = [](Concordance const& a, Concordance const& b) {
        auto const key = [](Concordance const& c) {
            return std::tie(c.old_code, c.new_code, c.effective, c.note, c.source);
        };
        return key(a) < key(b);
    };
    std::set<Concordance, decltype(in_order)> fresh{rows.begin(), rows.end(), in_order};
    std::vector<std::int64_t> gone;
    Statement select{connection, "SELECT id, old_code, new_code, effective, note, source FROM division_concordance "
                                 "WHERE superseded_entry IS NULL"};
    while (select.step()) {
        auto const known = read_concordance(select, 1);
        if (fresh.erase(known) == 0 && lists.contains(known.source)) {
            gone.push_back(select.integer(0));
        }
    }
    auto const entry =
        append_audit(connection, author, "apply_concordance",
                     nlohmann::json{{"given", rows.size()}, {"new", fresh.size()}, {"gone", gone.size()}}.dump());
    Statement supersede{connection, "UPDATE division_concordance SET superseded_entry = ? WHERE id = ?"};
    for (auto const id : gone) {
        supersede.run(entry, id);
    }
    Statement insert{connection, "INSERT INTO division_concordance (old_code, new_code, effective, note, source, "
                                 "recorded_entry) VALUES (?, ?, ?, ?, ?, ?)"};
    for (auto const& row : fresh) {
        insert.run(row.old_code.value(), row.new_code ? std::optional{row.new_code->value()} : std::nullopt,
                   row.effective.days(), row.note, row.source, entry);
    }
    m_impl->record_sources(sources, author, std::nullopt);
    transaction.commit();
    return {fresh.size(), gone.size()};
}

std::vector<Concordance> Registry::concordance() const {
    std::vector<Concordance> rows;
    Statement select{m_impl->connection, "SELECT old_code, new_code, effective, note, source FROM division_concordance "
                                         "WHERE superseded_entry IS NULL ORDER BY old_code, effective, new_code, id"};
    while (select.step()) {
        rows.push_back(read_concordance(select, 0));
    }
    return rows;
}

} // namespace wangge::registry
