#include "impl.hpp"

#include <wangge/geom/owns.hpp>

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <tuple>

namespace wangge::registry {

namespace {

/// Address points of the registry, asked for area by area.
class AddressPoints {
public:
    explicit AddressPoints(Connection& connection)
        : m_any(connection.integer("SELECT EXISTS (SELECT 1 FROM address_point)") != 0)
        , m_select(connection, "SELECT lon_e7, lat_e7 FROM address_point WHERE lon_e7 BETWEEN ? AND ? "
                               "AND lat_e7 BETWEEN ? AND ?") {}

    [[nodiscard]] std::vector<geom::Point> within(geom::Envelope const& box) {
        std::vector<geom::Point> points;
        if (m_any && !box.empty()) {
            m_select.query(box.min.lon, box.max.lon, box.min.lat, box.max.lat);
            while (m_select.step()) {
                points.push_back(
                    {static_cast<std::int32_t>(m_select.integer(0)), static_cast<std::int32_t>(m_select.integer(1))});
            }
        }
        return points;
    }
    [[nodiscard]] std::vector<geom::Point> owned_by(geom::MultiPolygon const& shape) {
        auto points = within(geom::envelope_of(shape));
        std::erase_if(points, [&](geom::Point p) { return !geom::owns(shape, p); });
        return points;
    }

private:
    bool m_any;
    Statement m_select;
};

/// The grid's shape on the day by what is known now; empty when it is not in force.
geom::MultiPolygon known_shape(Connection& connection, GridCode const& code, Date day) {
    Statement select{connection, "SELECT s.shape FROM grid_version v CROSS JOIN grid_shape s ON s.id = v.shape_id "
                                 "WHERE v.grid_code = ?1 AND v.recorded_to IS NULL AND v.valid_from <= ?2 "
                                 "AND ?2 < v.valid_to"};
    select.query(code.str(), day.days());
    return select.step() ? read_shape(connection, code, select.blob(0)) : geom::MultiPolygon{};
}

LineageStep read_step(Connection const& connection, Statement const& row) {
    LineageStep step;
    step.change.change_set = row.integer(0);
    step.ground.predecessor = grid_code(connection, row.text(1));
    step.ground.successor = grid_code(connection, row.text(2));
    step.ground.area_m2 = row.real(3);
    step.ground.share_of_predecessor = row.real(4);
    step.ground.share_of_successor = row.real(5);
    step.ground.addresses = static_cast<std::uint64_t>(row.integer(6));
    step.ground.predecessor_addresses = static_cast<std::uint64_t>(row.integer(7));
    step.ground.successor_addresses = static_cast<std::uint64_t>(row.integer(8));
    step.change.title = row.text(9);
    step.effective = Date{static_cast<std::int32_t>(row.integer(10))};
    if (!row.is_null(11)) {
        step.generation = row.integer(11);
    }
    if (!row.is_null(12)) {
        step.change.draft = row.integer(12);
    }
    return step;
}

/**
 * Steps reached from a grid, later ones (`forward`) or earlier ones. A grid carries the ground from a change set on, so
 * only steps beyond that one pass it on; those next to the start come first, so that each grid is seen when it carries
 * most.
 */
std::vector<LineageStep> follow(Connection& connection, GridCode const& start, bool forward) {
    Statement select{
        connection,
        fmt::format(
            "SELECT l.change_set_id, l.predecessor, l.successor, l.area_m2, l.share_of_predecessor, "
            "l.share_of_successor, l.addresses, l.predecessor_addresses, l.successor_addresses, c.title, "
            "c.effective, c.generation, a.draft_id FROM grid_lineage l "
            "CROSS JOIN change_set c ON c.id = l.change_set_id "
            "LEFT JOIN change_draft_applied a ON a.change_set_id = c.id WHERE l.{} = ?1 AND l.change_set_id {} ?2",
            forward ? "predecessor" : "successor", forward ? ">" : "<")};
    std::int64_t const sign = forward ? 1 : -1;
    using Carrier = std::pair<std::int64_t, GridCode>; // change sets counted so that nearer ones are smaller
    std::priority_queue<Carrier, std::vector<Carrier>, std::greater<>> todo;
    std::set<GridCode> seen;
    std::map<std::tuple<std::int64_t, GridCode, GridCode>, LineageStep> steps;
    todo.emplace(forward ? 0 : std::numeric_limits<std::int64_t>::min(), start);
    while (!todo.empty()) {
        auto const [since, code] = todo.top();
        todo.pop();
        if (!seen.insert(code).second) {
            continue;
        }
        select.query(code.str(), forward ? since
                                         : (since == std::numeric_limits<std::int64_t>::min()
                                                ? std::numeric_limits<std::int64_t>::max()
                                                : -since));
        while (select.step()) {
            auto step = read_step(connection, select);
            todo.emplace(sign * step.change.change_set, forward ? step.ground.successor : step.ground.predecessor);
            std::tuple key{step.change.change_set, step.ground.predecessor, step.ground.successor};
            steps.emplace(std::move(key), std::move(step));
        }
    }
    std::vector<LineageStep> list;
    for (auto& [key, step] : steps) {
        list.push_back(std::move(step));
    }
    return list;
}

} // namespace

Words name_of(AppliedChange const& change) {
    return change.draft ? words("change set {} '{}'", "变更单 {} “{}”", *change.draft, change.title)
                        : words("import {} '{}'", "导入 {} “{}”", change.change_set, change.title);
}

LineageRecord::LineageRecord(Connection& connection, ChangeSet const& change_set)
    : m_connection(connection), m_change_set(change_set) {
    std::set<GridCode> concerned;
    for (auto const& change : change_set.changes) {
        concerned.insert(change.after.code);
    }
    for (auto const& restoration : change_set.restorations) {
        concerned.insert(restoration.code);
    }
    std::set<std::pair<GridCode, GridCode>> pairs;
    AddressPoints points{connection};
    for (auto const& one : change_set.lineage) {
        if (!pairs.emplace(one.predecessor, one.successor).second) {
            throw Error{ErrorCode::usage, fmt::format("lineage from grid {} to {}: it is given twice",
                                                      one.predecessor.str(), one.successor.str())};
        }
        for (auto const& code : {one.predecessor, one.successor}) {
            if (!concerned.contains(code)) {
                throw Error{
                    ErrorCode::usage,
                    fmt::format("lineage of grid {}: it is not among the changes of the change set", code.str())};
            }
        }
        if (!m_addresses_before.contains(one.predecessor)) {
            m_addresses_before.emplace(one.predecessor,
                                       points.owned_by(known_shape(connection, one.predecessor, change_set.effective)));
        }
    }
}

void LineageRecord::write(std::int64_t change_set) {
    Statement insert{m_connection,
                     "INSERT INTO grid_lineage (change_set_id, predecessor, successor, area_m2, share_of_predecessor, "
                     "share_of_successor, addresses, predecessor_addresses, successor_addresses) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    struct After {
        geom::MultiPolygon shape;
        std::size_t addresses = 0;
    };
    std::map<GridCode, After> after;
    AddressPoints points{m_connection};
    for (auto const& one : m_change_set.lineage) {
        auto const [known, is_new] = after.try_emplace(one.successor);
        auto& successor = known->second;
        if (is_new) {
            successor.shape = known_shape(m_connection, one.successor, m_change_set.effective);
            successor.addresses = points.owned_by(successor.shape).size();
        }
        auto const& before = m_addresses_before.at(one.predecessor);
        auto const common =
            std::ranges::count_if(before, [&](geom::Point p) { return geom::owns(successor.shape, p); });
        insert.run(change_set, one.predecessor.str(), one.successor.str(), one.area_m2, one.share_of_predecessor,
                   one.share_of_successor, common, before.size(), successor.addresses);
    }
}

LineageTrail Registry::lineage(GridCode const& code) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    return {follow(connection, code, false), follow(connection, code, true)};
}

} // namespace wangge::registry
