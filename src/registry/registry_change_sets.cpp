#include "impl.hpp"
#include "spatialite_blob.hpp"

#include <wangge/geom/measure.hpp>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>
#include <set>

namespace wangge::registry {

namespace {

constexpr std::array kStatuses{DraftStatus::open, DraftStatus::checked, DraftStatus::approved, DraftStatus::applied,
                               DraftStatus::discarded};
constexpr std::array kOperationKinds{OperationKind::create,  OperationKind::reshape,       OperationKind::split,
                                     OperationKind::merge,   OperationKind::retire,        OperationKind::reparent,
                                     OperationKind::rename,  OperationKind::accept_gap,    OperationKind::alias,
                                     OperationKind::address, OperationKind::retire_address};
constexpr std::array kEffects{Effect::create, Effect::change, Effect::end};

template <class Words>
auto parse_word(Connection const& connection, Words const& words, std::string_view column, std::string_view text) {
    auto const found = std::ranges::find_if(words, [&](auto word) { return to_string(word) == text; });
    if (found == words.end()) {
        unknown_word(connection, column, text);
    }
    return *found;
}

std::string dumped(nlohmann::json const& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Digest digest_from_hex(Connection const& connection, std::string_view column, std::string_view hex) {
    Digest digest;
    for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
        auto const pair = hex.substr(std::min(2 * i, hex.size()), 2);
        auto const [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), digest.bytes[i], 16);
        if (error != std::errc{} || end != pair.data() + 2) {
            unknown_word(connection, column, hex);
        }
    }
    return digest;
}

/// People are compared without case and blanks around them.
std::string person(std::string_view name) {
    while (!name.empty() && name.front() == ' ') {
        name.remove_prefix(1);
    }
    while (!name.empty() && name.back() == ' ') {
        name.remove_suffix(1);
    }
    std::string folded{name};
    std::ranges::transform(folded, folded.begin(),
                           [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
    return folded;
}

bool same_person(std::string_view a, std::string_view b) { return person(a) == person(b); }

void require_name(std::string_view name, Words const& what) {
    if (person(name).empty()) {
        throw Error{ErrorCode::usage, words("{} has no name; state who it is", "没有写明{}；请写明是谁", what)};
    }
}

std::vector<std::string> texts(Statement& statement) {
    std::vector<std::string> list;
    while (statement.step()) {
        list.emplace_back(statement.text(0));
    }
    return list;
}

/// English, and Chinese on a second line.
std::string as_lines(Words words) {
    std::ranges::replace(words.english, '\n', ' '); // of a title
    return words.english + '\n' + words.chinese;
}

/// Of a reason that an earlier program gave there is one line.
Words from_lines(std::string_view text) {
    auto const end = text.find('\n');
    return {std::string{text.substr(0, end)}, std::string{end == std::string_view::npos ? text : text.substr(end + 1)}};
}

constexpr std::string_view kDraftColumns =
    "SELECT d.id, d.title, d.author, d.valid_from, d.valid_to, d.undoes, d.created_at, d.base_generation, d.status, "
    "coalesce(d.reopened_because, ''), coalesce(d.check_digest, ''), coalesce(d.checked_by, ''), "
    "coalesce(d.checked_at, ''), coalesce(d.check_report, ''), coalesce(d.approver, ''), coalesce(d.approved_at, ''), "
    "a.change_set_id, c.generation, coalesce(d.discarded_by, ''), coalesce(d.discarded_at, ''), "
    "coalesce(d.discarded_because, ''), "
    "(SELECT count(*) FROM change_operation o WHERE o.draft_id = d.id AND o.dropped_by IS NULL), "
    "(SELECT count(*) FROM change_draft_touch t WHERE t.draft_id = d.id AND t.changed = 1), "
    "coalesce((SELECT u.change_set_id FROM change_draft_undoes u WHERE u.draft_id = d.id), "
    "(SELECT u.change_set_id FROM change_draft_applied u WHERE u.draft_id = d.undoes)) "
    "FROM change_draft d LEFT JOIN change_draft_applied a ON a.draft_id = d.id "
    "LEFT JOIN change_set c ON c.id = a.change_set_id ";

ChangeDraft read_draft(Connection& connection, Statement const& row) {
    ChangeDraft draft;
    draft.id = row.integer(0);
    draft.title = row.text(1);
    draft.author = row.text(2);
    draft.days = interval(row, 3);
    if (!row.is_null(5)) {
        draft.undoes = row.integer(5);
    }
    draft.created_at = row.text(6);
    draft.base_generation = row.integer(7);
    draft.status = parse_word(connection, kStatuses, "change_draft.status", row.text(8));
    draft.reopened_because = from_lines(row.text(9));
    draft.check_digest = row.text(10);
    draft.checked_by = row.text(11);
    draft.checked_at = row.text(12);
    draft.check_report = row.text(13);
    draft.approver = row.text(14);
    draft.approved_at = row.text(15);
    if (!row.is_null(16)) {
        draft.change_set = row.integer(16);
    }
    if (!row.is_null(17)) {
        draft.published = row.integer(17);
    }
    draft.discarded_by = row.text(18);
    draft.discarded_at = row.text(19);
    draft.discarded_because = row.text(20);
    draft.operations = static_cast<std::size_t>(row.integer(21));
    draft.grids_changed = static_cast<std::size_t>(row.integer(22));
    if (!row.is_null(23)) {
        draft.undoes_change_set = row.integer(23);
    }
    Statement editors{connection, "SELECT author FROM change_draft WHERE id = ?1 UNION "
                                  "SELECT editor FROM change_operation WHERE draft_id = ?1 ORDER BY 1"};
    editors.query(draft.id);
    draft.editors = texts(editors);
    return draft;
}

/// Empty for no reason.
Words in_brackets(Words const& reason) { return reason.english.empty() ? Words{} : words(" ({})", "（{}）", reason); }

/// Finished drafts, and those that undo, take no operations.
void require_editable(ChangeDraft const& draft) {
    if (draft.status == DraftStatus::applied || draft.status == DraftStatus::discarded) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}' is {} and never changes; make a new one",
                          "变更单 {} “{}”{}，不再更改；请另建变更单", draft.id, draft.title, words_of(draft.status))};
    }
    if (draft.undoes_change_set) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}' undoes {} and does nothing else; make a new one",
                          "变更单 {} “{}”只用于撤销{}，不作他用；请另建变更单", draft.id, draft.title,
                          draft.undoes ? words("change set {}", "变更单 {}", *draft.undoes)
                                       : words("import {}", "导入 {}", *draft.undoes_change_set))};
    }
}

