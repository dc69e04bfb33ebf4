// Queries by box, area, line and distance, against GEOS and PROJ's geodesics over all grids one by one.
#include "coverages.hpp"
#include "topology/geos_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <geodesic.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <thread>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::snapshot;

namespace {

/// A snapshot of the shapes, in a folder that goes with it.
class Written {
public:
    explicit Written(std::vector<MultiPolygon> const& shapes) {
        auto text = (std::filesystem::temp_directory_path() / "wangge-queries-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(text.data()) != nullptr);
        m_folder = text;
        Content content;
        content.divisions = {
            {DivisionCode::from_value(440000000000), "广东省", Level::province, {}},
            {DivisionCode::from_value(440106001001), "东村", Level::village, DivisionCode::from_value(440000000000)}};
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            content.grids.push_back({GridCode::parse(fmt::format("440106001001{:03}", i + 1)).value(), "",
                                     GridKind::comprehensive, content.divisions[1].code, &shapes[i]});
        }
        SilentProgress silent;
        write_snapshot(content, m_folder / "s", silent);
        m_snapshot = Snapshot::open(m_folder / "s");
    }
    ~Written() { std::filesystem::remove_all(m_folder); }
    Written(Written const&) = delete;
    Written& operator=(Written const&) = delete;
    Snapshot const* operator->() const { return m_snapshot.get(); }
    Snapshot const& operator*() const { return *m_snapshot; }
    /// Place of a grid in `shapes`: ids need not be in the order of codes.
    [[nodiscard]] std::size_t number(GridId id) const {
        return static_cast<std::size_t>(std::atoi(std::string{m_snapshot->grid(id).code.str().substr(12)}.c_str())) - 1;
    }

private:
    std::filesystem::path m_folder;
    std::shared_ptr<Snapshot const> m_snapshot;
};

Placement placement(Random& random) {
    constexpr std::array<std::int64_t, 5> kScales{1, 2, 2, 1000, 400000};
    Placement place;
    place.scale = kScales[static_cast<std::size_t>(random.between(0, kScales.size() - 1))];
    place.origin = random.between(0, 4) == 0 ? Point{1'800'000'000 - static_cast<std::int32_t>(60 * place.scale),
                                                     -900'000'000 + static_cast<std::int32_t>(20 * place.scale)}
                                             : Point{1130000000, 230000000};
    return place;
}

std::vector<MultiPolygon> coverage(Random& random, Placement const& place) {
    std::vector<MultiPolygon> shapes;
    while (shapes.empty()) {
        shapes = random.between(0, 7) == 0 ? fan(random, place, static_cast<int>(random.between(3, 5)))
                                           : merged_cells(random, place, random.between(0, 1) == 0);
    }
    return shapes;
}

/// Positions where things happen: vertices, middles of edges, beside them, and anywhere near.
class Places {
public:
    Places(Random& random, std::vector<MultiPolygon> const& shapes, Placement const& place)
        : m_random(random), m_place(place) {
        for (auto const& shape : shapes) {
            m_box.extend(geom::envelope_of(shape));
            geom::for_each_edge(shape, [&](Point a, Point b) {
                m_points.push_back(a);
                m_points.push_back({static_cast<std::int32_t>((std::int64_t{a.lon} + b.lon) / 2),
                                    static_cast<std::int32_t>((std::int64_t{a.lat} + b.lat) / 2)});
            });
        }
    }
    Point one() {
        auto const kind = m_random.between(0, 9);
        if (kind < 5) {
            auto p =
                m_points[static_cast<std::size_t>(m_random.between(0, static_cast<std::int64_t>(m_points.size()) - 1))];
            if (kind == 4) {
                p.lon += static_cast<std::int32_t>(m_random.between(-1, 1));
                p.lat += static_cast<std::int32_t>(m_random.between(-1, 1));
            }
            return clamp(p);
        }
        auto const margin = 3 * m_place.scale;
        return clamp({static_cast<std::int32_t>(m_random.between(m_box.min.lon - margin, m_box.max.lon + margin)),
                      static_cast<std::int32_t>(m_random.between(m_box.min.lat - margin, m_box.max.lat + margin))});
    }

private:
    static Point clamp(Point p) {
        return {std::clamp(p.lon, -1'800'000'000, 1'800'000'000), std::clamp(p.lat, -900'000'000, 900'000'000)};
    }
    Random& m_random;
    Placement const& m_place;
    geom::Envelope m_box;
    std::vector<Point> m_points;
};

/// A valid area: a grid, one without its holes, a shape of another coverage laid over this one, or a triangle.
MultiPolygon area(Random& random, std::vector<MultiPolygon> const& shapes, Placement const& place, Places& places,
                  Geos const& geos) {
    auto const pick = [&](std::vector<MultiPolygon> const& from) {
        return from[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(from.size()) - 1))];
    };
    for (;;) {
        MultiPolygon found;
        auto const kind = random.between(0, 9);
        if (kind == 0) {
            found = pick(shapes);
        } else if (kind == 1) {
            found = pick(shapes);
            auto const part = found.parts[static_cast<std::size_t>(
                random.between(0, static_cast<std::int64_t>(found.parts.size()) - 1))];
            found = {{{part.outer, {}}}};
            if (!part.holes.empty() && random.between(0, 1) == 0) { // what lies in a hole
                auto hole = part.holes[0];
                std::reverse(hole.begin(), hole.end());
                found = {{{hole, {}}}};
            }
        } else if (kind < 6) {
            auto other = place;
            if (place.scale % 2 == 0 && random.between(0, 1) == 0) { // at half the size it lies in single grids
                other.scale /= 2;
            }
            auto const step = random.between(0, 1) == 0 ? kCell : 1;
            other.origin = place(step * random.between(-2, 2), step * random.between(0, 2));
            found = pick(coverage(random, other));
        } else {
            geom::Ring ring;
            for (auto n = random.between(3, 5); n > 0; --n) {
                ring.push_back(places.one());
            }
            found = {{{ring, {}}}};
            geom::normalize(found);
        }
        bool on_globe = true;
        geom::for_each_edge(found, [&](Point a, Point) { on_globe = on_globe && geom::on_globe(a); });
        if (on_globe && geos.valid(found)) {
            return found;
        }
    }
}

