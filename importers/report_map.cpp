#include <wangge/geom/measure.hpp>
#include <wangge/importers/report_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace wangge::importers {

namespace {

using Cell = ReportMap::Cell;
using Chain = ReportMap::Chain;

constexpr int kOverviewWidth = 960;
constexpr int kOverviewHeight = 640;
constexpr int kDetailWidth = 380;
constexpr int kDetailHeight = 270;
constexpr std::size_t kEachOutlined = 8'000; ///< features; with more only groups of them are outlined
constexpr std::size_t kMostGroups = 400;
constexpr std::size_t kMostSubjects = 8;
constexpr std::size_t kMostOthers = 100;
constexpr std::size_t kDetailsOfCode = 4;
constexpr std::size_t kDetailsOfAttribute = 1; ///< of 1xx, where a picture says little
constexpr std::size_t kMostDetails = 24;

/// A segment between cells of the overview, smaller end first.
struct Stroke {
    Cell a, b;
    std::uint32_t group = 0;
    auto operator<=>(Stroke const&) const = default;
};

[[nodiscard]] Cell cell_at(PictureFrame const& frame, geom::Point p) {
    static constexpr double kFarthest = 8'000; // off the picture, and in the range of a cell
    auto const cell = [](double pixels) {
        return static_cast<std::int16_t>(std::lround(std::clamp(pixels, -kFarthest, kFarthest)));
    };
    auto const pixel = frame.at(p);
    return {cell(pixel.x), cell(pixel.y)};
}

[[nodiscard]] bool straight(Cell a, Cell b, Cell c) {
    int const abx = b.x - a.x;
    int const aby = b.y - a.y;
    int const bcx = c.x - b.x;
    int const bcy = c.y - b.y;
    return abx * bcy == aby * bcx && abx * bcx + aby * bcy > 0;
}

/// Strokes put end to end into as few chains as a walk without foresight finds; ends of odd degree first.
[[nodiscard]] std::vector<Chain> chains_of(std::vector<std::pair<Cell, Cell>> const& strokes) {
    std::vector<std::pair<Cell, std::uint32_t>> at; // cell -> stroke
    at.reserve(strokes.size() * 2);
    for (std::uint32_t i = 0; i < strokes.size(); ++i) {
        at.emplace_back(strokes[i].first, i);
        at.emplace_back(strokes[i].second, i);
    }
    std::ranges::sort(at);
    std::vector<char> used(strokes.size(), 0);
    auto const next_from = [&](Cell cell) -> std::optional<std::uint32_t> {
        for (auto it = std::ranges::lower_bound(at, std::pair{cell, std::uint32_t{0}});
             it != at.end() && it->first == cell; ++it) {
            if (used[it->second] == 0) {
                return it->second;
            }
        }
        return std::nullopt;
    };
    std::vector<Chain> chains;
    auto const walk = [&](Cell cell) {
        Chain chain{cell};
        while (auto const stroke = next_from(cell)) {
            used[*stroke] = 1;
            auto const& [a, b] = strokes[*stroke];
            cell = a == cell ? b : a;
            if (chain.size() >= 2 && straight(chain[chain.size() - 2], chain.back(), cell)) {
                chain.back() = cell;
            } else {
                chain.push_back(cell);
            }
        }
        if (chain.size() > 1) {
            chains.push_back(std::move(chain));
        }
    };
    for (std::size_t begin = 0, end = 0; begin < at.size(); begin = end) {
        for (end = begin; end < at.size() && at[end].first == at[begin].first;) {
            ++end;
        }
        if ((end - begin) % 2 == 1) {
            walk(at[begin].first);
        }
    }
    for (std::uint32_t i = 0; i < strokes.size(); ++i) {
        if (used[i] == 0) {
            walk(strokes[i].first);
        }
    }
    return chains;
}

/// The longest beginning of names that puts features into some hundred groups at most; 0 when names say nothing.
[[nodiscard]] std::size_t group_length_of(std::span<MapFeature const> features) {
    std::size_t shortest = features.front().name.size();
    for (auto const& feature : features) {
        shortest = std::min(shortest, feature.name.size());
    }
    if (features.front().name.starts_with("row ")) {
        return 0;
    }
    std::size_t length = 0;
    std::unordered_set<std::string_view> groups;
    for (std::size_t tried = 1; tried < shortest; ++tried) {
        groups.clear();
        for (auto const& feature : features) {
            groups.insert(feature.name.substr(0, tried));
            if (groups.size() > kMostGroups) {
                return length;
            }
        }
        if (groups.size() > 1) {
            length = tried;
        }
    }
    return length;
}

/// The box of all but the outermost hundredth on each side, widened to twice its size: a feature with swapped
/// coordinates must not make a dot of the others.
[[nodiscard]] geom::Envelope box_of_most(std::span<geom::Envelope const> boxes) {
    constexpr std::size_t kFew = 20;
    geom::Envelope all;
    for (auto const& box : boxes) {
        all.extend(box);
    }
    if (boxes.size() < kFew) {
        return all;
    }
    std::vector<std::int32_t> values(boxes.size());
    auto const left = std::max<std::size_t>(1, boxes.size() / 100); // on each side
    auto const nth = [&](auto value, std::size_t n) {
        std::ranges::transform(boxes, values.begin(), value);
        auto const at = values.begin() + static_cast<std::ptrdiff_t>(n);
        std::ranges::nth_element(values, at);
        return std::int64_t{*at};
    };
    auto const low = [&](auto value) { return nth(value, left); };
    auto const high = [&](auto value) { return nth(value, boxes.size() - 1 - left); };
    auto const widened = [](std::int64_t from, std::int64_t to, std::int32_t least, std::int32_t most) {
        auto const more = std::max<std::int64_t>((to - from) / 2, 1);
        return std::pair{static_cast<std::int32_t>(std::max<std::int64_t>(from - more, least)),
                         static_cast<std::int32_t>(std::min<std::int64_t>(to + more, most))};
    };
    auto const [west, east] = widened(low([](auto const& box) { return box.min.lon; }),
                                      high([](auto const& box) { return box.max.lon; }), all.min.lon, all.max.lon);
    auto const [south, north] = widened(low([](auto const& box) { return box.min.lat; }),
                                        high([](auto const& box) { return box.max.lat; }), all.min.lat, all.max.lat);
    return {{west, south}, {east, north}};
}

void draw_overview(ReportMap& map, std::span<MapFeature const> features, std::span<geom::Envelope const> boxes,
                   geom::Envelope const& reach) {
    bool const each = features.size() <= kEachOutlined;
    map.group_length = each ? 0 : group_length_of(features);
    std::unordered_map<std::string_view, std::uint32_t> groups;
    std::vector<Stroke> strokes;
    for (std::uint32_t i = 0; i < features.size(); ++i) {
        if (!boxes[i].intersects(reach)) {
            ++map.left_out;
            continue;
        }
        auto const name = features[i].name.substr(0, map.group_length);
        auto const group = each ? i : groups.try_emplace(name, static_cast<std::uint32_t>(groups.size())).first->second;
        geom::for_each_ring(*features[i].shape, [&](geom::Ring const& ring) {
            auto previous = cell_at(map.overview, ring.back());
            for (auto const p : ring) {
                auto const cell = cell_at(map.overview, p);
                if (cell != previous) {
                    strokes.push_back({std::min(previous, cell), std::max(previous, cell), group});
                    previous = cell;
                }
            }
        });
    }
    std::ranges::sort(strokes);
    std::vector<std::pair<Cell, Cell>> borders;
    std::vector<std::pair<Cell, Cell>> lines;
    for (std::size_t begin = 0, end = 0; begin < strokes.size(); begin = end) {
        auto const& first = strokes[begin];
        for (end = begin; end < strokes.size() && strokes[end].a == first.a && strokes[end].b == first.b;) {
            ++end;
        }
        if ((end - begin) % 2 == 1) {
            borders.emplace_back(first.a, first.b);
        } else if (strokes[end - 1].group != first.group) {
            lines.emplace_back(first.a, first.b);
        }
    }
    map.borders = chains_of(borders);
    map.lines = chains_of(lines);
}

[[nodiscard]] geom::Envelope box_of(ProblemPlace const& place) {
    geom::Envelope box;
    box.extend(place.at);
    for (auto const p : place.line) {
        box.extend(p);
    }
    box.extend(geom::envelope_of(place.area));
    return box;
}

/// The worst few of each code: by measure, then in their order.
[[nodiscard]] std::vector<std::size_t> worst(std::span<Problem const> problems) {
    std::map<ProblemCode, std::vector<std::size_t>> by_code;
    for (std::size_t i = 0; i < problems.size(); ++i) {
        if (problems[i].place) {
            by_code[problems[i].code].push_back(i);
        }
    }
    // What is drawn for an overlap or gap needs no second picture as a sliver.
    if (by_code.contains(ProblemCode::overlap) || by_code.contains(ProblemCode::gap)) {
        by_code.erase(ProblemCode::sliver);
    }
    // Between features first: what concerns a single one is told by words nearly as well.
    constexpr std::array kOrder{3, 4, 2, 1};
    std::vector<std::size_t> chosen;
    for (auto const severity : {Severity::error, Severity::warning, Severity::note}) {
        for (auto const hundreds : kOrder) {
            for (auto& [code, list] : by_code) {
                if (problem_kind(code).severity != severity || static_cast<int>(code) / 100 != hundreds) {
                    continue;
                }
                std::ranges::stable_sort(list, std::greater{}, [&](std::size_t i) { return problems[i].measure; });
                list.resize(std::min(list.size(), hundreds == 1 ? kDetailsOfAttribute : kDetailsOfCode));
                chosen.insert(chosen.end(), list.begin(), list.end());
            }
        }
    }
    chosen.resize(std::min(chosen.size(), kMostDetails));
    return chosen;
}

/// As wide as the edges that pass the point are long, or a part of the features where none does.
[[nodiscard]] geom::Envelope box_around(geom::Point at, std::span<ReportMap::Shape const> shapes,
                                        geom::Envelope const& subjects) {
    constexpr double kOnEdgeM = 0.05;
    constexpr double kShare = 0.15;
    std::int64_t reach = 0;
    for (auto const& shape : shapes) {
        geom::for_each_edge(shape.shape, [&](geom::Point a, geom::Point b) {
            auto const extent = std::max(std::abs(std::int64_t{a.lon} - b.lon), std::abs(std::int64_t{a.lat} - b.lat));
            if (extent > reach && geom::distance_to_segment_m(at, a, b) < kOnEdgeM) {
                reach = extent;
            }
        });
    }
    if (reach == 0) {
        reach = static_cast<std::int64_t>(
            kShare * static_cast<double>(std::max(std::int64_t{subjects.max.lon} - subjects.min.lon,
                                                  std::int64_t{subjects.max.lat} - subjects.min.lat)));
    }
    auto const half = static_cast<std::int32_t>(std::min<std::int64_t>(reach * 5 / 4, 100'000'000));
    return {{at.lon - half, at.lat - half}, {at.lon + half, at.lat + half}};
}

/// Faults at a point are seen in a part of their feature, those of attributes with the whole of it, the others as large
/// as they are.
[[nodiscard]] PictureFrame frame_of(Problem const& problem, std::span<ReportMap::Shape const> shapes,
                                    geom::Envelope const& subjects) {
    auto const& place = *problem.place;
    if (static_cast<int>(problem.code) < 200 && !subjects.empty()) {
        return PictureFrame::around(subjects, kDetailWidth, kDetailHeight, 0.1, 1);
    }
    auto box = box_of(place);
    bool const point = place.line.empty() && place.area.empty();
    if (point && !subjects.empty()) {
        box = box_around(place.at, shapes, subjects);
    }
    constexpr double kLeastM = 4;
    return PictureFrame::around(box, kDetailWidth, kDetailHeight, point ? 0.0 : 0.22, kLeastM);
}

} // namespace

