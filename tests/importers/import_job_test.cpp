#include "files.hpp"
#include "named_divisions.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/importers/import_job.hpp>
#include <wangge/importers/report_writer.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <nlohmann/json.hpp>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::importers;
using test::SampleFile;
using test::ScratchFolder;
using test::to_gb18030;

namespace {

constexpr char const* kDivisions = "code\tname\tlevel\tparent_code\turban_rural_class\n"
                                   "440000000000\t广东省\tprovince\t\t\n"
                                   "440100000000\t广州市\tcity\t440000000000\t\n"
                                   "440106000000\t天河区\tcounty\t440100000000\t\n"
                                   "440106001000\t五山街道\ttown\t440106000000\t\n"
                                   "440106001001\t石牌社区\tvillage\t440106001000\t111\n"
                                   "440106001002\t华师社区\tvillage\t440106001000\t111\n"
                                   "440111000000\t白云区\tcounty\t440100000000\t\n"
                                   "440111001000\t三元里街道\ttown\t440111000000\t\n"
                                   "440111001001\t走马岗社区\tvillage\t440111001000\t111\n";

using Place = std::function<std::pair<double, double>(double, double)>;
std::pair<double, double> same(double lon, double lat) { return {lon, lat}; }

/// Cell of a checkerboard of 0.01 degree from 113.30, 23.10 on.
std::string cell(int column, int row, Place const& place = same) {
    std::string wkt = "POLYGON((";
    for (auto const& [c, r] : {std::pair{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}) {
        auto const [x, y] = place(113.30 + 0.01 * (column + c), 23.10 + 0.01 * (row + r));
        char text[80];
        std::snprintf(text, sizeof text, "%s%.10f %.10f", wkt.back() == '(' ? "" : ",", x, y);
        wkt += text;
    }
    return wkt + "))";
}

/// Two counties side by side: 天河 of 4 x 4 cells (two villages of two rows), 白云 of 4 x 4 cells (one village).
SampleFile grids_of(std::vector<std::string> const& villages, Place const& place = same) {
    SampleFile sample{{"网格编码", "网格名称", "网格类型", "所属村居编码"}, {}};
    for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 8; ++column) {
            std::string const village = column >= 4 ? "440111001001" : row < 2 ? "440106001001" : "440106001002";
            if (std::find(villages.begin(), villages.end(), village) == villages.end()) {
                continue;
            }
            char code[32];
            std::snprintf(code, sizeof code, "%s%03d", village.c_str(), row * 8 + column + 1);
            sample.features.push_back(
                {{code, "网格" + std::to_string(row * 8 + column + 1), "综合网格", village}, cell(column, row, place)});
        }
    }
    return sample;
}

std::vector<std::string> const kAll{"440106001001", "440106001002", "440111001001"};

constexpr char const* kOutlines =
    R"({"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":[
{"type":"Feature","properties":{"code":"440106000000","name":"天河区"},"geometry":{"type":"Polygon","coordinates":[[[113.30,23.10],[113.34,23.10],[113.34,23.14],[113.30,23.14],[113.30,23.10]]]}},
{"type":"Feature","properties":{"code":"440111000000","name":"白云区"},"geometry":{"type":"Polygon","coordinates":[[[113.34,23.10],[113.38,23.10],[113.38,23.14],[113.34,23.14],[113.34,23.10]]]}}]})";

/// A registry with divisions, and a folder for files.
class Office {
public:
    explicit Office(bool outlines = true) {
        registry::Registry::init(data());
        m_options.effective = *Date::parse("2024-05-01");
        m_options.author = "test";
        require_clean(import("divisions", m_folder.file("divisions.tsv", kDivisions)));
        if (outlines) {
            require_clean(import("divisions", m_folder.file("counties.geojson", kOutlines)));
        }
    }
    [[nodiscard]] registry::DataFolder data() const { return {m_folder.path("data")}; }
    [[nodiscard]] ScratchFolder const& folder() const { return m_folder; }
    [[nodiscard]] ImportOptions& options() { return m_options; }
    ImportReport import(std::string const& what, std::vector<std::filesystem::path> const& files) {
        SilentProgress progress;
        return what == "divisions"    ? import_divisions(data(), files, m_options, progress)
               : what == "boundaries" ? import_boundaries(data(), files, m_options, progress)
               : what == "officers"   ? import_officers(data(), files, m_options, progress)
                                      : import_addresses(data(), files, m_options, progress);
    }
    ImportReport import(std::string const& what, std::filesystem::path const& file) {
        return import(what, std::vector<std::filesystem::path>{file});
    }
    ImportReport boundaries(SampleFile const& sample, char const* name = "grids.gpkg") {
        std::filesystem::remove(m_folder.path(name));
        test::write_sample(m_folder.path(name), sample);
        return import("boundaries", m_folder.path(name));
    }
    [[nodiscard]] registry::State state() const {
        SilentProgress progress;
        return registry::Registry::open(data(), registry::Registry::Mode::read)
            .state(*Date::parse("2024-05-01"), std::nullopt, progress);
    }
    static void require_clean(ImportReport const& report) {
        BOOST_REQUIRE_MESSAGE(!report.has_errors() && report.applied, report_text(report));
    }

private:
    ScratchFolder m_folder;
    ImportOptions m_options;
};

bool same_grids(registry::State const& a, registry::State const& b) {
    return std::ranges::equal(a.grids, b.grids, [](registry::Grid x, registry::Grid y) {
        geom::normalize(x.shape);
        geom::normalize(y.shape);
        return x.code == y.code && x.name == y.name && x.kind == y.kind && x.village == y.village && x.shape == y.shape;
    });
}

