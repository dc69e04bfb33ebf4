#include <wangge/base/error.hpp>
#include <wangge/geom/problem_text.hpp>
#include <wangge/importers/field_mapping.hpp>
#include <wangge/importers/layer_repair.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

namespace wangge::importers {

namespace {

constexpr std::size_t kShown = 20; // of each kind

std::optional<std::size_t> code_column(std::vector<std::string> const& columns, std::string const& asked,
                                       std::filesystem::path const& file) {
    if (asked.empty()) {
        std::vector<WantedField> wanted;
        std::ranges::copy_if(boundary_fields(), std::back_inserter(wanted),
                             [](WantedField const& field) { return field.key == "grid_code"; });
        wanted.front().required = false;
        return FieldMapping::guess(wanted, columns, file.filename().string()).column("grid_code");
    }
    auto const found = std::ranges::find(columns, asked);
    if (found == columns.end()) {
        throw Error{ErrorCode::usage,
                    words("--code: {} has no column '{}'; it has: {}", "--code：{} 没有“{}”列；现有的列：{}",
                          file.string(), asked, fmt::format("{}", fmt::join(columns, ", ")))};
    }
    return static_cast<std::size_t>(found - columns.begin());
}

/// Proposals by kind, accepted first.
std::map<std::pair<bool, topology::RepairKind>, std::size_t>
counts(std::span<topology::RepairProposal const> proposals) {
    std::map<std::pair<bool, topology::RepairKind>, std::size_t> result;
    for (auto const& p : proposals) {
        ++result[{!p.accepted(), p.kind}];
    }
    return result;
}

Words grids_of(topology::RepairProposal const& proposal) {
    constexpr std::size_t kNames = 6;
    auto names = proposal.grids;
    auto const more = names.size() > kNames ? words(" and {} more", " 等另外 {} 个", names.size() - kNames) : Words{};
    names.resize(std::min(names.size(), kNames));
    return words("{}{}", "{}{}", fmt::format("{}", fmt::join(names, " ")), more);
}

} // namespace

std::vector<topology::Face> LayerRepair::faces() const {
    std::vector<topology::Face> result;
    std::map<std::string_view, bool> read_badly;
    for (auto const& problem : reading) {
        for (auto const& subject : problem.subjects) {
            read_badly[subject] = true;
        }
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        result.push_back({names[i], &shapes[i], !read_badly.contains(names[i])});
    }
    return result;
}

std::size_t LayerRepair::accepted() const {
    return static_cast<std::size_t>(std::ranges::count_if(proposals, [](auto const& p) { return p.accepted(); }));
}

LayerRepair plan_layer_repair(std::filesystem::path const& file, ReadOptions const& read, std::string const& code_field,
                              topology::RepairOptions const& options, Progress& progress) {
    LayerRepair repair;
    repair.file = file;
    repair.read = read;
    repair.options = options;
    auto reader = OgrReader::open(file, read);
    repair.layer = reader.layer();
    repair.datum_assumed = reader.transformer().name();
    auto const column = code_column(reader.columns(), code_field, file);
    repair.code_field = column ? reader.columns()[*column] : std::string{};
    ShapeNormalizer normalizer{reader.transformer()};
    RawFeature feature;
    progress.begin("reading", reader.feature_count(), "rows");
    for (;;) {
        std::vector<Problem> problems;
        auto const outcome = reader.next(feature, problems);
        if (outcome == OgrReader::Outcome::end) {
            break;
        }
        auto const code = column ? feature.fields[*column] : std::string{};
        repair.names.push_back(code.empty() ? fmt::format("row {}", feature.row) : code);
        repair.shapes.emplace_back();
        if (!feature.rings.empty()) {
            repair.shapes.back() = normalizer.normalize(feature, repair.names.back(), problems).shape;
        }
        for (auto& problem : problems) {
            problem.subjects = {repair.names.back()};
            repair.reading.push_back(std::move(problem));
        }
        progress.advance(1);
    }
    progress.end();
    repair.max_snap_m = normalizer.snapped().max_m;
    auto const faces = repair.faces();
    repair.proposals = topology::propose_repairs(faces, {}, options, progress, repair.problems);
    return repair;
}

namespace {

[[nodiscard]] Words words_of(topology::RepairKind kind) {
    std::string const english{to_string(kind)};
    switch (kind) {
    case topology::RepairKind::insert_vertices:
        return {english, "补节点"};
    case topology::RepairKind::assign_gap:
        return {english, "划归缝隙"};
    case topology::RepairKind::assign_overlap:
        return {english, "划归重叠"};
    case topology::RepairKind::match_edges:
        return {english, "合并双线边界"};
    case topology::RepairKind::clean_ring:
        return {english, "清理环"};
    case topology::RepairKind::none:
        return words("without a repair", "无修补方案");
    }
    return {english, english};
}

} // namespace

std::string proposals_text(std::span<topology::RepairProposal const> proposals, Language language) {
    std::string text;
    auto const line = [&](Words const& words) { text += words.in(language) + '\n'; };
    for (auto const& [key, count] : counts(proposals)) {
        auto const& [refused, kind] = key;
        line(words("{} {}: {}", "{} {}：{} 处", refused ? words("refused", "不可行") : words("proposed", "建议"),
                   words_of(kind), count));
        std::size_t shown = 0;
        for (auto const& p : proposals) {
            if (p.accepted() == refused || p.kind != kind || ++shown > kShown) {
                continue;
            }
            auto const moves = p.changes.empty() ? Words{}
                                                 : words(" moves {} m2, at most {} m", "，移动 {} 平方米，最远 {} 米",
                                                         fmt::format("{:.4f}", p.area_moved_m2),
                                                         fmt::format("{:.3f}", p.greatest_move_m));
            line(words("  {} at {} grids {}{}{}", "  {}，位于 {}，网格 {}{}{}", p.id(),
                       fmt::format("{:.7f} {:.7f}", geom::to_degrees(p.at.lon), geom::to_degrees(p.at.lat)),
                       grids_of(p), moves, refused ? words(": {}", "：{}", p.refusal) : Words{}));
        }
        if (shown > kShown) {
            line(words("  ... and {} more", "  …… 另有 {} 处", shown - kShown));
        }
    }
    double area_m2 = 0;
    double move_m = 0;
    std::size_t accepted = 0;
    for (auto const& p : proposals) {
        accepted += p.accepted() ? 1U : 0U;
        area_m2 += p.accepted() ? p.area_moved_m2 : 0;
        move_m = std::max(move_m, p.accepted() ? p.greatest_move_m : 0);
    }
    line(words("{} proposals move {} m2 in all, no boundary by more than {} m; {} refused.",
               "{} 个方案共移动 {} 平方米，边界最多移动 {} 米；{} 个不可行。", accepted, fmt::format("{:.4f}", area_m2),
               fmt::format("{:.3f}", move_m), proposals.size() - accepted));
    return text;
}

std::string layer_repair_text(LayerRepair const& repair, Language language) {
    std::string text;
    auto const line = [&](Words const& words) { text += words.in(language) + '\n'; };
    line(words("{}: {} rows, layer {}, coordinates {}, {}", "{}：{} 行，图层 {}，坐标 {}，{}",
               repair.file.filename().string(), repair.names.size(), repair.layer, repair.datum_assumed,
               repair.code_field.empty() ? words("no column of codes found (--code), rows go by number",
                                                 "没有找到编码列（--code），以行号称呼")
                                         : words("codes in {}", "编码在“{}”列", repair.code_field)));
    line(words("Snapping to the lattice moved no vertex further than {} m.", "归到坐标格点时，节点最多移动 {} 米。",
               fmt::format("{:.4f}", repair.max_snap_m)));
    for (std::size_t i = 0; i < std::min(kShown, repair.reading.size()); ++i) {
        auto const& problem = repair.reading[i];
        line(words("  not changed: {}: {}", "  不作改动：{}：{}", subject_words(problem.subjects.front()),
                   Words{problem.message, sentence(problem, Language::chinese)}));
    }
    if (repair.reading.size() > kShown) {
        line(words("  not changed: ... and {} more rows", "  不作改动：…… 另有 {} 行", repair.reading.size() - kShown));
    }
    line(words("{} problems before.", "修补前有 {} 个问题。", repair.problems.size()));
    return text + proposals_text(repair.proposals, language);
}

namespace {

using Json = nlohmann::ordered_json;

Json to_json(std::span<topology::RepairProposal const> proposals) {
    auto list = Json::array();
    for (auto const& p : proposals) {
        Json entry{{"id", p.id()},
                   {"kind", topology::to_string(p.kind)},
                   {"accepted", p.accepted()},
                   {"grids", p.grids},
                   {"problems", p.problems},
                   {"at", {geom::to_degrees(p.at.lon), geom::to_degrees(p.at.lat)}},
                   {"area_moved_m2", p.area_moved_m2},
                   {"greatest_move_m", p.greatest_move_m}};
        if (!p.accepted()) {
            entry["refusal"] = p.refusal.english;
        }
        list.push_back(std::move(entry));
    }
    return list;
}

std::string dumped(Json const& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

} // namespace

std::string proposals_json(std::span<topology::RepairProposal const> proposals) { return dumped(to_json(proposals)); }

std::string layer_repair_json(LayerRepair const& repair) {
    Json not_changed = Json::array();
    for (auto const& problem : repair.reading) {
        not_changed.push_back({{"grid", problem.subjects.front()}, {"message", problem.message}});
    }
    return dumped({{"file", repair.file.string()},
                   {"layer", repair.layer},
                   {"datum_assumed", repair.datum_assumed},
                   {"code_field", repair.code_field},
                   {"rows", repair.names.size()},
                   {"tolerance_m", repair.options.tolerance_m},
                   {"max_area_m2", repair.options.max_area_m2},
                   {"max_snap_m", repair.max_snap_m},
                   {"problems_before", repair.problems.size()},
                   {"accepted", repair.accepted()},
                   {"refused", repair.proposals.size() - repair.accepted()},
                   {"not_changed", std::move(not_changed)},
                   {"proposals", to_json(repair.proposals)}});
}

void check_repair_path(std::filesystem::path const& path, std::filesystem::path const& input, char const* option,
                       bool json) {
    auto const extension = path.extension();
    if (extension != ".gpkg" && !(json && extension == ".json")) {
        throw Error{ErrorCode::usage,
                    words("{} {}: it is written as .gpkg{}; name it so", "{} {}：文件写成 .gpkg{}；请用这样的文件名",
                          option, path.string(), json ? " or .json" : "")};
    }
    std::error_code ignored;
    if (std::filesystem::equivalent(path, input, ignored)) {
        throw Error{ErrorCode::usage, words("{} {}: that is the file to be read, which is never changed; name another "
                                            "file",
                                            "{} {}：这是要读取的文件，从不改动；请另写文件名", option, path.string())};
    }
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    if (::access(folder.c_str(), W_OK | X_OK) != 0 || std::filesystem::is_directory(path)) {
        throw Error{
            ErrorCode::environment,
            fmt::format("{} {}: no file can be written there; name a file in a folder that is there and writable",
                        option, path.string())};
    }
}

} // namespace wangge::importers
