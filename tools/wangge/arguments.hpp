#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/registry/registry.hpp>

#include <filesystem>
#include <string>

namespace wangge::command {

/// The day an option names, today when it is empty. Throws Error{usage} that names the option.
[[nodiscard]] Date date_argument(std::string const& text, char const* option);

/// `given`, or the login name of the person at the keyboard.
[[nodiscard]] std::string author_argument(std::string const& given);

[[nodiscard]] inline registry::DataFolder data_folder(std::filesystem::path const& path) { return {path}; }

} // namespace wangge::command
