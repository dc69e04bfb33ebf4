// Files written by the layers room, read again with GDAL and nlohmann/json; expected values by hand.
#include "feature_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/layers/difference_layers.hpp>
#include <wangge/layers/layer_writer.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ogrsf_frmts.h>
#include <support/refusal.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

using namespace wangge;
using namespace wangge::test;
namespace fs = std::filesystem;

namespace {

fs::path fresh_folder() {
    static int number = 0;
    auto const folder =
        fs::temp_directory_path() / ("wangge-layers-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}

struct Folder {
    fs::path path = fresh_folder();
    ~Folder() { fs::remove_all(path); }
    [[nodiscard]] fs::path operator/(std::string const& name) const { return path / name; }
};

constexpr std::int32_t kLon = 1'130'000'000;
constexpr std::int32_t kLat = 230'000'000;

/// Box in thousands of lattice units (1e-4 degree) from a corner at 113 east, 23 north.
geom::Ring box(std::int32_t x0, std::int32_t y0, std::int32_t x1, std::int32_t y1) {
    auto const at = [](std::int32_t x, std::int32_t y) { return geom::Point{kLon + x * 1000, kLat + y * 1000}; };
    return {at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)};
}

geom::Ring reversed(geom::Ring ring) {
    std::reverse(ring.begin(), ring.end());
    return ring;
}

DivisionCode division(char const* text) { return *DivisionCode::parse(text); }
GridCode grid(char const* text) { return *GridCode::parse(text); }

/**
 *      0    1    2    3    4           (x; 10 thousand units each)
 *    2 +----+----+    +----+
 *      | A  | C  |    | C  |   A holds a hole filled by D; C has two parts and lies in the second village;
 *    1 +----+----+    +----+   B is in a city without counties
 *      | B  |
 *    0 +----+
 */
struct Province {
    geom::MultiPolygon a{{{box(0, 10, 10, 20), {reversed(box(4, 14, 6, 16))}}}};
    geom::MultiPolygon b{{{box(0, 0, 10, 10), {}}}};
    geom::MultiPolygon c{{{box(10, 10, 20, 20), {}}, {box(30, 10, 40, 20), {}}}};
    geom::MultiPolygon d{{{box(4, 14, 6, 16), {}}}};

    [[nodiscard]] snapshot::Content content() const {
        snapshot::Content content;
        content.as_of = *Date::parse("2024-06-01");
        content.generation = 7;
        content.divisions = {
            {division("440000000000"), "广东省", Level::province, {}},
            {division("440100000000"), "广州市", Level::city, division("440000000000")},
            {division("440103000000"), "荔湾区", Level::county, division("440100000000")},
            {division("440103001000"), "沙面街道", Level::town, division("440103000000")},
            {division("440103001101"), "翠洲社区", Level::village, division("440103001000")},
            {division("440103001102"), "𠮷\"坪\\,㙟村", Level::village, division("440103001000")},
            {division("440103001103"), "空村", Level::village, division("440103001000")},
            {division("441900000000"), "东莞市", Level::city, division("440000000000")},
            {division("441900003000"), "东城街道", Level::town, division("441900000000")},
            {division("441900003001"), "岗贝社区", Level::village, division("441900003000")},
        };
        content.grids = {
            {grid("440103001101001"), "第一网格", GridKind::comprehensive, division("440103001101"), &a},
            {grid("440103001101801"), "医院", GridKind::dedicated, division("440103001101"), &d},
            {grid("440103001102001"), "第二网格", GridKind::comprehensive, division("440103001102"), &c},
            {grid("441900003001001"), "岗贝一", GridKind::comprehensive, division("441900003001"), &b},
        };
        return content;
    }
};

struct Fixture {
    Fixture() {
        GDALAllRegister();
        snapshot::write_snapshot(province.content(), folder / "snapshot", progress);
        snapshot = snapshot::Snapshot::open(folder / "snapshot");
    }
    layers::ExportResult run(std::string const& layer, std::string const& format, std::string const& file,
                             std::string const& crs = "EPSG:4490", std::optional<DivisionCode> in = {}) {
        return layers::export_layer(*snapshot, {layer, format, folder / file, in, crs}, progress);
    }
    [[nodiscard]] std::unique_ptr<GDALDataset> open(std::string const& file) const {
        std::unique_ptr<GDALDataset> dataset{
            GDALDataset::Open((folder / file).c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR)};
        BOOST_REQUIRE(dataset);
        return dataset;
    }
    /// Names in the folder, hidden ones too; the snapshot left out.
    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> found;
        for (auto const& entry : fs::directory_iterator{folder.path}) {
            found.insert(entry.path().filename().string());
        }
        found.erase("snapshot");
        return found;
    }
    Province province;
    Folder folder;
    SilentProgress progress;
    std::shared_ptr<snapshot::Snapshot const> snapshot;
};

struct FormatFile {
    char const* format;
    char const* file;
};
constexpr FormatFile kFiles[] = {{"GPKG", "x.gpkg"},
                                 {"GeoJSON", "x.geojson"},
                                 {"FlatGeobuf", "x.fgb"},
                                 {"ESRI Shapefile", "x.shp"},
                                 {"CSV", "x.csv"}};

/// Positions of a geometry as lattice points, ring after ring, in GDAL's order.
std::multiset<geom::Point> lattice_points(OGRGeometry const& geometry, bool exact) {
    std::multiset<geom::Point> points;
    auto const add = [&](OGRPolygon const& polygon) {
        for (auto const* ring : polygon) {
            for (int i = 0; i + 1 < ring->getNumPoints(); ++i) {
                geom::Point const p{geom::to_lattice(ring->getX(i)), geom::to_lattice(ring->getY(i))};
                if (exact) {
                    BOOST_TEST(ring->getX(i) == p.lon / 1e7);
                    BOOST_TEST(ring->getY(i) == p.lat / 1e7);
                }
                points.insert(p);
            }
        }
    };
    if (wkbFlatten(geometry.getGeometryType()) == wkbPolygon) {
        add(*geometry.toPolygon());
    } else {
        for (auto const* polygon : *geometry.toMultiPolygon()) {
            add(*polygon);
        }
    }
    return points;
}

std::multiset<geom::Point> lattice_points(geom::MultiPolygon const& shape) {
    std::multiset<geom::Point> points;
    geom::for_each_ring(shape, [&](geom::Ring const& ring) { points.insert(ring.begin(), ring.end()); });
    return points;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(layers_room, Fixture)

BOOST_AUTO_TEST_CASE(grids_come_back_from_every_format_with_every_value_and_vertex) {
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            auto const result = run("grids", format, file);
            BOOST_TEST(result.features == 4U);
            BOOST_TEST(result.vertices == 8U + 4U + 8U + 4U);
            BOOST_TEST(result.crs == "EPSG:4490");
            auto const dataset = open(file);
            BOOST_TEST(dataset->GetLayerCount() == 1);
            auto* layer = dataset->GetLayer(0);
            std::set<std::string> seen;
            for (auto const& feature : *layer) {
                auto const text = [&](char const* name, char const* short_name) {
                    auto const index =
                        feature->GetFieldIndex(std::string{format} == "ESRI Shapefile" ? short_name : name);
                    BOOST_REQUIRE_GE(index, 0);
                    return std::string{feature->GetFieldAsString(index)};
                };
                auto const code = text("grid_code", "grid_code");
                seen.insert(code);
                auto const id = snapshot->find_grid(grid(code.c_str()));
                BOOST_REQUIRE(id.has_value());
                auto const* geometry = feature->GetGeometryRef();
                BOOST_REQUIRE(geometry != nullptr);
                BOOST_TEST(
                    (lattice_points(*geometry, std::string{format} != "CSV") == lattice_points(snapshot->shape(*id))));
                BOOST_TEST(std::abs(std::stod(text("area_m2", "area_m2")) - geom::area_m2(snapshot->shape(*id))) <=
                           0.0051);
                if (code == "440103001102001") {
                    BOOST_TEST(text("name", "name") == "第二网格");
                    BOOST_TEST(text("kind", "kind") == "comprehensive");
                    BOOST_TEST(text("village_code", "vill_code") == "440103001102");
                    BOOST_TEST(text("village", "village") == "𠮷\"坪\\,㙟村");
                    BOOST_TEST(text("town_code", "town_code") == "440103001000");
                    BOOST_TEST(text("town", "town") == "沙面街道");
                    BOOST_TEST(text("county_code", "cnty_code") == "440103000000");
                    BOOST_TEST(text("county", "county") == "荔湾区");
                    BOOST_TEST(text("city_code", "city_code") == "440100000000");
                    BOOST_TEST(text("city", "city") == "广州市");
                } else if (code == "441900003001001") {
                    BOOST_TEST(text("county_code", "cnty_code") == "");
                    BOOST_TEST(text("city", "city") == "东莞市");
                } else if (code == "440103001101801") {
                    BOOST_TEST(text("kind", "kind") == "dedicated");
                }
            }
            BOOST_TEST(seen.size() == 4U);
        }
    }
    BOOST_TEST((names() == std::set<std::string>{"x.gpkg", "x.geojson", "x.fgb", "x.shp", "x.shx", "x.dbf", "x.prj",
                                                 "x.cpg", "x.csv"}));
}