PictureFrame PictureFrame::around(geom::Envelope const& box, int width, int height, double margin, double least_m) {
    PictureFrame frame;
    double const lon = (geom::to_degrees(box.min.lon) + geom::to_degrees(box.max.lon)) / 2;
    double const lat = (geom::to_degrees(box.min.lat) + geom::to_degrees(box.max.lat)) / 2;
    auto metres = geom::metres_per_degree(lat);
    metres.lon = std::max(metres.lon, 1.0); // at the poles
    double const share = 1 - 2 * margin;
    double const across =
        std::max((geom::to_degrees(box.max.lon) - geom::to_degrees(box.min.lon)) * metres.lon, least_m);
    double const along =
        std::max((geom::to_degrees(box.max.lat) - geom::to_degrees(box.min.lat)) * metres.lat, least_m);
    double const pixels_per_metre = std::min(width * share / across, height * share / along);
    frame.width = width;
    frame.height = height;
    frame.x_per_degree = pixels_per_metre * metres.lon;
    frame.y_per_degree = pixels_per_metre * metres.lat;
    frame.west = lon - width / 2.0 / frame.x_per_degree;
    frame.north = lat + height / 2.0 / frame.y_per_degree;
    return frame;
}

double PictureFrame::metres_per_pixel() const noexcept {
    return geom::metres_per_degree(north - height / 2.0 / y_per_degree).lat / y_per_degree;
}

