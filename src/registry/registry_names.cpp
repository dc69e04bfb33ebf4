#include "impl.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

namespace wangge::registry {

namespace {

constexpr std::string_view kAliasColumns = "SELECT id, division_code, text, reason, author, valid_from, valid_to, "
                                           "change_set_id FROM division_alias WHERE ";
constexpr std::string_view kStaffColumns =
    "SELECT id, corrects_source, corrects_id, reason, author, valid_from, valid_to, change_set_id, "
    "text, village_code, road, house_number, estate, building, unit, room, lon_e7, lat_e7, coalesce(first_id, 0) "
    "FROM staff_address WHERE ";
constexpr std::string_view kRetiredColumns = "SELECT id, source, point_id, text, reason, author, valid_from, valid_to, "
                                             "change_set_id FROM retired_address WHERE ";
constexpr std::string_view kPointColumns =
    "text, village_code, road, number, estate, building, unit, room, lon_e7, lat_e7";
/// ?1 the day or NULL, ?2 the generation or NULL.
constexpr std::string_view kHolds =
    "(?1 IS NULL OR (valid_from <= ?1 AND ?1 < valid_to)) AND recorded_from <= coalesce(?2, recorded_from) "
    "AND (recorded_to IS NULL OR recorded_to > ?2) ";
/// ?1 the change set.
std::string_view side_of(Registry::Side side) {
    return side == Registry::Side::recorded ? "change_set_id = ?1 ORDER BY id" : "withdrawn_by = ?1 ORDER BY id";
}

/// Ten columns from `column` on, the text first.
void read_point(Statement const& row, int column, AddressPoint& point) {
    point.text = row.text(column);
    point.village = division_code(row.integer(column + 1));
    column += 2;
    for (auto* const part : {&point.road, &point.number, &point.estate, &point.building, &point.unit, &point.room}) {
        *part = row.text(column++);
    }
    point.by_staff = false;
    point.at = {static_cast<std::int32_t>(row.integer(column)), static_cast<std::int32_t>(row.integer(column + 1))};
}

std::vector<DivisionAlias> read_aliases(Statement& select) {
    std::vector<DivisionAlias> aliases;
    while (select.step()) {
        aliases.push_back({select.integer(0), division_code(select.integer(1)), std::string{select.text(2)},
                           std::string{select.text(3)}, std::string{select.text(4)}, interval(select, 5),
                           select.integer(7)});
    }
    return aliases;
}

std::vector<StaffAddress> read_staff(Statement& select) {
    std::vector<StaffAddress> addresses;
    while (select.step()) {
        auto& address = addresses.emplace_back();
        address.id = select.integer(0);
        if (!select.is_null(1)) {
            address.corrects = ImportedAddress{std::string{select.text(1)}, std::string{select.text(2)}};
        }
        address.reason = select.text(3);
        address.author = select.text(4);
        address.valid = interval(select, 5);
        address.change_set = select.integer(7);
        read_point(select, 8, address.point);
        address.point.by_staff = true;
        address.first = select.integer(18);
        address.point.id = address.corrects ? address.corrects->id
                                            : fmt::format("staff-{}", address.first == 0 ? address.id : address.first);
    }
    return addresses;
}

std::vector<RetiredAddress> read_retired(Statement& select) {
    std::vector<RetiredAddress> retired;
    while (select.step()) {
        retired.push_back({select.integer(0),
                           {std::string{select.text(1)}, std::string{select.text(2)}},
                           std::string{select.text(3)},
                           std::string{select.text(4)},
                           std::string{select.text(5)},
                           interval(select, 6),
                           select.integer(8)});
    }
    return retired;
}

} // namespace

ImportedAddress which_point(StaffAddress const& address) {
    return address.corrects.value_or(ImportedAddress{{}, address.point.id});
}

std::vector<DivisionAlias> Registry::aliases(std::optional<Date> as_of,
                                             std::optional<GenerationNumber> known_at) const {
    Statement select{m_impl->connection, fmt::format("{}{} ORDER BY division_code, id", kAliasColumns, kHolds)};
    select.query(as_of ? std::optional{as_of->days()} : std::nullopt, known_at);
    return read_aliases(select);
}

std::vector<StaffAddress> Registry::staff_addresses(std::optional<Date> as_of,
                                                    std::optional<GenerationNumber> known_at) const {
    Statement select{m_impl->connection, fmt::format("{}{} ORDER BY id", kStaffColumns, kHolds)};
    select.query(as_of ? std::optional{as_of->days()} : std::nullopt, known_at);
    return read_staff(select);
}

std::vector<RetiredAddress> Registry::retired_addresses(std::optional<Date> as_of,
                                                        std::optional<GenerationNumber> known_at) const {
    Statement select{m_impl->connection, fmt::format("{}{} ORDER BY id", kRetiredColumns, kHolds)};
    select.query(as_of ? std::optional{as_of->days()} : std::nullopt, known_at);
    return read_retired(select);
}

std::vector<DivisionAlias> Registry::aliases_of(std::int64_t change_set, Side side) const {
    Statement select{m_impl->connection, fmt::format("{}{}", kAliasColumns, side_of(side))};
    select.query(change_set);
    return read_aliases(select);
}

std::vector<StaffAddress> Registry::staff_addresses_of(std::int64_t change_set, Side side) const {
    Statement select{m_impl->connection, fmt::format("{}{}", kStaffColumns, side_of(side))};
    select.query(change_set);
    return read_staff(select);
}

std::vector<RetiredAddress> Registry::retired_addresses_of(std::int64_t change_set, Side side) const {
    Statement select{m_impl->connection, fmt::format("{}{}", kRetiredColumns, side_of(side))};
    select.query(change_set);
    return read_retired(select);
}

std::vector<std::pair<ImportedAddress, AddressPoint>> Registry::imported_addresses(std::string const& id) const {
    // One look for each file: the key begins with it.
    Statement select{m_impl->connection,
                     fmt::format("SELECT s.name, {} FROM address_source s CROSS JOIN address_point p "
                                 "ON p.source_id = s.id AND p.id = ? ORDER BY s.name",
                                 kPointColumns)};
    select.query(id);
    std::vector<std::pair<ImportedAddress, AddressPoint>> found;
    while (select.step()) {
        auto& [where, point] = found.emplace_back();
        where = {std::string{select.text(0)}, id};
        point.id = id;
        read_point(select, 1, point);
    }
    return found;
}

std::vector<AddressFact> Registry::address_history(std::string const& id) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    std::vector<AddressFact> facts;
    for (auto& [where, point] : imported_addresses(id)) {
        facts.push_back({AddressFact::Kind::imported, where.source, std::move(point), {}, 0, {}, 0, {}, {}});
    }
    std::vector<AddressFact> dated;
    auto const add = [&](AddressFact::Kind kind, std::string source, AddressPoint point, auto const& row) {
        dated.push_back(
            {kind, std::move(source), std::move(point), row.valid, 0, {}, row.change_set, row.author, row.reason});
    };
    // Recorded times stand beside the rows, in the same order.
    auto const add_times = [&](std::size_t first, std::string_view table, std::string_view where) {
        Statement times{connection,
                        fmt::format("SELECT recorded_from, recorded_to FROM {} WHERE {} ORDER BY id", table, where)};
        times.query(id);
        for (auto i = first; times.step(); ++i) {
            dated[i].recorded_from = times.integer(0);
            dated[i].recorded_to = times.is_null(1) ? std::nullopt : std::optional{times.integer(1)};
        }
    };
    constexpr std::string_view kOfStaff =
        "corrects_id = ?1 OR (corrects_id IS NULL AND 'staff-' || coalesce(first_id, id) = ?1)";
    Statement staff{connection, fmt::format("{}{} ORDER BY id", kStaffColumns, kOfStaff)};
    staff.query(id);
    for (auto& row : read_staff(staff)) {
        add(AddressFact::Kind::of_staff, row.corrects ? row.corrects->source : "", row.point, row);
    }
    add_times(0, "staff_address", kOfStaff);
    auto const of_staff = dated.size();
    Statement retired{connection, fmt::format("{}point_id = ?1 ORDER BY id", kRetiredColumns)};
    retired.query(id);
    for (auto& row : read_retired(retired)) {
        AddressPoint point;
        point.id = row.which.id;
        point.text = row.text;
        add(AddressFact::Kind::retired, row.which.source, std::move(point), row);
    }
    add_times(of_staff, "retired_address", "point_id = ?1");
    std::ranges::stable_sort(dated, {}, &AddressFact::change_set);
    std::ranges::move(dated, std::back_inserter(facts));
    return facts;
}

