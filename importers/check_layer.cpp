#include "datum_check.hpp"
#include "job_parts.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/importers/check_layer.hpp>
#include <wangge/importers/field_mapping.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/table_reader.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace wangge::importers {

namespace {

/// Columns that hold the identity of a feature in layers from anywhere, best first.
constexpr std::array<std::string_view, 41> kCodeNames{
    "网格编码",       "网格代码",     "网格编号", "WGBM",     "WGDM",    "WGBH",         "grid_code", "grid_id",
    "统计用区划代码", "行政区划代码", "区划代码", "区划编码", "TJYQHDM", "XZQHDM",       "XZQDM",     "QHDM",
    "宗地代码",       "ZDDM",         "地块编码", "地块代码", "DKBM",    "不动产单元号", "BDCDYH",    "图斑编码",
    "标识码",         "BSM",          "编码",     "代码",     "编号",    "BM",           "DM",        "BH",
    "code",           "adcode",       "gid",      "id",       "fid",     "objectid",     "object_id", "uuid",
    "globalid"};
constexpr std::array kCodeFields{WantedField{"code", false, kCodeNames}};
constexpr std::array<std::string_view, 8> kParentNames{"名称",     "MC",           "XZQMC", "name",
                                                       "区划名称", "行政区划名称", "QHMC",  "division_name"};
constexpr std::array kParentFields{WantedField{"code", false, kCodeNames}, WantedField{"name", false, kParentNames}};

/// A column that was only guessed names the features when so many of them have a value of their own there.
constexpr double kLeastDistinct = 0.9;
constexpr std::uint64_t kReportEvery = 1000;

struct LayerFeature {
    std::size_t row = 0;
    std::string code; ///< as in the file, trimmed
    std::string name; ///< in problems: the code, "code (row 17)" where it repeats, or "row 17"
    geom::MultiPolygon shape;
};

[[nodiscard]] std::string row_name(std::size_t row) { return fmt::format("row {}", row); }

/// Polygons that the layer must fill.
struct ParentLayer {
    std::vector<std::string> names;
    std::vector<geom::MultiPolygon> shapes;
};

class LayerCheck {
public:
    LayerCheck(std::filesystem::path const& file, CheckOptions const& options, Progress& progress)
        : m_file(file), m_options(options), m_progress(progress), m_problems(m_report) {}

    CheckReport run() {
        auto const start = std::chrono::steady_clock::now();
        if (!std::isfinite(m_options.tolerance_m) || m_options.tolerance_m < 0 ||
            m_options.tolerance_m > CheckOptions::kMostToleranceM) {
            throw Error{ErrorCode::usage,
                        words("--tolerance {}: give metres from 0 to {}", "--tolerance {}：请给出 0 到 {} 之间的米数",
                              fmt::format("{}", m_options.tolerance_m),
                              fmt::format("{}", CheckOptions::kMostToleranceM))};
        }
        m_report.tolerance_m = m_options.tolerance_m;
        if (!m_options.parent.empty()) {
            read_parent();
        }
        auto reader = OgrReader::open(m_file, m_options.read);
        read(reader);
        name_features();
        check_codes();
        auto const suspected = suspect_datum(reader.transformer());
        check_coverage(!suspected);
        m_problems.finish();
        if (m_options.draw) {
            draw();
        }
        m_report.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return std::move(m_report);
    }

private:
    /// Index of the column, exactly or but for case.
    [[nodiscard]] std::optional<std::size_t> code_column(std::vector<std::string> const& columns) {
        if (m_options.code_field.empty()) {
            auto const guess = FieldMapping::guess(kCodeFields, columns, m_file.string()).column("code");
            m_report.code_guessed = guess.has_value();
            return guess;
        }
        auto const found = std::ranges::find(columns, m_options.code_field);
        if (found == columns.end()) {
            throw Error{ErrorCode::usage, words("{}: --code {}: there is no such column; it has: {}",
                                                "{}：--code {}：没有这一列；现有的列：{}", m_file.string(),
                                                m_options.code_field, fmt::format("{}", fmt::join(columns, ", ")))};
        }
        return static_cast<std::size_t>(found - columns.begin());
    }

