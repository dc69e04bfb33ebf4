#include "gauss_kruger_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/crs/transformer.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace wangge;
using namespace wangge::crs;

namespace {

constexpr double kArcsecond = M_PI / 180.0 / 3600.0;

// Of the size that published parameters for Beijing54 have; the numbers are made up.
std::string const kSevenOfBeijing = R"([[system]]
replaces = "EPSG:4214"
method = "seven"
dx_m = 15.8
dy_m = -154.4
dz_m = -82.3
rx_arcsec = 0.35
ry_arcsec = -1.2
rz_arcsec = 2.75
scale_ppm = -4.5
convention = "position_vector"
source = "made up for a test"
)";

std::string const kFour = R"([[system]]
name = "local:guangzhou"
method = "four"
target = "EPSG:4547"
shift_east_m = 389000.25
shift_north_m = 2527000.5
rotation_arcsec = 612.5
rotation_sense = "counterclockwise"
scale = 0.9999875
source = "made up for a test"
accuracy_m = 0.05
remark = "not the real one"
area = [112.5, 22.3, 114.5, 24.0]
)";

std::string with(std::string text, std::string_view from, std::string_view to) {
    auto const at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "'" << from << "' is not in the text");
    return text.replace(at, from.size(), to);
}

std::string message_of(std::string const& toml) {
    try {
        (void)SiteSystems::parse(toml, "site.toml");
    } catch (Error const& error) {
        BOOST_TEST((error.code() == ErrorCode::data_rejected));
        return error.what();
    }
    return {};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// What PROJ's command `cct` makes of a pair.
std::array<double, 2> cct(std::string const& pipeline, double x, double y) {
    char command[2000];
    std::snprintf(command, sizeof command, "echo '%.12f %.12f 0 0' | cct -d 12 %s", x, y, pipeline.c_str());
    std::unique_ptr<FILE, int (*)(FILE*)> const pipe{popen(command, "r"), pclose};
    std::array<double, 2> result{};
    BOOST_REQUIRE_MESSAGE(pipe && std::fscanf(pipe.get(), "%lf %lf", result.data(), &result[1]) == 2,
                          "cct (package proj-bin) gave nothing for " << command);
    return result;
}

struct Geocentric {
    long double x = 0, y = 0, z = 0;
};

Geocentric geocentric(long double lon_deg, long double lat_deg, long double a, long double rf) {
    long double const f = 1 / rf;
    long double const e2 = f * (2 - f);
    long double const lon = lon_deg * M_PIl / 180;
    long double const lat = lat_deg * M_PIl / 180;
    long double const n = a / std::sqrt(1 - e2 * std::sin(lat) * std::sin(lat));
    return {n * std::cos(lat) * std::cos(lon), n * std::cos(lat) * std::sin(lon), n * (1 - e2) * std::sin(lat)};
}

/// Longitude and latitude in degrees, by iteration to the end.
std::array<long double, 2> geographic(Geocentric g, long double a, long double rf) {
    long double const f = 1 / rf;
    long double const e2 = f * (2 - f);
    long double const p = std::hypot(g.x, g.y);
    long double lat = std::atan2(g.z, p * (1 - e2));
    for (int i = 0; i < 50; ++i) {
        long double const n = a / std::sqrt(1 - e2 * std::sin(lat) * std::sin(lat));
        lat = std::atan2(g.z + e2 * n * std::sin(lat), p);
    }
    return {std::atan2(g.y, g.x) * 180 / M_PIl, lat * 180 / M_PIl};
}

/// Bursa-Wolf with the parameters of kSevenOfBeijing; `sign` is -1 for the coordinate frame convention.
std::array<long double, 2> bursa_wolf(double lon, double lat, long double a, long double rf, int sign) {
    auto const g = geocentric(lon, lat, a, rf);
    long double const rx = sign * 0.35L * kArcsecond;
    long double const ry = sign * -1.2L * kArcsecond;
    long double const rz = sign * 2.75L * kArcsecond;
    long double const s = 1 - 4.5e-6L;
    return geographic({15.8L + s * (g.x - rz * g.y + ry * g.z), -154.4L + s * (rz * g.x + g.y - rx * g.z),
                       -82.3L + s * (-ry * g.x + rx * g.y + g.z)},
                      6378137.0L, 298.257222101L);
}

class ScratchFile {
public:
    explicit ScratchFile(std::string const& text)
        : m_path(std::filesystem::temp_directory_path() / ("wangge-site-" + std::to_string(::getpid()) + ".toml")) {
        std::ofstream{m_path} << text;
    }
    ~ScratchFile() { std::filesystem::remove(m_path); }
    ScratchFile(ScratchFile const&) = delete;
    ScratchFile& operator=(ScratchFile const&) = delete;
    [[nodiscard]] std::filesystem::path const& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

} // namespace

BOOST_AUTO_TEST_SUITE(site_systems)

BOOST_AUTO_TEST_CASE(seven_parameters_agree_with_a_second_implementation_and_with_cct) {
    for (bool const position_vector : {true, false}) {
        auto const text =
            position_vector ? kSevenOfBeijing : with(kSevenOfBeijing, "position_vector", "coordinate_frame");
        auto const site = SiteSystems::parse(text, "site.toml");
        auto const transformer = Transformer::make("EPSG:4214", site);
        BOOST_TEST(transformer.geographic());
        BOOST_TEST(transformer.name() == "EPSG:4214");
        std::string const pipeline =
            std::string{"+proj=pipeline +step +proj=cart +ellps=krass +step +proj=helmert +x=15.8 +y=-154.4 +z=-82.3 "
                        "+rx=0.35 +ry=-1.2 +rz=2.75 +s=-4.5 +convention="} +
            (position_vector ? "position_vector" : "coordinate_frame") + " +step +inv +proj=cart +ellps=GRS80";
        for (auto const& [lon, lat] : {std::pair{109.7, 20.3}, {113.2644, 23.1291}, {116.9, 25.4}}) {
            auto const got = transformer.to_registry(Coordinate{lon, lat});
            auto const by_hand = bursa_wolf(lon, lat, 6378245.0L, 298.3L, position_vector ? 1 : -1);
            auto const by_cct = cct(pipeline, lon, lat);
            BOOST_REQUIRE(got.has_value());
            BOOST_TEST(std::fabs(got->lon - static_cast<double>(by_hand[0])) < 1e-11);
            BOOST_TEST(std::fabs(got->lat - static_cast<double>(by_hand[1])) < 1e-11);
            BOOST_TEST(std::fabs(got->lon - by_cct[0]) < 2e-12);
            BOOST_TEST(std::fabs(got->lat - by_cct[1]) < 2e-12);
            BOOST_TEST(std::hypot(got->lon - lon, got->lat - lat) * 1.05e5 > 10.0); // tens of metres, not nothing
        }
    }
    // The two conventions are metres apart, so that mixing them up cannot pass.
    auto const a = bursa_wolf(113, 23, 6378245.0L, 298.3L, 1);
    auto const b = bursa_wolf(113, 23, 6378245.0L, 298.3L, -1);
    BOOST_TEST(static_cast<double>(std::hypot(a[0] - b[0], a[1] - b[1])) * 1.05e5 > 10.0);
}

BOOST_AUTO_TEST_CASE(what_replaces_a_geographic_system_holds_for_the_planes_over_it) {
    auto const site = SiteSystems::parse(kSevenOfBeijing, "site.toml");
    BOOST_CHECK_THROW((void)Transformer::make("EPSG:2435"), Error); // Beijing 1954 / 3-degree CM 114E
    auto const geographic = Transformer::make("EPSG:4214", site);
    auto const plane = Transformer::make("epsg:2435", site);
    BOOST_TEST(!plane.geographic());
    BOOST_TEST(plane.name() == "EPSG:2435");
    BOOST_TEST(contains(plane.datum_assumed(), "seven parameters (made up for a test)"), plane.datum_assumed());
    // echo '22.75 113.25' | cs2cs -f %.6f EPSG:4214 EPSG:2435     (PROJ 9.1.1: northing, easting)
    auto const expected = geographic.to_registry(Coordinate{113.25, 22.75});
    auto const got = plane.to_registry(Coordinate{422964.372579, 2517091.859401});
    BOOST_REQUIRE((expected && got));
    BOOST_TEST(std::fabs(got->lon - expected->lon) < 1e-10);
    BOOST_TEST(std::fabs(got->lat - expected->lat) < 1e-10);
    // As a .prj of that system says it.
    std::string const prj =
        R"(PROJCS["Beijing_1954_3_Degree_GK_CM_114E",GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",)"
        R"(SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],)"
        R"(PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],)"
        R"(PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],)"
        R"(UNIT["Meter",1.0]])";
    BOOST_CHECK_THROW((void)Transformer::from_definition(prj), Error);
    auto const by_prj = Transformer::from_definition(prj, site).to_registry(Coordinate{422964.372579, 2517091.859401});
    BOOST_REQUIRE(by_prj.has_value());
    BOOST_TEST(std::fabs(by_prj->lon - expected->lon) < 1e-10);
    // Others stay refused.
    BOOST_CHECK_THROW((void)Transformer::make("EPSG:4610", site), Error);
}

