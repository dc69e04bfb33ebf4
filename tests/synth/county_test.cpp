// One small county with many islands through the whole generator; what it wrote is read back with GDAL, judged by GEOS
// and counted from the reference file itself.
#include "../../tools/synth/synth.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/geom/polygon.hpp>

#include <boost/test/unit_test.hpp>
#include <cpl_conv.h>
#include <cpl_string.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <geos_c.h>
#include <nlohmann/json.hpp>
#include <ogrsf_frmts.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace wangge;
using geom::Point;

constexpr char const* kCounty = "440523000000"; // 南澳县: 18 parts

struct Folder {
    fs::path path;
    explicit Folder(std::string const& name)
        : path(fs::temp_directory_path() / fmt::format("wangge_synth_{}_{}", name, ::getpid())) {
        fs::remove_all(path);
    }
    ~Folder() { fs::remove_all(path); }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;
};

synth::SynthResult generate(fs::path const& out, bool dirty, unsigned threads = 2) {
    synth::SynthOptions options;
    options.out = out;
    options.scale = "county:440523";
    options.dirty = dirty;
    options.threads = threads;
    SilentProgress progress;
    return synth::run(options, progress);
}

struct Row {
    std::string code, name, kind, village_code, village, town, county, city, note;
    geom::MultiPolygon shape;
    std::string wkb;
};

using Dataset = std::unique_ptr<GDALDataset, void (*)(GDALDataset*)>;

Dataset open(fs::path const& path) {
    GDALAllRegister();
    return {GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY),
            [](GDALDataset* d) { GDALClose(GDALDataset::ToHandle(d)); }};
}

geom::MultiPolygon to_shape(OGRGeometry const& geometry, crs::Transformer const& transformer) {
    geom::MultiPolygon shape;
    auto const ring_of = [&](OGRLinearRing const& line) {
        geom::Ring ring;
        for (int i = 0; i + 1 < line.getNumPoints(); ++i) {
            // Off the globe is one of the planted defects.
            if (auto const at = transformer.to_registry(crs::Coordinate{line.getX(i), line.getY(i)})) {
                ring.push_back(*crs::to_lattice(*at));
            }
        }
        return ring;
    };
    auto const add = [&](OGRPolygon const& polygon) {
        auto& part = shape.parts.emplace_back();
        part.outer = ring_of(*polygon.getExteriorRing());
        for (int i = 0; i < polygon.getNumInteriorRings(); ++i) {
            part.holes.push_back(ring_of(*polygon.getInteriorRing(i)));
        }
    };
    if (wkbFlatten(geometry.getGeometryType()) == wkbPolygon) {
        add(*geometry.toPolygon());
    } else if (wkbFlatten(geometry.getGeometryType()) == wkbMultiPolygon) {
        for (auto const* polygon : *geometry.toMultiPolygon()) {
            add(*polygon);
        }
    }
    return shape;
}

std::vector<Row> read_rows(fs::path const& path, std::string const& crs) {
    auto const dataset = open(path);
    BOOST_REQUIRE(dataset);
    auto const transformer = crs::Transformer::make(crs);
    std::vector<Row> rows;
    for (auto const& feature : dataset->GetLayer(0)) {
        auto& row = rows.emplace_back();
        int i = 0;
        for (auto* const text : {&row.code, &row.name, &row.kind, &row.village_code, &row.village, &row.town,
                                 &row.county, &row.city, &row.note}) {
            *text = feature->GetFieldAsString(i++);
        }
        if (auto const* geometry = feature->GetGeometryRef()) {
            row.shape = to_shape(*geometry, transformer);
            row.wkb.resize(geometry->WkbSize());
            geometry->exportToWkb(wkbNDR, reinterpret_cast<unsigned char*>(row.wkb.data()));
        }
    }
    return rows;
}

