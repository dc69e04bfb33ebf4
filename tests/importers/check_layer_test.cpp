#include "files.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/check_layer.hpp>
#include <wangge/importers/report_writer.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::importers;
using test::SampleFile;
using test::ScratchFolder;

namespace {

using Corner = std::pair<double, double>;
using Counts = std::map<ProblemCode, std::uint64_t>;

/// Corners in units of 0.01 degree east and north of 113.30, 23.10, closed here.
std::string ring(std::vector<Corner> corners) {
    corners.push_back(corners.front());
    std::string text;
    for (auto const& [x, y] : corners) {
        char pair[64];
        std::snprintf(pair, sizeof pair, "%s%.7f %.7f", text.empty() ? "(" : ",", 113.30 + 0.01 * x, 23.10 + 0.01 * y);
        text += pair;
    }
    return text + ")";
}
std::string polygon(std::vector<Corner> const& corners) { return "POLYGON(" + ring(corners) + ")"; }
std::string box(double west, double south, double east, double north) {
    return polygon({{west, south}, {east, south}, {east, north}, {west, north}});
}

// By hand from the radii of curvature at 23.105 degrees north on the CGCS2000 ellipsoid (M = 6,345,248 m, N = 6,381,427
// m): 0.01 degree is 1,107.45 m along the meridian and 1,024.43 m along the parallel.
constexpr double kSideLat = 1107.45;
constexpr double kSideLon = 1024.43;
constexpr double kCellM2 = kSideLat * kSideLon;

struct Layer {
    ScratchFolder folder;
    CheckOptions options;

    CheckReport check(std::vector<test::SampleFeature> features, char const* name = "layer.gpkg",
                      std::vector<std::string> columns = {"code"}, std::optional<int> epsg = 4490) {
        test::write_sample(folder.path(name), {std::move(columns), std::move(features), epsg, "layer"});
        SilentProgress progress;
        return check_layer(folder.path(name), options, progress);
    }
    /// With codes A, B, C, ...
    CheckReport check_shapes(std::vector<std::string> const& shapes) {
        std::vector<test::SampleFeature> features;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            features.push_back({{std::string(1, static_cast<char>('A' + i))}, shapes[i]});
        }
        return check(std::move(features));
    }
    void parent(std::vector<std::string> const& shapes) {
        SampleFile sample{{"name"}, {}, 4490, "outlines"};
        for (auto const& shape : shapes) {
            sample.features.push_back({{"outline " + std::to_string(sample.features.size() + 1)}, shape});
        }
        test::write_sample(folder.path("parent.gpkg"), sample);
        options.parent = folder.path("parent.gpkg");
    }
};

void expect(CheckReport const& report, Counts const& counts) {
    BOOST_TEST((report.problem_counts == counts), report_text(report));
}

Problem const& only(CheckReport const& report, ProblemCode code) {
    Problem const* found = nullptr;
    for (auto const& problem : report.problems) {
        if (problem.code == code) {
            BOOST_REQUIRE_MESSAGE(found == nullptr, report_text(report));
            found = &problem;
        }
    }
    BOOST_REQUIRE_MESSAGE(found != nullptr, report_text(report));
    return *found;
}

void expect_measure(Problem const& problem, double measure, std::string const& unit) {
    BOOST_TEST(problem.unit == unit);
    BOOST_TEST(std::fabs(problem.measure - measure) < 1e-4 * measure, problem.message << " expected " << measure);
}

void throws(ErrorCode code, std::string const& word, std::function<void()> const& call) {
    BOOST_CHECK_EXCEPTION(call(), Error, [&](Error const& error) {
        return error.code() == code && std::string{error.what()}.find(word) != std::string::npos;
    });
}

} // namespace

BOOST_AUTO_TEST_SUITE(check_layer_of_any_origin)

BOOST_AUTO_TEST_CASE(a_sound_layer_has_no_problem_and_its_features_and_vertices_are_counted) {
    Layer layer;
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(1, 0, 2, 1)});
    expect(report, {});
    BOOST_TEST(report.features == 2U);
    BOOST_TEST(report.vertices == 10U); // as in the file, rings closed
    BOOST_TEST(report.code_field == "code");
    BOOST_TEST(report.file.crs == "EPSG:4490");
    BOOST_TEST(!report.has_errors());
    BOOST_TEST(report.snapped.max_m < 1e-6);
}

