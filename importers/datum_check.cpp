#include "datum_check.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace wangge::importers {

namespace {

using Offset = geom::LocalMetres::Offset;

constexpr std::size_t kSample = 5'000;
constexpr double kOutsideM = 30;
constexpr double kInsideAnotherM = 150; ///< county boundaries drawn by two offices differ by less
constexpr double kMovedM = 100;
constexpr std::size_t kLeastMisfits = 5;
constexpr double kLeastShare = 0.002;
constexpr double kLeastOffsetM = 2;
constexpr std::int32_t kMeetsE7 = 27; ///< 0.3 m: files with 6 decimals of a degree still meet

/// One way to understand the raw coordinates of a file.
struct Reading {
    Words name;
    Words advice; ///< what to do when it fits
    std::function<std::optional<crs::Position>(crs::Coordinate)> place;
    [[nodiscard]] std::optional<geom::Point> point(crs::Coordinate c) const {
        auto const position = place(c);
        return position ? crs::to_lattice(*position) : std::nullopt;
    }
};

[[nodiscard]] std::string with_commas(std::size_t number) {
    auto text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

/// "512 m west-north-west (-473 m east, +196 m north)"
[[nodiscard]] Words described(Offset offset) {
    constexpr std::array kWinds{"north", "north-north-east", "north-east", "east-north-east",
                                "east",  "east-south-east",  "south-east", "south-south-east",
                                "south", "south-south-west", "south-west", "west-south-west",
                                "west",  "west-north-west",  "north-west", "north-north-west"};
    constexpr std::array kWindsInChinese{"北", "北偏东北", "东北", "东偏东北", "东", "东偏东南", "东南", "南偏东南",
                                         "南", "南偏西南", "西南", "西偏西南", "西", "西偏西北", "西北", "北偏西北"};
    double const turn = std::atan2(offset.east, offset.north) / (2 * std::numbers::pi) * 16;
    auto const wind = static_cast<std::size_t>(std::lround(turn) + 16) % 16;
    double const length = std::hypot(offset.east, offset.north);
    int const decimals = length < 100 ? 1 : 0;
    return words("{} m {} ({} m east, {} m north)", "{} 米，偏{}（东 {} 米，北 {} 米）",
                 fmt::format("{:.{}f}", length, decimals), Words{kWinds.at(wind), kWindsInChinese.at(wind)},
                 fmt::format("{:+.{}f}", offset.east, decimals), fmt::format("{:+.{}f}", offset.north, decimals));
}

/// How a kind of witness is spoken of.
struct KindWords {
    Words one, many, tried, amiss, on_them, near, look_at;
};
[[nodiscard]] KindWords words_of(WitnessKind kind) {
    switch (kind) {
    case WitnessKind::outlines:
        return {{"outline", "个轮廓"},
                {"outlines", "个轮廓"},
                {"corners", "个角点"},
                {"lie far from the outline they replace", "远离其所替换的轮廓"},
                {"those they replace", "其所替换的轮廓"},
                {"an outline of the registry", "登记库中的轮廓"},
                {"the codes in it", "其中的编码"}};
    case WitnessKind::addresses:
        return {{"address", "个地址"},
                {"addresses", "个地址"},
                {"positions", "个位置"},
                {"lie outside the division that they name", "不在其所写的区划之内"},
                {"those they replace", "其所替换的地址"},
                {"an address of the registry", "登记库中的地址"},
                {"the village codes and names in it", "其中的村居编码和地名"}};
    case WitnessKind::grids:
        break;
    }
    return {{"grid", "个网格"},
            {"grids", "个网格"},
            {"corners", "个角点"},
            {"lie outside their county or far from the grid they replace", "在所属县区之外，或远离其所替换的网格"},
            {"those they replace", "其所替换的网格"},
            {"a grid of the registry", "登记库中的网格"},
            {"the village codes in it", "其中的村居编码"}};
}

[[nodiscard]] double median(std::vector<double>& values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

struct Fit {
    std::size_t corners = 0;
    std::size_t misfits = 0;
    std::size_t near = 0;             ///< corners beside counties other than theirs, where theirs has no outline
    std::optional<geom::Point> first; ///< a corner that misfits
    std::vector<bool> misfit;         ///< of each corner
    [[nodiscard]] bool better_than(Fit const& other) const noexcept {
        return misfits != other.misfits ? misfits < other.misfits : near > other.near;
    }
    /// Corners that misfit here and not there.
    [[nodiscard]] std::size_t worse_than(Fit const& other) const noexcept {
        std::size_t count = 0;
        for (std::size_t i = 0; i < misfit.size(); ++i) {
            count += misfit[i] && !other.misfit[i] ? 1U : 0U;
        }
        return count;
    }
    [[nodiscard]] double share() const noexcept {
        return corners == 0 ? 0 : static_cast<double>(misfits) / static_cast<double>(corners);
    }
};

[[nodiscard]] bool is_near(geom::Envelope const& box, geom::Point p) noexcept {
    constexpr std::int32_t kMargin = 100'000; // 0.01 degree, more than a kilometre
    return p.lon >= box.min.lon - kMargin && p.lon <= box.max.lon + kMargin && p.lat >= box.min.lat - kMargin &&
           p.lat <= box.max.lat + kMargin;
}

[[nodiscard]] bool far_outside(geom::MultiPolygon const& outline, geom::Envelope const& box, geom::Point p) {
    return !is_near(box, p) || (!geom::owns(outline, p) && geom::distance_to_boundary_m(outline, p) > kOutsideM);
}

/// From the k-th extreme of a shape (west, east, south, north) to `p`, along its own axis only.
[[nodiscard]] double extreme_moved_m(geom::Envelope const& box, std::size_t k, geom::Point p) {
    auto const metres = geom::metres_per_degree(geom::to_degrees(p.lat));
    std::array<std::int32_t, 4> const known{box.min.lon, box.max.lon, box.min.lat, box.max.lat};
    bool const along_lon = k < 2;
    double const degrees = geom::to_degrees(along_lon ? p.lon : p.lat) - geom::to_degrees(known.at(k));
    return degrees * (along_lon ? metres.lon : metres.lat);
}

struct Sampled {
    DatumWitness const* witness = nullptr;
    KnownPlace known;
    geom::Envelope county_box;
    geom::Envelope current_box;
};

/// Vertices of known grids, found by where they are.
class VertexSet {
public:
    void insert(geom::Point p) {
        auto& here = m_cells[cell(p.lon / kCell, p.lat / kCell)];
        if (std::ranges::find(here, p) == here.end()) { // grids share it
            here.push_back(p);
        }
    }
    [[nodiscard]] bool meets(geom::Point p) const {
        bool found = false;
        for_each_near(p, kMeetsE7, [&](geom::Point) { found = true; });
        return found;
    }
    /// Calls f for each vertex at most `reach` away on either axis.
    template <class F>
    void for_each_near(geom::Point p, std::int32_t reach, F&& f) const {
        for (auto x = (p.lon - reach) / kCell; x <= (p.lon + reach) / kCell; ++x) {
            for (auto y = (p.lat - reach) / kCell; y <= (p.lat + reach) / kCell; ++y) {
                auto const found = m_cells.find(cell(x, y));
                if (found == m_cells.end()) {
                    continue;
                }
                for (auto const q : found->second) {
                    if (std::abs(q.lon - p.lon) <= reach && std::abs(q.lat - p.lat) <= reach) {
                        f(q);
                    }
                }
            }
        }
    }
    [[nodiscard]] bool empty() const noexcept { return m_cells.empty(); }

private:
    static constexpr std::int32_t kCell = 5'000; // 55 m
    [[nodiscard]] static std::uint64_t cell(std::int32_t x, std::int32_t y) noexcept {
        return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(x)) << 32U) | static_cast<std::uint32_t>(y);
    }
    std::unordered_map<std::uint64_t, std::vector<geom::Point>> m_cells;
};

[[nodiscard]] Reading reading_of(std::string const& name, crs::SiteSystems const& site, bool swapped = false) {
    auto const transformer = std::make_shared<crs::Transformer>(crs::Transformer::make(name, site));
    return {swapped ? words("{} with its two coordinates swapped", "{} 且两个坐标对调", name) : Words{name, name},
            swapped ? words("exchange the two coordinates and pass --crs {}", "请对调两个坐标并用 --crs {}", name)
                    : words("pass --crs {}", "请用 --crs {}", name),
            [transformer, swapped](crs::Coordinate c) {
                return transformer->to_registry(swapped ? crs::Coordinate{c.y, c.x} : c);
            }};
}

class DatumCheck {
public:
    DatumCheck(std::string const& file, crs::Transformer const& declared, std::span<DatumWitness const> witnesses,
               KnownSurroundings const& known)
        : m_file(file)
        , m_declared(declared)
        , m_known(known)
        , m_words(words_of(known.kind))
        , m_as_declared{{declared.name(), declared.name()},
                        {},
                        [&declared](crs::Coordinate c) { return declared.to_registry(c); }}
        , m_count(known.count == 0 ? witnesses.size() : known.count)
        , m_witnesses(witnesses.size()) {
        for (auto const* const county : known.counties) {
            m_county_boxes.push_back(geom::envelope_of(*county));
        }
        auto const step = witnesses.size() / kSample + 1;
        for (std::size_t i = 0; i < witnesses.size(); i += step) {
            Sampled s{&witnesses[i], known.place(witnesses[i]), {}, {}};
            if (s.known.county != nullptr) {
                s.county_box = geom::envelope_of(*s.known.county);
            }
            if (s.known.current != nullptr) {
                s.current_box = geom::envelope_of(*s.known.current);
            }
            m_sample.push_back(s);
        }
    }