/// Numbers of the shapes that GEOS finds to meet it.
std::vector<std::size_t> by_geos(Geos const& geos, std::vector<Geos::Geometry> const& grids,
                                 Geos::Geometry const& asked) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < grids.size(); ++i) {
        if (geos.intersects(grids[i], asked)) {
            found.push_back(i);
        }
    }
    return found;
}

struct Counts {
    std::size_t wrong = 0, nothing = 0, all = 0, some = 0;
    void count(Written const& written, std::vector<GridId> const& got, std::vector<std::size_t> const& expected,
               std::string const& what) {
        std::vector<std::size_t> numbers;
        for (auto const id : got) {
            numbers.push_back(written.number(id));
        }
        std::sort(numbers.begin(), numbers.end());
        if ((numbers != expected || !std::is_sorted(got.begin(), got.end())) && ++wrong <= 3) {
            std::string shapes;
            for (GridId id = 0; id < written->grid_count(); ++id) {
                shapes += fmt::format("\n  {}: {}", written.number(id), geom::to_wkt(written->shape(id)));
            }
            BOOST_TEST_MESSAGE(fmt::format("{}: got {}, expected {}{}", what, fmt::join(numbers, " "),
                                           fmt::join(expected, " "), shapes));
        }
        ++(expected.empty() ? nothing : expected.size() == written->grid_count() ? all : some);
    }
    void judge() const {
        BOOST_TEST(wrong == 0U);
        BOOST_TEST(nothing > 50U);
        BOOST_TEST(all > 50U);
        BOOST_TEST(some > 200U);
    }
};

