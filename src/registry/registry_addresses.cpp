#include "impl.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace wangge::registry {

std::uint64_t Registry::apply_addresses(std::function<bool(AddressPoint&)> const& next, std::string const& author,
                                        std::span<SourceFile const> sources, Progress& progress) {
    m_impl->require_writer();
    if (sources.empty()) {
        throw Error{ErrorCode::usage, "an import of addresses names the file it comes from"};
    }
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};

    std::vector<DivisionCode> villages;
    {
        Statement select{connection, "SELECT code FROM division ORDER BY code"};
        while (select.step()) {
            villages.push_back(division_code(select.integer(0)));
        }
    }
    Statement add_source{connection, "INSERT OR IGNORE INTO address_source (name) VALUES (?)"};
    Statement find_source{connection, "SELECT id FROM address_source WHERE name = ?"};
    Statement forget{connection, "DELETE FROM address_point WHERE source_id = ?"};
    std::int64_t source_id = 0; // all rows of one import belong to its first file
    for (auto const& source : sources) {
        add_source.run(source.name);
        find_source.query(source.name);
        auto const id = find_source.step() ? find_source.integer(0) : 0;
        find_source.reset();
        forget.run(id);
        source_id = source_id == 0 ? id : source_id;
    }

    Statement insert{connection,
                     "INSERT OR IGNORE INTO address_point (source_id, id, text, village_code, road, number, estate, "
                     "building, unit, room, lon_e7, lat_e7) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    AddressPoint point;
    DivisionCode last_village;
    std::uint64_t rows = 0;
    constexpr std::uint64_t kReportEvery = 10'000;
    progress.begin("writing addresses", 0, "addresses");
    while (next(point)) {
        ++rows;
        if (point.id.empty()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{}: address {} has no id; fill it in", sources[0].name, rows)};
        }
        if (point.village != last_village && point.village.valid() &&
            !std::binary_search(villages.begin(), villages.end(), point.village)) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format(
                    "{}: address {} ('{}'): {} is not a division of the registry; import the divisions first, or "
                    "correct the code",
                    sources[0].name, rows, point.id, point.village.str())};
        }
        last_village = point.village;
        insert.run(source_id, point.id, point.text, point.village.value(), point.road, point.number, point.estate,
                   point.building, point.unit, point.room, point.at.lon, point.at.lat);
        if (connection.changes() == 0) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("{}: address {}: the id '{}' stands twice in the file, or its position lies off the globe",
                            sources[0].name, rows, point.id)};
        }
        if (rows % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    }
    progress.advance(rows % kReportEvery);
    progress.end();
    m_impl->record_sources(sources, author, std::nullopt);
    append_audit(connection, author, "apply_addresses",
                 nlohmann::json{{"source", sources[0].name}, {"rows", rows}}.dump(
                     -1, ' ', false, nlohmann::json::error_handler_t::replace));
    transaction.commit();
    return rows;
}

std::vector<Registry::FormerName> Registry::former_names(Date as_of) const {
    Statement select{m_impl->connection,
                     "SELECT DISTINCT past.division_code, past.name FROM division_version past "
                     "WHERE past.recorded_to IS NULL AND past.valid_to <= ?1 AND NOT EXISTS "
                     "(SELECT 1 FROM division_version now WHERE now.division_code = past.division_code AND "
                     "now.recorded_to IS NULL AND now.valid_from <= ?1 AND ?1 < now.valid_to AND now.name = past.name) "
                     "ORDER BY 1, 2"};
    std::vector<FormerName> names;
    select.query(as_of.days());
    while (select.step()) {
        names.push_back({division_code(select.integer(0)), std::string{select.text(1)}});
    }
    return names;
}

Digest Registry::address_revision() const {
    // The audit log is a chain of digests, so the entry of the last import stands for all before it.
    Statement select{m_impl->connection,
                     "SELECT hash FROM audit_log WHERE action = 'apply_addresses' ORDER BY sequence DESC LIMIT 1"};
    return sha256(select.step() ? select.text(0) : std::string_view{"none"});
}

} // namespace wangge::registry