BOOST_AUTO_TEST_CASE(seven_parameters_with_an_ellipsoid_and_a_projection_describe_a_local_plane) {
    auto const text = R"([[system]]
name = "local:shenzhen"
method = "seven"
dx_m = 0
dy_m = 0
dz_m = 0
rx_arcsec = 0
ry_arcsec = 0
rz_arcsec = 0
scale_ppm = 0
convention = "coordinate_frame"
ellipsoid = { semi_major_m = 6378137.0, inverse_flattening = 298.257222101 }
projection = { central_meridian_deg = 114.0, false_easting_m = 25000, false_northing_m = -2400000, scale = 1.00001 }
source = "made up"
)";
    auto const transformer = Transformer::make("LOCAL:Shenzhen", SiteSystems::parse(text, "site.toml"));
    BOOST_TEST(!transformer.geographic());
    BOOST_TEST(transformer.name() == "local:shenzhen");
    auto const plane = test::gauss_kruger(0.07L, 22.55L);
    auto const there = transformer.from_registry(Position{114.07, 22.55});
    BOOST_REQUIRE(there.has_value());
    BOOST_TEST(std::fabs(there->x - static_cast<double>(25000 + 1.00001L * plane.east_m)) < 1e-5);
    BOOST_TEST(std::fabs(there->y - static_cast<double>(-2400000 + 1.00001L * plane.north_m)) < 1e-5);
    // With the ellipsoid only, it takes degrees.
    auto const degrees = with(text,
                              "projection = { central_meridian_deg = 114.0, false_easting_m = 25000, "
                              "false_northing_m = -2400000, scale = 1.00001 }\n",
                              "");
    auto const bare = Transformer::make("local:shenzhen", SiteSystems::parse(degrees, "site.toml"));
    BOOST_TEST(bare.geographic());
    BOOST_TEST(std::fabs(bare.to_registry(Coordinate{114.07, 22.55})->lon - 114.07) < 1e-12);
    // With a code, a plane of another datum: there and here by its own parameters.
    auto const by_code = with(
        with(kSevenOfBeijing, "replaces = \"EPSG:4214\"", "name = \"site:b54\"\nsource_crs = \"EPSG:2435\""), "", "");
    auto const named = Transformer::make("site:b54", SiteSystems::parse(by_code, "site.toml"));
    BOOST_TEST(!named.geographic());
    auto const p = named.to_registry(Coordinate{422964.372579, 2517091.859401});
    auto const by_hand = bursa_wolf(113.25, 22.75, 6378245.0L, 298.3L, 1);
    BOOST_TEST(std::fabs(p->lon - static_cast<double>(by_hand[0])) < 1e-10);
    BOOST_TEST(std::fabs(p->lat - static_cast<double>(by_hand[1])) < 1e-10);
}

