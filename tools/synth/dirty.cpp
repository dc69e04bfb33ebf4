#include "dirty.hpp"

#include "random.hpp"

#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace wangge::synth {

namespace {

using geom::Point;

struct EdgeKey {
    Point a, b;
    bool operator==(EdgeKey const&) const = default;
};
struct EdgeKeyHash {
    std::size_t operator()(EdgeKey const& e) const noexcept {
        return std::hash<Point>{}(e.a) * 3 + std::hash<Point>{}(e.b);
    }
};

/// A vertex of a ring: the ring and the position in it.
struct Spot {
    geom::Ring* ring = nullptr;
    std::size_t index = 0;

    [[nodiscard]] Point at(std::ptrdiff_t step = 0) const {
        auto const n = static_cast<std::ptrdiff_t>(ring->size());
        return (*ring)[static_cast<std::size_t>((static_cast<std::ptrdiff_t>(index) + step + n) % n)];
    }
};

bool in_triangle(Point a, Point b, Point c, Point p) {
    int const x = geom::orientation(a, b, p);
    int const y = geom::orientation(b, c, p);
    int const z = geom::orientation(c, a, p);
    return (x >= 0 && y >= 0 && z >= 0) || (x <= 0 && y <= 0 && z <= 0);
}

bool cross_properly(Point a, Point b, Point c, Point d) {
    return geom::orientation(a, b, c) * geom::orientation(a, b, d) < 0 &&
           geom::orientation(c, d, a) * geom::orientation(c, d, b) < 0;
}

/// Where a-b and c-d, which cross properly, do so, to the nearest lattice position.
Point crossing(Point a, Point b, Point c, Point d) {
    double const x = double{1} * b.lon - a.lon, y = double{1} * b.lat - a.lat;
    double const u = double{1} * d.lon - c.lon, v = double{1} * d.lat - c.lat;
    double const share = ((double{1} * c.lon - a.lon) * v - (double{1} * c.lat - a.lat) * u) / (x * v - y * u);
    return {a.lon + static_cast<std::int32_t>(std::lround(x * share)),
            a.lat + static_cast<std::int32_t>(std::lround(y * share))};
}

constexpr char const* kComprehensive = "综合网格";

double ring_area_m2(geom::Ring const& ring) { return std::abs(geom::area_m2(ring)); }

class Vandal {
public:
    Vandal(CountyData& data, Reference const& reference, std::uint64_t seed)
        : m_data(data)
        , m_county(reference.counties[data.county])
        , m_random(mix(seed, 0x64697274))
        , m_clean(data.features.size())
        , m_used(m_clean, false) {
        for (std::size_t f = 0; f < m_clean; ++f) {
            geom::for_each_edge(m_data.features[f].shape, [&](Point a, Point b) {
                m_owner[{a, b}] = f;
                ++m_degree[a];
            });
            m_codes.insert(m_data.features[f].code);
            m_of_village[m_data.features[f].village_code].push_back(f);
        }
        mark_border(reference);
        m_order.resize(m_clean);
        std::iota(m_order.begin(), m_order.end(), std::size_t{0});
        for (std::size_t i = m_clean; i > 1; --i) {
            std::swap(m_order[i - 1], m_order[m_random.below(i)]);
        }
    }

