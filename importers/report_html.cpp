#include "report_html.hpp"

#include "problem_text.hpp"
#include "report_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace wangge::importers {

namespace {

constexpr std::size_t kListedOfEach = 200;

constexpr std::string_view kStyle = R"css(
:root{--ink:#1d2733;--soft:#5b6875;--line:#dfe4ea;--paper:#fff;--ground:#f6f8fa;--error:#c62828;--warning:#a86400}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 "Noto Sans","Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",system-ui,sans-serif}
main{max-width:1060px;margin:0 auto;padding:26px 22px 60px}
h1{font-size:25px;margin:0 0 6px;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:18px;margin:34px 0 12px}
h3{font-size:15px;margin:22px 0 8px}
.verdict{font-size:16px;margin:0 0 18px;padding:9px 14px;border-radius:6px;border-left:5px solid var(--error);background:#fdecea}
.verdict.warning{border-color:#e0a100;background:#fff6dd}
.verdict.none{border-color:#2e8b57;background:#e7f5ec}
table{border-collapse:collapse;width:100%;background:var(--paper);border:1px solid var(--line)}
th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;background:#eef2f6}
tbody tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.t{white-space:nowrap}
td.s{min-width:9.5em}
.facts th{width:8.5em;font-weight:400;color:var(--soft);background:none}
.facts th,.facts td{padding:4px 10px}
.key{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:8px;vertical-align:-1px}
.error{color:var(--error)}.warning{color:var(--warning)}
a{color:#0a5aa8;text-decoration:none}a:hover{text-decoration:underline}
.frame{background:var(--paper);border:1px solid var(--line);border-radius:6px;overflow:hidden}
svg{display:block;width:100%;height:auto;font:12px "Noto Sans","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
.sea{fill:#fbfcfd}.land{fill:#e9eef2;fill-rule:evenodd;stroke:#6f7f8e;stroke-width:1}
.lines{fill:none;stroke:#b4c0cb;stroke-width:.7}
.dot{stroke:#fff;stroke-width:.8}.pin{stroke:#fff;stroke-width:1.3}
.number{fill:#fff;font-size:10.5px;font-weight:700;text-anchor:middle}
.plate{fill:#fff;fill-opacity:.8}.bar{fill:none;stroke:#333;stroke-width:1.4}.scale{text-anchor:middle;fill:#333;font-size:11px}
.other{fill-rule:evenodd;stroke:#b9b6aa;stroke-width:1}
.subject{fill-rule:evenodd;fill-opacity:.72;stroke:#41576b;stroke-width:1.3;stroke-linejoin:round}
.va{fill:#1d3550}.vb{fill:none;stroke:#1d3550;stroke-width:1.2}
.inset{fill:#fff;stroke:#8b98a5;stroke-width:1.5}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:16px}
.card{background:var(--paper);border:1px solid var(--line);border-radius:6px;overflow:hidden;break-inside:avoid}
.card:target{outline:3px solid #2b7de9}
.card>div{padding:9px 12px 12px}
.card p{margin:4px 0 0}
.no{display:inline-block;min-width:21px;height:21px;border-radius:11px;color:#fff;font-size:12px;font-weight:700;line-height:21px;text-align:center;margin-right:7px;padding:0 4px}
.soft{color:var(--soft);font-size:13px}
.id{font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;color:var(--soft);white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;padding:9px 12px;border-top:1px solid var(--line)}
dt{font-weight:600;margin-top:14px}dd{margin:2px 0 0}
@media print{body{background:#fff}main{max-width:none;padding:0}}
)css";

/// Puts a page together; text is escaped on its way in.
class Page {
public:
    explicit Page(ReportContents const& contents) : m_contents(contents) {}

    [[nodiscard]] std::string write() {
        head();
        facts();
        if (!m_contents.tally->problem_counts.empty()) {
            summary();
        }
        map();
        details();
        lists();
        meanings();
        m_html += "</main>\n</body>\n</html>\n";
        return std::move(m_html);
    }

private:
    template <class... T>
    void put(fmt::format_string<T...> form, T&&... values) {
        fmt::format_to(std::back_inserter(m_html), form, std::forward<T>(values)...);
    }
    [[nodiscard]] std::string_view say(std::string_view english, std::string_view chinese) const {
        return m_contents.say(english, chinese);
    }
    [[nodiscard]] std::string_view title(ProblemCode code) const {
        return title_of(problem_kind(code), m_contents.language);
    }
    [[nodiscard]] std::string said(Problem const& problem) const {
        return xml_escaped(sentence(problem, m_contents.language));
    }

    void head() {
        auto const& tally = *m_contents.tally;
        put("<!DOCTYPE html>\n<html lang=\"{}\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
            "charset=\"utf-8\"/>\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n<style>{}"
            "</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n<p class=\"verdict {}\">{}</p>\n",
            say("en", "zh-CN"), xml_escaped(m_contents.title), kStyle, xml_escaped(m_contents.title),
            tally.has_errors()             ? "error-verdict"
            : tally.problem_counts.empty() ? "none"
                                           : "warning",
            xml_escaped(m_contents.outcome));
    }

    void facts() {
        m_html += "<table class=\"facts\"><tbody>\n";
        for (auto const& [label, words] : m_contents.facts) {
            put("<tr><th>{}</th><td>{}</td></tr>\n", xml_escaped(label), xml_escaped(words));
        }
        m_html += "</tbody></table>\n";
    }

    void summary() {
        put("<h2>{}</h2>\n<table class=\"summary\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th class=\"n\">{}"
            "</th><th class=\"n\">{}</th></tr></thead><tbody>\n",
            say("Problems by code", "问题汇总"), say("severity", "级别"), say("code", "代号"), say("problem", "问题"),
            say("number", "数量"), say("in all", "合计"));
        for (auto const& [code, count] : m_contents.tally->problem_counts) {
            auto const& kind = problem_kind(code);
            auto const severity = to_string(kind.severity);
            put("<tr><td class=\"t {}\">{}</td><td class=\"t\"><a href=\"#code-{}\">{} {}</a></td><td><span "
                "class=\"key\" "
                "style=\"background:{}\"></span><a href=\"#list-{}\">{}</a></td><td class=\"n\">{}</td><td "
                "class=\"n\">{}</td></tr>\n",
                severity, word_of(kind.severity, m_contents.language), static_cast<int>(code), static_cast<int>(code),
                kind.slug, colour_of(code), static_cast<int>(code), title(code), grouped(count), total(code));
        }
        m_html += "</tbody></table>\n";
    }

    /// Sum of the measures of a code, when all of them are listed and of one unit.
    [[nodiscard]] std::string total(ProblemCode code) const {
        Problem sum;
        std::uint64_t listed = 0;
        for (auto const& problem : m_contents.tally->problems) {
            if (problem.code == code) {
                ++listed;
                sum.measure += problem.measure;
                sum.unit = problem.unit;
            }
        }
        return listed == m_contents.tally->problem_counts.at(code) ? measure_text(sum, m_contents.language)
                                                                   : std::string{};
    }

    void map() {
        if (m_contents.map->empty()) {
            return;
        }
        put("<h2>{}</h2>\n<div class=\"frame\">\n{}\n<div class=\"legend soft\">", say("Where they are", "位置图"),
            overview_svg(*m_contents.map, m_contents.tally->problems, m_contents.language));
        for (auto const& [code, count] : m_contents.tally->problem_counts) {
            bool const placed = std::ranges::any_of(
                m_contents.tally->problems, [&](Problem const& p) { return p.code == code && p.place.has_value(); });
            if (placed) {
                put("<span><span class=\"key\" style=\"background:{}\"></span>{} {}</span>", colour_of(code),
                    static_cast<int>(code), title(code));
            }
        }
        if (m_contents.map->group_length > 0) {
            put("<span>{}</span>",
                m_contents.language == Language::chinese
                    ? fmt::format("灰线：编码前 {} 位相同的要素之间的界线", m_contents.map->group_length)
                    : fmt::format("grey lines: between features whose first {} characters differ",
                                  m_contents.map->group_length));
        }
        if (m_contents.map->left_out > 0) {
            put("<span>{}</span>",
                m_contents.language == Language::chinese
                    ? fmt::format("另有 {} 个要素远在图外", grouped(m_contents.map->left_out))
                    : fmt::format("{} features lie far outside of the picture", grouped(m_contents.map->left_out)));
        }
        m_html += "</div>\n</div>\n";
    }

    void details() {
        auto const& list = m_contents.map->details;
        if (list.empty()) {
            return;
        }
        put("<h2>{}</h2>\n<p class=\"soft\">{}</p>\n<div class=\"cards\">\n", say("A closer look", "细部图"),
            say("The largest of each code, numbered as on the map. Vertices of the first feature are dots, of the "
                "others "
                "squares.",
                "每种问题中最严重的几处，编号与位置图一致。第一个要素的节点为圆点，其余要素的节点为方框。"));
        for (std::size_t i = 0; i < list.size(); ++i) {
            auto const& detail = list[i];
            auto const& problem = m_contents.tally->problems[detail.problem];
            put("<div class=\"card\" id=\"detail-{0}\">\n{1}\n<div><span class=\"no\" "
                "style=\"background:{2}\">{0}</span>"
                "<a href=\"#code-{3}\">{3} {4}</a>",
                i + 1, detail_svg(detail, problem, m_contents.language), colour_of(problem.code),
                static_cast<int>(problem.code), title(problem.code));
            if (!problem.unit.empty()) {
                put(" · <b>{}</b>", measure_text(problem, m_contents.language));
            }
            m_html += "<p>";
            for (std::size_t k = 0; k < detail.subjects.size(); ++k) {
                put("<span class=\"key\" style=\"background:{}\"></span>{}{}", subject_colour(k),
                    xml_escaped(subject_text(detail.subjects[k].name, m_contents.language)),
                    k + 1 < detail.subjects.size() ? "<br/>" : "");
            }
            put("</p><p class=\"soft\">{}</p></div>\n</div>\n", said(problem));
            m_numbers.emplace(detail.problem, i + 1);
        }
        m_html += "</div>\n";
    }

    void lists() {
        auto const& problems = m_contents.tally->problems;
        if (problems.empty()) {
            return;
        }
        put("<h2>{}</h2>\n", say("All problems", "问题清单"));
        for (std::size_t begin = 0, end = 0; begin < problems.size(); begin = end) {
            auto const code = problems[begin].code;
            for (end = begin; end < problems.size() && problems[end].code == code;) {
                ++end;
            }
            list(code, begin, end);
        }
    }

    void list(ProblemCode code, std::size_t begin, std::size_t end) {
        auto const count = m_contents.tally->problem_counts.at(code);
        put("<h3 id=\"list-{0}\"><span class=\"key\" style=\"background:{1}\"></span>{0} {2} ({3})</h3>\n<table><thead>"
            "<tr><th>{4}</th><th class=\"n\">{5}</th><th>{6}</th><th>id</th></tr></thead><tbody>\n",
            static_cast<int>(code), colour_of(code), title(code), grouped(count), say("features", "要素"),
            say("measure", "大小"), say("what, where, what to do", "说明"));
        for (auto i = begin; i < std::min(end, begin + kListedOfEach); ++i) {
            auto const& problem = m_contents.tally->problems[i];
            m_html += "<tr><td class=\"s\">";
            for (std::size_t k = 0; k < problem.subjects.size() && k < 4; ++k) {
                put("{}{}", k == 0 ? "" : "<br/>", xml_escaped(subject_text(problem.subjects[k], m_contents.language)));
            }
            if (problem.subjects.size() > 4) {
                put("<br/>+ {}", problem.subjects.size() - 4);
            }
            put("</td><td class=\"n\">{}</td><td>", measure_text(problem, m_contents.language));
            if (auto const number = m_numbers.find(i); number != m_numbers.end()) {
                put("<a class=\"no\" style=\"background:{0}\" href=\"#detail-{1}\">{1}</a>", colour_of(code),
                    number->second);
            }
            put("{}</td><td class=\"id\">{}</td></tr>\n", said(problem), problem.id());
        }
        m_html += "</tbody></table>\n";
        if (count > kListedOfEach) {
            put("<p class=\"soft\">{}</p>\n",
                m_contents.language == Language::chinese
                    ? fmt::format("另有 {} 个未列出，可用 --report FILE.gpkg 或 .json 输出。",
                                  grouped(count - kListedOfEach))
                    : fmt::format("and {} more, which --report FILE.gpkg or .json lists",
                                  grouped(count - kListedOfEach)));
        }
    }

    void meanings() {
        if (m_contents.tally->problem_counts.empty()) {
            return;
        }
        put("<h2>{}</h2>\n<dl>\n", say("What the codes mean", "代号含义"));
        for (auto const& [code, count] : m_contents.tally->problem_counts) {
            auto const guide = guide_of(code, m_contents.language);
            put("<dt id=\"code-{0}\"><span class=\"key\" style=\"background:{1}\"></span>{0} {2}</dt><dd>{3}</dd>"
                "<dd class=\"soft\">{4} {5}</dd>\n",
                static_cast<int>(code), colour_of(code), title(code), guide.meaning, say("To do:", "处理："),
                guide.remedy);
        }
        put("</dl>\n<p class=\"soft\">{}</p>\n", say("docs/problems.md of Wangge shows each of them with a picture.",
                                                     "Wangge 的 docs/problems.md 以图说明每个代号。"));
    }

    ReportContents const& m_contents;
    std::string m_html;
    std::map<std::size_t, std::size_t> m_numbers; ///< problem -> number of its detail
};

} // namespace

std::string report_html(ReportContents const& contents) { return Page{contents}.write(); }

} // namespace wangge::importers