bool reports(ImportReport const& report, ProblemCode code) { return report.problem_counts.contains(code); }
bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The two outlines of kOutlines, or the first of them, their corners where `place` puts them.
std::string outlines(Place const& place, int count = 2) {
    std::string json = R"({"type":"FeatureCollection","crs":{"type":"name","properties":{"name":)"
                       R"("urn:ogc:def:crs:EPSG::4490"}},"features":[)";
    for (int i = 0; i < count; ++i) {
        double const west = 113.30 + 0.04 * i;
        json += std::string{i == 0 ? "" : ","} + R"({"type":"Feature","properties":{"code":")" +
                (i == 0 ? "440106000000" : "440111000000") + R"("},"geometry":{"type":"Polygon","coordinates":[[)";
        for (auto const& [x, y] : {std::pair{0.0, 0.0}, {0.04, 0.0}, {0.04, 0.04}, {0.0, 0.04}, {0.0, 0.0}}) {
            auto const [lon, lat] = place(west + x, 23.10 + y);
            char text[80];
            std::snprintf(text, sizeof text, "%s[%.9f,%.9f]", json.back() == '[' ? "" : ",", lon, lat);
            json += text;
        }
        json += "]]}}";
    }
    return json + "]}";
}

std::pair<double, double> as_gcj02(double lon, double lat) {
    auto const p = crs::to_gcj02({lon, lat});
    return {p.lon, p.lat};
}

enum class Says { village_code, county, town, short_names };

/// 200 addresses all over the cells of grids_of, their positions where `place` puts them.
std::string addresses(Says says, Place const& place) {
    std::string csv =
        says == Says::village_code ? "地址编码,标准地址,村居编码,经度,纬度\n" : "地址编码,标准地址,经度,纬度\n";
    for (int i = 0; i < 200; ++i) {
        double const x = 0.0795 * ((i * 37) % 200) / 200 + 0.0002;
        double const y = 0.0395 * i / 200 + 0.0002;
        bool const east = x >= 0.04;
        auto const [lon, lat] = place(113.30 + x, 23.10 + y);
        std::string const village = east ? "440111001001" : y < 0.02 ? "440106001001" : "440106001002";
        std::string const county = east ? "白云区" : "天河区";
        std::string const town = says != Says::town ? "" : east ? "三元里街道" : "五山街道";
        auto const named = says == Says::short_names ? std::string{east ? "广州白云三元里" : "广州天河五山"}
                                                     : "广东省广州市" + county + town;
        char text[200];
        std::snprintf(text, sizeof text, "A%d,%s大路%d号,%s%s%.7f,%.7f\n", i, named.c_str(), i + 1,
                      says == Says::village_code ? village.c_str() : "", says == Says::village_code ? "," : "", lon,
                      lat);
        csv += text;
    }
    return csv;
}

std::size_t files_in(std::filesystem::path const& folder) {
    return std::filesystem::exists(folder)
               ? static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}))
               : 0U;
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_jobs)

BOOST_AUTO_TEST_CASE(a_whole_import_adds_every_grid_and_a_second_one_changes_nothing) {
    Office office;
    auto const first = office.boundaries(grids_of(kAll));
    Office::require_clean(first);
    BOOST_TEST(first.change("added") == 32U);
    BOOST_TEST(first.problems.empty(), report_text(first));
    BOOST_TEST(first.change_set > 0);
    BOOST_TEST(office.state().grids.size() == 32U);
    auto const again = office.boundaries(grids_of(kAll));
    BOOST_TEST(again.applied);
    BOOST_TEST(again.change("unchanged") == 32U);
    BOOST_TEST(again.change_set == 0);
}