BOOST_AUTO_TEST_CASE(files_name_their_crs_and_a_geographic_one_keeps_longitude_first) {
    for (auto const& [format, file] :
         {FormatFile{"GPKG", "x.gpkg"}, FormatFile{"FlatGeobuf", "x.fgb"}, FormatFile{"ESRI Shapefile", "x.shp"}}) {
        run("grids", format, file);
        auto const dataset = open(file);
        auto const* reference = dataset->GetLayer(0)->GetSpatialRef();
        BOOST_REQUIRE(reference != nullptr);
        OGRSpatialReference expected;
        expected.importFromEPSG(4490);
        BOOST_TEST(reference->IsSameGeogCS(&expected));
        OGREnvelope envelope;
        dataset->GetLayer(0)->GetExtent(&envelope);
        BOOST_TEST(envelope.MinX == 113.0);
        BOOST_TEST(envelope.MaxX == 113.004);
        BOOST_TEST(envelope.MinY == 23.0);
        BOOST_TEST(envelope.MaxY == 23.002);
    }
}

BOOST_AUTO_TEST_CASE(divisions_are_dissolved_from_their_grids) {
    BOOST_TEST(run("villages", "GPKG", "v.gpkg").features == 3U);
    auto const result = run("villages", "GPKG", "v.gpkg");
    BOOST_TEST(result.without_grids == 1U); // 空村
    auto const dataset = open("v.gpkg");
    for (auto const& feature : *dataset->GetLayerByName("villages")) {
        if (feature->GetFieldAsString("code") == std::string{"440103001101"}) {
            // The hospital fills the hole: the village is the whole box, with no trace of either.
            BOOST_TEST(
                (lattice_points(*feature->GetGeometryRef(), true) == lattice_points({{{box(0, 10, 10, 20), {}}}})));
            BOOST_TEST(feature->GetFieldAsInteger64("grids") == 2);
            BOOST_TEST(feature->GetFieldAsString("name") == "翠洲社区");
            BOOST_TEST(feature->GetFieldAsString("level") == "village");
            BOOST_TEST(feature->GetFieldAsString("parent_code") == "440103001000");
            BOOST_TEST(feature->GetFieldAsString("parent") == "沙面街道");
            auto const expected = geom::area_m2(province.a) + geom::area_m2(province.d);
            BOOST_TEST(std::abs(feature->GetFieldAsDouble("area_m2") - expected) <= 0.0051);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_level_has_its_layer) {
    struct {
        char const* layer;
        std::set<std::string> codes;
    } const expected[] = {{"towns", {"440103001000", "441900003000"}},
                          {"counties", {"440103000000"}},
                          {"cities", {"440100000000", "441900000000"}},
                          {"province", {"440000000000"}}};
    for (auto const& [layer, codes] : expected) {
        run(layer, "FlatGeobuf", "d.fgb");
        auto const dataset = open("d.fgb");
        std::set<std::string> found;
        for (auto const& feature : *dataset->GetLayer(0)) {
            found.insert(feature->GetFieldAsString("code"));
        }
        BOOST_TEST((found == codes), layer);
    }
    auto const dataset = open("d.fgb");
    OGRFeatureUniquePtr const feature{dataset->GetLayer(0)->GetNextFeature()};
    BOOST_TEST(!feature->IsFieldSetAndNotNull(feature->GetFieldIndex("parent_code")));
    // One L-shaped part and the far box. The corner at (10, 10) and the vertex shared by A and C on top stay vertices
    // or not as the dissolve keeps them; the area does not depend on it.
    BOOST_TEST(feature->GetGeometryRef()->toMultiPolygon()->get_Area() == 4 * 1e-6, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(feature->GetGeometryRef()->toMultiPolygon()->getNumGeometries() == 2);
}

BOOST_AUTO_TEST_CASE(labels_lie_inside_their_grids) {
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            BOOST_TEST(run("grid_labels", format, file).vertices == 4U);
            auto const dataset = open(file);
            std::size_t count = 0;
            for (auto const& feature : *dataset->GetLayer(0)) {
                // CSV has the position in two columns, which GDAL does not take for a geometry unless told.
                bool const columns = std::string{format} == "CSV";
                OGRPoint const at = columns
                                        ? OGRPoint{feature->GetFieldAsDouble("lon"), feature->GetFieldAsDouble("lat")}
                                        : *feature->GetGeometryRef()->toPoint();
                auto const owner = snapshot->locate({geom::to_lattice(at.getX()), geom::to_lattice(at.getY())});
                BOOST_REQUIRE(owner != snapshot::kOutside);
                BOOST_TEST(snapshot->grid(owner).code.str() == feature->GetFieldAsString("grid_code"));
                ++count;
            }
            BOOST_TEST(count == 4U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_division_limits_what_is_written) {
    BOOST_TEST(run("grids", "GPKG", "x.gpkg", "EPSG:4490", division("440103001101")).features == 2U);
    BOOST_TEST(run("grids", "GPKG", "x.gpkg", "EPSG:4490", division("440100000000")).features == 3U);
    auto const villages = run("villages", "GPKG", "x.gpkg", "EPSG:4490", division("441900000000"));
    BOOST_TEST(villages.features == 1U);
    BOOST_TEST(villages.without_grids == 0U); // 空村 lies elsewhere
    BOOST_TEST(run("counties", "GPKG", "x.gpkg", "EPSG:4490", division("440103000000")).features == 1U);
    BOOST_TEST(run("counties", "GPKG", "x.gpkg", "EPSG:4490", division("441900000000")).features == 0U);
    auto const text =
        refusal(ErrorCode::usage, [&] { run("cities", "GPKG", "x.gpkg", "EPSG:4490", division("440103000000")); });
    BOOST_TEST(holds(text, "is a county"), text);
    auto const unknown =
        refusal(ErrorCode::not_found, [&] { run("grids", "GPKG", "x.gpkg", "EPSG:4490", division("990000000000")); });
    BOOST_TEST(holds(unknown, "990000000000"), unknown);
}

BOOST_AUTO_TEST_CASE(an_empty_layer_is_a_whole_file) {
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            BOOST_TEST(run("grids", format, file, "EPSG:4490", division("440103001103")).features == 0U);
            BOOST_TEST(open(file)->GetLayer(0)->GetFeatureCount() == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(geojson_text_is_exact_and_has_a_crs_only_when_it_must) {
    run("grids", "GeoJSON", "x.geojson", "EPSG:4490", division("441900003001"));
    auto const text = read_file(folder / "x.geojson");
    // Which corner comes first is the registry's canonical form: the smallest point.
    BOOST_TEST(holds(text, "\"coordinates\":[[[[113,23],[113.001,23],[113.001,23.001],[113,23.001],[113,23]]]]"), text);
    auto const json = nlohmann::json::parse(text);
    BOOST_TEST(!json.contains("crs"));
    BOOST_TEST(json["name"] == "grids");
    BOOST_TEST(json["features"][0]["properties"]["county_code"].is_null());
    BOOST_TEST(json["features"][0]["properties"]["grid_code"] == "441900003001001");

    run("grids", "GeoJSON", "x.geojson", "EPSG:4547");
    BOOST_TEST(nlohmann::json::parse(read_file(folder / "x.geojson"))["crs"]["properties"]["name"] ==
               "urn:ogc:def:crs:EPSG::4547");
    run("grids", "GeoJSON", "x.geojson", "GCJ02");
    auto const gcj = nlohmann::json::parse(read_file(folder / "x.geojson"));
    BOOST_TEST(gcj["crs"].is_null());
    BOOST_TEST(gcj["coordinate_system"] == "GCJ02");
}

BOOST_AUTO_TEST_CASE(projected_coordinates_equal_those_of_another_program_of_proj) {
    OGRSpatialReference from;
    OGRSpatialReference to;
    from.importFromEPSG(4490);
    to.importFromEPSG(4547);
    from.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    to.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    std::unique_ptr<OGRCoordinateTransformation> const oracle{OGRCreateCoordinateTransformation(&from, &to)};
    double x = 113.004;
    double y = 23.002;
    BOOST_REQUIRE(oracle->Transform(1, &x, &y));
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            run("grids", format, file, "EPSG:4547");
            OGREnvelope envelope;
            open(file)->GetLayer(0)->GetExtent(&envelope);
            // West of the central meridian (114 E) the north-east corner is the easternmost, the north-west one the
            // northernmost.
            BOOST_TEST(envelope.MaxX > x - 0.001);
            BOOST_TEST(envelope.MaxX < x + 0.5);
            double west = 113.0;
            double north = 23.002;
            BOOST_REQUIRE(oracle->Transform(1, &west, &north));
            BOOST_TEST(std::abs(envelope.MaxY - north) < 0.001);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_shapefile_keeps_rare_characters_and_names_its_encoding) {
    run("grids", "Shapefile", "x.shp");
    BOOST_TEST(holds(read_file(folder / "x.cpg"), "GB18030"));
    auto const dbf = read_file(folder / "x.dbf");
    BOOST_TEST(holds(dbf, "\xC9\xB3\xC3\xE6\xBD\xD6\xB5\xC0")); // 沙面街道 in GB18030, by the code table
    auto const dataset = open("x.shp");
    auto* definition = dataset->GetLayer(0)->GetLayerDefn();
    BOOST_TEST(definition->GetFieldCount() == 12);
    for (int i = 0; i < definition->GetFieldCount(); ++i) {
        BOOST_TEST(std::string{definition->GetFieldDefn(i)->GetNameRef()}.size() <= 10U);
    }
}

BOOST_AUTO_TEST_CASE(an_export_replaces_all_parts_of_an_old_shapefile) {
    run("grids", "Shapefile", "x.shp");
    std::ofstream{folder / "x.qix"} << "an index of the old shapes";
    run("villages", "Shapefile", "x.shp");
    BOOST_TEST((names() == std::set<std::string>{"x.shp", "x.shx", "x.dbf", "x.prj", "x.cpg"}));
    BOOST_TEST(open("x.shp")->GetLayer(0)->GetFeatureCount() == 3);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_named_together_with_what_is) {
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { run("rivers", "GPKG", "x.gpkg"); }),
                     "grids, villages, towns, counties, cities, province, grid_labels"));
    BOOST_TEST(holds(refusal(ErrorCode::usage, [&] { run("grids", "DXF", "x.dxf"); }),
                     "GPKG, GeoJSON, FlatGeobuf, ESRI Shapefile, CSV"));
    refusal(ErrorCode::usage, [&] { run("grids", "GPKG", "x.gpkg", "EPSG:999999"); });
    refusal(ErrorCode::usage, [&] { run("grids", "Shapefile", "x.gpkg"); });
    refusal(ErrorCode::usage, [&] { run("grids", "GPKG", ""); });
    BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_CASE(the_catalogue_and_its_names_agree) {
    std::string layers_joined;
    for (auto const& layer : layers::layer_catalogue()) {
        layers_joined += (layers_joined.empty() ? "" : ", ") + std::string{layer.name};
    }
    BOOST_TEST(layers_joined == layers::layer_names());
    std::string formats_joined;
    for (auto const& format : layers::format_catalogue()) {
        formats_joined += (formats_joined.empty() ? "" : ", ") + std::string{format.name};
    }
    BOOST_TEST(formats_joined == layers::format_names());
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_is_said) {
    auto const absent = refusal(ErrorCode::environment, [&] { run("grids", "GPKG", "absent/x.gpkg"); });
    BOOST_TEST(holds(absent, "absent"), absent);
    refusal(ErrorCode::environment, [&] { // not even for root
        layers::export_layer(*snapshot, {"grids", "GPKG", "/proc/x.gpkg", {}, "EPSG:4490"}, progress);
    });
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file_and_nothing_else) {
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            run("cities", format, file);
            auto const before = names();
            auto const old = read_file(folder / file);
            // A limit on the size of files fails writes as a full disk does. In a child, for it cannot be raised again
            // by all.
            pid_t const child = ::fork();
            BOOST_REQUIRE(child >= 0);
            if (child == 0) {
                std::signal(SIGXFSZ, SIG_IGN);
                rlimit const limit{64, 64};
                ::setrlimit(RLIMIT_FSIZE, &limit);
                int outcome = 1;
                try {
                    run("grids", format, file);
                } catch (Error const& error) {
                    outcome = error.code() == ErrorCode::environment ? 42 : 2;
                }
                ::_exit(outcome);
            }
            int status = 0;
            ::waitpid(child, &status, 0);
            BOOST_TEST(WIFEXITED(status));
            BOOST_TEST(WEXITSTATUS(status) == 42);
            BOOST_TEST((names() == before));
            BOOST_TEST((read_file(folder / file) == old));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_a_killed_export_left_is_removed_by_the_next) {
    pid_t const child = ::fork();
    if (child == 0) {
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0); // its number is free again
    auto const leftover = folder / (".x.gpkg.new-" + std::to_string(child));
    fs::create_directory(leftover);
    std::ofstream{leftover / "x.gpkg"} << "half a file";
    run("grids", "GPKG", "x.gpkg");
    BOOST_TEST((names() == std::set<std::string>{"x.gpkg"}));
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_does_not_read_back_whole) {
    for (auto const& [format, file] : kFiles) {
        BOOST_TEST_CONTEXT(format) {
            auto const written = run("grids", format, file);
            auto const part = folder / (std::string{"cut-"} + file);
            auto const text = read_file(folder / file);
            auto const driver = std::string{format};
            auto const count = [&](fs::path const& path) {
                return driver == "GeoJSON" ? layers::count_geojson(path)
                       : driver == "CSV"   ? layers::count_csv(path)
                                           : layers::count_gdal(driver, path);
            };
            BOOST_TEST((count(folder / file) == layers::FileCounts{written.features, written.vertices}));
            std::ofstream{part, std::ios::binary} << text.substr(0, text.size() * 2 / 3);
            if (driver == "ESRI Shapefile") {
                for (char const* ending : {"shx", "dbf"}) {
                    fs::copy_file(folder / (std::string{"x."} + ending), folder / (std::string{"cut-x."} + ending));
                }
            }
            bool refused = false;
            try {
                refused = count(part) != layers::FileCounts{written.features, written.vertices};
            } catch (Error const&) {
                refused = true;
            }
            BOOST_TEST(refused);
        }
    }
}

BOOST_AUTO_TEST_CASE(changes_are_written_as_layers_that_gdal_reads_back) {
    layers::DifferenceLayers difference;
    difference.grids = {{"added", {}}, {"reshaped", {}}, {"retired", {}}};
    difference.grids[1].second.push_back({"440103001101001",
                                          "reshaped+renamed",
                                          "旧名",
                                          "新名",
                                          "440103001101",
                                          "440103001101",
                                          100.5,
                                          90.25,
                                          {{{box(0, 0, 10, 10), {}}}}});
    difference.moved.push_back({"440103001101001", "", 10.25, 0.1, 0, {{{box(0, 0, 1, 10), {}}}}});
    difference.moved.push_back({"", "440103001101001", 1e-9, 0, 1e-12, {}}); // too small to be drawn
    auto const out = folder / "diff.gpkg";
    for (int i = 0; i < 2; ++i) { // an older file is replaced
        auto const counts = layers::write_difference(difference, out, progress);
        std::vector<std::pair<std::string, std::uint64_t>> const expected{
            {"added", 0}, {"reshaped", 1}, {"retired", 0}, {"moved", 1}};
        BOOST_TEST((counts == expected));
    }
    std::unique_ptr<GDALDataset> const dataset{
        GDALDataset::Open(out.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, nullptr, nullptr, nullptr)};
    BOOST_REQUIRE(dataset);
    BOOST_TEST(dataset->GetLayerCount() == 4);
    auto* const reshaped = dataset->GetLayerByName("reshaped");
    BOOST_REQUIRE(reshaped != nullptr);
    BOOST_TEST(std::string{reshaped->GetSpatialRef()->GetAuthorityCode(nullptr)} == "4490");
    std::unique_ptr<OGRFeature> const feature{reshaped->GetNextFeature()};
    BOOST_TEST(std::string{feature->GetFieldAsString("kinds")} == "reshaped+renamed");
    BOOST_TEST(std::string{feature->GetFieldAsString("name_after")} == "新名");
    BOOST_TEST(feature->GetFieldAsDouble("area_after_m2") == 90.25);
    OGREnvelope envelope;
    feature->GetGeometryRef()->getEnvelope(&envelope);
    BOOST_TEST(envelope.MinX == 113.0);
    BOOST_TEST(envelope.MaxX == 113.001);
    std::unique_ptr<OGRFeature> const moved{dataset->GetLayerByName("moved")->GetNextFeature()};
    BOOST_TEST(std::string{moved->GetFieldAsString("from_code")} == "440103001101001");
    BOOST_TEST(std::string{moved->GetFieldAsString("to_code")}.empty());
    BOOST_TEST(moved->GetFieldAsDouble("share_of_from") == 0.1);
    BOOST_CHECK_EXCEPTION(layers::write_difference(difference, folder / "diff.geojson", progress), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    BOOST_CHECK_EXCEPTION(layers::write_difference(difference, folder / "nowhere" / "diff.gpkg", progress), Error,
                          [](Error const& e) { return e.code() == ErrorCode::environment; });
}

BOOST_AUTO_TEST_SUITE_END()
