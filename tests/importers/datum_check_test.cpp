#include "datum_check.hpp"

#include <wangge/crs/chinese_datums.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/importers/field_mapping.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <boost/test/unit_test.hpp>
#include <support/random.hpp>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>

using namespace wangge;
using namespace wangge::importers;

namespace {

/// Brings a CGCS2000 position to the coordinates that a file holds.
using ToFile = std::function<crs::Coordinate(crs::Position)>;

crs::Coordinate unchanged(crs::Position p) { return {p.lon, p.lat}; }
crs::Coordinate as_gcj02(crs::Position p) {
    auto const g = crs::to_gcj02(p);
    return {g.lon, g.lat};
}
crs::Coordinate as_bd09(crs::Position p) {
    auto const b = crs::to_bd09(crs::to_gcj02(p));
    return {b.lon, b.lat};
}
crs::Coordinate swapped(crs::Position p) { return {p.lat, p.lon}; }
ToFile moved(double east_m, double north_m) {
    return [=](crs::Position p) {
        auto const metres = geom::metres_per_degree(p.lat);
        return crs::Coordinate{p.lon + east_m / metres.lon, p.lat + north_m / metres.lat};
    };
}
ToFile in(char const* crs) {
    auto const transformer = std::make_shared<crs::Transformer>(crs::Transformer::make(crs));
    return [transformer](crs::Position p) { return transformer->from_registry(p).value(); };
}

struct TestGrid {
    GridCode code;
    geom::MultiPolygon shape;
};

geom::MultiPolygon box(geom::Point a, geom::Point b) {
    geom::MultiPolygon shape;
    shape.parts.push_back({{a, {b.lon, a.lat}, b, {a.lon, b.lat}}, {}});
    return shape;
}

GridCode code_of(std::size_t i) {
    char text[32];
    std::snprintf(text, sizeof text, "440106001%03zu%03zu", i / 700, 1 + i % 700);
    return *GridCode::parse(text);
}

/// Rectangles of irregular width and height, some 300 m, that share their corners; `columns` x `rows` from `from`.
std::vector<TestGrid> town(geom::Point from, std::size_t columns, std::size_t rows, std::uint64_t seed) {
    test::Random random{seed};
    auto const steps = [&](std::int32_t start, std::size_t count) {
        std::vector<std::int32_t> at{start};
        while (at.size() <= count) {
            at.push_back(at.back() + static_cast<std::int32_t>(random.between(18'000, 42'000)));
        }
        return at;
    };
    auto const lon = steps(from.lon, columns);
    auto const lat = steps(from.lat, rows);
    std::vector<TestGrid> grids;
    for (std::size_t x = 0; x < columns; ++x) {
        for (std::size_t y = 0; y < rows; ++y) {
            grids.push_back({code_of(grids.size()), box({lon[x], lat[y]}, {lon[x + 1], lat[y + 1]})});
        }
    }
    return grids;
}

std::vector<DatumWitness> witnesses_of(std::vector<TestGrid> const& grids, ToFile const& to_file) {
    std::vector<DatumWitness> witnesses;
    for (auto const& grid : grids) {
        std::vector<crs::Coordinate> corners;
        for (auto const& p : grid.shape.parts.front().outer) {
            corners.push_back(to_file({geom::to_degrees(p.lon), geom::to_degrees(p.lat)}));
        }
        auto const [west, east] = std::ranges::minmax_element(corners, {}, &crs::Coordinate::x);
        auto const [south, north] = std::ranges::minmax_element(corners, {}, &crs::Coordinate::y);
        witnesses.push_back({grid.code, *DivisionCode::parse("440106001001"), {*west, *east, *south, *north}});
    }
    return witnesses;
}

/// What a registry knows; grids of the file are found in it by their code.
struct World {
    geom::MultiPolygon const* county = nullptr;
    std::vector<geom::MultiPolygon> outlines; ///< of other counties
    std::vector<TestGrid> replaced;
    std::vector<TestGrid> neighbours;
    crs::SiteSystems site;

