#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/base/words.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/registry/registry.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wangge::command {

/// The day an option names, today when it is empty. Throws Error{usage} that names the option.
[[nodiscard]] Date date_argument(std::string const& text, char const* option);

/// The number that an option or argument is. Throws Error{usage} that names it.
[[nodiscard]] double number_argument(std::string_view text, char const* field);

/// Chinese for "zh", or when it is empty and the locale of the environment is Chinese. Throws Error{usage} for others
/// than "zh" and "en".
[[nodiscard]] Language language_argument(std::string const& given);

/// What --as-of and --known-at ask for.
struct StateArguments {
    Date as_of; ///< today when it is not given
    std::optional<GenerationNumber> known_at;
};
/// Throws Error{usage} that names the option.
[[nodiscard]] StateArguments state_arguments(std::string const& as_of, std::string const& known_at);
[[nodiscard]] std::optional<GenerationNumber> generation_argument(std::string const& text, char const* option);

/// A state as "G", "G@DAY", "@DAY" (the newest generation), "draft" or "draft@DAY". Throws Error{usage} when it is
/// none, Error{not_found} when there is no such generation, or no draft.
[[nodiscard]] registry::StateName state_argument(registry::Registry const& registry, std::string_view text,
                                                 Date otherwise);

/// The published snapshot when it is of that state, otherwise the one that is, built when it is not there.
[[nodiscard]] std::shared_ptr<snapshot::Snapshot const> snapshot_for(registry::DataFolder const& folder,
                                                                     StateArguments const& asked);

/// A grid code. Throws Error{usage}.
[[nodiscard]] GridCode grid_code_argument(std::string const& text);

/// `given`, or the login name of the person at the keyboard.
[[nodiscard]] std::string author_argument(std::string const& given);

[[nodiscard]] inline registry::DataFolder data_folder(std::filesystem::path const& path) { return {path}; }

/// The coordinate systems of the data folder; none without one.
[[nodiscard]] crs::SiteSystems site_systems(std::filesystem::path const& data);

/// Text on standard output. A reader that went away (head) is no error; a full disk behind a redirection is
/// Error{environment}.
void write_out(std::string_view text);
/// Text on standard error, where a failure to write can be told to nobody.
void write_err(std::string_view text) noexcept;

template <class... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write_out(fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void warn(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write_err(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Throws Error{not_found} that says to run `wangge init` when the folder holds no registry.
void require_registry(registry::DataFolder const& folder);

} // namespace wangge::command