BOOST_AUTO_TEST_CASE(four_parameters_turn_scale_and_shift_as_by_hand) {
    auto const site = SiteSystems::parse(kFour, "site.toml");
    auto const transformer = Transformer::make("local:guangzhou", site);
    auto const target = Transformer::make("EPSG:4547");
    BOOST_TEST(!transformer.geographic());
    // 612.5" is 0.0029694838 rad: cos 0.9999955911, sin 0.0029694794. A point 40 km east and 30 km north of the origin:
    // east  = 389000.25 + 0.9999875 (40000 * 0.9999955911 - 30000 * 0.0029694794) = 428910.4904
    // north = 2527000.5 + 0.9999875 (40000 * 0.0029694794 + 30000 * 0.9999955911) = 2557118.7704
    auto const got = transformer.to_registry(Coordinate{40000, 30000});
    auto const expected = target.to_registry(Coordinate{428910.4904, 2557118.7704});
    BOOST_REQUIRE((got && expected));
    BOOST_TEST(std::fabs(got->lon - expected->lon) < 2e-9); // 4 decimals of a metre
    BOOST_TEST(std::fabs(got->lat - expected->lat) < 2e-9);
    // Clockwise is the other way: the point comes to lie further east and south.
    auto const clockwise = Transformer::make(
        "local:guangzhou", SiteSystems::parse(with(kFour, "counterclockwise", "clockwise"), "site.toml"));
    auto const other = clockwise.to_registry(Coordinate{40000, 30000});
    BOOST_TEST(other->lon > got->lon + 0.001);
    BOOST_TEST(other->lat < got->lat - 0.001);
    BOOST_TEST(
        transformer.datum_assumed() ==
        "local:guangzhou, brought to CGCS2000 by the site's four parameters (made up for a test), stated accuracy "
        "0.05 m, valid from 112.5 to 114.5 degrees east and 22.3 to 24 north");
}

