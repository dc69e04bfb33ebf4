#include "impl.hpp"
#include "schema.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace wangge::registry {

namespace {

std::unique_ptr<FileLock> lock_for_writing(DataFolder const& folder) {
    return std::make_unique<FileLock>(
        folder.lock_file(),
        fmt::format(
            "{}: another wangge process is writing to this registry; wait for it to end (or stop it) and run the "
            "same command again",
            folder.root.string()));
}

void make_folder(std::filesystem::path const& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: the folder cannot be made: {}", folder.string(), error.message())};
    }
}

/// Removes what killed inits left; the caller holds the lock.
void remove_unfinished(DataFolder const& folder) {
    auto const prefix = folder.registry_file().filename().string() + ".new-";
    std::vector<std::filesystem::path> unfinished;
    for (auto const& entry : std::filesystem::directory_iterator{folder.root}) {
        if (entry.path().filename().string().starts_with(prefix)) {
            unfinished.push_back(entry.path());
        }
    }
    for (auto const& path : unfinished) {
        std::filesystem::remove(path);
    }
}

Generation read_generation(Connection const& connection, Statement const& row) {
    Generation generation;
    generation.number = row.integer(0);
    generation.recorded_at = row.text(1);
    generation.author = row.text(2);
    generation.approver = row.text(3);
    auto const hex = row.text(4);
    auto const digit = [&](char c) -> std::uint8_t {
        if (c >= '0' && c <= '9') {
            return static_cast<std::uint8_t>(c - '0');
        }
        if (c >= 'a' && c <= 'f') {
            return static_cast<std::uint8_t>(c - 'a' + 10);
        }
        unknown_word(connection, "generation.digest", hex);
    };
    if (hex.size() != 2 * generation.digest.bytes.size()) {
        unknown_word(connection, "generation.digest", hex);
    }
    for (std::size_t i = 0; i < generation.digest.bytes.size(); ++i) {
        generation.digest.bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
    }
    return generation;
}

} // namespace

std::int64_t Registry::Impl::open_change_set(std::string_view subject, std::string_view title, std::string_view author,
                                             Date effective) {
    Statement insert{connection,
                     "INSERT INTO change_set (subject, title, author, effective, applied_at) VALUES (?, ?, ?, ?, ?)"};
    insert.run(subject, title, author, effective.days(), now_utc8());
    return connection.last_insert_id();
}

void Registry::Impl::record_sources(std::span<SourceFile const> sources, std::string_view author,
                                    std::optional<std::int64_t> change_set) {
    Statement insert{connection,
                     "INSERT INTO source_file (name, sha256, bytes, crs, encoding, received_at, received_from, "
                     "change_set_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    auto const now = now_utc8();
    for (auto const& source : sources) {
        insert.run(source.name, source.sha256.hex(), source.bytes, source.crs, source.encoding, now, author,
                   change_set);
    }
}

void Registry::init(DataFolder const& folder) {
    make_folder(folder.root);
    make_folder(folder.snapshots());
    make_private_folder(folder.sources());
    auto const lock = lock_for_writing(folder);
    auto const file = folder.registry_file();
    if (std::filesystem::exists(file)) {
        throw Error{
            ErrorCode::conflict,
            fmt::format("{}: a registry is there already; choose another folder, or remove it first", file.string())};
    }
    remove_unfinished(folder);
    make_officer_key(folder.officer_key());
    // Made aside and renamed: a registry is either whole or absent.
    std::filesystem::path const aside = fmt::format("{}.new-{}", file.string(), ::getpid());
    try {
        {
            Connection connection{aside, Connection::Access::create};
            apply_migrations(connection);
            Transaction transaction{connection, Transaction::Kind::write};
            append_audit(connection, "wangge", "init", nlohmann::json{{"migrations", migrations().size()}}.dump());
            transaction.commit();
        }
        if (std::filesystem::exists(aside.string() + "-wal")) {
            throw Error{
                ErrorCode::environment,
                fmt::format("{}: the new registry could not be written out whole; check the disk and run the same "
                            "command again",
                            folder.root.string())};
        }
        rename_durably(aside, file);
    } catch (...) {
        for (char const* const suffix : {"", "-wal", "-shm"}) {
            ::unlink((aside.string() + suffix).c_str());
        }
        throw;
    }
}

Registry Registry::open(DataFolder const& folder, Mode mode) {
    if (!std::filesystem::exists(folder.registry_file())) {
        throw Error{ErrorCode::not_found, fmt::format("{}: there is no registry; make one with 'wangge init --data {}'",
                                                      folder.registry_file().string(), folder.root.string())};
    }
    auto lock = mode == Mode::write ? lock_for_writing(folder) : nullptr;
    auto impl = std::make_unique<Impl>(folder, mode, std::move(lock));
    auto const missing = check_schema(impl->connection);
    if (missing != 0 && mode == Mode::read) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: its schema is {} migrations older than this program; run a writing command once "
                                "(such as 'wangge publish'), it brings the schema up to date",
                                folder.registry_file().string(), missing)};
    }
    if (missing != 0) {
        apply_migrations(impl->connection);
    }
    return Registry{std::move(impl)};
}

