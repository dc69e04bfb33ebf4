#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace wangge::registry {

/**
 * One SQLite connection with SpatiaLite's functions. Belongs to one thread at a time. Every failure is an Error that
 * names the file: environment (disk full, permission), conflict (busy), corrupt, data_rejected (a constraint).
 */
class Connection {
public:
    enum class Access {
        create, ///< the file must not exist; becomes a WAL database
        write,  ///< does every checkpoint, a complete one at close
        read,   ///< never writes and never checkpoints; on a read-only folder without a WAL the file is taken as
                ///< immutable
    };
    Connection(std::filesystem::path path, Access access);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    /// Runs statements that return nothing of interest.
    void execute(char const* sql);
    /// Runs the statements of a migration: a row of one (a SpatiaLite function's answer) must hold 1.
    void execute_migration(std::string_view sql, std::string_view name);
    /// First column of the first row; 0 when there is no row or it is NULL.
    [[nodiscard]] std::int64_t integer(std::string_view sql);
    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] std::int64_t last_insert_id() const;
    /// Rows that the last INSERT, UPDATE or DELETE touched.
    [[nodiscard]] std::int64_t changes() const;
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return m_path; }
    [[nodiscard]] bool writable() const noexcept { return m_access != Access::read; }

private:
    friend class Statement;
    friend class Transaction;
    [[noreturn]] void fail(int code, std::string_view doing) const;
    void check(int code, std::string_view doing) const;
    void close() noexcept;
    /// Preparing takes longer than many a query, so what is prepared is kept for the next one of the same text.
    [[nodiscard]] sqlite3_stmt* prepare(std::string_view sql);
    void put_back(sqlite3_stmt* statement) noexcept;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    std::filesystem::path m_path;
    Access m_access;
    sqlite3* m_handle = nullptr;
    void* m_spatialite = nullptr;
    int m_writing = 0; ///< write transactions that are open, one inside the other
    std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> m_idle; ///< null: in use
};

/// A prepared statement; not to outlive its connection. Parameters are numbered from 1, columns from 0.
class Statement {
public:
    Statement(Connection& connection, std::string_view sql);
    ~Statement();
    Statement(Statement const&) = delete;
    Statement& operator=(Statement const&) = delete;

    /// Binds all parameters in order, runs to the end and resets.
    template <class... Values>
    void run(Values const&... values) {
        int index = 0;
        (bind(++index, values), ...);
        run_bound();
    }
    /// Binds all parameters in order; then call step(). Ends what an earlier query left open.
    template <class... Values>
    void query(Values const&... values) {
        reset();
        int index = 0;
        (bind(++index, values), ...);
    }
    /// True with a row, false at the end (and reset).
    bool step();
    void reset() noexcept;

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    /// Valid until the next step or reset.
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::span<std::byte const> blob(int column) const;

private:
    template <class T>
    requires std::is_integral_v<T>
    void bind(int index, T value) { bind_integer(index, static_cast<std::int64_t>(value)); }
    template <class T>
    void bind(int index, std::optional<T> const& value) {
        value ? bind(index, *value) : bind_null(index);
    }
    void bind(int index, double value);
    void bind(int index, std::string_view value);
    void bind(int index, std::string const& value) { bind(index, std::string_view{value}); }
    void bind(int index, char const* value) { bind(index, std::string_view{value}); }
    void bind(int index, std::span<std::byte const> value);
    void bind_integer(int index, std::int64_t value);
    void bind_null(int index);
    void run_bound();

    Connection& m_connection;
    sqlite3_stmt* m_handle = nullptr;
};

/// A write transaction, or one consistent view for reading (inside an open transaction its own view). A write one
/// inside another is kept only when that is committed too. The destructor rolls back, never commits.
class Transaction {
public:
    enum class Kind { read, write };
    Transaction(Connection& connection, Kind kind);
    ~Transaction();
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;
    void commit();

private:
    Connection& m_connection;
    bool m_writes;
    bool m_open = true;
};

} // namespace wangge::registry