/// Keeps codes for a draft, in its transaction.
class CodeReserver {
public:
    CodeReserver(Connection& connection, std::int64_t draft) : m_connection(connection), m_draft(draft) {}

    [[nodiscard]] GridCode next(DivisionCode village, GridKind kind) {
        bool const dedicated = kind == GridKind::dedicated;
        auto const first = dedicated ? m_profile.dedicated_first : m_profile.comprehensive_first;
        auto const last = dedicated ? m_profile.dedicated_last : m_profile.comprehensive_last;
        auto const low = m_profile.make(village, first), high = m_profile.make(village, last);
        m_taken.query(low.str(), high.str());
        std::set<GridCode> taken;
        while (m_taken.step()) {
            taken.insert(grid_code(m_connection, m_taken.text(0)));
        }
        // After the greatest ever used, so that numbers tell age; then what was passed over.
        std::uint32_t begin = first;
        for (auto sequence = first; sequence <= last; ++sequence) {
            begin = taken.contains(m_profile.make(village, sequence)) ? sequence + 1 : begin;
        }
        for (auto sequence = begin; sequence <= last; ++sequence) {
            return reserve(m_profile.make(village, sequence), kind);
        }
        for (auto sequence = first; sequence <= last; ++sequence) {
            if (auto const code = m_profile.make(village, sequence); !taken.contains(code)) {
                return reserve(code, kind);
            }
        }
        throw Error{ErrorCode::data_rejected,
                    words("village {}: every code for {} grids ({} to {}) was issued or reserved before; give the grid "
                          "a code of another village of its town",
                          "村居 {}：{}的编码（{} 至 {}）均已发放或预留；请用同镇街另一村居的编码", village.str(),
                          words_of(kind), low.str(), high.str())};
    }

    void given(GridCode const& code, GridKind kind) {
        auto const fits = m_profile.kind_of(code);
        if (!fits || *fits != kind) {
            throw Error{ErrorCode::data_rejected,
                        words("grid {}: this is no code for a {} grid; it has {} digits, the last {} of them {} to {}",
                              "网格 {}：这不是{}的编码；应为 {} 位数字，末 {} 位在 {} 至 {} 之间", code.str(),
                              words_of(kind), m_profile.length, m_profile.length - m_profile.division_digits,
                              kind == GridKind::dedicated ? m_profile.dedicated_first : m_profile.comprehensive_first,
                              kind == GridKind::dedicated ? m_profile.dedicated_last : m_profile.comprehensive_last)};
        }
        m_issued.query(code.str());
        if (m_issued.step()) {
            throw Error{ErrorCode::data_rejected,
                        words("grid {}: this code was issued before and is never issued again; leave it out and the "
                              "registry gives the next free one",
                              "网格 {}：该编码曾经发放，不得再次发放；不填则由登记库给出下一个可用编码", code.str())};
        }
        m_reserved.query(code.str());
        if (m_reserved.step()) {
            throw Error{ErrorCode::data_rejected,
                        words("grid {}: this code is reserved for change set {} '{}' and is never given to another "
                              "grid; leave it out and the registry gives the next free one",
                              "网格 {}：该编码已为变更单 {} “{}”预留，不给其他网格；不填则由登记库给出下一个可用编码",
                              code.str(), m_reserved.integer(0), m_reserved.text(1))};
        }
        static_cast<void>(reserve(code, kind));
    }

private:
    GridCode reserve(GridCode code, GridKind kind) {
        m_reserve.run(code.str(), to_string(kind), m_draft, m_now);
        return code;
    }

    Connection& m_connection;
    std::int64_t m_draft;
    CodeProfile m_profile;
    std::string m_now = now_utc8();
    Statement m_taken{m_connection, "SELECT code FROM grid_code_issued WHERE code BETWEEN ?1 AND ?2 UNION "
                                    "SELECT code FROM grid_code_reserved WHERE code BETWEEN ?1 AND ?2"};
    Statement m_issued{m_connection, "SELECT 1 FROM grid_code_issued WHERE code = ?"};
    Statement m_reserved{m_connection, "SELECT d.id, d.title FROM grid_code_reserved r "
                                       "JOIN change_draft d ON d.id = r.draft_id WHERE r.code = ?"};
    Statement m_reserve{m_connection, "INSERT INTO grid_code_reserved (code, kind, draft_id, reserved_at) "
                                      "VALUES (?, ?, ?, ?)"};
};

/// Its check and approval no longer count; nothing when it has none.
void reopen(Connection& connection, std::int64_t draft, Words const& because) {
    Statement update{connection, "UPDATE change_draft SET status = 'open', approver = NULL, approved_at = NULL, "
                                 "reopened_because = ?2 WHERE id = ?1 AND status IN ('checked', 'approved')"};
    update.run(draft, as_lines(because));
}

GridOnDays on_days(Connection const& connection, Statement const& row, int first) {
    return {interval(row, first),
            {row.integer(first + 2), std::string{row.text(first + 3)}, kind_of(connection, row.text(first + 4)),
             division_code(row.integer(first + 5)), row.real(first + 6), row.integer(first + 7)}};
}

std::optional<OperationAlias> read_alias(Statement& select, std::int64_t draft, int number) {
    select.query(draft, number);
    return select.step() ? std::optional{OperationAlias{division_code(select.integer(0)), std::string{select.text(1)}}}
                         : std::nullopt;
}