BOOST_AUTO_TEST_CASE(partial_imports_in_any_order_give_the_same_as_a_whole_one) {
    Office whole;
    Office::require_clean(whole.boundaries(grids_of(kAll)));
    auto order = kAll;
    do {
        Office parts;
        for (auto const& village : order) {
            Office::require_clean(parts.boundaries(grids_of({village})));
        }
        BOOST_TEST(same_grids(parts.state(), whole.state()));
    } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(several_files_of_several_kinds_are_one_import) {
    Office office;
    auto zone = grids_of({"440111001001"}, [](double lon, double lat) {
        static auto const transformer = crs::Transformer::make("EPSG:4547");
        auto const c = transformer.from_registry(crs::Position{lon, lat});
        return std::pair{c->x, c->y};
    });
    zone.epsg = 4547;
    zone.columns = {"WGBM", "WGMC", "WGLX", "CJBM"};
    for (auto& feature : zone.features) {
        for (auto& text : feature.fields) {
            text = to_gb18030(text);
        }
    }
    test::write_sample(office.folder().path("by.shp"), zone, "GBK");
    test::write_sample(office.folder().path("th.gpkg"), grids_of({"440106001001", "440106001002"}));
    auto const report = office.import("boundaries", {office.folder().path("by.shp"), office.folder().path("th.gpkg")});
    Office::require_clean(report);
    BOOST_TEST(report.change("added") == 32U);
    BOOST_TEST(report.files.at(0).crs == "EPSG:4547");
    BOOST_TEST(report.files.at(0).encoding == "GB18030");
    BOOST_TEST(report.max_snap_m < 0.001); // back on the lattice
    Office whole;
    Office::require_clean(whole.boundaries(grids_of(kAll)));
    BOOST_TEST(same_grids(office.state(), whole.state()));
    // Every file as received: .shp .shx .dbf .prj .cpg, .gpkg, the table and the outlines.
    BOOST_TEST(files_in(office.data().sources()) == 8U);
    BOOST_TEST(std::filesystem::exists(office.data().sources() / sha256_of_file(office.folder().path("by.dbf")).hex()));
}

BOOST_AUTO_TEST_CASE(a_change_is_told_by_its_kind) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto sample = grids_of(kAll);
    sample.features[0].fields[1] = "新名";
    // The corner between cells 1, 2, 9 and 10 moves.
    for (auto& feature : sample.features) {
        std::string const corner = "113.3100000000 23.1100000000";
        for (auto at = feature.wkt.find(corner); at != std::string::npos; at = feature.wkt.find(corner)) {
            feature.wkt.replace(at, corner.size(), "113.3110000000 23.1110000000");
        }
    }
    auto const report = office.boundaries(sample);
    Office::require_clean(report);
    BOOST_TEST(report.change("reshaped") == 4U);
    BOOST_TEST(report.change("renamed") == 1U);
    BOOST_TEST(report.change("unchanged") == 28U);
    {
        // Where the ground went: the fourth cell gave to all three others, the second and third to the first.
        auto const registry = registry::Registry::open(office.data(), registry::Registry::Mode::read);
        auto const code = [](char const* text) { return GridCode::parse(text).value(); };
        auto const given = registry.lineage(code("440106001001010")).to;
        std::vector<std::string> takers;
        double shares = 0;
        for (auto const& step : given) {
            if (step.ground.predecessor == code("440106001001010")) {
                takers.emplace_back(step.ground.successor.str().substr(12));
                shares += step.ground.share_of_predecessor;
                BOOST_TEST(step.change.change_set == report.change_set);
            }
        }
        BOOST_TEST((takers == std::vector<std::string>{"001", "002", "009", "010"}));
        BOOST_TEST(std::abs(shares - 1) < 1e-9);
        auto const taken = registry.lineage(code("440106001001001")).from;
        BOOST_TEST(std::ranges::count_if(
                       taken, [&](auto const& step) { return step.ground.successor == code("440106001001001"); }) == 4);
        BOOST_TEST(registry.lineage(code("440106001002017")).to.empty());
    }

    auto moved = grids_of({"440106001001"});
    moved.features[3].fields[3] = "440106001002";
    moved.features[0].fields[1] = "新名";
    moved.features = {moved.features[3]};
    auto const second = office.boundaries(moved);
    Office::require_clean(second);
    BOOST_TEST(second.change("reparented") == 1U);
    BOOST_TEST(second.change("reshaped") == 0U);
}

BOOST_AUTO_TEST_CASE(problems_forbid_everything_and_are_all_listed) {
    Office office;
    auto sample = grids_of(kAll);
    sample.features[1].fields[0] = sample.features[0].fields[0];
    sample.features[2].fields[0] = "44010600100100X";
    sample.features[3].fields[3] = "440106001009";
    sample.features[4].wkt = cell(4, 3);
    sample.features[9].wkt.clear();
    auto const report = office.boundaries(sample);
    BOOST_TEST(report.has_errors());
    BOOST_TEST(!report.applied);
    for (auto const code : {ProblemCode::duplicate_code, ProblemCode::malformed_code, ProblemCode::unknown_village}) {
        BOOST_TEST(report.problem_counts.at(code) == 1U);
    }
    BOOST_TEST(reports(report, ProblemCode::duplicate_geometry));
    auto const empty = std::ranges::find(report.problems, ProblemCode::empty_geometry, &Problem::code);
    BOOST_REQUIRE(empty != report.problems.end());
    BOOST_TEST(empty->subjects.front() == sample.features[9].fields[0]); // its code, not only its row
    BOOST_TEST(office.state().grids.empty());
    BOOST_TEST(files_in(office.data().sources()) == 2U);
}

BOOST_AUTO_TEST_CASE(overlaps_with_grids_that_are_already_there_are_found) {
    Office office;
    Office::require_clean(office.boundaries(grids_of({"440111001001"})));
    auto sample = grids_of({"440106001001", "440106001002"});
    sample.features[3].wkt = "POLYGON((113.33 23.10,113.342 23.10,113.342 23.11,113.33 23.11,113.33 23.10))";
    auto const report = office.boundaries(sample);
    BOOST_TEST(reports(report, ProblemCode::overlap), report_text(report));
    BOOST_TEST(office.state().grids.size() == 16U);
}

