#include "report_drawing.hpp"

#include "problem_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace wangge::importers {

namespace {

using Pixel = PictureFrame::Pixel;
using Path = std::vector<Pixel>;

constexpr double kClipMargin = 12; ///< pixels beyond the picture, so that cut edges are not seen
constexpr std::size_t kMostDots = 4'000;
constexpr std::size_t kMostVertices = 120; ///< of the subjects near the place, drawn one by one
constexpr double kNearPlace = 24;          ///< pixels

/// Sutherland and Hodgman, one side of the picture after the other. What a hollow ring leaves along a side lies outside
/// of what is seen.
[[nodiscard]] Path clipped(Path path, double width, double height) {
    auto const cut = [&](auto inside, auto crossing) {
        Path result;
        for (std::size_t i = 0; i < path.size(); ++i) {
            auto const& a = path[i];
            auto const& b = path[i + 1 == path.size() ? 0 : i + 1];
            if (inside(a)) {
                result.push_back(a);
            }
            if (inside(a) != inside(b)) {
                result.push_back(crossing(a, b));
            }
        }
        path = std::move(result);
    };
    auto const at_x = [](double x) {
        return [x](Pixel a, Pixel b) { return Pixel{x, a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)}; };
    };
    auto const at_y = [](double y) {
        return [y](Pixel a, Pixel b) { return Pixel{a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y), y}; };
    };
    double const low = -kClipMargin;
    double const right = width + kClipMargin;
    double const bottom = height + kClipMargin;
    cut([&](Pixel p) { return p.x >= low; }, at_x(low));
    cut([&](Pixel p) { return p.x <= right; }, at_x(right));
    cut([&](Pixel p) { return p.y >= low; }, at_y(low));
    cut([&](Pixel p) { return p.y <= bottom; }, at_y(bottom));
    return path;
}

/// Without points nearer than a fifth of a pixel to the one before.
[[nodiscard]] Path thinned(Path const& path) {
    constexpr double kLeast = 0.2;
    Path result;
    for (auto const& p : path) {
        if (result.empty() || std::fabs(p.x - result.back().x) + std::fabs(p.y - result.back().y) >= kLeast) {
            result.push_back(p);
        }
    }
    return result;
}

void append_path(std::string& d, Path const& path, bool close) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        fmt::format_to(std::back_inserter(d), "{}{:.1f} {:.1f}", i == 0 ? 'M' : 'L', path[i].x, path[i].y);
    }
    if (close && !path.empty()) {
        d += 'Z';
    }
}

[[nodiscard]] std::string path_of(geom::MultiPolygon const& shape, PictureFrame const& frame) {
    std::string d;
    geom::for_each_ring(shape, [&](geom::Ring const& ring) {
        Path path;
        path.reserve(ring.size());
        for (auto const p : ring) {
            path.push_back(frame.at(p));
        }
        append_path(d, thinned(clipped(std::move(path), frame.width, frame.height)), true);
    });
    return d;
}

[[nodiscard]] std::string chains_path(std::span<ReportMap::Chain const> chains, bool close) {
    std::string d;
    for (auto const& chain : chains) {
        auto previous = chain.front();
        fmt::format_to(std::back_inserter(d), "M{} {}", previous.x, previous.y);
        char const* before = "l";
        for (std::size_t i = 1; i < chain.size(); ++i) {
            fmt::format_to(std::back_inserter(d), "{}{} {}", before, chain[i].x - previous.x, chain[i].y - previous.y);
            previous = chain[i];
            before = " ";
        }
        if (close) {
            d += 'z';
        }
    }
    return d;
}