    void read(OgrReader& reader) {
        m_code_column = code_column(reader.columns());
        if (m_code_column) {
            m_report.code_field = reader.columns()[*m_code_column];
        }
        ShapeNormalizer normalizer{reader.transformer()};
        std::vector<Problem> found;
        RawFeature raw;
        m_progress.begin(fmt::format("reading {}", m_file.filename().string()), reader.feature_count(), "features");
        for (;;) {
            auto const outcome = reader.next(raw, found);
            if (outcome == OgrReader::Outcome::end) {
                break;
            }
            LayerFeature feature;
            feature.row = raw.row;
            if (m_code_column && *m_code_column < raw.fields.size()) {
                feature.code = trimmed(raw.fields[*m_code_column]);
            }
            auto const subject = row_name(raw.row);
            // A reader that already told what is wrong with the geometry left no rings.
            if (outcome == OgrReader::Outcome::feature || !raw.rings.empty()) {
                feature.shape = normalizer.normalize(raw, subject, found).shape;
                if (!m_parent.shapes.empty()) {
                    add_witness(raw);
                }
            }
            place_at(feature.shape, found);
            m_report.vertices += raw.coordinates.size();
            m_problems.take(found);
            m_features.push_back(std::move(feature));
            if (m_features.size() % kReportEvery == 0) {
                m_progress.advance(kReportEvery);
            }
        }
        m_progress.advance(m_features.size() % kReportEvery);
        m_progress.end();
        m_report.features = m_features.size();
        m_report.snapped = normalizer.snapped();
        m_report.file = {m_file.string(),
                         m_features.size(),
                         reader.layer(),
                         reader.transformer().name(),
                         reader.transformer().datum_assumed(),
                         reader.encoding(),
                         {},
                         reader.remarks()};
    }

    static void place_at(geom::MultiPolygon const& shape, std::vector<Problem>& problems) {
        if (problems.empty() || shape.empty()) {
            return;
        }
        ProblemPlace const place{geom::interior_point(shape), {}, {}};
        for (auto& problem : problems) {
            problem.place = problem.place.value_or(place);
        }
    }

    void add_witness(RawFeature const& raw) {
        if (auto const corners = extremes_of(raw)) {
            m_witnesses.push_back({{}, {}, *corners});
        }
    }

    /// Features by code, then row; those without a code first.
    [[nodiscard]] std::vector<std::uint32_t> by_code() const {
        std::vector<std::uint32_t> order(m_features.size());
        std::iota(order.begin(), order.end(), 0U);
        std::ranges::stable_sort(order, {}, [&](std::uint32_t i) -> std::string const& { return m_features[i].code; });
        return order;
    }

    void name_features() {
        if (m_code_column) {
            m_by_code = by_code();
            std::size_t distinct = 0;
            for (std::size_t i = 0; i < m_by_code.size(); ++i) {
                auto const& code = m_features[m_by_code[i]].code;
                distinct +=
                    static_cast<std::size_t>(!code.empty() && (i == 0 || code != m_features[m_by_code[i - 1]].code));
            }
            if (m_report.code_guessed &&
                static_cast<double>(distinct) < kLeastDistinct * static_cast<double>(m_features.size())) {
                m_report.file.remarks.push_back(
                    words("column {0} has only {1} different values for {2} features, so it was not taken for their "
                          "code; rows name them (--code {0} takes it all the same)",
                          "“{0}”列在 {2} 个要素中只有 {1} 个不同的值，因此不作为要素编码，改用行号称呼要素（"
                          "--code {0} 可强制使用该列）",
                          m_report.code_field, distinct, m_features.size()));
                m_code_column.reset();
                m_by_code.clear();
                m_report.code_field.clear();
                m_report.code_guessed = false;
            }
        }
        for (auto& feature : m_features) {
            feature.name = !m_code_column || feature.code.empty() ? row_name(feature.row) : feature.code;
        }
        for_each_repeated([&](std::span<std::uint32_t const> features) {
            for (auto const i : features) {
                m_features[i].name = fmt::format("{} (row {})", m_features[i].code, m_features[i].row);
            }
        });
        for (auto& problem : m_report.problems) { // so far all are of single features, by row
            auto const row = std::stoull(problem.subjects.front().substr(std::string_view{"row "}.size()));
            auto const found = std::ranges::lower_bound(m_features, row, {}, &LayerFeature::row);
            problem.subjects.front() = found->name;
        }
    }