BOOST_AUTO_TEST_CASE(a_grid_that_reaches_into_the_next_county_is_said_to) {
    Office office;
    auto sample = grids_of(kAll);
    sample.features[3].wkt = "POLYGON((113.33 23.10,113.342 23.10,113.342 23.11,113.33 23.11,113.33 23.10))";
    auto const report = office.boundaries(sample);
    BOOST_REQUIRE(reports(report, ProblemCode::outside_county));
    auto const found = std::ranges::find(report.problems, ProblemCode::outside_county, &Problem::code);
    BOOST_TEST(found->subjects.front() == sample.features[3].fields[0]);
    BOOST_TEST(found->measure > 200'000); // 0.002 by 0.01 degree: 205 m by 1,107 m
    BOOST_TEST(found->measure < 240'000);
}

BOOST_AUTO_TEST_CASE(two_grids_that_both_reach_out_of_their_counties_are_both_said_to) {
    Office office;
    auto sample = grids_of(kAll);
    // Along the county border at 113.34 the west comes east below and the east comes west above.
    auto const west = sample.features.begin() + 3; // 113.33 to 113.34
    auto const east = std::ranges::find_if(sample.features, [&](auto const& f) {
        return f.wkt.find("113.3500000000 23.1000000000") != std::string::npos &&
               f.wkt.find("113.3400000000 23.1000000000") != std::string::npos;
    });
    BOOST_REQUIRE((east != sample.features.end()));
    west->wkt = "POLYGON((113.33 23.10,113.34 23.10,113.343 23.105,113.34 23.11,113.33 23.11,113.33 23.10))";
    east->wkt = "POLYGON((113.34 23.10,113.35 23.10,113.35 23.11,113.34 23.11,113.337 23.105,113.34 23.10))";
    auto const report = office.boundaries(sample);
    std::set<std::string> reaching;
    for (auto const& problem : report.problems) {
        if (problem.code == ProblemCode::outside_county) {
            reaching.insert(problem.subjects.front());
            // Its own triangle of 0.003 degree by 0.01 degree, 307.4 m by 1,107.4 m, and not the other's as well.
            BOOST_TEST(problem.measure == 307.4 * 1107.4 / 2, boost::test_tools::tolerance(2e-3));
            BOOST_TEST(problem.message.find(fmt::format(" reaches {:.1f} m2 ", problem.measure)) != std::string::npos,
                       problem.message);
            BOOST_REQUIRE(problem.place.has_value());
            bool const is_west = problem.subjects.front() == west->fields[0];
            BOOST_TEST((problem.place->at.lon > 1'133'400'000) == is_west);
            BOOST_TEST(geom::area_m2(problem.place->area) == problem.measure, boost::test_tools::tolerance(1e-6));
        }
    }
    BOOST_TEST((reaching == std::set<std::string>{west->fields[0], east->fields[0]}), report_text(report));
}

BOOST_AUTO_TEST_CASE(a_small_import_into_a_full_county_finds_it_full) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto one = grids_of({"440106001001"});
    one.features.resize(1); // a corner of the county; most of it is not near
    one.features[0].fields[1] = "新名";
    auto const report = office.boundaries(one);
    BOOST_TEST(report.change("renamed") == 1U);
    BOOST_TEST(report.problem_counts.empty(), report_text(report));
}

BOOST_AUTO_TEST_CASE(what_a_killed_import_left_goes_with_the_next) {
    Office office;
    auto const left = office.data().sources() / ".incoming-1";
    (void)std::fclose(std::fopen(left.c_str(), "wb"));
    Office::require_clean(office.boundaries(grids_of(kAll)));
    BOOST_TEST(!std::filesystem::exists(left));
}

BOOST_AUTO_TEST_CASE(a_faulty_row_of_a_known_grid_is_no_duplicate_of_itself) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto one = grids_of({"440106001001"});
    one.features.resize(1);
    one.features[0].fields[1] = "";
    auto const report = office.boundaries(one);
    BOOST_TEST(reports(report, ProblemCode::missing_attribute), report_text(report));
    BOOST_TEST(!reports(report, ProblemCode::duplicate_geometry), report_text(report));
}

BOOST_AUTO_TEST_CASE(a_grid_that_shrinks_leaves_a_gap_that_is_found) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto sample = grids_of({"440106001001"});
    sample.features = {sample.features[5]}; // cell 1, 1: inner
    sample.features[0].wkt = "POLYGON((113.31 23.11,113.32 23.11,113.32 23.115,113.31 23.115,113.31 23.11))";
    auto const report = office.boundaries(sample);
    BOOST_TEST(reports(report, ProblemCode::gap), report_text(report));
}

BOOST_AUTO_TEST_CASE(an_enclosed_village_may_come_later_but_a_small_hole_may_not) {
    // 石牌 is a ring of cells round 华师, which is imported afterwards.
    Office office{false};
    SampleFile ring{{"网格编码", "网格名称", "村居编码"},
                    {{{"440106001001001", "环", "440106001001"},
                      "POLYGON((113.30 23.10,113.33 23.10,113.33 23.13,113.30 23.13,113.30 23.10),(113.31 23.11,113.31 "
                      "23.12,113.32 23.12,113.32 23.11,113.31 23.11))"}}};
    Office::require_clean(office.boundaries(ring));
    SampleFile inner{{"网格编码", "网格名称", "村居编码"}, {{{"440106001002001", "心", "440106001002"}, cell(1, 1)}}};
    Office::require_clean(office.boundaries(inner));

    Office strict{false};
    ring.features[0].wkt = "POLYGON((113.30 23.10,113.33 23.10,113.33 23.13,113.30 23.13,113.30 23.10),(113.31 "
                           "23.11,113.31 23.1105,113.3105 23.1105,113.3105 23.11,113.31 23.11))";
    BOOST_TEST(reports(strict.boundaries(ring), ProblemCode::gap)); // 50 m by 55 m
}

BOOST_AUTO_TEST_CASE(gcj02_taken_for_cgcs2000_is_suspected_and_the_right_reading_is_named) {
    Office office;
    auto const as_gcj = [](double lon, double lat) {
        auto const p = crs::to_gcj02({lon, lat});
        return std::pair{p.lon, p.lat};
    };
    auto const sample = grids_of(kAll, as_gcj);
    auto const report = office.boundaries(sample);
    BOOST_REQUIRE(reports(report, ProblemCode::suspected_datum));
    BOOST_TEST(report.problems.size() == 1U); // and not a hundred others
    BOOST_TEST(contains(report.problems[0].message, "GCJ02"));
    BOOST_TEST(report.problems[0].measure > 400);
    BOOST_TEST(report.problems[0].measure < 700);
    office.options().read.crs = "GCJ02";
    Office::require_clean(office.boundaries(sample));
    office.options().read.crs.clear();

    // The other way round: CGCS2000 declared as GCJ-02, told by the grids that are there.
    office.options().read.crs = "GCJ02";
    auto const reverse = office.boundaries(grids_of({"440106001001"}));
    BOOST_REQUIRE(reports(reverse, ProblemCode::suspected_datum));
    BOOST_TEST(contains(reverse.problems[0].message, "EPSG:4490"));
}

BOOST_AUTO_TEST_CASE(swapped_axes_and_a_wrong_zone_are_suspected) {
    Office office;
    auto const swapped = office.boundaries(grids_of(kAll, [](double lon, double lat) { return std::pair{lat, lon}; }));
    BOOST_REQUIRE(reports(swapped, ProblemCode::suspected_datum));
    BOOST_TEST(contains(swapped.problems.back().message, "swapped"));
    auto zone = grids_of(kAll, [](double lon, double lat) {
        static auto const transformer = crs::Transformer::make("EPSG:4547");
        auto const c = transformer.from_registry(crs::Position{lon, lat});
        return std::pair{c->x, c->y};
    });
    zone.epsg = 4548;
    auto const wrong = office.boundaries(zone);
    BOOST_REQUIRE(reports(wrong, ProblemCode::suspected_datum));
    BOOST_TEST(contains(wrong.problems[0].message, "EPSG:4547"));
}

BOOST_AUTO_TEST_CASE(outlines_off_those_they_replace_are_suspected_with_the_offset_and_the_reading_that_fits) {
    for (int const count : {1, 2}) {
        Office office;
        auto const before = registry::Registry::open(office.data(), registry::Registry::Mode::read).outlines();
        auto const file = office.folder().file("new.geojson", outlines(as_gcj02, count));
        auto const report = office.import("divisions", file);
        BOOST_REQUIRE_MESSAGE(reports(report, ProblemCode::suspected_datum), report_text(report));
        auto const& problem = report.problems.at(0);
        BOOST_TEST(contains(problem.message, "pass --crs GCJ02"), problem.message);
        BOOST_TEST(contains(problem.message, "--accept-datum"), problem.message);
        BOOST_TEST(contains(problem.chinese, "请用 --crs GCJ02"), problem.chinese);
        // GCJ-02 lies here by 0.0054 degree to the east and 0.0026 to the south: 553 m and 288 m.
        BOOST_TEST(problem.measure > 590);
        BOOST_TEST(problem.measure < 650);
        BOOST_TEST(problem.unit == "m");
        BOOST_TEST(!report.applied);
        auto const after = registry::Registry::open(office.data(), registry::Registry::Mode::read).outlines();
        BOOST_TEST((after.at(0).shape == before.at(0).shape));
        office.options().read.crs = "GCJ02";
        Office::require_clean(office.import("divisions", file));
    }
}

BOOST_AUTO_TEST_CASE(an_outline_moved_as_a_whole_is_suspected_and_one_that_is_redrawn_is_not) {
    Office office;
    auto const moved = [](double lon, double lat) { return std::pair{lon + 0.0005, lat}; }; // 51 m at this latitude
    auto const file = office.folder().file("moved.geojson", outlines(moved, 1));
    auto const report = office.import("divisions", file);
    BOOST_REQUIRE_MESSAGE(reports(report, ProblemCode::suspected_datum), report_text(report));
    BOOST_TEST(std::fabs(report.problems.at(0).measure - 51.2) < 0.5);
    BOOST_TEST(contains(report.problems.at(0).message, "coordinate-systems.toml"));
    auto const redrawn = [](double lon, double lat) { return std::pair{lon > 113.37 ? lon + 0.0005 : lon, lat}; };
    Office::require_clean(office.import("divisions", office.folder().file("redrawn.geojson", outlines(redrawn))));

    office.options().accept_datum = true;
    auto const accepted = office.import("divisions", file);
    Office::require_clean(accepted);
    BOOST_REQUIRE(accepted.files.at(0).remarks.size() == 1U);
    BOOST_TEST(contains(accepted.files[0].remarks[0].english, "accepted as declared, although moved.geojson"));
    BOOST_TEST(contains(accepted.files[0].remarks[0].chinese, "按声明的坐标系接受，尽管moved.geojson"));
}

BOOST_AUTO_TEST_CASE(addresses_outside_the_division_that_they_name_are_suspected) {
    for (auto const says : {Says::village_code, Says::county, Says::town, Says::short_names}) {
        Office office;
        Office::require_clean(office.boundaries(grids_of(kAll)));
        BOOST_TEST_CONTEXT("says " << static_cast<int>(says)) {
            Office::require_clean(office.import("addresses", office.folder().file("right.csv", addresses(says, same))));
            auto const file = office.folder().file("gcj.csv", addresses(says, as_gcj02));
            auto const report = office.import("addresses", file);
            BOOST_REQUIRE_MESSAGE(reports(report, ProblemCode::suspected_datum), report_text(report));
            auto const& problem = report.problems.at(0);
            BOOST_TEST(!report.applied);
            BOOST_TEST(contains(problem.message, "of 200 positions that were tried"), problem.message);
            BOOST_TEST(contains(problem.message, "That moves 200 addresses by"), problem.message);
            BOOST_TEST(contains(problem.message, "pass --crs GCJ02"), problem.message);
            BOOST_TEST(problem.measure > 590);
            BOOST_TEST(problem.measure < 650);
            office.options().read.crs = "GCJ02";
            Office::require_clean(office.import("addresses", file));
            office.options().read.crs.clear();
            office.options().accept_datum = true;
            auto const accepted = office.import("addresses", file);
            Office::require_clean(accepted);
            BOOST_TEST(accepted.files.at(0).remarks.size() == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(some_addresses_beside_their_division_are_no_other_datum) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    int i = 0;
    auto const some_off = [&](double lon, double lat) { return std::pair{lon + (i++ % 10 == 0 ? 0.004 : 0.0), lat}; };
    Office::require_clean(
        office.import("addresses", office.folder().file("some.csv", addresses(Says::village_code, some_off))));
    // Nor do they hide one: three in ten lie amiss in every reading.
    auto const some_off_in_gcj = [&](double lon, double lat) {
        return as_gcj02(lon + (i++ % 10 < 3 ? 0.02 : 0.0), lat);
    };
    auto const report =
        office.import("addresses", office.folder().file("both.csv", addresses(Says::village_code, some_off_in_gcj)));
    BOOST_REQUIRE_MESSAGE(reports(report, ProblemCode::suspected_datum), report_text(report));
    BOOST_TEST(contains(report.problems.at(0).message, "pass --crs GCJ02"), report.problems[0].message);
    // A road that is called like a town elsewhere, in one text of twenty: nothing can be said.
    std::string few = "地址编码,标准地址,经度,纬度\n";
    for (int k = 0; k < 200; ++k) {
        few += "B" + std::to_string(k) + (k % 20 == 0 ? ",天河区五山街道路" : ",大路") + std::to_string(k) +
               "号,113.36,23.12\n";
    }
    Office::require_clean(office.import("addresses", office.folder().file("few.csv", few)));
    // Where nothing is known of the places that they name, nothing can be said.
    Office bare{false};
    Office::require_clean(
        bare.import("addresses", bare.folder().file("gcj.csv", addresses(Says::village_code, as_gcj02))));
}

BOOST_AUTO_TEST_CASE(a_division_is_named_by_the_deepest_of_those_that_lie_in_one_another) {
    auto const division = [](char const* code, char const* name, Level level, char const* parent) {
        registry::Division one;
        one.code = *DivisionCode::parse(code);
        one.name = name;
        one.level = level;
        one.parent = DivisionCode::parse(parent);
        return one;
    };
    NamedDivisions names{{division("440100000000", "广州市", Level::city, ""),
                          division("440106000000", "天河区", Level::county, "440100000000"),
                          division("440106001000", "石牌街道", Level::town, "440106000000"),
                          division("440500000000", "汕头市", Level::city, ""),
                          division("441500000000", "汕尾市", Level::city, ""),
                          division("440502000000", "城区", Level::county, "440500000000"),
                          division("441502000000", "城区", Level::county, "441500000000"),
                          division("441900000000", "东莞市", Level::city, ""),
                          division("441900003000", "东城街道", Level::town, "441900000000")}};
    auto const found = [&](char const* text) {
        auto const code = names.find(text);
        return code ? code->str() : std::string{};
    };
    BOOST_TEST(found("广东省广州市天河区石牌街道东城街道1号") == "440106001000");
    BOOST_TEST(found("广州市天河区中山大道") == "440106000000");
    BOOST_TEST(found("汕尾市城区大路1号") == "441502000000");
    BOOST_TEST(found("城区大路1号").empty());
    BOOST_TEST(found("东莞市东城街道东城中路") == "441900003000");
    BOOST_TEST(found("石牌街道1号") == "440106001000");
    BOOST_TEST(found("广州天河石牌1号") == "440106001000");
    BOOST_TEST(found("石牌1号").empty()); // may be a road's, or a hamlet's
    BOOST_TEST(found("广州石牌1号").empty());
    BOOST_TEST(found("天河路1号").empty());
    BOOST_TEST(found("广州市1号").empty());
    BOOST_TEST(found("东莞市1号") == "441900000000"); // which has no counties
    BOOST_TEST(found("\xff广州市天河区").empty());
    BOOST_TEST(found("").empty());
}

BOOST_AUTO_TEST_CASE(a_dry_run_finds_the_same_and_writes_nothing) {
    Office office;
    office.options().dry_run = true;
    auto const before = files_in(office.data().sources());
    auto const report = office.boundaries(grids_of(kAll));
    BOOST_TEST(report.change("added") == 32U);
    BOOST_TEST(!report.applied);
    BOOST_TEST(!report.has_errors());
    BOOST_TEST(office.state().grids.empty());
    BOOST_TEST(files_in(office.data().sources()) == before);
}

BOOST_AUTO_TEST_CASE(a_retired_code_is_never_issued_again) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    {
        auto registry = registry::Registry::open(office.data(), registry::Registry::Mode::write);
        SilentProgress progress;
        auto const grid = registry.grid(*GridCode::parse("440106001001001"), *Date::parse("2024-05-01"));
        registry::ChangeSet retire{
            "retire", "test", *Date::parse("2024-06-01"), {}, {{{registry::ChangeKind::retired}, *grid, 0, 0}}};
        (void)registry.apply(retire, progress);
    }
    office.options().effective = *Date::parse("2024-07-01");
    auto const report = office.boundaries(grids_of({"440106001001"}));
    BOOST_REQUIRE(reports(report, ProblemCode::reissued_code));
    BOOST_TEST(contains(report.problems.front().message, "2024-06-01"));
}

BOOST_AUTO_TEST_CASE(divisions_are_compared_and_wrong_parents_are_problems) {
    Office office;
    auto const again = office.import("divisions", office.folder().path("divisions.tsv"));
    BOOST_TEST(again.change("unchanged") == 9U);
    auto const report = office.import(
        "divisions", office.folder().file("more.csv", "区划代码,名称\n440112000000,黄埔区\n440112001000,"
                                                      "黄埔街道\n440112001001,沙涌社区\n440106001001,石牌村社区\n"));
    Office::require_clean(report); // levels and parents by their digits
    BOOST_TEST(report.change("added") == 3U);
    BOOST_TEST(report.change("renamed") == 1U);
    auto const registry = registry::Registry::open(office.data(), registry::Registry::Mode::read);
    auto const village = registry.division(*DivisionCode::parse("440112001001"), *Date::parse("2024-05-01"));
    BOOST_REQUIRE(village.has_value());
    BOOST_TEST((village->level == Level::village));
    BOOST_TEST(village->parent->str() == "440112001000");

    auto const bad = office.import(
        "divisions",
        office.folder().file(
            "bad.csv",
            "code,name,level,parent_code\n440113001001,a,village,440113001000\n44011300100,b,town,440100000000\n"
            "440113000000,c,county,440106001000\n440113000000,d,county,440100000000\n"));
    BOOST_TEST(!bad.applied);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::malformed_code) == 1U);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::duplicate_code) == 1U);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::malformed_value) == 2U);
}

