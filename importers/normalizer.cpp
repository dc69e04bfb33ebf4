#include "problem_text.hpp"

#include <wangge/geom/measure.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/table_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace wangge::importers {

void SnapStatistics::add(SnapStatistics const& other) noexcept {
    max_m = std::max(max_m, other.max_m);
    sum_m += other.sum_m;
    vertices += other.vertices;
}

std::optional<GridKind> parse_kind_word(std::string_view text) {
    constexpr std::string_view kGrid = "网格";
    if (text.ends_with(kGrid)) {
        text.remove_suffix(kGrid.size());
    }
    if (text == "综合" || text == "基础") {
        return GridKind::comprehensive;
    }
    if (text == "专属") {
        return GridKind::dedicated;
    }
    return parse_grid_kind(text);
}

namespace {

/// A ring whose loops cancel out has no area either, but crosses itself, which the checker tells.
[[nodiscard]] bool on_one_line(geom::Ring const& ring) {
    return std::ranges::all_of(ring, [&](geom::Point p) { return geom::orientation(ring[0], ring[1], p) == 0; });
}

} // namespace

std::optional<std::array<crs::Coordinate, 4>> extremes_of(RawFeature const& feature) {
    if (feature.coordinates.empty()) {
        return std::nullopt;
    }
    auto const [west, east] = std::ranges::minmax_element(feature.coordinates, {}, &crs::Coordinate::x);
    auto const [south, north] = std::ranges::minmax_element(feature.coordinates, {}, &crs::Coordinate::y);
    return std::array{*west, *east, *south, *north};
}

bool ShapeNormalizer::place(RawFeature const& feature, std::string const& subject, std::vector<Problem>& problems) {
    m_positions = feature.coordinates;
    m_last_max_m = 0;
    if (m_transformer.to_registry(m_positions) != 0) {
        auto const bad = std::ranges::find_if(m_positions, [](crs::Coordinate c) { return !std::isfinite(c.x); });
        auto const& raw = feature.coordinates[static_cast<std::size_t>(bad - m_positions.begin())];
        problems.push_back(
            {ProblemCode::outside_lattice,
             {subject},
             fmt::format(
                 "the coordinate {:.10g}, {:.10g} is no position in {}; check the coordinate system (--crs) and "
                 "the order of the coordinates",
                 raw.x, raw.y, m_transformer.name()),
             {},
             0,
             {}});
        problems.back().facts.push_back({"value", fmt::format("{:.10g}, {:.10g}", raw.x, raw.y)});
        return false;
    }
    auto const metres = geom::metres_per_degree(m_positions.front().y);
    m_points.resize(m_positions.size());
    double furthest2 = 0;
    double sum = 0;
    for (std::size_t i = 0; i < m_positions.size(); ++i) {
        auto const& p = m_positions[i];
        m_points[i] = {geom::to_lattice(p.x), geom::to_lattice(p.y)};
        double const east = (geom::to_degrees(m_points[i].lon) - p.x) * metres.lon;
        double const north = (geom::to_degrees(m_points[i].lat) - p.y) * metres.lat;
        double const d2 = east * east + north * north;
        furthest2 = std::max(furthest2, d2);
        sum += std::sqrt(d2);
    }
    m_last_max_m = std::sqrt(furthest2);
    m_snapped.add({m_last_max_m, sum, m_points.size()});
    return true;
}

