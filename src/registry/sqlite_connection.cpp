#include "sqlite_connection.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>

#include <fmt/format.h>
#include <unistd.h>

// spatialite.h needs sqlite3.h before it.
// clang-format off
#include <sqlite3.h>
#include <spatialite.h>
// clang-format on

#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

namespace wangge::registry {

namespace {

constexpr int kBusyTimeoutMs = 10'000;
/// A reader in the middle of a long query must not hold up the end of a command for longer.
constexpr int kCheckpointTimeoutMs = 500;
/// Texts of statements that are kept, far more than the program has; what it makes up as it goes must not pile up.
constexpr std::size_t kMostIdle = 256;

std::string uri_of(std::filesystem::path const& path, std::string_view parameters) {
    std::string uri = "file:";
    for (char const c : std::filesystem::absolute(path).string()) {
        if (c == '%' || c == '?' || c == '#') {
            fmt::format_to(std::back_inserter(uri), "%{:02X}", static_cast<unsigned>(c));
        } else {
            uri.push_back(c);
        }
    }
    return uri.append(parameters);
}

/// How a reader must open the file. A WAL database needs its -shm, which a reader may have to make; where it cannot,
/// the file alone is whole only when no WAL lies beside it.
std::string read_parameters(std::filesystem::path const& path) {
    auto const beside = [&](char const* suffix) { return std::filesystem::path{path.string() + suffix}; };
    auto const folder = std::filesystem::absolute(path).parent_path();
    if (::access(folder.c_str(), W_OK) == 0 || std::filesystem::exists(beside("-shm"))) {
        return "?mode=ro";
    }
    std::error_code ignored;
    if (auto const size = std::filesystem::file_size(beside("-wal"), ignored); !ignored && size != 0) {
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: this read-only copy was made while the registry was being written (a -wal file lies "
                        "beside it); copy the folder again when no wangge process is writing",
                        path.string())};
    }
    return "?mode=ro&immutable=1";
}

void initialize_libraries() {
    static std::once_flag once;
    std::call_once(once, [] { spatialite_initialize(); });
}

} // namespace

Connection::Connection(std::filesystem::path path, Access access) : m_path(std::move(path)), m_access(access) {
    initialize_libraries();
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    std::string uri;
    if (access == Access::read) {
        flags |= SQLITE_OPEN_READONLY;
        uri = uri_of(m_path, read_parameters(m_path));
    } else {
        flags |= SQLITE_OPEN_READWRITE | (access == Access::create ? SQLITE_OPEN_CREATE : 0);
        uri = uri_of(m_path, "");
    }
    int const opened = sqlite3_open_v2(uri.c_str(), &m_handle, flags, nullptr);
    try {
        check(opened, "opening it");
        sqlite3_extended_result_codes(m_handle, 1);
        sqlite3_busy_timeout(m_handle, kBusyTimeoutMs);
        m_spatialite = spatialite_alloc_connection();
        spatialite_init_ex(m_handle, m_spatialite, 0);
        execute("PRAGMA mmap_size=0; PRAGMA foreign_keys=ON;");
        if (access == Access::create) {
            execute("PRAGMA page_size=8192; PRAGMA journal_mode=WAL;");
        }
        if (access == Access::read) {
            sqlite3_db_config(m_handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
            execute("PRAGMA query_only=ON; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;");
        } else {
            // In memory, what a savepoint would undo is walked from its beginning at the end of every statement.
            execute("PRAGMA synchronous=FULL; PRAGMA cache_size=-262144; PRAGMA temp_store=FILE;");
        }
    } catch (...) {
        close();
        throw;
    }
}

Connection::~Connection() { close(); }

void Connection::close() noexcept {
    if (m_handle != nullptr && writable() && !in_transaction()) {
        sqlite3_busy_timeout(m_handle, kCheckpointTimeoutMs);
        // Busy readers only postpone it: the next writer's close does it then.
        sqlite3_exec(m_handle, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
    }
    for (auto const& [text, statement] : m_idle) {
        sqlite3_finalize(statement);
    }
    m_idle.clear();
    sqlite3_close(std::exchange(m_handle, nullptr));
    if (m_spatialite != nullptr) {
        spatialite_cleanup_ex(std::exchange(m_spatialite, nullptr));
    }
}

void Connection::fail(int code, std::string_view doing) const {
    int const system = m_handle != nullptr ? sqlite3_system_errno(m_handle) : 0;
    std::string const reason = m_handle != nullptr ? sqlite3_errmsg(m_handle) : sqlite3_errstr(code);
    int const primary = code & 0xff;
    auto const where = m_path.string();
    if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: disk full while {}; nothing was changed; free disk space and run the same command "
                                "again",
                                where, doing)};
    }
    switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw Error{ErrorCode::conflict,
                    fmt::format("{}: another program keeps it locked ({}) while {}; close that program (an open edit "
                                "session in a GIS, for example) and run the same command again",
                                where, reason, doing)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        throw Error{ErrorCode::corrupt,
                    fmt::format("{}: {} while {}; restore the file from a backup", where, reason, doing)};
    case SQLITE_CONSTRAINT:
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: {} while {}; nothing was changed", where, reason, doing)};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        throw Error{
            ErrorCode::environment,
            fmt::format("{}: {} while {}; check that the file and its folder can be read and written by this user",
                        where, reason, doing)};
    default:
        throw Error{ErrorCode::environment,
                    fmt::format("{}: {}{}{} while {}; nothing was changed", where, reason, system != 0 ? ": " : "",
                                system != 0 ? std::strerror(system) : "", doing)};
    }
}