std::optional<OperationAddress> read_address(Statement& select, std::int64_t draft, int number) {
    select.query(draft, number);
    if (!select.step()) {
        return std::nullopt;
    }
    OperationAddress address;
    if (!select.is_null(0)) {
        address.corrects = ImportedAddress{std::string{select.text(0)}, std::string{select.text(1)}};
    }
    address.point.text = select.text(2);
    address.point.village = division_code(select.integer(3));
    int column = 4;
    for (auto* const part : {&address.point.road, &address.point.number, &address.point.estate, &address.point.building,
                             &address.point.unit, &address.point.room}) {
        *part = select.text(column++);
    }
    return address;
}

std::optional<OperationRetirement> read_retirement(Statement& select, std::int64_t draft, int number) {
    select.query(draft, number);
    return select.step() ? std::optional{OperationRetirement{{std::string{select.text(0)}, std::string{select.text(1)}},
                                                             std::string{select.text(2)}}}
                         : std::nullopt;
}

} // namespace

std::string_view to_string(DraftStatus status) noexcept {
    switch (status) {
    case DraftStatus::open:
        return "open";
    case DraftStatus::checked:
        return "checked";
    case DraftStatus::approved:
        return "approved";
    case DraftStatus::applied:
        return "applied";
    case DraftStatus::discarded:
        return "discarded";
    }
    return "";
}

Words words_of(DraftStatus status) {
    switch (status) {
    case DraftStatus::open:
        return words("open", "编辑中");
    case DraftStatus::checked:
        return words("checked", "检查通过");
    case DraftStatus::approved:
        return words("approved", "已批准");
    case DraftStatus::applied:
        return words("applied", "已应用");
    case DraftStatus::discarded:
        return words("discarded", "已作废");
    }
    return {};
}

Words words_of(OperationKind kind) {
    switch (kind) {
    case OperationKind::create:
        return words("create", "新建");
    case OperationKind::reshape:
        return words("reshape", "改界");
    case OperationKind::split:
        return words("split", "拆分");
    case OperationKind::merge:
        return words("merge", "合并");
    case OperationKind::retire:
        return words("retire", "注销");
    case OperationKind::reparent:
        return words("reparent", "改属");
    case OperationKind::rename:
        return words("rename", "更名");
    case OperationKind::accept_gap:
        return words("accept_gap", "认可空地");
    case OperationKind::alias:
        return words("alias", "别名");
    case OperationKind::address:
        return words("address", "地址");
    case OperationKind::retire_address:
        return words("retire_address", "停用地址");
    }
    return {};
}

std::string_view to_string(OperationKind kind) noexcept {
    switch (kind) {
    case OperationKind::create:
        return "create";
    case OperationKind::reshape:
        return "reshape";
    case OperationKind::split:
        return "split";
    case OperationKind::merge:
        return "merge";
    case OperationKind::retire:
        return "retire";
    case OperationKind::reparent:
        return "reparent";
    case OperationKind::rename:
        return "rename";
    case OperationKind::accept_gap:
        return "accept_gap";
    case OperationKind::alias:
        return "alias";
    case OperationKind::address:
        return "address";
    case OperationKind::retire_address:
        return "retire_address";
    }
    return "";
}

std::string_view to_string(Effect effect) noexcept {
    switch (effect) {
    case Effect::create:
        return "create";
    case Effect::change:
        return "change";
    case Effect::end:
        return "end";
    }
    return "";
}

Digest shape_digest(geom::MultiPolygon const& shape) {
    auto normal = shape;
    geom::normalize(normal);
    std::vector<std::byte> blob;
    write_spatialite_blob(normal, blob);
    Sha256 hash;
    hash.update(blob);
    return hash.finish();
}

GridBase base_of(Grid const& grid) { return {shape_digest(grid.shape), grid.name, grid.village}; }

std::int64_t Registry::make_draft(NewDraft const& draft, std::span<Operation> operations) {
    m_impl->require_writer();
    Transaction transaction{m_impl->connection, Transaction::Kind::write};
    auto const id = write_draft(draft);
    if (!operations.empty()) {
        write_operations(id, draft.author, operations);
    }
    transaction.commit();
    return id;
}

std::int64_t Registry::write_draft(NewDraft const& draft) {
    require_name(draft.author, words("the author", "经办人"));
    if (draft.title.empty()) {
        throw Error{ErrorCode::usage, words("a change set has a title; state in a few words what it does",
                                            "变更单要有标题；请用几个字写明其内容")};
    }
    if (draft.days.empty()) {
        throw Error{ErrorCode::usage, words("a change set ends after it begins; it begins on {} and would end on {}",
                                            "变更单的终止日期要晚于生效日期；现为 {} 生效、{} 终止",
                                            draft.days.from.str(), draft.days.to.str())};
    }
    auto& connection = m_impl->connection;
    auto const undone = draft.undoes ? applied_change(*draft.undoes).draft : std::nullopt;
    Statement insert{connection, "INSERT INTO change_draft (title, author, valid_from, valid_to, undoes, created_at, "
                                 "base_generation) VALUES (?, ?, ?, ?, ?, ?, ?)"};
    insert.run(draft.title, draft.author, draft.days.from.days(), draft.days.to.days(), undone, now_utc8(),
               m_impl->newest_published());
    auto const id = connection.last_insert_id();
    if (draft.undoes) {
        Statement undoes{connection, "INSERT INTO change_draft_undoes (draft_id, change_set_id) VALUES (?, ?)"};
        undoes.run(id, *draft.undoes);
    }
    Statement link{connection, "INSERT OR IGNORE INTO change_draft_source (draft_id, source_file_id) VALUES (?, ?)"};
    for (auto const& source : draft.sources) {
        m_impl->record_sources({&source, 1}, draft.author, std::nullopt);
        link.run(id, connection.last_insert_id());
    }
    nlohmann::json details{{"draft", id}, {"title", draft.title}, {"effective", draft.days.from.str()}};
    if (draft.undoes) {
        details["undoes_change_set"] = *draft.undoes;
    }
    append_audit(connection, draft.author, "change_set_new", dumped(details));
    return id;
}

ChangeDraft Registry::draft(std::int64_t id) const {
    Statement select{m_impl->connection, std::string{kDraftColumns} + "WHERE d.id = ?"};
    select.query(id);
    if (!select.step()) {
        throw Error{ErrorCode::not_found, words("there is no change set {}; 'wangge changes list --all' shows them",
                                                "没有变更单 {}；“wangge changes list --all”可列出全部", id)};
    }
    return read_draft(m_impl->connection, select);
}

