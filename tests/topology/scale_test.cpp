#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <set>
#include <string>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::topology;

namespace {

constexpr std::int32_t kCell = 60000; ///< some 600 m
constexpr int kSteps = 19;            ///< edges on a side: 76 vertices a face

/// The jagged side from one corner to the next, without its last point. Both neighbours get the same points.
void append_side(Ring& ring, int x0, int y0, int x1, int y1) {
    bool const turned = std::pair{x1, y1} < std::pair{x0, y0};
    auto const [ax, ay, bx, by] = turned ? std::tuple{x1, y1, x0, y0} : std::tuple{x0, y0, x1, y1};
    Random random{static_cast<std::uint64_t>(ax) * 100003U + static_cast<std::uint64_t>(ay) * 7U +
                  static_cast<std::uint64_t>(bx - ax)};
    Ring side;
    for (int i = 0; i < kSteps; ++i) {
        auto const near_end = std::min(i, kSteps - i);
        auto const reach = near_end * kCell / kSteps / 2;
        auto const off = static_cast<std::int32_t>(random.between(-reach, reach) / 2);
        auto const along = kCell / kSteps * i;
        side.push_back(
            {1130000000 + ax * kCell + (bx != ax ? along : off), 220000000 + ay * kCell + (bx != ax ? off : along)});
    }
    side.push_back({1130000000 + bx * kCell, 220000000 + by * kCell});
    if (turned) {
        std::reverse(side.begin(), side.end());
    }
    ring.insert(ring.end(), side.begin(), side.end() - 1);
}

struct Province {
    int width = 0;
    std::vector<std::string> names;
    std::vector<MultiPolygon> shapes;
};

/// `faces` cells row by row in a nearly square block; the last row may be short.
Province jagged_province(int faces) {
    Province province;
    while (province.width * province.width < faces) {
        ++province.width;
    }
    for (int i = 0; i < faces; ++i) {
        auto const x = i % province.width;
        auto const y = i / province.width;
        Ring ring;
        append_side(ring, x, y, x + 1, y);
        append_side(ring, x + 1, y, x + 1, y + 1);
        append_side(ring, x + 1, y + 1, x, y + 1);
        append_side(ring, x, y + 1, x, y);
        province.names.push_back("G" + std::to_string(1000000 + i));
        province.shapes.push_back(one_ring(std::move(ring)));
    }
    return province;
}

std::vector<Face> faces_of(Province const& province) {
    std::vector<Face> faces;
    for (std::size_t i = 0; i < province.shapes.size(); ++i) {
        faces.push_back({province.names[i], &province.shapes[i], true});
    }
    return faces;
}

/// Runs and says how much processor time it took.
template <class F>
auto timed(char const* what, F&& f) {
    auto const start = std::clock();
    auto result = f();
    std::cout << what << ": " << static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC << " s\n";
    return result;
}

CoverageChecker::Result check(Province const& province, std::vector<Outline> const& outlines = {},
                              double tolerance_m = 0) {
    SilentProgress progress;
    return CoverageChecker{{tolerance_m}}.check(faces_of(province), outlines, progress);
}

/// 8,000 unless WANGGE_SCALE_FACES says otherwise; the province has 127,533.
int face_count() {
    auto const* const text = std::getenv("WANGGE_SCALE_FACES");
    return text ? std::stoi(text) : 8000;
}

/// Blocks of 9 x 9 faces, as villages are of grids.
std::vector<std::uint32_t> blocks_of(Province const& province, std::size_t& count) {
    std::vector<std::uint32_t> groups;
    auto const columns = static_cast<std::uint32_t>(province.width / 9 + 1);
    for (std::size_t i = 0; i < province.shapes.size(); ++i) {
        auto const x = static_cast<std::uint32_t>(i) % static_cast<std::uint32_t>(province.width);
        auto const y = static_cast<std::uint32_t>(i) / static_cast<std::uint32_t>(province.width);
        groups.push_back(y / 9 * columns + x / 9);
    }
    count = *std::max_element(groups.begin(), groups.end()) + 1U;
    return groups;
}

std::vector<MultiPolygon const*> pointers_to(std::vector<MultiPolygon> const& shapes) {
    std::vector<MultiPolygon const*> result;
    for (auto const& shape : shapes) {
        result.push_back(&shape);
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(scale)

BOOST_AUTO_TEST_CASE(a_clean_province_is_clean_with_and_without_its_outlines) {
    auto const province = jagged_province(face_count());
    auto const result = timed("check", [&] { return check(province); });
    BOOST_TEST(result.report.problems.empty());
    BOOST_REQUIRE(result.checked);
    BOOST_TEST(result.checked->face_count() == province.shapes.size());
    BOOST_TEST(result.checked->edge_count() == province.shapes.size() * 76);

    std::size_t block_count = 0;
    auto const groups = blocks_of(province, block_count);
    auto const blocks =
        timed("dissolve to blocks", [&] { return dissolve(pointers_to(province.shapes), groups, block_count); });
    std::vector<Outline> outlines;
    for (auto const& block : blocks) {
        outlines.push_back({"block" + std::to_string(1000 + outlines.size()), &block});
    }
    BOOST_TEST(timed("check with outlines", [&] { return check(province, outlines); }).report.problems.empty());
    double faces_m2 = 0;
    double blocks_m2 = 0;
    for (auto const& shape : province.shapes) {
        faces_m2 += geom::area_m2(shape);
    }
    for (auto const& block : blocks) {
        blocks_m2 += geom::area_m2(block);
    }
    BOOST_TEST(blocks_m2 == faces_m2, boost::test_tools::tolerance(1e-9));
    std::vector<std::uint32_t> const together(block_count, 0);
    std::vector<std::uint32_t> const all(province.shapes.size(), 0);
    BOOST_TEST((dissolve(pointers_to(blocks), together, 1) == dissolve(pointers_to(province.shapes), all, 1)));
}

BOOST_AUTO_TEST_CASE(approximate_outlines_give_one_finding_for_each_face_and_outline) {
    auto const province = jagged_province(face_count());
    auto const width = province.width;
    auto const rows = static_cast<std::int32_t>(province.shapes.size()) / width;
    auto const outline = box(1130000000, 220000000, 1130000000 + width * kCell, 220000000 + rows * kCell);
    std::vector<Outline> const outlines{{"county", &outline}};
    auto const report = timed("check with an approximate outline", [&] { return check(province, outlines).report; });
    auto const rim = static_cast<std::size_t>(2 * (width + rows));
    BOOST_TEST(report.count(ProblemCode::county_not_filled) == 1U);
    BOOST_TEST(report.count(ProblemCode::outside_county) <= rim + static_cast<std::size_t>(width));
    BOOST_TEST(report.count(ProblemCode::outside_county) > rim / 2);
    BOOST_TEST(report.problems.size() ==
               report.count(ProblemCode::county_not_filled) + report.count(ProblemCode::outside_county));
}

BOOST_AUTO_TEST_CASE(neighbours_digitised_apart_give_findings_for_each_boundary_not_for_each_vertex) {
    auto province = jagged_province(face_count() / 4);
    Random random{20240617};
    for (auto& shape : province.shapes) {
        for (auto& p : shape.parts[0].outer) { // up to 5 cm
            p.lon += static_cast<std::int32_t>(random.between(-4, 4));
            p.lat += static_cast<std::int32_t>(random.between(-4, 4));
        }
    }
    auto const report = timed("check of a quarter, no edge matched", [&] { return check(province).report; });
    auto const boundaries = 2 * province.shapes.size();
    BOOST_TEST(report.count(ProblemCode::overlap) > boundaries * 9 / 10);
    BOOST_TEST(report.count(ProblemCode::overlap) < boundaries * 2); // diagonal neighbours may overlap at corners
    BOOST_TEST(report.count(ProblemCode::gap) < boundaries * 2);
    std::set<std::pair<ProblemCode, std::vector<std::string>>> said;
    for (auto const& problem : report.problems) {
        if (problem.code != ProblemCode::sliver) { // stands beside both
            BOOST_TEST(said.emplace(problem.code, problem.subjects).second, problem.message);
        }
    }
    // Each vertex moved 6 cm at most, so that the two sides are 13 cm apart at most, and steeper edges a bit more.
    auto const merged = timed("the same with a tolerance", [&] { return check(province, {}, 0.5).report; });
    BOOST_TEST(merged.problems.size() == merged.count(ProblemCode::edge_not_matched));
    BOOST_TEST(merged.problems.size() > boundaries * 9 / 10);
    BOOST_TEST(merged.problems.size() < boundaries * 2);
}

BOOST_AUTO_TEST_CASE(planted_defects_are_each_found_once) {
    auto province = jagged_province(face_count());
    auto const width = static_cast<std::size_t>(province.width);
    std::size_t planted[6] = {};
    std::vector<std::size_t> removed;
    // Every third face in every third row, away from the rim, so that no two defects meet.
    auto const clean_faces = province.shapes.size();
    std::size_t turn = 0;
    for (std::size_t y = 1; (y + 2) * width < clean_faces; y += 3) {
        for (std::size_t x = 1; x + 2 < width; x += 3) {
            auto const i = y * width + x;
            auto& ring = province.shapes[i].parts[0].outer;
            auto const kind = turn++ % 6;
            switch (kind) {
            case 0: // drawn over its southern neighbour
                ring[9].lat -= kCell / 3;
                break;
            case 1: // drawn short of it
                ring[9].lat += kCell / 3;
                break;
            case 2:
                removed.push_back(i);
                break;
            case 3:
                province.names.push_back(province.names[i] + "copy");
                province.shapes.push_back(MultiPolygon{province.shapes[i]});
                break;
            case 4: // a southern vertex beyond the northern side
                ring[9].lat += kCell + kCell / 2;
                break;
            default: // a face inside this one, touching nothing
                province.names.push_back(province.names[i] + "in");
                province.shapes.push_back(box(ring[0].lon + kCell / 2 - 500, ring[0].lat + kCell / 2 - 500,
                                              ring[0].lon + kCell / 2 + 500, ring[0].lat + kCell / 2 + 500));
            }
            ++planted[kind];
        }
    }
    for (auto it = removed.rbegin(); it != removed.rend(); ++it) {
        province.shapes.erase(province.shapes.begin() + static_cast<std::ptrdiff_t>(*it));
        province.names.erase(province.names.begin() + static_cast<std::ptrdiff_t>(*it));
    }
    std::cout << "planted " << turn << " defects\n";
    auto const report = timed("check with defects", [&] { return check(province).report; });
    BOOST_TEST(report.count(ProblemCode::overlap) >= planted[0] + planted[5]);
    BOOST_TEST(report.count(ProblemCode::gap) >= planted[1] + planted[2]);
    BOOST_TEST(report.count(ProblemCode::duplicate_geometry) == planted[3]);
    BOOST_TEST(report.count(ProblemCode::self_crossing) == planted[4]);
    BOOST_TEST(report.problems.size() < 2 * turn);
    std::cout << "found " << report.problems.size() << ": overlap " << report.count(ProblemCode::overlap) << ", gap "
              << report.count(ProblemCode::gap) << ", duplicate " << report.count(ProblemCode::duplicate_geometry)
              << ", self crossing " << report.count(ProblemCode::self_crossing) << '\n';
}

BOOST_AUTO_TEST_SUITE_END()
