#include "cell_values.hpp"
#include "job_parts.hpp"
#include "problem_text.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace wangge::importers {

namespace {

using registry::Concordance;

class ConcordanceImport {
public:
    ConcordanceImport(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                      ImportOptions const& options, Progress& progress)
        : m_folder(folder)
        , m_files(files)
        , m_options(options)
        , m_progress(progress)
        , m_registry(open_registry(folder, options))
        , m_problems(m_report) {}

    ImportReport run() {
        JobClock clock{m_report, "concordance", m_options};
        for (auto const& file : m_files) {
            read(file);
        }
        compare();
        if (!m_report.has_errors() && !m_options.dry_run) {
            auto const sources = keep_sources(m_folder, m_files, m_report.files);
            m_registry.apply_concordance(m_rows, m_options.author, sources);
            m_report.applied = true;
        }
        m_problems.finish();
        clock.stop();
        return std::move(m_report);
    }

private:
    void report(ProblemCode code, std::string const& where, Words const& message) {
        m_problems.add(row_problem(code, where, where, message));
    }

    void read(std::filesystem::path const& file) {
        auto const name = file.filename().string();
        read_table(file, concordance_fields(), m_options, m_files.size() > 1, m_progress, m_problems, m_report,
                   [&](TableRow const& row, FieldMapping const& mapping) { read_row(row, mapping, name); });
    }

    void read_row(TableRow const& row, FieldMapping const& mapping, std::string const& list) {
        auto const where = fmt::format("{} row {}", list, row.row);
        Concordance one;
        auto const& old_text = mapping.value(row.fields, "old_code");
        auto const old_code = DivisionCode::parse(old_text);
        if (old_text.empty()) {
            report(ProblemCode::missing_attribute, where, words("has no old code; fill it in", "没有旧编码；请补填"));
            return;
        }
        if (!old_code) {
            report(ProblemCode::malformed_code, where,
                   words("old code '{}' is not 12 digits; correct it", "旧编码“{}”不是 12 位数字；请更正", old_text));
            return;
        }
        one.old_code = *old_code;
        if (auto const& text = mapping.value(row.fields, "new_code"); !text.empty()) {
            one.new_code = DivisionCode::parse(text);
            if (!one.new_code) {
                report(ProblemCode::malformed_code, where,
                       words("new code '{}' is not 12 digits; correct it, or leave it empty when the division was "
                             "abolished",
                             "新编码“{}”不是 12 位数字；请更正，区划已撤销的请留空", text));
                return;
            }
        }
        one.effective = m_options.effective;
        if (auto const& text = mapping.value(row.fields, "effective"); !text.empty()) {
            auto const day = parse_day(text);
            if (!day || *day == kForever || *day == kAlways) {
                report(ProblemCode::malformed_value, where,
                       words("day '{}' is no date; write it as 2024-05-01", "“{}”不是日期；请写成 2024-05-01", text));
                return;
            }
            one.effective = *day;
        }
        one.note = mapping.value(row.fields, "note");
        one.source = list;
        auto const [known, fresh] = m_seen.try_emplace(std::tuple{one.old_code, one.new_code, one.effective}, where);
        if (!fresh) {
            report(ProblemCode::duplicate_code, where,
                   words("says the same as {}; keep one of the rows", "与{}内容相同；请只保留一条",
                         subject_words(known->second)));
            return;
        }
        m_rows.push_back(std::move(one));
    }

    void compare() {
        std::unordered_set<DivisionCode> codes;
        for (auto const& division : m_registry.divisions(m_options.effective)) {
            codes.insert(division.code);
        }
        std::uint64_t abolished = 0;
        std::uint64_t unknown = 0;
        registry::ConcordanceTable const table{m_rows};
        for (auto const& row : m_rows) {
            abolished += row.new_code ? 0U : 1U;
            // A new code may itself be an old one of a later day.
            for (auto const now :
                 row.new_code ? table.became(*row.new_code, kForever).now : std::vector<DivisionCode>{}) {
                unknown += codes.contains(now) ? 0U : 1U;
            }
        }
        m_report.changes = {{"rows", m_rows.size()}, {"abolished", abolished}, {"ends_in_unknown_code", unknown}};
    }

    registry::DataFolder const& m_folder;
    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    Progress& m_progress;
    registry::Registry m_registry;
    ImportReport m_report;
    ProblemList m_problems;
    std::vector<Concordance> m_rows;
    std::map<std::tuple<DivisionCode, std::optional<DivisionCode>, Date>, std::string> m_seen;
};

} // namespace

ImportReport import_concordance(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                                ImportOptions const& options, Progress& progress) {
    check_file_list(files);
    return ConcordanceImport{folder, files, options, progress}.run();
}

} // namespace wangge::importers
