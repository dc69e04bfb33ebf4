#pragma once

#include <wangge/importers/raw_feature.hpp>

#include <filesystem>
#include <span>

namespace wangge::importers {

/**
 * Gives up for good what reading a file does not need, before a byte of the file is looked at: processor time and
 * memory beyond the limits, every system call that is not listed (no sockets unless `network`, no other programs, no
 * signals to others, nothing opened for writing) and, where the kernel has Landlock, every file but `readable` (folders
 * with all below them) and the system's libraries and tables. Throws Error{environment} when the kernel refuses one of
 * them; Landlock may be missing.
 */
void enter_sandbox(std::span<std::filesystem::path const> readable, ReadLimits const& limits, bool network);

} // namespace wangge::importers
