#include "areas.hpp"
#include "arrangement.hpp"

#include <wangge/topology/moved_areas.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace wangge::topology {

namespace {

using Owner = std::optional<std::size_t>;

/// Owners of one side that cover a region; nobody when none does. Owner i of the side has number 2 i + side.
std::vector<Owner> owners(std::span<OwnerCount const> cover, std::uint32_t side) {
    std::vector<Owner> list;
    for (auto const& [owner, count] : cover) {
        if (owner % 2 == side && count > 0) {
            list.emplace_back(owner / 2);
        }
    }
    if (list.empty()) {
        list.emplace_back();
    }
    return list;
}

} // namespace

std::vector<MovedArea> moved_areas(std::span<geom::MultiPolygon const* const> before,
                                   std::span<geom::MultiPolygon const* const> after) {
    std::vector<OwnedEdge> edges;
    auto const add = [&](std::span<geom::MultiPolygon const* const> shapes, std::uint32_t side) {
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            if (shapes[i] != nullptr) {
                geom::for_each_edge(*shapes[i], [&](geom::Point a, geom::Point b) {
                    if (a != b) {
                        edges.push_back({a, b, static_cast<std::uint32_t>(2 * i + side), false});
                    }
                });
            }
        }
    };
    add(before, 0);
    add(after, 1);
    if (edges.empty()) {
        return {};
    }
    Arrangement const arrangement{std::move(edges)};
    auto const cover = covers(arrangement, [](std::uint32_t owner) { return owner; });
    std::map<std::pair<Owner, Owner>, std::vector<std::uint32_t>> regions;
    for (std::uint32_t region = 0; region < cover.size(); ++region) {
        auto const was = owners(cover[region], 0), is = owners(cover[region], 1);
        for (auto const& from : was) {
            for (auto const& to : is) {
                bool const stays = std::ranges::find(is, from) != is.end() || std::ranges::find(was, to) != was.end();
                if (from != to && !stays) {
                    regions[{from, to}].push_back(region);
                }
            }
        }
    }
    AreaTracer tracer{arrangement};
    std::vector<MovedArea> moved;
    for (auto const& [owners_of, list] : regions) {
        auto traced = tracer.trace(list);
        moved.push_back({owners_of.first, owners_of.second, std::move(traced.shape), traced.at, traced.area_m2});
    }
    return moved;
}

} // namespace wangge::topology