BOOST_AUTO_TEST_CASE(a_pipeline_runs_as_cct_runs_it) {
    std::string const steps = "+proj=pipeline +step +proj=affine +xoff=380000 +yoff=2500000 +s11=0.99999 +s12=-0.002 "
                              "+s21=0.002 +s22=0.99999 +step +inv +proj=tmerc +lon_0=113 +x_0=400000 +ellps=GRS80";
    auto const site = SiteSystems::parse("[[system]]\nname = \"local:foshan\"\nmethod = \"pipeline\"\nsource = \"x\"\n"
                                         "pipeline = \"\"\"" +
                                             steps + "\"\"\"\n",
                                         "site.toml");
    auto const transformer = Transformer::make("local:foshan", site);
    BOOST_TEST(!transformer.geographic());
    for (auto const& [x, y] : {std::pair{12345.678, 54321.987}, {0.0, 0.0}, {50000.0, -3000.0}}) {
        auto const expected = cct(steps, x, y);
        auto const got = transformer.to_registry(Coordinate{x, y});
        BOOST_REQUIRE(got.has_value());
        BOOST_TEST(std::fabs(got->lon - expected[0]) < 2e-12);
        BOOST_TEST(std::fabs(got->lat - expected[1]) < 2e-12);
    }
    // One that ends in a CGCS2000 plane says which.
    auto const to_plane = SiteSystems::parse(
        "[[system]]\nname = \"local:a\"\nmethod = \"pipeline\"\nsource = \"x\"\noutput = \"EPSG:4547\"\n"
        "pipeline = \"+proj=affine +xoff=389000 +yoff=2527000\"\n",
        "site.toml");
    auto const got = Transformer::make("local:a", to_plane).to_registry(Coordinate{35654.8929700595, 32024.7393041486});
    BOOST_TEST(std::fabs(got->lon - 113.2644) < 1e-10); // EPSG:4547 424654.8929700595 2559024.7393041486
    BOOST_TEST(std::fabs(got->lat - 23.1291) < 1e-10);
    // One in degrees may replace a geographic system, and holds for the planes over it.
    auto const shift = SiteSystems::parse(
        "[[system]]\nreplaces = \"EPSG:4610\"\nmethod = \"pipeline\"\nsource = \"x\"\n"
        "pipeline = \"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +a=6378140 "
        "+rf=298.257 +step +proj=helmert +x=-10 +y=20 +z=30 +step +inv +proj=cart +ellps=GRS80 +step "
        "+proj=unitconvert +xy_in=rad +xy_out=deg\"\n",
        "site.toml");
    auto const xian = Transformer::make("EPSG:4610", shift);
    BOOST_TEST(xian.geographic());
    auto const g = geocentric(113.25L, 22.75L, 6378140.0L, 298.257L);
    auto const by_hand = geographic({g.x - 10, g.y + 20, g.z + 30}, 6378137.0L, 298.257222101L);
    auto const p = xian.to_registry(Coordinate{113.25, 22.75});
    BOOST_TEST(std::fabs(p->lon - static_cast<double>(by_hand[0])) < 1e-11);
    BOOST_TEST(std::fabs(p->lat - static_cast<double>(by_hand[1])) < 1e-11);
    // echo '22.75 113.25' | cs2cs -f %.6f EPSG:4610 EPSG:2383     (Xian 1980 / 3-degree CM 114E)
    auto const plane = Transformer::make("EPSG:2383", shift).to_registry(Coordinate{422965.635199, 2517048.166889});
    BOOST_REQUIRE(plane.has_value());
    BOOST_TEST(std::fabs(plane->lon - p->lon) < 1e-10);
    BOOST_TEST(std::fabs(plane->lat - p->lat) < 1e-10);
}

BOOST_AUTO_TEST_CASE(there_and_back_restores_the_lattice) {
    auto const site = SiteSystems::parse(
        kSevenOfBeijing + kFour +
            "[[system]]\nname = \"p:p\"\nmethod = \"pipeline\"\nsource = \"x\"\n"
            "pipeline = \"+proj=pipeline +step +proj=cart +ellps=krass +step +proj=helmert +x=100 +y=-200 +z=50 +step "
            "+inv +proj=cart +ellps=GRS80\"\n",
        "site.toml");
    constexpr std::uint64_t kSeed = 7;
    for (auto const* const name : {"EPSG:4214", "EPSG:2435", "local:guangzhou", "p:p"}) {
        auto const transformer = Transformer::make(name, site);
        test::Random random{kSeed};
        std::vector<Coordinate> coordinates;
        std::vector<geom::Point> points;
        for (int i = 0; i < 20'000; ++i) {
            points.push_back({static_cast<std::int32_t>(random.between(1'126'000'000, 1'144'000'000)),
                              static_cast<std::int32_t>(random.between(224'000'000, 239'000'000))});
            coordinates.push_back({geom::to_degrees(points.back().lon), geom::to_degrees(points.back().lat)});
        }
        BOOST_TEST(transformer.from_registry(coordinates) == 0U);
        BOOST_TEST(transformer.to_registry(coordinates) == 0U);
        double worst = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            worst = std::max({worst, std::fabs(coordinates[i].x - geom::to_degrees(points[i].lon)),
                              std::fabs(coordinates[i].y - geom::to_degrees(points[i].lat))});
        }
        BOOST_TEST(worst < 1e-11, name << " is " << worst << " degrees off, seed " << kSeed);
    }
}

BOOST_AUTO_TEST_CASE(outside_its_area_a_system_gives_nothing) {
    auto const transformer = Transformer::make("local:guangzhou", SiteSystems::parse(kFour, "site.toml"));
    BOOST_TEST(transformer.from_registry(Position{113.3, 23.1}).has_value());
    BOOST_TEST(transformer.from_registry(Position{114.49, 23.99}).has_value());
    BOOST_TEST(!transformer.from_registry(Position{114.51, 23.1}).has_value());
    BOOST_TEST(!transformer.from_registry(Position{113.3, 22.29}).has_value());
    BOOST_TEST(!transformer.to_registry(Coordinate{240'000, 30'000}).has_value());
    std::vector<Coordinate> batch{{40'000, 30'000}, {240'000, 30'000}};
    BOOST_TEST(transformer.to_registry(batch) == 1U);
    BOOST_TEST(std::isnan(batch[1].x));
    BOOST_TEST(!std::isnan(batch[0].x));
}

