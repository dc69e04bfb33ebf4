#include <wangge/changes/change_set_text.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/problem_text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace wangge::changes {

namespace {

constexpr std::size_t kShown = 12;

Words listed(std::vector<GridCode> const& codes) {
    Words text;
    for (std::size_t i = 0; i < std::min(codes.size(), kShown); ++i) {
        text.english += fmt::format("{}{}", i == 0 ? "" : ", ", codes[i].str());
        text.chinese += fmt::format("{}{}", i == 0 ? "" : "、", codes[i].str());
    }
    return codes.size() > kShown ? words("{} and {} more", "{} 等，另有 {} 个", text, codes.size() - kShown) : text;
}

Words name_of(std::optional<GridCode> const& code) {
    return code ? Words{std::string{code->str()}, std::string{code->str()}} : words("no grid", "无网格");
}

Words days_words(DateInterval days) {
    return days.to == kForever ? words("from {}", "自 {} 生效", days.from.str())
                               : words("from {} until {}", "{} 至 {} 生效", days.from.str(), days.to.str());
}

std::string square_metres(double m2) { return fmt::format("{:.1f}", m2); }

std::string degrees(geom::Point at) {
    return fmt::format("{:.7f} {:.7f}", geom::to_degrees(at.lon), geom::to_degrees(at.lat));
}

/// The lines of one text, in one language.
class Lines {
public:
    explicit Lines(Language language) : m_language(language) {}

    template <class... Fillings>
    void add(std::type_identity_t<Sentence<Fillings...>> english, std::type_identity_t<Sentence<Fillings...>> chinese,
             Fillings const&... fillings) {
        m_text += said(m_language, english, chinese, fillings...);
        m_text += '\n';
    }
    void add(Lines const& others) { m_text += others.m_text; }
    void head(registry::ChangeDraft const& draft) {
        add("Change set {} '{}', {}, {}, by {}", "变更单 {} “{}”，{}，{}，经办人 {}", draft.id, draft.title,
            words_of(draft.status), days_words(draft.days), fmt::format("{}", fmt::join(draft.editors, ", ")));
        if (!draft.approver.empty()) {
            add("  approved by {} at {}", "  {} 于 {} 批准", draft.approver, draft.approved_at);
        }
        if (!draft.reopened_because.english.empty()) {
            add("  to be checked again: {}", "  须重新检查：{}", draft.reopened_because);
        }
        if (draft.published) {
            add("  published in generation {}", "  已随第 {} 版发布", *draft.published);
        } else if (draft.status == registry::DraftStatus::applied) {
            add("  waits for a publish: wangge publish", "  等待发布：wangge publish");
        }
        if (!draft.discarded_by.empty()) {
            add("  discarded by {}{}", "  由 {} 作废{}", draft.discarded_by,
                draft.discarded_because.empty() ? Words{} : words(": {}", "：{}", draft.discarded_because));
        }
    }
    void conflicts(std::vector<Conflict> const& conflicts) {
        for (std::size_t i = 0; i < std::min(conflicts.size(), kShown); ++i) {
            add("  conflict: {}", "  冲突：{}", conflicts[i].message);
        }
        if (conflicts.size() > kShown) {
            add("  and {} more conflicts; --json lists them all", "  另有 {} 个冲突；--json 列出全部",
                conflicts.size() - kShown);
        }
    }
    void more(std::size_t count) {
        if (count > kShown) {
            add("  and {} more; --json lists them all", "  另有 {} 条；--json 列出全部", count - kShown);
        }
    }
    void meetings(std::span<registry::DraftMeeting const> meetings) {
        for (auto const& meeting : meetings) {
            Words what;
            if (!meeting.same.empty()) {
                what = words(" both change {}", "都改动 {}", listed(meeting.same));
            }
            if (!meeting.near.empty()) {
                auto const near = words(" neighbours {}", "相邻 {}", listed(meeting.near));
                what = meeting.same.empty() ? near : words("{};{}", "{}；{}", what, near);
            }
            add("  meets change set {} '{}' ({}):{}", "  与变更单 {} “{}”（{}）相遇：{}", meeting.id, meeting.title,
                words_of(meeting.status), what);
        }
    }
    [[nodiscard]] Language language() const noexcept { return m_language; }
    [[nodiscard]] std::string take() { return std::move(m_text); }

private:
    Language m_language;
    std::string m_text;
};

Words operation_words(registry::Operation const& operation) {
    Words made, others;
    for (auto const& grid : operation.grids) {
        auto& list = grid.effect == registry::Effect::create ? made : others;
        list = list.english.empty() ? words("{}", "{}", grid.code.str())
                                    : words("{}, {}", "{}、{}", list, grid.code.str());
    }
    auto text = words("operation {}: {}", "操作 {}：{}", operation.number, words_of(operation.kind));
    if (auto const& alias = operation.alias) {
        text = words("{} '{}' of {}", "{} “{}”，属区划 {}", text, alias->text, alias->division.str());
    }
    if (auto const& address = operation.address) {
        text = words("{} '{}'", "{} “{}”", text, address->point.text);
        if (auto const& corrects = address->corrects) {
            text = words("{} in the place of '{}' of {}", "{}，替换 {2} 的“{1}”", text, corrects->id, corrects->source);
        }
    }
    if (auto const& retirement = operation.retirement) {
        auto const& source = retirement->which.source;
        text = words("{} '{}', the point '{}' of {}", "{} “{}”，{3} 的地址点“{2}”", text, retirement->text,
                     retirement->which.id, source.empty() ? words("staff", "人工添加") : Words{source, source});
    }
    if (!others.english.empty()) {
        text = words("{} {}", "{} {}", text, others);
    }
    if (!made.english.empty()) {
        text = words("{}, new {}", "{}，新网格 {}", text, made);
    }
    if (operation.at) {
        text = words("{} at {}", "{}，位于 {}", text, degrees(*operation.at));
    }
    if (!operation.reason.empty()) {
        text = words("{} ({})", "{}（{}）", text, operation.reason);
    }
    text = words("{}, by {}", "{}，编辑人 {}", text, operation.editor);
    return operation.dropped_by ? words("{}, dropped by {}", "{}，已由 {} 去掉", text, *operation.dropped_by) : text;
}

/// `what` and how many grids, in columns: Chinese characters are two wide.
void count_line(Lines& lines, Words const& what, std::vector<GridCode> const& codes) {
    if (!codes.empty()) {
        Words const padded{fmt::format("{:10} {:>5}", what.english, codes.size()),
                           fmt::format("{}{:>6}", what.chinese, codes.size())};
        lines.add("  {}  {}", "  {}  {}", padded, listed(codes));
    }
}

} // namespace