    void plant(std::uint64_t of_each_kind) {
        using Attempt = bool (Vandal::*)(std::size_t);
        static constexpr std::array<Attempt, std::size(kDefectKinds)> kAttempts{&Vandal::outside_county,
                                                                                &Vandal::county_not_filled,
                                                                                &Vandal::village_without_grids,
                                                                                &Vandal::overlap,
                                                                                &Vandal::gap,
                                                                                &Vandal::sliver,
                                                                                &Vandal::edge_not_matched,
                                                                                &Vandal::self_crossing,
                                                                                &Vandal::repeated_point,
                                                                                &Vandal::collapsed_ring,
                                                                                &Vandal::wrong_nesting,
                                                                                &Vandal::empty_geometry,
                                                                                &Vandal::unsupported_geometry,
                                                                                &Vandal::outside_lattice,
                                                                                &Vandal::duplicate_geometry,
                                                                                &Vandal::duplicate_code,
                                                                                &Vandal::unknown_village,
                                                                                &Vandal::missing_attribute,
                                                                                &Vandal::malformed_code,
                                                                                &Vandal::malformed_value,
                                                                                &Vandal::unreadable_text};
        // Round by round, so that a county short of places gets some of every kind; the fastidious kinds come first in
        // each round.
        std::array<std::size_t, kAttempts.size()> next{};
        for (std::uint64_t round = 0; round < of_each_kind; ++round) {
            for (std::size_t k = 0; k < kAttempts.size(); ++k) {
                m_kind = kDefectKinds[k];
                m_round = round;
                for (bool done = false; !done && next[k] < m_order.size(); ++next[k]) {
                    auto const feature = m_order[next[k]];
                    // Whether a grid reaches over the border of its county depends on what lies beyond, so grids on
                    // such a border are spoilt in no other way.
                    bool const kept_for_reaching = m_on_border[feature] && k != 0;
                    done = !m_used[feature] && !kept_for_reaching && (this->*kAttempts[k])(feature);
                }
            }
        }
    }

private:
    Feature& feature(std::size_t f) { return m_data.features[f]; }

    void record(std::vector<std::size_t> const& features, std::string const& codes, Point at, double measure,
                char const* unit, std::string const& detail) {
        for (auto const f : features) {
            m_used[f] = true;
        }
        ++m_data.defect_count;
        fmt::format_to(std::back_inserter(m_data.defects), "{},{},{:.7f},{:.7f},{:.3f},{},{}\r\n", m_kind, codes,
                       geom::to_degrees(at.lon), geom::to_degrees(at.lat), measure, unit, detail);
    }

    /// Which edges of the outline no other county has, and which grids have one that another county has.
    void mark_border(Reference const& reference) {
        auto const box = geom::envelope_of(m_county.outline);
        std::unordered_set<EdgeKey, EdgeKeyHash> beyond;
        for (auto const& other : reference.counties) {
            if (&other != &m_county && geom::envelope_of(other.outline).intersects(box)) {
                geom::for_each_edge(other.outline, [&](Point a, Point b) {
                    beyond.insert({a, b});
                    beyond.insert({b, a});
                });
            }
        }
        m_on_border.assign(m_clean, false);
        for (std::size_t f = 0; f < m_clean; ++f) {
            geom::for_each_edge(feature(f).shape, [&](Point a, Point b) {
                if (!owner(b, a)) {
                    bool const shared = beyond.contains({a, b});
                    m_on_border[f] = m_on_border[f] || shared;
                    if (!shared) {
                        m_rim.insert({a, b});
                    }
                }
            });
        }
    }

    /// A code of the grid's village that was not issued yet; the kind of the grid follows from it.
    std::string fresh_code(Feature const& like) {
        for (int sequence = 799; sequence > 0; --sequence) {
            auto code = fmt::format("{}{:03}", like.village_code, sequence);
            if (m_codes.insert(code).second) {
                return code;
            }
        }
        return {};
    }

    /// A small triangle well inside the grid; empty when it has no room.
    [[nodiscard]] geom::Ring inner_triangle(std::size_t f, double share) {
        auto const middle = geom::interior_point(feature(f).shape);
        double const room = std::min(30.0, geom::distance_to_boundary_m(feature(f).shape, middle) / 2);
        if (room < 2) {
            return {};
        }
        auto const units = static_cast<std::int32_t>(room * share * 80); // some 90 units are a metre
        return {{middle.lon - units, middle.lat - units / 2},
                {middle.lon + units, middle.lat - units / 2},
                {middle.lon, middle.lat + units}};
    }

    [[nodiscard]] bool is_plain(std::size_t f) {
        auto const& parts = feature(f).shape.parts;
        return parts.size() == 1 && parts.front().holes.empty();
    }

    [[nodiscard]] std::optional<std::size_t> owner(Point a, Point b) const {
        auto const found = m_owner.find({a, b});
        return found == m_owner.end() ? std::nullopt : std::optional{found->second};
    }

