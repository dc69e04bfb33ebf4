#include "mesh.hpp"

#include "delaunay.hpp"
#include "random.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace wangge::synth {

namespace {

using geom::Point;

Triangulation triangulate_outline(geom::MultiPolygon const& outline) {
    Triangulation triangulation{geom::envelope_of(outline)};
    auto const fail = [](Point p) {
        return Error{
            ErrorCode::data_rejected,
            fmt::format("an outline crosses or touches itself along an edge near {:.7f} {:.7f}; repair it first",
                        geom::to_degrees(p.lon), geom::to_degrees(p.lat))};
    };
    std::vector<std::vector<std::int32_t>> rings;
    geom::for_each_ring(outline, [&](geom::Ring const& ring) {
        auto& indices = rings.emplace_back();
        for (auto const p : ring) {
            indices.push_back(*triangulation.insert(p)); // no constraint stands in the way yet
        }
    });
    for (auto const& ring : rings) {
        for (std::size_t i = 0; i < ring.size(); ++i) {
            if (!triangulation.constrain(ring[i], ring[(i + 1) % ring.size()])) {
                throw fail(triangulation.points()[static_cast<std::size_t>(ring[i])]);
            }
        }
    }
    triangulation.mark_inside();
    return triangulation;
}

struct Raster {
    std::vector<Point> inside;
    double cell_area = 0;
};

/// Positions inside the outline on a jittered raster, for integrals and for choosing centres.
Raster sample_inside(Triangulation& triangulation, geom::Envelope const& box, Random& random) {
    constexpr int kSide = 160;
    double const width = (double{1} * box.max.lon - box.min.lon) / kSide;
    double const height = (double{1} * box.max.lat - box.min.lat) / kSide;
    Raster raster;
    raster.cell_area = width * height;
    for (int row = 0; row < kSide; ++row) {
        for (int k = 0; k < kSide; ++k) {
            int const column = row % 2 == 0 ? k : kSide - 1 - k; // back and forth: the walk to each stays short
            Point const p{box.min.lon + static_cast<std::int32_t>((column + random.unit()) * width),
                          box.min.lat + static_cast<std::int32_t>((row + random.unit()) * height)};
            if (triangulation.triangles()[static_cast<std::size_t>(triangulation.locate(p))].inside) {
                raster.inside.push_back(p);
            }
        }
    }
    return raster;
}

double squared_distance(Point a, Point b) noexcept {
    double const x = double{1} * a.lon - b.lon;
    double const y = double{1} * a.lat - b.lat;
    return x * x + y * y;
}

Settlement settle(Raster const& raster, std::size_t urban_towns, std::size_t rural_towns, Random& random) {
    Settlement settlement;
    auto const& inside = raster.inside;
    if (inside.empty()) {
        return settlement;
    }
    double lon = 0;
    double lat = 0;
    for (auto const p : inside) {
        lon += p.lon;
        lat += p.lat;
    }
    Point const middle{static_cast<std::int32_t>(lon / static_cast<double>(inside.size())),
                       static_cast<std::int32_t>(lat / static_cast<double>(inside.size()))};
    auto const nearest_of = [&](int tries, Point to) {
        auto best = inside[random.below(inside.size())];
        for (int i = 1; i < tries; ++i) {
            auto const p = inside[random.below(inside.size())];
            if (squared_distance(p, to) < squared_distance(best, to)) {
                best = p;
            }
        }
        return best;
    };
    double const town_area = raster.cell_area * static_cast<double>(inside.size()) /
                             static_cast<double>(std::max<std::size_t>(1, urban_towns + rural_towns));
    std::vector<Point> centres;
    auto const add = [&](Point p, double weight, double radius_squared) {
        centres.push_back(p);
        settlement.centres.push_back({double{1} * p.lon, double{1} * p.lat, weight, 1.0 / radius_squared});
    };
    // A district that is all town has no countryside for its centres to stand out from.
    double const rural =
        static_cast<double>(rural_towns) / static_cast<double>(std::max<std::size_t>(1, urban_towns + rural_towns));
    double const contrast = 0.25 + 0.75 * rural;
    auto const seat = nearest_of(8, middle);
    add(seat, contrast * random.between(15, 30), town_area * 0.12);
    for (std::size_t i = 0; i < urban_towns; ++i) {
        add(nearest_of(10, seat), contrast * random.between(4, 14), town_area * random.between(0.05, 0.2));
    }
    for (std::size_t i = 0; i < rural_towns; ++i) {
        auto best = inside[random.below(inside.size())];
        double best_distance = -1;
        for (int k = 0; k < 6; ++k) { // far from the centres so far
            auto const p = inside[random.below(inside.size())];
            double distance = 1e300;
            for (auto const c : centres) {
                distance = std::min(distance, squared_distance(p, c));
            }
            if (distance > best_distance) {
                best = p;
                best_distance = distance;
            }
        }
        add(best, random.between(5, 22), town_area * random.between(0.01, 0.08));
    }
    return settlement;
}

/// Walks a quadtree in Morton order and drops one position whenever the density passed over adds up to one.
class Sower {
public:
    Sower(Settlement const& settlement, double per_density, geom::Envelope const& box, Random& random)
        : m_settlement(settlement), m_per_density(per_density), m_box(box), m_random(random) {}

