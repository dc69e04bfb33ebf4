#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/publish/publisher.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::command {

int publish(PublishOptions const& options) {
    auto const progress = make_terminal_progress();
    auto const author = author_argument(options.author);
    auto const result = publish::publish(data_folder(options.data), date_argument(options.effective, "--effective"), author,
                                         options.approver.empty() ? author : options.approver, *progress);
    for (auto const& warning : result.warnings) {
        fmt::print(stderr, "warning: {}\n", warning.message);
    }
    if (options.json) {
        nlohmann::ordered_json const json{{"generation", result.generation.number},
                                          {"recorded_at", result.generation.recorded_at},
                                          {"digest", result.generation.digest.hex()},
                                          {"grids", result.grids},
                                          {"folder", result.folder.string()},
                                          {"unchanged", result.unchanged},
                                          {"warnings", result.warnings.size()}};
        fmt::print("{}\n", json.dump(2));
        return 0;
    }
    if (result.unchanged) {
        fmt::print("Nothing changed since generation {}; it stays the published one.\n", result.generation.number);
    } else {
        fmt::print("Published generation {}: {} grids, digest {}.\n", result.generation.number, result.grids,
                   result.generation.digest.hex().substr(0, 16));
    }
    fmt::print("Snapshot: {}\n", result.folder.string());
    return 0;
}

} // namespace wangge::command
