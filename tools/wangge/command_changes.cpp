#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/named_file.hpp>
#include <wangge/changes/change_editor.hpp>
#include <wangge/changes/change_set_text.hpp>
#include <wangge/changes/change_steps.hpp>
#include <wangge/changes/preview.hpp>
#include <wangge/changes/repairs.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/importers/import_job.hpp>
#include <wangge/importers/layer_repair.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/report_writer.hpp>
#include <wangge/lookup/query_geometry.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace wangge::command {

namespace {

using registry::Registry;

GridCode code_argument(std::string const& text, char const* field) {
    auto const code = GridCode::parse(text);
    if (!code) {
        throw Error{ErrorCode::usage, words("{}: '{}' is not a grid code; it is digits only, 15 by default",
                                            "{}：“{}”不是网格编码；应全为数字，默认 15 位", field, text)};
    }
    return *code;
}

std::optional<GridCode> optional_code(std::string const& text, char const* field) {
    return text.empty() ? std::nullopt : std::optional{code_argument(text, field)};
}

DivisionCode division_argument(std::string const& text, char const* option) {
    auto const code = DivisionCode::parse(text);
    if (!code) {
        throw Error{ErrorCode::usage,
                    words("{}: '{}' is not a 12-digit division code", "{}：“{}”不是 12 位区划编码", option, text)};
    }
    return *code;
}

DivisionCode village_argument(std::string const& text) { return division_argument(text, "--village"); }

Registry open_for_writing(ChangesOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    return Registry::open(folder, Registry::Mode::write);
}

Registry open_for_reading(ChangesOptions const& options) {
    auto const folder = data_folder(options.data);
    require_registry(folder);
    return Registry::open(folder, Registry::Mode::read);
}

/// The system that --crs names, of the site's own too.
crs::Transformer declared(ChangesOptions const& options) {
    return crs::Transformer::make(options.crs.empty() ? "EPSG:4490" : options.crs, site_systems(options.data));
}

importers::ReadOptions reading(ChangesOptions const& options) {
    importers::ReadOptions read{options.crs, options.encoding, options.layer};
    read.site_systems = site_systems(options.data);
    return read;
}

/// Is it the geometry itself, not the name of a file?
bool is_text(std::string const& given) {
    std::error_code ignored; // a text may be too long for a name
    return given.find_first_of("{(") != std::string::npos && !std::filesystem::exists(given, ignored);
}

Words both(Problem const& problem) { return {problem.message, sentence(problem, Language::chinese)}; }

lookup::QueryGeometry parse_geometry(std::string const& given, char const* option, lookup::QueryGeometry::Kind kind) {
    bool const text = is_text(given);
    std::string why;
    auto geometry = lookup::parse_query_geometry(text ? given : read_named_file(given), why);
    if (!geometry) {
        throw Error{
            text ? ErrorCode::usage : ErrorCode::data_unreadable,
            words("{}: {}: {}", "{}：{}：{}", option, text ? words("the text", "所给文字") : Words{given, given}, why)};
    }
    if (geometry->kind != kind) {
        throw Error{ErrorCode::usage, words("{}: it is to be {}", "{}：应为{}", option,
                                            kind == lookup::QueryGeometry::Kind::area ? words("an area", "一个面")
                                                                                      : words("one line", "一条线"))};
    }
    return std::move(*geometry);
}

importers::RawFeature raw_feature(lookup::QueryGeometry const& geometry) {
    importers::RawFeature feature;
    feature.row = 1;
    std::uint32_t number = 0;
    for (auto const& part : geometry.parts) {
        bool hole = false;
        for (auto const& chain : part.chains) {
            auto const first = static_cast<std::uint32_t>(feature.coordinates.size());
            feature.coordinates.insert(feature.coordinates.end(), chain.begin(), chain.end());
            feature.rings.push_back({first, static_cast<std::uint32_t>(feature.coordinates.size()), number, hole});
            hole = true;
        }
        ++number;
    }
    return feature;
}

geom::MultiPolygon normalized(importers::ShapeNormalizer& normalizer, importers::RawFeature const& feature,
                              std::string const& where) {
    std::vector<Problem> problems;
    auto result = normalizer.normalize(feature, where, problems);
    if (!result.sound) {
        throw Error{ErrorCode::data_rejected,
                    words("{}, feature {}: {}", "{}，第 {} 个要素：{}", where, feature.row,
                          problems.empty() ? words("it is no area", "不是面") : both(problems.front()))};
    }
    return std::move(result.shape);
}

/// The areas that an option names: WKT or GeoJSON text, or the features of a polygon file, in their order.
std::vector<geom::MultiPolygon> shapes_argument(std::string const& given, char const* option,
                                                ChangesOptions const& options) {
    std::vector<geom::MultiPolygon> shapes;
    if (is_text(given) || !importers::is_polygon_file(given)) {
        auto const geometry = parse_geometry(given, option, lookup::QueryGeometry::Kind::area);
        auto const transformer = declared(options);
        importers::ShapeNormalizer normalizer{transformer};
        shapes.push_back(normalized(normalizer, raw_feature(geometry), option));
        return shapes;
    }
    auto reader = importers::OgrReader::open(given, reading(options));
    importers::ShapeNormalizer normalizer{reader.transformer()};
    importers::RawFeature feature;
    std::vector<Problem> problems;
    for (;;) {
        auto const outcome = reader.next(feature, problems);
        if (outcome == importers::OgrReader::Outcome::end) {
            break;
        }
        if (outcome == importers::OgrReader::Outcome::unreadable) {
            throw Error{ErrorCode::data_rejected, words("{}, feature {}: {}", "{}，第 {} 个要素：{}", given,
                                                        feature.row, both(problems.front()))};
        }
        shapes.push_back(normalized(normalizer, feature, given));
    }
    if (shapes.empty()) {
        throw Error{ErrorCode::data_rejected, words("{}: {} holds no feature", "{}：{} 中没有要素", option, given)};
    }
    return shapes;
}

geom::MultiPolygon shape_argument(ChangesOptions const& options) {
    if (options.shape.empty()) {
        throw Error{ErrorCode::usage,
                    words("{} needs --shape FILE or WKT", "{} 需要 --shape 文件或 WKT", options.operation)};
    }
    auto shapes = shapes_argument(options.shape, "--shape", options);
    if (shapes.size() != 1) {
        throw Error{ErrorCode::usage,
                    words("--shape: {} holds {} features; give a file with the one that is meant, or its WKT",
                          "--shape：{} 中有 {} 个要素；请给出只含所需要素的文件，或其 WKT", options.shape,
                          shapes.size())};
    }
    return std::move(shapes.front());
}

std::optional<geom::Point> on_lattice(crs::Transformer const& transformer, crs::Coordinate coordinate) {
    auto const position = transformer.to_registry(coordinate);
    return position ? crs::to_lattice(*position) : std::nullopt;
}

std::vector<geom::Point> line_argument(ChangesOptions const& options) {
    auto const geometry = parse_geometry(options.line, "--line", lookup::QueryGeometry::Kind::line);
    if (geometry.parts.size() != 1 || geometry.parts.front().chains.size() != 1) {
        throw Error{ErrorCode::usage, words("--line: it is to be one line", "--line：应为一条线")};
    }
    auto const transformer = declared(options);
    std::vector<geom::Point> points;
    for (auto const& coordinate : geometry.parts.front().chains.front()) {
        auto const at = on_lattice(transformer, coordinate);
        if (!at) {
            throw Error{ErrorCode::usage, words("--line: {} is no position of {}", "--line：{} 不是 {} 中的位置",
                                                fmt::format("{} {}", coordinate.x, coordinate.y), transformer.name())};
        }
        points.push_back(*at);
    }
    return points;
}

geom::Point position_argument(ChangesOptions const& options) {
    auto const comma = options.at.find(',');
    if (comma == std::string::npos) {
        throw Error{ErrorCode::usage,
                    words("{} needs --at LON,LAT, a position", "{} 需要 --at 经度,纬度", options.operation)};
    }
    auto const transformer = declared(options);
    std::string_view const text{options.at};
    auto const at = on_lattice(
        transformer, {number_argument(text.substr(0, comma), "--at"), number_argument(text.substr(comma + 1), "--at")});
    if (!at) {
        throw Error{ErrorCode::usage, words("--at: {} is no position of {}", "--at：{} 不是 {} 中的位置", options.at,
                                            transformer.name())};
    }
    return *at;
}

std::vector<changes::NewGrid> parts_argument(changes::ChangeEditor const& editor, GridCode const& code,
                                             ChangesOptions const& options) {
    if (options.line.empty() == options.parts.empty()) {
        throw Error{ErrorCode::usage,
                    words("split needs either --line, along which to cut, or --part once for each part",
                          "split 要么用 --line 给出切割线，要么用 --part 逐一给出各部分")};
    }
    std::vector<geom::MultiPolygon> shapes;
    if (!options.line.empty()) {
        shapes = changes::cut_along(editor.grid(code).shape, line_argument(options));
    }
    for (auto const& part : options.parts) {
        std::ranges::move(shapes_argument(part, "--part", options), std::back_inserter(shapes));
    }
    if (options.names.size() > shapes.size()) {
        throw Error{ErrorCode::usage, words("--name: {} names for {} parts", "--name：给了 {} 个名称，而只有 {} 个部分",
                                            options.names.size(), shapes.size())};
    }
    std::vector<changes::NewGrid> parts;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        parts.push_back({std::move(shapes[i]), i < options.names.size() ? options.names[i] : "", std::nullopt});
    }
    return parts;
}