struct Geos {
    GEOSContextHandle_t context = GEOS_init_r();
    std::vector<GEOSGeometry*> geometries;
    ~Geos() {
        for (auto* g : geometries) {
            GEOSGeom_destroy_r(context, g);
        }
        GEOS_finish_r(context);
    }
    GEOSGeometry* keep(GEOSGeometry* g) {
        BOOST_REQUIRE(g != nullptr);
        geometries.push_back(g);
        return g;
    }
    GEOSGeometry* read(std::string const& wkb) {
        auto* const reader = GEOSWKBReader_create_r(context);
        auto* const g =
            GEOSWKBReader_read_r(context, reader, reinterpret_cast<unsigned char const*>(wkb.data()), wkb.size());
        GEOSWKBReader_destroy_r(context, reader);
        return keep(g);
    }
};

struct DivisionLine {
    std::string code, name, level, parent;
};

/// The villages of the county, straight from the file.
std::map<std::string, DivisionLine> villages_of_county() {
    std::ifstream file{"geodata/guangdong/divisions.tsv"};
    std::map<std::string, DivisionLine> all;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields{line};
        DivisionLine d;
        std::getline(fields, d.code, '\t');
        std::getline(fields, d.name, '\t');
        std::getline(fields, d.level, '\t');
        std::getline(fields, d.parent, '\t');
        all[d.code] = d;
    }
    std::map<std::string, DivisionLine> villages;
    for (auto const& [code, d] : all) {
        if (d.level == "village" && all.at(d.parent).parent == kCounty) {
            villages[code] = d;
        }
    }
    return villages;
}

std::string outline_of_county() {
    auto const dataset = open("geodata/guangdong/counties.geojson");
    for (auto const& feature : dataset->GetLayer(0)) {
        if (std::string{feature->GetFieldAsString("code")} == kCounty) {
            auto const* g = feature->GetGeometryRef();
            std::string wkb(g->WkbSize(), '\0');
            g->exportToWkb(wkbNDR, reinterpret_cast<unsigned char*>(wkb.data()));
            return wkb;
        }
    }
    return {};
}

std::vector<std::vector<std::string>> read_csv(fs::path const& path, char const* encoding) {
    auto text = read_file(path);
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.erase(0, 3);
    }
    char* const utf8 = CPLRecode(text.c_str(), encoding, "UTF-8");
    std::istringstream lines{std::string{utf8}};
    CPLFree(utf8);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(lines, line);) {
        BOOST_REQUIRE(line.ends_with('\r'));
        line.pop_back();
        auto& row = rows.emplace_back();
        std::istringstream cells{line};
        for (std::string cell; std::getline(cells, cell, ',');) {
            row.push_back(cell);
        }
    }
    return rows;
}

/// The clean county, made once for all tests that only look at it.
struct Clean {
    Folder folder{"clean"};
    synth::SynthResult result = generate(folder.path, false);
    std::vector<Row> rows = read_rows(folder.path / "boundaries.gpkg", "EPSG:4490");
};
Clean& clean() {
    static auto const county = std::make_unique<Clean>();
    return *county;
}

} // namespace

BOOST_AUTO_TEST_SUITE(county)

BOOST_AUTO_TEST_CASE(the_same_options_give_the_same_bytes_with_one_thread_or_more) {
    Folder const again{"again"};
    auto const result = generate(again.path, false, 1);
    BOOST_REQUIRE(result.files.size() == clean().result.files.size());
    for (std::size_t i = 0; i < result.files.size(); ++i) {
        BOOST_TEST(result.files[i].name == clean().result.files[i].name);
        BOOST_TEST(sha256_of_file(again.path / result.files[i].name).hex() ==
                       sha256_of_file(clean().folder.path / result.files[i].name).hex(),
                   result.files[i].name);
        BOOST_TEST(result.files[i].sha256 == sha256_of_file(again.path / result.files[i].name).hex());
    }
    BOOST_TEST(read_file(again.path / "manifest.json") == read_file(clean().folder.path / "manifest.json"));
}