void Registry::require_editable(std::int64_t id) const { registry::require_editable(draft(id)); }

std::vector<ChangeDraft> Registry::drafts(bool finished_too) const {
    std::vector<ChangeDraft> list;
    Statement select{m_impl->connection,
                     std::string{kDraftColumns} + "WHERE ? OR d.status NOT IN ('applied', 'discarded') ORDER BY d.id"};
    select.query(finished_too ? 1 : 0);
    while (select.step()) {
        list.push_back(read_draft(m_impl->connection, select));
    }
    return list;
}

std::vector<Operation> Registry::operations(std::int64_t draft) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    std::vector<Operation> list;
    Statement select{connection, "SELECT number, kind, editor, added_at, reason, lon_e7, lat_e7, dropped_by "
                                 "FROM change_operation WHERE draft_id = ? ORDER BY number"};
    Statement grids{connection, "SELECT grid_code, effect, base_shape, base_name, base_village, name, kind, "
                                "village_code, shape FROM change_operation_grid WHERE draft_id = ? AND number = ? "
                                "ORDER BY position"};
    Statement alias{connection,
                    "SELECT division_code, text FROM change_operation_alias WHERE draft_id = ? AND number = ?"};
    Statement address{connection, "SELECT corrects_source, corrects_id, text, coalesce(village_code, 0), road, "
                                  "house_number, estate, building, unit, room FROM change_operation_address "
                                  "WHERE draft_id = ? AND number = ?"};
    Statement retirement{connection, "SELECT source, point_id, text FROM change_operation_retired_address "
                                     "WHERE draft_id = ? AND number = ?"};
    select.query(draft);
    while (select.step()) {
        auto& operation = list.emplace_back();
        operation.number = static_cast<int>(select.integer(0));
        operation.kind = parse_word(connection, kOperationKinds, "change_operation.kind", select.text(1));
        operation.editor = select.text(2);
        operation.added_at = select.text(3);
        operation.reason = select.text(4);
        if (!select.is_null(5)) {
            operation.at =
                geom::Point{static_cast<std::int32_t>(select.integer(5)), static_cast<std::int32_t>(select.integer(6))};
        }
        if (!select.is_null(7)) {
            operation.dropped_by = std::string{select.text(7)};
        }
        operation.alias = read_alias(alias, draft, operation.number);
        operation.address = read_address(address, draft, operation.number);
        operation.retirement = read_retirement(retirement, draft, operation.number);
        grids.query(draft, operation.number);
        while (grids.step()) {
            auto& grid = operation.grids.emplace_back();
            grid.code = grid_code(connection, grids.text(0));
            grid.effect = parse_word(connection, kEffects, "change_operation_grid.effect", grids.text(1));
            if (!grids.is_null(2)) {
                grid.base = GridBase{digest_from_hex(connection, "change_operation_grid.base_shape", grids.text(2)),
                                     std::string{grids.text(3)}, division_code(grids.integer(4))};
            }
            if (!grids.is_null(5)) {
                grid.name = std::string{grids.text(5)};
            }
            if (!grids.is_null(6)) {
                grid.kind = kind_of(connection, grids.text(6));
            }
            if (!grids.is_null(7)) {
                grid.village = division_code(grids.integer(7));
            }
            if (!grids.is_null(8)) {
                grid.shape = read_shape(connection, grid.code, grids.blob(8));
            }
        }
    }
    return list;
}

void Registry::add_operations(std::int64_t draft_id, std::string const& editor, std::span<Operation> operations) {
    m_impl->require_writer();
    Transaction transaction{m_impl->connection, Transaction::Kind::write};
    write_operations(draft_id, editor, operations);
    transaction.commit();
}

