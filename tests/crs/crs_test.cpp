#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/crs/transformer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::crs;

namespace {

std::string message_of(std::string const& crs) {
    try {
        (void)Transformer::make(crs);
    } catch (Error const& error) {
        BOOST_TEST((error.code() == ErrorCode::usage));
        return error.what();
    }
    return {};
}

/// One lattice point every `step` units over Guangdong, with an offset so that no round numbers are hit.
template <class F>
void for_each_lattice_point_of_guangdong(std::int32_t step, F&& f) {
    for (std::int32_t lon = 1'096'000'003; lon < 1'174'000'000; lon += step) {
        for (std::int32_t lat = 201'000'007; lat < 256'000'000; lat += step) {
            f(geom::Point{lon, lat});
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(crs_room)

BOOST_AUTO_TEST_CASE(gauss_kruger_and_mercator_agree_with_the_proj_command) {
    struct Vector {
        char const* crs;
        double lon, lat, x, y;
    };
    // echo 'LAT LON' | cs2cs -f %.10f EPSG:4490 EPSG:n     (PROJ 9.1.1; prints northing, easting)
    Vector const vectors[] = {
        {"EPSG:4547", 113.2644, 23.1291, 424654.8929700595, 2559024.7393041486},
        {"EPSG:4526", 113.2644, 23.1291, 38424654.8929700628, 2559024.7393041486},
        {"EPSG:4546", 113.2644, 23.1291, 731972.7068426622, 2560635.9705109731},
        {"EPSG:4525", 113.2644, 23.1291, 37731972.7068426609, 2560635.9705109731},
        {"EPSG:4548", 116.6820, 23.3540, 467483.3554920778, 2583777.6077664592},
        {"EPSG:4527", 116.6820, 23.3540, 39467483.3554920778, 2583777.6077664592},
        {"EPSG:4508", 110.3589, 21.2707, 433464.4676252069, 2353183.4904908603},
        {"EPSG:4497", 110.3589, 21.2707, 19433464.4676252082, 2353183.4904908603},
        {"EPSG:4509", 116.6820, 23.3540, 467483.3554920778, 2583777.6077664592},
        {"EPSG:4498", 116.6820, 23.3540, 20467483.3554920778, 2583777.6077664592},
        // echo '23.1291 113.2644' | cs2cs -f %.10f EPSG:4326 EPSG:3857
        {"epsg:3857", 113.2644, 23.1291, 12608535.3330056537, 2647638.5828788667},
        // echo '22.3193 114.1694' | cs2cs -f %.10f EPSG:4326 EPSG:2326     (Hong Kong 1980 to WGS 84 (1), 1 m)
        {"EPSG:2326", 114.1694, 22.3193, 835497.9211011683, 820032.9344085092},
    };
    for (auto const& v : vectors) {
        auto const transformer = Transformer::make(v.crs);
        BOOST_TEST_CONTEXT(v.crs) {
            BOOST_TEST(!transformer.geographic());
            auto const there = transformer.from_registry(Position{v.lon, v.lat});
            BOOST_REQUIRE(there.has_value());
            BOOST_TEST(std::fabs(there->x - v.x) < 1e-6);
            BOOST_TEST(std::fabs(there->y - v.y) < 1e-6);
            auto const back = transformer.to_registry(Coordinate{v.x, v.y});
            BOOST_REQUIRE(back.has_value());
            // A seven-parameter shift undoes itself to about a millimetre only (EPSG:2326).
            double const tolerance = std::string{v.crs} == "EPSG:2326" ? 1e-8 : 1e-10;
            BOOST_TEST(std::fabs(back->lon - v.lon) < tolerance);
            BOOST_TEST(std::fabs(back->lat - v.lat) < tolerance);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_position_on_the_central_meridian_has_easting_500_km_and_the_meridian_arc_as_northing) {
    // Meridian arc by the series of Helmert (1880) on the CGCS2000 ellipsoid; independent of PROJ.
    double const f = 1.0 / 298.257222101;
    double const n = f / (2.0 - f);
    double const phi = 23.0 * M_PI / 180.0;
    double const a_over = 6378137.0 / (1.0 + n);
    double const arc =
        a_over * ((1.0 + n * n / 4.0 + n * n * n * n / 64.0) * phi - 1.5 * (n - n * n * n / 8.0) * std::sin(2 * phi) +
                  15.0 / 16.0 * (n * n - n * n * n * n / 4.0) * std::sin(4 * phi) -
                  35.0 / 48.0 * n * n * n * std::sin(6 * phi) + 315.0 / 512.0 * n * n * n * n * std::sin(8 * phi));
    auto const there = Transformer::make("EPSG:4547").from_registry(Position{114.0, 23.0});
    BOOST_TEST(std::fabs(there->x - 500000.0) < 1e-6);
    BOOST_TEST(std::fabs(there->y - arc) < 1e-5);
}

BOOST_AUTO_TEST_CASE(geographic_systems_pass_unchanged_longitude_first) {
    for (auto const* name : {"EPSG:4490", "EPSG:4326"}) {
        auto const transformer = Transformer::make(name);
        BOOST_TEST(transformer.geographic());
        BOOST_TEST(transformer.name() == name);
        auto const p = transformer.to_registry(Coordinate{113.1234567, 23.7654321});
        BOOST_TEST(p->lon == 113.1234567);
        BOOST_TEST(p->lat == 23.7654321);
    }
    BOOST_TEST(Transformer::make("EPSG:4326").datum_assumed().find("WGS 84") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(round_trips_restore_the_lattice_over_guangdong) {
    for (auto const* name : {"EPSG:4546", "EPSG:4547", "EPSG:4548", "EPSG:4526", "EPSG:4508", "EPSG:4498", "EPSG:3857",
                             "GCJ02", "BD09", "EPSG:4326", "EPSG:2326"}) {
        auto const transformer = Transformer::make(name);
        std::vector<geom::Point> points;
        std::vector<Coordinate> coordinates;
        for_each_lattice_point_of_guangdong(777'777, [&](geom::Point p) {
            points.push_back(p);
            coordinates.push_back({geom::to_degrees(p.lon), geom::to_degrees(p.lat)});
        });
        BOOST_TEST(transformer.from_registry(coordinates) == 0U);
        BOOST_TEST(transformer.to_registry(coordinates) == 0U);
        std::size_t moved = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            moved += to_lattice(Position{coordinates[i].x, coordinates[i].y}) == points[i] ? 0U : 1U;
        }
        BOOST_TEST(points.size() > 5'000U);
        BOOST_TEST(moved == 0U, name << ": " << moved << " of " << points.size() << " moved");
    }
}

BOOST_AUTO_TEST_CASE(one_coordinate_and_many_give_the_same) {
    for (auto const* name : {"EPSG:4547", "GCJ02", "BD09"}) {
        auto const transformer = Transformer::make(name);
        std::vector<Coordinate> many{{113.3, 23.1}, {114.2, 22.6}, {116.7, 23.4}};
        auto const copy = many;
        transformer.from_registry(many);
        for (std::size_t i = 0; i < many.size(); ++i) {
            auto const one = transformer.from_registry(Position{copy[i].x, copy[i].y});
            BOOST_TEST(one->x == many[i].x);
            BOOST_TEST(one->y == many[i].y);
        }
    }
}

BOOST_AUTO_TEST_CASE(gcj02_and_bd09_give_the_published_example_values) {
    // Examples in the manual of the widely used coordtransform package for (116.404, 39.915).
    auto const gcj = to_gcj02(Position{116.404, 39.915});
    BOOST_TEST(std::fabs(gcj.lon - 116.41024449916938) < 1e-11);
    BOOST_TEST(std::fabs(gcj.lat - 39.91640428150164) < 1e-11);
    auto const bd = to_bd09(Gcj02Position{116.404, 39.915});
    BOOST_TEST(std::fabs(bd.lon - 116.41036949371029) < 1e-11);
    BOOST_TEST(std::fabs(bd.lat - 39.92133699351021) < 1e-11);
}

BOOST_AUTO_TEST_CASE(the_names_of_the_two_chinese_datums_mean_each_its_own) {
    Coordinate const c{113.2644, 23.1291};
    for (auto const* const name : {"GCJ02", "GCJ-02", "gcj02"}) {
        auto const p = Transformer::make(name).to_registry(c);
        auto const by_formula = from_gcj02(Gcj02Position{c.x, c.y});
        BOOST_TEST(p->lon == by_formula.lon, name);
        BOOST_TEST(p->lat == by_formula.lat, name);
    }
    for (auto const* const name : {"BD09", "BD-09", "bd09"}) {
        auto const p = Transformer::make(name).to_registry(c);
        auto const by_formula = from_gcj02(from_bd09(Bd09Position{c.x, c.y}));
        BOOST_TEST(p->lon == by_formula.lon, name);
        BOOST_TEST(p->lat == by_formula.lat, name);
    }
}

BOOST_AUTO_TEST_CASE(web_mercator_ends_where_its_square_does) {
    auto const mercator = Transformer::make("EPSG:3857");
    auto const edge = mercator.to_registry(Coordinate{20037508.3, 0});
    BOOST_REQUIRE(edge.has_value());
    BOOST_TEST(std::fabs(edge->lon - 180) < 1e-6);
    BOOST_TEST(std::fabs(mercator.to_registry(Coordinate{0, -20037508.3})->lat + 85.0511287) < 1e-6);
    for (auto const& c : {Coordinate{20037509, 0}, Coordinate{-20037509, 0}, Coordinate{0, 20037509}}) {
        BOOST_TEST(!mercator.to_registry(c).has_value());
    }
}

BOOST_AUTO_TEST_CASE(the_inverses_are_below_a_millimetre) {
    double worst_gcj = 0;
    double worst_bd = 0;
    for_each_lattice_point_of_guangdong(311'111, [&](geom::Point point) {
        Position const p{geom::to_degrees(point.lon), geom::to_degrees(point.lat)};
        auto const gcj = to_gcj02(p);
        auto const back = from_gcj02(gcj);
        worst_gcj = std::max({worst_gcj, std::fabs(back.lon - p.lon), std::fabs(back.lat - p.lat)});
        auto const gcj_back = from_bd09(to_bd09(gcj));
        worst_bd = std::max({worst_bd, std::fabs(gcj_back.lon - gcj.lon), std::fabs(gcj_back.lat - gcj.lat)});
    });
    // 1e-8 degree is 1.1 mm.
    BOOST_TEST(worst_gcj < 0.9e-8);
    BOOST_TEST(worst_bd < 0.9e-8);
}

BOOST_AUTO_TEST_CASE(gcj02_lies_hundreds_of_metres_away_in_guangdong) {
    auto const gcj = to_gcj02(Position{113.2644, 23.1291});
    double const east_m = (gcj.lon - 113.2644) * 111320.0 * std::cos(23.1291 * M_PI / 180.0);
    double const north_m = (gcj.lat - 23.1291) * 110750.0;
    double const off_m = std::hypot(east_m, north_m);
    BOOST_TEST(off_m > 450.0);
    BOOST_TEST(off_m < 700.0);
}

BOOST_AUTO_TEST_CASE(datums_without_a_real_transformation_are_refused_and_the_message_says_what_is_needed) {
    // Beijing 1954: geographic, 3-degree CM 114E, zone 38, 6-degree; Xian 1980 likewise; New Beijing.
    for (auto const* name : {"EPSG:4214", "EPSG:2435", "EPSG:2414", "EPSG:21419", "EPSG:4610", "EPSG:2383", "EPSG:2362",
                             "EPSG:2337", "EPSG:4555"}) {
        auto const message = message_of(name);
        BOOST_TEST(message.find("parameters") != std::string::npos, name << ": " << message);
        BOOST_TEST(message.find(name) != std::string::npos, message);
    }
    // NAD27: its transformations hold in America.
    BOOST_TEST(message_of("EPSG:4267").find("refused") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unknown_and_unsuitable_names_are_refused_with_what_is_accepted) {
    for (auto const* name : {"", "EPSG:", "EPSG:999999", "EPSG:99999999999", "4490", "WGS84", "EPSG:4490; DROP",
                             "EPSG:4979", "EPSG:4480", "EPSG:5773", "GCJ", "EPSG:-1", "\xE5\x8C\x97"}) {
        auto const message = message_of(name);
        BOOST_TEST(message.find("GCJ02") != std::string::npos, name << ": " << message);
    }
}

BOOST_AUTO_TEST_CASE(a_prj_as_desktop_programs_write_it_is_recognised) {
    std::string const esri =
        R"(PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",)"
        R"(SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],)"
        R"(PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],)"
        R"(PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],)"
        R"(UNIT["Meter",1.0]])";
    auto const transformer = Transformer::from_definition(esri);
    BOOST_TEST(transformer.name() == "EPSG:4547");
    auto const p = transformer.to_registry(Coordinate{424654.8929700595, 2559024.7393041486});
    BOOST_TEST(std::fabs(p->lon - 113.2644) < 1e-10);
    BOOST_TEST(std::fabs(p->lat - 23.1291) < 1e-10);

    auto beijing = esri;
    auto const swap_in = [&](std::string const& from, std::string const& to) {
        beijing.replace(beijing.find(from), from.size(), to);
    };
    swap_in("CGCS2000_3_Degree_GK_CM_114E", "Beijing_1954_3_Degree_GK_CM_114E");
    swap_in("GCS_China_Geodetic_Coordinate_System_2000", "GCS_Beijing_1954");
    swap_in("D_China_2000", "D_Beijing_1954");
    swap_in("SPHEROID[\"CGCS2000\",6378137.0,298.257222101]", "SPHEROID[\"Krasovsky_1940\",6378245.0,298.3]");
    BOOST_CHECK_EXCEPTION((void)Transformer::from_definition(beijing), Error,
                          [](Error const& e) { return std::string{e.what()}.find("parameters") != std::string::npos; });
    // A local system that only names an unknown datum says nothing about where it lies.
    auto local = esri;
    local.replace(local.find("D_China_2000"), 12, "D_Guangzhou");
    local.replace(local.find("CGCS2000_3_Degree_GK_CM_114E"), 28, "Guangzhou_Local");
    local.replace(local.find("SPHEROID[\"CGCS2000\",6378137.0,298.257222101]"), 44,
                  "SPHEROID[\"Local\",6378245.0,298.3]");
    BOOST_CHECK_THROW((void)Transformer::from_definition(local), Error);
    BOOST_CHECK_THROW((void)Transformer::from_definition("not a definition"), Error);
    BOOST_CHECK_THROW((void)Transformer::from_definition(""), Error);
    // An identity in disguise is refused; real parameters are taken.
    BOOST_CHECK_THROW((void)Transformer::from_definition("+proj=longlat +ellps=krass +towgs84=0,0,0 +type=crs"), Error);
    BOOST_CHECK_NO_THROW((void)Transformer::from_definition(
        "+proj=tmerc +lon_0=114 +x_0=500000 +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0 +type=crs"));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_position_is_empty_and_becomes_nan_in_a_batch) {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    double const inf = std::numeric_limits<double>::infinity();
    for (auto const* name : {"EPSG:4490", "EPSG:4326", "GCJ02", "BD09", "EPSG:4547", "EPSG:3857", "EPSG:4611"}) {
        auto const transformer = Transformer::make(name);
        BOOST_TEST_CONTEXT(name) {
            for (auto const& bad : {Coordinate{nan, 23.0}, Coordinate{113.0, nan}, Coordinate{inf, 23.0},
                                    Coordinate{113.0, -inf}, Coordinate{1e300, 1e300}}) {
                BOOST_TEST(!transformer.to_registry(bad).has_value());
                BOOST_TEST(!transformer.from_registry(Position{bad.x, bad.y}).has_value());
            }
            BOOST_TEST(!transformer.from_registry(Position{113.0, 91.0}).has_value());
            BOOST_TEST(!transformer.from_registry(Position{181.0, 23.0}).has_value());
            if (transformer.geographic()) {
                BOOST_TEST(!transformer.to_registry(Coordinate{113.0, 91.0}).has_value());
                BOOST_TEST(!transformer.to_registry(Coordinate{-181.0, 23.0}).has_value());
                BOOST_TEST(
                    !transformer.to_registry(Coordinate{23.0, 113.0}).has_value()); // swapped: 113 is no latitude
            }
        }
    }
    auto const transformer = Transformer::make("EPSG:4547");
    std::vector<Coordinate> batch{{500000.0, 2500000.0}, {nan, 1.0}, {500000.0, 2500000.0}, {inf, inf}};
    BOOST_TEST(transformer.to_registry(batch) == 2U);
    BOOST_TEST(std::isnan(batch[1].x));
    BOOST_TEST(std::isnan(batch[3].y));
    BOOST_TEST(batch[0].x == batch[2].x);
    BOOST_TEST(std::fabs(batch[2].x - 114.0) < 1e-12);
    BOOST_TEST(transformer.to_registry(std::span<Coordinate>{}) == 0U);
}

BOOST_AUTO_TEST_CASE(to_lattice_rounds_to_the_nearest_and_refuses_what_is_off_the_globe) {
    BOOST_TEST((to_lattice(Position{113.12345674, 23.12345676}) == geom::Point{1131234567, 231234568}));
    BOOST_TEST((to_lattice(Position{-180.0, -90.0}) == geom::Point{-1800000000, -900000000}));
    BOOST_TEST(!to_lattice(Position{180.1, 0.0}).has_value());
    BOOST_TEST(!to_lattice(Position{0.0, std::numeric_limits<double>::quiet_NaN()}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