BOOST_AUTO_TEST_CASE(every_village_of_the_reference_has_grids_and_the_names_agree) {
    auto const villages = villages_of_county();
    std::map<std::string, int> grids;
    std::set<std::string> codes;
    std::size_t dedicated = 0;
    for (auto const& row : clean().rows) {
        BOOST_REQUIRE(villages.count(row.village_code) == 1U);
        BOOST_TEST(row.village == villages.at(row.village_code).name);
        BOOST_TEST(row.county == "南澳县");
        BOOST_TEST(row.city == "汕头市");
        BOOST_TEST(row.note == "合成数据 synthetic");
        BOOST_TEST(!row.name.empty());
        BOOST_TEST(row.code.size() == 15U);
        BOOST_TEST(row.code.substr(0, 12) == row.village_code);
        auto const sequence = std::stoi(row.code.substr(12));
        BOOST_TEST(sequence >= 1);
        BOOST_TEST(row.kind == (sequence >= 800 ? "专属网格" : "综合网格"));
        dedicated += sequence >= 800 ? 1U : 0U;
        BOOST_TEST(codes.insert(row.code).second);
        ++grids[row.village_code];
    }
    BOOST_TEST(grids.size() == villages.size());
    BOOST_TEST(clean().rows.size() == clean().result.grids);
    BOOST_TEST(dedicated == clean().result.dedicated);
    BOOST_TEST(dedicated > 0U);
}

BOOST_AUTO_TEST_CASE(geos_finds_every_grid_valid_no_two_overlapping_and_their_union_equal_to_the_outline) {
    Geos geos;
    auto* const c = geos.context;
    auto* const tree = GEOSSTRtree_create_r(c, 10);
    std::vector<GEOSGeometry*> grids;
    std::size_t multi_part = 0;
    for (auto const& row : clean().rows) {
        grids.push_back(geos.read(row.wkb));
        BOOST_TEST(GEOSisValid_r(c, grids.back()) == 1, row.code);
        BOOST_TEST(GEOSisEmpty_r(c, grids.back()) == 0, row.code);
        multi_part += GEOSGetNumGeometries_r(c, grids.back()) > 1 ? 1U : 0U;
    }
    BOOST_TEST(multi_part == clean().result.multi_part);
    BOOST_TEST(multi_part > 0U);
    for (std::size_t i = 0; i < grids.size(); ++i) {
        GEOSSTRtree_insert_r(c, tree, grids[i], &grids[i]);
    }
    std::size_t neighbours = 0;
    for (auto*& grid : grids) {
        std::vector<GEOSGeometry**> near;
        GEOSSTRtree_query_r(
            c, tree, grid,
            [](void* item, void* list) {
                static_cast<std::vector<GEOSGeometry**>*>(list)->push_back(static_cast<GEOSGeometry**>(item));
            },
            &near);
        for (auto* const other : near) {
            if (other > &grid) {
                // Interiors must not meet; borders may in points or lines.
                BOOST_TEST(GEOSRelatePattern_r(c, grid, *other, "T********") == 0);
                neighbours += GEOSTouches_r(c, grid, *other) == 1 ? 1U : 0U;
            }
        }
    }
    BOOST_TEST(neighbours > grids.size());
    GEOSSTRtree_destroy_r(c, tree);

    std::vector<GEOSGeometry*> copies;
    for (auto* grid : grids) {
        copies.push_back(GEOSGeom_clone_r(c, grid));
    }
    auto* const collection = geos.keep(
        GEOSGeom_createCollection_r(c, GEOS_GEOMETRYCOLLECTION, copies.data(), static_cast<unsigned>(copies.size())));
    auto* const dissolved =
        geos.keep(GEOSCoverageUnion_r(c, collection)); // removes shared edges, computes no new position
    auto* const outline = geos.read(outline_of_county());
    GEOSNormalize_r(c, dissolved);
    GEOSNormalize_r(c, outline);
    BOOST_TEST(GEOSEqualsExact_r(c, dissolved, outline, 0) == 1);
}