BOOST_AUTO_TEST_CASE(an_overlap_of_two_has_its_area_and_both_codes) {
    Layer layer;
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(0.9, 0, 1.9, 1)});
    expect(report, {{ProblemCode::overlap, 1}});
    expect_measure(only(report, ProblemCode::overlap), kCellM2 / 10, "m2");
    BOOST_TEST((report.problems[0].subjects == std::vector<std::string>{"A", "B"}));
}

BOOST_AUTO_TEST_CASE(a_hole_in_the_middle_of_nine_cells_is_a_gap) {
    Layer layer;
    std::vector<std::string> shapes;
    for (int i = 0; i < 9; ++i) {
        if (i != 4) {
            shapes.push_back(box(i % 3, i / 3, i % 3 + 1, i / 3 + 1));
        }
    }
    auto const report = layer.check_shapes(shapes);
    expect(report, {{ProblemCode::gap, 1}});
    expect_measure(only(report, ProblemCode::gap),
                   kCellM2 * std::cos(23.115 * M_PI / 180) / std::cos(23.105 * M_PI / 180),
                   "m2"); // one row further north
}

BOOST_AUTO_TEST_CASE(a_vertex_that_the_neighbour_lacks_is_an_unmatched_edge) {
    Layer layer;
    auto const report = layer.check_shapes(
        {polygon({{0, 0}, {1, 0}, {1, 0.5}, {1, 1}, {0, 1}}), polygon({{1, 0}, {2, 0}, {2, 1}, {1, 1}})});
    expect(report, {{ProblemCode::edge_not_matched, 1}});
    expect_measure(only(report, ProblemCode::edge_not_matched), kSideLat, "m");
}

BOOST_AUTO_TEST_CASE(two_features_of_one_geometry_are_duplicates_and_no_overlap) {
    Layer layer;
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(0, 0, 1, 1)});
    expect(report, {{ProblemCode::duplicate_geometry, 1}});
    expect_measure(only(report, ProblemCode::duplicate_geometry), kCellM2, "m2");
}

BOOST_AUTO_TEST_CASE(a_narrow_overlap_is_an_overlap_and_a_sliver) {
    Layer layer; // 0.5e-7 * 100 degree = 5 cm wide, 57 m2
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(0.99995, 0, 2, 1)});
    expect(report, {{ProblemCode::overlap, 1}, {ProblemCode::sliver, 1}});
    expect_measure(only(report, ProblemCode::sliver), kCellM2 * 5e-5, "m2");
    BOOST_TEST(only(report, ProblemCode::sliver).fact("of") == "overlap");
}

BOOST_AUTO_TEST_CASE(within_the_tolerance_a_boundary_drawn_twice_is_one_that_is_not_matched) {
    Layer layer; // 5 cm apart
    layer.options.tolerance_m = 0.06;
    auto const within = layer.check_shapes({box(0, 0, 1, 1), box(0.99995, 0, 2, 1)});
    expect(within, {{ProblemCode::edge_not_matched, 1}});
    BOOST_TEST(sentence(within.problems[0], Language::chinese).find("相距 0.051 米") != std::string::npos,
               sentence(within.problems[0], Language::chinese));
    layer.options.tolerance_m = 0.04;
    expect(layer.check_shapes({box(0, 0, 1, 1), box(0.99995, 0, 2, 1)}),
           {{ProblemCode::overlap, 1}, {ProblemCode::sliver, 1}});
}

