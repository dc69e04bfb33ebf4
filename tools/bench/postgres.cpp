#include "postgres.hpp"

#include "machine.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/wkb.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

namespace wangge::bench {

namespace {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// PostgreSQL refuses to run as root; then its own user does it.
passwd const* other_user() {
    if (::geteuid() != 0) {
        return nullptr;
    }
    auto const* user = ::getpwnam("postgres");
    if (user == nullptr) {
        throw Error{ErrorCode::environment, "there is no user 'postgres'; install the server: tools/setup bench"};
    }
    return user;
}

/// Starts a program of PostgreSQL with its output in a file; it dies with us.
pid_t spawn(std::vector<std::string> words, std::filesystem::path const& log) {
    auto const program = std::filesystem::path{WANGGE_BENCH_POSTGRES_BIN} / words[0];
    auto const* const user = other_user();
    auto const parent = ::getpid();
    std::vector<char*> arguments;
    for (auto& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    auto const child = ::fork();
    if (child < 0) {
        throw Error{ErrorCode::environment, "no new process can be started"};
    }
    if (child == 0) {
        int const out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        if (user != nullptr && (::initgroups(user->pw_name, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
                                ::setuid(user->pw_uid) != 0)) {
            ::_exit(126);
        }
        ::prctl(PR_SET_PDEATHSIG, SIGINT); // after the change of user, which clears it
        if (::getppid() != parent) {
            ::_exit(126);
        }
        ::execv(program.c_str(), arguments.data());
        ::_exit(127);
    }
    return child;
}

std::string tail_of(std::filesystem::path const& log) {
    auto const text = read_file(log);
    constexpr std::size_t kEnough = 600;
    return text.size() > kEnough ? text.substr(text.size() - kEnough) : text;
}

} // namespace

PostgresCluster::PostgresCluster(unsigned workers) : m_folder("postgres"), m_exchange(m_folder.path() / "exchange") {
    std::filesystem::create_directory(m_exchange);
    std::filesystem::permissions(m_folder.path(), std::filesystem::perms::owner_all);
    if (auto const* const user = other_user()) {
        for (auto const& folder : {m_folder.path(), m_exchange}) {
            if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
                throw Error{ErrorCode::environment, fmt::format("{}: cannot be given to postgres", folder.string())};
            }
        }
    }
    try {
        start();
        connect();
        run(fmt::format("SET max_parallel_workers_per_gather = {}; SET parallel_setup_cost = 0;"
                        "SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0",
                        workers));
    } catch (...) {
        stop();
        throw;
    }
}

PostgresCluster::~PostgresCluster() { stop(); }

void PostgresCluster::start() {
    auto const data = (m_folder.path() / "data").string();
    auto const log = m_folder.path() / "log";
    int status = 0;
    ::waitpid(spawn({"initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync",
                     "--no-instructions"},
                    log),
              &status, 0);
    if (status != 0) {
        throw Error{ErrorCode::environment, fmt::format("initdb failed: {}", tail_of(log))};
    }
    std::vector<std::string> words{"postgres", "-D", data, "-k", m_folder.path().string()};
    for (auto const* setting :
         {"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
          "max_wal_senders=0", "autovacuum=off", "jit=off", "shared_buffers=1GB", "work_mem=256MB",
          "maintenance_work_mem=1GB", "max_wal_size=8GB", "checkpoint_timeout=1h"}) {
        words.insert(words.end(), {"-c", setting});
    }
    m_server = spawn(words, log);
}

void PostgresCluster::connect() {
    auto const where = fmt::format("host={} user=bench dbname=postgres", m_folder.path().string());
    constexpr int kTries = 600;
    for (int i = 0; i < kTries; ++i) {
        m_connection = PQconnectdb(where.c_str());
        if (PQstatus(m_connection) == CONNECTION_OK) {
            m_session = PQbackendPID(m_connection);
            run("SET client_min_messages = error; CREATE EXTENSION postgis");
            return;
        }
        PQfinish(m_connection);
        m_connection = nullptr;
        if (::waitpid(m_server, nullptr, WNOHANG) != 0) {
            m_server = -1;
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    throw Error{ErrorCode::environment,
                fmt::format("the PostgreSQL server does not answer: {}", tail_of(m_folder.path() / "log"))};
}

void PostgresCluster::stop() noexcept {
    if (m_connection != nullptr) {
        PQfinish(m_connection);
        m_connection = nullptr;
    }
    if (m_server > 0) {
        ::kill(m_server, SIGINT); // "fast": sessions end, nothing is kept waiting
        ::waitpid(m_server, nullptr, 0);
        m_server = -1;
    }
}

void PostgresCluster::run(std::string const& sql) {
    Result const result{PQexec(m_connection, sql.c_str())};
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        throw Error{ErrorCode::environment, fmt::format("PostgreSQL: {}", PQerrorMessage(m_connection))};
    }
}

std::string PostgresCluster::value(std::string const& sql) {
    Result const result{PQexec(m_connection, sql.c_str())};
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) == 0) {
        throw Error{ErrorCode::environment, fmt::format("PostgreSQL: {}", PQerrorMessage(m_connection))};
    }
    return PQgetvalue(result.get(), 0, 0);
}

void PostgresCluster::copy_in(std::string const& sql, std::function<bool(std::string&)> const& fill) {
    Result const begun{PQexec(m_connection, sql.c_str())};
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) {
        throw Error{ErrorCode::environment, fmt::format("PostgreSQL: {}", PQerrorMessage(m_connection))};
    }
    constexpr std::size_t kPiece = 1 << 16;
    std::string piece;
    for (bool more = true; more;) {
        more = fill(piece);
        if (!more || piece.size() >= kPiece) {
            PQputCopyData(m_connection, piece.data(), static_cast<int>(piece.size()));
            piece.clear();
        }
    }
    PQputCopyEnd(m_connection, nullptr);
    std::string fault;
    while (Result const result{PQgetResult(m_connection)}) {
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
            fault = PQresultErrorMessage(result.get());
        }
    }
    if (!fault.empty()) {
        throw Error{ErrorCode::environment, fmt::format("PostgreSQL: {}", fault)};
    }
}

