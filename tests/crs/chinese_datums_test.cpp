#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <cmath>

using namespace wangge;
using namespace wangge::crs;

namespace {

using Real = long double;
constexpr Real kPi = 3.141592653589793238462643383279502884L;

struct Pair {
    Real lon = 0, lat = 0;
};

/// The published GCJ-02 formulas written down a second time, term by term in metres, in long double.
Pair gcj02_of(Pair p) {
    Real const x = p.lon - 105;
    Real const y = p.lat - 35;
    auto const wave = [](Real amplitude, Real t) { return amplitude * std::sin(t * kPi) * 2 / 3; };
    Real const shared = wave(20, 6 * x) + wave(20, 2 * x);
    Real const root = std::sqrt(std::fabs(x));
    Real north = shared + wave(20, y) + wave(40, y / 3) + wave(160, y / 12) + wave(320, y / 30);
    north += -100 + 2 * x + 3 * y + y * y / 5 + x * y / 10 + root / 5;
    Real east = shared + wave(20, x) + wave(40, x / 3) + wave(150, x / 12) + wave(300, x / 30);
    east += 300 + x + 2 * y + x * x / 10 + x * y / 10 + root / 10;
    // Metres to degrees on Krasovsky 1940 by its radii of curvature in the meridian and in the prime vertical.
    Real const a = 6378245;
    Real const e2 = 0.00669342162296594323L;
    Real const sine = std::sin(p.lat * kPi / 180);
    Real const prime_vertical = a / std::sqrt(1 - e2 * sine * sine);
    Real const meridian = prime_vertical * (1 - e2) / (1 - e2 * sine * sine);
    return {p.lon + east / (prime_vertical * std::cos(p.lat * kPi / 180)) * 180 / kPi,
            p.lat + north / meridian * 180 / kPi};
}

/// BD-09 of a GCJ-02 position. The factor is pi * 3000 / 180: copies that have pi alone are 28 m off in the median.
Pair bd09_of(Pair p) {
    Real const factor = kPi * 3000 / 180;
    Real const z = std::hypot(p.lon, p.lat) + 0.00002L * std::sin(p.lat * factor);
    Real const theta = std::atan2(p.lat, p.lon) + 0.000003L * std::cos(p.lon * factor);
    return {z * std::cos(theta) + 0.0065L, z * std::sin(theta) + 0.006L};
}

/// Geodesic metres between close positions: radii of curvature of the CGCS2000 ellipsoid; relative error below 1e-6.
Real metres_between(Pair a, Pair b) {
    Real const e2 = 0.0066943800229007876L;
    Real const lat = (a.lat + b.lat) / 2 * kPi / 180;
    Real const w2 = 1 - e2 * std::sin(lat) * std::sin(lat);
    Real const n = 6378137 / std::sqrt(w2);
    return std::hypot((a.lon - b.lon) * kPi / 180 * n * std::cos(lat), (a.lat - b.lat) * kPi / 180 * n * (1 - e2) / w2);
}

Pair pair_of(auto const& p) { return {p.lon, p.lat}; }

/// Worst distances over some positions, in metres.
struct Worst {
    Real gcj_formula = 0, bd_formula = 0, gcj_round_trip = 0, bd_round_trip = 0, gcj_inverse = 0;
    std::size_t positions = 0;