BOOST_AUTO_TEST_CASE(the_switch_for_gcj02_is_named_by_the_refusal) {
    auto const off = SiteSystems::parse("# licence pending\nallow_gcj02 = false\n", "/data/coordinate-systems.toml");
    BOOST_TEST(!off.gcj02_allowed());
    for (auto const* const name : {"GCJ02", "gcj-02", "BD09", "bd-09"}) {
        BOOST_CHECK_EXCEPTION((void)Transformer::make(name, off), Error, [](Error const& e) {
            return e.code() == ErrorCode::usage &&
                   contains(e.what(), "'allow_gcj02 = false' in /data/coordinate-systems.toml:2");
        });
        BOOST_CHECK_NO_THROW((void)Transformer::make(name));
        BOOST_CHECK_NO_THROW((void)Transformer::make(name, SiteSystems::parse("allow_gcj02 = true\n", "f")));
    }
    BOOST_CHECK_NO_THROW((void)Transformer::make("EPSG:4547", off));
}

BOOST_AUTO_TEST_CASE(control_points_prove_the_parameters_when_the_file_is_read) {
    auto const point = [](std::string const& body) { return kFour + "control_points = [ " + body + " ]\n"; };
    auto const good = "{ from = [40000, 30000], to = [428910.4904, 2557118.7704], to_crs = \"EPSG:4547\", within_m = "
                      "0.001 }";
    BOOST_TEST(message_of(point(good)) == "");
    BOOST_TEST(message_of(point(
                   good + std::string{", { from = [0, 0], to = [112.918645, 22.837970], within_m = 0.1 }"})) == "");
    auto const off = message_of(point(with(good, "2557118.7704", "2557119.7704")));
    BOOST_TEST(contains(off, "site.toml:14: system 'local:guangzhou': a control point is missed by 1.000 m"), off);
    BOOST_TEST(contains(off, "-1.000 m north"), off);
    auto const aside = message_of(point(with(good, "428910.4904", "428908.4904")));
    BOOST_TEST(contains(aside, "missed by 2.000 m (+2.000 m east"), aside);
    // The classic mistake, a rotation with the other sign, is found by a point and by nothing else.
    auto const turned = with(point(good), "counterclockwise", "clockwise");
    BOOST_TEST(contains(message_of(turned), "a control point is missed by"), message_of(turned));
    BOOST_TEST(contains(message_of(point("{ from = [9e8, 0], to = [113, 23], within_m = 1 }")), "no position there"));
    BOOST_TEST(contains(message_of(point("{ from = [0, 0], to = [23, 113], within_m = 1 }")), "'to'"));
    BOOST_TEST(contains(message_of(point("{ from = [0, 0], to = [113, 23], to_crs = \"EPSG:4610\", within_m = 1 }")),
                        "control_points.to_crs"));
}

BOOST_AUTO_TEST_CASE(names_may_hold_what_passes_through_shells_and_urls_and_nothing_else) {
    auto const named = [](std::string const& name) { return message_of(with(kFour, "local:guangzhou", name)); };
    for (auto const& name : {std::string{"local:azAZ09"}, std::string{"z9:Z.0_-"}, std::string{"0:a"},
                             "local:" + std::string(64 - 6, 'x')}) {
        BOOST_TEST(named(name) == "", name);
    }
    // The neighbours of 'a', 'z', 'A', 'Z', '0' and '9' in ASCII, and what may not come first.
    for (auto const& name :
         {std::string{"local:`"}, std::string{"local:{"}, std::string{"local:@"}, std::string{"local:["},
          std::string{"local:/"}, std::string{"local::"}, std::string{"local:-a"}, std::string{"local:"},
          std::string{":a"}, "local:" + std::string(65 - 6, 'x')}) {
        BOOST_TEST(contains(named(name), "letters"), name << ": " << named(name));
    }
    for (auto const* const code : {"EPSG:", "EPSG:1234567", "EPSG:12/4", "EPSG:12:4"}) {
        BOOST_TEST(contains(message_of(with(kFour, "EPSG:4547", code)), "EPSG"), code);
    }
}

