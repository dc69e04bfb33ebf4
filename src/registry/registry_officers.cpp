#include "impl.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

namespace wangge::registry {

namespace {

Role role_of(Connection const& connection, std::int64_t value) {
    if (value < 1 || value > 3) {
        unknown_word(connection, "assignment.role", fmt::format("{}", value));
    }
    return static_cast<Role>(value);
}

/// SQL for the rows that a generation knew. Those known now are found by an index.
std::string known(Connection& connection, std::optional<GenerationNumber> known_at) {
    auto const end = first_entry_after(connection, known_at);
    return end == kNoEntry
               ? "superseded_entry IS NULL"
               : fmt::format("recorded_entry < {0} AND (superseded_entry IS NULL OR superseded_entry >= {0})", end);
}

auto order_of(Assignment const& a) { return std::tie(a.officer_id, a.grid, a.role, a.valid); }

/// Sorted by officer, grid, role, validity.
std::vector<Assignment> checked_assignments(std::span<Assignment const> assignments) {
    std::vector<Assignment> sorted{assignments.begin(), assignments.end()};
    std::sort(sorted.begin(), sorted.end(), [](auto const& a, auto const& b) { return order_of(a) < order_of(b); });
    Assignment const* previous = nullptr;
    for (auto const& a : sorted) {
        if (a.valid.empty()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("officer {} on grid {}: the assignment ends ({}) before it begins ({})",
                                    a.officer_id, a.grid.str(), a.valid.to.str(), a.valid.from.str())};
        }
        if (previous != nullptr && previous->officer_id == a.officer_id && previous->grid == a.grid &&
            previous->role == a.role && a.valid.from < previous->valid.to) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("officer {} is {} on grid {} twice on {}; keep one of the rows", a.officer_id,
                                    to_string(a.role), a.grid.str(), a.valid.from.str())};
        }
        previous = &a;
    }
    return sorted;
}

/// Writes officers and their assignments under one audit entry; the caller holds the transaction.
class OfficerWriter {
public:
    OfficerWriter(Connection& connection, OfficerVault const& vault, std::int64_t entry, GenerationNumber draft)
        : m_connection(connection), m_vault(vault), m_entry(entry), m_draft(draft) {}

    void write(Officer const& officer) {
        if (officer.officer_id.empty()) {
            throw Error{ErrorCode::data_rejected, "an officer has no staff number; fill it in"};
        }
        m_select.query(officer.officer_id);
        if (!m_select.step()) {
            m_insert.run(officer.officer_id, officer.name, std::span<std::byte const>{m_vault.seal(officer.phone)},
                         m_entry);
            return;
        }
        bool const repeated = m_select.integer(2) == m_entry;
        bool const unchanged = m_select.text(0) == officer.name && m_vault.open(m_select.blob(1)) == officer.phone;
        m_select.reset();
        if (repeated) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("officer {} stands twice in the list; keep one row", officer.officer_id)};
        }
        if (!unchanged) {
            m_update.run(officer.name, std::span<std::byte const>{m_vault.seal(officer.phone)}, m_entry,
                         officer.officer_id);
        }
    }

    void require_known(std::string const& officer_id) {
        m_select.query(officer_id);
        bool const known = m_select.step();
        m_select.reset();
        if (!known) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("officer {}: an assignment names this staff number, but there is no such officer",
                                    officer_id)};
        }
    }

    /// From the first day of `wanted` on (from `ending` on when there is none) the officer has these assignments and no
    /// others; what held before that day stays. Rows that stay the same are left alone.
    void replace(std::string const& officer_id, std::span<Assignment const> wanted, Date ending) {
        Date first = wanted.empty() ? ending : kForever;
        for (auto const& a : wanted) {
            first = std::min(first, a.valid.from);
        }
        m_target.assign(wanted.begin(), wanted.end());
        m_known.clear();
        m_assignments.query(officer_id);
        while (m_assignments.step()) {
            Assignment const known{grid_code(m_connection, m_assignments.text(1)), officer_id,
                                   role_of(m_connection, m_assignments.integer(2)), interval(m_assignments, 3)};
            m_known.emplace_back(m_assignments.integer(0), known);
            DateInterval const head{known.valid.from, std::min(known.valid.to, first)};
            if (!head.empty()) {
                m_target.push_back({known.grid, officer_id, known.role, head});
            }
        }
        auto const same_as = [](Assignment const& a) {
            return [&a](Assignment const& b) { return order_of(a) == order_of(b); };
        };
        for (auto const& [id, known] : m_known) {
            auto const kept = std::find_if(m_target.begin(), m_target.end(), same_as(known));
            if (kept != m_target.end()) {
                m_target.erase(kept);
            } else {
                m_supersede.run(m_entry, id);
            }
        }
        for (auto const& a : m_target) {
            insert(a);
        }
    }

