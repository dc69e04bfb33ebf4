#include <wangge/geom/point.hpp>
#include <wangge/geom/problem_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace wangge {

namespace {

struct CodeWords {
    ProblemCode code;
    std::string_view colour;
    ProblemGuide english;
    ProblemGuide chinese;
    /// The Chinese sentence without its remedy. {name} stands for subjects, measure, at, region or a fact; a part in
    /// brackets is left out when something in it has no value.
    std::string_view sentence;
};

// The remedies agree with docs/problems.md, which says more.
constexpr std::array kWords{
    CodeWords{ProblemCode::unreadable_text,
              "#6a3d9a",
              {"The bytes of a text field are not valid in the encoding.",
               "Pass the right --encoding, usually GB18030 or UTF-8."},
              {"文字字段的字节与所述编码不符。", "请用 --encoding 指定正确的编码，通常是 GB18030 或 UTF-8。"},
              "{subjects}[ 的字段“{field}”]的文字无法按[ {encoding} ]编码读取"},
    CodeWords{ProblemCode::missing_attribute,
              "#6a3d9a",
              {"A field that every record needs is empty.", "Fill it in, or name the field that holds it."},
              {"每条记录都必须有的字段是空的。", "请补填，或指明存放该属性的字段。"},
              "{subjects} 缺少必填属性[“{field}”]"},
    CodeWords{ProblemCode::malformed_code,
              "#6a3d9a",
              {"A code does not have the layout of its kind, for example 15 digits for a grid.",
               "Correct the code; in spreadsheets look for codes turned into numbers (4.40106E+14)."},
              {"编码不符合该类编码的格式，例如网格编码应为 15 位数字。",
               "请更正编码；留意表格软件把编码变成数字的情况（4.40106E+14）。"},
              "{subjects} 的编码[“{value}”]格式错误"},
    CodeWords{ProblemCode::duplicate_code,
              "#6a3d9a",
              {"Several records carry the same code.",
               "Give one of them its own code, or join them into one feature of several parts."},
              {"多条记录使用同一编码。", "请为其中之一另编号，或合并为一个多部件面。"},
              "编码 {code} 重复出现[，见第 {rows} 行]"},
    CodeWords{
        ProblemCode::unknown_village,
        "#6a3d9a",
        {"The village code is not in the register of divisions.", "Import the divisions first, or correct the code."},
        {"村居编码不在区划登记中。", "请先导入区划，或更正编码。"},
        "{subjects} 的所属村居编码[“{value}”]不存在"},
    CodeWords{ProblemCode::unknown_grid,
              "#6a3d9a",
              {"A row names a grid that is not in the registry.", "Import the boundaries first, or correct the code."},
              {"记录所指的网格不在登记库中。", "请先导入网格边界，或更正编码。"},
              "{subjects} 的网格编码[“{value}”]不存在"},
    CodeWords{ProblemCode::malformed_value,
              "#6a3d9a",
              {"A value has the wrong form: a date that is none, a letter in a number, a word that is not in the list.",
               "Correct the value."},
              {"属性值格式错误：不存在的日期、数字中有字母、不在列表中的词。", "请更正该值。"},
              "{subjects} 的属性值[“{value}”]格式错误[（字段“{field}”）]"},
    CodeWords{ProblemCode::reissued_code,
              "#6a3d9a",
              {"The code was given to another grid before, which has been retired.", "Issue a new code."},
              {"该编码以前发放给另一网格，该网格已注销。", "请发放新编码。"},
              "编码 {subjects} 曾经发放，不得再次使用"},
    CodeWords{ProblemCode::empty_geometry,
              "#555555",
              {"The record has no geometry, or one without parts.", "Draw it, or leave the record out."},
              {"记录没有几何，或几何没有任何部件。", "请绘制其范围，或删去该记录。"},
              "{subjects} 没有几何"},
    CodeWords{ProblemCode::unsupported_geometry,
              "#555555",
              {"The geometry is a point, a line, a curve or a mixture, not a polygon.",
               "Convert it to polygons; close open lines first."},
              {"几何是点、线、曲线或混合类型，不是面。", "请转换为面；未闭合的线先闭合。"},
              "{subjects} 的几何不是面[（{value}）]"},
    CodeWords{ProblemCode::collapsed_ring,
              "#a6761d",
              {"A ring has fewer than three different points, lies on one line, or has a spike.",
               "Remove the ring or the spike."},
              {"环的不同点少于三个、落在一条直线上，或带有尖刺。", "请删除该环或尖刺。"},
              "{subjects} 有一个环没有面积或带有尖刺[（{at}）][，另有 {places} 处]"},
    CodeWords{ProblemCode::self_crossing,
              "#d81b60",
              {"Edges of the feature cross or run over each other, or a vertex lies on another edge of the same ring.",
               "Put the vertices into their order along the boundary."},
              {"要素的边相互交叉或重合，或节点落在同一环的另一条边上。", "请按边界走向重新排列节点。"},
              "{subjects} 的边界自相交[（{at}）][，另有 {places} 处]"},
    CodeWords{ProblemCode::repeated_ring_point,
              "#d81b60",
              {"A ring passes one point twice without crossing itself there.",
               "Cut the ring there, into two parts or into an outer ring and a hole."},
              {"环两次经过同一点而不在该处自相交。", "请在该处断开，分成两个部件，或分成外环和洞。"},
              "{subjects} 的环两次经过同一点[（{at}）][，另有 {places} 处]"},
    CodeWords{
        ProblemCode::wrong_nesting,
        "#d81b60",
        {"A hole lies outside its outer ring or in another hole, a part lies in another part, or rings touch so that "
         "they cut the interior into pieces.",
         "Make each piece a part, and each hole a hole of the part round it."},
        {"洞在外环之外或在另一洞之内，部件在另一部件之内，或各环相接把内部切成几块。",
         "请把每一块作为一个部件，每个洞归属包围它的部件。"},
        "{subjects} 的洞或部件嵌套错误[（{at}）][，另有 {places} 处]"},
    CodeWords{ProblemCode::outside_lattice,
              "#555555",
              {"A coordinate is off the globe or not a number.",
               "State the right --crs; longitude and latitude may be swapped, or metres read as degrees."},
              {"坐标超出地球范围或不是数字。", "请用 --crs 指明正确的坐标系；也可能经纬度颠倒，或把米当成了度。"},
              "{subjects} 的坐标[ {value} ]不是有效位置"},
    CodeWords{ProblemCode::overlap,
              "#d7191c",
              {"Two features cover the same ground.", "Give the area to one of them."},
              {"两个要素覆盖同一块地。", "请把该区域划归其中一个。"},
              "{subjects} [与另外 {others} 个要素]重叠 {measure}[（{at}）]"},
    CodeWords{
        ProblemCode::gap,
        "#7b2fd0",
        {"Ground that features enclose and none covers.", "Extend a neighbour over it, or draw the missing feature."},
        {"被要素围住而无要素覆盖的地。", "请由相邻要素补上，或补画缺少的要素。"},
        "{subjects} 之间有 {measure}的缝隙[（{at}）]"},
    CodeWords{ProblemCode::edge_not_matched,
              "#0067b1",
              {"Two neighbours run along the same line, but one has a vertex there that the other lacks.",
               "Insert the missing vertices."},
              {"两个相邻要素沿同一条线，但一方有节点而另一方没有。", "请补上缺少的节点。"},
              "{subjects} 有 {measure}的公共边界节点不一致[，两侧最多相距 {apart} 米][（{at}）]"},
    CodeWords{ProblemCode::duplicate_geometry,
              "#8c4510",
              {"Features have the same geometry.", "Keep one of them."},
              {"几个要素的几何完全相同。", "请只保留一个。"},
              "{subjects} 的几何完全相同（{measure}）"},
    CodeWords{ProblemCode::outside_county,
              "#c2185b",
              {"Part of a feature lies outside every outline it must lie in. Any amount counts.",
               "Cut it back to the boundary; when many are concerned, look at the coordinate system first."},
              {"要素的一部分在其应在的轮廓之外，多少都算。", "请裁回边界；若涉及很多要素，先检查坐标系。"},
              "{subjects} 有 {measure}超出{region}轮廓[（{at}）]"},
    CodeWords{ProblemCode::county_not_filled,
              "#e08a00",
              {"Part of an outline belongs to no feature.",
               "Draw the missing features, or record why there are none (water, disputed land)."},
              {"轮廓中有一部分不属于任何要素。", "请补画缺少的要素，或登记没有要素的原因（水域、争议地）。"},
              "{region}轮廓 {subjects} 有 {measure}未被填满[（{at}）]"},
    CodeWords{ProblemCode::sliver,
              "#b59a00",
              {"Stands beside an overlap or gap whose every piece is narrow: a slip of digitising, not a dispute.",
               "Snap the two boundaries together."},
              {"与狭长的重叠或缝隙同时列出：是数字化误差，不是地界争议。", "请把两条边界捕捉到一起。"},
              "{subjects} 之间的[{of}]是狭长碎片（{measure}）[（{at}）]"},
    CodeWords{ProblemCode::village_without_grids,
              "#e08a00",
              {"A village has no grid, while others of its town have.", "Import its grids, or record why it has none."},
              {"村居没有网格，而同镇街的其他村居有。", "请导入其网格，或登记没有网格的原因。"},
              "村居 {subjects} 没有网格"},
    CodeWords{ProblemCode::accepted_gap,
              "#6f8fa8",
              {"Ground without a grid that staff have accepted as such, with a reason.",
               "Nothing; to take it back, draw the grid or undo the change set."},
              {"没有网格的地块，工作人员已说明理由并予以认可。", "无需处理；如要收回，请补画网格或撤销该变更单。"},
              "{subjects} 之间有 {measure}的空地已获认可[：{reason}][（{at}）]"},
    CodeWords{ProblemCode::suspected_datum,
              "#b30000",
              {"The coordinates fit what is known far better in another system than in the stated one.",
               "State the right --crs, or convert the file."},
              {"坐标按另一坐标系解读时与已知情况吻合得多。", "请用 --crs 指明正确的坐标系，或先转换文件。"},
              "{subjects} 的坐标系疑似有误[，偏移约 {measure}]"},
    CodeWords{ProblemCode::snapped_far,
              "#b59a00",
              {"Rounding to the lattice of 1e-7 degree moved a vertex further than it should.",
               "Export again with full precision."},
              {"归格到 1e-7 度格网时节点移动过大。", "请以完整精度重新导出。"},
              "{subjects} 归格时节点移动过大[（{measure}）]"},
};

[[nodiscard]] CodeWords const& words_of(ProblemCode code) {
    auto const found = std::ranges::find(kWords, code, &CodeWords::code);
    if (found == kWords.end()) {
        throw std::logic_error{"problem code without words"};
    }
    return *found;
}

[[nodiscard]] std::string value_of(std::string_view name, Problem const& problem) {
    if (name == "subjects") {
        constexpr std::size_t kMost = 8;
        std::string text;
        for (std::size_t i = 0; i < problem.subjects.size() && i < kMost; ++i) {
            text += (i == 0 ? "" : "、") + subject_text(problem.subjects[i], Language::chinese);
        }
        return problem.subjects.size() <= kMost ? text : fmt::format("{} 等 {} 个", text, problem.subjects.size());
    }
    if (name == "measure") {
        return measure_text(problem, Language::chinese);
    }
    if (name == "at") {
        return place_text(problem);
    }
    if (name == "region") {
        auto const parent = problem.fact("parent");
        return parent.empty() ? "县区" : fmt::format(" {} 的", parent);
    }
    if (name == "code") {
        auto const value = problem.fact("value");
        return value.empty() ? value_of("subjects", problem) : std::string{value};
    }
    if (name == "of") {
        auto const of = problem.fact("of");
        return of == "overlap" ? "重叠" : of == "gap" ? "缝隙" : std::string{};
    }
    return std::string{problem.fact(name)};
}

/// `form` with its {names} filled in; `complete` becomes false when one has no value.
[[nodiscard]] std::string filled_in(std::string_view form, Problem const& problem, bool& complete) {
    std::string text;
    while (!form.empty()) {
        if (form.front() == '[') {
            auto const end = form.find(']');
            bool whole = true;
            auto part = filled_in(form.substr(1, end - 1), problem, whole);
            text += whole ? part : std::string{};
            form.remove_prefix(end + 1);
        } else if (form.front() == '{') {
            auto const end = form.find('}');
            auto const value = value_of(form.substr(1, end - 1), problem);
            complete = complete && !value.empty();
            text += value;
            form.remove_prefix(end + 1);
        } else {
            text += form.front();
            form.remove_prefix(1);
        }
    }
    return text;
}

} // namespace

