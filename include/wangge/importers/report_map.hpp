#pragma once

#include <wangge/geom/polygon.hpp>
#include <wangge/geom/problem.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/// Where positions of the registry's CRS stand in a picture: equidistant along the parallel in its middle, north up,
/// x to the right and y down, in pixels.
struct PictureFrame {
    double west = 0, north = 0; ///< degrees, of the corner at 0, 0
    double x_per_degree = 1, y_per_degree = 1;
    int width = 0, height = 0;

    struct Pixel {
        double x = 0, y = 0;
    };
    /// Shows the whole box with a margin, at most `width` by `height`; a box without extent is shown `least_m` wide.
    [[nodiscard]] static PictureFrame around(geom::Envelope const& box, int width, int height, double margin,
                                             double least_m);
    [[nodiscard]] Pixel at(geom::Point p) const noexcept {
        return {(geom::to_degrees(p.lon) - west) * x_per_degree, (north - geom::to_degrees(p.lat)) * y_per_degree};
    }
    [[nodiscard]] bool shows(geom::Point p) const noexcept {
        auto const pixel = at(p);
        return pixel.x >= 0 && pixel.y >= 0 && pixel.x <= width && pixel.y <= height;
    }
    [[nodiscard]] double metres_per_pixel() const noexcept;
    [[nodiscard]] geom::Envelope box() const noexcept;
};

/// A feature that may be drawn; the shape is borrowed.
struct MapFeature {
    std::string_view name; ///< as in the subjects of problems
    geom::MultiPolygon const* shape = nullptr;
};

/// What the pictures of a report show of the features, so that the report outlives them.
struct ReportMap {
    struct Cell {
        std::int16_t x = 0, y = 0;
        auto operator<=>(Cell const&) const = default;
    };
    using Chain = std::vector<Cell>;
    struct Shape {
        std::string name;
        geom::MultiPolygon shape;
    };
    /// A close look at one problem.
    struct Detail {
        std::size_t problem = 0; ///< index into the list it was made from
        PictureFrame frame;
        std::vector<Shape> subjects; ///< whole, in the order of the problem's subjects; at most 8
        std::vector<Shape> others;   ///< that the frame shows; at most 100
    };

    PictureFrame overview;
    std::vector<Chain> borders;   ///< closed, in pixels of the overview: the even-odd rule fills what features cover
    std::vector<Chain> lines;     ///< between features, or between groups of them where there are many
    std::size_t group_length = 0; ///< 0: every feature is outlined; else features whose names begin alike make a group
    std::uint64_t left_out = 0;   ///< features so far from nearly all others that the overview does not reach them
    std::vector<Detail> details;  ///< the worst of each code
    [[nodiscard]] bool empty() const noexcept { return overview.width == 0; }
};

/// O(n log n) in the vertices of the features, a pass over which takes most of the time. Every problem should be in
/// the order of the report.
[[nodiscard]] ReportMap make_report_map(std::span<Problem const> problems, std::span<MapFeature const> features);

} // namespace wangge::importers