BOOST_AUTO_TEST_CASE(bounds_of_numbers_are_themselves_allowed_and_no_more) {
    auto const scale = [](char const* value) { return message_of(with(kFour, "scale = 0.9999875", value)); };
    BOOST_TEST(scale("scale = 0.9") == "");
    BOOST_TEST(scale("scale = 1.1") == "");
    BOOST_TEST(contains(scale("scale = 0.89999"), "not within 0.9 to 1.1"));
    BOOST_TEST(contains(scale("scale = 1.10001"), "not within 0.9 to 1.1"));
    std::string const plane = R"([[system]]
name = "local:plane"
method = "seven"
dx_m = 0
dy_m = 0
dz_m = 0
rx_arcsec = 0
ry_arcsec = 0
rz_arcsec = 0
scale_ppm = 0
convention = "coordinate_frame"
ellipsoid = { semi_major_m = 6378137.0, inverse_flattening = 298.257222101 }
projection = { central_meridian_deg = 114.0, false_easting_m = 25000, false_northing_m = 0, scale = 1.0 }
source = "made up"
)";
    BOOST_TEST(message_of(plane) == "");
    auto const axis = [&](char const* value) { return message_of(with(plane, "semi_major_m = 6378137.0", value)); };
    BOOST_TEST(axis("semi_major_m = 6300000.0") == "");
    BOOST_TEST(axis("semi_major_m = 6400000.0") == "");
    BOOST_TEST(contains(axis("semi_major_m = 6299990.0"), "not within"));
    BOOST_TEST(contains(axis("semi_major_m = 6400010.0"), "not within"));
    auto const along = [&](char const* value) { return message_of(with(plane, "scale = 1.0", value)); };
    BOOST_TEST(along("scale = 0.9") == "");
    BOOST_TEST(along("scale = 1.1") == "");
    BOOST_TEST(contains(along("scale = 0.89999"), "not within"));
    BOOST_TEST(contains(along("scale = 1.10001"), "not within"));
    // A box has a width and a height.
    auto const area = [](char const* value) {
        return message_of(with(kFour, "area = [112.5, 22.3, 114.5, 24.0]", value));
    };
    BOOST_TEST(contains(area("area = [112.5, 22.3, 112.5, 24.0]"), "no box"));
    BOOST_TEST(contains(area("area = [112.5, 22.3, 114.5, 22.3]"), "no box"));
}

