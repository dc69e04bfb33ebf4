#include "arguments.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/publish/publisher.hpp>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wangge::command {

Date date_argument(std::string const& text, char const* option) {
    if (text.empty()) {
        return Date::today();
    }
    if (auto const date = Date::parse(text)) {
        return *date;
    }
    throw Error{ErrorCode::usage, words("{}: '{}' is not a date; write it as YYYY-MM-DD",
                                        "{}：“{}”不是日期；请写成 2026-01-31 的形式", option, text)};
}

std::string author_argument(std::string const& given) {
    if (!given.empty()) {
        return given;
    }
    if (auto const* user = ::getpwuid(::getuid())) {
        return user->pw_name;
    }
    return fmt::format("uid-{}", ::getuid());
}

crs::SiteSystems site_systems(std::filesystem::path const& data) {
    return data.empty() ? crs::SiteSystems{} : crs::SiteSystems::read_if_there(data_folder(data).coordinate_systems());
}

double number_argument(std::string_view text, char const* field) {
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        throw Error{ErrorCode::usage, words("{}: '{}' is not a number; write decimal degrees (or metres), as 113.2644",
                                            "{}：“{}”不是数字；请写十进制度（或米），如 113.2644", field, text)};
    }
    return value;
}

Language language_argument(std::string const& given) {
    if (given == "zh" || given == "en") {
        return given == "zh" ? Language::chinese : Language::english;
    }
    if (!given.empty()) {
        throw Error{ErrorCode::usage,
                    words("--lang: '{}' is not known; there are en and zh", "--lang：没有“{}”；可用 en 和 zh", given)};
    }
    for (auto const* const name : {"LC_ALL", "LC_MESSAGES", "LANG"}) { // POSIX: the first that is set decides
        if (auto const* const value = std::getenv(name); value != nullptr && *value != '\0') {
            return std::string_view{value}.starts_with("zh") ? Language::chinese : Language::english;
        }
    }
    return Language::english;
}

std::optional<GenerationNumber> generation_argument(std::string const& text, char const* option) {
    if (text.empty()) {
        return std::nullopt;
    }
    GenerationNumber number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1) {
        throw Error{ErrorCode::usage, words("{}: '{}' is not the number of a generation; they count from 1",
                                            "{}：“{}”不是版本号；版本从 1 起编号", option, text)};
    }
    return number;
}

StateArguments state_arguments(std::string const& as_of, std::string const& known_at) {
    return {date_argument(as_of, "--as-of"), generation_argument(known_at, "--known-at")};
}

registry::StateName state_argument(registry::Registry const& registry, std::string_view text, Date otherwise) {
    auto const at = text.find('@');
    auto const generation = std::string{text.substr(0, at)};
    registry::StateName state{otherwise, registry.next_generation() - 1};
    if (at != std::string_view::npos) {
        auto const day = Date::parse(text.substr(at + 1));
        if (!day) {
            throw Error{ErrorCode::usage,
                        words("'{}': what stands behind @ is not a date; write a state as 3@2026-01-31",
                              "“{}”：@ 后面不是日期；状态写成 3@2026-01-31 的形式", text)};
        }
        state.as_of = *day;
    }
    if (generation == "draft") {
        if (!registry.has_draft()) {
            throw Error{ErrorCode::not_found, words("there is no draft: everything that was applied is published",
                                                    "没有待发布的内容：已应用的都已发布")};
        }
        state.known_at = registry.next_generation();
        return state;
    }
    if (!generation.empty() || at == std::string_view::npos) {
        auto const number = generation.empty() ? std::nullopt : generation_argument(generation, "state");
        if (!number) {
            throw Error{ErrorCode::usage, words("a state is written as G, G@DAY, @DAY or draft, as 3@2026-01-31",
                                                "状态写成 G、G@日期、@日期 或 draft，如 3@2026-01-31")};
        }
        state.known_at = *number;
    }
    registry.require_published(state.known_at);
    return state;
}

std::shared_ptr<snapshot::Snapshot const> snapshot_for(registry::DataFolder const& folder,
                                                       StateArguments const& asked) {
    auto current = snapshot::SnapshotStore{folder.snapshots()}.open_current();
    if (current->unchanged().holds(asked.as_of) &&
        asked.known_at.value_or(current->generation()) == current->generation()) {
        return current;
    }
    auto const progress = make_terminal_progress();
    return publish::snapshot_as_of(folder, asked.as_of, asked.known_at, *progress);
}

GridCode grid_code_argument(std::string const& text) {
    auto const code = GridCode::parse(text);
    if (!code) {
        throw Error{ErrorCode::usage, words("CODE: '{}' is not a grid code; it is digits only, 15 by default",
                                            "“{}”不是网格编码；应全为数字，默认 15 位", text)};
    }
    return *code;
}

void write_out(std::string_view text) {
    bool const written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!written && errno != EPIPE) {
        throw Error{ErrorCode::environment, fmt::format("standard output: writing failed: {}", std::strerror(errno))};
    }
}

void write_err(std::string_view text) noexcept { std::fwrite(text.data(), 1, text.size(), stderr); }

void require_registry(registry::DataFolder const& folder) {
    if (!exists(folder.registry_file())) {
        throw Error{ErrorCode::not_found,
                    words("{}: there is no registry; check --data, or run: wangge init --data DIR",
                          "{}：没有登记库；请核对 --data，或先运行：wangge init --data 目录", folder.root.string())};
    }
}

} // namespace wangge::command
