#include "geos_oracle.hpp"
#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/geom/wkb.hpp>
#include <wangge/topology/coverage.hpp>
#include <wangge/topology/rings.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

/// Square metres of a square lattice unit at the equator, where the scenes of this file lie.
double unit_m2() {
    auto const scale = geom::metres_per_degree(0);
    return scale.lon * scale.lat / 1e14;
}

/// A valid coverage: cells merged into faces at random, each face with every corner on its boundary as a vertex.
struct Coverage {
    CellMap cells;
    int last_number = 100; ///< of the faces laid over it
    std::vector<std::string> names;
    std::vector<MultiPolygon> shapes;
};

Coverage random_coverage(Random& random, int size, int owners, bool holes, std::int32_t scale) {
    Coverage coverage;
    coverage.cells = random_cells(random, size, owners, holes);
    std::vector<MultiPolygon> squares;
    std::vector<std::uint32_t> groups;
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            if (coverage.cells.at(x, y) >= 0) {
                squares.push_back(box(x * scale, y * scale, (x + 1) * scale, (y + 1) * scale));
                groups.push_back(static_cast<std::uint32_t>(coverage.cells.at(x, y)));
            }
        }
    }
    std::vector<MultiPolygon const*> shapes;
    for (auto const& square : squares) {
        shapes.push_back(&square);
    }
    for (auto& shape : dissolve(shapes, groups, static_cast<std::size_t>(owners))) {
        if (!shape.empty()) {
            coverage.names.push_back("F" + std::to_string(100 + coverage.names.size()));
            coverage.shapes.push_back(std::move(shape));
        }
    }
    return coverage;
}

std::vector<Face> faces_of(Coverage const& coverage) {
    std::vector<Face> faces;
    for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
        faces.push_back({coverage.names[i], &coverage.shapes[i], true});
    }
    return faces;
}

ProblemReport check(std::vector<Face> const& faces, std::vector<Outline> const& outlines = {}) {
    SilentProgress progress;
    return std::move(CoverageChecker{}.check(faces, outlines, progress).report);
}

std::string everything(ProblemReport const& report) {
    std::string text;
    for (auto const& problem : report.problems) {
        text += problem.id() + ' ' + problem.message + ' ' + std::to_string(problem.measure) + '\n';
    }
    return text;
}

