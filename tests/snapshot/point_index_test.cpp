#include "coverages.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <limits>

using namespace wangge;
using namespace wangge::test;
using snapshot::kOutside;
using snapshot::PointIndex;

namespace {

constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
constexpr auto kHighest = std::numeric_limits<std::int32_t>::max();

/// Bytes of an index at an address of the wanted alignment.
class AlignedBytes {
public:
    explicit AlignedBytes(std::span<std::byte const> bytes) : m_words(bytes.size() / 8 + 1), m_size(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), data());
    }
    std::byte* data() { return reinterpret_cast<std::byte*>(m_words.data()); }
    std::span<std::byte const> span() { return {data(), m_size}; }

private:
    std::vector<std::uint64_t> m_words;
    std::size_t m_size;
};

std::vector<std::byte> build(std::vector<MultiPolygon> const& shapes) {
    std::vector<MultiPolygon const*> pointers;
    for (auto const& shape : shapes) {
        pointers.push_back(&shape);
    }
    SilentProgress silent;
    return PointIndex::build(pointers, silent);
}

std::vector<Point> positions_to_ask(std::vector<MultiPolygon> const& shapes, Placement const& place, Random& random) {
    geom::Envelope box;
    std::vector<Point> points{
        {kLowest, kLowest}, {kLowest, kHighest}, {kHighest, kLowest}, {kHighest, kHighest}, {0, 0}};
    auto const add = [&](std::int64_t lon, std::int64_t lat) {
        if (lon >= kLowest && lon <= kHighest && lat >= kLowest && lat <= kHighest) {
            points.push_back({static_cast<std::int32_t>(lon), static_cast<std::int32_t>(lat)});
        }
    };
    for (auto const& shape : shapes) {
        box.extend(geom::envelope_of(shape));
        geom::for_each_edge(shape, [&](Point a, Point b) {
            for (std::int64_t d = -1; d <= 1; ++d) {
                for (std::int64_t e = -1; e <= 1; ++e) {
                    add(a.lon + d, a.lat + e);
                    add((std::int64_t{a.lon} + b.lon) / 2 + d, (std::int64_t{a.lat} + b.lat) / 2 + e);
                }
            }
            auto const along = random.unit();
            auto const lon = static_cast<std::int64_t>(a.lon + along * (static_cast<double>(b.lon) - a.lon));
            auto const lat = static_cast<std::int64_t>(a.lat + along * (static_cast<double>(b.lat) - a.lat));
            add(lon, lat);
            add(lon, lat + 1);
        });
    }
    if (place.scale == 1) {
        for (std::int64_t lat = std::int64_t{box.min.lat} - 3; lat <= std::int64_t{box.max.lat} + 3; ++lat) {
            for (std::int64_t lon = std::int64_t{box.min.lon} - 3; lon <= std::int64_t{box.max.lon} + 3; ++lon) {
                add(lon, lat);
            }
        }
    } else {
        auto const margin = place.scale * 2;
        for (int i = 0; i < 300; ++i) {
            add(random.between(box.min.lon - margin, box.max.lon + margin),
                random.between(box.min.lat - margin, box.max.lat + margin));
        }
    }
    return points;
}

/// Counts positions where the index differs from the oracle, or the batch from the single call.
std::size_t disagreements(std::vector<MultiPolygon> const& shapes, std::vector<Point> const& points) {
    AlignedBytes bytes{build(shapes)};
    auto const index = PointIndex::over(bytes.span());
    std::vector<snapshot::GridId> batch(points.size());
    index.locate(points, batch);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        auto const expected = owner_by_winding(shapes, points[i]);
        auto const single = index.locate(points[i]);
        bool const right = expected == -1 ? single == kOutside : std::cmp_equal(single, expected);
        if ((!right || batch[i] != single) && ++wrong == 1) {
            BOOST_TEST_MESSAGE("position " << points[i].lon << ',' << points[i].lat << ": expected " << expected
                                           << ", single " << single << ", batch " << batch[i]);
        }
    }
    return wrong;
}

Placement random_placement(Random& random) {
    constexpr std::array<std::int64_t, 6> kScales{1, 1, 37, 1000, 54321, 7000000};
    Placement place;
    place.scale = kScales[static_cast<std::size_t>(random.between(0, kScales.size() - 1))];
    auto const room = 60 * place.scale; // what the largest coverage needs to each side
    std::array<std::int64_t, 3> const lons{-1800000000 + room, random.between(-1000000, 1130000000), 1800000000 - room};
    std::array<std::int64_t, 3> const lats{-900000000 + room, random.between(-1000000, 230000000), 900000000 - room};
    place.origin = {static_cast<std::int32_t>(lons[static_cast<std::size_t>(random.between(0, 2))]),
                    static_cast<std::int32_t>(lats[static_cast<std::size_t>(random.between(0, 2))])};
    return place;
}

