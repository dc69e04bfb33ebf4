#include "cell_values.hpp"
#include "job_parts.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace wangge::importers {

namespace {

using registry::Assignment;
using registry::Officer;

class OfficerImport {
public:
    OfficerImport(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                  ImportOptions const& options, Progress& progress)
        : m_folder(folder)
        , m_files(files)
        , m_options(options)
        , m_progress(progress)
        , m_registry(open_registry(folder, options))
        , m_issued(m_registry.issued_codes())
        , m_problems(m_report) {}

    ImportReport run() {
        JobClock clock{m_report, "officers", m_options};
        for (auto const& file : m_files) {
            read(file);
        }
        refuse_overlaps();
        m_report.changes = {{"officers", m_officers.size()}, {"assignments", m_assignments.size()}};
        if (!m_report.has_errors() && !m_options.dry_run) {
            auto const sources = keep_sealed_sources(m_folder, m_registry, m_files, m_report.files);
            m_registry.apply_officers(m_officers, m_assignments, m_options.author, sources, m_progress);
            m_report.applied = true;
        }
        m_problems.finish();
        clock.stop();
        return std::move(m_report);
    }

private:
    /// Personal data stays out: the row and the column say enough to find it.
    void report(ProblemCode code, std::string const& where, Words const& message) {
        m_problems.add(row_problem(code, where, where, message));
    }

    void read(std::filesystem::path const& file) {
        read_table(
            file, officer_fields(), m_options, m_files.size() > 1, m_progress, m_problems, m_report,
            [&](TableRow const& row, FieldMapping const& mapping) { read_row(row, mapping, m_report.files.size()); });
    }

    [[nodiscard]] std::string where(std::size_t file, std::uint64_t row) const {
        return fmt::format("{} row {}", m_files[file].filename().string(), row);
    }

    [[nodiscard]] Words row_words(std::size_t file, std::uint64_t row) const { return subject_words(where(file, row)); }
    [[nodiscard]] static Words named(std::string_view key) { return field_words(officer_fields(), key); }

    void read_row(TableRow const& row, FieldMapping const& mapping, std::size_t file) {
        auto const at = [&] { return where(file, row.row); };
        bool good = true;
        auto const fail = [&](ProblemCode code, Words const& message) {
            report(code, at(), message);
            good = false;
        };
        for (std::string_view const key : {"officer_id", "name", "phone", "grid_code"}) {
            if (mapping.value(row.fields, key).empty()) {
                fail(ProblemCode::missing_attribute,
                     words("column {} is empty; fill it in", "{}为空；请补填", named(key)));
            }
        }
        if (!good) {
            return;
        }
        auto const phone = parse_phone(mapping.value(row.fields, "phone"));
        if (!phone) {
            fail(ProblemCode::malformed_value,
                 words("column phone is no telephone number (11 digits from 1 on, or a landline with its area code); "
                       "correct it",
                       "电话不是有效号码（以 1 开头的 11 位手机号，或带区号的固定电话）；请更正"));
        }
        auto const& code_text = mapping.value(row.fields, "grid_code");
        auto const code = GridCode::parse(code_text);
        if (!code) {
            fail(ProblemCode::malformed_code,
                 words("column grid_code is not digits only; correct it", "网格编码不全是数字；请更正"));
        } else if (!std::binary_search(m_issued.begin(), m_issued.end(), *code)) {
            fail(ProblemCode::unknown_grid,
                 words("grid {} is not in the registry; correct it, or import its boundary first",
                       "登记库中没有网格 {}；请更正编码，或先导入其边界", code->str()));
        }
        Assignment assignment;
        if (auto const& text = mapping.value(row.fields, "role"); !text.empty()) {
            auto const role = registry::parse_role(text);
            if (!role) {
                fail(ProblemCode::malformed_value,
                     words("column role is not known; accepted are 专职, 专业, 兼职 (网格员), dedicated, professional, "
                           "part_time",
                           "人员类型不在列表中；可用：专职、专业、兼职（网格员）"));
            }
            assignment.role = role.value_or(registry::Role::dedicated);
        }
        assignment.valid.from = m_options.effective;
        for (auto const& [key, day] :
             {std::pair{"valid_from", &assignment.valid.from}, std::pair{"valid_to", &assignment.valid.to}}) {
            if (auto const& text = mapping.value(row.fields, key); !text.empty()) {
                auto const parsed = parse_day(text);
                if (!parsed) {
                    fail(ProblemCode::malformed_value, words("column {} is no date; write it as 2024-05-01",
                                                             "{}不是日期；请写成 2024-05-01", named(key)));
                } else {
                    *day = *parsed;
                }
            }
        }
        if (assignment.valid.empty()) {
            fail(ProblemCode::malformed_value, words("the assignment ends before it begins; correct the dates",
                                                     "任职的结束日期不晚于开始日期；请更正"));
        }
        auto const& id = mapping.value(row.fields, "officer_id");
        auto const& name = mapping.value(row.fields, "name");
        if (good) {
            auto const [known, fresh] = m_by_id.try_emplace(id, m_officers.size());
            if (fresh) {
                m_officers.push_back({id, name, *phone});
                m_officer_rows.emplace_back(file, row.row);
            } else if (m_officers[known->second].name != name || m_officers[known->second].phone != *phone) {
                auto const& [first_file, first_row] = m_officer_rows[known->second];
                fail(ProblemCode::malformed_value,
                     words("the same staff number has another name or phone in {}; make them agree",
                           "同一工号在{}中的姓名或电话不同；请改为一致", row_words(first_file, first_row)));
            }
        }
        if (good) {
            assignment.grid = *code;
            assignment.officer_id = id;
            m_assignments.push_back(std::move(assignment));
            m_assignment_rows.emplace_back(file, row.row);
        }
    }

    /// One officer, one grid, one role: not twice on the same day.
    void refuse_overlaps() {
        std::vector<std::size_t> order(m_assignments.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        auto const key = [&](std::size_t i) {
            auto const& a = m_assignments[i];
            return std::tie(a.officer_id, a.grid, a.role, a.valid.from);
        };
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
        for (std::size_t i = 1; i < order.size(); ++i) {
            auto const& a = m_assignments[order[i - 1]];
            auto const& b = m_assignments[order[i]];
            if (a.officer_id == b.officer_id && a.grid == b.grid && a.role == b.role && b.valid.from < a.valid.to) {
                auto const& [file, row] = m_assignment_rows[order[i]];
                auto const& [first_file, first_row] = m_assignment_rows[order[i - 1]];
                report(ProblemCode::malformed_value, where(file, row),
                       words("says the same officer, grid and role for the same days as {}; keep one",
                             "与{}是同一人员、网格、类型，日期重叠；请只保留一条", row_words(first_file, first_row)));
            }
        }
    }

    registry::DataFolder const& m_folder;
    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    Progress& m_progress;
    registry::Registry m_registry;
    std::vector<GridCode> m_issued; ///< sorted
    ImportReport m_report;
    ProblemList m_problems;
    std::vector<Officer> m_officers;
    std::vector<std::pair<std::size_t, std::uint64_t>> m_officer_rows; ///< file and row, as m_officers
    std::unordered_map<std::string, std::size_t> m_by_id;              ///< index into m_officers
    std::vector<Assignment> m_assignments;
    std::vector<std::pair<std::size_t, std::uint64_t>> m_assignment_rows; ///< file and row, as m_assignments
};

} // namespace

ImportReport import_officers(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                             ImportOptions const& options, Progress& progress) {
    check_file_list(files);
    return OfficerImport{folder, files, options, progress}.run();
}

} // namespace wangge::importers
