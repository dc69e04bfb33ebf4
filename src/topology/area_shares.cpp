#include "areas.hpp"
#include "box_pairs.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/area_shares.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace wangge::topology {

namespace {

using Shapes = std::span<geom::MultiPolygon const* const>;

/// For each shape before, the place of the same owner's among those after, or kNobody; empty when none has one.
using Keepers = std::vector<std::uint32_t>;

/// Pairs of shapes that are the same; kNobody for a shape without such a partner. None has two in a coverage.
std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> same_shapes(Shapes before, Shapes after,
                                                                              Keepers const& keepers) {
    std::pair same{std::vector<std::uint32_t>(before.size(), kNobody),
                   std::vector<std::uint32_t>(after.size(), kNobody)};
    std::multimap<geom::Envelope, std::uint32_t> by_envelope;
    for (std::uint32_t i = 0; i < before.size(); ++i) {
        by_envelope.emplace(geom::envelope_of(*before[i]), i);
    }
    for (std::uint32_t k = 0; k < after.size(); ++k) {
        auto const [first, last] = by_envelope.equal_range(geom::envelope_of(*after[k]));
        for (auto it = first; it != last; ++it) {
            auto const i = it->second;
            bool const another_keeps = !keepers.empty() && keepers[i] != kNobody && keepers[i] != k;
            if (!after[k]->empty() && same.first[i] == kNobody && !another_keeps && *before[i] == *after[k]) {
                same.first[i] = k;
                same.second[k] = i;
                break;
            }
        }
    }
    return same;
}

/// For each shape before and after, the shapes of the other side whose envelopes meet its own; of those that stay the
/// same only where others may come to lie over them.
struct Candidates {
    std::vector<std::vector<std::uint32_t>> of_before, of_after;
};

Candidates candidates(Shapes before, Shapes after, auto const& same, bool overlapping) {
    std::vector<Boxed> boxes;
    auto const offset = static_cast<std::uint32_t>(before.size());
    for (std::uint32_t i = 0; i < before.size(); ++i) {
        if ((overlapping || same.first[i] == kNobody) && !before[i]->empty()) {
            boxes.push_back({geom::envelope_of(*before[i]), i});
        }
    }
    for (std::uint32_t k = 0; k < after.size(); ++k) {
        if (same.second[k] == kNobody && !after[k]->empty()) {
            boxes.push_back({geom::envelope_of(*after[k]), offset + k});
        }
    }
    Candidates found{std::vector<std::vector<std::uint32_t>>(before.size()),
                     std::vector<std::vector<std::uint32_t>>(after.size())};
    for_each_box_pair(std::move(boxes), [&](std::uint32_t a, std::uint32_t b) {
        auto const [i, k] = std::minmax(a, b);
        if (i < offset && k >= offset) {
            found.of_before[i].push_back(k - offset);
            found.of_after[k - offset].push_back(i);
        }
    });
    for (auto* side : {&found.of_before, &found.of_after}) {
        for (auto& list : *side) {
            std::sort(list.begin(), list.end());
        }
    }
    return found;
}

/// One shape laid over others: which of its regions lie in which of them, and which in none.
class Overlay {
public:
    /// What lies in the one with the number `keeper` counts for no other.
    Overlay(geom::MultiPolygon const& shape, Shapes others, std::vector<std::uint32_t> const& numbers,
            std::uint32_t keeper = kNobody)
        : m_arrangement(edges_of(shape, others, numbers)), m_tracer(m_arrangement), m_within(numbers.size()) {
        auto const owners = covers(m_arrangement, [](std::uint32_t owner) { return owner; });
        for (std::uint32_t region = 0; region < owners.size(); ++region) {
            if (owners[region].empty() || owners[region].front().owner != 0) {
                continue;
            }
            auto here = std::span{owners[region]}.subspan(1);
            for (std::size_t n = 0; n < here.size(); ++n) {
                if (numbers[here[n].owner - 1] == keeper) {
                    here = here.subspan(n, 1);
                    break;
                }
            }
            for (auto const& other : here) {
                m_within[other.owner - 1].push_back(region);
            }
            if (owners[region].size() == 1) {
                m_alone.push_back(region);
            }
        }
    }
    /// Regions in the n-th of the others.
    [[nodiscard]] std::vector<std::uint32_t> const& within(std::size_t n) const { return m_within[n]; }
    [[nodiscard]] std::vector<std::uint32_t> const& alone() const noexcept { return m_alone; }
    /// How many it has ground in common with; nobody is one of them.
    [[nodiscard]] std::size_t parts() const {
        auto const some = std::ranges::count_if(m_within, [](auto const& regions) { return !regions.empty(); });
        return static_cast<std::size_t>(some) + (m_alone.empty() ? 0U : 1U);
    }
    [[nodiscard]] TracedArea trace(std::vector<std::uint32_t> const& regions) { return m_tracer.trace(regions); }

private:
    static std::vector<OwnedEdge> edges_of(geom::MultiPolygon const& shape, Shapes others,
                                           std::vector<std::uint32_t> const& numbers) {
        std::vector<OwnedEdge> edges;
        auto const add = [&](geom::MultiPolygon const& one, std::uint32_t owner) {
            geom::for_each_edge(one, [&](Point a, Point b) { edges.push_back({a, b, owner, false}); });
        };
        add(shape, 0);
        for (std::uint32_t n = 0; n < numbers.size(); ++n) {
            add(*others[numbers[n]], n + 1);
        }
        return edges;
    }

