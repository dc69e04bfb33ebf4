#include "bitemporal.hpp"
#include "impl.hpp"
#include "spatialite_blob.hpp"

#include <wangge/geom/measure.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace wangge::registry {

namespace {

/// What is left of `days` without `taken`.
std::vector<DateInterval> without(DateInterval days, std::span<DateInterval const> taken) {
    std::vector<DateInterval> left{days};
    for (auto const& hole : taken) {
        std::vector<DateInterval> next;
        for (auto const& run : left) {
            for (auto const part : {DateInterval{run.from, std::min(run.to, hole.from)},
                                    DateInterval{std::max(run.from, hole.to), run.to}}) {
                if (!part.empty()) {
                    next.push_back(part);
                }
            }
        }
        left = std::move(next);
    }
    return left;
}

/// Writes one change set into the open draft; the caller holds the transaction.
class DraftWriter {
public:
    DraftWriter(Connection& connection, std::int64_t change_set, GenerationNumber draft, DateInterval days)
        : m_connection(connection), m_change_set(change_set), m_draft(draft), m_days(days) {}

    void apply(GridChange const& change) {
        auto const& kinds = change.kinds;
        auto const has = [&](ChangeKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
        auto const& grid = change.after;
        if (kinds.empty() || has(ChangeKind::restored) ||
            ((has(ChangeKind::added) || has(ChangeKind::retired)) && kinds.size() != 1)) {
            throw Error{ErrorCode::usage,
                        fmt::format("grid {}: a change has one or more kinds, and added and retired stand alone",
                                    grid.code.str())};
        }
        if (has(ChangeKind::added)) {
            add(grid);
        } else if (has(ChangeKind::retired)) {
            load(grid.code);
            static_cast<void>(require_state(grid.code));
            put(grid.code, {&m_days, 1}, {}, false);
        } else {
            change_from_effective(grid, has(ChangeKind::reshaped));
        }
        record_item(grid.code, change.kinds, change.area_before_m2, change.area_after_m2);
    }

    void restore(GridRestoration const& restoration) {
        load(restoration.code);
        for (auto const& [days, content] : restoration.content) {
            check_village(restoration.code, content.village, days.from);
        }
        put(restoration.code, restoration.days, restoration.content, true);
        record_item(restoration.code, restoration.kinds, restoration.area_before_m2, restoration.area_after_m2);
    }

    [[nodiscard]] std::vector<GridTimelines> take_timelines() {
        std::ranges::sort(m_timelines, {}, &GridTimelines::code);
        return std::move(m_timelines);
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
        m_reserved.query(grid.code.str(), m_change_set);
        if (m_reserved.step()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("grid {}: this code is reserved for change set {} '{}'; give the new grid another",
                                    grid.code.str(), m_reserved.integer(0), m_reserved.text(1))};
        }
        m_reserved.reset();
        m_issue.run(grid.code.str(), to_string(grid.kind), m_change_set);
        load(grid.code);
        put(grid.code, {&m_days, 1}, {{m_days, content_of(grid, std::nullopt)}}, false);
    }