BOOST_AUTO_TEST_CASE(faults_of_single_features_are_found_one_each) {
    struct Case {
        std::string shape;
        ProblemCode code;
    };
    for (auto const& [shape, code] : std::vector<Case>{
             {polygon({{0, 0}, {2, 1}, {2, 0}, {0, 2}}), ProblemCode::self_crossing},
             {polygon({{0, 0}, {1, 1}, {1, 0}, {0, 1}}), ProblemCode::self_crossing}, // its loops cancel out
             {polygon({{0, 0}, {2, 1}, {4, 0}, {4, 2}, {2, 1}, {0, 2}}), ProblemCode::repeated_ring_point},
             {"POLYGON(" + ring({{0, 0}, {1, 0}, {1, 1}, {0, 1}}) + "," + ring({{2, 0}, {2, 1}, {3, 1}, {3, 0}}) + ")",
              ProblemCode::wrong_nesting},
             {polygon({{0, 0}, {1, 0}, {2, 0}}), ProblemCode::collapsed_ring},
             {"POLYGON((200 23,201 23,201 24,200 23))", ProblemCode::outside_lattice},
             {"", ProblemCode::empty_geometry},
             {"POINT(113.3 23.1)", ProblemCode::unsupported_geometry},
             {"LINESTRING(113.3 23.1,113.4 23.1)", ProblemCode::unsupported_geometry}}) {
        Layer layer;
        auto const report = layer.check_shapes({shape, box(10, 10, 11, 11)});
        expect(report, {{code, 1}});
        BOOST_TEST((report.problems.at(0).subjects == std::vector<std::string>{"A"}), report.problems.at(0).message);
    }
}

BOOST_AUTO_TEST_CASE(a_code_that_repeats_is_one_problem_that_names_the_rows) {
    Layer layer;
    auto const report = layer.check(
        {{{"X"}, box(0, 0, 1, 1)}, {{"X"}, box(3, 0, 4, 1)}, {{"X"}, box(6, 0, 7, 1)}, {{"Y"}, box(9, 0, 9.5, 1)}},
        "layer.gpkg", {"名字"});
    expect(report, {}); // 名字 is no code by its name
    layer.options.code_field = "名字";
    auto const named = layer.check(
        {{{"X"}, box(0, 0, 1, 1)}, {{"X"}, box(3, 0, 4, 1)}, {{"X"}, box(6, 0, 7, 1)}, {{"Y"}, box(9, 0, 9.5, 1)}},
        "named.gpkg", {"名字"});
    expect(named, {{ProblemCode::duplicate_code, 1}});
    BOOST_TEST((named.problems[0].subjects == std::vector<std::string>{"X (row 1)", "X (row 2)", "X (row 3)"}));
    BOOST_TEST(named.problems[0].message.find("rows 1, 2, 3") != std::string::npos, named.problems[0].message);
}

BOOST_AUTO_TEST_CASE(an_empty_code_is_missing_and_the_row_names_the_feature) {
    Layer layer;
    layer.options.code_field = "code";
    auto const report = layer.check({{{" "}, box(0, 0, 1, 1)}, {{"B"}, box(0.5, 0, 1.5, 1)}});
    expect(report, {{ProblemCode::missing_attribute, 1}, {ProblemCode::overlap, 1}});
    BOOST_TEST((report.problems[1].subjects == std::vector<std::string>{"B", "row 1"}));
}

BOOST_AUTO_TEST_CASE(a_guessed_column_that_mostly_repeats_does_not_name_the_features) {
    Layer layer;
    auto const report =
        layer.check({{{"440106"}, box(0, 0, 1, 1)}, {{"440106"}, box(0.5, 0, 1.5, 1)}, {{"440111"}, box(3, 0, 4, 1)}});
    expect(report, {{ProblemCode::overlap, 1}});
    BOOST_TEST(report.code_field.empty());
    BOOST_REQUIRE_EQUAL(report.file.remarks.size(), 1U);
    BOOST_TEST((report.problems[0].subjects == std::vector<std::string>{"row 1", "row 2"}));
}

BOOST_AUTO_TEST_CASE(text_that_is_not_in_the_encoding_is_found_and_the_shape_still_counts) {
    Layer layer;
    layer.options.read.encoding = "UTF-8";
    auto const report =
        layer.check({{{"A", test::to_gb18030("天河")}, box(0, 0, 1, 1)}, {{"B", "x"}, box(0.5, 0, 1.5, 1)}},
                    "layer.shp", {"code", "name"});
    expect(report, {{ProblemCode::unreadable_text, 1}, {ProblemCode::overlap, 1}});
}