std::string operation_text(registry::Operation const& operation, Language language) {
    return operation_words(operation).in(language);
}

std::string meetings_text(std::span<registry::DraftMeeting const> meetings, Language language) {
    Lines lines{language};
    lines.meetings(meetings);
    return lines.take();
}

std::string draft_text(registry::ChangeDraft const& draft, std::span<registry::Operation const> operations,
                       std::span<registry::DraftMeeting const> meetings, Language language) {
    Lines lines{language};
    lines.head(draft);
    for (std::size_t i = 0; i < std::min(operations.size(), 4 * kShown); ++i) {
        lines.add("  {}", "  {}", operation_words(operations[i]));
    }
    if (operations.size() > 4 * kShown) {
        lines.add("  and {} more; --json lists them all", "  另有 {} 条；--json 列出全部",
                  operations.size() - 4 * kShown);
    }
    if (!draft.checked_at.empty()) {
        lines.add("  last checked by {} at {}", "  最近一次检查：{}，{}", draft.checked_by, draft.checked_at);
    }
    lines.meetings(meetings);
    return lines.take();
}

std::string drafts_text(std::span<registry::ChangeDraft const> drafts, Language language) {
    Lines lines{language};
    if (drafts.empty()) {
        lines.add("No change set is being made; begin one with: wangge changes new --title TITLE",
                  "没有正在编辑的变更单；新建请用：wangge changes new --title 标题");
    }
    for (auto const& draft : drafts) {
        Words const status{fmt::format("{:9}", to_string(draft.status)), words_of(draft.status).chinese};
        Words const operations{fmt::format("{:>5}", draft.operations), std::to_string(draft.operations)};
        Words const author{fmt::format("{:12}", draft.author), draft.author};
        lines.add("{}  {}  {}  {} operations  {}  {}", "{}  {}  自 {} 生效  {} 项操作  {}  {}",
                  fmt::format("{:>4}", draft.id), status, fmt::format("{:10}", draft.days.from.str()), operations,
                  author, draft.title);
    }
    return lines.take();
}

std::string check_text(Examination const& examined, std::span<registry::DraftMeeting const> meetings,
                       Language language) {
    Lines lines{language};
    lines.head(examined.draft);
    lines.conflicts(examined.conflicts);
    std::size_t shown = 0;
    for (auto const severity : {Severity::error, Severity::warning, Severity::note}) {
        for (auto const& [day, problem] : examined.problems) {
            if (problem.severity() == severity && shown++ < kShown) {
                lines.add("  {} {} on {}: {}", "  {} {}，{} 起：{}", word_of(severity, language),
                          static_cast<int>(problem.code), day.str(), sentence(problem, language));
            }
        }
    }
    lines.more(shown);
    for (auto const& remark : examined.remarks) {
        lines.add("  warning: {}", "  警告：{}", remark.message);
    }
    lines.meetings(meetings);
    Words days = examined.days.empty() ? words("no day", "（没有）") : Words{};
    for (std::size_t i = 0; i < std::min(examined.days.size(), kShown); ++i) {
        auto const day = examined.days[i].str();
        days = i == 0 ? words("{}", "{}", day) : words("{}, {}", "{}、{}", days, day);
    }
    if (examined.days.size() > kShown) {
        days = words("{}, ...", "{} 等", days);
    }
    lines.add("{} errors, {} warnings, {} notes; looked at {}", "{} 个错误，{} 个警告，{} 个提示；检查的日期：{}",
              examined.count(Severity::error) + examined.conflicts.size(),
              examined.count(Severity::warning) + examined.remarks.size(), examined.count(Severity::note), days);
    return lines.take();
}

