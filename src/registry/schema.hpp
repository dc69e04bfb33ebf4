#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::registry {

class Connection;

/// One numbered file of geodata/schema, embedded at build time.
struct Migration {
    int number = 0;
    std::string_view name;
    std::string_view sql;
};

/// All of them, in order. Defined in a generated file.
[[nodiscard]] std::vector<Migration> const& migrations();

/// Fits the file's versions, digests and objects to this program's migrations. Returns how many are missing.
/// Throws Error{corrupt}: not a registry, newer than this program, or altered.
[[nodiscard]] std::size_t check_schema(Connection& connection);

/// Applies the missing ones of these migrations in one transaction. The first call on an empty file makes the whole
/// schema.
void apply_migrations(Connection& connection, std::span<Migration const> known = migrations());

} // namespace wangge::registry