void Registry::write_operations(std::int64_t draft_id, std::string const& editor, std::span<Operation> operations) {
    require_name(editor, words("the editor", "编辑人"));
    auto& connection = m_impl->connection;
    require_editable(draft_id);
    reopen(connection, draft_id, words("operations were added by {}", "{} 添加了操作", editor));
    Statement last{connection, "SELECT coalesce(max(number), 0) FROM change_operation WHERE draft_id = ?"};
    last.query(draft_id);
    auto number = last.step() ? static_cast<int>(last.integer(0)) : 0;
    last.reset();
    CodeReserver reserver{connection, draft_id};
    Statement insert{connection, "INSERT INTO change_operation (draft_id, number, kind, editor, added_at, reason, "
                                 "lon_e7, lat_e7) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement insert_grid{connection,
                          "INSERT INTO change_operation_grid (draft_id, number, position, grid_code, effect, "
                          "base_shape, base_name, base_village, name, kind, village_code, shape) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"};
    Statement insert_alias{connection, "INSERT INTO change_operation_alias (draft_id, number, division_code, text) "
                                       "VALUES (?, ?, ?, ?)"};
    Statement insert_address{connection,
                             "INSERT INTO change_operation_address (draft_id, number, corrects_source, corrects_id, "
                             "text, village_code, road, house_number, estate, building, unit, room) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement insert_retirement{connection, "INSERT INTO change_operation_retired_address (draft_id, number, source, "
                                            "point_id, text) VALUES (?, ?, ?, ?, ?)"};
    auto const now = now_utc8();
    auto codes = nlohmann::json::array();
    std::vector<std::byte> blob;
    for (auto& operation : operations) {
        operation.number = ++number;
        operation.editor = editor;
        operation.added_at = now;
        insert.run(draft_id, number, to_string(operation.kind), editor, now, operation.reason,
                   operation.at ? std::optional{operation.at->lon} : std::nullopt,
                   operation.at ? std::optional{operation.at->lat} : std::nullopt);
        if (auto const& alias = operation.alias) {
            insert_alias.run(draft_id, number, column_value(alias->division), alias->text);
        }
        if (auto const& address = operation.address) {
            auto const& [corrects, point] = *address;
            insert_address.run(draft_id, number, corrects ? std::optional{corrects->source} : std::nullopt,
                               corrects ? std::optional{corrects->id} : std::nullopt, point.text,
                               point.village.valid() ? std::optional{column_value(point.village)} : std::nullopt,
                               point.road, point.number, point.estate, point.building, point.unit, point.room);
        }
        if (auto const& retirement = operation.retirement) {
            insert_retirement.run(draft_id, number, retirement->which.source, retirement->which.id, retirement->text);
        }
        int position = 0;
        for (auto& grid : operation.grids) {
            if (grid.effect == Effect::create) {
                if (!grid.name || !grid.kind || !grid.village || !grid.shape || grid.shape->empty()) {
                    throw Error{ErrorCode::usage, words("a grid that is created has a name, kind, village and shape",
                                                        "新建网格要有名称、类型、所属村居和范围")};
                }
                if (grid.code.valid()) {
                    reserver.given(grid.code, *grid.kind);
                } else {
                    grid.code = reserver.next(*grid.village, *grid.kind);
                }
                codes.push_back(grid.code.str());
            }
            std::optional<std::span<std::byte const>> shape;
            if (grid.shape) {
                write_spatialite_blob(*grid.shape, blob);
                shape = blob;
            }
            insert_grid.run(draft_id, number, ++position, grid.code.str(), to_string(grid.effect),
                            grid.base ? std::optional{grid.base->shape.hex()} : std::nullopt,
                            grid.base ? std::optional{grid.base->name} : std::nullopt,
                            grid.base ? std::optional{column_value(grid.base->village)} : std::nullopt, grid.name,
                            grid.kind ? std::optional{to_string(*grid.kind)} : std::nullopt,
                            grid.village ? std::optional{column_value(*grid.village)} : std::nullopt, shape);
        }
    }
    constexpr std::size_t kListed = 100;
    nlohmann::json details{{"draft", draft_id}, {"operations", operations.size()}, {"reserved", codes.size()}};
    if (codes.size() <= kListed) {
        details["codes"] = std::move(codes);
    }
    append_audit(connection, editor, "change_set_add", dumped(details));
}

void Registry::drop_operation(std::int64_t draft_id, int number, std::string const& editor) {
    m_impl->require_writer();
    require_name(editor, words("the editor", "编辑人"));
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    require_editable(draft_id);
    reopen(connection, draft_id, words("operation {} was dropped by {}", "{1} 去掉了操作 {0}", number, editor));
    Statement drop{connection, "UPDATE change_operation SET dropped_by = ?3, dropped_at = ?4 "
                               "WHERE draft_id = ?1 AND number = ?2 AND dropped_by IS NULL"};
    drop.run(draft_id, number, editor, now_utc8());
    if (connection.changes() == 0) {
        throw Error{ErrorCode::not_found,
                    words("change set {0} has no operation {1} that counts; 'wangge changes show {0}' lists them",
                          "变更单 {0} 没有有效的操作 {1}；“wangge changes show {0}”可列出", draft_id, number)};
    }
    append_audit(connection, editor, "change_set_drop", dumped({{"draft", draft_id}, {"operation", number}}));
    transaction.commit();
}

void Registry::together(std::function<void()> const& steps) {
    m_impl->require_writer();
    Transaction transaction{m_impl->connection, Transaction::Kind::write};
    steps();
    transaction.commit();
}

void Registry::record_touched(std::int64_t draft, std::span<GridCode const> changed,
                              std::span<GridCode const> neighbours) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    Statement forget{connection, "DELETE FROM change_draft_touch WHERE draft_id = ?"};
    forget.run(draft);
    Statement insert{connection,
                     "INSERT OR IGNORE INTO change_draft_touch (draft_id, grid_code, changed) VALUES (?, ?, ?)"};
    for (auto const& code : changed) {
        insert.run(draft, code.str(), 1);
    }
    for (auto const& code : neighbours) {
        insert.run(draft, code.str(), 0);
    }
    transaction.commit();
}

std::vector<DraftMeeting> Registry::drafts_meeting(std::int64_t draft) const {
    auto& connection = m_impl->connection;
    std::vector<DraftMeeting> meetings;
    Statement select{connection,
                     "SELECT d.id, d.title, d.status, b.grid_code, a.changed AND b.changed FROM change_draft_touch a "
                     "JOIN change_draft_touch b ON b.grid_code = a.grid_code AND b.draft_id <> a.draft_id "
                     "JOIN change_draft d ON d.id = b.draft_id AND d.status NOT IN ('applied', 'discarded') "
                     "WHERE a.draft_id = ? AND (a.changed OR b.changed) ORDER BY d.id, b.grid_code"};
    select.query(draft);
    while (select.step()) {
        if (meetings.empty() || meetings.back().id != select.integer(0)) {
            auto& meeting = meetings.emplace_back();
            meeting.id = select.integer(0);
            meeting.title = select.text(1);
            meeting.status = parse_word(connection, kStatuses, "change_draft.status", select.text(2));
        }
        auto& codes = select.integer(4) != 0 ? meetings.back().same : meetings.back().near;
        codes.push_back(grid_code(connection, select.text(3)));
    }
    return meetings;
}

void Registry::record_check(std::int64_t draft_id, std::string const& by, Digest const& content, bool passed,
                            std::string const& report_json) {
    m_impl->require_writer();
    require_name(by, words("who checks", "检查人"));
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const before = draft(draft_id);
    if (before.status == DraftStatus::applied || before.status == DraftStatus::discarded) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}' is {}; there is nothing to check", "变更单 {} “{}”{}，没有可检查的内容",
                          draft_id, before.title, words_of(before.status))};
    }
    Statement update{connection,
                     "UPDATE change_draft SET status = ?2, check_digest = ?3, checked_by = ?4, checked_at = ?5, "
                     "check_report = ?6, base_generation = ?7, approver = NULL, approved_at = NULL, "
                     "reopened_because = NULL WHERE id = ?1"};
    update.run(draft_id, passed ? "checked" : "open", content.hex(), by, now_utc8(), report_json,
               m_impl->newest_published());
    append_audit(connection, by, "change_set_check",
                 dumped({{"draft", draft_id}, {"passed", passed}, {"content", content.hex()}}));
    transaction.commit();
}

