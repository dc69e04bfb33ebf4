#include "snapshot_folder.hpp"

#include <wangge/base/error.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>

#include <system_error>
#include <vector>

namespace wangge::snapshot {

namespace {

constexpr std::string_view kUnsyncedFile = "UNSYNCED";

/// Empty where the system does not tell: then it equals no mark, and checksums decide.
std::string boot_id() {
    try {
        return read_file("/proc/sys/kernel/random/boot_id");
    } catch (Error const&) {
        return {};
    }
}

} // namespace

void refuse(std::filesystem::path const& path, std::string_view why) {
    throw Error{ErrorCode::corrupt, fmt::format("{}: {}; publish again", path.string(), why)};
}

Manifest read_manifest(std::filesystem::path const& folder) {
    if (!std::filesystem::is_directory(folder)) {
        throw Error{ErrorCode::not_found,
                    fmt::format("{}: there is no snapshot; run: wangge publish --data DIR", folder.string())};
    }
    auto const path = folder / kManifestFile;
    if (!std::filesystem::exists(path)) {
        refuse(path, "the file is missing");
    }
    return manifest_from_json(read_file(path), path);
}

MappedFile map_file(std::filesystem::path const& folder, std::string_view name, Manifest const& manifest) {
    auto const path = folder / name;
    auto const listed = manifest.files.find(name);
    if (listed == manifest.files.end()) {
        refuse(folder / kManifestFile, fmt::format("it does not list {}", name));
    }
    if (!std::filesystem::exists(path)) {
        refuse(path, "the file is missing");
    }
    auto file = MappedFile::open(path);
    if (file.bytes().size() != listed->second.bytes) {
        refuse(path, fmt::format("the file has {} bytes where the manifest says {}", file.bytes().size(),
                                 listed->second.bytes));
    }
    return file;
}

void check_files(std::filesystem::path const& folder, Manifest const& manifest) {
    for (auto const& [name, listed] : manifest.files) {
        auto const file = map_file(folder, name, manifest);
        if (checksum64(file.bytes()) != listed.checksum) {
            refuse(folder / name, "the file is damaged (checksum)");
        }
    }
}

void mark_unsynced(std::filesystem::path const& folder) {
    FileWriter writer{folder / kUnsyncedFile};
    writer.write(boot_id());
    writer.close();
    sync_folder(folder);
}

bool is_unsynced(std::filesystem::path const& folder) { return std::filesystem::exists(folder / kUnsyncedFile); }

bool may_be_torn(std::filesystem::path const& folder) {
    std::string mark;
    try {
        if (!is_unsynced(folder)) {
            return false;
        }
        mark = read_file(folder / kUnsyncedFile);
    } catch (Error const&) {
        return is_unsynced(folder); // it went while it was looked at: all is on the disk now
    }
    return mark.empty() || mark != boot_id();
}

void sync_snapshot(std::filesystem::path const& folder, Progress& progress) {
    if (!is_unsynced(folder)) {
        return;
    }
    auto const manifest = read_manifest(folder);
    if (may_be_torn(folder)) {
        check_files(folder, manifest);
    }
    progress.begin("snapshot: sync", manifest.files.size(), "files");
    for (auto const& [name, listed] : manifest.files) {
        sync_file(folder / name);
        progress.advance(1);
    }
    sync_file(folder / kManifestFile);
    sync_folder(folder);
    std::error_code error;
    std::filesystem::remove(folder / kUnsyncedFile, error);
    if (error) {
        throw Error{ErrorCode::environment,
                    fmt::format("{}: cannot be removed: {}", (folder / kUnsyncedFile).string(), error.message())};
    }
    sync_folder(folder);
    progress.end();
}

} // namespace wangge::snapshot
