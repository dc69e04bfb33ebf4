#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/publish/publisher.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace wangge::command {

int publish(PublishOptions const& options) {
    auto const progress = make_terminal_progress();
    auto const author = author_argument(options.author);
    auto const result = publish::publish(data_folder(options.data), date_argument(options.effective, "--effective"),
                                         author, options.approver, *progress);
    constexpr std::size_t kShown = 6;
    for (std::size_t i = 0; i < std::min(kShown, result.warnings.size()); ++i) {
        warn("warning: {}\n", result.warnings[i].message);
    }
    if (result.warnings.size() > kShown) {
        warn("warning: and {} more of the kind; --json lists them all\n", result.warnings.size() - kShown);
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
                                        {"message", warning.message}});
        }
        say("{}\n", json.dump(2));
        return 0;
    }
    if (result.unchanged) {
        say("Nothing changed since generation {}; it stays the published one.\n", result.generation.number);
    } else {
        say("Published generation {}: {} grids, digest {}.\n", result.generation.number, result.grids,
            result.generation.digest.hex().substr(0, 16));
    }
    say("Snapshot: {}\n", result.folder.string());
    std::string stages;
    for (auto const& [stage, seconds] : result.seconds) {
        stages += fmt::format("{}{} {:.3f}", stages.empty() ? "" : ", ", stage, seconds);
    }
    say("Seconds: {}\n", stages);
    return 0;
}

} // namespace wangge::command