void shuffle(Random& random, std::vector<Face>& faces) {
    for (std::size_t i = faces.size(); i > 1; --i) {
        std::swap(faces[i - 1], faces[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
    }
}

/// Number of 4-connected sets of free cells that do not reach the rim.
int enclosed_holes(CellMap const& cells) {
    std::set<std::pair<int, int>> seen;
    int holes = 0;
    for (int y = 0; y < cells.size; ++y) {
        for (int x = 0; x < cells.size; ++x) {
            if (cells.at(x, y) >= 0 || seen.count({x, y}) != 0) {
                continue;
            }
            bool open = false;
            std::vector<std::pair<int, int>> todo{{x, y}};
            seen.insert({x, y});
            while (!todo.empty()) {
                auto const [cx, cy] = todo.back();
                todo.pop_back();
                for (auto const& [dx, dy] : {std::pair{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
                    int const nx = cx + dx;
                    int const ny = cy + dy;
                    if (nx < 0 || ny < 0 || nx >= cells.size || ny >= cells.size) {
                        open = true;
                    } else if (cells.at(nx, ny) < 0 && seen.insert({nx, ny}).second) {
                        todo.emplace_back(nx, ny);
                    }
                }
            }
            holes += open ? 0 : 1;
        }
    }
    return holes;
}

/// Moves, drops, adds a vertex, removes a face or lays an extra one over others.
void mutate(Random& random, Coverage& coverage, int size, std::int32_t scale) {
    auto const pick = [&](std::size_t n) {
        return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(n) - 1));
    };
    if (coverage.shapes.empty()) {
        return;
    }
    auto const i = pick(coverage.shapes.size());
    auto& ring = coverage.shapes[i].parts[pick(coverage.shapes[i].parts.size())].outer;
    switch (random.between(0, 5)) {
    case 0: { // to anywhere near
        auto& p = ring[pick(ring.size())];
        p.lon += static_cast<std::int32_t>(random.between(-2 * scale, 2 * scale));
        p.lat += static_cast<std::int32_t>(random.between(-2 * scale, 2 * scale));
        break;
    }
    case 1:
        if (ring.size() > 3) {
            ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(pick(ring.size())));
        }
        break;
    case 2: { // in the middle of an edge, or off it
        auto const k = pick(ring.size());
        auto const a = ring[k];
        auto const b = ring[(k + 1) % ring.size()];
        auto const off = static_cast<std::int32_t>(random.between(-1, 1));
        ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(k) + 1,
                    {(a.lon + b.lon) / 2 + off, (a.lat + b.lat) / 2 - off});
        break;
    }
    case 3:
        coverage.shapes.erase(coverage.shapes.begin() + static_cast<std::ptrdiff_t>(i));
        coverage.names.erase(coverage.names.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    case 4: { // a triangle over it all
        auto const any = [&] {
            return Point{static_cast<std::int32_t>(random.between(-scale, (size + 1) * scale)),
                         static_cast<std::int32_t>(random.between(-scale, (size + 1) * scale))};
        };
        auto shape = one_ring({any(), any(), any()});
        geom::normalize(shape);
        coverage.names.push_back("X" + std::to_string(++coverage.last_number));
        coverage.shapes.push_back(shape);
        break;
    }
    default: {
        auto const copy = coverage.shapes[i];
        coverage.names.push_back("Z" + std::to_string(++coverage.last_number));
        coverage.shapes.push_back(copy);
    }
    }
}

/// What GEOS overlays say: overlap area of each pair of faces, holes of the union.
void compare_with_geos(Geos const& geos, Coverage const& coverage, ProblemReport const& report) {
    std::vector<Geos::Geometry> geometries;
    std::vector<MultiPolygon const*> all;
    for (auto const& shape : coverage.shapes) {
        geometries.push_back(geos.from(shape));
        all.push_back(&shape);
    }
    std::map<std::vector<std::string>, double> expected;
    std::set<std::size_t> copies;
    std::size_t duplicate_groups = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        bool first = true;
        for (std::size_t k = i + 1; k < all.size(); ++k) {
            if (coverage.shapes[i] == coverage.shapes[k] && copies.count(i) == 0) {
                copies.insert(k);
                duplicate_groups += first ? 1 : 0;
                first = false;
            }
        }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t k = i + 1; k < all.size(); ++k) {
            if (copies.count(i) + copies.count(k) == 0) {
                if (auto const area = geos.area(geos.intersection(geometries[i], geometries[k])); area > 1e-6) {
                    std::vector<std::string> names{coverage.names[i], coverage.names[k]};
                    std::sort(names.begin(), names.end());
                    // The kept one of a set of copies is the one with the smallest name, which is the first here.
                    expected[names] = area * unit_m2();
                }
            }
        }
    }
    BOOST_REQUIRE_EQUAL(report.count(ProblemCode::duplicate_geometry), duplicate_groups);
    BOOST_REQUIRE_EQUAL(report.count(ProblemCode::overlap), expected.size());
    double gaps = 0;
    for (auto const& problem : report.problems) {
        if (problem.code == ProblemCode::overlap) {
            BOOST_REQUIRE_EQUAL(expected.count(problem.subjects), 1U);
            BOOST_REQUIRE_CLOSE(problem.measure, expected[problem.subjects], 1e-3);
        }
        gaps += problem.code == ProblemCode::gap ? problem.measure : 0;
    }
    auto const enclosed = geos.enclosed_area(geos.unite(all), box(-1000, -1000, 1000, 1000));
    BOOST_REQUIRE_SMALL(gaps - enclosed * unit_m2(), 1e-6 * (1 + gaps));
}

/// Pairs of faces that run along each other without sharing the vertices there, by trying all pairs of edges.
std::set<std::vector<std::string>> unmatched_pairs(Coverage const& coverage) {
    std::set<std::vector<std::string>> pairs;
    for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
        for (std::size_t k = i + 1; k < coverage.shapes.size(); ++k) {
            geom::for_each_edge(coverage.shapes[i], [&](Point a, Point b) {
                geom::for_each_edge(coverage.shapes[k], [&](Point c, Point d) {
                    bool const opposite = (b.lon - a.lon) * (d.lon - c.lon) + (b.lat - a.lat) * (d.lat - c.lat) < 0;
                    if (geom::orientation(a, b, c) == 0 && geom::orientation(a, b, d) == 0 && opposite &&
                        (a != d || b != c) &&
                        std::max(std::min(a, b), std::min(c, d)) < std::min(std::max(a, b), std::max(c, d))) {
                        std::vector<std::string> names{coverage.names[i], coverage.names[k]};
                        std::sort(names.begin(), names.end());
                        pairs.insert(names);
                    }
                });
            });
        }
    }
    return pairs;
}

} // namespace

