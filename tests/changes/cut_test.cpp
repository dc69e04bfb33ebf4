#include "board.hpp"

#include <wangge/base/error.hpp>
#include <wangge/changes/preview.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <boost/test/unit_test.hpp>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <cmath>
#include <map>

using namespace wangge;
using namespace wangge::test;
using changes::cut_along;

BOOST_AUTO_TEST_SUITE(cutting)

BOOST_AUTO_TEST_CASE(a_line_from_vertex_to_vertex_makes_two_parts_that_share_it_and_every_old_vertex) {
    auto const whole = area_of(box(0, 0, 4, 4));
    geom::Point const bend{corner(2, 1).lon + 137, corner(2, 1).lat + 251};
    auto const parts = cut_along(whole, {corner(2, 0), bend, corner(2, 4)});
    BOOST_REQUIRE_EQUAL(parts.size(), 2U);
    BOOST_TEST(std::abs(geom::area_m2(parts[0]) + geom::area_m2(parts[1]) - geom::area_m2(whole)) < 1e-3);
    std::map<geom::Point, int> corners;
    for (auto const& part : parts) {
        BOOST_REQUIRE_EQUAL(part.parts.size(), 1U);
        for (auto const p : part.parts[0].outer) {
            ++corners[p];
        }
    }
    BOOST_TEST(corners.size() == 17U); // 16 of the outline, and the bend
    BOOST_TEST(corners.at(bend) == 2);
    BOOST_TEST(corners.at(corner(2, 0)) == 2);
    BOOST_TEST(corners.at(corner(0, 0)) == 1);
    for (auto const& cell : box(0, 0, 4, 4)) {
        int const owners = (geom::owns(parts[0], centre(cell)) ? 1 : 0) + (geom::owns(parts[1], centre(cell)) ? 1 : 0);
        BOOST_TEST(owners == 1);
    }
}

BOOST_AUTO_TEST_CASE(ends_move_to_the_nearest_vertex_but_not_far) {
    auto const whole = area_of(box(0, 0, 4, 4));
    auto const near = [](geom::Point p) { return geom::Point{p.lon + 90, p.lat - 90}; }; // 1 m each way
    BOOST_TEST(
        (cut_along(whole, {near(corner(0, 2)), near(corner(4, 2))}) == cut_along(whole, {corner(0, 2), corner(4, 2)})));
    auto const far = geom::Point{corner(2, 2).lon, corner(2, 2).lat - 50'000};
    BOOST_CHECK_EXCEPTION(cut_along(whole, {far, corner(4, 2)}), Error, [](Error const& error) {
        return error.code() == ErrorCode::data_rejected &&
               std::string{error.what()}.find("nearest vertex") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(lines_that_do_not_cut_are_refused) {
    auto const whole = area_of(box(0, 0, 4, 4));
    BOOST_CHECK_THROW(cut_along(whole, {corner(0, 0), corner(0, 0)}), Error);
    BOOST_CHECK_THROW(cut_along(whole, {corner(0, 0), corner(1, 0)}), Error); // along an edge
    BOOST_CHECK_THROW(cut_along(whole, {corner(0, 0)}), Error);
    auto two = box(0, 0, 2, 2);
    two.merge(box(5, 5, 6, 6));
    BOOST_CHECK_THROW(cut_along(area_of(two), {corner(0, 0), corner(6, 6)}), Error); // of two parts
}

BOOST_AUTO_TEST_CASE(holes_and_other_parts_go_with_the_side_they_lie_on) {
    auto cells = box(0, 0, 6, 4);
    cells.erase({1, 1}); // hole in the west
    cells.erase({4, 2}); // hole in the east
    auto shape = area_of(cells);
    shape.parts.push_back(area_of(box(8, 0, 9, 1)).parts[0]);
    geom::normalize(shape);
    auto const parts = cut_along(shape, {corner(3, 0), corner(3, 4)});
    int holes = 0, pieces = 0;
    for (auto const& part : parts) {
        bool const west = geom::owns(part, centre({0, 0}));
        for (auto const& piece : part.parts) {
            holes += static_cast<int>(piece.holes.size());
            for (auto const& hole : piece.holes) {
                BOOST_TEST((hole.front().lon < corner(3, 0).lon) == west);
            }
            ++pieces;
        }
    }
    BOOST_TEST(holes == 2);
    BOOST_TEST(pieces == 3);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(preview_layers)

BOOST_AUTO_TEST_CASE(gdal_reads_before_after_and_moved_as_they_are) {
    Board board;
    board.import_columns();
    auto const id = board.draft("split", day("2024-06-01"));
    auto registry = board.open();
    changes::ChangeEditor editor{registry, id, "ann"};
    editor.split(code("440103001102001"), {{area_of(box(4, 0, 6, 2)), "南", {}}, {area_of(box(4, 2, 6, 6)), "北", {}}},
                 false);
    auto const preview = changes::preview(registry, id);
    auto const file = board.root / "preview.gpkg";
    changes::write_preview_layers(preview, file);
    changes::write_preview_layers(preview, file); // replaces it
    BOOST_CHECK_THROW(changes::write_preview_layers(preview, board.root / "preview.shp"), Error);
    BOOST_CHECK_THROW(changes::write_preview_layers(preview, board.root / "nowhere" / "preview.gpkg"), Error);

    GDALAllRegister();
    std::unique_ptr<GDALDataset> const dataset{
        GDALDataset::Open(file.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, nullptr, nullptr, nullptr)};
    BOOST_REQUIRE(dataset);
    auto const count = [&](char const* layer) { return dataset->GetLayerByName(layer)->GetFeatureCount(); };
    BOOST_TEST(count("before") == 1);
    BOOST_TEST(count("after") == 2);
    BOOST_TEST(count("moved") == 2);
    double area = 0;
    for (auto const& feature : dataset->GetLayerByName("moved")) {
        BOOST_TEST(feature->GetFieldAsString("from_code") == std::string{"440103001102001"});
        area += feature->GetFieldAsDouble("area_m2");
        BOOST_TEST(feature->GetGeometryRef()->IsValid());
    }
    BOOST_TEST(std::abs(area - geom::area_m2(area_of(box(4, 0, 6, 6)))) < 0.01);
    BOOST_TEST(dataset->GetLayerByName("after")->GetSpatialRef()->GetAuthorityCode(nullptr) == std::string{"4490"});
    for (auto const& feature : dataset->GetLayerByName("after")) { // longitude first
        OGREnvelope box;
        feature->GetGeometryRef()->getEnvelope(&box);
        BOOST_TEST(box.MinX > 112);
        BOOST_TEST(feature->GetFieldAsString("change") == std::string{"added"});
    }
}

BOOST_AUTO_TEST_SUITE_END()