BOOST_AUTO_TEST_CASE(officers_come_with_their_assignments_and_no_personal_data_in_problems) {
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto const header = std::string{"工号,姓名,手机号码,网格编码,角色,生效日期\r\n"};
    auto const good = office.import(
        "officers",
        office.folder().file("officers.csv",
                             to_gb18030(header + "G1,张三,10461803399,440106001001001,专职网格员,2024-01-01\r\n"
                                                 "G1,张三,10461803399,440106001001002,兼职,2024/2/1\r\n"
                                                 "G2,欧阳㙟,020-12345678,440111001001005,,\r\n")));
    Office::require_clean(good);
    BOOST_TEST(good.change("officers") == 2U);
    BOOST_TEST(good.change("assignments") == 3U);
    auto const registry = registry::Registry::open(office.data(), registry::Registry::Mode::read);
    auto const duties = registry.duty_entries(*Date::parse("2024-05-01"));
    BOOST_REQUIRE(duties.size() == 3U);
    BOOST_TEST((duties[1].role == registry::Role::part_time));
    BOOST_TEST(duties[1].valid.from.str() == "2024-02-01");
    BOOST_TEST(registry.officer("G2")->name == "欧阳㙟");

    auto const bad = office.import(
        "officers",
        office.folder().file("bad.csv", header + "G3,李秘密,1390000,440106001001001,专职,2024-01-01\r\n"
                                                 "G4,王秘密,13900000001,440106001001999,专职,2024-01-01\r\n"
                                                 "G5,赵秘密,13900000002,440106001001001,司机,5月1日\r\n"
                                                 "G6,,13900000003,440106001001001,专职,2024-01-01\r\n"
                                                 "G7,钱秘密,13900000004,440106001001001,专职,2024-01-01\r\n"
                                                 "G7,孙秘密,13900000004,440106001001002,专职,2024-01-01\r\n"
                                                 "G8,周秘密,13900000005,440106001001001,专职,2024-01-01\r\n"
                                                 "G8,周秘密,13900000005,440106001001001,专职,2024-03-01\r\n"));
    BOOST_TEST(!bad.applied);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::unknown_grid) == 1U);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::missing_attribute) == 1U);
    BOOST_TEST(bad.problem_counts.at(ProblemCode::malformed_value) == 5U);
    for (auto const& text : {report_text(bad), report_json(bad)}) {
        BOOST_TEST(!contains(text, "秘密"));
        BOOST_TEST(!contains(text, "1390000"));
        BOOST_TEST(contains(text, "bad.csv row 3"));
    }
    BOOST_TEST(!registry.officer("G7").has_value());

    // A telephone number in the wrong column.
    auto const shifted = office.import(
        "officers", office.folder().file(
                        "shifted.csv", header + "G8,李四,10461803398,440106001001001,李四10461803398,2024-01-01\r\n"));
    BOOST_TEST(shifted.has_errors());
    BOOST_TEST(!contains(report_json(shifted), "10461803398"));
    BOOST_TEST(!contains(report_json(shifted), "李四"));

    for (auto const& entry : std::filesystem::directory_iterator{office.data().sources()}) {
        auto const others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
        BOOST_TEST(((entry.status().permissions() & others) == std::filesystem::perms::none), entry.path());
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_officers_is_kept_sealed_and_opens_to_the_bytes_that_came) {
    namespace fs = std::filesystem;
    Office office;
    Office::require_clean(office.boundaries(grids_of(kAll)));
    auto const plain = to_gb18030("工号,姓名,手机号码,网格编码\r\nG1,欧阳㙟,10461803399,440106001001001\r\n");
    auto const file = office.folder().file("officers.csv", plain);
    fs::remove_all(office.data().sources());
    for (int i = 0; i < 2; ++i) { // the second time it is there already
        Office::require_clean(office.import("officers", file));
        BOOST_TEST(files_in(office.data().sources()) == 1U);
    }
    BOOST_TEST((fs::status(office.data().sources()).permissions() == fs::perms::owner_all));
    auto const kept = office.data().sources() / (sha256(plain).hex() + ".sealed");
    BOOST_REQUIRE(fs::exists(kept));
    BOOST_TEST((fs::status(kept).permissions() == (fs::perms::owner_read | fs::perms::owner_write)));
    auto const sealed = read_file(kept);
    BOOST_TEST(!contains(sealed, "10461803399"));
    BOOST_TEST(!contains(sealed, to_gb18030("欧阳㙟")));
    auto const registry = registry::Registry::open(office.data(), registry::Registry::Mode::read);
    BOOST_TEST((registry.unseal(std::as_bytes(std::span{sealed})) == plain));
}