std::function<bool(AddressPoint&)> Registry::addresses(Date as_of, std::optional<GenerationNumber> known_at) const {
    struct Stream {
        explicit Stream(Connection& connection)
            : imported{connection, fmt::format("SELECT source_id, id, {} FROM address_point", kPointColumns)} {}
        Statement imported;
        std::vector<StaffAddress> staff;
        std::set<std::pair<std::int64_t, std::string>> hidden; ///< by the number of the file
        std::size_t next = 0;
        bool imported_ended = false;
    };
    auto& connection = m_impl->connection;
    auto const stream = std::make_shared<Stream>(connection);
    stream->staff = staff_addresses(as_of, known_at);
    Statement source{connection, "SELECT id FROM address_source WHERE name = ?"};
    auto const hide = [&](ImportedAddress const& imported) {
        source.query(imported.source);
        if (source.step()) {
            stream->hidden.emplace(source.integer(0), imported.id);
        }
    };
    for (auto const& address : stream->staff) {
        if (address.corrects) {
            hide(*address.corrects);
        }
    }
    std::set<ImportedAddress> retired;
    for (auto& one : retired_addresses(as_of, known_at)) {
        hide(one.which);
        retired.insert(std::move(one.which));
    }
    std::erase_if(stream->staff, [&](StaffAddress const& address) { return retired.contains(which_point(address)); });
    return [stream](AddressPoint& point) {
        while (!stream->imported_ended && stream->imported.step()) {
            auto const& row = stream->imported;
            point.id = row.text(1);
            if (stream->hidden.empty() || !stream->hidden.contains({row.integer(0), point.id})) {
                read_point(row, 2, point);
                return true;
            }
        }
        stream->imported_ended = true;
        if (stream->next == stream->staff.size()) {
            return false;
        }
        point = stream->staff[stream->next++].point;
        return true;
    };
}

