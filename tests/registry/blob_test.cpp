#include "small_province.hpp"
#include "spatialite_blob.hpp"
#include "sqlite_oracle.hpp"

#include <wangge/geom/wkb.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <cstring>

using namespace wangge;
using namespace wangge::test;

namespace {

/// A square with a square hole, and a triangle apart.
geom::MultiPolygon island_with_lake() {
    geom::Polygon island{{{1'130'000'000, 230'000'000},
                          {1'130'010'000, 230'000'000},
                          {1'130'010'000, 230'010'000},
                          {1'130'000'000, 230'010'000}},
                         {{{1'130'002'000, 230'002'000},
                           {1'130'002'000, 230'004'000},
                           {1'130'004'000, 230'004'000},
                           {1'130'004'000, 230'002'000}}}};
    geom::Polygon islet{{{1'130'020'001, 230'000'003}, {1'130'030'007, 230'000'005}, {1'130'025'009, 230'009'999}}, {}};
    return {{island, islet}};
}

std::vector<std::byte> blob_of(geom::MultiPolygon const& shape) {
    std::vector<std::byte> blob;
    registry::write_spatialite_blob(shape, blob);
    return blob;
}

template <class T>
void put_big_endian(std::vector<std::byte>& out, T value) {
    std::array<std::byte, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    std::reverse(bytes.begin(), bytes.end());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

BOOST_AUTO_TEST_SUITE(blobs)

BOOST_AUTO_TEST_CASE(a_blob_is_read_back_as_the_same_shape) {
    auto const shape = island_with_lake();
    auto const back = registry::read_spatialite_blob(blob_of(shape));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == shape));
}

BOOST_AUTO_TEST_CASE(every_lattice_coordinate_survives_the_way_through_doubles) {
    Random random{7};
    BOOST_TEST_MESSAGE("seed 7");
    for (int i = 0; i < 20'000; ++i) {
        auto const p = [&] {
            return geom::Point{static_cast<std::int32_t>(random.between(-1'800'000'000, 1'800'000'000)),
                               static_cast<std::int32_t>(random.between(-900'000'000, 900'000'000))};
        };
        geom::MultiPolygon const shape{{geom::Polygon{{p(), p(), p()}, {}}}};
        BOOST_REQUIRE((registry::read_spatialite_blob(blob_of(shape)) == shape));
    }
}

BOOST_AUTO_TEST_CASE(spatialite_reads_our_blobs_equally) {
    SqliteOracle oracle{":memory:"};
    auto const shape = island_with_lake();
    auto const blob = blob_of(shape);
    BOOST_TEST(
        oracle.value("SELECT ST_IsValid(?1), ST_Srid(?1), GeometryType(?1), ST_NumGeometries(?1), ST_NPoints(?1)",
                     blob) == "1|4490|MULTIPOLYGON|2|14");
    // 1e4 x 1e4 less 2e3 x 2e3, and the shoelace sum of the triangle, in units of 1e-14 square degrees, by hand:
    // 96,000,000 + |10006*9996 - 2*5008| / 2 = 96,000,000 + 50,004,980
    BOOST_TEST(std::stod(oracle.value("SELECT ST_Area(?1)", blob)) * 1e14 == 146'004'980.0,
               boost::test_tools::tolerance(1e-9));
    BOOST_TEST(
        oracle.value("SELECT MbrMinX(?1) = 113.0, MbrMaxX(?1) = 113.0030007, MbrMinY(?1) = 23.0, MbrMaxY(?1) = 23.001",
                     blob) == "1|1|1|1");
    std::vector<std::byte> wkb;
    geom::append_wkb(shape, wkb);
    auto const theirs = oracle.value("SELECT ST_AsBinary(?1)", blob);
    BOOST_TEST(std::ranges::equal(theirs, wkb, {}, [](char c) { return static_cast<std::byte>(c); }));
    // SpatiaLite's own writer makes the very same bytes.
    auto const rewritten = oracle.value("SELECT ST_GeomFromWKB(ST_AsBinary(?1), 4490)", blob);
    BOOST_TEST(std::ranges::equal(rewritten, blob, {}, [](char c) { return static_cast<std::byte>(c); }));
}

BOOST_AUTO_TEST_CASE(a_polygon_that_spatialite_wrote_is_read) {
    SqliteOracle oracle{":memory:"};
    auto const text = oracle.value("SELECT GeomFromText('POLYGON((113 23, 113.1 23, 113.1 23.1, 113 23))', 4490)");
    auto const shape = registry::read_spatialite_blob(std::as_bytes(std::span{text}));
    geom::MultiPolygon const expected{{geom::Polygon{
        {{1'130'000'000, 230'000'000}, {1'131'000'000, 230'000'000}, {1'131'000'000, 231'000'000}}, {}}}};
    BOOST_REQUIRE(shape.has_value());
    BOOST_TEST((*shape == expected));
    auto const other_srid =
        oracle.value("SELECT GeomFromText('POLYGON((113 23, 113.1 23, 113.1 23.1, 113 23))', 4326)");
    BOOST_TEST(!registry::read_spatialite_blob(std::as_bytes(std::span{other_srid})).has_value());
    auto const line = oracle.value("SELECT GeomFromText('LINESTRING(113 23, 113.1 23)', 4490)");
    BOOST_TEST(!registry::read_spatialite_blob(std::as_bytes(std::span{line})).has_value());
}

BOOST_AUTO_TEST_CASE(a_big_endian_blob_is_read) {
    std::vector<std::byte> blob{std::byte{0x00}, std::byte{0x00}};
    put_big_endian(blob, std::int32_t{4490});
    for (double const bound : {1.0, 2.0, 3.0, 4.0}) {
        put_big_endian(blob, bound);
    }
    blob.push_back(std::byte{0x7C});
    put_big_endian(blob, std::int32_t{3});
    put_big_endian(blob, std::int32_t{1});
    put_big_endian(blob, std::int32_t{4});
    for (double const coordinate : {1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 1.0, 2.0}) {
        put_big_endian(blob, coordinate);
    }
    blob.push_back(std::byte{0xFE});
    geom::MultiPolygon const expected{
        {geom::Polygon{{{10'000'000, 20'000'000}, {30'000'000, 20'000'000}, {30'000'000, 40'000'000}}, {}}}};
    auto const shape = registry::read_spatialite_blob(blob);
    BOOST_REQUIRE(shape.has_value());
    BOOST_TEST((*shape == expected));
}

BOOST_AUTO_TEST_CASE(a_cut_blob_is_refused_at_every_length) {
    auto const blob = blob_of(island_with_lake());
    for (std::size_t length = 0; length < blob.size(); ++length) {
        std::vector<std::byte> const cut{
            blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(length)}; // its own allocation, for the sanitizer
        BOOST_REQUIRE(!registry::read_spatialite_blob(cut).has_value());
    }
    auto longer = blob;
    longer.push_back(std::byte{0xFE});
    BOOST_TEST(!registry::read_spatialite_blob(longer).has_value());
}

BOOST_AUTO_TEST_CASE(a_blob_with_damaged_bytes_is_refused_or_read_but_never_overrun) {
    auto const blob = blob_of(island_with_lake());
    Random random{11};
    BOOST_TEST_MESSAGE("seed 11");
    std::size_t refused = 0;
    for (int i = 0; i < 50'000; ++i) {
        auto damaged = blob;
        for (auto n = random.between(1, 4); n > 0; --n) {
            damaged[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(blob.size()) - 1))] =
                static_cast<std::byte>(random.next());
        }
        refused += registry::read_spatialite_blob(damaged).has_value() ? 0U : 1U;
    }
    BOOST_TEST(refused > 10'000U);
}

BOOST_AUTO_TEST_SUITE_END()
