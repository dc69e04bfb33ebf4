#include "partition.hpp"

#include "random.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <queue>
#include <span>

namespace wangge::synth {

namespace {

struct Place {
    double x = 0, y = 0;
};

/// Smooth noise in [-1, 1] on a square raster of side 1: bilinear between hashed corners, eased.
double smooth_noise(double x, double y, std::uint64_t seed) noexcept {
    double const fx = std::floor(x);
    double const fy = std::floor(y);
    auto const ix = static_cast<std::int64_t>(fx);
    auto const iy = static_cast<std::int64_t>(fy);
    auto const corner = [&](std::int64_t dx, std::int64_t dy) {
        return 2 * unit_of(mix(mix(seed, static_cast<std::uint64_t>(ix + dx)), static_cast<std::uint64_t>(iy + dy))) -
               1;
    };
    double const u = (x - fx) * (x - fx) * (3 - 2 * (x - fx));
    double const v = (y - fy) * (y - fy) * (3 - 2 * (y - fy));
    double const low = corner(0, 0) * (1 - u) + corner(1, 0) * u;
    double const high = corner(0, 1) * (1 - u) + corner(1, 1) * u;
    return low * (1 - v) + high * v;
}

/// A town, a village or a grid to be given land: its grids and their weight.
struct Claim {
    std::size_t grids = 0;
    double weight = 0;
    std::uint32_t id = 0;
};

class Partitioner {
public:
    Partitioner(Mesh const& mesh, County const& county, CountyShare const& share, std::uint64_t seed)
        : m_mesh(mesh), m_county(county), m_share(share), m_seed(mix(seed, 0x70617274)), m_random(m_seed) {}

    Partition run() {
        measure();
        hand_out_land();
        grow();
        settle_islands();
        blunt_spikes();
        make_enclaves();
        cut_dedicated();
        return finish();
    }

private:
    // --- recursive bisection: land for claims ---

    void measure() {
        auto const n = m_mesh.size();
        m_centre.resize(n);
        m_warped.resize(n);
        geom::Envelope box;
        for (auto const p : m_mesh.points) {
            box.extend(p);
        }
        double const side = std::max(double{1} * box.max.lon - box.min.lon, double{1} * box.max.lat - box.min.lat) + 1;
        for (std::size_t t = 0; t < n; ++t) {
            Place c;
            for (auto const v : m_mesh.triangles[t]) {
                auto const p = m_mesh.points[static_cast<std::size_t>(v)];
                c.x += (double{1} * p.lon - box.min.lon) / 3;
                c.y += (double{1} * p.lat - box.min.lat) / 3;
            }
            m_centre[t] = c;
            // Straight cuts of a warped plane are winding cuts of the real one.
            double const far = 7 / side;
            double const near = 25 / side;
            m_warped[t] = {c.x + side * (0.045 * smooth_noise(c.x * far, c.y * far, m_seed + 1) +
                                         0.014 * smooth_noise(c.x * near, c.y * near, m_seed + 2)),
                           c.y + side * (0.045 * smooth_noise(c.x * far, c.y * far, m_seed + 3) +
                                         0.014 * smooth_noise(c.x * near, c.y * near, m_seed + 4))};
        }
        if (!m_mesh.settlement.centres.empty()) {
            m_core = {m_mesh.settlement.centres[0].lon - box.min.lon, m_mesh.settlement.centres[0].lat - box.min.lat};
        }
    }