std::string sentence(Problem const& problem, Language language) {
    if (language == Language::english) {
        return problem.message;
    }
    if (!problem.chinese.empty()) {
        return problem.chinese;
    }
    auto const& words = words_of(problem.code);
    bool complete = true;
    return fmt::format("{}；{}", filled_in(words.sentence, problem, complete), words.chinese.remedy);
}

std::string subject_text(std::string const& subject, Language language) {
    constexpr std::string_view kRow = "row ";
    auto const at = subject.rfind(kRow);
    if (language == Language::english || at == std::string::npos) {
        return subject;
    }
    auto const first = at + kRow.size();
    auto const last = std::min(subject.find_first_not_of("0123456789", first), subject.size());
    bool const alone = last == subject.size();
    bool const in_brackets = at > 0 && subject[at - 1] == '(' && subject.substr(last) == ")";
    if (last == first || (!alone && !in_brackets)) {
        return subject;
    }
    return fmt::format("{}第 {} 行{}", subject.substr(0, at), subject.substr(first, last - first),
                       subject.substr(last));
}

Words subject_words(std::string const& subject) { return {subject, subject_text(subject, Language::chinese)}; }

std::string_view title_of(ProblemKind const& kind, Language language) noexcept {
    return language == Language::chinese ? kind.title_zh : kind.title;
}