BOOST_AUTO_TEST_CASE(shapes_are_as_large_and_as_winding_as_real_ones) {
    double const vertices = static_cast<double>(clean().result.vertices) / static_cast<double>(clean().result.grids);
    BOOST_TEST(vertices > 60);
    BOOST_TEST(vertices < 100);
    std::size_t holes = 0;
    for (auto const& row : clean().rows) {
        for (auto const& part : row.shape.parts) {
            holes += part.holes.size();
        }
    }
    BOOST_TEST(holes > 0U);
}

BOOST_AUTO_TEST_CASE(the_shapefile_in_gb18030_and_its_zone_gives_the_same_rows_and_the_same_lattice_points) {
    auto const path = clean().folder.path / "shapefiles/440500_汕头市.shp";
    BOOST_TEST(read_file(clean().folder.path / "shapefiles/440500_汕头市.cpg") == "GB18030");
    auto rows = read_rows(path, "EPSG:4548"); // the city lies at 116.6 E, in the zone of 117 E
    auto expected = clean().rows;
    BOOST_REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        BOOST_TEST(rows[i].code == expected[i].code);
        BOOST_TEST(rows[i].name == expected[i].name);
        BOOST_TEST(rows[i].village == expected[i].village);
        BOOST_TEST(rows[i].note == expected[i].note);
        geom::normalize(rows[i].shape);
        geom::normalize(expected[i].shape);
        BOOST_TEST((rows[i].shape == expected[i].shape), expected[i].code);
    }
}

BOOST_AUTO_TEST_CASE(each_grid_has_one_dedicated_officer_and_phones_are_single_and_cannot_ring) {
    auto const rows = read_csv(clean().folder.path / "officers.csv", "GB18030");
    BOOST_REQUIRE(rows.size() == clean().result.officers + 1);
    std::map<std::string, int> dedicated;
    std::set<std::string> phones, numbers, grids;
    for (auto const& row : clean().rows) {
        grids.insert(row.code);
    }
    for (std::size_t i = 1; i < rows.size(); ++i) {
        BOOST_REQUIRE(rows[i].size() == 6U);
        BOOST_TEST(numbers.insert(rows[i][0]).second);
        BOOST_TEST(phones.insert(rows[i][2]).second);
        BOOST_TEST(rows[i][2].size() == 11U);
        BOOST_TEST(rows[i][2].starts_with("104"));
        BOOST_TEST(grids.count(rows[i][3]) == 1U);
        dedicated[rows[i][3]] += rows[i][4] == "专职网格员" ? 1 : 0;
    }
    BOOST_TEST(dedicated.size() == grids.size());
    BOOST_TEST(std::all_of(dedicated.begin(), dedicated.end(), [](auto const& d) { return d.second == 1; }));

    CPLSetThreadLocalConfigOption("OGR_XLSX_HEADERS", "FORCE");
    CPLSetThreadLocalConfigOption("OGR_XLSX_FIELD_TYPES", "STRING");
    auto const book = open(clean().folder.path / "officers.xlsx");
    BOOST_REQUIRE(book);
    std::size_t i = 0;
    for (auto const& feature : book->GetLayer(0)) {
        ++i;
        for (int k = 0; k < 6; ++k) {
            BOOST_TEST(rows.at(i)[static_cast<std::size_t>(k)] == feature->GetFieldAsString(k));
        }
    }
    BOOST_TEST(i + 1 == rows.size());
}