    /// Calls `visit(spot, other)` for each vertex that lies between two grids only, `f` and one that is not spoilt yet,
    /// until it says true.
    template <class F>
    bool any_shared(std::size_t f, F const& visit) {
        bool found = false;
        auto const look = [&](geom::Ring& ring) {
            for (std::size_t i = 0; i < ring.size() && !found && ring.size() > 6; ++i) {
                Spot const spot{&ring, i};
                auto const other = owner(spot.at(), spot.at(-1));
                if (!other || *other == f || m_used[*other] || m_on_border[*other] ||
                    owner(spot.at(1), spot.at()) != other || m_degree.at(spot.at()) != 2) {
                    continue;
                }
                found = visit(spot, *other);
            }
        };
        for (auto& part : feature(f).shape.parts) {
            look(part.outer);
            for (auto& hole : part.holes) {
                look(hole);
            }
        }
        return found;
    }

    /// Does the closed triangle hold a vertex of the grid other than its own three?
    [[nodiscard]] bool holds_vertex(Point a, Point b, Point c, std::size_t f) {
        bool found = false;
        geom::for_each_ring(feature(f).shape, [&](geom::Ring const& ring) {
            found = found || std::any_of(ring.begin(), ring.end(), [&](Point p) {
                        return p != a && p != b && p != c && in_triangle(a, b, c, p);
                    });
        });
        return found;
    }

    /// Leaves out a vertex of one side only: where the border bends inward the neighbour is overlapped, where it bends
    /// outward a gap opens.
    bool drop_vertex(std::size_t f, int turn) {
        Spot best;
        std::size_t best_other = 0;
        double best_area = 10; // m2; below lie the slivers
        any_shared(f, [&](Spot spot, std::size_t other) {
            auto const u = spot.at(-1);
            auto const p = spot.at();
            auto const w = spot.at(1);
            double const area = ring_area_m2({u, p, w});
            if (geom::orientation(u, p, w) == turn && area > best_area && geom::distance_to_segment_m(p, u, w) > 1 &&
                !holds_vertex(u, p, w, f) && !holds_vertex(u, p, w, other)) {
                best = spot;
                best_other = other;
                best_area = area;
            }
            return false;
        });
        if (best.ring == nullptr) {
            return false;
        }
        auto const at = best.at();
        record({f, best_other}, feature(f).code + ";" + feature(best_other).code, at, best_area, "m2",
               "one side leaves out this vertex");
        best.ring->erase(best.ring->begin() + static_cast<std::ptrdiff_t>(best.index));
        return true;
    }
    bool overlap(std::size_t f) {
        return fill_enclave(f) || (m_round % 3 == 1 && draw_inside(f)) || drop_vertex(f, -1);
    }
    bool gap(std::size_t f) { return (m_round % 2 == 1 && wedge(f)) || drop_vertex(f, 1); }

    /// The grid round an enclave is drawn without its hole.
    bool fill_enclave(std::size_t f) {
        for (auto& part : feature(f).shape.parts) {
            for (auto hole = part.holes.begin(); hole != part.holes.end(); ++hole) {
                auto const other = owner((*hole)[1], (*hole)[0]);
                if (!other || m_used[*other] || m_on_border[*other] || !is_plain(*other) ||
                    feature(*other).shape.parts.front().outer.size() != hole->size()) {
                    continue;
                }
                record({f, *other}, feature(f).code + ";" + feature(*other).code,
                       geom::interior_point(feature(*other).shape), geom::area_m2(feature(*other).shape), "m2",
                       "the hole for the second grid is filled");
                part.holes.erase(hole);
                return true;
            }
        }
        return false;
    }

    /// A further grid, drawn inside this one, which was not cut out for it.
    bool draw_inside(std::size_t f) {
        auto const triangle = inner_triangle(f, 1);
        auto added = feature(f);
        added.code = triangle.empty() ? std::string{} : fresh_code(added);
        if (added.code.empty()) {
            return false;
        }
        added.name += "(内)";
        added.kind = kComprehensive;
        added.shape.parts = {{triangle, {}}};
        record({f}, feature(f).code + ";" + added.code, geom::interior_point(added.shape), ring_area_m2(triangle), "m2",
               "the second grid lies inside the first");
        m_data.features.push_back(std::move(added));
        return true;
    }