private:
    void insert(Assignment const& a) {
        m_grid.query(a.grid.str());
        bool const known = m_grid.step();
        m_grid.reset();
        if (!known) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format(
                    "officer {}: grid {} is not in the registry; import the boundaries first, or correct the code",
                    a.officer_id, a.grid.str())};
        }
        m_assign.run(a.grid.str(), a.officer_id, static_cast<int>(a.role), a.valid.from.days(), a.valid.to.days(),
                     m_draft, m_entry);
    }

    Connection& m_connection;
    OfficerVault const& m_vault;
    std::int64_t m_entry;
    GenerationNumber m_draft;
    std::vector<Assignment> m_target;
    std::vector<std::pair<std::int64_t, Assignment>> m_known;
    Statement m_select{m_connection, "SELECT name, phone_sealed, updated_entry FROM officer WHERE officer_id = ?"};
    Statement m_insert{m_connection,
                       "INSERT INTO officer (officer_id, name, phone_sealed, updated_entry) VALUES (?, ?, ?, ?)"};
    Statement m_update{m_connection,
                       "UPDATE officer SET name = ?, phone_sealed = ?, updated_entry = ? WHERE officer_id = ?"};
    Statement m_assignments{m_connection, "SELECT id, grid_code, role, valid_from, valid_to FROM assignment "
                                          "WHERE officer_id = ? AND superseded_entry IS NULL"};
    Statement m_grid{m_connection, "SELECT 1 FROM grid_code_issued WHERE code = ?"};
    Statement m_supersede{m_connection, "UPDATE assignment SET superseded_entry = ? WHERE id = ?"};
    Statement m_assign{m_connection,
                       "INSERT INTO assignment (grid_code, officer_id, role, valid_from, valid_to, recorded_from, "
                       "recorded_entry) VALUES (?, ?, ?, ?, ?, ?, ?)"};
};

} // namespace

void Registry::apply_officers(std::span<Officer const> officers, std::span<Assignment const> assignments,
                              std::string const& author, std::span<SourceFile const> sources, Progress& progress) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    auto const sorted = checked_assignments(assignments);
    auto const& vault = m_impl->vault();
    Transaction transaction{connection, Transaction::Kind::write};
    auto const entry =
        append_audit(connection, author, "apply_officers",
                     nlohmann::json{{"officers", officers.size()}, {"assignments", assignments.size()}}.dump());
    OfficerWriter writer{connection, vault, entry, next_generation()};

    std::set<std::string_view> concerned;
    constexpr std::uint64_t kReportEvery = 1000;
    std::uint64_t done = 0;
    progress.begin("writing officers", officers.size(), "officers");
    for (auto const& officer : officers) {
        writer.write(officer);
        if (!concerned.insert(officer.officer_id).second) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("officer {} stands twice in the list; keep one row", officer.officer_id)};
        }
        if (++done % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    }
    progress.advance(done % kReportEvery);
    progress.end();
    for (auto const& a : sorted) {
        if (concerned.insert(a.officer_id).second) {
            writer.require_known(a.officer_id);
        }
    }

    done = 0;
    auto next = sorted.begin();
    auto const today = Date::today();
    progress.begin("writing assignments", concerned.size(), "officers");
    for (auto const officer_id : concerned) { // in the same order as `sorted`
        auto const first = next;
        next = std::find_if(first, sorted.end(), [&](Assignment const& a) { return a.officer_id != officer_id; });
        writer.replace(std::string{officer_id}, {first, next}, today);
        if (++done % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    }
    progress.advance(done % kReportEvery);
    progress.end();
    m_impl->record_sources(sources, author, std::nullopt);
    transaction.commit();
}

