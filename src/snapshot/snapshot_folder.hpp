#pragma once

#include "manifest.hpp"

#include <wangge/base/files.hpp>

#include <filesystem>
#include <string_view>

/// The folder round a snapshot's files: manifest, mapping, checksums, and whether all of it has reached the disk.
namespace wangge::snapshot {

/// Throws Error{corrupt}: "PATH: WHY; publish again".
[[noreturn]] void refuse(std::filesystem::path const& path, std::string_view why);

/// Throws Error{not_found} without a folder, Error{corrupt} when the manifest is missing or damaged.
[[nodiscard]] Manifest read_manifest(std::filesystem::path const& folder);

/// Throws Error{corrupt} when the file is missing, not listed, or has another size than the manifest says.
[[nodiscard]] MappedFile map_file(std::filesystem::path const& folder, std::string_view name, Manifest const& manifest);

/// Reads every file: Error{corrupt} naming one whose checksum is not the manifest's.
void check_files(std::filesystem::path const& folder, Manifest const& manifest);

/**
 * UNSYNCED stands in a folder from before its first byte until all of them are on the disk. It holds the id of the
 * machine's boot: while that runs, the page cache has the bytes whatever became of the writer; after another boot they
 * are believed only when every checksum holds.
 */
void mark_unsynced(std::filesystem::path const& folder);
[[nodiscard]] bool is_unsynced(std::filesystem::path const& folder);
/// May bytes have been lost: is the mark there, of another boot than this one?
[[nodiscard]] bool may_be_torn(std::filesystem::path const& folder);

} // namespace wangge::snapshot
