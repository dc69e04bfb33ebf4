#pragma once

#include "lattice.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/topology/coverage.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace wangge::test {

/// Faces by name, checked in one go. Coordinates are in units of 0.0001 degree (some 11 m) near 113 E, 23 N.
struct Scene {
    static constexpr std::int32_t kUnit = 1000;

    static Ring placed(Ring ring) {
        for (auto& p : ring) {
            p = {1130000000 + p.lon * kUnit, 230000000 + p.lat * kUnit};
        }
        return ring;
    }
    static MultiPolygon placed(MultiPolygon shape) {
        for (auto& part : shape.parts) {
            part.outer = placed(part.outer);
            for (auto& hole : part.holes) {
                hole = placed(hole);
            }
        }
        return shape;
    }
    Scene& add(std::string name, MultiPolygon const& shape, bool incoming = true) {
        names.push_back(std::move(name));
        shapes.push_back(placed(shape));
        is_incoming.push_back(incoming);
        return *this;
    }
    Scene& outline(std::string name, MultiPolygon const& shape) {
        outline_names.push_back(std::move(name));
        outline_shapes.push_back(placed(shape));
        return *this;
    }
    [[nodiscard]] topology::ProblemReport check(double tolerance_m = 0) const {
        std::vector<topology::Face> faces;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            faces.push_back({names[i], &shapes[i], is_incoming[i] != 0});
        }
        std::vector<topology::Outline> outlines;
        for (std::size_t i = 0; i < outline_shapes.size(); ++i) {
            outlines.push_back({outline_names[i], &outline_shapes[i]});
        }
        SilentProgress progress;
        auto result = topology::CoverageChecker{{tolerance_m}}.check(faces, outlines, progress);
        BOOST_TEST(result.report.has_errors() == (result.checked == nullptr));
        return std::move(result.report);
    }

    std::vector<std::string> names;
    std::vector<MultiPolygon> shapes;
    std::vector<char> is_incoming;
    std::vector<std::string> outline_names;
    std::vector<MultiPolygon> outline_shapes;
};

/// "overlap A B; gap C"
inline std::string words(topology::ProblemReport const& report) {
    std::string text;
    for (auto const& problem : report.problems) {
        text += text.empty() ? "" : "; ";
        text += problem_kind(problem.code).slug;
        for (auto const& subject : problem.subjects) {
            text += ' ' + subject;
        }
    }
    return text;
}

inline double m2(MultiPolygon const& shape) { return geom::area_m2(Scene::placed(shape)); }

inline MultiPolygon with_hole(MultiPolygon shape, Ring hole) {
    shape.parts[0].holes.push_back(std::move(hole));
    return shape;
}

/// Metres of so many units along a meridian.
inline double meridian_m(double units) {
    return units * Scene::kUnit / geom::kUnitsPerDegree * geom::metres_per_degree(23.0005).lat;
}

/// The same along a parallel.
inline double parallel_m(double units) {
    return units * Scene::kUnit / geom::kUnitsPerDegree * geom::metres_per_degree(23.0005).lon;
}

} // namespace wangge::test