/// A round length that is some fifth of the picture.
void append_scale_bar(std::string& svg, PictureFrame const& frame) {
    double const aim = frame.width / 4.5 * frame.metres_per_pixel();
    double length = std::pow(10, std::floor(std::log10(aim)));
    for (auto const factor : {5.0, 2.0}) {
        if (length * factor <= aim) {
            length *= factor;
            break;
        }
    }
    auto const label = length >= 1000 ? fmt::format("{:g} km", length / 1000)
                       : length >= 1  ? fmt::format("{:g} m", length)
                                      : fmt::format("{:g} cm", length * 100);
    double const pixels = length / frame.metres_per_pixel();
    double const y = frame.height - 9;
    fmt::format_to(std::back_inserter(svg),
                   "<rect x=\"6\" y=\"{0:.0f}\" width=\"{1:.0f}\" height=\"22\" rx=\"3\" class=\"plate\"/>"
                   "<path d=\"M12 {2:.0f}v4h{3:.1f}v-4\" class=\"bar\"/><text x=\"{4:.1f}\" y=\"{5:.0f}\" "
                   "class=\"scale\">{6}</text>",
                   y - 16, pixels + 12, y - 4, pixels, 12 + pixels / 2, y - 5, label);
}

[[nodiscard]] std::string tooltip(Problem const& problem, Language language) {
    return fmt::format("<title>{} {}: {}</title>", static_cast<int>(problem.code), problem_kind(problem.code).slug,
                       xml_escaped(sentence(problem, language)));
}

/// The place itself in a picture; a ring round what would be too small to see.
void append_place(std::string& svg, Problem const& problem, PictureFrame const& frame, Language language, double ring) {
    auto const& place = *problem.place;
    auto const colour = colour_of(problem.code);
    auto const title = tooltip(problem, language);
    auto const at = frame.at(place.at);
    if (!place.area.empty()) {
        fmt::format_to(std::back_inserter(svg),
                       "<path d=\"{}\" fill=\"{}\" fill-opacity=\".5\" fill-rule=\"evenodd\" stroke=\"{}\" "
                       "stroke-width=\"1.6\" stroke-linejoin=\"round\">{}</path>",
                       path_of(place.area, frame), colour, colour, title);
    } else if (place.line.size() >= 2) {
        std::string d;
        Path path;
        for (auto const p : place.line) {
            path.push_back(frame.at(p));
        }
        append_path(d, path, false);
        fmt::format_to(std::back_inserter(svg),
                       "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-opacity=\".55\" stroke-width=\"6\" "
                       "stroke-linecap=\"round\" stroke-linejoin=\"round\">{}</path>",
                       d, colour, title);
    } else {
        fmt::format_to(std::back_inserter(svg),
                       "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"{2}\" fill=\"{3}\" fill-opacity=\".25\" "
                       "stroke=\"{3}\" stroke-width=\"2.2\">{4}</circle><circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"2\" "
                       "fill=\"{3}\"/>",
                       at.x, at.y, ring, colour, title);
    }
}

/// Box of the place in a picture, with what is near it.
struct PixelBox {
    double west = 1e9, north = 1e9, east = -1e9, south = -1e9;
    void extend(Pixel p) {
        west = std::min(west, p.x - kNearPlace);
        east = std::max(east, p.x + kNearPlace);
        north = std::min(north, p.y - kNearPlace);
        south = std::max(south, p.y + kNearPlace);
    }
    [[nodiscard]] bool holds(Pixel p) const { return p.x >= west && p.x <= east && p.y >= north && p.y <= south; }
};

/// What went wrong between boundaries shows in the vertices of one against those of the other.
void append_vertices(std::string& svg, ReportMap::Detail const& detail, ProblemPlace const& place) {
    PixelBox near;
    near.extend(detail.frame.at(place.at));
    for (auto const p : place.line) {
        near.extend(detail.frame.at(p));
    }
    geom::for_each_ring(place.area, [&](geom::Ring const& ring) {
        for (auto const p : ring) {
            near.extend(detail.frame.at(p));
        }
    });
    std::vector<std::pair<Pixel, std::size_t>> seen;
    for (std::size_t i = 0; i < detail.subjects.size(); ++i) {
        geom::for_each_ring(detail.subjects[i].shape, [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                auto const pixel = detail.frame.at(p);
                if (near.holds(pixel) && detail.frame.shows(p)) {
                    seen.emplace_back(pixel, i);
                }
            }
        });
    }
    if (seen.size() > kMostVertices) {
        return;
    }
    for (auto const& [p, i] : seen) { // the second subject's are larger and hollow, so that shared ones show both
        if (i == 0) {
            fmt::format_to(std::back_inserter(svg), "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\" class=\"va\"/>", p.x,
                           p.y);
        } else {
            fmt::format_to(std::back_inserter(svg),
                           "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"7.6\" height=\"7.6\" class=\"vb\"/>", p.x - 3.8,
                           p.y - 3.8);
        }
    }
}