    /// May `p` be moved to `q`, some centimetres to the side on which its own grid lies (1) or the other one (-1)?
    [[nodiscard]] bool may_move(Spot spot, Point q, int side, std::size_t f, std::size_t other) {
        auto const u = spot.at(-1);
        auto const p = spot.at();
        auto const w = spot.at(1);
        bool near = false; // to another edge of either grid, which the moved one might touch
        for (auto const g : {f, other}) {
            geom::for_each_edge(feature(g).shape, [&](Point a, Point b) {
                near = near || (a != p && b != p && geom::distance_to_segment_m(p, a, b) < 1);
            });
        }
        return !near && geom::distance_m(u, p) >= 4 && geom::distance_m(p, w) >= 4 &&
               geom::orientation(u, p, q) == side && geom::orientation(p, w, q) == side && !holds_vertex(u, p, q, f) &&
               !holds_vertex(u, p, q, other) && !holds_vertex(p, w, q, f) && !holds_vertex(p, w, q, other);
    }

    /// `units` away from the line between the neighbours of the vertex, to the left of the ring.
    [[nodiscard]] static Point beside(Spot spot, double units) {
        auto const u = spot.at(-1);
        auto const p = spot.at();
        auto const w = spot.at(1);
        double const x = double{1} * w.lon - u.lon;
        double const y = double{1} * w.lat - u.lat;
        double const step = units / std::sqrt(x * x + y * y);
        return {p.lon + static_cast<std::int32_t>(std::lround(-y * step)),
                p.lat + static_cast<std::int32_t>(std::lround(x * step))};
    }

    /// The border drifts away from the neighbour's, vertex by vertex: a gore.
    bool wedge(std::size_t f) {
        constexpr std::size_t kLong = 3;
        std::vector<Spot> run;
        std::vector<Point> moved;
        std::size_t with = 0;
        any_shared(f, [&](Spot spot, std::size_t other) {
            bool const follows =
                !run.empty() && run.back().ring == spot.ring && run.back().index + 1 == spot.index && with == other;
            if (!follows) {
                run.clear();
                moved.clear();
                with = other;
            }
            auto const q = beside(spot, 5.0 * static_cast<double>(run.size() + 1));
            if (may_move(spot, q, 1, f, other)) {
                run.push_back(spot);
                moved.push_back(q);
            } else {
                run.clear();
                moved.clear();
            }
            return run.size() == kLong;
        });
        if (run.size() < kLong) {
            return false;
        }
        geom::Ring opened{run.front().at(-1)};
        for (auto const& spot : run) {
            opened.push_back(spot.at());
        }
        opened.push_back(run.back().at(1));
        opened.insert(opened.end(), moved.rbegin(), moved.rend());
        record({f, with}, feature(f).code + ";" + feature(with).code, run.back().at(), ring_area_m2(opened), "m2",
               "the border drifts off in a wedge");
        for (std::size_t i = 0; i < kLong; ++i) {
            (*run[i].ring)[run[i].index] = moved[i];
        }
        return true;
    }

    /// Moves a vertex of one side by centimetres, or draws a whole border again, millimetres off.
    bool sliver(std::size_t f) {
        if (m_round % 2 == 1 && redraw(f, false)) {
            return true;
        }
        return any_shared(f, [&](Spot spot, std::size_t other) {
            bool const inward = m_random.chance(0.5);
            auto const q = beside(spot, static_cast<double>(4 + m_random.below(12)) * (inward ? 1 : -1));
            if (!may_move(spot, q, inward ? 1 : -1, f, other)) {
                return false;
            }
            record({f, other}, feature(f).code + ";" + feature(other).code, spot.at(),
                   ring_area_m2({spot.at(-1), spot.at(), spot.at(1), q}), "m2", inward ? "gap" : "overlap");
            (*spot.ring)[spot.index] = q;
            return true;
        });
    }

