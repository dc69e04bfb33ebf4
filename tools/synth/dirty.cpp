#include "dirty.hpp"

#include "random.hpp"

#include <wangge/geom/measure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
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

double ring_area_m2(geom::Ring const& ring) { return std::abs(geom::area_m2(ring)); }

class Vandal {
public:
    Vandal(CountyData& data, County const& county, std::uint64_t seed)
        : m_data(data)
        , m_county(county)
        , m_random(mix(seed, 0x64697274))
        , m_clean(data.features.size())
        , m_used(m_clean, false) {
        for (std::size_t f = 0; f < m_clean; ++f) {
            geom::for_each_edge(m_data.features[f].shape, [&](Point a, Point b) {
                m_owner[{a, b}] = f;
                ++m_degree[a];
            });
            m_codes.insert(m_data.features[f].code);
        }
        m_order.resize(m_clean);
        std::iota(m_order.begin(), m_order.end(), std::size_t{0});
        for (std::size_t i = m_clean; i > 1; --i) {
            std::swap(m_order[i - 1], m_order[m_random.below(i)]);
        }
    }

    void plant(std::uint64_t of_each_kind) {
        using Attempt = bool (Vandal::*)(std::size_t);
        static constexpr std::array<Attempt, std::size(kDefectKinds)> kAttempts{&Vandal::overlap,
                                                                                &Vandal::gap,
                                                                                &Vandal::sliver,
                                                                                &Vandal::edge_not_matched,
                                                                                &Vandal::self_crossing,
                                                                                &Vandal::repeated_point,
                                                                                &Vandal::collapsed_ring,
                                                                                &Vandal::outside_county,
                                                                                &Vandal::empty_geometry,
                                                                                &Vandal::duplicate_geometry,
                                                                                &Vandal::duplicate_code,
                                                                                &Vandal::unknown_village,
                                                                                &Vandal::missing_attribute,
                                                                                &Vandal::malformed_code,
                                                                                &Vandal::malformed_value};
        // Round by round, so that a county short of places gets some of every kind; the fastidious kinds come first in
        // each round.
        std::array<std::size_t, kAttempts.size()> next{};
        for (std::uint64_t round = 0; round < of_each_kind; ++round) {
            for (std::size_t k = 0; k < kAttempts.size(); ++k) {
                m_kind = kDefectKinds[k];
                m_round = round;
                for (bool done = false; !done && next[k] < m_order.size(); ++next[k]) {
                    auto const feature = m_order[next[k]];
                    done = !m_used[feature] && (this->*kAttempts[k])(feature);
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
                if (!other || *other == f || m_used[*other] || owner(spot.at(1), spot.at()) != other ||
                    m_degree.at(spot.at()) != 2) {
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
    bool overlap(std::size_t f) { return drop_vertex(f, -1); }
    bool gap(std::size_t f) { return drop_vertex(f, 1); }

    /// Moves a vertex of one side by centimetres.
    bool sliver(std::size_t f) {
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const u = spot.at(-1);
            auto const p = spot.at();
            auto const w = spot.at(1);
            if (geom::distance_m(u, p) < 4 || geom::distance_m(p, w) < 4) {
                return false;
            }
            bool const inward = m_random.chance(0.5);
            double const x = double{1} * w.lon - u.lon;
            double const y = double{1} * w.lat - u.lat;
            double const step =
                static_cast<double>(4 + m_random.below(12)) * (inward ? 1 : -1) / std::sqrt(x * x + y * y);
            Point const q{p.lon + static_cast<std::int32_t>(std::lround(-y * step)),
                          p.lat + static_cast<std::int32_t>(std::lround(x * step))};
            int const side = inward ? 1 : -1;
            bool near = false; // to another edge of either grid, which the moved one might touch
            for (auto const g : {f, other}) {
                geom::for_each_edge(feature(g).shape, [&](Point a, Point b) {
                    near = near || (a != p && b != p && geom::distance_to_segment_m(p, a, b) < 1);
                });
            }
            if (near || geom::orientation(u, p, q) != side || geom::orientation(p, w, q) != side ||
                holds_vertex(u, p, q, f) || holds_vertex(u, p, q, other) || holds_vertex(p, w, q, f) ||
                holds_vertex(p, w, q, other)) {
                return false;
            }
            record({f, other}, feature(f).code + ";" + feature(other).code, p, ring_area_m2({u, p, w, q}), "m2",
                   inward ? "gap" : "overlap");
            (*spot.ring)[spot.index] = q;
            return true;
        });
    }

    /// One side has a vertex in the middle of a straight edge, the other has not: no area, but the two borders differ.
    bool edge_not_matched(std::size_t f) {
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
            record({f, other}, feature(f).code, spot.at(), 0, "", "two vertices stand in the wrong order");
            std::swap((*spot.ring)[spot.index], (*spot.ring)[(spot.index + 1) % n]);
            return true;
        });
    }

    /// A spike inward: the ring comes back to the vertex it left.
    bool repeated_point(std::size_t f) {
        return any_shared(f, [&](Spot spot, std::size_t other) {
            auto const u = spot.at(-1);
            auto const p = spot.at();
            auto const w = spot.at(1);
            if (geom::orientation(u, p, w) <= 0 || ring_area_m2({u, p, w}) < 4 || holds_vertex(u, p, w, f)) {
                return false;
            }
            Point const tip{static_cast<std::int32_t>((std::int64_t{u.lon} + p.lon + w.lon) / 3),
                            static_cast<std::int32_t>((std::int64_t{u.lat} + p.lat + w.lat) / 3)};
            record({f, other}, feature(f).code, p, geom::distance_m(p, tip), "m", "spike");
            spot.ring->insert(spot.ring->begin() + static_cast<std::ptrdiff_t>(spot.index) + 1, {tip, p});
            return true;
        });
    }

    bool collapsed_ring(std::size_t f) {
        auto& shape = feature(f).shape;
        auto const& ring = shape.parts.front().outer;
        for (std::size_t i = 0; i < ring.size(); ++i) {
            auto const p = ring[i];
            auto const w = ring[(i + 1) % ring.size()];
            if ((w.lon - p.lon) % 2 == 0 && (w.lat - p.lat) % 2 == 0) {
                Point const middle{p.lon + (w.lon - p.lon) / 2, p.lat + (w.lat - p.lat) / 2};
                record({f}, feature(f).code, middle, 0, "", "a part without area along the border");
                shape.parts.push_back({{p, middle, w}, {}});
                return true;
            }
        }
        return false;
    }

    /// Pulls the middle of an edge of the county's outline outward.
    bool outside_county(std::size_t f) {
        for (auto& part : feature(f).shape.parts) {
            for (std::size_t i = 0; i < part.outer.size(); ++i) {
                Spot const spot{&part.outer, i};
                auto const u = spot.at();
                auto const w = spot.at(1);
                double const length = geom::distance_m(u, w);
                if (owner(w, u) || length < 40) {
                    continue;
                }
                double const share = std::min(0.2, 60 / length);
                Point const tip{
                    static_cast<std::int32_t>(std::lround(u.lon + (w.lon - u.lon) * 0.5 + (w.lat - u.lat) * share)),
                    static_cast<std::int32_t>(std::lround(u.lat + (w.lat - u.lat) * 0.5 - (w.lon - u.lon) * share))};
                bool touches = false;
                geom::for_each_edge(m_county.outline, [&](Point a, Point b) {
                    bool const same = (a == u && b == w) || (a == w && b == u);
                    touches = touches || (!same && (in_triangle(u, w, tip, a) && a != u && a != w)) ||
                              (!same && (cross_properly(u, tip, a, b) || cross_properly(tip, w, a, b)));
                });
                if (touches) {
                    continue;
                }
                record({f}, feature(f).code, tip, ring_area_m2({u, tip, w}), "m2",
                       "lies beyond the outline of the county");
                part.outer.insert(part.outer.begin() + static_cast<std::ptrdiff_t>(i) + 1, tip);
                return true;
            }
        }
        return false;
    }

    bool empty_geometry(std::size_t f) {
        record({f}, feature(f).code, geom::interior_point(feature(f).shape), geom::area_m2(feature(f).shape), "m2",
               "its land is left without a grid");
        feature(f).shape.parts.clear();
        return true;
    }

    bool duplicate_geometry(std::size_t f) {
        auto copy = feature(f);
        for (int sequence = 799; sequence > 0; --sequence) {
            copy.code = fmt::format("{}{:03}", copy.village_code, sequence);
            if (m_codes.insert(copy.code).second) {
                break;
            }
        }
        copy.name += "(新)";
        record({f}, feature(f).code + ";" + copy.code, geom::interior_point(copy.shape), geom::area_m2(copy.shape),
               "m2", "a second row with the same shape");
        m_data.features.push_back(std::move(copy));
        return true;
    }

    bool duplicate_code(std::size_t f) {
        auto const other = f + 1;
        if (other >= m_clean || m_used[other] || feature(other).village_code != feature(f).village_code) {
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

    CountyData& m_data;
    County const& m_county;
    Random m_random;
    std::size_t m_clean; // features before rows were added
    std::vector<bool> m_used;
    std::unordered_map<EdgeKey, std::size_t, EdgeKeyHash> m_owner; // only looked up, never walked
    std::unordered_map<Point, int> m_degree;
    std::set<std::string> m_codes;
    std::vector<std::size_t> m_order;
    char const* m_kind = "";
    std::uint64_t m_round = 0;
};

} // namespace

void plant_defects(CountyData& data, County const& county, std::uint64_t of_each_kind, std::uint64_t seed) {
    if (of_each_kind > 0) {
        Vandal{data, county, seed}.plant(of_each_kind);
    }
}

} // namespace wangge::synth