void append_shape(std::string& svg, ReportMap::Shape const& shape, PictureFrame const& frame, std::string_view fill) {
    auto const d = path_of(shape.shape, frame);
    if (!d.empty()) {
        fmt::format_to(std::back_inserter(svg), "<path d=\"{}\" fill=\"{}\" class=\"{}\"><title>{}</title></path>", d,
                       fill.empty() ? "#f3f1ea" : fill, fill.empty() ? "other" : "subject", xml_escaped(shape.name));
    }
}

void append_inset(std::string& svg, ReportMap::Detail const& detail, Problem const& problem) {
    geom::Envelope whole;
    for (auto const& subject : detail.subjects) {
        whole.extend(geom::envelope_of(subject.shape));
    }
    auto const shown = detail.frame.box();
    auto const east = [](geom::Envelope const& box) { return std::int64_t{box.max.lon} - box.min.lon; };
    auto const north = [](geom::Envelope const& box) { return std::int64_t{box.max.lat} - box.min.lat; };
    if (whole.empty() || (east(whole) <= east(shown) && north(whole) <= north(shown))) {
        return; // they are seen whole already
    }
    constexpr int kWidth = 112;
    constexpr int kHeight = 84;
    auto const frame = PictureFrame::around(whole, kWidth, kHeight, 0.08, 1);
    double const x = detail.frame.width - kWidth - 6;
    fmt::format_to(std::back_inserter(svg),
                   "<svg x=\"{}\" y=\"6\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" overflow=\"hidden\">"
                   "<rect width=\"{}\" height=\"{}\" class=\"inset\"/>",
                   x, kWidth, kHeight, kWidth, kHeight, kWidth, kHeight);
    for (std::size_t i = 0; i < detail.subjects.size(); ++i) {
        append_shape(svg, detail.subjects[i], frame, subject_colour(i));
    }
    auto const low = frame.at({shown.min.lon, shown.max.lat});
    auto const high = frame.at({shown.max.lon, shown.min.lat});
    auto const at = frame.at(problem.place->at);
    constexpr double kLeast = 5;
    if (high.x - low.x < kLeast) {
        fmt::format_to(std::back_inserter(svg),
                       "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
                       at.x, at.y, colour_of(problem.code));
    } else {
        fmt::format_to(std::back_inserter(svg),
                       "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"{}\" "
                       "stroke-width=\"1.6\"/>",
                       low.x, low.y, high.x - low.x, high.y - low.y, colour_of(problem.code));
    }
    svg += "</svg>";
}

} // namespace

std::string xml_escaped(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (char const c : utf8_or_replaced(text)) {
        switch (c) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        case '\'':
            result += "&#39;";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
                result += "\xEF\xBF\xBD";
            } else {
                result += c;
            }
        }
    }
    return result;
}

std::string_view subject_colour(std::size_t i) noexcept {
    constexpr std::array<std::string_view, 6> kColours{"#a9cdf0", "#f6d08a", "#b9dfb0",
                                                       "#dcc3ea", "#f2bdb6", "#b8e0de"};
    return kColours.at(i % kColours.size());
}