BOOST_AUTO_TEST_CASE(a_parent_that_is_left_open_or_left_behind_is_reported_in_its_words) {
    Layer layer;
    layer.parent({box(0, 0, 2, 1)});
    auto const open = layer.check_shapes({box(0, 0, 1, 1)});
    expect(open, {{ProblemCode::county_not_filled, 1}});
    expect_measure(only(open, ProblemCode::county_not_filled), kCellM2, "m2");
    BOOST_TEST((open.problems[0].subjects == std::vector<std::string>{"outline 1"}));
    BOOST_TEST(open.problems[0].message.find("parent.gpkg") != std::string::npos, open.problems[0].message);
    BOOST_TEST(open.problems[0].message.find("county") == std::string::npos, open.problems[0].message);

    auto const beyond = layer.check_shapes({box(0, 0, 1, 1), box(1, 0, 2.5, 1)});
    expect(beyond, {{ProblemCode::outside_county, 1}});
    expect_measure(only(beyond, ProblemCode::outside_county), kCellM2 / 2, "m2");
    BOOST_TEST(beyond.problems[0].message.find("county") == std::string::npos, beyond.problems[0].message);

    expect(layer.check_shapes({box(0, 0, 2, 1)}), {});
}

BOOST_AUTO_TEST_CASE(a_parent_with_faults_of_its_own_is_refused) {
    Layer layer;
    layer.parent({box(0, 0, 2, 1), box(1, 0, 3, 1)});
    throws(ErrorCode::data_rejected, "wangge check", [&] { (void)layer.check_shapes({box(0, 0, 1, 1)}); });
    layer.parent({});
    throws(ErrorCode::data_rejected, "no feature", [&] { (void)layer.check_shapes({box(0, 0, 1, 1)}); });
}

BOOST_AUTO_TEST_CASE(a_layer_in_another_datum_than_its_parent_is_suspected) {
    Layer layer;
    layer.parent({box(0, 0, 4, 1)});
    layer.options.read.crs = "GCJ02"; // which it is not
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 0, 3, 1), box(3, 0, 4, 1)});
    expect(report, {{ProblemCode::suspected_datum, 1}});
    auto const& problem = only(report, ProblemCode::suspected_datum);
    BOOST_TEST(problem.measure > 400);
    BOOST_TEST(problem.measure < 700);
}

