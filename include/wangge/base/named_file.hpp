#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace wangge {

class Error;

/// What a file holds that a person named. Error{not_found} when it is not there, Error{environment} when it cannot be
/// read.
[[nodiscard]] std::string read_named_file(std::filesystem::path const& path);
/// Error{not_found}: there is no such file.
[[nodiscard]] Error no_such_file(std::string_view path);

} // namespace wangge
