#include "report_contents.hpp"

#include "problem_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace wangge::importers {

namespace {

/// Names of what an import changes, in Chinese.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kChanges{
    {{"added", "新增"},
     {"reshaped", "边界变更"},
     {"renamed", "更名"},
     {"reparented", "改属"},
     {"retired", "注销"},
     {"unchanged", "未变"},
     {"outlines", "轮廓"},
     {"officers", "网格员"},
     {"assignments", "任职"},
     {"addresses", "地址"},
     {"divisions", "区划"},
     {"boundaries", "网格边界"},
     {"concordance", "新旧编码对照"},
     {"reclassified", "改级别"},
     {"rows", "记录"},
     {"abolished", "撤销"},
     {"ends_in_unknown_code", "止于未知编码"}}};

[[nodiscard]] std::string in_chinese(std::string_view name) {
    auto const found = std::ranges::find(kChanges, name, &std::pair<std::string_view, std::string_view>::first);
    return std::string{found == kChanges.end() ? name : found->second};
}

[[nodiscard]] std::string snapping(ReportContents const& contents, double max_m, double mean_m) {
    return contents.language == Language::chinese
               ? fmt::format("节点移到格网最多移动 {:.4f} 米，平均 {:.4f} 米", max_m, mean_m)
               : fmt::format("snapping to the lattice moved no vertex further than {:.4f} m (mean {:.4f} m)", max_m,
                             mean_m);
}

void add_reading(ReportContents& contents, FileSummary const& file) {
    auto& facts = contents.facts;
    if (!file.datum_assumed.empty()) {
        facts.emplace_back(contents.say("coordinates", "坐标"),
                           contents.language == Language::chinese
                               ? fmt::format("{}，换算为 CGCS2000 经纬度（EPSG:4490）", file.crs)
                               : file.datum_assumed);
    }
    if (!file.mapping.english.empty()) {
        facts.emplace_back(contents.say("columns", "字段"), file.mapping.in(contents.language));
    }
    for (auto const& remark : file.remarks) {
        facts.emplace_back(contents.say("note", "说明"), remark.in(contents.language));
    }
}

[[nodiscard]] std::string outcome_of(ImportReport const& report, Language language) {
    auto const errors = report.count(Severity::error);
    auto const warnings = report.count(Severity::warning);
    bool const nothing_new = std::ranges::all_of(
        report.changes, [](auto const& change) { return change.first == "unchanged" || change.second == 0; });
    if (language == Language::chinese) {
        if (errors > 0) {
            return fmt::format("未写入任何内容：{} 个错误，{} 个警告。", errors, warnings);
        }
        return report.dry_run ? fmt::format("试运行，未写入任何内容：0 个错误，{} 个警告。", warnings)
               : nothing_new
                   ? fmt::format("登记库已有全部内容，未写入：0 个错误，{} 个警告，用时 {:.1f} 秒。", warnings,
                                 report.elapsed_s)
                   : fmt::format("已写入登记库：0 个错误，{} 个警告，用时 {:.1f} 秒。", warnings, report.elapsed_s);
    }
    if (errors > 0) {
        return fmt::format("Nothing was written: {} errors, {} warnings.", errors, warnings);
    }
    return report.dry_run ? fmt::format("Dry run, nothing was written: 0 errors, {} warnings.", warnings)
           : nothing_new
               ? fmt::format("The registry already holds all of this, nothing was written: 0 errors, {} warnings, "
                             "{:.1f} s.",
                             warnings, report.elapsed_s)
               : fmt::format("Written to the registry: 0 errors, {} warnings, {:.1f} s.", warnings, report.elapsed_s);
}