std::string_view word_of(Severity severity, Language language) noexcept {
    if (language == Language::english) {
        return to_string(severity);
    }
    return severity == Severity::error ? "错误" : severity == Severity::warning ? "警告" : "提示";
}

ProblemGuide guide_of(ProblemCode code, Language language) {
    auto const& words = words_of(code);
    return language == Language::chinese ? words.chinese : words.english;
}

std::string_view colour_of(ProblemCode code) noexcept {
    auto const found = std::ranges::find(kWords, code, &CodeWords::code);
    return found == kWords.end() ? "#000000" : found->colour;
}

std::string grouped(std::uint64_t number) {
    auto text = fmt::format("{}", number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

std::string measure_text(Problem const& problem, Language language) {
    if (problem.unit.empty()) {
        return {};
    }
    bool const area = problem.unit == "m2";
    auto value = problem.measure;
    std::string_view unit = area ? "m²" : "m";
    if (language == Language::chinese) {
        unit = area ? "平方米" : "米";
    }
    if (area && value >= 1e6) {
        value /= 1e6;
        unit = language == Language::chinese ? "平方公里" : "km²";
    }
    auto const number = value >= 100 ? grouped(static_cast<std::uint64_t>(std::llround(value)))
                        : value >= 1 ? fmt::format("{:.1f}", value)
                                     : fmt::format("{:.2g}", value);
    return fmt::format("{} {}", number, unit);
}

std::string place_text(Problem const& problem) {
    return problem.place ? fmt::format("{:.7f}, {:.7f}", geom::to_degrees(problem.place->at.lon),
                                       geom::to_degrees(problem.place->at.lat))
                         : std::string{};
}

} // namespace wangge
