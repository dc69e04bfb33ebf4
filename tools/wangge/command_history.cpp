#include "arguments.hpp"
#include "commands.hpp"
#include "ground.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace wangge::command {

namespace {

using Json = nlohmann::ordered_json;
using registry::GridChangeRecord;
using registry::GridVersion;

/// A version with what it changed and who is behind it.
struct ToldVersion {
    GridVersion version;
    std::optional<GridVersion> before; ///< what held its first day before, or the day before it; none for a first one
    std::vector<registry::ChangeKind> kinds;
    AreaMoved moved;
    std::optional<GridChangeRecord> change;
};

/// What a version took the place of: what the generation before it knew of its first day, else what it follows.
std::optional<GridVersion> replaced_by(GridVersion const& version, std::vector<GridVersion> const& all) {
    for (auto const& other : all) {
        if (other.known_at(version.recorded_from - 1) && other.valid.holds(version.valid.from)) {
            return other;
        }
    }
    for (auto const& other : all) {
        if (other.known_at(version.recorded_from) && other.valid.to == version.valid.from) {
            return other;
        }
    }
    return std::nullopt;
}

/// The change set that a version comes from: of those of its generation the last one that takes effect on its first
/// day; for what stays of an older version, on the day it ends.
std::optional<GridChangeRecord> change_behind(GridVersion const& version, std::vector<GridChangeRecord> const& changes,
                                              GenerationNumber draft) {
    std::optional<GridChangeRecord> found;
    for (auto const day : {version.valid.to, version.valid.from}) {
        for (auto const& change : changes) {
            if (change.generation.value_or(draft) == version.recorded_from && change.effective == day) {
                found = change;
            }
        }
    }
    return found;
}

std::vector<ToldVersion> told_versions(registry::Registry const& registry, GridCode const& code,
                                       std::vector<GridVersion> const& all) {
    auto const changes = registry.changes_of(code);
    auto const draft = registry.next_generation();
    std::vector<ToldVersion> told;
    for (auto const& version : all) {
        auto& one = told.emplace_back();
        one.version = version;
        one.before = replaced_by(version, all);
        one.change = change_behind(version, changes, draft);
        if (one.before) {
            auto before = one.before->grid;
            auto after = version.grid;
            geom::normalize(before.shape);
            geom::normalize(after.shape);
            one.kinds = registry::differences(before, after);
            if (before.shape != after.shape) {
                one.moved = area_moved(before.shape, after.shape);
            }
        } else {
            one.kinds = {registry::ChangeKind::added};
        }
    }
    return told;
}

Words generation_text(GenerationNumber number, GenerationNumber draft) {
    return number == draft ? words("the draft", "草稿") : words("generation {}", "第 {} 版", number);
}

/// One line for each generation at which what is known changed, one column for each day on which a version begins or
/// ends: [n] is where the n-th version begins to hold.
std::string diagram(std::vector<ToldVersion> const& told, GenerationNumber newest, GenerationNumber draft,
                    Language language) {
    std::set<Date> days;
    std::set<GenerationNumber> generations;
    for (auto const& one : told) {
        days.insert(one.version.valid.from);
        days.insert(one.version.valid.to);
        generations.insert(one.version.recorded_from);
        if (one.version.recorded_to && *one.version.recorded_to <= newest) {
            generations.insert(*one.version.recorded_to);
        }
    }
    days.erase(kForever);
    constexpr std::size_t kLabel = 14;
    constexpr std::size_t kColumn = 13;
    std::string text(kLabel, ' ');
    for (auto const day : days) {
        text += fmt::format("{:<{}}", day.str(), kColumn);
    }
    text.resize(text.find_last_not_of(' ') + 1);
    for (auto const generation : generations) {
        auto label =
            said(language, "{}", "{}",
                 generation == draft ? words("draft", "草稿") : words("generation {}", "第 {} 版", generation));
        constexpr std::size_t kWide = 2; // of the characters in either word, each of which takes two columns
        auto const columns = language == Language::chinese
                                 ? kWide * 2 + (generation == draft ? 0 : 2 + std::to_string(generation).size())
                                 : label.size();
        label.append(kLabel - std::min(kLabel, columns), ' ');
        text += '\n' + label;
        for (auto const day : days) {
            auto const held = std::ranges::find_if(told, [&](ToldVersion const& one) {
                return one.version.known_at(generation) && one.version.valid.holds(day);
            });
            std::string cell;
            if (held != told.end() && held->version.valid.from == day) {
                cell = fmt::format("[{}]", held - told.begin() + 1);
            }
            cell.resize(kColumn, held == told.end() ? ' ' : '-');
            text += cell;
        }
        bool const goes_on = std::ranges::any_of(told, [&](ToldVersion const& one) {
            return one.version.known_at(generation) && one.version.valid.to == kForever;
        });
        text += goes_on ? "->" : "";
        text.resize(text.find_last_not_of(' ') + 1);
    }
    return text;
}

std::string changed_text(ToldVersion const& one, Language language) {
    auto const& grid = one.version.grid;
    auto const area = fmt::format("{:.0f}", geom::area_m2(grid.shape));
    if (!one.before) {
        return said(language, "added: {}, village {}, {} m2", "新增：{}，所属村居 {}，{} 平方米", grid.name,
                    grid.village.str(), area);
    }
    std::vector<std::string> parts;
    auto const add = [&](Words const& part) { parts.push_back(part.in(language)); };
    auto const& before = *one.before;
    for (auto const kind : one.kinds) {
        if (kind == registry::ChangeKind::reshaped) {
            add(words("reshaped: {} m2 gained, {} m2 lost, {} m2 now",
                      "范围调整：增 {} 平方米，减 {} 平方米，现 {} 平方米", fmt::format("{:.2f}", one.moved.gained_m2),
                      fmt::format("{:.2f}", one.moved.lost_m2), area));
        } else if (kind == registry::ChangeKind::renamed) {
            add(words("renamed: {} -> {}", "更名：{} -> {}", before.grid.name, grid.name));
        } else {
            add(words("reparented: {} -> {}", "改属村居：{} -> {}", before.grid.village.str(), grid.village.str()));
        }
    }
    if (before.valid.to != one.version.valid.to && before.valid.holds(one.version.valid.from) && one.kinds.empty()) {
        add(words("ends {}, not {}", "止于 {}，不再是 {}", one.version.valid.to.str(), before.valid.to.str()));
    }
    return parts.empty() ? said(language, "as before", "与之前相同")
                         : fmt::format("{}", fmt::join(parts, language == Language::chinese ? "；" : "; "));
}

/// Of a change set who approved it, of an import who approved its publishing; empty while that waits.
std::string approver_of(GridChangeRecord const& change,
                        std::map<GenerationNumber, registry::Generation> const& generations) {
    auto const published = change.generation ? generations.find(*change.generation) : generations.end();
    return !change.approver.empty() || published == generations.end() ? change.approver : published->second.approver;
}

Json json_of(ToldVersion const& one, std::map<GenerationNumber, registry::Generation> const& generations) {
    auto const& version = one.version;
    auto const& grid = version.grid;
    auto const day = [](Date d) { return d == kForever || d == kAlways ? Json(nullptr) : Json(d.str()); };
    Json json{{"valid_from", day(version.valid.from)},
              {"valid_to", day(version.valid.to)},
              {"recorded_from", version.recorded_from},
              {"recorded_to", version.recorded_to ? Json(*version.recorded_to) : Json(nullptr)},
              {"name", grid.name},
              {"kind", to_string(grid.kind)},
              {"village", grid.village.str()},
              {"area_m2", to_cm2(geom::area_m2(grid.shape))}};
    auto& changed = json["changed"] = Json::array();
    for (auto const kind : one.kinds) {
        changed.push_back(registry::to_string(kind));
    }
    json["before"] = nullptr;
    if (one.before) {
        json["before"] = {{"valid_from", day(one.before->valid.from)},
                          {"valid_to", day(one.before->valid.to)},
                          {"name", one.before->grid.name},
                          {"village", one.before->grid.village.str()},
                          {"area_gained_m2", to_cm2(one.moved.gained_m2)},
                          {"area_lost_m2", to_cm2(one.moved.lost_m2)}};
    }
    json["change_set"] = nullptr;
    if (one.change) {
        auto const published = generations.find(version.recorded_from);
        auto const& change = one.change->change;
        auto const approver = approver_of(*one.change, generations);
        json["change_set"] = {
            {"id", change.draft ? Json(*change.draft) : Json(nullptr)},
            {"import", change.draft ? Json(nullptr) : Json(change.change_set)},
            {"title", change.title},
            {"author", one.change->author},
            {"effective", one.change->effective.str()},
            {"applied_at", one.change->applied_at},
            {"approver", approver.empty() ? Json(nullptr) : Json(approver)},
            {"published_at", published == generations.end() ? Json(nullptr) : Json(published->second.recorded_at)}};
    }
    return json;
}

} // namespace

