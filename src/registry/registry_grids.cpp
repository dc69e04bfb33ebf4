#include "bitemporal.hpp"
#include "impl.hpp"
#include "spatialite_blob.hpp"

#include <wangge/geom/measure.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace wangge::registry {

namespace {

/// Everything of a version but its times; the shape by reference.
struct VersionContent {
    std::int64_t shape_id = 0;
    std::string name;
    GridKind kind = GridKind::comprehensive;
    DivisionCode village;
    double area_m2 = 0;
    std::int64_t vertices = 0;
};

/// Writes one change set into the open draft; the caller holds the transaction.
class DraftWriter {
public:
    DraftWriter(Connection& connection, std::int64_t change_set, GenerationNumber draft, Date effective)
        : m_connection(connection), m_change_set(change_set), m_draft(draft), m_effective(effective) {}

    void apply(GridChange const& change) {
        auto const& kinds = change.kinds;
        auto const has = [&](ChangeKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
        auto const& grid = change.after;
        if (kinds.empty() || ((has(ChangeKind::added) || has(ChangeKind::retired)) && kinds.size() != 1)) {
            throw Error{ErrorCode::usage,
                        fmt::format("grid {}: a change has one or more kinds, and added and retired stand alone",
                                    grid.code.str())};
        }
        if (has(ChangeKind::added)) {
            add(grid);
        } else if (has(ChangeKind::retired)) {
            retire(grid.code);
        } else {
            change_from_effective(grid, has(ChangeKind::reshaped));
        }
        record_item(change);
    }

private:
    void add(Grid const& grid) {
        check_village(grid);
        m_was_issued.query(grid.code.str());
        bool const was_issued = m_was_issued.step();
        m_was_issued.reset();
        if (was_issued) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("grid {}: this code was issued before and is never issued again; give the new grid a "
                            "new code",
                            grid.code.str())};
        }
        m_issue.run(grid.code.str(), to_string(grid.kind), m_change_set);
        insert(grid.code, content_of(grid, std::nullopt), {m_effective, kForever});
    }