geom::Envelope PictureFrame::box() const noexcept {
    auto const lattice = [](double degrees) {
        return static_cast<std::int32_t>(std::clamp(degrees, -200.0, 200.0) * geom::kUnitsPerDegree);
    };
    return {{lattice(west), lattice(north - height / y_per_degree)},
            {lattice(west + width / x_per_degree), lattice(north)}};
}

ReportMap make_report_map(std::span<Problem const> problems, std::span<MapFeature const> features) {
    ReportMap map;
    std::vector<MapFeature> drawn;
    std::vector<geom::Envelope> boxes;
    for (auto const& feature : features) {
        if (feature.shape != nullptr && !feature.shape->empty()) {
            drawn.push_back(feature);
            boxes.push_back(geom::envelope_of(*feature.shape));
        }
    }
    if (drawn.empty()) {
        return map;
    }
    constexpr double kLeastM = 20;
    auto const reach = box_of_most(boxes);
    map.overview = PictureFrame::around(reach, kOverviewWidth, kOverviewHeight, 0.04, kLeastM);
    draw_overview(map, drawn, boxes, reach);

    auto const chosen = worst(problems);
    std::unordered_map<std::string_view, std::size_t> wanted; // name -> feature + 1
    for (auto const i : chosen) {
        for (auto const& subject : problems[i].subjects) {
            wanted.emplace(subject, 0);
        }
    }
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        if (auto const found = wanted.find(drawn[i].name); found != wanted.end()) {
            found->second = i + 1;
        }
    }
    for (auto const i : chosen) {
        auto& detail = map.details.emplace_back();
        detail.problem = i;
        std::unordered_set<std::size_t> subjects;
        geom::Envelope subject_box;
        for (auto const& subject : problems[i].subjects) {
            auto const feature = wanted.at(subject);
            if (feature != 0 && detail.subjects.size() < kMostSubjects && subjects.insert(feature - 1).second) {
                detail.subjects.push_back({subject, *drawn[feature - 1].shape});
                subject_box.extend(boxes[feature - 1]);
            }
        }
        detail.frame = frame_of(problems[i], detail.subjects, subject_box);
        auto const shown = detail.frame.box();
        for (std::size_t k = 0; k < drawn.size() && detail.others.size() < kMostOthers; ++k) {
            if (boxes[k].intersects(shown) && !subjects.contains(k)) {
                detail.others.push_back({std::string{drawn[k].name}, *drawn[k].shape});
            }
        }
    }
    return map;
}

} // namespace wangge::importers