int history(HistoryOptions const& options) {
    auto const code = grid_code_argument(options.code);
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const known_at = generation_argument(options.known_at, "--known-at");
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    if (known_at) {
        registry.require_published(*known_at);
    }
    auto all = registry.history(code);
    if (known_at) { // what came later was not known
        std::erase_if(all, [&](GridVersion const& version) { return version.recorded_from > *known_at; });
        for (auto& version : all) {
            version.recorded_to =
                version.recorded_to.value_or(*known_at + 1) > *known_at ? std::nullopt : version.recorded_to;
        }
    }
    auto told = told_versions(registry, code, all);
    if (!options.as_of.empty()) {
        auto const day = date_argument(options.as_of, "--as-of");
        std::erase_if(told, [&](ToldVersion const& one) { return !one.version.valid.holds(day); });
    }
    if (told.empty()) {
        throw Error{
            ErrorCode::not_found,
            words("grid {}: there is no version of it{}; check the code", "网格 {}：没有它{}的版本；请核对编码",
                  options.code,
                  options.as_of.empty() && !known_at ? Words{} : words(" that was asked for", "符合所问日期或版次"))};
    }
    auto const draft = registry.next_generation();
    std::map<GenerationNumber, registry::Generation> generations;
    for (auto& generation : registry.generations()) {
        generations.emplace(generation.number, std::move(generation));
    }
    if (options.json) {
        Json json{{"code", code.str()},
                  {"newest_generation", draft - 1},
                  {"draft", registry.has_draft()},
                  {"versions", Json::array()}};
        for (auto const& one : told) {
            json["versions"].push_back(json_of(one, generations));
        }
        say("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    auto const language = language_argument(options.lang);
    auto const line = [&](Words const& words) { say("{}\n", words.in(language)); };
    line(words("grid {}: {} {}\n\n{}", "网格 {}：{} {}\n\n{}", code.str(), told.size(),
               told.size() == 1 ? words("version", "个版本") : words("versions", "个版本"),
               diagram(told, known_at.value_or(draft), draft, language)));
    for (std::size_t i = 0; i < told.size(); ++i) {
        auto const& one = told[i];
        auto const& version = one.version;
        line(words("\n[{}] holds from {} to {}, known from {}{}\n    {}",
                   "\n[{}] 自 {} 至 {} 有效，自{}起{}记载\n    {}", i + 1, version.valid.from.str(),
                   Words{version.valid.to.str(), version.valid.to == kForever ? "今后" : version.valid.to.str()},
                   generation_text(version.recorded_from, draft),
                   version.recorded_to ? words(" until {}", "至{}前", generation_text(*version.recorded_to, draft))
                                       : Words{},
                   changed_text(one, language)));
        if (one.change) {
            auto const published = generations.find(version.recorded_from);
            auto const approver = approver_of(*one.change, generations);
            line(words("    {} by {}, effective {}; {}{}", "    {}，{} 提交，{} 生效；{}{}",
                       name_of(one.change->change), one.change->author, one.change->effective.str(),
                       approver.empty() ? Words{} : words("approved by {}, ", "{} 批准，", approver),
                       published == generations.end()
                           ? words("not published yet", "尚未发布")
                           : words("published {}", "{} 发布", published->second.recorded_at)));
        }
    }
    return 0;
}

} // namespace wangge::command