BOOST_AUTO_TEST_CASE(addresses_stream_in_and_wrong_rows_are_listed) {
    Office office;
    auto const header = std::string{"地址编码,标准地址,村居编码,道路,门牌号,小区,楼栋,单元,房号,经度,纬度\n"};
    auto const good = office.import(
        "addresses",
        office.folder().file("a.csv", "\xEF\xBB\xBF" + header +
                                          "D1,五山路1号,440106001001,五山路,1号,,,,,113.305,23.105\n"
                                          "D2,五山路2号101,440106001001,五山路,2号,,,,101,113.3051234567,23.105\n"));
    Office::require_clean(good);
    BOOST_TEST(good.change("addresses") == 2U);
    auto const bad =
        office.import("addresses", office.folder().file("b.csv", header + "D1,x,440106001001,,,,,,,113.3,23.1\n"
                                                                          "D1,x,440106001001,,,,,,,113.3,23.1\n"
                                                                          "D2,x,440106001077,,,,,,,113.3,23.1\n"
                                                                          "D3,,440106001001,,,,,,,113.3,23.1\n"
                                                                          "D4,x,440106001001,,,,,,,east,23.1\n"
                                                                          "D5,x,440106001001,,,,,,,23.1,113.3\n"
                                                                          "D6,x\n"));
    BOOST_TEST(!bad.applied);
    for (auto const code : {ProblemCode::duplicate_code, ProblemCode::unknown_village, ProblemCode::missing_attribute,
                            ProblemCode::outside_lattice}) {
        BOOST_TEST(bad.problem_counts.at(code) == 1U, report_text(bad));
    }
    BOOST_TEST(bad.problem_counts.at(ProblemCode::malformed_value) == 2U);
    BOOST_TEST(registry::Registry::open(office.data(), registry::Registry::Mode::read)
                   .counts(*Date::parse("2024-05-01"))
                   .address_points == 2U);
}