    [[nodiscard]] std::optional<Problem> check(std::vector<TestGrid> const& grids, ToFile const& to_file,
                                               char const* declared = "EPSG:4490") const {
        KnownSurroundings known;
        known.place = [&](DatumWitness const& witness) {
            KnownPlace place{county, nullptr};
            for (auto const& grid : replaced) {
                if (grid.code == witness.code) {
                    place.current = &grid.shape;
                }
            }
            return place;
        };
        for (auto const& outline : outlines) {
            known.counties.push_back(&outline);
        }
        if (county != nullptr) {
            known.counties.push_back(county);
        }
        for (auto const& grid : neighbours) {
            known.grids.push_back(&grid.shape);
        }
        known.site_systems = site;
        return suspected_datum("f.shp", crs::Transformer::make(declared, site), witnesses_of(grids, to_file), known);
    }
};

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

void expect(std::optional<Problem> const& problem, std::string_view words) {
    BOOST_REQUIRE_MESSAGE(problem.has_value(), "nothing was suspected; expected " << words);
    BOOST_TEST(contains(problem->message, words), problem->message);
}
void expect_silence(std::optional<Problem> const& problem) {
    BOOST_TEST(!problem.has_value(), (problem ? problem->message : ""));
}

/// Outlines of a GeoJSON file with a column that holds 6 or 12 digits, by their first 6.
std::map<std::string, geom::MultiPolygon> outlines_of(std::filesystem::path const& file, std::string const& crs,
                                                      std::string const& column) {
    auto reader = OgrReader::open(file, {crs, {}, {}});
    auto const found = std::ranges::find(reader.columns(), column);
    BOOST_REQUIRE(found != reader.columns().end());
    auto const index = static_cast<std::size_t>(found - reader.columns().begin());
    ShapeNormalizer shapes{reader.transformer()};
    std::map<std::string, geom::MultiPolygon> outlines;
    std::vector<Problem> problems;
    RawFeature feature;
    while (reader.next(feature, problems) == OgrReader::Outcome::feature) {
        auto const text = feature.fields.at(index);
        outlines[text.substr(0, 6)] = shapes.normalize(feature, text, problems).shape;
    }
    return outlines;
}

/// Squares of some 300 m that lie in the outline, at most `most`, spread over it.
std::vector<TestGrid> squares_in(geom::MultiPolygon const& outline, std::size_t most) {
    auto const bounds = geom::envelope_of(outline);
    std::vector<TestGrid> squares;
    constexpr std::int32_t kSide = 30'000;
    auto const keep = [&](geom::Point a) {
        geom::Point const b{a.lon + kSide, a.lat + kSide};
        if (geom::owns(outline, a) && geom::owns(outline, b) && geom::owns(outline, {a.lon, b.lat}) &&
            geom::owns(outline, {b.lon, a.lat})) {
            squares.push_back({code_of(squares.size()), box(a, b)});
        }
    };
    auto const cells = (std::int64_t{bounds.max.lon} - bounds.min.lon) / kSide *
                       ((std::int64_t{bounds.max.lat} - bounds.min.lat) / kSide);
    auto const step = static_cast<std::int64_t>(cells / static_cast<std::int64_t>(most)) + 1;
    std::int64_t at = 0;
    for (auto lon = bounds.min.lon; lon < bounds.max.lon; lon += kSide) {
        for (auto lat = bounds.min.lat; lat < bounds.max.lat; lat += kSide) {
            if (at++ % step == 0) {
                keep({lon, lat});
            }
        }
    }
    return squares;
}

constexpr geom::Point kHere{1'133'000'000, 231'000'000};

} // namespace

BOOST_AUTO_TEST_SUITE(datum_check)

BOOST_AUTO_TEST_CASE(in_every_county_each_wrong_reading_is_found_and_the_right_one_is_not_suspected) {
    auto const counties = outlines_of("geodata/guangdong/counties.geojson", "", "code");
    BOOST_TEST(counties.size() > 120U);
    std::size_t gcj = 0;
    std::size_t bd = 0;
    std::size_t projected = 0;
    std::size_t reverse = 0;
    for (auto const& [code, outline] : counties) {
        BOOST_TEST_CONTEXT(code) {
            auto const grids = squares_in(outline, 1'500);
            World world;
            world.county = &outline;
            expect_silence(world.check(grids, unchanged));
            expect_silence(world.check(grids, as_gcj02, "GCJ02"));
            expect_silence(world.check(grids, moved(3, -2))); // what two epochs or a careless plot make
            // Small islands have no square near enough to their edge for 500 m to show.
            if (auto const problem = world.check(grids, as_gcj02)) {
                ++gcj;
                expect(problem, "pass --crs GCJ02");
                BOOST_TEST(problem->measure > 400);
                BOOST_TEST(problem->measure < 750);
                expect(problem, "west (-"); // north-west or west-north-west
            }
            if (auto const problem = world.check(grids, as_bd09)) {
                ++bd;
                expect(problem, "pass --crs BD09");
            }
            expect(world.check(grids, swapped), "exchange the two coordinates and pass --crs EPSG:4490");
            if (auto const problem = world.check(grids, unchanged, "GCJ02")) {
                ++reverse;
                expect(problem, "pass --crs EPSG:4490");
            }
            expect(world.check(grids, in("EPSG:4547"), "EPSG:4548"), "pass --crs EPSG:4547");
            auto const gcj_in_zone = [](crs::Position p) {
                static auto const zone = crs::Transformer::make("EPSG:4547");
                auto const g = crs::to_gcj02(p);
                return zone.from_registry({g.lon, g.lat}).value();
            };
            if (auto const problem = world.check(grids, gcj_in_zone, "EPSG:4547")) {
                ++projected;
                expect(problem, "GCJ-02 degrees that were projected as EPSG:4547");
            }
        }
    }
    BOOST_TEST(gcj >= counties.size() - 6, gcj);
    BOOST_TEST(bd >= counties.size() - 1, bd);
    BOOST_TEST(projected >= counties.size() - 6, projected);
    BOOST_TEST(reverse >= counties.size() - 6, reverse);
}

BOOST_AUTO_TEST_CASE(outlines_that_are_gcj02_themselves_are_told_from_a_file_that_is) {
    auto const counties = outlines_of("geodata/guangdong/counties.geojson", "", "code");
    for (auto const* const code : {"440106", "440982", "440306", "441424"}) {
        auto const& outline = counties.at(code);
        auto wrong = outline;
        for (auto& part : wrong.parts) {
            for (auto& p : part.outer) {
                p = *crs::to_lattice([&] {
                    auto const g = crs::to_gcj02({geom::to_degrees(p.lon), geom::to_degrees(p.lat)});
                    return crs::Position{g.lon, g.lat};
                }());
            }
        }
        World world;
        world.county = &wrong;
        expect(world.check(squares_in(outline, 1'500), unchanged),
               "outlines and grids of the registry that are GCJ-02");
    }
}

BOOST_AUTO_TEST_CASE(grids_that_lie_by_one_offset_from_those_they_replace_are_suspected) {
    World world;
    world.replaced = town(kHere, 12, 10, 1);
    // 60 m west and 50 m north, as a file in Xian80 read as CGCS2000 might lie.
    auto const problem = world.check(world.replaced, moved(-60, 50));
    expect(problem, "most of 120 grids lie by one and the same 78.1 m north-west (-60.0 m east, +50.0 m north)");
    expect(problem, "coordinate-systems.toml");
    expect(problem, "--accept-datum");
    BOOST_TEST(std::fabs(problem->measure - 78.1) < 0.1);
    expect_silence(world.check(world.replaced, unchanged));
    expect_silence(world.check(world.replaced, moved(0.5, -0.4)));
    expect(world.check(world.replaced, moved(2.5, 0)), "2.5 m east");
    auto four = world.replaced;
    four.resize(4);
    expect_silence(world.check(four, moved(-60, 50))); // four grids may well be redrawn
}

BOOST_AUTO_TEST_CASE(a_county_that_is_redrawn_is_not_suspected) {
    constexpr std::uint64_t kSeed = 5;
    test::Random random{kSeed};
    World world;
    world.replaced = town(kHere, 20, 20, 2);
    auto redrawn = world.replaced;
    for (auto& grid : redrawn) { // every side anywhere within 90 m
        for (auto& p : grid.shape.parts.front().outer) {
            p.lon += static_cast<std::int32_t>(random.between(-8'000, 8'000));
            p.lat += static_cast<std::int32_t>(random.between(-8'000, 8'000));
        }
    }
    expect_silence(world.check(redrawn, unchanged));
    // A third of them moved by one and the same: a town that had been drawn wrong.
    auto third = world.replaced;
    for (std::size_t i = 0; i < third.size(); i += 3) {
        for (auto& p : third[i].shape.parts.front().outer) {
            p.lon += 5'000;
        }
    }
    expect_silence(world.check(third, unchanged));
    // Large changes: grids take the place of others, kilometres away.
    auto exchanged = world.replaced;
    for (std::size_t i = 0; i + 1 < exchanged.size(); i += 10) {
        std::swap(exchanged[i].code, exchanged[exchanged.size() - 1 - i].code);
    }
    expect_silence(world.check(exchanged, unchanged));
}

BOOST_AUTO_TEST_CASE(a_new_village_is_told_by_the_vertices_of_its_neighbours) {
    auto const whole = town(kHere, 14, 14, 3);
    World world;
    std::vector<TestGrid> village; // the middle, which nothing in the registry replaces
    for (std::size_t i = 0; i < whole.size(); ++i) {
        bool const middle = i / 14 >= 5 && i / 14 < 9 && i % 14 >= 5 && i % 14 < 9;
        (middle ? village : world.neighbours).push_back(whole[i]);
    }
    expect_silence(world.check(village, unchanged));
    auto const gcj = world.check(village, as_gcj02);
    expect(gcj, "0 of 64 corners that were tried meet a vertex of a grid of the registry; read as GCJ02, ");
    expect(gcj, "That moves 16 grids by ");
    expect(gcj, "pass --crs GCJ02");
    expect(world.check(village, as_bd09), "pass --crs BD09");
    auto const shifted = world.check(village, moved(-60, 50));
    expect(shifted, "moved by one and the same");
    expect(shifted, "south-east");
    BOOST_TEST(std::fabs(shifted->measure - 78.1) < 1.0);
    // Six decimals of a degree still meet.
    expect_silence(world.check(village, [](crs::Position p) {
        return crs::Coordinate{std::round(p.lon * 1e6) / 1e6, std::round(p.lat * 1e6) / 1e6};
    }));
    // Drawn by another hand, metres off everywhere: no evidence of anything.
    constexpr std::uint64_t kSeed = 11;
    test::Random random{kSeed};
    auto sloppy = village;
    for (auto& grid : sloppy) {
        for (auto& p : grid.shape.parts.front().outer) {
            p.lon += static_cast<std::int32_t>(random.between(-900, 900));
            p.lat += static_cast<std::int32_t>(random.between(-900, 900));
        }
    }
    expect_silence(world.check(sloppy, unchanged));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_known_nothing_is_suspected) {
    World world;
    auto const grids = town(kHere, 30, 30, 4);
    for (auto const& to_file : {ToFile{unchanged}, ToFile{as_gcj02}, moved(-60, 50)}) {
        expect_silence(world.check(grids, to_file));
    }
    expect_silence(world.check({}, unchanged));
    // A village in the middle of a large county fits in every reading.
    auto const county =
        box({kHere.lon - 2'000'000, kHere.lat - 2'000'000}, {kHere.lon + 2'000'000, kHere.lat + 2'000'000});
    world.county = &county;
    expect_silence(world.check(town(kHere, 4, 4, 4), unchanged));
    // Grids that were drawn anew under new codes, over ones that are there.
    world.neighbours = town(kHere, 30, 30, 8);
    expect_silence(world.check(grids, unchanged));
}

BOOST_AUTO_TEST_CASE(a_county_without_outline_is_measured_against_the_others) {
    auto const counties = outlines_of("geodata/guangdong/counties.geojson", "", "code");
    World world;
    for (auto const& [code, outline] : counties) {
        if (code != "440106") {
            world.outlines.push_back(outline);
        }
    }
    auto const grids = squares_in(counties.at("440106"), 1'500);
    expect_silence(world.check(grids, unchanged));
    expect_silence(world.check(grids, moved(-90, 90))); // boundaries drawn by two offices
    expect(world.check(grids, as_gcj02), "pass --crs GCJ02");
    expect(world.check(grids, in("EPSG:4547"), "EPSG:4548"), "pass --crs EPSG:4547");
}

BOOST_AUTO_TEST_CASE(a_system_of_the_site_is_named_when_it_fits) {
    World world;
    world.site =
        crs::SiteSystems::parse("[[system]]\nname = \"local:town\"\nmethod = \"four\"\ntarget = \"EPSG:4547\"\n"
                                "shift_east_m = 60\nshift_north_m = -50\nrotation_arcsec = 0\n"
                                "rotation_sense = \"clockwise\"\nscale = 1.0\nsource = \"x\"\n",
                                "site.toml");
    auto const local = crs::Transformer::make("local:town", world.site);
    ToFile const to_file = [&](crs::Position p) { return local.from_registry(p).value(); };
    world.replaced = town(kHere, 12, 10, 6);
    expect(world.check(world.replaced, to_file, "EPSG:4547"), "pass --crs local:town");
    expect_silence(world.check(world.replaced, to_file, "local:town"));
    world.neighbours = std::move(world.replaced);
    world.replaced.clear();
    expect(world.check(world.neighbours, to_file, "EPSG:4547"), "pass --crs local:town");
}

BOOST_AUTO_TEST_CASE(where_gcj02_is_switched_off_it_is_still_recognised_but_not_offered) {
    auto const counties = outlines_of("geodata/guangdong/counties.geojson", "", "code");
    World world;
    world.county = &counties.at("440106");
    world.site = crs::SiteSystems::parse("allow_gcj02 = false\n", "site.toml");
    auto const problem = world.check(squares_in(*world.county, 1'500), as_gcj02);
    expect(problem, "read as GCJ02");
    expect(problem, "switched off in site.toml:1");
    BOOST_TEST(!contains(problem->message, "pass --crs"));
}

BOOST_AUTO_TEST_CASE(county_outlines_as_a_public_map_site_gives_them_are_seen_to_be_gcj02) {
    // A GeoJSON file of Guangdong's counties in GCJ-02 with the column code, when there is one.
    char const* const file = std::getenv("WANGGE_GCJ02_COUNTIES");
    if (file == nullptr) {
        BOOST_TEST_MESSAGE("skipped: WANGGE_GCJ02_COUNTIES names no file of county outlines in GCJ-02");
        return;
    }
    auto const known = outlines_of("geodata/guangdong/counties.geojson", "", "code");
    auto const raw = outlines_of(file, "EPSG:4490", "code");
    std::size_t compared = 0;
    std::size_t seen = 0;
    for (auto const& [code, outline] : raw) {
        if (!known.contains(code)) {
            continue;
        }
        BOOST_TEST_CONTEXT(code) {
            World world;
            world.county = &known.at(code);
            auto const grids = squares_in(outline, 1'500);
            expect_silence(world.check(grids, unchanged, "GCJ02"));
            ++compared;
            if (auto const problem = world.check(grids, unchanged)) {
                expect(problem, "pass --crs GCJ02");
                ++seen;
            }
        }
    }
    BOOST_TEST(compared > 100U);
    BOOST_TEST(seen * 100 >= compared * 85, seen << " of " << compared);
}

BOOST_AUTO_TEST_SUITE_END()
