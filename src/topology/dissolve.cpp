#include "edge_table.hpp"

#include <wangge/base/error.hpp>
#include <wangge/topology/coverage.hpp>
#include <wangge/topology/rings.hpp>

#include <fmt/format.h>

namespace wangge::topology {

namespace {

struct GroupEdge {
    std::uint32_t group;
    DirectedEdge edge;
};

/// Edges that no other shape of the same group cancels.
std::vector<GroupEdge> border_edges(EdgeTable const& table) {
    std::vector<GroupEdge> border;
    table.for_each_edge([&](std::span<EdgeTable::Use const> uses) {
        for (std::size_t i = 0; i < uses.size(); ++i) {
            auto const& use = uses[i];
            bool seen = false;
            int forward = 0;
            for (std::size_t k = 0; k < uses.size(); ++k) {
                if (uses[k].owner() == use.owner()) {
                    seen = seen || k < i;
                    forward += uses[k].forward() ? 1 : -1;
                }
            }
            for (int n = std::abs(forward); !seen && n > 0;
                 --n) { // more than one only where shapes overlap: refused below
                border.push_back(
                    {use.owner(), forward > 0 ? DirectedEdge{use.low, use.high} : DirectedEdge{use.high, use.low}});
            }
        }
    });
    return border;
}

} // namespace

std::vector<geom::MultiPolygon> dissolve(std::span<geom::MultiPolygon const* const> shapes,
                                         std::span<std::uint32_t const> groups, std::size_t group_count) {
    if (shapes.size() != groups.size()) {
        throw Error{ErrorCode::usage, fmt::format("dissolve: {} shapes but {} groups", shapes.size(), groups.size())};
    }
    std::size_t edge_count = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        if (groups[i] >= group_count) {
            throw Error{ErrorCode::usage,
                        fmt::format("dissolve: group {} of shape {} is not below {}", groups[i], i, group_count)};
        }
        edge_count += geom::vertex_count(*shapes[i]);
    }
    EdgeTable table{edge_count};
    for (auto const* shape : shapes) {
        geom::for_each_edge(*shape, [&](Point a, Point b) { table.count(a, b); });
    }
    table.allocate();
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        geom::for_each_edge(*shapes[i], [&](Point a, Point b) { table.add(a, b, groups[i]); });
    }
    auto const border = border_edges(table);

    std::vector<std::size_t> begin(group_count + 1, 0);
    for (auto const& e : border) {
        ++begin[e.group + 1];
    }
    for (std::size_t g = 0; g < group_count; ++g) {
        begin[g + 1] += begin[g];
    }
    std::vector<DirectedEdge> by_group(border.size());
    auto next = begin;
    for (auto const& e : border) {
        by_group[next[e.group]++] = e.edge;
    }
    std::vector<geom::MultiPolygon> result(group_count);
    for (std::size_t g = 0; g < group_count; ++g) {
        result[g] = assemble_rings({by_group.begin() + static_cast<std::ptrdiff_t>(begin[g]),
                                    by_group.begin() + static_cast<std::ptrdiff_t>(begin[g + 1])});
    }
    return result;
}

} // namespace wangge::topology