BOOST_AUTO_TEST_SUITE(properties)

BOOST_AUTO_TEST_CASE(partitions_are_clean_but_for_their_holes) {
    Random random{20240614};
    for (int round = 0; round < 2000; ++round) {
        bool const holes = round % 2 == 1;
        auto const coverage = random_coverage(random, static_cast<int>(random.between(2, 10)),
                                              static_cast<int>(random.between(1, 12)), holes, 3000);
        auto const report = check(faces_of(coverage));
        BOOST_TEST_INFO("round " << round << '\n' << everything(report));
        BOOST_REQUIRE_EQUAL(report.problems.size(), report.count(ProblemCode::gap) + report.count(ProblemCode::sliver));
        BOOST_REQUIRE_EQUAL(report.count(ProblemCode::gap), static_cast<std::size_t>(enclosed_holes(coverage.cells)));
    }
}

BOOST_AUTO_TEST_CASE(mutated_partitions_have_the_overlaps_and_gaps_that_geos_overlays_find) {
    Geos const geos;
    Random random{20240615};
    int compared = 0;
    int with_overlap = 0;
    int with_gap = 0;
    int with_unmatched = 0;
    for (int round = 0; round < 6000; ++round) {
        auto const size = static_cast<int>(random.between(2, 6));
        auto coverage = random_coverage(random, size, static_cast<int>(random.between(2, 8)), round % 3 == 0, 12);
        for (auto n = random.between(1, 3); n > 0; --n) {
            mutate(random, coverage, size, 12);
        }
        std::string shapes;
        bool valid = true;
        for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
            geom::normalize(coverage.shapes[i]); // a moved vertex may turn a ring round, which is another test
            shapes += coverage.names[i] + ' ' + geom::to_wkt(coverage.shapes[i]) + '\n';
            valid = valid && geos.valid(coverage.shapes[i]);
        }
        auto faces = faces_of(coverage);
        auto const report = check(faces);
        BOOST_TEST_CONTEXT("round " << round << '\n' << shapes << everything(report)) {
            shuffle(random, faces);
            BOOST_REQUIRE_EQUAL(everything(check(faces)), everything(report));
            auto const own_faults = std::count_if(report.problems.begin(), report.problems.end(),
                                                  [](Problem const& p) { return p.code < ProblemCode::overlap; });
            BOOST_REQUIRE_EQUAL(own_faults == 0, valid);
            if (!valid || coverage.shapes.empty()) {
                continue;
            }
            ++compared;
            compare_with_geos(geos, coverage, report);
            if (report.count(ProblemCode::duplicate_geometry) == 0) {
                std::set<std::vector<std::string>> unmatched;
                for (auto const& problem : report.problems) {
                    if (problem.code == ProblemCode::edge_not_matched) {
                        BOOST_REQUIRE(unmatched.insert(problem.subjects).second);
                    }
                }
                BOOST_REQUIRE(unmatched == unmatched_pairs(coverage));
                with_unmatched += unmatched.empty() ? 0 : 1;
            }
            with_overlap += report.count(ProblemCode::overlap) > 0 ? 1 : 0;
            with_gap += report.count(ProblemCode::gap) > 0 ? 1 : 0;
        }
    }
    BOOST_TEST(compared > 3000);
    BOOST_TEST(with_overlap > 1000);
    BOOST_TEST(with_gap > 1000);
    BOOST_TEST(with_unmatched > 250);
}