    void add(Position p) {
        ++positions;
        Pair const exact{p.lon, p.lat};
        auto const gcj = to_gcj02(p);
        auto const bd = to_bd09(gcj);
        gcj_formula = std::max(gcj_formula, metres_between(pair_of(gcj), gcj02_of(exact)));
        bd_formula = std::max(bd_formula, metres_between(pair_of(bd), bd09_of(pair_of(gcj))));
        gcj_round_trip = std::max(gcj_round_trip, metres_between(pair_of(from_gcj02(gcj)), exact));
        bd_round_trip = std::max(bd_round_trip, metres_between(pair_of(from_gcj02(from_bd09(bd))), exact));
        // The other way round: of a GCJ-02 position, by the second implementation.
        auto const back = from_gcj02({p.lon, p.lat});
        gcj_inverse = std::max(gcj_inverse, metres_between(gcj02_of(pair_of(back)), exact));
    }
    void check() const {
        BOOST_TEST(gcj_formula < 1e-6L); // a micrometre: the formulas are the same
        BOOST_TEST(bd_formula < 1e-6L);
        BOOST_TEST(gcj_round_trip < 1e-5L); // asked for is a millimetre; doubles of 116 degrees have 1.6 nm
        BOOST_TEST(bd_round_trip < 1e-5L);
        BOOST_TEST(gcj_inverse < 1e-5L);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(chinese_datums)

BOOST_AUTO_TEST_CASE(the_formulas_and_their_inverses_hold_over_a_dense_grid_of_guangdong) {
    Worst worst;
    for (double lon = 109.4; lon <= 117.6; lon += 0.00917) {
        for (double lat = 20.1; lat <= 25.7; lat += 0.00913) {
            worst.add({lon, lat});
        }
    }
    BOOST_TEST(worst.positions > 500'000U);
    worst.check();
}

BOOST_AUTO_TEST_CASE(the_formulas_and_their_inverses_hold_over_china) {
    constexpr std::uint64_t kSeed = 4490;
    BOOST_TEST_CONTEXT("seed " << kSeed) {
        Worst worst;
        test::Random random{kSeed};
        for (int i = 0; i < 300'000; ++i) {
            worst.add({72.004 + 65.8307 * random.unit(), 3.4 + 52.4 * random.unit()});
        }
        for (double lon = 73; lon <= 137; lon += 0.25) {
            for (double lat = 3; lat <= 55; lat += 0.25) {
                worst.add({lon, lat});
            }
        }
        worst.check();
    }
}

BOOST_AUTO_TEST_CASE(the_inverse_holds_where_the_formula_has_its_kink) {
    // sqrt |lon - 105| has no derivative there: positions on the meridian 105 E and ever closer to it.
    Worst worst;
    for (double lat = 20; lat < 43; lat += 0.01) {
        worst.add({105, lat});
        for (double away = 1e-14; away < 0.1; away *= 3) {
            worst.add({105 + away, lat});
            worst.add({105 - away, lat});
        }
    }
    worst.check();
}

BOOST_AUTO_TEST_CASE(published_positions_of_three_cities_come_out) {
    // Latitude, longitude as in the tests of googollee/eviltransform (go/transform_test.go), which compares 5 decimals;
    // its fixtures are 1 cm off because they were made with another semi-major axis.
    struct Vector {
        double lat, lon, gcj_lat, gcj_lon;
    };
    for (auto const& v : {Vector{31.1774276, 121.5272106, 31.17530398364597, 121.531541859215},
                          Vector{22.543847, 113.912316, 22.540796131694766, 113.9171764808363},
                          Vector{39.911954, 116.377817, 39.91334545536069, 116.38404722455657}}) {
        auto const gcj = to_gcj02({v.lon, v.lat});
        BOOST_TEST(metres_between(pair_of(gcj), {v.gcj_lon, v.gcj_lat}) < 0.02L);
        auto const back = from_gcj02({v.gcj_lon, v.gcj_lat});
        BOOST_TEST(metres_between(pair_of(back), {v.lon, v.lat}) < 0.02L);
    }
}

BOOST_AUTO_TEST_CASE(the_errors_of_public_copies_would_be_seen) {
    // What the tolerances above must tell apart: the semi-major axis of WGS 84, and a BD-09 factor of pi.
    Pair const p{113.2644, 23.1291};
    auto const gcj = gcj02_of(p);
    Pair const wrong_axis{p.lon + (gcj.lon - p.lon) * 6378245 / 6378137, p.lat + (gcj.lat - p.lat) * 6378245 / 6378137};
    BOOST_TEST(metres_between(gcj, wrong_axis) > 0.001L);
    Real const z = std::hypot(gcj.lon, gcj.lat) + 0.00002L * std::sin(gcj.lat * kPi);
    Real const theta = std::atan2(gcj.lat, gcj.lon) + 0.000003L * std::cos(gcj.lon * kPi);
    Pair const wrong_factor{z * std::cos(theta) + 0.0065L, z * std::sin(theta) + 0.006L};
    BOOST_TEST(metres_between(bd09_of(gcj), wrong_factor) > 0.5L);
}

BOOST_AUTO_TEST_SUITE_END()