/// Geodesic metres from `p` to the nearest place of the edge, by golden section.
double geodesic_to_edge(geod_geodesic const& ellipsoid, Point p, Point a, Point b) {
    auto const at = [&](double t) {
        double s = 0;
        geod_inverse(&ellipsoid, p.lat / 1e7, p.lon / 1e7, (a.lat + t * (static_cast<double>(b.lat) - a.lat)) / 1e7,
                     (a.lon + t * (static_cast<double>(b.lon) - a.lon)) / 1e7, &s, nullptr, nullptr);
        return s;
    };
    double low = 0, high = 1;
    constexpr double kGolden = 0.6180339887498949;
    for (int i = 0; i < 40; ++i) {
        double const left = high - kGolden * (high - low), right = low + kGolden * (high - low);
        (at(left) < at(right) ? high : low) = at(left) < at(right) ? right : left;
    }
    return std::min({at(0), at(1), at((low + high) / 2)});
}

} // namespace

BOOST_AUTO_TEST_SUITE(queries)

BOOST_AUTO_TEST_CASE(boxes_areas_and_lines_meet_the_grids_that_geos_says) {
    constexpr std::uint64_t kSeed = 20260801;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Geos const geos;
    Counts boxes, areas, lines;
    std::size_t invalid = 0;
    for (std::uint64_t round = 0; round < 400; ++round) {
        Random random{kSeed + round};
        auto const place = placement(random);
        auto const shapes = coverage(random, place);
        Written const written{shapes};
        std::vector<Geos::Geometry> grids;
        for (auto const& shape : shapes) {
            grids.push_back(geos.from(shape));
        }
        if (!std::all_of(shapes.begin(), shapes.end(), [&](MultiPolygon const& shape) { return geos.valid(shape); })) {
            ++invalid; // two bent sides that cross
            continue;
        }
        Places places{random, shapes, place};
        for (int i = 0; i < 12; ++i) {
            auto const box = geom::envelope_of(places.one(), places.one());
            MultiPolygon const as_area{
                {{{box.min, {box.max.lon, box.min.lat}, box.max, {box.min.lon, box.max.lat}}, {}}}};
            bool const flat = box.min.lon == box.max.lon || box.min.lat == box.max.lat;
            auto const expected =
                by_geos(geos, grids,
                        flat ? geos.line(box.min == box.max ? std::vector{box.min} : std::vector{box.min, box.max})
                             : geos.from(as_area));
            boxes.count(written, written->intersecting(box), expected,
                        fmt::format("round {} box {}", round, geom::to_wkt(as_area)));
            if (!flat) { // the same as an area
                areas.count(written, written->intersecting(as_area), expected,
                            fmt::format("round {} {}", round, geom::to_wkt(as_area)));
            }
        }
        for (int i = 0; i < 12; ++i) {
            auto const asked = area(random, shapes, place, places, geos);
            auto const expected = by_geos(geos, grids, geos.from(asked));
            areas.count(written, written->intersecting(asked), expected,
                        fmt::format("round {} {}", round, geom::to_wkt(asked)));
            if (asked.parts.size() == 1) {
                areas.count(written, written->intersecting(asked.parts[0]), expected, "as a polygon");
            }
        }
        for (int i = 0; i < 12; ++i) {
            std::vector<Point> line;
            for (auto n = random.between(1, i % 4 == 0 ? 30 : 3); n > 0; --n) {
                line.push_back(places.one());
            }
            if (random.between(0, 5) == 0) {
                line.push_back(line.back());
            }
            bool const one_place = std::all_of(line.begin(), line.end(), [&](Point p) { return p == line[0]; });
            auto const expected = by_geos(geos, grids, geos.line(one_place ? std::vector{line[0]} : line));
            std::string text;
            for (auto const p : line) {
                text += ' ' + geom::to_wkt(p);
            }
            lines.count(written, written->intersecting(line), expected, fmt::format("round {} line{}", round, text));
        }
    }
    BOOST_TEST(invalid < 10U);
    boxes.judge();
    areas.judge();
    lines.judge();
}