BOOST_AUTO_TEST_CASE(every_mistake_of_the_file_names_file_line_and_key) {
    auto const four = [](std::string_view from, std::string_view to) { return with(kFour, from, to); };
    auto const seven = [](std::string_view from, std::string_view to) { return with(kSevenOfBeijing, from, to); };
    std::string const pipe = "[[system]]\nname = \"p:p\"\nmethod = \"pipeline\"\nsource = \"x\"\npipeline = ";
    std::string const bare = "[[system]]\nname = \"local:x\"\n";
    struct Case {
        std::string toml;
        std::string place, words;
    };
    std::vector<Case> const cases{
        // syntax
        {"[[system", "site.toml:1: ", "not TOML"},
        {"a = 1\na = 2\n", "site.toml:2: ", "not TOML"},
        {"allow_gcj02 = maybe", "site.toml:1: ", "not TOML"},
        {"x = \"\xff\"", "site.toml:1: ", "not TOML"},
        // the top
        {"allow_gcj2 = true", "site.toml:1: allow_gcj2: ", "allow_gcj02"},
        {"allow_gcj02 = \"no\"", "site.toml:1: allow_gcj02: ", "true or false"},
        {"\n[system]\nname = 1", "site.toml:2: system: ", "[[system]]"},
        {"system = [1]", "site.toml:1: system: ", "[[system]]"},
        {"system = 5", "site.toml:1: system: ", "[[system]]"},
        // names
        {"[[system]]\nmethod = \"four\"\n", "site.toml:1: system.name: ", "one of"},
        {four("name = \"local:guangzhou\"", "name = \"a:b\"\nreplaces = \"EPSG:4610\""),
         "site.toml:3: system.replaces: ", "not both"},
        {four("local:guangzhou", "guangzhou"), "site.toml:2: system.name: ", "guangzhou"},
        {four("local:guangzhou", "EPSG:4547"), "site.toml:2: system.name: ", "not EPSG"},
        {four("local:guangzhou", "local:\u5e7f\u5dde"), "site.toml:2: system.name: ", "letters"},
        {four("local:guangzhou", "local:" + std::string(60, 'x')), "site.toml:2: system.name: ", "64"},
        {four("\"local:guangzhou\"", "7"), "site.toml:2: system.name: ", "text"},
        {four("\"local:guangzhou\"", "\"\""), "site.toml:2: system.name: ", "text"},
        {seven("EPSG:4214", "4214"), "site.toml:2: system.replaces: ", "EPSG"},
        {kFour + with(kFour, "local:guangzhou", "LOCAL:GUANGZHOU"), "site.toml:15: system.name: ", "line 1 already"},
        {kSevenOfBeijing + with(kSevenOfBeijing, "EPSG:4214", "epsg:4214"),
         "site.toml:14: system.replaces: ", "line 1 already"},
        // keys
        {bare, "site.toml:1: system.method: ", "missing"},
        {bare + "method = \"five\"", "site.toml:3: system.method: ", "seven, four, pipeline"},
        {four("scale = 0.9999875\n", ""), "site.toml:1: system.scale: ", "missing"},
        {four("source = \"made up for a test\"\n", ""), "site.toml:1: system.source: ", "missing"},
        {four("scale =", "scale_ppm ="), "site.toml:9: system.scale_ppm: ", "no such key"},
        {seven("dx_m", "dx"), "site.toml:4: system.dx: ", "dx_m"},
        {four("target", "pipeline"), "site.toml:4: system.pipeline: ", "no such key"},
        // values
        {four("389000.25", "\"389000.25\""), "site.toml:5: system.shift_east_m: ", "number"},
        {four("389000.25", "nan"), "site.toml:5: system.shift_east_m: ", "finite"},
        {four("389000.25", "inf"), "site.toml:5: system.shift_east_m: ", "finite"},
        {four("389000.25", "1e9"), "site.toml:5: system.shift_east_m: ", "not within"},
        {four("0.9999875", "-12.5"), "site.toml:9: system.scale: ", "not within 0.9 to 1.1"},
        {four("\"counterclockwise\"", "\"left\""), "site.toml:8: system.rotation_sense: ", "clockwise"},
        {seven("15.8", "158000"), "site.toml:4: system.dx_m: ", "unit"},
        {seven("-4.5", "0.9999955e6"), "site.toml:10: system.scale_ppm: ", "unit"},
        {seven("\"position_vector\"", "\"bursa\""), "site.toml:11: system.convention: ", "coordinate_frame"},
        {seven("convention", "convention = \"position_vector\"\n#"), "", ""},
        {four("accuracy_m = 0.05", "accuracy_m = -1"), "site.toml:11: system.accuracy_m: ", "within"},
        {four("[112.5, 22.3, 114.5, 24.0]", "[112.5, 22.3, 114.5]"), "site.toml:13: system.area: ", "four numbers"},
        {four("[112.5, 22.3, 114.5, 24.0]", "[114.5, 22.3, 112.5, 24.0]"), "site.toml:13: system.area: ", "no box"},
        {four("[112.5, 22.3, 114.5, 24.0]", "[22.3, 112.5, 24.0, 114.5]"), "site.toml:13: system.area: ", "no box"},
        {four("[112.5, 22.3, 114.5, 24.0]", "[\"a\", 1, 2, 3]"), "site.toml:13: system.area: ", "number"},
        {four("[112.5, 22.3, 114.5, 24.0]", "\"all\""), "site.toml:13: system.area: ", "four numbers"},
        {kFour + "control_points = 1\n", "site.toml:14: system.control_points: ", "within_m"},
        {kFour + "control_points = [1]\n", "site.toml:14: system.control_points: ", "within_m"},
        {kFour + "control_points = [{ from = [1, 2], to = [3, 4] }]\n",
         "site.toml:14: system.control_points.within_m: ", "missing"},
        {kFour + "control_points = [{ from = [1, 2], to = [3], within_m = 1 }]\n",
         "site.toml:14: system.control_points.to: ", "two numbers"},
        {kFour + "control_points = [{ from = [1, 2], two = [3, 4], within_m = 1 }]\n",
         "site.toml:14: system.control_points.two: ", "no such key"},
        // what PROJ must understand
        {four("EPSG:4547", "4547"), "site.toml:4: system.target: ", "EPSG"},
        {four("EPSG:4547", "EPSG:999999"), "site.toml:4: system 'local:guangzhou': ", "EPSG:999999"},
        {four("EPSG:4547", "EPSG:4490"), "site.toml:4: system 'local:guangzhou': ", "plane"},
        {four("EPSG:4547", "EPSG:2435"), "site.toml:4: system 'local:guangzhou': ", "not on CGCS2000"},
        {four("name = \"local:guangzhou\"", "replaces = \"EPSG:4610\""),
         "site.toml:4: system 'EPSG:4610': ", "four parameters lead from one plane to another"},
        {four("name = \"local:guangzhou\"", "replaces = \"EPSG:4548\""),
         "site.toml:4: system 'EPSG:4548': ", "needs no parameters"},
        {seven("EPSG:4214", "EPSG:4326"), "site.toml:1: system 'EPSG:4326': ", "needs no parameters"},
        {seven("EPSG:4214", "EPSG:4979"), "site.toml:1: system 'EPSG:4979': ", "two-dimensional"},
        {seven("EPSG:4214", "EPSG:4807"), "site.toml:1: system 'EPSG:4807': ", "Greenwich"},
        {seven("EPSG:4214", "EPSG:999999"), "site.toml:1: system 'EPSG:999999': ", "not a coordinate system"},
        {seven("convention", "source_crs = \"EPSG:4610\"\nconvention"),
         "site.toml:11: system.source_crs: ", "leave the key out"},
        {seven("convention", "ellipsoid = { semi_major_m = 6378245, inverse_flattening = 298.3 }\nconvention"),
         "site.toml:11: system.ellipsoid: ", "replaces"},
        {seven("replaces = \"EPSG:4214\"", "name = \"a:b\""), "site.toml:1: system.source_crs: ", "ellipsoid"},
        {seven("replaces = \"EPSG:4214\"", "name = \"a:b\"\nsource_crs = \"EPSG:4214\"\nellipsoid = {}"),
         "site.toml:4: system.ellipsoid.semi_major_m: ", "missing"},
        {seven("replaces = \"EPSG:4214\"",
               "name = \"a:b\"\nsource_crs = \"EPSG:4214\"\nellipsoid = { semi_major_m = 6378245, inverse_flattening = "
               "298.3 }"),
         "site.toml:3: system.source_crs: ", "either"},
        {seven("replaces = \"EPSG:4214\"",
               "name = \"a:b\"\nellipsoid = { semi_major_m = 6378.245, inverse_flattening = "
               "298.3 }"),
         "site.toml:3: system.ellipsoid.semi_major_m: ", "unit"},
        {seven("replaces = \"EPSG:4214\"", "name = \"a:b\"\nellipsoid = 3"),
         "site.toml:3: system.ellipsoid: ", "table"},
        {pipe + "\"nonsense\"\n", "site.toml:5: system 'p:p': ", "pipeline"},
        {pipe + "\"EPSG:4547\"\n", "site.toml:5: system 'p:p': ", "coordinate system and no pipeline"},
        {pipe + "\"+proj=affine +xoff=1\"\n", "site.toml:5: system 'p:p': ", "does not end in longitude and latitude"},
        {pipe + "\"+proj=pipeline +step +inv +proj=tmerc +lon_0=114\"\noutput = \"EPSG:4547\"\n",
         "site.toml:5: system 'p:p': ", "'output' is wrong"},
        {pipe + "\"+proj=pipeline +step +inv +proj=tmerc +lon_0=114 +step +proj=axisswap +order=2,1\"\n",
         "site.toml:5: system 'p:p': ", "longitude first"},
        {pipe + "\"+proj=hgridshift +grids=nowhere.gsb\"\n", "site.toml:5: system 'p:p': ", "pipeline"},
        {with(pipe, "name = \"p:p\"", "replaces = \"EPSG:4610\"") +
             "\"+proj=pipeline +step +inv +proj=tmerc +lon_0=114 +ellps=GRS80\"\n",
         "site.toml:5: system 'EPSG:4610': ", "begins with metres"},
    };
    for (auto const& c : cases) {
        auto const message = message_of(c.toml);
        BOOST_TEST(message.starts_with(c.place), "'" << message << "' does not begin with '" << c.place << "'");
        BOOST_TEST(contains(message, c.words), "'" << message << "' does not hold '" << c.words << "'");
        BOOST_TEST(message.empty() == c.place.empty(), c.toml);
    }
}