void Registry::approve_draft(std::int64_t draft_id, std::string const& approver) {
    m_impl->require_writer();
    require_name(approver, words("the approver", "审批人"));
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const before = draft(draft_id);
    if (before.status != DraftStatus::checked) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {0} '{1}' is {2}{3}; only a checked one is approved: wangge changes check {0}",
                          "变更单 {0} “{1}”{2}{3}；只有检查通过的才能批准：wangge changes check {0}", draft_id,
                          before.title, words_of(before.status), in_brackets(before.reopened_because))};
    }
    if (std::ranges::any_of(before.editors, [&](auto const& editor) { return same_person(editor, approver); })) {
        throw Error{ErrorCode::data_rejected,
                    words("change set {} '{}': {} is one of its editors ({}); somebody else must approve it",
                          "变更单 {} “{}”：{} 是其编辑人之一（{}）；须由他人批准", draft_id, before.title, approver,
                          fmt::format("{}", fmt::join(before.editors, ", ")))};
    }
    Statement update{connection,
                     "UPDATE change_draft SET status = 'approved', approver = ?2, approved_at = ?3 WHERE id = ?1"};
    update.run(draft_id, approver, now_utc8());
    append_audit(connection, approver, "change_set_approve",
                 dumped({{"draft", draft_id}, {"content", before.check_digest}}));
    transaction.commit();
}

void Registry::reopen_draft(std::int64_t draft_id, Words const& because, std::string const& actor) {
    m_impl->require_writer();
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    reopen(connection, draft_id, because);
    append_audit(connection, actor, "change_set_reopen", dumped({{"draft", draft_id}, {"because", because.english}}));
    transaction.commit();
}

void Registry::discard_draft(std::int64_t draft_id, std::string const& by, std::string const& reason) {
    m_impl->require_writer();
    require_name(by, words("who discards", "作废人"));
    auto& connection = m_impl->connection;
    Transaction transaction{connection, Transaction::Kind::write};
    auto const before = draft(draft_id);
    if (before.status == DraftStatus::applied || before.status == DraftStatus::discarded) {
        throw Error{
            ErrorCode::data_rejected,
            before.status == DraftStatus::applied
                ? words("change set {0} '{1}' is applied; take it back with: wangge changes undo {0}",
                        "变更单 {0} “{1}”已应用；撤销请用：wangge changes undo {0}", draft_id, before.title)
                : words("change set {} '{}' is discarded already", "变更单 {} “{}”早已作废", draft_id, before.title)};
    }
    Statement update{connection, "UPDATE change_draft SET status = 'discarded', approver = NULL, approved_at = NULL, "
                                 "discarded_by = ?2, discarded_at = ?3, discarded_because = ?4 WHERE id = ?1"};
    update.run(draft_id, by, now_utc8(), reason);
    append_audit(connection, by, "change_set_discard", dumped({{"draft", draft_id}, {"because", reason}}));
    transaction.commit();
}

void Registry::Impl::tie_draft(std::int64_t draft, std::int64_t change_set) {
    Statement tie{connection, "INSERT INTO change_draft_applied (draft_id, change_set_id) VALUES (?, ?)"};
    tie.run(draft, change_set);
}

void Registry::Impl::finish_draft(std::int64_t draft, std::int64_t change_set) {
    Statement select{connection, "SELECT status, title FROM change_draft WHERE id = ?"};
    select.query(draft);
    if (!select.step() || select.text(0) != "approved") {
        throw Error{
            ErrorCode::data_rejected,
            words("change set {0} is not approved, so it is not applied; check it and let somebody else "
                  "approve it: wangge changes approve {0} --approver NAME",
                  "变更单 {0} 未获批准，不能应用；请检查后由他人批准：wangge changes approve {0} --approver 姓名",
                  draft)};
    }
    select.reset();
    tie_draft(draft, change_set);
    Statement finish{connection, "UPDATE change_draft SET status = 'applied' WHERE id = ?"};
    finish.run(draft);
}

void Registry::Impl::keep_timelines(std::int64_t change_set, std::span<GridTimelines const> timelines) {
    Statement insert{connection,
                     "INSERT INTO change_set_version (change_set_id, grid_code, side, valid_from, valid_to, shape_id, "
                     "name, kind, village_code, area_m2, vertices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    for (auto const& grid : timelines) {
        for (auto const& [side, versions] : {std::pair{"before", &grid.before}, {"after", &grid.after}}) {
            for (auto const& [days, v] : *versions) {
                insert.run(change_set, grid.code.str(), side, days.from.days(), days.to.days(), v.shape_id, v.name,
                           to_string(v.kind), v.village.value(), v.area_m2, v.vertices);
            }
        }
    }
}

void Registry::Impl::reopen_drafts_beside(std::int64_t change_set) {
    if (connection.integer("SELECT EXISTS (SELECT 1 FROM change_draft WHERE status IN ('checked', 'approved'))") == 0) {
        return;
    }
    // By what this one changed, and by the neighbours that it recorded when it was itself a draft.
    Statement select{
        connection,
        "SELECT DISTINCT d.id FROM change_draft d JOIN change_draft_touch t ON t.draft_id = d.id "
        "WHERE d.status IN ('checked', 'approved') AND (t.grid_code IN "
        "(SELECT grid_code FROM change_set_item WHERE change_set_id = ?1) OR (t.changed AND t.grid_code IN "
        "(SELECT n.grid_code FROM change_draft_touch n JOIN change_draft_applied a ON a.draft_id = n.draft_id "
        "WHERE a.change_set_id = ?1)))"};
    select.query(change_set);
    std::vector<std::int64_t> ids;
    while (select.step()) {
        ids.push_back(select.integer(0));
    }
    if (ids.empty()) {
        return;
    }
    Statement name{connection, "SELECT coalesce(a.draft_id, 0), c.title, c.author FROM change_set c "
                               "LEFT JOIN change_draft_applied a ON a.change_set_id = c.id WHERE c.id = ?"};
    name.query(change_set);
    name.step();
    auto const because = name.integer(0) != 0 ? words("change set {} '{}' was applied beside it",
                                                      "相邻的变更单 {} “{}”已应用", name.integer(0), name.text(1))
                                              : words("'{}' was imported beside it", "其旁边导入了“{}”", name.text(1));
    std::string const actor{name.text(2)};
    name.reset();
    for (auto const id : ids) {
        reopen(connection, id, because);
        append_audit(connection, actor, "change_set_reopen", dumped({{"draft", id}, {"because", because.english}}));
    }
}