    std::vector<Point> sow() {
        double const side =
            std::max(double{1} * m_box.max.lon - m_box.min.lon, double{1} * m_box.max.lat - m_box.min.lat) + 1;
        visit(m_box.min.lon, m_box.min.lat, side);
        return std::move(m_points);
    }

private:
    void visit(double lon, double lat, double side) {
        if (lon > m_box.max.lon || lat > m_box.max.lat) {
            return;
        }
        double const mass = m_settlement.at(lon + side / 2, lat + side / 2) * m_per_density * side * side;
        if (mass > 0.7 && side > 8) {
            double const half = side / 2;
            visit(lon, lat, half);
            visit(lon + half, lat, half);
            visit(lon, lat + half, half);
            visit(lon + half, lat + half, half);
            return;
        }
        m_sum += mass;
        if (m_sum >= 1) {
            m_sum -= 1;
            Point const p{static_cast<std::int32_t>(lon + side * m_random.unit()),
                          static_cast<std::int32_t>(lat + side * m_random.unit())};
            if (m_box.contains(p)) {
                m_points.push_back(p);
            }
        }
    }

    Settlement const& m_settlement;
    double m_per_density;
    geom::Envelope m_box;
    Random& m_random;
    double m_sum = 0;
    std::vector<Point> m_points;
};

/// Random rounds of doubling size, each in the spatial order of `points` (biased randomised insertion order, Amenta
/// 2003).
std::vector<Point> in_rounds(std::vector<Point> const& points, Random& random) {
    std::array<std::vector<Point>, 24> rounds;
    for (auto const p : points) {
        auto const round = std::min<std::size_t>(
            rounds.size() - 1, static_cast<std::size_t>(std::countr_zero(random.next() | (1ULL << 40U))));
        rounds[round].push_back(p);
    }
    std::vector<Point> ordered;
    ordered.reserve(points.size());
    for (std::size_t i = rounds.size(); i-- > 0;) {
        ordered.insert(ordered.end(), rounds[i].begin(), rounds[i].end());
    }
    return ordered;
}

double distance_to_line(Point p, Point a, Point b) noexcept {
    double const x = double{1} * b.lon - a.lon;
    double const y = double{1} * b.lat - a.lat;
    double const cross = x * (double{1} * p.lat - a.lat) - y * (double{1} * p.lon - a.lon);
    return std::abs(cross) / std::sqrt(x * x + y * y);
}

/// Far enough from the corners of its triangle and from outline edges that no needle arises.
bool well_placed(Triangulation const& triangulation, Triangulation::Triangle const& t, Point p, double spacing) {
    for (std::size_t i = 0; i < 3; ++i) {
        auto const v = triangulation.points()[static_cast<std::size_t>(t.vertices[i])];
        if (squared_distance(p, v) < 0.36 * spacing * spacing) {
            return false;
        }
        if (t.fixed[i]) {
            auto const a = triangulation.points()[static_cast<std::size_t>(t.vertices[(i + 1) % 3])];
            auto const b = triangulation.points()[static_cast<std::size_t>(t.vertices[(i + 2) % 3])];
            if (distance_to_line(p, a, b) < std::max(0.3 * spacing, 4.0)) {
                return false;
            }
        }
    }
    return true;
}

Mesh extract(Triangulation const& triangulation) {
    Mesh mesh;
    mesh.points.assign(triangulation.points().begin() + Triangulation::kCorners, triangulation.points().end());
    auto const& all = triangulation.triangles();
    std::vector<std::int32_t> index(all.size(), -1);
    std::int32_t count = 0;
    for (std::size_t t = 0; t < all.size(); ++t) {
        if (all[t].inside) {
            index[t] = count++;
        }
    }
    mesh.triangles.reserve(static_cast<std::size_t>(count));
    mesh.neighbours.reserve(static_cast<std::size_t>(count));
    for (auto const& t : all) {
        if (t.inside) {
            auto& vertices = mesh.triangles.emplace_back();
            auto& neighbours = mesh.neighbours.emplace_back();
            for (std::size_t i = 0; i < 3; ++i) {
                vertices[i] = t.vertices[i] - Triangulation::kCorners;
                neighbours[i] = t.fixed[i] ? -1 : index[static_cast<std::size_t>(t.neighbours[i])];
            }
        }
    }
    return mesh;
}

} // namespace

Mesh build_mesh(geom::MultiPolygon const& outline, std::size_t urban_towns, std::size_t rural_towns,
                std::size_t triangles, std::uint64_t seed) {
    Random random{mix(seed, 0x6d657368)};
    auto const box = geom::envelope_of(outline);
    auto bare = triangulate_outline(outline);
    auto const raster = sample_inside(bare, box, random);
    auto const settlement = settle(raster, urban_towns, rural_towns, random);
    double integral = 0;
    for (auto const p : raster.inside) {
        integral += settlement.at(p.lon, p.lat) * raster.cell_area;
    }
    // Each position adds two triangles; a fifth of them is turned away for lying too close.
    double wanted = static_cast<double>(triangles) / 2 * 1.2;
    for (int attempt = 0;; ++attempt, wanted *= 1.4) {
        auto triangulation = bare;
        double const per_density = integral > 0 ? wanted / integral : 0;
        auto const sown =
            integral > 0 ? in_rounds(Sower{settlement, per_density, box, random}.sow(), random) : std::vector<Point>{};
        std::size_t inside = 0;
        for (auto const p : sown) {
            auto const& t = triangulation.triangles()[static_cast<std::size_t>(triangulation.locate(p))];
            double const spacing = 1.0 / std::sqrt(settlement.at(p.lon, p.lat) * per_density);
            if (t.inside && well_placed(triangulation, t, p, spacing)) {
                triangulation.insert(p);
                inside += 2;
            }
        }
        if (inside * 3 >= triangles * 2 || attempt == 8) {
            auto mesh = extract(triangulation);
            mesh.settlement = settlement;
            return mesh;
        }
    }
}

} // namespace wangge::synth