    /// Calls f(span of features) for each code that stands more than once.
    template <class F>
    void for_each_repeated(F&& f) const {
        for (std::size_t begin = 0, end = 0; begin < m_by_code.size(); begin = end) {
            auto const& code = m_features[m_by_code[begin]].code;
            for (end = begin + 1; end < m_by_code.size() && m_features[m_by_code[end]].code == code;) {
                ++end;
            }
            if (end - begin > 1 && !code.empty()) {
                f(std::span{m_by_code}.subspan(begin, end - begin));
            }
        }
    }

    void check_codes() {
        if (!m_code_column) {
            return;
        }
        for (auto const& feature : m_features) {
            if (feature.code.empty()) {
                Problem problem{ProblemCode::missing_attribute,
                                {feature.name},
                                fmt::format("{}: column {} is empty; fill it in", feature.name, m_report.code_field),
                                place_of(feature),
                                0,
                                {}};
                problem.facts.push_back({"field", m_report.code_field});
                m_problems.add(std::move(problem));
            }
        }
        for_each_repeated([&](std::span<std::uint32_t const> repeated) {
            constexpr std::size_t kMost = 8;
            std::vector<std::size_t> rows;
            std::vector<std::string> names;
            std::optional<ProblemPlace> place;
            for (auto const i : repeated) {
                rows.push_back(m_features[i].row);
                names.push_back(m_features[i].name);
                place = place ? place : place_of(m_features[i]);
            }
            std::ranges::sort(names);
            auto const more = rows.size() > kMost ? rows.size() - kMost : 0;
            auto const list = fmt::format("{}", fmt::join(std::span{rows}.first(rows.size() - more), ", "));
            Problem problem{
                ProblemCode::duplicate_code,
                std::move(names),
                fmt::format("code {} stands in rows {}{}; give all but one another code, or join them into one feature",
                            m_features[repeated.front()].code, list,
                            more == 0 ? std::string{} : fmt::format(" and {} more", more)),
                std::move(place),
                0,
                {}};
            problem.facts.push_back({"rows", more == 0 ? list : fmt::format("{} 等 {}", list, rows.size())});
            problem.facts.push_back({"value", m_features[repeated.front()].code});
            m_problems.add(std::move(problem));
        });
    }

    [[nodiscard]] static std::optional<ProblemPlace> place_of(LayerFeature const& feature) {
        if (feature.shape.empty()) {
            return std::nullopt;
        }
        return ProblemPlace{geom::interior_point(feature.shape), {}, {}};
    }

    /// The parent says its own CRS; where it says none, the one given for the layer holds for it too.
    [[nodiscard]] OgrReader open_parent() const {
        ReadOptions read;
        read.layer = m_options.parent_layer;
        read.encoding = m_options.read.encoding;
        read.site_systems = m_options.read.site_systems;
        try {
            return OgrReader::open(m_options.parent, read);
        } catch (Error const& error) {
            if (error.code() != ErrorCode::data_rejected || m_options.read.crs.empty()) {
                throw;
            }
        }
        read.crs = m_options.read.crs;
        return OgrReader::open(m_options.parent, read);
    }

    void read_parent() {
        auto reader = open_parent();
        auto const mapping = FieldMapping::guess(kParentFields, reader.columns(), m_options.parent.string());
        ShapeNormalizer normalizer{reader.transformer()};
        std::vector<Problem> found;
        RawFeature raw;
        m_progress.begin(fmt::format("reading {}", m_options.parent.filename().string()), reader.feature_count(),
                         "outlines");
        while (reader.next(raw, found) != OgrReader::Outcome::end) {
            auto shape =
                raw.rings.empty() ? geom::MultiPolygon{} : normalizer.normalize(raw, row_name(raw.row), found).shape;
            auto name = std::string{trimmed(mapping.value(raw.fields, "code"))};
            if (name.empty()) {
                name = trimmed(mapping.value(raw.fields, "name"));
            }
            m_parent.names.push_back(name.empty() ? row_name(raw.row) : std::move(name));
            m_parent.shapes.push_back(std::move(shape));
            m_progress.advance(1);
        }
        m_progress.end();
        m_report.parent = m_options.parent.filename().string();
        m_report.parent_features = m_parent.shapes.size();
        if (m_parent.shapes.empty()) {
            throw Error{ErrorCode::data_rejected,
                        words("--parent {}: holds no feature; name the layer that is to be filled",
                              "--parent {}：没有要素；请指明应被填满的图层", m_options.parent.string())};
        }
        std::vector<topology::Face> faces;
        for (std::size_t i = 0; i < m_parent.shapes.size(); ++i) {
            faces.push_back({m_parent.names[i], &m_parent.shapes[i], true});
        }
        auto const own = topology::CoverageChecker{}.check(faces, {}, m_progress);
        std::ranges::copy_if(own.report.problems, std::back_inserter(found), [](Problem const& problem) {
            return problem.code == ProblemCode::overlap || problem.code == ProblemCode::duplicate_geometry ||
                   static_cast<int>(problem.code) / 100 == 2;
        });
        if (!found.empty()) {
            throw Error{ErrorCode::data_rejected,
                        words("--parent {}: has problems of its own ({}), the first: {}. Check and mend it "
                              "first: wangge check {}",
                              "--parent {}：自身有 {} 个问题，第一个：{}。请先检查并修正：wangge check {}",
                              m_options.parent.string(), found.size(), found.front().message,
                              m_options.parent.string())};
        }
    }