    /// Gives each edge of the border with one neighbour a vertex in its middle: on the edge where the lattice has that
    /// position (`exact`), or beside those edges where it has not, by half a unit.
    bool redraw(std::size_t f, bool exact) {
        auto& ring = feature(f).shape.parts.front().outer;
        std::optional<std::size_t> other;
        std::size_t changed = 0;
        double length = 0;
        Point place;
        geom::Ring drawn;
        for (std::size_t i = 0; i < ring.size(); ++i) {
            Spot const spot{&ring, i};
            auto const p = spot.at();
            auto const w = spot.at(1);
            drawn.push_back(p);
            auto const beyond = owner(w, p);
            if (!other && beyond && *beyond != f && !m_used[*beyond] && !m_on_border[*beyond]) {
                other = beyond;
            }
            bool const on_lattice = (w.lon - p.lon) % 2 == 0 && (w.lat - p.lat) % 2 == 0;
            if (!other || beyond != other || on_lattice != exact || geom::distance_m(p, w) < 4) {
                continue;
            }
            Point const middle{p.lon + (w.lon - p.lon) / 2, p.lat + (w.lat - p.lat) / 2};
            bool near = !exact && geom::orientation(p, w, middle) == 0;
            for (auto const g : {f, *other}) {
                geom::for_each_edge(feature(g).shape, [&](Point a, Point b) {
                    bool const same = (a == p && b == w) || (a == w && b == p);
                    near = near || (!same && geom::distance_to_segment_m(middle, a, b) < 1);
                });
            }
            if (!near) {
                drawn.push_back(middle);
                place = middle;
                length += geom::distance_m(p, w);
                ++changed;
            }
        }
        if (changed < 3) {
            return false;
        }
        record({f, *other}, feature(f).code + ";" + feature(*other).code, place, exact ? length : 0, exact ? "m" : "",
               exact ? "the whole border has vertices of the first grid alone"
                     : "the whole border is drawn again some millimetres off");
        ring = std::move(drawn);
        return true;
    }

