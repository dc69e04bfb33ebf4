#include "gauss_kruger_oracle.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/transformer.hpp>

#include <boost/test/unit_test.hpp>
#include <proj.h>
#include <support/random.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

using namespace wangge;
using namespace wangge::crs;

namespace {

/// A CGCS2000 Gauss-Kruger system by the rule of its code (EPSG registry, 4491 to 4554).
struct Zone {
    int code = 0;
    int central_meridian = 0;
    double false_easting_m = 0;
    double half_width_deg = 0;
    std::string name;
};

std::vector<Zone> all_zones() {
    std::vector<Zone> zones;
    for (int z = 13; z <= 23; ++z) { // 6 degrees wide: central meridian 6z - 3
        zones.push_back({4478 + z, 6 * z - 3, z * 1e6 + 5e5, 3, "CGCS2000 / Gauss-Kruger zone " + std::to_string(z)});
        zones.push_back({4489 + z, 6 * z - 3, 5e5, 3, "CGCS2000 / Gauss-Kruger CM " + std::to_string(6 * z - 3) + "E"});
    }
    for (int z = 25; z <= 45; ++z) { // 3 degrees wide: central meridian 3z
        zones.push_back(
            {4488 + z, 3 * z, z * 1e6 + 5e5, 1.5, "CGCS2000 / 3-degree Gauss-Kruger zone " + std::to_string(z)});
        zones.push_back(
            {4509 + z, 3 * z, 5e5, 1.5, "CGCS2000 / 3-degree Gauss-Kruger CM " + std::to_string(3 * z) + "E"});
    }
    return zones;
}

std::string message_of(std::string const& crs) {
    try {
        (void)Transformer::make(crs);
    } catch (Error const& error) {
        BOOST_TEST((error.code() == ErrorCode::usage));
        return error.what();
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(zones)

BOOST_AUTO_TEST_CASE(the_oracle_agrees_with_itself_on_the_equator_and_the_central_meridian) {
    // On the equator the northing vanishes; on the meridian the easting; up to 45 degrees it is 4,984,944.378 m (GRS
    // 80).
    BOOST_TEST(std::fabs(static_cast<double>(test::gauss_kruger(1.5L, 0.0L).north_m)) < 1e-9);
    BOOST_TEST(std::fabs(static_cast<double>(test::gauss_kruger(0.0L, 23.0L).east_m)) < 1e-9);
    BOOST_TEST(std::fabs(static_cast<double>(test::gauss_kruger(0.0L, 45.0L).north_m) - 4'984'944.378) < 1e-3);
}

BOOST_AUTO_TEST_CASE(every_gauss_kruger_zone_of_cgcs2000_agrees_with_an_implementation_without_series) {
    constexpr std::uint64_t kSeed = 20261126;
    test::Random random{kSeed};
    std::size_t zones = 0;
    for (auto const& zone : all_zones()) {
        ++zones;
        auto const transformer = Transformer::make("EPSG:" + std::to_string(zone.code));
        BOOST_TEST_CONTEXT(zone.name << ", seed " << kSeed) {
            BOOST_TEST(transformer.datum_assumed().find("(" + zone.name + ")") != std::string::npos);
            double const width = zone.half_width_deg + 0.5; // data reaches over the edge of its zone
            double worst_there = 0;
            double worst_back = 0;
            for (int i = 0; i < 200; ++i) {
                Position const p{zone.central_meridian + (2 * random.unit() - 1) * width, 16 + 38 * random.unit()};
                auto const expected = test::gauss_kruger(p.lon - zone.central_meridian, p.lat);
                double const x = zone.false_easting_m + static_cast<double>(expected.east_m);
                double const y = static_cast<double>(expected.north_m);
                auto const there = transformer.from_registry(p);
                auto const back = transformer.to_registry(Coordinate{x, y});
                BOOST_REQUIRE((there && back));
                worst_there = std::max({worst_there, std::fabs(there->x - x), std::fabs(there->y - y)});
                worst_back = std::max({worst_back, std::fabs(back->lon - p.lon), std::fabs(back->lat - p.lat)});
            }
            BOOST_TEST(worst_there < 1e-6); // metres; a double of a zone-prefixed easting has 7e-9
            BOOST_TEST(worst_back < 1e-11); // degrees, a micrometre
        }
    }
    BOOST_TEST(zones == 64U);
}

BOOST_AUTO_TEST_CASE(the_zones_that_guangdong_touches_are_those_that_messages_and_documents_name) {
    // 109.66 to 117.32 degrees east (with Dongsha): 3-degree zones 37 to 39, 6-degree zones 19 and 20.
    for (auto const& [code, zone, meridian] :
         {std::tuple{4525, 37, 111}, {4526, 38, 114}, {4527, 39, 117}, {4497, 19, 111}, {4498, 20, 117}}) {
        auto const said = Transformer::make("EPSG:" + std::to_string(code)).datum_assumed();
        BOOST_TEST(said.find("zone " + std::to_string(zone)) != std::string::npos, said);
        auto const there = Transformer::make("EPSG:" + std::to_string(code)).from_registry({meridian * 1.0, 23.0});
        BOOST_TEST(std::fabs(there->x - (zone * 1e6 + 5e5)) < 1e-6);
    }
    for (auto const& [code, meridian] : {std::pair{4546, 111}, {4547, 114}, {4548, 117}, {4508, 111}, {4509, 117}}) {
        auto const there = Transformer::make("EPSG:" + std::to_string(code)).from_registry({meridian * 1.0, 23.0});
        BOOST_TEST(std::fabs(there->x - 5e5) < 1e-6);
    }
}

BOOST_AUTO_TEST_CASE(web_mercator_is_that_of_its_sphere) {
    auto const transformer = Transformer::make("EPSG:3857");
    for (double lon = 109.5; lon < 117.5; lon += 0.37) {
        for (double lat = 20; lat < 26; lat += 0.31) {
            auto const there = transformer.from_registry({lon, lat});
            double const x = 6378137.0 * lon * M_PI / 180.0;
            double const y = 6378137.0 * std::log(std::tan(M_PI / 4 + lat * M_PI / 360.0));
            BOOST_TEST(std::fabs(there->x - x) < 1e-6);
            BOOST_TEST(std::fabs(there->y - y) < 1e-6);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_geographic_system_on_another_ellipsoid_passes_unmoved) {
    // Of every geographic system of EPSG that touches China: refused, or its positions move.
    std::unique_ptr<PJ_CONTEXT, PJ_CONTEXT* (*)(PJ_CONTEXT*)> const context{proj_context_create(),
                                                                            proj_context_destroy};
    auto* const parameters = proj_get_crs_list_parameters_create();
    PJ_TYPE const type = PJ_TYPE_GEOGRAPHIC_2D_CRS;
    parameters->types = &type;
    parameters->typesCount = 1;
    parameters->bbox_valid = 1;
    parameters->crs_area_of_use_contains_bbox = 0;
    parameters->west_lon_degree = 73;
    parameters->south_lat_degree = 15;
    parameters->east_lon_degree = 136;
    parameters->north_lat_degree = 54;
    int count = 0;
    auto** const list = proj_get_crs_info_list_from_database(context.get(), "EPSG", parameters, &count);
    int refused = 0;
    int moved = 0;
    for (int i = 0; i < count; ++i) {
        auto const name = std::string{"EPSG:"} + list[i]->code;
        std::unique_ptr<PJ, PJ* (*)(PJ*)> const crs{proj_create(context.get(), name.c_str()), proj_destroy};
        std::unique_ptr<PJ, PJ* (*)(PJ*)> const ellipsoid{proj_get_ellipsoid(context.get(), crs.get()), proj_destroy};
        double a = 0;
        double rf = 0;
        proj_ellipsoid_get_parameters(context.get(), ellipsoid.get(), &a, nullptr, nullptr, &rf);
        bool const modern = std::fabs(a - 6378137) < 1 && std::fabs(rf - 298.2572) < 1e-3;
        if (!message_of(name).empty()) {
            ++refused;
            continue;
        }
        auto const there = Transformer::make(name).from_registry(Position{113.3, 23.1});
        if (!modern && there) {
            ++moved;
            BOOST_TEST(std::hypot(there->x - 113.3, there->y - 23.1) * 1.02e5 > 1.0, name);
        }
    }
    proj_crs_info_list_destroy(list);
    proj_get_crs_list_parameters_destroy(parameters);
    BOOST_TEST(count > 70);
    BOOST_TEST(refused > 10);
    BOOST_TEST(moved > 20);
}

BOOST_AUTO_TEST_CASE(every_beijing54_and_xian80_system_of_epsg_is_refused_and_told_how_to_configure_it) {
    std::unique_ptr<PJ_CONTEXT, PJ_CONTEXT* (*)(PJ_CONTEXT*)> const context{proj_context_create(),
                                                                            proj_context_destroy};
    int count = 0;
    auto** const list = proj_get_crs_info_list_from_database(context.get(), "EPSG", nullptr, &count);
    int found = 0;
    for (int i = 0; i < count; ++i) {
        std::string const title = list[i]->name;
        bool const plane = list[i]->type == PJ_TYPE_PROJECTED_CRS || list[i]->type == PJ_TYPE_GEOGRAPHIC_2D_CRS;
        if (!plane || (title.find("Beijing") == std::string::npos && title.find("Xian") == std::string::npos)) {
            continue;
        }
        ++found;
        auto const name = std::string{"EPSG:"} + list[i]->code;
        auto const message = message_of(name);
        BOOST_TEST(message.find("coordinate-systems.toml") != std::string::npos, name << ' ' << title << message);
        BOOST_TEST(message.find("replaces = \"" + name + "\"") != std::string::npos, message);
    }
    proj_crs_info_list_destroy(list);
    BOOST_TEST(found > 130); // 2 x (42 3-degree, 22 6-degree) and the geographic ones
}

BOOST_AUTO_TEST_SUITE_END()