std::string overview_svg(ReportMap const& map, std::span<Problem const> problems, Language language) {
    auto const& frame = map.overview;
    auto svg = fmt::format("<svg class=\"overview\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                           "role=\"img\">\n<rect width=\"{}\" height=\"{}\" class=\"sea\"/>\n",
                           frame.width, frame.height, frame.width, frame.height);
    fmt::format_to(std::back_inserter(svg), "<path class=\"land\" d=\"{}\"/>\n", chains_path(map.borders, true));
    fmt::format_to(std::back_inserter(svg), "<path class=\"lines\" d=\"{}\"/>\n", chains_path(map.lines, false));

    // Warnings first, so that errors lie on top; of several at one pixel of one code one is enough.
    std::set<std::pair<ProblemCode, std::pair<int, int>>> taken;
    constexpr std::size_t kMany = 1'000;
    double const radius = problems.size() > kMany ? 2.3 : 3.4;
    for (auto const severity : {Severity::note, Severity::warning, Severity::error}) {
        for (auto const& problem : problems) {
            if (!problem.place || problem.severity() != severity || taken.size() >= kMostDots ||
                !frame.shows(problem.place->at)) {
                continue;
            }
            auto const at = frame.at(problem.place->at);
            std::pair const pixel{static_cast<int>(std::lround(at.x / 2)), static_cast<int>(std::lround(at.y / 2))};
            if (!problem.place->area.empty()) {
                auto const box = geom::envelope_of(problem.place->area);
                auto const low = frame.at({box.min.lon, box.max.lat});
                auto const high = frame.at({box.max.lon, box.min.lat});
                constexpr double kSeen = 6;
                if (high.x - low.x > kSeen && high.y - low.y > kSeen) {
                    append_place(svg, problem, frame, language, 0);
                    svg += '\n';
                }
            }
            if (taken.emplace(problem.code, pixel).second) {
                fmt::format_to(std::back_inserter(svg),
                               "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\" class=\"dot\">{}</circle>\n",
                               at.x, at.y, radius, colour_of(problem.code), tooltip(problem, language));
            }
        }
    }
    // Numbered pins are pushed apart where they would hide each other.
    std::vector<Pixel> pins;
    for (std::size_t i = 0; i < map.details.size(); ++i) {
        auto const& problem = problems[map.details[i].problem];
        if (!frame.shows(problem.place->at)) {
            continue;
        }
        auto const at = frame.at(problem.place->at);
        Pixel pin{at.x + 11, at.y - 13};
        constexpr double kApart = 17;
        for (int turn = 0; turn < 60; ++turn) {
            bool const clear =
                std::ranges::none_of(pins, [&](Pixel p) { return std::hypot(p.x - pin.x, p.y - pin.y) < kApart; });
            if (clear && pin.x > 9 && pin.y > 9 && pin.x < frame.width - 9 && pin.y < frame.height - 9) {
                break;
            }
            double const angle = turn * 0.9;
            double const way = 17 + turn * 2.2;
            pin = {at.x + way * std::cos(angle), at.y + way * std::sin(angle)};
        }
        pins.push_back(pin);
        fmt::format_to(std::back_inserter(svg),
                       "<a href=\"#detail-{0}\"><path d=\"M{1:.1f} {2:.1f}L{3:.1f} {4:.1f}\" stroke=\"{5}\" "
                       "stroke-width=\"1.2\"/><circle cx=\"{3:.1f}\" cy=\"{4:.1f}\" r=\"8.6\" fill=\"{5}\" "
                       "class=\"pin\"/><text x=\"{3:.1f}\" y=\"{6:.1f}\" class=\"number\">{0}</text></a>\n",
                       i + 1, at.x, at.y, pin.x, pin.y, colour_of(problem.code), pin.y + 3.6);
    }
    append_scale_bar(svg, frame);
    return svg + "</svg>";
}

std::string detail_svg(ReportMap::Detail const& detail, Problem const& problem, Language language) {
    auto const& frame = detail.frame;
    auto svg = fmt::format("<svg class=\"detail\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                           "role=\"img\"><rect width=\"{}\" height=\"{}\" class=\"sea\"/>\n",
                           frame.width, frame.height, frame.width, frame.height);
    for (auto const& other : detail.others) {
        append_shape(svg, other, frame, {});
    }
    for (std::size_t i = 0; i < detail.subjects.size(); ++i) {
        append_shape(svg, detail.subjects[i], frame, subject_colour(i));
    }
    append_place(svg, problem, frame, language, 11);
    append_vertices(svg, detail, *problem.place);
    append_scale_bar(svg, frame);
    append_inset(svg, detail, problem);
    return svg + "</svg>";
}

} // namespace wangge::importers
