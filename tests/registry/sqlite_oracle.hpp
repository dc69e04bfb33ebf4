#pragma once

// spatialite.h needs sqlite3.h before it.
// clang-format off
#include <sqlite3.h>
#include <spatialite.h>
// clang-format on

#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace wangge::test {

/// SQLite and SpatiaLite used plainly, sharing no code with the registry.
class SqliteOracle {
public:
    explicit SqliteOracle(std::filesystem::path const& file) {
        if (sqlite3_open_v2(file.c_str(), &m_handle, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
            throw std::runtime_error{sqlite3_errmsg(m_handle)};
        }
        sqlite3_busy_timeout(m_handle, 5000);
        m_cache = spatialite_alloc_connection();
        spatialite_init_ex(m_handle, m_cache, 0);
    }
    ~SqliteOracle() {
        sqlite3_close(m_handle);
        spatialite_cleanup_ex(m_cache);
    }
    SqliteOracle(SqliteOracle const&) = delete;
    SqliteOracle& operator=(SqliteOracle const&) = delete;

    /// All rows, the columns joined by '|'; `blob` is parameter 1 when it is not empty. Throws SQLite's message.
    std::vector<std::string> rows(std::string const& sql, std::span<std::byte const> blob = {}) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(m_handle, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
            throw std::runtime_error{sqlite3_errmsg(m_handle)};
        }
        if (!blob.empty()) {
            sqlite3_bind_blob(statement, 1, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
        }
        std::vector<std::string> found;
        int code = SQLITE_OK;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            std::string line;
            for (int column = 0; column < sqlite3_column_count(statement); ++column) {
                line.append(column == 0 ? "" : "|");
                auto const* const bytes = static_cast<char const*>(sqlite3_column_blob(statement, column));
                line.append(bytes != nullptr ? bytes : "",
                            static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
            }
            found.push_back(line);
        }
        sqlite3_finalize(statement);
        if (code != SQLITE_DONE) {
            throw std::runtime_error{sqlite3_errmsg(m_handle)};
        }
        return found;
    }
    std::string value(std::string const& sql, std::span<std::byte const> blob = {}) { return rows(sql, blob).at(0); }

private:
    sqlite3* m_handle = nullptr;
    void* m_cache = nullptr;
};

} // namespace wangge::test