BOOST_AUTO_TEST_CASE(large_areas_and_long_lines_over_many_grids_equal_geos) {
    // Enough grids for a tree of three levels, and enough edges of the query for three of its own.
    constexpr std::uint64_t kSeed = 77;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random{kSeed};
    std::vector<MultiPolygon> shapes;
    constexpr int kSide = 24;
    constexpr std::int32_t kStep = 1000;
    auto const node = [&](int x, int y) {
        Random here{static_cast<std::uint64_t>(x * 100 + y)};
        return Point{static_cast<std::int32_t>(1130000000 + x * kStep + here.between(-200, 200)),
                     static_cast<std::int32_t>(230000000 + y * kStep + here.between(-200, 200))};
    };
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            shapes.push_back({{{{node(x, y), node(x + 1, y), node(x + 1, y + 1), node(x, y + 1)}, {}}}});
        }
    }
    Written const written{shapes};
    Geos const geos;
    std::vector<Geos::Geometry> grids;
    for (auto const& shape : shapes) {
        grids.push_back(geos.from(shape));
    }
    Counts counts;
    for (int round = 0; round < 60; ++round) {
        // A star round a place, with a hole of the same form in every second one.
        auto const centre =
            node(static_cast<int>(random.between(2, kSide - 2)), static_cast<int>(random.between(2, kSide - 2)));
        auto const corners = random.between(3, 600);
        double const radius = static_cast<double>(random.between(300, 15000));
        geom::Ring outer, hole;
        std::vector<double> reach;
        for (std::int64_t i = 0; i < corners; ++i) {
            reach.push_back(radius * (0.6 + 0.4 * random.unit()));
        }
        auto const ring = [&](double share) {
            geom::Ring points;
            for (std::int64_t i = 0; i < corners; ++i) {
                double const angle = 2 * 3.14159265358979 * static_cast<double>(i) / static_cast<double>(corners);
                double const r = share * reach[static_cast<std::size_t>(i)];
                points.push_back({static_cast<std::int32_t>(centre.lon + r * std::cos(angle)),
                                  static_cast<std::int32_t>(centre.lat + r * std::sin(angle))});
            }
            return points;
        };
        MultiPolygon asked{{{ring(1), {}}}};
        if (round % 2 == 0) {
            asked.parts[0].holes.push_back(ring(0.7));
        }
        geom::normalize(asked);
        if (!geos.valid(asked)) {
            continue;
        }
        counts.count(written, written->intersecting(asked), by_geos(geos, grids, geos.from(asked)),
                     geom::to_wkt(asked));
        counts.count(written, written->intersecting(asked.parts[0].outer),
                     by_geos(geos, grids, geos.line(asked.parts[0].outer)), "its outer ring as a line");
        auto const box = geom::envelope_of(asked);
        MultiPolygon const as_area{{{{box.min, {box.max.lon, box.min.lat}, box.max, {box.min.lon, box.max.lat}}, {}}}};
        counts.count(written, written->intersecting(box), by_geos(geos, grids, geos.from(as_area)), "its box");
    }
    BOOST_TEST(counts.wrong == 0U);
    BOOST_TEST(counts.some > 100U);
}

BOOST_AUTO_TEST_CASE(only_the_last_of_many_edges_near_a_grid_meets_it) {
    // A zigzag in the notch of an L: as many edges cross the grid's envelope as one likes, and none the grid.
    Written const written{{{{{{{0, 0}, {10000, 0}, {10000, 100}, {100, 100}, {100, 10000}, {0, 10000}}, {}}}}}};
    for (int const count : {1, 2, 62, 63, 64, 65, 66, 127, 128, 129, 130, 1000}) {
        std::vector<Point> line;
        for (int i = 0; i < count; ++i) {
            line.push_back({200 + 7 * i, i % 2 == 0 ? 200 : 20000});
        }
        BOOST_TEST(written->intersecting(line).empty(), count);
        line.push_back({line.back().lon, 20000});
        line.push_back({50, 20000});
        line.push_back({50, 10000});
        BOOST_TEST(written->intersecting(line).size() == 1U, count);
        std::reverse(line.begin(), line.end());
        BOOST_TEST(written->intersecting(line).size() == 1U, count);
    }
}