BOOST_AUTO_TEST_CASE(what_stops_a_whole_import_is_an_error_with_advice) {
    Office office;
    auto const message = [&](std::string const& what, std::vector<std::filesystem::path> const& files) -> std::string {
        try {
            (void)office.import(what, files);
        } catch (Error const& error) {
            return error.what();
        }
        return {};
    };
    BOOST_TEST(contains(message("boundaries", {}), "name at least one file"));
    auto const csv = office.folder().file("wrong.csv", "甲,乙\n1,2\n");
    BOOST_TEST(contains(message("officers", {csv}), "甲, 乙"));
    BOOST_TEST(contains(message("boundaries", {csv}), "accepted are Shapefile"));
    BOOST_TEST(contains(message("officers", {csv, csv}), "named twice"));
    BOOST_TEST(contains(message("divisions", {office.folder().file("x.pdf", "x")}), "accepted are"));

    ScratchFolder const empty;
    registry::Registry::init({empty.path("data")});
    test::write_sample(empty.path("g.gpkg"), grids_of(kAll));
    SilentProgress progress;
    std::vector<std::filesystem::path> const files{empty.path("g.gpkg")};
    BOOST_CHECK_EXCEPTION((void)import_boundaries({empty.path("data")}, files, office.options(), progress), Error,
                          [](Error const& e) { return contains(e.what(), "import divisions"); });
}