    void retire(GridCode const& code) {
        load(code);
        require_state(code);
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            auto const row = m_rows[i];
            if (row.valid.to <= m_effective) {
                continue;
            }
            close(row, m_contents[i].shape_id,
                  head_before(row, m_effective) ? std::optional{m_contents[i].shape_id} : std::nullopt);
            if (auto const head = head_before(row, m_effective)) {
                insert(code, m_contents[i], *head);
            }
        }
    }

    void change_from_effective(Grid const& grid, bool reshaped) {
        check_village(grid);
        load(grid.code);
        auto const& row = require_state(grid.code);
        auto const& before = m_contents[static_cast<std::size_t>(&row - m_rows.data())];
        auto const after = content_of(grid, reshaped ? std::nullopt : std::optional{before});
        auto const valid = validity_from(m_rows, m_effective);
        auto const head = head_before(row, m_effective);
        close(row, before.shape_id, head || !reshaped ? std::optional{before.shape_id} : std::nullopt);
        if (head) {
            insert(grid.code, before, *head);
        }
        insert(grid.code, after, valid);
    }

    void load(GridCode const& code) {
        m_rows.clear();
        m_contents.clear();
        m_select.query(code.str());
        while (m_select.step()) {
            m_rows.push_back({m_select.integer(0), interval(m_select, 1), m_select.integer(3)});
            m_contents.push_back({m_select.integer(4), std::string{m_select.text(5)},
                                  kind_of(m_connection, m_select.text(6)), division_code(m_select.integer(7)),
                                  m_select.real(8), m_select.integer(9)});
        }
    }

    KnownRow const& require_state(GridCode const& code) {
        auto const* const row = row_holding(m_rows, m_effective);
        if (row == nullptr) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format(
                    "grid {}: it is not in force on {}, so nothing of it can change from that day on; check the "
                    "code and the effective date",
                    code.str(), m_effective.str())};
        }
        return *row;
    }

    void check_village(Grid const& grid) {
        if (grid.village == m_last_village) {
            return;
        }
        m_village.query(grid.village.value(), m_effective.days());
        bool const holds = m_village.step();
        m_village.reset();
        if (!holds) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("grid {}: {} is not a village of the registry on {}; import the divisions first, effective "
                            "on that day or before",
                            grid.code.str(), grid.village.str(), m_effective.str())};
        }
        m_last_village = grid.village;
    }

    /// With `before` the grid keeps the shape it had.
    VersionContent content_of(Grid const& grid, std::optional<VersionContent> const& before) {
        VersionContent content;
        content.name = grid.name;
        content.kind = grid.kind;
        content.village = grid.village;
        if (before) {
            content.shape_id = before->shape_id;
            content.area_m2 = before->area_m2;
            content.vertices = before->vertices;
            return content;
        }
        bool thin = grid.shape.empty();
        geom::for_each_ring(grid.shape, [&](geom::Ring const& ring) { thin = thin || ring.size() < 3; });
        if (thin) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("grid {}: its shape has no ring, or one of fewer than three points", grid.code.str())};
        }
        write_spatialite_blob(grid.shape, m_blob);
        m_insert_shape.run(std::span<std::byte const>{m_blob});
        content.shape_id = m_connection.last_insert_id();
        content.area_m2 = geom::area_m2(grid.shape);
        content.vertices = static_cast<std::int64_t>(geom::vertex_count(grid.shape));
        return content;
    }

    /// Published rows are superseded by the draft; rows of the draft itself are replaced outright, and a shape that
    /// only they used goes with them, unless it is about to be used again.
    void close(KnownRow const& row, std::int64_t shape_id, std::optional<std::int64_t> shape_needed) {
        if (row.recorded_from != m_draft) {
            m_supersede.run(m_draft, row.id);
            return;
        }
        m_replace.run(row.id);
        if (!shape_needed) {
            m_drop_shape.run(shape_id);
        }
    }

    void insert(GridCode const& code, VersionContent const& content, DateInterval valid) {
        m_insert.run(code.str(), content.shape_id, content.name, to_string(content.kind), content.village.value(),
                     content.area_m2, content.vertices, valid.from.days(), valid.to.days(), m_draft);
    }

    void record_item(GridChange const& change) {
        std::string kinds;
        for (auto const kind : change.kinds) {
            kinds.append(kinds.empty() ? "" : "+").append(to_string(kind));
        }
        m_item.run(m_change_set, change.after.code.str(), kinds, change.area_before_m2, change.area_after_m2);
    }

    Connection& m_connection;
    std::int64_t m_change_set;
    GenerationNumber m_draft;
    Date m_effective;
    DivisionCode m_last_village;
    std::vector<KnownRow> m_rows;           ///< of the grid at hand
    std::vector<VersionContent> m_contents; ///< of m_rows
    std::vector<std::byte> m_blob;
    Statement m_was_issued{m_connection, "SELECT 1 FROM grid_code_issued WHERE code = ?"};
    Statement m_issue{m_connection, "INSERT INTO grid_code_issued (code, kind, change_set_id) VALUES (?, ?, ?)"};
    Statement m_village{m_connection, "SELECT 1 FROM division_version WHERE division_code = ?1 AND recorded_to IS NULL "
                                      "AND valid_from <= ?2 AND ?2 < valid_to AND level IN ('village', 'group')"};
    Statement m_select{m_connection,
                       "SELECT id, valid_from, valid_to, recorded_from, shape_id, name, kind, village_code, area_m2, "
                       "vertices FROM grid_version WHERE grid_code = ? AND recorded_to IS NULL ORDER BY valid_from"};
    Statement m_supersede{m_connection, "UPDATE grid_version SET recorded_to = ? WHERE id = ?"};
    Statement m_replace{m_connection, "DELETE FROM grid_version WHERE id = ?"};
    Statement m_drop_shape{m_connection, "DELETE FROM grid_shape WHERE id = ?1 "
                                         "AND NOT EXISTS (SELECT 1 FROM grid_version WHERE shape_id = ?1)"};
    Statement m_insert_shape{m_connection, "INSERT INTO grid_shape (shape) VALUES (?)"};
    Statement m_insert{m_connection,
                       "INSERT INTO grid_version (grid_code, shape_id, name, kind, village_code, area_m2, vertices, "
                       "valid_from, valid_to, recorded_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement m_item{m_connection,
                     "INSERT INTO change_set_item (change_set_id, grid_code, kinds, area_before_m2, area_after_m2) "
                     "VALUES (?, ?, ?, ?, ?)"};
};

void reject_repeated_codes(ChangeSet const& change_set) {
    std::vector<GridCode> codes;
    codes.reserve(change_set.changes.size());
    for (auto const& change : change_set.changes) {
        codes.push_back(change.after.code);
    }
    std::sort(codes.begin(), codes.end());
    if (auto const repeated = std::adjacent_find(codes.begin(), codes.end()); repeated != codes.end()) {
        throw Error{
            ErrorCode::data_rejected,
            fmt::format("grid {} stands twice in the change set; keep one change for each grid", repeated->str())};
    }
}

} // namespace