Registry::Registry(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

std::int64_t Registry::data_version() const { return m_impl->connection.integer("PRAGMA data_version"); }

void Registry::record_source(SourceFile const& source, std::string const& author) {
    m_impl->require_writer();
    Transaction transaction{m_impl->connection, Transaction::Kind::write};
    m_impl->record_sources({&source, 1}, author, std::nullopt);
    append_audit(m_impl->connection, author, "record_source",
                 nlohmann::json{{"name", source.name}, {"sha256", source.sha256.hex()}}.dump(
                     -1, ' ', false, nlohmann::json::error_handler_t::replace));
    transaction.commit();
}

GenerationNumber Registry::next_generation() const { return m_impl->newest_published() + 1; }

std::optional<Generation> Registry::newest_generation() const {
    Statement select{m_impl->connection, "SELECT number, recorded_at, author, approver, digest FROM generation "
                                         "ORDER BY number DESC LIMIT 1"};
    return select.step() ? std::optional{read_generation(m_impl->connection, select)} : std::nullopt;
}

bool Registry::has_draft() const { return m_impl->has_draft(); }

std::optional<Date> Registry::draft_begins() const {
    Statement select{m_impl->connection, "SELECT min(effective) FROM change_set WHERE generation IS NULL"};
    return select.step() && !select.is_null(0) ? std::optional{Date{static_cast<std::int32_t>(select.integer(0))}}
                                               : std::nullopt;
}

std::vector<Generation> Registry::generations() const {
    std::vector<Generation> all;
    Statement select{m_impl->connection,
                     "SELECT number, recorded_at, author, approver, digest FROM generation ORDER BY number"};
    while (select.step()) {
        all.push_back(read_generation(m_impl->connection, select));
    }
    return all;
}

Generation Registry::publish(std::string const& author, std::string const& approver, Digest const& digest,
                             Publishes what) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const number = m_impl->newest_published() + 1;
    if (what == Publishes::change_sets && !m_impl->has_draft()) {
        throw Error{
            ErrorCode::conflict,
            fmt::format("{}: no change set waits for a publish, generation {} is the newest; apply an import first",
                        connection.path().string(), number - 1)};
    }
    require_approver(approver);
    Generation generation{number, now_utc8(), author, approver.empty() ? m_impl->approvers_of_draft() : approver,
                          digest};
    Statement insert{connection,
                     "INSERT INTO generation (number, recorded_at, recorded_at_utc, author, approver, digest) "
                     "VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', ?2), ?3, ?4, ?5)"};
    insert.run(number, generation.recorded_at, author, generation.approver, digest.hex());
    auto const change_sets = connection.integer("SELECT count(*) FROM change_set WHERE generation IS NULL");
    Statement close{connection, "UPDATE change_set SET generation = ? WHERE generation IS NULL"};
    close.run(number);
    append_audit(connection, author, "publish",
                 nlohmann::json{{"generation", number},
                                {"approver", generation.approver},
                                {"change_sets", change_sets},
                                {"digest", digest.hex()}}
                     .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    transaction.commit();
    return generation;
}

Counts Registry::counts(Date as_of) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    auto const on_day = [&](std::string_view sql) {
        Statement select{connection, sql};
        select.query(as_of.days());
        return select.step() ? static_cast<std::uint64_t>(select.integer(0)) : 0;
    };
    auto const all = [&](std::string_view sql) { return static_cast<std::uint64_t>(connection.integer(sql)); };
    Counts counts;
    counts.divisions = on_day(
        "SELECT count(*) FROM division_version WHERE recorded_to IS NULL AND valid_from <= ?1 AND ?1 < valid_to");
    counts.grids_current =
        on_day("SELECT count(*) FROM grid_version WHERE recorded_to IS NULL AND valid_from <= ?1 AND ?1 < valid_to");
    counts.assignments =
        on_day("SELECT count(*) FROM assignment WHERE superseded_entry IS NULL AND valid_from <= ?1 AND ?1 < valid_to");
    counts.outlines = all("SELECT count(*) FROM division_outline WHERE superseded_entry IS NULL");
    counts.officers = all("SELECT count(*) FROM officer");
    counts.address_points = all("SELECT count(*) FROM address_point");
    counts.published = m_impl->newest_published();
    counts.draft = m_impl->has_draft();
    return counts;
}

std::optional<std::string> Registry::audit_break() const {
    Transaction const reading{m_impl->connection, Transaction::Kind::read};
    return find_audit_break(m_impl->connection);
}

} // namespace wangge::registry