BOOST_AUTO_TEST_CASE(a_file_without_features_is_a_result_and_no_error) {
    Layer layer;
    auto const report = layer.check({});
    expect(report, {});
    BOOST_TEST(report.features == 0U);
    BOOST_TEST(report_text(report).find("no features") != std::string::npos);
    BOOST_TEST(report_text(report, Language::chinese).find("没有要素") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(projected_metres_are_judged_on_the_lattice_after_transformation) {
    Layer layer; // 3-degree zone of 114 east: a strip of 1 m by 300 m with its neighbour drawn to the millimetre
    auto const report = layer.check(
        {{{"A"}, "POLYGON((430000 2560000,430300.001 2560000,430300.001 2560300,430000 2560300,430000 2560000))"},
         {{"B"}, "POLYGON((430300.003 2560000,430600 2560000,430600 2560300,430300.003 2560300,430300.003 2560000))"}},
        "layer.gpkg", {"code"}, 4547);
    BOOST_TEST(report.file.crs == "EPSG:4547");
    BOOST_TEST(report.snapped.max_m > 1e-4);
    BOOST_TEST(report.snapped.max_m < 0.008); // half the diagonal of a lattice cell
    expect(report, {}); // 2 mm apart at the border is less than the lattice tells apart here, and they enclose nothing
}

BOOST_AUTO_TEST_CASE(what_cannot_be_asked_is_refused_with_what_there_is) {
    Layer layer;
    layer.options.code_field = "nummer";
    throws(ErrorCode::usage, "it has: code", [&] { (void)layer.check_shapes({box(0, 0, 1, 1)}); });
    layer.options.code_field.clear();
    throws(ErrorCode::data_rejected, "--crs", [&] {
        (void)layer.check({{{"A"}, box(0, 0, 1, 1)}}, "bare.shp", {"code"}, std::nullopt);
    });
    for (double const tolerance : {-1.0, 1e9, std::nan("")}) {
        layer.options.tolerance_m = tolerance;
        throws(ErrorCode::usage, "--tolerance", [&] { (void)layer.check_shapes({box(0, 0, 1, 1)}); });
    }
}

BOOST_AUTO_TEST_CASE(a_report_lists_so_many_of_each_code_and_counts_the_rest) {
    Layer layer;
    std::vector<test::SampleFeature> features;
    for (int i = 0; i < 30; ++i) {
        features.push_back({{"P" + std::to_string(i)}, {}});
    }
    auto const report = layer.check(features);
    auto const json = nlohmann::json::parse(report_json(report, Language::english, 12, false));
    BOOST_TEST(json["problems"]["empty_geometry"] == 30);
    BOOST_TEST(json["findings"].size() == 12U);
    BOOST_TEST(json["findings_left_out"] == 18);
    BOOST_TEST(json["errors"] == 30);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(report_map)

BOOST_AUTO_TEST_CASE(borders_close_and_lines_lie_between_features) {
    Layer layer;
    layer.options.draw = true;
    auto const report = layer.check_shapes({box(0, 0, 1, 1), box(1, 0, 2, 1), box(1.5, 0, 1.7, 0.3)});
    BOOST_REQUIRE(!report.map.borders.empty());
    for (auto const& chain : report.map.borders) {
        BOOST_TEST((chain.front() == chain.back()));
    }
    BOOST_TEST(!report.map.lines.empty());
    BOOST_REQUIRE_EQUAL(report.map.details.size(), 1U);
    auto const& detail = report.map.details[0];
    BOOST_TEST(detail.subjects.size() == 2U);
    auto const at = detail.frame.at(report.problems.at(detail.problem).place->at);
    BOOST_TEST(at.x > 0);
    BOOST_TEST(at.x < detail.frame.width);
    BOOST_TEST(at.y > 0);
    BOOST_TEST(at.y < detail.frame.height);
}

BOOST_AUTO_TEST_CASE(a_feature_at_the_other_end_of_the_world_does_not_shrink_the_map) {
    Layer layer;
    layer.options.draw = true;
    std::vector<test::SampleFeature> features;
    for (int i = 0; i < 25; ++i) {
        features.push_back({{"P" + std::to_string(i)}, box(i % 5, i / 5, i % 5 + 1, i / 5 + 1)});
    }
    features.push_back({{"swapped"}, "POLYGON((23.1 65,23.2 65,23.2 66,23.1 65))"});
    auto const map = layer.check(features).map;
    BOOST_TEST(map.left_out == 1U);
    auto const low = map.overview.at({1'133'000'000, 231'000'000});
    auto const high = map.overview.at({1'133'500'000, 231'500'000});
    BOOST_TEST(low.y - high.y > 200);
    BOOST_TEST(map.overview.shows({1'133'500'000, 231'500'000}));
}

BOOST_AUTO_TEST_CASE(a_frame_is_true_to_scale_in_both_directions) {
    geom::Envelope const box{{1'133'000'000, 231'000'000}, {1'133'100'000, 231'100'000}};
    auto const frame = PictureFrame::around(box, 400, 300, 0.1, 1);
    auto const low = frame.at(box.min);
    auto const high = frame.at(box.max);
    double const scale_x = kSideLon / (high.x - low.x);
    double const scale_y = kSideLat / (low.y - high.y);
    BOOST_TEST(std::fabs(scale_x / scale_y - 1) < 1e-3);
    BOOST_TEST(std::fabs(frame.metres_per_pixel() / scale_y - 1) < 1e-3);
    BOOST_TEST(low.y - high.y < 300 * 0.8 + 1e-6);
    BOOST_TEST(low.y - high.y > 300 * 0.8 - 1e-6); // the height is what limits it
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(problem_text)

BOOST_AUTO_TEST_CASE(every_code_has_a_chinese_sentence_words_and_a_colour) {
    for (auto const& kind : problem_kinds()) {
        Problem problem{kind.code, {"甲01"}, "english", ProblemPlace{{1'133'000'000, 231'000'000}, {}, {}},
                        12.345,    "m2"};
        auto const bare = sentence(problem, Language::chinese);
        problem.facts = {{"field", "f"},  {"value", "v"},   {"rows", "1, 2"},
                         {"places", "3"}, {"others", "60"}, {"of", "gap"}};
        auto const full = sentence(problem, Language::chinese);
        for (auto const& text : {bare, full}) {
            BOOST_TEST(text.find_first_of("{}[]") == std::string::npos, text);
            BOOST_TEST(text.find("；") != std::string::npos, text);
            BOOST_TEST(text.find("english") == std::string::npos, text);
        }
        BOOST_TEST(bare.find("甲01") != std::string::npos, bare);
        BOOST_TEST(sentence(problem, Language::english) == "english");
        for (auto const language : {Language::english, Language::chinese}) {
            BOOST_TEST(!guide_of(kind.code, language).meaning.empty());
            BOOST_TEST(!guide_of(kind.code, language).remedy.empty());
        }
        BOOST_TEST(colour_of(kind.code).size() == 7U);
    }
}

BOOST_AUTO_TEST_CASE(a_sentence_holds_what_is_known_and_leaves_out_what_is_not) {
    Problem problem{
        ProblemCode::overlap, {"甲", "乙"}, {}, ProblemPlace{{1'133'000'000, 231'000'000}, {}, {}}, 1234.4, "m2"};
    BOOST_TEST(sentence(problem, Language::chinese) ==
               "甲、乙 重叠 1,234 平方米（113.3000000, 23.1000000）；请把该区域划归其中一个。");
    problem.place.reset();
    problem.facts = {{"others", "60"}};
    BOOST_TEST(sentence(problem, Language::chinese) ==
               "甲、乙 与另外 60 个要素重叠 1,234 平方米；请把该区域划归其中一个。");
    Problem const outside{ProblemCode::outside_county, {"row 7"}, {}, {}, 0.25, "m2", {{"parent", "轮廓.shp"}}};
    BOOST_TEST(sentence(outside, Language::chinese).starts_with("第 7 行 有 0.25 平方米超出 轮廓.shp 的轮廓"),
               sentence(outside, Language::chinese));
}

BOOST_AUTO_TEST_CASE(only_our_own_words_in_names_are_translated) {
    BOOST_TEST(subject_text("row 17", Language::chinese) == "第 17 行");
    BOOST_TEST(subject_text("X1 (row 17)", Language::chinese) == "X1 (第 17 行)");
    BOOST_TEST(subject_text("a.shp row 17", Language::chinese) == "a.shp 第 17 行");
    BOOST_TEST(subject_text("row 17b", Language::chinese) == "row 17b");
    BOOST_TEST(subject_text("tomorrow", Language::chinese) == "tomorrow");
    BOOST_TEST(subject_text("row ", Language::chinese) == "row ");
    BOOST_TEST(subject_text("row 17", Language::english) == "row 17");
}

BOOST_AUTO_TEST_CASE(measures_are_rounded_to_what_a_person_reads) {
    auto const text = [](double measure, char const* unit, Language language) {
        return measure_text({ProblemCode::gap, {}, {}, {}, measure, unit}, language);
    };
    BOOST_TEST(text(0.00314, "m2", Language::english) == "0.0031 m²");
    BOOST_TEST(text(12.345, "m", Language::english) == "12.3 m");
    BOOST_TEST(text(123456.7, "m2", Language::english) == "123,457 m²");
    BOOST_TEST(text(2'500'000, "m2", Language::chinese) == "2.5 平方公里");
    BOOST_TEST(text(5, "", Language::english).empty());
    BOOST_TEST(grouped(0) == "0");
    BOOST_TEST(grouped(999) == "999");
    BOOST_TEST(grouped(1'234'567) == "1,234,567");
}

BOOST_AUTO_TEST_SUITE_END()
