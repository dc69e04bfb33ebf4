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
    throw Error{ErrorCode::usage, fmt::format("{}: '{}' is not a date; write it as YYYY-MM-DD", option, text)};
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

double number_argument(std::string_view text, char const* field) {
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        throw Error{
            ErrorCode::usage,
            fmt::format("{}: '{}' is not a number; write decimal degrees (or metres), as 113.2644", field, text)};
    }
    return value;
}

importers::Language language_argument(std::string const& given) {
    if (given == "zh" || given == "en") {
        return given == "zh" ? importers::Language::chinese : importers::Language::english;
    }
    if (!given.empty()) {
        throw Error{ErrorCode::usage, fmt::format("--lang: '{}' is not known; there are en and zh", given)};
    }
    for (auto const* const name : {"LC_ALL", "LC_MESSAGES", "LANG"}) { // POSIX: the first that is set decides
        if (auto const* const value = std::getenv(name); value != nullptr && *value != '\0') {
            return std::string_view{value}.starts_with("zh") ? importers::Language::chinese
                                                             : importers::Language::english;
        }
    }
    return importers::Language::english;
}

std::shared_ptr<snapshot::Snapshot const> snapshot_for(registry::DataFolder const& folder, Date as_of) {
    auto current = snapshot::SnapshotStore{folder.snapshots()}.open_current();
    if (current->unchanged().holds(as_of)) {
        return current;
    }
    auto const progress = make_terminal_progress();
    return publish::snapshot_as_of(folder, as_of, *progress);
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
                    fmt::format("{}: there is no registry; check --data, or run: wangge init --data DIR",
                                folder.root.string())};
    }
}

} // namespace wangge::command