BOOST_AUTO_TEST_CASE(a_box_in_a_hole_is_not_in_the_grid_and_one_in_an_island_of_it_is) {
    auto const square = [](std::int32_t west, std::int32_t south, std::int32_t east, std::int32_t north) {
        return geom::Ring{{west, south}, {east, south}, {east, north}, {west, north}};
    };
    auto hole = square(20, 20, 80, 80);
    std::reverse(hole.begin(), hole.end());
    // Grid 0: a frame and an island in its own hole. Grid 1 touches the frame's corner.
    Written const written{
        {{{{square(0, 0, 100, 100), {hole}}, {square(40, 40, 60, 60), {}}}}, {{{square(100, 100, 200, 200), {}}}}}};
    auto const box = [&](std::int32_t west, std::int32_t south, std::int32_t east, std::int32_t north) {
        return written->intersecting(geom::Envelope{{west, south}, {east, north}});
    };
    using Ids = std::vector<GridId>;
    BOOST_TEST(box(25, 25, 35, 35) == Ids{}, boost::test_tools::per_element());
    BOOST_TEST(box(25, 25, 40, 40) == Ids{0}, boost::test_tools::per_element());
    BOOST_TEST(box(20, 30, 35, 35) == Ids{0}, boost::test_tools::per_element());
    BOOST_TEST(box(45, 45, 55, 55) == Ids{0}, boost::test_tools::per_element());
    BOOST_TEST(box(5, 5, 6, 6) == Ids{0}, boost::test_tools::per_element());
    BOOST_TEST(box(100, 100, 100, 100) == (Ids{0, 1}), boost::test_tools::per_element());
    BOOST_TEST(box(101, 50, 150, 99) == Ids{}, boost::test_tools::per_element());
    BOOST_TEST(box(30, -10, 39, 110) == Ids{0}, boost::test_tools::per_element());
    BOOST_TEST(written->intersecting(geom::Envelope{}).empty());
    // The grid's own frame as an area, asked from the hole's side: what is in the hole alone does not meet it.
    Written const inner{{{{{square(40, 40, 60, 60), {}}}}}};
    BOOST_TEST(inner->intersecting(geom::Polygon{square(0, 0, 100, 100), {hole}}).empty());
    BOOST_TEST(inner->intersecting(geom::Polygon{square(0, 0, 100, 100), {}}).size() == 1U);
    // An area round a grid whose hole holds all of the area's own hole.
    BOOST_TEST(written->intersecting(geom::Polygon{square(-50, -50, 300, 300), {hole}}).size() == 2U);
    BOOST_TEST(written->intersecting(geom::MultiPolygon{}).empty());
    BOOST_TEST(written->intersecting(std::span<Point const>{}).empty());
    BOOST_TEST(written->intersecting(std::vector<Point>{{30, 30}}).empty());
    BOOST_TEST(written->intersecting(std::vector<Point>{{50, 50}}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(nearest_and_within_have_the_distances_and_order_of_geodesics_to_all_grids) {
    constexpr std::uint64_t kSeed = 5150;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    geod_geodesic ellipsoid;
    geod_init(&ellipsoid, 6378137.0, 1.0 / 298.257222101);
    std::size_t owned = 0, outside = 0, left_out = 0, ties = 0;
    for (std::uint64_t round = 0; round < 150; ++round) {
        Random random{kSeed + round};
        Placement const place{round % 3 == 0 ? 1 : 1500, {1130000000, 230000000}};
        auto const shapes = coverage(random, place);
        Written const written{shapes};
        Places places{random, shapes, place};
        for (int i = 0; i < 8; ++i) {
            auto p = places.one();
            if (i == 0) {
                p.lat += static_cast<std::int32_t>(random.between(-200000, 200000)); // far off
            }
            auto const owner = owner_by_winding(shapes, p);
            std::vector<double> expected;
            double nearest_edge = std::numeric_limits<double>::infinity();
            for (std::size_t n = 0; n < shapes.size(); ++n) {
                double best = std::numeric_limits<double>::infinity();
                geom::for_each_edge(
                    shapes[n], [&](Point a, Point b) { best = std::min(best, geodesic_to_edge(ellipsoid, p, a, b)); });
                nearest_edge = std::min(nearest_edge, best);
                expected.push_back(std::cmp_equal(owner, n) ? 0 : best);
            }
            auto const margin = [](double metres) { return 2e-3 + 1e-5 * metres; };
            double const limit =
                random.between(0, 2) == 0 ? std::numeric_limits<double>::infinity() : expected[0] * 2 * random.unit();
            auto const k = static_cast<std::size_t>(random.between(1, static_cast<std::int64_t>(shapes.size()) + 1));
            auto const all = written->within(p, limit);
            auto const some = written->nearest(p, k, limit);

            // within: every one at its distance, in order; those left out are farther off.
            std::vector<bool> got(shapes.size());
            for (std::size_t j = 0; j < all.size(); ++j) {
                auto const n = written.number(all[j].grid);
                got[n] = true;
                BOOST_TEST(std::abs(all[j].distance_m - expected[n]) < margin(expected[n]));
                BOOST_TEST(all[j].distance_m <= limit);
                if (j != 0) {
                    BOOST_TEST(all[j - 1].distance_m <= all[j].distance_m);
                    if (all[j - 1].distance_m == all[j].distance_m) {
                        auto const before = written.number(all[j - 1].grid);
                        BOOST_TEST((std::cmp_equal(before, owner) || (before < n && !std::cmp_equal(n, owner))));
                        ++ties;
                    }
                }
            }
            for (std::size_t n = 0; n < shapes.size(); ++n) {
                BOOST_TEST((got[n] || expected[n] > limit - margin(expected[n])));
                left_out += got[n] ? 0U : 1U;
            }
            if (owner >= 0) {
                BOOST_REQUIRE(!all.empty());
                BOOST_TEST(std::cmp_equal(written.number(all[0].grid), owner));
                BOOST_TEST(all[0].distance_m == 0.0);
                ++owned;
            } else {
                ++outside;
            }
            // nearest: the first k of them.
            BOOST_TEST((some == std::vector<NearestGrid>(
                                    all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(k, all.size())))));

            auto const edge = written->edge_distance_m(p, limit);
            if (edge) {
                BOOST_TEST(std::abs(*edge - nearest_edge) < margin(nearest_edge));
                BOOST_TEST(*edge <= limit);
            } else {
                BOOST_TEST(nearest_edge > limit - margin(nearest_edge));
            }
        }
    }
    BOOST_TEST(owned > 100U);
    BOOST_TEST(outside > 100U);
    BOOST_TEST(left_out > 100U);
    BOOST_TEST(ties > 50U);
}

BOOST_AUTO_TEST_CASE(grids_at_the_same_distance_come_by_code_and_the_limit_is_closed) {
    // Five triangles round one vertex, and a position from which that vertex is nearest to all of them.
    Placement const place{100000, {1130000000, 230000000}};
    auto const triangle = [&](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
        return MultiPolygon{{{{place(0, 0), place(a, b), place(c, d)}, {}}}};
    };
    Written const written{{triangle(2, 6, 0, 6), triangle(0, 6, -2, 6), triangle(6, 6, 5, 7), triangle(-6, 6, -7, 6),
                           triangle(4, 6, 3, 6)}};
    auto const p = place(0, -5);
    auto const all = written->within(p, 1e9);
    BOOST_REQUIRE(all.size() == 5U);
    for (std::size_t i = 0; i < 5; ++i) {
        BOOST_TEST(written.number(all[i].grid) == i);
        BOOST_TEST(all[i].distance_m == all[0].distance_m);
    }
    for (std::size_t k = 0; k <= 6; ++k) {
        auto const some = written->nearest(p, k, all[0].distance_m); // exactly as far as they are
        BOOST_REQUIRE(some.size() == std::min<std::size_t>(k, 5));
        for (std::size_t i = 0; i < some.size(); ++i) {
            BOOST_TEST(written.number(some[i].grid) == i);
        }
    }
    double const less = std::nextafter(all[0].distance_m, 0);
    BOOST_TEST(written->nearest(p, 3, less).empty());
    BOOST_TEST(written->within(p, less).empty());
    BOOST_TEST(!written->edge_distance_m(p, less).has_value());
    BOOST_TEST(written->edge_distance_m(p, all[0].distance_m).value() == all[0].distance_m);
    // On the common vertex all have distance 0; the owner comes first all the same.
    auto const at_vertex = written->within(place(0, 0), 0);
    BOOST_REQUIRE(at_vertex.size() == 5U);
    BOOST_TEST(at_vertex[0].grid == written->locate(place(0, 0)));
    BOOST_TEST(at_vertex[4].distance_m == 0.0);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_asked_is_refused_and_nothing_is_found_in_an_empty_snapshot) {
    Written const empty{{}};
    BOOST_TEST(
        empty->intersecting(geom::Envelope{{-1'800'000'000, -900'000'000}, {1'800'000'000, 900'000'000}}).empty());
    BOOST_TEST(empty->intersecting(geom::Polygon{{{0, 0}, {9, 0}, {0, 9}}, {}}).empty());
    BOOST_TEST(empty->nearest({0, 0}, 3, 1e9).empty());
    BOOST_TEST(empty->within({0, 0}, 1e9).empty());
    BOOST_TEST(!empty->edge_distance_m({0, 0}, 1e9).has_value());
    auto const is_usage = [](Error const& e) { return e.code() == ErrorCode::usage; };
    BOOST_CHECK_EXCEPTION(empty->within({0, 0}, -1), Error, is_usage);
    BOOST_CHECK_EXCEPTION(empty->within({0, 0}, std::nan("")), Error, is_usage);
    BOOST_CHECK_EXCEPTION(empty->nearest({0, 0}, 1, -1), Error, is_usage);
    BOOST_CHECK_EXCEPTION(empty->edge_distance_m({0, 0}, -1), Error, is_usage);
    BOOST_CHECK_EXCEPTION(empty->intersecting(geom::Polygon{{{0, 0}, {1'800'000'001, 0}, {0, 9}}, {}}), Error,
                          is_usage);
    BOOST_CHECK_EXCEPTION(empty->intersecting(std::vector<Point>{{0, -900'000'001}}), Error, is_usage);
    // A box may reach beyond the globe: what is there is nothing.
    constexpr auto kLow = std::numeric_limits<std::int32_t>::min(), kHigh = std::numeric_limits<std::int32_t>::max();
    Written const one{{{{{{{0, 0}, {9, 0}, {0, 9}}, {}}}}}};
    BOOST_TEST(one->intersecting(geom::Envelope{{kLow, kLow}, {kHigh, kHigh}}).size() == 1U);
    BOOST_TEST(one->intersecting(geom::Envelope{{1'900'000'000, kLow}, {kHigh, kHigh}}).empty());
}

BOOST_AUTO_TEST_CASE(many_threads_ask_one_snapshot_at_once) {
    Random random{9};
    Placement const place{1000, {1130000000, 230000000}};
    auto const shapes = merged_cells(random, place, true);
    Written const written{shapes};
    geom::Envelope const box{place(5, 5), place(20, 20)};
    auto const ask = [&] {
        return std::tuple{written->intersecting(box), written->intersecting(shapes[0]),
                          written->nearest(place(-9, 3), 3, 1e6), written->within(place(9, 9), 100),
                          written->edge_distance_m(place(9, 9), 1e6)};
    };
    auto const expected = ask();
    std::array<bool, 4> same{};
    {
        std::vector<std::jthread> threads;
        for (auto& one : same) {
            threads.emplace_back([&] {
                one = true;
                for (int i = 0; i < 200; ++i) {
                    one = one && ask() == expected;
                }
            });
        }
    }
    BOOST_TEST(same == (std::array<bool, 4>{true, true, true, true}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