BOOST_AUTO_TEST_CASE(addresses_and_units_lie_in_their_village) {
    Geos geos;
    auto* const c = geos.context;
    std::map<std::string, std::vector<GEOSPreparedGeometry const*>> areas;
    for (auto const& row : clean().rows) {
        areas[row.village_code].push_back(GEOSPrepare_r(c, geos.read(row.wkb)));
    }
    auto const check = [&](std::string const& village, std::string const& lon, std::string const& lat) {
        auto* const point = geos.keep(GEOSGeom_createPointFromXY_r(c, std::stod(lon), std::stod(lat)));
        BOOST_TEST(std::any_of(areas.at(village).begin(), areas.at(village).end(),
                               [&](auto const* area) { return GEOSPreparedIntersects_r(c, area, point) == 1; }),
                   lon + " " + lat);
    };
    auto const addresses = read_csv(clean().folder.path / "addresses.csv", "UTF-8");
    BOOST_REQUIRE(addresses.size() == clean().result.addresses + 1);
    std::set<std::string> ids;
    for (std::size_t i = 1; i < addresses.size(); ++i) {
        auto const& a = addresses[i];
        BOOST_REQUIRE(a.size() == 16U);
        BOOST_TEST(ids.insert(a[0]).second);
        BOOST_TEST(a[1].starts_with("广东省汕头市南澳县"));
        BOOST_TEST(a[1].find(a[8] + a[9]) != std::string::npos); // road and number stand together
        check(a[7], a[14], a[15]);
    }
    auto const units = read_csv(clean().folder.path / "emergency_units.csv", "UTF-8");
    BOOST_TEST(units.size() == clean().result.emergency_units + 1);
    for (std::size_t i = 1; i < units.size(); ++i) {
        check(units[i].at(6), units[i].at(4), units[i].at(5));
    }
    for (auto const& [village, list] : areas) {
        for (auto const* area : list) {
            GEOSPreparedGeom_destroy_r(c, area);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_planted_defect_is_there_and_the_rest_is_clean) {
    Folder const folder{"dirty"};
    auto const result = generate(folder.path, true);
    auto const rows = read_rows(folder.path / "boundaries.gpkg", "EPSG:4490");
    auto const defects = read_csv(folder.path / "defects.csv", "UTF-8");
    BOOST_TEST(defects.size() == result.defects + 1);
    BOOST_TEST(rows.size() == result.features);
    std::map<std::string, std::vector<Row const*>> by_code;
    for (auto const& row : rows) {
        by_code[row.code].push_back(&row);
    }
    std::map<std::string, Row const*> was;
    for (auto const& row : clean().rows) {
        was[row.code] = &row;
    }
    Geos geos;
    auto* const c = geos.context;
    std::set<std::string> kinds, spoilt;
    for (std::size_t i = 1; i < defects.size(); ++i) {
        auto const& d = defects[i];
        auto const& kind = d.at(0);
        std::vector<std::string> codes;
        std::istringstream list{d.at(1)};
        for (std::string code; std::getline(list, code, ';');) {
            codes.push_back(code);
            spoilt.insert(code);
        }
        kinds.insert(kind);
        BOOST_TEST_CONTEXT(kind << " " << d.at(1)) {
            auto const geometry = [&](std::size_t k) { return geos.read(by_code.at(codes.at(k)).front()->wkb); };
            double const measure = std::stod(d.at(4));
            auto const& detail = d.at(6);
            if (kind == "sliver" && detail.starts_with("the whole border")) {
                BOOST_TEST(!(by_code.at(codes[0]).front()->shape == was.at(codes[0])->shape));
                BOOST_TEST((by_code.at(codes[1]).front()->shape == was.at(codes[1])->shape));
            } else if (kind == "overlap" || (kind == "sliver" && detail == "overlap")) {
                auto* const common = geos.keep(GEOSIntersection_r(c, geometry(0), geometry(1)));
                double area = 0;
                GEOSArea_r(c, common, &area);
                double const latitude = std::stod(d.at(3)) * 0.017453292519943295;
                double const m2 =
                    area * 110760.0 * 111320.0 * std::cos(latitude); // near 23 degrees north; good to a percent
                BOOST_TEST(m2 == measure, boost::test_tools::tolerance(0.02));
            } else if (kind == "gap" || kind == "sliver" || kind == "edge_not_matched") {
                BOOST_TEST(measure > 0);
                BOOST_TEST(!(by_code.at(codes[0]).front()->shape == was.at(codes[0])->shape));
                BOOST_TEST((by_code.at(codes[1]).front()->shape == was.at(codes[1])->shape));
                // A vertex in the middle of a lattice edge is off it by 1e-15 degrees as doubles.
                double common = 0;
                GEOSArea_r(c, geos.keep(GEOSIntersection_r(c, geometry(0), geometry(1))), &common);
                BOOST_TEST(common < 1e-17);
                BOOST_TEST(GEOSisValid_r(c, geometry(0)) == 1);
            } else if (kind == "self_crossing" || kind == "repeated_ring_point" || kind == "collapsed_ring") {
                BOOST_TEST(GEOSisValid_r(c, geometry(0)) == 0);
            } else if (kind == "outside_county") {
                BOOST_TEST(GEOSContains_r(c, geos.read(outline_of_county()), geometry(0)) == 0);
                BOOST_TEST(GEOSisValid_r(c, geometry(0)) == 1);
            } else if (kind == "county_not_filled") {
                BOOST_TEST(GEOSContains_r(c, geos.read(outline_of_county()), geometry(0)) == 1);
                BOOST_TEST(GEOSisValid_r(c, geometry(0)) == 1);
                BOOST_TEST(!(by_code.at(codes[0]).front()->shape == was.at(codes[0])->shape));
            } else if (kind == "wrong_nesting") {
                BOOST_TEST(GEOSisValid_r(c, geometry(0)) == 0);
            } else if (kind == "village_without_grids") {
                for (auto const& [code, grids] : by_code) {
                    BOOST_TEST(grids.front()->village_code != detail);
                }
            } else if (kind == "unsupported_geometry") {
                BOOST_TEST(GEOSGeomTypeId_r(c, geometry(0)) == GEOS_LINESTRING);
            } else if (kind == "outside_lattice") {
                BOOST_TEST(!(by_code.at(codes[0]).front()->shape == was.at(codes[0])->shape));
            } else if (kind == "unreadable_text") {
                BOOST_TEST(by_code.at(codes[0]).front()->name.ends_with("\xCD\xF8\xB8\xF1"));
            } else if (kind == "empty_geometry") {
                BOOST_TEST(by_code.at(codes[0]).front()->shape.empty());
            } else if (kind == "duplicate_geometry") {
                BOOST_TEST((by_code.at(codes[0]).front()->shape == by_code.at(codes[1]).front()->shape));
                BOOST_TEST(was.count(codes[1]) == 0U);
            } else if (kind == "duplicate_code") {
                BOOST_TEST(by_code.at(codes[0]).size() == 2U);
            } else if (kind == "unknown_village") {
                BOOST_TEST(villages_of_county().count(by_code.at(codes[0]).front()->village_code) == 0U);
            } else if (kind == "missing_attribute") {
                auto const found = by_code.find(codes[0]);
                BOOST_TEST((found == by_code.end() || found->second.front()->name.empty() ||
                            found->second.front()->village_code.empty()));
            } else if (kind == "malformed_code") {
                BOOST_TEST(by_code.count(codes[0]) == 0U);
                BOOST_TEST(by_code.count(d.at(6)) == 1U);
            } else if (kind == "malformed_value") {
                BOOST_TEST((by_code.at(codes[0]).front()->kind != "综合网格" &&
                            by_code.at(codes[0]).front()->kind != "专属网格"));
            } else {
                BOOST_ERROR("unknown kind");
            }
        }
    }
    BOOST_TEST(kinds.size() >= 20U); // a county inland has no rim
    for (auto const& [code, row] : was) {
        if (spoilt.count(code) == 0U && by_code.count(code) == 1U) {
            BOOST_TEST((by_code.at(code).front()->shape == row->shape), code);
        }
    }
}

BOOST_AUTO_TEST_CASE(other_outlines_in_gcj02_are_brought_to_cgcs2000_and_a_county_they_lack_is_named) {
    // The same outline, offset as a web map would have it, and nothing else in the file.
    Folder const folder{"gcj"};
    fs::create_directories(folder.path);
    auto const to_gcj = crs::Transformer::make("GCJ02");
    auto document = nlohmann::json::parse(read_file("geodata/guangdong/counties.geojson"));
    auto feature = *std::find_if(document["features"].begin(), document["features"].end(),
                                 [](auto const& f) { return f["properties"]["code"] == kCounty; });
    feature["properties"]["code"] = "440523";
    for (auto& polygon : feature["geometry"]["coordinates"]) {
        for (auto& ring : polygon) {
            for (auto& pair : ring) {
                auto const moved = to_gcj.from_registry(crs::Position{pair[0], pair[1]});
                pair = {moved->x, moved->y};
            }
        }
    }
    document["features"] = nlohmann::json::array({feature});
    std::ofstream{folder.path / "outlines.geojson"} << document.dump();
    synth::SynthOptions options;
    options.out = folder.path / "out";
    options.scale = "400";
    options.counties = folder.path / "outlines.geojson";
    options.counties_crs = "GCJ02";
    SilentProgress progress;
    auto const result = synth::run(options, progress);
    BOOST_TEST(result.warnings.size() == 123U);
    BOOST_TEST(result.warnings.front().find("440103 荔湾区") != std::string::npos);
    BOOST_TEST(result.grids == 400U); // the only county with an outline takes them all
    options.out = folder.path / "too_many";
    options.scale = "province";
    BOOST_CHECK_EXCEPTION(static_cast<void>(synth::run(options, progress)), Error,
                          [](Error const& e) { return e.code() == ErrorCode::usage; });
    options.out = folder.path / "out";
    Geos geos;
    auto* const outline = geos.read(outline_of_county());
    double const kTwoUnits = 2e-7;
    auto const rows = read_rows(options.out / "boundaries.gpkg", "EPSG:4490");
    std::vector<GEOSGeometry*> grids;
    for (auto const& row : rows) {
        auto* const g = geos.read(row.wkb);
        grids.push_back(GEOSGeom_clone_r(geos.context, g));
    }
    auto* const all = geos.keep(GEOSGeom_createCollection_r(geos.context, GEOS_GEOMETRYCOLLECTION, grids.data(),
                                                            static_cast<unsigned>(grids.size())));
    auto* const dissolved = geos.keep(GEOSCoverageUnion_r(geos.context, all));
    GEOSNormalize_r(geos.context, dissolved);
    GEOSNormalize_r(geos.context, outline);
    BOOST_TEST(GEOSEqualsExact_r(geos.context, dissolved, outline, kTwoUnits) == 1);
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_met_are_refused_with_a_reason) {
    auto const refused = [](auto const& change, ErrorCode code, std::string const& words) {
        Folder const folder{"refused"};
        synth::SynthOptions options;
        options.out = folder.path;
        options.scale = "county:440523";
        change(options);
        SilentProgress progress;
        BOOST_CHECK_EXCEPTION(static_cast<void>(synth::run(options, progress)), Error, [&](Error const& e) {
            return e.code() == code && std::string{e.what()}.find(words) != std::string::npos;
        });
    };
    using O = synth::SynthOptions;
    refused([](O& o) { o.scale = "galaxy"; }, ErrorCode::usage, "--scale galaxy");
    refused([](O& o) { o.scale = "county:110101"; }, ErrorCode::usage, "no such division");
    refused([](O& o) { o.scale = "1300001"; }, ErrorCode::usage, "1300000");
    refused([](O& o) { o.scale = "3"; }, ErrorCode::usage, "villages");
    refused([](O& o) { o.out.clear(); }, ErrorCode::usage, "--out");
    refused([](O& o) { o.out = "geodata"; }, ErrorCode::usage, "not empty");
    refused([](O& o) { o.reference = "nowhere"; }, ErrorCode::environment, "nowhere");
    refused([](O& o) { o.counties = "geodata/guangdong/divisions.tsv"; }, ErrorCode::data_unreadable, "GeoJSON");
    refused([](O& o) { o.counties = "geodata/guangdong/counties.geojson", o.counties_crs = "EPSG:99999"; },
            ErrorCode::usage, "99999");
}

BOOST_AUTO_TEST_SUITE_END()
