#pragma once

#include <filesystem>

namespace wangge::importers {

/**
 * Files from outside are opened only by the program wangge-reader, one process for each file, fenced in (no network, no
 * other programs, nothing written, only this file read, limits of ReadLimits). A crash or hang of a format library is
 * an error of one import.
 */

/// What wangge-reader does: reads a request from standard input, opens the file, writes what it holds to standard
/// output. Returns the exit code.
[[nodiscard]] int run_reader_program();

/// Another place of wangge-reader than beside the running program or in ../libexec/wangge of it. For tests; call it
/// before any reading.
void use_reader_program(std::filesystem::path const& program);

} // namespace wangge::importers