    /// One side has a vertex in the middle of a straight edge, the other has not: no area, but the two borders differ.
    bool edge_not_matched(std::size_t f) {
        if (m_round % 2 == 1 && redraw(f, true)) {
            return true;
        }
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const p = spot.at();
            auto const w = spot.at(1);
            if ((w.lon - p.lon) % 2 != 0 || (w.lat - p.lat) % 2 != 0 || geom::distance_m(p, w) < 1) {
                return false;
            }
            Point const middle{p.lon + (w.lon - p.lon) / 2, p.lat + (w.lat - p.lat) / 2};
            record({f, other}, feature(f).code + ";" + feature(other).code, middle, geom::distance_m(p, w), "m",
                   "the first grid alone has this vertex");
            spot.ring->insert(spot.ring->begin() + static_cast<std::ptrdiff_t>(spot.index) + 1, middle);
            return true;
        });
    }

    bool self_crossing(std::size_t f) {
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const n = spot.ring->size();
            if (!cross_properly(spot.at(-1), spot.at(1), spot.at(), spot.at(2))) {
                return false;
            }
            record({f, other}, feature(f).code, crossing(spot.at(-1), spot.at(1), spot.at(), spot.at(2)), 0, "",
                   "two vertices stand in the wrong order");
            std::swap((*spot.ring)[spot.index], (*spot.ring)[(spot.index + 1) % n]);
            return true;
        });
    }

    /// A bite that hangs on one vertex: the ring passes it twice without crossing itself.
    bool repeated_point(std::size_t f) {
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const u = spot.at(-1);
            auto const p = spot.at();
            auto const w = spot.at(1);
            if (geom::orientation(u, p, w) <= 0 || ring_area_m2({u, p, w}) < 40 || holds_vertex(u, p, w, f)) {
                return false;
            }
            auto const inside = [&](double to_u, double to_w) {
                return Point{
                    static_cast<std::int32_t>(std::lround(p.lon + (u.lon - p.lon) * to_u + (w.lon - p.lon) * to_w)),
                    static_cast<std::int32_t>(std::lround(p.lat + (u.lat - p.lat) * to_u + (w.lat - p.lat) * to_w))};
            };
            auto const a = inside(0.4, 0.2);
            auto const b = inside(0.2, 0.4);
            if (geom::orientation(p, a, b) >= 0 || geom::orientation(u, p, a) <= 0 || geom::orientation(p, w, b) <= 0) {
                return false;
            }
            record({f, other}, feature(f).code, p, ring_area_m2({p, a, b}), "m2", "a bite hangs on this vertex");
            spot.ring->insert(spot.ring->begin() + static_cast<std::ptrdiff_t>(spot.index) + 1, {a, b, p});
            return true;
        });
    }

    bool collapsed_ring(std::size_t f) {
        if (m_round % 2 == 1) {
            return spike(f);
        }
        auto& shape = feature(f).shape;
        auto const& ring = shape.parts.front().outer;
        for (std::size_t i = 0; i < ring.size(); ++i) {
            auto const p = ring[i];
            auto const w = ring[(i + 1) % ring.size()];
            if ((w.lon - p.lon) % 2 == 0 && (w.lat - p.lat) % 2 == 0) {
                Point const middle{p.lon + (w.lon - p.lon) / 2, p.lat + (w.lat - p.lat) / 2};
                record({f}, feature(f).code, p, 0, "", "a part without area along the border");
                shape.parts.push_back({{p, middle, w}, {}});
                return true;
            }
        }
        return false;
    }

    /// The ring runs inward and straight back to the vertex it left.
    bool spike(std::size_t f) {
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const u = spot.at(-1);
            auto const p = spot.at();
            auto const w = spot.at(1);
            if (geom::orientation(u, p, w) <= 0 || ring_area_m2({u, p, w}) < 4 || holds_vertex(u, p, w, f)) {
                return false;
            }
            Point const tip{static_cast<std::int32_t>((std::int64_t{u.lon} + p.lon + w.lon) / 3),
                            static_cast<std::int32_t>((std::int64_t{u.lat} + p.lat + w.lat) / 3)};
            record({f, other}, feature(f).code, tip, geom::distance_m(p, tip), "m", "spike");
            spot.ring->insert(spot.ring->begin() + static_cast<std::ptrdiff_t>(spot.index) + 1, {tip, p});
            return true;
        });
    }

    /// A part in a part, a hole in a hole, a hole outside.
    bool wrong_nesting(std::size_t f) {
        auto const outer = inner_triangle(f, 1);
        auto const inner = inner_triangle(f, 0.4);
        auto const other = (f + m_clean / 2) % m_clean;
        auto const far = inner_triangle(other, 1);
        if (outer.empty() || far.empty() || other == f) {
            return false;
        }
        auto& parts = feature(f).shape.parts;
        auto& holes = parts.front().holes;
        auto const place = geom::interior_point(feature(f).shape);
        switch (m_round % 3) {
        case 0:
            record({f}, feature(f).code, place, ring_area_m2(outer), "m2", "a part in a part");
            parts.push_back({outer, {}});
            break;
        case 1:
            record({f}, feature(f).code, place, ring_area_m2(inner), "m2", "a hole in a hole");
            holes.push_back(outer);
            holes.push_back(inner);
            break;
        default:
            record({f}, feature(f).code, geom::interior_point(feature(other).shape), ring_area_m2(far), "m2",
                   "a hole outside");
            holes.push_back(far);
        }
        return true;
    }

    /// The position a fifth of the edge's length (at most 60 m) from its middle, to the left of it or to the right.
    [[nodiscard]] static Point off_middle(Point u, Point w, bool left) {
        double const share = std::min(0.2, 60 / geom::distance_m(u, w)) * (left ? 1 : -1);
        return {static_cast<std::int32_t>(std::lround(u.lon + (w.lon - u.lon) * 0.5 - (w.lat - u.lat) * share)),
                static_cast<std::int32_t>(std::lround(u.lat + (w.lat - u.lat) * 0.5 + (w.lon - u.lon) * share))};
    }

    /// Would an edge of `shape` other than u-w meet the triangle u, w, tip?
    [[nodiscard]] static bool meets(geom::MultiPolygon const& shape, Point u, Point w, Point tip) {
        bool met = false;
        geom::for_each_edge(shape, [&](Point a, Point b) {
            bool const same = (a == u && b == w) || (a == w && b == u);
            met = met || (!same && a != u && a != w && in_triangle(u, w, tip, a)) ||
                  (!same && (cross_properly(u, tip, a, b) || cross_properly(tip, w, a, b)));
        });
        return met;
    }

    /// Pulls the middle of an edge of the county's outline outward.
    bool outside_county(std::size_t f) {
        return pull_outline(f, false, [&](Point u, Point w) {
            return m_rim.contains({u, w}) ? "lies beyond the outline of every county"
                                          : "lies beyond the outline of its county in another";
        });
    }

    /// Pulls it inward, where no other county lies beyond.
    bool county_not_filled(std::size_t f) {
        return pull_outline(f, true, [&](Point u, Point w) {
            return m_rim.contains({u, w}) ? "ground of the county is left out" : nullptr;
        });
    }

    /// `detail(u, w)` is what to say of the edge, null for one to leave alone.
    template <class F>
    bool pull_outline(std::size_t f, bool inward, F const& detail) {
        for (auto& part : feature(f).shape.parts) {
            for (std::size_t i = 0; i < part.outer.size(); ++i) {
                Spot const spot{&part.outer, i};
                auto const u = spot.at();
                auto const w = spot.at(1);
                if (owner(w, u) || geom::distance_m(u, w) < 40) {
                    continue;
                }
                char const* const said = detail(u, w);
                auto const tip = off_middle(u, w, inward);
                if (said == nullptr || meets(inward ? feature(f).shape : m_county.outline, u, w, tip)) {
                    continue;
                }
                Point const place{static_cast<std::int32_t>((std::int64_t{u.lon} + w.lon + tip.lon) / 3),
                                  static_cast<std::int32_t>((std::int64_t{u.lat} + w.lat + tip.lat) / 3)};
                record({f}, feature(f).code, place, ring_area_m2({u, tip, w}), "m2", said);
                part.outer.insert(part.outer.begin() + static_cast<std::ptrdiff_t>(i) + 1, tip);
                return true;
            }
        }
        return false;
    }

    /// Every grid of a village says that it lies in another one.
    bool village_without_grids(std::size_t f) {
        constexpr std::size_t kMost = 4;
        auto const was = feature(f).village_code;
        auto const grids = m_of_village.at(was);
        auto const& villages = m_county.towns[feature(f).town].villages;
        auto const to = std::find_if(villages.begin(), villages.end(), [&](auto const& village) {
            auto const code = fmt::format("{:012}", village.code);
            return m_of_village.contains(code) && code != was && !m_left.contains(code);
        });
        if (grids.size() > kMost || to == villages.end() || m_joined.contains(was) ||
            std::any_of(grids.begin(), grids.end(), [&](std::size_t g) { return m_used[g] || m_on_border[g]; })) {
            return false;
        }
        std::string codes;
        for (auto const g : grids) {
            codes += (codes.empty() ? "" : ";") + feature(g).code;
            feature(g).village_code = fmt::format("{:012}", to->code);
        }
        m_left.insert(was);
        m_joined.insert(feature(f).village_code);
        record(grids, codes, geom::interior_point(feature(f).shape), 0, "", was);
        return true;
    }

    bool empty_geometry(std::size_t f) {
        if (!leave_land(f, "no geometry; its land is left without a grid")) {
            return false;
        }
        feature(f).shape.parts.clear();
        return true;
    }

    bool unsupported_geometry(std::size_t f) {
        feature(f).drawing = Drawing::line;
        return leave_land(f, "a line; its land is left without a grid");
    }

    bool outside_lattice(std::size_t f) {
        feature(f).drawing = Drawing::off_the_globe;
        return leave_land(f, "a coordinate off the globe; its land is left without a grid");
    }

    bool leave_land(std::size_t f, char const* detail) {
        record({f}, feature(f).code, geom::interior_point(feature(f).shape), geom::area_m2(feature(f).shape), "m2",
               detail);
        return true;
    }

    bool duplicate_geometry(std::size_t f) {
        auto copy = feature(f);
        copy.code = fresh_code(copy);
        if (copy.code.empty()) {
            return false;
        }
        copy.name += "(新)";
        copy.kind = kComprehensive;
        record({f}, feature(f).code + ";" + copy.code, geom::interior_point(copy.shape), geom::area_m2(copy.shape),
               "m2", "a second row with the same shape");
        m_data.features.push_back(std::move(copy));
        return true;
    }

    bool duplicate_code(std::size_t f) {
        auto const other = f + 1;
        if (other >= m_clean || m_used[other] || m_on_border[other] ||
            feature(other).village_code != feature(f).village_code || feature(other).kind != feature(f).kind) {
            return false;
        }
        record({f, other}, feature(other).code, geom::interior_point(feature(f).shape), 0, "",
               fmt::format("stands for {} too", feature(f).code));
        feature(f).code = feature(other).code;
        return true;
    }

    bool unknown_village(std::size_t f) {
        auto const was = feature(f).village_code;
        std::set<std::string> known;
        for (auto const& village : m_county.towns[feature(f).town].villages) {
            known.insert(fmt::format("{:012}", village.code));
        }
        for (int last = 999; last > 0; --last) {
            auto const code = fmt::format("{}{:03}", was.substr(0, 9), last);
            if (!known.contains(code)) {
                record({f}, feature(f).code, geom::interior_point(feature(f).shape), 0, "",
                       fmt::format("{} instead of {}", code, was));
                feature(f).village_code = code;
                return true;
            }
        }
        return false;
    }

    bool missing_attribute(std::size_t f) {
        static constexpr char const* kFields[] = {"网格名称", "所属村居编码", "网格编码"};
        auto const which = m_round % 3;
        record({f}, feature(f).code, geom::interior_point(feature(f).shape), 0, "", kFields[which]);
        (which == 0 ? feature(f).name : which == 1 ? feature(f).village_code : feature(f).code).clear();
        return true;
    }

    bool malformed_code(std::size_t f) {
        auto const good = feature(f).code;
        auto bad = good;
        switch (m_round % 4) {
        case 0:
            bad.pop_back();
            break;
        case 1:
            bad[12] = 'O'; // the letter for a zero
            break;
        case 2:
            bad.insert(12, "-");
            break;
        default:
            bad = good.substr(0, 12) + "０" + good.substr(13); // full-width digit
        }
        record({f}, good, geom::interior_point(feature(f).shape), 0, "", bad);
        feature(f).code = bad;
        return true;
    }

    bool malformed_value(std::size_t f) {
        record({f}, feature(f).code, geom::interior_point(feature(f).shape), 0, "", "网格类型");
        feature(f).kind = "其它类别";
        return true;
    }

    /// Bytes of GBK in a field of UTF-8.
    bool unreadable_text(std::size_t f) {
        record({f}, feature(f).code, geom::interior_point(feature(f).shape), 0, "", "网格名称");
        feature(f).name += "\xCD\xF8\xB8\xF1";
        return true;
    }

    CountyData& m_data;
    County const& m_county;
    Random m_random;
    std::size_t m_clean; // features before rows were added
    std::vector<bool> m_used, m_on_border;
    std::unordered_map<EdgeKey, std::size_t, EdgeKeyHash> m_owner; // only looked up, never walked
    std::unordered_map<Point, int> m_degree;
    std::unordered_set<EdgeKey, EdgeKeyHash> m_rim; ///< edges of grids beyond which no county lies
    std::map<std::string, std::vector<std::size_t>> m_of_village;
    std::set<std::string> m_left, m_joined; ///< villages whose grids all went, and where to
    std::set<std::string> m_codes;
    std::vector<std::size_t> m_order;
    char const* m_kind = "";
    std::uint64_t m_round = 0;
};

} // namespace

void plant_defects(CountyData& data, Reference const& reference, std::uint64_t of_each_kind, std::uint64_t seed) {
    if (of_each_kind > 0) {
        Vandal{data, reference, seed}.plant(of_each_kind);
    }
}

} // namespace wangge::synth