void Connection::check(int code, std::string_view doing) const {
    if (code != SQLITE_OK) {
        fail(code, doing);
    }
}

void Connection::execute(char const* sql) {
    check(sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr), fmt::format("running '{}'", sql));
}

void Connection::execute_migration(std::string_view sql, std::string_view name) {
    char const* next = sql.data();
    char const* const end = sql.data() + sql.size();
    while (next != end) {
        sqlite3_stmt* statement = nullptr;
        char const* const begin = next;
        check(sqlite3_prepare_v2(m_handle, begin, static_cast<int>(end - begin), &statement, &next), name);
        if (statement == nullptr) {
            continue; // comments and white space
        }
        std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> const owner{statement, &sqlite3_finalize};
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            if (sqlite3_column_int(statement, 0) != 1) {
                throw Error{ErrorCode::environment, fmt::format("{}: {}: SpatiaLite refused: {}", m_path.string(), name,
                                                                sqlite3_sql(statement))};
            }
            code = sqlite3_step(statement);
        }
        if (code != SQLITE_DONE) {
            fail(code, name);
        }
    }
}

std::int64_t Connection::integer(std::string_view sql) {
    Statement statement{*this, sql};
    return statement.step() ? statement.integer(0) : 0;
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(m_handle) == 0; }
std::int64_t Connection::last_insert_id() const { return sqlite3_last_insert_rowid(m_handle); }
std::int64_t Connection::changes() const { return sqlite3_changes64(m_handle); }

sqlite3_stmt* Connection::prepare(std::string_view sql) {
    auto const found = m_idle.find(sql);
    if (found != m_idle.end() && found->second != nullptr) {
        return std::exchange(found->second, nullptr);
    }
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(m_handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                             nullptr),
          fmt::format("preparing '{}'", sql));
    if (found == m_idle.end() && m_idle.size() < kMostIdle) {
        m_idle.emplace(sql, nullptr);
    }
    return statement;
}

void Connection::put_back(sqlite3_stmt* statement) noexcept {
    auto const found = m_idle.find(std::string_view{sqlite3_sql(statement)});
    if (found == m_idle.end() || found->second != nullptr) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    found->second = statement;
}

