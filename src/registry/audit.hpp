#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wangge::registry {

class Connection;

/// Appends an entry to the hash chain, inside the caller's write transaction, and returns its sequence number.
/// `details` is a JSON object; nothing personal goes into it.
std::int64_t append_audit(Connection& connection, std::string_view actor, std::string_view action,
                          std::string const& details);

/// Recomputes the chain and compares the generations with their entries; empty when all holds.
[[nodiscard]] std::optional<std::string> find_audit_break(Connection& connection);

} // namespace wangge::registry
