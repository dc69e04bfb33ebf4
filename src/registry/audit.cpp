#include "audit.hpp"

#include "sqlite_connection.hpp"

#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::registry {

namespace {

struct Entry {
    std::int64_t sequence = 0;
    std::string_view time, actor, action, details, previous;
};

/// The bytes that are hashed: a JSON array without spaces, which any language can rebuild from the columns.
std::string canonical_line(Entry const& entry) {
    return nlohmann::json::array({entry.sequence, entry.time, entry.actor, entry.action, entry.details, entry.previous})
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string const& chain_start() {
    static std::string const zeros(64, '0');
    return zeros;
}

} // namespace

std::int64_t append_audit(Connection& connection, std::string_view actor, std::string_view action,
                          std::string const& details) {
    std::int64_t sequence = 1;
    std::string previous = chain_start();
    {
        Statement last{connection, "SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1"};
        if (last.step()) {
            sequence = last.integer(0) + 1;
            previous = last.text(1);
        }
    }
    auto const time = now_utc8();
    auto const hash = sha256(canonical_line({sequence, time, actor, action, details, previous})).hex();
    Statement insert{connection, "INSERT INTO audit_log (sequence, time, actor, action, details, previous, hash) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?)"};
    insert.run(sequence, time, actor, action, details, previous, hash);
    return sequence;
}

std::optional<std::string> find_audit_break(Connection& connection) {
    Statement select{connection,
                     "SELECT sequence, time, actor, action, details, previous, hash FROM audit_log ORDER BY sequence"};
    Statement generation{connection, "SELECT digest FROM generation WHERE number = ?"};
    std::string previous = chain_start();
    std::int64_t expected = 1;
    std::int64_t published = 0;
    while (select.step()) {
        Entry const entry{select.integer(0), select.text(1), select.text(2),
                          select.text(3),    select.text(4), select.text(5)};
        if (entry.sequence != expected) {
            return fmt::format("audit_log: entry {} is missing", expected);
        }
        if (entry.previous != previous) {
            return fmt::format("audit_log: entry {} does not follow entry {}", entry.sequence, entry.sequence - 1);
        }
        if (sha256(canonical_line(entry)).hex() != select.text(6)) {
            return fmt::format("audit_log: entry {} was altered", entry.sequence);
        }
        if (entry.action == "publish") {
            auto const details = nlohmann::json::parse(entry.details);
            auto const number = details.at("generation").get<std::int64_t>();
            generation.query(number);
            if (!generation.step() || generation.text(0) != details.at("digest").get<std::string>()) {
                return fmt::format("generation {}: it differs from its audit entry {}", number, entry.sequence);
            }
            ++published;
        }
        previous = select.text(6);
        ++expected;
    }
    if (auto const generations = connection.integer("SELECT count(*) FROM generation"); generations != published) {
        return fmt::format("audit_log: {} generations but {} publish entries; the last entries are missing",
                           generations, published);
    }
    return std::nullopt;
}

} // namespace wangge::registry