std::int64_t Registry::apply(ChangeSet const& change_set, Progress& progress) {
    m_impl->require_writer();
    reject_repeated_codes(change_set);
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    std::optional<std::int64_t> id;
    if (!change_set.changes.empty()) {
        auto const lineage = counted_lineage(connection, change_set);
        id = m_impl->open_change_set("grids", change_set.title, change_set.author, change_set.effective);
        DraftWriter writer{connection, *id, next_generation(), change_set.effective};
        constexpr std::uint64_t kReportEvery = 1000;
        std::uint64_t done = 0;
        progress.begin("writing grids", change_set.changes.size(), "grids");
        for (auto const& change : change_set.changes) {
            writer.apply(change);
            if (++done % kReportEvery == 0) {
                progress.advance(kReportEvery);
            }
        }
        progress.advance(done % kReportEvery);
        progress.end();
        record_lineage(connection, *id, lineage);
    }
    m_impl->record_sources(change_set.sources, change_set.author, id);
    nlohmann::json details{{"title", change_set.title}, {"effective", change_set.effective.str()}};
    if (id) {
        details["change_set"] = *id;
        details["lineage"] = change_set.lineage.size();
    }
    for (auto const kind :
         {ChangeKind::added, ChangeKind::reshaped, ChangeKind::renamed, ChangeKind::reparented, ChangeKind::retired}) {
        details[std::string{to_string(kind)}] = change_set.count(kind);
    }
    append_audit(connection, change_set.author, "apply",
                 details.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    transaction.commit();
    return id.value_or(0);
}

State Registry::state(Date as_of, std::optional<GenerationNumber> known_at, Progress& progress) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    auto const published = m_impl->newest_published();
    auto const newest = published + (m_impl->has_draft() ? 1 : 0);
    State state;
    state.as_of = as_of;
    state.known_at = known_at.value_or(newest);
    if (state.known_at < 0 || state.known_at > published + 1) {
        throw Error{ErrorCode::not_found, fmt::format("{}: there is no generation {}; the newest published one is {}",
                                                      connection.path().string(), state.known_at, published)};
    }
    state.unchanged = unchanged_around(connection, as_of, state.known_at);
    state.divisions = select_divisions(connection, as_of, state.known_at);

    Statement count{
        connection,
        "SELECT count(*) FROM grid_version WHERE recorded_from <= ?1 AND (recorded_to IS NULL OR recorded_to > ?1) "
        "AND valid_from <= ?2 AND ?2 < valid_to"};
    count.query(state.known_at, as_of.days());
    auto const total = count.step() ? static_cast<std::size_t>(count.integer(0)) : 0;
    count.reset();
    state.grids.reserve(total);
    // CROSS JOIN keeps SQLite from walking the shapes first.
    Statement select{connection, "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape FROM grid_version v "
                                 "CROSS JOIN grid_shape s ON s.id = v.shape_id "
                                 "WHERE v.recorded_from <= ?1 AND (v.recorded_to IS NULL OR v.recorded_to > ?1) "
                                 "AND v.valid_from <= ?2 AND ?2 < v.valid_to ORDER BY v.grid_code"};
    select.query(state.known_at, as_of.days());
    constexpr std::size_t kReportEvery = 1000;
    progress.begin("reading grids", total, "grids");
    while (select.step()) {
        state.grids.push_back(read_grid(connection, select));
        if (state.grids.size() % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    }
    progress.advance(state.grids.size() % kReportEvery);
    progress.end();
    return state;
}

std::vector<Grid> Registry::grids_touching(Date as_of, std::span<geom::Envelope const> boxes) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    // The R*Tree holds 32-bit floats rounded outward: it may give a little too much, never too little.
    Statement candidates{
        connection, "SELECT pkid FROM idx_grid_shape_shape WHERE xmin <= ? AND xmax >= ? AND ymin <= ? AND ymax >= ?"};
    std::vector<std::int64_t> shapes;
    for (auto const& box : boxes) {
        if (box.empty()) {
            continue;
        }
        candidates.query(geom::to_degrees(box.max.lon), geom::to_degrees(box.min.lon), geom::to_degrees(box.max.lat),
                         geom::to_degrees(box.min.lat));
        while (candidates.step()) {
            shapes.push_back(candidates.integer(0));
        }
    }
    std::sort(shapes.begin(), shapes.end());
    shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());

    std::vector<Grid> grids;
    Statement select{connection,
                     "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape FROM grid_version v "
                     "CROSS JOIN grid_shape s ON s.id = v.shape_id "
                     "WHERE v.shape_id = ?1 AND v.recorded_to IS NULL AND v.valid_from <= ?2 AND ?2 < v.valid_to"};
    for (auto const shape : shapes) {
        select.query(shape, as_of.days());
        while (select.step()) {
            auto grid = read_grid(connection, select);
            auto const envelope = geom::envelope_of(grid.shape);
            if (std::any_of(boxes.begin(), boxes.end(),
                            [&](auto const& box) { return !box.empty() && box.intersects(envelope); })) {
                grids.push_back(std::move(grid));
            }
        }
    }
    std::sort(grids.begin(), grids.end(), [](Grid const& a, Grid const& b) { return a.code < b.code; });
    return grids;
}

std::vector<GridCode> Registry::issued_codes() const {
    auto& connection = m_impl->connection;
    std::vector<GridCode> codes;
    codes.reserve(static_cast<std::size_t>(connection.integer("SELECT count(*) FROM grid_code_issued")));
    Statement select{connection, "SELECT code FROM grid_code_issued ORDER BY code"};
    while (select.step()) {
        codes.push_back(grid_code(connection, select.text(0)));
    }
    return codes;
}

} // namespace wangge::registry