std::string preview_text(Preview const& preview, Language language) {
    auto const& examined = preview.examination;
    Lines lines{language};
    lines.head(examined.draft);
    lines.conflicts(examined.conflicts);
    count_line(lines, words("added", "新增"), preview.added);
    count_line(lines, words("reshaped", "改界"), preview.reshaped);
    count_line(lines, words("renamed", "更名"), preview.renamed);
    count_line(lines, words("reparented", "改属"), preview.reparented);
    count_line(lines, words("retired", "注销"), preview.retired);
    count_line(lines, words("restored", "恢复"), preview.restored);
    for (auto const& succession : preview.splits) {
        lines.add("  split: {} -> {}", "  拆分：{} → {}", listed(succession.from), listed(succession.to));
    }
    for (auto const& succession : preview.merges) {
        lines.add("  merged: {} -> {}", "  合并：{} → {}", listed(succession.from), listed(succession.to));
    }
    lines.add("On {}: {} m2 and {} addresses change hands", "{} 起：{} 平方米、{} 个地址换属", examined.first_day.str(),
              square_metres(preview.moved_m2), preview.addresses);
    std::vector<Move const*> largest;
    for (auto const& move : preview.moves) {
        largest.push_back(&move);
    }
    std::ranges::stable_sort(largest, std::ranges::greater{}, &Move::area_m2);
    for (std::size_t i = 0; i < std::min(largest.size(), kShown); ++i) {
        auto const& move = *largest[i];
        lines.add("  {} -> {}: {} m2, {} addresses", "  {} → {}：{} 平方米，{} 个地址", name_of(move.from),
                  name_of(move.to), square_metres(move.area_m2), move.addresses);
    }
    lines.more(largest.size());
    for (std::size_t i = 0; i < std::min(preview.assignments.size(), kShown); ++i) {
        auto const& open = preview.assignments[i];
        lines.add("  officer {} ({}) of {}: most of its ground goes to {}",
                  "  网格员 {}（{}）所在的 {}：其大部分范围归入 {}", open.entry.officer_id, words_of(open.entry.role),
                  open.entry.grid.str(), name_of(open.successor));
    }
    if (preview.assignments.size() > kShown) {
        lines.add("  and {} more officers", "  另有 {} 名网格员", preview.assignments.size() - kShown);
    }
    for (auto const& gap : examined.change_set.accepted_gaps) {
        lines.add("  accepted gap of {} m2: {}", "  认可空地 {} 平方米：{}", square_metres(geom::area_m2(gap.shape)),
                  gap.reason);
    }
    for (auto const& effect : preview.aliases) {
        lines.add("  {} '{}' is {} found as '{}'", "  {} “{}”{}“{}”查到", effect.alias.code.str(), effect.division,
                  effect.withdrawn ? words("no longer", "不再能按") : words("also", "也能按"), effect.alias.text);
    }
    auto const where = [](registry::AddressPoint const& point, std::optional<GridCode> const& grid) {
        return words("'{}' at {} in {}", "“{}”，位于 {}，{}", point.text, degrees(point.at), name_of(grid));
    };
    for (auto const& effect : preview.address_points) {
        Words other;
        if (effect.imported) {
            auto const imported = where(*effect.imported, effect.imported_grid);
            other = effect.withdrawn ? words("; again {}", "；恢复 {}", imported)
                                     : words(", no longer {}", "，不再是 {}", imported);
        }
        lines.add("  address {}: {}{}", "  {}地址：{}{}",
                  effect.withdrawn ? words("withdrawn", "撤回") : words("found", "新增"),
                  where(effect.address.point, effect.grid), other);
    }
    for (auto const& effect : preview.retired_addresses) {
        lines.add("  address {}: {}", "  地址{}：{}",
                  effect.withdrawn ? words("found again", "恢复") : words("no longer found", "不再查到"),
                  effect.point
                      ? where(*effect.point, effect.grid)
                      : words("'{}', which its file has no more", "“{}”，来源文件中已没有", effect.retired.text));
    }
    std::vector<GridCode> neighbours;
    for (auto const& grid : examined.neighbours) {
        neighbours.push_back(grid.code);
    }
    count_line(lines, words("neighbours", "相邻"), neighbours);
    lines.meetings(preview.meetings);
    return lines.take();
}

} // namespace wangge::changes
