#include "coverages.hpp"
#include "point_index_view.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <sys/mman.h>

#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <new>

using namespace wangge;
using namespace wangge::test;
using namespace wangge::snapshot::point_index;
using snapshot::kOutside;
using snapshot::PointIndex;

namespace {

constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
constexpr auto kHighest = std::numeric_limits<std::int32_t>::max();

/// Bytes of an index at the start of a cache line, in an allocation that ends with them.
class AlignedBytes {
public:
    explicit AlignedBytes(std::span<std::byte const> bytes)
        : m_lines(static_cast<std::byte*>(::operator new(std::max<std::size_t>(bytes.size(), 1), kLine)))
        , m_size(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), m_lines.get());
    }
    std::byte* data() { return m_lines.get(); }
    std::span<std::byte const> span() const { return {m_lines.get(), m_size}; }

private:
    static constexpr std::align_val_t kLine{64};
    struct Free {
        void operator()(std::byte* bytes) const { ::operator delete(bytes, kLine); }
    };
    std::unique_ptr<std::byte, Free> m_lines;
    std::size_t m_size;
};

std::vector<MultiPolygon const*> pointers_to(std::vector<MultiPolygon> const& shapes) {
    std::vector<MultiPolygon const*> pointers;
    for (auto const& shape : shapes) {
        pointers.push_back(&shape);
    }
    return pointers;
}