    Arrangement m_arrangement;
    AreaTracer m_tracer;
    std::vector<std::vector<std::uint32_t>> m_within;
    std::vector<std::uint32_t> m_alone;
};

std::vector<double> areas_of(Shapes shapes) {
    std::vector<double> areas;
    areas.reserve(shapes.size());
    for (auto const* shape : shapes) {
        areas.push_back(geom::area_m2(*shape));
    }
    return areas;
}

double share_of(double part, double whole) { return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0.0; }

std::vector<AreaShare> shares_of(Shapes before, Shapes after, Keepers const& keepers, ShareShapes with) {
    auto const same = same_shapes(before, after, keepers);
    auto const near = candidates(before, after, same, !keepers.empty());
    auto const area_before = areas_of(before);
    auto const area_after = areas_of(after);
    std::vector<AreaShare> shares;
    auto const add = [&](std::uint32_t i, std::uint32_t k, TracedArea traced) {
        auto& share = shares.emplace_back(AreaShare{i, k, std::max(traced.area_m2, 0.0), 0, 0, {}, traced.at});
        if (with == ShareShapes::with) {
            share.shape = std::move(traced.shape);
        }
    };
    std::vector<char> whole_before(before.size(), 0), whole_after(after.size(), 0); // with one partner only
    for (std::uint32_t i = 0; i < before.size(); ++i) {
        if (same.first[i] != kNobody) {
            shares.push_back({i, same.first[i], area_before[i], 1, 1, {}, before[i]->parts[0].outer[0]});
            if (with == ShareShapes::with) {
                shares.back().shape = *before[i];
            }
            continue;
        }
        if (before[i]->empty()) {
            continue;
        }
        auto const& numbers = near.of_before[i];
        Overlay overlay{*before[i], after, numbers, keepers.empty() ? kNobody : keepers[i]};
        for (std::size_t n = 0; n < numbers.size(); ++n) {
            if (!overlay.within(n).empty()) {
                add(i, numbers[n], overlay.trace(overlay.within(n)));
            }
        }
        if (!overlay.alone().empty()) {
            add(i, kNobody, overlay.trace(overlay.alone()));
        }
        whole_before[i] = overlay.parts() == 1 ? 1 : 0;
    }
    for (std::uint32_t k = 0; k < after.size(); ++k) {
        if (same.second[k] != kNobody || after[k]->empty()) {
            continue;
        }
        Overlay overlay{*after[k], before, near.of_after[k]};
        if (!overlay.alone().empty()) {
            add(kNobody, k, overlay.trace(overlay.alone()));
        }
        whole_after[k] = overlay.parts() == 1 ? 1 : 0;
    }
    for (auto& share : shares) {
        bool const all_before = share.before != kNobody && whole_before[share.before] != 0;
        bool const all_after = share.after != kNobody && whole_after[share.after] != 0;
        if (all_before || all_after) { // no need to measure it anew
            share.area_m2 = all_before ? area_before[share.before] : area_after[share.after];
        }
        if (share.before != kNobody) {
            share.share_of_before = all_before ? 1 : share_of(share.area_m2, area_before[share.before]);
        }
        if (share.after != kNobody) {
            share.share_of_after = all_after ? 1 : share_of(share.area_m2, area_after[share.after]);
        }
    }
    std::sort(shares.begin(), shares.end(), [](AreaShare const& a, AreaShare const& b) {
        return std::tie(a.before, a.after) < std::tie(b.before, b.after);
    });
    return shares;
}

} // namespace

std::vector<AreaShare> area_shares(Shapes before, Shapes after, ShareShapes with) {
    return shares_of(before, after, {}, with);
}

std::vector<GroundShare> ground_shares(std::span<ShapeChange const> changes, ShareShapes with) {
    std::vector<geom::MultiPolygon const*> before, after;
    std::vector<GridCode> from, to;
    Keepers keepers;
    for (auto const& change : changes) {
        if (change.before != nullptr) {
            before.push_back(change.before);
            from.push_back(change.code);
            keepers.push_back(change.after == nullptr ? kNobody : static_cast<std::uint32_t>(after.size()));
        }
        if (change.after != nullptr) {
            after.push_back(change.after);
            to.push_back(change.code);
        }
    }
    std::vector<GroundShare> ground;
    for (auto& share : shares_of(before, after, keepers, with)) {
        ground.push_back({share.before == kNobody ? std::nullopt : std::optional{from[share.before]},
                          share.after == kNobody ? std::nullopt : std::optional{to[share.after]}, share.area_m2,
                          share.share_of_before, share.share_of_after, std::move(share.shape)});
    }
    return ground;
}

} // namespace wangge::topology