changes::Added add_address(changes::ChangeEditor& editor, ChangesOptions const& options) {
    changes::ChangeEditor::NewAddress address;
    address.point = {{},
                     options.text,
                     options.village.empty() ? DivisionCode{} : village_argument(options.village),
                     options.road,
                     options.house_number,
                     options.estate,
                     options.building,
                     options.unit,
                     options.room,
                     {}};
    address.corrects = options.corrects;
    address.source = options.source;
    if (!options.at.empty()) {
        address.at = position_argument(options);
    }
    return editor.address(std::move(address), options.reason);
}

changes::Added add_one(changes::ChangeEditor& editor, ChangesOptions const& options) {
    auto const& operation = options.operation;
    std::vector<GridCode> codes;
    for (auto const& text : options.codes) {
        codes.push_back(code_argument(text, "CODE"));
    }
    auto const name = options.names.empty() ? std::string{} : options.names.front();
    constexpr std::array kWithoutGrid{"create", "accept-gap", "alias", "address", "retire-address"};
    std::size_t const wanted = std::ranges::find(kWithoutGrid, operation) == kWithoutGrid.end() ? 1 : 0;
    if (operation != "merge" && codes.size() != wanted) {
        throw Error{ErrorCode::usage, wanted == 0 ? words("{} names no grid code before its options; see --help",
                                                          "{} 的选项之前不写网格编码；参见 --help", operation)
                                                  : words("{} needs one grid CODE; see --help",
                                                          "{} 需要一个网格编码；参见 --help", operation)};
    }
    if (operation == "create") {
        auto const kind = parse_grid_kind(options.kind);
        if (!kind) {
            throw Error{ErrorCode::usage, words("--kind: '{}' is neither comprehensive nor dedicated",
                                                "--kind：“{}”既不是 comprehensive 也不是 dedicated", options.kind)};
        }
        return editor.create({shape_argument(options), name, optional_code(options.code, "--code")},
                             village_argument(options.village), *kind);
    }
    if (operation == "reshape") {
        return editor.reshape(codes[0], shape_argument(options));
    }
    if (operation == "split") {
        return editor.split(codes[0], parts_argument(editor, codes[0], options), options.keep);
    }
    if (operation == "merge") {
        return editor.merge(codes, optional_code(options.into, "--into"), name, optional_code(options.code, "--code"));
    }
    if (operation == "retire") {
        return editor.retire(codes[0], options.reason);
    }
    if (operation == "reparent") {
        return editor.reparent(codes[0], village_argument(options.village));
    }
    if (operation == "rename") {
        return editor.rename(codes[0], name);
    }
    if (operation == "alias") {
        return editor.alias(division_argument(options.division, "--division"), name, options.reason);
    }
    if (operation == "address") {
        return add_address(editor, options);
    }
    if (operation == "retire-address") {
        return editor.retire_address(options.address_id, options.source, options.reason);
    }
    return editor.accept_gap(position_argument(options), options.reason);
}