void Registry::Impl::write_accepted_gaps(ChangeSet const& change_set, std::int64_t id, GenerationNumber draft) {
    Statement insert{connection, "INSERT INTO accepted_gap (change_set_id, reason, author, area_m2, valid_from, "
                                 "valid_to, recorded_from, shape) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    std::vector<std::byte> blob;
    for (auto const& gap : change_set.accepted_gaps) {
        write_spatialite_blob(gap.shape, blob);
        insert.run(id, gap.reason, gap.author, geom::area_m2(gap.shape), gap.valid.from.days(), gap.valid.to.days(),
                   draft, std::span<std::byte const>{blob});
    }
    Statement withdraw{connection, "UPDATE accepted_gap SET recorded_to = ?2, withdrawn_by = ?3 "
                                   "WHERE id = ?1 AND recorded_to IS NULL"};
    for (auto const gap : change_set.withdrawn_gaps) {
        withdraw.run(gap, draft, id);
    }
}

std::vector<GridTimelines> Registry::timelines(std::int64_t change_set) const {
    auto& connection = m_impl->connection;
    std::vector<GridTimelines> list;
    Statement select{connection,
                     "SELECT grid_code, side, valid_from, valid_to, shape_id, name, kind, village_code, area_m2, "
                     "vertices FROM change_set_version WHERE change_set_id = ? ORDER BY grid_code, side, valid_from"};
    select.query(change_set);
    while (select.step()) {
        auto const code = grid_code(connection, select.text(0));
        if (list.empty() || list.back().code != code) {
            list.emplace_back().code = code;
        }
        (select.text(1) == "before" ? list.back().before : list.back().after).push_back(on_days(connection, select, 2));
    }
    return list;
}

std::vector<GridOnDays> Registry::timeline(GridCode const& code) const {
    std::vector<GridOnDays> list;
    Statement select{m_impl->connection, "SELECT valid_from, valid_to, shape_id, name, kind, village_code, area_m2, "
                                         "vertices FROM grid_version WHERE grid_code = ? AND recorded_to IS NULL "
                                         "ORDER BY valid_from"};
    select.query(code.str());
    while (select.step()) {
        list.push_back(on_days(m_impl->connection, select, 0));
    }
    return list;
}

std::vector<Grid> Registry::grids_in(std::span<DivisionCode const> villages, Date as_of) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    std::set<DivisionCode> const wanted(villages.begin(), villages.end());
    std::vector<Grid> grids;
    Statement select{connection, "SELECT grid_code, name, kind, village_code, shape_id FROM grid_version "
                                 "WHERE recorded_to IS NULL AND valid_from <= ?1 AND ?1 < valid_to"};
    select.query(as_of.days());
    while (select.step()) {
        auto const village = division_code(select.integer(3));
        if (wanted.contains(village)) {
            grids.push_back({grid_code(connection, select.text(0)), std::string{select.text(1)},
                             kind_of(connection, select.text(2)), village, shape(select.integer(4))});
        }
    }
    std::ranges::sort(grids, {}, &Grid::code);
    return grids;
}

geom::MultiPolygon Registry::shape(std::int64_t shape_id) const {
    auto& connection = m_impl->connection;
    Statement select{connection, "SELECT shape FROM grid_shape WHERE id = ?"};
    select.query(shape_id);
    auto shape = select.step() ? read_spatialite_blob(select.blob(0)) : std::nullopt;
    if (!shape) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: the shape {} is missing or cannot be read; restore the file "
                                                    "from a backup",
                                                    connection.path().string(), shape_id)};
    }
    return std::move(*shape);
}

std::optional<AppliedChange> Registry::last_change(GridCode const& code) const {
    Statement select{m_impl->connection,
                     "SELECT c.id, a.draft_id, c.title FROM change_set_item i JOIN change_set c "
                     "ON c.id = i.change_set_id LEFT JOIN change_draft_applied a ON a.change_set_id = c.id "
                     "WHERE i.grid_code = ? ORDER BY c.id DESC LIMIT 1"};
    select.query(code.str());
    if (!select.step()) {
        return std::nullopt;
    }
    return AppliedChange{select.integer(0), select.is_null(1) ? std::nullopt : std::optional{select.integer(1)},
                         std::string{select.text(2)}};
}

AppliedChange Registry::applied_change(std::int64_t change_set) const {
    Statement select{m_impl->connection, "SELECT c.subject, a.draft_id, c.title FROM change_set c LEFT JOIN "
                                         "change_draft_applied a ON a.change_set_id = c.id WHERE c.id = ?"};
    select.query(change_set);
    if (!select.step()) {
        throw Error{ErrorCode::not_found,
                    words("no import or change set {} was applied; 'wangge history CODE' names those of a grid",
                          "没有应用过编号为 {} 的导入或变更单；“wangge history 编码”可列出网格的各次变更", change_set)};
    }
    if (select.text(0) != "grids") {
        throw Error{ErrorCode::data_rejected,
                    words("import {} brought in {}, which are put right by importing them anew; only changes of grids "
                          "are undone",
                          "导入 {} 导入的是 {}，请重新导入来改正；只有网格的变更可以撤销", change_set, select.text(0))};
    }
    return {change_set, select.is_null(1) ? std::nullopt : std::optional{select.integer(1)},
            std::string{select.text(2)}};
}