std::vector<std::byte> build(std::vector<MultiPolygon> const& shapes, unsigned threads = 1) {
    SilentProgress silent;
    return PointIndex::build(pointers_to(shapes), silent, threads);
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

/// Counts positions where the index differs from `owner_of`, one at a time or in a batch, with any instructions.
template <class OwnerOf>
std::size_t disagreements(std::span<std::byte const> bytes, std::vector<Point> const& points, OwnerOf&& owner_of) {
    std::vector<snapshot::GridId> expected, batch(points.size());
    for (auto const p : points) {
        auto const owner = owner_of(p);
        expected.push_back(owner == -1 ? kOutside : static_cast<snapshot::GridId>(owner));
    }
    std::size_t wrong = 0;
    auto const note = [&](std::size_t i, std::string_view how, snapshot::GridId answer) {
        if (answer != expected[i] && ++wrong == 1) {
            BOOST_TEST_MESSAGE("position " << points[i].lon << ',' << points[i].lat << ": expected " << expected[i]
                                           << ", " << how << " says " << answer);
        }
    };
    for (auto const instructions : snapshot::instructions_here()) {
        auto const index = PointIndex::over(bytes, "index", instructions);
        index.locate(points, batch);
        for (std::size_t i = 0; i < points.size(); ++i) {
            note(i, to_string(instructions), batch[i]);
            note(i, "one call", index.locate(points[i]));
        }
    }
    return wrong;
}

std::size_t disagreements(std::vector<MultiPolygon> const& shapes, std::vector<Point> const& points) {
    AlignedBytes bytes{build(shapes)};
    return disagreements(bytes.span(), points, [&](Point p) { return owner_by_winding(shapes, p); });
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

/// How many top cells have these flags.
std::size_t cells_with(std::span<std::byte const> bytes, unsigned mask, unsigned wanted) {
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::size_t count = 0;
    for (std::size_t i = 0; i < std::size_t{header.top_columns} * header.top_rows; ++i) {
        Cell cell;
        std::memcpy(&cell, bytes.data() + header.top_offset + i * sizeof cell, sizeof cell);
        count += (cell.flags & mask) == wanted ? 1U : 0U;
    }
    return count;
}

/// A leaf as it is stored.
struct StoredLeaf {
    std::int64_t west, side; ///< of its cell
    bool simple = false, wide = false, one_delta = false;
    std::vector<std::uint64_t> vertices; ///< as words
    std::uint32_t steps = 0;             ///< between neighbours, that are edges
    std::vector<std::uint32_t> deltas;   ///< of the edges, where each has its own

    [[nodiscard]] std::int64_t lon(std::size_t vertex) const {
        return wide ? static_cast<std::int32_t>(vertices[vertex])
                    : west + side / 2 + static_cast<std::int16_t>(vertices[vertex]);
    }
    template <class F>
    void for_each_edge(F&& f) const { // the numbers of its ends
        for (std::size_t i = 0; i + 1 < vertices.size(); ++i) {
            if ((steps >> i & 1U) != 0) {
                f(i, i + 1);
            }
        }
    }
    [[nodiscard]] std::size_t edges() const { return static_cast<std::size_t>(std::popcount(steps)); }
    [[nodiscard]] std::size_t chains() const { return vertices.size() - edges(); }
};

/// All leaves of blocks without cells, told from the documented layout.
std::vector<StoredLeaf> leaves_of(std::span<std::byte const> bytes) {
    auto const read = [&]<class T>(std::uint64_t at, T value) {
        std::memcpy(&value, &bytes[at], sizeof value);
        return value;
    };
    auto const header = read(0, Header{});
    std::vector<StoredLeaf> leaves;
    auto const add_leaf = [&](std::uint64_t at, bool simple, std::int64_t west, std::int64_t side) {
        auto const word = [&](std::size_t i) { return read(at + i * 4, std::uint32_t{}); };
        auto const half = [&](std::size_t i) { return read(at + 4 + i * 2, std::uint16_t{}); };
        auto const head = word(0);
        StoredLeaf leaf{west, side, simple, !simple && (head & kWideLeaf) != 0, simple || (head & kOneDelta) != 0,
                        {},   0,    {}};
        leaf.steps = simple ? (1U << (head & 15U)) - 1 : head & kEdgeMask;
        auto const first = simple ? 1 : other_leaf_header_words(head);
        for (std::size_t i = 0; i <= edge_slots(leaf.steps); ++i) {
            leaf.vertices.push_back(leaf.wide ? word(first + 2 * i) | std::uint64_t{word(first + 2 * i + 1)} << 32U
                                              : word(first + i));
        }
        leaf.for_each_edge([&](std::size_t from, std::size_t) {
            if (!leaf.one_delta) {
                leaf.deltas.push_back(half(1 + from));
            }
        });
        leaves.push_back(std::move(leaf));
    };
    struct Place {
        std::uint32_t entry;
        std::int64_t west;
        unsigned shift;
    };
    for (std::size_t i = 0; i < std::size_t{header.top_columns} * header.top_rows; ++i) {
        auto const cell = read(header.top_offset + i * sizeof(Cell), Cell{});
        if ((cell.flags & kCells) != 0) {
            continue;
        }
        auto const column = static_cast<std::int64_t>(i % header.top_columns);
        std::vector<Place> places{{cell.root, header.min.lon + (column << header.top_shift), header.top_shift}};
        while (!places.empty()) {
            auto const [entry, west, shift] = places.back();
            places.pop_back();
            if (is_leaf(entry)) {
                add_leaf(header.leaves_offset + cell.leaves * 64ULL + leaf_word(entry, scale_of(cell)) * 4ULL,
                         kind_of(entry) == Kind::simple_leaf, west, std::int64_t{1} << shift);
            } else if (kind_of(entry) == Kind::subgrid) {
                auto const at =
                    header.entries_offset + cell.subgrids * 64ULL + subgrid_word(entry, scale_of(cell)) * 4ULL;
                auto const inner = shift - split_in(entry);
                auto const columns = std::size_t{1} << split_in(entry);
                for (std::size_t sub = 0; sub < columns * columns; ++sub) {
                    places.push_back({read(at + sub * 2, std::uint16_t{}),
                                      west + (static_cast<std::int64_t>(sub % columns) << inner), inner});
                }
            }
        }
    }
    return leaves;
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
    BOOST_TEST(cells_with(build(shapes), kCells, kCells) == 0U); // cutting has ended, not overflowed
}

BOOST_AUTO_TEST_CASE(an_edge_between_two_parts_of_one_grid_is_not_stored) {
    auto parts = box(0, 0, 1000, 1000);
    parts.parts.push_back(box(1000, 0, 2000, 1000).parts[0]);
    MultiPolygon const whole{{{{{0, 0}, {1000, 0}, {2000, 0}, {2000, 1000}, {1000, 1000}, {0, 1000}}, {}}}};
    AlignedBytes const of_parts{build({parts})}, of_whole{build({whole})};
    auto const a = PointIndex::over(of_parts.span()).anatomy(), b = PointIndex::over(of_whole.span()).anatomy();
    BOOST_TEST(a.edges == b.edges);
    BOOST_TEST(a.leaf_vertices == b.leaf_vertices);
}

BOOST_AUTO_TEST_CASE(a_vertex_where_more_grids_meet_than_a_block_can_number_is_in_cells_of_one_position) {
    // Triangles from one vertex to the sides of a square round it, each a lattice unit wide at its foot.
    constexpr std::int32_t kReach = 2100;
    Point const middle{1130000000, 230000000};
    std::vector<Point> feet;
    for (std::int32_t d = -kReach; d < kReach; ++d) {
        feet.push_back({middle.lon + d, middle.lat - kReach});
    }
    for (std::int32_t d = -kReach; d < kReach; ++d) {
        feet.push_back({middle.lon + kReach, middle.lat + d});
    }
    for (std::int32_t d = -kReach; d < kReach; ++d) {
        feet.push_back({middle.lon - d, middle.lat + kReach});
    }
    for (std::int32_t d = -kReach; d < kReach; ++d) {
        feet.push_back({middle.lon - kReach, middle.lat - d});
    }
    std::vector<MultiPolygon> shapes;
    for (std::size_t i = 0; i < feet.size(); ++i) {
        shapes.push_back({{{{middle, feet[i], feet[(i + 1) % feet.size()]}, {}}}});
    }
    BOOST_TEST(shapes.size() > kMaxLocalFace);
    std::vector<Point> points;
    for (std::int32_t d = -3; d <= 3; ++d) {
        for (std::int32_t e = -3; e <= 3; ++e) {
            points.push_back({middle.lon + d, middle.lat + e});
        }
        points.push_back({middle.lon + 700 * d, middle.lat + 500 * d});
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

BOOST_AUTO_TEST_CASE(an_edge_from_side_to_side_of_the_largest_narrow_cell_is_exact) {
    // 8 x 8 top cells of 2^15 positions a side; one border crosses a cell from side to side, by steps up to the limit.
    constexpr std::int32_t kSide = 32768, kEnd = 8 * kSide;
    for (std::int32_t const d : {-2, -1, 0, 1, 2}) {
        for (std::int32_t const e : {-2, -1, 0, 1, 2}) {
            Point const a{3 * kSide + d, 3 * kSide + 100}, b{4 * kSide + e, 3 * kSide + 9000};
            std::vector<MultiPolygon> const level{{{{{{0, 0}, {kEnd, 0}, {kEnd, b.lat}, b, a, {0, a.lat}}, {}}}},
                                                  {{{{{0, a.lat}, a, b, {kEnd, b.lat}, {kEnd, kEnd}, {0, kEnd}}, {}}}}};
            Point const c{3 * kSide + 100, 3 * kSide + d}, f{3 * kSide + 9000, 4 * kSide + e};
            std::vector<MultiPolygon> const steep{{{{{{0, 0}, {c.lon, 0}, c, f, {f.lon, kEnd}, {0, kEnd}}, {}}}},
                                                  {{{{{c.lon, 0}, {kEnd, 0}, {kEnd, kEnd}, {f.lon, kEnd}, f, c}, {}}}}};
            Random random{1};
            BOOST_TEST(disagreements(level, positions_to_ask(level, {1000, {0, 0}}, random)) == 0);
            BOOST_TEST(disagreements(steep, positions_to_ask(steep, {1000, {0, 0}}, random)) == 0);
            std::vector<Point> inside;
            for (int i = 0; i < 300; ++i) {
                inside.push_back({static_cast<std::int32_t>(3 * kSide + random.between(0, kSide - 1)),
                                  static_cast<std::int32_t>(3 * kSide + random.between(0, kSide - 1))});
            }
            BOOST_TEST(disagreements(level, inside) == 0);
            BOOST_TEST(disagreements(steep, inside) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_leaf_is_narrow_as_long_as_its_vertices_are_16383_from_the_middle_at_most) {
    // 8 x 8 top cells of 2^15 positions a side; a triangle in one of them reaches up to the limit to each side.
    constexpr std::int32_t kSide = 32768, kEnd = 8 * kSide, kMiddle = 3 * kSide + 16384;
    auto const wide_leaves = [](std::vector<MultiPolygon> const& shapes) {
        AlignedBytes bytes{build(shapes)};
        auto const leaves = leaves_of(bytes.span());
        return std::count_if(leaves.begin(), leaves.end(), [](StoredLeaf const& leaf) { return leaf.wide; });
    };
    // South and west, 16384 is the cell's own first position. East and north it is the next cell's: east the vertex is
    // where a narrow leaf may have its easternmost and belongs to no edge of the next cell; north it is beyond both.
    constexpr std::array beyond{1, 0, 2, 1};
    auto const of_the_rim = wide_leaves({box(0, 0, kEnd, kEnd)});
    for (std::size_t side = 0; side < 4; ++side) {
        for (std::int32_t const reach : {16383, 16384}) {
            // South, then turned: east, north, west.
            std::array<Point, 3> offsets{{{-100, -reach}, {200, -50}, {-300, 80}}};
            for (auto& p : offsets) {
                for (std::size_t turn = 0; turn < side; ++turn) {
                    p = {-p.lat, p.lon};
                }
            }
            Ring triangle;
            for (auto const p : offsets) {
                triangle.push_back({kMiddle + p.lon, kMiddle + p.lat});
            }
            Ring const hole{triangle.rbegin(), triangle.rend()};
            auto around = box(0, 0, kEnd, kEnd);
            around.parts.front().holes.push_back(hole);
            std::vector<MultiPolygon> const shapes{around, {{{triangle, {}}}}};
            BOOST_TEST(wide_leaves(shapes) - of_the_rim == (reach == 16383 ? 0 : beyond[side]),
                       "side " << side << ", " << reach);
            Random random{1};
            BOOST_TEST(disagreements(shapes, positions_to_ask(shapes, {1000, {0, 0}}, random)) == 0);
        }
    }
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
    BOOST_TEST((before == build(shapes, 3)));
    for (auto& shape : shapes) {
        std::reverse(shape.parts.begin(), shape.parts.end());
        for (auto& part : shape.parts) {
            std::rotate(part.outer.begin(), part.outer.begin() + 2, part.outer.end());
            std::reverse(part.holes.begin(), part.holes.end());
        }
    }
    BOOST_TEST((before == build(shapes)));
}

BOOST_AUTO_TEST_CASE(the_bytes_of_known_coverages_change_only_when_that_is_meant) {
    // Whoever changes how cells are cut or leaves packed notes the new sums here, and raises kVersion when a reader of
    // the old bytes could not read the new ones.
    struct Known {
        std::vector<MultiPolygon> shapes;
        std::uint64_t sum;
    };
    Random first{1}, second{2}, third{3};
    std::vector<Known> const known{
        {{box(0, 0, 8, 8)}, 0x0d996023db293c11U},
        {merged_cells(first, {1000, {1130000000, 230000000}}, true), 0xab8d1d0b3f034499U},
        {merged_cells(second, {7000000, {0, 0}}, true), 0x8e92d4115b0aebaeU},
        {merged_cells(third, {54321, {1130000000, 230000000}}, true), 0x495e57139a96318aU},
    };
    for (auto const& [shapes, sum] : known) {
        BOOST_TEST(checksum64(build(shapes)) == sum, fmt::format("{:#018x}", checksum64(build(shapes))));
    }
}

BOOST_AUTO_TEST_CASE(building_tells_how_far_it_is) {
    struct Recorder final : Progress {
        std::uint64_t total = 0, done = 0;
        bool ended = false;
        void begin(std::string_view, std::uint64_t count, std::string_view) override { total = count; }
        void advance(std::uint64_t steps) override { done += steps; }
        void end() override { ended = true; }
    } recorder;
    std::vector<MultiPolygon> const shapes{box(0, 0, 8, 8)};
    static_cast<void>(PointIndex::build(pointers_to(shapes), recorder, 1));
    BOOST_TEST(recorder.total == 64U); // 8 x 8 cells of one position each
    BOOST_TEST(recorder.done == 64U);
    BOOST_TEST(recorder.ended);
}

BOOST_AUTO_TEST_CASE(more_grids_than_the_format_numbers_are_refused) {
    AlignedBytes bytes{build({box(0, 0, 8, 8)})};
    auto const index = PointIndex::over(bytes.span());
    SilentProgress silent;
    auto const update_to = [&](std::size_t grids) {
        return PointIndex::update(
            index, grids, {}, [](auto const&, auto const&) {}, silent);
    };
    AlignedBytes most{update_to(kMaxFaces)};
    BOOST_TEST(PointIndex::over(most.span()).grid_count() == kMaxFaces);
    BOOST_CHECK_THROW(update_to(std::size_t{kMaxFaces} + 1), Error);
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

BOOST_AUTO_TEST_CASE(a_field_of_the_header_is_taken_at_its_limit_and_refused_beyond) {
    AlignedBytes bytes{build({box(5, 7, 60000, 80000)})};
    Header whole;
    std::memcpy(&whole, bytes.data(), sizeof whole);
    auto const refusal = [](std::span<std::byte> some, Header header) -> std::string {
        header.checksum = checksum64(std::as_bytes(std::span{&header, 1}).first(offsetof(Header, checksum)));
        std::memcpy(some.data(), &header, sizeof header);
        try {
            static_cast<void>(PointIndex::over(some));
            return "none";
        } catch (Error const& e) {
            return e.what();
        }
    };
    std::span<std::byte> const file{bytes.data(), bytes.span().size()};
    std::string const grid = "point index: the top grid does not fit the extent; publish again",
                      section = "point index: a section lies outside the file; publish again";
    auto const with = [&](auto&& change) {
        auto header = whole;
        change(header);
        return refusal(file, header);
    };
    BOOST_TEST(with([](Header&) {}) == "none");
    auto const one_cell = [](Header& h, std::uint32_t shift) {
        h.top_shift = shift;
        h.top_columns = h.top_rows = 1;
    };
    BOOST_TEST(with([&](Header& h) { one_cell(h, 31); }) == "none");
    BOOST_TEST(with([&](Header& h) { one_cell(h, 32); }) == grid);
    BOOST_TEST(with([&](Header& h) { h.face_count = kMaxFaces; }) == "none");
    BOOST_TEST(with([&](Header& h) { h.face_count = kMaxFaces + 1; }) == section);
    // A box without width or height is no extent: then there is no top grid, and no cell to read.
    for (auto const side : {0, 1}) {
        BOOST_TEST(with([&](Header& h) {
                       (side == 0 ? h.max.lon : h.max.lat) = side == 0 ? h.min.lon : h.min.lat;
                       h.top_columns = h.top_rows = 0;
                       h.top_offset = h.tallies_offset = h.byte_size; // nothing may stand at the very end
                   }) == "none");
    }
    // Sections without room for the last record.
    BOOST_TEST(with([](Header& h) { h.top_offset = h.byte_size; }) == section);
    auto const cells = std::uint64_t{whole.top_columns} * whole.top_rows;
    auto const last_fit = (whole.byte_size - cells * sizeof(Tally)) / kAlignment * kAlignment;
    BOOST_TEST(with([&](Header& h) { h.tallies_offset = last_fit; }) == "none");
    BOOST_TEST(with([&](Header& h) { h.tallies_offset = last_fit + kAlignment; }) == section);
    // A header alone.
    AlignedBytes alone{std::span{file}.first(sizeof(Header))};
    auto header = whole;
    header.byte_size = sizeof header;
    BOOST_TEST(refusal({alone.data(), sizeof header}, header) == section);
    // Four gigabytes that nothing touches but their beginning.
    auto const size = sizeof(Header) + kSectionTail + kMaxSectionBytes + kAlignment;
    auto* const large =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    BOOST_REQUIRE(large != MAP_FAILED);
    for (auto const beyond : {std::uint64_t{0}, std::uint64_t{kAlignment}}) {
        Header h{};
        h.magic = kMagic;
        h.version = kVersion;
        h.endian_mark = kEndianMark;
        h.top_offset = h.tallies_offset = h.entries_offset = sizeof h;
        h.leaves_offset = sizeof h + kSectionTail;
        h.byte_size = h.leaves_offset + kMaxSectionBytes + beyond;
        BOOST_TEST(refusal({static_cast<std::byte*>(large), h.byte_size}, h) == (beyond == 0 ? "none" : section));
    }
    ::munmap(large, size);
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
            AlignedBytes bytes{whole};
            auto* const raw = reinterpret_cast<std::uint8_t*>(bytes.data());
            for (int i = 0; i < 40; ++i) {
                auto const at =
                    static_cast<std::size_t>(random.between(128, static_cast<std::int64_t>(whole.size()) - 1));
                raw[at] = static_cast<std::uint8_t>(random.next());
            }
            for (auto const instructions : snapshot::instructions_here()) {
                auto const index = PointIndex::over(bytes.span(), "index", instructions);
                BOOST_TEST(!index.content_is_whole());
                index.locate(points, batch);
                for (std::size_t i = 0; i < points.size(); ++i) {
                    auto const id = index.locate(points[i]);
                    BOOST_REQUIRE((id == kOutside || id < shapes.size()));
                    BOOST_REQUIRE((batch[i] == kOutside || batch[i] < shapes.size()));
                    outside += id == kOutside ? 1U : 0U;
                }
            }
            asked += points.size();
        }
    }
    BOOST_TEST(outside < asked);
}

BOOST_AUTO_TEST_CASE(four_edges_at_a_time_are_counted_as_one_by_one) {
    constexpr std::uint64_t kSeed = 41;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random{kSeed};
    std::size_t crossings = 0;
    for (int round = 0; round < 200000; ++round) {
        std::array<std::uint32_t, 24> vertices{};
        auto const reach = round % 3 == 0 ? 3 : 16383;
        auto const any = [&] { return static_cast<std::int16_t>(random.between(-reach, reach)); };
        for (auto& v : vertices) {
            v = pack({any(), any()});
        }
        auto const slots = static_cast<std::size_t>(random.between(0, 15));
        Relative const at{any(), any()};
        auto const expected = crossed_narrow_one_by_one(vertices.data(), slots, at);
        BOOST_REQUIRE(crossed_narrow(vertices.data(), slots, at) == expected);
        crossings += static_cast<std::size_t>(std::popcount(expected));
    }
    BOOST_TEST(crossings > 100000U);
}

namespace {

/// Rows and columns of quadrangles with moved corners, from `from` on; `at` says which number each gets.
std::vector<MultiPolygon> quadrangles(Random& random, int columns, int rows, Point from, std::int32_t side) {
    std::vector<Point> corners;
    for (int y = 0; y <= rows; ++y) {
        for (int x = 0; x <= columns; ++x) {
            auto const moved = [&](int n) {
                return static_cast<std::int32_t>(n * side + random.between(-side / 4, side / 4));
            };
            auto const lon = moved(x);
            corners.push_back({from.lon + lon, from.lat + moved(y)});
        }
    }
    std::vector<MultiPolygon> shapes;
    for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < columns; ++x) {
            auto const corner = [&](int dx, int dy) {
                return corners[static_cast<std::size_t>((y + dy) * (columns + 1) + x + dx)];
            };
            shapes.push_back({{{{corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)}, {}}}});
        }
    }
    return shapes;
}

/// Positions near corners and at random, each with its owner, which only the quadrangles round it can be.
std::size_t wrong_in_quadrangles(std::span<std::byte const> bytes, std::vector<MultiPolygon> const& shapes,
                                 std::size_t first, int columns, int rows, Random& random) {
    std::vector<Point> points;
    std::map<Point, std::int64_t> owner;
    for (int i = 0; i < 3000; ++i) {
        auto const x = static_cast<int>(random.between(0, columns - 1)),
                   y = static_cast<int>(random.between(0, rows - 1));
        auto const& ring = shapes[first + static_cast<std::size_t>(y * columns + x)].parts[0].outer;
        auto p = ring[static_cast<std::size_t>(random.between(0, 3))];
        auto const reach = i % 2 == 0 ? 2 : 400;
        p.lon += static_cast<std::int32_t>(random.between(-reach, reach));
        p.lat += static_cast<std::int32_t>(random.between(-reach, reach));
        std::int64_t found = -1;
        for (int v = std::max(0, y - 3); v <= std::min(rows - 1, y + 3); ++v) {
            for (int u = std::max(0, x - 3); u <= std::min(columns - 1, x + 3); ++u) {
                auto const id = first + static_cast<std::size_t>(v * columns + u);
                found = winding_round(shapes[id], p) != 0 ? static_cast<std::int64_t>(id) : found;
            }
        }
        points.push_back(p);
        owner[p] = found;
    }
    return disagreements(bytes, points, [&](Point p) { return owner.at(p); });
}

/// update() from one coverage to the other; adds the number of unchanged grids that it asked for.
std::vector<std::byte> update(std::vector<MultiPolygon> const& before, std::vector<MultiPolygon> const& after,
                              std::size_t& visited, bool damaged = false) {
    std::vector<PointIndex::Change> changes;
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
        auto const* const was = i < before.size() ? &before[i] : nullptr;
        auto const* const is = i < after.size() ? &after[i] : nullptr;
        if (was == nullptr || is == nullptr || !(*was == *is)) {
            changes.push_back({static_cast<snapshot::GridId>(i), was, is});
        }
    }
    AlignedBytes old{build(before)};
    if (damaged) {
        for (std::size_t i = sizeof(Header); i < old.span().size(); i += 5) {
            old.data()[i] ^= std::byte{255};
        }
    }
    SilentProgress silent;
    return PointIndex::update(
        PointIndex::over(old.span()), after.size(), changes,
        [&](geom::Envelope const& box, PointIndex::ShapeVisitor const& visit) {
            for (std::size_t i = 0; i < after.size(); ++i) {
                bool const unchanged =
                    std::none_of(changes.begin(), changes.end(), [&](auto const& c) { return c.id == i; });
                if (unchanged && geom::envelope_of(after[i]).intersects(box)) {
                    ++visited;
                    visit(static_cast<snapshot::GridId>(i), after[i]);
                }
            }
        },
        silent);
}

constexpr Point kCorner{1130000000, 230000000};

} // namespace

BOOST_AUTO_TEST_CASE(blocks_of_every_scale_and_blocks_of_cells_answer) {
    // A cluster of small grids in a corner of the extent, so that one top cell holds them all.
    constexpr std::uint64_t kSeed = 5;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    struct Case {
        int side;
        unsigned mask, flags;
    };
    for (auto const& c :
         {Case{40, 3U << kScaleBit, 0}, Case{55, 3U << kScaleBit, 1U << kScaleBit},
          Case{70, 3U << kScaleBit, 2U << kScaleBit}, Case{100, kCells, kCells}, Case{170, kCells, kCells}}) {
        Random random{kSeed};
        auto shapes = quadrangles(random, c.side, c.side, kCorner, 300);
        shapes.push_back(
            box(kCorner.lon + 60000000, kCorner.lat + 60000000, kCorner.lon + 60001000, kCorner.lat + 60001000));
        AlignedBytes bytes{build(shapes)};
        BOOST_TEST(cells_with(bytes.span(), c.mask, c.flags) > 0U);
        BOOST_TEST(wrong_in_quadrangles(bytes.span(), shapes, 0, c.side, c.side, random) == 0);
    }
}

BOOST_AUTO_TEST_CASE(grids_whose_numbers_lie_far_apart_are_neighbours_all_the_same) {
    Random random{6};
    auto const quads = quadrangles(random, 20, 20, kCorner, 3000);
    std::vector<MultiPolygon> shapes(40000); // most without shape
    std::copy(quads.begin(), quads.begin() + 200, shapes.begin() + 7);
    std::copy(quads.begin() + 200, quads.end(), shapes.begin() + 39000);
    AlignedBytes bytes{build(shapes)};
    BOOST_TEST(cells_with(bytes.span(), kPalette, kPalette) > 0U);
    BOOST_TEST(cells_with(bytes.span(), kPalette, 0) > 0U);
    std::vector<Point> points;
    for (int i = 0; i < 5000; ++i) {
        points.push_back({kCorner.lon + static_cast<std::int32_t>(random.between(-1000, 61000)),
                          kCorner.lat + static_cast<std::int32_t>(random.between(-1000, 61000))});
    }
    BOOST_TEST(disagreements(bytes.span(), points, [&](Point p) {
                   auto const owner = owner_by_winding(quads, p);
                   return owner < 0 ? owner : owner < 200 ? owner + 7 : owner + 38800;
               }) == 0);
}

BOOST_AUTO_TEST_CASE(neighbours_whose_numbers_differ_by_one_more_than_local_numbers_can_say_are_found) {
    for (std::size_t const last : {kMaxLocalFace - 1, kMaxLocalFace, kMaxLocalFace + 1}) {
        std::vector<MultiPolygon> shapes(last + 1);
        shapes.front() = box(0, 0, 100, 100);
        shapes.back() = box(100, 0, 200, 100);
        AlignedBytes bytes{build(shapes)};
        auto const index = PointIndex::over(bytes.span());
        for (std::int32_t lon = 0; lon < 200; ++lon) {
            BOOST_TEST(index.locate({lon, 50}) == (lon < 100 ? 0 : last));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_updated_index_has_the_bytes_of_one_built_anew) {
    constexpr std::uint64_t kSeed = 77;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::size_t taken_over = 0;
    for (std::uint64_t round = 0; round < 60; ++round) {
        Random random{kSeed + round};
        auto const columns = static_cast<int>(random.between(3, 60));
        auto before = quadrangles(random, columns, columns, kCorner, 20000);
        auto const any = [&] {
            return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(before.size()) - 1));
        };
        before.resize(before.size() - static_cast<std::size_t>(random.between(0, 3))); // an uneven rim
        auto after = before;
        auto const changed = std::minmax({any(), any()});
        switch (round % 4) {
        case 0: // two grids exchange their places
            std::swap(after[changed.first], after[changed.second]);
            break;
        case 1: // one retires, and the last takes its number
            after[changed.first] = after.back();
            after.pop_back();
            break;
        case 2: // a new one in a gap
            after.push_back(before[changed.first]);
            before[changed.first] = {};
            after[changed.first] = {};
            break;
        default: { // one takes over its neighbour's part, as a second part that touches the first
            auto const to = changed.first,
                       from = changed.first == changed.second ? (to + 1) % after.size() : changed.second;
            after[to].parts.push_back(after[from].parts[0]);
            after[from] = {};
        }
        }
        std::size_t visited = 0;
        auto const updated = update(before, after, visited);
        BOOST_REQUIRE_MESSAGE(updated == build(after), "round " << round << " of seed " << kSeed);
        taken_over += visited < after.size() / 2 ? 1U : 0U;
    }
    BOOST_TEST(taken_over > 15U); // it was not simply built anew each time
}

BOOST_AUTO_TEST_CASE(an_updated_index_follows_a_grid_that_reaches_less_or_more_far_to_any_side) {
    auto const middle = box(4000, 4000, 6000, 6000);
    std::vector<MultiPolygon> const near{box(3000, 4500, 4000, 5500), box(6000, 4500, 7000, 5500),
                                         box(4500, 3000, 5500, 4000), box(4500, 6000, 5500, 7000)};
    std::vector<MultiPolygon> const far{box(2999, 4500, 4000, 5500), box(6000, 4500, 7001, 5500),
                                        box(4500, 2999, 5500, 4000), box(4500, 6000, 5500, 7001)};
    for (std::size_t side = 0; side < near.size(); ++side) {
        std::size_t visited = 0;
        std::vector<MultiPolygon> shorter{middle, near[0], near[1], near[2], near[3]}, longer = shorter;
        longer[side + 1] = far[side];
        BOOST_TEST((update(longer, shorter, visited) == build(shorter)), "side " << side << " withdrawn");
        BOOST_TEST((update(shorter, longer, visited) == build(longer)), "side " << side << " advanced");
        longer = shorter;
        longer.push_back(far[side]); // where there was none
        shorter[side + 1] = longer[side + 1] = {};
        BOOST_TEST((update(shorter, longer, visited) == build(longer)), "side " << side << " added");
    }
}

BOOST_AUTO_TEST_CASE(instructions_that_are_not_here_are_refused_and_those_that_are_have_names) {
    AlignedBytes bytes{build({box(5, 7, 6, 8)})};
    auto const here = snapshot::instructions_here();
    BOOST_TEST((here.front() == snapshot::Instructions::portable));
    BOOST_TEST((PointIndex::over(bytes.span()).instructions() == here.back()));
    for (auto const some : {snapshot::Instructions::portable, snapshot::Instructions::avx512}) {
        BOOST_TEST(!to_string(some).empty());
        if (std::find(here.begin(), here.end(), some) == here.end()) {
            BOOST_CHECK_THROW(PointIndex::over(bytes.span(), "index", some), Error);
        } else {
            BOOST_TEST((PointIndex::over(bytes.span(), "index", some).instructions() == some));
        }
    }
}

BOOST_AUTO_TEST_CASE(changed_content_is_noticed) {
    Random random{5};
    AlignedBytes bytes{build(merged_cells(random, {1000, {1130000000, 230000000}}, true))};
    BOOST_TEST(PointIndex::over(bytes.span()).content_is_whole());
    for (std::size_t i = 128; i < bytes.span().size(); i += 37) {
        bytes.data()[i] ^= std::byte{16};
        BOOST_REQUIRE(!PointIndex::over(bytes.span()).content_is_whole());
        bytes.data()[i] ^= std::byte{16};
    }
}

namespace {

/// A border in steps of 1500 units, so that cells of 2^14 and 2^15 hold chains of eight to fourteen edges.
std::vector<MultiPolygon> along_a_bent_border(Random& random) {
    Ring west{kCorner}, east;
    for (std::int32_t i = 0; i <= 130; ++i) {
        auto const bend = i == 0 || i == 130 ? 0 : static_cast<std::int32_t>(random.between(-700, 700));
        east.push_back({kCorner.lon + 100000 + bend, kCorner.lat + i * 1500});
    }
    west.insert(west.end(), east.begin(), east.end());
    west.push_back({kCorner.lon, kCorner.lat + 130 * 1500});
    std::reverse(east.begin(), east.end());
    east.push_back({kCorner.lon + 200000, kCorner.lat});
    east.push_back({kCorner.lon + 200000, kCorner.lat + 130 * 1500});
    std::rotate(east.begin(), east.end() - 2, east.end());
    return {{{{west, {}}}}, {{{east, {}}}}};
}

} // namespace

BOOST_AUTO_TEST_CASE(leaves_with_many_edges_count_them_all) {
    Random random{12};
    auto const shapes = along_a_bent_border(random);
    std::vector<Point> points;
    for (int i = 0; i < 20000; ++i) {
        points.push_back({kCorner.lon + 100000 + static_cast<std::int32_t>(random.between(-800, 800)),
                          kCorner.lat + static_cast<std::int32_t>(random.between(0, 130 * 1500))});
    }
    BOOST_TEST(disagreements(shapes, points) == 0);
    AlignedBytes bytes{build(shapes)};
    auto const anatomy = PointIndex::over(bytes.span()).anatomy();
    BOOST_TEST(anatomy.leaf_vertices > anatomy.leaves * 5);
}

BOOST_AUTO_TEST_CASE(a_leaf_has_no_more_than_it_needs) {
    std::size_t chains_seen = 0, long_chains = 0, simple = 0;
    for (std::uint64_t round = 0; round < 80; ++round) {
        Random random{400 + round};
        Placement const place{static_cast<std::int64_t>(round % 2 == 0 ? 300 : 200000), {1130000000, 230000000}};
        AlignedBytes bytes{build(round < 40 ? merged_cells(random, place, true) : along_a_bent_border(random))};
        for (auto const& leaf : leaves_of(bytes.span())) {
            std::map<std::uint64_t, std::size_t> degree;
            std::map<std::uint64_t, std::uint64_t> leader;
            auto const find = [&](std::uint64_t v) {
                while (leader.at(v) != v) {
                    v = leader.at(v);
                }
                return v;
            };
            for (auto const v : leaf.vertices) {
                leader.emplace(v, v);
            }
            auto components = leader.size();
            leaf.for_each_edge([&](std::size_t i, std::size_t j) {
                // Some position of the cell lies between its ends.
                BOOST_TEST((std::min(leaf.lon(i), leaf.lon(j)) < leaf.west + leaf.side &&
                            std::max(leaf.lon(i), leaf.lon(j)) > leaf.west && leaf.lon(i) != leaf.lon(j)));
                auto const a = find(leaf.vertices[i]), b = find(leaf.vertices[j]);
                components -= a != b ? 1U : 0U;
                leader[a] = b;
                ++degree[leaf.vertices[i]];
                ++degree[leaf.vertices[j]];
            });
            // Edges that lie end to end are one chain.
            if (std::all_of(degree.begin(), degree.end(), [](auto const& d) { return d.second <= 2; })) {
                BOOST_TEST(leaf.chains() == components);
                chains_seen += components;
                long_chains += leaf.edges() > components * 2 ? 1U : 0U;
            }
            // One delta is written once, and what could be simple is.
            if (!leaf.one_delta) {
                BOOST_TEST((std::adjacent_find(leaf.deltas.begin(), leaf.deltas.end(), std::not_equal_to<>{}) !=
                            leaf.deltas.end()));
            }
            BOOST_TEST(leaf.simple == (!leaf.wide && leaf.one_delta && leaf.chains() == 1));
            simple += leaf.simple ? 1U : 0U;
        }
    }
    BOOST_TEST(chains_seen > 1000);
    BOOST_TEST(long_chains > 100);
    BOOST_TEST(simple > 1000);
}

BOOST_AUTO_TEST_CASE(a_cell_is_cut_for_narrow_leaves_unless_an_edge_is_too_long_for_them) {
    // 8 x 8 top cells of 2^16 positions a side; a triangle in one of them, of 16383 units at most or one more.
    constexpr std::int32_t kSide = 65536, kEnd = 8 * kSide, kMiddle = 3 * kSide + 32768;
    auto const wide_leaves = [](std::vector<MultiPolygon> const& shapes) {
        AlignedBytes bytes{build(shapes)};
        auto const leaves = leaves_of(bytes.span());
        return std::count_if(leaves.begin(), leaves.end(), [](StoredLeaf const& leaf) { return leaf.wide; });
    };
    auto const of_the_rim = wide_leaves({box(0, 0, kEnd, kEnd)});
    for (std::int32_t const length : {16383, 16384}) {
        for (bool const upright : {false, true}) {
            Ring triangle{{kMiddle, kMiddle}, {kMiddle + length, kMiddle + 100}, {kMiddle + 50, kMiddle + 200}};
            if (upright) {
                triangle = {{kMiddle, kMiddle}, {kMiddle + 200, kMiddle + 50}, {kMiddle + 100, kMiddle + length}};
            }
            auto around = box(0, 0, kEnd, kEnd);
            around.parts.front().holes.push_back({triangle.rbegin(), triangle.rend()});
            std::vector<MultiPolygon> const shapes{around, {{{triangle, {}}}}};
            BOOST_TEST(wide_leaves(shapes) - of_the_rim == (length == 16383 ? 0 : 1), "length " << length << upright);
            Random random{1};
            BOOST_TEST(disagreements(shapes, positions_to_ask(shapes, {1000, {0, 0}}, random)) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_batch_answers_as_many_as_have_both_a_position_and_room) {
    AlignedBytes bytes{build({box(5, 7, 60, 80)})};
    std::vector<Point> const points(100, Point{10, 10});
    for (auto const instructions : snapshot::instructions_here()) {
        auto const index = PointIndex::over(bytes.span(), "index", instructions);
        for (std::size_t const both : {0U, 15U, 16U, 17U, 63U, 64U, 65U}) {
            std::vector<snapshot::GridId> few(100, 7U);
            index.locate(points, std::span{few}.first(both));
            std::vector<snapshot::GridId> expected(both, 0U);
            expected.resize(100, 7U);
            BOOST_TEST((few == expected), to_string(instructions) << ", room for " << both);
            few.assign(100, 7U);
            index.locate(std::span{points}.first(both), few);
            BOOST_TEST((few == expected), to_string(instructions) << ", " << both << " positions");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_update_takes_nothing_over_from_damaged_bytes) {
    Random random{13};
    auto const before = quadrangles(random, 20, 20, kCorner, 20000);
    auto after = before;
    std::swap(after[210], after[211]);
    std::size_t visited = 0;
    BOOST_TEST((update(before, after, visited, true) == build(after)));
}

BOOST_AUTO_TEST_SUITE_END()
