#include "schema.hpp"

#include "sqlite_connection.hpp"

#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace wangge::registry {

namespace {

/// "WGRG"; the `file` command and we recognise a registry by it.
constexpr std::int64_t kApplicationId = 0x57475247;

/// Type and name of each table, index, trigger and view, with the digest of its definition.
using Objects = std::map<std::pair<std::string, std::string>, std::string>;

Objects objects_of(Connection& connection) {
    Objects objects;
    Statement select{connection, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema"};
    while (select.step()) {
        objects.emplace(std::pair{std::string{select.text(0)}, std::string{select.text(1)}},
                        sha256(select.text(2)).hex());
    }
    return objects;
}

[[noreturn]] void refuse(Connection const& connection, std::string_view why) {
    throw Error{ErrorCode::corrupt, fmt::format("{}: {}", connection.path().string(), why)};
}

} // namespace

std::size_t check_schema(Connection& connection) {
    if (connection.integer("PRAGMA application_id") != kApplicationId ||
        connection.integer("SELECT count(*) FROM sqlite_schema WHERE name IN ('schema_version', 'schema_object')") !=
            2) {
        refuse(connection, "this is not a Wangge registry; make one with 'wangge init --data DIR'");
    }
    auto const& known = migrations();
    std::size_t applied = 0;
    Statement versions{connection, "SELECT number, name, sha256 FROM schema_version ORDER BY number"};
    while (versions.step()) {
        if (applied == known.size()) {
            refuse(connection,
                   fmt::format("its schema has '{}', which this program does not know: a newer Wangge wrote "
                               "it; update this program",
                               versions.text(1)));
        }
        auto const& migration = known[applied];
        if (versions.integer(0) != migration.number || versions.text(1) != migration.name ||
            versions.text(2) != sha256(migration.sql).hex()) {
            refuse(connection,
                   fmt::format("its schema was made by another '{}' than this program's '{}'; open it with the "
                               "Wangge that made it",
                               versions.text(1), migration.name));
        }
        ++applied;
    }
    auto const present = objects_of(connection);
    Statement objects{connection, "SELECT type, name, sha256 FROM schema_object"};
    while (objects.step()) {
        auto const found = present.find({std::string{objects.text(0)}, std::string{objects.text(1)}});
        if (found == present.end() || found->second != objects.text(2)) {
            refuse(connection,
                   fmt::format("the {} '{}' was {} by another program; restore the file from a backup", objects.text(0),
                               objects.text(1), found == present.end() ? "removed" : "altered"));
        }
    }
    Statement foreign{connection,
                      "SELECT name FROM sqlite_schema s WHERE type = 'trigger' "
                      "AND NOT EXISTS (SELECT 1 FROM schema_object o WHERE o.type = 'trigger' AND o.name = s.name) "
                      "AND tbl_name IN (SELECT name FROM schema_object WHERE type IN ('table', 'view'))"};
    if (foreign.step()) {
        refuse(connection, fmt::format("another program added the trigger '{}' to a table of the registry; remove it",
                                       foreign.text(0)));
    }
    return known.size() - applied;
}

void apply_migrations(Connection& connection, std::span<Migration const> known) {
    Transaction transaction{connection, Transaction::Kind::write};
    if (connection.integer("SELECT count(*) FROM sqlite_schema") == 0) {
        connection.execute(fmt::format("PRAGMA application_id={}", kApplicationId).c_str());
        connection.execute("CREATE TABLE schema_version (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
                           "sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT");
        // Every object a migration made, so that alterations by other programs are noticed.
        connection.execute("CREATE TABLE schema_object (type TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, "
                           "PRIMARY KEY (type, name)) STRICT, WITHOUT ROWID");
    }
    auto const newest = connection.integer("SELECT max(number) FROM schema_version");
    Statement record{connection, "INSERT INTO schema_version (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)"};
    Statement forget{connection, "DELETE FROM schema_object WHERE type = ? AND name = ?"};
    Statement keep{connection, "INSERT OR REPLACE INTO schema_object (type, name, sha256) VALUES (?, ?, ?)"};
    for (auto const& migration : known) {
        if (migration.number <= newest) {
            continue;
        }
        auto const before = objects_of(connection);
        connection.execute_migration(migration.sql, migration.name);
        auto const after = objects_of(connection);
        for (auto const& [object, digest] : before) {
            if (!after.contains(object)) {
                forget.run(object.first, object.second);
            }
        }
        // SpatiaLite's own tables (the first migration) are its business: other programs extend them.
        for (auto const& [object, digest] : after) {
            auto const old = before.find(object);
            if (migration.number > 1 && (old == before.end() || old->second != digest)) {
                keep.run(object.first, object.second, digest);
            }
        }
        record.run(migration.number, migration.name, sha256(migration.sql).hex(), now_utc8());
    }
    transaction.commit();
}

} // namespace wangge::registry