    void hand_out_land() {
        if (m_mesh.size() < m_share.comprehensive) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{} {}: its outline is too small for {} grids; ask for a smaller --scale",
                                    m_county.code / 1000000, m_county.name, m_share.comprehensive)};
        }
        std::vector<std::int32_t> land(m_mesh.size());
        std::iota(land.begin(), land.end(), 0);
        m_owner.assign(m_mesh.size(), -1);
        // Weights of the single grids are drawn first: they add up to those of villages and towns.
        std::vector<std::vector<std::vector<double>>> weights(m_share.villages.size());
        std::vector<Claim> towns;
        for (std::size_t t = 0; t < m_share.villages.size(); ++t) {
            Claim town{0, 0, static_cast<std::uint32_t>(t)};
            for (auto const& village : m_share.villages[t]) {
                auto& list = weights[t].emplace_back();
                for (std::uint32_t g = 0; g < village.comprehensive; ++g) {
                    double const u = m_random.unit();
                    list.push_back(0.55 + 0.7 * u + 1.1 * u * u * u * u);
                    town.weight += list.back();
                }
                town.grids += village.comprehensive;
            }
            towns.push_back(town);
        }
        // Urban towns first: every cut gives the first half of the list the side towards the core.
        std::stable_partition(towns.begin(), towns.end(), [&](Claim const& c) { return m_county.towns[c.id].urban; });
        bisect(towns, land, m_core, [&](std::uint32_t town, std::span<std::int32_t> town_land) {
            std::vector<Claim> villages;
            for (std::size_t v = 0; v < m_share.villages[town].size(); ++v) {
                auto const& list = weights[town][v];
                villages.push_back(
                    {list.size(), std::accumulate(list.begin(), list.end(), 0.0), static_cast<std::uint32_t>(v)});
            }
            std::stable_partition(villages.begin(), villages.end(),
                                  [&](Claim const& c) { return m_county.towns[town].villages[c.id].urban; });
            bisect(villages, town_land, densest(town_land),
                   [&](std::uint32_t village, std::span<std::int32_t> village_land) {
                       std::vector<Claim> grids;
                       for (auto const weight : weights[town][village]) {
                           grids.push_back({1, weight, static_cast<std::uint32_t>(grids.size())});
                       }
                       bisect(grids, village_land, m_core, [&](std::uint32_t grid, std::span<std::int32_t> grid_land) {
                           auto const label = static_cast<std::int32_t>(m_grids.size());
                           m_grids.push_back({town, village, GridKind::comprehensive, grid + 1});
                           for (auto const triangle : grid_land) {
                               m_owner[static_cast<std::size_t>(triangle)] = label;
                           }
                           m_seeds.push_back(middle_of(grid_land));
                       });
                   });
        });
    }

    template <class F>
    void bisect(std::span<Claim> claims, std::span<std::int32_t> land, Place core, F const& hand_over) {
        if (claims.size() == 1) {
            hand_over(claims[0].id, land);
            return;
        }
        double total = 0;
        for (auto const& c : claims) {
            total += c.weight;
        }
        std::size_t first = 1;
        double weight = claims[0].weight;
        std::size_t grids = claims[0].grids;
        while (first + 1 < claims.size() && weight + claims[first].weight / 2 < total / 2) {
            weight += claims[first].weight;
            grids += claims[first].grids;
            ++first;
        }
        std::size_t others = 0;
        for (auto const& c : claims.subspan(first)) {
            others += c.grids;
        }
        auto cut = static_cast<std::size_t>(static_cast<double>(land.size()) * weight / total + 0.5);
        cut = std::clamp(cut, grids, land.size() - others);
        sort_along_axis(land, cut, core);
        bisect(claims.first(first), land.first(cut), core, hand_over);
        bisect(claims.subspan(first), land.subspan(cut), core, hand_over);
    }

    /// Moves the `cut` triangles nearest to the core, along the long axis of the land, to its front.
    void sort_along_axis(std::span<std::int32_t> land, std::size_t cut, Place core) {
        Place mean;
        for (auto const t : land) {
            mean.x += warped(t).x;
            mean.y += warped(t).y;
        }
        mean.x /= static_cast<double>(land.size());
        mean.y /= static_cast<double>(land.size());
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (auto const t : land) {
            double const x = warped(t).x - mean.x;
            double const y = warped(t).y - mean.y;
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        // Principal axis of the covariance: (lambda - yy, xy) with the larger eigenvalue lambda.
        double const half = (xx - yy) / 2;
        double const root = std::sqrt(half * half + xy * xy);
        Place axis{half + root, xy};
        double const length = std::sqrt(axis.x * axis.x + axis.y * axis.y);
        axis = length > 1e-6 * (xx + yy) ? Place{axis.x / length, axis.y / length} : Place{0, 1};
        if ((core.x - mean.x) * axis.x + (core.y - mean.y) * axis.y > 0) {
            axis = {-axis.x, -axis.y};
        }
        auto const along = [&](std::int32_t t) { return warped(t).x * axis.x + warped(t).y * axis.y; };
        std::nth_element(land.begin(), land.begin() + static_cast<std::ptrdiff_t>(cut), land.end(),
                         [&](std::int32_t a, std::int32_t b) {
                             double const pa = along(a);
                             double const pb = along(b);
                             return pa != pb ? pa < pb : a < b;
                         });
        // nth_element leaves an order that the standard does not fix.
        std::sort(land.begin(), land.begin() + static_cast<std::ptrdiff_t>(cut));
        std::sort(land.begin() + static_cast<std::ptrdiff_t>(cut), land.end());
    }

    [[nodiscard]] Place warped(std::int32_t t) const { return m_warped[static_cast<std::size_t>(t)]; }

    /// Where the triangles are smallest.
    [[nodiscard]] Place densest(std::span<std::int32_t const> land) const {
        double smallest = 1e300;
        Place place = m_core;
        for (auto const t : land) {
            auto const& v = m_mesh.triangles[static_cast<std::size_t>(t)];
            auto const a = m_mesh.points[static_cast<std::size_t>(v[0])];
            auto const b = m_mesh.points[static_cast<std::size_t>(v[1])];
            auto const c = m_mesh.points[static_cast<std::size_t>(v[2])];
            double const area = (double{1} * b.lon - a.lon) * (double{1} * c.lat - a.lat) -
                                (double{1} * b.lat - a.lat) * (double{1} * c.lon - a.lon);
            if (area < smallest) {
                smallest = area;
                place = m_centre[static_cast<std::size_t>(t)];
            }
        }
        return place;
    }

    [[nodiscard]] std::int32_t middle_of(std::span<std::int32_t const> land) const {
        Place mean;
        for (auto const t : land) {
            mean.x += m_centre[static_cast<std::size_t>(t)].x / static_cast<double>(land.size());
            mean.y += m_centre[static_cast<std::size_t>(t)].y / static_cast<double>(land.size());
        }
        auto const distance = [&](std::int32_t t) {
            auto const c = m_centre[static_cast<std::size_t>(t)];
            return (c.x - mean.x) * (c.x - mean.x) + (c.y - mean.y) * (c.y - mean.y);
        };
        return *std::min_element(land.begin(), land.end(),
                                 [&](std::int32_t a, std::int32_t b) { return distance(a) < distance(b); });
    }

    // --- growth from the middle of each grid's land over the triangles ---

    void grow() {
        m_label.assign(m_mesh.size(), -1);
        struct Step {
            double cost;
            std::int32_t triangle, label;
            bool operator>(Step const& o) const { return cost != o.cost ? cost > o.cost : triangle > o.triangle; }
        };
        std::priority_queue<Step, std::vector<Step>, std::greater<>> queue;
        std::vector<double> best(m_mesh.size(), 1e300);
        for (std::size_t g = 0; g < m_seeds.size(); ++g) {
            best[static_cast<std::size_t>(m_seeds[g])] = 0;
            queue.push({0, m_seeds[g], static_cast<std::int32_t>(g)});
        }
        while (!queue.empty()) {
            auto const step = queue.top();
            queue.pop();
            auto const t = static_cast<std::size_t>(step.triangle);
            if (m_label[t] >= 0) {
                continue;
            }
            m_label[t] = step.label;
            for (auto const u : m_mesh.neighbours[t]) {
                if (u < 0 || m_label[static_cast<std::size_t>(u)] >= 0) {
                    continue;
                }
                auto const a = m_centre[t];
                auto const b = m_centre[static_cast<std::size_t>(u)];
                double const length = std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
                // Uneven ground, so that cells are not convex; land handed to another grid is dearer still.
                auto const low = static_cast<std::uint64_t>(std::min(step.triangle, u));
                auto const high = static_cast<std::uint64_t>(std::max(step.triangle, u));
                double const ground = 0.6 + 0.8 * unit_of(mix(mix(m_seed, low), high));
                double const foreign = same_village(m_owner[static_cast<std::size_t>(u)], step.label) ? 1.0 : 1.8;
                double const cost = step.cost + length * ground * foreign;
                if (cost < best[static_cast<std::size_t>(u)]) {
                    best[static_cast<std::size_t>(u)] = cost;
                    queue.push({cost, u, step.label});
                }
            }
        }
    }

    [[nodiscard]] bool same_village(std::int32_t a, std::int32_t b) const {
        auto const& x = m_grids[static_cast<std::size_t>(a)];
        auto const& y = m_grids[static_cast<std::size_t>(b)];
        return x.town == y.town && x.village == y.village;
    }

    /// Parts of the county that hold no seed go whole to the grid whose land they lie in.
    void settle_islands() {
        std::vector<std::int32_t> queue;
        for (std::size_t t = 0; t < m_mesh.size(); ++t) {
            if (m_label[t] >= 0) {
                continue;
            }
            auto const label = m_owner[t];
            m_label[t] = label;
            queue.assign(1, static_cast<std::int32_t>(t));
            for (std::size_t k = 0; k < queue.size(); ++k) {
                for (auto const u : m_mesh.neighbours[static_cast<std::size_t>(queue[k])]) {
                    if (u >= 0 && m_label[static_cast<std::size_t>(u)] < 0) {
                        m_label[static_cast<std::size_t>(u)] = label;
                        queue.push_back(u);
                    }
                }
            }
        }
    }

    /// A triangle that hangs on its own grid by one edge and on another grid by two goes to the other. Nothing falls
    /// apart: it is a leaf.
    void blunt_spikes() {
        for (int pass = 0; pass < 2; ++pass) {
            for (std::size_t t = 0; t < m_mesh.size(); ++t) {
                auto const own = m_label[t];
                int at_home = 0;
                std::int32_t other = -1;
                int at_other = 0;
                for (auto const u : m_mesh.neighbours[t]) {
                    auto const label = u < 0 ? -1 : m_label[static_cast<std::size_t>(u)];
                    if (label == own) {
                        ++at_home;
                    } else if (label >= 0 && label == other) {
                        ++at_other;
                    } else if (label >= 0) {
                        other = label;
                        at_other = 1;
                    }
                }
                if (at_home == 1 && at_other == 2) {
                    m_label[t] = other;
                }
            }
        }
    }

    // --- pieces cut out afterwards ---

    /// Triangles around vertex `corner` of triangle `t`, counter-clockwise; empty when the county's outline passes
    /// through it.
    [[nodiscard]] std::vector<std::int32_t> star(std::int32_t t, int corner) const {
        std::vector<std::int32_t> around;
        auto const v = m_mesh.triangles[static_cast<std::size_t>(t)][static_cast<std::size_t>(corner)];
        auto u = t;
        do {
            around.push_back(u);
            auto const& vertices = m_mesh.triangles[static_cast<std::size_t>(u)];
            int const i = vertices[0] == v ? 0 : (vertices[1] == v ? 1 : 2);
            u = m_mesh.neighbours[static_cast<std::size_t>(u)][static_cast<std::size_t>((i + 1) % 3)];
            if (u < 0) {
                return {};
            }
        } while (u != t);
        return around;
    }

    [[nodiscard]] bool all_of(std::vector<std::int32_t> const& triangles, std::int32_t label) const {
        return !triangles.empty() && std::all_of(triangles.begin(), triangles.end(), [&](std::int32_t t) {
            return m_label[static_cast<std::size_t>(t)] == label;
        });
    }

    /**
     * A star to cut out of the grid so that a hole remains. Best one whose rim touches no border; next one that touches
     * it in points, as long as the rest of the grid hangs together.
     */
    [[nodiscard]] std::vector<std::int32_t> inner_star(std::int32_t label) const {
        std::vector<std::int32_t> touching;
        for (auto const t : m_members[static_cast<std::size_t>(label)]) {
            for (int corner = 0; corner < 3; ++corner) {
                auto const around = star(t, corner);
                if (around.empty() || around.front() != *std::min_element(around.begin(), around.end()) ||
                    !all_of(around, label)) {
                    continue; // the same star stands at each of its triangles; the smallest one speaks for it
                }
                bool const inside = std::all_of(around.begin(), around.end(), [&](std::int32_t u) {
                    auto const& n = m_mesh.neighbours[static_cast<std::size_t>(u)];
                    return std::all_of(n.begin(), n.end(), [&](std::int32_t w) {
                        return w >= 0 && m_label[static_cast<std::size_t>(w)] == label;
                    });
                });
                if (!inside) {
                    continue;
                }
                bool const free = std::all_of(around.begin(), around.end(), [&](std::int32_t u) {
                    return all_of(star(u, 0), label) && all_of(star(u, 1), label) && all_of(star(u, 2), label);
                });
                if (free) {
                    return around;
                }
                if (touching.empty() && count_pieces(label, around) == count_pieces(label, {})) {
                    touching = around;
                }
            }
        }
        return touching;
    }

    /// A few neighbouring triangles whose removal leaves the rest of the grid in as many pieces as before.
    [[nodiscard]] std::vector<std::int32_t> removable_piece(std::int32_t label) {
        auto const& members = m_members[static_cast<std::size_t>(label)];
        if (members.size() < 2) {
            return {};
        }
        auto const size = std::clamp<std::size_t>(members.size() / 4, 1, 5);
        auto const pieces_before = count_pieces(label, {});
        auto const start = m_random.below(members.size());
        for (std::size_t want = size; want >= 1; --want) {
            for (std::size_t k = 0; k < members.size(); ++k) {
                std::vector<std::int32_t> piece{members[(start + k) % members.size()]};
                for (std::size_t i = 0; i < piece.size() && piece.size() < want; ++i) {
                    for (auto const u : m_mesh.neighbours[static_cast<std::size_t>(piece[i])]) {
                        if (u >= 0 && m_label[static_cast<std::size_t>(u)] == label && piece.size() < want &&
                            std::find(piece.begin(), piece.end(), u) == piece.end()) {
                            piece.push_back(u);
                        }
                    }
                }
                if (piece.size() == want && count_pieces(label, piece) == pieces_before) {
                    return piece;
                }
            }
        }
        return {};
    }

    [[nodiscard]] std::size_t count_pieces(std::int32_t label, std::vector<std::int32_t> const& without) const {
        std::vector<std::int32_t> seen = without;
        std::size_t pieces = 0;
        for (auto const t : m_members[static_cast<std::size_t>(label)]) {
            if (std::find(seen.begin(), seen.end(), t) != seen.end()) {
                continue;
            }
            ++pieces;
            auto k = seen.size();
            seen.push_back(t);
            for (; k < seen.size(); ++k) {
                for (auto const u : m_mesh.neighbours[static_cast<std::size_t>(seen[k])]) {
                    if (u >= 0 && m_label[static_cast<std::size_t>(u)] == label &&
                        std::find(seen.begin(), seen.end(), u) == seen.end()) {
                        seen.push_back(u);
                    }
                }
            }
        }
        return pieces;
    }

    void list_members() {
        m_members.assign(m_grids.size(), {});
        for (std::size_t t = 0; t < m_label.size(); ++t) {
            m_members[static_cast<std::size_t>(m_label[t])].push_back(static_cast<std::int32_t>(t));
        }
    }

    void give(std::vector<std::int32_t> const& triangles, std::int32_t from, std::int32_t to) {
        for (auto const t : triangles) {
            m_label[static_cast<std::size_t>(t)] = to;
        }
        auto& old = m_members[static_cast<std::size_t>(from)];
        std::erase_if(old, [&](std::int32_t t) { return m_label[static_cast<std::size_t>(t)] != from; });
        auto& now = m_members[static_cast<std::size_t>(to)];
        now.insert(now.end(), triangles.begin(), triangles.end());
        std::sort(now.begin(), now.end());
    }

    /// Land of one grid inside another of the same village, as history leaves it: multi-part grids away from the sea.
    void make_enclaves() {
        list_members();
        constexpr double kShare = 0.03; // of the grids that have room for one
        for (std::size_t g = 0; g < m_grids.size(); ++g) {
            auto const label = static_cast<std::int32_t>(g);
            auto const sibling = g + 1 < m_grids.size() && same_village(label, label + 1) ? label + 1 : label - 1;
            if (sibling < 0 || !same_village(label, sibling) || !m_random.chance(kShare)) {
                continue;
            }
            if (auto const piece = inner_star(label); !piece.empty()) {
                give(piece, label, sibling);
            }
        }
    }

    void cut_dedicated() {
        struct Order {
            std::uint32_t town, village, count;
        };
        // Grids of a village stand together in m_grids.
        std::vector<std::vector<std::vector<std::int32_t>>> of_village(m_share.villages.size());
        for (std::size_t t = 0; t < m_share.villages.size(); ++t) {
            of_village[t].resize(m_share.villages[t].size());
        }
        for (std::size_t g = 0; g < m_grids.size(); ++g) {
            of_village[m_grids[g].town][m_grids[g].village].push_back(static_cast<std::int32_t>(g));
        }
        std::uint64_t left_over = 0;
        for (std::uint32_t t = 0; t < m_share.villages.size(); ++t) {
            for (std::uint32_t v = 0; v < m_share.villages[t].size(); ++v) {
                for (std::uint32_t k = 0; k < m_share.villages[t][v].dedicated; ++k) {
                    if (!cut_one(t, v, k, of_village[t][v])) {
                        ++left_over;
                    }
                }
            }
        }
        // A village without room passes its dedicated grid on to the next one that has.
        for (std::uint32_t t = 0; t < m_share.villages.size(); ++t) {
            for (std::uint32_t v = 0; v < m_share.villages[t].size() && left_over > 0; ++v) {
                auto const taken =
                    static_cast<std::uint32_t>(std::count_if(m_grids.begin(), m_grids.end(), [&](GridPlan const& g) {
                        return g.kind == GridKind::dedicated && g.town == t && g.village == v;
                    }));
                if (cut_one(t, v, taken, of_village[t][v])) {
                    --left_over;
                }
            }
        }
        if (left_over > 0) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{} {}: no room for {} dedicated grids; ask for a smaller --scale",
                                    m_county.code / 1000000, m_county.name, left_over)};
        }
    }

    bool cut_one(std::uint32_t town, std::uint32_t village, std::uint32_t number,
                 std::vector<std::int32_t> const& hosts) {
        auto const label = static_cast<std::int32_t>(m_grids.size());
        auto const take = [&](std::int32_t host, std::vector<std::int32_t> const& piece) {
            m_grids.push_back({town, village, GridKind::dedicated, CodeProfile{}.dedicated_first + number});
            m_members.emplace_back();
            give(piece, host, label);
            return true;
        };
        auto const start = m_random.below(hosts.size());
        for (std::size_t k = 0; k < hosts.size(); ++k) {
            auto const host = hosts[(start + k) % hosts.size()];
            if (auto const piece = inner_star(host); !piece.empty()) {
                return take(host, piece);
            }
        }
        auto const largest = *std::max_element(hosts.begin(), hosts.end(), [&](std::int32_t a, std::int32_t b) {
            return m_members[static_cast<std::size_t>(a)].size() < m_members[static_cast<std::size_t>(b)].size();
        });
        auto const piece = removable_piece(largest);
        return !piece.empty() && take(largest, piece);
    }

    Partition finish() {
        std::vector<std::int32_t> order(m_grids.size());
        std::iota(order.begin(), order.end(), 0);
        auto const key = [&](std::int32_t g) {
            auto const& plan = m_grids[static_cast<std::size_t>(g)];
            return std::tuple{m_county.towns[plan.town].villages[plan.village].code, plan.sequence};
        };
        std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return key(a) < key(b); });
        std::vector<std::int32_t> place(order.size());
        Partition result;
        for (std::size_t i = 0; i < order.size(); ++i) {
            place[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
            result.grids.push_back(m_grids[static_cast<std::size_t>(order[i])]);
        }
        result.grid_of.reserve(m_label.size());
        for (auto const label : m_label) {
            result.grid_of.push_back(place[static_cast<std::size_t>(label)]);
        }
        return result;
    }

    Mesh const& m_mesh;
    County const& m_county;
    CountyShare const& m_share;
    std::uint64_t m_seed;
    Random m_random;
    Place m_core;
    std::vector<Place> m_centre, m_warped; // centroid of each triangle, and where the cuts see it
    std::vector<std::int32_t> m_owner;     // grid whose land a triangle lay in before growth
    std::vector<std::int32_t> m_label;     // grid of each triangle
    std::vector<std::int32_t> m_seeds;     // triangle of each grid
    std::vector<GridPlan> m_grids;
    std::vector<std::vector<std::int32_t>> m_members; // triangles of each grid
};

} // namespace

Partition partition(Mesh const& mesh, County const& county, CountyShare const& share, std::uint64_t seed) {
    return Partitioner{mesh, county, share, seed}.run();
}

} // namespace wangge::synth