    void change_from_effective(Grid const& grid, bool reshaped) {
        check_village(grid);
        load(grid.code);
        auto const& row = require_state(grid.code);
        auto const& before = m_contents[static_cast<std::size_t>(&row - m_rows.data())];
        auto valid = validity_from(m_rows, m_days.from);
        valid.to = std::min(valid.to, m_days.to);
        put(grid.code, {&valid, 1}, {{valid, content_of(grid, reshaped ? std::nullopt : std::optional{before})}},
            false);
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

    /// What was loaded, but on `days`, which `content` lies in: that and nothing else. With `join`, versions that
    /// follow one another with the same content become one.
    void put(GridCode const& code, std::span<DateInterval const> days, std::vector<GridOnDays> content, bool join) {
        auto& wanted = content;
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            for (auto const part : without(m_rows[i].valid, days)) {
                wanted.push_back({part, m_contents[i]});
            }
        }
        std::ranges::sort(wanted, {}, [](GridOnDays const& piece) { return piece.days; });
        if (join) {
            std::vector<GridOnDays> joined;
            for (auto& piece : wanted) {
                if (!joined.empty() && joined.back().days.to == piece.days.from &&
                    joined.back().content == piece.content) {
                    joined.back().days.to = piece.days.to;
                } else {
                    joined.push_back(std::move(piece));
                }
            }
            wanted = std::move(joined);
        }
        std::vector<GridOnDays> kept;
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            GridOnDays was{m_rows[i].valid, m_contents[i]};
            if (std::ranges::find(wanted, was) != wanted.end()) {
                kept.push_back(std::move(was));
            } else if (m_rows[i].recorded_from != m_draft) {
                m_supersede.run(m_draft, m_rows[i].id);
            } else {
                m_replace.run(m_rows[i].id); // its shape stays: an undo goes by it
            }
        }
        for (auto const& piece : wanted) {
            if (std::ranges::find(kept, piece) == kept.end()) {
                auto const& c = piece.content;
                m_insert.run(code.str(), c.shape_id, c.name, to_string(c.kind), c.village.value(), c.area_m2,
                             c.vertices, piece.days.from.days(), piece.days.to.days(), m_draft);
            }
        }
        auto& timelines = m_timelines.emplace_back();
        timelines.code = code;
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            timelines.before.push_back({m_rows[i].valid, m_contents[i]});
        }
        timelines.after = std::move(wanted);
    }

    KnownRow const& require_state(GridCode const& code) {
        auto const* const row = row_holding(m_rows, m_days.from);
        if (row == nullptr) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format(
                    "grid {}: it is not in force on {}, so nothing of it can change from that day on; check the "
                    "code and the effective date",
                    code.str(), m_days.from.str())};
        }
        return *row;
    }

    void check_village(Grid const& grid) { check_village(grid.code, grid.village, m_days.from); }
    void check_village(GridCode const& code, DivisionCode village, Date day) {
        if (village == m_last_village && day == m_last_day) {
            return;
        }
        m_village.query(village.value(), day.days());
        bool const holds = m_village.step();
        m_village.reset();
        if (!holds) {
            throw Error{
                ErrorCode::data_rejected,
                fmt::format("grid {}: {} is not a village of the registry on {}; import the divisions first, effective "
                            "on that day or before",
                            code.str(), village.str(), day.str())};
        }
        m_last_village = village;
        m_last_day = day;
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

    void record_item(GridCode const& code, std::span<ChangeKind const> changed, double before_m2, double after_m2) {
        std::string kinds;
        for (auto const kind : changed) {
            kinds.append(kinds.empty() ? "" : "+").append(to_string(kind));
        }
        m_item.run(m_change_set, code.str(), kinds, before_m2, after_m2);
    }

    Connection& m_connection;
    std::int64_t m_change_set;
    GenerationNumber m_draft;
    DateInterval m_days;
    std::vector<GridTimelines> m_timelines;
    DivisionCode m_last_village; ///< known to be one on m_last_day
    Date m_last_day;
    std::vector<KnownRow> m_rows;           ///< of the grid at hand
    std::vector<VersionContent> m_contents; ///< of m_rows
    std::vector<std::byte> m_blob;
    Statement m_was_issued{m_connection, "SELECT 1 FROM grid_code_issued WHERE code = ?"};
    Statement m_reserved{m_connection, "SELECT d.id, d.title FROM grid_code_reserved r JOIN change_draft d "
                                       "ON d.id = r.draft_id LEFT JOIN change_draft_applied a ON a.draft_id = d.id "
                                       "WHERE r.code = ?1 AND a.change_set_id IS NOT ?2"};
    Statement m_issue{m_connection, "INSERT INTO grid_code_issued (code, kind, change_set_id) VALUES (?, ?, ?)"};
    Statement m_village{m_connection, "SELECT 1 FROM division_version WHERE division_code = ?1 AND recorded_to IS NULL "
                                      "AND valid_from <= ?2 AND ?2 < valid_to AND level IN ('village', 'group')"};
    Statement m_select{m_connection,
                       "SELECT id, valid_from, valid_to, recorded_from, shape_id, name, kind, village_code, area_m2, "
                       "vertices FROM grid_version WHERE grid_code = ? AND recorded_to IS NULL ORDER BY valid_from"};
    Statement m_supersede{m_connection, "UPDATE grid_version SET recorded_to = ? WHERE id = ?"};
    Statement m_replace{m_connection, "DELETE FROM grid_version WHERE id = ?"};
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
    for (auto const& restoration : change_set.restorations) {
        codes.push_back(restoration.code);
    }
    std::sort(codes.begin(), codes.end());
    if (auto const repeated = std::adjacent_find(codes.begin(), codes.end()); repeated != codes.end()) {
        throw Error{
            ErrorCode::data_rejected,
            fmt::format("grid {} stands twice in the change set; keep one change for each grid", repeated->str())};
    }
}

} // namespace

