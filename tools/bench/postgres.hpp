#pragma once

#include "coverage.hpp"

#include <wangge/geom/polygon.hpp>

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>

struct pg_conn;

namespace wangge::bench {

/**
 * A PostgreSQL server of its own with PostGIS for the time of a run: a new cluster in a temporary folder, a Unix socket
 * in the same place and no TCP, tuned for speed (no fsync, all in memory). Run by root it runs as user postgres. It is
 * stopped by its process id and removed at the end; when this process is killed it stops too, but its folder stays.
 */
class PostgresCluster {
public:
    /// `workers`: parallel workers that a query may use. Throws Error{environment} with what the server said.
    explicit PostgresCluster(unsigned workers);
    ~PostgresCluster();
    PostgresCluster(PostgresCluster const&) = delete;
    PostgresCluster& operator=(PostgresCluster const&) = delete;

    /// Runs a statement. Throws Error{environment} with the server's message.
    void run(std::string const& sql);
    /// First column of the first row.
    [[nodiscard]] std::string value(std::string const& sql);
    /// Runs COPY ... FROM STDIN and sends what `fill` appends to the text, piece by piece, until it returns false.
    void copy_in(std::string const& sql, std::function<bool(std::string&)> const& fill);
    /// Runs COPY ... TO STDOUT and gives each row as a line of text.
    void copy_out(std::string const& sql, std::function<void(std::string_view)> const& row);

    /// A table `grids (id int, geom)` of all shapes in degrees with a GiST index, analysed.
    void load_grids(std::span<geom::MultiPolygon const> shapes);

    /// Processor time of the session's server process and of its parallel workers so far.
    [[nodiscard]] double cpu_s() const;
    [[nodiscard]] std::uint64_t peak_bytes() const;
    /// Folder that the server can read and write.
    [[nodiscard]] std::filesystem::path const& exchange() const noexcept { return m_exchange; }

private:
    void start();
    void connect();
    void stop() noexcept;
    TemporaryFolder m_folder;
    std::filesystem::path m_exchange;
    pid_t m_server = -1;
    pid_t m_session = -1;
    pg_conn* m_connection = nullptr;
};

/// Appends an integer in network byte order, as binary COPY has them.
template <class T>
void append_big_endian(std::string& out, T value) {
    for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift) & 0xffU);
    }
}
/// What binary COPY begins and ends with.
void append_copy_begin(std::string& out);
void append_copy_end(std::string& out);

} // namespace wangge::bench
