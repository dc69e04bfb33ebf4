#pragma once

#include <string_view>

namespace wangge {

/// One line on standard error with time and level; safe from any thread. Never pass personal data.
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

} // namespace wangge