BOOST_AUTO_TEST_CASE(a_report_is_written_as_json_and_as_map_layers) {
    Office office;
    auto sample = grids_of(kAll);
    sample.features[0].fields[0] = "x";
    sample.features[5].wkt =
        "POLYGON((113.35 23.10,113.37 23.10,113.37 23.11,113.35 23.11,113.35 23.10))"; // over its neighbour
    auto const report = office.boundaries(sample);
    BOOST_TEST(report.has_errors());
    write_report(report, office.folder().path("r.json"));
    auto const json = nlohmann::json::parse(read_file(office.folder().path("r.json")));
    BOOST_TEST(json.at("what") == "boundaries");
    BOOST_TEST(json.at("applied") == false);
    BOOST_TEST(json.at("problem_counts").at("malformed_code") == 1);
    BOOST_TEST(json.at("problems").size() == report.problems.size());

    for (int round = 0; round < 2; ++round) { // a second one replaces the first
        write_report(report, office.folder().path("r.gpkg"));
    }
    auto* const dataset = GDALDataset::Open(office.folder().path("r.gpkg").c_str(), GDAL_OF_VECTOR);
    BOOST_REQUIRE(dataset != nullptr);
    GIntBig features = 0;
    for (auto* const layer : dataset->GetLayers()) {
        if (std::string{layer->GetName()} == "layer_styles") {
            BOOST_TEST(layer->GetFeatureCount() == 3);
            continue;
        }
        features += layer->GetFeatureCount();
        if (layer->GetGeomType() != wkbNone) {
            BOOST_TEST(std::string{layer->GetSpatialRef()->GetAuthorityCode(nullptr)} == "4490");
        }
    }
    BOOST_TEST(static_cast<std::size_t>(features) == report.problems.size());
    auto* const areas = dataset->GetLayerByName("problem_areas");
    BOOST_REQUIRE(areas->GetFeatureCount() > 0);
    OGREnvelope box;
    areas->GetExtent(&box);
    BOOST_TEST(box.MinX > 113.2);
    BOOST_TEST(box.MaxY < 23.2);
    GDALClose(GDALDataset::ToHandle(dataset));
    BOOST_CHECK_THROW(write_report(report, office.folder().path("no/such/r.gpkg")), Error);
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_written_is_refused_beforehand) {
    ScratchFolder const folder;
    check_report_path(folder.path("r.json"));
    check_report_path(folder.path("r.gpkg"));
    check_report_path(folder.path("r.HTML"));
    check_report_path(folder.path("r.txt"));
    auto const is = [](ErrorCode code) { return [code](Error const& error) { return error.code() == code; }; };
    BOOST_CHECK_EXCEPTION(check_report_path(folder.path("no/such/r.json")), Error, is(ErrorCode::environment));
    BOOST_CHECK_EXCEPTION(check_report_path(folder.path("r.pdf")), Error, is(ErrorCode::usage));
}

BOOST_AUTO_TEST_SUITE_END()
