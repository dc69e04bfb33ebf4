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

struct GridShapes {
    geom::MultiPolygon before, after;
    std::vector<geom::Point> addresses_before;
    std::uint64_t addresses_after = 0;
};

/// Of each grid that the lineage names: its shape before and after the change set, and the addresses of both.
std::map<GridCode, GridShapes> shapes_of(Connection& connection, ChangeSet const& change_set) {
    std::map<GridCode, GridShapes> shapes;
    for (auto const& lineage : change_set.lineage) {
        shapes[lineage.predecessor];
        shapes[lineage.successor];
    }
    std::map<GridCode, GridChange const*> changes;
    for (auto const& change : change_set.changes) {
        changes.emplace(change.after.code, &change);
    }
    Statement select{connection, "SELECT s.shape FROM grid_version v CROSS JOIN grid_shape s ON s.id = v.shape_id "
                                 "WHERE v.grid_code = ?1 AND v.recorded_to IS NULL AND v.valid_from <= ?2 "
                                 "AND ?2 < v.valid_to"};
    AddressPoints points{connection};
    for (auto& [code, of] : shapes) {
        auto const change = changes.find(code);
        if (change == changes.end()) {
            throw Error{ErrorCode::usage,
                        fmt::format("lineage of grid {}: it is not among the changes of the change set", code.str())};
        }
        select.query(code.str(), change_set.effective.days());
        if (select.step()) {
            of.before = read_shape(connection, code, select.blob(0));
        }
        auto const& kinds = change->second->kinds;
        auto const has = [&](ChangeKind kind) { return std::ranges::find(kinds, kind) != kinds.end(); };
        if (!has(ChangeKind::retired)) {
            of.after = has(ChangeKind::added) || has(ChangeKind::reshaped) ? change->second->after.shape : of.before;
        }
        of.addresses_before = points.owned_by(of.before);
        of.addresses_after = points.owned_by(of.after).size();
    }
    return shapes;
}

LineageStep read_step(Connection const& connection, Statement const& row) {
    LineageStep step;
    step.change_set = row.integer(0);
    step.ground.predecessor = grid_code(connection, row.text(1));
    step.ground.successor = grid_code(connection, row.text(2));
    step.ground.area_m2 = row.real(3);
    step.ground.share_of_predecessor = row.real(4);
    step.ground.share_of_successor = row.real(5);
    step.ground.addresses = static_cast<std::uint64_t>(row.integer(6));
    step.ground.predecessor_addresses = static_cast<std::uint64_t>(row.integer(7));
    step.ground.successor_addresses = static_cast<std::uint64_t>(row.integer(8));
    step.title = row.text(9);
    step.effective = Date{static_cast<std::int32_t>(row.integer(10))};
    if (!row.is_null(11)) {
        step.generation = row.integer(11);
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
        fmt::format("SELECT l.change_set_id, l.predecessor, l.successor, l.area_m2, l.share_of_predecessor, "
                    "l.share_of_successor, l.addresses, l.predecessor_addresses, l.successor_addresses, c.title, "
                    "c.effective, c.generation FROM grid_lineage l CROSS JOIN change_set c ON c.id = l.change_set_id "
                    "WHERE l.{} = ?1 AND l.change_set_id {} ?2",
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
            todo.emplace(sign * step.change_set, forward ? step.ground.successor : step.ground.predecessor);
            std::tuple key{step.change_set, step.ground.predecessor, step.ground.successor};
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

std::vector<Lineage> counted_lineage(Connection& connection, ChangeSet const& change_set) {
    auto const shapes = shapes_of(connection, change_set);
    std::set<std::pair<GridCode, GridCode>> pairs;
    auto lineage = change_set.lineage;
    for (auto& one : lineage) {
        if (!pairs.emplace(one.predecessor, one.successor).second) {
            throw Error{ErrorCode::usage, fmt::format("lineage from grid {} to {}: it is given twice",
                                                      one.predecessor.str(), one.successor.str())};
        }
        auto const& before = shapes.at(one.predecessor);
        auto const& after = shapes.at(one.successor);
        one.addresses = static_cast<std::uint64_t>(
            std::ranges::count_if(before.addresses_before, [&](geom::Point p) { return geom::owns(after.after, p); }));
        one.predecessor_addresses = before.addresses_before.size();
        one.successor_addresses = after.addresses_after;
    }
    return lineage;
}

void record_lineage(Connection& connection, std::int64_t change_set, std::span<Lineage const> lineage) {
    Statement insert{connection,
                     "INSERT INTO grid_lineage (change_set_id, predecessor, successor, area_m2, share_of_predecessor, "
                     "share_of_successor, addresses, predecessor_addresses, successor_addresses) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    for (auto const& one : lineage) {
        insert.run(change_set, one.predecessor.str(), one.successor.str(), one.area_m2, one.share_of_predecessor,
                   one.share_of_successor, one.addresses, one.predecessor_addresses, one.successor_addresses);
    }
}

LineageTrail Registry::lineage(GridCode const& code) const {
    auto& connection = m_impl->connection;
    Transaction const reading{connection, Transaction::Kind::read};
    return {follow(connection, code, false), follow(connection, code, true)};
}

} // namespace wangge::registry