MultiPolygon box(std::int32_t west, std::int32_t south, std::int32_t east, std::int32_t north) {
    return {{{{{west, south}, {east, south}, {east, north}, {west, north}}, {}}}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(point_index)

BOOST_AUTO_TEST_CASE(every_position_of_random_coverages_has_the_owner_that_winding_numbers_give) {
    constexpr std::uint64_t kSeed = 20240229;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::size_t inside = 0, asked = 0;
    for (std::uint64_t round = 0; round < 4000; ++round) {
        Random random{kSeed + round};
        auto const place = random_placement(random);
        auto const shapes = merged_cells(random, place, round % 3 != 0);
        if (shapes.empty()) {
            continue;
        }
        auto const points = positions_to_ask(shapes, place, random);
        for (auto const p : points) {
            auto const owner = owner_by_winding(shapes, p);
            BOOST_REQUIRE_MESSAGE(owner != -2, "round " << round << ": the generator made an overlap");
            inside += owner >= 0 ? 1U : 0U;
        }
        asked += points.size();
        BOOST_REQUIRE_MESSAGE(disagreements(shapes, points) == 0, "round " << round << " of seed " << kSeed);
    }
    BOOST_TEST_MESSAGE(asked << " positions, " << inside << " inside");
    BOOST_TEST(inside * 4 > asked); // the test asked about something
}

BOOST_AUTO_TEST_CASE(vertices_of_any_degree_share_their_surroundings_out) {
    constexpr std::uint64_t kSeed = 7;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    for (std::uint64_t round = 0; round < 400; ++round) {
        Random random{kSeed + round};
        auto place = random_placement(random);
        place.origin = {1130000000, 230000000};
        place.scale = std::min<std::int64_t>(place.scale, 54321);
        auto const degree = 3 + static_cast<int>(round % 10);
        auto const shapes = fan(random, place, degree);
        BOOST_REQUIRE_MESSAGE(disagreements(shapes, positions_to_ask(shapes, place, random)) == 0,
                              "round " << round << " of seed " << kSeed << ", degree " << degree);
    }
}

BOOST_AUTO_TEST_CASE(a_vertex_of_degree_200_needs_cells_of_one_position) {
    Random random{11};
    Placement place;
    place.scale = 50;
    place.origin = {1130000000, 230000000};
    auto const shapes = fan(random, place, 200);
    BOOST_TEST(shapes.size() >= 199);
    auto points = positions_to_ask(shapes, place, random);
    for (std::int32_t e = -12; e <= 12; ++e) {
        for (std::int32_t d = -12; d <= 12; ++d) {
            points.push_back({place.origin.lon + d, place.origin.lat + e});
        }
    }
    BOOST_TEST(disagreements(shapes, points) == 0);
}

BOOST_AUTO_TEST_CASE(one_grid_of_one_lattice_square_owns_one_position) {
    AlignedBytes bytes{build({box(5, 7, 6, 8)})};
    auto const index = PointIndex::over(bytes.span());
    for (std::int32_t lat = 5; lat < 11; ++lat) {
        for (std::int32_t lon = 3; lon < 9; ++lon) {
            BOOST_TEST(index.locate({lon, lat}) == (lon == 5 && lat == 7 ? 0 : kOutside));
        }
    }
}

BOOST_AUTO_TEST_CASE(one_grid_over_the_whole_globe_owns_all_but_its_north_and_east_sides) {
    AlignedBytes bytes{build({box(-1800000000, -900000000, 1800000000, 900000000)})};
    auto const index = PointIndex::over(bytes.span());
    BOOST_TEST(index.locate({-1800000000, -900000000}) == 0U);
    BOOST_TEST(index.locate({1799999999, 899999999}) == 0U);
    BOOST_TEST(index.locate({0, 0}) == 0U);
    BOOST_TEST(index.locate({1800000000, 0}) == kOutside);
    BOOST_TEST(index.locate({0, 900000000}) == kOutside);
    BOOST_TEST(index.locate({kLowest, 0}) == kOutside);
    BOOST_TEST(index.locate({kHighest, 0}) == kOutside);
    BOOST_TEST(index.locate({0, kLowest}) == kOutside);
    BOOST_TEST(index.locate({0, kHighest}) == kOutside);
}

BOOST_AUTO_TEST_CASE(long_edges_across_the_globe_are_exact) {
    // Two triangles of the globe that meet in its diagonal, and a second pair across the other one.
    Point const sw{-1800000000, -900000000}, se{1800000000, -900000000}, ne{1800000000, 900000000},
        nw{-1800000000, 900000000};
    std::vector<MultiPolygon> const rising{{{{{sw, se, ne}, {}}}}, {{{{sw, ne, nw}, {}}}}};
    std::vector<MultiPolygon> const falling{{{{{sw, se, nw}, {}}}}, {{{{se, ne, nw}, {}}}}};
    std::vector<Point> points;
    Random random{3};
    for (int i = 0; i < 5000; ++i) {
        auto const half = static_cast<std::int32_t>(random.between(-900000000, 900000000));
        auto const d = static_cast<std::int32_t>(random.between(-3, 3));
        points.push_back({std::clamp(2 * half + d, -1800000000, 1800000000), half});
        points.push_back({std::clamp(-2 * half + d, -1800000000, 1800000000), half});
    }
    BOOST_TEST(disagreements(rising, points) == 0);
    BOOST_TEST(disagreements(falling, points) == 0);
}

BOOST_AUTO_TEST_CASE(no_grids_and_grids_without_shape_own_nothing) {
    for (auto const& shapes : {std::vector<MultiPolygon>{}, std::vector<MultiPolygon>{{}, {}}}) {
        AlignedBytes bytes{build(shapes)};
        auto const index = PointIndex::over(bytes.span());
        BOOST_TEST(index.grid_count() == shapes.size());
        BOOST_TEST(index.locate({0, 0}) == kOutside);
        BOOST_TEST(index.locate({kLowest, kHighest}) == kOutside);
    }
}

BOOST_AUTO_TEST_CASE(bytes_do_not_depend_on_where_rings_start_or_in_which_order_they_come) {
    Random random{99};
    auto shapes = merged_cells(random, {1000, {1130000000, 230000000}}, true);
    auto const before = build(shapes);
    BOOST_TEST((before == build(shapes)));
    for (auto& shape : shapes) {
        std::reverse(shape.parts.begin(), shape.parts.end());
        for (auto& part : shape.parts) {
            std::rotate(part.outer.begin(), part.outer.begin() + 2, part.outer.end());
            std::reverse(part.holes.begin(), part.holes.end());
        }
    }
    BOOST_TEST((before == build(shapes)));
}

BOOST_AUTO_TEST_CASE(a_vertex_off_the_globe_is_refused) {
    BOOST_CHECK_EXCEPTION(build({box(0, 0, 1800000001, 5)}), Error,
                          [](Error const& e) { return e.code() == ErrorCode::data_rejected; });
}

BOOST_AUTO_TEST_CASE(truncated_or_altered_headers_are_refused) {
    Random random{5};
    auto const whole = build(merged_cells(random, {1000, {1130000000, 230000000}}, true));
    for (std::size_t size = 0; size < whole.size(); size += (size < 200 ? 1 : 61)) {
        AlignedBytes bytes{std::span{whole}.first(size)};
        BOOST_CHECK_THROW(PointIndex::over(bytes.span()), Error);
    }
    for (std::size_t bit = 0; bit < 128 * 8; ++bit) {
        AlignedBytes bytes{whole};
        bytes.data()[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        BOOST_CHECK_THROW(PointIndex::over(bytes.span()), Error);
    }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_behind_the_header_are_met_in_bounds) {
    // Under the address sanitizer this shows that no query leaves the bytes, which end with their allocation.
    constexpr std::uint64_t kSeed = 17;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::size_t outside = 0, asked = 0;
    for (std::uint64_t round = 0; round < 300; ++round) {
        Random random{kSeed + round};
        Placement const place{static_cast<std::int64_t>(round % 2 == 0 ? 300 : 200000), {1130000000, 230000000}};
        auto const shapes = merged_cells(random, place, true);
        if (shapes.empty()) {
            continue;
        }
        auto const whole = build(shapes);
        auto const points = positions_to_ask(shapes, place, random);
        std::vector<snapshot::GridId> batch(points.size());
        for (int damage = 0; damage < 20; ++damage) {
            auto const bytes = std::make_unique<std::uint64_t[]>(whole.size() / 8);
            std::memcpy(bytes.get(), whole.data(), whole.size());
            auto* const raw = reinterpret_cast<std::uint8_t*>(bytes.get());
            for (int i = 0; i < 40; ++i) {
                auto const at =
                    static_cast<std::size_t>(random.between(128, static_cast<std::int64_t>(whole.size()) - 1));
                raw[at] = static_cast<std::uint8_t>(random.next());
            }
            auto const index = PointIndex::over(std::as_bytes(std::span{bytes.get(), whole.size() / 8}));
            index.locate(points, batch);
            for (std::size_t i = 0; i < points.size(); ++i) {
                auto const id = index.locate(points[i]);
                BOOST_REQUIRE(id == batch[i]);
                BOOST_REQUIRE((id == kOutside || id < shapes.size()));
                outside += id == kOutside ? 1U : 0U;
            }
            asked += points.size();
        }
    }
    BOOST_TEST(outside < asked);
}

BOOST_AUTO_TEST_SUITE_END()