ShapeNormalizer::Result ShapeNormalizer::normalize(RawFeature const& feature, std::string const& subject,
                                                   std::vector<Problem>& problems) {
    if (feature.rings.empty() || feature.coordinates.empty()) {
        problems.push_back({ProblemCode::empty_geometry, {subject}, "has no geometry", {}, 0, {}});
        return {};
    }
    if (!place(feature, subject, problems)) {
        return {};
    }
    Result result{{}, true};
    auto& shape = result.shape;
    std::optional<std::uint32_t> part;
    for (auto const& raw : feature.rings) {
        geom::Ring ring;
        ring.reserve(raw.last - raw.first);
        for (auto i = raw.first; i < raw.last; ++i) {
            if (ring.empty() || ring.back() != m_points[i]) {
                ring.push_back(m_points[i]);
            }
        }
        while (ring.size() > 1 && ring.front() == ring.back()) {
            ring.pop_back();
        }
        if (ring.size() < 3 || on_one_line(ring)) {
            Problem problem{
                ProblemCode::collapsed_ring,
                {subject},
                fmt::format("{} of {} points has no area on the lattice of 1e-7 degree; remove it or redraw it",
                            raw.hole ? "a hole" : "an outer ring", raw.last - raw.first),
                {},
                0,
                {}};
            if (!ring.empty()) {
                problem.place = ProblemPlace{ring.front(), {}, {}};
            }
            problems.push_back(std::move(problem));
            result.sound = false;
            continue;
        }
        if (!raw.hole) {
            shape.parts.emplace_back();
            shape.parts.back().outer = std::move(ring);
            part = raw.part;
        } else if (part == raw.part) {
            shape.parts.back().holes.push_back(std::move(ring));
        } // else its outer ring collapsed and was reported
    }
    geom::normalize(shape); // orients each ring by its role
    return result;
}

Normalizer::Normalizer(CodeProfile const& profile, VillageLevels const& divisions, FieldMapping const& mapping,
                       crs::Transformer const& transformer, std::string file,
                       std::function<std::optional<DivisionCode>(GridCode const&)> known_village)
    : m_profile(profile)
    , m_divisions(divisions)
    , m_mapping(mapping)
    , m_shapes(transformer)
    , m_file(std::move(file))
    , m_known_village(std::move(known_village)) {}

bool Normalizer::attributes(RawFeature const& feature, registry::Grid& grid, std::vector<Problem>& problems) const {
    auto const where = fmt::format("{} row {}", m_file, feature.row);
    auto const report = [&](ProblemCode code, std::string subject, Words const& message) {
        problems.push_back(row_problem(code, std::move(subject), where, message));
    };
    auto const text = [&](std::string_view key) { return trimmed(m_mapping.value(feature.fields, key)); };

    auto const code_text = text("grid_code");
    auto const row = fmt::format("row {}", feature.row);
    if (code_text.empty()) {
        report(ProblemCode::missing_attribute, row, words("has no grid code; fill it in", "没有网格编码；请补填"));
        return false;
    }
    auto const code = GridCode::parse(code_text);
    auto const kind = code ? m_profile.kind_of(*code) : std::nullopt;
    if (!code || !kind) {
        report(ProblemCode::malformed_code, row,
               words("grid code '{}' is not {} digits with a sequence of {} or {}; correct it",
                     "网格编码“{}”不是 {} 位数字、顺序号 {} 或 {}；请更正（留意表格软件把编码变成 4.40106E+14）",
                     code_text, m_profile.length,
                     fmt::format("{:03}-{:03}", m_profile.comprehensive_first, m_profile.comprehensive_last),
                     fmt::format("{:03}-{:03}", m_profile.dedicated_first, m_profile.dedicated_last)));
        return false;
    }
    grid.code = *code;
    grid.kind = *kind;
    std::string const subject{code->str()};
    bool good = true;

    grid.name = text("grid_name");
    if (grid.name.empty()) {
        report(ProblemCode::missing_attribute, subject, words("has no name; fill it in", "没有网格名称；请补填"));
        good = false;
    }
    if (auto const word = text("grid_kind"); !word.empty()) {
        auto const said = parse_kind_word(word);
        if (!said || *said != *kind) {
            report(ProblemCode::malformed_value, subject,
                   said
                       ? words("its kind is '{}', but the sequence of its code is one of {} grids; correct one of them",
                               "网格类型是“{}”，但其编码的顺序号属于{}；请更正其中之一", word, words_of(*kind))
                       : words("kind '{}' is not known; accepted are 综合网格, 专属网格, comprehensive, dedicated",
                               "网格类型“{}”不在列表中；可用：综合网格、专属网格", word));
            good = false;
        }
    }
    auto const village_text = text("village_code");
    std::optional<DivisionCode> village;
    if (m_mapping.column("village_code")) {
        if (village_text.empty()) {
            report(ProblemCode::missing_attribute, subject,
                   words("has no village code; fill it in", "没有所属村居编码；请补填"));
            return false;
        }
        village = DivisionCode::parse(village_text);
        if (!village) {
            report(ProblemCode::malformed_code, subject,
                   words("village code '{}' is not 12 digits; correct it", "所属村居编码“{}”不是 12 位数字；请更正",
                         village_text));
            return false;
        }
    } else { // a grid stays where it is; a new one lies in the village that its code was issued in
        village = m_known_village(*code);
        if (!village) {
            village = m_profile.birth_village(*code);
        }
    }
    auto const level = village ? m_divisions.find(*village) : m_divisions.end();
    if (level == m_divisions.end() || level->second < Level::village) {
        report(
            ProblemCode::unknown_village, subject,
            !village ? words("the village of its code is not in the registry on the effective date; correct the code, "
                             "or import the divisions first",
                             "其编码中的村居在生效日期不在登记库中；请更正编码，或先导入区划")
            : level == m_divisions.end()
                ? words("village {} is not in the registry on the effective date; correct it, or import the "
                        "divisions first",
                        "所属村居 {} 在生效日期不在登记库中；请更正，或先导入区划", village->str())
                : words("{} is a {}, not a village; give the village the grid lies in",
                        "{} 的级别是{}，不是村居；请填写网格所在的村居", village->str(), level_words(level->second)));
        return false;
    }
    grid.village = *village;
    return good;
}