    [[nodiscard]] std::optional<Problem> run() {
        if (m_sample.empty()) {
            return std::nullopt;
        }
        if (auto found = by_places()) {
            return found;
        }
        if (auto found = by_replaced_grids()) {
            return found;
        }
        return by_neighbours();
    }

private:
    [[nodiscard]] bool inside_another_county(geom::Point p) const {
        for (std::size_t i = 0; i < m_county_boxes.size(); ++i) {
            if (is_near(m_county_boxes[i], p) && geom::owns(*m_known.counties[i], p) &&
                geom::distance_to_boundary_m(*m_known.counties[i], p) > kInsideAnotherM) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] Fit fit_of(Reading const& reading) const {
        Fit fit;
        for (auto const& s : m_sample) {
            if (s.known.current == nullptr && s.known.county == nullptr && m_county_boxes.empty()) {
                continue;
            }
            auto const corners = s.witness->corners();
            for (std::size_t k = 0; k < corners.size(); ++k) {
                ++fit.corners;
                auto const p = reading.point(corners[k]);
                bool misfit = !p;
                if (p && s.known.current != nullptr) {
                    misfit = std::fabs(extreme_moved_m(s.current_box, k, *p)) > kMovedM;
                }
                if (p && !misfit) {
                    misfit = s.known.county != nullptr ? far_outside(*s.known.county, s.county_box, *p)
                                                       : inside_another_county(*p);
                }
                if (p && s.known.county == nullptr) {
                    fit.near += std::ranges::any_of(m_county_boxes, [&](auto const& b) { return is_near(b, *p); });
                }
                fit.misfit.push_back(misfit);
                if (misfit) {
                    ++fit.misfits;
                    fit.first = fit.first ? fit.first : p;
                }
            }
        }
        return fit;
    }

    /// Made once, when first asked for.
    [[nodiscard]] std::vector<Reading> const& others() {
        if (m_others.empty()) {
            make_others();
        }
        return m_others;
    }

    void make_others() {
        bool const degrees = std::ranges::all_of(m_sample, [](Sampled const& s) {
            return std::ranges::all_of(
                s.witness->extremes, [](crs::Coordinate c) { return std::fabs(c.x) <= 180 && std::fabs(c.y) <= 180; });
        });
        // A diagnosis gives out no positions, so it is made where the site switches GCJ-02 off, too.
        crs::SiteSystems const none;
        auto const add = [&](std::string const& name, bool swapped) {
            m_others.push_back(reading_of(name, none, swapped));
            if (!m_known.site_systems.gcj02_allowed() && (name == "GCJ02" || name == "BD09")) {
                m_others.back().advice =
                    words("{} is switched off in {}, so have it converted to EPSG:4490",
                          "{1} 已停用 {0}，请让提供方转换为 EPSG:4490", name, m_known.site_systems.gcj02_said_in());
            }
        };
        if (degrees) {
            for (auto const* const name : {"EPSG:4490", "GCJ02", "BD09"}) {
                add(name, false);
            }
            add("EPSG:4490", true);
            add("GCJ02", true);
        } else {
            for (auto const* const name : {"EPSG:4546", "EPSG:4547", "EPSG:4548", "EPSG:4525", "EPSG:4526", "EPSG:4527",
                                           "EPSG:4508", "EPSG:4509", "EPSG:4497", "EPSG:4498", "EPSG:3857"}) {
                add(name, false);
                add(name, true);
            }
        }
        for (auto const& name : m_known.site_systems.names()) {
            m_others.push_back(reading_of(name, m_known.site_systems));
        }
        if (!m_declared.geographic()) {
            m_others.push_back({words("GCJ-02 degrees that were projected as {}", "先为 GCJ-02 经纬度、再按 {} 投影",
                                      m_declared.name()),
                                words("have it converted from those", "请让提供方由此转换"), [this](crs::Coordinate c) {
                                    auto const p = m_declared.to_registry(c);
                                    return p ? std::optional{crs::from_gcj02({p->lon, p->lat})} : std::nullopt;
                                }});
        }
        m_others.push_back({words("{} beside outlines and grids of the registry that are GCJ-02",
                                  "{}，而登记库中的轮廓和网格是 GCJ-02", m_declared.name()),
                            words("compare those with another source; if they are, import them again with --crs GCJ02",
                                  "请用另一来源核对登记库；若确是，请用 --crs GCJ02 重新导入它们"),
                            [this](crs::Coordinate c) -> std::optional<crs::Position> {
                                auto const p = m_declared.to_registry(c);
                                if (!p) {
                                    return std::nullopt;
                                }
                                auto const moved = crs::to_gcj02(*p);
                                return crs::Position{moved.lon, moved.lat};
                            }});
    }

    /// Median of where the reading puts the corners, seen from where the declared system puts them. Empty when that
    /// gives no positions.
    [[nodiscard]] std::optional<Offset> moved_by(Reading const& reading) const {
        std::vector<double> east;
        std::vector<double> north;
        for (auto const& s : m_sample) {
            auto const from = m_as_declared.point(s.witness->extremes[0]);
            auto const to = reading.point(s.witness->extremes[0]);
            if (from && to) {
                auto const offset = geom::LocalMetres{*from}.to(*to);
                east.push_back(offset.east);
                north.push_back(offset.north);
            }
        }
        if (east.empty()) {
            return std::nullopt;
        }
        return Offset{median(east), median(north)};
    }

    [[nodiscard]] Problem problem(Words message, std::optional<geom::Point> at, std::optional<Offset> offset) const {
        Problem problem{ProblemCode::suspected_datum, {m_file}, std::move(message.english), std::nullopt, 0, {}};
        problem.chinese = std::move(message.chinese);
        if (at) {
            problem.place = ProblemPlace{*at, {}, {}};
        }
        if (offset) {
            problem.measure = std::hypot(offset->east, offset->north);
            problem.unit = "m";
        }
        return problem;
    }

    [[nodiscard]] Problem fits(Words const& found, Reading const& reading, std::size_t left,
                               std::optional<geom::Point> at) const {
        auto const offset = moved_by(reading);
        auto const rest = left == 0 ? words("none do", "全部相符") : words("only {} do", "只有 {} 个如此", left);
        return problem(words("{}; read as {}, {}. {}: {}{}", "{}；按 {} 读取则{}。{}：{}{}", found, reading.name, rest,
                             moves(offset), reading.advice, or_the_registry()),
                       at, offset);
    }

    [[nodiscard]] Words moves(std::optional<Offset> offset) const {
        auto const things = words("{} {}", "{} {}", with_commas(m_count), m_count == 1 ? m_words.one : m_words.many);
        return offset ? words("That moves {} by {}", "{} 因此移动 {}", things, described(*offset))
                      : words("As declared, {} have no position at all", "按声明的坐标系，{} 都没有位置", things);
    }

    /// Do corners lie where their counties and the grids they replace are?
    [[nodiscard]] std::optional<Problem> by_places() {
        auto const fit = fit_of(m_as_declared);
        if (fit.misfits < kLeastMisfits || fit.share() < kLeastShare) {
            return std::nullopt;
        }
        Reading const* best = nullptr;
        Fit best_fit = fit;
        for (auto const& reading : others()) {
            if (auto const other = fit_of(reading); other.better_than(best_fit)) {
                best_fit = other;
                best = &reading;
            }
        }
        auto const found = words("{}: read as {}, {} of {} {} that were tried {}",
                                 "{}：按 {} 读取，试算的 {3} {4}中有 {2} 个{5}", m_file, m_declared.name(),
                                 with_commas(fit.misfits), with_commas(fit.corners), m_words.tried, m_words.amiss);
        // What lies amiss in both readings (wrong codes, wrong names) speaks for neither.
        auto const mended = fit.worse_than(best_fit);
        if (best != nullptr && mended >= kLeastMisfits &&
            static_cast<double>(mended) >= kLeastShare * static_cast<double>(fit.corners) &&
            best_fit.worse_than(fit) * 4 <= mended) {
            return fits(found, *best, best_fit.misfits, fit.first);
        }
        bool const few_by_chance = m_witnesses * 10 < m_known.sought;
        if (fit.share() > 0.5 && !few_by_chance) {
            return problem(words("{}, and no other system that was tried fits better. Check the coordinate system of "
                                 "the file and {}",
                                 "{}，试过的其他坐标系也都不更吻合。请检查文件的坐标系和{}", found, m_words.look_at),
                           fit.first, std::nullopt);
        }
        return std::nullopt;
    }

    struct Agreement {
        Offset offset;
        std::size_t grids = 0;
        bool one_and_the_same = false;
    };

    /// Of grids that replace one of the registry: how far they lie from it, and whether most say the same.
    [[nodiscard]] Agreement from_replaced(Reading const& reading) const {
        std::array<std::vector<double>, 2> along; // east, north
        Agreement agreement;
        for (auto const& s : m_sample) {
            if (s.known.current == nullptr) {
                continue;
            }
            ++agreement.grids;
            for (std::size_t k = 0; k < s.witness->extremes.size(); ++k) {
                if (auto const p = reading.point(s.witness->extremes.at(k))) {
                    along.at(k / 2).push_back(extreme_moved_m(s.current_box, k, *p));
                }
            }
        }
        if (along[0].empty() || along[1].empty()) {
            return agreement;
        }
        agreement.offset = {median(along[0]), median(along[1])};
        double const tolerance_m = std::max(0.5, 0.1 * std::hypot(agreement.offset.east, agreement.offset.north));
        auto const agrees = [&](std::vector<double> const& values, double middle) {
            auto const close = static_cast<std::size_t>(
                std::ranges::count_if(values, [&](double value) { return std::fabs(value - middle) <= tolerance_m; }));
            return close * 10 >= values.size() * 6;
        };
        agreement.one_and_the_same =
            agrees(along[0], agreement.offset.east) && agrees(along[1], agreement.offset.north);
        return agreement;
    }

    [[nodiscard]] std::optional<Problem> by_replaced_grids() {
        // All four sides of an outline that moved alike are no new survey.
        std::size_t const least = m_known.kind == WitnessKind::outlines ? 1 : 5;
        auto const as_declared = from_replaced(m_as_declared);
        double const length_m = std::hypot(as_declared.offset.east, as_declared.offset.north);
        if (as_declared.grids < least || !as_declared.one_and_the_same || length_m < kLeastOffsetM) {
            return std::nullopt;
        }
        auto const found = words("{}: read as {}, most of {} {} lie by one and the same {} of {}",
                                 "{}：按 {} 读取，{} {}中的大多数与{5}的偏移相同：{4}", m_file, m_declared.name(),
                                 with_commas(as_declared.grids), as_declared.grids == 1 ? m_words.one : m_words.many,
                                 described(as_declared.offset), m_words.on_them);
        for (auto const& reading : others()) {
            auto const other = from_replaced(reading);
            if (other.one_and_the_same && std::hypot(other.offset.east, other.offset.north) < 0.2 * length_m) {
                auto const offset = moved_by(reading);
                return problem(words("{}; read as {} they lie on them. {}: {}{}", "{}；按 {} 读取则重合。{}：{}{}",
                                     found, reading.name, moves(offset), reading.advice, or_the_registry()),
                               first_position(), offset);
            }
        }
        return problem(words("{}. {}", "{}。{}", found, unnamed()), first_position(), as_declared.offset);
    }

    [[nodiscard]] std::optional<geom::Point> first_position() const {
        return m_as_declared.point(m_sample.front().witness->extremes[0]);
    }

    /// Vertices of the registry's other grids within a kilometre or two of the corners.
    [[nodiscard]] VertexSet vertices_near() const {
        constexpr std::int32_t kCell = 200'000; // 0.02 degree, 2 km
        std::unordered_set<std::int64_t> cells;
        auto const cell = [](std::int32_t x, std::int32_t y) { return std::int64_t{x} * 1'000'000 + y; };
        for (auto const& s : m_sample) {
            for (auto const& c : s.witness->extremes) {
                if (auto const p = m_as_declared.point(c)) {
                    for (int dx = -1; dx <= 1; ++dx) {
                        for (int dy = -1; dy <= 1; ++dy) {
                            cells.insert(cell(p->lon / kCell + dx, p->lat / kCell + dy));
                        }
                    }
                }
            }
        }
        VertexSet vertices;
        for (auto const* const grid : m_known.grids) {
            for (auto const& part : grid->parts) {
                for (auto const p : part.outer) {
                    if (cells.contains(cell(p.lon / kCell, p.lat / kCell))) {
                        vertices.insert(p);
                    }
                }
            }
        }
        return vertices;
    }

    [[nodiscard]] std::size_t meeting(Reading const& reading, VertexSet const& vertices) const {
        std::size_t count = 0;
        for (auto const& s : m_sample) {
            for (auto const& c : s.witness->extremes) {
                auto const p = reading.point(c);
                count += p && vertices.meets(*p) ? 1U : 0U;
            }
        }
        return count;
    }

    /// Neighbours share vertices: do corners meet those of grids that are there already?
    [[nodiscard]] std::optional<Problem> by_neighbours() {
        auto const vertices = vertices_near();
        if (vertices.empty()) {
            return std::nullopt;
        }
        auto const corners = m_sample.size() * 4;
        auto const enough = std::max<std::size_t>(8, corners / 100);
        auto const as_declared = meeting(m_as_declared, vertices);
        if (as_declared >= enough) {
            return std::nullopt;
        }
        Reading const* best = nullptr;
        std::size_t most = as_declared;
        for (auto const& reading : others()) {
            if (auto const count = meeting(reading, vertices); count > most) {
                most = count;
                best = &reading;
            }
        }
        auto const found = words("{}: read as {}, {} of {} {} that were tried meet a vertex of {}",
                                 "{}：按 {} 读取，试算的 {3} {4}中有 {2} 个与{5}的节点重合", m_file, m_declared.name(),
                                 with_commas(as_declared), with_commas(corners), m_words.tried, m_words.near);
        if (best != nullptr && most >= enough && most >= 4 * as_declared) {
            auto const offset = moved_by(*best);
            return problem(words("{}; read as {}, {} do. {}: {}", "{}；按 {} 读取则有 {} 个重合。{}：{}", found,
                                 best->name, with_commas(most), moves(offset), best->advice),
                           first_position(), offset);
        }
        return by_one_offset(vertices, as_declared, found);
    }

    /// Every corner votes for the offsets that would bring it to a vertex; chance spreads its votes.
    [[nodiscard]] std::optional<Problem> by_one_offset(VertexSet const& vertices, std::size_t as_declared,
                                                       Words const& found) const {
        constexpr std::int32_t kReach = 20'000; // E7, 200 m and more
        constexpr std::int32_t kBin = 50;       // E7, half a metre
        constexpr std::size_t kVoters = 2'000;
        constexpr std::uint32_t kLeastVotes = 12;
        std::vector<geom::Point> voters;
        for (auto const& s : m_sample) {
            for (auto const& c : s.witness->extremes) {
                if (auto const p = m_as_declared.point(c)) {
                    voters.push_back(*p);
                }
            }
        }
        std::ranges::sort(voters); // a corner that grids share has one vote
        voters.erase(std::unique(voters.begin(), voters.end()), voters.end());
        auto const step = voters.size() / kVoters + 1;
        std::unordered_map<std::int64_t, std::uint32_t> votes;
        auto const bin = [](std::int64_t x, std::int64_t y) { return x * 100'000 + y; };
        std::size_t voted = 0;
        for (std::size_t i = 0; i < voters.size(); i += step) {
            auto const p = voters[i];
            ++voted;
            vertices.for_each_near(p, kReach, [&](geom::Point q) {
                ++votes[bin(std::lround(static_cast<double>(q.lon - p.lon) / kBin),
                            std::lround(static_cast<double>(q.lat - p.lat) / kBin))];
            });
        }
        std::int64_t best = 0;
        std::uint32_t most = 0;
        for (auto const& [key, count] : votes) {
            if (count > most || (count == most && key < best)) {
                most = count;
                best = key;
            }
        }
        auto const y = (best % 100'000 + 150'000) % 100'000 - 50'000;
        auto const x = (best - y) / 100'000;
        std::uint32_t second = 0;
        for (auto const& [key, count] : votes) {
            auto const ky = (key % 100'000 + 150'000) % 100'000 - 50'000;
            auto const kx = (key - ky) / 100'000;
            if (std::abs(kx - x) > 3 || std::abs(ky - y) > 3) {
                second = std::max(second, count);
            }
        }
        if (most < kLeastVotes || most < 2 * second || most < 4 * as_declared) {
            return std::nullopt;
        }
        auto const from = first_position();
        if (!from) {
            return std::nullopt;
        }
        geom::Point const to{static_cast<std::int32_t>(from->lon + x * kBin),
                             static_cast<std::int32_t>(from->lat + y * kBin)};
        auto const offset = geom::LocalMetres{*from}.to(to);
        if (std::hypot(offset.east, offset.north) < kLeastOffsetM) {
            return std::nullopt;
        }
        return problem(words("{}; moved by one and the same {} {} of {} would. {}",
                             "{}；统一移动 {} 后，{3} 个中有 {2} 个会重合。{4}", found, described(offset),
                             with_commas(most), with_commas(voted), unnamed()),
                       from, offset);
    }

    [[nodiscard]] Words or_the_registry() const {
        bool const compared_with_it =
            m_known.kind == WitnessKind::addresses ||
            std::ranges::any_of(m_sample, [](Sampled const& s) { return s.known.current != nullptr; });
        return compared_with_it ? words(". If it is the registry that lies wrong, pass --accept-datum",
                                        "。若是登记库的位置有误，请用 --accept-datum")
                                : Words{};
    }

    [[nodiscard]] static Words unnamed() {
        return words(
            "An offset of this kind is what Beijing54, Xian80 or a local system taken for CGCS2000 gives: find "
            "out which it is, write the site's parameters into coordinate-systems.toml, and name it with "
            "--crs. If it is the registry that lies wrong, pass --accept-datum",
            "把北京54、西安80或地方坐标系当作 CGCS2000 就会有这样的偏移：请查明是哪一种，把本地参数写入 "
            "coordinate-systems.toml，并用 --crs 指明。若是登记库的位置有误，请用 --accept-datum");
    }

    std::string const& m_file;
    crs::Transformer const& m_declared;
    KnownSurroundings const& m_known;
    KindWords m_words;
    Reading m_as_declared;
    std::size_t m_count;
    std::size_t m_witnesses;
    std::vector<geom::Envelope> m_county_boxes;
    std::vector<Sampled> m_sample;
    std::vector<Reading> m_others;
};

} // namespace

std::optional<Problem> suspected_datum(std::string const& file, crs::Transformer const& declared,
                                       std::span<DatumWitness const> witnesses, KnownSurroundings const& known) {
    return DatumCheck{file, declared, witnesses, known}.run();
}

Words accepted_datum(Problem const& suspicion) {
    return words("accepted as declared, although {}", "按声明的坐标系接受，尽管{}",
                 Words{suspicion.message, suspicion.chinese});
}

} // namespace wangge::importers