DateInterval days_argument(ChangesOptions const& options) {
    return {date_argument(options.effective, "--effective"),
            options.until.empty() ? kForever : date_argument(options.until, "--until")};
}

using Json = nlohmann::ordered_json;

Json to_json(std::vector<GridCode> const& codes) {
    auto json = Json::array();
    for (auto const& code : codes) {
        json.push_back(code.str());
    }
    return json;
}

std::string repairs_json(changes::RepairPlan const& plan, std::span<registry::Operation const> added,
                         Language language) {
    Json json{{"change_set", plan.draft.id},
              {"effective", plan.draft.days.from.str()},
              {"tolerance_m", plan.options.tolerance_m},
              {"max_area_m2", plan.options.max_area_m2},
              {"movable", to_json(plan.movable)},
              {"fixed", to_json(plan.fixed)},
              {"accepted", plan.accepted()},
              {"refused", plan.proposals.size() - plan.accepted()},
              {"proposals", Json::parse(importers::proposals_json(plan.proposals))}};
    auto& left = json["without_proposal"] = Json::array();
    for (auto const& [day, problem] : plan.left) {
        left.push_back({{"day", day.str()},
                        {"id", problem.id()},
                        {"code", static_cast<int>(problem.code)},
                        {"subjects", problem.subjects},
                        {"message", sentence(problem, language)}});
    }
    auto& operations = json["added"] = Json::array();
    for (auto const& operation : added) {
        operations.push_back({{"operation", operation.number}, {"reason", operation.reason}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string repairs_text(changes::RepairPlan const& plan, std::span<registry::Operation const> added,
                         Language language) {
    constexpr std::size_t kShown = 20;
    auto text =
        said(language,
             "Change set {} '{}' on {}: {} grids may move by at most {} m, {} neighbours stay as they are (--with "
             "CODE lets one move too)\n",
             "变更单 {} “{}”，{}：{} 个网格最多可移动 {} 米，{} 个相邻网格保持不动（--with 编码 可让其移动）\n",
             plan.draft.id, plan.draft.title, plan.draft.days.from.str(), plan.movable.size(),
             fmt::format("{:g}", plan.options.tolerance_m), plan.fixed.size());
    text += importers::proposals_text(plan.proposals, language);
    for (std::size_t i = 0; i < std::min(kShown, plan.left.size()); ++i) {
        text += said(language, "  without a proposal: on {}: {}\n", "  没有修补方案：{}：{}\n", plan.left[i].day.str(),
                     sentence(plan.left[i].problem, language));
    }
    if (plan.left.size() > kShown) {
        text += said(language, "  without a proposal: and {} more; --json lists them all\n",
                     "  没有修补方案：另有 {} 处；--json 列出全部\n", plan.left.size() - kShown);
    }
    for (auto const& operation : added) {
        text += said(language, "added {}\n", "已添加{}\n", changes::operation_text(operation, language));
    }
    if (!added.empty()) {
        text += said(language, "Check the change set again: wangge changes check {}\n",
                     "请重新检查变更单：wangge changes check {}\n", plan.draft.id);
    } else if (plan.accepted() > 0) {
        text += said(language, "Nothing was added; --accept ID or --all adds proposals to the change set.\n",
                     "没有添加任何方案；--accept 编号 或 --all 可把方案加入变更单。\n");
    }
    return text;
}

void show_draft(Registry const& registry, ChangesOptions const& options, std::int64_t id) {
    auto const draft = registry.draft(id);
    auto const operations = registry.operations(id);
    auto const meetings = registry.drafts_meeting(id);
    auto const language = language_argument(options.lang);
    if (options.json) {
        say("{}\n", changes::draft_json(draft, operations, meetings, language));
    } else {
        say("{}", changes::draft_text(draft, operations, meetings, language));
    }
}

} // namespace

int changes_new(ChangesOptions const& options) {
    auto const language = language_argument(options.lang);
    auto const author = author_argument(options.author);
    auto const days = days_argument(options);
    if (options.from.empty()) {
        if (options.title.empty()) {
            throw Error{ErrorCode::usage, words("--title: state in a few words what the change set does",
                                                "--title：请用几个字写明变更单的内容")};
        }
        if (!options.complete.empty()) {
            throw Error{ErrorCode::usage,
                        words("--complete: it says what the files of --from have all grids of",
                              "--complete：说明 --from 的文件包含哪个区划的全部网格，要与 --from 一起用")};
        }
        auto registry = open_for_writing(options);
        auto const id = registry.make_draft({options.title, author, days, std::nullopt, {}});
        show_draft(registry, options, id);
        return 0;
    }
    importers::ImportOptions import;
    import.read = reading(options);
    import.effective = days.from;
    import.mapping = options.mapping;
    import.accept_datum = options.accept_datum;
    import.author = author;
    std::optional<DivisionCode> complete;
    if (!options.complete.empty()) {
        complete = DivisionCode::parse(options.complete);
        if (!complete) {
            throw Error{ErrorCode::usage, words("--complete: '{}' is not a 12-digit division code",
                                                "--complete：“{}”不是 12 位区划编码", options.complete)};
        }
    }
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const progress = make_terminal_progress();
    auto const proposal = importers::propose_boundaries(folder, options.from, import, complete, *progress);
    if (proposal.report.has_errors()) {
        say("{}\n", options.json ? importers::report_json(proposal.report, language)
                                 : importers::report_text(proposal.report, language));
        return 1;
    }
    if (!options.json) {
        say("{}", importers::reading_text(proposal.report, language));
    }
    if (proposal.change_set.changes.empty()) {
        say("{}\n", options.json
                        ? std::string{"null"}
                        : said(language, "The files say what the registry has already; no change set was made.",
                               "文件与登记库内容一致，没有新建变更单。"));
        return 0;
    }
    auto registry = open_for_writing(options);
    auto const id = changes::make_change_set(registry,
                                             {options.title.empty() ? proposal.title.in(language) : options.title,
                                              author, days, std::nullopt, proposal.change_set.sources},
                                             proposal.change_set.changes, proposal.bases);
    show_draft(registry, options, id);
    return 0;
}

int changes_add(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    changes::ChangeEditor editor{registry, options.id, author_argument(options.author)};
    auto const added = add_one(editor, options);
    auto const language = language_argument(options.lang);
    if (options.json) {
        say("{}\n", changes::added_json(registry.draft(options.id), added.operation, added.meetings, language));
    } else {
        say("{}\n{}",
            said(language, "Change set {}, {}", "变更单 {}，{}", options.id,
                 changes::operation_text(added.operation, language)),
            changes::meetings_text(added.meetings, language));
    }
    return 0;
}

int changes_drop(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    registry.drop_operation(options.id, options.number, author_argument(options.author));
    show_draft(registry, options, options.id);
    return 0;
}

int changes_list(ChangesOptions const& options) {
    auto const drafts = open_for_reading(options).drafts(options.all);
    auto const language = language_argument(options.lang);
    say("{}{}", options.json ? changes::drafts_json(drafts, language) : changes::drafts_text(drafts, language),
        options.json ? "\n" : "");
    return 0;
}

int changes_show(ChangesOptions const& options) {
    show_draft(open_for_reading(options), options, options.id);
    return 0;
}

int changes_check(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    auto const result = changes::check(registry, options.id, author_argument(options.author));
    auto const language = language_argument(options.lang);
    if (options.json) {
        say("{}\n", changes::check_json(result.examination, result.meetings, language));
    } else {
        say("{}", changes::check_text(result.examination, result.meetings, language));
    }
    return result.examination.has_errors() ? 1 : 0;
}

int changes_repair(ChangesOptions const& options) {
    if (!options.out.empty()) {
        importers::check_repair_path(options.out, {}, "--layer", false);
    }
    std::vector<GridCode> with;
    for (auto const& text : options.codes) {
        with.push_back(code_argument(text, "--with"));
    }
    auto const language = language_argument(options.lang);
    auto registry = open_for_writing(options);
    auto const progress = make_terminal_progress();
    auto const plan = changes::plan_repairs(
        registry, options.id,
        {number_argument(options.tolerance, "--tolerance"), number_argument(options.max_area, "--max-area")}, with,
        *progress);
    if (!options.out.empty()) {
        importers::write_repair_layers(plan.proposals, options.out, language_argument(options.lang));
    }
    std::vector<registry::Operation> added;
    if (options.all || !options.accept.empty()) {
        added = changes::carry_out(registry, plan, options.accept, author_argument(options.author));
    }
    if (options.json) {
        say("{}\n", repairs_json(plan, added, language));
    } else {
        say("{}", repairs_text(plan, added, language));
        if (!options.out.empty()) {
            say("{}\n", said(language, "Layers: {}", "图层：{}", options.out.string()));
        }
    }
    return plan.accepted() == plan.proposals.size() && plan.left.empty() ? 0 : 1;
}

int changes_preview(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    auto const preview = changes::preview(registry, options.id);
    if (!options.out.empty()) {
        changes::write_preview_layers(preview, options.out);
    }
    auto const language = language_argument(options.lang);
    say("{}{}", options.json ? changes::preview_json(preview, language) : changes::preview_text(preview, language),
        options.json ? "\n" : "");
    if (!options.out.empty() && !options.json) {
        say("{}\n", said(language, "Layers: {}", "图层：{}", options.out.string()));
    }
    return preview.examination.conflicts.empty() ? 0 : 1;
}

int changes_approve(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    changes::approve(registry, options.id, options.approver);
    show_draft(registry, options, options.id);
    return 0;
}

int changes_apply(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    auto const progress = make_terminal_progress();
    auto const applied = changes::apply(registry, options.id, author_argument(options.author), *progress);
    show_draft(registry, options, options.id);
    if (!options.json) {
        for (auto const& meeting : applied.meetings) {
            say("{}\n",
                said(language_argument(options.lang), "  change set {} '{}' is {} and to be checked anew",
                     "  变更单 {} “{}”现为{}，须重新检查", meeting.id, meeting.title, words_of(meeting.status)));
        }
    }
    return 0;
}

int changes_discard(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    registry.discard_draft(options.id, author_argument(options.author), options.reason);
    show_draft(registry, options, options.id);
    return 0;
}

int changes_undo(ChangesOptions const& options) {
    auto registry = open_for_writing(options);
    auto const from =
        options.effective.empty() ? std::nullopt : std::optional{date_argument(options.effective, "--effective")};
    if ((options.id == 0) == (options.change_set == 0)) {
        throw Error{ErrorCode::usage, words("undo needs either the number of a change set or --import N",
                                            "undo 要么写变更单编号，要么用 --import N")};
    }
    auto const author = author_argument(options.author);
    auto const language = language_argument(options.lang);
    show_draft(registry, options,
               options.id != 0 ? changes::undo(registry, options.id, author, from, language)
                               : changes::undo_applied(registry, options.change_set, author, from, language));
    return 0;
}

} // namespace wangge::command
