#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace wangge::snapshot {

inline constexpr std::string_view kManifestFile = "MANIFEST.json";
inline constexpr std::string_view kIndexFile = "index.bin";
inline constexpr std::string_view kGridsFile = "grids.bin";
inline constexpr std::string_view kShapesFile = "shapes.bin";
inline constexpr std::string_view kNotesFile = "notes.json";
inline constexpr std::string_view kAddressesFile = "addresses.bin";

/// What MANIFEST.json says. It is written last: a folder without it is not a snapshot.
struct Manifest {
    static constexpr int kVersion = 2;
    struct File {
        std::uint64_t bytes = 0;
        std::uint64_t checksum = 0; ///< checksum64 of the whole file
    };
    GenerationNumber generation = 0;
    Date as_of;
    DateInterval unchanged;
    std::uint64_t grids = 0, divisions = 0, vertices = 0;
    Digest content;
    std::map<std::string, File, std::less<>> files;
};

[[nodiscard]] std::string to_json(Manifest const& manifest);
/// Throws Error{corrupt} naming `path` when a member is missing or wrong.
[[nodiscard]] Manifest manifest_from_json(std::string_view text, std::filesystem::path const& path);

} // namespace wangge::snapshot