    /// All outlines as one shape are where the corners must fall.
    [[nodiscard]] bool suspect_datum(crs::Transformer const& declared) {
        if (m_witnesses.empty()) {
            return false;
        }
        geom::MultiPolygon all;
        for (auto const& shape : m_parent.shapes) {
            all.parts.insert(all.parts.end(), shape.parts.begin(), shape.parts.end());
        }
        KnownSurroundings known;
        known.place = [&](DatumWitness const&) { return KnownPlace{&all, nullptr}; };
        known.counties = {&all};
        auto problem = suspected_datum(m_file.filename().string(), declared, m_witnesses, known);
        // Without a system that fits better the layer may simply lie elsewhere, which is told feature by feature.
        if (!problem || problem->unit.empty()) {
            return false;
        }
        problem->message = fmt::format("{} (their county here is {})", problem->message, m_report.parent);
        problem->chinese = fmt::format("{}（此处所说的轮廓为 {}）", problem->chinese, m_report.parent);
        m_problems.add(std::move(*problem));
        return true;
    }

    void check_coverage(bool against_parent) {
        std::vector<topology::Face> faces;
        faces.reserve(m_features.size());
        for (auto const& feature : m_features) {
            if (!feature.shape.empty()) { // the empty ones are reported already
                faces.push_back({feature.name, &feature.shape, true});
            }
        }
        std::vector<topology::Outline> outlines;
        for (std::size_t i = 0; against_parent && i < m_parent.shapes.size(); ++i) {
            outlines.push_back({m_parent.names[i], &m_parent.shapes[i]});
        }
        auto result = topology::CoverageChecker{{m_options.tolerance_m}}.check(faces, outlines, m_progress);
        for (auto& problem : result.report.problems) {
            speak_of_parent(problem);
            m_problems.add(std::move(problem));
        }
    }

    void speak_of_parent(Problem& problem) const {
        if (problem.code == ProblemCode::outside_county) {
            problem.message =
                fmt::format("{} lies outside {} by {:.4g} m2 at {:.7f} {:.7f}; cut it back to the boundary",
                            problem.subjects.front(), m_report.parent, problem.measure,
                            geom::to_degrees(problem.place->at.lon), geom::to_degrees(problem.place->at.lat));
        } else if (problem.code == ProblemCode::county_not_filled) {
            problem.message = fmt::format(
                "{:.4g} m2 of {} in {} belong to no feature, as at {:.7f} {:.7f}; draw the missing features, or record "
                "why there are none",
                problem.measure, problem.subjects.front(), m_report.parent, geom::to_degrees(problem.place->at.lon),
                geom::to_degrees(problem.place->at.lat));
        } else {
            return;
        }
        problem.facts.push_back({"parent", m_report.parent});
    }

    void draw() {
        std::vector<MapFeature> features;
        features.reserve(m_features.size());
        for (auto const& feature : m_features) {
            features.push_back({feature.name, &feature.shape});
        }
        m_report.map = make_report_map(m_report.problems, features);
    }

    std::filesystem::path const& m_file;
    CheckOptions const& m_options;
    Progress& m_progress;
    CheckReport m_report;
    ProblemList m_problems;
    ParentLayer m_parent;
    std::optional<std::size_t> m_code_column;
    std::vector<LayerFeature> m_features; ///< by row
    std::vector<std::uint32_t> m_by_code; ///< empty when no column names them
    std::vector<DatumWitness> m_witnesses;
};

} // namespace

CheckReport check_layer(std::filesystem::path const& file, CheckOptions const& options, Progress& progress) {
    return LayerCheck{file, options, progress}.run();
}

} // namespace wangge::importers