void Normalizer::witness(RawFeature const& feature, registry::Grid const& grid) {
    if (auto const corners = extremes_of(feature)) {
        m_witnesses.push_back({grid.code, grid.village, *corners});
    }
}

std::optional<GridDraft> Normalizer::normalize(RawFeature const& feature, std::vector<Problem>& problems) {
    registry::Grid grid;
    bool const good = attributes(feature, grid, problems);
    if (grid.village.valid()) {
        witness(feature, grid);
    }
    auto const subject = grid.code.valid() ? std::string{grid.code.str()} : fmt::format("row {}", feature.row);
    auto [shape, sound] = m_shapes.normalize(feature, subject, problems);
    if (grid.code.valid()) {
        m_codes.push_back({grid.code, feature.row, shape.empty() ? geom::Point{} : shape.parts.front().outer.front()});
    }
    if (!good || !sound) {
        keep_loose(subject, std::move(shape), problems);
        return std::nullopt;
    }
    grid.shape = std::move(shape);
    return GridDraft{std::move(grid), feature.row, m_shapes.last_snapped_m()};
}

void Normalizer::normalize_loose(RawFeature const& feature, std::vector<Problem>& problems) {
    auto const row = fmt::format("row {}", feature.row);
    auto const code = GridCode::parse(trimmed(m_mapping.value(feature.fields, "grid_code")));
    bool const named = code && m_profile.fits(*code);
    auto const subject = named ? std::string{code->str()} : row;
    for (auto& problem : problems) {
        std::ranges::replace(problem.subjects, row, subject);
    }
    geom::MultiPolygon shape;
    if (!feature.rings.empty()) {
        shape = m_shapes.normalize(feature, subject, problems).shape;
    }
    if (named) {
        m_codes.push_back({*code, feature.row, shape.empty() ? geom::Point{} : shape.parts.front().outer.front()});
    }
    keep_loose(subject, std::move(shape), problems);
}

void Normalizer::keep_loose(std::string const& subject, geom::MultiPolygon shape, std::vector<Problem>& problems) {
    if (shape.empty()) {
        return;
    }
    ProblemPlace const place{geom::interior_point(shape), {}, {}};
    for (auto& problem : problems) {
        problem.place = problem.place.value_or(place);
    }
    m_loose.push_back({subject, std::move(shape)});
}

} // namespace wangge::importers