BOOST_AUTO_TEST_CASE(what_toml_forbids_is_refused_and_any_text_in_quotes_comes_back) {
    for (auto const& toml : {std::string("\n[\x04"), std::string("\n# \0\n", 5),
                             std::string("\nallow_gcj02 = true\x7f"), std::string("\n[é]"), std::string("\n[#"),
                             std::string("\na = 1'é'"), std::string("\n\"\"\"é"), std::string("\n~ = 1")}) {
        BOOST_TEST(message_of(toml).starts_with("site.toml:2: not TOML: "), message_of(toml));
    }
    BOOST_TEST(message_of("# \xff") == "site.toml:1: not TOML: not in UTF-8; save it as UTF-8");
    BOOST_TEST(message_of("\xef\xbb\xbf\tallow_gcj02 = true # é ~\r\n") == "");
    BOOST_TEST(contains(message_of("\"é~中\" = 1"), ": é~中: there is no such key"), message_of("\"é~中\" = 1"));
    auto const site = SiteSystems::parse(with(kFour, "source = \"", "source = \"~é中\\u4e2d~7e "), "site.toml");
    auto const said = Transformer::make("local:guangzhou", site).datum_assumed();
    BOOST_TEST(contains(said, "~é中中~7e "), said);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_none_and_one_that_cannot_be_read_is_an_error) {
    auto const none = SiteSystems::read_if_there("/nowhere/coordinate-systems.toml");
    BOOST_TEST(none.names().empty());
    BOOST_TEST(none.gcj02_allowed());
    BOOST_TEST(none.same_as(SiteSystems{}));
    BOOST_CHECK_THROW((void)SiteSystems::read("/nowhere/coordinate-systems.toml"), Error);
    BOOST_CHECK_THROW((void)SiteSystems::read_if_there("/tmp"), Error); // a folder in its place

    ScratchFile const file{"\xEF\xBB\xBF" + kFour + kSevenOfBeijing};
    auto const site = SiteSystems::read_if_there(file.path());
    BOOST_TEST((site.names() == std::vector<std::string>{"local:guangzhou", "EPSG:4214"}));
    BOOST_TEST(!site.same_as(SiteSystems::read(file.path())));
    auto const copy = site;
    BOOST_TEST(site.same_as(copy));
    BOOST_CHECK_EXCEPTION((void)Transformer::make("local:nowhere", site), Error,
                          [](Error const& e) { return contains(e.what(), "local:guangzhou, EPSG:4214"); });

    ScratchFile const large{std::string(std::size_t{1} << 21U, '#')};
    BOOST_CHECK_EXCEPTION((void)SiteSystems::read(large.path()), Error,
                          [](Error const& e) { return contains(e.what(), "at most"); });
}

BOOST_AUTO_TEST_SUITE_END()