[[nodiscard]] std::string outcome_of(CheckReport const& report, Language language) {
    auto const errors = report.count(Severity::error);
    auto const warnings = report.count(Severity::warning);
    bool const chinese = language == Language::chinese;
    if (report.features == 0) {
        return chinese ? "图层没有要素，没有可检查的内容。" : "The layer has no features: there is nothing to check.";
    }
    if (report.problem_counts.empty()) {
        return chinese ? fmt::format("没有发现问题，用时 {:.1f} 秒。", report.elapsed_s)
                       : fmt::format("No problem was found, {:.1f} s.", report.elapsed_s);
    }
    return chinese
               ? fmt::format("{} 个错误，{} 个警告，用时 {:.1f} 秒。", grouped(errors), grouped(warnings),
                             report.elapsed_s)
               : fmt::format("{} errors, {} warnings, {:.1f} s.", grouped(errors), grouped(warnings), report.elapsed_s);
}

} // namespace

ReportContents contents_of(ImportReport const& report, Language language) {
    ReportContents contents{language, {}, {}, outcome_of(report, language), {}, &report, &report.map};
    bool const chinese = language == Language::chinese;
    contents.title = chinese ? fmt::format("导入报告：{}", in_chinese(report.what)) : "Import of " + report.what;
    for (auto const& file : report.files) {
        contents.facts.emplace_back(file.name,
                                    chinese ? fmt::format("{}，{} 条记录{}{}", file.name, grouped(file.rows),
                                                          file.layer.empty() ? "" : "，图层 " + file.layer,
                                                          file.encoding.empty() ? "" : "，文字编码 " + file.encoding)
                                            : fmt::format("{}, {} rows{}{}", file.name, grouped(file.rows),
                                                          file.layer.empty() ? "" : ", layer " + file.layer,
                                                          file.encoding.empty() ? "" : ", text in " + file.encoding));
        add_reading(contents, file);
    }
    if (report.what == "boundaries") {
        contents.facts.emplace_back(contents.say("lattice", "格网"),
                                    snapping(contents, report.max_snap_m, report.mean_snap_m));
    }
    std::string changes;
    for (auto const& [name, count] : report.changes) {
        fmt::format_to(std::back_inserter(changes), "{} {}, ", chinese ? in_chinese(name) : name, grouped(count));
    }
    changes += chinese ? fmt::format("自 {} 生效", report.effective.str())
                       : fmt::format("effective {}", report.effective.str());
    contents.facts.emplace_back(contents.say("changes", "变更"), std::move(changes));
    return contents;
}

ReportContents contents_of(CheckReport const& report, Language language) {
    ReportContents contents{language, {}, {}, outcome_of(report, language), {}, &report, &report.map};
    bool const chinese = language == Language::chinese;
    auto const name = std::filesystem::path{report.file.name}.filename().string();
    contents.title = chinese ? fmt::format("图层检查：{}", name) : fmt::format("Check of {}", name);
    auto& facts = contents.facts;
    facts.emplace_back(contents.say("features", "要素"),
                       chinese ? fmt::format("{} 个，{} 个节点，图层 {}，文字编码 {}", grouped(report.features),
                                             grouped(report.vertices), report.file.layer, report.file.encoding)
                               : fmt::format("{} with {} vertices, layer {}, text in {}", grouped(report.features),
                                             grouped(report.vertices), report.file.layer, report.file.encoding));
    facts.emplace_back(
        contents.say("code", "编码字段"),
        report.code_field.empty() ? contents.say("no column: features are named by their row, the first is row 1",
                                                 "无：要素以行号命名，第一个为第 1 行")
        : report.code_guessed     ? fmt::format("{} ({})", report.code_field,
                                                contents.say("guessed; --code names another", "自动识别；可用 --code 指定"))
                                  : report.code_field);
    add_reading(contents, report.file);
    if (report.vertices > 0) {
        facts.emplace_back(contents.say("lattice", "格网"),
                           snapping(contents, report.snapped.max_m, report.snapped.mean_m()));
    }
    if (report.tolerance_m > 0) {
        facts.emplace_back(contents.say("tolerance", "容差"), fmt::format("{} m", report.tolerance_m));
    }
    if (!report.parent.empty()) {
        facts.emplace_back(contents.say("parent", "上级图层"),
                           chinese ? fmt::format("{}，{} 个轮廓须恰好填满", report.parent, report.parent_features)
                                   : fmt::format("{}, {} outlines that must be filled exactly", report.parent,
                                                 report.parent_features));
    }
    return contents;
}

} // namespace wangge::importers