Date Registry::next_change_near(Date after, std::span<geom::Envelope const> boxes) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    auto next = kForever;
    for (auto const& [table, rows] : {std::pair{"grid_shape", "grid_version WHERE shape_id = ?1"},
                                      {"accepted_gap", "accepted_gap WHERE id = ?1"}}) {
        Statement candidates{connection, fmt::format("SELECT pkid FROM idx_{}_shape WHERE xmin <= ? AND xmax >= ? "
                                                     "AND ymin <= ? AND ymax >= ?",
                                                     table)};
        Statement days{connection, fmt::format("SELECT valid_from, valid_to FROM {} AND recorded_to IS NULL", rows)};
        for (auto const& box : boxes) {
            if (box.empty()) {
                continue;
            }
            candidates.query(geom::to_degrees(box.max.lon), geom::to_degrees(box.min.lon),
                             geom::to_degrees(box.max.lat), geom::to_degrees(box.min.lat));
            while (candidates.step()) {
                days.query(candidates.integer(0));
                while (days.step()) {
                    auto const valid = interval(days, 0);
                    for (auto const day : {valid.from, valid.to}) {
                        next = day > after ? std::min(next, day) : next;
                    }
                }
            }
        }
    }
    return next;
}

namespace {

constexpr std::string_view kGapColumns = "SELECT id, shape, reason, author, valid_from, valid_to, change_set_id "
                                         "FROM accepted_gap WHERE ";

std::vector<AcceptedGap> read_gaps(Connection const& connection, Statement& select) {
    std::vector<AcceptedGap> gaps;
    while (select.step()) {
        auto shape = read_spatialite_blob(select.blob(1));
        if (!shape) {
            throw Error{ErrorCode::corrupt, fmt::format("{}: the accepted gap {} cannot be read; restore the file "
                                                        "from a backup",
                                                        connection.path().string(), select.integer(0))};
        }
        gaps.push_back({select.integer(0), std::move(*shape), std::string{select.text(2)}, std::string{select.text(3)},
                        interval(select, 4), select.integer(6)});
    }
    return gaps;
}

} // namespace

std::vector<AcceptedGap> Registry::accepted_gaps(std::optional<Date> as_of) const {
    Statement select{m_impl->connection, std::string{kGapColumns} +
                                             "recorded_to IS NULL AND (?1 IS NULL OR "
                                             "(valid_from <= ?1 AND ?1 < valid_to)) ORDER BY id"};
    select.query(as_of ? std::optional{as_of->days()} : std::nullopt);
    return read_gaps(m_impl->connection, select);
}

std::vector<AcceptedGap> Registry::gaps_of(std::int64_t change_set, Side side) const {
    Statement select{m_impl->connection,
                     std::string{kGapColumns} +
                         (side == Side::recorded ? "change_set_id = ? ORDER BY id" : "withdrawn_by = ? ORDER BY id")};
    select.query(change_set);
    return read_gaps(m_impl->connection, select);
}

bool Registry::accepted_gaps_in_draft() const {
    Statement select{m_impl->connection,
                     "SELECT EXISTS (SELECT 1 FROM accepted_gap WHERE recorded_from = ?1 OR recorded_to = ?1)"};
    select.query(m_impl->newest_published() + 1);
    return select.step() && select.integer(0) != 0;
}

void Registry::addresses_in(geom::Envelope const& box, std::function<void(geom::Point)> const& each) const {
    Statement select{m_impl->connection, "SELECT lon_e7, lat_e7 FROM address_point INDEXED BY address_point_place "
                                         "WHERE lon_e7 BETWEEN ? AND ? AND lat_e7 BETWEEN ? AND ?"};
    select.query(box.min.lon, box.max.lon, box.min.lat, box.max.lat);
    while (select.step()) {
        each({static_cast<std::int32_t>(select.integer(0)), static_cast<std::int32_t>(select.integer(1))});
    }
}

std::vector<DutyEntry> Registry::duty_entries_of(std::span<GridCode const> grids, Date as_of) const {
    std::vector<DutyEntry> entries;
    Statement select{m_impl->connection,
                     "SELECT officer_id, role, valid_from, valid_to FROM assignment WHERE grid_code = ?1 "
                     "AND superseded_entry IS NULL AND valid_from <= ?2 AND ?2 < valid_to ORDER BY role, officer_id"};
    for (auto const& code : grids) {
        select.query(code.str(), as_of.days());
        while (select.step()) {
            entries.push_back(
                {code, std::string{select.text(0)}, static_cast<Role>(select.integer(1)), interval(select, 2)});
        }
    }
    return entries;
}

namespace {

constexpr std::string_view kUnapproved = "FROM change_set c LEFT JOIN change_draft_applied a ON a.change_set_id = c.id "
                                         "WHERE c.generation IS NULL AND a.draft_id IS NULL";

} // namespace

std::vector<std::string> Registry::unapproved_authors() const {
    Statement select{m_impl->connection, fmt::format("SELECT DISTINCT c.author {} ORDER BY 1", kUnapproved)};
    return texts(select);
}

void Registry::require_approver(std::string const& approver) const {
    auto const authors = unapproved_authors();
    if (!authors.empty() && person(approver).empty()) {
        throw Error{
            ErrorCode::usage,
            words("what {} imported was approved by nobody; publish with --approver NAME, somebody else than "
                  "they, or bring changes in as change sets (wangge changes new)",
                  "{} 导入的内容无人批准；请用 --approver 写明另一位审批人再发布，或以变更单提交（wangge changes "
                  "new）",
                  fmt::format("{}", fmt::join(authors, ", ")))};
    }
    if (std::ranges::any_of(authors, [&](auto const& author) { return same_person(author, approver); })) {
        throw Error{ErrorCode::usage,
                    words("{} imported part of what waits and cannot approve it; somebody else must: --approver NAME",
                          "{} 导入了待发布内容的一部分，不能自行批准；须由他人批准：--approver 姓名", approver)};
    }
}

std::string Registry::Impl::approvers_of_draft() {
    Statement select{connection, "SELECT DISTINCT d.approver FROM change_set c JOIN change_draft_applied a "
                                 "ON a.change_set_id = c.id JOIN change_draft d ON d.id = a.draft_id "
                                 "WHERE c.generation IS NULL ORDER BY 1"};
    return fmt::format("{}", fmt::join(texts(select), ", "));
}

} // namespace wangge::registry
