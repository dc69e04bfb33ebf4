#include "datum_check.hpp"
#include "job_parts.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/validity.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace wangge::importers {

namespace {

using registry::ChangeKind;
using registry::Division;
using registry::DivisionOutline;

/// Digits of the code that a level and those above it fill (GB/T 10114): 44 | 01 | 06 | 001 | 001.
constexpr std::array<std::pair<Level, std::uint64_t>, 4> kLevelZeros{
    std::pair{Level::province, std::uint64_t{10'000'000'000}}, std::pair{Level::city, std::uint64_t{100'000'000}},
    std::pair{Level::county, std::uint64_t{1'000'000}}, std::pair{Level::town, std::uint64_t{1'000}}};

[[nodiscard]] Level level_by_zeros(DivisionCode code) {
    for (auto const& [level, unit] : kLevelZeros) {
        if (code.value() % unit == 0) {
            return level;
        }
    }
    return Level::village;
}

[[nodiscard]] std::optional<Level> parse_level_word(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Level>, 17> kWords{
        std::pair{std::string_view{"省"}, Level::province},
        {"省级", Level::province},
        {"市", Level::city},
        {"市级", Level::city},
        {"县", Level::county},
        {"区", Level::county},
        {"县区", Level::county},
        {"县级", Level::county},
        {"镇", Level::town},
        {"街道", Level::town},
        {"镇街", Level::town},
        {"乡镇", Level::town},
        {"村", Level::village},
        {"社区", Level::village},
        {"村居", Level::village},
        {"村级", Level::village},
        {"村民小组", Level::group}};
    auto const found = std::ranges::find(kWords, text, &std::pair<std::string_view, Level>::first);
    return found != kWords.end() ? std::optional{found->second} : parse_level(text);
}

class DivisionImport {
public:
    DivisionImport(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                   ImportOptions const& options, Progress& progress)
        : m_folder(folder)
        , m_files(files)
        , m_options(options)
        , m_progress(progress)
        , m_registry(open_registry(folder, options))
        , m_problems(m_report) {
        for (auto& division : m_registry.divisions(options.effective)) {
            auto const code = division.code;
            m_current.emplace(code, std::move(division));
        }
    }

    ImportReport run() {
        JobClock clock{m_report, "divisions", m_options};
        for (auto const& file : m_files) {
            if (is_polygon_file(file)) {
                read_outlines(file);
            } else {
                read_table(file);
            }
        }
        settle_parents();
        check_outlines();
        check_datum();
        compare();
        if (!m_report.has_errors() && !m_options.dry_run) {
            apply();
        }
        m_problems.finish();
        clock.stop();
        return std::move(m_report);
    }

private:
    struct Row {
        Division division;
        std::string where; ///< "divisions.tsv row 17"
        bool has_parent_column = false;
    };
    struct OutlineRow {
        DivisionOutline outline;
        std::string where;
    };

    /// Outlines of one file, as they came, for the check of its coordinate system.
    struct FileWitnesses {
        std::size_t file; ///< of the report
        crs::Transformer transformer;
        std::vector<DatumWitness> witnesses;
    };

    void report(ProblemCode code, std::string const& where, Words const& message) {
        m_problems.add(row_problem(code, where, where, message));
    }

    void read_table(std::filesystem::path const& file) {
        auto const name = file.filename().string();
        importers::read_table(file, division_fields(), m_options, m_files.size() > 1, m_progress, m_problems, m_report,
                              [&](TableRow const& row, FieldMapping const& mapping) {
                                  read_row(row, mapping, fmt::format("{} row {}", name, row.row));
                              });
    }

    void read_row(TableRow const& row, FieldMapping const& mapping, std::string const& where) {
        auto const& code_text = mapping.value(row.fields, "code");
        if (code_text.empty()) {
            report(ProblemCode::missing_attribute, where, words("has no code; fill it in", "没有区划编码；请补填"));
            return;
        }
        auto const code = DivisionCode::parse(code_text);
        if (!code) {
            report(ProblemCode::malformed_code, where,
                   words("code '{}' is not 12 digits; correct it", "区划编码“{}”不是 12 位数字；请更正", code_text));
            return;
        }
        Division division;
        division.code = *code;
        division.name = mapping.value(row.fields, "name");
        if (division.name.empty()) {
            report(ProblemCode::missing_attribute, where, words("has no name; fill it in", "没有区划名称；请补填"));
            return;
        }
        division.level = level_by_zeros(*code);
        if (auto const& text = mapping.value(row.fields, "level"); !text.empty()) {
            auto const level = parse_level_word(text);
            if (!level) {
                report(ProblemCode::malformed_value, where,
                       words("level '{}' is not known; accepted are province, city, county, town, village, group",
                             "级别“{}”不在列表中；可用：省、市、县、镇、村、村民小组", text));
                return;
            }
            division.level = *level;
        }
        if (auto const& text = mapping.value(row.fields, "parent_code"); !text.empty()) {
            division.parent = DivisionCode::parse(text);
            if (!division.parent) {
                report(
                    ProblemCode::malformed_code, where,
                    words("parent code '{}' is not 12 digits; correct it", "上级编码“{}”不是 12 位数字；请更正", text));
                return;
            }
        }
        division.urban_rural_class = mapping.value(row.fields, "urban_rural_class");
        auto const [known, fresh] = m_incoming.try_emplace(*code, m_rows.size());
        if (!fresh) {
            report(ProblemCode::duplicate_code, where,
                   words("code {} also stands in {}; keep one", "编码 {} 还出现在{}；请只保留一条", code->str(),
                         subject_words(m_rows[known->second].where)));
            return;
        }
        m_rows.push_back({std::move(division), where, mapping.column("parent_code").has_value()});
    }

    [[nodiscard]] Division const* division_of(DivisionCode code) const {
        if (auto const incoming = m_incoming.find(code); incoming != m_incoming.end()) {
            return &m_rows[incoming->second].division;
        }
        auto const current = m_current.find(code);
        return current == m_current.end() ? nullptr : &current->second;
    }

    /// Without a parent column the parent is the nearest existing division whose digits the code begins with.
    void settle_parents() {
        for (auto& row : m_rows) {
            auto& division = row.division;
            if (division.level == Level::province) {
                if (division.parent) {
                    report(ProblemCode::malformed_value, row.where,
                           words("a province has no parent; clear its parent code", "省没有上级；请清空其上级编码"));
                }
                continue;
            }
            if (!division.parent && !row.has_parent_column) {
                for (auto unit = kLevelZeros.rbegin(); unit != kLevelZeros.rend() && !division.parent; ++unit) {
                    auto const above = DivisionCode::from_value(division.code.value() / unit->second * unit->second);
                    if (above != division.code && division_of(above) != nullptr) {
                        division.parent = above;
                    }
                }
            }
            auto const* const parent = division.parent ? division_of(*division.parent) : nullptr;
            if (!division.parent) {
                report(ProblemCode::missing_attribute, row.where,
                       words("has no parent code, and no division above it is known by its code; fill it in",
                             "没有上级编码，按其编码也找不到上级区划；请补填"));
            } else if (parent == nullptr) {
                report(ProblemCode::malformed_value, row.where,
                       words("its parent {} is neither in the file nor in the registry; add it or correct the code",
                             "上级 {} 既不在文件中也不在登记库中；请补充该区划，或更正编码", division.parent->str()));
            } else if (parent->level >= division.level) {
                report(ProblemCode::malformed_value, row.where,
                       words("its parent {} is a {}, which is not above a {}; correct one of them",
                             "上级 {} 的级别是{}，不高于{}；请更正其中之一", division.parent->str(),
                             level_words(parent->level), level_words(division.level)));
            }
        }
    }

    void read_outlines(std::filesystem::path const& file) {
        auto const name = source_title(file);
        auto read = m_options.read;
        for (auto const& [code, division] : m_current) {
            read.known_names.push_back(division.name);
        }
        auto reader = OgrReader::open(file, read);
        auto const mapping = mapping_of(outline_fields(), reader.columns(), file, m_options);
        ShapeNormalizer shapes{reader.transformer()};
        std::vector<Problem> found;
        RawFeature feature;
        std::vector<DatumWitness> witnesses;
        std::uint64_t rows = 0;
        m_progress.begin(fmt::format("reading {}", name), reader.feature_count(), "outlines");
        for (auto outcome = reader.next(feature, found); outcome != OgrReader::Outcome::end;
             outcome = reader.next(feature, found)) {
            ++rows;
            m_progress.advance(1);
            if (outcome == OgrReader::Outcome::feature) {
                auto const where = fmt::format("{} row {}", name, feature.row);
                auto const text = trimmed(mapping.value(feature.fields, "code"));
                auto const code = DivisionCode::parse(text);
                if (!code) {
                    report(ProblemCode::malformed_code, where,
                           words("code '{}' is not 12 digits; correct it", "区划编码“{}”不是 12 位数字；请更正", text));
                    m_problems.take(found, m_files.size() > 1 ? name : std::string{});
                    continue;
                }
                if (auto const corners = extremes_of(feature)) {
                    witnesses.push_back({{}, *code, *corners});
                }
                if (auto [shape, sound] = shapes.normalize(feature, where, found); sound) {
                    m_outlines.push_back({{*code, std::move(shape), name}, where});
                }
            }
            m_problems.take(found, m_files.size() > 1 ? name : std::string{});
        }
        m_progress.end();
        m_report.rows_read += rows;
        m_report.max_snap_m = std::max(m_report.max_snap_m, shapes.snapped().max_m);
        m_report.mean_snap_m = std::max(m_report.mean_snap_m, shapes.snapped().mean_m());
        m_witnesses.push_back({m_report.files.size(), reader.take_transformer(), std::move(witnesses)});
        auto const& transformer = m_witnesses.back().transformer;
        m_report.files.push_back({name, rows, reader.layer(), transformer.name(), transformer.datum_assumed(),
                                  reader.encoding(), mapping.describe(), reader.remarks()});
    }

    /// Incoming outlines against those that they replace, and against the corners of the others.
    void check_datum() {
        std::unordered_map<DivisionCode, geom::MultiPolygon> current;
        for (auto& outline : m_witnesses.empty() ? std::vector<DivisionOutline>{} : m_registry.outlines()) {
            current.emplace(outline.code, std::move(outline.shape));
        }
        std::unordered_set<DivisionCode> incoming;
        for (auto const& row : m_outlines) {
            incoming.insert(row.outline.code);
        }
        KnownSurroundings known;
        known.kind = WitnessKind::outlines;
        known.site_systems = m_options.read.site_systems;
        known.place = [&](DatumWitness const& witness) {
            auto const found = current.find(witness.division);
            return KnownPlace{nullptr, found == current.end() ? nullptr : &found->second};
        };
        for (auto const& [code, shape] : current) {
            if (!incoming.contains(code)) {
                known.grids.push_back(&shape);
            }
        }
        for (auto const& [file, transformer, witnesses] : m_witnesses) {
            auto& summary = m_report.files[file];
            auto problem = suspected_datum(summary.name, transformer, witnesses, known);
            if (problem && m_options.accept_datum) {
                summary.remarks.push_back(accepted_datum(*problem));
            } else if (problem) {
                m_problems.add(std::move(*problem));
            }
        }
    }

    void check_outlines() {
        std::unordered_map<DivisionCode, std::string> seen;
        for (auto const& row : m_outlines) {
            auto const code = row.outline.code;
            if (auto const [known, fresh] = seen.try_emplace(code, row.where); !fresh) {
                report(ProblemCode::duplicate_code, row.where,
                       words("code {} also stands in {}; keep one outline", "编码 {} 还出现在{}；请只保留一个轮廓",
                             code.str(), subject_words(known->second)));
            }
            if (division_of(code) == nullptr) {
                report(
                    ProblemCode::malformed_value, row.where,
                    words(
                        "division {} is not in the registry; import the table of divisions first, or correct the code",
                        "登记库中没有区划 {}；请先导入区划表，或更正编码", code.str()));
            }
            if (auto const reason = geom::geos_invalid_reason(row.outline.shape)) {
                report(ProblemCode::self_crossing, row.where,
                       words("the outline of {} is not a valid polygon: {}; redraw it there",
                             "{} 的轮廓不是有效的面（{}）；请在该处重绘", code.str(), *reason));
            }
        }
    }

    void compare() {
        std::uint64_t added = 0;
        std::uint64_t renamed = 0;
        std::uint64_t reparented = 0;
        std::uint64_t other = 0;
        std::uint64_t unchanged = 0;
        for (auto const& row : m_rows) {
            auto const& after = row.division;
            auto const before = m_current.find(after.code);
            if (before == m_current.end()) {
                ++added;
            } else {
                bool const same_name = before->second.name == after.name;
                bool const same_parent = before->second.parent == after.parent;
                bool const same_rest =
                    before->second.level == after.level && before->second.urban_rural_class == after.urban_rural_class;
                renamed += same_name ? 0U : 1U;
                reparented += same_parent ? 0U : 1U;
                other += same_rest ? 0U : 1U;
                if (same_name && same_parent && same_rest) {
                    ++unchanged;
                    continue;
                }
            }
            m_changed.push_back(after);
        }
        std::unordered_map<DivisionCode, DivisionOutline> known;
        for (auto& outline : m_registry.outlines()) {
            geom::normalize(outline.shape);
            auto const code = outline.code;
            known.emplace(code, std::move(outline));
        }
        std::uint64_t reshaped = 0;
        for (auto& row : m_outlines) {
            auto const before = known.find(row.outline.code);
            if (before != known.end() && before->second.shape == row.outline.shape) {
                ++unchanged;
                continue;
            }
            ++reshaped;
            m_changed_outlines.push_back(std::move(row.outline));
        }
        m_report.changes = {{"added", added},        {"renamed", renamed},   {"reparented", reparented},
                            {"reclassified", other}, {"outlines", reshaped}, {"unchanged", unchanged}};
    }

    void apply() {
        std::vector<registry::SourceFile> tables;
        std::vector<registry::SourceFile> drawings;
        for (std::size_t i = 0; i < m_files.size(); ++i) {
            bool const drawing = is_polygon_file(m_files[i]);
            if (drawing ? m_changed_outlines.empty() : m_changed.empty()) {
                continue;
            }
            auto kept = keep_sources(m_folder, m_files[i], m_report.files[i].crs, m_report.files[i].encoding);
            std::ranges::move(kept, std::back_inserter(drawing ? drawings : tables));
        }
        if (!m_changed.empty()) {
            m_progress.begin("writing divisions", m_changed.size(), "divisions");
            m_registry.apply_divisions(m_changed, m_options.effective, m_options.author, tables);
            m_progress.advance(m_changed.size());
            m_progress.end();
        }
        if (!m_changed_outlines.empty()) {
            m_progress.begin("writing outlines", m_changed_outlines.size(), "outlines");
            m_registry.apply_outlines(m_changed_outlines, m_options.author, drawings);
            m_progress.advance(m_changed_outlines.size());
            m_progress.end();
        }
        m_report.applied = true;
    }

    registry::DataFolder const& m_folder;
    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    Progress& m_progress;
    registry::Registry m_registry;
    ImportReport m_report;
    ProblemList m_problems;
    std::unordered_map<DivisionCode, Division> m_current; ///< of the registry on the effective day
    std::vector<Row> m_rows;
    std::unordered_map<DivisionCode, std::size_t> m_incoming; ///< index into m_rows
    std::vector<OutlineRow> m_outlines;
    std::vector<FileWitnesses> m_witnesses;
    std::vector<Division> m_changed;
    std::vector<DivisionOutline> m_changed_outlines;
};

} // namespace

ImportReport import_divisions(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                              ImportOptions const& options, Progress& progress) {
    check_file_list(files);
    return DivisionImport{folder, files, with_site_systems(options, folder), progress}.run();
}

} // namespace wangge::importers
