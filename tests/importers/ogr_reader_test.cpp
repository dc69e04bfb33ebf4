#include "files.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::importers;
using test::SampleFile;
using test::ScratchFolder;
using test::to_gb18030;

namespace {

constexpr char const* kSquare = "POLYGON((113 23,113.01 23,113.01 23.01,113 23.01,113 23))";

SampleFile two_grids(bool gb18030) {
    auto const text = [&](char const* utf8) { return gb18030 ? to_gb18030(utf8) : std::string{utf8}; };
    return {{"WGBM", "WGMC"},
            {{{"440106001001001", text("石牌第一网格")}, kSquare},
             {{"440106001001002", text("㙟仔网格")},
              "MULTIPOLYGON(((114 23,114.01 23,114.01 23.01,114 23)),((115 23,115.01 23,115.01 23.01,115 23)))"},
             {{"440106001001003", text("大輋网格")}, kSquare}}};
}

struct Read {
    std::vector<RawFeature> features;
    std::vector<Problem> problems;
};

Read read_all(OgrReader& reader) {
    Read result;
    RawFeature feature;
    for (auto outcome = reader.next(feature, result.problems); outcome != OgrReader::Outcome::end;
         outcome = reader.next(feature, result.problems)) {
        result.features.push_back(feature);
    }
    return result;
}

std::string refusal(std::filesystem::path const& path, ReadOptions const& options = {}) {
    try {
        auto reader = OgrReader::open(path, options);
        (void)read_all(reader);
    } catch (Error const& error) {
        std::string const message = error.what();
        BOOST_TEST(message.find(path.stem().string()) != std::string::npos, message);
        return message;
    }
    return "accepted";
}

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(importers_ogr_reader)

BOOST_AUTO_TEST_CASE(a_geopackage_gives_text_and_rings_as_in_the_file) {
    ScratchFolder const folder;
    auto sample = two_grids(false);
    sample.features[0].wkt = "POLYGON Z((113 23 5,113.01 23 5,113.01 23.01 5,113 23.01 5,113 23 5),(113.002 23.002 "
                             "1,113.002 23.004 1,113.004 23.004 1,113.002 23.002 1))";
    test::write_sample(folder.path("a.gpkg"), sample);
    auto reader = OgrReader::open(folder.path("a.gpkg"), {});
    BOOST_TEST(reader.feature_count() == 3U);
    BOOST_TEST(reader.transformer().name() == "EPSG:4490");
    BOOST_TEST((reader.columns() == std::vector<std::string>{"WGBM", "WGMC"}));
    auto const read = read_all(reader);
    BOOST_REQUIRE(read.features.size() == 3U);
    BOOST_TEST(read.problems.empty());
    auto const& first = read.features[0];
    BOOST_TEST(first.row == 1U);
    BOOST_TEST(first.fields[1] == "石牌第一网格");
    BOOST_REQUIRE(first.rings.size() == 2U);
    BOOST_TEST(first.coordinates.size() == 9U);
    BOOST_TEST(!first.rings[0].hole);
    BOOST_TEST(first.rings[1].hole);
    BOOST_TEST(first.coordinates[1].x == 113.01);
    BOOST_TEST(first.coordinates[1].y == 23.0);
    BOOST_TEST(read.features[1].rings[1].part == 1U);
}

BOOST_AUTO_TEST_CASE(a_shapefile_is_read_in_its_encoding_with_without_or_with_a_lying_cpg) {
    ScratchFolder const folder;
    struct Case {
        bool gb18030;
        char const* cpg;
        char const* asked;
        char const* encoding;
        std::size_t remarks;
    };
    for (auto const& c : {Case{true, "", "", "GB18030", 1}, Case{true, "GBK", "", "GB18030", 0},
                          Case{true, "UTF-8", "", "GB18030", 1}, Case{true, "UTF-8", "GB18030", "GB18030", 0},
                          Case{false, "", "", "UTF-8", 1}, Case{false, "UTF-8", "", "UTF-8", 0},
                          Case{false, "936", "", "UTF-8", 1}, Case{true, "ISO-8859-1", "", "GB18030", 1}}) {
        auto const path = folder.path("s.shp");
        test::write_sample(path, two_grids(c.gb18030), c.cpg);
        auto reader = OgrReader::open(path, {{}, c.asked, {}});
        BOOST_TEST_CONTEXT("gb18030 " << c.gb18030 << " cpg '" << c.cpg << "' asked '" << c.asked << "'") {
            BOOST_TEST(reader.encoding() == c.encoding);
            BOOST_TEST(reader.remarks().size() == c.remarks);
            auto const read = read_all(reader);
            BOOST_TEST(read.problems.empty());
            BOOST_TEST(read.features.at(1).fields.at(1) == "㙟仔网格");
            BOOST_TEST(read.features.at(2).fields.at(1) == "大輋网格");
            BOOST_TEST(read.features.at(1).rings.size() == 2U);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_language_byte_of_a_dbf_is_believed_when_the_text_agrees) {
    ScratchFolder const folder;
    struct Case {
        bool gb18030;
        char byte;
        char const* encoding;
        char const* remark; ///< part of it; empty: none
    };
    for (auto const& c :
         {Case{true, 0x4D, "GB18030", ""}, Case{true, 0x7A, "GB18030", ""},
          Case{false, 0x4D, "UTF-8", "the .dbf says code page 0x4D: read as UTF-8"},
          Case{true, 0x00, "GB18030", "no .cpg: read as GB18030"}, Case{true, 0x4F, "GB18030", "code page 0x4F"}}) {
        auto sample = two_grids(c.gb18030);
        sample.features[0].fields[1] = c.gb18030 ? to_gb18030("𠮷田㙟") : "𠮷田㙟";
        test::write_sample(folder.path("s.shp"), sample);
        auto table = read_file(folder.path("s.dbf"));
        table[29] = c.byte;
        write_file_atomically(folder.path("s.dbf"), table);
        ReadOptions options;
        options.known_names = {"石牌街道", "㙟仔村", "大輋村"};
        auto reader = OgrReader::open(folder.path("s.shp"), options);
        BOOST_TEST_CONTEXT(c.gb18030 << " " << int{c.byte}) {
            BOOST_TEST(reader.encoding() == c.encoding);
            BOOST_TEST(reader.remarks().empty() == std::string_view{c.remark}.empty());
            BOOST_TEST((reader.remarks().empty() || contains(reader.remarks().front().english, c.remark)));
            BOOST_TEST(read_all(reader).features.at(0).fields.at(1) == "𠮷田㙟");
        }
    }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_in_the_encoding_asked_for_is_a_problem_with_row_and_field) {
    ScratchFolder const folder;
    test::write_sample(folder.path("s.shp"), two_grids(true));
    auto reader = OgrReader::open(folder.path("s.shp"), {{}, "UTF-8", {}});
    auto const read = read_all(reader);
    BOOST_REQUIRE(read.problems.size() == 3U);
    BOOST_TEST((read.problems[0].code == ProblemCode::unreadable_text));
    BOOST_TEST(read.problems[1].subjects.front() == "row 2");
    BOOST_TEST(contains(read.problems[1].message, "'WGMC'"));
    BOOST_TEST(contains(read.problems[1].message, "--encoding"));
    BOOST_TEST(read.features[1].fields[0] == "440106001001002");
}

BOOST_AUTO_TEST_CASE(geometry_that_is_no_polygon_is_a_problem) {
    ScratchFolder const folder;
    auto sample = two_grids(false);
    sample.features[0].wkt = "CURVEPOLYGON(CIRCULARSTRING(113 23,113.01 23.01,113.02 23,113.01 22.99,113 23))";
    sample.features[1].wkt = "LINESTRING(113 23,114 24)";
    sample.features[2].wkt = "";
    test::write_sample(folder.path("a.gpkg"), sample);
    auto reader = OgrReader::open(folder.path("a.gpkg"), {});
    auto const read = read_all(reader);
    BOOST_REQUIRE(read.problems.size() == 3U);
    BOOST_TEST((read.problems[0].code == ProblemCode::unsupported_geometry));
    BOOST_TEST((read.problems[1].code == ProblemCode::unsupported_geometry));
    BOOST_TEST((read.problems[2].code == ProblemCode::empty_geometry));
}

BOOST_AUTO_TEST_CASE(a_cut_or_incomplete_shapefile_is_refused) {
    ScratchFolder const folder;
    auto const path = folder.path("s.shp");
    auto const fresh = [&] { test::write_sample(path, two_grids(true)); };
    fresh();
    test::cut_file(path, 40);
    BOOST_TEST(contains(refusal(path), "cut short"));
    fresh();
    test::cut_file(folder.path("s.dbf"), 30);
    BOOST_TEST(contains(refusal(path), "s.dbf: is cut short"));
    fresh();
    test::cut_file(folder.path("s.shx"), 8);
    BOOST_TEST(contains(refusal(path), "s.shx: is cut short"));
    for (auto const* const part : {"s.shx", "s.dbf"}) {
        fresh();
        std::filesystem::remove(folder.path(part));
        BOOST_TEST(contains(refusal(path), "is missing"));
    }
    fresh();
    auto other = two_grids(true);
    other.features.pop_back();
    test::write_sample(folder.path("other.shp"), other);
    std::filesystem::copy_file(folder.path("other.dbf"), folder.path("s.dbf"),
                               std::filesystem::copy_options::overwrite_existing);
    BOOST_TEST(contains(refusal(path), "2 rows, but the .shx has 3"));
    fresh();
    BOOST_TEST(contains(refusal(folder.path("s.dbf")), "name its .shp"));
    write_file_atomically(path, std::string(200, 'x'));
    BOOST_TEST(contains(refusal(path), "does not begin as a Shapefile does"));
}

BOOST_AUTO_TEST_CASE(files_that_are_not_what_their_name_says_are_refused) {
    ScratchFolder const folder;
    BOOST_TEST(contains(refusal(folder.file("text.gpkg", "hello\n")), "is not a GeoPackage"));
    BOOST_TEST(contains(refusal(folder.file("empty.gpkg", "")), "0 bytes"));
    BOOST_TEST(contains(
        refusal(folder.file("vrt.geojson",
                            "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource>"
                            "</OGRVRTLayer></OGRVRTDataSource>")),
        "is not GeoJSON"));
    BOOST_TEST(contains(refusal(folder.file("other.geojson", "{\"a\": 1}")), "cannot be opened"));
    BOOST_TEST(
        refusal(folder.file(
            "cut.geojson",
            R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"1"},"geometry":{"type":"Poly)")) !=
        "accepted");
    std::filesystem::create_directory(folder.path("folder.gpkg"));
    BOOST_TEST(contains(refusal(folder.path("folder.gpkg")), "is a folder"));
    BOOST_TEST(contains(refusal(folder.path("missing.gpkg")), "no such file"));
    BOOST_TEST(contains(refusal(folder.file("word.docx", "x")), "accepted are"));
    BOOST_TEST(contains(refusal("/vsicurl/http://127.0.0.1/x.gpkg"), "no such file"));

    test::write_sample(folder.path("cut.gpkg"), two_grids(false));
    test::cut_file(folder.path("cut.gpkg"), 5000);
    BOOST_TEST(contains(refusal(folder.path("cut.gpkg")), "cut short"));
}

BOOST_AUTO_TEST_CASE(the_coordinate_system_comes_from_the_file_or_the_command) {
    ScratchFolder const folder;
    auto sample = two_grids(false);
    sample.epsg.reset();
    test::write_sample(folder.path("none.shp"), sample);
    BOOST_TEST(contains(refusal(folder.path("none.shp")), "--crs"));
    BOOST_TEST(OgrReader::open(folder.path("none.shp"), {"GCJ02", {}, {}}).transformer().name() == "GCJ02");
    test::write_sample(folder.path("none.gpkg"), sample);
    BOOST_TEST(contains(refusal(folder.path("none.gpkg")), "--crs"));
    sample.epsg = 4547;
    test::write_sample(folder.path("zone.shp"), sample);
    BOOST_TEST(OgrReader::open(folder.path("zone.shp"), {}).transformer().name() == "EPSG:4547");
    sample.epsg = 2435;
    test::write_sample(folder.path("beijing.shp"), sample);
    BOOST_TEST(contains(refusal(folder.path("beijing.shp")), "parameters"));
    BOOST_CHECK_EXCEPTION(
        (void)OgrReader::open(folder.path("zone.shp"), {"EPSG:4214", {}, {}}), Error,
        [](Error const& e) { return e.code() == ErrorCode::usage && contains(e.what(), "parameters"); });
    auto json = OgrReader::open(
        folder.file(
            "new.geojson",
            R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":440106001001001},"geometry":null}]})"),
        {});
    BOOST_TEST(json.transformer().name() == "EPSG:4326");
    auto const read = read_all(json);
    BOOST_TEST(read.features.at(0).fields.at(0) == "440106001001001");
}

BOOST_AUTO_TEST_CASE(a_layer_is_named_when_there_are_several) {
    ScratchFolder const folder;
    auto sample = two_grids(false);
    test::write_sample(folder.path("a.gpkg"), sample);
    BOOST_TEST(contains(refusal(folder.path("a.gpkg"), {{}, {}, "rivers"}), "it has: grids"));
    BOOST_TEST(OgrReader::open(folder.path("a.gpkg"), {{}, {}, "grids"}).layer() == "grids");
}

BOOST_AUTO_TEST_CASE(every_sidecar_of_a_shapefile_belongs_to_it) {
    ScratchFolder const folder;
    test::write_sample(folder.path("s.shp"), two_grids(true), "GBK");
    auto const files = files_of(folder.path("s.shp"));
    std::vector<std::string> names;
    for (auto const& file : files) {
        names.push_back(file.filename().string());
    }
    BOOST_TEST((names == std::vector<std::string>{"s.cpg", "s.dbf", "s.prj", "s.shp", "s.shx"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(importers_normalizer)

namespace {

struct Bench {
    CodeProfile profile;
    VillageLevels villages{{*DivisionCode::parse("440106001001"), Level::village},
                           {*DivisionCode::parse("440106001000"), Level::town}};
    FieldMapping mapping = FieldMapping::guess(boundary_fields(), {"code", "name", "kind", "village_code"}, "t");
    crs::Transformer transformer = crs::Transformer::make("EPSG:4490");
    Normalizer normalizer{profile,     villages, mapping,
                          transformer, "t.gpkg", [](GridCode const&) { return std::nullopt; }};
    std::vector<Problem> problems;

    static RawFeature feature(std::vector<std::vector<crs::Coordinate>> const& rings) {
        RawFeature feature;
        feature.row = 7;
        feature.fields = {"440106001001001", "一号", "综合网格", "440106001001"};
        for (std::size_t i = 0; i < rings.size(); ++i) {
            auto const first = static_cast<std::uint32_t>(feature.coordinates.size());
            feature.coordinates.insert(feature.coordinates.end(), rings[i].begin(), rings[i].end());
            feature.rings.push_back({first, static_cast<std::uint32_t>(feature.coordinates.size()), 0, i > 0});
        }
        return feature;
    }
    [[nodiscard]] std::optional<ProblemCode> only_problem() const {
        return problems.size() == 1 ? std::optional{problems[0].code} : std::nullopt;
    }
};

std::vector<crs::Coordinate> const kClockwise{{113, 23}, {113, 23.01}, {113.01, 23.01}, {113.01, 23}, {113, 23}};

} // namespace

BOOST_AUTO_TEST_CASE(rings_are_opened_oriented_and_snapped) {
    Bench bench;
    auto raw = Bench::feature(
        {{{113, 23}, {113, 23}, {113, 23.01}, {113.010000020, 23.01}, {113.01, 23.01}, {113.01, 23}, {113, 23}},
         {{113.002, 23.002}, {113.004, 23.002}, {113.004, 23.004}, {113.002, 23.002}}});
    auto const draft = bench.normalizer.normalize(raw, bench.problems);
    BOOST_REQUIRE(draft.has_value());
    BOOST_TEST(bench.problems.empty());
    auto const& part = draft->grid.shape.parts.at(0);
    BOOST_TEST((part.outer == geom::Ring{{1130000000, 230000000},
                                         {1130100000, 230000000},
                                         {1130100000, 230100000},
                                         {1130000000, 230100000}}));
    BOOST_TEST(geom::winding(part.holes.at(0)) == -1);
    BOOST_TEST(draft->row == 7U);
    // 2e-8 degree of longitude at 23.01 north is 102.5 km x 2e-8 = 2.05 mm.
    BOOST_TEST(std::fabs(draft->snapped_m - 0.00205) < 0.00005);
    BOOST_TEST((draft->grid.kind == GridKind::comprehensive));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_grid_is_told_apart) {
    auto const one = [](auto&& spoil) {
        Bench bench;
        auto raw = Bench::feature({kClockwise});
        spoil(raw);
        BOOST_TEST(!bench.normalizer.normalize(raw, bench.problems).has_value());
        BOOST_TEST(bench.problems.size() == 1U);
        return bench.only_problem();
    };
    BOOST_TEST((one([](RawFeature& f) { f.fields[0] = ""; }) == ProblemCode::missing_attribute));
    BOOST_TEST((one([](RawFeature& f) { f.fields[1] = " \xE3\x80\x80 "; }) == ProblemCode::missing_attribute));
    BOOST_TEST((one([](RawFeature& f) { f.fields[3] = ""; }) == ProblemCode::missing_attribute));
    BOOST_TEST((one([](RawFeature& f) { f.fields[0] = "44010600100100"; }) == ProblemCode::malformed_code));
    BOOST_TEST((one([](RawFeature& f) { f.fields[0] = "440106001001000"; }) == ProblemCode::malformed_code));
    BOOST_TEST((one([](RawFeature& f) { f.fields[3] = "44010600100"; }) == ProblemCode::malformed_code));
    BOOST_TEST((one([](RawFeature& f) { f.fields[3] = "440106001002"; }) == ProblemCode::unknown_village));
    BOOST_TEST((one([](RawFeature& f) { f.fields[3] = "440106001000"; }) == ProblemCode::unknown_village));
    BOOST_TEST((one([](RawFeature& f) { f.fields[2] = "其它类别"; }) == ProblemCode::malformed_value));
    BOOST_TEST((one([](RawFeature& f) { f.fields[2] = "专属网格"; }) == ProblemCode::malformed_value));
    BOOST_TEST((one([](RawFeature& f) { f.coordinates[1] = {113, 91}; }) == ProblemCode::outside_lattice));
    BOOST_TEST((one([](RawFeature& f) { f.coordinates[1].x = std::nan(""); }) == ProblemCode::outside_lattice));
    BOOST_TEST((one([](RawFeature& f) {
                    for (auto& c : f.coordinates) {
                        c.x = 113 + (c.x - 113) * 1e-7; // a nanodegree wide
                    }
                }) == ProblemCode::collapsed_ring));
    BOOST_TEST((one([](RawFeature& f) { f.rings.clear(); }) == ProblemCode::empty_geometry));
}

BOOST_AUTO_TEST_CASE(a_feature_with_bad_attributes_still_lends_its_shape_to_the_check) {
    Bench bench;
    auto raw = Bench::feature({kClockwise});
    raw.fields[0] = "x";
    (void)bench.normalizer.normalize(raw, bench.problems);
    BOOST_REQUIRE(bench.normalizer.loose().size() == 1U);
    BOOST_TEST(bench.normalizer.loose()[0].subject == "row 7");
}

BOOST_AUTO_TEST_CASE(a_grid_of_a_file_without_villages_lies_in_the_village_of_its_code) {
    Bench bench;
    auto const mapping = FieldMapping::guess(boundary_fields(), {"code", "name", "kind"}, "t");
    Normalizer normalizer{bench.profile,     bench.villages, mapping,
                          bench.transformer, "t.gpkg",       [](GridCode const&) { return std::nullopt; }};
    auto raw = Bench::feature({kClockwise});
    raw.fields.pop_back();
    auto const draft = normalizer.normalize(raw, bench.problems);
    BOOST_REQUIRE(draft.has_value());
    BOOST_TEST(draft->grid.village.str() == "440106001001");
}

BOOST_AUTO_TEST_SUITE_END()