BOOST_AUTO_TEST_CASE(what_holds_on_a_small_lattice_holds_stretched_over_the_globe) {
    Random random{20240618};
    for (int round = 0; round < 2000; ++round) {
        Coverage small;
        Coverage large;
        for (int i = 0; i < 6; ++i) {
            Ring ring;
            for (int k = static_cast<int>(random.between(3, 5)); k > 0; --k) {
                ring.push_back({static_cast<std::int32_t>(random.between(0, 16)),
                                static_cast<std::int32_t>(random.between(0, 16))});
            }
            auto shape = one_ring(ring);
            geom::normalize(shape);
            small.shapes.push_back(shape);
            for (auto& p : shape.parts[0].outer) {
                p = {(p.lon - 8) * 225000000, (p.lat - 8) * 112500000};
            }
            large.shapes.push_back(shape);
            small.names.push_back("F" + std::to_string(i));
            large.names.push_back("F" + std::to_string(i));
        }
        auto const said = [](ProblemReport const& report) {
            std::multiset<std::string> result;
            std::set<std::string> gaps; // slivers are drawn together by size
            for (auto const& problem : report.problems) {
                std::string text{problem_kind(problem.code).slug};
                for (auto const& subject : problem.subjects) {
                    text += ' ' + subject;
                }
                if (problem.code == ProblemCode::gap) {
                    gaps.insert(text);
                } else if (problem.code != ProblemCode::sliver) {
                    result.insert(text);
                }
            }
            result.insert(gaps.begin(), gaps.end());
            return result;
        };
        BOOST_TEST_CONTEXT("round " << round) {
            BOOST_REQUIRE(said(check(faces_of(small))) == said(check(faces_of(large))));
        }
    }
}

BOOST_AUTO_TEST_CASE(random_outlines_are_exceeded_and_left_open_by_the_areas_that_geos_finds) {
    Geos const geos;
    Random random{20240616};
    for (int round = 0; round < 3000; ++round) {
        auto const size = static_cast<int>(random.between(2, 6));
        auto coverage = random_coverage(random, size, static_cast<int>(random.between(2, 8)), false, 12);
        for (auto n = random.between(0, 1); n > 0; --n) {
            mutate(random, coverage, size, 12);
        }
        // Outlines: another partition of the same square, moved a little, or the same one.
        auto outlines = round % 4 == 0 ? coverage : random_coverage(random, size, 3, false, 12);
        auto const shift = static_cast<std::int32_t>(random.between(-2, 2));
        for (auto& shape : outlines.shapes) {
            for (auto& part : shape.parts) {
                for (auto& p : part.outer) {
                    p.lon += round % 4 == 0 ? 0 : shift;
                }
                for (auto& hole : part.holes) {
                    for (auto& p : hole) {
                        p.lon += round % 4 == 0 ? 0 : shift;
                    }
                }
            }
        }
        bool valid = !coverage.shapes.empty();
        for (auto& shape : coverage.shapes) {
            geom::normalize(shape);
            valid = valid && geos.valid(shape);
        }
        if (!valid) {
            continue;
        }
        std::vector<Outline> list;
        std::vector<MultiPolygon const*> outline_shapes;
        for (std::size_t i = 0; i < outlines.shapes.size(); ++i) {
            list.push_back({"county" + std::to_string(i), &outlines.shapes[i]});
            outline_shapes.push_back(&outlines.shapes[i]);
        }
        auto const report = check(faces_of(coverage), list);
        auto const land = geos.unite(outline_shapes);
        std::vector<MultiPolygon const*> shapes;
        std::map<std::string, double> expected_outside;
        for (std::size_t i = 0; i < coverage.shapes.size(); ++i) {
            shapes.push_back(&coverage.shapes[i]);
            if (auto const area = geos.area(geos.difference(geos.from(coverage.shapes[i]), land)); area > 1e-6) {
                expected_outside[coverage.names[i]] = area * unit_m2();
            }
        }
        BOOST_TEST_CONTEXT("round " << round << '\n' << everything(report)) {
            if (report.count(ProblemCode::duplicate_geometry) > 0) {
                continue;
            }
            std::map<std::string, double> outside;
            double open = 0;
            for (auto const& problem : report.problems) {
                if (problem.code == ProblemCode::outside_county) {
                    BOOST_REQUIRE(outside.emplace(problem.subjects[0], problem.measure).second);
                }
                open += problem.code == ProblemCode::county_not_filled || problem.code == ProblemCode::gap
                            ? problem.measure
                            : 0;
            }
            BOOST_REQUIRE_EQUAL(outside.size(), expected_outside.size());
            for (auto const& [name, area] : expected_outside) {
                BOOST_REQUIRE_CLOSE(outside[name], area, 1e-3);
            }
            if (report.count(ProblemCode::gap) == 0) { // a gap may reach out of an outline
                BOOST_REQUIRE_SMALL(open - geos.area(geos.difference(land, geos.unite(shapes))) * unit_m2(),
                                    1e-6 * (1 + open));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