Statement::Statement(Connection& connection, std::string_view sql)
    : m_connection(connection), m_handle(connection.prepare(sql)) {}

Statement::~Statement() { m_connection.put_back(m_handle); }

void Statement::bind_integer(int index, std::int64_t value) {
    m_connection.check(sqlite3_bind_int64(m_handle, index, value), "binding a parameter");
}
void Statement::bind_null(int index) { m_connection.check(sqlite3_bind_null(m_handle, index), "binding a parameter"); }
void Statement::bind(int index, double value) {
    m_connection.check(sqlite3_bind_double(m_handle, index, value), "binding a parameter");
}
void Statement::bind(int index, std::string_view value) {
    m_connection.check(sqlite3_bind_text64(m_handle, index, value.empty() ? "" : value.data(), value.size(),
                                           SQLITE_TRANSIENT, SQLITE_UTF8),
                       "binding a parameter");
}
void Statement::bind(int index, std::span<std::byte const> value) {
    m_connection.check(sqlite3_bind_blob64(m_handle, index, value.empty() ? static_cast<void const*>("") : value.data(),
                                           value.size(), SQLITE_TRANSIENT),
                       "binding a parameter");
}

bool Statement::step() {
    int const code = sqlite3_step(m_handle);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        m_connection.fail(code, m_connection.writable() ? "writing" : "reading");
    }
    reset();
    return false;
}

void Statement::run_bound() {
    while (step()) {
    }
}

void Statement::reset() noexcept { sqlite3_reset(m_handle); }

bool Statement::is_null(int column) const { return sqlite3_column_type(m_handle, column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(m_handle, column); }
double Statement::real(int column) const { return sqlite3_column_double(m_handle, column); }

std::string_view Statement::text(int column) const {
    auto const* const text = reinterpret_cast<char const*>(sqlite3_column_text(m_handle, column));
    return text != nullptr ? std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(m_handle, column))}
                           : std::string_view{};
}

std::span<std::byte const> Statement::blob(int column) const {
    auto const* const bytes = static_cast<std::byte const*>(sqlite3_column_blob(m_handle, column));
    return {bytes, bytes != nullptr ? static_cast<std::size_t>(sqlite3_column_bytes(m_handle, column)) : 0};
}

Transaction::Transaction(Connection& connection, Kind kind)
    : m_connection(connection)
    , m_writes(kind == Kind::write)
    , m_open(kind == Kind::write || !connection.in_transaction()) {
    if (!m_open) {
        return;
    }
    if (m_writes && connection.m_writing > 0 && !connection.in_transaction()) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: the change that this belongs to was rolled back by the database; nothing was "
                                "recorded. Run it again",
                                connection.path().string())};
    }
    connection.execute(!m_writes ? "BEGIN" : connection.m_writing > 0 ? "SAVEPOINT inner" : "BEGIN IMMEDIATE");
    connection.m_writing += m_writes ? 1 : 0;
}

Transaction::~Transaction() {
    if (!m_open) {
        return;
    }
    m_connection.m_writing -= m_writes ? 1 : 0;
    // A full disk or a SpatiaLite trigger may have rolled back already.
    if (m_connection.in_transaction()) {
        bool const inner = m_writes && m_connection.m_writing > 0;
        int const code = sqlite3_exec(m_connection.m_handle, inner ? "ROLLBACK TO inner; RELEASE inner" : "ROLLBACK",
                                      nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) {
            log_error(fmt::format("{}: rolling back failed: {}; the change is dropped when this process ends",
                                  m_connection.path().string(), sqlite3_errmsg(m_connection.m_handle)));
        }
    }
}

void Transaction::commit() {
    m_connection.execute(m_writes && m_connection.m_writing > 1 ? "RELEASE inner" : "COMMIT");
    m_connection.m_writing -= m_writes ? 1 : 0;
    m_open = false;
}

} // namespace wangge::registry