void PostgresCluster::copy_out(std::string const& sql, std::function<void(std::string_view)> const& row) {
    Result const begun{PQexec(m_connection, sql.c_str())};
    if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) {
        throw Error{ErrorCode::environment, fmt::format("PostgreSQL: {}", PQerrorMessage(m_connection))};
    }
    char* line = nullptr;
    for (int size = 0; (size = PQgetCopyData(m_connection, &line, 0)) > 0;) {
        row({line, static_cast<std::size_t>(size)});
        PQfreemem(line);
    }
    while (Result const result{PQgetResult(m_connection)}) {
    }
}

void PostgresCluster::load_grids(std::span<geom::MultiPolygon const> shapes) {
    run("CREATE UNLOGGED TABLE grids (id int, geom geometry)");
    std::size_t next = 0;
    std::vector<std::byte> wkb;
    copy_in("COPY grids FROM STDIN (FORMAT binary)", [&](std::string& out) {
        if (next == 0) {
            append_copy_begin(out);
        }
        if (next == shapes.size()) {
            append_copy_end(out);
            return false;
        }
        wkb.clear();
        geom::append_wkb(shapes[next], wkb);
        append_big_endian(out, std::int16_t{2});
        append_big_endian(out, std::int32_t{4});
        append_big_endian(out, static_cast<std::int32_t>(next));
        append_big_endian(out, static_cast<std::int32_t>(wkb.size()));
        out.append(reinterpret_cast<char const*>(wkb.data()), wkb.size());
        ++next;
        return true;
    });
    run("CREATE INDEX ON grids USING gist (geom)");
    run("VACUUM ANALYZE grids"); // not in the transaction that several statements at once would be
}

double PostgresCluster::cpu_s() const { return main_thread_cpu_s(m_session) + reaped_children_cpu_s(m_server); }
std::uint64_t PostgresCluster::peak_bytes() const { return peak_resident_bytes(m_session); }

void append_copy_begin(std::string& out) {
    out.append("PGCOPY\n\377\r\n\0", 11);
    append_big_endian(out, std::int32_t{0});
    append_big_endian(out, std::int32_t{0});
}

void append_copy_end(std::string& out) { append_big_endian(out, std::int16_t{-1}); }

} // namespace wangge::bench