void Registry::Impl::write_names_and_addresses(ChangeSet const& change_set, std::int64_t id, GenerationNumber draft) {
    for (auto const& [table, rows] : {std::pair{"division_alias", &change_set.withdrawn_aliases},
                                      {"staff_address", &change_set.withdrawn_addresses},
                                      {"retired_address", &change_set.withdrawn_retirements}}) {
        Statement withdraw{connection, fmt::format("UPDATE {} SET recorded_to = ?2, withdrawn_by = ?3 WHERE id = ?1 "
                                                   "AND recorded_to IS NULL",
                                                   table)};
        for (auto const row : *rows) {
            withdraw.run(row, draft, id);
        }
    }
    Statement insert_alias{connection,
                           "INSERT INTO division_alias (change_set_id, division_code, text, reason, author, "
                           "valid_from, valid_to, recorded_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    for (auto const& alias : change_set.aliases) {
        insert_alias.run(id, column_value(alias.code), alias.text, alias.reason, alias.author, alias.valid.from.days(),
                         alias.valid.to.days(), draft);
    }
    Statement insert{
        connection, "INSERT INTO staff_address (change_set_id, corrects_source, corrects_id, text, village_code, road, "
                    "house_number, estate, building, unit, room, lon_e7, lat_e7, reason, author, valid_from, valid_to, "
                    "recorded_from, first_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    for (auto const& address : change_set.addresses) {
        auto const& point = address.point;
        insert.run(id, address.corrects ? std::optional{address.corrects->source} : std::nullopt,
                   address.corrects ? std::optional{address.corrects->id} : std::nullopt, point.text,
                   column_value(point.village), point.road, point.number, point.estate, point.building, point.unit,
                   point.room, point.at.lon, point.at.lat, address.reason, address.author, address.valid.from.days(),
                   address.valid.to.days(), draft, address.first == 0 ? std::nullopt : std::optional{address.first});
    }
    Statement insert_retired{connection,
                             "INSERT INTO retired_address (change_set_id, source, point_id, text, reason, author, "
                             "valid_from, valid_to, recorded_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    for (auto const& retired : change_set.retired_addresses) {
        insert_retired.run(id, retired.which.source, retired.which.id, retired.text, retired.reason, retired.author,
                           retired.valid.from.days(), retired.valid.to.days(), draft);
    }
}

} // namespace wangge::registry