std::vector<std::byte> Registry::seal(std::string_view plain) const { return m_impl->vault().seal(plain); }

std::string Registry::unseal(std::span<std::byte const> sealed) const { return m_impl->vault().open(sealed); }

std::vector<DutyEntry> Registry::duty_entries(Date as_of, std::optional<GenerationNumber> known_at) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    std::vector<DutyEntry> entries;
    Statement select{connection, fmt::format("SELECT grid_code, officer_id, role, valid_from, valid_to FROM assignment "
                                             "WHERE {} AND valid_from <= ?1 AND ?1 < valid_to "
                                             "ORDER BY grid_code, role, officer_id",
                                             known(connection, known_at))};
    select.query(as_of.days());
    while (select.step()) {
        entries.push_back({grid_code(connection, select.text(0)), std::string{select.text(1)},
                           role_of(connection, select.integer(2)), interval(select, 3)});
    }
    return entries;
}

std::optional<OfficerView> Registry::officer(std::string const& officer_id,
                                             std::optional<GenerationNumber> known_at) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    Statement person{connection, "SELECT name, phone_sealed FROM officer WHERE officer_id = ?"};
    person.query(officer_id);
    if (!person.step()) {
        return std::nullopt;
    }
    OfficerView view{officer_id, std::string{person.text(0)}, mask_phone(m_impl->vault().open(person.blob(1))), {}};
    Statement select{connection, fmt::format("SELECT grid_code, role, valid_from, valid_to FROM assignment "
                                             "WHERE officer_id = ?1 AND {} ORDER BY valid_from, grid_code, role",
                                             known(connection, known_at))};
    select.query(officer_id);
    while (select.step()) {
        view.assignments.push_back({grid_code(connection, select.text(0)), officer_id,
                                    role_of(connection, select.integer(1)), interval(select, 2)});
    }
    return view;
}

std::vector<OfficerView> Registry::officers_of(GridCode const& grid, Date as_of,
                                               std::optional<GenerationNumber> known_at) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    std::vector<OfficerView> views;
    Statement select{
        connection,
        fmt::format("SELECT a.officer_id, o.name, o.phone_sealed, a.role, a.valid_from, a.valid_to FROM assignment a "
                    "JOIN officer o ON o.officer_id = a.officer_id "
                    "WHERE a.grid_code = ?1 AND {} AND a.valid_from <= ?2 AND ?2 < a.valid_to "
                    "ORDER BY a.role, a.officer_id",
                    known(connection, known_at))};
    select.query(grid.str(), as_of.days());
    while (select.step()) {
        std::string const officer_id{select.text(0)};
        Assignment assignment{grid, officer_id, role_of(connection, select.integer(3)), interval(select, 4)};
        auto const seen = std::find_if(views.begin(), views.end(),
                                       [&](OfficerView const& view) { return view.officer_id == officer_id; });
        if (seen != views.end()) {
            seen->assignments.push_back(std::move(assignment));
        } else {
            views.push_back({officer_id,
                             std::string{select.text(1)},
                             mask_phone(m_impl->vault().open(select.blob(2))),
                             {std::move(assignment)}});
        }
    }
    return views;
}

} // namespace wangge::registry