std::vector<GridTimelines> Registry::Impl::write_change_set(ChangeSet const& change_set, std::int64_t id,
                                                            Progress& progress) {
    auto const draft = newest_published() + 1;
    DraftWriter writer{connection, id, draft, {change_set.effective, change_set.until}};
    constexpr std::uint64_t kReportEvery = 1000;
    std::uint64_t done = 0;
    progress.begin("writing grids", change_set.changes.size() + change_set.restorations.size(), "grids");
    auto const count = [&] {
        if (++done % kReportEvery == 0) {
            progress.advance(kReportEvery);
        }
    };
    for (auto const& change : change_set.changes) {
        writer.apply(change);
        count();
    }
    for (auto const& restoration : change_set.restorations) {
        writer.restore(restoration);
        count();
    }
    progress.advance(done % kReportEvery);
    progress.end();
    write_accepted_gaps(change_set, id, draft);
    write_names_and_addresses(change_set, id, draft);
    return writer.take_timelines();
}

std::int64_t Registry::apply(ChangeSet const& change_set, Progress& progress) {
    m_impl->require_writer();
    reject_repeated_codes(change_set);
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    std::optional<std::int64_t> id;
    if (!change_set.empty()) {
        LineageRecord lineage{connection, change_set}; // looks at what is there before
        id = m_impl->open_change_set("grids", change_set.title, change_set.author, change_set.effective);
        if (change_set.draft != 0) {
            m_impl->finish_draft(change_set.draft, *id);
        }
        auto const timelines = m_impl->write_change_set(change_set, *id, progress);
        m_impl->keep_timelines(*id, timelines);
        m_impl->reopen_drafts_beside(*id);
        lineage.write(*id);
    }
    m_impl->record_sources(change_set.sources, change_set.author, id);
    nlohmann::json details{{"title", change_set.title}, {"effective", change_set.effective.str()}};
    if (id) {
        details["change_set"] = *id;
        details["lineage"] = change_set.lineage.size();
    }
    if (change_set.draft != 0) {
        details["draft"] = change_set.draft;
    }
    if (change_set.until != kForever) {
        details["until"] = change_set.until.str();
    }
    for (auto const kind : {ChangeKind::added, ChangeKind::reshaped, ChangeKind::renamed, ChangeKind::reparented,
                            ChangeKind::retired, ChangeKind::restored}) {
        details[std::string{to_string(kind)}] = change_set.count(kind);
    }
    details["accepted_gaps"] = change_set.accepted_gaps.size();
    details["aliases"] = change_set.aliases.size();
    details["addresses"] = change_set.addresses.size();
    append_audit(connection, change_set.author, "apply",
                 details.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    transaction.commit();
    return id.value_or(0);
}

void Registry::rehearse(ChangeSet const& change_set, std::function<void(std::span<GridTimelines const>)> const& look) {
    m_impl->require_writer();
    reject_repeated_codes(change_set);
    Transaction const transaction{m_impl->connection, Transaction::Kind::write}; // never committed
    auto const id = m_impl->open_change_set("grids", change_set.title, change_set.author, change_set.effective);
    if (change_set.draft != 0) { // so that its reserved codes are its own
        m_impl->tie_draft(change_set.draft, id);
    }
    SilentProgress silent;
    look(m_impl->write_change_set(change_set, id, silent));
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
    std::vector<std::pair<std::int64_t, geom::Envelope const*>> near; // shapes with each box that they may touch
    for (auto const& box : boxes) {
        if (box.empty()) {
            continue;
        }
        candidates.query(geom::to_degrees(box.max.lon), geom::to_degrees(box.min.lon), geom::to_degrees(box.max.lat),
                         geom::to_degrees(box.min.lat));
        while (candidates.step()) {
            near.emplace_back(candidates.integer(0), &box);
        }
    }
    std::ranges::stable_sort(near, {}, &std::pair<std::int64_t, geom::Envelope const*>::first);

    std::vector<Grid> grids;
    Statement select{connection,
                     "SELECT v.grid_code, v.name, v.kind, v.village_code, s.shape FROM grid_version v "
                     "CROSS JOIN grid_shape s ON s.id = v.shape_id "
                     "WHERE v.shape_id = ?1 AND v.recorded_to IS NULL AND v.valid_from <= ?2 AND ?2 < v.valid_to"};
    for (auto first = near.begin(); first != near.end();) {
        auto const last = std::find_if(first, near.end(), [&](auto const& one) { return one.first != first->first; });
        select.query(first->first, as_of.days());
        while (select.step()) {
            auto grid = read_grid(connection, select);
            auto const envelope = geom::envelope_of(grid.shape);
            if (std::any_of(first, last, [&](auto const& one) { return one.second->intersects(envelope); })) {
                grids.push_back(std::move(grid));
            }
        }
        first = last;
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
