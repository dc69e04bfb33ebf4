#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/geom/problem_text.hpp>
#include <wangge/publish/publisher.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace wangge::command {

int publish(PublishOptions const& options) {
    auto const progress = make_terminal_progress();
    auto const author = author_argument(options.author);
    auto const language = language_argument(options.lang);
    auto const result = publish::publish(data_folder(options.data), date_argument(options.effective, "--effective"),
                                         author, options.approver, *progress);
    constexpr std::size_t kShown = 6;
    for (std::size_t i = 0; i < std::min(kShown, result.warnings.size()); ++i) {
        warn("{}\n", said(language, "warning: {}", "警告：{}", sentence(result.warnings[i], language)));
    }
    if (result.warnings.size() > kShown) {
        warn("{}\n", said(language, "warning: and {} more of the kind; --json lists them all",
                          "警告：另有 {} 条同类；--json 列出全部", result.warnings.size() - kShown));
    }
    if (options.json) {
        nlohmann::ordered_json json{{"generation", result.generation.number},
                                    {"recorded_at", result.generation.recorded_at},
                                    {"digest", result.generation.digest.hex()},
                                    {"grids", result.grids},
                                    {"folder", result.folder.string()},
                                    {"unchanged", result.unchanged},
                                    {"checked", result.checked_whole ? "everything" : "changes"},
                                    {"built", result.built_whole ? "whole" : "from the snapshot before"},
                                    {"addresses", result.addresses_built ? "built" : "as before"},
                                    {"seconds", nlohmann::ordered_json::object()},
                                    {"warnings", nlohmann::ordered_json::array()}};
        for (auto const& [stage, seconds] : result.seconds) {
            json["seconds"][stage] = std::round(seconds * 1e4) / 1e4;
        }
        for (auto const& warning : result.warnings) {
            json["warnings"].push_back({{"id", warning.id()},
                                        {"problem", problem_kind(warning.code).slug},
                                        {"subjects", warning.subjects},
                                        {"message", sentence(warning, language)}});
        }
        say("{}\n", json.dump(2));
        return 0;
    }
    if (result.unchanged) {
        say("{}\n", said(language, "Nothing changed since generation {}; it stays the published one.",
                         "第 {} 版之后没有变化，仍为现行发布版本。", result.generation.number));
    } else {
        say("{}\n",
            said(language, "Published generation {}: {} grids, digest {}.", "已发布第 {} 版：{} 个网格，摘要 {}。",
                 result.generation.number, result.grids, result.generation.digest.hex().substr(0, 16)));
    }
    say("{}\n", said(language, "Snapshot: {}", "快照：{}", result.folder.string()));
    std::string stages;
    double total_s = 0;
    for (auto const& [stage, seconds] : result.seconds) {
        stages += fmt::format("{}{} {:.3f}", stages.empty() ? "" : ", ", stage, seconds);
        total_s += seconds;
    }
    say("{}\n", language == Language::chinese ? fmt::format("用时：{:.3f} 秒", total_s) : "Seconds: " + stages);
    return 0;
}

} // namespace wangge::command
